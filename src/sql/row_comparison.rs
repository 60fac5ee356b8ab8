//! `(a, b) < (c, d)`: rows that are compared, as conditions on their fields.
//!
//! DataFusion would compare records, of which NULL is a value as any other. What PostgreSQL compares
//! field by field is NULL where a field that decides is. It does so with rows that are written out;
//! those within them are records to it too, of which NULL equals NULL, and so they stay here.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use super::cursor::fold;
use crate::error::{Error, Result, SqlState};

/// Says what compares a row with others by its fields.
///
/// # Errors
/// 42601 for rows of several lengths; 0A000 for rows of none.
pub(super) fn rewrite(expr: &mut Expr) -> Result<()> {
    let compared = match expr {
        Expr::BinaryOp { left, op, right } if is_comparison(op) => match take_both(left, right) {
            Some((left, right)) => compare(left, op, right)?,
            None => return Ok(()),
        },
        Expr::IsDistinctFrom(left, right) => match take_both(left, right) {
            Some((left, right)) => {
                let different = pairs(left, right, |left, right| {
                    Expr::IsDistinctFrom(Box::new(left), Box::new(right))
                });
                any(different?)
            }
            None => return Ok(()),
        },
        Expr::IsNotDistinctFrom(left, right) => match take_both(left, right) {
            Some((left, right)) => {
                let same = pairs(left, right, |left, right| {
                    Expr::IsNotDistinctFrom(Box::new(left), Box::new(right))
                });
                all(same?)
            }
            None => return Ok(()),
        },
        Expr::Between {
            expr: row,
            negated,
            low,
            high,
        } if [&*row, &*low, &*high].into_iter().all(|it| is_row(it)) => {
            let row = take(row);
            let (low, high) = (take(low), take(high));
            let above = compare(row.clone(), &BinaryOperator::GtEq, low)?;
            let below = compare(row, &BinaryOperator::LtEq, high)?;
            not_if(*negated, all(vec![above, below]))
        }
        Expr::InList {
            expr: row,
            list,
            negated,
        } if is_row(row) && list.iter().all(is_row) => {
            let row = take(row);
            let equal = list
                .iter_mut()
                .map(|other| compare(row.clone(), &BinaryOperator::Eq, take(other)));
            let equal = equal.collect::<Result<Vec<_>>>()?;
            not_if(*negated, any(equal))
        }
        Expr::IsNull(row) if is_row(row) => all(tests(take(row), true)),
        Expr::IsNotNull(row) if is_row(row) => all(tests(take(row), false)),
        _ => return Ok(()),
    };
    *expr = Expr::Nested(Box::new(compared));
    Ok(())
}

/// Whether an operator compares what rows have fields of.
pub(super) fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

/// Whether an expression is a row that is written out.
pub(super) fn is_row(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_row(inner),
        Expr::Tuple(_) => true,
        Expr::Function(call) => {
            let [name] = call.name.0.as_slice() else {
                return false;
            };
            let name = name.as_ident();
            let is_named = name.is_some_and(|name| {
                name.quote_style.is_none() && fold(name.value.clone(), None) == "row"
            });
            is_named
                && matches!(&call.args, FunctionArguments::List(list)
                    if list.clauses.is_empty() && list.args.iter().all(is_value))
        }
        _ => false,
    }
}

fn is_value(argument: &FunctionArg) -> bool {
    matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(_)))
}

/// The fields of a row; leaves nothing sensible behind.
pub(super) fn take(row: &mut Expr) -> Vec<Expr> {
    match row {
        Expr::Nested(inner) => take(inner),
        Expr::Tuple(fields) => std::mem::take(fields),
        Expr::Function(call) => match &mut call.args {
            FunctionArguments::List(list) => {
                let given = std::mem::take(&mut list.args).into_iter();
                let given = given.filter_map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
                    _ => None,
                });
                given.collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn take_both(left: &mut Expr, right: &mut Expr) -> Option<(Vec<Expr>, Vec<Expr>)> {
    (is_row(left) && is_row(right)).then(|| (take(left), take(right)))
}

/// How two rows compare: NULL where the first fields that are not equal cannot be compared.
///
/// # Errors
/// 42601 for rows of several lengths; 0A000 for rows of none.
pub(super) fn compare(left: Vec<Expr>, op: &BinaryOperator, right: Vec<Expr>) -> Result<Expr> {
    let strictly = match op {
        BinaryOperator::Lt | BinaryOperator::LtEq => BinaryOperator::Lt,
        BinaryOperator::Gt | BinaryOperator::GtEq => BinaryOperator::Gt,
        op => {
            let fields = pairs(left, right, |left, right| binary(left, op.clone(), right))?;
            return Ok(match op {
                BinaryOperator::NotEq => any(fields),
                _ => all(fields),
            });
        }
    };
    let fields = pairs(left, right, |left, right| (left, right))?;
    Ok(ordered(&fields, op, &strictly))
}

/// The order of rows by the fields before, and by those behind where these are equal. It is said by
/// halves, so that a row of many fields is no deep expression.
fn ordered(fields: &[(Expr, Expr)], op: &BinaryOperator, strictly: &BinaryOperator) -> Expr {
    if let [(left, right)] = fields {
        return binary(left.clone(), op.clone(), right.clone());
    }
    let (before, behind) = fields.split_at(fields.len() / 2);
    let equal = before.iter().cloned();
    let equal = equal.map(|(left, right)| binary(left, BinaryOperator::Eq, right));
    let equal = all(equal.collect());
    let rest = ordered(behind, op, strictly);
    any(vec![
        ordered(before, strictly, strictly),
        all(vec![equal, rest]),
    ])
}

fn pairs<T>(left: Vec<Expr>, right: Vec<Expr>, pair: impl Fn(Expr, Expr) -> T) -> Result<Vec<T>> {
    if left.len() != right.len() {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "unequal number of entries in row expressions",
        ));
    }
    if left.is_empty() {
        return Err(Error::unsupported("to compare rows of zero length"));
    }
    let both = left.into_iter().zip(right);
    Ok(both.map(|(left, right)| pair(left, right)).collect())
}

/// Whether each field of a row is NULL, or is not. A row within it is never NULL itself.
fn tests(row: Vec<Expr>, is_null: bool) -> Vec<Expr> {
    let tests = row.into_iter().map(|field| match is_null {
        _ if is_row(&field) => Expr::value(Value::Boolean(!is_null)),
        true => Expr::IsNull(nested(field)),
        false => Expr::IsNotNull(nested(field)),
    });
    tests.collect()
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: nested(left),
        op,
        right: nested(right),
    }
}

fn nested(expr: Expr) -> Box<Expr> {
    Box::new(match expr {
        plain @ (Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => plain,
        other => Expr::Nested(Box::new(other)),
    })
}

fn not_if(negated: bool, condition: Expr) -> Expr {
    match negated {
        true => Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: nested(condition),
        },
        false => condition,
    }
}

fn all(conditions: Vec<Expr>) -> Expr {
    together(conditions, &BinaryOperator::And, true)
}

fn any(conditions: Vec<Expr>) -> Expr {
    together(conditions, &BinaryOperator::Or, false)
}

/// Conditions under one operator, in halves: as many as a list has are no deep expression.
fn together(mut conditions: Vec<Expr>, op: &BinaryOperator, of_none: bool) -> Expr {
    match conditions.len() {
        0 => Expr::value(Value::Boolean(of_none)),
        1 => conditions.swap_remove(0),
        several => {
            let behind = conditions.split_off(several / 2);
            binary(
                together(conditions, op, of_none),
                op.clone(),
                together(behind, op, of_none),
            )
        }
    }
}
