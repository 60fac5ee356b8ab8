//! Telephone numbers, with and without a region.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("normalize_phone", text, &[]);
    for region in ["US", "GB", "DE", "FR", "AU", "IT"] {
        call("normalize_phone", text, &[region]);
        call("is_valid_phone", text, &[region]);
    }
    call("normalize_phone", "020 7946 0958", &[text]);
});
