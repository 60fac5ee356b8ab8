//! What statements do. One file a statement, of the same name as in `sql/`.

pub mod alter;
pub mod alter_default_privileges;
mod alter_domain;
pub mod alter_function;
pub mod alter_role;
pub mod analyze;
mod changing_transactions;
pub mod checkpoint;
pub mod close;
mod column_parts;
pub mod comment;
pub mod copy;
pub mod create_check;
pub mod create_composite;
mod create_domain;
pub mod create_extension;
pub mod create_external_table;
pub mod create_function;
pub mod create_index;
pub mod create_materialized_view;
pub mod create_model;
pub mod create_role;
pub mod create_schema;
pub mod create_sequence;
pub mod create_table;
pub mod create_type;
pub mod create_view;
pub mod deallocate;
pub mod declare;
pub mod delete;
pub mod describe_history;
pub mod discard;
pub mod drop;
pub mod drop_extension;
pub mod drop_function;
pub mod drop_other_kinds;
pub mod drop_role;
#[expect(
    clippy::module_inception,
    reason = "a statement's file has the statement's name"
)]
pub mod execute;
pub mod explain;
pub mod fetch;
pub mod grant;
pub mod index;
pub mod insert;
pub mod kept;
pub mod listen;
mod lock;
pub mod merge;
pub mod notify;
pub(crate) mod on_commit;
pub mod optimize;
pub mod owned;
pub mod prepare;
pub mod query;
pub mod redefine;
pub mod referential;
pub mod refresh;
mod refresh_range;
pub mod reindex;
mod replaced_view;
pub mod restore;
mod row_locks;
pub mod set;
pub mod show;
pub mod time_travel;
pub mod transaction;
pub mod truncate;
pub mod unlisten;
pub mod update;
pub mod vacuum;
pub mod with_changes;

mod added_identity;
mod conflict;
mod defaults;
mod define;
mod like;
mod modify;
mod renamed_labels;
mod serial;
mod small;
mod stored_columns;
pub(crate) mod tables_in_use;
mod target;
mod type_users;
mod width;

pub use defaults::GIVEN_ROWS;
pub use insert::{Insertion, insertion};
pub use modify::Planned;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::scalar::ScalarValue;

use crate::error::{Error, Result};
use crate::instance::{Instance, StatementContext};
use crate::session::{Outcome, Prepared, Session, check_privileges};
use crate::sql::{Statement, early_parameters};

/// Runs a prepared statement.
///
/// # Errors
/// Whatever the statement meets.
pub async fn statement(
    session: &Session,
    prepared: &Prepared,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    check_privileges(session, &prepared.statement)?;
    match &prepared.statement {
        Statement::Query(query) if prepared.write_command.is_none() => {
            query::execute(session, prepared, query, parameters).await
        }
        // What others take would make the future of a query large, which is moved about.
        _ => Box::pin(other(session, prepared, parameters)).await,
    }
}

/// Runs a statement that is more than a query that reads.
async fn other(
    session: &Session,
    prepared: &Prepared,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let locking = row_locks::take(session, prepared).await?;
    let statement = locking.as_ref().unwrap_or(&prepared.statement);
    match statement {
        Statement::Query(query) => query::execute_anew(session, query, parameters).await,
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_) => {
            let bound = early_parameters::bound(statement, &parameters);
            let statement = bound.as_ref().unwrap_or(statement);
            referential::change(session, statement, parameters).await
        }
        Statement::WithChanges(_) => {
            let bound = early_parameters::bound(statement, &parameters);
            match bound.as_ref().unwrap_or(statement) {
                Statement::WithChanges(with) => {
                    with_changes::execute(session, with, parameters).await
                }
                _ => Err(Error::internal(
                    "a statement is another one with its values",
                )),
            }
        }
        Statement::Truncate(truncate) => truncate::execute(session, truncate).await,
        Statement::Lock(lock) => lock::execute(session, lock).await,
        Statement::Explain(explain) => explain::execute(session, explain).await,
        Statement::CreateSchema(create) => create_schema::execute(session, create).await,
        Statement::CreateExternalTable(create) => {
            create_external_table::execute(session, create).await
        }
        Statement::CreateView(create) => create_view::execute(session, create).await,
        Statement::CreateMaterializedView(create) => {
            create_materialized_view::execute(session, create).await
        }
        Statement::CreateTable(create) => create_table::execute(session, create).await,
        Statement::CreateSequence(create) => create_sequence::execute(session, create),
        Statement::CreateType(create) => create_type::execute(session, create),
        Statement::CreateComposite(create) => create_composite::execute(session, create),
        Statement::CreateDomain(create) => create_domain::execute(session, create).await,
        Statement::CreateFunction(create) => create_function::execute(session, create).await,
        Statement::AlterFunction(alter) => alter_function::execute(session, alter).await,
        Statement::DropFunction(drop) => drop_function::execute(session, drop).await,
        Statement::CreateExtension(create) => create_extension::execute(session, create),
        Statement::DropOtherKinds(drop) => drop_other_kinds::execute(session, drop),
        Statement::DropExtension(drop) => drop_extension::execute(session, drop),
        Statement::CreateRole(create) => create_role::execute(session, create),
        Statement::AlterRole(alter) => alter_role::execute(session, alter),
        Statement::DropRole(drop) => drop_role::execute(session, drop),
        Statement::Grant(grant) => grant::execute(session, grant),
        Statement::AlterDefaultPrivileges(alter) => {
            alter_default_privileges::execute(session, alter)
        }
        Statement::Owned(owned) => owned::execute(session, owned).await,
        Statement::CreateIndex(create) => create_index::execute(session, create).await,
        Statement::CreateCheck(create) => create_check::execute(session, create).await,
        Statement::CreateModel(create) => create_model::execute(session, create).await,
        Statement::Alter(alter) => alter::execute(session, alter).await,
        Statement::Drop(drop) => drop::execute(session, drop).await,
        Statement::Refresh(refresh) => refresh::execute(session, refresh).await,
        Statement::Copy(copy) => copy::execute(session, copy).await,
        Statement::Comment(comment) => comment::execute(session, comment),
        Statement::DescribeHistory(describe) => describe_history::execute(session, describe).await,
        Statement::Optimize(optimize) => optimize::execute(session, optimize).await,
        Statement::Analyze(analyze) => analyze::execute(session, analyze),
        Statement::Vacuum(vacuum) => vacuum::execute(session, vacuum).await,
        Statement::Reindex(reindex) => reindex::execute(session, reindex),
        Statement::Checkpoint(_) => Ok(checkpoint::execute()),
        Statement::Restore(restore) => restore::execute(session, restore).await,
        Statement::Set(set) => set::execute(session, set).await,
        Statement::Show(show) => show::execute(session, show),
        Statement::Transaction(statement) => transaction::execute(session, statement).await,
        Statement::Prepare(prepare) => prepare::execute(session, prepare, prepared).await,
        Statement::Execute(execute) => execute::execute(session, execute).await,
        Statement::Deallocate(deallocate) => deallocate::execute(session, deallocate),
        Statement::Declare(declare) => declare::execute(session, declare, prepared).await,
        Statement::Fetch(fetch) => fetch::execute(session, fetch).await,
        Statement::Close(close) => close::execute(session, close),
        Statement::Discard(discard) => discard::execute(session, discard).await,
        Statement::Listen(listen) => listen::execute(session, listen),
        Statement::Unlisten(unlisten) => unlisten::execute(session, unlisten),
        Statement::Notify(notify) => notify::execute(session, notify),
    }
}

/// Plans a statement that changes rows.
///
/// # Errors
/// What planning says.
pub async fn change(
    instance: &Arc<Instance>,
    context: &StatementContext,
    search_path: &[String],
    statement: &Statement,
) -> Result<Planned> {
    let (_, planned) = match statement {
        Statement::Update(update) => update::plan(instance, context, search_path, update).await?,
        Statement::Delete(delete) => delete::plan(instance, context, search_path, delete).await?,
        Statement::Merge(merge) => merge::plan(instance, context, search_path, merge).await?,
        _ => return Err(Error::internal("only changes of rows are planned as such")),
    };
    Ok(planned)
}

/// The columns that a statement other than a query answers with.
pub fn columns(statement: &Statement) -> Option<SchemaRef> {
    match statement {
        Statement::Explain(explain) => Some(explain::columns(explain.format)),
        Statement::Show(show) => Some(show::columns(show)),
        Statement::Vacuum(vacuum) if vacuum.dry_run => Some(Arc::clone(&vacuum::COLUMNS)),
        Statement::DescribeHistory(_) => Some(Arc::clone(&crate::warehouse::HISTORY_SCHEMA)),
        _ => None,
    }
}

/// Rows that are at hand already.
fn rows(tag: &'static str, batch: RecordBatch) -> Result<Outcome> {
    let schema = batch.schema();
    let stream = MemoryStream::try_new(vec![batch], schema, None)?;
    Ok(Outcome::Rows {
        tag,
        stream: Box::pin(stream),
    })
}

/// Rows of text.
fn text_rows(tag: &'static str, schema: SchemaRef, columns: Vec<Vec<String>>) -> Result<Outcome> {
    let arrays = columns
        .into_iter()
        .map(|column| Arc::new(StringArray::from(column)) as ArrayRef)
        .collect();
    rows(tag, RecordBatch::try_new(schema, arrays)?)
}
