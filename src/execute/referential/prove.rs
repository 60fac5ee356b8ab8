//! Whether all rows of a table satisfy a foreign key.

use arrow::array::RecordBatch;

use super::check::rows_of;
use crate::catalog::Reference;
use crate::error::Result;
use crate::models::constraints::{Shown, not_there};
use crate::session::Session;
use crate::sql::name::Quoted;

/// Looks at all rows of a table.
///
/// # Errors
/// 23503 for rows that refer to none.
pub async fn prove(session: &Session, reference: &Reference) -> Result<()> {
    let key = &reference.key;
    let table = &reference.table;
    let each = |wanted: &dyn Fn(String, String) -> String, separator: &str| {
        let columns = key.columns.iter().zip(&key.referenced);
        let parts = columns.map(|(own, other)| {
            wanted(format!("c.{}", Quoted(own)), format!("p.{}", Quoted(other)))
        });
        parts.collect::<Vec<_>>().join(separator)
    };
    let own = each(&|own, _| own, ", ");
    let values = each(&|own, _| format!("{own} IS NOT NULL"), " AND ");
    let equal = each(&|own, other| format!("{own} = {other}"), " AND ");
    if key.is_full && key.columns.len() > 1 {
        let none = each(&|own, _| format!("{own} IS NULL"), " AND ");
        let text = format!(
            "SELECT {own} FROM {} AS c WHERE NOT ({values}) AND NOT ({none}) LIMIT 1",
            table.name
        );
        if first(rows_of(session.statement(), &text).await?).is_some() {
            return Err(not_there(reference, table)
                .with_detail("MATCH FULL does not allow mixing of null and nonnull key values."));
        }
    }
    let text = format!(
        "SELECT {own} FROM {} AS c WHERE {values} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {equal}) ORDER BY {own} LIMIT 1",
        table.name,
        reference.referenced(),
    );
    let Some(row) = first(rows_of(session.statement(), &text).await?) else {
        return Ok(());
    };
    let shown = Shown::new(&session.statement().state);
    let values = shown.key(row.schema().fields(), row.columns(), 0)?;
    Err(not_there(reference, table).with_detail(format!(
        "Key ({})=({values}) is not present in table \"{}\".",
        key.columns.join(", "),
        reference.referenced().name
    )))
}

fn first(rows: Vec<RecordBatch>) -> Option<RecordBatch> {
    rows.into_iter().find(|batch| batch.num_rows() > 0)
}
