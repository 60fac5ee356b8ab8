//! `tributary plan`: prints what `run` would do.

use std::process::ExitCode;

use super::{GOOD, show};
use crate::config::Configuration;
use crate::error::Result;
use crate::instance::Instance;
use crate::models::project::Project;

/// Prints the plan.
///
/// # Errors
/// What the configuration, the project or the data directory says.
pub async fn execute(configuration: Configuration) -> Result<ExitCode> {
    let instance = Instance::open(configuration).await?;
    let project = Project::load(&instance.project_folder())?;
    let plan = crate::models::plan::plan(&instance, project).await?;
    if plan.is_empty() {
        show::print(format_args!("nothing to do: everything is up to date\n"))?;
    } else {
        show::print(format_args!("{plan}"))?;
    }
    Ok(GOOD)
}
