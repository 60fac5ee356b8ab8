//! Arrays of documents: DataFusion's `array_agg` and `make_array` forget of what type their elements
//! are, which is told by the metadata of a field.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature,
};

use super::function::{Answer, Arguments, Compute, Definition, Parameter};
use super::kind::JsonKind;
use super::types::read_texts;
use crate::postgres::Conversion;

macro_rules! declared {
    ($static:ident, $name:literal, $kind:expr) => {
        /// The same array as one of elements of another type.
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Any],
            answer: Answer::Array($kind),
            compute: Compute::Whole(|arguments| same(arguments, $kind)),
            ..Definition::STRICT
        };
    };
}

declared!(AS_JSON, "tributary_as_json_array", JsonKind::Json);
declared!(AS_JSONB, "tributary_as_jsonb_array", JsonKind::Jsonb);
declared!(AS_PATH, "tributary_as_jsonpath_array", JsonKind::Path);

/// The function that says that an array's elements are of this type.
pub(super) fn declaration(kind: JsonKind) -> &'static Definition {
    match kind {
        JsonKind::Json => &AS_JSON,
        JsonKind::Jsonb => &AS_JSONB,
        JsonKind::Path => &AS_PATH,
    }
}

macro_rules! read {
    ($static:ident, $name:literal, $kind:expr) => {
        /// An array of texts as one of elements of another type.
        static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Any],
            answer: Answer::Array($kind),
            compute: Compute::Whole(|arguments| read(arguments, $kind)),
            ..Definition::STRICT
        };
    };
}

read!(READ_JSON, "tributary_read_json_array", JsonKind::Json);
read!(READ_JSONB, "tributary_read_jsonb_array", JsonKind::Jsonb);
read!(READ_PATH, "tributary_read_jsonpath_array", JsonKind::Path);

/// The function that reads the elements of an array as ones of this type.
pub(super) fn reading(kind: JsonKind) -> &'static Definition {
    match kind {
        JsonKind::Json => &READ_JSON,
        JsonKind::Jsonb => &READ_JSONB,
        JsonKind::Path => &READ_PATH,
    }
}

/// The type of arrays of this type.
pub(super) fn array_type(kind: JsonKind) -> DataType {
    DataType::List(kind.field(Field::LIST_FIELD_DEFAULT_NAME))
}

fn same(arguments: &Arguments<'_>, kind: JsonKind) -> Result<ArrayRef> {
    each(arguments, kind, |texts| Ok(Arc::clone(texts)))
}

fn read(arguments: &Arguments<'_>, kind: JsonKind) -> Result<ArrayRef> {
    each(arguments, kind, |texts| {
        read_texts(&cast(texts, &DataType::Utf8)?, kind)
    })
}

/// Arrays of documents, made of the elements of all dimensions of arrays.
fn each(
    arguments: &Arguments<'_>,
    kind: JsonKind,
    made: impl Fn(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    fn within(
        lists: &ListArray,
        kind: JsonKind,
        made: &impl Fn(&ArrayRef) -> Result<ArrayRef>,
    ) -> Result<ArrayRef> {
        let (_, offsets, values, nulls) = lists.clone().into_parts();
        let (item, values) = match values.as_list_opt::<i32>() {
            Some(lists) => {
                let values = within(lists, kind, made)?;
                let item = Field::new_list_field(values.data_type().clone(), true);
                (Arc::new(item), values)
            }
            None => (kind.field(Field::LIST_FIELD_DEFAULT_NAME), made(&values)?),
        };
        Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?))
    }
    let array = arguments.columns()?.pop();
    match array.as_ref().and_then(|it| it.as_list_opt::<i32>()) {
        Some(lists) => within(lists, kind, &made),
        None => exec_err!("an array is expected"),
    }
}

/// An array with the field of its elements that a type says.
fn of_elements(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    let (DataType::List(item), Some(lists)) = (wanted, array.as_list_opt::<i32>()) else {
        return Ok(Arc::clone(array));
    };
    let (_, offsets, values, nulls) = lists.clone().into_parts();
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(item),
        offsets,
        values,
        nulls,
    )?))
}

const DECLARED: Conversion = Conversion {
    values: |values| Ok(values.to_vec()),
    answers: of_elements,
};

/// `array_agg` of documents.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ArrayOfDocuments {
    inner: Arc<AggregateUDF>,
    kind: JsonKind,
}

impl ArrayOfDocuments {
    /// What takes the place of `array_agg`; none for another function.
    pub(super) fn of(function: &AggregateUDF, kind: JsonKind) -> Option<Arc<AggregateUDF>> {
        (*function == *array_agg_udaf()).then(|| Self::around(array_agg_udaf(), kind))
    }

    fn around(inner: Arc<AggregateUDF>, kind: JsonKind) -> Arc<AggregateUDF> {
        Arc::new(AggregateUDF::new_from_impl(Self { inner, kind }))
    }
}

impl AggregateUDFImpl for ArrayOfDocuments {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(array_type(self.kind))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let answer = array_type(self.kind);
        Ok(Box::new(
            DECLARED.around(self.inner.accumulator(args)?, &answer),
        ))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let answer = array_type(self.kind);
        let inner = self.inner.create_sliding_accumulator(args)?;
        Ok(Box::new(DECLARED.around(inner, &answer)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let answer = array_type(self.kind);
        let inner = self.inner.create_groups_accumulator(args)?;
        Ok(Box::new(DECLARED.around(inner, &answer)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn with_beneficial_ordering(
        self: Arc<Self>,
        beneficial_ordering: bool,
    ) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        let inner = AggregateUDF::clone(&self.inner);
        let inner = inner.with_beneficial_ordering(beneficial_ordering)?;
        Ok(inner.map(|inner| -> Arc<dyn AggregateUDFImpl> {
            Arc::new(Self {
                inner: Arc::new(inner),
                kind: self.kind,
            })
        }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.inner.reverse_udf() {
            ReversedUDAF::Reversed(inner) => ReversedUDAF::Reversed(Self::around(inner, self.kind)),
            other => other,
        }
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.inner.supports_null_handling_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
