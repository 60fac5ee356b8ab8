//! Running a check: a query that must return no rows.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use futures::TryStreamExt;

use super::rejected::row_as_json;
use super::stale;
use crate::catalog::Object;
use crate::catalog::journal::{CheckResult, CheckStatus};
use crate::error::{Error, Result};
use crate::execute::query;
use crate::instance::{Instance, Reading};
use crate::session::{plan, privileges};
use crate::sources::RejectedRows;
use crate::sql::Statement;
use crate::sql::create_check::CreateCheck;

/// How many of a check's rows its result keeps.
const SAMPLE_ROWS: usize = 10;

/// Runs a check and keeps its result in `tributary.check_results`; answers with it the error that
/// the check's query met.
///
/// # Errors
/// Those of the journal.
pub async fn run(
    instance: &Arc<Instance>,
    object: &Object,
) -> Result<(CheckResult, Option<Error>)> {
    let Statement::CreateCheck(definition) = &object.definition else {
        return Err(Error::internal(format!(
            "{} is not defined as a check",
            object.name
        )));
    };
    let started = Instant::now();
    let mut result = CheckResult {
        id: 0,
        check: object.name.clone(),
        oid: object.oid,
        checked_at: Utc::now(),
        status: CheckStatus::Passed,
        failing_rows: None,
        sample: Vec::new(),
        rows_rejected: 0,
        definition_hash: String::new(),
        inputs: Vec::new(),
        duration_ms: 0,
        sqlstate: None,
        error: None,
    };
    // Taken before anything is read: what changes meanwhile makes the check run again.
    let rejected = Arc::new(RejectedRows::counting());
    let inputs = match privileges::check_computed(&instance.catalog.snapshot(), object) {
        Ok(()) => stale::inputs(instance, object).await,
        Err(error) => Err(error),
    };
    let found = match inputs {
        Ok(inputs) => {
            result.definition_hash = inputs.definition_hash;
            result.inputs = inputs.fingerprints;
            evaluate(instance, definition, &rejected).await
        }
        Err(error) => Err(error),
    };
    result.rows_rejected = rejected.count();
    let met = match found {
        Ok((rows, sample)) => {
            result.status = match rows {
                0 => CheckStatus::Passed,
                _ if warns(definition) => CheckStatus::Warned,
                _ => CheckStatus::Failed,
            };
            result.failing_rows = Some(rows);
            result.sample = sample;
            None
        }
        Err(error) => {
            result.status = CheckStatus::Error;
            result.sqlstate = Some(error.sqlstate().to_string());
            result.error = Some(error.message().to_owned());
            Some(error)
        }
    };
    result.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    instance.journal.add_check_result(&mut result)?;
    Ok((result, met))
}

fn warns(definition: &CreateCheck) -> bool {
    definition.options.get("severity") == Some("warn")
}

async fn evaluate(
    instance: &Arc<Instance>,
    definition: &CreateCheck,
    rejected: &Arc<RejectedRows>,
) -> Result<(u64, Vec<serde_json::Value>)> {
    let context = instance
        .statement(&instance.configuration.session, Reading::Rows)
        .collecting(rejected);
    let plan = plan::stored_query(&context, &definition.query).await?;
    let mut rows = query::stream(context.state, plan).await?;
    let (mut count, mut sample) = (0, Vec::new());
    while let Some(batch) = rows.try_next().await? {
        count += batch.num_rows() as u64;
        let wanted = SAMPLE_ROWS
            .saturating_sub(sample.len())
            .min(batch.num_rows());
        for row in 0..wanted {
            let text = row_as_json(&batch, row)?;
            sample.push(serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)));
        }
    }
    Ok((count, sample))
}
