//! `EXPLAIN REFRESH`: how a materialized view is refreshed, and why.

use std::sync::Arc;

use datafusion::common::TableReference;

use super::added::added_files;
use super::inputs::{Input, UNREAD, settled};
use super::looking_back;
use super::trace::told;
use super::{Analysis, Verdict, Watermark, verdict};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, Reading, StatementContext};
use crate::models::appended_columns::Refreshed;
use crate::models::lookback::{self, LOOKBACK, Lookback};
use crate::models::schema_change::COLUMNS_CHANGED;
use crate::models::{keyed, schema_change, table_id};
use crate::session::{plan, recorded_width};
use crate::sql::name::listed;
use crate::sql::time_travel::{self, Version};
use crate::sql::{QualifiedName, Statement};

/// Tells how an object is refreshed: the mode, the key or what forbids one, and how far its inputs were
/// read, and would be.
///
/// # Errors
/// 42809 for what is no materialized view; what planning its query says.
pub async fn explain(instance: &Arc<Instance>, object: &Object) -> Result<Vec<String>> {
    let Statement::CreateMaterializedView(definition) = &object.definition else {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not a materialized view", object.name),
        )
        .with_detail(format!("It is {}.", object.kind.with_article())));
    };
    let settings = &instance.configuration.session;
    let context = instance.statement(settings, Reading::Rows);
    let plan = plan::definition(&context, &definition.query, &definition.columns).await?;
    let options = &definition.options;
    let absent = schema_change::absent(&plan, object, options)?;
    let followed = schema_change::follow(plan.clone(), object, options, &context.snapshot);
    let (plan, refused) = match followed {
        Ok(plan) => (plan, None),
        Err(error) => {
            let plan = recorded_width::keep(plan, &object.schema, &context.snapshot)?;
            (plan, Some(error))
        }
    };
    let analysis = Analysis::new(
        &context.state,
        &context.snapshot,
        &definition.options,
        &plan,
    )?;
    let mut now = analysis.watermark(instance, &context, object).await?;
    now.absent = absent;
    let table = table_id(object);
    let last = match instance.warehouse.exists(&table).await? {
        true => instance.warehouse.last_refresh(&table).await?,
        false => None,
    };
    let then = match last.as_ref().and_then(Watermark::read) {
        Some(then) => Some(settled(instance, &context.snapshot, then).await?),
        None => None,
    };
    let shown = keyed::shown(options, &plan::columns(&plan))?;
    let refreshed = Refreshed {
        instance,
        context: &context,
        object,
        analysis: &analysis,
        watermark: &now,
        columns: &shown,
    };
    let is_full = definition.options.get("refresh_mode") == Some("full");
    let verdict = verdict(&analysis, definition, &shown)?;
    let mode = match &verdict {
        Verdict::Keys(_) | Verdict::Added(_) if !is_full => "incremental",
        Verdict::Lookback(..) => LOOKBACK,
        _ => "full",
    };
    let mut lines = vec![format!("Refresh of {}: {mode}", object.described())];
    if is_full {
        lines.push("  Its option refresh_mode is full".to_owned());
    }
    match &verdict {
        Verdict::Keys(key) => {
            lines.push(format!("  Key: {}", listed(key)));
            for (table, _) in analysis.changing_all() {
                lines.push(format!(
                    "  In full where {} changes: all rows depend on it",
                    table.name
                ));
            }
        }
        Verdict::Added(key) => {
            let what = match analysis.reads_files() {
                true => "  By files: of those that are added to its sources the rows are added",
                false => "  By rows: those that are added to its inputs are put in",
            };
            lines.push(what.to_owned());
            if let Some(key) = key {
                lines.push(format!("  Where others change or go: key: {}", listed(key)));
            }
        }
        Verdict::Lookback(_, obstacle) => {
            lines.push(format!("  Not by what has changed: {}", obstacle.node));
            lines.push(format!("    Reason: {}", obstacle.reason));
        }
        Verdict::Full(obstacle) => {
            lines.push(format!("  In the way: {}", obstacle.node));
            lines.push(format!("    Reason: {}", obstacle.reason));
        }
    }
    let lookback = lookback::declared(options, &shown)?;
    if let Some(lookback) = &lookback {
        lines.push(format!("  Lookback: {}", lookback.text));
        let line = lookback_line(instance, &context, object, &verdict, lookback).await?;
        lines.push(format!("    {line}"));
    }
    if let Some(error) = refused {
        lines.push(format!("  The next refresh fails: {}", error.message()));
    } else if let Some(reason) = why_full(&refreshed, then.as_ref())?
        && !is_told(&verdict, &reason)
    {
        lines.push(format!("  The next refresh is a full one: {reason}"));
    } else if let (Verdict::Added(_), Some(then)) = (&verdict, &then)
        && let Err(reason) = added_files(then, &now)
        && !is_full
    {
        lines.push(match lookback {
            Some(_) => format!("  The next refresh looks back: {reason}"),
            None => format!("  The next refresh is a full one: {reason}"),
        });
    }
    let mut inputs: Vec<String> = Vec::new();
    for scan in analysis.scans.values() {
        let line = match &scan.input {
            Input::Table(input) | Input::Companion(input, _) | Input::Other(input) => {
                let read = then.as_ref().and_then(|then| then.versions.get(&input.oid));
                let read = read.filter(|version| **version != UNREAD);
                match (context.version_read(input.oid), read) {
                    (Some(now), Some(read)) => {
                        format!(
                            "  Input: {}: version {now}, read up to version {read}",
                            input.name
                        )
                    }
                    (Some(now), None) => {
                        format!("  Input: {}: version {now}, not read yet", input.name)
                    }
                    (None, _) => format!("  Input: {}: {}", input.name, input.kind.with_article()),
                }
            }
            Input::Fixed => fixed_line(&scan.scan.table_name),
            Input::Unknown => format!("  Input: {}", relation_name(&scan.scan.table_name)),
        };
        if !inputs.contains(&line) {
            inputs.push(line);
        }
    }
    lines.extend(inputs);
    Ok(lines)
}

/// Whether a reason for a full refresh is what is in the way of any other one.
fn is_told(verdict: &Verdict, reason: &str) -> bool {
    matches!(verdict, Verdict::Full(obstacle) if told(obstacle) == reason)
}

/// Why the next refresh is a full one, whatever has become of the inputs.
fn why_full(refreshed: &Refreshed<'_>, then: Option<&Watermark>) -> Result<Option<String>> {
    let now = refreshed.watermark;
    let Some(then) = then else {
        let reason = "it never had one that told of its inputs";
        return Ok(Some(reason.to_owned()));
    };
    if refreshed.only_appends(then)? {
        return Ok(None);
    }
    let changes = schema_change::described(&refreshed.object.schema, refreshed.columns);
    let absence = schema_change::described_absence(&then.absent, &now.absent);
    let changes: Vec<String> = changes.into_iter().chain(absence).collect();
    if !changes.is_empty() {
        let changes = changes.join(", ");
        return Ok(Some(format!("{COLUMNS_CHANGED}: {changes}")));
    }
    let has_changed = then.definition != now.definition;
    Ok(has_changed.then(|| refreshed.analysis.why_defined_anew()))
}

/// What is told of an input that no commit changes.
fn fixed_line(name: &TableReference) -> String {
    let version = time_travel::decode(name.table());
    match version {
        Some((_, Version::FromNow(_))) => format!("  Input: {}", relation_name(name)),
        _ => format!("  Input: {}: it stays as it is", relation_name(name)),
    }
}

/// The name of a relation, with the version that a query asks for.
fn relation_name(name: &TableReference) -> String {
    let Some(schema) = name.schema() else {
        return name.to_string();
    };
    match time_travel::decode(name.table()) {
        Some((table, version)) => format!("{} {version}", QualifiedName::new(schema, table)),
        None => QualifiedName::new(schema, name.table()).to_string(),
    }
}

/// What the option `lookback` comes to.
async fn lookback_line(
    instance: &Arc<Instance>,
    context: &StatementContext,
    object: &Object,
    verdict: &Verdict,
    lookback: &Lookback,
) -> Result<String> {
    let column = &lookback.column;
    if let Verdict::Keys(_) | Verdict::Added(Some(_)) = verdict {
        let line = "Not used: rows that are late are among the changes of its inputs";
        return Ok(line.to_owned());
    }
    let when = match verdict {
        Verdict::Added(_) => ", where others than those that are added have changed or are gone",
        _ => "",
    };
    let table = table_id(object);
    let since = match instance.warehouse.exists(&table).await? {
        true => looking_back::since(instance, context, object, lookback).await?,
        false => None,
    };
    Ok(match since {
        Some(from) => format!(
            "Read again: rows with {column} from {} on{when}",
            looking_back::shown(&from)
        ),
        None => format!("Read again: all rows, for it has no {column} to look back from"),
    })
}
