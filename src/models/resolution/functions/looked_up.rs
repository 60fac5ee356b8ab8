//! `entity_lookup` of one record whose values are known without planning it: a relation of which a plan
//! can be kept, to be run with other values of its parameters.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::{Field, Fields, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;

use super::super::computed;
use super::Asked;
use crate::boxed::scan_by;
use crate::error::Result;
use crate::sql::model_functions::ModelFunction;
use crate::sql::plain_record::PlainRecord;
use crate::warehouse::{self, TableId};

type Look = dyn Fn(StructArray) -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync;

/// The entities that one record may be.
#[derive(Clone)]
pub struct LookedUp {
    /// The model's table and its version, where that is the latest.
    table: Option<(TableId, i64)>,
    columns: SchemaRef,
    record: PlainRecord,
    /// The values of its parameters, once they are known.
    values: Vec<ScalarValue>,
    look: Arc<Look>,
}

impl LookedUp {
    /// What a model is asked of a record, in these columns.
    pub(super) fn new(asked: Asked, columns: SchemaRef, record: PlainRecord) -> Self {
        let table = warehouse::latest_of(&asked.model.clusters);
        let asked = Arc::new(asked);
        let known = Arc::clone(&columns);
        let look = move |record: StructArray| {
            let (asked, columns) = (Arc::clone(&asked), Arc::clone(&known));
            Box::pin(async move { asked.look_up(&record, columns).await })
                as BoxFuture<'static, Result<RecordBatch>>
        };
        Self {
            table,
            columns,
            record,
            values: Vec::new(),
            look: Arc::new(look),
        }
    }

    /// The lookup that a relation is; none of another relation.
    pub fn of(relation: &Arc<dyn TableProvider>) -> Option<&Self> {
        let relation: &dyn Any = relation.as_ref();
        relation.downcast_ref()
    }

    /// The same with values of its parameters.
    #[must_use]
    pub fn with(&self, values: &[ScalarValue]) -> Self {
        Self {
            values: values.to_vec(),
            ..self.clone()
        }
    }

    /// The table of the model that it asks, with the version, where that is the latest.
    pub fn table(&self) -> Option<(TableId, i64)> {
        self.table.clone()
    }

    /// Begins to look for what it gives with these values of its parameters.
    ///
    /// # Errors
    /// 42P02 for a parameter that has no value.
    pub fn rows(&self, values: &[ScalarValue]) -> Result<BoxFuture<'static, Result<RecordBatch>>> {
        Ok((self.look)(record(&self.record, values)?))
    }
}

/// A record of one row.
fn record(record: &PlainRecord, values: &[ScalarValue]) -> Result<StructArray> {
    let values = record.values(values)?;
    let fields = values.iter().map(|(name, value)| {
        let field = Field::new(*name, value.data_type(), true);
        Ok((field, value.to_array_of_size(1)?))
    });
    let fields: Vec<(Field, ArrayRef)> = fields.collect::<Result<_>>()?;
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = fields.into_iter().unzip();
    Ok(StructArray::try_new(Fields::from(fields), arrays, None)?)
}

impl fmt::Debug for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lookup of {:?}", self.record)
    }
}

impl TableProvider for LookedUp {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    scan_by!(LookedUp, scan_found);
}

impl LookedUp {
    async fn scan_found(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let (look, record) = (Arc::clone(&self.look), record(&self.record, &self.values)?);
        let name = ModelFunction::Lookup.name();
        let rows = computed::relation(name, Arc::clone(&self.columns), move || {
            look(record.clone())
        })?;
        rows.scan(state, projection, filters, limit).await
    }
}
