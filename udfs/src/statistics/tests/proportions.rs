//! Rates of successes.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use proptest::prelude::*;
use statrs::function::gamma::ln_gamma;

use super::near;
use crate::tests::{call, try_call};

fn arguments(given: &[f64]) -> Vec<ColumnarValue> {
    given
        .iter()
        .map(|number| ColumnarValue::Scalar(ScalarValue::from(*number)))
        .collect()
}

fn record(function: &str, given: &[f64]) -> Vec<f64> {
    let answer = call(function, arguments(given), 1);
    let columns = answer.as_struct().columns();
    columns
        .iter()
        .map(|column| column.as_primitive::<Float64Type>().value(0))
        .collect()
}

/// `scipy.stats.binomtest(k, n).proportion_ci(confidence, method='wilson')` of SciPy 1.17.1.
#[test]
fn wilson_interval_equals_scipy() {
    for (given, low, high) in [
        (
            [5.0, 10.0, 0.95],
            0.236_593_090_512_564,
            0.763_406_909_487_436_1,
        ),
        ([0.0, 10.0, 0.95], 0.0, 0.277_532_799_862_889_26),
        ([10.0, 10.0, 0.95], 0.722_467_200_137_110_9, 1.0),
        (
            [1.0, 1e6, 0.99],
            1.174_054_749_996_328e-7,
            8.517_433_834_755_595e-6,
        ),
        (
            [2.0, 10.0, 0.8],
            0.086_237_220_788_602_63,
            0.398_403_988_465_721_84,
        ),
        (
            [123_456.0, 1e9, 0.999],
            0.000_122_305_301_611_570_72,
            0.000_124_617_523_281_026_7,
        ),
        ([0.0, 0.0, 0.95], 0.0, 1.0),
    ] {
        let interval = record("wilson_interval", &given);
        assert!(near(interval[0], low, 1e-13), "{given:?}: {interval:?}");
        assert!(near(interval[1], high, 1e-13), "{given:?}: {interval:?}");
    }
}

/// `proportions_ztest` and `confint_proportions_2indep(method='newcomb')` of statsmodels 0.15.0.
#[test]
fn two_proportion_test_equals_statsmodels() {
    for (given, expected) in [
        (
            [100.0, 1000.0, 130.0, 1000.0],
            [
                2.102_740_605_622_114,
                0.035_488_450_466_474_71,
                0.03,
                0.002_002_348_715_283,
                0.058_070_485_022_202_85,
            ],
        ),
        (
            [1.0, 50.0, 7.0, 60.0],
            [
                1.943_965_860_804_622_4,
                0.051_899_568_079_908_49,
                0.096_666_666_666_666_67,
                -0.006_759_696_514_866_34,
                0.203_068_854_279_589_7,
            ],
        ),
        (
            [0.0, 20.0, 3.0, 20.0],
            [
                1.800_900_675_562_992_4,
                0.071_718_536_508_434_11,
                0.15,
                -0.038_396_333_126_267_5,
                0.360_418_864_740_756_96,
            ],
        ),
        (
            [5000.0, 100_000.0, 5300.0, 100_000.0],
            [
                3.035_176_665_934_226_3,
                0.002_403_948_279_984_716_8,
                0.003,
                0.001_062_780_791_773_389_2,
                0.004_937_727_286_762_886,
            ],
        ),
        (
            [0.0, 10.0, 0.0, 20.0],
            [
                0.0,
                1.0,
                0.0,
                -0.277_532_799_862_889_26,
                0.161_125_158_052_819_4,
            ],
        ),
    ] {
        let answer = record("two_proportion_test", &given);
        let [z, p_value, difference, ..] = expected;
        assert!(near(answer[0], z, 1e-12), "{given:?}: {answer:?}");
        assert!(near(answer[1], p_value, 1e-12), "{given:?}: {answer:?}");
        assert!(near(answer[2], difference, 1e-13), "{given:?}: {answer:?}");
        for bound in [3, 4] {
            assert!(
                near(answer[bound], expected[bound], 1e-12),
                "{given:?}: {answer:?}"
            );
        }
    }
    for without_trials in [[0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 0.0, 0.0]] {
        let nothing = call("two_proportion_test", arguments(&without_trials), 1);
        assert_eq!(nothing.null_count(), 1);
    }
}

/// By mpmath 1.3 with 20 digits: the probability as the integral of a density times the other's
/// distribution, the bounds as roots of the integral over one shifted by the difference. Of no
/// trials at all, the difference is triangular.
#[test]
fn bayes_uplift_equals_integrals_of_many_digits() {
    let corner = 1.0 - 0.05_f64.sqrt();
    for (given, probability, low, high) in [
        (
            [100.0, 1000.0, 130.0, 1000.0, 1.0],
            0.982_165_066_116_351,
            0.002_008_521_661_733,
            0.057_979_289_887_83,
        ),
        (
            [1.0, 10.0, 5.0, 12.0, 1.0],
            0.940_503_432_494_279,
            -0.072_852_517_520_9,
            0.571_584_081_808_6,
        ),
        (
            [0.0, 5.0, 0.0, 9.0, 1.0],
            0.375,
            -0.391_947_980_884,
            0.223_645_797_070_9,
        ),
        ([0.0, 0.0, 0.0, 0.0, 1.0], 0.5, -corner, corner),
        (
            [3.0, 4.0, 1.0, 200.0, 0.5],
            5.307_884_887_544_83e-7,
            -0.964_381_840_720_4,
            -0.276_138_267_580_7,
        ),
        (
            [0.0, 30.0, 1.0, 3.0, 0.5],
            0.989_631_115_256_779,
            0.020_253_691_338_28,
            0.809_010_093_977_2,
        ),
    ] {
        let answer = record("bayes_uplift", &given);
        assert!(near(answer[0], probability, 1e-8), "{given:?}: {answer:?}");
        assert!((answer[2] - low).abs() < 1e-8, "{given:?}: {answer:?}");
        assert!((answer[3] - high).abs() < 1e-8, "{given:?}: {answer:?}");
    }
}

#[test]
fn bayes_uplift_takes_any_counts() {
    let most = 9_007_199_254_740_992.0;
    for (given, probability) in [
        ([most / 2.0, most, most / 2.0, most], 0.5),
        ([0.0, most, 0.0, most], 0.5),
        ([0.0, most, most, most], 1.0),
        ([most, most, 0.0, most], 0.0),
        ([1.0, 1e9, 1.0, 1e9], 0.5),
        ([5e14, 1e15, 5e14 + 1e8, 1e15], 0.999_996_1),
        ([1.0, most, 1.0, 2.0], 1.0),
    ] {
        let answer = record("bayes_uplift", &given);
        assert!(
            (answer[0] - probability).abs() < 1e-6,
            "{given:?}: {answer:?}"
        );
        assert!(
            answer[2] <= answer[1] && answer[1] <= answer[3],
            "{given:?}: {answer:?}"
        );
    }
    for prior in [0.1, 1e9] {
        let answer = record("bayes_uplift", &[0.0, 10.0, 0.0, 10.0, prior]);
        assert!((answer[0] - 0.5).abs() < 1e-9, "{answer:?}");
        assert!((answer[2] + answer[3]).abs() < 1e-6, "{answer:?}");
    }
}

fn ln_beta(alpha: f64, beta: f64) -> f64 {
    ln_gamma(alpha) + ln_gamma(beta) - ln_gamma(alpha + beta)
}

/// The closed form of E. Miller, "Formulas for Bayesian A/B testing" (2014), for whole counts.
fn millers_formula([first, first_trials, second, second_trials]: [u32; 4]) -> f64 {
    let alpha = f64::from(first) + 1.0;
    let beta = f64::from(first_trials - first) + 1.0;
    let other_beta = f64::from(second_trials - second) + 1.0;
    (0..=second)
        .map(f64::from)
        .map(|i| {
            let term = ln_beta(alpha + i, beta + other_beta)
                - (other_beta + i).ln()
                - ln_beta(1.0 + i, other_beta)
                - ln_beta(alpha, beta);
            term.exp()
        })
        .sum()
}

fn proportion() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![0..20_u32, 0..3000_u32].prop_flat_map(|trials| (0..=trials, Just(trials)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn probability_equals_millers_formula(first in proportion(), second in proportion()) {
        let given = [first.0, first.1, second.0, second.1];
        let answer = record("bayes_uplift", &given.map(f64::from));
        let expected = millers_formula(given);
        prop_assert!((answer[0] - expected).abs() < 1e-9, "{:?} {}", answer, expected);
    }

    /// Which group is called which only turns the signs.
    #[test]
    fn uplift_is_symmetric(first in proportion(), second in proportion()) {
        let given = [first.0, first.1, second.0, second.1].map(f64::from);
        let turned = [given[2], given[3], given[0], given[1]];
        let (answer, turned) = (record("bayes_uplift", &given), record("bayes_uplift", &turned));
        prop_assert!((answer[0] + turned[0] - 1.0).abs() < 1e-9);
        prop_assert!((answer[1] + turned[1]).abs() < 1e-12);
        prop_assert!((answer[2] + turned[3]).abs() < 1e-7, "{:?} {:?}", answer, turned);
        prop_assert!((answer[3] + turned[2]).abs() < 1e-7, "{:?} {:?}", answer, turned);
    }

    /// The bounds of the interval are the rates that lie just so many standard errors away.
    #[test]
    fn wilson_bounds_are_as_far_as_the_score_allows((successes, trials) in proportion()) {
        let interval = record("wilson_interval", &[successes.into(), trials.into()]);
        let z = 1.959_963_984_540_054;
        let (successes, trials) = (f64::from(successes), f64::from(trials));
        for bound in &interval {
            prop_assert!((0.0..=1.0).contains(bound));
            let distance = (successes - trials * bound).powi(2);
            let allowed = z * z * trials * bound * (1.0 - bound);
            prop_assert!((distance - allowed).abs() < 1e-6 * (1.0 + allowed), "{:?}", interval);
        }
    }
}

#[test]
fn counts_that_cannot_be_are_errors() {
    for (given, sqlstate, message) in [
        (
            [-1.0, 10.0],
            "22023",
            "wilson_interval: the number of successes is -1",
        ),
        (
            [1.0, -10.0],
            "22023",
            "wilson_interval: the number of trials is -10",
        ),
        (
            [f64::NAN, 10.0],
            "22023",
            "wilson_interval: the number of successes is NaN",
        ),
        (
            [11.0, 10.0],
            "22023",
            "wilson_interval: 11 successes are more than 10 trials",
        ),
        (
            [1.0, f64::INFINITY],
            "22003",
            "wilson_interval: the number of trials is inf, more than 2^53",
        ),
    ] {
        let error = try_call("wilson_interval", arguments(&given), 1).unwrap_err();
        let datafusion::error::DataFusionError::External(error) = error else {
            panic!("{error}");
        };
        let error = error.downcast::<crate::FunctionError>().unwrap();
        assert_eq!(
            (error.sqlstate, error.message.as_str()),
            (sqlstate, message)
        );
        assert!(error.hint.is_some());
    }
    for (function, given) in [
        ("wilson_interval", vec![1.0, 2.0, 1.0]),
        ("wilson_interval", vec![1.0, 2.0, f64::NAN]),
        ("two_proportion_test", vec![1.0, 2.0, 1.0, 2.0, 0.0]),
        ("bayes_uplift", vec![1.0, 2.0, 1.0, 2.0, 0.0]),
        ("bayes_uplift", vec![3.0, 2.0, 1.0, 2.0]),
    ] {
        assert!(
            try_call(function, arguments(&given), 1).is_err(),
            "{function} {given:?}"
        );
    }
}
