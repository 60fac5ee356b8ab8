//! The clauses that say how and where PostgreSQL keeps a relation, as far as they name its defaults, which
//! clients write: `USING heap`, `WITHOUT OIDS`, `TABLESPACE pg_default`. They change nothing.

use super::cursor::{Failure, Parsed, Parser};
use super::options::Options;
use crate::error::{Error, SqlState};
use crate::models::storage_parameters;

/// The access method of tables.
const HEAP: &str = "heap";

/// The tablespace of a database's relations.
const DEFAULT_TABLESPACE: &str = "pg_default";

/// The tablespace of what all databases share.
const SHARED_TABLESPACE: &str = "pg_global";

/// Whether rows have numbers of their own, which tables had until PostgreSQL 11.
const OIDS: &str = "oids";

/// `USING heap`, where it is next.
pub(super) fn parse_method(parser: &mut Parser) -> Parsed<()> {
    if !parser.take_word("USING") {
        return Ok(());
    }
    let place = parser.error_here(Error::internal(""));
    let name = parser.identifier()?;
    if name == HEAP {
        return Ok(());
    }
    let message = format!("access method \"{name}\" does not exist");
    Err(place.with_error(Error::new(SqlState::UNDEFINED_OBJECT, message)))
}

/// `WITH (option = value, ...)` or `WITHOUT OIDS`, where one is next.
pub(super) fn parse_options(parser: &mut Parser) -> Parsed<Options> {
    if parser.take_words(&["WITHOUT", "OIDS"]) {
        return Ok(Options::default());
    }
    let place = parser.error_here(Error::internal(""));
    let mut options = Options::parse_with(parser)?;
    match options.get(OIDS) {
        None => Ok(options),
        Some("false" | "off" | "0") => {
            options.0.retain(|(name, _)| name != OIDS);
            Ok(options)
        }
        Some("true" | "on" | "1") => Err(place.with_error(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "tables declared WITH OIDS are not supported",
        ))),
        Some(_) => Err(place.with_error(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("{OIDS} requires a Boolean value"),
        ))),
    }
}

/// `WITH (option = value, ...)` and `USING INDEX TABLESPACE pg_default` of a key, where they are next: its index
/// is kept as it is kept.
pub(super) fn parse_index_clauses(parser: &mut Parser) -> Parsed<()> {
    let options = Options::parse_with(parser)?;
    storage_parameters::check_index("btree", &options)
        .map_err(|error| Failure::Told(error, None))?;
    if parser.peek_word(2).as_deref() == Some("TABLESPACE")
        && parser.take_words(&["USING", "INDEX"])
    {
        parse_tablespace(parser)?;
    }
    Ok(())
}

/// `TABLESPACE pg_default`, where it is next.
pub(super) fn parse_tablespace(parser: &mut Parser) -> Parsed<()> {
    if !parser.take_word("TABLESPACE") {
        return Ok(());
    }
    let place = parser.error_here(Error::internal(""));
    let error = match parser.identifier()?.as_str() {
        DEFAULT_TABLESPACE => return Ok(()),
        SHARED_TABLESPACE => Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("only shared relations can be placed in {SHARED_TABLESPACE} tablespace"),
        ),
        name => Error::new(
            SqlState::UNDEFINED_OBJECT,
            format!("tablespace \"{name}\" does not exist"),
        ),
    };
    Err(place.with_error(error))
}
