use super::*;
use crate::catalog::Catalog;
use crate::error::SqlState;
use crate::sql::{self, QualifiedName};

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

    fn reopen(self) -> Self {
        let Self { folder, catalog } = self;
        drop(catalog);
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        Self { folder, catalog }
    }

    fn create(&self, name: &str, query: &str, reads: &[Oid]) -> Oid {
        self.catalog
            .write(|transaction| transaction.create(view(name, query, reads)))
            .unwrap()
    }

    fn prepare(&self, oid: Oid, new: NewObject, commit: &str) -> Result<()> {
        self.catalog
            .write(|transaction| transaction.prepare_replace(oid, new, Vec::new(), 3, commit))
    }

    fn definition(&self, oid: Oid) -> String {
        let snapshot = self.catalog.snapshot();
        snapshot.object(oid).unwrap().definition.to_string()
    }
}

fn view(name: &str, query: &str, reads: &[Oid]) -> NewObject {
    let definition = format!("CREATE MATERIALIZED VIEW public.{name} AS {query}");
    let definition = sql::parse_one(&definition).unwrap();
    NewObject::new(QualifiedName::new("public", name), definition)
        .reading(reads.iter().copied().collect())
}

const OLD: &str = "CREATE MATERIALIZED VIEW public.a AS SELECT 1";
const NEW: &str = "CREATE MATERIALIZED VIEW public.a AS SELECT 2";

#[test]
fn what_is_prepared_is_durable_and_unseen_until_it_is_finished() {
    let fixture = Fixture::new();
    let a = fixture.create("a", "SELECT 1", &[]);
    fixture
        .prepare(a, view("a", "SELECT 2", &[]), "this")
        .unwrap();
    // What happens meanwhile to what stays is kept.
    fixture
        .catalog
        .write(|transaction| transaction.set_comment(a, Some("kept".to_owned())))
        .unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.definition(a), OLD);
    let snapshot = fixture.catalog.snapshot();
    assert_eq!(snapshot.prepared(a).unwrap().version, 3);
    assert!(snapshot.is_prepared(a, "this"));
    fixture.catalog.finish_replace(a, "another").unwrap();
    assert_eq!(fixture.definition(a), OLD);
    fixture.catalog.finish_replace(a, "this").unwrap();
    assert_eq!(fixture.definition(a), NEW);
    let fixture = fixture.reopen();
    assert_eq!(fixture.definition(a), NEW);
    let snapshot = fixture.catalog.snapshot();
    assert!(snapshot.prepared(a).is_none());
    assert_eq!(snapshot.object(a).unwrap().comment.as_deref(), Some("kept"));
}

#[test]
fn what_is_finished_on_a_disk_that_fails_stays_so() {
    let fixture = Fixture::new();
    let a = fixture.create("a", "SELECT 1", &[]);
    fixture
        .prepare(a, view("a", "SELECT 2", &[]), "this")
        .unwrap();
    let path = fixture.folder.path().join("catalog.redb");
    let aside = fixture.folder.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    fixture.catalog.store.fail();
    fixture.catalog.finish_replace(a, "this").unwrap_err();
    assert_eq!(fixture.definition(a), NEW);
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    // It reads the file again, which has the replacement as prepared.
    fixture.create("b", "SELECT 1", &[]);
    assert_eq!(fixture.definition(a), NEW);
    assert!(fixture.catalog.snapshot().prepared(a).is_none());
    let fixture = fixture.reopen();
    assert_eq!(fixture.definition(a), NEW);
    assert!(fixture.catalog.snapshot().prepared(a).is_none());
}

#[test]
fn what_is_abandoned_never_was() {
    let fixture = Fixture::new();
    let a = fixture.create("a", "SELECT 1", &[]);
    let b = fixture.create("b", "SELECT 1", &[]);
    fixture
        .prepare(a, view("a", "SELECT * FROM public.b", &[b]), "this")
        .unwrap();
    let abandoned = fixture
        .catalog
        .write(|transaction| Ok(transaction.abandon_replace(a, "this").is_some()));
    assert!(abandoned.unwrap());
    fixture.catalog.finish_replace(a, "this").unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.definition(a), OLD);
    assert!(fixture.catalog.snapshot().prepared(a).is_none());
    fixture
        .catalog
        .write(|transaction| transaction.drop(&[b], false))
        .unwrap();
}

#[test]
fn what_a_prepared_replacement_reads_is_needed() {
    let fixture = Fixture::new();
    let a = fixture.create("a", "SELECT 1", &[]);
    let b = fixture.create("b", "SELECT 1", &[]);
    fixture
        .prepare(a, view("a", "SELECT * FROM public.b", &[b]), "this")
        .unwrap();
    let fixture = fixture.reopen();
    let catalog = &fixture.catalog;
    let error = catalog
        .write(|transaction| transaction.drop(&[b], false))
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DEPENDENT_OBJECTS_STILL_EXIST);
    assert_eq!(
        error.detail().unwrap(),
        "materialized view public.a depends on materialized view public.b"
    );
    let error = catalog
        .write(|transaction| transaction.replace(b, view("b", "SELECT * FROM public.a", &[a])))
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_OBJECT_DEFINITION);
    let dropped = catalog.write(|transaction| transaction.drop(&[b], true));
    assert_eq!(dropped.unwrap().len(), 2);
    catalog.finish_replace(a, "this").unwrap();
    assert_eq!(fixture.reopen().catalog.snapshot().objects().count(), 0);
}

#[test]
fn what_read_an_object_reads_its_successor() {
    let fixture = Fixture::new();
    let a = fixture.create("a", "SELECT 1", &[]);
    let b = fixture.create("b", "SELECT * FROM public.a", &[a]);
    let c = fixture.create("c", "SELECT 1", &[]);
    fixture
        .prepare(c, view("c", "SELECT * FROM public.a", &[a]), "this")
        .unwrap();
    let new = NewObject {
        definition: sql::parse_one("CREATE VIEW public.a AS SELECT 2").unwrap(),
        ..view("a", "SELECT 2", &[])
    };
    let successor = fixture
        .catalog
        .write(|transaction| transaction.supersede(a, new.clone()))
        .unwrap();
    assert_ne!(successor, a);
    let fixture = fixture.reopen();
    fixture.catalog.finish_replace(c, "this").unwrap();
    let snapshot = fixture.catalog.snapshot();
    assert!(snapshot.object(a).is_none());
    assert_eq!(snapshot.object(successor).unwrap().kind, Kind::View);
    for reader in [b, c] {
        let reads = &snapshot.object(reader).unwrap().depends_on;
        assert_eq!(Vec::from_iter(reads), [&successor]);
    }
    let readers = snapshot.direct_dependents(successor);
    assert_eq!(Vec::from_iter(readers.iter().map(|r| r.oid)), [b, c]);
    let circle = NewObject {
        depends_on: [b].into(),
        ..view("a", "SELECT * FROM public.b", &[])
    };
    let error = fixture
        .catalog
        .write(|transaction| transaction.supersede(successor, circle))
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_OBJECT_DEFINITION);
}
