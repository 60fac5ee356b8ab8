//! The actions of `ALTER TABLE` that change columns and constraints.
//!
//! A table gets another definition as by `CREATE OR REPLACE`, and keeps its rows. These stay where they
//! are when columns are added without values, and when constraints or defaults come or go; otherwise
//! they are written anew, in the same commit. What stands on the table is planned against its new
//! columns first.

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

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption, ColumnOptionDef};
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use self::rows::{Made, Rows, redefine};
use super::create_sequence;
use crate::catalog::{NewObject, Object, Snapshot};
use crate::error::{Error, Result, SqlState, nearest};
use crate::models::constraints;
use crate::models::define::define;
use crate::models::keyed;
use crate::models::partitioned;
use crate::models::replacement::replaced_meanwhile;
use crate::session::domains::{self, DomainKind};
use crate::session::{Session, declared, enums, own_types};
use crate::sources::{is_same, plain};
use crate::sql::alter::Action;
use crate::sql::constraint::{Declared, Rule, complete};
use crate::sql::create_table::CreateTable;
use crate::sql::generated::{expressions_mut, is_generated};
use crate::sql::identity::is_identity;
use crate::sql::name::Quoted;
use crate::sql::renaming::{identifier, rename_column};
use crate::sql::shown::Shown;
use crate::sql::{Statement, parse_one};
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
    let Some(rows) = apply(session, object, &mut create, action)? else {
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

/// The definition of a table with all of its columns declared, also where they came from a query.
pub(super) fn declared(object: &Object, snapshot: &Snapshot) -> Result<CreateTable> {
    let Statement::CreateTable(create) = &object.definition else {
        return Err(Error::internal(format!("{} is not a table", object.name)));
    };
    if create.query.is_none() {
        return Ok(create.clone());
    }
    let given = keyed::given(&create.options, &object.schema)?;
    match columns_like(object, &given, snapshot) {
        Some(columns) => Ok(CreateTable {
            columns,
            column_names: Vec::new(),
            query: None,
            ..create.clone()
        }),
        None => Err(Error::unsupported(format!(
            "ALTER TABLE of {}, whose query gives it types that cannot be declared",
            object.name
        ))
        .with_hint("Replace it with CREATE OR REPLACE TABLE ... AS.")),
    }
}

/// The columns of a relation as they would be declared.
///
/// # Errors
/// 0A000 for types that cannot be.
pub fn declared_columns(object: &Object, snapshot: &Snapshot) -> Result<Vec<ColumnDef>> {
    match &object.definition {
        Statement::CreateTable(create) if create.query.is_none() => Ok(create.columns.clone()),
        _ => columns_like(object, &object.schema, snapshot).ok_or_else(|| {
            let what = object.described();
            Error::unsupported(format!("LIKE {what}, whose columns cannot be declared"))
        }),
    }
}

/// Columns of these names and types, declared; none where a type cannot be.
fn columns_like(object: &Object, given: &SchemaRef, snapshot: &Snapshot) -> Option<Vec<ColumnDef>> {
    let columns: Vec<String> = given
        .fields()
        .iter()
        .map(|field| {
            let not_null = if field.is_nullable() { "" } else { " NOT NULL" };
            let name = Quoted(field.name());
            format!(
                "{name} {}{not_null}",
                declared_type(object, field, snapshot)
            )
        })
        .collect();
    let text = format!("CREATE TABLE {} ({})", object.name, columns.join(", "));
    let Ok(Statement::CreateTable(declared)) = parse_one(&text) else {
        return None;
    };
    let numbered = enums::number_columns(&declared.columns, snapshot, &[]);
    let schema = crate::models::define::declared_columns(&numbered).ok()?;
    let mut pairs = schema.fields().iter().zip(given.fields());
    // How a query keeps texts in memory is nothing that is declared.
    let is_like = |(declared, given): (&Arc<Field>, &Arc<Field>)| {
        declared.name() == given.name()
            && is_same(&plain(declared.data_type()), &plain(given.data_type()))
    };
    (schema.fields().len() == given.fields().len() && pairs.all(is_like))
        .then_some(declared.columns)
}

/// The type by which a column that came from a query would be declared.
fn declared_type(object: &Object, field: &Field, snapshot: &Snapshot) -> String {
    let of_type = EnumKind::of_field(field).map(|kind| kind.oid());
    let of_type = of_type.or_else(|| Some(CompositeKind::of(field.data_type())?.oid()));
    let made = match DomainKind::of_field(field) {
        Some(kind) => Some(kind.type_oid()),
        None => of_type,
    };
    if let Some((of, is_array)) = made.and_then(|oid| own_types::with_oid(snapshot, oid)) {
        let array = if is_array { "[]" } else { "" };
        return format!("{}{array}", of.name);
    }
    if let Some(length) = object.character_length(field.name()) {
        return length.sql();
    }
    if let Some(kind) = JsonKind::of_field(field) {
        return kind.name().to_owned();
    }
    if let DataType::List(item) = field.data_type()
        && let Some(kind) = JsonKind::of_field(item)
    {
        return format!("{}[]", kind.name());
    }
    // Types that are texts or numbers to expressions, and arrays of such.
    if let Some(told) = declared::told(field).filter(|told| is_declarable(told)) {
        return told;
    }
    let digits = object.moment_precision(field.name());
    match (field.data_type(), digits) {
        (DataType::Timestamp(_, None), Some(digits)) => format!("TIMESTAMP({digits})"),
        (DataType::Timestamp(_, Some(_)), Some(digits)) => {
            format!("TIMESTAMP({digits}) WITH TIME ZONE")
        }
        (DataType::Time64(_), Some(digits)) => format!("TIME({digits})"),
        (data_type, _) => type_name(data_type),
    }
}

/// Whether a column can be declared by a type that clients are told of.
fn is_declarable(told: &str) -> bool {
    match parse_one(&format!("CREATE TABLE of_told (told {told})")) {
        Ok(Statement::CreateTable(create)) => {
            crate::models::define::declared_columns(&create.columns).is_ok()
        }
        _ => false,
    }
}

/// Changes the definition; none where nothing is to be done.
fn apply(
    session: &Session,
    object: &Object,
    create: &mut CreateTable,
    action: &Action,
) -> Result<Option<Rows>> {
    let table = object.name.name.clone();
    match action {
        Action::AddColumn {
            column,
            constraints,
            if_not_exists,
        } => {
            let name = &column.name.value;
            if object.schema.column_with_name(name).is_some() {
                let message = format!("column \"{name}\" of relation \"{table}\" already exists");
                if *if_not_exists {
                    let notice = format!("{message}, skipping");
                    session.notice(Error::new(SqlState::DUPLICATE_COLUMN, notice));
                    return Ok(None);
                }
                return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
            }
            create.columns.push(column.as_ref().clone());
            constrain(create, &table, constraints)?;
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
        Action::DropColumn {
            name,
            if_exists,
            cascade,
        } => {
            if *if_exists && object.schema.column_with_name(name).is_none() {
                let notice =
                    format!("column \"{name}\" of relation \"{table}\" does not exist, skipping");
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
                return Ok(None);
            }
            column(create, &table, name)?;
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
        Action::RenameColumn(old, new) => {
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
            column(create, &table, old)?.name = identifier(new);
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
                column: new.clone(),
                value: Quoted(old).to_string(),
                of: Some(old.clone()),
            }])))
        }
        Action::SetType {
            column: name,
            data_type,
            using,
        } => {
            generated::keep_type(object, name)?;
            let declared = column(create, &table, name)?;
            declared.data_type = data_type.as_ref().clone();
            let value = match using {
                Some(value) => Shown(value.as_ref()).to_string(),
                None => {
                    check_automatic(session, object, create, name)?;
                    Quoted(name).to_string()
                }
            };
            keep_versions(object, name, using.is_some())?;
            Ok(Some(Rows::Made(vec![Made {
                column: name.clone(),
                value,
                of: Some(name.clone()),
            }])))
        }
        Action::SetDefault(name, value) => {
            generated::refuse_default(object, name)?;
            let column = column(create, &table, name)?;
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
            let column = column(create, &table, name)?;
            if column.options.iter().any(is_generated) {
                column.options.retain(|option| !is_generated(option));
                return Ok(Some(Rows::Stay));
            }
            let error = generated::not_generated(&table, name);
            if !if_exists {
                return Err(error);
            }
            let notice = format!("{}, skipping", error.message());
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
            Ok(None)
        }
        Action::Identity(name, change) => {
            let column = column(create, &table, name)?;
            let changes = identity::declare(session, object, column, change)?;
            Ok(changes.then_some(Rows::Stay))
        }
        Action::SetNotNull(name, true) => {
            let column = column(create, &table, name)?;
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
            let column = column(create, &table, name)?;
            if column.options.iter().any(is_identity) {
                let message =
                    format!("column \"{name}\" of relation \"{table}\" is an identity column");
                return Err(Error::new(SqlState::SYNTAX_ERROR, message));
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
            constrain(create, &table, std::slice::from_ref(constraint))?;
            Ok(Some(match constraint.rule {
                // Whether its rows refer to others is looked at by a join.
                Rule::ForeignKey(_) => Rows::Stay,
                Rule::Unique { .. } | Rule::Check(_) => Rows::Checked,
            }))
        }
        Action::ValidateConstraint(name) => {
            foreign_keys::declare(create, &table, name, |key| key.is_unproven = false)
        }
        Action::AlterConstraint(name, timing) => {
            foreign_keys::declare(create, &table, name, |key| key.timing = *timing)
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

fn option(option: ColumnOption) -> ColumnOptionDef {
    ColumnOptionDef { name: None, option }
}

fn column<'a>(create: &'a mut CreateTable, table: &str, name: &str) -> Result<&'a mut ColumnDef> {
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

/// That a view has a column, and none of the name that it is to get.
///
/// # Errors
/// 42703 where it has not, and 42701 where it has one.
pub(super) fn check_other_name(object: &Object, old: &str, new: &str) -> Result<()> {
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

fn no_column(object: &Object, name: &str, message: String) -> Error {
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
fn constrain(create: &mut CreateTable, table: &str, new: &[Declared]) -> Result<()> {
    let before = std::mem::take(&mut create.constraints);
    let all = before
        .into_iter()
        .map(Declared::from)
        .chain(new.iter().cloned());
    create.constraints = complete(table, &mut create.columns, all.collect())?;
    Ok(())
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
    let columns = crate::models::define::declared_columns(&numbered)?;
    let (Ok(new), Ok(old)) = (
        columns.field_with_name(name),
        object.schema.field_with_name(name),
    ) else {
        return Ok(());
    };
    // A text may be assigned to a column that reads it, but is no value of another type.
    let is_text = |of: &DataType| matches!(of, DataType::Utf8 | DataType::LargeUtf8);
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
