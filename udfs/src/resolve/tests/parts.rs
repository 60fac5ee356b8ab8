//! The parts of the engine against slow oracles.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::ColumnKind;
use super::super::agglomerate::Agglomerate;
use super::super::cell::Cell;
use super::super::compare::Pattern;
use super::super::comparison::Comparison;
use super::super::components::Components;
use super::super::cooccurrence::Cooccurrence;
use super::super::entity_sizes::EntitySizes;
use super::super::evaluate;
use super::super::expected::{Expected, Many};
use super::super::feature::Feature;
use super::super::feature_kind::FeatureKind;
use super::super::fits;
use super::super::hint::Hint;
use super::super::mixture::{Counted, probability};
use super::super::profile::profile;
use super::super::taught::Known;
use super::super::tree::{Tree, Weighted};
use crate::similarity::kernel::edit::Prepared;

/// The patterns of three comparisons of so many levels, none missing.
fn patterns(levels: usize) -> Vec<Pattern> {
    let all = 1..=levels as u8;
    let mut patterns = Vec::new();
    for first in all.clone() {
        for second in all.clone() {
            for third in all.clone() {
                patterns.push(
                    Pattern::default()
                        .with(0, first)
                        .with(1, second)
                        .with(2, third),
                );
            }
        }
    }
    patterns
}

#[test]
fn the_mixture_finds_the_parameters_that_made_the_pairs() {
    let m = [0.1, 0.15, 0.75];
    let u = [[0.9, 0.06, 0.04], [0.97, 0.02, 0.01], [0.8, 0.1, 0.1]];
    let (pairs, share) = (1e6, 0.002);
    let sample: Vec<Counted> = patterns(3)
        .into_iter()
        .map(|pattern| {
            let level = |at: usize| usize::from(pattern.level(at)) - 1;
            let matches: f64 = (0..3).map(|at| m[level(at)]).product();
            let others: f64 = (0..3).map(|at| u[at][level(at)]).product();
            let count = pairs * (share * matches + (1.0 - share) * others);
            Counted {
                pattern,
                pairs: count,
                trimmed: count,
                candidates: count,
                squares: count,
            }
        })
        .collect();
    let with_missing = |shares: [f64; 3]| vec![0.0, shares[0], shares[1], shares[2]];
    let expected = Expected {
        matches: vec![with_missing([0.2, 0.2, 0.6]); 3],
        others: u.iter().map(|_| with_missing([0.9, 0.05, 0.05])).collect(),
        related: None,
        seen: Vec::new(),
        differing_matches: vec![0.6; 3],
        first_exact: vec![3; 3],
        many: None,
        own: vec![false; 3],
        sharing: vec![None; 3],
        couples: None,
        twins: None,
        one_to_one: false,
        known: Known::default(),
    };
    let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 1000.0, 2).unwrap();
    let found = mixture.prior.exp() / (1.0 + mixture.prior.exp());
    assert!((found / share - 1.0).abs() < 0.05, "{found}");
    for (at, u) in u.iter().enumerate() {
        for level in 1..=3_u8 {
            let (of_matches, of_others) = (
                mixture.matches.share(at, level),
                mixture.others.share(at, level),
            );
            assert!(
                (of_matches - m[usize::from(level) - 1]).abs() < 0.03,
                "{of_matches}"
            );
            assert!(
                (of_others - u[usize::from(level) - 1]).abs() < 0.002,
                "{of_others}"
            );
        }
    }
}

/// Things that have no codes, of which there are many records: three texts tell them, and only one pair in
/// a hundred has codes. Variants differ by their codes alone, so that two things without any would be
/// variants as well as one, if they could be.
#[test]
fn many_records_of_what_has_no_codes_are_no_variants() {
    let (m, u) = ([0.05, 0.25, 0.7], [0.95, 0.04, 0.01]);
    let (pairs, share, with_codes) = (1e6, 0.02, 0.01);
    let of_texts = patterns(3).into_iter();
    let sample: Vec<Counted> = of_texts
        .flat_map(|pattern| (0..=3_u8).map(move |codes| pattern.with(3, codes)))
        .map(|pattern| {
            let of = |shares: &[f64; 3]| -> f64 {
                let texts = (0..3).map(|at| shares[usize::from(pattern.level(at)) - 1]);
                let codes = match pattern.level(3) {
                    0 => 1.0 - with_codes,
                    level => with_codes * shares[usize::from(level) - 1],
                };
                texts.product::<f64>() * codes
            };
            let count = pairs * (share * of(&m) + (1.0 - share) * of(&u));
            Counted {
                pattern,
                pairs: count,
                trimmed: count,
                candidates: count,
                squares: count,
            }
        })
        .collect();
    let with_missing = |shares: [f64; 3]| vec![0.0, shares[0], shares[1], shares[2]];
    let (equal, other) = (with_missing([0.2, 0.2, 0.6]), with_missing(u));
    let mut related = vec![equal.clone(); 3];
    related.push(other.clone());
    let probability_without_codes = |many| {
        let expected = Expected {
            matches: vec![equal.clone(); 4],
            others: vec![other.clone(); 4],
            related: Some(related.clone()),
            seen: Vec::new(),
            differing_matches: vec![0.6, 0.6, 0.6, 0.4],
            first_exact: vec![3; 4],
            many,
            own: vec![false, false, false, true],
            sharing: vec![None; 4],
            couples: None,
            twins: None,
            one_to_one: false,
            known: Known::default(),
        };
        let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 1000.0, 2).unwrap();
        let same = (0..3).fold(Pattern::default(), |pattern, at| pattern.with(at, 3));
        probability(mixture.log_odds(same))
    };
    let unknown = probability_without_codes(None);
    assert!(unknown < 0.8, "{unknown}");
    let told_by = 15 << 12;
    let told = probability_without_codes(Some(Many { told_by }));
    assert!(told > 0.95, "{told}");
}

/// Three comparisons of things of two kinds: those of the one are compared by all three and match at times,
/// those of the other by the first alone and never match.
#[test]
fn what_is_missing_tells_kinds_apart() {
    let (m, u) = ([0.05, 0.25, 0.7], [0.9, 0.08, 0.02]);
    let (pairs, of_first, share) = (1e6, 0.3, 0.02);
    let of = |shares: &[f64; 3], pattern: Pattern, comparisons: usize| -> f64 {
        let levels = (0..comparisons).map(|at| usize::from(pattern.level(at)) - 1);
        levels.map(|level| shares[level]).product()
    };
    let counted = |pattern, count| Counted {
        pattern,
        pairs: count,
        trimmed: count,
        candidates: count,
        squares: count,
    };
    let mut sample: Vec<Counted> = patterns(3)
        .into_iter()
        .map(|pattern| {
            let one = share * of(&m, pattern, 3) + (1.0 - share) * of(&u, pattern, 3);
            counted(pattern, pairs * of_first * one)
        })
        .collect();
    sample.extend((1..=3_u8).map(|level| {
        let pattern = Pattern::default().with(0, level);
        counted(pattern, pairs * (1.0 - of_first) * of(&u, pattern, 1))
    }));
    let with_missing = |shares: [f64; 3]| vec![0.0, shares[0], shares[1], shares[2]];
    let expected = Expected {
        matches: vec![with_missing([0.2, 0.2, 0.6]); 3],
        others: vec![with_missing(u); 3],
        related: None,
        seen: Vec::new(),
        differing_matches: vec![0.6; 3],
        first_exact: vec![3; 3],
        many: None,
        own: vec![false; 3],
        sharing: vec![None; 3],
        couples: None,
        twins: None,
        one_to_one: true,
        known: Known::default(),
    };
    let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 1000.0, 2).unwrap();
    let equal = Pattern::default().with(0, 3);
    let never = probability(mixture.log_odds(equal));
    // Were it missing at random, it would be 0.4.
    assert!(never < 0.1, "{never}");
    let mostly = probability(mixture.log_odds(equal.with(1, 3).with(2, 2)));
    let expected = {
        let (m, u) = (
            share * m[2] * m[2] * m[1],
            (1.0 - share) * u[2] * u[2] * u[1],
        );
        m / (m + u)
    };
    assert!((mostly - expected).abs() < 0.05, "{mostly} for {expected}");
}

/// Four comparisons, and many pairs that agree on some of these, whichever they are, and do not match. Few
/// of those that match are clear from them: what is alike would be clearer matches.
#[test]
fn what_is_merely_alike_is_no_match() {
    let (m, u) = ([0.1, 0.2, 0.7], [0.95, 0.04, 0.01]);
    let half = [0, 1, 2].map(|level| f64::midpoint(m[level], u[level]));
    let (pairs, share, alike) = (1e6, 0.001, 0.01);
    let mut truth = Vec::new();
    let of_three = patterns(3).into_iter();
    let all = of_three.flat_map(|pattern| (1..=3_u8).map(move |level| pattern.with(3, level)));
    let sample: Vec<Counted> = all
        .map(|pattern| {
            let of = |shares: &[f64; 3]| -> f64 {
                let levels = (0..4).map(|at| usize::from(pattern.level(at)) - 1);
                levels.map(|level| shares[level]).product()
            };
            let matches = share * of(&m);
            let all = matches + alike * of(&half) + (1.0 - share - alike) * of(&u);
            truth.push(matches / all);
            let count = pairs * all;
            Counted {
                pattern,
                pairs: count,
                trimmed: count,
                candidates: count,
                squares: count,
            }
        })
        .collect();
    let with_missing = |shares: [f64; 3]| vec![0.0, shares[0], shares[1], shares[2]];
    let expected = Expected {
        matches: vec![with_missing([0.1, 0.15, 0.75]); 4],
        others: vec![with_missing(u); 4],
        related: None,
        seen: Vec::new(),
        differing_matches: vec![0.6; 4],
        first_exact: vec![3; 4],
        many: None,
        own: vec![false; 4],
        sharing: vec![None; 4],
        couples: None,
        twins: None,
        one_to_one: false,
        known: Known::default(),
    };
    let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 1000.0, 2).unwrap();
    let found = sample.iter().zip(&truth).map(|(counted, truth)| {
        let found = probability(mixture.log_odds(counted.pattern));
        (counted.pairs * found, counted.pairs * (found - truth).abs())
    });
    let (matches, wrong) = found.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let of_truth = pairs * share;
    assert!(
        (0.5..1.5).contains(&(matches / of_truth)),
        "{matches} for {of_truth}"
    );
    assert!(wrong < 0.5 * of_truth, "{wrong} of {of_truth}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A tree is a distribution, and fits a sample no worse than independence does.
    #[test]
    fn a_tree_is_a_distribution(
        weights in proptest::collection::vec(0.1_f64..100.0, 27),
        by_level in any::<bool>(),
    ) {
        let sample: Vec<Weighted> = patterns(3)
            .into_iter()
            .zip(&weights)
            .map(|(pattern, weight)| Weighted { pattern, weight: *weight * 1e4 })
            .collect();
        let shares = vec![vec![0.0, 0.4, 0.3, 0.3]; 3];
        let expected = Expected {
            matches: shares.clone(),
            others: shares.clone(),
            related: None,
            seen: Vec::new(),
            differing_matches: vec![1.0; 3],
            first_exact: vec![2; 3],
            many: None,
            own: vec![false; 3],
            sharing: vec![None; 3],
            couples: None,
            twins: None,
            one_to_one: false,
            known: Known::default(),
        };
        let all = Cooccurrence::of(sample.iter().copied(), &[4; 3]);
        let table = |row: usize, column: usize| all.without(&[], row, column);
        let edges = Tree::edges_of_others(table, table, &expected, by_level);
        prop_assert!(edges.len() <= 2);
        let tree = Tree::estimate(table, &edges, &shares, 1.0);
        let independent = Tree::estimate_independent(&sample, &shares, 1.0);
        let sum: f64 = patterns(3).iter().map(|pattern| tree.log_probability(*pattern).exp()).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        let fit = |tree: &Tree| -> f64 {
            sample.iter().map(|of| of.weight * tree.log_probability(of.pattern)).sum()
        };
        prop_assert!(fit(&tree) >= fit(&independent) - 1.0);
        // So it is where bands depend on each other. Nothing else does then.
        let mut banded = independent.clone();
        banded.depend_in_bands(&edges, &expected.first_exact, table);
        let sum: f64 = patterns(3).iter().map(|pattern| banded.log_probability(*pattern).exp()).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        prop_assert!(fit(&banded) >= fit(&independent) - 1.0);
        for pattern in patterns(3) {
            let by = banded.log_probability(pattern) - independent.log_probability(pattern);
            prop_assert!((banded.dependence(pattern) - by).abs() < 1e-9);
            let equal = (0..3).filter(|at| pattern.level(*at) > 1).count();
            prop_assert!(equal > 1 || by == 0.0);
        }
        // Where shares are moved, what bands say of each other stays.
        let mut moved = banded.clone();
        let mut logs = banded.logs();
        logs[2][3] += 0.5;
        moved.set_logs(&logs);
        for pattern in patterns(3) {
            let by = if pattern.level(2) == 3 { 0.5 } else { 0.0 };
            let found = moved.log_probability(pattern) - banded.log_probability(pattern);
            prop_assert!((found - by).abs() < 1e-9);
        }
        // So it is where agreement is bounded by that of matches.
        let mut bounded = tree.clone();
        bounded.agree_at_most(&Tree::independent(&shares), &expected.first_exact);
        let sum: f64 = patterns(3).iter().map(|pattern| bounded.log_probability(*pattern).exp()).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        for (at, level) in (0..3).flat_map(|at| [(at, 2), (at, 3)]) {
            prop_assert!(bounded.share(at, level) <= 0.3 + 1e-9);
            prop_assert!(bounded.share(at, level) <= tree.share(at, level) + 1e-9);
        }
    }

    /// Sets that are joined two by two are those of a search.
    #[test]
    fn components_are_those_of_a_search(edges in proptest::collection::vec((0_u32..30, 0_u32..30), 0..40)) {
        let mut components = Components::new(30);
        for (left, right) in &edges {
            components.join(*left, *right);
        }
        let mut first_of: Vec<u32> = (0..30).collect();
        for _ in 0..30 {
            for (left, right) in &edges {
                let first = first_of[*left as usize].min(first_of[*right as usize]);
                first_of[*left as usize] = first;
                first_of[*right as usize] = first;
            }
        }
        prop_assert_eq!(components.into_roots(), first_of);
    }

    /// What cannot be one never is, and every cluster is held together by links.
    #[test]
    fn clusters_keep_apart_what_cannot_be_one(
        odds in proptest::collection::vec(-8_i32..8, 28),
        apart in proptest::collection::vec(0_u32..10, 28),
    ) {
        let mut agglomerate = Agglomerate::default();
        agglomerate.begin(8);
        let mut linked = Vec::new();
        let mut forbidden = Vec::new();
        let pairs = (1..8).flat_map(|left| (0..left).map(move |right| (left, right)));
        for ((left, right), (odds, apart)) in pairs.zip(odds.iter().zip(&apart)) {
            let conflict = if *apart == 0 { f64::NEG_INFINITY } else { 0.0 };
            agglomerate.set(left, right, f64::from(*odds), conflict);
            if *odds >= 1 {
                linked.push((left, right));
            }
            if *apart == 0 {
                forbidden.push((left, right));
            }
        }
        let first_of = agglomerate.run(1.0, &EntitySizes::default()).to_vec();
        for (left, right) in forbidden {
            prop_assert_ne!(first_of[left], first_of[right]);
        }
        for left in 0..8 {
            let alone = (0..8).filter(|other| first_of[*other] == first_of[left]).count() == 1;
            let link = (0..8).any(|other| {
                other != left
                    && first_of[other] == first_of[left]
                    && linked.contains(&(left.max(other), left.min(other)))
            });
            prop_assert!(alone || link);
        }
    }

    /// What bounds the distance of two texts without a look at them is a bound.
    #[test]
    fn cells_bound_the_edits(left in "[a-f0-3é]{0,12}", right in "[a-f0-3é]{0,12}") {
        let cell = |text: &str| Cell::new(1, text, FeatureKind::Family, 0);
        // Of a character of several bytes each counts.
        let bytes = |text: &str| text.bytes().map(char::from).collect::<String>();
        let edits = Prepared::<true>::new(&bytes(&left)).distance(&bytes(&right));
        prop_assert!(cell(&left).least_edits(cell(&right)) <= edits);
    }

    /// The measures are those of a count of all pairs.
    #[test]
    fn measures_are_those_of_all_pairs(entities in proptest::collection::vec((0_u32..6, 0_u64..6), 1..25)) {
        let (found, truth): (Vec<u32>, Vec<Option<u64>>) =
            entities.iter().map(|(found, truth)| (*found, Some(*truth))).unzip();
        let (mut right, mut all_found, mut all_true) = (0.0, 0.0, 0.0);
        for left in 0..found.len() {
            for other in 0..left {
                let (one, same) = (found[left] == found[other], truth[left] == truth[other]);
                right += f64::from(u8::from(one && same));
                all_found += f64::from(u8::from(one));
                all_true += f64::from(u8::from(same));
            }
        }
        let quality = evaluate(&found, &truth).pairs;
        let share = |whole: f64| if whole > 0.0 { right / whole } else { 1.0 };
        prop_assert!((quality.precision - share(all_found)).abs() < 1e-12);
        prop_assert!((quality.recall - share(all_true)).abs() < 1e-12);
    }
}

#[test]
fn a_weak_bridge_is_cut() {
    // Two of one and two of another, and a link between them that the others speak against.
    let mut agglomerate = Agglomerate::default();
    agglomerate.begin(4);
    for (left, right, odds, conflict) in [
        (1, 0, 8.0, 0.0),
        (3, 2, 8.0, 0.0),
        (2, 1, 2.0, 0.0),
        (2, 0, -9.0, -3.0),
        (3, 0, -9.0, -3.0),
        (3, 1, -9.0, -3.0),
    ] {
        agglomerate.set(left, right, odds, conflict);
    }
    assert_eq!(agglomerate.run(0.0, &EntitySizes::default()), [0, 0, 2, 2]);
}

#[test]
fn entities_have_no_more_records_than_others_have() {
    // Three of one, and a fourth that is a little like one of them.
    let joined = |sizes: &[u32]| {
        let mut agglomerate = Agglomerate::default();
        agglomerate.begin(4);
        for (left, right, odds) in [(1, 0, 8.0), (2, 0, 8.0), (2, 1, 8.0), (3, 1, 2.0)] {
            agglomerate.set(left, right, odds, 0.0);
        }
        agglomerate.run(0.0, &EntitySizes::new(sizes)).to_vec()
    };
    assert_eq!(joined(&[900, 80, 40, 0, 0]), [0, 0, 0, 3]);
    assert_eq!(joined(&[900, 80, 40, 30, 0]), [0; 4]);
    assert_eq!(joined(&[900, 0, 0, 0, 0]), [0; 4]);
}

#[test]
fn values_of_a_level_are_told_apart_by_how_frequent_they_are() {
    let mut feature = Feature::new(0, FeatureKind::Place);
    let frequent = [("london", 60), ("york", 20), ("bath", 10)];
    let rare = (0..910).map(|at| (format!("village {at}"), 1));
    let texts = frequent.map(|(text, count)| (text.to_owned(), count));
    for (text, count) in texts.into_iter().chain(rare) {
        let code = feature.intern(&text).unwrap() as usize;
        feature.derive();
        feature.counts[code] = count;
    }
    let code_of = |text: &str| feature.find(text).unwrap() as usize;
    let mut comparison = Comparison::new(0, &feature, "city", false, true);
    let levels = comparison.levels;
    comparison.tell_rarities(&feature, &vec![1.0; levels]);
    let told = comparison.equalities(&feature);
    let [london, york, bath] = frequent.map(|(text, _)| told[code_of(text)]);
    assert_eq!([london.level(), york.level()], [bath.level(); 2]);
    // Their mean is 46.
    assert!(london.rarity() < -0.2 && york.rarity() > 0.6 && bath.rarity() > 1.4);
    assert!(told[code_of("village 7")].rarity().abs() < 1e-9);
    // Where it is those of one entity that agree, frequencies say nothing.
    comparison.tell_rarities(&feature, &vec![0.0; levels]);
    let told = comparison.equalities(&feature);
    assert!(told.iter().all(|of| of.rarity().abs() < 1e-9));
}

#[test]
fn kinds_are_recognised_by_name_and_content() {
    let people: Vec<String> = (0..200)
        .map(|at| format!("Person{at} Family{}", at % 90))
        .collect();
    let texts = |make: &dyn Fn(u32) -> String| (0..200).map(make).collect::<Vec<String>>();
    for (name, values, kind) in [
        (
            "c1",
            texts(&|at| format!("someone{at}@mail.example")),
            ColumnKind::Email,
        ),
        (
            "given_name",
            texts(&|at| format!("Ann{}", (b'a' + (at % 26) as u8) as char)),
            ColumnKind::GivenName,
        ),
        (
            "Last Name",
            texts(&|at| format!("Sm{}th", (b'a' + (at % 26) as u8) as char)),
            ColumnKind::FamilyName,
        ),
        (
            "customer_name",
            people
                .iter()
                .map(|name| name.replace(char::is_numeric, "x"))
                .collect(),
            ColumnKind::FullName,
        ),
        (
            "c2",
            texts(&|at| format!("19{:02}-0{}-1{}", at % 90, 1 + at % 9, at % 10)),
            ColumnKind::Date,
        ),
        (
            "c3",
            texts(&|at| format!("+44 20 7946 {at:04}")),
            ColumnKind::Phone,
        ),
        (
            "zip",
            texts(&|at| format!("{:05}", 10_000 + at * 7)),
            ColumnKind::Postcode,
        ),
        (
            "c4",
            texts(&|at| format!("{at} High Street")),
            ColumnKind::Street,
        ),
        (
            "town",
            texts(&|at| format!("Town{}", (b'a' + (at % 26) as u8) as char)),
            ColumnKind::City,
        ),
        (
            "price",
            texts(&|at| format!("{}.99", at * 3)),
            ColumnKind::Number,
        ),
        (
            "soc_sec_id",
            texts(&|at| format!("{}", 1_000_000 + at * 37)),
            ColumnKind::NationalId,
        ),
        (
            "title",
            texts(&|at| format!("A study of number {at} in the theory of records")),
            ColumnKind::FreeText,
        ),
        (
            "company",
            texts(&|at| format!("Firm {at} Ltd")),
            ColumnKind::Organisation,
        ),
        (
            "created_at",
            texts(&|at| format!("2024-01-{:02}", 1 + at % 28)),
            ColumnKind::Ignore,
        ),
        (
            "c5",
            texts(&|at| format!("{:08x}-9c0b-4ef8-bb6d-6bb9bd380a11", at % 100)),
            ColumnKind::Uuid,
        ),
        (
            "c6",
            texts(&|at| format!("https://medium.example/@person{at}")),
            ColumnKind::Url,
        ),
        (
            "web_address",
            texts(&|at| format!("firm{at}.example/contact")),
            ColumnKind::Url,
        ),
        (
            "c7",
            texts(&|at| format!("198.51.{}.{}", 100 + at % 9, 100 + at % 99)),
            ColumnKind::IpAddress,
        ),
        (
            "ip_address",
            texts(&|at| match at % 2 {
                0 => format!("10.0.0.{at}:80"),
                _ => format!("2001:db8::{at:x}"),
            }),
            ColumnKind::IpAddress,
        ),
        (
            "version",
            texts(&|at| format!("1.{}.{}.4", at % 7, at % 30)),
            ColumnKind::NationalId,
        ),
    ] {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for value in &values {
            *counts.entry(value.as_str()).or_default() += 1;
        }
        let distinct: Vec<(&str, u32)> = counts.into_iter().collect();
        let (found, ..) = profile(
            (name, Hint::of(name)),
            &distinct,
            distinct.len(),
            values.len(),
        );
        assert_eq!(found, kind, "{name}: {distinct:?}");
    }
}
