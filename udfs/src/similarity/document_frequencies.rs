//! In how many texts each word is.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray, MapArray, StringArray,
    StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::term_table::{entries, map_type};
use crate::FunctionError;

/// In how many texts each word is, and how many texts there are.
#[derive(Debug, Default)]
pub(super) struct DocumentFrequencies {
    texts: i64,
    words: HashMap<Box<str>, i64>,
    /// How many bytes the words have.
    bytes: usize,
}

/// The type of what is kept of the words: a list of them, each with the number of its texts.
pub(super) fn state_type() -> DataType {
    DataType::List(item())
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(parts()), true))
}

fn parts() -> Fields {
    Fields::from(vec![
        Field::new("word", DataType::Utf8, true),
        Field::new("texts", DataType::Int64, true),
    ])
}

impl DocumentFrequencies {
    /// Takes in a text of these distinct words.
    pub(super) fn add(&mut self, words: &mut dyn Iterator<Item = &str>) {
        self.texts += 1;
        for word in words {
            self.add_word(word, 1);
        }
    }

    fn add_word(&mut self, word: &str, texts: i64) {
        match self.words.get_mut(word) {
            Some(known) => *known += texts,
            None => {
                self.bytes += word.len();
                self.words.insert(word.into(), texts);
            }
        }
    }

    /// Lets go of a text of these distinct words.
    pub(super) fn remove(&mut self, words: &mut dyn Iterator<Item = &str>) {
        self.texts -= 1;
        for word in words {
            if let Some(known) = self.words.get_mut(word) {
                *known -= 1;
                if *known == 0 {
                    self.words.remove(word);
                    self.bytes -= word.len();
                }
            }
        }
    }

    /// Takes in what others have seen.
    pub(super) fn merge(&mut self, texts: &Int64Array, words: &ListArray) -> Result<()> {
        self.texts += texts.iter().flatten().sum::<i64>();
        let columns = words.values().as_struct_opt().map(StructArray::columns);
        let Some([names, counts]) = columns else {
            return Err(FunctionError::no_such_form("the state of term_weights is broken").into());
        };
        let (names, counts) = (names.as_string::<i32>(), counts.as_primitive::<Int64Type>());
        let offsets = words.value_offsets();
        for row in (0..words.len()).filter(|row| words.is_valid(*row)) {
            for place in offsets[row] as usize..offsets[row + 1] as usize {
                self.add_word(names.value(place), counts.value(place));
            }
        }
        Ok(())
    }

    /// The words in order, with the numbers of their texts.
    fn sorted(&self) -> Vec<(&str, i64)> {
        let words = self.words.iter();
        let mut sorted: Vec<(&str, i64)> = words.map(|(word, texts)| (&**word, *texts)).collect();
        sorted.sort_unstable();
        sorted
    }

    /// What to [`Self::merge`].
    pub(super) fn state(&self) -> Result<Vec<ScalarValue>> {
        let sorted = self.sorted();
        let names: StringArray = sorted.iter().map(|(word, _)| Some(*word)).collect();
        let texts: Int64Array = sorted.iter().map(|(_, texts)| Some(*texts)).collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(texts)];
        let words = StructArray::try_new(parts(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths([words.len()]);
        let words = ListArray::try_new(item(), offsets, Arc::new(words), None)?;
        Ok(vec![
            ScalarValue::Int64(Some(self.texts)),
            ScalarValue::List(Arc::new(words)),
        ])
    }

    /// The term table: the inverse document frequency of each word, as Spärck Jones defines it (A
    /// statistical interpretation of term specificity, Journal of Documentation 28, 1972).
    pub(super) fn weights(&self) -> Result<ScalarValue> {
        if self.texts == 0 {
            return ScalarValue::try_new_null(&map_type());
        }
        let sorted = self.sorted();
        let names: StringArray = sorted.iter().map(|(word, _)| Some(*word)).collect();
        let weights: Float64Array = sorted
            .iter()
            .map(|(_, texts)| Some((self.texts as f64 / *texts as f64).ln()))
            .collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(weights)];
        let (entries, fields) = entries();
        let table = StructArray::try_new(fields, columns, None)?;
        let offsets = OffsetBuffer::from_lengths([table.len()]);
        let map = MapArray::try_new(entries, offsets, table, None, false)?;
        Ok(ScalarValue::Map(Arc::new(map)))
    }

    /// Memory in bytes, beyond its own.
    pub(super) fn size(&self) -> usize {
        self.bytes + self.words.capacity() * size_of::<(Box<str>, i64)>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::similarity::kernel::words::Sorted;

    fn take_in(frequencies: &mut DocumentFrequencies, texts: &[String], add: bool) {
        let mut words = Sorted::default();
        for text in texts {
            words.split(text);
            let mut distinct = words.counts(text).map(|(word, _)| word);
            match add {
                true => frequencies.add(&mut distinct),
                false => frequencies.remove(&mut distinct),
            }
        }
    }

    proptest! {
        #[test]
        fn any_split_and_order_gives_the_same_weights(
            texts in prop::collection::vec("[ab ]{0,4}", 0..20),
            gone in prop::collection::vec("[ab ]{0,4}", 0..5),
            parts in 1_usize..6,
        ) {
            let mut whole = DocumentFrequencies::default();
            take_in(&mut whole, &gone, true);
            take_in(&mut whole, &texts, true);
            take_in(&mut whole, &gone, false);
            let mut merged = DocumentFrequencies::default();
            for part in texts.chunks(parts).rev() {
                let mut partial = DocumentFrequencies::default();
                take_in(&mut partial, part, true);
                let state: Vec<_> = partial.state().unwrap();
                let [count, words] = &state[..] else { panic!("{state:?}") };
                let (count, words) = (count.to_array().unwrap(), words.to_array().unwrap());
                merged.merge(count.as_primitive(), words.as_list()).unwrap();
            }
            let weights = whole.weights().unwrap();
            prop_assert_eq!(&merged.weights().unwrap(), &weights);
            prop_assert_eq!(whole.bytes, merged.bytes);

            // By definition.
            let mut words: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
            words.sort_unstable();
            words.dedup();
            let ScalarValue::Map(map) = weights else { panic!("{weights}") };
            if texts.is_empty() {
                prop_assert!(map.is_null(0));
            } else {
                let expected: Vec<f64> = words
                    .iter()
                    .map(|word| {
                        let having = texts.iter().filter(|text| text.split_whitespace().any(|other| other == *word));
                        (texts.len() as f64 / having.count() as f64).ln()
                    })
                    .collect();
                let found: Vec<&str> = map.keys().as_string::<i32>().iter().flatten().collect();
                prop_assert_eq!(found, words);
                let values = map.values().as_primitive::<arrow::datatypes::Float64Type>();
                prop_assert_eq!(values.values().to_vec(), expected);
            }
        }
    }
}
