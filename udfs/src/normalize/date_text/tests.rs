use proptest::prelude::*;

use super::*;

fn iso(text: &str, order: Order) -> Option<String> {
    parse(text, order).map(|day| day.format("%Y-%m-%d").to_string())
}

#[test]
fn the_order_decides_numeric_dates() {
    for (text, dmy, mdy, ymd) in [
        ("03/04/2021", Some("2021-04-03"), Some("2021-03-04"), None),
        ("3-4-2021", Some("2021-04-03"), Some("2021-03-04"), None),
        ("03.04.2021", Some("2021-04-03"), Some("2021-03-04"), None),
        ("3 4 2021", Some("2021-04-03"), Some("2021-03-04"), None),
        ("3. 4. 2021", Some("2021-04-03"), Some("2021-03-04"), None),
        (
            "03/04/21",
            Some("2021-04-03"),
            Some("2021-03-04"),
            Some("2003-04-21"),
        ),
        ("03/04/69", Some("1969-04-03"), Some("1969-03-04"), None),
        ("03/04/68", Some("2068-04-03"), Some("2068-03-04"), None),
        ("25/12/2020", Some("2020-12-25"), None, None),
        ("12/25/2020", None, Some("2020-12-25"), None),
        (
            "2021-03-04",
            Some("2021-03-04"),
            Some("2021-03-04"),
            Some("2021-03-04"),
        ),
        (
            "2021/3/4",
            Some("2021-03-04"),
            Some("2021-03-04"),
            Some("2021-03-04"),
        ),
        (
            "2021.03.04",
            Some("2021-03-04"),
            Some("2021-03-04"),
            Some("2021-03-04"),
        ),
        (
            "20210304",
            Some("2021-03-04"),
            Some("2021-03-04"),
            Some("2021-03-04"),
        ),
        ("03042021", Some("2021-04-03"), Some("2021-03-04"), None),
        (
            "030421",
            Some("2021-04-03"),
            Some("2021-03-04"),
            Some("2003-04-21"),
        ),
        (
            "21-Mar-05",
            Some("2005-03-21"),
            Some("2005-03-21"),
            Some("2021-03-05"),
        ),
    ] {
        assert_eq!(iso(text, Order::Dmy).as_deref(), dmy, "{text} DMY");
        assert_eq!(iso(text, Order::Mdy).as_deref(), mdy, "{text} MDY");
        assert_eq!(iso(text, Order::Ymd).as_deref(), ymd, "{text} YMD");
    }
}

#[test]
fn words_and_times_are_read_alike_in_every_order() {
    for text in [
        "2021-03-05",
        " 2021-03-05 ",
        "2021-03-05T10:15:00Z",
        "2021-03-05T10:15:00.123456+01:00",
        "2021-03-05T10:15",
        "2021-03-05 10:15:00",
        "2021-03-05 10:15:00.5 UTC",
        "2021-03-05 10:15:00-0800",
        "2021-03-05 3:15 pm",
        "2021-03-05, 3:15:10 p.m.",
        "20210305T101500Z",
        "20210305101500",
        "5 March 2021",
        "5th March 2021",
        "5th of March, 2021",
        "the 5th of March 2021",
        "March 5, 2021",
        "March 5th, 2021",
        "Mar 5 2021",
        "MARCH 5 2021",
        "Fri, 05 Mar 2021 10:15:00 GMT",
        "Fri Mar 05 2021 10:15:00 GMT+0100",
        "Friday, March 5, 2021",
        "05-MAR-2021",
        "05/Mar/2021",
        "2021 March 5",
        "2021-Mar-05",
        "5. März 2021",
        "5. Ma\u{308}rz 2021",
        "5. Maerz 2021",
        "Freitag, 5. März 2021",
        "5.Mrz.2021",
        "5 mars 2021",
        "le 5 mars 2021",
        "vendredi 5 mars 2021",
        "5 de marzo de 2021",
        "viernes, 5 de marzo de 2021",
        "5 Mar '21",
        "March 5 ’21",
    ] {
        for order in [Order::Dmy, Order::Mdy] {
            assert_eq!(iso(text, order).as_deref(), Some("2021-03-05"), "{text}");
        }
    }
    for (text, expected) in [
        ("1er janvier 2021", "2021-01-01"),
        ("2 février 2021", "2021-02-02"),
        ("3 août 2021", "2021-08-03"),
        ("4 déc. 2021", "2021-12-04"),
        ("1. Jänner 2021", "2021-01-01"),
        ("24. Dez 1999", "1999-12-24"),
        ("1 de enero de 2021", "2021-01-01"),
        ("29 Feb 2020", "2020-02-29"),
    ] {
        assert_eq!(iso(text, Order::Dmy).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_names_no_day_is_none() {
    for text in [
        "",
        " ",
        "n/a",
        "unknown",
        "-",
        "0",
        "2021",
        "March 2021",
        "5 March",
        "31/02/2021",
        "31.02.2021",
        "29 Feb 2021",
        "00/00/0000",
        "0000-00-00",
        "2021-13-01",
        "2021-00-10",
        "2021-03-05-06",
        "1/2/3/4",
        "3/4-2021",
        "3//4/2021",
        "3/4/021",
        "3/4/12021",
        "5 March April 2021",
        "5 Marchember 2021",
        "tomorrow",
        "10:15",
        "2021-03-05 25:00:99",
        "2021-03-05 10:75",
        "2021-03-05T",
        "99999999",
        "1234567",
        "5 March 2021 6",
        "2021-03-05\n2021-03-06",
        "1e9",
        "+5/3/2021",
    ] {
        for order in [Order::Dmy, Order::Mdy, Order::Ymd] {
            assert_eq!(iso(text, order), None, "{text}");
        }
    }
}

#[test]
fn counts_since_an_epoch_need_their_order() {
    for (text, expected) in [
        ("0", Some("1970-01-01")),
        ("1614938400", Some("2021-03-05")),
        ("1614938400.75", Some("2021-03-05")),
        ("1614938400123", Some("2021-03-05")),
        ("1614938400123456", Some("2021-03-05")),
        ("1614938400123456789", Some("2021-03-05")),
        ("-1", Some("1969-12-31")),
        ("-0.5", Some("1969-12-31")),
        ("86399", Some("1970-01-01")),
        ("86400", Some("1970-01-02")),
        ("99999999999999999999", None),
        ("2021-03-05", None),
        ("1.6e9", None),
        ("", None),
    ] {
        assert_eq!(iso(text, Order::Unix).as_deref(), expected, "{text}");
    }
    for (text, expected) in [
        ("1", Some("1900-01-01")),
        ("59", Some("1900-02-28")),
        ("60", None),
        ("61", Some("1900-03-01")),
        ("44259", Some("2021-03-04")),
        ("44259.75", Some("2021-03-04")),
        ("2958465", Some("9999-12-31")),
        ("2958466", None),
        ("0", None),
        ("-5", None),
    ] {
        assert_eq!(iso(text, Order::Excel).as_deref(), expected, "{text}");
    }
}

#[test]
fn orders_have_names() {
    assert_eq!(Order::named(" dmy "), Some(Order::Dmy));
    assert_eq!(Order::named("Excel"), Some(Order::Excel));
    assert_eq!(Order::named("YDM"), None);
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,40}") {
        for (_, order) in Order::ALL {
            parse(&text, order);
        }
    }

    #[test]
    fn pieces_of_dates_never_panic_and_repeat(
        text in "([0-9]{1,4}|[-/. ,:T']|Mar|März|th|de|pm|Z){0,12}"
    ) {
        for (_, order) in Order::ALL {
            if let Some(day) = parse(&text, order) {
                for order in [Order::Dmy, Order::Mdy, Order::Ymd] {
                    prop_assert_eq!(parse(&day.format("%Y-%m-%d").to_string(), order), Some(day));
                }
            }
        }
    }

    /// Every day is read back from every way to write it.
    #[test]
    fn every_day_is_read_back(number in -719_162_i32..2_932_896) {
        let day = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()
            + chrono::TimeDelta::days(i64::from(number));
        for (format, order) in [
            ("%Y-%m-%d", Order::Mdy),
            ("%d/%m/%Y", Order::Dmy),
            ("%-d.%-m.%Y", Order::Dmy),
            ("%m-%d-%Y", Order::Mdy),
            ("%A, %B %-d, %Y", Order::Dmy),
            ("%d-%b-%Y", Order::Ymd),
            ("%Y%m%d", Order::Ymd),
            ("%Y-%m-%dT%H:%M:%S", Order::Dmy),
        ] {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap();
            let text = midnight.format(format).to_string();
            prop_assert_eq!(parse(&text, order), Some(day), "{}", text);
        }
    }
}
