//! Answers of plans that ask the catalog: clients ask the same again and again, a pool for the types of each
//! of its connections, `\d` what a table is.
//!
//! As long as a plan holds, it answers the same values with the same rows, if nothing was told as it ran
//! that may be another for another session or at another moment ([`SystemSources::has_told_more`]).

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::{StreamExt, stream};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::catalog::system::SystemSources;

/// How many bytes of answers are kept.
const BYTES: u64 = 16 << 20;

/// The most bytes of one answer that is kept.
const LONGEST: usize = 1 << 20;

/// About so many answers are kept: from that alone tables are made.
const ANSWERS: usize = 1000;

/// What an answer takes beside its rows.
const BYTES_OF_EACH: usize = 500;

/// A run of a plan: the number of the plan, and the values of its parameters.
pub(super) type Asked = (u64, Vec<ScalarValue>);

/// The answers that are known of kept plans.
#[derive(Clone)]
pub(super) struct Answers(Arc<Cache<Asked, Answer, ByBytes>>);

/// The rows of a run.
#[derive(Clone)]
struct Answer {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    bytes: usize,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Asked, Answer> for ByBytes {
    fn weight(&self, (_, values): &Asked, answer: &Answer) -> u64 {
        let values = values.iter().map(ScalarValue::size).sum::<usize>();
        (BYTES_OF_EACH + values + answer.bytes) as u64
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(ANSWERS, BYTES, ByBytes)))
    }
}

impl Answers {
    /// The rows of a run, where they are known.
    pub fn of(&self, asked: &Asked) -> Option<SendableRecordBatchStream> {
        let Answer {
            schema, batches, ..
        } = self.0.get(asked)?;
        let rows = stream::iter(batches.into_iter().map(Ok));
        Some(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    /// The rows of a run, which are known once all of them have been given, unless they are many or these
    /// sources have told more than they would tell any other.
    pub fn keeping(
        &self,
        asked: Asked,
        rows: SendableRecordBatchStream,
        sources: Arc<dyn SystemSources>,
    ) -> SendableRecordBatchStream {
        let schema = rows.schema();
        let given = Given {
            answers: self.clone(),
            asked,
            answer: Some(Answer {
                schema: Arc::clone(&schema),
                batches: Vec::new(),
                bytes: 0,
            }),
            sources,
        };
        let rows = stream::unfold((rows, given), |(mut rows, mut given)| async move {
            match rows.next().await {
                Some(batch) => {
                    given.note(&batch);
                    Some((batch, (rows, given)))
                }
                None => {
                    given.keep();
                    None
                }
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, rows))
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// What a run has given so far.
struct Given {
    answers: Answers,
    asked: Asked,
    /// None where it cannot be kept any more.
    answer: Option<Answer>,
    sources: Arc<dyn SystemSources>,
}

impl Given {
    fn note(&mut self, batch: &Result<RecordBatch>) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        match batch {
            Ok(batch) => {
                answer.bytes += batch.get_array_memory_size();
                answer.batches.push(batch.clone());
            }
            Err(_) => answer.bytes = usize::MAX,
        }
        if answer.bytes > LONGEST {
            self.answer = None;
        }
    }

    fn keep(self) {
        if let Some(answer) = self.answer
            && !self.sources.has_told_more()
        {
            self.answers.0.insert(self.asked, answer);
        }
    }
}
