//! What functions that users make must satisfy: their bodies can be planned, and answer what is declared.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use arrow::datatypes::{DataType as ArrowType, FieldRef};
use datafusion::sql::sqlparser::ast::{
    ColumnDef, DataType, Expr, Ident, Query, SelectItem, SetExpr,
};

use tributary_udfs::composites::CompositeType;

use super::constraints::check_assignable;
use super::define::declared_columns;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::session::{enums, plan, user_functions};
use crate::sql::create_function::{Body, CreateFunction, Returns, type_text};
use crate::sql::walk::visit_expressions;
use crate::sql::{QualifiedName, Statement};

/// Gives what a body names its full name; answers what it reads.
///
/// # Errors
/// 42P01 for a relation that does not exist.
pub fn resolve(
    create: &mut CreateFunction,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut query = create.query()?;
    // As in PostgreSQL, literals in a text are read where the function is called, unless that looks names up
    // in schemas of its own.
    let mut reads = match &create.body {
        Body::Text(..) => match create.search_path() {
            None => plan::resolve_names(&mut query, snapshot, path)?,
            Some(own) => plan::resolve_definition(&mut query, snapshot, &own, None)?,
        },
        Body::Atomic(_) | Body::Return(_) => {
            plan::resolve_definition(&mut query, snapshot, path, None)?
        }
    };
    // A literal in its body may name the function that it takes the place of.
    let schema = create.name.schema.as_deref().unwrap_or_default();
    if let Some(own) = snapshot.function(&QualifiedName::new(schema, create.signature())) {
        let mut body = create.query()?;
        let own_path = create.search_path();
        let path = own_path.as_deref().unwrap_or(path);
        if !plan::resolve_names(&mut body, snapshot, path)?.contains(&own.oid) {
            reads.remove(&own.oid);
        }
    }
    match &mut create.body {
        Body::Text(_, resolved) => *resolved = Some(query),
        Body::Atomic(own) => *own = query,
        Body::Return(value) => {
            let items = match query.body.as_mut() {
                SetExpr::Select(select) => std::mem::take(&mut select.projection),
                _ => Vec::new(),
            };
            if let Some(SelectItem::UnnamedExpr(resolved)) = items.into_iter().next() {
                **value = resolved;
            }
        }
    }
    let mut statement = Statement::CreateFunction(Box::new(create.clone()));
    reads.extend(enums::qualify_definition(&mut statement, snapshot, path)?);
    if let Statement::CreateFunction(named) = statement {
        *create = *named;
    }
    Ok(reads)
}

/// A function that tells of who asks, where a query calls one.
fn asks_for_role(query: &Query) -> Option<String> {
    const TELLING: [&str; 5] = [
        "current_user",
        "current_role",
        "user",
        "pg_has_role",
        "row_security_active",
    ];
    let found = visit_expressions(query, |part| {
        let name = match part {
            Expr::Function(call) => call.name.0.last().and_then(|part| part.as_ident()),
            // Some are called without parentheses.
            Expr::Identifier(name) if name.quote_style.is_none() => Some(name),
            _ => None,
        };
        let name = name.map_or_else(String::new, |name| name.value.to_lowercase());
        let is_of_privileges = name.starts_with("has_") && name.ends_with("_privilege");
        match is_of_privileges || TELLING.contains(&name.as_str()) {
            true => ControlFlow::Break(name),
            false => ControlFlow::Continue(()),
        }
    });
    found.break_value()
}

/// A function that tells of settings that it does not say, or answers by the search path, where a query calls one.
fn asks_for_setting(query: &Query) -> Option<String> {
    const TELLING: [&str; 4] = [
        "current_schema",
        "current_schemas",
        "current_setting",
        "set_config",
    ];
    let found = visit_expressions(query, |part| {
        let name = match part {
            // The function's own are said already, and others are the session's.
            Expr::Function(call) if user_functions::asked_setting(call).is_some() => None,
            Expr::Function(call) => call.name.0.last().and_then(|part| part.as_ident()),
            _ => None,
        };
        let name = name.map_or_else(String::new, |name| name.value.to_lowercase());
        let is_looked_up = name.starts_with("to_reg") || name.ends_with("_is_visible");
        match is_looked_up || TELLING.contains(&name.as_str()) {
            true => ControlFlow::Break(name),
            false => ControlFlow::Continue(()),
        }
    });
    found.break_value()
}

/// Has a body that answers the fields of a row, where a function answers one row, answer the row: `SELECT 1,
/// 'a'` of a function that returns a row of two columns. Its text stays as it is written.
///
/// # Errors
/// What planning the body says.
pub async fn gather_row(context: &StatementContext, create: &mut CreateFunction) -> Result<()> {
    *create = user_functions::with_current_row(create, &context.snapshot).into_owned();
    let Returns::Type(of) = &create.returns else {
        return Ok(());
    };
    let Some(row) = user_functions::row_named(&context.snapshot, of) else {
        return Ok(());
    };
    let Body::Text(_, Some(body)) = &create.body else {
        return Ok(());
    };
    let plan = plan::query(
        context,
        user_functions::probe(create, &context.snapshot)?.as_ref(),
    )
    .await
    .map_err(|error| error.within(format!("SQL function \"{}\"", create.name.name)))?;
    let fields = plan.schema().fields();
    let is_record = |field: &FieldRef| matches!(field.data_type(), ArrowType::Struct(_));
    let is_row = fields.len() == 1 && fields.first().is_some_and(is_record);
    if is_row || fields.len() != row.schema.fields().len() {
        return Ok(());
    }
    let gathered = user_functions::gathered(body, fields.len(), of)?;
    if let Body::Text(_, body) = &mut create.body {
        *body = Some(gathered);
    }
    Ok(())
}

/// That a body, whose names are full, answers what is declared.
///
/// # Errors
/// 42P13 where it does not; what planning it says.
pub async fn check(context: &StatementContext, create: &CreateFunction) -> Result<()> {
    let types = create.arguments.iter().map(|it| &it.data_type);
    for data_type in types {
        declared(context, data_type)?;
    }
    let probe = user_functions::probe(create, &context.snapshot)?;
    if create.security_definer
        && let Some(name) = asks_for_role(probe.as_ref())
    {
        return Err(
            Error::unsupported(format!("{name} within a function with SECURITY DEFINER"))
                .with_hint("It would tell of who calls the function, and not of its owner."),
        );
    }
    if !create.settings.is_empty()
        && let Some(name) = asks_for_setting(probe.as_ref())
    {
        return Err(Error::unsupported(format!(
            "{name} within a function with settings of its own"
        ))
        .with_hint("It would tell of the session's settings, and not of the function's."));
    }
    let plan = plan::query(context, &probe)
        .await
        .map_err(|error| error.within(format!("SQL function \"{}\"", create.name.name)))?;
    let fields = plan.schema().fields();
    let (wanted, shown) = match &create.returns {
        Returns::Type(of) => (vec![declared(context, of)?], type_text(of)),
        Returns::SetOf(of) => match user_functions::row_named(&context.snapshot, of) {
            Some(relation) => (
                relation.schema.fields().iter().cloned().collect(),
                type_text(of),
            ),
            None => (vec![declared(context, of)?], type_text(of)),
        },
        Returns::Table(columns) => {
            let declared: Result<Vec<FieldRef>> = columns
                .iter()
                .map(|(_, of)| declared(context, of))
                .collect();
            (declared?, "record".to_owned())
        }
    };
    let mismatch = |detail: String| {
        Err(Error::new(
            SqlState::INVALID_FUNCTION_DEFINITION,
            format!("return type mismatch in function declared to return {shown}"),
        )
        .with_detail(detail))
    };
    if fields.len() != wanted.len() {
        let detail = match wanted.len() {
            1 => "Final statement must return exactly one column.".to_owned(),
            _ if fields.len() > wanted.len() => {
                "Final statement returns too many columns.".to_owned()
            }
            _ => "Final statement returns too few columns.".to_owned(),
        };
        return mismatch(detail);
    }
    for (wanted, given) in wanted.iter().zip(fields) {
        // A text that is written as a literal is one here, too.
        let is_text = given.data_type().is_string() && !wanted.data_type().is_string();
        // A record is read as the row that is declared.
        let is_row = CompositeType::of(wanted.data_type()).is_some()
            && matches!(given.data_type(), ArrowType::Struct(_));
        if is_text || !is_row && check_assignable(wanted, given.data_type()).is_err() {
            let actual = tributary_udfs::type_name(given.data_type());
            return mismatch(format!("Actual return type is {actual}."));
        }
    }
    Ok(())
}

/// A column of a declared type.
fn declared(context: &StatementContext, data_type: &DataType) -> Result<FieldRef> {
    let column = ColumnDef {
        name: Ident::new("value"),
        data_type: user_functions::plain_type(data_type),
        options: Vec::new(),
    };
    let numbered = enums::number_columns(&[column], &context.snapshot, &[]);
    let columns = declared_columns(&numbered)?;
    columns
        .fields()
        .first()
        .cloned()
        .ok_or_else(|| Error::internal("a declared column is none"))
}
