//! Functions that claim to equal PostgreSQL's, held against it: the same statement over the same
//! rows on both servers, and the texts of their answers compared.

use bytes::Bytes;
use chrono::DateTime;
use futures::SinkExt;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

/// What random texts are made of: names, and characters that functions treat differently.
const NAMES: [&str; 24] = [
    "Anna",
    "Hannah",
    "Müller",
    "Mueller",
    "MULLER",
    "O'Brien",
    "McDonald",
    "Mc Donald",
    "Knight",
    "van der Berg",
    "José",
    "Łukasz",
    "Straße",
    "İstanbul",
    "Ångström",
    "Schwartzenegger",
    "Thompson",
    "Filipowicz",
    "Привет",
    "東京都",
    "محمد",
    "Xavier",
    "Michael",
    "Wright",
];
const ALPHABETS: [&str; 12] = [
    "abc ",
    "abcABC  12",
    "aeiouäöüÄÖÜß ",
    "абвгдАБВ ",
    "東京都大阪 ",
    "İıIi ",
    "²³½a ",
    "𝒜𝔅😀a ",
    "\u{301}\u{300}e ",
    "ⅣⅷⒶⓑ ",
    "٠١٢ a",
    "  \t\n-_.,\\",
];
const SOUNDS: [&str; 48] = [
    "ae", "bb", "ch", "cia", "cc", "sch", "schw", "ck", "cz", "dge", "gh", "ght", "gn", "gned",
    "gy", "ger", "gli", "jose", "kn", "ll", "illo", "mb", "ph", "qu", "rr", "ier", "sh", "sio",
    "sz", "isl", "sugar", "th", "tth", "tion", "tch", "wr", "wh", "wicz", "ewski", "x", "eau",
    "zh", "zz", "van ", "mac ", "é", "ñ", "Д",
];

fn text(random: &mut Pcg64) -> String {
    let mut text = String::new();
    let kind = random.random_range(0..100);
    match kind {
        0..3 => {}
        3..30 => {
            for _ in 0..random.random_range(1..4) {
                text.push_str(NAMES[random.random_range(0..NAMES.len())]);
                text.push(' ');
            }
        }
        30..55 => {
            for _ in 0..random.random_range(1..8) {
                text.push_str(SOUNDS[random.random_range(0..SOUNDS.len())]);
                text.push(random.random_range('a'..='z'));
            }
        }
        55..85 => {
            let letters: Vec<char> = ALPHABETS[random.random_range(0..ALPHABETS.len())]
                .chars()
                .collect();
            for _ in 0..random.random_range(1..40) {
                text.push(letters[random.random_range(0..letters.len())]);
            }
        }
        85..99 => {
            for _ in 0..random.random_range(1..20) {
                text.push(random.random_range('\u{1}'..'\u{2FFFF}'));
            }
        }
        _ => {
            for _ in 0..random.random_range(300..2000) {
                text.push(random.random_range('a'..'f'));
            }
        }
    }
    match kind % 4 {
        0 => text.to_uppercase(),
        _ => text,
    }
}

/// A text like another, as typing mistakes make it.
fn like(random: &mut Pcg64, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..=letters.len());
        if at < letters.len() && random.random() {
            letters.remove(at);
        } else {
            letters.insert(at, random.random_range('a'..'e'));
        }
    }
    letters.into_iter().collect()
}

/// A field of COPY's text format.
fn field(text: Option<&str>) -> String {
    match text {
        None => "\\N".to_owned(),
        Some(text) => text
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r"),
    }
}

/// Pairs of texts as rows of `pair (id, a, b)`, some of them NULL.
fn pairs(count: usize) -> String {
    let mut random = Pcg64::seed_from_u64(20_261_125);
    (0..count)
        .map(|id| {
            let left = text(&mut random);
            let right = if random.random() {
                like(&mut random, &left)
            } else {
                text(&mut random)
            };
            let left = Some(&left[..]).filter(|_| random.random_range(0..50) > 0);
            let right = Some(&right[..]).filter(|_| random.random_range(0..50) > 0);
            format!("{id}\t{}\t{}\n", field(left), field(right))
        })
        .collect()
}

async fn load(client: &Client, rows: &str) {
    client
        .batch_execute("CREATE TABLE pair (id INT, a TEXT, b TEXT)")
        .await
        .unwrap();
    let sink = client
        .copy_in::<_, Bytes>("COPY pair FROM STDIN")
        .await
        .unwrap();
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from(rows.to_owned())).await.unwrap();
    sink.close().await.unwrap();
}

async fn answers(client: &Client, statement: &str) -> Vec<Vec<Option<String>>> {
    let messages = client.simple_query(statement).await.unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        (0..row.len())
            .map(|column| row.get(column).map(str::to_owned))
            .collect()
    })
    .collect()
}

/// Compares expressions over `a` and `b` of so many pairs.
async fn compare(extension: &str, count: usize, expressions: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute(&format!(
            "CREATE SCHEMA own_{extension}; SET search_path = own_{extension}; CREATE EXTENSION {extension}"
        ))
        .await
        .unwrap();
    let rows = pairs(count);
    load(&ours, &rows).await;
    load(&theirs, &rows).await;
    let mut compared = 0;
    for expression in expressions {
        let statement = format!("SELECT a, b, {expression} FROM pair ORDER BY id");
        let expected = answers(&theirs, &statement).await;
        let given = answers(&ours, &statement).await;
        assert_eq!(given.len(), count, "{expression}");
        let different: Vec<_> = given
            .iter()
            .zip(&expected)
            .filter(|(given, expected)| given != expected)
            .take(5)
            .collect();
        assert!(different.is_empty(), "{expression}: {different:#?}");
        compared += given.len();
    }
    println!("{extension}: {compared} answers compared, no differences");
}

#[tokio::test(flavor = "multi_thread")]
async fn trigrams_equal_those_of_pg_trgm() {
    let expressions = [
        "similarity(a, b)",
        "word_similarity(a, b)",
        "strict_word_similarity(a, b)",
        "similarity(a, 'Anna Müller')",
        "word_similarity('Anna Müller', b)",
        "show_trgm(a)",
        "a % b",
        "a <% b",
        "a %> b",
        "a <<% b",
        "a %>> b",
        "a <-> b",
        "a <<-> b",
        "a <->> b",
        "a <<<-> b",
        "a <->>> b",
        "similarity_op(a, b)",
        "show_limit()",
    ];
    compare("pg_trgm", 10_000, &expressions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sounds_and_distances_equal_those_of_fuzzystrmatch() {
    let expressions = [
        "soundex(a)",
        "difference(a, b)",
        "metaphone(left(a, 60), 1)",
        "metaphone(left(a, 60), 4)",
        "metaphone(left(a, 60), 255)",
        "dmetaphone(a)",
        "dmetaphone_alt(a)",
        // It refuses texts of more than 255 characters there.
        "levenshtein(left(a, 255), left(b, 255))",
        "levenshtein(left(a, 80), left(b, 80), 1, 2, 3)",
        "levenshtein(left(a, 80), left(b, 80), 3, 1, 0)",
        "levenshtein(left(a, 80), 'Anna Müller')",
        // What is further than the bound is some value above it there.
        "levenshtein_less_equal(left(a, 255), left(b, 255), -1)",
        "least(levenshtein_less_equal(left(a, 255), left(b, 255), 0), 1)",
        "least(levenshtein_less_equal(left(a, 255), left(b, 255), 3), 4)",
        "least(levenshtein_less_equal(left(a, 80), left(b, 80), 2, 1, 3, 9), 10)",
        "levenshtein(left(a, 255), left(b, 255)) <= 3",
    ];
    compare("fuzzystrmatch", 30_000, &expressions).await;
}

/// Numbers and moments as rows of `value (id, a, b, i, f, at)`, some of them NULL.
fn values(count: usize) -> String {
    let mut random = Pcg64::seed_from_u64(20_261_126);
    let mut rows = String::new();
    for id in 0..count {
        let digits = 10_i64.pow(random.random_range(1..9));
        let a = random.random_range(-digits..digits) as f64 / 10_000.0;
        let b = random.random_range(-digits..digits) as f64 / 100.0;
        let i = random.random_range(-1000..1000);
        let f = a * 10_f64.powi(random.random_range(-6..6));
        let seconds = random.random_range(0..86_400 * 365 * 60);
        let at = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        let fields = [
            format!("{a:.4}"),
            format!("{b:.2}"),
            i.to_string(),
            f.to_string(),
            format!("{at}+00"),
        ];
        rows.push_str(&id.to_string());
        for field in fields {
            let is_null = random.random_range(0..50) == 0;
            rows.push('\t');
            rows.push_str(if is_null { "\\N" } else { &field });
        }
        rows.push('\n');
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_moments_equal_those_of_postgres() {
    const COUNT: usize = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute("CREATE SCHEMA own_values; SET search_path = own_values")
        .await
        .unwrap();
    let rows = values(COUNT);
    for client in [&ours, &theirs] {
        let table = "CREATE TABLE value (id INT, a NUMERIC(12, 4), b NUMERIC(10, 2), i INT, f DOUBLE PRECISION, at TIMESTAMPTZ)";
        client.batch_execute(table).await.unwrap();
        let sink = client
            .copy_in::<_, Bytes>("COPY value FROM STDIN")
            .await
            .unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(Bytes::from(rows.clone())).await.unwrap();
        sink.close().await.unwrap();
    }
    // A quotient has one scale for all rows here.
    let numbers = [
        "a + b",
        "a - b",
        "a * b",
        "a % nullif(b, 0)",
        "round(a / nullif(b, 0), 12)",
        "round(a / nullif(i, 0), 12)",
        "(i / nullif(b, 0))::NUMERIC(30, 11)",
        "round(coalesce(a / nullif(b, 0), 0) * 100, 6)",
        "f::NUMERIC(24, 3)",
        "round(f::NUMERIC, 2)",
        "round(avg(a) OVER (ORDER BY id ROWS 20 PRECEDING), 12)",
        "sum(a) OVER (ORDER BY id ROWS 20 PRECEDING)",
    ];
    let moments = [
        "at",
        "at::TEXT",
        "at::DATE",
        "at::TIMESTAMP",
        "at::TIMESTAMP::TIMESTAMPTZ",
        "at::DATE::TIMESTAMPTZ",
        "date_trunc('month', at)",
        "date_trunc('day', at)",
        "date_trunc('hour', at::TIMESTAMP)",
        "date_part('hour', at)",
        "date_part('dow', at)",
        "to_char(at, 'YYYY-MM-DD HH24:MI:SS')",
        "(at::TIMESTAMP::TEXT)::TIMESTAMPTZ",
        "at > '2001-03-04 05:06'",
    ];
    let compare = async |zone: &str, expression: &str| {
        let statement = format!("SELECT a, b, i, f, at, {expression} FROM value ORDER BY id");
        let expected = answers(&theirs, &statement).await;
        let given = answers(&ours, &statement).await;
        assert_eq!(given.len(), COUNT, "{expression}");
        let different: Vec<_> = given
            .iter()
            .zip(&expected)
            .filter(|(given, expected)| given != expected)
            .take(3)
            .collect();
        assert!(different.is_empty(), "{zone}: {expression}: {different:#?}");
    };
    for expression in numbers {
        compare("UTC", expression).await;
    }
    for zone in ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"] {
        for client in [&ours, &theirs] {
            let set = format!("SET TIME ZONE '{zone}'");
            client.batch_execute(&set).await.unwrap();
        }
        for expression in moments {
            compare(zone, expression).await;
        }
    }
}
