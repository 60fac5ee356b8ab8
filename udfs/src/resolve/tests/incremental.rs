//! Bit by bit or at once: the same entities, and ids that stay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::compare::equalities;
use super::super::hashing::mix;
use super::super::{
    Change, Clusters, Decisions, GroupScores, Pair, ResolveOptions, Resolver, entity_ids,
};
use super::people::{COLUMNS, Made, builder, options, partition, people, records, rows};

fn names(resolver: &Resolver, pairs: &[Pair]) -> Vec<(String, String, f32)> {
    let name = |record: u32| resolver.records().key(record).to_owned();
    let mut names: Vec<(String, String, f32)> = pairs
        .iter()
        .map(|pair| {
            let (left, right) = (name(pair.left), name(pair.right));
            (
                left.clone().max(right.clone()),
                left.min(right),
                pair.log_odds,
            )
        })
        .collect();
    names.sort_by(|left, right| left.partial_cmp(right).unwrap());
    names
}

#[test]
fn an_update_gives_what_a_rebuild_gives() {
    for budget in ["1000000", "60000"] {
        let options = options(&[("pair_budget", budget)]);
        let mut made = people(300, 31);
        let later = made.split_off(made.len() - 60);
        let mut resolver = Resolver::train(records(&made, &options), &options).unwrap();
        let model = resolver.model().clone();
        let mut pairs = resolver.pairs().unwrap();
        let decisions = Decisions::default();
        let mut known = GroupScores::default();
        let first = resolver.clusters(&pairs, &decisions).unwrap();
        for _ in 0..2 {
            let knowing = resolver.clusters_knowing(&pairs, &decisions, &mut known);
            assert_eq!(knowing.unwrap(), first);
        }
        assert!(known.bytes() > 0, "there are groups of three or more");
        // Rounds of records that are new, that have changed, and that are gone.
        for round in 0..3_usize {
            let mut upserts: Vec<Made> = later[round * 20..(round + 1) * 20].to_vec();
            for at in 0..15 {
                let mut changed = made[(at * 13 + round * 31) % made.len()].clone();
                changed.values[2..].rotate_right(0);
                changed.values[7] = Some(format!("{} Changed Road", at + round));
                changed.values[3] = made[at].values[3].clone();
                upserts.push(changed);
            }
            let mut ids = BTreeSet::new();
            upserts.retain(|made| ids.insert((made.values[1].clone(), made.values[0].clone())));
            let gone: Vec<Made> = made
                .iter()
                .skip(40 + round * 5)
                .step_by(37)
                .take(4)
                .cloned()
                .collect();
            let is = |one: &Made, other: &Made| one.values[..2] == other.values[..2];
            let gone: Vec<Made> = gone
                .into_iter()
                .filter(|gone| !upserts.iter().any(|made| is(made, gone)))
                .collect();
            let removed: Vec<u32> = gone
                .iter()
                .filter_map(|made| {
                    let (id, system) = (made.values[0].as_deref()?, made.values[1].as_deref()?);
                    resolver.records().find(system, id)
                })
                .collect();
            let changed = builder(&COLUMNS, &rows(&upserts), &options)
                .finish_for(model.columns())
                .unwrap();
            let mut before = resolver;
            if round > 0 {
                before.share().unwrap();
            }
            let standing = names(&before, &before.pairs().unwrap());
            resolver = before.fork(&Arc::default()).unwrap();
            let updated = resolver.update(&changed, &removed).unwrap();
            assert!(updated.regrouped.is_empty());
            let comparisons = &resolver.model().comparisons;
            assert_eq!(resolver.equal, equalities(resolver.records(), comparisons));
            let places = updated.places;
            assert_eq!(names(&before, &before.pairs().unwrap()), standing);
            for made in &gone {
                let (id, system) = (made.values[0].as_deref(), made.values[1].as_deref());
                let found = resolver.records().find(system.unwrap(), id.unwrap());
                assert_eq!(found, None, "a record that is gone");
            }
            let touched: Vec<u32> = places.iter().chain(&removed).copied().collect();
            pairs.retain(|pair| !touched.contains(&pair.left) && !touched.contains(&pair.right));
            pairs.extend(resolver.pairs_of(&places).unwrap());

            made.retain(|made| !gone.iter().chain(&upserts).any(|other| is(made, other)));
            made.extend(upserts);
            let all = builder(&COLUMNS, &rows(&made), &options)
                .finish_for(model.columns())
                .unwrap();
            let rebuilt = Resolver::new(all, model.clone()).unwrap();
            let expected = rebuilt.pairs().unwrap();
            assert_eq!(names(&resolver, &pairs), names(&rebuilt, &expected));
            assert_eq!(
                names(&resolver, &resolver.pairs().unwrap()),
                names(&rebuilt, &expected)
            );
            // What is known of groups of before says nothing else of those of now.
            known.forget(&touched);
            let clusters = resolver.clusters(&pairs, &decisions).unwrap();
            let knowing = resolver.clusters_knowing(&pairs, &decisions, &mut known);
            assert_eq!(knowing.unwrap(), clusters);
            assert_eq!(
                partition(resolver.records(), &clusters),
                partition(
                    rebuilt.records(),
                    &rebuilt.clusters(&expected, &decisions).unwrap()
                )
            );
        }
    }
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = mix(self.0, 1);
        (self.0 % end as u64) as usize
    }
}

/// The system and the identifier of a record.
type Name = (String, String);

fn name(made: &Made) -> Name {
    let value = |at: usize| made.values[at].clone().unwrap();
    (value(1), value(0))
}

/// How sure the entity of each record is.
fn sureness(resolver: &Resolver, clusters: &Clusters) -> BTreeMap<String, (f32, f32)> {
    let records = resolver.records();
    let there = (0..records.len()).filter(|at| !records.is_removed(*at as u32));
    let sure = |at: usize| (clusters.membership[at], clusters.confidence[at]);
    there
        .map(|at| (records.key(at as u32).to_owned(), sure(at)))
        .collect()
}

/// Pairs of records that people have told of: those that are one, or those that are two.
fn told(resolver: &Resolver, said: &[(Name, Name, bool)], are_one: bool) -> Vec<(u32, u32)> {
    let place = |(system, id): &Name| resolver.records().find(system, id);
    let said = said.iter().filter(|(.., is_one)| *is_one == are_one);
    said.filter_map(|(left, right, _)| Some((place(left)?, place(right)?)))
        .collect()
}

fn changed_at_random(options: &ResolveOptions, seed: u64) {
    let mut random = Random(seed);
    let mut made = people(100, 40 + seed);
    let mut absent = made.split_off(made.len() / 5 * 4);
    let mut resolver = Resolver::train(records(&made, options), options).unwrap();
    let mut pairs = resolver.pairs().unwrap();
    let mut known = GroupScores::default();
    let mut said: Vec<(Name, Name, bool)> = Vec::new();
    for round in 0..4 {
        let (mut upserts, mut gone) = (Vec::new(), Vec::new());
        for _ in 0..1 + random.below(12) {
            let mut one = made[random.below(made.len())].clone();
            let other = &made[random.below(made.len())];
            match random.below(6) {
                0 => upserts.extend(absent.pop()),
                1 => gone.push(one),
                2 if name(&one) != name(other) => {
                    said.push((name(&one), name(other), random.below(2) == 0));
                }
                fate => {
                    let column = 2 + random.below(COLUMNS.len() - 2);
                    let value = other.values[column].clone();
                    one.values[column] = value.filter(|_| fate > 3);
                    upserts.push(one);
                }
            }
        }
        let mut touched = BTreeSet::new();
        upserts.retain(|made| touched.insert(name(made)));
        gone.retain(|made| touched.insert(name(made)));
        let place = |made: &Made| resolver.records().find(&name(made).0, &name(made).1);
        let removed: Vec<u32> = gone.iter().filter_map(place).collect();
        assert_eq!(removed.len(), gone.len());
        let changed = builder(&COLUMNS, &rows(&upserts), options)
            .finish_for(resolver.model().columns())
            .unwrap();
        let updated = resolver.update(&changed, &removed).unwrap();
        let scored = updated.to_score();
        let is_other = |record: &u32| scored.contains(record) || removed.contains(record);
        pairs.retain(|pair| !is_other(&pair.left) && !is_other(&pair.right));
        pairs.extend(resolver.pairs_of(&scored).unwrap());
        known.forget(updated.places.iter().chain(&removed));
        made.retain(|made| !touched.contains(&name(made)));
        made.extend(upserts);
        // They come again.
        absent.extend(gone);

        let context = format!("{options:?}, seed {seed}, round {round}");
        let all = builder(&COLUMNS, &rows(&made), options)
            .finish_for(resolver.model().columns())
            .unwrap();
        let rebuilt = Resolver::new(all, resolver.model().clone()).unwrap();
        let expected = rebuilt.pairs().unwrap();
        assert_eq!(
            names(&resolver, &pairs),
            names(&rebuilt, &expected),
            "{context}"
        );
        let decisions = |resolver: &Resolver| {
            let of = |are_one| told(resolver, &said, are_one);
            Decisions::new(resolver.records(), &of(true), &of(false)).ok()
        };
        let (ours, theirs) = (decisions(&resolver), decisions(&rebuilt));
        assert_eq!(ours.is_some(), theirs.is_some(), "{context}");
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            // They contradict each other.
            said.clear();
            continue;
        };
        let clusters = resolver.clusters(&pairs, &ours).unwrap();
        let knowing = resolver.clusters_knowing(&pairs, &ours, &mut known);
        assert_eq!(knowing.unwrap(), clusters, "{context}");
        let expected = rebuilt.clusters(&expected, &theirs).unwrap();
        assert_eq!(
            partition(resolver.records(), &clusters),
            partition(rebuilt.records(), &expected),
            "{context}"
        );
        assert_eq!(
            sureness(&resolver, &clusters),
            sureness(&rebuilt, &expected),
            "{context}"
        );
        for (left, right) in told(&resolver, &said, true) {
            let [one, other] = [left, right].map(|at| clusters.entity_of[at as usize]);
            assert_eq!(one, other, "{context}");
        }
        for (left, right) in told(&resolver, &said, false) {
            let [one, other] = [left, right].map(|at| clusters.entity_of[at as usize]);
            assert_ne!(one, other, "{context}");
        }
    }
}

#[test]
fn whatever_changes_an_update_gives_what_a_rebuild_gives() {
    const IN_BLOCKS: (&str, &str) = ("pair_budget", "15000");
    let all: [&[(&str, &str)]; 6] = [
        &[],
        &[IN_BLOCKS],
        &[("link", "link_only"), IN_BLOCKS],
        &[("link", "dedupe")],
        &[("one_to_one", "on"), IN_BLOCKS],
        &[
            ("link", "link_only"),
            ("one_to_one", "on"),
            ("term_frequency", "off"),
        ],
    ];
    for seed in 0..12 {
        let options = options(all[seed % all.len()]);
        changed_at_random(&options, seed as u64);
    }
}

#[test]
fn a_record_is_looked_up() {
    for budget in ["1000000", "60000"] {
        let options = options(&[("pair_budget", budget)]);
        let made = people(300, 32);
        let resolver = Resolver::train(records(&made, &options), &options).unwrap();
        let mut found = 0;
        for at in (0..made.len()).step_by(9) {
            let mut one = made[at].clone();
            one.values[0] = Some("new".to_owned());
            one.values[6] = None;
            let query = builder(&COLUMNS, &rows(&[one]), &options)
                .finish_for(resolver.model().columns())
                .unwrap();
            let pairs = resolver.lookup(&query, |_| None).unwrap();
            // Copies of it come first.
            let first = pairs.first().map(|pair| pair.log_odds);
            let rest = pairs.iter().skip_while(|pair| Some(pair.log_odds) == first);
            assert!(rest.is_sorted_by(|one, two| one.log_odds >= two.log_odds));
            let best = pairs.first().map(|pair| made[pair.right as usize].person);
            found += usize::from(best == Some(made[at].person));
        }
        assert!(found * 100 >= made.len().div_ceil(9) * 97, "{found}");
    }
}

#[test]
fn of_records_that_are_as_like_the_record_itself_is_found_first() {
    let options = options(&[]);
    let mut made = people(250, 41);
    let alone = |made: &Made, all: &[Made]| {
        let of_person = all.iter().filter(|other| other.person == made.person);
        of_person.count() == 1
    };
    let copied = made.iter().position(|one| alone(one, &made)).unwrap();
    let mut copy = made[copied].clone();
    copy.values[0] = Some("zzz".to_owned());
    made.push(copy);
    let resolver = Resolver::train(records(&made, &options), &options).unwrap();
    let query = |at: usize| {
        let mut one = made[at].clone();
        one.values[0] = Some("new".to_owned());
        let query = builder(&COLUMNS, &rows(&[one]), &options);
        query.finish_for(resolver.model().columns()).unwrap()
    };
    let mut found = 0;
    for (at, one) in made.iter().enumerate() {
        let itself = at as u32;
        let pairs = resolver.lookup(&query(at), |_| Some(itself)).unwrap();
        // One that says hardly anything is like none.
        if pairs.iter().any(|pair| pair.right == itself) {
            assert_eq!(pairs[0].right, itself, "{one:?}");
            found += 1;
        }
    }
    assert!(found * 10 > made.len() * 9, "{found}");
    // Of copies the first one by name, where nothing tells which is meant.
    for at in [copied, made.len() - 1] {
        let pairs = resolver.lookup(&query(at), |_| None).unwrap();
        let first: Vec<u32> = pairs.iter().take(2).map(|pair| pair.right).collect();
        assert_eq!(first, [copied as u32, made.len() as u32 - 1]);
    }
}

/// Records of one person each, and entities as they are given.
fn entities(groups: &[u32]) -> (Resolver, Clusters) {
    let options = options(&[]);
    let made: Vec<Made> = people(groups.len() as u64, 33)
        .into_iter()
        .filter(|made| made.values[0].as_ref().is_some_and(|id| id.ends_with("-0")))
        .collect();
    let resolver = Resolver::train(records(&made, &options), &options).unwrap();
    let clusters = Clusters {
        entity_of: groups.to_vec(),
        membership: vec![1.0; groups.len()],
        confidence: vec![1.0; groups.len()],
    };
    (resolver, clusters)
}

#[test]
fn ids_stay() {
    let (resolver, clusters) = entities(&[0, 0, 0, 3, 3, 5]);
    let records = resolver.records();
    let first = entity_ids(records, &clusters, &[], 1, &options(&[])).unwrap();
    assert_eq!(first.next, 4);
    let of = |ids: &[Option<u64>]| ids.iter().map(|id| id.unwrap()).collect::<Vec<u64>>();
    let ids = of(&first.of_records);
    assert_eq!(first.changes.len(), 3);
    assert!(
        first
            .changes
            .iter()
            .all(|change| matches!(change, Change::Created { .. }))
    );

    // Nothing changes: neither do the ids.
    let same = entity_ids(
        records,
        &clusters,
        &first.of_records,
        first.next,
        &options(&[]),
    )
    .unwrap();
    assert_eq!((of(&same.of_records), same.changes.len()), (ids.clone(), 0));

    // Two become one: the older id stays.
    let (_, merged) = entities(&[0, 0, 0, 3, 3, 3]);
    let after = entity_ids(
        records,
        &merged,
        &first.of_records,
        first.next,
        &options(&[]),
    )
    .unwrap();
    let (kept, lost) = (ids[3].min(ids[5]), ids[3].max(ids[5]));
    assert_eq!(
        of(&after.of_records),
        [ids[0], ids[0], ids[0], kept, kept, kept]
    );
    assert_eq!(
        after.changes,
        [Change::Merged {
            entity: lost,
            into: kept
        }]
    );

    // One becomes two: the larger part keeps the id.
    let (_, split) = entities(&[0, 1, 1, 3, 3, 5]);
    let after = entity_ids(
        records,
        &split,
        &first.of_records,
        first.next,
        &options(&[]),
    )
    .unwrap();
    assert_eq!(
        of(&after.of_records),
        [4, ids[0], ids[0], ids[3], ids[3], ids[5]]
    );
    assert_eq!(
        after.changes,
        [Change::Split {
            entity: 4,
            from: ids[0]
        }]
    );
    assert_eq!(after.next, 5);
}

/// An entity is split, and most of it is one with an older entity: the rest is what goes on.
#[test]
fn what_goes_on_alone_keeps_the_id() {
    let (resolver, clusters) = entities(&[0, 0, 0, 0, 4, 5]);
    let ids = |clusters: &Clusters, previous: [u64; 6]| {
        let previous = previous.map(Some);
        let records = resolver.records();
        let found = entity_ids(records, clusters, &previous, 100, &options(&[])).unwrap();
        let of_records = found.of_records.iter().map(|id| id.unwrap());
        (of_records.collect::<Vec<u64>>(), found.changes)
    };
    let (found, changes) = ids(&clusters, [2, 2, 59, 59, 59, 5]);
    assert_eq!((found, changes), (vec![2, 2, 2, 2, 59, 5], Vec::new()));
    // Nobody loses an id to it.
    let (_, clusters) = entities(&[0, 0, 0, 0, 4, 4]);
    let (found, changes) = ids(&clusters, [2, 2, 59, 59, 59, 70]);
    assert_eq!(found, [2, 2, 2, 2, 70, 70]);
    let merged = Change::Merged {
        entity: 59,
        into: 2,
    };
    assert_eq!(changes, [merged]);
}

/// Whatever else the two parts are one with.
#[test]
fn of_equal_parts_that_of_the_first_name_keeps_the_id() {
    let (resolver, clusters) = entities(&[0, 0, 2, 2, 4, 5]);
    let records = resolver.records();
    let first = |two: [u32; 2]| two.into_iter().map(|record| records.key(record)).min();
    let previous = [7, 8, 7, 9, 10, 11].map(Some);
    let found = entity_ids(records, &clusters, &previous, 100, &options(&[])).unwrap();
    let (expected, lost) = match first([0, 1]) < first([2, 3]) {
        true => ([7, 7, 9, 9, 10, 11], 8),
        false => ([8, 8, 7, 7, 10, 11], 9),
    };
    assert_eq!(found.of_records, expected.map(Some));
    let merged = Change::Merged {
        entity: lost,
        into: 7,
    };
    assert_eq!(found.changes, [merged]);
}

#[test]
fn an_entity_whose_records_are_gone_is_gone() {
    let (mut resolver, clusters) = entities(&[0, 0, 0, 3, 3, 5]);
    resolver.records.remove(5);
    let previous = [8, 8, 8, 3, 9, 5].map(Some);
    let records = resolver.records();
    let found = entity_ids(records, &clusters, &previous, 100, &options(&[])).unwrap();
    let mut expected = [8, 8, 8, 3, 3, 5].map(Some);
    expected[5] = None;
    assert_eq!(found.of_records, expected);
    let (gone, merged) = (
        Change::Gone { entity: 5 },
        Change::Merged { entity: 9, into: 3 },
    );
    assert_eq!(found.changes, [gone, merged]);
}

/// Many records share what few did when blocks were learned.
#[test]
fn blocks_that_become_too_large_are_split() {
    let options = options(&[("pair_budget", "60000")]);
    let made = people(2000, 36);
    let mut resolver = Resolver::train(records(&made, &options), &options).unwrap();
    let report = |resolver: &Resolver| {
        let rules = resolver.blocking_report().into_iter();
        let rules = rules.map(|rule| (rule.split + rule.dropped, rule.largest));
        let rules: Vec<(usize, u32)> = rules.collect();
        let changed = rules.iter().map(|(changed, _)| changed).sum::<usize>();
        (changed, rules.iter().map(|(_, largest)| *largest).max())
    };
    let learned = report(&resolver).0;
    let mut pairs = resolver.pairs().unwrap();
    let before = names(&resolver, &pairs);
    let mut later = Vec::new();
    let mut all = made.clone();
    let mut others = people(300, 37);
    others.truncate(500);
    for (at, other) in others.iter_mut().enumerate() {
        other.values[0] = Some(format!("later {at}"));
        // A form that somebody has copied: only the name and the city are others.
        for column in [4, 5, 6, 7] {
            other.values[column] = made[0].values[column].clone();
        }
    }
    // First few enough, then too many: of these, those that came first are scored anew, too.
    for (part, is_too_large) in [(&others[..250], false), (&others[250..], true)] {
        let changed = builder(&COLUMNS, &rows(part), &options)
            .finish_for(resolver.model().columns())
            .unwrap();
        let updated = resolver.update(&changed, &[]).unwrap();
        all.extend_from_slice(part);
        assert_eq!(!updated.regrouped.is_empty(), is_too_large);
        assert_eq!(report(&resolver).0 > learned, is_too_large);
        let scored = updated.to_score();
        later.extend(updated.places);
        pairs.retain(|pair| !scored.contains(&pair.left) && !scored.contains(&pair.right));
        pairs.extend(resolver.pairs_of(&scored).unwrap());
        let records = builder(&COLUMNS, &rows(&all), &options)
            .finish_for(resolver.model().columns())
            .unwrap();
        let rebuilt = Resolver::new(records, resolver.model().clone()).unwrap();
        assert_eq!(rebuilt.model(), resolver.model());
        assert_eq!(resolver.blocking_report(), rebuilt.blocking_report());
        let (_, largest) = report(&rebuilt);
        assert!(largest <= Some(400), "{largest:?}");
        let expected = names(&rebuilt, &rebuilt.pairs().unwrap());
        assert_eq!(names(&resolver, &pairs), expected);
        assert_eq!(names(&resolver, &resolver.pairs().unwrap()), expected);
    }
    // A model that stands is told when it is read, too.
    let of_few = Resolver::train(records(&made, &options), &options).unwrap();
    let records = builder(&COLUMNS, &rows(&all), &options)
        .finish_for(of_few.model().columns())
        .unwrap();
    let read = Resolver::new(records, of_few.model().clone()).unwrap();
    assert_eq!(
        names(&read, &read.pairs().unwrap()),
        names(&resolver, &pairs)
    );
    // Without them the blocks are small again, and whole.
    let none = builder(&COLUMNS, &[], &options)
        .finish_for(resolver.model().columns())
        .unwrap();
    let scored = resolver.update(&none, &later).unwrap().to_score();
    let is_other = |record: u32| scored.contains(&record) || later.contains(&record);
    pairs.retain(|pair| !is_other(pair.left) && !is_other(pair.right));
    pairs.extend(resolver.pairs_of(&scored).unwrap());
    assert_eq!(report(&resolver).0, learned);
    assert_eq!(names(&resolver, &pairs), before);
    assert_eq!(names(&resolver, &resolver.pairs().unwrap()), before);
}

#[test]
fn a_model_that_compares_all_is_fit_for_few_records() {
    let made = people(60, 38);
    let fit_for = |budget: &str| {
        let options = options(&[("pair_budget", budget)]);
        let resolver = Resolver::train(records(&made, &options), &options).unwrap();
        resolver.model().most_records()
    };
    assert_eq!(fit_for("1000000000"), Some(1732));
    let pairs = (made.len() * (made.len() - 1) / 2) as u64;
    assert_eq!(fit_for(&pairs.to_string()), Some(made.len()));
    assert_eq!(fit_for(&(pairs - 1).to_string()), None);
}

#[test]
fn a_lookup_answers_with_those_that_it_may_be_linked_to() {
    let made = people(200, 39);
    for (link, within) in [("link_only", false), ("dedupe", true)] {
        let options = options(&[("link", link)]);
        let resolver = Resolver::train(records(&made, &options), &options).unwrap();
        let mut found = 0;
        for source in [Some("crm"), None] {
            let mut one = made[0].clone();
            one.values[0] = Some("new".to_owned());
            one.values[1] = source.map(str::to_owned);
            let query = builder(&COLUMNS, &rows(&[one]), &options)
                .finish_for(resolver.model().columns())
                .unwrap();
            for pair in resolver.lookup(&query, |_| None).unwrap() {
                found += 1;
                let is_within = resolver.records().source(pair.right) == "crm";
                assert!(source.is_none() || is_within == within, "{link}");
            }
        }
        assert!(found > 0);
    }
}
