//! What people say of pairs of records, in relations: decisions that always hold, and labels that
//! are learned from.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Schema};
use futures::TryStreamExt;
use tributary_udfs::resolve::{Label, Records};

use super::called::Called;
use super::parameters;
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::StatementContext;
use crate::session::plan;
use crate::sql::model_functions::parse_name;
use crate::sql::model_options::OptionValue;
use crate::sql::name::{DEFAULT_SCHEMA, Quoted};
use crate::sql::{Statement, create_model::CreateModel, parse_one};

/// The option of pairs that are one entity.
pub const MUST_LINK: &str = "must_link";
/// The option of pairs that are two.
pub const CANNOT_LINK: &str = "cannot_link";
/// The option of pairs of which it is known whether they are one.
pub const LABELS: &str = "labels";

/// The column of labels that tells whether a pair is one entity.
const IS_MATCH: &str = "is_match";

/// The columns of a relation that name the two records of a pair, in the order of `entity_pairs`:
/// id and source of the left one, id and source of the right one. They have the names that they have
/// there; a relation that has no others may name them as it likes. Behind them is that of labels
/// which tells whether the pair is one entity.
///
/// # Errors
/// 42703 where there are none; 42804 for a label that is not boolean.
pub fn columns<'a>(
    option: &str,
    relation: &'a Schema,
    id: &str,
    source: Option<&str>,
) -> Result<Vec<&'a str>> {
    let names = std::iter::once(id).chain(source);
    let expected: Vec<String> = ["left_", "right_"]
        .iter()
        .flat_map(|side| names.clone().map(move |name| format!("{side}{name}")))
        .collect();
    let label = relation.field_with_name(IS_MATCH).ok();
    let label = label.filter(|_| option == LABELS);
    if let Some(label) = label.filter(|label| *label.data_type() != DataType::Boolean) {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!(
                "column \"{}\" of option \"{option}\" is not boolean",
                label.name()
            ),
        ));
    }
    let is_complete = label.is_some() == (option == LABELS);
    let by_name = expected
        .iter()
        .map(|name| relation.field_with_name(name).ok());
    let by_name: Option<Vec<_>> = by_name.collect();
    let own = relation.fields().iter().map(AsRef::as_ref);
    let own: Vec<_> = own.filter(|field| Some(*field) != label).collect();
    let found = by_name.or_else(|| (own.len() == expected.len()).then_some(own));
    if let Some(found) = found.filter(|_| is_complete) {
        let names = found.into_iter().chain(label);
        return Ok(names.map(|field| field.name().as_str()).collect());
    }
    let needed = expected.iter().map(String::as_str);
    let needed: Vec<&str> = match option {
        LABELS => needed.chain([IS_MATCH]).collect(),
        _ => needed.collect(),
    };
    Err(Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("the relation of option \"{option}\" does not name pairs of records"),
    )
    .with_hint(format!("It needs the columns {}.", needed.join(", "))))
}

/// That the relations of a model's options, which are named in full, have the columns that are read
/// of them.
///
/// # Errors
/// 22023 for an option that names no relation; 42703 where one does not.
pub fn check(create: &CreateModel, snapshot: &Snapshot) -> Result<()> {
    let text = |name: &str| create.options.get(name).and_then(OptionValue::as_text);
    let id = text("unique_id").unwrap_or_default();
    for option in [MUST_LINK, CANNOT_LINK, LABELS] {
        let Some(name) = relation(create, option)?.map(parse_name).transpose()? else {
            continue;
        };
        let full = name.qualify(DEFAULT_SCHEMA);
        if let Some(relation) = snapshot.relation(&full) {
            columns(option, &relation.schema, id, text("source"))?;
        }
    }
    parameters::check(create, snapshot)
}

/// The relation that an option names.
///
/// # Errors
/// 22023 for a value that is no name.
fn relation<'a>(create: &'a CreateModel, option: &str) -> Result<Option<&'a str>> {
    let Some(value) = create.options.get(option) else {
        return Ok(None);
    };
    let name = value.as_text().ok_or_else(|| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("option \"{option}\" is not the name of a relation"),
        )
        .with_hint(format!(
            "Put the pairs into a table, and name it: {option} = 'schema.name'."
        ))
    })?;
    Ok(Some(name))
}

/// What a relation says of pairs of records, by their places.
pub struct Said<T> {
    /// The pairs.
    pub pairs: Vec<T>,
    /// How many there are of records that are not there; they may come again.
    pub passed_over: usize,
}

/// The pairs of records that a relation names, by their places. `own` are the columns of the model's
/// clusters, of which the first name records.
///
/// # Errors
/// What reading the relation says; 22023 for a record that is to be two.
pub async fn read(
    context: &StatementContext,
    create: &CreateModel,
    option: &str,
    (records, own): (&Records, &Schema),
) -> Result<Said<(u32, u32)>> {
    let said = said(context, create, option, (records, own)).await?;
    let pairs = said.pairs.into_iter();
    Ok(Said {
        pairs: pairs.map(|said| (said.left, said.right)).collect(),
        passed_over: said.passed_over,
    })
}

/// The pairs of records of which labels tell whether they are one entity.
///
/// # Errors
/// Those of [`read`]; 22023 for a pair that they tell both of.
pub async fn labels(
    context: &StatementContext,
    create: &CreateModel,
    (records, own): (&Records, &Schema),
) -> Result<Said<Label>> {
    let said = said(context, create, LABELS, (records, own)).await?;
    let mut known = HashMap::with_capacity(said.pairs.len());
    for label in &said.pairs {
        let (left, right) = (label.left.max(label.right), label.left.min(label.right));
        let before = known.insert((left, right), label.is_match);
        if before.is_some_and(|before| before != label.is_match) {
            let (one, other) = (name(records, right), name(records, left));
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!(
                    "records \"{one}\" and \"{other}\" are one entity by one label, and two by another"
                ),
            )
            .with_hint("Take back one of them from the relation of labels."));
        }
    }
    Ok(said)
}

/// What a record is called in messages: its identifier, behind its source where there is that option.
fn name(records: &Records, record: u32) -> String {
    let id = records.id(record);
    match records.has_sources() {
        false => id.to_owned(),
        true => format!("{}:{id}", records.source(record)),
    }
}

/// The error of a record that is told to be two entities.
fn two_by_itself(option: &str, records: &Records, record: u32) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!(
            "option \"{option}\" tells record \"{}\" apart from itself",
            name(records, record)
        ),
    )
    .with_hint(format!("Take that pair out of the relation of {option}."))
}

/// What a relation says of pairs of records, by their places. A pair without a label is one, and that a
/// record is one with itself says nothing.
///
/// # Errors
/// What reading the relation says; 22023 for a record that is not one with itself.
async fn said(
    context: &StatementContext,
    create: &CreateModel,
    option: &str,
    (records, own): (&Records, &Schema),
) -> Result<Said<Label>> {
    let mut said = Said {
        pairs: Vec::new(),
        passed_over: 0,
    };
    let text = |name: &str| create.options.get(name).and_then(OptionValue::as_text);
    let Some(relation) = relation(create, option)? else {
        return Ok(said);
    };
    let id = text("unique_id").unwrap_or_default();
    let all = table(context, &format!("SELECT * FROM {relation}")).await?;
    let all = plan::columns(&all);
    let names = columns(option, &all, id, text("source"))?;
    let half = names.len() / 2;
    let of_names = names[..2 * half].iter().enumerate().map(|(at, name)| {
        let given = all.field_with_name(name)?.data_type();
        Ok(Called::new(given, own.field(at % half).data_type()))
    });
    let called: Vec<Called> = of_names.collect::<Result<_>>()?;
    let selected: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| match called.get(at) {
            Some(Called::AsText { .. }) => format!("{}::TEXT", Quoted(name)),
            _ => Quoted(name).to_string(),
        })
        .collect();
    let sql = format!("SELECT {} FROM {relation}", selected.join(", "));
    let rows = table(context, &sql).await?;
    let mut rows = query::stream(context.state.clone(), rows).await?;
    while let Some(batch) = rows.try_next().await? {
        let texts = called.iter().zip(batch.columns());
        let texts = texts.map(|(called, column)| called.texts(column));
        let texts: Vec<ArrayRef> = texts.collect::<Result<_>>()?;
        let texts: Vec<_> = texts.iter().map(|it| it.as_string::<i32>()).collect();
        let labels = batch
            .columns()
            .get(2 * half)
            .map(|column| column.as_boolean());
        for row in 0..batch.num_rows() {
            let value = |column: usize| {
                let column = texts.get(column)?;
                column.is_valid(row).then(|| column.value(row))
            };
            let place = |first: usize| {
                // A record may be of no source.
                let source = if half == 2 { value(first + 1) } else { None };
                let (source, id) = (source.unwrap_or(""), value(first)?);
                let found = records.find(source, id);
                found.or_else(|| records.find(source, called[first].other_text(id)?))
            };
            let is_match = match labels {
                Some(labels) => labels.is_valid(row).then(|| labels.value(row)),
                None => Some(true),
            };
            let Some(is_match) = is_match else { continue };
            match (place(0), place(half)) {
                (Some(left), Some(right)) if left != right => said.pairs.push(Label {
                    left,
                    right,
                    is_match,
                }),
                (Some(record), Some(_)) if option == CANNOT_LINK || !is_match => {
                    return Err(two_by_itself(option, records, record));
                }
                (Some(_), Some(_)) => {}
                _ => said.passed_over += 1,
            }
        }
    }
    Ok(said)
}

/// The plan of a query over relations that are named in full.
pub async fn table(
    context: &StatementContext,
    sql: &str,
) -> Result<datafusion::logical_expr::LogicalPlan> {
    match parse_one(sql)? {
        Statement::Query(query) => plan::query(context, &query).await,
        _ => Err(Error::internal(format!("{sql} is no query"))),
    }
}
