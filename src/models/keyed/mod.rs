//! Keyed tables and materialized views: their options, and how rows are put into them.

mod carried;
mod put;

pub use carried::carried;
pub use put::{
    Arriving, Put, add, let_in, overtaken, replace, tell_of_overtaken, upsert, with_keys,
};

use std::sync::Arc;

use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;

use super::constraints::check_key;
use super::define::Choice;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::constraint::{Constraint, Rule};
use crate::sql::{Options, Statement};
use crate::warehouse::{INTERVAL, Keyed, Merge};

/// The options that make a table or a materialized view keyed.
pub const OPTIONS: [Choice; 6] = [
    Choice {
        name: "unique_key",
        values: &[],
        description: "The columns that no two rows have the same values in, such as 'id' or 'shop, \"Ref Nr\"'. Of rows with one key the latest is kept, whatever the order that they arrive in; a row without a key goes to tributary.rejected_rows.",
    },
    Choice {
        name: "version_column",
        values: &[],
        description: "The columns that tell which of two rows with one key is the later one, compared in order, NULL first, such as 'updated_at, seq'. Where they are the same, a deletion counts as later than a row, and of two rows the one whose columns are greater, compared from left to right as they are kept: labels of enums and JSON as texts. Columns of enums, JSON, intervals and arrays tell no versions. Without this option the row that arrives later is the later one; of those that the query of a materialized view gives of a key, the last one where it says `ORDER BY`, and otherwise, as their order tells nothing, a deletion, or else the greater row, of which a warning tells.",
    },
    Choice {
        name: "deleted_column",
        values: &[],
        description: "The column that tells that a row is deleted: a boolean, or a date or timestamp that is NULL until then. Such rows are not shown, and their versions are remembered, so that older rows which arrive later do not bring them back.",
    },
    Choice {
        name: "merge",
        values: &["row", "column"],
        description: "What is kept of a key: its latest row, or of each column the latest value that is not NULL, whichever row it came in. The default of a column that a row does not give, or gives as `DEFAULT`, counts as a value that came with the row; a NULL that it gives adds nothing. A deletion takes away what is older than it. With `column`, the version columns show that of the latest row; the versions of older values are kept beside them in the data files, where neither queries nor other engines see them. A row that is changed by hand counts as one that gave all of its values, and so does one that another engine has rewritten. A `CHECK` must hold of each row that comes and of what it is merged to; a column that is `NOT NULL` needs a value in each row that comes, since a row is looked at before it is merged.",
    },
    Choice {
        name: "history",
        values: &["none", "scd2"],
        description: "Whether rows that are not the latest of their keys stay. With `scd2` each row has three more columns behind its own: valid_from, the value of its first version column; valid_to, that of the next row of its key, or of the deletion that ended it, NULL while there is none; and is_current. Rows that arrive late are put in where they belong, and of several rows of a key that are valid from one moment on the latest stays. A materialized view adds the rows of its query to its history at each refresh, and goes on with it under another definition with the same key and first version column, or when its query has other columns, which earlier rows have no values for; FULL builds the history anew, of what the query gives alone. What the query does not give any more stays as it was: say with deleted_column that a row has ended.",
    },
    Choice {
        name: "tombstone_retention",
        values: &[],
        description: "How long the versions of rows that were deleted, or changed by hand, are remembered: '7 days' unless said otherwise. Older rows that arrive after that bring them back; in a materialized view, until the next full refresh.",
    },
];

/// A week, as the retention of old versions.
const TOMBSTONE_RETENTION_SECONDS: u64 = 7 * 24 * 3600;

/// What makes an object keyed.
///
/// # Errors
/// Those of [`declared`].
pub fn of(object: &Object) -> Result<Option<Keyed>> {
    options(object).map_or(Ok(None), declared)
}

/// The options of what may be keyed.
pub fn options(object: &Object) -> Option<&Options> {
    match &object.definition {
        Statement::CreateTable(create) => Some(&create.options),
        Statement::CreateMaterializedView(create) => Some(&create.options),
        _ => None,
    }
}

/// The key that options declare.
///
/// # Errors
/// 42602 for what is no list of names; 22023 for an option without `unique_key` and for what is no
/// time.
pub fn declared(options: &Options) -> Result<Option<Keyed>> {
    if options.get("unique_key").is_none() {
        let given = options.0.iter().map(|(name, _)| name);
        let mut lost = given.filter(|name| OPTIONS.iter().any(|option| option.name == *name));
        return match lost.next() {
            None => Ok(None),
            Some(name) => Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("option \"{name}\" is for what has a unique key"),
            )
            .with_hint("Say with unique_key which columns tell rows apart.")),
        };
    }
    let deleted = options.names("deleted_column")?;
    if let [_, second, ..] = deleted.as_slice() {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("option \"deleted_column\" names one column, not \"{second}\" too"),
        ));
    }
    let retention = options
        .get("tombstone_retention")
        .map(seconds)
        .transpose()?;
    Ok(Some(Keyed {
        key: options.names("unique_key")?,
        versions: options.names("version_column")?,
        deleted: deleted.into_iter().next(),
        tombstone_retention_seconds: retention.unwrap_or(TOMBSTONE_RETENTION_SECONDS),
        merge: merge(options)?,
    }))
}

/// The options that name columns.
const COLUMN_OPTIONS: [&str; 3] = ["unique_key", "version_column", "deleted_column"];

/// The option that names a column of a keyed table.
pub fn naming(options: &Options, column: &str) -> Option<&'static str> {
    let names = |option: &str| options.names(option).unwrap_or_default();
    let mut naming = COLUMN_OPTIONS.into_iter();
    naming.find(|option| names(option).iter().any(|name| name == column))
}

/// Has the options name a column by its new name.
///
/// # Errors
/// 42602 for what is no list of names.
pub fn rename_column(options: &mut Options, old: &str, new: &str) -> Result<()> {
    COLUMN_OPTIONS
        .iter()
        .try_for_each(|option| options.rename(option, old, new))
}

fn merge(options: &Options) -> Result<Merge> {
    let merges = options.get("merge") == Some("column");
    if options.get("history") != Some("scd2") {
        return Ok(match merges {
            true => Merge::Column,
            false => Merge::Row,
        });
    }
    if merges {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "options \"merge\" and \"history\" cannot be used together",
        )
        .with_hint("A history keeps rows as they arrive: leave out merge."));
    }
    if options.get("version_column").is_none() {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "option \"history\" is for what has versions",
        )
        .with_hint("Say with version_column from when on a row is valid."));
    }
    Ok(Merge::History)
}

/// The columns of an object of which these are given: those of a history come behind them.
///
/// # Errors
/// Those of [`declared`] and of [`Keyed::shown`].
pub fn shown(options: &Options, given: &SchemaRef) -> Result<SchemaRef> {
    match declared(options)? {
        Some(keyed) => keyed.shown(given),
        None => Ok(Arc::clone(given)),
    }
}

/// The columns of an object that are given, without those of a history.
///
/// # Errors
/// Those of [`declared`].
pub fn given(options: &Options, shown: &SchemaRef) -> Result<SchemaRef> {
    let has_history = declared(options)?.is_some_and(|keyed| keyed.has_history());
    let width = shown.fields().len();
    let own = match has_history {
        true => width.saturating_sub(INTERVAL.len()),
        false => width,
    };
    Ok(Arc::new(shown.project(&(0..own).collect::<Vec<_>>())?))
}

/// The columns that rows of a table are given in, where these were named, or none were.
///
/// # Errors
/// 428C9 for a column of a history; those of [`declared`].
pub fn given_names(object: &Object, named: &[String]) -> Result<Vec<String>> {
    let Some(options) = options(object) else {
        return Ok(named.to_vec());
    };
    let given = given(options, &object.schema)?;
    if given.fields().len() == object.schema.fields().len() {
        return Ok(named.to_vec());
    }
    if named.is_empty() {
        return Ok(given
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect());
    }
    match named.iter().find(|name| INTERVAL.contains(&name.as_str())) {
        None => Ok(named.to_vec()),
        Some(name) => Err(Error::new(
            SqlState::GENERATED_ALWAYS,
            format!("cannot insert a non-DEFAULT value into column \"{name}\""),
        )
        .with_detail(format!("Column \"{name}\" is a generated column."))),
    }
}

fn seconds(text: &str) -> Result<u64> {
    const DAY: i64 = 24 * 3600;
    // As Postgres takes a month where one has to have a length.
    const MONTH: i64 = 30 * DAY;
    let parsed = parse_interval_month_day_nano(text).ok().and_then(|time| {
        let (months, days) = (i64::from(time.months), i64::from(time.days));
        let whole = months.checked_mul(MONTH)?.checked_add(days * DAY)?;
        u64::try_from(whole + time.nanoseconds / 1_000_000_000).ok()
    });
    parsed.ok_or_else(|| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for option \"tombstone_retention\": \"{text}\""),
        )
        .with_hint("Write a time such as '7 days' or '36 hours'.")
    })
}

/// Checks the options of an object against its columns and its constraints.
///
/// # Errors
/// Those of [`declared`], of [`Keyed::check`] and of [`check_key`]; 42804 for a version that has no order
/// as it is kept; 0A000 for another key.
pub fn check(options: &Options, columns: &Arc<Schema>, constraints: &[Constraint]) -> Result<()> {
    let Some(keyed) = declared(options)? else {
        return Ok(());
    };
    keyed.check(columns)?;
    check_key(columns, &keyed.key)?;
    check_versions(columns, &keyed.versions)?;
    let other = constraints.iter().find(|constraint| {
        matches!(constraint.rule, Rule::Unique { .. }) && !is_of(&keyed, constraint)
    });
    let repeated = constraints
        .iter()
        .find(|constraint| keyed.has_history() && matches!(constraint.rule, Rule::Unique { .. }));
    if let Some(repeated) = repeated.filter(|_| other.is_none()) {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!(
                "key \"{}\" and option \"history\" cannot be used together",
                repeated.name
            ),
        )
        .with_hint(
            "A history has several rows of a key: leave out the constraint, unique_key says which.",
        ));
    }
    match other {
        None => Ok(()),
        Some(other) => Err(
            Error::unsupported(format!("key \"{}\" beside unique_key", other.name)).with_hint(
                "A keyed table has one key: leave out the others, or leave out unique_key.",
            ),
        ),
    }
}

/// That values of the version columns are in the order of their type as they are kept: versions are
/// compared, and put into indexes, where the type's own order is not known.
fn check_versions(columns: &Schema, versions: &[String]) -> Result<()> {
    let mut versions = versions.iter();
    let unordered = versions.find_map(|name| {
        let field = columns.field_with_name(name).ok()?;
        Some((name, unordered(field)?))
    });
    match unordered {
        None => Ok(()),
        Some((name, (detail, hint))) => Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("column \"{name}\" cannot tell which row is later"),
        )
        .with_detail(detail)
        .with_hint(hint)),
    }
}

/// Why values of a column are kept in another order than that of its type, and what to take instead.
fn unordered(field: &Field) -> Option<(&'static str, &'static str)> {
    if JsonKind::of_field(field).is_some() {
        return Some((
            "JSON is kept as text, which has another order.",
            "Take a column of its own for the part of the document that tells versions.",
        ));
    }
    if EnumKind::of_field(field).is_some() {
        return Some((
            "The labels of an enum are kept as texts, which have another order.",
            "Take a time, or a number that grows from label to label.",
        ));
    }
    match field.data_type() {
        DataType::Interval(_) | DataType::Duration(_) => Some((
            "An interval is kept as months, days and time, each by itself.",
            "Take a time, or a number, such as that of its seconds.",
        )),
        _ => None,
    }
}

/// Whether a constraint demands what the key does anyway.
pub fn is_of(keyed: &Keyed, constraint: &Constraint) -> bool {
    match &constraint.rule {
        Rule::Unique { columns, .. } => {
            columns.len() == keyed.key.len() && columns.iter().all(|name| keyed.key.contains(name))
        }
        Rule::Check(_) | Rule::ForeignKey(_) => false,
    }
}

/// The unique index that stands for the key of an object, where no constraint does: named as Postgres
/// names that of `CREATE UNIQUE INDEX`.
pub fn index(object: &Object) -> Option<Constraint> {
    let keyed = of(object).ok().flatten()?;
    let identity = keyed.identity();
    let declared = super::constraints::of(object).iter();
    if declared
        .into_iter()
        .any(|constraint| is_of(&keyed, constraint))
    {
        return None;
    }
    Some(Constraint {
        name: format!("{}_{}_idx", object.name.name, identity.join("_")),
        rule: Rule::Unique {
            columns: identity,
            primary: false,
            nulls_equal: false,
        },
    })
}
