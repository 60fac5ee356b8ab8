//! `to_char`, `to_date` and `to_timestamp`, held against PostgreSQL: the same templates over the same
//! values on both servers, and the texts of their answers, or the SQLSTATEs of their errors,
//! compared.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

/// Patterns of dates and times that both write.
const MOMENTS: [&str; 65] = [
    "HH24", "HH12", "HH", "MI", "SS", "MS", "US", "FF1", "FF3", "FF6", "SSSS", "SSSSS", "AM", "pm",
    "A.M.", "p.m.", "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I", "BC", "ad",
    "B.C.", "MONTH", "Month", "month", "MON", "Mon", "mon", "MM", "DAY", "Day", "day", "DY", "Dy",
    "dy", "DDD", "IDDD", "DD", "D", "ID", "W", "WW", "IW", "CC", "J", "Q", "RM", "rm", "TZH",
    "TZM", "OF", "yyyy", "dd", "hh24", "iw", "x", "\"Day\"", "of", "T",
];
/// Those that are read too.
const READ: [&str; 38] = [
    "HH24", "HH12", "MI", "SS", "MS", "US", "FF2", "SSSS", "AM", "p.m.", "YYYY", "YYY", "YY", "Y",
    "Y,YYY", "IYYY", "IY", "BC", "MONTH", "Mon", "MM", "Day", "dy", "DDD", "IDDD", "DD", "D", "ID",
    "W", "WW", "IW", "CC", "J", "Q", "RM", "TZH", "TZM", "FX",
];
/// Patterns of numbers.
const NUMBERS: [&str; 24] = [
    "9", "9", "9", "99", "0", "0", "00", ".", "D", ",", "G", "S", "MI", "PL", "SG", "PR", "FM",
    "TH", "th", "V", "EEEE", "L", "x", "B",
];
const SEPARATORS: [&str; 9] = ["", "", "-", " ", ":", "/", ".", "  ", ", "];

fn template(random: &mut Pcg64, patterns: &[&str], most: usize) -> String {
    let mut template = String::new();
    for _ in 0..random.random_range(1..=most) {
        if random.random_range(0..6) == 0 {
            template.push_str("FM");
        }
        template.push_str(patterns[random.random_range(0..patterns.len())]);
        if random.random_range(0..12) == 0 {
            template.push_str("th");
        }
        template.push_str(SEPARATORS[random.random_range(0..SEPARATORS.len())]);
    }
    template
}

fn number_template(random: &mut Pcg64) -> String {
    let mut template = String::new();
    for _ in 0..random.random_range(1..10) {
        template.push_str(NUMBERS[random.random_range(0..NUMBERS.len())]);
    }
    template
}

/// The answer, or the SQLSTATE of the error.
async fn answer(client: &Client, statement: &str) -> Result<Vec<Vec<Option<String>>>, String> {
    let messages = client.simple_query(statement).await.map_err(|error| {
        let error = error.as_db_error().unwrap();
        error.code().code().to_owned()
    })?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows
        .map(|row| {
            (0..row.len())
                .map(|column| row.get(column).map(str::to_owned))
                .collect()
        })
        .collect())
}

struct Servers {
    ours: Client,
    theirs: Client,
    _server: Server,
    _postgres: std::sync::Arc<Postgres>,
    _folder: tempfile::TempDir,
}

async fn servers(name: &str, setup: &str) -> Servers {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute(&format!(
            "CREATE SCHEMA {name}; SET search_path = {name}; SET TimeZone = 'UTC'"
        ))
        .await
        .unwrap();
    for client in [&ours, &theirs] {
        client.batch_execute(setup).await.unwrap();
    }
    Servers {
        ours,
        theirs,
        _server: server,
        _postgres: postgres,
        _folder: folder,
    }
}

/// Asks both, and answers what differs.
async fn differences(servers: &Servers, statements: &[String]) -> Vec<String> {
    let mut different = Vec::new();
    for statement in statements {
        let expected = answer(&servers.theirs, statement).await;
        let given = answer(&servers.ours, statement).await;
        if given != expected {
            let rows = match (&given, &expected) {
                (Ok(given), Ok(expected)) => given
                    .iter()
                    .zip(expected)
                    .find(|(given, expected)| given != expected)
                    .map_or_else(
                        || "another number of rows".to_owned(),
                        |(given, expected)| format!("{given:?} rather than {expected:?}"),
                    ),
                _ => format!("{given:?} rather than {expected:?}"),
            };
            different.push(format!("{statement}: {rows}"));
        }
    }
    println!("{} statements compared", statements.len());
    different
}

fn show(different: &[String]) -> String {
    let first: Vec<_> = different.iter().take(20).cloned().collect();
    format!("{} differ:\n{}", different.len(), first.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_are_written_as_postgres_writes_them() {
    let mut random = Pcg64::seed_from_u64(20_261_126);
    let mut rows = vec![
        "('2000-01-01 00:00:00')".to_owned(),
        "('2024-02-29 23:59:59.999999')".to_owned(),
        "('1970-01-01 12:00:00')".to_owned(),
        "('2021-01-03 13:01:02.5')".to_owned(),
        "('0001-01-01 00:00:00')".to_owned(),
        "(NULL)".to_owned(),
    ];
    for _ in 0..14 {
        rows.push(format!(
            "('{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}')",
            random.random_range(1..10_000),
            random.random_range(1..13),
            random.random_range(1..29),
            random.random_range(0..24),
            random.random_range(0..60),
            random.random_range(0..60),
            random.random_range(0..1_000_000),
        ));
    }
    let setup = format!(
        "CREATE TABLE moment (t TIMESTAMP); INSERT INTO moment VALUES {}",
        rows.join(", ")
    );
    let servers = servers("written_moments", &setup).await;
    let statements: Vec<String> = (0..300)
        .map(|_| {
            let template = template(&mut random, &MOMENTS, 4);
            format!(
                "SELECT to_char(t, '{template}'), to_char(t::TIMESTAMPTZ, '{template}'), to_char(t::DATE, '{template}') FROM moment ORDER BY t"
            )
        })
        .collect();
    let different = differences(&servers, &statements).await;
    assert!(different.is_empty(), "{}", show(&different));
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_are_shown_and_read_in_the_time_zone_of_the_session() {
    let servers = servers("zones", "SET TimeZone = 'Europe/Berlin'").await;
    let mut statements = Vec::new();
    for moment in [
        "2024-01-15 12:00:00+00",
        "2024-07-15 22:30:00+00",
        "2024-03-31 00:59:59+00",
        "2024-03-31 01:00:00+00",
        "2024-10-27 00:30:00+00",
        "2024-10-27 01:30:00+00",
    ] {
        statements.push(format!(
            "SELECT to_char('{moment}'::TIMESTAMPTZ, 'YYYY-MM-DD HH24:MI:SS OF TZH TZM')"
        ));
    }
    for local in [
        "2024-01-15 12:00",
        "2024-03-31 02:30",
        "2024-10-27 02:30",
        "2024-07-01 00:00",
    ] {
        statements.push(format!(
            "SELECT to_timestamp('{local}', 'YYYY-MM-DD HH24:MI')"
        ));
    }
    statements.push("SELECT to_char(DATE '2024-07-01', 'HH24:MI OF')".to_owned());
    let different = differences(&servers, &statements).await;
    assert!(different.is_empty(), "{}", show(&different));
}

#[tokio::test(flavor = "multi_thread")]
async fn intervals_are_written_as_postgres_writes_them() {
    let servers = servers("intervals", "SELECT 1").await;
    let mut statements = Vec::new();
    for interval in [
        "1 day 2 hours 3 minutes 4.5 seconds",
        "100 hours",
        "14 months 3 days",
        "-5 hours -30 minutes",
    ] {
        for template in [
            "HH24:MI:SS.MS",
            "FMHH24",
            "DD HH12 AM",
            "YYYY-MM-DD",
            "SSSS",
            "DDD Q",
        ] {
            statements.push(format!(
                "SELECT to_char(INTERVAL '{interval}', '{template}')"
            ));
        }
        statements.push(format!("SELECT to_char(INTERVAL '{interval}', 'Day')"));
    }
    statements.push("SELECT to_char(TIME '17:05:06', 'HH12:MI AM')".to_owned());
    let different = differences(&servers, &statements).await;
    assert!(different.is_empty(), "{}", show(&different));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_written_as_postgres_writes_them() {
    let mut random = Pcg64::seed_from_u64(42);
    let mut rows: Vec<String> = [
        "0",
        "1",
        "-1",
        "0.5",
        "-0.5",
        "0.05",
        "8.995",
        "-8.995",
        "1234.5",
        "-1234567.891",
        "999999",
        "0.000001",
        "100",
        "-0.000001",
        "12",
        "NULL",
    ]
    .map(str::to_owned)
    .to_vec();
    for _ in 0..10 {
        let digits: u32 = random.random_range(1..10);
        let whole = random.random_range(0..10i64.pow(digits));
        rows.push(format!("-{whole}.{:03}", random.random_range(0..1000)));
        rows.push(format!("{whole}.{}", random.random_range(0..100)));
    }
    let values: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(id, value)| format!("({id}, {value})"))
        .collect();
    let setup = format!(
        "CREATE TABLE number (id INT, n NUMERIC(20, 6)); INSERT INTO number VALUES {}",
        values.join(", ")
    );
    let servers = servers("written_numbers", &setup).await;
    let fixed = [
        "9999",
        "999.99",
        "FM999,999,990.00",
        "S9999.9",
        "9999.9S",
        "9999PR",
        "FM9999.99",
        "0009.9",
        "9.9EEEE",
        "999V99",
        "RN",
        "FMRN",
        "999th",
        "L99.9",
        "SG999",
        "999MI",
        "PL999",
        "FM9.",
        "99,99,99",
        "\"nr\" 999",
        ".99",
        "FM.99",
        "9G999D9",
        "FM0999.0099",
    ];
    let random_ones = (0..400).map(|_| number_template(&mut random));
    let statements: Vec<String> = fixed
        .map(str::to_owned)
        .into_iter()
        .chain(random_ones)
        .map(|template| {
            // PostgreSQL 15 writes 9.96 as 10.0e+00 where it is no float.
            let exact = match template.to_lowercase().contains("eeee") {
                true => String::new(),
                false => format!("to_char(n, '{template}'), to_char(round(n)::BIGINT, '{template}'), "),
            };
            format!(
                "SELECT n, {exact}to_char(n::DOUBLE PRECISION, '{template}'), to_char(n::REAL, '{template}') FROM number ORDER BY id"
            )
        })
        .collect();
    let different = differences(&servers, &statements).await;
    assert!(different.is_empty(), "{}", show(&different));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_read_as_postgres_reads_it() {
    let servers = servers("read", "SELECT 1").await;
    let mut random = Pcg64::seed_from_u64(7);
    let mut statements = Vec::new();
    for _ in 0..600 {
        let template = template(&mut random, &READ, 4);
        let moment = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
            random.random_range(1000..2100),
            random.random_range(1..13),
            random.random_range(1..29),
            random.random_range(0..24),
            random.random_range(0..60),
            random.random_range(0..60),
            random.random_range(0..1000),
        );
        let written = format!("SELECT to_char('{moment}'::TIMESTAMPTZ, '{template}')");
        let written = answer(&servers.theirs, &written).await.unwrap();
        let mut text: Vec<char> = written[0][0].as_ref().unwrap().chars().collect();
        if random.random_range(0..3) == 0 && !text.is_empty() {
            let at = random.random_range(0..text.len());
            match random.random_range(0..3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, [' ', '-', '0', '9', 'a'][random.random_range(0..5)]),
                _ => text[at] = ['7', ' ', '/', 'x', '3'][random.random_range(0..5)],
            }
        }
        let text: String = text.into_iter().collect();
        let text = text.replace('\'', "''");
        statements.push(format!("SELECT to_timestamp('{text}', '{template}')"));
        statements.push(format!("SELECT to_date('{text}', '{template}')"));
    }
    for (text, template) in [
        ("05 Dec 2000", "DD Mon YYYY"),
        ("2024-02-30", "YYYY-MM-DD"),
        ("13:00 pm", "HH12:MI am"),
        ("20240203T040506", "YYYYMMDD\"T\"HH24MISS"),
        ("2024/2/3", "YYYY-MM-DD"),
        ("3.2.24", "DD.MM.YY"),
        ("", "YYYY"),
        ("2024", ""),
        ("15 Februar", "DD Month"),
        ("2024-13-01", "YYYY-MM-DD"),
        ("2024-W06-6", "IYYY-\"W\"IW-ID"),
        ("1,234", "Y,YYY"),
        ("44 BC", "YY BC"),
        ("2024 366", "YYYY DDD"),
        ("2023 366", "YYYY DDD"),
    ] {
        statements.push(format!("SELECT to_timestamp('{text}', '{template}')"));
        statements.push(format!("SELECT to_date('{text}', '{template}')"));
    }
    for seconds in [
        "0",
        "1706979900.123456",
        "-1.5",
        "1e300",
        "'NaN'::DOUBLE PRECISION",
    ] {
        statements.push(format!("SELECT to_timestamp({seconds})"));
    }
    let different = differences(&servers, &statements).await;
    assert!(different.is_empty(), "{}", show(&different));
}
