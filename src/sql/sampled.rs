//! `TABLESAMPLE BERNOULLI | SYSTEM (percent)`: each row of a relation is read as probably as that. Files
//! have no blocks that were worth to be drawn, so both are the same.
//!
//! With `REPEATABLE (seed)` it is the row and the seed that tell whether a row is read: the rows of a table
//! that has not changed are the same each time, on however many threads and from whatever files they come.
//! Rows that are equal are all read, or none.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, SetExpr, TableAlias, TableFactor, TableSampleKind, TableSampleMethod,
    TableSampleSeed, TableSampleSeedModifier, UnaryOperator, Value, VisitorMut,
};

use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// What the relation is called within a sample.
const ROW: &str = "tributary_sampled";

/// The bits of a hash that a double holds.
const MANTISSA: i64 = (1 << 53) - 1;

/// How many numbers these bits tell apart, with a point, as that of a double.
const SHARES: &str = "9007199254740992.0";

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
    let seed = sample.seed.as_ref();
    let is_seed = seed.is_none_or(|seed| seed_of(seed).is_some());
    is_method && is_percentage && is_seed && sample.bucket.is_none()
}

/// The number that a seed is, of which each has its own.
fn seed_of(seed: &TableSampleSeed) -> Option<i64> {
    let Value::Number(digits, _) = &seed.value.value else {
        return None;
    };
    let is_repeatable = matches!(seed.modifier, TableSampleSeedModifier::Repeatable);
    let number: f64 = digits.parse().ok().filter(|_| is_repeatable)?;
    Some(i64::from_ne_bytes(number.to_ne_bytes()))
}

/// Says samples as what they read.
///
/// # Errors
/// 2202H for a percentage that is none.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(sampled(factor))
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
    // A number from 0 up to, but without, 1.
    let drawn = match drawn.seed.as_ref().and_then(seed_of) {
        Some(seed) => format!(
            "CAST(hashtextextended(CAST({ROW} AS TEXT), {seed}) & {MANTISSA} AS DOUBLE PRECISION)
             / {SHARES}"
        ),
        None => "random()".to_owned(),
    };
    let text = format!(
        "SELECT * FROM t WHERE {drawn} * 100 < ({})",
        Shown(&quantity.value)
    );
    let Statement::Query(mut query) = parse_one(&text)? else {
        return Err(Error::internal("a sample is read as no query"));
    };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        from.relation = factor.clone();
        if let TableFactor::Table { alias, .. } = &mut from.relation {
            *alias = Some(TableAlias {
                explicit: true,
                name: Ident::new(ROW),
                columns: Vec::new(),
                at: None,
            });
        }
    }
    *factor = TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: Some(alias),
        sample: None,
    };
    Ok(())
}
