//! `DROP FUNCTION`.

use std::sync::Arc;

use crate::catalog::pg_catalog::functions_named;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::create_sequence::{DefaultUse, still_used};
use crate::execute::drop::{cascades, drop_defaults, tell_of_defaults};
use crate::models::run::remove_tables;
use crate::session::{Outcome, Session, user_functions};
use crate::sql::drop_function::{DropFunction, FunctionName};
use crate::sql::{Statement, constraint};

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
    let uses = defaults_that_call(&snapshot, &oids, &path)?;
    if uses.is_empty() {
        return drop_all(session, &oids, drop.cascade).await;
    }
    if !drop.cascade {
        let what = oids.iter().filter_map(|oid| snapshot.object(*oid));
        let what: Vec<String> = what.map(|object| object.described()).collect();
        return Err(still_used(&what.join(", "), &uses));
    }
    tell_of_defaults(session, &uses);
    session
        .together(async |session: &Session| {
            drop_defaults(session, &uses).await?;
            drop_all(session, &oids, true).await
        })
        .await
}

async fn drop_all(session: &Session, oids: &[Oid], cascade: bool) -> Result<Outcome> {
    let instance = &session.instance;
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop(oids, cascade))?;
    let others = dropped.iter().filter(|object| !oids.contains(&object.oid));
    let mut others: Vec<String> = others.map(|object| object.described()).collect();
    others.reverse();
    if let Some(notice) = cascades(&others) {
        session.notice(notice);
    }
    remove_tables(instance, &dropped).await;
    Ok(Outcome::Done("DROP FUNCTION".to_owned()))
}

/// The defaults of columns that call functions which go.
pub(super) fn defaults_that_call(
    snapshot: &Snapshot,
    going: &[Oid],
    path: &[String],
) -> Result<Vec<DefaultUse>> {
    let mut uses = Vec::new();
    for table in snapshot.objects() {
        let Statement::CreateTable(create) = &table.definition else {
            continue;
        };
        for column in &create.columns {
            let column = &column.name.value;
            let Some(default) = constraint::default_of(&create.columns, column) else {
                continue;
            };
            let called = user_functions::qualify(&mut default.clone(), snapshot, path)?;
            let mut called = called.iter().filter(|oid| going.contains(oid));
            if let Some(used) = called.next().and_then(|oid| snapshot.object(*oid)) {
                uses.push(DefaultUse {
                    table: Arc::clone(table),
                    column: column.clone(),
                    used: Arc::clone(used),
                });
            }
        }
    }
    Ok(uses)
}

/// The function of a name, and of types where these are said.
///
/// # Errors
/// 42883 where there is none, 42725 where there are several.
pub(super) fn named(snapshot: &Snapshot, function: &FunctionName, path: &[String]) -> Result<Oid> {
    let name = &function.name;
    let mut found = functions_named(snapshot, function, path).into_iter();
    match (found.next(), found.next(), &function.types) {
        (Some(_), Some(_), None) => Err(Error::new(
            SqlState::AMBIGUOUS_FUNCTION,
            format!("function name \"{}\" is not unique", name.name),
        )
        .with_hint("Specify the argument list to select the function unambiguously.")),
        (Some(object), ..) => Ok(object.oid),
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
