//! Comparisons by levels that a model's definition writes as conditions on two records, `l` and
//! `r`.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::PhysicalExpr;
use tributary_udfs::resolve::{MOST_OWN_LEVELS, OwnComparisons, OwnLevels};

use super::option_text;
use crate::error::{Error, Result, SqlState};
use crate::models::expression;
use crate::sql::model_options::OptionValue;

/// What the two records of a pair are called.
const SIDES: [&str; 2] = ["l", "r"];

/// The levels of two records where a condition is not known to hold, and where none holds.
const MISSING: u8 = 0;
const DIFFERENT: u8 = 1;

/// What these are called, where levels are told.
const MISSING_LABEL: &str = "missing";
const DIFFERENT_LABEL: &str = "different";

/// The conditions of a column's levels, as they are written: the most alike first.
#[derive(Clone, Debug)]
pub struct Levels {
    /// The column.
    pub column: String,
    /// What each level is called, and its condition.
    pub conditions: Vec<(String, String)>,
}

impl Levels {
    /// The levels that the option `compare` gives to a column; none where it gives a kind.
    ///
    /// # Errors
    /// 22023 for what is neither, and for a level that is called as one that there is without it.
    pub fn read(column: &str, value: &OptionValue) -> Result<Option<Self>> {
        let unfit = || {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid levels of column \"{column}\" in option \"compare\""),
            )
            .with_hint(
                "Write a list of conditions, the most alike first: ['l.email = r.email', ...].",
            )
        };
        let text = |value: &OptionValue| value.as_text().map(str::to_owned).ok_or_else(unfit);
        let conditions: Vec<(String, String)> = match value {
            OptionValue::Text(_) => return Ok(None),
            OptionValue::List(conditions) => conditions
                .iter()
                .map(|condition| Ok((text(condition)?, text(condition)?)))
                .collect::<Result<_>>()?,
            OptionValue::Struct(levels) => levels
                .iter()
                .map(|(label, condition)| Ok((label.clone(), text(condition)?)))
                .collect::<Result<_>>()?,
        };
        if conditions.is_empty() {
            return Err(unfit());
        }
        // The engine has levels of these names, by which parameters and explanations tell them.
        let taken =
            |label: &str| label.is_empty() || [MISSING_LABEL, DIFFERENT_LABEL].contains(&label);
        if let Some((label, _)) = conditions.iter().find(|(label, _)| taken(label)) {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("a level of column \"{column}\" in option \"compare\" is called \"{label}\""),
            )
            .with_hint(format!(
                "Call it something else: \"{DIFFERENT_LABEL}\" are records of which no condition holds, \"{MISSING_LABEL}\" those of which none is known to."
            )));
        }
        if conditions.len() > MOST_OWN_LEVELS {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!(
                    "column \"{column}\" has {} levels in option \"compare\"",
                    conditions.len()
                ),
            )
            .with_hint(format!("It can have {MOST_OWN_LEVELS}.")));
        }
        Ok(Some(Self {
            column: column.to_owned(),
            conditions,
        }))
    }

    /// What the engine is told of them.
    pub fn own(&self) -> OwnLevels {
        let labels = self.conditions.iter().rev();
        OwnLevels {
            column: self.column.clone(),
            labels: labels.map(|(label, _)| label.clone()).collect(),
        }
    }
}

/// Conditions over pairs of records, ready to be computed.
#[derive(Debug)]
pub struct Conditions {
    /// The columns of a record that they read.
    columns: Vec<usize>,
    /// Those of both records of a pair.
    pair: SchemaRef,
    /// For each comparison its conditions, the most alike first.
    comparisons: Vec<Vec<Condition>>,
}

/// The condition of a level.
#[derive(Debug)]
struct Condition {
    holds: Arc<dyn PhysicalExpr>,
    /// What the level is called in messages.
    level: String,
}

/// What a level of a column is called in messages.
fn described(label: &str, column: &str) -> String {
    format!("level \"{label}\" of column \"{column}\"")
}

impl Conditions {
    /// The conditions of comparisons of records of this schema.
    ///
    /// # Errors
    /// 42804 for what is no condition; what planning it says; the level named.
    pub async fn new(state: &SessionState, input: &Schema, comparisons: &[Levels]) -> Result<Self> {
        let [left, right] = SIDES.map(|side| DFSchema::try_from_qualified_schema(side, input));
        let both = left?.join(&right?)?;
        let mut planned = Vec::new();
        for levels in comparisons {
            let mut conditions = Vec::with_capacity(levels.conditions.len());
            for (label, text) in &levels.conditions {
                let condition = condition(state, &both, text).await;
                let condition =
                    condition.map_err(|error| error.within(described(label, &levels.column)));
                conditions.push(condition?);
            }
            planned.push(conditions);
        }
        let width = input.fields().len();
        let mut columns = BTreeSet::new();
        for (levels, conditions) in comparisons.iter().zip(&planned) {
            for ((label, _), condition) in levels.conditions.iter().zip(conditions) {
                let read = collect_columns(condition);
                let sides: BTreeSet<usize> =
                    read.iter().map(|column| column.index() / width).collect();
                if sides.len() < SIDES.len() {
                    return Err(Error::new(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!(
                            "{} does not compare two records",
                            described(label, &levels.column)
                        ),
                    )
                    .with_hint(
                        "Write the columns of the one behind l., those of the other behind r.",
                    ));
                }
                columns.extend(read.iter().map(|column| column.index() % width));
            }
        }
        let columns: Vec<usize> = columns.into_iter().collect();
        let comparisons = comparisons.iter().zip(planned);
        let comparisons = comparisons
            .map(|(levels, conditions)| {
                let labelled = levels.conditions.iter().zip(conditions);
                let moved = labelled.map(|((label, _), condition)| {
                    Ok(Condition {
                        holds: over(condition, &columns, width)?,
                        level: described(label, &levels.column),
                    })
                });
                moved.collect::<Result<Vec<_>>>()
            })
            .collect::<Result<Vec<_>>>()?;
        let fields = SIDES.iter().flat_map(|side| {
            columns.iter().map(move |column| {
                let field = input.field(*column);
                let name = format!("{side}.{}", field.name());
                Field::new(name, field.data_type().clone(), true)
            })
        });
        Ok(Self {
            pair: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            columns,
            comparisons,
        })
    }
}

/// The condition over the columns of two records that a text is.
async fn condition(
    state: &SessionState,
    both: &DFSchema,
    text: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let parsed = option_text::expression(text)?;
    expression::steady_condition(state, both, parsed, "compare").await
}

/// A condition over the columns of two records, over those of them that are read.
fn over(
    condition: Arc<dyn PhysicalExpr>,
    columns: &[usize],
    width: usize,
) -> Result<Arc<dyn PhysicalExpr>> {
    let moved = condition.transform(|part| {
        let Some(column) = part.downcast_ref::<Column>() else {
            return Ok(Transformed::no(part));
        };
        let (side, of_record) = (column.index() / width, column.index() % width);
        let place = columns.binary_search(&of_record).unwrap_or_default();
        let index = side * columns.len() + place;
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(column.name(), index));
        Ok(Transformed::yes(column))
    });
    Ok(moved.data()?)
}

impl OwnComparisons for Conditions {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn levels(
        &self,
        left: &RecordBatch,
        right: &RecordBatch,
    ) -> Result<Vec<Vec<u8>>, DataFusionError> {
        let rows = left.num_rows();
        let columns = left.columns().iter().chain(right.columns()).cloned();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let pair = Arc::clone(&self.pair);
        let pairs = RecordBatch::try_new_with_options(pair, columns.collect(), &options)?;
        let comparisons = self.comparisons.iter();
        comparisons
            .map(|conditions| levels(conditions, &pairs))
            .collect()
    }
}

/// For each pair the level of the first condition that holds. Where none does, and one is not
/// known to hold or not, something is missing.
fn levels(conditions: &[Condition], pairs: &RecordBatch) -> Result<Vec<u8>, DataFusionError> {
    let rows = pairs.num_rows();
    let mut levels = vec![DIFFERENT; rows];
    let mut open = vec![true; rows];
    for (at, condition) in conditions.iter().enumerate() {
        // The others are decided: what is costly is computed for no more than it must.
        let wanted = BooleanArray::from(open.clone());
        if !wanted.has_true() {
            break;
        }
        let level = DIFFERENT + (conditions.len() - at) as u8;
        let holds = condition.holds.evaluate_selection(pairs, &wanted);
        let holds = holds.and_then(|holds| holds.into_array(rows));
        let holds = holds.map_err(|error| option_text::failed(error, &condition.level))?;
        let holds = holds.as_boolean();
        for row in 0..rows {
            if !open[row] {
                continue;
            }
            if holds.is_null(row) {
                levels[row] = MISSING;
            } else if holds.value(row) {
                levels[row] = level;
                open[row] = false;
            }
        }
    }
    Ok(levels)
}
