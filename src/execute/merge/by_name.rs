//! `UPDATE SET *` and `INSERT *`: the columns that the table and the source both have, by their names; and
//! `source.*` among the values of `INSERT`: all of its columns, by their places.

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart};

use super::super::modify::{Beside, Changing};
use super::source::Source;
use crate::error::{Error, Result, SqlState};
use crate::sql::assignment::Assignment;
use crate::sql::cursor::folded;
use crate::sql::merge::{Action, Clause};

/// Writes out the columns that `*` stands for in a clause: others of the table keep their values, or get
/// their defaults, and others of the source are left out.
///
/// # Errors
/// 42703 where no column of the source has the name of one of the table's.
pub fn expand(
    clause: &mut Clause,
    changing: &Changing,
    source: &Source,
    beside: &Beside,
) -> Result<()> {
    if !matches!(clause.action, Action::UpdateAll | Action::InsertAll) {
        return Ok(());
    }
    let fields = changing.columns().fields().iter();
    let names = fields.map(|field| field.name().clone());
    let columns: Vec<String> = names.filter(|name| beside.has_column(name)).collect();
    if columns.is_empty() {
        return Err(Error::new(
            SqlState::UNDEFINED_COLUMN,
            format!(
                "source \"{}\" has no column with the name of one of table \"{}\"",
                source.names.join("\", \""),
                changing.object.name.name
            ),
        )
        .with_hint("Give the source's columns the names of those that they are for."));
    }
    let value = |column: &String| Some(column_of(beside.relation_of(column)?, column));
    clause.action = match clause.action {
        Action::UpdateAll => {
            let assignments = columns.into_iter().map(|column| {
                let value = value(&column);
                Assignment::of(column, value)
            });
            Action::Update(assignments.collect())
        }
        _ => Action::Insert {
            values: columns.iter().map(value).collect(),
            columns,
            overriding: None,
        },
    };
    Ok(())
}

/// Writes out each `relation.*` among the values that a clause inserts.
///
/// # Errors
/// 42P01 for a relation that is neither the table nor the source.
pub fn expand_values(clause: &mut Clause, changing: &Changing, beside: &Beside) -> Result<()> {
    let Action::Insert { values, .. } = &mut clause.action else {
        return Ok(());
    };
    let mut written = Vec::with_capacity(values.len());
    for value in values.drain(..) {
        let Some(Expr::QualifiedWildcard(name, _)) = value else {
            written.push(value);
            continue;
        };
        let relation = known_name(&name);
        // Those of the table are not seen here, which who looks for them says.
        let columns: Vec<&str> = match relation == changing.name {
            true => {
                let fields = changing.columns().fields().iter();
                fields.map(|field| field.name().as_str()).collect()
            }
            false => beside.names(&relation),
        };
        if columns.is_empty() {
            return Err(Error::new(
                SqlState::UNDEFINED_TABLE,
                format!("missing FROM-clause entry for table \"{relation}\""),
            ));
        }
        let columns = columns.into_iter();
        written.extend(columns.map(|column| Some(column_of(&relation, column))));
    }
    *values = written;
    Ok(())
}

/// The name by which a relation is known.
fn known_name(name: &ObjectName) -> String {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(part)] => folded(part),
        _ => name.to_string(),
    }
}

fn column_of(relation: &str, column: &str) -> Expr {
    let parts = [relation, column].map(|part| Ident::with_quote('"', part));
    Expr::CompoundIdentifier(parts.to_vec())
}
