//! `term_weights(text)`: the term table of a column, for `tfidf_cosine`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, ColumnarValue, Documentation, ReversedUDAF, Signature,
    Volatility,
};
use datafusion_macros::user_doc;

use super::document_frequencies::{DocumentFrequencies, state_type};
use super::kernel::words::Sorted;
use crate::FunctionError;
use crate::arguments::{Form, Kind, Strings};

const FORM: Form = Form {
    name: "term_weights",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The term table of many texts, as [tfidf_cosine](#tfidf_cosine) takes it: a map from each word to its inverse document frequency, the natural logarithm of the number of texts for each that has the word. A word that is in every text weighs 0, one that is in a single one weighs the most.

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
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TermWeights {
    signature: Signature,
}

impl TermWeights {
    pub(super) fn new() -> Self {
        Self {
            signature: Form::signature(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for TermWeights {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        FORM.check(given)?;
        Ok(super::term_table::map_type())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part: &str, data_type| {
            let name = format_state_name(args.name, part);
            Arc::new(Field::new(name, data_type, true))
        };
        Ok(vec![
            field("texts", DataType::Int64),
            field("words", state_type()),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(FunctionError::unsupported(
                "term_weights does not take DISTINCT beside other aggregates",
            )
            .with_hint("Take it of a subquery: SELECT term_weights(name) FROM (SELECT DISTINCT name FROM ...).")
            .into());
        }
        Ok(Box::new(Weighing::default()))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
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
