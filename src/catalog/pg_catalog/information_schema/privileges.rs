//! `information_schema.table_privileges` and `column_privileges`, with `role_table_grants` and
//! `role_column_grants`: what the owner of a relation may do, and what was granted to others. Who asks
//! is shown what its roles have or gave; the first two show what all have, too.

use super::super::name_functions::role_name;
use super::super::relation::Relation;
use super::super::table::{Row, Rows, row};
use super::{shown, yes_or_no};
use crate::catalog::privilege::{Grant, PUBLIC_ROLE, Privilege, Rights};
use crate::catalog::system::SystemSources;
use crate::catalog::{Object, Oid};
use crate::error::Result;

pub static TABLE: Rows = Rows {
    of: "table_privileges",
    make: |sources| of_relations(sources, true),
};

pub static GRANTS: Rows = Rows {
    of: "role_table_grants",
    make: |sources| of_relations(sources, false),
};

pub static COLUMNS: Rows = Rows {
    of: "column_privileges",
    make: |sources| of_columns(sources, true),
};

pub static COLUMN_GRANTS: Rows = Rows {
    of: "role_column_grants",
    make: |sources| of_columns(sources, false),
};

fn of_relations(sources: &dyn SystemSources, with_public: bool) -> Result<Vec<Row>> {
    let database = sources.database();
    let snapshot = sources.snapshot();
    let rights = sources.rights(&snapshot);
    let mut rows = Vec::new();
    for relation in shown(sources) {
        for grant in grants(&relation, &rights, with_public) {
            if grant.column.is_some() {
                continue;
            }
            rows.push(row![
                grantee_name(sources, grant.grantor),
                grantee_name(sources, grant.grantee),
                database.as_str(),
                relation.schema.as_str(),
                relation.name.as_str(),
                grant.privilege.as_str(),
                yes_or_no(grant.grantable),
                yes_or_no(grant.privilege == Privilege::Select),
            ]);
        }
    }
    Ok(rows)
}

fn of_columns(sources: &dyn SystemSources, with_public: bool) -> Result<Vec<Row>> {
    let database = sources.database();
    let snapshot = sources.snapshot();
    let rights = sources.rights(&snapshot);
    let mut rows = Vec::new();
    for relation in shown(sources) {
        let grants = grants(&relation, &rights, with_public);
        for field in relation.columns.fields() {
            let column = field.name();
            let mut own: Vec<&Grant> = Vec::new();
            for grant in &grants {
                let is_of_it = grant.column.as_ref().is_none_or(|of| of == column);
                if !is_of_it || !Privilege::OF_COLUMNS.contains(&grant.privilege) {
                    continue;
                }
                // What is granted on the relation and on the column is one row.
                let same = own.iter_mut().find(|it| {
                    (it.grantor, it.grantee, it.privilege)
                        == (grant.grantor, grant.grantee, grant.privilege)
                });
                match same {
                    Some(same) if grant.grantable => *same = grant,
                    Some(_) => {}
                    None => own.push(grant),
                }
            }
            rows.extend(own.into_iter().map(|grant| {
                row![
                    grantee_name(sources, grant.grantor),
                    grantee_name(sources, grant.grantee),
                    database.as_str(),
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    column.as_str(),
                    grant.privilege.as_str(),
                    yes_or_no(grant.grantable),
                ]
            }));
        }
    }
    Ok(rows)
}

/// What the owner of a relation may do, and what was granted on it, as far as it is shown to who asks.
/// The server's own relations tell of neither.
fn grants(relation: &Relation, rights: &Rights<'_>, with_public: bool) -> Vec<Grant> {
    let Some(object) = &relation.object else {
        return Vec::new();
    };
    let mut all = of_owner(object);
    all.extend(object.access.granted().iter().cloned());
    all.retain(|grant| is_shown_to(rights, grant, with_public));
    all
}

/// Whether a grant is shown to who asks: one that its roles gave or have.
pub(super) fn is_shown_to(rights: &Rights<'_>, grant: &Grant, with_public: bool) -> bool {
    rights.has_role(grant.grantor)
        || rights.has_role(grant.grantee)
        || with_public && grant.grantee == PUBLIC_ROLE
}

/// The privileges of an owner, who may give all of them on.
fn of_owner(object: &Object) -> Vec<Grant> {
    let owner = object.access.owner();
    let own = Privilege::OF_TABLES.into_iter().map(|privilege| Grant {
        grantee: owner,
        grantor: owner,
        privilege,
        column: None,
        grantable: true,
    });
    own.collect()
}

/// The name of who was given something.
pub(super) fn grantee_name(sources: &dyn SystemSources, role: Oid) -> Option<String> {
    match role {
        PUBLIC_ROLE => Some("PUBLIC".to_owned()),
        role => role_name(sources, role.into()),
    }
}
