//! Which columns those of views come from, as it was found out by planning them: a view's lineage follows
//! from its definition and from the columns of what its query names.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::catalog::system::LineageEdge;
use crate::catalog::{Kind, Object, Oid, Snapshot};

/// How many edges are remembered. Those of further views are found out each time.
const EDGES: usize = 500_000;

/// The lineage of views.
#[derive(Default)]
pub struct KnownLineage(Mutex<Known>);

#[derive(Default)]
struct Known {
    views: HashMap<Oid, Entry>,
    /// How many there are of all views.
    edges: usize,
}

struct Entry {
    view: Arc<Object>,
    inputs: Vec<Arc<Object>>,
    edges: Arc<[LineageEdge]>,
}

impl KnownLineage {
    /// That of a view, where it is known and neither the view nor what it reads is another one since.
    pub fn of(&self, snapshot: &Snapshot, view: &Arc<Object>) -> Option<Arc<[LineageEdge]>> {
        let known = self.0.lock();
        let entry = known.views.get(&view.oid)?;
        let now = inputs(snapshot, view);
        let mut pairs = entry.inputs.iter().zip(&now);
        let is_same = Arc::ptr_eq(&entry.view, view)
            && entry.inputs.len() == now.len()
            && pairs.all(|(then, now)| Arc::ptr_eq(then, now));
        is_same.then(|| Arc::clone(&entry.edges))
    }

    /// Remembers that of a view. What is being replaced may be read by either definition.
    pub fn keep(&self, snapshot: &Snapshot, view: &Arc<Object>, edges: Arc<[LineageEdge]>) {
        let inputs = inputs(snapshot, view);
        let is_replaced = |object: &Arc<Object>| snapshot.prepared(object.oid).is_some();
        if is_replaced(view) || inputs.iter().any(is_replaced) {
            return;
        }
        let mut known = self.0.lock();
        known.forget(view.oid);
        if known.edges + edges.len() > EDGES {
            return;
        }
        known.edges += edges.len();
        let entry = Entry {
            view: Arc::clone(view),
            inputs,
            edges,
        };
        known.views.insert(view.oid, entry);
    }

    /// Forgets those of views that are gone.
    pub fn follow(&self, snapshot: &Snapshot) {
        let mut known = self.0.lock();
        let views = known.views.keys().copied();
        let gone: Vec<Oid> = views
            .filter(|oid| snapshot.object(*oid).is_none())
            .collect();
        for oid in gone {
            known.forget(oid);
        }
    }
}

impl Known {
    fn forget(&mut self, view: Oid) {
        if let Some(entry) = self.views.remove(&view) {
            self.edges -= entry.edges.len();
        }
    }
}

/// What a view's query names, and what the functions read that it calls, which are part of its plan.
fn inputs(snapshot: &Snapshot, view: &Object) -> Vec<Arc<Object>> {
    let mut found: Vec<Arc<Object>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Oid> = view.depends_on.iter().copied().collect();
    while let Some(oid) = open.pop() {
        let Some(object) = snapshot.object(oid).filter(|_| seen.insert(oid)) else {
            continue;
        };
        if object.kind == Kind::Function {
            open.extend(object.depends_on.iter().copied());
        }
        found.push(Arc::clone(object));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::QualifiedName;
    use crate::test_server;

    #[test]
    fn what_is_known_of_a_view_holds_until_it_or_what_it_reads_is_another() {
        test_server::block_on(views_change);
    }

    async fn views_change() {
        let folder = tempfile::tempdir().unwrap();
        let instance = test_server::open(folder.path()).await;
        let session = test_server::begin(&instance);
        let run = async |sql: &str| test_server::run(&session, sql).await;
        run("CREATE TABLE t (a BIGINT, b BIGINT);
             CREATE FUNCTION f(x BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ SELECT x + 1 $$;
             CREATE VIEW v AS SELECT f(a) AS c FROM t;
             CREATE VIEW w AS SELECT c FROM v;")
        .await;
        let known = KnownLineage::default();
        let seen = |name: &str| {
            let snapshot = instance.catalog.snapshot();
            let view = snapshot
                .relation(&QualifiedName::new("public", name))
                .cloned();
            (snapshot, view.unwrap())
        };
        let keep = || {
            for name in ["v", "w"] {
                let (snapshot, view) = seen(name);
                known.keep(&snapshot, &view, Arc::from(Vec::new()));
            }
        };
        let is_known = || {
            ["v", "w"].map(|name| {
                let (snapshot, view) = seen(name);
                known.of(&snapshot, &view).is_some()
            })
        };
        assert_eq!(is_known(), [false, false]);
        keep();
        run("CREATE TABLE other (a BIGINT)").await;
        assert_eq!(is_known(), [true, true]);
        run("CREATE OR REPLACE FUNCTION f(x BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ SELECT x * 2 $$")
            .await;
        assert!(!is_known()[0]);
        keep();
        run("ALTER TABLE t ADD COLUMN d BIGINT").await;
        assert!(!is_known()[0]);
        keep();
        run("CREATE OR REPLACE VIEW v AS SELECT b AS c FROM t").await;
        assert_eq!(is_known(), [false, false]);
        keep();
        run("DROP VIEW w").await;
        known.follow(&instance.catalog.snapshot());
        assert_eq!(known.0.lock().views.len(), 1);
    }
}
