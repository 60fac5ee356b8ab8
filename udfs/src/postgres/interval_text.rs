//! Intervals as text, in the styles of PostgreSQL's `IntervalStyle` (`EncodeInterval` of its
//! `datetime.c`).

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// How intervals are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalStyle {
    /// `1 year 2 mons -3 days +04:05:06.7`
    #[default]
    Postgres,
    /// `@ 1 year 2 mons 3 days 4 hours ago`
    PostgresVerbose,
    /// `+1-2 -3 +4:05:06`
    SqlStandard,
    /// `P1Y2M-3DT4H5M6.7S`
    Iso8601,
}

impl IntervalStyle {
    /// The style of a name; `postgres` where it is none.
    pub fn named(name: &str) -> Self {
        match name {
            "postgres_verbose" => Self::PostgresVerbose,
            "sql_standard" => Self::SqlStandard,
            "iso_8601" => Self::Iso8601,
            _ => Self::Postgres,
        }
    }
}

/// The parts of an interval, all of the sign of the part that they come of.
struct Fields {
    years: i64,
    months: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    /// Microseconds.
    seconds: i64,
}

/// An interval of months, days and microseconds as text.
pub fn interval_text(months: i32, days: i32, micros: i64, style: IntervalStyle) -> String {
    let fields = Fields {
        years: i64::from(months / 12),
        months: i64::from(months % 12),
        days: days.into(),
        hours: micros / HOUR,
        minutes: micros % HOUR / (60 * SECOND),
        seconds: micros % (60 * SECOND),
    };
    match style {
        IntervalStyle::Postgres => fields.postgres(micros),
        IntervalStyle::PostgresVerbose => fields.verbose(),
        IntervalStyle::SqlStandard => fields.sql_standard(),
        IntervalStyle::Iso8601 => fields.iso_8601(),
    }
}

/// Seconds without zeros behind their fraction, of two digits before it where `fills`.
fn seconds(micros: u64, fills: bool) -> String {
    let second = SECOND.unsigned_abs();
    let (whole, fraction) = (micros / second, micros % second);
    let whole = if fills {
        format!("{whole:02}")
    } else {
        whole.to_string()
    };
    match fraction {
        0 => whole,
        fraction => format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}

impl Fields {
    fn postgres(&self, micros: i64) -> String {
        let mut text = String::new();
        let mut before_is_negative = false;
        let named = [
            (self.years, "year"),
            (self.months, "mon"),
            (self.days, "day"),
        ];
        for (value, unit) in named.into_iter().filter(|(value, _)| *value != 0) {
            let blank = if text.is_empty() { "" } else { " " };
            let sign = if before_is_negative && value > 0 {
                "+"
            } else {
                ""
            };
            let plural = if value == 1 { "" } else { "s" };
            text.push_str(&format!("{blank}{sign}{value} {unit}{plural}"));
            before_is_negative = value < 0;
        }
        if text.is_empty() || micros != 0 {
            let blank = if text.is_empty() { "" } else { " " };
            let sign = match micros < 0 {
                true => "-",
                false if before_is_negative => "+",
                false => "",
            };
            text.push_str(&format!(
                "{blank}{sign}{:02}:{:02}:{}",
                self.hours.abs(),
                self.minutes.abs(),
                seconds(self.seconds.unsigned_abs(), true)
            ));
        }
        text
    }

    fn verbose(&self) -> String {
        let mut text = String::from("@");
        // The sign of the first part is that of the whole.
        let mut is_ago = None;
        let units = [
            (self.years, "year"),
            (self.months, "mon"),
            (self.days, "day"),
            (self.hours, "hour"),
            (self.minutes, "min"),
        ];
        for (value, unit) in units.into_iter().filter(|(value, _)| *value != 0) {
            let is_ago = *is_ago.get_or_insert(value < 0);
            let value = if is_ago { -value } else { value };
            let plural = if value == 1 { "" } else { "s" };
            text.push_str(&format!(" {value} {unit}{plural}"));
        }
        if self.seconds != 0 {
            let is_ago = *is_ago.get_or_insert(self.seconds < 0);
            let sign = if (self.seconds < 0) == is_ago {
                ""
            } else {
                "-"
            };
            let plural = if self.seconds.abs() == SECOND {
                ""
            } else {
                "s"
            };
            let shown = seconds(self.seconds.unsigned_abs(), false);
            text.push_str(&format!(" {sign}{shown} sec{plural}"));
        }
        match is_ago {
            None => text.push_str(" 0"),
            Some(true) => text.push_str(" ago"),
            Some(false) => {}
        }
        text
    }

    fn sql_standard(&self) -> String {
        let all = [
            self.years,
            self.months,
            self.days,
            self.hours,
            self.minutes,
            self.seconds,
        ];
        let is_negative = all.iter().any(|value| *value < 0);
        let is_positive = all.iter().any(|value| *value > 0);
        let has_months = self.years != 0 || self.months != 0;
        let has_time = self.hours != 0 || self.minutes != 0 || self.seconds != 0;
        let has_days = self.days != 0 || has_time;
        let time = format!(
            "{}:{:02}:{}",
            self.hours.abs(),
            self.minutes.abs(),
            seconds(self.seconds.unsigned_abs(), true)
        );
        let (years, months, days) = (self.years.abs(), self.months.abs(), self.days.abs());
        if !is_negative && !is_positive {
            return "0".to_owned();
        }
        if is_negative && is_positive || has_months && has_days {
            let sign = |is_negative: bool| if is_negative { '-' } else { '+' };
            let of_months = sign(self.years < 0 || self.months < 0);
            let of_days = sign(self.days < 0);
            let of_time = sign(self.hours < 0 || self.minutes < 0 || self.seconds < 0);
            return format!("{of_months}{years}-{months} {of_days}{days} {of_time}{time}");
        }
        let sign = if is_negative { "-" } else { "" };
        match (has_months, self.days != 0) {
            (true, _) => format!("{sign}{years}-{months}"),
            (false, true) => format!("{sign}{days} {time}"),
            (false, false) => format!("{sign}{time}"),
        }
    }

    fn iso_8601(&self) -> String {
        let mut text = String::from("P");
        for (value, unit) in [(self.years, 'Y'), (self.months, 'M'), (self.days, 'D')] {
            if value != 0 {
                text.push_str(&format!("{value}{unit}"));
            }
        }
        if self.hours != 0 || self.minutes != 0 || self.seconds != 0 {
            text.push('T');
            for (value, unit) in [(self.hours, 'H'), (self.minutes, 'M')] {
                if value != 0 {
                    text.push_str(&format!("{value}{unit}"));
                }
            }
            if self.seconds != 0 {
                let sign = if self.seconds < 0 { "-" } else { "" };
                text.push_str(&format!(
                    "{sign}{}S",
                    seconds(self.seconds.unsigned_abs(), false)
                ));
            }
        }
        match text.len() {
            1 => "PT0S".to_owned(),
            _ => text,
        }
    }
}
