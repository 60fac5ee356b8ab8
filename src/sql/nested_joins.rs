//! `a JOIN b LEFT JOIN c ON ... ON ...`: joins whose conditions stand behind further joins, which sqlparser reads
//! only with parentheses around what is joined.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// A join of which the condition has not come yet.
struct Open {
    /// The token behind its `JOIN`.
    operand: usize,
    /// Whether what it joins is a join itself.
    is_nested: bool,
}

/// Puts parentheses around joins that are joined without.
pub(super) fn in_parentheses(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let joins = tokens
        .iter()
        .filter(|token| is_keyword(&token.token, &[Keyword::JOIN]));
    if joins.count() < 2 {
        return tokens;
    }
    // For each parenthesis that is open.
    let mut open: Vec<Vec<Open>> = vec![Vec::new()];
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        let Some(joins) = open.last_mut() else {
            return tokens;
        };
        match &token.token {
            Token::LParen => open.push(Vec::new()),
            Token::RParen => {
                open.pop();
            }
            Token::SemiColon => open = vec![Vec::new()],
            token if is_keyword(token, &[Keyword::JOIN]) => {
                if let Some(outer) = joins.last_mut() {
                    outer.is_nested = true;
                }
                if has_condition(&tokens[..at]) {
                    joins.push(Open {
                        operand: at + 1,
                        is_nested: false,
                    });
                }
            }
            token if is_keyword(token, &[Keyword::ON, Keyword::USING]) => {
                if let Some(join) = joins.pop().filter(|join| join.is_nested) {
                    opened.push(join.operand);
                    closed.push(at);
                }
            }
            _ => {}
        }
    }
    if opened.is_empty() {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len() + 2 * opened.len());
    for (at, token) in tokens.into_iter().enumerate() {
        let place = |parenthesis| TokenWithSpan::new(parenthesis, token.span);
        let of = |places: &[usize]| places.iter().filter(|place| **place == at).count();
        out.extend((0..of(&closed)).map(|_| place(Token::RParen)));
        out.extend((0..of(&opened)).map(|_| place(Token::LParen)));
        out.push(token);
    }
    out
}

/// Whether the join of which these tokens are before `JOIN` has a condition.
fn has_condition(before: &[TokenWithSpan]) -> bool {
    let kinds = [
        Keyword::INNER,
        Keyword::LEFT,
        Keyword::RIGHT,
        Keyword::FULL,
        Keyword::OUTER,
    ];
    let mut words = before.iter().rev().map(|token| &token.token);
    let behind =
        words.find(|token| !matches!(token, Token::Whitespace(_)) && !is_keyword(token, &kinds));
    !behind.is_some_and(|token| is_keyword(token, &[Keyword::CROSS, Keyword::NATURAL]))
}

fn is_keyword(token: &Token, keywords: &[Keyword]) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && keywords.contains(&word.keyword))
}

#[cfg(test)]
mod tests {
    use crate::sql::parse_one;

    #[test]
    fn conditions_are_those_of_the_joins_before_them() {
        for (sql, read) in [
            (
                "SELECT * FROM a JOIN b LEFT JOIN c ON x ON y",
                "SELECT * FROM a JOIN (b LEFT JOIN c ON x) ON y",
            ),
            (
                "SELECT * FROM a LEFT JOIN b LEFT JOIN c JOIN d ON x ON y ON z JOIN e USING(v)",
                "SELECT * FROM a LEFT JOIN (b LEFT JOIN (c JOIN d ON x) ON y) ON z JOIN e USING(v)",
            ),
            (
                "SELECT * FROM a JOIN b CROSS JOIN c ON x",
                "SELECT * FROM a JOIN (b CROSS JOIN c) ON x",
            ),
            (
                "SELECT * FROM a JOIN b NATURAL LEFT JOIN c ON x WHERE EXISTS (SELECT 1 FROM d JOIN e ON y)",
                "SELECT * FROM a JOIN (b NATURAL LEFT JOIN c) ON x WHERE EXISTS (SELECT 1 FROM d JOIN e ON y)",
            ),
        ] {
            assert_eq!(parse_one(sql).unwrap().to_string(), read);
        }
    }

    #[test]
    fn other_joins_stay_as_they_are() {
        for sql in [
            "SELECT * FROM a JOIN b ON x LEFT JOIN c ON y",
            "SELECT * FROM a NATURAL JOIN b JOIN c ON x CROSS JOIN d",
            "SELECT * FROM a CROSS JOIN b JOIN c USING(x), d JOIN e ON y",
        ] {
            assert_eq!(parse_one(sql).unwrap().to_string(), sql);
        }
    }
}
