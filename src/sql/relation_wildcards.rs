//! `person.*` of `FROM staging.person`.
//!
//! Postgres lets a relation without an alias go by its name alone. DataFusion's planner finds a
//! column by it, but `*` only by the name as it stands in `FROM`, which is the full one once names
//! are resolved.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, TableFactor, TableWithJoins, VisitorMut,
};

use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// Gives each `relation.*` the name that the relation has in its `FROM`.
///
/// # Errors
/// 42P09 for a name that two relations have.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        flow(rewrite_body(&mut query.body))
    }
}

fn rewrite_body(body: &mut SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) => rewrite_select(select),
        SetExpr::SetOperation { left, right, .. } => {
            rewrite_body(left)?;
            rewrite_body(right)
        }
        _ => Ok(()),
    }
}

fn rewrite_select(select: &mut Select) -> Result<()> {
    let mut names = Vec::new();
    for table in &select.from {
        collect(table, &mut names);
    }
    for item in &mut select.projection {
        if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) =
            item
            && let Some(full) = meant(name, &names)?
        {
            *name = full;
        }
    }
    Ok(())
}

/// The names by which `FROM` has its relations: their aliases, or their own.
fn collect(table: &TableWithJoins, names: &mut Vec<ObjectName>) {
    let joined = table.joins.iter().map(|join| &join.relation);
    for factor in std::iter::once(&table.relation).chain(joined) {
        match factor {
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => collect(table_with_joins, names),
            TableFactor::NestedJoin {
                alias: Some(alias), ..
            }
            | TableFactor::Table {
                alias: Some(alias), ..
            }
            | TableFactor::Derived {
                alias: Some(alias), ..
            } => names.push(ObjectName::from(vec![alias.name.clone()])),
            TableFactor::Table {
                name, args: None, ..
            } => names.push(name.clone()),
            _ => {}
        }
    }
}

/// The relation that a name means; none where it is there by just that name, or not at all.
fn meant(written: &ObjectName, names: &[ObjectName]) -> Result<Option<ObjectName>> {
    let Some(wanted) = parts(written) else {
        return Ok(None);
    };
    let mut found = None;
    for name in names {
        let Some(parts) = parts(name) else {
            continue;
        };
        if parts == wanted {
            return Ok(None);
        }
        if !parts.ends_with(&wanted) {
            continue;
        }
        if found.is_some() {
            let message = format!("table reference \"{}\" is ambiguous", wanted.join("."));
            return Err(Error::new(SqlState::AMBIGUOUS_ALIAS, message)
                .with_hint("Write the schema before the name, or give one an alias."));
        }
        found = Some(name.clone());
    }
    Ok(found)
}

fn parts(name: &ObjectName) -> Option<Vec<String>> {
    name.0
        .iter()
        .map(|part| ObjectNamePart::as_ident(part).map(folded))
        .collect()
}
