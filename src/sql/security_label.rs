//! `SECURITY LABEL [FOR provider] ON kind name IS 'label' | NULL`, which is refused as PostgreSQL refuses it where no
//! provider of labels was loaded, whatever the object: this server loads none.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Statement;
use super::cursor::{Failure, Parsed, Parser};
use crate::error::{Error, SqlState};

/// Parses the statement, and refuses it.
pub(super) fn refuse(parser: &mut Parser) -> Parsed<Statement> {
    parser.expect_words(&["SECURITY", "LABEL"])?;
    let provider = match parser.take_word("FOR") {
        true => Some(match &parser.peek_token_ref().token {
            Token::Word(_) => parser.identifier()?,
            _ => parser.string()?,
        }),
        false => None,
    };
    parser.expect_words(&["ON"])?;
    let mut is_named = false;
    while !parser.at_end() && parser.peek_word(0).as_deref() != Some("IS") {
        parser.advance_token();
        is_named = true;
    }
    if !is_named {
        return parser.fail("a kind of object");
    }
    parser.expect_words(&["IS"])?;
    if !parser.take_word("NULL") {
        parser.string()?;
    }
    if !parser.at_end() {
        return parser.fail("the end of the statement");
    }
    let message = match provider {
        Some(provider) => format!("security label provider \"{provider}\" is not loaded"),
        None => "no security label providers have been loaded".to_owned(),
    };
    let error = Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    Err(Failure::Told(error, None))
}
