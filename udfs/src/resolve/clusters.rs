//! Entities: sets of records that are one.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::agglomerate::Agglomerate;
use super::components::{Components, join};
use super::decided::join_decided;
use super::decisions::Decisions;
use super::entity_sizes::EntitySizes;
use super::group_scores::{GroupScores, PairScore};
use super::mixture::probability;
use super::model::Model;
use super::pair::Pair;
use super::records::Records;
use super::resolver::Resolver;
use super::restricted::join_restricted;
use super::scorer::Scorer;
use super::threads;
use crate::interrupt::listen;

/// Components of more records are taken apart at a higher threshold first.
const LARGEST_COMPONENT: usize = 150;
/// The log-odds up to which the threshold of a large component is raised. What holds together
/// there is one entity of many records.
const HIGHEST_BAR: f32 = 14.0;
/// How many components are refined by one task.
const CHUNK: usize = 256;

/// The entities of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// For each record the first record of its entity.
    pub entity_of: Vec<u32>,
    /// For each record the probability that it is of its entity: that of its strongest link within
    /// it, or, where it is alone, that there is none. Where sources have each entity once, a link to an
    /// entity that has a record of its source counts as far as it is likelier than that one's.
    pub membership: Vec<f32>,
    /// For each record the probability that its entity is one: that of its weakest bridge.
    pub confidence: Vec<f32>,
}

/// The entities that pairs make from a probability on, and what was decided makes of these. What is known of
/// groups of records is not found out again, and is then what is known of the groups of now.
pub(super) fn cluster(
    resolver: &Resolver,
    pairs: &[Pair],
    threshold: f64,
    decisions: &Decisions,
    known: Option<&mut GroupScores>,
) -> Result<Clusters> {
    let records = resolver.records().len();
    let copies = resolver.links_of_copies()?;
    let with_copies: Vec<Pair>;
    let pairs = match copies.is_empty() {
        true => pairs,
        false => {
            with_copies = [pairs, &copies].concat();
            &with_copies
        }
    };
    let least = (threshold / (1.0 - threshold).max(1e-12)).ln() as f32;
    let sizes = EntitySizes::of(resolver.records(), pairs);
    let mut edges: Vec<Pair> = pairs
        .iter()
        .filter(|pair| pair.log_odds >= least && !decisions.are_apart(pair.left, pair.right))
        .copied()
        .collect();
    let mut components = Components::new(records);
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut bar = least;
    let listener = listen();
    while !edges.is_empty() {
        listener.check()?;
        let mut large = vec![false; records];
        for group in join(records, &edges) {
            if group.len() <= LARGEST_COMPONENT {
                groups.push(group);
            } else if bar >= HIGHEST_BAR {
                for (left, right) in join_restricted(resolver, &group, &edges, decisions)? {
                    components.join(left, right);
                }
            } else {
                group
                    .iter()
                    .for_each(|record| large[*record as usize] = true);
            }
        }
        if bar >= HIGHEST_BAR {
            break;
        }
        bar = (bar + 1.0).clamp(0.0, HIGHEST_BAR);
        edges.retain(|pair| large[pair.left as usize] && pair.log_odds >= bar);
    }
    let groups = Groups {
        groups: &groups,
        sizes: &sizes,
        least: f64::from(least),
    };
    for (left, right) in refine(resolver, groups, decisions, known)? {
        components.join(left, right);
    }
    let entity_of = components.into_roots();
    let entity_of = join_decided(resolver.records(), entity_of, pairs, least, decisions)?;
    Ok(rate(resolver, entity_of, pairs, &sizes, decisions))
}

/// Groups of records that single links have joined.
#[derive(Clone, Copy)]
struct Groups<'a> {
    /// The records of each, ascending.
    groups: &'a [Vec<u32>],
    /// How many records entities have.
    sizes: &'a EntitySizes,
    /// The log-odds from which on records are one.
    least: f64,
}

/// The pairs of records that are one within groups that single links have joined.
fn refine(
    resolver: &Resolver,
    Groups {
        groups,
        sizes,
        least,
    }: Groups<'_>,
    decisions: &Decisions,
    known: Option<&mut GroupScores>,
) -> Result<Vec<(u32, u32)>> {
    let (records, model) = (resolver.records(), resolver.model());
    let comparer = resolver.comparer();
    let one_to_one = model.options().is_one_to_one();
    let listener = listen();
    let before = known.as_deref();
    let refined = threads::map(
        model.options().workers(),
        groups.len().div_ceil(CHUNK),
        || {
            (
                Scorer::new(&comparer, &model.mixture),
                Agglomerate::default(),
            )
        },
        |(scorer, agglomerate), task| {
            let mut joined = Vec::new();
            // The first records of groups of which all is known, and what is found out of others.
            let mut of_known: Vec<u32> = Vec::new();
            let mut of_new = GroupScores::default();
            for group in &groups[task * CHUNK..groups.len().min((task + 1) * CHUNK)] {
                listener.check()?;
                if let [first, second] = group[..] {
                    joined.push((first, second));
                    continue;
                }
                let scored;
                let (by_name, scores) = match before.and_then(|known| known.find(group)) {
                    Some(found) => {
                        of_known.extend(group.first());
                        found
                    }
                    None => {
                        scored = compare(group, records, model, scorer)?;
                        if before.is_some() {
                            of_new.push(group, &scored.0, &scored.1);
                        }
                        (scored.0.as_slice(), scored.1.as_slice())
                    }
                };
                let mut said = scores.iter();
                agglomerate.begin(by_name.len());
                for (at, left) in by_name.iter().enumerate() {
                    for (other, right) in by_name[..at].iter().enumerate() {
                        let said = said.next().copied().unwrap_or_default();
                        let apart =
                            one_to_one && records.source_code(*left) == records.source_code(*right);
                        let conflict = match apart || decisions.are_apart(*left, *right) {
                            true => f64::NEG_INFINITY,
                            false => said.conflict,
                        };
                        agglomerate.set(at, other, said.log_odds, conflict);
                    }
                }
                let first_of = agglomerate.run(least, sizes);
                let pairs = first_of.iter().enumerate();
                joined.extend(pairs.map(|(at, first)| (by_name[at], by_name[*first])));
            }
            Ok((joined, of_known, of_new))
        },
    )?;
    let (mut all, mut new) = (Vec::new(), Vec::new());
    // By the first record of each group.
    let mut is_known = vec![false; known.as_ref().map_or(0, |_| records.len())];
    for (joined, of_known, of_new) in refined {
        all.extend(joined);
        for first in of_known {
            is_known[first as usize] = true;
        }
        new.push(of_new);
    }
    if let Some(known) = known {
        known.renew(|first| is_known[first as usize], new);
    }
    Ok(all)
}

/// The records of a group by their names, since their order does not matter, and what their pairs say.
fn compare(
    group: &[u32],
    records: &Records,
    model: &Model,
    scorer: &mut Scorer<'_>,
) -> Result<(Vec<u32>, Vec<PairScore>)> {
    let mut by_name = group.to_vec();
    by_name.sort_unstable_by(|left, right| records.key(*left).cmp(records.key(*right)));
    let mut pairs = Vec::with_capacity(group.len() * (group.len() - 1) / 2);
    for (at, left) in by_name.iter().enumerate() {
        pairs.extend(by_name[..at].iter().map(|right| (*left, *right)));
    }
    let mut scores = Vec::with_capacity(pairs.len());
    scorer.score(&pairs, |_, pattern, log_odds| {
        let conflict = model.mixture.conflict(pattern);
        scores.push(PairScore { log_odds, conflict });
    })?;
    Ok((by_name, scores))
}

/// Says how sure the entities are.
fn rate(
    resolver: &Resolver,
    entity_of: Vec<u32>,
    pairs: &[Pair],
    entity_sizes: &EntitySizes,
    decisions: &Decisions,
) -> Clusters {
    let records = entity_of.len();
    let mut sizes = vec![0_u32; records];
    for entity in &entity_of {
        sizes[*entity as usize] += 1;
    }
    let alone = |record: usize| sizes[entity_of[record] as usize] == 1;
    // Whom a decision keeps out of an entity is not likely to be of it, whatever it looks like.
    let is_kept_out = |record: u32, other: u32| {
        let sets = decisions.apart_from(record).into_iter().flatten();
        let mut entities = sets.map(|set| entity_of[*set as usize]);
        entities.any(|entity| entity == entity_of[other as usize])
    };
    let mut strongest = vec![f32::NEG_INFINITY; records];
    let mut weakest = vec![f32::INFINITY; records];
    let mut inside: Vec<Pair> = Vec::new();
    let one_to_one = resolver.model().options().is_one_to_one();
    let mut kept_out: Vec<LoneLink> = Vec::new();
    for pair in pairs.iter().copied().chain(decisions.links()) {
        let (left, right) = (pair.left as usize, pair.right as usize);
        let entity = entity_of[left] as usize;
        let within = entity == entity_of[right] as usize;
        match sizes[entity] {
            _ if !within => {}
            // There is one bridge.
            2 if weakest[entity] == f32::INFINITY => weakest[entity] = pair.log_odds,
            2 => weakest[entity] = weakest[entity].max(pair.log_odds),
            _ => inside.push(pair),
        }
        let is_decided =
            !within && (is_kept_out(pair.left, pair.right) || is_kept_out(pair.right, pair.left));
        for (record, other) in [(left, right), (right, left)] {
            if within {
                strongest[record] = strongest[record].max(pair.log_odds);
            } else if alone(record) && !is_decided {
                let size = sizes[entity_of[other] as usize] as usize;
                if one_to_one && size > 1 {
                    kept_out.push(LoneLink {
                        record: record as u32,
                        entity: entity_of[other],
                        size,
                        log_odds: pair.log_odds,
                    });
                    continue;
                }
                let log_odds = pair.log_odds + entity_sizes.lower_in_steps(1, size) as f32;
                strongest[record] = strongest[record].max(log_odds);
            }
        }
    }
    let by_record = (entity_of.as_slice(), strongest.as_mut_slice());
    rate_lone(resolver.records(), by_record, &kept_out, entity_sizes);
    // The last edge of a greatest spanning tree is the weakest bridge.
    inside.sort_unstable_by(|left, right| right.log_odds.total_cmp(&left.log_odds));
    let mut components = Components::new(records);
    for pair in &inside {
        if components.find(pair.left) != components.find(pair.right) {
            components.join(pair.left, pair.right);
            weakest[entity_of[pair.left as usize] as usize] = pair.log_odds;
        }
    }
    let probability = |log_odds: f32| probability(f64::from(log_odds)) as f32;
    let membership: Vec<f32> = (0..records)
        .map(|record| match alone(record) {
            true => 1.0 - probability(strongest[record]),
            false => probability(strongest[record]),
        })
        .collect();
    let confidence = (0..records)
        .map(|record| match alone(record) {
            true => membership[record],
            false => probability(weakest[entity_of[record] as usize]),
        })
        .collect();
    Clusters {
        entity_of,
        membership,
        confidence,
    }
}

/// A link of a record that is alone to an entity of several.
struct LoneLink {
    record: u32,
    entity: u32,
    /// How many records the entity has.
    size: usize,
    log_odds: f32,
}

/// Rates links of lone records where sources have each entity once: an entity has one record of a source
/// at most, so that the odds of the one that it has not are those against the one that it has, or none. It
/// would come in that one's place.
fn rate_lone(
    records: &Records,
    (entity_of, strongest): (&[u32], &mut [f32]),
    links: &[LoneLink],
    entity_sizes: &EntitySizes,
) {
    if links.is_empty() {
        return;
    }
    let place = |entity: u32, record: u32| (entity, records.source_code(record));
    let mut taken: HashMap<(u32, u32), f32> = links
        .iter()
        .map(|link| (place(link.entity, link.record), f32::NEG_INFINITY))
        .collect();
    for (record, (entity, log_odds)) in (0..).zip(entity_of.iter().zip(&*strongest)) {
        if let Some(taken) = taken.get_mut(&place(*entity, record)) {
            *taken = taken.max(*log_odds);
        }
    }
    for link in links {
        let taken = taken.get(&place(link.entity, link.record));
        let taken = taken.map_or(0.0, |log_odds| f64::from(*log_odds).exp());
        let others = link.size - usize::from(taken > 0.0);
        let by_sizes = entity_sizes.lower_in_steps(1, others);
        let log_odds = f64::from(link.log_odds) + by_sizes - taken.ln_1p();
        let strongest = &mut strongest[link.record as usize];
        *strongest = strongest.max(log_odds as f32);
    }
}
