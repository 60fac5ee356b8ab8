//! A function that fills gaps as a table of what it is, and what DataFusion makes of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};

use crate::arguments::{Form, has_many_rows};
use crate::{FunctionError, interrupt};

/// All there is to say of a window function that fills gaps: one static of a file, named
/// `IMPUTATION`.
pub(super) struct Imputation {
    /// Its name, and how it may be called.
    pub(super) form: Form,
    /// Whether the last parameter may be given any number of times.
    pub(super) repeating: bool,
    /// Whether the order of the rows makes a difference, where so many arguments are given.
    pub(super) ordered: fn(usize) -> bool,
    /// The type of the answer to arguments of these types, which fit the form.
    pub(super) answer: fn(&[DataType]) -> Result<DataType, FunctionError>,
    /// Fills the gaps of a partition: all its rows in the order of the window, an array an
    /// argument. The answer is of the type that was said.
    pub(super) fill: fn(&[ArrayRef]) -> Result<ArrayRef>,
    /// What its `#[user_doc]` says.
    pub(super) documentation: fn() -> Option<&'static Documentation>,
}

impl Imputation {
    /// What most have in common; the rest a file says itself.
    pub(super) const UNORDERED: Self = Self {
        form: Form {
            name: "",
            parameters: &[],
            counts: &[1],
        },
        repeating: false,
        ordered: |_| false,
        answer: |given| Ok(given.first().cloned().unwrap_or(DataType::Null)),
        fill: |arguments| Ok(Arc::clone(&arguments[0])),
        documentation: || None,
    };

    /// The type of the answer, or an error where the arguments do not fit.
    fn check(&self, given: &[DataType]) -> Result<DataType, FunctionError> {
        if self.repeating {
            self.form.check_repeating(given)?;
        } else {
            self.form.check(given)?;
        }
        (self.answer)(given)
    }
}

/// The functions for DataFusion's registry.
pub(super) fn declare(imputations: &[&'static Imputation]) -> Vec<Arc<WindowUDF>> {
    let declared = imputations.iter().map(|imputation| {
        Arc::new(WindowUDF::from(Declared {
            signature: Form::signature(Volatility::Immutable),
            imputation,
        }))
    });
    declared.collect()
}

struct Declared {
    imputation: &'static Imputation,
    signature: Signature,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.imputation.form.name)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.imputation.form.name == other.imputation.form.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.imputation.form.name.hash(state);
    }
}

impl WindowUDFImpl for Declared {
    fn name(&self) -> &str {
        self.imputation.form.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let fields = field_args.input_fields().iter();
        let given: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        let answer = self.imputation.check(&given)?;
        Ok(Arc::new(Field::new(field_args.name(), answer, true)))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(WholePartition(self.imputation)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.imputation.documentation)()
    }
}

/// Sees all rows of a partition at once, whatever the frame.
struct WholePartition(&'static Imputation);

impl fmt::Debug for WholePartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.form.name)
    }
}

impl PartitionEvaluator for WholePartition {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        let given: Vec<DataType> = values
            .iter()
            .map(|array| array.data_type().clone())
            .collect();
        self.0.check(&given)?;
        interrupt::call(|| has_many_rows(values), || (self.0.fill)(values))
    }
}
