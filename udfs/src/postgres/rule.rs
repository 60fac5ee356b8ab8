//! Puts PostgreSQL's arithmetic and casts in a plan in the place of DataFusion's.

use std::sync::{Arc, LazyLock};

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::error::Result;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::string_agg::string_agg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, InList, NullTreatment, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    AggregateUDF, Between, BinaryExpr, Case, Cast, Expr, ExprSchemable, LogicalPlan, Operator,
    ScalarUDF, SortExpr, WindowFunctionDefinition, lit,
};
use datafusion::optimizer::AnalyzerRule;

use super::arithmetic::{CheckedArithmetic, Operation, is_checked};
use super::array_extremes::ArrayExtreme;
use super::character_length::{CHARACTER_LENGTH, CharacterLength};
use super::comparable::{are_by_form, form, is_by_form, order_by_form, order_nulls_apart};
use super::containment::Containment;
use super::conversion::{Conversion, ConversionForm, differs};
use super::domain::CheckedFunction;
use super::equal_values::{by_form, key_by_form, member_by_form};
use super::even_arrays::EvenArrays;
use super::extremes::FloatExtreme;
use super::functions::{Days, has_dimensions, is_shift, shift};
use super::half_even::HalfEven;
use super::membership::Membership;
use super::moment_casts::are_moments;
use super::nested_order::{are_nested, is_order, ordered};
use super::recursive_fields::of_first_part;
use super::single_byte::SINGLE_BYTE;
use super::subscripts::FromTheFirst;
use super::sum::{ExactSum, OfBigints};
use super::texts_in_order::TEXTS_IN_ORDER;
use super::told_apart::ToldApart;
use super::value_rows::of_own_types;
use super::window_order::keep_order;
use super::zoned;
use crate::formatting::SessionTimeZone;
use crate::json::JsonKind;
use crate::node_expressions::rewrite_parts;

/// The key under which Arrow keeps a field's extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";

pub(super) static EXACT_SUM: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
    Arc::new(AggregateUDF::new_from_impl(ExactSum::new(
        OfBigints::BigInt,
    )))
});

/// The sum of SQL.
pub(super) static POSTGRES_SUM: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
    Arc::new(AggregateUDF::new_from_impl(ExactSum::new(
        OfBigints::Numeric,
    )))
});

pub(super) static FLOAT_MAX: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(FloatExtreme::max())));

pub(super) static FLOAT_MIN: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(FloatExtreme::min())));

pub(super) static ARRAY_MAX: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(ArrayExtreme::max())));

pub(super) static ARRAY_MIN: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(ArrayExtreme::min())));

/// Arithmetic, casts and sums compute what PostgreSQL computes. As an analyzer rule it comes after
/// DataFusion's own, when operands have their types; as a function rewrite it serves expressions
/// outside of plans.
#[derive(Debug, Default)]
pub struct PostgresSemantics;

/// For expressions that are planned without a plan around them, such as conditions over rows.
impl FunctionRewrite for PostgresSemantics {
    fn name(&self) -> &str {
        "postgres_semantics"
    }

    fn rewrite(
        &self,
        expression: Expr,
        schema: &DFSchema,
        options: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        let zone = SessionTimeZone::of(options);
        zoned::rewrite(expression, schema, &zone)
            .transform_data(|expression| Ok(rewrite(expression, schema)))
    }
}

impl AnalyzerRule for PostgresSemantics {
    fn analyze(&self, plan: LogicalPlan, options: &ConfigOptions) -> Result<LogicalPlan> {
        let zone = SessionTimeZone::of(options);
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let rewritten = rewrite_parts(plan, |part| {
                zoned::rewrite(part, &schema, &zone)
                    .transform_data(|part| Ok(rewrite(part, &schema)))?
                    .transform_data(|part| member_by_form(part, &schema))
            })?;
            let rewritten = match rewritten.transformed {
                true => rewritten.map_data(LogicalPlan::recompute_schema)?,
                false => rewritten,
            };
            let rewritten = rewritten.map_data(|plan| match plan {
                LogicalPlan::Sort(mut sort) => {
                    order_nulls_apart(&mut sort.expr, &schema);
                    order_by_form(&mut sort.expr, &schema);
                    order_by_one_zero(&mut sort.expr, &schema);
                    Ok(LogicalPlan::Sort(sort))
                }
                LogicalPlan::Values(values) => of_own_types(values).map(LogicalPlan::Values),
                LogicalPlan::RecursiveQuery(query) => {
                    of_first_part(query).map(LogicalPlan::RecursiveQuery)
                }
                other => Ok(other),
            })?;
            rewritten.transform_data(by_form)
        })
        .data()
    }

    fn name(&self) -> &str {
        "postgres_semantics"
    }
}

fn rewrite(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expression {
        Expr::BinaryExpr(binary)
            if is_order(binary.op) && are_nested([&*binary.left, &*binary.right], schema) =>
        {
            Transformed::yes(ordered(*binary.left, binary.op, *binary.right))
        }
        Expr::BinaryExpr(binary)
            if is_comparison(binary.op) && are_by_form([&*binary.left, &*binary.right], schema) =>
        {
            let compared = BinaryExpr::new(
                Box::new(form(*binary.left)),
                binary.op,
                Box::new(form(*binary.right)),
            );
            Transformed::yes(Expr::BinaryExpr(compared))
        }
        Expr::Between(between)
            if are_nested([&*between.expr, &*between.low, &*between.high], schema) =>
        {
            let from = ordered(*between.expr.clone(), Operator::GtEq, *between.low);
            let to = ordered(*between.expr, Operator::LtEq, *between.high);
            Transformed::yes(match between.negated {
                true => !from.and(to),
                false => from.and(to),
            })
        }
        Expr::Between(between)
            if are_by_form([&*between.expr, &*between.low, &*between.high], schema) =>
        {
            Transformed::yes(Expr::Between(Between {
                expr: Box::new(form(*between.expr)),
                negated: between.negated,
                low: Box::new(form(*between.low)),
                high: Box::new(form(*between.high)),
            }))
        }
        Expr::InList(list)
            if are_by_form([&*list.expr], schema)
                && list.list.iter().all(|each| are_by_form([each], schema)) =>
        {
            Transformed::yes(Expr::InList(InList {
                expr: Box::new(form(*list.expr)),
                list: list.list.into_iter().map(form).collect(),
                negated: list.negated,
            }))
        }
        Expr::Case(case) if is_compared_by_form(&case, schema) => {
            let branches = case.when_then_expr.into_iter();
            let branches = branches.map(|(value, answer)| (Box::new(form(*value)), answer));
            Transformed::yes(Expr::Case(Case {
                expr: case.expr.map(|value| Box::new(form(*value))),
                when_then_expr: branches.collect(),
                else_expr: case.else_expr,
            }))
        }
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => as_floats(binary, schema),
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if op == Operator::Minus && are_dates([&*left, &*right], schema) =>
        {
            // Of the type that DataFusion gives to the difference of dates.
            let days = Days::Between.call(*left, *right);
            Transformed::yes(Expr::Cast(Cast::new(Box::new(days), DataType::Int64)))
        }
        Expr::BinaryExpr(binary) if is_shift(&binary, schema) => {
            Transformed::yes(shift(binary, schema))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            match Operation::of(op).filter(|_| both_are_checked(&left, &right, schema)) {
                Some(operation) => Transformed::yes(arithmetic(operation, vec![*left, *right])),
                None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
            }
        }
        Expr::Negative(value) => match value.get_type(schema) {
            Ok(data_type) if is_checked(&data_type) => {
                Transformed::yes(arithmetic(Operation::Negate, vec![*value]))
            }
            _ => Transformed::no(Expr::Negative(value)),
        },
        Expr::Cast(cast) => convert(cast, schema),
        Expr::ScalarFunction(mut function) => {
            let own = CheckedFunction::of(&function.func).map(ScalarUDF::new_from_impl);
            let own = own.or_else(|| HalfEven::of(&function.func).map(ScalarUDF::new_from_impl));
            let own =
                own.or_else(|| FromTheFirst::of(&function.func).map(ScalarUDF::new_from_impl));
            let own = own.or_else(|| Membership::of(&function.func).map(ScalarUDF::new_from_impl));
            let own = own.or_else(|| Containment::of(&function.func).map(ScalarUDF::new_from_impl));
            let own = own.or_else(|| {
                EvenArrays::of(&function.func, &function.args, schema).map(ScalarUDF::new_from_impl)
            });
            let is_own = own.is_some();
            if let Some(own) = own {
                function.func = Arc::new(own);
            }
            let is_other = find_by_form(&mut function, schema) || is_own;
            Transformed::new_transformed(Expr::ScalarFunction(function), is_other)
        }
        Expr::AggregateFunction(function) => aggregate(function, schema),
        Expr::WindowFunction(mut function) => {
            let own = match &function.fun {
                WindowFunctionDefinition::AggregateUDF(aggregate) => {
                    own_sum(aggregate, &mut function.params.args, schema)
                        .or_else(|| own_aggregate(aggregate, &function.params.args, schema))
                }
                WindowFunctionDefinition::WindowUDF(_) => None,
            };
            let is_own = own.is_some();
            if let Some(own) = own {
                function.fun = WindowFunctionDefinition::AggregateUDF(Arc::clone(own));
            }
            let mut is_other = is_own | keep_order(&mut function, schema);
            for key in &mut function.params.partition_by {
                is_other |= key_by_form(key, schema);
            }
            is_other |= order_nulls_apart(&mut function.params.order_by, schema);
            is_other |= order_by_form(&mut function.params.order_by, schema);
            let order = function.params.order_by.iter_mut();
            let keys = function.params.partition_by.iter_mut();
            for key in keys.chain(order.map(|sort| &mut sort.expr)) {
                is_other |= of_one_zero(key, schema);
            }
            Transformed::new_transformed(Expr::WindowFunction(function), is_other)
        }
        other => Transformed::no(other),
    }
}

/// Whether the value behind `CASE` and those that it is compared with are compared by forms.
fn is_compared_by_form(case: &Case, schema: &DFSchema) -> bool {
    let mut values = case.when_then_expr.iter().map(|(value, _)| value);
    case.expr
        .as_ref()
        .is_some_and(|value| are_by_form([&**value], schema))
        && values.all(|value| are_by_form([&**value], schema))
}

/// Has functions that look for elements in arrays compare these by their forms; answers whether there are
/// any that are.
fn find_by_form(function: &mut ScalarFunction, schema: &DFSchema) -> bool {
    let (name, arguments) = (function.func.name(), function.args.as_mut_slice());
    let is_found_as_float = match name {
        "array_has" => true,
        "array_has_all" | "array_has_any" | "array_position" | "array_positions" => false,
        _ => return false,
    };
    let is_of_one = matches!(name, "array_position" | "array_positions");
    let [list, sought, ..] = arguments else {
        return false;
    };
    let is_meant = match list.get_type(schema) {
        // Floats that are looked for one by one need no forms.
        Ok(DataType::List(item)) if is_found_as_float => is_by_form(item.data_type()),
        // Documents are looked for by keys that they have got before.
        Ok(DataType::List(item))
            if is_of_one && JsonKind::of_field(&item) == Some(JsonKind::Jsonb) =>
        {
            false
        }
        Ok(own) => is_by_form(&own),
        Err(_) => false,
    };
    if !is_meant || !are_by_form([&*list], schema) {
        return false;
    }
    *sought = form(std::mem::take(sought));
    match list {
        // An array that is written out becomes an `IN`.
        Expr::ScalarFunction(written) if written.func.name() == "make_array" => {
            let items = std::mem::take(&mut written.args).into_iter();
            written.args = items.map(form).collect();
        }
        list => *list = form(std::mem::take(list)),
    }
    true
}

/// A float by which rows are told apart or put in order, in which `-0` is `0`. DataFusion's windows tell
/// them apart.
fn of_one_zero(key: &mut Expr, schema: &DFSchema) -> bool {
    let zero = match key.get_type(schema) {
        Ok(DataType::Float64) => lit(0.0_f64),
        Ok(DataType::Float32) => lit(0.0_f32),
        _ => return false,
    };
    if is_sum_with(key, &zero) {
        return false;
    }
    let sum = BinaryExpr::new(Box::new(key.clone()), Operator::Plus, Box::new(zero));
    *key = Expr::BinaryExpr(sum);
    true
}

/// Whether a key is such a sum already: a plan is analyzed more than once.
fn is_sum_with(key: &Expr, zero: &Expr) -> bool {
    match key {
        Expr::BinaryExpr(sum) => sum.op == Operator::Plus && *sum.right == *zero,
        Expr::ScalarFunction(function) => {
            let own = function.func.inner().downcast_ref::<CheckedArithmetic>();
            own.is_some_and(|own| own.operation() == Operation::Add)
                && function.args.get(1) == Some(zero)
        }
        _ => false,
    }
}

/// Keys of an order by more than one, in which floats decide nothing by the sign of a zero.
fn order_by_one_zero(keys: &mut [SortExpr], schema: &DFSchema) -> bool {
    let Some((_, others)) = keys.split_last_mut() else {
        return false;
    };
    let mut is_other = false;
    for key in others {
        is_other |= of_one_zero(&mut key.expr, schema);
    }
    is_other
}

fn aggregate(mut function: AggregateFunction, schema: &DFSchema) -> Transformed<Expr> {
    if order_distinct(&mut function, schema) {
        return Transformed::yes(Expr::AggregateFunction(function));
    }
    order_by_form(&mut function.params.order_by, schema);
    if function.params.distinct && function.func.name() == "count" {
        for value in &mut function.params.args {
            of_one_zero(value, schema);
            key_by_form(value, schema);
        }
    }
    if function.func == string_agg_udaf() && !function.params.order_by.is_empty() {
        function.func = Arc::clone(&TEXTS_IN_ORDER);
        return Transformed::yes(Expr::AggregateFunction(function));
    }
    let own = own_sum(&function.func, &mut function.params.args, schema)
        .or_else(|| own_aggregate(&function.func, &function.params.args, schema));
    if let Some(own) = own {
        function.func = Arc::clone(own);
        return Transformed::yes(Expr::AggregateFunction(function));
    }
    let is_least = match function.func.name() {
        "min" => true,
        "max" => false,
        _ => return Transformed::no(Expr::AggregateFunction(function)),
    };
    let [value] = function.params.args.as_slice() else {
        return Transformed::no(Expr::AggregateFunction(function));
    };
    // Arrays of several dimensions have aggregates of their own: a plan is analyzed more than once.
    let is_meant = value.get_type(schema).is_ok_and(|own| {
        matches!(own, DataType::Interval(_) | DataType::List(_)) && !has_dimensions(&own)
    });
    if !is_meant {
        return Transformed::no(Expr::AggregateFunction(function));
    }
    // The least interval is the first by its length, the least array the first in an order. Where the greatest
    // is the first, NULL comes first among elements; arrays that are NULL do not count.
    let key = match are_by_form([value], schema) {
        true => form(value.clone()),
        false => value.clone(),
    };
    function.params.order_by = vec![key.sort(is_least, !is_least)];
    function.params.distinct = false;
    function.params.null_treatment = Some(NullTreatment::IgnoreNulls);
    function.func = datafusion::functions_aggregate::first_last::first_value_udaf();
    Transformed::yes(Expr::AggregateFunction(function))
}

/// Has values that are told apart on their way into an array or a text come in the order that is asked for
/// or, where none is, in the one that they are told apart in, as PostgreSQL does; answers whether they do so
/// from now on.
fn order_distinct(function: &mut AggregateFunction, schema: &DFSchema) -> bool {
    let value = function.params.args.first();
    let Some(value) =
        value.filter(|value| function.params.distinct && is_ordered_as_kept(value, schema))
    else {
        return false;
    };
    let order = match function.params.order_by.as_slice() {
        [] => SortOptions::new(false, false),
        [key] if key.expr == *value => SortOptions::new(!key.asc, key.nulls_first),
        _ => return false,
    };
    let Some(own) = ToldApart::of(&function.func, order) else {
        return false;
    };
    function.func = own;
    function.params.order_by.clear();
    true
}

/// Whether values are put in order by nothing but how they are kept, or by their forms: documents and labels
/// are not.
fn is_ordered_as_kept(value: &Expr, schema: &DFSchema) -> bool {
    let field = value.to_field(schema);
    field.is_ok_and(|(_, field)| is_field_ordered_as_kept(&field))
}

fn is_field_ordered_as_kept(field: &Field) -> bool {
    let data_type = field.data_type();
    if let DataType::List(item) = data_type {
        return is_field_ordered_as_kept(item);
    }
    let is_plain = data_type.is_numeric()
        || data_type.is_string()
        || matches!(
            data_type,
            DataType::Boolean | DataType::Date32 | DataType::Timestamp(..) | DataType::Interval(_)
        );
    is_plain && !field.metadata().contains_key(EXTENSION_NAME)
}

/// What takes the place of the sum of integers below `bigint`: that of bigints which is one. DataFusion adds
/// up such sums once more where other values of the query are told apart, and knows the type of no others.
fn own_sum(
    function: &AggregateUDF,
    args: &mut [Expr],
    schema: &DFSchema,
) -> Option<&'static Arc<AggregateUDF>> {
    let [value] = args else { return None };
    let is_meant = function == POSTGRES_SUM.as_ref()
        && value.get_type(schema).is_ok_and(|it| it == DataType::Int32);
    if !is_meant {
        return None;
    }
    let bigint = Cast::new(Box::new(std::mem::take(value)), DataType::Int64);
    *value = Expr::Cast(bigint);
    Some(&EXACT_SUM)
}

/// What takes the place of an aggregate of DataFusion's.
fn own_aggregate(
    function: &AggregateUDF,
    args: &[Expr],
    schema: &DFSchema,
) -> Option<&'static Arc<AggregateUDF>> {
    if function == sum_udaf().as_ref() {
        return Some(&EXACT_SUM);
    }
    let (of_floats, of_arrays) = match function {
        function if function == max_udaf().as_ref() => (&FLOAT_MAX, &ARRAY_MAX),
        function if function == min_udaf().as_ref() => (&FLOAT_MIN, &ARRAY_MIN),
        _ => return None,
    };
    let [value] = args else { return None };
    match value.get_type(schema) {
        Ok(DataType::Float32 | DataType::Float64) => Some(of_floats),
        Ok(own) if has_dimensions(&own) => Some(of_arrays),
        _ => None,
    }
}

/// Whether the operands are numbers of one type whose arithmetic DataFusion does not check.
fn both_are_checked(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    match (left.get_type(schema), right.get_type(schema)) {
        (Ok(left), Ok(right)) => left == right && is_checked(&left),
        _ => false,
    }
}

/// Whether these are dates; the difference of two is planned as one of numbers, but where one of them
/// is a parameter, whose type is not known then.
fn are_dates(operands: [&Expr; 2], schema: &DFSchema) -> bool {
    let is_date = |operand: &&Expr| matches!(operand.get_type(schema), Ok(DataType::Date32));
    operands.iter().all(is_date)
}

pub(super) fn is_comparison(operator: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(
        operator,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

/// A comparison of a float with a numeric is one of floats. DataFusion makes decimals of both, which
/// rounds the float, and hides what is compared from the rules that bound similarities.
fn as_floats(binary: BinaryExpr, schema: &DFSchema) -> Transformed<Expr> {
    let float = |side: &Expr| {
        let value = match side {
            Expr::Cast(cast) if cast.field.data_type().is_decimal() => cast.expr.as_ref(),
            // The cast was replaced already.
            Expr::ScalarFunction(function) => {
                let conversion = function.func.inner().downcast_ref::<Conversion>();
                conversion.filter(|conversion| conversion.to().is_decimal())?;
                function.args.first()?
            }
            _ => return None,
        };
        let from = value.get_type(schema).ok()?;
        from.is_floating().then(|| to_float(value.clone(), schema))
    };
    let (left, right) = match (float(&binary.left), float(&binary.right)) {
        (Some(left), None) => (left, to_float(*binary.right, schema)),
        (None, Some(right)) => (to_float(*binary.left, schema), right),
        _ => return Transformed::no(Expr::BinaryExpr(binary)),
    };
    let compared = BinaryExpr::new(Box::new(left), binary.op, Box::new(right));
    Transformed::yes(Expr::BinaryExpr(compared))
}

fn to_float(expression: Expr, schema: &DFSchema) -> Expr {
    convert(Cast::new(Box::new(expression), DataType::Float64), schema).data
}

fn arithmetic(operation: Operation, operands: Vec<Expr>) -> Expr {
    let function = ScalarUDF::new_from_impl(CheckedArithmetic::new(operation));
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), operands))
}

/// The type that limits the texts of a field.
fn length_of(field: &Field) -> Option<CharacterLength> {
    let length = field.metadata().get(CHARACTER_LENGTH)?;
    CharacterLength::from_metadata(length)
        .filter(|length| *field.data_type() == DataType::Utf8 && length.is_limit())
}

/// The type that limits the texts of a type of arrays.
fn length_within(array: &DataType) -> Option<CharacterLength> {
    match array {
        DataType::List(item) => length_of(item).or_else(|| length_within(item.data_type())),
        _ => None,
    }
}

/// A type of arrays whose elements are told by no more than how they are kept, as columns are.
fn unlimited(array: &DataType) -> DataType {
    match array {
        DataType::List(item) => {
            let item = Field::new(item.name(), unlimited(item.data_type()), true);
            DataType::List(Arc::new(item))
        }
        other => other.clone(),
    }
}

/// A text as a type that limits texts, or those in its arrays, reads it: a longer one is refused, and not cut as
/// by a cast. Of another type it is the text.
pub(crate) fn fitted(text: Expr, field: &Field) -> Expr {
    let to = field.data_type();
    match length_of(field).or_else(|| length_within(to)) {
        Some(length) => {
            let form = ConversionForm::Fitted(length);
            let function = ScalarUDF::new_from_impl(Conversion::new(unlimited(to), form));
            Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![text]))
        }
        None => text,
    }
}

pub(super) fn convert(cast: Cast, schema: &DFSchema) -> Transformed<Expr> {
    let to = cast.field.data_type();
    let length = length_of(&cast.field);
    let from = cast.expr.get_type(schema);
    let is_other = from.as_ref().is_ok_and(|from| differs(from, to));
    let form = match length {
        _ if cast.field.metadata().contains_key(SINGLE_BYTE) => ConversionForm::SingleByte,
        Some(length) => ConversionForm::Length(length),
        None if is_other || length_within(to).is_some() => ConversionForm::Plain,
        None if from.as_ref().is_ok_and(|from| are_moments(from, to)) => ConversionForm::Moments,
        // To `varchar`, which is text to expressions.
        None if cast.field.metadata().contains_key(CHARACTER_LENGTH)
            && from.is_ok_and(|from| from == *to) =>
        {
            return Transformed::yes(*cast.expr);
        }
        None => return Transformed::no(Expr::Cast(cast)),
    };
    let (to, form) = match (length_within(to), form) {
        (Some(length), ConversionForm::Plain) => (unlimited(to), ConversionForm::Length(length)),
        _ => (to.clone(), form),
    };
    let function = ScalarUDF::new_from_impl(Conversion::new(to, form));
    Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(
        Arc::new(function),
        vec![*cast.expr],
    )))
}
