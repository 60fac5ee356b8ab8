//! Every strategy against the plain way, over texts of few letters so that many are alike.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::index::{Build, Index, Search};
use super::super::pairs::Pairs;
use super::super::predicate::{Bound, Metric, Predicate};
use super::super::reference;
use super::super::texts::Texts;
use super::EditIndex;
use super::plan::{Planner, Strategy as Way};
use crate::similarity::kernel::edit;

/// What the SQL functions compute, by another implementation.
fn satisfies(predicate: Predicate, left: &str, right: &str) -> bool {
    let distance = match predicate.metric {
        Metric::Levenshtein => strsim::levenshtein(left, right),
        Metric::Osa => strsim::osa_distance(left, right),
        Metric::DamerauLevenshtein => strsim::damerau_levenshtein(left, right),
        Metric::Hamming => match strsim::hamming(left, right) {
            Ok(distance) => distance,
            Err(_) => return false,
        },
        _ => {
            let similarity = strsim::normalized_levenshtein(left, right);
            return matches!(predicate.bound, Bound::AtLeast(least) if similarity >= least);
        }
    };
    matches!(predicate.bound, Bound::AtMost(most) if distance <= most as usize)
}

/// All pairs (probe, build) in the plain way.
fn expected(
    predicate: Predicate,
    probes: &Texts,
    builds: &Texts,
    self_join: bool,
) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for probe in probes.ids() {
        for build in builds.ids() {
            let wanted = !self_join || build <= probe;
            if wanted && satisfies(predicate, probes.get(probe), builds.get(build)) {
                pairs.push((probe, build));
            }
        }
    }
    pairs
}

fn texts(texts: &BTreeSet<String>) -> Arc<Texts> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Arc::new(Texts::new(&texts).0)
}

fn build(predicate: Predicate, texts: &Arc<Texts>) -> Build {
    // The functions' own expression is not looked at.
    let any = Predicate {
        metric: Metric::Levenshtein,
        bound: Bound::AtMost(1),
    };
    Build {
        predicate,
        ..reference::build(any, Arc::clone(texts))
    }
}

/// The index with one strategy wherever it can be taken, and few entries.
fn index(build: &Build, way: Option<Way>) -> EditIndex {
    let change = |planner: &mut Planner<'_>| {
        planner.forced = way;
        planner.most_entries = 1 << 13;
    };
    EditIndex::planned(build, change).unwrap()
}

const WAYS: [Option<Way>; 6] = [
    None,
    Some(Way::Scan),
    Some(Way::Deletions),
    Some(Way::Segments { together: 1 }),
    Some(Way::Segments { together: 2 }),
    Some(Way::Segments { together: 3 }),
];

fn predicate() -> impl Strategy<Value = Predicate> {
    let metrics = [
        Metric::Levenshtein,
        Metric::Osa,
        Metric::DamerauLevenshtein,
        Metric::Hamming,
    ];
    prop_oneof![
        (prop::sample::select(metrics.to_vec()), 0_u32..5).prop_map(|(metric, most)| Predicate {
            metric,
            bound: Bound::AtMost(most),
        }),
        prop_oneof![Just(0.0), Just(0.5), Just(0.8), 0.3_f64..1.1].prop_map(|least| Predicate {
            metric: Metric::NormalizedLevenshtein,
            bound: Bound::AtLeast(least),
        }),
    ]
}

/// Texts of few letters, and some that are made of others by a few edits or swaps.
fn some_texts() -> impl Strategy<Value = BTreeSet<String>> {
    let text = prop_oneof![
        8 => "[ab]{0,8}",
        8 => "[abc]{3,14}",
        4 => "[aé日]{0,7}",
        2 => "(abc|bca){8,13}",
        1 => "[ab]{60,70}",
        2 => "(the same beginning of all ){1,2}[abc]{2,6}",
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4), 0..4);
    prop::collection::vec((text, edits), 0..10).prop_map(|texts| {
        let mut all = BTreeSet::new();
        for (text, edits) in texts {
            let mut characters: Vec<char> = text.chars().collect();
            all.insert(text);
            for (place, edit) in edits {
                let place = place.index(characters.len() + 1);
                match edit {
                    0 => characters.insert(place, 'b'),
                    1 if place < characters.len() => characters[place] = 'a',
                    2 if place < characters.len() => {
                        characters.remove(place);
                    }
                    3 if place + 1 < characters.len() => characters.swap(place, place + 1),
                    _ => {}
                }
            }
            all.insert(characters.into_iter().collect());
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn self_joins_find_what_the_plain_way_finds(
        predicate in predicate(),
        some in some_texts(),
        limit in prop_oneof![Just(1), Just(7), Just(usize::MAX)],
    ) {
        let texts = texts(&some);
        let expected = expected(predicate, &texts, &texts, true);
        for way in WAYS {
            let index = index(&build(predicate, &texts), way);
            let found = reference::search(&index, &texts, true, limit);
            prop_assert_eq!(&found, &expected, "{:?}", way);
        }
    }

    #[test]
    fn joins_find_what_the_plain_way_finds(
        predicate in predicate(),
        builds in some_texts(),
        probes in some_texts(),
    ) {
        // Some texts are on both sides.
        let probes: BTreeSet<String> =
            probes.into_iter().chain(builds.iter().take(5).cloned()).collect();
        let (builds, probes) = (texts(&builds), texts(&probes));
        let expected = expected(predicate, &probes, &builds, false);
        for way in WAYS {
            let index = index(&build(predicate, &builds), way);
            let found = reference::search(&index, &probes, false, 100);
            prop_assert_eq!(&found, &expected, "{:?}", way);
        }
    }
}

fn levenshtein(most: u32) -> Predicate {
    Predicate {
        metric: Metric::Levenshtein,
        bound: Bound::AtMost(most),
    }
}

/// Different numbers, as texts of a thousand characters and more.
fn long_texts() -> Arc<Texts> {
    let mut long = BTreeSet::new();
    for number in 0..8 {
        let text: Vec<char> = format!("{number:010}")
            .repeat(103 + number % 3)
            .chars()
            .collect();
        for place in [0, 500, 999] {
            let mut changed = text.clone();
            changed[place] = 'x';
            long.insert(changed.iter().collect());
            changed.remove(place / 2 + 100);
            long.insert(changed.iter().collect());
        }
    }
    texts(&long)
}

#[test]
fn long_texts_are_found_in_every_way_that_can_be_taken() {
    let texts = long_texts();
    let mut distance = edit::Scratch::<false>::default();
    for most in [1, 2, 3] {
        let mut expected = Vec::new();
        for (probe, build) in texts
            .ids()
            .flat_map(|id| (0..=id).map(move |other| (id, other)))
        {
            let (left, right) = (texts.get(probe).as_bytes(), texts.get(build).as_bytes());
            if distance.distance(left, right) <= most as usize {
                expected.push((probe, build));
            }
        }
        assert!(expected.len() > texts.len());
        for way in [
            None,
            Some(Way::Segments { together: 1 }),
            Some(Way::Segments { together: 2 }),
        ] {
            let index = index(&build(levenshtein(most), &texts), way);
            assert_eq!(reference::search(&index, &texts, true, 50), expected);
        }
    }
}

#[test]
fn a_shared_beginning_and_one_huge_text_are_no_harm() {
    let beginning = "the same beginning of all of them ".repeat(3);
    let mut some: BTreeSet<String> = (0..20_000)
        .map(|number| format!("{beginning}{:05}", number * 3))
        .collect();
    some.insert("x".repeat(10_000_000));
    some.insert("x".repeat(10_000_001));
    let texts = texts(&some);
    let build = build(levenshtein(1), &texts);
    let index = build_within_its_size(&build);
    let found = reference::search(&index, &texts, true, 1000);
    // Multiples of three differ in one digit only where those are three apart, or more.
    let near = found.iter().filter(|(probe, build)| probe != build).count();
    let expected = (0..20_000_u32)
        .flat_map(|number| {
            let number = number * 3;
            (0..5).flat_map(move |digit| {
                let power = 10_u32.pow(digit);
                let own = number / power % 10;
                (0..own).filter(move |other| (own - other) % 3 == 0)
            })
        })
        .count();
    assert_eq!(near, expected + 1);
}

/// The index, which takes no more memory than was said beforehand.
fn build_within_its_size(build: &Build) -> EditIndex {
    let index = EditIndex::new(build).unwrap();
    assert!(index.size() <= EditIndex::build_size(build));
    index
}

#[test]
fn what_is_found_is_handed_out_piece_by_piece() {
    // All are within two edits of each other.
    let some: BTreeSet<String> = ('a'..='z')
        .flat_map(|first| ('a'..='z').map(move |second| format!("{first}{second}")))
        .chain(
            (0..2000)
                .filter_map(|code| char::from_u32(0x4E00 + code))
                .map(String::from),
        )
        .collect();
    let texts = texts(&some);
    let build = build(levenshtein(2), &texts);
    let index = build_within_its_size(&build);
    let found = reference::search(&index, &texts, true, 10_000);
    assert_eq!(found.len(), some.len() * (some.len() + 1) / 2);
}

#[test]
fn a_cancelled_query_ends_building_and_searching() {
    let texts = long_texts();
    let build = build(levenshtein(2), &texts);
    let index = index(&build, Some(Way::Segments { together: 1 }));
    build.cancellation.cancel();
    let search = Search {
        texts: &texts,
        ids: texts.ids(),
        self_join: true,
        cancellation: &build.cancellation,
    };
    let mut pairs = Pairs::with_limit(10);
    assert!(
        index
            .search(&search, &mut index.scratch(), &mut pairs)
            .is_err()
    );
    let segments = |planner: &mut Planner<'_>| {
        planner.forced = Some(Way::Segments { together: 1 });
    };
    assert!(EditIndex::planned(&build, segments).is_err());
}
