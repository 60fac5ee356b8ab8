//! docs/quickstart.md prints what the commands print.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::psql::psql_script;
use crate::server::{Server, tributary};

/// Where the part begins that needs no generated sources.
pub const BEGIN: &str = "## A source of your own";

/// The blocks of a page, each with its kind.
pub fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("```") {
        let (block, next) = after.split_once("```").unwrap();
        let (kind, text) = block.split_once('\n').unwrap();
        blocks.push((kind, text));
        rest = next;
    }
    blocks
}

/// What stays the same from run to run, in an order of its own: a terminal shows what a command
/// prints and what it complains of as they come.
fn lasting(text: &str, folder: &Path) -> Vec<String> {
    let text = text
        .replace(&folder.display().to_string(), "FOLDER")
        .replace("/home/ada", "FOLDER")
        .replace(" leave data\n", " leave .tributary\n")
        .replace(" data/catalog.redb", " .tributary/catalog.redb");
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_time = |word: &&str| word.contains(':') && word.starts_with(char::is_numeric);
            let is_kept = |place: usize| {
                let word = words[place];
                let is_moment = is_time(&word) || words.get(place + 1).is_some_and(is_time);
                let is_rule = word.trim_matches(['-', '+']).is_empty();
                let is_duration = word.parse::<f64>().is_ok() && words.contains(&"s");
                !(is_moment || is_rule || is_duration)
            };
            let kept =
                (0..words.len()).map(|place| if is_kept(place) { words[place] } else { "_" });
            kept.collect::<Vec<_>>().join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort();
    lines
}

/// Runs a block of the shell; `tributary` is the program under test.
fn shell(script: &str, folder: &Path) -> String {
    let program = Path::new(tributary().get_program())
        .parent()
        .unwrap()
        .to_owned();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    // One stream for both, as in a terminal.
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("TRIBUTARY_DATA_DIR", "data")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_quickstart_shows_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/quickstart.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shop = folder.path().join("shop");
    let start = || Server::start(&shop);
    let mut server = None;
    let mut printed = String::new();
    let mut compared = 0;
    for (kind, text) in blocks(&page[page.find(BEGIN).unwrap()..]) {
        match kind {
            "sh" if text.trim_end().ends_with("\ntributary") => {
                // The one who serves keeps the terminal.
                let before = text.trim_end().trim_end_matches("tributary");
                shell(before, folder.path());
                server = Some(start());
                "everything is up to date\nready: psql -h 127.0.0.1 -p 7432 -U tributary tributary"
                    .clone_into(&mut printed);
            }
            "sh" => {
                if text.contains("mkdir sql/till") {
                    server = None;
                }
                let held = (text.trim() == "tributary run").then(start);
                printed = shell(text, &shop);
                drop(held);
            }
            "sql" => printed = psql_script(server.as_ref().unwrap(), text),
            "text" => {
                assert_eq!(
                    lasting(&printed, folder.path()),
                    lasting(text, folder.path()),
                    "{printed}"
                );
                compared += 1;
            }
            other => panic!("a block of {other}"),
        }
    }
    assert!(compared > 15, "{compared}");
}
