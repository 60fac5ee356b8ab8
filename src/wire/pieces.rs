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

/// What the messages of a piece take, about, as far as it is told by what their rows take in memory.
const PIECE_BYTES: usize = 64 << 10;
/// What they take at most, but for the last one: a value may be a few bytes in memory and a million as it is
/// sent.
const MOST_BYTES: usize = 4 * PIECE_BYTES;
/// What is sent beside the values of a row, about, and beside each value: lengths.
const ROW_BYTES: usize = 7;
const VALUE_BYTES: usize = 4;
/// So many pieces are encoded before the client has taken those before them.
const AHEAD: usize = 4;

/// How rows are written.
pub(super) trait Messages: Send + Sync + 'static {
    /// Appends the messages of the rows of a batch, of the first ones where they are [much](fill); tells of how
    /// many.
    ///
    /// # Errors
    /// A value that cannot be sent.
    fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<usize>;
}

/// Appends the messages of so many rows, until they are all that a piece may have; tells of how many.
///
/// # Errors
/// What writing a row says.
pub(super) fn fill(
    rows: usize,
    out: &mut BytesMut,
    write_row: impl Fn(usize, &mut BytesMut) -> Result<()>,
) -> Result<usize> {
    let most = out.len() + MOST_BYTES;
    for row in 0..rows {
        if out.len() >= most {
            return Ok(row);
        }
        write_row(row, out)?;
    }
    Ok(rows)
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
        let rows = batch.slice(rows.start, rows.len());
        return send_alone(messages.as_ref(), rows, writer).await;
    }
    let end = rows.end;
    let pieces = rows.step_by(size).map(|start| {
        let (messages, batch) = (
            Arc::clone(messages),
            batch.slice(start, size.min(end - start)),
        );
        SpawnedTask::spawn(async move {
            let mut written = BytesMut::with_capacity(2 * PIECE_BYTES);
            let rows = messages.write(&batch, &mut written)?;
            Ok::<_, Error>((written, without(&batch, rows)))
        })
    });
    let mut pieces = stream::iter(pieces)
        .map(SpawnedTask::join_unwind)
        .buffered(AHEAD);
    while let Some(piece) = pieces.next().await {
        let cut_off = |error| Error::internal(format!("the encoding of rows was cut off: {error}"));
        let (written, left) = piece.map_err(cut_off)??;
        writer.append(written);
        writer.relieve().await?;
        send_alone(messages.as_ref(), left, writer).await?;
    }
    Ok(())
}

/// Sends the rows of a batch that no other core has encoded, the next ones once the client has taken those before
/// them.
async fn send_alone<M: Messages>(
    messages: &M,
    mut batch: RecordBatch,
    writer: &mut FrameWriter,
) -> Step<()> {
    while batch.num_rows() > 0 {
        let rows = messages.write(&batch, &mut writer.buffer)?;
        writer.relieve().await?;
        batch = without(&batch, rows);
    }
    Ok(())
}

/// A batch without so many first rows.
fn without(batch: &RecordBatch, rows: usize) -> RecordBatch {
    batch.slice(rows, batch.num_rows() - rows)
}

/// How many rows of a batch make a piece.
fn piece_rows(batch: &RecordBatch) -> usize {
    let sizes = batch.columns().iter();
    let sizes = sizes.map(|column| column.to_data().get_slice_memory_size());
    let bytes = sizes
        .sum::<std::result::Result<usize, _>>()
        .unwrap_or_else(|_| batch.get_array_memory_size());
    let lengths = batch.num_rows() * (ROW_BYTES + VALUE_BYTES * batch.num_columns());
    let pieces = (bytes + lengths).div_ceil(PIECE_BYTES).max(1);
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
        fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<usize> {
            let numbers = batch.column(0).as_primitive::<Int64Type>().values();
            fill(batch.num_rows(), out, |row, out| {
                let number = numbers[row];
                if number < 0 {
                    return Err(Error::internal("a number below zero"));
                }
                out.put_i64(number);
                Ok(())
            })
        }
    }

    /// The numbers of the first column, each of them a thousand times.
    struct Long;

    impl Messages for Long {
        fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<usize> {
            let numbers = batch.column(0).as_primitive::<Int64Type>().values();
            fill(batch.num_rows(), out, |row, out| {
                out.put_slice(&numbers[row].to_be_bytes().repeat(1_000));
                Ok(())
            })
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
    async fn sent(
        messages: impl Messages,
        batch: &RecordBatch,
        rows: Range<usize>,
    ) -> (Vec<i64>, Step<()>) {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let reading = tokio::spawn(async move {
            let mut bytes = vec![];
            client.read_to_end(&mut bytes).await.expect("bytes");
            let words = bytes.as_chunks::<8>().0.iter();
            words.map(|word| i64::from_be_bytes(*word)).collect()
        });
        let mut writer = FrameWriter::new(server);
        let outcome = send(&Arc::new(messages), batch, rows, &mut writer).await;
        writer.flush().await.expect("flush");
        drop(writer);
        (reading.await.expect("numbers"), outcome)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rows_of_many_pieces_arrive_in_their_order() {
        let all = batch((0..40_000).collect());
        assert!(piece_rows(&all) < 4_000);
        let (numbers, outcome) = sent(Numbers, &all, 5..39_999).await;
        assert!(outcome.is_ok());
        assert_eq!(numbers, (5..39_999).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rows_before_one_that_cannot_be_sent_arrive_in_whole_pieces() {
        let mut numbers: Vec<i64> = (0..40_000).collect();
        numbers[30_000] = -1;
        let (arrived, outcome) = sent(Numbers, &batch(numbers), 0..40_000).await;
        assert!(matches!(outcome, Err(Failure::Statement(_))));
        assert!(!arrived.is_empty() && arrived.len() <= 30_000);
        assert_eq!(arrived, (0..arrived.len() as i64).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn messages_that_are_longer_than_their_rows_wait_for_the_client() {
        let all = batch((0..2_000).collect());
        assert!((100..2_000).contains(&piece_rows(&all)));
        assert_eq!(Long.write(&all, &mut BytesMut::new()).unwrap(), 33);
        for rows in [0..2_000, 1_000..1_050] {
            let (arrived, outcome) = sent(Long, &all, rows.clone()).await;
            assert!(outcome.is_ok());
            let numbers = rows.flat_map(|row| std::iter::repeat_n(row as i64, 1_000));
            assert!(numbers.eq(arrived));
        }
    }

    #[test]
    fn a_piece_of_long_rows_has_one() {
        let long: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1 << 20); 3]));
        let batch = RecordBatch::try_from_iter([("text", long)]).expect("batch");
        assert_eq!(piece_rows(&batch), 1);
        assert_eq!(piece_rows(&batch.slice(0, 0)), 1);
    }
}
