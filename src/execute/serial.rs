//! `serial`: a column with the numbers of a sequence that is made with it.

use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName as AstName,
};

use super::create_sequence;
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::session::Session;
use crate::sql::alter::Action;
use crate::sql::create_sequence::{CreateSequence, SequenceOptions, SequenceOwner};
use crate::sql::{QualifiedName, identity, sequence_calls};

/// NAMEDATALEN of PostgreSQL, without the byte that ends a name.
const NAME_BYTES: usize = 63;

/// A sequence to be made, and the column that it is of.
pub struct Serial {
    sequence: QualifiedName,
    column: String,
    options: SequenceOptions,
}

impl Serial {
    /// A sequence for a column of a table, by the name that it would have of its own.
    pub fn new(
        snapshot: &Snapshot,
        table: &QualifiedName,
        column: &str,
        options: SequenceOptions,
    ) -> Self {
        let is_taken = |sequence: &QualifiedName| snapshot.relation(sequence).is_some();
        Self {
            sequence: free_name(table, column, is_taken),
            column: column.to_owned(),
            options,
        }
    }

    /// The sequence's name.
    pub fn name(&self) -> &QualifiedName {
        &self.sequence
    }

    /// A call for its next number.
    pub fn next_value(&self) -> Expr {
        next_value(&self.sequence)
    }
}

/// Whether a column is one.
pub fn is_serial(column: &ColumnDef) -> bool {
    identity::serial(&column.data_type).is_some()
}

/// Says the serial columns of a table as what they mean, and answers their sequences.
///
/// # Errors
/// 42601 for a column that has a default too.
pub fn expand<'a>(
    snapshot: &Snapshot,
    table: &QualifiedName,
    columns: impl Iterator<Item = &'a mut ColumnDef>,
) -> Result<Vec<Serial>> {
    let mut serials: Vec<Serial> = Vec::new();
    for column in columns {
        let Some((data_type, of_numbers)) = identity::serial(&column.data_type) else {
            continue;
        };
        let name = column.name.value.clone();
        let is_default = |option: &ColumnOptionDef| {
            matches!(option.option, ColumnOption::Default(_)) || identity::is_identity(option)
        };
        if column.options.iter().any(is_default) {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!(
                    "multiple default values specified for column \"{name}\" of table \"{}\"",
                    table.name
                ),
            ));
        }
        let is_taken = |sequence: &QualifiedName| {
            snapshot.relation(sequence).is_some()
                || serials.iter().any(|serial| serial.sequence == *sequence)
        };
        let sequence = free_name(table, &name, is_taken);
        column.data_type = data_type;
        for option in [
            ColumnOption::Default(next_value(&sequence)),
            ColumnOption::NotNull,
        ] {
            let option = ColumnOptionDef { name: None, option };
            if !column.options.contains(&option) {
                column.options.push(option);
            }
        }
        serials.push(Serial {
            sequence,
            column: name,
            options: SequenceOptions {
                data_type: Some(of_numbers),
                ..SequenceOptions::default()
            },
        });
    }
    Ok(serials)
}

/// Makes the sequences, before the columns that take their numbers.
///
/// # Errors
/// 42P07 where another session took a name meanwhile; those of the disk.
pub fn create(session: &Session, serials: &[Serial]) -> Result<()> {
    for serial in serials {
        let create = CreateSequence {
            name: serial.sequence.clone().into(),
            options: serial.options.clone(),
            is_temporary: false,
            if_not_exists: false,
        };
        create_sequence::execute(session, &create)?;
    }
    Ok(())
}

/// Has the sequences go with their columns, once these are there.
///
/// # Errors
/// Those of the disk.
pub fn own(session: &Session, table: &QualifiedName, serials: &[Serial]) -> Result<()> {
    for serial in serials {
        let snapshot = session.instance.catalog.snapshot();
        let Some(sequence) = snapshot.relation(&serial.sequence) else {
            return Err(Error::internal("a sequence that was made is not there"));
        };
        let options = SequenceOptions {
            owner: Some(Some(SequenceOwner {
                table: table.clone().into(),
                column: serial.column.clone(),
            })),
            ..SequenceOptions::default()
        };
        create_sequence::alter(session, sequence, &options, None)?;
    }
    Ok(())
}

/// Adds a serial column to a table; none where the action is another one.
///
/// # Errors
/// Those of [`expand`].
pub fn added(
    session: &Session,
    table: &QualifiedName,
    action: &Action,
) -> Result<Option<(Action, Vec<Serial>)>> {
    let Action::AddColumn { column, .. } = action else {
        return Ok(None);
    };
    if !is_serial(column) {
        return Ok(None);
    }
    let mut action = action.clone();
    let Action::AddColumn { column, .. } = &mut action else {
        return Ok(None);
    };
    let snapshot = session.instance.catalog.snapshot();
    let serials = expand(&snapshot, table, std::iter::once(column.as_mut()))?;
    Ok(Some((action, serials)))
}

/// `table_column_seq`, both shortened alike where that is too long, or with a number behind it where
/// that is taken: `ChooseRelationName` of PostgreSQL.
fn free_name(
    table: &QualifiedName,
    column: &str,
    is_taken: impl Fn(&QualifiedName) -> bool,
) -> QualifiedName {
    let mut number = 0_u32;
    loop {
        let suffix = match number {
            0 => "seq".to_owned(),
            number => format!("seq{number}"),
        };
        let (mut first, mut second) = (table.name.as_str(), column);
        while first.len() + second.len() + suffix.len() + 2 > NAME_BYTES {
            let longer = match first.len() > second.len() {
                true => &mut first,
                false => &mut second,
            };
            let mut shorter = longer.chars();
            shorter.next_back();
            *longer = shorter.as_str();
        }
        let name = QualifiedName::new(&table.schema, format!("{first}_{second}_{suffix}"));
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}

fn next_value(sequence: &QualifiedName) -> Expr {
    let argument = FunctionArgExpr::Expr(sequence_calls::argument(sequence));
    Expr::Function(Function {
        name: AstName::from(vec![Ident::new("nextval")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(argument)],
            clauses: Vec::new(),
        }),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    })
}
