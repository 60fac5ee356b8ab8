//! `EXECUTE`: runs what was prepared.

use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Visit, Visitor};
use futures::TryStreamExt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::query::stream;
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, check_privileges, plan, row_functions};
use crate::sql::execute::Execute;
use crate::sql::{Statement, literal_parameters, parse_one, row_locks};

/// Runs a prepared statement with the values of its parameters.
///
/// # Errors
/// 26000 where there is none of that name, 42601 for more or fewer values than it has parameters,
/// 0A000 where its columns have changed since and for subqueries in values, 42501 for functions there that
/// who asks may not call, what its run says.
pub async fn execute(session: &Session, execute: &Execute) -> Result<Outcome> {
    let named = session.statements.get(&execute.name)?;
    let Some(prepared) = named.prepared else {
        return Ok(Outcome::Done(String::new()));
    };
    if !matches!(
        prepared.statement,
        Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Merge(_)
            | Statement::WithChanges(_)
    ) {
        return Err(Error::unsupported("EXECUTE of this statement")
            .with_hint("Prepare a query, an INSERT, an UPDATE, a DELETE or a MERGE."));
    }
    session.check_write(&prepared)?;
    let values = values(session, execute, &prepared.parameter_types).await?;
    let outcome = Box::pin(super::statement(session, &prepared, values)).await?;
    if let (Outcome::Rows { stream, .. }, Some(described)) = (&outcome, &prepared.schema)
        && !are_alike(described, &stream.schema())
    {
        let message = "cached plan must not change result type";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
            .with_hint("Prepare the statement again."));
    }
    Ok(outcome)
}

/// The query that was prepared, with the values of its parameters in it as literals: for what keeps it.
///
/// # Errors
/// 26000 where there is none of that name, 42809 for what is no query, 0A000 for one that locks rows, 42601
/// for more or fewer values than it has parameters.
pub async fn query(session: &Session, execute: &Execute) -> Result<Box<ast::Query>> {
    let named = session.statements.get(&execute.name)?;
    let no_query = || {
        let message = "prepared statement is not a SELECT";
        Error::new(SqlState::WRONG_OBJECT_TYPE, message)
    };
    let prepared = named.prepared.ok_or_else(no_query)?;
    let Statement::Query(query) = &prepared.statement else {
        return Err(no_query());
    };
    if row_locks::command(query).is_some() {
        return Err(Error::unsupported(
            "FOR UPDATE or FOR SHARE in CREATE TABLE AS",
        ));
    }
    let values = values(session, execute, &prepared.parameter_types).await?;
    let mut query = query.clone();
    literal_parameters::put_in(&mut query, &values)?;
    Ok(query)
}

/// Whether columns have the names and types of others. Numerics may differ in their digits, as those of
/// `round(n, $1)` do, which are known with the value.
fn are_alike(described: &Schema, actual: &Schema) -> bool {
    let (described, actual) = (described.fields(), actual.fields());
    let is_same = |(described, actual): (&Arc<Field>, &Arc<Field>)| {
        let (before, now) = (described.data_type(), actual.data_type());
        described.name() == actual.name()
            && (before == now || before.is_decimal() && now.is_decimal())
    };
    described.len() == actual.len() && described.iter().zip(actual).all(is_same)
}

/// Whether the values of parameters of these types are at hand, so that nothing is planned for them.
pub fn gives_literals(execute: &Execute, types: &[DataType]) -> bool {
    literals(execute, types).is_some()
}

/// The values of parameters of these types where all are literals.
fn literals(execute: &Execute, types: &[DataType]) -> Option<Vec<ScalarValue>> {
    let given = execute.arguments.iter().zip(types);
    given
        .map(|(argument, wanted)| literal(argument, wanted))
        .collect()
}

/// The value of a literal that is read as this type whoever reads it; none of another expression.
fn literal(argument: &ast::Expr, wanted: &DataType) -> Option<ScalarValue> {
    let ast::Expr::Value(literal) = argument else {
        return None;
    };
    match (&literal.value, wanted) {
        (ast::Value::Null, _) => ScalarValue::try_from(wanted).ok(),
        (ast::Value::SingleQuotedString(text), DataType::Utf8) => Some(text.as_str().into()),
        (ast::Value::Number(digits, false), DataType::Int32) => {
            digits.parse::<i32>().ok().map(ScalarValue::from)
        }
        (ast::Value::Number(digits, false), DataType::Int64) => {
            digits.parse::<i64>().ok().map(ScalarValue::from)
        }
        _ => None,
    }
}

/// Refuses subqueries in the values of parameters, as Postgres does.
fn refuse_subqueries(arguments: &[ast::Expr]) -> Result<()> {
    struct Subquery;

    impl Visitor for Subquery {
        type Break = ();

        fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    let mut arguments = arguments.iter();
    match arguments.any(|argument| argument.visit(&mut Subquery).is_break()) {
        true => {
            let message = "cannot use subquery in EXECUTE parameter";
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
                .with_hint("Read the value first, and give that to EXECUTE."))
        }
        false => Ok(()),
    }
}

/// The values of the parameters: as they are written where all are literals, or else computed as the one
/// row of a query, which who asks must be allowed to run.
async fn values(
    session: &Session,
    execute: &Execute,
    types: &[DataType],
) -> Result<Vec<ScalarValue>> {
    let (given, wanted) = (execute.arguments.len(), types.len());
    // As in Postgres, which does not look at values that nothing takes.
    if wanted == 0 {
        return Ok(Vec::new());
    }
    if given != wanted {
        let message = format!(
            "wrong number of parameters for prepared statement \"{}\"",
            execute.name
        );
        return Err(Error::new(SqlState::SYNTAX_ERROR, message)
            .with_detail(format!("Expected {wanted} parameters but got {given}.")));
    }
    if let Some(values) = literals(execute, types) {
        return Ok(values);
    }
    refuse_subqueries(&execute.arguments)?;
    let context = session.statement();
    row_functions::refuse(&context.state, &execute.arguments, "EXECUTE parameters")?;
    let Statement::Query(mut row) = parse_one("SELECT NULL")? else {
        return Err(Error::internal("SELECT is not read as a query"));
    };
    if let ast::SetExpr::Select(select) = row.body.as_mut() {
        let arguments = execute.arguments.iter().enumerate();
        let items = arguments.map(|(index, argument)| ast::SelectItem::ExprWithAlias {
            expr: argument.clone(),
            alias: ast::Ident::with_quote('"', format!("${}", index + 1)),
        });
        select.projection = items.collect();
    }
    check_privileges(session, &Statement::Query(row.clone()))?;
    let path = session.settings().search_path.0;
    plan::resolve_names(&mut row, &context.snapshot, &path)?;
    let fields = types.iter().enumerate();
    let fields =
        fields.map(|(index, known)| Field::new(format!("${}", index + 1), known.clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let plan = plan::cast_to(plan::query(&context, &row).await?, &schema)?;
    let rows = stream(context.state, plan).await?;
    let rows: Vec<RecordBatch> = rows.try_collect().await?;
    let row = rows.iter().find(|batch| batch.num_rows() > 0);
    let row = row.ok_or_else(|| Error::internal("the values of EXECUTE are no row"))?;
    let values = row.columns().iter();
    let values = values.map(|column| ScalarValue::try_from_array(column, 0));
    Ok(values.collect::<Result<Vec<_>, _>>()?)
}
