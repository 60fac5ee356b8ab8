//! Made-up people, with the slips of those who write them down, and the truth.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};

use super::super::hashing::mix;
use super::super::{Clusters, Records, RecordsBuilder, ResolveOptions};

const GIVEN: [&str; 24] = [
    "William",
    "Robert",
    "Elizabeth",
    "Katherine",
    "Margaret",
    "Thomas",
    "Susan",
    "Jennifer",
    "Michael",
    "Olivia",
    "Amelia",
    "Lucas",
    "Henry",
    "Florence",
    "Isla",
    "Grace",
    "Hugo",
    "Clara",
    "Jonas",
    "Ingrid",
    "Pablo",
    "Chloe",
    "Youssef",
    "Mei",
];
const FAMILY: [&str; 30] = [
    "Smith",
    "Johnson",
    "Allen",
    "Okafor",
    "Nguyen",
    "Patel",
    "Garcia",
    "Rossi",
    "Weber",
    "Dubois",
    "Kowalski",
    "Novak",
    "Larsen",
    "Murphy",
    "Bennett",
    "Griffiths",
    "Harrison",
    "Whitfield",
    "Abernathy",
    "Castellano",
    "Donnelly",
    "Esposito",
    "Fairweather",
    "Goldstein",
    "Hathaway",
    "Ingram",
    "Jankowski",
    "Kensington",
    "Lindqvist",
    "Montgomery",
];
const STREETS: [&str; 10] = [
    "High Street",
    "Station Road",
    "Mill Lane",
    "Church Road",
    "Victoria Avenue",
    "Park Drive",
    "Garden Court",
    "Bridge Street",
    "Kings Road",
    "Orchard Close",
];
const CITIES: [&str; 6] = [
    "Bristol", "Leeds", "Norwich", "Cardiff", "Glasgow", "Exeter",
];

/// The columns of [`people`], the first of which is the identifier.
pub(super) const COLUMNS: [&str; 9] = [
    "id",
    "system",
    "first_name",
    "last_name",
    "dob",
    "email",
    "phone",
    "street",
    "city",
];

/// A record: its values, and the person it is of.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) values: Vec<Option<String>>,
    pub(super) person: u64,
}

/// The records of so many people, one to four of each, in three systems.
pub(super) fn people(persons: u64, seed: u64) -> Vec<Made> {
    let mut records = Vec::new();
    for person in 0..persons {
        let chance = |what: u64| mix(mix(person, seed), what);
        let pick =
            |what: u64, of: &[&str]| of[(chance(what) % of.len() as u64) as usize].to_owned();
        let (given, family) = (pick(1, &GIVEN), pick(2, &FAMILY));
        let number = chance(3) % 10_000;
        let whole = [
            given.clone(),
            family.clone(),
            format!(
                "{}-{:02}-{:02}",
                1940 + chance(4) % 65,
                1 + chance(5) % 12,
                1 + chance(6) % 28
            ),
            format!(
                "{}.{}{number}@{}.example",
                given.to_lowercase(),
                family.to_lowercase(),
                pick(7, &["mail", "post", "inbox"])
            ),
            format!("07{:09}", chance(8) % 1_000_000_000),
            format!("{} {}", 1 + chance(9) % 150, pick(10, &STREETS)),
            pick(11, &CITIES),
        ];
        for copy in 0..1 + chance(12) % 4 {
            let slip = |column: u64| mix(chance(100 + copy), column);
            let mut values = vec![
                Some(format!("r{person}-{copy}")),
                Some(["crm", "shop", "news"][(slip(50) % 3) as usize].to_owned()),
            ];
            for (column, value) in whole.iter().enumerate() {
                let fate = slip(column as u64) % 100;
                values.push(match fate {
                    _ if copy == 0 => Some(value.clone()),
                    0..=14 => None,
                    15..=24 => Some(mistyped(value, slip(60 + column as u64))),
                    _ => Some(value.clone()),
                });
            }
            records.push(Made { values, person });
        }
    }
    records
}

/// A text with two neighbours swapped.
fn mistyped(text: &str, chance: u64) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let place = 1 + (chance % (letters.len() as u64 - 2)) as usize;
    letters.swap(place, place + 1);
    letters.into_iter().collect()
}

/// The options for [`people`].
pub(super) fn options(more: &[(&str, &str)]) -> ResolveOptions {
    let given = [("unique_id", "id"), ("source", "system")];
    ResolveOptions::parse(given.iter().chain(more).copied()).unwrap()
}

/// Takes in rows of texts.
pub(super) fn builder(
    columns: &[&str],
    rows: &[Vec<Option<String>>],
    options: &ResolveOptions,
) -> RecordsBuilder {
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    builder_in(&pool, columns, rows, options).unwrap()
}

/// Takes in rows of texts, with memory of a pool.
pub(super) fn builder_in(
    pool: &Arc<dyn MemoryPool>,
    columns: &[&str],
    rows: &[Vec<Option<String>>],
    options: &ResolveOptions,
) -> Result<RecordsBuilder> {
    filled(
        RecordsBuilder::new(&schema(columns), options, pool)?,
        columns,
        rows,
    )
}

/// Columns of texts.
pub(super) fn schema(columns: &[&str]) -> Arc<Schema> {
    let fields = columns
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Has rows of texts taken in.
pub(super) fn filled(
    mut builder: RecordsBuilder,
    columns: &[&str],
    rows: &[Vec<Option<String>>],
) -> Result<RecordsBuilder> {
    let schema = schema(columns);
    for rows in rows.chunks(100) {
        let column = |at: usize| -> ArrayRef {
            Arc::new(
                rows.iter()
                    .map(|row| row[at].as_deref())
                    .collect::<StringArray>(),
            )
        };
        let arrays = (0..columns.len()).map(column).collect();
        builder.push(RecordBatch::try_new(schema.clone(), arrays).unwrap())?;
    }
    Ok(builder)
}

/// The rows of records.
pub(super) fn rows(made: &[Made]) -> Vec<Vec<Option<String>>> {
    made.iter().map(|made| made.values.clone()).collect()
}

/// Records of [`people`].
pub(super) fn records(made: &[Made], options: &ResolveOptions) -> Records {
    builder(&COLUMNS, &rows(made), options).finish().unwrap()
}

/// Entities as sets of identifiers, whatever the order of the records.
pub(super) fn partition(records: &Records, clusters: &Clusters) -> Vec<Vec<String>> {
    let mut sets = std::collections::BTreeMap::<u32, Vec<String>>::new();
    for record in 0..records.len() as u32 {
        if !records.is_removed(record) {
            let name = format!("{}:{}", records.source(record), records.id(record));
            sets.entry(clusters.entity_of[record as usize])
                .or_default()
                .push(name);
        }
    }
    let mut sets: Vec<Vec<String>> = sets.into_values().collect();
    sets.iter_mut().for_each(|set| set.sort());
    sets.sort();
    sets
}
