//! Operators as PostgreSQL cuts them out of a text.

use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

/// Characters of which an operator needs one to end in a sign.
const ODD: &[char] = &['~', '!', '@', '#', '%', '^', '&', '|', '`', '?'];

/// Takes the signs off the end of operators that cannot end in one, as PostgreSQL's lexer does
/// (`scan.l`): `1<-1` compares two numbers.
pub(super) fn without_signs(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let has_sign = |token: &TokenWithSpan| signs(&token.token) > 0;
    if !tokens.iter().any(has_sign) {
        return tokens;
    }
    let mut cut = Vec::with_capacity(tokens.len() + 1);
    for token in tokens {
        let signs = signs(&token.token);
        let (Token::CustomBinaryOperator(operator), 1..) = (&token.token, signs) else {
            cut.push(token);
            continue;
        };
        let (operator, signs) = operator.split_at(operator.len() - signs);
        let Span { start, end } = token.span;
        let mut at = Location::new(end.line, end.column.saturating_sub(signs.len() as u64));
        cut.push(TokenWithSpan::new(plain(operator), Span::new(start, at)));
        for sign in signs.chars() {
            let sign = match sign {
                '-' => Token::Minus,
                _ => Token::Plus,
            };
            let next = Location::new(at.line, at.column + 1);
            cut.push(TokenWithSpan::new(sign, Span::new(at, next)));
            at = next;
        }
    }
    cut
}

/// How many signs at the end of an operator are none of it.
fn signs(token: &Token) -> usize {
    let Token::CustomBinaryOperator(operator) = token else {
        return 0;
    };
    if operator.contains(ODD) {
        return 0;
    }
    // One character always stays.
    let ends = operator.bytes().skip(1).rev();
    ends.take_while(|byte| matches!(byte, b'-' | b'+')).count()
}

fn plain(operator: &str) -> Token {
    match operator {
        "<" => Token::Lt,
        ">" => Token::Gt,
        "=" => Token::Eq,
        "<=" => Token::LtEq,
        ">=" => Token::GtEq,
        "<>" => Token::Neq,
        "+" => Token::Plus,
        "-" => Token::Minus,
        "*" => Token::Mul,
        "/" => Token::Div,
        other => Token::CustomBinaryOperator(other.to_owned()),
    }
}
