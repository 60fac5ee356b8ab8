//! Amounts of money, with each decimal mark.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("parse_money", text, &[]);
    for mark in [".", ","] {
        call("parse_money", text, &[mark]);
    }
    call("normalize_currency", text, &[]);
    call("parse_money", "1.234,56 €", &[text]);
});
