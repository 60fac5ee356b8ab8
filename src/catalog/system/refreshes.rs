//! `tributary.refreshes`.

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, bigint, text, timestamptz};
use super::{SystemSources, SystemView, may_read};
use crate::catalog::journal::RefreshRecord;
use crate::catalog::time;
use crate::error::Result;

/// The refreshes of materialized views.
#[derive(Debug)]
pub struct Refreshes;

static COLUMNS: [Column; 26] = [
    Column::new(
        "id",
        ColumnType::Bigint,
        "The refresh's number; it grows with time.",
    ),
    Column::new(
        "schema",
        ColumnType::Text,
        "The materialized view's schema.",
    ),
    Column::new(
        "name",
        ColumnType::Text,
        "The name of the materialized view or model.",
    ),
    Column::new(
        "status",
        ColumnType::Text,
        "`running`; `succeeded`; `failed`: it met an error; `skipped`: something it reads failed; \
         `interrupted`: the server stopped. But for `succeeded` the last good version goes on \
         serving.",
    ),
    Column::new(
        "mode",
        ColumnType::Text,
        "How it computed: `full`; `incremental`: only what has changed; `lookback`: the rows that its option `lookback` has read again; or `range`: what is of some versions.",
    ),
    Column::new("reason", ColumnType::Text, "Why it ran, or was skipped."),
    Column::new(
        "mode_reason",
        ColumnType::Text,
        "Why a materialized view was computed in full, or all records of a model were read, or learned from; and how many records that have changed are compared to none, as they have nothing that a blocking rule goes by. `EXPLAIN REFRESH` tells how it is refreshed.",
    )
    .nullable(),
    Column::new("started_at", ColumnType::Timestamptz, "When it began."),
    Column::new("finished_at", ColumnType::Timestamptz, "When it ended.").nullable(),
    Column::new(
        "duration_ms",
        ColumnType::Bigint,
        "How long it took, in milliseconds; while it runs, so far.",
    )
    .nullable(),
    Column::new(
        "rows_read",
        ColumnType::Bigint,
        "Rows read from its inputs, where that is known.",
    )
    .nullable(),
    Column::new(
        "changed_keys",
        ColumnType::Bigint,
        "How many keys an incremental refresh of a materialized view computed again.",
    )
    .nullable(),
    Column::new(
        "drifted_rows",
        ColumnType::Bigint,
        "How many rows a `REFRESH ... FULL` of a materialized view put in the place of others, added \
         or took out; of one with a unique key, how many keys. What a usual refresh would have changed \
         is among them.",
    )
    .nullable(),
    Column::new(
        "stage",
        ColumnType::Text,
        "What a running refresh of a model is at: `read`, `clean`, `learn`, `block`, `compare`, \
         `cluster` or `write`.",
    )
    .nullable(),
    Column::new(
        "pairs_done",
        ColumnType::Bigint,
        "The pairs of records that the refresh of a model has compared; one that several blocks \
         bring together counts for each.",
    )
    .nullable(),
    Column::new(
        "pairs_to_do",
        ColumnType::Bigint,
        "The pairs that a running refresh of a model compares in all, once it knows them.",
    )
    .nullable(),
    Column::new(
        "rows_written",
        ColumnType::Bigint,
        "Rows that it wrote: in full, those of the version that it made; while it runs, so far.",
    ),
    Column::new(
        "rows_rejected",
        ColumnType::Bigint,
        "Rows that a source could not read, or that have no key; they are in `tributary.rejected_rows`.",
    ),
    Column::new(
        "rows_dropped",
        ColumnType::Bigint,
        "Rows dropped by expectations; they are in `tributary.rejected_rows`.",
    ),
    Column::new(
        "bytes_written",
        ColumnType::Bigint,
        "Bytes of the files that it wrote.",
    ),
    Column::new(
        "spilled_bytes",
        ColumnType::Bigint,
        "Bytes that it wrote to disk for lack of memory, where that is known.",
    )
    .nullable(),
    Column::new(
        "version",
        ColumnType::Bigint,
        "The version of the table that it made, for `VERSION AS OF`.",
    )
    .nullable(),
    Column::new(
        "expectations",
        ColumnType::Text,
        "What its expectations found among the rows that it computed, all of them or those of the keys \
         that had changed, as JSON: `[{\"constraint\", \"violations\", \"action\"}]`.",
    )
    .nullable(),
    Column::new(
        "sqlstate",
        ColumnType::Text,
        "The SQLSTATE of the error that it met.",
    )
    .nullable(),
    Column::new("error", ColumnType::Text, "The error that it met.").nullable(),
    Column::new(
        "project_file",
        ColumnType::Text,
        "The file of the project folder that the materialized view comes from.",
    )
    .nullable(),
];

impl SystemView for Refreshes {
    fn name(&self) -> &'static str {
        "refreshes"
    }

    fn description(&self) -> &'static str {
        "The refreshes of the materialized views and models that who asks may read, the latest first; of \
         those that are gone superusers are told. The setting `journal_retention` \
         says how many are kept. Who listens on the channel `tributary_refresh` is told of each as it \
         ends: the payload is a JSON object with `id`, `schema`, `name`, `kind`, `status`, `reason`, \
         `version`, `rows_written` and `duration_ms`, and after an error `sqlstate`; what the error says \
         is told here alone. One within a transaction block ends with that. Who does not read what it is \
         told for long hears `{\"lost\": n}` in the place of the last `n`."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        let mut all = sources.journal().refreshes(usize::MAX)?;
        all.retain(|record| may_read(&snapshot, &rights, record.oid));
        let records = || all.iter();
        let running: Vec<_> = records()
            .map(|record| sources.progress(record.id))
            .collect();
        let now = time::now();
        let running = || all.iter().zip(&running);
        let known = |pairs: u64| Some(pairs).filter(|pairs| *pairs > 0);
        let count = |of: fn(&RefreshRecord) -> Option<u64>| bigint(all.iter().map(of));
        Ok(vec![
            count(|record| Some(record.id)),
            text(records().map(|record| Some(&record.object.schema))),
            text(records().map(|record| Some(&record.object.name))),
            text(records().map(|record| Some(record.status.as_str()))),
            text(records().map(|record| Some(&record.mode))),
            text(records().map(|record| Some(&record.reason))),
            text(records().map(|record| record.mode_reason.as_ref())),
            timestamptz(records().map(|record| Some(record.started_at))),
            timestamptz(records().map(|record| record.finished_at)),
            bigint(running().map(|(record, running)| match running {
                // The clock may have been set back meanwhile.
                Some(_) => (now - record.started_at).num_milliseconds().try_into().ok(),
                None => record.duration_ms,
            })),
            bigint(running().map(|(record, running)| match running {
                Some(running) if running.model.is_some() => Some(running.rows.get()),
                _ => record.rows_read,
            })),
            count(|record| record.changed_keys),
            count(|record| record.drifted_rows),
            text(
                running()
                    .map(|(_, running)| Some(running.as_ref()?.model.as_ref()?.stage().name())),
            ),
            bigint(running().map(|(record, running)| {
                let model = running.as_ref().and_then(|running| running.model.as_ref());
                model.map_or(record.pairs, |model| Some(model.pairs().0))
            })),
            bigint(
                running().map(|(_, running)| known(running.as_ref()?.model.as_ref()?.pairs().1)),
            ),
            bigint(running().map(|(record, running)| match running {
                Some(running) if running.model.is_none() => Some(running.rows.get()),
                _ => Some(record.rows_written),
            })),
            count(|record| Some(record.rows_rejected)),
            count(|record| Some(record.rows_dropped)),
            count(|record| Some(record.bytes_written)),
            count(|record| record.spilled_bytes),
            bigint(records().map(|record| record.version)),
            text(records().map(expectations)),
            text(records().map(|record| record.sqlstate.as_ref())),
            text(records().map(|record| record.error.as_ref())),
            text(records().map(|record| snapshot.object(record.oid)?.project_file.as_ref())),
        ])
    }
}

/// The counts as JSON; `None` where there are none.
fn expectations(record: &RefreshRecord) -> Option<String> {
    if record.expectations.is_empty() {
        return None;
    }
    serde_json::to_string(&record.expectations).ok()
}
