//! By whose rights a session acts.

use std::sync::Arc;

use parking_lot::Mutex;

use super::state::{Authorization, State};
use super::{Client, Session};
use crate::catalog::privilege::OWNER_OID;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::show;
use crate::instance::{Instance, OWNER};

/// The names by which those are settings, too: `SET role = 'reader'`, `set_config('role', 'reader', true)`.
const ROLE: &str = "role";
const SESSION: &str = "session_authorization";
/// The setting that tells whether these are all rights.
const SUPERUSER: &str = "is_superuser";
/// What `role` says where a session acts by its own rights.
const NONE: &str = "none";

impl Session {
    fn acting(&self) -> Acting<'_> {
        Acting {
            state: &self.state,
            instance: &self.instance,
            client: &self.client,
        }
    }

    /// Whom the session is of.
    pub fn session_user(&self) -> String {
        self.acting().session_user()
    }

    /// By whose rights the session acts.
    pub fn role(&self) -> String {
        self.acting().role()
    }

    /// Whether it acts by the rights of this role.
    pub fn has_role(&self, name: &str) -> bool {
        let state = self.state.lock();
        let authorization = state.authorization();
        let role = authorization.role.as_deref();
        let role = role.or(authorization.session.as_deref());
        role.unwrap_or(&self.client.user) == name
    }

    /// The number of the role by whose rights the session acts.
    pub fn role_oid(&self, snapshot: &Snapshot) -> Oid {
        self.acting().role_of(snapshot, &self.role())
    }

    /// The role that a word means where a role is named.
    pub fn named_role(&self, name: &str) -> String {
        self.acting().named_role(name)
    }

    /// Has the rights of another role count, or with none those that the session began with.
    ///
    /// # Errors
    /// 22023 for a role that does not exist; 42501 for one that is none of who connected.
    pub fn authorize(&self, role: Option<&str>, of_session: bool, local: bool) -> Result<()> {
        self.acting().authorize(role, of_session, local)
    }

    /// Whose rights count, where that is asked for as a setting.
    pub fn shown_authorization(&self, name: &str) -> Option<String> {
        match name.to_ascii_lowercase().as_str() {
            ROLE => {
                let role = self.state.lock().authorization().role.clone();
                Some(role.unwrap_or_else(|| NONE.to_owned()))
            }
            SESSION => Some(self.session_user()),
            SUPERUSER => {
                let snapshot = self.instance.catalog.snapshot();
                let is_superuser = snapshot.is_superuser(self.role_oid(&snapshot));
                Some(show::on_or_off(is_superuser).to_owned())
            }
            _ => None,
        }
    }

    /// What changes a setting.
    pub(super) fn setter(&self) -> impl Fn(&str, Option<&str>, bool) -> Result<String> + use<> {
        let state = Arc::clone(&self.state);
        let (instance, client) = (Arc::clone(&self.instance), self.client.clone());
        move |name, value, local| {
            let acting = Acting {
                state: &state,
                instance: &instance,
                client: &client,
            };
            match acting.authorize_by_name(name, value, local) {
                Some(authorized) => authorized,
                None => state.lock().set(name, value, local),
            }
        }
    }
}

/// Whose rights count where, for one session.
struct Acting<'a> {
    state: &'a Mutex<State>,
    instance: &'a Instance,
    client: &'a Client,
}

impl Acting<'_> {
    fn session_user(&self) -> String {
        let session = self.state.lock().authorization().session.clone();
        session.unwrap_or_else(|| self.client.user.clone())
    }

    fn role(&self) -> String {
        let role = self.state.lock().authorization().role.clone();
        role.unwrap_or_else(|| self.session_user())
    }

    fn role_of(&self, snapshot: &Snapshot, name: &str) -> Oid {
        snapshot.role_of(name, &self.instance.configuration.server.user)
    }

    fn named_role(&self, name: &str) -> String {
        let own = match name {
            "current_user" | "current_role" => self.role(),
            "session_user" => self.session_user(),
            name => return name.to_owned(),
        };
        // By the name of the configuration the first one is known too.
        let first = &self.instance.configuration.server.user;
        match self.instance.catalog.snapshot().role(&own) {
            None if own == *first => OWNER.to_owned(),
            _ => own,
        }
    }

    /// Changes whose rights count, if a setting of this name is that; answers how it is shown then.
    fn authorize_by_name(
        &self,
        name: &str,
        value: Option<&str>,
        local: bool,
    ) -> Option<Result<String>> {
        let (role, of_session) = match name.to_ascii_lowercase().as_str() {
            ROLE => (value.filter(|value| *value != NONE), false),
            SESSION => (value.filter(|value| *value != "default"), true),
            _ => return None,
        };
        let shown = match (role, of_session) {
            (Some(role), _) => role.to_owned(),
            (None, true) => self.client.user.clone(),
            (None, false) => NONE.to_owned(),
        };
        Some(self.authorize(role, of_session, local).map(|()| shown))
    }

    fn authorize(&self, role: Option<&str>, of_session: bool, local: bool) -> Result<()> {
        let snapshot = self.instance.catalog.snapshot();
        let role = role.map(|role| self.named_role(role));
        if let Some(role) = &role {
            let Some(oid) = self.known_role(&snapshot, role) else {
                let message = format!("role \"{role}\" does not exist");
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
            };
            let own = match of_session {
                true => self.role_of(&snapshot, &self.client.user),
                false => self.role_of(&snapshot, &self.session_user()),
            };
            let may = match of_session {
                true => snapshot.is_superuser(own) || oid == own,
                false => {
                    snapshot.is_superuser(own) || snapshot.inherited(own, false).contains(&oid)
                }
            };
            if !may {
                let message = match of_session {
                    true => "permission denied to set session authorization".to_owned(),
                    false => format!("permission denied to set role \"{role}\""),
                };
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
            }
        }
        let change = |authorization: &mut Authorization| {
            if of_session {
                authorization.session.clone_from(&role);
                // As in Postgres, it takes back SET ROLE.
                authorization.role = None;
            } else {
                authorization.role.clone_from(&role);
            }
        };
        self.state.lock().authorize(change, local);
        Ok(())
    }

    /// The number of a role that there is; the name of who connected is that of the first one where it
    /// is no other's.
    fn known_role(&self, snapshot: &Snapshot, name: &str) -> Option<Oid> {
        match snapshot.role(name) {
            Some(role) => Some(role.oid),
            None => {
                let first = &self.instance.configuration.server.user;
                (name == OWNER || name == first).then_some(OWNER_OID)
            }
        }
    }
}
