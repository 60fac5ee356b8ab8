//! Names of people.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("normalize_name", text, &[]);
    call("parse_name", text, &[]);
    call("nickname_root", text, &[]);
    call("fingerprint", text, &[]);
});
