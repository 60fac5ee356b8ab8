//! Expressions over rows of composite types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable as _, Operator, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::composites::{self, ASSIGNED, CompositeKind, CompositeType, READ};
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{JsonKind, POPULATED, typed_text};
use tributary_udfs::type_name;

use super::{enums_within, matched, shown_name};
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::session::places;

/// What expressions are rewritten by.
pub(super) struct Expressions<'a> {
    pub snapshot: &'a Snapshot,
    pub path: &'a [String],
    /// What the expressions are over.
    pub schema: &'a DFSchema,
}

impl Expressions<'_> {
    /// An expression as PostgreSQL means it.
    pub fn rewrite(&self, expression: Expr) -> QueryResult<Transformed<Expr>> {
        Ok(match expression {
            Expr::Cast(cast) => self.cast(cast)?,
            Expr::IsNull(row) if self.is_row(&row) => Transformed::yes(composites::is_null(*row)),
            Expr::IsNotNull(row) if self.is_row(&row) => {
                Transformed::yes(composites::is_not_null(*row))
            }
            Expr::Case(mut case) => {
                let is_changed = matched::case(&mut case, self)?;
                Transformed::new_transformed(Expr::Case(case), is_changed)
            }
            Expr::ScalarFunction(mut call) => match matched::construct_of(call.func.name()) {
                Some(construct) => {
                    let values = call.args.iter_mut().collect();
                    let is_changed = matched::read(values, construct, self)?;
                    Transformed::new_transformed(Expr::ScalarFunction(call), is_changed)
                }
                None => self.call(call)?,
            },
            Expr::BinaryExpr(mut compared) if is_ordering(compared.op) => {
                let is_changed =
                    self.place(&mut compared.left)? | self.place(&mut compared.right)?;
                Transformed::new_transformed(Expr::BinaryExpr(compared), is_changed)
            }
            Expr::Between(mut between) => {
                let is_changed = self.place(&mut between.expr)?
                    | self.place(&mut between.low)?
                    | self.place(&mut between.high)?;
                Transformed::new_transformed(Expr::Between(between), is_changed)
            }
            Expr::WindowFunction(mut function) => {
                let name = function.fun.name().to_owned();
                self.check_called(&name, &function.params.args)?;
                let is_changed =
                    places::order(&mut function.params.order_by, &|row| self.place(row))?;
                Transformed::new_transformed(Expr::WindowFunction(function), is_changed)
            }
            Expr::AggregateFunction(mut function) => {
                let name = function.func.name().to_owned();
                self.check_called(&name, &function.params.args)?;
                let is_changed =
                    places::order(&mut function.params.order_by, &|row| self.place(row))?;
                Transformed::new_transformed(Expr::AggregateFunction(function), is_changed)
            }
            other => Transformed::no(other),
        })
    }

    /// Puts the place of a row in its place; whether it is one, or an array of some.
    pub fn place(&self, expression: &mut Expr) -> QueryResult<bool> {
        let own = self.type_of(expression);
        let Some(own) = own.filter(|own| CompositeKind::of(own).is_some()) else {
            return Ok(false);
        };
        let field = Arc::new(Field::new("", own, true));
        if has_json(&field) {
            let message = "could not identify a comparison function for type json";
            return Err(Error::new(SqlState::UNDEFINED_FUNCTION, message).into());
        }
        let enums = enums_within(self.snapshot, self.path, &field)?;
        let row = std::mem::replace(expression, lit(ScalarValue::Null));
        *expression = composites::place(row, field, enums);
        Ok(true)
    }

    /// That no least and no greatest row is asked for, which PostgreSQL 15 has of arrays alone.
    fn check_called(&self, name: &str, arguments: &[Expr]) -> Result<()> {
        let own = arguments.first().and_then(|value| self.type_of(value));
        match own.filter(|own| CompositeType::of(own).is_some()) {
            Some(own) if matches!(name, "min" | "max") => {
                let message = format!("function {name}({}) does not exist", self.name(&own));
                Err(Error::new(SqlState::UNDEFINED_FUNCTION, message)
                    .with_hint("Order by the row, and take the first: ORDER BY row LIMIT 1."))
            }
            _ => Ok(()),
        }
    }

    pub fn type_of(&self, expression: &Expr) -> Option<DataType> {
        expression.get_type(self.schema).ok()
    }

    fn is_row(&self, expression: &Expr) -> bool {
        let own = self.type_of(expression);
        own.is_some_and(|own| CompositeType::of(&own).is_some())
    }

    pub fn name(&self, data_type: &DataType) -> String {
        match CompositeKind::of(data_type) {
            Some(kind) => shown_name(self.snapshot, self.path, kind),
            None => type_name(data_type),
        }
    }

    fn cast(&self, cast: Cast) -> QueryResult<Transformed<Expr>> {
        let wanted = cast.field.data_type();
        let own = self.type_of(&cast.expr).unwrap_or(DataType::Null);
        if CompositeType::of(wanted).is_some()
            && let Expr::ScalarFunction(call) = cast.expr.as_ref()
            && let (POPULATED, [document]) = (call.func.name(), call.args.as_slice())
        {
            let field: FieldRef = Arc::new(Field::new("", wanted.clone(), true));
            let text = typed_text(document.clone(), Arc::clone(&field));
            return Ok(Transformed::yes(self.read(text, field)?));
        }
        match (CompositeKind::of(&own), CompositeKind::of(wanted)) {
            (None, None) => Ok(Transformed::no(Expr::Cast(cast))),
            (Some(_), Some(_)) if own == *wanted => Ok(Transformed::yes(*cast.expr)),
            (Some(from), Some(to)) if from != to => Err(self.no_cast(&own, wanted).into()),
            (_, Some(_)) => {
                if !matches!(*cast.expr, Expr::Placeholder(_)) {
                    self.check_castable(&own, wanted)?;
                }
                let field = Arc::new(Field::new("", wanted.clone(), true));
                Ok(Transformed::yes(self.read(*cast.expr, field)?))
            }
            (Some(_), None) if wanted.is_string() || wanted.is_nested() => {
                Ok(Transformed::no(Expr::Cast(cast)))
            }
            (Some(_), None) => Err(self.no_cast(&own, wanted).into()),
        }
    }

    /// That values of a type may be cast to a composite one, or to arrays of one.
    fn check_castable(&self, own: &DataType, wanted: &DataType) -> Result<()> {
        match (own, wanted) {
            (own, _) if own.is_string() || own.is_null() => Ok(()),
            (DataType::List(own), DataType::List(wanted)) => {
                self.check_castable(own.data_type(), wanted.data_type())
            }
            (DataType::Struct(given), DataType::Struct(parts)) if given.len() == parts.len() => {
                Ok(())
            }
            (DataType::Struct(given), DataType::Struct(parts)) => {
                let many = if given.len() < parts.len() {
                    "few"
                } else {
                    "many"
                };
                let error = self.no_cast(own, wanted);
                Err(error.with_detail(format!("Input has too {many} columns.")))
            }
            _ => Err(self.no_cast(own, wanted)),
        }
    }

    fn no_cast(&self, own: &DataType, wanted: &DataType) -> Error {
        let (own, wanted) = (self.name(own), self.name(wanted));
        let message = format!("cannot cast type {own} to {wanted}");
        Error::new(SqlState::CANNOT_COERCE, message)
    }

    /// Values as those of a field.
    pub fn read(&self, values: Expr, field: FieldRef) -> Result<Expr> {
        let enums = enums_within(self.snapshot, self.path, &field)?;
        Ok(composites::read(values, field, enums))
    }

    fn call(&self, mut call: ScalarFunction) -> QueryResult<Transformed<Expr>> {
        match (call.func.name(), call.args.as_mut_slice()) {
            ("pg_typeof", [value]) => {
                let own = self.type_of(value);
                if let Some(kind) = own.and_then(|own| CompositeKind::of(&own)) {
                    let name = shown_name(self.snapshot, self.path, kind);
                    return Ok(Transformed::yes(lit(name)));
                }
            }
            (ASSIGNED, [row, Expr::Literal(name, _), value]) => {
                let Some(name) = name.try_as_str().flatten() else {
                    return Ok(Transformed::no(Expr::ScalarFunction(call)));
                };
                let part = self.part(row, name)?;
                let own = self.type_of(value);
                if own.as_ref() != Some(part.data_type()) || !is_read(value) {
                    self.check_assigned(&part, own)?;
                    let given = std::mem::replace(value, lit(ScalarValue::Null));
                    *value = self.read(given, part)?;
                    return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                }
            }
            _ => {}
        }
        Ok(Transformed::no(Expr::ScalarFunction(call)))
    }

    /// That an attribute takes a value that is assigned to it, as far as its type tells: an enum and what is within
    /// arrays and rows is looked at as it is read.
    fn check_assigned(&self, part: &Field, own: Option<DataType>) -> Result<()> {
        let is_told = |own: &DataType| {
            own != part.data_type() && !own.is_nested() && EnumKind::of_field(part).is_none()
        };
        match own.filter(is_told) {
            Some(own) if !constraints::is_assignable(part, &own) => {
                let (wanted, own) = (self.name(part.data_type()), self.name(&own));
                let name = part.name();
                let message = format!(
                    "subfield \"{name}\" is of type {wanted} but expression is of type {own}"
                );
                Err(Error::new(SqlState::DATATYPE_MISMATCH, message)
                    .with_hint("You will need to rewrite or cast the expression."))
            }
            _ => Ok(()),
        }
    }

    /// The attribute of a row that is assigned to.
    fn part(&self, row: &Expr, name: &str) -> Result<FieldRef> {
        let column = match row {
            Expr::Column(column) => column.name.clone(),
            other => other.schema_name().to_string(),
        };
        let own = self.type_of(row).unwrap_or(DataType::Null);
        let refused = |sqlstate: SqlState, why: String| {
            let message = format!("cannot assign to field \"{name}\" of column \"{column}\"");
            Err(Error::new(sqlstate, format!("{message} because {why}")))
        };
        let of = self.name(&own);
        let (DataType::Struct(parts), Some(_)) = (&own, CompositeType::of(&own)) else {
            let why = format!("its type {of} is not a composite type");
            return refused(SqlState::DATATYPE_MISMATCH, why);
        };
        match parts.find(name) {
            Some((_, part)) => Ok(Arc::clone(part)),
            None => {
                let why = format!("there is no such column in data type {of}");
                refused(SqlState::UNDEFINED_COLUMN, why)
            }
        }
    }
}

/// Whether a value was read as that of an attribute before.
fn is_read(value: &Expr) -> bool {
    matches!(value, Expr::ScalarFunction(call) if call.func.name() == READ)
}

/// Whether an operator tells which of two values comes first.
fn is_ordering(op: Operator) -> bool {
    use Operator::{Gt, GtEq, Lt, LtEq};
    matches!(op, Lt | LtEq | Gt | GtEq)
}

/// Whether values of a field have documents within that nothing orders.
fn has_json(field: &Field) -> bool {
    match field.data_type() {
        DataType::List(item) => has_json(item),
        DataType::Struct(parts) => parts.iter().any(|part| has_json(part)),
        _ => JsonKind::of_field(field) == Some(JsonKind::Json),
    }
}
