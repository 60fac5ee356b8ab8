//! Currencies, as data.
//!
//! Codes are those of ISO 4217 in use, without funds and metals; signs and names are those of
//! Unicode's CLDR in English and of everyday use in each country. What several countries use for
//! different currencies is not here (`kr`, `peso`, `franc`), but for `$`, `£` and `¥`, which alone
//! stand for the currency that most trade is in.

use std::sync::LazyLock;

use datafusion::common::HashMap;

/// Every code, ascending.
#[rustfmt::skip]
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD",
    "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES",
    "VND", "VUV", "WST", "XAD", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// Signs and names in small letters, ascending, and their code.
#[rustfmt::skip]
const SIGNS: &[(&str, &str)] = &[
    ("$", "USD"),
    ("$us", "USD"),
    ("a$", "AUD"),
    ("au$", "AUD"),
    ("australian dollar", "AUD"),
    ("australian dollars", "AUD"),
    ("baht", "THB"),
    ("c$", "CAD"),
    ("ca$", "CAD"),
    ("can$", "CAD"),
    ("canadian dollar", "CAD"),
    ("canadian dollars", "CAD"),
    ("cdn$", "CAD"),
    ("cn¥", "CNY"),
    ("danish krone", "DKK"),
    ("danish kroner", "DKK"),
    ("dkr", "DKK"),
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("eur.", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("forint", "HUF"),
    ("fr.", "CHF"),
    ("franken", "CHF"),
    ("ft", "HUF"),
    ("hk$", "HKD"),
    ("jp¥", "JPY"),
    ("kc", "CZK"),
    ("kč", "CZK"),
    ("lei", "RON"),
    ("leu", "RON"),
    ("mex$", "MXN"),
    ("mx$", "MXN"),
    ("new zealand dollar", "NZD"),
    ("new zealand dollars", "NZD"),
    ("nkr", "NOK"),
    ("norwegian krone", "NOK"),
    ("norwegian kroner", "NOK"),
    ("nt$", "TWD"),
    ("nz$", "NZD"),
    ("pound", "GBP"),
    ("pound sterling", "GBP"),
    ("pounds", "GBP"),
    ("pounds sterling", "GBP"),
    ("quid", "GBP"),
    ("r$", "BRL"),
    ("rand", "ZAR"),
    ("reais", "BRL"),
    ("real", "BRL"),
    ("renminbi", "CNY"),
    ("rmb", "CNY"),
    ("rouble", "RUB"),
    ("roubles", "RUB"),
    ("rs.", "INR"),
    ("rupee", "INR"),
    ("rupees", "INR"),
    ("s$", "SGD"),
    ("schweizer franken", "CHF"),
    ("sfr", "CHF"),
    ("sfr.", "CHF"),
    ("sg$", "SGD"),
    ("shekel", "ILS"),
    ("shekels", "ILS"),
    ("skr", "SEK"),
    ("sterling", "GBP"),
    ("swedish krona", "SEK"),
    ("swedish kronor", "SEK"),
    ("swiss franc", "CHF"),
    ("swiss francs", "CHF"),
    ("tl", "TRY"),
    ("u.s. dollars", "USD"),
    ("u.s.$", "USD"),
    ("us dollar", "USD"),
    ("us dollars", "USD"),
    ("us$", "USD"),
    ("usd$", "USD"),
    ("won", "KRW"),
    ("yen", "JPY"),
    ("yuan", "CNY"),
    ("zl", "PLN"),
    ("zloty", "PLN"),
    ("zł", "PLN"),
    ("złoty", "PLN"),
    ("złotych", "PLN"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("руб", "RUB"),
    ("руб.", "RUB"),
    ("฿", "THB"),
    ("₡", "CRC"),
    ("₦", "NGN"),
    ("₩", "KRW"),
    ("₪", "ILS"),
    ("₫", "VND"),
    ("€", "EUR"),
    ("₱", "PHP"),
    ("₲", "PYG"),
    ("₴", "UAH"),
    ("₸", "KZT"),
    ("₹", "INR"),
    ("₺", "TRY"),
    ("₼", "AZN"),
    ("₽", "RUB"),
    ("₾", "GEL"),
    ("元", "CNY"),
    ("円", "JPY"),
];

/// Longer text is no currency.
const LONGEST: usize = 40;

/// The codes by what is mostly written: signs, names in small letters, codes in capitals and small
/// letters. A sign that is a code too means the same.
static BY_TEXT: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    let codes = CODES.iter();
    let codes = codes.flat_map(|code| [((*code).to_owned(), *code), (code.to_lowercase(), *code)]);
    let signs = SIGNS.iter().map(|(sign, code)| ((*sign).to_owned(), *code));
    codes.chain(signs).collect()
});

/// The code of a currency by code, sign or name, in any case.
pub(crate) fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let code = BY_TEXT.get(text).copied();
    code.or_else(|| BY_TEXT.get(&text.to_uppercase()).copied())
        .or_else(|| BY_TEXT.get(&text.to_lowercase()).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        assert!(CODES.is_sorted());
        assert!(SIGNS.is_sorted());
        for (sign, code) in SIGNS {
            assert!(CODES.contains(code), "{code}");
            assert_eq!(currency(sign), Some(*code), "{sign}");
        }
        assert_eq!(currency(" eur "), Some("EUR"));
        assert_eq!(currency("kr"), None);
        assert_eq!(currency(""), None);
    }
}
