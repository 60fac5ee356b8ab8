//! What becomes of a materialized view whose query has other columns than it had, as `SELECT *` has
//! when what it reads has got others. The values of the option are dbt's.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use super::define::Choice;
use super::keyed;
use super::replacement::same_columns;
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{plan, recorded_width};
use crate::sources::{is_same, widens};
use crate::sql::Options;

const SYNC: &str = "sync_all_columns";
const APPEND: &str = "append_new_columns";
const IGNORE: &str = "ignore";
const FAIL: &str = "fail";

/// The option of materialized views.
pub const OPTION: Choice = Choice {
    name: "on_schema_change",
    values: &[SYNC, APPEND, IGNORE, FAIL],
    description: "What a refresh does when the query has other columns than before though its definition is the same, as `SELECT *` has when its table got one, or when the files of its external table have (see `on_extra_columns`). `sync_all_columns`: the view gets the columns of the query. `append_new_columns`: it keeps its columns and gets new ones behind them; a column that the query has no more is NULL from then on, and one of a wider type, such as `bigint` for `integer`, becomes that. `ignore`: it keeps its columns as they are, and new ones are left out. `fail`: the refresh fails. What the value does not say is an error that names the column, and what a refresh has done to the columns is told in a notice and in the `mode_reason` of `tributary.refreshes`. A change of the view's definition is none of these. A column of a table that gets another name keeps in the view the name that it had, and one that is added by this name later is left out. A column that comes behind all others, by `ALTER TABLE ... ADD COLUMN`, needs no rows to be written anew, and a refresh by the keys that have changed goes on.",
};

/// What an error of the refresh says to do.
const HINT: &str = "Or say with CREATE OR REPLACE what it is to hold.";

/// The rows of a view's query in the columns that the view is to have.
///
/// # Errors
/// 42P16, naming a column, for a change that the option does not take.
pub fn follow(
    plan: LogicalPlan,
    object: &Object,
    options: &Options,
    snapshot: &Snapshot,
) -> Result<LogicalPlan> {
    let plan = recorded_width::keep(plan, &object.schema, snapshot)?;
    let new = plan::columns(&plan);
    let old = &keyed::given(options, &object.schema)?;
    let choice = options.get(OPTION.name).unwrap_or(SYNC);
    if choice == SYNC || same_columns(old, &new) {
        return Ok(plan);
    }
    let change = Change {
        object,
        choice,
        old,
        new: &new,
    };
    let columns = plan.schema().columns();
    let mut shown: Vec<Expr> = Vec::with_capacity(old.fields().len());
    for field in old.fields() {
        let column = match new.column_with_name(field.name()) {
            None => change.removed(field)?,
            Some((place, now)) => {
                let column = columns
                    .get(place)
                    .ok_or_else(|| Error::internal("a plan lacks one of its columns"))?;
                let column = Expr::Column(column.clone());
                match change.data_type(field, now)? {
                    same if same == now.data_type() => column,
                    data_type => cast(column, data_type.clone()),
                }
            }
        };
        shown.push(column.alias(field.name()));
    }
    for (field, column) in new.fields().iter().zip(columns) {
        if old.column_with_name(field.name()).is_none() && change.appends(field)? {
            shown.push(Expr::Column(column).alias(field.name()));
        }
    }
    Ok(LogicalPlanBuilder::from(plan).project(shown)?.build()?)
}

/// The columns that a view keeps, as NULL, though its query has them no more.
///
/// # Errors
/// Options that cannot be read.
pub fn absent(plan: &LogicalPlan, object: &Object, options: &Options) -> Result<BTreeSet<String>> {
    if options.get(OPTION.name) != Some(APPEND) {
        return Ok(BTreeSet::new());
    }
    let new = plan::columns(plan);
    let old = keyed::given(options, &object.schema)?;
    let names = old.fields().iter().map(|field| field.name());
    let absent = names.filter(|name| new.column_with_name(name).is_none());
    Ok(absent.cloned().collect())
}

/// What has become of columns that a query [has no more](absent), if it is not as it was.
pub fn described_absence(before: &BTreeSet<String>, now: &BTreeSet<String>) -> Option<String> {
    let gone = now.difference(before);
    let gone =
        gone.map(|name| format!("column \"{name}\" removed from the query, and NULL from now on"));
    let back = before.difference(now);
    let back = back.map(|name| format!("column \"{name}\" added to the query again"));
    let changes: Vec<String> = gone.chain(back).collect();
    (!changes.is_empty()).then(|| changes.join(", "))
}

/// A change of the columns of a query.
struct Change<'a> {
    object: &'a Object,
    choice: &'a str,
    old: &'a Arc<Schema>,
    new: &'a Arc<Schema>,
}

impl Change<'_> {
    /// What stands for a column that the query has no more.
    fn removed(&self, field: &Field) -> Result<Expr> {
        if self.choice == APPEND {
            return Ok(lit(ScalarValue::try_from(field.data_type())?));
        }
        let name = field.name();
        let object = self.object.described();
        let message = format!("the query of {object} has no column \"{name}\" any more");
        let hint = format!(
            "With on_schema_change = '{APPEND}' it is NULL from now on, with '{SYNC}' it goes. {HINT}"
        );
        Err(self.refused(message).with_hint(hint))
    }

    /// The type of a column that may have got another one.
    fn data_type<'b>(&self, old: &'b Field, new: &'b Field) -> Result<&'b DataType> {
        let (was, is) = (old.data_type(), new.data_type());
        if is_same(was, is) {
            return Ok(is);
        }
        match self.choice {
            APPEND if widens(was, is) => return Ok(is),
            APPEND | IGNORE if widens(is, was) => return Ok(was),
            _ => {}
        }
        let accepts = match widens(was, is) {
            true => format!("'{APPEND}' or '{SYNC}'"),
            false => format!("'{SYNC}'"),
        };
        let message = format!(
            "column \"{}\" of {} is of type {}, and that of its query of type {}",
            old.name(),
            self.object.described(),
            type_name(was),
            type_name(is)
        );
        let hint = format!("With on_schema_change = {accepts} it becomes that. {HINT}");
        Err(self.refused(message).with_hint(hint))
    }

    /// Whether a column that is new is shown.
    fn appends(&self, field: &Field) -> Result<bool> {
        match self.choice {
            APPEND => Ok(true),
            IGNORE => Ok(false),
            _ => {
                let object = self.object.described();
                let message = format!(
                    "the query of {object} has a new column \"{}\"",
                    field.name()
                );
                let hint = format!(
                    "With on_schema_change = '{APPEND}' or '{SYNC}' it gets that, with '{IGNORE}' it does not. {HINT}"
                );
                Err(self.refused(message).with_hint(hint))
            }
        }
    }

    fn refused(&self, message: String) -> Error {
        let error = Error::new(SqlState::INVALID_TABLE_DEFINITION, message);
        match described(self.old, self.new) {
            Some(changes) => error.with_detail(format!("All that has changed: {changes}.")),
            None => error,
        }
    }
}

/// What has become of columns, if anything has.
pub fn described(old: &Schema, new: &Schema) -> Option<String> {
    let mut changes = Vec::new();
    for field in old.fields() {
        match new.field_with_name(field.name()) {
            Err(_) => changes.push(format!("column \"{}\" removed", field.name())),
            Ok(now) if !is_same(now.data_type(), field.data_type()) => {
                changes.push(format!(
                    "type of column \"{}\" changed from {} to {}",
                    field.name(),
                    type_name(field.data_type()),
                    type_name(now.data_type())
                ));
            }
            Ok(_) => {}
        }
    }
    for field in new.fields() {
        if old.column_with_name(field.name()).is_none() {
            changes.push(format!("column \"{}\" added", field.name()));
        }
    }
    (!changes.is_empty()).then(|| changes.join(", "))
}
