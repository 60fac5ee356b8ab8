//! E-mail addresses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("normalize_email", text, &[]);
    call("normalize_email", text, &["gmail, plus"]);
    call("email_domain", text, &[]);
    call("is_valid_email", text, &[]);
    call("is_disposable_email", text, &[]);
    call("normalize_email", "Jane.Doe+x@gmail.com", &[text]);
});
