//! What a value within a query is planned by alone, to find out what it is: a query of it over the relations that
//! stand there, within or beside those of the queries around.

use datafusion::sql::sqlparser::ast::{
    Expr, Query, SelectItem, SetExpr, TableFactor, TableWithJoins, With,
};

use crate::sql::unnested_rows;
use crate::sql::{Statement, parse_one};

/// The relation of what is planned alone, beside those of the queries around it.
const PROBE: &str = "tributary:probe";

/// Where a selection stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// What it names by `WITH`.
    pub(super) with: Option<&'a With>,
    /// The query that it is of, as it was found.
    pub(super) own: Option<&'a Query>,
}

/// A value alone, over relations: within the queries around for what these name by `WITH`, and beside
/// their relations.
pub(super) fn probes(
    around: &[Query],
    value: Expr,
    from: &[TableWithJoins],
    of: Place<'_>,
) -> Vec<Query> {
    let Some(own) = alone(value, from, of.with) else {
        return Vec::new();
    };
    let mut plain = own.clone();
    let mut beside = own;
    for (depth, outer_query) in around.iter().enumerate().rev() {
        let within = around.get(depth + 1).or(of.own);
        let with = with_before(outer_query, within);
        if with.is_some() {
            let mut outer = plain.clone();
            outer.with.clone_from(&with);
            outer.body = Box::new(SetExpr::Query(Box::new(plain)));
            plain = outer;
        }
        let from = match outer_query.body.as_ref() {
            SetExpr::Select(select) => relations_beside(&select.from, within),
            _ => Vec::new(),
        };
        match unnested_rows::beside(&beside, PROBE, &from, with.as_ref()) {
            Some(query) => beside = query,
            None => return vec![plain],
        }
    }
    match around.is_empty() {
        true => vec![plain],
        false => vec![plain, beside],
    }
}

/// What a query names by `WITH` for one within it: where it stands there itself, what stands before it.
fn with_before(around: &Query, within: Option<&Query>) -> Option<With> {
    let mut with = around.with.clone()?;
    let mut named = with.cte_tables.iter();
    if let Some(place) = named.position(|it| Some(it.query.as_ref()) == within) {
        with.cte_tables.truncate(place);
    }
    (!with.cte_tables.is_empty()).then_some(with)
}

/// `SELECT` of a value over relations.
fn alone(value: Expr, from: &[TableWithJoins], with: Option<&With>) -> Option<Query> {
    let Ok(Statement::Query(mut probe)) = parse_one("SELECT NULL") else {
        return None;
    };
    probe.with = with.cloned();
    if let SetExpr::Select(select) = probe.body.as_mut() {
        select.from = from.to_vec();
        select.projection = vec![SelectItem::UnnamedExpr(value)];
    }
    Some(*probe)
}

/// What stands before a place of a `FROM`.
pub(super) fn before(from: &[TableWithJoins], place: usize, join: usize) -> Vec<TableWithJoins> {
    let mut all: Vec<TableWithJoins> = from.iter().take(place).cloned().collect();
    if let (Some(table), Some(joins)) = (from.get(place), join.checked_sub(1)) {
        let mut table = table.clone();
        table.joins.truncate(joins);
        all.push(table);
    }
    all
}

/// The relations of a `FROM` that a query within may read: where it stands there itself, those before it.
fn relations_beside(from: &[TableWithJoins], within: Option<&Query>) -> Vec<TableWithJoins> {
    let is_within = |factor: &TableFactor| match factor {
        TableFactor::Derived { subquery, .. } => Some(subquery.as_ref()) == within,
        _ => false,
    };
    for (place, table) in from.iter().enumerate() {
        let joined = table.joins.iter().map(|join| &join.relation);
        let mut factors = std::iter::once(&table.relation).chain(joined);
        if let Some(join) = factors.position(is_within) {
            return before(from, place, join);
        }
    }
    from.to_vec()
}
