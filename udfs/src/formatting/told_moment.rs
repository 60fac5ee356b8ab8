//! Time zones in the years beyond those that the database of zones tells of, in which its last rules go on.

use crate::calendar;

const DAY: i64 = 86_400_000_000;

/// The last year whose changes of clocks are told.
const LAST_TOLD: i64 = 2099;

/// The moment at which it has ended.
const UNTOLD: i64 = 4_102_444_800_000_000;

/// Among so many years, if no century ends in them, there is one for each weekday that a year begins with,
/// with and without a leap day.
const CYCLE: i64 = 28;

/// A moment, in microseconds since 1970, in a year that is told and has the days of its own: how far a
/// zone is from UTC is the same then. Local times are read likewise.
pub fn told_moment(micros: i64) -> i64 {
    if micros < UNTOLD {
        return micros;
    }
    let january = |year: i64| calendar::day_number(year, 1, 1);
    let days_of = |year: i64| {
        let first = january(year);
        (calendar::weekday(first), january(year + 1) - first)
    };
    let (year, ..) = calendar::date(micros.div_euclid(DAY));
    let like = (LAST_TOLD - CYCLE + 1..=LAST_TOLD).find(|told| days_of(*told) == days_of(year));
    let later = january(year) - january(like.unwrap_or(LAST_TOLD));
    micros - later * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_the_days_of_their_own() {
        assert_eq!(UNTOLD, calendar::day_number(LAST_TOLD + 1, 1, 1) * DAY);
        assert_eq!(told_moment(UNTOLD - 1), UNTOLD - 1);
        for year in (2100..2600).chain([9999, 294_246]) {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let number = calendar::day_number(year, month, day);
                let told = told_moment(number * DAY + 7);
                let (told_year, told_month, told_day) = calendar::date(told.div_euclid(DAY));
                assert!((2072..=2099).contains(&told_year), "{year}");
                assert_eq!((told_month, told_day), (month, day), "{year}");
                assert_eq!(
                    calendar::weekday(told.div_euclid(DAY)),
                    calendar::weekday(number)
                );
                assert_eq!(told.rem_euclid(DAY), 7);
            }
        }
    }
}
