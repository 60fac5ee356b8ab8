//! External tables over files, as DataFusion sees them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectStore;
use tokio::sync::OnceCell;
use tributary_udfs::postgres::with_plain_casts;

use super::compression::compression_of;
use super::format::FileFormat;
use super::hidden::with_hidden_columns;
use super::learning::{self, Known, Learned};
use super::location::{self, Location, SourceFile};
use super::matching::Differences;
use super::options::{ExtraColumns, FileOptions};
use super::rejected::RejectedRows;
use super::scan::{FileScan, ScanSource};
use super::types::{check_readable_from_csv, declared_schema};
use super::{columns, input};
use crate::boxed::scan_by;
use crate::error::{Error, Result, SqlState};
use crate::sql::create_external_table::CreateExternalTable;
use crate::sql::name::DEFAULT_SCHEMA;

/// An external table over files.
#[derive(Clone, Debug)]
pub struct FileTable {
    files: Files,
    /// What was found at the first scan: however often a statement reads the table, it reads the
    /// same files.
    listed: Arc<OnceCell<Vec<SourceFile>>>,
    /// The columns of `*`.
    visible: SchemaRef,
    /// What the table shows: `visible`, or that and the hidden columns.
    schema: SchemaRef,
}

/// Where a table's files are and how they are read.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub source: Arc<str>,
    pub format: FileFormat,
    pub location: Location,
    pub options: FileOptions,
    are_declared: bool,
    store_url: ObjectStoreUrl,
    pub store: Arc<dyn ObjectStore>,
}

impl Files {
    fn open(definition: &CreateExternalTable, base: &Path, runtime: &RuntimeEnv) -> Result<Self> {
        let format = FileFormat::from_name(&definition.format)?;
        let location = Location::parse(&definition.location, base)?;
        let options = FileOptions::read(
            &definition.options,
            format,
            |key| location.is_store_option(key),
            location.store_options(),
        )?;
        let (store_url, store) = location.store(&options.store, runtime)?;
        Ok(Self {
            source: definition.name.qualify(DEFAULT_SCHEMA).to_string().into(),
            format,
            location,
            options,
            are_declared: !definition.columns.is_empty(),
            store_url,
            store,
        })
    }

    /// What becomes of columns that only a file, or only the table, has; `stores` tells whether rows are
    /// stored.
    fn differences(&self, stores: bool) -> Differences {
        Differences {
            extra: self.options.extra(self.are_declared),
            missing: self.options.missing(self.are_declared, self.format),
            stores,
        }
    }

    async fn list(&self, required: bool) -> Result<Vec<SourceFile>> {
        self.location
            .list(self.store.as_ref(), self.format, required)
            .await
    }

    /// Lets a decoder read the beginning of a file.
    pub async fn sample<D: input::Decoder>(
        &self,
        file: &SourceFile,
        decoder: D,
        is_enough: impl Fn(&D) -> bool,
    ) -> Result<D> {
        let compression = self
            .options
            .compression
            .unwrap_or_else(|| compression_of(&file.name));
        let bytes = input::open(&self.store, file, compression).await?;
        input::sample(bytes, decoder, is_enough)
            .await
            .map_err(|error| error.within(&file.name))
    }

    /// The error of files without columns.
    pub fn no_columns(&self) -> Error {
        Error::new(
            SqlState::INVALID_OBJECT_DEFINITION,
            format!(
                "the files of \"{}\" hold nothing that columns could be inferred from",
                self.location
            ),
        )
        .with_hint("Declare the columns.")
    }
}

pub(super) async fn infer_schema(
    definition: &CreateExternalTable,
    base: &Path,
    state: &SessionState,
) -> Result<SchemaRef> {
    let files = Files::open(definition, base, state.runtime_env())?;
    if !definition.columns.is_empty() {
        let schema = declared_schema(&definition.columns)?;
        if files.format == FileFormat::Csv {
            check_readable_from_csv(&schema)?;
        }
        return Ok(schema);
    }
    let found = files.list(true).await?;
    columns::infer(&files, &found).await
}

/// See [`super::learns`].
pub(super) fn learns(
    definition: &CreateExternalTable,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<bool> {
    let files = Files::open(definition, base, runtime)?;
    Ok(files.differences(false).extra == ExtraColumns::Add)
}

/// See [`super::learn`].
pub(super) async fn learn(
    definition: &CreateExternalTable,
    current: &SchemaRef,
    known: Option<Known>,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<Option<Learned>> {
    let files = Files::open(definition, base, runtime)?;
    if files.differences(false).extra != ExtraColumns::Add {
        return Ok(None);
    }
    let listed = files.list(false).await?;
    Ok(learning::learn(&files, &listed, definition, current, known).await)
}

pub(super) async fn fingerprint(
    definition: &CreateExternalTable,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<String> {
    let files = Files::open(definition, base, runtime)?;
    Ok(location::fingerprint(&files.list(false).await?))
}

impl FileTable {
    pub(super) fn open(
        definition: &CreateExternalTable,
        schema: SchemaRef,
        base: &Path,
        runtime: &RuntimeEnv,
    ) -> Result<Self> {
        Ok(Self {
            files: Files::open(definition, base, runtime)?,
            listed: Arc::default(),
            visible: Arc::clone(&schema),
            schema,
        })
    }

    /// The table with `_file` and `_row` after its own columns (but not over ones so named).
    #[must_use]
    pub fn with_hidden_columns(&self) -> Self {
        Self {
            schema: Arc::new(with_hidden_columns(&self.visible)),
            ..self.clone()
        }
    }

    /// The name of the source.
    pub fn source(&self) -> &str {
        &self.files.source
    }

    /// The files that are read, each with a fingerprint.
    ///
    /// # Errors
    /// What listing them meets.
    pub async fn files(&self) -> Result<Vec<(String, String)>> {
        let files = self.listed().await?;
        let each = files.iter().map(|file| {
            let fingerprint = location::fingerprint(std::slice::from_ref(file));
            (file.name.clone(), fingerprint)
        });
        Ok(each.collect())
    }

    /// The table of these files alone, which were listed.
    #[must_use]
    pub fn only(&self, names: &BTreeSet<String>) -> Self {
        let listed = self.listed.get().into_iter().flatten();
        let files = listed.filter(|file| names.contains(&file.name)).cloned();
        Self {
            listed: Arc::new(OnceCell::new_with(Some(files.collect()))),
            ..self.clone()
        }
    }

    async fn listed(&self) -> Result<&Vec<SourceFile>> {
        let listed = self.listed.get_or_try_init(|| self.files.list(false)).await;
        listed.map_err(|error| error.within(&self.files.source))
    }

    /// Whether a filter can be handed to the reader.
    fn can_prune(&self, filter: &Expr) -> bool {
        self.files.format == FileFormat::Parquet
            && filter
                .column_refs()
                .iter()
                .all(|column| self.visible.column_with_name(&column.name).is_some())
    }
}

impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        Ok(filters
            .iter()
            .map(|filter| {
                if self.can_prune(filter) {
                    TableProviderFilterPushDown::Inexact
                } else {
                    TableProviderFilterPushDown::Unsupported
                }
            })
            .collect())
    }

    scan_by!(FileTable, scan_files);
}

impl FileTable {
    async fn scan_files(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let files = self.listed().await?.clone();
        let prunable = filters.iter().filter(|filter| self.can_prune(filter));
        let predicate = match conjunction(prunable.cloned()) {
            Some(filter) => {
                let schema = DFSchema::try_from(self.visible.as_ref().clone())?;
                Some(state.create_physical_expr(with_plain_casts(filter)?, &schema)?)
            }
            None => None,
        };
        let collector = state.config().get_extension::<RejectedRows>();
        let collector = collector.unwrap_or_else(|| Arc::new(RejectedRows::counting()));
        let source = ScanSource {
            name: Arc::clone(&self.files.source),
            format: self.files.format,
            location: self.files.location.to_string(),
            options: self.files.options.clone(),
            differences: self.files.differences(collector.stores()),
            store_url: self.files.store_url.clone(),
            store: Arc::clone(&self.files.store),
            visible: Arc::clone(&self.visible),
            predicate,
            collector,
        };
        let scan = FileScan::new(
            source,
            files,
            &self.schema,
            projection,
            limit.filter(|_| filters.is_empty()),
            state.config().target_partitions(),
        )?;
        Ok(Arc::new(scan))
    }
}
