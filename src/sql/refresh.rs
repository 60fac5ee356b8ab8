//! `REFRESH MATERIALIZED VIEW name [FULL]`.

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// The materialized view.
    pub name: ObjectName,
    /// Whether everything is read again.
    pub full: bool,
}
