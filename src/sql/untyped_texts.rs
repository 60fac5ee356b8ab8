//! Texts that Postgres takes for values of another type by where they stand: `WHERE ('true')` is a
//! condition, and `a = ANY ('{1,2}')` asks for the elements of an array. Generators of SQL write them so.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Query, Select, SetExpr, TableFactor,
    UnaryOperator, Value, VisitorMut,
};

use super::quantified::Quantified;
use super::texts::text_of;
use crate::sql::walk::VisitMut;

/// Says such texts as what they are.
pub fn rewrite(query: &mut Query) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Rewriter);
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        conditions_of(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = factor
        {
            for join in &mut table_with_joins.joins {
                condition_of_join(&mut join.join_operator);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Some(compared) = Quantified::of(expr).and_then(compared_to_text) {
            *expr = compared;
        }
        ControlFlow::Continue(())
    }
}

fn conditions_of(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => conditions_of_select(select),
        SetExpr::SetOperation { left, right, .. } => {
            conditions_of(left);
            conditions_of(right);
        }
        _ => {}
    }
}

fn conditions_of_select(select: &mut Select) {
    let own = [&mut select.selection, &mut select.having];
    own.into_iter().flatten().for_each(condition);
    let tables = select.from.iter_mut();
    for join in tables.flat_map(|table| &mut table.joins) {
        condition_of_join(&mut join.join_operator);
    }
}

fn condition_of_join(operator: &mut JoinOperator) {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    if let Join(on) | Inner(on) | Left(on) | LeftOuter(on) | Right(on) | RightOuter(on)
    | FullOuter(on) = operator
        && let JoinConstraint::On(on) = on
    {
        condition(on);
    }
}

/// A text as a truth, within what joins conditions.
fn condition(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => condition(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: inner,
        } => condition(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And | BinaryOperator::Or,
            right,
        } => {
            condition(left);
            condition(right);
        }
        Expr::Value(value) => {
            if let Value::SingleQuotedString(text) = &value.value
                && let Some(truth) = truth(text)
            {
                value.value = Value::Boolean(truth);
            }
        }
        _ => {}
    }
}

/// The truth that a text is, as `boolin` of PostgreSQL reads it.
fn truth(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let is_start = |word: &str, shortest: usize| text.len() >= shortest && word.starts_with(&text);
    if text == "1" || is_start("true", 1) || is_start("yes", 1) || is_start("on", 2) {
        Some(true)
    } else if text == "0" || is_start("false", 1) || is_start("no", 1) || is_start("off", 2) {
        Some(false)
    } else {
        None
    }
}

/// A comparison with the elements of a text.
fn compared_to_text(compared: Quantified<'_>) -> Option<Expr> {
    let elements = elements(text_of(compared.many)?)?;
    match (&*compared.operator, compared.is_all) {
        (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) => {
            Some(in_list(&compared, elements))
        }
        _ => compared_to_each(&compared, elements),
    }
}

/// `a = ANY ('{1,2}')` as `a IN ('1', '2')`, and `a <> ALL ('{1,2}')` as its opposite.
fn in_list(compared: &Quantified<'_>, elements: Vec<Option<String>>) -> Expr {
    let negated = compared.is_all;
    match elements.is_empty() {
        // Of no elements, none is equal and all are others.
        true => Expr::value(Value::Boolean(negated)),
        false => Expr::InList {
            expr: Box::new(compared.value.clone()),
            list: elements.into_iter().map(literal).collect(),
            negated,
        },
    }
}

/// The most elements of a text that are compared one by one.
const ELEMENTS: usize = 64;

/// `a < ALL ('{1,2}')` as `a < '1' AND a < '2'`, and `a < ANY ('{1,2}')` with `OR`.
fn compared_to_each(compared: &Quantified<'_>, elements: Vec<Option<String>>) -> Option<Expr> {
    let is_comparison = matches!(
        compared.operator,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    );
    if !is_comparison || !is_read_alike(compared.value) || elements.len() > ELEMENTS {
        return None;
    }
    let binary = |left, op, right| Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    };
    let each = elements.into_iter().map(|element| {
        let operator = compared.operator.clone();
        binary(compared.value.clone(), operator, literal(element))
    });
    let joined = each.reduce(|all, next| match compared.is_all {
        true => binary(all, BinaryOperator::And, next),
        false => binary(all, BinaryOperator::Or, next),
    });
    Some(match joined {
        Some(joined) => Expr::Nested(Box::new(joined)),
        // Of no elements, all are as is said, and none is.
        None => Expr::value(Value::Boolean(compared.is_all)),
    })
}

/// Whether a value is the same however often it is read, and costs nothing.
fn is_read_alike(value: &Expr) -> bool {
    match value {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => true,
        Expr::Nested(inner)
        | Expr::Cast { expr: inner, .. }
        | Expr::UnaryOp { expr: inner, .. } => is_read_alike(inner),
        _ => false,
    }
}

fn literal(element: Option<String>) -> Expr {
    Expr::value(match element {
        Some(text) => Value::SingleQuotedString(text),
        None => Value::Null,
    })
}

/// The elements of an array of one dimension as text, of which `NULL` is none; `None` for what is no such
/// text.
fn elements(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    let mut characters = inner.chars().peekable();
    if inner.trim().is_empty() {
        return Some(elements);
    }
    loop {
        let mut element = String::new();
        let mut is_quoted = false;
        while characters.next_if(|it| it.is_whitespace()).is_some() {}
        if characters.next_if_eq(&'"').is_some() {
            is_quoted = true;
            loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => element.push(characters.next()?),
                    other => element.push(other),
                }
            }
            while characters.next_if(|it| it.is_whitespace()).is_some() {}
        } else {
            while let Some(character) = characters.next_if(|it| *it != ',') {
                match character {
                    '{' | '}' | '"' => return None,
                    '\\' => element.push(characters.next()?),
                    other => element.push(other),
                }
            }
            element.truncate(element.trim_end().len());
            if element.is_empty() {
                return None;
            }
        }
        let is_null = !is_quoted && element.eq_ignore_ascii_case("null");
        elements.push((!is_null).then_some(element));
        match characters.next() {
            None => return Some(elements),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn texts_are_what_they_stand_for() {
        for (sql, expected) in [
            (
                "SELECT 1 FROM t WHERE ('true') AND (a = 1 OR NOT ('f'))",
                "SELECT 1 FROM t WHERE (true) AND (a = 1 OR NOT (false))",
            ),
            (
                "SELECT 1 FROM a LEFT JOIN LATERAL (SELECT 2 WHERE 'on') AS b ON ('true')",
                "SELECT 1 FROM a LEFT JOIN LATERAL (SELECT 2 WHERE true) AS b ON (true)",
            ),
            (
                "SELECT 'true' FROM t WHERE a = 'true' HAVING ('maybe')",
                "SELECT 'true' FROM t WHERE a = 'true' HAVING ('maybe')",
            ),
            (
                r#"SELECT a = ANY ('{1, NULL,"x, y","\"",null }') FROM t"#,
                r#"SELECT a IN ('1', NULL, 'x, y', '"', NULL) FROM t"#,
            ),
            (
                "SELECT a <> ALL ('{b}'), a = ANY ('{}'), a <> ALL ('{}') FROM t",
                "SELECT a NOT IN ('b'), false, true FROM t",
            ),
            (
                "SELECT a = ANY ('{{1}}'), a = ANY ('none'), a = ANY (b), a < ANY ('{1}') FROM t",
                "SELECT a = ANY('{{1}}'), a = ANY('none'), a = ANY(b), (a < '1') FROM t",
            ),
        ] {
            let Ok(Statement::Query(mut query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            rewrite(&mut query);
            assert_eq!(query.to_string(), expected);
        }
    }
}
