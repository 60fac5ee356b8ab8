use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::harness::Project;

async fn compress(text: &str, compression: FileCompressionType) -> Vec<u8> {
    let bytes = stream::iter([Ok(Bytes::from(text.to_owned()))]).boxed();
    let chunks: Vec<Bytes> = compression
        .convert_to_compress_stream(bytes)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    chunks.concat()
}

#[tokio::test]
async fn folders_and_globs_choose_files() {
    let project = Project::new();
    for name in [
        "d/a.csv",
        "d/b.CSV",
        "d/sub/c.csv",
        "d/sub/deep/e.csv",
        "d/.hidden.csv",
        "d/_tmp/x.csv",
        "d/notes.txt",
        "d/odd name [1].csv",
    ] {
        project.write(name, "id\n1\n");
    }
    let absolute = project.path().join("d/a.csv").display().to_string();
    for (location, expected) in [
        (
            "d",
            vec![
                "d/a.csv",
                "d/b.CSV",
                "d/odd name [1].csv",
                "d/sub/c.csv",
                "d/sub/deep/e.csv",
            ],
        ),
        (
            "d/",
            vec![
                "d/a.csv",
                "d/b.CSV",
                "d/odd name [1].csv",
                "d/sub/c.csv",
                "d/sub/deep/e.csv",
            ],
        ),
        ("d/*.csv", vec!["d/a.csv", "d/odd name [1].csv"]),
        (
            "d/**/*.csv",
            vec![
                "d/_tmp/x.csv",
                "d/a.csv",
                "d/odd name [1].csv",
                "d/sub/c.csv",
                "d/sub/deep/e.csv",
            ],
        ),
        ("d/s*/[a-c].csv", vec!["d/sub/c.csv"]),
        ("d/?.csv", vec!["d/a.csv"]),
        ("d/odd name [1].csv", vec!["d/odd name [1].csv"]),
        ("./d/../d/a.csv", vec!["d/a.csv"]),
        (&absolute, vec![&absolute]),
        (&format!("file://{absolute}"), vec![&absolute]),
    ] {
        let sql = format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{location}'");
        project.create(&sql).await.unwrap();
        let mut rows = project
            .rows("SELECT DISTINCT _file FROM t ORDER BY 1")
            .await
            .unwrap();
        rows.sort();
        assert_eq!(rows, expected, "{location}");
    }
}

#[tokio::test]
async fn declared_tables_wait_for_their_files() {
    let project = Project::new();
    project.write("empty/readme.txt", "");
    for (location, outcome) in [
        ("empty", Ok(0)),
        ("later/*.csv", Ok(0)),
        (
            "later.csv",
            Err("public.t: the location \"later.csv\" does not exist"),
        ),
    ] {
        let sql = format!("CREATE EXTERNAL TABLE t (id int) STORED AS CSV LOCATION '{location}'");
        project.create(&sql).await.unwrap();
        let rows = project.rows("SELECT * FROM t").await;
        match outcome {
            Ok(count) => assert_eq!(rows.unwrap().len(), count, "{location}"),
            Err(message) => {
                let error = rows.unwrap_err();
                assert_eq!(error.message(), message);
                assert_eq!(error.sqlstate().0, "58P01");
            }
        }
    }
    project.write("later/a.csv", "id\n1\n");
    project
        .create("CREATE EXTERNAL TABLE t (id int) STORED AS CSV LOCATION 'later/*.csv'")
        .await
        .unwrap();
    project.write("later/b.csv", "id\n2\n");
    assert_eq!(
        project.rows("SELECT * FROM t ORDER BY id").await.unwrap(),
        ["1", "2"]
    );
}

#[tokio::test]
async fn compressed_files_are_read_by_their_ending_or_the_option() {
    let project = Project::new();
    let text = "id\n1\n2\n3\n";
    let gzip = compress(text, FileCompressionType::GZIP).await;
    let zstd = compress(text, FileCompressionType::ZSTD).await;
    let lines = compress("{\"id\": 1}\n{\"id\": 2}\n", FileCompressionType::ZSTD).await;
    project.write("a.csv.gz", &gzip);
    project.write("b.csv.zst", &zstd);
    project.write("c.bin", &gzip);
    project.write("d.jsonl.zst", lines);
    // Two members one after the other are one file, as for gzip itself.
    project.write(
        "e.csv.gz",
        [
            gzip.clone(),
            compress("4\n", FileCompressionType::GZIP).await,
        ]
        .concat(),
    );
    for (rest, expected) in [
        ("CSV LOCATION 'a.csv.gz'", "3|6"),
        ("CSV LOCATION 'b.csv.zst'", "3|6"),
        ("CSV LOCATION 'c.bin' OPTIONS (compression 'gzip')", "3|6"),
        ("CSV LOCATION '{a,b}.csv.*'", ""),
        ("CSV LOCATION '[ab].csv.*'", "6|12"),
        ("CSV LOCATION 'e.csv.gz'", "4|10"),
        ("JSON LOCATION 'd.jsonl.zst'", "2|3"),
    ] {
        let created = project
            .create(&format!("CREATE EXTERNAL TABLE t STORED AS {rest}"))
            .await;
        if expected.is_empty() {
            assert_eq!(created.unwrap_err().sqlstate().0, "58P01", "{rest}");
            continue;
        }
        let rows = project
            .rows("SELECT count(*), sum(id) FROM t")
            .await
            .unwrap();
        assert_eq!(rows, [expected], "{rest}");
    }
    project.write("a.csv.gz", &gzip[..gzip.len() - 9]);
    project
        .create("CREATE EXTERNAL TABLE t (id int) STORED AS CSV LOCATION 'a.csv.gz'")
        .await
        .unwrap();
    let error = project.rows("SELECT * FROM t").await.unwrap_err();
    assert_eq!(error.sqlstate().0, "XX001");
    assert!(
        error
            .message()
            .starts_with("public.t: a.csv.gz: the compressed file is damaged"),
        "{error}"
    );
}

#[tokio::test]
async fn the_fingerprint_follows_the_files() {
    let project = Project::new();
    project.write("d/a.csv", "id\n1\n");
    let sql = "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'd'";
    let first = project.fingerprint(sql).await.unwrap();
    assert_eq!(project.fingerprint(sql).await.unwrap(), first);
    project.write("d/b.csv", "id\n1\n");
    let second = project.fingerprint(sql).await.unwrap();
    assert_ne!(second, first);
    project.write("d/b.csv", "id\n1\n2\n");
    assert_ne!(project.fingerprint(sql).await.unwrap(), second);
}

/// Answers every request for `/data/orders.csv` with `content`.
async fn serve(listener: TcpListener, content: &'static str) {
    while let Ok((mut connection, _)) = listener.accept().await {
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            match connection.read(&mut buffer).await {
                Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
                _ => break,
            }
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap_or_default());
        let (status, body) = match path {
            "/data/orders.csv" => ("200 OK", content),
            _ => ("404 Not Found", ""),
        };
        let mut answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\
             Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nETag: \"1\"\r\n\r\n",
            body.len()
        );
        if method == "GET" {
            answer.push_str(body);
        }
        let _ = connection.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_file_is_read_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, "id,name\n1,Ann\n2,Bob\n"));
    let project = Project::new();
    let columns = project
        .create(&format!(
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{root}/data/orders.csv'"
        ))
        .await
        .unwrap();
    assert_eq!(columns, "id bigint, name text");
    let rows = project
        .rows("SELECT *, _file FROM t ORDER BY id")
        .await
        .unwrap();
    let file = format!("{root}/data/orders.csv");
    assert_eq!(rows, [format!("1|Ann|{file}"), format!("2|Bob|{file}")]);

    let error = project
        .create(&format!(
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{root}/none.csv'"
        ))
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate().0, "58P01", "{error}");
}
