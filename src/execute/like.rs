//! `CREATE TABLE (LIKE table ...)`: the columns of another relation, and what comes with them.
//!
//! As in PostgreSQL they are copied once, and do not follow the other relation. `NOT NULL` always comes
//! with them; keys get names of their own, and foreign keys stay behind. `INCLUDING INDEXES`, and so
//! `INCLUDING ALL`, takes over what makes a relation keyed, too: `unique_key` and the options that go with
//! it, such as `version_column` and `merge`. What the new table says itself counts before that: with a
//! `unique_key` of its own nothing is taken over, and with another option that one is not.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption};

use super::{create_index, redefine};
use crate::catalog::{Kind, OWN_TEMPORARY, Object};
use crate::error::{Error, Result, SqlState};
use crate::models::define::creation_schema;
use crate::models::{constraints, keyed};
use crate::session::{Session, plan};
use crate::sql::constraint::{Declared, Rule, complete};
use crate::sql::create_index::CreateIndex;
use crate::sql::create_table::CreateTable;
use crate::sql::cursor::no_duplicates;
use crate::sql::generated::is_generated;
use crate::sql::identity::is_identity;
use crate::sql::like::{Like, Parts};
use crate::sql::name::ObjectName;
use crate::warehouse::INTERVAL;

/// What is made when the table is there.
#[derive(Default)]
pub struct Carried {
    indexes: Vec<CreateIndex>,
    /// Comments on columns, by their names.
    comments: Vec<(String, String)>,
}

/// Puts the columns that a statement takes over into it.
///
/// # Errors
/// 42P01 for a relation that is not there, 42809 for what has no columns to take over, 42701 for a column
/// that comes twice, 42P16 for keys of two relations; those of [`complete`].
pub fn expand(session: &Session, create: &mut CreateTable) -> Result<Carried> {
    let mut carried = Carried::default();
    let Some(likes) = create.likes.take() else {
        return Ok(carried);
    };
    let (mut columns, mut declared) = (Vec::new(), Vec::new());
    let mut own = std::mem::take(&mut create.columns).into_iter();
    let (mut taken, mut key) = (0, TakenKey::default());
    for like in &likes.tables {
        columns.extend(own.by_ref().take(like.place.saturating_sub(taken)));
        taken = like.place;
        let object = source(session, like)?;
        let parts = like.parts;
        let snapshot = session.instance.catalog.snapshot();
        let mut given = redefine::declared_columns(&object, &snapshot)?;
        if parts.indexes {
            key.take(&object, create)?;
            if create.options.get("history") == Some("scd2") {
                without_interval(&mut given);
            }
        }
        columns.extend(given.into_iter().map(|column| with_parts(column, parts)));
        declared.extend(constraints_of(&object, parts));
        if parts.indexes {
            let indexes = object.indexes.iter().cloned();
            carried.indexes.extend(indexes.map(|index| CreateIndex {
                name: None,
                ..index
            }));
        }
        if parts.comments {
            let comments = object.column_comments.clone();
            carried.comments.extend(comments);
        }
    }
    columns.extend(own);
    let names = columns.iter().map(|column| column.name.value.clone());
    no_duplicates(&names.collect::<Vec<_>>())?;
    declared.extend(likes.declared);
    create.constraints = complete(&create.name.name, &mut columns, declared)?;
    create.columns = columns;
    Ok(carried)
}

/// The keyed relation whose key a table takes over.
#[derive(Default)]
struct TakenKey(Option<Arc<Object>>);

impl TakenKey {
    /// Gives a statement the options that make a relation keyed, but for those that it has; none to one
    /// that has a key of its own.
    ///
    /// # Errors
    /// 42P16 where it has the key of another relation.
    fn take(&mut self, object: &Arc<Object>, create: &mut CreateTable) -> Result<()> {
        const KEY: &str = "unique_key";
        let options = keyed::options(object).filter(|options| options.get(KEY).is_some());
        let Some(options) = options else {
            return Ok(());
        };
        if let Some(other) = &self.0 {
            return Err(two_keys(create, other, object));
        }
        if create.options.get(KEY).is_some() {
            return Ok(());
        }
        self.0 = Some(Arc::clone(object));
        let own = |name: &str| keyed::OPTIONS.iter().any(|option| option.name == name);
        for (name, value) in options.0.iter().filter(|(name, _)| own(name)) {
            if create.options.get(name).is_none() {
                create.options.set(name, value);
            }
        }
        Ok(())
    }
}

fn two_keys(create: &CreateTable, one: &Object, other: &Object) -> Error {
    Error::new(
        SqlState::INVALID_TABLE_DEFINITION,
        format!(
            "multiple keys for table \"{}\" are not allowed",
            create.name.name
        ),
    )
    .with_detail(format!(
        "Relations \"{}\" and \"{}\" both have a unique_key.",
        one.name.name, other.name.name
    ))
    .with_hint(
        "Say which one it has, with WITH (unique_key = ...), or leave INCLUDING INDEXES out of one clause.",
    )
}

/// Leaves out the columns of a history's interval, which whatever has one gets behind its own.
fn without_interval(columns: &mut Vec<ColumnDef>) {
    let names = columns.iter().rev().take(INTERVAL.len());
    if names
        .map(|column| column.name.value.as_str())
        .eq(INTERVAL.into_iter().rev())
    {
        columns.truncate(columns.len() - INTERVAL.len());
    }
}

/// The relation whose columns a clause takes over.
fn source(session: &Session, like: &Like) -> Result<Arc<Object>> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let object = plan::object(&like.table, &snapshot, &path)?;
    match object.kind {
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::ExternalTable => Ok(object),
        kind => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!(
                "relation \"{}\" is invalid in LIKE clause",
                object.name.name
            ),
        )
        .with_detail(format!("This operation is not supported for {kind}s."))),
    }
}

/// A column without what does not come with it.
fn with_parts(mut column: ColumnDef, parts: Parts) -> ColumnDef {
    column.options.retain(|option| match &option.option {
        ColumnOption::Default(_) => parts.defaults,
        _ if is_generated(option) => parts.generated,
        _ if is_identity(option) => parts.identity,
        _ => true,
    });
    column
}

/// The constraints that come with the columns.
fn constraints_of(object: &Object, parts: Parts) -> impl Iterator<Item = Declared> {
    let constraints = constraints::of(object).iter();
    constraints.filter_map(move |constraint| match &constraint.rule {
        Rule::Check(_) if parts.constraints => Some(constraint.clone().into()),
        Rule::Unique { .. } if parts.indexes => Some(Declared {
            name: None,
            rule: constraint.rule.clone(),
        }),
        _ => None,
    })
}

impl Carried {
    /// Whether nothing is left to be done.
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty() && self.comments.is_empty()
    }

    /// Makes it for the table of a statement that has been run.
    ///
    /// # Errors
    /// Those of `CREATE INDEX`; those of the disk.
    pub async fn make(self, session: &Session, create: &CreateTable) -> Result<()> {
        let settings = session.settings();
        let name = match create.is_temporary {
            true => ObjectName {
                schema: Some(OWN_TEMPORARY.to_owned()),
                name: create.name.name.clone(),
            },
            false => create.name.qualify(creation_schema(&settings)).into(),
        };
        let catalog = &session.instance.catalog;
        let object = plan::object(&name, &catalog.snapshot(), &settings.search_path.0)?;
        for index in self.indexes {
            let index = CreateIndex {
                table: object.name.clone().into(),
                ..index
            };
            create_index::execute(session, &index).await?;
        }
        for (column, comment) in self.comments {
            catalog.write(|transaction| {
                transaction.set_column_comment(object.oid, &column, Some(comment))
            })?;
        }
        Ok(())
    }
}
