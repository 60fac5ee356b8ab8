//! The types that parameters have by where they stand.

use std::collections::HashMap;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

use super::{called_parameters, ties};

/// Functions whose arguments are of one type.
const OF_ONE_TYPE: [&str; 5] = ["coalesce", "greatest", "least", "make_array", "nullif"];

/// `$1::BIGINT` is a BIGINT, and so is that of `LIMIT $1`; what `name = ANY($1)` takes is an array of
/// names; in `coalesce($1, 1)`, `CASE` and `UNION` a parameter has the type of the values beside it, and as an
/// argument of a function that which this takes.
pub(super) fn placed_parameters(plan: &LogicalPlan) -> Result<HashMap<String, DataType>> {
    let mut places = Places::default();
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Limit(limit) => {
                for clause in [&limit.skip, &limit.fetch].into_iter().flatten() {
                    let count = ties::counted(clause).unwrap_or(clause);
                    places.is(count, || Some(DataType::Int64));
                }
            }
            LogicalPlan::Union(union) => places.of_union(&union.inputs),
            _ => {}
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                places.within(part, &schema);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(places.found)
}

#[derive(Default)]
struct Places {
    found: HashMap<String, DataType>,
}

impl Places {
    /// Notes the type of a parameter, unless it has one.
    fn is(&mut self, place: &Expr, data_type: impl FnOnce() -> Option<DataType>) {
        if let Expr::Placeholder(placeholder) = place
            && !self.found.contains_key(&placeholder.id)
            && let Some(data_type) = data_type()
        {
            self.found.insert(placeholder.id.clone(), data_type);
        }
    }

    fn within(&mut self, part: &Expr, schema: &DFSchema) {
        match part {
            Expr::Cast(cast) => self.is(&cast.expr, || Some(cast.field.data_type().clone())),
            Expr::ScalarFunction(call) if call.name() == "array_has" => {
                self.of_membership(call, schema);
            }
            Expr::ScalarFunction(call) if OF_ONE_TYPE.contains(&call.name()) => {
                self.are_alike(&call.args.iter().collect::<Vec<_>>(), schema);
            }
            Expr::ScalarFunction(call) => self.of_call(call.name(), &call.args, schema),
            Expr::WindowFunction(window) => {
                self.of_call(window.fun.name(), &window.params.args, schema);
            }
            Expr::Not(truth)
            | Expr::IsTrue(truth)
            | Expr::IsFalse(truth)
            | Expr::IsNotTrue(truth)
            | Expr::IsNotFalse(truth) => self.is(truth, || Some(DataType::Boolean)),
            Expr::Case(case) => self.of_case(case, schema),
            _ => {}
        }
    }

    /// The arguments of a built-in function.
    fn of_call(&mut self, name: &str, arguments: &[Expr], schema: &DFSchema) {
        let is_open = |argument: &Expr| matches!(argument, Expr::Placeholder(_));
        if !arguments.iter().any(is_open) {
            return;
        }
        let types = called_parameters::wanted(name, arguments, schema);
        for (argument, wanted) in arguments.iter().zip(types) {
            self.is(argument, || wanted);
        }
    }

    fn of_membership(&mut self, call: &ScalarFunction, schema: &DFSchema) {
        let [array, element] = call.args.as_slice() else {
            return;
        };
        self.is(array, || {
            let of = element.get_type(schema).ok()?;
            Some(DataType::new_list(of, true))
        });
        self.is(element, || match array.get_type(schema).ok()? {
            DataType::List(item) | DataType::LargeList(item) => Some(item.data_type().clone()),
            _ => None,
        });
    }

    fn of_case(&mut self, case: &Case, schema: &DFSchema) {
        let branches = case.when_then_expr.iter();
        let answers = branches.clone().map(|(_, then)| then);
        let answers: Vec<&Expr> = answers.chain(&case.else_expr).map(AsRef::as_ref).collect();
        self.are_alike(&answers, schema);
        let compared = case.expr.iter().chain(branches.map(|(when, _)| when));
        match case.expr.is_some() {
            true => {
                let compared: Vec<&Expr> = compared.map(AsRef::as_ref).collect();
                self.are_alike(&compared, schema);
            }
            false => compared.for_each(|when| self.is(when, || Some(DataType::Boolean))),
        }
    }

    fn are_alike(&mut self, values: &[&Expr], schema: &DFSchema) {
        let types = values.iter().filter(|it| !is_unknown(it));
        let types: Vec<DataType> = types.filter_map(|it| it.get_type(schema).ok()).collect();
        for value in values {
            self.is(value, || common(&types));
        }
    }

    /// The queries of a union, which give columns of one type each.
    fn of_union(&mut self, inputs: &[std::sync::Arc<LogicalPlan>]) {
        let selected: Vec<(&[Expr], DFSchema)> = inputs
            .iter()
            .filter_map(|input| match input.as_ref() {
                LogicalPlan::Projection(it) => {
                    Some((it.expr.as_slice(), merge_schema(&[it.input.as_ref()])))
                }
                _ => None,
            })
            .collect();
        let columns = selected.iter().map(|(columns, _)| columns.len()).min();
        for column in 0..columns.unwrap_or_default() {
            let place = |expression: &Expr| expression.clone().unalias_nested().data;
            let places = selected
                .iter()
                .filter_map(|(columns, schema)| Some((place(columns.get(column)?), schema)));
            let places: Vec<(Expr, &DFSchema)> = places.collect();
            let known = places.iter().filter(|(it, _)| !is_unknown(it));
            let types = known.filter_map(|(it, schema)| it.get_type(*schema).ok());
            let types: Vec<DataType> = types.collect();
            for (place, _) in &places {
                self.is(place, || common(&types));
            }
        }
    }
}

/// Whether a value takes its type from those beside it.
fn is_unknown(value: &Expr) -> bool {
    match value {
        Expr::Placeholder(_) => true,
        Expr::Literal(value, _) => value.is_null() || value.data_type().is_string(),
        _ => false,
    }
}

/// The type of several values: the one that the others become by themselves.
fn common(types: &[DataType]) -> Option<DataType> {
    let rank = |data_type: &DataType| match data_type {
        DataType::Int16 => 1,
        DataType::Int32 => 2,
        DataType::Int64 => 3,
        DataType::Decimal128(..) | DataType::Decimal256(..) => 4,
        DataType::Float32 => 5,
        DataType::Float64 => 6,
        _ => 0,
    };
    let numbers = types.iter().filter(|it| rank(it) > 0);
    let widest = numbers.max_by_key(|it| rank(it));
    widest.or_else(|| types.first()).cloned()
}
