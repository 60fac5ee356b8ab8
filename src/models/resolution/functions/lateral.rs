//! `entity_lookup` of the row beside it: `FROM incoming i, entity_lookup('m', named_struct('email',
//! i.email)) e`.
//!
//! The entities of a row are a list, which a function that waits for the model in memory gives, and whose
//! rows are taken apart as those of any list are (`session::lateral_unnest`).

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{
    Column, DFSchema, Result as DataFusionResult, TableReference, UnnestOptions, internal_err,
};
use datafusion::datasource::{TableType, source_as_provider};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::{TableFactor, TableFunctionArgs};

use super::Asked;
use super::entity_lookup::no_record;
use crate::boxed::{invoke_by, scan_by};
use crate::sql::model_functions::{self, ModelFunction, expression};

/// How many records are looked up at a time, so that others have their turn.
const BATCH: usize = 256;

/// Numbers the lists of all calls, so that they can stand beside any columns.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What the lookups of a statement in a model answer with. It has no rows of its own: those of each record
/// are planned by [`LateralLookups`].
pub(super) struct Lookups {
    asked: Asked,
    columns: SchemaRef,
}

impl Lookups {
    pub(super) fn new(asked: Asked, columns: SchemaRef) -> Self {
        Self { asked, columns }
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lookups in {}", self.asked.model.object.name)
    }
}

impl TableProvider for Lookups {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    scan_by!(Lookups, scan_none);
}

impl Lookups {
    async fn scan_none(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        internal_err!("lookups are asked for records")
    }
}

/// Plans lookups of records that other relations have.
#[derive(Debug)]
pub struct LateralLookups;

impl RelationPlanner for LateralLookups {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> DataFusionResult<RelationPlanning> {
        let original = |relation| Ok(RelationPlanning::Original(Box::new(relation)));
        let TableFactor::Table {
            name,
            args: Some(TableFunctionArgs { args, .. }),
            alias,
            ..
        } = &relation
        else {
            return original(relation);
        };
        let reference = context.object_name_to_table_reference(name.clone())?;
        let call = model_functions::decode(reference.table());
        let is_lookup = call.is_some_and(|call| call.function == ModelFunction::Lookup);
        let [record] = args.as_slice() else {
            return original(relation);
        };
        let Some(record) = expression(record).filter(|_| is_lookup) else {
            return original(relation);
        };
        let (record, alias) = (record.clone(), alias.clone());
        let source = context.context_provider().get_table_source(reference)?;
        let columns = source.schema();
        let provider = source_as_provider(&source)?;
        let lookups = (provider.as_ref() as &dyn Any).downcast_ref::<Lookups>();
        let function = Found::new(lookups.map(|lookups| lookups.asked.clone()), &columns);
        let record = context.sql_to_expr(record, &DFSchema::empty())?;
        let list = format!(
            "tributary_lookups_{}",
            CALLS.fetch_add(1, Ordering::Relaxed)
        );
        let found = AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf();
        let row = || Expr::Column(Column::from_name(&list));
        let fields = columns.fields().iter().map(|field| {
            let value = get_field(row(), field.name().as_str());
            value.alias_qualified(None::<TableReference>, field.name())
        });
        let plan = LogicalPlanBuilder::empty(true)
            .project([found.call(vec![record]).alias(&list)])?
            .unnest_columns_with_options(
                vec![Column::from_name(&list)],
                UnnestOptions::new().with_preserve_nulls(false),
            )?
            .project(fields)?
            .build()?;
        let planned = PlannedRelation::new(plan, alias);
        Ok(RelationPlanning::Planned(Box::new(planned)))
    }
}

/// The entities that records may be, a list a record.
struct Found {
    /// The model; none where nothing is to be computed.
    asked: Option<Asked>,
    columns: SchemaRef,
    element: FieldRef,
    signature: Signature,
}

impl Found {
    fn new(asked: Option<Asked>, columns: &SchemaRef) -> Self {
        let row = DataType::Struct(columns.fields().clone());
        Self {
            asked,
            columns: Arc::clone(columns),
            element: Arc::new(Field::new_list_field(row, true)),
            // It gives the same each time, but is to be computed once, and where it can wait.
            signature: Signature::any(1, Volatility::Volatile),
        }
    }

    /// What is asked, and its version.
    fn version(&self) -> Option<(u64, i64)> {
        let model = &self.asked.as_ref()?.model;
        Some((u64::from(model.object.oid), model.version))
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lookups of records")
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.version() == other.version() && self.columns == other.columns
    }
}

impl Eq for Found {}

impl Hash for Found {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.version().hash(state);
    }
}

impl ScalarUDFImpl for Found {
    fn name(&self) -> &'static str {
        "entity_lookup"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        match arguments {
            [DataType::Struct(_) | DataType::Null] => Ok(DataType::List(Arc::clone(&self.element))),
            _ => Err(no_record("the argument of entity_lookup").into()),
        }
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        internal_err!("lookups wait for the model in memory")
    }
}

impl AsyncScalarUDFImpl for Found {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(BATCH)
    }

    invoke_by!(Found, look_up);
}

impl Found {
    async fn look_up(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let Some(asked) = &self.asked else {
            return internal_err!("lookups without their model");
        };
        let [record] = arguments.args.as_slice() else {
            return internal_err!("lookups of no record");
        };
        let records = record.to_array(arguments.number_rows)?;
        let Some(records) = records.as_struct_opt() else {
            return Err(no_record("NULL").into());
        };
        let columns = (Arc::clone(&self.columns), Arc::clone(&self.element));
        let found = asked.lookup_all(records, columns).await?;
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}
