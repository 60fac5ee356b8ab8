//! `CREATE TABLE` and `CREATE TABLE AS`.

use std::sync::Arc;

use super::define::{Creation, create_filled, creation, object};
use super::query;
use crate::catalog::Object;
use crate::error::Result;
use crate::models::refresh::{Catalogued, participant};
use crate::models::rejected::{self, Keep};
use crate::models::{replacement, table_id};
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::Statement;
use crate::sql::create_table::CreateTable;
use crate::warehouse::CommitInfo;

/// Creates or replaces a table. The rows of a new one come first, so that a failure, or a kill,
/// leaves the catalog as it was; those of one that is replaced come in the same step as its columns.
///
/// # Errors
/// What its query meets; 42P07 where the name is taken.
pub async fn execute(session: &Session, create: &CreateTable) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let tag = |rows: Option<u64>| {
        Ok(Outcome::Done(rows.map_or_else(
            || "CREATE TABLE".to_owned(),
            |rows| format!("SELECT {rows}"),
        )))
    };
    match creation(
        session,
        Statement::CreateTable(create.clone()),
        create.if_not_exists,
        create.or_replace,
    )
    .await?
    {
        Creation::Exists => tag(None),
        Creation::New(mut new) => {
            let oid = catalog.reserve_oid()?;
            new.oid = Some(oid);
            let object = object(oid, &new)?;
            let rows = fill(session, &object, Catalogued::Nothing).await?;
            create_filled(&session.instance, new, object).await?;
            tag(rows)
        }
        Creation::Replaces(old, new) => {
            catalog.write(|transaction| transaction.check_replace(old.oid, &new))?;
            let object = object(old.oid, &new)?;
            tag(fill(session, &object, Catalogued::Replaced(Box::new(new))).await?)
        }
    }
}

/// Writes the table's first rows: those of its query, or none. Answers how many the query gave.
async fn fill(session: &Session, object: &Object, catalogued: Catalogued) -> Result<Option<u64>> {
    let instance = &session.instance;
    let warehouse = &instance.warehouse;
    replacement::settle(&instance.catalog, warehouse, object.oid).await?;
    let table = table_id(object);
    let Statement::CreateTable(create) = &object.definition else {
        return Err(crate::error::Error::internal(format!(
            "{} is not defined as a table",
            object.name
        )));
    };
    let Some(text) = &create.query else {
        let empty =
            datafusion::physical_plan::EmptyRecordBatchStream::new(Arc::clone(&object.schema));
        let participant = participant(instance, object, catalogued, &object.schema);
        let info = CommitInfo::new("CREATE TABLE");
        warehouse
            .replace_with(&table, Box::pin(empty), info, participant)
            .await?;
        return Ok(None);
    };
    let (rejections, writer) = rejected::begin(instance, object, Keep::Latest, None);
    let rejected = Arc::new(RejectedRows::new(rejections.sender()));
    let context = session.statement().collecting(&rejected);
    let plan = plan::definition(&context, text, &create.column_names).await?;
    let participant = participant(instance, object, catalogued, &plan::columns(&plan));
    let rows = writer.precede(query::stream(context.state, plan).await?);
    let info = CommitInfo::new("CREATE TABLE AS");
    let commit = warehouse
        .replace_with(&table, rows, info, participant)
        .await?;
    if let Some(notice) = rejected.notice() {
        session.notice(notice);
    }
    Ok(Some(commit.rows))
}
