//! Countries, states and postal codes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("normalize_country", text, &[]);
    call("normalize_country", "Germany", &[text]);
    for country in ["US", "GB", "DE", "FR", "AU", "CA", "NL"] {
        call("normalize_state", text, &[country]);
        call("normalize_postcode", text, &[country]);
    }
    call("normalize_state", "Bavaria", &[text]);
});
