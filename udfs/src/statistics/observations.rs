//! What was observed in each of two groups.

use datafusion::common::HashMap;

/// What was observed in each of two groups, by their numbers 0 and 1.
#[derive(Debug)]
pub(super) enum Observations {
    /// All numbers.
    Numbers([Vec<f64>; 2]),
    /// How often each category was seen.
    Categories {
        /// The counts of each category.
        counts: HashMap<String, [u64; 2]>,
        /// How many bytes the names of the categories take.
        bytes: usize,
    },
}

impl Observations {
    /// None yet.
    pub(super) fn new(are_numbers: bool) -> Self {
        if are_numbers {
            Self::Numbers([Vec::new(), Vec::new()])
        } else {
            Self::Categories {
                counts: HashMap::new(),
                bytes: 0,
            }
        }
    }

    /// One more number. Zeros are one, and so are NaNs.
    pub(super) fn add_number(&mut self, group: usize, number: f64) {
        if let Self::Numbers(numbers) = self {
            let number = if number.is_nan() {
                f64::NAN
            } else {
                number + 0.0
            };
            numbers[group].push(number);
        }
    }

    /// So many more of a category.
    pub(super) fn add_category(&mut self, group: usize, category: &str, times: u64) {
        if let Self::Categories { counts, bytes } = self {
            let counts = counts.entry_ref(category).or_insert_with(|| {
                *bytes += category.len();
                [0; 2]
            });
            counts[group] += times;
        }
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Numbers(numbers) => {
                let capacity = numbers.iter().map(Vec::capacity).sum::<usize>();
                capacity * size_of::<f64>()
            }
            Self::Categories { counts, bytes } => {
                // A byte of control for each slot beside what stands in it.
                bytes + counts.capacity() * (size_of::<(String, [u64; 2])>() + 1)
            }
        }
    }

    /// What the functions compare, where there is something in both groups.
    pub(super) fn compared(&mut self, (reference, other): (usize, usize)) -> Option<Compared<'_>> {
        match self {
            Self::Numbers(numbers) => {
                for group in numbers.iter_mut() {
                    // NaN comes last, as in PostgreSQL.
                    group.sort_unstable_by(f64::total_cmp);
                }
                let is_complete = numbers.iter().all(|group| !group.is_empty());
                is_complete.then_some(Compared::Numbers {
                    reference: &numbers[reference],
                    other: &numbers[other],
                })
            }
            Self::Categories { counts, .. } => {
                let mut categories: Vec<(&String, &[u64; 2])> = counts.iter().collect();
                categories.sort_unstable();
                let table: Vec<[u64; 2]> = categories
                    .into_iter()
                    .map(|(_, counts)| [counts[reference], counts[other]])
                    .collect();
                let is_complete =
                    [0, 1].map(|group| table.iter().any(|counts| counts[group] > 0)) == [true; 2];
                is_complete.then_some(Compared::Categories(table))
            }
        }
    }
}

/// Two groups that both have observations.
#[derive(Debug)]
pub(super) enum Compared<'a> {
    /// The numbers of each, sorted, NaN last.
    Numbers {
        /// Those of the reference group.
        reference: &'a [f64],
        /// Those of the other one.
        other: &'a [f64],
    },
    /// How often each category was seen in the reference group and in the other one, in the order
    /// of the categories' names.
    Categories(Vec<[u64; 2]>),
}

/// From so many pairs of numbers on it may take more than some milliseconds to compare two groups.
const MANY_PAIRS: usize = 1 << 20;

impl Compared<'_> {
    /// Whether to compare the groups may take long.
    pub(super) fn may_take_long(&self) -> bool {
        match self {
            Self::Numbers { reference, other } => {
                reference.len().saturating_mul(other.len()) >= MANY_PAIRS
            }
            Self::Categories(table) => table.len() >= MANY_PAIRS,
        }
    }
}
