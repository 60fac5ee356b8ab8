//! What is said of default privileges.

use super::Transaction;
use super::checks::check_access;
use crate::catalog::default_privileges::{ANYWHERE, DefaultPrivileges, DefaultsOf};
use crate::catalog::privilege::Access;
use crate::catalog::{Oid, Schema};
use crate::error::Result;

impl Transaction<'_> {
    /// Sets what is granted on objects that the owner will make in a schema, or anywhere; where that is what
    /// holds without a word, nothing is kept.
    ///
    /// # Errors
    /// 3F000 where the schema does not exist; 54000 for too many grants.
    pub fn set_default_privileges(
        &mut self,
        schema: &str,
        of: DefaultsOf,
        access: Access,
    ) -> Result<()> {
        check_access(&access)?;
        let role = access.owner();
        let unsaid = match schema {
            ANYWHERE => of.unsaid(role),
            _ => Access::owned_by(role),
        };
        let is_unsaid = access.grants_as(&unsaid);
        let known = self.snapshot.default_privileges(schema, role, of);
        let oid: Option<Oid> = known.map(|it| it.oid);
        if oid.is_none() && is_unsaid {
            return Ok(());
        }
        let mut changed = match self.snapshot.stored_schema(schema) {
            Some(known) => Schema::clone(known),
            None if schema == ANYWHERE => Schema::anywhere(),
            None => Schema::clone(&*self.snapshot.resolve_schema(schema)?),
        };
        let all = &mut changed.default_privileges;
        all.retain(|it| it.role != role || it.of != of);
        if !is_unsaid {
            let oid = match oid {
                Some(oid) => oid,
                None => self.store.next_oid()?,
            };
            all.push(DefaultPrivileges {
                oid,
                role,
                of,
                grants: access.grants.unwrap_or_default(),
            });
            all.sort_by_key(|it| it.oid);
        }
        self.put_schema(changed);
        Ok(())
    }
}
