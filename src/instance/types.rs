//! The types that SQL's type names mean where DataFusion reads them otherwise.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as SqlType, TimezoneInfo};

/// Timestamps count microseconds, as in Postgres and Delta: nanoseconds would end in the year 2262,
/// and an open end is often written as 9999-12-31.
#[derive(Debug)]
pub(super) struct PostgresTypes;

impl TypePlanner for PostgresTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
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
