//! `DROP kind [IF EXISTS] object, ... [CASCADE | RESTRICT]` for kinds of which nothing can be created, so that a dump
//! can be restored that says it of all that it creates, `--clean --if-exists`: access methods, aggregates, casts,
//! collations, conversions, databases, event triggers, foreign-data wrappers, languages, operators and their classes
//! and families, policies, procedures, publications, rules, servers, statistics, subscriptions, tablespaces, triggers,
//! and what text search is made of.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_function::type_text;
use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropOtherKinds {
    /// What kind of objects.
    pub kind: AbsentKind,
    /// The objects.
    pub objects: Vec<Absent>,
    /// Whether one that is missing is fine.
    pub if_exists: bool,
}

/// How objects of a kind are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// `name`.
    Named(ObjectName),
    /// `name ON relation`.
    On(String, ObjectName),
    /// `name USING method`.
    Using(ObjectName, String),
    /// `name (type, ...)`, `*` for none of an aggregate's and `NONE` for one that an operator does not have.
    Typed(ObjectName, Option<Vec<String>>),
    /// `(type AS type)`.
    Cast(String, String),
}

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsentKind {
    /// Its words.
    pub words: &'static [&'static str],
    naming: Naming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Named,
    On,
    Using,
    Typed,
    Cast,
    Forced,
}

impl AbsentKind {
    // Of kinds that begin with the same word, that of more words comes first.
    const ALL: [Self; 25] = [
        Self::new(&["ACCESS", "METHOD"], Naming::Named),
        Self::new(&["AGGREGATE"], Naming::Typed),
        Self::new(&["CAST"], Naming::Cast),
        Self::new(&["COLLATION"], Naming::Named),
        Self::new(&["CONVERSION"], Naming::Named),
        Self::new(&["DATABASE"], Naming::Forced),
        Self::new(&["EVENT", "TRIGGER"], Naming::Named),
        Self::new(&["FOREIGN", "DATA", "WRAPPER"], Naming::Named),
        Self::new(&["LANGUAGE"], Naming::Named),
        Self::new(&["OPERATOR", "CLASS"], Naming::Using),
        Self::new(&["OPERATOR", "FAMILY"], Naming::Using),
        Self::new(&["OPERATOR"], Naming::Typed),
        Self::new(&["POLICY"], Naming::On),
        Self::new(&["PROCEDURE"], Naming::Typed),
        Self::new(&["PUBLICATION"], Naming::Named),
        Self::new(&["RULE"], Naming::On),
        Self::new(&["SERVER"], Naming::Named),
        Self::new(&["STATISTICS"], Naming::Named),
        Self::new(&["SUBSCRIPTION"], Naming::Named),
        Self::new(&["TABLESPACE"], Naming::Named),
        Self::new(&["TEXT", "SEARCH", "CONFIGURATION"], Naming::Named),
        Self::new(&["TEXT", "SEARCH", "DICTIONARY"], Naming::Named),
        Self::new(&["TEXT", "SEARCH", "PARSER"], Naming::Named),
        Self::new(&["TEXT", "SEARCH", "TEMPLATE"], Naming::Named),
        Self::new(&["TRIGGER"], Naming::On),
    ];

    const fn new(words: &'static [&'static str], naming: Naming) -> Self {
        Self { words, naming }
    }

    /// The kind that the words behind the next one say.
    pub(super) fn ahead(parser: &Parser) -> Option<Self> {
        let is_ahead = |kind: &Self| {
            kind.words.iter().enumerate().all(|(place, word)| {
                parser.peek_word(place.saturating_add(1)).as_deref() == Some(*word)
            })
        };
        Self::ALL.into_iter().find(is_ahead)
    }
}

impl fmt::Display for AbsentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl DropOtherKinds {
    /// Parses the statement, whose kind is known.
    pub(super) fn parse(parser: &mut Parser, kind: AbsentKind) -> Parsed<Self> {
        parser.expect_words(&["DROP"])?;
        parser.expect_words(kind.words)?;
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let mut objects = vec![Absent::parse(parser, kind)?];
        while parser.consume_token(&Token::Comma) {
            objects.push(Absent::parse(parser, kind)?);
        }
        if kind.naming == Naming::Forced {
            let _ = parser.take_word("WITH");
            if parser.consume_token(&Token::LParen) {
                parser.expect_words(&["FORCE"])?;
                parser.expect_token(&Token::RParen)?;
            }
        } else {
            let _ = parser.take_word("CASCADE") || parser.take_word("RESTRICT");
        }
        Ok(Self {
            kind,
            objects,
            if_exists,
        })
    }
}

impl Absent {
    fn parse(parser: &mut Parser, kind: AbsentKind) -> Parsed<Self> {
        match kind.naming {
            Naming::Named | Naming::Forced => parser.object_name().map(Self::Named),
            Naming::On => {
                let name = parser.identifier()?;
                parser.expect_words(&["ON"])?;
                Ok(Self::On(name, parser.object_name()?))
            }
            Naming::Using => {
                let name = parser.object_name()?;
                parser.expect_words(&["USING"])?;
                Ok(Self::Using(name, parser.identifier()?))
            }
            Naming::Typed if kind.words == ["OPERATOR"] => {
                let name = operator(parser)?;
                Ok(Self::Typed(name, Some(types(parser)?)))
            }
            Naming::Typed => {
                let name = parser.object_name()?;
                let has_types = parser.peek_token_ref().token == Token::LParen;
                let types = has_types.then(|| types(parser)).transpose()?;
                Ok(Self::Typed(name, types))
            }
            Naming::Cast => {
                parser.expect_token(&Token::LParen)?;
                let from = type_text(&parser.data_type()?);
                parser.expect_words(&["AS"])?;
                let to = type_text(&parser.data_type()?);
                parser.expect_token(&Token::RParen)?;
                Ok(Self::Cast(from, to))
            }
        }
    }
}

/// An operator's name, which are the tokens before its types.
fn operator(parser: &mut Parser) -> Parsed<ObjectName> {
    let mut schema = None;
    if matches!(parser.peek_token_ref().token, Token::Word(_))
        && parser.peek_nth_token_ref(1).token == Token::Period
    {
        schema = Some(parser.identifier()?);
        parser.expect_token(&Token::Period)?;
    }
    let mut name = String::new();
    while !parser.at_end() && parser.peek_token_ref().token != Token::LParen {
        name.push_str(&parser.next_token().token.to_string());
    }
    match name.is_empty() {
        true => parser.fail("an operator"),
        false => Ok(ObjectName { schema, name }),
    }
}

fn types(parser: &mut Parser) -> Parsed<Vec<String>> {
    let mut types = Vec::new();
    parser.expect_token(&Token::LParen)?;
    if parser.consume_token(&Token::Mul) {
        types.push("*".to_owned());
    } else if parser.peek_token_ref().token != Token::RParen {
        loop {
            types.push(match parser.take_word("NONE") {
                true => "NONE".to_owned(),
                false => type_text(&parser.data_type()?),
            });
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(types)
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::On(name, relation) => write!(f, "{} ON {relation}", Quoted(name)),
            Self::Using(name, method) => write!(f, "{name} USING {}", Quoted(method)),
            Self::Typed(name, None) => name.fmt(f),
            Self::Typed(name, Some(types)) => {
                if let Some(schema) = &name.schema {
                    write!(f, "{}.", Quoted(schema))?;
                }
                match name
                    .name
                    .starts_with(|it: char| it.is_alphabetic() || it == '_')
                {
                    true => Quoted(&name.name).fmt(f)?,
                    false => f.write_str(&name.name)?,
                }
                write!(f, "({})", types.join(", "))
            }
            Self::Cast(from, to) => write!(f, "({from} AS {to})"),
        }
    }
}

impl fmt::Display for DropOtherKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        let objects: Vec<String> = self.objects.iter().map(ToString::to_string).collect();
        write!(f, "DROP {} {if_exists}{}", self.kind, objects.join(", "))
    }
}
