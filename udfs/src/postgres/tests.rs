//! Against slow oracles, and within DataFusion's plans.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, Int32Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use super::arithmetic::Operation;
use super::{CharacterKind, CharacterLength, PostgresSemantics, bytes, numeric, rounding, text};

/// A context with the rule, and a table `t` of two columns.
fn context(rows: &[(i64, i64)]) -> SessionContext {
    let state = SessionStateBuilder::new_with_default_features()
        .with_analyzer_rule(Arc::new(PostgresSemantics))
        .build();
    let context = SessionContext::new_with_state(state);
    let schema = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
    ]));
    let (a, b): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(a)), Arc::new(Int64Array::from(b))];
    let batch = RecordBatch::try_new(schema, columns).unwrap();
    context.register_batch("t", batch).unwrap();
    context
}

async fn integers(context: &SessionContext, sql: &str) -> Result<Vec<i64>> {
    let batches = context.sql(sql).await?.collect().await?;
    Ok(batches
        .iter()
        .flat_map(|batch| {
            batch
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        })
        .collect())
}

fn run(rows: &[(i64, i64)], sql: &str) -> Result<Vec<i64>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(integers(&context(rows), sql))
}

fn near_the_ends() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -3_i64..4,
        Just(i64::MAX),
        Just(i64::MIN),
        (i64::MAX - 3)..=i64::MAX,
        i64::MIN..=(i64::MIN + 3),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arithmetic_is_that_of_wider_integers_or_an_error(a in near_the_ends(), b in near_the_ends()) {
        type Wide = fn(i128, i128) -> Option<i128>;
        let operators: [(&str, Wide); 4] = [
            ("+", i128::checked_add),
            ("-", i128::checked_sub),
            ("*", i128::checked_mul),
            ("/", i128::checked_div),
        ];
        for (sign, wide) in operators {
            let expected = wide(a.into(), b.into()).and_then(|wide| i64::try_from(wide).ok());
            let found = run(&[(a, b)], &format!("SELECT a {sign} b FROM t"));
            prop_assert_eq!(found.ok(), expected.map(|answer| vec![answer]), "{} {} {}", a, sign, b);
        }
        let expected = a.checked_neg().map(|answer| vec![answer]);
        prop_assert_eq!(run(&[(a, b)], "SELECT -a FROM t").ok(), expected);
    }

    #[test]
    fn sums_are_exact_or_an_error(values in prop::collection::vec((near_the_ends(), 0_i64..3), 1..20)) {
        let exact: i128 = values.iter().map(|(a, _)| i128::from(*a)).sum();
        let expected = i64::try_from(exact).ok().map(|sum| vec![sum]);
        prop_assert_eq!(run(&values, "SELECT sum(a) FROM t").ok(), expected);
        let groups = (0..3).filter(|group| values.iter().any(|(_, b)| b == group));
        let sums: Option<Vec<i64>> = groups
            .map(|group| {
                let of_group = values.iter().filter(|(_, b)| *b == group);
                i64::try_from(of_group.map(|(a, _)| i128::from(*a)).sum::<i128>()).ok()
            })
            .collect();
        let found = run(&values, "SELECT sum(a) FROM t GROUP BY b ORDER BY b");
        prop_assert_eq!(found.ok(), sums);
    }

    #[test]
    fn decimals_round_a_half_away_from_zero(value in -10_000_000_i64..10_000_000, scale in 0_i8..6) {
        let array: ArrayRef = Arc::new(
            Decimal128Array::from(vec![i128::from(value)])
                .with_precision_and_scale(20, scale)
                .unwrap(),
        );
        let unit = 10_i64.pow(u32::from(scale.unsigned_abs()));
        // As long division by hand: the whole, and one more where the rest is half a unit.
        let whole = value.abs() / unit;
        let rest = value.abs() % unit;
        let expected = value.signum() * (whole + i64::from(2 * rest >= unit && scale > 0));
        let rounded = rounding::to_integer(&array, &DataType::Int64).unwrap();
        prop_assert_eq!(rounded.as_primitive::<Int64Type>().value(0), expected);
    }

    #[test]
    fn numerics_divide_as_by_hand(
        left in any::<i32>().prop_map(i64::from),
        right in prop_oneof![any::<i64>(), -1000_i64..1000],
        scales in (0_i8..7, 0_i8..7),
    ) {
        let (left_type, right_type) = (
            DataType::Decimal128(19, scales.0),
            DataType::Decimal128(19, scales.1),
        );
        let to = numeric::answer(Operation::Divide, &left_type, &right_type).unwrap();
        let DataType::Decimal128(_, scale) = to else { panic!("{to}") };
        prop_assert!(scale >= 16);
        let column = |value: i64, data_type| -> ArrayRef {
            let values = Decimal128Array::from(vec![i128::from(value)]);
            Arc::new(values.with_data_type(data_type))
        };
        let (dividend, divisor) = (column(left, left_type), column(right, right_type));
        let found = numeric::compute(Operation::Divide, &dividend, &divisor, &to);
        if right == 0 {
            prop_assert!(found.is_err());
            return Ok(());
        }
        // Long division: the whole, and then a digit at a time, of numbers without their points.
        let divisor = u128::from(right.unsigned_abs()) * 10_u128.pow(u32::from(scales.0.unsigned_abs()));
        let dividend = u128::from(left.unsigned_abs()) * 10_u128.pow(u32::from(scales.1.unsigned_abs()));
        let (mut expected, mut rest) = (dividend / divisor, dividend % divisor);
        for _ in 0..scale {
            rest *= 10;
            expected = expected * 10 + rest / divisor;
            rest %= divisor;
        }
        expected += u128::from(rest * 2 >= divisor);
        let expected = i128::try_from(expected).unwrap();
        let expected = if (left < 0) == (right < 0) { expected } else { -expected };
        let found = found.unwrap();
        prop_assert_eq!(found.as_primitive::<Decimal128Type>().value(0), expected);
    }

    #[test]
    fn products_that_are_cut_are_rounded(left in any::<i64>(), right in any::<i64>()) {
        let (left_type, right_type) = (DataType::Decimal128(38, 20), DataType::Decimal128(38, 12));
        let to = numeric::answer(Operation::Multiply, &left_type, &right_type).unwrap();
        prop_assert_eq!(&to, &DataType::Decimal128(38, 20));
        let column = |value: i64, data_type| -> ArrayRef {
            let values = Decimal128Array::from(vec![i128::from(value)]);
            Arc::new(values.with_data_type(data_type))
        };
        let (left_column, right_column) = (column(left, left_type), column(right, right_type));
        let found =
            numeric::compute(Operation::Multiply, &left_column, &right_column, &to).unwrap();
        let product = i128::from(left) * i128::from(right);
        let unit = 10_i128.pow(12);
        let whole = product.abs() / unit + i128::from(product.abs() % unit * 2 >= unit);
        let found = found.as_primitive::<Decimal128Type>().value(0);
        prop_assert_eq!(found, whole * product.signum());
    }

    #[test]
    fn bytes_read_what_they_show(all in prop::collection::vec(any::<u8>(), 0..50)) {
        for output in [bytes::ByteaOutput::Hex, bytes::ByteaOutput::Escape] {
            prop_assert_eq!(&bytes::parse(&bytes::bytes_text(&all, output)).unwrap(), &all);
        }
    }

    #[test]
    fn floats_read_back_as_the_same_number(value in any::<f64>()) {
        let shown = text::float(value, text::DOUBLE_DIGITS);
        let read: f64 = shown.parse().unwrap();
        prop_assert!(read == value || read.is_nan() && value.is_nan(), "{}", shown);
    }

    #[test]
    fn texts_are_cut_to_their_characters(text in "[a-cäö ]{0,8}", characters in 1_usize..6) {
        let expected: String = text.chars().take(characters).collect();
        for kind in [CharacterKind::Varying, CharacterKind::Fixed] {
            let length = CharacterLength { kind, characters };
            let expected = if kind == CharacterKind::Fixed { expected.trim_end_matches(' ') } else { &expected };
            prop_assert_eq!(length.cut(&text).unwrap(), expected);
            let rest: String = text.chars().skip(characters).collect();
            let fits = rest.trim_matches(' ').is_empty();
            prop_assert_eq!(length.fit(&text).ok(), fits.then_some(Cow::Borrowed(expected)));
            let read = CharacterLength::from_metadata(&length.to_metadata());
            prop_assert_eq!(read, Some(length));
        }
    }
}

#[test]
fn floats_round_a_half_to_the_even_neighbour() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5, -0.5, -1.5, 2.4]));
    let rounded = rounding::to_integer(&array, &DataType::Int32).unwrap();
    let rounded = rounded.as_primitive::<Int32Type>().values().to_vec();
    assert_eq!(rounded, [0, 2, 2, 0, -2, 2]);
    for outside in [f64::NAN, f64::INFINITY, 3e9, -3e9] {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![outside]));
        assert!(rounding::to_integer(&array, &DataType::Int32).is_err());
    }
}

#[test]
fn floats_are_shown_as_postgres_shows_them() {
    let cases = [
        (1.0, "1"),
        (-0.5, "-0.5"),
        (123_456.75, "123456.75"),
        (1e14, "100000000000000"),
        (1e15, "1e+15"),
        (1.25e-5, "1.25e-05"),
        (0.0001, "0.0001"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
        (f64::NAN, "NaN"),
    ];
    for (value, shown) in cases {
        assert_eq!(text::float(value, text::DOUBLE_DIGITS), shown);
    }
}

#[test]
fn columns_keep_the_names_of_their_operators() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let names = runtime.block_on(async {
        let sql = "SELECT a + b * 2, -a, CAST(a AS DOUBLE) + 1.5, sum(a + 1) OVER () FROM t";
        let batches = context(&[(1, 2)])
            .sql(sql)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        let schema = batches[0].schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        names.collect::<Vec<_>>()
    });
    assert_eq!(
        names[..3],
        ["t.a + t.b * Int64(2)", "(- t.a)", "t.a + Float64(1.5)",]
    );
}
