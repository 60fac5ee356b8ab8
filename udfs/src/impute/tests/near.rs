//! Nearest neighbours against looking at all rows, and against scikit-learn.

use arrow::array::StringArray;

use super::*;
use crate::impute::features::Features;
use crate::impute::impute_knn::check_effort;
use crate::impute::neighbours::{Effort, Neighbours, Point};

/// A value and its features.
#[derive(Clone, Debug)]
struct Record {
    value: Option<i64>,
    features: Vec<Option<f64>>,
}

fn records() -> impl Strategy<Value = (usize, Vec<Record>)> {
    (1_usize..4).prop_flat_map(|count| {
        // Whole numbers are often equally far from each other, and often at the same place.
        let feature = prop_oneof![
            1 => Just(None),
            4 => (0_i8..5).prop_map(|whole| Some(f64::from(whole))),
            1 => (0.0_f64..5.0).prop_map(Some),
            1 => Just(Some(f64::NAN)),
        ];
        let record = (
            prop::option::weighted(0.7, 0_i64..6),
            prop::collection::vec(feature, count),
        )
            .prop_map(|(value, features)| Record { value, features });
        (Just(count), prop::collection::vec(record, 1..90))
    })
}

fn arguments(records: &[Record], count: usize, k: usize) -> Vec<ArrayRef> {
    let values: Vec<_> = records.iter().map(|record| record.value).collect();
    let mut arguments = vec![integers(&values), constant(k as i64, records.len())];
    for number in 0..count {
        let feature: Vec<_> = records
            .iter()
            .map(|record| record.features[number])
            .collect();
        arguments.push(floats(&feature));
    }
    arguments
}

/// The values of the nearest rows, by looking at all of them.
fn nearest(records: &[Record], features: &Features, row: usize, k: usize) -> Vec<i64> {
    let mut all: Vec<(f64, i64)> = (0..records.len())
        .filter_map(|other| {
            let value = records[other].value?;
            let common = features.mask(row) & features.mask(other);
            if common == 0 {
                return None;
            }
            let square: f64 = (0..features.count())
                .filter(|feature| common >> feature & 1 == 1)
                .map(|feature| (features.of(other)[feature] - features.of(row)[feature]).powi(2))
                .sum();
            let scale = features.count() as f64 / f64::from(common.count_ones());
            Some((square * scale, value))
        })
        .collect();
    all.sort_by(|left, right| left.partial_cmp(right).unwrap());
    all.into_iter().take(k).map(|(_, value)| value).collect()
}

proptest! {
    #[test]
    fn the_nearest_of_all_rows_fill((count, records) in records(), k in 1_usize..8) {
        let arguments = arguments(&records, count, k);
        let features = Features::new("test", &arguments[2..], records.len()).unwrap();
        let (mut means, mut modes) = (Vec::new(), Vec::new());
        for (row, record) in records.iter().enumerate() {
            let near = nearest(&records, &features, row, k);
            let mean = rounded(near.iter().sum::<i64>().into(), near.len().max(1) as i128) as i64;
            let times = |value: i64| near.iter().filter(|other| **other == value).count();
            let mode = near.iter().copied().max_by_key(|value| (times(*value), -value));
            means.push(record.value.or((!near.is_empty()).then_some(mean)));
            modes.push(record.value.or(mode));
        }
        prop_assert_eq!(of_integers(&fill("impute_knn", &arguments)), means);

        // Texts of one digit sort as the digits do.
        let text = |values: &[Option<i64>]| -> StringArray {
            values.iter().map(|value| value.map(|value| value.to_string())).collect()
        };
        let values: Vec<_> = records.iter().map(|record| record.value).collect();
        let mut arguments = arguments;
        arguments[0] = Arc::new(text(&values));
        let filled = fill("impute_knn", &arguments);
        prop_assert_eq!(filled.as_string::<i32>(), &text(&modes));
    }

    #[test]
    fn the_order_of_rows_makes_no_difference(
        (count, records) in records(),
        seed in any::<u64>(),
    ) {
        let arguments = arguments(&records, count, 3);
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by_key(|row| (*row as u64 + 1).wrapping_mul(seed | 1).rotate_left(31));
        let filled = permuted(&[fill("impute_knn", &arguments)], &order);
        let again = fill("impute_knn", &permuted(&arguments, &order));
        prop_assert_eq!(filled[0].as_ref(), again.as_ref());
    }
}

/// `nan_euclidean_distances` of scikit-learn 1.9 over its `StandardScaler`: the two rows without
/// a value are nearest to rows 2, 1, 0 and to rows 1, 2, 0.
#[test]
fn neighbours_are_those_of_scikit_learn() {
    let arguments = |k| -> Vec<ArrayRef> {
        vec![
            floats(&[
                Some(100.0),
                Some(200.0),
                Some(300.0),
                Some(400.0),
                None,
                None,
            ]),
            constant(k, 6),
            floats(&[Some(1.0), Some(2.0), Some(3.0), None, Some(5.0), Some(2.5)]),
            floats(&[
                Some(10.0),
                None,
                Some(30.0),
                Some(40.0),
                Some(15.0),
                Some(22.0),
            ]),
            floats(&[None, Some(1.0), Some(0.0), Some(1.0), Some(0.0), None]),
        ]
    };
    for (k, expected) in [
        (1, [300.0, 200.0]),
        (2, [250.0, 250.0]),
        (3, [200.0, 200.0]),
    ] {
        let filled = of_floats(&fill("impute_knn", &arguments(k)));
        assert_eq!(filled[4..], expected.map(Some));
    }
}

#[test]
fn features_are_scaled_to_standard_deviations() {
    let column = floats(&[Some(1.0), Some(2.0), Some(3.0), None, Some(5.0), Some(2.5)]);
    let same = floats(&[Some(0.1), Some(0.1), Some(0.1), Some(0.1), Some(0.1), None]);
    let great = floats(&[Some(-1e308), Some(1e308), None, None, None, None]);
    let features = Features::new("test", &[column, same, great], 6).unwrap();
    let expected = [
        -1.2814232144554953,
        -0.5276448530110864,
        0.22613350843332256,
    ];
    for (row, expected) in expected.iter().enumerate() {
        assert!((features.of(row)[0] - expected).abs() < 1e-12);
        assert_eq!(features.of(row)[1], 0.0);
    }
    assert_eq!((features.of(0)[2], features.of(1)[2]), (-1.0, 1.0));
    assert_eq!(features.mask(5), 1);
}

#[test]
fn a_gap_without_anything_in_common_stays() {
    let values = integers(&[Some(1), None, None]);
    let left = floats(&[Some(1.0), None, None]);
    let right = floats(&[None, Some(1.0), None]);
    let filled = fill("impute_knn", &[values, constant(1, 3), left, right]);
    assert_eq!(of_integers(&filled), [Some(1), None, None]);
}

/// Rows at few places, and rows that all differ: neither compares all with all.
#[test]
fn a_tree_looks_at_few_of_many_points() {
    let rows = 20_000_usize;
    let scattered = |row: usize| ((row * 7_919) % 20_011) as f64;
    for place in [
        &(|row| [scattered(row), scattered(row * 31)]) as &dyn Fn(usize) -> [f64; 2],
        &|row| [(row % 10) as f64, (row % 7) as f64],
        &|_| [0.0, 0.0],
    ] {
        let coordinates: Vec<[f64; 2]> = (0..rows).map(place).collect();
        let points = coordinates
            .iter()
            .enumerate()
            .map(|(rank, coordinates)| Point {
                coordinates,
                mask: 0b11,
                rank,
            })
            .collect();
        let neighbours = Neighbours::new(points, 2, 5);
        let mut effort = Effort::default();
        for asked in coordinates.iter().take(1000) {
            assert_eq!(neighbours.nearest(asked, 0b11, 5, &mut effort).len(), 5);
        }
        assert!(effort.distances < 1000 * 500, "{}", effort.distances);
    }
}

#[test]
fn the_most_neighbours_and_features_are_taken_and_no_more() {
    let values = integers(&[Some(1), None]);
    let feature = floats(&[Some(1.0), Some(1.0)]);
    let arguments = |features: usize| -> Vec<ArrayRef> {
        let first = [Arc::clone(&values), constant(1000, 2)];
        let features = vec![Arc::clone(&feature); features];
        first.into_iter().chain(features).collect()
    };
    let filled = fill("impute_knn", &arguments(64));
    assert_eq!(of_integers(&filled), [Some(1), Some(1)]);
    let error = try_fill("impute_knn", &arguments(65)).unwrap_err();
    let expected = "impute_knn takes at most 64 features, not 65";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_search_ends_before_it_takes_for_ever() {
    let mut effort = Effort::default();
    check_effort(&effort).unwrap();
    effort.distances = 10_000_000_001;
    assert_eq!(check_effort(&effort).unwrap_err().sqlstate, "54000");
}
