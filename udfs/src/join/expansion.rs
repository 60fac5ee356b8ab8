//! From pairs of texts to pairs of rows.

use datafusion::common::JoinSide;

use super::definition::RowPairs;

/// A pair of entries, whose rows are paired piece by piece.
///
/// Where a row is settled by its first partner, the rows of that side that are not settled yet are
/// held against the first row of the other side, then against its second: a million equal texts
/// cost a million pairs then, not their square. Where all pairs are given out, each is looked at,
/// and so equal texts cost their square even where the join's filter lets none of them pass: what
/// passes is not known of a filter in general.
#[derive(Debug)]
pub(super) struct Expansion {
    /// The side that the inner loop runs over.
    inner: JoinSide,
    /// The rows of that side that are not settled yet, where that matters.
    unsettled: Option<Vec<u32>>,
    next_outer: usize,
    next_inner: usize,
}

impl Expansion {
    /// Pairs all rows.
    pub(super) fn all() -> Self {
        Self {
            inner: JoinSide::Right,
            unsettled: None,
            next_outer: 0,
            next_inner: 0,
        }
    }

    /// Pairs rows until those of one side are settled.
    pub(super) fn until_settled(
        side: JoinSide,
        rows: &[u32],
        settled: impl Fn(u32) -> bool,
    ) -> Self {
        let unsettled = rows.iter().copied().filter(|row| !settled(*row));
        Self {
            inner: side,
            unsettled: Some(unsettled.collect()),
            next_outer: 0,
            next_inner: 0,
        }
    }

    /// Adds pairs of the rows of both entries until there are as many as the limit. Returns
    /// whether there may be more.
    pub(super) fn fill(
        &mut self,
        left: &[u32],
        right: &[u32],
        pairs: &mut RowPairs,
        limit: usize,
        settled: impl Fn(u32) -> bool,
    ) -> bool {
        let (outer, inner) = match self.inner {
            JoinSide::Left => (right, left),
            _ => (left, right),
        };
        while let Some(row) = outer.get(self.next_outer) {
            if pairs.len() >= limit {
                return true;
            }
            let inner = self.unsettled.as_deref().unwrap_or(inner);
            let end = inner.len().min(self.next_inner + limit - pairs.len());
            for other in &inner[self.next_inner..end] {
                match self.inner {
                    JoinSide::Left => pairs.push(*other, *row),
                    _ => pairs.push(*row, *other),
                }
            }
            self.next_inner = end;
            if end < inner.len() {
                return true;
            }
            self.next_inner = 0;
            self.next_outer += 1;
            if let Some(unsettled) = &mut self.unsettled {
                // What became of the pairs just made is not known yet; their rows are tried once
                // more, which is the price of pieces that are worth a filter's while.
                unsettled.retain(|row| !settled(*row));
                if unsettled.is_empty() {
                    return false;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::JoinSide;

    use super::super::definition::RowPairs;
    use super::Expansion;

    #[test]
    fn all_rows_are_paired_whatever_the_pieces() {
        let (left, right) = ([1, 2, 3], [4, 5]);
        for limit in 1..8 {
            let mut expansion = Expansion::all();
            let mut found = Vec::new();
            loop {
                let mut pairs = RowPairs::default();
                let more = expansion.fill(&left, &right, &mut pairs, limit, |_| false);
                assert!(pairs.len() <= limit);
                found.extend(pairs.left.into_iter().zip(pairs.right));
                if !more {
                    break;
                }
            }
            assert_eq!(found, [(1, 4), (1, 5), (2, 4), (2, 5), (3, 4), (3, 5)]);
        }
    }

    #[test]
    fn settled_rows_are_left_out() {
        let rows: Vec<u32> = (0..1000).collect();
        let mut expansion = Expansion::until_settled(JoinSide::Left, &rows, |row| row < 10);
        let mut pairs = RowPairs::default();
        // Each row is settled by the first row of the other side.
        let more = expansion.fill(&rows, &rows, &mut pairs, 1 << 20, |_| true);
        assert!(!more);
        assert_eq!(pairs.left, (10..1000).collect::<Vec<u32>>());
        assert!(pairs.right.iter().all(|row| *row == 0));
    }
}
