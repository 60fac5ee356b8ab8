//! The command line.

mod access;
mod check;
mod generate;
mod plan;
mod project;
mod run;
mod serve;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{Config, Configuration, FILE_VARIABLE};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;

/// All went well.
const GOOD: ExitCode = ExitCode::SUCCESS;
/// A model or a check failed, or the command could not do its work.
const FAILED: u8 = 1;
/// The command was called with something it does not know.
const USAGE: u8 = 2;

/// The configuration file that is read where it exists.
const CONFIGURATION_FILE: &str = "tributary.toml";

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    match dispatch(&matches) {
        Ok(code) => code,
        Err(error) => {
            show::error(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn dispatch(matches: &ArgMatches) -> Result<ExitCode> {
    let (name, behind) = matches.subcommand().unwrap_or(("serve", matches));
    let configured = if name == "generate" {
        none_before(matches, name).map(|()| None)
    } else {
        configuration(&[matches, behind]).map(Some)
    };
    let configuration = match configured {
        Ok(Some(configuration)) => configuration,
        Ok(None) => return generate::execute(behind),
        Err(error) => {
            show::error(&error);
            return Ok(ExitCode::from(USAGE));
        }
    };
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for warning in Configuration::unknown_variables(variables) {
        show::warning(&warning);
    }
    log(&configuration.server.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()?;
    let code = match name {
        "run" => runtime.block_on(run::execute(configuration)),
        "plan" => runtime.block_on(plan::execute(configuration)),
        "check" => runtime.block_on(check::execute(configuration)),
        _ => runtime.block_on(serve::execute(configuration)),
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// Plans of deeply nested queries are walked by recursion.
pub(crate) const STACK: usize = 16 << 20;

/// The command, its subcommands and their flags.
pub fn command() -> Command {
    let server =
        |name: &'static str, about: &'static str| settings(Command::new(name).about(about));
    settings(Command::new("tributary"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("A SQL-first customer-data warehouse that speaks the Postgres wire protocol")
        .long_about(
            "Tributary turns the scattered customer data of a business into one live, trusted customer profile, in SQL.\n\n\
             Without a command it serves: it applies the project folder, builds what is stale, and answers psql and every other Postgres client.",
        )
        .after_help(
            "Every flag can be an environment variable (--data-dir is TRIBUTARY_DATA_DIR) or a line of tributary.toml (data_dir = \"...\"). \
             A flag wins over the environment, which wins over the file.",
        )
        .subcommand_required(false)
        .subcommand(server("serve", "Apply the project, build what is stale, and serve it (the default)"))
        .subcommand(server("run", "Apply the project, build what is stale, and exit: 0 all good, 1 a model or check failed, 2 wrong usage"))
        .subcommand(server("plan", "Print what run would do and what of that would fail, and do nothing; exit as run would"))
        .subcommand(server("check", "Run every check, print what they find, and exit: 0 all passed, 1 one failed"))
        .subcommand(generate::command())
}

fn settings(command: Command) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("The configuration file; tributary.toml in the current folder, where it exists, by default");
    let set = Arg::new("set")
        .long("set")
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .help("The value that a session setting begins with, such as statement_timeout=30s");
    let flags = Config::ALL.iter().map(|setting| {
        let default = if setting.default.is_empty() {
            String::new()
        } else {
            format!(" [default: {}]", setting.default)
        };
        Arg::new(setting.name)
            .long(setting.flag())
            .value_name(setting.kind.to_uppercase().replace(' ', "_"))
            .help(format!("{}{default}", setting.summary()))
            .long_help(format!(
                "{}{default} [env: {}]",
                setting.description,
                setting.environment()
            ))
    });
    command.arg(config).arg(set).args(flags)
}

/// An error where a command that has no settings is called with some before its name.
fn none_before(matches: &ArgMatches, command: &str) -> Result<()> {
    let mut settings = Config::ALL.iter().map(|setting| setting.name);
    let given = settings.find(|name| matches.contains_id(name));
    let other = || {
        ["config", "set"]
            .into_iter()
            .find(|id| matches.contains_id(id))
    };
    let Some(name) = given.or_else(other) else {
        return Ok(());
    };
    Err(Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("{command} has no setting {name}"),
    )
    .with_hint(format!("Write tributary {command} --help for its flags.")))
}

/// What the flags say, those behind the command's name after those before it.
fn configuration(places: &[&ArgMatches]) -> Result<Configuration> {
    let asked = places
        .iter()
        .rev()
        .find_map(|matches| matches.get_one::<PathBuf>("config"))
        .cloned()
        .or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
    let file =
        asked.or_else(|| Some(PathBuf::from(CONFIGURATION_FILE)).filter(|path| Path::exists(path)));
    let mut flags: Vec<(String, String)> = Config::ALL
        .iter()
        .filter_map(|setting| {
            Some((
                setting.name.to_owned(),
                places
                    .iter()
                    .rev()
                    .find_map(|matches| matches.get_one::<String>(setting.name))?
                    .clone(),
            ))
        })
        .collect();
    let pairs = places
        .iter()
        .flat_map(|matches| matches.get_many::<String>("set").into_iter().flatten());
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("--set {pair}: there is no ="),
            )
            .with_hint("Write --set name=value."));
        };
        flags.push((name.to_owned(), value.to_owned()));
    }
    // A value that is no text must not pass for one that is not set: it may be a password.
    let environment =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    Configuration::load(file.as_deref(), environment, flags)
}

/// How long a command waits for another process to leave the data directory: one that was killed
/// holds it until the system has taken its memory back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Opens the data directory.
///
/// # Errors
/// 55006 where another process does not leave it; those of [`Instance::open`].
async fn open(configuration: Configuration) -> Result<Arc<Instance>> {
    let deadline = Instant::now() + PATIENCE;
    let mut is_told = false;
    loop {
        match Instance::open(configuration.clone()).await {
            Err(error)
                if error.sqlstate() == SqlState::OBJECT_IN_USE && Instant::now() < deadline =>
            {
                if !is_told {
                    let folder = configuration.server.data_dir.display();
                    show::note(format_args!(
                        "waiting for another tributary process to leave {folder}"
                    ));
                    is_told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            opened => return opened,
        }
    }
}

/// What reads statistics of the log's entries by the columns of now, and warns of those of a file from
/// before a column got a narrower type. The warehouse reads them itself, file by file, and takes what a
/// type cannot hold for unknown (`src/warehouse/file_stats.rs`).
const STATISTICS_OF_LOGS: &str = "buoyant_kernel::engine::arrow_expression::evaluate_expression";

fn log(text: &str) {
    let mut filter = tracing_subscriber::EnvFilter::try_new(text)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // Who asks for it by name gets it.
    if !text.contains(STATISTICS_OF_LOGS)
        && let Ok(quiet) = format!("{STATISTICS_OF_LOGS}=error").parse()
    {
        filter = filter.add_directive(quiet);
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .finish();
    // A second start within one process keeps the first one's.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn flags_and_set_reach_the_configuration() {
        let matches = command().get_matches_from([
            "tributary",
            "run",
            "--data-dir",
            "x",
            "--set",
            "statement_timeout=3s",
        ]);
        let (_, behind) = matches.subcommand().unwrap();
        let configuration = configuration(&[&matches, behind]).unwrap();
        assert_eq!(configuration.server.data_dir, Path::new("x"));
        assert_eq!(configuration.session.statement_timeout.0, 3000);
    }

    #[test]
    fn flags_before_the_command_count_too() {
        let matches = command().get_matches_from([
            "tributary",
            "--data-dir=x",
            "--jobs=3",
            "--set=batch_size=7",
            "run",
            "--data-dir=y",
        ]);
        let (_, behind) = matches.subcommand().unwrap();
        let configuration = configuration(&[&matches, behind]).unwrap();
        assert_eq!(configuration.server.data_dir, Path::new("y"));
        assert_eq!(configuration.server.jobs, 3);
        assert_eq!(configuration.session.batch_size, 7);
        assert!(none_before(&matches, "generate").is_err());
        let matches = command().get_matches_from(["tributary", "generate"]);
        assert!(none_before(&matches, "generate").is_ok());
    }
}
