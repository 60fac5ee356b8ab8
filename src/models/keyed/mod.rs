//! Keyed tables and materialized views: their options, and how rows are put into them.

mod put;

pub use put::{Put, replace, upsert, with_keys};

use std::sync::Arc;

use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::Schema;

use super::define::Choice;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::constraint::{Constraint, Rule};
use crate::sql::{Options, Statement};
use crate::warehouse::{Keyed, Merge};

/// The options that make a table or a materialized view keyed.
pub const OPTIONS: [Choice; 5] = [
    Choice {
        name: "unique_key",
        values: &[],
        description: "The columns that no two rows have the same values in, such as 'id' or 'shop, \"Ref Nr\"'. Of rows with one key the latest is kept, whatever the order that they arrive in; a row without a key goes to tributary.rejected_rows.",
    },
    Choice {
        name: "version_column",
        values: &[],
        description: "The columns that tell which of two rows with one key is the later one, compared in order, NULL first, such as 'updated_at, seq'. Where they are the same, a deletion counts as later than a row, and of two rows the one whose columns are greater, compared from left to right. Without this option the row that arrives later is the later one.",
    },
    Choice {
        name: "deleted_column",
        values: &[],
        description: "The column that tells that a row is deleted: a boolean, or a date or timestamp that is NULL until then. Such rows are not shown, and their versions are remembered, so that older rows which arrive later do not bring them back.",
    },
    Choice {
        name: "merge",
        values: &["row", "column"],
        description: "What is kept of a key: its latest row, or of each column the latest value that is not NULL, whichever row it came in. A deletion takes away what is older than it. With `column`, the version columns show that of the latest row; the versions of older values are kept beside them in the data files, where neither queries nor other engines see them. A row that is changed by hand counts as one that gave all of its values, and so does one that another engine has rewritten.",
    },
    Choice {
        name: "tombstone_retention",
        values: &[],
        description: "How long the versions of deleted rows are remembered: '7 days' unless said otherwise.",
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

fn options(object: &Object) -> Option<&Options> {
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
        merge: match options.get("merge") {
            Some("column") => Merge::Column,
            _ => Merge::Row,
        },
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
/// Those of [`declared`] and of [`Keyed::check`]; 0A000 for another key.
pub fn check(options: &Options, columns: &Arc<Schema>, constraints: &[Constraint]) -> Result<()> {
    let Some(keyed) = declared(options)? else {
        return Ok(());
    };
    keyed.check(columns)?;
    let other = constraints.iter().find(|constraint| {
        matches!(constraint.rule, Rule::Unique { .. }) && !is_of(&keyed, constraint)
    });
    match other {
        None => Ok(()),
        Some(other) => Err(
            Error::unsupported(format!("key \"{}\" beside unique_key", other.name)).with_hint(
                "A keyed table has one key: leave out the others, or leave out unique_key.",
            ),
        ),
    }
}

/// Whether a constraint demands what the key does anyway.
pub fn is_of(keyed: &Keyed, constraint: &Constraint) -> bool {
    match &constraint.rule {
        Rule::Unique { columns, .. } => {
            columns.len() == keyed.key.len() && columns.iter().all(|name| keyed.key.contains(name))
        }
        Rule::Check(_) => false,
    }
}

/// The unique index that stands for the key of an object, where no constraint does: named as Postgres
/// names that of `CREATE UNIQUE INDEX`.
pub fn index(object: &Object) -> Option<Constraint> {
    let keyed = of(object).ok().flatten()?;
    let declared = super::constraints::of(object).iter();
    if declared
        .into_iter()
        .any(|constraint| is_of(&keyed, constraint))
    {
        return None;
    }
    Some(Constraint {
        name: format!("{}_{}_idx", object.name.name, keyed.key.join("_")),
        rule: Rule::Unique {
            columns: keyed.key,
            primary: false,
            nulls_equal: false,
        },
    })
}
