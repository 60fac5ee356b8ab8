//! Says what clients ask of `pg_catalog` in forms that DataFusion's planner knows.
//!
//! Each rule keeps the meaning of any query, so they are applied to every query:
//! - `pg_catalog.f(x)` is `f(x)`; `OPERATOR(pg_catalog.~)` is `~`; the default collation is no
//!   collation;
//! - casts to `regclass`, `regtype` and the like are calls of functions, casts to PostgreSQL's own
//!   types are casts to the types that stand for them;
//! - `ARRAY(query)` is an aggregate, and so is a subquery that looks up one row of `pg_catalog`;
//!   `tableoid` is the number of its table;
//! - a query of a table that is always empty has no rows: it is one that says so, whatever else is in
//!   it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, Ident, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins, Value, Visit, VisitMut, Visitor, VisitorMut,
    visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::{PG_CATALOG, subqueries};

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
        show_names(&mut query.body);
        if self.prunes {
            name_tables(&mut query.body);
        }
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
                if let FunctionArguments::Subquery(query) = &mut function.args
                    && named(&function.name).is_some_and(|name| name.eq_ignore_ascii_case("array"))
                {
                    let rewritten = match self.prunes && empty_body(&mut query.body) {
                        true => parse("CAST(make_array() AS TEXT[])"),
                        false => subqueries::array(query),
                    };
                    if let Some(rewritten) = rewritten {
                        *expr = rewritten;
                    }
                }
            }
            Expr::Subquery(query) => {
                if self.prunes
                    && query.with.is_none()
                    && empty_body(&mut query.body)
                    && let Some(null) = parse("CAST(NULL AS TEXT)")
                {
                    *expr = null;
                } else if self.prunes {
                    subqueries::look_up(query);
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

/// Puts the number of its table in the place of the hidden column `tableoid`.
fn name_tables(body: &mut SetExpr) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            name_tables(left);
            return name_tables(right);
        }
        _ => return,
    };
    let factors = select.from.iter().flat_map(|table| {
        let joined = table.joins.iter().map(|join| &join.relation);
        std::iter::once(&table.relation).chain(joined)
    });
    let tables: Vec<(String, i64)> = factors.filter_map(subqueries::catalog_table).collect();
    let _ = visit_expressions_mut(select.as_mut(), |expr| {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table, column] = parts.as_slice()
            && column.value == "tableoid"
            && let Some((_, oid)) = tables.iter().find(|(name, _)| *name == table.value)
        {
            *expr = Expr::value(Value::Number(oid.to_string(), false));
        }
        ControlFlow::<()>::Continue(())
    });
}

/// Has a cast of a name to `regclass` and the like, which is a number to expressions, shown as the
/// name of what it found where it is a column of its own.
fn show_names(body: &mut SetExpr) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            show_names(left);
            return show_names(right);
        }
        _ => return,
    };
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
            continue;
        };
        let Expr::Cast {
            expr: inner,
            data_type,
            ..
        } = expr
        else {
            continue;
        };
        if let Some(number) = cast(inner, &mut data_type.clone())
            && let Expr::Function(function) = &number
            && let Some(shown) = shown(&number, function)
        {
            *expr = shown;
        }
    }
}

/// The name of what a call of `regclass_oid` and the like has found.
fn shown(number: &Expr, function: &Function) -> Option<Expr> {
    let kind = named(&function.name)?.strip_suffix("_oid")?;
    match kind {
        "regtype" => parse(&format!("format_type({number}, NULL)")),
        "regclass" | "regnamespace" | "regrole" | "regproc" => {
            parse(&format!("{kind}_text({number})"))
        }
        _ => None,
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Varchar(_) => true,
        DataType::Custom(name, _) => matches!(named(name), Some("text" | "name" | "varchar")),
        _ => false,
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
    if let Expr::Function(function) = inner
        && is_text(data_type)
        && let Some(shown) = shown(inner, function)
    {
        return Some(shown);
    }
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
        // A name is its number, as which it is compared; one that is shown is a text again.
        "regclass" | "regtype" | "regnamespace" | "regrole" | "regproc" | "regprocedure"
            if is_literal =>
        {
            let name = name.trim_end_matches("edure");
            return parse(&format!("{name}_oid({inner})"));
        }
        "regtype" => return parse(&format!("format_type({inner}, NULL)")),
        "regclass" | "regnamespace" | "regrole" | "regproc" | "regprocedure" => {
            let name = name.trim_end_matches("edure");
            return parse(&format!("{name}_text({inner})"));
        }
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
        None => super::table(&name.value).is_some_and(super::PgTable::is_empty),
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
