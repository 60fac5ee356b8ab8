//! `DECLARE ... CURSOR`.

use std::sync::Arc;

use chrono::Utc;

use super::query::Planned;
use super::tables_in_use;
use crate::error::Result;
use crate::session::{Cursor, Outcome, Position, Prepared, Session, only_in_block};
use crate::sql::declare::Declare;

/// Plans a query, which begins to run with the first row that is fetched. It reads what is there
/// now, also `WITH HOLD` after the transaction's end: versions of tables stay as they are, and files
/// that only the transaction had are held for the cursor.
///
/// # Errors
/// 25P01 outside a block unless `WITH HOLD`, 42P03 for a name that is taken, what planning says.
pub async fn execute(session: &Session, declare: &Declare, own: &Prepared) -> Result<Outcome> {
    let in_transaction = session.is_in_transaction();
    if !in_transaction && !declare.hold {
        return Err(only_in_block("DECLARE CURSOR"));
    }
    session.cursors.check_free(&declare.name)?;
    let planned = Planned::new(session, &declare.query, Vec::new()).await?;
    let schema = Arc::clone(&planned.schema);
    let reads = tables_in_use::read_by(session, &declare.query)?;
    let position = Position::new(planned, session.notices(), declare.scroll);
    let cursor = Cursor {
        text: own.text.clone(),
        is_binary: declare.binary,
        is_scrollable: declare.scroll,
        is_holdable: declare.hold,
        declared_at: Utc::now(),
        schema,
        reads,
        position: Arc::new(tokio::sync::Mutex::new(position)),
    };
    session
        .cursors
        .declare(&declare.name, cursor, in_transaction)?;
    Ok(Outcome::Done("DECLARE CURSOR".to_owned()))
}
