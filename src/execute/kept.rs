//! Plans of prepared queries that are kept from one run to the next.
//!
//! A plan holds the versions of its tables and much of what a session may change. One is kept only
//! where it can be told, at each run, that planning anew would give the same: the catalog, the
//! settings and the versions of all tables must be those that it was made with, and no function in it
//! may answer otherwise at another time. Parameters stay open in it, as sides of comparisons with
//! columns, where their values decide nothing about the plan.
//!
//! One that asks the catalog, by system views or by functions, asks it anew at each run, as the session
//! that runs it. What of that was computed as the plan was made must follow from the catalog, the settings
//! and the role alone: whoever was asked then tells whether it does ([`SystemSources::has_told_more`]). Where
//! all does that it has asked as it ran, its rows are kept too (`answers`).
//!
//! Queries of the simple protocol have no parameters and are not prepared; those that come again in
//! the same form are known (`known`), whoever sends them, and so are their texts (`texts`).

mod answers;
mod eligible;
mod known;
mod point;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast;
use parking_lot::Mutex;

pub use self::known::{KnownQueries, LastPlace, Run};
use self::point::PointQuery;
use super::{query, small};
use crate::catalog::Snapshot;
use crate::catalog::pg_catalog::{self, StatementCatalog};
use crate::catalog::system::{self, SYSTEM_SCHEMA, SystemSources, SystemTable};
use crate::config::SessionSettings;
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::models::resolution::LookedUp;
use crate::session::{Prepared, Session, declared, open_literals, plan};
use crate::sql::{QualifiedName, Statement, column_names, early_parameters, references};
use crate::warehouse::TableId;

/// What is known of a prepared query's plan.
#[derive(Clone, Default)]
pub enum KeptPlan {
    /// The query was not run: many are once alone.
    #[default]
    Unused,
    /// It was run, and may be again.
    Used,
    /// It cannot be kept.
    Impossible,
    /// It is kept.
    Kept(Arc<Kept>),
}

/// Where the kept plans of a session run: what is common to those that were made with the same
/// catalog and settings, for it is large.
struct Environment {
    state: SessionState,
    /// The state of plans of few rows.
    in_one_piece: OnceLock<SessionState>,
    task: Arc<TaskContext>,
    snapshot: Arc<Snapshot>,
    settings: SessionSettings,
    /// The number that the session had for these settings, once they were compared.
    settings_number: AtomicU64,
}

/// The environment of a session's plans.
#[derive(Default)]
pub struct Environments(Mutex<Option<Arc<Environment>>>);

impl Environments {
    /// The environment of now: the one that is known, or this one.
    fn share(&self, now: Environment) -> Arc<Environment> {
        let mut known = self.0.lock();
        match &*known {
            Some(known) if known.is_of(&now.snapshot, &now.settings) => Arc::clone(known),
            _ => Arc::clone(known.insert(Arc::new(now))),
        }
    }
}

impl Environment {
    fn in_one_piece(&self) -> &SessionState {
        self.in_one_piece.get_or_init(|| {
            let mut state = self.state.clone();
            small::in_one_piece(&mut state);
            state
        })
    }

    /// Whether a session has its settings.
    fn is_under_settings(&self, session: &Session) -> bool {
        let number = session.settings_number();
        if self.settings_number.load(Ordering::Relaxed) == number {
            return true;
        }
        let is_same = session.has_settings(&self.settings);
        if is_same {
            self.settings_number.store(number, Ordering::Relaxed);
        }
        is_same
    }

    fn is_of(&self, snapshot: &Arc<Snapshot>, settings: &SessionSettings) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot) && self.settings == *settings
    }
}

/// A plan for many runs.
pub struct Kept {
    /// Another one for each that is ever kept.
    number: u64,
    environment: Arc<Environment>,
    /// Optimized, with parameters open.
    plan: LogicalPlan,
    point: Option<PointQuery>,
    /// The role that it was made for, where it asks the catalog: it is run as whoever runs it asks.
    asker: Option<String>,
    /// Whether no expression of it can take long.
    is_brief: bool,
    /// Whether it is of few rows.
    is_small: bool,
    /// The columns, as the client knows them.
    schema: SchemaRef,
    parameters: Vec<DataType>,
    tables: Vec<(TableId, i64)>,
}

impl KeptPlan {
    /// Whether there is one that [is brief](Kept::is_brief).
    pub fn is_brief(&self) -> bool {
        matches!(self, Self::Kept(kept) if kept.is_brief)
    }
}

/// The plan of a query for a run with these parameters, if one is kept that is right.
///
/// # Errors
/// What looking at its tables says.
pub async fn plan_for(
    session: &Session,
    prepared: &Prepared,
    query: &ast::Query,
    parameters: &[ScalarValue],
) -> Result<Option<Arc<Kept>>> {
    if !reads_as_all_do(session) {
        return Ok(None);
    }
    let kept = {
        let mut kept = prepared.kept.lock();
        match &*kept {
            KeptPlan::Unused => {
                *kept = KeptPlan::Used;
                return Ok(None);
            }
            KeptPlan::Impossible => return Ok(None),
            KeptPlan::Used => None,
            KeptPlan::Kept(kept) => Some(Arc::clone(kept)),
        }
    };
    let kept = match kept {
        Some(kept) if kept.holds(session).await? => Some(kept),
        _ => {
            // What is wrong is told by who plans it anew.
            let making = Making {
                context: session.statement(),
                settings: session.settings(),
                role: session.role(),
                environments: &session.environments,
            };
            let types = Some(prepared.parameter_types.as_slice());
            let made = Box::pin(making.of(query, types)).await.ok().flatten();
            let made = made.map(Arc::new);
            *prepared.kept.lock() = match &made {
                Some(kept) => KeptPlan::Kept(Arc::clone(kept)),
                None => KeptPlan::Impossible,
            };
            made
        }
    };
    Ok(kept.filter(|kept| kept.takes(parameters)))
}

/// Whether a statement of now sees what any other session does. Within a block that has written, or reads
/// by a snapshot, it may see what nobody else does, and a definition that is about to be replaced is
/// looked at by each run.
fn reads_as_all_do(session: &Session) -> bool {
    let catalog = &session.instance.catalog;
    let replaces = catalog.snapshot().all_prepared().next().is_some();
    !replaces && !catalog.is_staged() && session.sees_what_all_do()
}

/// Whether a query reads, itself or through views, what is neither an object nor a system view: of that
/// more is to be known than the catalog and the versions of tables.
fn reads_more(snapshot: &Snapshot, query: &ast::Query) -> Result<bool> {
    for name in references::of_query(query)? {
        let full = QualifiedName::new(name.schema.unwrap_or_default(), name.name);
        let Some(object) = snapshot.relation(&full) else {
            if is_system_view(&full) {
                continue;
            }
            return Ok(true);
        };
        if let Statement::CreateView(view) = &object.definition
            && reads_more(snapshot, &view.query)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_system_view(name: &QualifiedName) -> bool {
    match pg_catalog::schema(&name.schema) {
        Some(views) => views.get(&name.name).is_some(),
        None => name.schema == SYSTEM_SCHEMA && system::view(&name.name).is_some(),
    }
}

/// Where a plan is made to be kept.
struct Making<'a> {
    context: StatementContext,
    settings: SessionSettings,
    /// By whose rights the catalog is asked.
    role: String,
    environments: &'a Environments,
}

impl Making<'_> {
    /// The plan of a query with parameters of these types; where none are given, of those of the
    /// columns that they stand beside.
    async fn of(self, query: &ast::Query, types: Option<&[DataType]>) -> Result<Option<Kept>> {
        let Self {
            context,
            settings,
            role,
            environments,
        } = self;
        let snapshot = Arc::clone(&context.snapshot);
        let mut query = query.clone();
        plan::resolve_names(&mut query, &snapshot, &settings.search_path.0)?;
        if !early_parameters::are_of_plain_records(&query) || reads_more(&snapshot, &query)? {
            return Ok(None);
        }
        let plan = query::plan(&context, &query).await?;
        let parameters = match types {
            Some(types) => types.to_vec(),
            None => match known::parameter_types(&plan, &early_parameters::types(&query))? {
                Some(types) => types,
                None => return Ok(None),
            },
        };
        let plan = typed(plan, &parameters)?;
        let is_steady = eligible::is_steady(&plan)?;
        // Nothing that it would compute has a row to be computed for.
        let is_empty = pg_catalog::never_has_rows(&query);
        let is_known = is_steady || eligible::is_steady_as_asked(&plan)?;
        let is_plain = types.is_some() || eligible::are_plain(&plan, &parameters)?;
        if !is_empty && (!is_known || !is_plain || eligible::may_read_now(&plan)?) {
            return Ok(None);
        }
        let is_brief = eligible::is_brief(&plan)?;
        let told = column_names::rename(plan::columns(&plan), &query);
        let schema = declared::declare(told, &plan, &snapshot);
        let state = context.state;
        let plan = state.optimize(&query::as_told(plan)?)?;
        let Some(tables) = eligible::tables(&plan)? else {
            return Ok(None);
        };
        let asks = !is_empty && (!is_steady || eligible::reads_system(&plan)?);
        // What was computed of it is part of the plan.
        if asks && StatementCatalog::of(state.config_options())?.has_told_more() {
            return Ok(None);
        }
        let columns = plan::columns(&plan);
        if column_types(&columns) != column_types(plan.schema().inner())
            || column_types(&columns) != column_types(&schema)
            || !eligible::is_open_in_comparisons(&plan)?
        {
            return Ok(None);
        }
        let point = match asks {
            true => None,
            false => PointQuery::of(&plan, &state)?,
        };
        Ok(Some(Kept {
            number: next_number(),
            asker: asks.then_some(role),
            is_brief: is_brief && point.is_some(),
            is_small: small::is_small(&plan, &state),
            point,
            environment: environments.share(Environment {
                task: state.task_ctx(),
                in_one_piece: OnceLock::new(),
                state,
                snapshot,
                settings,
                settings_number: AtomicU64::default(),
            }),
            plan,
            schema,
            parameters,
            tables,
        }))
    }
}

impl Kept {
    /// Whether planning anew would give the same.
    async fn holds(&self, session: &Session) -> Result<bool> {
        let instance = &session.instance;
        let snapshot = instance.catalog.snapshot();
        let environment = &self.environment;
        if !Arc::ptr_eq(&environment.snapshot, &snapshot)
            || !environment.is_under_settings(session)
            || !self.is_of_asker(session)
        {
            return Ok(false);
        }
        self.reads_latest(instance).await
    }

    /// Whether what it asks the catalog is asked by the same rights.
    fn is_of_asker(&self, session: &Session) -> bool {
        let mut asker = self.asker.iter();
        asker.all(|role| session.has_role(role))
    }

    /// Whether its tables have the versions that it reads.
    async fn reads_latest(&self, instance: &Instance) -> Result<bool> {
        for (table, version) in &self.tables {
            if !instance.warehouse.is_latest(table, *version).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn takes(&self, parameters: &[ScalarValue]) -> bool {
        let given = parameters.iter().map(ScalarValue::data_type);
        given.eq(self.parameters.iter().cloned())
    }

    /// Whether it is run, or planned anew, within a moment, but for what it waits for.
    pub fn is_brief(&self) -> bool {
        self.is_brief
    }

    /// Begins to run it, for a session.
    ///
    /// # Errors
    /// What the planner and the first batch say.
    pub async fn rows(
        &self,
        session: &Session,
        parameters: &[ScalarValue],
    ) -> Result<SendableRecordBatchStream> {
        let state = &self.environment.state;
        if let Some(point) = &self.point
            && let Some(rows) = point.rows(state, parameters).await?
        {
            return Ok(query::named(at_once(rows), &self.schema));
        }
        let rows = match self.asker {
            Some(_) => Box::pin(self.asked_rows(session, parameters)).await?,
            None => Box::pin(self.planned_rows(parameters)).await?,
        };
        Ok(query::named(rows, &self.schema))
    }

    /// Its rows by operators.
    async fn planned_rows(&self, parameters: &[ScalarValue]) -> Result<SendableRecordBatchStream> {
        let environment = &self.environment;
        let state = match self.is_small {
            true => environment.in_one_piece(),
            false => &environment.state,
        };
        let plan = self.bound(parameters, None)?;
        let planner = state.query_planner();
        let physical = planner.create_physical_plan(&plan, state).await?;
        Ok(execute_stream(physical, Arc::clone(&environment.task))?)
    }

    /// Its rows as they are known, or by operators that ask the catalog as a statement of the session does
    /// which begins now.
    async fn asked_rows(
        &self,
        session: &Session,
        parameters: &[ScalarValue],
    ) -> Result<SendableRecordBatchStream> {
        let answers = session.known.answers();
        let run = (self.number, parameters.to_vec());
        if let Some(rows) = answers.of(&run) {
            return Ok(rows);
        }
        let snapshot = Arc::clone(&self.environment.snapshot);
        let mut state = session.statement_of(snapshot).state;
        if self.is_small {
            small::in_one_piece(&mut state);
        }
        let asked = StatementCatalog::find(state.config_options())?;
        let plan = self.bound(parameters, Some(&asked.0))?;
        let planner = state.query_planner();
        let physical = planner.create_physical_plan(&plan, &state).await?;
        let rows = execute_stream(physical, state.task_ctx())?;
        Ok(answers.keeping(run, rows, Arc::clone(&asked.0)))
    }

    /// The plan with values in the place of parameters, and system views that are made of these sources.
    fn bound(
        &self,
        parameters: &[ScalarValue],
        sources: Option<&Arc<dyn SystemSources>>,
    ) -> Result<LogicalPlan> {
        let plan = self.plan.clone().transform_up_with_subqueries(|node| {
            let node = with_record(node, parameters)?;
            let node = node.transform_data(|node| over_sources(node, sources))?;
            node.transform_data(|node| {
                node.map_expressions(|expression| with_values(expression, parameters))
            })
        })?;
        Ok(plan.data)
    }
}

/// The rows of an optimized plan that reads few by their key, or none of a table: they are computed
/// at once, which is less work than to plan how.
///
/// # Errors
/// What reading and computing them says.
pub async fn few_rows(
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<Option<SendableRecordBatchStream>> {
    if !eligible::is_steady(plan)? {
        return Ok(None);
    }
    Ok(match PointQuery::of(plan, state)? {
        Some(point) => point.rows(state, &[]).await?.map(at_once),
        None => None,
    })
}

/// The number of the next plan that is kept.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn at_once(rows: RecordBatch) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let rows = futures::stream::once(std::future::ready(Ok(rows)));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

fn column_types(schema: &SchemaRef) -> Vec<DataType> {
    let fields = schema.fields().iter();
    fields.map(|field| field.data_type().clone()).collect()
}

/// A plan whose open parameters have these types.
fn typed(plan: LogicalPlan, types: &[DataType]) -> Result<LogicalPlan> {
    let typed = plan.transform_up_with_subqueries(|node| {
        node.map_expressions(|expression| {
            expression.transform_up(|expression| {
                let Expr::Placeholder(placeholder) = &expression else {
                    return Ok(Transformed::no(expression));
                };
                let Some(known) = index(placeholder).and_then(|index| types.get(index)) else {
                    return Ok(Transformed::no(expression));
                };
                let field = Field::new(&placeholder.id, known.clone(), true);
                let field = match &placeholder.field {
                    Some(own) => field.with_metadata(open_literals::mark(own)),
                    None => field,
                };
                let id = placeholder.id.clone();
                let typed = Placeholder::new_with_field(id, Some(Arc::new(field)));
                Ok(Transformed::yes(Expr::Placeholder(typed)))
            })
        })?
        .map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(typed.data)
}

/// An expression with values in the place of parameters.
fn with_values(
    expression: Expr,
    values: &[ScalarValue],
) -> datafusion::error::Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        let Expr::Placeholder(placeholder) = &expression else {
            return Ok(Transformed::no(expression));
        };
        Ok(
            match index(placeholder).and_then(|index| values.get(index)) {
                Some(value) => {
                    let value = open_literals::given(placeholder, value)?;
                    Transformed::yes(Expr::Literal(value, None))
                }
                None => Transformed::no(expression),
            },
        )
    })
}

/// A node of a plan with values in the place of parameters of the record that it looks up.
fn with_record(
    node: LogicalPlan,
    values: &[ScalarValue],
) -> datafusion::error::Result<Transformed<LogicalPlan>> {
    let LogicalPlan::TableScan(scan) = &node else {
        return Ok(Transformed::no(node));
    };
    let provider = source_as_provider(&scan.source)?;
    let Some(lookup) = LookedUp::of(&provider) else {
        return Ok(Transformed::no(node));
    };
    let mut scan = scan.clone();
    scan.source = provider_as_source(Arc::new(lookup.with(values)));
    Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
}

/// A node of a plan whose system view is made of these sources, where some are given.
fn over_sources(
    node: LogicalPlan,
    sources: Option<&Arc<dyn SystemSources>>,
) -> datafusion::error::Result<Transformed<LogicalPlan>> {
    let (LogicalPlan::TableScan(scan), Some(sources)) = (&node, sources) else {
        return Ok(Transformed::no(node));
    };
    let provider = source_as_provider(&scan.source)?;
    let Some(view) = SystemTable::of(&provider) else {
        return Ok(Transformed::no(node));
    };
    let mut scan = scan.clone();
    scan.source = provider_as_source(Arc::new(view.over(sources)));
    Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
}

/// The place of a parameter among all, from 0.
fn index(placeholder: &Placeholder) -> Option<usize> {
    let number = placeholder.id.strip_prefix('$')?;
    number.parse::<usize>().ok()?.checked_sub(1)
}
