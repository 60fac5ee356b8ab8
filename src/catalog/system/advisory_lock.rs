//! What `pg_advisory_lock` and the like name.

/// What is locked: one number, or two smaller ones, which are never the same lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdvisoryKey {
    /// One number.
    One(i64),
    /// Two.
    Two(i32, i32),
}

/// A lock on numbers that mean something to applications alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvisoryLock {
    /// What is locked.
    pub key: AdvisoryKey,
    /// Whether others may share it.
    pub is_shared: bool,
    /// Whether it ends with the transaction, and not with the session.
    pub of_transaction: bool,
}
