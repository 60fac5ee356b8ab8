//! Words that dates and times are written with (`datetktbl` of PostgreSQL's `datetime.c`), and
//! abbreviations of time zones (its `timezonesets/Default`).

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Month(i64),
    Weekday,
    Morning,
    Afternoon,
    BeforeChrist,
    AnnoDomini,
    Now,
    Today,
    Tomorrow,
    Yesterday,
    Epoch,
    Infinity,
    MinusInfinity,
    /// `at`, `on`.
    Ignored,
    /// `T` before a time.
    Time,
    /// `J` before a Julian day.
    JulianDay,
    /// `dst` behind a zone.
    DaylightSaving,
    /// A zone, in seconds east of UTC.
    Zone(i64),
    /// One whose offset has changed with the years: that of this place.
    ZoneOf(&'static str),
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: &str = " sun sunday mon monday tue tues tuesday wed weds wednesday thu thur thurs \
    thursday fri friday sat saturday ";

const HOUR: i64 = 3600;

const ZONES: &[(&str, i64)] = &[
    ("acdt", 21 * HOUR / 2),
    ("acst", 19 * HOUR / 2),
    ("adt", -3 * HOUR),
    ("aedt", 11 * HOUR),
    ("aest", 10 * HOUR),
    ("akdt", -8 * HOUR),
    ("akst", -9 * HOUR),
    ("ast", -4 * HOUR),
    ("awst", 8 * HOUR),
    ("bst", HOUR),
    ("cdt", -5 * HOUR),
    ("cest", 2 * HOUR),
    ("cet", HOUR),
    ("cst", -6 * HOUR),
    ("eat", 3 * HOUR),
    ("edt", -4 * HOUR),
    ("eest", 3 * HOUR),
    ("eet", 2 * HOUR),
    ("est", -5 * HOUR),
    ("gmt", 0),
    ("hkt", 8 * HOUR),
    ("hst", -10 * HOUR),
    ("ist", 2 * HOUR),
    ("jst", 9 * HOUR),
    ("kst", 9 * HOUR),
    ("mdt", -6 * HOUR),
    ("mst", -7 * HOUR),
    ("ndt", -5 * HOUR / 2),
    ("nst", -7 * HOUR / 2),
    ("nzdt", 13 * HOUR),
    ("nzst", 12 * HOUR),
    ("pdt", -7 * HOUR),
    ("pkt", 5 * HOUR),
    ("pst", -8 * HOUR),
    ("sgt", 8 * HOUR),
    ("ut", 0),
    ("utc", 0),
    ("west", HOUR),
    ("wet", 0),
    ("z", 0),
    ("zulu", 0),
];

/// The meaning of a word in lower case.
pub(super) fn word(text: &str) -> Option<Word> {
    let known = match text {
        "am" => Word::Morning,
        "pm" => Word::Afternoon,
        "bc" => Word::BeforeChrist,
        "ad" => Word::AnnoDomini,
        "now" => Word::Now,
        "today" => Word::Today,
        "tomorrow" => Word::Tomorrow,
        "yesterday" => Word::Yesterday,
        "epoch" => Word::Epoch,
        "infinity" | "+infinity" => Word::Infinity,
        "-infinity" => Word::MinusInfinity,
        "at" | "on" => Word::Ignored,
        "t" => Word::Time,
        "j" | "jd" | "julian" => Word::JulianDay,
        "dst" => Word::DaylightSaving,
        "sept" => Word::Month(9),
        "msk" | "msd" => Word::ZoneOf("Europe/Moscow"),
        _ => {
            if WEEKDAYS.contains(&format!(" {text} ")) {
                return Some(Word::Weekday);
            }
            let is_month = |month: &&str| *month == text || month.get(..3) == Some(text);
            if let Some(month) = MONTHS.iter().position(is_month) {
                return i64::try_from(month + 1).ok().map(Word::Month);
            }
            let (_, offset) = ZONES.iter().find(|(name, _)| *name == text)?;
            return Some(Word::Zone(*offset));
        }
    };
    Some(known)
}
