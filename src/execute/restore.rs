//! `RESTORE`.

use super::referential;
use super::target::Change;
use super::time_travel;
use crate::error::Result;
use crate::models::table_id;
use crate::session::{Outcome, Session};
use crate::sql::restore::{Before, Restore};
use crate::sql::time_travel::Version;
use crate::warehouse::{At, CommitInfo};

/// Puts what a table held at a version in the place of what it holds.
///
/// # Errors
/// 42809 for what is no table; 0A000 for one that foreign keys are about; 22023 for a version that it
/// does not have, or no longer; those of [`time_travel::compute`].
pub async fn execute(session: &Session, restore: &Restore) -> Result<Outcome> {
    let _guard = super::modify::lock(session, Change::Restore, &restore.name).await?;
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let object = Change::Restore.target(&snapshot, &path, &restore.name)?;
    referential::refuse_where_needed(session, &object, "RESTORE")?;
    let (at, version) = match &restore.before {
        Before::Version(number) => (At::Version(*number), restore.before.to_string()),
        Before::Moment(written) => {
            let moment = time_travel::compute(written, &session.statement().state).await?;
            let version = Version::Timestamp(moment.at).to_string();
            (At::Timestamp(moment.at), version)
        }
    };
    let mut info = CommitInfo::new("RESTORE");
    info.parameters.insert("to".to_owned(), version);
    let warehouse = &session.instance.warehouse;
    warehouse.restore(&table_id(&object), at, info).await?;
    Ok(Outcome::Done("RESTORE".to_owned()))
}
