//! `WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (query | INSERT | UPDATE | DELETE), ...
//! statement`, where at least one of them changes rows.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, Query, SetExpr, TableFactor, Visitor, VisitorMut, With,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser, folded};
use super::dialect::TributaryDialect;
use super::name::{QualifiedName, Quoted, write_columns};
use super::scope::Scopes;
use super::shown::Shown;
use super::{Statement, parser, parts, query, row_locks, with};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, VisitMut};

/// The schema of the relations that stand for what changes return. No statement can make one there.
pub const SCHEMA: &str = "@with";

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct WithChanges {
    /// Whether clauses may read themselves.
    pub recursive: bool,
    /// What stands between `WITH` and the statement, in order.
    pub clauses: Vec<Clause>,
    /// The statement: a query, or one that changes rows.
    pub main: Box<Statement>,
}

/// One name of a `WITH`, and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// A query.
    Query(Box<Cte>),
    /// A change of rows, which is made once, whoever reads what it returns.
    Change(Change),
}

/// A change of rows under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is returned is read by this name.
    pub name: String,
    /// Names for its columns; empty where they keep their own.
    pub columns: Vec<String>,
    /// The change.
    pub statement: Box<Statement>,
}

/// A clause whose rows are there before the statement is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The clause's name.
    pub name: String,
    /// What gives the rows, with the clauses before it that it reads.
    pub statement: Statement,
}

/// The statements that are run one after another, of which later ones read the rows of earlier ones
/// as [relations](relation_of).
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The clauses, in order.
    pub clauses: Vec<Part>,
    /// The statement.
    pub main: Statement,
}

/// The relation of the rows that a clause has given.
pub fn relation_of(clause: &str) -> QualifiedName {
    QualifiedName::new(SCHEMA, clause)
}

/// Parses `WITH` and the statement behind it.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Statement> {
    let (recursive, clauses) = parse_clauses(parser)?;
    if parser.peek_word(0).as_deref() == Some("WITH") {
        return parser.fail("a statement");
    }
    if clauses.iter().any(|clause| clause.change().is_some()) {
        let with = WithChanges::parse_main(parser, recursive, clauses)?;
        return Ok(Statement::WithChanges(with));
    }
    let queries = clauses.into_iter().filter_map(|clause| match clause {
        Clause::Query(cte) => Some(*cte),
        Clause::Change(_) => None,
    });
    let with = with::of_queries(recursive, queries.collect());
    parser::parse_behind_with(parser, Some(with))
}

const CHANGES: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "MERGE"];

/// Parses the clauses behind `WITH`, and whether they may read themselves.
fn parse_clauses(parser: &mut Parser) -> Parsed<(bool, Vec<Clause>)> {
    let place = parser.peek_token_ref().span.start;
    parser.expect_words(&["WITH"])?;
    let recursive = parser.take_word("RECURSIVE");
    let mut clauses = Vec::new();
    loop {
        clauses.push(if is_change(parser) {
            Clause::Change(Change::parse(parser)?)
        } else {
            let cte = parser.parse_cte()?;
            query::check_expression(&cte.query, place)?;
            Clause::Query(Box::new(cte))
        });
        if !parser.consume_token(&Token::Comma) {
            return Ok((recursive, clauses));
        }
    }
}

/// Whether the next clause changes rows.
fn is_change(parser: &Parser) -> bool {
    let token = |place: usize| &parser.peek_nth_token_ref(place).token;
    let mut place = 1;
    if *token(place) == Token::LParen {
        while !matches!(token(place), Token::RParen | Token::EOF) {
            place += 1;
        }
        place += 1;
    }
    let word = |place: usize| parser.peek_word(place);
    if word(place).as_deref() != Some("AS") {
        return false;
    }
    place += 1;
    place += usize::from(word(place).as_deref() == Some("NOT"));
    place += usize::from(word(place).as_deref() == Some("MATERIALIZED"));
    if *token(place) != Token::LParen {
        return false;
    }
    place += 1;
    let is_main = |word: &String| matches!(word.as_str(), "SELECT" | "VALUES" | "TABLE");
    match word(place) {
        Some(word) if CHANGES.contains(&word.as_str()) => true,
        // A clause may have clauses of its own.
        Some(first) if first == "WITH" => {
            let mut depth = 0_usize;
            loop {
                place += 1;
                match token(place) {
                    Token::EOF | Token::SemiColon => return false,
                    Token::LParen => depth += 1,
                    Token::RParen if depth == 0 => return false,
                    Token::RParen => depth -= 1,
                    Token::Word(_) if depth == 0 => match word(place) {
                        Some(word) if CHANGES.contains(&word.as_str()) => return true,
                        Some(word) if is_main(&word) => return false,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        _ => false,
    }
}

impl Change {
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        let name = parser.identifier()?;
        let columns = parser.optional_columns()?;
        parser.expect_words(&["AS"])?;
        let _ = parser.take_words(&["NOT", "MATERIALIZED"]) || parser.take_word("MATERIALIZED");
        parser.expect_token(&Token::LParen)?;
        if parser.peek_word(0).as_deref() == Some("MERGE") {
            return parser.unsupported_here("MERGE within WITH");
        }
        let nested = parser.error_here(below_the_top());
        let statement = match parser::parse_plannable(parser)? {
            Statement::WithChanges(_) => return Err(nested),
            Statement::Merge(_) => {
                return Err(nested.with_error(Error::unsupported("MERGE within WITH")));
            }
            statement => statement,
        };
        parser.expect_token(&Token::RParen)?;
        Ok(Self {
            name,
            columns,
            statement: Box::new(statement),
        })
    }

    fn returns_rows(&self) -> bool {
        match self.statement.as_ref() {
            Statement::Insert(insert) => !insert.returning.is_empty(),
            Statement::Update(update) => !update.returning.is_empty(),
            Statement::Delete(delete) => !delete.returning.is_empty(),
            _ => false,
        }
    }
}

/// The error of changes within a `WITH` that is not at the top of its statement.
pub(super) fn below_the_top() -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "WITH clause containing a data-modifying statement must be at the top level",
    )
}

impl WithChanges {
    /// The statement behind clauses of which some change rows.
    fn parse_main(parser: &mut Parser, recursive: bool, clauses: Vec<Clause>) -> Parsed<Self> {
        let refused = |error| parser.error_here(error);
        let mut names = BTreeSet::new();
        for clause in &clauses {
            if !names.insert(clause.name()) {
                let message = format!(
                    "WITH query name \"{}\" specified more than once",
                    clause.name()
                );
                return Err(refused(Error::new(SqlState::DUPLICATE_ALIAS, message)));
            }
        }
        let place = refused(Error::unsupported(
            "FOR UPDATE and FOR SHARE behind a WITH that changes rows",
        ));
        let main = parser::parse_behind_with(parser, None)?;
        match &main {
            Statement::Query(query) if row_locks::command(query).is_some() => Err(place),
            Statement::Merge(_) if recursive => {
                Err(place.with_error(Error::unsupported("WITH RECURSIVE in front of a MERGE")))
            }
            _ => Ok(Self {
                recursive,
                clauses,
                main: Box::new(main),
            }),
        }
    }

    /// The command of the first change.
    pub fn command(&self) -> Option<&'static str> {
        let mut changes = self.clauses.iter().filter_map(Clause::change);
        changes.find_map(|change| change.statement.write_command())
    }

    /// The statements that are run one after another. Of the clauses that are queries, those that
    /// `are_kept` and several statements read are run once for all of them.
    ///
    /// # Errors
    /// 0A000 for a name that stands for a change without `RETURNING`, and for a change that reads
    /// itself or a later one.
    pub fn parts(&self, is_kept: impl Fn(&Query) -> bool) -> Result<Parts> {
        let mut known: Vec<Known> = Vec::new();
        let mut clauses = Vec::new();
        for (place, clause) in self.clauses.iter().enumerate() {
            match clause {
                Clause::Query(cte) => {
                    let name = clause.name();
                    let wanted = self.clauses.iter().filter_map(Clause::change);
                    let mut readers = wanted
                        .map(|change| change.statement.as_ref())
                        .collect::<Vec<_>>();
                    readers.push(&self.main);
                    let readers = readers.iter().filter(|it| self.reaches(it, &name));
                    if readers.count() > 1 && is_kept(&cte.query) {
                        let query = Statement::Query(cte.query.clone());
                        clauses.push(Part {
                            name: name.clone(),
                            statement: self.behind(query, &known, place)?,
                        });
                        known.push(Known::rows(&name, &columns_of(cte))?);
                    } else {
                        known.push(Known {
                            name,
                            cte: Some(cte.as_ref().clone()),
                        });
                    }
                }
                Clause::Change(change) => {
                    clauses.push(Part {
                        name: change.name.clone(),
                        statement: self.behind((*change.statement).clone(), &known, place)?,
                    });
                    known.push(match change.returns_rows() {
                        true => Known::rows(&change.name, &change.columns)?,
                        false => Known {
                            name: change.name.clone(),
                            cte: None,
                        },
                    });
                }
            }
        }
        let main = self.behind((*self.main).clone(), &known, self.clauses.len())?;
        Ok(Parts { clauses, main })
    }

    /// Whether a statement reads a clause, itself or by others.
    fn reaches(&self, statement: &Statement, name: &str) -> bool {
        let mut open: Vec<String> = read_names(statement).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if next == name {
                return true;
            }
            let queries = self.clauses.iter().filter_map(|clause| match clause {
                Clause::Query(cte) if clause.name() == next => Some(cte),
                _ => None,
            });
            for cte in queries {
                if seen.insert(next.clone()) {
                    open.extend(names_in(cte.query.as_ref()));
                }
            }
        }
        false
    }

    /// A statement with the clauses that it reads in front of it; `place` is its own among all.
    fn behind(&self, statement: Statement, known: &[Known], place: usize) -> Result<Statement> {
        let mut names = read_names(&statement);
        if self.recursive {
            let later = self.clauses.iter().skip(place).filter_map(Clause::change);
            if let Some(change) = later.into_iter().find(|it| names.contains(&it.name)) {
                let own = self.clauses.get(place).and_then(Clause::change);
                if own.is_some_and(|own| own.name == change.name) {
                    let name = &change.name;
                    return Err(Error::new(
                        SqlState::INVALID_RECURSION,
                        format!(
                            "recursive query \"{name}\" must not contain data-modifying statements"
                        ),
                    ));
                }
                return Err(Error::unsupported(format!(
                    "a WITH query that reads \"{}\", which changes rows, before it",
                    change.name
                ))
                .with_hint("Put the change in front of what reads it."));
            }
        }
        let mut wanted = Vec::new();
        for known in known.iter().rev() {
            if !names.contains(&known.name) {
                continue;
            }
            let Some(cte) = &known.cte else {
                return Err(Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!(
                        "WITH query \"{}\" does not have a RETURNING clause",
                        known.name
                    ),
                ));
            };
            names.extend(names_in(cte.query.as_ref()));
            wanted.push(cte.clone());
        }
        wanted.reverse();
        let with = (!wanted.is_empty()).then(|| with::of_queries(self.recursive, wanted));
        Ok(put_in_front(statement, with))
    }
}

/// A clause, as later ones read it.
struct Known {
    name: String,
    /// None of a change that returns nothing.
    cte: Option<Cte>,
}

impl Known {
    /// One whose rows are there.
    fn rows(name: &str, columns: &[String]) -> Result<Self> {
        struct Columns<'a>(&'a [String]);
        impl fmt::Display for Columns<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_columns(f, self.0)
            }
        }
        let text = format!(
            "{}{} AS (SELECT * FROM {})",
            Quoted(name),
            Columns(columns),
            relation_of(name)
        );
        let dialect = TributaryDialect::default();
        let cte = Parser::new(&dialect, &text).and_then(|mut parser| Ok(parser.parse_cte()?));
        match cte {
            Ok(cte) => Ok(Self {
                name: name.to_owned(),
                cte: Some(cte),
            }),
            Err(Failure::Told(error, _)) => Err(error),
            Err(Failure::Syntax(error)) => Err(Error::internal(format!(
                "a clause of WITH is not read as one: {error}"
            ))),
        }
    }
}

impl Clause {
    /// The name that it goes by.
    pub fn name(&self) -> String {
        match self {
            Self::Query(cte) => {
                let name = &cte.alias.name;
                folded(name)
            }
            Self::Change(change) => change.name.clone(),
        }
    }

    /// The change that it makes.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Query(_) => None,
            Self::Change(change) => Some(change),
        }
    }
}

fn columns_of(cte: &Cte) -> Vec<String> {
    let columns = cte.alias.columns.iter();
    let columns = columns.map(|column| folded(&column.name));
    columns.collect()
}

/// A statement behind clauses that it may read.
fn put_in_front(mut statement: Statement, with: Option<With>) -> Statement {
    let own = match &mut statement {
        Statement::Query(query) => &mut query.with,
        Statement::Insert(insert) => &mut insert.source.with,
        Statement::Update(update) => &mut update.with,
        Statement::Delete(delete) => &mut delete.with,
        Statement::Merge(merge) => &mut merge.with,
        _ => return statement,
    };
    *own = with::joined(with, own.take());
    statement
}

/// The names that a statement reads and does not itself make, without a schema.
fn read_names(statement: &Statement) -> BTreeSet<String> {
    let mut names = Names::default();
    // Nothing breaks the walk.
    let _ = parts::visit(statement, &mut names);
    let own = match statement {
        Statement::Update(update) => &update.with,
        Statement::Delete(delete) => &delete.with,
        Statement::Merge(merge) => &merge.with,
        _ => &None,
    };
    for cte in own.iter().flat_map(|with| &with.cte_tables) {
        let name = &cte.alias.name;
        names.found.remove(&folded(name));
    }
    names.found
}

fn names_in(query: &Query) -> BTreeSet<String> {
    let mut names = Names::default();
    let _ = Visit::visit(query, &mut names);
    names.found
}

#[derive(Default)]
struct Names {
    scopes: Scopes,
    found: BTreeSet<String>,
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name, args: None, ..
        } = factor
            && !self.scopes.hides(name)
            && let [only] = name.0.as_slice()
            && let Some(only) = only.as_ident()
        {
            self.found.insert(folded(only));
        }
        ControlFlow::Continue(())
    }
}

/// Visits the parts of the clauses and of the statement.
pub(super) fn visit<V: Visitor>(with: &WithChanges, visitor: &mut V) -> ControlFlow<V::Break> {
    for clause in &with.clauses {
        match clause {
            Clause::Query(cte) => Visit::visit(&cte.query, visitor)?,
            Clause::Change(change) => parts::visit(&change.statement, visitor)?,
        }
    }
    parts::visit(&with.main, visitor)
}

/// [`visit`], where parts may change.
pub(super) fn visit_mut<V: VisitorMut>(
    with: &mut WithChanges,
    visitor: &mut V,
) -> ControlFlow<V::Break> {
    for clause in &mut with.clauses {
        match clause {
            Clause::Query(cte) => VisitMut::visit(&mut cte.query, visitor)?,
            Clause::Change(change) => parts::visit_mut(&mut change.statement, visitor)?,
        }
    }
    parts::visit_mut(&mut with.main, visitor)
}

/// Whether a clause of a query's `WITH` changes rows.
pub(super) fn changes_rows(query: &Query) -> bool {
    let clauses = query.with.iter().flat_map(|with| &with.cte_tables);
    let mut bodies = clauses.map(|cte| cte.query.body.as_ref());
    bodies.any(|body| {
        matches!(
            body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        )
    })
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Quoted(&self.name))?;
        write_columns(f, &self.columns)?;
        write!(f, " AS ({})", self.statement)
    }
}

impl fmt::Display for WithChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.recursive {
            "WITH RECURSIVE "
        } else {
            "WITH "
        })?;
        for (index, clause) in self.clauses.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match clause {
                Clause::Query(cte) => write!(f, "{}", Shown(cte.as_ref()))?,
                Clause::Change(change) => change.fmt(f)?,
            }
        }
        write!(f, " {}", self.main)
    }
}
