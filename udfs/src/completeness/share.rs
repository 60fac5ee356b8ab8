//! The share of values that are there, or that are not, as an aggregate function.

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, Documentation, GroupsAccumulator};

use super::counts::{Counts, CountsOfGroups};
use crate::FunctionError;
use crate::arguments::{Aggregate, Definition, Distinct, Form};

/// Which values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Those that are not NULL.
    Present,
    /// Those that are.
    Missing,
}

/// All there is to say of an aggregate that is such a share: one static of a file, named
/// `FUNCTION`.
pub(super) struct Share {
    /// Its name, and how it may be called.
    pub(super) form: Form,
    /// Whether it takes any number of arguments.
    pub(super) repeating: bool,
    /// What it is the share of.
    pub(super) counted: Counted,
    /// What its `#[user_doc]` says.
    pub(super) documentation: fn() -> Option<&'static Documentation>,
}

impl Definition for Share {
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

impl Aggregate for Share {
    fn answer(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state(&'static self, _given: &[DataType]) -> Result<Vec<Field>> {
        let parts = ["counted", "all"];
        Ok(parts
            .map(|part| Field::new(part, DataType::UInt64, false))
            .to_vec())
    }

    fn accumulator(&'static self, _given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counts::new(self.counted)))
    }

    fn accumulator_of_groups(
        &'static self,
        _given: &[DataType],
    ) -> Option<Result<Box<dyn GroupsAccumulator>>> {
        Some(Ok(Box::new(CountsOfGroups::new(self.counted))))
    }

    fn distinct(&self) -> Distinct {
        let name = self.form.name;
        Distinct::Refused(
            FunctionError::unsupported(format!("{name} counts rows and takes no DISTINCT"))
                .with_hint("Ask a query of SELECT DISTINCT rows instead."),
        )
    }
}
