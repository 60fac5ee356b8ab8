//! `SET column.attribute = value`: the column is assigned the row that it has, with another value of the
//! attribute, by a function.

use datafusion::sql::sqlparser::ast::{Expr, Ident, Value};
use tributary_udfs::composites::ASSIGNED;

use super::cursor::folded;
use super::{row_expansions, standard_forms};
use crate::error::{Error, SqlState};

/// A row with a value of an attribute, or of one of the row that this is.
pub fn assigned(row: Expr, attributes: &[Ident], value: Expr) -> Expr {
    let [attribute, within @ ..] = attributes else {
        return value;
    };
    let value = match within {
        [] => value,
        within => {
            let inner = row_expansions::field(row.clone(), attribute.clone());
            assigned(inner, within, value)
        }
    };
    let name = folded(attribute);
    let name = Expr::value(Value::SingleQuotedString(name));
    let mut call = standard_forms::call(Ident::new(ASSIGNED));
    call.args = standard_forms::arguments(vec![row, name, value]);
    Expr::Function(call)
}

/// That an attribute has no default of its own.
pub fn no_default() -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "cannot set a subfield to DEFAULT",
    )
}
