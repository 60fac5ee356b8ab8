//! How much room relations take, which the logs of their tables tell.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
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
        CatalogFunction::udf(
            "pg_size_pretty",
            &[&[BIGINT]],
            TEXT,
            Call::Answer(|_, values| text(number(values, 0).map(pretty_size))),
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

/// A size as PostgreSQL's `pg_size_pretty` shows it: in the largest unit in which it has five digits.
fn pretty_size(bytes: i64) -> String {
    let mut size = bytes;
    let mut unit = 0;
    while size.unsigned_abs() >= 10 * 1024 && unit + 1 < UNITS.len() {
        // Rounded to the nearest, away from zero.
        size = (size + 512 * size.signum()) / 1024;
        unit += 1;
    }
    format!("{size} {}", UNITS[unit])
}
