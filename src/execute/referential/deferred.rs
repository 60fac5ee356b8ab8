//! Foreign keys that are looked at when the transaction ends, and `SET CONSTRAINTS`.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::check::Check;
use crate::catalog::{Object, Oid, Reference, Snapshot, references_of};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, only_in_block};
use crate::sql::foreign_key::Timing;
use crate::sql::name::ObjectName;

/// The most memory that keys take which wait for the end of a transaction.
const MAX_BYTES: usize = 64 << 20;

/// What a transaction has said of when foreign keys are looked at, and the keys that wait for its end.
#[derive(Clone, Default)]
pub struct Deferral {
    all: Option<bool>,
    named: BTreeMap<(Oid, String), bool>,
    /// The first `count` of them wait. Savepoints share them with what comes behind these: a transaction
    /// may have many of both.
    checks: Arc<Mutex<Vec<Arc<Check>>>>,
    count: usize,
    bytes: usize,
}

impl Deferral {
    /// Whether a foreign key is looked at when the transaction ends.
    fn is_deferred(&self, reference: &Reference) -> bool {
        let timing = reference.key.timing;
        let said = self
            .named
            .get(&(reference.table.oid, reference.name.clone()));
        let said = said.copied().or(self.all);
        timing.is_deferrable() && said.unwrap_or(timing == Timing::Deferred)
    }

    /// Has a check wait for the end of the transaction, where its foreign key is to. Where the keys would
    /// take too much memory, all rows are looked at then; of a foreign key that not all rows need satisfy
    /// they are looked up at once.
    pub fn defer(&mut self, check: &Arc<Check>) -> bool {
        let reference = &check.reference;
        if !check.is_deferrable() || !self.is_deferred(reference) {
            return false;
        }
        let bytes = self.bytes + check.bytes();
        if bytes <= MAX_BYTES {
            self.bytes = bytes;
            let mut checks = self.checks.lock();
            // What a savepoint took back may be behind those that wait.
            checks.truncate(self.count);
            checks.push(Arc::clone(check));
            self.count = checks.len();
            return true;
        }
        if reference.key.is_unproven {
            return false;
        }
        let mut waiting = self.waiting();
        waiting.retain(|it| !it.reference.is(reference));
        let all = Check::of_all(reference.clone());
        waiting.push(Arc::new(all));
        self.replace(waiting);
        true
    }

    /// The checks that wait.
    fn waiting(&self) -> Vec<Arc<Check>> {
        let checks = self.checks.lock();
        checks.iter().take(self.count).cloned().collect()
    }

    /// Has these checks wait, and no others; those that savepoints know stay.
    fn replace(&mut self, checks: Vec<Arc<Check>>) {
        self.count = checks.len();
        self.bytes = checks.iter().map(|it| it.bytes()).sum();
        self.checks = Arc::new(Mutex::new(checks));
    }

    /// The checks that do not wait any more, or all where the transaction ends.
    pub fn due(&self, ends: bool) -> Vec<Arc<Check>> {
        let mut due = self.waiting();
        due.retain(|check| ends || !self.is_deferred(&check.reference));
        due
    }

    /// Forgets the checks that do not wait any more, all of which were made.
    pub fn forget_due(&mut self) {
        let mut waiting = self.waiting();
        waiting.retain(|check| self.is_deferred(&check.reference));
        self.replace(waiting);
    }

    /// Whether a foreign key of a table waits.
    pub fn is_waiting(&self, table: Oid) -> bool {
        let mut waiting = self.waiting().into_iter();
        waiting.any(|check| check.reference.table.oid == table)
    }

    /// Says when foreign keys are looked at; all of them where none is named.
    pub fn say(&mut self, named: &[Reference], deferred: bool) {
        if named.is_empty() {
            self.all = Some(deferred);
            self.named.clear();
        }
        for reference in named {
            let key = (reference.table.oid, reference.name.clone());
            self.named.insert(key, deferred);
        }
    }
}

/// Refuses to alter a table whose foreign keys wait: they are known by their names, and made by what they
/// were when their rows came.
///
/// # Errors
/// 55006 where one waits.
pub fn refuse_where_waiting(session: &Session, table: &Object) -> Result<()> {
    if !session.has_waiting_checks(table.oid) {
        return Ok(());
    }
    let name = &table.name.name;
    let message = format!("cannot ALTER TABLE \"{name}\" because it has pending trigger events");
    Err(Error::new(SqlState::OBJECT_IN_USE, message)
        .with_detail("Its foreign keys are looked at when the transaction ends.")
        .with_hint("Have them looked at first: SET CONSTRAINTS ALL IMMEDIATE."))
}

/// Makes the checks that wait for the end of a transaction.
///
/// # Errors
/// 23503 for rows that refer to none.
pub async fn prove_deferred(session: &Session) -> Result<()> {
    for check in session.due_checks(true) {
        check.run(session).await?;
    }
    Ok(())
}

/// Says when foreign keys are looked at. Those that are not to wait any more are looked at now.
///
/// # Errors
/// 42704 for a constraint that does not exist, 42809 for one that cannot wait; 23503 for rows that refer
/// to none.
pub async fn set_constraints(
    session: &Session,
    names: &[ObjectName],
    deferred: bool,
) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let mut named = Vec::new();
    for name in names {
        named.extend(constraints(&snapshot, &path, name)?);
    }
    if !session.is_in_transaction() {
        session.notice(only_in_block("SET CONSTRAINTS"));
    }
    session.say_deferred(&named, deferred);
    for check in session.due_checks(false) {
        check.run(session).await?;
    }
    session.forget_due_checks();
    Ok(Outcome::Done("SET CONSTRAINTS".to_owned()))
}

/// The foreign keys of a name, in the first schema of the path that has some.
fn constraints(snapshot: &Snapshot, path: &[String], name: &ObjectName) -> Result<Vec<Reference>> {
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    for schema in schemas {
        let tables = snapshot.relations_in(schema);
        let found = tables.flat_map(references_of);
        let found: Vec<Reference> = found.filter(|it| it.name == name.name).collect();
        if let Some(fixed) = found.iter().find(|it| !it.key.timing.is_deferrable()) {
            let message = format!("constraint \"{}\" is not deferrable", fixed.name);
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message));
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let message = format!("constraint \"{}\" does not exist", name.name);
    Err(Error::new(SqlState::UNDEFINED_OBJECT, message))
}
