//! What the parts of a statement see that changes rows in several of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::sql::sqlparser::ast::{Expr, TableFactor, Visitor};
use parking_lot::Mutex;

use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Result, SqlState};
use crate::execute::referential;
use crate::instance::StatementContext;
use crate::models::{constraints, replacement, table_id};
use crate::session::{Session, plan};
use crate::sql::cursor::object_name_from;
use crate::sql::with_changes::relation_of;
use crate::sql::{QualifiedName, Statement, parts};
use crate::warehouse::Modification;

/// What all parts of a statement see: the relations as they were when it began, and what parts before
/// have returned. It goes with the state of each part.
#[derive(Default)]
pub struct Moment {
    relations: Mutex<Vec<(QualifiedName, Arc<dyn TableProvider>)>>,
    /// The tables that several parts change, as they were.
    changed: BTreeMap<Oid, Arc<Modification>>,
    /// The memory of what was returned.
    memory: Mutex<Vec<MemoryReservation>>,
}

impl Moment {
    /// What these statements see that are about to be run.
    ///
    /// # Errors
    /// What opening the relations that they name says.
    pub async fn begin(session: &Session, statements: &[&Statement]) -> Result<Self> {
        let context = session.statement();
        let path = session.settings().search_path.0;
        let mut relations = Vec::new();
        for object in read_by(&context.snapshot, &path, statements) {
            match context.relation(&object.name).await {
                Ok(Some(provider)) => relations.push((object.name.clone(), provider)),
                Ok(None) => {}
                // Who reads it is told.
                Err(error) if error.sqlstate() == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {}
                Err(error) => return Err(error),
            }
        }
        let mut times: BTreeMap<Oid, (Arc<Object>, usize)> = BTreeMap::new();
        for statement in statements {
            if let Some(object) = referential::target_of(session, statement) {
                times.entry(object.oid).or_insert((object, 0)).1 += 1;
            }
        }
        let mut changed = BTreeMap::new();
        for (object, _) in times.into_values().filter(|(_, times)| *times > 1) {
            let instance = &session.instance;
            replacement::settle(&instance.catalog, &instance.warehouse, object.oid).await?;
            let modification = instance.warehouse.modify(&table_id(&object)).await?;
            let keys = constraints::indexed(&instance.traced_keys, &object);
            changed.insert(object.oid, Arc::new(modification.by_keys(keys)));
        }
        Ok(Self {
            relations: Mutex::new(relations),
            changed,
            memory: Mutex::default(),
        })
    }

    /// A table that several parts change, as it was before all of them.
    pub fn earlier(&self, table: Oid) -> Option<Arc<Modification>> {
        self.changed.get(&table).cloned()
    }

    /// Shows later parts what a clause has returned.
    pub fn show(
        &self,
        clause: &str,
        rows: Arc<dyn TableProvider>,
        memory: Option<MemoryReservation>,
    ) {
        self.relations.lock().push((relation_of(clause), rows));
        self.memory.lock().extend(memory);
    }

    /// Has a statement see it.
    pub fn put_into(&self, context: &StatementContext) {
        for (name, provider) in self.relations.lock().iter() {
            context.show(name, Arc::clone(provider));
        }
    }
}

/// The objects with rows that statements may read, by views and functions too. Names of clauses that
/// hide others make it too many at times, and never too few.
fn read_by(snapshot: &Snapshot, path: &[String], statements: &[&Statement]) -> Vec<Arc<Object>> {
    let mut named = Named {
        snapshot,
        path,
        found: Vec::new(),
    };
    for statement in statements {
        // Nothing breaks the walk.
        let _ = parts::visit(statement, &mut named);
    }
    let (mut open, mut seen, mut read) = (named.found, BTreeSet::new(), Vec::new());
    while let Some(object) = open.pop() {
        if !seen.insert(object.oid) {
            continue;
        }
        match object.kind {
            Kind::View => {
                let inputs = object.depends_on.iter();
                open.extend(inputs.filter_map(|oid| snapshot.object(*oid).cloned()));
            }
            Kind::Function => open.extend(snapshot.read_by(&object)),
            Kind::Table | Kind::MaterializedView | Kind::ExternalTable => read.push(object),
            _ => {}
        }
    }
    read
}

/// Finds the relations and functions that a statement names.
struct Named<'a> {
    snapshot: &'a Snapshot,
    path: &'a [String],
    found: Vec<Arc<Object>>,
}

impl Visitor for Named<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, .. } = factor
            && let Ok(name) = object_name_from(name)
        {
            self.found
                .extend(plan::object(&name, self.snapshot, self.path));
            self.functions(&name.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::Function(call) = expression
            && let Ok(name) = object_name_from(&call.name)
        {
            self.functions(&name.name);
        }
        ControlFlow::Continue(())
    }
}

impl Named<'_> {
    /// Takes in the functions of a name, whatever their arguments.
    fn functions(&mut self, name: &str) {
        if !self.snapshot.has_functions() {
            return;
        }
        let objects = self.snapshot.objects();
        let functions = objects.filter(|object| match &object.definition {
            Statement::CreateFunction(create) => create.name.name == name,
            _ => false,
        });
        self.found.extend(functions.cloned());
    }
}
