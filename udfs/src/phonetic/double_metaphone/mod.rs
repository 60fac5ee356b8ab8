//! Double Metaphone (Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users
//! Journal 18(6), 2000) with the corrections of Maurice Aubrey's Text::DoubleMetaphone, from which
//! PostgreSQL's is.
//!
//! Rules look at bytes. Of UTF-8 they know nothing, so that bytes of it are letters without sound,
//! but for two: PostgreSQL takes 0xC7 and 0xD1 for the Ç and Ñ of Latin-1, and so it is here.

mod c;
mod g;
mod letters;
mod s;
mod word;

pub(super) use word::Word;

/// How many sounds a code has at most.
const LENGTH: usize = 4;

/// What some letters sound like, the usual way and another.
#[derive(Clone, Copy, Debug)]
struct Sound {
    primary: &'static str,
    secondary: &'static str,
    /// How many letters make it.
    letters: usize,
}

/// One sound either way.
const fn sure(sound: &'static str, letters: usize) -> Sound {
    either(sound, sound, letters)
}

/// One sound, or another.
const fn either(primary: &'static str, secondary: &'static str, letters: usize) -> Sound {
    Sound {
        primary,
        secondary,
        letters,
    }
}

/// A code of at most four sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    sounds: [u8; LENGTH],
    length: usize,
}

impl Code {
    fn add(&mut self, sounds: &str) {
        for sound in sounds.bytes() {
            if let Some(place) = self.sounds.get_mut(self.length) {
                *place = sound;
                self.length += 1;
            }
        }
    }

    /// Writes the code.
    pub(super) fn write(&self, text: &mut String) {
        text.extend(self.sounds[..self.length].iter().copied().map(char::from));
    }
}

/// The code of the usual pronunciation and that of another.
pub(super) fn codes(word: &Word) -> (Code, Code) {
    let (mut primary, mut secondary) = (Code::default(), Code::default());
    let mut at = word.start();
    if word.has(at, &[b"GN", b"KN", b"PN", b"WR", b"PS"]) {
        at += 1;
    }
    // Xavier.
    if word.letter(at) == b'X' && at == word.start() {
        primary.add("S");
        secondary.add("S");
        at += 1;
    }
    while at < word.end() && (primary.length < LENGTH || secondary.length < LENGTH) {
        let sound = sound(word, at);
        primary.add(sound.primary);
        secondary.add(sound.secondary);
        at += sound.letters;
    }
    (primary, secondary)
}

fn sound(word: &Word, at: usize) -> Sound {
    let doubled = |sound| {
        let letters = if word.letter(at + 1) == word.letter(at) {
            2
        } else {
            1
        };
        sure(sound, letters)
    };
    match word.letter(at) {
        b'A' | b'E' | b'I' | b'O' | b'U' | b'Y' if at == word.start() => sure("A", 1),
        b'B' => doubled("P"),
        // Ç in Latin-1.
        0xC7 => sure("S", 1),
        b'C' => c::sound(word, at),
        b'D' => letters::sound_of_d(word, at),
        b'F' | b'V' => doubled("F"),
        b'G' => g::sound(word, at),
        b'H' => letters::sound_of_h(word, at),
        b'J' => letters::sound_of_j(word, at),
        b'K' | b'Q' => doubled("K"),
        b'L' => letters::sound_of_l(word, at),
        b'M' => letters::sound_of_m(word, at),
        b'N' => doubled("N"),
        // Ñ in Latin-1.
        0xD1 => sure("N", 1),
        b'P' => letters::sound_of_p(word, at),
        b'R' => letters::sound_of_r(word, at),
        b'S' => s::sound(word, at),
        b'T' => letters::sound_of_t(word, at),
        b'W' => letters::sound_of_w(word, at),
        b'X' => letters::sound_of_x(word, at),
        b'Z' => letters::sound_of_z(word, at),
        _ => sure("", 1),
    }
}
