//! `VALUES ('{}'::jsonb), ('[]'), (NULL)`: literals are of the type that the others of their column
//! are cast to, which DataFusion does not find for types that are texts with a name of their own.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Query, SetExpr, Value, Values, VisitMut, VisitorMut,
};

/// Casts such literals.
pub fn rewrite(query: &mut Query) {
    let _ = query.visit(&mut Rewriter);
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        if let SetExpr::Values(values) = query.body.as_mut() {
            cast_literals(values);
        }
        ControlFlow::Continue(())
    }
}

fn cast_literals(values: &mut Values) {
    let width = values.rows.first().map_or(0, |row| row.content.len());
    for column in 0..width {
        let mut cells = values.rows.iter().filter_map(|row| row.content.get(column));
        let Some(data_type) = cells.find_map(document_type) else {
            continue;
        };
        for row in &mut values.rows {
            if let Some(cell) = row.content.get_mut(column)
                && is_literal(cell)
            {
                let value = std::mem::replace(cell, Expr::value(Value::Null));
                *cell = Expr::Cast {
                    kind: CastKind::DoubleColon,
                    expr: Box::new(value),
                    data_type: data_type.clone(),
                    array: false,
                    format: None,
                };
            }
        }
    }
}

/// The type of JSON that an expression is cast to.
fn document_type(value: &Expr) -> Option<DataType> {
    match value {
        Expr::Cast { data_type, .. } => {
            matches!(data_type, DataType::JSON | DataType::JSONB).then(|| data_type.clone())
        }
        Expr::TypedString(typed) => {
            let own = &typed.data_type;
            matches!(own, DataType::JSON | DataType::JSONB).then(|| own.clone())
        }
        _ => None,
    }
}

fn is_literal(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_) | Value::Null))
}
