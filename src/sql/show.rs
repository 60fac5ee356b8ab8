//! `SHOW name` and `SHOW ALL`.

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// One setting, in lower case.
    Setting(String),
    /// Every setting.
    All,
}
