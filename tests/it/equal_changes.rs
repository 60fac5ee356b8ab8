//! Random changes of rows, held against PostgreSQL: the same statements on both servers end in the
//! same errors, the same answers and the same tables.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

const STATEMENTS: usize = 400;

pub const TABLES: &str = "
    CREATE TABLE t (id BIGINT PRIMARY KEY, u INT UNIQUE, a INT DEFAULT 7 CHECK (a < 50),
        b VARCHAR(4) NOT NULL DEFAULT 'x', c NUMERIC(8, 2), d DATE);
    CREATE TABLE s (id BIGINT PRIMARY KEY, a INT, b VARCHAR(4), c NUMERIC(8, 2), d DATE);
    INSERT INTO s VALUES (1, 1, 'p', 1.5, '2026-01-01'), (2, NULL, 'q', NULL, NULL), (3, 60, NULL, 3, '2026-03-03'), (4, 4, 'long', 4, NULL), (9, 9, 'z  ', 9.99, '2026-09-09')";

/// Makes statements; `t` is what they change.
pub struct Maker {
    random: Pcg64,
    /// Whether all values are such that a row may have: one that conflicts is checked by PostgreSQL
    /// before it is left out, and not here.
    only_valid: bool,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Pcg64::seed_from_u64(seed),
            only_valid: false,
        }
    }

    pub fn number_below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.random_range(0..of.len())]
    }

    pub fn often(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    fn number(&mut self) -> String {
        self.random.random_range(-2..12).to_string()
    }

    /// A value of a column, computed of nothing or of the relations that are seen.
    pub fn value(&mut self, column: &str, seen: &[&str]) -> String {
        let literal = match column {
            "a" if self.only_valid => self.one(&["1", "5", "49", "NULL", "DEFAULT", "'12'"]),
            "a" => self.one(&["1", "5", "49", "50", "NULL", "DEFAULT", "'12'"]),
            "u" => self.one(&["1", "2", "3", "4", "NULL"]),
            "b" if self.only_valid => self.one(&["'x'", "'yy'", "'y   '", "DEFAULT"]),
            "b" => self.one(&[
                "'x'",
                "'yy'",
                "'four'",
                "'y   '",
                "'w      '",
                "NULL",
                "DEFAULT",
            ]),
            "c" => self.one(&[
                "1",
                "2.345",
                "-0.005",
                "1e3",
                "123456.78",
                "NULL",
                "DEFAULT",
            ]),
            _ => self.one(&["'2026-01-01'", "DATE '2026-02-02'", "NULL", "DEFAULT"]),
        };
        // PostgreSQL refuses a wrong literal though no row gets it.
        if seen.is_empty() && !self.only_valid && self.often(3) {
            let wrong = match column {
                "a" => "'x'",
                "b" => "'fives'",
                "c" => "1234567",
                "d" => "'2026-02-30'",
                _ => "3000000000",
            };
            return wrong.to_owned();
        }
        if column == "u" || seen.is_empty() || self.often(40) {
            return literal.to_owned();
        }
        let of = self.one(seen).to_owned();
        let other = self.one(seen).to_owned();
        match (column, self.random.random_range(0..6)) {
            ("a", 0) => format!("{of}.a + 1"),
            ("a", 1) => format!("coalesce({of}.a, {other}.id)"),
            ("a", 2) => format!("(SELECT x.a FROM s AS x WHERE x.id = {of}.id)"),
            ("a", 3) => "(SELECT max(a) FROM s WHERE a < 20)".to_owned(),
            ("a", 4) => {
                format!("CASE WHEN {of}.id IN (SELECT id FROM s) THEN 1 ELSE {other}.a END")
            }
            ("b", 0) => format!("{of}.b || 'a'"),
            ("b", 1) => format!("upper({of}.b)"),
            ("b", 2) => format!(
                "CASE WHEN EXISTS (SELECT 1 FROM s AS x WHERE x.id = {of}.a) THEN 'in' ELSE 'out' END"
            ),
            ("c", 0) => format!("{of}.c * 2"),
            ("c", 1) => format!("{of}.c / 3"),
            ("c", 2) => {
                format!("(SELECT sum(x.c) FROM s AS x WHERE x.id = {of}.id)")
            }
            _ => format!("{of}.{column}"),
        }
    }

    pub fn condition(&mut self, seen: &[&str]) -> String {
        let of = self.one(seen).to_owned();
        match self.random.random_range(0..8) {
            0 => format!("{of}.id = {}", self.number()),
            1 => format!("{of}.id < {}", self.number()),
            2 => format!("{of}.a > {}", self.number()),
            3 => format!("{of}.b = '{}'", self.one(&["x", "p", "yy", "IN"])),
            4 => format!("{of}.c IS NULL OR {of}.d IS NOT NULL"),
            5 => format!("{of}.id IN (SELECT x.a FROM s AS x)"),
            6 => format!("EXISTS (SELECT 1 FROM s AS x WHERE x.id = {of}.id AND x.a > 1)"),
            _ => format!("{of}.id BETWEEN 2 AND {}", self.number()),
        }
    }

    fn assignments(&mut self, seen: &[&str]) -> String {
        self.assignments_of(vec!["a", "b", "c", "d", "u"], seen)
    }

    /// Values of some of these columns.
    pub fn assignments_of(&mut self, mut columns: Vec<&str>, seen: &[&str]) -> String {
        let count = self.random.random_range(1..4);
        let mut pairs = Vec::new();
        for _ in 0..count {
            let column = columns.remove(self.random.random_range(0..columns.len()));
            pairs.push(format!("{column} = {}", self.value(column, seen)));
        }
        pairs.join(", ")
    }

    fn returning(&mut self, seen: &[&str]) -> String {
        if self.often(50) {
            return String::new();
        }
        let of = self.one(seen).to_owned();
        let item = self.one(&[
            "*",
            "t.*",
            "t.id, t.a + 1",
            "t.b, length(t.b), t.c",
            "t.id, (SELECT max(id) FROM s)",
        ]);
        match self.often(30) {
            true => format!(" RETURNING {of}.id, {of}.b"),
            false => format!(" RETURNING {item}"),
        }
    }

    fn insert(&mut self) -> String {
        let conflicts = self.often(80);
        self.only_valid = conflicts;
        let text = self.insert_with(conflicts);
        self.only_valid = false;
        text
    }

    fn insert_with(&mut self, conflicts: bool) -> String {
        let mut columns = vec!["id"];
        for column in ["u", "a", "b", "c", "d"] {
            if self.often(50) {
                columns.push(column);
            }
        }
        let rows = self.random.random_range(1..4);
        let rows = (0..rows).map(|_| {
            let values = columns.iter().map(|column| match *column {
                "id" => self.number(),
                column => self.value(column, &[]),
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let source = match self.often(20) {
            true => {
                columns = vec!["id", "a", "b", "c", "d"];
                format!(
                    "SELECT id + {}, coalesce(a, 9) % 50, coalesce(b, 'n'), c, d FROM s WHERE id < {}",
                    self.number(),
                    self.number()
                )
            }
            false => format!("VALUES {rows}"),
        };
        let clause = if conflicts {
            self.random.random_range(0..5)
        } else {
            5
        };
        let conflict = match clause {
            0 => " ON CONFLICT DO NOTHING".to_owned(),
            1 => " ON CONFLICT (id) DO NOTHING".to_owned(),
            2 => " ON CONFLICT (u) DO NOTHING".to_owned(),
            3 => format!(
                " ON CONFLICT (id) DO UPDATE SET {}",
                self.assignments(&["t", "excluded"])
            ),
            4 => format!(
                " ON CONFLICT (id) DO UPDATE SET {} WHERE {}",
                self.assignments(&["t", "excluded"]),
                self.condition(&["t", "excluded"])
            ),
            _ => String::new(),
        };
        format!(
            "INSERT INTO t ({}) {source}{conflict}{}",
            columns.join(", "),
            self.returning(&["t"])
        )
    }

    fn update(&mut self) -> String {
        let (from, join, seen) = match self.often(50) {
            true => (" FROM s", "s.id = t.id AND ", vec!["t", "s"]),
            false => ("", "", vec!["t"]),
        };
        format!(
            "UPDATE t SET {}{from} WHERE {join}({}){}",
            self.assignments(&seen),
            self.condition(&seen),
            self.returning(&seen)
        )
    }

    fn delete(&mut self) -> String {
        let (using, join, seen) = match self.often(50) {
            true => (" USING s", "s.id = t.id AND ", vec!["t", "s"]),
            false => ("", "", vec!["t"]),
        };
        format!(
            "DELETE FROM t{using} WHERE {join}({}){}",
            self.condition(&seen),
            self.returning(&seen)
        )
    }

    fn merge(&mut self) -> String {
        let on = self.one(&[
            "s.id = t.id",
            "s.a = t.id",
            "s.id = t.a",
            "s.id = t.id AND s.a > 1",
        ]);
        let mut text = format!("MERGE INTO t USING s ON {on}");
        for _ in 0..self.random.random_range(1..4) {
            let has_condition = self.often(70);
            let is_matched = self.often(50);
            let when = if is_matched { "MATCHED" } else { "NOT MATCHED" };
            let seen: &[&str] = if is_matched { &["t", "s"] } else { &["s"] };
            text.push_str(&format!(" WHEN {when}"));
            if has_condition {
                text.push_str(&format!(" AND ({})", self.condition(seen)));
            }
            let action = match (is_matched, self.random.random_range(0..4)) {
                (_, 0) => "DO NOTHING".to_owned(),
                (true, 1) => "DELETE".to_owned(),
                (true, _) => format!("UPDATE SET {}", self.assignments(seen)),
                (false, _) => format!(
                    "INSERT (id, a, b) VALUES (s.id + {}, {}, {})",
                    self.one(&["0", "5"]),
                    self.value("a", seen),
                    self.value("b", seen)
                ),
            };
            text.push_str(&format!(" THEN {action}"));
        }
        text
    }

    fn statement(&mut self) -> String {
        match self.random.random_range(0..10) {
            0..4 => self.insert(),
            4..7 => self.update(),
            7..8 => self.delete(),
            _ => self.merge(),
        }
    }
}

/// What a statement came to: its rows in any order and how many they were, or its SQLSTATE.
pub async fn outcome(client: &Client, statement: &str) -> Result<(Vec<String>, u64), String> {
    let messages = client.simple_query(statement).await;
    let messages = messages.map_err(|error| match error.code() {
        Some(code) => code.code().to_owned(),
        None => panic!("{statement}: {error}"),
    })?;
    let (mut rows, mut count) = (Vec::new(), 0);
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
                rows.push(values.collect::<Vec<_>>().join("|"));
            }
            SimpleQueryMessage::CommandComplete(affected) => count = affected,
            _ => {}
        }
    }
    rows.sort();
    Ok((rows, count))
}

/// Of several things that are wrong, each server tells of the one that it meets first.
pub fn kind(outcome: &Result<(Vec<String>, u64), String>) -> String {
    match outcome {
        Ok(done) => format!("{done:?}"),
        Err(state) if state.starts_with("22") || state.starts_with("23") || state == "21000" => {
            "refused".to_owned()
        }
        Err(state) => state.clone(),
    }
}

/// The seed of what is random.
pub fn seed() -> u64 {
    let seed = std::env::var("TRIBUTARY_CHANGES_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or(20_261_126)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_changes_equal_those_of_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute("CREATE SCHEMA own_changes; SET search_path = own_changes")
        .await
        .unwrap();
    for client in [&ours, &theirs] {
        client.batch_execute(TABLES).await.unwrap();
    }
    let mut maker = Maker::new(seed());
    let (mut changed, mut refused) = (0, 0);
    for number in 0..STATEMENTS {
        let statement = maker.statement();
        let expected = outcome(&theirs, &statement).await;
        let given = outcome(&ours, &statement).await;
        assert_eq!(
            kind(&given),
            kind(&expected),
            "{number}: {statement}: {given:?} {expected:?}"
        );
        match expected {
            Ok(_) => changed += 1,
            Err(_) => refused += 1,
        }
        let table = "SELECT * FROM t ORDER BY id";
        let rows = outcome(&theirs, table).await;
        assert_eq!(outcome(&ours, table).await, rows, "{number}: {statement}");
        if rows.is_ok_and(|(rows, _)| rows.len() > 12) {
            for client in [&ours, &theirs] {
                client
                    .batch_execute("DELETE FROM t WHERE id > 3")
                    .await
                    .unwrap();
            }
        }
    }
    println!("{changed} statements changed the same rows, {refused} were refused by both");
    assert!(changed > STATEMENTS / 4 && refused > STATEMENTS / 20);
}
