//! On a full disk statements fail with 53100, and what was there stays.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::server::Server;

/// A small file system of its own, which goes away with this.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of this size, such as `12m`, where this process may.
    pub fn mount(folder: &Path, size: &str) -> Option<Self> {
        let disk = folder.join("disk");
        std::fs::create_dir(&disk).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&disk)
            .status();
        mounted.ok()?.success().then_some(Self(disk))
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Takes the room that is left but for `bytes`.
    pub fn fill(&self, bytes: u64) {
        let filler = self.0.join("filler");
        let _ = std::fs::write(&filler, vec![0; 32 << 20]);
        let file = std::fs::File::options().write(true).open(&filler).unwrap();
        let taken = file.metadata().unwrap().len();
        file.set_len(taken.saturating_sub(bytes)).unwrap();
    }

    /// Gives all room back.
    pub fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that failed has a server on it that is still being killed.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn count(client: &Client, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    client.query_one(&count, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_what_writes_and_leaves_the_old_state() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), "12m") else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let server = Server::start(&disk.0);
    let client = server.connect().await;
    // Random text, which does not compress.
    let rows = "SELECT md5(value::TEXT) AS text FROM generate_series(1, 200000) s";
    client
        .batch_execute(
            "CREATE TABLE t AS SELECT 'a'::TEXT AS text;
             CREATE VIEW many AS SELECT 'a'::TEXT AS text;
             CREATE MATERIALIZED VIEW m AS SELECT * FROM many",
        )
        .await
        .unwrap();
    client
        .batch_execute(&format!("CREATE OR REPLACE VIEW many AS {rows}"))
        .await
        .unwrap();
    for room in [0, 1 << 20] {
        for statement in [
            format!("INSERT INTO t {rows}"),
            "REFRESH MATERIALIZED VIEW m".to_owned(),
            format!("CREATE TABLE new AS {rows}"),
            format!("CREATE OR REPLACE TABLE t AS {rows}"),
            "CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT * FROM many".to_owned(),
        ] {
            disk.fill(room);
            let error = client.batch_execute(&statement).await.unwrap_err();
            let error = error.as_db_error().unwrap();
            assert_eq!(error.code(), &SqlState::DISK_FULL, "{statement}: {error:?}");
            assert!(error.hint().is_some(), "{statement}: {error:?}");
            assert_eq!(count(&client, "t").await, 1, "{statement}");
            assert_eq!(count(&client, "m").await, 1, "{statement}");
            disk.free();
        }
        // With room again the same server goes on.
        client
            .batch_execute("CREATE TABLE small AS SELECT 1 AS one; DROP TABLE small")
            .await
            .unwrap();
    }
    // The catalog's own file has no room to grow.
    disk.fill(0);
    let comment = "x".repeat(60_000);
    let mut views = 0;
    let error = loop {
        let view = format!(
            "CREATE VIEW v{views} AS SELECT 1 AS one; COMMENT ON VIEW v{views} IS '{comment}'"
        );
        match client.batch_execute(&view).await {
            Ok(()) => views += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Some(&SqlState::DISK_FULL), "{error:?}");
    assert!(error.as_db_error().unwrap().hint().is_some());
    assert_eq!(
        (count(&client, "t").await, count(&client, "m").await),
        (1, 1)
    );
    disk.free();
    for view in 0..views {
        assert_eq!(count(&client, &format!("v{view}")).await, 1);
    }
    client
        .batch_execute("CREATE OR REPLACE TABLE t AS SELECT 'b' AS other")
        .await
        .unwrap();
    client
        .batch_execute("REFRESH MATERIALIZED VIEW m; SELECT * FROM tributary.refreshes")
        .await
        .unwrap();
    server.kill();
    let server = Server::start(&disk.0);
    let client = server.connect().await;
    client.query("SELECT other FROM t", &[]).await.unwrap();
    assert_eq!(
        (count(&client, "t").await, count(&client, "m").await),
        (1, 200_000)
    );
    let new = client.query("SELECT * FROM new", &[]).await.unwrap_err();
    assert_eq!(new.code(), Some(&SqlState::UNDEFINED_TABLE));
    server.kill();
}
