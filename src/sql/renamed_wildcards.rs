//! `SELECT * RENAME (amount AS price)`: all columns that there are, some of them by other names.
//!
//! So a materialized view over `SELECT *` reads a table whose column has got another name: it keeps the
//! name that it had, and the next column that the table gets comes to the view as before. A column that
//! has the name which another one gets here is left out, since the view has that name already.
//! DataFusion's planner does not know the form, so that the columns are said in full.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, IdentWithAlias, Query, RenameSelectItem, Select, SelectItem, SetExpr, TableFactor,
    Visit as _, Visitor, VisitorMut, WildcardAdditionalOptions,
};

use super::cursor::folded;
use super::known_columns::KnownColumns;
use super::name::Quoted;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::walk::{VisitMut, ended, flow};

/// The columns that `*` gives other names to, with these.
pub(super) fn renames(options: &WildcardAdditionalOptions) -> &[IdentWithAlias] {
    match &options.opt_rename {
        None => &[],
        Some(RenameSelectItem::Single(rename)) => std::slice::from_ref(rename),
        Some(RenameSelectItem::Multiple(renames)) => renames,
    }
}

/// Columns, each with the name that `*` gives to it.
pub(super) fn named(columns: &[String], renames: &[IdentWithAlias]) -> Vec<(String, String)> {
    let taken: BTreeSet<String> = renames.iter().map(|rename| folded(&rename.alias)).collect();
    let named = columns.iter().filter_map(|column| {
        let given = renames
            .iter()
            .find(|rename| folded(&rename.ident) == *column);
        match given {
            Some(rename) => Some((column.clone(), folded(&rename.alias))),
            None => (!taken.contains(column)).then(|| (column.clone(), column.clone())),
        }
    });
    named.collect()
}

/// Has a subquery that is such a `*` over another one say both in one, and reads the relation itself where
/// each column has its own name again. Answers whether it did.
pub(super) fn merge(factor: &mut TableFactor) -> bool {
    let Some((outer, TableFactor::Derived { subquery, .. })) = renaming(factor) else {
        return false;
    };
    let Some((inner, relation)) = renaming_of(subquery) else {
        return false;
    };
    let own = |rename: &IdentWithAlias| {
        let column = folded(&rename.ident);
        let before = inner.iter().find(|it| folded(&it.alias) == column);
        before.map_or(&rename.ident, |before| &before.ident).clone()
    };
    let later = outer.iter().map(|rename| IdentWithAlias {
        ident: own(rename),
        alias: rename.alias.clone(),
    });
    // Renamed once more, or left out for another one.
    let is_later = |name: &Ident| {
        let mut names = outer.iter().flat_map(|it| [&it.ident, &it.alias]);
        names.any(|it| folded(it) == folded(name))
    };
    let earlier = inner.iter().filter(|rename| !is_later(&rename.alias));
    let mut renames: Vec<IdentWithAlias> = earlier.cloned().chain(later).collect();
    renames.retain(|rename| folded(&rename.ident) != folded(&rename.alias));
    let mut relation = relation.clone();
    let TableFactor::Derived {
        subquery, alias, ..
    } = factor
    else {
        return false;
    };
    if renames.is_empty() {
        let TableFactor::Table { alias: known, .. } = &mut relation else {
            return false;
        };
        known.clone_from(alias);
        *factor = relation;
        return true;
    }
    let SetExpr::Select(select) = subquery.body.as_mut() else {
        return false;
    };
    let [table] = select.from.as_mut_slice() else {
        return false;
    };
    table.relation = relation;
    let options = WildcardAdditionalOptions {
        opt_rename: Some(RenameSelectItem::Multiple(renames)),
        ..WildcardAdditionalOptions::default()
    };
    select.projection = vec![SelectItem::Wildcard(options)];
    true
}

/// Has a query that gives all columns that there are give one of them by another name; what it reads is
/// called `called` where it must be a subquery for that.
///
/// # Errors
/// None that a query which was parsed can meet.
pub fn rename_output(query: &mut Query, called: &str, old: &str, new: &str) -> Result<()> {
    let (old, new, called) = (Quoted(old), Quoted(new), Quoted(called));
    let read = format!("SELECT * RENAME ({old} AS {new}) FROM (SELECT 1) AS {called}");
    let Statement::Query(mut around) = parse_one(&format!("SELECT * FROM ({read}) AS {called}"))?
    else {
        return Err(Error::internal("SELECT is no query"));
    };
    let missing = || Error::internal("SELECT reads nothing");
    let outer = relation_mut(&mut around).ok_or_else(missing)?;
    let TableFactor::Derived { subquery, .. } = outer else {
        return Err(missing());
    };
    let inner = relation_mut(subquery).ok_or_else(missing)?;
    if let Some(relation) = whole(query) {
        *inner = relation.clone();
    } else if let TableFactor::Derived { subquery, .. } = inner {
        **subquery = query.clone();
    }
    merge(outer);
    match outer {
        TableFactor::Derived { subquery, .. } => *query = Query::clone(subquery),
        factor => {
            // No column goes by it.
            if let TableFactor::Table { alias, .. } = factor {
                *alias = None;
            }
            *query = Query::clone(&around);
        }
    }
    Ok(())
}

/// The one relation that a query reads.
fn relation_mut(query: &mut Query) -> Option<&mut TableFactor> {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return None;
    };
    match select.from.as_mut_slice() {
        [table] if table.joins.is_empty() => Some(&mut table.relation),
        _ => None,
    }
}

/// The relation whose columns a query gives, all of them and nothing else.
fn whole(query: &Query) -> Option<&TableFactor> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let [table] = select.from.as_slice() else {
        return None;
    };
    let relation = &table.relation;
    let is_plain = matches!(
        relation,
        TableFactor::Table {
            alias: None,
            args: None,
            ..
        }
    );
    let is_all = query.to_string() == format!("SELECT * FROM {relation}");
    (is_plain && is_all).then_some(relation)
}

/// What a subquery renames of which relation, if it does nothing else.
fn renaming(factor: &TableFactor) -> Option<(&[IdentWithAlias], &TableFactor)> {
    match factor {
        TableFactor::Derived {
            lateral: false,
            subquery,
            ..
        } => renaming_of(subquery),
        _ => None,
    }
}

fn renaming_of(query: &Query) -> Option<(&[IdentWithAlias], &TableFactor)> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let ([SelectItem::Wildcard(options)], [table]) =
        (select.projection.as_slice(), select.from.as_slice())
    else {
        return None;
    };
    let rename = options.opt_rename.as_ref()?;
    let is_all = query.to_string() == format!("SELECT * {rename} FROM {}", table.relation);
    is_all.then_some((renames(options), &table.relation))
}

/// Says the columns of each such `*`.
///
/// # Errors
/// 42703 for a column that is not there; 0A000 where the columns cannot be known, or are of several
/// relations; what looking up a relation meets.
pub async fn expand(query: &mut Query, state: &SessionState) -> Result<()> {
    if !renames_any(query) {
        return Ok(());
    }
    let mut expander = Expander::default();
    expander.walk(query)?;
    let mut expander = Expander {
        is_known: true,
        columns: expander.columns.looked_up(state).await?,
    };
    expander.walk(query)
}

/// Whether there is such a `*`.
fn renames_any(query: &Query) -> bool {
    struct Any;

    impl Visitor for Any {
        type Break = ();

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
            let mut items = select.projection.iter();
            let is_one = items.any(|item| match item {
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                    options.opt_rename.is_some()
                }
                _ => false,
            });
            match is_one {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }

    query.visit(&mut Any).is_break()
}

/// Walks a query twice: to find the tables whose columns have to be known, and to name the columns.
#[derive(Default)]
struct Expander {
    /// Whether the columns of tables are known.
    is_known: bool,
    columns: KnownColumns,
}

impl Expander {
    fn walk(&mut self, query: &mut Query) -> Result<()> {
        ended(VisitMut::visit(query, self))
    }

    fn expand(&mut self, select: &mut Select) -> Result<()> {
        let mut items = Vec::with_capacity(select.projection.len());
        for item in std::mem::take(&mut select.projection) {
            match &item {
                SelectItem::Wildcard(options) if options.opt_rename.is_some() => {
                    let columns = match select.from.as_slice() {
                        [table] if table.joins.is_empty() => self.columns.of_joined(table),
                        _ => None,
                    };
                    match columns {
                        Some(columns) => items.extend(listed(&columns, renames(options))?),
                        None if self.is_known => return Err(unknown()),
                        None => items.push(item),
                    }
                }
                SelectItem::QualifiedWildcard(_, options) if options.opt_rename.is_some() => {
                    return Err(unknown());
                }
                _ => items.push(item),
            }
        }
        select.projection = items;
        Ok(())
    }
}

impl VisitorMut for Expander {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.columns.enter_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.columns.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        flow(self.expand(select))
    }
}

fn listed(columns: &[String], renames: &[IdentWithAlias]) -> Result<Vec<SelectItem>> {
    for rename in renames {
        let name = folded(&rename.ident);
        if !columns.contains(&name) {
            let message = format!("column \"{name}\" does not exist");
            let error = Error::new(SqlState::UNDEFINED_COLUMN, message);
            return Err(match nearest(&name, columns.iter().map(String::as_str)) {
                Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
                None => error,
            });
        }
    }
    let items = named(columns, renames).into_iter().map(|(column, name)| {
        let expr = Expr::Identifier(Ident::with_quote('"', &column));
        match column == name {
            true => SelectItem::UnnamedExpr(expr),
            false => SelectItem::ExprWithAlias {
                expr,
                alias: Ident::with_quote('"', name),
            },
        }
    });
    Ok(items.collect())
}

fn unknown() -> Error {
    Error::unsupported("RENAME behind * of anything but one relation")
        .with_hint("List the columns, each with AS and its name.")
}

#[cfg(test)]
mod tests {
    use super::rename_output;
    use crate::sql::{Statement, parse_one};

    fn renamed(text: &str, names: &[(&str, &str)]) -> String {
        let Statement::Query(mut query) = parse_one(text).unwrap() else {
            panic!("no query");
        };
        for (old, new) in names {
            rename_output(&mut query, "m", old, new).unwrap();
        }
        query.to_string()
    }

    #[test]
    fn all_columns_are_given_one_of_them_by_another_name() {
        let table = "SELECT * FROM s.t";
        for (text, names, expected) in [
            (
                table,
                &[("a", "b")][..],
                "SELECT * RENAME (a AS b) FROM s.t",
            ),
            (
                table,
                &[("a", "b"), ("b", "c")],
                "SELECT * RENAME (a AS c) FROM s.t",
            ),
            (
                table,
                &[("a", "b"), ("x", "Y z")],
                "SELECT * RENAME (a AS b, x AS \"Y z\") FROM s.t",
            ),
            (table, &[("a", "b"), ("b", "a")], table),
            (
                "SELECT t.*, 1 AS one FROM s.t WHERE a > 0",
                &[("a", "b")],
                "SELECT * RENAME (a AS b) FROM (SELECT t.*, 1 AS one FROM s.t WHERE a > 0) AS m",
            ),
            (
                "SELECT * FROM s.t AS x (a, b)",
                &[("a", "c")],
                "SELECT * RENAME (a AS c) FROM (SELECT * FROM s.t AS x (a, b)) AS m",
            ),
        ] {
            assert_eq!(renamed(text, names), expected, "{text}");
        }
    }
}
