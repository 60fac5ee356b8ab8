//! What `ALTER COLUMN` says of how PostgreSQL would keep a column. It is looked at as PostgreSQL looks at it, and
//! changes nothing: files are written by the types of their columns, and tell of all of their values.

use arrow::datatypes::DataType;
use tributary_udfs::enums::EnumKind;

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::session::Session;
use crate::sql::Options;
use crate::sql::column_storage::ColumnStorage;

/// The largest number of values that PostgreSQL gathers of a column.
const MOST_STATISTICS: i64 = 10_000;

/// Looks at what is said of a column.
///
/// # Errors
/// 42703 for a column that does not exist; 22023 for what a column cannot have, and 0A000 for what columns of its
/// type cannot.
pub fn check(
    session: &Session,
    object: &Object,
    column: &str,
    storage: &ColumnStorage,
) -> Result<()> {
    let invalid = |message: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    if let ColumnStorage::Storage(word) = storage
        && !["plain", "external", "extended", "main"].contains(&word.to_lowercase().as_str())
    {
        return Err(invalid(format!("invalid storage type \"{word}\"")));
    }
    let Ok(field) = object.schema.field_with_name(column) else {
        let table = &object.name.name;
        let message = format!("column \"{column}\" of relation \"{table}\" does not exist");
        return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
    };
    let data_type = field.data_type();
    let is_label = !data_type.is_nested() && EnumKind::of_field(field).is_some();
    let may_be_long = !is_label && may_be_long(data_type);
    let refused = |what: &str| {
        let name = tributary_udfs::type_name(data_type);
        let message = format!("column data type {name} {what}");
        Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message))
    };
    match storage {
        ColumnStorage::Statistics(target) if *target < -1 => {
            Err(invalid(format!("statistics target {target} is too low")))
        }
        ColumnStorage::Statistics(target) if *target > MOST_STATISTICS => {
            let message = format!("lowering statistics target to {MOST_STATISTICS}");
            session.notice(Error::new(SqlState::WARNING, message));
            Ok(())
        }
        ColumnStorage::Statistics(_) | ColumnStorage::Reset(_) => Ok(()),
        ColumnStorage::Storage(word) if !may_be_long && !word.eq_ignore_ascii_case("plain") => {
            refused("can only have storage PLAIN")
        }
        ColumnStorage::Storage(_) => Ok(()),
        ColumnStorage::Compression(_) if !may_be_long => refused("does not support compression"),
        ColumnStorage::Compression(method) => {
            match ["default", "pglz", "lz4"].contains(&method.as_str()) {
                true => Ok(()),
                false => Err(invalid(format!("invalid compression method \"{method}\""))),
            }
        }
        ColumnStorage::Options(options) => check_options(options),
    }
}

/// Whether PostgreSQL can keep long values of a type elsewhere.
fn may_be_long(data_type: &DataType) -> bool {
    data_type.is_string()
        || data_type.is_nested()
        || data_type.is_decimal()
        || matches!(
            data_type,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView
        )
}

/// What is known of the values of a column: how many differ, or which part of them, less than nothing.
fn check_options(options: &Options) -> Result<()> {
    for (name, value) in &options.0 {
        let message = if !["n_distinct", "n_distinct_inherited"].contains(&name.as_str()) {
            format!("unrecognized parameter \"{name}\"")
        } else {
            match value.parse::<f64>() {
                Ok(number) if number >= -1.0 => continue,
                Ok(_) => format!("value {value} out of bounds for option \"{name}\""),
                Err(_) => format!("invalid value for floating point option \"{name}\": {value}"),
            }
        };
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    Ok(())
}
