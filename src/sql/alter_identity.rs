//! What `ALTER COLUMN` says of the numbers of a column: `ADD GENERATED ... AS IDENTITY [(options)]`,
//! `SET GENERATED ALWAYS | BY DEFAULT`, `SET option`, `RESTART [[WITH] n]`, `DROP IDENTITY [IF EXISTS]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnOption, ColumnOptionDef};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::alter::Restart;
use super::create_sequence::{SequenceOptions, number};
use super::cursor::{Parsed, Parser};
use super::identity::is_identity;

/// What becomes of the numbers of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentityChange {
    /// It gets some.
    Add(Box<ColumnOptionDef>),
    /// They are others from now on.
    Set {
        /// Whether only they may be in the column.
        always: Option<bool>,
        /// What is said of them, one option each.
        options: Vec<SequenceOptions>,
        /// Where they go on.
        restart: Option<Restart>,
    },
    /// It has none any more.
    Drop {
        /// Whether a column without any is fine.
        if_exists: bool,
    },
}

impl IdentityChange {
    /// Parses the change behind the column's name; none where it is none.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        if parser.take_words(&["DROP", "IDENTITY"]) {
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            return Ok(Some(Self::Drop { if_exists }));
        }
        if parser.peek_word(0).as_deref() == Some("ADD") {
            parser.expect_words(&["ADD"])?;
            let option = parser.parse_optional_column_option()?;
            let option = option.map(|option| ColumnOptionDef { name: None, option });
            return match option.filter(is_identity) {
                Some(option) => Ok(Some(Self::Add(Box::new(option)))),
                None => parser.fail("GENERATED ... AS IDENTITY"),
            };
        }
        let (mut always, mut options, mut restart) = (None, Vec::new(), None);
        loop {
            if parser.take_words(&["SET", "GENERATED", "ALWAYS"]) {
                always = Some(true);
            } else if parser.take_words(&["SET", "GENERATED", "BY", "DEFAULT"]) {
                always = Some(false);
            } else if parser.take_word("RESTART") {
                let with = parser.take_word("WITH");
                let is_number = with || !parser.at_end() && parser.peek_word(0).is_none();
                let is_comma = parser.peek_token_ref().token == Token::Comma;
                restart = Some(match is_number && !is_comma {
                    true => Restart::With(number(parser)?),
                    false => Restart::AtStart,
                });
            } else if parser.peek_word(0).as_deref() == Some("SET")
                && parser.peek_word(1).as_deref().is_some_and(is_option)
            {
                parser.expect_words(&["SET"])?;
                let mut option = SequenceOptions::default();
                if !option.parse_one(parser)? {
                    return parser.fail("an option of a sequence");
                }
                options.push(option);
            } else {
                break;
            }
        }
        if always.is_none() && options.is_empty() && restart.is_none() {
            return Ok(None);
        }
        Ok(Some(Self::Set {
            always,
            options,
            restart,
        }))
    }
}

/// Whether an option of a sequence begins with this word.
fn is_option(word: &str) -> bool {
    const WORDS: [&str; 7] = [
        "INCREMENT",
        "MINVALUE",
        "MAXVALUE",
        "START",
        "CACHE",
        "CYCLE",
        "NO",
    ];
    WORDS.contains(&word)
}

impl fmt::Display for IdentityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(option) => match &option.option {
                option @ ColumnOption::Generated { .. } => write!(f, "ADD {option}"),
                _ => Err(fmt::Error),
            },
            Self::Set {
                always,
                options,
                restart,
            } => {
                let mut blank = "";
                if let Some(always) = always {
                    let words = if *always { "ALWAYS" } else { "BY DEFAULT" };
                    write!(f, "SET GENERATED {words}")?;
                    blank = " ";
                }
                for option in options {
                    write!(f, "{blank}SET{option}")?;
                    blank = " ";
                }
                match restart {
                    Some(Restart::AtStart) => write!(f, "{blank}RESTART"),
                    Some(Restart::With(number)) => write!(f, "{blank}RESTART WITH {number}"),
                    None => Ok(()),
                }
            }
            Self::Drop { if_exists } => {
                f.write_str("DROP IDENTITY")?;
                f.write_str(if *if_exists { " IF EXISTS" } else { "" })
            }
        }
    }
}
