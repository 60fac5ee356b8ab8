//! Which columns a query may read of the relations in it, by their names alone.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem, TableFactor,
    TableWithJoins, Visitor,
};

use super::cursor::folded;
use super::renamed_wildcards::renames;
use super::renaming::names_all_columns;
use crate::sql::walk::Visit as _;

/// The columns that a query may read.
pub struct ReadColumns {
    names: BTreeSet<String>,
    reads_all: bool,
}

impl ReadColumns {
    /// Those of a query, and of the queries within it.
    pub fn of(query: &Query) -> Self {
        let mut reading = Reading {
            read: Self {
                names: BTreeSet::new(),
                reads_all: names_all_columns(query),
            },
            relations: BTreeSet::new(),
        };
        let _ = query.visit(&mut reading);
        let Reading {
            mut read,
            relations,
        } = reading;
        // A relation where a value stands is a whole row.
        read.reads_all |= relations.iter().any(|name| read.names.contains(name));
        read
    }

    /// Whether it may read a column, named or among all that there are.
    pub fn reads(&self, column: &str) -> bool {
        self.reads_all || self.names(column)
    }

    /// Whether it reads all columns that there are.
    pub fn reads_all(&self) -> bool {
        self.reads_all
    }

    /// Whether it names a column.
    pub fn names(&self, column: &str) -> bool {
        self.names.contains(column)
    }
}

struct Reading {
    read: ReadColumns,
    /// What relations are called.
    relations: BTreeSet<String>,
}

impl Reading {
    fn name(&mut self, name: &Ident) {
        let name = folded(name);
        self.read.names.insert(name);
    }

    fn joins(&mut self, tables: &TableWithJoins) {
        for join in &tables.joins {
            let constraint = match &join.join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint)
                | JoinOperator::CrossJoin(constraint)
                | JoinOperator::Semi(constraint)
                | JoinOperator::LeftSemi(constraint)
                | JoinOperator::RightSemi(constraint)
                | JoinOperator::Anti(constraint)
                | JoinOperator::LeftAnti(constraint)
                | JoinOperator::RightAnti(constraint) => constraint,
                _ => continue,
            };
            match constraint {
                JoinConstraint::Using(columns) => {
                    let columns = columns.iter().filter_map(|ObjectName(parts)| parts.last());
                    let columns: Vec<&Ident> = columns.filter_map(|it| it.as_ident()).collect();
                    columns.into_iter().for_each(|column| self.name(column));
                }
                JoinConstraint::Natural => self.read.reads_all = true,
                JoinConstraint::On(_) | JoinConstraint::None => {}
            }
        }
    }
}

impl Visitor for Reading {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        select.from.iter().for_each(|tables| self.joins(tables));
        for item in &select.projection {
            if let SelectItem::Wildcard(options) = item {
                let renames = renames(options).iter();
                renames.for_each(|rename| self.name(&rename.ident));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let called = match factor {
            TableFactor::Table { name, alias, .. } => match alias {
                Some(alias) => Some(&alias.name),
                None => name.0.last().and_then(|part| part.as_ident()),
            },
            TableFactor::Derived { alias, .. } => alias.as_ref().map(|alias| &alias.name),
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => {
                self.joins(table_with_joins);
                None
            }
            _ => None,
        };
        if let Some(name) = called {
            let name = folded(name);
            self.relations.insert(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => {
                if let Some(name) = parts.last() {
                    self.name(name);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::ReadColumns;
    use crate::sql::{Statement, parse_one};

    fn read(text: &str, column: &str) -> bool {
        match parse_one(text).unwrap() {
            Statement::Query(query) => ReadColumns::of(&query).reads(column),
            _ => panic!("no query"),
        }
    }

    #[test]
    fn columns_are_read_by_name_in_joins_and_in_whole_rows() {
        for text in [
            "SELECT a FROM t",
            "SELECT count(*) FROM (SELECT t.a FROM t) s",
            "SELECT 1 FROM t JOIN u USING (a)",
            "SELECT 1 FROM v JOIN (t JOIN u USING (a)) ON true",
            "SELECT 1 FROM t NATURAL JOIN u",
            "SELECT * FROM t",
            "SELECT t.* FROM t",
            "SELECT row_to_json(x) FROM t AS x",
            "SELECT b FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.A)",
        ] {
            assert!(read(text, "a"), "{text}");
        }
        for text in [
            "SELECT b FROM t",
            "SELECT count(*) FROM t JOIN u USING (b)",
            "SELECT b AS a FROM t",
        ] {
            assert!(!read(text, "a"), "{text}");
        }
    }
}
