//! Functions of types that clients call by name: `int8in` and `xidout`, by which a transaction's number
//! becomes a number, and `bpchar`, which is a cast.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, TEXT, number, string, text};
use crate::error::{Error, SqlState};

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    vec![
        CatalogFunction::udf(
            "int8in",
            &[&[TEXT]],
            BIGINT,
            Call::Look(|_, values| {
                let read = string(values, 0).map(|text| {
                    text.trim().parse::<i64>().map_err(|_| {
                        let message = format!("invalid input syntax for type bigint: \"{text}\"");
                        Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message)
                    })
                });
                Ok(ScalarValue::Int64(read.transpose()?))
            }),
        ),
        CatalogFunction::udf(
            "xidout",
            &[&[BIGINT]],
            TEXT,
            Call::Answer(|_, values| text(number(values, 0).map(|id| id.to_string()))),
        ),
        CatalogFunction::udf(
            "bpchar",
            &[&[TEXT]],
            TEXT,
            Call::Answer(|_, values| text(string(values, 0))),
        ),
    ]
}
