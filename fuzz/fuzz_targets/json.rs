//! Documents and paths.

#![no_main]

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use libfuzzer_sys::fuzz_target;
use tributary_udfs::json::{JsonKind, read_texts};

fuzz_target!(|text: &str| {
    let texts: ArrayRef = std::sync::Arc::new(StringArray::from(vec![text]));
    let written = read_texts(&texts, JsonKind::Json);
    for kind in [JsonKind::Jsonb, JsonKind::Path] {
        let Ok(read) = read_texts(&texts, kind) else {
            continue;
        };
        // The text of a value is the text of the same value.
        let again = read_texts(&read, kind);
        assert!(again.is_ok_and(|again| again.as_string::<i32>() == read.as_string::<i32>()));
        assert!(kind == JsonKind::Path || written.is_ok() && !read.is_empty());
    }
});
