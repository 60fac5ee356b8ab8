//! What becomes of the definition of a table whose columns are added, dropped, renamed, or given other types.

use arrow::datatypes::DataType as ArrowType;
use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption, DataType, Expr};
use tributary_udfs::type_name;

use super::definition::{column, constrain, no_column};
use super::rows::{Made, Rows};
use super::{foreign_keys, generated};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::{constraints, define, keyed, partitioned};
use crate::session::domains::{self, DomainKind};
use crate::session::{Session, enums};
use crate::sql::constraint::Declared;
use crate::sql::create_table::CreateTable;
use crate::sql::generated::expressions_mut;
use crate::sql::identity::{self, is_identity};
use crate::sql::name::Quoted;
use crate::sql::renaming::{identifier, rename_column};
use crate::sql::shown::Shown;
use crate::warehouse::Keyed;

/// `ADD COLUMN`.
pub(super) fn add(
    session: &Session,
    object: &Object,
    create: &mut CreateTable,
    column: &ColumnDef,
    constraints: &[Declared],
    if_not_exists: bool,
) -> Result<Option<Rows>> {
    let table = &object.name.name;
    let name = &column.name.value;
    if object.schema.column_with_name(name).is_some() {
        let message = format!("column \"{name}\" of relation \"{table}\" already exists");
        if if_not_exists {
            let notice = format!("{message}, skipping");
            session.notice(Error::new(SqlState::DUPLICATE_COLUMN, notice));
            return Ok(None);
        }
        return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
    }
    create.columns.push(column.clone());
    constrain(create, table, constraints)?;
    let default = column
        .options
        .iter()
        .find_map(|option| match &option.option {
            ColumnOption::Default(value) => Some(Shown(value).to_string()),
            _ => None,
        });
    // A domain may have a default, and other values than NULL.
    let domain = domain_of(session, column);
    let of_domain = domain.and_then(|kind| default_in(session, kind));
    let default = default.or(of_domain);
    if column.options.iter().any(is_identity) {
        return Err(Error::internal(
            "an identity column is added in several steps",
        ));
    }
    let is_plain = column.options.is_empty() && constraints.is_empty() && domain.is_none();
    Ok(Some(match default {
        None if is_plain => Rows::Stay,
        default => Rows::Made(vec![Made {
            column: name.clone(),
            value: default.unwrap_or_else(|| "NULL".to_owned()),
            of: None,
        }]),
    }))
}

/// `DROP COLUMN`.
pub(super) fn remove(
    session: &Session,
    object: &Object,
    create: &mut CreateTable,
    name: &str,
    if_exists: bool,
    cascade: bool,
) -> Result<Option<Rows>> {
    let table = &object.name.name;
    if if_exists && object.schema.column_with_name(name).is_none() {
        let notice = format!("column \"{name}\" of relation \"{table}\" does not exist, skipping");
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
        return Ok(None);
    }
    column(create, table, name)?;
    if !cascade {
        generated::keep(object, name)?;
    }
    if let Some(option) = keyed::naming(&create.options, name) {
        let table = format!("table {}", object.name);
        return Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot drop column {name} of {table} because its rows are told apart or put in order by it"),
        )
        .with_detail(format!("Option \"{option}\" of {table} names the column."))
        .with_hint("Replace the table by one with other options: CREATE OR REPLACE TABLE ... AS."));
    }
    for name in &generated::going(object, name) {
        create.columns.retain(|column| column.name.value != *name);
        create.constraints.retain(|constraint| {
            !constraint.rule.names(name)
                && !foreign_keys::refers_to_own(&constraint.rule, object, name)
        });
    }
    if create.columns.is_empty() {
        let what = format!("to drop the only column of table {table}");
        return Err(Error::unsupported(what).with_hint("Use DROP TABLE."));
    }
    Ok(Some(Rows::Made(Vec::new())))
}

/// `RENAME COLUMN`.
pub(super) fn rename(
    object: &Object,
    create: &mut CreateTable,
    old: &str,
    new: &str,
) -> Result<Option<Rows>> {
    let table = &object.name.name;
    if object.schema.column_with_name(old).is_none() {
        return Err(no_column(
            object,
            old,
            format!("column \"{old}\" does not exist"),
        ));
    }
    if object.schema.column_with_name(new).is_some() {
        let message = format!("column \"{new}\" of relation \"{table}\" already exists");
        return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
    }
    column(create, table, old)?.name = identifier(new);
    for expression in expressions_mut(&mut create.columns) {
        rename_column(expression, old, new);
    }
    for constraint in &mut create.constraints {
        constraint.rule.rename_column(old, new);
        foreign_keys::rename_own(&mut constraint.rule, object, old, new);
    }
    keyed::rename_column(&mut create.options, old, new)?;
    create.options.rename(partitioned::OPTION.name, old, new)?;
    Ok(Some(Rows::Made(vec![Made {
        column: new.to_owned(),
        value: Quoted(old).to_string(),
        of: Some(old.to_owned()),
    }])))
}

/// `ALTER COLUMN ... TYPE`.
pub(super) fn set_type(
    session: &Session,
    object: &Object,
    create: &mut CreateTable,
    name: &str,
    data_type: &DataType,
    using: Option<&Expr>,
) -> Result<Option<Rows>> {
    let table = &object.name.name;
    generated::keep_type(object, name)?;
    let declared = column(create, table, name)?;
    declared.data_type = data_type.clone();
    if declared.options.iter().any(is_identity) {
        identity::check(&mut declared.clone())?;
    }
    let value = match using {
        Some(value) => Shown(value).to_string(),
        None => {
            check_automatic(session, object, create, name)?;
            Quoted(name).to_string()
        }
    };
    keep_versions(object, name, using.is_some())?;
    Ok(Some(Rows::Made(vec![Made {
        column: name.to_owned(),
        value,
        of: Some(name.to_owned()),
    }])))
}

/// That a view has a column, and none of the name that it is to get.
///
/// # Errors
/// 42703 where it has not, and 42701 where it has one.
pub(in crate::execute) fn check_other_name(object: &Object, old: &str, new: &str) -> Result<()> {
    if object.schema.column_with_name(old).is_none() {
        let message = format!("column \"{old}\" does not exist");
        return Err(no_column(object, old, message));
    }
    if object.schema.column_with_name(new).is_some() {
        let view = &object.name.name;
        let message = format!("column \"{new}\" of relation \"{view}\" already exists");
        return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
    }
    Ok(())
}

/// The domain that a column is declared by.
fn domain_of(session: &Session, column: &ColumnDef) -> Option<DomainKind> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let mut data_type = column.data_type.clone();
    // What is wrong with it is told where the table is defined anew.
    let replaced = domains::replace(&mut data_type, &snapshot, &path);
    replaced.ok().flatten().map(|(kind, _)| kind)
}

/// The default of a domain.
fn default_in(session: &Session, kind: DomainKind) -> Option<String> {
    let snapshot = session.instance.catalog.snapshot();
    let (_, create) = domains::domain(&snapshot, kind.oid).filter(|_| !kind.is_array)?;
    Some(Shown(create.default.as_deref()?).to_string())
}

/// That the versions of single values can follow those of rows, which a column of the version gets
/// others for by an expression.
fn keep_versions(object: &Object, column: &str, by_expression: bool) -> Result<()> {
    let keyed = keyed::of(object)?.filter(Keyed::merges_by_version);
    match keyed {
        Some(keyed) if by_expression && keyed.versions.iter().any(|it| it == column) => {
            Err(Error::unsupported(format!(
                "USING for column \"{column}\", which tells the versions of the rows of {} with merge = 'column',",
                object.described()
            ))
            .with_hint("Leave out USING, or define another table, and insert its rows there."))
        }
        _ => Ok(()),
    }
}

/// That the values of a column may be assigned to its new type.
fn check_automatic(
    session: &Session,
    object: &Object,
    create: &CreateTable,
    name: &str,
) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let numbered = enums::number_columns(&create.columns, &snapshot, &path);
    let columns = define::declared_columns(&numbered)?;
    let (Ok(new), Ok(old)) = (
        columns.field_with_name(name),
        object.schema.field_with_name(name),
    ) else {
        return Ok(());
    };
    // A text may be assigned to a column that reads it, but is no value of another type.
    let is_text = |of: &ArrowType| matches!(of, ArrowType::Utf8 | ArrowType::LargeUtf8);
    let reads_text = is_text(old.data_type()) && !is_text(new.data_type());
    let assignable = match reads_text {
        true => Err(()),
        false => constraints::check_assignable(new, old.data_type()).map_err(drop),
    };
    assignable.map_err(|()| {
        let new = type_name(new.data_type());
        Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("column \"{name}\" cannot be cast automatically to type {new}"),
        )
        .with_hint(format!(
            "You might need to specify \"USING {}::{new}\".",
            Quoted(name)
        ))
    })
}
