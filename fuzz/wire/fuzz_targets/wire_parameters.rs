//! Parameters of Bind, as each type and in both formats.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary::wire::fuzzing::parameter;

/// The most bytes that a value takes for each byte of a client, and those that it takes in any case.
const BYTES_FOR_EACH: usize = 256;
const BYTES_IN_ANY_CASE: usize = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    if let Some((choice, bytes)) = bytes.split_first() {
        let taken = parameter(*choice, bytes);
        let most = BYTES_IN_ANY_CASE + BYTES_FOR_EACH * bytes.len();
        assert!(taken <= most, "{taken} bytes of {}", bytes.len());
    }
});
