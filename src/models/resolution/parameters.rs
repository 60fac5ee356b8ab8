//! Parameters of a model that are known, and not estimated.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Schema};
use futures::TryStreamExt;
use tributary_udfs::resolve::KnownParameter;

use super::links::table;
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::StatementContext;
use crate::sql::create_model::CreateModel;
use crate::sql::model_functions::parse_name;
use crate::sql::model_options::OptionValue;
use crate::sql::name::DEFAULT_SCHEMA;
use crate::sql::options::check_known;

/// The option.
const PARAMETERS: &str = "parameters";
/// The columns of a relation of them, and what a struct has, as `entity_parameters` names them.
const COLUMNS: [&str; 4] = ["comparison", "level", "m", "u"];

/// That the option is a list of parameters, or a relation of them, which is named in full.
///
/// # Errors
/// 22023 for what is neither; 42703 for a relation without their columns.
pub fn check(create: &CreateModel, snapshot: &Snapshot) -> Result<()> {
    match create.options.get(PARAMETERS) {
        None => Ok(()),
        Some(OptionValue::Text(name)) => {
            let full = parse_name(name)?.qualify(DEFAULT_SCHEMA);
            match snapshot.relation(&full) {
                Some(relation) => check_columns(&relation.schema),
                None => Ok(()),
            }
        }
        Some(value) => listed(value).map(drop),
    }
}

fn check_columns(relation: &Schema) -> Result<()> {
    let missing = COLUMNS
        .iter()
        .find(|name| relation.field_with_name(name).is_err());
    let Some(missing) = missing else {
        return Ok(());
    };
    Err(Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("the relation of option \"{PARAMETERS}\" has no column \"{missing}\""),
    )
    .with_hint(format!(
        "It needs the columns {}, as entity_parameters has them.",
        COLUMNS.join(", ")
    )))
}

/// The parameters that a definition gives.
///
/// # Errors
/// Those of [`check`]; what reading the relation says.
pub async fn read(context: &StatementContext, create: &CreateModel) -> Result<Vec<KnownParameter>> {
    let relation = match create.options.get(PARAMETERS) {
        None => return Ok(Vec::new()),
        Some(OptionValue::Text(relation)) => relation,
        Some(value) => return listed(value),
    };
    let sql = format!(
        "SELECT comparison::TEXT, level::TEXT, m::DOUBLE PRECISION, u::DOUBLE PRECISION FROM {relation}"
    );
    let rows = table(context, &sql).await?;
    let mut rows = query::stream(context.state.clone(), rows).await?;
    let mut parameters = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        for row in 0..batch.num_rows() {
            let text = |column: usize| {
                let column = batch.column(column).as_string::<i32>();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            let number = |column: usize| {
                let column = batch.column(column).as_primitive::<Float64Type>();
                column.is_valid(row).then(|| column.value(row))
            };
            if let Some(comparison) = text(0) {
                parameters.push(KnownParameter {
                    comparison,
                    level: text(1),
                    m: number(2),
                    u: number(3),
                });
            }
        }
    }
    Ok(parameters)
}

/// The parameters that a list holds.
fn listed(value: &OptionValue) -> Result<Vec<KnownParameter>> {
    let unfit = |what: &OptionValue| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("option \"{PARAMETERS}\" has {what}, which is no parameter"),
        )
        .with_hint(
            "Write [{'comparison': 'email', 'level': 'equal', 'm': 0.9, 'u': 0.0001}, ...], or the name of a relation.",
        )
    };
    let OptionValue::List(values) = value else {
        return Err(unfit(value));
    };
    let mut seen = BTreeSet::new();
    let mut parameters = Vec::new();
    for value in values {
        let OptionValue::Struct(fields) = value else {
            return Err(unfit(value));
        };
        check_known(
            fields.iter().map(|(name, _)| name.as_str()),
            &COLUMNS,
            format_args!("a parameter in option \"{PARAMETERS}\""),
        )?;
        let text = |name: &str| {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map(|(_, field)| field.as_text().ok_or_else(|| unfit(value)))
        };
        let number = |name: &str| -> Result<Option<f64>> {
            let text = text(name).transpose()?;
            text.map(|text| text.parse().map_err(|_| unfit(value)))
                .transpose()
        };
        let parameter = KnownParameter {
            comparison: text("comparison").ok_or_else(|| unfit(value))??.to_owned(),
            level: text("level").transpose()?.map(str::to_owned),
            m: number("m")?,
            u: number("u")?,
        };
        if !seen.insert((parameter.comparison.clone(), parameter.level.clone())) {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("option \"{PARAMETERS}\" has {value} twice"),
            ));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}
