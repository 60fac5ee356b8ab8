//! Brings the letters and marks of a postal address to one form.

use super::address_text::Habits;
use super::unicode::{compatible_lower_case, is_invisible, unaccent};

/// Lower case without accents; blanks for all punctuation that parts words.
pub(super) fn fold(text: &str, habits: Habits) -> String {
    let mut plain = compatible_lower_case(text);
    if habits == Habits::German {
        plain = plain
            .replace('ä', "ae")
            .replace('ö', "oe")
            .replace('ü', "ue");
    }
    let mut folded = String::with_capacity(plain.len());
    unaccent(&plain, &mut folded);
    let characters: Vec<char> = folded.chars().filter(|mark| !is_invisible(*mark)).collect();
    let mut words = String::with_capacity(folded.len());
    // How long the run of letters or digits before this character is.
    let mut run = 0;
    for (position, character) in characters.iter().enumerate() {
        if character.is_alphanumeric() {
            words.push(*character);
            run += 1;
            continue;
        }
        let before = position.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(position + 1);
        let digits = [before, after]
            .iter()
            .all(|side| side.is_some_and(|side| side.is_ascii_digit()));
        let is_initial = run == 1 && before.is_some_and(|letter| letter.is_alphabetic());
        match character {
            // p.o. box, n.w.
            '.' if is_initial && after.is_some_and(|letter| letter.is_alphabetic()) => {
                run = 0;
                continue;
            }
            '\'' | '\u{2018}' | '\u{2019}' | '`' if habits != Habits::French => continue,
            '-' | '\u{2010}'..='\u{2015}' if digits => words.push('-'),
            '/' if digits
                || (before.is_some_and(|side| side.is_alphanumeric())
                    && after.is_some_and(char::is_ascii_digit)) =>
            {
                words.push('/')
            }
            '#' => words.push_str(" # "),
            '&' | '+' => words.push_str(" and "),
            _ => words.push(' '),
        }
        run = 0;
    }
    words
}
