//! Columns of one name in a subquery of `FROM`, or in a `WITH` clause: `SELECT * FROM (SELECT a.*, b.* FROM
//! a JOIN b ON ...) AS t`.
//!
//! As in PostgreSQL, `*` gives all of them, and their name alone is ambiguous. DataFusion's planner takes
//! no relation that has two columns of one name: so they get names of their own by the relation's alias,
//! which a client is not told (`column_names::rename`).

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, TableAlias, TableAliasColumnDef, TableFactor,
    Visitor, VisitorMut,
};

use super::column_names::{hidden_name, make_unique};
use super::cursor::folded;
use super::known_columns::KnownColumns;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, VisitMut, ended};

/// Names such columns.
///
/// # Errors
/// 42702 where the name of several is used; what looking up a relation meets.
pub async fn name(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut namer = Namer::default();
    namer.walk(query)?;
    if !namer.is_wanted {
        return Ok(());
    }
    let mut namer = Namer {
        is_wanted: false,
        is_known: true,
        columns: namer.columns.looked_up(state).await?,
    };
    namer.walk(query)
}

/// Walks a query twice: to find the tables whose columns have to be known, and to name the columns.
#[derive(Default)]
struct Namer {
    /// Whether there may be such columns.
    is_wanted: bool,
    /// Whether the columns of tables are known.
    is_known: bool,
    columns: KnownColumns,
}

impl Namer {
    fn walk(&mut self, query: &mut Query) -> Result<()> {
        ended(VisitMut::visit(query, self))
    }

    /// Names columns of a query that has some of one name by its alias. Answers these names.
    fn name(
        &mut self,
        columns: Option<Vec<String>>,
        alias: &mut TableAlias,
        query: &mut Query,
    ) -> BTreeSet<String> {
        self.is_wanted |= columns.is_none();
        let Some(columns) = columns else {
            return BTreeSet::new();
        };
        let mut seen = BTreeSet::new();
        let repeated = columns.iter().filter(|name| !seen.insert(name.as_str()));
        let repeated: BTreeSet<String> = repeated.cloned().collect();
        if repeated.is_empty() {
            return repeated;
        }
        self.is_wanted = true;
        if self.is_known {
            let names = columns.iter().enumerate();
            let names = names.map(|(place, name)| match repeated.contains(name) {
                true => hidden_name(place, name),
                false => name.clone(),
            });
            let names = names.map(|name| TableAliasColumnDef {
                name: Ident::with_quote('"', name),
                data_type: None,
            });
            alias.columns = names.collect();
            make_unique(query);
        }
        repeated
    }
}

impl VisitorMut for Namer {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.columns.enter();
        let clauses = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        for clause in clauses {
            let columns = self.columns.of_query(&clause.query);
            if clause.alias.columns.is_empty() && may_repeat(&clause.query) {
                self.name(columns.clone(), &mut clause.alias, &mut clause.query);
            }
            let named = clause
                .alias
                .columns
                .iter()
                .map(|column| folded(&column.name));
            let columns = columns.map(|columns| {
                let rest = columns.into_iter().skip(clause.alias.columns.len());
                named.chain(rest).collect()
            });
            self.columns.name_expression(&clause.alias.name, columns);
        }
        match query.body.as_mut() {
            SetExpr::Select(select) => self.of_select(select),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.columns.leave();
        ControlFlow::Continue(())
    }
}

impl Namer {
    /// Names the columns of a select's relations.
    fn of_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        let mut ambiguous = Vec::new();
        for table in &mut select.from {
            let joined = table.joins.iter_mut().map(|join| &mut join.relation);
            for factor in std::iter::once(&mut table.relation).chain(joined) {
                let wants = match &*factor {
                    TableFactor::Derived {
                        alias: Some(alias),
                        subquery,
                        ..
                    } => alias.columns.is_empty() && may_repeat(subquery),
                    _ => false,
                };
                if !wants {
                    continue;
                }
                let columns = self.columns.unnamed(factor);
                if let TableFactor::Derived {
                    alias: Some(alias),
                    subquery,
                    ..
                } = factor
                {
                    let repeated = self.name(columns, alias, subquery);
                    ambiguous.push((folded(&alias.name), repeated));
                }
            }
        }
        let mut search = Search {
            ambiguous: &ambiguous,
            depth: 0,
        };
        let parts = [
            Visit::visit(&select.projection, &mut search),
            Visit::visit(&select.selection, &mut search),
            Visit::visit(&select.group_by, &mut search),
            Visit::visit(&select.having, &mut search),
        ];
        parts
            .into_iter()
            .find(ControlFlow::is_break)
            .unwrap_or(ControlFlow::Continue(()))
    }
}

/// Looks for names that several columns have.
struct Search<'a> {
    /// The relations, and the names that several of their columns have.
    ambiguous: &'a [(String, BTreeSet<String>)],
    depth: usize,
}

impl Visitor for Search<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        let (relation, name) = match expression {
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, name] => (Some(folded(relation)), folded(name)),
                _ => return ControlFlow::Continue(()),
            },
            Expr::Identifier(name) if self.depth == 0 => (None, folded(name)),
            _ => return ControlFlow::Continue(()),
        };
        let mut relations = self.ambiguous.iter();
        let is_ambiguous = relations.any(|(own, names)| {
            relation.as_ref().is_none_or(|relation| relation == own) && names.contains(&name)
        });
        match is_ambiguous {
            true => ControlFlow::Break(Error::new(
                SqlState::AMBIGUOUS_COLUMN,
                format!("column reference \"{name}\" is ambiguous"),
            )),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Whether columns of a query may have one name.
fn may_repeat(query: &Query) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => match select.projection.as_slice() {
            [SelectItem::Wildcard(_)] => match select.from.as_slice() {
                [table] => {
                    !table.joins.is_empty() || matches!(table.relation, TableFactor::Derived { .. })
                }
                _ => true,
            },
            items => items.len() > 1,
        },
        SetExpr::Query(query) => may_repeat(query),
        SetExpr::SetOperation { .. } => true,
        _ => false,
    }
}
