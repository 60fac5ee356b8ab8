//! Parameters `$1`, `$2` and so on, wherever they stand.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Value, ValueWithSpan, Visitor};

use super::{Statement, parts};

/// Whether a query, or a statement that changes rows, has parameters.
pub fn has_parameters(statement: &Statement) -> bool {
    parts::visit(statement, &mut Any).is_break()
}

struct Any;

impl Visitor for Any {
    type Break = ();

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        match value.value {
            Value::Placeholder(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse_one;

    #[test]
    fn parameters_are_found_in_all_parts() {
        for (sql, has) in [
            ("INSERT INTO t VALUES (1, 'a $1')", false),
            ("INSERT INTO t VALUES (1, $1)", true),
            ("INSERT INTO t SELECT a FROM s LIMIT $1", true),
            (
                "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = $1",
                true,
            ),
            ("UPDATE t SET a = 1 WHERE b = '$1'", false),
            ("UPDATE t SET a = 1 WHERE b IN (SELECT $1)", true),
            ("DELETE FROM t", false),
            ("DELETE FROM t USING s WHERE s.a = $2", true),
        ] {
            assert_eq!(has_parameters(&parse_one(sql).unwrap()), has, "{sql}");
        }
    }
}
