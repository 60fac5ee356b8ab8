//! An aggregate of which neither the order nor the split of the rows changes the answer, and what
//! DataFusion makes of it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature,
};

use super::declaration::{Declared, Definition};
use crate::FunctionError;

/// What an aggregate is beside its name and its form. Its methods are given the types of the
/// arguments, which fit the form.
pub(crate) trait Aggregate: Definition {
    /// The type of the answer.
    fn answer(&self, given: &[DataType]) -> Result<DataType>;

    /// What is kept of a group, to be merged with what is kept of others: the parts by name.
    fn state(&'static self, given: &[DataType]) -> Result<Vec<Field>>;

    /// Aggregates one group.
    fn accumulator(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>>;

    /// Aggregates the rows of a window, which come and leave.
    fn accumulator_of_window(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        self.accumulator(given)
    }

    /// Aggregates many groups at once, where it can.
    fn accumulator_of_groups(
        &'static self,
        _given: &[DataType],
    ) -> Option<Result<Box<dyn GroupsAccumulator>>> {
        None
    }

    /// What DISTINCT inside a call means.
    fn distinct(&self) -> Distinct;

    /// The error for another clause of a call, where it would change nothing and the user means
    /// something by it.
    fn refusal(&self, _clause: Clause) -> Option<FunctionError> {
        None
    }
}

/// What DISTINCT inside the call of an aggregate means.
#[derive(Debug)]
pub(crate) enum Distinct {
    /// Nothing: the answer from the distinct rows is that from all.
    Ignored,
    /// Something that is refused.
    Refused(FunctionError),
    /// What it says, where DataFusion itself leaves out the repeated rows before; else this error.
    Before(FunctionError),
}

/// A clause of a call, beside DISTINCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// ORDER BY inside the parentheses.
    OrderBy,
    /// RESPECT NULLS.
    RespectNulls,
}

/// The functions for DataFusion's registry.
pub(crate) fn declare_aggregates(functions: &[&'static dyn Aggregate]) -> Vec<Arc<AggregateUDF>> {
    let declared = functions
        .iter()
        .map(|function| Arc::new(AggregateUDF::from(Declared::new(*function))));
    declared.collect()
}

fn types(fields: &[FieldRef]) -> Vec<DataType> {
    let fields = fields.iter();
    fields.map(|field| field.data_type().clone()).collect()
}

impl Declared<dyn Aggregate> {
    /// The types of the arguments, where rows need not be distinct.
    fn arguments(&self, args: &AccumulatorArgs) -> Result<Vec<DataType>> {
        match self.definition.distinct() {
            Distinct::Refused(error) | Distinct::Before(error) if args.is_distinct => {
                Err(error.into())
            }
            _ => Ok(types(args.expr_fields)),
        }
    }
}

impl AggregateUDFImpl for Declared<dyn Aggregate> {
    fn name(&self) -> &str {
        self.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.check(given)?;
        self.definition.answer(given)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let parts = self.definition.state(&types(args.input_fields))?;
        let fields = parts.into_iter().map(|part| {
            let name = format_state_name(args.name, part.name());
            Arc::new(part.with_name(name))
        });
        Ok(fields.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.definition.accumulator(&self.arguments(&args)?)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.definition
            .accumulator_of_window(&self.arguments(&args)?)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        let given = types(args.expr_fields);
        self.definition.accumulator_of_groups(&given).is_some()
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let given = self.arguments(&args)?;
        let accumulator = self.definition.accumulator_of_groups(&given);
        accumulator.unwrap_or_else(|| {
            let name = self.name();
            datafusion::common::internal_err!("{name} aggregates one group at a time")
        })
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.definition.documentation()
    }
}
