//! The reference page of models.

use std::fmt::Write;

use tributary_udfs::resolve::ColumnKind;

use super::columns::{Column, columns_of_function};
use super::options::MODEL_OPTIONS;
use crate::sql::model_functions::ModelFunction;

/// The reference page of models, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Models\n\n`CREATE MODEL` learns which records of a query are one entity. Nothing but \
         `model_type` and `unique_id` must be said; everything else is found out from the columns' \
         names and values. `REFRESH MODEL` resolves the query's records again by what was learned, \
         `REFRESH MODEL ... FULL` learns again; entities keep their numbers through both. `REFRESH MODEL` \
         reads the records alone that may have changed, by the change feeds of the tables and materialized \
         views that the query reads, where these tell which: where changes can be traced to the `unique_id`, and \
         `source`, of records; else it reads all of them, and scores those that have changed. `EXPLAIN REFRESH \
         MODEL` tells. `CREATE OR REPLACE MODEL` learns anew, unless the definition differs in `threshold`, \
         `must_link`, `cannot_link`, `threads`, `target_lag` or `schedule` alone. Of up to 1732 \
         records, or fewer by `pair_budget`, all pairs are compared; once there are more, `REFRESH MODEL` learns again by itself, and \
         which pairs to compare, too.\n\n\
         ## Options\n\n`OPTIONS (name = value, ...)` of `CREATE MODEL`.\n\n\
         | option | value | what it does |\n|---|---|---|\n",
    );
    // Writing to a String cannot fail.
    for option in MODEL_OPTIONS {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            option.name, option.values, option.description
        );
    }
    page.push_str(
        "\n## Kinds\n\nWhat a column can hold, by the option `compare` or as its name and its values tell. \
         Values are cleaned by it, small letters without accents in most, and two of them are on the \
         most alike level that fits; equal values have one for each band of how rare they are.\n\n\
         | kind | what it is | levels below equality |\n|---|---|---|\n",
    );
    for (name, kind) in ColumnKind::ALL {
        let levels: Vec<String> = kind.levels().map(|levels| levels.join(", ")).collect();
        let _ = writeln!(
            page,
            "| `{name}` | {} | {} |",
            kind.description(),
            levels.join("; ")
        );
    }
    page.push_str(
        "\n## Functions\n\nEach takes the name of a model as its first argument, as text, and stands \
         in `FROM`. A view, a materialized view or a check may read a model through them, and depends \
         on it then.\n",
    );
    for function in ModelFunction::ALL {
        let _ = write!(
            page,
            "\n### {}\n\n`{}`: {}\n\n| column | type | |\n|---|---|---|\n",
            function.name(),
            function.call(),
            function.description()
        );
        for column in columns_of_function(function) {
            let _ = match column {
                Column::Id(prefix) => writeln!(
                    page,
                    "| *{prefix}unique_id* | as in the query | The column of the option `unique_id`, under its own name{}. |",
                    behind(prefix)
                ),
                Column::Source(prefix) => writeln!(
                    page,
                    "| *{prefix}source* | as in the query | The column of the option `source`, under its own name{}; only where the model has it. |",
                    behind(prefix)
                ),
                Column::Plain(name, data_type, description) => {
                    writeln!(page, "| `{name}` | {} | {description} |", data_type.sql())
                }
            };
        }
    }
    page
}

fn behind(prefix: &str) -> String {
    match prefix {
        "" => String::new(),
        prefix => format!(" behind `{prefix}`"),
    }
}
