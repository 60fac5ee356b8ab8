//! Which values may be assigned to a column: those of its type, and those of types that become it without a
//! word, as PostgreSQL's casts of assignments tell. Literals in quotes, parameters and NULL are of whatever
//! type the column is.
//!
//! All statements that put values into columns ask here, of the types that their plans or the literals in
//! their text have.

use arrow::datatypes::{DataType, Field};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{Expr as Written, UnaryOperator, Value};
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use crate::catalog::pg_catalog::{StatementCatalog, column_type, format_type, is_assigned};
use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::session::declared::{self, Given};
use crate::session::domains::DomainKind;
use crate::session::{enums, own_types};
use crate::wire::types::PostgresType;

/// That the columns of a plan may be assigned to those of a table, each told with its place in the plan.
///
/// # Errors
/// 42804 where one may not.
pub fn check_columns<'a>(
    plan: &LogicalPlan,
    columns: impl Iterator<Item = (usize, &'a Field)>,
    object: &Object,
    state: &SessionState,
) -> Result<()> {
    let sources = StatementCatalog::of(state.config_options())?;
    let (snapshot, path) = (sources.snapshot(), sources.search_path());
    let asked = asked(plan, columns, object);
    if asked.is_empty() {
        return Ok(());
    }
    // Types are those that a plan is computed with, which open parameters leave open.
    let typed = match plan.get_parameter_names()? {
        names if names.is_empty() => None,
        names => {
            let numbers = names.iter();
            let numbers = numbers.filter_map(|name| name.trim_start_matches('$').parse().ok());
            let nulls = vec![ScalarValue::Null; numbers.max().unwrap_or_default()];
            let is_open = |index: usize| declared::given(plan, index, &snapshot).is_none();
            let asked = asked.iter().map(|(index, _)| *index);
            if asked.clone().all(is_open) {
                return Ok(());
            }
            match query::bind(plan.clone(), nulls, state) {
                Ok(typed) => Some(typed),
                // What NULL cannot stand for is told where the parameters have values.
                Err(_) => return Ok(()),
            }
        }
    };
    let typed = typed.as_ref().unwrap_or(plan);
    for (index, field) in asked {
        if let Some(given) = declared::given(typed, index, &snapshot) {
            check(object, field, given, &snapshot, &path)?;
        }
    }
    Ok(())
}

/// The columns of a plan of which how they are kept does not tell that a table's take them.
pub fn asked<'a>(
    plan: &LogicalPlan,
    columns: impl Iterator<Item = (usize, &'a Field)>,
    object: &Object,
) -> Vec<(usize, &'a Field)> {
    let known = plan.schema().fields();
    let asked = columns.filter(|(index, field)| {
        let given = known.get(*index);
        given.is_some_and(|given| !is_one_type(given.data_type(), field.data_type()))
            && !takes_all(object, field)
    });
    asked.collect()
}

/// That values of a type may be assigned to a column.
///
/// # Errors
/// 42804 where they may not.
pub fn check_assignable(field: &Field, given: &DataType) -> Result<()> {
    if is_assignable(field, given) {
        return Ok(());
    }
    let (wanted, given) = (type_name(field.data_type()), type_name(given));
    Err(mismatch(field, &wanted, &given))
}

/// Whether values of a type may be assigned to a column or an attribute, as far as how they are kept tells their
/// type: what is kept as a text may be one of any.
pub fn is_assignable(field: &Field, given: &DataType) -> bool {
    let is_open = |data_type: &DataType| data_type.is_null() || data_type.is_string();
    let of_open = match given {
        DataType::List(item) => is_open(item.data_type()) && field.data_type().is_list(),
        given => is_open(given),
    };
    let (from, to) = (PostgresType::of(given), PostgresType::of_field(field));
    let is_record = from == PostgresType::RECORD && field.data_type().is_nested();
    let elements = |of: PostgresType| PostgresType::from_array_oid(of.oid);
    let is_taken = match (elements(from), elements(to)) {
        (Some(from), Some(to)) => is_assigned(from.oid, to.oid),
        _ => is_assigned(from.oid, to.oid),
    };
    of_open || is_record || is_taken
}

fn mismatch(field: &Field, wanted: &str, given: &str) -> Error {
    Error::new(
        SqlState::DATATYPE_MISMATCH,
        format!(
            "column \"{}\" is of type {wanted} but expression is of type {given}",
            field.name(),
        ),
    )
    .with_hint("You will need to rewrite or cast the expression.")
}

/// That a value which is written as a literal may be assigned to a column; others are not looked at.
///
/// # Errors
/// 42804 where it may not.
pub fn check_literal(
    object: &Object,
    field: &Field,
    value: &Written,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<()> {
    let Some(read) = literal_type(value) else {
        return Ok(());
    };
    let given = Given {
        oid: read.oid,
        named: read.oid,
        is_any_text: false,
    };
    match takes_all(object, field) {
        true => Ok(()),
        false => check(object, field, given, snapshot, path),
    }
}

/// The type that a literal without quotes is of.
fn literal_type(value: &Written) -> Option<PostgresType> {
    match value {
        Written::Nested(value) => literal_type(value),
        Written::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => literal_type(expr),
        Written::Value(value) => match &value.value {
            Value::Boolean(_) => Some(PostgresType::BOOL),
            Value::Number(digits, _) => Some(match digits.parse::<i64>() {
                Ok(number) if i32::try_from(number).is_ok() => PostgresType::INT4,
                Ok(_) => PostgresType::INT8,
                Err(_) => PostgresType::NUMERIC,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is told of by its text alone: a literal, a parameter or `DEFAULT`.
pub fn is_literal(value: &Written) -> bool {
    match value {
        Written::Nested(value) => is_literal(value),
        Written::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_literal(expr),
        Written::Value(_) => true,
        _ => false,
    }
}

/// Whether values are kept alike, and nothing more tells their types apart.
fn is_one_type(given: &DataType, wanted: &DataType) -> bool {
    given == wanted && !wanted.is_string() && !wanted.is_nested()
}

/// Whether a column takes values of all types: a text, or one whose type PostgreSQL does not have.
fn takes_all(object: &Object, field: &Field) -> bool {
    match field.data_type() {
        DataType::Map(..) => true,
        DataType::Struct(_) => CompositeKind::of(field.data_type()).is_none(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let wanted = column_type(object, field.name());
            // Not a type that a text would be cast to, but what any value is written as.
            is_assigned(PostgresType::RECORD.oid, wanted)
        }
        _ => false,
    }
}

fn check(
    object: &Object,
    field: &Field,
    given: Given,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<()> {
    let wanted = column_type(object, field.name());
    let is_kept_alike = match field.data_type() {
        // `ARRAY(SELECT ...)` of documents does not tell what it is of.
        DataType::List(item) => {
            given.oid == PostgresType::TEXT.array_oid && JsonKind::of_field(item).is_some()
        }
        kept => given.is_any_text && given.oid == PostgresType::TEXT.oid && kept.is_string(),
    };
    // Whether a record is a row of the type is told where it is read.
    let is_record =
        given.oid == PostgresType::RECORD.oid && CompositeKind::of(field.data_type()).is_some();
    if is_kept_alike || is_record || is_cast(given.oid, wanted, snapshot) {
        return Ok(());
    }
    let named = DomainKind::of_field(field).map_or(wanted, DomainKind::type_oid);
    let (wanted, given) = (
        shown(named, snapshot, path),
        shown(given.named, snapshot, path),
    );
    Err(mismatch(field, &wanted, &given))
}

/// Whether values of one type may be assigned to columns of another one; those of arrays are by their
/// elements.
fn is_cast(from: Oid, to: Oid, snapshot: &Snapshot) -> bool {
    match (element(from, snapshot), element(to, snapshot)) {
        (Some(from), Some(to)) => is_assigned(from, to),
        _ => is_assigned(from, to),
    }
}

/// The type of the elements of an array.
fn element(oid: Oid, snapshot: &Snapshot) -> Option<Oid> {
    if let Some(element) = PostgresType::from_array_oid(oid) {
        return Some(element.oid);
    }
    match own_types::with_oid(snapshot, oid)? {
        (of, true) => Some(of.oid),
        (_, false) => None,
    }
}

/// A type as messages name it.
fn shown(oid: Oid, snapshot: &Snapshot, path: &[String]) -> String {
    match own_types::with_oid(snapshot, oid) {
        Some((of, is_array)) => {
            let array = if is_array { "[]" } else { "" };
            format!("{}{array}", enums::shown_name(&of, snapshot, path))
        }
        None => format_type(oid, -1),
    }
}
