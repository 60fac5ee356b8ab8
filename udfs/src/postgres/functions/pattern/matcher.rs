//! What an expression and its groups match in a text: the end of the whole is chosen first, then those
//! of its parts, from the outside to the inside and from left to right.

use std::collections::HashSet;

use super::ends::Ends;
use super::{Node, Pattern, Preference, Spans, Times, What};
use crate::FunctionError;

/// The match of an expression that begins at this byte.
pub(super) fn match_at(
    pattern: &Pattern,
    ends: &mut Ends<'_>,
    at: usize,
) -> Result<Option<Spans>, FunctionError> {
    let root = pattern.root.as_ref();
    for end in in_order(root, &ends.of(root, at)?) {
        let mut matcher = Matcher {
            ends: &mut *ends,
            groups: vec![None; pattern.groups + 1],
        };
        if matcher.parts_match(root, at, end)? {
            let mut spans = matcher.groups;
            if let Some(whole) = spans.first_mut() {
                *whole = Some((at, end));
            }
            return Ok(Some(spans));
        }
    }
    Ok(None)
}

/// The ends that a part takes, the one that it prefers first.
fn in_order(node: &Node, ends: &[usize]) -> Vec<usize> {
    match node.traits.preference {
        Preference::Shortest => ends.to_vec(),
        Preference::Longest | Preference::Unsaid => ends.iter().rev().copied().collect(),
    }
}

struct Matcher<'a, 't> {
    ends: &'a mut Ends<'t>,
    /// By their numbers; the first is none.
    groups: Spans,
}

impl Matcher<'_, '_> {
    /// Whether the part matches what stands between these bytes; its groups are set to what they match.
    fn parts_match(&mut self, node: &Node, from: usize, to: usize) -> Result<bool, FunctionError> {
        self.ends.look_at(1)?;
        if !(node.traits.has_groups || node.traits.refers_back) {
            return Ok(self.ends.of(node, from)?.binary_search(&to).is_ok());
        }
        match &node.what {
            What::Group { number, inner } => {
                let matches = self.parts_match(inner, from, to)?;
                if matches && let Some(group) = self.groups.get_mut(*number) {
                    *group = Some((from, to));
                }
                Ok(matches)
            }
            What::Series(parts) => self.series_matches(parts, from, to),
            What::Choice(branches) => {
                for branch in branches {
                    if self.ends.of(branch, from)?.binary_search(&to).is_ok() {
                        self.forget(node);
                        if self.parts_match(branch, from, to)? {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            }
            What::Repeat { inner, times } => self.repetitions_match(inner, *times, from, to),
            What::Reference { number, times, .. } => Ok(self.is_group(*number, *times, from, to)),
            What::One(_) | What::Place(_) | What::Look { .. } => {
                Ok(self.ends.of(node, from)?.binary_search(&to).is_ok())
            }
        }
    }

    fn series_matches(
        &mut self,
        parts: &[Node],
        from: usize,
        to: usize,
    ) -> Result<bool, FunctionError> {
        // From where the end can be reached, by the part that begins there.
        let mut reached = vec![vec![from]];
        for part in parts {
            let places = reached.last().map_or(&[][..], Vec::as_slice);
            let next = self.ends.of_each(part, places)?;
            reached.push(next.into_iter().filter(|place| *place <= to).collect());
        }
        let mut good = vec![to];
        let mut starts = Vec::with_capacity(parts.len() + 1);
        for (part, places) in parts.iter().zip(&reached).rev() {
            let mut before = Vec::new();
            for place in places {
                let ends = self.ends.of(part, *place)?;
                if ends.iter().any(|end| good.binary_search(end).is_ok()) {
                    before.push(*place);
                }
            }
            starts.push(std::mem::replace(&mut good, before));
        }
        starts.reverse();
        self.rest_matches(parts, &starts, from, to)
    }

    /// Whether parts match what stands between these bytes, of which each may end at the bytes that are
    /// given for it.
    fn rest_matches(
        &mut self,
        parts: &[Node],
        allowed: &[Vec<usize>],
        from: usize,
        to: usize,
    ) -> Result<bool, FunctionError> {
        let mut at = from;
        for (index, (part, allowed_ends)) in parts.iter().zip(allowed).enumerate() {
            let ends = self.ends.of(part, at)?;
            let mut candidates = in_order(part, &ends)
                .into_iter()
                .filter(|end| allowed_ends.binary_search(end).is_ok());
            let (rest, rest_allowed) = (
                parts.get(index + 1..).unwrap_or_default(),
                allowed.get(index + 1..).unwrap_or_default(),
            );
            // What follows may fail where it refers back, else every end that is allowed will do.
            let is_sure =
                !part.traits.refers_back && !rest.iter().any(|part| part.traits.refers_back);
            if is_sure {
                let Some(end) = candidates.next() else {
                    return Ok(false);
                };
                self.parts_match(part, at, end)?;
                at = end;
                continue;
            }
            for end in candidates {
                self.ends.look_at(1)?;
                parts.iter().skip(index).for_each(|part| self.forget(part));
                if self.parts_match(part, at, end)?
                    && self.rest_matches(rest, rest_allowed, end, to)?
                {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        Ok(at == to)
    }

    /// Whether repetitions of a part match what stands between these bytes. Where they need not be any,
    /// one of nothing counts before none.
    fn repetitions_match(
        &mut self,
        inner: &Node,
        times: Times,
        from: usize,
        to: usize,
    ) -> Result<bool, FunctionError> {
        let may_be_none = times.least == 0 && from == to;
        if may_be_none && inner.traits.preference == Preference::Shortest {
            return Ok(true);
        }
        let least = times.least.max(1);
        // From there the end is not reached, however often it is tried.
        let mut dead = HashSet::new();
        let is_remembered = !inner.traits.refers_back && least == 1 && times.most == usize::MAX;
        // Where each repetition begins, and the ends that are left to try, the next one last.
        let mut tried: Vec<(usize, Vec<usize>)> = vec![(from, self.candidates(inner, from, to)?)];
        while let Some((start, candidates)) = tried.last_mut() {
            let start = *start;
            let Some(end) = candidates.pop() else {
                dead.insert(start);
                tried.pop();
                continue;
            };
            self.ends.look_at(1)?;
            let count = tried.len();
            if end != to {
                let is_idle = end == start && (count >= least || least - count < to - end);
                if !is_idle && count < times.most && !(is_remembered && dead.contains(&end)) {
                    let candidates = self.candidates(inner, end, to)?;
                    tried.push((end, candidates));
                }
                continue;
            }
            if count >= least && self.each_matches(inner, &tried, to)? {
                return Ok(true);
            }
        }
        self.forget(inner);
        Ok(may_be_none)
    }

    fn candidates(
        &mut self,
        inner: &Node,
        at: usize,
        to: usize,
    ) -> Result<Vec<usize>, FunctionError> {
        let ends = self.ends.of(inner, at)?;
        let mut candidates = in_order(inner, &ends);
        candidates.retain(|end| *end <= to);
        candidates.reverse();
        Ok(candidates)
    }

    /// Whether each repetition matches, the last of which sets the groups.
    fn each_matches(
        &mut self,
        inner: &Node,
        begun: &[(usize, Vec<usize>)],
        to: usize,
    ) -> Result<bool, FunctionError> {
        let skipped = match inner.traits.refers_back {
            true => 0,
            false => begun.len().saturating_sub(1),
        };
        for (index, (start, _)) in begun.iter().enumerate().skip(skipped) {
            let end = begun.get(index + 1).map_or(to, |(next, _)| *next);
            self.forget(inner);
            if !self.parts_match(inner, *start, end)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what stands between these bytes is so many times what a group has matched.
    fn is_group(&self, number: usize, times: Times, from: usize, to: usize) -> bool {
        let part = |from: usize, to: usize| {
            self.ends
                .text()
                .as_bytes()
                .get(from..to)
                .unwrap_or_default()
        };
        let Some(Some((start, end))) = self.groups.get(number).copied() else {
            return false;
        };
        let (group, found) = (part(start, end), part(from, to));
        if group.is_empty() || found.is_empty() {
            return found.is_empty() && (group.is_empty() || times.least == 0);
        }
        let count = found.len() / group.len();
        found.len() % group.len() == 0
            && (times.least..=times.most).contains(&count)
            && found.chunks(group.len()).all(|chunk| chunk == group)
    }

    /// Unsets the groups of a part.
    fn forget(&mut self, node: &Node) {
        if !node.traits.has_groups {
            return;
        }
        match &node.what {
            What::Group { number, inner } => {
                if let Some(group) = self.groups.get_mut(*number) {
                    *group = None;
                }
                self.forget(inner);
            }
            What::Series(parts) | What::Choice(parts) => {
                parts.iter().for_each(|part| self.forget(part));
            }
            What::Repeat { inner, .. } => self.forget(inner),
            What::One(_) | What::Place(_) | What::Look { .. } | What::Reference { .. } => {}
        }
    }
}
