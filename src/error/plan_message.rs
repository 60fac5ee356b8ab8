//! What DataFusion's planner says, in Postgres's words. It tells mistakes by text alone; these are
//! the ones that users make.

use std::str::FromStr;

use arrow::datatypes::DataType;
use datafusion::functions_window::all_default_window_functions;
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterLength};
use tributary_udfs::type_name;

use super::clause_message::{not_boolean, of_clause};
use super::operand_message::{no_operator, of_call, of_operands};
use super::{Error, SqlState, lower_first, nearest};
use crate::sql::model_functions::ModelFunction;

/// Names of Postgres's types that do not exist here.
const MISSING_TYPES: [&str; 28] = [
    "bit",
    "bit varying",
    "box",
    "cidr",
    "circle",
    "daterange",
    "hstore",
    "inet",
    "int4range",
    "int8range",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "numrange",
    "path",
    "point",
    "polygon",
    "time with time zone",
    "timetz",
    "tsquery",
    "tsrange",
    "tstzrange",
    "tsvector",
    "varbit",
    "xid8",
    "xml",
];

/// An error of planning.
pub(super) fn of_plan(message: &str) -> Error {
    let known = [
        undefined_function,
        undefined_table_function,
        unfit_arguments,
        of_operands,
        ungrouped,
        nested,
        operator,
        operator_without_type,
        conversion,
        condition,
        of_clause,
        subquery,
        ordering,
        columns,
        field,
        relation,
    ];
    if let Some(error) = known.iter().find_map(|recognize| recognize(message)) {
        return error;
    }
    if message.contains("Unsupported Value 'SingleQuotedByteStringLiteral(") {
        return Error::unsupported("type bit").with_hint("Keep such values as text.");
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

/// That a type of PostgreSQL's is none here; none where PostgreSQL has no type of this name either.
pub fn missing_type(name: &str) -> Option<Error> {
    let name = name.to_lowercase();
    // `bit(3)` is of a length, and `time(2) with time zone` of digits.
    let bare = match name.split_once('(') {
        Some((before, within)) => {
            let behind = within.split_once(')').map_or("", |(_, behind)| behind);
            format!("{}{behind}", before.trim_end())
        }
        None => name,
    };
    let bare = bare.trim_end_matches("[]").trim();
    MISSING_TYPES
        .contains(&bare)
        .then(|| Error::unsupported(format!("type {bare}")).with_hint("Keep such values as text."))
}

/// What DataFusion does not do.
pub(super) fn of_missing_feature(message: &str) -> Error {
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
    if message.starts_with("Physical plan does not support logical expression WindowFunction(") {
        let told = "window functions are not allowed in WHERE or HAVING";
        return Error::new(SqlState::WINDOWING_ERROR, told)
            .with_hint("Compute them in a subquery, and choose among its rows.");
    }
    if let Some(sign) = between(message, "Unsupported binary operator: Custom(\"", "\")") {
        let told = format!("operator does not exist: {sign}");
        return Error::new(SqlState::UNDEFINED_FUNCTION, told)
            .with_hint("A sign behind an operator stands apart from it, as in 7 % -3.");
    }
    if let Some(types) = message.strip_prefix("Unsupported CAST from ")
        && let Some((from, to)) = types.split_once(" to ")
    {
        let message = format!("cannot cast type {} to {}", sql_name(from), sql_name(to));
        return Error::new(SqlState::CANNOT_COERCE, message);
    }
    if let Some(name) = message.strip_prefix("Unsupported SQL type ") {
        let name = name.trim_matches('"').to_lowercase();
        if let Some(error) = missing_type(&name) {
            return error;
        }
        let message = format!("type \"{name}\" does not exist");
        return Error::new(SqlState::UNDEFINED_OBJECT, message);
    }
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, lower_first(message))
}

/// What fails as a statement runs.
pub(super) fn of_execution(message: &str) -> Error {
    if message.contains("Scalar subquery returned more than one row") {
        return Error::new(
            SqlState::CARDINALITY_VIOLATION,
            "more than one row returned by a subquery used as an expression",
        );
    }
    if let Some(error) = row_value(message) {
        return error;
    }
    if let Some(name) = between(message, "Placeholder '", "' was not provided a value") {
        let message = format!("there is no parameter {name}");
        return Error::new(SqlState::UNDEFINED_PARAMETER, message);
    }
    let unit = between(message, "Date part '", "' not supported")
        .or_else(|| between(message, "Unsupported date_trunc granularity: '", "'"));
    if let Some(unit) = unit {
        let message = format!("unit \"{unit}\" not recognized");
        return Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    }
    if message.contains("negative count not allowed") {
        let message = "negative substring length not allowed";
        return Error::new(SqlState::SUBSTRING_ERROR, message);
    }
    if message.contains("factorial of a negative number") {
        let message = "factorial of a negative number is undefined";
        return Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message);
    }
    Error::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(message))
}

/// The name in SQL of a type of Arrow's.
pub(super) fn sql_name(arrow: &str) -> String {
    match arrow {
        "String" => "text".to_owned(),
        _ => match DataType::from_str(&without_metadata(arrow)) {
            Ok(known @ DataType::List(_)) => match kind_of_items(arrow) {
                Some(kind) => full_name(&known).replace("text", &kind),
                None => full_name(&known),
            },
            Ok(known) => full_name(&known),
            Err(_) => arrow.to_owned(),
        },
    }
}

/// A type as Arrow shows it, without what fields within it tell beside their types: it does not read that.
fn without_metadata(arrow: &str) -> String {
    let mut parts = arrow.split(", metadata: {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + part.split_once('}').map_or("", |(_, rest)| rest)
    })
}

/// What texts are that an array has as its items, where their field tells it.
fn kind_of_items(arrow: &str) -> Option<String> {
    if let Some(length) = between(arrow, &format!("\"{CHARACTER_LENGTH}\": \""), "\"") {
        let declared = CharacterLength::from_metadata(length)?.sql();
        let bare = declared.split('(').next().unwrap_or(&declared);
        return Some(bare.to_owned());
    }
    let kind = match between(arrow, "\"ARROW:extension:name\": \"", "\"")? {
        "arrow.json" => "json",
        "tributary.jsonb" => "jsonb",
        // Which one it is, its number tells alone.
        "tributary.enum" => "enum",
        _ => return None,
    };
    Some(kind.to_owned())
}

/// The name of a type as errors have it: in full, and without digits.
pub fn full_name(data_type: &DataType) -> String {
    match data_type {
        other if other.is_decimal() => "numeric".to_owned(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time without time zone".to_owned(),
        DataType::List(item) => format!("{}[]", full_name(item.data_type())),
        other => type_name(other),
    }
}

pub(super) fn between<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    Some(found)
}

/// A column's name without its schema: `t.n` of `public.t.n`.
fn without_schema(column: &str) -> &str {
    let mut dots = column.rmatch_indices('.');
    match (dots.next(), dots.next()) {
        (Some(_), Some((at, _))) => &column[at + 1..],
        _ => column,
    }
}

fn ungrouped(message: &str) -> Option<Error> {
    if message.contains("Aggregate functions are not allowed in the WHERE clause") {
        let message = "aggregate functions are not allowed in WHERE";
        let error = Error::new(SqlState::GROUPING_ERROR, message);
        return Some(error.with_hint("Use HAVING, which comes after GROUP BY."));
    }
    if !message.contains("must appear in the GROUP BY clause") {
        return None;
    }
    let what = match between(message, "column \"", "\" must appear in the GROUP BY") {
        Some(column) => format!("column \"{}\"", without_schema(column)),
        None => "what HAVING reads".to_owned(),
    };
    let message =
        format!("{what} must appear in the GROUP BY clause or be used in an aggregate function");
    Some(Error::new(SqlState::GROUPING_ERROR, message))
}

/// `Cannot coerce arithmetic expression Utf8 + Int64 to valid types`
fn operator(message: &str) -> Option<Error> {
    let (left, sign, right) = match between(
        message,
        "Cannot coerce arithmetic expression ",
        " to valid types",
    ) {
        Some(expression) => {
            let signs = [" + ", " - ", " * ", " / ", " % "];
            signs.iter().find_map(|sign| {
                let (left, right) = expression.split_once(sign)?;
                Some((left, sign.trim(), right))
            })?
        }
        None => {
            let (types, rest) = message
                .strip_prefix("There isn't a common type to coerce ")?
                .split_once(" in ")?;
            let (left, right) = types.split_once(" and ")?;
            (left, rest.strip_suffix(" expression")?, right)
        }
    };
    Some(no_operator(left, sign, right))
}

fn nested(message: &str) -> Option<Error> {
    let kinds = [
        ("aggregate", SqlState::GROUPING_ERROR),
        ("window", SqlState::WINDOWING_ERROR),
    ];
    kinds.into_iter().find_map(|(kind, sqlstate)| {
        let text = format!("{kind} function calls cannot be nested");
        let is_told = message.to_lowercase().starts_with(&text);
        is_told
            .then(|| Error::new(sqlstate, text).with_hint("Compute the inner one in a subquery."))
    })
}

/// `Cannot infer common argument type for comparison operation Int64 IS DISTINCT FROM Boolean`, and
/// what is told of other operators.
fn operator_without_type(message: &str) -> Option<Error> {
    const STARTS: [&str; 5] = [
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
    let start = start.split(": ").next()?;
    // A type may have blanks within its brackets, and IS DISTINCT FROM has some of its own.
    let words = split(start, ' ');
    let (first, rest) = words.split_first()?;
    let (last, sign) = rest.split_last()?;
    if let [operator @ ("AND" | "OR")] = sign {
        let operands = [first, last].into_iter();
        let other = operands.copied().find(|operand| *operand != "Boolean");
        return other.map(|found| not_boolean(operator, found));
    }
    Some(no_operator(first, &sign.join(" "), last))
}

/// `Cannot create filter with non-boolean predicate 't.name' returning Utf8`
fn condition(message: &str) -> Option<Error> {
    let (_, rest) = message.split_once("non-boolean predicate '")?;
    let (_, found) = rest.rsplit_once("' returning ")?;
    let message = format!(
        "a condition must be of type boolean, not of type {}",
        sql_name(found)
    );
    let error = Error::new(SqlState::DATATYPE_MISMATCH, message);
    Some(error.with_hint("Add an explicit cast, or a comparison."))
}

/// `Cannot automatically convert Int64 to Boolean`
fn conversion(message: &str) -> Option<Error> {
    let types = message.strip_prefix("Cannot automatically convert ")?;
    let (from, to) = types.split_once(" to ")?;
    Some(wanted(to, from))
}

/// `Types don't match and no valid cast exists, received data of type Utf8 for field of type List(Int32)`
fn row_value(message: &str) -> Option<Error> {
    let (_, types) = message.split_once("no valid cast exists, received data of type ")?;
    let (from, to) = types.split_once(" for field of type ")?;
    Some(wanted(to, from))
}

fn wanted(to: &str, from: &str) -> Error {
    let message = format!(
        "a value of type {} is wanted, not one of type {}",
        sql_name(to),
        sql_name(from)
    );
    Error::new(SqlState::DATATYPE_MISMATCH, message)
        .with_hint("Add an explicit cast, or a comparison.")
}

fn subquery(message: &str) -> Option<Error> {
    let told = "subquery must return only one column";
    let is_told = message.contains("The subquery should only return one column");
    is_told.then(|| Error::new(SqlState::SYNTAX_ERROR, told))
}

fn ordering(message: &str) -> Option<Error> {
    if message.starts_with("For SELECT DISTINCT, ORDER BY expressions ") {
        let message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
        return Some(Error::new(SqlState::INVALID_COLUMN_REFERENCE, message));
    }
    None
}

/// A field that a record does not have.
fn field(message: &str) -> Option<Error> {
    let name = between(message, "Field ", " not found in struct")?;
    let message = format!("column \"{name}\" not found in data type record");
    Some(Error::new(SqlState::UNDEFINED_COLUMN, message))
}

/// `Projections require unique expression names but the expression "a" at position 0 and "a" at
/// position 1 have the same name. ...`
fn columns(message: &str) -> Option<Error> {
    let (_, rest) = message.split_once("require unique expression names")?;
    let mut places = rest.split(" at position ").skip(1).filter_map(|part| {
        let digits = part.split(|character: char| !character.is_ascii_digit());
        digits.into_iter().next()?.parse::<usize>().ok()
    });
    let message = match (places.next(), places.next()) {
        (Some(first), Some(second)) => {
            format!(
                "columns {} and {} have the same name",
                first + 1,
                second + 1
            )
        }
        _ => "two columns have the same name".to_owned(),
    };
    let error = Error::new(SqlState::DUPLICATE_COLUMN, message);
    Some(error.with_hint("Give one of them another name with AS."))
}

/// `Invalid qualifier x`, for `x.*`.
fn relation(message: &str) -> Option<Error> {
    let (_, name) = message.split_once("Invalid qualifier ")?;
    let message = format!("missing FROM-clause entry for table \"{name}\"");
    Some(Error::new(SqlState::UNDEFINED_TABLE, message))
}

/// `... No function matches the given name and argument types 'sum(Utf8)'. You might ...`
fn unfit_arguments(message: &str) -> Option<Error> {
    let (_, rest) =
        message.split_once("No function matches the given name and argument types '")?;
    let (call, _) = rest.split_once("'.")?;
    let (name, arguments) = call.strip_suffix(')')?.split_once('(')?;
    let types = split(arguments, ',');
    if let Some(error) = of_call(name, &types) {
        return Some(error);
    }
    let types: Vec<String> = types.into_iter().map(sql_name).collect();
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name}({}) does not exist", types.join(", ")),
    );
    Some(error.with_hint("A function of that name takes other arguments: add explicit casts."))
}

/// The pieces between separators that stand within no brackets.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut is_word = false;
    text.split(|character: char| {
        match character {
            '(' | '[' => depth += 1,
            // Behind a blank it is an operator.
            '<' if is_word => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_word = character.is_alphanumeric();
        depth == 0 && character == separator
    })
    .map(str::trim)
    .filter(|piece| !piece.is_empty())
    .collect()
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
    // It exists in PostgreSQL, whose programs tell this from a name that is wrong.
    if name == "pg_export_snapshot" {
        return Some(
            Error::unsupported(name).with_hint("Read what is of one moment in one transaction."),
        );
    }
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name} does not exist"),
    );
    if let Some(function) = model_function(name) {
        let call = function.call();
        return Some(error.with_hint(format!("It gives rows: SELECT * FROM {call}.")));
    }
    // DataFusion names one however far it is.
    let near = between(rest, "Did you mean '", "'").and_then(|near| nearest(name, [near]));
    Some(match near {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error,
    })
}

/// `table function 'entity_cluster' not found`
fn undefined_table_function(message: &str) -> Option<Error> {
    let name = between(message, "table function '", "' not found")?;
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name} does not exist"),
    );
    Some(match model_function(name) {
        Some(function) => error.with_hint(format!("Perhaps you meant {}.", function.call())),
        None => error,
    })
}

/// The function that reads models and has this name, or the nearest.
fn model_function(name: &str) -> Option<ModelFunction> {
    let near = nearest(name, ModelFunction::ALL.map(ModelFunction::name))?;
    let mut all = ModelFunction::ALL.into_iter();
    all.find(|function| function.name() == near)
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
                "Cannot infer common argument type for comparison operation Int64 IS DISTINCT FROM Boolean",
                "42883",
                "operator does not exist: bigint IS DISTINCT FROM boolean",
            ),
            (
                "Cannot infer common argument type for comparison operation Boolean <= Int32",
                "42883",
                "operator does not exist: boolean <= integer",
            ),
            (
                "Aggregate function calls cannot be nested: 'sum(a)' is nested inside 'avg(sum(a))'",
                "42803",
                "aggregate function calls cannot be nested",
            ),
            (
                "Cannot create filter with non-boolean predicate 'a.t.name' returning Utf8",
                "42804",
                "a condition must be of type boolean, not of type text",
            ),
            (
                "Error. No function matches the given name and argument types 'f(Int64, Utf8)'. You might",
                "42883",
                "function f(bigint, text) does not exist",
            ),
        ] {
            let error = of_plan(message);
            assert_eq!((error.sqlstate().0, error.message()), (sqlstate, text));
        }
    }
}
