//! `coalesce`, `greatest`, `least` and `nullif` of a date, a moment, a time, an interval, a truth, bytes
//! or an array, and a text: the text is one of these, as PostgreSQL reads a literal. DataFusion knows nothing that
//! they have in common, or takes all for texts. Of bytes and NULL it knows nothing in common, either. Beside rows of
//! a composite type a text stays what it is: no cast makes a row of it, but the rule of these types does.
//!
//! `array_has`, by which `value = ANY (array)` is planned, compares a numeric to integers and reads literals, too.

use std::sync::Arc;

use arrow::array::Array;
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

use super::comparable::{in_order, is_by_form};
use super::converted::only_value;
use super::greatest_values;
use super::nested_order::is_nested;
use super::of_elements::common;
use crate::composites::CompositeKind;

/// Those that give one of their arguments, and those that compare arrays and elements.
const FUNCTIONS: [&str; 7] = [
    MEMBERSHIP,
    "array_has_all",
    "array_has_any",
    "coalesce",
    "greatest",
    "least",
    "nullif",
];

pub(super) const MEMBERSHIP: &str = "array_has";

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for name in FUNCTIONS {
        let of_one_type = OfOneType {
            inner: registry.udf(name)?,
            signature: Signature::user_defined(Volatility::Immutable),
        };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(of_one_type)))?;
    }
    Ok(())
}

/// A function whose arguments are of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfOneType {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

/// A value, or NULL where the other one is equal to it.
fn null_if_equal(
    value: &ColumnarValue,
    other: &ColumnarValue,
    wanted: &DataType,
) -> Result<ColumnarValue> {
    let given = [value.clone(), other.clone()];
    let columns = ColumnarValue::values_to_arrays(&given)?;
    let [values, others] = columns.as_slice() else {
        return Ok(value.clone());
    };
    let compare = in_order(values, others)?;
    let are_equal = (0..values.len()).map(|row| {
        let are_values = values.is_valid(row) && others.is_valid(row);
        Some(are_values && compare(row, row).is_eq())
    });
    let answers = cast(&nullif(values, &are_equal.collect())?, wanted)?;
    let is_column = |given: &ColumnarValue| matches!(given, ColumnarValue::Array(_));
    Ok(match given.iter().any(is_column) {
        true => ColumnarValue::Array(answers),
        false => ColumnarValue::Scalar(only_value(&answers)?),
    })
}

/// The type of the arguments beside texts, where these are literals of it.
fn beside_texts(given: &[DataType]) -> Option<DataType> {
    let mut others = given
        .iter()
        .filter(|own| !own.is_string() && !own.is_null());
    let first = others.next()?;
    let is_read = first.is_temporal()
        || matches!(
            first,
            DataType::Interval(_) | DataType::Boolean | DataType::Binary | DataType::List(_)
        )
        || CompositeKind::of(first).is_some();
    let has_texts = given.iter().any(DataType::is_string);
    (is_read && has_texts && others.all(|own| own == first)).then(|| first.clone())
}

/// The composite type of the rows, or of the arrays of such, that are answered where texts are among them.
fn rows_beside_texts(function: &str, given: &[DataType]) -> Option<DataType> {
    let is_meant = matches!(function, "coalesce" | "greatest" | "least");
    let common = beside_texts(given).filter(|_| is_meant);
    common.filter(|common| CompositeKind::of(common).is_some())
}

/// What DataFusion makes of arguments.
fn coerced(given: &[DataType], function: &ScalarUDF) -> Result<Vec<DataType>> {
    let fields = given.iter();
    let fields = fields.map(|given| Arc::new(Field::new("", given.clone(), true)));
    let fields: Vec<FieldRef> = fields.collect();
    let coerced = fields_with_udf(&fields, function)?.into_iter();
    Ok(coerced.map(|field| field.data_type().clone()).collect())
}

/// An array and a value that is looked for in it, as such of one type.
fn of_elements(given: &[DataType]) -> Option<Vec<DataType>> {
    let [DataType::List(item), value] = given else {
        return None;
    };
    let common = common(item.data_type(), std::slice::from_ref(value))?;
    let item = Field::clone(item).with_data_type(common.clone());
    Some(vec![DataType::List(Arc::new(item)), common])
}

impl ScalarUDFImpl for OfOneType {
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
        if self.name() == MEMBERSHIP {
            let coerced = coerced(given, self.inner.as_ref());
            return coerced.or_else(|error| of_elements(given).ok_or(error));
        }
        if rows_beside_texts(self.name(), given).is_some() {
            return Ok(given.to_vec());
        }
        if let Some(common) = beside_texts(given) {
            return Ok(vec![common; given.len()]);
        }
        let is_bytes = |own: &DataType| *own == DataType::Binary;
        if given.iter().any(is_bytes) && given.iter().all(|own| is_bytes(own) || own.is_null()) {
            return Ok(vec![DataType::Binary; given.len()]);
        }
        coerced(given, self.inner.as_ref())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        if let Some(rows) = rows_beside_texts(self.name(), &given) {
            return Ok(Arc::new(Field::new(self.name(), rows, true)));
        }
        self.inner.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut types = args.args.iter().map(ColumnarValue::data_type);
        if !types.all(|own| is_nested(&own) || is_by_form(&own)) {
            return self.inner.invoke_with_args(args);
        }
        match (self.name(), args.args.as_slice()) {
            ("greatest" | "least", values) => {
                let is_greatest = self.name() == "greatest";
                greatest_values::of(values, is_greatest, args.return_field.data_type())
            }
            ("nullif", [value, other]) => {
                null_if_equal(value, other, args.return_field.data_type())
            }
            _ => self.inner.invoke_with_args(args),
        }
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn conditional_arguments<'a>(
        &self,
        args: &'a [Expr],
    ) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
