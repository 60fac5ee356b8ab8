//! What becomes of a materialized view whose query has other columns than it had, as `SELECT *` has
//! when what it reads has got others. The values of the option are dbt's.

mod differences;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use self::differences::{find_missing, have_fields, item_path, path};
use super::define::Choice;
use super::keyed;
use super::replacement::same_columns;
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{plan, recorded_width};
use crate::sources::{is_same, widens};
use crate::sql::Options;

pub use self::differences::{described, described_by_files};

const SYNC: &str = "sync_all_columns";
const APPEND: &str = "append_new_columns";
const IGNORE: &str = "ignore";
const FAIL: &str = "fail";

/// The option of materialized views.
pub const OPTION: Choice = Choice {
    name: "on_schema_change",
    values: &[SYNC, APPEND, IGNORE, FAIL],
    description: "What a refresh does when the query has other columns than before though its definition is the same, as `SELECT *` has when its table got one, or when the files of its external table have (see `on_extra_columns`). `sync_all_columns`: the view gets the columns of the query. `append_new_columns`: it keeps its columns and gets new ones behind them; a column that the query has no more is NULL from then on, and one of a wider type, such as `bigint` for `integer`, becomes that. `ignore`: it keeps its columns as they are, and new ones are left out. `fail`: the refresh fails. The same goes for fields of records within columns. What the value does not say is an error that names the column, and what a refresh has done to the columns is told in a notice and in the `mode_reason` of `tributary.refreshes`. A change of the view's definition is none of these. A column of a table that gets another name keeps in the view the name that it had, and one that is added by this name later is left out. A column that comes behind all others, by `ALTER TABLE ... ADD COLUMN`, needs no rows to be written anew, and a refresh by the keys that have changed goes on.",
};

/// Why a refresh is not as it would be otherwise, where that is the columns.
pub const COLUMNS_CHANGED: &str = "its columns have changed";

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
            None => lit(ScalarValue::try_from(change.removed(field.name(), field)?)?),
            Some((place, now)) => {
                let column = columns
                    .get(place)
                    .ok_or_else(|| Error::internal("a plan lacks one of its columns"))?;
                let column = Expr::Column(column.clone());
                match change.data_type(field.name(), field.data_type(), now.data_type())? {
                    same if same == *now.data_type() => column,
                    data_type => cast(column, data_type),
                }
            }
        };
        shown.push(column.alias(field.name()));
    }
    for (field, column) in new.fields().iter().zip(columns) {
        if old.column_with_name(field.name()).is_none() && change.appends(field.name())? {
            shown.push(Expr::Column(column).alias(field.name()));
        }
    }
    Ok(LogicalPlanBuilder::from(plan).project(shown)?.build()?)
}

/// The columns, and fields within them, that a view keeps, as NULL, though its query has them no more.
///
/// # Errors
/// Options that cannot be read.
pub fn absent(plan: &LogicalPlan, object: &Object, options: &Options) -> Result<BTreeSet<String>> {
    if options.get(OPTION.name) != Some(APPEND) {
        return Ok(BTreeSet::new());
    }
    let new = plan::columns(plan);
    let old = keyed::given(options, &object.schema)?;
    let mut absent = BTreeSet::new();
    find_missing("", old.fields(), new.fields(), &mut absent);
    Ok(absent)
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
    /// The type of a column, or of a field in one, that the query has no more and that is NULL.
    fn removed<'b>(&self, path: &str, field: &'b Field) -> Result<&'b DataType> {
        if self.choice == APPEND {
            return Ok(field.data_type());
        }
        let object = self.object.described();
        let message = format!("the query of {object} has no column \"{path}\" any more");
        let hint = format!(
            "With on_schema_change = '{APPEND}' it is NULL from now on, with '{SYNC}' it goes. {HINT}"
        );
        Err(self.refused(message).with_hint(hint))
    }

    /// The type of a column, or of what is in one, that may have got another one.
    fn data_type(&self, path: &str, was: &DataType, is: &DataType) -> Result<DataType> {
        if is_same(was, is) {
            return Ok(is.clone());
        }
        match (was, is) {
            (DataType::Struct(old), DataType::Struct(new)) => {
                return Ok(DataType::Struct(self.fields(path, old, new)?));
            }
            (DataType::List(old), DataType::List(new)) if have_fields(was, is) => {
                let item = self.data_type(&item_path(path), old.data_type(), new.data_type())?;
                return Ok(DataType::List(Arc::new(of_both(old, new, item))));
            }
            _ => {}
        }
        match self.choice {
            APPEND if widens(was, is) => return Ok(is.clone()),
            APPEND | IGNORE if widens(is, was) => return Ok(was.clone()),
            _ => {}
        }
        let accepts = match widens(was, is) {
            true => format!("'{APPEND}' or '{SYNC}'"),
            false => format!("'{SYNC}'"),
        };
        let message = format!(
            "column \"{path}\" of {} is of type {}, and that of its query of type {}",
            self.object.described(),
            type_name(was),
            type_name(is)
        );
        let hint = format!("With on_schema_change = {accepts} it becomes that. {HINT}");
        Err(self.refused(message).with_hint(hint))
    }

    /// The fields of a record, to which applies what does to columns.
    fn fields(&self, within: &str, old: &Fields, new: &Fields) -> Result<Fields> {
        let mut fields = Vec::with_capacity(old.len());
        for field in old {
            let path = path(within, field.name());
            fields.push(match new.find(field.name()) {
                None => {
                    let data_type = self.removed(&path, field)?.clone();
                    Field::new(field.name(), data_type, true)
                }
                Some((_, now)) => {
                    let data_type = self.data_type(&path, field.data_type(), now.data_type())?;
                    of_both(field, now, data_type)
                }
            });
        }
        for field in new {
            if old.find(field.name()).is_none() && self.appends(&path(within, field.name()))? {
                fields.push(field.as_ref().clone());
            }
        }
        Ok(fields.into())
    }

    /// Whether a column, or a field in one, that is new is shown.
    fn appends(&self, path: &str) -> Result<bool> {
        match self.choice {
            APPEND => Ok(true),
            IGNORE => Ok(false),
            _ => {
                let object = self.object.described();
                let message = format!("the query of {object} has a new column \"{path}\"");
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

/// A field of a type that holds the values of both, and NULL where either may be.
fn of_both(old: &Field, new: &Field, data_type: DataType) -> Field {
    let is_nullable = old.is_nullable() || new.is_nullable();
    let field = new.clone().with_data_type(data_type);
    field.with_nullable(is_nullable)
}
