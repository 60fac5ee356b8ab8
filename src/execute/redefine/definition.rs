//! What an action makes of the definition of a table.

use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption, ColumnOptionDef};

use super::rows::Rows;
use super::{columns, foreign_keys, generated, identity, options};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState, nearest};
use crate::session::Session;
use crate::sql::alter::Action;
use crate::sql::constraint::{Declared, Rule, complete};
use crate::sql::create_table::CreateTable;
use crate::sql::generated::is_generated;
use crate::sql::identity::is_identity;

/// Changes the definition; none where nothing is to be done.
pub(super) fn apply(
    session: &Session,
    object: &Object,
    create: &mut CreateTable,
    action: &Action,
) -> Result<Option<Rows>> {
    let table = &object.name.name;
    match action {
        Action::AddColumn {
            column,
            constraints,
            if_not_exists,
        } => columns::add(session, object, create, column, constraints, *if_not_exists),
        Action::DropColumn {
            name,
            if_exists,
            cascade,
        } => columns::remove(session, object, create, name, *if_exists, *cascade),
        Action::RenameColumn(old, new) => columns::rename(object, create, old, new),
        Action::SetType {
            column,
            data_type,
            using,
        } => columns::set_type(session, object, create, column, data_type, using.as_deref()),
        Action::SetDefault(name, value) => {
            generated::refuse_default(object, name)?;
            let column = column(create, table, name)?;
            if column.options.iter().any(is_identity) {
                let error = is_an_identity(table, name);
                return Err(match value {
                    Some(_) => error,
                    None => error
                        .with_hint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."),
                });
            }
            column
                .options
                .retain(|option| !matches!(option.option, ColumnOption::Default(_)));
            if let Some(value) = value {
                let default = ColumnOption::Default(value.as_ref().clone());
                column.options.push(option(default));
            }
            Ok(Some(Rows::Stay))
        }
        Action::DropExpression {
            column: name,
            if_exists,
        } => {
            let column = column(create, table, name)?;
            if column.options.iter().any(is_generated) {
                column.options.retain(|option| !is_generated(option));
                return Ok(Some(Rows::Stay));
            }
            let error = generated::not_generated(table, name);
            if !if_exists {
                return Err(error);
            }
            let notice = format!("{}, skipping", error.message());
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
            Ok(None)
        }
        Action::Identity(name, change) => {
            let column = column(create, table, name)?;
            let changes = identity::declare(session, object, column, change)?;
            Ok(changes.then_some(Rows::Stay))
        }
        Action::SetNotNull(name, true) => {
            let column = column(create, table, name)?;
            let not_null = option(ColumnOption::NotNull);
            if !column.options.contains(&not_null) {
                column.options.push(not_null);
            }
            Ok(Some(Rows::Checked))
        }
        Action::SetNotNull(name, false) => {
            let in_key = create.constraints.iter().any(|constraint| {
                matches!(constraint.rule, Rule::Unique { primary: true, .. })
                    && constraint.rule.names(name)
            });
            let column = column(create, table, name)?;
            if column.options.iter().any(is_identity) {
                return Err(is_an_identity(table, name));
            }
            if in_key {
                return Err(Error::new(
                    SqlState::INVALID_TABLE_DEFINITION,
                    format!("column \"{name}\" is in a primary key"),
                ));
            }
            column
                .options
                .retain(|option| option.option != ColumnOption::NotNull);
            Ok(Some(Rows::Stay))
        }
        Action::AddConstraint(constraint) => {
            constrain(create, table, std::slice::from_ref(constraint))?;
            Ok(Some(match constraint.rule {
                // Whether its rows refer to others is looked at by a join.
                Rule::ForeignKey(_) => Rows::Stay,
                Rule::Unique { .. } | Rule::Check(_) => Rows::Checked,
            }))
        }
        Action::ValidateConstraint(name) => {
            foreign_keys::declare(create, table, name, |key| key.is_unproven = false)
        }
        Action::AlterConstraint(name, timing) => {
            foreign_keys::declare(create, table, name, |key| key.timing = *timing)
        }
        Action::DropConstraint {
            name, if_exists, ..
        } => {
            let before = create.constraints.len();
            create
                .constraints
                .retain(|constraint| constraint.name != *name);
            if create.constraints.len() < before {
                return Ok(Some(Rows::Stay));
            }
            let message = format!("constraint \"{name}\" of relation \"{table}\" does not exist");
            if *if_exists {
                let notice = format!("{message}, skipping");
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
                return Ok(None);
            }
            Err(Error::new(SqlState::UNDEFINED_OBJECT, message))
        }
        Action::RenameConstraint(old, new) => {
            let is_taken = create.constraints.iter().any(|it| it.name == *new);
            let Some(constraint) = create.constraints.iter_mut().find(|it| it.name == *old) else {
                let message = format!("constraint \"{old}\" for table \"{table}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
            };
            if is_taken {
                let message =
                    format!("constraint \"{new}\" for relation \"{table}\" already exists");
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
            }
            constraint.name.clone_from(new);
            Ok(Some(Rows::Stay))
        }
        Action::SetOptions(given) => {
            let given = given.0.iter();
            let changes = given.map(|(name, value)| (name.as_str(), Some(value.as_str())));
            options::change(&mut create.options, changes)
        }
        Action::ResetOptions(names) => {
            let changes = names.iter().map(|name| (name.as_str(), None));
            options::change(&mut create.options, changes)
        }
        Action::RenameTo(_)
        | Action::SetSchema(_)
        | Action::OwnerTo(_)
        | Action::AddValue { .. }
        | Action::RenameValue(..)
        | Action::Attribute(_)
        | Action::Domain(_)
        | Action::Sequence(..)
        | Action::Suspend(_)
        | Action::Refresh
        | Action::Storage(..)
        | Action::Stays(_) => Err(Error::internal("names are changed elsewhere")),
    }
}

fn is_an_identity(table: &str, column: &str) -> Error {
    let message = format!("column \"{column}\" of relation \"{table}\" is an identity column");
    Error::new(SqlState::SYNTAX_ERROR, message)
}

fn option(option: ColumnOption) -> ColumnOptionDef {
    ColumnOptionDef { name: None, option }
}

/// The column of a name.
pub(super) fn column<'a>(
    create: &'a mut CreateTable,
    table: &str,
    name: &str,
) -> Result<&'a mut ColumnDef> {
    let names: Vec<String> = create
        .columns
        .iter()
        .map(|it| it.name.value.clone())
        .collect();
    let found = create.columns.iter_mut().find(|it| it.name.value == name);
    found.ok_or_else(|| {
        let message = format!("column \"{name}\" of relation \"{table}\" does not exist");
        undefined(message, name, names.iter().map(String::as_str))
    })
}

/// The error of a column that a relation does not have.
pub(super) fn no_column(object: &Object, name: &str, message: String) -> Error {
    let fields = object.schema.fields().iter();
    undefined(message, name, fields.map(|field| field.name().as_str()))
}

fn undefined<'a>(message: String, name: &str, columns: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::new(SqlState::UNDEFINED_COLUMN, message);
    match nearest(name, columns) {
        Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
        None => error,
    }
}

/// Adds constraints, with names where they have none.
pub(super) fn constrain(create: &mut CreateTable, table: &str, new: &[Declared]) -> Result<()> {
    let before = std::mem::take(&mut create.constraints);
    let all = before
        .into_iter()
        .map(Declared::from)
        .chain(new.iter().cloned());
    create.constraints = complete(table, &mut create.columns, all.collect())?;
    Ok(())
}
