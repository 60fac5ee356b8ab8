//! Types of users' that literals of a definition name: `'mood'::regtype`, and arrays of them. As relations
//! that literals name, they go by their full names (`relation_literals.rs`).

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{DataType, Expr};

use super::QualifiedName;
use super::model_functions::parse_name;
use super::name::ObjectName;
use super::texts::text_of_mut;
use crate::sql::walk::{VisitMut, visit_expressions_mut};

/// What a type is called where it is of arrays.
const ARRAY: &str = "[]";

/// Has each literal that names a type name it as `full` answers, if that does.
pub fn name(part: &mut impl VisitMut, mut full: impl FnMut(&ObjectName) -> Option<QualifiedName>) {
    let _ = visit_expressions_mut(part, |expression| {
        if let Expr::Cast {
            expr, data_type, ..
        } = expression
            && is_regtype(data_type)
            && let Some(text) = text_of_mut(expr)
        {
            let written = text.trim();
            let item = written.trim_end_matches(ARRAY);
            let dimensions = written.strip_prefix(item).unwrap_or_default();
            let named = parse_name(item).ok().and_then(|name| full(&name));
            if let Some(named) = named {
                *text = format!("{named}{dimensions}");
            }
        }
        ControlFlow::<Infallible>::Continue(())
    });
}

/// Has literals name a type by its new name; those of definitions are full.
pub fn rename(part: &mut impl VisitMut, old: &QualifiedName, new: &QualifiedName) {
    let old = ObjectName::from(old.clone());
    name(part, |name| (*name == old).then(|| new.clone()));
}

fn is_regtype(data_type: &DataType) -> bool {
    let DataType::Custom(name, _) = data_type else {
        return false;
    };
    let name = name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| name.value.eq_ignore_ascii_case("regtype"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn types_of_users_get_their_names() {
        let sql = "SELECT 'mood'::regtype, ('\"M\"[]')::regtype::oid, 'int'::regtype, 'mood'::text, \
                   'double precision'::regtype, 'mood'::text::regtype";
        let Ok(Statement::Query(mut query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        let is_user = |name: &ObjectName| name.name != "int";
        name(&mut query, |name| is_user(name).then(|| name.qualify("s")));
        let named = "SELECT 's.mood'::regtype, ('s.\"M\"[]')::regtype::oid, 'int'::regtype, 'mood'::TEXT, \
                     'double precision'::regtype, 'mood'::TEXT::regtype";
        assert_eq!(query.to_string(), named);
        let (old, new) = (QualifiedName::new("s", "M"), QualifiedName::new("u", "n"));
        rename(&mut query, &old, &new);
        assert_eq!(query.to_string(), named.replace("s.\"M\"", "u.n"));
    }
}
