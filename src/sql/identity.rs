//! Identity columns: `GENERATED ALWAYS | BY DEFAULT AS IDENTITY [(options)]`; and the types `serial`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, DataType, Expr, GeneratedAs, SequenceOptions,
    UnaryOperator, Value,
};

use super::create_sequence::SequenceType;
use super::cursor::{Parsed, Parser};
use crate::error::{Error, Result, SqlState};

/// The numbers that an identity column gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `ALWAYS` rather than `BY DEFAULT`.
    pub always: bool,
    /// The first one.
    pub start: i64,
    /// What lies between two of them.
    pub increment: i64,
    /// The least.
    pub minimum: i64,
    /// The greatest.
    pub maximum: i64,
    /// Whether they begin anew at the other end when there are no more.
    pub cycles: bool,
}

impl Identity {
    /// The number that was given last, where this one is next; none where it is the first. The number
    /// before the first one that there may be was given by nobody.
    pub fn last_before(&self, next: i128) -> Option<i128> {
        let valid = i128::from(self.minimum)..=i128::from(self.maximum);
        let last = next - i128::from(self.increment);
        (next != i128::from(self.start) && valid.contains(&last)).then_some(last)
    }
}

/// What an `INSERT` says of the values that it gives to identity columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overriding {
    /// They count, also where the column is `GENERATED ALWAYS`.
    System,
    /// They do not count.
    User,
}

impl Overriding {
    /// Parses `OVERRIDING SYSTEM | USER VALUE`, where it is there.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        if !parser.take_word("OVERRIDING") {
            return Ok(None);
        }
        if parser.take_words(&["SYSTEM", "VALUE"]) {
            Ok(Some(Self::System))
        } else if parser.take_words(&["USER", "VALUE"]) {
            Ok(Some(Self::User))
        } else {
            parser.fail("SYSTEM VALUE or USER VALUE")
        }
    }
}

impl fmt::Display for Overriding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => " OVERRIDING SYSTEM VALUE",
            Self::User => " OVERRIDING USER VALUE",
        })
    }
}

/// The identity of a declared column, if it has one.
pub fn of_column(columns: &[ColumnDef], name: &str) -> Option<Identity> {
    let column = columns.iter().find(|column| column.name.value == name)?;
    identity(column).ok().flatten()
}

/// Checks a column's identity.
///
/// # Errors
/// 22023 for a type or an option that no identity can have; 42601 for a column that has a default
/// too.
pub(super) fn complete(column: &mut ColumnDef) -> Result<()> {
    if identity(column)?.is_none() {
        return Ok(());
    }
    let name = &column.name.value;
    let count = column.options.iter().filter(|option| is_identity(option));
    if count.count() > 1 {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("multiple identity specifications for column \"{name}\""),
        ));
    }
    if column
        .options
        .iter()
        .any(|option| matches!(option.option, ColumnOption::Default(_)))
    {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("both default and identity specified for column \"{name}\""),
        ));
    }
    let not_null = ColumnOptionDef {
        name: None,
        option: ColumnOption::NotNull,
    };
    if !column.options.contains(&not_null) {
        column.options.push(not_null);
    }
    Ok(())
}

/// `complete` of a column that is declared already.
///
/// # Errors
/// Those of `complete`.
pub fn check(column: &mut ColumnDef) -> Result<()> {
    complete(column)
}

/// Whether an option of a column makes it an identity.
pub fn is_identity(option: &ColumnOptionDef) -> bool {
    matches!(
        option.option,
        ColumnOption::Generated {
            generation_expr: None,
            ..
        }
    )
}

/// The type that one of the types `serial` stands for, and that of its sequence.
pub fn serial(data_type: &DataType) -> Option<(DataType, SequenceType)> {
    let DataType::Custom(name, _) = data_type else {
        return None;
    };
    match name.to_string().to_ascii_lowercase().as_str() {
        "smallserial" | "serial2" => Some((DataType::SmallInt(None), SequenceType::SmallInt)),
        "serial" | "serial4" => Some((DataType::Integer(None), SequenceType::Integer)),
        "bigserial" | "serial8" => Some((DataType::BigInt(None), SequenceType::BigInt)),
        _ => None,
    }
}

fn identity(column: &ColumnDef) -> Result<Option<Identity>> {
    let found = column
        .options
        .iter()
        .find_map(|option| match &option.option {
            ColumnOption::Generated {
                generated_as,
                sequence_options,
                generation_expr: None,
                ..
            } => Some((*generated_as == GeneratedAs::Always, sequence_options)),
            _ => None,
        });
    let Some((always, options)) = found else {
        return Ok(None);
    };
    let (least, greatest) = match &column.data_type {
        DataType::SmallInt(_) | DataType::Int2(_) => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => {
            (i64::from(i32::MIN), i64::from(i32::MAX))
        }
        DataType::BigInt(_) | DataType::Int8(_) => (i64::MIN, i64::MAX),
        _ => {
            return Err(invalid(
                "identity column type must be smallint, integer, or bigint".to_owned(),
            ));
        }
    };
    let (mut increment, mut start, mut minimum, mut maximum) = (1, None, None, None);
    let mut cycles = false;
    for option in options.iter().flatten() {
        match option {
            SequenceOptions::IncrementBy(value, _) => increment = number(value)?,
            SequenceOptions::StartWith(value, _) => start = Some(number(value)?),
            SequenceOptions::MinValue(value) => {
                minimum = value.as_ref().map(number).transpose()?;
            }
            SequenceOptions::MaxValue(value) => {
                maximum = value.as_ref().map(number).transpose()?;
            }
            SequenceOptions::Cache(_) => {}
            // sqlparser says true for NO CYCLE.
            SequenceOptions::Cycle(without) => cycles = !without,
        }
    }
    if increment == 0 {
        return Err(invalid("INCREMENT must not be zero".to_owned()));
    }
    let ascends = increment > 0;
    let minimum = minimum.unwrap_or(if ascends { 1 } else { least });
    let maximum = maximum.unwrap_or(if ascends { greatest } else { -1 });
    let start = start.unwrap_or(if ascends { minimum } else { maximum });
    if minimum < least || maximum > greatest {
        return Err(invalid(format!(
            "the values of identity column \"{}\" are beyond its type",
            column.name.value
        )));
    }
    if minimum >= maximum {
        return Err(invalid(format!(
            "MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})"
        )));
    }
    if start < minimum {
        return Err(invalid(format!(
            "START value ({start}) cannot be less than MINVALUE ({minimum})"
        )));
    }
    if start > maximum {
        return Err(invalid(format!(
            "START value ({start}) cannot be greater than MAXVALUE ({maximum})"
        )));
    }
    Ok(Some(Identity {
        always,
        start,
        increment,
        minimum,
        maximum,
        cycles,
    }))
}

fn number(value: &Expr) -> Result<i64> {
    let parsed = match value {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => format!("-{expr}").parse().ok(),
        Expr::UnaryOp {
            op: UnaryOperator::Plus,
            expr,
        } => return number(expr),
        _ => None,
    };
    parsed.ok_or_else(|| invalid(format!("\"{value}\" is no number of an identity column")))
}

fn invalid(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}
