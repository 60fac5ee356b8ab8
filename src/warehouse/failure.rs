//! What the crates below say, as errors of ours.

use std::error::Error as StdError;

use datafusion::parquet::errors::ParquetError;
use deltalake_core::DeltaTableError;

use super::table_id::TableId;
use crate::error::{Error, SqlState};

/// The error of reading a table's log.
pub(super) fn from_delta(error: DeltaTableError, table: &TableId) -> Error {
    let error = match error {
        DeltaTableError::NotATable(_) => Error::new(
            SqlState::UNDEFINED_FILE,
            "the folder of the table has no log",
        ),
        DeltaTableError::ObjectStore { source } => source.into(),
        other => match root_cause(&other) {
            Some(error) => error,
            None => Error::new(
                SqlState::DATA_CORRUPTED,
                format!(
                    "the log cannot be read: {}",
                    without_backtrace(&other.to_string())
                ),
            ),
        },
    };
    error.within(format!("table {table}"))
}

/// A message without the stack trace that the kernel puts behind its own where the environment asks for
/// some.
fn without_backtrace(message: &str) -> &str {
    let is_frame = |line: &str| line.trim_start().starts_with("0: ");
    let mut from = 0;
    for line in message.split_inclusive('\n') {
        if from > 0 && is_frame(line) {
            return message[..from].trim_end();
        }
        from += line.len();
    }
    message
}

/// The error of writing a data file.
pub(super) fn from_parquet(error: ParquetError) -> Error {
    match root_cause(&error) {
        Some(error) => error,
        None => Error::new(
            SqlState::IO_ERROR,
            format!("a data file cannot be written: {error}"),
        ),
    }
}

/// The failure of a disk or an object store that an error stands for, if it does.
fn root_cause(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(store) = current.downcast_ref::<object_store::Error>() {
            return Some(store.into());
        }
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            let inner = io.get_ref();
            return Some(match inner.and_then(|inner| inner.downcast_ref()) {
                Some(store) => <Error as From<&object_store::Error>>::from(store),
                None => Error::from(std::io::Error::new(io.kind(), io.to_string())),
            });
        }
        if let Some(ParquetError::External(inner)) = current.downcast_ref::<ParquetError>() {
            return root_cause(inner.as_ref());
        }
        cause = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_before_a_stack_trace() {
        let told = "Kernel error: Json error: Truncated record";
        let traced = format!("{told}\n   0: kernel::Error::with_backtrace\n   1: main\n");
        assert_eq!(without_backtrace(&traced), told);
        assert_eq!(without_backtrace(told), told);
        assert_eq!(without_backtrace("two\nlines"), "two\nlines");
        assert_eq!(without_backtrace("0: alone"), "0: alone");
    }
}
