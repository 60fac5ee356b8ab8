//! What the entries that a transaction staged for a table come to together: the files that go and come,
//! whether they fit a version that others made meanwhile, and the one entry in their place.

use std::collections::{BTreeMap, HashMap};

use deltalake_core::kernel::{Action, Remove};
use roaring::RoaringBitmap;
use serde_json::{Value, json};

use super::deletion_vector::DeletionVector;
use super::entry::STAGED_ENTRIES;
use super::participant::TRANSACTION_ID;
use super::patch::FOLDED;
use super::snapshot::{Snapshot, own_properties};
use super::staging::StagedLog;
use super::table::{ALTERATION, DEFINING, REFRESH, WATERMARK, has_deletion_vectors};
use crate::error::{Error, Result};

/// The operation of a commit that several statements made.
const SEVERAL: &str = "TRANSACTION";

/// The operations that tell how far the inputs of rows were read. A commit that several of them made is what
/// the first of these is, and tells that as the last of them does.
const OF_QUERIES: [&str; 3] = [REFRESH, ALTERATION, WATERMARK];

/// What deletion vectors were called before, by the paths of their files, where actions are a fold.
fn names_of_fold(actions: &[Value]) -> Option<HashMap<String, String>> {
    let names = actions.first()?.get("commitInfo")?.get(FOLDED)?;
    serde_json::from_value(names.clone()).ok()
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal(format!("a staged entry: {error}"))
}

/// What several entries do to a table together.
#[derive(Default)]
pub(super) struct Net {
    infos: Vec<Value>,
    protocol: Option<Value>,
    metadata: Option<Value>,
    files: BTreeMap<String, Fate>,
    /// Deletion vectors that patches made and the transaction has folded for itself, by the paths of
    /// their files.
    folded: BTreeMap<String, Folded>,
}

/// A deletion vector of patches in a fold that nobody else sees.
struct Folded {
    /// As the fold has it.
    vector: Value,
    /// As others know it, who may have folded it too.
    was: Value,
}

/// What becomes of a file.
#[derive(Default)]
struct Fate {
    /// The action that takes it out as it was before.
    before: Option<Value>,
    /// The action that puts it in as it is now.
    after: Option<Value>,
    /// Whether the transaction has written it.
    is_new: bool,
}

impl Fate {
    /// The rows and the bytes of a file that the transaction has written and not taken out again.
    fn written(&self) -> Option<(u64, u64)> {
        let add = &self.after.as_ref().filter(|_| self.is_new)?["add"];
        let stats: Option<Value> = serde_json::from_str(add["stats"].as_str()?).ok();
        let rows = stats?["numRecords"].as_u64()?;
        let gone = add["deletionVector"]["cardinality"].as_u64();
        let rows = rows.saturating_sub(gone.unwrap_or_default());
        Some((rows, add["size"].as_u64().unwrap_or_default()))
    }

    /// Whether the file is there with the rows that it had.
    fn is_none(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                before["remove"]
                    .get("deletionVector")
                    .filter(|it| !it.is_null())
                    == after["add"]
                        .get("deletionVector")
                        .filter(|it| !it.is_null())
            }
            (None, None) => true,
            _ => false,
        }
    }
}

impl Net {
    pub fn of(log: &StagedLog) -> Result<Self> {
        let mut net = Self::default();
        for (entry, _) in &log.entries {
            let lines = entry.split(|byte| *byte == b'\n');
            let lines = lines.filter(|line| !line.is_empty());
            let actions = lines.map(|line| serde_json::from_slice(line).map_err(unreadable));
            let actions: Vec<Value> = actions.collect::<Result<_>>()?;
            if let Some(names) = names_of_fold(&actions) {
                net.fold(&names, &actions)?;
                continue;
            }
            for mut action in actions {
                if let Some(info) = action.get_mut("commitInfo") {
                    net.infos.push(info.take());
                } else if action.get("protocol").is_some() {
                    net.protocol = Some(action);
                } else if action.get("metaData").is_some() {
                    net.metadata = Some(action);
                } else if let Some(path) = action["remove"]["path"].as_str() {
                    let path = path.to_owned();
                    if let Some(folded) = net.folded.get(&path)
                        && let Some(vector) = action["remove"].get_mut("deletionVector")
                        && *vector == folded.vector
                    {
                        *vector = folded.was.clone();
                    }
                    let fate = net.files.entry(path).or_default();
                    // One that this transaction put in was not there before.
                    if fate.after.take().is_none() {
                        fate.before = Some(action);
                    }
                } else if let Some(path) = action["add"]["path"].as_str() {
                    let path = path.to_owned();
                    // What RESTORE puts in was there before, and is not counted.
                    let info = net.infos.last();
                    let writes = info.is_some_and(|it| it["operationMetrics"]["numFiles"] != "0");
                    let fate = net.files.entry(path).or_insert_with(|| Fate {
                        is_new: writes,
                        ..Fate::default()
                    });
                    fate.after = Some(action);
                }
            }
        }
        Ok(net)
    }

    /// Takes in a fold that the transaction has made of what it sees. Nothing has changed by that, but
    /// what deletion vectors are called.
    fn fold(&mut self, names: &HashMap<String, String>, actions: &[Value]) -> Result<()> {
        for action in actions.iter().filter(|action| !action["add"].is_null()) {
            let (path, vector) = (&action["add"]["path"], &action["add"]["deletionVector"]);
            let Action::Add(add) = serde_json::from_value(action.clone()).map_err(unreadable)?
            else {
                continue;
            };
            if let (Some(path), Some(name)) = (path.as_str(), names.get(&add.path)) {
                let was = DeletionVector::of_patch(name.clone(), RoaringBitmap::new());
                let folded = Folded {
                    vector: vector.clone(),
                    was: serde_json::to_value(was.descriptor).map_err(unreadable)?,
                };
                self.folded.insert(path.to_owned(), folded);
            }
        }
        Ok(())
    }

    /// Has deletion vectors of before a fold be called what they are called now.
    pub fn settle(&mut self, current: &Snapshot) -> Result<()> {
        let there = current.by_path();
        for (path, fate) in &mut self.files {
            let (Some(file), Some(before)) = (there.get(path.as_str()), &mut fate.before) else {
                continue;
            };
            let action = serde_json::from_value(before.clone()).map_err(unreadable)?;
            if let Action::Remove(remove) = action
                && let Some(gone) = &file.gone
                && file.has_lost(remove.deletion_vector.as_ref())
            {
                before["remove"]["deletionVector"] =
                    serde_json::to_value(&gone.descriptor).map_err(unreadable)?;
            }
        }
        Ok(())
    }

    /// Whether rows come.
    pub fn adds(&self) -> bool {
        self.files.values().any(|fate| fate.after.is_some())
    }

    /// Whether the changes can be made to the version that is current, instead of to their base:
    /// what goes is there, and what comes has its columns.
    pub fn fits(&self, base: &Snapshot, current: &Snapshot) -> Result<bool> {
        if base.schema.delta != current.schema.delta || !self.keeps_declaration(base, current)? {
            return Ok(false);
        }
        let there = current.by_path();
        for action in self.files.values().filter_map(|fate| fate.before.as_ref()) {
            let action: Action = serde_json::from_value(action.clone()).map_err(unreadable)?;
            let Action::Remove(Remove {
                path,
                deletion_vector,
                ..
            }) = action
            else {
                continue;
            };
            let file = there.get(path.as_str());
            if !file.is_some_and(|file| file.has_lost(deletion_vector.as_ref())) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Leaves out that rows may be gone from files, where others have said so since the base.
    pub fn leave_out_known(&mut self, base: &Snapshot, current: &Snapshot) -> Result<()> {
        if has_deletion_vectors(current) && self.only_lets_rows_go(base)? {
            (self.protocol, self.metadata) = (None, None);
        }
        Ok(())
    }

    /// Whether the version that is current stays what it is declared as, and can do what it can. Others
    /// may have taken the first rows out of files since the base, which is a feature of tables and no
    /// conflict.
    fn keeps_declaration(&self, base: &Snapshot, current: &Snapshot) -> Result<bool> {
        if self.metadata.is_none() && self.protocol.is_none() {
            let mut features = base.features.iter();
            return Ok(features.all(|feature| current.features.contains(feature)));
        }
        Ok(base.features == current.features
            && base.is_partitioned == current.is_partitioned
            && base.own_properties() == current.own_properties()
            && self.only_lets_rows_go(base)?)
    }

    /// Whether all that is said of the table is that rows may be gone from its files.
    fn only_lets_rows_go(&self, base: &Snapshot) -> Result<bool> {
        let Some(metadata) = self.metadata.as_ref().map(|it| &it["metaData"]) else {
            return Ok(self.protocol.is_none());
        };
        let properties = metadata["configuration"].clone();
        let properties: HashMap<String, String> =
            serde_json::from_value(properties).map_err(unreadable)?;
        Ok(metadata["schemaString"] == json!(base.schema.delta)
            && metadata["partitionColumns"] == json!(base.schema.partitions)
            && own_properties(&properties) == base.own_properties())
    }

    /// The entry.
    pub fn entry(self, id: &str, entries: usize, timestamp: i64) -> String {
        let mut info = self.info(id, timestamp);
        info[STAGED_ENTRIES] = entries.into();
        let mut lines = vec![json!({"commitInfo": info})];
        lines.extend(self.protocol);
        lines.extend(self.metadata);
        // What came back as it was has not changed.
        let changed = self.files.into_values().filter(|fate| !fate.is_none());
        let (before, after): (Vec<_>, Vec<_>) =
            changed.map(|fate| (fate.before, fate.after)).unzip();
        lines.extend(before.into_iter().flatten());
        lines.extend(after.into_iter().flatten());
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }

    fn info(&self, id: &str, timestamp: i64) -> Value {
        let mut info = self.infos.last().cloned().unwrap_or_default();
        info[TRANSACTION_ID] = id.into();
        info["timestamp"] = timestamp.into();
        if self.infos.len() < 2 {
            return info;
        }
        let mut operations: Vec<&str> = Vec::new();
        for operation in self.infos.iter().filter_map(|it| it["operation"].as_str()) {
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        let defines = operations
            .iter()
            .find(|it| DEFINING.iter().any(|word| it.starts_with(word)));
        let is_of_query = operations.iter().all(|it| OF_QUERIES.contains(it));
        let refreshes = OF_QUERIES.iter().find(|it| operations.contains(it));
        let refreshes = refreshes.filter(|_| is_of_query);
        info["operation"] = match (defines.or(refreshes), operations.as_slice()) {
            (Some(operation), _) => (*operation).into(),
            (None, [one]) => (*one).into(),
            (None, _) => SEVERAL.into(),
        };
        if operations.len() > 1 {
            info["operationParameters"]["statements"] = operations.join(", ").into();
        }
        // What one statement has written and another one took out again is in no version.
        let written: Vec<_> = self.files.values().filter_map(Fate::written).collect();
        let metrics = &mut info["operationMetrics"];
        metrics["numFiles"] = written.len().to_string().into();
        let rows = written.iter().map(|(rows, _)| rows);
        metrics["numOutputRows"] = rows.sum::<u64>().to_string().into();
        let bytes = written.iter().map(|(_, bytes)| bytes);
        metrics["numOutputBytes"] = bytes.sum::<u64>().to_string().into();
        let appends = self.infos.iter().all(|info| info["isBlindAppend"] == true);
        info["isBlindAppend"] = appends.into();
        info
    }
}
