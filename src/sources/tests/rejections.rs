use std::sync::Arc;

use tokio::sync::mpsc;

use super::harness::Project;
use crate::sources::RejectedRows;

const CREATE: &str = "CREATE EXTERNAL TABLE t (id bigint, total double precision) \
    STORED AS CSV LOCATION 'd/*.csv'";

/// Two files with a bad value, a short record and a broken quote among good rows.
fn project() -> Project {
    let project = Project::new();
    project.write("d/a.csv", "id,total\n1,1.5\n2,\"12,50\"\n3\n4,4.5\n");
    project.write("d/b.csv", "total,id\n5.5,5\n\"6,6\n7.5,7\n");
    project
}

#[tokio::test]
async fn a_bad_row_fails_by_default_and_names_its_place() {
    let project = project();
    project
        .create(&CREATE.replace("d/*.csv", "d/a.csv"))
        .await
        .unwrap();
    let error = project.rows("SELECT * FROM t").await.unwrap_err();
    assert_eq!(
        error.message(),
        "public.t: d/a.csv, line 3, column \"total\": invalid input syntax for type double \
         precision: \"12,50\""
    );
    assert_eq!(error.sqlstate().0, "22P02");
    assert_eq!(error.detail(), Some("The record is: 2,\"12,50\""));
    // What a query selects does not change which rows are bad.
    let error = project.rows("SELECT id FROM t").await.unwrap_err();
    assert!(error.message().contains("line 3"), "{error}");
}

#[tokio::test]
async fn quarantined_rows_are_collected_whatever_is_selected() {
    let project = project();
    project
        .create(&format!("{CREATE} OPTIONS (on_error 'quarantine')"))
        .await
        .unwrap();
    for (sql, expected) in [
        (
            "SELECT * FROM t ORDER BY id",
            vec!["1|1.5", "4|4.5", "5|5.5", "7|7.5"],
        ),
        ("SELECT id FROM t ORDER BY id", vec!["1", "4", "5", "7"]),
        ("SELECT count(*) FROM t", vec!["4"]),
        ("SELECT _row FROM t WHERE id > 4 ORDER BY 1", vec!["2", "4"]),
    ] {
        let (sender, mut receiver) = mpsc::channel(1);
        let collector = Arc::new(RejectedRows::new(sender));
        let drain = tokio::spawn(async move {
            let mut rows = Vec::new();
            while let Some(row) = receiver.recv().await {
                rows.push((row.file, row.row, row.column_name, row.reason, row.record));
            }
            rows
        });
        let query = project.rejecting_to(&collector);
        assert_eq!(query.rows(sql).await.unwrap(), expected, "{sql}");
        assert_eq!(collector.count(), 3, "{sql}");
        drop((query, collector));
        let mut rejected = drain.await.unwrap();
        rejected.sort();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            rejected,
            [
                (
                    text("d/a.csv"),
                    3,
                    Some(text("total")),
                    text("invalid input syntax for type double precision: \"12,50\""),
                    text("2,\"12,50\""),
                ),
                (
                    text("d/a.csv"),
                    4,
                    None,
                    text("expected 2 fields, found 1"),
                    text("3")
                ),
                (
                    text("d/b.csv"),
                    3,
                    None,
                    text("unterminated quoted value"),
                    text("\"6,6")
                ),
            ],
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_plain_query_is_warned_of_what_it_left_out() {
    let project = project();
    project
        .create(&format!("{CREATE} OPTIONS (on_error 'quarantine')"))
        .await
        .unwrap();
    let collector = Arc::new(RejectedRows::counting());
    assert!(collector.notices().is_empty());
    let query = project.rejecting_to(&collector);
    assert_eq!(query.rows("SELECT id FROM t").await.unwrap().len(), 4);
    let [notice] = collector.notices().try_into().unwrap();
    assert_eq!(notice.message(), "3 bad rows left out");
    assert_eq!(notice.sqlstate().0, "01000");
    assert!(
        notice
            .detail()
            .unwrap()
            .contains("d/a.csv, line 4: expected 2 fields")
    );
}

#[tokio::test]
async fn a_collector_that_went_away_fails_the_query() {
    let project = project();
    project
        .create(&format!("{CREATE} OPTIONS (on_error 'quarantine')"))
        .await
        .unwrap();
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let collector = Arc::new(RejectedRows::new(sender));
    let error = project
        .rejecting_to(&collector)
        .rows("SELECT id FROM t")
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "the collector of rejected rows has stopped"
    );
}

#[tokio::test]
async fn json_lines_are_quarantined_too() {
    let project = Project::new();
    project.write(
        "e.jsonl",
        "{\"id\": 1}\n{\"id\": \"x\"}\n\nnull\n{\"id\": 2}\n",
    );
    project
        .create(
            "CREATE EXTERNAL TABLE e (id bigint) STORED AS JSON LOCATION 'e.jsonl' \
             OPTIONS (on_error 'quarantine')",
        )
        .await
        .unwrap();
    let collector = Arc::new(RejectedRows::counting());
    let query = project.rejecting_to(&collector);
    let rows = query.rows("SELECT id, _row FROM e").await.unwrap();
    assert_eq!(rows, ["1|1", "2|5"]);
    let [notice] = collector.notices().try_into().unwrap();
    assert_eq!(
        notice.detail(),
        Some(
            "public.e: e.jsonl, line 2, column \"id\": invalid input syntax for type bigint: \
             \"x\".\npublic.e: e.jsonl, line 4: expected an object, found null."
        )
    );
}

#[tokio::test]
async fn a_row_counts_once_however_often_its_source_is_read() {
    let project = project();
    project
        .create(&format!("{CREATE} OPTIONS (on_error 'quarantine')"))
        .await
        .unwrap();
    // The same value, wrong for the same reason, in two rows.
    project.write("d/c.csv", "id,total\n8,x\n8,x\n");
    for sql in [
        "SELECT id FROM t UNION ALL SELECT total FROM t",
        "SELECT a.id FROM t a, t b WHERE a.id < (SELECT max(id) FROM t)",
    ] {
        let collector = Arc::new(RejectedRows::counting());
        project.rejecting_to(&collector).rows(sql).await.unwrap();
        assert_eq!(collector.count(), 5, "{sql}");
    }
}

#[tokio::test]
async fn a_file_without_even_a_header_is_told_of() {
    let project = Project::new();
    project.write("d/a.csv", "id,total\n");
    project.write("d/b.csv", "");
    project.write("d/c.csv", "\u{feff}");
    project.create(CREATE).await.unwrap();
    let collector = Arc::new(RejectedRows::counting());
    let query = project.rejecting_to(&collector);
    let twice = "SELECT id FROM t UNION ALL SELECT id FROM t";
    assert!(query.rows(twice).await.unwrap().is_empty());
    let told: Vec<_> = collector
        .notices()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "public.t: d/b.csv is empty, without even a header",
            "public.t: d/c.csv is empty, without even a header"
        ]
    );
    project
        .create(
            "CREATE EXTERNAL TABLE bare (id bigint) STORED AS CSV LOCATION 'd/b.csv' \
             OPTIONS (header 'false')",
        )
        .await
        .unwrap();
    let collector = Arc::new(RejectedRows::counting());
    let query = project.rejecting_to(&collector);
    query.rows("SELECT id FROM bare").await.unwrap();
    assert!(collector.notices().is_empty());
}

#[tokio::test]
async fn every_row_is_read_or_rejected_in_any_number_of_files() {
    let project = Project::new();
    let mut good = 0;
    let mut bad = 0;
    for file in 0..7 {
        let mut text = "id,total\n".to_owned();
        for row in 0..500 + file * 37 {
            if row % 11 == 3 {
                bad += 1;
                text.push_str("x,y\n");
            } else {
                good += 1;
                text.push_str(&format!("{row},1.5\n"));
            }
        }
        project.write(&format!("d/{file}.csv"), text);
    }
    project
        .create(&format!("{CREATE} OPTIONS (on_error 'quarantine')"))
        .await
        .unwrap();
    for size in [1, 64, 8192] {
        let collector = Arc::new(RejectedRows::counting());
        let query = project.batches_of(size).rejecting_to(&collector);
        assert_eq!(
            query.rows("SELECT count(*) FROM t").await.unwrap(),
            [good.to_string()]
        );
        assert_eq!(collector.count(), bad);
    }
}
