//! `CREATE TYPE`, and the actions of `ALTER TYPE` on labels: `ADD VALUE [IF NOT EXISTS] 'label'
//! [BEFORE | AFTER 'label']`, which changes no row, and `RENAME VALUE 'label' TO 'label'`, which changes the
//! rows that have it, and the definitions of views and checks that name it. Earlier versions of tables are read
//! and restored with the new text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::sql::sqlparser::ast::{Expr, Value, visit_expressions_mut};
use tributary_udfs::enums::EnumKind;

use super::{redefine, referential, refresh, renamed_labels};
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::{LockMode, earlier_labels};
use crate::models::define::{creation_schema, define};
use crate::models::keyed;
use crate::session::{Outcome, Session, domains};
use crate::sql::constraint::Rule;
use crate::sql::create_table::CreateTable;
use crate::sql::create_type::{CreateType, Place};
use crate::sql::cursor::folded;
use crate::sql::name::Quoted;
use crate::sql::options::Literal;
use crate::sql::{QualifiedName, Statement, constraint, parse_one};

/// Creates a type.
///
/// # Errors
/// 42710 for a name that is taken.
pub fn execute(session: &Session, create: &CreateType) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let name = create.name.qualify(creation_schema(&session.settings()));
    let definition = Statement::CreateType(CreateType {
        name: name.clone().into(),
        array_oid: catalog.reserve_oid()?,
        ..create.clone()
    });
    let new = NewObject::new(name, definition).owned_by(session.role_oid(&snapshot));
    catalog.write(|transaction| transaction.create(new))?;
    Ok(Outcome::Done("CREATE TYPE".to_owned()))
}

/// Adds a label. No row changes: the order of values is that of their type.
///
/// # Errors
/// 42710 for a label that is there; 22023 for a neighbor that is not.
pub fn add_value(
    session: &Session,
    object: &Object,
    label: &str,
    if_not_exists: bool,
    place: &Place,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let mut create = enum_of(&snapshot, object)?;
    if create.has(label) {
        let message = format!("enum label \"{label}\" already exists");
        if !if_not_exists {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
        }
        let notice = format!("{message}, skipping");
        session.notice(Error::new(SqlState::DUPLICATE_OBJECT, notice));
        return Ok(());
    }
    create.add(label.to_owned(), place)?;
    let definition = Statement::CreateType(create);
    catalog.write(|transaction| transaction.reword(object.oid, definition.clone()))
}

/// Gives a label another text, in rows, defaults and definitions too.
///
/// # Errors
/// 22023 for a label that is not there, 42710 for one that is; 2BP01 for a definition that names it
/// and cannot be changed; what changing the rows meets.
pub async fn rename_value(session: &Session, object: &Object, old: &str, new: &str) -> Result<()> {
    let catalog = &session.instance.catalog;
    let wanted = |snapshot: &Snapshot| -> BTreeMap<Oid, LockMode> {
        let stored = stored_with(snapshot, object.oid).into_iter();
        stored.map(|it| (it.oid, LockMode::Exclusive)).collect()
    };
    // No version with the old text comes after those that are noted, nor one of a refresh.
    referential::lock(session, wanted).await?;
    let snapshot = catalog.snapshot();
    let mut create = enum_of(&snapshot, object)?;
    let readers = snapshot.direct_dependents(object.oid);
    if let Some(of) = readers.iter().find(|it| it.kind == Kind::Type) {
        let what = format!("a label of type \"{}\", which", object.name.name);
        let what = match domains::definition(of) {
            Some(_) => format!("{what} domain \"{}\" is over", of.name.name),
            None => format!("{what} attributes of type \"{}\" are of", of.name.name),
        };
        return Err(Error::unsupported(format!("renaming {what}")));
    }
    for renamed in &mut create.renamed {
        renamed
            .last
            .retain(|table, _| snapshot.object(*table).is_some());
    }
    let versions = versions_with(session, object.oid).await?;
    create.rename(old, new, versions)?;
    let columns = snapshot.columns_of_type(object.oid);
    let mut definitions = vec![(object.oid, Statement::CreateType(create))];
    for table in distinct(&columns) {
        definitions.extend(renamed_defaults(&table, object.oid, old, new));
    }
    catalog.write(|transaction| {
        for (oid, definition) in &definitions {
            transaction.reword(*oid, definition.clone())?;
        }
        Ok(())
    })?;
    let renamed = renamed_readers(session, object, &columns, (old, new)).await?;
    catalog.write(|transaction| {
        for (oid, definition) in &renamed {
            transaction.reword(*oid, definition.clone())?;
        }
        Ok(())
    })?;
    for table in distinct(&columns) {
        let own = table.schema.fields().iter();
        let own = own.filter(|it| EnumKind::of_field(it).is_some_and(|it| it.of.oid == object.oid));
        let renamed = own.map(|field| Renamed::of(field, &object.name, &[(old, new)]));
        rename_in_rows(session, &table, renamed.collect()).await?;
    }
    let snapshot = catalog.snapshot();
    let is_of_type = |view: &&Arc<Object>| {
        let mut fields = view.schema.fields().iter();
        view.kind == Kind::MaterializedView
            && fields
                .any(|field| EnumKind::of_field(field).is_some_and(|it| it.of.oid == object.oid))
    };
    let views: Vec<Arc<Object>> = snapshot.objects().filter(is_of_type).cloned().collect();
    for view in views {
        let text = format!("REFRESH MATERIALIZED VIEW {}", view.name);
        if let Statement::Refresh(again) = parse_one(&text)? {
            refresh::run(session, &again).await?;
        }
    }
    Ok(())
}

/// The tables and materialized views that have columns of a type.
fn stored_with(snapshot: &Snapshot, of: Oid) -> Vec<Arc<Object>> {
    let has_columns = |object: &&Arc<Object>| {
        let mut fields = object.schema.fields().iter();
        object.is_stored()
            && fields.any(|field| EnumKind::of_field(field).is_some_and(|it| it.of.oid == of))
    };
    snapshot.objects().filter(has_columns).cloned().collect()
}

/// The versions of tables and materialized views that have columns of a type, without what the transaction
/// has changed of them.
async fn versions_with(session: &Session, of: Oid) -> Result<BTreeMap<Oid, i64>> {
    let warehouse = &session.instance.warehouse;
    let snapshot = session.instance.catalog.snapshot();
    let mut versions = BTreeMap::new();
    for object in stored_with(&snapshot, of) {
        let table = object.table();
        if warehouse.exists(&table).await?
            && let Some(version) = warehouse.version_before(&table).await?
        {
            versions.insert(object.oid, version);
        }
    }
    Ok(versions)
}

/// What a type is defined as.
///
/// # Errors
/// 42809 for one that is no enum.
fn enum_of(snapshot: &Snapshot, object: &Object) -> Result<CreateType> {
    match snapshot.object(object.oid).map(|it| &it.definition) {
        Some(Statement::CreateType(create)) => Ok(create.clone()),
        _ => {
            let message = format!("{} is not an enum", object.name.name);
            Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message))
        }
    }
}

fn distinct(columns: &[(Arc<Object>, String)]) -> Vec<Arc<Object>> {
    let tables = columns.iter().map(|(table, _)| (table.oid, table));
    let tables: BTreeMap<Oid, &Arc<Object>> = tables.collect();
    tables.into_values().cloned().collect()
}

/// The definition of a table whose defaults name a label by another text; none where no default does.
fn renamed_defaults(table: &Object, of: Oid, old: &str, new: &str) -> Option<(Oid, Statement)> {
    let Statement::CreateTable(create) = &table.definition else {
        return None;
    };
    let mut create = create.clone();
    let mut is_changed = false;
    for field in table.schema.fields() {
        if EnumKind::of_field(field).is_none_or(|kind| kind.of.oid != of) {
            continue;
        }
        is_changed |= rename_in_default(&mut create, field.name(), old, new);
    }
    is_changed.then_some((table.oid, Statement::CreateTable(create)))
}

/// Writes a label in the default of a column otherwise.
fn rename_in_default(create: &mut CreateTable, name: &str, old: &str, new: &str) -> bool {
    let mut is_changed = false;
    let own = create.columns.iter_mut();
    for column in own.filter(|column| column.name.value == name) {
        let column = std::slice::from_mut(column);
        for default in constraint::defaults_mut(column) {
            is_changed |= rename_literal(default, old, new);
        }
    }
    is_changed
}

/// Gives the defaults and checks of a table, as it was defined once with these columns, the texts that labels
/// have now.
pub(super) fn rename_in_definition(
    snapshot: &Snapshot,
    create: &mut CreateTable,
    columns: &Schema,
) {
    for field in columns.fields() {
        let of = EnumKind::of_field(field).and_then(|kind| snapshot.object(kind.of.oid));
        let Some(Statement::CreateType(of)) = of.map(|of| &of.definition) else {
            continue;
        };
        // When it was defined is not told: what is a label is meant.
        for label in of.renamed.iter().filter(|label| !of.has(&label.old)) {
            rename_in_default(create, field.name(), &label.old, &label.new);
            for constraint in &mut create.constraints {
                if let Rule::Check(condition) = &mut constraint.rule {
                    rename_in_check(condition, field.name(), &label.old, &label.new);
                }
            }
        }
    }
}

/// Writes a label otherwise where a condition compares a column with it.
fn rename_in_check(condition: &mut Expr, column: &str, old: &str, new: &str) {
    let _ = visit_expressions_mut(condition, |part| {
        match part {
            Expr::BinaryOp { left, right, .. }
            | Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. } => {
                if is_column(left, column) {
                    rename_literal(right, old, new);
                } else if is_column(right, column) {
                    rename_literal(left, old, new);
                }
            }
            Expr::InList { expr, list, .. } if is_column(expr, column) => {
                for value in list {
                    rename_literal(value, old, new);
                }
            }
            Expr::Between {
                expr, low, high, ..
            } if is_column(expr, column) => {
                rename_literal(low, old, new);
                rename_literal(high, old, new);
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
}

fn is_column(expression: &Expr, column: &str) -> bool {
    match expression {
        Expr::Nested(inner) => is_column(inner, column),
        Expr::Identifier(name) => folded(name) == column,
        Expr::CompoundIdentifier(names) => names.last().is_some_and(|it| folded(it) == column),
        _ => false,
    }
}

/// Writes a label, perhaps with a cast, otherwise.
fn rename_literal(expression: &mut Expr, old: &str, new: &str) -> bool {
    match expression {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => rename_literal(expr, old, new),
        Expr::Value(value) => match &mut value.value {
            Value::SingleQuotedString(text) if text == old => {
                new.clone_into(text);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// The definitions of what reads values of a type and names a label that has another text now, with this
/// one. Those of a project's files stay as they are there.
async fn renamed_readers(
    session: &Session,
    object: &Object,
    columns: &[(Arc<Object>, String)],
    (old, new): (&str, &str),
) -> Result<Vec<(Oid, Statement)>> {
    let instance = &session.instance;
    let snapshot = instance.catalog.snapshot();
    let tables = distinct(columns);
    let roots = tables.iter().map(|table| table.oid).chain([object.oid]);
    let readers = roots.flat_map(|oid| snapshot.dependents(oid));
    let tables = tables
        .iter()
        .filter_map(|table| snapshot.object(table.oid).cloned());
    let readers = readers.chain(tables).map(|reader| (reader.oid, reader));
    let readers: BTreeMap<Oid, Arc<Object>> = readers.collect();
    let mut all = Vec::new();
    for reader in readers.into_values() {
        // The rows that its query once gave are there.
        if matches!(&reader.definition, Statement::CreateTable(create) if create.query.is_some()) {
            continue;
        }
        let defined = define(instance, &snapshot, &session.settings(), &reader.definition).await;
        if let Err(error) = defined {
            if reader.project_file.is_none()
                && let Some(definition) =
                    renamed_labels::renamed(session, &snapshot, &reader, (old, new)).await
            {
                all.push((reader.oid, definition));
                continue;
            }
            let message = format!(
                "cannot rename value \"{old}\" of {} because {} names it",
                object.described(),
                reader.described()
            );
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .with_detail(error.to_string())
                .with_hint("Drop it first, and create it again with the new text."));
        }
    }
    Ok(all)
}

/// A column whose values have labels that get other texts.
struct Renamed {
    column: String,
    /// Its values then.
    value: String,
    /// Whether a row has one of the labels.
    has_label: String,
}

impl Renamed {
    /// Of these labels, whose texts change one after the other.
    fn of(field: &Field, of: &QualifiedName, labels: &[(&str, &str)]) -> Self {
        let is_array = EnumKind::of_field(field).is_some_and(|it| it.is_array);
        let column = Quoted(field.name());
        let own = match is_array {
            true => format!("{column}::text[]"),
            false => format!("ARRAY[{column}::text]"),
        };
        let value = labels.iter().fold(own, |value, (old, new)| {
            format!("array_replace({value}, {}, {})", Literal(old), Literal(new))
        });
        let value = match is_array {
            true => format!("{value}::{of}[]"),
            false => format!("({value})[1]::{of}"),
        };
        let has_labels = labels.iter().map(|(old, _)| match is_array {
            true => format!("{} = ANY ({column}::text[])", Literal(old)),
            false => format!("{column}::text = {}", Literal(old)),
        });
        Self {
            column: field.name().clone(),
            value,
            has_label: has_labels.collect::<Vec<_>>().join(" OR "),
        }
    }
}

/// Whether a version of a table has columns in which labels have got other texts since.
pub(super) fn is_renamed(
    snapshot: &Snapshot,
    table: &Object,
    columns: &Schema,
    version: i64,
) -> bool {
    let mut kinds = columns
        .fields()
        .iter()
        .filter_map(|it| EnumKind::of_field(it));
    let had = |last: i64| version <= last;
    kinds.any(|kind| !earlier_labels(snapshot, table.oid, kind.of, had).is_empty())
}

/// Gives the rows of a table, which are those of an earlier version, the texts that labels have got since.
pub(super) async fn rename_in_restored(session: &Session, table: Oid, version: i64) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let Some(table) = snapshot.object(table) else {
        return Err(Error::internal("a table that was restored is gone"));
    };
    let mut all = Vec::new();
    for field in table.schema.fields() {
        let Some(kind) = EnumKind::of_field(field) else {
            continue;
        };
        let labels = earlier_labels(&snapshot, table.oid, kind.of, |last| version <= last);
        let labels = labels
            .iter()
            .map(|(it, _)| (it.old.as_str(), it.new.as_str()));
        let labels: Vec<(&str, &str)> = labels.collect();
        if let Some(of) = snapshot.object(kind.of.oid).filter(|_| !labels.is_empty()) {
            all.push(Renamed::of(field, &of.name, &labels));
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    rename_in_rows(session, table, all).await
}

/// Gives the rows of a table the new text. Those of a keyed one stay of the versions that they are of:
/// what they tell is what it was.
async fn rename_in_rows(session: &Session, table: &Object, renamed: Vec<Renamed>) -> Result<()> {
    if table.kind != Kind::Table {
        return Ok(());
    }
    if keyed::of(table)?.is_some_and(|keyed| !keyed.versions.is_empty()) {
        let values = renamed.into_iter().map(|it| (it.column, it.value));
        return redefine::reword(session, table, values.collect()).await;
    }
    for Renamed {
        column,
        value,
        has_label,
    } in renamed
    {
        let (name, column) = (&table.name, Quoted(&column));
        let text = format!("UPDATE {name} SET {column} = {value} WHERE {has_label}");
        referential::change_alone(session, &parse_one(&text)?).await?;
    }
    Ok(())
}
