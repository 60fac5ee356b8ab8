//! Says what clients ask of `pg_catalog` in forms that DataFusion's planner knows.
//!
//! Each rule keeps the meaning of any query, so they are applied to every query:
//! - `pg_catalog.f(x)` is `f(x)`; `OPERATOR(pg_catalog.~)` is `~`; the default collation is no
//!   collation;
//! - casts to `regclass`, `regtype` and the like are calls of functions, casts to PostgreSQL's own
//!   types are casts to the types that stand for them;
//! - a query of a table of [`super::empty`] has no rows: it is one that says so, whatever else is in
//!   it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    Ident, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr,
    TableFactor, TableWithJoins, Value, Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::{PG_CATALOG, empty};

/// Aggregates that clients use on `pg_catalog`: with one, a query of no rows has a row.
const AGGREGATES: [&str; 9] = [
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "max",
    "min",
    "string_agg",
    "sum",
];

/// Rewrites a query in place.
pub fn rewrite(query: &mut Query) {
    // A name of WITH hides the table of that name.
    let mut hidden = HiddenNames(false);
    let _ = Visit::visit(query, &mut hidden);
    let _ = VisitMut::visit(query, &mut Rewriter { prunes: !hidden.0 });
}

/// Finds out whether `WITH` names anything like a table of `pg_catalog`.
struct HiddenNames(bool);

impl Visitor for HiddenNames {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let names = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0 |= names
            .into_iter()
            .any(|table| table.alias.name.value.starts_with("pg_"));
        ControlFlow::Continue(())
    }
}

struct Rewriter {
    /// Whether queries of empty tables are taken out.
    prunes: bool,
}

impl VisitorMut for Rewriter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if self.prunes
            && query.with.is_none()
            && empty_body(&mut query.body)
            && matches!(*query.body, SetExpr::Select(_))
        {
            // What it orders by is gone with its rows.
            query.order_by = None;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => {
                strip_schema(&mut function.name);
                // ARRAY(query)
                if self.prunes
                    && let FunctionArguments::Subquery(query) = &mut function.args
                    && named(&function.name).is_some_and(|name| name.eq_ignore_ascii_case("array"))
                    && empty_body(&mut query.body)
                    && let Some(nothing) = parse("CAST(make_array() AS TEXT[])")
                {
                    *expr = nothing;
                }
            }
            Expr::Subquery(query) => {
                if self.prunes
                    && query.with.is_none()
                    && empty_body(&mut query.body)
                    && let Some(null) = parse("CAST(NULL AS TEXT)")
                {
                    *expr = null;
                }
            }
            Expr::BinaryOp {
                op: op @ BinaryOperator::PGCustomBinaryOperator(_),
                ..
            } => plain_operator(op),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let changed = match expr {
            Expr::Collate {
                expr: inner,
                collation,
            } if matches!(named(collation), Some("default" | "C")) => Some(*inner.clone()),
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => cast(inner, data_type),
            _ => None,
        };
        if let Some(changed) = changed {
            *expr = changed;
        }
        ControlFlow::Continue(())
    }
}

/// The last part of a name.
fn named(name: &ObjectName) -> Option<&str> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => Some(&ident.value),
        _ => None,
    }
}

/// `pg_catalog.name` becomes `name`.
fn strip_schema(name: &mut ObjectName) {
    if let [ObjectNamePart::Identifier(schema), last] = name.0.as_slice()
        && schema.value.eq_ignore_ascii_case(PG_CATALOG)
    {
        name.0 = vec![last.clone()];
    }
}

fn plain_operator(op: &mut BinaryOperator) {
    let BinaryOperator::PGCustomBinaryOperator(parts) = &*op else {
        return;
    };
    let plain = match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [PG_CATALOG, "~"] => BinaryOperator::PGRegexMatch,
        [PG_CATALOG, "~*"] => BinaryOperator::PGRegexIMatch,
        [PG_CATALOG, "!~"] => BinaryOperator::PGRegexNotMatch,
        [PG_CATALOG, "!~*"] => BinaryOperator::PGRegexNotIMatch,
        [PG_CATALOG, "="] => BinaryOperator::Eq,
        [PG_CATALOG, "<>"] => BinaryOperator::NotEq,
        [PG_CATALOG, "||"] => BinaryOperator::StringConcat,
        _ => return,
    };
    *op = plain;
}

/// What a cast to one of PostgreSQL's own types is; `None` where it may stay. It also puts a plain
/// type in the place of one written with its schema.
fn cast(inner: &Expr, data_type: &mut DataType) -> Option<Expr> {
    let name = match data_type {
        DataType::Regclass => "regclass".to_owned(),
        DataType::Custom(name, _) => named(name)?.to_lowercase(),
        _ => return None,
    };
    let is_literal = matches!(
        inner,
        Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_))
    );
    let plain = match name.as_str() {
        "regclass" if is_literal => return parse(&format!("regclass_oid({inner})")),
        "regclass" => return parse(&format!("regclass_text({inner})")),
        "regtype" if !is_literal => return parse(&format!("format_type({inner}, NULL)")),
        "regnamespace" if !is_literal => return parse(&format!("regnamespace_text({inner})")),
        "text" | "name" | "varchar" | "bpchar" => DataType::Text,
        "char" => DataType::Custom(Ident::with_quote('"', "char").into(), Vec::new()),
        "oid" | "int8" => DataType::BigInt(None),
        "int4" => DataType::Integer(None),
        "int2" => DataType::SmallInt(None),
        "bool" => DataType::Boolean,
        "float8" => DataType::DoublePrecision,
        _ => return None,
    };
    *data_type = plain;
    None
}

fn parse(sql: &str) -> Option<Expr> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    parser.parse_expr().ok()
}

/// Whether a query has no rows since it is of an empty table; it then says so.
fn empty_body(body: &mut SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => {
            let is_empty = has_no_rows(select);
            if is_empty {
                make_empty(select);
            }
            is_empty
        }
        SetExpr::SetOperation { left, right, .. } => {
            // Both sides are to be made empty, so no `&&`.
            let (left, right) = (empty_body(left), empty_body(right));
            left && right
        }
        _ => false,
    }
}

fn has_no_rows(select: &Select) -> bool {
    let is_grouped = !matches!(
        &select.group_by,
        GroupByExpr::Expressions(expressions, _) if expressions.is_empty()
    );
    !is_grouped
        && select.having.is_none()
        && !select.projection.iter().any(has_aggregate)
        && !select.projection.iter().any(is_wildcard)
        && select.from.iter().any(is_empty_join)
}

fn has_aggregate(item: &SelectItem) -> bool {
    item.visit(&mut Aggregates { depth: 0 }).is_break()
}

/// Finds an aggregate of the query itself, not of one within it.
struct Aggregates {
    depth: usize,
}

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function)
                if self.depth == 0
                    && named(&function.name)
                        .is_some_and(|name| AGGREGATES.contains(&name.to_lowercase().as_str())) =>
            {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn is_wildcard(item: &SelectItem) -> bool {
    matches!(
        item,
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
    )
}

/// Whether a join of tables has no rows.
fn is_empty_join(tables: &TableWithJoins) -> bool {
    let mut is_empty = is_empty_table(&tables.relation);
    for join in &tables.joins {
        let right = is_empty_table(&join.relation);
        is_empty = match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                is_empty || right
            }
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => is_empty,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            JoinOperator::FullOuter(_) => is_empty && right,
            _ => false,
        };
    }
    is_empty
}

fn is_empty_table(table: &TableFactor) -> bool {
    let TableFactor::Table { name, args, .. } = table else {
        // `unnest(tc.reloptions)` is a factor of its own.
        return matches!(
            table,
            TableFactor::UNNEST { array_exprs, .. } if array_exprs.iter().all(is_options)
        );
    };
    let parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
    let name = match parts.as_slice() {
        [name] => name,
        [schema, name] if schema.value.eq_ignore_ascii_case(PG_CATALOG) => name,
        _ => return false,
    };
    match args {
        None => empty::TABLES.iter().any(|table| table.name == name.value),
        Some(_) if name.value == "pg_options_to_table" => true,
        // Nothing has options.
        Some(arguments) => {
            name.value == "unnest"
                && arguments.args.iter().all(|argument| {
                    matches!(
                        argument,
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if is_options(expr)
                    )
                })
        }
    }
}

/// Whether an expression is a column of options, which is always NULL.
fn is_options(expr: &Expr) -> bool {
    match expr {
        Expr::CompoundIdentifier(parts) => parts
            .last()
            .is_some_and(|last| matches!(last.value.as_str(), "reloptions")),
        _ => false,
    }
}

/// The same columns, and no rows.
fn make_empty(select: &mut Select) {
    let mut names = BTreeSet::new();
    for item in &mut select.projection {
        let mut alias = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            SelectItem::UnnamedExpr(expr) => Ident::with_quote('"', column_name(expr)),
            _ => continue,
        };
        // PostgreSQL lets two columns have one name, the planner does not.
        while !names.insert(alias.value.clone()) {
            alias.value.push('_');
        }
        if let Some(expr) = parse("CAST(NULL AS TEXT)") {
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
    select.from.clear();
    select.distinct = None;
    select.selection = parse("false");
}

/// The name that PostgreSQL gives to a column without an alias.
fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::CompoundIdentifier(parts) => parts
            .last()
            .map_or_else(String::new, |last| last.value.clone()),
        Expr::Function(function) => named(&function.name).unwrap_or("?column?").to_owned(),
        Expr::Cast { expr, .. } => column_name(expr),
        _ => "?column?".to_owned(),
    }
}
