//! Whether sources repeat entities, told by what the other sources say of their records.

use datafusion::error::Result;

use super::choice;
use super::resolver::Resolver;
use super::scorer::Scorer;
use super::threads;

/// How many records are asked for their candidates.
const ASKED: usize = 10_000;
/// How many are asked by one task.
const CHUNK: usize = 128;
/// How many records that look like another one of their source it takes to say anything.
const LEAST: usize = 10;
/// For one such record in so many that have a match in another source, sources are held to have entities
/// more than once: fewer are slips.
const TOLERATED: usize = 25;
/// The share of these, at most, whose look-alike matches the same record as they do, for sources to be held
/// to have each entity once: of entities that are repeated hardly any does not.
const MOST_REPEATED: f64 = 0.8;

/// Whether records of one source that look like one entity are one, by a model that was learned of
/// pairs of different sources.
///
/// What a record of another source matches, it matches twice where the source has it twice. Variants
/// of a thing look alike, too, and more so where one source has described them in its own words, but
/// each of them matches another record.
pub(super) fn are_repeated(resolver: &Resolver) -> Result<bool> {
    let (records, model) = (resolver.records(), resolver.model());
    let all = 0..records.len() as u32;
    let asked = choice::sample_of(records, all, ASKED, model.options().seed);
    let comparer = resolver.comparer();
    let told = threads::map(
        model.options().workers(),
        asked.len().div_ceil(CHUNK),
        || (Scorer::new(&comparer, &model.mixture), Vec::new()),
        |(scorer, others), chunk| {
            let asked = &asked[chunk * CHUNK..asked.len().min((chunk + 1) * CHUNK)];
            let (mut matched, mut alike, mut repeated) = (0, 0, 0);
            for record in asked {
                resolver.candidates(*record, |_| true, others);
                let pairs: Vec<(u32, u32)> = others.iter().map(|other| (*record, *other)).collect();
                let source = records.source_code(*record);
                // The best of its own source, and of the others.
                let mut best = [(0.0, None); 2];
                scorer.score(&pairs, |(_, other), _, odds| {
                    let is_other = records.source_code(other) != source;
                    let best = &mut best[usize::from(is_other)];
                    if odds > best.0 {
                        *best = (odds, Some(other));
                    }
                })?;
                matched += usize::from(best[1].1.is_some());
                if let [(_, Some(own)), (_, Some(other))] = best {
                    alike += 1;
                    scorer.score(&[(own, other)], |_, _, odds| {
                        repeated += usize::from(odds > 0.0);
                    })?;
                }
            }
            Ok([matched, alike, repeated])
        },
    )?;
    let [matched, alike, repeated] = [0, 1, 2].map(|at| told.iter().map(|told| told[at]).sum());
    Ok(repeats(matched, alike, repeated))
}

/// Whether sources repeat entities, of which so many records have a match in another source, so many look
/// like another one of their source, too, and of so many of these that one matches the same record.
fn repeats(matched: usize, alike: usize, repeated: usize) -> bool {
    let are_slips = matched >= LEAST * TOLERATED && repeated * TOLERATED <= matched;
    !are_slips && (alike < LEAST || repeated as f64 >= MOST_REPEATED * alike as f64)
}

#[cfg(test)]
mod tests {
    use super::repeats;

    #[test]
    fn few_repeats_are_slips() {
        // Of 3,000 records that have a match 24 look like another one of their source.
        assert!(!repeats(3000, 24, 22));
        assert!(!repeats(3000, 0, 0));
        assert!(repeats(3000, 300, 290));
        // Those that look alike match others.
        assert!(!repeats(3000, 300, 200));
        // Of few records nothing can be told.
        assert!(repeats(100, 5, 0));
    }
}
