//! Clients, each by its script in `tests/clients`: what they are answered is what they are answered by
//! PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::postgres::Postgres;
use crate::psql::psql_script_as;
use crate::server::Server;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The Python that has the clients; those of Node are beside it.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let install = Command::new(folder().join("install"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(install.status.success(), "tests/clients/install failed");
        PathBuf::from(String::from_utf8(install.stdout).unwrap().trim())
    })
}

/// The lines that a script prints, which is told the server, and more arguments where there are some.
fn run(script: &str, port: u16, more: &[&str]) -> Vec<String> {
    let mut command = match script.ends_with(".mjs") {
        true => Command::new("node"),
        false => Command::new(python()),
    };
    // The packages are beside the Python.
    let installed = python().ancestors().nth(3).unwrap();
    let output = command
        .arg(folder().join(script))
        .args(["127.0.0.1", &port.to_string(), "tributary", "tributary"])
        .args(more)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NODE_PATH", installed.join("node/node_modules"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {printed}\n{told}");
    printed.lines().map(str::to_owned).collect()
}

/// A PostgreSQL with a role and a database by the names of ours.
fn oracle() -> Postgres {
    let postgres = Postgres::start(&[]);
    let named = "CREATE ROLE tributary SUPERUSER LOGIN; CREATE DATABASE tributary;";
    psql_script_as("postgres", postgres.port, &named.replace("; ", ";\n"));
    postgres
}

/// That a client finds here what it finds in a PostgreSQL, but for the differences that a file of the
/// script's name in `tests/clients/differences` lists with their reasons.
fn finds_the_same(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = oracle();
    let theirs = run(script, postgres.port, &[]);
    let ours = run(script, server.port, &[]);
    compare(script, &ours, &theirs);
}

/// Where this is set, the lists of differences are written instead of held against what is found.
const WRITES: &str = "TRIBUTARY_DIFFERENCES_WRITE";

/// Compares what is printed with us and with a PostgreSQL, and tells the score.
fn compare(script: &str, ours: &[String], theirs: &[String]) {
    let (equal, found) = differences(ours, theirs);
    println!(
        "{script}: {equal} of {} lines as with PostgreSQL",
        theirs.len()
    );
    let name = script.split('.').next().unwrap();
    let list = folder().join(format!("differences/{name}.txt"));
    let listed = std::fs::read_to_string(&list).unwrap_or_default();
    if std::env::var_os(WRITES).is_some() {
        // The reasons stay, and are to be read again.
        let reasons = listed.lines().filter(|line| line.starts_with('#'));
        let lines: Vec<&str> = reasons.chain(found.iter().map(String::as_str)).collect();
        std::fs::write(&list, lines.join("\n") + "\n").unwrap();
        return;
    }
    let known: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with(['+', '-']))
        .collect();
    assert!(
        found == known,
        "{script}: of the differences, which {name}.txt lists,\nthese are new:\n{}\nthese are gone:\n{}",
        lacking(&found, &known),
        lacking(&known, &found),
    );
}

/// The lines that others do not have.
fn lacking<A: AsRef<str>, B: AsRef<str>>(lines: &[A], others: &[B]) -> String {
    let lines = lines.iter().map(AsRef::as_ref);
    let lacking = lines.filter(|line| !others.iter().any(|other| other.as_ref() == *line));
    lacking.collect::<Vec<_>>().join("\n")
}

/// How many lines are the same in both, in their order, and the others: theirs after a `-`, ours after a
/// `+`.
fn differences(ours: &[String], theirs: &[String]) -> (usize, Vec<String>) {
    // For each pair of ends, the length of the longest common subsequence of the lines from there on.
    let mut common = vec![vec![0_usize; ours.len() + 1]; theirs.len() + 1];
    for (their, their_line) in theirs.iter().enumerate().rev() {
        for (our, our_line) in ours.iter().enumerate().rev() {
            common[their][our] = match their_line == our_line {
                true => common[their + 1][our + 1] + 1,
                false => common[their + 1][our].max(common[their][our + 1]),
            };
        }
    }
    let (mut their, mut our, mut found) = (0, 0, Vec::new());
    while their < theirs.len() || our < ours.len() {
        if their < theirs.len() && our < ours.len() && theirs[their] == ours[our] {
            (their, our) = (their + 1, our + 1);
        } else if our == ours.len()
            || their < theirs.len() && common[their + 1][our] >= common[their][our + 1]
        {
            found.push(format!("- {}", theirs[their]));
            their += 1;
        } else {
            found.push(format!("+ {}", ours[our]));
            our += 1;
        }
    }
    (common[0][0], found)
}

/// That what a program is known to send is answered here as by a PostgreSQL. The program does not run: its
/// statements are in `tests/clients/statements`.
fn is_answered_the_same(program: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let oracle = oracle_of_the_same_superuser();
    let through = |port: u16| run("statements_client.py", port, &[program]);
    let (ours, theirs) = (through(server.port), through(oracle.port));
    let (alike, messages) = alike_messages(&ours, &theirs);
    println!("{program}: {alike} of {messages} messages are answered as by PostgreSQL");
    compare(program, &ours, &theirs);
}

/// A PostgreSQL whose first role has the name of ours, as it owns what the system brings.
fn oracle_of_the_same_superuser() -> Postgres {
    let postgres = Postgres::start(&[]);
    let as_role = |name: &str, script: &str| {
        psql_script_as(name, postgres.port, &script.replace("; ", ";\n"));
    };
    // No role renames itself, and psql connects to the database of the role's name.
    as_role(
        "postgres",
        "CREATE ROLE other SUPERUSER LOGIN; CREATE DATABASE other; CREATE DATABASE tributary;",
    );
    as_role("other", "ALTER ROLE postgres RENAME TO tributary;");
    as_role("tributary", "DROP DATABASE other; DROP ROLE other;");
    postgres
}

/// How many messages are answered by the same lines, and how many there are; a line `== title` begins each.
fn alike_messages(ours: &[String], theirs: &[String]) -> (usize, usize) {
    let messages = |lines: &[String]| -> Vec<String> {
        let all = lines.join("\n");
        all.split("\n== ").map(str::to_owned).collect()
    };
    let (ours, theirs) = (messages(ours), messages(theirs));
    assert_eq!(ours.len(), theirs.len(), "messages were not answered");
    let alike = ours.iter().zip(&theirs).filter(|(our, their)| our == their);
    (alike.count(), theirs.len())
}

#[test]
fn differences_are_the_lines_that_only_one_has() {
    let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let (equal, found) = differences(&lines("a x c d"), &lines("a b c"));
    assert_eq!(equal, 2);
    assert_eq!(found, ["- b", "+ x", "+ d"]);
}

#[test]
fn adbc_finds_the_same() {
    finds_the_same("adbc_client.py");
}

#[test]
fn alembic_migrates_the_same() {
    finds_the_same("alembic_client.py");
}

#[test]
fn asyncpg_finds_the_same() {
    finds_the_same("asyncpg_client.py");
}

#[test]
fn dbt_builds_the_same() {
    finds_the_same("dbt_client.py");
}

#[test]
fn django_finds_the_same() {
    finds_the_same("django_client.py");
}

#[test]
fn jdbc_finds_the_same() {
    finds_the_same("jdbc_client.py");
}

#[test]
fn clients_of_enums_find_the_same() {
    finds_the_same("enums_client.py");
}

#[test]
fn knex_finds_the_same() {
    finds_the_same("knex_client.mjs");
}

#[test]
fn node_finds_the_same() {
    finds_the_same("node_client.mjs");
}

#[test]
fn odbc_finds_the_same() {
    finds_the_same("odbc_client.py");
}

#[test]
fn peewee_finds_the_same() {
    finds_the_same("peewee_client.py");
}

#[test]
fn pg8000_finds_the_same() {
    finds_the_same("pg8000_client.py");
}

#[test]
fn pg_dump_writes_the_same() {
    finds_the_same("pg_dump_client.py");
}

#[test]
fn pgbench_runs_the_same() {
    finds_the_same("pgbench_client.py");
}

#[test]
fn pgcli_finds_the_same() {
    finds_the_same("pgcli_client.py");
}

#[test]
fn polars_finds_the_same() {
    finds_the_same("polars_client.py");
}

/// A PostgreSQL that reads and writes our tables as its own.
#[test]
fn postgres_fdw_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // Its transactions are of one snapshot, which a compaction in between would make them fail by.
    let server = Server::start_with(folder.path(), &["--background-compaction", "off"]);
    let far = oracle();
    let through = |port: u16| {
        let near = Postgres::start(&[]);
        run("fdw_client.py", port, &[&near.port.to_string()])
    };
    compare("fdw_client.py", &through(server.port), &through(far.port));
}

#[test]
fn psycopg2_finds_the_same() {
    finds_the_same("psycopg2_client.py");
}

#[test]
fn psycopg_finds_the_same() {
    finds_the_same("psycopg_client.py");
}

#[test]
fn sqlalchemy_and_pandas_find_the_same() {
    finds_the_same("sqlalchemy_client.py");
}

#[test]
fn sequelize_finds_the_same() {
    finds_the_same("sequelize_client.mjs");
}

#[test]
fn what_airbyte_sends_is_answered_the_same() {
    is_answered_the_same("airbyte");
}

#[test]
fn what_datagrip_sends_is_answered_the_same() {
    is_answered_the_same("datagrip");
}

#[test]
fn what_dbeaver_sends_is_answered_the_same() {
    is_answered_the_same("dbeaver");
}

#[test]
fn what_grafana_sends_is_answered_the_same() {
    is_answered_the_same("grafana");
}

#[test]
fn what_hasura_sends_is_answered_the_same() {
    is_answered_the_same("hasura");
}

#[test]
fn what_looker_sends_is_answered_the_same() {
    is_answered_the_same("looker");
}

#[test]
fn what_metabase_sends_is_answered_the_same() {
    is_answered_the_same("metabase");
}

#[test]
fn what_pgadmin_sends_is_answered_the_same() {
    is_answered_the_same("pgadmin");
}

#[test]
fn what_postgrest_sends_is_answered_the_same() {
    is_answered_the_same("postgrest");
}

#[test]
fn what_powerbi_sends_is_answered_the_same() {
    is_answered_the_same("powerbi");
}

#[test]
fn what_prisma_sends_is_answered_the_same() {
    is_answered_the_same("prisma");
}

#[test]
fn what_superset_sends_is_answered_the_same() {
    is_answered_the_same("superset");
}

#[test]
fn what_tableau_sends_is_answered_the_same() {
    is_answered_the_same("tableau");
}
