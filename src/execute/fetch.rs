//! `FETCH` and `MOVE`.

use std::sync::Arc;

use datafusion::physical_plan::memory::MemoryStream;

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Run, Session, rows_on};
use crate::sql::fetch::Fetch;

/// Moves a cursor, and gives the rows of the last step.
///
/// # Errors
/// 34000 where there is no such cursor, 55000 for going back where it cannot, 55006 where what was
/// fetched from it is still being sent, what its query says. An error ends the cursor.
pub async fn execute(session: &Session, fetch: &Fetch) -> Result<Outcome> {
    let cursor = session.cursors.get(&fetch.cursor)?;
    let position = Arc::clone(&cursor.position).try_lock_owned();
    let mut position = position.map_err(|_| {
        let message = format!("cursor \"{}\" is in use", fetch.cursor);
        Error::new(SqlState::OBJECT_IN_USE, message)
            .with_hint("Take all rows that were fetched from it first.")
    })?;
    if position.has_failed() {
        let message = format!("portal \"{}\" cannot be run", fetch.cursor);
        let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
        return Err(Error::new(state, message).with_hint("Declare the cursor again."));
    }
    if fetch.moves {
        let moved = position.go(fetch.direction).await;
        let rows = moved.inspect_err(|_| position.fail())?;
        return Ok(Outcome::Done(format!("MOVE {rows}")));
    }
    let schema = Arc::clone(&cursor.schema);
    let run = position.approach(fetch.direction, false).await;
    let stream = match run.inspect_err(|_| position.fail())? {
        Run::Forward(count) => rows_on(position, schema, count),
        Run::Backward(count) => {
            let rows = position.rows_back(count);
            let rows = rows.inspect_err(|_| position.fail())?;
            Box::pin(MemoryStream::try_new(rows, schema, None)?)
        }
    };
    Ok(Outcome::Rows {
        tag: fetch.command(),
        stream,
    })
}
