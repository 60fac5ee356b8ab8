//! Planning a statement as far as its parameters and columns.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast;
use parking_lot::Mutex;
use tokio::task::yield_now;
use tributary_udfs::composites::{CompositeKind, given_as};

use super::assigned_parameters::{Assigned, assigned_parameters};
use super::placed_parameters::placed_parameters;
use super::told_parameters::told_parameters;
use super::{Session, composites, declared, enums, plan};
use crate::error::{Error, Result, SqlState};
use crate::execute;
use crate::execute::kept::KeptPlan;
use crate::execute::query::{Planned, Ready};
use crate::sources::RejectedRows;
use crate::sql::parameters::has_parameters;
use crate::sql::qualify::ast_name;
use crate::sql::walk::visit_expressions;
use crate::sql::{Statement, column_names, declared_operands, early_parameters};
use crate::wire::types::PostgresType;

/// A statement ready to run: planned as far as it can be without its parameters.
pub struct Prepared {
    /// What will run, as it was written but for casts of parameters: names mean what they mean when it is run.
    pub statement: Statement,
    /// The types of `$1`, `$2`, ..., inferred where the client declared none.
    pub parameter_types: Vec<DataType>,
    /// The numbers of their types, as clients know them.
    pub parameter_oids: Vec<u32>,
    /// The columns of the answer; `None` where the statement returns no rows.
    pub schema: Option<SchemaRef>,
    /// The command of a statement that writes.
    pub write_command: Option<&'static str>,
    /// Whether the simple protocol gives its rows in binary: those of a binary cursor.
    pub is_binary: bool,
    /// The text that the statement was in, with others where the client has sent them together.
    pub text: Arc<str>,
    /// Whether it is a query that is known to the server, by whose plan it is run as long as it has none of
    /// its own.
    pub is_known: bool,
    /// What a query is run by that is run at once, until that run.
    pub ready: Mutex<Option<Ready>>,
    /// The plan of a query that is run again and again; of `EXECUTE`, that of what it runs.
    pub kept: Mutex<KeptPlan>,
}

impl Prepared {
    /// A statement without parameters, and without an answer as far as is known.
    fn unplanned(
        statement: Statement,
        write_command: Option<&'static str>,
        text: Arc<str>,
    ) -> Self {
        Self {
            statement,
            parameter_types: Vec::new(),
            parameter_oids: Vec::new(),
            schema: None,
            write_command,
            is_binary: false,
            text,
            is_known: false,
            ready: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// Whether to run it takes but a moment, up to where it waits for something.
    pub fn is_brief(&self) -> bool {
        let ready = self.ready.lock().as_ref().map(Ready::is_brief);
        ready.unwrap_or_else(|| self.kept.lock().is_brief())
    }
}

/// When a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// At once, and once alone.
    AtOnce,
    /// Later and again: a plan holds the versions of its tables, so that each run makes its own.
    Later,
}

/// Parameters that one statement may have, as the protocol counts them in 16 bits.
const MAX_PARAMETERS: usize = 65_535;

pub(super) async fn prepare(
    session: &Session,
    mut statement: Statement,
    types: &[Option<DataType>],
    text: Arc<str>,
    wanted: Use,
) -> Result<Prepared> {
    declared_operands::cast(&mut statement, types);
    cast_rows(session, &mut statement, types);
    let write_command = statement.write_command();
    if let Statement::Query(query) = &statement
        && write_command.is_none()
        && (wanted == Use::AtOnce || types.is_empty() && !has_parameters(&statement))
        && let Some(run) = session.known.find(session, query, text.len()).await?
    {
        return Ok(Prepared {
            schema: Some(Arc::clone(run.schema())),
            ready: Mutex::new((wanted == Use::AtOnce).then_some(Ready::Kept(run))),
            is_known: true,
            ..Prepared::unplanned(statement, write_command, text)
        });
    }
    // What is wrong with one is told before that it must not write.
    if wanted == Use::AtOnce && !session.only_reads() && is_planned_as_it_runs(&statement) {
        return Ok(Prepared::unplanned(statement, write_command, text));
    }
    if let Statement::Execute(run) = &statement {
        // It answers as what it names does, which is planned when it is run.
        let named = session.statements.get(&run.name)?.prepared;
        let gives_literals =
            |named: &&Arc<Prepared>| execute::execute::gives_literals(run, &named.parameter_types);
        // What runs later may find another plan then: it holds none, nor the versions of its tables, till then.
        let is_now = wanted == Use::AtOnce;
        let planned = named.as_ref().filter(|_| is_now).filter(gives_literals);
        let write_command = named.as_ref().and_then(|named| named.write_command);
        return Ok(Prepared {
            kept: Mutex::new(planned.map_or_else(KeptPlan::default, |it| it.kept.lock().clone())),
            schema: named.and_then(|named| named.schema.clone()),
            ..Prepared::unplanned(statement, write_command, text)
        });
    }
    if wanted == Use::AtOnce {
        // To plan may take long: it is watched from here on.
        yield_now().await;
    }
    let rejected = Arc::new(RejectedRows::counting());
    let context = session.statement().collecting(&rejected);
    let mut returning = None;
    let mut resolved = None;
    let mut clauses = Vec::new();
    let early = match &statement {
        Statement::Query(_) => BTreeMap::new(),
        changes => early_parameters::types_in(changes),
    };
    let opened = match early.is_empty() {
        true => None,
        false => {
            let mut opened = statement.clone();
            execute::time_travel::leave_open_in(&mut opened);
            Some(opened)
        }
    };
    let plan = match opened.as_ref().unwrap_or(&statement) {
        Statement::Query(query) => {
            let path = session.settings().search_path.0;
            let mut query = query.clone();
            plan::resolve_names(&mut query, &context.snapshot, &path)?;
            resolved = Some(query.clone());
            execute::time_travel::leave_open(&mut query);
            let plan = execute::query::plan(&context, &query).await?;
            Some(plan)
        }
        Statement::Insert(insert) => {
            let path = session.settings().search_path.0;
            let instance = &session.instance;
            let mut insert = insert.clone();
            match execute::insertion(instance, &context, &path, &mut insert, &[]).await? {
                execute::Insertion::Added(plan) => Some(plan),
                execute::Insertion::Changed(planned) => {
                    let (_, planned) = *planned;
                    returning = Some(planned.returning);
                    Some(planned.plan)
                }
            }
        }
        Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
            let path = session.settings().search_path.0;
            let changes = opened.as_ref().unwrap_or(&statement);
            let planned = execute::change(&session.instance, &context, &path, changes).await?;
            returning = Some(planned.returning);
            Some(planned.plan)
        }
        Statement::WithChanges(with) => {
            let plans = Box::pin(execute::with_changes::plan(session, with)).await?;
            clauses.extend(plans.clauses.into_iter().map(|(_, plan, _)| plan));
            returning = plans.returning;
            resolved = plans.query;
            Some(plans.main.0)
        }
        // Its parameters are of what is prepared.
        Statement::Prepare(_) => None,
        other => {
            let mut definition = other.clone();
            if let Some(query) = plan::query_of(&mut definition) {
                refuse_parameters(query)?;
            }
            None
        }
    };
    let path = session.settings().search_path.0;
    let assigned = assigned_parameters(&statement, &context.snapshot, &path);
    let early = match (&statement, &resolved) {
        (Statement::Query(_), Some(query)) => early_parameters::types(query),
        _ => early,
    };
    let plans: Vec<&LogicalPlan> = clauses.iter().chain(&plan).collect();
    let parameter_types = parameter_types(&plans, early, types, &assigned)?;
    let mut compared = BTreeMap::new();
    if !parameter_types.is_empty() {
        for plan in plans.iter().rev() {
            compared.extend(told_parameters(plan, &parameter_types)?);
        }
    }
    if context.snapshot.has_types() {
        for plan in plans.iter().rev() {
            compared.extend(enums::parameters(plan)?);
        }
    }
    let parameter_oids = parameter_oids(&parameter_types, types, &assigned, &compared);
    let parameter_types: Vec<DataType> = parameter_types.iter().map(given_as).collect();
    let mut is_binary = false;
    let schema = match (&statement, &plan, &resolved) {
        (Statement::Query(_) | Statement::WithChanges(_), Some(plan), Some(query)) => {
            let state = &context.state;
            let columns = answer(plan, &parameter_types, query, state)?;
            Some(declared::declare(columns, plan, &context.snapshot))
        }
        (Statement::Fetch(fetch), ..) => {
            let cursor = session.cursors.get(&fetch.cursor)?;
            is_binary = cursor.is_binary;
            (!fetch.moves).then(|| Arc::clone(&cursor.schema))
        }
        _ => match returning.filter(|columns| !columns.fields().is_empty()) {
            Some(columns) => Some(columns),
            None => execute::columns(&statement),
        },
    };
    let ready = match (&statement, plan, &schema) {
        (Statement::Query(_), Some(plan), Some(schema))
            if wanted == Use::AtOnce && parameter_types.is_empty() && write_command.is_none() =>
        {
            let schema = Arc::clone(schema);
            let planned = Planned::of(context.state, schema, plan, rejected);
            Some(Ready::Planned(Box::new(planned)))
        }
        _ => None,
    };
    Ok(Prepared {
        ready: Mutex::new(ready),
        parameter_types,
        parameter_oids,
        schema,
        is_binary,
        ..Prepared::unplanned(statement, write_command, text)
    })
}

/// Whether a statement changes rows, and nothing is to be known of it before it does: it has no parameters
/// and answers with no rows. To plan it beforehand would be to plan it twice.
fn is_planned_as_it_runs(statement: &Statement) -> bool {
    let returning = match statement {
        Statement::Insert(insert) => &insert.returning,
        Statement::Update(update) => &update.returning,
        Statement::Delete(delete) => &delete.returning,
        Statement::Merge(merge) => &merge.returning,
        _ => return false,
    };
    returning.is_empty() && !has_parameters(statement)
}

/// Has parameters that are declared to be rows of composite types, or arrays of these, be cast to them: their
/// values come as texts.
fn cast_rows(session: &Session, statement: &mut Statement, types: &[Option<DataType>]) {
    let kinds = types.iter().enumerate().filter_map(|(index, declared)| {
        let kind = CompositeKind::of(declared.as_ref()?)?;
        Some((format!("${}", index + 1), kind))
    });
    let kinds: Vec<(String, CompositeKind)> = kinds.collect();
    if kinds.is_empty() {
        return;
    }
    let snapshot = session.instance.catalog.snapshot();
    let named = kinds.into_iter().filter_map(|(parameter, kind)| {
        let of = composites::object(&snapshot, kind)?;
        let named = ast::DataType::Custom(ast_name(&of.name), Vec::new());
        let named = match kind.is_array {
            true => {
                ast::DataType::Array(ast::ArrayElemTypeDef::SquareBracket(Box::new(named), None))
            }
            false => named,
        };
        Some((parameter, named))
    });
    execute::prepare::cast_to(statement, &named.collect());
}

/// Only queries and changes of rows take parameters, as in Postgres: a definition would outlive their values.
fn refuse_parameters(query: &ast::Query) -> Result<()> {
    let found = visit_expressions(query, |expression| match expression {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Placeholder(name) => ControlFlow::Break(name.clone()),
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(name) => Err(Error::new(
            SqlState::UNDEFINED_PARAMETER,
            format!("there is no parameter {name}"),
        )
        .with_hint("Only queries, INSERT, UPDATE, DELETE and MERGE take parameters; write the value itself.")),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// The types of `$1` to the last: declared, or inferred, or text as in Postgres.
fn parameter_types(
    plans: &[&LogicalPlan],
    early: BTreeMap<usize, Option<DataType>>,
    declared: &[Option<DataType>],
    assigned: &BTreeMap<usize, Assigned>,
) -> Result<Vec<DataType>> {
    let mut types: Vec<Option<DataType>> = declared.to_vec();
    for (number, wanted) in early {
        if types.len() < number {
            types.resize(number, None);
        }
        if let Some(slot) = types.get_mut(number - 1)
            && slot.is_none()
        {
            *slot = wanted;
        }
    }
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    // What the client has declared may stand where several types are wanted.
    let is_declared = |name: &String| {
        let number = name.trim_start_matches('$').parse::<usize>().ok();
        number.is_some_and(|number| matches!(types.get(number.wrapping_sub(1)), Some(Some(_))))
    };
    let mut are_declared = true;
    for plan in plans {
        are_declared &= plan.get_parameter_names()?.iter().all(is_declared);
    }
    if are_declared {
        let known = types.into_iter();
        return Ok(known.map(|known| known.unwrap_or(DataType::Utf8)).collect());
    }
    let (mut casts, mut found) = (HashMap::new(), HashMap::new());
    for plan in plans.iter().rev() {
        casts.extend(placed_parameters(plan)?);
        for (name, inferred) in plan.get_parameter_types()? {
            let known = found.entry(name).or_insert(None);
            *known = inferred.or_else(|| known.take());
        }
    }
    for (name, inferred) in found {
        let number: usize = name.trim_start_matches('$').parse().unwrap_or(0);
        if number == 0 || number > MAX_PARAMETERS {
            return Err(Error::new(
                SqlState::UNDEFINED_PARAMETER,
                format!("there is no parameter {name}"),
            )
            .with_hint("Parameters are written $1, $2 and so on."));
        }
        if types.len() < number {
            types.resize(number, None);
        }
        if let Some(slot) = types.get_mut(number - 1)
            && slot.is_none()
        {
            let of_column = || assigned.get(&number).map(|it| it.data_type.clone());
            let inferred = inferred.or_else(|| casts.get(&name).cloned());
            *slot = inferred.or_else(of_column);
        }
    }
    Ok(types
        .into_iter()
        .map(|known| known.unwrap_or(DataType::Utf8))
        .collect())
}

/// The numbers of the types of parameters: those of the columns that they are values of, unless they were
/// declared or are of another type elsewhere.
fn parameter_oids(
    types: &[DataType],
    declared: &[Option<DataType>],
    assigned: &BTreeMap<usize, Assigned>,
    compared: &BTreeMap<usize, u32>,
) -> Vec<u32> {
    let oids = types.iter().enumerate().map(|(index, data_type)| {
        let is_declared = declared.get(index).is_some_and(Option::is_some);
        let column = assigned.get(&(index + 1)).filter(|_| !is_declared);
        match column.filter(|it| it.data_type == *data_type && it.oid != 0) {
            Some(column) => column.oid,
            None => match compared.get(&(index + 1)).filter(|_| !is_declared) {
                Some(oid) => *oid,
                None => PostgresType::of(data_type).oid,
            },
        }
    });
    oids.collect()
}

/// The columns that a query answers with, once its parameters have these types.
fn answer(
    plan: &LogicalPlan,
    parameters: &[DataType],
    query: &ast::Query,
    state: &SessionState,
) -> Result<SchemaRef> {
    let nulls = parameters
        .iter()
        .map(ScalarValue::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let plan = execute::query::bind(plan.clone(), nulls, state)?;
    Ok(column_names::rename(plan::columns(&plan), query))
}

/// A schema of one text column, as `SHOW` and `EXPLAIN` answer with.
pub fn text_column(name: &str) -> SchemaRef {
    let field: FieldRef = Arc::new(Field::new(name, DataType::Utf8, true));
    Arc::new(Schema::new(vec![field]))
}
