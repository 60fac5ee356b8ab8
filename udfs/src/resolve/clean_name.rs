//! Writes names of people in one way.

use super::clean::{fold, squeeze};

/// What people are addressed by.
pub(super) const TITLES: [&str; 16] = [
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "mme", "mlle",
    "monsieur", "madame", "rev", "hon",
];

/// Without what people are addressed by.
pub(super) fn without_titles(folded: &str) -> &str {
    match folded.split_once(' ') {
        Some((title, rest)) if TITLES.contains(&title) => without_titles(rest),
        _ => folded,
    }
}

/// Without the initials of further names.
pub(super) fn without_initials(folded: &str) -> &str {
    match folded.rsplit_once(' ') {
        Some((rest, last)) if last.chars().count() == 1 => without_initials(rest),
        _ => folded,
    }
}

/// Without what tells a child from a parent of the same name.
pub(super) fn without_generation(folded: &str) -> &str {
    const GENERATIONS: [&str; 6] = ["jr", "sr", "ii", "iii", "iv", "esq"];
    match folded.rsplit_once(' ') {
        Some((rest, last)) if GENERATIONS.contains(&last) => without_generation(rest),
        _ => folded,
    }
}

/// The first word is the given name, unless a comma follows the family name; initials between the
/// two are left out.
pub(super) fn full_name(text: &str, folded: &mut String, given: &mut String, family: &mut String) {
    if let Some((before, after)) = text.split_once(',') {
        fold(after, folded);
        let name = without_titles(folded);
        if !name.is_empty() && without_generation(name) == name {
            given.push_str(name.split(' ').next().unwrap_or_default());
            fold(before, folded);
            return squeeze(folded, family);
        }
    }
    fold(text, folded);
    let name = without_generation(without_titles(folded));
    let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
    given.push_str(first);
    let words = rest.split(' ').filter(|word| word.chars().count() > 1);
    words.for_each(|word| family.push_str(word));
}
