//! The types that SQL's type names mean where DataFusion reads them otherwise.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType as SqlType, ExactNumberInfo, ObjectNamePart, TimezoneInfo,
};
use tributary_udfs::json::JsonTypePlanner;
use tributary_udfs::postgres::{BARE_NUMERIC, BARE_NUMERIC_TYPE, CHARACTER_LENGTH, SINGLE_BYTE};

use crate::sql::{character_length, float_width, numeric_digits, type_names};
use crate::wire::types::POSTGRES_TYPE;

/// A length of texts goes with the cast that names it, for `PostgresSemantics` to keep, and so does
/// that a numeric was named without digits, for `NumericArithmetic` to find as many as there are.
/// PostgreSQL's `"char"`, in quotation marks, is a text of a single byte.
///
/// Timestamps count microseconds, as in Postgres and Delta: nanoseconds would end in the year 2262,
/// and an open end is often written as 9999-12-31.
#[derive(Debug)]
pub(super) struct PostgresTypes;

impl TypePlanner for PostgresTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        if let Some(field) = type_names::field(sql_type) {
            return Ok(Some(field));
        }
        if let Some((data_type, told)) = told_otherwise(sql_type) {
            let metadata = HashMap::from([(POSTGRES_TYPE.to_owned(), told)]);
            let field = Field::new("", data_type, true).with_metadata(metadata);
            return Ok(Some(Arc::new(field)));
        }
        if let Some(length) = character_length::of(sql_type) {
            let metadata = HashMap::from([(CHARACTER_LENGTH.to_owned(), length.to_metadata())]);
            let field = Field::new("", DataType::Utf8, true).with_metadata(metadata);
            return Ok(Some(Arc::new(field)));
        }
        if let Some(data_type) = float_width::of(sql_type)? {
            return Ok(Some(Arc::new(Field::new("", data_type, true))));
        }
        numeric_digits::check(sql_type)?;
        if let SqlType::Numeric(ExactNumberInfo::None)
        | SqlType::Decimal(ExactNumberInfo::None)
        | SqlType::Dec(ExactNumberInfo::None) = sql_type
        {
            let metadata = HashMap::from([(BARE_NUMERIC.to_owned(), String::new())]);
            let field = Field::new("", BARE_NUMERIC_TYPE, true).with_metadata(metadata);
            return Ok(Some(Arc::new(field)));
        }
        if custom_name(sql_type) == Some("char") {
            let metadata = HashMap::from([(SINGLE_BYTE.to_owned(), String::new())]);
            let field = Field::new("", DataType::Utf8, true).with_metadata(metadata);
            return Ok(Some(Arc::new(field)));
        }
        if let Some(field) = JsonTypePlanner.plan_type_field(sql_type)? {
            return Ok(Some(field));
        }
        let zone = match sql_type {
            SqlType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => None,
            SqlType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
                Some("UTC".into())
            }
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new(
            "",
            DataType::Timestamp(TimeUnit::Microsecond, zone),
            true,
        ))))
    }
}

/// Types whose values are those of a wider one, which clients are told of all the same: numbers of objects,
/// and arrays of these and of texts without a limit.
fn told_otherwise(sql_type: &SqlType) -> Option<(DataType, String)> {
    if let SqlType::Array(
        ArrayElemTypeDef::SquareBracket(item, _) | ArrayElemTypeDef::AngleBracket(item),
    ) = sql_type
    {
        // Items that a type limits are cut by it, each.
        let texts = character_length::of(item).filter(|length| !length.is_limit());
        let (item, told) = match texts {
            Some(texts) => (DataType::Utf8, texts.sql()),
            None => told_otherwise(item)?,
        };
        return Some((DataType::new_list(item, true), format!("{told}[]")));
    }
    match custom_name(sql_type)? {
        name @ ("oid" | "xid") => Some((DataType::Int64, name.to_owned())),
        _ => None,
    }
}

/// The name of a type that sqlparser has no word for.
fn custom_name(sql_type: &SqlType) -> Option<&str> {
    match sql_type {
        SqlType::Custom(name, _) => match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => Some(&name.value),
            _ => None,
        },
        _ => None,
    }
}
