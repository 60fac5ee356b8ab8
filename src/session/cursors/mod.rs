//! Cursors: queries whose rows are fetched in pieces, forwards or both ways.

mod position;

pub use position::{Position, Run, rows_on};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::catalog::Oid;
use crate::error::{Error, Result, SqlState};
use crate::warehouse::HeldFiles;

/// The most cursors of a session; one more is refused with 53400.
const MAX_CURSORS: usize = 1000;

/// A declared cursor.
pub struct Cursor {
    /// The text that declared it.
    pub text: Arc<str>,
    /// Whether the simple protocol gives its rows in binary.
    pub is_binary: bool,
    /// Whether it goes backwards too.
    pub is_scrollable: bool,
    /// Whether it outlives its transaction.
    pub is_holdable: bool,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// Its columns.
    pub schema: SchemaRef,
    /// The relations with rows that its query reads.
    pub reads: BTreeSet<Oid>,
    /// Where it stands. What is fetched from it has it alone.
    pub position: Arc<tokio::sync::Mutex<Position>>,
}

/// The cursors of a session, by name.
#[derive(Default)]
pub struct Cursors(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// The number of the next one.
    next: u64,
    cursors: BTreeMap<String, Entry>,
    /// What portals of the protocol read that have begun to give their rows in pieces, by numbers that
    /// cursors would have.
    portals: BTreeMap<u64, BTreeSet<Oid>>,
}

/// A portal of the protocol that has begun to give its rows in pieces. What it reads is in use until
/// this is dropped, or the transaction ends.
pub struct OpenPortal {
    cursors: Arc<Cursors>,
    number: u64,
}

impl Drop for OpenPortal {
    fn drop(&mut self) {
        self.cursors.0.lock().portals.remove(&self.number);
    }
}

struct Entry {
    cursor: Arc<Cursor>,
    number: u64,
    /// Whether the transaction that declared it goes on.
    is_of_transaction: bool,
    /// What its rows are read from, where that is not of any version of a table.
    _files: Option<Arc<HeldFiles>>,
}

impl Cursors {
    /// Adds a cursor; `in_transaction` is whether it is declared within a transaction block.
    ///
    /// # Errors
    /// 42P03 for a name that is taken; 53400 for too many.
    pub fn declare(&self, name: &str, cursor: Cursor, in_transaction: bool) -> Result<()> {
        let mut open = self.0.lock();
        check_free(&open, name)?;
        if open.cursors.len() >= MAX_CURSORS {
            return Err(Error::new(
                SqlState::CONFIGURATION_LIMIT_EXCEEDED,
                format!("too many cursors: a session may have {MAX_CURSORS}"),
            )
            .with_hint("Close those that are no longer needed."));
        }
        let entry = Entry {
            cursor: Arc::new(cursor),
            number: open.next,
            is_of_transaction: in_transaction,
            _files: None,
        };
        open.next += 1;
        open.cursors.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Notes what a portal reads.
    pub fn open_portal(self: &Arc<Self>, reads: BTreeSet<Oid>) -> OpenPortal {
        let mut open = self.0.lock();
        let number = open.next;
        open.next += 1;
        open.portals.insert(number, reads);
        OpenPortal {
            cursors: Arc::clone(self),
            number,
        }
    }

    /// That a name can be given.
    ///
    /// # Errors
    /// 42P03 for one that is taken.
    pub fn check_free(&self, name: &str) -> Result<()> {
        check_free(&self.0.lock(), name)
    }

    /// A cursor by name.
    ///
    /// # Errors
    /// 34000 where there is none.
    pub fn get(&self, name: &str) -> Result<Arc<Cursor>> {
        let open = self.0.lock();
        let found = open.cursors.get(name);
        found
            .map(|entry| Arc::clone(&entry.cursor))
            .ok_or_else(|| missing(name))
    }

    /// Closes a cursor.
    ///
    /// # Errors
    /// 34000 where there is none.
    pub fn close(&self, name: &str) -> Result<()> {
        let closed = self.0.lock().cursors.remove(name);
        closed.map(drop).ok_or_else(|| missing(name))
    }

    /// Closes all of them.
    pub fn close_all(&self) {
        let closed = std::mem::take(&mut self.0.lock().cursors);
        // Others are not kept waiting while their plans go.
        drop(closed);
    }

    /// The number of the next one.
    pub fn next_number(&self) -> u64 {
        self.0.lock().next
    }

    /// Takes a number, for something else that a savepoint may take back.
    pub fn take_number(&self) -> u64 {
        let mut open = self.0.lock();
        open.next += 1;
        open.next - 1
    }

    /// A transaction is about to commit: cursors that outlive it keep the files that they read.
    pub fn hold(&self, files: impl Fn() -> Option<Arc<HeldFiles>>) {
        for entry in self.0.lock().cursors.values_mut() {
            if entry.is_of_transaction && entry.cursor.is_holdable {
                entry._files = files();
            }
        }
    }

    /// A transaction ends: only a commit leaves cursors `WITH HOLD`.
    pub fn end_transaction(&self, commits: bool) {
        let mut open = self.0.lock();
        open.portals.clear();
        open.cursors.retain(|_, entry| {
            let stays = !entry.is_of_transaction || commits && entry.cursor.is_holdable;
            entry.is_of_transaction = false;
            stays
        });
    }

    /// Closes those that were declared since `number` was the next one.
    pub fn close_since(&self, number: u64) {
        let mut open = self.0.lock();
        open.cursors.retain(|_, entry| entry.number < number);
        open.portals.retain(|opened, _| *opened < number);
    }

    /// What reads a relation within the transaction that has begun it: `cursor "c"`, or a portal. A
    /// cursor that an error has ended reads nothing any more.
    pub fn reading(&self, relation: Oid) -> Option<String> {
        let open = self.0.lock();
        let reads = |entry: &Entry| {
            let position = entry.cursor.position.try_lock();
            entry.is_of_transaction
                && entry.cursor.reads.contains(&relation)
                && !position.is_ok_and(|position| position.has_failed())
        };
        let mut cursors = open.cursors.iter();
        if let Some((name, _)) = cursors.find(|(_, entry)| reads(entry)) {
            return Some(format!("cursor \"{name}\""));
        }
        let mut portals = open.portals.values();
        let is_read = portals.any(|reads| reads.contains(&relation));
        is_read.then(|| "portal".to_owned())
    }

    /// All of them, with their names.
    pub fn list(&self) -> Vec<(String, Arc<Cursor>)> {
        let open = self.0.lock();
        let cursors = open.cursors.iter();
        cursors
            .map(|(name, entry)| (name.clone(), Arc::clone(&entry.cursor)))
            .collect()
    }
}

fn check_free(open: &Open, name: &str) -> Result<()> {
    match open.cursors.contains_key(name) {
        false => Ok(()),
        true => {
            let message = format!("cursor \"{name}\" already exists");
            Err(Error::new(SqlState::DUPLICATE_CURSOR, message))
        }
    }
}

fn missing(name: &str) -> Error {
    let message = format!("cursor \"{name}\" does not exist");
    Error::new(SqlState::INVALID_CURSOR_NAME, message)
}
