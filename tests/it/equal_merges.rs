//! Random `MERGE`s with all kinds of clauses and with `RETURNING`, held against what other statements do
//! on PostgreSQL: 15 has neither `NOT MATCHED BY SOURCE` nor `RETURNING` of a `MERGE`.

use tokio_postgres::Client;

use crate::equal_changes::{Maker, TABLES, kind, outcome, seed};
use crate::postgres::Postgres;
use crate::server::Server;

const STATEMENTS: usize = 120;

/// What becomes of a row.
enum Action {
    Nothing,
    Delete,
    /// The assignments.
    Update(String),
    /// The columns and their values; others get their defaults.
    Insert(Vec<(&'static str, String)>),
}

/// Which rows a clause is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Matched,
    NotMatched,
    BySource,
}

struct Clause {
    when: When,
    condition: Option<String>,
    action: Action,
}

struct Merge {
    on: &'static str,
    clauses: Vec<Clause>,
}

impl Merge {
    /// One at random.
    fn make(maker: &mut Maker) -> Self {
        // What is not matched does not come to match by what a clause does.
        let on = ["s.id = t.id", "t.id = s.a", "s.id = t.id AND s.a > 1"];
        let mut merge = Self {
            on: on[maker.number_below(3)],
            clauses: Vec::new(),
        };
        for _ in 0..1 + maker.number_below(4) {
            let when = [When::Matched, When::NotMatched, When::BySource][maker.number_below(3)];
            let all = |clause: &Clause| clause.when == when && clause.condition.is_none();
            if merge.clauses.iter().any(all) {
                continue;
            }
            let seen: &[&str] = match when {
                When::Matched => &["t", "s"],
                When::NotMatched => &["s"],
                When::BySource => &["t"],
            };
            let condition = maker.often(70).then(|| maker.condition(seen));
            let action = match (when, maker.number_below(4)) {
                (_, 0) => Action::Nothing,
                (When::NotMatched, _) => Action::Insert(Self::row(maker)),
                (_, 1) => Action::Delete,
                _ => Action::Update(maker.assignments_of(vec!["a", "b", "c", "d"], seen)),
            };
            merge.clauses.push(Clause {
                when,
                condition,
                action,
            });
        }
        merge
    }

    fn row(maker: &mut Maker) -> Vec<(&'static str, String)> {
        let id = ["s.id", "s.id + 5"][maker.number_below(2)];
        let mut row = vec![("id", id.to_owned())];
        for column in ["a", "b", "c"] {
            let value = maker.value(column, &["s"]);
            if value != "DEFAULT" {
                row.push((column, value));
            }
        }
        row
    }

    /// The statement.
    fn text(&self) -> String {
        let mut text = format!("MERGE INTO t USING s ON {}", self.on);
        for clause in &self.clauses {
            text.push_str(match clause.when {
                When::Matched => " WHEN MATCHED",
                When::NotMatched => " WHEN NOT MATCHED",
                When::BySource => " WHEN NOT MATCHED BY SOURCE",
            });
            if let Some(condition) = &clause.condition {
                text.push_str(&format!(" AND ({condition})"));
            }
            text.push_str(" THEN ");
            text.push_str(&match &clause.action {
                Action::Nothing => "DO NOTHING".to_owned(),
                Action::Delete => "DELETE".to_owned(),
                Action::Update(assignments) => format!("UPDATE SET {assignments}"),
                Action::Insert(row) => {
                    let (columns, values) = parts(row);
                    format!("INSERT ({columns}) VALUES ({values})")
                }
            });
        }
        text + " RETURNING t.*"
    }

    /// Which clause is for a row; NULL for one of which nothing becomes.
    fn fate(&self, when: When) -> String {
        let mut fate = "CASE".to_owned();
        for (number, clause) in self.clauses.iter().enumerate() {
            if clause.when != when {
                continue;
            }
            let condition = clause.condition.as_deref().unwrap_or("true");
            let number = match clause.action {
                Action::Nothing => "NULL".to_owned(),
                _ => number.to_string(),
            };
            fate.push_str(&format!(" WHEN {condition} THEN {number}"));
        }
        match fate.as_str() {
            "CASE" => "NULL::int".to_owned(),
            _ => fate + " END",
        }
    }

    /// Does the same by other statements, of which first all see what the table was.
    async fn emulate(&self, client: &Client) -> Result<(Vec<String>, u64), String> {
        outcome(client, "BEGIN").await?;
        let done = self.steps(client).await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        outcome(client, end).await?;
        done
    }

    async fn steps(&self, client: &Client) -> Result<(Vec<String>, u64), String> {
        let on = self.on;
        let (matched, unmatched, alone) = (
            self.fate(When::Matched),
            self.fate(When::NotMatched),
            self.fate(When::BySource),
        );
        for made in [
            format!(
                "matched ON COMMIT DROP AS SELECT t.id AS tid, s.id AS sid, {matched} AS fate FROM t JOIN s ON {on}"
            ),
            format!(
                "unmatched ON COMMIT DROP AS SELECT s.id AS sid, {unmatched} AS fate FROM s WHERE NOT EXISTS (SELECT 1 FROM t WHERE {on})"
            ),
            format!(
                "alone ON COMMIT DROP AS SELECT t.id AS tid, {alone} AS fate FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE {on})"
            ),
        ] {
            outcome(client, &format!("CREATE TEMP TABLE {made}")).await?;
        }
        let twice =
            "SELECT tid FROM matched WHERE fate IS NOT NULL GROUP BY tid HAVING count(*) > 1";
        if !outcome(client, twice).await?.0.is_empty() {
            return Err("21000".to_owned());
        }
        let (mut rows, mut count) = (Vec::new(), 0);
        // What goes makes room for what comes.
        for kind in 0..3 {
            for (number, clause) in self.clauses.iter().enumerate() {
                let (from, and) = match clause.when {
                    When::BySource => ("alone AS m", ""),
                    _ => ("matched AS m, s", " AND s.id = m.sid"),
                };
                let found = format!("m.tid = t.id{and} AND m.fate = {number}");
                let step = match (&clause.action, kind) {
                    (Action::Delete, 0) => format!("DELETE FROM t USING {from} WHERE {found}"),
                    (Action::Update(assignments), 1) => {
                        format!("UPDATE t SET {assignments} FROM {from} WHERE {found}")
                    }
                    (Action::Insert(row), 2) => {
                        let (columns, values) = parts(row);
                        format!(
                            "INSERT INTO t ({columns}) SELECT {values} FROM s, unmatched AS m WHERE s.id = m.sid AND m.fate = {number}"
                        )
                    }
                    _ => continue,
                };
                let (mut more, changed) = outcome(client, &(step + " RETURNING t.*")).await?;
                rows.append(&mut more);
                count += changed;
            }
        }
        rows.sort();
        Ok((rows, count))
    }
}

fn parts(row: &[(&'static str, String)]) -> (String, String) {
    let columns: Vec<&str> = row.iter().map(|(column, _)| *column).collect();
    let values: Vec<&str> = row.iter().map(|(_, value)| value.as_str()).collect();
    (columns.join(", "), values.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn random_merges_do_what_other_statements_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute("CREATE SCHEMA own_merges; SET search_path = own_merges")
        .await
        .unwrap();
    for client in [&ours, &theirs] {
        client.batch_execute(TABLES).await.unwrap();
    }
    let mut maker = Maker::new(seed());
    let (mut changed, mut refused, mut rows_changed) = (0, 0, 0);
    for number in 0..STATEMENTS {
        if number.is_multiple_of(5) {
            for client in [&ours, &theirs] {
                client
                    .batch_execute(
                        "DELETE FROM t; INSERT INTO t (id, a, b) SELECT id, id, 'n' FROM s WHERE id < 4; INSERT INTO t (id, a, c) VALUES (5, 1, 2.5), (7, 3, NULL), (12, NULL, 0)",
                    )
                    .await
                    .unwrap();
            }
        }
        let merge = Merge::make(&mut maker);
        let statement = merge.text();
        let expected = merge.emulate(&theirs).await;
        let given = outcome(&ours, &statement).await;
        assert_eq!(
            kind(&given),
            kind(&expected),
            "{number}: {statement}: {given:?} {expected:?}"
        );
        match expected {
            Ok((rows, _)) => {
                changed += 1;
                rows_changed += rows.len();
            }
            Err(_) => refused += 1,
        }
        let table = "SELECT * FROM t ORDER BY id";
        let rows = outcome(&theirs, table).await;
        assert_eq!(outcome(&ours, table).await, rows, "{number}: {statement}");
    }
    println!(
        "{changed} statements changed the same {rows_changed} rows, {refused} were refused by both"
    );
    assert!(changed > STATEMENTS / 4 && refused > STATEMENTS / 50 && rows_changed > STATEMENTS);
}
