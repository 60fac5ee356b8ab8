//! Functions that give rows: `SELECT jsonb_array_elements(document)` is `unnest` of the list that the
//! function is here, and in `FROM` such a function sees what stands before it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, TableFactor, VisitMut, VisitorMut,
};
use tributary_udfs::json;

use super::cursor::fold;
use super::standard_forms;

/// Rewrites a query before it is planned.
pub fn rewrite(query: &mut Query) {
    let _: ControlFlow<()> = query.visit(&mut Rewriter);
}

/// Whether a function gives rows where it stands in a list of columns.
pub fn gives_rows(name: &str) -> bool {
    matches!(name, "generate_series" | "unnest") || json::gives_rows(name)
}

/// Whether the rows of a function in `FROM` can be numbered.
pub(super) fn has_ordinality(name: &ObjectName) -> bool {
    last_name(name).is_some_and(|name| json::gives_rows(&name))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = ();

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name,
            args: Some(arguments),
            alias,
            with_ordinality,
            ..
        } = factor
            && last_name(name).is_some_and(|name| json::gives_rows(&name))
        {
            *factor = TableFactor::Function {
                lateral: true,
                name: name.clone(),
                args: std::mem::take(&mut arguments.args),
                with_ordinality: *with_ordinality,
                alias: alias.take(),
            };
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && let Some(name) = last_name(&function.name)
            && json::gives_rows(&name)
        {
            let rows = Expr::Function(function.clone());
            let unnested = call("unnest", rows);
            *expr = match json::row_type(&name) {
                Some(declared) => call(declared, unnested),
                None => unnested,
            };
        }
        ControlFlow::Continue(())
    }
}

/// The name of a function, of PostgreSQL's own schema or of none.
fn last_name(name: &ObjectName) -> Option<String> {
    let own = |part: &Ident| fold(part.value.clone(), part.quote_style);
    match name.0.as_slice() {
        [last] => last.as_ident().map(own),
        [schema, last] if schema.as_ident().map(own).as_deref() == Some("pg_catalog") => {
            last.as_ident().map(own)
        }
        _ => None,
    }
}

fn call(name: &str, argument: Expr) -> Expr {
    let mut function = standard_forms::call(Ident::new(name));
    function.args = standard_forms::arguments(vec![argument]);
    Expr::Function(function)
}
