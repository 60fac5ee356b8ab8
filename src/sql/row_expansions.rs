//! `(name).*`, all columns of the row that a relation's name stands for, which is `name.*`, and
//! `(function(...)).*`, all fields of the rows that a function gives. sqlparser knows no `.*` behind
//! parentheses: to it the one is without them, and the other a field of a name that no field has.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, Query, SelectItem, SetExpr, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::set_returning;
use crate::error::{Error, Result};
use crate::sql::walk::{Visit, VisitMut, visit_expressions};

/// The field that stands for all.
const FIELDS: &str = "tributary:fields";

/// Words behind which a list of answers begins.
const BEFORE_ANSWERS: [&str; 4] = ["SELECT", "ALL", "DISTINCT", "RETURNING"];

/// Leaves out such parentheses where an answer of a query begins, and names the field that stands for all.
pub(super) fn without_parentheses(tokens: &mut [TokenWithSpan]) {
    if !tokens.iter().any(|token| token.token == Token::Mul) {
        return;
    }
    let is_solid = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let solid: Vec<usize> = (0..tokens.len())
        .filter(|place| is_solid(&tokens[*place]))
        .collect();
    for window in solid.windows(6) {
        let &[before, open, name, close, period, star] = window else {
            continue;
        };
        let is_expansion = begins_answer(&tokens[before].token)
            && tokens[open].token == Token::LParen
            && matches!(tokens[name].token, Token::Word(_))
            && tokens[close].token == Token::RParen
            && tokens[period].token == Token::Period
            && tokens[star].token == Token::Mul;
        if is_expansion {
            for cut in [open, close] {
                tokens[cut].token = Token::Whitespace(Whitespace::Space);
            }
        }
    }
    for window in solid.windows(5) {
        let &[before, name, period, star, next] = window else {
            continue;
        };
        // `name.*::text`: the row as a value, for which the name alone stands.
        let is_value = tokens[before].token != Token::Period
            && matches!(tokens[name].token, Token::Word(_))
            && tokens[period].token == Token::Period
            && tokens[star].token == Token::Mul
            && follows_value(&tokens[next].token);
        if is_value {
            for cut in [period, star] {
                tokens[cut].token = Token::Whitespace(Whitespace::Space);
            }
        }
    }
    for (end, window) in solid.windows(3).enumerate() {
        let &[close, period, star] = window else {
            continue;
        };
        if tokens[close].token == Token::RParen
            && tokens[period].token == Token::Period
            && tokens[star].token == Token::Mul
            && begins_before(tokens, &solid[..=end])
        {
            tokens[star].token = Token::make_word(FIELDS, Some('"'));
        }
    }
}

/// Whether what stands before a token is a value, and no list of answers.
fn follows_value(token: &Token) -> bool {
    match token {
        Token::DoubleColon | Token::Eq | Token::Neq => true,
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case("IS"),
        _ => false,
    }
}

/// Whether an answer begins with the parenthesis that the last of these places closes.
fn begins_before(tokens: &[TokenWithSpan], places: &[usize]) -> bool {
    let mut depth = 0_usize;
    let mut before = places.iter().rev();
    for place in before.by_ref() {
        match tokens[*place].token {
            Token::RParen => depth += 1,
            Token::LParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    before
        .next()
        .is_some_and(|place| begins_answer(&tokens[*place].token))
}

/// The row all of whose fields an expression stands for.
pub fn row_of(expr: &Expr) -> Option<&Expr> {
    let Expr::CompoundFieldAccess { root, access_chain } = expr else {
        return None;
    };
    match access_chain.as_slice() {
        [AccessExpr::Dot(Expr::Identifier(name))] if name.value == FIELDS => Some(root.as_ref()),
        _ => None,
    }
}

/// A field of a row.
pub fn field(row: Expr, name: Ident) -> Expr {
    Expr::CompoundFieldAccess {
        root: Box::new(row),
        access_chain: vec![AccessExpr::Dot(Expr::Identifier(name))],
    }
}

/// Says all fields of what PostgreSQL's own functions give, each by its name.
pub(super) fn expand(query: &mut Query) {
    struct Expander;
    impl VisitorMut for Expander {
        type Break = Infallible;

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
            in_body(&mut query.body);
            ControlFlow::Continue(())
        }
    }
    let _ = VisitMut::visit(query, &mut Expander);
}

fn in_body(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            let items = std::mem::take(&mut select.projection).into_iter();
            select.projection = items.flat_map(fields).collect();
        }
        SetExpr::SetOperation { left, right, .. } => {
            in_body(left);
            in_body(right);
        }
        _ => {}
    }
}

fn fields(item: SelectItem) -> Vec<SelectItem> {
    let row = match &item {
        SelectItem::UnnamedExpr(expr) => row_of(expr),
        _ => None,
    };
    let known = row.and_then(|row| Some((row.clone(), columns_of(row)?)));
    let Some((row, columns)) = known else {
        return vec![item];
    };
    let columns = columns.iter();
    let fields = columns.map(|column| SelectItem::ExprWithAlias {
        expr: field(row.clone(), Ident::new(*column)),
        alias: Ident::with_quote('"', *column),
    });
    fields.collect()
}

/// The columns of the rows that a call gives.
fn columns_of(row: &Expr) -> Option<&'static [&'static str]> {
    match row {
        Expr::Nested(inner) => columns_of(inner),
        Expr::Function(function) => set_returning::row_columns(&function.name),
        _ => None,
    }
}

/// Refuses all fields of what is left, whose names are not known before it is planned.
///
/// # Errors
/// 0A000.
pub fn check(node: &impl Visit) -> Result<()> {
    let found = visit_expressions(node, |expr| match row_of(expr) {
        Some(_) => ControlFlow::Break(()),
        None => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::unsupported("all fields of this value by .*")
            .with_hint("Name the fields: (value).field.")),
    }
}

fn begins_answer(token: &Token) -> bool {
    match token {
        Token::Comma => true,
        Token::Word(word) => {
            let mut known = BEFORE_ANSWERS.iter();
            word.quote_style.is_none() && known.any(|it| word.value.eq_ignore_ascii_case(it))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::{Statement, parse_one};

    #[test]
    fn relations_in_parentheses_are_all_their_columns() {
        for (sql, expected) in [
            ("SELECT (s).* FROM s", "SELECT s.* FROM s"),
            (
                "SELECT DISTINCT ( \"S\" ) . *, 1 FROM \"S\"",
                "SELECT DISTINCT \"S\".*, 1 FROM \"S\"",
            ),
            (
                "SELECT 1, (s).*, (s).a FROM s",
                "SELECT 1, s.*, (s).a FROM s",
            ),
            (
                "SELECT s.*::text, s.* IS NULL, s.* FROM s",
                "SELECT s::TEXT, s IS NULL, s.* FROM s",
            ),
            ("SELECT (s) * 2 FROM s", "SELECT (s) * 2 FROM s"),
            (
                "SELECT a, (pg_catalog.jsonb_each((b))) . * FROM s",
                "SELECT a, (pg_catalog.jsonb_each((b))).key AS \"key\", (pg_catalog.jsonb_each((b))).value AS \"value\" FROM s",
            ),
            (
                "SELECT (f(1)).* FROM s",
                "SELECT (f(1)).\"tributary:fields\" FROM s",
            ),
        ] {
            let Ok(Statement::Query(query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            assert_eq!(query.to_string(), expected);
        }
    }
}
