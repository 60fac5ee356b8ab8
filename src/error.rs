//! The one error of the server: what was wrong, where, and what to do, with its SQLSTATE.
//!
//! Messages follow PostgreSQL's style guide: lower case start, no trailing dot; the `detail` and
//! `hint` are whole sentences.

mod cast;

use std::fmt;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// The result of everything that can fail for a reason a user should read.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A five-character SQLSTATE, as in Appendix A of the PostgreSQL manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl SqlState {
    /// A warning that is not an error.
    pub const WARNING: Self = Self("01000");
    /// The connection broke or could not be made.
    pub const CONNECTION_FAILURE: Self = Self("08006");
    /// The client broke the protocol.
    pub const PROTOCOL_VIOLATION: Self = Self("08P01");
    /// A feature that does not exist here.
    pub const FEATURE_NOT_SUPPORTED: Self = Self("0A000");
    /// A number that its type cannot hold.
    pub const NUMERIC_VALUE_OUT_OF_RANGE: Self = Self("22003");
    /// Division by zero.
    pub const DIVISION_BY_ZERO: Self = Self("22012");
    /// A function was given an argument outside its domain.
    pub const INVALID_PARAMETER_VALUE: Self = Self("22023");
    /// Sub-arrays of different lengths in an array of several dimensions.
    pub const ARRAY_SUBSCRIPT_ERROR: Self = Self("2202E");
    /// Text that its type cannot be read from.
    pub const INVALID_TEXT_REPRESENTATION: Self = Self("22P02");
    /// A parameter in binary format that is not a value of its type.
    pub const INVALID_BINARY_REPRESENTATION: Self = Self("22P03");
    /// A row of a file or of COPY that cannot be read.
    pub const BAD_COPY_FILE_FORMAT: Self = Self("22P04");
    /// Text that is no date or time.
    pub const INVALID_DATETIME_FORMAT: Self = Self("22007");
    /// A value outside the range of dates and times.
    pub const DATETIME_FIELD_OVERFLOW: Self = Self("22008");
    /// Bytes that are not UTF-8.
    pub const CHARACTER_NOT_IN_REPERTOIRE: Self = Self("22021");
    /// NULL in a column that has none.
    pub const NOT_NULL_VIOLATION: Self = Self("23502");
    /// A row that a check or an expectation forbids.
    pub const CHECK_VIOLATION: Self = Self("23514");
    /// A cursor or portal in the wrong state.
    pub const INVALID_CURSOR_STATE: Self = Self("24000");
    /// BEGIN within a transaction.
    pub const ACTIVE_SQL_TRANSACTION: Self = Self("25001");
    /// A command that a read-only server or transaction refuses.
    pub const READ_ONLY_SQL_TRANSACTION: Self = Self("25006");
    /// COMMIT outside a transaction.
    pub const NO_ACTIVE_SQL_TRANSACTION: Self = Self("25P01");
    /// A statement in a transaction that has failed.
    pub const IN_FAILED_SQL_TRANSACTION: Self = Self("25P02");
    /// No prepared statement of that name.
    pub const INVALID_SQL_STATEMENT_NAME: Self = Self("26000");
    /// Who connects is not who they say.
    pub const INVALID_AUTHORIZATION: Self = Self("28000");
    /// A wrong password.
    pub const INVALID_PASSWORD: Self = Self("28P01");
    /// Something else stands on the object.
    pub const DEPENDENT_OBJECTS_STILL_EXIST: Self = Self("2BP01");
    /// No portal of that name.
    pub const INVALID_CURSOR_NAME: Self = Self("34000");
    /// No database of that name.
    pub const INVALID_CATALOG_NAME: Self = Self("3D000");
    /// No schema of that name.
    pub const INVALID_SCHEMA_NAME: Self = Self("3F000");
    /// Something that no user may do.
    pub const INSUFFICIENT_PRIVILEGE: Self = Self("42501");
    /// Someone else changed the same table at the same time.
    pub const SERIALIZATION_FAILURE: Self = Self("40001");
    /// SQL that cannot be parsed.
    pub const SYNTAX_ERROR: Self = Self("42601");
    /// An identifier that cannot be one.
    pub const INVALID_NAME: Self = Self("42602");
    /// An identifier that is too long.
    pub const NAME_TOO_LONG: Self = Self("42622");
    /// A column named twice.
    pub const DUPLICATE_COLUMN: Self = Self("42701");
    /// A column name that fits two columns.
    pub const AMBIGUOUS_COLUMN: Self = Self("42702");
    /// No column of that name.
    pub const UNDEFINED_COLUMN: Self = Self("42703");
    /// No object of that name.
    pub const UNDEFINED_OBJECT: Self = Self("42704");
    /// An object of that name exists (not a relation or schema).
    pub const DUPLICATE_OBJECT: Self = Self("42710");
    /// A column outside GROUP BY.
    pub const GROUPING_ERROR: Self = Self("42803");
    /// Types that do not fit together.
    pub const DATATYPE_MISMATCH: Self = Self("42804");
    /// An object of another kind than the statement wants.
    pub const WRONG_OBJECT_TYPE: Self = Self("42809");
    /// A name that the server keeps for itself.
    pub const RESERVED_NAME: Self = Self("42939");
    /// No function of that name and those arguments.
    pub const UNDEFINED_FUNCTION: Self = Self("42883");
    /// No relation of that name.
    pub const UNDEFINED_TABLE: Self = Self("42P01");
    /// No parameter of that number.
    pub const UNDEFINED_PARAMETER: Self = Self("42P02");
    /// A portal of that name exists.
    pub const DUPLICATE_CURSOR: Self = Self("42P03");
    /// A prepared statement of that name exists.
    pub const DUPLICATE_PREPARED_STATEMENT: Self = Self("42P05");
    /// A schema of that name exists.
    pub const DUPLICATE_SCHEMA: Self = Self("42P06");
    /// A relation of that name exists.
    pub const DUPLICATE_TABLE: Self = Self("42P07");
    /// A definition that cannot be.
    pub const INVALID_OBJECT_DEFINITION: Self = Self("42P17");
    /// A parameter whose type the query does not tell.
    pub const INDETERMINATE_DATATYPE: Self = Self("42P18");
    /// The disk is full.
    pub const DISK_FULL: Self = Self("53100");
    /// The memory pool is used up.
    pub const OUT_OF_MEMORY: Self = Self("53200");
    /// Too many connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self("53300");
    /// A limit of the configuration was reached.
    pub const CONFIGURATION_LIMIT_EXCEEDED: Self = Self("53400");
    /// A statement or packet beyond the limits of the program.
    pub const PROGRAM_LIMIT_EXCEEDED: Self = Self("54000");
    /// A statement nested, or chained, too deeply.
    pub const STATEMENT_TOO_COMPLEX: Self = Self("54001");
    /// The object is not in the state the statement needs.
    pub const OBJECT_NOT_IN_PREREQUISITE_STATE: Self = Self("55000");
    /// The object is in use.
    pub const OBJECT_IN_USE: Self = Self("55006");
    /// The client, or statement_timeout, asked for the end.
    pub const QUERY_CANCELED: Self = Self("57014");
    /// The server stops.
    pub const ADMIN_SHUTDOWN: Self = Self("57P01");
    /// The server stopped without finishing.
    pub const CRASH_SHUTDOWN: Self = Self("57P02");
    /// The server is not ready.
    pub const CANNOT_CONNECT_NOW: Self = Self("57P03");
    /// A file or object store failed.
    pub const IO_ERROR: Self = Self("58030");
    /// A file that does not exist.
    pub const UNDEFINED_FILE: Self = Self("58P01");
    /// A configuration file with a mistake.
    pub const CONFIG_FILE_ERROR: Self = Self("F0000");
    /// A source answered with an error.
    pub const FDW_ERROR: Self = Self("HV000");
    /// A bug of the server.
    pub const INTERNAL_ERROR: Self = Self("XX000");
    /// Data on disk that is not as it was written.
    pub const DATA_CORRUPTED: Self = Self("XX001");
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// An error as a user meets it.
#[derive(Clone, Debug)]
pub struct Error(Box<Fields>);

#[derive(Clone, Debug)]
struct Fields {
    sqlstate: SqlState,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    /// Position in the statement's text, in characters from 1.
    position: Option<usize>,
}

impl Error {
    /// An error of this SQLSTATE; `message` starts in lower case and ends without a dot.
    pub fn new(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self(Box::new(Fields {
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
        }))
    }

    /// A bug: something that no input should be able to cause.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(SqlState::INTERNAL_ERROR, message).with_hint(
            "This is a bug of Tributary. Please report it, with the statement that shows it.",
        )
    }

    /// Something Postgres or the design has and this server does not.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("{what} is not supported"),
        )
    }

    /// Adds what more is known, as whole sentences.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds what to do about it, as whole sentences.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the place in the statement's text, in characters from 1.
    pub fn with_position(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    /// The failure of a disk or an object store.
    fn of_disk(sqlstate: SqlState, message: String) -> Self {
        let error = Self::new(sqlstate, message);
        if sqlstate == SqlState::DISK_FULL {
            return error.with_hint(
                "Free space on the disk, or put data_dir or warehouse on a larger one.",
            );
        }
        error
    }

    /// Puts `context: ` before the message, to name the object or file at fault.
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// The SQLSTATE.
    pub fn sqlstate(&self) -> SqlState {
        self.0.sqlstate
    }

    /// What was wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What more is known.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What to do.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The place in the statement's text, in characters from 1.
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let sqlstate = match error.kind() {
            ErrorKind::NotFound => SqlState::UNDEFINED_FILE,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => SqlState::DISK_FULL,
            _ => SqlState::IO_ERROR,
        };
        Self::of_disk(sqlstate, error.to_string())
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        let sqlstate = match &error {
            object_store::Error::NotFound { .. } => SqlState::UNDEFINED_FILE,
            _ if has_full_disk(&error) => SqlState::DISK_FULL,
            _ => SqlState::IO_ERROR,
        };
        Self::of_disk(sqlstate, error.to_string())
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(inner) => from_dyn(inner),
            ArrowError::DivideByZero => Self::new(SqlState::DIVISION_BY_ZERO, "division by zero"),
            ArrowError::ArithmeticOverflow(message) => {
                Self::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, lower_first(&message))
            }
            ArrowError::ParseError(message) if message.contains("parsing timestamp") => {
                Self::new(SqlState::INVALID_DATETIME_FORMAT, lower_first(&message))
            }
            ArrowError::CastError(message) | ArrowError::ParseError(message) => {
                cast::from_message(&message)
            }
            ArrowError::IoError(_, error) => error.into(),
            ArrowError::InvalidArgumentError(message) if message.contains("non-nullable") => {
                Self::new(
                    SqlState::NOT_NULL_VIOLATION,
                    "null value in a column that violates its not-null constraint",
                )
            }
            ArrowError::InvalidArgumentError(message) => cast::out_of_range(&message)
                .unwrap_or_else(|| {
                    Self::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(&message))
                }),
            other => Self::new(
                SqlState::INVALID_PARAMETER_VALUE,
                lower_first(&other.to_string()),
            ),
        }
    }
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
            DataFusionError::ParquetError(inner) => {
                Self::new(SqlState::DATA_CORRUPTED, lower_first(&inner.to_string()))
            }
            DataFusionError::SQL(inner, _) => {
                Self::new(SqlState::SYNTAX_ERROR, lower_first(&inner.to_string()))
            }
            DataFusionError::NotImplemented(message) => {
                Self::new(SqlState::FEATURE_NOT_SUPPORTED, lower_first(&message))
            }
            DataFusionError::ResourcesExhausted(message) => out_of_memory(&message),
            DataFusionError::SchemaError(inner, _) => from_schema_error(&inner),
            DataFusionError::Plan(message) => from_plan_message(&message),
            DataFusionError::Execution(message) => {
                Self::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(&message))
            }
            DataFusionError::Configuration(message) => {
                Self::new(SqlState::INVALID_PARAMETER_VALUE, lower_first(&message))
            }
            DataFusionError::Shared(inner) => from_shared(&inner),
            DataFusionError::Collection(mut inner) if !inner.is_empty() => {
                inner.swap_remove(0).into()
            }
            other => Self::internal(lower_first(without_report(&other.strip_backtrace()))),
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

/// Finds our own error, or one we know, in what another crate carried for us.
fn from_dyn(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
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
    match error.downcast::<tributary_udfs::FunctionError>() {
        Ok(inner) => {
            let error = Error::new(SqlState(inner.sqlstate), inner.message);
            match inner.hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        }
        Err(other) => Error::internal(lower_first(&other.to_string())),
    }
}

/// An error that several consumers share cannot be taken apart; find ours by reference.
fn from_shared(error: &DataFusionError) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(own) = current.downcast_ref::<Error>() {
            return own.clone();
        }
        cause = current.source();
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(message) => out_of_memory(message),
        DataFusionError::Plan(message) => from_plan_message(message),
        DataFusionError::NotImplemented(message) => {
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, lower_first(message))
        }
        DataFusionError::Internal(message) => Error::internal(lower_first(without_report(message))),
        other => Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            lower_first(&other.strip_backtrace()),
        ),
    }
}

fn out_of_memory(message: &str) -> Error {
    Error::new(SqlState::OUT_OF_MEMORY, lower_first(message))
        .with_hint("Raise memory_limit, or let the query read less at once.")
}

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
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{}\" does not exist", field.flat_name()),
            );
            let names = valid_fields.iter().map(|valid| valid.name.as_str());
            match nearest(&field.name, names) {
                Some(name) => error.with_hint(format!("Perhaps you meant the column \"{name}\".")),
                None => error,
            }
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => Error::new(
            SqlState::DUPLICATE_COLUMN,
            format!("column \"{name}\" appears twice"),
        ),
    }
}

/// DataFusion's planner tells most mistakes by text alone; these are the ones a client looks for.
fn from_plan_message(message: &str) -> Error {
    if let Some(error) = undefined_function(message) {
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
    } else if lower.contains("must appear in the group by")
        || lower.contains("could not be resolved from available columns")
    {
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

/// `Invalid function 'soundx'.\nDid you mean 'soundex'?`
fn undefined_function(message: &str) -> Option<Error> {
    let (name, rest) = message
        .strip_prefix("Invalid function '")?
        .split_once('\'')?;
    let error = Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name} does not exist"),
    );
    let near = rest
        .split_once("Did you mean '")
        .and_then(|(_, near)| near.split_once('\''));
    Some(match near {
        Some((near, _)) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error,
    })
}

fn has_full_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind;
            return matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        }
        cause = current.source();
    }
    false
}

/// Other crates begin their messages with a capital; Postgres does not.
fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}

/// The candidate a typist most likely meant, or none where nothing is near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                datafusion::common::utils::datafusion_strsim::levenshtein(
                    &name,
                    &candidate.to_lowercase(),
                ),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
