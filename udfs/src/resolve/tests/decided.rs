//! What people have decided holds, whatever else is known, and moves nothing else.

use std::collections::BTreeMap;

use super::super::{Clusters, Decisions, Resolver};
use super::people::people;
use super::{BLOCKED, resolve};

fn decided(resolver: &Resolver, must: &[(u32, u32)], cannot: &[(u32, u32)]) -> Clusters {
    let decisions = Decisions::new(resolver.records(), must, cannot).unwrap();
    resolver
        .clusters(&resolver.pairs().unwrap(), &decisions)
        .unwrap()
}

/// The records of each entity.
fn members(clusters: &Clusters) -> BTreeMap<u32, Vec<u32>> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (record, entity) in (0..).zip(&clusters.entity_of) {
        members.entry(*entity).or_default().push(record);
    }
    members
}

#[test]
fn records_of_one_source_that_must_be_one_are() {
    let made = people(250, 9);
    for more in [
        &[("one_to_one", "true")][..],
        &[("one_to_one", "true"), BLOCKED],
        &[("link", "link_only")],
    ] {
        let resolver = resolve(&made, more);
        let records = resolver.records();
        let all = 0..records.len() as u32;
        let of_source: Vec<u32> = all.filter(|at| records.source(*at) == "crm").collect();
        assert!(of_source.len() > 150);
        // A pair, a chain, and a chain of more records than are refined.
        for count in [2, 5, of_source.len()] {
            let chain = &of_source[..count];
            let must: Vec<(u32, u32)> = chain.windows(2).map(|pair| (pair[0], pair[1])).collect();
            let clusters = decided(&resolver, &must, &[]);
            let first = clusters.entity_of[chain[0] as usize];
            let is_first = |record: &u32| clusters.entity_of[*record as usize] == first;
            assert!(chain.iter().all(is_first), "{count} of {more:?}");
        }
    }
}

#[test]
fn two_entities_become_one_with_all_of_their_records() {
    let made = people(300, 21);
    for more in [&[][..], &[("one_to_one", "true")], &[BLOCKED]] {
        let resolver = resolve(&made, more);
        let free = members(&decided(&resolver, &[], &[]));
        let several: Vec<&Vec<u32>> = free.values().filter(|set| set.len() > 1).collect();
        assert!(several.len() > 40);
        let (must, expected): (Vec<(u32, u32)>, Vec<Vec<u32>>) = several[..40]
            .chunks(2)
            .map(|two| {
                let mut all = [two[0].as_slice(), two[1].as_slice()].concat();
                all.sort_unstable();
                ((two[0][0], two[1][1]), all)
            })
            .unzip();
        let clusters = decided(&resolver, &must, &[]);
        let found = members(&clusters);
        for expected in &expected {
            assert_eq!(&found[&expected[0]], expected);
        }
        // All others are what they were.
        let is_decided = |set: &&Vec<u32>| several[..40].contains(set);
        for other in free.values().filter(|set| !is_decided(set)) {
            assert_eq!(&found[&other[0]], other);
        }

        // Of two that are kept apart, one stays with the decided link.
        let cannot: Vec<(u32, u32)> = several[..40]
            .chunks(2)
            .map(|two| (two[0][1], two[1][0]))
            .collect();
        let clusters = decided(&resolver, &must, &cannot);
        let are_one = |(left, right): &(u32, u32)| {
            clusters.entity_of[*left as usize] == clusters.entity_of[*right as usize]
        };
        assert!(must.iter().all(are_one));
        assert!(!cannot.iter().any(are_one));
        let found = members(&clusters);
        for other in free.values().filter(|set| !is_decided(set)) {
            assert_eq!(&found[&other[0]], other);
        }
    }
}

#[test]
fn what_holds_of_a_record_holds_of_those_that_are_one_with_it() {
    let made = people(200, 22);
    let resolver = resolve(&made, &[]);
    let free = members(&decided(&resolver, &[], &[]));
    let several: Vec<&Vec<u32>> = free.values().filter(|set| set.len() > 1).collect();
    // A record that is kept from another is kept from what that one is one with.
    let (one, other) = (several[0], several[1]);
    let clusters = decided(&resolver, &[(one[0], other[0])], &[(other[0], one[1])]);
    let of = |record: u32| clusters.entity_of[record as usize];
    assert_eq!(of(one[0]), of(other[0]));
    assert_ne!(of(one[0]), of(one[1]));
    let all = [one[0], one[1], other[0]];
    let chain = [(all[0], all[1]), (all[1], all[2])];
    let both = Decisions::new(resolver.records(), &chain, &[(all[0], all[2])]).unwrap_err();
    assert_eq!(both.sqlstate, "22023");
}

#[test]
fn who_is_kept_apart_is_surely_alone() {
    let made = people(300, 23);
    let resolver = resolve(&made, &[]);
    let free = decided(&resolver, &[], &[]);
    let two: Vec<(u32, u32)> = members(&free)
        .values()
        .filter(|set| set.len() == 2 && free.confidence[set[0] as usize] > 0.99)
        .map(|set| (set[0], set[1]))
        .collect();
    assert!(two.len() > 20);
    let clusters = decided(&resolver, &[], &two);
    let alone = members(&clusters);
    let records: Vec<u32> = two.iter().flat_map(|(one, other)| [*one, *other]).collect();
    let alone: Vec<&u32> = records
        .iter()
        .filter(|at| alone[&clusters.entity_of[**at as usize]].len() == 1)
        .collect();
    assert!(alone.len() > 20);
    let is_sure = |record: &&&u32| clusters.confidence[***record as usize] > 0.5;
    let sure = alone.iter().filter(is_sure).count();
    assert!(sure * 20 >= alone.len() * 19, "{sure} of {}", alone.len());
}
