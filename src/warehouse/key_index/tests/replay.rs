//! Whatever is added, merged, forgotten and reopened: lookups tell what a plain map tells.

use proptest::prelude::*;

use super::*;

/// What can happen to an index.
#[derive(Clone, Debug)]
enum Step {
    /// Data files are written and added, at once.
    Add(Vec<Vec<u16>>),
    /// Those whose number has this rest are taken out of the table.
    Retain(usize),
    Merge,
    Reopen,
    Check(Vec<u16>),
}

fn step() -> impl Strategy<Value = Step> {
    let rows = prop_oneof![
        prop::collection::vec(any::<u16>(), 0..40),
        prop::collection::vec(any::<u16>(), 100..900),
        // A key that many rows have.
        (any::<u16>(), 1..600_usize).prop_map(|(key, rows)| vec![key; rows]),
    ];
    prop_oneof![
        4 => prop::collection::vec(rows, 1..4).prop_map(Step::Add),
        1 => (0..3_usize).prop_map(Step::Retain),
        2 => Just(Step::Merge),
        1 => Just(Step::Reopen),
        2 => prop::collection::vec(any::<u16>(), 0..200).prop_map(Step::Check),
    ]
}

/// Few enough hashes for keys to occur again, and of two kinds: those that are spread, and those
/// that share their first half, which blocks are found by.
fn hash(key: u16) -> u128 {
    let key = key % 400;
    match key % 3 {
        0 => u128::from(key % 5) << 64 | u128::from(key),
        1 => u128::MAX - (u128::from(key % 5) << 64) - u128::from(key),
        _ => spread(u64::from(key)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lookups_tell_what_the_data_files_have(steps in prop::collection::vec(step(), 1..25)) {
        let mut fixture = Fixture::new();
        let every: Vec<u128> = (0..400).map(hash).collect();
        for step in steps {
            match step {
                Step::Add(files) => {
                    for rows in files {
                        fixture.write(rows.into_iter().map(hash));
                    }
                    fixture.cover();
                }
                Step::Retain(rest) => {
                    let mut number = 0;
                    fixture.files.retain(|_, _| {
                        number += 1;
                        number % 3 != rest
                    });
                    let kept = fixture.files.clone();
                    fixture.index.retain(|path| kept.contains_key(path));
                }
                Step::Merge => while fixture.index.merge().unwrap() {},
                Step::Reopen => {
                    fixture.reopen();
                    fixture.cover();
                }
                Step::Check(keys) => {
                    fixture.check(&keys.into_iter().map(hash).collect::<Vec<_>>());
                }
            }
        }
        fixture.check(&every);
        // What merges leave behind, and what reopening finds, is no more than the runs there are.
        prop_assert_eq!(fixture.run_files().len(), fixture.index.size().runs);
    }
}
