//! Kills a process at random moments of its changes: what remains is before or after each of them.
//!
//! The child is this test binary again. Change `n` is a function of the seed and of what the
//! changes before it made, and each touches two objects alike, so the state after any number of
//! changes is known and a half of one would show.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::sql::{self, QualifiedName};

const FOLDER: &str = "TRIBUTARY_KILL_TEST_FOLDER";
const START: &str = "TRIBUTARY_KILL_TEST_START";
const SEED: u64 = 20;
const KILLS: usize = 30;

/// What a change does to a pair of views, of which the second reads the first.
#[derive(Clone, Debug)]
enum Change {
    Create(String),
    Replace(String, u64),
    Comment(String, u64),
    Drop(String),
    /// Puts other views, of other numbers, in the place of both.
    Supersede(String, u64),
    /// Prepares a replacement of both, which is then abandoned.
    Abandon(String, u64),
    /// Begins to create a pair, and ends in an error.
    Fail(String),
}

/// The pairs: query number and comment of both views.
type Model = BTreeMap<String, (u64, Option<u64>)>;

fn change(number: u64, model: &Model) -> Change {
    let mut random = Pcg64Mcg::seed_from_u64(SEED << 32 | number);
    let fresh = format!("p{number}");
    let index = random.random_range(0..model.len().max(1));
    let Some(pair) = model.keys().nth(index).cloned() else {
        return Change::Create(fresh);
    };
    match random.random_range(0..13) {
        0..4 => Change::Create(fresh),
        4..6 => Change::Replace(pair, number),
        6..8 => Change::Comment(pair, number),
        8 => Change::Drop(pair),
        9..11 => Change::Supersede(pair, number),
        11 => Change::Abandon(pair, number),
        _ => Change::Fail(fresh),
    }
}

fn apply_to_model(change: &Change, model: &mut Model) {
    match change {
        Change::Create(pair) => {
            model.insert(pair.clone(), (0, None));
        }
        Change::Replace(pair, query) => model.get_mut(pair).unwrap().0 = *query,
        Change::Comment(pair, comment) => model.get_mut(pair).unwrap().1 = Some(*comment),
        Change::Drop(pair) => {
            model.remove(pair);
        }
        Change::Supersede(pair, query) => *model.get_mut(pair).unwrap() = (*query, None),
        Change::Abandon(..) | Change::Fail(_) => {}
    }
}

fn apply(change: &Change, catalog: &Catalog) {
    if let Change::Abandon(pair, query) = change {
        prepare(pair, *query, catalog);
    }
    let result = catalog.write(|transaction| match change {
        Change::Create(pair) => create_pair(transaction, pair),
        Change::Fail(pair) => {
            create_pair(transaction, pair)?;
            create_pair(transaction, pair)
        }
        Change::Replace(pair, query) => {
            for view in views(transaction.snapshot(), pair) {
                let reads = view.depends_on.clone();
                transaction.replace(view.oid, new_view(&view.name, *query, reads))?;
            }
            Ok(())
        }
        Change::Supersede(pair, query) => {
            for name in ["a", "b"] {
                let name = QualifiedName::new(pair, name);
                let view = transaction.snapshot().relation(&name).unwrap();
                let (oid, reads) = (view.oid, view.depends_on.clone());
                transaction.supersede(oid, new_view(&name, *query, reads))?;
            }
            Ok(())
        }
        Change::Abandon(pair, query) => {
            for view in views(transaction.snapshot(), pair) {
                let abandoned = transaction.abandon_replace(view.oid, &query.to_string());
                assert!(abandoned.is_some());
            }
            Ok(())
        }
        Change::Comment(pair, comment) => {
            for view in views(transaction.snapshot(), pair) {
                transaction.set_comment(view.oid, Some(comment.to_string()))?;
            }
            Ok(())
        }
        Change::Drop(pair) => {
            let first = QualifiedName::new(pair, "a");
            let first = transaction.snapshot().relation(&first).unwrap().oid;
            assert_eq!(transaction.drop(&[first], true)?.len(), 2);
            transaction.drop_schema(pair, false)?;
            Ok(())
        }
    });
    assert_eq!(
        result.is_err(),
        matches!(change, Change::Fail(_)),
        "{change:?}: {result:?}"
    );
}

fn prepare(pair: &str, query: u64, catalog: &Catalog) {
    let prepared = catalog.write(|transaction| {
        for view in views(transaction.snapshot(), pair) {
            let new = new_view(&view.name, query, view.depends_on.clone());
            transaction.prepare_replace(view.oid, new, Vec::new(), 1, &query.to_string())?;
        }
        Ok(())
    });
    prepared.unwrap();
}

fn create_pair(transaction: &mut Transaction<'_>, pair: &str) -> Result<()> {
    transaction.create_schema(pair, true)?;
    let first = QualifiedName::new(pair, "a");
    let first = transaction.create(new_view(&first, 0, BTreeSet::new()))?;
    let second = QualifiedName::new(pair, "b");
    transaction.create(new_view(&second, 0, BTreeSet::from([first])))?;
    Ok(())
}

fn views(snapshot: &Snapshot, pair: &str) -> Vec<Arc<Object>> {
    snapshot.relations_in(pair).cloned().collect()
}

fn new_view(name: &QualifiedName, query: u64, depends_on: BTreeSet<Oid>) -> NewObject {
    let definition = sql::parse_one(&format!("CREATE VIEW {name} AS SELECT {query}")).unwrap();
    NewObject::new(name.clone(), definition).reading(depends_on)
}

/// What the catalog holds, as text.
fn found(snapshot: &Snapshot) -> Vec<String> {
    let schemas = snapshot.schemas().map(|schema| schema.name.clone());
    let objects = snapshot.objects().map(|object| {
        format!(
            "{} {:?} {}",
            object.definition,
            object.comment,
            object.depends_on.len()
        )
    });
    let mut found: Vec<String> = schemas.chain(objects).collect();
    found.sort();
    found
}

/// What the model says that it should hold.
fn expected(model: &Model) -> Vec<String> {
    let mut expected = vec!["public".to_owned()];
    for (pair, (query, comment)) in model {
        let comment = comment.map(|comment| comment.to_string());
        expected.push(pair.clone());
        for (view, reads) in [("a", 0), ("b", 1)] {
            expected.push(format!(
                "CREATE VIEW {pair}.{view} AS SELECT {query} {comment:?} {reads}"
            ));
        }
    }
    expected.sort();
    expected
}

fn model_after(changes: u64) -> Model {
    let mut model = Model::new();
    for number in 0..changes {
        apply_to_model(&change(number, &model), &mut model);
    }
    model
}

/// The child: makes changes, says which are durable, and never ends by itself.
#[test]
fn child() {
    let (Some(folder), Ok(start)) = (std::env::var_os(FOLDER), std::env::var(START)) else {
        return;
    };
    let catalog = Catalog::open(&Path::new(&folder).join("catalog.redb")).unwrap();
    let mut model = model_after(start.parse().unwrap());
    let mut out = std::io::stdout();
    for number in start.parse().unwrap().. {
        let change = change(number, &model);
        apply_to_model(&change, &mut model);
        apply(&change, &catalog);
        // The parent may be gone.
        if writeln!(out, "\ndone {number}")
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn a_kill_leaves_the_catalog_before_or_after_each_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let mut done: u64 = 0;
    let (_, module) = module_path!().split_once("::").unwrap();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("{module}::child"), "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(START, done.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The kill comes a random piece of work after a random change, or, now and then, before
        // the first, while the catalog is opened.
        let wanted = random.random_range(0..12);
        let mut last = None;
        while last.map_or(0, |last| last + 1 - done) < wanted {
            let line = lines.next().expect("the child goes on until it is killed");
            last = parse(&line.unwrap()).or(last);
        }
        for _ in 0..random.random_range(0..2_000_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died but after we last looked.
        for line in lines.map_while(std::result::Result::ok) {
            last = parse(&line).or(last);
        }
        let acknowledged = last.map_or(done, |last| last + 1);

        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        let found = found(&catalog.snapshot());
        let possible = [acknowledged, acknowledged + 1];
        done = possible
            .into_iter()
            .rev()
            .find(|changes| expected(&model_after(*changes)) == found)
            .unwrap_or_else(|| {
                panic!("kill {kill}: {found:#?} is not the state after {possible:?} changes")
            });
    }
    assert!(
        done > KILLS as u64,
        "{done} changes are too few to prove anything"
    );
}

fn parse(line: &str) -> Option<u64> {
    line.strip_prefix("done ")?.parse().ok()
}
