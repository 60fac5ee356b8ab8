//! What sessions tell each other: `LISTEN` and `NOTIFY`.
//!
//! A notification is put into the mailbox of every session that listens, in one step for all, so that
//! all of them hear notifications in the same order. It waits there until its session is between two
//! transactions. As in PostgreSQL, one limit holds for all that waits: a session that does not read
//! makes `NOTIFY` fail at last, rather than fill memory. What the server itself tells has a limit in
//! each mailbox: of what comes beyond, a session that does not read is told that it was lost, and
//! others lose nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result, SqlState};

/// The bytes of all notifications that wait.
const QUEUE_BYTES: usize = 64 << 20;

/// The bytes of what the server has told that wait in one mailbox.
const TOLD_BYTES: usize = 256 << 10;

/// What a notification takes beside its texts, and a place in some mailboxes.
const NOTIFICATION_BYTES: usize = 256;

/// What a session is told.
#[derive(Debug)]
pub struct Notification {
    /// The number of the session that tells it; 0 for the server itself.
    pub process: i32,
    /// On which channel.
    pub channel: String,
    /// What.
    pub payload: String,
    /// Given back when the last session has heard it; the server takes none.
    _room: Option<OwnedSemaphorePermit>,
}

/// Who listens, and what waits for them.
#[derive(Debug)]
pub struct Notifications {
    /// Held while a transaction's notifications are given out, so that they stay together.
    listeners: Mutex<HashMap<i32, Arc<Mailbox>>>,
    room: Arc<Semaphore>,
    size: usize,
}

impl Default for Notifications {
    fn default() -> Self {
        Self::of_size(QUEUE_BYTES)
    }
}

/// What waits for a session.
#[derive(Debug, Default)]
pub struct Mailbox {
    state: Mutex<Letters>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Letters {
    channels: BTreeSet<String>,
    waiting: VecDeque<Arc<Notification>>,
    /// The bytes of what the server has told, of what waits.
    told: usize,
    /// How many that the server told, on which channel, had no room.
    lost: BTreeMap<&'static str, u64>,
}

impl Notification {
    fn of_server(channel: &str, payload: String) -> Self {
        Self {
            process: 0,
            channel: channel.to_owned(),
            payload,
            _room: None,
        }
    }

    fn bytes(&self) -> usize {
        self.channel.len() + self.payload.len() + NOTIFICATION_BYTES
    }
}

impl Mailbox {
    /// The channels that the session listens on.
    pub fn channels(&self) -> Vec<String> {
        self.state.lock().channels.iter().cloned().collect()
    }

    /// Takes what waits, but for channels that the session no longer listens on.
    pub fn take(&self) -> Vec<Arc<Notification>> {
        let mut letters = self.state.lock();
        letters.told = 0;
        let mut waiting = std::mem::take(&mut letters.waiting);
        for (channel, lost) in std::mem::take(&mut letters.lost) {
            let payload = format!("{{\"lost\":{lost}}}");
            waiting.push_back(Arc::new(Notification::of_server(channel, payload)));
        }
        let is_heard =
            |notification: &Arc<Notification>| letters.channels.contains(&notification.channel);
        waiting.into_iter().filter(is_heard).collect()
    }

    /// Waits until something has come.
    pub async fn filled(&self) {
        while self.state.lock().waiting.is_empty() {
            self.wake.notified().await;
        }
    }
}

impl Notifications {
    fn of_size(size: usize) -> Self {
        Self {
            listeners: Mutex::default(),
            room: Arc::new(Semaphore::new(size)),
            size,
        }
    }

    /// Has a session listen on exactly these channels.
    pub fn listen(&self, process: i32, mailbox: &Arc<Mailbox>, channels: BTreeSet<String>) {
        let mut listeners = self.listeners.lock();
        let mut letters = mailbox.state.lock();
        if channels.is_empty() {
            *letters = Letters::default();
            listeners.remove(&process);
        } else {
            listeners.insert(process, Arc::clone(mailbox));
        }
        letters.channels = channels;
    }

    /// Tells all that listen of these (channel, payload), in this order: of all of them or, where
    /// there is no room, of none.
    ///
    /// # Errors
    /// 54000 where too much waits already.
    pub fn send(&self, process: i32, told: Vec<(String, String)>) -> Result<()> {
        let listeners = self.listeners.lock();
        let mut letters = Vec::new();
        for (channel, payload) in told {
            let heard: Vec<&Arc<Mailbox>> = listeners
                .values()
                .filter(|mailbox| mailbox.state.lock().channels.contains(&channel))
                .collect();
            if heard.is_empty() {
                continue;
            }
            let bytes = channel.len() + payload.len() + NOTIFICATION_BYTES;
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.room).try_acquire_many_owned(bytes);
            let notification = Notification {
                process,
                channel,
                payload,
                _room: Some(room.map_err(|_| full())?),
            };
            letters.push((Arc::new(notification), heard));
        }
        for (notification, heard) in letters {
            for mailbox in heard {
                let mut letters = mailbox.state.lock();
                letters.waiting.push_back(Arc::clone(&notification));
                drop(letters);
                mailbox.wake.notify_one();
            }
        }
        Ok(())
    }

    /// Tells all that listen of something that the server did. A session that has no room for it is
    /// told how many it has missed, when it reads.
    pub fn tell(&self, channel: &'static str, payload: String) {
        let told = Arc::new(Notification::of_server(channel, payload));
        for mailbox in self.listeners.lock().values() {
            let mut letters = mailbox.state.lock();
            if !letters.channels.contains(channel) {
                continue;
            }
            // What comes after something that was lost is lost too: the last that is heard tells of both.
            if letters.told + told.bytes() > TOLD_BYTES || letters.lost.contains_key(channel) {
                *letters.lost.entry(channel).or_default() += 1;
                continue;
            }
            letters.told += told.bytes();
            letters.waiting.push_back(Arc::clone(&told));
            drop(letters);
            mailbox.wake.notify_one();
        }
    }

    /// Which part of the room is taken, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
    pub fn usage(&self) -> f64 {
        (self.size - self.room.available_permits()) as f64 / self.size as f64
    }
}

/// The error where too much waits, as PostgreSQL words it.
pub fn full() -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        "too many notifications in the NOTIFY queue",
    )
    .with_hint("A session that listens must read what it is told: it hears nothing within a transaction block.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(mailbox: &Mailbox) -> Vec<String> {
        let taken = mailbox.take();
        taken.iter().map(|told| told.payload.clone()).collect()
    }

    fn told(payloads: &[&str]) -> Vec<(String, String)> {
        let told = payloads.iter();
        told.map(|payload| ("c".to_owned(), (*payload).to_owned()))
            .collect()
    }

    #[test]
    fn what_nobody_reads_has_a_limit_and_is_given_back() {
        let hub = Notifications::of_size(3 * NOTIFICATION_BYTES);
        let (first, second) = (Arc::default(), Arc::default());
        hub.listen(1, &first, ["c".to_owned()].into());
        hub.listen(2, &second, ["c".to_owned()].into());
        hub.send(1, told(&["a", "b"])).unwrap();
        let error = hub.send(1, told(&["d"])).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::PROGRAM_LIMIT_EXCEEDED);
        assert_eq!(payloads(&first), ["a", "b"]);
        assert!(hub.usage() > 0.6, "one session has not read yet");
        hub.listen(2, &second, BTreeSet::new());
        assert_eq!(hub.usage(), 0.0);
        hub.send(1, told(&["d"])).unwrap();
        assert_eq!(payloads(&first), ["d"]);
        assert!(payloads(&second).is_empty());
    }

    #[test]
    fn who_does_not_read_is_told_how_much_of_the_server_it_has_missed() {
        let hub = Notifications::of_size(3 * NOTIFICATION_BYTES);
        let (reads, idles) = (Arc::default(), Arc::default());
        hub.listen(1, &reads, ["c".to_owned()].into());
        hub.listen(2, &idles, ["c".to_owned(), "d".to_owned()].into());
        let payload = "x".repeat(1000);
        for _ in 0..1000 {
            hub.tell("c", payload.clone());
            assert_eq!(payloads(&reads), [payload.as_str()]);
        }
        hub.send(1, told(&["a"])).unwrap();
        let heard = payloads(&idles);
        let room = TOLD_BYTES / (payload.len() + 1 + NOTIFICATION_BYTES);
        assert_eq!(heard.len(), room + 2);
        assert_eq!(heard[room], "a", "who notifies has room of its own");
        assert_eq!(heard[room + 1], format!("{{\"lost\":{}}}", 1000 - room));
        hub.tell("c", payload.clone());
        assert_eq!(payloads(&idles), [payload]);
    }

    #[test]
    fn of_a_transaction_all_is_told_or_nothing() {
        let hub = Notifications::of_size(3 * NOTIFICATION_BYTES);
        let mailbox = Arc::default();
        hub.listen(1, &mailbox, ["c".to_owned()].into());
        hub.send(1, told(&["a", "b", "d"])).unwrap_err();
        assert!(payloads(&mailbox).is_empty());
        assert_eq!(hub.usage(), 0.0);
    }
}
