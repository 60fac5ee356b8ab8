//! `TABLE name`, which is `SELECT * FROM name`, wherever a query may begin.
//!
//! sqlparser knows it as what follows another query alone, and takes the tokens behind the name for a
//! part of it.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Words behind which a query may begin.
const BEFORE_QUERIES: [&str; 7] = [
    "ALL",
    "AS",
    "DISTINCT",
    "EXCEPT",
    "FOR",
    "INTERSECT",
    "UNION",
];

/// More of them, where a query is explained.
const BEFORE_EXPLAINED: [&str; 4] = ["ANALYSE", "ANALYZE", "EXPLAIN", "VERBOSE"];

/// Words that name no relation: behind them stands a column that is called `table`.
const BEHIND_COLUMNS: [&str; 16] = [
    "EXCEPT",
    "FETCH",
    "FOR",
    "FROM",
    "GROUP",
    "HAVING",
    "INTERSECT",
    "INTO",
    "LIMIT",
    "OFFSET",
    "ON",
    "ORDER",
    "RETURNING",
    "UNION",
    "WHERE",
    "WINDOW",
];

/// The tokens of a text with queries that sqlparser reads.
pub(super) fn spelled_out(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| is_word(&token.token, "TABLE")) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut solid = tokens.iter().map(|token| &token.token).filter(is_solid);
    // What follows the token that is looked at.
    solid.next();
    let (mut first, mut last) = (None, None);
    for token in &tokens {
        if !is_solid(&&token.token) {
            out.push(token.clone());
            continue;
        }
        let next = solid.next();
        if is_word(&token.token, "TABLE") && begins(first, last) && next.is_some_and(may_be_name) {
            out.extend(select_all(token));
        } else {
            out.push(token.clone());
        }
        let is_end = token.token == Token::SemiColon;
        first = first.or(Some(&token.token)).filter(|_| !is_end);
        last = Some(&token.token).filter(|_| !is_end);
    }
    out
}

/// Whether a query may begin behind the last token of a statement that has this first one.
fn begins(first: Option<&Token>, last: Option<&Token>) -> bool {
    let (Some(first), Some(last)) = (first, last) else {
        return true;
    };
    let is_among = |words: &[&str]| words.iter().any(|word| is_word(last, word));
    // Its options stand in parentheses.
    matches!(last, Token::LParen | Token::RParen) && !is_word(first, "REINDEX")
        || is_among(&BEFORE_QUERIES)
        || is_word(first, "INSERT")
        || is_word(first, "EXPLAIN") && is_among(&BEFORE_EXPLAINED)
}

fn may_be_name(token: &Token) -> bool {
    let is_clause = BEHIND_COLUMNS.iter().any(|word| is_word(token, word));
    matches!(token, Token::Word(_)) && !is_clause
}

/// `SELECT * FROM` in the place of a token.
fn select_all(place: &TokenWithSpan) -> impl Iterator<Item = TokenWithSpan> {
    let span = place.span;
    [
        Token::make_keyword("SELECT"),
        Token::Mul,
        Token::make_keyword("FROM"),
    ]
    .into_iter()
    .map(move |token| TokenWithSpan::new(token, span))
}

fn is_solid(token: &&Token) -> bool {
    !matches!(token, Token::Whitespace(_))
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(it) if it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use crate::sql::{Statement, parse_one};

    #[test]
    fn tables_are_queries() {
        for (sql, expected) in [
            (
                "TABLE t ORDER BY a LIMIT 1",
                "SELECT * FROM t ORDER BY a LIMIT 1",
            ),
            (
                "SELECT * FROM (TABLE s.t) AS u",
                "SELECT * FROM (SELECT * FROM s.t) AS u",
            ),
            (
                "WITH w AS (TABLE t) TABLE w UNION TABLE \"T\"",
                "WITH w AS (SELECT * FROM t) SELECT * FROM w UNION SELECT * FROM \"T\"",
            ),
        ] {
            let Ok(Statement::Query(query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            assert_eq!(query.to_string(), expected);
        }
    }
}
