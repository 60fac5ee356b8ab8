//! Metrics that are computed for many pairs at once where the texts are short.

use super::characters::Numbered;
use super::group::Group;
use super::pairs::{Pair, Pairs, few_beyond};
use super::texts::{LONGEST, Source};
use super::{LANES, Lanes};
use crate::arguments::{Metric, Native, Sides, Strings};
use crate::interrupt;

/// A metric that has a kernel for groups of pairs.
pub(crate) trait InLanes: Metric {
    /// Whether it asks of two characters only whether they are equal; only texts of ASCII go into
    /// groups otherwise.
    const ASKS_FOR_EQUALITY: bool = true;

    /// Whether it matters which of the texts is the left one: that is the first of its pair then.
    const IS_ORDERED: bool = false;

    /// Whether what stands behind the end of one text equals what stands behind that of another;
    /// otherwise it never does.
    const ENDS_MATCH: bool = false;

    /// The answer of two texts of these lengths, the shorter first, where the lengths say enough.
    #[inline(always)]
    fn by_lengths(&self, _shorter: usize, _longer: usize) -> Option<Native<Self>> {
        None
    }

    /// Whether two texts of these lengths may go into a group.
    #[inline(always)]
    fn fits(&self, _shorter: usize, _longer: usize) -> bool {
        true
    }

    /// Up to which length pairs go into groups as they come, unless their lengths vary: a kernel
    /// that looks at a narrow band alone is done sooner with a longer text than pairs are sorted. It
    /// does not matter to such a metric which text is the left one, nor which is the longer one.
    fn longest_as_they_come(&self) -> Option<usize> {
        None
    }

    /// The answers of the pairs of a group.
    fn group(&mut self, group: &Group) -> Lanes<Native<Self>>;
}

/// The fewest pairs that are worth a group.
const FEW: usize = 6;

/// As [`Metric::many`], in groups, apart from what is too long for them.
pub(crate) fn many<M: InLanes>(
    metric: &mut M,
    sides: Sides<'_>,
    rows: impl Iterator<Item = usize>,
    answers: &mut [Native<M>],
) {
    match sides {
        Sides::Both(left, right) => of_sides(metric, sides, (left, right), rows, answers),
        Sides::Prepared(text, texts) => {
            let constant = Constant::new(text);
            of_sides(metric, sides, (&constant, texts), rows, answers);
        }
    }
}

fn of_sides<M: InLanes>(
    metric: &mut M,
    sides: Sides<'_>,
    (left, right): (&impl Side, &Strings<'_>),
    rows: impl Iterator<Item = usize>,
    answers: &mut [Native<M>],
) {
    let lengths = Lengths {
        left: left.lengths(answers.len()),
        right: right.lengths(answers.len()),
        are_of_ascii: left.is_ascii() && right.is_ascii(),
    };
    let are_all = rows.size_hint() == (answers.len(), Some(answers.len()));
    let limit = metric
        .longest_as_they_come()
        .filter(|_| are_all && lengths.are_of_ascii);
    if let Some(limit) = limit {
        let rest = in_blocks(metric, limit, (left, right), &lengths, answers);
        by_length(
            metric,
            sides,
            (left, right),
            &lengths,
            rest.into_iter(),
            answers,
        );
    } else {
        by_length(metric, sides, (left, right), &lengths, rows, answers);
    }
}

/// How long the texts of all rows are, in bytes, and whether these are characters.
struct Lengths {
    left: Vec<u32>,
    right: Vec<u32>,
    are_of_ascii: bool,
}

/// Answers the pairs of all rows that are no longer than a limit, those of as many rows as there are
/// lanes in a group; gives the rows that fit none.
fn in_blocks<M: InLanes>(
    metric: &mut M,
    limit: usize,
    (left, right): (&impl Side, &impl Side),
    lengths: &Lengths,
    answers: &mut [Native<M>],
) -> Vec<usize> {
    let limit = limit.min(LONGEST) as u32;
    let mut rest = Vec::new();
    let mut group = Group::new(M::ENDS_MATCH);
    let blocks = lengths.left.chunks(LANES).zip(lengths.right.chunks(LANES));
    let blocks = blocks.zip(answers.chunks_mut(LANES));
    for (number, ((lefts, rights), answers)) in blocks.enumerate() {
        let first = number * LANES;
        let longer = lefts.iter().zip(rights);
        let longer = longer.map(|(left, right)| *left.max(right));
        let beyond = few_beyond(limit, longer.clone()).filter(|_| answers.len() >= FEW);
        let Some(beyond) = beyond else {
            rest.extend(first..first + answers.len());
            continue;
        };
        group.fill_from(first, (lefts, rights), limit, left, right);
        answers.copy_from_slice(&metric.group(&group).0[..answers.len()]);
        if beyond > 0 {
            let rows = longer.enumerate();
            rest.extend(rows.filter_map(|(row, longer)| (longer > limit).then_some(first + row)));
        }
    }
    rest
}

/// Answers the pairs of rows in groups of about one length.
fn by_length<M: InLanes>(
    metric: &mut M,
    sides: Sides<'_>,
    (left, right): (&impl Side, &Strings<'_>),
    lengths: &Lengths,
    rows: impl Iterator<Item = usize>,
    answers: &mut [Native<M>],
) {
    let listener = interrupt::listen();
    let alone = |metric: &mut M, row| {
        if listener.is_interrupted() {
            return Native::<M>::default();
        }
        match sides {
            Sides::Both(left, right) => metric.pair(left.value(row), right.value(row)),
            Sides::Prepared(_, others) => metric.prepared(others.value(row)),
        }
    };
    let mut pairs = Pairs::with_capacity(answers.len());
    let mut others = Vec::new();
    for row in rows {
        let (left_length, right_length) = (lengths.left[row] as usize, lengths.right[row] as usize);
        let (shorter, longer) = ordered(left_length, right_length);
        let is_taken = longer <= LONGEST
            && metric.fits(shorter, longer)
            && (lengths.are_of_ascii || left.value(row).is_ascii() && right.value(row).is_ascii());
        if !is_taken {
            others.push(row);
            continue;
        }
        let known = metric.by_lengths(shorter, longer);
        answers[row] = known.unwrap_or_default();
        let pair = new_pair::<M>(row, left_length, right_length);
        pairs.push_if(known.is_none(), pair);
    }
    let few = in_groups(metric, pairs, left, right, |row, answer| {
        answers[row] = answer;
    });
    for row in few {
        answers[row] = alone(metric, row);
    }
    if !M::ASKS_FOR_EQUALITY {
        for row in others {
            answers[row] = alone(metric, row);
        }
        return;
    }
    let mut numbered = Numbered::default();
    let mut rows = Vec::new();
    let mut pairs = Pairs::with_capacity(others.len());
    for row in others {
        let Some((left, right)) = numbered.push(left.value(row), right.value(row)) else {
            answers[row] = alone(metric, row);
            continue;
        };
        let (shorter, longer) = ordered(left, right);
        if let Some(known) = metric.by_lengths(shorter, longer) {
            answers[row] = known;
        } else if metric.fits(shorter, longer) {
            pairs.push_if(true, new_pair::<M>(rows.len(), left, right));
        } else {
            answers[row] = alone(metric, row);
        }
        rows.push(row);
    }
    let (left, right) = numbered.sides();
    let few = in_groups(metric, pairs, left, right, |number, answer| {
        answers[rows[number]] = answer;
    });
    for number in few {
        answers[rows[number]] = alone(metric, rows[number]);
    }
}

#[inline(always)]
fn ordered(left: usize, right: usize) -> (usize, usize) {
    (left.min(right), left.max(right))
}

#[inline(always)]
fn new_pair<M: InLanes>(row: usize, left: usize, right: usize) -> Pair {
    if M::IS_ORDERED {
        return Pair::new(row, left, right, false);
    }
    let (shorter, longer) = ordered(left, right);
    Pair::new(row, shorter, longer, left > right)
}

/// Answers pairs in groups, and gives the rows of those that are too few for one.
fn in_groups<M: InLanes>(
    metric: &mut M,
    pairs: Pairs,
    left: &impl Source,
    right: &impl Source,
    mut answer: impl FnMut(usize, Native<M>),
) -> Vec<usize> {
    let limit = metric.longest_as_they_come();
    let pairs = if limit.is_some_and(|limit| pairs.are_of_about_one_length(limit)) {
        pairs.in_order()
    } else {
        pairs.sorted()
    };
    let (groups, rest) = match pairs.len() % LANES {
        few @ 1..FEW => pairs.split_at(pairs.len() - few),
        _ => (&pairs[..], &[][..]),
    };
    if !groups.is_empty() {
        let mut group = Group::new(M::ENDS_MATCH);
        for pairs in groups.chunks(LANES) {
            group.fill(pairs, left, right);
            let answers = metric.group(&group);
            for (pair, computed) in pairs.iter().zip(answers.0) {
                answer(pair.row(), computed);
            }
        }
    }
    rest.iter().map(Pair::row).collect()
}

/// The texts of one side.
trait Side: Source {
    fn value(&self, row: usize) -> &str;

    /// As [`Strings::lengths`].
    fn lengths(&self, rows: usize) -> Vec<u32>;

    fn is_ascii(&self) -> bool;
}

impl Side for Strings<'_> {
    #[inline(always)]
    fn value(&self, row: usize) -> &str {
        self.value(row)
    }

    fn lengths(&self, rows: usize) -> Vec<u32> {
        self.lengths(rows)
    }

    fn is_ascii(&self) -> bool {
        self.is_ascii()
    }
}

/// One text in all rows.
struct Constant<'a> {
    text: &'a str,
    /// The text, and as much behind it as is read at once.
    bytes: Vec<u8>,
}

impl<'a> Constant<'a> {
    fn new(text: &'a str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len() + LONGEST, 0);
        Self { text, bytes }
    }
}

impl Source for Constant<'_> {
    #[inline(always)]
    fn each(&self, rows: impl Iterator<Item = usize>, mut take: impl FnMut(&[u8])) {
        rows.for_each(|_| take(&self.bytes));
    }
}

impl Side for Constant<'_> {
    #[inline(always)]
    fn value(&self, _: usize) -> &str {
        self.text
    }

    fn lengths(&self, rows: usize) -> Vec<u32> {
        vec![u32::try_from(self.text.len()).unwrap_or(u32::MAX); rows]
    }

    fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }
}
