//! Columns that are computed from others of their row as these are put in: `GENERATED ALWAYS AS
//! (expression) STORED`.
//!
//! They are computed wherever the rows of a table pass, so that all ways of putting rows in give the same,
//! and what a column is made of may change its type. A statement that answers of new rows computes them
//! in its plan too.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable as _, Volatility, cast};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast;
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{self, JsonKind};

use super::assignable::check_assignable;
use super::declared::typed;
use super::fitted::fitted;
use crate::catalog::Object;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result, SqlState};
use crate::models::{expression, keyed};
use crate::session::{composites, enums, row_functions};
use crate::sql::create_table::CreateTable;
use crate::sql::name::Quoted;
use crate::sql::renaming::names_column;
use crate::sql::walk::visit_expressions;
use crate::sql::{Statement, character_length, generated};

/// Where the expressions stand, as errors say it.
const PLACE: &str = "column generation expressions";

/// What a column is computed by, if it is.
pub fn generated_of<'a>(object: &'a Object, column: &str) -> Option<&'a ast::Expr> {
    match &object.definition {
        Statement::CreateTable(create) => generated::expression_of(&create.columns, column),
        _ => None,
    }
}

/// Whether a table has columns that are computed.
pub fn has_generated(object: &Object) -> bool {
    let Statement::CreateTable(create) = &object.definition else {
        return false;
    };
    let mut options = create.columns.iter().flat_map(|column| &column.options);
    options.any(generated::is_generated)
}

/// The columns of a table that are computed, by their places, each with the value as it is kept, over
/// columns of the table's names.
///
/// # Errors
/// What planning says, the column named.
pub fn values(object: &Object, state: &SessionState) -> Result<Vec<(usize, Expr)>> {
    if !has_generated(object) {
        return Ok(Vec::new());
    }
    let fields = object.schema.fields().iter().enumerate();
    let found = fields.filter_map(|(place, field)| {
        Some((place, field, generated_of(object, field.name())?.clone()))
    });
    let mut values = Vec::new();
    for (place, field, written) in found {
        let columns = typed(&nullable(&object.schema), |name| {
            object.character_length(name)
        });
        let columns = DFSchema::try_from(columns)?;
        let value = expression::value(state, &columns, written, PLACE)
            .map_err(|error| within(error, field.name()))?;
        let given = value.get_type(&columns)?;
        check_assignable(field, &given)?;
        let value = if EnumKind::of_field(field).is_some() {
            enums::assigned(value, field)
        } else if given != *field.data_type() && CompositeKind::of(field.data_type()).is_some() {
            let sources = StatementCatalog::of(state.config_options())?;
            let path = sources.search_path();
            composites::read_assigned(&sources.snapshot(), &path, value, field, &columns)?
        } else if let Some(kind) = JsonKind::of_field(field) {
            json::assigned(value, kind, &columns)?
        } else if given != *field.data_type() {
            cast(value, field.data_type().clone())
        } else {
            value
        };
        values.push((place, fitted(value, object, field.name())));
    }
    Ok(values)
}

/// The columns of a table that are computed, ready to be.
pub(super) struct Generated {
    values: Vec<(usize, Arc<dyn PhysicalExpr>)>,
    columns: SchemaRef,
}

impl Generated {
    pub(super) fn new(object: &Object, state: &SessionState) -> Result<Self> {
        let columns = nullable(&object.schema);
        let known = DFSchema::try_from(Arc::clone(&columns))?;
        let values = values(object, state)?.into_iter();
        let values = values.map(|(place, value)| {
            let value = expression::ready(state, &known, value)?;
            Ok((place, value))
        });
        Ok(Self {
            values: values.collect::<Result<_>>()?,
            columns,
        })
    }

    /// Puts the values in the place of what rows have in these columns.
    ///
    /// # Errors
    /// What computing them meets.
    pub(super) fn compute(&self, columns: &mut [ArrayRef]) -> QueryResult<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        let rows = RecordBatch::try_new(Arc::clone(&self.columns), columns.to_vec())?;
        for (place, value) in &self.values {
            if let Some(column) = columns.get_mut(*place) {
                *column = value.evaluate(&rows)?.into_array(rows.num_rows())?;
            }
        }
        Ok(())
    }
}

fn nullable(columns: &SchemaRef) -> SchemaRef {
    let fields = columns.fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// That the columns of a table that is declared can be computed as the table says.
///
/// # Errors
/// 0A000 for a subquery or a set-returning function, 42803 and 42P20 for aggregate and window functions;
/// 42P17 for another generated column, and for what may give another value later; 0A000 for a column that
/// tells the rows of a keyed table apart, or of one that merges columns.
pub(super) fn validate(
    state: &SessionState,
    columns: &SchemaRef,
    create: &CreateTable,
) -> Result<()> {
    let keyed = keyed::declared(&create.options)?;
    for field in columns.fields() {
        let name = field.name();
        let Some(written) = generated::expression_of(&create.columns, name) else {
            continue;
        };
        if keyed
            .as_ref()
            .is_some_and(|keyed| keyed.merges_by_version())
        {
            return Err(
                Error::unsupported("a generated column in a table with merge = 'column'")
                    .with_hint("Compute it in a view on the table."),
            );
        }
        if let Some(option) = keyed::naming(&create.options, name) {
            let what = format!("generated column \"{name}\" in option \"{option}\"");
            return Err(
                Error::unsupported(what).with_hint("Name columns that rows are given with.")
            );
        }
        refuse(written, create)?;
        row_functions::refuse(state, written, PLACE)?;
        let known = typed(&nullable(columns), |name| {
            character_length::of_column(&create.columns, name)
        });
        let known = DFSchema::try_from(known)?;
        let planned = expression::read(state, &known, written.clone())
            .map_err(|error| within(error, name))?;
        if changes(&planned, &known)? {
            return Err(Error::new(
                SqlState::INVALID_OBJECT_DEFINITION,
                "generation expression is not immutable",
            )
            .with_detail(format!(
                "The value of column \"{name}\" would depend on more than its row: on the time, on chance or on settings."
            )));
        }
        let value = expression::value(state, &known, written.clone(), PLACE)
            .map_err(|error| within(error, name))?;
        check_assignable(field, &value.get_type(&known)?)?;
        expression::check_literals(state, &value).map_err(|error| within(error, name))?;
    }
    Ok(())
}

/// Refuses what is not computed from columns of the row that are given.
fn refuse(written: &ast::Expr, create: &CreateTable) -> Result<()> {
    let found = visit_expressions(written, |part| match part {
        ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. } => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if found.is_break() {
        return Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "cannot use subquery in column generation expression",
        ));
    }
    let mut others = create.columns.iter().map(|column| &column.name.value);
    let other = others.find(|other| {
        generated::expression_of(&create.columns, other).is_some() && names_column(written, other)
    });
    match other {
        None => Ok(()),
        Some(other) => Err(Error::new(
            SqlState::INVALID_OBJECT_DEFINITION,
            format!(
                "cannot use generated column {} in column generation expression",
                Quoted(other)
            ),
        )
        .with_detail("A generated column cannot reference another generated column.")),
    }
}

/// Whether an expression may give another value of the same row at another time, or under other settings.
fn changes(expression: &Expr, columns: &DFSchema) -> Result<bool> {
    let mut found = false;
    expression.apply(|part| {
        found |= match part {
            Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
            // Constants are read once, when the table is declared.
            Expr::Cast(cast) if !matches!(cast.expr.as_ref(), Expr::Literal(..)) => {
                let from = cast.expr.get_type(columns)?;
                depends_on_settings(&from, cast.field.data_type())
            }
            _ => false,
        };
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}

/// Whether a cast reads or writes moments as the session says.
fn depends_on_settings(from: &DataType, to: &DataType) -> bool {
    let is_moment = |it: &DataType| {
        matches!(
            it,
            DataType::Date32 | DataType::Timestamp(..) | DataType::Interval(_)
        )
    };
    let has_zone = |it: &DataType| matches!(it, DataType::Timestamp(_, Some(_)));
    let is_text = |it: &DataType| it.is_string();
    is_text(from) && is_moment(to)
        || is_moment(from) && is_text(to)
        || has_zone(from) != has_zone(to) && is_moment(from) && is_moment(to)
}

fn within(error: Error, column: &str) -> Error {
    error.within(format!("generated column \"{column}\""))
}
