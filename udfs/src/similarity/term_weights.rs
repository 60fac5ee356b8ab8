//! `term_weights(text)`: the term table of a column, for `tfidf_cosine`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, ColumnarValue, Documentation};
use datafusion_macros::user_doc;

use super::document_frequencies::{DocumentFrequencies, state_type};
use super::kernel::words::Sorted;
use crate::FunctionError;
use crate::arguments::{Aggregate, Definition, Distinct, Form, Kind, Strings};

const FORM: Form = Form {
    name: "term_weights",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The term table of many texts, as [tfidf_cosine](#tfidf_cosine) takes it: a map from each word to its inverse document frequency, the natural logarithm of the number of texts divided by the number of those that have the word. A word that is in every text weighs 0, one that is in a single one weighs the most.

Words are split at white space, upper and lower case differ, as in `tfidf_cosine`; a word counts once a text, however often it is there. Texts that are NULL do not count, texts without a word do. The answer is NULL where there is no text. All distinct words are held in memory. The order and the partitioning of the input make no difference, and the words of the map are in order. Works as a window function too, with any frame.",
    syntax_example = "term_weights(text)",
    sql_example = r#"```sql
> WITH company(name) AS (VALUES ('Zyxel Ltd'), ('Acme Ltd'), ('Acme Inc Ltd'), ('Ltd'))
  SELECT a.name, b.name AS other, round(tfidf_cosine(a.name, b.name, (SELECT term_weights(name) FROM company)), 3) AS alike
  FROM company AS a JOIN company AS b ON a.name < b.name
  WHERE a.name = 'Acme Inc Ltd'
  ORDER BY alike, other;
+--------------+-----------+-------+
| name         | other     | alike |
+--------------+-----------+-------+
| Acme Inc Ltd | Ltd       | 0.0   |
| Acme Inc Ltd | Zyxel Ltd | 0.0   |
| Acme Inc Ltd | Acme Ltd  | 0.447 |
+--------------+-----------+-------+
```"#,
    argument(
        name = "text",
        description = "A text of many, such as the name of a company."
    ),
    related_udf(name = "tfidf_cosine")
)]
pub(super) struct TermWeights;

pub(super) static FUNCTION: TermWeights = TermWeights;

impl Definition for TermWeights {
    fn form(&self) -> &Form {
        &FORM
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        TermWeights.doc()
    }
}

impl Aggregate for TermWeights {
    fn answer(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(super::term_table::map_type())
    }

    fn state(&'static self, _given: &[DataType]) -> Result<Vec<Field>> {
        Ok(vec![
            Field::new("texts", DataType::Int64, true),
            Field::new("words", state_type(), true),
        ])
    }

    fn accumulator(&'static self, _given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Weighing::default()))
    }

    fn distinct(&self) -> Distinct {
        Distinct::Before(
            FunctionError::unsupported(
                "term_weights does not take DISTINCT beside other aggregates",
            )
            .with_hint("Take it of a subquery: SELECT term_weights(name) FROM (SELECT DISTINCT name FROM ...)."),
        )
    }
}

/// Weighs the words of the texts that it has seen.
#[derive(Debug, Default)]
struct Weighing {
    frequencies: DocumentFrequencies,
    words: Sorted,
}

impl Weighing {
    /// Hands each text, and the distinct words of it, to `each`.
    fn read(
        &mut self,
        values: &[ArrayRef],
        each: impl Fn(&mut DocumentFrequencies, &mut dyn Iterator<Item = &str>),
    ) -> Result<()> {
        let [texts] = values else {
            return Err(FunctionError::no_such_form("term_weights takes 1 argument").into());
        };
        let rows = texts.len();
        let texts = ColumnarValue::Array(Arc::clone(texts));
        let texts = Strings::new(&texts)?;
        for text in (0..rows).filter_map(|row| texts.get(row)) {
            self.words.split(text);
            let mut words = self.words.counts(text).map(|(word, _)| word);
            each(&mut self.frequencies, &mut words);
        }
        Ok(())
    }
}

impl Accumulator for Weighing {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.read(values, DocumentFrequencies::add)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.read(values, DocumentFrequencies::remove)
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [texts, words] = states else {
            return Err(FunctionError::no_such_form("term_weights has two states").into());
        };
        let texts = texts.as_primitive::<Int64Type>();
        self.frequencies.merge(texts, words.as_list::<i32>())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.frequencies.weights()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.frequencies.state()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.frequencies.size()
    }
}
