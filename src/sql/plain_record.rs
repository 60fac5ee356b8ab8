//! Records that are written as columns beside literals and parameters, as in
//! `named_struct('email', $1)`: what they hold is known without planning them.

use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArguments, ObjectNamePart, Value,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parser, folded};
use super::dialect::TributaryDialect;
use super::early_parameters::{number_of, read_as};
use super::model_functions::{expression, text};
use crate::error::{Error, Result, SqlState};

/// The function that makes a record of names and values.
const FUNCTION: &str = "named_struct";

/// A record whose values are texts, NULL and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRecord(Vec<(String, Given)>);

/// A value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Null,
    Text(String),
    /// That of a parameter, by its number, from 1.
    Parameter(usize),
}

impl PlainRecord {
    /// The record that an expression is; none of another one.
    pub fn of(record: &Expr) -> Option<Self> {
        let Expr::Function(function) = record else {
            return None;
        };
        let (pairs, []) = arguments(function)?.as_chunks::<2>() else {
            return None;
        };
        let fields = pairs.iter().map(|[name, value]| {
            let name = text(expression(name)?)?;
            Some((name.to_owned(), Given::of(expression(value)?)?))
        });
        let fields: Vec<(String, Given)> = fields.collect::<Option<_>>()?;
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        (!fields.is_empty() && names.len() == fields.len()).then_some(Self(fields))
    }

    /// [`Self::of`] the expression of a text.
    pub fn parse(record: &str) -> Option<Self> {
        let dialect = TributaryDialect::default();
        let mut parser = Parser::new(&dialect, record).ok()?;
        let record = parser.parse_expr().ok()?;
        let is_all = parser.peek_token_ref().token == Token::EOF;
        Self::of(&record).filter(|_| is_all)
    }

    /// Its columns and their values, with these of parameters.
    ///
    /// # Errors
    /// 42P02 for a parameter that has no value.
    pub fn values(&self, parameters: &[ScalarValue]) -> Result<Vec<(&str, ScalarValue)>> {
        let values = self.0.iter().map(|(name, given)| {
            let value = match given {
                Given::Null => ScalarValue::Null,
                Given::Text(text) => text.as_str().into(),
                Given::Parameter(number) => {
                    let place = number.checked_sub(1);
                    let value = place.and_then(|place| parameters.get(place));
                    read_as(value.ok_or_else(|| without_value(*number))?)
                }
            };
            Ok((name.as_str(), value))
        });
        values.collect()
    }
}

impl Given {
    fn of(value: &Expr) -> Option<Self> {
        if let Some(text) = text(value) {
            return Some(Self::Text(text.to_owned()));
        }
        let Expr::Value(value) = value else {
            return None;
        };
        match &value.value {
            Value::Null => Some(Self::Null),
            Value::Placeholder(name) => number_of(name).map(Self::Parameter),
            _ => None,
        }
    }
}

fn without_value(number: usize) -> Error {
    Error::new(
        SqlState::UNDEFINED_PARAMETER,
        format!("there is no parameter ${number}"),
    )
}

/// The arguments of the function that makes records, called as such.
fn arguments(function: &Function) -> Option<&[FunctionArg]> {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else {
        return None;
    };
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let is_plain = list.duplicate_treatment.is_none()
        && list.clauses.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.over.is_none()
        && function.within_group.is_empty();
    let is_named = folded(name) == FUNCTION;
    (is_plain && is_named).then_some(list.args.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_literals_and_parameters_have_their_values() {
        let record = PlainRecord::parse(
            "named_struct('Email', $2, 'name', 'O''Hara', 'city', NULL, 'no', $1)",
        )
        .unwrap();
        let date = ScalarValue::Date32(Some(11_016));
        let expected = [
            ("Email", ScalarValue::from("2000-02-29")),
            ("name", "O'Hara".into()),
            ("city", ScalarValue::Null),
            ("no", 7_i64.into()),
        ];
        let given = [7_i64.into(), date];
        assert_eq!(record.values(&given).unwrap(), expected);
        let nothing = [ScalarValue::Int64(None), ScalarValue::Utf8(None)];
        let values = record.values(&nothing).unwrap();
        assert_eq!(values[0], ("Email", ScalarValue::Null));
        assert_eq!(values[3], ("no", ScalarValue::Null));
        let missing = record.values(&given[..1]).unwrap_err();
        assert_eq!(missing.sqlstate(), SqlState::UNDEFINED_PARAMETER);
        assert_eq!(missing.message(), "there is no parameter $2");
    }

    #[test]
    fn what_is_computed_is_no_plain_record() {
        for record in [
            "named_struct()",
            "named_struct('a')",
            "named_struct('a', 'x', 'a', 'y')",
            "named_struct('a', lower($1))",
            "named_struct('a', $1 || 'x')",
            "named_struct($1, 'x')",
            "named_struct('a', b)",
            "named_struct('a', 1)",
            "named_struct('a', (SELECT 'x'))",
            "public.named_struct('a', 'x')",
            "named_struct(DISTINCT 'a', 'x')",
            "named_struct('a', 'x') FILTER (WHERE true)",
            "struct('a', 'x')",
            "'x'",
            "$1",
            "named_struct('a', 'x') b",
        ] {
            assert_eq!(PlainRecord::parse(record), None, "{record}");
        }
    }
}
