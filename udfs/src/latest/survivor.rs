//! A function that answers with one row of a group as a table of what it is.

use std::fmt;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, Documentation, GroupsAccumulator};

use super::accumulator::Surviving;
use super::comparable::plain_type;
use super::groups::SurvivingOfGroups;
use super::layout::Layout;
use super::window::SurvivingInWindow;
use crate::FunctionError;
use crate::arguments::{Aggregate, Clause, Definition, Distinct, Form, Kind};

/// A number for each row out of a function's parameters.
pub(super) type Rank = fn(&[ArrayRef]) -> Result<Int64Array>;

/// All there is to say of a function that answers with one row of a group: one static of a file,
/// named `FUNCTION`.
///
/// The row that survives has the greatest rank; of those with the same, the greatest orders, one
/// after the other; of those with the same, the greatest value. Rows without a value do not count.
pub(super) struct Survivor {
    /// Its name, and how many arguments there must be.
    pub(super) form: Form,
    /// The arguments before the orders, the value first.
    pub(super) parameters: &'static [&'static str],
    /// Whether the orders count the other way round. A NULL loses either way.
    pub(super) earliest: bool,
    /// Checks the types of the parameters, beyond that they can be compared.
    pub(super) check: fn(&'static str, &[DataType]) -> Result<(), FunctionError>,
    /// The rank of each row, where something outweighs the orders. It is given the parameters.
    pub(super) rank: Option<Rank>,
    /// Which of the parameters is the answer.
    pub(super) answer: usize,
    /// What its `#[user_doc]` says.
    pub(super) documentation: fn() -> Option<&'static Documentation>,
}

impl Survivor {
    /// What most of these functions have in common; the rest a file says itself.
    pub(super) const LATEST: Self = Self {
        form: Form {
            name: "",
            parameters: &[Kind::Comparable],
            counts: &[2],
        },
        parameters: &["value"],
        earliest: false,
        check: |_, _| Ok(()),
        rank: None,
        answer: 0,
        documentation: || None,
    };
}

impl fmt::Debug for Survivor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form.name)
    }
}

impl Definition for Survivor {
    fn form(&self) -> &Form {
        &self.form
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        (self.documentation)()
    }

    fn repeating(&self) -> bool {
        true
    }
}

impl Aggregate for Survivor {
    fn answer(&self, given: &[DataType]) -> Result<DataType> {
        (self.check)(self.form.name, given)?;
        Ok(plain_type(&given[self.answer]))
    }

    fn state(&'static self, given: &[DataType]) -> Result<Vec<Field>> {
        let layout = Layout::new(self, given)?;
        let fields = layout.fields();
        Ok(fields
            .map(|(part, kept)| Field::new(part, kept.clone(), true))
            .collect())
    }

    fn accumulator(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Surviving::new(Layout::new(self, given)?)))
    }

    fn accumulator_of_window(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SurvivingInWindow::new(Layout::new(self, given)?)))
    }

    fn accumulator_of_groups(
        &'static self,
        given: &[DataType],
    ) -> Option<Result<Box<dyn GroupsAccumulator>>> {
        let layout = Layout::new(self, given);
        Some(layout.map(|layout| Box::new(SurvivingOfGroups::new(layout)) as _))
    }

    /// What survives of rows survives of the distinct ones.
    fn distinct(&self) -> Distinct {
        Distinct::Ignored
    }

    fn refusal(&self, clause: Clause) -> Option<FunctionError> {
        Some(refusal(self.form.name, clause))
    }
}

/// The error for a clause that would be of no use to a function that picks from a group.
pub(super) fn refusal(name: &str, clause: Clause) -> FunctionError {
    match clause {
        Clause::OrderBy => {
            FunctionError::unsupported(format!("{name} does not take ORDER BY inside its call"))
                .with_hint(
                    "Give what decides between rows as arguments behind the value; the greatest \
                     is taken.",
                )
        }
        Clause::RespectNulls => FunctionError::unsupported(format!(
            "{name} does not take RESPECT NULLS: a NULL never survives"
        ))
        .with_hint("Take latest_record with a struct of the columns to keep NULLs."),
    }
}
