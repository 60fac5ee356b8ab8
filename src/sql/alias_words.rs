//! Words that name things in Postgres, and begin something else to sqlparser.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Has `AT` behind a name be a name, as of `pg_attribute at`, unless it begins `AT TIME ZONE`:
/// sqlparser takes it for a version of the table.
pub(super) fn make_names(tokens: &mut [TokenWithSpan]) {
    let is_space = |token: &Token| matches!(token, Token::Whitespace(_));
    for place in 1..tokens.len() {
        let (before, after) = tokens.split_at(place);
        let Some((at, after)) = after.split_first() else {
            return;
        };
        let next = |token: &&TokenWithSpan| !is_space(&token.token);
        let follows_name = before.iter().rev().find(next).is_some_and(
            |token| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::NoKeyword),
        );
        let is_zone = after.iter().find(next).is_some_and(
            |token| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::TIME),
        );
        let is_at = matches!(&at.token, Token::Word(word) if word.keyword == Keyword::AT);
        if is_at && follows_name && !is_zone {
            name(&mut tokens[place].token);
        }
    }
}

/// The word as it would be in quotation marks.
fn name(token: &mut Token) {
    if let Token::Word(word) = token {
        word.value.make_ascii_lowercase();
        word.quote_style = Some('"');
        word.keyword = Keyword::NoKeyword;
    }
}
