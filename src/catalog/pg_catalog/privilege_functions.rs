//! `has_table_privilege` and the like: what roles were granted, and what they own.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::data;
use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT};
use super::name_functions::{called_function, relation_oid, role_oid};
use super::reg_casts::number_of;
use super::relation::{Relation, namespaces, relation};
use super::types::{NO_TYPE, any_type_oid, format_any_type};
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::own_types;

/// What the functions on objects that are all the server's ask of, whose names PostgreSQL's manual
/// lists.
const OF_OTHERS: [&str; 8] = [
    "CREATE",
    "CONNECT",
    "TEMPORARY",
    "TEMP",
    "USAGE",
    "SET",
    "ALTER SYSTEM",
    "MEMBER",
];

/// Functions on objects other than relations, functions, types, schemas and roles: all of those are the
/// server's.
const OTHERS: [&str; 6] = [
    "has_database_privilege",
    "has_foreign_data_wrapper_privilege",
    "has_language_privilege",
    "has_parameter_privilege",
    "has_server_privilege",
    "has_tablespace_privilege",
];

/// What only superusers may with those.
const OF_SUPERUSERS: [(&str, &str); 3] = [
    ("has_database_privilege", "CREATE"),
    ("has_tablespace_privilege", "CREATE"),
    ("has_parameter_privilege", "ALTER SYSTEM"),
];

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], call| {
        CatalogFunction::udf(name, arguments, BOOLEAN, Call::Look(call))
    };
    let on_object: &[&[DataType]] = &[
        &[BIGINT, TEXT],
        &[TEXT, TEXT],
        &[BIGINT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT],
        &[TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT],
    ];
    let on_column: &[&[DataType]] = &[
        &[BIGINT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT],
        &[TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT],
        &[BIGINT, BIGINT, BIGINT, TEXT],
        &[BIGINT, BIGINT, TEXT, TEXT],
        &[BIGINT, TEXT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT, TEXT],
        &[TEXT, BIGINT, BIGINT, TEXT],
        &[TEXT, BIGINT, TEXT, TEXT],
        &[TEXT, TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT, TEXT],
    ];
    let mut all = vec![
        udf("has_table_privilege", on_object, |sources, values| {
            on_relation(sources, values, &Privilege::OF_TABLES, false)
        }),
        udf("has_any_column_privilege", on_object, |sources, values| {
            on_relation(sources, values, &Privilege::OF_COLUMNS, true)
        }),
        udf("has_sequence_privilege", on_object, |sources, values| {
            on_relation(sources, values, &Privilege::OF_SEQUENCES, false)
        }),
        udf("has_column_privilege", on_column, on_column_of),
        udf("has_schema_privilege", on_object, on_schema),
        udf("has_function_privilege", on_object, on_function),
        udf("has_type_privilege", on_object, on_type),
        udf("pg_has_role", on_object, has_role),
    ];
    all.extend(
        OTHERS
            .map(|name| CatalogFunction::udf(name, on_object, BOOLEAN, Call::Look(on_other(name)))),
    );
    all
}

type Look = fn(&dyn SystemSources, &[ScalarValue]) -> Result<ScalarValue>;

/// What asks of an object of the server's own.
fn on_other(name: &str) -> Look {
    match OF_SUPERUSERS.iter().any(|(function, _)| *function == name) {
        true => |sources, values| other(sources, values, true),
        false => |sources, values| other(sources, values, false),
    }
}

fn other(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
    is_guarded: bool,
) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let snapshot = sources.snapshot();
    let mut may = false;
    for (name, _) in asked.privileges() {
        if !OF_OTHERS.contains(&name.as_str()) {
            return Err(unrecognized(&name));
        }
        let needs_superuser =
            is_guarded && OF_SUPERUSERS.iter().any(|(_, guarded)| *guarded == name);
        may |= !needs_superuser || snapshot.is_superuser(asked.role);
    }
    Ok(ScalarValue::Boolean(Some(may)))
}

/// What a function is asked.
struct Asked<'a> {
    role: Oid,
    /// What it is asked of, in one or two arguments.
    of: &'a [ScalarValue],
    written: &'a str,
}

impl<'a> Asked<'a> {
    /// Reads the arguments: perhaps a role, what it is asked of, and privileges. None where one of them
    /// is NULL.
    fn of(
        sources: &dyn SystemSources,
        values: &'a [ScalarValue],
        objects: usize,
    ) -> Result<Option<Self>> {
        let Some((ScalarValue::Utf8(Some(written)), before)) = values.split_last() else {
            return Ok(None);
        };
        if before.iter().any(ScalarValue::is_null) {
            return Ok(None);
        }
        let snapshot = sources.snapshot();
        let (role, of) = match before.len() > objects {
            true => {
                let (role, of) = before.split_at(before.len() - objects);
                (named_role(sources, &snapshot, role.first())?, of)
            }
            false => (
                snapshot.role_of(&sources.user(), &sources.first_user()),
                before,
            ),
        };
        Ok(Some(Self { role, of, written }))
    }

    /// The privileges in upper case, each with whether it is to be given on.
    fn privileges(&self) -> impl Iterator<Item = (String, bool)> {
        self.written.split(',').map(|privilege| {
            let privilege = privilege.trim().to_uppercase();
            let option = privilege
                .strip_suffix(" WITH GRANT OPTION")
                .or_else(|| privilege.strip_suffix(" WITH ADMIN OPTION"));
            match option {
                Some(name) => (name.to_owned(), true),
                None => (privilege, false),
            }
        })
    }

    /// Whether any of the privileges is there, all of which must be known.
    fn any(
        &self,
        known: &[Privilege],
        has: impl Fn(Privilege, bool) -> bool,
    ) -> Result<ScalarValue> {
        let mut found = false;
        for (name, grantable) in self.privileges() {
            // Nobody has had it since PostgreSQL 8.2, and it may be asked for.
            if name == "RULE" && known.contains(&Privilege::Trigger) {
                continue;
            }
            let privilege = Privilege::parse(&name).filter(|privilege| known.contains(privilege));
            let privilege = privilege.ok_or_else(|| unrecognized(&name))?;
            found |= has(privilege, grantable);
        }
        Ok(ScalarValue::Boolean(Some(found)))
    }
}

fn unrecognized(name: &str) -> Error {
    let message = format!("unrecognized privilege type: \"{name}\"");
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn named_role(
    sources: &dyn SystemSources,
    snapshot: &Snapshot,
    role: Option<&ScalarValue>,
) -> Result<Oid> {
    let found = match role {
        Some(ScalarValue::Int64(Some(oid))) => {
            return Ok(u32::try_from(*oid).unwrap_or(0));
        }
        Some(ScalarValue::Utf8(Some(name))) if *name == sources.user() => {
            return Ok(snapshot.role_of(name, &sources.first_user()));
        }
        Some(ScalarValue::Utf8(Some(name))) if name == "public" => {
            return Ok(crate::catalog::privilege::PUBLIC_ROLE);
        }
        Some(ScalarValue::Utf8(Some(name))) => {
            let oid = role_oid(sources, name).and_then(|oid| u32::try_from(oid).ok());
            oid.ok_or_else(|| format!("role \"{name}\" does not exist"))
        }
        _ => Err("the role is not named".to_owned()),
    };
    found.map_err(|message| Error::new(SqlState::UNDEFINED_OBJECT, message))
}

/// The relation that an argument names or numbers; none for a number that none has.
fn relation_of(sources: &dyn SystemSources, value: &ScalarValue) -> Result<Option<Arc<Relation>>> {
    match value {
        ScalarValue::Int64(Some(oid)) => Ok(relation(sources, *oid)),
        ScalarValue::Utf8(Some(name)) => match relation_oid(sources, name) {
            Some(oid) => Ok(relation(sources, oid)),
            None => {
                let message = format!("relation \"{name}\" does not exist");
                Err(Error::new(SqlState::UNDEFINED_TABLE, message))
            }
        },
        _ => Ok(None),
    }
}

fn on_relation(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
    known: &[Privilege],
    any_column: bool,
) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let Some(relation) = asked
        .of
        .first()
        .map(|value| relation_of(sources, value))
        .transpose()?
        .flatten()
    else {
        asked.any(known, |_, _| false)?;
        return Ok(ScalarValue::Boolean(None));
    };
    if known == Privilege::OF_SEQUENCES && relation.kind != "S" {
        let message = format!("\"{}\" is not a sequence", relation.name);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message));
    }
    let snapshot = sources.snapshot();
    let rights = Rights::of(&snapshot, asked.role);
    asked.any(known, |privilege, grantable| {
        may(&rights, &relation, privilege, grantable, None)
            || any_column
                && relation
                    .columns
                    .fields()
                    .iter()
                    .any(|field| may(&rights, &relation, privilege, grantable, Some(field.name())))
    })
}

fn on_column_of(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 2)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let [table, column] = asked.of else {
        return Ok(ScalarValue::Boolean(None));
    };
    let Some(relation) = relation_of(sources, table)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let column = match column {
        ScalarValue::Utf8(Some(name)) => match relation.columns.column_with_name(name) {
            Some(_) => name.clone(),
            None => {
                let relation = &relation.name;
                let message =
                    format!("column \"{name}\" of relation \"{relation}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
            }
        },
        ScalarValue::Int64(Some(number)) => {
            let place = usize::try_from(number - 1).ok();
            let field = place.and_then(|place| relation.columns.fields().get(place));
            match field {
                Some(field) => field.name().clone(),
                None => return Ok(ScalarValue::Boolean(None)),
            }
        }
        _ => return Ok(ScalarValue::Boolean(None)),
    };
    let snapshot = sources.snapshot();
    let rights = Rights::of(&snapshot, asked.role);
    asked.any(&Privilege::OF_COLUMNS, |privilege, grantable| {
        may(&rights, &relation, privilege, grantable, Some(&column))
    })
}

fn may(
    rights: &Rights<'_>,
    relation: &Relation,
    privilege: Privilege,
    grantable: bool,
    column: Option<&str>,
) -> bool {
    let Some(object) = &relation.object else {
        // What the server makes itself is read by all.
        return rights.is_superuser() || privilege == Privilege::Select && !grantable;
    };
    match (grantable, column) {
        (true, column) => rights.may_grant(&object.access, privilege, column),
        (false, None) => rights.has(&object.access, privilege),
        (false, Some(column)) => rights.has_on_column(&object.access, privilege, column),
    }
}

fn on_schema(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let snapshot = sources.snapshot();
    let all = namespaces(&snapshot);
    let found = match asked.of.first() {
        Some(ScalarValue::Int64(Some(oid))) => all.iter().find(|schema| schema.oid == *oid),
        Some(ScalarValue::Utf8(Some(name))) => {
            let found = all.iter().find(|schema| schema.name == *name);
            if found.is_none() {
                let message = format!("schema \"{name}\" does not exist");
                return Err(Error::new(SqlState::INVALID_SCHEMA_NAME, message));
            }
            found
        }
        _ => None,
    };
    let rights = Rights::of(&snapshot, asked.role);
    let answer = asked.any(&Privilege::OF_SCHEMAS, |privilege, grantable| {
        let known = found.and_then(|schema| snapshot.schema(&schema.name));
        match (found, known) {
            (_, Some(schema)) if grantable => rights.may_grant(&schema.access(), privilege, None),
            (Some(schema), _) => rights.has_on_schema(&schema.name, privilege),
            (None, _) => false,
        }
    })?;
    Ok(match found {
        Some(_) => answer,
        None => ScalarValue::Boolean(None),
    })
}

fn on_function(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let snapshot = sources.snapshot();
    let number = number_of(sources, asked.of, called_function)?;
    let own = number.and_then(|oid| snapshot.object(u32::try_from(oid).ok()?));
    let own = own.filter(|object| object.kind == Kind::Function);
    let built_in = number.and_then(all_may_call);
    let rights = Rights::of(&snapshot, asked.role);
    let answer = asked.any(&Privilege::OF_FUNCTIONS, |privilege, grantable| match own {
        Some(object) if grantable => rights.may_grant(&object.access, privilege, None),
        Some(object) => rights.may_call(&object.access),
        None => rights.is_superuser() || built_in == Some(true) && !grantable,
    })?;
    Ok(match own.is_some() || built_in.is_some() {
        true => answer,
        false => ScalarValue::Boolean(None),
    })
}

fn on_type(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let snapshot = sources.snapshot();
    let number = number_of(sources, asked.of, |sources, name| {
        any_type_oid(sources, name).ok_or_else(|| {
            let message = format!("type \"{name}\" does not exist");
            Error::new(SqlState::UNDEFINED_OBJECT, message)
        })
    })?;
    let number = number.and_then(|oid| u32::try_from(oid).ok());
    let own = number.and_then(|oid| own_types::with_oid(&snapshot, oid));
    let is_known = number.is_some_and(|oid| format_any_type(sources, oid, -1) != NO_TYPE);
    let rights = Rights::of(&snapshot, asked.role);
    let answer = asked.any(&Privilege::OF_TYPES, |privilege, grantable| match &own {
        Some((object, _)) if grantable => rights.may_grant(&object.access, privilege, None),
        Some((object, _)) => rights.may_use(&object.access),
        None => rights.is_superuser() || !grantable,
    })?;
    Ok(match own.is_some() || is_known {
        true => answer,
        false => ScalarValue::Boolean(None),
    })
}

/// Whether all may call a function that every PostgreSQL has; none where no such one has the number.
fn all_may_call(oid: i64) -> Option<bool> {
    static PUBLIC: LazyLock<HashMap<i64, bool>> = LazyLock::new(|| {
        let lines = data::rows_of("pg_proc").unwrap_or_default().lines();
        let functions = lines.filter_map(|line| {
            let (oid, rest) = line.split_once('\t')?;
            // The last column is `proacl`: where it says something, PUBLIC is not in it.
            Some((oid.parse().ok()?, rest.ends_with("\t\\N")))
        });
        functions.collect()
    });
    PUBLIC.get(&oid).copied()
}

fn has_role(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(asked) = Asked::of(sources, values, 1)? else {
        return Ok(ScalarValue::Boolean(None));
    };
    let snapshot = sources.snapshot();
    let group = named_role(sources, &snapshot, asked.of.first())?;
    let mut may = false;
    for (name, option) in asked.privileges() {
        let inherits = match name.as_str() {
            "USAGE" => true,
            "MEMBER" => false,
            _ => return Err(unrecognized(&name)),
        };
        let groups = snapshot.inherited(asked.role, inherits);
        let is_admin = || {
            let object = snapshot.object(group).map(Arc::clone);
            object.is_some_and(|object| {
                let mut members = object.access.granted().iter();
                members.any(|grant| grant.grantable && groups.contains(&grant.grantee))
            })
        };
        may |=
            snapshot.is_superuser(asked.role) || groups.contains(&group) && (!option || is_admin());
    }
    Ok(ScalarValue::Boolean(Some(may)))
}
