//! `OPTIMIZE`.

use super::copy;
use crate::catalog::Kind;
use crate::error::{Error, Result, SqlState};
use crate::models::maintenance;
use crate::session::{Outcome, Session};
use crate::sql::optimize::Optimize;

/// Compacts a table, or those of a model, or puts its rows in order.
///
/// # Errors
/// 42809 for what has no files, and for a model whose rows are to be put in order; 42703, 42804 and 54000 for columns that rows cannot be
/// put in order by; 40001 where each attempt was overtaken.
pub async fn execute(session: &Session, optimize: &Optimize) -> Result<Outcome> {
    let object = super::describe_history::stored(session, &optimize.name)?;
    if object.kind == Kind::Model && !optimize.z_order.is_empty() {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot put the rows of model \"{}\" in order", object.name),
        )
        .with_hint("OPTIMIZE without ZORDER BY compacts its tables."));
    }
    let instance = &session.instance;
    if optimize.z_order.is_empty() {
        maintenance::optimize(instance, &object).await?;
    } else {
        copy::positions(&object.schema, &optimize.z_order, &object.name.name)?;
        maintenance::z_order(instance, &object, &optimize.z_order).await?;
    }
    Ok(Outcome::Done("OPTIMIZE".to_owned()))
}
