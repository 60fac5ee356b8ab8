//! `COPY ... FROM STDIN`: the client's bytes go through a bounded channel to the statement.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use pgwire::messages::copy::CopyInResponse;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tributary_udfs::interrupt::Interrupt;

use super::client_encoding::Encoding;
use super::failure::{Failure, Step, protocol_violation};
use super::frame::{FrameReader, FrameWriter};
use super::interrupt::{Interrupts, answer_of_committed, catch_panic};
use super::message::ClientMessage;
use crate::error::{Error, SqlState};
use crate::session::{CopyAborted, CopyIn};

/// However much a client puts into one message, the statement takes it in pieces of this size.
const PIECE_BYTES: usize = 64 << 10;

/// Feeds the statement what the client sends; gives the command tag.
pub(super) async fn receive(
    reader: &mut FrameReader,
    writer: &mut FrameWriter,
    interrupts: &Interrupts,
    interrupt: &Interrupt,
    copy: CopyIn,
) -> Step<String> {
    let columns = i16::try_from(copy.columns)
        .map_err(|_| Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many columns to copy"))?;
    let format = i8::from(copy.is_binary);
    let formats = vec![i16::from(format); copy.columns];
    writer.message(&CopyInResponse::new(format, columns, formats))?;
    let CopyIn {
        input,
        done,
        encoding,
        is_binary,
        ..
    } = copy;
    let encoding_of_client = writer.encoding.clone();
    let encoding = match encoding {
        Some(name) => Encoding::named(name),
        None => encoding_of_client.clone(),
    };
    refuse_binary(is_binary, encoding.as_ref())?;
    // Outlives the statement's own work: an interrupted COPY first drops that, and then tells
    // whatever still listens that it must not commit.
    let mut feed = Feed::new(input);
    let mut work = pin!(interrupt.over(catch_panic(async {
        writer.flush().await?;
        let of_client = encoding_of_client.as_ref();
        transfer(reader, of_client, encoding.as_ref(), &mut feed, done).await
    })));
    let outcome = tokio::select! {
        biased;
        failure = interrupts.wait() => {
            interrupt.raise();
            let answer = answer_of_committed(interrupt, work).await;
            answer.unwrap_or(Err(failure))
        }
        outcome = &mut work => outcome,
    };
    interrupt.release();
    outcome
}

/// Texts within binary data are in UTF-8 alone.
pub(super) fn refuse_binary(is_binary: bool, encoding: Option<&Arc<Encoding>>) -> Step<()> {
    match is_binary && encoding.is_some() {
        false => Ok(()),
        true => Err(
            Error::unsupported("COPY in binary with an encoding other than UTF8")
                .with_hint("Set client_encoding to UTF8, or copy as text.")
                .into(),
        ),
    }
}

/// The client's texts are in `encoding`, and its data in that `of_data`.
async fn transfer(
    reader: &mut FrameReader,
    encoding: Option<&Arc<Encoding>>,
    of_data: Option<&Arc<Encoding>>,
    feed: &mut Feed,
    mut done: impl Future<Output = Result<String, Error>> + Unpin,
) -> Step<String> {
    // A statement that has seen enough (`\.`) ends before its client does.
    let mut tag = None;
    loop {
        let message = if tag.is_some() {
            next_message(reader, encoding).await?
        } else {
            tokio::select! {
                biased;
                early = &mut done => {
                    tag = Some(early?);
                    continue;
                }
                message = next_message(reader, encoding) => message?,
            }
        };
        match message {
            ClientMessage::CopyData(mut bytes) => {
                if let Some(encoding) = of_data
                    && let Cow::Owned(text) = encoding.read(&bytes)?
                {
                    bytes = Bytes::from(text);
                }
                while tag.is_none() && !bytes.is_empty() {
                    let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
                    tokio::select! {
                        biased;
                        early = &mut done => tag = Some(early?),
                        () = feed.send(piece) => {}
                    }
                }
            }
            // Flush and Sync may come from a client that did not know it would copy.
            ClientMessage::Flush | ClientMessage::Sync => {}
            ClientMessage::CopyDone => {
                feed.finish();
                return match tag {
                    Some(tag) => Ok(tag),
                    None => Ok(done.await?),
                };
            }
            ClientMessage::CopyFail(reason) => {
                let message = format!("COPY from stdin failed: {reason}");
                return Err(Error::new(SqlState::QUERY_CANCELED, message).into());
            }
            ClientMessage::Terminate => return Err(Failure::Gone),
            _ => {
                let message = "unexpected message type during COPY from stdin";
                return Err(protocol_violation(message).into());
            }
        }
    }
}

async fn next_message(
    reader: &mut FrameReader,
    encoding: Option<&Arc<Encoding>>,
) -> Step<ClientMessage> {
    let frame = reader.frame().await?;
    Ok(ClientMessage::decode(frame, encoding)?)
}

/// The sending side of a COPY. Dropped before it is finished, it tells the statement to roll back.
struct Feed {
    input: Option<Sender<Result<Bytes, CopyAborted>>>,
}

impl Feed {
    fn new(input: Sender<Result<Bytes, CopyAborted>>) -> Self {
        Self { input: Some(input) }
    }

    async fn send(&mut self, bytes: Bytes) {
        if let Some(input) = &self.input {
            // A statement that no longer listens says why through its own end.
            let _ = input.send(Ok(bytes)).await;
        }
    }

    fn finish(&mut self) {
        self.input = None;
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let Some(input) = self.input.take() else {
            return;
        };
        let aborted = || {
            Err(CopyAborted(
                "COPY was not finished by the client".to_owned(),
            ))
        };
        if input.try_send(aborted()).is_err()
            && let Ok(runtime) = Handle::try_current()
        {
            // The channel is full: wait for room, for its mere end would mean success.
            runtime.spawn(async move { input.send(aborted()).await });
        }
    }
}
