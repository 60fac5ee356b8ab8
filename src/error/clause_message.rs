//! What DataFusion's planner says of clauses and of rows that stand beside each other, in Postgres's
//! words.

use super::plan_message::{between, sql_name};
use super::{Error, SqlState};

/// An error of a clause; none where the message is of something else.
pub(super) fn of_clause(message: &str) -> Option<Error> {
    let known = [
        position,
        distinct_on,
        with,
        window,
        set_operation,
        value_lists,
        names_of_columns,
        negation,
        join_condition,
    ];
    known.iter().find_map(|recognize| recognize(message))
}

/// Places of columns in `ORDER BY` and `GROUP BY`.
fn position(message: &str) -> Option<Error> {
    let place = between(message, "Order by column out of bounds, specified: ", ",");
    let starts_at_one = message.starts_with("Order by index starts at 1");
    let (clause, place) = match place.or(starts_at_one.then_some("0")) {
        Some(place) => ("ORDER BY", place),
        None => {
            let place = between(message, "Cannot find column with position ", " in SELECT");
            ("GROUP BY", place?)
        }
    };
    let message = format!("{clause} position {place} is not in select list");
    Some(Error::new(SqlState::INVALID_COLUMN_REFERENCE, message))
}

fn distinct_on(message: &str) -> Option<Error> {
    let told = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
    let is_told = message.starts_with(told);
    is_told.then(|| Error::new(SqlState::INVALID_COLUMN_REFERENCE, told))
}

/// `WITH query name "q" specified more than once`
fn with(message: &str) -> Option<Error> {
    let is_told =
        message.starts_with("WITH query name ") && message.ends_with("specified more than once");
    is_told.then(|| Error::new(SqlState::DUPLICATE_ALIAS, message))
}

/// `The window w is not defined!`, and windows where rows are chosen.
fn window(message: &str) -> Option<Error> {
    if message.starts_with("Aggregate function calls cannot contain window function calls") {
        let told = "aggregate function calls cannot contain window function calls";
        let error = Error::new(SqlState::GROUPING_ERROR, told);
        return Some(error.with_hint("Compute the inner one in a subquery."));
    }
    let name = between(message, "The window ", " is not defined!")?;
    let told = format!("window \"{}\" does not exist", name.trim_matches('"'));
    Some(Error::new(SqlState::UNDEFINED_OBJECT, told))
}

/// `INTERSECT queries have different number of columns`
fn set_operation(message: &str) -> Option<Error> {
    let (operation, _) = message.split_once(" queries have different number of columns")?;
    let operation = operation.rsplit(' ').next().unwrap_or(operation);
    let told = format!("each {operation} query must have the same number of columns");
    Some(Error::new(SqlState::SYNTAX_ERROR, told))
}

/// `Inconsistent data type across values list at row 1 column 0. Was Int32 but found Date32`
fn value_lists(message: &str) -> Option<Error> {
    if message.contains("Inconsistent data length across values list") {
        let told = "VALUES lists must all be the same length";
        return Some(Error::new(SqlState::SYNTAX_ERROR, told));
    }
    let (_, types) = message.split_once("Inconsistent data type across values list")?;
    let (_, types) = types.split_once(". Was ")?;
    let (first, other) = types.split_once(" but found ")?;
    let told = format!(
        "VALUES types {} and {} cannot be matched",
        sql_name(first),
        sql_name(other)
    );
    Some(Error::new(SqlState::DATATYPE_MISMATCH, told))
}

/// `Source table contains 1 columns but only 2 names given as column alias`. Fewer names than columns are
/// completed, but for those of a subquery beside a row.
fn names_of_columns(message: &str) -> Option<Error> {
    let (_, rest) = message.split_once("Source table contains ")?;
    let (columns, rest) = rest.split_once(" columns but only ")?;
    let (names, _) = rest.split_once(" names given as column alias")?;
    if names.parse::<usize>().ok()? < columns.parse::<usize>().ok()? {
        let told = "subquery has too many columns";
        return Some(Error::new(SqlState::SYNTAX_ERROR, told));
    }
    let told = format!("table has {columns} columns available but {names} columns specified");
    Some(Error::new(SqlState::INVALID_COLUMN_REFERENCE, told))
}

/// `Unary operator 'NOT' requires a boolean expression, got Int32`
fn negation(message: &str) -> Option<Error> {
    let (_, found) = message.split_once("'NOT' requires a boolean expression, got ")?;
    Some(not_boolean("NOT", found))
}

/// `Join condition must be boolean type, but got Int32`
fn join_condition(message: &str) -> Option<Error> {
    let (_, found) = message.split_once("oin condition must be boolean type, but got ")?;
    Some(not_boolean("JOIN/ON", found))
}

/// What `NOT`, `AND`, `OR` or a join is given, and is no truth.
pub(super) fn not_boolean(operator: &str, found: &str) -> Error {
    let found = sql_name(found);
    let told = format!("argument of {operator} must be type boolean, not type {found}");
    Error::new(SqlState::DATATYPE_MISMATCH, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_told_in_the_words_of_postgresql() {
        for (message, sqlstate, text) in [
            (
                "Order by column out of bounds, specified: 2, max: 1",
                "42P10",
                "ORDER BY position 2 is not in select list",
            ),
            (
                "Order by index starts at 1 for column indexes",
                "42P10",
                "ORDER BY position 0 is not in select list",
            ),
            (
                "Cannot find column with position 3 in SELECT clause. Valid columns: 1 to 1",
                "42P10",
                "GROUP BY position 3 is not in select list",
            ),
            (
                "WITH query name \"q\" specified more than once",
                "42712",
                "WITH query name \"q\" specified more than once",
            ),
            (
                "The window w is not defined!",
                "42704",
                "window \"w\" does not exist",
            ),
            (
                "EXCEPT queries have different number of columns",
                "42601",
                "each EXCEPT query must have the same number of columns",
            ),
            (
                "Inconsistent data type across values list at row 1 column 0. Was Int32 but found Date32",
                "42804",
                "VALUES types integer and date cannot be matched",
            ),
            (
                "Source table contains 1 columns but only 2 names given as column alias",
                "42P10",
                "table has 1 columns available but 2 columns specified",
            ),
            (
                "Source table contains 3 columns but only 2 names given as column alias",
                "42601",
                "subquery has too many columns",
            ),
            (
                "Unary operator 'NOT' requires a boolean expression, got Int32",
                "42804",
                "argument of NOT must be type boolean, not type integer",
            ),
            (
                "Join condition must be boolean type, but got Int32",
                "42804",
                "argument of JOIN/ON must be type boolean, not type integer",
            ),
        ] {
            let error = of_clause(message).unwrap();
            assert_eq!((error.sqlstate().0, error.message()), (sqlstate, text));
        }
        assert!(of_clause("Invalid qualifier x").is_none());
    }
}
