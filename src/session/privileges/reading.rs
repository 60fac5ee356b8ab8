//! Who may read what: a relation is read by who asks, what a view reads by its owner, or by who asks with
//! `security_invoker`, what a function reads by who calls it, and what a materialized view, a model or a check is computed from by its
//! owner, whoever has it computed.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::columns::{Columns, allows};
use super::{Checker, denied, kind_word};
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::{Kind, Object, Oid, Snapshot, system};
use crate::error::Result;
use crate::models::constraints::given_default;
use crate::models::view_options::is_of_invoker;
use crate::session::{named_alone, user_functions};
use crate::sql::cursor::object_name_from;
use crate::sql::walk::{Visit, VisitMut, visit_relations};
use crate::sql::{ObjectName, Statement};

/// Checks that its owner may read what a materialized view, a model or a check is computed from. The
/// server computes it, who would be shown all of the views that show each what it may see.
///
/// # Errors
/// 42501 for what the owner may not read.
pub fn check_computed(snapshot: &Snapshot, object: &Object) -> Result<()> {
    let rights = Rights::of(snapshot, object.access.owner());
    if rights.is_superuser() {
        return Ok(());
    }
    let query = match &object.definition {
        Statement::CreateMaterializedView(create) => create.query.as_ref(),
        Statement::CreateModel(create) => create.query.as_ref(),
        Statement::CreateCheck(create) => create.query.as_ref(),
        _ => return Ok(()),
    };
    own_relations(&rights, query)?;
    filtered_views(snapshot, object, &mut BTreeSet::new())?;
    let checker = Checker {
        snapshot,
        rights,
        // Names in definitions are full.
        path: &[],
    };
    let (columns, mut seen) = (Columns::of_query(query), BTreeSet::new());
    let named_alone = named_alone::of(snapshot, object);
    let read = object.depends_on.difference(&named_alone);
    let mut read = read.filter_map(|oid| snapshot.object(*oid));
    read.try_for_each(|read| match read.kind {
        Kind::Function => checker.callable(read, &mut seen),
        // All may use types.
        Kind::Type => Ok(()),
        _ => checker.readable(read, &columns),
    })
}

/// The views and functions that were looked at, each with who reads.
type Seen = BTreeSet<(Oid, Oid)>;

impl Checker<'_> {
    pub(super) fn read(&self, name: &ObjectName, columns: &Columns) -> Result<()> {
        match self.object(name) {
            Some(object) => self.readable(&object, columns),
            None => Ok(()),
        }
    }

    /// That functions may be called, and what their bodies read is read by who calls them.
    pub(super) fn calls(&self, part: &(impl VisitMut + Clone)) -> Result<()> {
        if !self.snapshot.has_functions() {
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        let called = user_functions::qualify(&mut part.clone(), self.snapshot, self.path)?;
        for function in called {
            if let Some(function) = self.snapshot.object(function) {
                self.callable(function, &mut seen)?;
            }
        }
        Ok(())
    }

    /// What the defaults of columns call, which who puts them in calls.
    pub(super) fn defaults(&self, object: &Object, of: impl Fn(&str) -> bool) -> Result<()> {
        if !self.snapshot.has_functions() {
            return Ok(());
        }
        let names = object.schema.fields().iter().map(|field| field.name());
        let mut defaults = names
            .filter(|name| of(name))
            .filter_map(|name| given_default(self.snapshot, object, name));
        defaults.try_for_each(|default| self.calls(&default))
    }

    pub(super) fn usable(&self, rights: &Rights<'_>, schema: &str) -> Result<()> {
        match rights.has_on_schema(schema, Privilege::Usage) {
            true => Ok(()),
            false => Err(denied("schema", schema)),
        }
    }

    /// That an object may be read, and by the owners of views what these read.
    pub(super) fn readable(&self, object: &Object, columns: &Columns) -> Result<()> {
        self.usable(&self.rights, &object.name.schema)?;
        if !allows(&self.rights, object, Privilege::Select, columns) {
            return Err(denied(kind_word(object.kind), &object.name.name));
        }
        let mut seen = BTreeSet::new();
        self.readable_within(object, &mut seen)
    }

    /// That what a view reads may be read by its owner, or by who asks where it says so, and what functions
    /// in it read by who asks.
    fn readable_within(&self, view: &Object, seen: &mut Seen) -> Result<()> {
        if view.kind != Kind::View || !seen.insert((view.oid, self.rights.role())) {
            return Ok(());
        }
        let owner = match &view.definition {
            // As in Postgres, also where another view reads it.
            Statement::CreateView(create) if is_of_invoker(create) => self.rights.clone(),
            _ => Rights::of(self.snapshot, view.access.owner()),
        };
        let columns = match &view.definition {
            Statement::CreateView(create) => {
                own_relations(&owner, create.query.as_ref())?;
                Columns::of_query(create.query.as_ref())
            }
            _ => Columns::All,
        };
        let named_alone = named_alone::of(self.snapshot, view);
        for read in view.depends_on.difference(&named_alone) {
            let Some(object) = self.snapshot.object(*read) else {
                continue;
            };
            match object.kind {
                Kind::Function => {
                    self.callable(object, seen)?;
                    continue;
                }
                Kind::Type => continue,
                _ => {}
            }
            self.usable(&owner, &object.name.schema)?;
            if !allows(&owner, object, Privilege::Select, &columns) {
                return Err(denied(kind_word(object.kind), &object.name.name));
            }
            self.readable_within(object, seen)?;
        }
        Ok(())
    }

    /// That who asks may call a function, and read what it reads; where it says so, that its owner may.
    fn callable(&self, function: &Object, seen: &mut Seen) -> Result<()> {
        if !seen.insert((function.oid, self.rights.role())) {
            return Ok(());
        }
        if !self.rights.may_call(&function.access) {
            return Err(denied("function", &function.name.name));
        }
        let Statement::CreateFunction(create) = &function.definition else {
            return Ok(());
        };
        let reader = Checker {
            rights: match create.security_definer {
                true => Rights::of(self.snapshot, function.access.owner()),
                false => self.rights.clone(),
            },
            ..*self
        };
        let body = user_functions::probe(create, self.snapshot).ok();
        if let Some(body) = &body {
            own_relations(&reader.rights, body.as_ref())?;
        }
        let called = function.depends_on.iter();
        let called = called.filter_map(|oid| self.snapshot.object(*oid));
        let called: BTreeSet<Oid> = called
            .filter(|object| object.kind == Kind::Function)
            .flat_map(|object| object.depends_on.iter().copied())
            .collect();
        let text = body.map(|body| body.to_string().to_lowercase());
        // What functions that it calls read, and it does not name, is read with the rights that these say.
        let is_own = |object: &Object| {
            let is_named = text
                .as_ref()
                .is_none_or(|text| names(text, &object.name.name));
            is_named || !called.contains(&object.oid)
        };
        let named_alone = named_alone::of(self.snapshot, function);
        for read in function.depends_on.difference(&named_alone) {
            match self.snapshot.object(*read) {
                Some(object) if object.kind == Kind::Function => reader.callable(object, seen)?,
                Some(object) if object.kind == Kind::Type => {}
                Some(object) if is_own(object) => reader.readable(object, &Columns::All)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a text in lower case may name something, in quotes of either kind or without.
fn names(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let quoted = [name.replace('"', "\"\""), name.replace('\'', "''")];
    text.contains(&name) || quoted.iter().any(|name| text.contains(name))
}

/// That an object reads none of the system views which show each what it may see, through views and
/// functions neither.
fn filtered_views(snapshot: &Snapshot, object: &Object, seen: &mut BTreeSet<u32>) -> Result<()> {
    if !seen.insert(object.oid) {
        return Ok(());
    }
    let found = match &object.definition {
        Statement::CreateMaterializedView(create) => filtered_view(create.query.as_ref()),
        Statement::CreateModel(create) => filtered_view(create.query.as_ref()),
        Statement::CreateCheck(create) => filtered_view(create.query.as_ref()),
        Statement::CreateView(create) => filtered_view(create.query.as_ref()),
        Statement::CreateFunction(create) => user_functions::probe(create, snapshot)
            .ok()
            .and_then(|body| filtered_view(body.as_ref())),
        _ => return Ok(()),
    };
    if let Some(name) = found {
        return Err(denied("view", &name).with_hint(
            "It shows each role what that may see, so that only superusers may own what is computed from it.",
        ));
    }
    // What is computed already is read as it is.
    let mut read = object
        .depends_on
        .iter()
        .filter_map(|oid| snapshot.object(*oid))
        .filter(|object| matches!(object.kind, Kind::View | Kind::Function));
    read.try_for_each(|read| filtered_views(snapshot, read, seen))
}

fn filtered_view(node: &impl Visit) -> Option<String> {
    let found = visit_relations(node, |name| match object_name_from(name) {
        Ok(name)
            if system::is_filtered(&name.name)
                && name.schema.as_deref() == Some(system::SYSTEM_SCHEMA) =>
        {
            ControlFlow::Break(name.name)
        }
        _ => ControlFlow::Continue(()),
    });
    found.break_value()
}

/// Views of `pg_catalog` that superusers alone may read.
const GUARDED_VIEWS: [&str; 3] = ["pg_hba_file_rules", "pg_ident_file_mappings", "pg_shadow"];

/// That these rights reach the server's own relations that show more than each may see.
pub(super) fn own_relations(rights: &Rights<'_>, node: &impl Visit) -> Result<()> {
    if rights.is_superuser() {
        return Ok(());
    }
    let found = visit_relations(node, |name| {
        let Ok(name) = object_name_from(name) else {
            return ControlFlow::Continue(());
        };
        let is_guarded = name.name == "pg_authid"
            || GUARDED_VIEWS.contains(&name.name.as_str())
            || name.name == system::REJECTED_ROWS
            || name.name == "sessions" && name.schema.as_deref() == Some(system::SYSTEM_SCHEMA);
        match is_guarded {
            true => ControlFlow::Break(name.name),
            false => ControlFlow::Continue(()),
        }
    });
    match found {
        ControlFlow::Break(name) => {
            let is_view = GUARDED_VIEWS.contains(&name.as_str());
            Err(denied(if is_view { "view" } else { "table" }, &name))
        }
        ControlFlow::Continue(()) => Ok(()),
    }
}
