//! The syntax tree of a path.

use std::fmt;

use crate::postgres::RegularExpression;

/// A path, and how it treats what is not as it says.
#[derive(Clone, Debug)]
pub(in super::super) struct Path {
    /// `strict`: what is missing is an error. Otherwise `lax`: it is nothing, and arrays stand for
    /// their elements.
    pub(super) is_strict: bool,
    pub(super) root: Chain,
}

impl Path {
    /// Whether what is missing is nothing.
    pub(in super::super) fn is_lax(&self) -> bool {
        !self.is_strict
    }
}

/// What begins a path and what follows it, such as `$`, `.a`, `[*]`.
pub(super) type Chain = Vec<Node>;

/// A part of a path.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As `numeric` is written.
    Number(String),
    String(String),
    Variable(String),
    Root,
    Current,
    Last,
    Binary(Binary, Chain, Chain),
    Unary(Unary, Chain),
    StartsWith(Chain, Chain),
    LikeRegex(Chain, Pattern),
    Key(String),
    AnyKey,
    AnyArray,
    Subscripts(Vec<(Chain, Option<Chain>)>),
    /// `**{first to last}`; none is `last`.
    AnyLevel(Option<u32>, Option<u32>),
    Filter(Chain),
    Method(Method),
    /// `.datetime(template)`
    Datetime(Option<String>),
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Binary {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// Operators before, behind or around one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Plus,
    Minus,
    Not,
    IsUnknown,
    Exists,
}

/// Methods without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Abs,
    Size,
    Type,
    Floor,
    Double,
    Ceiling,
    KeyValue,
}

impl Method {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("abs", Self::Abs),
        ("size", Self::Size),
        ("type", Self::Type),
        ("floor", Self::Floor),
        ("double", Self::Double),
        ("ceiling", Self::Ceiling),
        ("keyvalue", Self::KeyValue),
    ];

    pub(super) fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, method)| *method == self);
        known.map_or("", |(name, _)| name)
    }
}

/// The pattern of `like_regex`.
#[derive(Clone)]
pub(super) struct Pattern {
    pub(super) text: String,
    /// In the order in which they are shown.
    pub(super) flags: String,
    pub(super) expression: RegularExpression,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
