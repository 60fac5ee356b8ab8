//! Whole rows as values: `row_to_json(c)` of `FROM customer c` is a function of a record of all of
//! the relation's columns.
//!
//! DataFusion's planner knows no relation as a value. A query that names one, as an argument of a
//! function that makes JSON or anywhere that no column has the name, is told its columns, which are
//! looked up where the relation is a table, and read off where it is a subquery. A relation beyond an
//! outer join is NULL where it has no row; here also where all columns of its row are. `c.*` as a value
//! is the same row, but in `ROW(c.*)`, where it is all of its columns.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, JoinOperator, ObjectName, OrderBy, Query, Select, SelectItem,
    SetExpr, TableAlias, TableFactor, TableWithJoins, Value, VisitorMut,
};

use super::column_names::{name_of, shown_name};
use super::cursor::folded;
use super::hidden_columns::shown_columns;
use super::standard_forms;
use crate::error::Result;
use crate::sql::walk::VisitMut;

/// Functions that make JSON of a value of any type.
const FUNCTIONS: [&str; 13] = [
    "array_agg",
    "array_to_json",
    "json_agg",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "row_to_json",
    "to_json",
    "to_jsonb",
];

/// Names the columns of the relations that a query makes JSON of.
///
/// # Errors
/// What looking up a relation meets.
pub async fn expand(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut rewriter = Rewriter::default();
    let _ = query.visit(&mut rewriter);
    if !rewriter.is_wanted {
        return Ok(());
    }
    let tables = shown_columns(std::mem::take(&mut rewriter.tables), state).await?;
    let mut rewriter = Rewriter {
        columns: Some(tables),
        ..Rewriter::default()
    };
    let _ = query.visit(&mut rewriter);
    Ok(())
}

/// Walks a query twice: to find the tables whose rows may be meant, and to name their columns.
#[derive(Default)]
struct Rewriter {
    /// Whether any relation is named as a value.
    is_wanted: bool,
    tables: BTreeSet<Vec<String>>,
    /// The columns of tables, by the parts of their names, once they are known.
    columns: Option<BTreeMap<Vec<String>, Vec<String>>>,
    /// Of the queries around, the columns of each common table expression.
    expressions: Vec<BTreeMap<String, Vec<String>>>,
}

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let mut own = BTreeMap::new();
        for expression in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = self.named(of_query(&expression.query), Some(&expression.alias));
            if let Some(columns) = columns {
                own.insert(folded(&expression.alias.name), columns);
            }
        }
        self.expressions.push(own);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let Query { body, order_by, .. } = query;
        match body.as_mut() {
            SetExpr::Select(select) => self.rewrite(select, order_by.as_mut()),
            other => self.rewrite_sides(other),
        }
        self.expressions.pop();
        ControlFlow::Continue(())
    }
}

impl Rewriter {
    /// The queries that `UNION` and the like combine.
    fn rewrite_sides(&mut self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => self.rewrite(select, None),
            SetExpr::SetOperation { left, right, .. } => {
                self.rewrite_sides(left);
                self.rewrite_sides(right);
            }
            // A query of its own is walked as one.
            _ => {}
        }
    }

    fn rewrite(&mut self, select: &mut Select, order_by: Option<&mut OrderBy>) {
        let mut relations = BTreeMap::new();
        let mut padded = BTreeSet::new();
        for table in &select.from {
            self.collect(table, &mut relations);
            padded.extend(names_padded(table));
        }
        let mut factors = select.from.iter().flat_map(|table| {
            let joined = table.joins.iter().map(|join| &join.relation);
            std::iter::once(&table.relation).chain(joined)
        });
        let are_known = factors.all(|factor| {
            matches!(
                factor,
                TableFactor::Table { args: None, .. } | TableFactor::Derived { .. }
            )
        });
        let mut calls = Calls {
            relations: &relations,
            padded: &padded,
            are_known,
            is_found: false,
            is_rewriting: self.columns.is_some(),
            depth: 0,
            fields: BTreeSet::new(),
        };
        for item in &mut select.projection {
            let named = match item {
                SelectItem::UnnamedExpr(value) => {
                    let name = name_of(value);
                    let _ = value.visit(&mut calls);
                    let is_record = is_record(value)
                        && !matches!(value, Expr::Function(call) if name == called(call));
                    is_record.then(|| (value.clone(), name))
                }
                SelectItem::ExprWithAlias { expr: value, .. } => {
                    let _ = value.visit(&mut calls);
                    None
                }
                _ => None,
            };
            if let Some((expr, name)) = named {
                let alias = Ident::with_quote('"', name);
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
        }
        if let Some(condition) = &mut select.selection {
            let _ = condition.visit(&mut calls);
        }
        // A name of the answer comes before one of a relation there.
        let mut named = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
            _ => None,
        });
        if let Some(order_by) = order_by
            && !named.any(|name| relations.contains_key(&name))
        {
            let _ = order_by.visit(&mut calls);
        }
        self.is_wanted |= calls.is_found;
    }

    /// The relations of a `FROM` by the names that they go by, and their columns.
    fn collect(
        &mut self,
        table: &TableWithJoins,
        relations: &mut BTreeMap<String, Option<Vec<String>>>,
    ) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            match factor {
                TableFactor::Table {
                    name,
                    alias,
                    args: None,
                    ..
                } => {
                    let Some(parts) = parts(name) else { continue };
                    let Some(last) = parts.last().cloned() else {
                        continue;
                    };
                    let known = match (parts.as_slice(), &self.columns) {
                        ([name], _) if self.expression(name).is_some() => {
                            self.expression(name).cloned()
                        }
                        (_, Some(columns)) => columns.get(&parts).cloned(),
                        (_, None) => {
                            self.tables.insert(parts.clone());
                            None
                        }
                    };
                    let name = alias.as_ref().map_or(last, |alias| folded(&alias.name));
                    relations.insert(name, self.named(known, alias.as_ref()));
                }
                TableFactor::Derived {
                    subquery,
                    alias: Some(alias),
                    ..
                } => {
                    let columns = self.named(of_query(subquery), Some(alias));
                    relations.insert(folded(&alias.name), columns);
                }
                TableFactor::NestedJoin {
                    table_with_joins, ..
                } => self.collect(table_with_joins, relations),
                _ => {}
            }
        }
    }

    fn expression(&self, name: &str) -> Option<&Vec<String>> {
        let mut around = self.expressions.iter().rev();
        around.find_map(|expressions| expressions.get(name))
    }

    /// Columns with the names that an alias gives to the first of them.
    fn named(
        &self,
        columns: Option<Vec<String>>,
        alias: Option<&TableAlias>,
    ) -> Option<Vec<String>> {
        let mut columns = columns?;
        let given = alias.map(|alias| alias.columns.as_slice());
        for (column, given) in columns.iter_mut().zip(given.unwrap_or_default()) {
            *column = folded(&given.name);
        }
        Some(columns)
    }
}

/// The columns that a query's text tells; none where it has a `*`.
fn of_query(query: &Query) -> Option<Vec<String>> {
    fn of_body(body: &SetExpr) -> Option<Vec<String>> {
        match body {
            SetExpr::Select(select) => {
                let items = select.projection.iter().map(|item| match item {
                    SelectItem::UnnamedExpr(value) => Some(name_of(value)),
                    SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
                    _ => None,
                });
                items.collect()
            }
            SetExpr::SetOperation { left, .. } => of_body(left),
            SetExpr::Query(query) => of_query(query),
            SetExpr::Values(values) => {
                let width = values.rows.first()?.content.len();
                Some(
                    (1..=width)
                        .map(|number| format!("column{number}"))
                        .collect(),
                )
            }
            _ => None,
        }
    }
    of_body(&query.body)
}

/// Finds relations among the arguments of calls, and where a column's name could stand.
struct Calls<'a> {
    relations: &'a BTreeMap<String, Option<Vec<String>>>,
    /// Those that have no row for some rows of the query.
    padded: &'a BTreeSet<String>,
    /// Whether the columns of all parts of `FROM` can be known.
    are_known: bool,
    is_found: bool,
    is_rewriting: bool,
    /// How many queries the place is within.
    depth: usize,
    /// Where the names of fields stand, as in `(i.keys).n`, which are no relations.
    fields: BTreeSet<usize>,
}

impl Calls<'_> {
    /// The columns of the relation that a name alone stands for, once they are known.
    fn named(&mut self, name: &Ident) -> Option<&Vec<String>> {
        let name = folded(name);
        let columns = self.relations.get(&name)?;
        if self.depth > 0 || !self.are_known {
            return None;
        }
        self.is_found = true;
        let mut all = self.relations.values();
        let is_row = self.is_rewriting
            && all.all(|columns| columns.as_ref().is_some_and(|it| !it.contains(&name)));
        columns.as_ref().filter(|_| is_row)
    }

    /// The relation that `relation.*` names as a value, and its columns, once they are known.
    fn all_of(&mut self, name: &ObjectName) -> Option<(Ident, Vec<String>)> {
        let [part] = name.0.as_slice() else {
            return None;
        };
        let relation = part.as_ident()?;
        let columns = self.relations.get(&folded(relation))?.clone();
        self.is_found = true;
        let columns = columns.filter(|_| self.is_rewriting)?;
        Some((relation.clone(), columns))
    }

    /// The row of a relation as a value.
    fn row(&self, relation: &Ident, columns: &[String]) -> Expr {
        let row = record(relation, columns);
        match self.padded.contains(&folded(relation)) {
            true => case_any(relation, columns, row),
            false => row,
        }
    }
}

/// An expression without the parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// A row, and NULL where all columns are.
fn case_any(relation: &Ident, columns: &[String], row: Expr) -> Expr {
    let Some(condition) = each(relation, columns, Expr::IsNotNull, BinaryOperator::Or) else {
        return row;
    };
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition,
            result: row,
        }],
        else_result: None,
    }
}

/// Something of each column of a relation; none where it has no columns.
fn each(
    relation: &Ident,
    columns: &[String],
    test: fn(Box<Expr>) -> Expr,
    joined: BinaryOperator,
) -> Option<Expr> {
    let tests = columns
        .iter()
        .map(|column| test(Box::new(field(relation, column))));
    let all = tests.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: joined.clone(),
        right: Box::new(right),
    });
    all.map(|all| Expr::Nested(Box::new(all)))
}

/// Whether an expression is a row that was put in the place of a relation's name.
fn is_record(value: &Expr) -> bool {
    match value {
        Expr::Function(function) => called(function) == RECORD,
        Expr::Case { conditions, .. } => {
            matches!(conditions.as_slice(), [only] if is_record(&only.result))
        }
        _ => false,
    }
}

fn called(function: &Function) -> String {
    let name = parts(&function.name).and_then(|mut parts| parts.pop());
    name.unwrap_or_default()
}

/// The names of the relations of a join that have no row for some of its rows.
fn names_padded(table: &TableWithJoins) -> Vec<String> {
    let mut before = vec![&table.relation];
    let mut padded = Vec::new();
    for join in &table.joins {
        let (pads_left, pads_right) = match &join.join_operator {
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => (false, true),
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (true, false),
            JoinOperator::FullOuter(_) => (true, true),
            _ => (false, false),
        };
        if pads_left {
            padded.extend(before.iter().copied());
        }
        if pads_right {
            padded.push(&join.relation);
        }
        before.push(&join.relation);
    }
    padded.into_iter().filter_map(name_of_factor).collect()
}

fn name_of_factor(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } => Some(folded(&alias.name)),
        TableFactor::Table { name, .. } => parts(name)?.pop(),
        _ => None,
    }
}

impl VisitorMut for Calls<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::CompoundFieldAccess { access_chain, .. } = &*expr {
            let fields = access_chain.iter().filter_map(|access| match access {
                AccessExpr::Dot(field) => Some(std::ptr::from_ref(field).addr()),
                AccessExpr::Subscript(_) => None,
            });
            self.fields.extend(fields);
        }
        let whole = match &*expr {
            Expr::Identifier(_) if self.fields.contains(&std::ptr::from_ref(&*expr).addr()) => None,
            Expr::Identifier(name) => {
                let columns = self.named(name).cloned();
                columns.map(|columns| self.row(name, &columns))
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                let test = match &*expr {
                    Expr::IsNull(_) => Expr::IsNull,
                    _ => Expr::IsNotNull,
                };
                let row = match bare(inner) {
                    Expr::Identifier(name) => {
                        let columns = self.named(name).cloned();
                        columns.map(|columns| (name.clone(), columns))
                    }
                    Expr::QualifiedWildcard(name, _) => self.all_of(name),
                    _ => None,
                };
                row.and_then(|(relation, columns)| {
                    each(&relation, &columns, test, BinaryOperator::And)
                })
            }
            Expr::QualifiedWildcard(name, _) => {
                let all = self.all_of(name);
                all.map(|(relation, columns)| self.row(&relation, &columns))
            }
            _ => None,
        };
        if let Some(whole) = whole {
            *expr = whole;
            return ControlFlow::Continue(());
        }
        let Expr::Function(Function {
            name,
            args: FunctionArguments::List(list),
            ..
        }) = expr
        else {
            return ControlFlow::Continue(());
        };
        let called = parts(name).and_then(|mut parts| parts.pop());
        let makes_row = called.as_deref() == Some("row");
        for argument in std::mem::take(&mut list.args) {
            let all = match &argument {
                FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => self.all_of(name),
                _ => None,
            };
            let unnamed = |value| FunctionArg::Unnamed(FunctionArgExpr::Expr(value));
            match all {
                Some((relation, columns)) if makes_row => {
                    let fields = columns.iter().map(|column| field(&relation, column));
                    list.args.extend(fields.map(unnamed));
                }
                Some((relation, columns)) => {
                    list.args.push(unnamed(self.row(&relation, &columns)));
                }
                None => list.args.push(argument),
            }
        }
        if !called.is_some_and(|name| FUNCTIONS.contains(&name.as_str())) {
            return ControlFlow::Continue(());
        }
        for argument in &mut list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument else {
                continue;
            };
            let Expr::Identifier(relation) = &*value else {
                continue;
            };
            let Some(columns) = self.relations.get(&folded(relation)) else {
                continue;
            };
            self.is_found = true;
            if let Some(columns) = columns
                && self.is_rewriting
                && !columns.contains(&folded(relation))
            {
                *value = self.row(relation, columns);
            }
        }
        ControlFlow::Continue(())
    }
}

/// A column of a relation.
fn field(relation: &Ident, column: &str) -> Expr {
    Expr::CompoundIdentifier(vec![relation.clone(), Ident::with_quote('"', column)])
}

/// The function that makes a record of names and values.
const RECORD: &str = "tributary_row";

/// A record of a relation's columns.
fn record(relation: &Ident, columns: &[String]) -> Expr {
    let members = columns.iter().flat_map(|column| {
        let name = Expr::value(Value::SingleQuotedString(shown_name(column).to_owned()));
        [name, field(relation, column)]
    });
    let mut function = standard_forms::call(Ident::new(RECORD));
    function.args = standard_forms::arguments(members.collect());
    Expr::Function(function)
}

fn parts(name: &ObjectName) -> Option<Vec<String>> {
    name.0
        .iter()
        .map(|part| part.as_ident().map(folded))
        .collect()
}
