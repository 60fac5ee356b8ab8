//! A PostgreSQL of the tests' own, from the system's package: the oracle of functions that claim
//! to equal PostgreSQL's, and a system to read from.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use tokio_postgres::{Client, NoTls};

/// The role and the database that tests connect to.
const NAME: &str = "postgres";

/// PostgreSQL refuses to run as root; its package brings this user.
const UNPRIVILEGED: &str = "postgres";

/// How often a free port is chosen anew because another process took it in between.
const ATTEMPTS: usize = 5;

/// Starts the server that its arguments say and waits for the end of its own input, which comes
/// when the test has dropped the cluster and also when the test was killed.
const WATCH: &str = r#""$@" 2>&1 & server=$!
exec >/dev/null 2>&1
read -r _
kill -QUIT "$server"
wait "$server""#;

/// A running cluster in a folder of its own, on a free port of the loopback interface; it is
/// stopped and removed when this is dropped.
pub struct Postgres {
    watch: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Postgres {
    /// The cluster of this process, which the tests that use it at the same time share.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start(&[]));
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// Starts a cluster with more settings, each as `name=value`: UTF-8, locale `C.UTF-8`, every
    /// role trusted.
    pub fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            succeed(Command::new("chown").arg(UNPRIVILEGED).arg(folder.path()));
        }
        let data = folder.path().join("data");
        let initdb = executable("initdb");
        succeed(
            unprivileged(&initdb)
                .args(["--username", NAME, "--auth", "trust", "--no-sync"])
                .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--pgdata"])
                .arg(&data),
        );
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            if let Some(watch) = serve(folder.path(), &data, port, settings) {
                return Self {
                    watch,
                    port,
                    _folder: folder,
                };
            }
        }
        panic!("PostgreSQL did not start on any of {ATTEMPTS} ports");
    }

    /// Connects as the superuser.
    pub async fn connect(&self) -> Client {
        let config = format!(
            "host=127.0.0.1 port={} user={NAME} dbname={NAME}",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Ends the input of the watch, which then stops the server.
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

/// Starts the server and waits until it takes connections; `None` where it ended instead.
fn serve(folder: &Path, data: &Path, port: u16, settings: &[&str]) -> Option<Child> {
    let mut command = unprivileged(Path::new("/bin/sh"));
    command
        .args(["-c", WATCH, "watch"])
        .arg(executable("postgres"))
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(folder)
        .args(["-p", &port.to_string()]);
    // Nothing here outlives the test, so nothing needs to reach the disk.
    let volatile = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
    ];
    let log = ["log_min_messages=log", "logging_collector=off"];
    for setting in volatile.iter().chain(&log).chain(settings) {
        command.args(["-c", setting]);
    }
    let mut watch = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut log = Vec::new();
    for line in lines.by_ref() {
        if line.contains("ready to accept connections") {
            // A full pipe would hold the server up.
            std::thread::spawn(move || lines.for_each(drop));
            return Some(watch);
        }
        log.push(line);
    }
    drop(watch.stdin.take());
    watch.wait().unwrap();
    let log = log.join("\n");
    assert!(log.contains("Address already in use"), "{log}");
    None
}

/// A program of PostgreSQL's server, of the newest version that is installed.
fn executable(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").unwrap();
    versions
        .filter_map(|version| {
            let version = version.unwrap();
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let program = version.path().join("bin").join(name);
            program.exists().then_some((number, program))
        })
        .max()
        .map(|(_, program)| program)
        .unwrap_or_else(|| panic!("no {name} in /usr/lib/postgresql; tests/setup installs it"))
}

pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A command that runs as a user who is not root, in English.
fn unprivileged(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED])
            .args(["--clear-groups", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env("LC_MESSAGES", "C");
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_cluster_has_the_extensions_and_goes_with_its_test() {
    let postgres = Postgres::shared();
    assert!(Arc::ptr_eq(&postgres, &Postgres::shared()));
    let client = postgres.connect().await;
    client
        .batch_execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION fuzzystrmatch")
        .await
        .unwrap();
    let row = client
        .query_one(
            "SELECT similarity('word', 'two words'), current_setting('lc_ctype'), current_setting('server_encoding')",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, f32>(0), 0.36363637);
    assert_eq!((row.get(1), row.get(2)), ("C.UTF-8", "UTF8"));
    let port = postgres.port;
    drop(postgres);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
