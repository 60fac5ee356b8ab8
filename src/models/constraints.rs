//! What the rows of a table must satisfy: `NOT NULL`, lengths of texts, `CHECK`, `UNIQUE` and
//! `PRIMARY KEY`.
//!
//! All but keys are checked as the rows pass. Keys are checked twice: among the new rows as they
//! pass, and against the rows that stay when the commit is made, which no other commit can come
//! between. So no two rows of a key are ever visible.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringBuilder};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, SchemaRef, UInt32Type};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::{PhysicalExpr, execute_stream};
use datafusion::sql::sqlparser::ast::{Expr, ExprWithAlias};
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tributary_udfs::postgres::CharacterLength;

use super::replacement::Unchanged;
use super::table_id;
use crate::catalog::Object;
use crate::error::{ColumnPlace, Error, Result, SqlState};
use crate::instance::Instance;
use crate::sql::Statement;
use crate::sql::constraint::{self, Constraint, Rule};
use crate::sql::create_table::CreateTable;
use crate::warehouse::{CommitMark, Participant, Places};

/// What to do with a new row that has the key of another new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// 23505.
    Refused,
    /// 21000: `ON CONFLICT DO UPDATE` would change the first one.
    Conflicts,
    /// It is left out, as `ON CONFLICT DO NOTHING` does.
    LeftOut,
}

/// The constraints of a table, for the rows of one statement.
pub struct Constraints {
    object: Arc<Object>,
    lengths: Vec<Option<CharacterLength>>,
    checks: Vec<(String, Arc<dyn PhysicalExpr>)>,
    keys: Arc<Vec<Mutex<Key>>>,
}

impl Constraints {
    /// Those of a table.
    ///
    /// # Errors
    /// What planning a check says.
    /// `repeated` is for the keys of `arbiters`, or all where none are named; others refuse.
    pub fn new(
        state: &SessionState,
        object: &Arc<Object>,
        repeated: Repeated,
        arbiters: Option<&[String]>,
    ) -> Result<Self> {
        let fields = object.schema.fields().iter();
        let lengths = fields.map(|field| object.character_length(field.name()));
        let mut constraints = Self {
            lengths: lengths.collect(),
            checks: Vec::new(),
            keys: Arc::default(),
            object: Arc::clone(object),
        };
        let mut keys = Vec::new();
        for constraint in of(object) {
            match &constraint.rule {
                Rule::Check(condition) => {
                    let check = condition_of(state, &object.schema, constraint, condition)?;
                    constraints.checks.push((constraint.name.clone(), check));
                }
                Rule::Unique {
                    columns,
                    nulls_equal,
                    ..
                } => keys.push(Mutex::new(Key::new(
                    state,
                    object,
                    &constraint.name,
                    columns,
                    *nulls_equal,
                    match arbiters {
                        Some(names) if !names.contains(&constraint.name) => Repeated::Refused,
                        _ => repeated,
                    },
                )?)),
            }
        }
        constraints.keys = Arc::new(keys);
        Ok(constraints)
    }

    /// The rows as the table keeps them. What is left out of them is told by [`Self::kept`].
    ///
    /// # Errors
    /// 23502 for NULL in a column that has none; 22001 for a text that is too long; 23514 for a row
    /// that a check is false of; 23505 for a key that another new row has.
    pub fn check(&self, batch: &RecordBatch) -> QueryResult<RecordBatch> {
        Ok(self.kept(batch)?.0)
    }

    /// [`Self::check`], and where some of the rows are left out, which ones stay.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    pub fn kept(&self, batch: &RecordBatch) -> QueryResult<(RecordBatch, Option<BooleanArray>)> {
        let mut columns = batch.columns().to_vec();
        let fields = self.object.schema.fields();
        for ((column, length), field) in columns.iter_mut().zip(&self.lengths).zip(fields) {
            if let Some(length) = length {
                *column = fit(column, *length).map_err(|error| {
                    let told = format!(
                        "Column \"{}\" of relation \"{}\".",
                        field.name(),
                        self.object.name.name
                    );
                    let error = Error::from(error).with_detail(told);
                    DataFusionError::from(error.with_column(place(&self.object, field.name())))
                })?;
            }
        }
        for (field, column) in fields.iter().zip(batch.columns()) {
            if !field.is_nullable() && column.null_count() > 0 {
                let error = Error::null_in_column(place(&self.object, field.name()));
                return Err(DataFusionError::from(
                    error.with_hint("Give the column a value, or leave such rows out."),
                ));
            }
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.object.schema), columns)?;
        for (name, condition) in &self.checks {
            let held = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
            // As in Postgres, NULL passes.
            if let Some(row) = held
                .as_boolean()
                .iter()
                .position(|held| held == Some(false))
            {
                return Err(self.check_violated(name, &batch, row)?.into());
            }
        }
        let kept = self.take_in(&batch)?;
        match kept.false_count() {
            0 => Ok((batch, None)),
            _ => Ok((filter_record_batch(&batch, &kept)?, Some(kept))),
        }
    }

    /// Takes in the keys of new rows, row by row, and tells which rows stay: one that is left out for
    /// one key counts for none.
    fn take_in(&self, batch: &RecordBatch) -> QueryResult<BooleanArray> {
        let mut keys: Vec<_> = self.keys.iter().map(|key| key.lock()).collect();
        let mut encoded = Vec::with_capacity(keys.len());
        for key in &keys {
            let projected = batch.project(&key.columns)?;
            let columns = projected.columns().to_vec();
            let rows = key.converter.convert_columns(&columns)?;
            encoded.push((columns, rows));
        }
        let mut kept = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let clashes = keys.iter().zip(&encoded).filter(|(key, (columns, rows))| {
                !key.is_apart(columns, row) && key.values.contains(rows.row(row).as_ref())
            });
            // What may be left out is left out, whatever else it clashes with.
            let clash = clashes.min_by_key(|(key, _)| key.repeated != Repeated::LeftOut);
            if let Some((key, (columns, _))) = clash {
                match key.repeated {
                    Repeated::LeftOut => {
                        kept.push(false);
                        continue;
                    }
                    _ => return Err(key.repeats(&self.object, columns, row)?.into()),
                }
            }
            for (key, (columns, rows)) in keys.iter_mut().zip(&encoded) {
                if !key.is_apart(columns, row) {
                    let bytes: Box<[u8]> = rows.row(row).as_ref().into();
                    key.bytes += bytes.len() + ENTRY;
                    key.values.insert(bytes);
                }
            }
            kept.push(true);
        }
        for key in &keys {
            key.memory.try_resize(key.bytes)?;
        }
        Ok(kept.into())
    }

    fn check_violated(&self, name: &str, batch: &RecordBatch, row: usize) -> Result<Error> {
        let values = shown(batch.columns(), row)?;
        Ok(Error::new(
            SqlState::CHECK_VIOLATION,
            format!(
                "new row for relation \"{}\" violates check constraint \"{name}\"",
                self.object.name.name
            ),
        )
        .with_detail(format!("Failing row contains ({values}).")))
    }

    /// What takes part in the commit of the rows: no other table may have come in the place of this
    /// one, and no row that stays may have the key of a new one. `gone` are the rows that go. The
    /// `guard` is kept until the commit has ended, also where nobody waits for it any more.
    pub fn participant(
        &self,
        instance: &Arc<Instance>,
        state: &SessionState,
        gone: Option<Arc<Mutex<Places>>>,
        guard: Option<OwnedMutexGuard<()>>,
    ) -> Arc<dyn Participant> {
        Arc::new(Keeping {
            unchanged: Unchanged {
                instance: Arc::clone(instance),
                object: Arc::clone(&self.object),
            },
            state: state.clone(),
            keys: Arc::clone(&self.keys),
            gone,
            _guard: guard,
        })
    }
}

/// The constraints of a table.
pub fn of(object: &Object) -> &[Constraint] {
    match &object.definition {
        Statement::CreateTable(create) => &create.constraints,
        _ => &[],
    }
}

/// The default of a column.
pub fn default_of<'a>(object: &'a Object, column: &str) -> Option<&'a Expr> {
    match &object.definition {
        Statement::CreateTable(create) => constraint::default_of(&create.columns, column),
        _ => None,
    }
}

fn condition_of(
    state: &SessionState,
    columns: &SchemaRef,
    constraint: &Constraint,
    condition: &Expr,
) -> Result<Arc<dyn PhysicalExpr>> {
    let columns = DFSchema::try_from(Arc::clone(columns))?;
    super::expression::condition(state, &columns, condition.clone(), "CHECK")
        .map_err(|error| error.within(format!("constraint \"{}\"", constraint.name)))
}

/// One key, and the new rows' values of it.
struct Key {
    constraint: String,
    names: Vec<String>,
    columns: Vec<usize>,
    nulls_equal: bool,
    repeated: Repeated,
    converter: RowConverter,
    values: HashSet<Box<[u8]>>,
    bytes: usize,
    memory: MemoryReservation,
}

impl Key {
    fn new(
        state: &SessionState,
        object: &Object,
        constraint: &str,
        names: &[String],
        nulls_equal: bool,
        repeated: Repeated,
    ) -> Result<Self> {
        let columns = names.iter().map(|name| object.schema.index_of(name));
        let columns: Vec<usize> = columns.collect::<Result<_, _>>()?;
        let fields = columns
            .iter()
            .map(|index| SortField::new(object.schema.field(*index).data_type().clone()));
        Ok(Self {
            constraint: constraint.to_owned(),
            names: names.to_vec(),
            converter: RowConverter::new(fields.collect())?,
            columns,
            nulls_equal,
            repeated,
            values: HashSet::new(),
            bytes: 0,
            memory: MemoryConsumer::new(format!("constraint {constraint}"))
                .register(&state.runtime_env().memory_pool),
        })
    }

    /// Whether a row has a NULL that makes its key like no other.
    fn is_apart(&self, columns: &[ArrayRef], row: usize) -> bool {
        !self.nulls_equal && columns.iter().any(|column| column.is_null(row))
    }

    /// The error of a new row that has the key of another new one.
    fn repeats(&self, object: &Object, columns: &[ArrayRef], row: usize) -> Result<Error> {
        let told = "is there more than once";
        if self.repeated != Repeated::Conflicts {
            return self.violated(object, columns, row, told);
        }
        Ok(Error::new(
            SqlState::CARDINALITY_VIOLATION,
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
        )
        .with_detail(self.told(columns, row, told)?)
        .with_hint(
            "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
        ))
    }

    fn violated(
        &self,
        object: &Object,
        columns: &[ArrayRef],
        row: usize,
        told: &str,
    ) -> Result<Error> {
        let constraint = &self.constraint;
        let error = Error::new(
            SqlState::UNIQUE_VIOLATION,
            format!("duplicate key value violates unique constraint \"{constraint}\""),
        );
        let error = error.with_detail(self.told(columns, row, told)?);
        Ok(match self.names.first() {
            Some(first) => error.with_column(place(object, first)),
            None => error,
        })
    }

    fn told(&self, columns: &[ArrayRef], row: usize, told: &str) -> Result<String> {
        let values = shown(columns, row)?;
        Ok(format!(
            "Key ({})=({values}) {told}.",
            self.names.join(", ")
        ))
    }
}

/// What an entry of a set of keys takes beside the key itself, about.
const ENTRY: usize = 64;

/// Values of a row with commas between them.
fn shown(columns: &[ArrayRef], row: usize) -> Result<String> {
    let format = FormatOptions::default().with_null("null");
    let values = columns.iter().map(|column| {
        let shown = ArrayFormatter::try_new(column.as_ref(), &format)?;
        Ok(shown.value(row).to_string())
    });
    Ok(values.collect::<Result<Vec<_>>>()?.join(", "))
}

/// Texts as a column of limited length keeps them.
fn fit(column: &ArrayRef, length: CharacterLength) -> QueryResult<ArrayRef> {
    let mut kept = StringBuilder::with_capacity(column.len(), 0);
    for text in column.as_string::<i32>() {
        kept.append_option(text.map(|text| length.fit(text)).transpose()?);
    }
    Ok(Arc::new(kept.finish()))
}

/// Takes part in a commit of rows.
struct Keeping {
    unchanged: Unchanged,
    state: SessionState,
    keys: Arc<Vec<Mutex<Key>>>,
    gone: Option<Arc<Mutex<Places>>>,
    _guard: Option<OwnedMutexGuard<()>>,
}

#[async_trait]
impl Participant for Keeping {
    async fn prepare(&self, mark: &CommitMark) -> Result<()> {
        self.unchanged.prepare(mark).await?;
        for key in self.keys.iter() {
            self.look_for(key).await?;
        }
        Ok(())
    }
}

impl Keeping {
    /// Looks for rows that stay and have a key of a new one.
    async fn look_for(&self, key: &Mutex<Key>) -> Result<()> {
        let object = &self.unchanged.object;
        let (mut columns, is_empty) = {
            let key = key.lock();
            (key.columns.clone(), key.values.is_empty())
        };
        let table = table_id(object);
        let warehouse = &self.unchanged.instance.warehouse;
        if is_empty || !warehouse.exists(&table).await? {
            return Ok(());
        }
        let width = object.schema.fields().len();
        let count = columns.len();
        columns.extend([width, width + 1]);
        let rows = warehouse.modify(&table).await?.rows()?;
        let plan = rows.scan(&self.state, Some(&columns), &[], None).await?;
        let mut rows = execute_stream(plan, self.state.task_ctx())?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let files = batch.column(count).as_primitive::<UInt32Type>();
            let places = batch.column(count + 1).as_primitive::<Int64Type>();
            let key = key.lock();
            let found = key.converter.convert_columns(&batch.columns()[..count])?;
            for (row, value) in found.iter().enumerate() {
                let goes = || {
                    let gone = self.gone.as_ref().map(|gone| gone.lock());
                    gone.is_some_and(|gone| gone.contains(files.value(row), places.value(row)))
                };
                let columns = &batch.columns()[..count];
                if key.values.contains(value.as_ref()) && !key.is_apart(columns, row) && !goes() {
                    return Err(key.violated(object, columns, row, "already exists")?);
                }
            }
        }
        Ok(())
    }
}

/// A column of a table, as errors name it.
pub fn place(table: &Object, column: &str) -> ColumnPlace {
    ColumnPlace {
        schema: table.name.schema.clone(),
        relation: table.name.name.clone(),
        column: column.to_owned(),
    }
}

/// That the constraints and defaults of a table that is declared can be planned.
///
/// # Errors
/// What planning says, the constraint or the column named.
pub fn validate(state: &SessionState, columns: &SchemaRef, create: &CreateTable) -> Result<()> {
    for constraint in &create.constraints {
        if let Rule::Check(condition) = &constraint.rule {
            condition_of(state, columns, constraint, condition)?;
        }
    }
    for field in columns.fields() {
        let Some(default) = constraint::default_of(&create.columns, field.name()) else {
            continue;
        };
        let expression = ExprWithAlias {
            expr: default.clone(),
            alias: None,
        };
        state
            .create_logical_expr_from_sql_expr(expression, &DFSchema::empty())
            .map_err(|error| {
                Error::from(error).within(format!("default of column \"{}\"", field.name()))
            })?;
    }
    Ok(())
}
