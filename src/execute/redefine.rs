//! The actions of `ALTER TABLE` that change columns and constraints.
//!
//! A table gets another definition as by `CREATE OR REPLACE`, and keeps its rows. These stay where they
//! are when columns are added without values, and when constraints or defaults come or go; otherwise
//! they are written anew, in the same commit. What stands on the table is planned against its new
//! columns first.

mod columns;
mod declarations;
mod definition;
pub(super) mod foreign_keys;
mod generated;
mod identity;
mod kept_order;
pub(super) mod materialized;
mod options;
pub(super) mod readers;
mod rows;
mod versioned;

use std::sync::Arc;

pub(super) use self::columns::check_other_name;
pub(super) use self::declarations::declared;
pub use self::declarations::declared_columns;
use self::rows::{Made, Rows, redefine};
use super::create_sequence;
use crate::catalog::{NewObject, Object};
use crate::error::{Error, Result, SqlState};
use crate::models::define::define;
use crate::models::replacement::replaced_meanwhile;
use crate::models::{constraints, keyed, partitioned};
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::alter::Action;
use crate::sql::constraint::Rule;
use crate::warehouse::{INTERVAL, Keyed};

/// Does an action that changes columns or constraints of a table.
///
/// # Errors
/// 42703 for a column and 42704 for a constraint that the table does not have, 42701 and 42710 for
/// one that it has; 23502, 23505 and 23514 for rows that do not satisfy a new constraint; 2BP01 where
/// something reads a column that goes; 40001 where the table was changed meanwhile.
pub async fn act(session: &Session, object: &Arc<Object>, action: &Action) -> Result<()> {
    foreign_keys::lock(session, object, action).await?;
    let guard = session.instance.refresh_locks.lock(object.oid).await?;
    session.check_unchanged(object).await?;
    keep_intervals(object, action)?;
    if let Action::DropColumn { name, .. } | Action::SetType { column: name, .. } = action {
        partitioned::keep(object, name)?;
    }
    let snapshot = session.instance.catalog.snapshot();
    let mut create = declared(object, &snapshot)?;
    if foreign_keys::prove_existing(session, object, action).await? {
        return Ok(());
    }
    foreign_keys::release(session, object, action)?;
    if let Action::DropConstraint { name, cascade, .. } = action {
        let mut keys = constraints::of(object).iter();
        if keys.any(|it| it.name == *name && matches!(it.rule, Rule::Unique { .. })) {
            let what = format!("constraint {name} on {}", object.described());
            readers::drop_naming(session, object, name, &what, *cascade).await?;
        }
    }
    let Some(rows) = definition::apply(session, object, &mut create, action)? else {
        return Ok(());
    };
    if let Action::DropColumn { name, cascade, .. } = action {
        let what = format!("column {name} of {}", object.described());
        for index in readers::indexes_on(object, &generated::going(object, name)) {
            readers::drop_naming(session, object, &index, &what, *cascade).await?;
        }
    }
    let settings = session.settings();
    let snapshot = session.instance.catalog.snapshot();
    let statement = Statement::CreateTable(create);
    let mut new = define(&session.instance, &snapshot, &settings, &statement).await?;
    new.project_file.clone_from(&object.project_file);
    kept_order::keep(session, object, &new, action).await?;
    if let Action::RenameColumn(old, name) = action {
        readers::keep(session, object, old, name)?;
        foreign_keys::follow_column(session, object, old, name)?;
        if let Some(comment) = object.column_comments.get(old) {
            new.column_comments.insert(name.clone(), comment.clone());
        }
        if constraints::identity_of(object, old).is_some() {
            let key = object.sequence_key(old).to_owned();
            new.sequences.insert(name.clone(), key);
        }
    }
    if let Action::RenameColumn(old, name) = action {
        new.indexes.clone_from(&object.indexes);
        for index in &mut new.indexes {
            index.rename_column(old, name);
        }
    }
    if let Action::Identity(column, change) = action {
        identity::renumber(session, object, &mut new, column, change)?;
    }
    if let Action::DropColumn { name, cascade, .. } = action {
        let going = generated::going(object, name);
        readers::drop_with(session, object, &new, &going, *cascade).await?;
        generated::tell(session, object, &going);
    }
    let owned = match action {
        Action::DropColumn { name, .. } => {
            create_sequence::owned_by_column(&snapshot, object, name)
        }
        _ => Vec::new(),
    };
    let done = redefine(session, object, new, rows).await;
    drop(guard);
    done?;
    foreign_keys::prove_new(session, object, action).await?;
    if let Action::RenameConstraint(old, name) = action {
        let comments = object.part_comments.of_renamed(old, name);
        let renamed = constraints::of(object).iter().find(|it| it.name == *old);
        let is_index = renamed.is_some_and(|it| matches!(it.rule, Rule::Unique { .. }));
        session.instance.catalog.write(|transaction| {
            if is_index {
                transaction.rename_index(object.oid, old, name)?;
            }
            for (part, comment) in comments {
                transaction.set_part_comment(object.oid, &part, Some(comment))?;
            }
            Ok(())
        })?;
    }
    if let Action::RenameColumn(old, name) = action {
        create_sequence::follow_column(session, object, old, name)?;
    }
    readers::drop_owned(session, object, &owned)
}

/// Writes the values of columns, of each of which there is an expression, in other words. Rows, and values
/// of a keyed table that have versions of their own, stay of those that they are of.
///
/// # Errors
/// What stands on the table says; 40001 where it was changed meanwhile.
pub(super) async fn reword(
    session: &Session,
    object: &Object,
    values: Vec<(String, String)>,
) -> Result<()> {
    let instance = &session.instance;
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    session.check_unchanged(object).await?;
    let snapshot = instance.catalog.snapshot();
    let Some(object) = snapshot.object(object.oid) else {
        return Err(replaced_meanwhile(object));
    };
    let made = values.into_iter().map(|(column, value)| Made {
        of: Some(column.clone()),
        column,
        value,
    });
    let new = NewObject::from(object.as_ref().clone());
    redefine(session, object, new, Rows::Made(made.collect())).await
}

/// That an action leaves the intervals of a history as they are: they are of its first version column.
fn keep_intervals(object: &Object, action: &Action) -> Result<()> {
    let Some(keyed) = keyed::of(object)?.filter(Keyed::has_history) else {
        return Ok(());
    };
    let name = match action {
        Action::DropColumn { name, .. }
        | Action::RenameColumn(name, _)
        | Action::SetType { column: name, .. }
        | Action::SetDefault(name, _)
        | Action::SetNotNull(name, _)
        | Action::Identity(name, _) => name,
        _ => return Ok(()),
    };
    if INTERVAL.contains(&name.as_str()) {
        return Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            format!("cannot alter column \"{name}\" of {}", object.described()),
        )
        .with_detail("It is one that option \"history\" adds."));
    }
    if matches!(action, Action::SetType { .. }) && keyed.versions.first() == Some(name) {
        return Err(Error::unsupported(format!(
            "another type of column \"{name}\", which tells when rows of {} are valid,",
            object.described()
        ))
        .with_hint("Define another table, and insert its rows there."));
    }
    Ok(())
}
