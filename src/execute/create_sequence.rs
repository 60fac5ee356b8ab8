//! `CREATE SEQUENCE` and `ALTER SEQUENCE`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::create_table::make_temporary;
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot, is_temporary_schema};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, plan};
use crate::sql::alter::Restart;
use crate::sql::create_sequence::{CreateSequence, SequenceOptions, columns};
use crate::sql::{QualifiedName, Statement};

/// Creates a sequence.
///
/// # Errors
/// 42P07 for a name that is taken; 42P01 and 42703 for an owner that does not exist.
pub fn execute(session: &Session, create: &CreateSequence) -> Result<Outcome> {
    let path = session.settings().search_path.0;
    let create = &match create.is_temporary {
        true => {
            let mut create = create.clone();
            make_temporary(session, &mut create.name)?;
            create
        }
        false => create.clone(),
    };
    let snapshot = session.instance.catalog.snapshot();
    let done = Ok(Outcome::Done("CREATE SEQUENCE".to_owned()));
    let name = match &create.name.schema {
        Some(schema) => create.name.qualify(schema),
        None => {
            // Temporary tables come first only to be found.
            let schema = path
                .iter()
                .find(|schema| !is_temporary_schema(schema) && snapshot.schema(schema).is_some());
            let Some(schema) = schema else {
                let message = "no schema has been selected to create in";
                return Err(Error::new(SqlState::INVALID_SCHEMA_NAME, message));
            };
            create.name.qualify(schema)
        }
    };
    if create.if_not_exists && snapshot.relation(&name).is_some() {
        let message = format!("relation \"{}\" already exists, skipping", name.name);
        session.notice(Error::new(SqlState::DUPLICATE_TABLE, message));
        return done;
    }
    let options = owned(&snapshot, &path, &name.schema, create.options.clone())?;
    let new = defined(name, options).owned_by(session.role_oid(&snapshot));
    session
        .instance
        .catalog
        .write(|transaction| transaction.create(new))?;
    done
}

/// Changes the numbers of a sequence, or where they go on. From then on these are kept under another
/// key, which only the changed definition tells: so a transaction that is rolled back leaves the
/// numbers where they were, and no kill can come between the two.
///
/// # Errors
/// 22023 for options that contradict each other; 42P01 and 42703 for an owner that does not exist,
/// 55000 for one of another schema.
pub fn alter(
    session: &Session,
    object: &Arc<Object>,
    options: &SequenceOptions,
    restart: Option<Restart>,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    let path = session.settings().search_path.0;
    let before = self::options(object)?;
    let renumbers = restart.is_some() || options.are_of_numbers();
    let schema = &object.name.schema;
    let kept = before.pinned(options.data_type)?;
    let options = owned(&catalog.snapshot(), &path, schema, options.clone())?.or(&kept);
    let numbers = options.numbers()?;
    let mut new = NewObject {
        project_file: object.project_file.clone(),
        sequences: object.sequences.clone(),
        ..defined(object.name.clone(), options)
    };
    if !renumbers {
        return catalog.write(|transaction| transaction.replace(object.oid, new));
    }
    // As in Postgres, the number that was given last must be one that there may be.
    let (next, last) = match restart {
        None => {
            let before = before.numbers()?;
            let next = catalog.next_number(object.oid, object.sequence_key(""), &before)?;
            match before.last_before(next) {
                Some(last) => (last + i128::from(numbers.increment), last),
                None => (next, next),
            }
        }
        Some(Restart::AtStart) => (numbers.start.into(), numbers.start.into()),
        Some(Restart::With(number)) => (number.into(), number.into()),
    };
    if !(i128::from(numbers.minimum)..=i128::from(numbers.maximum)).contains(&last) {
        let message = format!("RESTART value ({last}) is beyond MINVALUE and MAXVALUE");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    // A number that nothing else has, nor gets: two transactions must not share a key.
    let key = catalog.reserve_oid()?.to_string();
    catalog.set_next_number(object.oid, &key, next)?;
    new.sequences.insert(String::new(), key);
    catalog.write(|transaction| transaction.replace(object.oid, new))
}

/// What is said of the numbers of a sequence.
///
/// # Errors
/// 42809 for what is no sequence.
pub fn options(object: &Object) -> Result<&SequenceOptions> {
    match &object.definition {
        Statement::CreateSequence(create) => Ok(&create.options),
        _ => {
            let message = format!("\"{}\" is not a sequence", object.name.name);
            Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_detail(format!("It is {}.", object.kind.with_article())))
        }
    }
}

/// The sequences that go with tables.
pub fn owned_by(snapshot: &Snapshot, tables: &BTreeSet<Oid>) -> Vec<Oid> {
    let tables = tables.iter().filter_map(|oid| snapshot.object(*oid));
    tables
        .flat_map(|table| snapshot.sequences_of(table))
        .collect()
}

/// The sequences that go with a column of a table.
pub fn owned_by_column(snapshot: &Snapshot, table: &Object, column: &str) -> Vec<Arc<Object>> {
    let owned = snapshot.sequences_of(table).into_iter();
    let owned = owned.filter_map(|oid| snapshot.object(oid).cloned());
    let is_of_column = |sequence: &Arc<Object>| {
        let owner = options(sequence).ok().and_then(SequenceOptions::owner);
        owner.is_some_and(|owner| owner.column == column)
    };
    owned.filter(is_of_column).collect()
}

/// Has the sequences that go with a column go with it by its new name.
///
/// # Errors
/// Those of the disk.
pub fn follow_column(session: &Session, table: &Object, old: &str, new: &str) -> Result<()> {
    let catalog = &session.instance.catalog;
    for sequence in owned_by_column(&catalog.snapshot(), table, old) {
        let mut definition = sequence.definition.clone();
        if let Statement::CreateSequence(create) = &mut definition
            && let Some(Some(owner)) = &mut create.options.owner
        {
            new.clone_into(&mut owner.column);
        }
        catalog.write(|transaction| transaction.reword(sequence.oid, definition))?;
    }
    Ok(())
}

/// A default that takes numbers of a sequence, or calls a function.
pub struct DefaultUse {
    /// Its table.
    pub table: Arc<Object>,
    /// Its column.
    pub column: String,
    /// What it takes numbers of, or calls.
    pub used: Arc<Object>,
}

impl DefaultUse {
    /// As messages name it.
    pub fn described(&self) -> String {
        let (column, table) = (&self.column, self.table.described());
        format!("default value for column {column} of {table}")
    }
}

/// The defaults of other tables than those that go themselves which take numbers of sequences that
/// go.
pub fn defaults_on(snapshot: &Snapshot, going: &BTreeSet<Oid>) -> Vec<DefaultUse> {
    let sequences = going.iter().filter_map(|oid| snapshot.object(*oid));
    let uses = sequences.flat_map(|sequence| {
        let users = snapshot.users_of(sequence).into_iter();
        users.map(move |(table, column)| DefaultUse {
            table,
            column,
            used: Arc::clone(sequence),
        })
    });
    uses.filter(|it| !going.contains(&it.table.oid)).collect()
}

/// The error of dropping something that defaults stand on.
pub fn still_used(what: &str, uses: &[DefaultUse]) -> Error {
    let lines: Vec<String> = uses
        .iter()
        .map(|it| format!("{} depends on {}", it.described(), it.used.described()))
        .collect();
    Error::new(
        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        format!("cannot drop {what} because other objects depend on it"),
    )
    .with_detail(lines.join("\n"))
    .with_hint("Use DROP ... CASCADE to drop the dependent objects too.")
}

/// Options whose owner has its full name.
fn owned(
    snapshot: &Snapshot,
    path: &[String],
    schema: &str,
    mut options: SequenceOptions,
) -> Result<SequenceOptions> {
    if let Some(Some(owner)) = &mut options.owner {
        let table = plan::object(&owner.table, snapshot, path)?;
        if table.kind != Kind::Table {
            let message = format!(
                "sequence cannot be owned by relation \"{}\"",
                table.name.name
            );
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_detail(format!("It is {}.", table.kind.with_article())));
        }
        if table.name.schema != *schema {
            let message = "sequence must be in same schema as table it is linked to";
            return Err(Error::new(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                message,
            ));
        }
        if table.schema.column_with_name(&owner.column).is_none() {
            let message = format!(
                "column \"{}\" of relation \"{}\" does not exist",
                owner.column, table.name.name
            );
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
        }
        owner.table = table.name.clone().into();
    }
    Ok(options)
}

fn defined(name: QualifiedName, options: SequenceOptions) -> NewObject {
    let definition = Statement::CreateSequence(CreateSequence {
        name: name.clone().into(),
        options,
        is_temporary: false,
        if_not_exists: false,
    });
    NewObject::new(name, definition).with_columns(Arc::new(columns()))
}
