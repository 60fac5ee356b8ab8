//! That expressions can tell the relations of a `FROM` apart: no two of them go by one name. DataFusion
//! finds that out where columns have the same names too.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ObjectName, Query, SetExpr, TableAlias, TableFactor, TableWithJoins, Visitor,
};

use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, ended, flow};

/// Looks at all that a query reads.
///
/// # Errors
/// 42712 for two relations of one name.
pub fn check(query: &Query) -> Result<()> {
    ended(query.visit(&mut Checker))
}

struct Checker;

impl Visitor for Checker {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        flow(of_body(&query.body))
    }
}

fn of_body(body: &SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) => {
            let mut known = Vec::new();
            select
                .from
                .iter()
                .try_for_each(|tables| add(tables, &mut known))
        }
        SetExpr::SetOperation { left, right, .. } => {
            of_body(left)?;
            of_body(right)
        }
        // A query is visited by itself.
        _ => Ok(()),
    }
}

/// A name that a relation goes by.
struct Known {
    name: String,
    /// What it is, where it has no other name: relations of two schemas may go by one, or two versions
    /// of one.
    full: Option<String>,
}

fn add(tables: &TableWithJoins, known: &mut Vec<Known>) -> Result<()> {
    let joined = tables.joins.iter().map(|join| &join.relation);
    std::iter::once(&tables.relation)
        .chain(joined)
        .try_for_each(|factor| add_factor(factor, known))
}

fn add_factor(factor: &TableFactor, known: &mut Vec<Known>) -> Result<()> {
    let of_alias = |alias: &TableAlias| Known {
        name: folded(&alias.name),
        full: None,
    };
    let new = match factor {
        TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } => return add(table_with_joins, known),
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        }
        | TableFactor::TableFunction {
            alias: Some(alias), ..
        }
        | TableFactor::Function {
            alias: Some(alias), ..
        }
        | TableFactor::UNNEST {
            alias: Some(alias), ..
        }
        | TableFactor::NestedJoin {
            alias: Some(alias), ..
        } => Some(of_alias(alias)),
        TableFactor::Table { name, args, .. } => last_part(name).map(|last| Known {
            name: last,
            full: args.is_none().then(|| factor.to_string()),
        }),
        TableFactor::Function { name, .. } => {
            last_part(name).map(|name| Known { name, full: None })
        }
        _ => None,
    };
    let Some(new) = new else {
        return Ok(());
    };
    let is_same = |other: &Known| {
        let may_share = match (&other.full, &new.full) {
            (Some(other), Some(new)) => other != new,
            _ => false,
        };
        other.name == new.name && !may_share
    };
    if known.iter().any(is_same) {
        let message = format!("table name \"{}\" specified more than once", new.name);
        return Err(Error::new(SqlState::DUPLICATE_ALIAS, message)
            .with_hint("Give one of them another name with AS."));
    }
    known.push(new);
    Ok(())
}

fn last_part(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(folded)
}
