//! docker/: what can be held without an engine. Every query of the dashboard runs; the files are what
//! they should be and name each other rightly.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tributary::config::{Config, SessionSettings};

use crate::server::{Server, rows};
use crate::tools::python;

fn docker(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docker")
        .join(file)
}

fn yaml(file: &str) -> Value {
    let mut child = python("python3")
        .args([
            "-c",
            "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = std::fs::read(docker(file)).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{file}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn dashboard() -> Value {
    let text = std::fs::read(docker("grafana/dashboards/warehouse.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A query as Grafana's data source sends it, for the hour around now.
///
/// <https://grafana.com/docs/grafana/latest/datasources/postgres/#macros>
fn without_macros(sql: &str) -> String {
    let now = chrono::Utc::now();
    let from = (now - chrono::TimeDelta::hours(1)).to_rfc3339();
    let to = (now + chrono::TimeDelta::hours(1)).to_rfc3339();
    let mut sql = sql
        .replace("$__timeFrom()", &format!("'{from}'"))
        .replace("$__timeTo()", &format!("'{to}'"));
    while let Some(start) = sql.find("$__") {
        let open = start + sql[start..].find('(').unwrap();
        let close = open + sql[open..].find(')').unwrap();
        let arguments: Vec<&str> = sql[open + 1..close].split(", ").collect();
        let column = arguments[0];
        let expanded = match &sql[start + 3..open] {
            "timeFilter" => format!("{column} BETWEEN '{from}' AND '{to}'"),
            "timeGroupAlias" => {
                assert_eq!(arguments[1], "'1m'");
                format!("floor(extract(epoch from {column})/60)*60 AS \"time\"")
            }
            other => panic!("this test does not know the macro {other}"),
        };
        sql.replace_range(start..=close, &expanded);
    }
    sql
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_dashboard_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("sql")).unwrap();
    std::fs::write(
        folder.path().join("sql/orders.csv"),
        "id,price\n1,2.5\n2,x\n",
    )
    .unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    // A row that is set aside, a refresh that fails, a check that does not pass.
    client
        .batch_execute(
            "CREATE EXTERNAL TABLE orders (id BIGINT, price NUMERIC(10, 2)) STORED AS CSV
                 LOCATION 'orders.csv' OPTIONS (on_error 'quarantine');
             CREATE MATERIALIZED VIEW sales AS SELECT * FROM orders;
             CREATE MATERIALIZED VIEW inverse AS SELECT 1 / (id - 2) AS x FROM sales;
             CREATE CHECK no_sales AS SELECT * FROM sales",
        )
        .await
        .unwrap();
    std::fs::write(
        folder.path().join("sql/orders.csv"),
        "id,price\n2,2.5\n3,x\n",
    )
    .unwrap();
    client
        .batch_execute("REFRESH MATERIALIZED VIEW sales")
        .await
        .unwrap();
    let failed = client
        .batch_execute("REFRESH MATERIALIZED VIEW inverse")
        .await;
    assert!(failed.is_err());
    let source = yaml("grafana/provisioning/datasources/tributary.yaml");
    let uid = &source["datasources"][0]["uid"];
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut queries = 0;
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries += 1;
            assert_eq!(&target["datasource"]["uid"], uid, "{title}");
            let sql = without_macros(target["rawSql"].as_str().unwrap());
            let found = rows(&client, &sql).await;
            // Checks run in a run of the project, which this one has not had.
            if !title.starts_with("Checks") {
                assert!(!found.is_empty(), "{title}: {sql}");
            }
        }
    }
    assert!(queries >= panels.len() - 1, "a panel has no query");
}

#[test]
fn the_image_and_the_services_name_what_is_there() {
    let output = python("hadolint")
        // Debian keeps one version of a package: a pinned one would be gone with the next update.
        .args(["--no-color", "--ignore", "DL3008"])
        .arg(docker("Dockerfile"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );

    let known: BTreeSet<String> = Config::ALL
        .iter()
        .chain(SessionSettings::ALL)
        .map(|setting| setting.environment())
        .collect();
    let text = std::fs::read_to_string(docker("Dockerfile")).unwrap();
    let mut variables = 0;
    for word in text.split_whitespace() {
        if let Some((name, _)) = word.split_once('=')
            && name.starts_with("TRIBUTARY_")
        {
            assert!(known.contains(name), "{name} is no setting");
            variables += 1;
        }
    }
    assert!(variables > 2);
    for line in text
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
    {
        let words: Vec<&str> = line.split(' ').collect();
        for source in &words[1..words.len() - 1] {
            assert!(docker("..").join(source).exists(), "{line}");
        }
    }

    let compose = yaml("compose.yaml");
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        if let Some(build) = service.get("build") {
            let context = docker(build["context"].as_str().unwrap());
            assert!(context.join(build["dockerfile"].as_str().unwrap()).exists());
        }
        for volume in service["volumes"].as_array().unwrap() {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            match from.starts_with('.') {
                true => assert!(docker(from).exists(), "{name}: {from}"),
                false => assert!(compose["volumes"].get(from).is_some(), "{name}: {from}"),
            }
        }
        for (variable, _) in service["environment"].as_object().unwrap() {
            let is_known = known.contains(variable) || variable.starts_with("GF_");
            assert!(is_known, "{name}: {variable}");
        }
    }
    let example = std::fs::read_to_string(docker(".env.example")).unwrap();
    let text = std::fs::read_to_string(docker("compose.yaml")).unwrap();
    for asked in text.split("${").skip(1) {
        let name = asked.split(':').next().unwrap();
        assert!(
            example.contains(&format!("{name}=")),
            "{name} is not in .env.example"
        );
    }
    let source = yaml("grafana/provisioning/datasources/tributary.yaml");
    let url = source["datasources"][0]["url"].as_str().unwrap();
    assert!(
        services.contains_key(url.split(':').next().unwrap()),
        "{url}"
    );
    let provider = yaml("grafana/provisioning/dashboards/tributary.yaml");
    let path = provider["providers"][0]["options"]["path"]
        .as_str()
        .unwrap();
    let mounts = services["grafana"]["volumes"].to_string();
    assert!(mounts.contains(&format!(":{path}:ro")), "{path}: {mounts}");
}

#[test]
fn the_image_is_built_from_every_member_of_the_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let (copied, sent) = (read("docker/Dockerfile"), read(".dockerignore"));
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        // What lies in another one's folder comes with it.
        let mut folders = Path::new(member).ancestors().map(|it| it.to_str().unwrap());
        let is_sent = folders.any(|folder| {
            let (copy, exception) = (format!("COPY {folder} {folder}"), format!("!{folder}"));
            copied.lines().any(|line| line == copy) && sent.lines().any(|line| line == exception)
        });
        assert!(is_sent, "{member}");
    }
}
