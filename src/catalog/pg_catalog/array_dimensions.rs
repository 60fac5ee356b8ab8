//! Types of columns and domains with all of their dimensions: `format_type(a.atttypid, a.atttypmod)` of a column that
//! is declared as `integer[][]`. A value of PostgreSQL's `integer[]` may have any number of dimensions, and so it
//! tells of one; here it has as many as its type, which who writes a table anew, as dumps do, has to know. So
//! the call is given what the catalog says of dimensions beside the modifier.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, Query, Select,
    SetExpr,
};

use super::rewrite::named;
use super::subqueries::catalog_table;
use crate::sql::cursor::fold;
use crate::sql::walk::visit_expressions_mut;

/// By table of `pg_catalog`, its column of a modifier, and that of dimensions.
const COLUMNS: [(&str, &str, &str); 2] = [
    ("pg_attribute", "atttypmod", "attndims"),
    ("pg_type", "typtypmod", "typndims"),
];

/// Has such calls of a query know the dimensions.
pub fn tell(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return;
    };
    // Beside groups nothing else of a row is known.
    if !matches!(&select.group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty()) {
        return;
    }
    let tables = tables(select);
    if tables.is_empty() {
        return;
    }
    let _ = visit_expressions_mut(query, |expr| {
        if let Expr::Function(call) = expr
            && named(&call.name).is_some_and(|name| name.eq_ignore_ascii_case("format_type"))
            && let FunctionArguments::List(list) = &mut call.args
            && let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(modifier))] = list.args.as_slice()
            && let Some(dimensions) = dimensions_beside(modifier, &tables)
        {
            list.args
                .push(FunctionArg::Unnamed(FunctionArgExpr::Expr(dimensions)));
        }
        ControlFlow::<()>::Continue(())
    });
}

/// A table that a query reads: what the query calls it, and its columns of a modifier and of dimensions.
type Table = (String, &'static str, &'static str);

fn tables(select: &Select) -> Vec<Table> {
    let factors = select.from.iter().flat_map(|table| {
        let joined = table.joins.iter().map(|join| &join.relation);
        std::iter::once(&table.relation).chain(joined)
    });
    let found = factors.filter_map(|factor| {
        let (called, oid) = catalog_table(factor)?;
        let table = super::tables().find(|table| table.oid == oid)?;
        let (_, modifier, dimensions) = COLUMNS.iter().find(|(name, ..)| *name == table.name)?;
        Some((called, *modifier, *dimensions))
    });
    found.collect()
}

/// The dimensions that stand beside a modifier.
fn dimensions_beside(modifier: &Expr, tables: &[Table]) -> Option<Expr> {
    let folded = |name: &Ident| fold(name.value.clone(), name.quote_style);
    match modifier {
        Expr::Identifier(column) => {
            let mut of_name = tables.iter().filter(|(_, own, _)| *own == folded(column));
            match (of_name.next(), of_name.next()) {
                (Some((.., dimensions)), None) => Some(Expr::Identifier(Ident::new(*dimensions))),
                _ => None,
            }
        }
        Expr::CompoundIdentifier(parts) => {
            let [before @ .., table, column] = parts.as_slice() else {
                return None;
            };
            let is_meant =
                |(called, own, _): &&Table| *called == folded(table) && *own == folded(column);
            let (.., dimensions) = tables.iter().find(is_meant)?;
            let mut parts = before.to_vec();
            parts.extend([table.clone(), Ident::new(*dimensions)]);
            Some(Expr::CompoundIdentifier(parts))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn calls_know_dimensions_where_their_row_has_them() {
        for (sql, expected) in [
            (
                "SELECT pg_catalog.format_type(t.oid, a.atttypmod) FROM pg_catalog.pg_attribute AS a LEFT JOIN pg_type AS t ON t.oid = a.atttypid ORDER BY format_type(t.oid, a.atttypmod)",
                "SELECT pg_catalog.format_type(t.oid, a.atttypmod, a.attndims) FROM pg_catalog.pg_attribute AS a LEFT JOIN pg_type AS t ON t.oid = a.atttypid ORDER BY format_type(t.oid, a.atttypmod, a.attndims)",
            ),
            (
                "SELECT format_type(typbasetype, typtypmod) FROM pg_type",
                "SELECT format_type(typbasetype, typtypmod, typndims) FROM pg_type",
            ),
            (
                "SELECT format_type(a.oid, a.atttypmod) FROM a",
                "SELECT format_type(a.oid, a.atttypmod) FROM a",
            ),
            (
                "SELECT format_type(atttypid, NULL) FROM pg_attribute",
                "SELECT format_type(atttypid, NULL) FROM pg_attribute",
            ),
            (
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute GROUP BY atttypid, atttypmod",
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute GROUP BY atttypid, atttypmod",
            ),
        ] {
            let Ok(Statement::Query(mut query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            tell(&mut query);
            assert_eq!(query.to_string(), expected);
        }
    }
}
