//! The physical plan that reads files.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::FileRange;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::compression::compression_of;
use super::conforming::Origin;
use super::csv::CsvDecoder;
use super::format::FileFormat;
use super::hidden::is_hidden;
use super::input::{self, Rejections, Rows};
use super::json::JsonDecoder;
use super::location::SourceFile;
use super::matching::{self, Differences};
use super::options::FileOptions;
use super::rejected::RejectedRows;
use super::{avro, ipc, parquet};
use crate::error::{Error, Result};
use crate::sql::hidden_columns::{FILE, ROW};

/// A Parquet file is split among partitions only into parts of at least this many bytes.
const MIN_PART: u64 = 8 << 20;

/// What all files of a scan share.
#[derive(Clone, Debug)]
pub(super) struct ScanSource {
    /// `schema.name`.
    pub name: Arc<str>,
    pub format: FileFormat,
    pub location: String,
    pub options: FileOptions,
    /// What becomes of columns that only a file, or only the table, has.
    pub differences: Differences,
    pub store_url: ObjectStoreUrl,
    pub store: Arc<dyn ObjectStore>,
    /// The columns of the files.
    pub visible: SchemaRef,
    /// What Parquet files are pruned by.
    pub predicate: Option<Arc<dyn PhysicalExpr>>,
    pub collector: Arc<RejectedRows>,
}

/// A file, or of a Parquet file the row groups in a range of its bytes.
#[derive(Clone, Debug)]
pub(super) struct FilePart {
    pub file: SourceFile,
    pub range: Option<FileRange>,
}

/// A column of a scan's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Column(usize),
    File,
    Row,
}

/// Reads files.
#[derive(Clone, Debug)]
pub(super) struct FileScan {
    source: Arc<ScanSource>,
    parts: Vec<Vec<FilePart>>,
    outputs: Arc<[Output]>,
    schema: SchemaRef,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl FileScan {
    pub fn new(
        source: ScanSource,
        files: Vec<SourceFile>,
        table_schema: &SchemaRef,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
        partitions: usize,
    ) -> Result<Self> {
        let schema = match projection {
            Some(projection) => Arc::new(table_schema.project(projection)?),
            None => Arc::clone(table_schema),
        };
        let outputs = schema
            .fields()
            .iter()
            .map(|field| match source.visible.index_of(field.name()) {
                Ok(index) => Ok(Output::Column(index)),
                Err(_) if is_hidden(field) && field.name() == FILE => Ok(Output::File),
                Err(_) if is_hidden(field) && field.name() == ROW => Ok(Output::Row),
                Err(error) => Err(error),
            })
            .collect::<Result<_, _>>()?;
        let parts = distribute(files, partitions.max(1), source.format);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(Self {
            source: Arc::new(source),
            parts,
            outputs,
            schema,
            limit,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

/// Shares files out so that each partition has about as many bytes.
fn distribute(files: Vec<SourceFile>, partitions: usize, format: FileFormat) -> Vec<Vec<FilePart>> {
    let total: u64 = files.iter().map(|file| file.meta.size).sum();
    let part_size = (total / partitions as u64).max(MIN_PART);
    let mut parts = Vec::new();
    for file in files {
        let size = file.meta.size;
        if format != FileFormat::Parquet || size <= part_size {
            parts.push(FilePart { file, range: None });
            continue;
        }
        let mut start = 0;
        while start < size {
            let end = (start + part_size).min(size);
            let range = FileRange {
                start: start.cast_signed(),
                end: end.cast_signed(),
            };
            parts.push(FilePart {
                file: file.clone(),
                range: Some(range),
            });
            start = end;
        }
    }
    let mut groups: Vec<(u64, Vec<FilePart>)> = Vec::new();
    groups.resize_with(partitions.min(parts.len()).max(1), Default::default);
    parts.sort_by_key(|part| std::cmp::Reverse(part.size()));
    for part in parts {
        if let Some((load, group)) = groups.iter_mut().min_by_key(|(load, _)| *load) {
            // A file costs something even where it is empty.
            *load += part.size() + 1;
            group.push(part);
        }
    }
    groups
        .into_iter()
        .map(|(_, mut group)| {
            group.sort_by(|left, right| left.file.name.cmp(&right.file.name));
            group
        })
        .collect()
}

impl FilePart {
    fn size(&self) -> u64 {
        match &self.range {
            Some(range) => (range.end - range.start).unsigned_abs(),
            None => self.file.meta.size,
        }
    }
}

impl ScanSource {
    /// Where bad rows of a file go.
    pub fn rejections(&self, file: &SourceFile) -> Rejections {
        Rejections {
            source: Arc::clone(&self.name),
            on_error: self.options.on_error,
            collector: Arc::clone(&self.collector),
            modified: file.meta.last_modified,
        }
    }

    /// Where a file that has types has the table's columns. The statement is told what else it has, or
    /// lacks.
    ///
    /// # Errors
    /// Those of [`matching::by_type`].
    pub fn origins(&self, file: &SourceFile, schema: &Schema) -> Result<Vec<Origin>> {
        let matched = matching::by_type(&self.visible, schema, self.differences)
            .map_err(|error| error.within(&file.name))?;
        let rejections = self.rejections(file);
        for remark in matched.remarks {
            rejections.remark(&file.name, remark);
        }
        let columns = self.visible.fields().iter().zip(matched.columns);
        let origins = columns.map(|(field, source)| Origin {
            field: Arc::clone(field),
            source,
        });
        Ok(origins.collect())
    }

    /// Starts to read a file or a part of one.
    async fn open(
        &self,
        part: FilePart,
        outputs: &[Output],
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<Rows>>> {
        let batch_size = context.session_config().batch_size();
        let FilePart { file, range } = part;
        match self.format {
            FileFormat::Csv | FileFormat::Json => {
                let compression = self
                    .options
                    .compression
                    .unwrap_or_else(|| compression_of(&file.name));
                let bytes = input::open(&self.store, &file, compression).await?;
                let rejections = self.rejections(&file);
                let name = Arc::from(file.name.as_str());
                let schema = Arc::clone(&self.visible);
                let differences = self.differences;
                Ok(if self.format == FileFormat::Csv {
                    let decoder =
                        CsvDecoder::new(&self.options.csv, schema, differences, batch_size);
                    input::decode(bytes, decoder, name, rejections)
                } else {
                    let decoder = JsonDecoder::new(schema, differences, batch_size);
                    input::decode(bytes, decoder, name, rejections)
                })
            }
            FileFormat::Parquet => {
                let columns: Vec<usize> = outputs
                    .iter()
                    .filter_map(|output| match output {
                        Output::Column(index) => Some(*index),
                        Output::File | Output::Row => None,
                    })
                    .collect();
                parquet::open(
                    self,
                    &file,
                    range,
                    columns,
                    outputs.contains(&Output::Row),
                    context,
                )
                .await
            }
            FileFormat::Arrow => ipc::open(self, &file, context).await,
            FileFormat::Avro => avro::open(self, &file, batch_size, context).await,
        }
    }
}

/// Picks a scan's columns.
fn project(rows: &Rows, file: &str, outputs: &[Output], schema: &SchemaRef) -> Result<RecordBatch> {
    let count = rows.batch.num_rows();
    let columns = outputs
        .iter()
        .zip(schema.fields())
        .map(|(output, field)| match output {
            Output::Column(_) => rows
                .batch
                .column_by_name(field.name())
                .cloned()
                .ok_or_else(|| Error::internal(format!("column {} was not read", field.name()))),
            Output::File => Ok(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
                file, count,
            ))) as ArrayRef),
            Output::Row => Ok(Arc::new(rows.numbers.clone()) as ArrayRef),
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

impl DisplayAs for FileScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: usize = self.parts.iter().map(Vec::len).sum();
        let columns: Vec<_> = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        write!(
            f,
            "FileScan: source={}, format={}, location={}, files={files}, columns=[{}]",
            self.source.name,
            self.source.format,
            self.source.location,
            columns.join(", ")
        )?;
        if let Some(predicate) = &self.source.predicate {
            write!(f, ", pruning={predicate}")?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for FileScan {
    fn name(&self) -> &'static str {
        "FileScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        match &self.source.predicate {
            Some(predicate) => f(predicate),
            None => Ok(TreeNodeRecursion::Continue),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let parts = self.parts.get(partition).cloned().unwrap_or_default();
        let source = Arc::clone(&self.source);
        let outputs = Arc::clone(&self.outputs);
        let schema = Arc::clone(&self.schema);
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = stream::iter(parts)
            .then(move |part| {
                let source = Arc::clone(&source);
                let outputs = Arc::clone(&outputs);
                let schema = Arc::clone(&schema);
                let context = Arc::clone(&context);
                async move {
                    let file = part.file.name.clone();
                    let rows = source
                        .open(part, &outputs, &context)
                        .await
                        .map_err(|error| error.within(&source.name))?;
                    Ok::<_, Error>(rows.and_then(move |rows| {
                        let batch = project(&rows, &file, &outputs, &schema);
                        futures::future::ready(batch)
                    }))
                }
            })
            .try_flatten()
            .map(move |batch| batch.map_err(DataFusionError::from).record_output(&metrics));
        let limited = match self.limit {
            Some(limit) => take_rows(batches.boxed(), limit),
            None => batches.boxed(),
        };
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&self.schema), limited);
        Ok(Box::pin(cooperative(stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self {
            limit,
            ..self.clone()
        }))
    }
}

type Batches = BoxStream<'static, Result<RecordBatch, DataFusionError>>;

/// The first `limit` rows; nothing is read beyond them.
fn take_rows(batches: Batches, limit: usize) -> Batches {
    stream::try_unfold((batches, limit), |(mut batches, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(batch) = batches.try_next().await? else {
            return Ok(None);
        };
        let batch = batch.slice(0, batch.num_rows().min(left));
        let left = left - batch.num_rows();
        Ok(Some((batch, (batches, left))))
    })
    .boxed()
}
