//! Texts written one behind the other.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};
use arrow::buffer::NullBuffer;
use datafusion::error::{DataFusionError, Result};

/// Texts that become an array once all are written: whether they are UTF-8 is asked once for all.
#[derive(Debug, Default)]
pub(crate) struct TextWriter {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TextWriter {
    /// Writes a text: so many bytes of a chunk.
    #[inline]
    pub(crate) fn push<const N: usize>(&mut self, chunk: &[u8; N], length: usize) {
        let end = self.bytes.len() + length.min(N);
        self.bytes.extend_from_slice(chunk);
        self.bytes.truncate(end);
        self.ends.push(end);
    }

    /// Writes a text.
    pub(crate) fn push_text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// The texts, NULL where that is.
    pub(crate) fn finish(self, nulls: Option<&NullBuffer>) -> Result<ArrayRef> {
        let texts = String::from_utf8(self.bytes)
            .map_err(|error| DataFusionError::Internal(error.to_string()))?;
        let mut builder = StringViewBuilder::with_capacity(self.ends.len());
        let mut begin = 0;
        for (row, end) in self.ends.into_iter().enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                builder.append_null();
            } else {
                builder.try_append_value(&texts[begin..end])?;
            }
            begin = end;
        }
        Ok(Arc::new(builder.finish()))
    }
}
