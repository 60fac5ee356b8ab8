//! The hashes by which texts are found, one kind for each way to find them.

use super::super::texts::Texts;
use super::deletions::Deletions;
use super::segments::{Parts, Places};
use super::table::Hashes;

/// A text as its characters.
#[derive(Debug, Default)]
struct Characters(Vec<char>);

impl Characters {
    fn of(&mut self, text: &str) -> &[char] {
        self.0.clear();
        self.0.extend(text.chars());
        &self.0
    }
}

/// Buffers for the hashes of one text.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    characters: Characters,
    deletions: Deletions,
    parts: Parts,
}

/// What is left of texts after deletions.
#[derive(Debug)]
pub(super) struct LeftOver<'a> {
    pub(super) texts: &'a Texts,
    pub(super) buffers: &'a mut Buffers,
    /// How many characters are left.
    pub(super) left: u32,
}

impl Hashes for LeftOver<'_> {
    #[inline]
    fn visit(&mut self, id: u32, visit: impl FnMut(u64)) {
        let text = self.texts.get(id);
        let deletions = &mut self.buffers.deletions;
        if text.is_ascii() {
            deletions.delete_from(text.as_bytes());
        } else {
            deletions.delete_from(self.buffers.characters.of(text));
        }
        deletions.signatures(self.texts.length(id).saturating_sub(self.left), visit);
    }
}

/// Texts with some characters masked.
#[derive(Debug)]
pub(super) struct Masked<'a> {
    pub(super) texts: &'a Texts,
    pub(super) buffers: &'a mut Buffers,
    /// How many characters are masked.
    pub(super) masks: u32,
}

impl Hashes for Masked<'_> {
    #[inline]
    fn visit(&mut self, id: u32, visit: impl FnMut(u64)) {
        let text = self.texts.get(id);
        let deletions = &mut self.buffers.deletions;
        if text.is_ascii() {
            deletions.mask(text.as_bytes());
        } else {
            deletions.mask(self.buffers.characters.of(text));
        }
        deletions.signatures(self.masks, visit);
    }
}

/// Segments of texts of one length.
#[derive(Debug)]
pub(super) struct Segmented<'a> {
    pub(super) texts: &'a Texts,
    pub(super) buffers: &'a mut Buffers,
    pub(super) places: &'a Places,
}

impl Hashes for Segmented<'_> {
    #[inline]
    fn visit(&mut self, id: u32, visit: impl FnMut(u64)) {
        let text = self.texts.get(id);
        let parts = &mut self.buffers.parts;
        if text.is_ascii() {
            parts.of(text.as_bytes());
        } else {
            parts.of(self.buffers.characters.of(text));
        }
        parts.signatures(self.places, visit);
    }
}
