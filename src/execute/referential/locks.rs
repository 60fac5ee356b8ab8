//! Which tables a change involves, and their locks.

use std::collections::BTreeSet;

use super::Effect;
use crate::catalog::{Oid, Snapshot, references_of};
use crate::error::Result;
use crate::execute::modify;
use crate::session::Session;

/// The tables that a change of one involves: itself, those that its new rows refer to, and those whose
/// rows change with it.
pub fn tables_of(snapshot: &Snapshot, table: Oid, effect: &Effect) -> BTreeSet<Oid> {
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![(table, effect.clone())];
    while let Some((oid, effect)) = open.pop() {
        let Some(object) = snapshot.object(oid) else {
            continue;
        };
        found.insert(oid);
        for reference in references_of(object) {
            if effect.adds || effect.assigns_one_of(&reference.key.columns) {
                let other = snapshot.relation(&reference.referenced());
                found.extend(other.map(|other| other.oid));
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
                    assigns_all: false,
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
pub async fn lock(session: &Session, wanted: impl Fn(&Snapshot) -> BTreeSet<Oid>) -> Result<()> {
    let mut locked = BTreeSet::new();
    loop {
        let snapshot = session.instance.catalog.snapshot();
        let wanted = wanted(&snapshot);
        let missing: Vec<Oid> = wanted.difference(&locked).copied().collect();
        if missing.is_empty() {
            return Ok(());
        }
        for oid in missing {
            if let Some(object) = snapshot.object(oid) {
                // The transaction keeps it.
                drop(modify::lock_object(session, object).await?);
            }
            locked.insert(oid);
        }
        session.follow()?;
    }
}
