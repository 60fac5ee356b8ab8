//! The types `json`, `jsonb` and `jsonpath`: texts, told apart by the metadata of their fields.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ExprSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::{DataType as SqlType, ObjectNamePart};

/// The key under which Arrow keeps a field's extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";

/// A type of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// `json`: a document as it was written.
    Json,
    /// `jsonb`: a document in the one form that its value has. Keys are sorted by length, then by
    /// bytes, and there once each; numbers are written as a `numeric` is.
    Jsonb,
    /// `jsonpath`: a path, as PostgreSQL shows it.
    Path,
}

impl JsonKind {
    /// The type of a field.
    pub fn of_field(field: &Field) -> Option<Self> {
        if !field.data_type().is_string() {
            return None;
        }
        match field.metadata().get(EXTENSION_NAME)?.as_str() {
            "arrow.json" => Some(Self::Json),
            "tributary.jsonb" => Some(Self::Jsonb),
            "tributary.jsonpath" => Some(Self::Path),
            _ => None,
        }
    }

    /// The type that a name of SQL means.
    fn of_sql(sql_type: &SqlType) -> Option<Self> {
        match sql_type {
            SqlType::JSON => Some(Self::Json),
            SqlType::JSONB => Some(Self::Jsonb),
            SqlType::Custom(name, _) => match name.0.last() {
                Some(ObjectNamePart::Identifier(name)) => match name.value.as_str() {
                    "json" => Some(Self::Json),
                    "jsonb" => Some(Self::Jsonb),
                    "jsonpath" => Some(Self::Path),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The name of the type in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Path => "jsonpath",
        }
    }

    /// What tells fields of the type from texts.
    pub fn metadata(self) -> HashMap<String, String> {
        let name = match self {
            Self::Json => "arrow.json",
            Self::Jsonb => "tributary.jsonb",
            Self::Path => "tributary.jsonpath",
        };
        HashMap::from([(EXTENSION_NAME.to_owned(), name.to_owned())])
    }

    /// A field of the type.
    pub fn field(self, name: &str) -> FieldRef {
        Arc::new(Field::new(name, DataType::Utf8, true).with_metadata(self.metadata()))
    }

    /// The type of an expression. DataFusion loses the metadata of values on their way through
    /// `CASE` and functions that answer one of their arguments, which is looked into here.
    pub fn of(expression: &Expr, schema: &dyn ExprSchema) -> Option<Self> {
        match expression {
            Expr::Alias(alias) => Self::of(&alias.expr, schema),
            Expr::Case(case) => {
                let mut answers = case.when_then_expr.iter().map(|(_, then)| then);
                answers
                    .find_map(|then| Self::of(then, schema))
                    .or_else(|| Self::of(case.else_expr.as_ref()?, schema))
            }
            Expr::ScalarFunction(call) if passes_arguments(call.func.name()) => {
                call.args.iter().find_map(|value| Self::of(value, schema))
            }
            other => Self::of_field(&other.to_field(schema).ok()?.1),
        }
    }
}

/// Whether values of a field are documents, or have some within.
pub fn has_documents(field: &Field) -> bool {
    if JsonKind::of_field(field).is_some() {
        return true;
    }
    match field.data_type() {
        DataType::List(item) => has_documents(item),
        DataType::Struct(parts) => parts.iter().any(|part| has_documents(part)),
        _ => false,
    }
}

/// Whether a function answers one of its arguments.
pub(super) fn passes_arguments(name: &str) -> bool {
    matches!(name, "coalesce" | "nullif" | "nvl")
}

/// Reads `json`, `jsonb` and `jsonpath` where SQL names types.
#[derive(Debug)]
pub struct JsonTypePlanner;

impl TypePlanner for JsonTypePlanner {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        Ok(JsonKind::of_sql(sql_type).map(|kind| kind.field("")))
    }
}
