//! Rows of a batch as messages: in pieces, of which the next are encoded by other cores while one is on
//! its way to the client.

use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use bytes::BytesMut;
use datafusion::common::runtime::SpawnedTask;
use futures::{StreamExt, stream};

use super::failure::Step;
use super::frame::FrameWriter;
use crate::error::{Error, Result};

/// What the rows of a piece take in memory, about.
const PIECE_BYTES: usize = 64 << 10;
/// So many pieces are encoded before the client has taken those before them.
const AHEAD: usize = 4;

/// How rows are written.
pub(super) trait Messages: Send + Sync + 'static {
    /// Appends the messages of all rows of a batch.
    ///
    /// # Errors
    /// A value that cannot be sent.
    fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<()>;
}

/// Sends these rows of a batch in their order, as fast as the client takes them.
pub(super) async fn send<M: Messages>(
    messages: &Arc<M>,
    batch: &RecordBatch,
    rows: Range<usize>,
    writer: &mut FrameWriter,
) -> Step<()> {
    let size = piece_rows(batch);
    if rows.len() <= size {
        messages.write(&batch.slice(rows.start, rows.len()), &mut writer.buffer)?;
        return writer.relieve().await;
    }
    let end = rows.end;
    let pieces = rows.step_by(size).map(|start| {
        let (messages, batch) = (
            Arc::clone(messages),
            batch.slice(start, size.min(end - start)),
        );
        SpawnedTask::spawn(async move {
            let mut written = BytesMut::with_capacity(2 * PIECE_BYTES);
            messages.write(&batch, &mut written)?;
            Ok::<_, Error>(written)
        })
    });
    let mut pieces = stream::iter(pieces)
        .map(SpawnedTask::join_unwind)
        .buffered(AHEAD);
    while let Some(piece) = pieces.next().await {
        let cut_off = |error| Error::internal(format!("the encoding of rows was cut off: {error}"));
        writer.append(piece.map_err(cut_off)??);
        writer.relieve().await?;
    }
    Ok(())
}

/// How many rows of a batch make a piece.
fn piece_rows(batch: &RecordBatch) -> usize {
    let sizes = batch.columns().iter();
    let sizes = sizes.map(|column| column.to_data().get_slice_memory_size());
    let bytes = sizes
        .sum::<std::result::Result<usize, _>>()
        .unwrap_or_else(|_| batch.get_array_memory_size());
    let pieces = bytes.div_ceil(PIECE_BYTES).max(1);
    batch.num_rows().div_ceil(pieces).max(1)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
    use arrow::datatypes::Int64Type;
    use bytes::BufMut;
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::wire::failure::Failure;

    /// The numbers of the first column; none below zero can be sent.
    struct Numbers;

    impl Messages for Numbers {
        fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<()> {
            for number in batch.column(0).as_primitive::<Int64Type>().values() {
                if *number < 0 {
                    return Err(Error::internal("a number below zero"));
                }
                out.put_i64(*number);
            }
            Ok(())
        }
    }

    fn batch(numbers: Vec<i64>) -> RecordBatch {
        let texts = numbers
            .iter()
            .map(|number| "x".repeat(number.unsigned_abs() as usize % 60));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
        RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).expect("batch")
    }

    /// What arrives of these rows, and how the sending ends.
    async fn sent(batch: &RecordBatch, rows: Range<usize>) -> (Vec<i64>, Step<()>) {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let reading = tokio::spawn(async move {
            let mut bytes = vec![];
            client.read_to_end(&mut bytes).await.expect("bytes");
            let words = bytes.as_chunks::<8>().0.iter();
            words.map(|word| i64::from_be_bytes(*word)).collect()
        });
        let mut writer = FrameWriter::new(server);
        let outcome = send(&Arc::new(Numbers), batch, rows, &mut writer).await;
        writer.flush().await.expect("flush");
        drop(writer);
        (reading.await.expect("numbers"), outcome)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rows_of_many_pieces_arrive_in_their_order() {
        let all = batch((0..40_000).collect());
        assert!(piece_rows(&all) < 4_000);
        let (numbers, outcome) = sent(&all, 5..39_999).await;
        assert!(outcome.is_ok());
        assert_eq!(numbers, (5..39_999).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rows_before_one_that_cannot_be_sent_arrive_in_whole_pieces() {
        let mut numbers: Vec<i64> = (0..40_000).collect();
        numbers[30_000] = -1;
        let (arrived, outcome) = sent(&batch(numbers), 0..40_000).await;
        assert!(matches!(outcome, Err(Failure::Statement(_))));
        assert!(!arrived.is_empty() && arrived.len() <= 30_000);
        assert_eq!(arrived, (0..arrived.len() as i64).collect::<Vec<_>>());
    }

    #[test]
    fn a_piece_of_long_rows_has_one() {
        let long: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1 << 20); 3]));
        let batch = RecordBatch::try_from_iter([("text", long)]).expect("batch");
        assert_eq!(piece_rows(&batch), 1);
        assert_eq!(piece_rows(&batch.slice(0, 0)), 1);
    }
}
