//! What README.md and docs/quickstart.md show of the case study is what it prints.

use std::path::Path;

use crate::psql::psql_script;
use crate::quickstart::{BEGIN, blocks};
use crate::server::Server;

/// Before each statement of a session in psql.
const PROMPT: &str = "tributary=> ";
/// Before each further line of a statement.
const GOES_ON: &str = "tributary-> ";

/// Checks both pages against the case study, as it is served, and what was printed as it was built.
pub fn check(server: &Server, printed: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (readme, quickstart) = (page("README.md"), page("docs/quickstart.md"));
    let printed: Vec<String> = printed.lines().map(told).collect();
    let mut compared = 0;
    let first_part = &quickstart[..quickstart.find(BEGIN).unwrap()];
    for line in readme.lines().chain(first_part.lines()) {
        let line = line.trim_start();
        let words = ["generating", "defined ", "built ", "passed ", "warning "];
        if words.iter().any(|word| line.starts_with(word)) || line.contains(" checks passed,") {
            let line = told(line);
            assert!(printed.contains(&line), "{line:?} is not printed");
            compared += 1;
        }
    }
    assert!(compared > 15, "{compared}");
    for (statement, shown) in session(&readme) {
        assert_eq!(
            table(&psql_script(server, &statement)),
            table(&shown),
            "{statement}"
        );
    }
    let mut statements = "";
    for (kind, text) in blocks(first_part) {
        match kind {
            "sql" => statements = text,
            "text" if !statements.is_empty() => {
                let answer = psql_script(server, statements);
                assert_eq!(table(&answer), table(text), "{statements}");
                statements = "";
            }
            _ => {}
        }
    }
}

/// A line of the build: its words, without how long it took.
fn told(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |place: usize| {
        let is_seconds = |place: usize| words.get(place) == Some(&"s");
        is_seconds(place) || is_seconds(place + 1) && words[place].parse::<f64>().is_ok()
    };
    let kept = (0..words.len()).filter(|place| !is_time(*place));
    kept.map(|place| words[place]).collect::<Vec<_>>().join(" ")
}

/// The statements of a session in psql, and what each shows.
fn session(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut is_shown = false;
    for line in page.lines() {
        let Some(line) = line.strip_prefix("    ") else {
            is_shown &= line.is_empty();
            continue;
        };
        if let Some(statement) = line.strip_prefix(PROMPT) {
            found.push((statement.to_owned(), String::new()));
            is_shown = true;
        } else if let (Some((statement, shown)), true) = (found.last_mut(), is_shown) {
            match line.strip_prefix(GOES_ON) {
                Some(more) => *statement += &format!("\n{more}"),
                None => *shown += &format!("{line}\n"),
            }
        }
    }
    found
}

/// The cells of tables, but for moments and durations, which are others each time.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut masked = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let cells = line.split('|').map(|cell| cell.trim().to_owned());
        let mut cells: Vec<String> = cells.collect();
        if cells
            .iter()
            .all(|cell| cell.trim_matches(['-', '+']).is_empty())
        {
            continue;
        }
        let names = ["duration_ms", "refreshed_at"];
        if cells.iter().any(|cell| names.contains(&cell.as_str())) {
            let places = (0..cells.len()).filter(|place| names.contains(&cells[*place].as_str()));
            masked = places.collect();
        } else {
            for place in &masked {
                if let (Some(cell), true) = (cells.get_mut(*place), line.contains('|')) {
                    *cell = "_".to_owned();
                }
            }
        }
        rows.push(cells);
    }
    rows
}
