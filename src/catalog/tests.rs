use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef, TimeUnit};
use proptest::prelude::*;

use super::*;
use crate::error::SqlState;
use crate::sql::{self, QualifiedName, name::ObjectName};

/// A catalog in a folder of its own.
struct Fixture {
    folder: tempfile::TempDir,
    catalog: Catalog,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        Self { folder, catalog }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalog.redb")
    }

    fn reopen(self) -> Self {
        let path = self.path();
        let Self { folder, catalog } = self;
        drop(catalog);
        let catalog = Catalog::open(&path).unwrap();
        Self { folder, catalog }
    }

    /// Creates a view, materialized view or check by its statement; it reads `reads`.
    fn create(&self, sql: &str, reads: &[Oid]) -> Result<Oid> {
        self.catalog
            .write(|transaction| transaction.create(new_object(sql, reads)))
    }

    fn replace(&self, oid: Oid, sql: &str, reads: &[Oid]) -> Result<()> {
        self.catalog
            .write(|transaction| transaction.replace(oid, new_object(sql, reads)))
    }

    fn drop(&self, oids: &[Oid], cascade: bool) -> Result<Vec<String>> {
        let dropped = self
            .catalog
            .write(|transaction| transaction.drop(oids, cascade))?;
        Ok(dropped
            .iter()
            .map(|object| object.name.to_string())
            .collect())
    }

    fn names(&self) -> Vec<String> {
        self.catalog
            .snapshot()
            .objects()
            .map(|object| object.name.to_string())
            .collect()
    }
}

fn columns(names: &[&str]) -> SchemaRef {
    let fields: Vec<_> = names
        .iter()
        .map(|name| Field::new(*name, DataType::Int64, true))
        .collect();
    Arc::new(ArrowSchema::new(fields))
}

fn new_object(sql: &str, reads: &[Oid]) -> NewObject {
    let definition = sql::parse_one(sql).unwrap();
    let name = match &definition {
        sql::Statement::CreateView(create) => &create.name,
        sql::Statement::CreateMaterializedView(create) => &create.name,
        sql::Statement::CreateTable(create) => &create.name,
        sql::Statement::CreateCheck(create) => &create.name,
        other => panic!("{other:?} creates nothing"),
    };
    NewObject::new(name.qualify("public"), definition)
        .with_columns(columns(&["id", "email"]))
        .reading(reads.iter().copied().collect())
}

fn object_name(schema: Option<&str>, name: &str) -> ObjectName {
    ObjectName {
        schema: schema.map(str::to_owned),
        name: name.to_owned(),
    }
}

#[test]
fn an_object_is_as_it_was_after_a_restart() {
    let fixture = Fixture::new();
    let source = fixture.create("CREATE TABLE crm (id bigint)", &[]).unwrap();
    let mut new = new_object(
        "CREATE MATERIALIZED VIEW \"Contact\" AS SELECT id FROM public.crm",
        &[source],
    );
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let nested = Field::new("item", DataType::Decimal128(12, 2), false);
    let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    new.schema = Arc::new(ArrowSchema::new(vec![
        Field::new("at", time, false),
        Field::new("prices", DataType::List(Arc::new(nested)), true),
        Field::new("word", words, true).with_metadata([("a".to_owned(), "b".to_owned())].into()),
    ]));
    new.comment = Some("who they are".to_owned());
    new.column_comments
        .insert("at".to_owned(), "when".to_owned());
    new.project_file = Some("raw/contact.sql".to_owned());
    let oid = fixture
        .catalog
        .write(|transaction| transaction.create(new))
        .unwrap();
    let before = fixture.catalog.snapshot();

    let fixture = fixture.reopen();
    let after = fixture.catalog.snapshot();
    assert_eq!(before.generation(), after.generation());
    let (old, new) = (before.object(oid).unwrap(), after.object(oid).unwrap());
    assert_eq!(format!("{old:?}"), format!("{new:?}"));
    assert_eq!(new.name.to_string(), "public.\"Contact\"");
    let dependents = after.dependents(source);
    assert_eq!(dependents.len(), 1);
    assert_eq!(dependents[0].oid, oid);
}

#[test]
fn an_error_takes_back_the_whole_change() {
    let fixture = Fixture::new();
    let error = fixture.catalog.write(|transaction| {
        transaction.create_schema("crm", false)?;
        transaction.create(new_object("CREATE VIEW crm.a AS SELECT 1", &[]))?;
        assert!(transaction.snapshot().schema("crm").is_some());
        transaction.create(new_object("CREATE VIEW crm.a AS SELECT 1", &[]))
    });
    let error = error.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DUPLICATE_TABLE);
    assert_eq!(error.message(), "relation \"a\" already exists");
    assert!(fixture.catalog.snapshot().schema("crm").is_none());
    assert_eq!(fixture.catalog.snapshot().generation(), 0);
    assert!(fixture.reopen().names().is_empty());
}

#[test]
fn a_reader_keeps_what_it_saw() {
    let fixture = Fixture::new();
    let before = fixture.catalog.snapshot();
    let oid = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    assert!(before.object(oid).is_none());
    let after = fixture.catalog.snapshot();
    assert!(after.object(oid).is_some());
    assert!(after.generation() > before.generation());
}

#[test]
fn checks_have_a_name_space_of_their_own() {
    let fixture = Fixture::new();
    fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let check = "CREATE CHECK a AS SELECT 1";
    let oid = fixture.create(check, &[]).unwrap();
    let error = fixture.create(check, &[]).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DUPLICATE_OBJECT);
    let snapshot = fixture.catalog.snapshot();
    let found = snapshot
        .resolve_check(&object_name(None, "a"), &["public".to_owned()])
        .unwrap();
    assert_eq!(found.oid, oid);
    let name = QualifiedName::new("public", "a");
    assert_ne!(snapshot.relation(&name).unwrap().oid, oid);
}

#[test]
fn a_drop_without_cascade_names_what_stands_on_the_object() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let b = fixture
        .create("CREATE MATERIALIZED VIEW b AS SELECT * FROM public.a", &[a])
        .unwrap();
    fixture
        .create("CREATE CHECK c AS SELECT * FROM public.b", &[b])
        .unwrap();
    let error = fixture.drop(&[a], false).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DEPENDENT_OBJECTS_STILL_EXIST);
    assert_eq!(
        error.message(),
        "cannot drop view public.a because other objects depend on it"
    );
    assert_eq!(
        error.detail().unwrap(),
        "materialized view public.b depends on view public.a\n\
         check public.c depends on materialized view public.b"
    );
    assert_eq!(fixture.names().len(), 3);
    let dropped = fixture.drop(&[a], true).unwrap();
    assert_eq!(dropped, ["public.c", "public.b", "public.a"]);
    assert!(fixture.reopen().names().is_empty());
}

#[test]
fn objects_dropped_together_may_stand_on_each_other() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let b = fixture
        .create("CREATE VIEW b AS SELECT * FROM public.a", &[a])
        .unwrap();
    assert_eq!(
        fixture.drop(&[a, b], false).unwrap(),
        ["public.b", "public.a"]
    );
}

#[test]
fn a_schema_goes_with_what_stands_on_it() {
    let fixture = Fixture::new();
    let create = |transaction: &mut Transaction<'_>| transaction.create_schema("crm", false);
    assert!(fixture.catalog.write(create).unwrap());
    let a = fixture
        .create("CREATE VIEW crm.a AS SELECT 1", &[])
        .unwrap();
    fixture
        .create("CREATE VIEW b AS SELECT * FROM crm.a", &[a])
        .unwrap();
    let error = fixture
        .catalog
        .write(|transaction| transaction.drop_schema("crm", false))
        .unwrap_err();
    assert_eq!(
        error.message(),
        "cannot drop schema crm because other objects depend on it"
    );
    assert_eq!(
        error.detail().unwrap(),
        "view crm.a depends on schema crm\nview public.b depends on view crm.a"
    );
    let dropped = fixture
        .catalog
        .write(|transaction| transaction.drop_schema("crm", true))
        .unwrap();
    assert_eq!(dropped.len(), 2);
    let fixture = fixture.reopen();
    assert!(fixture.names().is_empty());
    assert!(fixture.catalog.snapshot().schema("crm").is_none());
}

#[test]
fn replacing_keeps_the_number_and_what_stands_on_it() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let b = fixture
        .create("CREATE VIEW b AS SELECT * FROM public.a", &[a])
        .unwrap();
    fixture
        .catalog
        .write(|transaction| {
            transaction.set_comment(a, Some("kept".to_owned()))?;
            transaction.set_column_comment(a, "id", Some("kept".to_owned()))?;
            transaction.set_column_comment(a, "email", Some("gone".to_owned()))
        })
        .unwrap();
    let mut new = new_object("CREATE VIEW a AS SELECT 2", &[]);
    new.schema = columns(&["id"]);
    fixture
        .catalog
        .write(|transaction| transaction.replace(a, new))
        .unwrap();
    let snapshot = fixture.reopen().catalog.snapshot();
    let object = snapshot.object(a).unwrap();
    assert_eq!(object.definition.to_string(), "CREATE VIEW a AS SELECT 2");
    assert_eq!(object.comment.as_deref(), Some("kept"));
    assert_eq!(
        Vec::from_iter(object.column_comments.keys()),
        [&"id".to_owned()]
    );
    assert_eq!(snapshot.dependents(a)[0].oid, b);
}

#[test]
fn an_object_cannot_read_itself() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let b = fixture
        .create("CREATE VIEW b AS SELECT * FROM public.a", &[a])
        .unwrap();
    let c = fixture
        .create("CREATE VIEW c AS SELECT * FROM public.b", &[b])
        .unwrap();
    let error = fixture
        .replace(a, "CREATE VIEW a AS SELECT * FROM public.c", &[c])
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_OBJECT_DEFINITION);
    assert_eq!(error.message(), "view public.a would read itself");
    assert_eq!(
        error.detail().unwrap(),
        "The cycle is public.a -> public.c -> public.b -> public.a."
    );
    let error = fixture
        .replace(a, "CREATE VIEW a AS SELECT * FROM public.a", &[a])
        .unwrap_err();
    assert_eq!(
        error.detail().unwrap(),
        "The cycle is public.a -> public.a."
    );
}

#[test]
fn an_object_keeps_its_kind() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let error = fixture
        .replace(a, "CREATE MATERIALIZED VIEW a AS SELECT 1", &[])
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::WRONG_OBJECT_TYPE);
    assert_eq!(error.message(), "\"public.a\" is not a materialized view");
}

#[test]
fn an_object_that_was_renamed_meanwhile_is_not_replaced() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let b = QualifiedName::new("public", "b");
    fixture
        .catalog
        .write(|transaction| transaction.rename(a, &b))
        .unwrap();
    let error = fixture
        .replace(a, "CREATE VIEW a AS SELECT 2", &[])
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    assert_eq!(
        error.message(),
        "could not replace public.a because it was renamed to public.b meanwhile"
    );
}

#[test]
fn a_name_that_is_not_there_brings_the_nearest() {
    let fixture = Fixture::new();
    fixture
        .catalog
        .write(|transaction| transaction.create_schema("marketing", false))
        .unwrap();
    fixture
        .create("CREATE VIEW marketing.customer AS SELECT 1", &[])
        .unwrap();
    let snapshot = fixture.catalog.snapshot();
    let path = ["public".to_owned()];
    for (schema, name, hint) in [
        (None, "customer", "Perhaps you meant marketing.customer."),
        (
            Some("marketing"),
            "custmer",
            "Perhaps you meant \"customer\".",
        ),
        (
            Some("marketting"),
            "customer",
            "There is no schema \"marketting\". Perhaps you meant \"marketing\".",
        ),
    ] {
        let error = snapshot
            .resolve(&object_name(schema, name), &path)
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::UNDEFINED_TABLE);
        assert_eq!(error.hint(), Some(hint));
    }
    let error = fixture
        .create("CREATE VIEW markting.a AS SELECT 1", &[])
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_SCHEMA_NAME);
    assert_eq!(
        error.hint(),
        Some("Perhaps you meant the schema \"marketing\".")
    );
    let path = ["public".to_owned(), "marketing".to_owned()];
    assert!(
        snapshot
            .resolve(&object_name(None, "customer"), &path)
            .is_ok()
    );
}

#[test]
fn a_column_that_is_not_there_brings_the_nearest() {
    let fixture = Fixture::new();
    let a = fixture.create("CREATE VIEW a AS SELECT 1", &[]).unwrap();
    let error = fixture
        .catalog
        .write(|transaction| transaction.set_column_comment(a, "emial", None))
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::UNDEFINED_COLUMN);
    assert_eq!(
        error.message(),
        "column \"emial\" of relation \"a\" does not exist"
    );
}

#[test]
fn names_of_the_server_itself_are_refused() {
    let fixture = Fixture::new();
    let create = |name: &str, if_not_exists| {
        fixture
            .catalog
            .write(|transaction| transaction.create_schema(name, if_not_exists))
            .map_err(|error| error.sqlstate())
    };
    assert_eq!(create("pg_x", false), Err(SqlState::RESERVED_NAME));
    assert_eq!(create("tributary", false), Err(SqlState::DUPLICATE_SCHEMA));
    assert_eq!(create("information_schema", true), Ok(false));
    assert_eq!(create("public", true), Ok(false));
    assert_eq!(create("", false), Err(SqlState::SYNTAX_ERROR));
    assert_eq!(create("a\nb", false), Err(SqlState::INVALID_NAME));
    assert_eq!(create(&"a".repeat(64), false), Err(SqlState::NAME_TOO_LONG));
    assert_eq!(create(&"a".repeat(63), false), Ok(true));
    for schema in ["tributary", "pg_catalog", "information_schema"] {
        let error = fixture
            .create(&format!("CREATE VIEW {schema}.a AS SELECT 1"), &[])
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::INSUFFICIENT_PRIVILEGE);
        let error = fixture
            .catalog
            .write(|transaction| transaction.drop_schema(schema, true))
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::INSUFFICIENT_PRIVILEGE);
    }
}

#[test]
fn a_number_is_never_given_out_again() {
    let fixture = Fixture::new();
    let first = fixture.catalog.reserve_oid().unwrap();
    assert_eq!(first, 16384);
    let mut last = first;
    for _ in 0..200 {
        let next = fixture.catalog.reserve_oid().unwrap();
        assert!(next > last);
        last = next;
    }
    let fixture = fixture.reopen();
    assert!(fixture.catalog.reserve_oid().unwrap() > last);
    let oid = fixture.catalog.reserve_oid().unwrap();
    let mut new = new_object("CREATE VIEW a AS SELECT 1", &[]);
    new.oid = Some(oid);
    let created = fixture
        .catalog
        .write(|transaction| transaction.create(new))
        .unwrap();
    assert_eq!(created, oid);
}

#[test]
fn one_process_has_the_file() {
    let fixture = Fixture::new();
    let error = Catalog::open(&fixture.path()).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::OBJECT_IN_USE);
    assert_eq!(
        error.hint(),
        Some("Another tributary process uses this data directory.")
    );
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.redb");
    std::fs::write(
        &path,
        "this is no catalog, and is longer than its magic number",
    )
    .unwrap();
    let error = Catalog::open(&path).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
    assert!(error.message().contains("catalog.redb is damaged"));
}

#[test]
fn a_flipped_bit_is_found_on_opening() {
    let fixture = Fixture::new();
    fixture
        .create("CREATE VIEW needle_in_the_file AS SELECT 1", &[])
        .unwrap();
    let path = fixture.path();
    let Fixture { folder, catalog } = fixture;
    drop(catalog);
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"needle_in_the_file";
    let places: Vec<_> = bytes
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| window == needle)
        .map(|(place, _)| place)
        .collect();
    for place in places {
        bytes[place] ^= 1;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = Catalog::open(&path).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
    drop(folder);
}

#[test]
fn a_file_whose_making_was_cut_short_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.redb");
    for size in [0, 5, 1 << 20] {
        let mut bytes = vec![0; size];
        if let Some(header) = bytes.get_mut(9..320) {
            header.fill(7);
        }
        std::fs::write(&path, bytes).unwrap();
        let catalog = Catalog::open(&path).unwrap();
        assert!(catalog.snapshot().schema("public").is_some());
    }
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.redb");
    drop(Catalog::open(&path).unwrap());
    let database = redb::Database::open(&path).unwrap();
    let write = database.begin_write().unwrap();
    write
        .open_table(store::META)
        .unwrap()
        .insert("format_version", 99)
        .unwrap();
    write.commit().unwrap();
    drop(database);
    let error = Catalog::open(&path).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
    assert!(error.message().contains("format version 99"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a slow search: the order has all that is reachable, each before what it reads.
    #[test]
    fn dependents_are_complete_and_in_order(edges in prop::collection::vec((0u32..12, 0u32..12), 0..40)) {
        let mut snapshot = Snapshot::default();
        for oid in 0..12 {
            let mut new = new_object(&format!("CREATE VIEW v{oid} AS SELECT 1"), &[]);
            // Edges go to lower numbers alone, so that there is no cycle.
            new.depends_on = edges
                .iter()
                .filter(|(reader, read)| *reader == oid && read < reader)
                .map(|(_, read)| *read)
                .collect();
            snapshot.put(Arc::new(Object {
                oid,
                name: new.name,
                kind: Kind::View,
                definition: new.definition,
                schema: new.schema,
                depends_on: new.depends_on,
                comment: None,
                column_comments: BTreeMap::new(),
                part_comments: Default::default(),
                sequences: BTreeMap::new(),
                indexes: Vec::new(),
                project_file: None,
                kept_literals: Vec::new(),
                created_as: None,
                replaced_in: None,
                suspended: false,
                is_emptied: false,
                access: Default::default(),
                created_at: time::now(),
            }));
        }
        for root in 0..12 {
            let mut reachable = BTreeSet::from([root]);
            for object in snapshot.objects() {
                if !object.depends_on.is_disjoint(&reachable) {
                    reachable.insert(object.oid);
                }
            }
            reachable.remove(&root);
            let order = snapshot.dependents(root);
            let found: BTreeSet<Oid> = order.iter().map(|object| object.oid).collect();
            prop_assert_eq!(&found, &reachable);
            prop_assert_eq!(order.len(), reachable.len());
            for (place, object) in order.iter().enumerate() {
                for earlier in &order[..place] {
                    prop_assert!(!object.depends_on.contains(&earlier.oid));
                }
            }
        }
    }
}
