//! What has become of the inputs of a plan since its rows were made, and which of its rows may be others
//! for it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::execution::SendableRecordBatchStream;

use super::changed::{self, Held, Side};
use super::delta::{Delta, Deltas, Leaf, Obstacle};
use super::inputs::Input;
use super::looked_up::looked_up;
use super::measured::{Measured, keeping_nulls};
use super::restrict::Wanted;
use super::{Analysis, Watermark};
use crate::catalog::{Object, Oid};
use crate::error::Result;
use crate::instance::{Instance, StatementContext, is_renamed_since};
use crate::models::resolution::Companion;
use crate::models::table_id;
use crate::warehouse::{At, ChangeFeed, TableId};

/// So few keys are recomputed however small the table is.
const FEW_KEYS: usize = 1000;

/// What is known of the inputs of a plan.
pub struct Tracing<'a> {
    /// Where they are.
    pub instance: &'a Arc<Instance>,
    /// What the statement sees of them.
    pub context: &'a StatementContext,
    /// What the plan says.
    pub analysis: &'a Analysis,
    /// How far it reads them.
    pub watermark: &'a Watermark,
}

/// The keys to compute again, and what reading them took.
pub enum Changed {
    /// These.
    Keys {
        /// The columns of the plan that they are values of.
        key: Vec<Column>,
        /// Their values.
        keys: Held,
        /// What it took.
        measured: Measured,
    },
    /// All, for this reason.
    Full(String),
}

impl Tracing<'_> {
    /// The keys that may have changed since a watermark; `rows` is how many rows there are.
    ///
    /// # Errors
    /// What reading the changes says: where rows of different states of the inputs meet, which no query
    /// brings together, that says nothing of the query.
    pub async fn changed(&self, before: &Watermark, rows: usize) -> Result<Changed> {
        let state = &self.context.state;
        let mut measured = Measured::default();
        let (deltas, _held) = match self.deltas(before, &mut measured).await? {
            Ok(deltas) => deltas,
            Err(reason) => return Ok(Changed::Full(reason)),
        };
        let (key, delta) = match self.analysis.choose(&deltas) {
            Ok(found) => found,
            Err(obstacle) => return Ok(Changed::Full(told(&obstacle))),
        };
        // A row that has changed has two keys where these are of all its columns, the old and the new.
        let keys_of_row = match self.analysis.tells_rows_apart(&key) {
            true => 1,
            false => 2,
        };
        let most = (rows / 3).saturating_mul(keys_of_row).max(FEW_KEYS);
        let plan = match delta {
            Delta::Nothing => None,
            Delta::Keys(plan) => Some(*plan),
            Delta::Everything(what) => {
                return Ok(Changed::Full(format!(
                    "all rows depend on {what}, which has changed"
                )));
            }
        };
        let keys = match plan {
            None => Held::none(state)?,
            Some(plan) => match changed::keys(state, plan, most, &mut measured).await? {
                Some(keys) => keys,
                None => {
                    return Ok(Changed::Full(format!(
                        "more than {most} keys have changed, of {rows} rows"
                    )));
                }
            },
        };
        Ok(Changed::Keys {
            key,
            keys,
            measured,
        })
    }

    /// Whether an input that has no change feed is as it was.
    pub(super) fn is_same(&self, before: &Watermark, input: &Object) -> bool {
        let name = input.name.to_string();
        let of = |watermark: &Watermark| {
            (
                watermark.versions.get(&input.oid).copied(),
                watermark.others.get(&name).cloned(),
                watermark.files.get(&name).cloned(),
            )
        };
        let now = of(self.watermark);
        now == of(before) && now != (None, None, None)
    }

    /// What has changed of a table since a watermark, if anything; or why that cannot be told. Of a model
    /// it is that of its clusters, or of a table beside them.
    pub(super) async fn feed(
        &self,
        before: &Watermark,
        input: &Object,
        companion: Option<Companion>,
    ) -> Result<std::result::Result<Option<ChangeFeed>, String>> {
        let then = before.versions.get(&input.oid);
        let committed = self.watermark.versions.get(&input.oid);
        let now = self.context.version_read(input.oid);
        let is_own = before.own.contains_key(&input.oid);
        let (Some(then), Some(committed), Some(now)) = (then, committed, now) else {
            return Ok(Err(match is_own {
                true => format!(
                    "{} was read by a transaction that changed it too, beside others or once more",
                    input.name
                ),
                false => format!("{} was not read before", input.name),
            }));
        };
        if *then > if is_own { now } else { *committed } {
            return Ok(Err(format!("{} was read at a later version", input.name)));
        }
        if *then == now {
            return Ok(Ok(None));
        }
        let table = table_id(input);
        // The changes tell of rows with texts that are no labels any more. What the transaction has changed
        // before is not told apart by its versions.
        let own = before.own.get(&input.oid).and_then(|own| own.base);
        let own = own.filter(|_| self.instance.warehouse.has_staged(&table));
        if is_renamed_since(&self.context.snapshot, input, own.unwrap_or(*then)) {
            return Ok(Err(format!(
                "labels of {} have other texts than before",
                input.name
            )));
        }
        let feed = match companion {
            None => self.changes(&table, *then, now).await,
            // What the transaction has made of it has no version of its own yet.
            Some(_) if is_own || self.instance.warehouse.has_staged(&table) => {
                return Ok(Err(format!(
                    "{} was changed by this transaction",
                    input.name
                )));
            }
            Some(companion) => self.changes_beside(input, companion, *then, now).await,
        };
        Ok(feed.map_err(|error| {
            format!(
                "{} does not tell its changes: {}",
                input.name,
                error.message()
            )
        }))
    }

    /// What has changed of a table between two of its versions, if anything.
    async fn changes(&self, table: &TableId, then: i64, now: i64) -> Result<Option<ChangeFeed>> {
        if then == now {
            return Ok(None);
        }
        let (from, to) = (At::Version(then + 1), At::Version(now));
        let feed = self.instance.warehouse.changes(table, from, to).await?;
        Ok((!feed.is_empty).then_some(feed))
    }

    /// What has changed of a table beside the clusters of a model, between those that belong to two
    /// versions of these.
    async fn changes_beside(
        &self,
        model: &Object,
        companion: Companion,
        then: i64,
        now: i64,
    ) -> Result<Option<ChangeFeed>> {
        let version = |of| companion.version_beside(self.instance, model, of);
        let (then, now) = (version(then).await?, version(now).await?);
        self.changes(&companion.table_id(model), then, now).await
    }

    /// What has become of each scan of the plan.
    async fn deltas(
        &self,
        before: &Watermark,
        measured: &mut Measured,
    ) -> Result<std::result::Result<(Deltas, Vec<Held>), String>> {
        let mut leaves = HashMap::new();
        let mut all = Vec::new();
        for (place, scan) in &self.analysis.scans {
            let leaf = match (&scan.input, scan.input.fed()) {
                (_, Some((input, companion))) => {
                    let feed = match self.feed(before, input, companion).await? {
                        Ok(feed) => feed,
                        Err(reason) => return Ok(Err(reason)),
                    };
                    match feed {
                        None => Leaf::Same,
                        Some(feed) => {
                            let (state, side) = (&self.context.state, Side::Both);
                            let held =
                                changed::of_scan(state, &scan.scan, &feed, side, measured).await?;
                            let leaf = match held.count {
                                0 => Leaf::Same,
                                _ => Leaf::Changed(Arc::clone(&held.rows)),
                            };
                            all.push(held);
                            leaf
                        }
                    }
                }
                (Input::Fixed, _) => Leaf::Same,
                (Input::Other(input), _) if self.is_same(before, input) => Leaf::Same,
                (Input::Other(_), _) => {
                    Leaf::Other("it has changed, and does not tell how".to_owned())
                }
                _ => Leaf::Other("it tells no changes".to_owned()),
            };
            leaves.insert(place.clone(), leaf);
        }
        Ok(Ok((Deltas::new(leaves), all)))
    }

    /// The tables that rows with these keys are made of rows of, and by which columns of theirs these are
    /// looked for.
    ///
    /// # Errors
    /// What planning says.
    pub fn looked_up(&self, key: &[Column], keys: &Held) -> Result<Vec<(Oid, Vec<String>)>> {
        let plan = Wanted { keys }.rows(&self.analysis.plan, key)?;
        looked_up(self.analysis, &plan)
    }

    /// The rows of the plan that have these keys.
    ///
    /// # Errors
    /// What planning says; later batches speak for themselves.
    pub async fn rows(
        &self,
        key: &[Column],
        keys: &Held,
        measured: &mut Measured,
    ) -> Result<SendableRecordBatchStream> {
        let plan = Wanted { keys }.rows(&self.analysis.plan, key)?;
        match keys.has_null {
            true => {
                measured
                    .run(&keeping_nulls(&self.context.state), &plan)
                    .await
            }
            false => measured.run(&self.context.state, &plan).await,
        }
    }
}

/// What an obstacle is told as.
pub(super) fn told(obstacle: &Obstacle) -> String {
    format!("{}: {}", obstacle.node, obstacle.reason)
}
