//! Two groups compared, however their rows are split.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::Accumulator;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

use super::near;
use crate::statistics::comparison::Comparison;
use crate::statistics::comparison_accumulator::ComparisonAccumulator;
use crate::statistics::{chi2, js_divergence, ks_p_value, ks_statistic, psi};

/// Columns of one kind, from the rows' values.
fn columns(numbers: bool, rows: &[(Option<u8>, Option<bool>)]) -> Vec<ArrayRef> {
    let values = rows.iter().map(|row| row.0);
    let values: ArrayRef = if numbers {
        Arc::new(
            values
                .map(|value| value.map(number))
                .collect::<Float64Array>(),
        )
    } else {
        Arc::new(
            values
                .map(|value| value.map(|value| format!("c{value}")))
                .collect::<StringArray>(),
        )
    };
    let groups: BooleanArray = rows.iter().map(|row| row.1).collect();
    vec![values, Arc::new(groups)]
}

/// Few values, so that there are ties, and some that are none.
fn number(value: u8) -> f64 {
    match value {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => 0.0,
        other => f64::from(other) / 3.0,
    }
}

fn accumulator(function: &'static Comparison, columns: &[ArrayRef]) -> ComparisonAccumulator {
    let types: Vec<DataType> = columns
        .iter()
        .map(|column| column.data_type().clone())
        .collect();
    ComparisonAccumulator::new(function, &types)
}

fn answer(function: &'static Comparison, columns: &[ArrayRef]) -> ScalarValue {
    let mut accumulator = accumulator(function, columns);
    accumulator.update_batch(columns).unwrap();
    accumulator.evaluate().unwrap()
}

fn number_of(answer: &ScalarValue) -> f64 {
    match answer {
        ScalarValue::Float64(Some(number)) => *number,
        other => panic!("{other} is no number"),
    }
}

fn two_groups(first: &[f64], second: &[f64]) -> Vec<ArrayRef> {
    let groups: Vec<&str> = std::iter::repeat_n("a", first.len())
        .chain(std::iter::repeat_n("b", second.len()))
        .collect();
    let values: Float64Array = first.iter().chain(second).copied().map(Some).collect();
    vec![Arc::new(values), Arc::new(StringArray::from(groups))]
}

const ALL: [(&Comparison, bool); 7] = [
    (&psi::FUNCTION, true),
    (&psi::FUNCTION, false),
    (&js_divergence::FUNCTION, true),
    (&js_divergence::FUNCTION, false),
    (&ks_statistic::FUNCTION, true),
    (&ks_p_value::FUNCTION, true),
    (&chi2::FUNCTION, false),
];

proptest! {
    #[test]
    fn any_split_and_order_give_the_same_answer(
        rows in prop::collection::vec(
            (prop::option::weighted(0.9, 0..20_u8), prop::option::weighted(0.9, any::<bool>())),
            0..60,
        ),
        batch in 1..20_usize,
        turn in 0..60_usize,
    ) {
        for (function, numbers) in ALL {
            let whole = columns(numbers, &rows);
            let expected = answer(function, &whole);

            let mut turned = rows.clone();
            turned.rotate_left(turn % rows.len().max(1));
            turned.reverse();
            let mut merged = accumulator(function, &whole);
            let mut updated = accumulator(function, &whole);
            for part in turned.chunks(batch) {
                let columns = columns(numbers, part);
                updated.update_batch(&columns).unwrap();
                let mut partial = accumulator(function, &columns);
                partial.update_batch(&columns).unwrap();
                let state: Vec<ArrayRef> = partial
                    .state()
                    .unwrap()
                    .iter()
                    .map(|column| column.to_array().unwrap())
                    .collect();
                merged.merge_batch(&state).unwrap();
            }
            prop_assert_eq!(&merged.evaluate().unwrap(), &expected);
            prop_assert_eq!(&updated.evaluate().unwrap(), &expected);
            // An aggregate over a growing frame is asked more than once.
            prop_assert_eq!(&updated.evaluate().unwrap(), &expected);
        }
    }

    #[test]
    fn ks_statistic_is_the_greatest_distance(
        first in prop::collection::vec(0..15_u8, 1..30),
        second in prop::collection::vec(0..15_u8, 1..30),
    ) {
        let [first, second] = [first, second].map(|values| -> Vec<f64> {
            values.into_iter().map(|value| f64::from(value) / 2.0).collect()
        });
        let share = |values: &[f64], at: f64| {
            values.iter().filter(|value| **value <= at).count() as f64 / values.len() as f64
        };
        let expected = first
            .iter()
            .chain(&second)
            .map(|at| (share(&first, *at) - share(&second, *at)).abs())
            .fold(0.0, f64::max);
        let statistic = number_of(&answer(&ks_statistic::FUNCTION, &two_groups(&first, &second)));
        prop_assert!((statistic - expected).abs() < 1e-12);
    }

    /// All orders of two small samples are equally likely: count those that lead as far.
    #[test]
    fn ks_p_value_counts_orders(few in 1..6_usize, many in 1..7_usize, order in any::<u64>()) {
        let size = few + many;
        // A choice of the places of the first sample among all, by its bits.
        let distance = |places: u32| {
            let (mut left, mut right, mut greatest) = (0, 0, 0);
            for place in 0..size {
                match places >> place & 1 {
                    1 => left += 1,
                    _ => right += 1,
                }
                greatest = greatest.max((left * many).abs_diff(right * few));
            }
            greatest
        };
        let choices: Vec<u32> = (0..1_u32 << size)
            .filter(|places| places.count_ones() as usize == few)
            .collect();
        let chosen = choices[(order % choices.len() as u64) as usize];
        let as_far = choices
            .iter()
            .filter(|places| distance(**places) >= distance(chosen))
            .count();
        let of_bit = |bit: u32| -> Vec<f64> {
            (0..size).filter(|place| chosen >> place & 1 == bit).map(|place| place as f64).collect()
        };
        let p_value = number_of(&answer(&ks_p_value::FUNCTION, &two_groups(&of_bit(1), &of_bit(0))));
        let expected = as_far as f64 / choices.len() as f64;
        prop_assert!((p_value - expected).abs() < 1e-12, "{} {}", p_value, expected);
    }
}

fn sample(rows: u64, step: u64, modulus: u64, unit: f64) -> Vec<f64> {
    (0..rows)
        .map(|row| (row * step % modulus) as f64 * unit)
        .collect()
}

/// `scipy.stats.ks_2samp(a, b, method='exact')` of SciPy 1.17.1.
#[test]
fn ks_equals_scipy() {
    let small = (
        sample(30, 37, 101, 1.0 / 7.0),
        sample(45, 53, 97, 1.0 / 5.0),
    );
    let large = (
        sample(800, 7919, 10007, 1.0),
        sample(1000, 104_729, 10009, 1.1),
    );
    let moved = |values: &[f64], by: f64| values.iter().map(|value| value + by).collect();
    let cases: [(Vec<f64>, Vec<f64>, f64, f64); 5] = [
        (
            small.0.clone(),
            small.1,
            0.266_666_666_666_666_66,
            0.136_756_686_384_257_42,
        ),
        (
            small.0.clone(),
            moved(&small.0, 8.0),
            0.566_666_666_666_666_7,
            8.737_803_591_291_227e-5,
        ),
        (
            large.0.clone(),
            large.1.clone(),
            0.093,
            0.000_856_622_067_989_800_8,
        ),
        (
            large.0,
            moved(&large.1, 5000.0),
            0.546,
            3.633_034_506_907_452e-122,
        ),
        (
            sample(50, 1, 7, 1.0),
            sample(40, 1, 5, 1.0),
            0.28,
            0.050_530_431_111_705_1,
        ),
    ];
    for (first, second, statistic, p_value) in cases {
        let columns = two_groups(&first, &second);
        let given = number_of(&answer(&ks_statistic::FUNCTION, &columns));
        assert!(near(given, statistic, 1e-14), "{given} {statistic}");
        let given = number_of(&answer(&ks_p_value::FUNCTION, &columns));
        assert!(near(given, p_value, 1e-10), "{given} {p_value}");
    }
}

/// `scipy.stats.ks_2samp(a, b, method='asymp')` of SciPy 1.17.1, which corrects the limit for the
/// size of the groups.
#[test]
fn ks_of_many_numbers_is_near_its_limit() {
    let first = sample(200_000, 7919, 300_007, 1.0);
    let second = sample(200_001, 104_729, 300_017, 1.005);
    let columns = two_groups(&first, &second);
    let p_value = number_of(&answer(&ks_p_value::FUNCTION, &columns));
    assert!(near(p_value, 0.013_165_199_029_911_324, 0.01), "{p_value}");
}

fn table(counts: &[[usize; 2]]) -> Vec<ArrayRef> {
    let (mut categories, mut groups) = (Vec::new(), Vec::new());
    for (category, counts) in counts.iter().enumerate() {
        for (group, count) in ["a", "b"].into_iter().zip(counts) {
            categories.extend(std::iter::repeat_n(format!("category {category}"), *count));
            groups.extend(std::iter::repeat_n(group, *count));
        }
    }
    vec![
        Arc::new(StringArray::from(categories)),
        Arc::new(StringArray::from(groups)),
    ]
}

/// `scipy.stats.chi2_contingency(table, correction=False)` of SciPy 1.17.1.
#[test]
fn chi2_equals_scipy() {
    let cases: [(&[[usize; 2]], f64, f64, i64); 5] = [
        (
            &[[10, 20], [30, 25], [5, 9]],
            4.146_825_396_825_396,
            0.125_755_881_664_937_4,
            2,
        ),
        (
            &[[100, 900], [130, 870]],
            4.421_518_054_532_056,
            0.035_488_450_466_474_63,
            1,
        ),
        (&[[1000, 10], [10, 1000]], 1_940.792_079_207_920_8, 0.0, 1),
        (
            &[[3, 4], [5, 6], [7, 8], [9, 1], [2, 2]],
            6.239_128_331_985_473,
            0.181_987_587_791_255_1,
            4,
        ),
        (&[[3, 4]], 0.0, 1.0, 0),
    ];
    for (counts, statistic, p_value, degrees) in cases {
        let ScalarValue::Struct(record) = answer(&chi2::FUNCTION, &table(counts)) else {
            panic!("chi2 gives a record");
        };
        let number = |record: &StructArray, field: usize| {
            record.column(field).as_primitive::<Float64Type>().value(0)
        };
        assert!(near(number(&record, 0), statistic, 1e-13), "{record:?}");
        assert!(near(number(&record, 1), p_value, 1e-12), "{record:?}");
        assert_eq!(
            record.column(2).as_primitive::<Int64Type>().value(0),
            degrees
        );
    }
}

/// By NumPy 2.4.6 from the formula, with `numpy.quantile` for bins; the divergence is
/// `scipy.spatial.distance.jensenshannon(p, q, base=2) ** 2` of SciPy 1.17.1.
#[test]
fn drift_equals_numpy() {
    let categories = table(&[[10, 5], [20, 5], [30, 40], [0, 10]]);
    let given = number_of(&answer(&psi::FUNCTION, &categories));
    assert!(near(given, 1.687_971_159_769_677_8, 1e-13), "{given}");
    let given = number_of(&answer(&js_divergence::FUNCTION, &categories));
    assert!(near(given, 0.160_094_921_621_674_96, 1e-13), "{given}");

    let mut numbers = two_groups(
        &sample(30, 37, 101, 1.0 / 7.0),
        &sample(45, 53, 97, 1.0 / 5.0),
    );
    let given = number_of(&answer(&psi::FUNCTION, &numbers));
    assert!(near(given, 0.416_673_629_428_982_2, 1e-13), "{given}");
    numbers.push(Arc::new(Int64Array::from(vec![5; 75])));
    let given = number_of(&answer(&js_divergence::FUNCTION, &numbers));
    assert!(near(given, 0.070_110_076_618_994_14, 1e-13), "{given}");
}

#[test]
fn the_reference_is_true_or_the_first_text() {
    let first = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let second = [2.0, 2.0, 9.0, 9.0];
    let by_text = two_groups(&first, &second);
    let condition = |is_reference: [bool; 2]| -> Vec<ArrayRef> {
        let groups: Vec<bool> = [
            (is_reference[0], first.len()),
            (is_reference[1], second.len()),
        ]
        .into_iter()
        .flat_map(|(group, count)| std::iter::repeat_n(group, count))
        .collect();
        vec![
            Arc::clone(&by_text[0]),
            Arc::new(BooleanArray::from(groups)),
        ]
    };
    let expected = answer(&psi::FUNCTION, &by_text);
    assert_eq!(answer(&psi::FUNCTION, &condition([true, false])), expected);
    assert_ne!(answer(&psi::FUNCTION, &condition([false, true])), expected);
}

#[test]
fn one_group_is_no_comparison() {
    for (function, numbers) in ALL {
        for rows in [
            vec![],
            vec![(Some(3), Some(true))],
            vec![(None, Some(true)), (Some(4), Some(false))],
        ] {
            let answer = answer(function, &columns(numbers, &rows));
            assert!(answer.is_null(), "{answer}");
        }
    }
}

#[test]
fn mistakes_are_named() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    let groups: ArrayRef = Arc::new(StringArray::from(vec!["c", "a", "b"]));
    let error = accumulator(&psi::FUNCTION, &[Arc::clone(&values), Arc::clone(&groups)])
        .update_batch(&[Arc::clone(&values), groups])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "External error: psi: the group has more than two values: 'a', 'b', 'c'"
    );
    let groups: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    for (bins, message) in [
        ([1, 1, 1], "psi: the number of bins is 1"),
        ([1001, 1001, 1001], "psi: the number of bins is 1001"),
        (
            [5, 5, 6],
            "psi: the number of bins is not the same in all rows of a group",
        ),
    ] {
        let bins: ArrayRef = Arc::new(Int64Array::from(bins.to_vec()));
        let columns = [Arc::clone(&values), Arc::clone(&groups), bins];
        let error = accumulator(&psi::FUNCTION, &columns).update_batch(&columns);
        assert_eq!(
            error.unwrap_err().to_string(),
            format!("External error: {message}")
        );
    }
}

#[test]
fn memory_grows_with_what_is_kept() {
    let numbers = two_groups(&[1.0; 5000], &[2.0; 5000]);
    let mut kept = accumulator(&psi::FUNCTION, &numbers);
    let before = kept.size();
    kept.update_batch(&numbers).unwrap();
    assert!(kept.size() >= before + 10_000 * size_of::<f64>());

    let names: StringArray = (0..1000).map(|name| Some(format!("{name:0100}"))).collect();
    let groups = BooleanArray::from(vec![true; names.len()]);
    let categories: [ArrayRef; 2] = [Arc::new(names), Arc::new(groups)];
    let mut kept = accumulator(&chi2::FUNCTION, &categories);
    kept.update_batch(&categories).unwrap();
    assert!(kept.size() >= 1000 * 100);
}

/// The bins of numbers by their definition: the first is up to the first edge, one more behind each,
/// and the last is that of NaN.
fn bin_of(number: f64, edges: &[f64]) -> usize {
    if number.is_nan() {
        return edges.len() + 1;
    }
    edges.iter().filter(|edge| number > **edge).count()
}

/// The distinct quantiles of the finite numbers, as `percentile_cont` has them.
fn edges(numbers: &[f64], bins: usize) -> Vec<f64> {
    let mut finite: Vec<f64> = numbers.iter().copied().filter(|n| n.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> = Vec::new();
    for bin in 1..bins {
        let Some(last) = finite.len().checked_sub(1) else {
            break;
        };
        let position = bin as f64 / bins as f64 * last as f64;
        let (below, above) = (finite[position as usize], finite[position.ceil() as usize]);
        let edge = match position.fract() {
            _ if below == above => below,
            0.0 => below,
            part => below * (1.0 - part) + above * part,
        };
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    }
    edges
}

/// The shares of two groups in bins between these edges.
fn shares_of(groups: [&[f64]; 2], edges: &[f64]) -> Vec<[f64; 2]> {
    (0..edges.len() + 2)
        .map(|bin| {
            groups.map(|group| {
                let inside = group.iter().filter(|number| bin_of(**number, edges) == bin);
                inside.count() as f64 / group.len() as f64
            })
        })
        .collect()
}

proptest! {
    #[test]
    fn drift_of_numbers_is_that_of_the_definition(
        rows in prop::collection::vec((0..20_u8, any::<bool>()), 2..60),
        bins in 2..7_usize,
    ) {
        let of = |wanted: bool| -> Vec<f64> {
            rows.iter().filter(|row| row.1 == wanted).map(|row| number(row.0)).collect()
        };
        let (reference, other) = (of(true), of(false));
        prop_assume!(!reference.is_empty() && !other.is_empty());
        let known: Vec<_> = rows.iter().map(|row| (Some(row.0), Some(row.1))).collect();
        let mut columns = columns(true, &known);
        columns.push(Arc::new(Int64Array::from_value(bins as i64, rows.len())));

        let shares = shares_of([&reference, &other], &edges(&reference, bins));
        let expected: f64 = shares
            .iter()
            .map(|shares| shares.map(|share| share.max(0.0001)))
            .map(|[expected, actual]| (actual - expected) * (actual / expected).ln())
            .sum();
        let psi = number_of(&answer(&psi::FUNCTION, &columns));
        prop_assert!((psi - expected).abs() < 1e-12, "{psi} {expected}");

        let both = [&reference[..], &other[..]].concat();
        let shares = shares_of([&reference, &other], &edges(&both, bins));
        let part = |share: f64, middle: f64| match share {
            0.0 => 0.0,
            share => share * (share / middle).log2() / 2.0,
        };
        let expected: f64 = shares
            .iter()
            .map(|[p, q]| part(*p, (p + q) / 2.0) + part(*q, (p + q) / 2.0))
            .sum();
        let divergence = number_of(&answer(&js_divergence::FUNCTION, &columns));
        prop_assert!((divergence - expected).abs() < 1e-12, "{divergence} {expected}");
    }
}

/// A context of two partitions with so many bytes of memory.
fn context_of(memory: usize) -> SessionContext {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(memory, 1.0);
    let runtime = runtime.build_arc().unwrap();
    let config = SessionConfig::new().with_target_partitions(2);
    let mut context = SessionContext::new_with_config_rt(config, runtime);
    crate::register_all(&mut context).unwrap();
    context
}

#[tokio::test]
async fn numbers_are_counted_against_the_memory_of_the_query() {
    for call in [
        "psi(v, v % 2 = 0)",
        "js_divergence(v, v % 2 = 0)",
        "ks_statistic(v, v % 2 = 0)",
        "chi2(v, v % 2 = 0)",
    ] {
        let query =
            format!("SELECT {call} FROM (SELECT value AS v FROM generate_series(1, 100000))");
        let ask = async |memory| {
            context_of(memory)
                .sql(&query)
                .await
                .unwrap()
                .collect()
                .await
        };
        let error = ask(500_000).await.unwrap_err();
        assert!(
            matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)),
            "{call}: {error}"
        );
        ask(100_000_000).await.unwrap();
    }
}

#[test]
fn the_most_bins_are_taken() {
    let mut columns = two_groups(&[1.0, 2.0], &[1.0, 2.0]);
    columns.push(Arc::new(Int64Array::from_value(1000, 4)));
    assert_eq!(number_of(&answer(&psi::FUNCTION, &columns)), 0.0);
}

/// Zeros are one number, and so are NaNs, whatever their sign.
#[test]
fn signs_of_zero_and_nan_do_not_count() {
    for (left, right) in [(0.0, -0.0), (f64::NAN, -f64::NAN)] {
        for (left, right) in [(left, right), (right, left)] {
            let columns = two_groups(&[left, 1.0], &[right, 1.0]);
            for function in [
                &ks_statistic::FUNCTION,
                &psi::FUNCTION,
                &js_divergence::FUNCTION,
            ] {
                assert_eq!(
                    number_of(&answer(function, &columns)),
                    0.0,
                    "{left} {right}"
                );
            }
        }
    }
}

/// The sum of these shares is rounded to -3.5e-17.
#[test]
fn rounding_leaves_no_divergence_below_nothing() {
    let group = |first: usize, second: usize| {
        let names = std::iter::repeat_n("x", first).chain(std::iter::repeat_n("y", second));
        names.collect::<Vec<_>>()
    };
    let names = [group(34_608, 34_596), group(34_609, 34_597)];
    let groups: BooleanArray = names
        .iter()
        .zip([true, false])
        .flat_map(|(names, group)| vec![Some(group); names.len()])
        .collect();
    let names: ArrayRef = Arc::new(StringArray::from(names.concat()));
    let columns = [names, Arc::new(groups)];
    assert_eq!(number_of(&answer(&js_divergence::FUNCTION, &columns)), 0.0);
}
