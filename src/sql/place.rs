//! Where in the text of a statement stands what an error names. The planner knows no places; but what
//! it names stands in the text, and where it does so once that is the place, as PostgreSQL tells it.
//! Where it stands more than once, no place is better than one that may be another's.

use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

use super::dialect::TributaryDialect;
use super::type_places;
use crate::error::{Error, SqlState};

/// The first words of statements of which PostgreSQL tells places: those that are planned.
const PLANNED: [&str; 11] = [
    "DECLARE", "DELETE", "EXPLAIN", "INSERT", "MERGE", "PREPARE", "SELECT", "TABLE", "UPDATE",
    "VALUES", "WITH",
];

/// Adds to an error the place in the text that it is of, if that is known.
pub fn located(error: Error, sql: &str) -> Error {
    if error.position().is_some() {
        return error;
    }
    let place = match error.sqlstate() {
        SqlState::DATATYPE_MISMATCH | SqlState::CANNOT_COERCE => {
            let start = type_places::place(error.message(), sql);
            start.map(|start| characters_before(sql, start))
        }
        _ => wanted(&error).and_then(|wanted| place(&wanted, sql)),
    };
    match place {
        Some(place) => error.with_position(place),
        None => error,
    }
}

/// How an error begins that names an operator.
const OPERATOR: &str = "operator does not exist: ";

/// How errors begin that end with the text of a literal.
const LITERAL: [&str; 3] = [
    "date/time field value out of range",
    "invalid input syntax for type ",
    "malformed array literal",
];

/// The last words of types that literals are read as where these stand before them.
const TYPES: [&str; 19] = [
    "bigint",
    "bool",
    "boolean",
    "bytea",
    "date",
    "decimal",
    "float4",
    "float8",
    "int",
    "integer",
    "interval",
    "numeric",
    "precision",
    "real",
    "smallint",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
];

/// Types that a literal is as it is, and that are read as another one as the query runs.
const TEXTS: [&str; 6] = ["bpchar", "char", "character", "name", "text", "varchar"];

/// What an error names.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    Column(&'a str),
    Function(&'a str),
    /// A relation, type or window.
    Name(&'a str),
    /// A relation that a clause of `MERGE` does not see.
    Hidden(&'a str),
    /// `$1`
    Parameter(&'a str),
    /// `=`
    Operator(&'a str),
    /// The text of a literal that is read as another type.
    Literal(&'a str),
}

/// What an error names, by its message. One that is told within another, as of what stands on a view,
/// begins with what it is within, and names nothing of the statement.
fn wanted(error: &Error) -> Option<Wanted<'_>> {
    let message = error.message();
    let quoted = |before: &str| {
        let (name, _) = message.strip_prefix(before)?.split_once('"')?;
        Some(last_part(name))
    };
    match error.sqlstate() {
        SqlState::UNDEFINED_COLUMN => {
            let bare = || {
                let rest = message.strip_prefix("column ")?;
                rest.strip_suffix(" does not exist").map(last_part)
            };
            let attribute = || quoted("cannot assign to field \"");
            let name = quoted("column \"").or_else(bare).or_else(attribute)?;
            Some(Wanted::Column(name))
        }
        SqlState::SYNTAX_ERROR if message == "DEFAULT is not allowed in this context" => {
            Some(Wanted::Column("default"))
        }
        SqlState::AMBIGUOUS_COLUMN => quoted("column reference \"").map(Wanted::Column),
        SqlState::GROUPING_ERROR => quoted("column \"").map(Wanted::Column),
        SqlState::UNDEFINED_TABLE => {
            let relation = quoted("relation \"");
            let relation = relation.or_else(|| quoted("missing FROM-clause entry for table \""));
            let hidden = || quoted("invalid reference to FROM-clause entry for table \"");
            relation
                .map(Wanted::Name)
                .or_else(|| hidden().map(Wanted::Hidden))
        }
        SqlState::UNDEFINED_FUNCTION if message.starts_with(OPERATOR) => {
            let mut words = message.strip_prefix(OPERATOR)?.split(' ');
            let is_sign = |word: &&str| {
                let mut signs = word.chars();
                !word.is_empty() && signs.all(|sign| "+-*/<>=~!@#%^&|?".contains(sign))
            };
            words.find(is_sign).map(Wanted::Operator)
        }
        SqlState::UNDEFINED_FUNCTION => {
            let rest = message.strip_prefix("function ")?;
            let end = rest.find(['(', ' '])?;
            Some(Wanted::Function(last_part(rest.get(..end)?)))
        }
        SqlState::UNDEFINED_OBJECT => {
            let name = quoted("type \"").or_else(|| quoted("window \""));
            name.map(Wanted::Name)
        }
        SqlState::UNDEFINED_PARAMETER => {
            let name = message.strip_prefix("there is no parameter ")?;
            Some(Wanted::Parameter(name))
        }
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE => {
            let (text, _) = message
                .strip_prefix("value \"")?
                .split_once("\" is out of range for type ")?;
            Some(Wanted::Literal(text))
        }
        SqlState::INVALID_TEXT_REPRESENTATION
        | SqlState::INVALID_DATETIME_FORMAT
        | SqlState::DATETIME_FIELD_OVERFLOW => {
            let begins = LITERAL.iter().any(|begin| message.starts_with(begin));
            let (_, text) = message.split_once(": \"").filter(|_| begins)?;
            text.strip_suffix('"').map(Wanted::Literal)
        }
        _ => None,
    }
}

/// A name without what stands before it.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The place, in characters from 1, where a text of one statement names something once.
fn place(wanted: &Wanted<'_>, sql: &str) -> Option<usize> {
    let dialect = TributaryDialect::default();
    let tokens = Tokenizer::new(&dialect, sql).tokenize_with_location();
    let mut tokens = tokens.ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    while tokens
        .last()
        .is_some_and(|last| last.token == Token::SemiColon)
    {
        tokens.pop();
    }
    let is_one = !tokens.iter().any(|token| token.token == Token::SemiColon);
    if !is_one || !is_planned(&tokens) {
        return None;
    }
    if *wanted == Wanted::Operator("=") && tokens.iter().any(compares_unseen) {
        return None;
    }
    let mut found = (0..tokens.len()).filter(|at| names(wanted, &tokens, *at));
    let mut at = match (found.next(), found.next()) {
        (Some(at), None) => at,
        // What is not seen is told where it stands first.
        (Some(at), _) if matches!(wanted, Wanted::Hidden(_)) => at,
        _ => return None,
    };
    // The place of a name is that of what stands before it.
    while let [.., first, dot] = tokens.get(..at)?
        && dot.token == Token::Period
        && matches!(first.token, Token::Word(_))
    {
        at -= 2;
    }
    Some(characters_before(sql, tokens.get(at)?.span.start))
}

fn is_planned(tokens: &[TokenWithSpan]) -> bool {
    let first = tokens.iter().find(|token| token.token != Token::LParen);
    let is = |token: Option<&TokenWithSpan>, word: &str| {
        token.is_some_and(|token| match &token.token {
            Token::Word(found) => {
                found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word)
            }
            _ => false,
        })
    };
    let creates_view = || {
        let mut start = tokens.iter().take(6);
        is(start.next(), "CREATE") && start.any(|token| is(Some(token), "VIEW"))
    };
    PLANNED.iter().any(|word| is(first, word)) || creates_view()
}

/// Whether what begins with a word compares without a sign, which `=` is told of.
fn compares_unseen(token: &TokenWithSpan) -> bool {
    let is = |word: &Word, known: &str| word.value.eq_ignore_ascii_case(known);
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none()
        && ["CASE", "NATURAL", "USING"].iter().any(|known| is(word, known)))
}

/// Whether a word stands for an operator: `IN` and `nullif` compare by `=`, and `BETWEEN` by `>=` first.
fn means(word: &Word, sign: &str, is_called: bool) -> bool {
    let is = |known: &str| word.quote_style.is_none() && word.value.eq_ignore_ascii_case(known);
    match sign {
        "=" => is_called && (is("IN") || is("NULLIF")),
        ">=" => is("BETWEEN"),
        _ => false,
    }
}

/// Whether the token at a place is what is wanted.
fn names(wanted: &Wanted<'_>, tokens: &[TokenWithSpan], at: usize) -> bool {
    let token = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| &token.token);
    let (before, next) = (token(at.checked_sub(1)), token(at.checked_add(1)));
    match (token(Some(at)), wanted) {
        (Some(Token::Placeholder(found)), Wanted::Parameter(name)) => found == name,
        (Some(Token::Word(word)), Wanted::Column(name)) => {
            let gives_name = matches!(before, Some(Token::Word(before))
                if before.quote_style.is_none() && before.value.eq_ignore_ascii_case("AS"));
            is_named(word, name) && !gives_name && next != Some(&Token::LParen)
        }
        (Some(Token::Word(word)), Wanted::Function(name)) => {
            is_named(word, name) && next == Some(&Token::LParen)
        }
        (Some(Token::Word(word)), Wanted::Name(name)) => is_named(word, name),
        (Some(Token::Word(word)), Wanted::Hidden(name)) => {
            next == Some(&Token::Period) && is_named(word, name) && sees_one_side(tokens, at)
        }
        (Some(Token::Word(word)), Wanted::Operator(sign)) => {
            let negated = matches!(before, Some(Token::Word(before))
                if before.value.eq_ignore_ascii_case("NOT"));
            !negated && means(word, sign, next == Some(&Token::LParen))
        }
        (Some(token), Wanted::Operator(sign)) => token.to_string() == *sign,
        (Some(Token::SingleQuotedString(found)), Wanted::Literal(text)) => {
            found == text && is_read(tokens, at)
        }
        _ => false,
    }
}

/// Whether a place is in a clause of `MERGE` for rows without a partner.
fn sees_one_side(tokens: &[TokenWithSpan], at: usize) -> bool {
    let is = |token: &TokenWithSpan, word: &str| {
        matches!(&token.token, Token::Word(found)
            if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
    };
    let before = tokens.get(..at).unwrap_or_default();
    let clause = before.iter().rposition(|token| is(token, "WHEN"));
    let mut words = before.iter().skip(clause.map_or(at, |clause| clause + 1));
    words.next().is_some_and(|next| is(next, "NOT"))
}

/// Whether a literal is cast, or compared, where it stands: it is read before the query runs.
fn is_read(tokens: &[TokenWithSpan], at: usize) -> bool {
    let token = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| &token.token);
    let behind = |places: usize| token(at.checked_add(places));
    let is = |token: Option<&Token>, words: &[&str]| {
        matches!(token, Some(Token::Word(word)) if word.quote_style.is_none()
            && words.iter().any(|known| word.value.eq_ignore_ascii_case(known)))
    };
    let compares = |token: Option<&Token>| {
        matches!(
            token,
            Some(Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq)
        )
    };
    let before = token(at.checked_sub(1));
    match behind(1) {
        Some(Token::DoubleColon) => !is(behind(2), &TEXTS),
        // `CAST ('1' AS integer)`
        next if is(next, &["AS"]) => before == Some(&Token::LParen) && !is(behind(2), &TEXTS),
        Some(Token::RParen) if before == Some(&Token::LParen) => {
            behind(2) == Some(&Token::DoubleColon) && !is(behind(3), &TEXTS)
        }
        next => compares(next) || compares(before) || is(before, &TYPES),
    }
}

fn is_named(word: &Word, name: &str) -> bool {
    match word.quote_style {
        Some(_) => word.value == name,
        None => word.value.to_lowercase() == name,
    }
}

/// The place of a line and column, in characters of the text from 1.
fn characters_before(sql: &str, location: Location) -> usize {
    let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let lines = sql.split('\n').take(index(location.line).saturating_sub(1));
    let before: usize = lines.map(|line| line.chars().count() + 1).sum();
    before.saturating_add(index(location.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sqlstate: SqlState, message: &str, sql: &str) -> Option<usize> {
        located(Error::new(sqlstate, message), sql).position()
    }

    // The places are those that PostgreSQL 15 tells.
    #[test]
    fn what_stands_once_is_found() {
        for (sqlstate, message, sql, place) in [
            (
                SqlState::UNDEFINED_COLUMN,
                "cannot assign to field \"nope\" of column \"a\" because there is no such column in data type x",
                "insert into t (id, a.nope) values (1, 2)",
                20,
            ),
            (
                SqlState::SYNTAX_ERROR,
                "DEFAULT is not allowed in this context",
                "insert into t select default, 1",
                22,
            ),
            (
                SqlState::UNDEFINED_TABLE,
                "invalid reference to FROM-clause entry for table \"t\"",
                "merge into t using s on t.id = s.id when not matched then insert values (t.id, t.a)",
                74,
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"nope\" does not exist",
                "select nope from a",
                8,
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column a.nope does not exist",
                "select 'é',\n a.nope from a;",
                14,
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"nope\" of relation \"a\" does not exist",
                "insert into a(id, nope) values (1, 2)",
                19,
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"nope\" does not exist",
                "select x as nope from a where nope = 1",
                31,
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"Nope\" does not exist",
                "select nope, \"Nope\" from a",
                14,
            ),
            (
                SqlState::AMBIGUOUS_COLUMN,
                "column reference \"id\" is ambiguous",
                "select ID from a, c",
                8,
            ),
            (
                SqlState::GROUPING_ERROR,
                "column \"a.id\" must appear in the GROUP BY clause or be used in an aggregate function",
                "select count(*), a.id from a",
                18,
            ),
            (
                SqlState::UNDEFINED_TABLE,
                "relation \"w.nope\" does not exist",
                "create or replace view v as select * from w.nope",
                43,
            ),
            (
                SqlState::UNDEFINED_TABLE,
                "missing FROM-clause entry for table \"nope\"",
                "select nope.id from a",
                8,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "function nofn does not exist",
                "select nofn, nofn(1) from a",
                14,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "function sum(text) does not exist",
                "select sum(t) from a",
                8,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer = timestamp with time zone",
                "SELECT 1 = now()",
                10,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer = boolean",
                "SELECT 1 IN (2, true)",
                10,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer = boolean",
                "SELECT nullif(1, true)",
                8,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer >= boolean",
                "SELECT 1 BETWEEN true AND false",
                10,
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: boolean + integer",
                "SELECT true + 1",
                13,
            ),
            (
                SqlState::UNDEFINED_OBJECT,
                "type \"nope\" does not exist",
                "select 1::nope",
                11,
            ),
            (
                SqlState::UNDEFINED_PARAMETER,
                "there is no parameter $1",
                "select $1",
                8,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"12a\"",
                "select '12a'::int",
                8,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"12a\"",
                "select cast('12a' as int)",
                13,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"12a\"",
                "select ('12a')::int",
                9,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type boolean: \"maybe\"",
                "select 1 where true = 'maybe'",
                23,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type boolean: \"maybe\"",
                "select 'maybe' = true",
                8,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"it's\"",
                "select 'it''s'::int",
                8,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "malformed array literal: \"{1,2\"",
                "select '{1,2'::int[]",
                8,
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type double precision: \"x\"",
                "select double precision 'x'",
                25,
            ),
            (
                SqlState::INVALID_DATETIME_FORMAT,
                "invalid input syntax for type timestamp with time zone: \"nope\"",
                "select now() > 'nope'",
                16,
            ),
            (
                SqlState::DATETIME_FIELD_OVERFLOW,
                "date/time field value out of range: \"2020-02-30\"",
                "select date '2020-02-30'",
                13,
            ),
            (
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "value \"99999999999\" is out of range for type integer",
                "select '99999999999'::int",
                8,
            ),
        ] {
            assert_eq!(told(sqlstate, message, sql), Some(place), "{sql}");
        }
    }

    #[test]
    fn what_may_be_elsewhere_has_no_place() {
        for (sqlstate, message, sql) in [
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"x\" does not exist",
                "select x from (select x from a) q",
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "column \"x\" does not exist",
                "select 'x'",
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"12a\"",
                "select '12a'::text::int",
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"1z\"",
                "select x::int from (values ('1z')) v(x)",
            ),
            (
                SqlState::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type integer: \"1z\"",
                "select x = '1z'::text and x::int = 1 from (values ('1z')) v(x)",
            ),
            (
                SqlState::UNDEFINED_COLUMN,
                "view public.v, which stands on it: column \"c\" does not exist",
                "create or replace view a as select c",
            ),
            (
                SqlState::UNDEFINED_TABLE,
                "relation \"nope\" does not exist",
                "drop table nope",
            ),
            (
                SqlState::UNDEFINED_TABLE,
                "relation \"nope\" does not exist",
                "select 1; select * from nope",
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer = boolean",
                "select * from a join b using (x)",
            ),
            (
                SqlState::UNDEFINED_FUNCTION,
                "operator does not exist: integer = boolean",
                "select 1 = 2 where 3 = true",
            ),
            (SqlState::DIVISION_BY_ZERO, "division by zero", "select 1/0"),
        ] {
            assert_eq!(told(sqlstate, message, sql), None, "{sql}");
        }
    }

    #[test]
    fn a_place_that_is_known_stays() {
        let error = Error::new(SqlState::UNDEFINED_COLUMN, "column \"x\" does not exist");
        let error = located(error.with_position(3), "select x");
        assert_eq!(error.position(), Some(3));
    }
}
