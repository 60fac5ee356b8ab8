//! What others may do with objects that a role will make: `ALTER DEFAULT PRIVILEGES`.

use serde::{Deserialize, Serialize};

use super::privilege::{Access, Grant, Privilege};
use super::{Kind, Oid, Snapshot};

/// The schema whose default privileges are those of objects in any schema, or in none.
pub const ANYWHERE: &str = "";

/// Which objects default privileges are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultsOf {
    /// Tables, views and the like.
    Tables,
    /// Sequences.
    Sequences,
    /// Functions.
    Functions,
    /// Schemas.
    Schemas,
    /// Types.
    Types,
}

impl DefaultsOf {
    /// Those that objects of a kind have; none where nothing is granted on these.
    pub fn of_kind(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Sequence => Some(Self::Sequences),
            Kind::Function => Some(Self::Functions),
            Kind::Type => Some(Self::Types),
            Kind::Table
            | Kind::ExternalTable
            | Kind::View
            | Kind::MaterializedView
            | Kind::Model => Some(Self::Tables),
            Kind::Check | Kind::Role => None,
        }
    }

    /// The privileges that such objects have.
    pub fn privileges(self) -> &'static [Privilege] {
        match self {
            Self::Tables => &Privilege::OF_TABLES,
            Self::Sequences => &Privilege::OF_SEQUENCES,
            Self::Functions => &Privilege::OF_FUNCTIONS,
            Self::Schemas => &Privilege::OF_SCHEMAS,
            Self::Types => &Privilege::OF_TYPES,
        }
    }

    /// Its letter in `pg_default_acl`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Tables => "r",
            Self::Sequences => "S",
            Self::Functions => "f",
            Self::Schemas => "n",
            Self::Types => "T",
        }
    }

    /// The objects, as messages name them.
    pub fn objects(self) -> &'static str {
        match self {
            Self::Tables => "relations",
            Self::Sequences => "sequences",
            Self::Functions => "functions",
            Self::Schemas => "schemas",
            Self::Types => "types",
        }
    }

    /// What holds where nothing is said: as in Postgres, all may call functions and use types.
    pub fn unsaid(self, role: Oid) -> Access {
        let mut access = Access::owned_by(role);
        match self {
            Self::Functions => access.begin_with(Privilege::Execute),
            Self::Types => access.begin_with(Privilege::Usage),
            Self::Tables | Self::Sequences | Self::Schemas => {}
        }
        access
    }
}

/// What is granted on objects that a role will make. In a schema that is beside what is granted anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultPrivileges {
    /// Its number.
    pub oid: Oid,
    /// The role that makes the objects, which grants them.
    pub role: Oid,
    /// Which objects.
    pub of: DefaultsOf,
    /// What is granted, beside what the role itself may.
    pub grants: Vec<Grant>,
}

impl DefaultPrivileges {
    /// As what somebody owns and others were granted.
    pub fn access(&self) -> Access {
        Access {
            grants: Some(self.grants.clone()),
            ..Access::owned_by(self.role)
        }
    }
}

impl Snapshot {
    /// What is granted on objects of a role in a schema, if that was said of it.
    pub fn default_privileges(
        &self,
        schema: &str,
        role: Oid,
        of: DefaultsOf,
    ) -> Option<&DefaultPrivileges> {
        let mut all = self.stored_schema(schema)?.default_privileges.iter();
        all.find(|it| it.role == role && it.of == of)
    }

    /// All default privileges, each with its schema's name.
    pub fn all_default_privileges(&self) -> impl Iterator<Item = (&str, &DefaultPrivileges)> {
        self.stored_schemas().flat_map(|schema| {
            let own = schema.default_privileges.iter();
            own.map(move |it| (schema.name.as_str(), it))
        })
    }

    /// Who may do what with an object that a role makes in a schema.
    pub fn access_of_new(&self, role: Oid, of: Option<DefaultsOf>, schema: &str) -> Access {
        let access = Access::owned_by(role);
        let Some(of) = of else {
            return access;
        };
        let anywhere = self.default_privileges(ANYWHERE, role, of);
        let within = match schema {
            ANYWHERE => None,
            schema => self.default_privileges(schema, role, of),
        };
        if anywhere.is_none() && within.is_none() {
            return access;
        }
        let unsaid = of.unsaid(role);
        let mut given = anywhere.map_or_else(|| unsaid.clone(), DefaultPrivileges::access);
        for grant in within.into_iter().flat_map(|it| &it.grants) {
            given.grant(grant.clone());
        }
        match given.grants_as(&unsaid) {
            true => access,
            false => given,
        }
    }
}
