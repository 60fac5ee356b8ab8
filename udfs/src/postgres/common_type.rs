//! The type that several expressions have in common, where one is a float and another is numeric, or
//! one is an interval and another a literal; and that of what `date_trunc` cuts.
//!
//! PostgreSQL says the float: a numeric becomes one without being asked, and not the other way
//! round. DataFusion says the decimal, which has no NaN and no infinity, and rounds.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, Case, Cast, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Union, Values,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;

/// Functions whose arguments and answer are of one type.
const FUNCTIONS: [&str; 5] = ["coalesce", "greatest", "least", "make_array", "nullif"];

/// Casts numerics to floats wherever they must be of one type with a float: in `CASE`, `coalesce`
/// and the like, `IN`, `BETWEEN`, `VALUES` and `UNION`. It comes before DataFusion's own rule that
/// finds common types.
#[derive(Debug, Default)]
pub struct PreferFloats;

impl AnalyzerRule for PreferFloats {
    fn name(&self) -> &str {
        "prefer_floats"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        // Whether a type may have changed below.
        let mut is_changed = false;
        plan.transform_up_with_subqueries(|plan| {
            let rewritten = match plan {
                LogicalPlan::Union(union) => of_union(union)?,
                LogicalPlan::Values(values) => of_values(values)?,
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
        let rewritten =
            expression.transform_up(|expression| Ok(of_expression(expression, &schema)))?;
        Ok(rewritten.update_data(|expression| name.restore(expression)))
    })
}

fn of_expression(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expression {
        Expr::Case(Case {
            expr,
            when_then_expr,
            else_expr,
        }) => {
            let (conditions, mut answers): (Vec<_>, Vec<_>) = when_then_expr.into_iter().unzip();
            let has_else = else_expr.is_some();
            answers.extend(else_expr);
            let answers: Vec<Expr> = answers.into_iter().map(|answer| *answer).collect();
            let mut answers = unify(answers, schema);
            let otherwise = match has_else {
                true => answers.data.pop(),
                false => None,
            };
            let transformed = answers.transformed;
            let branches = conditions
                .into_iter()
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
        other => Transformed::no(other),
    }
}

/// Whether a value is a date, of which PostgreSQL makes a moment of the session's zone where it takes
/// either kind of moment.
fn is_date(value: &Expr, schema: &DFSchema) -> bool {
    matches!(
        value.get_type(schema),
        Ok(DataType::Date32 | DataType::Date64)
    )
}

/// Casts what is numeric, where one of the expressions is a float.
fn unify(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let types: Vec<Option<DataType>> = expressions
        .iter()
        .map(|expression| expression.get_type(schema).ok())
        .collect();
    let is_interval = |own: &DataType| matches!(own, DataType::Interval(_));
    if types.iter().flatten().any(is_interval) {
        return with_intervals(expressions);
    }
    let Some(float) = common_float(types.iter().flatten()) else {
        return Transformed::no(expressions);
    };
    let cast = expressions.into_iter().zip(types).map(|(expression, own)| {
        if own.is_some_and(|own| own.is_decimal()) {
            return Expr::Cast(Cast::new(Box::new(expression), float.clone()));
        }
        expression
    });
    Transformed::yes(cast.collect())
}

/// Reads literals beside an interval as intervals.
fn with_intervals(expressions: Vec<Expr>) -> Transformed<Vec<Expr>> {
    let is_text = |expression: &Expr| matches!(expression, Expr::Literal(ScalarValue::Utf8(_), _));
    let is_changed = expressions.iter().any(is_text);
    let read = expressions.into_iter().map(|expression| {
        if !is_text(&expression) {
            return expression;
        }
        let data_type = DataType::Interval(IntervalUnit::MonthDayNano);
        Expr::Cast(Cast::new(Box::new(expression), data_type))
    });
    Transformed::new_transformed(read.collect(), is_changed)
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
    let floats: Vec<Option<DataType>> = (0..columns)
        .map(|column| {
            let types = union.inputs.iter().filter_map(|input| {
                let fields = input.schema().fields();
                fields.get(column).map(|field| field.data_type())
            });
            common_float(types)
        })
        .collect();
    let inputs = union
        .inputs
        .into_iter()
        .map(|input| {
            let is_other = input
                .schema()
                .fields()
                .iter()
                .zip(&floats)
                .any(|(field, float)| float.is_some() && field.data_type().is_decimal());
            match is_other {
                true => with_floats(Arc::unwrap_or_clone(input), &floats).map(Arc::new),
                false => Ok(input),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    if floats.iter().all(Option::is_none) {
        let union = Union {
            inputs,
            schema: union.schema,
        };
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    // Its columns had the types of the first input.
    let union = Union::try_new_with_loose_types(inputs)?;
    Ok(Transformed::yes(LogicalPlan::Union(union)))
}

fn with_floats(input: LogicalPlan, floats: &[Option<DataType>]) -> Result<LogicalPlan> {
    let schema = Arc::clone(input.schema());
    let columns = schema.iter().zip(floats).map(|((relation, field), float)| {
        let column = Expr::from((relation, field));
        match float {
            Some(float) if field.data_type().is_decimal() => {
                let cast = Expr::Cast(Cast::new(Box::new(column), float.clone()));
                cast.alias_qualified(relation.cloned(), field.name())
            }
            _ => column,
        }
    });
    LogicalPlanBuilder::from(input).project(columns)?.build()
}
