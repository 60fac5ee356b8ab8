//! Whatever the text, a parser answers: it does not panic, and its time stays in proportion.

use proptest::prelude::*;

use super::address_parts::Address;
use super::country_text::country;
use super::currency_table::currency;
use super::date_text::Order;
use super::fuzzy_text::nearest;
use super::iso_text;
use super::money_text::{self, DecimalMark};
use super::name_parts::Name;
use super::normalize_state::state;
use super::postcode_text;
use super::url_text::Url;
use super::user_agent_text::UserAgent;

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
            let _ = Address::parse(&text, place);
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
        let _ = (country(&text), currency(&text), Name::parse(&text), UserAgent::parse(&text));
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
            Address::parse(text, "DE"),
            Address::parse(text, "US"),
            Name::parse(text),
        );
        let _ = (
            Url::parse(text).and_then(|url| url.parameter("x")),
            UserAgent::parse(text),
        );
    }
}
