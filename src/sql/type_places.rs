//! Where in a statement's text stands the value whose type does not fit, as PostgreSQL tells it.
//!
//! An error names types, and the construct or the column that they meet in. Which of its values is meant
//! their casts and literals tell, or that there are two of them alone. Where it may be another, no place is
//! better.

mod parts;
#[cfg(test)]
mod tests;
mod values;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, Query, Select, SetExpr, TableWithJoins, UnaryOperator, Visitor, With,
};
use datafusion::sql::sqlparser::tokenizer::Location;

use self::parts::{joined_on, parts, rows_of, value_of};
use self::values::{Known, known, start};
use super::Statement;
use super::assignment::{Assignment, is_default};
use super::condition_clause::NO_TRUTH;
use super::cursor::folded;
use super::insert::Insert;
use super::parser;
use crate::sql::walk::Visit;

/// The place of the value that an error of types is of, if that is known.
pub(super) fn place(message: &str, sql: &str) -> Option<Location> {
    let told = Told::of(message)?;
    let statements = parser::parse(sql).ok()?;
    let [statement] = statements.as_slice() else {
        return None;
    };
    let mut search = Search {
        told,
        found: Vec::new(),
    };
    search.statement(statement);
    search.only()
}

/// What an error of types tells.
#[derive(Clone, Copy, Debug)]
enum Told<'a> {
    /// `UNION types integer and boolean cannot be matched`, `UNION could not convert type boolean to integer`
    Unmatched {
        construct: &'a str,
        first: &'a str,
        other: &'a str,
    },
    /// `column "b" is of type boolean but expression is of type integer`
    Assigned { column: &'a str, own: &'a str },
    /// `argument of AND must be type boolean, not type integer`
    Argument { construct: &'a str, own: &'a str },
    /// `argument of WHERE must be type boolean, not type integer`
    Condition { own: &'a str },
    /// `recursive query "t" column 1 has type integer in non-recursive term but type numeric overall`
    Recursive { query: &'a str, column: usize },
}

impl<'a> Told<'a> {
    fn of(message: &'a str) -> Option<Self> {
        if let Some(types) = message.strip_suffix(" cannot be matched") {
            let (construct, types) = types.split_once(" types ")?;
            let (first, other) = types.split_once(" and ")?;
            return Some(Self::Unmatched {
                construct,
                first,
                other,
            });
        }
        if let Some((construct, types)) = message.split_once(" could not convert type ") {
            let (other, first) = types.split_once(" to ")?;
            return Some(Self::Unmatched {
                construct: construct.trim_end_matches("/WHEN"),
                first,
                other,
            });
        }
        if let Some(rest) = message.strip_prefix("column \"") {
            let (column, types) = rest.split_once("\" is of type ")?;
            let (_, own) = types.split_once(" but expression is of type ")?;
            return Some(Self::Assigned { column, own });
        }
        if let Some(own) = message.strip_prefix(NO_TRUTH) {
            return Some(Self::Condition { own });
        }
        if let Some(rest) = message.strip_prefix("recursive query \"") {
            let (query, rest) = rest.split_once("\" column ")?;
            let (column, _) = rest.split_once(" has type ")?;
            let column = column.parse().ok()?;
            return Some(Self::Recursive { query, column });
        }
        let rest = message.strip_prefix("argument of ")?;
        let (construct, own) = rest.split_once(" must be type boolean, not type ")?;
        Some(match construct {
            "WHERE" | "HAVING" => Self::Condition { own },
            construct => Self::Argument { construct, own },
        })
    }
}

/// A value that may be meant.
struct Candidate {
    place: Option<Location>,
    /// Whether its type is known to be the one that does not fit.
    is_sure: bool,
}

/// Looks for the values that an error may be of.
struct Search<'a> {
    told: Told<'a>,
    found: Vec<Candidate>,
}

impl Search<'_> {
    /// The place of the first that is surely meant, or of the only one that may be.
    fn only(mut self) -> Option<Location> {
        self.found.sort_by_key(|candidate| candidate.place);
        let first = self.found.first()?;
        match first.is_sure || self.found.len() == 1 {
            true => first.place,
            false => None,
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => self.within(query.as_ref()),
            Statement::Explain(explain) => self.statement(&explain.statement),
            Statement::Prepare(prepare) => self.statement(&prepare.statement),
            Statement::Declare(declare) => self.within(declare.query.as_ref()),
            Statement::Insert(insert) => {
                self.inserted(insert);
                self.within(insert.source.as_ref());
                let conflict = insert.on_conflict.as_ref();
                if let Some(update) = conflict.and_then(|conflict| conflict.update.as_ref()) {
                    self.assigned(&update.assignments);
                    self.condition(update.condition.as_ref());
                }
            }
            Statement::Update(update) => {
                self.assigned(&update.assignments);
                self.condition(update.condition.as_ref());
                self.joins(&update.from);
            }
            Statement::Delete(delete) => {
                self.condition(delete.condition.as_ref());
                self.joins(&delete.using);
            }
            _ => {}
        }
    }

    fn within(&mut self, part: &impl Visit) {
        // Nothing breaks the walk.
        let _ = Visit::visit(part, self);
    }

    /// A value that is one by itself: it is meant where it is of the type that is told.
    fn add(&mut self, value: &Expr, own: &str) {
        let is_sure = match known(value) {
            Known::Open => return,
            Known::Type(name) if name != own => return,
            Known::Type(_) => true,
            Known::Nothing => false,
        };
        self.found.push(Candidate {
            place: start(value),
            is_sure,
        });
    }

    /// Values beside each other, of which the first one told gives the type that another has not.
    fn beside(&mut self, values: &[&Expr], first: &str, other: &str) {
        let typed = values.iter().map(|value| (*value, known(value)));
        let typed: Vec<(&Expr, Known)> = typed.filter(|(_, own)| *own != Known::Open).collect();
        let Some(((_, of_first), others)) = typed.split_first() else {
            return;
        };
        let may_be = |own: &Known, name: &str| match own {
            Known::Type(own) => own == name,
            Known::Open | Known::Nothing => true,
        };
        if others.len() == 1 && !may_be(of_first, first) {
            return;
        }
        if let Some((value, own)) = others.iter().find(|(_, own)| may_be(own, other)) {
            let is_sure = *of_first != Known::Nothing && *own != Known::Nothing;
            // Of several whose types nothing tells any may be meant.
            let place = start(value).filter(|_| *own != Known::Nothing || others.len() == 1);
            self.found.push(Candidate { place, is_sure });
        }
    }

    fn assigned(&mut self, assignments: &[Assignment]) {
        let Told::Assigned { column, own } = self.told else {
            for value in assignments.iter().filter_map(|it| it.value.as_ref()) {
                self.within(value);
            }
            return;
        };
        for assignment in assignments {
            if let ([name], Some(value)) = (assignment.columns.as_slice(), &assignment.value)
                && name == column
            {
                self.add(value, own);
            }
        }
    }

    /// The values of a column that rows are put into; of any, where the statement names none.
    fn inserted(&mut self, insert: &Insert) {
        let Told::Assigned { column, own } = self.told else {
            return;
        };
        let is_any = insert.columns.is_empty();
        let is_meant = |at: usize| is_any || insert.columns.get(at).is_some_and(|it| it == column);
        match insert.source.body.as_ref() {
            SetExpr::Values(values) => {
                for row in &values.rows {
                    let values = row.content.iter().enumerate();
                    for (_, value) in values.filter(|(at, _)| is_meant(*at)) {
                        if !is_default(value) {
                            self.add(value, own);
                        }
                    }
                }
            }
            SetExpr::Select(select) => {
                let items = select.projection.iter().enumerate();
                for (_, item) in items.filter(|(at, _)| is_meant(*at)) {
                    match value_of(item) {
                        Some(value) => self.add(value, own),
                        // Which columns a star stands for is not known here.
                        None => self.found.push(Candidate {
                            place: None,
                            is_sure: false,
                        }),
                    }
                }
            }
            _ => {}
        }
        if is_any {
            let found = self.found.iter_mut();
            found.for_each(|candidate| candidate.is_sure = false);
        }
    }

    /// The column of a recursive query's part that does not read the query.
    fn recursive(&mut self, with: &With, query: &str, column: usize) {
        let meant = with.cte_tables.iter();
        for cte in meant.filter(|cte| folded(&cte.alias.name) == query) {
            let mut first = cte.query.body.as_ref();
            while let SetExpr::SetOperation { left, .. } = first {
                first = left.as_ref();
            }
            if let SetExpr::Select(select) = first
                && let Some(item) = select.projection.get(column.saturating_sub(1))
            {
                self.found.push(Candidate {
                    place: value_of(item).and_then(start),
                    is_sure: true,
                });
            }
        }
    }

    fn condition(&mut self, condition: Option<&Expr>) {
        let Some(condition) = condition else { return };
        if let Told::Condition { own } = self.told {
            self.add(condition, own);
        }
        self.within(condition);
    }

    fn joins(&mut self, relations: &[TableWithJoins]) {
        let Told::Argument {
            construct: "JOIN/ON",
            own,
        } = self.told
        else {
            return;
        };
        for join in relations.iter().flat_map(|relation| &relation.joins) {
            if let Some(condition) = joined_on(&join.join_operator) {
                self.add(condition, own);
            }
        }
    }

    /// The columns of rows that are written below each other.
    fn rows(&mut self, rows: &[Vec<&Expr>], first: &str, other: &str) {
        let width = rows.iter().map(Vec::len).min().unwrap_or(0);
        for column in 0..width {
            let values = rows.iter().filter_map(|row| row.get(column).copied());
            self.beside(&values.collect::<Vec<_>>(), first, other);
        }
    }
}

impl Visitor for Search<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let (Told::Recursive { query, column }, Some(with)) = (self.told, &query.with) {
            self.recursive(with, query, column);
        }
        let Told::Unmatched {
            construct,
            first,
            other,
        } = self.told
        else {
            return ControlFlow::Continue(());
        };
        match query.body.as_ref() {
            SetExpr::Values(values) if construct == "VALUES" => {
                let rows = values.rows.iter().map(|row| row.content.iter().collect());
                self.rows(&rows.collect::<Vec<Vec<&Expr>>>(), first, other);
            }
            SetExpr::SetOperation { op, .. } if construct == op.to_string() => {
                if let Some(rows) = rows_of(&query.body) {
                    self.rows(&rows, first, other);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if let Told::Condition { own } = self.told {
            for condition in [&select.selection, &select.having].into_iter().flatten() {
                self.add(condition, own);
            }
        }
        self.joins(&select.from);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match self.told {
            Told::Unmatched {
                construct,
                first,
                other,
            } => {
                if let Some(values) = parts(expr, construct) {
                    self.beside(&values, first, other);
                }
            }
            Told::Argument { construct, own } => match expr {
                Expr::BinaryOp { left, op, right } if op.to_string() == construct => {
                    self.add(left, own);
                    self.add(right, own);
                }
                Expr::UnaryOp {
                    op: UnaryOperator::Not,
                    expr,
                } if construct == "NOT" => self.add(expr, own),
                Expr::Case {
                    operand: None,
                    conditions,
                    ..
                } if construct == "CASE/WHEN" => {
                    for when in conditions {
                        self.add(&when.condition, own);
                    }
                }
                Expr::Function(Function {
                    filter: Some(condition),
                    ..
                }) if construct == "FILTER" => self.add(condition, own),
                _ => {}
            },
            Told::Assigned { .. } | Told::Condition { .. } | Told::Recursive { .. } => {}
        }
        ControlFlow::Continue(())
    }
}
