//! `TABLESAMPLE BERNOULLI | SYSTEM (percent)`: each row of a relation is read as probably as that. Files
//! have no blocks that were worth to be drawn, so both are the same.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, SetExpr, TableAlias, TableFactor, TableSampleKind, TableSampleMethod,
    UnaryOperator, Value, VisitorMut,
};

use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::VisitMut;

/// Whether a sample is one that can be read.
pub(super) fn is_known(sample: &TableSampleKind) -> bool {
    let (TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) =
        sample;
    let is_method = matches!(
        sample.name,
        Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)
    );
    let is_percentage = sample
        .quantity
        .as_ref()
        .is_some_and(|quantity| quantity.unit.is_none());
    is_method && is_percentage && sample.seed.is_none() && sample.bucket.is_none()
}

/// Says samples as what they read.
///
/// # Errors
/// 2202H for a percentage that is none.
pub fn rewrite(query: &mut Query) -> Result<()> {
    match query.visit(&mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match sampled(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// That a percentage which is written down is one.
fn check(percentage: &Expr) -> Result<()> {
    let message = match percentage {
        Expr::Value(value) if value.value == Value::Null => "TABLESAMPLE parameter cannot be null",
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } if number(expr).is_some_and(|number| number > 0.0) => {
            "sample percentage must be between 0 and 100"
        }
        other if number(other).is_some_and(|number| number > 100.0) => {
            "sample percentage must be between 0 and 100"
        }
        _ => return Ok(()),
    };
    Err(Error::new(SqlState::INVALID_TABLESAMPLE_ARGUMENT, message))
}

fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn sampled(factor: &mut TableFactor) -> Result<()> {
    let TableFactor::Table {
        name,
        alias,
        sample,
        ..
    } = factor
    else {
        return Ok(());
    };
    let (
        Some(TableSampleKind::BeforeTableAlias(drawn) | TableSampleKind::AfterTableAlias(drawn)),
        Some(own),
    ) = (
        sample.take(),
        name.0.last().and_then(|part| part.as_ident()).cloned(),
    )
    else {
        return Ok(());
    };
    let Some(quantity) = drawn.quantity else {
        return Ok(());
    };
    check(&quantity.value)?;
    let alias = alias.take().unwrap_or(TableAlias {
        explicit: true,
        name: own,
        columns: Vec::new(),
        at: None,
    });
    let text = format!(
        "SELECT * FROM t WHERE random() * 100 < ({})",
        Shown(&quantity.value)
    );
    let Statement::Query(mut query) = parse_one(&text)? else {
        return Err(Error::internal("a sample is read as no query"));
    };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        from.relation = factor.clone();
    }
    *factor = TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: Some(alias),
        sample: None,
    };
    Ok(())
}
