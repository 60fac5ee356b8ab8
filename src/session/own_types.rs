//! Types that users have made, enums, composite ones and domains, by their numbers.

use std::sync::Arc;

use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::sql::Statement;

/// The first number of a type that users have made.
pub const FIRST_OWN: Oid = 16_384;

/// The number of the type of arrays of a type; none for another object.
pub fn array_oid(object: &Object) -> Option<Oid> {
    match &object.definition {
        Statement::CreateType(create) => Some(create.array_oid),
        Statement::CreateComposite(create) => Some(create.array_oid),
        Statement::CreateDomain(create) => Some(create.array_oid),
        _ => None,
    }
}

/// The type that has a number, or whose arrays have it, and whether it is these.
pub fn with_oid(snapshot: &Snapshot, oid: Oid) -> Option<(Arc<Object>, bool)> {
    if oid < FIRST_OWN {
        return None;
    }
    if let Some(object) = snapshot.object(oid) {
        let is_type = object.kind == Kind::Type;
        return is_type.then(|| (Arc::clone(object), false));
    }
    let mut types = snapshot.objects().filter(|it| it.kind == Kind::Type);
    let of = types.find(|object| array_oid(object) == Some(oid))?;
    Some((Arc::clone(of), true))
}
