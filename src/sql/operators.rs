//! What sqlparser is not to see of a text: operators as PostgreSQL cuts them out of it, and words that it
//! does not know where they stand.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Whitespace};

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

/// Says `a OPERATOR(pg_catalog.=) ANY (b)` as `a = ANY (b)`: behind an operator that is written in full,
/// sqlparser takes no quantifier.
pub(super) fn without_schema(tokens: &mut [TokenWithSpan]) {
    for place in 0..tokens.len() {
        if !is_word(&tokens[place].token, &["operator"]) {
            continue;
        }
        let rest = tokens.iter().enumerate().skip(place + 1);
        let rest = rest.filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
        let next: Vec<usize> = rest.map(|(at, _)| at).take(6).collect();
        let [open, schema, point, operator, close, quantifier] = next[..] else {
            continue;
        };
        let token = |at: usize| &tokens[at].token;
        let is_full = *token(open) == Token::LParen
            && is_word(token(schema), &["pg_catalog"])
            && *token(point) == Token::Period
            && *token(close) == Token::RParen
            && is_word(token(quantifier), &["all", "any", "some"]);
        if !is_full {
            continue;
        }
        tokens[place].token = token(operator).clone();
        for at in [open, schema, point, operator, close] {
            tokens[at].token = Token::Whitespace(Whitespace::Space);
        }
    }
}

/// Leaves out `ONLY` before a table, `FROM ONLY t` and `FROM ONLY (t)`: no table has heirs here.
pub(super) fn without_only(tokens: &mut [TokenWithSpan]) {
    let is_solid = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    for place in 1..tokens.len() {
        if !is_word(&tokens[place].token, &["only"]) {
            continue;
        }
        let mut before = tokens[..place].iter().rev();
        let is_before_table = before.find(|token| is_solid(token)).is_some_and(|token| {
            token.token == Token::Comma || is_word(&token.token, &["from", "join", "using"])
        });
        if !is_before_table {
            continue;
        }
        tokens[place].token = Token::Whitespace(Whitespace::Space);
        let mut next = (place + 1..tokens.len()).filter(|next| is_solid(&tokens[*next]));
        let Some(open) = next.next().filter(|at| tokens[*at].token == Token::LParen) else {
            continue;
        };
        let is_name = |at: &usize| matches!(tokens[*at].token, Token::Word(_) | Token::Period);
        let close = next.find(|at| !is_name(at));
        if let Some(close) = close.filter(|at| tokens[*at].token == Token::RParen) {
            for cut in [open, close] {
                tokens[cut].token = Token::Whitespace(Whitespace::Space);
            }
        }
    }
}

fn is_word(token: &Token, known: &[&str]) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none()
            && known.iter().any(|known| word.value.eq_ignore_ascii_case(known)))
}

/// Says `ORDER BY a USING <` as `ORDER BY a ASC`, and with `>` as `DESC`.
pub(super) fn name_directions(tokens: &mut [TokenWithSpan]) {
    for place in 0..tokens.len() {
        let is_using = matches!(&tokens[place].token, Token::Word(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("using"));
        if !is_using {
            continue;
        }
        let mut rest = tokens.iter().enumerate().skip(place + 1);
        let next = rest.find(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
        let Some((operator, direction)) = next.and_then(|(operator, token)| match token.token {
            Token::Lt => Some((operator, "ASC")),
            Token::Gt => Some((operator, "DESC")),
            _ => None,
        }) else {
            continue;
        };
        tokens[place].token = Token::make_keyword(direction);
        tokens[operator].token = Token::Whitespace(Whitespace::Space);
    }
}

/// Leaves out the cast of a literal before `PRECEDING` or `FOLLOWING`, where sqlparser takes none: the
/// literal is read as what the frame's order needs.
pub(super) fn bare_frame_bounds(tokens: &mut [TokenWithSpan]) {
    let is_blank = |token: &Token| matches!(token, Token::Whitespace(_));
    for place in 0..tokens.len() {
        let is_bound = matches!(&tokens[place].token, Token::Word(word)
            if matches!(word.keyword, Keyword::PRECEDING | Keyword::FOLLOWING));
        if !is_bound {
            continue;
        }
        let before = (0..place).rev();
        let mut solid = before.filter(|before| !is_blank(&tokens[*before].token));
        let (Some(name), Some(colons), Some(literal)) = (solid.next(), solid.next(), solid.next())
        else {
            continue;
        };
        let is_cast = matches!(tokens[name].token, Token::Word(_))
            && tokens[colons].token == Token::DoubleColon
            && matches!(
                tokens[literal].token,
                Token::Number(..) | Token::SingleQuotedString(_)
            );
        if is_cast {
            for cut in [name, colons] {
                tokens[cut].token = Token::Whitespace(Whitespace::Space);
            }
        }
    }
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
