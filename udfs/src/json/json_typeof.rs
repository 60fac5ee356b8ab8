//! `json_typeof(document)`: `object`, `array`, `string`, `number`, `boolean` or `null`.

use super::function::{Answer, Compute, Definition, Parameter};
use super::get::type_of;

macro_rules! declare {
    ($static:ident, $name:literal) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: Answer::Text,
            compute: Compute::Text(|row, out| {
                out.push_str(type_of(row.required(0)?));
                Ok(true)
            }),
            ..Definition::STRICT
        };
    };
}

declare!(JSON, "json_typeof");
declare!(JSONB, "jsonb_typeof");
