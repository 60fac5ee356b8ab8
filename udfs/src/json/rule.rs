//! Casts, comparisons and orders of `json` and `jsonb` in a plan, as PostgreSQL has them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::utils::list_ndims;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    AggregateUDF, BinaryExpr, Cast, Distinct, Expr, ExprSchemable, LogicalPlan, Operator, SortExpr,
    Union, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, lit, when,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;

use super::arrays::{self, ArrayOfDocuments};
use super::by_value::{self, compare_by_value};
use super::function::Definition;
use super::kind::{JsonKind, has_documents, passes_arguments};
use super::value_rows::of_one_kind;
use super::{path_in, row, types};
use crate::FunctionError;
use crate::node_expressions::rewrite_parts;
use crate::wording::type_name;

/// Before DataFusion finds common types: casts read and check documents, `jsonb` compares and sorts
/// by value, and the type is kept where DataFusion would lose it.
#[derive(Debug, Default)]
pub struct JsonTypes;

impl AnalyzerRule for JsonTypes {
    fn name(&self) -> &str {
        "json_types"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let mut is_changed = false;
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            refuse_without_equality(&plan, &schema)?;
            let rewritten = rewrite_parts(plan, |part| rewrite(part, &schema))?;
            is_changed |= rewritten.transformed;
            let rewritten = match is_changed {
                true => rewritten.map_data(with_own_schema)?,
                false => rewritten,
            };
            let rewritten = rewritten.transform_data(|plan| match plan {
                LogicalPlan::Sort(mut sort) => {
                    let is_changed = order_by_value(&mut sort.expr, &schema)?;
                    Ok(Transformed::new_transformed(
                        LogicalPlan::Sort(sort),
                        is_changed,
                    ))
                }
                LogicalPlan::Values(values) => {
                    Ok(of_one_kind(values)?.update_data(LogicalPlan::Values))
                }
                other => by_value::tell_apart(other),
            })?;
            is_changed |= rewritten.transformed;
            Ok(rewritten)
        })
        .data()
    }
}

/// A node whose schema tells what its inputs are now. That of a union would stay.
fn with_own_schema(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Union(union) => {
            let union = Union::try_new_with_loose_types(union.inputs)?;
            Ok(LogicalPlan::Union(union))
        }
        plan => plan.recompute_schema(),
    }
}

/// A call of a function of this folder.
pub(super) fn call(definition: &'static Definition, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(definition.udf(), arguments))
}

/// Whether an expression is a literal whose type is that of what it stands beside.
pub(super) fn is_unknown(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Literal(
            ScalarValue::Utf8(_) | ScalarValue::Utf8View(_) | ScalarValue::Null,
            _
        ) | Expr::Placeholder(_)
    )
}

/// Whether an expression is of a type that no document is kept as.
pub(super) fn is_no_text(expression: &Expr, schema: &DFSchema) -> bool {
    let own = expression.get_type(schema);
    own.is_ok_and(|own| {
        own.is_numeric()
            || matches!(
                own,
                DataType::Boolean | DataType::Date32 | DataType::Timestamp(..)
            )
    })
}

/// An expression as one of this type, where it is a document or a literal.
pub(super) fn as_kind(expression: Expr, kind: JsonKind, schema: &DFSchema) -> Expr {
    match JsonKind::of(&expression, schema) {
        Some(own) if own == kind => typed(expression, kind, schema),
        Some(_) => call(input(kind), vec![expression]),
        None if is_unknown(&expression) => call(input(kind), vec![expression]),
        None => expression,
    }
}

/// A value that is assigned to a column of this type: texts are read.
pub fn assigned(value: Expr, kind: JsonKind, schema: &DFSchema) -> Result<Expr> {
    let from = JsonKind::of(&value, schema);
    to_kind(value, from, kind, schema)
}

/// The function that reads a text as this type.
fn input(kind: JsonKind) -> &'static Definition {
    match kind {
        JsonKind::Json => &types::JSON_IN,
        JsonKind::Jsonb => &types::JSONB_IN,
        JsonKind::Path => &path_in::FUNCTION,
    }
}

/// An expression of this type, with a field that tells it.
fn typed(expression: Expr, kind: JsonKind, schema: &DFSchema) -> Expr {
    let own = expression.to_field(schema);
    if own.is_ok_and(|(_, field)| JsonKind::of_field(&field) == Some(kind)) {
        return expression;
    }
    declared(expression, kind)
}

/// A text that is known to be of this type.
pub(super) fn declared(expression: Expr, kind: JsonKind) -> Expr {
    let definition = match kind {
        JsonKind::Json => &types::AS_JSON,
        JsonKind::Jsonb => &types::AS_JSONB,
        JsonKind::Path => &types::AS_PATH,
    };
    call(definition, vec![expression])
}

fn rewrite(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let kind = |expression: &Expr| JsonKind::of(expression, schema);
    Ok(match expression {
        Expr::Cast(cast) => {
            let to = JsonKind::of_field(&cast.field);
            match (kind(&cast.expr), to) {
                (None, None) => cast_of_array(cast, schema),
                (from, Some(to)) => Transformed::yes(to_kind(*cast.expr, from, to, schema)?),
                (Some(from), None) => from_kind(cast, from)?,
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            let (own, other) = (kind(&left), kind(&right));
            let is_stored = own == Some(JsonKind::Jsonb) || other == Some(JsonKind::Jsonb);
            let is_written = own == Some(JsonKind::Json) || other == Some(JsonKind::Json);
            if is_written
                && (own.is_some() || is_unknown(&left))
                && (other.is_some() || is_unknown(&right))
            {
                let name = |kind: Option<JsonKind>| kind.map_or("unknown", JsonKind::name);
                return Err(FunctionError {
                    sqlstate: "42883",
                    message: format!("operator does not exist: {} {op} {}", name(own), name(other)),
                    hint: Some("No operator matches the given name and argument types. You might need to add explicit type casts.".to_owned()),
                }
                .into());
            }
            if is_stored && (is_no_text(&left, schema) || is_no_text(&right, schema)) {
                let name = |side: &Expr| match kind(side) {
                    Some(kind) => kind.name().to_owned(),
                    None => side
                        .get_type(schema)
                        .map_or_else(|_| "unknown".to_owned(), |data_type| type_name(&data_type)),
                };
                return Err(FunctionError {
                    sqlstate: "42883",
                    message: format!(
                        "operator does not exist: {} {op} {}",
                        name(&left),
                        name(&right)
                    ),
                    hint: Some("No operator takes these types: add explicit casts.".to_owned()),
                }
                .into());
            }
            if !is_stored {
                return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr {
                    left,
                    op,
                    right,
                })));
            }
            let left = sort_key(as_kind(*left, JsonKind::Jsonb, schema));
            let right = sort_key(as_kind(*right, JsonKind::Jsonb, schema));
            Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(
                Box::new(left),
                op,
                Box::new(right),
            )))
        }
        // A plan that has taken a subquery apart does not tell its type.
        Expr::ScalarSubquery(subquery) => {
            let whole = Expr::ScalarSubquery(subquery);
            match (kind(&whole), kind_of_items(&whole, schema)) {
                (Some(kind), _) => Transformed::yes(declared(whole, kind)),
                (None, Some(items)) => {
                    Transformed::yes(call(arrays::declaration(items), vec![whole]))
                }
                (None, None) => Transformed::no(whole),
            }
        }
        Expr::InList(list) if kind(&list.expr) == Some(JsonKind::Jsonb) => {
            let key = |value: Expr| sort_key(as_kind(value, JsonKind::Jsonb, schema));
            Transformed::yes(Expr::InList(InList {
                expr: Box::new(key(*list.expr)),
                list: list.list.into_iter().map(key).collect(),
                negated: list.negated,
            }))
        }
        Expr::Case(mut case) => {
            let is_operand = |operand: &Expr| kind(operand) == Some(JsonKind::Jsonb);
            let is_keyed = case.expr.as_deref().is_some_and(is_operand);
            if is_keyed {
                let key = |value: Expr| sort_key(as_kind(value, JsonKind::Jsonb, schema));
                case.expr = case.expr.map(|operand| Box::new(key(*operand)));
                for (when, _) in &mut case.when_then_expr {
                    **when = key(when.as_ref().clone());
                }
            }
            let whole = Expr::Case(case.clone());
            let Some(kind) = kind(&whole) else {
                return Ok(Transformed::new_transformed(whole, is_keyed));
            };
            let as_kind = |value: Box<Expr>| Box::new(as_kind(*value, kind, schema));
            case.when_then_expr = case
                .when_then_expr
                .into_iter()
                .map(|(when, then)| (when, as_kind(then)))
                .collect();
            case.else_expr = case.else_expr.map(as_kind);
            Transformed::yes(declared(Expr::Case(case), kind))
        }
        Expr::ScalarFunction(function) if passes_arguments(function.func.name()) => {
            let whole = Expr::ScalarFunction(function.clone());
            let Some(kind) = kind(&whole) else {
                return Ok(Transformed::no(whole));
            };
            let arguments = function.args.into_iter();
            let arguments: Vec<Expr> = arguments
                .map(|value| as_kind(value, kind, schema))
                .collect();
            if let ("nullif", JsonKind::Jsonb, [value, other]) =
                (function.func.name(), kind, arguments.as_slice())
            {
                let is_equal = sort_key(value.clone()).eq(sort_key(other.clone()));
                let null = lit(ScalarValue::Utf8(None));
                let chosen = when(is_equal, null).otherwise(value.clone())?;
                return Ok(Transformed::yes(declared(chosen, kind)));
            }
            let call = ScalarFunction::new_udf(function.func, arguments);
            Transformed::yes(declared(Expr::ScalarFunction(call), kind))
        }
        // A rule that is run twice declares twice.
        Expr::ScalarFunction(mut function) if is_declared_twice(&function) => {
            match function.args.pop() {
                Some(inner) => Transformed::yes(inner),
                None => Transformed::no(Expr::ScalarFunction(function)),
            }
        }
        Expr::ScalarFunction(function)
            if matches!(function.func.name(), "array_has" | "array_position") =>
        {
            match function.args.as_slice() {
                [_, sought, ..] if kind(sought) == Some(JsonKind::Jsonb) => {
                    Transformed::yes(sought_by_value(function, schema)?)
                }
                _ => Transformed::no(Expr::ScalarFunction(function)),
            }
        }
        Expr::ScalarFunction(function) => match nested(function, schema) {
            Ok(nested) => Transformed::yes(nested),
            Err(function) => with_stored_arguments(*function, schema),
        },
        Expr::WindowFunction(mut function) => {
            let mut is_changed = order_by_value(&mut function.params.order_by, schema)?;
            let frame = &function.params.window_frame;
            if is_changed && frame.units == WindowFrameUnits::Range && is_of_peers(frame) {
                // Peers are the same rows, and the keys of documents know no distance.
                let bounds = (frame.start_bound.clone(), frame.end_bound.clone());
                function.params.window_frame =
                    WindowFrame::new_bounds(WindowFrameUnits::Groups, bounds.0, bounds.1);
            }
            for partition in &mut function.params.partition_by {
                is_changed |= compare_by_value(partition, schema);
            }
            if let WindowFunctionDefinition::AggregateUDF(aggregate) = &function.fun
                && let Some(own) = array_of_documents(aggregate, &function.params.args, schema)
            {
                function.fun = WindowFunctionDefinition::AggregateUDF(own);
                is_changed = true;
            }
            Transformed::new_transformed(Expr::WindowFunction(function), is_changed)
        }
        Expr::AggregateFunction(mut function) => {
            let mut is_changed = order_by_value(&mut function.params.order_by, schema)?;
            if function.params.distinct && function.func.name() == "count" {
                for argument in &mut function.params.args {
                    is_changed |= compare_by_value(argument, schema);
                }
            } else if function.params.distinct
                && function
                    .params
                    .args
                    .iter()
                    .any(|it| kind(it) == Some(JsonKind::Jsonb))
            {
                return Err(FunctionError {
                    sqlstate: "0A000",
                    message: format!(
                        "{} of distinct values of jsonb is not supported yet",
                        function.func.name()
                    ),
                    hint: Some("Aggregate the rows of a subquery with SELECT DISTINCT.".to_owned()),
                }
                .into());
            }
            if let Some(own) = array_of_documents(&function.func, &function.params.args, schema) {
                function.func = own;
                is_changed = true;
            }
            Transformed::new_transformed(Expr::AggregateFunction(function), is_changed)
        }
        other => Transformed::no(other),
    })
}

/// Of which type the documents of an array are.
pub(super) fn kind_of_items(array: &Expr, schema: &DFSchema) -> Option<JsonKind> {
    match array.get_type(schema).ok()? {
        DataType::List(item) => JsonKind::of_field(&item),
        _ => None,
    }
}

/// An array or a row that has documents, as one that knows it.
fn nested(
    function: ScalarFunction,
    schema: &DFSchema,
) -> std::result::Result<Expr, Box<ScalarFunction>> {
    let mut kinds = function.args.iter().map(|it| JsonKind::of(it, schema));
    let Some(kind) = kinds.find_map(|kind| kind) else {
        return Err(Box::new(function));
    };
    match function.func.name() {
        "make_array" => {
            let arguments = function.args.into_iter();
            let arguments = arguments.map(|value| as_kind(value, kind, schema));
            let array = ScalarFunction::new_udf(function.func, arguments.collect());
            let array = Expr::ScalarFunction(array);
            Ok(call(arrays::declaration(kind), vec![array]))
        }
        "struct" => {
            let members = function.args.into_iter().enumerate();
            let members = members.flat_map(|(place, value)| [lit(format!("c{place}")), value]);
            let row = ScalarFunction::new_udf(row::udf(), members.collect());
            Ok(Expr::ScalarFunction(row))
        }
        _ => Err(Box::new(function)),
    }
}

/// `array_agg` of documents, by their type.
fn array_of_documents(
    function: &AggregateUDF,
    arguments: &[Expr],
    schema: &DFSchema,
) -> Option<Arc<AggregateUDF>> {
    let [value] = arguments else { return None };
    ArrayOfDocuments::of(function, JsonKind::of(value, schema)?)
}

/// Whether a frame reaches to peers or to the end, by no distance.
fn is_of_peers(frame: &WindowFrame) -> bool {
    let is_one = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(by) | WindowFrameBound::Following(by) => by.is_null(),
    };
    is_one(&frame.start_bound) && is_one(&frame.end_bound)
}

/// A search for a document in an array, by value.
fn sought_by_value(mut function: ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    let key = |value: Expr| sort_key(as_kind(value, JsonKind::Jsonb, schema));
    let mut arguments = std::mem::take(&mut function.args).into_iter();
    let (Some(Expr::ScalarFunction(mut array)), Some(sought)) =
        (arguments.next(), arguments.next())
    else {
        return Err(unlisted());
    };
    if array.func.name() == arrays::AS_JSONB.name
        && let Some(Expr::ScalarFunction(inner)) = array.args.pop()
    {
        array = inner;
    }
    if array.func.name() != "make_array" {
        return Err(unlisted());
    }
    array.args = array.args.into_iter().map(key).collect();
    function.args = vec![Expr::ScalarFunction(array), key(sought)];
    function.args.extend(arguments);
    Ok(Expr::ScalarFunction(function))
}

fn unlisted() -> datafusion::error::DataFusionError {
    FunctionError {
        sqlstate: "0A000",
        message:
            "jsonb beside the elements of an array that is not written out is not supported yet"
                .to_owned(),
        hint: Some("Compare it with the rows of a subquery: IN (SELECT unnest(...)).".to_owned()),
    }
    .into()
}

/// The arguments that are documents of `jsonb`, given as texts, are read as such.
fn with_stored_arguments(function: ScalarFunction, schema: &DFSchema) -> Transformed<Expr> {
    let is_other = |definition: &Definition, index: usize, argument: &Expr| {
        definition.is_stored(index) && JsonKind::of(argument, schema) != Some(JsonKind::Jsonb)
    };
    let definition = Definition::of(&function.func).filter(|definition| {
        let mut arguments = function.args.iter().enumerate();
        arguments.any(|(index, argument)| is_other(definition, index, argument))
    });
    let Some(definition) = definition else {
        return Transformed::no(Expr::ScalarFunction(function));
    };
    let arguments = function.args.into_iter().enumerate();
    let arguments = arguments
        .map(
            |(index, argument)| match is_other(definition, index, &argument) {
                true => call(&types::JSONB_IN, vec![argument]),
                false => argument,
            },
        )
        .collect();
    Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(
        function.func,
        arguments,
    )))
}

fn is_declared_twice(function: &ScalarFunction) -> bool {
    let own = function.func.name();
    let is_declaration = [
        &types::AS_JSON,
        &types::AS_JSONB,
        &types::AS_PATH,
        &arrays::AS_JSON,
        &arrays::AS_JSONB,
        &arrays::AS_PATH,
    ]
    .iter()
    .any(|definition| definition.name == own);
    is_declaration
        && matches!(
            function.args.as_slice(),
            [Expr::ScalarFunction(inner)] if inner.func.name() == own
        )
}

fn to_kind(
    expression: Expr,
    from: Option<JsonKind>,
    to: JsonKind,
    schema: &DFSchema,
) -> Result<Expr> {
    match (from, to) {
        (Some(from), to) if from == to => Ok(typed(expression, to, schema)),
        (Some(JsonKind::Jsonb), JsonKind::Json) => Ok(declared(expression, to)),
        (Some(JsonKind::Json), JsonKind::Jsonb) => Ok(call(&types::JSONB_IN, vec![expression])),
        (None, to) => {
            let own = expression.get_type(schema)?;
            let is_text = own.is_string() || own.is_null();
            if is_text || matches!(expression, Expr::Placeholder(_)) {
                return Ok(call(input(to), vec![expression]));
            }
            Err(no_cast(&type_name(&own), to.name()))
        }
        (Some(from), to) => Err(no_cast(from.name(), to.name())),
    }
}

fn from_kind(cast: Cast, from: JsonKind) -> Result<Transformed<Expr>> {
    let to = cast.field.data_type();
    if to.is_string() {
        let text = call(&types::AS_TEXT, vec![*cast.expr]);
        let is_plain = *to == DataType::Utf8 && cast.field.metadata().is_empty();
        return Ok(Transformed::yes(match is_plain {
            true => text,
            false => Expr::Cast(Cast::new_from_field(Box::new(text), cast.field)),
        }));
    }
    let definition: &'static Definition = match to {
        _ if from != JsonKind::Jsonb => return Err(no_cast(from.name(), &type_name(to))),
        DataType::Boolean => {
            return Ok(Transformed::yes(call(&types::AS_BOOLEAN, vec![*cast.expr])));
        }
        DataType::Int16 => &types::AS_SMALLINT,
        DataType::Int32 => &types::AS_INTEGER,
        DataType::Int64 => &types::AS_BIGINT,
        DataType::Float32 => &types::AS_REAL,
        DataType::Float64 => &types::AS_DOUBLE,
        decimal if decimal.is_decimal() => &types::AS_NUMERIC,
        _ => return Err(no_cast(from.name(), &type_name(to))),
    };
    let mut number = call(definition, vec![*cast.expr]);
    if to.is_integer() {
        // A fraction is rounded on its way, as PostgreSQL rounds it.
        number = Expr::Cast(Cast::new(Box::new(number), DataType::Decimal128(38, 10)));
    }
    Ok(Transformed::yes(Expr::Cast(Cast::new_from_field(
        Box::new(number),
        cast.field,
    ))))
}

/// A cast to an array of documents, of whose elements each becomes one of the new type.
fn cast_of_array(cast: Cast, schema: &DFSchema) -> Transformed<Expr> {
    let (DataType::List(wanted), Ok(DataType::List(own))) =
        (cast.field.data_type(), cast.expr.get_type(schema))
    else {
        return Transformed::no(Expr::Cast(cast));
    };
    if list_ndims(wanted.data_type()) != list_ndims(own.data_type()) {
        return Transformed::no(Expr::Cast(cast));
    }
    let (wanted, own) = (element_of(wanted), element_of(&own));
    let definition = match (JsonKind::of_field(own), JsonKind::of_field(wanted)) {
        (_, None) => return Transformed::no(Expr::Cast(cast)),
        (Some(from), Some(to)) if from == to => return Transformed::no(Expr::Cast(cast)),
        (Some(JsonKind::Jsonb), Some(JsonKind::Json)) => &arrays::AS_JSON,
        // Of an array without elements, or of NULLs alone, nothing tells another type.
        (_, Some(to)) if own.data_type().is_string() || own.data_type().is_null() => {
            arrays::reading(to)
        }
        (_, Some(_)) => return Transformed::no(Expr::Cast(cast)),
    };
    Transformed::yes(call(definition, vec![*cast.expr]))
}

/// The elements of all dimensions.
fn element_of(item: &Field) -> &Field {
    match item.data_type() {
        DataType::List(inner) => element_of(inner),
        _ => item,
    }
}

fn no_cast(from: &str, to: &str) -> datafusion::error::DataFusionError {
    FunctionError {
        sqlstate: "42846",
        message: format!("cannot cast type {from} to {to}"),
        hint: None,
    }
    .into()
}

fn is_comparison(operator: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(
        operator,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

pub(super) fn sort_key(expression: Expr) -> Expr {
    call(&types::SORT_KEY, vec![expression])
}

/// Sorts documents by their value; whether any are sorted by.
pub(super) fn order_by_value(order: &mut [SortExpr], schema: &DFSchema) -> Result<bool> {
    let mut is_changed = false;
    for sort in order {
        match JsonKind::of(&sort.expr, schema) {
            Some(JsonKind::Jsonb) => {
                sort.expr = sort_key(sort.expr.clone());
                is_changed = true;
            }
            Some(other) => return Err(unordered("an ordering", other)),
            None => {}
        }
    }
    Ok(is_changed)
}

/// `json` has no equality, so that nothing is grouped by it.
fn refuse_without_equality(plan: &LogicalPlan, schema: &DFSchema) -> Result<()> {
    let refused = match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate
            .group_expr
            .iter()
            .filter_map(|expression| JsonKind::of(expression, schema))
            .find(|kind| *kind != JsonKind::Jsonb),
        LogicalPlan::Distinct(Distinct::All(input)) => input
            .schema()
            .fields()
            .iter()
            .filter_map(|field| JsonKind::of_field(field))
            .find(|kind| *kind != JsonKind::Jsonb),
        LogicalPlan::RecursiveQuery(query) if query.is_distinct => {
            let mut fields = query.static_term.schema().fields().iter();
            if fields.any(|field| has_documents(field)) {
                return Err(FunctionError {
                    sqlstate: "0A000",
                    message: "WITH RECURSIVE ... UNION of documents is not supported yet"
                        .to_owned(),
                    hint: Some("Compare them as text, or use UNION ALL.".to_owned()),
                }
                .into());
            }
            None
        }
        _ => None,
    };
    match refused {
        Some(kind) => Err(unordered("an equality", kind)),
        None => Ok(()),
    }
}

fn unordered(operator: &str, kind: JsonKind) -> datafusion::error::DataFusionError {
    FunctionError {
        sqlstate: "42883",
        message: format!(
            "could not identify {operator} operator for type {}",
            kind.name()
        ),
        hint: Some("Cast it to jsonb.".to_owned()),
    }
    .into()
}
