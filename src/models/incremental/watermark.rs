//! How far the inputs of a materialized view were read when its rows were made. It is kept in the
//! commit of the rows, so that neither is there without the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use serde::{Deserialize, Serialize};

use crate::catalog::{Object, Oid};
use crate::error::Result;
use crate::instance::Instance;
use crate::models::table_id;
use crate::warehouse::{Commit, CommitInfo, OwnRead, Participant, READ_TO, WATERMARK};

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
    /// The columns that are NULL since the query has them no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub absent: BTreeSet<String>,
}

impl Watermark {
    /// Puts it among the parameters of a commit.
    pub fn write(&self, parameters: &mut BTreeMap<String, String>) {
        if let Ok(text) = serde_json::to_string(self) {
            parameters.insert(READ_TO.to_owned(), text);
        }
    }

    /// Tells of the rows of an object, which stay what they are, that they are so for the inputs as far
    /// as this, lest the same changes are read again. The rest of the commit is `info`'s.
    ///
    /// # Errors
    /// What the store says, or the participant.
    pub async fn tell(
        &self,
        instance: &Instance,
        object: &Object,
        mut info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        self.write(&mut info.parameters);
        WATERMARK.clone_into(&mut info.operation);
        let none = futures::stream::empty::<std::result::Result<_, DataFusionError>>();
        let none = RecordBatchStreamAdapter::new(Arc::clone(&object.schema), none);
        instance
            .warehouse
            .append_with(&table_id(object), Box::pin(none), info, participant)
            .await
    }

    /// [`Self::tell`], where the last commit of the object does not tell the same.
    ///
    /// # Errors
    /// Those of [`Self::tell`].
    pub async fn tell_once(
        &self,
        instance: &Instance,
        object: &Object,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let (warehouse, table) = (&instance.warehouse, table_id(object));
        let last = warehouse.last_refresh(&table).await?;
        if last.as_ref().and_then(Self::read).as_ref() != Some(self) {
            return self.tell(instance, object, info, participant).await;
        }
        Ok(Commit {
            version: warehouse.version(&table).await?,
            rows: 0,
            bytes: 0,
            files: 0,
        })
    }

    /// The one among the parameters of a commit.
    pub fn read(parameters: &BTreeMap<String, String>) -> Option<Self> {
        serde_json::from_str(parameters.get(READ_TO)?).ok()
    }
}
