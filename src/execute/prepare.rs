//! `PREPARE`.

use arrow::datatypes::DataType;
use chrono::Utc;
use datafusion::sql::sqlparser::ast::{ColumnDef, Ident};

use crate::error::Result;
use crate::session::enums;
use crate::session::{MAX_PREPARED_STATEMENTS, Outcome, Prepared, PreparedStatement, Session};
use crate::sql::prepare::Prepare;

/// Plans a statement as far as its parameters, and keeps it under a name.
///
/// # Errors
/// 42P05 for a name that is taken, 42704 for a type that does not exist, what planning says.
pub async fn execute(session: &Session, prepare: &Prepare, own: &Prepared) -> Result<Outcome> {
    session.statements.check_free(&prepare.name)?;
    let types = prepare.types.iter().map(|declared| match declared {
        Some(data_type) => parameter_type(session, data_type).map(Some),
        None => Ok(None),
    });
    let types = types.collect::<Result<Vec<_>>>()?;
    let statement = prepare.statement.as_ref().clone();
    let prepared = Box::pin(session.prepare(statement, &types)).await?;
    let statement = PreparedStatement {
        text: own.text.clone(),
        parameter_oids: prepared.parameter_oids.clone(),
        prepared: Some(prepared),
        prepared_at: Utc::now(),
        from_sql: true,
    };
    let name = prepare.name.clone();
    session
        .statements
        .insert(name, statement, MAX_PREPARED_STATEMENTS)?;
    Ok(Outcome::Done("PREPARE".to_owned()))
}

/// A type as a column of a table would have it.
fn parameter_type(
    session: &Session,
    declared: &datafusion::sql::sqlparser::ast::DataType,
) -> Result<DataType> {
    let column = ColumnDef {
        name: Ident::new("parameter"),
        data_type: declared.clone(),
        options: Vec::new(),
    };
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let columns = enums::number_columns(&[column], &snapshot, &path);
    let schema = crate::sources::declared_schema(&columns)?;
    Ok(schema.field(0).data_type().clone())
}
