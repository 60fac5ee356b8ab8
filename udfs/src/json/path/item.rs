//! What a path finds: parts of documents, and values that it computes.

use std::borrow::Cow;

use super::super::value::{Member, Value};
use super::datetime::Moment;
use crate::FunctionError;

/// An item of a sequence.
#[derive(Clone, Debug)]
pub(in super::super) enum Item<'a> {
    /// A part of a document.
    Part(&'a Value<'a>),
    /// A value that no document has.
    Computed(Value<'static>),
    /// What `.datetime()` gives.
    Moment(Moment),
}

impl<'a> Item<'a> {
    /// The value; none of a moment.
    pub(super) fn value(&self) -> Option<&Value<'a>> {
        match self {
            Self::Part(value) => Some(value),
            Self::Computed(value) => Some(value),
            Self::Moment(_) => None,
        }
    }

    /// Its truth, where it is a boolean.
    pub(in super::super) fn boolean(&self) -> Option<bool> {
        match self.value() {
            Some(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    pub(in super::super) fn is_null(&self) -> bool {
        matches!(self.value(), Some(Value::Null))
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.value(), Some(Value::Array(_)))
    }

    pub(super) fn number(number: String) -> Self {
        Self::Computed(Value::Number(Cow::Owned(number)))
    }

    /// The elements of an array, or the values of an object.
    pub(super) fn children(&self) -> Vec<Item<'a>> {
        fn values<'v, 'a>(value: &'v Value<'a>) -> Vec<&'v Value<'a>> {
            match value {
                Value::Array(elements) => elements.iter().collect(),
                Value::Object(members) => members.iter().map(|(_, value)| value).collect(),
                _ => Vec::new(),
            }
        }
        match self {
            Self::Part(value) => values(value).into_iter().map(Item::Part).collect(),
            Self::Computed(value) => values(value)
                .into_iter()
                .map(|value| Item::Computed(value.clone()))
                .collect(),
            Self::Moment(_) => Vec::new(),
        }
    }

    /// The member of an object.
    pub(super) fn member(&self, key: &str) -> Option<Item<'a>> {
        match self {
            Self::Part(value) => value.get(key).map(Item::Part),
            Self::Computed(value) => value.get(key).map(|value| Item::Computed(value.clone())),
            Self::Moment(_) => None,
        }
    }

    /// The members of an object.
    pub(super) fn members(&self) -> Option<Vec<Member<'static>>> {
        match self.value()? {
            Value::Object(members) => Some(
                members
                    .iter()
                    .map(|(key, value)| {
                        (
                            Cow::Owned(key.clone().into_owned()),
                            value.clone().into_owned(),
                        )
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// What `.type()` says of it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Moment(moment) => moment.type_name(),
            Self::Part(value) => value.type_name(),
            Self::Computed(value) => value.type_name(),
        }
    }

    /// Appends its text as `jsonb`.
    pub(in super::super) fn write(&self, out: &mut String) -> Result<(), FunctionError> {
        match self {
            Self::Part(value) => value.write(out),
            Self::Computed(value) => value.write(out),
            Self::Moment(moment) => {
                super::super::value::write_string(&moment.to_text(), out);
                Ok(())
            }
        }
    }
}
