//! Every pair, by the function itself: for few texts, and for what no index can narrow.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, lit};

use super::cancellation::Cancellation;
use super::index::{Build, Index, Scratch, Search};
use super::pairs::Pairs;
use super::similarity::Similarity;
use super::texts::Texts;

/// How many texts are compared at once.
const ROWS: u32 = 1024;

/// Compares with every text.
#[derive(Debug)]
pub(crate) struct AllPairs {
    texts: Arc<Texts>,
    expression: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
}

impl AllPairs {
    pub(crate) const STRATEGY: &'static str = "all pairs";

    pub(crate) fn new(build: &Build) -> Self {
        Self {
            texts: Arc::clone(&build.texts),
            expression: Arc::clone(&build.expression),
            schema: Similarity::schema(),
        }
    }

    pub(crate) fn build_size(_texts: &Texts) -> usize {
        size_of::<Self>()
    }

    fn compare(
        &self,
        probe: &str,
        last: u32,
        cancellation: &Cancellation,
        mut found: impl FnMut(u32),
    ) -> Result<()> {
        let expression = with_first(&self.expression, probe)?;
        for start in (0..last).step_by(ROWS as usize) {
            cancellation.check()?;
            let ids = start..last.min(start + ROWS);
            let mut column = StringBuilder::new();
            for id in ids.clone() {
                column.append_value(self.texts.get(id));
            }
            let column: ArrayRef = Arc::new(column.finish());
            let rows = column.len();
            let batch =
                RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::clone(&column), column])?;
            let holds = expression.evaluate(&batch)?.into_array(rows)?;
            for (id, holds) in ids.zip(as_boolean_array(&holds)?) {
                if holds == Some(true) {
                    found(id);
                }
            }
        }
        Ok(())
    }
}

/// The expression with a text in place of its first column.
fn with_first(expression: &Arc<dyn PhysicalExpr>, text: &str) -> Result<Arc<dyn PhysicalExpr>> {
    Arc::clone(expression)
        .transform(|node| {
            let column: Option<&Column> = node.downcast_ref::<Column>();
            Ok(match column {
                Some(column) if column.index() == 0 => {
                    Transformed::yes(lit(ScalarValue::Utf8(Some(text.to_string()))))
                }
                _ => Transformed::no(node),
            })
        })
        .data()
}

impl Index for AllPairs {
    fn scratch(&self) -> Scratch {
        Box::new(())
    }

    fn search(&self, search: &Search<'_>, _: &mut Scratch, pairs: &mut Pairs) -> Result<u32> {
        for id in search.ids.clone() {
            let last = if search.self_join {
                id + 1
            } else {
                self.texts.len() as u32
            };
            self.compare(search.texts.get(id), last, search.cancellation, |build| {
                pairs.push(id, build);
            })?;
            pairs.candidates += u64::from(last);
            pairs.verified += u64::from(last);
            if pairs.is_full() {
                return Ok(id + 1);
            }
        }
        Ok(search.ids.end)
    }

    fn scratch_size(&self, _: &Scratch) -> usize {
        0
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }

    fn strategy(&self) -> &'static str {
        Self::STRATEGY
    }
}
