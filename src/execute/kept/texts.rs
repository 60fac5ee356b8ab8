//! Texts of queries that come again, with what was read in them: a text says the same whoever sends it.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::Result;
use crate::sql::{Statement, parse};

/// Longer texts are read each time.
const LONGEST: usize = 8 << 10;

/// How many bytes of texts and statements are kept: most statements take less than they are taken for.
const BYTES: u64 = 64 << 20;

/// About so many texts are kept: from that alone tables are made.
const TEXTS: usize = 1000;

/// So many bytes of a statement come of one of its text where it is short: `TABLE a` is some thousands.
const BYTES_OF_ONE: usize = 256;

/// What a text takes beside its statements.
const BYTES_OF_EACH: usize = 200;

/// What is known of texts. Of one that came once that is all.
pub(super) struct KnownTexts(Cache<String, Option<Arc<[Statement]>>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Option<Arc<[Statement]>>> for ByBytes {
    fn weight(&self, text: &String, statements: &Option<Arc<[Statement]>>) -> u64 {
        let bytes_of_one = match statements {
            Some(_) => BYTES_OF_ONE,
            None => 1,
        };
        (BYTES_OF_EACH + text.len() * bytes_of_one) as u64
    }
}

impl Default for KnownTexts {
    fn default() -> Self {
        Self(Cache::with_weighter(TEXTS, BYTES, ByBytes))
    }
}

impl KnownTexts {
    /// The statements of a text.
    ///
    /// # Errors
    /// Those of [`parse`].
    pub fn parse(&self, text: &str) -> Result<Vec<Statement>> {
        if text.len() > LONGEST {
            return parse(text);
        }
        let known = self.0.get(text);
        if let Some(Some(statements)) = known {
            return Ok(statements.to_vec());
        }
        let statements = parse(text)?;
        // Others seldom come again, and may have secrets in them.
        if statements
            .iter()
            .all(|it| matches!(it, Statement::Query(_)))
        {
            let again = known.map(|_| statements.as_slice().into());
            self.0.insert(text.to_owned(), again);
        }
        Ok(statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_come_again_are_read_once() {
        let texts = KnownTexts::default();
        let is_known = |text: &str| texts.0.get(text).map(|statements| statements.is_some());
        let query = "SELECT a FROM t WHERE b = 'c'; SELECT 2";
        for known in [Some(false), Some(true), Some(true)] {
            assert_eq!(texts.parse(query).unwrap(), parse(query).unwrap());
            assert_eq!(is_known(query), known);
        }
        let long = format!("SELECT '{}'", "a".repeat(LONGEST));
        for text in [
            "CREATE ROLE r PASSWORD 'secret'",
            "SELECT 1; CHECKPOINT",
            &long,
        ] {
            for _ in 0..3 {
                assert_eq!(texts.parse(text).unwrap(), parse(text).unwrap());
                assert_eq!(is_known(text), None);
            }
        }
        assert!(texts.parse("SELECT (").is_err() && texts.parse("SELECT (").is_err());
    }
}
