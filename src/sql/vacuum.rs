//! `VACUUM [FULL] [VERBOSE] [ANALYZE] [name, ... [RETAIN number HOURS] [DRY RUN]]`, of Postgres and of
//! Databricks: deletes the files that only old versions have. Versions younger than the retention,
//! the setting `vacuum_retention_hours` unless the statement says otherwise, stay readable; `VERSION
//! AS OF` an older one may be an error from then on. Without a name it goes over all tables. With
//! `DRY RUN` it answers what it would delete. The server does the same by itself, by the setting
//! `vacuum_interval`.

use std::fmt;
use std::time::Duration;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// What Postgres lets one write in parentheses.
const OPTIONS: &[&str] = &[
    "ANALYZE",
    "BUFFER_USAGE_LIMIT",
    "DISABLE_PAGE_SKIPPING",
    "FREEZE",
    "FULL",
    "INDEX_CLEANUP",
    "PARALLEL",
    "PROCESS_TOAST",
    "SKIP_LOCKED",
    "TRUNCATE",
    "VERBOSE",
];

const HOUR: Duration = Duration::from_secs(3600);

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Vacuum {
    /// The tables, materialized views and models; all, where there are none.
    pub names: Vec<ObjectName>,
    /// How long versions stay readable, in hours.
    pub retain_hours: Option<u32>,
    /// Whether nothing is deleted.
    pub dry_run: bool,
    /// Whether the client is told what was done.
    pub verbose: bool,
}

impl Vacuum {
    /// How long versions stay readable, where the statement tells.
    pub fn retention(&self) -> Option<Duration> {
        self.retain_hours.map(|hours| HOUR * hours)
    }

    /// Parses the statement. What else Postgres lets one ask for is done, or needs not be: there are
    /// no dead rows within files, and statistics are always those of the rows.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["VACUUM"])?;
        let mut verbose = false;
        if parser.consume_token(&Token::LParen) {
            loop {
                if !OPTIONS
                    .iter()
                    .any(|option| parser.peek_word(0).as_deref() == Some(option))
                {
                    return parser.fail("an option of VACUUM");
                }
                let is_verbose = parser.identifier()? == "verbose";
                let is_off = match parser.peek_token_ref().token {
                    Token::Comma | Token::RParen => false,
                    _ => {
                        let value = parser.next_token().token.to_string().to_lowercase();
                        matches!(value.trim_matches('\''), "false" | "off" | "0")
                    }
                };
                verbose |= is_verbose && !is_off;
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        }
        for option in ["FULL", "FREEZE", "VERBOSE", "ANALYZE"] {
            verbose |= parser.take_word(option) && option == "VERBOSE";
        }
        let mut vacuum = Self {
            names: Vec::new(),
            retain_hours: None,
            dry_run: parser.take_words(&["DRY", "RUN"]),
            verbose,
        };
        if vacuum.dry_run || parser.at_end() {
            return Ok(vacuum);
        }
        loop {
            vacuum.names.push(parser.object_name()?);
            let _ = parser.optional_columns()?;
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        if parser.take_word("RETAIN") {
            vacuum.retain_hours = Some(hours(parser)?);
            parser.expect_words(&["HOURS"])?;
        }
        vacuum.dry_run = parser.take_words(&["DRY", "RUN"]);
        Ok(vacuum)
    }
}

fn hours(parser: &mut Parser) -> Parsed<u32> {
    if let Token::Number(number, _) = &parser.peek_token_ref().token
        && let Ok(hours) = number.parse()
    {
        parser.advance_token();
        return Ok(hours);
    }
    parser.fail("a whole number of hours")
}

impl fmt::Display for Vacuum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VACUUM")?;
        if self.verbose {
            f.write_str(" VERBOSE")?;
        }
        for (index, name) in self.names.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} {name}")?;
        }
        if let Some(hours) = self.retain_hours {
            write!(f, " RETAIN {hours} HOURS")?;
        }
        if self.dry_run {
            f.write_str(" DRY RUN")?;
        }
        Ok(())
    }
}
