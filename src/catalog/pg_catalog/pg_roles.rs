//! `pg_roles`, `pg_authid`, `pg_user`, `pg_shadow`, `pg_group` and `pg_auth_members`: the first role,
//! which may do anything, those that were made, and those that every PostgreSQL has.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::OWNER;
use super::table::{Row, Rows, Value, row};
use crate::catalog::Object;
use crate::catalog::system::SystemSources;
use crate::sql::create_role::RoleOptions;
use crate::sql::time_travel::parse_timestamp;

/// What stands where a password would.
const HIDDEN: &str = "********";

/// A role, with what it may do.
struct Role {
    oid: i64,
    name: String,
    options: RoleOptions,
}

impl Role {
    fn is(option: Option<bool>) -> bool {
        option == Some(true)
    }

    fn inherits(&self) -> bool {
        self.options.inherit != Some(false)
    }

    fn connection_limit(&self) -> i64 {
        self.options.connection_limit.unwrap_or(-1)
    }

    /// What its sessions begin with; NULL where that is what others do.
    fn settings(&self) -> Value {
        let settings = self.options.settings.iter();
        let settings: Vec<String> = settings
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        match settings.is_empty() {
            true => Value::Null,
            false => Value::Texts(settings),
        }
    }

    fn valid_until(&self) -> Value {
        let until: Option<DateTime<Utc>> = self
            .options
            .valid_until
            .as_deref()
            .and_then(parse_timestamp);
        until.map_or(Value::Null, Value::Moment)
    }
}

fn all(sources: &dyn SystemSources) -> Vec<Role> {
    let snapshot = sources.snapshot();
    let first = Role {
        oid: OWNER,
        name: sources.owner(),
        options: RoleOptions {
            superuser: Some(true),
            createdb: Some(false),
            createrole: Some(true),
            login: Some(true),
            bypassrls: Some(true),
            ..RoleOptions::default()
        },
    };
    let others = snapshot.roles().map(|(role, options)| Role {
        oid: role.oid.into(),
        name: role.name.name.clone(),
        options: options.clone(),
    });
    let predefined = snapshot.ungranted_roles().map(|(name, oid)| Role {
        oid: oid.into(),
        name: name.to_owned(),
        options: RoleOptions::default(),
    });
    std::iter::once(first)
        .chain(others)
        .chain(predefined)
        .collect()
}

/// The roles that have members.
fn groups(sources: &dyn SystemSources) -> Vec<Arc<Object>> {
    let snapshot = sources.snapshot();
    let roles = snapshot.roles().map(|(role, _)| Arc::clone(role));
    roles
        .filter(|role| !role.access.granted().is_empty())
        .collect()
}

pub static TABLE: Rows = Rows {
    of: "pg_roles",
    make: |sources| {
        let rows = all(sources).into_iter().map(|role| {
            let options = &role.options;
            row![
                role.name.as_str(),
                Role::is(options.superuser),
                role.inherits(),
                Role::is(options.createrole),
                Role::is(options.createdb),
                Role::is(options.login),
                Role::is(options.replication),
                role.connection_limit(),
                HIDDEN,
                role.valid_until(),
                Role::is(options.bypassrls),
                role.settings(),
                role.oid,
            ]
        });
        Ok(rows.collect())
    },
};

fn users(sources: &dyn SystemSources) -> Vec<Row> {
    let roles = all(sources).into_iter();
    let users = roles.filter(|role| Role::is(role.options.login));
    let rows = users.map(|role| {
        let options = &role.options;
        row![
            role.name.as_str(),
            role.oid,
            Role::is(options.createdb),
            Role::is(options.superuser),
            Role::is(options.replication),
            Role::is(options.bypassrls),
            HIDDEN,
            role.valid_until(),
            role.settings(),
        ]
    });
    rows.collect()
}

/// What sessions of roles begin with.
pub static SETTINGS: Rows = Rows {
    of: "pg_db_role_setting",
    make: |sources| {
        let mut roles = all(sources);
        roles.retain(|role| !role.options.settings.is_empty());
        let rows = roles
            .iter()
            .map(|role| row![0_i64, role.oid, role.settings()]);
        Ok(rows.collect())
    },
};

pub static USERS: Rows = Rows {
    of: "pg_user",
    make: |sources| Ok(users(sources)),
};

pub static SHADOW: Rows = Rows {
    of: "pg_shadow",
    make: |sources| Ok(users(sources)),
};

pub static AUTHORIZATION: Rows = Rows {
    of: "pg_authid",
    make: |sources| {
        let rows = all(sources).into_iter().map(|role| {
            let options = &role.options;
            row![
                role.oid,
                role.name.as_str(),
                Role::is(options.superuser),
                role.inherits(),
                Role::is(options.createrole),
                Role::is(options.createdb),
                Role::is(options.login),
                Role::is(options.replication),
                Role::is(options.bypassrls),
                role.connection_limit(),
                // No password is ever shown.
                Value::Null,
                role.valid_until(),
            ]
        });
        Ok(rows.collect())
    },
};

pub static MEMBERS: Rows = Rows {
    of: "pg_auth_members",
    make: |sources| {
        let mut rows = Vec::new();
        for group in groups(sources) {
            rows.extend(group.access.granted().iter().map(|grant| {
                row![
                    i64::from(group.oid),
                    i64::from(grant.grantee),
                    i64::from(grant.grantor),
                    grant.grantable,
                ]
            }));
        }
        Ok(rows)
    },
};

pub static GROUPS: Rows = Rows {
    of: "pg_group",
    make: |sources| {
        let snapshot = sources.snapshot();
        let groups = snapshot
            .roles()
            .filter(|(_, options)| !Role::is(options.login));
        let rows = groups.map(|(group, _)| {
            let members = group.access.granted().iter();
            let members = members.map(|grant| i64::from(grant.grantee));
            row![
                group.name.name.as_str(),
                i64::from(group.oid),
                Value::Numbers(members.collect()),
            ]
        });
        Ok(rows.collect())
    },
};
