//! Applying the project folder, as `serve` and `run` do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;

use super::show;
use crate::error::{Error, Result, SqlState};
use crate::generate;
use crate::instance::Instance;
use crate::models::project::Project;
use crate::models::run::{Report, run};

/// The file of a project that wants its sources generated.
const GENERATE_FILE: &str = "generate.toml";

/// What `generate.toml` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    customers: u64,
    seed: u64,
    out: PathBuf,
}

/// What is to be generated for a project that wants it, and where; nothing where it is there.
///
/// # Errors
/// F0000 for a file that says something else; those of the disk.
pub fn missing_sources(project: &Path) -> Result<Option<generate::Options>> {
    let file = project.join(GENERATE_FILE);
    let shown = file.display().to_string();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::from(error).within(shown)),
    };
    let wanted: Wanted = toml::from_str(&text).map_err(|error| {
        Error::new(
            SqlState::CONFIG_FILE_ERROR,
            format!("{shown}: {}", error.message()),
        )
        .with_hint("It must say customers, seed and out.")
    })?;
    let out = project.join(&wanted.out);
    if out.join(generate::TRUTH_FILE).exists() {
        return Ok(None);
    }
    Ok(Some(generate::Options {
        customers: wanted.customers,
        seed: wanted.seed,
        out,
    }))
}

/// Generates the sources of a project that wants it, where they are not there yet.
///
/// # Errors
/// Those of [`missing_sources`] and of the disk.
pub fn sources(project: &Path) -> Result<()> {
    let Some(wanted) = missing_sources(project)? else {
        return Ok(());
    };
    show::note(format_args!(
        "generating the sources of {} customers in {}",
        show::grouped(wanted.customers),
        wanted.out.display()
    ));
    generate::generate(&wanted, |_| {})?;
    Ok(())
}

/// Applies a project and builds what is stale.
///
/// # Errors
/// What of the project cannot be applied at all; a model that fails is in the report.
pub async fn apply(instance: &Arc<Instance>, project: Project) -> Result<Report> {
    let started = Instant::now();
    let plan = crate::models::plan::plan(instance, project).await?;
    let report = run(instance, &plan, &show::progress()).await?;
    show::note(show::summary(&report, started.elapsed()));
    Ok(report)
}
