//! `hamming(left, right)`.

use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::hamming;
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Hamming distance of two texts of the same length: at how many positions their characters differ. Made for codes of a fixed length: postcodes, account numbers, telephone numbers.

Texts of different lengths have none, which is NULL; DuckDB, which knows it as `mismatches` too, stops the query with an error there, and also at empty texts, and counts bytes. Two empty texts are 0 apart. Upper and lower case differ.",
    syntax_example = "hamming(left, right)",
    sql_example = r#"```sql
> SELECT hamming('SW1A 1AA', 'SW1A 7AA') AS one, hamming('karolin', 'kathrin') AS three, hamming('a', 'ab') AS none;
+-----+-------+------+
| one | three | none |
+-----+-------+------+
| 1   | 3     |      |
+-----+-------+------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "A text of as many characters."),
    related_udf(name = "levenshtein")
)]
struct Hamming;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "hamming",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    aliases: &["mismatches"],
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Hamming.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (lefts, rights) = (call.text(0)?, call.text(1)?);
    if lefts.is_ascii() && rights.is_ascii() {
        return call.answer(Arc::new(of_ascii(&lefts, &rights, call.rows())));
    }
    let mut decoder = Decoder::default();
    call.rows_to_primitive::<Int32Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        let distance = match decoder.decode(left, right) {
            Pair::Ascii(left, right) => hamming::distance(left, right),
            Pair::Unicode(left, right) => hamming::distance(left, right),
        };
        Ok(distance.map(|distance| i32::try_from(distance).unwrap_or(i32::MAX)))
    })
}

/// Reads but the texts that are as long as the other of their pair: a length is a byte's number.
fn of_ascii(lefts: &Strings<'_>, rights: &Strings<'_>, rows: usize) -> Int32Array {
    let (left_lengths, right_lengths) = (lefts.lengths(rows), rights.lengths(rows));
    let alike = BooleanBuffer::collect_bool(rows, |row| left_lengths[row] == right_lengths[row]);
    let nulls = [lefts.nulls(rows), rights.nulls(rows), Some(alike.into())];
    let nulls = NullBuffer::union_many(nulls.iter().map(Option::as_ref));
    let rows_alike: Vec<usize> = match &nulls {
        None => (0..rows).collect(),
        Some(nulls) => nulls.valid_indices().collect(),
    };
    let (mut lefts_from, mut rights_from) = (Vec::new(), Vec::new());
    lefts.each_from(rows_alike.iter().copied(), |bytes| lefts_from.push(bytes));
    rights.each_from(rows_alike.iter().copied(), |bytes| rights_from.push(bytes));
    let mut distances = vec![0; rows];
    let pairs = lefts_from.into_iter().zip(rights_from);
    for (row, (left, right)) in rows_alike.iter().zip(pairs) {
        let distance = hamming::of_ascii(left, right, left_lengths[*row] as usize);
        distances[*row] = i32::try_from(distance).unwrap_or(i32::MAX);
    }
    Int32Array::new(distances.into(), nulls)
}
