//! `varchar(n)` and `char(n)`.

use crate::FunctionError;

/// The key of a field's metadata that holds the [`CharacterLength`] of the type that SQL named.
pub const CHARACTER_LENGTH: &str = "tributary.character_length";

/// How many characters a text may have.
///
/// A `char(n)` is kept without the blanks that PostgreSQL fills it up with: they mean nothing in
/// any comparison, length or concatenation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CharacterLength {
    /// `char(n)` rather than `varchar(n)`.
    pub is_fixed: bool,
    /// The most characters.
    pub characters: usize,
}

impl CharacterLength {
    /// The text that is to be stored.
    ///
    /// # Errors
    /// 22001 for a text that is longer, unless what is too much is blank.
    pub fn fit<'a>(&self, text: &'a str) -> Result<&'a str, FunctionError> {
        let kept = self.cut(text);
        let rest = text.get(kept.len()..).unwrap_or_default();
        if rest.bytes().all(|byte| byte == b' ') {
            return Ok(kept);
        }
        Err(FunctionError {
            sqlstate: "22001",
            message: format!("value too long for type {}", self.sql()),
            hint: None,
        })
    }

    /// The text that an explicit cast gives: what is too much is cut off.
    pub fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = match text.char_indices().nth(self.characters) {
            Some((end, _)) => end,
            None => text.len(),
        };
        let kept = text.get(..end).unwrap_or(text);
        if self.is_fixed {
            kept.trim_end_matches(' ')
        } else {
            kept
        }
    }

    /// The type's name in SQL.
    pub fn sql(&self) -> String {
        let name = if self.is_fixed {
            "character"
        } else {
            "character varying"
        };
        format!("{name}({})", self.characters)
    }

    /// As the value of [`CHARACTER_LENGTH`].
    pub fn to_metadata(self) -> String {
        let kind = if self.is_fixed { "char" } else { "varchar" };
        format!("{kind} {}", self.characters)
    }

    /// From the value of [`CHARACTER_LENGTH`].
    pub fn from_metadata(value: &str) -> Option<Self> {
        let (kind, characters) = value.split_once(' ')?;
        Some(Self {
            is_fixed: kind == "char",
            characters: characters.parse().ok()?,
        })
    }
}
