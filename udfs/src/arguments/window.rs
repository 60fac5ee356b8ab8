//! A window function over whole partitions as a table of what it is, and what DataFusion makes of
//! it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};

use super::effort;
use super::form::Form;
use crate::{FunctionError, interrupt};

/// All there is to say of a function that answers a whole partition at once, whatever the frame:
/// one static of a file, named `FUNCTION`.
pub(crate) struct WindowFunction {
    /// Its name, and how it may be called.
    pub(crate) form: Form,
    /// The type of the answer to arguments of these types, which fit the form.
    pub(crate) answer: fn(&[DataType]) -> Result<DataType>,
    /// Computes the answers to the rows of a partition, in the order of the window.
    pub(crate) evaluate: fn(&Partition<'_>) -> Result<ArrayRef>,
    /// What its `#[user_doc]` says.
    pub(crate) documentation: fn() -> Option<&'static Documentation>,
}

impl WindowFunction {
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
    name: &'static str,
    columns: &'a [ArrayRef],
}

impl Partition<'_> {
    /// How many arguments were given.
    pub(crate) fn count(&self) -> usize {
        self.columns.len()
    }

    /// The argument at a position, counted from 0.
    pub(crate) fn column(&self, position: usize) -> Result<&ArrayRef> {
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
pub(crate) fn declare_window(functions: &[&'static WindowFunction]) -> Vec<Arc<WindowUDF>> {
    let declared = functions.iter().map(|function| {
        Arc::new(WindowUDF::from(Declared {
            signature: Form::signature(Volatility::Immutable),
            function,
        }))
    });
    declared.collect()
}

struct Declared {
    function: &'static WindowFunction,
    signature: Signature,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.form.name)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.function.form.name == other.function.form.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.form.name.hash(state);
    }
}

impl WindowUDFImpl for Declared {
    fn name(&self) -> &str {
        self.function.form.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let fields = field_args.input_fields().iter();
        let types: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        self.function.form.check(&types)?;
        let answer = (self.function.answer)(&types)?;
        Ok(Arc::new(Field::new(field_args.name(), answer, true)))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(WholePartition(self.function)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.function.documentation)()
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
