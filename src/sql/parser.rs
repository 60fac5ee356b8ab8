//! From text to statements.

use super::alter::Alter;
use super::alter_default_privileges::AlterDefaultPrivileges;
use super::alter_function::AlterFunction;
use super::alter_role::AlterRole;
use super::analyze::Analyze;
use super::checkpoint::Checkpoint;
use super::close::Close;
use super::comment::Comment;
use super::copy::Copy;
use super::create_check::CreateCheck;
use super::create_domain::CreateDomain;
use super::create_extension::CreateExtension;
use super::create_external_table::CreateExternalTable;
use super::create_function::CreateFunction;
use super::create_index::CreateIndex;
use super::create_materialized_view::CreateMaterializedView;
use super::create_model::CreateModel;
use super::create_role::CreateRole;
use super::create_schema::CreateSchema;
use super::create_sequence::CreateSequence;
use super::create_table::CreateTable;
use super::create_view::CreateView;
use super::cursor::{Failure, Parsed, Parser};
use super::deallocate::Deallocate;
use super::declare::Declare;
use super::delete::Delete;
use super::describe_history::DescribeHistory;
use super::dialect::TributaryDialect;
use super::discard::Discard;
use super::drop::Drop;
use super::drop_extension::DropExtension;
use super::drop_function::DropFunction;
use super::drop_other_kinds::{AbsentKind, DropOtherKinds};
use super::drop_role::DropRole;
use super::execute::Execute;
use super::explain::Explain;
use super::fetch::Fetch;
use super::grant::Grant;
use super::insert::Insert;
use super::listen::Listen;
use super::lock::Lock;
use super::merge::Merge;
use super::notify::Notify;
use super::optimize::Optimize;
use super::owned::Owned;
use super::prepare::Prepare;
use super::refresh::Refresh;
use super::reindex::Reindex;
use super::restore::Restore;
use super::set::Set;
use super::show::Show;
use super::syntax_error::{Walker, explain};
use super::transaction::Transaction;
use super::truncate::Truncate;
use super::unlisten::Unlisten;
use super::update::Update;
use super::vacuum::Vacuum;
use super::{Statement, create_composite, query, security_label, with, with_changes};
use crate::error::{Error, Result, SqlState};

use datafusion::sql::sqlparser::ast::With;
use datafusion::sql::sqlparser::tokenizer::Token;

/// Statements of Postgres that are known and not supported.
const UNSUPPORTED: &[&str] = &["CALL", "CLUSTER", "DO", "IMPORT", "LOAD"];

/// What Postgres, or the design, can create and this server does not yet.
const UNSUPPORTED_OBJECTS: &[&str] = &[
    "ACCESS",
    "AGGREGATE",
    "ALERT",
    "CAST",
    "COLLATION",
    "CONVERSION",
    "DATABASE",
    "DOMAIN",
    "EVENT",
    "EXTENSION",
    "FOREIGN",
    "FUNCTION",
    "GROUP",
    "INDEX",
    "LANGUAGE",
    "MASKING",
    "OPERATOR",
    "POLICY",
    "PROCEDURE",
    "PUBLICATION",
    "ROLE",
    "RULE",
    "SECRET",
    "SEQUENCE",
    "SERVER",
    "SINK",
    "STATISTICS",
    "SUBSCRIPTION",
    "TABLESPACE",
    "TEXT",
    "TRANSFORM",
    "TRIGGER",
    "TYPE",
    "UNIQUE",
    "UNLOGGED",
    "USER",
    "TEMP",
    "TEMPORARY",
    "GLOBAL",
    "LOCAL",
];

/// A statement and the text it was parsed from.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementText<'a> {
    /// The statement.
    pub statement: Statement,
    /// Its text, from its first word up to, but without, its semicolon.
    pub text: &'a str,
    /// Where `text` begins in the whole, in bytes.
    pub start: usize,
}

/// Parses a text of any number of statements, separated by semicolons.
///
/// # Errors
/// The first mistake, with its place in `sql`.
pub fn parse(sql: &str) -> Result<Vec<Statement>> {
    let statements = parse_with_text(sql)?;
    Ok(statements
        .into_iter()
        .map(|parsed| parsed.statement)
        .collect())
}

/// Parses a text of exactly one statement.
///
/// # Errors
/// As [`parse`]; and where there is no statement, or a second one.
pub fn parse_one(sql: &str) -> Result<Statement> {
    let mut statements = parse(sql)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "a statement is expected",
        )),
        (Some(_), false) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "one statement is expected, and there are more",
        )),
    }
}

/// As [`parse`], with the text of each statement.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_text(sql: &str) -> Result<Vec<StatementText<'_>>> {
    let parse = || parse_all(sql).map_err(|failure| explain(failure, sql));
    let openings = sql.bytes().filter(|byte| matches!(byte, b'(' | b'['));
    if openings.count() <= SHALLOW {
        return parse();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("parser".to_owned())
            .stack_size(DEEP_STACK_BYTES)
            .spawn_scoped(scope, parse)?;
        let internal = |_| Err(Error::internal("the parser panicked"));
        thread.join().unwrap_or_else(internal)
    })
}

/// With no more parentheses, a text is parsed on the stack at hand.
const SHALLOW: usize = 16;

/// The stack for what may be nested deeper. sqlparser grows its stack, but in steps that are too
/// short for its own calls between two of them. Pages that are not touched take no memory.
const DEEP_STACK_BYTES: usize = 64 * 1024 * 1024;

fn parse_all(sql: &str) -> Parsed<Vec<StatementText<'_>>> {
    let dialect = TributaryDialect::default();
    let mut parser = Parser::new(&dialect, sql)?;
    let mut walker = Walker::new(sql);
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(statements);
        }
        let start = walker.advance(parser.peek_token_ref().span.start);
        let first = parser.error_here(Error::internal(""));
        let statement = parse_statement(&mut parser)?;
        if !parser.at_end() {
            return parser.fail("the end of the statement");
        }
        check_reads_back(&statement).map_err(|error| first.with_error(error))?;
        let end = walker.advance(parser.peek_token_ref().span.start);
        statements.push(StatementText {
            statement,
            text: sql[start..end].trim_end(),
            start,
        });
    }
}

/// That a definition, which the catalog keeps as its displayed text, will be read from it again.
///
/// sqlparser reads some rare forms that it does not display as they were; such a definition is
/// better refused than stored wrongly.
fn check_reads_back(statement: &Statement) -> Result<()> {
    if let Statement::Explain(explain) = statement {
        return check_reads_back(&explain.statement);
    }
    let (Statement::CreateView(_)
    | Statement::CreateMaterializedView(_)
    | Statement::CreateTable(_)
    | Statement::CreateCheck(_)
    | Statement::CreateModel(_)
    | Statement::CreateExternalTable(_)) = statement
    else {
        return Ok(());
    };
    let shown = statement.to_string();
    let dialect = TributaryDialect::default();
    let again = Parser::new(&dialect, &shown).and_then(|mut parser| {
        let again = parse_statement(&mut parser)?;
        Ok(parser.at_end().then_some(again))
    });
    match again {
        Ok(Some(again)) if again == *statement => Ok(()),
        _ => Err(
            Error::unsupported("a form of expression in this definition")
                .with_detail(format!("The definition would be kept as: {shown}")),
        ),
    }
}

fn parse_statement(parser: &mut Parser) -> Parsed<Statement> {
    if parser.peek_token_ref().token == Token::LParen {
        return Ok(Statement::Query(query::parse_to_run(parser)?));
    }
    let Some(word) = parser.peek_word(0) else {
        return parser.fail("a statement");
    };
    match word.as_str() {
        "SELECT" => parse_select(parser),
        "VALUES" | "TABLE" => query::parse_to_run(parser).map(Statement::Query),
        "WITH" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" => parse_plannable(parser),
        "EXPLAIN" => Explain::parse(parser).map(Statement::Explain),
        "CREATE" => parse_create(parser),
        "ALTER" if is_role(parser) => {
            parser.expect_words(&["ALTER"])?;
            AlterRole::parse(parser).map(Statement::AlterRole)
        }
        "ALTER" if parser.peek_word(1).as_deref() == Some("DEFAULT") => {
            AlterDefaultPrivileges::parse(parser).map(Statement::AlterDefaultPrivileges)
        }
        "ALTER" if matches!(parser.peek_word(1).as_deref(), Some("FUNCTION" | "ROUTINE")) => {
            parser.expect_words(&["ALTER"])?;
            AlterFunction::parse(parser).map(Statement::AlterFunction)
        }
        "ALTER" => Alter::parse(parser).map(Statement::Alter),
        "DROP" if is_role(parser) => {
            parser.expect_words(&["DROP"])?;
            DropRole::parse(parser).map(Statement::DropRole)
        }
        "DROP" if parser.peek_word(1).as_deref() == Some("EXTENSION") => {
            parser.expect_words(&["DROP"])?;
            DropExtension::parse(parser).map(Statement::DropExtension)
        }
        "DROP" if matches!(parser.peek_word(1).as_deref(), Some("FUNCTION" | "ROUTINE")) => {
            parser.expect_words(&["DROP"])?;
            DropFunction::parse(parser).map(Statement::DropFunction)
        }
        "DROP" if parser.peek_word(1).as_deref() == Some("OWNED") => {
            parser.expect_words(&["DROP"])?;
            Owned::parse_drop(parser).map(Statement::Owned)
        }
        "DROP" => match AbsentKind::ahead(parser) {
            Some(kind) => DropOtherKinds::parse(parser, kind).map(Statement::DropOtherKinds),
            None => Drop::parse(parser).map(Statement::Drop),
        },
        "GRANT" | "REVOKE" => Grant::parse(parser).map(Statement::Grant),
        "REASSIGN" => Owned::parse_reassign(parser).map(Statement::Owned),
        "REFRESH" => Refresh::parse(parser).map(Statement::Refresh),
        "TRUNCATE" => Truncate::parse(parser).map(Statement::Truncate),
        "LOCK" => Lock::parse(parser).map(Statement::Lock),
        "COPY" => Copy::parse(parser).map(Statement::Copy),
        "OPTIMIZE" => Optimize::parse(parser).map(Statement::Optimize),
        "ANALYZE" | "ANALYSE" => Analyze::parse(parser).map(Statement::Analyze),
        "VACUUM" => Vacuum::parse(parser).map(Statement::Vacuum),
        "REINDEX" => Reindex::parse(parser).map(Statement::Reindex),
        "CHECKPOINT" => Checkpoint::parse(parser).map(Statement::Checkpoint),
        "SECURITY" => security_label::refuse(parser),
        "RESTORE" => Restore::parse(parser).map(Statement::Restore),
        "COMMENT" => Comment::parse(parser).map(Statement::Comment),
        "DESCRIBE" | "DESC" => DescribeHistory::parse(parser).map(Statement::DescribeHistory),
        "SET" => Set::parse_set(parser).map(Statement::Set),
        "RESET" => Set::parse_reset(parser).map(Statement::Set),
        "SHOW" => Show::parse(parser).map(Statement::Show),
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => {
            Transaction::parse(parser).map(Statement::Transaction)
        }
        "PREPARE" => Prepare::parse(parser).map(Statement::Prepare),
        "EXECUTE" => Execute::parse(parser).map(Statement::Execute),
        "DEALLOCATE" => Deallocate::parse(parser).map(Statement::Deallocate),
        "DECLARE" => Declare::parse(parser).map(Statement::Declare),
        "FETCH" | "MOVE" => Fetch::parse(parser).map(Statement::Fetch),
        "CLOSE" => Close::parse(parser).map(Statement::Close),
        "DISCARD" => Discard::parse(parser).map(Statement::Discard),
        "LISTEN" => Listen::parse(parser).map(Statement::Listen),
        "NOTIFY" => Notify::parse(parser).map(Statement::Notify),
        "UNLISTEN" => Unlisten::parse(parser).map(Statement::Unlisten),
        word if UNSUPPORTED.contains(&word) => parser.unsupported_here(word),
        _ => parser.fail("a statement"),
    }
}

/// Parses `SELECT`, which with `INTO` is `CREATE TABLE ... AS`.
fn parse_select(parser: &mut Parser) -> Parsed<Statement> {
    let place = parser.peek_token_ref().span.start;
    match query::parse_with_target(parser)? {
        (query, None) => Ok(Statement::Query(query)),
        (query, Some(into)) => match CreateTable::of_select(query, &into) {
            Ok(create) => Ok(Statement::CreateTable(create)),
            Err(error) => Err(Failure::Told(error, Some(place))),
        },
    }
}

/// Whether the word behind the first one is that of a role; `USER MAPPING` is something else.
fn is_role(parser: &Parser) -> bool {
    match parser.peek_word(1).as_deref() {
        Some("ROLE" | "GROUP") => true,
        Some("USER") => parser.peek_word(2).as_deref() != Some("MAPPING"),
        _ => false,
    }
}

/// Parses a query or a change of rows: what can be planned, and so explained and prepared.
pub(super) fn parse_plannable(parser: &mut Parser) -> Parsed<Statement> {
    match parser.peek_word(0).as_deref() {
        Some("WITH") => with_changes::parse(parser),
        _ => parse_behind_with(parser, None),
    }
}

/// Parses what [`parse_plannable`] does, behind its `WITH`.
pub(super) fn parse_behind_with(parser: &mut Parser, with: Option<With>) -> Parsed<Statement> {
    match parser.peek_word(0).as_deref() {
        Some("INSERT") => Insert::parse(parser, with).map(Statement::Insert),
        Some("UPDATE") => Update::parse(parser, with).map(Statement::Update),
        Some("DELETE") => Delete::parse(parser, with).map(Statement::Delete),
        Some("MERGE") => Merge::parse(parser, with).map(|merge| Statement::Merge(Box::new(merge))),
        _ => {
            let mut query = query::parse_to_run(parser)?;
            query.with = with::joined(with, query.with.take());
            Ok(Statement::Query(query))
        }
    }
}

pub(super) fn parse_create(parser: &mut Parser) -> Parsed<Statement> {
    parser.expect_words(&["CREATE"])?;
    let or_replace = parser.take_words(&["OR", "REPLACE"]);
    // The words mean nothing, as in PostgreSQL.
    if matches!(parser.peek_word(1).as_deref(), Some("TEMPORARY" | "TEMP")) {
        let _ = parser.take_word("LOCAL") || parser.take_word("GLOBAL");
    }
    let Some(kind) = parser.peek_word(0) else {
        return parser.fail("a kind of object");
    };
    match kind.as_str() {
        "SCHEMA" if !or_replace => CreateSchema::parse(parser).map(Statement::CreateSchema),
        "EXTERNAL" => {
            CreateExternalTable::parse(parser, or_replace).map(Statement::CreateExternalTable)
        }
        "TEMPORARY" | "TEMP"
            if matches!(parser.peek_word(1).as_deref(), Some("VIEW" | "RECURSIVE")) =>
        {
            CreateView::parse(parser, or_replace).map(Statement::CreateView)
        }
        "VIEW" | "RECURSIVE" => CreateView::parse(parser, or_replace).map(Statement::CreateView),
        "MATERIALIZED" => {
            CreateMaterializedView::parse(parser, or_replace).map(Statement::CreateMaterializedView)
        }
        "TEMPORARY" | "TEMP"
            if !or_replace && parser.peek_word(1).as_deref() == Some("SEQUENCE") =>
        {
            CreateSequence::parse(parser).map(Statement::CreateSequence)
        }
        "TEMPORARY" | "TEMP" if !or_replace && parser.peek_word(1).as_deref() == Some("TABLE") => {
            CreateTable::parse(parser, or_replace).map(Statement::CreateTable)
        }
        "UNLOGGED" if !or_replace && parser.peek_word(1).as_deref() == Some("TABLE") => {
            CreateTable::parse(parser, or_replace).map(Statement::CreateTable)
        }
        "TABLE" => CreateTable::parse(parser, or_replace).map(Statement::CreateTable),
        "SEQUENCE" if !or_replace => CreateSequence::parse(parser).map(Statement::CreateSequence),
        "EXTENSION" if !or_replace => {
            CreateExtension::parse(parser).map(Statement::CreateExtension)
        }
        "TYPE" if !or_replace => create_composite::parse(parser),
        "DOMAIN" if !or_replace => {
            CreateDomain::parse(parser).map(|create| Statement::CreateDomain(Box::new(create)))
        }
        "FUNCTION" => CreateFunction::parse(parser, or_replace)
            .map(|create| Statement::CreateFunction(Box::new(create))),
        "ROLE" | "USER" | "GROUP"
            if !or_replace && parser.peek_word(1).as_deref() != Some("MAPPING") =>
        {
            CreateRole::parse(parser).map(Statement::CreateRole)
        }
        "INDEX" | "UNIQUE" if !or_replace => CreateIndex::parse(parser).map(Statement::CreateIndex),
        "CHECK" => CreateCheck::parse(parser, or_replace).map(Statement::CreateCheck),
        "MODEL" => CreateModel::parse(parser, or_replace).map(Statement::CreateModel),
        kind if UNSUPPORTED_OBJECTS.contains(&kind) => {
            parser.unsupported_here(format_args!("CREATE {kind}"))
        }
        _ => parser.fail("a kind of object"),
    }
}

/// Whether this word, in upper case, begins a statement that is known.
pub(super) fn is_statement(word: &str) -> bool {
    const SUPPORTED: &[&str] = &[
        "ABORT",
        "ALTER",
        "ANALYSE",
        "ANALYZE",
        "BEGIN",
        "CHECKPOINT",
        "CLOSE",
        "COMMENT",
        "COMMIT",
        "COPY",
        "CREATE",
        "DEALLOCATE",
        "DECLARE",
        "DELETE",
        "DESCRIBE",
        "DISCARD",
        "DROP",
        "END",
        "EXECUTE",
        "EXPLAIN",
        "FETCH",
        "GRANT",
        "INSERT",
        "LISTEN",
        "MERGE",
        "MOVE",
        "NOTIFY",
        "PREPARE",
        "REASSIGN",
        "REFRESH",
        "REINDEX",
        "RELEASE",
        "RESET",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "SECURITY",
        "SET",
        "SHOW",
        "START",
        "TRUNCATE",
        "UPDATE",
        "UNLISTEN",
    ];
    UNSUPPORTED.contains(&word) || SUPPORTED.contains(&word)
}

/// Whether this word, in upper case, begins a kind of object that is known and not supported.
pub(super) fn is_object_kind(word: &str) -> bool {
    UNSUPPORTED_OBJECTS.contains(&word) || matches!(word, "CONSTRAINT" | "OWNED" | "LARGE")
}
