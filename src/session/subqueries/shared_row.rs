//! Subqueries that give several values of one row, `SET (a, b) = (SELECT ...)`: each value stands by
//! itself among the expressions of a query, and all are of the row that is computed once.
//!
//! Each value is a field of a record that the subquery gives. That the records are one is told by the
//! names of their fields, which hold the subquery's number: two plans of a query whose rows may be
//! others each time are not equal.

use std::fmt::Write as _;

use arrow::datatypes::DataType;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::Expr;

use crate::sql::assignment::SHARED;
use crate::sql::shown::Shown;

/// Before the number of a subquery in the names of its fields.
const MARK: &str = "tributary:shared:";

/// The columns of a subquery as expressions; no other one of the same query has its number.
pub fn columns(subquery: &Expr, number: usize, width: usize) -> Vec<String> {
    let field = |index: usize| format!("{MARK}{number}:{index}");
    let (mut names, mut values) = (String::new(), String::new());
    for index in 0..width {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(names, "{comma}c{index}");
        let _ = write!(values, "{comma}'{}', \"{SHARED}\".c{index}", field(index));
    }
    let record = format!(
        "(SELECT tributary_row({values}) FROM {} AS \"{SHARED}\"({names}))",
        Shown(subquery)
    );
    (0..width)
        .map(|index| format!("get_field({record}, '{}')", field(index)))
        .collect()
}

/// What tells a subquery that gives such a record from others.
pub(super) fn mark(plan: &LogicalPlan) -> Option<&str> {
    let fields = plan.schema().fields();
    let record = fields.first().filter(|_| fields.len() == 1)?;
    let data_type = match record.data_type() {
        DataType::List(element) => element.data_type(),
        data_type => data_type,
    };
    match data_type {
        DataType::Struct(fields) => {
            let name = fields.first()?.name();
            name.starts_with(MARK).then_some(name.as_str())
        }
        _ => None,
    }
}
