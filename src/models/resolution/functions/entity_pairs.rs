//! `entity_pairs`: the pairs that were kept, with the level of each comparison.
//!
//! Levels are not kept: the model in memory compares the pairs anew as they are read, where a query
//! asks for them. The answer is a view of the table of pairs with one more column, so that all that
//! can be pushed to where a table is read is.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, MapArray, StringArray, StructArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result as DataFusionResult, TableReference, internal_err};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use tokio::sync::OnceCell;
use tributary_udfs::resolve::PairLevels;

use super::super::index::Index;
use super::super::places::places_of;
use super::super::{Companion, Resolved, columns};
use crate::boxed::invoke_by;
use crate::error::{Error, Result};
use crate::sql::model_functions::{self, ModelFunction};

/// How many pairs are compared at a time, so that others have their turn.
const BATCH: usize = 8192;

/// The pairs of a version of a model.
///
/// # Errors
/// What the store says.
pub async fn relation(model: &Arc<Resolved>) -> Result<Arc<dyn TableProvider>> {
    let kept = model.table(Companion::Pairs).await?;
    let schema = kept.schema();
    let column = |name: &String| Expr::Column(Column::from_name(name));
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    // Those before the weight name the records.
    let named = names.iter().take(schema.index_of("weight")?);
    let levels = AsyncScalarUDF::new(Arc::new(Levels::new(model))).into_scalar_udf();
    let levels = levels.call(named.map(column).collect());
    // By this name it is known what changes of it are.
    let object = &model.object.name;
    let name = model_functions::encoded(&object.name, ModelFunction::Pairs);
    let name = TableReference::partial(object.schema.as_str(), name);
    let rows = LogicalPlanBuilder::scan(name, provider_as_source(kept), None)?;
    let all = names
        .iter()
        .map(column)
        .chain([levels.alias(columns::LEVELS)]);
    Ok(Arc::new(ViewTable::new(rows.project(all)?.build()?, None)))
}

/// The levels of pairs, by the names of their records.
struct Levels {
    model: Arc<Resolved>,
    signature: Signature,
    compared: OnceCell<Compared>,
}

impl Levels {
    fn new(model: &Arc<Resolved>) -> Self {
        Self {
            model: Arc::clone(model),
            // It gives the same each time, but is to be computed once, where the rows are read: no
            // filter that is evaluated within a file can wait for the model.
            signature: Signature::variadic_any(Volatility::Volatile),
            compared: OnceCell::new(),
        }
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "levels of {}", self.model.object.name)
    }
}

impl PartialEq for Levels {
    fn eq(&self, other: &Self) -> bool {
        let of = |levels: &Self| (levels.model.object.oid, levels.model.version);
        of(self) == of(other)
    }
}

impl Eq for Levels {}

impl Hash for Levels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.model.object.oid, self.model.version).hash(state);
    }
}

impl ScalarUDFImpl for Levels {
    fn name(&self) -> &'static str {
        "entity_levels"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(columns::levels_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        internal_err!("levels of pairs wait for the model in memory")
    }
}

impl AsyncScalarUDFImpl for Levels {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(BATCH)
    }

    invoke_by!(Levels, compare);
}

impl Levels {
    async fn compare(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let names: Vec<ArrayRef> = arguments
            .args
            .iter()
            .map(|names| names.to_array(arguments.number_rows))
            .collect::<DataFusionResult<_>>()?;
        let compared = self
            .compared
            .get_or_try_init(|| Compared::new(&self.model))
            .await?;
        Ok(ColumnarValue::Array(Arc::new(compared.levels(&names)?)))
    }
}

/// A model in memory, ready to compare pairs.
struct Compared {
    index: Arc<Index>,
    levels: PairLevels,
    /// The names of the comparisons.
    names: StringArray,
    /// What the levels of all comparisons are called, one after the other, and where those of each
    /// begin.
    labels: StringArray,
    starts: Vec<u32>,
}

impl Compared {
    async fn new(model: &Arc<Resolved>) -> Result<Self> {
        let index = model.instance.indexes.get(model).await?;
        let (mut names, mut labels, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for (name, of_comparison) in index.resolver.model().comparisons() {
            names.push(name.to_owned());
            starts.push(labels.len() as u32);
            labels.extend(of_comparison);
        }
        Ok(Self {
            levels: PairLevels::new(&index.resolver)?,
            names: names.into(),
            labels: labels.into(),
            starts,
            index,
        })
    }

    /// The levels of pairs whose records have these names; NULL for one of which a record is not
    /// there.
    fn levels(&self, names: &[ArrayRef]) -> Result<MapArray> {
        let (left, right) = names.split_at(names.len() / 2);
        let records = self.index.resolver.records();
        let left = places_of(left, records)?;
        let right = places_of(right, records)?;
        let both: Vec<Option<(u32, u32)>> = left
            .into_iter()
            .zip(right)
            // As they were scored, whichever is told first: conditions of one's own may say another thing
            // of the two the other way about.
            .map(|(left, right)| {
                let (left, right) = left.zip(right)?;
                Some((left.max(right), left.min(right)))
            })
            .collect();
        let known: Vec<(u32, u32)> = both.iter().flatten().copied().collect();
        let levels = self.levels.of(&self.index.resolver, &known)?;
        let comparisons = self.starts.len() as u32;
        let named: UInt32Array = known.iter().flat_map(|_| 0..comparisons).collect();
        let starts = self.starts.iter().cycle();
        let labelled = levels.iter().zip(starts);
        let labelled: UInt32Array = labelled
            .map(|(level, start)| start + u32::from(*level))
            .collect();
        let DataType::Map(entries, is_sorted) = columns::levels_type() else {
            return Err(Error::internal("the levels of pairs are no map"));
        };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(Error::internal("the entries of a map are not a struct"));
        };
        let columns = vec![
            take(&self.names, &named, None)?,
            take(&self.labels, &labelled, None)?,
        ];
        let columns = StructArray::try_new(fields.clone(), columns, None)?;
        let lengths = both.iter().map(|pair| match pair {
            Some(_) => self.starts.len(),
            None => 0,
        });
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls: NullBuffer = both.iter().map(Option::is_some).collect();
        Ok(MapArray::try_new(
            entries,
            offsets,
            columns,
            Some(nulls),
            is_sorted,
        )?)
    }
}
