//! `table_changes('table', from [, to])`: what the commits of some versions have changed.
//!
//! As with functions on models, what it reads is known before anything runs: the table's name is a
//! literal, and so are the versions. Before a query is planned each call is renamed to a relation
//! whose name tells the versions; the catalog decodes the name.

use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, Ident, ObjectName as AstName, ObjectNamePart, Query, TableAlias,
    TableFactor, Value, VisitorMut,
};

use super::QualifiedName;
use super::cursor::folded;
use super::model_functions::{expression, literal, parse_name, text};
use super::name::ObjectName;
use super::qualify::{Named, ast_name};
use super::time_travel::{FROM_NOW, Version, decode_moment, read_moment, read_number};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// The function's name.
pub const TABLE_CHANGES: &str = "table_changes";

/// Between the name of a table and the versions in an encoded name.
const MARK: &str = "@changes=";

/// Between the versions.
const SEPARATOR: char = '\u{1f}';

/// A call that stands in an encoded name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The table, without its schema.
    pub table: &'a str,
    /// The first version.
    pub from: Version,
    /// The last one; the latest where there is none.
    pub to: Option<Version>,
}

/// The call that a rewritten name stands for; `None` for every other name.
pub fn decode(name: &str) -> Option<Call<'_>> {
    let (table, versions) = name.rsplit_once(MARK)?;
    let (from, to) = versions.split_once(SEPARATOR)?;
    Some(Call {
        table,
        from: decode_version(from)?,
        to: match to {
            "" => None,
            to => Some(decode_version(to)?),
        },
    })
}

fn decode_version(text: &str) -> Option<Version> {
    match text.parse() {
        Ok(number) => Some(Version::Number(number)),
        Err(_) => decode_moment(text),
    }
}

/// A version within an encoded name.
struct Encoded(Version);

impl fmt::Display for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Version::Number(number) => write!(f, "{number}"),
            Version::Timestamp(time) => f.write_str(&time.to_rfc3339()),
            Version::FromNow(time) => write!(f, "{FROM_NOW}{}", time.to_rfc3339()),
        }
    }
}

/// Whether a name could be taken for an encoded one.
pub(super) fn is_encoded(name: &str) -> bool {
    name.contains(MARK)
}

/// Whether this is the function's name.
pub(super) fn is_named(name: &AstName) -> bool {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(only)] => folded(only) == TABLE_CHANGES,
        _ => false,
    }
}

/// Whether a relation is a call.
pub fn is_call(factor: &TableFactor) -> bool {
    arguments(factor).is_some()
}

/// Whether an argument is the number of a version, as it is or as a text.
pub fn is_number(version: &Expr) -> bool {
    match version {
        Expr::UnaryOp { .. } => true,
        Expr::Value(value) => match &value.value {
            Value::Number(..) => true,
            Value::SingleQuotedString(text) => text.trim().parse::<i64>().is_ok(),
            _ => false,
        },
        _ => false,
    }
}

/// The arguments of a call; none of any other relation.
fn arguments(factor: &TableFactor) -> Option<&[FunctionArg]> {
    match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            ..
        } if is_named(name) => Some(&args.args),
        _ => None,
    }
}

/// The table that a call names; none of any other relation.
///
/// # Errors
/// 42883 for other arguments than the function has; 42602 for what is no name.
pub(super) fn table(factor: &TableFactor) -> Result<Option<ObjectName>> {
    let Some(args) = arguments(factor) else {
        return Ok(None);
    };
    if !(2..=3).contains(&args.len()) {
        return Err(Error::new(
            SqlState::UNDEFINED_FUNCTION,
            "table_changes is not called with these arguments",
        )
        .with_hint(HINT));
    }
    let Some(name) = args.first().and_then(expression).and_then(text) else {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "the table of table_changes is not a literal",
        )
        .with_hint(HINT));
    };
    parse_name(name).map(Some)
}

const HINT: &str =
    "It is called as table_changes('table', from [, to]), with versions or times as text.";

/// Writes the name in a call in full.
///
/// # Errors
/// Those of [`table`] and of `resolve`.
pub(super) fn qualify(
    factor: &mut TableFactor,
    resolve: &mut impl FnMut(ObjectName, Named) -> Result<QualifiedName>,
) -> Result<()> {
    let Some(name) = table(factor)? else {
        return Ok(());
    };
    let full = resolve(name, Named::Relation)?;
    if let TableFactor::Table {
        args: Some(args), ..
    } = factor
        && let Some(first) = args.args.first_mut()
    {
        *first = literal(Value::SingleQuotedString(full.to_string()));
    }
    Ok(())
}

/// Renames the calls of a query, whose names are in full, so that planning it finds them. To be
/// called for every query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// Those of `table`; 22023 and 22007 for versions that are none.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(VisitMut::visit(query, &mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(rewrite_factor(factor))
    }
}

fn rewrite_factor(factor: &mut TableFactor) -> Result<()> {
    let Some(table) = table(factor)? else {
        return Ok(());
    };
    let versions = arguments(factor).unwrap_or_default().iter().skip(1);
    let versions = versions.map(|arg| match expression(arg) {
        Some(version) => read_version(version),
        None => Err(Error::new(
            SqlState::UNDEFINED_FUNCTION,
            "table_changes is not called with these arguments",
        )
        .with_hint(HINT)),
    });
    let mut encoded = format!("{}{MARK}", table.name);
    for (place, version) in versions.enumerate() {
        if place > 0 {
            encoded.push(SEPARATOR);
        }
        encoded.push_str(&Encoded(version?).to_string());
    }
    if !encoded.contains(SEPARATOR) {
        encoded.push(SEPARATOR);
    }
    let TableFactor::Table {
        name, args, alias, ..
    } = factor
    else {
        return Ok(());
    };
    *args = None;
    if alias.is_none() {
        *alias = Some(TableAlias {
            explicit: true,
            name: Ident::new(TABLE_CHANGES),
            columns: Vec::new(),
            at: None,
        });
    }
    let schema = table.schema.as_deref().unwrap_or_default();
    let mut full = ast_name(&QualifiedName::new(schema, ""));
    full.0.pop();
    full.0
        .push(ObjectNamePart::Identifier(Ident::with_quote('"', encoded)));
    *name = full;
    Ok(())
}

fn read_version(version: &Expr) -> Result<Version> {
    match is_number(version) {
        true => read_number(version).map(Version::Number).map_err(|_| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{version} is not a version"),
            )
            .with_hint("A version is a whole number; DESCRIBE HISTORY lists them.")
        }),
        false => read_moment(version),
    }
}
