//! What a plan reads, and how far.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::functions_table::generate_series::GenerateSeriesTable;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use sha2::{Digest, Sha256};

use super::added::files_of;
use super::delta::{LeafKey, leaf_key};
use super::watermark::Watermark;
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::models::resolution::Companion;
use crate::models::{constraints, stale, table_id};
use crate::sql::model_functions::{self, ModelFunction};
use crate::sql::{QualifiedName, hidden_columns, time_travel};

/// The version before the first one of a table.
pub const UNREAD: i64 = -1;

/// What a scan of a plan reads.
#[derive(Clone, Debug)]
pub enum Input {
    /// The latest version of a table: of an object of that kind, or of the clusters of a model.
    Table(Arc<Object>),
    /// A table that a model has beside its clusters, in the version that belongs to the latest of these.
    Companion(Arc<Object>, Companion),
    /// A version that stays as it is, or a series between constants.
    Fixed,
    /// What has no change feed.
    Other(Arc<Object>),
    /// What is no object of the catalog.
    Unknown,
}

impl Input {
    /// The object that it is a version of, where that is not always the same one.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match self {
            Self::Table(object) | Self::Companion(object, _) | Self::Other(object) => Some(object),
            Self::Fixed | Self::Unknown => None,
        }
    }

    /// The object whose changes a change feed tells, and which of a model's tables it is.
    pub fn fed(&self) -> Option<(&Arc<Object>, Option<Companion>)> {
        match self {
            Self::Table(object) => Some((object, None)),
            Self::Companion(model, companion) => Some((model, Some(*companion))),
            Self::Other(_) | Self::Fixed | Self::Unknown => None,
        }
    }
}

/// A scan of a plan.
#[derive(Clone, Debug)]
pub struct Scan {
    /// What it reads.
    pub input: Input,
    /// The scan itself.
    pub scan: TableScan,
}

/// The scans of a plan, those of subqueries among them.
///
/// # Errors
/// A plan that cannot be walked.
pub fn scans(snapshot: &Snapshot, plan: &LogicalPlan) -> Result<BTreeMap<LeafKey, Scan>> {
    let mut found = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found.entry(leaf_key(scan)).or_insert_with(|| Scan {
                input: input_of(snapshot, scan),
                scan: scan.clone(),
            });
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// What a scan reads.
pub fn input_of(snapshot: &Snapshot, scan: &TableScan) -> Input {
    let Some(schema) = scan.table_name.schema() else {
        return match is_series(scan) {
            true => Input::Fixed,
            false => Input::Unknown,
        };
    };
    let object = |name: &str| {
        snapshot
            .relation(&QualifiedName::new(schema, name))
            .cloned()
    };
    let name = scan.table_name.table();
    if let Some(call) = model_functions::decode(name) {
        return match (object(call.model), call.function) {
            (Some(model), ModelFunction::Clusters) => Input::Table(model),
            (Some(model), ModelFunction::Pairs) => Input::Companion(model, Companion::Pairs),
            (Some(model), ModelFunction::History) => Input::Companion(model, Companion::History),
            (Some(model), _) => Input::Other(model),
            (None, _) => Input::Unknown,
        };
    }
    if let Some(name) = hidden_columns::decode(name) {
        return object(name).map_or(Input::Unknown, Input::Other);
    }
    if let Some((name, _)) = time_travel::decode(name) {
        return object(name).map_or(Input::Unknown, |_| Input::Fixed);
    }
    match object(name) {
        Some(object) => match object.kind {
            Kind::Table | Kind::MaterializedView => Input::Table(object),
            Kind::ExternalTable | Kind::Model => Input::Other(object),
            Kind::View
            | Kind::Check
            | Kind::Sequence
            | Kind::Role
            | Kind::Function
            | Kind::Type => Input::Unknown,
        },
        None => Input::Unknown,
    }
}

/// Whether a scan is of a series between constants.
fn is_series(scan: &TableScan) -> bool {
    let Ok(provider) = source_as_provider(&scan.source) else {
        return false;
    };
    (provider.as_ref() as &dyn Any).is::<GenerateSeriesTable>()
}

/// How far a plan reads its inputs; what its transaction has changed itself is told apart, as
/// [`settled`] reads it.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn watermark(
    instance: &Arc<Instance>,
    context: &StatementContext,
    scans: &BTreeMap<LeafKey, Scan>,
    definition: String,
) -> Result<Watermark> {
    let mut watermark = Watermark {
        definition,
        ..Watermark::default()
    };
    for scan in scans.values() {
        let Some(input) = scan.input.object() else {
            continue;
        };
        match context.version_read(input.oid) {
            Some(version) => {
                let own = instance.warehouse.own_read(&table_id(input), version);
                let base = own.as_ref().map(|own| own.base.unwrap_or(UNREAD));
                watermark
                    .versions
                    .insert(input.oid, base.unwrap_or(version));
                watermark.own.extend(own.map(|own| (input.oid, own)));
            }
            // Listed before it is read: what comes in between is read twice, not never.
            None if input.kind == Kind::ExternalTable => {
                // As this statement lists them, and reads them.
                if let Some((source, files)) = files_of(&scan.scan).await? {
                    watermark.files.insert(source, files);
                    continue;
                }
                let fingerprint = stale::fingerprint(instance, input).await?;
                let name = input.name.to_string();
                watermark.others.insert(name, fingerprint);
            }
            None => {}
        }
    }
    Ok(watermark)
}

/// How far the rows of an object were read, in the versions of now. What is in none of them, since
/// the transaction that read it made no version of it alone, is not among the versions any more.
///
/// # Errors
/// What the store says.
pub async fn settled(
    instance: &Instance,
    snapshot: &Snapshot,
    mut watermark: Watermark,
) -> Result<Watermark> {
    let mut unsettled = BTreeMap::new();
    for (oid, own) in std::mem::take(&mut watermark.own) {
        let warehouse = &instance.warehouse;
        let version = match snapshot.object(oid) {
            Some(input) => warehouse.version_of(&table_id(input), &own).await?,
            None => None,
        };
        match version {
            Some(version) => watermark.versions.insert(oid, version),
            None => watermark.versions.remove(&oid),
        };
        // As the transaction counts them, if it is this one.
        if version.is_none_or(|version| version == own.version) {
            unsettled.insert(oid, own);
        }
    }
    watermark.own = unsettled;
    Ok(watermark)
}

/// A hash of what decides on the rows of an object, apart from those of its inputs: definitions, what
/// they come to as a plan, settings, and the functions of this server.
pub fn definition(instance: &Instance, snapshot: &Snapshot, object: &Object, plan: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(stale::query_hash(snapshot, object));
    hash.update(plan);
    hash.update(format!("{:?}", instance.configuration.session));
    hash.update(env!("CARGO_PKG_VERSION"));
    stale::hex(&hash.finalize())
}

/// The columns of a scan that no two of its rows have the same values in, if it reads all of them.
pub fn key_of(snapshot: &Snapshot, scan: &TableScan) -> Option<Vec<Column>> {
    let Input::Table(object) = input_of(snapshot, scan) else {
        return None;
    };
    let key = constraints::key_of(&object)?;
    let columns = key.into_iter().map(|name| {
        let column = Column::new(Some(scan.table_name.clone()), name);
        scan.projected_schema.has_column(&column).then_some(column)
    });
    columns.collect()
}
