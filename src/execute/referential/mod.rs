//! Foreign keys, as statements that change rows keep them.
//!
//! What a statement changes that they are about is noted as its rows pass (`KeyChanges`). When its changes
//! are made, `ON DELETE` and `ON UPDATE` are changes of other tables in the same transaction, which are
//! noted too, until nothing is left to be done. Then the keys that were noted are looked up, all of a
//! foreign key in one join, or at the end of the transaction where it is deferred: a row that refers to
//! none is one whose key the other table does not have and the table still has. So it does not matter
//! what was taken back meanwhile, and a key that came back is there.
//!
//! Who puts rows in that refer to others shares the lock of the other table, which who changes its rows
//! has alone: so none of them goes meanwhile. Locks are taken before the first change, in the order in
//! which transactions wait.

mod act;
mod check;
mod deferred;
mod locks;
mod moved;
mod prove;
mod truncated;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::scalar::ScalarValue;

pub use self::check::Check;
pub(super) use self::check::{rows_of, stream_of};
pub use self::deferred::{Deferral, prove_deferred, refuse_where_waiting, set_constraints};
pub use self::locks::{lock, tables_of};
pub use self::prove::prove;
pub use self::truncated::truncated;

use self::moved::Moved;
use super::target::Change;
use super::{delete, insert, merge, update};
use crate::catalog::{Object, Reference, Snapshot, references_of};
use crate::error::{Error, Result};
use crate::instance::LockMode;
use crate::models::constraints::{self, KeyChanges, TableChanges};
use crate::models::keyed;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::assignment::columns;
use crate::sql::constraint::Rule;
use crate::sql::foreign_key::ReferentialAction;
use crate::sql::generated::computed_from;
use crate::sql::merge::Action;
use crate::sql::name::ObjectName;

/// What a statement may do with the rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// Whether rows come that were not there.
    pub adds: bool,
    /// Whether rows go.
    pub removes: bool,
    /// The columns of rows that get other values.
    pub assigned: Vec<String>,
    /// Whether all columns do.
    pub assigns_all: bool,
    /// Whether the statement looks at the rows that are there.
    pub looks: bool,
}

impl Effect {
    /// Rows come.
    pub fn adding() -> Self {
        Self {
            adds: true,
            ..Self::default()
        }
    }

    /// Rows go.
    pub fn removing() -> Self {
        Self {
            removes: true,
            ..Self::default()
        }
    }

    /// These columns get other values.
    pub fn assigning(columns: Vec<String>) -> Self {
        Self {
            assigned: columns,
            ..Self::default()
        }
    }

    /// How it locks the table itself: who only adds rows to one without a key waits for nobody who does.
    fn mode_of(&self, object: &Object) -> LockMode {
        let mut rules = constraints::of(object).iter();
        let has_keys = rules.any(|it| matches!(it.rule, Rule::Unique { .. }));
        let changes = self.removes || self.assigns_all || !self.assigned.is_empty();
        let is_keyed = !matches!(keyed::of(object), Ok(None));
        match has_keys || is_keyed || changes || self.looks {
            true => LockMode::Exclusive,
            false => LockMode::Shared,
        }
    }

    /// The effect, with the columns that are computed from those which get other values.
    pub(super) fn with_generated(&self, object: &Object) -> Self {
        let mut effect = self.clone();
        if let Statement::CreateTable(create) = &object.definition {
            let computed = self.assigned.iter();
            let computed = computed.flat_map(|it| computed_from(&create.columns, it));
            effect.assigned.extend(computed.map(str::to_owned));
        }
        effect
    }

    fn assigns_one_of(&self, columns: &[String]) -> bool {
        self.assigns_all || columns.iter().any(|column| self.assigned.contains(column))
    }
}

/// The foreign keys that an effect on a table is about.
struct Involved {
    /// Its own that new rows may not satisfy.
    outgoing: Vec<Reference>,
    /// All that refer to it.
    incoming: Vec<Reference>,
    /// Those of them whose keys may go.
    touched: Vec<Reference>,
}

impl Involved {
    fn of(snapshot: &Snapshot, object: &Arc<Object>, effect: &Effect) -> Self {
        let effect = &effect.with_generated(object);
        let mut outgoing = references_of(object);
        outgoing.retain(|it| effect.adds || effect.assigns_one_of(&it.key.columns));
        let incoming = snapshot.references_to(&object.name);
        let touched = incoming.iter();
        let touched =
            touched.filter(|it| effect.removes || effect.assigns_one_of(&it.key.referenced));
        Self {
            outgoing,
            touched: touched.cloned().collect(),
            incoming,
        }
    }

    fn is_nothing(&self) -> bool {
        self.outgoing.is_empty() && self.touched.is_empty()
    }

    /// What is noted of the changes of the table.
    fn noted(self, session: &Session, object: &Arc<Object>) -> Result<Arc<TableChanges>> {
        let columns = object.schema.fields().iter().map(|field| field.name());
        let is_touched = |column: &String| {
            let mut touched = self.touched.iter();
            touched.any(|reference| reference.key.referenced.contains(column))
        };
        let referenced = columns.zip(0..).filter(|(column, _)| is_touched(column));
        let referenced = referenced.map(|(_, place)| place).collect();
        let pool = Arc::clone(&session.instance.runtime().memory_pool);
        let noted = TableChanges::new(object, self.outgoing, &self.incoming, referenced, &pool)?;
        Ok(Arc::new(noted))
    }
}

/// Runs a statement that changes rows, and keeps the foreign keys that it is about.
///
/// # Errors
/// What the statement meets; 23503 for rows that refer to none; 40001 where a transaction cannot wait
/// for a table that is involved.
pub async fn change(
    session: &Session,
    statement: &Statement,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let Some((name, effect)) = effect_of(statement) else {
        return Err(Error::internal("only changes of rows are kept within keys"));
    };
    let Some(object) = target(session, name) else {
        // The statement tells what is wrong with the name.
        return run(session, statement, parameters).await;
    };
    let snapshot = session.instance.catalog.snapshot();
    let involved = Involved::of(&snapshot, &object, &effect);
    if involved.incoming.is_empty() && involved.is_nothing() {
        return run(session, statement, parameters).await;
    }
    if involved.is_nothing() {
        let changes = Arc::new(KeyChanges::default());
        changes.watch(involved.noted(session, &object)?);
        let session = session.noting(changes);
        return run(&session, statement, parameters).await;
    }
    session
        .together(async |session: &Session| {
            let (session, noted) = begin(session, &object, &effect).await?;
            let outcome = run(&session, statement, parameters).await?;
            settle(&session, noted).await?;
            Ok(outcome)
        })
        .await
}

/// Locks the tables that several statements are about, before the first of them changes one.
///
/// # Errors
/// Those of [`lock`].
pub async fn lock_all(session: &Session, statements: &[&Statement]) -> Result<()> {
    let changes: Vec<(Arc<Object>, Effect)> = statements
        .iter()
        .filter_map(|statement| {
            let (name, effect) = effect_of(statement)?;
            Some((target(session, name)?, effect))
        })
        .collect();
    let wanted = |snapshot: &Snapshot| {
        let mut all = BTreeMap::new();
        for (object, effect) in &changes {
            for (oid, mode) in tables_of(snapshot, object.oid, effect) {
                let known = all.entry(oid).or_insert(mode);
                *known = mode.max(*known);
            }
        }
        all
    };
    lock(session, wanted).await
}

/// Runs one of several statements that change rows and are one. What foreign keys are to be kept within
/// later is added to `noted`.
///
/// # Errors
/// What the statement meets.
pub async fn change_noting(
    session: &Session,
    statement: &Statement,
    parameters: Vec<ScalarValue>,
    noted: &mut Vec<Arc<TableChanges>>,
) -> Result<Outcome> {
    let found = effect_of(statement).and_then(|(name, it)| Some((target(session, name)?, it)));
    let Some((object, effect)) = found else {
        return run(session, statement, parameters).await;
    };
    let snapshot = session.instance.catalog.snapshot();
    let involved = Involved::of(&snapshot, &object, &effect);
    let is_nothing = involved.is_nothing();
    if is_nothing && involved.incoming.is_empty() {
        return run(session, statement, parameters).await;
    }
    let table = involved.noted(session, &object)?;
    let changes = Arc::new(KeyChanges::default());
    changes.watch(Arc::clone(&table));
    if !is_nothing {
        noted.push(table);
    }
    run(&session.noting(changes), statement, parameters).await
}

/// The table whose rows a statement changes, where it is one that does.
pub fn target_of(session: &Session, statement: &Statement) -> Option<Arc<Object>> {
    target(session, effect_of(statement)?.0)
}

/// Runs a statement that changes rows, and leaves foreign keys alone: where what is changed on their one
/// side is changed on the other one too.
///
/// # Errors
/// What the statement meets.
pub(in crate::execute) async fn change_alone(
    session: &Session,
    statement: &Statement,
) -> Result<()> {
    run(session, statement, Vec::new()).await.map(drop)
}

/// Locks the tables that an effect is about, and begins to note the changes.
///
/// # Errors
/// 40001 where a transaction cannot wait for one of them, or the table is another one now.
pub async fn begin(
    session: &Session,
    object: &Arc<Object>,
    effect: &Effect,
) -> Result<(Session, Arc<TableChanges>)> {
    lock(session, |snapshot| tables_of(snapshot, object.oid, effect)).await?;
    let snapshot = session.instance.catalog.snapshot();
    let Some(object) = snapshot.object(object.oid) else {
        return Err(crate::models::replacement::replaced_meanwhile(object));
    };
    let noted = Involved::of(&snapshot, object, effect).noted(session, object)?;
    let changes = Arc::new(KeyChanges::default());
    changes.watch(Arc::clone(&noted));
    Ok((session.noting(changes), noted))
}

/// Does what follows from changes that were made, and looks whether all rows refer to others.
///
/// # Errors
/// 23503 for rows that do not; what the changes of other tables meet; 53200 without memory for keys.
pub async fn settle(session: &Session, first: Arc<TableChanges>) -> Result<()> {
    settle_all(session, vec![first]).await
}

/// [`settle`] of the changes of several statements that are one.
///
/// # Errors
/// Those of [`settle`].
pub async fn settle_all(session: &Session, first: Vec<Arc<TableChanges>>) -> Result<()> {
    let pool = &session.instance.runtime().memory_pool;
    let mut open = VecDeque::from(first);
    let mut checks = Vec::new();
    while let Some(noted) = open.pop_front() {
        for (reference, keys) in noted.referring()? {
            checks.push(Check::of_rows(reference, keys, pool)?);
        }
        let snapshot = session.instance.catalog.snapshot();
        let moved = Moved::of(&noted, pool)?;
        for reference in snapshot.references_to(&noted.object.name) {
            let Some((gone, changed)) = moved.keys(&reference)? else {
                continue;
            };
            let fates = [
                (reference.key.on_delete, gone),
                (reference.key.on_update, changed),
            ];
            for (action, keys) in fates {
                if keys.num_rows() == 0 {
                    continue;
                }
                // What has the default already refers to it still.
                if !action.changes_rows() || action == ReferentialAction::SetDefault {
                    let width = reference.key.referenced.len();
                    let lost = keys.project(&(0..width).collect::<Vec<_>>())?;
                    checks.push(Check::of_keys(reference.clone(), action, lost, pool)?);
                }
                if action.changes_rows() {
                    open.push_back(act::act(session, &reference, action, keys).await?);
                }
            }
        }
    }
    for check in checks.into_iter().map(Arc::new) {
        if !session.defer(&check) {
            check.run(session).await?;
        }
    }
    Ok(())
}

/// The table whose rows a statement changes, where its name is that of one.
pub(super) fn target(session: &Session, name: &ObjectName) -> Option<Arc<Object>> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    Change::Insert.target(&snapshot, &path, name).ok()
}

async fn run(
    session: &Session,
    statement: &Statement,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    match statement {
        Statement::Insert(insert) => insert::execute(session, insert, parameters).await,
        Statement::Update(update) => update::execute(session, update, parameters).await,
        Statement::Delete(delete) => delete::execute(session, delete, parameters).await,
        Statement::Merge(merge) => merge::execute(session, merge, parameters).await,
        _ => Err(Error::internal("only changes of rows are kept within keys")),
    }
}

fn effect_of(statement: &Statement) -> Option<(&ObjectName, Effect)> {
    match statement {
        Statement::Insert(insert) => {
            let clause = insert.on_conflict.as_ref();
            let updates = clause.and_then(|clause| clause.update.as_ref());
            let effect = Effect {
                adds: true,
                removes: false,
                assigned: updates.map_or_else(Vec::new, |it| columns(&it.assignments)),
                assigns_all: false,
                looks: clause.is_some() || !insert.returning.is_empty(),
            };
            Some((&insert.target.table, effect))
        }
        Statement::Update(update) => Some((
            &update.target.table,
            Effect::assigning(columns(&update.assignments)),
        )),
        Statement::Delete(delete) => Some((&delete.target.table, Effect::removing())),
        Statement::Merge(merge) => {
            let mut effect = Effect {
                looks: true,
                ..Effect::default()
            };
            for clause in &merge.clauses {
                match &clause.action {
                    Action::Update(assignments) => effect.assigned.extend(columns(assignments)),
                    Action::UpdateAll => effect.assigns_all = true,
                    Action::Insert { .. } | Action::InsertAll => effect.adds = true,
                    Action::Delete => effect.removes = true,
                    Action::DoNothing => {}
                }
            }
            Some((&merge.target.table, effect))
        }
        _ => None,
    }
}

/// Memory for keys, as long as they are held.
///
/// # Errors
/// 53200 where there is none.
fn memory(bytes: usize, pool: &Arc<dyn MemoryPool>) -> Result<MemoryReservation> {
    let memory = MemoryConsumer::new("keys of foreign keys").register(pool);
    memory.try_grow(bytes)?;
    Ok(memory)
}

/// The columns of keys that are looked up, by their places.
fn key_column(place: usize) -> String {
    format!("k{place}")
}

/// Rows whose columns are the keys that are looked up.
fn named_keys(keys: &RecordBatch) -> Result<RecordBatch> {
    let fields = keys.schema();
    let fields = fields.fields().iter().enumerate();
    let fields = fields.map(|(place, field)| {
        let name = key_column(place);
        field.as_ref().clone().with_name(name).with_nullable(true)
    });
    let fields: Vec<_> = fields.collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    Ok(RecordBatch::try_new(schema, keys.columns().to_vec())?)
}
