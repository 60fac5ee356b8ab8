//! `CREATE TYPE ... AS (...)`, and the actions of `ALTER TYPE` on attributes, which are refused while values
//! of the type are kept somewhere, or something else is defined by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::sql::sqlparser::ast::{ColumnDef, Ident};
use tributary_udfs::composites::uses;

use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::define::creation_schema;
use crate::session::{Outcome, Session, composites, enums};
use crate::sql::Statement;
use crate::sql::alter_attribute::AttributeChange;
use crate::sql::create_composite::CreateComposite;

/// Creates a type.
///
/// # Errors
/// 42710 for a name that is taken; 42704 for a type of an attribute that does not exist.
pub fn execute(session: &Session, create: &CreateComposite) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let name = create.name.qualify(creation_schema(&session.settings()));
    let create = CreateComposite {
        name: name.clone().into(),
        array_oid: catalog.reserve_oid()?,
        ..create.clone()
    };
    let Defined {
        definition,
        schema,
        depends_on,
    } = defined(session, &snapshot, create)?;
    let new = NewObject::new(name, definition)
        .with_columns(Arc::new(schema))
        .reading(depends_on)
        .owned_by(session.role_oid(&snapshot));
    catalog.write(|transaction| transaction.create(new))?;
    Ok(Outcome::Done("CREATE TYPE".to_owned()))
}

/// A type as the catalog keeps it.
struct Defined {
    definition: Statement,
    schema: Schema,
    depends_on: BTreeSet<Oid>,
}

fn defined(session: &Session, snapshot: &Snapshot, create: CreateComposite) -> Result<Defined> {
    let path = session.settings().search_path.0;
    let mut definition = Statement::CreateComposite(create);
    let depends_on = enums::qualify_definition(&mut definition, snapshot, &path)?;
    let attributes = match &definition {
        Statement::CreateComposite(create) => {
            composites::attributes(&create.attributes, snapshot, &path)?
        }
        _ => return Err(Error::internal("a type is not defined as one")),
    };
    Ok(Defined {
        definition,
        schema: Schema::new(attributes),
        depends_on,
    })
}

/// Changes an attribute.
///
/// # Errors
/// 42809 for another type; 0A000 where something has values of it; 42701 and 42703 for the attribute; 42P16
/// for one that would be of the type itself.
pub fn alter(session: &Session, object: &Object, change: &AttributeChange) -> Result<()> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let object = snapshot.object(object.oid).map_or(object, AsRef::as_ref);
    let Statement::CreateComposite(create) = &object.definition else {
        let message = format!("\"{}\" is not a composite type", object.name.name);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message));
    };
    let mut create = create.clone();
    if !change_attributes(session, object, &mut create.attributes, change)? {
        return Ok(());
    }
    check_unused(&snapshot, object, change)?;
    let changed = defined(session, &snapshot, create)?;
    if changed.depends_on.contains(&object.oid) {
        let name = &object.name.name;
        let message = format!("composite type {name} cannot be made a member of itself");
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, message));
    }
    let mut new = NewObject {
        definition: changed.definition,
        schema: Arc::new(changed.schema),
        depends_on: changed.depends_on,
        ..NewObject::from(Object::clone(object))
    };
    let comments = &mut new.column_comments;
    match change {
        AttributeChange::Rename(old, name) => {
            if let Some(comment) = comments.remove(old) {
                comments.insert(name.clone(), comment);
            }
        }
        AttributeChange::Drop { name, .. } => drop(comments.remove(name)),
        AttributeChange::Add(_) | AttributeChange::SetType { .. } => {}
    }
    catalog.write(|transaction| transaction.replace(object.oid, new))
}

/// Changes what is declared; answers whether it is changed.
fn change_attributes(
    session: &Session,
    object: &Object,
    attributes: &mut Vec<ColumnDef>,
    change: &AttributeChange,
) -> Result<bool> {
    let relation = &object.name.name;
    let place = |attributes: &[ColumnDef], name: &str| {
        let mut all = attributes.iter();
        all.position(|attribute| attribute.name.value == name)
    };
    let taken = |attributes: &[ColumnDef], name: &str| match place(attributes, name) {
        Some(_) => {
            let message = format!("column \"{name}\" of relation \"{relation}\" already exists");
            Err(Error::new(SqlState::DUPLICATE_COLUMN, message))
        }
        None => Ok(()),
    };
    let missing =
        |name: &str| format!("column \"{name}\" of relation \"{relation}\" does not exist");
    let of = |attributes: &[ColumnDef], name: &str| {
        let error = || Error::new(SqlState::UNDEFINED_COLUMN, missing(name));
        place(attributes, name).ok_or_else(error)
    };
    match change {
        AttributeChange::Add(attribute) => {
            taken(attributes, &attribute.name.value)?;
            attributes.push(attribute.as_ref().clone());
        }
        AttributeChange::Drop { name, if_exists } => {
            if *if_exists && place(attributes, name).is_none() {
                let notice = format!("{}, skipping", missing(name));
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
                return Ok(false);
            }
            let place = of(attributes, name)?;
            if attributes.len() == 1 {
                return Err(Error::unsupported("a type without attributes"));
            }
            attributes.remove(place);
        }
        AttributeChange::SetType { name, data_type } => {
            let place = of(attributes, name)?;
            if let Some(attribute) = attributes.get_mut(place) {
                attribute.data_type = data_type.as_ref().clone();
            }
        }
        AttributeChange::Rename(old, new) => {
            let Some(place) = place(attributes, old) else {
                let message = format!("column \"{old}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
            };
            taken(attributes, new)?;
            if let Some(attribute) = attributes.get_mut(place) {
                attribute.name = Ident::with_quote('"', new);
            }
        }
    }
    Ok(true)
}

/// That no relation has values of a type, and that nothing is defined by it but functions, whose bodies are
/// planned when they are called.
fn check_unused(snapshot: &Snapshot, object: &Object, change: &AttributeChange) -> Result<()> {
    let refused = |what: String| {
        let name = &object.name.name;
        let message = format!("cannot alter type \"{name}\" because {what} uses it");
        let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, message);
        Err(match change {
            // PostgreSQL refuses that as well.
            AttributeChange::SetType { .. } => error,
            _ => error.with_hint(
                "Create another type, and have what uses this one use that, a column by ALTER TABLE ... ALTER COLUMN ... TYPE ... USING.",
            ),
        })
    };
    let relations = snapshot.objects().filter(|it| it.kind.is_relation());
    for relation in relations {
        let mut fields = relation.schema.fields().iter();
        if let Some(field) = fields.find(|field| uses(field, object.oid)) {
            return refused(format!(
                "column \"{}.{}\"",
                relation.name.name,
                field.name()
            ));
        }
    }
    let readers = snapshot.direct_dependents(object.oid);
    match readers.iter().find(|it| it.kind != Kind::Function) {
        Some(reader) => refused(format!("{} \"{}\"", reader.kind, reader.name.name)),
        None => Ok(()),
    }
}
