//! `CREATE TABLE (LIKE table ...)`: the columns of another relation, and what comes with them.
//!
//! As in PostgreSQL they are copied once, and do not follow the other relation. `NOT NULL` always comes
//! with them; keys get names of their own, and foreign keys stay behind.

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
/// that comes twice; those of [`complete`].
pub fn expand(session: &Session, create: &mut CreateTable) -> Result<Carried> {
    let mut carried = Carried::default();
    let Some(likes) = create.likes.take() else {
        return Ok(carried);
    };
    let (mut columns, mut declared) = (Vec::new(), Vec::new());
    let mut own = std::mem::take(&mut create.columns).into_iter();
    let mut taken = 0;
    for like in &likes.tables {
        columns.extend(own.by_ref().take(like.place.saturating_sub(taken)));
        taken = like.place;
        let object = source(session, like)?;
        let parts = like.parts;
        let given = redefine::declared_columns(&object)?;
        columns.extend(given.into_iter().map(|column| with_parts(column, parts)));
        declared.extend(constraints_of(&object, parts));
        if parts.indexes {
            let indexes = object.indexes.iter().cloned();
            carried.indexes.extend(indexes.map(|index| CreateIndex {
                name: None,
                ..index
            }));
            tell_of_key(session, &object, create);
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

/// Tells that what keeps one row of each key of a relation stays behind: as in PostgreSQL, options do.
fn tell_of_key(session: &Session, object: &Object, create: &CreateTable) {
    const KEY: &str = "unique_key";
    let key = keyed::options(object).and_then(|options| options.get(KEY));
    let Some(key) = key.filter(|_| create.options.get(KEY).is_none()) else {
        return;
    };
    let message = format!(
        "LIKE does not take over the option \"{KEY}\" of relation \"{}\"",
        object.name.name
    );
    let own = key.replace('\'', "''");
    let hint = format!(
        "To keep one row of each key, give the options to the new table too: WITH ({KEY} = '{own}')."
    );
    session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message).with_hint(hint));
}

/// The relation whose columns a clause takes over.
fn source(session: &Session, like: &Like) -> Result<std::sync::Arc<Object>> {
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
