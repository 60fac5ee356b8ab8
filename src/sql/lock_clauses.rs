//! Clauses that lock rows, as sqlparser reads them: it knows two of the strengths, and one name behind
//! `OF`. All strengths are one here (`row_locks.rs`), so that the others are read as these, and a list of
//! names as a clause each. It knows them behind `LIMIT` alone, where PostgreSQL reads them before it, too.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// The tokens of a text with clauses that sqlparser reads.
pub(super) fn spelled_out(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| is_word(token, "FOR")) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        out.push(token.clone());
        place += 1;
        if is_word(token, "FOR") {
            let (clauses, taken) = clauses(&tokens[place..]);
            out.extend(clauses);
            place += taken;
        }
    }
    put_behind_limits(&mut out);
    out
}

/// Puts clauses that stand before `LIMIT`, `OFFSET` and `FETCH` behind these.
fn put_behind_limits(tokens: &mut [TokenWithSpan]) {
    let mut start = 0;
    while start < tokens.len() {
        let mut end = start;
        if is_word(&tokens[start], "FOR") {
            while let Some(next) = clause_end(tokens, end) {
                end = next;
            }
        }
        if end == start {
            start += 1;
            continue;
        }
        match after(tokens, end, &["LIMIT", "OFFSET", "FETCH"]) {
            Some(limit) => {
                let stop = limits_end(tokens, limit);
                tokens[start..stop].rotate_left(end - start);
                start = stop;
            }
            None => start = end,
        }
    }
}

/// The place behind one of these words, where it is what comes next.
fn after(tokens: &[TokenWithSpan], place: usize, words: &[&str]) -> Option<usize> {
    let is_solid = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let next = tokens.get(place..)?.iter().find(is_solid)?;
    let blanks = tokens[place..].iter().take_while(|it| !is_solid(it));
    let found = words.iter().any(|word| is_word(next, word));
    found.then_some(place + blanks.count() + 1)
}

/// Where a clause that begins here ends.
fn clause_end(tokens: &[TokenWithSpan], start: usize) -> Option<usize> {
    let strength = after(tokens, start, &["FOR"])?;
    let strength = after(tokens, strength, &["UPDATE", "SHARE"])?;
    if let Some(of) = after(tokens, strength, &["OF"]) {
        let (_, _, end) = listed(tokens, of);
        return Some(end);
    }
    let skip = after(tokens, strength, &["SKIP"]);
    let wait = skip.and_then(|skip| after(tokens, skip, &["LOCKED"]));
    let wait = wait.or_else(|| after(tokens, strength, &["NOWAIT"]));
    Some(wait.unwrap_or(strength))
}

/// Where what says how many rows there are ends: with the query, or before what follows it in a statement.
fn limits_end(tokens: &[TokenWithSpan], start: usize) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(start) {
        match &token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => return place,
            Token::RParen | Token::RBracket => depth -= 1,
            Token::SemiColon | Token::EOF => return place,
            _ if depth == 0
                && ["FOR", "ON", "RETURNING"]
                    .iter()
                    .any(|it| is_word(token, it)) =>
            {
                return place;
            }
            _ => {}
        }
    }
    tokens.len()
}

/// What follows a `FOR` as sqlparser reads it, and how many tokens it takes the place of.
fn clauses(tokens: &[TokenWithSpan]) -> (Vec<TokenWithSpan>, usize) {
    let solid: Vec<usize> = (0..tokens.len())
        .filter(|place| !matches!(tokens[*place].token, Token::Whitespace(_)))
        .take(4)
        .collect();
    let are = |words: &[&str]| {
        let mut pairs = words.iter().enumerate();
        pairs.all(|(index, word)| {
            let place = solid.get(index);
            place.is_some_and(|place| is_word(&tokens[*place], word))
        })
    };
    let before = if are(&["NO", "KEY", "UPDATE"]) {
        2
    } else if are(&["KEY", "SHARE"]) {
        1
    } else if are(&["UPDATE"]) || are(&["SHARE"]) {
        0
    } else {
        return (Vec::new(), 0);
    };
    let strength = solid[before];
    let mut out = vec![tokens[strength].clone()];
    let end = strength + 1;
    match solid.get(before + 1) {
        Some(of) if is_word(&tokens[*of], "OF") => {}
        _ => return (out, end),
    }
    let (names, wait, end) = listed(tokens, solid[before + 1] + 1);
    let of = &tokens[solid[before + 1]];
    let word = |text: &str| TokenWithSpan::new(Token::make_keyword(text), of.span);
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.extend([word("FOR"), tokens[strength].clone()]);
        }
        out.push(of.clone());
        out.extend(name.iter().cloned());
        out.extend(wait.iter().cloned());
    }
    (out, end)
}

/// Names with commas between them, the words on waiting behind them, and where these end.
fn listed(
    tokens: &[TokenWithSpan],
    start: usize,
) -> (Vec<Vec<TokenWithSpan>>, Vec<TokenWithSpan>, usize) {
    let mut names = vec![Vec::new()];
    let mut end = start;
    let mut wants_name = true;
    for (place, token) in tokens.iter().enumerate().skip(start) {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::Comma if !wants_name => {
                names.push(Vec::new());
                wants_name = true;
            }
            Token::Period if !wants_name => {
                names
                    .last_mut()
                    .into_iter()
                    .for_each(|name| name.push(token.clone()));
                wants_name = true;
            }
            Token::Word(_) if wants_name => {
                names
                    .last_mut()
                    .into_iter()
                    .for_each(|name| name.push(token.clone()));
                wants_name = false;
            }
            _ => break,
        }
        end = place + 1;
    }
    let mut wait = Vec::new();
    let mut wanted: &[&str] = &[];
    for (place, token) in tokens.iter().enumerate().skip(end) {
        if matches!(token.token, Token::Whitespace(_)) {
            continue;
        }
        if wait.is_empty() {
            wanted = match is_word(token, "NOWAIT") {
                true => &["NOWAIT"],
                false => &["SKIP", "LOCKED"],
            };
        }
        match wanted.get(wait.len()) {
            Some(word) if is_word(token, word) => {
                wait.push(token.clone());
                end = place + 1;
            }
            _ => break,
        }
    }
    (names, wait, end)
}

fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    matches!(&token.token, Token::Word(it) if it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word))
}
