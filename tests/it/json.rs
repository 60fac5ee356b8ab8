//! `json` and `jsonb` held against PostgreSQL: random documents, written in many ways, and the same
//! expressions over them on both servers.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

/// What keys and strings are made of.
const WORDS: [&str; 10] = [
    "a", "b", "aa", "ab", "x y", "", "q\\\"r", "\\u00e4", "ü", "\\n\\t",
];
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1.50",
    "-2.5e-3",
    "1e5",
    "12E+2",
    "0.000",
    "123456789012345678901.5",
    "-99999999999999999999999",
];
const BLANKS: [&str; 4] = ["", "", " ", "\n "];

/// A document as someone might write it.
fn document(random: &mut Pcg64, depth: usize) -> String {
    let blank = BLANKS[random.random_range(0..BLANKS.len())];
    let word = |random: &mut Pcg64| WORDS[random.random_range(0..WORDS.len())];
    let kind = random.random_range(0..if depth < 3 { 10 } else { 6 });
    let value = match kind {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => "false".to_owned(),
        3 | 4 => NUMBERS[random.random_range(0..NUMBERS.len())].to_owned(),
        5 => format!("\"{}\"", word(random)),
        6 | 7 => {
            let elements: Vec<String> = (0..random.random_range(0..4))
                .map(|_| document(random, depth + 1))
                .collect();
            format!("[{blank}{}]", elements.join(&format!("{blank},")))
        }
        _ => {
            let members: Vec<String> = (0..random.random_range(0..5))
                .map(|_| {
                    let key = word(random);
                    format!("{blank}\"{key}\":{blank}{}", document(random, depth + 1))
                })
                .collect();
            format!("{{{}{blank}}}", members.join(","))
        }
    };
    format!("{blank}{value}{blank}")
}

async fn answers(client: &Client, statement: &str) -> Vec<Vec<Option<String>>> {
    let messages = client.simple_query(statement).await;
    let messages = messages.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|index| row.get(index).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_those_of_postgres() {
    const COUNT: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute("CREATE SCHEMA own_documents; SET search_path = own_documents")
        .await
        .unwrap();
    let mut random = Pcg64::seed_from_u64(20_261_126);
    let rows: Vec<String> = (0..COUNT)
        .map(|id| {
            let text = document(&mut random, 0).replace('\'', "''");
            let other = document(&mut random, 1).replace('\'', "''");
            format!("({id}, '{text}', '{text}', '{other}')")
        })
        .collect();
    for client in [&ours, &theirs] {
        let table = "CREATE TABLE document (id INT, j JSON, b JSONB, o JSONB)";
        client.batch_execute(table).await.unwrap();
        let insert = format!("INSERT INTO document VALUES {}", rows.join(", "));
        client.batch_execute(&insert).await.unwrap();
    }
    let expressions = [
        "j, b",
        "j::JSONB, b::JSON, b::TEXT",
        "j -> 'a', j ->> 'ab', b -> 'a', b ->> 'aa', b ->> ''",
        "j -> 0, j ->> -1, b -> 0, b ->> -1, b -> 2",
        "j #> '{a,0}', j #>> '{a,b}', b #> '{a,-1}', b #>> '{0,a}', b #> '{}'",
        "b -> 'ä', b -> 'ü', b -> E'\\n\\t', b -> 'q\"r'",
        "json_typeof(j), jsonb_typeof(b)",
        "b @> o, b <@ o, o @> o, b @> 'null'",
        "b ? 'a', b ?| '{a,b}', b ?& '{a,ab}'",
        "b = o, b < o, b >= o, b <> b",
        "jsonb_pretty(b), jsonb_strip_nulls(b), json_strip_nulls(j)",
        "CASE WHEN jsonb_typeof(b) IN ('object', 'array') THEN b - 'a' END",
        "CASE WHEN jsonb_typeof(b) = 'object' THEN b #- '{a,0}' END",
        "CASE WHEN jsonb_typeof(b) = 'object' THEN jsonb_set(b, '{a}', o) END",
        "CASE WHEN jsonb_typeof(b) = 'object' THEN jsonb_set(b, '{b,0}', o, false) END",
        "CASE WHEN jsonb_typeof(b) = 'array' THEN b || o END",
        "to_json(b), to_jsonb(j), jsonb_build_object('k', b, 'a', id), json_build_array(j, id)",
        "b @? '$.a', b @? 'strict $.**.a', b @@ '$.a == 1'",
        "jsonb_path_query_array(b, '$.**'), jsonb_path_query_array(b, '$[*] ? (@ > 0)')",
        "jsonb_path_query_array(b, '$.*.type()'), jsonb_path_query_first(b, '$.a[last]')",
        "jsonb_path_query_array(b, 'strict $.a[0 to 1]', '{}', true)",
        "jsonb_path_query_array(b, '$.**{2}'), jsonb_path_query_array(b, '$.** ? (@ starts with \"x\")')",
    ];
    for expression in expressions {
        let statement = format!("SELECT id, j, {expression} FROM document ORDER BY id");
        let expected = answers(&theirs, &statement).await;
        let given = answers(&ours, &statement).await;
        assert_eq!(given.len(), COUNT, "{expression}");
        let mut pairs = given.iter().zip(&expected);
        let different = pairs.find(|(given, expected)| given != expected);
        assert!(different.is_none(), "{expression}: {different:#?}");
    }
    let statements = [
        "SELECT id FROM document ORDER BY b, id",
        "SELECT id FROM document ORDER BY b -> 'a' DESC NULLS LAST, id",
        "SELECT b ? 'a', jsonb_typeof(b), count(*) FROM document GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT count(*) FROM document x JOIN document y ON x.b -> 'a' = y.b -> 'b'",
        "SELECT id, e.* FROM document, jsonb_each(CASE WHEN jsonb_typeof(b) = 'object' THEN b END) e ORDER BY 1, 2",
        "SELECT id, e.* FROM document, json_array_elements_text(CASE WHEN json_typeof(j) = 'array' THEN j END) WITH ORDINALITY e ORDER BY 1, 3",
        "SELECT jsonb_agg(b ORDER BY id), json_agg(j ORDER BY id) FROM document",
        "SELECT jsonb_object_agg(id, b ORDER BY id), json_object_agg(id, j ORDER BY id) FROM document",
    ];
    for statement in statements {
        let expected = answers(&theirs, statement).await;
        let given = answers(&ours, statement).await;
        assert!(!given.is_empty(), "{statement}");
        assert_eq!(given, expected, "{statement}");
    }
}
