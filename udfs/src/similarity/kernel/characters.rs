//! Texts as characters: bytes where they are ASCII, Unicode scalar values elsewhere.

/// A character of a text.
pub(crate) trait Character: Copy + Eq {
    /// The Unicode scalar value.
    fn code(self) -> u32;
}

impl Character for u8 {
    #[inline]
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Character for char {
    #[inline]
    fn code(self) -> u32 {
        u32::from(self)
    }
}

/// Two texts, character by character.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pair<'a> {
    /// Both are ASCII: a byte is a character.
    Ascii(&'a [u8], &'a [u8]),
    /// At least one is not.
    Unicode(&'a [char], &'a [char]),
}

/// Buffers for the characters of two texts, kept from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    left: Vec<char>,
    right: Vec<char>,
}

impl Decoder {
    /// The characters of both texts.
    #[inline]
    pub(crate) fn decode<'a>(&'a mut self, left: &'a str, right: &'a str) -> Pair<'a> {
        if left.is_ascii() && right.is_ascii() {
            return Pair::Ascii(left.as_bytes(), right.as_bytes());
        }
        self.left.clear();
        self.left.extend(left.chars());
        self.right.clear();
        self.right.extend(right.chars());
        Pair::Unicode(&self.left, &self.right)
    }
}

/// How many leading characters two texts share.
#[inline]
pub(crate) fn common_prefix<C: Eq>(left: &[C], right: &[C]) -> usize {
    left.iter()
        .zip(right)
        .take_while(|(left, right)| left == right)
        .count()
}

/// Both texts without the beginning and the end that they share, which cost no edit.
#[inline]
pub(crate) fn without_common_affixes<'a, C: Eq>(
    left: &'a [C],
    right: &'a [C],
) -> (&'a [C], &'a [C]) {
    let prefix = common_prefix(left, right);
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(left, right)| left == right)
        .count();
    (&left[..left.len() - suffix], &right[..right.len() - suffix])
}
