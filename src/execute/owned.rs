//! `REASSIGN OWNED` and `DROP OWNED`.

use std::collections::BTreeSet;

use super::create_role::existing;
use super::{changing_transactions, tables_in_use};
use crate::catalog::default_privileges::ANYWHERE;
use crate::catalog::privilege::{Access, OWNER_OID, Rights};
use crate::catalog::{Kind, Oid};
use crate::error::{Error, Result, SqlState};
use crate::models::run::remove_tables;
use crate::session::{Outcome, Session};
use crate::sql::owned::{Owned, OwnedAction};

/// Gives what roles own to another one, or drops it.
///
/// # Errors
/// 42704 for a role that does not exist; 42501 for who may not do what these roles may; 2BP01 where
/// something stands on what would go; 55006 where a cursor of the transaction reads it.
pub async fn execute(session: &Session, owned: &Owned) -> Result<Outcome> {
    let instance = &session.instance;
    let snapshot = instance.catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    let role = |name: &str| {
        let name = session.named_role(name);
        let oid = existing(&snapshot, &name)?;
        let may = rights.is_superuser() || snapshot.inherited(rights.role(), false).contains(&oid);
        match may {
            true => Ok(oid),
            false => {
                let what = match &owned.action {
                    OwnedAction::Reassign(_) => "reassign objects",
                    OwnedAction::Drop { .. } => "drop objects",
                };
                let message = format!("permission denied to {what}");
                Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
            }
        }
    };
    let roles = owned.roles.iter().map(|name| role(name));
    let roles: BTreeSet<Oid> = roles.collect::<Result<_>>()?;
    if roles.contains(&OWNER_OID) {
        let name = snapshot.role_name(OWNER_OID);
        return Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("objects owned by role {name} are required by the database system"),
        ));
    }
    match &owned.action {
        OwnedAction::Reassign(to) => {
            let to = role(to)?;
            instance.catalog.write(|transaction| {
                let snapshot = transaction.snapshot().clone();
                for schema in snapshot.schemas() {
                    if roles.contains(&schema.access.owner()) {
                        let access = schema.access.with_owner(to);
                        transaction.set_schema_access(&schema.name, access)?;
                    }
                }
                for object in snapshot.objects() {
                    if object.kind != Kind::Role && roles.contains(&object.access.owner()) {
                        let access = object.access.with_owner(to);
                        transaction.set_access(object.oid, access)?;
                    }
                }
                Ok(())
            })?;
            Ok(Outcome::Done("REASSIGN OWNED".to_owned()))
        }
        OwnedAction::Drop { cascade } => {
            let own = snapshot.objects();
            let own = own.filter(|object| roles.contains(&object.access.owner()));
            let tables = changing_transactions::tables_of(own);
            changing_transactions::wait(session, tables).await?;
            let dropped = instance.catalog.write(|transaction| {
                let snapshot = transaction.snapshot().clone();
                let is_owned = |oid: Oid| roles.contains(&oid);
                let objects = snapshot
                    .objects()
                    .filter(|object| object.kind != Kind::Role && is_owned(object.access.owner()));
                let oids: Vec<Oid> = objects.map(|object| object.oid).collect();
                let mut dropped = transaction.drop(&oids, *cascade)?;
                for schema in snapshot.schemas() {
                    if is_owned(schema.access.owner()) {
                        dropped.extend(transaction.drop_schema(&schema.name, *cascade)?);
                    }
                }
                tables_in_use::check(session, &dropped, "DROP TABLE")?;
                let rest = transaction.snapshot().clone();
                for schema in rest.schemas() {
                    if let Some(access) = schema.access.without(&roles) {
                        transaction.set_schema_access(&schema.name, access)?;
                    }
                }
                for (schema, privileges) in rest.all_default_privileges() {
                    let access = match is_owned(privileges.role) {
                        true if schema == ANYWHERE => Some(privileges.of.unsaid(privileges.role)),
                        true => Some(Access::owned_by(privileges.role)),
                        false => privileges.access().without(&roles),
                    };
                    if let Some(access) = access {
                        transaction.set_default_privileges(schema, privileges.of, access)?;
                    }
                }
                for object in rest.objects().filter(|object| object.kind != Kind::Role) {
                    if let Some(access) = object.access.without(&roles) {
                        transaction.set_access(object.oid, access)?;
                    }
                }
                Ok(dropped)
            })?;
            remove_tables(instance, &dropped).await;
            Ok(Outcome::Done("DROP OWNED".to_owned()))
        }
    }
}
