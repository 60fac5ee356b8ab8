//! What a table is defined as when a version of it is restored.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use crate::catalog::{Kind, NewObject, Object, is_key_of};
use crate::error::{Error, Result, SqlState};
use crate::execute::create_type;
use crate::execute::redefine::{declared, foreign_keys};
use crate::models::constraints;
use crate::models::define::define;
use crate::models::recorded::{self, Recorded};
use crate::models::replacement::same_columns;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::constraint::Constraint;
use crate::sql::create_table::CreateTable;
use crate::sql::name::ObjectName;
use crate::warehouse::Earlier;

/// The definition that comes back.
pub(super) struct Redefined {
    pub new: NewObject,
    /// The columns that go.
    pub gone: Vec<String>,
}

impl Redefined {
    /// What the log has recorded of a version, as the definition of the table that there is now.
    ///
    /// # Errors
    /// XX001 for a record that cannot be read, or that another engine's columns do not fit; what
    /// planning it says: what a default or a check needs may be gone.
    pub async fn of(
        session: &Session,
        object: &Object,
        earlier: &Earlier,
        recorded: &str,
    ) -> Result<Self> {
        let within = |error: Error| {
            let (name, version) = (&object.name, earlier.version);
            error.within(format!("version {version} of table {name}"))
        };
        let Recorded { create, numbers } = recorded::read(recorded).map_err(within)?;
        let mut create = CreateTable {
            name: ObjectName::from(object.name.clone()),
            is_temporary: matches!(
                &object.definition,
                Statement::CreateTable(now) if now.is_temporary
            ),
            if_not_exists: false,
            or_replace: false,
            ..create
        };
        let snapshot = session.instance.catalog.snapshot();
        create_type::rename_in_definition(&snapshot, &mut create, &earlier.columns);
        let kept = foreign_keys(object, earlier);
        check_names(object, &create, &kept)?;
        let create = match create.query.is_some() && !kept.is_empty() {
            true => {
                let then = Object {
                    definition: Statement::CreateTable(create),
                    schema: Arc::clone(&earlier.columns),
                    ..object.clone()
                };
                declared(&then, &snapshot).map_err(within)?
            }
            false => create,
        };
        let mut new = match &create.query {
            None => {
                let mut create = create;
                create.constraints.extend(kept);
                let snapshot = session.instance.catalog.snapshot();
                let statement = Statement::CreateTable(create);
                let settings = session.settings();
                define(&session.instance, &snapshot, &settings, &statement)
                    .await
                    .map_err(within)?
            }
            // What was made of a query has the columns that this had.
            Some(_) => NewObject {
                definition: Statement::CreateTable(create),
                schema: as_known(&earlier.columns, object),
                depends_on: BTreeSet::new(),
                ..NewObject::from(object.clone())
            },
        };
        if Kind::of(&new.definition) != Some(Kind::Table)
            || !same_columns(&new.schema, &earlier.columns)
        {
            return Err(within(Error::new(
                SqlState::DATA_CORRUPTED,
                "its columns are not those that it was declared with",
            ))
            .with_detail("Another engine has changed them.")
            .with_hint("Read it with VERSION AS OF, and insert what fits."));
        }
        new.project_file.clone_from(&object.project_file);
        new.sequences = numbers;
        // Of those that there are, which name no column that goes.
        new.indexes = Vec::new();
        let names = object.schema.fields().iter().map(|field| field.name());
        let gone = names.filter(|name| new.schema.column_with_name(name).is_none());
        let gone = gone.cloned().collect();
        Ok(Self { new, gone })
    }
}

/// Columns of an earlier version. The log does not tell what only the catalog knows of their types, such as
/// the length of texts: those that are there now have it still.
fn as_known(columns: &SchemaRef, object: &Object) -> SchemaRef {
    let fields = columns.fields().iter().map(|field| {
        let known = object.schema.field_with_name(field.name()).ok();
        match known.filter(|known| known.data_type() == field.data_type()) {
            None => Arc::clone(field),
            Some(known) => {
                let metadata = known.metadata().clone();
                Arc::new(field.as_ref().clone().with_metadata(metadata))
            }
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The foreign keys that a table goes on having: those whose columns are there.
fn foreign_keys(object: &Object, earlier: &Earlier) -> Vec<Constraint> {
    let is_there = |column: &String| earlier.columns.column_with_name(column).is_some();
    let all = constraints::of(object).iter();
    let kept = all.filter(|constraint| {
        constraint.rule.foreign_key().is_some_and(|key| {
            let is_own = key.table.qualify(&object.name.schema) == object.name;
            key.columns.iter().all(is_there) && (!is_own || key.referenced.iter().all(is_there))
        })
    });
    kept.cloned().collect()
}

fn check_names(object: &Object, create: &CreateTable, kept: &[Constraint]) -> Result<()> {
    let mut names = create.constraints.iter().map(|constraint| &constraint.name);
    match names.find(|name| kept.iter().any(|it| it.name == **name)) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            SqlState::DUPLICATE_OBJECT,
            format!(
                "constraint \"{name}\" for relation \"{}\" already exists",
                object.name.name
            ),
        )
        .with_detail("It is a foreign key now, which stays, and was another constraint then.")
        .with_hint("Rename it with ALTER TABLE ... RENAME CONSTRAINT.")),
    }
}

/// Takes away, or refuses to leave without what they need, the foreign keys of other tables that refer to
/// what is no key any more.
///
/// # Errors
/// 2BP01 without `cascade`.
pub(super) fn release_keys(
    session: &Session,
    object: &Object,
    new: &NewObject,
    cascade: bool,
) -> Result<()> {
    let Statement::CreateTable(create) = &new.definition else {
        return Ok(());
    };
    let snapshot = session.instance.catalog.snapshot();
    let mut needing = snapshot.references_to(&object.name);
    needing.retain(|it| {
        let mut rules = create.constraints.iter().map(|constraint| &constraint.rule);
        it.table.oid != object.oid && !rules.any(|rule| is_key_of(rule, &it.key.referenced))
    });
    if needing.is_empty() {
        return Ok(());
    }
    let table = object.described();
    if !cascade {
        let lines = needing.iter().map(|it| {
            let columns = it.key.referenced.join(", ");
            format!("{} depends on key ({columns}) of {table}", it.described())
        });
        return Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot restore {table} because other objects depend on keys that it did not have then"),
        )
        .with_detail(lines.collect::<Vec<_>>().join("\n"))
        .with_hint("Use RESTORE ... CASCADE to drop the dependent objects too."));
    }
    foreign_keys::drop_told(session, &needing)
}
