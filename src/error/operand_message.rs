//! What DataFusion says of operands that no comparison takes, and of values that should be of one type,
//! in Postgres's words.

use std::str::FromStr;

use arrow::datatypes::DataType;

use super::plan_message::{between, split, sql_name};
use super::{Error, SqlState};

/// What it says as it plans.
pub(super) fn of_operands(message: &str) -> Option<Error> {
    let known = [listed, case_operand, case_answers, nullif, subquery, union];
    known.iter().find_map(|recognize| recognize(message))
}

/// `Failed to coerce types Int32 and Boolean in BETWEEN expression`, which it takes for a fault of its own.
pub(super) fn of_between(message: &str) -> Option<Error> {
    let types = between(message, "Failed to coerce types ", " in BETWEEN expression")?;
    let (value, bound) = types.split_once(" and ")?;
    Some(no_operator(value, ">=", bound))
}

/// A call whose arguments should be of one type, with these.
pub(super) fn of_call(name: &str, types: &[&str]) -> Option<Error> {
    match (name, types) {
        ("coalesce" | "greatest" | "least", types) => one_type(&name.to_uppercase(), types),
        ("make_array", types) => one_type("ARRAY", types),
        ("nullif", [left, right]) => Some(no_operator(left, "=", right)),
        ("array_has", [array, _]) if !array.contains("List(") => Some(no_array()),
        _ => None,
    }
}

/// `value = ANY (5)`
fn no_array() -> Error {
    let message = "op ANY/ALL (array) requires array on right side";
    let error = Error::new(SqlState::WRONG_OBJECT_TYPE, message);
    error.with_hint("Write an array: ARRAY[1, 2], or '{1,2}'.")
}

pub(super) fn no_operator(left: &str, sign: &str, right: &str) -> Error {
    let (left, right) = (sql_name(left), sql_name(right));
    let message = format!("operator does not exist: {left} {sign} {right}");
    let error = Error::new(SqlState::UNDEFINED_FUNCTION, message);
    error.with_hint("No operator takes these types: add explicit casts.")
}

/// The first of several types that is not as those before it. A text may have been a literal, which is of
/// any type, so that it is looked at last.
fn one_type(construct: &str, types: &[&str]) -> Option<Error> {
    let known = types.iter().copied().filter(|it| *it != "Null");
    let (texts, others): (Vec<&str>, Vec<&str>) = known.partition(|it| is_text(it));
    let mut all = others.into_iter().chain(texts);
    let mut common = all.next()?;
    let other = all.find(|other| {
        if are_alike(common, other) && rank(other) > rank(common) {
            common = *other;
        }
        !are_alike(common, other)
    })?;
    let message = format!(
        "{construct} types {} and {} cannot be matched",
        sql_name(common),
        sql_name(other)
    );
    Some(Error::new(SqlState::DATATYPE_MISMATCH, message))
}

/// `Can not find compatible types to compare Int32 with [Int32, Boolean]`
fn listed(message: &str) -> Option<Error> {
    let (_, types) = message.split_once("not find compatible types to compare ")?;
    let (value, list) = types.split_once(" with [")?;
    let list = split(list.strip_suffix(']')?, ',');
    let other = list.iter().find(|other| !are_alike(value, other))?;
    Some(no_operator(value, "=", other))
}

/// `Failed to coerce case (Int32) and when (Boolean) to common types in CASE WHEN expression`
fn case_operand(message: &str) -> Option<Error> {
    let (_, types) = message.split_once("Failed to coerce case (")?;
    let (value, types) = types.split_once(") and when (")?;
    let (list, _) = types.split_once(") to common types")?;
    let list = split(list, ',');
    let other = list.iter().find(|other| !are_alike(value, other))?;
    Some(no_operator(value, "=", other))
}

/// `Failed to coerce then (List(Int32)) and else (Int32) to common types in CASE WHEN expression`
fn case_answers(message: &str) -> Option<Error> {
    let (_, types) = message.split_once("Failed to coerce then (")?;
    let (answers, types) = types.split_once(") and else (")?;
    let (last, _) = types.split_once(") to common types")?;
    let last = [last].into_iter().filter(|last| *last != "None");
    // PostgreSQL begins with what ELSE gives.
    let all: Vec<&str> = last.chain(split(answers, ',')).collect();
    one_type("CASE", &all)
}

/// `For function 'nullif' Int32 and Boolean is not comparable`
fn nullif(message: &str) -> Option<Error> {
    let types = between(message, "For function 'nullif' ", " is not comparable")?;
    let (left, right) = types.split_once(" and ")?;
    Some(no_operator(left, "=", right))
}

/// `expr type Int32 can't cast to Boolean in InSubquery`
fn subquery(message: &str) -> Option<Error> {
    let types = between(message, "expr type ", " in InSubquery")?;
    let (value, rows) = types.split_once(" can't cast to ")?;
    Some(no_operator(value, "=", rows))
}

/// `incompatible inputs for Union: Previous inputs were of type Int32, but got incompatible type Boolean on
/// column 'a'`
fn union(message: &str) -> Option<Error> {
    let types = between(message, "Previous inputs were of type ", " on column ")?;
    let (known, other) = types.split_once(", but got incompatible type ")?;
    let (known, other) = (sql_name(known), sql_name(other));
    let message = format!("UNION types {known} and {other} cannot be matched");
    Some(Error::new(SqlState::DATATYPE_MISMATCH, message))
}

/// Where a type stands among those that values of several types become by themselves.
fn rank(arrow: &str) -> usize {
    match DataType::from_str(arrow) {
        Ok(DataType::Float64) => 12,
        Ok(DataType::Float32) => 11,
        Ok(known) if known.is_decimal() => 10,
        Ok(DataType::Timestamp(_, Some(_))) => 9,
        Ok(known) => known.primitive_width().unwrap_or_default(),
        Err(_) => 0,
    }
}

fn is_text(arrow: &str) -> bool {
    DataType::from_str(arrow).is_ok_and(|known| known.is_string())
}

/// Whether values of these types may stand beside each other.
fn are_alike(left: &str, right: &str) -> bool {
    if left == right || left == "Null" || right == "Null" {
        return true;
    }
    let (Ok(left), Ok(right)) = (DataType::from_str(left), DataType::from_str(right)) else {
        return false;
    };
    let is_moment =
        |data_type: &DataType| matches!(data_type, DataType::Date32 | DataType::Timestamp(..));
    left.is_numeric() && right.is_numeric()
        || left.is_string() && right.is_string()
        || is_moment(&left) && is_moment(&right)
        || sql_name(&left.to_string()) == sql_name(&right.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_told_in_the_words_of_postgresql() {
        for (message, sqlstate, text) in [
            (
                "Can not find compatible types to compare Int32 with [Int64, Boolean]",
                "42883",
                "operator does not exist: integer = boolean",
            ),
            (
                "Can not find compatible types to compare Int32 with [Timestamp(µs, \"UTC\")]",
                "42883",
                "operator does not exist: integer = timestamp with time zone",
            ),
            (
                "Failed to coerce case (Int32) and when (Int64, Boolean) to common types in CASE WHEN expression",
                "42883",
                "operator does not exist: integer = boolean",
            ),
            (
                "Failed to coerce then (Date32, Boolean) and else (None) to common types in CASE WHEN expression",
                "42804",
                "CASE types date and boolean cannot be matched",
            ),
            (
                "Failed to coerce then (Time64(ns)) and else (Int32) to common types in CASE WHEN expression",
                "42804",
                "CASE types integer and time without time zone cannot be matched",
            ),
            (
                "Function 'nullif' failed: For function 'nullif' Int32 and Boolean is not comparable",
                "42883",
                "operator does not exist: integer = boolean",
            ),
            (
                "expr type Int32 can't cast to Boolean in InSubquery",
                "42883",
                "operator does not exist: integer = boolean",
            ),
        ] {
            let error = of_operands(message).unwrap();
            assert_eq!((error.sqlstate().0, error.message()), (sqlstate, text));
        }
        let told = "Failed to coerce types Int32 and Boolean in BETWEEN expression.";
        let error = of_between(told).unwrap();
        assert_eq!(
            error.message(),
            "operator does not exist: integer >= boolean"
        );
        assert!(of_operands("Invalid qualifier x").is_none());
    }

    #[test]
    fn the_first_type_that_is_unlike_is_told() {
        for (name, types, text) in [
            (
                "coalesce",
                ["Int32", "Timestamp(µs, \"UTC\")"],
                Some("COALESCE types integer and timestamp with time zone cannot be matched"),
            ),
            (
                "greatest",
                ["Decimal128(3, 1)", "Boolean"],
                Some("GREATEST types numeric and boolean cannot be matched"),
            ),
            (
                "make_array",
                ["Int32", "Boolean"],
                Some("ARRAY types integer and boolean cannot be matched"),
            ),
            (
                "nullif",
                ["Int32", "Boolean"],
                Some("operator does not exist: integer = boolean"),
            ),
            ("lower", ["Int32", "Boolean"], None),
            ("coalesce", ["Int32", "Int64"], None),
        ] {
            let error = of_call(name, &types);
            assert_eq!(error.as_ref().map(Error::message), text);
        }
    }
}
