//! The answer of each function is that of its definition, in whatever way it is run.

use arrow::array::BooleanArray;
use proptest::prelude::*;

use super::aggregate::Aggregate;
use super::oracles::{CALLS, GROUPS, Row, as_dictionaries, kept_of_group, row};

/// Rows, and the same in another order.
fn shuffled() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    prop::collection::vec(row(), 0..50)
        .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

proptest! {
    #[test]
    fn any_split_and_order_of_groups(
        (given, shuffled) in shuffled(),
        batch in 1_usize..20,
        first in 0_usize..=GROUPS,
    ) {
        for call in &CALLS {
            let expected: Vec<_> = (0..GROUPS)
                .map(|group| call.expected(&kept_of_group(&given, group)))
                .collect();
            for rows in [&given, &shuffled] {
                let columns = (call.arguments)(rows);
                let groups: Vec<usize> = rows.iter().map(|row| row.group).collect();
                let kept: BooleanArray = rows.iter().map(|row| row.kept).collect();
                let aggregate = Aggregate::new(call.name, &columns);
                let whole = aggregate.whole(&columns, &groups, &kept, GROUPS, first);
                prop_assert_eq!(&whole, &expected, "{}", call.name);
                if !rows.is_empty() {
                    let merged = aggregate.merged(&columns, &groups, &kept, GROUPS, batch);
                    prop_assert_eq!(&merged, &expected, "{} merged", call.name);
                }
                let encoded = as_dictionaries(&columns);
                let whole = Aggregate::new(call.name, &encoded)
                    .whole(&encoded, &groups, &kept, GROUPS, first);
                prop_assert_eq!(&whole, &expected, "{} of dictionaries", call.name);
            }
        }
    }

    #[test]
    fn groups_that_are_given_early(
        given in prop::collection::vec(row(), 0..30),
        first in 0_usize..=GROUPS,
    ) {
        let groups: Vec<usize> = given.iter().map(|row| row.group).collect();
        for call in &CALLS {
            let columns = (call.arguments)(&given);
            let aggregate = Aggregate::new(call.name, &columns);
            let resumed = aggregate.resumed(&columns, &groups, GROUPS, first);
            let expected: Vec<_> = (0..GROUPS)
                .map(|group| {
                    let of_group = given.iter().filter(|row| row.group == group);
                    call.expected(&of_group.cloned().collect::<Vec<_>>())
                })
                .collect();
            prop_assert_eq!(&resumed, &expected, "{}", call.name);
        }
    }

    #[test]
    fn any_split_and_order_of_one_group(
        (given, shuffled) in shuffled(),
        batch in 1_usize..20,
    ) {
        for call in &CALLS {
            let expected = call.expected(&given);
            for rows in [&given, &shuffled] {
                let columns = (call.arguments)(rows);
                let answers = Aggregate::new(call.name, &columns).of_one_group(&columns, batch);
                for answer in answers {
                    prop_assert_eq!(&answer, &expected, "{}", call.name);
                }
            }
        }
    }

    #[test]
    fn a_window_that_moves(
        given in prop::collection::vec(row(), 1..30),
        width in 1_usize..8,
    ) {
        for call in &CALLS {
            let columns = (call.arguments)(&given);
            let answers = Aggregate::new(call.name, &columns).in_window(&columns, width);
            for (last, answer) in answers.iter().enumerate() {
                let begin = (last + 1).saturating_sub(width);
                let expected = call.expected(&given[begin..=last]);
                prop_assert_eq!(answer, &expected, "{} up to row {}", call.name, last);
            }
        }
    }
}
