//! The reference page of options.

use std::fmt::Write;

use super::format::FileFormat;
use super::options::FILE_OPTIONS;

/// The options of external tables over files, as a section of Markdown.
pub fn reference() -> String {
    let mut page = "## External tables over files\n\n`OPTIONS (name 'value', ...)` of `CREATE EXTERNAL TABLE`. An unknown option is an error that names the nearest.\n\n| option | default | formats | what it does |\n|---|---|---|---|\n".to_owned();
    for option in FILE_OPTIONS {
        let formats: Vec<String> = option.formats.iter().map(ToString::to_string).collect();
        let formats = if option.formats.len() == FileFormat::ALL.len() {
            "all".to_owned()
        } else {
            formats.join(", ")
        };
        let default = option.default.replace('|', "\\|");
        let default = if default.is_empty() {
            "empty".to_owned()
        } else {
            format!("`{default}`")
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {default} | {formats} | {} |",
            option.name,
            option.description.replace('|', "\\|")
        );
    }
    page
}
