//! What comparing the records of groups has said, kept for the next time that entities are made of them.

use hashbrown::{HashMap, HashSet};

/// Of larger groups nothing is kept: what their pairs say takes more memory than all else that is known of
/// their records.
const LARGEST: usize = 32;

/// What two records of a group say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PairScore {
    /// The natural logarithm of the odds of a match.
    pub(super) log_odds: f64,
    /// The evidence against a match, whatever people have decided.
    pub(super) conflict: f64,
}

/// What the pairs of groups of records say. It stays as it is until one of the records of a group changes,
/// or others come to it: the model says the same of the same records.
#[derive(Clone, Debug, Default)]
pub struct GroupScores {
    /// By the first record of each group.
    groups: HashMap<u32, Place>,
    /// The records of each group: ascending, and once more by their names.
    members: Vec<u32>,
    /// Of each pair of a group's records by their names: of the second with the first, of the third with the
    /// first and the second, and so on.
    scores: Vec<PairScore>,
    /// Records that have changed since.
    changed: HashSet<u32>,
}

/// Where what is known of a group begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    members: usize,
    scores: usize,
    /// How many records it has.
    size: usize,
}

/// How many pairs as many records have.
fn pairs_of(size: usize) -> usize {
    size * size.saturating_sub(1) / 2
}

impl GroupScores {
    /// Tells of records that have changed: what is known of their groups does not hold any more.
    pub fn forget<'a>(&mut self, records: impl IntoIterator<Item = &'a u32>) {
        self.changed.extend(records);
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        size_of_val(self.members.as_slice())
            + size_of_val(self.scores.as_slice())
            + self.groups.capacity() * (size_of::<u32>() + size_of::<Place>())
    }

    /// What is known of a group, whose records are ascending: these by their names, and what their pairs say.
    pub(super) fn find(&self, group: &[u32]) -> Option<(&[u32], &[PairScore])> {
        let place = self.groups.get(group.first()?)?;
        let (middle, end) = (place.members + place.size, place.members + 2 * place.size);
        let is_known = self.members.get(place.members..middle)? == group
            && (self.changed.is_empty() || !group.iter().any(|it| self.changed.contains(it)));
        if !is_known {
            return None;
        }
        let scores = place.scores..place.scores + pairs_of(place.size);
        Some((self.members.get(middle..end)?, self.scores.get(scores)?))
    }

    /// Keeps what is known of a group, unless that is too much.
    pub(super) fn push(&mut self, group: &[u32], by_name: &[u32], scores: &[PairScore]) {
        let Some(first) = group.first().filter(|_| group.len() <= LARGEST) else {
            return;
        };
        let place = Place {
            members: self.members.len(),
            scores: self.scores.len(),
            size: group.len(),
        };
        self.members.extend_from_slice(group);
        self.members.extend_from_slice(by_name);
        self.scores.extend_from_slice(scores);
        self.groups.insert(*first, place);
    }

    /// Keeps what is known of the groups of now: of those that begin with such records it was known, and
    /// `others` have the rest. None of their records has changed.
    pub(super) fn renew(&mut self, is_known: impl Fn(u32) -> bool, others: Vec<Self>) {
        self.changed.clear();
        self.groups.retain(|first, _| is_known(*first));
        for others in others {
            self.take_in(others);
        }
        let members: usize = self.groups.values().map(|place| 2 * place.size).sum();
        if self.members.len() > 2 * members {
            self.compact();
        }
    }

    /// Gives back the memory of groups that are no more.
    fn compact(&mut self) {
        let mut compact = Self::default();
        for place in self.groups.values() {
            let (middle, end) = (place.members + place.size, place.members + 2 * place.size);
            let scores = place.scores..place.scores + pairs_of(place.size);
            if let (Some(group), Some(by_name), Some(scores)) = (
                self.members.get(place.members..middle),
                self.members.get(middle..end),
                self.scores.get(scores),
            ) {
                compact.push(group, by_name, scores);
            }
        }
        *self = compact;
    }

    /// Takes in what is known of other groups.
    fn take_in(&mut self, others: Self) {
        let (members, scores) = (self.members.len(), self.scores.len());
        self.members.extend(others.members);
        self.scores.extend(others.scores);
        let groups = others.groups.into_iter().map(|(first, place)| {
            let place = Place {
                members: members + place.members,
                scores: scores + place.scores,
                ..place
            };
            (first, place)
        });
        self.groups.extend(groups);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> Vec<PairScore> {
        let scores = values.iter().map(|log_odds| PairScore {
            log_odds: *log_odds,
            conflict: -log_odds,
        });
        scores.collect()
    }

    fn found(known: &GroupScores, group: &[u32]) -> Option<(Vec<u32>, Vec<f64>)> {
        let (by_name, scores) = known.find(group)?;
        let odds = scores.iter().map(|score| score.log_odds).collect();
        Some((by_name.to_vec(), odds))
    }

    #[test]
    fn groups_are_known_until_their_records_are_others() {
        let mut known = GroupScores::default();
        known.push(&[1, 4, 7], &[7, 1, 4], &scores(&[0.5, 1.5, 2.5]));
        let mut others = GroupScores::default();
        others.push(&[2, 3, 9], &[2, 3, 9], &scores(&[3.5, 4.5, 5.5]));
        others.push(&[5, 6, 8], &[8, 6, 5], &scores(&[6.5, 7.5, 8.5]));
        known.take_in(others);
        let of_first = Some((vec![7, 1, 4], vec![0.5, 1.5, 2.5]));
        assert_eq!(found(&known, &[1, 4, 7]), of_first);
        let of_last = Some((vec![8, 6, 5], vec![6.5, 7.5, 8.5]));
        assert_eq!(found(&known, &[5, 6, 8]), of_last);
        for other in [&[1, 4][..], &[1, 4, 8], &[1, 4, 7, 8], &[4, 7], &[]] {
            assert_eq!(found(&known, other), None, "{other:?}");
        }
        let large: Vec<u32> = (100..=100 + LARGEST as u32).collect();
        known.push(
            &large,
            &large,
            &vec![PairScore::default(); pairs_of(large.len())],
        );
        assert_eq!(found(&known, &large), None);
        known.forget(&[3]);
        assert_eq!(found(&known, &[2, 3, 9]), None);
        assert_eq!(found(&known, &[1, 4, 7]), of_first);
    }

    #[test]
    fn what_is_known_of_groups_of_before_goes() {
        let of = |first: u32, score: f64| {
            let mut known = GroupScores::default();
            let group = [first, first + 1, first + 2];
            known.push(&group, &group, &scores(&[score, score, score]));
            known
        };
        let mut known = GroupScores::default();
        known.renew(|_| false, vec![of(1, 0.5), of(10, 1.5)]);
        let told = |first: u32, score: f64| {
            let group = [first, first + 1, first + 2];
            Some((group.to_vec(), vec![score; 3]))
        };
        for round in 0..50 {
            // One of the records has changed, so that its group is found out again.
            known.forget(&[11]);
            assert_eq!(found(&known, &[10, 11, 12]), None);
            known.renew(|first| first == 1, vec![of(10, f64::from(round))]);
            assert_eq!(found(&known, &[1, 2, 3]), told(1, 0.5));
            assert_eq!(found(&known, &[10, 11, 12]), told(10, f64::from(round)));
            assert!(known.members.len() <= 2 * 12, "{}", known.members.len());
            assert!(known.scores.len() <= 2 * 6, "{}", known.scores.len());
        }
        // A group that comes again is not taken for what it was.
        known.renew(|first| first == 1, Vec::new());
        assert_eq!(found(&known, &[10, 11, 12]), None);
        known.renew(|_| false, Vec::new());
        assert_eq!(known.members.len() + known.scores.len(), 0);
    }
}
