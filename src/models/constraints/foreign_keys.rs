//! What foreign keys refer to: full names, the columns of keys, and types that can be compared.

use arrow::datatypes::{DataType, SchemaRef};

use tributary_udfs::enums::EnumKind;

use crate::catalog::{Kind, Snapshot, has_key, is_temporary_schema, no_key};
use crate::error::{Error, Result, SqlState};
use crate::models::keyed;
use crate::session::plan;
use crate::sql::constraint::Rule;
use crate::sql::create_table::CreateTable;
use crate::sql::foreign_key::ForeignKey;
use crate::sql::name::ObjectName;
use crate::sql::{QualifiedName, Statement};

/// Gives the foreign keys of a table that is declared full names, and the columns that they refer to.
///
/// # Errors
/// 42P01 for a table that is not there, 42809 for what is none, 42P16 for one that ends with its
/// session; 42703 and 42830 for columns that are no key; 42804 for columns of other types; 0A000 for
/// a keyed table.
pub fn resolve(
    create: &mut CreateTable,
    columns: &SchemaRef,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<()> {
    if !create
        .constraints
        .iter()
        .any(|it| it.rule.foreign_key().is_some())
    {
        return Ok(());
    }
    if create.options.get("unique_key").is_some() {
        return Err(
            Error::unsupported("a foreign key of a table with a unique_key").with_hint(
                "Of rows with one key the latest is kept, in whatever order they arrive: CREATE CHECK tells of rows that refer to none.",
            ),
        );
    }
    let schema = create.name.schema.clone().unwrap_or_default();
    let own = create.name.qualify(&schema);
    let declared = create.clone();
    for constraint in &mut create.constraints {
        let Rule::ForeignKey(key) = &mut constraint.rule else {
            continue;
        };
        // The table need not be there yet.
        let exists = |name: &QualifiedName| *name == own || plan::is_relation(snapshot, name);
        let name = match plan::resolve_among(&key.table, search_path, &exists) {
            Ok(name) => name,
            // It may be made in a schema that is not in the path.
            Err(_) if key.table.schema.is_none() && key.table.name == own.name => own.clone(),
            Err(_) => plan::resolve(&key.table, snapshot, search_path)?,
        };
        if name == own {
            complete(key, &constraint.name, &own, &declared, [columns, columns])?;
            continue;
        }
        let object = snapshot.relation(&name).filter(|it| it.kind == Kind::Table);
        let Some(object) = object else {
            let message = format!("referenced relation \"{}\" is not a table", name.name);
            let error = Error::new(SqlState::WRONG_OBJECT_TYPE, message);
            return Err(match snapshot.relation(&name) {
                Some(other) => error.with_detail(format!("It is {}.", other.kind.with_article())),
                None => error,
            });
        };
        check_lifetimes(&own, &name)?;
        let Statement::CreateTable(other) = &object.definition else {
            return Err(Error::internal(format!("{name} is not defined as a table")));
        };
        if keyed::of(object)?.is_some() {
            return Err(Error::unsupported(format!(
                "a foreign key that refers to {}, which has a unique_key,",
                object.described()
            ))
            .with_hint("CREATE CHECK tells of rows that refer to none."));
        }
        complete(
            key,
            &constraint.name,
            &name,
            other,
            [columns, &object.schema],
        )?;
    }
    Ok(())
}

/// Tables that end with their sessions, and others, do not refer to each other.
fn check_lifetimes(own: &QualifiedName, other: &QualifiedName) -> Result<()> {
    let is_temporary = |name: &QualifiedName| is_temporary_schema(&name.schema);
    let what = match (is_temporary(own), is_temporary(other)) {
        (true, false) => "temporary",
        (false, true) => "permanent",
        _ => return Ok(()),
    };
    let message = format!("constraints on {what} tables may reference only {what} tables");
    Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, message))
}

/// `columns` are those of the table that has the key, and of the other one.
fn complete(
    key: &mut ForeignKey,
    constraint: &str,
    name: &QualifiedName,
    other: &CreateTable,
    columns: [&SchemaRef; 2],
) -> Result<()> {
    if key.referenced.is_empty() {
        let primary = other.constraints.iter().find_map(|it| match &it.rule {
            Rule::Unique {
                columns,
                primary: true,
                ..
            } => Some(columns.clone()),
            _ => None,
        });
        key.referenced = primary.ok_or_else(|| {
            let table = &name.name;
            let message = format!("there is no primary key for referenced table \"{table}\"");
            Error::new(SqlState::UNDEFINED_OBJECT, message)
        })?;
    }
    let unknown = |name: &&String| columns[1].column_with_name(name).is_none();
    if let Some(column) = key.referenced.iter().find(unknown) {
        let message =
            format!("column \"{column}\" referenced in foreign key constraint does not exist");
        return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
    }
    if key.referenced.len() != key.columns.len() {
        return Err(Error::new(
            SqlState::INVALID_FOREIGN_KEY,
            "number of referencing and referenced columns for foreign key disagree",
        ));
    }
    if !has_key(other, &key.referenced) {
        return Err(no_key(&name.name));
    }
    key.table = ObjectName::from(name.clone());
    check_types(key, constraint, columns)
}

/// That the values of the columns can be compared.
///
/// # Errors
/// 42804 where they cannot.
fn check_types(key: &ForeignKey, constraint: &str, columns: [&SchemaRef; 2]) -> Result<()> {
    for (own, other) in key.columns.iter().zip(&key.referenced) {
        let types = [(columns[0], own), (columns[1], other)];
        let types = types.map(|(schema, name)| schema.field_with_name(name));
        let [Ok(own_field), Ok(other_field)] = types else {
            continue;
        };
        let (left, right) = (own_field.data_type(), other_field.data_type());
        let are_enums = EnumKind::of_field(own_field) != EnumKind::of_field(other_field);
        if are_enums || left != right && !(is_number(left) && is_number(right)) {
            let message = format!("foreign key constraint \"{constraint}\" cannot be implemented");
            return Err(
                Error::new(SqlState::DATATYPE_MISMATCH, message).with_detail(format!(
                    "Key columns \"{own}\" and \"{other}\" are of incompatible types: {} and {}.",
                    tributary_udfs::type_name(left),
                    tributary_udfs::type_name(right)
                )),
            );
        }
    }
    Ok(())
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating() || data_type.is_decimal()
}
