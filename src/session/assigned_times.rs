//! Times that are put into columns of intervals, and intervals into columns of times, in `VALUES` that are planned
//! as text: DataFusion turns neither into the other where rows must have the types of a table.

use arrow::datatypes::{DataType, Field, Fields};
use datafusion::sql::sqlparser::ast::{self, CastKind, Expr, Query, SetExpr, TimezoneInfo, Value};

use super::composites::is_open;
use crate::sql::assignment::is_default;

/// Casts what the rows of `VALUES` compute for such columns: all of `fields`, or those that are named. Which
/// values columns take is looked at before.
pub fn cast_values(source: &mut Query, columns: &[String], fields: &Fields) {
    let SetExpr::Values(values) = source.body.as_mut() else {
        return;
    };
    let types: Vec<Option<ast::DataType>> = match columns {
        [] => fields.iter().map(|field| named(field)).collect(),
        columns => {
            let found = columns.iter().map(|name| fields.find(name));
            found
                .map(|found| found.and_then(|(_, field)| named(field)))
                .collect()
        }
    };
    if types.iter().all(Option::is_none) {
        return;
    }
    for row in &mut values.rows {
        for (value, data_type) in row.content.iter_mut().zip(&types) {
            if let Some(data_type) = data_type
                && !is_open(value)
                && !is_default(value)
            {
                let null = Expr::value(Value::Null);
                *value = Expr::Cast {
                    kind: CastKind::Cast,
                    expr: Box::new(std::mem::replace(value, null)),
                    data_type: data_type.clone(),
                    array: false,
                    format: None,
                };
            }
        }
    }
}

/// The type of a column of times or intervals, as a cast names it.
fn named(field: &Field) -> Option<ast::DataType> {
    match field.data_type() {
        DataType::Interval(_) => Some(ast::DataType::Interval {
            fields: None,
            precision: None,
        }),
        DataType::Time64(_) => Some(ast::DataType::Time(None, TimezoneInfo::None)),
        _ => None,
    }
}
