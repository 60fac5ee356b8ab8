//! `COMMENT ON`.

use std::sync::Arc;

use super::alter_domain::not_a_domain;
use super::create_role::existing;
use super::{drop, drop_function, index};
use crate::catalog::{Object, Part, Snapshot, pg_catalog};
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::session::{Outcome, Session, composites, domains, plan};
use crate::sql::comment::{Comment, CommentOn};
use crate::sql::drop::DropKind;
use crate::sql::name::ObjectName;

/// Sets or takes away a comment.
///
/// # Errors
/// For an object or column that does not exist; 42809 for an object of another kind.
pub fn execute(session: &Session, comment: &Comment) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let path = session.settings().search_path.0;
    // As in Postgres, an empty one is none.
    let text = comment.text.clone().filter(|text| !text.is_empty());
    match &comment.on {
        CommentOn::Schema(name) => {
            catalog.write(|transaction| transaction.set_schema_comment(name, text))?
        }
        CommentOn::Function(name) => {
            let oid = drop_function::named(&snapshot, name, &path)?;
            catalog.write(|transaction| transaction.set_comment(oid, text))?;
        }
        CommentOn::Role(name) => {
            let oid = existing(&snapshot, name)?;
            if snapshot.object(oid).is_none() {
                return Err(Error::unsupported("a comment on the first role"));
            }
            catalog.write(|transaction| transaction.set_comment(oid, text))?;
        }
        CommentOn::Extension(name) => {
            let Some(known) = pg_catalog::extension_comment(name) else {
                let message = format!("extension \"{name}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
            };
            // As `pg_dump` says it of what every server has.
            if text.as_deref() != Some(known) {
                return Err(Error::unsupported("another comment on an extension"));
            }
        }
        CommentOn::Constraint(name, table) => {
            let object = plan::object(table, &snapshot, &path)?;
            let mut all = constraints::of(&object).iter();
            if !all.any(|constraint| constraint.name == *name) {
                let table = &object.name.name;
                let message = format!("constraint \"{name}\" for table \"{table}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
            }
            let part = Part::Constraint(name.clone());
            catalog.write(|transaction| transaction.set_part_comment(object.oid, &part, text))?;
        }
        CommentOn::DomainConstraint(name, domain) => {
            let object = self::domain(&snapshot, domain, &path)?;
            let own = domains::definition(&object).and_then(|create| create.check(name));
            if own.is_none() {
                let message = format!("constraint \"{name}\" for domain {domain} does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
            }
            let part = Part::Constraint(name.clone());
            catalog.write(|transaction| transaction.set_part_comment(object.oid, &part, text))?;
        }
        CommentOn::Database(name) if name == crate::instance::DATABASE => {
            catalog.write(|transaction| transaction.set_database_comment(text))?;
        }
        // As in Postgres: what is restored from a dump may have had another name.
        CommentOn::Database(name) => {
            let message = format!("database \"{name}\" does not exist");
            session.notice(Error::new(SqlState::INVALID_CATALOG_NAME, message));
        }
        CommentOn::Index(name) => {
            let (table, name) = index::named(session, name)?;
            let part = Part::Index(name);
            catalog.write(|transaction| transaction.set_part_comment(table.oid, &part, text))?;
        }
        CommentOn::Column(relation, column) => {
            let object = with_columns(&snapshot, relation, &path)?;
            catalog
                .write(|transaction| transaction.set_column_comment(object.oid, column, text))?;
        }
        CommentOn::Object(kind, name) => {
            let object = match kind {
                DropKind::Check => snapshot.resolve_check(name, &path)?,
                DropKind::Type => snapshot.resolve_type(name, &path)?,
                DropKind::Domain => domain(&snapshot, name, &path)?,
                _ => plan::object(name, &snapshot, &path)?,
            };
            let wanted = drop::kind(*kind);
            if object.kind != wanted {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("\"{}\" is not {}", object.name, wanted.with_article()),
                )
                .with_detail(format!("It is {}.", object.kind.with_article())));
            }
            catalog.write(|transaction| transaction.set_comment(object.oid, text))?;
        }
    }
    Ok(Outcome::Done("COMMENT".to_owned()))
}

/// The relation, or the composite type, that a name means.
fn with_columns(snapshot: &Snapshot, name: &ObjectName, path: &[String]) -> Result<Arc<Object>> {
    let missing = match plan::object(name, snapshot, path) {
        Ok(relation) => return Ok(relation),
        Err(error) => error,
    };
    match snapshot.resolve_type(name, path) {
        Ok(of) if composites::composite_type(&of).is_some() => Ok(of),
        _ => Err(missing),
    }
}

/// The domain that a name means.
fn domain(snapshot: &Snapshot, name: &ObjectName, path: &[String]) -> Result<Arc<Object>> {
    let object = snapshot.resolve_type(name, path)?;
    match domains::definition(&object) {
        Some(_) => Ok(object),
        None => Err(not_a_domain(&format!("\"{name}\""))),
    }
}
