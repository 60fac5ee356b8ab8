//! Folds text to what words are compared by.

use super::unicode::unaccent;

/// The longest text that is folded without allocating.
const SHORT: usize = 32;

/// Hands over a text as [`fold_words`] folds it.
pub(super) fn with_folded<T>(text: &str, read: impl FnOnce(&str) -> T) -> T {
    if text.len() > SHORT || !text.is_ascii() {
        return read(&fold_words(text));
    }
    let (mut folded, mut length) = ([0; SHORT], 0);
    // Whether a blank stands before the next letter.
    let mut is_apart = false;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            if is_apart && length > 0 {
                folded[length] = b' ';
                length += 1;
            }
            is_apart = false;
            folded[length] = byte.to_ascii_lowercase();
            length += 1;
        } else {
            is_apart |= byte != b'\'';
        }
    }
    read(str::from_utf8(&folded[..length]).unwrap_or_default())
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_texts_are_folded_as_all(text in "([A-Za-z0-9]{0,3}['., /é-]{0,2}){0,14}") {
            prop_assert_eq!(with_folded(&text, str::to_owned), fold_words(&text));
        }
    }
}
