//! Types, functions, schemas and roles that literals of a definition name: `'integer'::regtype`.
//!
//! As in PostgreSQL what they name is looked up where the definition is made, which is refused where there
//! is none. A role may go while what names it stays, so that no definition names one in a literal.

use datafusion::sql::sqlparser::ast::{DataType, Expr};

use super::name_functions::{known_function, known_procedure, known_type, look_up};
use super::reg_casts::{known_namespace, known_role};
use super::rewrite::named;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};
use crate::sql::texts::text_of;
use crate::sql::walk::{Visit, ended, flow, visit_expressions};

/// Checks the literals in a part of a definition.
///
/// # Errors
/// 42704, 42883 and 3F000 for what does not exist; 42725 for a name that several functions have; 0A000
/// for a role.
pub fn check_named(part: &impl Visit, sources: &dyn SystemSources) -> Result<()> {
    let found = visit_expressions(part, |expression| flow(check(expression, sources)));
    ended(found)
}

fn check(expression: &Expr, sources: &dyn SystemSources) -> Result<()> {
    let Expr::Cast {
        expr,
        data_type: DataType::Custom(kind, _),
        ..
    } = expression
    else {
        return Ok(());
    };
    let (Some(kind), Some(text)) = (named(kind), text_of(expr)) else {
        return Ok(());
    };
    let kind = kind.to_lowercase();
    let find: fn(&dyn SystemSources, &str) -> Result<i64> = match kind.as_str() {
        "regtype" => known_type,
        "regproc" => known_function,
        "regprocedure" => known_procedure,
        "regnamespace" => known_namespace,
        "regrole" => known_role,
        _ => return Ok(()),
    };
    look_up(Some(text.to_owned()), |name| find(sources, name))?;
    match kind.as_str() {
        "regrole" => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "constant of the type regrole cannot be used here",
        )
        .with_hint("Look the role up as the definition is read, with to_regrole('name').")),
        _ => Ok(()),
    }
}
