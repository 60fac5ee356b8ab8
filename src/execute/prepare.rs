//! `PREPARE`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use chrono::Utc;
use datafusion::sql::sqlparser::ast::{self, ColumnDef, Ident, VisitorMut};

use crate::error::Result;
use crate::session::enums;
use crate::session::{MAX_PREPARED_STATEMENTS, Outcome, Prepared, PreparedStatement, Session};
use crate::sql::cursor::object_name_from;
use crate::sql::prepare::Prepare;
use crate::sql::{Statement, parts, type_names};

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
    let mut statement = prepare.statement.as_ref().clone();
    cast_parameters(session, &mut statement, &prepare.types);
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

/// Has parameters of types that users have made be cast to these, which no plan tells from texts.
fn cast_parameters(session: &Session, statement: &mut Statement, types: &[Option<ast::DataType>]) {
    let snapshot = session.instance.catalog.snapshot();
    if !snapshot.has_types() {
        return;
    }
    let is_own = |declared: &ast::DataType| {
        let mut declared = declared.clone();
        let name = type_names::named(&mut declared);
        let name = name.and_then(|name| object_name_from(name).ok());
        let path = session.settings().search_path.0;
        name.is_some_and(|name| snapshot.resolve_type(&name, &path).is_ok())
    };
    let own = types.iter().enumerate().filter_map(|(index, declared)| {
        let declared = declared.as_ref().filter(|it| is_own(it))?;
        Some((format!("${}", index + 1), declared.clone()))
    });
    let own: BTreeMap<String, ast::DataType> = own.collect();
    cast_to(statement, &own);
}

/// Has parameters of these names, as `$1`, be cast to these types.
pub fn cast_to(statement: &mut Statement, types: &BTreeMap<String, ast::DataType>) {
    if !types.is_empty() {
        // Nothing breaks the walk.
        let _ = parts::visit_mut(statement, &mut Casting(types));
    }
}

/// Casts parameters to these types.
struct Casting<'a>(&'a BTreeMap<String, ast::DataType>);

impl VisitorMut for Casting<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut ast::Expr) -> ControlFlow<()> {
        if let ast::Expr::Value(value) = &*expression
            && let ast::Value::Placeholder(name) = &value.value
            && let Some(data_type) = self.0.get(name)
        {
            *expression = ast::Expr::Cast {
                kind: ast::CastKind::DoubleColon,
                expr: Box::new(expression.clone()),
                data_type: data_type.clone(),
                array: false,
                format: None,
            };
        }
        ControlFlow::Continue(())
    }
}

/// A type as a column of a table would have it.
fn parameter_type(session: &Session, declared: &ast::DataType) -> Result<DataType> {
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
