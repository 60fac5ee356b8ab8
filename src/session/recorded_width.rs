//! Columns that were recorded when integers in the text of a query were all `bigint`, a sum of reals was a
//! `double precision`, that of `bigint` one, and a variance of integers a `double precision`: they stay of
//! the types that they are known to be of.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, Schema};
use datafusion::functions::math::expr_fn::trunc;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, cast};

use super::declared;
use crate::catalog::Snapshot;
use crate::error::Result;

/// The plan of a definition, whose columns that are computed, and are `integer`, `real` or a numeric of any
/// digits now, are `bigint` or `double precision` where these were recorded so. What is a column of a table
/// has the type that it has there.
///
/// # Errors
/// None that planning the definition has not met.
pub fn keep(plan: LogicalPlan, recorded: &Schema, snapshot: &Snapshot) -> Result<LogicalPlan> {
    let kept = |index: usize, field: &Field| {
        let known = recorded.field_with_name(field.name()).ok()?.data_type();
        let is_kept =
            has_changed(field.data_type(), known) && !declared::is_stored(&plan, index, snapshot);
        is_kept.then(|| known.clone())
    };
    let fields = plan.schema().fields().iter().enumerate();
    let kept: Vec<Option<DataType>> = fields.map(|(index, field)| kept(index, field)).collect();
    if kept.iter().all(Option::is_none) {
        return Ok(plan);
    }
    let columns = plan.schema().columns().into_iter().zip(kept);
    let columns = columns.map(|(column, kept)| {
        let name = column.name.clone();
        let column = Expr::Column(column);
        match kept {
            // What was a quotient of integers has no digits after the point.
            Some(DataType::Int64) if is_fraction(&column, &plan) => {
                cast(trunc(vec![column]), DataType::Int64).alias(name)
            }
            Some(kept) => cast(column, kept).alias(name),
            None => column,
        }
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

/// Whether a query that gave values of one type may give the same as another one now.
fn has_changed(now: &DataType, known: &DataType) -> bool {
    matches!(
        (now, known),
        (DataType::Int32, DataType::Int64)
            | (DataType::Float32, DataType::Float64)
            | (
                DataType::Decimal128(DECIMAL128_MAX_PRECISION, _),
                DataType::Int64 | DataType::Float64
            )
    )
}

fn is_fraction(column: &Expr, plan: &LogicalPlan) -> bool {
    let data_type = column.get_type(plan.schema());
    matches!(data_type, Ok(DataType::Decimal128(_, scale)) if scale > 0)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::common::collect;

    use crate::execute::query;
    use crate::session::plan;
    use crate::sql::{QualifiedName, Statement, parse_one};
    use crate::test_server::{begin, block_on, open, run};

    #[test]
    fn columns_keep_the_types_that_were_recorded() {
        block_on(|| async {
            let folder = tempfile::tempdir().unwrap();
            let session = begin(&open(folder.path()).await);
            run(
                &session,
                "CREATE TABLE t (b BIGINT); INSERT INTO t VALUES (3), (4), (8);
                 CREATE VIEW v AS SELECT 1::BIGINT AS s, 1::BIGINT AS q, 0.5::FLOAT8 AS d FROM t;",
            )
            .await;
            let text = "SELECT sum(b) AS s, (sum(b) + 2) / count(*) AS q, var_pop(b - b) AS d FROM public.t";
            let create = parse_one(&format!("CREATE VIEW public.v AS {text}")).unwrap();
            let catalog = &session.instance.catalog;
            let name = QualifiedName::new("public", "v");
            let view = catalog.snapshot().relation(&name).unwrap().oid;
            catalog
                .write(|transaction| transaction.reword(view, create.clone()))
                .unwrap();
            let context = session.statement();
            let answer = async |sql: &str| {
                let Statement::Query(text) = parse_one(sql).unwrap() else {
                    panic!("{sql} is no query");
                };
                let plan = plan::query(&context, &text).await.unwrap();
                let rows = query::stream(context.state.clone(), plan).await.unwrap();
                let rows = collect(rows).await.unwrap();
                let types: Vec<_> = rows[0]
                    .schema()
                    .fields()
                    .iter()
                    .map(|field| field.data_type().clone())
                    .collect();
                (types, pretty_format_batches(&rows).unwrap().to_string())
            };
            let expected = answer("SELECT 15::BIGINT AS s, 5::BIGINT AS q, 0::FLOAT8 AS d").await;
            assert_eq!(answer("SELECT s, q, d FROM public.v").await, expected);
        });
    }
}
