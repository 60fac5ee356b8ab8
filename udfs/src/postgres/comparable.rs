//! Values in forms of which equal ones are the same, and which sort as PostgreSQL sorts the values.
//!
//! Arrow compares months, then days, then the rest of intervals, so that 48 hours are less than a day; to
//! PostgreSQL a month has 30 days and a day 24 hours where they are compared, and so an interval is its
//! length here. Within arrays and records Arrow tells `-0` from `0`, one NaN from another, and documents of
//! `jsonb` by their texts. NULL comes behind all other elements and attributes. Arrays of several dimensions
//! have an order of their own (`array_order`).

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DynComparator, Float32Array, Float64Array, ListArray,
    StructArray, make_comparator,
};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, SortExpr, Volatility,
};

use super::array_order;
use super::converted::only_value;
use super::functions::has_dimensions;
use super::interval::{SPAN, spans};
use crate::json::{JsonKind, sort_keys_of};

/// The type of the comparable forms of values.
pub fn comparable_type(data_type: &DataType) -> DataType {
    form_type(data_type).unwrap_or_else(|| data_type.clone())
}

/// The type of forms that are not the values themselves.
fn form_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Interval(_) => Some(SPAN),
        float if float.is_floating() => Some(float.clone()),
        DataType::List(item) => {
            let item = Field::new_list_field(form_within(item)?, true);
            Some(DataType::List(Arc::new(item)))
        }
        DataType::Struct(parts) => {
            let mut types = parts.iter().map(|part| form_within(part));
            types.any(|form| form.is_some()).then(|| {
                let parts = parts.iter().map(|part| {
                    let form = form_within(part).unwrap_or_else(|| part.data_type().clone());
                    Field::new(part.name(), form, true)
                });
                DataType::Struct(parts.collect())
            })
        }
        _ => None,
    }
}

/// [`form_type`] of elements and attributes, where documents have a form, too.
fn form_within(field: &Field) -> Option<DataType> {
    match is_document(field) {
        true => Some(DataType::Binary),
        false => form_type(field.data_type()),
    }
}

fn is_document(field: &Field) -> bool {
    JsonKind::of_field(field) == Some(JsonKind::Jsonb)
}

/// The comparable forms of values.
///
/// # Errors
/// What Arrow says of arrays that do not fit their types.
pub fn comparable(values: &ArrayRef) -> Result<ArrayRef> {
    forms(values, values.data_type())
}

/// The forms of values, of whose type more may be known than they tell themselves.
fn forms(values: &ArrayRef, own: &DataType) -> Result<ArrayRef> {
    let Some(form) = form_type(own) else {
        return Ok(Arc::clone(values));
    };
    Ok(match (own, form) {
        (DataType::Interval(_), _) => spans(values)?,
        (DataType::Float32, _) => {
            let floats = values.as_primitive::<Float32Type>();
            let one = |value: f32| {
                if value.is_nan() {
                    f32::NAN
                } else {
                    value + 0.0
                }
            };
            Arc::new(floats.unary::<_, Float32Type>(one) as Float32Array)
        }
        (DataType::Float64, _) => {
            let floats = values.as_primitive::<Float64Type>();
            let one = |value: f64| {
                if value.is_nan() {
                    f64::NAN
                } else {
                    value + 0.0
                }
            };
            Arc::new(floats.unary::<_, Float64Type>(one) as Float64Array)
        }
        (DataType::List(own), DataType::List(item)) => {
            let (_, offsets, items, nulls) = values.as_list::<i32>().clone().into_parts();
            let items = forms_within(&items, own)?;
            Arc::new(ListArray::try_new(item, offsets, items, nulls)?)
        }
        (DataType::Struct(own), DataType::Struct(fields)) => {
            let (_, parts, nulls) = values.as_struct().clone().into_parts();
            let parts = parts.iter().zip(own);
            let parts = parts.map(|(part, own)| forms_within(part, own));
            let parts = parts.collect::<Result<_>>()?;
            Arc::new(StructArray::try_new(fields, parts, nulls)?)
        }
        _ => Arc::clone(values),
    })
}

fn forms_within(values: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    match is_document(field) {
        true => sort_keys_of(&cast(values, &DataType::Utf8)?),
        false => forms(values, field.data_type()),
    }
}

/// Compares values of one array with values of another by their places; NULL comes last.
pub(super) fn in_order(one: &ArrayRef, other: &ArrayRef) -> Result<DynComparator> {
    if has_dimensions(one.data_type()) && has_dimensions(other.data_type()) {
        return array_order::in_order(one, other);
    }
    let nulls_last = SortOptions::new(false, false);
    let (one, other) = (comparable(one)?, comparable(other)?);
    Ok(make_comparator(&one, &other, nulls_last)?)
}

/// Whether values of one array are those of another, row by row; NULL is NULL.
pub(super) fn are_equal(one: &ArrayRef, other: &ArrayRef) -> Result<BooleanArray> {
    if !one.data_type().is_nested() {
        return Ok(not_distinct(&comparable(one)?, &comparable(other)?)?);
    }
    let compare = in_order(one, other)?;
    let are_equal = (0..one.len()).map(|row| Some(compare(row, row).is_eq()));
    Ok(are_equal.collect())
}

/// Whether values of a type are compared by forms: intervals, and what has floats or intervals within.
/// Floats by themselves are compared as they are.
pub fn is_by_form(data_type: &DataType) -> bool {
    !data_type.is_floating() && form_type(data_type).is_some()
}

/// Whether all of these are compared by forms, and are none yet.
pub(super) fn are_by_form<const N: usize>(expressions: [&Expr; N], schema: &DFSchema) -> bool {
    expressions.iter().all(|expression| {
        let own = expression.get_type(schema);
        !is_form(expression) && own.is_ok_and(|own| is_by_form(&own))
    })
}

/// Whether an expression gives forms: a plan is analyzed more than once.
fn is_form(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => is_form(&alias.expr),
        Expr::ScalarFunction(call) => call.func.inner().downcast_ref::<Comparable>().is_some(),
        _ => false,
    }
}

/// The comparable form of a value.
pub(super) fn form(value: Expr) -> Expr {
    if is_form(&value) {
        return value;
    }
    let function = ScalarUDF::new_from_impl(Comparable::new());
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![value]))
}

/// Puts what is compared by forms in their order, and arrays of several dimensions in theirs; answers whether there
/// was any.
pub(super) fn order_by_form(order: &mut Vec<SortExpr>, schema: &DFSchema) -> bool {
    let given = std::mem::take(order);
    let count = given.len();
    order.extend(
        given
            .into_iter()
            .flat_map(|key| array_order::keys(key, schema)),
    );
    let mut is_changed = order.len() != count;
    for sort in order {
        if are_by_form([&sort.expr], schema) {
            sort.expr = form(std::mem::take(&mut sort.expr));
            is_changed = true;
        }
    }
    is_changed
}

/// Has a key of its own say where arrays that are NULL stand, where that is not where they stand by themselves; answers
/// whether any does. Arrow has NULL stand among the elements of arrays where it stands among these, PostgreSQL behind
/// all other elements.
pub(super) fn order_nulls_apart(order: &mut Vec<SortExpr>, schema: &DFSchema) -> bool {
    let is_meant = |key: &SortExpr| {
        let own = key.expr.get_type(schema);
        key.asc == key.nulls_first && own.is_ok_and(|own| matches!(own, DataType::List(_)))
    };
    if !order.iter().any(is_meant) {
        return false;
    }
    for key in std::mem::take(order) {
        if is_meant(&key) {
            order.push(key.expr.clone().is_null().sort(!key.nulls_first, false));
            order.push(key.expr.sort(key.asc, !key.asc));
        } else {
            order.push(key);
        }
    }
    true
}

/// Gives the comparable form of a value.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Comparable {
    signature: Signature,
}

impl Comparable {
    fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Comparable {
    fn name(&self) -> &str {
        "comparable"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [given] => Ok(comparable_type(given)),
            _ => exec_err!("one value has a comparable form"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone());
        let form = self.return_type(&given.collect::<Vec<_>>())?;
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), form, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let own = args.arg_fields.first().map(|field| field.data_type());
        match (args.args.as_slice(), own) {
            ([ColumnarValue::Array(values)], Some(own)) => {
                Ok(ColumnarValue::Array(forms(values, own)?))
            }
            ([ColumnarValue::Scalar(value)], Some(own)) => {
                let form = forms(&value.to_array()?, own)?;
                Ok(ColumnarValue::Scalar(only_value(&form)?))
            }
            _ => exec_err!("one value has a comparable form"),
        }
    }
}
