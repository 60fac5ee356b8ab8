//! The options `target_lag` and `schedule` of materialized views and models, in Snowflake's words.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use arrow::array::timezone::Tz;
use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use crate::error::{Error, Result, SqlState};
use crate::models::define::{Choice, MATERIALIZED_VIEW_OPTIONS, STORAGE_OPTIONS, is_of_storage};
use crate::models::lookback::LOOKBACK;
use crate::models::resolution::{self, UNLEARNED};
use crate::sql::Statement;
use crate::sql::model_options::OptionValue;
use crate::sql::options::check_known;

const TARGET_LAG: &str = "target_lag";
const SCHEDULE: &str = "schedule";

/// The options. Their values are not a few words, and so none are listed.
pub const SCHEDULING_OPTIONS: [Choice; 2] = [
    Choice {
        name: TARGET_LAG,
        values: &[],
        description: "How old what it holds may be at most, as `'15 minutes'`: the server refreshes it in time, if what it reads has changed. What it reads is refreshed first, where that has a `target_lag` too; `'DOWNSTREAM'` is for what is refreshed for the sake of others alone, by the server or by `REFRESH` of these. Below a second, each commit to a table that it reads has it refreshed at once.",
    },
    Choice {
        name: SCHEDULE,
        values: &[],
        description: "When the server refreshes it, if what it reads has changed: `'15 MINUTES'`, or `'USING CRON 0 6 * * * Europe/Berlin'` with minute, hour, day of the month, month and day of the week, in a time zone that is `UTC` if none is given. A run that was missed is caught up once. Where the clock is put forward, a time of the day that it leaves out is run right after, and one of many in an hour, as `*/20`, is left out. `ALTER MATERIALIZED VIEW m SET (schedule = '1 hour')` changes it without a refresh, as it does `target_lag`.",
    },
];

/// The longest time between two refreshes.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// The shortest.
const SHORTEST: Duration = Duration::from_millis(10);

/// What a time can be.
const UNITS: &str = "Its units are milliseconds, seconds, minutes, hours, days and weeks, as in '1 minute 30 seconds', from 10 milliseconds to 366 days.";

/// With less, it is refreshed as commits come.
const CONTINUOUS: Duration = Duration::from_secs(1);

/// When an object is to be refreshed.
#[derive(Clone, Debug)]
pub enum Freshness {
    /// Before what it holds is older than this.
    Within(Duration),
    /// As soon as a table that it reads has changed; sources are looked at so often.
    Continuous(Duration),
    /// When what stands on it is.
    Downstream,
    /// At times.
    At(Schedule),
}

/// Times at which an object is refreshed.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// So long after the last one.
    Every(Duration),
    /// By a cron expression, in a time zone.
    Cron(Box<Cron>, Tz),
}

impl Freshness {
    /// What the options of a definition say; none where they say nothing.
    ///
    /// # Errors
    /// 22023 for values that these options cannot have, and for both together.
    pub fn of(definition: &Statement) -> Result<Option<Self>> {
        let (lag, schedule) = options(definition);
        match (lag, schedule) {
            (None, None) => Ok(None),
            (Some(lag), None) => lag.parse().map(Some),
            (None, Some(schedule)) => schedule.parse().map(|at| Some(Self::At(at))),
            (Some(_), Some(_)) => Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("options \"{TARGET_LAG}\" and \"{SCHEDULE}\" cannot be combined"),
            )
            .with_hint(format!(
                "A schedule says when to refresh, {TARGET_LAG} how old the rows may be."
            ))),
        }
    }

    /// Whether it is refreshed with what stands on it, before that.
    pub fn is_pulled(&self) -> bool {
        !matches!(self, Self::At(_))
    }
}

/// The values of `target_lag` and `schedule`, as they are written.
pub fn options(definition: &Statement) -> (Option<&str>, Option<&str>) {
    let get = |name: &str| match definition {
        Statement::CreateMaterializedView(create) => create.options.get(name),
        Statement::CreateModel(create) => create.options.get(name).and_then(OptionValue::as_text),
        _ => None,
    };
    (get(TARGET_LAG), get(SCHEDULE))
}

/// Whether an option says when an object is refreshed, and nothing of its rows.
fn is_scheduling(name: &str) -> bool {
    name == TARGET_LAG || name == SCHEDULE
}

/// Whether an option says when a materialized view is refreshed, or what of its rows is looked at then.
fn is_upkeep(name: &str) -> bool {
    is_scheduling(name) || name == LOOKBACK
}

/// A definition without what says when it is refreshed, and how far that looks back: what its rows
/// follow from.
pub fn without_upkeep(definition: &Statement) -> Cow<'_, Statement> {
    let looks_back = match definition {
        Statement::CreateMaterializedView(create) => create.options.get(LOOKBACK).is_some(),
        _ => false,
    };
    if options(definition) == (None, None) && !looks_back {
        return Cow::Borrowed(definition);
    }
    let mut definition = definition.clone();
    match &mut definition {
        Statement::CreateMaterializedView(create) => {
            create.options.0.retain(|(name, _)| !is_upkeep(name));
        }
        Statement::CreateModel(create) => {
            create.options.0.retain(|(name, _)| !is_scheduling(name));
        }
        _ => {}
    }
    Cow::Owned(definition)
}

/// Gives an option that can change while an object stands a value, or takes it away.
///
/// # Errors
/// 0A000 for another option; 22023 for one that the object does not have.
pub fn set_option(definition: &mut Statement, name: &str, value: Option<&str>) -> Result<()> {
    let (can_be_set, all) = match definition {
        Statement::CreateMaterializedView(_) => {
            if !is_of_storage(name) {
                let known = MATERIALIZED_VIEW_OPTIONS.iter().map(|option| option.name);
                check_known([name], &known.collect::<Vec<_>>(), "materialized view")?;
            }
            let storage = STORAGE_OPTIONS.join(" and ");
            let all = format!("{TARGET_LAG}, {SCHEDULE}, {LOOKBACK}, {storage}");
            (is_upkeep(name) || is_of_storage(name), all)
        }
        _ => {
            resolution::check_option(name)?;
            (UNLEARNED.contains(&name), UNLEARNED.join(", "))
        }
    };
    if !can_be_set {
        let message = format!("ALTER of the option \"{name}\"");
        return Err(Error::unsupported(message).with_hint(format!(
            "ALTER sets and resets {all}. Define it anew with CREATE OR REPLACE."
        )));
    }
    match definition {
        Statement::CreateMaterializedView(create) => match value {
            Some(value) => create.options.set(name, value),
            None => create.options.0.retain(|(key, _)| key != name),
        },
        Statement::CreateModel(create) => {
            create.options.0.retain(|(key, _)| key != name);
            let value = value.map(|value| OptionValue::Text(value.to_owned()));
            let option = value.map(|value| (name.to_owned(), value));
            create.options.0.extend(option);
        }
        _ => return Err(Error::internal("only what is refreshed has a schedule")),
    }
    Ok(())
}

impl FromStr for Freshness {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.trim().eq_ignore_ascii_case("DOWNSTREAM") {
            return Ok(Self::Downstream);
        }
        let hint =
            || format!("The value must be a time such as '15 minutes', or 'DOWNSTREAM'. {UNITS}");
        let lag = duration(text).ok_or_else(|| invalid(TARGET_LAG, text).with_hint(hint()))?;
        Ok(match lag < CONTINUOUS {
            true => Self::Continuous(lag),
            false => Self::Within(lag),
        })
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_cron = matches!(words.as_slice(), [using, cron, ..]
            if using.eq_ignore_ascii_case("USING") && cron.eq_ignore_ascii_case("CRON"));
        if !is_cron {
            let hint = || {
                format!(
                    "The value must be a time such as '15 MINUTES', or 'USING CRON 0 6 * * * Europe/Berlin'. {UNITS}"
                )
            };
            let every = duration(text).ok_or_else(|| invalid(SCHEDULE, text).with_hint(hint()))?;
            return Ok(Self::Every(every));
        }
        let (fields, zone) = match &words[2..] {
            fields @ [_, _, _, _, _] => (fields, "UTC"),
            [fields @ .., zone] if fields.len() == 5 => (fields, *zone),
            _ => {
                return Err(invalid(SCHEDULE, text).with_hint(
                    "After USING CRON stand five fields, for minute, hour, day of the month, month and day of the week, and a time zone.",
                ));
            }
        };
        let zone = zone.parse().map_err(|_| {
            invalid(SCHEDULE, text).with_detail(format!("There is no time zone {zone}."))
        })?;
        if let Some(name) = misplaced_name(fields) {
            let detail = format!("The cron expression is wrong: {name} is no value of its field.");
            let hint = "Months have names in the fourth field, days of the week in the fifth.";
            return Err(invalid(SCHEDULE, text).with_detail(detail).with_hint(hint));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let cron = parser.parse(&fields.join(" ")).map_err(|error| {
            let detail = match wrong_field(&parser, fields) {
                Some(detail) => detail,
                None => format!("The cron expression is wrong: {}.", told(&error)),
            };
            invalid(SCHEDULE, text).with_detail(detail)
        })?;
        let schedule = Self::Cron(Box::new(cron), zone);
        if schedule.after(DateTime::UNIX_EPOCH).is_none() {
            let detail = "The cron expression names no time.";
            return Err(invalid(SCHEDULE, text).with_detail(detail));
        }
        Ok(schedule)
    }
}

/// What the fields are for, and which numbers they take.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12"),
    ("day of the week", "0 to 7"),
];

/// What is wrong with the first field that is wrong by itself.
fn wrong_field(parser: &CronParser, fields: &[&str]) -> Option<String> {
    fields.iter().zip(FIELDS).enumerate().find_map(|(at, (&field, (name, numbers)))| {
        let mut alone = ["*"; FIELDS.len()];
        *alone.get_mut(at)? = field;
        let error = parser.parse(&alone.join(" ")).err()?;
        Some(format!(
            "The cron expression is wrong at \"{field}\" for the {name}, which takes {numbers}: {}.",
            told(&error)
        ))
    })
}

/// An error of the parser, which does not tell where it is.
fn told(error: &CronError) -> String {
    let error = error.to_string();
    let error = error.strip_prefix("Component error: ").unwrap_or(&error);
    let mut letters = error.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// A name that stands in another field than its own, where the parser takes it for its number.
fn misplaced_name<'a>(fields: &[&'a str]) -> Option<&'a str> {
    const MONTHS: &str = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC";
    const DAYS: &str = "SUN MON TUE WED THU FRI SAT";
    fields.iter().enumerate().find_map(|(at, field)| {
        let own = match at {
            3 => MONTHS,
            4 => DAYS,
            _ => "",
        };
        // Shorter ones are not names: `L` is the last day, `W` the nearest working day.
        let mut names = field
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .filter(|name| name.len() > 2);
        names.find(|name| {
            let name = name.to_ascii_uppercase();
            // The last Friday of a month is `FRIL`.
            let is_last = at == 4 && name.len() == 4;
            let name = name.strip_suffix('L').filter(|_| is_last).unwrap_or(&name);
            !own.split(' ').any(|own| own == name)
        })
    })
}

impl Schedule {
    /// The first time after this one; none where there is none.
    pub fn after(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(every) => last.checked_add_signed(delta(*every)),
            Self::Cron(cron, zone) => {
                let last = last.with_timezone(zone);
                let next = cron.find_next_occurrence(&last, false).ok()?;
                Some(next.with_timezone(&Utc))
            }
        }
    }
}

/// A time span to calculate with.
pub fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// Numbers with their units, as in `1 minute 30 seconds` or `0.5 s`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut duration = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split(rest, |character| {
            character.is_ascii_digit() || character == '.'
        });
        let (unit, after) = split(after.trim_start(), |character| {
            character.is_ascii_alphabetic()
        });
        duration = duration.checked_add(so_many(number, unit_of(unit)?)?)?;
        rest = after.trim_start();
    }
    (SHORTEST..=LONGEST).contains(&duration).then_some(duration)
}

/// So many of a unit, and parts of it: to its millionth.
fn so_many(number: &str, unit: Duration) -> Option<Duration> {
    let (whole, parts) = number.split_once('.').unwrap_or((number, "0"));
    let whole = unit.checked_mul(whole.parse().ok()?)?;
    let parts: u32 = format!("{parts:0<6}").get(..6)?.parse().ok()?;
    whole.checked_add(unit.checked_mul(parts)? / 1_000_000)
}

/// What a text begins with, and what comes after.
fn split(text: &str, is_of_it: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|character| !is_of_it(character));
    text.split_at(end.unwrap_or(text.len()))
}

/// A unit of time; a lone `m` may be a minute or a month, and is none.
fn unit_of(name: &str) -> Option<Duration> {
    Some(match name.to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => Duration::from_millis(1),
        "s" | "sec" | "second" | "seconds" => Duration::from_secs(1),
        "min" | "minute" | "minutes" => Duration::from_secs(60),
        "h" | "hour" | "hours" => Duration::from_secs(3600),
        "d" | "day" | "days" => Duration::from_secs(86_400),
        "w" | "week" | "weeks" => Duration::from_secs(7 * 86_400),
        _ => return None,
    })
}

fn invalid(option: &str, text: &str) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for option \"{option}\": \"{text}\""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_lag_is_a_number_with_a_unit() {
        assert_eq!(duration("15 minutes"), Some(Duration::from_secs(900)));
        assert_eq!(duration("1 MINUTE"), Some(Duration::from_secs(60)));
        assert_eq!(duration("250 ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2days"), Some(Duration::from_secs(172_800)));
        assert_eq!(duration("1 week"), Some(Duration::from_secs(604_800)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(duration("0.5 seconds"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1.5 hours"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("1.25 days"), Some(Duration::from_secs(108_000)));
        let parts = Duration::from_secs(90);
        assert_eq!(duration("1 minute 30 seconds"), Some(parts));
        assert_eq!(duration("1min30s"), Some(parts));
        for wrong in [
            "",
            "15",
            "minutes",
            "-1 minute",
            "0 seconds",
            "5 m",
            "5 minutes ago",
            "1 hour, 5 minutes",
            "9 years",
            "400 days",
            "1.5.5 hours",
            ".5 hours",
            "1.x hours",
            "1,5 hours",
            "0.001 seconds",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cron_counts_in_its_time_zone() {
        let daily: Schedule = "USING CRON 30 2 * * * Europe/Berlin".parse().unwrap();
        // In summer Berlin is two hours ahead of UTC, in winter one.
        assert_eq!(
            daily.after(time("2026-07-01T00:00:00Z")),
            Some(time("2026-07-01T00:30:00Z"))
        );
        assert_eq!(
            daily.after(time("2026-07-01T00:30:00Z")),
            Some(time("2026-07-02T00:30:00Z"))
        );
        assert_eq!(
            daily.after(time("2026-12-01T00:00:00Z")),
            Some(time("2026-12-01T01:30:00Z"))
        );
        // On the last Sunday of March the clock goes from two to three: the run is not left out.
        let spring = daily.after(time("2026-03-28T12:00:00Z")).unwrap();
        assert!(
            spring >= time("2026-03-29T01:00:00Z") && spring < time("2026-03-29T02:00:00Z"),
            "{spring}"
        );
        // One of many in the hour that is left out is.
        let often: Schedule = "USING CRON */20 2 * * * Europe/Berlin".parse().unwrap();
        assert_eq!(
            often.after(time("2026-03-28T12:00:00Z")),
            Some(time("2026-03-30T00:00:00Z"))
        );
        let utc: Schedule = "using cron 0 6 * * MON".parse().unwrap();
        assert_eq!(
            utc.after(time("2026-11-26T00:00:00Z")),
            Some(time("2026-11-30T06:00:00Z"))
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in [
            "USING CRON",
            "USING CRON * * * *",
            "USING CRON 61 * * * *",
            "USING CRON MON * * * *",
            "USING CRON 0 0 1,feb * *",
            "USING CRON 0 0 * MON *",
            "USING CRON 0 0 * * JAN-MAR",
            "USING CRON */0 * * * *",
            "USING CRON 0 0 30 2 * UTC",
            "USING CRON 0 6 * * * Nowhere/Land",
            "daily",
        ] {
            let error = wrong.parse::<Schedule>().unwrap_err();
            assert_eq!(
                error.sqlstate(),
                SqlState::INVALID_PARAMETER_VALUE,
                "{wrong}"
            );
        }
    }
}
