//! What probes of a class are compared with, and the tables that takes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use datafusion::error::Result;

use super::class::Class;
use super::combination::{self, Combinations};
use super::index::OverlapIndex;
use super::measure::Measure;
use super::memory::Reservation;
use super::plan::{MOST_KEYS, Plan, Sample, Setting, Unit};
use super::records::{Records, TEXTS_BETWEEN_CHECKS};
use super::table::Table;
use crate::join::index::Search;

/// The most keys of a text in a table that cannot be dropped before the search is through, as
/// texts are not searched for by size.
const MOST_KEPT_KEYS: f64 = 50.0;

impl<M: Measure> OverlapIndex<M> {
    fn plans(&self) -> MutexGuard<'_, HashMap<(Class, bool), Arc<Plan>>> {
        // A plan is put in whole: what a panic left is good.
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan for probes of a class.
    pub(super) fn plan(
        &self,
        class: Class,
        probes: &Records<M::Detail>,
        run: &[u32],
        search: &Search<'_>,
    ) -> Result<Arc<Plan>> {
        let mut plans = self.plans();
        let mut seen = run.len();
        if let Some(plan) = plans.get(&(class, search.self_join)) {
            seen += plan.seen.fetch_add(seen, Ordering::Relaxed);
            if search.self_join || seen <= 2 * plan.expected {
                return Ok(Arc::clone(plan));
            }
        }
        let own = self.classes.iter().find(|(own, _)| *own == class);
        let own = own.map_or(0..0, |(_, places)| places.clone());
        let sample = if own.is_empty() {
            Sample {
                records: probes,
                records_at: run,
            }
        } else {
            Sample {
                records: &self.records,
                records_at: &self.records.order[own.clone()],
            }
        };
        let expected = if search.self_join {
            own.len()
        } else {
            let share = own.len() as f64 / self.records.len() as f64;
            seen.max((search.texts.len() as f64 * share) as usize)
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let larger = search.self_join && self.by_size;
        let mut units = Vec::new();
        for (build, places) in &self.classes {
            if larger && build.lowest > class.highest {
                break;
            }
            search.cancellation.check()?;
            for mut unit in Unit::of_classes(&self.measure, class, *build, places) {
                unit.choose(&Setting {
                    measure: &self.measure,
                    index: &self.records,
                    sample: &sample,
                    expected,
                    shared: !self.by_size,
                    most_keys: if self.by_size {
                        MOST_KEYS
                    } else {
                        MOST_KEPT_KEYS
                    },
                    exists: &|scope| {
                        tables
                            .get(scope)
                            .is_some_and(|table| table.strong_count() > 0)
                    },
                });
                #[cfg(test)]
                if let Some(combined) = self.combined {
                    unit.combined = combined.min(unit.most_combined(&self.measure));
                }
                if unit.combined > 0 {
                    let table = tables.entry(unit.scope(!self.by_size)).or_default();
                    unit.table = table.upgrade().or_else(|| {
                        let shared = Arc::default();
                        *table = Arc::downgrade(&shared);
                        Some(shared)
                    });
                }
                units.push(unit);
            }
        }
        let plan = Arc::new(Plan {
            units,
            expected,
            seen: AtomicUsize::new(seen),
        });
        plans.insert((class, search.self_join), Arc::clone(&plan));
        Ok(plan)
    }

    /// The table of a unit; `None` where all pairs are looked at, or there is no memory.
    #[inline]
    pub(super) fn table<'a>(
        &self,
        unit: &'a Unit,
        search: &Search<'_>,
    ) -> Result<Option<&'a Table>> {
        let Some(shared) = &unit.table else {
            return Ok(None);
        };
        let made = shared.get(|| self.make_table(unit, search))?;
        Ok(made.map(|(table, _)| table))
    }

    fn make_table(&self, unit: &Unit, search: &Search<'_>) -> Result<Option<(Table, Reservation)>> {
        let scope = unit.scope(!self.by_size);
        let first = scope.first(&self.measure, unit.class.highest);
        let entries = combination::count(first, unit.combined) * unit.places.len() as f64;
        let bytes = Table::memory(entries) as usize;
        let mut reservation = self.budget.reserve(bytes);
        if reservation.is_none() {
            // Those that nobody is at.
            self.plans().retain(|_, plan| Arc::strong_count(plan) > 1);
            reservation = self.budget.reserve(bytes);
        }
        let Some(mut reservation) = reservation else {
            return Ok(None);
        };
        let mut combinations = Combinations::default();
        let mut keys = Vec::with_capacity(entries as usize);
        for place in unit.places.clone() {
            if place.is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                search.cancellation.check()?;
            }
            let (records, record) = (&self.records, self.records.order[place]);
            let measure = &self.measure;
            scope.keys(measure, records, record, &mut combinations, |key| {
                keys.push((key, place as u32));
            });
        }
        let Some(table) = Table::new(&keys, &self.records.signatures) else {
            return Ok(None);
        };
        reservation.shrink(table.size());
        Ok(Some((table, reservation)))
    }
}
