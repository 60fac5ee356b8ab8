//! The options of a model.

use datafusion::error::DataFusionError;
use tributary_udfs::resolve::{ColumnKind, ResolveOptions};

use super::conditions::Levels;
use super::option_text;
use crate::error::{Error, Result, SqlState};
use crate::models::schedule::SCHEDULING_OPTIONS;
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::OptionValue;
use crate::sql::options::check_known;

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
        description: "The system that a record is from. One that has NULL or an empty text there is of none, and has its `unique_id` once among all of these.",
    },
    ModelOption {
        name: "link",
        values: "`link_and_dedupe`, `dedupe`, `link_only`",
        description: "Which pairs may be one entity: any two records, those of one source, or those of different sources.",
    },
    ModelOption {
        name: "one_to_one",
        values: "`off`, `on`; with a `source` by default `on`, unless sources repeat themselves",
        description: "Whether a source has each entity once, so that two of its records are never one. Sources of which records say the same as others of theirs, one in 25 or more, repeat themselves; and of `link_and_dedupe` those, too, of which records that look alike match the same record of another source, four in five or more and at least one for every 25 that have a match there, or where that cannot be told. Of two sources that do not, the best candidates of records tell where the odds are even, whatever comparisons depend on each other; lists of things are linked best so.",
    },
    ModelOption {
        name: "threshold",
        values: "a probability; by default 0.5, or what is found out",
        description: "From which probability on two records are held to be one entity. Where two sources have each entity once, and matches are hard to tell, it is less than 0.5 by default: half the F1 that can be reached, by which more is found than gets wrong. Where entities are seen to have a few records at most, it takes more for one to have more of them than that. `entity_evaluate` shows it. `ALTER MODEL m SET (threshold = 0.9)` changes it, and `RESET (threshold)` has it found out again: entities are made anew of the pairs that there are, and keep their numbers.",
    },
    ModelOption {
        name: "compare",
        values: "`{'column': 'kind', 'column': ['condition', ...], 'column': {'label': 'condition', ...}, ...}`; by default what names and values tell",
        description: "What columns hold, one of the [kinds](#kinds), which decides how they are cleaned and compared; `'ignore'` leaves one out. A list gives a column levels of its own, arrays and `bytea` among them: conditions on two records `l` and `r`, the most alike first, as in `['l.email = r.email', 'levenshtein(l.email, r.email) <= 2']`. The first that is true counts; where none is, and one is NULL, something is missing. No condition may call a function whose answer depends on more than its arguments, as `random()` and `now()` do (42P17): compute such values in the query. It may call functions that users have made of expressions, on which the model depends then: after one of them is replaced, `REFRESH MODEL` learns anew. A column that only repeats others, as a copy does, or a full name beside the names that it is made of, is left out unless it is named here. A model compares 16 columns, or parts of them, and no more: those that are named here come first, and then those that tell most; a warning names the others.",
    },
    ModelOption {
        name: "block_on",
        values: "`['expression', ...]`, `{'name': 'expression', ...}`; by default what finds the most for the fewest pairs, and what hardly any records have in common by chance",
        description: "Which records are compared: those for which one of these expressions over the query's columns has the same value, as in `['email', 'lower(last_name) || zip']`. NULL is the same as nothing. What `compare` says of functions holds here, too.",
    },
    ModelOption {
        name: "parameters",
        values: "a relation, or `[{'comparison': '...', 'level': '...', 'm': ..., 'u': ...}, ...]`; none by default",
        description: "Parameters that are known, and not estimated: rows as `entity_parameters` gives them, of which `comparison`, `level`, `m` and `u` are read. What is NULL in a relation, or left out of a list, is estimated. They are read when the model learns.",
    },
    ModelOption {
        name: "labels",
        values: "a relation; none by default",
        description: "Pairs of records of which it is known whether they are one entity, by the column `is_match`; where it is NULL, nothing is known of them. What is learned is made to agree with them; two labels of a pair that contradict each other are an error. The records are named as in the relation of `must_link`. They are read when the model learns, and decide nothing by themselves.",
    },
    ModelOption {
        name: "must_link",
        values: "a relation; none by default",
        description: "Pairs of records that are one entity, whatever else is known of them: the two entities that they would be of become one, but for records that `cannot_link` keeps apart. The relation names both records by the columns of `entity_pairs`, which are `left_id` and `right_id` where `unique_id` is `id`, or has as many columns, in their order, and no others. Decisions that contradict each other are an error, and the entities stay what they were. A warning counts the pairs of records that are not there; they hold once these are. `ALTER MODEL m SET (must_link = 'pairs')` names another relation, or `RESET` none, and so it is with `cannot_link`.",
    },
    ModelOption {
        name: "cannot_link",
        values: "a relation; none by default",
        description: "Pairs of records that are two entities, whatever else is known of them, in a relation as that of `must_link`.",
    },
    ModelOption {
        name: "term_frequency",
        values: "`on`, `off`",
        description: "Whether to agree on a rare value says more than to agree on a frequent one. How rare a value is makes a few levels, and `entity_explain` counts what it adds within its level.",
    },
    ModelOption {
        name: "pair_budget",
        values: "a number; by default 6 a record, and 3 million at least",
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
    ModelOption {
        name: SCHEDULING_OPTIONS[0].name,
        values: "a time such as `'15 minutes'`, or `'DOWNSTREAM'`; none by default",
        description: SCHEDULING_OPTIONS[0].description,
    },
    ModelOption {
        name: SCHEDULING_OPTIONS[1].name,
        values: "a time, or `'USING CRON ...'`; none by default",
        description: SCHEDULING_OPTIONS[1].description,
    },
];

/// The options that are the server's, and not those of the engine.
const OWN: [&str; 8] = [
    SCHEDULING_OPTIONS[0].name,
    SCHEDULING_OPTIONS[1].name,
    "model_type",
    "must_link",
    "cannot_link",
    "labels",
    "parameters",
    "block_on",
];

/// What a definition says of its options.
#[derive(Clone, Debug)]
pub struct Said {
    /// What the engine reads.
    pub engine: ResolveOptions,
    /// The columns that are compared by conditions.
    pub levels: Vec<Levels>,
    /// The expressions that make blocks, each with what it is called.
    pub block_on: Vec<(String, String)>,
}

/// What a model's definition says, as far as it can be told without its query.
///
/// # Errors
/// 22023 for an option, or a value, that there is not.
pub fn read(create: &CreateModel) -> Result<Said> {
    check_names(create)?;
    let mut values: Vec<(&str, &str)> = Vec::new();
    let mut levels = Vec::new();
    let mut kinds = Vec::new();
    for (name, value) in &create.options.0 {
        match (name.as_str(), value) {
            (name, _) if OWN.contains(&name) => {}
            ("compare", OptionValue::Struct(columns)) => {
                for (column, value) in columns {
                    match Levels::read(column, value)? {
                        Some(own) => levels.push(own),
                        None => {
                            let kind = value.as_text().unwrap_or_default();
                            if kind.eq_ignore_ascii_case("null") {
                                return Err(no_kind(column));
                            }
                            let kind = ColumnKind::parse(kind);
                            kinds.push((column.clone(), kind.map_err(DataFusionError::from)?));
                        }
                    }
                }
            }
            ("compare", value) => {
                return Err(unfit("compare", value).with_hint(
                    "Write columns and what they hold: {'name': 'full_name', 'ref': 'national_id'}.",
                ));
            }
            (name, OptionValue::Text(text)) => values.push((name, text)),
            (name, value) => {
                return Err(unfit(name, value).with_hint("It takes one value, and no list."));
            }
        }
    }
    let mut engine = ResolveOptions::parse(values).map_err(DataFusionError::from)?;
    engine.compare.extend(kinds);
    engine.own_levels = levels.iter().map(Levels::own).collect();
    let block_on = match create.options.get("block_on") {
        None => Vec::new(),
        Some(value) => {
            let expressions = value.named_texts().filter(|texts| !texts.is_empty());
            expressions.ok_or_else(|| {
                unfit("block_on", value).with_hint(
                    "Write a list of expressions: ['email', 'lower(last_name) || zip']. Without the option, rules are chosen that find the most for the fewest pairs.",
                )
            })?
        }
    };
    if let Some(OptionValue::Text(text)) = create.options.get("block_on")
        && option_text::expression(text).is_err()
        && option_text::expression(&format!("ROW({text})")).is_ok()
    {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "option \"block_on\" has several expressions in one text",
        )
        .with_hint(
            "Write a list, each in quotes of its own: ['email', 'lower(last_name) || zip'].",
        ));
    }
    // What is called nothing in a list is no expression, and told as such.
    if block_on
        .iter()
        .any(|(name, text)| name.is_empty() && !text.is_empty())
    {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "an expression in option \"block_on\" is called \"\"",
        )
        .with_hint("Call it something else: entity_blocking_report shows that name."));
    }
    engine.block_on = block_on.iter().map(|(name, _)| key(name)).collect();
    Ok(Said {
        engine,
        levels,
        block_on,
    })
}

/// What the column is called that has the values of an expression that makes blocks and has this name.
fn key(name: &str) -> String {
    format!("block_on {name}")
}

/// That a column is named, and nothing is said of it.
fn no_kind(column: &str) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("option \"compare\" has NULL for column \"{column}\""),
    )
    .with_hint(
        "Write 'ignore' to have it left out, or leave it out of the option to have it found out what it holds.",
    )
}

fn unfit(name: &str, value: &OptionValue) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for option \"{name}\": {value}"),
    )
}

fn check_names(create: &CreateModel) -> Result<()> {
    let names = create.options.0.iter().map(|(name, _)| name.as_str());
    let known: Vec<&str> = MODEL_OPTIONS.iter().map(|option| option.name).collect();
    check_known(names, &known, "a model")?;
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
