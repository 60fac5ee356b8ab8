//! Numbers, texts, truths and documents in one column of `VALUES`, whose types cannot be matched, as far as they
//! are written as literals or cast. DataFusion reads the texts as numbers, or makes texts of the numbers.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Query, SetExpr, TypedString, UnaryOperator, Value, Values, Visitor,
};

use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, ended};

/// That the columns of all `VALUES` of a query are of types that can be matched.
///
/// # Errors
/// 42804 for one that is not.
pub fn check(query: &Query) -> Result<()> {
    walk(
        query,
        Checker {
            are_assigned: false,
        },
    )
}

/// [`check`] of rows that are put into a table: the values among their own `VALUES` are each of the type of
/// the table's column.
///
/// # Errors
/// Those of [`check`].
pub fn check_assigned(query: &Query) -> Result<()> {
    walk(query, Checker { are_assigned: true })
}

fn walk(query: &Query, mut checker: Checker) -> Result<()> {
    ended(Visit::visit(query, &mut checker))
}

struct Checker {
    /// Whether the values of the query that comes first are assigned to columns.
    are_assigned: bool,
}

impl Visitor for Checker {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        let are_assigned = std::mem::take(&mut self.are_assigned)
            && matches!(query.body.as_ref(), SetExpr::Values(_));
        let mut parts = vec![query.body.as_ref()];
        while let Some(part) = parts.pop() {
            match part {
                SetExpr::Values(values) if !are_assigned => {
                    if let Err(error) = columns(values) {
                        return ControlFlow::Break(error);
                    }
                }
                SetExpr::SetOperation { left, right, .. } => {
                    parts.extend([right.as_ref(), left.as_ref()]);
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

fn columns(values: &Values) -> Result<()> {
    let width = values.rows.first().map_or(0, |row| row.content.len());
    for column in 0..width {
        let given = values.rows.iter().filter_map(|row| row.content.get(column));
        let mut types = given.filter_map(type_of);
        let Some(mut common) = types.next() else {
            continue;
        };
        for own in types {
            if own.category != common.category {
                let message = format!(
                    "VALUES types {} and {} cannot be matched",
                    common.name, own.name
                );
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, message));
            }
            if own.rank > common.rank {
                common = own;
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Category {
    Number,
    Text,
    Truth,
    Document,
}

/// A type as messages name it.
struct Type {
    category: Category,
    name: &'static str,
    /// Where it stands among the numbers that become one another without being asked.
    rank: u8,
}

fn number(name: &'static str, rank: u8) -> Type {
    Type {
        category: Category::Number,
        name,
        rank,
    }
}

fn other(category: Category, name: &'static str) -> Type {
    Type {
        category,
        name,
        rank: 0,
    }
}

/// The type of a value, where a cast or a number tells it. A text that is not cast has none.
fn type_of(value: &Expr) -> Option<Type> {
    match value {
        Expr::Nested(inner) => type_of(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => type_of(expr),
        Expr::Value(value) => match &value.value {
            Value::Boolean(_) => Some(other(Category::Truth, "boolean")),
            Value::Number(digits, _) => Some(number_of(digits)),
            _ => None,
        },
        Expr::Cast { data_type, .. } | Expr::TypedString(TypedString { data_type, .. }) => {
            named(data_type)
        }
        _ => None,
    }
}

/// The type of a number by its digits.
fn number_of(digits: &str) -> Type {
    match (digits.parse::<i32>(), digits.parse::<i64>()) {
        (Ok(_), _) => number("integer", 2),
        (Err(_), Ok(_)) => number("bigint", 3),
        (Err(_), Err(_)) => number("numeric", 4),
    }
}

/// A type that is named; none for those that other rules know.
fn named(data_type: &DataType) -> Option<Type> {
    use DataType::{
        BigInt, Bool, Boolean, Char, CharVarying, Character, CharacterVarying, Dec, Decimal,
        DoublePrecision, Float4, Float8, Int, Int2, Int4, Int8, Integer, JSON, JSONB, Numeric,
        Real, SmallInt, Text, Varchar,
    };
    Some(match data_type {
        SmallInt(None) | Int2(None) => number("smallint", 1),
        Int(None) | Integer(None) | Int4(None) => number("integer", 2),
        BigInt(None) | Int8(None) => number("bigint", 3),
        Numeric(_) | Decimal(_) | Dec(_) => number("numeric", 4),
        Real | Float4 => number("real", 5),
        DoublePrecision | Float8 => number("double precision", 6),
        Bool | Boolean => other(Category::Truth, "boolean"),
        Text => other(Category::Text, "text"),
        JSON => other(Category::Document, "json"),
        JSONB => other(Category::Document, "jsonb"),
        Varchar(_) | CharVarying(_) | CharacterVarying(_) => {
            other(Category::Text, "character varying")
        }
        Char(_) | Character(_) => other(Category::Text, "character"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    fn query(sql: &str) -> Box<Query> {
        match parse_one(sql) {
            Ok(Statement::Query(query)) => query,
            _ => unreachable!("{sql} is a query"),
        }
    }

    #[test]
    fn the_types_of_columns_are_matched() {
        for (sql, told) in [
            ("VALUES (1), ('a'::text)", Some("integer and text")),
            (
                "SELECT v FROM (VALUES ('a'::varchar(3)), (1.5)) s (v)",
                Some("character varying and numeric"),
            ),
            (
                "VALUES (1), (-5000000000), ('2'), ('x'::char(2))",
                Some("bigint and character"),
            ),
            ("VALUES (1.5::real), (true)", Some("real and boolean")),
            ("VALUES ('1'::jsonb), ('2'), (3)", Some("jsonb and integer")),
            ("VALUES (1), ('2'), (NULL), (2.5)", None),
            ("VALUES ('a'::text), ('b'), ('c'::varchar)", None),
            ("VALUES (1, 'a'::text), (2, 'b')", None),
            (
                "VALUES (1) UNION VALUES (2), (true)",
                Some("integer and boolean"),
            ),
        ] {
            let found = check(&query(sql)).err();
            let told = told.map(|types| format!("VALUES types {types} cannot be matched"));
            assert_eq!(found.map(|error| error.message().to_owned()), told, "{sql}");
        }
    }

    #[test]
    fn assigned_values_are_of_the_types_of_their_columns() {
        assert!(check_assigned(&query("VALUES (1), ('a'::text)")).is_ok());
        let within = query("SELECT * FROM (VALUES (1), ('a'::text)) s");
        assert!(check_assigned(&within).is_err());
    }
}
