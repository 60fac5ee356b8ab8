//! Literals of dates and moments in definitions, as they were read when these were made.
//!
//! Which day `01/02/2024` is depends on the session's `DateStyle`, and which moment `2024-01-01 00:00`
//! is on its `TimeZone`. As in PostgreSQL, a definition keeps what was meant: the literal is written in
//! the form of ISO 8601, a moment in UTC, which all sessions read alike. Which literals are read as such
//! is told by the plan; what all read alike stays as it is written. `now` and `today` are the moment and
//! the day on which the definition was made, while `now()` and `current_date` go on.
//!
//! What a file of a project defines is read by the settings of the server that takes it in, and kept with
//! what stands in the place of which literal: that is put into the file's text when the two are compared,
//! so that a file that has not changed defines nothing anew, whatever the settings are by then.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Datelike as _};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, cast};
use datafusion::sql::sqlparser::ast::{self, Value};

use super::expression;
use crate::catalog::{KeptLiterals, Snapshot};
use crate::config::SessionSettings;
use crate::error::Result;
use crate::execute::time_travel;
use crate::instance::{Asker, Instance, Reading};
use crate::session::plan;
use crate::sql::Statement;
use crate::sql::walk::{VisitMut, visit_expressions_mut};

/// Words that are another day, moment or time each time they are read.
const MOVING: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

const SECONDS_OF_A_DAY: i64 = 86_400;

/// Keeps the literals of an object that reads others by a query, all names of which are in full. Answers
/// what stands in their place now.
///
/// # Errors
/// What planning the query says.
pub async fn keep(
    instance: &Arc<Instance>,
    snapshot: &Arc<Snapshot>,
    settings: &SessionSettings,
    definition: &mut Statement,
) -> Result<KeptLiterals> {
    let Some(Parts {
        query,
        columns,
        conditions,
    }) = Parts::of(definition)
    else {
        return Ok(KeptLiterals::new());
    };
    let texts = texts_of(query);
    if texts.is_empty() && conditions.is_empty() {
        return Ok(KeptLiterals::new());
    }
    let snapshot = Arc::clone(snapshot);
    let context = instance.statement_of(&Asker::server(), snapshot, settings, Reading::Shape);
    let state = &context.state;
    let plan = match columns {
        Some(columns) => plan::definition(&context, query, columns).await?,
        None => plan::query(&context, query).await?,
    };
    let mut reads = Reads::default();
    for moment in time_travel::moments(query) {
        reads.see_plan(&time_travel::planned(&moment, state).await?)?;
    }
    reads.see_plan(&plan)?;
    let kept_in_query = reads.kept(state, &texts);
    write(query, &kept_in_query);
    let mut kept = vec![kept_in_query];
    if !conditions.is_empty() {
        let known = DFSchema::try_from(plan::columns(&plan))?;
        for condition in conditions {
            let texts = texts_of(condition);
            kept.push(write_kept(state, &known, condition, None, &texts));
        }
    }
    match kept.iter().all(BTreeMap::is_empty) {
        true => Ok(KeptLiterals::new()),
        false => Ok(kept),
    }
}

/// Puts into a definition as it is written what stands in the place of its literals.
pub fn put(definition: &mut Statement, kept: &KeptLiterals) {
    let Some(Parts {
        query, conditions, ..
    }) = Parts::of(definition)
    else {
        return;
    };
    let mut kept = kept.iter();
    if let Some(kept) = kept.next() {
        write(query, kept);
    }
    for (condition, kept) in conditions.into_iter().zip(kept) {
        write(condition, kept);
    }
}

/// What of a definition literals are kept of.
struct Parts<'a> {
    query: &'a mut ast::Query,
    /// The names that it gives to the columns of its query; none for a check, which needs none.
    columns: Option<&'a [String]>,
    /// Those of its expectations.
    conditions: Vec<&'a mut ast::Expr>,
}

impl<'a> Parts<'a> {
    fn of(definition: &'a mut Statement) -> Option<Self> {
        Some(match definition {
            Statement::CreateView(create) => Self {
                query: &mut create.query,
                columns: Some(&create.columns),
                conditions: Vec::new(),
            },
            Statement::CreateMaterializedView(create) => {
                let expectations = create.expectations.iter_mut();
                Self {
                    query: &mut create.query,
                    columns: Some(&create.columns),
                    conditions: expectations.map(|it| &mut it.condition).collect(),
                }
            }
            Statement::CreateModel(create) => Self {
                query: &mut create.query,
                columns: Some(&[]),
                conditions: Vec::new(),
            },
            Statement::CreateCheck(create) => Self {
                query: &mut create.query,
                columns: None,
                conditions: Vec::new(),
            },
            _ => return None,
        })
    }
}

/// Keeps the literals of an expression over columns that are known; one that is `assigned` to a column
/// of a type is cast to it.
pub fn in_expression(
    state: &SessionState,
    known: &DFSchema,
    written: &mut ast::Expr,
    assigned: Option<&DataType>,
) {
    let texts = texts_of(written);
    write_kept(state, known, written, assigned, &texts);
}

/// [`in_expression`] of these literals.
fn write_kept(
    state: &SessionState,
    known: &DFSchema,
    written: &mut ast::Expr,
    assigned: Option<&DataType>,
    texts: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    if texts.is_empty() {
        return BTreeMap::new();
    }
    // What is planned in another way, as calls of users' functions are, is left as it is written.
    let Ok(planned) = expression::value(state, known, written.clone(), "a definition") else {
        return BTreeMap::new();
    };
    let planned = match assigned {
        Some(assigned) if Kind::of(assigned).is_some() => cast(planned, assigned.clone()),
        _ => planned,
    };
    let mut reads = Reads::default();
    if reads.see(&planned).is_err() {
        return BTreeMap::new();
    }
    let kept = reads.kept(state, texts);
    write(written, &kept);
    kept
}

/// The literals that may be dates or moments.
fn texts_of(written: &mut impl VisitMut) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for_each_text(written, &mut |text| {
        if is_moving(text) || text.contains(|letter: char| letter.is_ascii_digit()) {
            texts.insert(text.clone());
        }
    });
    texts
}

fn is_moving(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    words.any(|word| {
        MOVING
            .iter()
            .any(|moving| word.eq_ignore_ascii_case(moving))
    })
}

fn write(written: &mut impl VisitMut, kept: &BTreeMap<String, String>) {
    for_each_text(written, &mut |text| {
        if let Some(kept) = kept.get(text.as_str()) {
            text.clone_from(kept);
        }
    });
}

/// Goes through the texts of a part of a definition, in an order that stays.
pub fn for_each_text(written: &mut impl VisitMut, see: &mut dyn FnMut(&mut String)) {
    let _ = visit_expressions_mut(written, |part| {
        let value = match part {
            ast::Expr::Value(value) => &mut value.value,
            ast::Expr::TypedString(typed) => &mut typed.value.value,
            _ => return ControlFlow::<()>::Continue(()),
        };
        if let Value::SingleQuotedString(text) = value {
            see(text);
        }
        ControlFlow::Continue(())
    });
}

/// What a literal is read as. Of a date and a timestamp the later one tells more: the text of a timestamp is
/// read as its day where a date is wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Time,
    Day,
    Local,
    Moment,
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Time64(_) => Some(Self::Time),
            DataType::Date32 => Some(Self::Day),
            DataType::Timestamp(_, None) => Some(Self::Local),
            DataType::Timestamp(_, Some(_)) => Some(Self::Moment),
            _ => None,
        }
    }

    /// The type in which a literal is read; comparisons are coerced to finer ones.
    fn data_type(self) -> DataType {
        match self {
            Self::Time => DataType::Time64(TimeUnit::Nanosecond),
            Self::Day => DataType::Date32,
            Self::Local => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Moment => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// A value as a literal that is read alike in all sessions; none for infinity, and for years that
    /// are not of four digits.
    fn text(self, value: &ScalarValue) -> Option<String> {
        let is_written = |year: i32| (1000..10_000).contains(&year);
        let moment = match value {
            ScalarValue::Time64Nanosecond(Some(nanos)) => DateTime::from_timestamp_nanos(*nanos),
            ScalarValue::Date32(Some(days)) => {
                DateTime::from_timestamp(i64::from(*days) * SECONDS_OF_A_DAY, 0)?
            }
            ScalarValue::TimestampMicrosecond(Some(micros), _) => {
                DateTime::from_timestamp_micros(*micros)?
            }
            _ => return None,
        };
        let form = match self {
            Self::Time => "%H:%M:%S%.f",
            Self::Day => "%Y-%m-%d",
            Self::Local => "%Y-%m-%d %H:%M:%S%.f",
            Self::Moment => "%Y-%m-%d %H:%M:%S%.f+00",
        };
        is_written(moment.year()).then(|| moment.format(form).to_string())
    }
}

/// What the literals of a plan are read as.
#[derive(Default)]
struct Reads {
    moments: BTreeMap<String, BTreeSet<Kind>>,
    /// Those that are read as something else, too.
    others: BTreeSet<String>,
}

impl Reads {
    fn see_plan(&mut self, plan: &LogicalPlan) -> QueryResult<()> {
        plan.apply_with_subqueries(|node| node.apply_expressions(|part| self.see(part)))?;
        Ok(())
    }

    fn see(&mut self, expression: &Expr) -> QueryResult<TreeNodeRecursion> {
        expression.apply(|part| {
            match part {
                Expr::Cast(read) => {
                    if let Some(text) = text_of(&read.expr)
                        && let Some(kind) = Kind::of(read.field.data_type())
                    {
                        self.moments.entry(text.clone()).or_default().insert(kind);
                        return Ok(TreeNodeRecursion::Jump);
                    }
                }
                other => self.others.extend(text_of(other).cloned()),
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(TreeNodeRecursion::Continue)
    }

    /// What is to be written in the place of literals. One that is read as something else, too, or both as
    /// a moment and as what has no zone, or as a time and as what has a day, is not told from that; one that
    /// cannot be read is refused by whoever does.
    fn kept(self, state: &SessionState, texts: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut kept = BTreeMap::new();
        for (text, kinds) in self.moments {
            let (Some(kind), Some(least)) = (kinds.last(), kinds.first()) else {
                continue;
            };
            let is_told = kind == least || (*kind != Kind::Moment && *least != Kind::Time);
            let stays = match kind {
                Kind::Time => !is_moving(&text),
                Kind::Day | Kind::Local => is_iso(&text),
                Kind::Moment => false,
            };
            if !is_told || stays || self.others.contains(&text) || !texts.contains(&text) {
                continue;
            }
            if let Ok(value) = value_of(state, &text, *kind)
                && let Some(written) = kind.text(&value)
            {
                kept.insert(text, written);
            }
        }
        kept
    }
}

fn text_of(literal: &Expr) -> Option<&String> {
    match literal {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// Whether a text is `2024-01-02`, or that with a time behind it, and without a zone.
fn is_iso(text: &str) -> bool {
    let shape = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
    let shape: String = text.chars().map(shape).collect();
    let Some(time) = shape.strip_prefix("0000-00-00") else {
        return false;
    };
    let Some(time) = time.strip_prefix([' ', 'T']) else {
        return time.is_empty();
    };
    let fraction = time.strip_prefix("00:00:00.");
    matches!(time, "00:00" | "00:00:00")
        || fraction.is_some_and(|it| it.chars().all(|it| it == '0'))
}

/// The value that a literal has in this session.
fn value_of(state: &SessionState, text: &str, kind: Kind) -> Result<ScalarValue> {
    let literal = Expr::Literal(ScalarValue::Utf8(Some(text.to_owned())), None);
    expression::constant(state, cast(literal, kind.data_type()))
}
