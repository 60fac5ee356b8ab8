//! `ALTER DEFAULT PRIVILEGES`. Those of types are kept and shown; a type can be named by anybody.

use super::create_role::existing;
use super::grant::named_privileges;
use crate::catalog::default_privileges::{ANYWHERE, DefaultPrivileges, DefaultsOf};
use crate::catalog::privilege::{Access, Grant as Given, PUBLIC_ROLE, Revoked, Rights};
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session};
use crate::sql::alter_default_privileges::{AlterDefaultPrivileges, DefaultsOn};

/// Says what others may do with objects that roles will make. What is said of a schema is beside what is said
/// of all.
///
/// # Errors
/// 42704 for a role, and 3F000 for a schema, that does not exist; 42501 for a role that one is no member of;
/// 0LP01 for a privilege that such objects do not have, and for schemas in schemas.
pub fn execute(session: &Session, alter: &AlterDefaultPrivileges) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let mut grantees = Vec::with_capacity(alter.roles.len());
    for name in &alter.roles {
        grantees.push(match name.as_str() {
            "public" => PUBLIC_ROLE,
            name => existing(&snapshot, &session.named_role(name))?,
        });
    }
    let (of, what) = match alter.on {
        DefaultsOn::Tables => (DefaultsOf::Tables, "relation"),
        DefaultsOn::Sequences => (DefaultsOf::Sequences, "sequence"),
        DefaultsOn::Functions => (DefaultsOf::Functions, "function"),
        DefaultsOn::Schemas => (DefaultsOf::Schemas, "schema"),
        DefaultsOn::Types => (DefaultsOf::Types, "type"),
    };
    let privileges = named_privileges(&alter.privileges, &[], of.privileges(), what)?;
    let invalid = |message: &str| Error::new(SqlState::INVALID_GRANT_OPERATION, message);
    let roles = roles(session, &snapshot, &alter.for_roles)?;
    let mut schemas = Vec::with_capacity(alter.schemas.len());
    for name in &alter.schemas {
        if alter.on == DefaultsOn::Schemas {
            let message = "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS";
            return Err(invalid(message));
        }
        schemas.push(snapshot.resolve_schema(name)?.name.clone());
    }
    if schemas.is_empty() {
        schemas.push(ANYWHERE.to_owned());
    }
    if alter.option && !alter.revokes && grantees.contains(&PUBLIC_ROLE) {
        return Err(invalid("grant options can only be granted to roles"));
    }
    catalog.write(|transaction| {
        for role in &roles {
            for schema in &schemas {
                let known = transaction.snapshot();
                let known = known.default_privileges(schema, *role, of);
                let known = known.map(DefaultPrivileges::access);
                let mut access = known.unwrap_or_else(|| match schema.as_str() {
                    ANYWHERE => of.unsaid(*role),
                    _ => Access::owned_by(*role),
                });
                for (privilege, _) in &privileges {
                    // The role itself has all of them.
                    for grantee in grantees.iter().filter(|grantee| *grantee != role) {
                        if alter.revokes {
                            let revoked = Revoked {
                                grantor: *role,
                                grantee: *grantee,
                                privilege: *privilege,
                                column: None,
                                option_only: alter.option,
                            };
                            access.revoke(&revoked, alter.cascade)?;
                        } else {
                            access.grant(Given {
                                grantee: *grantee,
                                grantor: *role,
                                privilege: *privilege,
                                column: None,
                                grantable: alter.option,
                            });
                        }
                    }
                }
                transaction.set_default_privileges(schema, of, access)?;
            }
        }
        Ok(())
    })?;
    Ok(Outcome::Done("ALTER DEFAULT PRIVILEGES".to_owned()))
}

/// The roles whose objects are meant: those that are named, or the one that asks.
///
/// # Errors
/// 42704 for one that does not exist; 42501 for one that who asks is no member of.
fn roles(session: &Session, snapshot: &Snapshot, named: &[String]) -> Result<Vec<Oid>> {
    let rights = Rights::of(snapshot, session.role_oid(snapshot));
    if named.is_empty() {
        return Ok(vec![rights.role()]);
    }
    let member_of = snapshot.inherited(rights.role(), false);
    let roles = named.iter().map(|name| {
        let oid = existing(snapshot, &session.named_role(name))?;
        match rights.is_superuser() || member_of.contains(&oid) {
            true => Ok(oid),
            false => {
                let message = format!("must be member of role \"{}\"", snapshot.role_name(oid));
                Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
            }
        }
    });
    roles.collect()
}
