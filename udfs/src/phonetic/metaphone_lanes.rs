//! The rules of Metaphone, a text a lane: those of [`super::metaphone_rules`], of which every lane
//! computes all, the ones that count most last.

use crate::lanes::{CHUNK, Chunks, LANES, LONGEST, Lanes, Texts, transpose_back, vectors};

/// The longest code that there is room for.
pub(super) const LONGEST_CODE: usize = CHUNK;

/// No rule looks further back or ahead.
const MARGIN: usize = 4;

/// The letters of each text in upper case, between margins of zeros.
type Letters = [Lanes<u8>; LONGEST + 2 * MARGIN];

vectors! {
    /// The code of each text, of so many sounds at most, and its length.
    pub(super) fn codes(texts: &Texts, limit: usize) -> (Chunks, Lanes<u8>) {
        let mut letters = [Lanes::splat(0); LONGEST + 2 * MARGIN];
        for (letters, bytes) in letters[MARGIN..].iter_mut().zip(texts.positions()) {
            for lane in 0..LANES {
                letters.0[lane] = bytes.0[lane].to_ascii_uppercase();
            }
        }
        let mut codes = Codes {
            sounds: [Lanes::splat(0); LONGEST_CODE],
            lengths: Lanes::splat(0),
        };
        let mut reader = Reader {
            begun: Lanes::splat(0),
            skipped: Lanes::splat(0),
        };
        for position in 0..texts.longest() {
            let sounds = reader.read(&letters, position);
            codes.write(&sounds, limit.min(2 * position + 1));
            codes.write_second(&sounds, limit.min(2 * position + 2));
        }
        (transpose_back(&codes.sounds), codes.lengths)
    }
}

/// The codes so far.
struct Codes {
    sounds: [Lanes<u8>; LONGEST_CODE],
    lengths: Lanes<u8>,
}

impl Codes {
    /// Adds a sound to each code, if it is one and the code is no longer than a limit with it.
    #[inline(always)]
    fn write(&mut self, sounds: &Lanes<u8>, limit: usize) {
        for (length, places) in (0..).zip(self.sounds.iter_mut().take(limit)) {
            for lane in 0..LANES {
                let sound = sounds.0[lane];
                let sound = if sound == TWO_SOUNDS { b'K' } else { sound };
                let is_here = self.lengths.0[lane] == length;
                places.0[lane] |= if is_here { sound } else { 0 };
            }
        }
        for lane in 0..LANES {
            let length = self.lengths.0[lane];
            let longer = (sounds.0[lane] != 0) & (usize::from(length) < limit);
            self.lengths.0[lane] = length + u8::from(longer);
        }
    }

    /// Adds the second of two sounds.
    #[inline(always)]
    fn write_second(&mut self, sounds: &Lanes<u8>, limit: usize) {
        let mut any = false;
        let mut second = Lanes::splat(0);
        for lane in 0..LANES {
            let two = sounds.0[lane] == TWO_SOUNDS;
            any |= two;
            second.0[lane] = if two { b'S' } else { 0 };
        }
        if any {
            self.write(&second, limit);
        }
    }
}

/// Stands for `KS`, the only two sounds of one letter.
const TWO_SOUNDS: u8 = b'x';

/// How far each text was read.
struct Reader {
    /// 1 where there was a letter.
    begun: Lanes<u8>,
    /// How many letters the last sound has taken up beside its own.
    skipped: Lanes<u8>,
}

impl Reader {
    /// The sounds of the letters at a position; 0 for none.
    #[inline(always)]
    fn read(&mut self, letters: &Letters, position: usize) -> Lanes<u8> {
        let mut sounds = Lanes::splat(0);
        let window = &letters[position..position + 2 * MARGIN];
        for lane in 0..LANES {
            let place = Place {
                before: (window[1].0[lane], window[0].0[lane]),
                previous: window[MARGIN - 1].0[lane],
                letter: window[MARGIN].0[lane],
                next: window[MARGIN + 1].0[lane],
                after: window[MARGIN + 2].0[lane],
                third: window[MARGIN + 3].0[lane],
            };
            let is_letter = u8::from(is_upper(place.letter));
            let is_first = (is_letter != 0) & (self.begun.0[lane] == 0);
            self.begun.0[lane] |= is_letter;
            let Sound(sound, more) = place.sound(is_first);
            let skipped = self.skipped.0[lane];
            let is_read = skipped == 0;
            sounds.0[lane] = if is_read { sound } else { 0 };
            self.skipped.0[lane] = if is_read {
                more
            } else {
                skipped.wrapping_sub(1)
            };
        }
        sounds
    }
}

/// A sound, 0 for none, and how many more letters it takes up.
#[derive(Clone, Copy)]
struct Sound(u8, u8);

impl Sound {
    const NONE: Self = Self(0, 0);

    /// Another sound where that is so.
    #[inline(always)]
    fn or(self, so: bool, other: Self) -> Self {
        Self(
            if so { other.0 } else { self.0 },
            if so { other.1 } else { self.1 },
        )
    }
}

/// A letter and what stands around it.
#[derive(Clone, Copy)]
struct Place {
    /// The third and the fourth before.
    before: (u8, u8),
    previous: u8,
    letter: u8,
    next: u8,
    after: u8,
    third: u8,
}

impl Place {
    #[inline(always)]
    fn sound(self, is_first: bool) -> Sound {
        let Self {
            letter,
            previous,
            next,
            after,
            ..
        } = self;
        let is = |other: u8| letter == other;
        let of_d = Sound(b'T', 0).or((next == b'G') & is_softening(after), Sound(b'J', 1));
        let of_h = is_vowel(next) & !is_any(previous, *b"CGPST");
        let of_p = Sound(b'P', 0).or(next == b'H', Sound(b'F', 0));
        let of_t = Sound(b'T', 0)
            .or(next == b'H', Sound(b'0', 1))
            .or((next == b'I') & is_any(after, *b"OA"), Sound(b'X', 0));
        let sound = Sound::NONE
            .or(is_any(letter, *b"FJLMNR"), Sound(letter, 0))
            .or(is(b'B') & (previous != b'M'), Sound(b'B', 0))
            .or(is(b'C'), self.sound_of_c())
            .or(is(b'D'), of_d)
            .or(is(b'G'), self.sound_of_g())
            .or(is(b'H') & of_h, Sound(b'H', 0))
            .or(is(b'K') & (previous != b'C'), Sound(b'K', 0))
            .or(is(b'P'), of_p)
            .or(is(b'Q'), Sound(b'K', 0))
            .or(is(b'S'), self.sound_of_s())
            .or(is(b'T'), of_t)
            .or(is(b'V'), Sound(b'F', 0))
            .or(is_any(letter, *b"WY") & is_vowel(next), Sound(letter, 0))
            .or(is(b'X'), Sound(TWO_SOUNDS, 0))
            .or(is(b'Z'), Sound(b'S', 0))
            .or(is_any(previous, [letter]) & !is(b'C'), Sound::NONE);
        self.beginning(sound, is_first)
    }

    /// What the first letter sounds like where that is decided by a rule for beginnings.
    #[inline(always)]
    fn beginning(self, sound: Sound, is_first: bool) -> Sound {
        let Self { letter, next, .. } = self;
        let is = |other: u8| is_first & (letter == other);
        sound
            .or(is_first & is_vowel(letter), Sound(letter, 0))
            .or(is(b'A') & (next == b'E'), Sound(b'E', 1))
            .or(
                is_first & is_any(letter, *b"GKP") & (next == b'N'),
                Sound(b'N', 1),
            )
            .or(is(b'W') & is_any(next, *b"HR"), Sound(next, 1))
            .or(is(b'W') & is_vowel(next), Sound(b'W', 1))
            .or(is(b'X'), Sound(b'S', 0))
    }

    #[inline(always)]
    fn sound_of_c(self) -> Sound {
        let soft = is_softening(self.next);
        let with_h = self.next == b'H';
        let hard = (self.after == b'R') | (self.previous == b'S');
        Sound(b'K', 0)
            .or(with_h, Sound(b'X', 1))
            // Christ, school.
            .or(with_h & hard, Sound(b'K', 1))
            .or(soft, Sound(b'S', 0))
            .or(soft & (self.previous == b'S'), Sound::NONE)
            .or((self.next == b'I') & (self.after == b'A'), Sound(b'X', 0))
    }

    #[inline(always)]
    fn sound_of_g(self) -> Sound {
        let (with_h, with_n) = (self.next == b'H', self.next == b'N');
        let ends = !is_upper(self.after) | ((self.after == b'E') & (self.third == b'D'));
        let silent_gh = is_any(self.before.0, *b"BDH") | (self.before.1 == b'H');
        Sound(b'K', 0)
            .or(
                is_softening(self.next) & (self.previous != b'G'),
                Sound(b'J', 0),
            )
            .or(with_n & ends, Sound::NONE)
            .or(with_h, Sound(b'F', 1))
            .or(with_h & silent_gh, Sound::NONE)
    }

    #[inline(always)]
    fn sound_of_s(self) -> Sound {
        let sch = (self.next == b'C') & (self.after == b'H') & (self.third == b'W');
        Sound(b'S', 0)
            .or(sch, Sound(b'X', 2))
            .or(self.next == b'H', Sound(b'X', 1))
            .or(
                (self.next == b'I') & is_any(self.after, *b"OA"),
                Sound(b'X', 0),
            )
    }
}

#[inline(always)]
fn is_upper(letter: u8) -> bool {
    letter.wrapping_sub(b'A') < 26
}

#[inline(always)]
fn is_vowel(letter: u8) -> bool {
    is_any(letter, *b"AEIOU")
}

/// Whether a letter makes a C or G before it soft.
#[inline(always)]
fn is_softening(letter: u8) -> bool {
    is_any(letter, *b"EIY")
}

#[inline(always)]
fn is_any<const N: usize>(letter: u8, letters: [u8; N]) -> bool {
    let mut any = false;
    for other in letters {
        any |= letter == other;
    }
    any
}
