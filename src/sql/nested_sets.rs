//! `GROUPING SETS`, `ROLLUP` and `CUBE` among the sets of `GROUPING SETS`: the sets that they stand for, which
//! sqlparser reads. `GROUP BY ALL` before sets keeps those that are there twice, as without the word.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Whitespace};

/// How many expressions `CUBE` takes at most, as in PostgreSQL.
const MOST_IN_CUBE: usize = 12;

/// Says nested sets one after the other.
pub(super) fn spelled_out(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    leave_out_all(&mut tokens);
    if !tokens.iter().any(|token| is(&token.token, Keyword::SETS)) {
        return tokens;
    }
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let Some(token) = rest.first() {
        let Some((inner, behind)) = sets_at(rest).filter(|(inner, _)| has_nested(inner)) else {
            out.push(token.clone());
            rest = &rest[1..];
            continue;
        };
        let span = token.span;
        let word = |keyword: &str| TokenWithSpan::new(Token::make_keyword(keyword), span);
        out.extend([word("GROUPING"), word("SETS")]);
        out.extend(joined(sets_in(inner), span));
        rest = behind;
    }
    out
}

/// `GROUP BY ALL`, where what it is of follows.
fn leave_out_all(tokens: &mut [TokenWithSpan]) {
    let solid: Vec<usize> = (0..tokens.len())
        .filter(|place| !is_blank(&tokens[*place]))
        .collect();
    let sets = [Keyword::ROLLUP, Keyword::CUBE, Keyword::GROUPING];
    for window in solid.windows(4) {
        let &[group, by, all, next] = window else {
            continue;
        };
        if is(&tokens[group].token, Keyword::GROUP)
            && is(&tokens[by].token, Keyword::BY)
            && is(&tokens[all].token, Keyword::ALL)
            && sets.iter().any(|set| is(&tokens[next].token, *set))
        {
            tokens[all].token = Token::Whitespace(Whitespace::Space);
        }
    }
}

/// What stands within the parentheses of `GROUPING SETS (...)` that tokens begin with, and what behind them.
fn sets_at(tokens: &[TokenWithSpan]) -> Option<(&[TokenWithSpan], &[TokenWithSpan])> {
    let behind = behind_word(tokens, Keyword::GROUPING)?;
    enclosed(behind_word(behind, Keyword::SETS)?)
}

/// [`sets_at`] of a word and its parentheses.
fn call_at(
    tokens: &[TokenWithSpan],
    keyword: Keyword,
) -> Option<(&[TokenWithSpan], &[TokenWithSpan])> {
    enclosed(behind_word(tokens, keyword)?)
}

fn behind_word(tokens: &[TokenWithSpan], keyword: Keyword) -> Option<&[TokenWithSpan]> {
    let (first, rest) = trimmed(tokens).split_first()?;
    is(&first.token, keyword).then_some(rest)
}

/// The tokens within parentheses that others begin with, and those behind them.
fn enclosed(tokens: &[TokenWithSpan]) -> Option<(&[TokenWithSpan], &[TokenWithSpan])> {
    let (first, rest) = trimmed(tokens).split_first()?;
    if first.token != Token::LParen {
        return None;
    }
    let mut depth = 1_usize;
    let close = rest.iter().position(|token| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    Some((&rest[..close], &rest[close + 1..]))
}

/// What tokens are but for blanks around them.
fn trimmed(tokens: &[TokenWithSpan]) -> &[TokenWithSpan] {
    let first = tokens.iter().position(|token| !is_blank(token));
    let last = tokens.iter().rposition(|token| !is_blank(token));
    match (first, last) {
        (Some(first), Some(last)) => &tokens[first..=last],
        _ => &[],
    }
}

/// The parts of a list between its commas.
fn parts(tokens: &[TokenWithSpan]) -> Vec<&[TokenWithSpan]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.token == Token::Comma
    });
    parts.map(trimmed).collect()
}

fn has_nested(sets: &[TokenWithSpan]) -> bool {
    parts(sets).into_iter().any(|set| nested(set).is_some())
}

/// The sets of a list, each as one that has no other in it.
fn sets_in(tokens: &[TokenWithSpan]) -> Vec<Vec<TokenWithSpan>> {
    let sets = parts(tokens).into_iter();
    sets.flat_map(|set| nested(set).unwrap_or_else(|| vec![set.to_vec()]))
        .collect()
}

/// The sets that one of a list stands for, where it is not one itself.
fn nested(set: &[TokenWithSpan]) -> Option<Vec<Vec<TokenWithSpan>>> {
    if let Some((inner, [])) = sets_at(set) {
        return Some(sets_in(inner));
    }
    let span = set.first()?.span;
    let of = |keys: Vec<&[TokenWithSpan]>| {
        let keys = keys.into_iter().map(<[TokenWithSpan]>::to_vec);
        joined(keys.collect(), span)
    };
    if let Some((inner, [])) = call_at(set, Keyword::ROLLUP) {
        let keys = keys(inner);
        let sets = (0..=keys.len()).rev();
        return Some(sets.map(|count| of(keys[..count].to_vec())).collect());
    }
    let (inner, []) = call_at(set, Keyword::CUBE)? else {
        return None;
    };
    let keys = keys(inner);
    if keys.len() > MOST_IN_CUBE {
        return None;
    }
    let sets = (0..1_u32 << keys.len()).rev().map(|chosen| {
        // The first key is that of the highest bit.
        let places = keys.iter().rev().enumerate().rev();
        let chosen = places.filter(|(place, _)| chosen & (1 << place) != 0);
        of(chosen.map(|(_, key)| *key).collect())
    });
    Some(sets.collect())
}

/// What `ROLLUP` and `CUBE` take: of several expressions in parentheses all or none.
fn keys(tokens: &[TokenWithSpan]) -> Vec<&[TokenWithSpan]> {
    let keys = parts(tokens).into_iter();
    keys.map(|key| match enclosed(key) {
        Some((inner, [])) => trimmed(inner),
        _ => key,
    })
    .collect()
}

/// Parts with commas between them, in parentheses.
fn joined(parts: Vec<Vec<TokenWithSpan>>, span: Span) -> Vec<TokenWithSpan> {
    let mut out = vec![TokenWithSpan::new(Token::LParen, span)];
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            out.push(TokenWithSpan::new(Token::Comma, span));
        }
        out.extend(part);
    }
    out.push(TokenWithSpan::new(Token::RParen, span));
    out
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn is(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.keyword == keyword)
}

#[cfg(test)]
mod tests {
    use crate::sql::parse_one;

    #[test]
    fn nested_sets_are_those_that_they_stand_for() {
        for (sets, read) in [
            ("GROUPING SETS ((), a)", "GROUPING SETS ((), a)"),
            (
                "GROUPING SETS ((), GROUPING SETS ((a, b), GROUPING SETS (c)))",
                "GROUPING SETS ((), (a, b), c)",
            ),
            (
                "GROUPING SETS (ROLLUP (a, (b, c)), f(a, b))",
                "GROUPING SETS ((a, b, c), (a), (), f(a, b))",
            ),
            (
                "GROUPING SETS (CUBE (a, b), c), ROLLUP (a)",
                "GROUPING SETS ((a, b), (a), (b), (), c), ROLLUP (a)",
            ),
            ("ALL ROLLUP (a), CUBE (b)", "ROLLUP (a), CUBE (b)"),
        ] {
            let query = |sets| format!("SELECT 1 FROM t GROUP BY {sets}");
            assert_eq!(
                parse_one(&query(sets)).unwrap(),
                parse_one(&query(read)).unwrap()
            );
        }
    }
}
