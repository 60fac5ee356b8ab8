//! Hot decks: who is drawn, how often, and that it is the same wherever it is computed.

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionConfig;

use super::*;

proptest! {
    #[test]
    fn donors_are_of_the_same_class(
        rows in prop::collection::vec((prop::option::weighted(0.6, 0_i64..100), prop::option::of(0_i64..4)), 1..60),
        seed in any::<i64>(),
    ) {
        let (values, classes): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
        let arguments = [integers(&values), constant(seed, rows.len()), integers(&classes)];
        let filled = of_integers(&fill("impute_hot_deck", &arguments));
        for (row, filled) in filled.iter().enumerate() {
            if values[row].is_some() {
                prop_assert_eq!(*filled, values[row]);
                continue;
            }
            let mut donors = rows.iter().filter(|(value, class)| value.is_some() && *class == classes[row]);
            match filled {
                Some(_) => prop_assert!(donors.any(|(value, _)| value == filled)),
                None => prop_assert!(donors.next().is_none()),
            }
        }
    }

    /// The order of those who have a value makes no difference to those who have none.
    #[test]
    fn donors_may_stand_in_any_order(
        donors in prop::collection::vec(0_i64..9, 1..20).prop_flat_map(|donors| {
            (Just(donors.clone()), Just(donors).prop_shuffle())
        }),
        gaps in 1_usize..20,
    ) {
        let (donors, shuffled) = donors;
        let filled = |donors: &[i64]| {
            let values: Vec<_> = donors.iter().copied().map(Some).chain((0..gaps).map(|_| None)).collect();
            let filled = of_integers(&fill("impute_hot_deck", &[integers(&values), constant(7, values.len())]));
            filled[donors.len()..].to_vec()
        };
        prop_assert_eq!(filled(&donors), filled(&shuffled));
    }
}

/// Four donors, of which two are the same: within five standard deviations of a fair draw.
#[test]
fn every_donor_is_as_likely() {
    let gaps = 40_000;
    let known = [Some(1), Some(2), Some(2), Some(3)];
    let values: Vec<_> = known.into_iter().chain((0..gaps).map(|_| None)).collect();
    for seed in [0, 1, -1] {
        let filled = of_integers(&fill(
            "impute_hot_deck",
            &[integers(&values), constant(seed, values.len())],
        ));
        for (value, share) in [(1, 0.25), (2, 0.5), (3, 0.25)] {
            let count = filled[4..]
                .iter()
                .filter(|filled| **filled == Some(value))
                .count();
            let deviation = (f64::from(gaps) * share * (1.0 - share)).sqrt();
            let expected = f64::from(gaps) * share;
            assert!(
                (count as f64 - expected).abs() < 5.0 * deviation,
                "{value}: {count}"
            );
        }
    }
}

/// Gaps at the same place of different classes, and under different seeds, draw apart.
#[test]
fn seeds_and_classes_draw_apart() {
    let donors = 100;
    let classes = 200;
    let per_class = donors + 1;
    let value =
        |row: i64| (row % per_class != donors).then_some(row % per_class * 1000 + row / per_class);
    let values: Vec<_> = (0..classes * per_class).map(value).collect();
    let class: Vec<_> = (0..classes * per_class)
        .map(|row| Some(row / per_class))
        .collect();
    let drawn = |seed: i64| -> Vec<i64> {
        let arguments = [
            integers(&values),
            constant(seed, values.len()),
            integers(&class),
        ];
        let filled = of_integers(&fill("impute_hot_deck", &arguments));
        (0..classes)
            .map(|class| filled[(class * per_class + donors) as usize].unwrap() / 1000)
            .collect()
    };
    let first = drawn(1);
    let mut distinct = first.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 60, "{}", distinct.len());
    let same = first
        .iter()
        .zip(drawn(2))
        .filter(|(left, right)| *left == right)
        .count();
    assert!(same < 20, "{same}");
}

/// The rows of a table in another order, in other batches and over other threads.
#[tokio::test]
async fn the_draw_is_the_same_wherever_it_is_computed() {
    let rows = 3_000_i64;
    let answer = async |stride: i64, partitions: usize, batch: usize| {
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(batch);
        let mut context = SessionContext::new_with_config(config);
        crate::register_all(&mut context).unwrap();
        let ids: Vec<i64> = (0..rows).map(|row| row * stride % rows).collect();
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("k", DataType::Utf8, false),
            Field::new("v", DataType::Int64, true),
        ]));
        let part = |ids: &[i64]| {
            let keys: StringArray = ids.iter().map(|id| Some(format!("k{}", id % 7))).collect();
            let values: Int64Array = ids.iter().map(|id| (id % 3 != 0).then_some(*id)).collect();
            let columns: Vec<ArrayRef> = vec![
                Arc::new(Int64Array::from(ids.to_vec())),
                Arc::new(keys),
                Arc::new(values),
            ];
            vec![RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()]
        };
        let parts = ids.chunks(1_000).map(part).collect();
        let table = MemTable::try_new(Arc::clone(&schema), parts).unwrap();
        context.register_table("t", Arc::new(table)).unwrap();
        let statement = "SELECT id, impute_hot_deck(v, 11, id % 2) OVER (PARTITION BY k ORDER BY id) AS v,
              impute_knn(v, 3, id) OVER (PARTITION BY k) AS near, impute_mean(v) OVER (PARTITION BY k) AS mean
            FROM t ORDER BY id";
        let batches = context
            .sql(statement)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        pretty_format_batches(&batches).unwrap().to_string()
    };
    let expected = answer(1, 1, 8192).await;
    assert_eq!(expected.lines().count(), rows as usize + 4);
    assert_eq!(answer(1_009, 3, 100).await, expected);
    assert_eq!(answer(7, 2, 4_000).await, expected);
}
