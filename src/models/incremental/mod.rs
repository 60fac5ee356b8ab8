//! Refreshing a materialized view by the keys that have changed, where its plan proves that this gives
//! what a full refresh would.
//!
//! The rows of a version were made of certain versions of its inputs, which its commit tells
//! (`watermark`). The change feeds of the inputs since then give the keys whose rows may be others now
//! (`delta`). The query is run for these keys alone (`restrict`), and what the table lacks or has too
//! much of is changed in one commit, with the new watermark (`difference`).
//!
//! Where each row is made of one row of one input, rows that are added are put in, and nothing else is
//! read (`adding`).
//!
//! Where the plan proves nothing, where the inputs no longer tell what has changed, and where a third of
//! the keys have, the refresh is a full one, and says why; or it reads the rows of the latest versions
//! again, where the option `lookback` says so (`looking_back`).

mod added;
mod adding;
mod analysis;
mod attempt;
mod changed;
mod delta;
mod determinism;
mod difference;
mod drift;
mod explain;
mod inputs;
mod looked_up;
mod looking_back;
mod measured;
mod redefined;
mod restrict;
mod trace;
mod watermark;

use std::sync::Arc;

use arrow::datatypes::Schema;

pub use analysis::{Analysis, Verdict};
pub use attempt::{Attempt, Planned};
pub use changed::Held;
pub use delta::Obstacle;
pub use determinism::{Cause, cause_in, changes_with_time};
pub use drift::drift;
pub use explain::explain;
pub use measured::Measured;
pub use redefined::redefined;
pub use trace::{Changed, Tracing};
pub use watermark::Watermark;

use super::{kept_literals, keyed, lookback};
use crate::catalog::{Object, Snapshot};
use crate::config::SessionSettings;
use crate::error::{Error, Result};
use crate::instance::{Asker, Instance, Reading, StatementContext};
use crate::session::plan;
use crate::sql::Statement;
use crate::sql::create_materialized_view::CreateMaterializedView;

/// The mode of such a refresh, in `tributary.refreshes`.
pub const INCREMENTAL: &str = "incremental";

/// The mode of one that computes all rows.
pub const FULL: &str = "full";

/// That a definition which is to be refreshed incrementally can be. The names in its query are in full.
///
/// # Errors
/// 0A000, naming what forbids it.
pub async fn check(
    instance: &Arc<Instance>,
    snapshot: &Arc<Snapshot>,
    settings: &SessionSettings,
    definition: &CreateMaterializedView,
) -> Result<()> {
    if definition.options.get("refresh_mode") != Some(INCREMENTAL) {
        return Ok(());
    }
    // As it will be kept, where `now` is a moment.
    let mut kept = Statement::CreateMaterializedView(definition.clone());
    kept_literals::keep(instance, snapshot, settings, &mut kept).await?;
    let Statement::CreateMaterializedView(definition) = &kept else {
        return Ok(());
    };
    let snapshot = Arc::clone(snapshot);
    let context = instance.statement_of(&Asker::server(), snapshot, settings, Reading::Plan);
    let plan = plan::definition(&context, &definition.query, &definition.columns).await?;
    let (state, options) = (&context.state, &definition.options);
    let analysis = Analysis::new(state, &context.snapshot, options, &plan)?;
    let columns = plan::columns(&plan);
    match verdict(&analysis, definition, &columns)? {
        Verdict::Keys(_) | Verdict::Added(_) | Verdict::Lookback(..) => Ok(()),
        Verdict::Full(obstacle) => Err(cannot(&definition.name, &obstacle)),
    }
}

/// How a definition, whose query has these columns, can be refreshed.
///
/// # Errors
/// Options that cannot be.
pub fn verdict(
    analysis: &Analysis,
    definition: &CreateMaterializedView,
    columns: &Schema,
) -> Result<Verdict> {
    let options = &definition.options;
    let keyed = keyed::declared(options)?;
    let has_versions = keyed.as_ref().is_some_and(|it| !it.versions.is_empty());
    // Whatever the order that rows come in, the latest of each key stays.
    let takes_rows = has_versions && analysis.is_row_wise();
    let obstacle = match takes_rows {
        true => None,
        false => not_by_keys(definition)?,
    };
    let by_key = match (analysis.verdict(), obstacle) {
        (Verdict::Keys(_), Some(obstacle)) => Verdict::Full(obstacle),
        (verdict, _) => verdict,
    };
    let exact = match by_key {
        Verdict::Added(_) if keyed.is_some() && !has_versions => Verdict::Full(Obstacle::new(
            "the option unique_key",
            "without version_column all rows of a key decide which of them stays",
        )),
        Verdict::Keys(key) if takes_rows => Verdict::Added(Some(key)),
        Verdict::Full(_) if takes_rows => Verdict::Added(None),
        by_key => by_key,
    };
    let Verdict::Full(obstacle) = exact else {
        return Ok(exact);
    };
    Ok(match lookback::declared(options, columns)? {
        Some(lookback) => Verdict::Lookback(lookback, obstacle),
        None => Verdict::Full(obstacle),
    })
}

/// What a definition has beside its query for which rows of keys could not be computed again. Where
/// these are all rows of their keys, the latest of them are known, or of each column the latest value,
/// those that tell of deletions too.
fn not_by_keys(definition: &CreateMaterializedView) -> Result<Option<Obstacle>> {
    let keyed = keyed::declared(&definition.options)?;
    let keeps_latest =
        keyed.is_some_and(|keyed| !keyed.has_history() && !keyed.versions.is_empty());
    match keeps_latest {
        true => Ok(None),
        false => forbidden(definition),
    }
}

/// What a definition has beside its query for which rows that are gone are missed.
fn forbidden(definition: &CreateMaterializedView) -> Result<Option<Obstacle>> {
    let keyed = keyed::declared(&definition.options)?;
    // To a history rows are added, those that tell of deletions among them.
    let keyed = keyed.filter(|keyed| !keyed.has_history());
    Ok(keyed.and_then(|keyed| keyed.deleted).map(|_| {
        Obstacle::new(
            "the option deleted_column",
            "what it says of rows that are not shown is not kept by key",
        )
    }))
}

fn cannot(name: impl std::fmt::Display, obstacle: &Obstacle) -> Error {
    Error::unsupported(format!("incremental refresh of materialized view {name}"))
        .with_detail(format!("{}: {}.", obstacle.node, obstacle.reason))
        .with_hint("Leave refresh_mode at 'auto' to have it refreshed in full where it must be.")
}

impl Analysis {
    /// How far the plan reads its inputs.
    ///
    /// # Errors
    /// What a source says that cannot be listed.
    pub async fn watermark(
        &self,
        instance: &Arc<Instance>,
        context: &StatementContext,
        object: &Object,
    ) -> Result<Watermark> {
        let width = self.plan.schema().fields().len();
        let definition = self.definition(instance, context, object, width)?;
        inputs::watermark(instance, context, &self.scans, definition).await
    }

    /// A hash of what decides on the rows of an object in so many columns, its first ones, apart from
    /// what its inputs hold. What a table is defined as counts only as far as the plan shows it.
    ///
    /// # Errors
    /// What the optimizer says.
    pub fn definition(
        &self,
        instance: &Arc<Instance>,
        context: &StatementContext,
        object: &Object,
        width: usize,
    ) -> Result<String> {
        let text = self.text(&context.state, width)?;
        Ok(inputs::definition(
            instance,
            &context.snapshot,
            object,
            &text,
        ))
    }
}
