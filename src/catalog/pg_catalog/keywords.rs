//! The words of the language as PostgreSQL has them: the rows of `pg_get_keywords()`, as one array.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, ListArray, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};

/// A line for each word: itself, the letter and the name of its kind, whether it may name a column
/// without `AS`, and that in words.
const WORDS: &str = include_str!("data/keywords.tsv");

/// The function that gives the array.
pub fn function() -> ScalarUDF {
    let item = Field::new_list_field(DataType::Struct(fields()), true);
    let list = DataType::List(Arc::new(item));
    CatalogFunction::udf(
        "pg_keywords_array",
        &[&[]],
        list,
        Call::Answer(|_, _| ScalarValue::List(Arc::clone(&KEYWORDS))),
    )
}

fn fields() -> Fields {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Fields::from(vec![
        field("word", DataType::Utf8),
        field("catcode", DataType::Utf8),
        field("barelabel", DataType::Boolean),
        field("catdesc", DataType::Utf8),
        field("baredesc", DataType::Utf8),
    ])
}

static KEYWORDS: LazyLock<Arc<ListArray>> = LazyLock::new(|| {
    let lines = || WORDS.lines();
    let texts = |place: usize| -> ArrayRef {
        let fields = lines().map(|line| line.split('\t').nth(place));
        Arc::new(fields.collect::<StringArray>())
    };
    let bare = lines().map(|line| line.split('\t').nth(3).map(|field| field == "t"));
    let bare: ArrayRef = Arc::new(bare.collect::<BooleanArray>());
    let columns = vec![texts(0), texts(1), bare, texts(2), texts(4)];
    let words = StructArray::new(fields(), columns, None);
    let item = Field::new_list_field(DataType::Struct(fields()), true);
    let offsets = OffsetBuffer::from_lengths([lines().count()]);
    let words: ArrayRef = Arc::new(words);
    Arc::new(ListArray::new(Arc::new(item), offsets, words, None))
});
