//! `CREATE [OR REPLACE] FUNCTION name ([[IN | OUT | INOUT] argument] type [DEFAULT | = value], ...)
//! [RETURNS type | SETOF type | TABLE (column type, ...)] [option ...]`, with the options `LANGUAGE sql`,
//! `IMMUTABLE | STABLE | VOLATILE`, `STRICT | RETURNS NULL ON NULL INPUT | CALLED ON NULL INPUT`,
//! `PARALLEL SAFE | RESTRICTED | UNSAFE`, `COST n`, `ROWS n`, `[NOT] LEAKPROOF`, `SECURITY INVOKER | DEFINER`,
//! `SET name = value | TO value | FROM CURRENT`, `RESET name | ALL` and one of `AS 'query'`, `RETURN value` and
//! `BEGIN ATOMIC query; END`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{DataType, Expr, Query};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::function_hints::FunctionHints;
use super::function_settings::FunctionSetting;
use super::name::{ObjectName, Quoted};
use super::query;
use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateFunction {
    /// The function.
    pub name: ObjectName,
    /// What it is called with.
    pub arguments: Vec<Argument>,
    /// What it answers.
    pub returns: Returns,
    /// The name of the one value that it answers, where an `OUT` argument has one.
    pub answers: Option<String>,
    /// How it is computed.
    pub body: Body,
    /// What its answer depends on.
    pub volatility: Volatility,
    /// Whether it is NULL, or has no rows, where an argument is NULL.
    pub strict: bool,
    /// Whether it reads with the rights of its owner, and not with those of who calls it.
    pub security_definer: bool,
    /// What planners are told of it.
    pub hints: FunctionHints,
    /// What settings are while it runs.
    pub settings: Vec<FunctionSetting>,
    /// Whether an existing function of the same arguments is replaced.
    pub or_replace: bool,
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub data_type: DataType,
    /// Its value where none is given.
    pub default: Option<Expr>,
}

/// What a function answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    /// One value.
    Type(DataType),
    /// Rows of one value, or of the columns of a relation that the type names.
    SetOf(DataType),
    /// Rows of these columns.
    Table(Vec<(String, DataType)>),
}

/// How a function is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A query as it was written, and with every name in full once it is kept.
    Text(String, Option<Box<Query>>),
    /// A value.
    Return(Box<Expr>),
    /// A query, read as the function was made.
    Atomic(Box<Query>),
}

/// What the answer of a function depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// Its arguments alone.
    Immutable,
    /// These, and what is stored.
    Stable,
    /// Anything.
    Volatile,
}

impl Volatility {
    /// Its word in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immutable => "IMMUTABLE",
            Self::Stable => "STABLE",
            Self::Volatile => "VOLATILE",
        }
    }

    /// PostgreSQL's letter for it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Immutable => "i",
            Self::Stable => "s",
            Self::Volatile => "v",
        }
    }
}

impl CreateFunction {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        parser.expect_words(&["FUNCTION"])?;
        let name = parser.object_name()?;
        let Arguments { given, answered } = parse_arguments(parser)?;
        let (returns, answers) = Returns::of_arguments(parser, &answered)?;
        let (mut volatility, mut strict) = (Volatility::Volatile, false);
        let mut security_definer = false;
        let (mut hints, mut settings) = (FunctionHints::default(), Vec::new());
        let mut body = None;
        loop {
            let twice = parser.error_here(Error::new(
                SqlState::SYNTAX_ERROR,
                "conflicting or redundant options",
            ));
            if let Some(is_first) = hints.take(parser)? {
                if !is_first {
                    return Err(twice);
                }
            } else if let Some(setting) = FunctionSetting::take(parser)? {
                settings.push(setting);
            } else if parser.take_word("LANGUAGE") {
                let place = parser.error_here(Error::unsupported("a language other than SQL"));
                let language = match &parser.peek_token_ref().token {
                    Token::Word(_) => parser.identifier()?,
                    _ => parser.string()?,
                };
                if !language.eq_ignore_ascii_case("sql") {
                    return Err(place);
                }
            } else if parser.take_word("IMMUTABLE") {
                volatility = Volatility::Immutable;
            } else if parser.take_word("STABLE") {
                volatility = Volatility::Stable;
            } else if parser.take_word("VOLATILE") {
                volatility = Volatility::Volatile;
            } else if parser.take_word("STRICT")
                || parser.take_words(&["RETURNS", "NULL", "ON", "NULL", "INPUT"])
            {
                strict = true;
            } else if parser.take_words(&["CALLED", "ON", "NULL", "INPUT"]) {
                strict = false;
            } else if parser.take_words(&["SECURITY", "INVOKER"])
                || parser.take_words(&["EXTERNAL", "SECURITY", "INVOKER"])
            {
                security_definer = false;
            } else if parser.take_words(&["SECURITY", "DEFINER"])
                || parser.take_words(&["EXTERNAL", "SECURITY", "DEFINER"])
            {
                security_definer = true;
            } else if parser.take_word("AS") {
                let text = parser.string()?;
                let resolved = match parser.consume_token(&Token::Comma) {
                    true => Some(text_query(&parser.string()?)?),
                    false => None,
                };
                body = Some(Body::Text(text, resolved));
            } else if parser.take_word("RETURN") {
                body = Some(Body::Return(Box::new(parser.parse_expr()?)));
            } else if parser.take_words(&["BEGIN", "ATOMIC"]) {
                body = Some(Body::Atomic(query::parse(parser)?));
                parser.expect_token(&Token::SemiColon)?;
                if !parser.take_word("END") {
                    return parser.unsupported_here("a function of several statements");
                }
            } else if parser.at_end() {
                break;
            } else {
                return parser.unsupported_here("this option of a function");
            }
        }
        let Some(body) = body else {
            let error = Error::new(
                SqlState::INVALID_FUNCTION_DEFINITION,
                "no function body specified",
            );
            return Err(parser.error_here(error));
        };
        Ok(Self {
            name,
            arguments: given,
            returns,
            answers,
            body,
            volatility,
            strict,
            security_definer,
            hints,
            settings,
            or_replace,
        })
    }

    /// The function as it is told from others of its name: `name(type, ...)`.
    pub fn signature(&self) -> String {
        let types = self.arguments.iter().map(|it| type_text(&it.data_type));
        signature(&self.name.name, types)
    }

    /// The schemas that names in its body are looked up in, where it says which.
    pub fn search_path(&self) -> Option<Vec<String>> {
        self.settings.iter().find_map(FunctionSetting::search_path)
    }

    /// The query that answers, with the function's arguments open.
    ///
    /// # Errors
    /// 42601 for a text that is none, 0A000 for one of several statements.
    pub fn query(&self) -> Result<Box<Query>> {
        match &self.body {
            Body::Atomic(query) => Ok(query.clone()),
            Body::Return(value) => match parse_one(&format!("SELECT {}", Shown(value.as_ref())))? {
                Statement::Query(query) => Ok(query),
                _ => Err(Error::internal("a value is read as no query")),
            },
            Body::Text(_, Some(resolved)) => Ok(resolved.clone()),
            Body::Text(text, None) => text_query(text),
        }
    }
}

/// The one query of a text.
fn text_query(text: &str) -> Result<Box<Query>> {
    let mut statements = super::parse(text)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(query),
        (Some(_), true) => Err(Error::unsupported("a function of anything but a query")),
        (None, _) => Err(Error::unsupported("a function without a query")),
        (Some(_), false) => Err(Error::unsupported("a function of several statements")),
    }
}

/// `name(type, ...)`.
pub fn signature(name: &str, types: impl Iterator<Item = String>) -> String {
    format!("{name}({})", types.collect::<Vec<_>>().join(", "))
}

/// A type as signatures have it: by its plain name, without what limits its values.
pub fn type_text(data_type: &DataType) -> String {
    let text = data_type.to_string().to_lowercase();
    let plain = match text.split_once('(') {
        Some((before, after)) => {
            let behind = after.split_once(')').map_or("", |(_, behind)| behind);
            format!("{}{behind}", before.trim_end())
        }
        None => text,
    };
    let (base, array) = match plain.strip_suffix("[]") {
        Some(base) => (base, "[]"),
        None => (plain.as_str(), ""),
    };
    let named = match base {
        "int" | "int4" => "integer",
        "int2" => "smallint",
        "int8" => "bigint",
        "bool" => "boolean",
        "float8" | "double" | "float" => "double precision",
        "float4" => "real",
        "varchar" => "character varying",
        "char" => "character",
        "decimal" | "dec" => "numeric",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        other => other,
    };
    format!("{named}{array}")
}

/// What a function is called with, and what it answers by its arguments: `IN` and `OUT`.
#[derive(Default)]
struct Arguments {
    given: Vec<Argument>,
    answered: Vec<(Option<String>, DataType)>,
}

fn parse_arguments(parser: &mut Parser) -> Parsed<Arguments> {
    parser.expect_token(&Token::LParen)?;
    let mut all = Arguments::default();
    if parser.consume_token(&Token::RParen) {
        return Ok(all);
    }
    loop {
        let (mode, argument) = Argument::parse(parser)?;
        if mode != Some("IN") && mode.is_some() {
            let (name, of) = (argument.name.clone(), argument.data_type.clone());
            all.answered.push((name, of));
        }
        if mode != Some("OUT") {
            all.given.push(argument);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    let last = parser.error_here(Error::new(
        SqlState::INVALID_FUNCTION_DEFINITION,
        "input parameters after one with a default value must also have defaults",
    ));
    let mut defaults = all.given.iter().skip_while(|it| it.default.is_none());
    if defaults.any(|it| it.default.is_none()) {
        return Err(last);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(all)
}

/// How an argument is passed, where that is said: `IN`, `OUT` or `INOUT`.
fn take_mode(parser: &mut Parser) -> Parsed<Option<&'static str>> {
    let is_next = |parser: &Parser, mode: &str| {
        let next = &parser.peek_nth_token_ref(1).token;
        parser.peek_word(0).as_deref() == Some(mode)
            && !matches!(next, Token::Comma | Token::RParen)
    };
    if is_next(&*parser, "VARIADIC") {
        return parser.unsupported_here("VARIADIC arguments");
    }
    let mut modes = ["IN", "OUT", "INOUT"].into_iter();
    let Some(mode) = modes.find(|mode| is_next(&*parser, mode)) else {
        return Ok(None);
    };
    parser.advance_token();
    if mode == "IN" && is_next(&*parser, "OUT") {
        parser.advance_token();
        return Ok(Some("INOUT"));
    }
    Ok(Some(mode))
}

/// The types of a function's arguments, which may have names, as signatures have them.
pub(super) fn parse_types(parser: &mut Parser) -> Parsed<Vec<String>> {
    let arguments = parse_arguments(parser)?.given.into_iter();
    Ok(arguments.map(|it| type_text(&it.data_type)).collect())
}

impl Argument {
    /// Parses an argument, and how it is passed, which may stand on either side of its name.
    fn parse(parser: &mut Parser) -> Parsed<(Option<&'static str>, Self)> {
        let mut mode = take_mode(parser)?;
        let is_mode_next = matches!(parser.peek_word(1).as_deref(), Some("IN" | "OUT" | "INOUT"))
            && matches!(parser.peek_nth_token_ref(2).token, Token::Word(_));
        // A word before another one is a name, but for types of two words.
        let is_named = matches!(parser.peek_nth_token_ref(1).token, Token::Word(_))
            && !matches!(
                parser.peek_word(0).as_deref(),
                Some("DOUBLE" | "CHARACTER" | "TIMESTAMP" | "TIME")
            )
            && !matches!(parser.peek_word(1).as_deref(), Some("DEFAULT"));
        let name = is_named.then(|| parser.identifier()).transpose()?;
        if mode.is_none() && is_named && is_mode_next {
            mode = take_mode(parser)?;
        }
        let data_type = parser.data_type()?;
        let default = match parser.take_word("DEFAULT") || parser.consume_token(&Token::Eq) {
            true => Some(parser.parse_expr()?),
            false => None,
        };
        let argument = Self {
            name,
            data_type,
            default,
        };
        Ok((mode, argument))
    }
}

impl Returns {
    /// Parses what a function answers that gives these `OUT` arguments, and the name of it where it is one value.
    fn of_arguments(
        parser: &mut Parser,
        answered: &[(Option<String>, DataType)],
    ) -> Parsed<(Self, Option<String>)> {
        // `RETURNS NULL ON NULL INPUT` is an option.
        let said = parser.peek_word(1).as_deref() != Some("NULL") && parser.take_word("RETURNS");
        let said = said.then(|| Self::parse(parser)).transpose()?;
        let is = |said: &DataType, of: &DataType| type_text(said) == type_text(of);
        let is_record = |said: &DataType| type_text(said) == "record";
        let must_be = |of: &str| {
            let message = format!("function result type must be {of} because of OUT parameters");
            Error::new(SqlState::INVALID_FUNCTION_DEFINITION, message)
        };
        match (said, answered) {
            (None, []) => parser.unsupported_here("a function without RETURNS"),
            (Some(said), []) => Ok((said, None)),
            (Some(Self::Table(_)), _) => {
                let message = "OUT and INOUT arguments aren't allowed in TABLE functions";
                Err(parser.error_here(Error::new(SqlState::SYNTAX_ERROR, message)))
            }
            (None, [(name, of)]) => Ok((Self::Type(of.clone()), name.clone())),
            (Some(Self::Type(said)), [(name, of)]) if is(&said, of) => {
                Ok((Self::Type(said), name.clone()))
            }
            (Some(Self::SetOf(said)), [(name, of)]) if is(&said, of) => Ok(match name {
                Some(name) => (Self::Table(vec![(name.clone(), said)]), None),
                None => (Self::SetOf(said), None),
            }),
            (Some(_), [(_, of)]) => Err(parser.error_here(must_be(&type_text(of)))),
            (Some(Self::SetOf(said)), _) if is_record(&said) => {
                let columns = answered.iter().enumerate().map(|(place, (name, of))| {
                    let unnamed = || format!("column{}", place + 1);
                    (name.clone().unwrap_or_else(unnamed), of.clone())
                });
                Ok((Self::Table(columns.collect()), None))
            }
            (Some(Self::SetOf(_)), _) => Err(parser.error_here(must_be("record"))),
            (Some(Self::Type(said)), _) if !is_record(&said) => {
                Err(parser.error_here(must_be("record")))
            }
            (None | Some(Self::Type(_)), _) => {
                let error = Error::unsupported("a function of one row of several OUT arguments")
                    .with_hint("Let it return a composite type, or SETOF record.");
                Err(parser.error_here(error))
            }
        }
    }

    fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_word("SETOF") {
            return Ok(Self::SetOf(parser.data_type()?));
        }
        if !parser.take_word("TABLE") {
            return Ok(Self::Type(parser.data_type()?));
        }
        parser.expect_token(&Token::LParen)?;
        let mut columns = Vec::new();
        loop {
            let name = parser.identifier()?;
            columns.push((name, parser.data_type()?));
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
        Ok(Self::Table(columns))
    }
}

impl fmt::Display for CreateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_replace = if self.or_replace { "OR REPLACE " } else { "" };
        let mut arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        if let (Some(name), Returns::Type(of)) = (&self.answers, &self.returns) {
            arguments.push(format!("OUT {} {of}", Quoted(name)));
        }
        write!(
            f,
            "CREATE {or_replace}FUNCTION {}({}) RETURNS {} LANGUAGE sql",
            self.name,
            arguments.join(", "),
            self.returns
        )?;
        if self.volatility != Volatility::Volatile {
            write!(f, " {}", self.volatility.as_str())?;
        }
        if self.strict {
            f.write_str(" STRICT")?;
        }
        if self.security_definer {
            f.write_str(" SECURITY DEFINER")?;
        }
        self.hints.fmt(f)?;
        for setting in &self.settings {
            write!(f, " {setting}")?;
        }
        match &self.body {
            Body::Text(text, resolved) => {
                write!(f, " AS {}", escaped(text))?;
                match resolved {
                    Some(query) => {
                        write!(f, ", {}", escaped(&Shown(query.as_ref()).to_string()))
                    }
                    None => Ok(()),
                }
            }
            Body::Return(value) => write!(f, " RETURN {}", Shown(value.as_ref())),
            Body::Atomic(query) => write!(f, " BEGIN ATOMIC {}; END", Shown(query.as_ref())),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{} ", Quoted(name))?;
        }
        self.data_type.fmt(f)?;
        match &self.default {
            Some(default) => write!(f, " DEFAULT {}", Shown(default)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(data_type) => data_type.fmt(f),
            Self::SetOf(data_type) => write!(f, "SETOF {data_type}"),
            Self::Table(columns) => {
                let columns = columns.iter();
                let columns = columns.map(|(name, of)| format!("{} {of}", Quoted(name)));
                write!(f, "TABLE ({})", columns.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn escaped(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
