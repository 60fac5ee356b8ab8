//! `tributary run`: applies the project, builds what is stale, and exits.

use std::process::ExitCode;
use std::sync::Arc;

use super::{FAILED, GOOD, project};
use crate::config::Configuration;
use crate::error::Result;
use crate::models::project::Project;

/// 0 where all went well, 1 where a model or check failed.
///
/// # Errors
/// What the configuration, the project or the data directory says.
pub async fn execute(configuration: Configuration) -> Result<ExitCode> {
    // Mistakes in the folder are told before anything is made of it.
    let models = Project::load(&configuration.server.project)?;
    project::sources(&configuration.server.project)?;
    let instance = super::open(configuration).await?;
    super::serve::stop_at_signal(Arc::clone(&instance))?;
    let applied = project::apply(&instance, models).await;
    if applied.is_ok() {
        instance.remove_orphans().await;
    }
    instance.rest().await;
    let report = applied?;
    Ok(if report.failures() == 0 {
        GOOD
    } else {
        ExitCode::from(FAILED)
    })
}
