//! What columns of customer data are found to hold.

use super::super::kind::ColumnKind;
use super::super::profile::profile;

/// What a column is found to hold, of which each value is that of so many records.
fn kind_of(name: &str, values: &[&str], records: usize) -> ColumnKind {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    profile(name, &distinct, distinct.len(), values.len() * records).0
}

/// Texts that are made of the numbers from 0.
fn texts(count: u32, make: impl Fn(u32) -> String) -> Vec<String> {
    (0..count).map(make).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn dates_are_dates_among_texts_that_stand_for_none() {
    let day = |at: u32| (1 + at % 28, 1 + at % 12, 1950 + at % 50);
    let makes: [fn((u32, u32, u32)) -> String; 4] = [
        |(day, month, year)| format!("{day:02}.{month:02}.{year}"),
        |(day, month, year)| format!("{day:02}-{month:02}-{year}"),
        |(day, month, year)| format!("{year}{month:02}{day:02}"),
        |(day, month, year)| format!("{day:02}.{month:02}.{year} 00:00"),
    ];
    for make in makes {
        let dates = texts(5, |at| make(day(at)));
        let with = |more: &[&'static str]| [borrowed(&dates).as_slice(), more].concat();
        for more in [&[][..], &[" ", "n/a"], &["  ", "-", "unknown"]] {
            let values = with(more);
            assert_eq!(kind_of("c", &values, 2), ColumnKind::Date, "{values:?}");
        }
    }
    // Several are in another order, or no days.
    let mut dates = texts(20, |at| makes[0](day(at + 15)));
    dates.extend(texts(8, |at| format!("{:02}.{:02}.1980", 1 + at, 21 + at)));
    assert_eq!(kind_of("c", &borrowed(&dates), 1), ColumnKind::Date);
    // Telephone numbers are not, whatever divides them.
    let phones = texts(50, |at| {
        format!("{:02}.{:02}.55.{:02}.17", 1 + at % 9, at, 99 - at)
    });
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    let phones = texts(50, |at| {
        format!("{:02}-{:02}-55{:02}", 20 + at, at + 10, 99 - at)
    });
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    assert_eq!(kind_of("c", &[" ", "-", "N/A"], 9), ColumnKind::Ignore);
}

#[test]
fn numbers_whose_checks_hold_are_national_ids() {
    let chinese = [
        "11010519491231002X",
        "440524188001010014",
        "110101199003070134",
    ];
    let spanish = ["12345678Z", "X1234567L", "Y1234567X"];
    let brazilian = ["529.982.247-25", "111.444.777-35", "123.456.789-09"];
    let french = [
        "1 85 05 78 006 084 91",
        "2 55 08 14 168 025 38",
        "1-90-01-2A-123-456-15",
    ];
    let indian = [
        "2341 2341 2346",
        "9999 4105 7058",
        "5678 2345 6713",
        "8041 2299 0170",
    ];
    let italian = ["RSSMRA85T10A562S", "MRTMTT91D08F205J"];
    for values in [
        &chinese[..],
        &spanish,
        &brazilian,
        &french,
        &indian,
        &italian,
    ] {
        assert_eq!(
            kind_of("c", values, 3),
            ColumnKind::NationalId,
            "{values:?}"
        );
    }
    // Where one in ten has the right check, many are needed, and nearly all of them right.
    let with_check = |prefix: &str, weights: &[u32], modulus: u32| {
        let sum: u32 = weights
            .iter()
            .zip(prefix.chars())
            .map(|(weight, digit)| weight * digit.to_digit(10).unwrap())
            .sum();
        let check = sum % modulus;
        (check < 10).then(|| format!("{prefix}{check}"))
    };
    let dutch: Vec<String> = (0..40)
        .filter_map(|at| {
            with_check(
                &format!("{}", 10_203_040 + at * 1_717_171),
                &[9, 8, 7, 6, 5, 4, 3, 2],
                11,
            )
        })
        .collect();
    assert!(dutch.len() > 20);
    assert_eq!(kind_of("c", &borrowed(&dutch), 1), ColumnKind::NationalId);
    // Telephone numbers of as many digits stay what they are.
    let phones = texts(60, |at| format!("{}", 301_203_040 + at * 1_717_171));
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    let mixed = [&borrowed(&dutch)[..20], &borrowed(&phones)[..20]].concat();
    assert_eq!(kind_of("c", &mixed, 1), ColumnKind::Phone);
}
