//! What the commands print.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::models::progress::{Ended, Progress, Rows};
use crate::models::run::Report;
use crate::sql::QualifiedName;

/// How often a bar is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Prints to standard output. Who has closed it, as `head` does, wants no more.
///
/// # Errors
/// What the system says of it, such as 53100 where it is a file on a full disk.
pub fn print(text: std::fmt::Arguments<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::from(error).within("standard output"))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. Who has closed it is no reason to end: a server's log may be gone
/// before it.
pub fn note(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints an error as psql would.
pub fn error(error: &Error) {
    tell("ERROR", error);
}

/// Prints a warning as psql would.
pub fn warning(warning: &Error) {
    tell("WARNING", warning);
}

fn tell(severity: &str, error: &Error) {
    note(format_args!(
        "{severity}:  {}: {}",
        error.sqlstate(),
        error.message()
    ));
    if let Some(detail) = error.detail() {
        note(format_args!("DETAIL:  {detail}"));
    }
    if let Some(hint) = error.hint() {
        note(format_args!("HINT:  {hint}"));
    }
}

/// Bars where there is a terminal, plain lines where there is none.
pub fn progress() -> Arc<dyn Progress> {
    let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
    Arc::new(Lines {
        bars,
        running: Mutex::default(),
    })
}

struct Lines {
    bars: Option<MultiProgress>,
    running: Mutex<HashMap<QualifiedName, Running>>,
}

struct Running {
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress for Lines {
    fn started(&self, name: &QualifiedName, rows: &Arc<Rows>) {
        let bar = self.bars.as_ref().map(|bars| {
            let rows = Arc::clone(rows);
            let style =
                ProgressStyle::with_template("{spinner} {msg:40} {rows:>14} rows {elapsed:>6}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner())
                    .with_key(
                        "rows",
                        move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                            // A bar that cannot be drawn is no reason to stop a build.
                            let _ = out.write_str(&grouped(rows.get()));
                        },
                    );
            let bar = bars.add(
                ProgressBar::new_spinner()
                    .with_style(style)
                    .with_message(name.to_string()),
            );
            bar.enable_steady_tick(TICK);
            bar
        });
        self.running.lock().insert(
            name.clone(),
            Running {
                started: Instant::now(),
                bar,
            },
        );
    }

    fn ended(&self, name: &QualifiedName, ended: &Ended) {
        let running = self.running.lock().remove(name);
        let elapsed = running
            .as_ref()
            .map_or(Duration::ZERO, |running| running.started.elapsed());
        let line = line(name, ended, elapsed);
        match (running.and_then(|running| running.bar), &self.bars) {
            (Some(bar), Some(bars)) => {
                bar.finish_and_clear();
                bars.remove(&bar);
                // The terminal may be gone; the build goes on.
                let _ = bars.println(line);
            }
            (_, Some(bars)) => {
                let _ = bars.println(line);
            }
            _ => note(line),
        }
    }
}

/// How a model, or a check, has ended.
pub fn line(name: &QualifiedName, ended: &Ended, elapsed: Duration) -> String {
    let name = name.to_string();
    let elapsed = format!("{:.1} s", elapsed.as_secs_f64());
    match ended {
        Ended::Built { rows, rejected: 0 } => format!(
            "built    {name:40} {:>14} rows {elapsed:>9}",
            grouped(*rows)
        ),
        Ended::Built { rows, rejected } => {
            format!(
                "built    {name:40} {:>14} rows {elapsed:>9}  {} rejected",
                grouped(*rows),
                grouped(*rejected)
            )
        }
        Ended::Defined => format!("defined  {name}"),
        Ended::Dropped => format!("dropped  {name}"),
        Ended::Failed(error, file) => {
            let mut text = format!("FAILED   {name}: {}: {}", error.sqlstate(), error.message());
            let more = [
                ("DETAIL", error.detail().map(str::to_owned)),
                ("HINT", error.hint().map(str::to_owned)),
                ("FILE", Some(file.display().to_string())),
            ];
            for (label, said) in more {
                for line in said.iter().flat_map(|said| said.lines()) {
                    text.push_str(&format!("\n         {label}: {line}"));
                }
            }
            text
        }
        Ended::Skipped(broken) => format!("skipped  {name}: {broken} failed"),
        Ended::Passed { rejected } => format!(
            "passed   {name:40} {:>19} {elapsed:>9}{}",
            "",
            left_out(*rejected)
        ),
        Ended::Violated {
            rows,
            warns,
            rejected,
        } => format!(
            "{} {name}: {} that should not be{}",
            if *warns { "warning " } else { "FAILED  " },
            counted(*rows),
            left_out(*rejected)
        ),
    }
}

/// Says how many rows of sources a check left out; nothing where there were none.
pub fn left_out(rejected: u64) -> String {
    match rejected {
        0 => String::new(),
        rejected => format!("  {} left out", counted(rejected)),
    }
}

/// One line that sums a run up.
pub fn summary(report: &Report, elapsed: Duration) -> String {
    let count = |wanted: fn(&Ended) -> bool| {
        report
            .ended
            .iter()
            .filter(|(_, ended)| wanted(ended))
            .count()
    };
    let built = count(|ended| matches!(ended, Ended::Built { .. }));
    let defined = count(|ended| matches!(ended, Ended::Defined));
    let dropped = count(|ended| matches!(ended, Ended::Dropped));
    let failed = count(|ended| matches!(ended, Ended::Failed(..)));
    let passed = count(|ended| matches!(ended, Ended::Passed { .. }));
    let violated = |warned: bool| {
        let ended = report.ended.iter();
        ended
            .filter(|(_, ended)| matches!(ended, Ended::Violated { warns, .. } if *warns == warned))
            .count()
    };
    let checks = |count| if count == 1 { "check" } else { "checks" };
    let (warned, violated) = (violated(true), violated(false));
    let counted = [
        (built, "built".to_owned()),
        (defined, "defined".to_owned()),
        (dropped, "dropped".to_owned()),
        (passed, format!("{} passed", checks(passed))),
        (warned, format!("{} warned", checks(warned))),
        (violated, format!("{} failed", checks(violated))),
        (failed, "failed".to_owned()),
        (report.skipped(), "skipped".to_owned()),
    ];
    let parts: Vec<String> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    match parts.as_slice() {
        [] => "everything is up to date".to_owned(),
        parts => format!("{} in {:.1} s", parts.join(", "), elapsed.as_secs_f64()),
    }
}

/// A number of rows.
pub fn counted(rows: u64) -> String {
    format!(
        "{} {}",
        grouped(rows),
        if rows == 1 { "row" } else { "rows" }
    )
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
