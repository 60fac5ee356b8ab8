//! The hidden columns `tableoid`, the number of the table that a row is of, and `xmin`, the transaction that
//! wrote it.
//!
//! The first is a constant of its table, which takes its place where all rows of a query have a row of that
//! table: beyond an outer join it would be NULL for some. The second there is of the tables of `pg_catalog`
//! alone, whose rows are made as they are read: so they are of the transaction that reads, and clients that
//! look for what has changed since they looked last look at all.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinOperator, Query, Select, SelectItem, SetExpr, TableFactor, VisitorMut,
};

use super::rewrite::parse;
use super::subqueries::catalog_table;
use crate::catalog::{Kind, Snapshot};
use crate::sql::QualifiedName;
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::walk::VisitMut;

const COLUMN: &str = "tableoid";
const WRITER: &str = "xmin";

/// Puts the numbers of their tables in the place of the column. Names of users' tables are resolved.
pub fn name_tables(body: &mut SetExpr, snapshot: &Snapshot) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            name_tables(left, snapshot);
            return name_tables(right, snapshot);
        }
        _ => return,
    };
    let (tables, are_all) = tables(select, snapshot);
    let mut numbers = Numbers {
        // Of one table alone it may stand without the table's name.
        only: match tables.as_slice() {
            [table] if are_all => Some(table.number),
            _ => None,
        },
        is_catalog: are_all && tables.iter().all(|table| table.is_catalog),
        tables,
        depth: 0,
    };
    if numbers.tables.is_empty() {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && let Some((number, column)) = numbers.of(expr)
        {
            *item = SelectItem::ExprWithAlias {
                expr: number,
                alias: Ident::new(column),
            };
        }
    }
    let _ = VisitMut::visit(select, &mut numbers);
}

/// A table of a `FROM`.
struct Numbered {
    /// What the query calls it.
    called: String,
    number: i64,
    /// Whether it is of `pg_catalog`.
    is_catalog: bool,
}

/// The tables of a `FROM`, and whether it has nothing else.
fn tables(select: &Select, snapshot: &Snapshot) -> (Vec<Numbered>, bool) {
    let mut found = Vec::new();
    let mut are_all = true;
    for table in &select.from {
        let pads_left = table.joins.iter().any(|join| {
            matches!(
                join.join_operator,
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_)
            )
        });
        let right = table.joins.iter().map(|join| {
            let is_inner = matches!(
                join.join_operator,
                JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_)
            );
            (&join.relation, is_inner)
        });
        for (factor, is_there) in std::iter::once((&table.relation, true)).chain(right) {
            // Which rows an outer join fills up matters only to tables that have any.
            let of_catalog = catalog_table(factor);
            let is_catalog = of_catalog.is_some();
            let number = of_catalog.or_else(|| match is_there && !pads_left {
                true => users_table(factor, snapshot),
                false => None,
            });
            are_all &= number.is_some();
            found.extend(number.map(|(called, number)| Numbered {
                called,
                number,
                is_catalog,
            }));
        }
    }
    (found, are_all)
}

/// A user's table, by what the query calls it, with its number.
fn users_table(factor: &TableFactor, snapshot: &Snapshot) -> Option<(String, i64)> {
    let TableFactor::Table {
        name,
        alias,
        args: None,
        ..
    } = factor
    else {
        return None;
    };
    let name = object_name_from(name).ok()?;
    let full = QualifiedName::new(name.schema?, &name.name);
    let object = snapshot.relation(&full)?;
    if !matches!(
        object.kind,
        Kind::Table | Kind::MaterializedView | Kind::ExternalTable
    ) {
        return None;
    }
    if object.schema.field_with_name(COLUMN).is_ok() {
        return None;
    }
    let called = match alias {
        Some(alias) => folded(&alias.name),
        None => name.name,
    };
    Some((called, i64::from(object.oid)))
}

/// Replaces the columns wherever they stand.
struct Numbers {
    tables: Vec<Numbered>,
    only: Option<i64>,
    /// Whether all tables are of `pg_catalog`, so that `xmin` may stand without one's name.
    is_catalog: bool,
    /// How many queries the place is within: a name alone may be of their own tables there.
    depth: usize,
}

impl Numbers {
    /// What a column is, and its name.
    fn of(&self, expr: &Expr) -> Option<(Expr, &'static str)> {
        let (table, column) = match expr {
            Expr::Identifier(name) if self.depth == 0 => (None, folded(name)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., table, name] => {
                    let table = folded(table);
                    let mut tables = self.tables.iter();
                    (Some(tables.find(|own| own.called == table)?), folded(name))
                }
                _ => return None,
            },
            _ => return None,
        };
        if column == COLUMN {
            let number = table.map_or(self.only, |table| Some(table.number))?;
            return Some((parse(&format!("CAST({number} AS oid)"))?, COLUMN));
        }
        let is_catalog = table.map_or(self.is_catalog, |table| table.is_catalog);
        match column == WRITER && is_catalog {
            // As PostgreSQL shows transactions: by the lower half of their numbers.
            true => Some((parse("CAST(txid_current() % 4294967296 AS xid)")?, WRITER)),
            false => None,
        }
    }
}

impl VisitorMut for Numbers {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some((number, _)) = self.of(expr) {
            *expr = number;
        }
        ControlFlow::Continue(())
    }
}
