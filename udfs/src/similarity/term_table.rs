//! Term tables: maps from words to weights.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, MapArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::FunctionError;
use crate::wording::{quoted, type_name};

/// The weight of a word of which an empty table says nothing.
const NEUTRAL: f64 = 1.0;

/// The type of the term tables that are made here.
pub(super) fn map_type() -> DataType {
    DataType::Map(entries().0, false)
}

/// The field of their entries, and the fields of each.
pub(super) fn entries() -> (FieldRef, Fields) {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Float64, true),
    ]);
    let entries = Field::new("entries", DataType::Struct(fields.clone()), false);
    (Arc::new(entries), fields)
}

/// Whether an argument is a term table, to be called when the query is planned.
pub(super) fn check_type(function: &str, given: &DataType) -> Result<()> {
    let fits = match given {
        DataType::Null => true,
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let (keys, values) = (fields.first(), fields.get(1));
                keys.is_some_and(|key| key.data_type().is_string())
                    && values.is_some_and(|value| {
                        value.data_type().is_numeric() || value.data_type().is_null()
                    })
            }
            _ => false,
        },
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(FunctionError::no_such_form(format!(
        "{function} takes a map from text to numbers as argument 3, not {}",
        type_name(given)
    ))
    .with_hint("Make it of a column by term_weights(text), or of two arrays, as in map(ARRAY['word'], ARRAY[1.5]).")
    .into())
}

/// One term table.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    of: HashMap<&'a str, f64>,
    heaviest: f64,
}

impl Weights<'_> {
    /// The weight of a word.
    #[inline]
    pub(super) fn of(&self, word: &str) -> f64 {
        self.of.get(word).copied().unwrap_or(self.heaviest)
    }
}

/// The term tables of the rows of a batch: mostly one for all.
#[derive(Debug)]
pub(super) struct WeightsOfRows {
    function: &'static str,
    /// `None` where all are NULL.
    maps: Option<Maps>,
    constant: bool,
}

#[derive(Debug)]
struct Maps {
    array: MapArray,
    words: ArrayRef,
    weights: Float64Array,
}

/// The table that was read last, and where its entries begin and end.
pub(super) type Current<'a> = Option<((usize, usize), Weights<'a>)>;

impl WeightsOfRows {
    pub(super) fn new(function: &'static str, argument: &ColumnarValue) -> Result<Self> {
        let constant = matches!(argument, ColumnarValue::Scalar(_));
        let array = argument.to_array(1)?;
        let maps = match array.as_map_opt() {
            None => None,
            Some(map) => Some(Maps {
                array: map.clone(),
                words: cast(map.keys(), &DataType::Utf8)?,
                weights: cast(map.values(), &DataType::Float64)?
                    .as_primitive::<Float64Type>()
                    .clone(),
            }),
        };
        Ok(Self {
            function,
            maps,
            constant,
        })
    }

    pub(super) fn start(&self) -> Current<'_> {
        None
    }

    /// The table of a row; `None` where it is NULL. It is read anew where its entries are others
    /// than those of the row before.
    pub(super) fn of_row<'a, 'b>(
        &'a self,
        row: usize,
        current: &'b mut Current<'a>,
    ) -> Result<Option<&'b Weights<'a>>> {
        let row = if self.constant { 0 } else { row };
        let Some(maps) = self.maps.as_ref().filter(|maps| maps.array.is_valid(row)) else {
            return Ok(None);
        };
        let offsets = maps.array.value_offsets();
        let place = (offsets[row] as usize, offsets[row + 1] as usize);
        match current {
            Some((same, _)) if *same == place => {}
            _ => *current = Some((place, self.read(maps, place)?)),
        }
        Ok(current.as_ref().map(|(_, weights)| weights))
    }

    fn read<'a>(&self, maps: &'a Maps, (begin, end): (usize, usize)) -> Result<Weights<'a>> {
        let words = maps.words.as_string::<i32>();
        let mut of = HashMap::with_capacity(end - begin);
        let mut heaviest: Option<f64> = None;
        for entry in begin..end {
            if maps.weights.is_null(entry) {
                continue;
            }
            let (word, weight) = (words.value(entry), maps.weights.value(entry));
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(FunctionError::invalid_argument(format!(
                    "{}: the weight {weight} of {} is negative or not finite",
                    self.function,
                    quoted(word)
                ))
                .into());
            }
            heaviest = Some(heaviest.unwrap_or(weight).max(weight));
            of.insert(word, weight);
        }
        Ok(Weights {
            of,
            heaviest: heaviest.unwrap_or(NEUTRAL),
        })
    }
}
