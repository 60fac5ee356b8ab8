//! Functions of arrays and elements, called with arrays of several dimensions: `array_replace` reaches the elements
//! of all of them, and the others take arrays of one dimension alone, as PostgreSQL tells where it has another one.
//! To DataFusion the elements of such arrays are arrays.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

use super::converted::only_value;
use super::functions::has_dimensions;
use super::of_one_type::MEMBERSHIP;
use crate::FunctionError;

const FUNCTIONS: [&str; 6] = [
    "array_append",
    "array_position",
    "array_positions",
    PREPEND,
    "array_remove",
    "array_replace",
];

/// The one whose array comes last.
const PREPEND: &str = "array_prepend";

/// Registers the functions, in the place of those of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for name in FUNCTIONS {
        let of_elements = OfElements {
            inner: registry.udf(name)?,
            signature: Signature::user_defined(Volatility::Immutable),
        };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(of_elements)))?;
    }
    Ok(())
}

/// The array among the arguments of such a function, or of `array_has`, and the values that are elements of it.
pub(super) fn array_and_elements<'a, T>(name: &str, given: &'a [T]) -> Option<(&'a T, &'a [T])> {
    if name != MEMBERSHIP && !FUNCTIONS.contains(&name) {
        return None;
    }
    let (array, elements) = places(name);
    let last = elements.end.min(given.len());
    Some((given.get(array)?, given.get(elements.start..last)?))
}

/// Where the array is among arguments, and where elements of it are.
fn places(name: &str) -> (usize, Range<usize>) {
    match name {
        PREPEND => (1, 0..1),
        "array_replace" => (0, 1..3),
        _ => (0, 1..2),
    }
}

/// What elements of an array, and values beside it, are read as where that is not the type of both: a text may be
/// a literal, and numbers are numbers of one type.
pub(super) fn common(element: &DataType, values: &[DataType]) -> Option<DataType> {
    let is_read = element.is_temporal()
        || element.is_numeric()
        || matches!(
            element,
            DataType::Boolean | DataType::Binary | DataType::Interval(_)
        );
    let is_text = |own: &DataType| own.is_string() || own.is_null();
    if is_read && values.iter().any(DataType::is_string) && values.iter().all(is_text) {
        return Some(element.clone());
    }
    let is_number = |own: &DataType| own.is_numeric() || own.is_null();
    if !element.is_numeric() || !values.iter().all(is_number) {
        return None;
    }
    let mut numbers = values.iter().filter(|own| own.is_numeric());
    numbers.try_fold(element.clone(), |common, own| {
        comparison_coercion(&common, own)
    })
}

/// A function, which is asked where arrays have one dimension.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfElements {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl OfElements {
    /// The array's place among arguments, where it has several dimensions and what is beside it is no array.
    fn nested(&self, given: &[DataType]) -> Option<usize> {
        let (place, _) = places(self.name());
        let mut others = given.iter().enumerate().filter(|(at, _)| *at != place);
        let is_nested = given.get(place).is_some_and(has_dimensions);
        (is_nested && !others.any(|(_, own)| own.is_list())).then_some(place)
    }

    /// What becomes of arrays that have no function for their elements.
    fn without_elements(
        &self,
        arrays: &ArrayRef,
        answer: &DataType,
    ) -> Result<ArrayRef, FunctionError> {
        let lists = arrays.as_list::<i32>();
        let has_elements =
            (0..lists.len()).any(|row| lists.is_valid(row) && lists.value_length(row) > 0);
        match self.name() {
            "array_remove" if has_elements => Err(FunctionError::unsupported(
                "removing elements from multidimensional arrays is not supported",
            )),
            "array_position" | "array_positions" if has_elements => {
                Err(FunctionError::unsupported(
                    "searching for elements in multidimensional arrays is not supported",
                ))
            }
            "array_remove" => Ok(Arc::clone(arrays)),
            "array_position" | "array_positions" => Ok(new_null_array(answer, arrays.len())),
            _ => Err(FunctionError {
                sqlstate: "22000",
                message: "argument must be empty or one-dimensional array".to_owned(),
                hint: None,
            }),
        }
    }
}

/// The type of arrays of as many dimensions whose elements are of a type.
fn with_elements(array: &DataType, element: &DataType) -> DataType {
    match array {
        DataType::List(item) => {
            let own = with_elements(item.data_type(), element);
            DataType::List(Arc::new(Field::clone(item).with_data_type(own)))
        }
        _ => element.clone(),
    }
}

/// The type of the elements of all dimensions.
pub(super) fn element_of(array: &DataType) -> &DataType {
    match array {
        DataType::List(item) => element_of(item.data_type()),
        other => other,
    }
}

impl ScalarUDFImpl for OfElements {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let place = self.nested(given);
        let mut flat = given.to_vec();
        let common = match array_and_elements(self.name(), given) {
            Some((array @ DataType::List(_), values)) => common(element_of(array), values),
            _ => None,
        };
        if let Some(common) = common {
            let (array, elements) = places(self.name());
            for (at, own) in flat.iter_mut().enumerate() {
                if at == array {
                    *own = with_elements(own, &common);
                } else if elements.contains(&at) {
                    *own = common.clone();
                }
            }
        }
        if let Some(array) = place.and_then(|place| flat.get_mut(place)) {
            *array = DataType::new_list(element_of(array).clone(), true);
        } else if !matches!(self.name(), "array_append" | PREPEND)
            && given.first().is_some_and(has_dimensions)
        {
            return plan_err!("the elements of an array of several dimensions are no arrays");
        }
        let fields = flat.into_iter();
        let fields: Vec<FieldRef> = fields
            .map(|own| Arc::new(Field::new("", own, true)))
            .collect();
        let coerced = fields_with_udf(&fields, self.inner.as_ref())?;
        let coerced = coerced.iter().zip(given).enumerate();
        let coerced = coerced.map(|(at, (field, given))| match Some(at) == place {
            true => with_elements(given, element_of(field.data_type())),
            false => field.data_type().clone(),
        });
        Ok(coerced.collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        let is_array = !matches!(self.name(), "array_position" | "array_positions");
        let array = self.nested(&given);
        match array.and_then(|place| args.arg_fields.get(place)) {
            Some(array) if is_array => Ok(Arc::new(Field::clone(array).with_nullable(true))),
            _ => self.inner.return_field_from_args(args),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.args.iter();
        let given: Vec<DataType> = given.map(ColumnarValue::data_type).collect();
        let Some(array) = self.nested(&given).and_then(|place| args.args.get(place)) else {
            return self.inner.invoke_with_args(args);
        };
        if self.name() == "array_replace" {
            return self.inner.invoke_with_args(args);
        }
        let answer = args.return_field.data_type();
        Ok(match array {
            ColumnarValue::Array(arrays) => {
                ColumnarValue::Array(self.without_elements(arrays, answer)?)
            }
            ColumnarValue::Scalar(array) => {
                let answer = self.without_elements(&array.to_array()?, answer)?;
                ColumnarValue::Scalar(only_value(&answer)?)
            }
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
