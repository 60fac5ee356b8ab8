//! What functions on models answer with.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::execution::SessionState;
use tributary_udfs::resolve::{ColumnKind, ResolveOptions};

use super::input::Input;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;
use crate::sql::model_functions::ModelFunction;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number.
    Bigint,
    /// A number.
    Double,
    /// True or false.
    Boolean,
    /// A moment.
    Timestamptz,
    /// Texts by texts.
    Map,
}

/// A column of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The unique id of a record: the model's own column, its name behind this.
    Id(&'static str),
    /// The source of a record, likewise; only where the model has that option.
    Source(&'static str),
    /// Any other: its name, its type and what it holds.
    Plain(&'static str, Type, &'static str),
}

use Column::{Id, Plain, Source};
use Type::{Bigint, Boolean, Double, Map, Text, Timestamptz};

/// The column of pairs that is computed as they are read.
pub const LEVELS: &str = "levels";

const PAIR: [Column; 4] = [Id("left_"), Source("left_"), Id("right_"), Source("right_")];

const WEIGHT: Column = Plain(
    "weight",
    Double,
    "How much the comparisons speak for one entity: the binary logarithm of their Bayes factor. 0 says nothing, each 1 more doubles the odds.",
);
const PROBABILITY: Column = Plain(
    "probability",
    Double,
    "The probability that both are one entity.",
);
const M: Column = Plain(
    "m",
    Double,
    "How often two records of one entity are that near.",
);
const U: Column = Plain("u", Double, "How often two records of two entities are.");

/// The columns of a function's answer.
pub fn columns_of_function(function: ModelFunction) -> &'static [Column] {
    match function {
        ModelFunction::Clusters => &[
            Id(""),
            Source(""),
            Plain(
                "entity_id",
                Bigint,
                "The entity. It stays through refreshes.",
            ),
            Plain(
                "confidence",
                Double,
                "The probability that the record belongs to the entity: that of its strongest link within it or, where it is alone, that there is none.",
            ),
            Plain(
                "entity_confidence",
                Double,
                "The probability that the entity is one: that of its weakest bridge.",
            ),
        ],
        ModelFunction::Pairs => &[
            PAIR[0],
            PAIR[1],
            PAIR[2],
            PAIR[3],
            WEIGHT,
            PROBABILITY,
            Plain(
                LEVELS,
                Map,
                "How near they are by each comparison, as `entity_explain` says it: `levels['email']` is that of `email`. The pairs are compared anew where this column is asked for.",
            ),
        ],
        ModelFunction::LabelSuggestions => {
            &[PAIR[0], PAIR[1], PAIR[2], PAIR[3], WEIGHT, PROBABILITY]
        }
        ModelFunction::Explain => &[
            Plain("step", Bigint, "The place in the sum, from 1."),
            Plain(
                "comparison",
                Text,
                "What was compared; `prior` is what holds of any two records that have values in the same columns.",
            ),
            Plain("left_value", Text, "The value of the one record."),
            Plain("right_value", Text, "The value of the other."),
            Plain("level", Text, "How near they are."),
            M,
            U,
            Plain(
                "weight",
                Double,
                "What it adds to the sum: the binary logarithm of m / u, and what the frequency of the value adds to it.",
            ),
            Plain("total", Double, "The sum so far."),
            Plain(
                "total_probability",
                Double,
                "The probability that the sum so far stands for.",
            ),
        ],
        ModelFunction::Parameters => &[
            Plain(
                "comparison",
                Text,
                "What is compared; `prior` is what holds of any two records.",
            ),
            Plain("kind", Text, "What the column holds."),
            Plain("level", Text, "How near two values are."),
            M,
            U,
            Plain("weight", Double, "The binary logarithm of m / u."),
        ],
        ModelFunction::BlockingReport => &[
            Plain(
                "rule",
                Text,
                "What two records must have in common to be compared; or a value that so many share that it is held to be missing.",
            ),
            Plain("pairs", Bigint, "The pairs that have."),
            Plain(
                "largest_block",
                Bigint,
                "How many records the largest block has.",
            ),
            Plain(
                "blocks_split",
                Bigint,
                "Blocks that were too large, and were split.",
            ),
            Plain(
                "blocks_dropped",
                Bigint,
                "Blocks that were left out, as nothing splits them: values that many records share and that tell nothing apart.",
            ),
        ],
        ModelFunction::Calibration => &[
            Plain(
                "probability",
                Double,
                "The pairs from this probability up to that of the next row.",
            ),
            Plain("pairs", Bigint, "How many there are."),
            Plain("expected", Double, "The mean of their probabilities."),
            Plain(
                "observed",
                Double,
                "The share of them that the entities, for which all pairs of their records are weighed together, hold to be one.",
            ),
            Plain(
                "labelled",
                Bigint,
                "How many pairs of this range people have told of, in the relations of `labels`, `must_link` and `cannot_link`, those that are not kept among them; NULL where the model has none of these options.",
            ),
            Plain(
                "labelled_observed",
                Double,
                "The share of these that is one entity. Held against `probability` it says whether that means what it says, of the pairs that people have looked at; of those that the model has learned from it does so in any case.",
            ),
        ],
        ModelFunction::Unlinkable => &[
            Id(""),
            Source(""),
            Plain(
                "weight",
                Double,
                "The weight that the record would have with its own copy.",
            ),
            Plain("probability", Double, "The probability that it stands for."),
        ],
        ModelFunction::Lookup => &[
            Plain("entity_id", Bigint, "An entity that the record may be."),
            Id(""),
            Source(""),
            WEIGHT,
            PROBABILITY,
        ],
        ModelFunction::Evaluate => &[
            Plain("threshold", Double, "The threshold that is looked at."),
            Plain("is_default", Boolean, "Whether it is the model's own."),
            Plain(
                "pairwise_precision",
                Double,
                "The share of pairs in one cluster that are one entity.",
            ),
            Plain(
                "pairwise_recall",
                Double,
                "The share of pairs of one entity that are in one cluster.",
            ),
            Plain("pairwise_f1", Double, "Their harmonic mean."),
            Plain(
                "bcubed_precision",
                Double,
                "The same of each record's cluster, on the mean of records.",
            ),
            Plain(
                "bcubed_recall",
                Double,
                "The same of each record's entity, on the mean of records.",
            ),
            Plain("bcubed_f1", Double, "Their harmonic mean."),
            Plain(
                "cluster_precision",
                Double,
                "The share of clusters that are an entity, whole and alone.",
            ),
            Plain(
                "cluster_recall",
                Double,
                "The share of entities that are a cluster.",
            ),
            Plain("cluster_f1", Double, "Their harmonic mean."),
        ],
        ModelFunction::History => &[
            Plain("changed_at", Timestamptz, "When."),
            Plain(
                "refresh_id",
                Bigint,
                "The refresh, in `tributary.refreshes`.",
            ),
            Plain(
                "event",
                Text,
                "`created`, `joined`, `merged`, `split`, `moved`, or `removed`.",
            ),
            Id(""),
            Source(""),
            Plain(
                "entity_id",
                Bigint,
                "The entity that the record belongs to since; NULL for one that was removed.",
            ),
            Plain(
                "previous_entity_id",
                Bigint,
                "The one that it belonged to; NULL for one that is new.",
            ),
            Plain(
                "cause",
                Text,
                "What brought it about: why the model was refreshed and, before that, `must_link` or `cannot_link` where what people decide moved the record, or `must_link taken back` or `cannot_link taken back` where they no longer do.",
            ),
        ],
    }
}

/// The type of the levels of a pair: what each is called, by the comparison.
pub fn levels_type() -> DataType {
    let text = |name, is_nullable| Field::new(name, DataType::Utf8, is_nullable);
    let entries = Fields::from(vec![text("key", false), text("value", true)]);
    let entries = Field::new("entries", DataType::Struct(entries), false);
    DataType::Map(Arc::new(entries), false)
}

impl Type {
    /// The type's name in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Text => "text",
            Bigint => "bigint",
            Double => "double precision",
            Boolean => "boolean",
            Timestamptz => "timestamptz",
            Map => "map",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Text => DataType::Utf8,
            Bigint => DataType::Int64,
            Double => DataType::Float64,
            Boolean => DataType::Boolean,
            Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Map => levels_type(),
        }
    }
}

/// The columns of a model, which are those of `entity_clusters`, where its query has these.
///
/// # Errors
/// 22023 for options that do not fit; 42703 for a column that the query does not have; 42P16 where it
/// has none that is compared; 42701 for one that has the name of another one of the answer; what
/// planning an option's expression says.
pub async fn columns(
    state: &SessionState,
    create: &CreateModel,
    input: &Schema,
) -> Result<SchemaRef> {
    let options = Input::new(state, create, input).await?.options;
    check_named(&options)?;
    check_compared(&options, input)?;
    let id = input.field_with_name(&options.unique_id)?;
    let source = options.source.as_deref();
    let source = source.map(|name| input.field_with_name(name)).transpose()?;
    let answer = schema(ModelFunction::Clusters, id, source);
    for function in ModelFunction::ALL {
        let columns = schema(function, id, source);
        for (index, field) in columns.fields().iter().enumerate() {
            if columns
                .fields()
                .iter()
                .take(index)
                .any(|other| other.name() == field.name())
            {
                return Err(Error::new(
                    SqlState::DUPLICATE_COLUMN,
                    format!(
                        "column \"{}\" is taken by {}",
                        field.name(),
                        function.name()
                    ),
                )
                .with_hint("Give the query's column another name with AS."));
            }
        }
    }
    Ok(answer)
}

/// Refuses a column that names records twice, or is to be compared as well.
fn check_named(options: &ResolveOptions) -> Result<()> {
    let (id, source) = (&options.unique_id, options.source.as_ref());
    let wrong = |message| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    if source == Some(id) {
        let message = format!("the options unique_id and source name the same column, \"{id}\"");
        let hint = "Leave out source, or name the column that tells systems apart.";
        return Err(wrong(message).with_hint(hint));
    }
    let kinds = options.compare.iter();
    let compared = kinds.filter(|(_, kind)| *kind != ColumnKind::Ignore);
    let own = options.own_levels.iter().map(|own| &own.column);
    let mut compared = compared.map(|(column, _)| column).chain(own);
    match compared.find(|column| *column == id || Some(*column) == source) {
        Some(column) => Err(wrong(format!(
            "the option compare names column \"{column}\", which names records and is not compared"
        ))
        .with_hint(format!(
            "Have the query give it twice, and compare the other one: \"{column}\" AS compared."
        ))),
        None => Ok(()),
    }
}

/// Refuses records that have nothing to be compared by: each would be an entity of its own.
fn check_compared(options: &ResolveOptions, input: &Schema) -> Result<()> {
    let is_name =
        |name: &String| *name == options.unique_id || options.source.as_ref() == Some(name);
    let is_ignored = |name: &String| {
        let mut said = options.compare.iter();
        said.any(|(column, kind)| column == name && *kind == ColumnKind::Ignore)
    };
    let mut names = input.fields().iter().map(|field| field.name());
    if names.any(|name| !is_name(name) && !is_ignored(name)) {
        return Ok(());
    }
    Err(Error::new(
        SqlState::INVALID_TABLE_DEFINITION,
        "the query of a model has no column to compare",
    )
    .with_detail("Records are named by unique_id and source, which are not compared.")
    .with_hint(
        "Add the columns that tell whether two records are one: names, addresses, numbers, titles.",
    ))
}

/// The columns that a function on a model answers with.
pub fn columns_of(model: &Object, function: ModelFunction) -> SchemaRef {
    let has_source = match &model.definition {
        Statement::CreateModel(create) => create.options.get("source").is_some(),
        _ => false,
    };
    let mut own = model.schema.fields().iter();
    match (own.next(), own.next().filter(|_| has_source)) {
        (Some(id), source) => schema(function, id, source.map(AsRef::as_ref)),
        (None, _) => Arc::new(Schema::empty()),
    }
}

/// The columns of the table that keeps the pairs of a model.
pub fn columns_of_pairs(model: &Object) -> SchemaRef {
    let answered = columns_of(model, ModelFunction::Pairs);
    let kept = answered.fields().iter();
    let kept = kept.filter(|field| field.name() != LEVELS).cloned();
    Arc::new(Schema::new(kept.collect::<Vec<_>>()))
}

fn schema(function: ModelFunction, id: &Field, source: Option<&Field>) -> SchemaRef {
    let renamed = |field: &Field, prefix: &str| {
        Field::new(
            format!("{prefix}{}", field.name()),
            field.data_type().clone(),
            true,
        )
    };
    let fields: Vec<Field> = columns_of_function(function)
        .iter()
        .filter_map(|column| match column {
            Id(prefix) => Some(renamed(id, prefix)),
            Source(prefix) => source.map(|source| renamed(source, prefix)),
            Plain(name, data_type, _) => Some(Field::new(*name, data_type.data_type(), true)),
        })
        .collect();
    Arc::new(Schema::new(fields))
}
