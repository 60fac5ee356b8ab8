//! Columns of types `regproc` and `regtype`, which are numbers to expressions, cast to the names of
//! functions and types. And single characters of columns of type `name`,
//! which are arrays of them that count from 0 in PostgreSQL: `typname[0]`.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, Select, SetExpr, Subscript, TableFactor,
};

use super::named_types::is_text;
use super::rewrite::parse;
use super::{data, subqueries};
use crate::sql::walk::visit_expressions_mut;

/// By table, its columns of a type.
type Columns = HashMap<&'static str, Vec<&'static str>>;

static FUNCTIONS: LazyLock<Columns> = LazyLock::new(|| columns_of_type("regproc"));
static TYPES: LazyLock<Columns> = LazyLock::new(|| columns_of_type("regtype"));
static NAMES: LazyLock<Columns> = LazyLock::new(|| columns_of_type("name"));

fn columns_of_type(wanted: &str) -> Columns {
    let tables = data::RELATIONS.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (name, columns) = (fields.next()?, fields.nth(2)?);
        let columns = columns.split(',').filter_map(|column| {
            let (name, of) = column.split_once(' ')?;
            (of.trim_end_matches('!') == wanted).then_some(name)
        });
        Some((name, columns.collect::<Vec<_>>()))
    });
    tables.filter(|(_, columns)| !columns.is_empty()).collect()
}

/// Has casts of such columns to text give names.
pub fn show(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => show_in(select),
        SetExpr::SetOperation { left, right, .. } => {
            show(left);
            show(right);
        }
        _ => {}
    }
}

fn show_in(select: &mut Select) {
    let factors = select.from.iter().flat_map(|table| {
        let joined = table.joins.iter().map(|join| &join.relation);
        std::iter::once(&table.relation).chain(joined)
    });
    let tables: Vec<&str> = factors.filter_map(table_of).collect();
    let columns = |of: &'static Columns| -> Vec<&str> {
        let found = tables.iter().filter_map(|table| of.get(table));
        found.flatten().copied().collect()
    };
    let (functions, types) = (columns(&FUNCTIONS), columns(&TYPES));
    let names = columns(&NAMES);
    let named = |expr: &Expr| {
        let column = column_of(expr)?;
        let is_one = |of: &[&str]| of.contains(&column.value.as_str());
        if is_one(&functions) {
            parse(&format!("regproc_text({expr})"))
        } else if is_one(&types) {
            parse(&format!("format_type({expr}, NULL)"))
        } else {
            None
        }
    };
    let _ = visit_expressions_mut(select, |expr| {
        match expr {
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } if is_text(data_type) => {
                if let Some(name) = named(inner) {
                    **inner = name;
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                if let Some(column) = column_of(root)
                    && names.contains(&column.value.as_str())
                    && let [AccessExpr::Subscript(Subscript::Index { index })] =
                        access_chain.as_slice()
                    && let Some(character) =
                        parse(&format!("substr({root}, CAST({index} AS BIGINT) + 1, 1)"))
                {
                    *expr = character;
                }
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
}

/// The last part of a column's name.
fn column_of(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(column) => Some(column),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// The name of a table of `pg_catalog`.
fn table_of(factor: &TableFactor) -> Option<&'static str> {
    let (_, oid) = subqueries::catalog_table(factor)?;
    let mut tables = super::tables();
    Some(tables.find(|table| table.oid == oid)?.name)
}
