//! Dates and moments that files of a project name are those that the server read when it took the files
//! in, as those of a session are in Postgres.

use std::path::Path;

use crate::cli::{run, text, write};
use crate::server::{Server, rows};

const DAYS: &str = "(VALUES (date '2024-01-15'), (date '2024-02-15')) t(d)";

/// What a command of a server with these settings prints.
fn printed(folder: &Path, settings: &[&str], command: &str) -> String {
    let mut arguments = vec!["--data-dir", "data"];
    for setting in settings {
        arguments.extend(["--set", *setting]);
    }
    arguments.push(command);
    let output = run(folder, &arguments);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    printed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_means_what_it_did_when_it_was_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let view = format!("CREATE VIEW a.days AS SELECT d FROM {DAYS} WHERE d >= '01/02/2024';");
    write(folder, "a/days.sql", &view);
    let kept = "CREATE MATERIALIZED VIEW a.kept (CONSTRAINT winter EXPECT (d < '01/03/2024') ON VIOLATION DROP ROW) AS SELECT d, CASE WHEN d > '02/01/2024' THEN timestamptz '2024-02-15 06:00' END AS at FROM a.days;";
    write(folder, "a/kept.sql", kept);
    let early = "CREATE CHECK a.early AS SELECT d FROM a.days WHERE d < '01/02/2024';";
    write(folder, "a/early.sql", early);
    let there = ["datestyle=ISO, DMY", "timezone=Asia/Tokyo"];
    let here = ["datestyle=ISO, MDY", "timezone=America/New_York"];
    printed(folder, &there, "run");

    // Nothing is defined or built anew under other settings.
    let planned = printed(folder, &here, "plan");
    assert_eq!(planned, "nothing to do: everything is up to date\n");
    {
        let server = Server::start_with(folder, &["--set", here[0], "--set", here[1]]);
        let client = server.connect().await;
        let days = "SELECT d::text FROM a.days ORDER BY d";
        assert_eq!(rows(&client, days).await, ["2024-02-15"]);
        let definition = "SELECT pg_get_viewdef('a.days'::regclass) LIKE '%''2024-02-01''%'";
        assert_eq!(rows(&client, definition).await, ["t"]);
        let refresh = "REFRESH MATERIALIZED VIEW a.kept FULL";
        client.batch_execute(refresh).await.unwrap();
        let kept = "SELECT d, at = '2024-02-14 21:00:00+00' FROM a.kept";
        assert_eq!(rows(&client, kept).await, ["2024-02-15|t"]);
    }

    // A file that has another comment alone means what it did.
    write(folder, "a/days.sql", &format!("-- Days.\n{view}"));
    printed(folder, &here, "run");
    {
        let server = Server::start_with(folder, &["--set", here[0], "--set", here[1]]);
        let client = server.connect().await;
        let days = "SELECT d::text FROM a.days ORDER BY d";
        assert_eq!(rows(&client, days).await, ["2024-02-15"]);
    }

    // One that has changed is read by the settings of now.
    for left in ["kept", "early"] {
        std::fs::remove_file(folder.join(format!("sql/a/{left}.sql"))).unwrap();
    }
    let changed = view.replace("SELECT d", "SELECT d, 1 AS n");
    write(folder, "a/days.sql", &changed);
    printed(folder, &here, "run");
    let server = Server::start_with(folder, &["--set", here[0], "--set", here[1]]);
    let client = server.connect().await;
    let days = "SELECT d::text FROM a.days ORDER BY d";
    assert_eq!(rows(&client, days).await, ["2024-01-15", "2024-02-15"]);
}
