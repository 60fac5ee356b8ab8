//! `DROP ROLE`.

use super::create_role::{check_may, existing};
use crate::catalog::default_privileges::ANYWHERE;
use crate::catalog::predefined_roles::predefined;
use crate::catalog::privilege::{OWNER_OID, Rights};
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session};
use crate::sql::create_role::RoleOptions;
use crate::sql::drop_role::DropRole;

/// Drops roles, and their memberships.
///
/// # Errors
/// 42704 for a role that does not exist; 2BP01 for one that owns something or was granted something;
/// 55006 for the one that asks; 42501 for who may not.
pub fn execute(session: &Session, drop: &DropRole) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    check_may(&snapshot, &rights, &RoleOptions::default(), "drop role")?;
    let mut going = Vec::new();
    for name in &drop.names {
        if drop.if_exists && snapshot.role(name).is_none() {
            let message = format!("role \"{name}\" does not exist, skipping");
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
            continue;
        }
        if predefined(name).is_some() {
            let message =
                format!("cannot drop role {name} because it is required by the database system");
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message));
        }
        let oid = existing(&snapshot, name)?;
        if oid == OWNER_OID || oid == rights.role() {
            let what = match oid == rights.role() {
                true => "current user cannot be dropped",
                false => "the first role cannot be dropped",
            };
            return Err(Error::new(SqlState::OBJECT_IN_USE, what));
        }
        if snapshot.is_superuser(oid) && !rights.is_superuser() {
            let message = "must be superuser to drop superusers";
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
        }
        going.push(oid);
    }
    catalog.write(|transaction| {
        for oid in &going {
            check_unused(transaction.snapshot(), *oid)?;
            // Memberships go with their roles.
            let memberships: Vec<_> = transaction
                .snapshot()
                .roles()
                .filter(|(role, _)| role.access.granted().iter().any(|it| it.grantee == *oid))
                .map(|(role, _)| role.clone())
                .collect();
            for group in memberships {
                let mut access = group.access.clone();
                if let Some(grants) = &mut access.grants {
                    grants.retain(|grant| grant.grantee != *oid);
                }
                transaction.set_access(group.oid, access)?;
            }
            transaction.drop(&[*oid], false)?;
        }
        Ok(())
    })?;
    Ok(Outcome::Done("DROP ROLE".to_owned()))
}

/// That nothing is owned by a role, or granted to it.
fn check_unused(snapshot: &Snapshot, role: Oid) -> Result<()> {
    let mut lines = Vec::new();
    let mut note = |what: String, access: &crate::catalog::privilege::Access| {
        if access.owner() == role {
            lines.push(format!("owner of {what}"));
        }
        let mut granted = access.granted().iter();
        if granted.any(|grant| grant.grantee == role || grant.grantor == role) {
            lines.push(format!("privileges for {what}"));
        }
    };
    for schema in snapshot.schemas() {
        note(format!("schema {}", schema.name), &schema.access);
    }
    for object in snapshot.objects() {
        if object.kind != crate::catalog::Kind::Role {
            note(
                format!("{} {}", object.kind, object.name.name),
                &object.access,
            );
        }
    }
    for (schema, privileges) in snapshot.all_default_privileges() {
        let (objects, owner) = (privileges.of.objects(), snapshot.role_name(privileges.role));
        let mut what = format!("default privileges on new {objects} belonging to role {owner}");
        if schema != ANYWHERE {
            what = format!("{what} in schema {schema}");
        }
        note(what, &privileges.access());
    }
    if lines.is_empty() {
        return Ok(());
    }
    let name = snapshot.role_name(role);
    Err(Error::new(
        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        format!("role \"{name}\" cannot be dropped because some objects depend on it"),
    )
    .with_detail(lines.join("\n"))
    .with_hint("REASSIGN OWNED gives them to another role, DROP OWNED drops them."))
}
