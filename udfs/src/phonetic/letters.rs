//! The letters that codes of names are made of.

use crate::normalize::unicode::unaccent;

/// Collects the letters of a text in upper case, accents left out and what is not of ASCII even
/// then.
#[derive(Debug, Default)]
pub(super) struct Letters {
    plain: String,
    letters: Vec<u8>,
}

impl Letters {
    pub(super) fn of(&mut self, text: &str) -> &mut Vec<u8> {
        let plain = if text.is_ascii() {
            text
        } else {
            self.plain.clear();
            unaccent(text, &mut self.plain);
            &self.plain
        };
        let letters = plain.bytes().filter(u8::is_ascii_alphabetic);
        self.letters.clear();
        self.letters
            .extend(letters.map(|letter| letter.to_ascii_uppercase()));
        &mut self.letters
    }
}
