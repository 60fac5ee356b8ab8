//! How much room relations take, which the logs of their tables tell.

use std::sync::Arc;

use arrow::datatypes::{DataType, i256};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Coercion, ScalarUDF, TypeSignature, TypeSignatureClass};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, TEXT, number, string, text};
use super::name_functions::relation_oid;
use super::relation::relation;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let on_relation: &[&[DataType]] = &[&[BIGINT], &[TEXT]];
    let on_fork: &[&[DataType]] = &[&[BIGINT], &[TEXT], &[BIGINT, TEXT], &[TEXT, TEXT]];
    let udf = |name, arguments: &[&[DataType]], call| {
        CatalogFunction::udf(name, arguments, BIGINT, Call::Wait(call))
    };
    vec![
        udf("pg_relation_size", on_fork, relation_size),
        udf("pg_table_size", on_relation, relation_size),
        udf("pg_total_relation_size", on_relation, relation_size),
        udf("pg_database_size", on_relation, database_size),
        udf("pg_tablespace_size", &[&[BIGINT]], tablespace_size),
        // A table is a folder, so there is no file of one number.
        CatalogFunction::udf(
            "pg_relation_filenode",
            on_relation,
            BIGINT,
            Call::Answer(|_, _| ScalarValue::Int64(None)),
        ),
        CatalogFunction::udf(
            "pg_indexes_size",
            on_relation,
            BIGINT,
            Call::Answer(|_, values| {
                let is_null = values.first().is_none_or(ScalarValue::is_null);
                ScalarValue::Int64((!is_null).then_some(0))
            }),
        ),
        CatalogFunction::udf_of(
            "pg_size_pretty",
            vec![
                TypeSignature::Exact(vec![BIGINT]),
                TypeSignature::Coercible(vec![Coercion::new_exact(TypeSignatureClass::Decimal)]),
            ],
            TEXT,
            Call::Look(|_, values| Ok(text(values.first().map(pretty).transpose()?.flatten()))),
        ),
        CatalogFunction::udf(
            "pg_size_bytes",
            &[&[TEXT]],
            BIGINT,
            Call::Look(|_, values| {
                let size = string(values, 0).map(|size| read_size(&size));
                Ok(ScalarValue::Int64(size.transpose()?))
            }),
        ),
    ]
}

/// The bytes of a table's latest version; none of views and sources, which keep no rows.
fn relation_size(
    sources: Arc<dyn SystemSources>,
    values: Vec<ScalarValue>,
) -> BoxFuture<'static, Result<ScalarValue>> {
    async move {
        let oid = match string(&values, 0) {
            Some(name) => match relation_oid(&*sources, &name) {
                Some(oid) => Some(oid),
                None => {
                    let message = format!("relation \"{name}\" does not exist");
                    return Err(Error::new(SqlState::UNDEFINED_TABLE, message));
                }
            },
            None => number(&values, 0),
        };
        let Some(found) = oid.and_then(|oid| relation(&*sources, oid)) else {
            return Ok(ScalarValue::Int64(None));
        };
        let bytes = match found.object.as_ref().filter(|_| found.kind != "i") {
            Some(object) => sources.size(object.oid).await?,
            None => 0,
        };
        Ok(size(bytes))
    }
    .boxed()
}

/// All tables are in `pg_default`, and nothing else is anywhere.
fn tablespace_size(
    sources: Arc<dyn SystemSources>,
    values: Vec<ScalarValue>,
) -> BoxFuture<'static, Result<ScalarValue>> {
    /// PostgreSQL's number of `pg_default`.
    const DEFAULT: i64 = 1663;
    match number(&values, 0) {
        Some(DEFAULT) => database_size(sources, Vec::new()),
        other => futures::future::ready(Ok(ScalarValue::Int64(other.map(|_| 0)))).boxed(),
    }
}

fn database_size(
    sources: Arc<dyn SystemSources>,
    values: Vec<ScalarValue>,
) -> BoxFuture<'static, Result<ScalarValue>> {
    async move {
        if let Some(name) = string(&values, 0)
            && name != sources.database()
        {
            let message = format!("database \"{name}\" does not exist");
            return Err(Error::new(SqlState::INVALID_CATALOG_NAME, message));
        }
        let mut bytes = 0_u64;
        for object in sources.snapshot().objects() {
            bytes = bytes.saturating_add(sources.size(object.oid).await?);
        }
        Ok(size(bytes))
    }
    .boxed()
}

fn size(bytes: u64) -> ScalarValue {
    ScalarValue::Int64(Some(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

/// The bytes of a size such as `1.5 GB`.
fn read_size(text: &str) -> Result<i64> {
    let invalid = || {
        let message = format!("invalid size: \"{text}\"");
        Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
    };
    let trimmed = text.trim();
    let is_number = |character: char| character.is_ascii_digit() || "+-.".contains(character);
    let end = trimmed.find(|character: char| !is_number(character));
    let (number, rest) = trimmed.split_at(end.unwrap_or(trimmed.len()));
    // An exponent, and not the first letter of a unit.
    let exponent = rest.strip_prefix(['e', 'E']).map_or(0, |rest| {
        let digits = rest.trim_start_matches(['+', '-']);
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        match len {
            0 => 0,
            len => 1 + (rest.len() - digits.len()) + len,
        }
    });
    let (exponent, unit) = rest.split_at(exponent);
    let unit = unit.trim();
    let place = match unit {
        "" => 0,
        unit => {
            let mut known = UNITS.iter();
            let place = known.position(|known| known.eq_ignore_ascii_case(unit));
            place.ok_or_else(|| {
                invalid()
                    .with_detail(format!("Invalid size unit: \"{unit}\"."))
                    .with_hint(
                        "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".",
                    )
            })?
        }
    };
    let factor = 1_i64 << (10 * place);
    let out_of_range = || Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
    if exponent.is_empty()
        && let Ok(whole) = number.parse::<i64>()
    {
        return whole.checked_mul(factor).ok_or_else(out_of_range);
    }
    let number: f64 = format!("{number}{exponent}")
        .parse()
        .map_err(|_| invalid())?;
    let bytes = (number * factor as f64).round();
    match bytes.abs() < i64::MAX as f64 {
        true => Ok(bytes as i64),
        false => Err(out_of_range()),
    }
}

/// Units of sizes, each of which is 1024 of the one before.
const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/// [`pretty_size`] of a `bigint` or a numeric, whose bytes may be parts of one.
///
/// # Errors
/// 22003 for more than 38 digits.
fn pretty(size: &ScalarValue) -> Result<Option<String>> {
    let unit = |scale: i8| i256::from_i128(10).wrapping_pow(u32::from(scale.unsigned_abs()));
    let whole = match size {
        ScalarValue::Int64(bytes) => bytes.map(|bytes| Some(i128::from(bytes))),
        ScalarValue::Decimal128(bytes, _, scale) => bytes.map(|bytes| {
            let whole = i256::from_i128(bytes).checked_div(unit(*scale));
            whole.and_then(i256::to_i128)
        }),
        ScalarValue::Decimal256(bytes, _, scale) => bytes.map(|bytes| {
            let whole = bytes.checked_div(unit(*scale));
            whole.and_then(i256::to_i128)
        }),
        _ => None,
    };
    let out_of_range = || Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "size out of range");
    match whole {
        Some(whole) => Ok(Some(pretty_size(whole.ok_or_else(out_of_range)?, size))),
        None => Ok(None),
    }
}

/// A size as PostgreSQL's `pg_size_pretty` shows it: in the largest unit in which it has five digits.
fn pretty_size(whole: i128, shown: &ScalarValue) -> String {
    const FEW: u128 = 10 * 1024;
    if whole.unsigned_abs() < FEW {
        return format!("{} {}", shown, UNITS[0]);
    }
    // In halves of the unit, by which it is rounded to the nearest, away from zero.
    let mut halves = whole / 512;
    let mut unit = 1;
    while halves.unsigned_abs() >= 2 * FEW - 1 && unit + 1 < UNITS.len() {
        halves /= 1024;
        unit += 1;
    }
    format!("{} {}", (halves + halves.signum()) / 2, UNITS[unit])
}
