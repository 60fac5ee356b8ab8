//! `CREATE TABLE` and `CREATE TABLE AS`.
//!
//! A column of `numeric` without digits is `numeric(38,10)`: a value with more digits after the point
//! is rounded to 10 of them, of which a notice tells. No numeric has more than 38 digits, or is `NaN` or an
//! infinity, as PostgreSQL's may be (0A000): `double precision` has these. The options of an identity are those of a
//! sequence, in any order; its sequence is called after the table and the column, whatever
//! `SEQUENCE NAME` says. A generated column is computed from others of its row, wherever a row is put in or
//! changed, and nobody gives it a value (428C9); its expression must tell the same of a row for all time
//! (42P17). `PRIMARY KEY` and `UNIQUE` are looked at as rows come, and are never
//! `DEFERRABLE`. An `UNLOGGED` table is one as any, whose rows outlive a crash. What a query gives
//! keeps the types of the columns that it reads, as `varchar(5)` or `uuid`.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::define::{
    Creation, create_filled, creation, in_place_of, object, tell_of_bare_numerics,
};
use super::{changing_transactions, like, query, serial};
use crate::catalog::{Kind, OWN_TEMPORARY, Object, Snapshot, temporary_schema};
use crate::error::{Error, Result, SqlState};
use crate::instance::LockGuard;
use crate::models::define::creation_schema;
use crate::models::refresh::{Catalogued, participant};
use crate::models::rejected::{self, Keep, Rejections};
use crate::models::replan::{self, Author};
use crate::models::{keyed, recorded, replacement};
use crate::session::{Outcome, Session, check_privileges, plan};
use crate::sources::RejectedRows;
use crate::sql::create_table::CreateTable;
use crate::sql::name::ObjectName;
use crate::sql::{QualifiedName, Statement, parse_one};
use crate::warehouse::CommitInfo;

/// Creates or replaces a table. The rows of a new one come first, so that a failure, or a kill,
/// leaves the catalog as it was; those of one that is replaced come in the same step as its columns.
///
/// # Errors
/// What its query meets; 26000 and 42809 for one that is not prepared, or is none; 42P07 where the name is
/// taken; 40001 and 55P03 where one that is replaced is being changed by others.
pub async fn execute(session: &Session, create: &CreateTable) -> Result<Outcome> {
    if let Some(prepared) = &create.prepared {
        let query = Box::pin(super::execute::query(session, prepared)).await?;
        let create = CreateTable {
            query: Some(query),
            prepared: None,
            ..create.clone()
        };
        let statement = Statement::CreateTable(create.clone());
        // The catalog keeps the query as its text.
        if parse_one(&statement.to_string()).ok().as_ref() != Some(&statement) {
            return Err(Error::unsupported(
                "a form of expression in this definition",
            ));
        }
        // What the query reads is known by now.
        check_privileges(session, &statement)?;
        return Box::pin(execute(session, &create)).await;
    }
    let instance = &session.instance;
    let is_temporary = create.is_temporary || create.name.schema.as_deref() == Some(OWN_TEMPORARY);
    let create = &match is_temporary {
        true => temporary(session, create)?,
        false => create.clone(),
    };
    let snapshot = instance.catalog.snapshot();
    let settings = session.settings();
    let name = create.name.qualify(creation_schema(&settings));
    if create.likes.is_some() {
        return Box::pin(execute_like(session, create, &name)).await;
    }
    if !create.columns.iter().any(serial::is_serial) {
        return create_one(session, create).await;
    }
    if snapshot.relation(&name).is_some() && !create.or_replace {
        return create_one(session, create).await;
    }
    let mut create = create.clone();
    let serials = serial::expand(&snapshot, &name, create.columns.iter_mut())?;
    session
        .together(async |session: &Session| {
            serial::create(session, &serials)?;
            let outcome = create_one(session, &create).await?;
            serial::own(session, &name, &serials)?;
            Ok(outcome)
        })
        .await
}

/// [`execute`] of a table that takes over columns of others.
async fn execute_like(
    session: &Session,
    create: &CreateTable,
    name: &QualifiedName,
) -> Result<Outcome> {
    let mut create = create.clone();
    let snapshot = session.instance.catalog.snapshot();
    // As in Postgres, what it is like is not looked at where nothing is to be done.
    if snapshot.relation(name).is_some() && !create.or_replace {
        create.likes = None;
        return create_one(session, &create).await;
    }
    let carried = like::expand(session, &mut create)?;
    if carried.is_empty() {
        return execute(session, &create).await;
    }
    session
        .together(async |session: &Session| {
            let outcome = execute(session, &create).await?;
            carried.make(session, &create).await?;
            Ok(outcome)
        })
        .await
}

/// Waits for the transactions that have changed the rows of a table that is replaced, and keeps others
/// from it. Nothing to do where there is no such table.
///
/// # Errors
/// Those of [`changing_transactions::wait`].
async fn lock_replaced(session: &Session, create: &CreateTable) -> Result<Option<LockGuard>> {
    if !create.or_replace {
        return Ok(None);
    }
    let instance = &session.instance;
    let name = create.name.qualify(creation_schema(&session.settings()));
    let snapshot = instance.catalog.snapshot();
    let named = snapshot.relation(&name);
    let Some(table) = named.filter(|object| object.kind == Kind::Table) else {
        return Ok(None);
    };
    let tables = changing_transactions::tables_of([table]);
    changing_transactions::wait(session, tables).await?;
    let guard = instance.refresh_locks.lock(table.oid).await?;
    session.follow()?;
    Ok(Some(guard))
}

async fn create_one(session: &Session, create: &CreateTable) -> Result<Outcome> {
    let instance = &session.instance;
    let _guard = lock_replaced(session, create).await?;
    let snapshot = instance.catalog.snapshot();
    let tag = |rows: Option<u64>| {
        Ok(Outcome::Done(match (rows, &create.query) {
            (Some(rows), _) => format!("SELECT {rows}"),
            (None, Some(_)) => "CREATE TABLE AS".to_owned(),
            (None, None) => "CREATE TABLE".to_owned(),
        }))
    };
    let with_data = create.with_data;
    if create.on_commit.is_some() {
        session.note_on_commit();
    }
    match creation(
        session,
        &snapshot,
        Statement::CreateTable(create.clone()),
        create.if_not_exists,
        create.or_replace,
    )
    .await?
    {
        Creation::Exists => tag(None),
        Creation::New(mut new) => {
            let oid = instance.catalog.reserve_oid()?;
            new.oid = Some(oid);
            let object = object(oid, &new)?;
            let created = Catalogued::Nothing;
            let rows = fill(session, &snapshot, &object, created, with_data).await?;
            create_filled(instance, new, object).await?;
            tell_of_bare_numerics(session, &create.columns);
            tag(rows)
        }
        Creation::Replaces(old, new) => {
            // Those who come while its rows are made are looked for when these are committed.
            instance.catalog.snapshot().check_unreferenced(&old)?;
            replan::check(instance, old.oid, &new, Author::Statement).await?;
            let object = in_place_of(&old, &new)?;
            let replaced = Catalogued::Replaced(Box::new(new), Author::Statement);
            let rows = fill(session, &snapshot, &object, replaced, with_data).await?;
            tell_of_bare_numerics(session, &create.columns);
            tag(rows)
        }
    }
}

/// A temporary table is in a schema of its session's, which goes with that.
fn temporary(session: &Session, create: &CreateTable) -> Result<CreateTable> {
    let mut create = create.clone();
    make_temporary(session, &mut create.name)?;
    create.is_temporary = true;
    Ok(create)
}

/// Gives the name of a relation the schema of its session's temporary ones.
///
/// # Errors
/// 42P16 where it has another one; those of the disk.
pub(super) fn make_temporary(session: &Session, name: &mut ObjectName) -> Result<()> {
    let process = session.client.process;
    let own = temporary_schema(process);
    match name.schema.as_deref() {
        None | Some(OWN_TEMPORARY) => {}
        Some(schema) if schema == own => {}
        Some(_) => {
            return Err(Error::new(
                SqlState::INVALID_TABLE_DEFINITION,
                "cannot create temporary relation in non-temporary schema",
            ));
        }
    }
    let catalog = &session.instance.catalog;
    let own = catalog.write(|transaction| transaction.create_temporary_schema(process))?;
    name.schema = Some(own);
    Ok(())
}

/// Writes the table's first rows: those of its query in the catalog that its columns are of, where it is
/// `with_data`, or none. Answers how many the query gave.
async fn fill(
    session: &Session,
    snapshot: &Arc<Snapshot>,
    object: &Object,
    catalogued: Catalogued,
    with_data: bool,
) -> Result<Option<u64>> {
    let instance = &session.instance;
    let warehouse = &instance.warehouse;
    replacement::settle(&instance.catalog, warehouse, object.oid).await?;
    let Statement::CreateTable(create) = &object.definition else {
        return Err(Error::internal(format!(
            "{} is not defined as a table",
            object.name
        )));
    };
    let before = instance.catalog.snapshot();
    let before = before.object(object.oid).map(AsRef::as_ref);
    let definition = Some(recorded::record(object, before)?);
    let Some(text) = create.query.as_ref().filter(|_| with_data) else {
        let empty =
            datafusion::physical_plan::EmptyRecordBatchStream::new(Arc::clone(&object.schema));
        let participant = participant(instance, object, catalogued, &object.schema);
        let info = CommitInfo {
            definition,
            ..CommitInfo::new("CREATE TABLE")
        };
        let rejections = Rejections::none();
        let state = session.statement_of(Arc::clone(snapshot)).state;
        let rows: SendableRecordBatchStream = Box::pin(empty);
        keyed::replace(
            instance,
            &state,
            object,
            rows.into(),
            rejections,
            info,
            participant,
        )
        .await?;
        return Ok(None);
    };
    let (rejections, writer) = rejected::begin(instance, object, Keep::Latest, None);
    let rejected = Arc::new(RejectedRows::new(rejections.sender()));
    let context = session
        .statement_of(Arc::clone(snapshot))
        .collecting(&rejected);
    let plan = plan::definition(&context, text, &create.column_names).await?;
    let columns = keyed::shown(&create.options, &plan::columns(&plan))?;
    let participant = participant(instance, object, catalogued, &columns);
    let state = context.state;
    let rows = nullable(query::stream(state.clone(), plan).await?);
    let rows = writer.precede(rows);
    let info = CommitInfo {
        definition,
        ..CommitInfo::new("CREATE TABLE AS")
    };
    let put = keyed::replace(
        instance,
        &state,
        object,
        rows.into(),
        rejections,
        info,
        participant,
    )
    .await?;
    for notice in rejected.notices().into_iter().chain(put.notices()) {
        session.notice(notice);
    }
    Ok(Some(put.upserted.rows))
}

/// Rows whose columns may be NULL, though those of the query never are: literals, for example.
fn nullable(rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let fields = rows
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let nullable = field.as_ref().clone().with_nullable(true);
            Arc::new(nullable)
        })
        .collect::<Vec<_>>();
    let columns = Arc::new(Schema::new(fields));
    let schema = Arc::clone(&columns);
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let arrays = batch.columns().to_vec();
        let schema = Arc::clone(&schema);
        Ok(RecordBatch::try_new_with_options(schema, arrays, &rows)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::table_id;
    use crate::test_server::{begin, block_on, open, run};

    #[test]
    fn columns_and_rows_are_those_of_one_snapshot() {
        block_on(columns_and_rows_agree);
    }

    async fn columns_and_rows_agree() {
        let folder = tempfile::tempdir().unwrap();
        let session = begin(&open(folder.path()).await);
        run(&session, "CREATE TABLE t AS SELECT 1::BIGINT AS old").await;
        let snapshot = session.instance.catalog.snapshot();
        let statement = parse_one("CREATE TABLE copy AS SELECT * FROM t").unwrap();
        let creation = creation(&session, &snapshot, statement, false, false).await;
        let Creation::New(new) = creation.unwrap() else {
            panic!("copy exists")
        };
        let replaced = "CREATE OR REPLACE TABLE t AS SELECT 'a' AS new, 'b' AS newer";
        run(&session, replaced).await;
        let object = object(session.instance.catalog.reserve_oid().unwrap(), &new).unwrap();
        let rows = fill(&session, &snapshot, &object, Catalogued::Nothing, true).await;
        assert_eq!(rows.unwrap(), Some(1));
        let written = session
            .instance
            .warehouse
            .scan(&table_id(&object), crate::warehouse::At::Latest)
            .await
            .unwrap();
        assert_eq!(written.schema().fields().len(), 1);
        assert_eq!(written.schema().field(0).name(), "old");
    }
}
