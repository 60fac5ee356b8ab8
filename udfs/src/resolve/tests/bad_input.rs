//! Mistakes and odd data: a clear error, or a sound answer.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};

use super::super::{Decisions, RecordsBuilder, ResolveOptions, Resolver};
use super::people::{COLUMNS, builder, builder_in, options, people, rows};
use crate::FunctionError;

pub(super) fn error_of(
    result: Result<impl Sized, datafusion::error::DataFusionError>,
) -> FunctionError {
    let Err(datafusion::error::DataFusionError::External(error)) = result.map(|_| ()) else {
        unreachable!("no error of ours");
    };
    error.downcast_ref::<FunctionError>().unwrap().clone()
}

#[test]
fn unknown_options_name_the_nearest() {
    for (name, value, message, hint) in [
        (
            "treshold",
            "0.5",
            "entity resolution has no option \"treshold\"",
            "Did you mean \"threshold\"?",
        ),
        (
            "threshold",
            "2",
            "\"2\" is no value of the option threshold of an entity resolution",
            "It is a probability, from 0 to 1. Without the option it is found out.",
        ),
        (
            "link",
            "link_onyl",
            "\"link_onyl\" is no value of the option link of an entity resolution",
            "Did you mean \"link_only\"?",
        ),
        (
            "compare",
            "dob dat",
            "there is no kind of column \"dat\"",
            "Did you mean \"date\"?",
        ),
        (
            "seed",
            "x",
            "\"x\" is no value of the option seed of an entity resolution",
            "It is a whole number from 0 on, such as 1.",
        ),
    ] {
        let error = ResolveOptions::parse([("unique_id", "id"), (name, value)]).unwrap_err();
        assert_eq!((error.sqlstate, error.message.as_str()), ("22023", message));
        assert_eq!(error.hint.unwrap_or_default(), hint);
    }
    let error = ResolveOptions::parse([("seed", "1")]).unwrap_err();
    assert_eq!(
        error.message,
        "an entity resolution needs the option unique_id"
    );
    let error = ResolveOptions::parse([("unique_id", "id"), ("one_to_one", "on")]).unwrap_err();
    assert_eq!(
        error.message,
        "link_only and one_to_one need the option source"
    );
}

#[test]
fn unknown_columns_name_the_nearest() {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1 << 20));
    let schema = Schema::new(vec![Field::new("record_id", DataType::Utf8, false)]);
    let options = ResolveOptions::parse([("unique_id", "recordid")]).unwrap();
    let error = error_of(RecordsBuilder::new(&schema, &options, &pool));
    assert_eq!(error.sqlstate, "42703");
    assert_eq!(
        error.message,
        "the query of an entity resolution has no column \"recordid\", which the option unique_id names"
    );
    assert_eq!(error.hint.as_deref(), Some("Did you mean \"record_id\"?"));
}

#[test]
fn identifiers_are_there_and_unique() {
    let options = ResolveOptions::parse([("unique_id", "id")]).unwrap();
    let row = |id: Option<&str>| vec![id.map(str::to_owned), Some("Ann".to_owned())];
    let rows = [row(Some("1")), row(Some("2")), row(Some("1"))];
    let error = error_of(builder(&["id", "name"], &rows, &options).finish());
    assert_eq!(error.sqlstate, "23505");
    assert_eq!(error.message, "two records have the same \"id\": \"1\"");
    let rows = [row(Some("1")), row(None)];
    let error = error_of(builder(&["id", "name"], &rows, &options).finish());
    assert_eq!(error.sqlstate, "23502");
    // They may be the same in two systems.
    let options = super::options(&[]);
    let row = |system: &str| vec![Some("1".to_owned()), Some(system.to_owned())];
    let rows = [row("crm"), row("shop")];
    let records = builder(&["id", "system"], &rows, &options)
        .finish()
        .unwrap();
    assert_eq!(
        (records.find("crm", "1"), records.find("shop", "1")),
        (Some(0), Some(1))
    );
    assert_eq!(records.find("news", "1"), None);
    // No system is one, however that is said, and is told as it is.
    let row = |id: &str, system: Option<&str>| vec![Some(id.to_owned()), system.map(str::to_owned)];
    let rows = [row("1", None), row("2", Some("")), row("1", Some("crm"))];
    let records = builder(&["id", "system"], &rows, &options)
        .finish()
        .unwrap();
    let told: Vec<Option<&str>> = (0..3).map(|at| records.told_source(at)).collect();
    assert_eq!(told, [None, Some(""), Some("crm")]);
    assert_eq!(
        (records.find("", "1"), records.find("", "2")),
        (Some(0), Some(1))
    );
    assert_eq!((records.source(1), records.id(1)), ("", "2"));
    let rows = [row("1", None), row("1", Some(""))];
    let error = error_of(builder(&["id", "system"], &rows, &options).finish());
    assert_eq!(error.sqlstate, "23505");
}

#[test]
fn few_records_and_empty_columns_have_an_answer() {
    let options = ResolveOptions::parse([("unique_id", "id")]).unwrap();
    let columns = ["id", "first_name", "nothing", "always"];
    for records in 0..4 {
        let rows: Vec<Vec<Option<String>>> = (0..records)
            .map(|row| {
                vec![
                    Some(row.to_string()),
                    Some("Ann".to_owned()),
                    None,
                    Some("x".to_owned()),
                ]
            })
            .collect();
        let resolver = Resolver::train(
            builder(&columns, &rows, &options).finish().unwrap(),
            &options,
        )
        .unwrap();
        let clusters = resolver
            .clusters(&resolver.pairs().unwrap(), &Decisions::default())
            .unwrap();
        assert_eq!(clusters.entity_of.len(), records);
        assert!(
            clusters
                .membership
                .iter()
                .all(|membership| !membership.is_nan())
        );
    }
}

#[test]
fn texts_of_a_megabyte_are_cut() {
    let options = ResolveOptions::parse([("unique_id", "id")]).unwrap();
    let long = |letter: &str| letter.repeat(1 << 20);
    let rows: Vec<Vec<Option<String>>> = (0..20)
        .map(|row| {
            vec![
                Some(row.to_string()),
                Some(long("ab ")),
                Some(long("é")),
                Some(long("1")),
            ]
        })
        .collect();
    let columns = ["id", "description", "name", "phone"];
    let resolver = Resolver::train(
        builder(&columns, &rows, &options).finish().unwrap(),
        &options,
    )
    .unwrap();
    let clusters = resolver
        .clusters(&resolver.pairs().unwrap(), &Decisions::default())
        .unwrap();
    assert_eq!(clusters.entity_of.len(), 20);
}

#[test]
fn a_placeholder_is_recognised_and_brings_nobody_together() {
    let mut made = people(400, 21);
    let email = COLUMNS.iter().position(|name| *name == "email").unwrap();
    for (at, made) in made.iter_mut().enumerate() {
        if at % 3 == 0 {
            made.values[email] = Some("Info@Shop.example".to_owned());
        }
    }
    for budget in ["1000000", "60000"] {
        let options = options(&[("pair_budget", budget)]);
        let records = builder(&COLUMNS, &rows(&made), &options).finish().unwrap();
        let resolver = Resolver::train(records, &options).unwrap();
        let column = resolver
            .model()
            .columns()
            .iter()
            .find(|column| column.name == "email");
        let placeholders: Vec<&str> = column.unwrap().placeholders().collect();
        assert_eq!(placeholders, ["info@shop.example"]);
        let clusters = resolver
            .clusters(&resolver.pairs().unwrap(), &Decisions::default())
            .unwrap();
        let quality = super::evaluate(&clusters.entity_of, &super::truth(&made));
        assert!(quality.pairs.f1() > 0.93, "{quality:?}");
    }
}

#[test]
fn one_value_for_all_does_not_explode() {
    // Everyone is called the same, and there are too many for all pairs.
    let options = ResolveOptions::parse([("unique_id", "id"), ("pair_budget", "100000")]).unwrap();
    let rows: Vec<Vec<Option<String>>> = (0..2000)
        .map(|row| {
            let name = if row % 100 == 0 { "Bob" } else { "Ann" };
            vec![
                Some(row.to_string()),
                Some(name.to_owned()),
                Some("Miller".to_owned()),
            ]
        })
        .collect();
    let columns = ["id", "first_name", "last_name"];
    let resolver = Resolver::train(
        builder(&columns, &rows, &options).finish().unwrap(),
        &options,
    )
    .unwrap();
    let compared: u64 = resolver
        .blocking_report()
        .iter()
        .map(|rule| rule.pairs)
        .sum();
    assert!(compared <= 400_000, "{:?}", resolver.blocking_report());
}

#[test]
fn memory_is_the_pools() {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(10_000));
    let options = options(&[]);
    let fields: Vec<Field> = COLUMNS
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true))
        .collect();
    let mut builder = RecordsBuilder::new(&Schema::new(fields.clone()), &options, &pool).unwrap();
    let arrays = COLUMNS
        .iter()
        .map(|_| Arc::new(arrow::array::StringArray::from(vec!["x".repeat(5000)])) as _)
        .collect();
    let batch = arrow::array::RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let error = builder.push(batch).unwrap_err();
    assert!(error.to_string().contains("Resources exhausted"), "{error}");
    drop(builder);
    assert_eq!(pool.reserved(), 0);
}

#[test]
fn memory_that_does_not_suffice_is_an_error_at_any_stage() {
    let made = people(300, 22);
    let options = options(&[("pair_budget", "60000"), ("threads", "2")]);
    let resolve = |pool: &Arc<dyn MemoryPool>| {
        let records = builder_in(pool, &COLUMNS, &rows(&made), &options)?.finish()?;
        let resolver = Resolver::train(records, &options)?;
        let before = pool.reserved();
        let pairs = resolver.pairs()?;
        assert!(pool.reserved() >= before + size_of_val(pairs.as_slice()));
        resolver.clusters(&pairs, &Decisions::default())
    };
    let mut refused = 0;
    let mut bytes = 32 << 10;
    loop {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
        let found = resolve(&pool);
        assert_eq!(pool.reserved(), 0);
        match found {
            Ok(_) => break,
            Err(error) => assert!(error.to_string().contains("Resources exhausted"), "{error}"),
        }
        refused += 1;
        bytes = bytes / 2 * 3;
    }
    assert!((5..25).contains(&refused), "{refused}");
}
