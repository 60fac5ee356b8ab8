//! Prepared statements and portals of one connection.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::message::Format;
use super::rows::Rows;
use crate::session::Prepared;

/// What Parse made.
#[derive(Clone)]
pub(super) struct PreparedStatement {
    /// `None` for an empty query string.
    pub(super) prepared: Option<Arc<Prepared>>,
    /// The types of the parameters, as the client was told or told us.
    pub(super) parameter_oids: Vec<u32>,
}

/// What Bind made: a statement with its parameters.
pub(super) struct Portal {
    /// `None` for an empty query string.
    pub(super) prepared: Option<Arc<Prepared>>,
    /// One format for each column of the answer.
    pub(super) formats: Vec<Format>,
    /// How far it has run.
    pub(super) state: PortalState,
}

/// How far a portal has run.
pub(super) enum PortalState {
    /// Not at all.
    Ready(Vec<ScalarValue>),
    /// Up to a limit of rows.
    Suspended {
        /// The first words of its command tag.
        tag: &'static str,
        /// What is left.
        rows: Rows,
    },
    /// All rows were given; there are no more.
    Exhausted {
        /// The first words of its command tag.
        tag: &'static str,
    },
    /// It ran, or failed, and cannot run again.
    Finished,
}
