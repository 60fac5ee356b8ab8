//! `SEARCH DEPTH | BREADTH FIRST BY columns SET order` and `CYCLE columns SET mark [TO value DEFAULT value] USING path`
//! behind a query of `WITH RECURSIVE`, which sqlparser does not know: columns that the query computes itself,
//! as PostgreSQL has them. The path of a row are the rows that it comes by.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer};

use super::cursor::{Failure, Parsed, fold};
use super::dialect::TributaryDialect;
use super::name::Quoted;
use crate::error::{Error, SqlState};

/// The relation of the rows that a term of the query gives.
const ROWS: &str = "tributary:rows";

/// Says such clauses by columns of the queries before them.
///
/// # Errors
/// 42601 and 42701 for columns that are not to be had, 0A000 for a query that is no `UNION` of two selections.
pub(super) fn spelled_out(
    mut tokens: Vec<TokenWithSpan>,
    dialect: &TributaryDialect,
) -> Parsed<Vec<TokenWithSpan>> {
    let mentions = |token: &TokenWithSpan| is(&token.token, "SEARCH") || is(&token.token, "CYCLE");
    if !tokens.iter().any(mentions) {
        return Ok(tokens);
    }
    while let Some((close, clauses)) = first_clauses(&tokens) {
        let query = Query::before(&tokens, close)?;
        let place = tokens[close].span;
        let told = |error| Failure::Told(error, Some(place.start));
        clauses.check(&query).map_err(told)?;
        let mut made = Vec::new();
        for piece in query.text(&clauses) {
            match piece {
                Piece::Text(text) => made.extend(cut(&text, place, dialect)?),
                Piece::Tokens(range) => made.extend_from_slice(&tokens[range]),
            }
        }
        drop(tokens.splice(query.begin..clauses.end, made));
    }
    Ok(tokens)
}

/// A part of what a query becomes.
enum Piece {
    Text(String),
    /// Tokens that stay as they are, by their places.
    Tokens(Range<usize>),
}

fn cut(text: &str, place: Span, dialect: &TributaryDialect) -> Parsed<Vec<TokenWithSpan>> {
    let cut = Tokenizer::new(dialect, text).tokenize();
    let cut = cut.map_err(ParserError::from)?.into_iter();
    Ok(cut.map(|token| TokenWithSpan::new(token, place)).collect())
}

/// The clauses behind a query.
struct Clauses {
    search: Option<Search>,
    cycle: Option<Cycle>,
    /// The token behind them.
    end: usize,
}

struct Search {
    is_depth: bool,
    columns: Vec<String>,
    order: String,
}

struct Cycle {
    columns: Vec<String>,
    mark: String,
    /// The texts of the values.
    value: String,
    otherwise: String,
    path: String,
}

/// The first clauses of a text, behind the parenthesis at this place.
fn first_clauses(tokens: &[TokenWithSpan]) -> Option<(usize, Clauses)> {
    let closes = tokens.iter().enumerate();
    let mut closes = closes.filter(|(_, token)| token.token == Token::RParen);
    closes.find_map(|(close, _)| {
        let mut reader = Reader {
            tokens,
            next: close + 1,
        };
        let search = reader.search();
        let cycle = reader.cycle();
        let has_any = search.is_some() || cycle.is_some();
        let end = reader.next;
        has_any.then_some((close, Clauses { search, cycle, end }))
    })
}

/// Reads tokens one after the other, without blanks.
struct Reader<'a> {
    tokens: &'a [TokenWithSpan],
    next: usize,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<&Token> {
        let rest = self.tokens.get(self.next..)?;
        let place = rest.iter().position(|token| !is_blank(token))?;
        self.next += place + 1;
        Some(&rest[place].token)
    }

    fn words(&mut self, words: &[&str]) -> Option<()> {
        let begin = self.next;
        for word in words {
            if !self.take().is_some_and(|token| is(token, word)) {
                self.next = begin;
                return None;
            }
        }
        Some(())
    }

    fn name(&mut self) -> Option<String> {
        name(self.take()?)
    }

    fn names(&mut self) -> Option<Vec<String>> {
        let mut names = vec![self.name()?];
        loop {
            let behind = self.next;
            if self.take() != Some(&Token::Comma) {
                self.next = behind;
                return Some(names);
            }
            names.push(self.name()?);
        }
    }

    /// The text up to a word, without it.
    fn until(&mut self, word: &str) -> Option<String> {
        let mut text = String::new();
        loop {
            let token = self.take()?;
            if is(token, word) {
                return Some(text);
            }
            let _ = write!(text, "{token} ");
        }
    }

    fn search(&mut self) -> Option<Search> {
        let begin = self.next;
        let read = self.read_search();
        if read.is_none() {
            self.next = begin;
        }
        read
    }

    fn read_search(&mut self) -> Option<Search> {
        self.words(&["SEARCH"])?;
        let is_depth = self.words(&["DEPTH"]).is_some();
        if !is_depth {
            self.words(&["BREADTH"])?;
        }
        self.words(&["FIRST", "BY"])?;
        let columns = self.names()?;
        self.words(&["SET"])?;
        let order = self.name()?;
        Some(Search {
            is_depth,
            columns,
            order,
        })
    }

    fn cycle(&mut self) -> Option<Cycle> {
        let begin = self.next;
        let read = self.read_cycle();
        if read.is_none() {
            self.next = begin;
        }
        read
    }

    fn read_cycle(&mut self) -> Option<Cycle> {
        self.words(&["CYCLE"])?;
        let columns = self.names()?;
        self.words(&["SET"])?;
        let mark = self.name()?;
        let (mut value, mut otherwise) = ("true".to_owned(), "false".to_owned());
        if self.words(&["TO"]).is_some() {
            value = self.until("DEFAULT")?;
            otherwise = self.until("USING")?;
        } else {
            self.words(&["USING"])?;
        }
        let path = self.name()?;
        Some(Cycle {
            columns,
            mark,
            value,
            otherwise,
            path,
        })
    }
}

impl Clauses {
    /// The names of their columns.
    fn added(&self) -> Vec<&String> {
        let search = self.search.iter().map(|search| &search.order);
        let cycle = self
            .cycle
            .iter()
            .flat_map(|cycle| [&cycle.mark, &cycle.path]);
        search.chain(cycle).collect()
    }

    fn check(&self, query: &Query) -> Result<(), Error> {
        let search = self.search.iter().map(|search| ("search", &search.columns));
        let cycle = self.cycle.iter().map(|cycle| ("cycle", &cycle.columns));
        for (clause, columns) in search.chain(cycle) {
            let mut seen = BTreeSet::new();
            for column in columns {
                if !query.columns.contains(column) {
                    return Err(syntax(format!(
                        "{clause} column \"{column}\" not in WITH query column list"
                    )));
                }
                if !seen.insert(column) {
                    let message = format!("{clause} column \"{column}\" specified more than once");
                    return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
                }
            }
        }
        let mut names: BTreeSet<&String> = query.columns.iter().collect();
        match self.added().into_iter().find(|name| !names.insert(*name)) {
            Some(name) => Err(syntax(format!(
                "column name \"{name}\" of a SEARCH or CYCLE clause is already used in WITH query column list"
            ))),
            None => Ok(()),
        }
    }
}

/// A query of `WITH` that such clauses stand behind.
struct Query {
    columns: Vec<String>,
    /// The place behind its name.
    begin: usize,
    /// What stands between its columns and its parenthesis.
    introduction: Range<usize>,
    left: Range<usize>,
    union: Range<usize>,
    /// The second term: its columns, and what is behind them.
    items: Range<usize>,
    from: Range<usize>,
    /// The name by which the second term reads the query.
    alias: String,
}

impl Query {
    /// The query that ends with the parenthesis at this place.
    fn before(tokens: &[TokenWithSpan], close: usize) -> Parsed<Self> {
        let told = |error| Failure::Told(error, Some(tokens[close].span.start));
        let not_recursive = || told(syntax("WITH query is not recursive"));
        let open = opening(tokens, close).ok_or_else(not_recursive)?;
        // `name [(columns)] AS [[NOT] MATERIALIZED]`
        let mut before = solid(tokens, 0..open).rev().peekable();
        while before
            .next_if(|at| is(&tokens[*at].token, "MATERIALIZED") || is(&tokens[*at].token, "NOT"))
            .is_some()
        {}
        let introduced = before.next().filter(|at| is(&tokens[*at].token, "AS"));
        let introduced = introduced.ok_or_else(not_recursive)?;
        let last = before.next().ok_or_else(not_recursive)?;
        let (named, listed) = match tokens[last].token {
            Token::RParen => {
                let list = opening(tokens, last).ok_or_else(not_recursive)?;
                let names = solid(tokens, list..last).filter_map(|at| name(&tokens[at].token));
                let named = solid(tokens, 0..list)
                    .next_back()
                    .ok_or_else(not_recursive)?;
                (named, Some(names.collect::<Vec<String>>()))
            }
            _ => (last, None),
        };
        let own = name(&tokens[named].token).ok_or_else(not_recursive)?;
        let body = open + 1..close;
        let of_union = |what: &str| {
            let message = format!("with a SEARCH or CYCLE clause, {what}");
            told(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message))
        };
        let operations = at_top(tokens, body.clone(), &["UNION", "INTERSECT", "EXCEPT"]);
        let union = match operations.as_slice() {
            [] => return Err(not_recursive()),
            [union] if is(&tokens[*union].token, "UNION") => *union,
            _ => return Err(of_union("the left side of the UNION must be a SELECT")),
        };
        let mut behind = solid(tokens, union + 1..close);
        let mut right = behind.next().ok_or_else(not_recursive)?;
        if is(&tokens[right].token, "ALL") || is(&tokens[right].token, "DISTINCT") {
            right = behind.next().ok_or_else(not_recursive)?;
        }
        if !is(&tokens[right].token, "SELECT") {
            return Err(of_union("the right side of the UNION must be a SELECT"));
        }
        let no_from = || of_union("the right side of the UNION must read the query in its FROM");
        let from = at_top(tokens, right..close, &["FROM"]);
        let from = *from.first().ok_or_else(no_from)?;
        let alias = alias(tokens, from..close, &own).ok_or_else(no_from)?;
        let left = open + 1..union;
        let columns = match listed {
            Some(columns) => columns,
            None => {
                let unnamed = || {
                    let what = "SEARCH and CYCLE of a query without names of its columns";
                    let hint = "Name them behind the name of the query, as in WITH RECURSIVE q (a, b) AS (...).";
                    told(Error::unsupported(what).with_hint(hint))
                };
                columns_of(tokens, left.clone()).ok_or_else(unnamed)?
            }
        };
        Ok(Self {
            columns,
            begin: named + 1,
            introduction: introduced..open,
            left,
            union: union..right,
            items: right..from,
            from: from..close,
            alias,
        })
    }

    /// The query with the columns of the clauses, from behind its name on.
    fn text(&self, clauses: &Clauses) -> Vec<Piece> {
        let added = clauses.added();
        let all = self.columns.iter().chain(added.iter().copied());
        let of_rows = format!("{}.", Quoted(ROWS));
        let row = |columns: &[String], first: &str| {
            let columns = list(columns.iter(), &of_rows);
            format!("ROW({first}{columns})")
        };
        let column = |name: &str| format!("{of_rows}{}", Quoted(name));
        let own = list(self.columns.iter(), &of_rows);
        let (mut begun, mut further) = (own.clone(), own);
        let mut condition = String::new();
        if let Some(search) = &clauses.search {
            let order = column(&search.order);
            let (first, next) = match search.is_depth {
                true => {
                    let row = row(&search.columns, "");
                    (format!("ARRAY[{row}]"), format!("{order} || {row}"))
                }
                // The number of the round comes first.
                false => (
                    row(&search.columns, "CAST(0 AS BIGINT), "),
                    row(&search.columns, &format!("({order}).c0 + 1, ")),
                ),
            };
            let _ = write!(begun, ", {first}");
            let _ = write!(further, ", {next}");
        }
        if let Some(cycle) = &clauses.cycle {
            let (row, path) = (row(&cycle.columns, ""), column(&cycle.path));
            let (value, otherwise) = (&cycle.value, &cycle.otherwise);
            let _ = write!(begun, ", {otherwise}, ARRAY[{row}]");
            let _ = write!(
                further,
                ", CASE WHEN {row} = ANY ({path}) THEN {value} ELSE {otherwise} END, {path} || {row}"
            );
            condition = format!(" WHERE {} <> {value}", column(&cycle.mark));
        }
        let names = list(all, "");
        let own_names = list(self.columns.iter(), "");
        let read = list(added.iter().copied(), &format!("{}.", Quoted(&self.alias)));
        let rows = Quoted(ROWS);
        vec![
            Piece::Text(format!(" ({names}) ")),
            Piece::Tokens(self.introduction.clone()),
            Piece::Text(format!("(SELECT {begun} FROM (")),
            Piece::Tokens(self.left.clone()),
            Piece::Text(format!(") AS {rows} ({own_names}) ")),
            Piece::Tokens(self.union.clone()),
            Piece::Text(format!(" SELECT {further} FROM (")),
            Piece::Tokens(self.items.clone()),
            Piece::Text(format!(", {read} ")),
            Piece::Tokens(self.from.clone()),
            Piece::Text(format!(") AS {rows} ({names}){condition})")),
        ]
    }
}

/// Names with commas between them, each of a relation.
fn list<'a>(names: impl Iterator<Item = &'a String>, of: &str) -> String {
    let names = names.map(|name| format!("{of}{}", Quoted(name)));
    names.collect::<Vec<_>>().join(", ")
}

/// The names of the columns of a selection, where each item tells one.
fn columns_of(tokens: &[TokenWithSpan], selection: Range<usize>) -> Option<Vec<String>> {
    let end = at_top(tokens, selection.clone(), &["FROM"]);
    let end = end.first().copied().unwrap_or(selection.end);
    let mut items = solid(tokens, selection.start..end);
    let select = items.next().filter(|at| is(&tokens[*at].token, "SELECT"))?;
    let commas = at_top_where(tokens, select + 1..end, |token| *token == Token::Comma);
    let ends = commas.iter().copied().chain([end]);
    let begins = std::iter::once(select + 1).chain(commas.iter().map(|comma| comma + 1));
    let items = begins.zip(ends).map(|(begin, end)| {
        let mut item = solid(tokens, begin..end).rev();
        let (last, before) = (item.next()?, item.next());
        let is_said = before
            .is_none_or(|at| tokens[at].token == Token::Period || is(&tokens[at].token, "AS"));
        name(&tokens[last].token).filter(|_| is_said)
    });
    items.collect()
}

/// The name by which a relation is read in `FROM`.
fn alias(tokens: &[TokenWithSpan], from: Range<usize>, own: &str) -> Option<String> {
    let clauses = [
        "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR",
    ];
    let end = at_top(tokens, from.clone(), &clauses);
    let from = from.start..end.first().copied().unwrap_or(from.end);
    let of = at_top_where(tokens, from.clone(), |token| {
        name(token).as_deref() == Some(own)
    });
    let is_relation = |at: &usize| {
        let before = solid(tokens, from.start..*at).next_back();
        before.is_some_and(|at| {
            let before = &tokens[at].token;
            *before == Token::Comma || is(before, "FROM") || is(before, "JOIN")
        })
    };
    let at = of.into_iter().find(is_relation)?;
    let mut behind = solid(tokens, at + 1..from.end).peekable();
    if behind.next_if(|at| is(&tokens[*at].token, "AS")).is_some() {
        return name(&tokens[behind.next()?].token);
    }
    let joins = [
        Keyword::ON,
        Keyword::USING,
        Keyword::JOIN,
        Keyword::INNER,
        Keyword::LEFT,
        Keyword::RIGHT,
        Keyword::FULL,
        Keyword::CROSS,
        Keyword::NATURAL,
    ];
    let said = behind.next().and_then(|at| match &tokens[at].token {
        Token::Word(word) if joins.contains(&word.keyword) => None,
        token => name(token),
    });
    Some(said.unwrap_or_else(|| own.to_owned()))
}

/// The parenthesis that one closes.
fn opening(tokens: &[TokenWithSpan], close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    (0..=close).rev().find(|at| {
        match tokens[*at].token {
            Token::RParen => depth += 1,
            Token::LParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// The places of words that stand in no parentheses.
fn at_top(tokens: &[TokenWithSpan], within: Range<usize>, words: &[&str]) -> Vec<usize> {
    at_top_where(tokens, within, |token| {
        words.iter().any(|word| is(token, word))
    })
}

fn at_top_where(
    tokens: &[TokenWithSpan],
    within: Range<usize>,
    is_wanted: impl Fn(&Token) -> bool,
) -> Vec<usize> {
    let mut depth = 0_usize;
    within
        .filter(|at| {
            let token = &tokens[*at].token;
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && is_wanted(token)
        })
        .collect()
}

/// The places of tokens that are no blanks.
fn solid(tokens: &[TokenWithSpan], within: Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
    within.filter(|at| !is_blank(&tokens[*at]))
}

fn name(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) => Some(fold(word.value.clone(), word.quote_style)),
        _ => None,
    }
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(it) if it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word))
}

fn syntax(message: impl Into<String>) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, message.into())
}
