//! `pg_roles`, `pg_authid` and `pg_user`: there is one role, which owns everything.

use super::OWNER;
use super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "pg_roles",
    make: |sources| {
        Ok(vec![row![
            sources.owner(),
            true,
            true,
            false,
            false,
            true,
            false,
            -1,
            "********",
            Value::Null,
            true,
            Value::Null,
            OWNER,
        ]])
    },
};

pub static USERS: Rows = Rows {
    of: "pg_user",
    make: |sources| {
        Ok(vec![row![
            sources.owner(),
            OWNER,
            false,
            true,
            false,
            true,
            "********",
            Value::Null,
            Value::Null,
        ]])
    },
};

pub static AUTHORIZATION: Rows = Rows {
    of: "pg_authid",
    make: |sources| {
        // No password is ever shown.
        Ok(vec![row![
            OWNER,
            sources.owner(),
            true,
            true,
            false,
            false,
            true,
            false,
            true,
            -1,
            Value::Null,
            Value::Null,
        ]])
    },
};
