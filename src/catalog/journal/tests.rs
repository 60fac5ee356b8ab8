use serde_json::json;

use super::super::{Catalog, NewObject};
use super::*;
use crate::error::Error;
use crate::sql::QualifiedName;

fn open(folder: &tempfile::TempDir, retention: u64) -> (Catalog, Journal) {
    let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
    let journal = catalog.journal(retention).unwrap();
    (catalog, journal)
}

fn name() -> QualifiedName {
    QualifiedName::new("golden", "customer")
}

fn check_result(sample: Vec<serde_json::Value>) -> CheckResult {
    CheckResult {
        id: 0,
        check: name(),
        oid: 16384,
        checked_at: time::now(),
        status: CheckStatus::Failed,
        failing_rows: Some(sample.len() as u64),
        sample,
        rows_rejected: 0,
        definition_hash: String::new(),
        inputs: Vec::new(),
        duration_ms: 3,
        sqlstate: None,
        error: None,
    }
}

#[test]
fn a_refresh_is_as_it_was_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, journal) = open(&folder, 10);
    let mut record = RefreshRecord::start(name(), 16384, "first run");
    journal.add_refresh(&mut record).unwrap();
    assert_eq!(record.id, 1);
    assert_eq!(journal.refresh(1).unwrap(), Some(record.clone()));
    record.finish(RefreshStatus::Succeeded);
    record.rows_written = 12;
    record.version = Some(3);
    record.expectations.push(ExpectationCount {
        constraint: "ok_email".to_owned(),
        violations: 2,
        action: "drop row".to_owned(),
    });
    let state = ModelState {
        definition_hash: "abc".to_owned(),
        inputs: vec![("crm.contact".to_owned(), "7".to_owned())],
        last_refresh_id: 1,
        last_success_at: record.finished_at,
        version: Some(3),
        rows: Some(12),
        status: RefreshStatus::Succeeded,
        failures: 0,
        error: None,
    };
    journal.finish_refresh(&record, Some(&state));
    drop((catalog, journal));
    let (_catalog, journal) = open(&folder, 10);
    assert_eq!(journal.refreshes(10).unwrap(), [record]);
    assert_eq!(journal.model_state(16384).unwrap(), Some(state.clone()));
    assert_eq!(
        journal.model_states().unwrap(),
        [(16384, state)].into_iter().collect()
    );
    assert_eq!(journal.model_state(1).unwrap(), None);
}

#[test]
fn what_was_running_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, journal) = open(&folder, 10);
    let mut done = RefreshRecord::start(name(), 16384, "first run");
    journal.add_refresh(&mut done).unwrap();
    done.fail(&Error::unsupported("this"));
    let state = ModelState {
        version: Some(3),
        ..ModelState::default()
    };
    journal.finish_refresh(&done, Some(&state));
    let mut running = RefreshRecord::start(name(), 16384, "again");
    journal.add_refresh(&mut running).unwrap();
    drop((catalog, journal));

    let (_catalog, journal) = open(&folder, 10);
    let records = journal.refreshes(10).unwrap();
    assert_eq!(records[0].id, running.id);
    assert_eq!(records[0].status, RefreshStatus::Interrupted);
    assert_eq!(records[0].sqlstate.as_deref(), Some("57P02"));
    assert!(records[0].finished_at.is_some());
    assert_eq!(records[1], done);
    assert_eq!(records[1].sqlstate.as_deref(), Some("0A000"));
    let state = journal.model_state(16384).unwrap().unwrap();
    assert_eq!(state.status, RefreshStatus::Interrupted);
    assert_eq!(state.last_refresh_id, running.id);
    assert_eq!(state.version, Some(3));
}

#[test]
fn the_oldest_records_go_and_their_numbers_do_not_return() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, journal) = open(&folder, 3);
    for _ in 0..5 {
        let mut record = RefreshRecord::start(name(), 1, "");
        record.finish(RefreshStatus::Succeeded);
        journal.add_refresh(&mut record).unwrap();
        journal.add_check_result(&mut check_result(vec![])).unwrap();
    }
    let ids = |journal: &Journal| -> Vec<u64> {
        let records = journal.refreshes(10).unwrap();
        records.iter().map(|record| record.id).collect()
    };
    assert_eq!(ids(&journal), [5, 4, 3]);
    assert_eq!(journal.check_results(2).unwrap().len(), 2);
    // The end of a refresh that is no longer kept leaves no trace.
    let mut old = RefreshRecord::start(name(), 1, "");
    old.id = 1;
    journal.finish_refresh(&old, None);
    assert_eq!(ids(&journal), [5, 4, 3]);
    drop((catalog, journal));
    let (_catalog, journal) = open(&folder, 1);
    let mut record = RefreshRecord::start(name(), 1, "");
    journal.add_refresh(&mut record).unwrap();
    assert_eq!(ids(&journal), [6]);
}

#[test]
fn long_samples_and_messages_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (_catalog, journal) = open(&folder, 10);
    let row = json!({ "email": "é".repeat(10_000) });
    let mut result = check_result(vec![row; 10]);
    result.error = Some("é".repeat(100_000));
    journal.add_check_result(&mut result).unwrap();
    let kept = journal.check_results(1).unwrap();
    assert_eq!(kept[0].sample.len(), 3);
    assert!(kept[0].error.as_ref().unwrap().len() < 17_000);
    assert_eq!(kept[0].failing_rows, Some(10));
}

#[test]
fn the_state_of_a_view_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, journal) = open(&folder, 10);
    let definition =
        crate::sql::parse_one("CREATE MATERIALIZED VIEW public.a AS SELECT 1").unwrap();
    let new = NewObject::new(QualifiedName::new("public", "a"), definition);
    let oid = catalog
        .write(|transaction| transaction.create(new))
        .unwrap();
    journal
        .put_model_state(oid, &ModelState::default())
        .unwrap();
    assert!(journal.model_state(oid).unwrap().is_some());
    catalog
        .write(|transaction| transaction.drop(&[oid], false))
        .unwrap();
    assert!(journal.model_state(oid).unwrap().is_none());
}

#[test]
fn an_end_that_found_no_room_is_told_and_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, journal) = open(&folder, 10);
    let mut first = RefreshRecord::start(name(), 16384, "first run");
    journal.add_refresh(&mut first).unwrap();
    let mut other = RefreshRecord::start(name(), 16385, "first run");
    journal.add_refresh(&mut other).unwrap();

    // The file cannot be opened again, as after a write that found no room.
    let (path, aside) = (
        folder.path().join("catalog.redb"),
        folder.path().join("aside"),
    );
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    let _ = journal.store.failed()(redb::Error::PreviousIo);
    assert!(journal.add_refresh(&mut other.clone()).is_err());
    let state = |record: &RefreshRecord, version| ModelState {
        last_refresh_id: record.id,
        version: Some(version),
        ..ModelState::default()
    };
    first.finish(RefreshStatus::Succeeded);
    assert!(journal.finish_refresh(&first, Some(&state(&first, 1))));
    // Those of a transaction too, and all of them.
    let transaction = journal.begin_transaction();
    other.finish(RefreshStatus::Succeeded);
    assert!(!transaction.finish_refresh(&other, Some(&state(&other, 1))));
    assert_eq!(transaction.commit(|_| Some(2)).len(), 1);
    other.version = Some(2);

    // With room again it is told before anything is written.
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    let both = [other.clone(), first.clone()];
    assert_eq!(journal.refreshes(10).unwrap(), both);
    assert_eq!(journal.refresh(first.id).unwrap(), Some(first.clone()));
    let states = [(16384, state(&first, 1)), (16385, state(&other, 2))];
    assert_eq!(
        journal.model_states().unwrap(),
        states.clone().into_iter().collect()
    );
    assert_eq!(
        journal.model_state(16385).unwrap(),
        Some(states[1].1.clone())
    );

    // The next write writes it, and what is written later is what stays.
    journal.put_model_state(16384, &state(&first, 7)).unwrap();
    assert_eq!(journal.model_state(16384).unwrap(), Some(state(&first, 7)));
    drop((catalog, transaction, journal));
    let (_catalog, journal) = open(&folder, 10);
    assert_eq!(journal.refreshes(10).unwrap(), both);
    assert_eq!(
        journal.model_state(16385).unwrap(),
        Some(states[1].1.clone())
    );
}
