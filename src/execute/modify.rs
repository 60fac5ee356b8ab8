//! What `UPDATE`, `DELETE` and `MERGE` have in common: a query finds the rows that change, by their
//! places, and what becomes of them; one commit takes the old rows out and puts the new ones in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, FieldRef, Int64Type, Schema, SchemaRef, UInt32Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::ViewTable;
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr as Expression, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    TableFactor,
};
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::{insert, query};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, StatementContext};
use crate::models::constraints::{self, Constraints, Repeated};
use crate::models::rejected;
use crate::models::replacement::{self, Unchanged};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sql::assignment::Assignment;
use crate::sql::cursor::fold;
use crate::sql::name::{ObjectName, Quoted};
use crate::sql::returning::Target;
use crate::sql::shown::Shown;
use crate::sql::{QualifiedName, Statement, column_names, parse_one};
use crate::warehouse::{CommitInfo, FILE_COLUMN, Modification, PLACE_COLUMN, Places};

/// What is read in the place of the table where the rows' places are wanted.
const ROWS: &str = "@rows";
/// What is read in the place of the table where its new rows are wanted.
const NEW_ROWS: &str = "@new";

/// What is read in the place of the table where the rows of an `INSERT` are wanted.
const PROPOSED: &str = "@proposed";

/// The name by which expressions know the rows of an `INSERT`.
pub const EXCLUDED: &str = "excluded";

/// The number of a row among those that an `INSERT` proposes.
pub const POSITION: &str = "tributary:position";

/// The columns of the rows' places come first.
const PLACES: usize = 2;

/// What becomes of a row that a statement finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Gone = 0,
    /// It goes, and a new one comes.
    Changed = 1,
    /// A new one comes.
    Added = 2,
}

/// What a statement does with a row that it finds twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// It is changed once.
    Once,
    /// 21000, in these words and with this hint.
    Refused(&'static str, &'static str),
}

/// A table whose rows a statement changes, and the version of it that the statement sees.
pub struct Changing {
    /// The table.
    pub object: Arc<Object>,
    /// The name by which expressions know it.
    pub name: String,
    modification: Modification,
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
    ) -> Result<Self> {
        let object = insert::target(&context.snapshot, search_path, &target.table)?;
        replacement::settle(&instance.catalog, &instance.warehouse, object.oid).await?;
        let modification = instance.warehouse.modify(&table_id(&object)).await?;
        let name = &object.name;
        context.show(name, modification.scan()?);
        context.show(&with_suffix(name, ROWS), modification.rows()?);
        Ok(Self {
            name: target.name().to_owned(),
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
        let names: Vec<String> = assignments.iter().map(|it| it.column.clone()).collect();
        let assigned = self.positions(&names)?;
        let mut values: Vec<String> = self
            .object
            .schema
            .fields()
            .iter()
            .map(|f| self.column(f))
            .collect();
        for (place, assignment) in assigned.into_iter().zip(assignments) {
            values[place] = self.value(place, assignment.value.as_ref());
        }
        Ok(values)
    }

    /// The columns of a row that is put in, of which some are given.
    ///
    /// # Errors
    /// 42703 for a column that the table does not have; 42601 for more values than columns.
    pub fn given_values(&self, columns: &[String], values: &[Option<Expr>]) -> Result<Vec<String>> {
        let width = self.object.schema.fields().len();
        let places = match columns {
            [] if values.len() > width => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "INSERT has more expressions than target columns",
                ));
            }
            [] => (0..values.len()).collect(),
            named => self.positions(named)?,
        };
        let mut row: Vec<String> = (0..width).map(|place| self.value(place, None)).collect();
        for (place, value) in places.into_iter().zip(values) {
            row[place] = self.value(place, value.as_ref());
        }
        Ok(row)
    }

    /// A value of a column as an expression, or the column's default.
    fn value(&self, place: usize, value: Option<&Expr>) -> String {
        let name = self.object.schema.field(place).name();
        match value.or_else(|| constraints::default_of(&self.object, name)) {
            Some(value) => format!("{}", Shown(value)),
            None => "NULL".to_owned(),
        }
    }

    fn positions(&self, columns: &[String]) -> Result<Vec<usize>> {
        let name = &self.object.name.name;
        super::copy::positions(&self.object.schema, columns, name)
    }

    /// Reads a query that was put together of a statement's parts. The table that it changes is read
    /// by these names in its `FROM`, with places or in other forms.
    ///
    /// # Errors
    /// What the parts must not have; 42P01 for a relation that does not exist.
    fn query(
        &self,
        text: &str,
        context: &StatementContext,
        search_path: &[String],
        forms: &[(&str, &str)],
    ) -> Result<Query> {
        let Statement::Query(mut query) = parse_one(text)? else {
            return Err(Error::internal("rows to change are found by a query"));
        };
        plan::resolve_names(&mut query, &context.snapshot, search_path)?;
        let SetExpr::Select(select) = query.body.as_mut() else {
            return Err(Error::internal("rows to change are not selected"));
        };
        let mut names: Vec<String> = Vec::new();
        for table in &mut select.from {
            let joined = table.joins.iter_mut().map(|join| &mut join.relation);
            for factor in std::iter::once(&mut table.relation).chain(joined) {
                let known = match factor {
                    TableFactor::Table {
                        alias: Some(alias), ..
                    }
                    | TableFactor::Derived {
                        alias: Some(alias), ..
                    } => Some(folded(&alias.name)),
                    TableFactor::Table { name, .. } => {
                        name.0.last().and_then(|part| part.as_ident()).map(folded)
                    }
                    _ => None,
                };
                if let Some(known) = known {
                    if names.contains(&known) {
                        return Err(named_twice(&known));
                    }
                    names.push(known);
                }
                if let TableFactor::Table {
                    name,
                    alias: Some(alias),
                    ..
                } = factor
                    && let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut()
                    && let Some((_, suffix)) = forms
                        .iter()
                        .find(|(known, _)| *known == folded(&alias.name))
                    && folded(last) == self.object.name.name
                {
                    *last = Ident::with_quote('"', format!("{}{suffix}", self.object.name.name));
                }
            }
        }
        Ok(*query)
    }

    /// Plans how rows that only go are found: `found` selects their places, and what is answered
    /// of them.
    ///
    /// # Errors
    /// What planning says.
    pub async fn find(
        &self,
        context: &StatementContext,
        search_path: &[String],
        found: &str,
    ) -> Result<Planned> {
        let forms = [(self.name.as_str(), ROWS)];
        let query = self.query(found, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        let answered = plan.schema().fields().len() - PLACES;
        Ok(Planned {
            returning: answer(&plan, &query, answered),
            plan,
            width: 0,
            has_fate: false,
            keys: Vec::new(),
            twice: Twice::Once,
            repeated: Repeated::Refused,
            arbiters: None,
            rejections: None,
        })
    }

    /// Shows the rows that an `INSERT` proposes to the statement, each with its number
    /// ([`POSITION`]) where they are wanted in order.
    ///
    /// # Errors
    /// What planning says.
    pub fn propose(
        &self,
        context: &StatementContext,
        rows: LogicalPlan,
        numbered: bool,
    ) -> Result<()> {
        let rows = match numbered {
            true => with_position(rows)?,
            false => rows,
        };
        let view = ViewTable::new(rows, None);
        context.show(&with_suffix(&self.object.name, PROPOSED), Arc::new(view));
        Ok(())
    }

    /// Plans how rows are found and what becomes of them: `found` selects their places, their
    /// [`Fate`] where it is not that all change, the columns of the new rows, and those of `keys`.
    ///
    /// # Errors
    /// What planning says; 42804 for a value that does not fit its column.
    pub async fn change(
        &self,
        context: &StatementContext,
        search_path: &[String],
        found: &str,
        layout: Layout,
        returning: &[SelectItem],
    ) -> Result<Planned> {
        let mut forms = vec![(self.name.as_str(), ROWS), (EXCLUDED, PROPOSED)];
        forms.extend(layout.more.iter().map(|name| (name.as_str(), ROWS)));
        let query = self.query(found, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        let leading = leading(layout.has_fate);
        let own = plan.schema().fields().to_vec();
        let wanted: Vec<FieldRef> = own
            .iter()
            .enumerate()
            .map(|(index, field)| match index.checked_sub(leading) {
                Some(column) => self.object.schema.fields().get(column).unwrap_or(field),
                None => field,
            })
            .cloned()
            .collect();
        let plan = plan::cast_to(plan, &Arc::new(Schema::new(wanted)))?;
        let width = self.object.schema.fields().len();
        let planned = Planned {
            plan,
            returning: Arc::new(Schema::empty()),
            width,
            has_fate: layout.has_fate,
            keys: layout.keys,
            twice: layout.twice,
            repeated: layout.repeated,
            arbiters: layout.arbiters,
            rejections: None,
        };
        if returning.is_empty() {
            return Ok(planned);
        }
        let columns = own.iter().map(|field| format!("{}", Quoted(field.name())));
        let columns: Vec<String> = columns.collect();
        let name = &self.object.name;
        let view = ViewTable::new(planned.plan, None);
        context.show(&with_suffix(name, NEW_ROWS), Arc::new(view));
        let answered = self.answered(returning)?;
        let text = format!(
            "SELECT {}{answered} FROM {}",
            columns.join(", "),
            self.from()
        );
        let forms = [(self.name.as_str(), NEW_ROWS)];
        let query = self.query(&text, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        let answered = plan.schema().fields().len() - own.len();
        Ok(Planned {
            returning: answer(&plan, &query, answered),
            plan,
            ..planned
        })
    }

    /// `RETURNING` as more items of a `SELECT`, in which `*` is the table's own columns.
    ///
    /// # Errors
    /// 0A000 for `*` of another relation.
    pub fn answered(&self, returning: &[SelectItem]) -> Result<String> {
        let mut text = String::new();
        for item in returning {
            let own = match item {
                SelectItem::Wildcard(options) => *options == Default::default(),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    *options == Default::default()
                        && matches!(name.0.as_slice(), [ObjectNamePart::Identifier(part)]
                            if folded(part) == self.name)
                }
                _ => {
                    text.push_str(&format!(", {item}"));
                    continue;
                }
            };
            if !own {
                return Err(
                    Error::unsupported(format!("RETURNING {item}")).with_hint("Name the columns.")
                );
            }
            for field in self.object.schema.fields() {
                text.push_str(&format!(", {}", self.column(field)));
            }
        }
        Ok(text)
    }

    /// Changes the rows that a plan finds.
    ///
    /// # Errors
    /// What the rows meet; 23502 for NULL in a column that has none; 21000 for a row that is found
    /// twice by a statement that refuses that; 40001 where the table was changed meanwhile.
    pub async fn run(
        self,
        session: &Session,
        context: StatementContext,
        planned: Planned,
        parameters: Vec<ScalarValue>,
        command: &'static str,
        guard: OwnedMutexGuard<()>,
    ) -> Result<Outcome> {
        let state = context.state;
        let pool = Arc::clone(&state.runtime_env().memory_pool);
        let plan = query::bind(planned.plan, parameters, &state)?;
        let found = query::stream(state.clone(), plan).await?;
        let found = match planned.rejections {
            Some(writer) => writer.precede(found),
            None => found,
        };
        let gone = Arc::new(Mutex::new(Places::default()));
        let rows = Arc::new(AtomicU64::new(0));
        let answers = Arc::new(Mutex::new(Answers {
            batches: Vec::new(),
            memory: MemoryConsumer::new(format!("{command} RETURNING")).register(&pool),
        }));
        let constraints = Constraints::new(
            &state,
            &self.object,
            planned.repeated,
            planned.arbiters.as_deref(),
        )?;
        let instance = &session.instance;
        let participant =
            constraints.participant(instance, &state, Some(Arc::clone(&gone)), Some(guard));
        let mut divider = Divider {
            constraints,
            object: Arc::clone(&self.object),
            width: planned.width,
            has_fate: planned.has_fate,
            keys: planned.keys,
            twice: planned.twice,
            returning: Arc::clone(&planned.returning),
            gone: Arc::clone(&gone),
            places: MemoryConsumer::new(format!("{command} rows")).register(&pool),
            rows: Arc::clone(&rows),
            answers: Arc::clone(&answers),
        };
        let new = found.map(move |batch| divider.divide(&batch?));
        let new = RecordBatchStreamAdapter::new(Arc::clone(&self.object.schema), new);
        let info = CommitInfo::new(command);
        self.modification
            .commit(
                Arc::new(state),
                Box::pin(new),
                gone,
                info,
                Some(participant),
            )
            .await?;
        if planned.returning.fields().is_empty() {
            let rows = rows.load(Ordering::Relaxed);
            let of_insert = if command == "INSERT" { "0 " } else { "" };
            return Ok(Outcome::Done(format!("{command} {of_insert}{rows}")));
        }
        let batches = std::mem::take(&mut answers.lock().batches);
        let stream = MemoryStream::try_new(batches, planned.returning, None)?;
        let memory = Arc::clone(&answers);
        let stream = RecordBatchStreamAdapter::new(
            datafusion::physical_plan::RecordBatchStream::schema(&stream),
            stream.inspect(move |_| {
                // The rows are accounted for until the last one is sent.
                let _ = &memory;
            }),
        );
        Ok(Outcome::Rows {
            tag: command,
            stream: Box::pin(stream),
        })
    }

    /// Takes out all rows.
    ///
    /// # Errors
    /// 40001 where the table was changed meanwhile; what the store says.
    pub async fn clear(self, session: &Session, command: &str) -> Result<()> {
        let unchanged = Unchanged {
            instance: Arc::clone(&session.instance),
            object: Arc::clone(&self.object),
        };
        let info = CommitInfo::new(command);
        self.modification
            .clear(info, Some(Arc::new(unchanged)))
            .await?;
        Ok(())
    }
}

/// What a query of [`Changing::change`] selects.
pub struct Layout {
    /// Whether each row has a [`Fate`]; else all change.
    pub has_fate: bool,
    /// The columns by which a row that is found twice is told; they are selected behind the
    /// table's.
    pub keys: Vec<String>,
    /// What becomes of a row that is found twice.
    pub twice: Twice,
    /// What becomes of a new row that has the key of another one.
    pub repeated: Repeated,
    /// The keys that this is for, by the names of their constraints; all where none are named.
    pub arbiters: Option<Vec<String>>,
    /// More names by which the table is read, with places.
    pub more: Vec<String>,
}

impl Layout {
    /// Where all rows that are found change, each once.
    pub const ALL: Self = Self {
        has_fate: false,
        keys: Vec::new(),
        twice: Twice::Once,
        repeated: Repeated::Refused,
        arbiters: None,
        more: Vec::new(),
    };
}

/// A plan that finds rows to change.
pub struct Planned {
    /// The plan.
    pub plan: LogicalPlan,
    /// The columns that the statement answers with.
    pub returning: SchemaRef,
    /// How many columns the new rows have; none where rows only go.
    width: usize,
    has_fate: bool,
    keys: Vec<String>,
    twice: Twice,
    repeated: Repeated,
    arbiters: Option<Vec<String>>,
    /// Writes the rows that sources reject, before the others.
    rejections: Option<rejected::Writer>,
}

impl Planned {
    /// The plan, whose rejected rows are written before the others.
    #[must_use]
    pub fn preceded_by(self, writer: rejected::Writer) -> Self {
        Self {
            rejections: Some(writer),
            ..self
        }
    }
}

/// The error of two relations that expressions would know by one name.
pub fn named_twice(name: &str) -> Error {
    Error::new(
        SqlState::DUPLICATE_ALIAS,
        format!("table name \"{name}\" specified more than once"),
    )
    .with_hint("Give one of them another name with AS.")
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}

/// The last columns of a plan, as Postgres names them.
fn answer(plan: &LogicalPlan, query: &Query, last: usize) -> SchemaRef {
    let schema = column_names::rename(plan::columns(plan), query);
    let skipped = schema.fields().len() - last;
    Arc::new(Schema::new(schema.fields()[skipped..].to_vec()))
}

/// Rows with their numbers as one more column.
fn with_position(rows: LogicalPlan) -> Result<LogicalPlan> {
    let own = rows.schema().columns();
    let numbered = LogicalPlanBuilder::from(rows).window([row_number()])?;
    let Some(number) = numbered.schema().columns().pop() else {
        return Err(Error::internal("rows are numbered in no column"));
    };
    let columns = own.into_iter().map(Expression::Column);
    let number = Expression::Column(number).alias(POSITION);
    Ok(numbered
        .project(columns.chain(std::iter::once(number)))?
        .build()?)
}

fn with_suffix(name: &QualifiedName, suffix: &str) -> QualifiedName {
    QualifiedName::new(&name.schema, format!("{}{suffix}", name.name))
}

/// What is answered of the rows, kept until they are committed.
struct Answers {
    batches: Vec<RecordBatch>,
    memory: MemoryReservation,
}

/// Takes what a query has found apart: places of rows that go, new rows, answers.
struct Divider {
    constraints: Constraints,
    object: Arc<Object>,
    width: usize,
    has_fate: bool,
    keys: Vec<String>,
    twice: Twice,
    returning: SchemaRef,
    gone: Arc<Mutex<Places>>,
    places: MemoryReservation,
    rows: Arc<AtomicU64>,
    answers: Arc<Mutex<Answers>>,
}

impl Divider {
    /// The new rows of a batch.
    fn divide(&mut self, batch: &RecordBatch) -> QueryResult<RecordBatch> {
        let leading = leading(self.has_fate);
        let (mut affected, written) = self.mark(batch, leading)?;
        let new = match self.width {
            0 => RecordBatch::new_empty(Arc::clone(&self.object.schema)),
            width => {
                let columns: Vec<usize> = (leading..leading + width).collect();
                let new = filter_record_batch(&batch.project(&columns)?, &written)?;
                let (new, kept) = self.constraints.kept(&new)?;
                if let Some(kept) = kept {
                    affected = without(&affected, &written, &kept);
                }
                new
            }
        };
        let count = affected.true_count();
        self.rows.fetch_add(count as u64, Ordering::Relaxed);
        if !self.returning.fields().is_empty() && count > 0 {
            let first = leading + self.width + self.keys.len();
            let columns: Vec<usize> = (first..batch.num_columns()).collect();
            let answer = filter_record_batch(&batch.project(&columns)?, &affected)?;
            let answer =
                RecordBatch::try_new(Arc::clone(&self.returning), answer.columns().to_vec())?;
            let mut answers = self.answers.lock();
            answers.memory.try_grow(answer.get_array_memory_size())?;
            answers.batches.push(answer);
        }
        Ok(new)
    }

    /// Which rows of a batch are changed at all, and which of them give a new row.
    fn mark(
        &mut self,
        batch: &RecordBatch,
        leading: usize,
    ) -> QueryResult<(BooleanArray, BooleanArray)> {
        let files = batch.column(0).as_primitive::<UInt32Type>();
        let places = batch.column(1).as_primitive::<Int64Type>();
        let fates = self
            .has_fate
            .then(|| batch.column(2).as_primitive::<Int64Type>());
        let default = if self.width == 0 {
            Fate::Gone
        } else {
            Fate::Changed
        };
        let (mut affected, mut written) = (Vec::new(), Vec::new());
        let mut gone = self.gone.lock();
        for row in 0..batch.num_rows() {
            let fate = fates
                .as_ref()
                .map_or(default as i64, |fates| fates.value(row));
            let is_new =
                fate == Fate::Added as i64 || gone.insert(files.value(row), places.value(row));
            if !is_new && let Twice::Refused(message, hint) = self.twice {
                let error = Error::new(SqlState::CARDINALITY_VIOLATION, message).with_hint(hint);
                return Err(self.naming_key(error, batch, row, leading)?.into());
            }
            affected.push(is_new);
            written.push(is_new && fate != Fate::Gone as i64);
        }
        self.places.try_resize(gone.bytes())?;
        Ok((affected.into(), written.into()))
    }

    fn naming_key(
        &self,
        error: Error,
        batch: &RecordBatch,
        row: usize,
        leading: usize,
    ) -> QueryResult<Error> {
        let first = leading + self.width;
        let mut values = Vec::new();
        for index in 0..self.keys.len() {
            let column = batch.column(first + index);
            let format = FormatOptions::default().with_null("NULL");
            let shown = ArrayFormatter::try_new(column.as_ref(), &format)?;
            values.push(shown.value(row).to_string());
        }
        if values.is_empty() {
            return Ok(error);
        }
        Ok(error.with_detail(format!(
            "Key ({})=({}) of table {} is matched more than once.",
            self.keys.join(", "),
            values.join(", "),
            self.object.name
        )))
    }
}

/// The rows that are affected, without those whose new row is not kept.
fn without(affected: &BooleanArray, written: &BooleanArray, kept: &BooleanArray) -> BooleanArray {
    let mut kept = kept.values().iter();
    let rows = affected.values().iter().zip(written.values().iter());
    rows.map(|(affected, written)| Some(affected && (!written || kept.next() == Some(true))))
        .collect()
}

/// How many columns come before those of the table.
fn leading(has_fate: bool) -> usize {
    PLACES + usize::from(has_fate)
}

/// Keeps others from changing the rows of a table meanwhile.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table.
pub async fn lock(session: &Session, table: &ObjectName) -> Result<OwnedMutexGuard<()>> {
    let snapshot = session.instance.catalog.snapshot();
    let object = insert::target(&snapshot, &session.settings().search_path.0, table)?;
    Ok(session.instance.refresh_locks.lock(object.oid).await)
}
