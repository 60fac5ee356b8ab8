//! What clients are told of columns beyond the types of their values: the type by which one was declared
//! where its values have a wider one, as a column of `varchar(10)`, `name` or `uuid` is text to
//! expressions, and one of `oid` a `bigint`; and the column of a relation that it is.

mod common;
mod functions;
mod given;
mod origin;

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::logical_expr::{Expr, LogicalPlan};
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterLength};

use self::origin::Trace;
pub use self::origin::told_by as told;
use crate::catalog::{Oid, Snapshot};
use crate::session::domains::{DOMAIN, DomainKind};
use crate::sql::character_length;
use crate::sql::moment_precision::MOMENT_PRECISION;
use crate::wire::types::{
    POSTGRES_COLUMN, POSTGRES_MODIFIER, POSTGRES_TABLE, POSTGRES_TYPE, PostgresType,
};

/// Says of the columns of an answer by which types they were declared, or cast to, in the plan that
/// they come of, and which columns of relations they are.
pub fn declare(schema: SchemaRef, plan: &LogicalPlan, snapshot: &Snapshot) -> SchemaRef {
    if schema.fields().len() != plan.schema().fields().len() {
        return schema;
    }
    let trace = Trace::new(plan, snapshot);
    let fields = schema.fields().iter().enumerate().map(|(index, field)| {
        let origin = trace.column(index);
        let mut metadata = field.metadata().clone();
        if let Some(told) = origin.told {
            if let Some(length) = CharacterLength::from_sql(&told) {
                metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
            }
            metadata.insert(POSTGRES_TYPE.to_owned(), told);
        } else {
            metadata.remove(POSTGRES_TYPE);
        }
        if let Some(digits) = origin.digits {
            metadata.insert(POSTGRES_MODIFIER.to_owned(), digits.to_string());
        }
        if let Some((table, column)) = origin.column {
            metadata.insert(POSTGRES_TABLE.to_owned(), table.to_string());
            metadata.insert(POSTGRES_COLUMN.to_owned(), column.to_string());
        }
        // As in Postgres, what is computed has any number of digits.
        if is_numeric(field.data_type()) && !origin.has_digits {
            metadata.insert(POSTGRES_MODIFIER.to_owned(), "-1".to_owned());
        }
        match metadata == *field.metadata() {
            true => Arc::clone(field),
            false => Arc::new(field.as_ref().clone().with_metadata(metadata)),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Whether values are numbers of a precision, or arrays of such.
fn is_numeric(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(element) => is_numeric(element.data_type()),
        other => other.is_decimal(),
    }
}

/// The columns of a plan as those of a relation that is made of it, which say by which types they were
/// declared, or cast to, where their values have a wider one.
pub fn columns(plan: &LogicalPlan, snapshot: &Snapshot) -> SchemaRef {
    let schema = super::plan::columns(plan);
    let trace = Trace::new(plan, snapshot);
    let fields = schema.fields().iter().enumerate().map(|(index, field)| {
        let origin = trace.column(index);
        let mut metadata = field.metadata().clone();
        let length = origin.length();
        match origin.told.and_then(kept) {
            Some(told) => metadata.insert(POSTGRES_TYPE.to_owned(), told),
            None => metadata.remove(POSTGRES_TYPE),
        };
        match origin.domain {
            Some(domain) => metadata.insert(DOMAIN.to_owned(), domain.key()),
            None => metadata.remove(DOMAIN),
        };
        match (field.data_type(), length, origin.digits) {
            (DataType::Utf8, Some(length), _) => {
                // What limits texts is told by its length.
                metadata.remove(POSTGRES_TYPE);
                metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
            }
            (DataType::Timestamp(..) | DataType::Time64(_), _, Some(digits)) => {
                metadata.insert(MOMENT_PRECISION.to_owned(), digits.to_string());
            }
            _ => {}
        }
        match metadata == *field.metadata() {
            true => Arc::clone(field),
            false => Arc::new(field.as_ref().clone().with_metadata(metadata)),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The type that a column is told by which keeps values of another relation: none that its later values
/// would be checked by.
fn kept(told: String) -> Option<String> {
    match told.as_str() {
        "inet" | "pg_lsn" | "void" => None,
        "regproc" | "regtype" => Some("oid".to_owned()),
        _ => Some(told),
    }
}

/// The domain that a value over the columns of a plan is of.
pub fn domain(plan: &LogicalPlan, value: &Expr, snapshot: &Snapshot) -> Option<DomainKind> {
    Trace::new(plan, snapshot).value(value).domain
}

/// The type of values that are assigned to a column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its number; that of what it is over where it is a domain.
    pub oid: Oid,
    /// The number by which it is named.
    pub named: Oid,
    /// Whether it may be any type that is kept as texts are, for all that is known.
    pub is_any_text: bool,
}

/// The type of a plan's column, where its values are assigned to something; none of what takes the type of
/// that: a text in quotes, a parameter, NULL.
pub fn given(plan: &LogicalPlan, index: usize, snapshot: &Snapshot) -> Option<Given> {
    let trace = Trace::new(plan, snapshot);
    let field = plan.schema().fields().get(index)?;
    if *field.data_type() == DataType::Null || trace.is_open(index) {
        return None;
    }
    let origin = trace.column(index);
    let mut metadata = field.metadata().clone();
    match origin.told {
        Some(told) => metadata.insert(POSTGRES_TYPE.to_owned(), told),
        None => metadata.remove(POSTGRES_TYPE),
    };
    let oid = PostgresType::of_field(&field.as_ref().clone().with_metadata(metadata)).oid;
    Some(Given {
        oid,
        named: origin.domain.map_or(oid, |domain| domain.type_oid()),
        is_any_text: trace.may_be_any_text(index),
    })
}

/// Whether a column of a plan is one of a table, as it is kept there.
pub fn is_stored(plan: &LogicalPlan, index: usize, snapshot: &Snapshot) -> bool {
    Trace::new(plan, snapshot).column(index).is_stored
}

/// The type that clients are told of for a value over the columns of a plan, where it is not that of the value.
pub(super) fn told_of(plan: &LogicalPlan, value: &Expr, snapshot: &Snapshot) -> Option<String> {
    Trace::new(plan, snapshot).value(value).told
}

/// The type that limits the texts within the arrays of a plan's column.
pub(super) fn item_length(
    plan: &LogicalPlan,
    index: usize,
    snapshot: &Snapshot,
) -> Option<CharacterLength> {
    character_length::of_told_items(&Trace::new(plan, snapshot).column(index).told?)
}

/// The type that limits the texts of a plan's column.
pub(super) fn length(
    plan: &LogicalPlan,
    index: usize,
    snapshot: &Snapshot,
) -> Option<CharacterLength> {
    Trace::new(plan, snapshot).column(index).length()
}
