//! What files of a project name without a schema is named in full where it is kept, which is no change.

use crate::cli::{run, text, write};
use crate::server::{Server, rows};

#[tokio::test(flavor = "multi_thread")]
async fn what_files_name_in_short_is_what_is_kept_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    {
        let server = Server::start_with(folder, &[]);
        let made = "CREATE SCHEMA a; CREATE SEQUENCE a.counter; CREATE TYPE a.mood AS ENUM ('glad'); CREATE FUNCTION a.twice(n INT) RETURNS INT RETURN n * 2";
        server.connect().await.batch_execute(made).await.unwrap();
    }
    // What a literal names is defined before it, whatever the order of the files' names.
    let early =
        "CREATE VIEW a.early AS SELECT 'later'::regclass::text AS r, nextval('counter') > 0 AS n";
    write(folder, "a/early.sql", early);
    write(
        folder,
        "a/later.sql",
        "CREATE VIEW a.later AS SELECT 1 AS n",
    );
    let typed = "CREATE VIEW a.typed AS SELECT 'glad'::mood AS m, twice(2) AS t, 'mood'::regtype::text AS k";
    write(folder, "a/typed.sql", typed);
    let printed = |command: &str| {
        let output = run(folder, &["--data-dir", "data", command]);
        let printed = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{printed}");
        printed
    };
    printed("run");
    let up_to_date = "nothing to do: everything is up to date\n";
    assert_eq!(printed("plan"), up_to_date);
    {
        let server = Server::start_with(folder, &[]);
        let client = server.connect().await;
        let named = rows(&client, "SELECT r, n FROM a.early").await;
        assert_eq!(named, ["a.later|t"]);
        let named = rows(&client, "SELECT m, t, k FROM a.typed").await;
        assert_eq!(named, ["glad|4|a.mood"]);
    }
    assert_eq!(printed("plan"), up_to_date);
}
