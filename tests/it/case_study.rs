//! The case study, from nothing to campaign results, as the first start builds it.

use std::path::Path;

use crate::pages;
use crate::server::{Server, tributary};

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == "data" => {}
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_case_study_builds_and_finds_who_is_who() {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("sql"),
        &folder.path().join("sql"),
    );
    let run = tributary()
        .args(["run", "--data-dir", "data"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{printed}");

    let server = Server::start(folder.path());
    pages::check(&server, &printed);
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE EXTERNAL TABLE truth (system TEXT, record_id TEXT, person_id BIGINT) \
             STORED AS CSV LOCATION 'data/truth.csv'",
        )
        .await
        .unwrap();
    let quality = client
        .query_one(
            "WITH found AS (
                 SELECT customer_id, person_id
                 FROM matching.cluster JOIN truth ON record = system || ':' || record_id
             ),
             pairs AS (
                 SELECT
                     (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM found GROUP BY customer_id) a) AS found_pairs,
                     (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM found GROUP BY person_id) b) AS true_pairs,
                     (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM found GROUP BY customer_id, person_id) c) AS right_pairs
             )
             SELECT CAST(right_pairs AS DOUBLE) / found_pairs, CAST(right_pairs AS DOUBLE) / true_pairs FROM pairs",
            &[],
        )
        .await
        .unwrap();
    let (precision, recall): (f64, f64) = (quality.get(0), quality.get(1));
    let f1 = 2.0 * precision * recall / (precision + recall);
    assert!(f1 > 0.955, "precision {precision}, recall {recall}");

    let count = async |query: &str| client.query_one(query, &[]).await.unwrap().get::<_, i64>(0);
    assert!(count("SELECT count(*) FROM golden.customer").await > 1900);
    assert!(count("SELECT count(*) FROM golden.customer WHERE birth_year_imputed").await > 0);
    assert_eq!(
        count("SELECT count(*) FROM tributary.rejected_rows WHERE source IS NOT NULL").await,
        9
    );
    assert!(
        count("SELECT count(*) FROM marketing.campaign_result WHERE conversion_rate > 0").await > 0
    );
    assert_eq!(
        count("SELECT count(*) FROM tributary.models WHERE stale OR status = 'failed'").await,
        0
    );
    let sources = count(
        "WITH RECURSIVE up AS (
             SELECT source_schema, source_name, source_column FROM tributary.lineage
             WHERE schema = 'golden' AND name = 'customer' AND column_name = 'email'
             UNION
             SELECT l.source_schema, l.source_name, l.source_column FROM tributary.lineage l
             JOIN up ON l.schema = up.source_schema AND l.name = up.source_name AND l.column_name = up.source_column
         )
         SELECT count(DISTINCT source_name) FROM up WHERE source_schema = 'source'",
    )
    .await;
    assert!(sources >= 3, "the e-mail comes from {sources} sources");
}
