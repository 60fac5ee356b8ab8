//! Forms that texts have.

/// Whether a word of a text is for a street or a square, or ends in one, as `Hauptstraße` does.
pub(super) fn names_street(text: &str) -> bool {
    const WORDS: [&str; 30] = [
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
        "ul",
        "ulica",
        "aleja",
        "ulice",
        "trida",
        "gata",
        "gade",
        "vej",
        "utca",
        "sokak",
        "ул",
        "улица",
        "проспект",
        "пер",
        "переулок",
    ];
    const ENDINGS: [&str; 17] = [
        "strasse", "straße", "str", "weg", "platz", "allee", "gasse", "straat", "laan", "plein",
        "gatan", "vägen", "gade", "vej", "veien", "katu", "kuja",
    ];
    if text.starts_with("C/") || text.starts_with("c/") || names_street_in_chinese(text) {
        return true;
    }
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

/// Whether a road is followed by a number of a house.
fn names_street_in_chinese(text: &str) -> bool {
    let road = text.find(['路', '街', '巷', '道']);
    road.zip(text.rfind('号'))
        .is_some_and(|(road, house)| road < house)
}

/// Whether a text has characters of Chinese or Japanese, which stand for words and are in no code.
pub(super) fn has_ideograph(text: &str) -> bool {
    text.contains(
        |letter: char| matches!(letter, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'),
    )
}

/// Whether a text has digits as telephone numbers have, with marks between them that these have, and
/// at most the letter of an extension.
pub(super) fn has_form_of_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let all = text.chars().count();
    let is_right = |(at, letter): (usize, char)| match letter {
        'x' | 'X' => at > 0,
        letter => !letter.is_alphabetic() && !matches!(letter, ':' | ',' | '%' | '@'),
    };
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    (7..=15).contains(&digits)
        && all <= 2 * digits
        && all > digits
        && letters <= 1
        && text.char_indices().all(is_right)
}

/// Whether a text begins as telephone numbers do, and numbers that count something do not.
pub(super) fn begins_as_dialled(text: &str) -> bool {
    let mut letters = text.bytes();
    match (letters.next(), letters.next()) {
        (Some(b'+'), _) => true,
        (Some(b'0'), Some(second)) => second.is_ascii_digit(),
        _ => false,
    }
}

/// Whether a text is a code in groups, as `DE89 3704 0044 0532 0130 00`, `HRB 6051` or `B-MW 1234` are: the
/// first group has letters, and no group is a word.
pub(super) fn is_code_in_groups(text: &str) -> bool {
    const MOST_LETTERS: usize = 4;
    let count = |is: fn(&u8) -> bool| text.bytes().filter(is).count();
    let digits = count(u8::is_ascii_digit);
    let letters = count(u8::is_ascii_alphabetic);
    let is_right = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'/')
    };
    if digits < 4 || digits < letters || !text.bytes().all(is_right) {
        return false;
    }
    let mut groups = text
        .split([' ', '-', '/'])
        .filter(|group| !group.is_empty());
    let is_word = |group: &str| group.len() > MOST_LETTERS && !has_digit(group);
    let begins = groups
        .next()
        .is_some_and(|first| has_letter(first) && !is_word(first));
    begins && groups.clone().next().is_some() && !groups.any(is_word)
}

/// Whether a text has the form of postal codes that have letters: of the Netherlands, of Britain, of Canada.
pub(super) fn is_lettered_postcode(text: &str) -> bool {
    let form: String = text
        .chars()
        .filter(|letter| *letter != ' ')
        .map(|letter| match letter {
            '0'..='9' => '9',
            'A'..='Z' | 'a'..='z' => 'A',
            other => other,
        })
        .take(8)
        .collect();
    matches!(
        form.as_str(),
        "9999AA" | "A9A9A9" | "A99AA" | "A999AA" | "AA99AA" | "AA999AA" | "A9A9AA" | "AA9A9AA"
    )
}

fn has_letter(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}
