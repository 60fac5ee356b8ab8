//! The condition of a join that an index serves.

use std::fmt;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;

use super::predicate::{Bound, Metric, Predicate};

/// A similarity of a text of each side, compared with a constant.
#[derive(Clone, Debug)]
pub(super) struct Similarity {
    pub(super) predicate: Predicate,
    /// The text of the left side, over its columns.
    pub(super) left: Arc<dyn PhysicalExpr>,
    /// The text of the right side, over its columns.
    pub(super) right: Arc<dyn PhysicalExpr>,
    /// The condition as it was written, over two columns: the left and the right text.
    pub(super) comparison: Arc<dyn PhysicalExpr>,
}

impl Similarity {
    /// The columns that `comparison` is over.
    pub(super) fn schema() -> SchemaRef {
        let text = |name| Field::new(name, DataType::Utf8, true);
        Arc::new(Schema::new(vec![text("left"), text("right")]))
    }

    /// The same with its sides exchanged.
    pub(super) fn swapped(&self) -> Result<Self> {
        let comparison = Arc::clone(&self.comparison).transform_up(|node| {
            let column = node.downcast_ref::<Column>().map(Column::index);
            Ok(match column {
                Some(0) => Transformed::yes(Arc::new(Column::new("right", 1)) as _),
                Some(_) => Transformed::yes(Arc::new(Column::new("left", 0)) as _),
                None => Transformed::no(node),
            })
        });
        Ok(Self {
            predicate: self.predicate,
            left: Arc::clone(&self.right),
            right: Arc::clone(&self.left),
            comparison: comparison.data()?,
        })
    }

    /// For each pair of texts, whether they are similar.
    pub(super) fn holds(&self, left: ArrayRef, right: ArrayRef) -> Result<Vec<bool>> {
        let batch = RecordBatch::try_new(Self::schema(), vec![left, right])?;
        let holds = self.comparison.evaluate(&batch)?;
        let holds = holds.into_array(batch.num_rows())?;
        let holds = as_boolean_array(&holds)?;
        Ok(holds.iter().map(|holds| holds == Some(true)).collect())
    }
}

/// The comparison, with the texts of both sides in it.
impl fmt::Display for Similarity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Arc::clone(&self.comparison).transform_up(|node| {
            let column = node.downcast_ref::<Column>().map(Column::index);
            Ok(match column {
                Some(0) => Transformed::yes(Arc::clone(&self.left)),
                Some(_) => Transformed::yes(Arc::clone(&self.right)),
                None => Transformed::no(node),
            })
        });
        match shown.data() {
            Ok(shown) => write!(f, "{shown}"),
            Err(_) => write!(f, "{}", self.comparison),
        }
    }
}

impl Predicate {
    /// Whether two texts of so many characters may be similar, as far as that tells.
    #[inline]
    pub(super) fn may_hold(&self, left: u32, right: u32) -> bool {
        match (self.metric, self.bound) {
            (Metric::Hamming, _) => left == right,
            (_, Bound::AtMost(distance)) => left.abs_diff(right) <= distance,
            _ => true,
        }
    }
}
