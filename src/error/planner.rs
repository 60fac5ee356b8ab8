//! What DataFusion's planner tells by text alone, in Postgres's words.

use datafusion::functions_window::all_default_window_functions;

use super::cast::sql_name;
use super::{Error, SqlState, lower_first, nearest};

/// The error of a mistake that the planner found.
pub(super) fn from_message(message: &str) -> Error {
    let known = undefined_function(message)
        .or_else(|| unfit_arguments(message))
        .or_else(|| unfit_operands(message))
        .or_else(|| ungrouped(message))
        .or_else(|| misplaced(message))
        .or_else(|| unfit_columns(message));
    if let Some(error) = known {
        return error;
    }
    let lower = message.to_lowercase();
    let sqlstate = if lower.contains("table '") && lower.contains("not found") {
        SqlState::UNDEFINED_TABLE
    } else if lower.contains("invalid function")
        || lower.contains("no function matches")
        || lower.contains("failed to coerce arguments")
    {
        SqlState::UNDEFINED_FUNCTION
    } else if lower.contains("could not be resolved from available columns") {
        SqlState::GROUPING_ERROR
    } else if lower.contains("require unique expression names") {
        SqlState::DUPLICATE_COLUMN
    } else if lower.contains("no field named") {
        SqlState::UNDEFINED_COLUMN
    } else if lower.contains("cannot coerce") || lower.contains("cannot infer common argument type")
    {
        SqlState::DATATYPE_MISMATCH
    } else {
        SqlState::SYNTAX_ERROR
    };
    Error::new(sqlstate, lower_first(message))
}

/// The error of what the planner cannot do.
pub(super) fn unsupported(message: &str) -> Error {
    const SUBQUERIES: [&str; 4] = [
        "Exists(",
        "ScalarSubquery(",
        "InSubquery(",
        "OuterReferenceColumn(",
    ];
    if let Some(expression) =
        message.strip_prefix("Physical plan does not support logical expression ")
        && SUBQUERIES.iter().any(|kind| expression.starts_with(kind))
    {
        let what = "this form of a subquery that refers to the query around it";
        return Error::unsupported(what)
            .with_hint("Write it as a join, or take LIMIT and ORDER BY out of it.");
    }
    if let Some(name) = message.strip_prefix("Unsupported SQL type ")
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        return Error::new(
            SqlState::UNDEFINED_OBJECT,
            format!("type \"{name}\" does not exist"),
        );
    }
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, lower_first(message))
}

/// `Cannot coerce arithmetic expression Int64 + Utf8 to valid types`, and what is told of other
/// operators.
fn unfit_operands(message: &str) -> Option<Error> {
    const STARTS: [&str; 6] = [
        "Cannot coerce arithmetic expression ",
        "Cannot infer common argument type for ",
        "Cannot infer common string type for ",
        "Cannot infer common type for ",
        "Cannot get result type for temporal operation ",
        "Cannot get result type for arithmetic operation ",
    ];
    let start = STARTS.iter().find_map(|start| {
        let (_, rest) = message.split_once(start)?;
        Some(
            rest.split_once(" operation ")
                .map_or(rest, |(_, rest)| rest),
        )
    })?;
    let start = start.split(" to valid types").next()?;
    let start = start.split(": ").next()?;
    // A type may have blanks within its brackets, and IS DISTINCT FROM has some of its own.
    let words = split(start, ' ');
    let (first, rest) = words.split_first()?;
    let (last, operator) = rest.split_last()?;
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!(
            "operator does not exist: {} {} {}",
            shown(first),
            operator.join(" "),
            shown(last)
        ),
    );
    Some(error.with_hint("Cast one side to the type of the other."))
}

/// `... column "a.t.id" must appear in the GROUP BY clause or must be part of an aggregate function,
/// currently only ...`
fn ungrouped(message: &str) -> Option<Error> {
    let (before, _) = message.split_once("\" must appear in the GROUP BY clause")?;
    let (_, column) = before.rsplit_once('"')?;
    Some(Error::new(
        SqlState::GROUPING_ERROR,
        format!(
            "column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function"
        ),
    ))
}

/// Functions and numbers of columns where they cannot be.
fn misplaced(message: &str) -> Option<Error> {
    if message.starts_with("Aggregate functions are not allowed in the WHERE clause") {
        let text = "aggregate functions are not allowed in WHERE";
        return Some(Error::new(SqlState::GROUPING_ERROR, text).with_hint("Use HAVING."));
    }
    for kind in ["aggregate", "window"] {
        let text = format!("{kind} function calls cannot be nested");
        if message.to_lowercase().starts_with(&text) {
            let sqlstate = match kind {
                "aggregate" => SqlState::GROUPING_ERROR,
                _ => SqlState::WINDOWING_ERROR,
            };
            let hint = "Compute the inner one in a subquery.";
            return Some(Error::new(sqlstate, text).with_hint(hint));
        }
    }
    let (_, place) = message.split_once("Order by column out of bounds, specified: ")?;
    let (place, _) = place.split_once(',')?;
    Some(Error::new(
        SqlState::INVALID_COLUMN_REFERENCE,
        format!("ORDER BY position {place} is not in select list"),
    ))
}

/// Columns that are too many, of another type than they must be, or of one name.
fn unfit_columns(message: &str) -> Option<Error> {
    if let Some((operation, _)) = message.split_once(" queries have different number of columns") {
        return Some(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("each {operation} query must have the same number of columns"),
        ));
    }
    if let Some((_, rest)) = message.split_once("non-boolean predicate '") {
        let (_, found) = rest.rsplit_once("' returning ")?;
        return Some(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!(
                "a condition must be of type boolean, not of type {}",
                shown(found)
            ),
        ));
    }
    let (_, rest) = message.split_once("require unique expression names but the expression \"")?;
    let (expression, _) = rest.split_once("\" at position")?;
    let name = expression
        .rsplit_once(" AS ")
        .map_or(expression, |(_, name)| name);
    let is_column = name
        .chars()
        .all(|c| c.is_alphanumeric() || "._".contains(c));
    let name = match name.rsplit_once('.') {
        Some((_, column)) if is_column => column,
        _ => name,
    };
    let text = format!("column \"{name}\" specified more than once");
    let hint = "Give one of them another name with AS.";
    Some(Error::new(SqlState::DUPLICATE_COLUMN, text).with_hint(hint))
}

/// `... No function matches the given name and argument types 'sum(Utf8)'. You might ...`
fn unfit_arguments(message: &str) -> Option<Error> {
    let (_, rest) =
        message.split_once("No function matches the given name and argument types '")?;
    let (call, _) = rest.split_once("'.")?;
    let (name, arguments) = call.strip_suffix(')')?.split_once('(')?;
    let types = split(arguments, ',');
    let types: Vec<&str> = types.iter().map(|arrow| shown(arrow.trim())).collect();
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name}({}) does not exist", types.join(", ")),
    );
    Some(error.with_hint("A function of that name takes other arguments: add explicit casts."))
}

/// The pieces between separators that stand within no brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0usize;
    text.split(|c: char| {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c == separator
    })
    .filter(|piece| !piece.is_empty())
    .collect()
}

/// A type as SQL names it, where it has a name there.
fn shown(arrow: &str) -> &str {
    sql_name(arrow).unwrap_or(arrow)
}

/// `Invalid function 'soundx'.\nDid you mean 'soundex'?`
fn undefined_function(message: &str) -> Option<Error> {
    let (name, rest) = message
        .strip_prefix("Invalid function '")?
        .split_once('\'')?;
    if is_window_function(name) {
        let error = Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("window function {name} requires an OVER clause"),
        );
        let hint = format!("Write {name}(...) OVER (PARTITION BY ...), or OVER () for all rows.");
        return Some(error.with_hint(hint));
    }
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name} does not exist"),
    );
    // The planner always has one that is nearest, however far.
    let near = rest
        .split_once("Did you mean '")
        .and_then(|(_, near)| nearest(name, [near.split_once('\'')?.0]));
    Some(match near {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error,
    })
}

/// Whether a function that was called without `OVER` exists, but only with it.
fn is_window_function(name: &str) -> bool {
    tributary_udfs::all_window_functions()
        .iter()
        .chain(&all_default_window_functions())
        .any(|function| {
            function.name() == name || function.aliases().iter().any(|other| other == name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_in_the_words_of_sql() {
        for (message, sqlstate, text) in [
            (
                "Cannot coerce arithmetic expression Int64 + Utf8 to valid types",
                "42883",
                "operator does not exist: bigint + text",
            ),
            (
                "Cannot infer common argument type for comparison operation Decimal128(2, 1) IS DISTINCT FROM Boolean",
                "42883",
                "operator does not exist: numeric IS DISTINCT FROM boolean",
            ),
            (
                "Cannot get result type for temporal operation Date64 + Date64: Invalid argument",
                "42883",
                "operator does not exist: date + date",
            ),
            (
                "Column in SELECT must be in GROUP BY or an aggregate function: While expanding wildcard, column \"a.t.id\" must appear in the GROUP BY clause or must be part of an aggregate function, currently only \"x\" appears",
                "42803",
                "column \"a.t.id\" must appear in the GROUP BY clause or be used in an aggregate function",
            ),
            (
                "Aggregate function calls cannot be nested: 'sum(a)' is nested inside 'avg(sum(a))'",
                "42803",
                "aggregate function calls cannot be nested",
            ),
            (
                "Order by column out of bounds, specified: 4, max: 1",
                "42P10",
                "ORDER BY position 4 is not in select list",
            ),
            (
                "UNION queries have different number of columns",
                "42601",
                "each UNION query must have the same number of columns",
            ),
            (
                "Cannot create filter with non-boolean predicate 'a.t.name' returning Utf8",
                "42804",
                "a condition must be of type boolean, not of type text",
            ),
            (
                "Projections require unique expression names but the expression \"a.t.id\" at position 0 and \"a.t.id\" at position 1 have the same name.",
                "42701",
                "column \"id\" specified more than once",
            ),
            (
                "Error. No function matches the given name and argument types 'f(Decimal128(1, 1), List(Int64, nullable))'. You might",
                "42883",
                "function f(numeric, array) does not exist",
            ),
        ] {
            let error = from_message(message);
            assert_eq!((error.sqlstate().0, error.message()), (sqlstate, text));
        }
        let error = from_message("Invalid function 'nofun'.\nDid you mean 'round'?");
        assert_eq!(error.hint(), None);
        let error = from_message("Invalid function 'soundx'.\nDid you mean 'soundex'?");
        assert_eq!(error.hint(), Some("Perhaps you meant soundex."));
        let error = unsupported("Unsupported SQL type foo");
        assert_eq!(error.message(), "type \"foo\" does not exist");
    }
}
