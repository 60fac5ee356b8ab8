//! `DROP FUNCTION`.

use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::drop::cascades;
use crate::models::run::remove_tables;
use crate::session::{Outcome, Session};
use crate::sql::create_function::signature;
use crate::sql::drop_function::{DropFunction, FunctionName};

/// Drops functions, or with `CASCADE` also what stands on them.
///
/// # Errors
/// 42883 for a function that does not exist, 42725 for a name that several have; 2BP01 naming what
/// stands on them.
pub async fn execute(session: &Session, drop: &DropFunction) -> Result<Outcome> {
    let instance = &session.instance;
    let snapshot = instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let mut oids = Vec::new();
    for function in &drop.functions {
        match named(&snapshot, function, &path) {
            Ok(oid) => oids.push(oid),
            Err(error) if drop.if_exists && error.sqlstate() == SqlState::UNDEFINED_FUNCTION => {
                session.notice(Error::new(
                    SqlState::SUCCESSFUL_COMPLETION,
                    format!("function {function} does not exist, skipping"),
                ));
            }
            Err(error) => return Err(error),
        }
    }
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop(&oids, drop.cascade))?;
    let others = dropped.iter().filter(|object| !oids.contains(&object.oid));
    let mut others: Vec<String> = others.map(|object| object.described()).collect();
    others.reverse();
    if let Some(notice) = cascades(&others) {
        session.notice(notice);
    }
    remove_tables(instance, &dropped).await;
    Ok(Outcome::Done("DROP FUNCTION".to_owned()))
}

/// The function of a name, and of types where these are said.
///
/// # Errors
/// 42883 where there is none, 42725 where there are several.
pub(super) fn named(snapshot: &Snapshot, function: &FunctionName, path: &[String]) -> Result<Oid> {
    let name = &function.name;
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    let mut found = schemas.iter().flat_map(|schema| {
        let all = snapshot.functions_of(schema, &name.name);
        all.into_iter().filter(|(_, create)| match &function.types {
            Some(types) => create.signature() == signature(&name.name, types.iter().cloned()),
            None => true,
        })
    });
    match (found.next(), found.next(), &function.types) {
        (Some((_, _)), Some(_), None) => Err(Error::new(
            SqlState::AMBIGUOUS_FUNCTION,
            format!("function name \"{}\" is not unique", name.name),
        )
        .with_hint("Specify the argument list to select the function unambiguously.")),
        (Some((object, _)), ..) => Ok(object.oid),
        (None, _, None) => Err(Error::new(
            SqlState::UNDEFINED_FUNCTION,
            format!("could not find a function named \"{}\"", name.name),
        )),
        (None, _, Some(_)) => Err(Error::new(
            SqlState::UNDEFINED_FUNCTION,
            format!("function {function} does not exist"),
        )),
    }
}
