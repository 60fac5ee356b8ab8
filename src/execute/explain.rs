//! `EXPLAIN`: how a query will run, or how the rows that a statement changes will be found; with
//! `ANALYZE`, how a query ran. `EXPLAIN REFRESH`: whether a materialized view is refreshed by the keys
//! that have changed, by which, or what forbids it, and up to which versions its inputs were read; of a
//! model, whether it scores what has changed alone, for which the records are read, and how much that is.
//! `EXPLAIN ANALYZE REFRESH` refreshes a materialized view, or a model, and tells what that took; `EXPLAIN
//! ANALYZE CREATE MODEL` creates a model, and tells it of that.
//! `FORMAT` writes the plan as a document, with the names that PostgreSQL has for what operators do.

mod format;
mod tree;

use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::TryStreamExt;
use tributary_udfs::json::JsonKind;

use self::format::Value;
use self::tree::Told;
use super::with_changes::ClausePlan;
use super::{Insertion, text_rows, with_changes};
use crate::catalog::Kind;
use crate::catalog::journal::{RefreshRecord, StageTime};
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::models::refresh::Extent;
use crate::models::{incremental, resolution};
use crate::session::prepare::text_column;
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::Statement;
use crate::sql::drop::DropKind;
use crate::sql::explain::{Explain, Format};
use crate::sql::refresh::{Refresh, RefreshExtent};
use crate::wire::types::POSTGRES_TYPE;

/// The name of the column of the answer, as in Postgres.
const COLUMN: &str = "QUERY PLAN";

/// The column of the answer.
pub fn columns(format: Format) -> SchemaRef {
    match format {
        Format::Json => Arc::new(Schema::new(vec![JsonKind::Json.field(COLUMN)])),
        Format::Xml => {
            let metadata = [(POSTGRES_TYPE.to_owned(), "xml".to_owned())].into();
            let field = Field::new(COLUMN, DataType::Utf8, true).with_metadata(metadata);
            Arc::new(Schema::new(vec![field]))
        }
        Format::Text | Format::Yaml => text_column(COLUMN),
    }
}

/// The answer.
fn answer(format: Format, lines: Vec<String>) -> Result<Outcome> {
    text_rows("EXPLAIN", columns(format), vec![lines])
}

/// Shows the plan of a statement; with `ANALYZE`, runs it and adds what each operator counted.
///
/// # Errors
/// What the query says.
pub async fn execute(session: &Session, explain: &Explain) -> Result<Outcome> {
    if let Statement::Refresh(refresh) = explain.statement.as_ref() {
        let lines = match explain.analyze {
            true => refreshed(session, refresh).await?,
            false => foretold(session, refresh).await?,
        };
        return answer(explain.format, lines);
    }
    if let Statement::CreateModel(create) = explain.statement.as_ref() {
        let lines = match super::create_model::run(session, create).await? {
            Some(record) => took(&record),
            None => vec![format!("{} exists, and was left as it is", create.name)],
        };
        return answer(explain.format, lines);
    }
    let told = Told {
        verbose: explain.verbose,
        costs: explain.costs,
        analyze: explain.analyze,
    };
    if let Statement::WithChanges(with) = explain.statement.as_ref() {
        if explain.analyze {
            return Err(refused_analyze());
        }
        let plans = with_changes::explained(session, with).await?;
        let lines = match explain.format {
            Format::Text => with_changes::lines(&plans, explain.verbose),
            format => vec![document(format, &plans, told)],
        };
        return answer(explain.format, lines);
    }
    let rejected = Arc::new(RejectedRows::counting());
    let context = session.statement().collecting(&rejected);
    let logical = logical(session, &context, explain).await?;
    let state = context.state;
    let optimized = state.optimize(&logical)?;
    let physical = state
        .query_planner()
        .create_physical_plan(&optimized, &state)
        .await?;
    if explain.format != Format::Text {
        let mut query = Vec::new();
        if explain.analyze {
            let (_, time) = run(session, &state, &physical, &rejected).await?;
            query.push(("Triggers", Value::List("Trigger", Vec::new())));
            query.push(("Execution Time", Value::Number(format!("{time:.3}"))));
        }
        query.insert(
            0,
            ("Plan", Value::Record(tree::node(physical.as_ref(), told))),
        );
        return answer(
            explain.format,
            vec![format::write(explain.format, vec![query])],
        );
    }
    let mut lines = Vec::new();
    if explain.verbose {
        lines.push("Logical plan:".to_owned());
        lines.extend(
            optimized
                .display_indent()
                .to_string()
                .lines()
                .map(|line| format!("  {line}")),
        );
        lines.push("Physical plan:".to_owned());
    }
    let shown = if explain.analyze {
        let (count, time) = run(session, &state, &physical, &rejected).await?;
        let shown = analyzed(&physical, explain.verbose);
        format!("{shown}Rows: {count}\nExecution Time: {time:.3} ms\n")
    } else {
        displayable(physical.as_ref())
            .indent(explain.verbose)
            .to_string()
    };
    let indent = if explain.verbose { "  " } else { "" };
    lines.extend(shown.lines().map(|line| format!("{indent}{line}")));
    answer(explain.format, lines)
}

/// Runs a plan; answers how many rows it gave, and in how many milliseconds.
async fn run(
    session: &Session,
    state: &SessionState,
    plan: &Arc<dyn ExecutionPlan>,
    rejected: &RejectedRows,
) -> Result<(usize, f64)> {
    let mut rows = execute_stream(Arc::clone(plan), state.task_ctx())?;
    let started = Instant::now();
    let mut count = 0;
    while let Some(batch) = rows.try_next().await? {
        count += batch.num_rows();
    }
    for notice in rejected.notices() {
        session.notice(notice);
    }
    Ok((count, started.elapsed().as_secs_f64() * 1000.0))
}

/// The plans of the clauses of a statement, and last its own.
fn document(format: Format, plans: &[ClausePlan], told: Told) -> String {
    let queries = plans.iter().map(|plan| {
        let mut query = Vec::new();
        if let Some(name) = &plan.clause {
            query.push(("Subplan Name", Value::Text(format!("CTE {name}"))));
        }
        let node = tree::node(plan.plan.as_ref(), told);
        query.push(("Plan", Value::Record(node)));
        query
    });
    format::write(format, queries.collect())
}

/// Tells how an object would be refreshed.
async fn foretold(session: &Session, refresh: &Refresh) -> Result<Vec<String>> {
    let instance = &session.instance;
    let snapshot = instance.catalog.snapshot();
    let path = &session.settings().search_path.0;
    // Where no kind is said, it may be of either.
    let object = match refresh.kind {
        DropKind::Model => super::refresh::target(refresh.kind, &refresh.name, &snapshot, path)?,
        _ => plan::object(&refresh.name, &snapshot, path)?,
    };
    let Statement::CreateModel(definition) = &object.definition else {
        return incremental::explain(instance, &object).await;
    };
    let extent = match refresh.extent {
        RefreshExtent::Full => Extent::Anew,
        _ => Extent::Usual,
    };
    let refresh = resolution::Refresh {
        instance,
        object: &object,
        definition,
        extent,
        progress: &Arc::default(),
    };
    refresh.explain().await
}

/// Refreshes an object, and tells what that took.
async fn refreshed(session: &Session, refresh: &Refresh) -> Result<Vec<String>> {
    let snapshot = session.instance.catalog.snapshot();
    let path = &session.settings().search_path.0;
    // Where no kind is said, it may be of either.
    let is_model = || -> Result<bool> {
        let object = plan::object(&refresh.name, &snapshot, path)?;
        Ok(object.kind == Kind::Model)
    };
    let kind = match refresh.kind != DropKind::Model && is_model()? {
        true => DropKind::Model,
        false => refresh.kind,
    };
    let refresh = &Refresh {
        kind,
        ..refresh.clone()
    };
    let Some(record) = super::refresh::run(session, refresh).await? else {
        return Ok(vec![format!(
            "Refresh of {}: another one has done it meanwhile",
            refresh.name
        )]);
    };
    Ok(took(&record))
}

/// What a refresh took.
fn took(record: &RefreshRecord) -> Vec<String> {
    let mut lines = vec![format!("Refresh of {}: {}", record.object, record.mode)];
    if let Some(reason) = &record.mode_reason {
        lines.push(format!("  Reason: {reason}"));
    }
    let counts = [
        ("Rows Read", record.rows_read),
        ("Keys Changed", record.changed_keys),
        ("Pairs Compared", record.pairs),
        ("Rows Written", Some(record.rows_written)),
        (
            "Rows Rejected",
            Some(record.rows_rejected).filter(|rows| *rows > 0),
        ),
        (
            "Rows Dropped",
            Some(record.rows_dropped).filter(|rows| *rows > 0),
        ),
        ("Bytes Written", Some(record.bytes_written)),
        ("Bytes Spilled", record.spilled_bytes),
    ];
    let counts = counts.into_iter();
    lines.extend(counts.filter_map(|(what, count)| Some(format!("  {what}: {}", count?))));
    for StageTime {
        stage,
        microseconds,
    } in &record.stages
    {
        let milliseconds = *microseconds as f64 / 1000.0;
        lines.push(format!("  Stage {stage}: {milliseconds:.3} ms"));
    }
    if let Some(took) = record.duration_ms {
        lines.push(format!("Execution Time: {took} ms"));
    }
    lines
}

/// The plan of a query, or of how the rows that a statement changes are found.
async fn logical(
    session: &Session,
    context: &StatementContext,
    explain: &Explain,
) -> Result<LogicalPlan> {
    let path = session.settings().search_path.0;
    let instance = &session.instance;
    let plan = match explain.statement.as_ref() {
        Statement::Query(query) => {
            let mut query = query.clone();
            plan::resolve_names(&mut query, &context.snapshot, &path)?;
            return plan::query(context, &query).await;
        }
        _ if explain.analyze => {
            return Err(refused_analyze());
        }
        Statement::Insert(insert) => {
            match super::insertion(instance, context, &path, &mut insert.clone(), &[]).await? {
                Insertion::Added(plan) => plan,
                Insertion::Changed(planned) => planned.1.plan,
            }
        }
        change => super::change(instance, context, &path, change).await?.plan,
    };
    match plan.get_parameter_names()?.into_iter().next() {
        Some(name) => Err(Error::new(
            SqlState::UNDEFINED_PARAMETER,
            format!("there is no parameter {name}"),
        )),
        None => Ok(plan),
    }
}

fn refused_analyze() -> Error {
    Error::unsupported("EXPLAIN ANALYZE of a statement that changes rows")
        .with_hint("Leave out ANALYZE to see how its rows are found.")
}

fn analyzed(plan: &Arc<dyn ExecutionPlan>, verbose: bool) -> String {
    use datafusion::physical_plan::display::DisplayableExecutionPlan;
    if verbose {
        DisplayableExecutionPlan::with_full_metrics(plan.as_ref())
            .indent(true)
            .to_string()
    } else {
        DisplayableExecutionPlan::with_metrics(plan.as_ref())
            .indent(false)
            .to_string()
    }
}
