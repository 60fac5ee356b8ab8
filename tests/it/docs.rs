//! The reference pages in docs/ are made from the code; this writes them, or holds them against it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tributary::config::{Config, SessionSettings, Setting};

const NOTE: &str = "<!-- Generated from the code by docs/generate: do not edit. -->\n\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn reference_pages_are_current() {
    let write = std::env::var_os("TRIBUTARY_DOCS_WRITE").is_some();
    let pages = [
        ("functions.md", tributary_udfs::reference()),
        ("statements.md", statements()),
        ("options.md", options()),
        ("models.md", tributary::models::resolution::reference()),
        ("settings.md", settings()),
        ("system-views.md", tributary::catalog::system::reference()),
    ];
    for (name, page) in pages {
        let path = root().join("docs/reference").join(name);
        let page = if page.starts_with("<!--") {
            page
        } else {
            format!("{NOTE}{page}")
        };
        if write {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, page).unwrap();
        } else {
            let current = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                current == page,
                "docs/reference/{name} is stale: run docs/generate"
            );
        }
    }
}

/// The statements' grammar stands on top of their files.
fn statements() -> String {
    let mut page =
        "# Statements\n\nBrackets mark what may be left out, `|` a choice, `...` repetition.\n"
            .to_owned();
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("src/sql"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
    {
        let text = std::fs::read_to_string(file).unwrap();
        let top: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect();
        let name = file
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .replace('_', " ")
            .to_uppercase();
        let executed = root().join("src/execute").join(file.file_name().unwrap());
        if executed.exists() && name != "MOD" {
            write!(page, "\n## {name}\n\n{}\n", top.join("\n")).unwrap();
            let does = std::fs::read_to_string(executed).unwrap();
            let does: Vec<&str> = does
                .lines()
                .map_while(|line| line.strip_prefix("//!"))
                .map(str::trim)
                .collect();
            write!(page, "\n{}\n", does.join("\n")).unwrap();
        }
    }
    page
}

fn options() -> String {
    use tributary::models::define::{CHECK_OPTIONS, MATERIALIZED_VIEW_OPTIONS, TABLE_OPTIONS};
    let mut page = format!("# Options\n\n{}", tributary::sources::reference());
    for (title, statement, options) in [
        ("Tables", "CREATE TABLE", TABLE_OPTIONS),
        (
            "Materialized views",
            "CREATE MATERIALIZED VIEW",
            MATERIALIZED_VIEW_OPTIONS,
        ),
        ("Checks", "CREATE CHECK", CHECK_OPTIONS),
    ] {
        write!(page, "\n## {title}\n\n`WITH (name = 'value', ...)` of `{statement}`.\n\n| option | values, the default first | what it does |\n|---|---|---|\n").unwrap();
        for option in options {
            writeln!(
                page,
                "| `{}` | {} | {} |",
                option.name,
                match option.values {
                    [] => "a text".to_owned(),
                    values => values.join(", "),
                },
                option.description
            )
            .unwrap();
        }
    }
    page
}

fn settings() -> String {
    let mut page = "# Settings\n\n## Server\n\nGiven as a flag, in the environment or in `tributary.toml`; a flag wins over the environment, which wins over the file.\n".to_owned();
    for setting in Config::ALL {
        entry(
            &mut page,
            setting,
            &format!(
                "flag `--{}`, environment `{}`",
                setting.flag(),
                setting.environment()
            ),
        );
    }
    page.push_str("\n## Session\n\nGiven with `SET`; what sessions begin with is given with `--set name=value`, in the environment or in `tributary.toml`.\n");
    for setting in SessionSettings::ALL {
        entry(
            &mut page,
            setting,
            &format!("environment `{}`", setting.environment()),
        );
    }
    page
}

fn entry(page: &mut String, setting: &Setting, given: &str) {
    let default = if setting.default.is_empty() {
        "empty".to_owned()
    } else {
        format!("`{}`", setting.default)
    };
    write!(
        page,
        "\n### {}\n\n{}\n\n- {}; default {default}\n- {given}\n",
        setting.name, setting.description, setting.kind
    )
    .unwrap();
}
