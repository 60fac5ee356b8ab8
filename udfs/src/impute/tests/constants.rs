//! Constants in gaps, and whether there were gaps.

use arrow::array::{BooleanArray, Decimal128Array, Int32Array, StringArray};
use datafusion::logical_expr::ColumnarValue;

use super::*;
use crate::tests::call;

proptest! {
    #[test]
    fn every_gap_gets_the_constant_of_its_row(
        rows in prop::collection::vec((prop::option::of(0_i64..9), prop::option::of(0_i64..9)), 1..30),
    ) {
        let (values, constants): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let expected: Vec<_> = values.iter().zip(&constants).map(|(value, other)| value.or(*other)).collect();
        let filled = fill("impute_constant", &[integers(&values), integers(&constants)]);
        prop_assert_eq!(of_integers(&filled), expected.clone());

        let answer = call(
            "was_imputed",
            vec![ColumnarValue::Array(integers(&values)), ColumnarValue::Array(filled)],
            values.len(),
        );
        let imputed: BooleanArray = values
            .iter()
            .zip(&expected)
            .map(|(value, filled)| Some(value.is_none() && filled.is_some()))
            .collect();
        prop_assert_eq!(answer.as_boolean(), &imputed);
    }
}

#[test]
fn a_constant_takes_the_type_of_the_value_or_is_refused() {
    let gap: ArrayRef = Arc::new(Int32Array::from(vec![None]));
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let filled = fill("impute_constant", &[Arc::clone(&gap), constant(7, 1)]);
    assert_eq!(filled.as_ref(), &Int32Array::from(vec![7]));
    let filled = fill("impute_constant", &[Arc::clone(&gap), text("7")]);
    assert_eq!(filled.as_ref(), &Int32Array::from(vec![7]));
    let money: ArrayRef = Arc::new(
        Decimal128Array::from(vec![None])
            .with_precision_and_scale(6, 2)
            .unwrap(),
    );
    let filled = fill(
        "impute_constant",
        &[Arc::clone(&money), floats(&[Some(0.1)])],
    );
    assert_eq!(
        filled
            .as_primitive::<arrow::datatypes::Decimal128Type>()
            .value(0),
        10
    );
    let null: ArrayRef = arrow::array::new_null_array(&DataType::Null, 1);
    let filled = fill("impute_constant", &[null, text("x")]);
    assert_eq!(filled.as_ref(), &StringArray::from(vec!["x"]));

    for (value, constant, expected) in [
        (
            &gap,
            floats(&[Some(0.5)]),
            "impute_constant: integer cannot hold 0.5",
        ),
        (
            &gap,
            constant(1 << 40, 1),
            "impute_constant: integer cannot hold 1099511627776",
        ),
        (&money, floats(&[Some(0.123)]), "cannot hold 0.123"),
        (&gap, text("seven"), "seven"),
        (
            &text("x"),
            constant(1, 1),
            "impute_constant cannot fill text with bigint",
        ),
    ] {
        let error = try_fill("impute_constant", &[Arc::clone(value), constant]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
