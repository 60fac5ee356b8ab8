//! `CREATE INDEX`.
//!
//! A unique index is a constraint of its table, whose index the catalog shows; on a materialized view it is
//! taken where the view's `unique_key`, or its query, has rows differ in these columns. Another one, of columns as
//! they are and of all rows, has queries that hold all of these columns equal to constants read the rows
//! that they find alone, where the table has 20,000 rows or more; it is a hash index, whatever its method,
//! and kept in the background. Others are shown by the catalog and nothing more: scans prune by the
//! statistics of files.

use std::sync::Arc;

use datafusion::common::{Dependency, FunctionalDependence};

use super::{changing_transactions, redefine, tables_in_use};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState, nearest};
use crate::models::{constraints, maintenance, storage_parameters};
use crate::session::{Outcome, Session, plan};
use crate::sql::Statement;
use crate::sql::alter::Action;
use crate::sql::constraint::{Declared, Rule};
use crate::sql::create_index::CreateIndex;
use crate::sql::name::ObjectName;

/// How many columns PostgreSQL's indexes have at most.
const COLUMNS: usize = 32;

/// Makes an index.
///
/// # Errors
/// 42P07 for a name that is taken, 42703 for a column that is not there, 22023 for what is no storage
/// parameter or no value of one, 42809 for what has no rows of its own, 23505 where rows have the same values; 55006 where a cursor of the transaction reads it;
/// 40001 and 55P03 where others are changing the table of a unique one; 0A000 for a unique one of
/// expressions or of some rows, and on a materialized view where nothing says that its rows differ.
pub async fn execute(session: &Session, create: &CreateIndex) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let table = target(&snapshot, &path, &create.table)?;
    tables_in_use::check(session, [&table], "CREATE INDEX")?;
    check_columns(&table, create)?;
    storage_parameters::check_index(&create.method, &create.parameters)?;
    let taken = names_in(&snapshot, &table.name.schema);
    let done = Ok(Outcome::Done("CREATE INDEX".to_owned()));
    let name = match &create.name {
        None => free_name(&table, create, &taken),
        Some(name) if taken.contains(&name.as_str()) => {
            let message = format!("relation \"{name}\" already exists");
            if create.if_not_exists {
                let notice = format!("{message}, skipping");
                session.notice(Error::new(SqlState::DUPLICATE_TABLE, notice));
                return done;
            }
            return Err(Error::new(SqlState::DUPLICATE_TABLE, message));
        }
        Some(name) => name.clone(),
    };
    let is_of_view = table.kind == Kind::MaterializedView;
    if create.is_unique && is_of_view && create.expressions().next().is_none() {
        prove_unique(session, &table, create).await?;
    }
    if !create.is_unique || is_of_view && create.expressions().next().is_none() {
        let index = CreateIndex {
            name: Some(name),
            table: table.name.clone().into(),
            if_not_exists: false,
            ..create.clone()
        };
        session.instance.catalog.write(|transaction| {
            let now = transaction.snapshot().object(table.oid);
            let mut indexes = now.map_or_else(Vec::new, |object| object.indexes.clone());
            indexes.push(index);
            transaction.set_indexes(table.oid, indexes)
        })?;
        build(session, table.oid).await;
        return done;
    }
    if table.kind != Kind::Table || create.expressions().next().is_some() {
        let what = match table.kind {
            Kind::Table => "a unique index of expressions or of some rows".to_owned(),
            kind => format!("a unique index on {}", kind.with_article()),
        };
        return Err(Error::unsupported(what));
    }
    let tables = changing_transactions::tables_of([&table]);
    changing_transactions::wait(session, tables).await?;
    // They may have changed more than its rows.
    let table = target(&session.instance.catalog.snapshot(), &path, &create.table)?;
    let constraint = Declared {
        name: Some(name),
        rule: Rule::Unique {
            // What is included is beside the key.
            columns: create.key_columns().cloned().collect(),
            primary: false,
            nulls_equal: create.nulls_equal,
        },
    };
    redefine::act(session, &table, &Action::AddConstraint(constraint)).await?;
    done
}

/// That no two rows of a materialized view have the same values in the columns of an index, whatever it is
/// refreshed from.
///
/// # Errors
/// 0A000 where neither its `unique_key` nor its query says so.
async fn prove_unique(session: &Session, view: &Object, create: &CreateIndex) -> Result<()> {
    let wanted: Vec<&String> = create.key_columns().collect();
    if constraints::key_of(view).is_some_and(|key| key.iter().all(|it| wanted.contains(&it))) {
        return Ok(());
    }
    if let Statement::CreateMaterializedView(definition) = &view.definition {
        let context = session.statement();
        let query = &definition.query;
        let plan = plan::definition(&context, query, &definition.columns).await?;
        let schema = plan.schema();
        let names = schema.fields().iter().enumerate();
        let places = names.filter(|(_, field)| wanted.contains(&field.name()));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let is_key = |dependence: &FunctionalDependence| {
            dependence.mode == Dependency::Single
                && dependence.target_indices.len() == schema.fields().len()
                && dependence
                    .source_indices
                    .iter()
                    .all(|it| places.contains(it))
                && !(create.nulls_equal && dependence.nullable)
        };
        if schema.functional_dependencies().iter().any(is_key) {
            return Ok(());
        }
    }
    Err(Error::unsupported(format!(
        "a unique index on {} whose rows are not known to differ in these columns",
        view.described()
    ))
    .with_hint("Give the view a unique_key, or GROUP BY these columns in its query."))
}

/// Has the rows found through the new index from the start. In a transaction, and where it fails, what is
/// first looked for is found without it, and it is built in the background.
async fn build(session: &Session, table: Oid) {
    let instance = &session.instance;
    if instance.catalog.is_staged() {
        return;
    }
    if let Some(table) = instance.catalog.snapshot().object(table)
        && let Err(error) = maintenance::keep_indexes(instance, table).await
    {
        tracing::warn!(table = %table.name, %error, "an index could not be built yet");
    }
}

/// What the index is on.
fn target(snapshot: &Snapshot, path: &[String], name: &ObjectName) -> Result<Arc<Object>> {
    let object = plan::object(name, snapshot, path)?;
    match object.kind {
        Kind::Table | Kind::MaterializedView => Ok(object),
        kind => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot create index on relation \"{}\"", object.name.name),
        )
        .with_detail(format!(
            "This operation is not supported for {kind}s, whose rows are elsewhere."
        ))),
    }
}

fn check_columns(table: &Object, create: &CreateIndex) -> Result<()> {
    if create.columns().count() > COLUMNS {
        return Err(Error::new(
            SqlState::TOO_MANY_COLUMNS,
            format!("cannot use more than {COLUMNS} columns in an index"),
        ));
    }
    for column in create.columns() {
        if table.schema.column_with_name(column).is_none() {
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{column}\" does not exist"),
            );
            let fields = table.schema.fields().iter();
            return Err(
                match nearest(column, fields.map(|field| field.name().as_str())) {
                    Some(near) => {
                        error.with_hint(format!("Perhaps you meant the column \"{near}\"."))
                    }
                    None => error,
                },
            );
        }
    }
    Ok(())
}

/// The names that relations and indexes of a schema have.
fn names_in<'a>(snapshot: &'a Snapshot, schema: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for object in snapshot.relations_in(schema) {
        names.push(object.name.name.as_str());
        let constraints = constraints::of(object).iter();
        names.extend(constraints.map(|constraint| constraint.name.as_str()));
        names.extend(
            object
                .indexes
                .iter()
                .filter_map(|index| index.name.as_deref()),
        );
    }
    names
}

/// The name that PostgreSQL would make up: `table_column_idx`, with a number where that is taken.
fn free_name(table: &Object, create: &CreateIndex, taken: &[&str]) -> String {
    let columns = create.column_names().join("_");
    let name = format!("{}_{columns}_idx", table.name.name);
    let numbered = (1_u32..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let free = names.find(|name| !taken.contains(&name.as_str()));
    free.unwrap_or(name)
}
