//! Moments that the definition of a table names, as they were read when it was declared.
//!
//! A literal of `timestamptz` without a zone is read by that of the session. A definition keeps the
//! moment, so that it means the same whoever puts rows in: the literal is written in UTC.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use chrono::{DateTime, Datelike as _};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, cast};
use datafusion::sql::sqlparser::ast::{self, Value, visit_expressions_mut};

use crate::error::Result;
use crate::models::expression;
use crate::sql::constraint::{self, Rule};
use crate::sql::create_table::CreateTable;
use crate::sql::generated;

/// Writes the moments in UTC that the checks, the defaults and the computed columns of a table name, which
/// have been looked at before.
///
/// # Errors
/// What computing a moment meets.
pub fn keep_moments(
    state: &SessionState,
    columns: &SchemaRef,
    create: &mut CreateTable,
) -> Result<()> {
    let known = DFSchema::try_from(Arc::clone(columns))?;
    for declared in &mut create.constraints {
        if let Rule::Check(condition) = &mut declared.rule {
            keep(state, &known, condition, None)?;
        }
    }
    for computed in generated::expressions_mut(&mut create.columns) {
        keep(state, &known, computed, None)?;
    }
    let none = DFSchema::empty();
    for column in &mut create.columns {
        let field = columns.field_with_name(&column.name.value).ok();
        let assigned = field.map(|field| field.data_type());
        for default in constraint::defaults_mut(std::slice::from_mut(column)) {
            keep(state, &none, default, assigned)?;
        }
    }
    Ok(())
}

/// [`keep_moments`] of an expression; one that is `assigned` to a column of a type is cast to it.
fn keep(
    state: &SessionState,
    known: &DFSchema,
    written: &mut ast::Expr,
    assigned: Option<&DataType>,
) -> Result<()> {
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for_each_text(written, &mut |text| {
        *texts.entry(text.clone()).or_default() += 1;
    });
    if texts.is_empty() {
        return Ok(());
    }
    // What is planned in another way, as calls of users' functions are, is left as it is written.
    let Ok(planned) = expression::value(state, known, written.clone(), "a definition") else {
        return Ok(());
    };
    let planned = match assigned {
        Some(assigned) if is_zoned(assigned) => cast(planned, assigned.clone()),
        _ => planned,
    };
    let mut kept = BTreeMap::new();
    for (text, read) in moments(&planned)? {
        // One that is also read as something else is not told from that.
        if texts.get(&text) == Some(&read.len())
            && let Some(first) = read.into_iter().next()
            && let Some(moment) = in_utc(state, first)?
        {
            kept.insert(text, moment);
        }
    }
    for_each_text(written, &mut |text| {
        if let Some(moment) = kept.get(text.as_str()) {
            text.clone_from(moment);
        }
    });
    Ok(())
}

fn for_each_text(written: &mut ast::Expr, see: &mut dyn FnMut(&mut String)) {
    let _ = visit_expressions_mut(written, |part| {
        let value = match part {
            ast::Expr::Value(value) => &mut value.value,
            ast::Expr::TypedString(typed) => &mut typed.value.value,
            _ => return ControlFlow::<()>::Continue(()),
        };
        if let Value::SingleQuotedString(text) = value {
            see(text);
        }
        ControlFlow::Continue(())
    });
}

/// The texts that are read as moments and as nothing else, each with the casts that read it.
fn moments(planned: &Expr) -> Result<BTreeMap<String, Vec<Expr>>> {
    let mut moments: BTreeMap<String, Vec<Expr>> = BTreeMap::new();
    let mut others = BTreeSet::new();
    planned.apply(|part| {
        match part {
            Expr::Cast(read) if is_zoned(read.field.data_type()) => {
                if let Some(text) = text_of(&read.expr) {
                    let read = cast((*read.expr).clone(), moment());
                    moments.entry(text.clone()).or_default().push(read);
                    return Ok(TreeNodeRecursion::Jump);
                }
            }
            other => others.extend(text_of(other).cloned()),
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    moments.retain(|text, _| !others.contains(text));
    Ok(moments)
}

fn text_of(literal: &Expr) -> Option<&String> {
    match literal {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// The type of moments; comparisons are coerced to finer ones.
fn moment() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn is_zoned(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(_)))
}

/// A moment as a literal that is read alike in all sessions; none for infinity, and for years that are
/// not of four digits.
fn in_utc(state: &SessionState, read: Expr) -> Result<Option<String>> {
    let moment = expression::constant(state, read)?;
    let ScalarValue::TimestampMicrosecond(Some(moment), _) = moment else {
        return Ok(None);
    };
    let moment = DateTime::from_timestamp_micros(moment);
    let moment = moment.filter(|moment| (1000..10_000).contains(&moment.year()));
    Ok(moment.map(|moment| moment.format("%Y-%m-%d %H:%M:%S%.f+00").to_string()))
}
