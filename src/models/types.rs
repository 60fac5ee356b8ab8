//! Types that a project defines: what of them the catalog alone knows, and when they may be replaced.
//!
//! A file says a type as it was first made. What `ALTER TYPE` and `ALTER DOMAIN` have done since is in the catalog,
//! and the file has to say it too: then it says what is there, and nothing is to be done.

use tributary_udfs::composites::uses;

use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::session::domains::{self, DomainKind};
use crate::sql::Statement;
use crate::sql::create_domain::CreateDomain;

/// Gives a domain without a default that of the domain which it is over, as it is now.
pub fn inherit_default(create: &mut CreateDomain, snapshot: &Snapshot) {
    if create.default.is_none() {
        let over = domains::over(snapshot, create);
        let over = over.and_then(|object| domains::definition(object));
        create.default = over.and_then(|over| over.default.clone());
    }
}

/// Has a definition say what the catalog has beside what a file says: the number of the type of arrays, and of
/// an enum with the same labels how they came to be.
pub(super) fn put_kept(definition: &mut Statement, snapshot: &Snapshot, object: &Object) {
    match (definition, &object.definition) {
        (Statement::CreateType(create), Statement::CreateType(kept)) => {
            match create.texts() == kept.texts() {
                true => create.clone_from(kept),
                false => create.array_oid = kept.array_oid,
            }
        }
        (Statement::CreateComposite(create), Statement::CreateComposite(kept)) => {
            create.array_oid = kept.array_oid;
        }
        (Statement::CreateDomain(create), Statement::CreateDomain(kept)) => {
            create.array_oid = kept.array_oid;
            inherit_default(create, snapshot);
        }
        _ => {}
    }
}

/// Gives a new type what the catalog alone knows.
///
/// # Errors
/// Those of the disk.
pub(super) fn number(
    definition: &mut Statement,
    instance: &Instance,
    snapshot: &Snapshot,
) -> Result<()> {
    let array_oid = match definition {
        Statement::CreateType(create) => &mut create.array_oid,
        Statement::CreateComposite(create) => &mut create.array_oid,
        Statement::CreateDomain(create) => {
            inherit_default(create, snapshot);
            &mut create.array_oid
        }
        _ => return Ok(()),
    };
    *array_oid = instance.catalog.reserve_oid()?;
    Ok(())
}

/// That a type may be replaced: no rows have values of it, and no other type is made of it.
///
/// # Errors
/// 0A000 naming what is in the way.
pub(super) fn check_replaceable(snapshot: &Snapshot, of: &Object) -> Result<()> {
    if of.kind != Kind::Type {
        return Ok(());
    }
    let refused = |what: String| {
        let message = format!("cannot replace type \"{}\" because {what} uses it", of.name);
        Err(
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint(
                "Change it with ALTER TYPE or ALTER DOMAIN, and have its file say the same.",
            ),
        )
    };
    for relation in snapshot.objects().filter(|object| object.is_stored()) {
        let mut fields = relation.schema.fields().iter();
        let used = fields.find(|field| {
            DomainKind::of_field(field).is_some_and(|kind| kind.oid == of.oid)
                || uses(field, of.oid)
        });
        if let Some(field) = used {
            return refused(format!(
                "column {} of {}",
                field.name(),
                relation.described()
            ));
        }
    }
    let readers = snapshot.direct_dependents(of.oid);
    match readers.iter().find(|reader| reader.kind == Kind::Type) {
        Some(reader) => refused(reader.described()),
        None => Ok(()),
    }
}
