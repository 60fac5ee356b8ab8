//! Functions of users' that literals of a definition name: `'f'::regproc`, `'f(int)'::regprocedure`. As
//! relations that literals name, they go by their full names (`relation_literals.rs`).

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{DataType, Expr};

use super::create_function::{Body, signature};
use super::drop_function::FunctionName;
use super::name::ObjectName;
use super::texts::text_of_mut;
use super::{QualifiedName, Statement};
use crate::sql::walk::{Visit, VisitMut, visit_expressions, visit_expressions_mut};

/// Whether there may be any.
pub fn has_any(part: &impl Visit) -> bool {
    let found = visit_expressions(part, |expression| match expression {
        Expr::Cast { data_type, .. } if is_of_functions(data_type) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Has each literal that names a function name it as `full` answers, if that does: by its name, and by the
/// types of its arguments where the literal has some.
pub fn name(
    part: &mut impl VisitMut,
    mut full: impl FnMut(&FunctionName) -> Option<(QualifiedName, Vec<String>)>,
) {
    let _ = visit_expressions_mut(part, |expression| {
        if let Expr::Cast {
            expr, data_type, ..
        } = expression
            && is_of_functions(data_type)
            && let Some(text) = text_of_mut(expr)
            && let Some(function) = FunctionName::read(text)
            && let Some((named, types)) = full(&function)
        {
            *text = match function.types {
                Some(_) => format!("{named}({})", types.join(", ")),
                None => named.to_string(),
            };
        }
        ControlFlow::<Infallible>::Continue(())
    });
}

impl Statement {
    /// Has literals of a definition name functions by another name; those of definitions are full. Of
    /// functions that share the name one is meant where a signature is given.
    pub fn rename_in_literals(
        &mut self,
        old: &QualifiedName,
        new: &QualifiedName,
        of: Option<&str>,
    ) {
        let renamed = |function: &FunctionName| {
            let types = function.types.clone().unwrap_or_default();
            let is_meant = || {
                let own = signature(&old.name, types.iter().cloned());
                function.types.is_none() || of.is_none_or(|of| own == of)
            };
            let is_old = function.name == ObjectName::from(old.clone()) && is_meant();
            is_old.then(|| (new.clone(), types.clone()))
        };
        match self {
            Self::CreateView(create) => name(&mut create.query, renamed),
            Self::CreateMaterializedView(create) => name(&mut create.query, renamed),
            Self::CreateModel(create) => name(&mut create.query, renamed),
            Self::CreateCheck(create) => name(&mut create.query, renamed),
            Self::CreateFunction(create) => match &mut create.body {
                Body::Atomic(query) => name(query, renamed),
                Body::Return(value) => name(value, renamed),
                Body::Text(..) => {}
            },
            _ => {}
        }
    }
}

fn is_of_functions(data_type: &DataType) -> bool {
    let DataType::Custom(name, _) = data_type else {
        return false;
    };
    let name = name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| {
        let name = name.value.to_lowercase();
        name == "regproc" || name == "regprocedure"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse_one;

    #[test]
    fn functions_get_their_names() {
        let sql = "SELECT 'f'::regproc, ('F(int, \"T\"[])')::regprocedure::oid, 'f'::text, \
                   'lower(text)'::regprocedure, 'f'::text::regproc, '-'::regproc, '12'::regproc";
        let Ok(Statement::Query(mut query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        assert!(has_any(&query));
        name(&mut query, |function| {
            let is_user = function.name.name == "f";
            let types = function.types.clone().unwrap_or_default();
            is_user.then(|| (function.name.qualify("s"), types))
        });
        let named = "SELECT 's.f'::regproc, ('s.f(integer, \"t\"[])')::regprocedure::oid, 'f'::TEXT, \
                     'lower(text)'::regprocedure, 'f'::TEXT::regproc, '-'::regproc, '12'::regproc";
        assert_eq!(query.to_string(), named);
    }
}
