//! How far the inputs of a materialized view were read when its rows were made. It is kept in the
//! commit of the rows, so that neither is there without the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::Oid;
use crate::warehouse::{OwnRead, READ_TO};

/// How far inputs were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// A hash of all that decides on the rows, apart from those of the inputs.
    pub definition: String,
    /// The version of each table; `UNREAD` before the first.
    pub versions: BTreeMap<Oid, i64>,
    /// Of tables that the transaction had changed itself, how far it has read that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<Oid, OwnRead>,
    /// The files of each source, with a fingerprint of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, BTreeMap<String, String>>,
    /// The fingerprint of each other input, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

impl Watermark {
    /// Puts it among the parameters of a commit.
    pub fn write(&self, parameters: &mut BTreeMap<String, String>) {
        if let Ok(text) = serde_json::to_string(self) {
            parameters.insert(READ_TO.to_owned(), text);
        }
    }

    /// The one among the parameters of a commit.
    pub fn read(parameters: &BTreeMap<String, String>) -> Option<Self> {
        serde_json::from_str(parameters.get(READ_TO)?).ok()
    }
}
