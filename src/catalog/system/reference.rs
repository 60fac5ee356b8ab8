//! The reference page of the system views.

use std::fmt::Write;

use super::{Column, REJECTED_ROWS, SYSTEM_SCHEMA, VIEWS, rejected_rows};

/// The reference page of the system views, in Markdown.
pub fn reference() -> String {
    let mut sections: Vec<_> = VIEWS
        .iter()
        .map(|view| (view.name(), view.description(), view.columns()))
        .collect();
    sections.push((
        REJECTED_ROWS,
        rejected_rows::DESCRIPTION,
        &rejected_rows::COLUMNS,
    ));
    sections.sort_unstable_by_key(|(name, _, _)| *name);
    let mut page = String::from(
        "# System views\n\nWhat the server knows of itself, as views of the schema \
         `tributary`. They answer SQL like any other relation.\n",
    );
    for (name, description, columns) in sections {
        section(&mut page, name, description, columns);
    }
    page
}

fn section(page: &mut String, name: &str, description: &str, columns: &[Column]) {
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {SYSTEM_SCHEMA}.{name}\n\n{description}\n\n| column | type | |\n|---|---|---|\n"
    );
    for column in columns {
        let null = if column.nullable { ", or NULL" } else { "" };
        let _ = writeln!(
            page,
            "| `{}` | {}{null} | {} |",
            column.name,
            column.column_type.sql(),
            column.description.replace('|', "\\|")
        );
    }
}
