//! `ALTER TABLE ... ADD COLUMN ... GENERATED ... AS IDENTITY`: rows that are there get the first numbers.
//!
//! They get them of a sequence that is there for as long as that takes, as those of a `serial` column do of
//! their own; then the column has numbers itself, which go on behind these.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption, ColumnOptionDef};

use super::redefine;
use super::serial::{self, Serial};
use crate::catalog::Object;
use crate::error::{Error, Result};
use crate::models::constraints;
use crate::session::Session;
use crate::sql::alter::Action;
use crate::sql::alter_identity::IdentityChange;
use crate::sql::create_sequence::SequenceOptions;
use crate::sql::identity::{self, is_identity};

/// The identity column that an action adds, if it does.
pub fn of(action: &Action) -> Option<&ColumnDef> {
    match action {
        Action::AddColumn { column, .. } if column.options.iter().any(is_identity) => Some(column),
        _ => None,
    }
}

/// Adds an identity column, which the table does not have; to be called within a transaction, since it
/// takes several steps.
///
/// # Errors
/// Those of [`redefine::act`]; 2200H where there are more rows than numbers.
pub async fn add(session: &Session, table: &Arc<Object>, action: &Action) -> Result<()> {
    let catalog = &session.instance.catalog;
    let mut first = action.clone();
    let Action::AddColumn { column, .. } = &mut first else {
        return Err(Error::internal("no column is added"));
    };
    let name = column.name.value.clone();
    let numbers = identity::of_column(std::slice::from_ref(column.as_ref()), &name);
    let identity = column.options.iter().find(|option| is_identity(option));
    let (Some(numbers), Some(identity)) = (numbers, identity.cloned()) else {
        return Err(Error::internal("no identity column is added"));
    };
    let options = SequenceOptions {
        increment: Some(numbers.increment),
        minimum: Some(Some(numbers.minimum)),
        maximum: Some(Some(numbers.maximum)),
        start: Some(numbers.start),
        cycles: Some(numbers.cycles),
        ..SequenceOptions::default()
    };
    let sequence = Serial::new(&catalog.snapshot(), &table.name, &name, options);
    let default = ColumnOption::Default(sequence.next_value());
    column.options.retain(|option| !is_identity(option));
    column.options.push(ColumnOptionDef {
        name: None,
        option: default,
    });
    serial::create(session, std::slice::from_ref(&sequence))?;
    let later = [
        Action::SetDefault(name.clone(), None),
        Action::Identity(name.clone(), IdentityChange::Add(Box::new(identity))),
    ];
    for action in std::iter::once(first).chain(later) {
        Box::pin(redefine::act(session, &now(session, table)?, &action)).await?;
    }
    let snapshot = catalog.snapshot();
    let taken = snapshot.relation(sequence.name());
    let taken = taken.ok_or_else(|| Error::internal("a sequence that was made is not there"))?;
    let next = catalog.next_number(taken.oid, taken.sequence_key(""), &numbers)?;
    let table = now(session, table)?;
    if constraints::identity_of(&table, &name).is_some() {
        catalog.set_next_number(table.oid, table.sequence_key(&name), next)?;
    }
    let dropped = catalog.write(|transaction| transaction.drop(&[taken.oid], false));
    dropped.map(drop)
}

/// The table as the transaction has it.
fn now(session: &Session, table: &Object) -> Result<Arc<Object>> {
    let snapshot = session.instance.catalog.snapshot();
    let found = snapshot.object(table.oid).cloned();
    found.ok_or_else(|| Error::internal(format!("{} is gone", table.described())))
}
