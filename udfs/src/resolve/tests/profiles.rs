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
