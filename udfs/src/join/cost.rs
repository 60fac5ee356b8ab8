//! Whether a join is worth an index, and of which side.

use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::joins::JoinOn;

use super::parts::Build;

/// Up to so many pairs of rows, a nested loop is done before an index is built. Tests try small
/// tables.
const NESTED_LOOP_PAIRS: usize = if cfg!(test) { 16 } else { 4096 };

/// Where a row has, on average, no more rows with its keys than these, a hash join compares
/// hardly any pair that is not to be given out, and needs neither distinct texts nor one thread
/// that gathers them. It is this low as an average hides groups that are large, whose pairs grow
/// with their square; groups that turn out to be small when the join runs get no index either.
const KEYED_PARTNERS: f64 = 2.0;

/// The side to build, as far as statistics tell; `None` where what DataFusion planned stays.
pub(super) fn side_to_build(left: &Statistics, right: &Statistics, on: &JoinOn) -> Option<Build> {
    if let (Precision::Exact(left), Precision::Exact(right)) = (left.num_rows, right.num_rows)
        && left.saturating_mul(right) <= NESTED_LOOP_PAIRS
    {
        return None;
    }
    let (Some(left_rows), Some(right_rows)) =
        (left.num_rows.get_value(), right.num_rows.get_value())
    else {
        return Some(Build::Smaller);
    };
    // As many rows of the smaller side have the keys of one of the larger, where all keys of the
    // one are among those of the other.
    let keys = on.iter().filter_map(|(left_key, right_key)| {
        let left_keys = distinct(left, left_key.downcast_ref()?)?;
        let right_keys = distinct(right, right_key.downcast_ref()?)?;
        Some(left_keys.max(right_keys))
    });
    if let Some(keys) = keys.max()
        && *left_rows.min(right_rows) as f64 <= KEYED_PARTNERS * keys as f64
    {
        return None;
    }
    // An index takes longer to build for a text than to search for it: the more texts a side has,
    // the better it is searched for. DataFusion puts the side of fewer bytes to the left.
    Some(if right_rows < left_rows {
        Build::Right
    } else {
        Build::Left
    })
}

/// How many different values a column has.
fn distinct(statistics: &Statistics, column: &Column) -> Option<usize> {
    let column = statistics.column_statistics.get(column.index())?;
    column.distinct_count.get_value().copied()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::common::stats::Precision;
    use datafusion::common::{ColumnStatistics, Statistics};
    use datafusion::physical_expr::expressions::Column;
    use datafusion::physical_plan::joins::JoinOn;

    use super::super::parts::Build;
    use super::side_to_build;

    fn side(rows: Precision<usize>, keys: Precision<usize>) -> Statistics {
        let column = ColumnStatistics {
            distinct_count: keys,
            ..ColumnStatistics::new_unknown()
        };
        Statistics {
            num_rows: rows,
            total_byte_size: Precision::Absent,
            column_statistics: vec![column],
        }
    }

    fn choice(
        left: (Precision<usize>, Precision<usize>),
        right: (Precision<usize>, Precision<usize>),
    ) -> Option<Build> {
        let key: Arc<Column> = Arc::new(Column::new("k", 0));
        let on: JoinOn = vec![(Arc::clone(&key) as _, key)];
        side_to_build(&side(left.0, left.1), &side(right.0, right.1), &on)
    }

    #[test]
    fn the_side_of_fewer_rows_is_built() {
        use Precision::{Absent, Exact, Inexact};
        let build = |left, right| choice((left, Absent), (right, Absent));
        assert_eq!(build(Exact(100), Exact(100)), Some(Build::Left));
        assert_eq!(build(Exact(100), Inexact(99)), Some(Build::Right));
        assert_eq!(build(Inexact(99), Exact(100)), Some(Build::Left));
        assert_eq!(build(Absent, Exact(100)), Some(Build::Smaller));
        assert_eq!(build(Exact(100), Absent), Some(Build::Smaller));
        assert_eq!(build(Absent, Absent), Some(Build::Smaller));
    }

    #[test]
    fn tiny_sides_stay_a_nested_loop() {
        use Precision::{Absent, Exact, Inexact};
        let build = |left, right| choice((left, Absent), (right, Absent));
        assert_eq!(build(Exact(4), Exact(4)), None);
        assert_eq!(build(Exact(4), Exact(5)), Some(Build::Left));
        // What is not known for certain may be more.
        assert_eq!(build(Exact(4), Inexact(4)), Some(Build::Left));
        assert_eq!(build(Exact(0), Exact(1_000_000)), None);
    }

    #[test]
    fn keys_that_few_rows_share_stay_a_hash_join() {
        use Precision::{Absent, Exact, Inexact};
        let rows = Exact(1000);
        assert_eq!(choice((rows, Exact(1000)), (rows, Exact(1000))), None);
        assert_eq!(choice((rows, Inexact(500)), (rows, Exact(7))), None);
        assert_eq!(
            choice((rows, Exact(499)), (rows, Exact(499))),
            Some(Build::Left)
        );
        // The larger side has many rows for a key, the smaller has not.
        assert_eq!(choice((Exact(100), Exact(100)), (rows, Exact(100))), None);
        assert_eq!(
            choice((rows, Absent), (rows, Exact(1000))),
            Some(Build::Left)
        );
    }
}
