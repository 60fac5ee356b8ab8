//! Failures of DataFusion and Arrow, as errors of ours.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use tributary_udfs::{DetailedError, FunctionError};

use super::{Error, SqlState, cast, lower_first, nearest, operand_message, plan_message, storage};

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(inner) => from_dyn(inner),
            ArrowError::IoError(_, error) => error.into(),
            other => from_arrow(&other),
        }
    }
}

/// What Arrow itself says, and no one through it.
fn from_arrow(error: &ArrowError) -> Error {
    match error {
        ArrowError::DivideByZero => Error::new(SqlState::DIVISION_BY_ZERO, "division by zero"),
        ArrowError::ArithmeticOverflow(message) => {
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, lower_first(message))
        }
        ArrowError::ParseError(message) if message.contains("parsing timestamp") => {
            Error::new(SqlState::INVALID_DATETIME_FORMAT, lower_first(message))
        }
        ArrowError::CastError(message) | ArrowError::ParseError(message) => {
            cast::from_message(message)
        }
        ArrowError::ParquetError(text) => {
            from_parquet(&ParquetError::General(text.clone()).to_string())
        }
        ArrowError::InvalidArgumentError(message) if message.contains("non-nullable") => {
            Error::new(
                SqlState::NOT_NULL_VIOLATION,
                "null value in a column that violates its not-null constraint",
            )
        }
        ArrowError::ComputeError(message) if let Some(error) = invalid_expression(message) => error,
        ArrowError::ComputeError(message) if let Some(error) = without_absolute(message) => error,
        ArrowError::InvalidArgumentError(message) => cast::out_of_range(message)
            .unwrap_or_else(|| Error::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(message))),
        other => Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            lower_first(&other.to_string()),
        ),
    }
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        match error {
            // What the store says is told by it, and not by who reads through it.
            ParquetError::External(inner) => match from_dyn(inner) {
                known if known.sqlstate() != SqlState::INTERNAL_ERROR => known,
                other => Self::new(SqlState::DATA_CORRUPTED, other.message()),
            },
            other => from_parquet(&other.to_string()),
        }
    }
}

/// What is wrong with a file.
fn from_parquet(text: &str) -> Error {
    storage::from_text(text)
        .unwrap_or_else(|| Error::new(SqlState::DATA_CORRUPTED, lower_first(text)))
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => from_dyn(inner),
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                (*inner).into()
            }
            DataFusionError::ArrowError(inner, _) => (*inner).into(),
            DataFusionError::ObjectStore(inner) => (*inner).into(),
            DataFusionError::IoError(inner) => inner.into(),
            DataFusionError::ParquetError(inner) => (*inner).into(),
            DataFusionError::SQL(inner, _) => {
                Self::new(SqlState::SYNTAX_ERROR, lower_first(&inner.to_string()))
            }
            DataFusionError::NotImplemented(message) => plan_message::of_missing_feature(&message),
            DataFusionError::ResourcesExhausted(message) => out_of_memory(&message),
            DataFusionError::SchemaError(inner, _) => from_schema_error(&inner),
            DataFusionError::Plan(message) => plan_message::of_plan(&message),
            DataFusionError::Execution(message) => plan_message::of_execution(&message),
            DataFusionError::Configuration(message) => {
                Self::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(&message))
            }
            DataFusionError::Internal(message)
                if let Some(error) = operand_message::of_between(&message) =>
            {
                error
            }
            DataFusionError::Shared(inner) => from_shared(&inner),
            DataFusionError::Collection(mut inner) if !inner.is_empty() => {
                inner.swap_remove(0).into()
            }
            other => {
                let text = other.strip_backtrace();
                invalid_expression(&text)
                    .unwrap_or_else(|| Self::internal(lower_first(without_report(&text))))
            }
        }
    }
}

/// DataFusion asks for a bug report to itself; whoever reads it here is not its user.
fn without_report(message: &str) -> &str {
    let message = message.trim_start_matches("Internal error: ");
    message
        .split("\nThis issue was likely caused by")
        .next()
        .unwrap_or(message)
}

/// The least integer, whose absolute value its type has not: `Int64Array overflow on abs(...)`.
fn without_absolute(message: &str) -> Option<Error> {
    let (arrow, _) = message.split_once("Array overflow on abs(")?;
    let message = format!("{} out of range", cast::sql_name(arrow)?);
    Some(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message))
}

/// A regular expression of the data that is none. The crate points into it, and then says what is wrong.
fn invalid_expression(message: &str) -> Option<Error> {
    if !message.contains("Regular expression did not compile") {
        return None;
    }
    let mut lines = message.lines().map(str::trim);
    let reason = lines.find_map(|line| line.strip_prefix("error: "));
    Some(Error::new(
        SqlState::INVALID_REGULAR_EXPRESSION,
        format!(
            "invalid regular expression: {}",
            reason.unwrap_or("it is too large")
        ),
    ))
}

/// Finds our own error, or one we know, in what another crate carried for us.
pub(super) fn from_dyn(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(own) => return *own,
        Err(other) => other,
    };
    let error = match error.downcast::<DataFusionError>() {
        Ok(inner) => return (*inner).into(),
        Err(other) => other,
    };
    let error = match error.downcast::<ArrowError>() {
        Ok(inner) => return (*inner).into(),
        Err(other) => other,
    };
    let error = match error.downcast::<object_store::Error>() {
        Ok(inner) => return (*inner).into(),
        Err(other) => other,
    };
    let error = match error.downcast::<ParquetError>() {
        Ok(inner) => return (*inner).into(),
        Err(other) => other,
    };
    let error = match error.downcast::<std::io::Error>() {
        Ok(inner) => return (*inner).into(),
        Err(other) => other,
    };
    let error = match error.downcast::<DetailedError>() {
        Ok(inner) => return from_detailed(*inner),
        Err(other) => other,
    };
    match error.downcast::<FunctionError>() {
        Ok(inner) => from_function(*inner),
        Err(other) => Error::internal(lower_first(&other.to_string())),
    }
}

fn from_detailed(error: DetailedError) -> Error {
    let told = from_function(error.error).with_detail(error.detail);
    match error.context {
        Some(context) => told.with_context(context),
        None => told,
    }
}

fn from_function(error: FunctionError) -> Error {
    let told = Error::new(SqlState(error.sqlstate), error.message);
    match error.hint {
        Some(hint) => told.with_hint(hint),
        None => told,
    }
}

/// An error that several consumers share cannot be taken apart; find ours by reference.
fn from_shared(error: &DataFusionError) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(own) = current.downcast_ref::<Error>() {
            return own.clone();
        }
        if let Some(store) = current.downcast_ref::<object_store::Error>() {
            return store.into();
        }
        if let Some(function) = current.downcast_ref::<FunctionError>() {
            return from_function(function.clone());
        }
        if let Some(function) = current.downcast_ref::<DetailedError>() {
            return from_detailed(function.clone());
        }
        cause = current.source();
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(message) => out_of_memory(message),
        DataFusionError::Plan(message) => plan_message::of_plan(message),
        DataFusionError::Execution(message) => plan_message::of_execution(message),
        DataFusionError::SchemaError(inner, _) => from_schema_error(inner),
        DataFusionError::NotImplemented(message) => plan_message::of_missing_feature(message),
        DataFusionError::Internal(message) => invalid_expression(message)
            .or_else(|| operand_message::of_between(message))
            .unwrap_or_else(|| Error::internal(lower_first(without_report(message)))),
        DataFusionError::ArrowError(inner, _) if !matches!(**inner, ArrowError::IoError(..)) => {
            from_arrow(inner)
        }
        DataFusionError::ParquetError(inner) => from_parquet(&inner.to_string()),
        other => {
            let text = other.strip_backtrace();
            storage::spilled_too_much(&text).unwrap_or_else(|| {
                Error::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(&text))
            })
        }
    }
}

/// As PostgreSQL says it; what asked for memory, and who has it, is the detail.
fn out_of_memory(message: &str) -> Error {
    Error::new(SqlState::OUT_OF_MEMORY, "out of memory")
        .with_detail(message)
        .with_hint("Raise memory_limit, or let the query read less at once.")
}

/// The columns that tell of versions of rows, which PostgreSQL's tables have.
const OF_ROW_VERSIONS: [&str; 5] = ["cmax", "cmin", "ctid", "xmax", "xmin"];

fn from_schema_error(error: &SchemaError) -> Error {
    match error {
        SchemaError::AmbiguousReference { field } => Error::new(
            SqlState::AMBIGUOUS_COLUMN,
            format!("column reference \"{}\" is ambiguous", field.name),
        )
        .with_hint("Put the table's name or alias before the column."),
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            if let Some(relation) = &field.relation
                && !valid_fields.is_empty()
                && !valid_fields.iter().any(|valid| {
                    let known = valid.relation.as_ref();
                    known.is_some_and(|known| known.table() == relation.table())
                })
            {
                let relation = relation.table();
                let message = format!("missing FROM-clause entry for table \"{relation}\"");
                return Error::new(SqlState::UNDEFINED_TABLE, message);
            }
            let shown = match &field.relation {
                Some(relation) => format!("{}.{}", relation.table(), field.name),
                None => format!("\"{}\"", field.name),
            };
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column {shown} does not exist"),
            );
            if OF_ROW_VERSIONS.contains(&field.name.as_str()) {
                return error.with_hint(
                    "Rows have no lasting places here, and no transactions of their own: tell them by a key.",
                );
            }
            let names = valid_fields.iter().map(|valid| valid.name.as_str());
            match nearest(&field.name, names) {
                Some(name) => error.with_hint(format!("Perhaps you meant the column \"{name}\".")),
                None => error,
            }
        }
        SchemaError::DuplicateQualifiedField { qualifier, .. } => Error::new(
            SqlState::DUPLICATE_ALIAS,
            format!(
                "table name \"{}\" specified more than once",
                qualifier.table()
            ),
        )
        .with_hint("Give one of them another name with AS."),
        SchemaError::DuplicateUnqualifiedField { name } => Error::new(
            SqlState::DUPLICATE_COLUMN,
            format!("column \"{name}\" appears twice"),
        ),
    }
}
