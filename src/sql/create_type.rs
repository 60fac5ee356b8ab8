//! `CREATE TYPE name AS ENUM (['label', ...])`.

use std::collections::BTreeMap;
use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser};
use super::name::ObjectName;
use super::options::Literal;
use crate::error::{Error, Result, SqlState};

/// The most bytes of a label: NAMEDATALEN - 1 of PostgreSQL.
const LABEL_BYTES: usize = 63;
/// The last version of a table whose versions all have the old text of a label.
pub const ALL_VERSIONS: i64 = i64::MAX;
/// The last one of a table of which none has it.
const NO_VERSION: i64 = -1;
/// How many labels a type has: their numbers are among those of its parts.
const LABELS: usize = 2_000;

/// The statement.
///
/// The catalog keeps beside the labels by which numbers they are sorted in `pg_enum`, and in which order
/// they were added, where these are not those of a new type: `ORDERED (n, ...) NUMBERED (n, ...)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// The type.
    pub name: ObjectName,
    /// Its labels, in their order.
    pub labels: Vec<Label>,
    /// The number of the type of its arrays, once it has one: one that fits the integers by which some
    /// clients know types.
    pub array_oid: u32,
    /// The labels that have got other texts, the first one first.
    pub renamed: Vec<RenamedLabel>,
}

/// A label that has got another text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedLabel {
    /// The text that it had.
    pub old: String,
    /// The text that it got.
    pub new: String,
    /// The last versions with the old text, by the numbers of the tables and materialized views that had
    /// columns of the type then.
    pub last: BTreeMap<u32, i64>,
}

/// A value of an enum type.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The value.
    pub text: String,
    /// What it is sorted by.
    pub order: f32,
    /// As how manieth it was added.
    pub number: u32,
}

/// Where a label is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all others.
    Last,
    /// Before this one.
    Before(String),
    /// Behind this one.
    After(String),
}

impl CreateType {
    /// Parses the statement after `CREATE TYPE name AS ENUM`.
    pub(super) fn parse(parser: &mut Parser, name: ObjectName) -> Parsed<Self> {
        let place = parser.peek_token_ref().span.start;
        let told = |error| Failure::Told(error, Some(place));
        let texts = list(parser, |parser| parser.string())?;
        let mut create = Self {
            name,
            labels: Vec::with_capacity(texts.len()),
            array_oid: 0,
            renamed: Vec::new(),
        };
        for text in texts {
            if create.labels.iter().any(|label| label.text == text) {
                let message =
                    "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"";
                let detail = format!("Enum label \"{text}\" is used more than once.");
                let error = Error::new(SqlState::UNIQUE_VIOLATION, message);
                return Err(told(error.with_detail(detail)));
            }
            create.add(text, &Place::Last).map_err(told)?;
        }
        if parser.take_word("ORDERED") {
            let orders = list(parser, number::<f32>)?;
            for (label, order) in create.labels.iter_mut().zip(orders) {
                label.order = order;
            }
        }
        if parser.take_word("NUMBERED") {
            let numbers = list(parser, number::<u32>)?;
            for (label, number) in create.labels.iter_mut().zip(numbers) {
                label.number = number;
            }
        }
        if parser.take_word("ARRAYS") {
            create.array_oid = number(parser)?;
        }
        while parser.take_word("RENAMED") {
            create.renamed.push(RenamedLabel::parse(parser)?);
        }
        Ok(create)
    }

    /// The labels, as they are written.
    pub fn texts(&self) -> Vec<String> {
        self.labels.iter().map(|label| label.text.clone()).collect()
    }

    /// Adds a label.
    ///
    /// # Errors
    /// 22023 for a neighbor that is no label; 42602 for a label that is too long or empty; 54000 for too
    /// many.
    pub fn add(&mut self, text: String, place: &Place) -> Result<()> {
        check(&text)?;
        if self.labels.len() >= LABELS {
            let message = format!("a type has at most {LABELS} labels");
            return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, message));
        }
        let index = match place {
            Place::Last => self.labels.len(),
            Place::Before(neighbor) => self.place_of(neighbor)?,
            Place::After(neighbor) => self.place_of(neighbor)? + 1,
        };
        let number = self.labels.iter().map(|label| label.number).max();
        let number = number.unwrap_or(0) + 1;
        let order = self.order_at(index).unwrap_or_else(|| {
            // As PostgreSQL does, where no number lies between two others.
            let mut order = 0.0;
            for label in &mut self.labels {
                order += 1.0;
                label.order = order;
            }
            self.order_at(index).unwrap_or(order)
        });
        let label = Label {
            text,
            order,
            number,
        };
        self.labels.insert(index, label);
        Ok(())
    }

    /// What a label at this place is sorted by; none where no number lies between those beside it.
    fn order_at(&self, index: usize) -> Option<f32> {
        let order = |index: usize| self.labels.get(index).map(|label| label.order);
        let before = index.checked_sub(1).and_then(order);
        match (before, order(index)) {
            (None, None) => Some(1.0),
            (Some(before), None) => Some(before + 1.0),
            (None, Some(after)) => Some(after - 1.0),
            (Some(before), Some(after)) => {
                let between = f32::midpoint(before, after);
                (before < between && between < after).then_some(between)
            }
        }
    }

    /// Gives a label another text, which versions of tables do not have up to these.
    ///
    /// # Errors
    /// 22023 for one that is not there; 42710 for one that is; 42602 for one that is too long.
    pub fn rename(&mut self, old: &str, new: &str, last: BTreeMap<u32, i64>) -> Result<()> {
        let index = self.place_of(old)?;
        if self.has(new) {
            let message = format!("enum label \"{new}\" already exists");
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
        }
        check(new)?;
        if let Some(label) = self.labels.get_mut(index) {
            new.clone_into(&mut label.text);
        }
        self.renamed.push(RenamedLabel {
            old: old.to_owned(),
            new: new.to_owned(),
            last,
        });
        Ok(())
    }

    /// The labels that have got other texts, the first one first, and the last version of a table that has
    /// the old one. A table that had no column of the type then has it in all of its versions from before
    /// that, which are not known; those since then do not, as long as no label has got the text again. So
    /// where none has, all may be taken to have it ([`ALL_VERSIONS`]), and else none.
    pub fn renamed_in(&self, table: u32) -> impl Iterator<Item = (&RenamedLabel, i64)> {
        self.renamed.iter().enumerate().map(move |(place, label)| {
            let last = label.last.get(&table).copied();
            let unknown = match self.has_again(place) {
                true => NO_VERSION,
                false => ALL_VERSIONS,
            };
            (label, last.unwrap_or(unknown))
        })
    }

    /// Whether a label has, or has had, the old text of a renamed one since.
    fn has_again(&self, place: usize) -> bool {
        let Some(label) = self.renamed.get(place) else {
            return false;
        };
        let mut later = self.renamed.iter().skip(place + 1);
        self.has(&label.old) || later.any(|it| it.old == label.old || it.new == label.old)
    }

    /// Whether a text is a label.
    pub fn has(&self, text: &str) -> bool {
        self.labels.iter().any(|label| label.text == text)
    }

    fn place_of(&self, text: &str) -> Result<usize> {
        let found = self.labels.iter().position(|label| label.text == text);
        found.ok_or_else(|| {
            let message = format!("\"{text}\" is not an existing enum label");
            Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
        })
    }
}

impl RenamedLabel {
    /// Parses what follows `RENAMED`.
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_token(&Token::LParen)?;
        let old = parser.string()?;
        parser.expect_words(&["TO"])?;
        let new = parser.string()?;
        let mut last = BTreeMap::new();
        while parser.consume_token(&Token::Comma) {
            let table = number::<u32>(parser)?;
            last.insert(table, number::<i64>(parser)?);
        }
        parser.expect_token(&Token::RParen)?;
        Ok(Self { old, new, last })
    }
}

impl fmt::Display for RenamedLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (Literal(&self.old), Literal(&self.new));
        write!(f, "RENAMED ({old} TO {new}")?;
        for (table, version) in &self.last {
            write!(f, ", {table} {version}")?;
        }
        f.write_str(")")
    }
}

fn check(label: &str) -> Result<()> {
    if label.len() <= LABEL_BYTES {
        return Ok(());
    }
    Err(Error::new(
        SqlState::INVALID_NAME,
        format!("invalid enum label \"{label}\""),
    )
    .with_detail(format!("Labels must be {LABEL_BYTES} bytes or less.")))
}

/// `(item, ...)`, perhaps without any.
fn list<T>(parser: &mut Parser, item: impl Fn(&mut Parser) -> Parsed<T>) -> Parsed<Vec<T>> {
    parser.expect_token(&Token::LParen)?;
    let mut items = Vec::new();
    if parser.consume_token(&Token::RParen) {
        return Ok(items);
    }
    loop {
        items.push(item(parser)?);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(items)
}

/// Parses a number.
pub(super) fn number<T: std::str::FromStr>(parser: &mut Parser) -> Parsed<T> {
    let text = parser.parse_expr()?.to_string();
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) => parser.fail("a number"),
    }
}

impl fmt::Display for CreateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: Vec<String>| items.join(", ");
        let labels = self.labels.iter();
        let texts = labels.clone().map(|label| Literal(&label.text).to_string());
        write!(
            f,
            "CREATE TYPE {} AS ENUM ({})",
            self.name,
            list(texts.collect())
        )?;
        let is_new = |index: usize, label: &Label| {
            let next = u32::try_from(index + 1).unwrap_or(u32::MAX);
            label.number == next && f64::from(label.order) == f64::from(next)
        };
        let are_new = labels
            .clone()
            .enumerate()
            .all(|(index, label)| is_new(index, label));
        if !are_new {
            let orders = labels.clone().map(|label| label.order.to_string());
            let numbers = labels.map(|label| label.number.to_string());
            write!(
                f,
                " ORDERED ({}) NUMBERED ({})",
                list(orders.collect()),
                list(numbers.collect())
            )?;
        }
        if self.array_oid != 0 {
            write!(f, " ARRAYS {}", self.array_oid)?;
        }
        for label in &self.renamed {
            write!(f, " {label}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    fn enum_type(text: &str) -> CreateType {
        match parse_one(text) {
            Ok(Statement::CreateType(create)) => create,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn labels_that_are_put_between_others_are_read_back_as_they_were() {
        let mut create = enum_type("CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok')");
        create
            .add("ecstatic".to_owned(), &Place::Last)
            .expect("last");
        create
            .add("happy".to_owned(), &Place::Before("ecstatic".to_owned()))
            .expect("before");
        let orders: Vec<f32> = create.labels.iter().map(|label| label.order).collect();
        assert_eq!(orders, [1.0, 2.0, 2.5, 3.0]);
        assert_eq!(enum_type(&create.to_string()), create);
    }

    #[test]
    fn labels_that_have_got_other_texts_are_read_back_with_the_versions_that_have_the_old_ones() {
        let mut create = enum_type("CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok')");
        create.array_oid = 17;
        let last = BTreeMap::from([(18, 0), (19, 4)]);
        create.rename("it's ok", "fine", last).expect("a label");
        create
            .rename("sad", "it's ok", BTreeMap::new())
            .expect("a label");
        assert_eq!(enum_type(&create.to_string()), create);
        // Another label has the old text of the first one, and none that of the second one.
        let last = |table: u32| {
            let labels = create.renamed_in(table);
            labels.map(|(_, last)| last).collect::<Vec<_>>()
        };
        assert_eq!(last(19), [4, ALL_VERSIONS]);
        assert_eq!(last(20), [NO_VERSION, ALL_VERSIONS]);
    }

    #[test]
    fn labels_are_numbered_anew_where_nothing_lies_between_two() {
        let mut create = enum_type("CREATE TYPE t AS ENUM ('a', 'z')");
        for number in 0..100 {
            let place = Place::Before("z".to_owned());
            create.add(format!("m{number}"), &place).expect("a label");
        }
        let orders = create.labels.iter().map(|label| label.order);
        assert!(orders.is_sorted_by(|left, right| left < right));
        assert_eq!(create.labels.first().map(|it| it.text.as_str()), Some("a"));
        assert_eq!(create.labels.last().map(|it| it.text.as_str()), Some("z"));
    }
}
