//! Calls of functions in definitions, when these go to a schema of another name.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName as AstName, TableFactor, VisitorMut};

use super::create_function::Body;
use super::cursor::object_name_from;
use super::qualify::ast_name;
use super::{QualifiedName, Statement};
use crate::sql::walk::VisitMut;

impl Statement {
    /// Has a definition, whose names are full, call functions by their new name, and name them by it in
    /// literals.
    pub fn rename_calls(&mut self, old: &QualifiedName, new: &QualifiedName) {
        let renamer = &mut Renamer { old, new };
        // Nothing breaks the walk.
        let _ = match self {
            Self::CreateView(create) => create.query.visit(renamer),
            Self::CreateMaterializedView(create) => create.query.visit(renamer),
            Self::CreateCheck(create) => create.query.visit(renamer),
            Self::CreateModel(create) => {
                // It changes, and refuses nothing.
                let _ = create.options.change_expressions(&mut |expression| {
                    let _ = expression.visit(renamer);
                    Ok(())
                });
                create.query.visit(renamer)
            }
            Self::CreateTable(create) => create.columns.visit(renamer),
            Self::CreateFunction(create) => match &mut create.body {
                Body::Text(_, Some(query)) | Body::Atomic(query) => query.visit(renamer),
                Body::Return(value) => value.visit(renamer),
                Body::Text(_, None) => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        };
        self.rename_in_literals(old, new, None);
    }
}

struct Renamer<'a> {
    old: &'a QualifiedName,
    new: &'a QualifiedName,
}

impl Renamer<'_> {
    fn rename(&self, name: &mut AstName) {
        let is_old = object_name_from(name).is_ok_and(|found| {
            found.schema.as_ref() == Some(&self.old.schema) && found.name == self.old.name
        });
        if is_old {
            *name = ast_name(self.new);
        }
    }
}

impl VisitorMut for Renamer<'_> {
    type Break = Infallible;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Function(function) = expr {
            self.rename(&mut function.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                ..
            }
            | TableFactor::Function { name, .. } => self.rename(name),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
