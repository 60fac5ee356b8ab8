//! `name VERSION AS OF number`, `name TIMESTAMP AS OF time`, `name FOR SYSTEM_TIME AS OF time`, and
//! `table_changes('name', from [, to])`, where a query reads a relation; an alias comes after them.

use std::fmt;
use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, Query, TableAlias, TableFactor, TableVersion, Value,
    ValueWithSpan, VisitorMut,
};

use super::cursor::{folded, object_name_from};
use super::scope::Scopes;
use super::{hidden_columns, model_functions, table_changes};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

const NUMBER: &str = "@version=";
const TIMESTAMP: &str = "@timestamp=";

/// Before a moment that was computed from the time of the statement.
pub const FROM_NOW: char = '~';

/// A version of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Its number.
    Number(i64),
    /// The one that was current at a time.
    Timestamp(DateTime<Utc>),
    /// The one that was current at a time which was computed from that of the statement.
    FromNow(DateTime<Utc>),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "VERSION AS OF {number}"),
            Self::Timestamp(time) | Self::FromNow(time) => {
                let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                write!(f, "TIMESTAMP AS OF '{time}'")
            }
        }
    }
}

/// DataFusion's planner drops a table's version without a word. So before a query is planned, each
/// versioned table is renamed to one whose name carries the version; the catalog decodes the name
/// and gives the table as it was then. Users cannot write such names themselves.
///
/// Renames the versioned tables of a query, whose moments have been computed, so that planning it finds
/// them. To be called for every query before it is planned; what is stored and displayed is the query
/// as written.
///
/// # Errors
/// A version that is no number, of another form than the two, or of what has no versions.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter::default()))
}

/// The table and the version that a rewritten name stands for; `None` for every other name.
pub fn decode(name: &str) -> Option<(&str, Version)> {
    if let Some((base, number)) = name.rsplit_once(NUMBER) {
        return Some((base, Version::Number(number.parse().ok()?)));
    }
    let (base, moment) = name.rsplit_once(TIMESTAMP)?;
    Some((base, decode_moment(moment)?))
}

/// A moment as it stands in a name.
pub(super) fn decode_moment(text: &str) -> Option<Version> {
    let from_now = text.strip_prefix(FROM_NOW);
    let moment = DateTime::parse_from_rfc3339(from_now.unwrap_or(text)).ok()?;
    Some(match from_now {
        Some(_) => Version::FromNow(moment.to_utc()),
        None => Version::Timestamp(moment.to_utc()),
    })
}

/// Whether the version, or one of the changes, that a rewritten name stands for is another one as time
/// passes.
pub fn tells_time(name: &str) -> bool {
    let is_from_now = |version: Version| matches!(version, Version::FromNow(_));
    match (decode(name), table_changes::decode(name)) {
        (Some((_, version)), _) => is_from_now(version),
        (_, Some(call)) => is_from_now(call.from) || call.to.is_some_and(is_from_now),
        _ => false,
    }
}

/// Refuses a name that could be taken for an encoded one.
pub(super) fn refuse_encoded(name: &str) -> Result<()> {
    if !name.contains(NUMBER)
        && !name.contains(TIMESTAMP)
        && hidden_columns::decode(name).is_none()
        && !model_functions::is_encoded(name)
        && !table_changes::is_encoded(name)
    {
        return Ok(());
    }
    Err(Error::new(
        SqlState::INVALID_NAME,
        format!("the name \"{name}\" is reserved"),
    )
    .with_hint("Write VERSION AS OF or TIMESTAMP AS OF after the table's name."))
}

/// The name of a version of a table.
pub fn encode(name: &str, version: Version) -> String {
    match version {
        Version::Number(number) => format!("{name}{NUMBER}{number}"),
        Version::Timestamp(time) => {
            let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            format!("{name}{TIMESTAMP}{time}")
        }
        Version::FromNow(time) => {
            let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            format!("{name}{TIMESTAMP}{FROM_NOW}{time}")
        }
    }
}

#[derive(Default)]
struct Rewriter {
    scopes: Scopes,
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Error> {
        flow(self.rewrite_table(table))
    }
}

impl Rewriter {
    fn rewrite_table(&self, table: &mut TableFactor) -> Result<()> {
        let TableFactor::Table {
            name,
            alias,
            args,
            version,
            ..
        } = table
        else {
            return Ok(());
        };
        if let Some(ObjectNamePart::Identifier(last)) = name.0.last() {
            refuse_encoded(&last.value)?;
        }
        let Some(asked) = version.take() else {
            return Ok(());
        };
        let relation = object_name_from(name)?;
        // The information schema keeps no versions.
        let is_answered = relation.schema.as_deref() == Some("information_schema");
        if args.is_some() || is_answered || self.scopes.hides(name) {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("{relation} has no versions"),
            )
            .with_hint("Only tables and materialized views have."));
        }
        let asked = read(&asked).map_err(|error| error.within(&relation))?;
        let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut() else {
            return Ok(());
        };
        if alias.is_none() {
            *alias = Some(TableAlias {
                explicit: true,
                name: last.clone(),
                columns: Vec::new(),
                at: None,
            });
        }
        let base = folded(last);
        *last = Ident::with_quote('"', encode(&base, asked));
        Ok(())
    }
}

fn read(version: &TableVersion) -> Result<Version> {
    match version {
        TableVersion::VersionAsOf(number) => read_number(number).map(Version::Number),
        TableVersion::TimestampAsOf(timestamp) | TableVersion::ForSystemTimeAsOf(timestamp) => {
            read_moment(timestamp)
        }
        TableVersion::Function(function) => Err(unknown(function)),
        TableVersion::Changes { changes, .. } => Err(unknown(changes)),
    }
}

fn unknown(clause: &Expr) -> Error {
    Error::unsupported(format!("{clause} after a table"))
        .with_hint("Write VERSION AS OF number or TIMESTAMP AS OF 'time'.")
}

pub(super) fn read_number(number: &Expr) -> Result<i64> {
    let parsed = match number {
        Expr::Value(ValueWithSpan {
            value: Value::Number(number, _) | Value::SingleQuotedString(number),
            ..
        }) => number.trim().parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("VERSION AS OF {number} is not a version"),
        )
        .with_hint("A version is a whole number; DESCRIBE HISTORY lists them.")
    })
}

/// A moment that has been computed (`execute/time_travel.rs`).
pub(super) fn read_moment(moment: &Expr) -> Result<Version> {
    let computed = match moment {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => decode_moment(text),
        _ => None,
    };
    computed.ok_or_else(|| Error::unsupported(format!("TIMESTAMP AS OF {moment} here")))
}

/// ISO 8601 in the forms that Postgres reads: a date, with or without a time, with or without an
/// offset; UTC where there is none.
pub fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    let with_offset = [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M%#z",
    ];
    let without = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
    ];
    let zoned = match text.strip_suffix(['Z', 'z']) {
        Some(utc) => format!("{}+00", utc.trim_end()),
        None => text.to_owned(),
    };
    if let Some(time) = with_offset
        .iter()
        .find_map(|format| DateTime::parse_from_str(&zoned, format).ok())
    {
        return Some(time.to_utc());
    }
    without
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            date.and_hms_opt(0, 0, 0)
        })
        .map(|time| time.and_utc())
}
