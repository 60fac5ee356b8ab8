//! `impute_knn(value, k, feature, ...) OVER (...)`.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::FILLING;
use super::amounts::{Amount, Amounts, amount_type};
use super::constants::integer_from;
use super::features::{Features, MOST_FEATURES, check_feature};
use super::gaps::Gaps;
use super::neighbours::{Effort, Neighbour, Neighbours, Point};
use super::ranking::{Ranking, comparable, comparable_type};
use super::rounding::Rounding;
use crate::arguments::{Form, Kind, Partition, WindowFunction};
use crate::{FunctionError, interrupt};

const NAME: &str = "impute_knn";

/// More neighbours than anybody averages.
const MOST_NEIGHBOURS: i64 = 1000;

/// How many distances are computed for one partition before it is given up: minutes of work,
/// where the features are too many, or too much the same, for a tree to help.
const MOST_DISTANCES: u64 = 10_000_000_000;

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps from the `k` rows of the partition that are nearest by their features, of those that have a value: with the mean of their values where these are numbers, dates or times, else with the most frequent one, the smallest of several. Fewer than `k` do where there are no more. `ORDER BY` makes no difference, and of rows that are equally near those with the smallest values are taken, so that the order of the rows makes none either.

Nearness is Euclidean distance, each feature measured in standard deviations of its values in the partition. Where a feature is NULL, NaN or infinite in either row, the distance is that over the others, scaled up to all (scikit-learn's `nan_euclidean`); rows without a feature in common are no neighbours, and a gap without neighbours stays NULL.

The type stays as it is; a mean is rounded as in `impute_mean`. Over a few features, trees find the neighbours of a gap without a look at every row; over many, every row is compared, and where that would take for ever it is an error.",
    syntax_example = "impute_knn(value, k, feature [, ...]) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_knn(income, 2, age, visits) OVER () AS income
  FROM (VALUES (1, 30, 5, 40000), (2, 32, 6, 44000), (3, 60, 1, 70000), (4, 31, NULL, NULL)) AS t(id, age, visits, income)
  ORDER BY id;
+----+--------+
| id | income |
+----+--------+
| 1  | 40000  |
| 2  | 44000  |
| 3  | 70000  |
| 4  | 42000  |
+----+--------+
```"#,
    argument(
        name = "value",
        description = "A value of any type that can be compared."
    ),
    argument(
        name = "k",
        description = "How many neighbours: from 1 to 1000, and the same in all rows."
    ),
    argument(
        name = "feature",
        description = "What to compare rows by: a number, date, time, timestamp, duration or boolean. One to 64."
    ),
    related_udf(name = "impute_hot_deck"),
    related_udf(name = "was_imputed")
)]
struct ImputeKnn;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: NAME,
        parameters: &[Kind::Any, Kind::Integer, Kind::Any],
        counts: &[3],
    },
    repeating: true,
    answer,
    evaluate,
    documentation: || ImputeKnn.doc(),
    ..FILLING
};

fn answer(name: &str, given: &[DataType]) -> Result<DataType, FunctionError> {
    let features = &given[2..];
    if features.len() > MOST_FEATURES {
        return Err(FunctionError::no_such_form(format!(
            "{name} takes at most {MOST_FEATURES} features, not {}",
            features.len()
        )));
    }
    for (number, feature) in features.iter().enumerate() {
        check_feature(name, number + 2, feature)?;
    }
    value_type(name, &given[0])
}

/// The type of the answer to a value of this type.
fn value_type(name: &str, value: &DataType) -> Result<DataType, FunctionError> {
    amount_type(value).map_or_else(|| comparable_type(name, value), Ok)
}

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let (values, k) = (partition.column(0)?, partition.column(1)?);
    let answer = value_type(NAME, values.data_type())?;
    let k = integer_from(NAME, "number of neighbours", k, 1, MOST_NEIGHBOURS)?;
    let values = cast(values, &answer)?;
    let Some(gaps) = Gaps::of(&values) else {
        return Ok(values);
    };
    if gaps.count() == values.len() {
        return Ok(values);
    }
    let keys = comparable(&values);
    let ranking = Ranking::of(&keys, gaps.known())?;
    let features = Features::new(NAME, partition.columns_from(2), values.len())?;
    let search = GapSearch {
        gaps: &gaps,
        ranking: &ranking,
        features: &features,
        k,
    };
    // What stands behind each rank.
    let distinct: Vec<usize> = ranking.distinct().collect();
    if amount_type(&answer).is_none() {
        let donors = search.settle(|found| most_frequent(found).map(|rank| distinct[rank]))?;
        let mut donors = donors.into_iter();
        return gaps.fill_from(&values, |_| donors.next().flatten());
    }
    let fills = match Amounts::read(NAME, &keys)? {
        Amounts::Whole(units) => search.means(&distinct, units.values(), &answer),
        Amounts::Floats(floats) => search.means(&distinct, floats.values(), &answer),
    }?;
    gaps.fill_each(&values, &fills)
}

/// Gaps, and where to look for their neighbours.
struct GapSearch<'a> {
    gaps: &'a Gaps,
    ranking: &'a Ranking,
    features: &'a Features,
    k: usize,
}

impl GapSearch<'_> {
    /// What `settle` makes of the neighbours of each gap in turn; gaps with the same features
    /// share theirs.
    fn settle<T: Copy>(
        &self,
        mut settle: impl FnMut(&[Neighbour]) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let features = self.features;
        let points = self
            .ranking
            .ranks()
            .map(|(row, rank)| Point {
                coordinates: features.of(row),
                mask: features.mask(row),
                rank,
            })
            .collect();
        let points = Neighbours::new(points, features.count(), self.k);
        let mut asked: Vec<(usize, usize)> = self.gaps.rows().enumerate().collect();
        asked.sort_unstable_by(|left, right| features.compare(left.1, right.1));
        let mut answers = vec![None; asked.len()];
        let mut effort = Effort {
            distances: 0,
            listener: interrupt::listen(),
        };
        for alike in asked.chunk_by(|left, right| features.compare(left.1, right.1).is_eq()) {
            effort.listener.check()?;
            let row = alike[0].1;
            let (coordinates, mask) = (features.of(row), features.mask(row));
            let found = points.nearest(coordinates, mask, self.k, &mut effort);
            check_effort(&effort)?;
            let answer = settle(&found);
            for (number, _) in alike {
                answers[*number] = answer;
            }
        }
        Ok(answers)
    }

    /// The mean of the neighbours of each gap, whose amounts stand at the rows of `distinct`.
    fn means<A: Amount>(
        &self,
        distinct: &[usize],
        amounts: &[A],
        answer: &DataType,
    ) -> Result<ArrayRef> {
        let rounding = Rounding::of(answer);
        let mut buffer: Vec<A> = Vec::with_capacity(self.k);
        let means = self.settle(|found| {
            buffer.clear();
            buffer.extend(found.iter().map(|(_, rank)| amounts[distinct[*rank]]));
            (!buffer.is_empty()).then(|| A::mean(&mut buffer, rounding))
        })?;
        A::array(means, answer)
    }
}

/// An error (54000) for a search that would take too long.
pub(super) fn check_effort(effort: &Effort) -> Result<(), FunctionError> {
    if effort.distances <= MOST_DISTANCES {
        return Ok(());
    }
    Err(FunctionError::limit_exceeded(format!(
        "{NAME} would compare more than {MOST_DISTANCES} pairs of rows of a partition"
    ))
    .with_hint("Give fewer features, or PARTITION BY more."))
}

/// The most frequent rank, or the smallest of several.
fn most_frequent(neighbours: &[Neighbour]) -> Option<usize> {
    let mut counts = BTreeMap::new();
    for (_, rank) in neighbours {
        *counts.entry(*rank).or_insert(0_usize) += 1;
    }
    // The last of equal maxima wins: the smallest rank in the reverse order.
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(rank, _)| rank)
}
