//! Parameters of a query that is kept: their values become literals of their types.

use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, CastKind, Expr, Query, Value, VisitorMut};
use tributary_udfs::type_name;

use super::cursor::Parser;
use super::dialect::TributaryDialect;
use super::early_parameters::{ast_value, number_of};
use crate::error::{Error, Result};
use crate::sql::walk::VisitMut;

/// Puts values in the place of parameters, wherever these stand.
///
/// # Errors
/// XX000 for a value of a type that has no name.
pub fn put_in(query: &mut Query, values: &[ScalarValue]) -> Result<()> {
    let literals: Vec<Expr> = values.iter().map(literal).collect::<Result<_>>()?;
    let _ = VisitMut::visit(query, &mut Filler(&literals));
    Ok(())
}

/// A value as a literal of its type; texts are what literals are without one. Numbers are in quotes, since
/// the sign of one is an operator.
fn literal(value: &ScalarValue) -> Result<Expr> {
    let of = value.data_type();
    let literal = Expr::value(match ast_value(value) {
        Value::Number(number, _) => Value::SingleQuotedString(number),
        Value::Boolean(flag) => Value::SingleQuotedString(flag.to_string()),
        other => other,
    });
    if of == DataType::Utf8 {
        return Ok(literal);
    }
    Ok(Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(literal),
        data_type: named(&of)?,
        array: false,
        format: None,
    })
}

/// A type, by the name that statements have for it.
fn named(of: &DataType) -> Result<ast::DataType> {
    let name = type_name(of);
    let dialect = TributaryDialect::default();
    let parsed = Parser::new(&dialect, &name).and_then(|mut parser| Ok(parser.parse_data_type()?));
    parsed.map_err(|_| Error::internal(format!("a parameter is of type {name}")))
}

struct Filler<'a>(&'a [Expr]);

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = &*expression
            && let Value::Placeholder(name) = &value.value
            && let Some(literal) = number_of(name).and_then(|number| self.0.get(number - 1))
        {
            *expression = literal.clone();
        }
        ControlFlow::Continue(())
    }
}
