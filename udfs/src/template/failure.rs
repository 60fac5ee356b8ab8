//! What a template's mistakes are told as.

use minijinja::{Error, ErrorKind};

use super::engine::FUEL;
use crate::FunctionError;

/// How much of a template's beginning tells it from others.
const EXCERPT: usize = 40;
/// How many fields a hint lists.
const MOST_FIELDS: usize = 20;

/// The error of a template, with the line and the template, and what fields there would have been.
pub(super) fn failure<'a>(
    error: &Error,
    template: &str,
    fields: impl Iterator<Item = &'a str>,
) -> FunctionError {
    let line = error.line().unwrap_or(1);
    let place = format!("in line {line} of the template {}", excerpt(template));
    if error.kind() == ErrorKind::OutOfFuel {
        return FunctionError {
            sqlstate: "54000",
            message: format!("render_template: more than {FUEL} steps, {place}"),
            hint: Some("Shorten the loops of the template, or the lists that it is given.".into()),
        };
    }
    let detail = error.detail().map_or_else(
        || error.kind().to_string(),
        |detail| match error.kind() {
            ErrorKind::UndefinedError => detail.to_owned(),
            kind => format!("{kind}: {detail}"),
        },
    );
    let invalid = FunctionError::invalid_argument(format!("render_template: {detail}, {place}"));
    match error.kind() {
        ErrorKind::UndefinedError => invalid.with_hint(format!(
            "The struct has the fields {}. For what may be missing, write {{{{ name | default('...') }}}}.",
            listed(fields)
        )),
        _ => invalid.with_hint(
            "Templates are written as for Jinja, without blocks, macros and other templates.",
        ),
    }
}

/// The beginning of a template's first line, in quotes.
fn excerpt(template: &str) -> String {
    let mut lines = template.trim_start().lines();
    let line = lines.next().unwrap_or_default();
    let start: String = line.chars().take(EXCERPT).collect();
    let is_whole = start.len() == line.len() && lines.next().is_none();
    format!("'{start}{}'", if is_whole { "" } else { "..." })
}

fn listed<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = fields.take(MOST_FIELDS + 1).collect();
    if names.len() > MOST_FIELDS {
        names[MOST_FIELDS] = "...";
    }
    names.join(", ")
}
