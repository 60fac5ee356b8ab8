//! The rules of Metaphone (Lawrence Philips, "Hanging on the Metaphone", Computer Language 7(12),
//! 1990) as Michael Schwern's Text::Metaphone has them, from which PostgreSQL's are.

/// Writes at most `limit` sounds of a text; only letters of ASCII count.
pub(super) fn write_code(text: &str, limit: usize, code: &mut String) {
    let word = Word(text.as_bytes());
    let Some(first) = text.bytes().position(|byte| byte.is_ascii_alphabetic()) else {
        return;
    };
    let (sound, mut at) = word.beginning(first);
    code.extend(sound.map(char::from));
    while code.len() < limit && at < text.len() {
        let (sounds, letters) = word.sounds(at);
        for sound in sounds.bytes().take(limit - code.len()) {
            code.push(char::from(sound));
        }
        at += letters;
    }
}

/// The bytes of a text, read in upper case; 0 stands before its beginning and behind its end.
#[derive(Clone, Copy)]
struct Word<'a>(&'a [u8]);

impl Word<'_> {
    fn letter(self, at: usize) -> u8 {
        self.0.get(at).map_or(0, u8::to_ascii_uppercase)
    }

    /// The letter so many before one.
    fn before(self, at: usize, distance: usize) -> u8 {
        at.checked_sub(distance).map_or(0, |at| self.letter(at))
    }

    /// What the first letter sounds like where that is decided by a rule for beginnings, and where
    /// to go on.
    fn beginning(self, at: usize) -> (Option<u8>, usize) {
        let next = self.letter(at + 1);
        match self.letter(at) {
            b'A' if next == b'E' => (Some(b'E'), at + 2),
            b'G' | b'K' | b'P' if next == b'N' => (Some(b'N'), at + 2),
            b'W' if matches!(next, b'H' | b'R') => (Some(next), at + 2),
            b'W' if is_vowel(next) => (Some(b'W'), at + 2),
            b'X' => (Some(b'S'), at + 1),
            vowel @ (b'A' | b'E' | b'I' | b'O' | b'U') => (Some(vowel), at + 1),
            _ => (None, at),
        }
    }

    /// What a letter sounds like, and how many letters that takes up.
    fn sounds(self, at: usize) -> (&'static str, usize) {
        let letter = self.letter(at);
        let (previous, next) = (self.before(at, 1), self.letter(at + 1));
        if !letter.is_ascii_uppercase() || letter == previous && letter != b'C' {
            return ("", 1);
        }
        match letter {
            b'B' if previous != b'M' => ("B", 1),
            b'C' => self.sound_of_c(at),
            b'D' if next == b'G' && is_softening(self.letter(at + 2)) => ("J", 2),
            b'D' => ("T", 1),
            b'G' => self.sound_of_g(at),
            b'H' if is_vowel(next) && !matches!(previous, b'C' | b'G' | b'P' | b'S' | b'T') => {
                ("H", 1)
            }
            b'K' if previous != b'C' => ("K", 1),
            b'P' if next == b'H' => ("F", 1),
            b'P' => ("P", 1),
            b'Q' => ("K", 1),
            b'S' => self.sound_of_s(at),
            b'T' if next == b'I' && matches!(self.letter(at + 2), b'O' | b'A') => ("X", 1),
            b'T' if next == b'H' => ("0", 2),
            b'T' => ("T", 1),
            b'V' | b'F' => ("F", 1),
            b'W' if is_vowel(next) => ("W", 1),
            b'X' => ("KS", 1),
            b'Y' if is_vowel(next) => ("Y", 1),
            b'Z' => ("S", 1),
            b'J' => ("J", 1),
            b'L' => ("L", 1),
            b'M' => ("M", 1),
            b'N' => ("N", 1),
            b'R' => ("R", 1),
            _ => ("", 1),
        }
    }

    fn sound_of_c(self, at: usize) -> (&'static str, usize) {
        let (previous, next, after) =
            (self.before(at, 1), self.letter(at + 1), self.letter(at + 2));
        match next {
            b'I' if after == b'A' => ("X", 1),
            b'I' | b'E' | b'Y' if previous == b'S' => ("", 1),
            b'I' | b'E' | b'Y' => ("S", 1),
            // Christ, school.
            b'H' if after == b'R' || previous == b'S' => ("K", 2),
            b'H' => ("X", 2),
            _ => ("K", 1),
        }
    }

    fn sound_of_g(self, at: usize) -> (&'static str, usize) {
        let (previous, next, after) =
            (self.before(at, 1), self.letter(at + 1), self.letter(at + 2));
        match next {
            b'H' if matches!(self.before(at, 3), b'B' | b'D' | b'H')
                || self.before(at, 4) == b'H' =>
            {
                ("", 1)
            }
            b'H' => ("F", 2),
            b'N' if !after.is_ascii_uppercase() || after == b'E' && self.letter(at + 3) == b'D' => {
                ("", 1)
            }
            b'N' => ("K", 1),
            _ if is_softening(next) && previous != b'G' => ("J", 1),
            _ => ("K", 1),
        }
    }

    fn sound_of_s(self, at: usize) -> (&'static str, usize) {
        match (self.letter(at + 1), self.letter(at + 2)) {
            (b'I', b'O' | b'A') => ("X", 1),
            (b'H', _) => ("X", 2),
            (b'C', b'H') if self.letter(at + 3) == b'W' => ("X", 3),
            _ => ("S", 1),
        }
    }
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U')
}

/// Whether a letter makes a C or G before it soft.
fn is_softening(letter: u8) -> bool {
    matches!(letter, b'E' | b'I' | b'Y')
}
