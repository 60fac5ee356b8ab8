//! Whatever the text, a parser answers: it does not panic, and its time stays in proportion.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringArray, StringBuilder};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use proptest::prelude::*;

use super::address_parts::{AddressReader, Place};
use super::country_text::country;
use super::currency_table::currency;
use super::date_text::Order;
use super::fuzzy_text::nearest;
use super::iso_text;
use super::money_text::{self, DecimalMark};
use super::name_parts::NameReader;
use super::normalize_state::state;
use super::postcode_text;
use super::url_text::Url;
use super::user_agent_text::UserAgent;
use crate::FunctionError;
use crate::tests::try_call;

/// Anything, and what looks like what parsers read.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9.,' €$£()+–-]{0,40}",
        "[a-z0-9:/?#@&=%;.\\[\\] +-]{0,60}",
        "[0-9]{1,5}[-/. ][0-9A-Za-z]{1,9}[-/. :T][0-9]{1,4}[0-9: .,apmzZ+-]{0,20}",
        "((Flat|Apt|#|PO Box|Rue|Str\\.|St|NY|SW1A|10115|,|\n|[0-9]{1,6}|[A-Za-zäß]{1,8}) ?){0,14}",
        "((Dr\\.?|van|de|Jr|PhD|,|\\(|\\)|\"|“|and|[A-Za-zäß'-]{1,8}) ?){0,12}",
        "((Mozilla/5\\.0|Windows NT |iPhone|Android |Chrome/|rv:|[0-9._]{0,8}|;|\\() ?){0,10}",
    ]
}

proptest! {
    #[test]
    fn every_text_has_an_answer(text in texts(), other in texts()) {
        for place in ["US", "GB", "DE", "FR", "AU", "", &other] {
            let _ = AddressReader::default().read(&text, Place::named(place));
            let _ = state(&text, place);
            let _ = postcode_text::normalize(&text, place);
        }
        for mark in [DecimalMark::Dot, DecimalMark::Comma, DecimalMark::Unknown] {
            let _ = money_text::parse(&text, mark);
        }
        for (_, order) in Order::ALL {
            let _ = iso_text::write(&text, order, &mut String::new());
        }
        if let Some(url) = Url::parse(&text) {
            let _ = url.parameter(&other);
        }
        let _ = (country(&text), currency(&text), NameReader::default().read(&text).is_some(), UserAgent::parse(&text));
        let _ = nearest(&text, [Some(other.as_str()), None].into_iter(), 0.5);
    }

    /// What was read and written is read as the same again.
    #[test]
    fn answers_are_stable(text in texts()) {
        if let Some(code) = postcode_text::normalize(&text, "US") {
            prop_assert_eq!(postcode_text::normalize(&code, "US"), Some(code));
        }
        if let Some((amount, _)) = money_text::parse(&text, DecimalMark::Dot) {
            let written = format!("{}.{:04}", amount / 10_000, (amount % 10_000).abs());
            let written = if amount < 0 && amount > -10_000 { format!("-{written}") } else { written };
            prop_assert_eq!(money_text::parse(&written, DecimalMark::Dot), Some((amount, None)));
        }
        let mut iso = String::new();
        if iso_text::write(&text, Order::Dmy, &mut iso) {
            let mut again = String::new();
            prop_assert!(iso_text::write(&iso, Order::Ymd, &mut again), "{}", iso);
            prop_assert_eq!(again, iso);
        }
    }
}

#[test]
fn a_text_at_the_limit_is_read_at_once() {
    let words = "12 van Str. #5 (x) 10115 ".repeat(1 << 11);
    for text in [
        &words[..],
        &words.replace(' ', ","),
        &"a=b&".repeat(1 << 14),
        &"(".repeat(1 << 16),
    ] {
        let _ = (
            AddressReader::default().read(text, Place::named("DE")),
            AddressReader::default().read(text, Place::named("US")),
            NameReader::default().read(text).is_some(),
        );
        let _ = (
            Url::parse(text).and_then(|url| url.parameter("x")),
            UserAgent::parse(text),
        );
    }
}

/// Texts that parsers have choked on elsewhere: at the edges of numbers and of Unicode, nested,
/// unended, and as long as a document.
fn corpus() -> Vec<String> {
    let short = [
        "",
        " ",
        "\0",
        "\u{feff}2021-01-01",
        "\u{202e}12/31/2021",
        "-",
        "+",
        "+0",
        "00",
        "99999999999999999999999999999999",
        "-9223372036854775808",
        "1e308",
        "NaN",
        "0000-00-00",
        "9999-12-31T23:59:60.999999999999+99:99",
        "31/02/2021",
        "٢٠٢١-٠١-٠١",
        "1.234.567,89-€",
        "((((((5))))))",
        "(((((",
        ")",
        ",,,,",
        "''\"\"''",
        "a@b@c@d",
        "\"\"@[]",
        "@",
        "xn--@xn--.xn--",
        "http://[::1",
        "http://a:99999/?%zz=%&=&&",
        "://",
        "Dr. Dr. Dr.",
        "van der van der",
        "Jr",
        "İıẞßſK",
        "e\u{301}\u{301}\u{301}\u{301}",
        "👩‍👩‍👧‍👦",
        "\u{10ffff}",
        "Mozilla/5.0 (",
        "Windows NT ",
    ];
    let repeated = [
        "1",
        " ",
        "(",
        "é",
        "12 van Str. #5 (x) 10115 ",
        "a.b+c@d.",
        "€%1,000/",
    ];
    let long = repeated.map(|part| part.repeat((1 << 20) / part.len() + 1));
    short.into_iter().map(str::to_owned).chain(long).collect()
}

fn text(text: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::from(text))
}

/// The functions that read what people write, with their other arguments.
fn parsers() -> Vec<(&'static str, Vec<ColumnarValue>)> {
    let mut values = ListBuilder::new(StringBuilder::new());
    values.append_value([Some("pending"), Some("shipped")]);
    let values = ColumnarValue::Scalar(ScalarValue::List(Arc::new(values.finish())));
    vec![
        ("parse_date", vec![text("DMY")]),
        ("to_iso8601", vec![]),
        ("to_iso8601", vec![text("UNIX")]),
        ("to_iso8601", vec![text("EXCEL")]),
        ("normalize_phone", vec![]),
        ("normalize_phone", vec![text("US")]),
        ("is_valid_phone", vec![text("DE")]),
        ("normalize_address", vec![text("GB")]),
        ("parse_address", vec![text("DE")]),
        ("parse_address", vec![text("US")]),
        ("normalize_postcode", vec![text("GB")]),
        ("normalize_country", vec![]),
        ("normalize_state", vec![text("US")]),
        ("normalize_name", vec![]),
        ("parse_name", vec![]),
        ("nickname_root", vec![]),
        ("parse_money", vec![]),
        ("parse_money", vec![text(",")]),
        ("normalize_currency", vec![]),
        ("normalize_email", vec![text("gmail, plus")]),
        ("email_domain", vec![]),
        ("is_valid_email", vec![]),
        ("is_disposable_email", vec![]),
        ("parse_url", vec![]),
        ("url_parameter", vec![text("a")]),
        ("parse_user_agent", vec![]),
        ("fuzzy_enum", vec![values]),
        ("map_enum", vec![text(r#"{"a": "b"}"#)]),
        ("fingerprint", vec![]),
        ("squash_whitespace", vec![]),
        ("unaccent", vec![]),
    ]
}

/// Every parser answers every text, or says in an error of its own that the text is too long.
#[test]
fn every_parser_answers_the_corpus() {
    let corpus = corpus();
    for (name, others) in parsers() {
        for given in &corpus {
            let array: ArrayRef = Arc::new(StringArray::from(vec![given.as_str()]));
            let first = std::iter::once(ColumnarValue::Array(array));
            let answer = try_call(name, first.chain(others.clone()).collect(), 1);
            let Err(error) = answer else {
                continue;
            };
            let beginning: String = given.chars().take(20).collect();
            let DataFusionError::External(error) = &error else {
                panic!("{name} of {beginning:?}: {error}");
            };
            let error = error.downcast_ref::<FunctionError>();
            let error = error.unwrap_or_else(|| panic!("{name} of {beginning:?}"));
            assert_eq!(error.sqlstate, "54000", "{name} of {beginning:?}: {error}");
            assert!(given.len() > 1 << 16, "{name} of {beginning:?}: {error}");
            assert!(error.hint.is_some(), "{name} of {beginning:?}: {error}");
        }
    }
}
