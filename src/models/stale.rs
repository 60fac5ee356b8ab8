//! Whether a materialized view is still what its inputs and its definition make of it, and whether
//! what a check found still holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::schedule::without_upkeep;
use super::table_id;
use crate::catalog::journal::{CheckResult, ModelState};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::Result;
use crate::instance::Instance;
use crate::session::named_alone;
use crate::sql::Statement;

/// Among the fingerprints: what was computed gives other rows as time passes. No relation has this name.
pub const TIME: &str = "the time";

/// What a materialized view is computed from, or a check reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// A hash of its definition, and of those of the views and sources it reads.
    pub definition_hash: String,
    /// The tables and sources that it reads, through views too, each with a fingerprint of what it
    /// holds.
    pub fingerprints: Vec<(String, String)>,
}

impl Inputs {
    /// Those of an object that got another definition while none of what it reads was read: what had
    /// changed of that since `known` is still to be read. `before` is the hash of the definition of then.
    #[must_use]
    pub fn unread(self, known: &ModelState, before: &str) -> Self {
        let then: BTreeMap<&str, &str> = known
            .inputs
            .iter()
            .map(|(name, fingerprint)| (name.as_str(), fingerprint.as_str()))
            .collect();
        let as_then = |(name, now): (String, String)| match then.get(name.as_str()) {
            Some(then) => (name, (*then).to_owned()),
            None => (name, now),
        };
        Self {
            fingerprints: self.fingerprints.into_iter().map(as_then).collect(),
            definition_hash: match known.definition_hash == before {
                true => self.definition_hash,
                false => known.definition_hash.clone(),
            },
        }
    }
}

/// What `object` would be computed from now.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn inputs(instance: &Arc<Instance>, object: &Object) -> Result<Inputs> {
    let snapshot = instance.catalog.snapshot();
    let mut fingerprints = Vec::new();
    for input in leaves_read(&snapshot, object) {
        if !matches!(
            input.kind,
            Kind::View | Kind::Check | Kind::Sequence | Kind::Role | Kind::Function | Kind::Type
        ) {
            let fingerprint = fingerprint(instance, &input).await?;
            fingerprints.push((input.name.to_string(), fingerprint));
        }
    }
    Ok(Inputs {
        definition_hash: definition_hash(&snapshot, object),
        fingerprints,
    })
}

/// A hash of the definition of an object, and of those of what it reads. When these are refreshed
/// changes nothing of the rows.
pub fn definition_hash(snapshot: &Snapshot, object: &Object) -> String {
    let mut hash = Sha256::new();
    hash.update(without_upkeep(&object.definition).to_string());
    for input in leaves(snapshot, object) {
        hash.update(without_upkeep(&input.definition).to_string());
    }
    hex(&hash.finalize())
}

/// A hash of the definitions that decide on the rows of an object beside the rows that it reads: what a
/// table holds follows from its version, whatever its definition.
pub fn query_hash(snapshot: &Snapshot, object: &Object) -> String {
    let mut hash = Sha256::new();
    hash.update(without_upkeep(&object.definition).to_string());
    let inputs = leaves(snapshot, object).into_iter();
    for input in inputs.filter(|it| !matches!(it.kind, Kind::Table | Kind::MaterializedView)) {
        hash.update(without_upkeep(&input.definition).to_string());
    }
    hex(&hash.finalize())
}

/// What tells what an input holds from what it held before.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn fingerprint(instance: &Arc<Instance>, input: &Object) -> Result<String> {
    match input.kind {
        Kind::Table | Kind::MaterializedView | Kind::Model => version(instance, input).await,
        Kind::ExternalTable => listing(instance, input).await,
        Kind::View | Kind::Check | Kind::Sequence | Kind::Role | Kind::Function | Kind::Type => {
            Ok(String::new())
        }
    }
}

/// Why `object` must be refreshed; none where it is as it should be.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn reason(
    instance: &Arc<Instance>,
    object: &Object,
    state: Option<&ModelState>,
) -> Result<Option<String>> {
    let Some(state) = state.filter(|state| state.version.is_some()) else {
        return Ok(Some("never built".to_owned()));
    };
    if object.is_emptied {
        return Ok(Some("its rows were taken from it".to_owned()));
    }
    changed(instance, object, &state.definition_hash, &state.inputs).await
}

/// Whether what was computed gives other rows as time passes.
pub fn tells_time(state: &ModelState) -> bool {
    state.inputs.iter().any(|(name, _)| name == TIME)
}

/// Why a check that passed must run again; none where it would find the same.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn reason_to_check(
    instance: &Arc<Instance>,
    check: &Object,
    last: &CheckResult,
) -> Result<Option<String>> {
    changed(instance, check, &last.definition_hash, &last.inputs).await
}

/// What changed of what `object` is computed from.
async fn changed(
    instance: &Arc<Instance>,
    object: &Object,
    definition_hash: &str,
    before: &[(String, String)],
) -> Result<Option<String>> {
    let inputs = inputs(instance, object).await?;
    if inputs.definition_hash != definition_hash {
        return Ok(Some("definition changed".to_owned()));
    }
    let before: BTreeMap<&str, &str> = before
        .iter()
        .map(|(name, fingerprint)| (name.as_str(), fingerprint.as_str()))
        .collect();
    if before.contains_key(TIME) {
        return Ok(Some("it depends on when it is computed".to_owned()));
    }
    let snapshot = instance.catalog.snapshot();
    let own = leaves_read(&snapshot, object)
        .into_iter()
        .find(|input| input.is_stored() && instance.warehouse.has_staged(&table_id(input)));
    if let Some(own) = own {
        return Ok(Some(format!("{} changed", own.name)));
    }
    let changed = inputs
        .fingerprints
        .iter()
        .find(|(name, fingerprint)| before.get(name.as_str()) != Some(&fingerprint.as_str()));
    Ok(changed.map(|(name, _)| format!("{name} changed")))
}

/// What an object reads, through views down to tables and sources, in the order of their names; the
/// views are among them.
pub fn leaves(snapshot: &Snapshot, object: &Object) -> Vec<Arc<Object>> {
    down_from(snapshot, object, |object| object.depends_on.clone())
}

/// [`leaves`] without what is named in literals alone: none of its rows are read.
fn leaves_read(snapshot: &Snapshot, object: &Object) -> Vec<Arc<Object>> {
    down_from(snapshot, object, |object| {
        let mut named = named_alone::of(snapshot, object);
        if !named.is_empty() {
            // What functions read that it calls, it reads as well.
            let others = object.depends_on.iter();
            let others = others.filter_map(|oid| snapshot.object(*oid));
            for function in others.filter(|it| it.kind == Kind::Function) {
                let read = snapshot.read_by(function);
                named.retain(|oid| !read.iter().any(|object| object.oid == *oid));
            }
        }
        object.depends_on.difference(&named).copied().collect()
    })
}

/// What an object stands on and `next` tells, through views.
fn down_from(
    snapshot: &Snapshot,
    object: &Object,
    next: impl Fn(&Object) -> BTreeSet<Oid>,
) -> Vec<Arc<Object>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<Oid> = next(object).into_iter().collect();
    while let Some(oid) = open.pop() {
        let Some(input) = snapshot.object(oid) else {
            continue;
        };
        if found
            .insert(input.name.clone(), Arc::clone(input))
            .is_none()
            && input.kind == Kind::View
        {
            open.extend(next(input));
        }
    }
    found.into_values().collect()
}

/// The version without what a transaction has changed itself, which has no number yet: what was made
/// of that too counts as made before it.
async fn version(instance: &Arc<Instance>, object: &Object) -> Result<String> {
    let table = table_id(object);
    let version = match instance.warehouse.exists(&table).await? {
        true => instance.warehouse.data_version_before(&table).await?,
        false => None,
    };
    Ok(match version {
        Some(version) => format!("{}@{version}", object.oid),
        None => "unbuilt".to_owned(),
    })
}

async fn listing(instance: &Arc<Instance>, object: &Object) -> Result<String> {
    let Statement::CreateExternalTable(definition) = &object.definition else {
        return Ok(String::new());
    };
    let runtime = instance.runtime();
    crate::sources::fingerprint(definition, &instance.project_folder(), runtime).await
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
