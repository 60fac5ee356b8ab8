//! Interpolation against plain ways to do the same, and against SciPy.

use std::collections::BTreeMap;

use arrow::array::{Date32Array, TimestampMicrosecondArray};
use arrow::datatypes::Date32Type;

use super::*;

/// A value and the time when it was measured.
type Measured = (Option<i64>, Option<i64>);

fn measured() -> impl Strategy<Value = Vec<Measured>> {
    let value = prop::option::weighted(0.6, prop_oneof![-60_i64..60, any::<i64>()]);
    let time = prop::option::weighted(0.9, -30_i64..30);
    prop::collection::vec((value, time), 1..30)
}

fn columns(rows: &[Measured]) -> (Vec<Option<i64>>, Vec<Option<i64>>) {
    rows.iter().copied().unzip()
}

/// The known values by their times, those of the same time as their mean.
fn knots(rows: &[Measured]) -> BTreeMap<i64, i64> {
    let mut together: BTreeMap<i64, Vec<i128>> = BTreeMap::new();
    for (value, time) in rows {
        if let (Some(value), Some(time)) = (value, time) {
            together.entry(*time).or_default().push(i128::from(*value));
        }
    }
    let mean = |values: Vec<i128>| rounded(values.iter().sum(), values.len() as i128) as i64;
    together
        .into_iter()
        .map(|(time, values)| (time, mean(values)))
        .collect()
}

/// The knots around a time.
fn around(knots: &BTreeMap<i64, i64>, time: i64) -> Option<((i64, i64), (i64, i64))> {
    let before = knots.range(..=time).next_back()?;
    let behind = knots.range(time..).next()?;
    Some(((*before.0, *before.1), (*behind.0, *behind.1)))
}

proptest! {
    #[test]
    fn a_line_between_integers_is_exact(rows in measured()) {
        let (values, times) = columns(&rows);
        let knots = knots(&rows);
        let expected: Vec<_> = rows
            .iter()
            .map(|(value, time)| {
                if value.is_some() {
                    return *value;
                }
                let ((from, first), (to, last)) = around(&knots, (*time)?)?;
                let (parts, of) = (i128::from((*time)? - from), i128::from(to - from));
                let (first, last) = (i128::from(first), i128::from(last));
                Some(if of == 0 { first } else { rounded(first * (of - parts) + last * parts, of) } as i64)
            })
            .collect();
        let filled = fill("impute_linear", &[integers(&values), integers(&times)]);
        prop_assert_eq!(of_integers(&filled), expected);
    }

    #[test]
    fn curves_do_not_depend_on_the_order_of_rows(
        (values, order) in gappy_and_order(-1e3..1e3, 30),
        places in prop::collection::vec(0_u8..12, 30),
    ) {
        let times: Vec<_> = values.iter().zip(places).map(|(_, place)| Some(f64::from(place) / 3.0)).collect();
        let arguments = [floats(&values), floats(&times)];
        for name in ["impute_linear", "impute_spline"] {
            let filled = permuted(&[fill(name, &arguments)], &order);
            let again = fill(name, &permuted(&arguments, &order));
            prop_assert_eq!(filled[0].as_ref(), again.as_ref());
        }
    }

    #[test]
    fn without_a_time_the_rows_are_the_time(values in prop::collection::vec(prop::option::of(-99_i64..99), 1..30)) {
        let times: Vec<_> = (0..values.len() as i64).map(Some).collect();
        for name in ["impute_linear", "impute_spline"] {
            let by_row = fill(name, &[integers(&values)]);
            let by_time = fill(name, &[integers(&values), integers(&times)]);
            prop_assert_eq!(of_integers(&by_row), of_integers(&by_time));
        }
    }

    /// By the slopes as SciPy's documentation defines them, and the curve as de Casteljau draws it.
    #[test]
    fn the_spline_is_that_of_its_definition(
        steps in prop::collection::vec((1_i64..9, prop_oneof![-5_i64..5, -900_i64..900]), 2..9),
        asked in prop::collection::vec(0.0_f64..60.0, 1..20),
    ) {
        let mut time = 0;
        let (times, known): (Vec<f64>, Vec<f64>) = steps
            .iter()
            .map(|(step, value)| {
                time += step;
                (time as f64, *value as f64)
            })
            .unzip();
        let values: Vec<_> = known.iter().copied().map(Some).chain(asked.iter().map(|_| None)).collect();
        let all: Vec<_> = times.iter().chain(&asked).copied().map(Some).collect();
        let filled = of_floats(&fill("impute_spline", &[floats(&values), floats(&all)]));
        for (asked, filled) in asked.iter().zip(&filled[known.len()..]) {
            let expected = spline(&times, &known, *asked);
            prop_assert_eq!(filled.is_some(), expected.is_some());
            if let (Some(filled), Some((expected, least, most))) = (filled, expected) {
                prop_assert!((filled - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{filled} is not {expected}");
                prop_assert!(least <= *filled && *filled <= most);
            }
        }
    }
}

/// The curve at a time, and the values that it must stay between.
fn spline(times: &[f64], values: &[f64], asked: f64) -> Option<(f64, f64, f64)> {
    let number =
        (1..times.len()).find(|number| times[number - 1] <= asked && asked <= times[*number])?;
    let (from, to) = (number - 1, number);
    let step = times[to] - times[from];
    let control =
        |knot: usize, away: f64| values[knot] + away * step / 3.0 * slope(times, values, knot);
    let mut points = vec![
        values[from],
        control(from, 1.0),
        control(to, -1.0),
        values[to],
    ];
    let share = (asked - times[from]) / step;
    while points.len() > 1 {
        points = points
            .windows(2)
            .map(|pair| pair[0] * (1.0 - share) + pair[1] * share)
            .collect();
    }
    let (least, most) = (values[from].min(values[to]), values[from].max(values[to]));
    Some((points[0], least, most))
}

fn slope(times: &[f64], values: &[f64], knot: usize) -> f64 {
    let step = |number: usize| times[number + 1] - times[number];
    let secant = |number: usize| (values[number + 1] - values[number]) / step(number);
    let last = times.len() - 1;
    if last == 1 {
        return secant(0);
    }
    if knot == 0 || knot == last {
        let (near, far) = if knot == 0 {
            (0, 1)
        } else {
            (last - 1, last - 2)
        };
        let slope = ((2.0 * step(near) + step(far)) * secant(near) - step(near) * secant(far))
            / (step(near) + step(far));
        let sign = |number: f64| if number == 0.0 { 0.0 } else { number.signum() };
        return if sign(slope) != sign(secant(near)) {
            0.0
        } else if sign(secant(near)) != sign(secant(far)) && slope.abs() > 3.0 * secant(near).abs()
        {
            3.0 * secant(near)
        } else {
            slope
        };
    }
    let (left, right) = (secant(knot - 1), secant(knot));
    if left * right <= 0.0 {
        return 0.0;
    }
    let first = 2.0 * step(knot) + step(knot - 1);
    let second = step(knot) + 2.0 * step(knot - 1);
    (first + second) / (first / left + second / right)
}

/// `scipy.interpolate.PchipInterpolator` of SciPy 1.17.
#[test]
fn the_spline_is_that_of_scipy() {
    let cases: [[&[f64]; 4]; 3] = [
        [
            &[0.0, 1.0, 2.0, 4.0, 7.0, 11.0, 12.0],
            &[0.0, 0.0, 3.0, 8.0, 8.0, -1.0, 5.0],
            &[0.5, 1.25, 3.0, 3.5, 5.0, 8.0, 10.0, 11.75],
            &[
                0.0,
                0.33960459183673464,
                6.188775510204081,
                7.47704081632653,
                8.0,
                6.59375,
                0.40625,
                2.9867187499999996,
            ],
        ],
        [
            &[0.0, 1.0, 4.0],
            &[0.0, 1.0, 3.0],
            &[0.5, 2.0, 3.0],
            &[0.5319683908045978, 1.793742017879949, 2.4802043422733075],
        ],
        [
            &[0.0, 1.0, 2.0],
            &[0.0, 10.0, 0.0],
            &[0.5, 1.5],
            &[7.5, 7.5],
        ],
    ];
    for [times, known, asked, expected] in cases {
        let values: Vec<_> = known
            .iter()
            .copied()
            .map(Some)
            .chain(asked.iter().map(|_| None))
            .collect();
        let times: Vec<_> = times.iter().chain(asked).copied().map(Some).collect();
        let filled = of_floats(&fill("impute_spline", &[floats(&values), floats(&times)]));
        for (filled, expected) in filled[known.len()..].iter().zip(expected) {
            let filled = filled.unwrap();
            assert!(
                (filled - expected).abs() < 1e-12,
                "{filled} is not {expected}"
            );
        }
    }
}

#[test]
fn times_that_are_none_neither_give_nor_get() {
    let infinity = Some(f64::INFINITY);
    let values = floats(&[Some(0.0), None, Some(9.0), None, Some(7.0), None, Some(4.0)]);
    let times = floats(&[
        Some(0.0),
        Some(1.0),
        None,
        None,
        infinity,
        Some(f64::NAN),
        Some(2.0),
    ]);
    for name in ["impute_linear", "impute_spline"] {
        let filled = of_floats(&fill(name, &[Arc::clone(&values), Arc::clone(&times)]));
        assert_eq!(
            filled,
            [
                Some(0.0),
                Some(2.0),
                Some(9.0),
                None,
                Some(7.0),
                None,
                Some(4.0)
            ]
        );
    }
}

/// Halves go to the later day, before 1970 too, and a great number loses none of its digits.
#[test]
fn dates_over_timestamps_and_great_numbers_are_exact() {
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![Some(-4), None, Some(-1)]));
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![
        0, 5_000_000, 10_000_000,
    ]));
    let filled = fill("impute_linear", &[dates, times]);
    assert_eq!(filled.as_primitive::<Date32Type>().value(1), -2);

    let great = i64::MAX - 8;
    let values = integers(&[Some(great), None, Some(great + 6), None, Some(i64::MIN)]);
    let filled = of_integers(&fill("impute_linear", &[values]));
    assert_eq!(filled[1], Some(great + 3));
    assert_eq!(filled[3], Some(-2));
}

#[test]
fn great_floats_stay_between_their_neighbours() {
    let values = floats(&[
        Some(f64::MAX),
        None,
        Some(-f64::MAX),
        None,
        Some(f64::INFINITY),
        None,
        Some(f64::INFINITY),
    ]);
    for name in ["impute_linear", "impute_spline"] {
        let filled = of_floats(&fill(name, &[Arc::clone(&values)]));
        assert_eq!(filled[1], Some(0.0), "{name}");
        assert_eq!(filled[3], Some(f64::INFINITY), "{name}");
        assert_eq!(filled[5], Some(f64::INFINITY), "{name}");
    }
    let values = floats(&[Some(1.0), None, Some(f64::NAN), None, Some(2.0)]);
    for name in ["impute_linear", "impute_spline"] {
        let filled = of_floats(&fill(name, &[Arc::clone(&values)]));
        assert!(
            filled[1].unwrap().is_nan() && filled[3].unwrap().is_nan(),
            "{name}"
        );
    }
    let times = floats(&[Some(-f64::MAX), Some(0.0), Some(f64::MAX)]);
    let values = floats(&[Some(1.0), None, Some(3.0)]);
    for name in ["impute_linear", "impute_spline"] {
        let filled = of_floats(&fill(name, &[Arc::clone(&values), Arc::clone(&times)]));
        assert_eq!(filled[1], Some(2.0), "{name}");
    }
}

#[test]
fn a_row_at_no_time_neither_gives_nor_gets_anything() {
    let (nan, infinity) = (Some(f64::NAN), Some(f64::INFINITY));
    let values = floats(&[Some(1.0), None, Some(3.0), Some(7.0), Some(8.0), None, None]);
    let times = [
        Some(1.0),
        Some(2.0),
        Some(3.0),
        nan,
        infinity,
        infinity,
        Some(4.0),
    ];
    for name in ["impute_linear", "impute_spline"] {
        let filled = fill(name, &[Arc::clone(&values), floats(&times)]);
        assert_eq!(
            of_floats(&filled),
            [
                Some(1.0),
                Some(2.0),
                Some(3.0),
                Some(7.0),
                Some(8.0),
                None,
                None
            ],
            "{name}"
        );
    }
}
