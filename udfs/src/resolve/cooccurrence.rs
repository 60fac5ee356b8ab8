//! How often levels of two comparisons occur together.

use super::compare::Pattern;
use super::comparison::MOST;
use super::tree::Weighted;

/// How often each level of one comparison occurs together with each of another.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: usize,
    weights: Vec<f64>,
}

impl Table {
    fn zero(rows: usize, columns: usize) -> Self {
        Self {
            columns,
            weights: vec![0.0; rows * columns],
        }
    }

    pub(super) fn of(
        sample: &[Weighted],
        left: usize,
        right: usize,
        rows: usize,
        columns: usize,
    ) -> Self {
        let mut table = Self::zero(rows, columns);
        for Weighted { pattern, weight } in sample {
            table.add(pattern.level(left), pattern.level(right), *weight);
        }
        table
    }

    #[inline]
    fn add(&mut self, row: u8, column: u8, weight: f64) {
        self.weights[usize::from(row) * self.columns + usize::from(column)] += weight;
    }

    pub(super) fn get(&self, row: usize, column: usize) -> f64 {
        self.weights[row * self.columns + column]
    }

    pub(super) fn rows(&self) -> usize {
        self.weights.len() / self.columns
    }

    /// The same with its rows as columns.
    fn turned(&self) -> Self {
        let mut turned = Self::zero(self.columns, self.rows());
        for row in 0..self.rows() {
            for column in 0..self.columns {
                turned.weights[column * turned.columns + row] = self.get(row, column);
            }
        }
        turned
    }

    /// The logarithm of how many times as often as by chance two levels occur together, and how
    /// often they do; of levels that are not missing.
    pub(super) fn associations(&self, smoothing: f64) -> Vec<(usize, usize, f64, f64)> {
        let rows = self.rows();
        let sum = |row: usize| {
            (1..self.columns)
                .map(|column| self.get(row, column))
                .sum::<f64>()
        };
        let of_rows: Vec<f64> = (0..rows).map(sum).collect();
        let of_columns: Vec<f64> = (0..self.columns)
            .map(|column| (1..rows).map(|row| self.get(row, column)).sum())
            .collect();
        let total: f64 = of_rows[1..].iter().sum();
        let mut associations = Vec::new();
        for (row, of_row) in of_rows.iter().enumerate().skip(1) {
            for (column, of_column) in of_columns.iter().enumerate().skip(1) {
                let chance = of_row * of_column / total.max(f64::MIN_POSITIVE);
                let together = self.get(row, column);
                let log = ((together + smoothing * chance / (chance + 1.0) + 1e-9)
                    / (chance + smoothing * chance / (chance + 1.0) + 1e-9))
                    .ln();
                associations.push((row, column, log, together));
            }
        }
        associations
    }
}

/// The tables of every two comparisons. Pairs that do not match are nearly all there are: they are
/// counted once, and what others take of them is taken off.
#[derive(Debug)]
pub(super) struct Cooccurrence {
    comparisons: usize,
    /// Of each comparison with itself and with those after it.
    tables: Vec<Table>,
}

impl Cooccurrence {
    /// Those of patterns with weights, of comparisons of so many levels.
    pub(super) fn of(sample: impl Iterator<Item = Weighted>, levels: &[usize]) -> Self {
        let comparisons = levels.len().min(MOST);
        let mut tables: Vec<Table> = (0..comparisons)
            .flat_map(|left| (left..comparisons).map(move |right| (left, right)))
            .map(|(left, right)| Table::zero(levels[left], levels[right]))
            .collect();
        for Weighted { pattern, weight } in sample {
            if weight <= 0.0 {
                continue;
            }
            let levels: [u8; MOST] = std::array::from_fn(|at| pattern.level(at));
            let levels = &levels[..comparisons];
            let mut tables = tables.iter_mut();
            for (at, row) in levels.iter().enumerate() {
                for (column, table) in levels[at..].iter().zip(tables.by_ref()) {
                    table.add(*row, *column, weight);
                }
            }
        }
        Self {
            comparisons,
            tables,
        }
    }

    /// The table of two comparisons, without what is taken of it.
    pub(super) fn without(&self, taken: &[Weighted], row: usize, column: usize) -> Table {
        let table = &self.tables[self.place(row.min(column), row.max(column))];
        let mut table = match row <= column {
            true => table.clone(),
            false => table.turned(),
        };
        for Weighted { pattern, weight } in taken {
            table.add(pattern.level(row), pattern.level(column), -weight);
        }
        // What is taken is rounded.
        table
            .weights
            .iter_mut()
            .for_each(|weight| *weight = weight.max(0.0));
        table
    }

    fn place(&self, left: usize, right: usize) -> usize {
        left * (2 * self.comparisons - left + 1) / 2 + right - left
    }
}

/// A pattern with a weight, where it has one that counts.
#[inline]
pub(super) fn weighted(pattern: Pattern, weight: f64) -> Option<Weighted> {
    (weight > LEAST_WEIGHT).then_some(Weighted { pattern, weight })
}

/// What counts for less than so much of a pair is not counted.
pub(super) const LEAST_WEIGHT: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_counted() {
        let pattern = |first, second, third| {
            let pattern = Pattern::default().with(0, first).with(1, second);
            pattern.with(2, third)
        };
        let sample = [
            Weighted {
                pattern: pattern(1, 2, 3),
                weight: 5.0,
            },
            Weighted {
                pattern: pattern(2, 2, 0),
                weight: 7.0,
            },
        ];
        let all = Cooccurrence::of(sample.iter().copied(), &[3, 4, 5]);
        let levels = [3, 4, 5];
        let taken = [Weighted {
            pattern: pattern(1, 2, 3),
            weight: 2.0,
        }];
        let left = [
            Weighted {
                weight: 3.0,
                ..sample[0]
            },
            sample[1],
        ];
        for row in 0..3 {
            for column in 0..3 {
                let found = all.without(&taken, row, column);
                let expected = Table::of(&left, row, column, levels[row], levels[column]);
                assert_eq!(found.weights, expected.weights, "{row} {column}");
            }
        }
    }
}
