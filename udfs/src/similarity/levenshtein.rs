//! `levenshtein(source, target [, insert, delete, substitute])`, as PostgreSQL has it.

use arrow::array::Array;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::edit::{Prepared, Scratch};
use super::kernel::weighted::{self, Costs};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Metric};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance: the least number of characters to insert, delete or substitute to make one text of the other, or the least cost where each kind of edit has its own.

As in PostgreSQL's `fuzzystrmatch` the answer is an integer and upper and lower case differ. Unlike there, texts may be longer than 255 characters; the time grows with the product of both lengths. It stands in for DataFusion's own `levenshtein`, which takes no costs.",
    syntax_example = "levenshtein(source, target)",
    alternative_syntax = "levenshtein(source, target, insert_cost, delete_cost, substitute_cost)",
    sql_example = r#"```sql
> SELECT levenshtein('kitten', 'sitting') AS edits, levenshtein('GUMBO', 'GAMBOL', 2, 1, 1) AS cost;
+-------+------+
| edits | cost |
+-------+------+
| 3     | 3    |
+-------+------+
```"#,
    argument(name = "source", description = "The text to start from."),
    argument(name = "target", description = "The text to arrive at."),
    argument(
        name = "insert_cost",
        description = "What it costs to insert a character, an integer; 1 where no cost is given."
    ),
    argument(name = "delete_cost", description = "What it costs to delete one."),
    argument(
        name = "substitute_cost",
        description = "What it costs to put another in its place."
    ),
    related_udf(name = "damerau_levenshtein")
)]
struct Levenshtein;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "levenshtein",
        parameters: &[
            Kind::Text,
            Kind::Text,
            Kind::Integer,
            Kind::Integer,
            Kind::Integer,
        ],
        counts: &[2, 5],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Levenshtein.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Unweighted::default());
    }
    weighted(call)
}

/// Every edit costs 1.
#[derive(Debug, Default)]
struct Unweighted {
    decoder: Decoder,
    scratch: Scratch,
    prepared: Prepared,
}

impl Unweighted {
    fn distance(&mut self, source: &str, target: &str) -> usize {
        match self.decoder.decode(source, target) {
            Pair::Ascii(source, target) => self.scratch.distance(source, target),
            Pair::Unicode(source, target) => self.scratch.distance(source, target),
        }
    }
}

impl Metric for Unweighted {
    type Answer = Int32Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> i32 {
        i32::try_from(self.distance(left, right)).unwrap_or(i32::MAX)
    }

    fn prepare(&mut self, constant: &str) {
        self.prepared = Prepared::new(constant);
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> i32 {
        i32::try_from(self.prepared.distance(other)).unwrap_or(i32::MAX)
    }
}

/// Each kind of edit has its own cost.
fn weighted(call: &Call<'_>) -> Result<ColumnarValue> {
    let sources = call.text(0)?;
    let targets = call.text(1)?;
    let inserts = call.numbers::<Int32Type>(2)?;
    let deletes = call.numbers::<Int32Type>(3)?;
    let substitutes = call.numbers::<Int32Type>(4)?;
    let mut unweighted = Unweighted::default();
    let mut row = Vec::new();
    call.rows_to_primitive::<Int32Type>(|index| {
        let (Some(source), Some(target)) = (sources.get(index), targets.get(index)) else {
            return Ok(None);
        };
        if inserts.is_null(index) || deletes.is_null(index) || substitutes.is_null(index) {
            return Ok(None);
        }
        let costs = Costs {
            insert: inserts.value(index),
            delete: deletes.value(index),
            substitute: substitutes.value(index),
        };
        let cost = match costs.uniform() {
            Some(cost) => unweighted.distance(source, target) as i64 * i64::from(cost),
            None => match unweighted.decoder.decode(source, target) {
                Pair::Ascii(source, target) => weighted::distance(source, target, costs, &mut row),
                Pair::Unicode(source, target) => {
                    weighted::distance(source, target, costs, &mut row)
                }
            },
        };
        match i32::try_from(cost) {
            Ok(cost) => Ok(Some(cost)),
            Err(_) => Err(FunctionError::out_of_range(format!(
                "levenshtein: the cost {cost} is out of range for an integer"
            ))
            .into()),
        }
    })
}
