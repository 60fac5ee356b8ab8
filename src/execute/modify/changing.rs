//! A table whose rows a statement changes, and its columns as expressions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::{Field, SchemaRef};
use datafusion::sql::sqlparser::ast::{Expr, With};
use parking_lot::Mutex;

use super::found::{EXCLUDED, with_suffix};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result};
use crate::execute::target::Change;
use crate::execute::with_changes::Moment;
use crate::execute::{copy, defaults, width};
use crate::instance::{Instance, StatementContext};
use crate::models::{constraints, replacement, table_id};
use crate::session::composites;
use crate::session::subqueries::shared_row;
use crate::sql::assigned_elements;
use crate::sql::assignment::{self, Assignment};
use crate::sql::changed_rows::ROWS;
use crate::sql::cursor::folded;
use crate::sql::identity::Overriding;
use crate::sql::name::Quoted;
use crate::sql::returning::Target;
use crate::sql::shown::Shown;
use crate::sql::with;
use crate::warehouse::{FILE_COLUMN, Modification, PLACE_COLUMN};

/// A table whose rows a statement changes, and the version of it that the statement sees.
pub struct Changing {
    /// The table.
    pub object: Arc<Object>,
    /// The catalog that it is looked up in.
    snapshot: Arc<Snapshot>,
    /// The name by which expressions know it.
    pub name: String,
    /// The statement's `WITH`, as text in front of a query.
    pub with: String,
    pub(super) modification: Modification,
    /// What finds the rows, where another part of the statement has changed the table since.
    pub(super) earlier: Option<Arc<Modification>>,
    /// How many subqueries give several columns their values.
    subqueries: AtomicUsize,
    /// The search path of the session.
    path: Vec<String>,
    /// What is assigned to columns, by their places, but for literals.
    assigned: Mutex<Vec<(usize, String)>>,
}

impl Changing {
    /// Looks up the table, and has the statement's relations show that version of it.
    ///
    /// # Errors
    /// 42P01 where there is none; 42809 where it is no table.
    pub async fn begin(
        instance: &Arc<Instance>,
        context: &StatementContext,
        search_path: &[String],
        target: &Target,
        with: Option<&With>,
        change: Change,
    ) -> Result<Self> {
        let object = change.target(&context.snapshot, search_path, &target.table)?;
        replacement::settle(&instance.catalog, &instance.warehouse, object.oid).await?;
        let modification = instance.warehouse.modify(&table_id(&object)).await?;
        let modification =
            modification.by_keys(constraints::indexed(&instance.traced_keys, &object));
        let moment = context.state.config().get_extension::<Moment>();
        let earlier = moment.and_then(|moment| moment.earlier(object.oid));
        let modification = match &earlier {
            Some(_) => modification.keeping_files(),
            None => modification,
        };
        let found_in = earlier.as_deref().unwrap_or(&modification);
        let name = &object.name;
        context.show(name, found_in.scan()?);
        context.show(&with_suffix(name, ROWS), found_in.rows()?);
        Ok(Self {
            earlier,
            subqueries: AtomicUsize::new(0),
            path: search_path.to_vec(),
            assigned: Mutex::default(),
            snapshot: Arc::clone(&context.snapshot),
            name: target.name().to_owned(),
            with: with::Clause(with).to_string(),
            object,
            modification,
        })
    }

    /// The table's columns.
    pub fn columns(&self) -> &SchemaRef {
        &self.object.schema
    }

    /// The table with the places of its rows, as `FROM` has it.
    pub fn from(&self) -> String {
        format!("{} AS {}", self.object.name, Quoted(&self.name))
    }

    /// The columns of the rows' places.
    pub fn places(&self) -> String {
        let name = Quoted(&self.name);
        format!("{name}.\"{FILE_COLUMN}\", {name}.\"{PLACE_COLUMN}\"")
    }

    /// A column of the table, with the table's name.
    pub fn column(&self, field: &Field) -> String {
        format!("{}.{}", Quoted(&self.name), Quoted(field.name()))
    }

    /// The columns of rows that are assigned to, each with its name: assigned values, and those that
    /// stay.
    ///
    /// # Errors
    /// 42703 for a column that the table does not have.
    pub fn values(&self, assignments: &[Assignment]) -> Result<Vec<String>> {
        let values = self.new_values(assignments)?;
        let named = values.iter().zip(self.object.schema.fields());
        Ok(named
            .map(|(value, field)| format!("{value} AS {}", Quoted(field.name())))
            .collect())
    }

    /// [`Self::values`] without names.
    ///
    /// # Errors
    /// Those of [`Self::values`].
    pub fn new_values(&self, assignments: &[Assignment]) -> Result<Vec<String>> {
        let assigned = self.positions(&assignment::columns(assignments))?;
        let mut values: Vec<String> = self
            .object
            .schema
            .fields()
            .iter()
            .map(|f| self.column(f))
            .collect();
        let mut assigned = assigned.into_iter();
        for assignment in assignments {
            let places: Vec<usize> = assigned.by_ref().take(assignment.columns.len()).collect();
            if assignment.value.is_some() {
                for place in &places {
                    let column = self.object.schema.field(*place).name();
                    let message = format!("column \"{column}\" can only be updated to DEFAULT");
                    constraints::check_settable(&self.object, column, message)?;
                }
            }
            match (places.as_slice(), &assignment.value) {
                ([place], value) => values[*place] = self.value(*place, value.as_ref())?,
                (places, Some(subquery)) => {
                    let number = self.subqueries.fetch_add(1, Ordering::Relaxed);
                    let columns = shared_row::columns(subquery, number, places.len());
                    for (place, column) in places.iter().zip(columns) {
                        self.assigned.lock().push((*place, column.clone()));
                        values[*place] = column;
                    }
                }
                (_, None) => return Err(Error::internal("a default is one of several columns")),
            }
        }
        Ok(values)
    }

    /// The columns of a row that is put in, of which some are given.
    ///
    /// # Errors
    /// 42703 for a column that the table does not have; those of [`width::check`].
    pub fn given_values(
        &self,
        columns: &[String],
        overriding: Option<Overriding>,
        values: &[Option<Expr>],
    ) -> Result<Vec<String>> {
        let width = self.object.schema.fields().len();
        width::check(values.len(), columns.len(), width)?;
        let places = match columns {
            [] => (0..values.len()).collect(),
            named => self.positions(named)?,
        };
        let mut row: Vec<String> = (0..width)
            .map(|place| self.value(place, None))
            .collect::<Result<_>>()?;
        for (place, value) in places.into_iter().zip(values) {
            let column = self.object.schema.field(place).name();
            let is_identity = || constraints::identity_of(&self.object, column).is_some();
            let value = match overriding {
                Some(Overriding::User) if is_identity() => None,
                _ => value.as_ref(),
            };
            if value.is_some() {
                defaults::check_given(&self.object, column, overriding)?;
            }
            row[place] = self.value(place, value)?;
        }
        Ok(row)
    }

    /// A value of a column as an expression, or the column's default.
    fn value(&self, place: usize, value: Option<&Expr>) -> Result<String> {
        let field = self.object.schema.field(place);
        Ok(match value {
            Some(value) => match assigned_elements::text(value, field, &composites::cast_name)? {
                Some(text) => text,
                None => {
                    let (object, snapshot) = (&self.object, &self.snapshot);
                    constraints::check_literal(object, field, value, snapshot, &self.path)?;
                    let text = match composites::named(field.data_type()) {
                        Some(own) if composites::is_open(value) => {
                            format!("CAST({} AS {own})", Shown(value))
                        }
                        _ => Shown(value).to_string(),
                    };
                    if !constraints::is_literal(value) && !is_proposed(value, field) {
                        self.assigned.lock().push((place, text.clone()));
                    }
                    text
                }
            },
            None => match constraints::given_default(&self.snapshot, &self.object, field.name()) {
                Some(value) => format!("{}", Shown(&value)),
                None => "NULL".to_owned(),
            },
        })
    }

    /// What was assigned to columns, each with the place of its column.
    pub(super) fn take_assigned(&self) -> Vec<(usize, String)> {
        std::mem::take(&mut self.assigned.lock())
    }

    fn positions(&self, columns: &[String]) -> Result<Vec<usize>> {
        let name = &self.object.name.name;
        copy::positions(&self.object.schema, columns, name)
    }
}

/// Whether a value is what is proposed for the same column.
fn is_proposed(value: &Expr, field: &Field) -> bool {
    match value {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, column] => folded(relation) == EXCLUDED && folded(column) == *field.name(),
            _ => false,
        },
        _ => false,
    }
}
