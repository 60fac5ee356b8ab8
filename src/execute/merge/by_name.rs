//! `UPDATE SET *` and `INSERT *`: the columns that the table and the source both have, by their names.

use datafusion::sql::sqlparser::ast::{Expr, Ident};

use super::super::modify::{Beside, Changing};
use crate::error::{Error, Result, SqlState};
use crate::sql::assignment::Assignment;
use crate::sql::merge::{Action, Clause};

/// Writes out the columns that `*` stands for in a clause: others of the table keep their values, or get
/// their defaults, and others of the source are left out.
///
/// # Errors
/// 42703 where no column of the source has the name of one of the table's.
pub fn expand(
    clause: &mut Clause,
    changing: &Changing,
    source: &str,
    beside: &Beside,
) -> Result<()> {
    if !matches!(clause.action, Action::UpdateAll | Action::InsertAll) {
        return Ok(());
    }
    let fields = changing.columns().fields().iter();
    let names = fields.map(|field| field.name().clone());
    let columns: Vec<String> = names.filter(|name| beside.has_column(name)).collect();
    if columns.is_empty() {
        return Err(Error::new(
            SqlState::UNDEFINED_COLUMN,
            format!(
                "source \"{source}\" has no column with the name of one of table \"{}\"",
                changing.object.name.name
            ),
        )
        .with_hint("Give the source's columns the names of those that they are for."));
    }
    let value = |column: &String| {
        let parts = [source, column].map(|part| Ident::with_quote('"', part));
        Some(Expr::CompoundIdentifier(parts.to_vec()))
    };
    clause.action = match clause.action {
        Action::UpdateAll => {
            let assignments = columns.into_iter().map(|column| Assignment {
                value: value(&column),
                column,
            });
            Action::Update(assignments.collect())
        }
        _ => Action::Insert {
            values: columns.iter().map(value).collect(),
            columns,
            overriding: None,
        },
    };
    Ok(())
}
