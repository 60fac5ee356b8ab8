//! `CREATE TABLE` and `CREATE TABLE AS`.

use std::sync::Arc;

use super::define::{Creation, creation, object};
use super::query;
use crate::catalog::Object;
use crate::error::Result;
use crate::models::rejected::{self, Keep};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::Statement;
use crate::sql::create_table::CreateTable;
use crate::warehouse::CommitInfo;

/// Creates or replaces a table. Its rows come first, so that a failure, or a kill, leaves the
/// catalog as it was.
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
            let rows = fill(session, &object(oid, &new)?).await?;
            catalog.write(|transaction| transaction.create(new))?;
            tag(rows)
        }
        Creation::Replaces(old, new) => {
            catalog.write(|transaction| transaction.check_replace(old.oid, &new))?;
            let rows = fill(session, &object(old.oid, &new)?).await?;
            catalog.write(|transaction| transaction.replace(old.oid, new))?;
            tag(rows)
        }
    }
}

/// Writes the table's first rows: those of its query, or none. Answers how many the query gave.
async fn fill(session: &Session, object: &Object) -> Result<Option<u64>> {
    let warehouse = &session.instance.warehouse;
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
        warehouse
            .replace(&table, Box::pin(empty), CommitInfo::new("CREATE TABLE"))
            .await?;
        return Ok(None);
    };
    let (rejections, writer) = rejected::begin(&session.instance, object, Keep::Latest, None);
    let rejected = Arc::new(RejectedRows::new(rejections.sender()));
    let context = session.statement().collecting(&rejected);
    let plan = plan::definition(&context, text, &create.column_names).await?;
    let rows = writer.precede(query::stream(context.state, plan).await?);
    let commit = warehouse
        .replace(&table, rows, CommitInfo::new("CREATE TABLE AS"))
        .await?;
    if let Some(notice) = rejected.notice() {
        session.notice(notice);
    }
    Ok(Some(commit.rows))
}
