//! Domains that users have made: types whose values are those of another type that satisfy conditions.
//!
//! A column of a domain is one of the type that it is over, and its field tells the domain. A cast to one is
//! a cast to that type, too, in a call that tells the domain (`sql/domain_casts.rs`, `naming`); in its place
//! comes a function that has the conditions ready once a query is planned (`values`).

mod checks;
mod naming;
mod values;

use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field};
use datafusion::sql::sqlparser::ast::{DataType, Expr};

pub use checks::DomainChecks;
pub use naming::{check, mark, number, replace, with_limits};
pub use values::{FUNCTION, is_value, settle};

use super::enums::shown_name;
use crate::catalog::{Object, Oid, Snapshot};
use crate::sql::create_domain::CreateDomain;
use crate::sql::cursor::object_name_from;
use crate::sql::{QualifiedName, Statement};

/// The key of a field's metadata that tells its domain.
pub const DOMAIN: &str = "tributary.domain";

/// A domain, or the type of its arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DomainKind {
    /// The number of the domain.
    pub oid: Oid,
    /// That of the type of its arrays.
    pub array_oid: Oid,
    /// Whether it is arrays that are meant.
    pub is_array: bool,
}

impl DomainKind {
    /// The domain that a field tells.
    pub fn of_field(field: &Field) -> Option<Self> {
        Self::from_key(field.metadata().get(DOMAIN)?)
    }

    /// From what [`Self::key`] gives.
    pub fn from_key(key: &str) -> Option<Self> {
        let (numbers, is_array) = match key.strip_suffix("[]") {
            Some(numbers) => (numbers, true),
            None => (key, false),
        };
        let (oid, array_oid) = numbers.split_once(' ')?;
        Some(Self {
            oid: oid.parse().ok()?,
            array_oid: array_oid.parse().ok()?,
            is_array,
        })
    }

    /// What fields tell it by.
    pub fn key(self) -> String {
        let array = if self.is_array { "[]" } else { "" };
        format!("{} {}{array}", self.oid, self.array_oid)
    }

    /// The number of the type.
    pub fn type_oid(self) -> Oid {
        match self.is_array {
            true => self.array_oid,
            false => self.oid,
        }
    }

    /// The name of the type as a session with this path sees it; none of a domain that was dropped.
    pub fn shown(self, snapshot: &Snapshot, path: &[String]) -> Option<String> {
        let (object, _) = domain(snapshot, self.oid)?;
        let array = if self.is_array { "[]" } else { "" };
        Some(format!("{}{array}", shown_name(object, snapshot, path)))
    }
}

/// What a domain is defined as.
pub fn definition(object: &Object) -> Option<&CreateDomain> {
    match &object.definition {
        Statement::CreateDomain(create) => Some(create),
        _ => None,
    }
}

/// The domain of a number.
pub fn domain(snapshot: &Snapshot, oid: Oid) -> Option<(&Arc<Object>, &CreateDomain)> {
    let object = snapshot.object(oid)?;
    Some((object, definition(object)?))
}

/// A domain and what it is over, as far as these are domains.
pub fn chain(snapshot: &Snapshot, oid: Oid) -> Vec<(&Arc<Object>, &CreateDomain)> {
    let mut all = Vec::new();
    let mut next = domain(snapshot, oid);
    while let Some((object, create)) = next {
        all.push((object, create));
        next = over(snapshot, create).and_then(|object| Some((object, definition(object)?)));
    }
    all
}

/// The type of users' that a domain is over.
pub fn over<'a>(snapshot: &'a Snapshot, create: &CreateDomain) -> Option<&'a Arc<Object>> {
    let DataType::Custom(name, _) = &create.data_type else {
        return None;
    };
    let name = object_name_from(name).ok()?;
    snapshot.type_named(&QualifiedName::new(&name.schema?, &name.name))
}

/// The type that a domain is over, which is no domain.
pub fn base_type(snapshot: &Snapshot, oid: Oid) -> Option<DataType> {
    let (_, last) = chain(snapshot, oid).pop()?;
    Some(last.data_type.clone())
}

/// How values of a domain, or arrays of them, are kept.
pub fn parameter_type(domain: &Object, is_array: bool) -> Option<ArrowType> {
    let data_type = domain.schema.fields().first()?.data_type().clone();
    Some(match is_array {
        true => ArrowType::new_list(data_type, true),
        false => data_type,
    })
}

/// What a column has whose type is a domain with a default.
pub fn default_of(snapshot: &Snapshot, field: &Field) -> Option<Expr> {
    let kind = DomainKind::of_field(field).filter(|kind| !kind.is_array)?;
    let (_, create) = domain(snapshot, kind.oid)?;
    create.default.as_deref().cloned()
}
