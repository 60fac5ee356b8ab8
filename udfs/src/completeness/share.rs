//! The share of values that are there, or that are not, as an aggregate function.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use super::counts::{Counts, CountsOfGroups};
use crate::arguments::Form;

/// Which values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Those that are not NULL.
    Present,
    /// Those that are.
    Missing,
}

/// All there is to say of an aggregate that is such a share: one static of a file.
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

/// The functions for DataFusion's registry.
pub(super) fn declare(shares: &[&'static Share]) -> Vec<Arc<AggregateUDF>> {
    let declared = shares.iter().map(|share| {
        Arc::new(AggregateUDF::from(Declared {
            share,
            signature: Form::signature(Volatility::Immutable),
        }))
    });
    declared.collect()
}

struct Declared {
    share: &'static Share,
    signature: Signature,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.share.form.name)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.share.form.name == other.share.form.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.share.form.name.hash(state);
    }
}

impl AggregateUDFImpl for Declared {
    fn name(&self) -> &str {
        self.share.form.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        if self.share.repeating {
            self.share.form.check_repeating(arg_types)?;
        } else {
            self.share.form.check(arg_types)?;
        }
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part: &str| {
            let name = format_state_name(args.name, part);
            Arc::new(Field::new(name, DataType::UInt64, false))
        };
        Ok(vec![field("counted"), field("all")])
    }

    fn accumulator(&self, _acc_args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counts::new(self.share.counted)))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(CountsOfGroups::new(self.share.counted)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.share.documentation)()
    }
}
