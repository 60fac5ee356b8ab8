//! Aggregates, windows and groups that differ by a cast: `min(n), min(n::numeric)`, `GROUP BY d, d::text`.
//!
//! DataFusion tells such by names that do not tell casts, and refuses two of one name. So the values of
//! these casts are said as those of `coalesce`, which is in the name and is simplified away.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, GroupByExpr, Ident, ObjectName, ObjectNamePart, OrderByKind, Query, Select,
    SelectItem, SetExpr, Value, VisitorMut,
};

use super::column_names::without_casts;
use super::cursor::folded;
use crate::sql::walk::{VisitMut, visit_expressions, visit_expressions_mut};

/// Says such casts. `is_aggregate` tells functions of many rows.
pub fn tell(query: &mut Query, is_aggregate: &dyn Fn(&str) -> bool) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Teller { is_aggregate });
}

struct Teller<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
}

impl VisitorMut for Teller<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let keys = query
            .order_by
            .iter_mut()
            .flat_map(|order| match &mut order.kind {
                OrderByKind::Expressions(keys) => keys.as_mut_slice(),
                OrderByKind::All(_) => &mut [],
            });
        let keys: Vec<&mut Expr> = keys.map(|key| &mut key.expr).collect();
        if let SetExpr::Select(select) = query.body.as_mut() {
            self.tell_in(select, keys);
        }
        ControlFlow::Continue(())
    }

    /// The branches of `UNION` and its like.
    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.tell_in(select, Vec::new());
        ControlFlow::Continue(())
    }
}

impl Teller<'_> {
    fn tell_in(&self, select: &mut Select, keys: Vec<&mut Expr>) {
        let mut named = groups(select);
        let mut parts = parts(select);
        parts.extend(keys);
        if !parts.iter().any(|part| has_cast(part)) {
            return;
        }
        for part in &parts {
            self.collect(part, &mut named);
        }
        let depths = depths(&named);
        if depths.is_empty() {
            return;
        }
        for part in parts {
            let _ = visit_expressions_mut(part, |expression| {
                let plain = plain(expression);
                if let Some((_, depth)) = depths.iter().find(|(named, _)| *named == plain) {
                    wrap_casts(expression, *depth);
                }
                ControlFlow::<()>::Continue(())
            });
        }
    }

    /// The calls within an expression that a plan has by their names.
    fn collect(&self, part: &Expr, named: &mut Vec<Expr>) {
        let _ = visit_expressions(part, |expression| {
            if let Expr::Function(function) = expression
                && (function.over.is_some() || self.aggregates(function))
            {
                add(named, expression);
            }
            ControlFlow::<()>::Continue(())
        });
    }

    fn aggregates(&self, function: &Function) -> bool {
        let name = function.name.0.last().and_then(|part| part.as_ident());
        name.is_some_and(|name| (self.is_aggregate)(&folded(name)))
    }
}

/// The expressions of a selection that are computed of its rows.
fn parts(select: &mut Select) -> Vec<&mut Expr> {
    let items = select.projection.iter_mut().filter_map(|item| match item {
        SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
            Some(value)
        }
        _ => None,
    });
    let groups = match &mut select.group_by {
        GroupByExpr::Expressions(groups, _) => groups.as_mut_slice(),
        GroupByExpr::All(_) => &mut [],
    };
    items.chain(groups).chain(&mut select.having).collect()
}

/// What a selection groups by, also where it says so by places or by names of its columns.
fn groups(select: &Select) -> Vec<Expr> {
    let GroupByExpr::Expressions(groups, _) = &select.group_by else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for group in groups.iter().flat_map(each) {
        add(&mut found, meant(group, &select.projection));
    }
    found
}

/// The expressions of an item of `GROUP BY`, which `ROLLUP` and its like have several of.
fn each(group: &Expr) -> Vec<&Expr> {
    match group {
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
            sets.iter().flatten().collect()
        }
        Expr::Tuple(parts) => parts.iter().collect(),
        other => vec![other],
    }
}

/// The item that an expression in `GROUP BY` stands for, or the expression.
fn meant<'a>(group: &'a Expr, items: &'a [SelectItem]) -> &'a Expr {
    let item = match group {
        Expr::Value(value) => match &value.value {
            Value::Number(place, _) => {
                let place = place.parse::<usize>().ok();
                place.and_then(|place| items.get(place.checked_sub(1)?))
            }
            _ => None,
        },
        Expr::Identifier(name) => items.iter().find(|item| {
            matches!(item, SelectItem::ExprWithAlias { alias, .. } if folded(alias) == folded(name))
        }),
        _ => None,
    };
    match item {
        Some(SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) => {
            value
        }
        _ => group,
    }
}

fn add(named: &mut Vec<Expr>, expression: &Expr) {
    let plain = plain(expression);
    if !named.contains(&plain) {
        named.push(plain);
    }
}

/// The expressions with casts whose names are those of others, and in how many calls their casts are put.
fn depths(named: &[Expr]) -> Vec<(Expr, usize)> {
    let names: Vec<String> = named
        .iter()
        .map(|expression| without_casts(expression).0)
        .collect();
    let mut depths: Vec<(Expr, usize)> = Vec::new();
    for (place, (expression, own)) in named.iter().zip(&names).enumerate() {
        let is_only = names.iter().filter(|other| *other == own).count() == 1;
        if is_only || !has_cast(expression) {
            continue;
        }
        let before = named.iter().zip(&names).take(place);
        let before = before.filter(|(other, name)| *name == own && has_cast(other));
        depths.push((expression.clone(), before.count() + 1));
    }
    depths
}

/// An expression as it is however it is written: by one form of casts, and without the tables of columns.
fn plain(expression: &Expr) -> Expr {
    let mut expression = expression.clone();
    let _ = visit_expressions_mut(&mut expression, |part| {
        while let Expr::Nested(inner) = part {
            *part = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
        }
        match part {
            Expr::Cast { kind, .. } => *kind = CastKind::Cast,
            Expr::Function(function) => {
                for name in &mut function.name.0 {
                    if let ObjectNamePart::Identifier(name) = name {
                        *name = Ident::new(folded(name));
                    }
                }
            }
            Expr::Identifier(name) => *name = Ident::new(folded(name)),
            Expr::CompoundIdentifier(parts) => {
                if let Some(last) = parts.pop() {
                    *part = Expr::Identifier(Ident::new(folded(&last)));
                }
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    expression
}

fn has_cast(expression: &Expr) -> bool {
    let found = visit_expressions(expression, |part| match part {
        Expr::Cast { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn wrap_casts(expression: &mut Expr, depth: usize) {
    let _ = visit_expressions_mut(expression, |part| {
        if matches!(part, Expr::Cast { .. }) {
            for _ in 0..depth {
                wrap(part);
            }
        }
        ControlFlow::<()>::Continue(())
    });
}

/// `coalesce(expression)`, which is the expression.
fn wrap(expression: &mut Expr) {
    let value = std::mem::replace(expression, Expr::value(Value::Null));
    *expression = Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("coalesce")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(value))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn casts_are_told_where_names_are_others() {
        for (sql, expected) in [
            (
                "SELECT min(a), min(a::BIGINT) FROM t ORDER BY min(a::BIGINT)",
                "SELECT min(a), min(coalesce(a::BIGINT)) FROM t ORDER BY min(coalesce(a::BIGINT))",
            ),
            (
                "SELECT a, a::TEXT FROM t GROUP BY 1, 2",
                "SELECT a, coalesce(a::TEXT) FROM t GROUP BY 1, 2",
            ),
            (
                "SELECT a, a::TEXT FROM t GROUP BY ROLLUP (a, a::TEXT)",
                "SELECT a, coalesce(a::TEXT) FROM t GROUP BY ROLLUP (a, coalesce(a::TEXT))",
            ),
            (
                "SELECT min(a), min(b::BIGINT) FROM t",
                "SELECT min(a), min(b::BIGINT) FROM t",
            ),
        ] {
            let Ok(Statement::Query(mut query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            tell(&mut query, &|name| name == "min");
            assert_eq!(query.to_string(), expected);
        }
    }
}
