//! Says what clients ask of `pg_catalog` in forms that DataFusion's planner knows.
//!
//! Each rule keeps the meaning of any query, so they are applied to every query:
//! - `pg_catalog.f(x)` is `f(x)`; `OPERATOR(pg_catalog.~)` is `~`; the default collation is no
//!   collation;
//! - casts to `regclass`, `regtype` and the like are calls of functions, casts to PostgreSQL's own
//!   types are casts to the types that stand for them;
//! - `generate_subscripts(array, dimension)` is the elements of an array of numbers, and
//!   `pg_listening_channels()` those of an array of names; `pg_partition_ancestors(table)` gives no rows; `EXISTS (query)` among the columns is a
//!   count above 0;
//! - columns of type `regproc` are cast to text as names;
//! - `format_type` is told of a column's dimensions beside its modifier;
//! - `ARRAY(query)` is an aggregate, and so is a subquery that looks up one row of `pg_catalog`;
//!   `tableoid` is the number of its table;
//! - a query of a table that is always empty has no rows: it is one that says so, whatever else is in
//!   it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName, ObjectNamePart, Query, SetExpr, TableAlias, TableAliasColumnDef,
    TableFactor, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::compared_names::compare_numbers;
use super::empty_queries::empty_body;
use super::information_schema::type_figures;
use super::named_types::{cast, is_vector, show_names};
use super::notification_functions::LISTENING_CHANNELS;
use super::table_numbers::name_tables;
use super::{PG_CATALOG, array_dimensions, function_names, subqueries};
use crate::catalog::Snapshot;
use crate::sql::name::Quoted;
use crate::sql::walk::{Visit, VisitMut};

/// What becomes of a query of a table that is always empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyQuery {
    /// One whose columns are texts, and which has no rows.
    NullTexts,
    /// It stays as it is, but for what is within it.
    AsWritten,
}

/// Rewrites a query in place; `empty` is for the query itself.
pub fn rewrite(query: &mut Query, snapshot: &Snapshot, empty: EmptyQuery) {
    let mut rewriter = Rewriter {
        prunes: !hides_tables(query),
        keeps_next: empty == EmptyQuery::AsWritten,
        snapshot,
    };
    let _ = VisitMut::visit(query, &mut rewriter);
}

/// Whether a query has no rows since it is of an empty table.
pub fn never_has_rows(query: &Query) -> bool {
    query.with.is_none() && !hides_tables(query) && empty_body(&mut query.body.clone())
}

/// Whether a name of `WITH` hides the table of that name.
fn hides_tables(query: &Query) -> bool {
    let mut hidden = HiddenNames(false);
    let _ = Visit::visit(query, &mut hidden);
    hidden.0
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

struct Rewriter<'a> {
    /// Whether queries of empty tables are taken out.
    prunes: bool,
    /// Whether the query that comes next, the outermost, is not.
    keeps_next: bool,
    /// Where tables have their numbers.
    snapshot: &'a Snapshot,
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        show_names(&mut query.body);
        subqueries::count_in_columns(&mut query.body);
        if self.prunes {
            array_dimensions::tell(query);
            function_names::show(&mut query.body);
            name_tables(&mut query.body, self.snapshot);
        }
        let keeps = std::mem::take(&mut self.keeps_next);
        if self.prunes
            && !keeps
            && query.with.is_none()
            && empty_body(&mut query.body)
            && matches!(*query.body, SetExpr::Select(_))
        {
            // What it orders by is gone with its rows.
            query.order_by = None;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        name_settings(factor);
        let rows = listening_channels_table(factor).or_else(|| subscripts_table(factor));
        if let Some(rows) = rows.or_else(|| partitions_table(factor)) {
            *factor = rows;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => {
                strip_schema(&mut function.name);
                if let Some(plain) = type_figures::say_plainly(function) {
                    *expr = plain;
                    return ControlFlow::Continue(());
                }
                let rows = subscripts(&function.name, &function.args);
                let rows = rows.or_else(|| listening_channels(&function.name));
                if let Some(rows) = rows.or_else(|| partitions(&function.name)) {
                    *expr = rows;
                    return ControlFlow::Continue(());
                }
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
                } else if self.prunes
                    && let Some(condition) = subqueries::look_up(query)
                    && let Some(looked_up) =
                        parse(&format!("CASE WHEN {condition} THEN ({query}) END"))
                {
                    *expr = looked_up;
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
            _ => {
                compare_numbers(expr);
                None
            }
        };
        if let Some(changed) = changed {
            *expr = changed;
        }
        ControlFlow::Continue(())
    }
}

/// The last part of a name.
pub fn named(name: &ObjectName) -> Option<&str> {
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

/// An expression of this text.
pub fn parse(sql: &str) -> Option<Expr> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    parser.parse_expr().ok()
}

/// `generate_subscripts(array, dimension [, reverse])` as the elements of an array of numbers.
fn subscripts(name: &ObjectName, arguments: &FunctionArguments) -> Option<Expr> {
    if !named(name)?.eq_ignore_ascii_case("generate_subscripts") {
        return None;
    }
    let FunctionArguments::List(list) = arguments else {
        return None;
    };
    let given = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    let given: Vec<&Expr> = given.collect::<Option<_>>()?;
    let (array, dimension, reverse) = match given.as_slice() {
        [array, dimension] => (array, dimension, None),
        [array, dimension, reverse] => (array, dimension, Some(reverse)),
        _ => return None,
    };
    let numbers = match is_vector(array) {
        // Vectors count from 0, and have one dimension.
        true => format!(
            "range(0, CASE WHEN {dimension} = 1 THEN CAST(cardinality({array}) AS BIGINT) END)"
        ),
        false => format!("range(1, CAST(array_length({array}, {dimension}) AS BIGINT) + 1)"),
    };
    let numbers = match reverse {
        Some(reverse) => format!(
            "CASE WHEN ({reverse}) THEN array_reverse({numbers}) WHEN NOT ({reverse}) THEN {numbers} END"
        ),
        None => numbers,
    };
    parse(&format!("unnest({numbers})"))
}

/// `generate_subscripts(array, dimension)` where a table stands: a table of one column, named as the table is.
fn subscripts_table(factor: &TableFactor) -> Option<TableFactor> {
    let TableFactor::Table {
        name,
        args: Some(arguments),
        alias,
        with_ordinality: false,
        ..
    } = factor
    else {
        return None;
    };
    let arguments = FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: arguments.args.clone(),
        clauses: Vec::new(),
    });
    let rows = subscripts(name, &arguments)?;
    let column = Quoted(named(name)?);
    table_of(
        &format!("SELECT {rows} AS {column}"),
        named(name)?,
        alias.as_ref(),
    )
}

/// `pg_partition_ancestors(table)` where a table stands.
fn partitions_table(factor: &TableFactor) -> Option<TableFactor> {
    let TableFactor::Table {
        name,
        args: Some(_),
        alias,
        with_ordinality: false,
        ..
    } = factor
    else {
        return None;
    };
    let rows = partitions(name)?;
    table_of(
        &format!("SELECT {rows} AS relid"),
        named(name)?,
        alias.as_ref(),
    )
}

/// A subquery of one column, named as the table is.
fn table_of(sql: &str, name: &str, alias: Option<&TableAlias>) -> Option<TableFactor> {
    let subquery = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    let mut alias = alias.cloned().unwrap_or(TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty() {
        let column = TableAliasColumnDef {
            name: alias.name.clone(),
            data_type: None,
        };
        alias.columns = vec![column];
    }
    Some(TableFactor::Derived {
        lateral: true,
        subquery: { subquery }.parse_query().ok()?,
        alias: Some(alias),
        sample: None,
    })
}

/// What a partition is one of: nothing, for there are none.
fn partitions(name: &ObjectName) -> Option<Expr> {
    let is_called = named(name)?.eq_ignore_ascii_case("pg_partition_ancestors");
    is_called.then(|| parse("unnest(range(0, CAST(0 AS BIGINT)))"))?
}

/// `pg_show_all_settings()` where a table stands is `pg_settings`.
fn name_settings(factor: &mut TableFactor) {
    let TableFactor::Table {
        name,
        args: args @ Some(_),
        alias,
        ..
    } = factor
    else {
        return;
    };
    let Some(ObjectNamePart::Identifier(function)) = name.0.last() else {
        return;
    };
    if function.value.eq_ignore_ascii_case("pg_show_all_settings") {
        alias.get_or_insert(TableAlias {
            explicit: true,
            name: function.clone(),
            columns: Vec::new(),
            at: None,
        });
        *args = None;
        *name = ObjectName::from(vec![Ident::new(PG_CATALOG), Ident::new("pg_settings")]);
    }
}

/// The function whose rows are the channels of the session.
const CHANNELS: &str = "pg_listening_channels";

/// `pg_listening_channels()` as the elements of an array.
fn listening_channels(name: &ObjectName) -> Option<Expr> {
    let is_called = named(name)?.eq_ignore_ascii_case(CHANNELS);
    is_called.then(|| parse(&format!("unnest({LISTENING_CHANNELS}())")))?
}

/// `pg_listening_channels()` where a table stands: a table of one column, named as the table is.
fn listening_channels_table(factor: &TableFactor) -> Option<TableFactor> {
    let TableFactor::Table {
        name,
        args: Some(_),
        alias,
        ..
    } = factor
    else {
        return None;
    };
    if !named(name)?.eq_ignore_ascii_case(CHANNELS) {
        return None;
    }
    let sql = format!("SELECT unnest({LISTENING_CHANNELS}()) AS {CHANNELS}");
    let subquery = Parser::new(&PostgreSqlDialect {}).try_with_sql(&sql).ok()?;
    let table = Ident::new(CHANNELS);
    let mut alias = alias.clone().unwrap_or(TableAlias {
        explicit: true,
        name: table,
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty() {
        alias.columns = vec![TableAliasColumnDef::from_name(alias.name.value.clone())];
    }
    Some(TableFactor::Derived {
        lateral: false,
        subquery: { subquery }.parse_query().ok()?,
        alias: Some(alias),
        sample: None,
    })
}
