//! The actions of `ALTER DOMAIN` on its default and on what its values must satisfy. The rows of all tables that
//! have columns of it, or of a domain over it, are looked at, but for what is `NOT VALID`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use futures::StreamExt;

use super::referential;
use crate::catalog::{Kind, NewObject, Object, Oid, Part, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::LockMode;
use crate::models::constraints;
use crate::models::define::define;
use crate::session::Session;
use crate::session::domains::{self, DomainChecks, DomainKind};
use crate::sql::Statement;
use crate::sql::alter_domain::DomainChange;
use crate::sql::create_domain::{CreateDomain, DomainCheck};
use crate::sql::name::Quoted;

/// Changes a domain.
///
/// # Errors
/// 42809 for another type; 42704 and 42710 for a condition that is not there, or is; 23502 and 23514 for
/// columns that have values which would be none of the domain; what planning what is new says.
pub async fn execute(session: &Session, object: &Object, change: &DomainChange) -> Result<()> {
    let mut create = definition(object)?;
    let domain = create.name.name.clone();
    match change {
        DomainChange::SetDefault(value) => {
            create.default.clone_from(value);
            define_anew(session, object, create).await
        }
        DomainChange::SetNotNull(not_null) => {
            if *not_null && !create.not_null {
                check_columns(session, object, None).await?;
            }
            create.not_null = *not_null;
            reword(session, object, create)
        }
        DomainChange::AddCheck(declared) => {
            let name = create.add(declared.clone())?;
            define_anew(session, object, create).await?;
            match declared.is_unproven {
                true => Ok(()),
                false => check_columns(session, object, Some(&name)).await,
            }
        }
        DomainChange::DropCheck { name, if_exists } => {
            if create.check(name).is_none() {
                let missing = missing(name, &domain);
                if !if_exists {
                    return Err(missing);
                }
                let notice = format!("{}, skipping", missing.message());
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
                return Ok(());
            }
            create.checks.retain(|check| check.name != *name);
            define_anew(session, object, create).await
        }
        DomainChange::RenameCheck(old, new) => {
            let is_taken = create.check(new).is_some();
            let Some(check) = create.checks.iter_mut().find(|check| check.name == *old) else {
                let message = format!("constraint \"{old}\" for domain {domain} does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
            };
            if is_taken {
                let message = format!("constraint \"{new}\" for domain {domain} already exists");
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
            }
            check.name.clone_from(new);
            reword(session, object, create)?;
            let comments = object.part_comments.of_renamed(old, new);
            session.instance.catalog.write(|transaction| {
                transaction.set_part_comment(object.oid, &Part::Constraint(old.clone()), None)?;
                for (part, comment) in &comments {
                    transaction.set_part_comment(object.oid, part, Some(comment.clone()))?;
                }
                Ok(())
            })
        }
        DomainChange::ValidateCheck(name) => {
            let mut checks = create.checks.iter_mut();
            let Some(check) = checks.find(|check| check.name == *name) else {
                return Err(missing(name, &domain));
            };
            if !std::mem::replace(&mut check.is_unproven, false) {
                return Ok(());
            }
            check_columns(session, object, Some(name)).await?;
            reword(session, object, create)
        }
    }
}

fn definition(object: &Object) -> Result<CreateDomain> {
    let own = domains::definition(object).cloned();
    own.ok_or_else(|| not_a_domain(&object.name.name))
}

/// The error for another type than a domain.
pub(super) fn not_a_domain(name: &str) -> Error {
    let message = format!("{name} is not a domain");
    Error::new(SqlState::WRONG_OBJECT_TYPE, message)
}

fn missing(name: &str, domain: &str) -> Error {
    let message = format!("constraint \"{name}\" of domain \"{domain}\" does not exist");
    Error::new(SqlState::UNDEFINED_OBJECT, message)
}

/// Gives a domain another definition, of the same expressions.
fn reword(session: &Session, object: &Object, create: CreateDomain) -> Result<()> {
    let definition = Statement::CreateDomain(Box::new(create));
    let catalog = &session.instance.catalog;
    catalog.write(|transaction| transaction.reword(object.oid, definition.clone()))
}

/// Gives a domain another definition, which is looked at as a new one.
async fn define_anew(session: &Session, object: &Object, create: CreateDomain) -> Result<()> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let statement = Statement::CreateDomain(Box::new(create));
    let settings = session.settings();
    let defined = define(&session.instance, &snapshot, &settings, &statement).await?;
    let new = NewObject {
        definition: defined.definition,
        depends_on: defined.depends_on,
        ..NewObject::from(object.clone())
    };
    catalog.write(|transaction| transaction.replace(object.oid, new.clone()))
}

/// That the rows there are satisfy a condition of a domain, or that none of them has NULL.
async fn check_columns(session: &Session, object: &Object, name: Option<&str>) -> Result<()> {
    let wanted = |snapshot: &Snapshot| -> BTreeMap<Oid, LockMode> {
        let columns = columns_of(snapshot, object.oid).into_iter();
        columns
            .map(|(it, _)| (it.oid, LockMode::Exclusive))
            .collect()
    };
    referential::lock(session, wanted).await?;
    let snapshot = session.instance.catalog.snapshot();
    let Some((domain, create)) = domains::domain(&snapshot, object.oid) else {
        return Err(not_a_domain(&object.name.name));
    };
    let check = name.and_then(|name| create.check(name));
    for (table, field) in columns_of(&snapshot, object.oid) {
        check_column(session, domain, check, (&table, &field)).await?;
    }
    Ok(())
}

async fn check_column(
    session: &Session,
    domain: &Object,
    check: Option<&DomainCheck>,
    (table, field): (&Object, &Field),
) -> Result<()> {
    let context = session.statement();
    let Some(kind) = DomainKind::of_field(field) else {
        return Ok(());
    };
    let checks = DomainChecks::only(&context.state, domain, kind, field.data_type(), check)?;
    let text = format!("SELECT {} FROM {}", Quoted(field.name()), table.name);
    let rows = referential::stream_of(&context, &text).await;
    let mut rows = match rows {
        // A materialized view that is not populated has no rows.
        Err(error) if error.sqlstate() == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {
            return Ok(());
        }
        rows => rows?,
    };
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        if let Some(values) = batch.columns().first()
            && let Err(error) = checks.check(values)
        {
            let error = Error::from(error);
            return Err(match error.domain() {
                Some(_) => violated(table, field.name(), check.is_some()),
                None => error,
            });
        }
    }
    Ok(())
}

fn violated(table: &Object, column: &str, by_check: bool) -> Error {
    let relation = &table.name.name;
    let error = match by_check {
        true => Error::new(
            SqlState::CHECK_VIOLATION,
            format!(
                "column \"{column}\" of table \"{relation}\" contains values that violate the new constraint"
            ),
        ),
        false => Error::new(
            SqlState::NOT_NULL_VIOLATION,
            format!("column \"{column}\" of table \"{relation}\" contains null values"),
        ),
    };
    error.with_column(constraints::place(table, column))
}

/// The columns of tables and materialized views that are of a domain, or of one over it.
fn columns_of(snapshot: &Snapshot, domain: Oid) -> Vec<(Arc<Object>, FieldRef)> {
    let over = snapshot.dependents(domain);
    let is_over = |other: &&Arc<Object>| {
        let mut chain = domains::chain(snapshot, other.oid).into_iter();
        chain.any(|(it, _)| it.oid == domain)
    };
    let over = over.iter().filter(is_over);
    let all: BTreeSet<Oid> = over.map(|it| it.oid).chain([domain]).collect();
    let mut found = Vec::new();
    for object in snapshot.objects() {
        if !matches!(object.kind, Kind::Table | Kind::MaterializedView) {
            continue;
        }
        for field in object.schema.fields() {
            if DomainKind::of_field(field).is_some_and(|kind| all.contains(&kind.oid)) {
                found.push((Arc::clone(object), Arc::clone(field)));
            }
        }
    }
    found
}
