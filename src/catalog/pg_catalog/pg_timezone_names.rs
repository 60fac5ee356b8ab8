//! `pg_timezone_names`: the time zones, as they are now.

use chrono::Utc;
use tributary_udfs::postgres::time_zones;

use super::table::{Rows, row};

pub static TABLE: Rows = Rows {
    of: "pg_timezone_names",
    make: |sources| {
        sources.tell_more();
        let zones = time_zones(Utc::now()).map(|zone| {
            row![
                zone.name,
                zone.abbreviation,
                i64::from(zone.offset),
                zone.is_summer_time,
            ]
        });
        Ok(zones.collect())
    },
};
