//! What every normaliser does to Unicode text first.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// Lower case after lower case of compatible forms settles at once, but for a few letters.
const MAX_ROUNDS: usize = 4;

/// Without white space and invisible marks at both ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// Marks that copied text carries and nobody sees: zero-width spaces and joiners, directions, the
/// byte order mark, soft hyphens, control characters.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}'
            | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
    )
}

/// Whether the text is of ASCII digits alone, and has one.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Normalization form KC: full-width letters, ligatures and the like as plain letters.
pub(super) fn compatible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfkc(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().collect())
}

/// Lower case in normalization form KC.
pub(super) fn compatible_lower_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut lower = compatible(text).to_lowercase();
    for _ in 0..MAX_ROUNDS {
        let again = compatible(&lower).to_lowercase();
        if again == lower {
            break;
        }
        lower = again;
    }
    lower
}

/// Without accents: every letter as its base letter, and the Latin letters that Unicode does not
/// take apart as PostgreSQL's `unaccent.rules` writes them (`ß` as `ss`, `ø` as `o`, `æ` as `ae`).
pub(crate) fn unaccent(text: &str, answer: &mut String) {
    if text.is_ascii() {
        answer.push_str(text);
        return;
    }
    for character in text
        .nfd()
        .filter(|character| !is_combining_mark(*character))
    {
        match plain_letters(character) {
            Some(letters) => answer.push_str(letters),
            None => answer.push(character),
        }
    }
}

fn plain_letters(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ĸ' => "k",
        'ł' => "l",
        'Ł' => "L",
        'ŋ' => "n",
        'Ŋ' => "N",
        'þ' => "th",
        'Þ' => "TH",
        'ŧ' => "t",
        'Ŧ' => "T",
        _ => return None,
    })
}
