//! A server process of a test's own, on a free port, over a folder that goes with it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio_postgres::{Client, NoTls};

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
}

/// The program under test.
pub fn tributary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Files that tests read.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Server {
    /// Starts a server over `folder`: its project is `folder/sql`, its data `folder/data`.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts a server with more flags.
    pub fn start_with(folder: &Path, flags: &[&str]) -> Self {
        std::fs::create_dir_all(folder.join("sql")).unwrap();
        let mut child = tributary()
            .arg("serve")
            .args(["--listen", "127.0.0.1:0"])
            .arg("--project")
            .arg(folder.join("sql"))
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(flags)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .map_while(Result::ok)
            .find(|line| line.starts_with("ready: "));
        let Some(ready) = ready else {
            panic!("the server ended before it was ready: {:?}", child.wait());
        };
        let port = ready
            .split(" -p ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        Self { child, port }
    }

    /// Connects with a client of the Postgres protocol.
    pub async fn connect(&self) -> Client {
        let config = format!(
            "host=127.0.0.1 port={} user=tributary dbname=tributary",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// SIGKILL: the server gets no chance to end in order.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit status.
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone where a test has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
