//! What a transaction of the session says of channels: it happens at its commit.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Cursors;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, Mailbox, queue_full};

/// The longest name of a channel: NAMEDATALEN of PostgreSQL, less one.
pub const MAX_CHANNEL_BYTES: usize = 63;

/// A payload is shorter: NOTIFY_PAYLOAD_MAX_LENGTH of PostgreSQL.
const PAYLOAD_BYTES: usize = 8000;

/// The bytes of what waits for the end of a transaction.
const PENDING_BYTES: usize = 16 << 20;

/// What an action takes beside its texts.
const ACTION_BYTES: usize = 128;

/// The most channels that a session listens on.
const MAX_CHANNELS: usize = 10_000;

/// The channels of a session.
pub struct Notifying {
    instance: Arc<Instance>,
    process: i32,
    /// Gives the numbers by which savepoints tell what came after them.
    numbers: Arc<Cursors>,
    mailbox: Arc<Mailbox>,
    pending: Mutex<Pending>,
}

/// What the transaction has said, each with its number.
#[derive(Default)]
struct Pending {
    actions: Vec<(u64, Action)>,
    bytes: usize,
    /// Of what is said twice in one transaction only the first counts.
    notified: HashSet<(String, String)>,
}

enum Action {
    Listen(String),
    Unlisten(Option<String>),
    Notify(String, String),
}

impl Action {
    fn bytes(&self) -> usize {
        ACTION_BYTES
            + match self {
                Self::Listen(channel) | Self::Unlisten(Some(channel)) => channel.len(),
                Self::Unlisten(None) => 0,
                // It is kept twice.
                Self::Notify(channel, payload) => 2 * (channel.len() + payload.len()),
            }
    }
}

impl Notifying {
    pub(super) fn new(instance: &Arc<Instance>, process: i32, numbers: &Arc<Cursors>) -> Self {
        Self {
            instance: Arc::clone(instance),
            process,
            numbers: Arc::clone(numbers),
            mailbox: Arc::default(),
            pending: Mutex::default(),
        }
    }

    /// What waits for the session.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Listens on a channel, from the commit on.
    ///
    /// # Errors
    /// 22023 for a name that no channel has; 53400 for too many channels.
    pub fn listen(&self, channel: &str) -> Result<()> {
        check_channel(channel)?;
        let pending = self.pending.lock().actions.len();
        if self.mailbox.channels().len() + pending >= MAX_CHANNELS {
            return Err(Error::new(
                SqlState::CONFIGURATION_LIMIT_EXCEEDED,
                format!("too many channels: a session may listen on {MAX_CHANNELS}"),
            ));
        }
        self.add(Action::Listen(channel.to_owned()))
    }

    /// Stops listening on a channel, or all, from the commit on.
    ///
    /// # Errors
    /// 54000 where too much waits for it.
    pub fn unlisten(&self, channel: Option<&str>) -> Result<()> {
        self.add(Action::Unlisten(channel.map(str::to_owned)))
    }

    /// Tells who listens on a channel, at the commit.
    ///
    /// # Errors
    /// 22023 for a name that no channel has, and for a payload that is too long; 54000 where too
    /// much waits for the commit.
    pub fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        check_channel(channel)?;
        if payload.len() >= PAYLOAD_BYTES {
            return Err(invalid("payload string too long").with_detail(format!(
                "It has {} bytes, and must have fewer than {PAYLOAD_BYTES}.",
                payload.len()
            )));
        }
        self.add(Action::Notify(channel.to_owned(), payload.to_owned()))
    }

    fn add(&self, action: Action) -> Result<()> {
        let mut pending = self.pending.lock();
        if let Action::Notify(channel, payload) = &action {
            let told = (channel.clone(), payload.clone());
            if pending.notified.contains(&told) {
                return Ok(());
            }
            if pending.bytes + action.bytes() <= PENDING_BYTES {
                pending.notified.insert(told);
            }
        }
        if pending.bytes + action.bytes() > PENDING_BYTES {
            return Err(queue_full());
        }
        pending.bytes += action.bytes();
        pending.actions.push((self.numbers.take_number(), action));
        Ok(())
    }

    /// The transaction commits. First the session listens as the transaction says, and so hears what
    /// the transaction itself tells.
    ///
    /// # Errors
    /// 54000 where too much waits for others; then they are told nothing of it.
    pub fn commit(&self) -> Result<()> {
        let actions = std::mem::take(&mut *self.pending.lock()).actions;
        if actions.is_empty() {
            return Ok(());
        }
        let notifications = &self.instance.notifications;
        let before: BTreeSet<String> = self.mailbox.channels().into_iter().collect();
        let mut channels = before.clone();
        let mut told = Vec::new();
        for (_, action) in actions {
            match action {
                Action::Listen(channel) => drop(channels.insert(channel)),
                Action::Unlisten(Some(channel)) => drop(channels.remove(&channel)),
                Action::Unlisten(None) => channels.clear(),
                Action::Notify(channel, payload) => told.push((channel, payload)),
            }
        }
        if channels != before {
            notifications.listen(self.process, &self.mailbox, channels);
        }
        notifications.send(self.process, told)
    }

    /// The transaction, or the statement outside of one, has failed or is taken back.
    pub fn roll_back(&self) {
        self.pending.lock().clear();
    }

    /// What was said since this was the next number is taken back.
    pub fn roll_back_to(&self, number: u64) {
        let mut pending = self.pending.lock();
        let kept = std::mem::take(&mut *pending).actions.into_iter();
        for (_, action) in kept.as_slice().iter().take_while(|(of, _)| *of < number) {
            pending.bytes += action.bytes();
            if let Action::Notify(channel, payload) = action {
                pending.notified.insert((channel.clone(), payload.clone()));
            }
        }
        pending.actions = kept.take_while(|(of, _)| *of < number).collect();
    }
}

impl Pending {
    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Drop for Notifying {
    fn drop(&mut self) {
        let none = BTreeSet::new();
        let notifications = &self.instance.notifications;
        notifications.listen(self.process, &self.mailbox, none);
    }
}

fn check_channel(channel: &str) -> Result<()> {
    if channel.is_empty() {
        return Err(invalid("channel name cannot be empty"));
    }
    if channel.len() > MAX_CHANNEL_BYTES {
        return Err(invalid("channel name too long"));
    }
    Ok(())
}

fn invalid(message: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}
