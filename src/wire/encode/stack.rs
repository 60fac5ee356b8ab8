//! Text of bounded length without an allocation.

use std::fmt::{Arguments, Write};

/// What was written, up to `N` bytes; more is cut off.
pub(super) struct Stack<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Stack<N> {
    /// Writes what `format_args!` gives.
    pub(super) fn new(text: Arguments<'_>) -> Self {
        let mut stack = Self {
            bytes: [0; N],
            length: 0,
        };
        // Fails where the text is longer than its type can make it, which is to say never.
        let _ = stack.write_fmt(text);
        stack
    }

    /// What was written.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<const N: usize> Write for Stack<N> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self
            .bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
