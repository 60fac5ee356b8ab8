//! `tributary generate`: writes the case study's sources at any size.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use indicatif::{ProgressBar, ProgressStyle};

use super::{GOOD, show};
use crate::error::Result;
use crate::generate::{Options, generate};

/// The subcommand.
pub fn command() -> Command {
    Command::new("generate")
        .about("Write the case study's sources: a retailer's CRM, shop, newsletter and web events, with the truth")
        .arg(Arg::new("customers").long("customers").value_name("N").value_parser(value_parser!(u64)).default_value("2000").help("How many people there are"))
        .arg(Arg::new("seed").long("seed").value_name("S").value_parser(value_parser!(u64)).default_value("42").help("What the randomness begins with; the same seed gives the same files"))
        .arg(Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf)).default_value("sql/data").help("The folder that the files go to; the case study reads them in its own folder data"))
}

/// Writes the files.
///
/// # Errors
/// Those of the disk.
pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let options = Options {
        customers: matches.get_one("customers").copied().unwrap_or_default(),
        seed: matches.get_one("seed").copied().unwrap_or_default(),
        out: matches
            .get_one::<PathBuf>("out")
            .cloned()
            .unwrap_or_default(),
    };
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(options.customers)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} customers {elapsed}")
    {
        bar.set_style(style);
    }
    let summary = generate(&options, |progress| bar.set_position(progress.customers))?;
    bar.finish_and_clear();
    for file in &summary.files {
        show::print(format_args!(
            "{:45} {:>14} rows {:>16} bytes\n",
            options.out.join(&file.path).display(),
            show::grouped(file.rows),
            show::grouped(file.bytes)
        ))?;
    }
    Ok(GOOD)
}
