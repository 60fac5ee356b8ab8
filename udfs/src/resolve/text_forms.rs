//! Forms that texts have.

/// Whether a word of a text is for a street or a square, or ends in one, as `Hauptstraße` does.
pub(super) fn names_street(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "calle",
        "avenida",
        "avda",
        "plaza",
        "paseo",
        "rue",
        "boulevard",
        "chemin",
        "via",
        "viale",
        "piazza",
        "corso",
        "rua",
        "travessa",
        "str",
    ];
    const ENDINGS: [&str; 10] = [
        "strasse", "straße", "str", "weg", "platz", "allee", "gasse", "straat", "laan", "plein",
    ];
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphabetic())
        .any(|word| WORDS.contains(&word) || ENDINGS.iter().any(|end| word.ends_with(end)))
}

/// Whether a text, without a time of day behind it, has the digits of a day, a month and a year of four,
/// with marks between them, whether or not there is such a day.
pub(super) fn has_form_of_date(text: &str) -> bool {
    let date = text.split_whitespace().next().unwrap_or_default();
    let Some(mark) = date
        .chars()
        .find(|letter| matches!(letter, '.' | '-' | '/'))
    else {
        return false;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = date.split(mark);
    let lengths: Vec<usize> = parts
        .map(|part| if is_number(part) { part.len() } else { 0 })
        .collect();
    matches!(lengths[..], [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2])
}
