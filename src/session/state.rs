//! What of a session changes with its statements: settings, and the transaction that takes them
//! back.
//!
//! As in Postgres, `SET` lasts if its transaction commits, `SET LOCAL` until it ends, and a savepoint
//! brings back what both have changed since.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::TransactionStatus;
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::execute::referential::Deferral;
use crate::instance::{
    Beginnings, InstanceTransaction, Pinned, TransactionMark, TransactionNumber,
};
use crate::sql::transaction::{DEFERRABLE, ISOLATION, Mode, READ_ONLY};

/// The settings that clients are told of when they change, as in Postgres.
const REPORTED: [&str; 6] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "IntervalStyle",
    "standard_conforming_strings",
    "TimeZone",
];

/// The modes of a transaction, each with the setting that it begins with.
const MODES: [(&str, &str); 3] = [
    (ISOLATION, "default_transaction_isolation"),
    (READ_ONLY, "default_transaction_read_only"),
    (DEFERRABLE, "default_transaction_deferrable"),
];

/// The most savepoints that a transaction has at once.
const MAX_SAVEPOINTS: usize = 10_000;

/// Whose rights count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Authorization {
    /// Whom the session is of; none for who connected.
    pub session: Option<String>,
    /// By whose rights it acts; none for its own.
    pub role: Option<String>,
}

/// Settings and the transaction.
pub(super) struct State {
    authorization: Authorization,
    /// As they are now.
    settings: SessionSettings,
    /// Another one each time that they change, from 1 on.
    settings_number: u64,
    /// What `RESET` goes back to: the configuration and what the client asked for at its start.
    initial: SessionSettings,
    /// What the client is to be told of.
    changed: Vec<(String, String)>,
    block: Option<Block>,
    /// When the client asked for what is done now; none where nobody has said so.
    statement_began: Option<DateTime<Utc>>,
    /// When it asked for the first of what it is to be told the end of at once.
    request_began: Option<DateTime<Utc>>,
    /// Whether temporary tables may say what becomes of them at a commit.
    has_on_commit: bool,
    /// Whether something was written since that was looked at.
    is_on_commit_due: bool,
}

/// A transaction block.
struct Block {
    /// When it began.
    began: DateTime<Utc>,
    failed: bool,
    /// Whether a statement has read, so that the modes are fixed.
    has_read: bool,
    /// The settings before it began.
    before: SessionSettings,
    /// The settings that its commit leaves.
    kept: SessionSettings,
    /// Whose rights counted before it began, and will after its commit.
    authorizations: [Authorization; 2],
    savepoints: Vec<Savepoint>,
    pinned: Option<Arc<Pinned>>,
    /// Whether it is that of a message of several statements, which ends with the message.
    is_implicit: bool,
    /// What it has written.
    writes: Option<Arc<InstanceTransaction>>,
    /// Its number, once somebody has asked for it.
    number: Arc<TransactionNumber>,
    /// The foreign keys that are looked at when it ends.
    deferral: Deferral,
}

struct Savepoint {
    name: String,
    settings: SessionSettings,
    kept: SessionSettings,
    /// Whose rights counted, and would have after a commit.
    authorizations: [Authorization; 2],
    /// The number of the first cursor after it.
    cursors: u64,
    /// What was written before it; none where nothing was.
    writes: Option<Arc<TransactionMark>>,
    /// The foreign keys that were to be looked at when the block ends.
    deferral: Deferral,
}

/// What was written, and how far that is taken back.
pub(super) type TakenBack = (Arc<InstanceTransaction>, Option<Arc<TransactionMark>>);

/// How a block was left.
pub(super) struct Left {
    /// The modes that it had.
    pub modes: Vec<Mode>,
    /// What it has written.
    pub writes: Option<Arc<InstanceTransaction>>,
}

impl State {
    pub(super) fn new(settings: SessionSettings) -> Result<Self> {
        let settings = with_default_modes(settings)?;
        Ok(Self {
            authorization: Authorization::default(),
            initial: settings.clone(),
            settings,
            settings_number: 1,
            changed: Vec::new(),
            block: None,
            statement_began: None,
            request_began: None,
            has_on_commit: false,
            is_on_commit_due: false,
        })
    }

    /// Notes that a temporary table says what becomes of it at a commit.
    pub(super) fn note_on_commit(&mut self) {
        self.has_on_commit = true;
        self.is_on_commit_due = true;
    }

    /// Notes that a statement writes.
    pub(super) fn note_write(&mut self) {
        self.is_on_commit_due |= self.has_on_commit;
    }

    /// Whether temporary tables are to be looked at for this commit; not for the next one then.
    pub(super) fn take_on_commit(&mut self) -> bool {
        std::mem::take(&mut self.is_on_commit_due)
    }

    /// Whose rights count.
    pub(super) fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// Has the rights of others count; `local` is until the end of the transaction.
    pub(super) fn authorize(&mut self, change: impl Fn(&mut Authorization), local: bool) {
        match &mut self.block {
            Some(block) if !local => change(&mut block.authorizations[1]),
            Some(_) => {}
            None if local => return,
            None => {}
        }
        let mut changed = self.authorization.clone();
        change(&mut changed);
        self.act_as(changed);
    }

    /// Has other rights count. The role is part of the search path, as which its change counts as one of
    /// a setting.
    fn act_as(&mut self, authorization: Authorization) {
        if authorization != self.authorization {
            self.authorization = authorization;
            self.settings_number += 1;
        }
    }

    pub(super) fn settings(&self) -> &SessionSettings {
        &self.settings
    }

    /// A number that is another one once they have changed.
    pub(super) fn settings_number(&self) -> u64 {
        self.settings_number
    }

    pub(super) fn take_changed(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn status(&self) -> TransactionStatus {
        match &self.block {
            None => TransactionStatus::Idle,
            Some(block) if block.is_implicit => TransactionStatus::Idle,
            Some(block) if block.failed => TransactionStatus::Failed,
            Some(_) => TransactionStatus::InTransaction,
        }
    }

    /// Gives a setting a value, or with `None` the one that the session began with; `local` is until
    /// the end of the transaction. Answers the value as it is shown.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist; 25001 for a mode of the
    /// transaction that can no longer change.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>, local: bool) -> Result<String> {
        let value = match value {
            Some(value) => value.to_owned(),
            None => self.initial.get(name).unwrap_or_default(),
        };
        let mut settings = self.settings.clone();
        settings.set(name, &value)?;
        let shown = settings.get(name).unwrap_or_default();
        let is_mode = MODES
            .iter()
            .any(|(mode, _)| mode.eq_ignore_ascii_case(name));
        if is_mode && settings.get(name) != self.settings.get(name) {
            self.check_mode(name, &settings)?;
        }
        match &mut self.block {
            Some(block) if !local && !is_mode => block.kept.set(name, &value)?,
            Some(_) => {}
            // A single statement is a transaction of its own, and that of SET ends with it.
            None if local || is_mode => return Ok(shown),
            None => settings = with_default_modes(settings)?,
        }
        self.replace(settings);
        Ok(shown)
    }

    /// Modes are fixed by the first statement that reads.
    fn check_mode(&self, name: &str, new: &SessionSettings) -> Result<()> {
        let Some(block) = &self.block else {
            return Ok(());
        };
        let is_within = !block.savepoints.is_empty();
        let message = if name.eq_ignore_ascii_case(ISOLATION) {
            match (block.has_read, is_within) {
                (true, _) => "SET TRANSACTION ISOLATION LEVEL must be called before any query",
                (_, true) => {
                    "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction"
                }
                _ => return Ok(()),
            }
        } else if name.eq_ignore_ascii_case(READ_ONLY) {
            match (new.transaction_read_only.0, is_within, block.has_read) {
                (false, true, _) => {
                    "cannot set transaction read-write mode inside a read-only transaction"
                }
                (false, _, true) => "transaction read-write mode must be set before any query",
                _ => return Ok(()),
            }
        } else {
            match (is_within, block.has_read) {
                (true, _) => {
                    "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction"
                }
                (_, true) => "SET TRANSACTION [NOT] DEFERRABLE must be called before any query",
                _ => return Ok(()),
            }
        };
        Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, message))
    }

    /// Puts other settings in the place of those that are, and notes what clients are told of.
    fn replace(&mut self, settings: SessionSettings) {
        for name in REPORTED {
            let now = settings.get(name);
            if now != self.settings.get(name) {
                self.changed
                    .push((name.to_owned(), now.unwrap_or_default()));
            }
        }
        if settings != self.settings {
            self.settings = settings;
            self.settings_number += 1;
        }
    }

    /// Begins the transaction of a message of several statements, unless there is one.
    pub(super) fn begin_implicit(&mut self) {
        if self.block.is_none() {
            self.block = Some(Block {
                began: self.began().transaction,
                failed: false,
                has_read: false,
                before: self.settings.clone(),
                kept: self.settings.clone(),
                authorizations: [self.authorization.clone(), self.authorization.clone()],
                savepoints: Vec::new(),
                pinned: None,
                is_implicit: true,
                writes: None,
                number: Arc::default(),
                deferral: Deferral::default(),
            });
        }
    }

    /// The client asks for something: a statement begins, and a transaction where there is none.
    pub(super) fn begin_statement(&mut self) {
        let now = Utc::now();
        self.statement_began = Some(now);
        self.request_began.get_or_insert(now);
    }

    /// All that the client has asked for is done. What it asks for next is another transaction, unless
    /// a block goes on: then it tells when that began.
    pub(super) fn rest(&mut self) -> Option<DateTime<Utc>> {
        self.request_began = None;
        self.block.as_ref().map(|block| block.began)
    }

    /// When the statement began, and its transaction: with its block, or else with the first that the
    /// client asked for in one go. After a transaction that ended meanwhile it is the statement.
    pub(super) fn began(&self) -> Beginnings {
        let statement = self.statement_began.unwrap_or_else(Utc::now);
        let block = self.block.as_ref().map(|block| block.began);
        Beginnings {
            transaction: block.or(self.request_began).unwrap_or(statement),
            statement,
        }
    }

    /// Whether there is a block that ends with its message.
    pub(super) fn is_implicit(&self) -> bool {
        self.block.as_ref().is_some_and(|block| block.is_implicit)
    }

    /// Whether there is a block of any kind.
    pub(super) fn is_within(&self) -> bool {
        self.block.is_some()
    }

    /// Whether there is no block, or one that has written nothing and reads what is committed.
    pub(super) fn sees_what_all_do(&self) -> bool {
        let block = self.block.as_ref();
        block.is_none_or(|block| !block.failed && block.writes.is_none() && block.pinned.is_none())
    }

    /// What the block has written.
    pub(super) fn writes(&self) -> Option<Arc<InstanceTransaction>> {
        self.block.as_ref()?.writes.clone()
    }

    /// What the block has written; it begins to write where it has not.
    pub(super) fn begin_writing(
        &mut self,
        begin: impl FnOnce(Option<&Pinned>) -> InstanceTransaction,
    ) -> Option<Arc<InstanceTransaction>> {
        let block = self.block.as_mut()?;
        let pinned = block.pinned.as_deref();
        let writes = block.writes.get_or_insert_with(|| Arc::new(begin(pinned)));
        Some(Arc::clone(writes))
    }

    /// The foreign keys that are looked at when the block ends, where there is one.
    pub(super) fn deferral(&mut self) -> Option<&mut Deferral> {
        self.block.as_mut().map(|block| &mut block.deferral)
    }

    /// Takes out what the block has written, to be committed.
    pub(super) fn take_writes(&mut self) -> Option<Arc<InstanceTransaction>> {
        self.block.as_mut()?.writes.take()
    }

    /// Begins a transaction block; of one that has begun, only the modes are taken.
    ///
    /// # Errors
    /// Those of [`Self::set`].
    pub(super) fn begin(&mut self, modes: &[Mode]) -> Result<()> {
        self.begin_implicit();
        if let Some(block) = &mut self.block {
            block.is_implicit = false;
        }
        modes
            .iter()
            .try_for_each(|mode| self.set(mode.setting, Some(&mode.value), true).map(drop))
    }

    /// Ends the block, if there is one; tells the modes that it had, and what is to be rolled back.
    ///
    /// # Errors
    /// None that the settings have not met.
    pub(super) fn end(&mut self, commits: bool) -> Result<Left> {
        self.request_began = None;
        let Some(block) = self.block.take() else {
            return Ok(Left {
                modes: Vec::new(),
                writes: None,
            });
        };
        let modes = MODES.iter().map(|(mode, _)| Mode {
            setting: mode,
            value: self.settings.get(mode).unwrap_or_default(),
        });
        let modes = modes.collect();
        let settings = match commits && !block.failed {
            true => block.kept,
            false => block.before,
        };
        let [before, kept] = block.authorizations;
        self.act_as(match commits && !block.failed {
            true => kept,
            false => before,
        });
        self.replace(with_default_modes(settings)?);
        Ok(Left {
            modes,
            writes: block.writes,
        })
    }

    /// A statement or the streaming of its rows failed. What is begun for one statement ends with it.
    /// Tells what of a block is to be taken back, and to which point: nothing of it can be committed
    /// any more than what its last savepoint has kept.
    pub(super) fn fail(&mut self) -> Option<TakenBack> {
        if self.is_implicit() {
            // Settings that were there before can be set again.
            let _ = self.end(false);
        }
        let block = self.block.as_mut()?;
        block.failed = true;
        let mark = block.savepoints.last().and_then(|it| it.writes.clone());
        match mark {
            Some(mark) => block.writes.clone().map(|writes| (writes, Some(mark))),
            None => block.writes.take().map(|writes| (writes, None)),
        }
    }

    /// Sets a savepoint; `cursors` is the number of the next cursor.
    ///
    /// # Errors
    /// 25P01 outside a block; 54000 for too many.
    pub(super) fn savepoint(&mut self, name: &str, cursors: u64) -> Result<()> {
        let settings = self.settings.clone();
        let authorization = self.authorization.clone();
        let block = self.within("SAVEPOINT")?;
        if block.savepoints.len() >= MAX_SAVEPOINTS {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("too many savepoints: a transaction may have {MAX_SAVEPOINTS}"),
            )
            .with_hint("Release those that are no longer needed."));
        }
        block.savepoints.push(Savepoint {
            name: name.to_owned(),
            settings,
            kept: block.kept.clone(),
            authorizations: [authorization, block.authorizations[1].clone()],
            cursors,
            writes: block.writes.as_ref().map(|writes| Arc::new(writes.mark())),
            deferral: block.deferral.clone(),
        });
        Ok(())
    }

    /// Forgets a savepoint and those after it.
    ///
    /// # Errors
    /// 25P01 outside a block; 3B001 where there is none of that name.
    pub(super) fn release(&mut self, name: &str) -> Result<()> {
        let block = self.within("RELEASE SAVEPOINT")?;
        let place = block.find(name)?;
        block.savepoints.truncate(place);
        Ok(())
    }

    /// Goes back to a savepoint, which stays; tells the number of the first cursor after it, and what
    /// is to be taken back to which point, or wholly.
    ///
    /// # Errors
    /// Those of [`Self::release`].
    pub(super) fn roll_back_to(&mut self, name: &str) -> Result<(u64, Option<TakenBack>)> {
        let block = self.within("ROLLBACK TO SAVEPOINT")?;
        let place = block.find(name)?;
        block.savepoints.truncate(place + 1);
        block.failed = false;
        let Some(savepoint) = block.savepoints.last() else {
            return Err(no_savepoint(name));
        };
        let cursors = savepoint.cursors;
        block.kept = savepoint.kept.clone();
        block.deferral = savepoint.deferral.clone();
        let [authorization, kept] = savepoint.authorizations.clone();
        block.authorizations[1] = kept;
        let settings = savepoint.settings.clone();
        let taken_back = match &savepoint.writes {
            Some(mark) => {
                let writes = block.writes.clone();
                writes.map(|writes| (writes, Some(Arc::clone(mark))))
            }
            None => block.writes.take().map(|writes| (writes, None)),
        };
        self.replace(settings);
        self.act_as(authorization);
        Ok((cursors, taken_back))
    }

    fn within(&mut self, command: &str) -> Result<&mut Block> {
        let block = self.block.as_mut().filter(|block| !block.is_implicit);
        block.ok_or_else(|| only_in_block(command))
    }

    /// Notes that a statement reads; whether it is one of a transaction whose statements all read
    /// what the first one did, and has nothing to read by yet.
    pub(super) fn reads(&mut self) -> bool {
        let isolation = self.settings.transaction_isolation.0;
        let Some(block) = &mut self.block else {
            return false;
        };
        block.has_read = true;
        matches!(isolation, "repeatable read" | "serializable") && block.pinned.is_none()
    }

    /// What the statements of the transaction read by.
    pub(super) fn pinned(&self) -> Option<Arc<Pinned>> {
        self.block.as_ref()?.pinned.clone()
    }

    /// The number of the transaction, once somebody has asked for it. A statement outside of a block
    /// is a transaction of its own.
    pub(super) fn number(&self) -> Arc<TransactionNumber> {
        let own = self.block.as_ref().map(|block| Arc::clone(&block.number));
        own.unwrap_or_default()
    }

    /// Has the statements of the transaction read by this.
    pub(super) fn pin(&mut self, pinned: Arc<Pinned>) {
        if let Some(block) = &mut self.block {
            block.pinned.get_or_insert(pinned);
        }
    }
}

impl Block {
    fn find(&self, name: &str) -> Result<usize> {
        self.savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)
            .ok_or_else(|| no_savepoint(name))
    }
}

fn no_savepoint(name: &str) -> Error {
    let message = format!("savepoint \"{name}\" does not exist");
    Error::new(SqlState::INVALID_SAVEPOINT, message)
}

/// The error of a command that is of use in a transaction block alone.
pub fn only_in_block(command: &str) -> Error {
    let message = format!("{command} can only be used in transaction blocks");
    Error::new(SqlState::NO_ACTIVE_SQL_TRANSACTION, message)
}

/// Settings whose modes are those that transactions begin with.
fn with_default_modes(mut settings: SessionSettings) -> Result<SessionSettings> {
    for (mode, default) in MODES {
        let value = settings.get(default).unwrap_or_default();
        settings.set(mode, &value)?;
    }
    Ok(settings)
}
