//! `tributary check`: runs every check and prints what it finds.

use std::process::ExitCode;

use super::{FAILED, GOOD, show};
use crate::catalog::Kind;
use crate::catalog::journal::CheckStatus;
use crate::config::Configuration;
use crate::error::Result;
use crate::models::check;

/// How many of a check's rows are printed.
const PRINTED_ROWS: usize = 3;

/// 0 where all checks passed or only warn, 1 where one failed.
///
/// # Errors
/// What the configuration or the data directory says.
pub async fn execute(configuration: Configuration) -> Result<ExitCode> {
    let instance = super::open(configuration).await?;
    let snapshot = instance.catalog.snapshot();
    let (mut passed, mut warned, mut failed) = (0, 0, 0);
    let checks: Vec<_> = snapshot
        .objects()
        .filter(|object| object.kind == Kind::Check)
        .collect();
    for object in &checks {
        let (result, met) = check::run(&instance, object).await?;
        let found = match (&met, result.failing_rows) {
            (Some(error), _) => format!(": {}: {}", error.sqlstate(), error.message()),
            (None, Some(rows)) if rows > 0 => {
                format!(": {} that should not be", show::counted(rows))
            }
            _ => String::new(),
        };
        let left_out = show::left_out(result.rows_rejected);
        show::print(format_args!(
            "{:8} {}{found}{left_out}\n",
            result.status.as_str(),
            object.name
        ))?;
        for row in result.sample.iter().take(PRINTED_ROWS) {
            show::print(format_args!("         {row}\n"))?;
        }
        *match result.status {
            CheckStatus::Passed => &mut passed,
            CheckStatus::Warned => &mut warned,
            CheckStatus::Failed | CheckStatus::Error => &mut failed,
        } += 1;
    }
    show::print(format_args!(
        "checks: {passed} passed, {warned} warned, {failed} failed\n"
    ))?;
    instance.rest().await;
    Ok(if failed == 0 {
        GOOD
    } else {
        ExitCode::from(FAILED)
    })
}
