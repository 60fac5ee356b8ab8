//! Arrays of several dimensions out of text: `{{1,2},{3,4}}`.

use std::iter::{Peekable, repeat_n};
use std::str::Chars;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;

use super::arrays::{malformed, of_elements};
use crate::FunctionError;
use crate::formatting::SessionTimeZone;

/// The most dimensions of an array: MAXDIM of PostgreSQL.
const DIMENSIONS: usize = 6;

/// Casts texts to arrays whose items are those of `item`, arrays themselves.
///
/// # Errors
/// 22P02 for a text that is no array; 0A000 for one of other dimensions than the type has; those of the
/// elements' type.
pub(super) fn of_texts(
    texts: &StringArray,
    item: &FieldRef,
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    let (mut items, mut innermost) = (vec![item], item);
    while let DataType::List(inner) | DataType::LargeList(inner) = innermost.data_type() {
        items.push(inner);
        innermost = inner;
    }
    let depth = items.len();
    let mut elements = Vec::new();
    // For each dimension how long the arrays in it are.
    let mut lengths: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for text in texts {
        let read = text.map(read).transpose()?.unwrap_or_default();
        if !read.lengths.is_empty() && read.lengths.len() != depth {
            let given = read.lengths.len();
            let message = format!(
                "an array of {given} dimensions where the type has {depth} is not supported"
            );
            return Err(FunctionError::unsupported(message).into());
        }
        // An array without elements has no dimensions.
        let mut arrays = 1;
        for (dimension, all) in lengths.iter_mut().enumerate() {
            let length = read.lengths.get(dimension).copied().unwrap_or_default();
            all.extend(repeat_n(length, arrays));
            arrays *= length;
        }
        elements.extend(read.elements);
    }
    let mut values = of_elements(elements, innermost, zone)?;
    for (dimension, (item, lengths)) in items.iter().zip(lengths).enumerate().rev() {
        let nulls = (dimension == 0).then(|| texts.iter().map(|text| text.is_some()));
        let nulls: Option<NullBuffer> = nulls.map(|valid| valid.collect());
        let item = Field::clone(item)
            .with_nullable(true)
            .with_data_type(values.data_type().clone());
        let offsets = OffsetBuffer::from_lengths(lengths);
        values = Arc::new(ListArray::try_new(Arc::new(item), offsets, values, nulls)?);
    }
    Ok(values)
}

/// How long an array is in each dimension, none where it has no elements, and its elements; NULL is none.
///
/// # Errors
/// 22P02 for a text that is no array, 54000 for one of too many dimensions.
pub fn array_of_dimensions(text: &str) -> Result<(Vec<usize>, Vec<Option<String>>), FunctionError> {
    read(text).map(|read| (read.lengths, read.elements))
}

/// An array as its text has it.
#[derive(Default)]
struct Read {
    /// How long it is in each dimension; none where it has no elements.
    lengths: Vec<usize>,
    /// Its elements, in the order of the text.
    elements: Vec<Option<String>>,
}

fn read(text: &str) -> Result<Read, FunctionError> {
    let mut reader = Reader {
        text,
        rest: text.chars().peekable(),
        lengths: Vec::new(),
        innermost: None,
        elements: Vec::new(),
    };
    reader.skip_space();
    reader.expect('{')?;
    reader.array(0)?;
    reader.skip_space();
    match reader.rest.next() {
        Some(_) => Err(malformed(text)),
        None => Ok(Read {
            lengths: reader.lengths.into_iter().flatten().collect(),
            elements: reader.elements,
        }),
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<Chars<'a>>,
    /// How long arrays are in each dimension, once one has ended.
    lengths: Vec<Option<usize>>,
    /// The dimension that elements are in, once there was one.
    innermost: Option<usize>,
    elements: Vec<Option<String>>,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while self.rest.next_if(char::is_ascii_whitespace).is_some() {}
    }

    fn expect(&mut self, wanted: char) -> Result<(), FunctionError> {
        match self.rest.next_if_eq(&wanted) {
            Some(_) => Ok(()),
            None => Err(malformed(self.text)),
        }
    }

    /// Reads an array behind its brace.
    fn array(&mut self, dimension: usize) -> Result<(), FunctionError> {
        if dimension >= DIMENSIONS {
            return Err(FunctionError {
                sqlstate: "54000",
                message: format!(
                    "number of array dimensions ({}) exceeds the maximum allowed ({DIMENSIONS})",
                    dimension + 1
                ),
                hint: None,
            });
        }
        if self.lengths.len() <= dimension {
            self.lengths.push(None);
        }
        self.skip_space();
        if dimension == 0 && self.rest.next_if_eq(&'}').is_some() {
            return Ok(());
        }
        let mut length = 0;
        loop {
            self.skip_space();
            if self.rest.next_if_eq(&'{').is_some() {
                if self.innermost == Some(dimension) {
                    return Err(malformed(self.text));
                }
                self.array(dimension + 1)?;
            } else {
                if *self.innermost.get_or_insert(dimension) != dimension {
                    return Err(malformed(self.text));
                }
                let element = self.element()?;
                self.elements.push(element);
            }
            length += 1;
            self.skip_space();
            match self.rest.next() {
                Some(',') => {}
                Some('}') => break,
                _ => return Err(malformed(self.text)),
            }
        }
        let known = self.lengths.get_mut(dimension);
        match known.map(|known| *known.get_or_insert(length)) == Some(length) {
            true => Ok(()),
            false => Err(malformed(self.text)),
        }
    }

    fn element(&mut self) -> Result<Option<String>, FunctionError> {
        let malformed = || malformed(self.text);
        let mut element = String::new();
        if self.rest.next_if_eq(&'"').is_some() {
            loop {
                match self.rest.next().ok_or_else(malformed)? {
                    '"' => return Ok(Some(element)),
                    '\\' => element.push(self.rest.next().ok_or_else(malformed)?),
                    other => element.push(other),
                }
            }
        }
        while let Some(character) = self.rest.next_if(|next| !matches!(next, ',' | '}')) {
            match character {
                '{' | '"' => return Err(malformed()),
                '\\' => element.push(self.rest.next().ok_or_else(malformed)?),
                other => element.push(other),
            }
        }
        element.truncate(element.trim_end().len());
        match element.as_str() {
            "" => Err(malformed()),
            null if null.eq_ignore_ascii_case("null") => Ok(None),
            _ => Ok(Some(element)),
        }
    }
}
