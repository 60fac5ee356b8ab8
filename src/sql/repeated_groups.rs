//! Groups that `ROLLUP` or `CUBE` names twice: `GROUP BY ROLLUP (a, a)`.
//!
//! DataFusion takes each group once. So the sets of groups that these stand for are said.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Query, Select, VisitorMut};

use crate::sql::walk::VisitMut;

/// `CUBE` of so many groups is left as it is: each more doubles the sets.
const MOST: usize = 12;

/// Says the sets of groups where some are named twice.
pub fn tell(query: &mut Query) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Teller);
}

struct Teller;

impl VisitorMut for Teller {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        if let GroupByExpr::Expressions(groups, _) = &mut select.group_by {
            for group in groups {
                let sets = match group {
                    Expr::Rollup(parts) if repeats(parts) => of_rollup(parts),
                    Expr::Cube(parts) if repeats(parts) && parts.len() <= MOST => of_cube(parts),
                    _ => continue,
                };
                *group = Expr::GroupingSets(sets);
            }
        }
        ControlFlow::Continue(())
    }
}

fn repeats(parts: &[Vec<Expr>]) -> bool {
    let all = parts.iter().flatten();
    once(all.clone()).len() < all.count()
}

fn of_rollup(parts: &[Vec<Expr>]) -> Vec<Vec<Expr>> {
    let lengths = (0..=parts.len()).rev();
    lengths
        .map(|length| once(parts.iter().take(length).flatten()))
        .collect()
}

fn of_cube(parts: &[Vec<Expr>]) -> Vec<Vec<Expr>> {
    let chosen = |choice: usize| {
        let parts = parts.iter().enumerate();
        let chosen = parts.filter(|(place, _)| choice & (1 << place) == 0);
        once(chosen.flat_map(|(_, part)| part))
    };
    (0..1 << parts.len()).map(chosen).collect()
}

/// Each expression once.
fn once<'a>(all: impl Iterator<Item = &'a Expr>) -> Vec<Expr> {
    let mut found: Vec<Expr> = Vec::new();
    for expression in all {
        if !found.contains(expression) {
            found.push(expression.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn groups_that_are_named_twice_are_said_as_sets() {
        for (sql, expected) in [
            (
                "SELECT a FROM t GROUP BY ROLLUP (a, (b, a))",
                "SELECT a FROM t GROUP BY GROUPING SETS ((a, b), (a), ())",
            ),
            (
                "SELECT 1 FROM (SELECT a FROM t GROUP BY b, CUBE (a, a)) AS s",
                "SELECT 1 FROM (SELECT a FROM t GROUP BY b, GROUPING SETS ((a), (a), (a), ())) AS s",
            ),
            (
                "SELECT a FROM t GROUP BY ROLLUP (a, b)",
                "SELECT a FROM t GROUP BY ROLLUP (a, b)",
            ),
        ] {
            let Ok(Statement::Query(mut query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            tell(&mut query);
            assert_eq!(query.to_string(), expected);
        }
    }
}
