//! `COMMENT ON kind name IS 'text' | NULL`.

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// What the comment is on.
    pub on: CommentOn,
    /// The comment; `None` takes it away.
    pub text: Option<String>,
}

/// What a comment can be on.
#[derive(Clone, Debug, PartialEq)]
pub enum CommentOn {
    /// A schema.
    Schema(String),
    /// A relation or check; the kind written must be the object's.
    Object(super::drop::DropKind, ObjectName),
    /// A column of a relation.
    Column(ObjectName, String),
}
