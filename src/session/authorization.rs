//! By whose rights a session acts.

use super::Session;
use super::state::Authorization;
use crate::catalog::privilege::OWNER_OID;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::OWNER;

impl Session {
    /// Whom the session is of.
    pub fn session_user(&self) -> String {
        let session = self.state.lock().authorization().session.clone();
        session.unwrap_or_else(|| self.client.user.clone())
    }

    /// By whose rights the session acts.
    pub fn role(&self) -> String {
        let role = self.state.lock().authorization().role.clone();
        role.unwrap_or_else(|| self.session_user())
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
        self.role_of(snapshot, &self.role())
    }

    fn role_of(&self, snapshot: &Snapshot, name: &str) -> Oid {
        snapshot.role_of(name, &self.instance.configuration.server.user)
    }

    /// The role that a word means where a role is named.
    pub fn named_role(&self, name: &str) -> String {
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

    /// Has the rights of another role count, or with none those that the session began with.
    ///
    /// # Errors
    /// 22023 for a role that does not exist; 42501 for one that is none of who connected.
    pub fn authorize(&self, role: Option<&str>, of_session: bool, local: bool) -> Result<()> {
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
