//! Tells the words of a text from the codes within it: what a thing is from which one it is.

/// The least characters of a code of letters and digits, and of one of digits alone, which is a number
/// of something else if it has fewer.
const LEAST_MIXED: usize = 3;
const LEAST_DIGITS: usize = 4;
/// The longest letters that are part of the code behind them, and of the one before them.
const LONGEST_PREFIX: usize = 4;
const LONGEST_SUFFIX: usize = 2;
/// The longest code, and the most codes of one text.
const LONGEST_CODE: usize = 24;
const MOST_CODES: usize = 64;

/// Writes the words of a folded text, and its codes. Codes are written with blanks and dashes or
/// without: `bd hp21u` and `bdhp21u`, so that a word with a digit is one with the short word before
/// it, too, and with a letter or two behind it.
pub(super) fn clean_text(folded: &str, words: &mut String, codes: &mut String) {
    let mut before = "";
    let mut most = MOST_CODES;
    for word in folded.split(' ') {
        let is_code = is_code(word);
        if !is_code {
            push(words, &[word]);
        }
        let is_joined = match (has_digit(before), has_digit(word)) {
            (false, true) => (1..=LONGEST_PREFIX).contains(&before.len()),
            (true, false) => (1..=LONGEST_SUFFIX).contains(&word.len()),
            (true, true) => true,
            (false, false) => false,
        };
        let joined = before.len() + word.len();
        if is_joined && (LEAST_DIGITS..=LONGEST_CODE).contains(&joined) && most > 0 {
            push(codes, &[before, word]);
            most -= 1;
        }
        if is_code && most > 0 {
            push(codes, &[word]);
            most -= 1;
        }
        before = word;
    }
}

fn push(list: &mut String, parts: &[&str]) {
    if !list.is_empty() {
        list.push(' ');
    }
    list.extend(parts.iter().copied());
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_code(word: &str) -> bool {
    let least = match word.bytes().all(|byte| byte.is_ascii_digit()) {
        true => LEAST_DIGITS,
        false => LEAST_MIXED,
    };
    (least..=LONGEST_CODE).contains(&word.len()) && has_digit(word)
}
