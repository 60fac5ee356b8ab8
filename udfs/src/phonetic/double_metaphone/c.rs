//! The sounds of C.

use super::{Sound, Word, either, sure};

pub(super) fn sound(word: &Word, at: usize) -> Sound {
    let first = at == word.start();
    if is_germanic_ach(word, at) {
        return sure("K", 2);
    }
    if first && word.has(at, &[b"CAESAR"]) {
        return sure("S", 2);
    }
    // Chianti.
    if word.has(at, &[b"CHIA"]) {
        return sure("K", 2);
    }
    if word.has(at, &[b"CH"]) {
        return sound_of_ch(word, at);
    }
    // Czerny, but not Filipowicz.
    if word.has(at, &[b"CZ"]) && !word.has(at - 2, &[b"WICZ"]) {
        return either("S", "X", 2);
    }
    // Focaccia.
    if word.has(at + 1, &[b"CIA"]) {
        return sure("X", 3);
    }
    // But not McClellan.
    if word.has(at, &[b"CC"]) && !(at == word.start() + 1 && word.begins(&[b"M"])) {
        return sound_of_cc(word, at);
    }
    if word.has(at, &[b"CK", b"CG", b"CQ"]) {
        return sure("K", 2);
    }
    // Italian, or English.
    if word.has(at, &[b"CIO", b"CIE", b"CIA"]) {
        return either("S", "X", 2);
    }
    if word.has(at, &[b"CI", b"CE", b"CY"]) {
        return sure("S", 2);
    }
    // Mac Caffrey, Mac Gregor.
    let letters = if word.has(at + 1, &[b" C", b" Q", b" G"]) {
        3
    } else if word.has(at + 1, &[b"C", b"K", b"Q"]) && !word.has(at + 1, &[b"CE", b"CI"]) {
        2
    } else {
        1
    };
    sure("K", letters)
}

/// Bacher, Macher, but not Dracheim.
fn is_germanic_ach(word: &Word, at: usize) -> bool {
    at > word.start() + 1
        && !word.is_vowel(at - 2)
        && word.has(at - 1, &[b"ACH"])
        && match word.letter(at + 2) {
            b'I' => false,
            b'E' => word.has(at - 2, &[b"BACHER", b"MACHER"]),
            _ => true,
        }
}

fn sound_of_ch(word: &Word, at: usize) -> Sound {
    let first = at == word.start();
    // Michael.
    if !first && word.has(at, &[b"CHAE"]) {
        return either("K", "X", 2);
    }
    // Chemistry, chorus, but not chore.
    if first
        && (word.has(at + 1, &[b"HARAC", b"HARIS"])
            || word.has(at + 1, &[b"HOR", b"HYM", b"HIA", b"HEM"]))
        && !word.begins(&[b"CHORE"])
    {
        return sure("K", 2);
    }
    // Architect, orchestra, Wachtler, but not arch, Tichner.
    let before_consonant = (first || word.has(at - 1, &[b"A", b"O", b"U", b"E"]))
        && word.has(
            at + 2,
            &[b"L", b"R", b"N", b"M", b"B", b"H", b"F", b"V", b"W", b" "],
        );
    if word.is_germanic()
        || word.has(at - 2, &[b"ORCHES", b"ARCHIT", b"ORCHID"])
        || word.has(at + 2, &[b"T", b"S"])
        || before_consonant
    {
        return sure("K", 2);
    }
    if first {
        sure("X", 2)
    } else if word.begins(&[b"MC"]) {
        // McHugh.
        sure("K", 2)
    } else {
        either("X", "K", 2)
    }
}

fn sound_of_cc(word: &Word, at: usize) -> Sound {
    // Bellocchio, but not Bacchus.
    if !word.has(at + 2, &[b"I", b"E", b"H"]) || word.has(at + 2, &[b"HU"]) {
        return sure("K", 2);
    }
    // Accident, succeed.
    if at == word.start() + 1 && word.letter(at - 1) == b'A'
        || word.has(at - 1, &[b"UCCEE", b"UCCES"])
    {
        return sure("KS", 3);
    }
    // Bacci, Bertucci.
    sure("X", 3)
}
