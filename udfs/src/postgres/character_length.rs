//! `varchar(n)`, `char(n)`, `name` and `uuid`: texts that a type limits.

use std::borrow::Cow;

use crate::FunctionError;

/// The key of a field's metadata that holds the [`CharacterLength`] of the type that SQL named.
pub const CHARACTER_LENGTH: &str = "tributary.character_length";

/// The type that limits a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CharacterKind {
    /// `varchar(n)`
    Varying,
    /// `char(n)`, which is kept without the blanks that PostgreSQL fills it up with: they mean nothing
    /// in any comparison, length or concatenation, and clients are sent them.
    Fixed,
    /// `name`, which is cut to its bytes.
    Name,
    /// `uuid`, which is kept in its usual form: lower case, with hyphens.
    Uuid,
}

/// How many characters a text may have, of a name how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CharacterLength {
    /// The type.
    pub kind: CharacterKind,
    /// The most characters; [`Self::ANY`] where the type names none.
    pub characters: usize,
}

impl CharacterLength {
    /// `name`, of NAMEDATALEN - 1 bytes.
    pub const NAME: Self = Self {
        kind: CharacterKind::Name,
        characters: 63,
    };
    /// `uuid`
    pub const UUID: Self = Self {
        kind: CharacterKind::Uuid,
        characters: 36,
    };
    /// `varchar`
    pub const VARYING: Self = Self {
        kind: CharacterKind::Varying,
        characters: Self::ANY,
    };
    /// `bpchar`
    pub const FIXED: Self = Self {
        kind: CharacterKind::Fixed,
        characters: Self::ANY,
    };
    /// No most characters.
    pub const ANY: usize = usize::MAX;

    /// Whether there are texts that are not of the type, or not as they are.
    pub fn is_limit(&self) -> bool {
        self.characters != Self::ANY
    }

    /// The type without its length, as what is made of such texts has it.
    #[must_use]
    pub fn of_any_length(self) -> Self {
        match self.kind {
            CharacterKind::Varying => Self::VARYING,
            CharacterKind::Fixed => Self::FIXED,
            CharacterKind::Name | CharacterKind::Uuid => self,
        }
    }

    /// The text that is to be stored.
    ///
    /// # Errors
    /// 22001 for a text that is longer, unless what is too much is blank; 22P02 for a text that is no
    /// `uuid`.
    pub fn fit<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, FunctionError> {
        if !self.is_limit() {
            return Ok(Cow::Borrowed(text));
        }
        let kept = self.cut(text)?;
        if matches!(self.kind, CharacterKind::Name | CharacterKind::Uuid) {
            return Ok(kept);
        }
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
    ///
    /// # Errors
    /// 22P02 for a text that is no `uuid`.
    pub fn cut<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, FunctionError> {
        if !self.is_limit() {
            return Ok(Cow::Borrowed(text));
        }
        let end = match self.kind {
            CharacterKind::Uuid => return uuid(text),
            CharacterKind::Name => text.floor_char_boundary(self.characters),
            CharacterKind::Varying | CharacterKind::Fixed => text
                .char_indices()
                .nth(self.characters)
                .map_or(text.len(), |(end, _)| end),
        };
        let kept = text.get(..end).unwrap_or(text);
        Ok(Cow::Borrowed(match self.kind {
            CharacterKind::Fixed => kept.trim_end_matches(' '),
            _ => kept,
        }))
    }

    /// The type's name in SQL.
    pub fn sql(&self) -> String {
        let name = match self.kind {
            CharacterKind::Fixed if !self.is_limit() => return "bpchar".to_owned(),
            CharacterKind::Fixed => "character",
            CharacterKind::Varying => "character varying",
            CharacterKind::Name => return "name".to_owned(),
            CharacterKind::Uuid => return "uuid".to_owned(),
        };
        match self.is_limit() {
            true => format!("{name}({})", self.characters),
            false => name.to_owned(),
        }
    }

    /// From the type's name in SQL, as [`Self::sql`] gives it.
    pub fn from_sql(name: &str) -> Option<Self> {
        let (bare, characters) = match name.split_once('(') {
            Some((bare, length)) => (bare, length.strip_suffix(')')?.parse().ok()?),
            None => (name, Self::ANY),
        };
        let kind = match bare {
            "character" | "bpchar" => CharacterKind::Fixed,
            "character varying" => CharacterKind::Varying,
            "name" => return Some(Self::NAME),
            "uuid" => return Some(Self::UUID),
            _ => return None,
        };
        Some(Self { kind, characters })
    }

    /// As the value of [`CHARACTER_LENGTH`].
    pub fn to_metadata(self) -> String {
        let kind = match self.kind {
            CharacterKind::Fixed => "char",
            CharacterKind::Varying => "varchar",
            CharacterKind::Name => "name",
            CharacterKind::Uuid => "uuid",
        };
        match self.is_limit() {
            true => format!("{kind} {}", self.characters),
            false => kind.to_owned(),
        }
    }

    /// From the value of [`CHARACTER_LENGTH`].
    pub fn from_metadata(value: &str) -> Option<Self> {
        let (kind, characters) = match value.split_once(' ') {
            Some((kind, characters)) => (kind, characters.parse().ok()?),
            None => (value, Self::ANY),
        };
        let kind = match kind {
            "char" => CharacterKind::Fixed,
            "varchar" => CharacterKind::Varying,
            "name" => CharacterKind::Name,
            "uuid" => CharacterKind::Uuid,
            _ => return None,
        };
        Some(Self { kind, characters })
    }
}

/// The places of a `uuid`'s hyphens among its digits.
const HYPHENS: [usize; 4] = [8, 12, 16, 20];

/// Reads 32 digits, with hyphens behind any four of them, perhaps in braces.
fn uuid(text: &str) -> Result<Cow<'_, str>, FunctionError> {
    let is_usual = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        });
    if is_usual {
        return Ok(Cow::Borrowed(text));
    }
    let invalid = || FunctionError {
        sqlstate: "22P02",
        message: format!("invalid input syntax for type uuid: \"{text}\""),
        hint: None,
    };
    let bare = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').ok_or_else(invalid)?,
        None => text,
    };
    let mut shown = String::with_capacity(36);
    let (mut digits, mut may_be_hyphen) = (0, false);
    for byte in bare.bytes() {
        if byte == b'-' && may_be_hyphen && digits < 32 {
            may_be_hyphen = false;
            continue;
        }
        if !byte.is_ascii_hexdigit() || digits == 32 {
            return Err(invalid());
        }
        if HYPHENS.contains(&digits) {
            shown.push('-');
        }
        shown.push(char::from(byte.to_ascii_lowercase()));
        digits += 1;
        may_be_hyphen = digits % 4 == 0;
    }
    match digits {
        32 => Ok(Cow::Owned(shown)),
        _ => Err(invalid()),
    }
}
