//! `tributary plan`: prints what `run` would do, and what of that would fail.

use std::process::ExitCode;
use std::time::Duration;

use super::{FAILED, GOOD, project, show};
use crate::config::Configuration;
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::models::foresee::foresee;
use crate::models::plan::plan;
use crate::models::progress::Ended;
use crate::models::project::Project;

/// 0 where the run could do all of it, 1 where something of it would fail.
///
/// # Errors
/// What the configuration, the project or the data directory says.
pub async fn execute(configuration: Configuration) -> Result<ExitCode> {
    let models = Project::load(&configuration.server.project)?;
    if Instance::is_in_use(&configuration) {
        let folder = configuration.server.data_dir.display();
        let message = format!("another tributary process uses {folder}");
        show::warning(
            &Error::new(SqlState::WARNING, message)
                .with_hint("This is what run would do at this moment if that process had stopped."),
        );
    }
    let missing = project::missing_sources(&configuration.server.project)?;
    let instance = Instance::open_copy(configuration).await?;
    let plan = plan(&instance, models).await?;
    let foreseen = foresee(&instance, &plan, missing.is_some()).await?;
    if let Some(missing) = &missing {
        show::print(format_args!(
            "generate the sources of {} customers in {}\n",
            show::grouped(missing.customers),
            missing.out.display()
        ))?;
    }
    for schema in &plan.schemas {
        show::print(format_args!("create schema {schema}\n"))?;
    }
    for step in plan.in_order() {
        match foreseen.ended.get(&step.name) {
            Some(ended) => {
                let line = show::line(&step.name, ended, Duration::ZERO);
                show::print(format_args!("{line}\n"))?;
            }
            None if step.is_idle() => {}
            None => show::print(format_args!("{step}\n"))?,
        }
    }
    for object in &plan.drops {
        let what = object.described();
        show::print(format_args!("drop {what}: it left the project\n"))?;
    }
    if let Some(error) = &foreseen.drops {
        show::error(error);
    }
    if foreseen.fails() {
        let count = |wanted: fn(&Ended) -> bool| {
            let ended = foreseen.ended.values();
            ended.filter(|ended| wanted(ended)).count()
        };
        let failed = count(|ended| matches!(ended, Ended::Failed(..)));
        let skipped = count(|ended| matches!(ended, Ended::Skipped(_)));
        show::note(format_args!(
            "the run would fail: {failed} failed, {skipped} skipped"
        ));
        return Ok(ExitCode::from(FAILED));
    }
    if plan.is_empty() && missing.is_none() {
        show::print(format_args!("nothing to do: everything is up to date\n"))?;
    }
    Ok(GOOD)
}
