//! `CREATE [TEMPORARY] SEQUENCE [IF NOT EXISTS] name [option ...]`, with the options `AS type`, `INCREMENT [BY] n`,
//! `MINVALUE n | NO MINVALUE`, `MAXVALUE n | NO MAXVALUE`, `START [WITH] n`, `CACHE n`, `[NO] CYCLE` and
//! `OWNED BY table.column | NONE`.

use std::fmt;

use arrow::datatypes::{DataType, Field, Schema};

use super::cursor::{Parsed, Parser, object_name_of};
use super::identity::Identity;
use super::name::{ObjectName, Quoted};
use crate::error::{Error, Result, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSequence {
    /// The sequence.
    pub name: ObjectName,
    /// What its numbers are.
    pub options: SequenceOptions,
    /// Whether it goes with its session.
    pub is_temporary: bool,
    /// Whether an existing one is fine.
    pub if_not_exists: bool,
}

/// What is said of the numbers of a sequence; what is not said is as Postgres has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceOptions {
    /// The type of the numbers.
    pub data_type: Option<SequenceType>,
    /// What lies between two of them.
    pub increment: Option<i64>,
    /// The least; none within for `NO MINVALUE`.
    pub minimum: Option<Option<i64>>,
    /// The greatest.
    pub maximum: Option<Option<i64>>,
    /// The first one.
    pub start: Option<i64>,
    /// How many a session takes at once, which is the server's to choose here.
    pub cache: Option<i64>,
    /// Whether its numbers begin anew at the other end when there are no more.
    pub cycles: Option<bool>,
    /// The column that it is of.
    pub owner: Option<Option<SequenceOwner>>,
}

/// The column that a sequence is dropped with.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceOwner {
    /// Its table.
    pub table: ObjectName,
    /// Its name.
    pub column: String,
}

/// The type of the numbers of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceType {
    /// `smallint`
    SmallInt,
    /// `integer`
    Integer,
    /// `bigint`
    BigInt,
}

impl SequenceType {
    /// Its name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SmallInt => "smallint",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
        }
    }

    fn range(self) -> (i64, i64) {
        match self {
            Self::SmallInt => (i16::MIN.into(), i16::MAX.into()),
            Self::Integer => (i32::MIN.into(), i32::MAX.into()),
            Self::BigInt => (i64::MIN, i64::MAX),
        }
    }

    fn parse(parser: &mut Parser) -> Parsed<Self> {
        let name = parser.identifier()?;
        match name.as_str() {
            "smallint" | "int2" => Ok(Self::SmallInt),
            "int" | "integer" | "int4" => Ok(Self::Integer),
            "bigint" | "int8" => Ok(Self::BigInt),
            _ => Err(parser.error_here(invalid(
                "sequence type must be smallint, integer, or bigint".to_owned(),
            ))),
        }
    }
}

impl CreateSequence {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let is_temporary = parser.take_word("TEMPORARY") || parser.take_word("TEMP");
        parser.expect_words(&["SEQUENCE"])?;
        let if_not_exists = parser.take_words(&["IF", "NOT", "EXISTS"]);
        let name = parser.object_name()?;
        let mut options = SequenceOptions::default();
        while options.parse_one(parser)? {}
        options.numbers()?;
        Ok(Self {
            name,
            options,
            is_temporary,
            if_not_exists,
        })
    }
}

/// The columns that a sequence has to those who read it.
pub fn columns() -> Schema {
    let column = |name, data_type| Field::new(name, data_type, false);
    Schema::new(vec![
        column("last_value", DataType::Int64),
        column("log_cnt", DataType::Int64),
        column("is_called", DataType::Boolean),
    ])
}

impl SequenceOptions {
    /// Takes one option; whether there was one.
    pub(super) fn parse_one(&mut self, parser: &mut Parser) -> Parsed<bool> {
        if parser.take_word("AS") {
            self.data_type = Some(SequenceType::parse(parser)?);
        } else if parser.take_word("INCREMENT") {
            let _ = parser.take_word("BY");
            self.increment = Some(number(parser)?);
        } else if parser.take_words(&["NO", "MINVALUE"]) {
            self.minimum = Some(None);
        } else if parser.take_word("MINVALUE") {
            self.minimum = Some(Some(number(parser)?));
        } else if parser.take_words(&["NO", "MAXVALUE"]) {
            self.maximum = Some(None);
        } else if parser.take_word("MAXVALUE") {
            self.maximum = Some(Some(number(parser)?));
        } else if parser.take_word("START") {
            let _ = parser.take_word("WITH");
            self.start = Some(number(parser)?);
        } else if parser.take_word("CACHE") {
            let cache = number(parser)?;
            if cache < 1 {
                let message = format!("CACHE ({cache}) must be greater than zero");
                return Err(parser.error_here(invalid(message)));
            }
            self.cache = Some(cache);
        } else if parser.take_words(&["OWNED", "BY", "NONE"]) {
            self.owner = Some(None);
        } else if parser.take_words(&["OWNED", "BY"]) {
            self.owner = Some(Some(parse_owner(parser)?));
        } else if parser.take_word("CYCLE") {
            self.cycles = Some(true);
        } else if parser.take_words(&["NO", "CYCLE"]) {
            self.cycles = Some(false);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// These, and of others what these do not say.
    #[must_use]
    pub fn or(self, others: &Self) -> Self {
        Self {
            data_type: self.data_type.or(others.data_type),
            increment: self.increment.or(others.increment),
            minimum: self.minimum.or(others.minimum),
            maximum: self.maximum.or(others.maximum),
            start: self.start.or(others.start),
            cache: self.cache.or(others.cache),
            cycles: self.cycles.or(others.cycles),
            owner: self.owner.or_else(|| others.owner.clone()),
        }
    }

    /// These with their bounds and their first number said, which stay when other options change; but
    /// a bound that is the end of the type is that of another type.
    ///
    /// # Errors
    /// 22023 for options that contradict each other.
    pub fn pinned(&self, data_type: Option<SequenceType>) -> Result<Self> {
        let numbers = self.numbers()?;
        let (least, greatest) = self.data_type().range();
        let (new_least, new_greatest) = data_type.unwrap_or(self.data_type()).range();
        let kept = |bound: i64, end: i64, new_end: i64| match bound == end {
            true => Some(Some(new_end)),
            false => Some(Some(bound)),
        };
        Ok(Self {
            minimum: kept(numbers.minimum, least, new_least),
            maximum: kept(numbers.maximum, greatest, new_greatest),
            start: Some(numbers.start),
            ..self.clone()
        })
    }

    /// Whether they say more than whose the sequence is.
    pub fn are_of_numbers(&self) -> bool {
        let others = Self {
            owner: self.owner.clone(),
            ..Self::default()
        };
        *self != others
    }

    /// The column that the sequence goes with.
    pub fn owner(&self) -> Option<&SequenceOwner> {
        self.owner.as_ref()?.as_ref()
    }

    /// The type of the numbers.
    pub fn data_type(&self) -> SequenceType {
        self.data_type.unwrap_or(SequenceType::BigInt)
    }

    /// The numbers.
    ///
    /// # Errors
    /// 22023 for options that contradict each other.
    pub fn numbers(&self) -> Result<Identity> {
        let (least, greatest) = self.data_type().range();
        let increment = self.increment.unwrap_or(1);
        if increment == 0 {
            return Err(invalid("INCREMENT must not be zero".to_owned()));
        }
        let ascends = increment > 0;
        let minimum = self.minimum.flatten();
        let minimum = minimum.unwrap_or(if ascends { 1 } else { least });
        let maximum = self.maximum.flatten();
        let maximum = maximum.unwrap_or(if ascends { greatest } else { -1 });
        let start = self
            .start
            .unwrap_or(if ascends { minimum } else { maximum });
        let of_type = self.data_type().as_str();
        for (name, value) in [("MINVALUE", minimum), ("MAXVALUE", maximum)] {
            if !(least..=greatest).contains(&value) {
                let message =
                    format!("{name} ({value}) is out of range for sequence data type {of_type}");
                return Err(invalid(message));
            }
        }
        if minimum >= maximum {
            return Err(invalid(format!(
                "MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})"
            )));
        }
        if start < minimum {
            return Err(invalid(format!(
                "START value ({start}) cannot be less than MINVALUE ({minimum})"
            )));
        }
        if start > maximum {
            return Err(invalid(format!(
                "START value ({start}) cannot be greater than MAXVALUE ({maximum})"
            )));
        }
        Ok(Identity {
            always: false,
            start,
            increment,
            minimum,
            maximum,
            cycles: self.cycles.unwrap_or(false),
        })
    }
}

/// A whole number, perhaps with a sign.
pub(super) fn number(parser: &mut Parser) -> Parsed<i64> {
    let text = parser.parse_expr()?.to_string();
    let digits = text.strip_prefix('+').unwrap_or(&text);
    match digits.parse() {
        Ok(number) => Ok(number),
        Err(_) => {
            let message = format!("\"{text}\" is no number of a sequence");
            Err(parser.error_here(invalid(message)))
        }
    }
}

fn parse_owner(parser: &mut Parser) -> Parsed<SequenceOwner> {
    let mut parts = parser.name_parts()?;
    let column = parts.pop().filter(|_| !parts.is_empty());
    let Some(column) = column else {
        let error = Error::new(SqlState::SYNTAX_ERROR, "invalid OWNED BY option");
        let hint = "Specify OWNED BY table.column or OWNED BY NONE.";
        return Err(parser.error_here(error.with_hint(hint)));
    };
    Ok(SequenceOwner {
        table: object_name_of(parts)?,
        column,
    })
}

fn invalid(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

impl fmt::Display for CreateSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_not_exists = if self.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        let temporary = if self.is_temporary { "TEMPORARY " } else { "" };
        write!(
            f,
            "CREATE {temporary}SEQUENCE {if_not_exists}{}{}",
            self.name, self.options
        )
    }
}

/// Each option with a blank before it.
impl fmt::Display for SequenceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(data_type) = self.data_type {
            write!(f, " AS {}", data_type.as_str())?;
        }
        if let Some(increment) = self.increment {
            write!(f, " INCREMENT BY {increment}")?;
        }
        for (name, bound) in [("MINVALUE", self.minimum), ("MAXVALUE", self.maximum)] {
            match bound {
                Some(Some(value)) => write!(f, " {name} {value}")?,
                Some(None) => write!(f, " NO {name}")?,
                None => {}
            }
        }
        if let Some(start) = self.start {
            write!(f, " START WITH {start}")?;
        }
        if let Some(cache) = self.cache {
            write!(f, " CACHE {cache}")?;
        }
        match self.cycles {
            Some(true) => f.write_str(" CYCLE")?,
            Some(false) => f.write_str(" NO CYCLE")?,
            None => {}
        }
        match &self.owner {
            Some(Some(owner)) => write!(f, " OWNED BY {}.{}", owner.table, Quoted(&owner.column)),
            Some(None) => f.write_str(" OWNED BY NONE"),
            None => Ok(()),
        }
    }
}
