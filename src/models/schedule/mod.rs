//! Freshness without orchestration: one scheduler refreshes materialized views and models by their
//! options `target_lag` and `schedule`.
//!
//! What is due follows from the clock, the definitions and what was done (`plan`); `run` does it.

mod clock;
mod freshness;
mod look;
mod plan;
mod run;
mod standing;

pub use freshness::{Freshness, SCHEDULING_OPTIONS, Schedule, options, set_option, without_upkeep};
pub use run::run;
pub use standing::{Standing, Standings};
