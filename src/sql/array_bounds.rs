//! `integer[3][3]`: how long arrays are to be, which PostgreSQL reads where a type is named, and nothing holds to.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType};

/// Leaves out of a type how long its arrays are.
pub fn leave_out(data_type: &mut DataType) {
    if let DataType::Array(ArrayElemTypeDef::SquareBracket(item, length)) = data_type {
        *length = None;
        leave_out(item);
    }
}
