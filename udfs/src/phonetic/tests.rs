//! Codes of many texts at once against those of one.

use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use proptest::prelude::*;

use super::{metaphone_rules, soundex};
use crate::tests::call;

/// Texts of letters that rules look at, of what is no letter, and long ones.
fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
    let text = prop_oneof![
        4 => "[A-Za-z]{0,12}",
        4 => "[CGHIAEBDSTNKPWXRO]{0,14}",
        2 => "[a-z1-6 ,é-]{0,30}",
        1 => "[a-eghist]{50,90}",
    ];
    prop::collection::vec(prop::option::weighted(0.9, text), 1..100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn many_texts_are_answered_as_one(texts in texts(), limit in 1..20_usize) {
        let array = || ColumnarValue::Array(Arc::new(StringArray::from(texts.clone())));
        let limits = ColumnarValue::Scalar(ScalarValue::from(limit as i64));
        let soundexes = call("soundex", vec![array()], texts.len());
        let metaphones = call("metaphone", vec![array(), limits], texts.len());
        let given = soundexes.as_string_view().iter().zip(metaphones.as_string_view().iter());
        for (text, given) in texts.iter().zip(given) {
            let expected = text.as_ref().map(|text| {
                let soundex = soundex::code(text).map(char::from);
                let mut metaphone = String::new();
                metaphone_rules::write_code(text, limit, &mut metaphone);
                let soundex = String::from_iter(soundex);
                (soundex.trim_end_matches('\0').to_string(), metaphone)
            });
            let expected = expected.as_ref();
            prop_assert_eq!(given.0, expected.map(|(soundex, _)| soundex.as_str()), "{:?}", text);
            prop_assert_eq!(given.1, expected.map(|(_, metaphone)| metaphone.as_str()), "{:?}", text);
        }
    }
}

/// As in PostgreSQL, whose rules take the bytes of UTF-8 for letters of Latin-1.
#[test]
fn two_bytes_of_utf_8_sound_like_latin_letters() {
    for (text, code) in [("Ǉ", "S"), ("с", "N"), ("é", "")] {
        let array = || ColumnarValue::Array(Arc::new(StringArray::from(vec![text])));
        for name in ["dmetaphone", "dmetaphone_alt"] {
            let answer = call(name, vec![array()], 1);
            assert_eq!(answer.as_string_view().value(0), code, "{name} of {text}");
        }
    }
}
