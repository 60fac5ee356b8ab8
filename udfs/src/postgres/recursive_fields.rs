//! The fields of recursive queries, which are those of the part that does not read the query itself: DataFusion
//! wants those of the other part to tell the same beside their types, such as the lengths of texts, which a cast
//! of a literal does not tell and a column of the query does.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, Projection, RecursiveQuery, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::character_length::CHARACTER_LENGTH;

/// A recursive query of which both parts tell the same of their columns.
pub(super) fn of_first_part(query: RecursiveQuery) -> Result<RecursiveQuery> {
    let (first, next) = (query.static_term.schema(), query.recursive_term.schema());
    let fields = first.fields().iter().zip(next.fields());
    // What a plan tells of lengths may have been true of it before its casts were rewritten.
    let told = fields.map(|(own, given)| {
        let is_told =
            own.metadata() != given.metadata() || own.metadata().contains_key(CHARACTER_LENGTH);
        is_told.then(|| Arc::clone(own))
    });
    let told: Vec<Option<FieldRef>> = told.collect();
    let first = with_fields(query.static_term, &told)?;
    let next = with_fields(query.recursive_term, &told)?;
    RecursiveQuery::try_new(query.name, first, next, query.is_distinct)
}

/// A part of which these columns, those that are any, tell what these fields do. A plan is analyzed more than once.
fn with_fields(part: Arc<LogicalPlan>, told: &[Option<FieldRef>]) -> Result<Arc<LogicalPlan>> {
    if told.iter().all(Option::is_none) || is_told(&part) {
        return Ok(part);
    }
    let columns = part.schema().columns().into_iter().zip(told);
    let columns = columns.map(|(column, told)| {
        let value = Expr::Column(column.clone());
        match told {
            Some(told) => told_as(value, told).alias_qualified(column.relation, column.name),
            None => value,
        }
    });
    let part = Projection::try_new(columns.collect(), part)?;
    Ok(Arc::new(LogicalPlan::Projection(part)))
}

fn is_told(part: &LogicalPlan) -> bool {
    let is_told = |value: &Expr| match value.clone().unalias() {
        Expr::ScalarFunction(call) => call.func.inner().downcast_ref::<ToldAs>().is_some(),
        _ => false,
    };
    match part {
        LogicalPlan::Projection(projection) => projection.expr.iter().any(is_told),
        _ => false,
    }
}

fn told_as(value: Expr, field: &Field) -> Expr {
    let metadata = field.metadata().iter();
    let function = ScalarUDF::new_from_impl(ToldAs {
        metadata: metadata
            .map(|(key, told)| (key.clone(), told.clone()))
            .collect(),
        signature: Signature::any(1, Volatility::Immutable),
    });
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![value]))
}

/// A value, of which its field tells this.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ToldAs {
    metadata: BTreeMap<String, String>,
    signature: Signature,
}

impl ScalarUDFImpl for ToldAs {
    fn name(&self) -> &str {
        "told_as"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the field of a value is told by that of what it is made of")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let [value] = args.arg_fields else {
            return internal_err!("one value is told of");
        };
        let metadata = self.metadata.clone().into_iter().collect();
        Ok(Arc::new(value.as_ref().clone().with_metadata(metadata)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.into_iter().next() {
            Some(value) => Ok(value),
            None => internal_err!("one value is told of"),
        }
    }
}
