//! The first packet of a connection, and the first message of SCRAM.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary::wire::fuzzing::{client_first, startup};

fuzz_target!(|bytes: &[u8]| {
    let whole = startup(bytes, 0);
    let cut = bytes.len() / 2;
    assert_eq!(startup(bytes, cut), whole, "cut at {cut}");
    client_first(bytes);
});
