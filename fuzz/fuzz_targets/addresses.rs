//! Addresses of each country that has words of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    for country in ["US", "GB", "DE", "FR", "AU", ""] {
        call("normalize_address", text, &[country]);
        call("parse_address", text, &[country]);
    }
    call("parse_address", "1 Main St, Springfield", &[text]);
});
