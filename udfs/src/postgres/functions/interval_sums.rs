//! Sums of the parts of intervals, to average these by.

use arrow::datatypes::IntervalMonthDayNano;

use super::calendar::interval_of_parts;
use super::moment::{micros, out_of_range};
use crate::FunctionError;

/// How many intervals there are, and what their parts sum up to.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::postgres) struct IntervalSums {
    pub(in crate::postgres) count: i64,
    pub(in crate::postgres) months: i64,
    pub(in crate::postgres) days: i64,
    /// Wider than an interval's, which many differences of moments come to sooner than their average.
    pub(in crate::postgres) micros: i128,
}

impl IntervalSums {
    pub(in crate::postgres) fn add(&mut self, interval: IntervalMonthDayNano) {
        self.count += 1;
        self.months += i64::from(interval.months);
        self.days += i64::from(interval.days);
        self.micros += i128::from(micros(interval));
    }

    pub(in crate::postgres) fn subtract(&mut self, interval: IntervalMonthDayNano) {
        self.count -= 1;
        self.months -= i64::from(interval.months);
        self.days -= i64::from(interval.days);
        self.micros -= i128::from(micros(interval));
    }

    /// The sums divided by the number of intervals; none of no intervals.
    ///
    /// # Errors
    /// 22008 where PostgreSQL's own sum has no room for the parts.
    pub(in crate::postgres) fn average(
        &self,
    ) -> Result<Option<IntervalMonthDayNano>, FunctionError> {
        if self.count == 0 {
            return Ok(None);
        }
        let wide = || out_of_range("interval");
        let months = i32::try_from(self.months).map_err(|_| wide())?;
        let days = i32::try_from(self.days).map_err(|_| wide())?;
        let micros = i64::try_from(self.micros).map_err(|_| wide())?;
        let count = self.count as f64;
        interval_of_parts(
            f64::from(months) / count,
            f64::from(days) / count,
            micros as f64 / count,
        )
        .map(Some)
    }
}
