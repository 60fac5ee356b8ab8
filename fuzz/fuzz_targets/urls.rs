//! URLs, their parameters, and User-Agent headers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary_fuzz::call;

fuzz_target!(|text: &str| {
    call("parse_url", text, &[]);
    call("url_parameter", text, &["utm_source"]);
    call("url_parameter", "https://example.org/?a=b&c=%20", &[text]);
    call("parse_user_agent", text, &[]);
});
