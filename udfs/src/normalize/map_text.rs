//! A table from what a source says to what it means, as a user writes it in a query.

use std::collections::HashMap;

use serde_json::Value;

use crate::FunctionError;
use crate::wording::quoted;

/// From a folded value to its meaning; a meaning may be NULL.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    meanings: HashMap<String, Option<String>>,
}

impl Mapping {
    /// Reads a JSON object of texts, numbers, booleans and nulls.
    pub(super) fn parse(json: &str) -> Result<Self, FunctionError> {
        let parsed: Value = serde_json::from_str(json).map_err(|error| {
            FunctionError::invalid_argument(format!("map_enum cannot read its map: {error}"))
                .with_hint(HINT)
        })?;
        let Value::Object(object) = parsed else {
            let message = "map_enum takes a JSON object as its map";
            return Err(FunctionError::invalid_argument(message).with_hint(HINT));
        };
        let mut mapping = Self::default();
        for (key, value) in object {
            let meaning = match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                Value::Bool(truth) => Some(truth.to_string()),
                Value::Number(number) => Some(number.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    return Err(FunctionError::invalid_argument(format!(
                        "map_enum cannot map {} to an array or object",
                        quoted(&key)
                    ))
                    .with_hint(HINT));
                }
            };
            mapping.insert(&key, meaning)?;
        }
        Ok(mapping)
    }

    /// Adds an entry; one whose key is there already must mean the same.
    pub(super) fn insert(
        &mut self,
        key: &str,
        meaning: Option<String>,
    ) -> Result<(), FunctionError> {
        let folded = fold(key);
        match self.meanings.get(&folded) {
            Some(known) if *known != meaning => Err(FunctionError::invalid_argument(format!(
                "map_enum has two meanings for {}",
                quoted(key.trim())
            ))
            .with_hint("Keys are compared without regard to case and blanks around them.")),
            _ => {
                self.meanings.insert(folded, meaning);
                Ok(())
            }
        }
    }

    /// The meaning of a value: `None` where the table has none for it.
    pub(super) fn get(&self, value: &str) -> Option<Option<&str>> {
        self.meanings.get(&fold(value)).map(Option::as_deref)
    }
}

const HINT: &str = "Write the map as '{\"m\": \"male\", \"f\": \"female\"}' or as MAP {'m': 'male', 'f': 'female'}.";

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_match_without_regard_to_case_and_blanks() {
        let mapping =
            Mapping::parse(r#"{"M": "male", " f ": "female", "1": 1, "x": null, "ÄÖ": true}"#)
                .unwrap();
        assert_eq!(mapping.get(" m "), Some(Some("male")));
        assert_eq!(mapping.get("F"), Some(Some("female")));
        assert_eq!(mapping.get("1"), Some(Some("1")));
        assert_eq!(mapping.get("X"), Some(None));
        assert_eq!(mapping.get("äö"), Some(Some("true")));
        assert_eq!(mapping.get("male"), None);
        assert_eq!(mapping.get(""), None);
        assert!(Mapping::parse("{}").unwrap().get("m").is_none());
    }

    #[test]
    fn a_wrong_map_is_an_error_that_says_what_is_right() {
        for json in [
            "",
            "m=male",
            "[1]",
            "\"m\"",
            r#"{"m": ["male"]}"#,
            r#"{"m": "a", "M": "b"}"#,
        ] {
            let error = Mapping::parse(json).unwrap_err();
            assert_eq!(error.sqlstate, "22023", "{json}");
            assert!(error.hint.is_some(), "{json}");
        }
        assert!(Mapping::parse(r#"{"m": "a", "M": "a"}"#).is_ok());
    }

    proptest! {
        #[test]
        fn never_panics(json in "\\PC{0,40}", value in "\\PC{0,10}") {
            if let Ok(mapping) = Mapping::parse(&json) {
                mapping.get(&value);
            }
        }
    }
}
