//! Work that is counted, so that it looks for an interrupt now and then.

use super::listen;

/// How many words or cells of a table are computed between two looks: below a millisecond.
const WORK: usize = 1 << 18;

/// Counts work that takes a time which grows with the product of two lengths, and looks when there
/// was much. What is interrupted may answer anything: whoever interrupted it reads no answer.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    worked: usize,
}

impl Watch {
    /// Tells of work that was done; whether no more is wanted.
    #[inline]
    pub(crate) fn is_interrupted_after(&mut self, work: usize) -> bool {
        self.worked = self.worked.saturating_add(work);
        if self.worked < WORK {
            return false;
        }
        self.worked = 0;
        listen().is_interrupted()
    }
}
