//! Puts what they stand for in the place of the names of merged columns.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Query, SelectItem, SetExpr, VisitorMut};

use super::folded;
use super::tree::Merged;
use crate::sql::known_columns::KnownColumns;
use crate::sql::walk::VisitMut;

pub(super) struct Names<'a> {
    merged: &'a [Merged],
    columns: &'a mut KnownColumns,
    /// Of the queries around, the names that mean something of their own.
    hidden: Vec<BTreeSet<String>>,
    /// Where the names of fields stand, as in `(row).id`.
    fields: BTreeSet<usize>,
    changed: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new(merged: &'a [Merged], columns: &'a mut KnownColumns) -> Self {
        Self {
            merged,
            columns,
            hidden: Vec::new(),
            fields: BTreeSet::new(),
            changed: false,
        }
    }

    /// Whether an expression has any, which are replaced.
    pub(super) fn replace(&mut self, expression: &mut Expr) -> bool {
        self.changed = false;
        let _ = VisitMut::visit(expression, self);
        self.changed
    }

    /// The names that mean something of a subquery's own, or may do so.
    fn own_names(&mut self, body: &SetExpr, names: &mut BTreeSet<String>) {
        match body {
            SetExpr::Select(select) => {
                for table in &select.from {
                    match self.columns.of_joined(table) {
                        Some(columns) => names.extend(columns),
                        None => names.extend(self.merged.iter().map(|(name, _)| name.clone())),
                    }
                }
                names.extend(select.projection.iter().filter_map(|item| match item {
                    SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
                    _ => None,
                }));
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.own_names(left, names);
                self.own_names(right, names);
            }
            _ => {}
        }
    }
}

impl VisitorMut for Names<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.columns.enter_query(query);
        let mut names = BTreeSet::new();
        self.own_names(&query.body, &mut names);
        self.hidden.push(names);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.columns.leave();
        self.hidden.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::CompoundFieldAccess { access_chain, .. } = &*expression {
            let fields = access_chain.iter().filter_map(|access| match access {
                AccessExpr::Dot(field) => Some(std::ptr::from_ref(field).addr()),
                AccessExpr::Subscript(_) => None,
            });
            self.fields.extend(fields);
        }
        let Expr::Identifier(name) = &*expression else {
            return ControlFlow::Continue(());
        };
        let name = folded(name);
        let is_field = self
            .fields
            .contains(&std::ptr::from_ref(&*expression).addr());
        if is_field || self.hidden.iter().any(|hidden| hidden.contains(&name)) {
            return ControlFlow::Continue(());
        }
        if let Some((_, value)) = self.merged.iter().find(|(own, _)| *own == name) {
            *expression = value.as_ref().clone();
            self.changed = true;
        }
        ControlFlow::Continue(())
    }
}
