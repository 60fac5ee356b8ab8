//! Conditions of paths, which are true, false or unknown.

use std::cmp::Ordering;

use super::super::order::write_key;
use super::super::value::Value;
use super::evaluate::{Evaluation, Followed, PathError};
use super::item::Item;
use super::syntax::{Binary, Chain, Node, Unary};
use crate::FunctionError;

/// The value of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        match value {
            true => Self::True,
            false => Self::False,
        }
    }
}

impl<'a> Evaluation<'a> {
    /// Whether a condition holds of the current item.
    pub(super) fn truth(&mut self, condition: &Chain) -> Followed<Truth> {
        match condition.as_slice() {
            [node] => self.node_truth(node),
            _ => Ok(Truth::Unknown),
        }
    }

    pub(super) fn node_truth(&mut self, node: &Node) -> Followed<Truth> {
        match node {
            Node::Binary(Binary::And, left, right) => match self.truth(left)? {
                Truth::False => Ok(Truth::False),
                left => match self.truth(right)? {
                    Truth::True => Ok(left),
                    right => Ok(right),
                },
            },
            Node::Binary(Binary::Or, left, right) => match self.truth(left)? {
                Truth::True => Ok(Truth::True),
                left => match self.truth(right)? {
                    Truth::False => Ok(left),
                    right => Ok(right),
                },
            },
            Node::Unary(Unary::Not, inner) => Ok(match self.truth(inner)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            }),
            Node::Unary(Unary::IsUnknown, inner) => {
                Ok((self.truth(inner)? == Truth::Unknown).into())
            }
            Node::Unary(Unary::Exists, inner) => Ok(match self.softly(inner, false)? {
                None => Truth::Unknown,
                Some(found) => (!found.is_empty()).into(),
            }),
            Node::Binary(operator, left, right) => {
                let has_zones = self.has_zones;
                self.any_pair(left, Some((right, true)), |left, right| {
                    compared(*operator, left, right, has_zones)
                })
            }
            Node::StartsWith(left, right) => {
                self.any_pair(left, Some((right, false)), |whole, start| {
                    Ok(match (whole.value(), start.value()) {
                        (Some(Value::String(whole)), Some(Value::String(start))) => {
                            whole.starts_with(start.as_ref()).into()
                        }
                        _ => Truth::Unknown,
                    })
                })
            }
            Node::LikeRegex(left, pattern) => self.any_pair(left, None, |text, _| {
                Ok(match text.value() {
                    Some(Value::String(text)) => pattern.expression.is_match(text).into(),
                    _ => Truth::Unknown,
                })
            }),
            _ => Ok(Truth::Unknown),
        }
    }

    /// What a part of a path finds; none where it ends in an error.
    fn softly(&mut self, chain: &Chain, unwraps: bool) -> Followed<Option<Vec<Item<'a>>>> {
        match self.sequence(chain, unwraps) {
            Ok(found) => Ok(Some(found)),
            Err(PathError::Soft(_)) => Ok(None),
            Err(hard) => Err(hard),
        }
    }

    /// Whether a condition holds of any pair of items: in strict mode all are looked at, since one
    /// that is unknown makes all unknown.
    fn any_pair(
        &mut self,
        left: &Chain,
        right: Option<(&Chain, bool)>,
        holds: impl Fn(&Item<'a>, &Item<'a>) -> Followed<Truth>,
    ) -> Followed<Truth> {
        let Some(left) = self.softly(left, true)? else {
            return Ok(Truth::Unknown);
        };
        let right = match right {
            Some((right, unwraps)) => match self.softly(right, unwraps)? {
                Some(right) => right,
                None => return Ok(Truth::Unknown),
            },
            None => vec![Item::Computed(Value::Null)],
        };
        let mut is_found = false;
        let mut is_unknown = false;
        for left in &left {
            for right in &right {
                match holds(left, right)? {
                    Truth::Unknown if !self.is_lax => return Ok(Truth::Unknown),
                    Truth::Unknown => is_unknown = true,
                    Truth::True if self.is_lax => return Ok(Truth::True),
                    Truth::True => is_found = true,
                    Truth::False => {}
                }
            }
        }
        Ok(match (is_found, is_unknown) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        })
    }
}

fn compared(
    operator: Binary,
    left: &Item<'_>,
    right: &Item<'_>,
    has_zones: bool,
) -> Followed<Truth> {
    let ordering = match (left, right) {
        (Item::Moment(left), Item::Moment(right)) => {
            let ordering = left.compare(right, has_zones).map_err(|needs| {
                PathError::Hard(
                    FunctionError::unsupported(format!(
                        "cannot convert value from {} to {} without time zone usage",
                        needs.from, needs.to
                    ))
                    .with_hint("Use *_tz() function for time zone support."),
                )
            })?;
            match ordering {
                Some(ordering) => ordering,
                None => return Ok(Truth::Unknown),
            }
        }
        _ => {
            let (Some(left), Some(right)) = (left.value(), right.value()) else {
                return Ok(Truth::Unknown);
            };
            match (left, right) {
                (Value::Null, Value::Null) => Ordering::Equal,
                // NULL is not what anything else is, and neither less nor greater.
                (Value::Null, _) | (_, Value::Null) => {
                    return Ok((operator == Binary::NotEqual).into());
                }
                (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
                (Value::String(left), Value::String(right)) => left.cmp(right),
                (Value::Number(_), Value::Number(_)) => {
                    let (mut own, mut other) = (Vec::new(), Vec::new());
                    write_key(left, &mut own)?;
                    write_key(right, &mut other)?;
                    own.cmp(&other)
                }
                _ => return Ok(Truth::Unknown),
            }
        }
    };
    Ok(match operator {
        Binary::Equal => ordering.is_eq(),
        Binary::NotEqual => ordering.is_ne(),
        Binary::Less => ordering.is_lt(),
        Binary::Greater => ordering.is_gt(),
        Binary::LessOrEqual => ordering.is_le(),
        _ => ordering.is_ge(),
    }
    .into())
}
