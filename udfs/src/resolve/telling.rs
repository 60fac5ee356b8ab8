//! Blocking rules by what tells of an entity, whether or not any records agree on it yet.
//!
//! Rules that are chosen by the matches that are there find these, and no others: where duplicates
//! agree on their telephone, that is the only rule. What comes later, and what is looked up, may agree
//! on an e-mail address alone. So there are rules for what few records share by chance: these bring
//! hardly any pairs together that do not match, and cost little more than a look at their keys.

use super::choice::Candidate;
use super::feature_kind::FeatureKind;
use super::key_part::Part;
use super::rule::KeyPart;

/// How many other records one may share a key with by chance. Where it is one, who shares it is as likely
/// the same as not.
const MOST_BY_CHANCE: f64 = 1.0;
/// The part of the pairs that may be compared which all of these rules may add by chance.
const SHARE_OF_BUDGET: f64 = 0.05;
/// The share of records that have a key at least, and of these the share that is not in blocks that are
/// too large.
const LEAST_PRESENT: f64 = 0.005;
const LEAST_LIVE: f64 = 0.5;
/// From which share of its records in blocks that are not too large a rule finds all that it tells of.
const WHOLE: f64 = 0.98;
/// The share of records that have what nearly all have.
const OF_NEARLY_ALL: f64 = 0.9;
/// How many of these rules there are at most: each takes memory for every record.
const MOST: usize = 8;

/// The candidates that are to be rules beside the `chosen` ones, in the order in which they are taken:
/// each value that tells by itself, then two values that tell together, so that each column has its share.
/// What another rule finds anyway is none. `matching` says of a candidate how many other records one
/// meets that match it, for these cost nothing that is not wanted.
pub(super) fn telling(
    candidates: &[Candidate],
    chosen: &[usize],
    kind: impl Fn(usize) -> FeatureKind,
    matching: impl Fn(usize) -> f64,
    budget: f64,
) -> Vec<usize> {
    let tells = |part: &KeyPart| {
        let is_measure = matches!(
            kind(part.feature),
            FeatureKind::Category | FeatureKind::Number
        );
        part.part == Part::Whole && !is_measure
    };
    let cost = |at: usize| candidates[at].others_a_record;
    let by_chance = |at: usize| (cost(at) - candidates[at].live * matching(at)).max(0.0);
    let mut open: Vec<(usize, f64)> = (0..candidates.len())
        .filter(|at| {
            let rule = &candidates[*at];
            rule.present >= LEAST_PRESENT && rule.live >= LEAST_LIVE && rule.parts.iter().all(tells)
        })
        .map(|at| (at, by_chance(at)))
        .filter(|(_, by_chance)| *by_chance <= MOST_BY_CHANCE)
        .collect();
    let mut left = budget - chosen.iter().map(|at| cost(*at)).sum::<f64>();
    let mut left_by_chance = SHARE_OF_BUDGET * budget;
    let mut taken = chosen.to_vec();
    while taken.len() < chosen.len() + MOST {
        open.retain(|(at, by_chance)| {
            let is_found =
                |known: &usize| known == at || finds(&candidates[*known], &candidates[*at]);
            cost(*at) <= left && *by_chance <= left_by_chance && !taken.iter().any(is_found)
        });
        let worth = |at: usize| {
            let rule = &candidates[at];
            let parts = taken.iter().flat_map(|known| &candidates[*known].parts);
            let is_of_rule =
                |part: &&KeyPart| rule.parts.iter().any(|of| of.feature == part.feature);
            let worth = rule.present * rule.live / (1 + parts.filter(is_of_rule).count()) as f64;
            (rule.parts.len() == 1, worth)
        };
        let best = open.iter().max_by(|(left, _), (right, _)| {
            let (one, two) = (worth(*left), worth(*right));
            let by_worth = one.0.cmp(&two.0).then(one.1.total_cmp(&two.1));
            by_worth.then_with(|| candidates[*right].parts.cmp(&candidates[*left].parts))
        });
        let Some((best, chance)) = best.copied() else {
            break;
        };
        left -= cost(best);
        left_by_chance -= chance;
        taken.push(best);
    }
    taken.split_off(chosen.len())
}

/// The parts of a rule for records that have all the same, where no other rule is sure to bring these
/// together: the whole values of what nearly all records have.
pub(super) fn all_the_same(
    candidates: &[Candidate],
    taken: &[usize],
    budget: f64,
) -> Option<Vec<KeyPart>> {
    let is_whole = |rule: &&Candidate| rule.parts.iter().all(|part| part.part == Part::Whole);
    let whole = || candidates.iter().filter(is_whole);
    let singles = whole().filter(|rule| rule.parts.len() == 1 && rule.present >= OF_NEARLY_ALL);
    let parts: Vec<KeyPart> = singles.map(|rule| rule.parts[0]).collect();
    // Who has all the same has two values the same: it costs no more than any two do.
    let within = whole().filter(|rule| rule.parts.iter().all(|part| parts.contains(part)));
    let cost = within
        .map(|rule| rule.others_a_record)
        .min_by(f64::total_cmp)?;
    let all = Candidate {
        parts,
        others_a_record: cost,
        live: 1.0,
        present: 0.0,
        all_others: cost,
    };
    let spent: f64 = taken.iter().map(|at| candidates[*at].others_a_record).sum();
    let is_found = taken.iter().any(|at| finds(&candidates[*at], &all));
    (!is_found && spent + cost <= budget).then_some(all.parts)
}

/// Whether a rule brings all records together that another one does.
fn finds(rule: &Candidate, other: &Candidate) -> bool {
    let includes = |part: &KeyPart| {
        other.parts.iter().any(|of| {
            let is_part = of.part == Part::Whole && !part.part.is_several();
            of.feature == part.feature && (is_part || of.part == part.part)
        })
    };
    rule.live >= WHOLE && rule.present >= WHOLE * other.present && rule.parts.iter().all(includes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: usize = 0;
    const FAMILY: usize = 1;
    const EMAIL: usize = 2;
    const DATE: usize = 3;
    const PRICE: usize = 4;

    fn kind(feature: usize) -> FeatureKind {
        [
            FeatureKind::Given,
            FeatureKind::Family,
            FeatureKind::Email,
            FeatureKind::Date,
            FeatureKind::Number,
        ][feature]
    }

    fn part(feature: usize, part: Part) -> KeyPart {
        KeyPart { feature, part }
    }

    fn candidate(parts: &[KeyPart], others_a_record: f64) -> Candidate {
        Candidate {
            parts: parts.to_vec(),
            others_a_record,
            live: 1.0,
            present: 1.0,
            all_others: others_a_record,
        }
    }

    fn whole(features: &[usize], others_a_record: f64) -> Candidate {
        let parts: Vec<KeyPart> = features.iter().map(|of| part(*of, Part::Whole)).collect();
        candidate(&parts, others_a_record)
    }

    /// E-mail addresses and prices are everyone's own, names and days are not, and two of these are.
    fn all() -> Vec<Candidate> {
        vec![
            whole(&[GIVEN], 50.0),
            whole(&[FAMILY], 20.0),
            whole(&[EMAIL], 0.0),
            whole(&[DATE], 3.0),
            whole(&[PRICE], 0.1),
            candidate(&[part(EMAIL, Part::Prefix(6))], 0.5),
            whole(&[GIVEN, FAMILY], 0.4),
            whole(&[GIVEN, EMAIL], 0.0),
            whole(&[GIVEN, DATE], 0.01),
            whole(&[FAMILY, DATE], 0.01),
            whole(&[FAMILY, PRICE], 0.0),
        ]
    }

    const EMAILS: usize = 2;
    const PREFIXES: usize = 5;
    const NAMES: usize = 6;
    const OF_GIVEN: usize = 8;
    const OF_FAMILY: usize = 9;

    #[test]
    fn what_tells_is_a_rule_without_any_match() {
        let mut rules = telling(&all(), &[], kind, |_| 0.0, 100.0);
        assert_eq!(rules[0], EMAILS, "what tells by itself comes first");
        rules.sort_unstable();
        assert_eq!(rules, [EMAILS, NAMES, OF_GIVEN, OF_FAMILY]);
    }

    #[test]
    fn what_another_rule_finds_is_none() {
        for known in [EMAILS, PREFIXES] {
            let rules = telling(&all(), &[known], kind, |_| 0.0, 100.0);
            assert!(!rules.contains(&EMAILS), "{known}: {rules:?}");
            assert!(rules.contains(&NAMES), "{known}: {rules:?}");
        }
        // One that leaves out blocks that are too large, or records, does not find all.
        for (live, present) in [(0.9, 1.0), (1.0, 0.9)] {
            let mut candidates = all();
            (candidates[PREFIXES].live, candidates[PREFIXES].present) = (live, present);
            let rules = telling(&candidates, &[PREFIXES], kind, |_| 0.0, 100.0);
            assert!(rules.contains(&EMAILS), "{live} {present}: {rules:?}");
        }
    }

    #[test]
    fn no_rule_is_taken_twice() {
        // None of them finds all, as blocks of each are too large.
        let mut candidates = all();
        candidates.iter_mut().for_each(|of| of.live = 0.9);
        let mut rules = telling(&candidates, &[EMAILS], kind, |_| 0.0, 100.0);
        assert!(!rules.contains(&EMAILS), "{rules:?}");
        let number = rules.len();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules.len(), number);
    }

    #[test]
    fn rules_that_tell_cost_little() {
        // Of 100 pairs a record five may be by chance, and no rule has more than one.
        let mut candidates: Vec<Candidate> = (0..20).map(|at| whole(&[at], 0.9)).collect();
        let identifiers = |_| FeatureKind::Identifier;
        let rules = telling(&candidates, &[], identifiers, |_| 0.0, 100.0);
        assert_eq!(rules, [0, 1, 2, 3, 4]);
        let rules = telling(&candidates, &[], identifiers, |_| 0.0, 10.0);
        assert!(rules.is_empty(), "{rules:?}");
        // Those that match are no cost, and take of the pairs all the same.
        candidates
            .iter_mut()
            .for_each(|of| of.others_a_record = 4.0);
        let rules = telling(&candidates, &[], identifiers, |_| 4.0, 100.0);
        assert_eq!(rules.len(), MOST);
        let rules = telling(&candidates, &[], identifiers, |_| 4.0, 10.0);
        assert_eq!(rules.len(), 2);
        let rules = telling(&candidates, &[], identifiers, |_| 2.0, 100.0);
        assert!(rules.is_empty(), "{rules:?}");
    }

    #[test]
    fn records_that_are_the_same_meet_where_nothing_tells() {
        let common = vec![
            whole(&[GIVEN], 50.0),
            whole(&[PRICE], 40.0),
            whole(&[GIVEN, PRICE], 5.0),
        ];
        assert!(telling(&common, &[], kind, |_| 0.0, 100.0).is_empty());
        let parts = [part(GIVEN, Part::Whole), part(PRICE, Part::Whole)];
        assert_eq!(
            all_the_same(&common, &[], 100.0).as_deref(),
            Some(&parts[..])
        );
        assert_eq!(all_the_same(&common, &[], 4.0), None);
        assert_eq!(all_the_same(&common, &[1], 100.0), None);
        assert_eq!(all_the_same(&[], &[], 100.0), None);
    }
}
