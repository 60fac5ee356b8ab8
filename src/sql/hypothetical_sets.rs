//! `rank(x) WITHIN GROUP (ORDER BY key)`, and so `dense_rank`, `percent_rank` and `cume_dist`: where a row
//! would stand among those of a group if it were one of them. Said by counts of the rows that stand before
//! it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    OrderByExpr, Query, SelectItem, SetExpr, Value, VisitorMut,
};

use super::cursor::folded;
use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, visit_expressions};

/// Says such calls by counts.
///
/// # Errors
/// 42883 for another number of values than there are keys; 42601 for `DISTINCT`; 0A000 for `OVER`.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else {
            return ControlFlow::Continue(());
        };
        match counted(function) {
            Ok(Some(counted)) => {
                *expr = counted;
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// What the place of a row is counted by.
#[derive(Clone, Copy)]
enum Place {
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
}

impl Place {
    fn of(function: &Function) -> Option<(Self, String)> {
        let name = match function.name.0.as_slice() {
            [name] => name.as_ident()?,
            [schema, name] if schema.as_ident()?.value.eq_ignore_ascii_case("pg_catalog") => {
                name.as_ident()?
            }
            _ => return None,
        };
        let name = folded(name);
        let place = match name.as_str() {
            "rank" => Self::Rank,
            "dense_rank" => Self::DenseRank,
            "percent_rank" => Self::PercentRank,
            "cume_dist" => Self::CumeDist,
            _ => return None,
        };
        Some((place, name))
    }
}

/// A call as counts; `None` for one of another function.
fn counted(function: &Function) -> Result<Option<Expr>> {
    if function.within_group.is_empty() {
        return Ok(None);
    }
    let Some((place, name)) = Place::of(function) else {
        return Ok(None);
    };
    if function.over.is_some() {
        let what = format!("OVER is not supported for ordered-set aggregate {name}");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, what));
    }
    let values = values(function)?;
    let keys = &function.within_group;
    let Some(values) = values.filter(|values| values.len() == keys.len()) else {
        let message = format!("function {name} does not exist with these arguments");
        return Err(
            Error::new(SqlState::UNDEFINED_FUNCTION, message).with_hint(format!(
                "To use the hypothetical-set aggregate {name}, the number of hypothetical direct \
                 arguments must match the number of ordering columns (here {}).",
                keys.len()
            )),
        );
    };
    let pairs: Vec<Pair> = keys.iter().zip(values).map(Pair::new).collect();
    let condition = function.filter.as_deref();
    let counts = match place {
        Place::Rank => format!("1 + {}", count(Some(&before(&pairs)), condition)),
        Place::DenseRank => distinct(&pairs, condition),
        Place::PercentRank => format!(
            "COALESCE(CAST({} AS DOUBLE PRECISION) / NULLIF({}, 0), 0)",
            count(Some(&before(&pairs)), condition),
            count(None, condition)
        ),
        Place::CumeDist => {
            let until = format!("{} OR {}", before(&pairs), equal(&pairs));
            format!(
                "CAST(1 + {} AS DOUBLE PRECISION) / (1 + {})",
                count(Some(&until), condition),
                count(None, condition)
            )
        }
    };
    // What is compared with must be of the group: beyond the counts that is held to.
    let grouped = pairs
        .iter()
        .filter(|pair| pair.reads)
        .map(|pair| format!("({} IS NULL) IS NULL", pair.value));
    let grouped: Vec<String> = grouped.collect();
    let text = match grouped.is_empty() {
        true => format!("({counts})"),
        false => format!(
            "(CASE WHEN {} THEN NULL ELSE {counts} END)",
            grouped.join(" OR ")
        ),
    };
    expression(&text).map(Some)
}

/// The values of the row; none where there are others than such.
///
/// # Errors
/// 42601 for `DISTINCT`.
fn values(function: &Function) -> Result<Option<Vec<&Expr>>> {
    let FunctionArguments::List(list) = &function.args else {
        return Ok(None);
    };
    if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) {
        let message = "cannot use DISTINCT with WITHIN GROUP";
        return Err(Error::new(SqlState::SYNTAX_ERROR, message));
    }
    if !list.clauses.is_empty() {
        return Ok(None);
    }
    let values = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    Ok(values.collect())
}

/// A key of the order and the value that the row has of it, as texts.
struct Pair {
    key: String,
    value: String,
    /// Whether the value is NULL.
    is_null: String,
    descends: bool,
    nulls_first: bool,
    /// Whether the value reads columns.
    reads: bool,
}

impl Pair {
    fn new((key, value): (&OrderByExpr, &Expr)) -> Self {
        let descends = key.options.asc == Some(false);
        let shown = format!("({})", Shown(value));
        let read = visit_expressions(value, |part| match part {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        Self {
            key: format!("({})", Shown(&key.expr)),
            is_null: match value {
                Expr::Value(value) if value.value == Value::Null => "true".to_owned(),
                Expr::Value(value) if !matches!(value.value, Value::Placeholder(_)) => {
                    "false".to_owned()
                }
                _ => format!("{shown} IS NULL"),
            },
            value: shown,
            descends,
            nulls_first: key.options.nulls_first.unwrap_or(descends),
            reads: read.is_break(),
        }
    }

    /// Whether a row stands before the value by this key.
    fn before(&self) -> String {
        let sign = if self.descends { ">" } else { "<" };
        let compared = format!("{} {sign} {}", self.key, self.value);
        format!("({compared} OR {})", self.nulls_before())
    }

    /// Whether a row stands before the value since one of them is NULL.
    fn nulls_before(&self) -> String {
        let Self { key, is_null, .. } = self;
        match self.nulls_first {
            true => format!("({key} IS NULL AND NOT ({is_null}))"),
            false => format!("({key} IS NOT NULL AND ({is_null}))"),
        }
    }

    fn equal(&self) -> String {
        format!("{} IS NOT DISTINCT FROM {}", self.key, self.value)
    }
}

/// Whether a row stands before the one that is asked for.
fn before(pairs: &[Pair]) -> String {
    match pairs.split_first() {
        None => "false".to_owned(),
        Some((first, [])) => first.before(),
        Some((first, rest)) => {
            format!(
                "({} OR ({} AND {}))",
                first.before(),
                first.equal(),
                before(rest)
            )
        }
    }
}

/// Whether a row stands where the one that is asked for does.
fn equal(pairs: &[Pair]) -> String {
    let keys: Vec<String> = pairs.iter().map(Pair::equal).collect();
    format!("({})", keys.join(" AND "))
}

/// The number of rows of which a condition is true, among those that the call is of.
fn count(condition: Option<&str>, of: Option<&Expr>) -> String {
    filtered("count(*)", condition, of)
}

/// The number of places before that of the row, which rows that are equal share, and one more.
fn distinct(pairs: &[Pair], of: Option<&Expr>) -> String {
    let before = before(pairs);
    if let [pair] = pairs {
        // `NULL` is a place of its own, which is not counted.
        let counted = format!("count(DISTINCT {})", pair.key);
        let places = filtered(&counted, Some(&before), of);
        if !pair.nulls_first {
            return format!("1 + {places}");
        }
        let nulls = count(Some(&pair.nulls_before()), of);
        return format!("1 + {places} + CASE WHEN {nulls} > 0 THEN 1 ELSE 0 END");
    }
    let keys: Vec<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
    let counted = format!("count(DISTINCT ({}))", keys.join(", "));
    format!("1 + {}", filtered(&counted, Some(&before), of))
}

fn filtered(aggregate: &str, condition: Option<&str>, of: Option<&Expr>) -> String {
    let own = of.map(|own| format!("({})", Shown(own)));
    let conditions: Vec<String> = own
        .into_iter()
        .chain(condition.map(str::to_owned))
        .collect();
    match conditions.is_empty() {
        true => aggregate.to_owned(),
        false => format!("{aggregate} FILTER (WHERE {})", conditions.join(" AND ")),
    }
}

/// The expression that a text says.
///
/// # Errors
/// None of a text that is one.
fn expression(text: &str) -> Result<Expr> {
    if let Statement::Query(query) = parse_one(&format!("SELECT {text}"))?
        && let SetExpr::Select(mut select) = *query.body
        && let Some(SelectItem::UnnamedExpr(expression)) = select.projection.pop()
    {
        return Ok(expression);
    }
    Err(Error::internal("a place is read as no expression"))
}
