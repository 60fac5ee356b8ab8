//! What a similarity join is made of.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::{JoinSide, JoinType, NullEquality, plan_err};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::JoinOn;
use datafusion::physical_plan::joins::utils::{
    ColumnIndex, JoinFilter, build_join_schema, check_join_is_valid,
};

use super::keys;
use super::recognize::is_text;
use super::similarity::Similarity;

/// What a similarity join is made of.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) left: Arc<dyn ExecutionPlan>,
    pub(super) right: Arc<dyn ExecutionPlan>,
    pub(super) join_type: JoinType,
    /// Pairs of expressions, one over each side, that must be equal.
    pub(super) on: JoinOn,
    pub(super) null_equality: NullEquality,
    pub(super) similarity: Similarity,
    /// What pairs of rows must satisfy beside.
    pub(super) filter: Option<JoinFilter>,
    /// The columns given out, of those of the join; all without one.
    pub(super) projection: Option<Vec<usize>>,
    /// Whether both sides may have the same texts.
    pub(super) mirror: bool,
    pub(super) build: Build,
}

/// The side that is kept in memory, with an index over its texts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Build {
    Left,
    Right,
    /// The smaller one, which is found out when the join runs; the left where both are large.
    Smaller,
}

impl Parts {
    /// The columns of both sides, and where each comes from.
    pub(super) fn schema(&self) -> (Schema, Vec<ColumnIndex>) {
        let (left, right) = (self.left.schema(), self.right.schema());
        build_join_schema(&left, &right, &self.join_type)
    }

    /// What must hold for the join to run, whoever put it together; `schema` is that of
    /// [`Self::schema`].
    pub(super) fn check(&self, schema: &Schema) -> Result<()> {
        let (left, right) = (self.left.schema(), self.right.schema());
        check_join_is_valid(&left, &right, &self.on)?;
        for (left_key, right_key) in &self.on {
            let types = (left_key.data_type(&left)?, right_key.data_type(&right)?);
            if types.0 != types.1 || !keys::are_supported(&types.0) {
                return plan_err!(
                    "similarity join: the keys {left_key} ({}) and {right_key} ({}) cannot be compared",
                    types.0,
                    types.1
                );
            }
        }
        let texts = &self.similarity;
        for (text, schema) in [(&texts.left, &left), (&texts.right, &right)] {
            let data_type = text.data_type(schema)?;
            if !is_text(&data_type) {
                return plan_err!("similarity join: {text} is of type {data_type}, not a text");
            }
        }
        if let Some(filter) = &self.filter {
            check_filter(filter, &left, &right)?;
        }
        let columns = schema.fields().len();
        match self.projection.iter().flatten().find(|at| **at >= columns) {
            Some(at) => plan_err!("similarity join: there is no column {at} among {columns}"),
            None => Ok(()),
        }
    }
}

fn check_filter(filter: &JoinFilter, left: &Schema, right: &Schema) -> Result<()> {
    let fields = filter.schema().fields();
    let columns = filter.column_indices();
    if fields.len() != columns.len() {
        return plan_err!(
            "similarity join: the filter has {} columns, and {} places of columns",
            fields.len(),
            columns.len()
        );
    }
    for (column, field) in columns.iter().zip(fields) {
        let side = match column.side {
            JoinSide::Left => left,
            JoinSide::Right => right,
            JoinSide::None => return plan_err!("similarity join: the filter reads a mark"),
        };
        let found = side.fields().get(column.index);
        if !found.is_some_and(|found| found.data_type().equals_datatype(field.data_type())) {
            return plan_err!(
                "similarity join: the filter's column {} is not column {} of its side",
                field.name(),
                column.index
            );
        }
    }
    match filter.expression().data_type(filter.schema())? {
        DataType::Boolean => Ok(()),
        other => plan_err!("similarity join: the filter is of type {other}, not a condition"),
    }
}
