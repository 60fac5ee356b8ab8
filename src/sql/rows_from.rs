//! `ROWS FROM (f(x), g(y))`: the rows of functions side by side. To sqlparser it is a function of a name that
//! nothing else has, whose arguments are the calls; it is displayed as it was written.

use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArguments, Ident, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

/// The name, which is that of nothing else, for blanks are in no name without quotes.
const NAME: &str = "ROWS FROM";

/// Words that no function is called by.
const NO_FUNCTIONS: [Keyword; 5] = [
    Keyword::LATERAL,
    Keyword::SELECT,
    Keyword::TABLE,
    Keyword::VALUES,
    Keyword::WITH,
];

/// Makes one name of the two words.
pub(super) fn one_name(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let solid = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut last: Option<&Token> = None;
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        let mut behind = rest.clone().filter(solid);
        if is_word(&token.token, "ROWS")
            && last.is_some_and(is_before_relations)
            && let Some(from) = behind.next()
            && is_word(&from.token, "FROM")
            && begins_call(behind.map(|token| &token.token))
        {
            // What is between the words is blank.
            rest.find(|token| solid(token));
            out.push(TokenWithSpan::new(
                Token::Word(Word {
                    value: NAME.to_owned(),
                    quote_style: None,
                    keyword: Keyword::NoKeyword,
                }),
                Span::new(token.span.start, from.span.end),
            ));
        } else {
            out.push(token.clone());
        }
        if solid(&token) {
            last = Some(&token.token);
        }
    }
    out
}

/// Whether a relation of `FROM` may stand behind a token.
fn is_before_relations(token: &Token) -> bool {
    let words = ["FROM", "JOIN", "LATERAL"];
    *token == Token::Comma || words.iter().any(|word| is_word(token, word))
}

/// Whether tokens begin with a call within parentheses: behind a column that is called `rows` a relation may
/// stand there.
fn begins_call<'a>(mut tokens: impl Iterator<Item = &'a Token>) -> bool {
    if tokens.next() != Some(&Token::LParen) {
        return false;
    }
    loop {
        match tokens.next() {
            Some(Token::Word(word)) if !NO_FUNCTIONS.contains(&word.keyword) => {}
            _ => return false,
        }
        match tokens.next() {
            Some(Token::LParen) => return true,
            Some(Token::Period) => {}
            _ => return false,
        }
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(it) if it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word))
}

/// Whether a name is that of functions side by side.
pub(super) fn is_one(name: &ObjectName) -> bool {
    let is_name = |name: &Ident| name.quote_style.is_none() && name.value == NAME;
    matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(is_name))
}

/// The function that is called, where nothing but its arguments is said of the call.
pub(super) fn called(call: &Expr) -> Option<&Function> {
    let Expr::Function(function) = call else {
        return None;
    };
    let is_plain = function.over.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty()
        && matches!(&function.args, FunctionArguments::List(list)
            if list.clauses.is_empty() && list.duplicate_treatment.is_none());
    is_plain.then_some(function)
}

#[cfg(test)]
mod tests {
    use crate::sql::{Statement, parse_one};

    #[test]
    fn functions_side_by_side_are_displayed_as_they_were_written() {
        for sql in [
            "SELECT * FROM ROWS FROM(f(1), s.g('x')) WITH ORDINALITY AS t (a, b)",
            "SELECT * FROM v, LATERAL ROWS FROM(f(v.a)) AS t",
            "SELECT * FROM v LEFT JOIN ROWS FROM(f(1)) AS t ON true",
        ] {
            assert_eq!(parse_one(sql).unwrap().to_string(), sql);
        }
    }

    #[test]
    fn a_column_may_be_called_rows() {
        for sql in [
            "SELECT rows FROM (SELECT 1 AS rows) AS t",
            "SELECT a, rows FROM (SELECT 1 AS a, 2 AS rows) AS t",
            "SELECT a, rows FROM (VALUES (1, 2)) AS t (a, rows)",
            "SELECT a, rows FROM t",
        ] {
            let statement = parse_one(sql).unwrap();
            assert!(matches!(statement, Statement::Query(_)));
            assert_eq!(statement.to_string(), sql);
        }
    }
}
