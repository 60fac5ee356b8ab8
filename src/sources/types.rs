//! The types of declared columns.

use std::sync::Arc;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::planner::{ContextProvider, TypePlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{self, ColumnDef};
use tributary_udfs::json::JsonTypePlanner;

use super::infer::UTC;
use super::type_name;
use crate::error::{Error, Result, SqlState, missing_type};
use crate::sql::{character_length, float_width, moment_precision, numeric_digits, type_names};

/// The schema of declared columns; timestamps count microseconds, as in Postgres.
pub(super) fn declared_schema(columns: &[ColumnDef]) -> Result<SchemaRef> {
    let types = TypeContext(ConfigOptions::default());
    let options = ParserOptions::new()
        .with_map_string_types_to_utf8view(false)
        .with_support_varchar_with_length(true);
    let planner = SqlToRel::new_with_options(&types, options);
    let mut fields: Vec<Arc<Field>> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut planned = column.clone();
        let stored = character_length::stored(&column.data_type);
        if let Some(stored) = stored.or_else(|| moment_precision::stored(&column.data_type)) {
            planned.data_type = stored;
        }
        let schema = planner
            .build_schema(vec![planned])
            .map_err(|error| unknown_type(column, error))?;
        let Some(field) = schema.fields().first() else {
            continue;
        };
        if fields.iter().any(|known| known.name() == field.name()) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column \"{}\" specified more than once", field.name()),
            ));
        }
        let data_type = microseconds(field.data_type(), &column.data_type.to_string());
        fields.push(Arc::new(field.as_ref().clone().with_data_type(data_type)));
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn unknown_type(column: &ColumnDef, error: DataFusionError) -> Error {
    if matches!(error.find_root(), DataFusionError::NotImplemented(_)) {
        if let Some(error) = missing_type(&column.data_type.to_string()) {
            return error;
        }
        return Error::new(
            SqlState::UNDEFINED_OBJECT,
            format!(
                "type {} of column {} does not exist",
                column.data_type, column.name
            ),
        )
        .with_hint(
            "Types are text, bigint, integer, smallint, double precision, real, numeric(p,s), \
             boolean, date, time, timestamp, timestamptz, interval, bytea, uuid and arrays of these.",
        );
    }
    Error::from(error).within(format!("column {}", column.name))
}

/// That CSV can hold the columns.
pub(super) fn check_readable_from_csv(schema: &Schema) -> Result<()> {
    let unreadable = schema.fields().iter().find(|field| {
        let data_type = field.data_type();
        data_type.is_nested() || !can_cast_types(&DataType::Utf8, data_type)
    });
    match unreadable {
        None => Ok(()),
        Some(field) => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!(
                "column \"{}\" of type {} cannot be read from CSV",
                field.name(),
                type_name(field.data_type())
            ),
        )
        .with_hint("Declare it as text and cast it in a view.")),
    }
}

/// DataFusion's planner reads `timestamp` as nanoseconds, and gives zones by its configuration.
fn microseconds(data_type: &DataType, sql_type: &str) -> DataType {
    match data_type {
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Nanosecond if !sql_type.contains("(9)") => TimeUnit::Microsecond,
                unit => *unit,
            };
            let upper = sql_type.to_uppercase();
            let has_zone =
                zone.is_some() || upper.contains("WITH TIME ZONE") || upper.contains("TIMESTAMPTZ");
            DataType::Timestamp(unit, has_zone.then(|| UTC.into()))
        }
        other => other.clone(),
    }
}

/// All that planning a type asks of a session.
struct TypeContext(ConfigOptions);

/// The types that names of columns' types mean where DataFusion reads them otherwise.
#[derive(Debug)]
struct DeclaredTypes;

impl TypePlanner for DeclaredTypes {
    fn plan_type_field(
        &self,
        sql_type: &ast::DataType,
    ) -> datafusion::error::Result<Option<FieldRef>> {
        if let Some(field) = type_names::field(sql_type) {
            return Ok(Some(field));
        }
        numeric_digits::check(sql_type)?;
        match float_width::of(sql_type)? {
            Some(data_type) => Ok(Some(Arc::new(Field::new("", data_type, true)))),
            None => JsonTypePlanner.plan_type_field(sql_type),
        }
    }
}

impl ContextProvider for TypeContext {
    fn get_table_source(
        &self,
        name: TableReference,
    ) -> Result<Arc<dyn TableSource>, DataFusionError> {
        Err(Error::internal(format!("a type names the table {name}")).into())
    }

    fn get_function_meta(&self, _name: &str) -> Option<Arc<ScalarUDF>> {
        None
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(DeclaredTypes))
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, _name: &str) -> Option<Arc<AggregateUDF>> {
        None
    }

    fn get_window_meta(&self, _name: &str) -> Option<Arc<WindowUDF>> {
        None
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.0
    }

    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}
