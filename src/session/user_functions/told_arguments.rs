//! Arguments that a body names alone, told from columns of the query around the call.
//!
//! A name in a body is that of a column of what the body reads, and else of an argument. Where a call stands in
//! `FROM`, the planner finds the columns of the query around as it finds the arguments, and takes neither where
//! both have the name. So arguments get the name of their relation wherever nothing that the body reads has a
//! column of that name, as far as that is known.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, Query, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins,
    VisitorMut,
};

use crate::catalog::Snapshot;
use crate::sql::column_names::name_of;
use crate::sql::create_function::CreateFunction;
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::name::DEFAULT_SCHEMA;
use crate::sql::walk::VisitMut;

/// Functions in `FROM` whose rows have one column, of the name of their alias.
const OF_ONE_COLUMN: [&str; 4] = [
    "generate_series",
    "regexp_split_to_table",
    "string_to_table",
    "unnest",
];

/// Gives arguments the name of their relation.
pub(super) fn qualify(
    create: &CreateFunction,
    snapshot: &Snapshot,
    relation: &str,
    body: &mut Query,
) {
    let arguments = create.arguments.iter();
    let mut qualifier = Qualifier {
        snapshot,
        relation,
        arguments: arguments.filter_map(|it| it.name.clone()).collect(),
        around: Vec::new(),
        fields: BTreeSet::new(),
    };
    if !qualifier.arguments.is_empty() {
        let _ = VisitMut::visit(body, &mut qualifier);
    }
}

struct Qualifier<'a> {
    snapshot: &'a Snapshot,
    relation: &'a str,
    arguments: BTreeSet<String>,
    /// Of the queries around the place, innermost last, the names that may be those of columns; none where these
    /// are not known.
    around: Vec<Option<BTreeSet<String>>>,
    /// Where the names of fields stand, as in `(i.keys).n`.
    fields: BTreeSet<usize>,
}

impl VisitorMut for Qualifier<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let mut names = BTreeSet::new();
        let known = self.of_body(&query.body, &mut names);
        self.around.push(known.map(|()| names));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let told = match &*expr {
            Expr::CompoundFieldAccess { access_chain, .. } => {
                let fields = access_chain.iter().filter_map(|access| match access {
                    AccessExpr::Dot(field) => Some(std::ptr::from_ref(field).addr()),
                    AccessExpr::Subscript(_) => None,
                });
                self.fields.extend(fields);
                None
            }
            Expr::Identifier(_) if self.fields.contains(&std::ptr::from_ref(&*expr).addr()) => None,
            Expr::Identifier(name) => {
                let name = folded(name);
                let mut around = self.around.iter();
                let is_argument = self.arguments.contains(&name)
                    && around.all(|names| names.as_ref().is_some_and(|it| !it.contains(&name)));
                let parts = [self.relation, name.as_str()];
                let parts = parts.map(|part| Ident::with_quote('"', part));
                is_argument.then(|| Expr::CompoundIdentifier(parts.to_vec()))
            }
            _ => None,
        };
        if let Some(told) = told {
            *expr = told;
        }
        ControlFlow::Continue(())
    }
}

impl Qualifier<'_> {
    /// Adds the names of columns and relations that a query's own text may name; none where they are not known.
    fn of_body(&self, body: &SetExpr, names: &mut BTreeSet<String>) -> Option<()> {
        match body {
            SetExpr::Select(select) => {
                for table in &select.from {
                    self.of_table(table, names)?;
                }
                for item in &select.projection {
                    if let SelectItem::ExprWithAlias { alias, .. } = item {
                        names.insert(folded(alias));
                    }
                }
                Some(())
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.of_body(left, names)?;
                self.of_body(right, names)
            }
            SetExpr::Query(query) => self.of_body(&query.body, names),
            SetExpr::Values(_) => Some(()),
            _ => None,
        }
    }

    fn of_table(&self, table: &TableWithJoins, names: &mut BTreeSet<String>) -> Option<()> {
        self.of_factor(&table.relation, names)?;
        for join in &table.joins {
            self.of_factor(&join.relation, names)?;
        }
        Some(())
    }

    fn of_factor(&self, factor: &TableFactor, names: &mut BTreeSet<String>) -> Option<()> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let name = object_name_from(name).ok()?;
                // Names in a body are full, but for those of its own WITH.
                name.schema.as_ref()?;
                let object = self.snapshot.relation(&name.qualify(DEFAULT_SCHEMA))?;
                let fields = object.schema.fields().iter();
                names.extend(fields.map(|field| field.name().clone()));
                names.insert(name.name);
                add_alias(alias.as_ref(), names);
                Some(())
            }
            TableFactor::Table {
                name,
                alias: Some(alias),
                args: Some(_),
                with_ordinality: false,
                ..
            }
            | TableFactor::Function {
                name,
                alias: Some(alias),
                with_ordinality: false,
                ..
            } => {
                let called = name.0.last().and_then(|part| part.as_ident())?;
                if !OF_ONE_COLUMN.contains(&folded(called).as_str()) {
                    return None;
                }
                add_alias(Some(alias), names);
                Some(())
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => {
                of_answers(&subquery.body, names)?;
                add_alias(alias.as_ref(), names);
                Some(())
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                add_alias(alias.as_ref(), names);
                self.of_table(table_with_joins, names)
            }
            _ => None,
        }
    }
}

/// Adds the names of a query's columns, as far as its text tells.
fn of_answers(body: &SetExpr, names: &mut BTreeSet<String>) -> Option<()> {
    match body {
        SetExpr::Select(select) => {
            for item in &select.projection {
                names.insert(match item {
                    SelectItem::UnnamedExpr(expr) => name_of(expr),
                    SelectItem::ExprWithAlias { alias, .. } => folded(alias),
                    _ => return None,
                });
            }
            Some(())
        }
        SetExpr::SetOperation { left, .. } => of_answers(left, names),
        SetExpr::Query(query) => of_answers(&query.body, names),
        SetExpr::Values(values) => {
            let width = values.rows.first().map_or(0, |row| row.content.len());
            names.extend((1..=width).map(|number| format!("column{number}")));
            Some(())
        }
        _ => None,
    }
}

fn add_alias(alias: Option<&TableAlias>, names: &mut BTreeSet<String>) {
    if let Some(alias) = alias {
        names.insert(folded(&alias.name));
        names.extend(alias.columns.iter().map(|column| folded(&column.name)));
    }
}
