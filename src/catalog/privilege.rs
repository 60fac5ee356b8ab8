//! Who may do what with an object: its owner, and what was granted to others.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_role::RoleOptions;
use crate::sql::{QualifiedName, Statement};

/// The role that owns what nobody else does. PostgreSQL's number of it.
pub const OWNER_OID: Oid = 10;
/// What stands for a role that is not there any more: no role has this number.
pub const NOBODY: Oid = Oid::MAX;
/// What stands for all roles where one is granted to: `ACL_ID_PUBLIC` of PostgreSQL.
pub const PUBLIC_ROLE: Oid = 0;

/// What a role may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privilege {
    /// To put rows in.
    Insert,
    /// To read.
    Select,
    /// To change rows; of a sequence, also its number.
    Update,
    /// To take rows out.
    Delete,
    /// To take all rows out.
    Truncate,
    /// To refer to it by foreign keys.
    References,
    /// To make triggers on it.
    Trigger,
    /// To call it.
    Execute,
    /// To use what is in a schema, or the numbers of a sequence.
    Usage,
    /// To make objects in it.
    Create,
    /// To be a member of a role.
    Member,
}

impl Privilege {
    /// All but membership, in the order in which PostgreSQL lists them.
    pub const ALL: [Self; 10] = [
        Self::Insert,
        Self::Select,
        Self::Update,
        Self::Delete,
        Self::Truncate,
        Self::References,
        Self::Trigger,
        Self::Execute,
        Self::Usage,
        Self::Create,
    ];

    /// Those of tables and views.
    pub const OF_TABLES: [Self; 7] = [
        Self::Insert,
        Self::Select,
        Self::Update,
        Self::Delete,
        Self::Truncate,
        Self::References,
        Self::Trigger,
    ];
    /// Those of sequences.
    pub const OF_SEQUENCES: [Self; 3] = [Self::Select, Self::Update, Self::Usage];
    /// Those of schemas.
    pub const OF_SCHEMAS: [Self; 2] = [Self::Usage, Self::Create];
    /// Those of functions.
    pub const OF_FUNCTIONS: [Self; 1] = [Self::Execute];
    /// Those of types.
    pub const OF_TYPES: [Self; 1] = [Self::Usage];
    /// Those of columns.
    pub const OF_COLUMNS: [Self; 4] = [Self::Insert, Self::Select, Self::Update, Self::References];

    /// Those that objects of a kind have.
    pub fn of_kind(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Sequence => &Self::OF_SEQUENCES,
            Kind::Role => &[Self::Member],
            Kind::Function => &Self::OF_FUNCTIONS,
            Kind::Type => &Self::OF_TYPES,
            _ => &Self::OF_TABLES,
        }
    }

    /// Its name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Select => "SELECT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::References => "REFERENCES",
            Self::Trigger => "TRIGGER",
            Self::Execute => "EXECUTE",
            Self::Usage => "USAGE",
            Self::Create => "CREATE",
            Self::Member => "MEMBER",
        }
    }

    /// The privilege of a name in SQL.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|privilege| privilege.as_str().eq_ignore_ascii_case(name))
    }

    /// Its letter in an `aclitem`.
    fn letter(self) -> char {
        match self {
            Self::Insert => 'a',
            Self::Select => 'r',
            Self::Update => 'w',
            Self::Delete => 'd',
            Self::Truncate => 'D',
            Self::References => 'x',
            Self::Trigger => 't',
            Self::Execute => 'X',
            Self::Usage => 'U',
            Self::Create => 'C',
            Self::Member => 'm',
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A privilege that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role that has it; [`PUBLIC_ROLE`] for all.
    pub grantee: Oid,
    /// The role that gave it.
    pub grantor: Oid,
    /// What it allows.
    pub privilege: Privilege,
    /// The column that it is of; none for all of the object.
    #[serde(default)]
    pub column: Option<String>,
    /// Whether it may be given on; of a membership, `WITH ADMIN OPTION`.
    #[serde(default)]
    pub grantable: bool,
}

/// A privilege that is taken away.
pub struct Revoked<'a> {
    /// The role that gave it.
    pub grantor: Oid,
    /// The role that loses it.
    pub grantee: Oid,
    /// What it allows.
    pub privilege: Privilege,
    /// The column that it is of; none for all of the object.
    pub column: Option<&'a str>,
    /// Whether only the option to give it on goes.
    pub option_only: bool,
}

/// The owner and the grants of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The owner; none for the role that owns what nobody else does.
    #[serde(default)]
    pub owner: Option<Oid>,
    /// What was granted; none where nothing ever was, and defaults hold.
    #[serde(default)]
    pub grants: Option<Vec<Grant>>,
}

impl Access {
    /// What a role makes.
    pub fn owned_by(role: Oid) -> Self {
        Self {
            owner: (role != OWNER_OID).then_some(role),
            grants: None,
        }
    }

    /// The number of the owner.
    pub fn owner(&self) -> Oid {
        self.owner.unwrap_or(OWNER_OID)
    }

    /// The same of another owner, who has what was granted to him anyway.
    #[must_use]
    pub fn with_owner(&self, owner: Oid) -> Self {
        let before = self.owner();
        let grants = self.grants.clone().map(|mut grants| {
            grants.retain(|grant| grant.grantee != owner);
            for grant in &mut grants {
                if grant.grantor == before {
                    grant.grantor = owner;
                }
            }
            grants
        });
        Self {
            owner: (owner != OWNER_OID).then_some(owner),
            grants,
        }
    }

    /// The same without what was granted to some roles; none where nothing was.
    pub fn without(&self, roles: &BTreeSet<Oid>) -> Option<Self> {
        let is_theirs = |grant: &Grant| roles.contains(&grant.grantee);
        if !self.granted().iter().any(is_theirs) {
            return None;
        }
        let mut access = self.clone();
        if let Some(grants) = &mut access.grants {
            grants.retain(|grant| !is_theirs(grant));
        }
        Some(access)
    }

    /// What was granted.
    pub fn granted(&self) -> &[Grant] {
        self.grants.as_deref().unwrap_or_default()
    }

    /// Whether the same was granted of something else.
    pub fn grants_as(&self, other: &Self) -> bool {
        let (own, others) = (self.granted(), other.granted());
        own.len() == others.len() && own.iter().all(|grant| others.contains(grant))
    }

    /// Gives a privilege.
    pub fn grant(&mut self, grant: Grant) {
        let grants = self.grants.get_or_insert_default();
        let same = grants.iter_mut().find(|it| {
            it.grantee == grant.grantee
                && it.grantor == grant.grantor
                && it.privilege == grant.privilege
                && it.column == grant.column
        });
        match same {
            Some(same) => same.grantable |= grant.grantable,
            None => grants.push(grant),
        }
    }

    /// Says what holds where nothing was ever granted on a function or a type: as in Postgres, all may call the
    /// one, and use the other.
    pub fn begin_with(&mut self, privilege: Privilege) {
        if self.grants.is_none() {
            self.grants = Some(vec![Grant {
                grantee: PUBLIC_ROLE,
                grantor: self.owner(),
                privilege,
                column: None,
                grantable: false,
            }]);
        }
    }

    /// Takes a privilege away that a role has given, or the option to give it on, and with `cascade`
    /// what was given on by that option.
    ///
    /// # Errors
    /// 2BP01 where something was given on, without `cascade`.
    pub fn revoke(&mut self, revoked: &Revoked<'_>, cascade: bool) -> Result<()> {
        let grants = self.grants.get_or_insert_default();
        // As in Postgres, that of a table takes those of its columns along.
        let is_it = |it: &Grant| {
            it.grantee == revoked.grantee
                && it.grantor == revoked.grantor
                && it.privilege == revoked.privilege
                && (revoked.column.is_none() || it.column.as_deref() == revoked.column)
        };
        match revoked.option_only {
            true => grants
                .iter_mut()
                .filter(|it| is_it(it))
                .for_each(|it| it.grantable = false),
            false => grants.retain(|it| !is_it(it)),
        }
        let given_on: Vec<Grant> = self
            .granted()
            .iter()
            .filter(|it| it.grantor == revoked.grantee && it.privilege == revoked.privilege)
            .filter(|it| !self.may_give_on(it.grantor, it.privilege, it.column.as_deref()))
            .cloned()
            .collect();
        if !cascade && !given_on.is_empty() {
            return Err(Error::new(
                SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
                "dependent privileges exist",
            )
            .with_hint("Use CASCADE to revoke them too."));
        }
        for grant in &given_on {
            let dependent = Revoked {
                grantor: grant.grantor,
                grantee: grant.grantee,
                privilege: grant.privilege,
                column: grant.column.as_deref(),
                option_only: false,
            };
            self.revoke(&dependent, true)?;
        }
        Ok(())
    }

    /// Whether a role itself has the option to give a privilege on.
    fn may_give_on(&self, role: Oid, privilege: Privilege, column: Option<&str>) -> bool {
        let is_its = |it: &Grant| {
            it.grantee == role
                && it.privilege == privilege
                && it.grantable
                && (it.column.is_none() || it.column.as_deref() == column)
        };
        role == self.owner() || self.granted().iter().any(is_its)
    }

    /// The grants as an array of `aclitem`, those of the owner among them; none where nothing ever was
    /// granted.
    pub fn items(
        &self,
        snapshot: &Snapshot,
        own: &[Privilege],
        column: Option<&str>,
    ) -> Option<Vec<String>> {
        let grants = self.grants.as_ref()?;
        // Grants on columns alone leave a table as one that nothing was granted of.
        if column.is_none() && !grants.is_empty() && grants.iter().all(|it| it.column.is_some()) {
            return None;
        }
        let owner = snapshot.role_name(self.owner());
        let mut items = Vec::new();
        // What all may with a function or a type comes before the owner's, in PostgreSQL as well.
        let is_everybodys = own == Privilege::OF_FUNCTIONS || own == Privilege::OF_TYPES;
        let letters: String = own.iter().map(|it| it.letter()).collect();
        let of_owner = format!("{owner}={letters}/{owner}");
        if column.is_none() && !is_everybodys {
            items.push(of_owner.clone());
        }
        let of_column = |it: &&Grant| it.column.as_deref() == column;
        let mut pairs: Vec<(Oid, Oid)> = Vec::new();
        for grant in grants.iter().filter(of_column) {
            if !pairs.contains(&(grant.grantee, grant.grantor)) {
                pairs.push((grant.grantee, grant.grantor));
            }
        }
        for (grantee, grantor) in pairs {
            let given = |privilege: &Privilege| {
                let mut of_pair = grants.iter().filter(of_column);
                let found = of_pair.find(|it| {
                    it.grantee == grantee && it.grantor == grantor && it.privilege == *privilege
                })?;
                let star = if found.grantable { "*" } else { "" };
                Some(format!("{}{star}", privilege.letter()))
            };
            let letters: String = Privilege::ALL.iter().filter_map(given).collect();
            let name = match grantee {
                PUBLIC_ROLE => String::new(),
                other => snapshot.role_name(other),
            };
            items.push(format!("{name}={letters}/{}", snapshot.role_name(grantor)));
        }
        if column.is_none() && is_everybodys {
            let place = usize::from(items.first().is_some_and(|item| item.starts_with('=')));
            items.insert(place, of_owner);
        }
        // A column without grants has no list.
        Some(items).filter(|items| !items.is_empty())
    }
}

/// What a role may do, in one state of the catalog.
#[derive(Clone, Debug)]
pub struct Rights<'a> {
    snapshot: &'a Snapshot,
    role: Oid,
    is_superuser: bool,
    /// The role, and those whose privileges it has as their member.
    roles: BTreeSet<Oid>,
}

impl<'a> Rights<'a> {
    /// Those of a role.
    pub fn of(snapshot: &'a Snapshot, role: Oid) -> Self {
        Self {
            snapshot,
            role,
            is_superuser: snapshot.is_superuser(role),
            roles: snapshot.inherited(role, true),
        }
    }

    /// The role.
    pub fn role(&self) -> Oid {
        self.role
    }

    /// Whether it may do anything.
    pub fn is_superuser(&self) -> bool {
        self.is_superuser
    }

    /// Whether it has what a role has, as that role or a member of it.
    pub fn has_role(&self, role: Oid) -> bool {
        self.is_superuser || self.roles.contains(&role)
    }

    /// Whether it may do what the owner of something may.
    pub fn owns(&self, access: &Access) -> bool {
        self.has_role(access.owner())
    }

    /// Whether it has a privilege on all of something.
    pub fn has(&self, access: &Access, privilege: Privilege) -> bool {
        self.owns(access)
            || self.is_granted(access, privilege, None, false)
            || self.snapshot.has_on_all(&self.roles, privilege)
    }

    /// Whether it may read a relation, and find it in its schema.
    pub fn may_read(&self, object: &Object) -> bool {
        self.has_on_schema(&object.name.schema, Privilege::Usage)
            && self.has(&object.access, Privilege::Select)
    }

    /// Whether it may call a function, which all may where nothing was ever granted on it.
    pub fn may_call(&self, access: &Access) -> bool {
        access.grants.is_none() || self.has(access, Privilege::Execute)
    }

    /// Whether it may make columns of a type, which all may where nothing was ever granted on it.
    pub fn may_use(&self, access: &Access) -> bool {
        access.grants.is_none() || self.has(access, Privilege::Usage)
    }

    /// Whether it has a privilege on a column.
    pub fn has_on_column(&self, access: &Access, privilege: Privilege, column: &str) -> bool {
        self.has(access, privilege) || self.is_granted(access, privilege, Some(column), false)
    }

    /// Whether it may give a privilege on.
    pub fn may_grant(&self, access: &Access, privilege: Privilege, column: Option<&str>) -> bool {
        self.owns(access)
            || self.is_granted(access, privilege, None, true)
            || column.is_some() && self.is_granted(access, privilege, column, true)
    }

    /// Whether it has a privilege on a schema.
    pub fn has_on_schema(&self, name: &str, privilege: Privilege) -> bool {
        let Some(schema) = self.snapshot.schema(name) else {
            // What the server makes itself may be used by all.
            return privilege == Privilege::Usage || self.is_superuser;
        };
        let reaches_all = || {
            let mut of_rows = [Privilege::Select, Privilege::Insert].into_iter();
            privilege == Privilege::Usage
                && of_rows.any(|of_rows| self.snapshot.has_on_all(&self.roles, of_rows))
        };
        super::is_temporary_schema(name) || self.has(&schema.access(), privilege) || reaches_all()
    }

    fn is_granted(
        &self,
        access: &Access,
        privilege: Privilege,
        column: Option<&str>,
        grantable: bool,
    ) -> bool {
        access.granted().iter().any(|grant| {
            grant.privilege == privilege
                && grant.column.as_deref() == column
                && (grant.grantable || !grantable)
                && (grant.grantee == PUBLIC_ROLE || self.roles.contains(&grant.grantee))
        })
    }
}

impl Snapshot {
    /// A role by name.
    pub fn role(&self, name: &str) -> Option<&Arc<Object>> {
        let oid = self.roles.get(&QualifiedName::new("", name))?;
        self.object(*oid)
    }

    /// All roles but the first, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&Arc<Object>, &RoleOptions)> {
        let roles = self.roles.values().filter_map(|oid| self.object(*oid));
        roles.filter_map(|role| Some((role, options(role)?)))
    }

    /// The number of a role. The first one is known by its own name and by `first`, that of the
    /// configuration; a name that is nobody's any more, as that of a role that was dropped while it was
    /// connected, has the number of nobody.
    pub fn role_of(&self, name: &str, first: &str) -> Oid {
        match self.role(name) {
            Some(role) => role.oid,
            None if name == crate::instance::OWNER || name == first => OWNER_OID,
            None => NOBODY,
        }
    }

    /// The name of a role, as an `aclitem` has it.
    pub fn role_name(&self, oid: Oid) -> String {
        match oid {
            OWNER_OID => crate::instance::OWNER.to_owned(),
            oid => self
                .object(oid)
                .map_or_else(|| oid.to_string(), |role| role.name.name.clone()),
        }
    }

    /// Whether a role may do anything.
    pub fn is_superuser(&self, role: Oid) -> bool {
        role == OWNER_OID
            || self
                .object(role)
                .and_then(|role| options(role))
                .is_some_and(|options| options.superuser == Some(true))
    }

    /// A role and those that it is a member of, through others too; with `inherits` those alone whose
    /// privileges it has without asking.
    pub fn inherited(&self, role: Oid, inherits: bool) -> BTreeSet<Oid> {
        let mut found = BTreeSet::from([role]);
        let mut open = vec![role];
        while let Some(member) = open.pop() {
            let goes_on = !inherits
                || self
                    .object(member)
                    .and_then(|role| options(role))
                    .is_some_and(|options| options.inherit != Some(false));
            if !goes_on {
                continue;
            }
            for (group, _) in self.roles() {
                let is_member = group
                    .access
                    .granted()
                    .iter()
                    .any(|grant| grant.grantee == member);
                if is_member && found.insert(group.oid) {
                    open.push(group.oid);
                }
            }
        }
        found
    }
}

/// What a role was made with.
fn options(role: &Object) -> Option<&RoleOptions> {
    match &role.definition {
        Statement::CreateRole(create) => Some(&create.options),
        _ => None,
    }
}
