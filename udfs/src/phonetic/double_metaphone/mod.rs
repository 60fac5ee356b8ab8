//! Double Metaphone (Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users
//! Journal 18(6), 2000) with the corrections of Maurice Aubrey's Text::DoubleMetaphone, from which
//! PostgreSQL's is.
//!
//! Rules look at bytes. Of UTF-8 they know nothing, so that bytes of it are letters without sound,
//! but for two: PostgreSQL takes 0xC7 and 0xD1 for the Ç and Ñ of Latin-1, and so it is here.

mod c;
mod g;
mod letters;
mod plain;
mod s;
mod word;

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use self::word::Word;
use super::codes::Codes;
use crate::arguments::Call;

/// How many sounds a code has at most.
const LENGTH: u32 = 4;

/// What some letters sound like, the usual way and another.
#[derive(Clone, Copy, Debug)]
struct Sound {
    primary: Code,
    secondary: Code,
    /// How many letters make it.
    letters: usize,
}

/// One sound either way.
#[inline(always)]
const fn sure(sound: &'static str, letters: usize) -> Sound {
    either(sound, sound, letters)
}

/// One sound, or another.
#[inline(always)]
const fn either(primary: &'static str, secondary: &'static str, letters: usize) -> Sound {
    Sound {
        primary: Code::of(primary),
        secondary: Code::of(secondary),
        letters,
    }
}

/// The sounds that there are.
const SOUNDS: &[u8; 14] = b"AFHJKLMNPRSTX0";

/// The number of each sound, from 1.
const NUMBERS: [u8; 256] = {
    let mut numbers = [0; 256];
    let mut number = 0;
    while number < SOUNDS.len() {
        numbers[SOUNDS[number] as usize] = number as u8 + 1;
        number += 1;
    }
    numbers
};

/// All codes by their numbers.
static CODES: Codes = Codes::new(|| {
    let sound = |number: u16| SOUNDS.get(usize::from(number & 0xF).checked_sub(1)?);
    let code = |number: u16| {
        let sounds = (0..LENGTH).map_while(|place| sound(number >> (4 * place)));
        sounds.map(|sound| char::from(*sound)).collect()
    };
    (0..=u16::MAX)
        .map(|number| Some::<String>(code(number)))
        .collect()
});

/// Sounds as a number: four bits for each, the first of them lowest. Only the first four count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    number: u32,
    length: u32,
}

impl Code {
    #[inline(always)]
    const fn of(sounds: &str) -> Self {
        let sounds = sounds.as_bytes();
        let mut number = 0;
        let mut place = 0;
        while place < sounds.len() {
            number |= (NUMBERS[sounds[place] as usize] as u32) << (4 * place);
            place += 1;
        }
        Self {
            number,
            length: sounds.len() as u32,
        }
    }

    #[inline(always)]
    fn add(&mut self, sounds: Self) {
        self.number |= sounds.number << (4 * self.length.min(LENGTH));
        self.length += sounds.length;
    }

    fn is_whole(self) -> bool {
        self.length >= LENGTH
    }

    /// Its number among all codes.
    fn number(self) -> u16 {
        self.number as u16
    }
}

/// Answers a call with a text, whose code is one of two.
pub(super) fn invoke(
    call: &Call<'_>,
    choose: impl Fn((Code, Code)) -> Code,
) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    call.over_distinct(&texts, |texts, rows| {
        let mut word = Word::default();
        let mut lengths = texts.lengths(rows).into_iter();
        let mut numbers = Vec::with_capacity(rows);
        texts.each_from(0..rows, |bytes| {
            let length = lengths.next().unwrap_or_default() as usize;
            word.read(bytes, length.min(bytes.len()));
            numbers.push(choose(codes(&word)).number());
        });
        CODES.take(numbers, texts.nulls(rows))
    })
}

/// The code of the usual pronunciation and that of another.
fn codes(word: &Word) -> (Code, Code) {
    let (mut primary, mut secondary) = (Code::default(), Code::default());
    let mut at = word.start();
    if word.has(at, &[b"GN", b"KN", b"PN", b"WR", b"PS"]) {
        at += 1;
    }
    // Xavier.
    if word.letter(at) == b'X' && at == word.start() {
        let sound = sure("S", 1);
        primary.add(sound.primary);
        secondary.add(sound.secondary);
        at += sound.letters;
    }
    while at < word.end() && !(primary.is_whole() && secondary.is_whole()) {
        let (letter, next) = (word.letter(at), word.letter(at + 1));
        if at < word.last()
            && let Some(sound) = plain::sound(letter, next, at == word.start())
        {
            primary.add(sound);
            secondary.add(sound);
            at += 1;
            continue;
        }
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
