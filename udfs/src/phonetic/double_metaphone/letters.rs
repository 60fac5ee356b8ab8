//! The sounds of the letters that have a rule or two.

use super::{Sound, Word, either, sure};

pub(super) fn sound_of_d(word: &Word, at: usize) -> Sound {
    if word.letter(at + 1) == b'G' {
        // Edge, or Edgar.
        return match word.letter(at + 2) {
            b'I' | b'E' | b'Y' => sure("J", 3),
            _ => sure("TK", 2),
        };
    }
    sure("T", if word.has(at, &[b"DT", b"DD"]) { 2 } else { 1 })
}

/// Heard at the beginning and between vowels.
pub(super) fn sound_of_h(word: &Word, at: usize) -> Sound {
    if (at == word.start() || word.is_vowel(at - 1)) && word.is_vowel(at + 1) {
        return sure("H", 2);
    }
    sure("", 1)
}

pub(super) fn sound_of_j(word: &Word, at: usize) -> Sound {
    let first = at == word.start();
    let letters = if word.letter(at + 1) == b'J' { 2 } else { 1 };
    // San Jacinto, José.
    if word.begins(&[b"SAN "]) {
        return sure("H", 1);
    }
    if word.has(at, &[b"JOSE"]) {
        if first && word.letter(at + 4) == b' ' {
            return sure("H", 1);
        }
        return either("J", "H", 1);
    }
    if first {
        // Yankelovich, Jankelowicz.
        return either("J", "A", letters);
    }
    // Bajador.
    if word.is_vowel(at - 1)
        && !word.is_slavo_germanic()
        && matches!(word.letter(at + 1), b'A' | b'O')
    {
        return either("J", "H", letters);
    }
    if at == word.last() {
        return either("J", "", letters);
    }
    let silent = word.has(at + 1, &[b"L", b"T", b"K", b"S", b"N", b"M", b"B", b"Z"])
        || word.has(at - 1, &[b"S", b"K", b"L"]);
    sure(if silent { "" } else { "J" }, letters)
}

pub(super) fn sound_of_l(word: &Word, at: usize) -> Sound {
    if word.letter(at + 1) != b'L' {
        return sure("L", 1);
    }
    // Cabrillo, gallegos.
    let last = word.last();
    if at + 2 == last && word.has(at - 1, &[b"ILLO", b"ILLA", b"ALLE"])
        || (word.has(last - 1, &[b"AS", b"OS"]) || word.has(last, &[b"A", b"O"]))
            && word.has(at - 1, &[b"ALLE"])
    {
        return either("L", "", 2);
    }
    sure("L", 2)
}

pub(super) fn sound_of_m(word: &Word, at: usize) -> Sound {
    // Dumb, thumb, number.
    let silent_b =
        word.has(at - 1, &[b"UMB"]) && (at + 1 == word.last() || word.has(at + 2, &[b"ER"]));
    let letters = if silent_b || word.letter(at + 1) == b'M' {
        2
    } else {
        1
    };
    sure("M", letters)
}

pub(super) fn sound_of_p(word: &Word, at: usize) -> Sound {
    match word.letter(at + 1) {
        b'H' => sure("F", 2),
        // Campbell, raspberry.
        b'P' | b'B' => sure("P", 2),
        _ => sure("P", 1),
    }
}

pub(super) fn sound_of_r(word: &Word, at: usize) -> Sound {
    let letters = if word.letter(at + 1) == b'R' { 2 } else { 1 };
    // Rogier, but not Hochmeier.
    if at == word.last()
        && word.has(at - 2, &[b"IE"])
        && !word.has(at - 4, &[b"ME", b"MA"])
        && !word.is_slavo_germanic()
    {
        return either("", "R", letters);
    }
    sure("R", letters)
}

pub(super) fn sound_of_t(word: &Word, at: usize) -> Sound {
    if word.has(at, &[b"TION"]) || word.has(at, &[b"TIA", b"TCH"]) {
        return sure("X", 3);
    }
    if word.has(at, &[b"TH"]) || word.has(at, &[b"TTH"]) {
        // Thomas, Thames, German names.
        if word.has(at + 2, &[b"OM", b"AM"]) || word.is_germanic() {
            return sure("T", 2);
        }
        return either("0", "T", 2);
    }
    sure(
        "T",
        if word.has(at + 1, &[b"T", b"D"]) {
            2
        } else {
            1
        },
    )
}

pub(super) fn sound_of_w(word: &Word, at: usize) -> Sound {
    if word.letter(at + 1) == b'R' {
        return sure("R", 2);
    }
    // Wasserman is like Vasserman, Womo like Uomo.
    let (primary, secondary) = if at != word.start() {
        ("", "")
    } else if word.is_vowel(at + 1) {
        ("A", "F")
    } else if word.letter(at + 1) == b'H' {
        ("A", "A")
    } else {
        ("", "")
    };
    // Arnow is like Arnoff.
    if at == word.last() && word.is_vowel(at - 1)
        || word.has(at - 1, &[b"EWSKI", b"EWSKY", b"OWSKI", b"OWSKY"])
        || word.begins(&[b"SCH"])
    {
        return either(primary, "F", 1);
    }
    // Filipowicz, at the beginning too.
    if word.has(at, &[b"WICZ", b"WITZ"]) {
        return if primary.is_empty() {
            either("TS", "FX", 4)
        } else {
            either("ATS", "FFX", 4)
        };
    }
    either(primary, secondary, 1)
}

pub(super) fn sound_of_x(word: &Word, at: usize) -> Sound {
    let letters = if word.has(at + 1, &[b"C", b"X"]) {
        2
    } else {
        1
    };
    // Breaux.
    if at == word.last() && word.has(at - 2, &[b"AU", b"OU"]) {
        return sure("", letters);
    }
    sure("KS", letters)
}

pub(super) fn sound_of_z(word: &Word, at: usize) -> Sound {
    let letters = match word.letter(at + 1) {
        // Zhao.
        b'H' => return sure("J", 2),
        b'Z' => 2,
        _ => 1,
    };
    let slavic = at > word.start() && word.letter(at - 1) != b'T' && word.is_slavo_germanic();
    if slavic || word.has(at + 1, &[b"ZO", b"ZI", b"ZA"]) {
        return either("S", "TS", letters);
    }
    sure("S", letters)
}
