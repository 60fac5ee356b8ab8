//! A server process of a test's own, on a free port, over a folder that goes with it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    log: PathBuf,
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

/// The rows of a query, each as its values with bars between.
pub async fn rows(client: &Client, sql: &str) -> Vec<String> {
    let answer = client.simple_query(sql).await;
    answer
        .unwrap_or_else(|error| panic!("{sql}: {:?}", error.as_db_error()))
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
                Some(values.collect::<Vec<_>>().join("|"))
            }
            _ => None,
        })
        .collect()
}

impl Server {
    /// Starts a server over `folder`: its project is `folder/sql`, its data `folder/data`.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts a server with more flags.
    pub fn start_with(folder: &Path, flags: &[&str]) -> Self {
        Self::start_in(folder, flags, &[])
    }

    /// Starts a server with more flags, in an environment.
    pub fn start_in(folder: &Path, flags: &[&str], environment: &[(String, String)]) -> Self {
        std::fs::create_dir_all(folder.join("sql")).unwrap();
        let log = folder.join("server.log");
        let mut child = tributary()
            .arg("serve")
            .args(["--listen", "127.0.0.1:0"])
            .arg("--project")
            .arg(folder.join("sql"))
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(flags)
            .envs(environment.iter().cloned())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .map_while(Result::ok)
            .find(|line| line.starts_with("ready: "));
        let Some(ready) = ready else {
            let status = child.wait();
            let log = std::fs::read_to_string(log).unwrap_or_default();
            panic!("the server ended before it was ready: {status:?}\n{log}");
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
        Self { child, port, log }
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

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The names of its threads.
    pub fn threads(&self) -> Vec<String> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = std::fs::read_dir(tasks).unwrap().flatten();
        // A thread may end meanwhile.
        let names = tasks.flat_map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.map(|name| name.trim().to_owned()).collect()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
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
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
        // Already gone where a test has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
