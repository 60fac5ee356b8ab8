//! The type that several expressions have in common, where one is a float and another is numeric, or
//! one is a moment, an interval or an array and another a literal or a date; and that of what `date_trunc`
//! cuts.
//!
//! PostgreSQL says the float: a numeric becomes one without being asked, and not the other way
//! round. DataFusion says the decimal, which has no NaN and no infinity, and rounds. Of a moment and a
//! literal or a date it makes moments in nanoseconds, which end in 2262; PostgreSQL's go on.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{InList, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, BinaryExpr, Case, Cast, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder,
    Union, Values,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;

use super::rule::is_comparison;

/// Functions whose arguments and answer are of one type.
const FUNCTIONS: [&str; 5] = ["coalesce", "greatest", "least", "make_array", "nullif"];

/// Casts numerics to floats, and literals and dates to moments, wherever they must be of one type with
/// such: in `CASE`, `coalesce` and the like, `IN`, `BETWEEN`, `VALUES` and `UNION`, and moments where they
/// are compared. It comes before DataFusion's own rule that finds common types.
#[derive(Debug, Default)]
pub struct CommonTypes;

impl AnalyzerRule for CommonTypes {
    fn name(&self) -> &str {
        "common_types"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        // Whether a type may have changed below.
        let mut is_changed = false;
        plan.transform_up_with_subqueries(|plan| {
            let rewritten = match plan {
                LogicalPlan::Union(union) => of_union(union)?,
                LogicalPlan::Values(values) => of_values(values)?,
                LogicalPlan::Join(join) => {
                    of_keys(join).transform_data(|join| of_expressions(LogicalPlan::Join(join)))?
                }
                plan => of_expressions(plan)?,
            };
            is_changed |= rewritten.transformed;
            match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}

fn of_expressions(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expression| {
        let name = names.save(&expression);
        let rewritten = expression.transform_up(|expression| of_expression(expression, &schema))?;
        Ok(rewritten.update_data(|expression| name.restore(expression)))
    })
}

fn of_expression(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::Case(Case {
            mut expr,
            when_then_expr,
            else_expr,
        }) => {
            let (conditions, mut answers): (Vec<_>, Vec<_>) = when_then_expr.into_iter().unzip();
            let mut compared: Vec<Expr> = conditions.into_iter().map(|each| *each).collect();
            let mut is_compared = false;
            // The values that the one behind CASE is compared with.
            if let Some(value) = expr.take() {
                compared.push(*value);
                let moments = as_moments(compared, schema);
                is_compared = moments.transformed;
                compared = moments.data;
                expr = compared.pop().map(Box::new);
            }
            let has_else = else_expr.is_some();
            answers.extend(else_expr);
            let answers: Vec<Expr> = answers.into_iter().map(|answer| *answer).collect();
            let mut answers = unify(answers, schema);
            let otherwise = match has_else {
                true => answers.data.pop(),
                false => None,
            };
            let transformed = answers.transformed || is_compared;
            let branches = compared
                .into_iter()
                .map(Box::new)
                .zip(answers.data.into_iter().map(Box::new));
            let case = Expr::Case(Case {
                expr,
                when_then_expr: branches.collect(),
                else_expr: otherwise.map(Box::new),
            });
            Transformed::new_transformed(case, transformed)
        }
        Expr::ScalarFunction(mut function) if FUNCTIONS.contains(&function.func.name()) => {
            let arguments = unify(function.args, schema);
            function.args = arguments.data;
            Transformed::new_transformed(Expr::ScalarFunction(function), arguments.transformed)
        }
        Expr::ScalarFunction(mut function)
            if function.func.name() == "date_trunc"
                && function
                    .args
                    .get(1)
                    .is_some_and(|value| is_date(value, schema)) =>
        {
            let date = Box::new(std::mem::take(&mut function.args[1]));
            let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            function.args[1] = Expr::Cast(Cast::new(date, moment));
            Transformed::yes(Expr::ScalarFunction(function))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            let sides = as_moments(vec![*left, *right], schema);
            sides.update_data(|sides| {
                let mut sides = sides.into_iter().map(Box::new);
                Expr::BinaryExpr(BinaryExpr {
                    left: sides.next().unwrap_or_default(),
                    op,
                    right: sides.next().unwrap_or_default(),
                })
            })
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let all = unify(std::iter::once(*expr).chain(list).collect(), schema);
            let transformed = all.transformed;
            let mut all = all.data.into_iter();
            let expr = Box::new(all.next().unwrap_or_default());
            let list = Expr::InList(InList {
                expr,
                list: all.collect(),
                negated,
            });
            Transformed::new_transformed(list, transformed)
        }
        Expr::Between(Between {
            expr,
            negated,
            low,
            high,
        }) => {
            let all = unify(vec![*expr, *low, *high], schema);
            let transformed = all.transformed;
            let mut all = all.data.into_iter();
            let mut next = || Box::new(all.next().unwrap_or_default());
            let between = Expr::Between(Between {
                expr: next(),
                negated,
                low: next(),
                high: next(),
            });
            Transformed::new_transformed(between, transformed)
        }
        Expr::InSubquery(within) => of_subquery(within, schema)?.update_data(Expr::InSubquery),
        other => Transformed::no(other),
    })
}

/// Whether a value is a date, of which PostgreSQL makes a moment of the session's zone where it takes
/// either kind of moment.
fn is_date(value: &Expr, schema: &DFSchema) -> bool {
    matches!(
        value.get_type(schema),
        Ok(DataType::Date32 | DataType::Date64)
    )
}

/// The keys of a join that are compared, where they are a moment and a date.
fn of_keys(mut join: Join) -> Transformed<Join> {
    let mut transformed = false;
    for (left, right) in &mut join.on {
        let own = |key: &Expr, input: &LogicalPlan| key.get_type(input.schema()).ok();
        let types = [own(left, &join.left), own(right, &join.right)];
        let Some(moment) = common_moment(types.iter().flatten()) else {
            continue;
        };
        for (key, own) in [left, right].into_iter().zip(types) {
            if own.is_some_and(|own| is_cast(&own, &moment)) {
                *key = Expr::Cast(Cast::new(Box::new(std::mem::take(key)), moment.clone()));
            }
        }
        transformed = true;
    }
    Transformed::new_transformed(join, transformed)
}

/// A value and the rows that it is looked for among.
fn of_subquery(mut within: InSubquery, schema: &DFSchema) -> Result<Transformed<InSubquery>> {
    let of_rows = within.subquery.subquery.schema().fields().first();
    let types = [
        within.expr.get_type(schema).ok(),
        of_rows.map(|field| field.data_type().clone()),
    ];
    let Some(moment) = common_moment(types.iter().flatten()) else {
        return Ok(Transformed::no(within));
    };
    let [own, of_rows] = types;
    if own.is_some_and(|own| is_cast(&own, &moment)) {
        within.expr = Box::new(Expr::Cast(Cast::new(within.expr, moment.clone())));
    }
    if of_rows.is_some_and(|own| is_cast(&own, &moment)) {
        let rows = Arc::unwrap_or_clone(Arc::clone(&within.subquery.subquery));
        let rows = with_commons(rows, &[Some(moment)])?;
        within.subquery = within.subquery.with_plan(Arc::new(rows));
    }
    Ok(Transformed::yes(within))
}

/// Casts what is a literal or a date beside a moment.
fn as_moments(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let types = types_of(&expressions, schema);
    match common_moment(types.iter().flatten()) {
        Some(moment) => Transformed::yes(cast_all(expressions, types, &moment)),
        None => Transformed::no(expressions),
    }
}

fn types_of(expressions: &[Expr], schema: &DFSchema) -> Vec<Option<DataType>> {
    let types = expressions.iter().map(|each| each.get_type(schema).ok());
    types.collect()
}

fn cast_all(expressions: Vec<Expr>, types: Vec<Option<DataType>>, to: &DataType) -> Vec<Expr> {
    let cast = expressions.into_iter().zip(types).map(|(expression, own)| {
        if own.is_some_and(|own| is_cast(&own, to)) {
            return Expr::Cast(Cast::new(Box::new(expression), to.clone()));
        }
        expression
    });
    cast.collect()
}

/// Casts what is numeric, where one of the expressions is a float, and what is a literal or a date, where
/// one is a moment.
fn unify(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let types = types_of(&expressions, schema);
    let is_read = |own: &&DataType| matches!(own, DataType::Interval(_) | DataType::List(_));
    if let Some(beside) = types.iter().flatten().find(is_read) {
        return with_literals(expressions, beside);
    }
    match common(types.iter().flatten()) {
        Some(common) => Transformed::yes(cast_all(expressions, types, &common)),
        None => Transformed::no(expressions),
    }
}

/// Reads literals beside an interval or an array as what stands beside them.
fn with_literals(expressions: Vec<Expr>, beside: &DataType) -> Transformed<Vec<Expr>> {
    let is_text = |expression: &Expr| matches!(expression, Expr::Literal(ScalarValue::Utf8(_), _));
    let is_changed = expressions.iter().any(is_text);
    let read = expressions.into_iter().map(|expression| {
        if !is_text(&expression) {
            return expression;
        }
        Expr::Cast(Cast::new(Box::new(expression), beside.clone()))
    });
    Transformed::new_transformed(read.collect(), is_changed)
}

/// The type that several have in common, where DataFusion would take another.
fn common<'a>(types: impl Iterator<Item = &'a DataType> + Clone) -> Option<DataType> {
    common_float(types.clone()).or_else(|| common_moment(types))
}

/// Whether a value of a type is cast to the one that it has in common with others.
fn is_cast(own: &DataType, common: &DataType) -> bool {
    match common {
        DataType::Timestamp(..) => own != common && !own.is_null(),
        _ => own.is_decimal(),
    }
}

/// A moment in microseconds, where one of several types is a moment and another a text or a date.
/// Nanoseconds, which files have, stay with what DataFusion makes of them.
fn common_moment<'a>(types: impl Iterator<Item = &'a DataType> + Clone) -> Option<DataType> {
    let is_other = |own: &DataType| own.is_string() || matches!(own, DataType::Date32);
    let is_finer = |own: &DataType| matches!(own, DataType::Timestamp(TimeUnit::Nanosecond, _));
    if !types.clone().any(is_other) || types.clone().any(is_finer) {
        return None;
    }
    let zones = types.filter_map(|own| match own {
        DataType::Timestamp(_, zone) => Some(zone.clone()),
        _ => None,
    });
    // A zone comes before none.
    zones
        .max_by_key(Option::is_some)
        .map(|zone| DataType::Timestamp(TimeUnit::Microsecond, zone))
}

/// The widest float of several types, where one of the others is numeric.
fn common_float<'a>(types: impl Iterator<Item = &'a DataType> + Clone) -> Option<DataType> {
    if !types.clone().any(DataType::is_decimal) {
        return None;
    }
    types
        .filter(|data_type| data_type.is_floating())
        .max_by_key(|data_type| data_type.primitive_width())
        .cloned()
}

/// `VALUES` has made decimals of its floats already.
fn of_values(values: Values) -> Result<Transformed<LogicalPlan>> {
    let Values { schema, mut values } = values;
    let none = DFSchema::empty();
    let mut fields: Vec<_> = schema.iter().map(|(_, field)| Arc::clone(field)).collect();
    let mut transformed = false;
    for (column, field) in fields.iter_mut().enumerate() {
        let float = values
            .iter()
            .filter_map(|row| row.get(column))
            .find_map(|value| {
                let Expr::Cast(cast) = value else { return None };
                let from = cast.expr.get_type(&none).ok()?;
                (cast.field.data_type().is_decimal() && from.is_floating()).then_some(from)
            });
        let Some(float) = float else { continue };
        for value in values.iter_mut().filter_map(|row| row.get_mut(column)) {
            let own = match std::mem::take(value) {
                Expr::Cast(cast) if cast.field.data_type().is_decimal() => *cast.expr,
                other => other,
            };
            *value = Expr::Cast(Cast::new(Box::new(own), float.clone()));
        }
        *field = Arc::new(field.as_ref().clone().with_data_type(float));
        transformed = true;
    }
    let schema = match transformed {
        true => DFSchemaRef::new(DFSchema::from_unqualified_fields(
            fields.into(),
            HashMap::new(),
        )?),
        false => schema,
    };
    let values = LogicalPlan::Values(Values { schema, values });
    Ok(Transformed::new_transformed(values, transformed))
}

fn of_union(union: Union) -> Result<Transformed<LogicalPlan>> {
    let columns = union.schema.fields().len();
    let commons: Vec<Option<DataType>> = (0..columns)
        .map(|column| {
            let types = union.inputs.iter().filter_map(|input| {
                let fields = input.schema().fields();
                fields.get(column).map(|field| field.data_type())
            });
            common(types)
        })
        .collect();
    if commons.iter().all(Option::is_none) {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    let inputs = union
        .inputs
        .into_iter()
        .map(|input| {
            let mut columns = input.schema().fields().iter().zip(&commons);
            let is_other = columns.any(|(field, common)| {
                common
                    .as_ref()
                    .is_some_and(|common| is_cast(field.data_type(), common))
            });
            match is_other {
                true => with_commons(Arc::unwrap_or_clone(input), &commons).map(Arc::new),
                false => Ok(input),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    // Its columns had the types of the first input.
    let union = Union::try_new_with_loose_types(inputs)?;
    Ok(Transformed::yes(LogicalPlan::Union(union)))
}

fn with_commons(input: LogicalPlan, commons: &[Option<DataType>]) -> Result<LogicalPlan> {
    let schema = Arc::clone(input.schema());
    let columns = schema.iter().zip(commons);
    let columns = columns.map(|((relation, field), common)| {
        let column = Expr::from((relation, field));
        match common {
            Some(common) if is_cast(field.data_type(), common) => {
                let cast = Expr::Cast(Cast::new(Box::new(column), common.clone()));
                cast.alias_qualified(relation.cloned(), field.name())
            }
            _ => column,
        }
    });
    LogicalPlanBuilder::from(input).project(columns)?.build()
}
