//! Human decisions: relations of pairs of records that are, or are not, one entity.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Schema;
use futures::TryStreamExt;
use tributary_udfs::resolve::Records;

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

/// The columns of a relation that name the two records of a pair, in the order of `entity_pairs`:
/// id and source of the left one, id and source of the right one. They have the names that they have
/// there; a relation that has no others may name them as it likes.
///
/// # Errors
/// 42703 where there are none.
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
    let found: Option<Vec<&str>> = expected
        .iter()
        .map(|name| Some(relation.field_with_name(name).ok()?.name().as_str()))
        .collect();
    if let Some(found) = found {
        return Ok(found);
    }
    let fields = relation.fields();
    if fields.len() == expected.len() {
        return Ok(fields.iter().map(|field| field.name().as_str()).collect());
    }
    Err(Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("the relation of option \"{option}\" does not name pairs of records"),
    )
    .with_hint(format!("It needs the columns {}.", expected.join(", "))))
}

/// That the relations of a model's decisions, which are named in full, name pairs of records.
///
/// # Errors
/// 42703 where one does not.
pub fn check(create: &CreateModel, snapshot: &Snapshot) -> Result<()> {
    let text = |name: &str| create.options.get(name).and_then(OptionValue::as_text);
    let id = text("unique_id").unwrap_or_default();
    for option in [MUST_LINK, CANNOT_LINK] {
        let Some(name) = text(option).map(parse_name).transpose()? else {
            continue;
        };
        let full = name.qualify(DEFAULT_SCHEMA);
        if let Some(relation) = snapshot.relation(&full) {
            columns(option, &relation.schema, id, text("source"))?;
        }
    }
    Ok(())
}

/// The pairs of records that a relation names, by their places. Those of records that are not there
/// are passed over: they may come again.
///
/// # Errors
/// What reading the relation says.
pub async fn read(
    context: &StatementContext,
    create: &CreateModel,
    option: &str,
    records: &Records,
) -> Result<Vec<(u32, u32)>> {
    let mut pairs = Vec::new();
    each(context, create, option, |left, right| {
        let place = |(id, source): (&str, &str)| records.find(source, id);
        if let (Some(left), Some(right)) = (place(left), place(right))
            && left != right
        {
            pairs.push((left, right));
        }
    })
    .await?;
    Ok(pairs)
}

/// Calls for each pair that a relation names: identifier and source of the left record and of the
/// right one; sources are empty where there are none.
///
/// # Errors
/// What reading the relation says.
pub async fn each(
    context: &StatementContext,
    create: &CreateModel,
    option: &str,
    mut each: impl FnMut((&str, &str), (&str, &str)),
) -> Result<()> {
    let Some(OptionValue::Text(relation)) = create.options.get(option) else {
        return Ok(());
    };
    let text = |name: &str| create.options.get(name).and_then(OptionValue::as_text);
    let id = text("unique_id").unwrap_or_default();
    let all = table(context, &format!("SELECT * FROM {relation}")).await?;
    let all = plan::columns(&all);
    let names = columns(option, &all, id, text("source"))?;
    let selected: Vec<String> = names
        .iter()
        .map(|name| format!("{}::TEXT", Quoted(name)))
        .collect();
    let sql = format!("SELECT {} FROM {relation}", selected.join(", "));
    let rows = table(context, &sql).await?;
    let mut rows = query::stream(context.state.clone(), rows).await?;
    while let Some(batch) = rows.try_next().await? {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| column.as_string::<i32>())
            .collect();
        let half = columns.len() / 2;
        for row in 0..batch.num_rows() {
            let value = |column: usize| {
                let column = columns.get(column)?;
                column.is_valid(row).then(|| column.value(row))
            };
            let side = |first: usize| {
                let source = if half == 2 { value(first + 1)? } else { "" };
                Some((value(first)?, source))
            };
            if let (Some(left), Some(right)) = (side(0), side(half)) {
                each(left, right);
            }
        }
    }
    Ok(())
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
