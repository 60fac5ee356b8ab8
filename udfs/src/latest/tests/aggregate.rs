//! An aggregate function over columns, in each of the ways in which DataFusion runs it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;

use super::super::functions;

/// A function and the columns that it is called with.
pub(super) struct Aggregate {
    function: Arc<AggregateUDF>,
    fields: Vec<FieldRef>,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    schema: Schema,
}

/// The rows of columns at some places.
pub(super) fn rows(columns: &[ArrayRef], places: &[usize]) -> Vec<ArrayRef> {
    let places: UInt64Array = places.iter().map(|place| Some(*place as u64)).collect();
    let columns = columns.iter();
    columns
        .map(|column| take(column, &places, None).unwrap())
        .collect()
}

fn scalars(array: &ArrayRef) -> Vec<ScalarValue> {
    (0..array.len())
        .map(|row| ScalarValue::try_from_array(array, row).unwrap())
        .collect()
}

impl Aggregate {
    pub(super) fn new(name: &str, columns: &[ArrayRef]) -> Self {
        let mut functions = functions().into_iter();
        let function = functions.find(|function| function.name() == name).unwrap();
        let fields: Vec<FieldRef> = columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let name = format!("c{place}");
                Arc::new(Field::new(name, column.data_type().clone(), true))
            })
            .collect();
        let exprs = fields.iter().enumerate().map(|(place, field)| {
            Arc::new(Column::new(field.name(), place)) as Arc<dyn PhysicalExpr>
        });
        Self {
            function,
            exprs: exprs.collect(),
            schema: Schema::new(fields.clone()),
            fields,
        }
    }

    fn with_args<T>(&self, make: impl FnOnce(AccumulatorArgs<'_>) -> T) -> T {
        make(AccumulatorArgs {
            return_field: self.function.return_field(&self.fields).unwrap(),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "answer",
            is_distinct: false,
            exprs: &self.exprs,
            expr_fields: &self.fields,
        })
    }

    fn of_groups(&self) -> Box<dyn GroupsAccumulator> {
        self.with_args(|args| self.function.create_groups_accumulator(args).unwrap())
    }

    fn of_one(&self) -> Box<dyn Accumulator> {
        self.with_args(|args| self.function.accumulator(args).unwrap())
    }

    fn sliding(&self) -> Box<dyn Accumulator> {
        self.with_args(|args| self.function.create_sliding_accumulator(args).unwrap())
    }

    /// The answers of each group: all rows in one accumulator, the first groups given before the
    /// others.
    pub(super) fn whole(
        &self,
        columns: &[ArrayRef],
        groups: &[usize],
        kept: &BooleanArray,
        count: usize,
        first: usize,
    ) -> Vec<ScalarValue> {
        let mut accumulator = self.of_groups();
        accumulator
            .update_batch(columns, groups, Some(kept), count)
            .unwrap();
        let mut answers = scalars(&accumulator.evaluate(EmitTo::First(first)).unwrap());
        if first < count {
            answers.extend(scalars(&accumulator.evaluate(EmitTo::All).unwrap()));
        }
        answers
    }

    /// As [`Self::whole`], where only the rows of the groups behind the first come again.
    pub(super) fn resumed(
        &self,
        columns: &[ArrayRef],
        groups: &[usize],
        count: usize,
        first: usize,
    ) -> Vec<ScalarValue> {
        let mut accumulator = self.of_groups();
        accumulator
            .update_batch(columns, groups, None, count)
            .unwrap();
        let mut answers = scalars(&accumulator.evaluate(EmitTo::First(first)).unwrap());
        if first < count {
            let places: Vec<usize> = (0..groups.len())
                .filter(|place| groups[*place] >= first)
                .collect();
            let moved: Vec<usize> = places.iter().map(|place| groups[*place] - first).collect();
            let again = rows(columns, &places);
            accumulator
                .update_batch(&again, &moved, None, count - first)
                .unwrap();
            answers.extend(scalars(&accumulator.evaluate(EmitTo::All).unwrap()));
        }
        answers
    }

    /// The answers of each group: parts of the rows in accumulators of their own, then merged, the
    /// first groups before the others; every other part goes to its state row by row.
    pub(super) fn merged(
        &self,
        columns: &[ArrayRef],
        groups: &[usize],
        kept: &BooleanArray,
        count: usize,
        batch: usize,
    ) -> Vec<ScalarValue> {
        let mut whole = self.of_groups();
        let places: Vec<usize> = (0..groups.len()).collect();
        for (number, places) in places.chunks(batch).enumerate() {
            let part = rows(columns, places);
            let kept: BooleanArray = places
                .iter()
                .map(|place| kept.is_valid(*place).then(|| kept.value(*place)))
                .collect();
            let groups: Vec<usize> = places.iter().map(|place| groups[*place]).collect();
            if number % 2 == 0 {
                let mut partial = self.of_groups();
                partial
                    .update_batch(&part, &groups, Some(&kept), count)
                    .unwrap();
                let cut = count / 2;
                for (emitted, groups) in [(EmitTo::First(cut), 0..cut), (EmitTo::All, cut..count)] {
                    let state = partial.state(emitted).unwrap();
                    let groups: Vec<usize> = groups.collect();
                    whole.merge_batch(&state, &groups, count).unwrap();
                }
            } else {
                let state = self.of_groups().convert_to_state(&part, Some(&kept));
                whole.merge_batch(&state.unwrap(), &groups, count).unwrap();
            }
        }
        scalars(&whole.evaluate(EmitTo::All).unwrap())
    }

    /// The answer of all rows in one accumulator, and of parts of them merged.
    pub(super) fn of_one_group(&self, columns: &[ArrayRef], batch: usize) -> [ScalarValue; 2] {
        let (mut whole, mut merged) = (self.of_one(), self.of_one());
        let places: Vec<usize> = (0..columns[0].len()).collect();
        for places in places.chunks(batch) {
            let part = rows(columns, places);
            whole.update_batch(&part).unwrap();
            let mut partial = self.of_one();
            partial.update_batch(&part).unwrap();
            let state = partial.state().unwrap();
            let state: Vec<ArrayRef> = state
                .iter()
                .map(|scalar| scalar.to_array().unwrap())
                .collect();
            merged.merge_batch(&state).unwrap();
        }
        [whole.evaluate().unwrap(), merged.evaluate().unwrap()]
    }

    /// The answers of the last rows, as many as the window is wide, up to each row.
    pub(super) fn in_window(&self, columns: &[ArrayRef], width: usize) -> Vec<ScalarValue> {
        let mut window = self.sliding();
        assert!(window.supports_retract_batch());
        (0..columns[0].len())
            .map(|row| {
                window.update_batch(&rows(columns, &[row])).unwrap();
                if row >= width {
                    window
                        .retract_batch(&rows(columns, &[row - width]))
                        .unwrap();
                }
                assert!(window.size() > 0);
                window.evaluate().unwrap()
            })
            .collect()
    }
}
