//! `ALTER FUNCTION | ROUTINE name [([argument] type, ...)] action`, of which an action is `RENAME TO name`,
//! `OWNER TO role`, `SET SCHEMA schema` or options: `IMMUTABLE | STABLE | VOLATILE`,
//! `STRICT | RETURNS NULL ON NULL INPUT | CALLED ON NULL INPUT`, `[EXTERNAL] SECURITY INVOKER | DEFINER`,
//! `[NOT] LEAKPROOF`, `PARALLEL SAFE | RESTRICTED | UNSAFE`, `COST n`, `ROWS n`,
//! `SET name = value | TO value | FROM CURRENT` and `RESET name | ALL`.

use std::fmt;

use super::create_function::{CreateFunction, Volatility};
use super::cursor::{Parsed, Parser};
use super::drop_function::FunctionName;
use super::function_hints::FunctionHints;
use super::function_settings::FunctionSetting;
use super::name::Quoted;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterFunction {
    /// The function.
    pub function: FunctionName,
    /// What becomes of it.
    pub action: Action,
}

/// What becomes of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `RENAME TO`.
    RenameTo(String),
    /// `OWNER TO`.
    OwnerTo(String),
    /// `SET SCHEMA`.
    SetSchema(String),
    /// What is said of how it is called.
    Options(Changes),
}

/// Options that a function gets; none stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What its answer depends on.
    pub volatility: Option<Volatility>,
    /// Whether it is NULL where an argument is.
    pub strict: Option<bool>,
    /// Whether it reads with the rights of its owner.
    pub security_definer: Option<bool>,
    /// What planners are told of it.
    pub hints: FunctionHints,
    /// What becomes of its settings.
    pub settings: Vec<FunctionSetting>,
}

impl Changes {
    /// Gives a function these options, but for the settings.
    pub fn apply(&self, create: &mut CreateFunction) {
        create.volatility = self.volatility.unwrap_or(create.volatility);
        create.strict = self.strict.unwrap_or(create.strict);
        create.security_definer = self.security_definer.unwrap_or(create.security_definer);
        create.hints = self.hints.or(&create.hints);
    }

    /// Parses one option, if one is next.
    fn take(&mut self, parser: &mut Parser) -> Parsed<bool> {
        let twice = parser.error_here(Error::new(
            SqlState::SYNTAX_ERROR,
            "conflicting or redundant options",
        ));
        let is_first = if let Some(is_first) = self.hints.take(parser)? {
            is_first
        } else if let Some(setting) = FunctionSetting::take(parser)? {
            self.settings.push(setting);
            true
        } else if parser.take_word("IMMUTABLE") {
            self.volatility.replace(Volatility::Immutable).is_none()
        } else if parser.take_word("STABLE") {
            self.volatility.replace(Volatility::Stable).is_none()
        } else if parser.take_word("VOLATILE") {
            self.volatility.replace(Volatility::Volatile).is_none()
        } else if parser.take_word("STRICT")
            || parser.take_words(&["RETURNS", "NULL", "ON", "NULL", "INPUT"])
        {
            self.strict.replace(true).is_none()
        } else if parser.take_words(&["CALLED", "ON", "NULL", "INPUT"]) {
            self.strict.replace(false).is_none()
        } else if parser.take_words(&["SECURITY", "INVOKER"])
            || parser.take_words(&["EXTERNAL", "SECURITY", "INVOKER"])
        {
            self.security_definer.replace(false).is_none()
        } else if parser.take_words(&["SECURITY", "DEFINER"])
            || parser.take_words(&["EXTERNAL", "SECURITY", "DEFINER"])
        {
            self.security_definer.replace(true).is_none()
        } else {
            return Ok(false);
        };
        match is_first {
            true => Ok(true),
            false => Err(twice),
        }
    }
}

impl AlterFunction {
    /// Parses the statement after `ALTER`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        if !parser.take_word("ROUTINE") {
            parser.expect_words(&["FUNCTION"])?;
        }
        let function = FunctionName::parse(parser)?;
        let action = Action::parse(parser)?;
        Ok(Self { function, action })
    }
}

impl Action {
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_words(&["RENAME", "TO"]) {
            return parser.identifier().map(Self::RenameTo);
        }
        if parser.take_words(&["OWNER", "TO"]) {
            return parser.identifier().map(Self::OwnerTo);
        }
        if parser.take_words(&["SET", "SCHEMA"]) {
            return parser.identifier().map(Self::SetSchema);
        }
        for word in ["DEPENDS", "SUPPORT"] {
            if parser.peek_word(0).as_deref() == Some(word) {
                return parser.unsupported_here(format_args!("{word} of ALTER FUNCTION"));
            }
        }
        let mut changes = Changes::default();
        if !changes.take(parser)? {
            return parser.fail("RENAME TO, OWNER TO, SET SCHEMA or an option");
        }
        while changes.take(parser)? {}
        let _ = parser.take_word("RESTRICT");
        Ok(Self::Options(changes))
    }
}

impl fmt::Display for AlterFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER FUNCTION {}", self.function)?;
        match &self.action {
            Action::RenameTo(name) => write!(f, " RENAME TO {}", Quoted(name)),
            Action::OwnerTo(role) => write!(f, " OWNER TO {}", Quoted(role)),
            Action::SetSchema(schema) => write!(f, " SET SCHEMA {}", Quoted(schema)),
            Action::Options(changes) => changes.fmt(f),
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(volatility) = self.volatility {
            write!(f, " {}", volatility.as_str())?;
        }
        match self.strict {
            Some(true) => f.write_str(" STRICT")?,
            Some(false) => f.write_str(" CALLED ON NULL INPUT")?,
            None => {}
        }
        match self.security_definer {
            Some(true) => f.write_str(" SECURITY DEFINER")?,
            Some(false) => f.write_str(" SECURITY INVOKER")?,
            None => {}
        }
        self.hints.fmt(f)?;
        for setting in &self.settings {
            write!(f, " {setting}")?;
        }
        Ok(())
    }
}
