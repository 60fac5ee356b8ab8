//! What the rows of a table must satisfy: `NOT NULL`, lengths of texts, `CHECK`, `UNIQUE` and
//! `PRIMARY KEY`.
//!
//! All but keys are checked as the rows pass. Keys are checked twice: among the new rows as they
//! pass, and against the rows that stay when the commit is made, which no other commit can come
//! between. So no two rows of a key are ever visible. What foreign keys are about is noted as the rows
//! pass, and looked at by the statement (`execute/referential`).

mod assignable;
mod assigned;
mod declared;
mod default_value;
mod fitted;
mod foreign_keys;
mod generated;
mod indexed;
mod keeping;
mod key;
mod key_changes;
mod key_set;
mod merged;
mod named_moments;
mod shown;

pub use assignable::{
    asked, check_assignable, check_columns, check_literal, is_assignable, is_literal,
};
pub use assigned::assigned;
pub use declared::{
    check_condition, check_key, check_not_generated, check_settable, constraint_place, default_of,
    given_default, identity_of, identity_sequence, is_of_identity, key_of, of, place,
    refuse_subqueries, sequence_of, typed, validate,
};
pub use default_value::DefaultValue;
pub use foreign_keys::resolve as resolve_foreign_keys;
pub use generated::{generated_of, has_generated};
pub use indexed::indexed;
pub use key::Repeated;
pub use key_changes::{KeyChanges, TableChanges, not_there};
pub use key_set::KeySet;
pub use named_moments::keep_moments;
pub use shown::Shown;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;
use parking_lot::Mutex;
use tributary_udfs::postgres::{CharacterLength, round_moments};

use self::declared::condition_of;
use self::fitted::fit;
use self::generated::Generated;
use self::keeping::Keeping;
use self::key::{Key, Keys};
use super::keyed;
use super::replacement::Unchanged;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, LockGuard};
use crate::session::domains::{DomainChecks, DomainKind};
use crate::sql::constraint::Rule;
use crate::warehouse::{IndexedKey, Keyed, Participant, Places};

/// The constraints of a table, for the rows of one statement.
pub struct Constraints {
    object: Arc<Object>,
    lengths: Vec<Option<CharacterLength>>,
    /// The digits of a second that the moments of each column have, where not all.
    digits: Vec<Option<u8>>,
    /// The columns that are computed from others.
    generated: Generated,
    checks: Vec<(String, Arc<dyn PhysicalExpr>)>,
    /// What the columns demand that are of domains, by their places.
    domains: Vec<(usize, DomainChecks)>,
    /// The columns of the key of a keyed table, which must have values.
    required: Vec<usize>,
    keys: Arc<Keys>,
    /// What is noted of rows that foreign keys are about.
    changes: Option<Arc<TableChanges>>,
    shown: Shown,
}

impl Constraints {
    /// Those of a table. `repeated` is for the keys of `arbiters`, or all where none are named;
    /// others refuse.
    ///
    /// # Errors
    /// What planning a check says.
    pub fn new(
        state: &SessionState,
        object: &Arc<Object>,
        repeated: Repeated,
        arbiters: Option<&[String]>,
    ) -> Result<Self> {
        let fields = object.schema.fields().iter();
        let lengths = fields.map(|field| {
            let length = object.character_length(field.name());
            let length = length.or_else(|| object.item_length(field.name()));
            length.filter(CharacterLength::is_limit)
        });
        let fields = object.schema.fields().iter();
        let digits = fields.map(|field| object.moment_precision(field.name()));
        let mut constraints = Self {
            lengths: lengths.collect(),
            digits: digits.collect(),
            generated: Generated::new(object, state)?,
            checks: Vec::new(),
            domains: domains_of(state, object)?,
            required: Vec::new(),
            keys: Arc::default(),
            changes: changes_of(state, object),
            shown: Shown::new(state),
            object: Arc::clone(object),
        };
        let keyed = keyed::of(object)?;
        if let Some(keyed) = &keyed {
            let required = keyed.key.iter().map(|name| object.schema.index_of(name));
            constraints.required = required.collect::<Result<_, _>>()?;
        }
        let columns = typed(&object.schema, |name| object.character_length(name));
        let mut keys = Vec::new();
        // How rows are put into a history sees to its key.
        let has_history = keyed.as_ref().is_some_and(Keyed::has_history);
        let unique_key = keyed::index(object).filter(|_| !has_history);
        for constraint in of(object).iter().chain(&unique_key) {
            match &constraint.rule {
                Rule::Check(condition) => {
                    let check = condition_of(state, &columns, constraint, condition)?;
                    constraints.checks.push((constraint.name.clone(), check));
                }
                Rule::Unique {
                    columns,
                    nulls_equal,
                    ..
                } => keys.push(Mutex::new(Key::new(
                    state,
                    object,
                    &constraint.name,
                    // A keyed table has no other key than its own, and an index by that.
                    &match &keyed {
                        Some(keyed) => keyed.indexed(),
                        None => IndexedKey::of(columns),
                    },
                    *nulls_equal,
                    match arbiters {
                        Some(names) if !names.contains(&constraint.name) => Repeated::Refused,
                        _ => repeated,
                    },
                )?)),
                Rule::ForeignKey(_) => {}
            }
        }
        // As in Postgres, the first one by its name tells of a row that several are false of.
        constraints
            .checks
            .sort_by(|left, right| left.0.cmp(&right.0));
        constraints.keys = Arc::new(Keys(keys));
        Ok(constraints)
    }

    /// Those of a table whose keys are seen to by how rows are put in.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn without_keys(state: &SessionState, object: &Arc<Object>) -> Result<Self> {
        let all = Self::new(state, object, Repeated::Refused, None)?;
        Ok(Self {
            keys: Arc::default(),
            ..all
        })
    }

    /// The rows as the table keeps them. What is left out of them is told by [`Self::kept`].
    ///
    /// # Errors
    /// 23502 for NULL in a column or a domain that has none; 22001 for a text that is too long; 23514 for a
    /// row, or a value of a domain, that a check is false of; 23505 for a key that another new row has.
    pub fn check(&self, batch: &RecordBatch) -> QueryResult<RecordBatch> {
        Ok(self.kept(batch)?.0)
    }

    /// [`Self::check`], and where some of the rows are left out, which ones stay.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    pub fn kept(&self, batch: &RecordBatch) -> QueryResult<(RecordBatch, Option<BooleanArray>)> {
        let mut columns = batch.columns().to_vec();
        let fields = self.object.schema.fields();
        for ((column, length), field) in columns.iter_mut().zip(&self.lengths).zip(fields) {
            if let Some(length) = length {
                *column = fit(column, *length, &place(&self.object, field.name()))?;
            }
        }
        for (column, digits) in columns.iter_mut().zip(&self.digits) {
            if let Some(digits) = digits {
                *column = round_moments(column, *digits)?;
            }
        }
        self.generated.compute(&mut columns)?;
        for (place, domain) in &self.domains {
            domain.check(&columns[*place])?;
        }
        for field in 0..columns.len() {
            self.check_not_null(&columns, field)?;
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.object.schema), columns)?;
        self.check_conditions(&batch)?;
        let kept = self.keys.take_in(&self.object, &batch)?;
        let (batch, kept) = match kept.false_count() {
            0 => (batch, None),
            _ => (filter_record_batch(&batch, &kept)?, Some(kept)),
        };
        if let Some(changes) = &self.changes {
            changes.add(&batch)?;
        }
        Ok((batch, kept))
    }

    fn check_conditions(&self, batch: &RecordBatch) -> QueryResult<()> {
        for (name, condition) in &self.checks {
            let held = condition.evaluate(batch)?.into_array(batch.num_rows())?;
            // As in Postgres, NULL passes.
            if let Some(row) = held
                .as_boolean()
                .iter()
                .position(|held| held == Some(false))
            {
                return Err(self.check_violated(name, batch, row)?.into());
            }
        }
        Ok(())
    }

    /// Notes which rows come in the place of others, by the places of those.
    ///
    /// # Errors
    /// 53200 without memory.
    pub fn replace(&self, places: &[ArrayRef], batch: &RecordBatch) -> QueryResult<()> {
        match &self.changes {
            Some(changes) => changes.replace(places, batch),
            None => Ok(()),
        }
    }

    fn check_not_null(&self, columns: &[ArrayRef], index: usize) -> Result<()> {
        let field = self.object.schema.field(index);
        let column = &columns[index];
        let may_be_null = field.is_nullable() && !self.required.contains(&index);
        if may_be_null || column.null_count() == 0 {
            return Ok(());
        }
        let row = (0..column.len()).find(|row| column.is_null(*row));
        let fields = self.object.schema.fields();
        let values = self.shown.row(fields, columns, row.unwrap_or(0))?;
        let error = Error::null_in_column(place(&self.object, field.name()));
        Err(error
            .with_detail(format!("Failing row contains ({values})."))
            .with_hint("Give the column a value, or leave such rows out."))
    }

    fn check_violated(&self, name: &str, batch: &RecordBatch, row: usize) -> Result<Error> {
        let fields = self.object.schema.fields();
        let values = self.shown.row(fields, batch.columns(), row)?;
        Ok(Error::new(
            SqlState::CHECK_VIOLATION,
            format!(
                "new row for relation \"{}\" violates check constraint \"{name}\"",
                self.object.name.name
            ),
        )
        .with_detail(format!("Failing row contains ({values})."))
        .with_constraint(constraint_place(&self.object, name)))
    }

    /// The keys that rows are looked for by.
    pub fn indexed_keys(&self) -> Vec<IndexedKey> {
        let keys = self.keys.0.iter();
        keys.map(|key| key.lock().indexed()).collect()
    }

    /// What takes part in the commit of the rows: no other table may have come in the place of this
    /// one, and no row that stays may have the key of a new one. `gone` are the rows that go. The
    /// `guard` is kept until the commit has ended, also where nobody waits for it any more.
    pub fn participant(
        &self,
        instance: &Arc<Instance>,
        state: &SessionState,
        gone: Option<Arc<Mutex<Places>>>,
        guard: Option<LockGuard>,
    ) -> Arc<dyn Participant> {
        Arc::new(Keeping {
            unchanged: Unchanged {
                instance: Arc::clone(instance),
                object: Arc::clone(&self.object),
            },
            state: state.clone(),
            keys: Arc::clone(&self.keys),
            changes: self.changes.clone(),
            gone,
            _guard: guard,
        })
    }
}

/// What the columns of a table demand that are of domains.
fn domains_of(state: &SessionState, object: &Object) -> Result<Vec<(usize, DomainChecks)>> {
    let mut found = Vec::new();
    for (place, field) in object.schema.fields().iter().enumerate() {
        if let Some(kind) = DomainKind::of_field(field)
            && let Some(checks) = DomainChecks::new(state, kind, field.data_type())?
        {
            found.push((place, checks));
        }
    }
    Ok(found)
}

/// What a statement notes of the changes of a table.
fn changes_of(state: &SessionState, object: &Object) -> Option<Arc<TableChanges>> {
    let changes = state.config().get_extension::<KeyChanges>()?;
    changes.of(object.oid)
}
