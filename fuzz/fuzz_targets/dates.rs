//! Dates and times in every order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    for order in ["DMY", "MDY", "YMD"] {
        call("parse_date", text, &[order]);
    }
    for order in ["DMY", "MDY", "YMD", "UNIX", "EXCEL"] {
        call("to_iso8601", text, &[order]);
        call("to_iso8601", text, &[order, "error"]);
    }
    // An order is text of a user too.
    call("parse_date", "2021-03-04", &[text]);
});
