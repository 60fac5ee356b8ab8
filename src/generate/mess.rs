//! What goes wrong between a person and a database.

use super::random::Random;

const KEYBOARD: &[&[u8]] = &[b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// One slip of a typist or a scanner, somewhere after the first character.
pub fn typo(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.len() < 3 {
        return text.to_owned();
    }
    let place = 1 + random.index(characters.len() - 1);
    match random.below(10) {
        0..=3 => match neighbour(characters[place], random) {
            Some(key) => characters[place] = key,
            None => {
                characters.remove(place);
            }
        },
        4 | 5 if place + 1 < characters.len() => characters.swap(place, place + 1),
        4 | 5 => characters.swap(place - 1, place),
        6 | 7 => {
            characters.remove(place);
        }
        8 => characters.insert(place, characters[place]),
        _ => return misread(text),
    }
    characters.into_iter().collect()
}

/// A key beside that of a letter.
fn neighbour(letter: char, random: &mut Random) -> Option<char> {
    let lower = u8::try_from(letter.to_ascii_lowercase()).ok()?;
    let row = KEYBOARD.iter().find(|row| row.contains(&lower))?;
    let place = row.iter().position(|&key| key == lower)?;
    let beside = if place + 1 < row.len() && (place == 0 || random.chance(500)) {
        row[place + 1]
    } else {
        row[place.saturating_sub(1)]
    };
    let key = char::from(beside);
    Some(if letter.is_uppercase() {
        key.to_ascii_uppercase()
    } else {
        key
    })
}

/// What a scanner reads in place of letters that look alike.
fn misread(text: &str) -> String {
    const ALIKE: &[(&str, &str)] = &[
        ("rn", "m"),
        ("m", "rn"),
        ("l", "1"),
        ("i", "l"),
        ("o", "0"),
        ("s", "5"),
        ("h", "b"),
        ("u", "v"),
        ("1", "7"),
        ("5", "6"),
    ];
    ALIKE
        .iter()
        .find(|(right, _)| text.get(1..).is_some_and(|rest| rest.contains(right)))
        .map_or_else(
            || text.to_owned(),
            |(right, wrong)| {
                let split = text.chars().next().map_or(0, char::len_utf8);
                let (first, rest) = text.split_at(split);
                format!("{first}{}", rest.replacen(right, wrong, 1))
            },
        )
}

/// The text with or without the accents that a system or its users leave away.
pub fn plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    for letter in text.chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'Ä' => plain.push_str("Ae"),
            'Ö' => plain.push_str("Oe"),
            'Ü' => plain.push_str("Ue"),
            'ß' => plain.push_str("ss"),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'É' | 'È' => plain.push('E'),
            'à' | 'â' => plain.push('a'),
            'ç' => plain.push('c'),
            'î' | 'ï' => plain.push('i'),
            'ô' => plain.push('o'),
            'û' => plain.push('u'),
            other => plain.push(other),
        }
    }
    plain
}

/// Capitals, small letters or stray blanks, as hasty forms leave them; mostly nothing.
pub fn letter_case(text: String, random: &mut Random) -> String {
    match random.below(100) {
        0..=3 => text.to_uppercase(),
        4..=6 => text.to_lowercase(),
        7 => format!(" {text}"),
        8 => format!("{text}  "),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    #[test]
    fn typos_keep_the_first_letter_and_almost_the_length() {
        let mut random = Random::new(3, Purpose::Person, 0);
        for text in [
            "",
            "a",
            "Jo",
            "Jürgen",
            "Smith",
            "Éric",
            "O'Brien",
            "日本語",
        ] {
            for _ in 0..200 {
                let wrong = typo(text, &mut random);
                let (before, after) = (text.chars().count(), wrong.chars().count());
                assert!(before.abs_diff(after) <= 1, "{text} {wrong}");
            }
        }
    }
}
