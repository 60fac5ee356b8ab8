//! Sessions of clients whose bytes were damaged on the way: the server neither panics nor takes memory by
//! what the bytes promise, hangs up or answers, and serves the others meanwhile.

use std::time::Duration;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::server::{Server, rows};

/// How many sessions there are; `fuzz/sessions` asks for more.
const SESSIONS: &str = "TRIBUTARY_FUZZED_SESSIONS";
/// The seed of the first session; those after it are the next.
const SEED: &str = "TRIBUTARY_FUZZED_SEED";

/// How many sessions go on at once.
const AT_ONCE: usize = 4;
/// After so many sessions it is looked whether all is well.
const ROUND: usize = 50;
/// A session that the client has ended is over for the server by then.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the server may take more than after its first sessions.
const MORE_BYTES: u64 = 256 << 20;

/// Numbers that lengths and counts are wrong by.
const WRONG: [i32; 10] = [0, 1, 3, 4, -1, -2, 0x7fff, 0xffff, i32::MAX, i32::MIN];

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn query(sql: &str) -> Vec<u8> {
    message(b'Q', format!("{sql}\0").as_bytes())
}

fn parse(name: &str, sql: &str, types: &[i32]) -> Vec<u8> {
    let mut body = format!("{name}\0{sql}\0").into_bytes();
    body.extend(i16::try_from(types.len()).unwrap().to_be_bytes());
    types.iter().for_each(|oid| body.extend(oid.to_be_bytes()));
    message(b'P', &body)
}

/// Binds values, all of one format, and takes all columns in it.
fn bind(portal: &str, statement: &str, format: i16, values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = format!("{portal}\0{statement}\0").into_bytes();
    body.extend([1, format].map(i16::to_be_bytes).concat());
    body.extend(i16::try_from(values.len()).unwrap().to_be_bytes());
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        body.extend(length.to_be_bytes());
        body.extend(value.unwrap_or_default());
    }
    body.extend([1, format].map(i16::to_be_bytes).concat());
    message(b'B', &body)
}

fn execute(portal: &str, limit: i32) -> Vec<u8> {
    let mut body = format!("{portal}\0").into_bytes();
    body.extend(limit.to_be_bytes());
    message(b'E', &body)
}

fn startup(minor: u8, settings: &[&str]) -> Vec<u8> {
    let mut body = vec![0, 3, 0, minor];
    for word in ["user", "tributary", "database", "tributary"]
        .iter()
        .chain(settings)
    {
        body.extend(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = i32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

/// What clients send before they are known.
fn greetings() -> Vec<Vec<u8>> {
    vec![
        startup(0, &["application_name", "psql", "client_encoding", "UTF8"]),
        startup(
            2,
            &["options", "-c statement_timeout=2s --search_path=public"],
        ),
        // SSL and GSS are asked for first, and refused here.
        [&[0, 0, 0, 8, 4, 210, 22, 47][..], &startup(0, &[])].concat(),
        [&[0, 0, 0, 8, 4, 210, 22, 48][..], &startup(0, &[])].concat(),
        [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2].to_vec(),
    ]
}

/// What clients say then, message by message.
fn conversations() -> Vec<Vec<Vec<u8>>> {
    let sync = || message(b'S', b"");
    let header = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    let row = b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x03abc\xff\xff";
    let array = b"\0\0\0\x01\0\0\0\0\0\0\0\x17\0\0\0\x01\0\0\0\x01\0\0\0\x04\0\0\0\x05";
    let numeric = b"\0\x02\0\0\0\0\0\x02\0\x03\x13\x88";
    vec![
        vec![
            query("SELECT 1, 'two', 3.5, NULL, DATE '2026-02-28'; SHOW search_path"),
            query("SELECT * FROM generate_series(1, 20) AS n WHERE n % 3 = 1"),
            query("BEGIN; SELECT 1 / 0; COMMIT"),
            query("ROLLBACK"),
        ],
        vec![
            parse("s", "SELECT $1::int4 + 1, $2::text, $3", &[23, 25, 1700]),
            message(b'D', b"Ss\0"),
            bind(
                "",
                "s",
                1,
                &[Some(b"\0\0\0\x07"), Some(b"text"), Some(numeric)],
            ),
            message(b'D', b"P\0"),
            execute("", 0),
            sync(),
            bind("", "s", 0, &[Some(b"7"), None, Some(b"-12.5")]),
            execute("", 0),
            message(b'C', b"Ss\0"),
            sync(),
        ],
        vec![
            parse("", "SELECT n FROM generate_series(1, 100) AS n", &[]),
            query("BEGIN"),
            parse("", "SELECT n FROM generate_series(1, 100) AS n", &[]),
            bind("p", "", 1, &[]),
            execute("p", 7),
            message(b'H', b""),
            execute("p", 7),
            message(b'C', b"Pp\0"),
            sync(),
            query("COMMIT"),
        ],
        vec![
            parse(
                "",
                "SELECT $1::int4[], $2::timestamptz, $3::interval, $4::jsonb",
                &[1007, 1184, 1186, 3802],
            ),
            bind(
                "",
                "",
                1,
                &[
                    Some(array),
                    Some(&[0; 8]),
                    Some(&[1; 16]),
                    Some(b"\x01{\"a\": [1]}"),
                ],
            ),
            execute("", 0),
            sync(),
        ],
        vec![
            query("CREATE TEMP TABLE taken (a INT, b TEXT)"),
            query("COPY taken FROM STDIN"),
            message(b'd', b"1\tone\n2\t\\N\n3\tth"),
            message(b'd', b"ree\\x41\n"),
            message(b'c', b""),
            query("COPY taken FROM STDIN (FORMAT csv, HEADER)"),
            message(b'd', b"a,b\n4,\"fo\"\"ur\n\"\n"),
            message(b'c', b""),
            query("COPY taken FROM STDIN (FORMAT binary)"),
            message(b'd', &[&header[..], &row[..]].concat()),
            message(b'c', b""),
            query("COPY taken TO STDOUT (FORMAT binary)"),
            query("COPY taken FROM STDIN"),
            message(b'f', b"no more\0"),
        ],
        vec![
            query("DECLARE c CURSOR WITH HOLD FOR SELECT n FROM generate_series(1, 9) AS n"),
            query("FETCH 3 FROM c; MOVE 2 IN c; FETCH ALL FROM c; CLOSE c"),
            query("PREPARE q AS SELECT $1::int; EXECUTE q(5); DEALLOCATE q"),
            query("LISTEN news; NOTIFY news, 'one'; UNLISTEN *"),
            message(b'F', b"\0\0\0\x01\0\0\0\0\0\0"),
            query("SELECT relname, relkind FROM pg_catalog.pg_class WHERE oid < 1300 ORDER BY 1"),
        ],
    ]
}

/// A session's bytes, some of them wrong.
fn session(random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut one_of = |many: usize| random.random_range(0..many);
    let (greetings, conversations) = (greetings(), conversations());
    let mut first = greetings[one_of(greetings.len())].clone();
    let mut rest = conversations[one_of(conversations.len())].clone();
    // Messages come twice, too late, not at all, or from another conversation.
    for _ in 0..one_of(3) {
        let (from, to) = (one_of(rest.len()), one_of(rest.len()));
        match one_of(3) {
            0 => rest.swap(from, to),
            1 => rest.insert(to, rest[from].clone()),
            _ => {
                let other = &conversations[one_of(conversations.len())];
                rest[to].clone_from(&other[one_of(other.len())]);
            }
        }
    }
    let mut rest = rest.concat();
    rest.extend(message(b'X', b""));
    for _ in 0..random.random_range(0..5) {
        damage(random, &mut rest);
    }
    if random.random_ratio(1, 8) {
        damage(random, &mut first);
    }
    [first, rest].concat()
}

fn damage(random: &mut Pcg64Mcg, bytes: &mut Vec<u8>) {
    let at = random.random_range(0..=bytes.len());
    let end = (at + random.random_range(0..40)).min(bytes.len());
    match random.random_range(0..6) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        1 => {
            let mut noise = vec![0; random.random_range(1..20)];
            random.fill_bytes(&mut noise);
            bytes.splice(at..at, noise);
        }
        2 => drop(bytes.drain(at..end)),
        3 => {
            let again = bytes[at..end].repeat(random.random_range(1..4));
            bytes.splice(at..at, again);
        }
        4 => {
            let wrong = WRONG[random.random_range(0..WRONG.len())].to_be_bytes();
            let end = (at + 4).min(bytes.len());
            bytes.splice(at..end, wrong);
        }
        _ => bytes.truncate(at.max(bytes.len() / 2)),
    }
}

/// Sends a session in pieces, hangs up, and counts the bytes of the answer.
async fn replay(port: u16, seed: u64) -> usize {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let bytes = session(&mut random);
    let socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut answers, mut words) = socket.into_split();
    let piece = random.random_range(1..=bytes.len());
    let speaks = async {
        for piece in bytes.chunks(piece) {
            // The server may have hung up.
            let _ = words.write_all(piece).await;
        }
        let _ = words.shutdown().await;
    };
    let mut answer = Vec::new();
    let hears = async {
        let _ = answers.read_to_end(&mut answer).await;
    };
    let both = timeout(PATIENCE, async { tokio::join!(speaks, hears) }).await;
    assert!(both.is_ok(), "the session of seed {seed} does not end");
    answer.len()
}

/// The memory that the server has, and the most that it had.
fn memory(server: &Server) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let bytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kilobytes = line.split_whitespace().nth(1).unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    };
    (bytes("VmRSS:"), bytes("VmHWM:"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_sessions_do_no_harm() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let sessions = number(SESSIONS).unwrap_or(400);
    let first = number(SEED).unwrap_or_else(|| rand::rng().random_range(0..1_000_000_000));
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (mut running, mut answered, mut begun) = (JoinSet::new(), 0, None);
    for (count, seed) in (first..first + sessions).enumerate() {
        if running.len() == AT_ONCE {
            answered += running.join_next().await.unwrap().unwrap();
        }
        running.spawn(replay(server.port, seed));
        if count % ROUND == ROUND - 1 {
            // A client of its own is served while the others go on.
            let client = server.connect().await;
            assert_eq!(rows(&client, "SELECT 1").await, ["1"], "before seed {seed}");
            let (now, most) = memory(&server);
            let begun = *begun.get_or_insert(now);
            assert!(
                most < begun + MORE_BYTES,
                "{most} bytes after {begun}, before seed {seed}"
            );
            assert!(
                !server.log().contains("panicked"),
                "before seed {seed}: {}",
                server.log()
            );
        }
    }
    while let Some(done) = running.join_next().await {
        answered += done.unwrap();
    }
    let (now, most) = memory(&server);
    println!(
        "{sessions} sessions from seed {first}: {answered} bytes answered, {} MB of memory, {} MB at most",
        now >> 20,
        most >> 20
    );
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let client = server.connect().await;
    assert_eq!(rows(&client, "SELECT 1").await, ["1"]);
}
