//! Whether who asks may change and lock the rows that a statement changes and locks.

use datafusion::sql::sqlparser::ast::{self, Expr, SelectItem, TableFactor, With};

use super::columns::{Columns, Other, allows, named_by};
use super::reading::own_relations;
use super::{Checker, denied, kind_word};
use crate::catalog::privilege::Privilege;
use crate::error::Result;
use crate::models::{constraints, keyed};
use crate::sql::assignment::{self, Assignment};
use crate::sql::constraint::Rule;
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::lock::LockMode;
use crate::sql::name::ObjectName;
use crate::sql::on_conflict::{ConflictKey, OnConflict};
use crate::sql::returning::Target;
use crate::sql::{Statement, merge, references, row_locks};

impl Checker<'_> {
    /// The columns that a query puts rows into, where a statement names none: as many as it gives.
    pub(super) fn first_columns(&self, table: &ObjectName, source: &ast::Query) -> Vec<String> {
        let given = match source.body.as_ref() {
            ast::SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
            _ => None,
        };
        match (given, self.object(table)) {
            (Some(given), Some(object)) => {
                let fields = object.schema.fields().iter();
                let names = fields.map(|field| field.name().clone());
                names.take(given).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What `ON CONFLICT` changes and reads.
    pub(super) fn conflict(&self, target: &Target, conflict: &OnConflict) -> Result<()> {
        match &conflict.key {
            // Nothing is read where there is no such key.
            ConflictKey::Any | ConflictKey::Expressions(_) => {}
            ConflictKey::Columns(key) => self.read(&target.table, &Columns::named(key))?,
            ConflictKey::Constraint(name) => self.read_key(&target.table, name)?,
        }
        let Some(update) = &conflict.update else {
            return Ok(());
        };
        self.assign(&target.table, &update.assignments)?;
        let mut read: Vec<Expr> = update.condition.iter().cloned().collect();
        let values = update.assignments.iter();
        read.extend(values.filter_map(|assignment| assignment.value.clone()));
        // As in Postgres, the row that was to be put in is read with the rights on the table.
        self.read_within(target, &read, Other::Own("excluded"))?;
        self.relations(&read, None)
    }

    /// The columns of the key that a constraint of a table is, which conflicts are found by.
    fn read_key(&self, table: &ObjectName, constraint: &str) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        let index = keyed::index(&object);
        let mut all = constraints::of(&object).iter().chain(&index);
        match all.find(|it| it.name == constraint).map(|it| &it.rule) {
            Some(Rule::Unique { columns, .. }) => self.readable(&object, &Columns::named(columns)),
            _ => Ok(()),
        }
    }

    /// The columns of a table that is changed which expressions read.
    pub(super) fn read_within(
        &self,
        target: &Target,
        expressions: &[Expr],
        other: Other<'_>,
    ) -> Result<()> {
        let Some(object) = self.object(&target.table) else {
            return Ok(());
        };
        let own = target.alias.as_ref().unwrap_or(&object.name.name);
        let names = named_by(expressions, own, other);
        let columns = match names.contains(own) {
            true => Columns::All,
            false => Columns::Named(names),
        };
        match object
            .schema
            .fields()
            .iter()
            .any(|field| columns.has(field.name()))
        {
            true => self.readable(&object, &columns),
            false => Ok(()),
        }
    }

    pub(super) fn returning(
        &self,
        target: &Target,
        items: &[SelectItem],
        with: Option<&With>,
    ) -> Result<()> {
        let mut read = Vec::new();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    read.push(expr.clone());
                }
                _ => self.read(&target.table, &Columns::All)?,
            }
        }
        self.read_within(target, &read, Other::None)?;
        self.relations(&read, with)
    }

    /// What the values of assignments read.
    pub(super) fn values(&self, assignments: &[Assignment], with: Option<&With>) -> Result<()> {
        let values = assignments.iter();
        let values: Vec<Expr> = values.filter_map(|it| it.value.clone()).collect();
        self.relations(&values, with)
    }

    /// The columns that `MERGE` reads of its table and of the other side, which names before them tell apart.
    fn read_by_merge(&self, merge: &merge::Merge) -> Result<()> {
        let target = &merge.target;
        let with = merge.with.as_ref();
        let (mut read, mut put_in) = (vec![merge.on.clone()], Vec::new());
        for clause in &merge.clauses {
            read.extend(clause.condition.clone());
            match &clause.action {
                merge::Action::Update(assignments) => {
                    read.extend(assignments.iter().filter_map(|it| it.value.clone()));
                }
                merge::Action::UpdateAll | merge::Action::InsertAll => {
                    self.read(&target.table, &Columns::All)?;
                    return self.relations(&merge.source, with);
                }
                // A row that is put in is of the other side alone.
                merge::Action::Insert { values, .. } => {
                    put_in.extend(values.iter().flatten().cloned())
                }
                merge::Action::Delete | merge::Action::DoNothing => {}
            }
        }
        let other = match &merge.source {
            TableFactor::Table {
                alias: Some(alias), ..
            }
            | TableFactor::Derived {
                alias: Some(alias), ..
            } => Some(folded(&alias.name)),
            TableFactor::Table { name, .. } => object_name_from(name).ok().map(|name| name.name),
            _ => None,
        };
        let Some(other) = other else {
            self.read_within(target, &read, Other::None)?;
            return self.relations(&merge.source, with);
        };
        self.read_within(target, &read, Other::Foreign(&other))?;
        let relations = references::of_part(&merge.source, with)?;
        let mut is_whole = match &merge.source {
            TableFactor::Table { args, alias, .. } => {
                args.is_some() || alias.as_ref().is_some_and(|it| !it.columns.is_empty())
            }
            _ => true,
        };
        for item in &merge.returning {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    put_in.push(expr.clone());
                }
                _ => is_whole = true,
            }
        }
        let ([relation], false) = (relations.as_slice(), is_whole) else {
            return self.relations(&merge.source, with);
        };
        read.extend(put_in);
        let own = target.alias.as_ref().unwrap_or(&target.table.name);
        let names = named_by(&read, &other, Other::Foreign(own));
        let columns = match names.contains(&other) {
            true => Columns::All,
            false => Columns::Named(names),
        };
        self.read(relation, &columns)?;
        own_relations(&self.rights, &merge.source)
    }

    pub(super) fn merge(&self, merge: &merge::Merge) -> Result<()> {
        let table = &merge.target.table;
        let with = merge.with.as_ref();
        self.read_by_merge(merge)?;
        self.relations(&merge.on, with)?;
        for clause in &merge.clauses {
            self.relations(&clause.condition, with)?;
            match &clause.action {
                merge::Action::Update(assignments) => {
                    self.assign(table, assignments)?;
                    self.values(assignments, with)?;
                }
                merge::Action::UpdateAll => self.change(table, Privilege::Update, &[])?,
                merge::Action::InsertAll => self.change(table, Privilege::Insert, &[])?,
                merge::Action::Delete => self.change(table, Privilege::Delete, &[])?,
                merge::Action::Insert {
                    columns, values, ..
                } => {
                    self.change(table, Privilege::Insert, columns)?;
                    let values: Vec<Expr> = values.iter().flatten().cloned().collect();
                    self.relations(&values, with)?;
                }
                merge::Action::DoNothing => {}
            }
        }
        self.returning(&merge.target, &merge.returning, with)?;
        self.relations(&merge.with, None)
    }

    /// That rows of a table may be changed; of some columns alone where these are named.
    pub(super) fn change(
        &self,
        table: &ObjectName,
        privilege: Privilege,
        columns: &[String],
    ) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        self.usable(&self.rights, &object.name.schema)?;
        if !allows(&self.rights, &object, privilege, &Columns::named(columns)) {
            return Err(denied(kind_word(object.kind), &object.name.name));
        }
        match privilege {
            Privilege::Insert => self.defaults(&object, |_| true),
            _ => Ok(()),
        }
    }

    /// That columns may be given these values, or their defaults.
    pub(super) fn assign(&self, table: &ObjectName, assignments: &[Assignment]) -> Result<()> {
        self.change(table, Privilege::Update, &assignment::columns(assignments))?;
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        self.defaults(&object, |column| {
            let mut defaults = assignments.iter().filter(|it| it.value.is_none());
            defaults.any(|it| it.columns.iter().any(|assigned| assigned == column))
        })
    }

    /// That the rows may be locked that a statement's queries lock: as in Postgres, by who may change them.
    pub(super) fn row_locks(&self, statement: &Statement) -> Result<()> {
        // What cannot be locked is told by who locks it.
        let queries = row_locks::of_statement(statement).unwrap_or_default();
        let mut relations = queries.iter().flat_map(|query| &query.relations);
        relations.try_for_each(|(name, _)| self.lock(name, LockMode::RowShare))
    }

    /// That a relation may be locked, as in Postgres by who may do what the lock is for.
    pub(super) fn lock(&self, name: &ObjectName, mode: LockMode) -> Result<()> {
        const WRITING: [Privilege; 4] = [
            Privilege::Update,
            Privilege::Delete,
            Privilege::Truncate,
            Privilege::Insert,
        ];
        let Some(object) = self.object(name) else {
            return Ok(());
        };
        self.usable(&self.rights, &object.name.schema)?;
        let enough = match mode {
            LockMode::AccessShare => &[Privilege::Select][..],
            LockMode::RowExclusive => &WRITING,
            _ => &WRITING[..3],
        };
        let mut enough = enough.iter();
        match enough.any(|privilege| self.rights.has(&object.access, *privilege)) {
            true => Ok(()),
            false => Err(denied(kind_word(object.kind), &object.name.name)),
        }
    }
}
