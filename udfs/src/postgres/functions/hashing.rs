//! PostgreSQL's hashes of values, by which clients choose advisory locks and parts of tables: `hashtext`,
//! `hashint4`, `hashint8`, and the forms of 64 bits with a seed.
//!
//! They are Bob Jenkins's lookup3 as PostgreSQL has it (`hashfn.c`, `hashfunc.c`).

use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Type, form, integer};

use Type::{BigInt, Integer, Text};

pub(super) const HASHTEXT: &[Form] = &[form(&[Text], Integer, |row| {
    signed(hash(row.text(0).as_bytes()))
})];
pub(super) const HASHTEXTEXTENDED: &[Form] = &[form(&[Text, BigInt], BigInt, |row| {
    let (b, c) = state(row.text(0).as_bytes(), row.integer(1).cast_unsigned());
    let wide = u64::from(b) << 32 | u64::from(c);
    Ok(ScalarValue::from(wide.cast_signed()))
})];
pub(super) const HASHINT4: &[Form] = &[form(&[Integer], Integer, |row| {
    signed(hash_word(low_half(row.integer(0))))
})];
pub(super) const HASHINT8: &[Form] = &[form(&[BigInt], Integer, |row| {
    let value = row.integer(0);
    // Equal integers of both types have one hash.
    let high = low_half(value >> 32);
    let folded = match value >= 0 {
        true => low_half(value) ^ high,
        false => low_half(value) ^ !high,
    };
    signed(hash_word(folded))
})];

fn signed(hash: u32) -> datafusion::error::Result<ScalarValue> {
    integer(i64::from(hash.cast_signed()))
}

fn low_half(value: i64) -> u32 {
    (value.cast_unsigned() & u64::from(u32::MAX)) as u32
}

/// What the three words begin as.
fn begin(bytes: usize) -> u32 {
    // Of texts of four gigabytes and more, the length wraps.
    let length = low_half(i64::try_from(bytes).unwrap_or(i64::MAX));
    0x9e37_79b9_u32.wrapping_add(length).wrapping_add(3_923_095)
}

fn hash(bytes: &[u8]) -> u32 {
    state(bytes, 0).1
}

fn hash_word(word: u32) -> u32 {
    let first = begin(4);
    last_mix([first.wrapping_add(word), first, first]).1
}

fn state(bytes: &[u8], seed: u64) -> (u32, u32) {
    let mut words = [begin(bytes.len()); 3];
    if seed != 0 {
        words[0] = words[0].wrapping_add((seed >> 32) as u32);
        words[1] = words[1].wrapping_add((seed & u64::from(u32::MAX)) as u32);
        words = mix(words);
    }
    let mut pieces = bytes.chunks_exact(12);
    for piece in pieces.by_ref() {
        for (word, part) in words.iter_mut().zip(piece.chunks_exact(4)) {
            *word = word.wrapping_add(read(part, 0));
        }
        words = mix(words);
    }
    let rest = pieces.remainder();
    for (index, part) in rest.chunks(4).enumerate() {
        // The lowest byte of the last word is the length's.
        let shift = if index == 2 { 8 } else { 0 };
        words[index] = words[index].wrapping_add(read(part, shift));
    }
    last_mix(words)
}

/// Up to four bytes, the lowest first.
fn read(bytes: &[u8], shift: u32) -> u32 {
    let places = bytes.iter().zip(0..);
    places.fold(0, |word, (byte, place)| {
        word | u32::from(*byte) << (8 * place + shift)
    })
}

fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    [a, b, c]
}

/// The second and the third word in the end.
fn last_mix([mut a, mut b, mut c]: [u32; 3]) -> (u32, u32) {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    (b, c)
}
