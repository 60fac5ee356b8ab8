//! `DROP` of kinds of which there is nothing but what every PostgreSQL has.

use crate::catalog::pg_catalog::built_in_objects;
use crate::catalog::privilege::Rights;
use crate::catalog::{Snapshot, is_system_schema};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, plan};
use crate::sql::drop_other_kinds::{Absent, DropOtherKinds};
use crate::sql::name::{DATABASE, ObjectName};

/// Tells that objects are not there, or have to be.
///
/// # Errors
/// 42704 and the like for one that is not there, unless that is fine; 42501, 2BP01 and 55006 for one that is.
pub fn execute(session: &Session, drop: &DropOtherKinds) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let kind = drop.kind.to_string().to_lowercase();
    let kind = match kind.as_str() {
        "foreign data wrapper" => "foreign-data wrapper",
        "statistics" => "statistics object",
        kind => kind,
    };
    for object in &drop.objects {
        let missing = match missing(&snapshot, &path, kind, object) {
            Some(missing) => missing,
            None => return Err(kept(session, &snapshot, kind, object)),
        };
        let method_is_there = match object {
            Absent::Using(_, method) => built_in_objects::is_named("access method", method),
            _ => true,
        };
        if !drop.if_exists || !method_is_there {
            return Err(missing);
        }
        let notice = format!("{}, skipping", missing.message());
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
    }
    Ok(Outcome::Done(format!("DROP {}", drop.kind)))
}

/// The error of an object that is not there; none where it is.
fn missing(snapshot: &Snapshot, path: &[String], kind: &str, object: &Absent) -> Option<Error> {
    let undefined = |message: String| Some(Error::new(SqlState::UNDEFINED_OBJECT, message));
    match object {
        Absent::Named(name)
        | Absent::On(_, name)
        | Absent::Using(name, _)
        | Absent::Typed(name, _)
            if missing_schema(snapshot, name).is_some() =>
        {
            missing_schema(snapshot, name)
        }
        Absent::Named(name) if kind == "database" => (name.name != DATABASE).then(|| {
            let message = format!("database \"{}\" does not exist", name.name);
            Error::new(SqlState::INVALID_CATALOG_NAME, message)
        }),
        Absent::Named(name) => match built_in_objects::is_named(kind, &name.name) {
            true => None,
            false => undefined(format!(
                "{kind} \"{}\" does not exist",
                name.between_quotes()
            )),
        },
        Absent::On(name, relation) => match plan::resolve(relation, snapshot, path) {
            Ok(full) => undefined(format!(
                "{kind} \"{name}\" for {} \"{}\" does not exist",
                if kind == "rule" { "relation" } else { "table" },
                full.name
            )),
            Err(error) => Some(error),
        },
        Absent::Using(name, method) => {
            if !built_in_objects::is_named("access method", method) {
                return undefined(format!("access method \"{method}\" does not exist"));
            }
            match built_in_objects::is_of_method(kind, &name.name, method) {
                true => None,
                false => undefined(format!(
                    "{kind} \"{}\" does not exist for access method \"{method}\"",
                    name.between_quotes()
                )),
            }
        }
        Absent::Typed(name, Some(types)) => {
            let is_there = built_in_objects::is_typed(kind, &name.name, types);
            let message = match (kind, types.as_slice()) {
                ("operator", [left, right]) if left == "NONE" => {
                    format!("operator does not exist: {} {right}", name.name)
                }
                ("operator", [left, right]) => {
                    format!("operator does not exist: {left} {} {right}", name.name)
                }
                _ => format!("{kind} {object} does not exist"),
            };
            (!is_there).then(|| Error::new(SqlState::UNDEFINED_FUNCTION, message))
        }
        Absent::Typed(name, None) => {
            let message = format!("could not find a {kind} named \"{}\"", name.name);
            Some(Error::new(SqlState::UNDEFINED_FUNCTION, message))
        }
        Absent::Cast(from, to) => match built_in_objects::is_cast(from, to) {
            true => None,
            false => undefined(format!("cast from type {from} to type {to} does not exist")),
        },
    }
}

fn missing_schema(snapshot: &Snapshot, name: &ObjectName) -> Option<Error> {
    let schema = name.schema.as_deref()?;
    if is_system_schema(schema) {
        return None;
    }
    snapshot.resolve_schema(schema).err()
}

/// The error of an object that every PostgreSQL has.
fn kept(session: &Session, snapshot: &Snapshot, kind: &str, object: &Absent) -> Error {
    if kind == "database" {
        let message = "cannot drop the currently open database";
        return Error::new(SqlState::OBJECT_IN_USE, message);
    }
    let what = match object {
        Absent::Cast(from, to) => format!("cast from {from} to {to}"),
        Absent::Using(name, method) => format!("{kind} {name} for access method {method}"),
        Absent::Typed(..) if kind == "aggregate" => format!("function {object}"),
        _ => format!("{kind} {object}"),
    };
    if !Rights::of(snapshot, session.role_oid(snapshot)).is_superuser() {
        let message = format!("must be owner of {what}");
        return Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message);
    }
    let message = format!("cannot drop {what} because it is required by the database system");
    Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
}
