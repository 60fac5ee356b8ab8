//! `INSERT`: all rows are put in, or none. Columns that are not given get their defaults, and of columns of which
//! attributes or elements are given, the others are NULL. With `ON
//! CONFLICT`, rows whose key is there already change the row that has it, or are left out. As in PostgreSQL, a
//! value becomes one of its column's type where that type's casts allow it in assignments, and is refused
//! elsewhere (42804); so it is with `UPDATE`, `MERGE` and `ON CONFLICT`.
//!
//! In a table with a `unique_key` rows take the place of those with their keys where they are later; the
//! number that is answered is of those, and a notice tells of the others. `RETURNING` answers with the
//! rows that went in, as they are in the table now, those that tell of a deletion included. With `ON
//! CONFLICT`, a row whose key the table shows is left out, or changes the row that has it by hand, as
//! `UPDATE` does, whatever the versions; the others go in as without the clause. In a history there is
//! neither `ON CONFLICT` nor `RETURNING` (0A000).

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{DmlStatement, Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::{DFParserBuilder, Statement as PlannerStatement};
use datafusion::sql::sqlparser::ast::{self, Query, SetExpr};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use futures::StreamExt;

use super::modify::{self, Changing, Planned};
use super::target::Change;
use super::{column_parts, conflict, defaults, query, width};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, LockGuard, StatementContext};
use crate::models::constraints::{
    self, Constraints, Repeated, assigned, check_columns, check_literal,
};
use crate::models::keyed;
use crate::models::rejected::{self, Keep};
use crate::models::replacement::{self, replaced_meanwhile, same_columns};
use crate::models::table_id;
use crate::session::{Outcome, Session, assigned_times, composites, plan, row_functions};
use crate::sources::RejectedRows;
use crate::sql::assignment::is_default;
use crate::sql::changed_rows::GIVEN;
use crate::sql::constraint::Rule;
use crate::sql::insert::Insert;
use crate::sql::name::Parenthesized;
use crate::sql::shown::Shown;
use crate::sql::{
    QualifiedName, Statement, column_names, distinct_literals, parse_one, standard_forms,
};
use crate::warehouse::{At, CommitInfo};

/// Plans the rows of an INSERT: one column for each of the table's, cast to its type. The names in
/// `insert` become full ones, and defaults stand where they are meant.
///
/// # Errors
/// 42809 for what takes no rows; what planning says.
pub async fn plan(
    context: &StatementContext,
    search_path: &[String],
    insert: &mut Insert,
) -> Result<LogicalPlan> {
    let snapshot = &context.snapshot;
    let target = Change::Insert.target(snapshot, search_path, &insert.target.table)?;
    insert.target.table = target.name.clone().into();
    let named = column_parts::whole(&insert.columns);
    super::copy::positions(&target.schema, &named, &target.name.name)?;
    plan::resolve_names(&mut insert.source, snapshot, search_path)?;
    column_parts::gather(context, search_path, insert, &target).await?;
    // What runs later is planned again: what is filled in stays here.
    let mut filled = insert.clone();
    take_first_columns(context, &mut filled, &target).await?;
    filled.columns = keyed::given_names(&target, &filled.columns)?;
    check_values(
        context,
        search_path,
        &filled.columns,
        &filled.source,
        &target,
    )
    .await?;
    defaults::fill(&mut filled, &target, snapshot)?;
    let mut source = filled.source;
    column_names::make_unique(&mut source);
    composites::cast_values(&mut source, &filled.columns, target.schema.fields());
    assigned_times::cast_values(&mut source, &filled.columns, target.schema.fields());
    let views = plan::views(snapshot, &source)?;
    context.plan_views(views).await?;
    let state = &context.state;
    plan::make_rows_plannable(&mut source, state).await?;
    if !matches!(source.body.as_ref(), SetExpr::Values(_)) {
        return apart(state, &filled.columns, source, &target).await;
    }
    // DataFusion refuses NULL in a column that has none, but not by its name.
    let given = QualifiedName::new(&target.name.schema, format!("{}{GIVEN}", target.name.name));
    let nullable = target.schema.fields().iter();
    let nullable = nullable.map(|field| field.as_ref().clone().with_nullable(true));
    let nullable = Schema::new(nullable.collect::<Vec<_>>());
    context.show(&given, Arc::new(EmptyTable::new(Arc::new(nullable))));
    let columns = Parenthesized(&filled.columns);
    let text = format!("INSERT INTO {given}{columns} {}", Shown(source.as_ref()));
    let mut statement = DFParserBuilder::new(text.as_str())
        .with_dialect(&PostgreSqlDialect {})
        .build()?
        .parse_statement()?;
    // As text it is the plain comparison again.
    if let PlannerStatement::Statement(statement) = &mut statement {
        distinct_literals::mark(&mut **statement);
        standard_forms::name_fields_again(&mut **statement);
    }
    let planned = match state.statement_to_plan(statement).await {
        Ok(planned) => planned,
        Err(error) => {
            // DataFusion does not say of what there are too few, columns or values.
            if let Ok(rows) = query::plan(context, &insert.source).await {
                let (given, own) = (rows.schema().fields().len(), target.schema.fields().len());
                width::check(given, insert.columns.len(), own)?;
            }
            return Err(error.into());
        }
    };
    match planned {
        LogicalPlan::Dml(DmlStatement { input, .. }) => {
            plan::complete(Arc::unwrap_or_clone(input), state).await
        }
        other => Err(Error::internal(format!(
            "INSERT was planned as {}",
            other.display()
        ))),
    }
}

/// Plans the rows of a query by itself, and then has them be those of the table.
async fn apart(
    state: &SessionState,
    columns: &[String],
    source: Box<Query>,
    target: &Object,
) -> Result<LogicalPlan> {
    let statement = ast::Statement::Query(source);
    let statement = PlannerStatement::Statement(Box::new(statement));
    let rows = state.statement_to_plan(statement).await?;
    let given = rows.schema().columns();
    let fields = target.schema.fields();
    width::check(given.len(), columns.len(), fields.len())?;
    let place_of = |(place, field): (usize, &FieldRef)| match columns {
        [] => Some(place),
        columns => columns.iter().position(|name| name == field.name()),
    };
    let assigned = fields.iter().enumerate();
    let assigned =
        assigned.filter_map(|(place, field)| Some((place_of((place, field))?, field.as_ref())));
    let asked = constraints::asked(&rows, assigned, target);
    if !asked.is_empty() {
        // Types are those that the query is computed with.
        let rows = plan::complete(rows.clone(), state).await?;
        check_columns(&rows, asked.into_iter(), target, state)?;
    }
    let mut values = Vec::with_capacity(fields.len());
    for (place, field) in fields.iter().enumerate() {
        let place = place_of((place, field));
        values.push(match place.and_then(|place| given.get(place)) {
            Some(column) => Expr::Column(column.clone()).alias(field.name()),
            None => lit(ScalarValue::try_from(field.data_type())?).alias(field.name()),
        });
    }
    let rows = LogicalPlanBuilder::from(rows).project(values)?.build()?;
    plan::complete(plan::cast_to(rows, &target.schema)?, state).await
}

/// That `VALUES` has no functions of many rows, and no values that their columns do not take.
///
/// # Errors
/// 42803, 42P20 and 0A000 for such functions; 42804 for such values.
async fn check_values(
    context: &StatementContext,
    search_path: &[String],
    columns: &[String],
    source: &Query,
    target: &Object,
) -> Result<()> {
    let SetExpr::Values(values) = source.body.as_ref() else {
        return Ok(());
    };
    let fields = target.schema.fields();
    let fields: Vec<&FieldRef> = match columns {
        [] => fields.iter().collect(),
        named => {
            let named = named.iter().filter_map(|name| fields.find(name));
            named.map(|(_, field)| field).collect()
        }
    };
    // Each kind of value once: rows are often alike.
    let mut kinds: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut computed: Vec<&Field> = Vec::new();
    let mut items: Vec<String> = Vec::new();
    for row in &values.rows {
        for (place, (field, value)) in fields.iter().zip(&row.content).enumerate() {
            row_functions::refuse(&context.state, value, "VALUES")?;
            check_literal(target, field, value, &context.snapshot, search_path)?;
            let is_told = constraints::is_literal(value) || is_default(value);
            if !is_told && kinds.insert((place, kind_of(value))) {
                let number = items.len();
                items.push(format!("{} AS \"tributary:value{number}\"", Shown(value)));
                computed.push(field);
            }
        }
    }
    if items.is_empty() {
        return Ok(());
    }
    let Statement::Query(mut query) = parse_one(&format!("SELECT {}", items.join(", ")))? else {
        return Err(Error::internal("values are read by no query"));
    };
    query.with.clone_from(&source.with);
    // What cannot be planned is told of where all values are.
    match plan::query(context, &query).await {
        Ok(plan) => check_columns(
            &plan,
            computed.into_iter().enumerate(),
            target,
            &context.state,
        ),
        Err(_) => Ok(()),
    }
}

/// A value as text, without the literal of which a cast makes one.
fn kind_of(value: &ast::Expr) -> String {
    match value {
        ast::Expr::Cast { expr, .. } if matches!(expr.as_ref(), ast::Expr::Value(_)) => {
            let mut kind = value.clone();
            if let ast::Expr::Cast { expr, .. } = &mut kind {
                **expr = ast::Expr::value(ast::Value::Null);
            }
            Shown(&kind).to_string()
        }
        value => Shown(value).to_string(),
    }
}

/// How an INSERT is run.
pub enum Insertion {
    /// Its rows are added.
    Added(LogicalPlan),
    /// They are held against the table's rows, or answered.
    Changed(Box<(Changing, Planned)>),
}

/// Plans an INSERT.
///
/// # Errors
/// Those of [`plan()`]; 42P10 for a conflict that no key of the table has.
pub async fn insertion(
    instance: &Arc<Instance>,
    context: &StatementContext,
    search_path: &[String],
    insert: &mut Insert,
    parameters: &[ScalarValue],
) -> Result<Insertion> {
    let rows = plan(context, search_path, insert).await?;
    if insert.on_conflict.is_none() && insert.returning.is_empty() {
        return Ok(Insertion::Added(rows));
    }
    let object = Change::Insert.target(&context.snapshot, search_path, &insert.target.table)?;
    if keyed::of(&object)?.is_some_and(|keyed| keyed.has_history()) {
        let (clause, hint) = match insert.on_conflict {
            Some(_) => (
                "ON CONFLICT",
                "Leave it out: all rows of a key stay, each in its interval.",
            ),
            None => (
                "RETURNING",
                "Leave it out, and query the table: other rows of the key may have other intervals now.",
            ),
        };
        let what = format!("{clause} of an INSERT into a table with a history");
        return Err(Error::unsupported(what).with_hint(hint));
    }
    let (target, with) = (&insert.target, insert.source.with.as_ref());
    let changing =
        Changing::begin(instance, context, search_path, target, with, Change::Insert).await?;
    let rows = query::bind(rows, parameters.to_vec(), &context.state)?;
    let rows = assigned(rows, &changing.object, 0, &context.state)?;
    // Of rows with one key the first stays.
    let first_stays = insert
        .on_conflict
        .as_ref()
        .is_some_and(|clause| clause.update.is_none());
    changing.propose(context, rows, first_stays)?;
    let planned = conflict::plan(context, search_path, &changing, insert).await?;
    Ok(Insertion::Changed(Box::new((changing, planned))))
}

/// Values that are fewer than the table's columns are for the first ones, as in Postgres.
async fn take_first_columns(
    context: &StatementContext,
    insert: &mut Insert,
    target: &Object,
) -> Result<()> {
    let own = target.schema.fields();
    let SetExpr::Values(values) = insert.source.body.as_ref() else {
        if insert.columns.is_empty() {
            let given = width::of_query(context, &insert.source).await?;
            width::check(given, 0, own.len())?;
            if given < own.len() {
                let first = own.iter().take(given).map(|field| field.name().clone());
                insert.columns = first.collect();
            }
        }
        return Ok(());
    };
    let Some(given) = values.rows.iter().map(|row| row.len()).max() else {
        return Ok(());
    };
    width::check(given, insert.columns.len(), own.len())?;
    if values.rows.iter().any(|row| row.len() != given) {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "VALUES lists must all be the same length",
        ));
    }
    if insert.columns.is_empty() && given < own.len() {
        let first = own.iter().take(given).map(|field| field.name().clone());
        insert.columns = first.collect();
    }
    Ok(())
}

/// Adds the rows to the table, all or none.
///
/// # Errors
/// What the rows' query meets; those of [`Constraints::check`]; 23505 for a key that is there.
pub async fn execute(
    session: &Session,
    insert: &Insert,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let path = session.settings().search_path.0;
    let snapshot = session.instance.catalog.snapshot();
    let target = Change::Insert.target(&snapshot, &path, &insert.target.table)?;
    let has_keys = constraints::of(&target)
        .iter()
        .any(|constraint| matches!(constraint.rule, Rule::Unique { .. }));
    let held = has_keys || insert.on_conflict.is_some() || !insert.returning.is_empty();
    let guard = match held {
        true => Some(modify::lock(session, Change::Insert, &insert.target.table).await?),
        false => None,
    };
    let context = session.statement();
    let target = Change::Insert.target(&context.snapshot, &path, &insert.target.table)?;
    let (rejections, writer) = rejected::begin(&session.instance, &target, Keep::All, None);
    let rejected = Arc::new(RejectedRows::new(rejections.sender()));
    let context = context.collecting(&rejected);
    let mut insert = insert.clone();
    let instance = &session.instance;
    let outcome = match insertion(instance, &context, &path, &mut insert, &parameters).await? {
        Insertion::Added(plan) => {
            let state = context.state;
            let plan = query::bind(plan, parameters, &state)?;
            let plan = plan::cast_to(plan, &target.schema)?;
            let rows = writer.precede(query::stream(state.clone(), plan).await?);
            let added = append(instance, &state, &target, rows, "INSERT", guard).await?;
            for notice in added.notices {
                session.notice(notice);
            }
            Outcome::Done(format!("INSERT 0 {}", added.rows))
        }
        Insertion::Changed(planned) => {
            let guard = match guard {
                Some(guard) => guard,
                None => modify::lock(session, Change::Insert, &insert.target.table).await?,
            };
            let (changing, planned) = *planned;
            let planned = planned.preceded_by(writer);
            changing
                .run(session, context, planned, parameters, "INSERT", guard)
                .await?
        }
    };
    for notice in rejected.notices() {
        session.notice(notice);
    }
    Ok(outcome)
}

/// What has become of rows that were added to a table.
#[derive(Debug)]
pub struct Added {
    /// How many are there.
    pub rows: u64,
    /// What the client is told of the others.
    pub notices: Vec<Error>,
}

/// Adds rows to a table as one commit. In a keyed one they take the place of those with their keys,
/// where they are later.
///
/// # Errors
/// Those of [`Constraints::check`]; 23505 for a key that is there already; 40001 where the table was
/// replaced meanwhile.
pub async fn append(
    instance: &Arc<Instance>,
    state: &SessionState,
    target: &Arc<Object>,
    rows: SendableRecordBatchStream,
    operation: &'static str,
    guard: Option<LockGuard>,
) -> Result<Added> {
    if keyed::of(target)?.is_some() {
        let guard = match guard {
            Some(guard) => guard,
            None => instance.refresh_locks.lock(target.oid).await?,
        };
        let put = keyed::upsert(instance, state, target, rows, operation, guard).await?;
        return Ok(Added {
            rows: put.upserted.rows,
            notices: put.notices(),
        });
    }
    let constraints = Constraints::new(state, target, Repeated::Refused, None)?;
    let participant = constraints.participant(instance, state, None, guard);
    let keys = constraints.indexed_keys();
    let rows = rows.map(move |batch| constraints.check(&batch?));
    let rows = Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(&target.schema),
        rows,
    ));
    // Rows for columns that a replacement has changed meanwhile are not let in.
    replacement::settle(&instance.catalog, &instance.warehouse, target.oid).await?;
    let info = CommitInfo::new(operation);
    let (warehouse, table) = (&instance.warehouse, table_id(target));
    let added = warehouse.append_keyed(&table, &keys, rows, info, Some(participant));
    let added = added.await;
    let misfits = |error: &Error| error.sqlstate() == SqlState::DATATYPE_MISMATCH;
    if added.as_ref().is_err_and(misfits) {
        // The columns that the rows were made for may not be the table's any more.
        let now = warehouse.schema(&table, At::Latest).await?;
        if !same_columns(&now, &target.schema) {
            return Err(replaced_meanwhile(target));
        }
    }
    Ok(Added {
        rows: added?.rows,
        notices: Vec::new(),
    })
}
