//! Where a part of an expression may end that begins at a place of a text.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Node, Times, What};
use crate::FunctionError;
use crate::interrupt::Watch;

/// So many places are looked at for one match. It is about a second's work.
const MOST_PLACES: usize = 1 << 25;

/// So many ends are kept.
const MOST_KEPT: usize = 1 << 20;

/// The ends of parts in one text, in bytes and in order, each of which is found out once.
pub(super) struct Ends<'t> {
    text: &'t str,
    /// By the part's place in memory, and the byte at which it begins.
    known: HashMap<(usize, usize), Arc<[usize]>>,
    kept: usize,
    looked_at: usize,
    watch: Watch,
}

impl<'t> Ends<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            known: HashMap::new(),
            kept: 0,
            looked_at: 0,
            watch: Watch::default(),
        }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Tells that so many places were looked at.
    ///
    /// # Errors
    /// 54000 where these are too many.
    pub(super) fn look_at(&mut self, places: usize) -> Result<(), FunctionError> {
        self.looked_at += places;
        match self.looked_at > MOST_PLACES || self.watch.is_interrupted_after(places) {
            true => Err(FunctionError {
                sqlstate: "54000",
                message: "regular expression takes too long on this text".to_owned(),
                hint: Some(
                    "Match a shorter text, or an expression that has fewer ways to match it."
                        .to_owned(),
                ),
            }),
            false => Ok(()),
        }
    }

    /// Where the part may end that begins at this byte. A reference is taken for the group itself.
    pub(super) fn of(&mut self, node: &Node, at: usize) -> Result<Arc<[usize]>, FunctionError> {
        if matches!(node.what, What::One(_) | What::Place(_)) {
            self.look_at(1)?;
            return Ok(self.find(node, at)?.into());
        }
        let key = (std::ptr::from_ref(node).addr(), at);
        if let Some(known) = self.known.get(&key) {
            return Ok(Arc::clone(known));
        }
        let found: Arc<[usize]> = self.find(node, at)?.into();
        self.look_at(found.len() + 1)?;
        if self.kept >= MOST_KEPT {
            self.known.clear();
            self.kept = 0;
        }
        self.kept += found.len() + 1;
        self.known.insert(key, Arc::clone(&found));
        Ok(found)
    }

    fn find(&mut self, node: &Node, at: usize) -> Result<Vec<usize>, FunctionError> {
        let text = self.text;
        let next = || text.get(at..).and_then(|rest| rest.chars().next());
        let here = |is_here: bool| if is_here { vec![at] } else { Vec::new() };
        match &node.what {
            What::One(set) => {
                let next = next().filter(|character| set.has(*character));
                Ok(next
                    .iter()
                    .map(|character| at + character.len_utf8())
                    .collect())
            }
            What::Place(place) => Ok(here(place.is_at(text, at))),
            What::Look {
                inner,
                is_ahead,
                is_negated,
            } => {
                let found = match is_ahead {
                    true => !self.of(inner, at)?.is_empty(),
                    false => self.is_behind(inner, at)?,
                };
                Ok(here(found != *is_negated))
            }
            What::Series(parts) => {
                let mut reached = vec![at];
                for part in parts {
                    reached = self.of_each(part, &reached)?;
                }
                Ok(reached)
            }
            What::Choice(branches) => {
                let mut reached = Vec::new();
                for branch in branches {
                    reached.extend_from_slice(&self.of(branch, at)?);
                }
                Ok(in_order(reached))
            }
            What::Group { inner, .. } => Ok(self.of(inner, at)?.to_vec()),
            What::Repeat { inner, times } => self.repeated(inner, *times, at),
            What::Reference { body, times, .. } => self.repeated(body, *times, at),
        }
    }

    /// Where a part may end that begins at any of these places.
    pub(super) fn of_each(
        &mut self,
        node: &Node,
        places: &[usize],
    ) -> Result<Vec<usize>, FunctionError> {
        if let What::One(set) = &node.what {
            self.look_at(places.len())?;
            let text = self.text;
            let next = |place: &usize| {
                let next = text.get(*place..)?.chars().next()?;
                set.has(next).then(|| *place + next.len_utf8())
            };
            return Ok(places.iter().filter_map(next).collect());
        }
        let mut reached = Vec::new();
        for place in places {
            reached.extend_from_slice(&self.of(node, *place)?);
        }
        self.look_at(reached.len())?;
        Ok(in_order(reached))
    }

    fn repeated(
        &mut self,
        inner: &Node,
        times: Times,
        at: usize,
    ) -> Result<Vec<usize>, FunctionError> {
        if let What::One(set) = &inner.what {
            let rest = self.text.get(at..).unwrap_or_default().char_indices();
            let found = rest
                .take(times.most)
                .take_while(|(_, character)| set.has(*character))
                .map(|(byte, character)| at + byte + character.len_utf8());
            return Ok([at].into_iter().chain(found).skip(times.least).collect());
        }
        let mut new = vec![at];
        // Once a repetition reaches what the one before did, so do all others.
        for _ in 0..times.least {
            let next = self.of_each(inner, &new)?;
            if next == new {
                break;
            }
            new = next;
        }
        let mut reached = new.clone();
        let mut rounds = times.least;
        while rounds < times.most && !new.is_empty() {
            let next = self.of_each(inner, &new)?;
            new = next
                .into_iter()
                .filter(|place| reached.binary_search(place).is_err())
                .collect();
            // Mostly they lie behind all others.
            let is_behind = new.first() > reached.last();
            reached.extend_from_slice(&new);
            if !is_behind {
                self.look_at(reached.len())?;
                reached.sort_unstable();
            }
            rounds += 1;
        }
        Ok(reached)
    }

    /// Whether the part ends here, wherever it begins.
    fn is_behind(&mut self, inner: &Node, at: usize) -> Result<bool, FunctionError> {
        let most = inner.most_characters().unwrap_or(usize::MAX);
        let before = self.text.get(..at).unwrap_or_default();
        let starts = before.char_indices().rev().map(|(byte, _)| byte);
        for start in [at].into_iter().chain(starts.take(most)) {
            if self.of(inner, start)?.binary_search(&at).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn in_order(mut places: Vec<usize>) -> Vec<usize> {
    if !places.is_sorted_by(|one, next| one < next) {
        places.sort_unstable();
        places.dedup();
    }
    places
}
