//! The sounds of G.

use super::{Sound, Word, either, sure};

pub(super) fn sound(word: &Word, at: usize) -> Sound {
    let first = at == word.start();
    let next = word.letter(at + 1);
    if next == b'H' {
        return sound_of_gh(word, at);
    }
    if next == b'N' {
        return sound_of_gn(word, at);
    }
    // Tagliaro.
    if word.has(at + 1, &[b"LI"]) && !word.is_slavo_germanic() {
        return either("KL", "L", 2);
    }
    // Gerald, Giller at the beginning.
    let at_beginning = next == b'Y'
        || word.has(
            at + 1,
            &[
                b"ES", b"EP", b"EB", b"EL", b"EY", b"IB", b"IL", b"IN", b"IE", b"EI", b"ER",
            ],
        );
    if first && at_beginning {
        return either("K", "J", 2);
    }
    // Within a word, but not danger, orgy, biology.
    if (next == b'Y' || word.has(at + 1, &[b"ER"]))
        && !word.begins(&[b"DANGER", b"RANGER", b"MANGER"])
        && !word.has(at - 1, &[b"E", b"I"])
        && !word.has(at - 1, &[b"RGY", b"OGY"])
    {
        return either("K", "J", 2);
    }
    // Biaggi.
    if word.has(at + 1, &[b"E", b"I", b"Y"]) || word.has(at - 1, &[b"AGGI", b"OGGI"]) {
        if word.is_germanic() || word.has(at + 1, &[b"ET"]) {
            return sure("K", 2);
        }
        // A French ending.
        if word.has(at + 1, &[b"IER "]) {
            return sure("J", 2);
        }
        return either("J", "K", 2);
    }
    sure("K", if next == b'G' { 2 } else { 1 })
}

fn sound_of_gh(word: &Word, at: usize) -> Sound {
    let start = word.start();
    if at > start && !word.is_vowel(at - 1) {
        return sure("K", 2);
    }
    if at == start {
        // Ghislaine.
        let sound = if word.letter(at + 2) == b'I' {
            "J"
        } else {
            "K"
        };
        return sure(sound, 2);
    }
    // Parker's rule: hugh, bough, Broughton.
    if word.has(at - 2, &[b"B", b"H", b"D"])
        || word.has(at - 3, &[b"B", b"H", b"D"])
        || word.has(at - 4, &[b"B", b"H"])
    {
        return sure("", 2);
    }
    // Laugh, McLaughlin, cough, rough.
    if at > start + 2
        && word.letter(at - 1) == b'U'
        && word.has(at - 3, &[b"C", b"G", b"L", b"R", b"T"])
    {
        return sure("F", 2);
    }
    sure(if word.letter(at - 1) == b'I' { "" } else { "K" }, 2)
}

fn sound_of_gn(word: &Word, at: usize) -> Sound {
    let slavo_germanic = word.is_slavo_germanic();
    if at == word.start() + 1 && word.is_vowel(word.start()) && !slavo_germanic {
        return either("KN", "N", 2);
    }
    // But not Cagney.
    if !word.has(at + 2, &[b"EY"]) && !slavo_germanic {
        return either("N", "KN", 2);
    }
    sure("KN", 2)
}
