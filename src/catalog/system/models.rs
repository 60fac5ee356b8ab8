//! `tributary.models`.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, bigint, boolean, text, timestamptz};
use super::{SystemSources, SystemView};
use crate::catalog::journal::ModelState;
use crate::catalog::{Kind, Object};
use crate::error::Result;
use crate::models::schedule::{self, Standing};

/// The views, materialized views, models and tables, with where each stands.
#[derive(Debug)]
pub struct Models;

static COLUMNS: [Column; 19] = [
    Column::new("schema", ColumnType::Text, "The relation's schema."),
    Column::new("name", ColumnType::Text, "The relation's name."),
    Column::new(
        "kind",
        ColumnType::Text,
        "`view`, `materialized view`, `model` or `table`.",
    ),
    Column::new(
        "status",
        ColumnType::Text,
        "Of a materialized view or model: `new` before its first refresh, then how its last one \
         stands, as in `tributary.refreshes`.",
    )
    .nullable(),
    Column::new(
        "stale",
        ColumnType::Boolean,
        "Of a materialized view or model: whether the next run refreshes it, since what it reads has \
         changed, or is stale itself.",
    )
    .nullable(),
    Column::new("rows", ColumnType::Bigint, "Rows of the current version.").nullable(),
    Column::new(
        "version",
        ColumnType::Bigint,
        "The current version of the table, for `VERSION AS OF`.",
    )
    .nullable(),
    Column::new(
        "last_refresh_id",
        ColumnType::Bigint,
        "The last refresh, in `tributary.refreshes`.",
    )
    .nullable(),
    Column::new(
        "refreshed_at",
        ColumnType::Timestamptz,
        "When the current version was made.",
    )
    .nullable(),
    Column::new(
        "error",
        ColumnType::Text,
        "The error that the last refresh met.",
    )
    .nullable(),
    Column::new(
        "target_lag",
        ColumnType::Text,
        "Its option `target_lag`.",
    )
    .nullable(),
    Column::new("schedule", ColumnType::Text, "Its option `schedule`.").nullable(),
    Column::new(
        "suspended",
        ColumnType::Boolean,
        "Of a materialized view or model: whether the scheduler leaves it alone, after \
         `ALTER ... SUSPEND`.",
    )
    .nullable(),
    Column::new(
        "next_refresh_at",
        ColumnType::Timestamptz,
        "When the scheduler looks at it next by itself; it is refreshed if it is stale.",
    )
    .nullable(),
    Column::new(
        "fresh_at",
        ColumnType::Timestamptz,
        "When the scheduler last knew that it held what its inputs made of it: `now() - fresh_at` is \
         its lag, unless nothing has changed since.",
    )
    .nullable(),
    Column::new("comment", ColumnType::Text, "The relation's comment.").nullable(),
    Column::new(
        "project_file",
        ColumnType::Text,
        "The file of the project folder that it comes from.",
    )
    .nullable(),
    Column::new(
        "created_at",
        ColumnType::Timestamptz,
        "When it was created.",
    ),
    Column::new(
        "definition",
        ColumnType::Text,
        "The statement that creates it.",
    ),
];

/// A relation with where it stands.
struct Model {
    object: Arc<Object>,
    state: Option<ModelState>,
    status: Option<&'static str>,
    stale: Option<bool>,
    rows: Option<u64>,
    version: Option<i64>,
    standing: Option<Standing>,
}

impl SystemView for Models {
    fn name(&self) -> &'static str {
        "models"
    }

    fn description(&self) -> &'static str {
        "The views, materialized views, models and tables, with where each stands. What needs a look: \
         `SELECT * FROM tributary.models WHERE status <> 'succeeded' OR stale`."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let all = models(sources)?;
        let models = || all.iter();
        let objects = || all.iter().map(|model| &model.object);
        let standings = || all.iter().map(|model| model.standing.as_ref());
        let states = || all.iter().map(|model| model.state.as_ref());
        let names = name_columns(objects());
        let writes = sources.wants_definitions();
        let definition = |object: &Arc<Object>| match writes {
            true => object.definition.to_string(),
            false => String::new(),
        };
        let rest = [
            text(models().map(|model| model.status)),
            boolean(models().map(|model| model.stale)),
            bigint(models().map(|model| model.rows)),
            bigint(models().map(|model| model.version)),
            bigint(states().map(|state| Some(state?.last_refresh_id))),
            timestamptz(states().map(|state| state?.last_success_at)),
            text(states().map(|state| state?.error.as_ref())),
            text(objects().map(|object| schedule::options(&object.definition).0)),
            text(objects().map(|object| schedule::options(&object.definition).1)),
            boolean(objects().map(|object| object.kind.is_refreshed().then_some(object.suspended))),
            timestamptz(standings().map(|standing| standing?.next_at)),
            timestamptz(standings().map(|standing| standing?.fresh_at)),
            text(objects().map(|object| object.comment.as_ref())),
            text(objects().map(|object| object.project_file.as_ref())),
            timestamptz(objects().map(|object| Some(object.created_at))),
            text(objects().map(|object| Some(definition(object)))),
        ];
        Ok(names.into_iter().chain(rest).collect())
    }
}

/// The columns that tell the names and kinds of objects.
pub fn name_columns<'a>(objects: impl Iterator<Item = &'a Arc<Object>> + Clone) -> Vec<ArrayRef> {
    vec![
        text(objects.clone().map(|object| Some(&object.name.schema))),
        text(objects.clone().map(|object| Some(&object.name.name))),
        text(objects.map(|object| Some(object.kind.as_str()))),
    ]
}

fn models(sources: &dyn SystemSources) -> Result<Vec<Model>> {
    let snapshot = sources.snapshot();
    let rights = sources.rights(&snapshot);
    let mut states = sources.journal().model_states()?;
    let relations = snapshot.objects().filter(|object| {
        matches!(
            object.kind,
            Kind::View | Kind::MaterializedView | Kind::Model | Kind::Table
        ) && sources.wants(object)
    });
    Ok(relations
        .map(|object| {
            let mut state = states.remove(&object.oid);
            // It may show values.
            if let Some(state) = &mut state
                && !rights.may_read(object)
            {
                state.error = None;
            }
            let refreshed = object.kind.is_refreshed();
            let statistics = match object.kind {
                Kind::Table => sources.table_statistics(object),
                _ => None,
            };
            Model {
                status: refreshed
                    .then(|| state.as_ref().map_or("new", |state| state.status.as_str())),
                stale: refreshed.then(|| sources.is_stale(object)).flatten(),
                rows: match statistics {
                    Some(statistics) => statistics.rows,
                    None => state.as_ref().and_then(|state| state.rows),
                },
                version: match statistics {
                    Some(statistics) => Some(statistics.version),
                    None => state.as_ref().and_then(|state| state.version),
                },
                standing: sources.standing(object),
                object: Arc::clone(object),
                state,
            }
        })
        .collect())
}
