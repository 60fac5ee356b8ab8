//! A function that answers with one row of a group as a table of what it is, and what DataFusion
//! makes of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use super::accumulator::Surviving;
use super::comparable;
use super::groups::SurvivingOfGroups;
use super::layout::Layout;
use super::window::SurvivingInWindow;
use crate::FunctionError;
use crate::arguments::{Form, forms};
use crate::wording::type_name;

/// A number for each row out of a function's parameters.
pub(super) type Rank = fn(&[ArrayRef]) -> Result<Int64Array>;

/// All there is to say of a function that answers with one row of a group: one static of a file,
/// named `FUNCTION`.
///
/// The row that survives has the greatest rank; of those with the same, the greatest orders, one
/// after the other; of those with the same, the greatest value. Rows without a value do not count.
pub(super) struct Survivor {
    /// The SQL name.
    pub(super) name: &'static str,
    /// The arguments before the orders, the value first.
    pub(super) parameters: &'static [&'static str],
    /// How many orders there must be.
    pub(super) least_orders: usize,
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
        name: "",
        parameters: &["value"],
        least_orders: 1,
        earliest: false,
        check: |_, _| Ok(()),
        rank: None,
        answer: 0,
        documentation: || None,
    };
}

impl fmt::Debug for Survivor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Checks how many arguments there are, and that they can be compared.
pub(super) fn check_arguments(
    name: &'static str,
    least: usize,
    documentation: Option<&Documentation>,
    given: &[DataType],
) -> Result<(), FunctionError> {
    if given.len() < least {
        let plural = if least == 1 { "" } else { "s" };
        let error = FunctionError::no_such_form(format!(
            "{name} takes at least {least} argument{plural}, not {}",
            given.len()
        ));
        return Err(match documentation {
            Some(known) => error.with_hint(forms(known)),
            None => error,
        });
    }
    for (position, given) in given.iter().enumerate() {
        if !comparable::is_comparable(given) {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes values that can be compared as argument {}, not {}",
                position + 1,
                type_name(given)
            )));
        }
    }
    Ok(())
}

/// The function for DataFusion's registry.
pub(super) fn declare(survivor: &'static Survivor) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(Declared {
        survivor,
        signature: Form::signature(Volatility::Immutable),
    }))
}

/// A survivor with what DataFusion asks for.
pub(super) struct Declared {
    survivor: &'static Survivor,
    signature: Signature,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.survivor, f)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.survivor.name == other.survivor.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.survivor.name.hash(state);
    }
}

impl Declared {
    fn layout(&self, fields: &[FieldRef]) -> Result<Layout> {
        let fields = fields.iter();
        let types: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        Layout::new(self.survivor, &types)
    }
}

impl AggregateUDFImpl for Declared {
    fn name(&self) -> &str {
        self.survivor.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let survivor = self.survivor;
        let least = survivor.parameters.len() + survivor.least_orders;
        check_arguments(survivor.name, least, self.documentation(), given)?;
        (survivor.check)(survivor.name, given)?;
        Ok(comparable::plain_type(&given[survivor.answer]))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let layout = self.layout(args.input_fields)?;
        let fields = layout.fields().map(|(part, kept)| {
            let name = format_state_name(args.name, &part);
            Arc::new(Field::new(name, kept.clone(), true))
        });
        Ok(fields.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Surviving::new(self.layout(args.expr_fields)?)))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let layout = self.layout(args.expr_fields)?;
        Ok(Box::new(SurvivingInWindow::new(layout)))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let layout = self.layout(args.expr_fields)?;
        Ok(Box::new(SurvivingOfGroups::new(layout)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.survivor.documentation)()
    }
}
