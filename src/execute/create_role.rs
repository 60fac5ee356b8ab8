//! `CREATE ROLE`.

use crate::catalog::predefined_roles::predefined;
use crate::catalog::privilege::{Grant, OWNER_OID, Privilege, Rights};
use crate::catalog::{NewObject, Oid, Snapshot, Transaction};
use crate::error::{Error, Result, SqlState};
use crate::instance::OWNER;
use crate::session::{Outcome, Session};
use crate::sql::create_role::{CreateRole, RoleOptions};
use crate::sql::name::ObjectName;
use crate::sql::time_travel::parse_timestamp;
use crate::sql::{QualifiedName, Statement};
use crate::wire::verifier_of;

/// Makes a role. Of its password a verifier is kept.
///
/// # Errors
/// 42710 for a name that is taken, 42939 for one that means something; 42501 for who may make no
/// roles.
pub fn execute(session: &Session, create: &CreateRole) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    check_may(&snapshot, &rights, &create.options, "create role")?;
    let name = &create.name.name;
    check_name(name)?;
    let of_configuration = &session.instance.configuration.server.user;
    if snapshot.role(name).is_some() || name == OWNER || name == of_configuration {
        let message = format!("role \"{name}\" already exists");
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
    }
    let new = new_role(name, verified(session, create.options.clone())?);
    catalog.write(|transaction| {
        let oid = transaction.create(new.clone())?;
        for group in &create.in_roles {
            let group = group_named(transaction, group)?;
            join(transaction, group, oid, rights.role(), false)?;
        }
        let admins = create.admins.iter().map(|name| (name, true));
        for (member, admin) in create
            .members
            .iter()
            .map(|name| (name, false))
            .chain(admins)
        {
            let member = existing(transaction.snapshot(), member)?;
            join(transaction, oid, member, rights.role(), admin)?;
        }
        Ok(())
    })?;
    Ok(Outcome::Done("CREATE ROLE".to_owned()))
}

/// That a role may be made, or changed, to what is asked for.
///
/// # Errors
/// 42501.
pub fn check_may(
    snapshot: &Snapshot,
    rights: &Rights<'_>,
    options: &RoleOptions,
    what: &str,
) -> Result<()> {
    if rights.is_superuser() {
        return Ok(());
    }
    let denied = |message: String| Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
    for (wanted, word) in [
        (options.superuser, "superusers"),
        (options.replication, "replication users"),
        (options.bypassrls, "bypassrls users"),
    ] {
        if wanted.is_some() {
            let verb = what.split(' ').next().unwrap_or(what);
            return denied(format!("must be superuser to {verb} {word}"));
        }
    }
    let may = snapshot
        .roles()
        .find(|(role, _)| role.oid == rights.role())
        .is_some_and(|(_, options)| options.createrole == Some(true));
    match may {
        true => Ok(()),
        false => denied(format!("permission denied to {what}")),
    }
}

/// The definition of a role.
pub fn new_role(name: &str, options: RoleOptions) -> NewObject {
    let definition = Statement::CreateRole(CreateRole {
        name: ObjectName {
            schema: None,
            name: name.to_owned(),
        },
        options,
        in_roles: Vec::new(),
        members: Vec::new(),
        admins: Vec::new(),
    });
    NewObject::new(QualifiedName::new("", name), definition)
}

/// Options with the verifier of a password in its place. An empty password is none, as in PostgreSQL,
/// which the client is told.
///
/// # Errors
/// 22023 for a limit of connections, and 22007 for a moment, that is none; 0A000 for a hash of MD5;
/// XX000 where the machine has no random numbers.
pub fn verified(session: &Session, mut options: RoleOptions) -> Result<RoleOptions> {
    if let Some(Some(password)) = &options.password {
        let verifier = verifier_of(password)?;
        if verifier.is_none() {
            let message = "empty string is not a valid password, clearing password";
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
        }
        options.password = Some(verifier);
    }
    if let Some(limit) = options.connection_limit
        && limit < -1
    {
        let message = format!("invalid connection limit: {limit}");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    if let Some(until) = &options.valid_until
        && until != "infinity"
        && parse_timestamp(until).is_none()
    {
        let message =
            format!("invalid input syntax for type timestamp with time zone: \"{until}\"");
        return Err(Error::new(SqlState::INVALID_DATETIME_FORMAT, message));
    }
    Ok(options)
}

/// That a name may be a role's: some stand for others, or are kept for the server's own.
///
/// # Errors
/// 42939.
pub fn check_name(name: &str) -> Result<()> {
    if matches!(name, "public" | "none") {
        let message = format!("role name \"{name}\" is reserved");
        return Err(Error::new(SqlState::RESERVED_NAME, message));
    }
    if name.starts_with("pg_") {
        let message = format!("role name \"{name}\" is reserved");
        return Err(Error::new(SqlState::RESERVED_NAME, message)
            .with_detail("Role names starting with \"pg_\" are reserved."));
    }
    Ok(())
}

/// The number of a role.
///
/// # Errors
/// 42704 where there is none.
pub fn existing(snapshot: &Snapshot, name: &str) -> Result<Oid> {
    match snapshot.role(name) {
        Some(role) => Ok(role.oid),
        None if name == OWNER => Ok(OWNER_OID),
        None => {
            let message = format!("role \"{name}\" does not exist");
            Err(Error::new(SqlState::UNDEFINED_OBJECT, message))
        }
    }
}

/// The number of a role that is to have members, which is made where every PostgreSQL has it.
///
/// # Errors
/// 42704 where there is none.
pub fn group_named(transaction: &mut Transaction<'_>, name: &str) -> Result<Oid> {
    let number = predefined(name);
    if number.is_some() && transaction.snapshot().role(name).is_none() {
        let mut role = new_role(name, RoleOptions::default());
        role.oid = number;
        return transaction.create(role);
    }
    existing(transaction.snapshot(), name)
}

/// That a role is one that was made, and may be changed.
///
/// # Errors
/// 42939 for one that every PostgreSQL has.
pub fn check_own(name: &str) -> Result<()> {
    if predefined(name).is_none() {
        return Ok(());
    }
    let message = format!("role name \"{name}\" is reserved");
    Err(Error::new(SqlState::RESERVED_NAME, message).with_detail("Cannot alter reserved roles."))
}

/// Makes a role a member of another one.
///
/// # Errors
/// 0LP01 where the other one is its member; those of the disk.
pub fn join(
    transaction: &mut Transaction<'_>,
    group: Oid,
    member: Oid,
    grantor: Oid,
    admin: bool,
) -> Result<()> {
    let snapshot = transaction.snapshot();
    if snapshot.inherited(group, false).contains(&member) {
        let (member, group) = (snapshot.role_name(member), snapshot.role_name(group));
        let message = format!("role \"{member}\" is a member of role \"{group}\"");
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, message));
    }
    let Some(object) = snapshot.object(group) else {
        let message = "the first role has no members, who might do anything";
        return Err(Error::unsupported(message));
    };
    let mut access = object.access.clone();
    access.grant(Grant {
        grantee: member,
        grantor,
        privilege: Privilege::Member,
        column: None,
        grantable: admin,
    });
    transaction.set_access(group, access)
}
