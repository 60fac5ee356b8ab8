//! Functions on models of the row beside them: `FROM incoming i, entity_lookup('m', named_struct('email',
//! i.email)) e`, and `FROM pairs p, entity_explain('m', p.a, p.b) e`.
//!
//! What is answered of a row is a list, which a function that waits for the model in memory gives, and whose
//! rows are taken apart as those of any list are (`session::lateral_unnest`).

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, AsArray};
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
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, TableFactor, TableFunctionArgs};
use tokio::sync::OnceCell;

use super::Asked;
use super::entity_explain::Explained;
use super::entity_lookup::no_record;
use crate::boxed::{invoke_by, scan_by};
use crate::sql::model_functions::{self, ModelFunction, expression};

/// For how many rows a model is asked at a time, so that others have their turn.
const BATCH: usize = 256;

/// Numbers the lists of all calls, so that they can stand beside any columns.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What a function of a statement on a model answers with. It has no rows of its own: those of each row
/// beside it are planned by [`LateralCalls`].
pub(super) struct BesideRows {
    asked: Asked,
    columns: SchemaRef,
}

impl BesideRows {
    pub(super) fn new(asked: Asked, columns: SchemaRef) -> Self {
        Self { asked, columns }
    }
}

impl fmt::Debug for BesideRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calls on {}", self.asked.model.object.name)
    }
}

impl TableProvider for BesideRows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    scan_by!(BesideRows, scan_none);
}

impl BesideRows {
    async fn scan_none(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        internal_err!("calls beside rows are asked for these")
    }
}

/// Plans functions on models whose arguments other relations have.
#[derive(Debug)]
pub struct LateralCalls;

impl RelationPlanner for LateralCalls {
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
        let function = model_functions::decode(reference.table()).map(|call| call.function);
        let Some(function) = function.filter(|function| function.takes_columns()) else {
            return original(relation);
        };
        let given: Option<Vec<SqlExpr>> = args.iter().map(|arg| expression(arg).cloned()).collect();
        let Some(given) = given.filter(|given| given.len() + 1 == function.arguments().len())
        else {
            return original(relation);
        };
        let alias = alias.clone();
        let source = context.context_provider().get_table_source(reference)?;
        let columns = source.schema();
        let provider = source_as_provider(&source)?;
        let calls = (provider.as_ref() as &dyn Any).downcast_ref::<BesideRows>();
        let asked = calls.map(|calls| calls.asked.clone());
        let answered = Answered::new(function, asked, &columns);
        let given = given
            .into_iter()
            .map(|argument| context.sql_to_expr(argument, &DFSchema::empty()))
            .collect::<DataFusionResult<Vec<Expr>>>()?;
        let list = format!("tributary_calls_{}", CALLS.fetch_add(1, Ordering::Relaxed));
        let answered = AsyncScalarUDF::new(Arc::new(answered)).into_scalar_udf();
        let row = || Expr::Column(Column::from_name(&list));
        let fields = columns.fields().iter().map(|field| {
            let value = get_field(row(), field.name().as_str());
            value.alias_qualified(None::<TableReference>, field.name())
        });
        let plan = LogicalPlanBuilder::empty(true)
            .project([answered.call(given).alias(&list)])?
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

/// What a function answers of rows, a list a row.
struct Answered {
    function: ModelFunction,
    /// The model; none where nothing is to be computed.
    asked: Option<Asked>,
    columns: SchemaRef,
    element: FieldRef,
    signature: Signature,
    /// What explains pairs, once some are to be explained.
    explained: OnceCell<Explained>,
}

impl Answered {
    fn new(function: ModelFunction, asked: Option<Asked>, columns: &SchemaRef) -> Self {
        let row = DataType::Struct(columns.fields().clone());
        let arguments = function.arguments().len() - 1;
        Self {
            function,
            asked,
            columns: Arc::clone(columns),
            element: Arc::new(Field::new_list_field(row, true)),
            // It gives the same each time, but is to be computed once, and where it can wait.
            signature: Signature::any(arguments, Volatility::Volatile),
            explained: OnceCell::new(),
        }
    }

    /// What is asked, and its version.
    fn version(&self) -> Option<(u64, i64)> {
        let model = &self.asked.as_ref()?.model;
        Some((u64::from(model.object.oid), model.version))
    }
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of rows", self.function.name())
    }
}

impl PartialEq for Answered {
    fn eq(&self, other: &Self) -> bool {
        let of = |answered: &Self| (answered.function, answered.version());
        of(self) == of(other) && self.columns == other.columns
    }
}

impl Eq for Answered {}

impl Hash for Answered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.function, self.version()).hash(state);
    }
}

impl ScalarUDFImpl for Answered {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        let is_lookup = self.function == ModelFunction::Lookup;
        match arguments {
            [DataType::Struct(_) | DataType::Null] => {}
            _ if is_lookup => return Err(no_record("the argument of entity_lookup").into()),
            _ => {}
        }
        Ok(DataType::List(Arc::clone(&self.element)))
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        internal_err!("{} waits for the model in memory", self.function.name())
    }
}

impl AsyncScalarUDFImpl for Answered {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(BATCH)
    }

    invoke_by!(Answered, answer);
}

impl Answered {
    async fn answer(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let Some(asked) = &self.asked else {
            return internal_err!("calls on a model without it");
        };
        let given = arguments
            .args
            .iter()
            .map(|argument| argument.to_array(arguments.number_rows))
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        let columns = (Arc::clone(&self.columns), Arc::clone(&self.element));
        let lists = match given.as_slice() {
            [records] => match records.as_struct_opt() {
                Some(records) => asked.lookup_all(records, columns).await?,
                None => return Err(no_record("NULL").into()),
            },
            [left, right] => {
                let explained = self.explained.get_or_try_init(|| Explained::new(asked));
                explained.await?.lists([left, right], columns).await?
            }
            _ => return internal_err!("{} has other arguments", self.function.name()),
        };
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}
