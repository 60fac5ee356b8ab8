//! Versions of tables and materialized views, and what their commits have changed.
//!
//! A version is one of the numbers that `DESCRIBE HISTORY` lists. A time is whatever can be computed
//! without reading a table, such as `'2026-01-31 12:00'`, which is of the session's time zone, or
//! `now() - interval '1 day'`; it stands for the last version that was committed by then. Both may be
//! parameters of a prepared statement. A time before the first version, or one that is yet to come, and
//! a version whose files `VACUUM` has deleted, are errors (22023).
//!
//! `table_changes` gives the rows that the commits from one version or time to another one have changed,
//! both included, or to the latest: the columns of the relation, then `_change_type` (`insert` or
//! `delete`, and where it has a key `update_preimage` and `update_postimage` too), `_commit_version`
//! (`bigint`) and `_commit_timestamp` (`timestamp with time zone`). Rows that were only moved are not
//! among them. Who has read up to a version reads on from the next, which gives no rows until there is
//! one. Its arguments are texts or parameters, and versions may be numbers.

use std::ops::{ControlFlow, RangeInclusive};

use arrow::array::AsArray as _;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::collect;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Query, TableFactor, TableVersion, Value, ValueWithSpan,
    Visitor, VisitorMut,
};
use futures::future::BoxFuture;

use crate::error::{Error, Result, SqlState};
use crate::models::incremental::changes_with_time as changes;
use crate::session::plan;
use crate::sql::time_travel::FROM_NOW;
use crate::sql::walk::{Visit, VisitMut};
use crate::sql::{Statement, parser, parts, table_changes};

/// The years in which a table can have versions, as far as their moments can be written in its name.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// A moment that was computed.
pub struct Moment {
    /// It.
    pub at: DateTime<Utc>,
    /// Whether it is another one as time passes.
    pub tells_time: bool,
}

/// Puts the moments of versions in the place of what they are computed from.
///
/// # Errors
/// 22007, 22008 and what else computing says; 22004 for NULL; 0A000 for a moment that is read from a
/// table, and for a version that is a parameter.
pub async fn settle(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut found = Moments::default();
    let _ = VisitMut::visit(query, &mut found);
    if let Some(open) = found.open {
        return Err(
            Error::unsupported(format!("the parameter {open} as a version here"))
                .with_hint("Queries take such parameters; write the version itself."),
        );
    }
    let mut computed = Vec::with_capacity(found.written.len());
    for written in &found.written {
        let moment = compute(written, state).await?;
        let from_now = moment.tells_time.then_some(FROM_NOW);
        let text = moment.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        computed.push(text_of(from_now.into_iter().collect::<String>() + &text));
    }
    let _ = VisitMut::visit(query, &mut Put(computed.into_iter()));
    Ok(())
}

/// Leaves versions that depend on parameters open: the columns of a query whose parameters are not known
/// yet are those of now.
pub fn leave_open(query: &mut Query) {
    let _ = VisitMut::visit(query, &mut LeftOpen);
}

/// [`leave_open`] of a statement that changes rows.
pub fn leave_open_in(statement: &mut Statement) {
    let _ = parts::visit_mut(statement, &mut LeftOpen);
}

/// Has relations be read as they are now whose versions depend on parameters.
struct LeftOpen;

impl VisitorMut for LeftOpen {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { version, .. } = factor
            && version.as_ref().is_some_and(is_open)
        {
            *version = None;
        }
        for moment in of_factor(factor) {
            if is_open(moment) {
                *moment = text_of(Utc::now().to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
        }
        ControlFlow::Continue(())
    }
}

fn text_of(text: String) -> Expr {
    Expr::Value(Value::SingleQuotedString(text).with_empty_span())
}

/// A moment that is written as an expression.
///
/// # Errors
/// Those of [`settle`].
pub fn compute<'a>(written: &'a Expr, state: &'a SessionState) -> BoxFuture<'a, Result<Moment>> {
    Box::pin(computed(written, state))
}

async fn computed(written: &Expr, state: &SessionState) -> Result<Moment> {
    if reads(written) {
        return Err(
            Error::unsupported(format!("TIMESTAMP AS OF {written}")).with_hint(
                "Write what needs no table, such as '2026-01-31 12:00' or now() - interval '1 day'.",
            ),
        );
    }
    let plan = planned(written, state).await?;
    let tells_time = changes(state, &plan)?;
    let plan = state.create_physical_plan(&plan).await?;
    let rows = collect(plan, state.task_ctx()).await?;
    let microseconds = rows.iter().find(|batch| batch.num_rows() > 0);
    let microseconds = microseconds.map(|batch| {
        let wanted = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let moments = arrow::compute::cast(batch.column(0), &wanted)?;
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        Ok::<_, Error>(moments.iter().next().flatten())
    });
    let microseconds = microseconds.transpose()?.flatten().ok_or_else(|| {
        Error::new(
            SqlState::NULL_VALUE_NOT_ALLOWED,
            format!("the moment {written} of a version is NULL"),
        )
    })?;
    let at = DateTime::from_timestamp_micros(microseconds);
    let at = at.filter(|at| YEARS.contains(&at.year()));
    let at = at.ok_or_else(|| of_no_table(written, microseconds))?;
    Ok(Moment { at, tells_time })
}

/// The error of a moment that is not among [`YEARS`], or is infinite.
fn of_no_table(written: &Expr, microseconds: i64) -> Error {
    let error = Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("no table has a version of {written}"),
    );
    match microseconds < 0 {
        true => error
            .with_detail("That time is before the first version of any table.")
            .with_hint("DESCRIBE HISTORY lists the versions of a table and their times."),
        false => error
            .with_detail("That time is yet to come.")
            .with_hint("Leave out the time to read the latest version."),
    }
}

/// The plan of a moment that is written as an expression.
///
/// # Errors
/// What planning says.
pub async fn planned(written: &Expr, state: &SessionState) -> Result<LogicalPlan> {
    let cast = format!("SELECT ({written})::timestamptz");
    let Statement::Query(cast) = parser::parse_one(&cast)? else {
        return Err(Error::internal("a cast is no query"));
    };
    plan::over_planned(state, &cast).await
}

/// What the moments of the versions that a query reads are computed from.
pub fn moments(query: &mut Query) -> Vec<Expr> {
    let mut found = Moments::default();
    let _ = VisitMut::visit(query, &mut found);
    found.written
}

/// The moments of a query.
#[derive(Default)]
struct Moments {
    written: Vec<Expr>,
    /// A version or moment with a parameter.
    open: Option<Expr>,
}

impl VisitorMut for Moments {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            version: Some(TableVersion::VersionAsOf(number)),
            ..
        } = factor
            && is_open(number)
        {
            self.open = Some(number.clone());
        }
        for moment in of_factor(factor) {
            if is_open(moment) {
                self.open = Some(moment.clone());
            }
            self.written.push(moment.clone());
        }
        ControlFlow::Continue(())
    }
}

/// Puts moments in the places that [`Moments`] has found.
struct Put(std::vec::IntoIter<Expr>);

impl VisitorMut for Put {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        for place in of_factor(factor) {
            if let Some(moment) = self.0.next() {
                *place = moment;
            }
        }
        ControlFlow::Continue(())
    }
}

/// The moments that a relation's versions are named by. A number stays: it is one already.
fn of_factor(factor: &mut TableFactor) -> Vec<&mut Expr> {
    if table_changes::is_call(factor) {
        let TableFactor::Table {
            args: Some(args), ..
        } = factor
        else {
            return Vec::new();
        };
        let versions = args.args.iter_mut().skip(1).filter_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(version)) => Some(version),
            _ => None,
        });
        return versions
            .filter(|version| !table_changes::is_number(version))
            .collect();
    }
    let TableFactor::Table { version, .. } = factor else {
        return Vec::new();
    };
    match version {
        Some(TableVersion::TimestampAsOf(moment) | TableVersion::ForSystemTimeAsOf(moment)) => {
            vec![moment]
        }
        _ => Vec::new(),
    }
}

/// Whether something has parameters.
fn is_open(expression: &impl Visit) -> bool {
    struct Open;
    impl Visitor for Open {
        type Break = ();

        fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
            match value.value {
                Value::Placeholder(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expression.visit(&mut Open).is_break()
}

/// Whether an expression reads relations.
fn reads(expression: &Expr) -> bool {
    struct Reads;
    impl Visitor for Reads {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    expression.visit(&mut Reads).is_break()
}
