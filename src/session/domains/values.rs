//! Values of domains in a plan.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable as _, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use datafusion::scalar::ScalarValue;
use tributary_udfs::rewrite_parts;

use super::{DOMAIN, DomainChecks, DomainKind};
use crate::catalog::Snapshot;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result, SqlState};
use crate::session::declared;
use crate::sql::domain_casts;

/// The name of the function of values that are checked.
const CHECKED: &str = "tributary_domain_value";

/// The function of a cast to a domain, as it is planned: it is gone before the plan is run.
pub static FUNCTION: LazyLock<ScalarUDF> = LazyLock::new(|| {
    ScalarUDF::new_from_impl(Planned {
        signature: Signature::any(3, Volatility::Immutable),
    })
});

/// Whether a function gives values of a domain, which its field tells.
pub fn is_value(function: &ScalarFunction) -> bool {
    function.name() == CHECKED
}

/// Puts functions that have the conditions ready in the place of casts to domains, and the names of domains
/// in that of `pg_typeof`.
///
/// # Errors
/// What planning a condition says.
pub fn settle(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    let sources = StatementCatalog::of(state.config_options())?;
    let snapshot = sources.snapshot();
    if !snapshot.has_types() {
        return Ok(plan);
    }
    let path = sources.search_path();
    let settled = plan.transform_up_with_subqueries(|node| {
        if !node.expressions().iter().any(is_open) {
            return Ok(Transformed::no(node));
        }
        let settling = Settling {
            state,
            snapshot: &snapshot,
            path: &path,
            schema: merge_schema(&node.inputs()),
        };
        let input = node.inputs().first().map(|input| (*input).clone());
        rewrite_parts(node, |part| settling.part(part, input.as_ref()))?
            .map_data(LogicalPlan::recompute_schema)
    });
    Ok(settled.data()?)
}

/// Whether something in an expression is to be replaced.
fn is_open(expression: &Expr) -> bool {
    let found = expression.exists(|part| {
        Ok(match part {
            Expr::ScalarFunction(call) => {
                call.name() == domain_casts::FUNCTION || call.name() == "pg_typeof"
            }
            _ => false,
        })
    });
    found.unwrap_or(false)
}

/// What the expressions of a node are replaced by.
struct Settling<'a> {
    state: &'a SessionState,
    snapshot: &'a Snapshot,
    path: &'a [String],
    schema: DFSchema,
}

impl Settling<'_> {
    fn part(&self, part: Expr, input: Option<&LogicalPlan>) -> QueryResult<Transformed<Expr>> {
        let Expr::ScalarFunction(call) = part else {
            return Ok(Transformed::no(part));
        };
        if call.name() == domain_casts::FUNCTION {
            let mut arguments = call.args.into_iter();
            let value = arguments.next().ok_or_else(misread)?;
            let kind = arguments.next().as_ref().and_then(kind_of);
            return self.checked(value, kind.ok_or_else(misread)?);
        }
        if let ("pg_typeof", [value], Some(input)) = (call.name(), call.args.as_slice(), input)
            && let Some(kind) = declared::domain(input, value, self.snapshot)
            && let Some(name) = kind.shown(self.snapshot, self.path)
        {
            return Ok(Transformed::yes(lit(name)));
        }
        Ok(Transformed::no(Expr::ScalarFunction(call)))
    }

    fn checked(&self, value: Expr, kind: DomainKind) -> QueryResult<Transformed<Expr>> {
        let data_type = value.get_type(&self.schema)?;
        let checks = DomainChecks::new(self.state, kind, &data_type)?;
        let checks = checks.ok_or_else(|| {
            let message = format!("type with OID {} does not exist", kind.oid);
            Error::new(SqlState::UNDEFINED_OBJECT, message)
                .with_hint("It has been dropped meanwhile. Run the statement again.")
        })?;
        let function = ScalarUDF::new_from_impl(Checked {
            checks: Arc::new(checks),
            signature: Signature::any(1, Volatility::Immutable),
        });
        Ok(Transformed::yes(function.call(vec![value])))
    }
}

/// The domain that a literal tells.
fn kind_of(literal: &Expr) -> Option<DomainKind> {
    match literal {
        Expr::Literal(key, _) => DomainKind::from_key(key.try_as_str().flatten()?),
        _ => None,
    }
}

fn misread() -> DataFusionError {
    Error::internal("a cast to a domain is read as something else").into()
}

/// The field of a value of a domain.
fn field_of(value: &FieldRef, kind: DomainKind) -> FieldRef {
    let mut metadata: HashMap<String, String> = value.metadata().clone();
    metadata.insert(DOMAIN.to_owned(), kind.key());
    Arc::new(value.as_ref().clone().with_metadata(metadata))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Planned {
    signature: Signature,
}

impl ScalarUDFImpl for Planned {
    fn name(&self) -> &str {
        domain_casts::FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> QueryResult<DataType> {
        Err(misread())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> QueryResult<FieldRef> {
        let key = arguments.scalar_arguments.get(1).copied().flatten();
        let kind = key.and_then(|key| DomainKind::from_key(key.try_as_str().flatten()?));
        match (arguments.arg_fields.first(), kind) {
            (Some(value), Some(kind)) => Ok(field_of(value, kind)),
            _ => Err(misread()),
        }
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        Err(misread())
    }
}

/// The function that gives values that are some of a domain, and refuses others.
#[derive(Debug)]
struct Checked {
    checks: Arc<DomainChecks>,
    signature: Signature,
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.checks.kind() == other.checks.kind() && self.checks.written() == other.checks.written()
    }
}

impl Eq for Checked {}

impl Hash for Checked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.checks.kind().hash(state);
        self.checks.written().hash(state);
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        CHECKED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> QueryResult<DataType> {
        arguments.first().cloned().ok_or_else(misread)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> QueryResult<FieldRef> {
        let value = arguments.arg_fields.first().ok_or_else(misread)?;
        Ok(field_of(value, self.checks.kind()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let value = arguments.args.into_iter().next().ok_or_else(misread)?;
        match &value {
            ColumnarValue::Array(values) => self.checks.check(values)?,
            ColumnarValue::Scalar(value) => self.checks.check(&ScalarValue::to_array(value)?)?,
        }
        Ok(value)
    }
}
