//! What a commit knows of the statement that waits for it.

use tokio::sync::oneshot;
use tributary_udfs::interrupt::Interrupt;

use crate::error::{Error, Result, SqlState};

/// Passes the point from which a statement over this interrupt gets the answer of what it commits, if
/// it is interrupted or not.
///
/// # Errors
/// 57014 where it was interrupted before: then nothing may be committed.
pub fn begin_commit(interrupt: Option<&Interrupt>) -> Result<()> {
    match interrupt.is_none_or(Interrupt::commit) {
        true => Ok(()),
        false => Err(canceled()),
    }
}

fn canceled() -> Error {
    Error::new(
        SqlState::QUERY_CANCELED,
        "canceling statement due to user request",
    )
}

/// The statement that waits for the answer of a commit, which runs in a task of its own.
pub struct Waiting<T> {
    answer: oneshot::Sender<Result<T>>,
    /// What may stop it up to the point from which nothing is taken back.
    interrupt: Option<Interrupt>,
}

impl<T> Waiting<T> {
    /// The statement that is being run, if its answer is the commit's, and where the answer arrives.
    pub fn new(interrupt: Option<Interrupt>) -> (Self, oneshot::Receiver<Result<T>>) {
        let (answer, answered) = oneshot::channel();
        (Self { answer, interrupt }, answered)
    }

    /// Whether the statement has ended already.
    pub fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    /// Passes the point from which the statement's answer is the commit's.
    ///
    /// # Errors
    /// 57014 where the statement was interrupted, or ended, before: then nothing may be committed.
    pub fn begin(&self) -> Result<()> {
        begin_commit(self.interrupt.as_ref())?;
        match self.is_gone() {
            true => Err(canceled()),
            false => Ok(()),
        }
    }

    /// Goes back from that point, for the commit was not made.
    pub fn release(&self) {
        if let Some(interrupt) = &self.interrupt {
            interrupt.release();
        }
    }

    /// Answers.
    pub fn answer(self, answer: Result<T>) {
        // Who is gone does not want to know.
        let _ = self.answer.send(answer);
    }
}
