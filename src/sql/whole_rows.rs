//! Whole rows as values: `row_to_json(c)` of `FROM customer c` is a function of a record of all of
//! the relation's columns.
//!
//! DataFusion's planner knows no relation as a value. A query that names one, as an argument of a
//! function that makes JSON or anywhere that no column has the name, is told its columns, which are
//! looked up where the relation is a table, and read off where it is a subquery; those that the server
//! adds, such as the places of rows that change, are none of a row's. A relation beyond an
//! outer join is NULL where it has no row; here also where all columns of its row are. What stands in `FROM`
//! sees the relations before it (`beside`). `c.*` as a value is the same row, but in `ROW(c.*)`, where it is
//! all of its columns.

mod beside;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, JoinOperator, ObjectName, OrderBy, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins, Value, VisitorMut,
};

use super::column_names::{is_added, name_of, shown_name};
use super::cursor::folded;
use super::known_columns::KnownColumns;
use super::row_comparison::{is_comparison, is_row, take};
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
    let mut rewriter = Rewriter {
        is_rewriting: true,
        columns: rewriter.columns.looked_up(state).await?,
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
    /// Whether the columns of tables are known.
    is_rewriting: bool,
    columns: KnownColumns,
    /// What names mean in the selections that were left, by where these stand.
    scopes: BTreeMap<usize, Scope>,
}

/// The names that mean something in a selection.
struct Scope {
    names: BTreeSet<String>,
    /// Whether these are all.
    is_whole: bool,
}

/// Where a selection stands.
fn place_of(select: &Select) -> usize {
    std::ptr::from_ref(select).addr()
}

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.columns.enter_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let Query { body, order_by, .. } = query;
        match body.as_mut() {
            SetExpr::Select(select) => self.rewrite(select, order_by.as_mut()),
            other => self.rewrite_sides(other),
        }
        self.columns.leave();
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
        let padded: BTreeSet<String> = select.from.iter().flat_map(names_padded).collect();
        let mut before = Before {
            relations: BTreeMap::new(),
            are_known: true,
            is_rewriting: self.is_rewriting,
        };
        for table in &mut select.from {
            self.beside(&mut table.relation, &padded, &mut before);
            for join in &mut table.joins {
                self.beside(&mut join.relation, &padded, &mut before);
                if let Some(condition) = beside::condition(&mut join.join_operator) {
                    let mut calls = before.calls(&padded, &self.scopes);
                    let _ = condition.visit(&mut calls);
                    self.is_wanted |= calls.is_found;
                }
            }
        }
        let mut calls = before.calls(&padded, &self.scopes);
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
        if !named.any(|name| before.relations.contains_key(&name)) {
            let _ = select.group_by.visit(&mut calls);
            if let Some(order_by) = order_by {
                let _ = order_by.visit(&mut calls);
            }
        }
        if let Some(condition) = &mut select.having {
            let _ = condition.visit(&mut calls);
        }
        self.is_wanted |= calls.is_found;
        let scope = self.scope(select, before);
        self.scopes.insert(place_of(select), scope);
    }

    /// What names mean in a selection: its relations, their columns, and what it gives.
    fn scope(&mut self, select: &Select, before: Before) -> Scope {
        let mut names: BTreeSet<String> = before.relations.into_keys().collect();
        let mut is_whole = before.are_known;
        if self.is_rewriting {
            for table in &select.from {
                match self.columns.of_joined(table) {
                    Some(columns) => names.extend(columns),
                    None => is_whole = false,
                }
            }
        }
        names.extend(select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
            _ => None,
        }));
        Scope { names, is_whole }
    }

    /// A relation of a `FROM`, and the rows of those before it that it is computed with.
    fn beside(&mut self, factor: &mut TableFactor, padded: &BTreeSet<String>, before: &mut Before) {
        let mut calls = before.calls(padded, &self.scopes);
        beside::arguments(factor, &mut calls);
        self.is_wanted |= calls.is_found;
        before.are_known &= beside::is_known(factor);
        self.collect_one(factor, &mut before.relations);
    }

    /// The relations of a `FROM` by the names that they go by, and their columns.
    fn collect(
        &mut self,
        table: &TableWithJoins,
        relations: &mut BTreeMap<String, Option<Vec<String>>>,
    ) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            self.collect_one(factor, relations);
        }
    }

    fn collect_one(
        &mut self,
        factor: &TableFactor,
        relations: &mut BTreeMap<String, Option<Vec<String>>>,
    ) {
        match factor {
            TableFactor::Table { args: None, .. } | TableFactor::Derived { .. } => {
                if let Some(name) = name_of_factor(factor) {
                    relations.insert(name, self.columns_of(factor));
                }
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.collect(table_with_joins, relations),
            _ => {}
        }
    }

    /// The columns of a row of a relation. An old version of a table is taken to have those of now.
    fn columns_of(&mut self, factor: &TableFactor) -> Option<Vec<String>> {
        let mut factor = Cow::Borrowed(factor);
        if let TableFactor::Table {
            version: Some(_), ..
        } = &*factor
            && let TableFactor::Table { version, .. } = factor.to_mut()
        {
            *version = None;
        }
        let mut columns = self.columns.of_factor(&factor)?;
        columns.retain(|column| !is_added(column));
        Some(columns)
    }
}

/// The relations of a `FROM` so far, by the names that they go by, and their columns.
struct Before {
    relations: BTreeMap<String, Option<Vec<String>>>,
    /// Whether the columns of all of them can be known.
    are_known: bool,
    is_rewriting: bool,
}

impl Before {
    /// What finds them in expressions.
    fn calls<'a>(
        &'a self,
        padded: &'a BTreeSet<String>,
        scopes: &'a BTreeMap<usize, Scope>,
    ) -> Calls<'a> {
        Calls {
            relations: &self.relations,
            padded,
            are_known: self.are_known,
            is_found: false,
            is_rewriting: self.is_rewriting,
            scopes,
            within: Vec::new(),
            fields: BTreeSet::new(),
        }
    }
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
    /// What names mean in the selections within which the place may be.
    scopes: &'a BTreeMap<usize, Scope>,
    /// The queries and selections that it is within, of which none is known where names may mean anything.
    within: Vec<Within<'a>>,
    /// Where the names of fields stand, as in `(i.keys).n`, which are no relations.
    fields: BTreeSet<usize>,
}

/// What a place is within.
enum Within<'a> {
    Known(&'a Scope),
    /// A query without names of its own.
    Nameless,
    Unknown,
}

impl<'a> Calls<'a> {
    /// What is known of a selection.
    fn within(&self, select: &Select) -> Within<'a> {
        match self.scopes.get(&place_of(select)) {
            Some(scope) if scope.is_whole => Within::Known(scope),
            _ => Within::Unknown,
        }
    }

    /// The columns of the relation that a name alone stands for, once they are known.
    fn named(&mut self, name: &Ident) -> Option<&Vec<String>> {
        let name = folded(name);
        let columns = self.relations.get(&name)?;
        let is_other = |within: &Within<'_>| match within {
            Within::Known(scope) => scope.names.contains(&name),
            Within::Nameless => false,
            Within::Unknown => true,
        };
        if !self.are_known || self.within.iter().any(is_other) {
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

    /// Gives the fields of a row that is written out beside a relation's the names of the relation's
    /// columns, since records of other names are of another type.
    fn name_fields(&mut self, relation: &Expr, written: &mut Expr) {
        if !is_row(written) {
            return;
        }
        let columns = match bare(relation) {
            Expr::Identifier(name) => self.named(name).cloned(),
            Expr::QualifiedWildcard(name, _) => self.all_of(name).map(|(_, columns)| columns),
            _ => None,
        };
        let Some(columns) = columns else {
            return;
        };
        let values = take(&mut written.clone());
        if values.len() == columns.len() {
            let fields: Vec<(String, Expr)> = columns.into_iter().zip(values).collect();
            *written = record(&fields);
        }
    }

    /// The row of a relation as a value.
    fn row(&self, relation: &Ident, columns: &[String]) -> Expr {
        let fields = fields_of(relation, columns);
        match self.padded.contains(&folded(relation)) {
            true => row_if_there(&fields),
            false => record(&fields),
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

/// A row of named values, and NULL where all of them are.
pub fn row_if_there(fields: &[(String, Expr)]) -> Expr {
    let row = record(fields);
    let Some(condition) = each(fields, Expr::IsNotNull, BinaryOperator::Or) else {
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

/// Something of each value of a row; none where it has no values.
fn each(
    fields: &[(String, Expr)],
    test: fn(Box<Expr>) -> Expr,
    joined: BinaryOperator,
) -> Option<Expr> {
    let tests = fields
        .iter()
        .map(|(_, value)| test(Box::new(value.clone())));
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

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let within = match query.body.as_ref() {
            SetExpr::Select(select) => self.within(select),
            // What is ordered by is a column of the answer.
            _ if query.order_by.is_some() => Within::Unknown,
            _ => Within::Nameless,
        };
        self.within.push(within);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.within.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        let within = self.within(select);
        self.within.push(within);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<Infallible> {
        self.within.pop();
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
        match &mut *expr {
            Expr::BinaryOp { left, op, right } if is_comparison(op) => {
                self.name_fields(left, right);
                self.name_fields(right, left);
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.name_fields(left, right);
                self.name_fields(right, left);
            }
            Expr::InList {
                expr: row, list, ..
            } => {
                for written in list {
                    self.name_fields(row, written);
                }
            }
            _ => {}
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
                    each(&fields_of(&relation, &columns), test, BinaryOperator::And)
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

/// The columns of a relation with their names.
fn fields_of(relation: &Ident, columns: &[String]) -> Vec<(String, Expr)> {
    let fields = columns
        .iter()
        .map(|column| (column.clone(), field(relation, column)));
    fields.collect()
}

/// The function that makes a record of names and values.
const RECORD: &str = "tributary_row";

/// A record of named values.
fn record(fields: &[(String, Expr)]) -> Expr {
    let members = fields.iter().flat_map(|(name, value)| {
        let name = Expr::value(Value::SingleQuotedString(shown_name(name).to_owned()));
        [name, value.clone()]
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
