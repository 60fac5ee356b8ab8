//! `ALTER ROLE`.

use super::create_role::{check_may, check_name, check_own, existing, new_role, verified};
use super::grant;
use crate::catalog::privilege::{OWNER_OID, Rights};
use crate::error::{Error, Result, SqlState};
use crate::instance::OWNER;
use crate::session::{Outcome, Session};
use crate::sql::alter_role::{AlterRole, RoleAction};
use crate::sql::create_role::RoleOptions;
use crate::sql::grant::{Grant, Granted};

/// Changes what a role may do, or its name.
///
/// # Errors
/// 42704 for a role that does not exist, 42710 for a name that is taken, 42501 for who may not.
pub fn execute(session: &Session, alter: &AlterRole) -> Result<Outcome> {
    if let RoleAction::Members { adds, members } = &alter.action {
        let grant = Grant {
            revokes: !adds,
            option: false,
            what: Granted::Roles(vec![session.named_role(&alter.name)]),
            roles: members.clone(),
            granted_by: None,
            cascade: false,
        };
        grant::execute(session, &grant)?;
        return Ok(Outcome::Done("ALTER ROLE".to_owned()));
    }
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    let named = session.named_role(&alter.name);
    check_own(&named)?;
    let oid = existing(&snapshot, &named)?;
    if oid == OWNER_OID {
        return Err(Error::unsupported("ALTER ROLE of the first role")
            .with_hint("Its name and its password are those of the configuration."));
    }
    let Some((role, before)) = snapshot.roles().find(|(role, _)| role.oid == oid) else {
        return Err(Error::internal("a role has no options"));
    };
    match &alter.action {
        RoleAction::Rename(name) => {
            check_may(&snapshot, &rights, &RoleOptions::default(), "rename role")?;
            check_name(name)?;
            // Sessions know their roles by name.
            for (own, what) in [
                (session.session_user(), "session"),
                (session.role(), "current"),
            ] {
                if own == role.name.name {
                    let message = format!("{what} user cannot be renamed");
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
                }
            }
            if before.superuser == Some(true) && !rights.is_superuser() {
                let message = "must be superuser to rename superusers";
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
            }
            if *name == OWNER || *name == session.instance.configuration.server.user {
                let message = format!("role \"{name}\" already exists");
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
            }
            catalog.write(|transaction| transaction.rename_role(oid, name))?;
        }
        RoleAction::Set(..) | RoleAction::ResetAll => {
            if rights.role() != oid {
                check_may(&snapshot, &rights, &RoleOptions::default(), "alter setting")?;
            }
            let mut options = before.clone();
            change_settings(session, &mut options, &alter.action)?;
            let new = new_role(&role.name.name, options);
            catalog.write(|transaction| transaction.replace(oid, new))?;
        }
        RoleAction::Options(options) => {
            // As in Postgres, each may change its own password.
            let password = RoleOptions {
                password: options.password.clone(),
                ..RoleOptions::default()
            };
            if rights.role() != oid || **options != password {
                check_may(&snapshot, &rights, options, "alter role")?;
            }
            if before.superuser == Some(true) && !rights.is_superuser() {
                let message =
                    "must be superuser to alter superuser roles or change superuser attribute";
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
            }
            let options = verified(session, (**options).clone())?.or(before);
            let new = new_role(&role.name.name, options);
            catalog.write(|transaction| transaction.replace(oid, new))?;
        }
        RoleAction::Members { .. } => {
            return Err(Error::internal("members are changed as by GRANT"));
        }
    }
    Ok(Outcome::Done("ALTER ROLE".to_owned()))
}

/// Changes what sessions of a role begin with, to values that the settings can have.
fn change_settings(
    session: &Session,
    options: &mut RoleOptions,
    action: &RoleAction,
) -> Result<()> {
    match action {
        RoleAction::Set(name, value) => {
            let mut known = session.instance.configuration.session.clone();
            let name = name.to_lowercase();
            match value {
                Some(value) => {
                    known.set(&name, value)?;
                    options.settings.insert(name, value.clone());
                }
                None => {
                    if known.get(&name).is_none() {
                        return known.set(&name, "");
                    }
                    options.settings.remove(&name);
                }
            }
        }
        RoleAction::ResetAll => options.settings.clear(),
        RoleAction::Options(_) | RoleAction::Rename(_) | RoleAction::Members { .. } => {}
    }
    Ok(())
}
