//! `SET [SESSION | LOCAL] name = value | TO value | DEFAULT`, `SET TIME ZONE value | INTERVAL offset`,
//! `SET [SESSION CHARACTERISTICS AS] TRANSACTION modes`, `RESET name | ALL`,
//! `SET CONSTRAINTS ALL | name, ... DEFERRED | IMMEDIATE`,
//! `SET [SESSION | LOCAL] ROLE name | NONE`, `RESET ROLE`,
//! `SET [SESSION | LOCAL] SESSION AUTHORIZATION name | DEFAULT`, `RESET SESSION AUTHORIZATION`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted};
use super::options::Literal;
use super::transaction::{self, Mode};
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Gives a setting a value; `None` is `DEFAULT`. A list value is joined by `, `.
    Value {
        /// The setting, in lower case.
        name: String,
        /// Its new value, as text.
        value: Option<String>,
        /// Whether it lasts until the transaction's end alone.
        local: bool,
    },
    /// `SET TRANSACTION`.
    Modes {
        /// The modes.
        modes: Vec<Mode>,
        /// Whether they are those of transactions to come: `SET SESSION CHARACTERISTICS`.
        of_session: bool,
    },
    /// `RESET`.
    Reset {
        /// The setting, in lower case.
        name: String,
    },
    /// `RESET ALL`.
    ResetAll,
    /// `SET CONSTRAINTS`.
    Constraints {
        /// Which; all that can be where none is named.
        names: Vec<ObjectName>,
        /// Whether they are looked at when the transaction ends, and not after each statement.
        deferred: bool,
    },
    /// `SET ROLE` and `SET SESSION AUTHORIZATION`.
    Authorization {
        /// Whose rights count from now on; none for those that the session began with.
        role: Option<String>,
        /// Whether the session is that role's, and not only what it does.
        of_session: bool,
        /// Whether it lasts until the transaction's end alone.
        local: bool,
        /// Whether it is said as `RESET`.
        resets: bool,
    },
}

impl Set {
    /// Parses `SET`.
    pub(super) fn parse_set(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["SET"])?;
        if parser.take_words(&["SESSION", "CHARACTERISTICS", "AS", "TRANSACTION"]) {
            return parse_modes(parser, true);
        }
        if !is_assignment(parser) && parser.take_word("TRANSACTION") {
            if parser.peek_word(0).as_deref() == Some("SNAPSHOT") {
                return parser.unsupported_here("SET TRANSACTION SNAPSHOT");
            }
            return parse_modes(parser, false);
        }
        let session = matches!(parser.peek_word(1).as_deref(), Some("AUTHORIZATION"));
        let local = parser.take_word("LOCAL");
        if !local && !session && !is_assignment(parser) {
            let _ = parser.take_word("SESSION");
        }
        if !is_assignment(parser) {
            let of_session = parser.take_words(&["SESSION", "AUTHORIZATION"]);
            if of_session || parser.take_word("ROLE") {
                return Self::parse_authorization(parser, of_session, local);
            }
            if parser.take_word("CONSTRAINTS") {
                return Self::parse_constraints(parser);
            }
        }
        let (name, value) = if parser.take_words(&["TIME", "ZONE"]) {
            let value = if parser.take_word("LOCAL") || parser.take_word("DEFAULT") {
                None
            } else if parser.take_word("INTERVAL") {
                Some(parse_offset(parser)?)
            } else {
                Some(parse_value(parser)?)
            };
            ("timezone".to_owned(), value)
        } else if !is_assignment(parser) && parser.take_word("NAMES") {
            ("client_encoding".to_owned(), parse_values(parser, false)?)
        } else if !is_assignment(parser) && parser.take_word("SCHEMA") {
            ("search_path".to_owned(), parse_values(parser, true)?)
        } else {
            let name = parse_setting_name(parser)?;
            if !parser.consume_token(&Token::Eq) && !parser.take_word("TO") {
                return parser.fail("TO");
            }
            let value = parse_values(parser, name == SEARCH_PATH)?;
            (name, value)
        };
        Ok(Self::Value { name, value, local })
    }

    fn parse_constraints(parser: &mut Parser) -> Parsed<Self> {
        let mut names = Vec::new();
        if !parser.take_word("ALL") {
            names.push(parser.object_name()?);
            while parser.consume_token(&Token::Comma) {
                names.push(parser.object_name()?);
            }
        }
        let deferred = parser.take_word("DEFERRED");
        if !deferred {
            parser.expect_words(&["IMMEDIATE"])?;
        }
        Ok(Self::Constraints { names, deferred })
    }

    fn parse_authorization(parser: &mut Parser, of_session: bool, local: bool) -> Parsed<Self> {
        let none = if of_session { "DEFAULT" } else { "NONE" };
        let is_text = matches!(
            parser.peek_token_ref().token,
            Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_)
        );
        let role = if is_text {
            Some(parser.string()?)
        } else if parser.take_word(none) {
            None
        } else {
            Some(parser.identifier()?)
        };
        // As in PostgreSQL, no role has this name, with quotes or without.
        let role = role.filter(|role| of_session || role != "none");
        Ok(Self::Authorization {
            role,
            of_session,
            local,
            resets: false,
        })
    }

    /// Parses `RESET`.
    pub(super) fn parse_reset(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["RESET"])?;
        let name = if parser.take_word("ALL") {
            return Ok(Self::ResetAll);
        } else if parser.peek_word(0).as_deref() == Some("ROLE")
            || parser.peek_word(1).as_deref() == Some("AUTHORIZATION")
        {
            let of_session = parser.take_words(&["SESSION", "AUTHORIZATION"]);
            if !of_session {
                parser.expect_words(&["ROLE"])?;
            }
            return Ok(Self::Authorization {
                role: None,
                of_session,
                local: false,
                resets: true,
            });
        } else if parser.take_words(&["TIME", "ZONE"]) {
            "timezone".to_owned()
        } else if parser.take_words(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
            "transaction_isolation".to_owned()
        } else {
            parse_setting_name(parser)?
        };
        Ok(Self::Reset { name })
    }
}

/// The setting whose value is a list of names.
pub(super) const SEARCH_PATH: &str = "search_path";

/// Whether the next word is a setting's name before `=` or `TO`.
fn is_assignment(parser: &Parser) -> bool {
    matches!(
        parser.peek_nth_token_ref(1).token,
        Token::Eq | Token::Period
    ) || parser.peek_word(1).as_deref() == Some("TO")
}

/// `name` or `prefix.name`, in lower case.
pub(super) fn parse_setting_name(parser: &mut Parser) -> Parsed<String> {
    Ok(parser.name_parts()?.join(".").to_lowercase())
}

/// A setting's name as SQL text.
pub(super) struct Setting<'a>(pub(super) &'a str);

impl fmt::Display for Setting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('.').enumerate() {
            let separator = if index == 0 { "" } else { "." };
            write!(f, "{separator}{}", Quoted(part))?;
        }
        Ok(())
    }
}

/// `'+02:00' [HOUR [TO MINUTE]]`, how far a time zone is east of Greenwich; as POSIX writes that.
fn parse_offset(parser: &mut Parser) -> Parsed<String> {
    let place = parser.error_here(Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        "invalid interval value for time zone",
    ));
    let text = parser.string()?;
    if parser.take_word("HOUR") && parser.take_word("TO") {
        parser.expect_words(&["MINUTE"])?;
    }
    let (sign, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', text.trim().trim_start_matches('+')),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    match (hours.parse::<u8>(), minutes.parse::<u8>()) {
        (Ok(hours @ 0..=15), Ok(minutes @ 0..=59)) => {
            let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
            let east = if sign == '-' { -seconds } else { seconds };
            tributary_udfs::posix_zone(east).ok_or(place)
        }
        _ => Err(place),
    }
}

fn parse_value(parser: &mut Parser) -> Parsed<String> {
    let token = parser.next_token();
    let text = match token.token {
        Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => text,
        Token::Number(number, _) => number,
        Token::Plus => return parse_value(parser),
        Token::Minus => match parser.next_token().token {
            Token::Number(number, _) => format!("-{number}"),
            _ => return Ok(parser.expected("a value", token)?),
        },
        Token::Word(Word {
            value,
            quote_style: Some(_),
            ..
        }) => value,
        Token::Word(word) => word.value.to_ascii_lowercase(),
        _ => return Ok(parser.expected("a value", token)?),
    };
    Ok(text)
}

/// One value or several; `None` for `DEFAULT`. Names in a list of names keep their quotes.
fn parse_values(parser: &mut Parser, names: bool) -> Parsed<Option<String>> {
    if parser.take_word("DEFAULT") {
        return Ok(None);
    }
    let mut values = Vec::new();
    loop {
        let value = parse_value(parser)?;
        values.push(if names {
            Quoted(&value).to_string()
        } else {
            value
        });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    Ok(Some(values.join(", ")))
}

fn parse_modes(parser: &mut Parser, of_session: bool) -> Parsed<Set> {
    let modes = transaction::modes(parser)?;
    match modes.is_empty() {
        true => parser.fail("a transaction mode"),
        false => Ok(Set::Modes { modes, of_session }),
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value, local) = match self {
            Self::Value { name, value, local } => (name, value, local),
            Self::Modes { modes, of_session } => {
                f.write_str(match of_session {
                    true => "SET SESSION CHARACTERISTICS AS TRANSACTION",
                    false => "SET TRANSACTION",
                })?;
                return transaction::write_modes(f, modes);
            }
            Self::Constraints { names, deferred } => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                let names = match names.as_slice() {
                    [] => "ALL".to_owned(),
                    names => names.join(", "),
                };
                let when = if *deferred { "DEFERRED" } else { "IMMEDIATE" };
                return write!(f, "SET CONSTRAINTS {names} {when}");
            }
            Self::Reset { name } => return write!(f, "RESET {}", Setting(name)),
            Self::ResetAll => return f.write_str("RESET ALL"),
            Self::Authorization {
                role,
                of_session,
                local,
                resets,
            } => {
                let (what, none) = match of_session {
                    true => ("SESSION AUTHORIZATION", "DEFAULT"),
                    false => ("ROLE", "NONE"),
                };
                if *resets {
                    return write!(f, "RESET {what}");
                }
                let local = if *local { "LOCAL " } else { "" };
                write!(f, "SET {local}{what} ")?;
                return match role {
                    Some(role) => write!(f, "{}", Quoted(role)),
                    None => f.write_str(none),
                };
            }
        };
        let local = if *local { "LOCAL " } else { "" };
        write!(f, "SET {local}{} TO ", Setting(name))?;
        match value {
            None => f.write_str("DEFAULT"),
            Some(value) => write_value(f, name, value),
        }
    }
}

/// Names in a list of names keep their quotes.
fn write_value(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    match name {
        SEARCH_PATH => f.write_str(value),
        _ => write!(f, "{}", Literal(value)),
    }
}

/// A setting and its value as `SET` says them.
pub(super) struct SettingValue<'a>(pub(super) &'a str, pub(super) &'a str);

impl fmt::Display for SettingValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SET {} TO ", Setting(self.0))?;
        write_value(f, self.0, self.1)
    }
}
