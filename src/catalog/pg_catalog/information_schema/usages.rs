//! `information_schema.usage_privileges` and `udt_privileges`, with `role_usage_grants` and
//! `role_udt_grants`: who may use domains, sequences and collations, and who composite types and those of
//! relations' rows. `column_udt_usage` tells which columns are of which types.

use super::super::domains::over;
use super::super::name_functions::role_name;
use super::super::pg_attribute::type_of;
use super::super::table::{Row, Rows, row};
use super::super::types::has_row_type;
use super::super::{PG_CATALOG, data};
use super::columns::type_names;
use super::privileges::{grantee_name, is_shown_to};
use super::{shown, yes_or_no};
use crate::catalog::privilege::{Grant, OWNER_OID, PUBLIC_ROLE, Privilege, Rights};
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::Result;
use crate::session::{composites, domains, own_types};

/// The place of the name in a row of `pg_collation`.
const COLLATION_NAME: usize = 1;

pub static TABLE: Rows = Rows {
    of: "usage_privileges",
    make: |sources| of_usages(sources, true),
};

pub static GRANTS: Rows = Rows {
    of: "role_usage_grants",
    make: |sources| of_usages(sources, false),
};

pub static TYPES: Rows = Rows {
    of: "udt_privileges",
    make: |sources| of_types(sources, true),
};

pub static TYPE_GRANTS: Rows = Rows {
    of: "role_udt_grants",
    make: |sources| of_types(sources, false),
};

pub static COLUMNS: Rows = Rows {
    of: "column_udt_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let rights = sources.rights(&snapshot);
        let mut rows = Vec::new();
        for relation in shown(sources) {
            for field in relation.columns.fields() {
                let (told, _) = type_of(&relation, field);
                // A column of a domain is one of the type that this is over.
                let oid = match domains::domain(&snapshot, told) {
                    Some((object, create)) => over(&snapshot, object, create).0,
                    None => told,
                };
                // The standard shows them to who owns the type.
                let own = own_types::with_oid(&snapshot, oid);
                let owner = own.map_or(OWNER_OID, |(object, _)| object.access.owner());
                if !rights.has_role(owner) {
                    continue;
                }
                let names = type_names(sources, oid);
                rows.push(row![
                    database.as_str(),
                    names.schema,
                    names.name,
                    database.as_str(),
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    field.name().as_str(),
                ]);
            }
        }
        Ok(rows)
    },
};

fn of_usages(sources: &dyn SystemSources, with_public: bool) -> Result<Vec<Row>> {
    let (database, snapshot) = (sources.database(), sources.snapshot());
    let rights = sources.rights(&snapshot);
    let mut rows = Vec::new();
    // All may use collations, which nothing can be granted on.
    let of_collations = Grant {
        grantee: PUBLIC_ROLE,
        grantor: OWNER_OID,
        privilege: Privilege::Usage,
        column: None,
        grantable: false,
    };
    if is_shown_to(&rights, &of_collations, with_public) {
        for collation in data::rows_of("pg_collation").unwrap_or_default().lines() {
            rows.push(row![
                role_name(sources, OWNER_OID.into()),
                grantee_name(sources, PUBLIC_ROLE),
                database.as_str(),
                PG_CATALOG,
                collation
                    .split('\t')
                    .nth(COLLATION_NAME)
                    .unwrap_or_default(),
                "COLLATION",
                Privilege::Usage.as_str(),
                yes_or_no(false),
            ]);
        }
    }
    for object in snapshot.objects() {
        let (kind, grants) = match object.kind {
            Kind::Type if domains::definition(object).is_some() => ("DOMAIN", of_type(object)),
            // As of other relations, nothing is told of them where nothing was granted.
            Kind::Sequence if object.access.grants.is_some() => {
                let granted = object.access.granted().iter().cloned();
                (
                    "SEQUENCE",
                    std::iter::once(of_owner(object)).chain(granted).collect(),
                )
            }
            _ => continue,
        };
        for grant in usages(&rights, grants, with_public) {
            rows.push(row![
                role_name(sources, grant.grantor.into()),
                grantee_name(sources, grant.grantee),
                database.as_str(),
                object.name.schema.as_str(),
                object.name.name.as_str(),
                kind,
                grant.privilege.as_str(),
                yes_or_no(may_give_on(&snapshot, object, &grant)),
            ]);
        }
    }
    Ok(rows)
}

fn of_types(sources: &dyn SystemSources, with_public: bool) -> Result<Vec<Row>> {
    let (database, snapshot) = (sources.database(), sources.snapshot());
    let rights = sources.rights(&snapshot);
    let mut rows = Vec::new();
    for object in snapshot.objects() {
        let grants = match composites::composite_type(object) {
            Some(_) => of_type(object),
            // What was granted on a relation says nothing of the type of its rows.
            None if has_row_type(object) => vec![of_all(object), of_owner(object)],
            None => continue,
        };
        for grant in usages(&rights, grants, with_public) {
            rows.push(row![
                role_name(sources, grant.grantor.into()),
                grantee_name(sources, grant.grantee),
                database.as_str(),
                object.name.schema.as_str(),
                object.name.name.as_str(),
                "TYPE USAGE",
                yes_or_no(may_give_on(&snapshot, object, &grant)),
            ]);
        }
    }
    Ok(rows)
}

/// What was granted on a type, and what holds where nothing ever was.
fn of_type(object: &Object) -> Vec<Grant> {
    let mut all = vec![of_owner(object)];
    match &object.access.grants {
        Some(grants) => all.extend(grants.iter().cloned()),
        None => all.push(of_all(object)),
    }
    all
}

/// What the owner of something may.
fn of_owner(object: &Object) -> Grant {
    Grant {
        grantee: object.access.owner(),
        ..of_all(object)
    }
}

/// What all may with a type that nothing was granted on.
fn of_all(object: &Object) -> Grant {
    Grant {
        grantee: PUBLIC_ROLE,
        grantor: object.access.owner(),
        privilege: Privilege::Usage,
        column: None,
        grantable: false,
    }
}

/// Those grants that allow to use something, as far as they are shown to who asks.
fn usages(
    rights: &Rights<'_>,
    grants: Vec<Grant>,
    with_public: bool,
) -> impl Iterator<Item = Grant> {
    let all = grants.into_iter();
    all.filter(move |grant| {
        grant.privilege == Privilege::Usage && is_shown_to(rights, grant, with_public)
    })
}

/// Whether who was given a privilege may give it on, as the owner and all who have what he has may.
fn may_give_on(snapshot: &Snapshot, object: &Object, grant: &Grant) -> bool {
    grant.grantable
        || grant.grantee != PUBLIC_ROLE && Rights::of(snapshot, grant.grantee).owns(&object.access)
}
