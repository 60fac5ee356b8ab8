//! The transaction of a session: how it begins, fails and ends, its savepoints, and the foreign keys that
//! wait for its end.

use std::sync::Arc;

use super::state::{Left, TakenBack};
use super::{Session, TransactionStatus};
use crate::catalog::{Object, Oid, Reference};
use crate::error::{Error, Result, SqlState};
use crate::execute::on_commit;
use crate::execute::referential::{Check, prove_deferred};
use crate::instance::{InstanceTransaction, Pinned};
use crate::sql::Statement;
use crate::sql::transaction::Mode;

impl Session {
    /// The session whose instance is what its transaction sees, where that has written, or is about
    /// to.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same objects.
    pub(super) fn within(&self, statement: &Statement, writes: bool) -> Result<Option<Self>> {
        match (statement, writes) {
            (Statement::Transaction(_), _) => Ok(None),
            (_, true) => self.transaction(),
            (_, false) => {
                let writes = self.state.lock().writes();
                self.within_writes(writes)
            }
        }
    }

    /// [`Self::within`] the transaction, which begins to write; none outside of one.
    pub(super) fn transaction(&self) -> Result<Option<Self>> {
        let process = self.client.process;
        let began = self.began().transaction;
        let begin = |pinned: Option<&Pinned>| {
            InstanceTransaction::begin(&self.instance, process, pinned, began)
        };
        let writes = self.state.lock().begin_writing(begin);
        self.within_writes(writes)
    }

    pub(super) fn within_writes(
        &self,
        writes: Option<Arc<InstanceTransaction>>,
    ) -> Result<Option<Self>> {
        let Some(transaction) = writes else {
            return Ok(None);
        };
        if self.state.lock().pinned().is_none() {
            transaction.instance.catalog.follow()?;
        }
        Ok(Some(self.over(&transaction.instance)))
    }

    /// Has a transaction see what others have changed of the catalog, unless it reads by a snapshot.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same objects.
    pub fn follow(&self) -> Result<()> {
        match self.state.lock().pinned() {
            Some(_) => Ok(()),
            None => self.instance.catalog.follow(),
        }
    }

    /// Has a check wait for the end of the transaction, where its foreign key is to.
    pub fn defer(&self, check: &Arc<Check>) -> bool {
        let mut state = self.state.lock();
        state.deferral().is_some_and(|it| it.defer(check))
    }

    /// The checks that do not wait any more, or all where the transaction ends.
    pub fn due_checks(&self, ends: bool) -> Vec<Arc<Check>> {
        let mut state = self.state.lock();
        state.deferral().map_or_else(Vec::new, |it| it.due(ends))
    }

    /// Whether a foreign key of a table waits for the end of the transaction.
    pub fn has_waiting_checks(&self, table: Oid) -> bool {
        let mut state = self.state.lock();
        state.deferral().is_some_and(|it| it.is_waiting(table))
    }

    /// Forgets the checks that do not wait any more, all of which were made. A savepoint brings back
    /// those that waited when it was set.
    pub fn forget_due_checks(&self) {
        if let Some(deferral) = self.state.lock().deferral() {
            deferral.forget_due();
        }
    }

    /// Says when foreign keys are looked at; all of them where none is named.
    pub fn say_deferred(&self, named: &[Reference], deferred: bool) {
        if let Some(deferral) = self.state.lock().deferral() {
            deferral.say(named, deferred);
        }
    }

    /// That a table, which the transaction is about to change for the first time, is as its snapshot
    /// has it.
    ///
    /// # Errors
    /// 40001 where another transaction has changed it since.
    pub async fn check_unchanged(&self, object: &Object) -> Result<()> {
        let Some(pinned) = self.state.lock().pinned() else {
            return Ok(());
        };
        let (table, warehouse) = (object.table(), &self.instance.warehouse);
        if let Some(seen) = pinned.version(object.oid)
            && !warehouse.has_staged(&table)
            && warehouse.shared_data_version(&table).await? > seen.unsigned_abs()
        {
            return Err(Error::new(
                SqlState::SERIALIZATION_FAILURE,
                "could not serialize access due to concurrent update",
            )
            .with_hint("Run the transaction again."));
        }
        Ok(())
    }

    /// Tells that the last statement, or the streaming of its rows, ended in an error. What a block has
    /// changed is taken back, so that nobody waits for it until the client says how it ends.
    pub async fn fail(&self) {
        let taken_back = {
            let mut state = self.state.lock();
            let taken_back = state.fail();
            if state.status() == TransactionStatus::Idle {
                self.notifying.roll_back();
            }
            taken_back
        };
        take_back(taken_back).await;
    }

    /// Tells that all that the client has asked for is done, so that what waits for the end of the
    /// transaction happens, unless a block goes on.
    ///
    /// # Errors
    /// 54000 where too much waits for sessions that listen.
    pub fn complete(&self) -> Result<()> {
        match self.transaction_status() {
            TransactionStatus::Idle => self.notifying.commit(),
            TransactionStatus::InTransaction | TransactionStatus::Failed => Ok(()),
        }
    }

    /// The state that ReadyForQuery reports; the session is idle from here on.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.state.lock().status()
    }

    /// Whether a statement of now is one of several of a transaction: in a block, or of a message.
    pub fn is_in_transaction(&self) -> bool {
        self.state.lock().is_within()
    }

    /// Whether a statement of now sees what those of any other session do: it is no part of another one,
    /// and its transaction, if it is in one, has written nothing and reads what is committed.
    pub fn sees_what_all_do(&self) -> bool {
        self.moment.is_none() && self.changes.is_none() && self.state.lock().sees_what_all_do()
    }

    /// Begins a transaction block, or gives the one that has begun these modes.
    ///
    /// # Errors
    /// 25001 for modes that can no longer change.
    pub fn begin_transaction(&self, modes: &[Mode]) -> Result<()> {
        self.state.lock().begin(modes)
    }

    /// Does several things as one transaction, that of the block where there is one.
    ///
    /// # Errors
    /// What they say; then none of them is done. Those of [`Self::end_transaction`].
    pub async fn together<T>(&self, work: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        if self.instance.catalog.is_staged() {
            return work(self).await;
        }
        self.begin_implicit();
        let session = self.transaction()?;
        let session = session.as_ref().unwrap_or(self);
        let done = work(session).await;
        let ended = self.end_implicit(done.is_ok()).await;
        let answer = done?;
        ended.map(|()| answer)
    }

    /// Begins the transaction of a message of several statements, unless a block has begun.
    pub fn begin_implicit(&self) {
        self.state.lock().begin_implicit();
    }

    /// Ends the transaction of a message of several statements, unless it has become a block.
    ///
    /// # Errors
    /// Those of [`Self::end_transaction`].
    pub async fn end_implicit(&self, commits: bool) -> Result<()> {
        if self.state.lock().is_implicit() {
            self.end_transaction(commits).await?;
        }
        Ok(())
    }

    /// Ends the transaction block, if there is one; answers its modes. A commit that fails ends it
    /// too, and nothing is done.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same; those of the disk.
    pub async fn end_transaction(&self, commits: bool) -> Result<Vec<Mode>> {
        if commits && let Err(error) = self.prepare_commit().await {
            let left = self.leave(false, false)?;
            if let Some(writes) = left.writes {
                writes.roll_back().await;
            }
            return Err(error);
        }
        let writes = match commits {
            true => self.state.lock().take_writes(),
            false => None,
        };
        let has_written = writes.is_some();
        let committed = match writes {
            Some(writes) => {
                let cut_off = EndsWhenCutOff(Some(self));
                let committed = writes.commit().await;
                cut_off.disarm();
                committed
            }
            None => Ok(()),
        };
        let left = self.leave(commits && committed.is_ok(), has_written)?;
        if let Some(writes) = left.writes {
            writes.roll_back().await;
        }
        committed.map(|()| left.modes)
    }

    /// Looks at the foreign keys that wait for the end of the transaction, and has temporary tables do
    /// what they say of a commit.
    async fn prepare_commit(&self) -> Result<()> {
        let writes = self.state.lock().writes();
        let Some(session) = self.within_writes(writes)? else {
            return Ok(());
        };
        Box::pin(prove_deferred(&session)).await?;
        // Cursors that stay read on what goes.
        let warehouse = &session.instance.warehouse;
        self.cursors.hold(|| warehouse.hold_files());
        let is_due = self.state.lock().take_on_commit();
        match is_due {
            true => on_commit::execute(&session).await,
            false => Ok(()),
        }
    }

    /// Tells that a temporary table says what becomes of it at a commit.
    pub fn note_on_commit(&self) {
        self.state.lock().note_on_commit();
    }

    /// Has temporary tables do what they say of a commit, after statements outside of a block, each of
    /// which was a transaction of its own.
    ///
    /// # Errors
    /// What that meets.
    pub async fn end_statements(&self) -> Result<()> {
        let is_due = {
            let mut state = self.state.lock();
            !state.is_within() && state.take_on_commit()
        };
        match is_due {
            true => self.together(on_commit::execute).await,
            false => Ok(()),
        }
    }

    /// Brings the session to where it is after a transaction.
    ///
    /// # Errors
    /// 54000 where too much waits for sessions that listen.
    fn leave(&self, commits: bool, has_written: bool) -> Result<Left> {
        let left = self.state.lock().end(commits)?;
        match commits {
            // What is committed stays so, whoever could not be told.
            true if has_written => {
                if let Err(error) = self.notifying.commit() {
                    self.notice(error);
                }
            }
            true => self.notifying.commit()?,
            false => self.notifying.roll_back(),
        }
        self.cursors.end_transaction(commits);
        self.tell_application_name();
        Ok(left)
    }

    /// Sets a savepoint.
    ///
    /// # Errors
    /// 25P01 outside a transaction block; 54000 for too many.
    pub fn set_savepoint(&self, name: &str) -> Result<()> {
        let cursors = self.cursors.next_number();
        self.state.lock().savepoint(name, cursors)
    }

    /// Forgets a savepoint and those after it.
    ///
    /// # Errors
    /// 25P01 outside a transaction block; 3B001 where there is none of that name.
    pub fn release_savepoint(&self, name: &str) -> Result<()> {
        self.state.lock().release(name)
    }

    /// Goes back to a savepoint: its settings, its cursors, and the transaction has not failed.
    ///
    /// # Errors
    /// Those of [`Self::release_savepoint`].
    pub async fn roll_back_to_savepoint(&self, name: &str) -> Result<()> {
        let (cursors, taken_back) = self.state.lock().roll_back_to(name)?;
        self.cursors.close_since(cursors);
        self.notifying.roll_back_to(cursors);
        self.tell_application_name();
        take_back(taken_back).await;
        Ok(())
    }
}

/// Ends a transaction whose commit is cut off, as one that fails: nothing of it is done.
struct EndsWhenCutOff<'a>(Option<&'a Session>);

impl EndsWhenCutOff<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for EndsWhenCutOff<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0
            && let Err(error) = session.leave(false, false)
        {
            session.notice(error);
        }
    }
}

/// Whether a transaction can take back what a command writes. What looks after files, and what is
/// learned, is there as soon as it is done.
pub(crate) fn can_be_rolled_back(command: &str) -> bool {
    const OWN: [&str; 5] = [
        "OPTIMIZE",
        "VACUUM",
        "REFRESH MODEL",
        "CREATE MODEL",
        "ALTER MODEL ... SET",
    ];
    !OWN.contains(&command)
}

/// Takes back what a transaction has changed, wholly or since a point.
async fn take_back(changes: Option<TakenBack>) {
    match changes {
        Some((writes, Some(mark))) => writes.roll_back_to(&mark).await,
        Some((writes, None)) => writes.roll_back().await,
        None => {}
    }
}
