//! The options of a model.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use tributary_udfs::resolve::{RecordsBuilder, ResolveOptions};

use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::OptionValue;

/// An option of a model.
#[derive(Clone, Copy, Debug)]
pub struct ModelOption {
    /// Its key.
    pub name: &'static str,
    /// What it takes, and what holds without it.
    pub values: &'static str,
    /// What it does.
    pub description: &'static str,
}

/// What `model_type` can be.
const ENTITY_RESOLUTION: &str = "entity_resolution";

/// The options of a model.
pub const MODEL_OPTIONS: &[ModelOption] = &[
    ModelOption {
        name: "model_type",
        values: "`'entity_resolution'`",
        description: "What is learned: which records are one entity.",
    },
    ModelOption {
        name: "unique_id",
        values: "a column",
        description: "What tells records apart; within a source where there is the option `source`.",
    },
    ModelOption {
        name: "source",
        values: "a column; none by default",
        description: "The system that a record is from.",
    },
    ModelOption {
        name: "link",
        values: "`link_and_dedupe`, `dedupe`, `link_only`",
        description: "Which pairs may be one entity: any two records, or those of different sources.",
    },
    ModelOption {
        name: "one_to_one",
        values: "`off`, `on`",
        description: "Whether a source has each entity once, so that two of its records are never one.",
    },
    ModelOption {
        name: "threshold",
        values: "a probability; 0.5 by default",
        description: "From which probability on two records are held to be one entity.",
    },
    ModelOption {
        name: "compare",
        values: "`{'column': 'kind', ...}`; by default what names and values tell",
        description: "What columns hold, which decides how they are cleaned and compared; `'ignore'` leaves one out.",
    },
    ModelOption {
        name: "must_link",
        values: "a relation; none by default",
        description: "Pairs of records that are one entity, whatever else is known of them.",
    },
    ModelOption {
        name: "cannot_link",
        values: "a relation; none by default",
        description: "Pairs of records that are two entities, whatever else is known of them.",
    },
    ModelOption {
        name: "term_frequency",
        values: "`on`, `off`",
        description: "Whether to agree on a rare value says more than to agree on a frequent one.",
    },
    ModelOption {
        name: "pair_budget",
        values: "a number; by default 20 a record, and 2 million at least",
        description: "How many pairs may be compared.",
    },
    ModelOption {
        name: "seed",
        values: "a number; 0 by default",
        description: "What the random choices depend on.",
    },
    ModelOption {
        name: "threads",
        values: "a number; by default as many as there are processors",
        description: "How many threads work. No answer depends on it.",
    },
];

/// The options that are the server's, and not those of the engine.
const OWN: [&str; 3] = ["model_type", "must_link", "cannot_link"];

/// What a model's definition says to the engine, held against the columns of its query.
///
/// # Errors
/// 22023 for an option, or a value, that there is not; 42703 for a column that the query does not
/// have.
pub fn read(create: &CreateModel, input: &Schema) -> Result<ResolveOptions> {
    check_names(create)?;
    let values: Vec<(&str, String)> = create
        .options
        .0
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| Ok((name.as_str(), engine_value(name, value)?)))
        .collect::<Result<_>>()?;
    let values = values.iter().map(|(name, value)| (*name, value.as_str()));
    let options = ResolveOptions::parse(values).map_err(DataFusionError::from)?;
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    RecordsBuilder::new(input, &options, &pool)?;
    Ok(options)
}

fn check_names(create: &CreateModel) -> Result<()> {
    let names = || MODEL_OPTIONS.iter().map(|option| option.name);
    for (name, _) in &create.options.0 {
        if names().any(|known| known == name) {
            continue;
        }
        let message = format!("a model has no option \"{name}\"");
        let error = Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
        return Err(match nearest(name, names()) {
            Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
            None => error.with_hint(format!(
                "Its options are: {}.",
                names().collect::<Vec<_>>().join(", ")
            )),
        });
    }
    match create.options.get("model_type") {
        Some(OptionValue::Text(kind)) if kind.eq_ignore_ascii_case(ENTITY_RESOLUTION) => Ok(()),
        Some(kind) => Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("there is no model of the type {kind}"),
        )
        .with_hint(format!("Write model_type = '{ENTITY_RESOLUTION}'."))),
        None => Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "a model needs the option \"model_type\"",
        )
        .with_hint(format!("Write model_type = '{ENTITY_RESOLUTION}'."))),
    }
}

/// A value as the engine reads it: `{'dob': 'date'}` as `dob date`.
fn engine_value(name: &str, value: &OptionValue) -> Result<String> {
    let unfit = || {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for option \"{name}\": {value}"),
        )
    };
    match value {
        OptionValue::Text(text) => Ok(text.clone()),
        OptionValue::Struct(fields) if name == "compare" => {
            let fields = fields.iter().map(|(column, kind)| {
                let kind = kind.as_text().ok_or_else(unfit)?;
                Ok(format!("{column} {kind}"))
            });
            Ok(fields.collect::<Result<Vec<_>>>()?.join(", "))
        }
        _ => Err(unfit()),
    }
}
