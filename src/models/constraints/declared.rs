//! The constraints and defaults that a table's definition has.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName as AstName, Value,
};

use tributary_udfs::json::{JsonKind, has_documents};
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterLength};

use super::default_value::DefaultValue;
use super::generated;
use crate::catalog::{Object, Snapshot};
use crate::error::{ColumnPlace, ConstraintPlace, Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::models::{expression, keyed};
use crate::session::domains;
use crate::sql::character_length;
use crate::sql::constraint::{self, Constraint, Rule};
use crate::sql::create_table::CreateTable;
use crate::sql::identity::{self, Identity};
use crate::sql::name::ObjectName;
use crate::sql::walk::visit_expressions;
use crate::sql::{QualifiedName, Statement};

/// Where the conditions of checks stand, as errors say it.
const PLACE: &str = "CHECK";

/// The constraints of a table.
pub fn of(object: &Object) -> &[Constraint] {
    match &object.definition {
        Statement::CreateTable(create) => &create.constraints,
        _ => &[],
    }
}

/// The columns of an object's key, if it has one: no two of its rows have the same values there.
pub fn key_of(object: &Object) -> Option<Vec<String>> {
    let primary = of(object)
        .iter()
        .find_map(|constraint| match &constraint.rule {
            Rule::Unique {
                columns,
                primary: true,
                ..
            } => Some(columns.clone()),
            _ => None,
        });
    primary.or_else(|| Some(keyed::of(object).ok().flatten()?.identity()))
}

/// The default of a column: declared, or the next number of an identity.
pub fn default_of(object: &Object, column: &str) -> Option<Expr> {
    let Statement::CreateTable(create) = &object.definition else {
        return None;
    };
    match constraint::default_of(&create.columns, column) {
        Some(default) => Some(default.clone()),
        None => identity_of(object, column).map(|_| next_value(object, column)),
    }
}

/// What a column gets that is given no value: its default, or that of the domain that it is of.
pub fn given_default(snapshot: &Snapshot, object: &Object, column: &str) -> Option<Expr> {
    default_of(object, column).or_else(|| {
        let field = object.schema.field_with_name(column).ok()?;
        let is_computed = generated::generated_of(object, column).is_some();
        domains::default_of(snapshot, field).filter(|_| !is_computed)
    })
}

/// The identity of a column.
pub fn identity_of(object: &Object, column: &str) -> Option<Identity> {
    match &object.definition {
        Statement::CreateTable(create) => identity::of_column(&create.columns, column),
        _ => None,
    }
}

/// The name of an identity column's sequence, which a column that is renamed keeps, as in Postgres.
pub fn sequence_of(object: &Object, column: &str) -> QualifiedName {
    let QualifiedName { schema, name } = &object.name;
    QualifiedName::new(
        schema,
        format!("{name}_{}_seq", object.sequence_column(column)),
    )
}

/// The table and the identity column whose sequence has a name.
pub fn identity_sequence(
    snapshot: &Snapshot,
    name: &QualifiedName,
) -> Option<(Arc<Object>, String)> {
    let tables = snapshot.relations_in(&name.schema);
    let mut tables = tables.filter(|table| name.name.starts_with(&table.name.name));
    tables.find_map(|table| {
        let mut columns = table.schema.fields().iter().map(|field| field.name());
        let column = columns.find(|column| {
            identity_of(table, column).is_some() && sequence_of(table, column).name == name.name
        })?;
        Some((Arc::clone(table), column.clone()))
    })
}

/// Whether a name is that of an identity column's sequence.
pub fn is_of_identity(snapshot: &Snapshot, name: &ObjectName, path: &[String]) -> bool {
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    let tables = schemas
        .iter()
        .flat_map(|schema| snapshot.relations_in(schema));
    let mut columns = tables.flat_map(|table| {
        let fields = table.schema.fields().iter();
        fields.map(move |field| (table, field.name()))
    });
    columns.any(|(table, column)| {
        identity_of(table, column).is_some() && sequence_of(table, column).name == name.name
    })
}

/// That a value may be given to a column.
///
/// # Errors
/// 428C9 for one that is generated always.
pub fn check_settable(object: &Object, column: &str, message: String) -> Result<()> {
    check_not_generated(object, column, &message)?;
    match identity_of(object, column) {
        Some(identity) if identity.always => Err(Error::new(SqlState::GENERATED_ALWAYS, message)
            .with_detail(format!(
                "Column \"{column}\" is an identity column defined as GENERATED ALWAYS."
            ))),
        _ => Ok(()),
    }
}

/// That a column is not computed, whose values nobody may give.
///
/// # Errors
/// 428C9 for one that is.
pub fn check_not_generated(object: &Object, column: &str, message: &str) -> Result<()> {
    match generated::generated_of(object, column) {
        None => Ok(()),
        Some(_) => Err(Error::new(SqlState::GENERATED_ALWAYS, message)
            .with_detail(format!("Column \"{column}\" is a generated column."))),
    }
}

fn next_value(object: &Object, column: &str) -> Expr {
    let name = Value::SingleQuotedString(sequence_of(object, column).to_string());
    let name = FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(name)));
    Expr::Function(Function {
        name: AstName::from(vec![Ident::new("nextval")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![name],
            clauses: Vec::new(),
        }),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// Columns that tell the types which limit their texts, so that a literal beside one is of its type.
pub fn typed(columns: &SchemaRef, length: impl Fn(&str) -> Option<CharacterLength>) -> SchemaRef {
    let fields = columns.fields().iter();
    let fields = fields.map(|field| match length(field.name()) {
        Some(length) => {
            let mut metadata = field.metadata().clone();
            metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
            Arc::new(field.as_ref().clone().with_metadata(metadata))
        }
        None => Arc::clone(field),
    });
    let fields: Vec<_> = fields.collect();
    Arc::new(Schema::new_with_metadata(
        fields,
        columns.metadata().clone(),
    ))
}

/// A check, ready to be computed. The columns are [`typed`].
///
/// # Errors
/// What planning says, the constraint named.
pub(super) fn condition_of(
    state: &SessionState,
    columns: &SchemaRef,
    constraint: &Constraint,
    condition: &Expr,
) -> Result<Arc<dyn PhysicalExpr>> {
    let columns = DFSchema::try_from(Arc::clone(columns))?;
    expression::condition(state, &columns, condition.clone(), PLACE)
        .map_err(|error| within(error, constraint))
}

/// That a check has no subqueries.
///
/// # Errors
/// 0A000 for one that has.
pub fn refuse_subqueries(condition: &Expr) -> Result<()> {
    let subquery = visit_expressions(condition, |part| match part {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if subquery.is_break() {
        let message = "cannot use subquery in check constraint";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    Ok(())
}

/// That a check can be computed. The columns are [`typed`].
///
/// # Errors
/// What planning says, and what reading a literal meets.
pub fn check_condition(state: &SessionState, columns: &SchemaRef, condition: &Expr) -> Result<()> {
    let columns = DFSchema::try_from(Arc::clone(columns))?;
    expression::condition(state, &columns, condition.clone(), PLACE)?;
    let planned = expression::value(state, &columns, condition.clone(), PLACE)?;
    expression::check_literals(state, &planned)
}

fn within(error: Error, constraint: &Constraint) -> Error {
    error.within(format!("constraint \"{}\"", constraint.name))
}

/// A column of a table, as errors name it.
pub fn place(table: &Object, column: &str) -> ColumnPlace {
    ColumnPlace {
        schema: table.name.schema.clone(),
        relation: table.name.name.clone(),
        column: column.to_owned(),
    }
}

/// A constraint of a table, for errors.
pub fn constraint_place(table: &Object, constraint: &str) -> ConstraintPlace {
    ConstraintPlace {
        schema: table.name.schema.clone(),
        relation: table.name.name.clone(),
        constraint: constraint.to_owned(),
    }
}

/// That the constraints and defaults of a table that is declared can be planned.
///
/// # Errors
/// What planning says, the constraint or the column named; those of [`check_key`].
pub async fn validate(
    context: &StatementContext,
    columns: &SchemaRef,
    create: &CreateTable,
) -> Result<()> {
    let typed = typed(columns, |name| {
        character_length::of_column(&create.columns, name)
    });
    for constraint in &create.constraints {
        match &constraint.rule {
            Rule::Check(condition) => {
                refuse_subqueries(condition)?;
                check_condition(&context.state, &typed, condition)
                    .map_err(|error| within(error, constraint))?;
            }
            Rule::Unique {
                columns: of_key, ..
            } => check_key(columns, of_key)?,
            Rule::ForeignKey(key) => check_key(columns, &key.columns)?,
        }
    }
    generated::validate(&context.state, columns, create)?;
    for field in columns.fields() {
        if let Some(default) = constraint::default_of(&create.columns, field.name()) {
            DefaultValue::new(context, field, default)
                .await
                .map_err(|error| error.within(format!("default of column \"{}\"", field.name())))?;
        }
    }
    Ok(())
}

/// That the values of a key's columns can be told apart by how they are kept.
///
/// # Errors
/// 42704 for `json`, which has no equality; 0A000 for `jsonb`, in which `1` and `1.0` are equal, and for what has
/// documents within.
pub fn check_key(columns: &SchemaRef, key: &[String]) -> Result<()> {
    let fields = key
        .iter()
        .filter_map(|name| columns.field_with_name(name).ok());
    for field in fields {
        match JsonKind::of_field(field) {
            Some(JsonKind::Jsonb) => {
                let what = format!("a key of type jsonb, in column \"{}\",", field.name());
                return Err(Error::unsupported(what).with_hint(
                    "Take a column of text, or one that a part of the document is in.",
                ));
            }
            Some(kind) => {
                let name = kind.name();
                return Err(Error::new(
                    SqlState::UNDEFINED_OBJECT,
                    format!(
                        "data type {name} has no default operator class for access method \"btree\""
                    ),
                ));
            }
            None if has_documents(field) => {
                let what = format!("a key of documents, in column \"{}\",", field.name());
                return Err(
                    Error::unsupported(what).with_hint("Take a column that has none of them.")
                );
            }
            None => {}
        }
    }
    Ok(())
}
