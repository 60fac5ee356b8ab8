//! Functions that give rows, in `FROM`: `jsonb_each(document) AS e (k, v)`, `jsonb_array_elements(document)
//! WITH ORDINALITY`, `jsonb_to_recordset(document) AS r (a integer, b text)`.
//!
//! The rows of a call are the elements of a list: a row with the list, unnested. Where the document
//! is a column of what stands before it in `FROM`, whoever plans the query joins the two; the names
//! of the lists are unique, so that they can stand beside any columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::common::UnnestOptions;
use datafusion::common::{Column, DFSchema, TableReference, plan_err};
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Cast, Expr, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    DataType as SqlType, FunctionArg, FunctionArgExpr, ObjectName, TableAlias, TableFactor,
};

use super::function::Definition;
use super::kind::JsonKind;
use super::rule::{call, declared};
use super::typed_text::{is_by_parts, typed_text};
use super::types::JSONB_IN;
use super::{json_array_elements, json_each, json_get, jsonb_path, ordinals, record};
use crate::FunctionError;
use crate::postgres::fitted;

/// A function that gives rows.
struct RowFunction {
    name: &'static str,
    /// What its rows are.
    rows: FunctionRows,
}

enum FunctionRows {
    /// Of a list's elements, as this type.
    Values(&'static Definition, &'static str, Option<JsonKind>),
    /// Of pairs, the second of which is of this type.
    Pairs(&'static Definition, Option<JsonKind>),
    /// One, of the columns that the call names.
    Record(JsonKind),
    /// Of the columns that the call names, for each element of an array.
    Records(&'static Definition, JsonKind),
}

use FunctionRows::{Pairs, Record, Records, Values};
use JsonKind::{Json, Jsonb};

static FUNCTIONS: [RowFunction; 16] = [
    row_function("json_each", Pairs(&json_each::JSON, Some(Json))),
    row_function("jsonb_each", Pairs(&json_each::JSONB, Some(Jsonb))),
    row_function("json_each_text", Pairs(&json_each::JSON_TEXT, None)),
    row_function("jsonb_each_text", Pairs(&json_each::JSONB_TEXT, None)),
    row_function("json_object_keys", Values(&json_each::JSON_KEYS, "", None)),
    row_function(
        "jsonb_object_keys",
        Values(&json_each::JSONB_KEYS, "", None),
    ),
    row_function(
        "json_array_elements",
        Values(&json_array_elements::JSON, "value", Some(Json)),
    ),
    row_function(
        "jsonb_array_elements",
        Values(&json_array_elements::JSONB, "value", Some(Jsonb)),
    ),
    row_function(
        "json_array_elements_text",
        Values(&json_array_elements::JSON_TEXT, "value", None),
    ),
    row_function(
        "jsonb_array_elements_text",
        Values(&json_array_elements::JSONB_TEXT, "value", None),
    ),
    row_function(
        "jsonb_path_query",
        Values(&jsonb_path::QUERY, "", Some(Jsonb)),
    ),
    row_function(
        "jsonb_path_query_tz",
        Values(&jsonb_path::QUERY_TZ, "", Some(Jsonb)),
    ),
    row_function("json_to_record", Record(Json)),
    row_function("jsonb_to_record", Record(Jsonb)),
    row_function("json_to_recordset", Records(&record::JSON_LIST, Json)),
    row_function("jsonb_to_recordset", Records(&record::JSONB_LIST, Jsonb)),
];

const fn row_function(name: &'static str, rows: FunctionRows) -> RowFunction {
    RowFunction { name, rows }
}

/// Whether a function of this name gives rows.
pub fn gives_rows(name: &str) -> bool {
    FUNCTIONS.iter().any(|function| function.name == name)
}

/// The name of the one column that such a function has, where it has a name of its own.
pub fn value_column(name: &str) -> Option<&'static str> {
    let function = FUNCTIONS.iter().find(|function| function.name == name)?;
    match function.rows {
        Values(_, column, _) => Some(column).filter(|column| !column.is_empty()),
        _ => None,
    }
}

/// What the elements of such a function are: how they are said to be of their type, which
/// unnesting them forgets; none for texts and pairs.
pub fn row_type(name: &str) -> Option<&'static str> {
    let function = FUNCTIONS.iter().find(|function| function.name == name)?;
    match function.rows {
        Values(_, _, Some(Json)) => Some("tributary_as_json"),
        Values(_, _, Some(Jsonb)) => Some("tributary_as_jsonb"),
        _ => None,
    }
}

/// Numbers the lists of all calls.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Plans such functions in `FROM`.
#[derive(Debug)]
pub struct JsonRelations;

impl RelationPlanner for JsonRelations {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let original = |relation| Ok(RelationPlanning::Original(Box::new(relation)));
        let TableFactor::Function {
            name,
            args,
            with_ordinality,
            alias,
            ..
        } = &relation
        else {
            return original(relation);
        };
        let called = last_name(name);
        let Some(function) = FUNCTIONS.iter().find(|function| function.name == called) else {
            return original(relation);
        };
        let mut arguments = Vec::with_capacity(args.len());
        for argument in args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))
                | FunctionArg::Named {
                    arg: FunctionArgExpr::Expr(argument),
                    ..
                } => {
                    arguments.push(context.sql_to_expr(argument.clone(), &DFSchema::empty())?);
                }
                other => return plan_err!("{called} takes no argument {other}"),
            }
        }
        let call = Call {
            function,
            arguments,
            has_ordinality: *with_ordinality,
            alias: alias.as_ref(),
        };
        let plan = call.plan(context)?;
        // The columns have the names of the alias, and types that DataFusion would not read there.
        let alias = alias.clone().map(|mut alias| {
            alias.columns.clear();
            alias
        });
        let alias = alias.unwrap_or_else(|| TableAlias {
            explicit: false,
            name: function.name.into(),
            columns: Vec::new(),
            at: None,
        });
        let planned = PlannedRelation::new(plan, Some(alias));
        Ok(RelationPlanning::Planned(Box::new(planned)))
    }
}

/// The name of a function, whatever its schema.
fn last_name(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(String::new, |name| match name.quote_style {
        None => name.value.to_lowercase(),
        Some(_) => name.value.clone(),
    })
}

struct Call<'a> {
    function: &'static RowFunction,
    arguments: Vec<Expr>,
    has_ordinality: bool,
    alias: Option<&'a TableAlias>,
}

impl Call<'_> {
    fn plan(
        self,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<datafusion::logical_expr::LogicalPlan> {
        let definition: &'static Definition = match &self.function.rows {
            Values(definition, ..) | Pairs(definition, _) | Records(definition, _) => definition,
            Record(_) => &record::ONE,
        };
        let number = CALLS.fetch_add(1, Ordering::Relaxed);
        let list = format!("tributary_rows_{number}");
        let places = format!("tributary_places_{number}");
        let mut arguments = self.arguments.clone();
        // A literal is a jsonb by what is called.
        if let (Record(Jsonb), Some(document)) = (&self.function.rows, arguments.first_mut())
            && matches!(document, Expr::Literal(ScalarValue::Utf8(Some(_)), _))
        {
            *document = call(&JSONB_IN, vec![std::mem::take(document)]);
        }
        let rows = call(definition, arguments);
        let mut lists = vec![rows.clone().alias(&list)];
        let mut unnested = vec![Column::from_name(&list)];
        if self.has_ordinality {
            lists.push(call(&ordinals::FUNCTION, vec![rows]).alias(&places));
            unnested.push(Column::from_name(&places));
        }
        let row = Expr::Column(Column::from_name(&list));
        let of_kind = |value: Expr, kind: Option<JsonKind>| match kind {
            Some(kind) => declared(value, kind),
            None => value,
        };
        let mut columns: Vec<(String, Expr)> = match &self.function.rows {
            Values(_, name, kind) => {
                let own = match (*name, self.alias) {
                    ("", Some(alias)) => context.normalize_ident(alias.name.clone()),
                    ("", None) => self.function.name.to_owned(),
                    (name, _) => name.to_owned(),
                };
                vec![(own, of_kind(row, *kind))]
            }
            Pairs(_, kind) => vec![
                ("key".to_owned(), get_field(row.clone(), "key")),
                ("value".to_owned(), of_kind(get_field(row, "value"), *kind)),
            ],
            Record(kind) | Records(_, kind) => {
                let document = declared(row, *kind);
                self.declared_columns(&document, *kind, context)?
            }
        };
        if self.has_ordinality {
            let place = Expr::Column(Column::from_name(&places));
            columns.push(("ordinality".to_owned(), place));
        }
        self.rename(&mut columns, context)?;
        let columns = columns
            .into_iter()
            .map(|(name, value)| value.alias_qualified(None::<TableReference>, name));
        let options = UnnestOptions::new().with_preserve_nulls(false);
        LogicalPlanBuilder::empty(true)
            .project(lists)?
            .unnest_columns_with_options(unnested, options)?
            .project(columns)?
            .build()
    }

    /// The columns of a record, as the call declares them: `AS r (a integer, b text)`.
    fn declared_columns(
        &self,
        document: &Expr,
        kind: JsonKind,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Vec<(String, Expr)>> {
        let declared = self.alias.map(|alias| alias.columns.as_slice());
        let declared = declared.unwrap_or_default();
        if declared.is_empty() || declared.iter().any(|column| column.data_type.is_none()) {
            return Err(FunctionError {
                sqlstate: "42601",
                message: "a column definition list is required for functions returning \"record\""
                    .to_owned(),
                hint: Some(format!(
                    "Name the columns with their types: {}(...) AS r (a integer, b text).",
                    self.function.name
                )),
            }
            .into());
        }
        let mut columns = Vec::with_capacity(declared.len());
        for column in declared {
            let name = context.normalize_ident(column.name.clone());
            if let Some(sql_type) = &column.data_type {
                let value = member(document, &name, sql_type, kind, context)?;
                columns.push((name, value));
            }
        }
        Ok(columns)
    }

    /// Gives columns the names that the call has for them.
    fn rename(
        &self,
        columns: &mut [(String, Expr)],
        context: &mut dyn RelationPlannerContext,
    ) -> Result<()> {
        let Some(alias) = self.alias else {
            return Ok(());
        };
        if alias.columns.len() > columns.len() {
            return Err(FunctionError {
                sqlstate: "42P10",
                message: format!(
                    "table \"{}\" has {} columns available but {} columns specified",
                    alias.name.value,
                    columns.len(),
                    alias.columns.len()
                ),
                hint: None,
            }
            .into());
        }
        for ((name, _), given) in columns.iter_mut().zip(&alias.columns) {
            *name = context.normalize_ident(given.name.clone());
        }
        Ok(())
    }
}

/// A member of a document as a value of this type.
fn member(
    document: &Expr,
    name: &str,
    sql_type: &SqlType,
    kind: JsonKind,
    context: &mut dyn RelationPlannerContext,
) -> Result<Expr> {
    let key = || vec![document.clone(), lit(name)];
    // The planner reads a type where it stands in a cast.
    let null = datafusion::sql::sqlparser::ast::Expr::Cast {
        kind: datafusion::sql::sqlparser::ast::CastKind::DoubleColon,
        expr: Box::new(datafusion::sql::sqlparser::ast::Expr::value(
            datafusion::sql::sqlparser::ast::Value::Null,
        )),
        data_type: sql_type.clone(),
        array: false,
        format: None,
    };
    let Expr::Cast(cast) = context.sql_to_expr(null, &DFSchema::empty())? else {
        return plan_err!("the type {sql_type} of column {name} is not known");
    };
    let value = match (JsonKind::of_field(&cast.field), cast.field.data_type()) {
        (Some(own), _) if own == kind => return Ok(call(&json_get::PART, key())),
        (Some(_), _) => call(&json_get::PART, key()),
        (None, own) if is_by_parts(own) => {
            typed_text(call(&json_get::PART, key()), Arc::clone(&cast.field))
        }
        (None, _) => call(&json_get::TEXT, key()),
    };
    let value = fitted(value, &cast.field);
    Ok(Expr::Cast(Cast::new_from_field(
        Box::new(value),
        cast.field,
    )))
}

/// Such a relation is planned by `JsonRelations` alone.
pub fn planner() -> Arc<dyn RelationPlanner> {
    Arc::new(JsonRelations)
}
