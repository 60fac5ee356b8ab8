//! `ALTER TABLE` and foreign keys: those of the table, and those that refer to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rows::Rows;
use crate::catalog::{Object, Oid, Reference, Snapshot, is_key_of, references_of};
use crate::error::{Error, Result, SqlState};
use crate::execute::drop::cascades;
use crate::execute::referential::{self, prove};
use crate::instance::LockMode;
use crate::models::constraints;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::alter::Action;
use crate::sql::constraint::{Declared, Rule};
use crate::sql::create_table::CreateTable;
use crate::sql::foreign_key::ForeignKey;
use crate::sql::name::Quoted;

/// Locks the tables whose rows are held against those of the table, together with it.
pub(super) async fn lock(session: &Session, object: &Arc<Object>, action: &Action) -> Result<()> {
    let added = declared(action);
    let involves = !added.is_empty()
        || matches!(
            action,
            Action::ValidateConstraint(_) | Action::SetType { .. }
        );
    if !involves || !session.instance.catalog.is_staged() {
        return Ok(());
    }
    let path = session.settings().search_path.0;
    let wanted = |snapshot: &Snapshot| {
        let mut found = BTreeMap::from([(object.oid, LockMode::Exclusive)]);
        let mut involve = |oid: Oid| {
            found.insert(oid, LockMode::Exclusive);
        };
        for key in &added {
            if let Ok(other) = snapshot.resolve(&key.table, &path) {
                involve(other.oid);
            }
        }
        if added.is_empty() {
            for reference in about(snapshot, object) {
                involve(reference.table.oid);
                if let Some(other) = snapshot.relation(&reference.referenced()) {
                    involve(other.oid);
                }
            }
        }
        found
    };
    referential::lock(session, wanted).await
}

/// The foreign keys of a table, and those that refer to it.
pub(in crate::execute) fn about(snapshot: &Snapshot, object: &Object) -> Vec<Reference> {
    let own = snapshot.object(object.oid);
    let mut all: Vec<Reference> = own.into_iter().flat_map(references_of).collect();
    let others = snapshot.references_to(&object.name).into_iter();
    all.extend(others.filter(|it| it.table.oid != object.oid));
    all
}

/// The foreign keys that an action adds.
fn declared(action: &Action) -> Vec<&ForeignKey> {
    let rules: &[Declared] = match action {
        Action::AddConstraint(declared) => std::slice::from_ref(declared),
        Action::AddColumn { constraints, .. } => constraints,
        _ => &[],
    };
    let keys = rules.iter().filter_map(|it| it.rule.foreign_key());
    keys.collect()
}

/// Looks at all rows, where that is asked for of a constraint that need not hold for those of before.
/// Whether there is nothing else to be done.
///
/// # Errors
/// 23503 for rows that refer to none; 42704 for a constraint that does not exist.
pub(super) async fn prove_existing(
    session: &Session,
    object: &Arc<Object>,
    action: &Action,
) -> Result<bool> {
    let Action::ValidateConstraint(name) = action else {
        return Ok(false);
    };
    let mut all = constraints::of(object).iter();
    let Some(constraint) = all.find(|it| it.name == *name) else {
        return Err(no_constraint(name, &object.name.name));
    };
    match &constraint.rule {
        Rule::ForeignKey(key) if key.is_unproven => {
            let mut own = references_of(object).into_iter();
            if let Some(reference) = own.find(|it| it.name == *name) {
                prove(session, &reference).await?;
            }
            Ok(false)
        }
        // As in Postgres, one that holds is looked at no more.
        _ => Ok(true),
    }
}

/// Looks at all rows that an action may have made refer to none.
///
/// # Errors
/// 23503 for rows that refer to none; 42804 for columns that cannot be compared any more.
pub(super) async fn prove_new(
    session: &Session,
    object: &Arc<Object>,
    action: &Action,
) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let Some(now) = snapshot.object(object.oid) else {
        return Ok(());
    };
    let mut open = match action {
        Action::AddConstraint(_) | Action::AddColumn { .. } => {
            let before = references_of(object);
            let mut new = references_of(now);
            new.retain(|it| !before.iter().any(|known| known.is(it)));
            new
        }
        Action::SetType { column, .. } => {
            let mut all = about(&snapshot, now);
            all.retain(|it| {
                let own = it.table.oid == now.oid && it.key.columns.contains(column);
                own || it.referenced() == now.name && it.key.referenced.contains(column)
            });
            for reference in &all {
                check_types(&snapshot, reference)?;
            }
            all
        }
        _ => return Ok(()),
    };
    open.retain(|it| !it.key.is_unproven);
    for reference in &open {
        prove(session, reference).await?;
    }
    Ok(())
}

/// That the columns of a foreign key can still be compared with those that it refers to.
///
/// # Errors
/// 42804 where they cannot; 42830 where those are no key any more.
pub(in crate::execute) fn check_types(snapshot: &Snapshot, reference: &Reference) -> Result<()> {
    let Statement::CreateTable(create) = &reference.table.definition else {
        return Ok(());
    };
    let schema = &reference.table.schema;
    constraints::resolve_foreign_keys(&mut create.clone(), schema, snapshot, &[])
}

/// Takes away, or refuses to leave without what they need, the foreign keys that need a column or a key
/// which goes.
///
/// # Errors
/// 2BP01 without `CASCADE`.
pub(super) fn release(session: &Session, object: &Arc<Object>, action: &Action) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let mut needing = snapshot.references_to(&object.name);
    let table = object.described();
    let (what, cascade) = match action {
        Action::DropColumn { name, cascade, .. } => {
            needing.retain(|it| it.key.referenced.contains(name) && it.table.oid != object.oid);
            (format!("column {name} of {table}"), *cascade)
        }
        Action::DropConstraint { name, cascade, .. } => {
            let all = constraints::of(object);
            let remains = |key: &[String]| {
                let mut others = all.iter().filter(|it| it.name != *name);
                others.any(|it| is_key_of(&it.rule, key))
            };
            let is_it = all.iter().find(|it| it.name == *name);
            needing.retain(|it| {
                let key = &it.key.referenced;
                is_it.is_some_and(|it| is_key_of(&it.rule, key)) && !remains(key)
            });
            (format!("constraint {name} on {table}"), *cascade)
        }
        _ => return Ok(()),
    };
    if needing.is_empty() {
        return Ok(());
    }
    if !cascade {
        let lines = needing.iter().map(|reference| {
            let on = match action {
                Action::DropConstraint { name, .. } => format!("index {}", Quoted(name)),
                _ => what.clone(),
            };
            format!("{} depends on {on}", reference.described())
        });
        return Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot drop {what} because other objects depend on it"),
        )
        .with_detail(lines.collect::<Vec<_>>().join("\n"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    drop_told(session, &needing)
}

/// Drops foreign keys, and tells which.
///
/// # Errors
/// What the catalog says.
pub(in crate::execute) fn drop_told(session: &Session, references: &[Reference]) -> Result<()> {
    let told: Vec<String> = references.iter().map(Reference::described).collect();
    if let Some(notice) = cascades(&told) {
        session.notice(notice);
    }
    session.instance.catalog.write(|transaction| {
        for reference in references {
            transaction.drop_constraint(reference.table.oid, &reference.name);
        }
        Ok(())
    })
}

/// Has foreign keys of other tables refer to a column by its new name.
pub(super) fn follow_column(
    session: &Session,
    object: &Object,
    old: &str,
    new: &str,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    let references = catalog.snapshot().references_to(&object.name);
    let others: BTreeSet<_> = references.iter().map(|it| it.table.oid).collect();
    for oid in others.into_iter().filter(|oid| *oid != object.oid) {
        let snapshot = catalog.snapshot();
        let Some(other) = snapshot.object(oid) else {
            continue;
        };
        let mut definition = other.definition.clone();
        if let Statement::CreateTable(create) = &mut definition {
            for constraint in &mut create.constraints {
                rename_own(&mut constraint.rule, object, old, new);
            }
        }
        catalog.write(|transaction| transaction.reword(oid, definition.clone()))?;
    }
    Ok(())
}

/// Has a foreign key that refers to a table name a column there by its new name.
pub(super) fn rename_own(rule: &mut Rule, object: &Object, old: &str, new: &str) {
    if let Rule::ForeignKey(key) = rule
        && key.table.qualify(&object.name.schema) == object.name
    {
        key.rename_referenced(old, new);
    }
}

/// Whether a foreign key of a table refers to a column of the table itself.
pub(super) fn refers_to_own(rule: &Rule, object: &Object, column: &str) -> bool {
    rule.foreign_key().is_some_and(|key| {
        key.table.qualify(&object.name.schema) == object.name
            && key.referenced.iter().any(|it| it == column)
    })
}

/// Changes what a foreign key says of itself.
///
/// # Errors
/// 42704 for a constraint that does not exist, 42809 for one that is no foreign key.
pub(super) fn declare(
    create: &mut CreateTable,
    table: &str,
    name: &str,
    change: impl FnOnce(&mut ForeignKey),
) -> Result<Option<Rows>> {
    let mut all = create.constraints.iter_mut();
    match all.find(|it| it.name == name).map(|it| &mut it.rule) {
        Some(Rule::ForeignKey(key)) => {
            change(key);
            Ok(Some(Rows::Stay))
        }
        Some(_) => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!(
                "constraint \"{name}\" of relation \"{table}\" is not a foreign key constraint"
            ),
        )),
        None => Err(no_constraint(name, table)),
    }
}

fn no_constraint(name: &str, table: &str) -> Error {
    Error::new(
        SqlState::UNDEFINED_OBJECT,
        format!("constraint \"{name}\" of relation \"{table}\" does not exist"),
    )
}
