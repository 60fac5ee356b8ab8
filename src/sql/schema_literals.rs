//! Schemas that literals of a definition name: `'sales'::regnamespace`. They follow when a schema gets
//! another name, and do not let it go, as in PostgreSQL.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{DataType, Expr, Value};

use super::Statement;
use super::create_function::Body;
use super::model_functions::parse_name;
use super::name::Quoted;
use super::texts::text_of;
use crate::sql::walk::{Visit, VisitMut, visit_expressions, visit_expressions_mut};

impl Statement {
    /// Whether a literal of a definition names a schema.
    pub fn names_schema(&self, schema: &str) -> bool {
        match self {
            Self::CreateView(create) => names(create.query.as_ref(), schema),
            Self::CreateMaterializedView(create) => names(create.query.as_ref(), schema),
            Self::CreateModel(create) => names(create.query.as_ref(), schema),
            Self::CreateCheck(create) => names(create.query.as_ref(), schema),
            Self::CreateFunction(create) => match &create.body {
                Body::Atomic(query) => names(query.as_ref(), schema),
                Body::Return(value) => names(value.as_ref(), schema),
                // As in PostgreSQL, literals in a text are read where the function is called.
                Body::Text(..) => false,
            },
            _ => false,
        }
    }

    /// Has literals of a definition name a schema by its new name.
    pub fn rename_schema_in_literals(&mut self, old: &str, new: &str) {
        match self {
            Self::CreateView(create) => rename(&mut create.query, old, new),
            Self::CreateMaterializedView(create) => rename(&mut create.query, old, new),
            Self::CreateModel(create) => rename(&mut create.query, old, new),
            Self::CreateCheck(create) => rename(&mut create.query, old, new),
            Self::CreateFunction(create) => match &mut create.body {
                Body::Atomic(query) => rename(query, old, new),
                Body::Return(value) => rename(value, old, new),
                Body::Text(..) => {}
            },
            _ => {}
        }
    }
}

fn names(part: &impl Visit, schema: &str) -> bool {
    let found = visit_expressions(part, |expression| match expression {
        Expr::Cast {
            expr, data_type, ..
        } if is_of_schemas(data_type) && text_of(expr).is_some_and(|it| is_name(it, schema)) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn rename(part: &mut impl VisitMut, old: &str, new: &str) {
    let _ = visit_expressions_mut(part, |expression| {
        if let Expr::Cast {
            expr, data_type, ..
        } = expression
            && is_of_schemas(data_type)
            && text_of(expr).is_some_and(|it| is_name(it, old))
        {
            let name = Value::SingleQuotedString(Quoted(new).to_string());
            **expr = Expr::value(name);
        }
        ControlFlow::<Infallible>::Continue(())
    });
}

fn is_name(text: &str, schema: &str) -> bool {
    parse_name(text).is_ok_and(|name| name.schema.is_none() && name.name == schema)
}

fn is_of_schemas(data_type: &DataType) -> bool {
    let DataType::Custom(name, _) = data_type else {
        return false;
    };
    let name = name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| name.value.eq_ignore_ascii_case("regnamespace"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse_one;

    #[test]
    fn schemas_get_their_names() {
        let sql = "CREATE VIEW v AS SELECT 'S'::regnamespace, (('s'))::regnamespace::text, 's'::text, \
                   '\"S\"'::regnamespace, 's.t'::regnamespace, '12'::regnamespace";
        let mut view = parse_one(sql).unwrap();
        assert!(view.names_schema("s") && view.names_schema("S") && !view.names_schema("t"));
        view.rename_schema_in_literals("s", "New");
        let Statement::CreateView(create) = view else {
            unreachable!("{sql} makes a view");
        };
        assert_eq!(
            create.query.to_string(),
            "SELECT '\"New\"'::regnamespace, '\"New\"'::regnamespace::TEXT, 's'::TEXT, \
             '\"S\"'::regnamespace, 's.t'::regnamespace, '12'::regnamespace"
        );
    }
}
