//! The sounds of S.

use super::{Sound, Word, either, sure};

pub(super) fn sound(word: &Word, at: usize) -> Sound {
    let first = at == word.start();
    // Island, Carlisle, Carlysle.
    if word.has(at - 1, &[b"ISL", b"YSL"]) {
        return sure("", 1);
    }
    if first && word.has(at, &[b"SUGAR"]) {
        return either("X", "S", 1);
    }
    if word.has(at, &[b"SH"]) {
        let germanic = word.has(at + 1, &[b"HEIM", b"HOEK", b"HOLM", b"HOLZ"]);
        return sure(if germanic { "S" } else { "X" }, 2);
    }
    // Italian and Armenian.
    if word.has(at, &[b"SIO", b"SIA"]) {
        return either("S", if word.is_slavo_germanic() { "S" } else { "X" }, 3);
    }
    // So that Smith is like Schmidt, Snider like Schneider; and SZ in Slavic names.
    if word.letter(at + 1) == b'Z' {
        return either("S", "X", 2);
    }
    if first && word.has(at + 1, &[b"M", b"N", b"L", b"W"]) {
        return either("S", "X", 1);
    }
    if word.has(at, &[b"SC"]) {
        return sound_of_sc(word, at);
    }
    let letters = if word.letter(at + 1) == b'S' { 2 } else { 1 };
    // Resnais, Artois.
    if at == word.last() && word.has(at - 2, &[b"AI", b"OI"]) {
        return either("", "S", letters);
    }
    sure("S", letters)
}

fn sound_of_sc(word: &Word, at: usize) -> Sound {
    match word.letter(at + 2) {
        // Schermerhorn, Schenker.
        b'H' if word.has(at + 3, &[b"ER", b"EN"]) => either("X", "SK", 3),
        // Dutch: school, schooner.
        b'H' if word.has(at + 3, &[b"OO", b"UY", b"ED", b"EM"]) => sure("SK", 3),
        b'H' if at == word.start() && !word.is_vowel(at + 3) && word.letter(at + 3) != b'W' => {
            either("X", "S", 3)
        }
        b'H' => sure("X", 3),
        b'I' | b'E' | b'Y' => sure("S", 3),
        _ => sure("SK", 3),
    }
}
