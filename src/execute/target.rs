//! The table that a statement changes.

use std::sync::Arc;

use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::keyed;
use crate::session::plan;
use crate::sql::name::ObjectName;

/// What a statement does with the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `MERGE`.
    Merge,
    /// `TRUNCATE`.
    Truncate,
    /// `COPY`.
    Copy,
    /// `RESTORE`.
    Restore,
    /// `ALTER TABLE`.
    Alter,
}

impl Change {
    /// The table.
    ///
    /// # Errors
    /// 42P01 where there is none; 42809 where it is no table.
    pub fn target(
        self,
        snapshot: &Snapshot,
        search_path: &[String],
        name: &ObjectName,
    ) -> Result<Arc<Object>> {
        let object = plan::object(name, snapshot, search_path)?;
        match object.kind {
            Kind::Table if matches!(self, Self::Update | Self::Merge) && has_history(&object)? => {
                Err(
                    Error::unsupported(format!("{} of a table with a history", self.command()))
                        .with_hint(
                            "INSERT a row with its key and the version that it is valid from.",
                        ),
                )
            }
            Kind::Table => Ok(object),
            Kind::MaterializedView => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot change materialized view \"{}\"", object.name),
            )
            .with_hint("Its rows come from its query. Use REFRESH MATERIALIZED VIEW.")),
            kind => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot {} {kind} \"{}\"", self.words(), object.name),
            )),
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Update => "UPDATE",
            _ => "MERGE",
        }
    }

    /// What it does, as Postgres says it.
    fn words(self) -> &'static str {
        match self {
            Self::Insert => "insert into",
            Self::Update => "update",
            Self::Delete => "delete from",
            Self::Merge => "merge into",
            Self::Truncate => "truncate",
            Self::Copy => "copy to",
            Self::Restore => "restore",
            Self::Alter => "alter",
        }
    }
}

fn has_history(object: &Object) -> Result<bool> {
    Ok(keyed::of(object)?.is_some_and(|keyed| keyed.has_history()))
}
