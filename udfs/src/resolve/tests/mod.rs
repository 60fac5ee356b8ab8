//! What an entity resolution promises, end to end.

mod bad_input;
mod copies;
mod courses;
mod decided;
mod identities;
mod incremental;
mod learning;
mod names;
mod parts;
mod people;
mod profiles;
mod said;
mod telling;
mod things;

use std::sync::Arc;

use proptest::prelude::*;

use super::hashing::mix;
use super::{
    Decisions, Model, Pair, PairLevels, Progress, Resolver, Stage, calibration, evaluate,
    label_suggestions,
};
use people::{Made, builder, options, partition, people, records, rows};

fn truth(made: &[Made]) -> Vec<Option<u64>> {
    made.iter().map(|made| Some(made.person)).collect()
}

fn resolve(made: &[Made], more: &[(&str, &str)]) -> Resolver {
    let options = options(more);
    Resolver::train(records(made, &options), &options).unwrap()
}

/// So few pairs that blocks are needed.
const BLOCKED: (&str, &str) = ("pair_budget", "60000");

#[test]
fn people_are_found_without_configuration() {
    let made = people(500, 1);
    for more in [&[][..], &[BLOCKED]] {
        let resolver = resolve(&made, more);
        let pairs = resolver.pairs().unwrap();
        let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
        let quality = evaluate(&clusters.entity_of, &truth(&made));
        assert!(quality.pairs.f1() > 0.97, "{quality:?}");
        assert!(quality.b_cubed.f1() > 0.97, "{quality:?}");
        // The threshold needs no tuning.
        for threshold in [0.05, 0.2, 0.8, 0.95] {
            let other = resolver
                .clusters_at(&pairs, &Decisions::default(), threshold)
                .unwrap();
            let other = evaluate(&other.entity_of, &truth(&made));
            assert!(
                other.pairs.f1() < quality.pairs.f1() + 0.01,
                "{threshold}: {other:?}"
            );
        }
    }
}

#[test]
fn blocks_lose_hardly_a_pair_and_spare_most() {
    let made = people(500, 2);
    let (all, blocked) = (resolve(&made, &[]), resolve(&made, &[BLOCKED]));
    assert!(all.blocking_report().is_empty());
    let report = blocked.blocking_report();
    assert!(!report.is_empty());
    let compared: u64 = report.iter().map(|rule| rule.pairs).sum();
    assert!(
        compared < made.len() as u64 * made.len() as u64 / 10,
        "{report:?}"
    );
    let sure = |resolver: &Resolver| {
        let pairs = resolver.pairs().unwrap();
        pairs.iter().filter(|pair| pair.probability() > 0.9).count()
    };
    assert!(sure(&blocked) * 100 > sure(&all) * 97);
}

#[test]
fn neither_order_nor_threads_matter() {
    let made = people(300, 3);
    let mut shuffled = made.clone();
    shuffled.sort_by_key(|made| {
        mix(
            made.person,
            made.values[0].as_ref().unwrap().len() as u64 + 7,
        )
    });
    for budget in ["1000000", BLOCKED.1] {
        let of = |made: &[Made], threads: &str| {
            let resolver = resolve(made, &[("threads", threads), ("pair_budget", budget)]);
            let clusters = resolver
                .clusters(&resolver.pairs().unwrap(), &Decisions::default())
                .unwrap();
            // Only the rounding of sums may depend on the order.
            let learned = resolver.model().parameters();
            let learned = learned.iter().map(|told| {
                let rounded = |share: f64| (share * 1e9).round();
                (told.label.clone(), rounded(told.m), rounded(told.u))
            });
            let learned: Vec<_> = learned.collect();
            (partition(resolver.records(), &clusters), learned)
        };
        let expected = of(&made, "1");
        assert_eq!(of(&made, "3"), expected);
        assert_eq!(of(&shuffled, "2"), expected);
    }
}

#[test]
fn a_model_is_its_parameters() {
    let made = people(200, 4);
    let options = options(&[BLOCKED]);
    let resolver = Resolver::train(records(&made, &options), &options).unwrap();
    let text = serde_json::to_string(resolver.model()).unwrap();
    let model: Model = serde_json::from_str(&text).unwrap();
    assert_eq!(&model, resolver.model());
    let again = builder(&people::COLUMNS, &rows(&made), &options)
        .finish_for(model.columns())
        .unwrap();
    let again = Resolver::new(again, model).unwrap();
    assert_eq!(again.pairs().unwrap(), resolver.pairs().unwrap());
    // Its numbers mean something else to another version.
    let other = text.replacen("\"format\":7", "\"format\":6", 1);
    let error = serde_json::from_str::<Model>(&other)
        .unwrap_err()
        .to_string();
    assert!(error.contains("it is of format 6"), "{error}");
}

#[test]
fn explanations_add_up() {
    let made = people(200, 5);
    let resolver = resolve(&made, &[]);
    let pairs = resolver.pairs().unwrap();
    for pair in pairs.iter().take(200) {
        let rows = resolver.explain(pair.left, pair.right).unwrap();
        let sum: f64 = rows.iter().map(|row| row.weight).sum();
        assert!((sum - pair.weight()).abs() < 1e-4, "{rows:?}");
        assert!((rows.last().unwrap().total - sum).abs() < 1e-9);
        // Whichever comes first.
        let turned = resolver.explain(pair.right, pair.left).unwrap();
        assert!((turned.last().unwrap().total - sum).abs() < 1e-9);
    }
    for parameter in resolver.model().parameters() {
        assert!(parameter.m > 0.0 && parameter.u > 0.0, "{parameter:?}");
    }
}

/// Holds the levels of pairs, all at a time, against what is explained of each.
fn levels_are_those_explained(resolver: &Resolver, pairs: &[Pair]) {
    let places: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.left, pair.right)).collect();
    let levels = PairLevels::new(resolver).unwrap();
    let found = levels.of(resolver, &places).unwrap();
    let comparisons: Vec<(&str, Vec<String>)> = resolver.model().comparisons().collect();
    assert_eq!(found.len(), pairs.len() * comparisons.len());
    for ((left, right), found) in places.iter().zip(found.chunks(comparisons.len())) {
        let rows = resolver.explain(*left, *right).unwrap();
        // The first row is the prior.
        for ((row, level), (name, labels)) in rows[1..].iter().zip(found).zip(&comparisons) {
            assert_eq!(row.comparison, *name);
            assert_eq!(row.level, *level, "{row:?}");
            assert_eq!(row.label, labels[usize::from(*level)]);
        }
    }
}

#[test]
fn levels_of_pairs_are_those_explained() {
    for seed in 40..44 {
        let resolver = resolve(&people(150, seed), &[]);
        let mut pairs = resolver.pairs().unwrap();
        pairs.truncate(300);
        assert!(pairs.len() > 100);
        levels_are_those_explained(&resolver, &pairs);
    }
}

#[test]
fn probabilities_are_calibrated() {
    let made = people(600, 6);
    let resolver = resolve(&made, &[]);
    let pairs = resolver.pairs().unwrap();
    let truth: Vec<u32> = made.iter().map(|made| made.person as u32).collect();
    let bins = calibration(&pairs, &truth);
    let all: f64 = bins.iter().map(|bin| bin.pairs as f64).sum();
    let gap: f64 = bins
        .iter()
        .map(|bin| bin.pairs as f64 * (bin.expected - bin.observed).abs())
        .sum();
    assert!(gap / all < 0.03, "{bins:?}");
}

#[test]
fn suggestions_are_the_pairs_in_doubt() {
    let made = people(300, 7);
    let resolver = resolve(&made, &[]);
    let pairs = resolver.pairs().unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let suggested = label_suggestions(&pairs, &clusters, 5);
    assert_eq!(suggested.len(), 5);
    let doubt = |pair: &Pair| (pair.probability() - 0.5).abs();
    let agreeing = |pair: &&Pair| {
        let one = clusters.entity_of[pair.left as usize] == clusters.entity_of[pair.right as usize];
        one == (pair.log_odds > 0.0)
    };
    let most = suggested
        .iter()
        .filter(agreeing)
        .map(doubt)
        .fold(0.0, f64::max);
    let others = pairs
        .iter()
        .filter(agreeing)
        .filter(|pair| !suggested.contains(pair));
    assert!(others.map(doubt).all(|doubt| doubt >= most));
}

#[test]
fn decisions_always_hold() {
    let made = people(200, 8);
    let resolver = resolve(&made, &[]);
    let pairs = resolver.pairs().unwrap();
    let free = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let mut cannot = Vec::new();
    let mut must = Vec::new();
    for pair in pairs
        .iter()
        .filter(|pair| pair.probability() > 0.99)
        .step_by(7)
        .take(40)
    {
        cannot.push((pair.left, pair.right));
    }
    for left in (0..made.len() as u32).step_by(50) {
        let right = (left + 101) % made.len() as u32;
        if free.entity_of[left as usize] != free.entity_of[right as usize] {
            must.push((left, right));
        }
    }
    let decisions = Decisions::new(resolver.records(), &must, &cannot).unwrap();
    let clusters = resolver.clusters(&pairs, &decisions).unwrap();
    let one = |(left, right): &(u32, u32)| {
        clusters.entity_of[*left as usize] == clusters.entity_of[*right as usize]
    };
    assert!(must.iter().all(one));
    assert!(!cannot.iter().any(one));
    assert!(!must.is_empty() && !cannot.is_empty());
    let both = Decisions::new(resolver.records(), &[(0, 1), (1, 2)], &[(2, 0)]).unwrap_err();
    assert_eq!(both.sqlstate, "22023");
    assert!(
        both.message.contains("cannot be linked and must be"),
        "{both}"
    );
}

#[test]
fn a_source_without_duplicates_has_each_entity_once() {
    let made = people(250, 9);
    for more in [
        &[("one_to_one", "true")][..],
        &[("one_to_one", "true"), BLOCKED],
    ] {
        let resolver = resolve(&made, more);
        let clusters = resolver
            .clusters(&resolver.pairs().unwrap(), &Decisions::default())
            .unwrap();
        for set in partition(resolver.records(), &clusters) {
            let mut sources: Vec<&str> = set
                .iter()
                .filter_map(|name| name.split(':').next())
                .collect();
            sources.sort_unstable();
            let all = sources.len();
            sources.dedup();
            assert_eq!(sources.len(), all, "{set:?}");
        }
        assert!(resolver.pairs().unwrap().len() > 100);
    }
}

#[test]
fn a_record_is_alone_as_surely_as_another_one_has_its_place() {
    let mut made = people(250, 9);
    let is_whole = |made: &&Made| made.values.iter().all(Option::is_some);
    let whole = made.iter().find(is_whole).unwrap().clone();
    made.retain(|other| other.person != whole.person);
    let add = |id: &str, system: &str| {
        let mut one = whole.clone();
        one.values[0] = Some(id.to_owned());
        one.values[1] = Some(system.to_owned());
        one
    };
    made.extend([add("x", "shop"), add("y", "crm"), add("z", "crm")]);
    let places = made.len() - 2..made.len();
    let lone = |made: &[Made]| {
        let resolver = resolve(made, &[("one_to_one", "true")]);
        let pairs = resolver.pairs().unwrap();
        let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
        let shop = clusters.entity_of[places.start - 1];
        let is_lone = |place: &usize| clusters.entity_of[*place] != shop;
        let lone: Vec<usize> = places.clone().filter(is_lone).collect();
        assert_eq!(lone.len(), 1);
        let others = clusters.entity_of.iter();
        let of_lone = others.filter(|entity| **entity == clusters.entity_of[lone[0]]);
        assert_eq!(of_lone.count(), 1);
        clusters.membership[lone[0]]
    };
    // Either of two that say the same may be the one.
    let even = lone(&made);
    assert!((even - 0.5).abs() < 0.01, "{even}");
    // One that says something else is likelier to be another person.
    let other = made.last_mut().unwrap();
    other.values[4] = Some("1911-11-11".to_owned());
    let odd = lone(&made);
    assert!(odd > 0.9, "{odd}");
}

#[test]
fn links_are_between_sources_or_within_them() {
    let made = people(250, 10);
    for (link, within) in [("link_only", false), ("dedupe", true)] {
        for more in [&[("link", link)][..], &[("link", link), BLOCKED]] {
            let resolver = resolve(&made, more);
            let pairs = resolver.pairs().unwrap();
            assert!(pairs.len() > 50);
            let records = resolver.records();
            let is_within = |pair: &Pair| records.source(pair.left) == records.source(pair.right);
            assert!(pairs.iter().all(|pair| is_within(pair) == within));
        }
    }
}

#[test]
fn confidence_is_that_of_the_weakest_bridge() {
    let made = people(300, 11);
    let resolver = resolve(&made, &[]);
    let clusters = resolver
        .clusters(&resolver.pairs().unwrap(), &Decisions::default())
        .unwrap();
    let records = 0..made.len();
    for record in records {
        let (membership, confidence) = (clusters.membership[record], clusters.confidence[record]);
        assert!((0.0..=1.0).contains(&membership), "{membership}");
        assert!(confidence <= membership + 1e-6, "{confidence} {membership}");
    }
}

#[test]
fn what_says_nothing_cannot_be_linked() {
    let mut made = people(300, 12);
    for value in &mut made[5].values[2..] {
        *value = None;
    }
    let resolver = resolve(&made, &[]);
    let unlinkable: Vec<u32> = resolver
        .unlinkable()
        .unwrap()
        .iter()
        .map(|(record, _)| *record)
        .collect();
    assert!(unlinkable.contains(&5));
    assert!(unlinkable.len() < made.len() / 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the texts are, there is an answer, the same for pairs either way round.
    #[test]
    fn any_texts_have_an_answer(rows in proptest::collection::vec(
        proptest::collection::vec(proptest::option::of("\\PC{0,12}"), 4), 0..40)) {
        let rows: Vec<Vec<Option<String>>> = rows
            .into_iter()
            .enumerate()
            .map(|(row, mut values)| {
                values.insert(0, Some(format!("r{row}")));
                values
            })
            .collect();
        let options = super::ResolveOptions::parse([("unique_id", "id")]).unwrap();
        let columns = ["id", "name", "email", "birth_date", "note"];
        let records = builder(&columns, &rows, &options).finish().unwrap();
        let resolver = Resolver::train(records, &options).unwrap();
        let clusters = resolver.clusters(&resolver.pairs().unwrap(), &Decisions::default()).unwrap();
        prop_assert_eq!(clusters.entity_of.len(), rows.len());
        for left in 0..rows.len() as u32 {
            let (one, other) = (resolver.explain(left, 0).unwrap(), resolver.explain(0, left).unwrap());
            let total = |rows: &[super::Explanation]| rows.last().map(|row| row.total);
            prop_assert_eq!(total(&one), total(&other));
        }
    }
}

#[test]
fn an_interrupt_ends_every_part_of_the_work() {
    let made = people(300, 13);
    for more in [&[][..], &[BLOCKED]] {
        let options = options(more);
        let resolver = resolve(&made, more);
        let pairs = resolver.pairs().unwrap();
        let interrupt = crate::interrupt::Interrupt::default();
        interrupt.raise();
        let is_canceled = |result: Result<(), datafusion::error::DataFusionError>| {
            result.unwrap_err().to_string().contains("canceling")
        };
        interrupt.within(|| {
            let records = builder(&people::COLUMNS, &rows(&made), &options).finish();
            assert!(is_canceled(records.map(drop)));
            assert!(is_canceled(resolver.pairs().map(drop)));
            assert!(is_canceled(resolver.pairs_of(&[1, 2]).map(drop)));
            let clusters = resolver.clusters(&pairs, &Decisions::default());
            assert!(is_canceled(clusters.map(drop)));
        });
        let records = records(&made, &options);
        let learned = interrupt.within(|| Resolver::train(records, &options));
        assert!(is_canceled(learned.map(drop)));
        // It leaves the resolver as it was.
        assert_eq!(resolver.pairs().unwrap(), pairs);
    }
}

#[test]
fn progress_counts_the_pairs_that_blocks_bring_together() {
    let made = people(300, 14);
    for more in [&[][..], &[BLOCKED]] {
        let progress = Arc::new(Progress::default());
        let options = options(more);
        let builder = builder(&people::COLUMNS, &rows(&made), &options).telling(&progress);
        assert_eq!(progress.stage(), Stage::Read);
        let resolver = Resolver::train(builder.finish().unwrap(), &options).unwrap();
        assert_eq!((progress.stage(), progress.pairs()), (Stage::Block, (0, 0)));
        resolver.pairs().unwrap();
        let (done, to_do) = progress.pairs();
        assert_eq!((progress.stage(), done), (Stage::Compare, to_do));
        assert!(done > 1000, "{done}");
        let changed = [3, 50, 51];
        resolver.pairs_of(&changed).unwrap();
        let (more, to_do) = progress.pairs();
        assert_eq!(more - done, to_do);
        assert!(to_do > 0);
    }
}
