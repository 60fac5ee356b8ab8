//! The options of identity columns, which may be written in any order: sqlparser knows one.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// The first words of options, in sqlparser's order. The sequence of an identity column is named after
/// the column, whatever `SEQUENCE NAME` says.
const ORDER: [&str; 6] = [
    "INCREMENT",
    "MINVALUE",
    "MAXVALUE",
    "START",
    "CACHE",
    "CYCLE",
];

/// Puts the options behind each `AS IDENTITY (` into sqlparser's order.
pub(super) fn put_in_order(tokens: &mut Vec<TokenWithSpan>) {
    let mut from = 0;
    while let Some(open) = next_list(tokens, from) {
        let length = tokens[open..]
            .iter()
            .position(|it| it.token == Token::RParen);
        let Some(length) = length else {
            return;
        };
        let written = tokens.splice(open..open + length, []);
        let ordered = ordered(written.filter(|it| !is_blank(it)).collect());
        from = open + ordered.len();
        tokens.splice(open..open, ordered);
    }
}

/// Where the next list of options begins.
fn next_list(tokens: &[TokenWithSpan], from: usize) -> Option<usize> {
    let mut last = ["", ""];
    for (place, token) in tokens.iter().enumerate().skip(from) {
        if is_blank(token) {
            continue;
        }
        let known = ["AS", "IDENTITY"].into_iter().find(|word| is(token, word));
        if token.token == Token::LParen && last == ["AS", "IDENTITY"] {
            return Some(place + 1);
        }
        last = [last[1], known.unwrap_or_default()];
    }
    None
}

fn ordered(written: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut options: Vec<(usize, Vec<TokenWithSpan>)> = Vec::new();
    let mut is_negated = false;
    let mut is_name = false;
    for token in written {
        let rank = ORDER.iter().position(|word| is(&token, word));
        let begins = is(&token, "NO") || rank.is_some() || is(&token, "SEQUENCE");
        if begins && !is_negated {
            is_name = is(&token, "SEQUENCE");
            options.push((0, Vec::new()));
        }
        is_negated = is(&token, "NO");
        if is_name {
            continue;
        }
        match options.last_mut() {
            Some((known, option)) => {
                *known = rank.unwrap_or(*known);
                option.push(token);
            }
            // What is none is told by who parses it.
            None => options.push((0, vec![token])),
        }
    }
    options.sort_by_key(|(rank, _)| *rank);
    options.into_iter().flat_map(|(_, option)| option).collect()
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn is(token: &TokenWithSpan, wanted: &str) -> bool {
    match &token.token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}
