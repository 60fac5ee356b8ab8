//! What the statements that create objects have in common.

use super::Statement;
use super::name::ObjectName;

impl Statement {
    /// The object that a `CREATE` statement of a schema's object creates; none for other statements.
    pub fn object_name(&self) -> Option<&ObjectName> {
        match self {
            Self::CreateExternalTable(create) => Some(&create.name),
            Self::CreateView(create) => Some(&create.name),
            Self::CreateMaterializedView(create) => Some(&create.name),
            Self::CreateTable(create) => Some(&create.name),
            Self::CreateCheck(create) => Some(&create.name),
            Self::CreateModel(create) => Some(&create.name),
            Self::CreateType(create) => Some(&create.name),
            Self::CreateComposite(create) => Some(&create.name),
            Self::CreateDomain(create) => Some(&create.name),
            _ => None,
        }
    }

    /// See [`Statement::object_name`].
    pub fn object_name_mut(&mut self) -> Option<&mut ObjectName> {
        match self {
            Self::CreateExternalTable(create) => Some(&mut create.name),
            Self::CreateView(create) => Some(&mut create.name),
            Self::CreateMaterializedView(create) => Some(&mut create.name),
            Self::CreateTable(create) => Some(&mut create.name),
            Self::CreateCheck(create) => Some(&mut create.name),
            Self::CreateModel(create) => Some(&mut create.name),
            Self::CreateType(create) => Some(&mut create.name),
            Self::CreateComposite(create) => Some(&mut create.name),
            Self::CreateDomain(create) => Some(&mut create.name),
            _ => None,
        }
    }

    /// Takes away what says how to create an object rather than what it is: `OR REPLACE`,
    /// `IF NOT EXISTS`, `WITH NO DATA`.
    pub fn clear_modifiers(&mut self) {
        let (if_not_exists, or_replace) = match self {
            Self::CreateExternalTable(create) => {
                (&mut create.if_not_exists, &mut create.or_replace)
            }
            Self::CreateView(create) => {
                create.is_temporary = false;
                (&mut create.if_not_exists, &mut create.or_replace)
            }
            Self::CreateMaterializedView(create) => {
                create.with_data = true;
                (&mut create.if_not_exists, &mut create.or_replace)
            }
            Self::CreateTable(create) => {
                create.with_data = true;
                create.is_temporary = false;
                (&mut create.if_not_exists, &mut create.or_replace)
            }
            Self::CreateCheck(create) => (&mut create.if_not_exists, &mut create.or_replace),
            Self::CreateModel(create) => {
                create.with_data = true;
                (&mut create.if_not_exists, &mut create.or_replace)
            }
            _ => return,
        };
        *if_not_exists = false;
        *or_replace = false;
    }
}
