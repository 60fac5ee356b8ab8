//! `MERGE`: of each row, the first clause that holds counts, and all rows change in one commit. Where
//! two rows of the source would change one row of the table, the statement fails (21000) and names
//! that row's key. In the conditions, functions like `random()` have a value each time they are read.
//!
//! In a table with a `unique_key`, rows that it updates or deletes are changed by hand, as by `UPDATE`
//! and `DELETE`. Those that it inserts go in as by `INSERT`: the latest of each key wins, against what
//! the table has and against what it knows to be deleted, a notice tells of the others, and the number
//! that is answered is without them; no column of the source can be returned then. A row that is
//! inserted must not have the key of one that the same statement updates (21000). Into a history
//! (`history = 'scd2'`) nothing is merged (0A000): `INSERT` rows with the versions they are valid from.

mod by_name;
mod keys;
mod source;

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::execution::SessionState;
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use self::source::Source;
use super::modify::{
    self, Beside, Changing, Fate, Found, Layout, Planned, Returning, Twice, visible,
};
use super::target::Change;
use crate::error::{Error, Result};
use crate::instance::{Instance, StatementContext};
use crate::models::keyed;
use crate::session::{Outcome, Session, composites, row_functions};
use crate::sql::merge::{Action, Clause, Merge, When};
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;

/// Plans what becomes of the rows of the table and of the source.
///
/// # Errors
/// What planning says; 42703 for a column that the table does not have.
pub async fn plan(
    instance: &Arc<Instance>,
    context: &StatementContext,
    search_path: &[String],
    merge: &Merge,
) -> Result<(Changing, Planned)> {
    let (target, with) = (&merge.target, merge.with.as_ref());
    let changing =
        Changing::begin(instance, context, search_path, target, with, Change::Merge).await?;
    let source = Source::of(&merge.source, &changing)?;
    let state = &context.state;
    row_functions::refuse(state, &merge.on, "JOIN conditions")?;
    let beside = Beside::of(context, search_path, &changing.with, &source.read).await?;
    let mut clauses = merge.clauses.clone();
    for clause in &mut clauses {
        refuse_functions(state, clause)?;
        by_name::expand(clause, &changing, &source, &beside)?;
        by_name::expand_values(clause, &changing, &beside)?;
        visible::restrict(clause, &changing, &source.names, &beside)?;
    }
    let cases = Cases::new(&changing, &source, &clauses)?;
    let keys = keys::of(&merge.on, &changing, &beside);
    let inserts = clauses
        .iter()
        .any(|clause| matches!(clause.action, Action::Insert { .. }));
    let mut select = format!(
        "{}, {} AS \"{}\"",
        changing.places(),
        cases.fate(),
        modify::FATE
    );
    for (index, field) in changing.columns().fields().iter().enumerate() {
        let _ = write!(
            select,
            ", {} AS {}",
            cases.column(index, field),
            Quoted(field.name())
        );
    }
    for (index, key) in keys.iter().enumerate() {
        let name = Quoted(&changing.name);
        let _ = write!(
            select,
            ", {name}.{} AS \"tributary:key{index}\"",
            Quoted(key)
        );
    }
    let from = format!(
        "{} {} JOIN {} ON {} WHERE {} IS NOT NULL",
        changing.from(),
        join(&merge.clauses),
        source.joined,
        Shown(&merge.on),
        cases.fate(),
    );
    let layout = Layout {
        has_fate: true,
        keys,
        twice: Twice::Refused(
            "MERGE command cannot affect row a second time",
            "Ensure that not more than one source row matches any one target row.",
        ),
        puts: inserts && keyed::of(&changing.object)?.is_some(),
        ..Layout::ALL
    };
    let found = Found { select, from };
    let returning = Returning {
        items: &merge.returning,
        beside: &beside,
        of_merge: true,
    };
    let planned = changing
        .change(context, search_path, found, layout, returning)
        .await?;
    Ok((changing, planned))
}

/// Merges rows.
///
/// # Errors
/// Those of [`plan`] and of `Changing::run`; 21000 where two rows of the source match one of the
/// table.
pub async fn execute(
    session: &Session,
    merge: &Merge,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let guard = modify::lock(session, Change::Merge, &merge.target.table).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let (changing, planned) = plan(&session.instance, &context, &path, merge).await?;
    changing
        .run(session, context, planned, parameters, "MERGE", guard)
        .await
}

/// Refuses functions of many rows in a clause.
fn refuse_functions(state: &SessionState, clause: &Clause) -> Result<()> {
    row_functions::refuse(state, &clause.condition, "MERGE WHEN conditions")?;
    match &clause.action {
        Action::Update(assignments) => assignments
            .iter()
            .try_for_each(|it| row_functions::refuse(state, &it.value, "UPDATE")),
        Action::Insert { values, .. } => row_functions::refuse(state, values, "VALUES"),
        Action::UpdateAll | Action::InsertAll | Action::Delete | Action::DoNothing => Ok(()),
    }
}

/// How the table is joined with the source: rows that match none are kept where a clause is for
/// them.
fn join(clauses: &[Clause]) -> &'static str {
    let has = |when| clauses.iter().any(|clause| clause.when == when);
    match (has(When::NotMatched), has(When::NotMatchedBySource)) {
        (false, false) => "INNER",
        (true, false) => "RIGHT",
        (false, true) => "LEFT",
        (true, true) => "FULL",
    }
}

/// The clauses as `CASE` expressions: which rows each is for, what becomes of them, and their new
/// values.
struct Cases {
    clauses: Vec<(String, Option<Fate>, Vec<String>)>,
}

impl Cases {
    fn new(changing: &Changing, source: &Source, written: &[Clause]) -> Result<Self> {
        let table = format!(
            "{}.\"{}\" IS",
            Quoted(&changing.name),
            crate::warehouse::PLACE_COLUMN
        );
        let source = format!("{} IS", source.mark);
        let mut clauses = Vec::new();
        for clause in written {
            let mut condition = match clause.when {
                When::Matched => format!("{table} NOT NULL AND {source} NOT NULL"),
                When::NotMatched => format!("{table} NULL"),
                When::NotMatchedBySource => format!("{source} NULL"),
            };
            if let Some(more) = &clause.condition {
                let _ = write!(condition, " AND ({})", Shown(more));
            }
            let (fate, values) = match &clause.action {
                Action::DoNothing => (None, Vec::new()),
                // What is answered of it is what it was.
                Action::Delete => (Some(Fate::Gone), changing.new_values(&[])?),
                Action::UpdateAll | Action::InsertAll => {
                    return Err(Error::internal(
                        "the columns of a clause are not written out",
                    ));
                }
                Action::Update(assignments) => {
                    (Some(Fate::Changed), changing.new_values(assignments)?)
                }
                Action::Insert {
                    columns,
                    overriding,
                    values,
                } => {
                    let values = changing.given_values(columns, *overriding, values)?;
                    (Some(Fate::Added), values)
                }
            };
            clauses.push((condition, fate, values));
        }
        Ok(Self { clauses })
    }

    /// What becomes of a row; NULL where nothing does.
    fn fate(&self) -> String {
        let fates = self.clauses.iter().map(|(condition, fate, _)| match fate {
            Some(fate) => (condition, (*fate as i32).to_string()),
            None => (condition, "NULL".to_owned()),
        });
        case(fates)
    }

    /// The new value of a column, each of the column's type: the types of others say nothing.
    fn column(&self, index: usize, field: &Field) -> String {
        let values = self.clauses.iter().map(|(condition, _, values)| {
            let value = values.get(index).map_or("NULL", String::as_str);
            let value = match (composites::named(field.data_type()), field.data_type()) {
                (Some(own), _) => format!("CAST({value} AS {own})"),
                (None, DataType::Struct(_) | DataType::Map(..)) => value.to_owned(),
                (None, data_type) => format!("CAST({value} AS {})", type_name(data_type)),
            };
            (condition, value)
        });
        case(values)
    }
}

fn case<'a>(arms: impl Iterator<Item = (&'a String, String)>) -> String {
    let arms = arms.map(|(condition, value)| format!(" WHEN {condition} THEN {value}"));
    format!("CASE{} END", arms.collect::<String>())
}
