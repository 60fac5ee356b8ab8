//! The records of a model's query as the engine takes them: by what its definition says of them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::PhysicalExpr;
use tributary_udfs::resolve::{RecordsBuilder, ResolveOptions};

use super::conditions::Conditions;
use super::{option_text, options};
use crate::error::{Error, Result, SqlState};
use crate::models::expression;
use crate::sql::create_model::CreateModel;

/// A model's definition, held against the columns of records.
#[derive(Clone, Debug)]
pub struct Input {
    /// What the engine reads of the options.
    pub options: ResolveOptions,
    conditions: Option<Arc<Conditions>>,
    /// What is computed for each key, and what that is called in messages.
    keys: Vec<(Arc<dyn PhysicalExpr>, String)>,
    /// The columns of the records, and behind them those of the keys.
    schema: SchemaRef,
}

impl Input {
    /// What a definition says of records of this schema.
    ///
    /// # Errors
    /// 22023 for an option, or a value, that there is not; 42703 for a column that there is not;
    /// what planning an expression says.
    pub async fn new(state: &SessionState, create: &CreateModel, records: &Schema) -> Result<Self> {
        let said = options::read(create)?;
        let columns = DFSchema::try_from(records.clone())?;
        let mut keys = Vec::with_capacity(said.block_on.len());
        for (name, text) in &said.block_on {
            let described = format!("block_on \"{name}\"");
            match key(state, &columns, text).await {
                Ok(key) => keys.push((key, described)),
                Err(error) => return Err(error.within(described)),
            }
        }
        let of_keys = said.engine.block_on.iter();
        let of_keys = of_keys.map(|name| Arc::new(Field::new(name, DataType::Utf8, true)));
        let fields = records.fields().iter().cloned().chain(of_keys);
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut input = Self {
            options: said.engine,
            conditions: None,
            keys,
            schema,
        };
        // Columns that there are not are told before what is said of them.
        let nowhere: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        input.builder(&nowhere)?;
        if !said.levels.is_empty() {
            let conditions = Conditions::new(state, records, &said.levels).await?;
            input.conditions = Some(Arc::new(conditions));
        }
        Ok(input)
    }

    /// What takes in the records, to which [`Self::with_keys`] has given their keys.
    ///
    /// # Errors
    /// 42703 for a column that there is not.
    pub fn builder(&self, pool: &Arc<dyn MemoryPool>) -> Result<RecordsBuilder> {
        let builder = RecordsBuilder::new(&self.schema, &self.options, pool)?;
        Ok(match &self.conditions {
            Some(conditions) => builder.comparing(Arc::clone(conditions) as _),
            None => builder,
        })
    }

    /// Whether records have a column, or a key, of this name.
    pub fn has(&self, name: &str) -> bool {
        self.schema.index_of(name).is_ok()
    }

    /// Whether records are read in the types that their columns have.
    pub fn is_typed(&self) -> bool {
        self.conditions.is_some() || !self.keys.is_empty()
    }

    /// Records with the columns of their keys.
    ///
    /// # Errors
    /// What computing a key meets.
    pub fn with_keys(&self, records: RecordBatch) -> Result<RecordBatch> {
        if self.keys.is_empty() {
            return Ok(records);
        }
        let mut columns = records.columns().to_vec();
        for (key, described) in &self.keys {
            let key = key.evaluate(&records);
            let key = key.and_then(|key| key.into_array(records.num_rows()));
            columns.push(key.map_err(|error| option_text::failed(error, described))?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// What an expression gives records of these columns to be in one block by.
async fn key(
    state: &SessionState,
    columns: &DFSchema,
    text: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let parsed = option_text::expression(text)?;
    let key = expression::steady_text(state, columns, parsed, "block_on").await?;
    match collect_columns(&key).is_empty() {
        false => Ok(key),
        true => Err(reads_nothing()),
    }
}

/// That an expression gives all records one key, or none.
fn reads_nothing() -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        "it reads no column, and is the same for every record",
    )
    .with_hint(
        "Write expressions over the query's columns: ['email', 'lower(last_name) || zip']. Without the option, rules are chosen that find the most for the fewest pairs.",
    )
}
