//! What a function says for planners: `[NOT] LEAKPROOF`, `PARALLEL UNSAFE | RESTRICTED | SAFE`, `COST n` and
//! `ROWS n`. All of it is kept and shown, and nothing is planned by it.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use crate::error::{Error, Result, SqlState};

/// What is said; what is not is as if nothing was known of the function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionHints {
    /// Whether it tells nothing of its arguments but by its answer.
    pub leakproof: Option<bool>,
    /// Whether parallel workers may call it.
    pub parallel: Option<Parallel>,
    /// What a call costs.
    pub cost: Option<String>,
    /// How many rows a call gives.
    pub rows: Option<String>,
}

/// Whether parallel workers may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parallel {
    /// No query of it runs in parallel.
    Unsafe,
    /// The leader alone.
    Restricted,
    /// All of them.
    Safe,
}

impl Parallel {
    /// Its word in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsafe => "UNSAFE",
            Self::Restricted => "RESTRICTED",
            Self::Safe => "SAFE",
        }
    }

    /// PostgreSQL's letter for it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Unsafe => "u",
            Self::Restricted => "r",
            Self::Safe => "s",
        }
    }

    fn parse(parser: &mut Parser) -> Parsed<Self> {
        let place = parser.error_here(Error::new(
            SqlState::SYNTAX_ERROR,
            "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE",
        ));
        match parser.identifier()?.as_str() {
            "unsafe" => Ok(Self::Unsafe),
            "restricted" => Ok(Self::Restricted),
            "safe" => Ok(Self::Safe),
            _ => Err(place),
        }
    }
}

impl FunctionHints {
    /// Parses one of them, if one is next; answers whether it was not said before.
    pub(super) fn take(&mut self, parser: &mut Parser) -> Parsed<Option<bool>> {
        Ok(Some(if parser.take_word("LEAKPROOF") {
            self.leakproof.replace(true).is_none()
        } else if parser.take_words(&["NOT", "LEAKPROOF"]) {
            self.leakproof.replace(false).is_none()
        } else if parser.take_word("PARALLEL") {
            let parallel = Parallel::parse(parser)?;
            self.parallel.replace(parallel).is_none()
        } else if parser.take_word("COST") {
            let cost = parse_number(parser)?;
            self.cost.replace(cost).is_none()
        } else if parser.take_word("ROWS") {
            let rows = parse_number(parser)?;
            self.rows.replace(rows).is_none()
        } else {
            return Ok(None);
        }))
    }

    /// What is said here, and of the rest what was said before.
    pub fn or(&self, before: &Self) -> Self {
        Self {
            leakproof: self.leakproof.or(before.leakproof),
            parallel: self.parallel.or(before.parallel),
            cost: self.cost.clone().or_else(|| before.cost.clone()),
            rows: self.rows.clone().or_else(|| before.rows.clone()),
        }
    }

    /// That it can be said of a function, by someone who may.
    ///
    /// # Errors
    /// 22023 for a cost or a number of rows that is not positive, and for a number of rows where there is one at
    /// most; 42501 for `LEAKPROOF` by anyone but a superuser.
    pub fn check(&self, returns_set: bool, is_superuser: bool) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
        if self.cost.as_ref().is_some_and(|it| number(it) <= 0.0) {
            return invalid("COST must be positive");
        }
        if self.rows.as_ref().is_some_and(|it| number(it) <= 0.0) {
            return invalid("ROWS must be positive");
        }
        if self.rows.is_some() && !returns_set {
            return invalid("ROWS is not applicable when function does not return a set");
        }
        if self.leakproof == Some(true) && !is_superuser {
            let message = "only superuser can define a leakproof function";
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
        }
        Ok(())
    }
}

fn parse_number(parser: &mut Parser) -> Parsed<String> {
    let sign = match parser.consume_token(&Token::Minus) {
        true => "-",
        false => {
            let _ = parser.consume_token(&Token::Plus);
            ""
        }
    };
    match parser.peek_token_ref().token.clone() {
        Token::Number(digits, _) => {
            parser.advance_token();
            Ok(format!("{sign}{digits}"))
        }
        _ => parser.fail("a number"),
    }
}

/// The value of a number that was parsed.
pub fn number(text: &str) -> f64 {
    text.parse().unwrap_or_default()
}

impl fmt::Display for FunctionHints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leakproof {
            Some(true) => f.write_str(" LEAKPROOF")?,
            Some(false) => f.write_str(" NOT LEAKPROOF")?,
            None => {}
        }
        if let Some(parallel) = self.parallel {
            write!(f, " PARALLEL {}", parallel.as_str())?;
        }
        if let Some(cost) = &self.cost {
            write!(f, " COST {cost}")?;
        }
        match &self.rows {
            Some(rows) => write!(f, " ROWS {rows}"),
            None => Ok(()),
        }
    }
}
