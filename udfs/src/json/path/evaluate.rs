//! Follows a path through a document, as PostgreSQL's `jsonpath_exec.c` does.

use std::borrow::Cow;

use super::super::value::Value;
use super::arithmetic::{absolute, compute, negated, rounded, truncated};
use super::datetime::Moment;
use super::item::Item;
use super::predicate::Truth;
use super::syntax::{Binary, Chain, Method, Node, Path, Unary};
use crate::FunctionError;

/// Items that one step may find.
const MAX_ITEMS: usize = 10_000_000;

/// What ends a path.
#[derive(Debug)]
pub(in super::super) enum PathError {
    /// What `silent` passes over, and what makes a condition unknown.
    Soft(FunctionError),
    /// What is told whatever the call says.
    Hard(FunctionError),
}

impl PathError {
    /// The error that is told.
    pub(in super::super) fn into_error(self) -> FunctionError {
        match self {
            Self::Soft(error) | Self::Hard(error) => error,
        }
    }
}

impl From<FunctionError> for PathError {
    fn from(error: FunctionError) -> Self {
        Self::Soft(error)
    }
}

pub(super) type Followed<T> = Result<T, PathError>;

/// A path that is followed through one document.
pub(in super::super) struct Evaluation<'a> {
    pub(super) is_lax: bool,
    root: Item<'a>,
    variables: Option<&'a Value<'a>>,
    /// Whether moments with an offset are compared with those that have none.
    pub(super) has_zones: bool,
    /// What `@` is.
    pub(super) current: Item<'a>,
    /// The length of the array that is subscripted.
    array_length: Option<usize>,
    /// Whether what is missing is nothing, also in strict mode.
    ignores_structure: bool,
    /// Objects whose members were listed.
    objects: usize,
}

fn failure(sqlstate: &'static str, message: impl Into<String>) -> PathError {
    PathError::Soft(FunctionError {
        sqlstate,
        message: message.into(),
        hint: None,
    })
}

impl<'a> Evaluation<'a> {
    /// What a path finds in a document.
    ///
    /// # Errors
    /// Those of SQL/JSON (class 22), and 42704 for a variable that is not given.
    pub(in super::super) fn run(
        path: &Path,
        document: &'a Value<'a>,
        variables: Option<&'a Value<'a>>,
        has_zones: bool,
    ) -> (Vec<Item<'a>>, Followed<()>) {
        let mut evaluation = Self {
            is_lax: !path.is_strict,
            root: Item::Part(document),
            variables,
            has_zones,
            current: Item::Part(document),
            array_length: None,
            ignores_structure: !path.is_strict,
            objects: 0,
        };
        let mut found = Vec::new();
        let root = evaluation.root.clone();
        let followed = evaluation.follow(&path.root, 0, &root, &mut found, !path.is_strict);
        (found, followed)
    }

    /// What a part of a path finds, arrays as their elements where the mode is lax.
    pub(super) fn sequence(&mut self, chain: &Chain, unwraps: bool) -> Followed<Vec<Item<'a>>> {
        let mut found = Vec::new();
        let current = self.current.clone();
        let is_lax = self.is_lax;
        self.follow(chain, 0, &current, &mut found, is_lax)?;
        if !unwraps || !self.is_lax {
            return Ok(found);
        }
        let mut items = Vec::with_capacity(found.len());
        for item in found {
            match item.is_array() {
                true => items.extend(item.children()),
                false => items.push(item),
            }
        }
        Ok(items)
    }

    fn next(
        &mut self,
        chain: &Chain,
        at: usize,
        item: Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        if at + 1 < chain.len() {
            let is_lax = self.is_lax;
            return self.follow(chain, at + 1, &item, found, is_lax);
        }
        if found.len() == MAX_ITEMS {
            let message = format!("a path finds more than {MAX_ITEMS} items");
            return Err(PathError::Hard(FunctionError::limit_exceeded(message)));
        }
        found.push(item);
        Ok(())
    }

    fn follow(
        &mut self,
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
        unwraps: bool,
    ) -> Followed<()> {
        let Some(node) = chain.get(at) else {
            return Ok(());
        };
        // Steps into members, filters and methods take the elements of an array one by one.
        let is_unwrapped = unwraps
            && item.is_array()
            && match node {
                Node::Key(_) | Node::AnyKey | Node::Filter(_) | Node::Datetime(_) => true,
                Node::Method(method) => !matches!(method, Method::Size | Method::Type),
                _ => false,
            };
        if is_unwrapped {
            for element in item.children() {
                self.follow(chain, at, &element, found, false)?;
            }
            return Ok(());
        }
        let computed = |value| Item::Computed(value);
        match node {
            Node::Null => self.next(chain, at, computed(Value::Null), found),
            Node::Bool(value) => self.next(chain, at, computed(Value::Bool(*value)), found),
            Node::Number(number) => self.next(chain, at, Item::number(number.clone()), found),
            Node::String(text) => {
                let text = Value::String(Cow::Owned(text.clone()));
                self.next(chain, at, computed(text), found)
            }
            Node::Variable(name) => {
                let Some(value) = self.variables.and_then(|variables| variables.get(name)) else {
                    return Err(PathError::Hard(FunctionError {
                        sqlstate: "42704",
                        message: format!("could not find jsonpath variable \"{name}\""),
                        hint: None,
                    }));
                };
                self.next(chain, at, Item::Part(value), found)
            }
            Node::Root => {
                let root = self.root.clone();
                self.next(chain, at, root, found)
            }
            Node::Current => {
                let current = self.current.clone();
                self.next(chain, at, current, found)
            }
            Node::Last => {
                let last = self.array_length.unwrap_or_default();
                let last = i64::try_from(last).unwrap_or(i64::MAX) - 1;
                self.next(chain, at, Item::number(last.to_string()), found)
            }
            Node::Key(key) => match item.value() {
                Some(Value::Object(_)) => match item.member(key) {
                    Some(member) => self.next(chain, at, member, found),
                    None if self.ignores_structure => Ok(()),
                    None => Err(failure(
                        "2203A",
                        format!("JSON object does not contain key \"{key}\""),
                    )),
                },
                _ if self.ignores_structure => Ok(()),
                _ => Err(failure(
                    "2203A",
                    "jsonpath member accessor can only be applied to an object",
                )),
            },
            Node::AnyKey => match item.value() {
                Some(Value::Object(_)) => self.each_child(chain, at, item, found),
                _ if self.ignores_structure => Ok(()),
                _ => Err(failure(
                    "2203C",
                    "jsonpath wildcard member accessor can only be applied to an object",
                )),
            },
            Node::AnyArray => match item.is_array() {
                true => self.each_child(chain, at, item, found),
                false if self.is_lax => self.next(chain, at, item.clone(), found),
                false if self.ignores_structure => Ok(()),
                false => Err(failure(
                    "22039",
                    "jsonpath wildcard array accessor can only be applied to an array",
                )),
            },
            Node::Subscripts(indexes) => self.subscripts(indexes, chain, at, item, found),
            Node::AnyLevel(first, last) => {
                let ignored = std::mem::replace(&mut self.ignores_structure, true);
                let (first, last) = (first.unwrap_or(u32::MAX), last.unwrap_or(u32::MAX));
                let followed = self.levels([0, first, last], chain, at, item, found);
                self.ignores_structure = ignored;
                followed
            }
            Node::Filter(condition) => {
                let outer = std::mem::replace(&mut self.current, item.clone());
                let truth = self.truth(condition);
                self.current = outer;
                match truth? {
                    Truth::True => self.next(chain, at, item.clone(), found),
                    _ => Ok(()),
                }
            }
            Node::Binary(
                operator @ (Binary::Add
                | Binary::Subtract
                | Binary::Multiply
                | Binary::Divide
                | Binary::Modulo),
                left,
                right,
            ) => {
                let left = self.operand(left, "left", *operator)?;
                let right = self.operand(right, "right", *operator)?;
                let number = compute(*operator, &left, &right)?;
                self.next(chain, at, Item::number(number), found)
            }
            Node::Unary(sign @ (Unary::Plus | Unary::Minus), operand) => {
                for operand in self.sequence(operand, true)? {
                    let Some(Value::Number(number)) = operand.value() else {
                        let symbol = if *sign == Unary::Plus { '+' } else { '-' };
                        return Err(failure(
                            "2203B",
                            format!(
                                "operand of unary jsonpath operator {symbol} is not a numeric value"
                            ),
                        ));
                    };
                    let number = match sign {
                        Unary::Minus => negated(number)?,
                        _ => number.clone().into_owned(),
                    };
                    self.next(chain, at, Item::number(number), found)?;
                }
                Ok(())
            }
            Node::Binary(..) | Node::Unary(..) | Node::StartsWith(..) | Node::LikeRegex(..) => {
                let outer = std::mem::replace(&mut self.current, item.clone());
                let truth = self.node_truth(node);
                self.current = outer;
                let value = match truth? {
                    Truth::True => Value::Bool(true),
                    Truth::False => Value::Bool(false),
                    Truth::Unknown => Value::Null,
                };
                self.next(chain, at, computed(value), found)
            }
            Node::Method(method) => self.method(*method, chain, at, item, found),
            Node::Datetime(template) => self.datetime(template.as_deref(), chain, at, item, found),
        }
    }

    fn each_child(
        &mut self,
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        for child in item.children() {
            self.next(chain, at, child, found)?;
        }
        Ok(())
    }

    /// `**`: `bounds` are the level of the item, and those that are asked for.
    fn levels(
        &mut self,
        bounds: [u32; 3],
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        let [level, first, last] = bounds;
        let children = item.children();
        let is_container = matches!(item.value(), Some(Value::Array(_) | Value::Object(_)));
        let is_wanted = level >= first || first == u32::MAX && last == u32::MAX && !is_container;
        if level <= last && is_wanted {
            self.next(chain, at, item.clone(), found)?;
        }
        if level < last {
            for child in &children {
                self.levels([level + 1, first, last], chain, at, child, found)?;
            }
        }
        Ok(())
    }

    fn subscripts(
        &mut self,
        indexes: &[(Chain, Option<Chain>)],
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        let elements = match item.is_array() {
            true => item.children(),
            false if self.is_lax => vec![item.clone()],
            false if self.ignores_structure => return Ok(()),
            false => {
                return Err(failure(
                    "22039",
                    "jsonpath array accessor can only be applied to an array",
                ));
            }
        };
        let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let outer = self.array_length.replace(elements.len());
        for (from, to) in indexes {
            let current = std::mem::replace(&mut self.current, item.clone());
            let range = self.range(from, to.as_ref());
            self.current = current;
            let (from, to) = match range {
                Ok(range) => range,
                Err(error) => {
                    self.array_length = outer;
                    return Err(error);
                }
            };
            if !self.ignores_structure && (from < 0 || from > to || to >= length) {
                self.array_length = outer;
                return Err(failure(
                    "22033",
                    "jsonpath array subscript is out of bounds",
                ));
            }
            for place in from.max(0)..=to.min(length - 1) {
                let place = usize::try_from(place).unwrap_or_default();
                if let Some(element) = elements.get(place) {
                    let followed = self.next(chain, at, element.clone(), found);
                    if followed.is_err() {
                        self.array_length = outer;
                        return followed;
                    }
                }
            }
        }
        self.array_length = outer;
        Ok(())
    }

    fn range(&mut self, from: &Chain, to: Option<&Chain>) -> Followed<(i64, i64)> {
        let from = self.index(from)?;
        let to = match to {
            Some(to) => self.index(to)?,
            None => from,
        };
        Ok((from, to))
    }

    fn index(&mut self, chain: &Chain) -> Followed<i64> {
        let found = self.sequence(chain, false)?;
        let number = match found.as_slice() {
            [item] => match item.value() {
                Some(Value::Number(number)) => Some(number),
                _ => None,
            },
            _ => None,
        };
        let Some(number) = number else {
            return Err(failure(
                "22033",
                "jsonpath array subscript is not a single numeric value",
            ));
        };
        match truncated(number) {
            Some(index) => Ok(i64::from(index)),
            None => Err(failure(
                "22033",
                "jsonpath array subscript is out of integer range",
            )),
        }
    }

    fn operand(&mut self, chain: &Chain, side: &str, operator: Binary) -> Followed<String> {
        let found = self.sequence(chain, true)?;
        if let [item] = found.as_slice()
            && let Some(Value::Number(number)) = item.value()
        {
            return Ok(number.clone().into_owned());
        }
        Err(failure(
            "22038",
            format!(
                "{side} operand of jsonpath operator {} is not a single numeric value",
                operator.symbol()
            ),
        ))
    }

    fn method(
        &mut self,
        method: Method,
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        let not_numeric = || {
            failure(
                "22036",
                format!(
                    "jsonpath item method .{}() can only be applied to a numeric value",
                    method.name()
                ),
            )
        };
        let answer = match method {
            Method::Type => Item::Computed(Value::String(Cow::Borrowed(item.type_name()))),
            Method::Size => match item.value() {
                Some(Value::Array(elements)) => Item::number(elements.len().to_string()),
                _ if self.is_lax => Item::number("1".to_owned()),
                _ if self.ignores_structure => return Ok(()),
                _ => {
                    return Err(failure(
                        "22039",
                        "jsonpath item method .size() can only be applied to an array",
                    ));
                }
            },
            Method::Abs | Method::Floor | Method::Ceiling => {
                let Some(Value::Number(number)) = item.value() else {
                    return Err(not_numeric());
                };
                Item::number(match method {
                    Method::Abs => absolute(number)?,
                    Method::Floor => rounded(number, false)?,
                    _ => rounded(number, true)?,
                })
            }
            Method::Double => double(item)?,
            Method::KeyValue => {
                let Some(members) = item.members() else {
                    return Err(failure(
                        "2203C",
                        "jsonpath item method .keyvalue() can only be applied to an object",
                    ));
                };
                let id = match (&self.root, item) {
                    (Item::Part(root), Item::Part(own)) if std::ptr::eq(*root, *own) => 0,
                    _ => {
                        self.objects += 1;
                        self.objects
                    }
                };
                for (key, value) in members {
                    let pair = Value::object(vec![
                        (
                            Cow::Borrowed("id"),
                            Value::Number(Cow::Owned(id.to_string())),
                        ),
                        (Cow::Borrowed("key"), Value::String(key)),
                        (Cow::Borrowed("value"), value),
                    ]);
                    self.next(chain, at, Item::Computed(pair), found)?;
                }
                return Ok(());
            }
        };
        self.next(chain, at, answer, found)
    }

    fn datetime(
        &mut self,
        template: Option<&str>,
        chain: &Chain,
        at: usize,
        item: &Item<'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Followed<()> {
        let Some(Value::String(text)) = item.value() else {
            return Err(failure(
                "22031",
                "jsonpath item method .datetime() can only be applied to a string",
            ));
        };
        if let Some(template) = template {
            let moment = Moment::by_template(text, template)?;
            return self.next(chain, at, Item::Moment(moment), found);
        }
        let Some(moment) = Moment::parse(text) else {
            return Err(PathError::Soft(FunctionError {
                sqlstate: "22031",
                message: format!("datetime format is not recognized: \"{text}\""),
                hint: Some(
                    "Use a datetime template argument to specify the input data format.".to_owned(),
                ),
            }));
        };
        self.next(chain, at, Item::Moment(moment), found)
    }
}

/// `.double()`
fn double<'a>(item: &Item<'a>) -> Followed<Item<'a>> {
    let wrong = || {
        failure(
            "22036",
            "string argument of jsonpath item method .double() is not a valid representation of a double precision number",
        )
    };
    match item.value() {
        Some(Value::Number(number)) => match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(item.clone()),
            _ => Err(failure(
                "22036",
                "numeric argument of jsonpath item method .double() is out of range for type double precision",
            )),
        },
        Some(Value::String(text)) => {
            let value: f64 = text.trim().parse().map_err(|_| wrong())?;
            if !value.is_finite() {
                return Err(wrong());
            }
            // As many digits as every double has.
            let text = format!("{value:.14e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            let mut number = String::new();
            super::super::number::write(&format!("{digits}e{exponent}"), &mut number)?;
            Ok(Item::number(number))
        }
        _ => Err(failure(
            "22036",
            "jsonpath item method .double() can only be applied to a string or numeric value",
        )),
    }
}
