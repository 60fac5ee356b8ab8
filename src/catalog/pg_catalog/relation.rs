//! Every relation there is: those of users, and those that the server makes itself.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::identity_sequence::{IdentitySequence, identity_sequences};
use super::information_schema::{self, INFORMATION_SCHEMA};
use super::table_constraint::{
    TableConstraint, TableIndex, constraints_of, indexes_of, is_part, keys_of, row_type, with_part,
};
use super::{OWNER, PG_CATALOG};
use crate::catalog::privilege::Access;
use crate::catalog::system::{
    REJECTED_ROWS, SYSTEM_SCHEMA, SystemSources, SystemView, VIEWS, rejected_rows_schema,
};
use crate::catalog::{Kind, Object, Snapshot, is_temporary_schema};
use crate::session::composites;

/// PostgreSQL's number of `pg_catalog`.
pub(super) const PG_CATALOG_OID: i64 = 11;
/// PostgreSQL's number of `information_schema`.
const INFORMATION_SCHEMA_OID: i64 = 13_207;
/// The number of schema `tributary`: above those of initdb, below the first for users' objects.
pub const SYSTEM_SCHEMA_OID: i64 = 15_000;
/// The number of `tributary.rejected_rows`.
const REJECTED_ROWS_OID: i64 = 15_001;
/// The number of the first computed view of schema `tributary`.
const FIRST_VIEW_OID: i64 = 15_010;

/// The schema of the session's own temporary relations, where there is one.
pub fn own_temporary(sources: &dyn SystemSources) -> Option<String> {
    let mut path = sources.search_path().into_iter();
    path.find(|schema| is_temporary_schema(schema))
}

/// A schema.
pub struct Namespace {
    pub oid: i64,
    pub name: String,
    pub comment: Option<String>,
    /// Who may do what with it; none for one of the server's own.
    pub access: Option<Access>,
}

/// A relation.
#[derive(Clone)]
pub struct Relation {
    pub oid: i64,
    pub schema: String,
    pub namespace: i64,
    pub name: String,
    /// PostgreSQL's letter for its kind.
    pub kind: &'static str,
    pub columns: SchemaRef,
    pub comment: Option<String>,
    pub column_comments: BTreeMap<String, String>,
    /// The number of its owner.
    pub owner: i64,
    /// The object, where it is a user's; that of its table, where it is an index.
    pub object: Option<Arc<Object>>,
    /// The column that it numbers, where it is a sequence of an identity column.
    pub identity: Option<IdentitySequence>,
}

/// Every schema.
pub fn namespaces(snapshot: &Snapshot) -> Vec<Namespace> {
    let mut all = vec![
        Namespace {
            oid: PG_CATALOG_OID,
            name: PG_CATALOG.to_owned(),
            comment: Some("system catalog schema".to_owned()),
            access: None,
        },
        Namespace {
            oid: INFORMATION_SCHEMA_OID,
            name: INFORMATION_SCHEMA.to_owned(),
            comment: None,
            access: None,
        },
        Namespace {
            oid: SYSTEM_SCHEMA_OID,
            name: SYSTEM_SCHEMA.to_owned(),
            comment: Some("what the server knows of itself".to_owned()),
            access: None,
        },
    ];
    all.extend(snapshot.schemas().map(|schema| Namespace {
        oid: schema.oid.into(),
        name: schema.name.clone(),
        comment: schema.comment.clone(),
        access: Some(schema.access()),
    }));
    all
}

/// The schemas of the search path that there are.
pub fn searched_schemas(sources: &dyn SystemSources) -> Vec<String> {
    let known = namespaces(&sources.snapshot());
    let mut path = sources.search_path();
    path.retain(|name| known.iter().any(|schema| schema.name == *name));
    path
}

/// Every relation.
pub fn relations(sources: &dyn SystemSources) -> Vec<Arc<Relation>> {
    let snapshot = sources.snapshot();
    let mut all = SYSTEM_RELATIONS.clone();
    for object in snapshot.objects() {
        all.extend(relations_of(&snapshot, object));
    }
    all
}

/// The relations that are asked for: all, or one, with others beside it that go with its table.
pub fn wanted_relations(sources: &dyn SystemSources) -> Vec<Arc<Relation>> {
    let Some(oid) = sources.wanted_relation() else {
        return relations(sources);
    };
    let snapshot = sources.snapshot();
    if is_part(oid) {
        let objects = with_part(&snapshot, oid);
        return objects.flat_map(|it| relations_of(&snapshot, it)).collect();
    }
    match u32::try_from(oid).ok().and_then(|oid| snapshot.object(oid)) {
        Some(object) => relations_of(&snapshot, object),
        None => system_relation_of(oid).into_iter().collect(),
    }
}

/// An object, if it is a relation, and its parts that are.
fn relations_of(snapshot: &Snapshot, object: &Arc<Object>) -> Vec<Arc<Relation>> {
    let Some(relation) = user_relation(snapshot, object) else {
        return Vec::new();
    };
    let indexes = indexes_of(object).map(|it| index(&relation, &it));
    let sequences = identity_sequences(object).map(|it| it.relation(&relation));
    let parts: Vec<Relation> = indexes.chain(sequences).collect();
    let all = std::iter::once(relation).chain(parts);
    all.map(Arc::new).collect()
}

/// The relations that the server makes itself, in the order of their numbers.
static SYSTEM_RELATIONS: LazyLock<Vec<Arc<Relation>>> = LazyLock::new(|| {
    let own = super::tables()
        .map(|table| system_relation(table.oid, PG_CATALOG, PG_CATALOG_OID, table.kind, table));
    let standard = information_schema::tables().map(|table| {
        let (schema, namespace) = (INFORMATION_SCHEMA, INFORMATION_SCHEMA_OID);
        system_relation(table.oid, schema, namespace, table.kind, table)
    });
    let views = VIEWS
        .iter()
        .zip(FIRST_VIEW_OID..)
        .map(|(view, oid)| system_relation(oid, SYSTEM_SCHEMA, SYSTEM_SCHEMA_OID, "v", *view));
    let rejected_rows = Relation {
        oid: REJECTED_ROWS_OID,
        schema: SYSTEM_SCHEMA.to_owned(),
        namespace: SYSTEM_SCHEMA_OID,
        name: REJECTED_ROWS.to_owned(),
        kind: "r",
        columns: rejected_rows_schema(),
        comment: None,
        column_comments: BTreeMap::new(),
        owner: OWNER,
        object: None,
        identity: None,
    };
    let mut all: Vec<Relation> = own.chain(standard).chain(views).collect();
    all.push(rejected_rows);
    all.sort_by_key(|relation| relation.oid);
    all.into_iter().map(Arc::new).collect()
});

/// A relation by its number.
pub fn relation(sources: &dyn SystemSources, oid: i64) -> Option<Arc<Relation>> {
    let snapshot = sources.snapshot();
    if is_part(oid) {
        let mut all = with_part(&snapshot, oid).flat_map(|object| relations_of(&snapshot, object));
        return all.find(|it| it.oid == oid);
    }
    match u32::try_from(oid).ok().and_then(|oid| snapshot.object(oid)) {
        Some(object) => {
            let relation = user_relation(&snapshot, object);
            relation.filter(|it| it.oid == oid).map(Arc::new)
        }
        None => system_relation_of(oid),
    }
}

fn system_relation_of(oid: i64) -> Option<Arc<Relation>> {
    let place = SYSTEM_RELATIONS.binary_search_by_key(&oid, |relation| relation.oid);
    SYSTEM_RELATIONS.get(place.ok()?).cloned()
}

fn system_relation(
    oid: i64,
    schema: &str,
    namespace: i64,
    kind: &'static str,
    view: &dyn SystemView,
) -> Relation {
    let columns = view.columns().iter();
    let comments = columns.filter(|column| !column.description.is_empty());
    Relation {
        oid,
        schema: schema.to_owned(),
        namespace,
        name: view.name().to_owned(),
        kind,
        columns: view.schema(),
        comment: Some(view.description().to_owned()).filter(|comment| !comment.is_empty()),
        column_comments: comments
            .map(|column| (column.name.to_owned(), column.description.to_owned()))
            .collect(),
        owner: OWNER,
        object: None,
        identity: None,
    }
}

/// An index of a table, which PostgreSQL lists as a relation too.
fn index(table: &Relation, index: &TableIndex<'_>) -> Relation {
    let names = index.column_names();
    let parts = names.iter().zip(index.parts(false));
    let fields = parts.map(|(name, (_, number))| {
        let place = usize::try_from(number - 1).ok();
        let own = place.and_then(|place| table.columns.fields().get(place));
        // Expressions are not planned for this, which are texts more often than not.
        own.map_or_else(
            || Field::new(name, DataType::Utf8, true),
            |field| field.as_ref().clone(),
        )
    });
    let fields: Vec<Field> = fields.collect();
    Relation {
        oid: index.oid(),
        name: index.name().to_owned(),
        kind: "i",
        columns: Arc::new(Schema::new(fields)),
        comment: table
            .object
            .as_ref()
            .and_then(|object| object.part_comments.indexes.get(index.name()).cloned()),
        column_comments: BTreeMap::new(),
        ..table.clone()
    }
}

/// The index of this number, with its table.
pub fn with_index<T>(
    sources: &dyn SystemSources,
    oid: i64,
    answer: impl Fn(&Relation, &TableIndex<'_>) -> T,
) -> Option<T> {
    let snapshot = sources.snapshot();
    with_part(&snapshot, oid).find_map(|object| {
        let found = indexes_of(object).find(|index| index.oid() == oid)?;
        Some(answer(&user_relation(&snapshot, object)?, &found))
    })
}

/// The constraint of this number, with its table.
pub fn with_constraint<T>(
    sources: &dyn SystemSources,
    oid: i64,
    answer: impl Fn(&Relation, &TableConstraint<'_>) -> T,
) -> Option<T> {
    let snapshot = sources.snapshot();
    with_part(&snapshot, oid).find_map(|object| {
        let mut all = constraints_of(object).chain(keys_of(object));
        let found = all.find(|constraint| constraint.oid == oid)?;
        Some(answer(&user_relation(&snapshot, object)?, &found))
    })
}

fn user_relation(snapshot: &Snapshot, object: &Arc<Object>) -> Option<Relation> {
    let kind = match object.kind {
        Kind::Table => "r",
        Kind::View => "v",
        Kind::MaterializedView => "m",
        Kind::ExternalTable => "f",
        Kind::Sequence => "S",
        Kind::Type if composites::composite_type(object).is_some() => "c",
        Kind::Model | Kind::Check | Kind::Role | Kind::Function | Kind::Type => return None,
    };
    // The type of its rows is the object, where that is no relation itself.
    let oid = match kind {
        "c" => row_type(object),
        _ => object.oid.into(),
    };
    let namespace = snapshot.schema(&object.name.schema)?.oid.into();
    Some(Relation {
        oid,
        schema: object.name.schema.clone(),
        namespace,
        name: object.name.name.clone(),
        kind,
        columns: Arc::clone(&object.schema),
        // That on a type is one on the type.
        comment: object.comment.clone().filter(|_| kind != "c"),
        column_comments: object.column_comments.clone(),
        owner: object.access.owner().into(),
        object: Some(Arc::clone(object)),
        identity: None,
    })
}
