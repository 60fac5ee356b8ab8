//! Assigning values to the columns of a table: of which types they may be, and how they are kept.

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::sql::sqlparser::ast::{Expr as Written, UnaryOperator, Value};
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{self, JsonKind};
use tributary_udfs::type_name;

use super::fitted::fitted;
use super::generated;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::session::enums;

/// A plan whose columns, from the `first` one on, are a table's: of its types, texts as long as it
/// keeps them. What comes behind them stays.
///
/// # Errors
/// 42804 for a value whose type is none of the column's.
pub fn assigned(
    plan: LogicalPlan,
    object: &Object,
    first: usize,
    state: &SessionState,
) -> Result<LogicalPlan> {
    let own = plan.schema().columns();
    let mut values = Vec::with_capacity(own.len());
    for (index, column) in own.into_iter().enumerate() {
        let name = column.name.clone();
        let fields = object.schema.fields();
        let Some(field) = index.checked_sub(first).and_then(|index| fields.get(index)) else {
            values.push(Expr::Column(column).alias(name));
            continue;
        };
        let given = plan.schema().field(index).data_type();
        check_assignable(field, given)?;
        let mut value = Expr::Column(column);
        if EnumKind::of_field(field).is_some() {
            value = enums::assigned(value, field);
        } else if let Some(kind) = JsonKind::of_field(field) {
            value = json::assigned(value, kind, plan.schema())?;
        } else if given != field.data_type() {
            value = cast(value, field.data_type().clone());
        }
        values.push(fitted(value, object, field.name()).alias(field.name()));
    }
    let given = LogicalPlanBuilder::from(plan).project(values)?.build()?;
    computed(given, object, first, state)
}

/// A plan whose columns from the `first` one on are those of a table, with those computed that are
/// computed from others.
fn computed(
    plan: LogicalPlan,
    object: &Object,
    first: usize,
    state: &SessionState,
) -> Result<LogicalPlan> {
    let generated = generated::values(object, state)?;
    if generated.is_empty() {
        return Ok(plan);
    }
    let own = plan.schema().columns();
    let column_of = |name: &str| {
        let place = object.schema.index_of(name).ok()?;
        own.get(first + place).cloned()
    };
    let mut values: Vec<Expr> = own.iter().cloned().map(Expr::Column).collect();
    for (place, value) in generated {
        let value = value.transform(|part| {
            Ok(match part {
                Expr::Column(column) => match column_of(&column.name) {
                    Some(own) => Transformed::yes(Expr::Column(own)),
                    None => Transformed::no(Expr::Column(column)),
                },
                part => Transformed::no(part),
            })
        });
        let name = object.schema.field(place).name();
        if let Some(column) = values.get_mut(first + place) {
            *column = value.data()?.alias(name);
        }
    }
    Ok(LogicalPlanBuilder::from(plan).project(values)?.build()?)
}

/// What types have in common whose values are assigned to one another.
#[derive(PartialEq)]
enum Class {
    Boolean,
    Number,
    Moment,
    Time,
    Interval,
    Bytes,
    Nested,
}

/// None for texts, which may be literals of any type, and for NULL.
fn class(data_type: &DataType) -> Option<Class> {
    match data_type {
        DataType::Boolean => Some(Class::Boolean),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Some(Class::Moment),
        DataType::Time32(_) | DataType::Time64(_) => Some(Class::Time),
        DataType::Interval(_) | DataType::Duration(_) => Some(Class::Interval),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Some(Class::Bytes),
        other if other.is_numeric() => Some(Class::Number),
        other if other.is_nested() => Some(Class::Nested),
        _ => None,
    }
}

/// That values of a type may be assigned to a column.
///
/// # Errors
/// 42804 where they may not.
pub fn check_assignable(field: &Field, given: &DataType) -> Result<()> {
    let (Some(value), Some(column)) = (class(given), class(field.data_type())) else {
        return Ok(());
    };
    let is_time = |class: &Class| matches!(class, Class::Time | Class::Interval);
    match (value, column) {
        (value, column) if value == column => Ok(()),
        (Class::Moment, Class::Time) => Ok(()),
        (value, column) if is_time(&value) && is_time(&column) => Ok(()),
        _ => Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!(
                "column \"{}\" is of type {} but expression is of type {}",
                field.name(),
                type_name(field.data_type()),
                type_name(given)
            ),
        )
        .with_hint("You will need to rewrite or cast the expression.")),
    }
}

/// [`check_assignable`] of a value that is written as a literal; others are not looked at.
///
/// # Errors
/// Those of [`check_assignable`].
pub fn check_literal(field: &Field, value: &Written) -> Result<()> {
    match value {
        Written::Nested(value) => check_literal(field, value),
        Written::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => check_literal(field, expr),
        Written::Value(value) => match &value.value {
            Value::Boolean(_) => check_assignable(field, &DataType::Boolean),
            Value::Number(digits, _) => {
                let read = match digits.parse::<i64>() {
                    Ok(number) if i32::try_from(number).is_ok() => DataType::Int32,
                    Ok(_) => DataType::Int64,
                    Err(_) => DataType::Decimal128(38, 10),
                };
                check_assignable(field, &read)
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
