//! Columns of a row whose key the rows are grouped by: one row of the table is in each group, so that its
//! other columns have one value there, and may be named as they are (SQL:1999's functional dependency
//! of columns on keys, as PostgreSQL knows it of primary keys).
//!
//! DataFusion wants them in `GROUP BY`. They are put there where it refuses a query.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableFactor, Value, VisitorMut,
};

use crate::catalog::{Object, Snapshot};
use crate::models::constraints;
use crate::sql::QualifiedName;
use crate::sql::constraint::Rule;
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::walk::{Visit, VisitMut, visit_expressions};

/// Groups the queries within a query also by the columns that depend on keys which they are grouped by.
/// Whether there are any.
pub fn complete(query: &mut Query, snapshot: &Snapshot) -> bool {
    let mut completer = Completer {
        snapshot,
        changed: false,
    };
    let _ = query.visit(&mut completer);
    completer.changed
}

struct Completer<'a> {
    snapshot: &'a Snapshot,
    changed: bool,
}

impl VisitorMut for Completer<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let order = query.order_by.iter().filter_map(|order| match &order.kind {
            OrderByKind::Expressions(expressions) => Some(expressions.clone()),
            OrderByKind::All(_) => None,
        });
        let order: Vec<Expr> = order.flatten().map(|it| it.expr).collect();
        if let SetExpr::Select(select) = query.body.as_mut() {
            self.changed |= complete_select(select, &order, self.snapshot);
        }
        ControlFlow::Continue(())
    }
}

/// A table that a query reads, by the name that its expressions know.
struct Table<'a> {
    name: String,
    object: &'a Object,
}

fn complete_select(select: &mut Select, order: &[Expr], snapshot: &Snapshot) -> bool {
    let GroupByExpr::Expressions(grouped, modifiers) = &select.group_by else {
        return false;
    };
    if grouped.is_empty() || !modifiers.is_empty() {
        return false;
    }
    let tables = tables(select, snapshot);
    let by: Vec<Expr> = grouped.iter().map(|it| meant(it, select)).collect();
    let mut added: Vec<Expr> = Vec::new();
    for table in &tables {
        let is_grouped = |column: &String| by.iter().any(|it| names(it, table, column, &tables));
        if !key(table.object).is_some_and(|key| key.iter().all(is_grouped)) {
            continue;
        }
        let columns = table.object.schema.fields().iter().map(|it| it.name());
        let wanted = columns.filter(|column| {
            !is_grouped(column) && is_named(select, order, table, column, &tables)
        });
        added.extend(wanted.map(|column| {
            Expr::CompoundIdentifier(vec![
                Ident::with_quote('"', table.name.clone()),
                Ident::with_quote('"', column.clone()),
            ])
        }));
    }
    let changes = !added.is_empty();
    if let GroupByExpr::Expressions(grouped, _) = &mut select.group_by {
        grouped.append(&mut added);
    }
    changes
}

/// The tables that a query reads as they are now.
fn tables<'a>(select: &Select, snapshot: &'a Snapshot) -> Vec<Table<'a>> {
    let factors = select.from.iter().flat_map(|table| {
        let joined = table.joins.iter().map(|join| &join.relation);
        std::iter::once(&table.relation).chain(joined)
    });
    let tables = factors.filter_map(|factor| {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            version: None,
            ..
        } = factor
        else {
            return None;
        };
        let full = object_name_from(name).ok()?;
        let full = QualifiedName::new(&full.schema?, &full.name);
        let object = snapshot.relation(&full)?;
        let name = match alias {
            Some(alias) if !alias.columns.is_empty() => return None,
            Some(alias) => folded(&alias.name),
            None => full.name,
        };
        Some(Table { name, object })
    });
    tables.collect()
}

/// The columns of a table's primary key.
fn key(object: &Object) -> Option<&[String]> {
    let mut all = constraints::of(object).iter();
    all.find_map(|constraint| match &constraint.rule {
        Rule::Unique {
            columns,
            primary: true,
            ..
        } => Some(columns.as_slice()),
        _ => None,
    })
}

/// What is grouped by: a number is that of a column of the query.
fn meant(grouped: &Expr, select: &Select) -> Expr {
    if let Expr::Value(value) = grouped
        && let Value::Number(number, _) = &value.value
        && let Some(place) = number
            .parse::<usize>()
            .ok()
            .and_then(|it| it.checked_sub(1))
        && let Some(
            SelectItem::UnnamedExpr(expression)
            | SelectItem::ExprWithAlias {
                expr: expression, ..
            },
        ) = select.projection.get(place)
    {
        return expression.clone();
    }
    grouped.clone()
}

/// Whether an expression is a column of a table.
fn names(expression: &Expr, table: &Table<'_>, column: &str, tables: &[Table<'_>]) -> bool {
    match expression {
        Expr::Identifier(name) => {
            let name = folded(name);
            let has = |it: &&Table<'_>| it.object.schema.column_with_name(&name).is_some();
            // One that several have is refused, and so are those that others have beside them.
            name == column && tables.iter().filter(has).count() == 1
        }
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, name] => folded(relation) == table.name && folded(name) == column,
            _ => false,
        },
        Expr::Nested(inner) => names(inner, table, column, tables),
        _ => false,
    }
}

/// Whether what a query gives names a column of a table.
fn is_named(
    select: &Select,
    order: &[Expr],
    table: &Table<'_>,
    column: &str,
    tables: &[Table<'_>],
) -> bool {
    let takes_all = select.projection.iter().any(|item| match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
            let last = name.0.last().and_then(|part| part.as_ident());
            last.is_some_and(|it| folded(it) == table.name)
        }
        _ => false,
    });
    takes_all
        || within(&select.projection, table, column, tables)
        || within(&select.having, table, column, tables)
        || within(&order.to_vec(), table, column, tables)
}

fn within(tree: &impl Visit, table: &Table<'_>, column: &str, tables: &[Table<'_>]) -> bool {
    let found = visit_expressions(tree, |part| match names(part, table, column, tables) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    found.is_break()
}
