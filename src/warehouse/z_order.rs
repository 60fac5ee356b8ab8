//! The order of a space-filling curve: rows whose values are near each other in several columns come
//! to lie near each other in the files, so that a filter on any of the columns skips most of them.
//!
//! The values of each column are put into ranges of about as many rows, by a sample. The bits of the
//! ranges' numbers are interleaved, which is the Z-curve (Morton, A computer oriented geodetic data
//! base, 1966). Rows of one place on the curve are sorted by the columns from left to right, so that
//! one column alone gives its order.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::catalog::Session;
use datafusion::common::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt as _;

use crate::error::{Error, Result};

/// The most columns of an order; with more, each would get too few ranges to be of use.
pub(super) const MOST_COLUMNS: usize = 8;

/// The ranges of a column are numbered by so many bits, at most.
const MOST_BITS: usize = 10;

/// So many rows are looked at to find the ranges, about.
const SAMPLE_ROWS: u64 = 100_000;

/// The column of a row's place on the curve.
const PLACE: &str = "tributary:z_order";

/// The ranges of the columns of an order.
pub(super) struct ZOrder {
    columns: Vec<Ranges>,
    bits: usize,
}

/// The ranges of one column.
struct Ranges {
    converter: RowConverter,
    /// Where each range but the first begins.
    bounds: Vec<OwnedRow>,
}

impl ZOrder {
    /// Finds the ranges of columns, of which a plan gives these columns alone, of so many rows.
    pub async fn sample(
        plan: Arc<dyn ExecutionPlan>,
        session: &dyn Session,
        rows: u64,
    ) -> Result<Self> {
        let step = usize::try_from(rows.div_ceil(SAMPLE_ROWS).max(1)).unwrap_or(usize::MAX);
        let schema = plan.schema();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let sorted = SortField::new(field.data_type().clone());
            columns.push((RowConverter::new(vec![sorted])?, Vec::new()));
        }
        let mut batches = execute_stream(plan, session.task_ctx())?;
        let mut skip = 0;
        while let Some(batch) = batches.next().await.transpose()? {
            let places: UInt32Array = (skip..batch.num_rows())
                .step_by(step)
                .filter_map(|row| u32::try_from(row).ok())
                .collect();
            let read = batch.num_rows();
            // The next row that is chosen, counted from the next batch on.
            let chosen = places.len() * step;
            skip = skip + chosen - read;
            for ((converter, sampled), column) in columns.iter_mut().zip(batch.columns()) {
                let values = take(column, &places, None)?;
                let values = converter.convert_columns(&[values])?;
                sampled.extend(values.iter().map(|value| value.owned()));
            }
        }
        let bits = MOST_BITS.min(64 / columns.len().max(1));
        let columns = columns.into_iter().map(|(converter, mut sampled)| {
            sampled.sort_unstable();
            let ranges = 1_usize << bits;
            let bounds = (1..ranges).filter_map(|range| {
                let bound = sampled.get(range * sampled.len() / ranges);
                bound.cloned()
            });
            let mut bounds: Vec<OwnedRow> = bounds.collect();
            bounds.dedup();
            Ranges { converter, bounds }
        });
        Ok(Self {
            columns: columns.collect(),
            bits,
        })
    }

    /// The places of rows on the curve, by the values of the columns.
    fn places(&self, columns: &[ArrayRef]) -> Result<UInt64Array> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut ranges = Vec::with_capacity(columns.len());
        for (own, column) in self.columns.iter().zip(columns) {
            let values = own.converter.convert_columns(&[Arc::clone(column)])?;
            let range = |value| own.bounds.partition_point(|bound| bound.row() <= value) as u64;
            ranges.push(values.iter().map(range).collect::<Vec<u64>>());
        }
        let place = |row: usize| {
            let mut place = 0;
            for bit in (0..self.bits).rev() {
                for of_column in &ranges {
                    place = (place << 1) | ((of_column[row] >> bit) & 1);
                }
            }
            place
        };
        Ok((0..rows).map(place).collect::<Vec<u64>>().into())
    }

    /// Gives the rows of a plan in this order, by these columns of it; behind its columns is one more.
    pub fn sorted(
        self,
        plan: Arc<dyn ExecutionPlan>,
        by: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = plan.schema();
        let column = |index: usize| -> Arc<dyn PhysicalExpr> {
            Arc::new(Column::new(schema.field(index).name(), index))
        };
        let types = by.iter().map(|index| schema.field(*index).data_type());
        let place = ScalarFunctionExpr::try_new(
            Arc::new(self.function(types.cloned().collect())),
            by.iter().map(|index| column(*index)).collect(),
            &schema,
            Arc::new(ConfigOptions::default()),
        )?;
        let width = schema.fields().len();
        let own =
            (0..width).map(|index| ProjectionExpr::new(column(index), schema.field(index).name()));
        let place = ProjectionExpr::new(Arc::new(place), PLACE);
        let placed: Arc<dyn ExecutionPlan> =
            Arc::new(ProjectionExec::try_new(own.chain([place]), plan)?);
        let place: Arc<dyn PhysicalExpr> = Arc::new(Column::new(PLACE, width));
        let keys = [place]
            .into_iter()
            .chain(by.iter().map(|index| column(*index)));
        let ordering = LexOrdering::new(keys.map(PhysicalSortExpr::new_default))
            .ok_or_else(|| Error::internal("an order has no columns"))?;
        let sorted = SortExec::new(ordering.clone(), placed).with_preserve_partitioning(true);
        Ok(Arc::new(SortPreservingMergeExec::new(
            ordering,
            Arc::new(sorted),
        )))
    }

    fn function(self, types: Vec<DataType>) -> ScalarUDF {
        let places = move |arguments: &[ColumnarValue]| {
            let columns = ColumnarValue::values_to_arrays(arguments)?;
            let places = self.places(&columns)?;
            Ok::<_, DataFusionError>(ColumnarValue::Array(Arc::new(places)))
        };
        let immutable = Volatility::Immutable;
        create_udf(PLACE, types, DataType::UInt64, immutable, Arc::new(places))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    fn order(bounds: &[i64], columns: usize) -> ZOrder {
        let ranges = || {
            let converter = RowConverter::new(vec![SortField::new(DataType::Int64)]).unwrap();
            let bounds: ArrayRef = Arc::new(Int64Array::from(bounds.to_vec()));
            let rows = converter.convert_columns(&[bounds]).unwrap();
            let bounds = rows.iter().map(|row| row.owned()).collect();
            Ranges { converter, bounds }
        };
        ZOrder {
            columns: (0..columns).map(|_| ranges()).collect(),
            bits: 2,
        }
    }

    #[test]
    fn bits_of_ranges_are_interleaved() {
        let column = |values: [i64; 4]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
        let order = order(&[10, 20, 30], 2);
        let columns = [column([0, 15, 20, 99]), column([0, 9, 31, 30])];
        let places = order.places(&columns).unwrap();
        // 00 and 00, 01 and 00, 10 and 11, 11 and 11.
        assert_eq!(places.values(), &[0b0000, 0b0010, 0b1101, 0b1111]);
    }
}
