//! The reference page of all functions, from their `#[user_doc]` attributes.

use std::fmt::Write;

use datafusion::logical_expr::Documentation;

use crate::{all_aggregate_functions, all_scalar_functions, all_window_functions};

/// What the page says of one function.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The SQL name.
    pub(crate) name: String,
    /// Other names of the same function.
    pub(crate) aliases: Vec<String>,
    /// How it is called: `scalar`, `aggregate` or `window`.
    pub(crate) form: &'static str,
    /// Its documentation; every function has one, and a test says so.
    pub(crate) documentation: Option<Documentation>,
}

/// One entry a function, in the order of the registries.
pub(crate) fn entries() -> Vec<Entry> {
    let scalars = all_scalar_functions().into_iter().map(|function| Entry {
        name: function.name().to_string(),
        aliases: function.aliases().to_vec(),
        form: "scalar",
        documentation: function.documentation().cloned(),
    });
    let aggregates = all_aggregate_functions().into_iter().map(|function| Entry {
        name: function.name().to_string(),
        aliases: function.aliases().to_vec(),
        form: "aggregate",
        documentation: function.documentation().cloned(),
    });
    let windows = all_window_functions().into_iter().map(|function| Entry {
        name: function.name().to_string(),
        aliases: function.aliases().to_vec(),
        form: "window",
        documentation: function.documentation().cloned(),
    });
    scalars.chain(aggregates).chain(windows).collect()
}

/// The Markdown page that describes every function of the library, section by section.
pub fn reference() -> String {
    let entries = entries();
    let mut page = String::from(
        "<!-- Generated from the #[user_doc] attributes in udfs/src: do not edit. -->\n\n\
         # Functions\n\n\
         Text is compared by Unicode scalar values, never by bytes. Unless a function says \
         otherwise, NULL in any argument gives NULL.\n",
    );
    let mut sections: Vec<&str> = Vec::new();
    for documentation in entries
        .iter()
        .filter_map(|entry| entry.documentation.as_ref())
    {
        if !sections.contains(&documentation.doc_section.label) {
            sections.push(documentation.doc_section.label);
        }
    }
    for section in &sections {
        let _ = write!(page, "\n- **{section}**: ");
        let names: Vec<String> = of_section(&entries, section)
            .map(|(entry, _)| format!("[{0}](#{0})", entry.name))
            .collect();
        page.push_str(&names.join(", "));
    }
    page.push('\n');
    for section in &sections {
        let _ = write!(page, "\n## {section}\n");
        for (entry, documentation) in of_section(&entries, section) {
            write_entry(&mut page, entry, documentation);
        }
    }
    page
}

/// The entries of a section, by name.
fn of_section<'a>(
    entries: &'a [Entry],
    section: &str,
) -> impl Iterator<Item = (&'a Entry, &'a Documentation)> {
    let mut found: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((entry, entry.documentation.as_ref()?)))
        .filter(|(_, documentation)| documentation.doc_section.label == section)
        .collect();
    found.sort_by(|left, right| left.0.name.cmp(&right.0.name));
    found.into_iter()
}

fn write_entry(page: &mut String, entry: &Entry, documentation: &Documentation) {
    let _ = write!(page, "\n### {}\n", entry.name);
    if !entry.aliases.is_empty() {
        let names: Vec<String> = entry
            .aliases
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = write!(page, "\nAliases: {}\n", names.join(", "));
    }
    let _ = write!(page, "\n```sql\n{}\n", documentation.syntax_example);
    for other in documentation.alternative_syntax.iter().flatten() {
        let _ = writeln!(page, "{other}");
    }
    let _ = write!(
        page,
        "```\n\n{} function. {}\n",
        capital(entry.form),
        documentation.description.trim()
    );
    if let Some(arguments) = &documentation.arguments {
        page.push_str("\n| Argument | Meaning |\n|---|---|\n");
        for (name, meaning) in arguments {
            let meaning = meaning.trim().replace('\n', " ").replace('|', "\\|");
            let _ = writeln!(page, "| `{name}` | {meaning} |");
        }
    }
    if let Some(example) = &documentation.sql_example {
        let _ = write!(page, "\n{}\n", example.trim());
    }
    if let Some(related) = &documentation.related_udfs {
        let names: Vec<String> = related
            .iter()
            .map(|name| format!("[{name}](#{name})"))
            .collect();
        let _ = write!(page, "\nSee also: {}\n", names.join(", "));
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
