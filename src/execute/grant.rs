//! `GRANT` and `REVOKE`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::alter_domain::not_a_domain;
use super::create_role::{existing, group_named, join};
use super::drop_function;
use crate::catalog::privilege::{Access, Grant as Given, PUBLIC_ROLE, Privilege, Revoked, Rights};
use crate::catalog::{Kind, Object, Oid, Snapshot, Transaction};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, denied, domains, kind_word, plan};
use crate::sql::grant::{Grant, Granted, On, PrivilegeName};

/// Gives privileges or memberships, or takes them away.
///
/// # Errors
/// 42704 for a role, and 42P01 and 3F000 for an object, that does not exist; 0LP01 for a privilege
/// that such objects do not have; 42501 for who may not give it; 2BP01 for one that was given on;
/// 0A000 for a grantor who does not ask.
pub fn execute(session: &Session, grant: &Grant) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    if let Some(grantor) = &grant.granted_by
        && session.named_role(grantor) != session.role()
    {
        return Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "grantor must be current user",
        ));
    }
    let mut grantees = Vec::new();
    for name in &grant.roles {
        grantees.push(match name.as_str() {
            "public" => PUBLIC_ROLE,
            name => existing(&snapshot, &session.named_role(name))?,
        });
    }
    match &grant.what {
        Granted::Roles(groups) => {
            catalog.write(|transaction| {
                for group in groups {
                    members(session, transaction, &rights, grant, group, &grantees)?;
                }
                Ok(())
            })?;
            let tag = if grant.revokes { "REVOKE" } else { "GRANT" };
            return Ok(Outcome::Done(format!("{tag} ROLE")));
        }
        Granted::Privileges {
            privileges,
            columns,
            on,
        } => {
            let wanted = Wanted {
                grant,
                rights: &rights,
                grantees: &grantees,
                privileges,
                columns,
            };
            match on {
                On::Schemas(names) => catalog.write(|transaction| {
                    names
                        .iter()
                        .try_for_each(|name| wanted.on_schema(session, transaction, name))
                })?,
                On::Databases(names) => databases(&wanted, names)?,
                _ => {
                    let path = session.settings().search_path.0;
                    let objects = objects(&snapshot, on, &path)?;
                    catalog.write(|transaction| {
                        objects
                            .iter()
                            .try_for_each(|object| wanted.on_object(session, transaction, object))
                    })?;
                }
            }
        }
    }
    let tag = if grant.revokes { "REVOKE" } else { "GRANT" };
    Ok(Outcome::Done(tag.to_owned()))
}

/// The objects that are meant.
fn objects(snapshot: &Snapshot, on: &On, path: &[String]) -> Result<Vec<Arc<Object>>> {
    let of_schemas = |schemas: &[String], is_wanted: fn(Kind) -> bool| {
        let mut found = Vec::new();
        for schema in schemas {
            snapshot.resolve_schema(schema)?;
            let objects = snapshot.relations_in(schema);
            found.extend(objects.filter(|object| is_wanted(object.kind)).cloned());
        }
        Ok(found)
    };
    match on {
        On::Functions(names) => {
            let found = names.iter().map(|name| {
                let oid = drop_function::named(snapshot, name, path)?;
                let object = snapshot.object(oid).cloned();
                object.ok_or_else(|| Error::internal("a function that was found is not there"))
            });
            found.collect()
        }
        On::AllFunctions(schemas) => {
            for schema in schemas {
                snapshot.resolve_schema(schema)?;
            }
            let all = snapshot.objects().filter(|object| {
                object.kind == Kind::Function && schemas.contains(&object.name.schema)
            });
            Ok(all.cloned().collect())
        }
        On::AllTables(schemas) => of_schemas(schemas, |kind| kind != Kind::Sequence),
        On::AllSequences(schemas) => of_schemas(schemas, |kind| kind == Kind::Sequence),
        On::Tables(names) => {
            let found = names.iter().map(|name| plan::object(name, snapshot, path));
            found.collect()
        }
        On::Sequences(names) => {
            let found = names.iter().map(|name| {
                let object = plan::object(name, snapshot, path)?;
                match object.kind == Kind::Sequence {
                    true => Ok(object),
                    false => {
                        let message = format!("\"{}\" is not a sequence", object.name.name);
                        Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message))
                    }
                }
            });
            found.collect()
        }
        On::Types(names) => {
            let found = names.iter().map(|name| snapshot.resolve_type(name, path));
            found.collect()
        }
        On::Domains(names) => {
            let found = names.iter().map(|name| {
                let object = snapshot.resolve_type(name, path)?;
                match domains::definition(&object) {
                    Some(_) => Ok(object),
                    None => Err(not_a_domain(&format!("\"{name}\""))),
                }
            });
            found.collect()
        }
        On::Schemas(_) | On::Databases(_) => Ok(Vec::new()),
    }
}

/// The one database is open to all roles that may log in, and its temporary tables are; nothing else
/// is kept of it.
fn databases(wanted: &Wanted<'_>, names: &[String]) -> Result<()> {
    for name in names {
        if name != crate::instance::DATABASE {
            let message = format!("database \"{name}\" does not exist");
            return Err(Error::new(SqlState::INVALID_CATALOG_NAME, message));
        }
    }
    let everybodys =
        |it: &PrivilegeName| matches!(it.name.as_str(), "CONNECT" | "TEMP" | "TEMPORARY");
    let is_given = !wanted.privileges.is_empty() && wanted.privileges.iter().all(everybodys);
    if wanted.grant.revokes || !is_given {
        return Err(Error::unsupported("this privilege on a database").with_hint(
            "All roles that may log in may connect and make temporary tables; superusers make schemas.",
        ));
    }
    Ok(())
}

fn members(
    session: &Session,
    transaction: &mut Transaction<'_>,
    rights: &Rights<'_>,
    grant: &Grant,
    group: &str,
    grantees: &[Oid],
) -> Result<()> {
    let oid = group_named(transaction, group)?;
    let Some(object) = transaction.snapshot().object(oid).cloned() else {
        return Err(Error::unsupported(
            "membership of the first role, which may do anything",
        ));
    };
    let is_admin = object
        .access
        .granted()
        .iter()
        .any(|it| it.grantable && it.grantee == rights.role());
    let makes_roles = transaction
        .snapshot()
        .roles()
        .any(|(role, options)| role.oid == rights.role() && options.createrole == Some(true));
    let may = rights.is_superuser()
        || is_admin
        || makes_roles && !transaction.snapshot().is_superuser(oid);
    if !may {
        let message = format!("must have admin option on role \"{group}\"");
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
    }
    for grantee in grantees {
        if *grantee == PUBLIC_ROLE {
            let message = "role \"public\" does not exist";
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
        }
        let known = transaction.snapshot().object(oid).cloned();
        let known = known
            .map(|object| object.access.clone())
            .unwrap_or_default();
        let is_member = known.granted().iter().find(|it| it.grantee == *grantee);
        if !grant.revokes {
            let member = transaction.snapshot().role_name(*grantee);
            if is_member.is_some_and(|it| it.grantable || !grant.option) {
                let message = format!("role \"{member}\" is already a member of role \"{group}\"");
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
                continue;
            }
            join(transaction, oid, *grantee, rights.role(), grant.option)?;
        } else if is_member.is_some() {
            let mut access = known;
            let grantors: BTreeSet<Oid> = access
                .granted()
                .iter()
                .filter(|it| it.grantee == *grantee)
                .map(|it| it.grantor)
                .collect();
            for grantor in grantors {
                let revoked = Revoked {
                    grantor,
                    grantee: *grantee,
                    privilege: Privilege::Member,
                    column: None,
                    option_only: grant.option,
                };
                // Memberships that a member gave to others stay, as in PostgreSQL 15.
                access.revoke(&revoked, true)?;
            }
            transaction.set_access(oid, access)?;
        } else {
            let member = transaction.snapshot().role_name(*grantee);
            let message = format!("role \"{member}\" is not a member of role \"{group}\"");
            session.notice(Error::new(SqlState::WARNING, message));
        }
    }
    Ok(())
}

/// What is to be given or taken away.
struct Wanted<'a> {
    grant: &'a Grant,
    rights: &'a Rights<'a>,
    grantees: &'a [Oid],
    privileges: &'a [PrivilegeName],
    columns: &'a [String],
}

impl Wanted<'_> {
    fn on_schema(
        &self,
        session: &Session,
        transaction: &mut Transaction<'_>,
        name: &str,
    ) -> Result<()> {
        let schema = transaction.snapshot().resolve_schema(name)?;
        let mut access = schema.access();
        self.change(
            session,
            &mut access,
            &Privilege::OF_SCHEMAS,
            ("schema", name),
            &|_| Ok(()),
        )?;
        transaction.set_schema_access(name, access)
    }

    fn on_object(
        &self,
        session: &Session,
        transaction: &mut Transaction<'_>,
        object: &Object,
    ) -> Result<()> {
        let mut access = object.access.clone();
        let has = |column: &str| match object.schema.column_with_name(column) {
            Some(_) => Ok(()),
            None => {
                let relation = &object.name.name;
                let message =
                    format!("column \"{column}\" of relation \"{relation}\" does not exist");
                Err(Error::new(SqlState::UNDEFINED_COLUMN, message))
            }
        };
        let own = Privilege::of_kind(object.kind);
        if object.kind == Kind::Function {
            access.begin_with(Privilege::Execute);
        }
        if object.kind == Kind::Type {
            access.begin_with(Privilege::Usage);
        }
        let what = match domains::definition(object) {
            Some(_) => "domain",
            None => kind_word(object.kind),
        };
        let named = (what, object.name.name.as_str());
        self.change(session, &mut access, own, named, &has)?;
        transaction.set_access(object.oid, access)
    }

    fn change(
        &self,
        session: &Session,
        access: &mut Access,
        own: &[Privilege],
        (what, name): (&str, &str),
        check_column: &dyn Fn(&str) -> Result<()>,
    ) -> Result<()> {
        let mut done = false;
        let what_of = if what == "table" { "relation" } else { what };
        let wanted = named_privileges(self.privileges, self.columns, own, what_of)?;
        for (privilege, columns) in wanted {
            let columns: Vec<Option<&str>> = match columns.as_slice() {
                [] => vec![None],
                columns => columns.iter().map(|it| Some(it.as_str())).collect(),
            };
            for column in columns {
                column.map_or(Ok(()), check_column)?;
                if !self.rights.may_grant(access, privilege, column) {
                    continue;
                }
                done = true;
                for grantee in self.grantees {
                    // The owner has all of them.
                    if *grantee == access.owner() {
                        continue;
                    }
                    if self.grant.revokes {
                        let revoked = Revoked {
                            grantor: self.grantor(access),
                            grantee: *grantee,
                            privilege,
                            column,
                            option_only: self.grant.option,
                        };
                        access.revoke(&revoked, self.grant.cascade)?;
                    } else {
                        let given = self.given(*grantee, privilege, column, access)?;
                        access.grant(given);
                    }
                }
            }
        }
        access.grants.get_or_insert_default();
        if done {
            return Ok(());
        }
        let has_any = own
            .iter()
            .any(|privilege| self.rights.has(access, *privilege));
        if !has_any {
            return Err(denied(what, name));
        }
        let (sqlstate, message) = match self.grant.revokes {
            true => (
                SqlState::PRIVILEGE_NOT_REVOKED,
                format!("no privileges could be revoked for \"{name}\""),
            ),
            false => (
                SqlState::PRIVILEGE_NOT_GRANTED,
                format!("no privileges were granted for \"{name}\""),
            ),
        };
        session.notice(Error::new(sqlstate, message));
        Ok(())
    }

    /// As in Postgres, who may do what the owner may gives, and takes away, as the owner.
    fn grantor(&self, access: &Access) -> Oid {
        match self.rights.owns(access) {
            true => access.owner(),
            false => self.rights.role(),
        }
    }

    fn given(
        &self,
        grantee: Oid,
        privilege: Privilege,
        column: Option<&str>,
        access: &Access,
    ) -> Result<Given> {
        if self.grant.option && grantee == PUBLIC_ROLE {
            let message = "grant options can only be granted to roles";
            return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, message));
        }
        Ok(Given {
            grantee,
            grantor: self.grantor(access),
            privilege,
            column: column.map(str::to_owned),
            grantable: self.grant.option,
        })
    }
}

/// The privileges of these names, or all of `own`, each with the columns that it is of; `what` has them, as
/// messages name it.
///
/// # Errors
/// 42601 for a name that is no privilege's; 0LP01 for one that such objects, or columns, do not have.
pub(super) fn named_privileges(
    named: &[PrivilegeName],
    columns: &[String],
    own: &[Privilege],
    what: &str,
) -> Result<Vec<(Privilege, Vec<String>)>> {
    if named.is_empty() {
        let of_columns = |it: &&Privilege| columns.is_empty() || Privilege::OF_COLUMNS.contains(it);
        let all = own.iter().filter(of_columns);
        return Ok(all.map(|it| (*it, columns.to_vec())).collect());
    }
    let mut found = Vec::new();
    for PrivilegeName { name, columns } in named {
        let invalid = |message: String| Error::new(SqlState::INVALID_GRANT_OPERATION, message);
        let Some(privilege) = Privilege::parse(name) else {
            let message = format!("unrecognized privilege type \"{}\"", name.to_lowercase());
            return Err(Error::new(SqlState::SYNTAX_ERROR, message));
        };
        if !own.contains(&privilege) {
            return Err(invalid(format!("invalid privilege type {name} for {what}")));
        }
        if !columns.is_empty() && !Privilege::OF_COLUMNS.contains(&privilege) {
            return Err(invalid(format!("invalid privilege type {name} for column")));
        }
        found.push((privilege, columns.clone()));
    }
    Ok(found)
}
