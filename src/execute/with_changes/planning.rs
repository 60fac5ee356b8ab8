//! How the parts of a statement are planned that is not run yet.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::sql::sqlparser::ast::Query;

use super::{Moment, parts_of};
use crate::error::{Error, Result, SqlState};
use crate::execute::{self, Insertion, query};
use crate::session::{Session, declared, plan as planner};
use crate::sql::name::Quoted;
use crate::sql::with_changes::WithChanges;
use crate::sql::{Statement, column_names};

/// A part that is planned.
struct PlannedPart {
    plan: LogicalPlan,
    state: SessionState,
    /// The columns that it gives, where it gives rows.
    columns: Option<SchemaRef>,
    /// The query that it is, with its names in full.
    query: Option<Box<Query>>,
}

/// The plans of a statement's parts.
pub struct Plans {
    /// Those of the clauses that are run by themselves, with their names.
    pub clauses: Vec<(String, LogicalPlan, SessionState)>,
    /// That of the statement behind them.
    pub main: (LogicalPlan, SessionState),
    /// The statement, where it is a query.
    pub query: Option<Box<Query>>,
    /// What it returns, where it changes rows.
    pub returning: Option<SchemaRef>,
}

/// Plans the parts of a statement, each over the columns that those before it return.
///
/// # Errors
/// What planning them says.
pub async fn plan(session: &Session, with: &WithChanges) -> Result<Plans> {
    let parts = parts_of(session, with)?;
    let moment = Arc::new(Moment::default());
    let session = session.at(Arc::clone(&moment));
    let mut clauses = Vec::with_capacity(parts.clauses.len());
    for part in &parts.clauses {
        let planned = plan_part(&session, &part.statement).await?;
        if let Some(columns) = planned.columns {
            moment.show(&part.name, Arc::new(EmptyTable::new(columns)), None);
        }
        clauses.push((part.name.clone(), planned.plan, planned.state));
    }
    let main = plan_part(&session, &parts.main).await?;
    Ok(Plans {
        clauses,
        main: (main.plan, main.state),
        returning: match main.query {
            Some(_) => None,
            None => main.columns,
        },
        query: main.query,
    })
}

async fn plan_part(session: &Session, statement: &Statement) -> Result<PlannedPart> {
    let context = session.statement();
    let path = session.settings().search_path.0;
    let instance = &session.instance;
    let (plan, columns, query) = match statement {
        Statement::Query(query) => {
            let mut query = query.clone();
            planner::resolve_names(&mut query, &context.snapshot, &path)?;
            let plan = query::plan(&context, &query).await?;
            let columns = column_names::rename(planner::columns(&plan), &query);
            let columns = declared::declare(columns, &plan, &context.snapshot);
            (plan, Some(columns), Some(query))
        }
        Statement::Insert(insert) => {
            let mut insert = insert.clone();
            match execute::insertion(instance, &context, &path, &mut insert, &[]).await? {
                Insertion::Added(plan) => (plan, None, None),
                Insertion::Changed(planned) => {
                    let (_, planned) = *planned;
                    (planned.plan, Some(planned.returning), None)
                }
            }
        }
        change => {
            let planned = execute::change(instance, &context, &path, change).await?;
            (planned.plan, Some(planned.returning), None)
        }
    };
    Ok(PlannedPart {
        plan,
        state: context.state,
        columns: columns.filter(|columns| !columns.fields().is_empty()),
        query,
    })
}

/// How the rows of a part will be found.
pub struct ClausePlan {
    /// The name of its clause; none for the statement behind these.
    pub clause: Option<String>,
    /// Its plan.
    pub plan: Arc<dyn ExecutionPlan>,
}

/// How the rows of the parts will be found.
///
/// # Errors
/// Those of [`plan`]; 42P02 for a parameter.
pub async fn explained(session: &Session, with: &WithChanges) -> Result<Vec<ClausePlan>> {
    let plans = plan(session, with).await?;
    let clauses = plans.clauses.into_iter();
    let clauses = clauses.map(|(name, plan, state)| (Some(name), plan, state));
    let (plan, state) = plans.main;
    let mut all = Vec::new();
    for (clause, plan, state) in clauses.chain([(None, plan, state)]) {
        if let Some(name) = plan.get_parameter_names()?.into_iter().next() {
            let message = format!("there is no parameter {name}");
            return Err(Error::new(SqlState::UNDEFINED_PARAMETER, message));
        }
        let plan = query::physical(state, plan).await?;
        all.push(ClausePlan { clause, plan });
    }
    Ok(all)
}

/// Plans, a line for each operator.
pub fn lines(plans: &[ClausePlan], verbose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for ClausePlan { clause, plan } in plans {
        let shown = displayable(plan.as_ref()).indent(verbose).to_string();
        match clause {
            Some(name) => {
                lines.push(format!("WITH {}", Quoted(name)));
                lines.extend(shown.lines().map(|line| format!("  {line}")));
            }
            None => lines.extend(shown.lines().map(str::to_owned)),
        }
    }
    lines
}
