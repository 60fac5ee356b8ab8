//! A window function over whole partitions as a table of what it is, and what DataFusion makes of
//! it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, WindowUDF, WindowUDFImpl,
};

use super::declaration::{Declared, Definition};
use super::effort;
use super::form::{Form, Kind};
use crate::{FunctionError, interrupt};

/// All there is to say of a function that answers a whole partition at once: one static of a file,
/// named `FUNCTION`.
pub(crate) struct WindowFunction {
    /// Its name, and how it may be called.
    pub(crate) form: Form,
    /// Whether the last parameter may be given any number of times.
    pub(crate) repeating: bool,
    /// Whether the order of the rows makes a difference, where so many arguments are given.
    pub(crate) ordered: fn(usize) -> bool,
    /// What to do in the place of clauses that it does not follow.
    pub(crate) hints: Hints,
    /// The type of the answer to arguments of these types, which fit the form of this name.
    pub(crate) answer: fn(&str, &[DataType]) -> Result<DataType, FunctionError>,
    /// Computes the answers to the rows of a partition, in the order of the window.
    pub(crate) evaluate: fn(&Partition<'_>) -> Result<ArrayRef>,
    /// What its `#[user_doc]` says.
    pub(crate) documentation: fn() -> Option<&'static Documentation>,
}

/// What to do in the place of clauses that a window function does not follow, as whole sentences.
#[derive(Debug)]
pub(crate) struct Hints {
    /// In the place of IGNORE NULLS and RESPECT NULLS.
    pub(crate) nulls: &'static str,
    /// In the place of a frame.
    pub(crate) frame: &'static str,
}

impl WindowFunction {
    /// What most of these functions have in common; the rest a file says itself.
    pub(crate) const UNORDERED: Self = Self {
        form: Form {
            name: "",
            parameters: &[Kind::Number],
            counts: &[1],
        },
        repeating: false,
        ordered: |_| false,
        hints: Hints {
            nulls: "NULL gives NULL and counts for nothing: leave the clause out.",
            frame: "Leave the frame out; aggregates follow one, as in \
                    avg(value) OVER (... ROWS BETWEEN ...).",
        },
        answer: |_, _| Ok(DataType::Float64),
        evaluate: |partition| partition.column(0).cloned(),
        documentation: || None,
    };

    /// The answers to the rows of a partition, of which these are the arguments.
    pub(crate) fn over(&self, columns: &[ArrayRef]) -> Result<ArrayRef> {
        let partition = Partition {
            name: self.form.name,
            columns,
        };
        interrupt::call(
            || effort::has_many_rows(columns),
            || (self.evaluate)(&partition),
        )
    }
}

/// The rows of a partition, in the order of the window.
#[derive(Debug)]
pub(crate) struct Partition<'a> {
    /// The function that is called.
    pub(crate) name: &'static str,
    /// Its arguments, an array each.
    columns: &'a [ArrayRef],
}

impl<'a> Partition<'a> {
    /// How many arguments were given.
    pub(crate) fn count(&self) -> usize {
        self.columns.len()
    }

    /// The arguments from a position on, counted from 0.
    pub(crate) fn columns_from(&self, position: usize) -> &'a [ArrayRef] {
        self.columns.get(position..).unwrap_or_default()
    }

    /// The argument at a position, counted from 0.
    pub(crate) fn column(&self, position: usize) -> Result<&'a ArrayRef> {
        self.columns.get(position).ok_or_else(|| {
            let message = format!("{}: argument {} is missing", self.name, position + 1);
            FunctionError::no_such_form(message).into()
        })
    }

    /// The argument at a position, cast to numbers of a kind.
    pub(crate) fn numbers<T: ArrowPrimitiveType>(
        &self,
        position: usize,
    ) -> Result<PrimitiveArray<T>> {
        let numbers = cast(self.column(position)?, &T::DATA_TYPE)?;
        Ok(numbers.as_primitive::<T>().clone())
    }

    /// The argument at a position that must be the same in every row: a parameter, called so in the
    /// error. `None` for NULL, and where there are no rows.
    pub(crate) fn parameter<T: ArrowPrimitiveType>(
        &self,
        position: usize,
        parameter: &str,
    ) -> Result<Option<T::Native>> {
        let numbers = self.numbers::<T>(position)?;
        let mut rows = numbers.iter();
        let first = rows.next().flatten();
        if rows.any(|other| other != first) {
            let message = format!(
                "{}: {parameter} is not the same in all rows of a partition",
                self.name
            );
            return Err(FunctionError::invalid_argument(message)
                .with_hint("Give a constant, or a column of PARTITION BY.")
                .into());
        }
        Ok(first)
    }
}

/// The functions for DataFusion's registry.
pub(crate) fn declare_windows(functions: &[&'static WindowFunction]) -> Vec<Arc<WindowUDF>> {
    let declared = functions
        .iter()
        .map(|function| Arc::new(WindowUDF::from(Declared::new(*function))));
    declared.collect()
}

impl Definition for WindowFunction {
    fn form(&self) -> &Form {
        &self.form
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        (self.documentation)()
    }

    fn repeating(&self) -> bool {
        self.repeating
    }
}

impl WindowUDFImpl for Declared<WindowFunction> {
    fn name(&self) -> &str {
        self.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let fields = field_args.input_fields().iter();
        let given: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        self.check(&given)?;
        let answer = (self.definition.answer)(self.name(), &given)?;
        Ok(Arc::new(Field::new(field_args.name(), answer, true)))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(WholePartition(self.definition)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.definition.documentation()
    }
}

/// Sees all rows of a partition at once, whatever the frame.
struct WholePartition(&'static WindowFunction);

impl fmt::Debug for WholePartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.form.name)
    }
}

impl PartitionEvaluator for WholePartition {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        self.0.over(values)
    }
}
