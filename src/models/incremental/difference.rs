//! What a table lacks, and has too much of, among the rows of some keys.
//!
//! The rows that the table has are joined with those that it is to have, equal ones one to one. What is
//! left over goes, or comes; what is equal stays where it is. Equal are rows of one hash, so that little
//! is held in memory of wide ones.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null};
use arrow::datatypes::{Int64Type, SchemaRef, UInt32Type};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, Join, JoinConstraint, LogicalPlan, LogicalPlanBuilder,
    WindowFunctionDefinition, lit,
};
use parking_lot::Mutex;

use super::restrict::Wanted;
use crate::error::{Error, Result, SqlState};
use crate::instance::RowHash;
use crate::warehouse::{FILE_COLUMN, PLACE_COLUMN, Places};

/// What a row is known by, of those that the table has and of those that it is to have.
const OLD_HASH: &str = "tributary:old_hash";
const HASH: &str = "tributary:hash";

/// Which of several equal rows one is.
const NUMBER: &str = "tributary:number";

/// How many rows have the key of one.
const COUNT: &str = "tributary:count";

/// The error of rows that share a key which is to be unique: a full refresh keeps one, and knows which.
#[derive(Clone, Copy, Debug)]
pub struct NotByKey;

impl NotByKey {
    const MESSAGE: &str = "rows share a key";

    /// The error.
    fn error() -> Error {
        Error::new(SqlState::CARDINALITY_VIOLATION, Self::MESSAGE)
    }

    /// Whether this is what ended a refresh.
    pub fn is_cause(error: &Error) -> bool {
        error.sqlstate() == SqlState::CARDINALITY_VIOLATION
            && error.message().ends_with(Self::MESSAGE)
    }
}

/// The names of the columns of rows that come: those of a table may be the same as others.
fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}")).collect()
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// A plan of rows that go, by their places, and rows that come: the two columns of a place, NULL where
/// a row comes; a number, NULL where a row goes; and the columns of the table.
///
/// `table` has the columns of places after its own; `new` are the rows of these keys that it is to have.
/// Where the key is to be unique, the last column tells how many of them have the key of a row that comes.
///
/// # Errors
/// What planning says.
pub fn plan(
    table: Arc<dyn TableProvider>,
    new: LogicalPlan,
    wanted: &Wanted<'_>,
    key: &[String],
    is_unique: bool,
) -> Result<LogicalPlan> {
    let width = new.schema().fields().len();
    let schema = table.schema();
    let new_names = numbered(width);
    let old = LogicalPlanBuilder::scan("old", provider_as_source(table), None)?.build()?;
    let bounds = key
        .iter()
        .enumerate()
        .map(|(place, name)| (Column::new(Some("old"), name), place));
    let old = wanted.only(old, &bounds.collect::<Vec<_>>())?;
    let hash = RowHash::new();
    let own = old.schema().columns().into_iter().take(width);
    let old_hash = hash.of(own.map(Expr::Column)).alias(OLD_HASH);
    let places = [FILE_COLUMN, PLACE_COLUMN]
        .map(|name| Expr::Column(Column::new(Some("old"), name)).alias(name));
    let old = LogicalPlanBuilder::from(old).project([old_hash].into_iter().chain(places))?;
    let own = new.schema().columns();
    let renamed = own
        .into_iter()
        .zip(&new_names)
        .map(|(column, name)| Expr::Column(column).alias(name));
    let new = LogicalPlanBuilder::from(new).project(renamed)?;
    let new_hash = hash.of(new_names.iter().map(|name| column(name)));
    let all = new_names.iter().map(|name| column(name));
    let mut new = new.project(all.chain([new_hash.alias(HASH)]))?;
    let mut count = Vec::new();
    if is_unique {
        let by = key.iter().map(|name| {
            let place = schema.index_of(name)?;
            Ok(column(&new_names[place]))
        });
        let over = Expr::from(WindowFunction::new(
            WindowFunctionDefinition::AggregateUDF(count_udaf()),
            vec![lit(1_i64)],
        ));
        let over = over.partition_by(by.collect::<QueryResult<_>>()?).build()?;
        new = new.window([over.alias(COUNT)])?;
        count.push(COUNT.to_owned());
    }
    let shown = |number: Expr| -> Vec<Expr> {
        [column(FILE_COLUMN), column(PLACE_COLUMN), number]
            .into_iter()
            .chain(new_names.iter().chain(&count).map(|name| column(name)))
            .collect()
    };
    let old_number = format!("{NUMBER}:old");
    let old = number(old, OLD_HASH, &old_number)?;
    let new = number(new, HASH, NUMBER)?;
    let on = vec![
        (column(OLD_HASH), column(HASH)),
        (column(&old_number), column(NUMBER)),
    ];
    let both = Join::try_new(
        Arc::new(old),
        Arc::new(new),
        on,
        None,
        JoinType::Full,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    )?;
    let differs = column(&old_number).is_null().or(column(NUMBER).is_null());
    Ok(LogicalPlanBuilder::from(LogicalPlan::Join(both))
        .filter(differs)?
        .project(shown(column(NUMBER)))?
        .build()?)
}

/// The rows of a plan with the number of each among its equals.
fn number(plan: LogicalPlanBuilder, hash: &str, name: &str) -> Result<LogicalPlan> {
    let function = WindowFunctionDefinition::WindowUDF(row_number_udwf());
    let function = WindowFunction::new(function, Vec::new());
    let over = Expr::from(function)
        .partition_by(vec![column(hash)])
        .build()?;
    Ok(plan.window([over.alias(name)])?.build()?)
}

/// Takes apart what [`plan`] finds.
pub struct Divider {
    /// The columns of the table.
    pub schema: SchemaRef,
    /// The places of rows that go.
    pub gone: Arc<Mutex<Places>>,
    /// The columns that no two rows may share the values of, if any.
    pub key: Option<Vec<usize>>,
    /// The memory of the places.
    pub memory: MemoryReservation,
}

impl Divider {
    /// The rows that come; those that go are added to the others.
    ///
    /// # Errors
    /// 53200 where memory is short.
    pub fn divide(&self, batch: &RecordBatch) -> QueryResult<RecordBatch> {
        let files = batch.column(0).as_primitive::<UInt32Type>();
        let places = batch.column(1).as_primitive::<Int64Type>();
        let mut gone = self.gone.lock();
        for row in 0..batch.num_rows() {
            if files.is_valid(row) {
                gone.insert(files.value(row), places.value(row));
            }
        }
        self.memory.try_resize(gone.bytes())?;
        let comes: BooleanArray = is_not_null(batch.column(2))?;
        let width = self.schema.fields().len();
        let columns: Vec<usize> = (3..3 + width).collect();
        let new = filter_record_batch(&batch.project(&columns)?, &comes)?;
        if let Some(key) = &self.key {
            let counts = batch.column(3 + width).as_primitive::<Int64Type>();
            let is_repeated = (0..batch.num_rows()).any(|row| {
                let has_key = key
                    .iter()
                    .all(|place| batch.column(3 + place).is_valid(row));
                has_key && counts.is_valid(row) && counts.value(row) > 1
            });
            if is_repeated {
                return Err(NotByKey::error().into());
            }
        }
        Ok(RecordBatch::try_new(
            Arc::clone(&self.schema),
            new.columns().to_vec(),
        )?)
    }
}
