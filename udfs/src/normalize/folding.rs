//! Folds text to what words are compared by.

use super::unicode::unaccent;

/// In small letters without accents and apostrophes; every run of other characters is a blank.
pub(super) fn fold_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    unaccent(text, &mut plain);
    let mut folded = String::with_capacity(plain.len());
    for character in plain.chars().flat_map(char::to_lowercase) {
        match character {
            letter if letter.is_alphanumeric() => folded.push(letter),
            '\'' | '\u{2019}' | '\u{2BC}' => {}
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}
