//! Runs every file of tests/slt over the wire, each against a server of its own.
//!
//! `tests/run --complete` writes the answers of the server into the files instead: read the diff
//! before committing it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqllogictest::{
    DBOutput, DefaultColumnType, Runner, default_column_validator, default_normalizer,
    default_validator,
};
use tokio_postgres::SimpleQueryMessage;

use crate::server::{Server, fixtures};

/// A connection over the simple protocol, as psql uses it.
struct Connection(tokio_postgres::Client);

#[async_trait]
impl sqllogictest::AsyncDB for Connection {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        let messages = self.0.simple_query(sql).await.map_err(Refused)?;
        let mut rows = Vec::new();
        let mut columns = None;
        let mut count = 0;
        for message in messages {
            match message {
                SimpleQueryMessage::RowDescription(description) => {
                    columns = Some(description.len())
                }
                SimpleQueryMessage::Row(row) => {
                    columns = Some(row.len());
                    rows.push((0..row.len()).map(|index| shown(row.get(index))).collect());
                }
                SimpleQueryMessage::CommandComplete(rows) => count = rows,
                _ => {}
            }
        }
        Ok(match columns {
            Some(columns) => DBOutput::Rows {
                types: vec![DefaultColumnType::Text; columns],
                rows,
            },
            None => DBOutput::StatementComplete(count),
        })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "tributary"
    }

    async fn sleep(duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn error_sql_state(error: &Refused) -> Option<String> {
        error.0.code().map(|code| code.code().to_owned())
    }
}

/// An error of the server, with all that it says.
#[derive(Debug)]
struct Refused(tokio_postgres::Error);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(error) = self.0.as_db_error() else {
            return self.0.fmt(f);
        };
        write!(f, "{}", error.message())?;
        if let Some(detail) = error.detail() {
            write!(f, " DETAIL: {detail}")?;
        }
        if let Some(context) = error.where_() {
            write!(f, " CONTEXT: {context}")?;
        }
        if let Some(hint) = error.hint() {
            write!(f, " HINT: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

fn shown(value: Option<&str>) -> String {
    match value {
        None => "NULL".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => text.replace('\n', "\\n"),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_slt() {
    let complete = std::env::var_os("TRIBUTARY_SLT_COMPLETE").is_some();
    let only = std::env::var("TRIBUTARY_SLT").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut failures = Vec::new();
    let chosen: Vec<_> = files(&root)
        .into_iter()
        .filter(|file| file.to_string_lossy().contains(&only))
        .collect();
    assert!(
        !chosen.is_empty(),
        "no file of tests/slt is named like {only}"
    );
    for file in chosen {
        let folder = tempfile::tempdir().unwrap();
        // The files count versions.
        let server = Server::start_with(folder.path(), &["--background-compaction", "off"]);
        let mut runner = Runner::new(|| async { Ok(Connection(server.connect().await)) });
        runner.set_var("FIXTURES".to_owned(), fixtures().display().to_string());
        runner.set_var("FOLDER".to_owned(), folder.path().display().to_string());
        if complete {
            runner
                .update_test_file(
                    &file,
                    "\t",
                    default_validator,
                    default_normalizer,
                    default_column_validator,
                )
                .await
                .unwrap();
        } else if let Err(error) = runner.run_file_async(&file).await {
            failures.push(format!("{}", error.display(false)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The names that the reference page of functions has, aliases included.
fn documented() -> Vec<String> {
    let page = tributary_udfs::reference();
    let mut names = Vec::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            names.push(name.to_owned());
        } else if let Some(aliases) = line.strip_prefix("Aliases: ") {
            let aliases = aliases.split(", ");
            names.extend(aliases.map(|alias| alias.trim_matches('`').to_owned()));
        }
    }
    names
}

#[test]
fn every_documented_function_is_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let files = files(&root).into_iter();
    let texts: String = files
        .map(|file| std::fs::read_to_string(file).unwrap().to_lowercase())
        .collect();
    let is_called = |name: &String| {
        let call = format!("{name}(");
        texts.match_indices(&call).any(|(place, _)| {
            let before = texts[..place].chars().next_back();
            !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
        })
    };
    let names = documented();
    assert!(names.len() > 100, "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !is_called(name)).collect();
    assert!(missing.is_empty(), "no file of tests/slt calls {missing:?}");
}
