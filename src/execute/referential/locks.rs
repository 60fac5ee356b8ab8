//! Which tables a change involves, and their locks.

use std::collections::{BTreeMap, BTreeSet};

use super::Effect;
use crate::catalog::{Oid, Snapshot, references_of};
use crate::error::Result;
use crate::execute::modify;
use crate::instance::LockMode;
use crate::session::Session;

/// The tables that a change of one involves, and how they are locked: itself, those whose rows change
/// with it, and those that its new rows refer to, which others may refer to meanwhile.
pub fn tables_of(snapshot: &Snapshot, table: Oid, effect: &Effect) -> BTreeMap<Oid, LockMode> {
    let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut involve = |oid: Oid, mode: LockMode| {
        let known = found.entry(oid).or_insert(mode);
        *known = mode.max(*known);
    };
    let mut open = vec![(table, effect.clone())];
    while let Some((oid, effect)) = open.pop() {
        let Some(object) = snapshot.object(oid) else {
            continue;
        };
        let effect = effect.with_generated(object);
        involve(oid, effect.mode_of(object));
        for reference in references_of(object) {
            if effect.adds || effect.assigns_one_of(&reference.key.columns) {
                let other = snapshot.relation(&reference.referenced());
                if let Some(other) = other {
                    involve(other.oid, LockMode::Shared);
                }
            }
        }
        for reference in snapshot.references_to(&object.name) {
            let updates = effect.assigns_one_of(&reference.key.referenced);
            let key = &reference.key;
            let is_deleted = effect.removes && key.on_delete.changes_rows();
            let is_updated = updates && key.on_update.changes_rows();
            let other = reference.table.oid;
            // What changes with another table may change in any way.
            if (is_deleted || is_updated) && seen.insert(other) {
                let effect = Effect {
                    adds: true,
                    removes: true,
                    assigned: key.columns.clone(),
                    ..Effect::default()
                };
                open.push((other, effect));
            }
        }
    }
    found
}

/// Keeps others from changing the rows of some tables until the transaction ends. What is to be locked
/// is looked up again once it is, for it may have changed meanwhile.
///
/// # Errors
/// 40001 where a transaction cannot wait, or reads one of them as it was before another one changed it.
pub async fn lock(
    session: &Session,
    wanted: impl Fn(&Snapshot) -> BTreeMap<Oid, LockMode>,
) -> Result<()> {
    let mut locked = BTreeMap::new();
    loop {
        let snapshot = session.instance.catalog.snapshot();
        let wanted = wanted(&snapshot).into_iter();
        let missing = wanted.filter(|(oid, mode)| locked.get(oid) < Some(mode));
        let missing: Vec<(Oid, LockMode)> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        for (oid, mode) in missing {
            if let Some(object) = snapshot.object(oid) {
                // The transaction keeps it.
                drop(modify::lock_in(session, object, mode).await?);
            }
            locked.insert(oid, mode);
        }
        session.follow()?;
    }
}
