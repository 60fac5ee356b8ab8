//! NYSIIS (Robert Taft, "Name Search Techniques", New York State Identification and Intelligence
//! System, 1970).

/// Writes the code of a name, which is given in upper case letters of ASCII.
pub(super) fn write_code(name: &mut Vec<u8>, code: &mut String) {
    replace_beginning(name);
    replace_end(name);
    let Some(first) = name.first().copied() else {
        return;
    };
    code.push(char::from(first));
    let mut last = first;
    let mut at = 1;
    while at < name.len() {
        let (sound, letters) = sound(&name[at..], last);
        for letter in sound.bytes() {
            if letter != last {
                code.push(char::from(letter));
                last = letter;
            }
        }
        at += letters;
    }
    strip_end(code);
}

fn replace_beginning(name: &mut [u8]) {
    const BEGINNINGS: [(&[u8], &[u8]); 6] = [
        (b"MAC", b"MCC"),
        (b"KN", b"NN"),
        (b"K", b"C"),
        (b"PH", b"FF"),
        (b"PF", b"FF"),
        (b"SCH", b"SSS"),
    ];
    for (old, new) in BEGINNINGS {
        if name.starts_with(old) {
            name[..new.len()].copy_from_slice(new);
            return;
        }
    }
}

fn replace_end(name: &mut Vec<u8>) {
    let new = match name.last_chunk::<2>() {
        Some(b"EE" | b"IE") => b'Y',
        Some(b"DT" | b"RT" | b"RD" | b"NT" | b"ND") => b'D',
        _ => return,
    };
    name.truncate(name.len() - 2);
    name.push(new);
}

/// What the first of some letters sounds like behind another sound, and how many letters that
/// takes up. No sound of its own repeats the one before.
fn sound(letters: &[u8], before: u8) -> (&'static str, usize) {
    let next = letters.get(1).copied().unwrap_or(0);
    match letters[0] {
        b'E' if next == b'V' => ("AF", 2),
        b'A' | b'E' | b'I' | b'O' | b'U' => ("A", 1),
        b'Q' => ("G", 1),
        b'Z' => ("S", 1),
        b'M' => ("N", 1),
        b'K' if next == b'N' => ("N", 1),
        b'K' => ("C", 1),
        b'S' if letters.starts_with(b"SCH") => ("S", 3),
        b'P' if next == b'H' => ("F", 2),
        b'H' if !(is_vowel(before) && is_vowel(next)) => ("", 1),
        b'W' if is_vowel(before) => ("", 1),
        other => (letter(other), 1),
    }
}

/// A letter as text.
fn letter(letter: u8) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let at = usize::from(letter.wrapping_sub(b'A'));
    LETTERS.get(at..=at).unwrap_or_default()
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U')
}

/// Leaves out an S, then the A of AY, then an A at the end; never the only letter.
fn strip_end(code: &mut String) {
    if code.len() > 1 && code.ends_with('S') {
        code.pop();
    }
    if code.ends_with("AY") {
        code.truncate(code.len() - 2);
        code.push('Y');
    }
    if code.len() > 1 && code.ends_with('A') {
        code.pop();
    }
}
