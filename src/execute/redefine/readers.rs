//! What reads columns of a table or view that get other names, or go.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Kind, NewObject, Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::execute::create_sequence;
use crate::execute::drop::cascades;
use crate::models::constraints;
use crate::models::replan::{self, Author};
use crate::models::run::remove_tables;
use crate::session::{Session, named_alone, plan};
use crate::sql::constraint::Rule;
use crate::sql::name::Quoted;
use crate::sql::read_columns::ReadColumns;
use crate::sql::{ObjectName, QualifiedName};

/// Has what reads a column that gets another name go on reading it by the old one.
///
/// # Errors
/// 40001 where others have begun to read it.
pub(in crate::execute) fn keep(
    session: &Session,
    object: &Object,
    old: &str,
    new: &str,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    let fields = object.schema.fields().iter();
    let columns: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    let readers = catalog.snapshot().direct_dependents(object.oid);
    let readers = readers.into_iter().filter_map(|reader| {
        let mut definition = reader.definition.clone();
        let read = ReadColumns::of(plan::query_of(&mut definition)?);
        read.reads(old).then_some((reader, read))
    });
    let readers: Vec<_> = readers.collect();
    if !readers.is_empty() && !catalog.is_staged() {
        let message = format!(
            "could not rename a column of {} because others have begun to read it",
            object.name
        );
        return Err(Error::new(SqlState::SERIALIZATION_FAILURE, message)
            .with_hint("Run the statement again."));
    }
    for (reader, read) in readers {
        let mut definition = reader.definition.clone();
        // What it does not read may go without it.
        let columns = columns.iter().copied().filter(|column| read.reads(column));
        let columns: Vec<&str> = columns.collect();
        // What its option on_schema_change says of columns that come holds as before.
        let is_open = reader.kind == Kind::MaterializedView && read.reads_all();
        let columns = (!is_open).then_some(columns.as_slice());
        definition.keep_column(&object.name, columns, old, new)?;
        catalog.write(|transaction| transaction.reword(reader.oid, definition.clone()))?;
    }
    Ok(())
}

/// Drops what reads columns that go, or refuses that they go.
///
/// # Errors
/// 2BP01 without `cascade`; what planning says of what could not stand on the new columns otherwise.
pub(in crate::execute) async fn drop_with(
    session: &Session,
    object: &Arc<Object>,
    new: &NewObject,
    columns: &[String],
    cascade: bool,
) -> Result<()> {
    let instance = &session.instance;
    let Err(error) = replan::check(instance, object.oid, new, Author::Statement).await else {
        return Ok(());
    };
    let snapshot = instance.catalog.snapshot();
    let (mut readers, mut lines) = (Vec::new(), Vec::new());
    let table = format!("table {}", object.name);
    for reader in snapshot.direct_dependents(object.oid) {
        let mut definition = reader.definition.clone();
        let Some(query) = plan::query_of(&mut definition) else {
            continue;
        };
        let query = ReadColumns::of(query);
        let read = columns.iter().filter(|column| query.names(column));
        let before = lines.len();
        let described = reader.described();
        lines.extend(
            read.map(|column| format!("{described} depends on column {column} of {table}")),
        );
        if lines.len() > before {
            readers.push(reader.oid);
        }
    }
    if readers.is_empty() {
        return Err(error);
    }
    if !cascade {
        let (noun, them) = match columns {
            [_] => ("column", "it"),
            _ => ("columns", "them"),
        };
        return Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot drop {noun} {} of {table} because other objects depend on {them}",
                columns.join(", ")
            ),
        )
        .with_detail(lines.join("\n"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    drop_readers(session, &readers).await
}

/// The indexes of a table that go with columns of it.
pub(super) fn indexes_on(table: &Object, columns: &[String]) -> Vec<String> {
    let keys = constraints::of(table).iter().filter(|it| {
        let is_key = matches!(it.rule, Rule::Unique { .. });
        is_key && columns.iter().any(|column| it.rule.names(column))
    });
    let others = table.indexes.iter();
    let others = others.filter(|index| columns.iter().any(|column| index.names(column)));
    let others = others.filter_map(|index| index.name.clone());
    keys.map(|it| it.name.clone()).chain(others).collect()
}

/// Drops what names an index in a literal, or refuses that `what` goes, and the index with it.
///
/// # Errors
/// 2BP01 without `cascade`.
pub(in crate::execute) async fn drop_naming(
    session: &Session,
    table: &Object,
    index: &str,
    what: &str,
    cascade: bool,
) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let full = QualifiedName::new(&table.name.schema, index);
    // A relation of this name is what literals mean.
    if snapshot.relation(&full).is_some() {
        return Ok(());
    }
    let full = ObjectName::from(full);
    let readers = snapshot.direct_dependents(table.oid).into_iter();
    let readers = readers.filter(|reader| named_alone::names(&reader.definition).contains(&full));
    let readers: BTreeSet<Oid> = readers.map(|reader| reader.oid).collect();
    if readers.is_empty() {
        return Ok(());
    }
    if !cascade {
        return Err(snapshot.part_still_needed(
            what,
            &format!("index {}", Quoted(index)),
            &readers,
        ));
    }
    let readers: Vec<Oid> = readers.into_iter().collect();
    drop_readers(session, &readers).await
}

/// Drops objects and what stands on them, and tells of all.
async fn drop_readers(session: &Session, readers: &[Oid]) -> Result<()> {
    let instance = &session.instance;
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop(readers, true))?;
    let mut told: Vec<String> = dropped.iter().map(|it| it.described()).collect();
    told.reverse();
    if let Some(notice) = cascades(&told) {
        session.notice(notice);
    }
    remove_tables(instance, &dropped).await;
    Ok(())
}

/// Drops the sequences of columns that are gone.
///
/// # Errors
/// 2BP01 where defaults take numbers of them.
pub(in crate::execute) fn drop_owned(
    session: &Session,
    table: &Object,
    owned: &[Arc<Object>],
) -> Result<()> {
    if owned.is_empty() {
        return Ok(());
    }
    let catalog = &session.instance.catalog;
    let oids: BTreeSet<Oid> = owned.iter().map(|sequence| sequence.oid).collect();
    let uses = create_sequence::defaults_on(&catalog.snapshot(), &oids);
    if !uses.is_empty() {
        let what = format!("a column of {}", table.described());
        return Err(create_sequence::still_used(&what, &uses));
    }
    let oids: Vec<Oid> = oids.into_iter().collect();
    let dropped = catalog.write(|transaction| transaction.drop(&oids, false));
    dropped.map(drop)
}
