//! The messages of a connection, however they are cut into pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary::wire::fuzzing::messages;

fuzz_target!(|bytes: &[u8]| {
    if let Some((cut, bytes)) = bytes.split_first_chunk() {
        let cut = usize::from(u16::from_be_bytes(*cut)) % (bytes.len() + 1);
        assert_eq!(messages(bytes, cut), messages(bytes, 0), "cut at {cut}");
    }
});
