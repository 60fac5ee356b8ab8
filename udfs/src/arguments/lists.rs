//! Lists of texts as answers: `text[]`.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::call::Call;
use crate::interrupt;

/// The type of the answer.
pub(crate) fn text_list() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// Takes the items of one list.
#[derive(Debug)]
pub(crate) struct Items<'a>(&'a mut StringBuilder);

impl Items<'_> {
    /// Adds an item.
    pub(crate) fn push(&mut self, item: &str) {
        self.0.append_value(item);
    }
}

impl Call<'_> {
    /// A list of texts out of the text argument at position 0; `function` gives false for NULL.
    /// NULL in gives NULL out. A dictionary's values are computed once each.
    pub(crate) fn text_to_list(
        &self,
        mut function: impl FnMut(&str, &mut Items<'_>) -> Result<bool>,
    ) -> Result<ColumnarValue> {
        let texts = self.text(0)?;
        self.over_distinct(&texts, |values, rows| {
            let mut lists = ListBuilder::new(StringBuilder::new());
            let listener = interrupt::listen();
            for row in 0..rows {
                listener.check()?;
                let given = match values.get(row) {
                    Some(text) => function(text, &mut Items(lists.values()))?,
                    None => false,
                };
                lists.append(given);
            }
            Ok(Arc::new(lists.finish()))
        })
    }
}
