//! `impute_hot_deck(value, seed [, class, ...]) OVER (...)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use arrow::row::Rows;
use datafusion::common::HashMap;
use datafusion::error::Result;
use datafusion_macros::user_doc;
use sha2::{Digest, Sha256};

use super::FILLING;
use super::constants::integer;
use super::gaps::Gaps;
use super::ranking::{Ranking, comparable, comparable_type, rows_of};
use crate::FunctionError;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the values of donors that are drawn at random: of the rows of the same partition and class that have a value, each is as likely, with replacement. Unlike a mean or a mode, this keeps the distribution of the values as it is. A gap whose class has no donor stays NULL; NULL is a class too.

The draw is seeded: it depends on the seed, on which values the donors of the class have and on the place of the gap among those of its class, in the order of the window, and on nothing else. The same seed gives the same answer whatever the order in which the rows arrive and wherever they are computed, where the `ORDER BY` tells all rows apart; of rows that it does not, one may get what another would. Without an `ORDER BY` it is an error (42P20).

The type stays as it is.",
    syntax_example = "impute_hot_deck(value, seed [, class ...]) OVER (PARTITION BY ... ORDER BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_hot_deck(device, 42, country) OVER (ORDER BY id) AS device
  FROM (VALUES (1, 'CH', 'phone'), (2, 'CH', 'phone'), (3, 'CH', NULL), (4, 'FR', 'tablet'), (5, 'FR', NULL))
    AS t(id, country, device)
  ORDER BY id;
+----+--------+
| id | device |
+----+--------+
| 1  | phone  |
| 2  | phone  |
| 3  | phone  |
| 4  | tablet |
| 5  | tablet |
+----+--------+
```"#,
    argument(
        name = "value",
        description = "A value of any type that can be compared."
    ),
    argument(
        name = "seed",
        description = "An integer, the same in all rows: another one draws other donors."
    ),
    argument(
        name = "class",
        description = "What a donor must have in common with the gap: any number of values of types that can be compared."
    ),
    related_udf(name = "impute_knn"),
    related_udf(name = "was_imputed")
)]
struct ImputeHotDeck;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_hot_deck",
        parameters: &[Kind::Any, Kind::Integer, Kind::Any],
        counts: &[2],
    },
    repeating: true,
    ordered: |_| true,
    answer,
    evaluate,
    documentation: || ImputeHotDeck.doc(),
    ..FILLING
};

fn answer(name: &str, given: &[DataType]) -> Result<DataType, FunctionError> {
    for class in &given[2..] {
        comparable_type(name, class)?;
    }
    comparable_type(name, &given[0])
}

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let values = partition.column(0)?;
    let seed = integer(partition.name, "seed", partition.column(1)?)?;
    let Some(gaps) = Gaps::of(values) else {
        return Ok(Arc::clone(values));
    };
    let keys = comparable(values);
    let (classes, count) = classes(partition.columns_from(2), values.len())?;
    let mut donors: Vec<Vec<usize>> = vec![Vec::new(); count];
    for row in Ranking::of(&keys, gaps.known())?.order {
        donors[classes[row]].push(row);
    }
    let rows = rows_of(&[keys])?;
    let mut draws: Vec<Option<Draws>> = vec![None; count];
    gaps.fill_from(values, |gap| {
        let donors = &donors[classes[gap]];
        let draws = draws[classes[gap]].get_or_insert_with(|| Draws::seeded(seed, donors, &rows));
        draws.next(donors.len()).map(|number| donors[number])
    })
}

/// The number of each row's class, and how many classes there are.
fn classes(columns: &[ArrayRef], rows: usize) -> Result<(Vec<usize>, usize)> {
    if columns.is_empty() {
        return Ok((vec![0; rows], 1));
    }
    let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect();
    let keys = rows_of(&columns)?;
    let mut numbers = HashMap::new();
    let classes = (0..rows)
        .map(|row| {
            let next = numbers.len();
            *numbers.entry(keys.row(row)).or_insert(next)
        })
        .collect();
    Ok((classes, numbers.len()))
}

/// Random numbers that depend on a seed and on the donors: without the donors, the first gap of
/// every class would get the donor at the same place in the order of values.
///
/// SplitMix64, of G. L. Steele, D. Lea and C. H. Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014.
#[derive(Clone, Copy, Debug)]
struct Draws {
    state: u64,
}

impl Draws {
    fn seeded(seed: i64, donors: &[usize], rows: &Rows) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        for donor in donors {
            let row = rows.row(*donor);
            hash.update((row.data().len() as u64).to_le_bytes());
            hash.update(row.data());
        }
        let digest = hash.finalize();
        let mut state = [0; size_of::<u64>()];
        state.copy_from_slice(&digest[..size_of::<u64>()]);
        Self {
            state: u64::from_le_bytes(state),
        }
    }

    /// A number below this one, each as likely; `None` below 0.
    fn next(&mut self, below: usize) -> Option<usize> {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The upper half of the product, as D. Lemire, "Fast Random Integer Generation in an
        // Interval", ACM TOMACS 29 (2019); what it prefers by is less than any sample shows.
        let number = (u128::from(mixed) * below as u128) >> 64;
        (below > 0).then_some(number as usize)
    }
}
