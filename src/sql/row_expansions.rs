//! `(name).*`, all columns of the row that a relation's name stands for, which is `name.*`. sqlparser
//! knows no `.*` behind parentheses.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

/// Words behind which a list of answers begins.
const BEFORE_ANSWERS: [&str; 4] = ["SELECT", "ALL", "DISTINCT", "RETURNING"];

/// Leaves out such parentheses where an answer of a query begins.
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
            ("SELECT (s) * 2 FROM s", "SELECT (s) * 2 FROM s"),
        ] {
            let Ok(Statement::Query(query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            assert_eq!(query.to_string(), expected);
        }
    }
}
