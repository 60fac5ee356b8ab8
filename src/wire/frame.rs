//! The two directions of a socket: frames in, with their lengths checked, and buffered bytes out.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures::FutureExt;
use pgwire::messages::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::client_encoding::Encoding;
use super::failure::{Failure, Step};
use crate::error::{Error, SqlState};

/// Before a client is known, and for messages that are short by nature, PostgreSQL takes no more.
pub(super) const SMALL_MESSAGE_BYTES: usize = 10_000;
/// Output is sent whenever this much of it waits.
const FLUSH_BYTES: usize = 64 << 10;
/// How far a client's messages are read ahead while a statement runs.
const READ_AHEAD_BYTES: usize = 64 << 10;
/// What an idle connection has room for.
const READ_BYTES: usize = 8 << 10;
/// The most room that is made at once for the rest of a long message.
const LONG_READ_BYTES: usize = 64 << 10;
/// Buffers that grew beyond this are given back once they are empty.
const KEEP_BYTES: usize = 128 << 10;

/// How long a client may take to hear why its connection ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// A message of the client: its type and what follows its length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) body: Bytes,
}

/// A message's type and its length.
const HEAD_BYTES: usize = 5;

/// What has been read of the next message.
enum Whole {
    Frame(Frame),
    /// Not all; so many bytes are needed.
    Wants(usize),
}

/// Reads frames.
pub(super) struct FrameReader {
    socket: Box<dyn AsyncRead + Send + Unpin>,
    buffer: BytesMut,
    max_message_bytes: usize,
}

impl FrameReader {
    /// Reads from `socket`; a message larger than `max_message_bytes` ends the connection.
    pub(super) fn new(
        socket: impl AsyncRead + Send + Unpin + 'static,
        max_message_bytes: usize,
    ) -> Self {
        Self {
            socket: Box::new(socket),
            buffer: BytesMut::new(),
            max_message_bytes,
        }
    }

    /// Reads from `socket` what follows `first`, which was read already.
    pub(super) fn after(
        first: &[u8],
        socket: impl AsyncRead + Send + Unpin + 'static,
        max_message_bytes: usize,
    ) -> Self {
        let mut reader = Self::new(socket, max_message_bytes);
        reader.buffer.extend_from_slice(first);
        reader
    }

    /// In the place of a reader that is elsewhere: its client has gone.
    pub(super) fn absent() -> Self {
        Self::new(tokio::io::empty(), 0)
    }

    /// The next packet before the connection is established, which has a length but no type.
    pub(super) async fn startup_packet(&mut self) -> Step<Bytes> {
        self.fill(4).await?;
        let length = (&self.buffer[..4]).get_u32() as usize;
        if !(8..=SMALL_MESSAGE_BYTES).contains(&length) {
            return Err(Failure::out_of_step("invalid length of startup packet"));
        }
        self.fill(length).await?;
        let mut packet = self.buffer.split_to(length).freeze();
        packet.advance(4);
        Ok(packet)
    }

    /// The next message. Dropping the future loses nothing.
    pub(super) async fn frame(&mut self) -> Step<Frame> {
        loop {
            match self.whole()? {
                Whole::Frame(frame) => return Ok(frame),
                Whole::Wants(bytes) => self.fill(bytes).await?,
            }
        }
    }

    /// The next message, if all of it has been read: nothing is waited for.
    pub(super) fn frame_at_hand(&mut self) -> Step<Option<Frame>> {
        Ok(match self.whole()? {
            Whole::Frame(frame) => Some(frame),
            Whole::Wants(_) => None,
        })
    }

    fn whole(&mut self) -> Step<Whole> {
        if self.buffer.len() < HEAD_BYTES {
            return Ok(Whole::Wants(HEAD_BYTES));
        }
        let kind = self.buffer[0];
        let length = (&self.buffer[1..HEAD_BYTES]).get_i32();
        let Some(max_bytes) = self.max_bytes(kind) else {
            return Err(Failure::out_of_step(format!(
                "invalid frontend message type {kind}"
            )));
        };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length >= 4) else {
            return Err(Failure::out_of_step("invalid message length"));
        };
        if length > max_bytes {
            let error = Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("message of {length} bytes exceeds the limit of {max_bytes} bytes"),
            );
            return Err(Failure::Fatal(error));
        }
        if self.buffer.len() < 1 + length {
            return Ok(Whole::Wants(1 + length));
        }
        let mut body = self.buffer.split_to(1 + length).freeze();
        body.advance(HEAD_BYTES);
        if self.buffer.is_empty() && length > KEEP_BYTES {
            self.buffer = BytesMut::new();
        }
        Ok(Whole::Frame(Frame { kind, body }))
    }

    /// The next message of a client that was asked for its password: nothing else is read of it.
    pub(super) async fn password_message(&mut self) -> Step<Bytes> {
        self.fill(1).await?;
        match self.buffer[0] {
            b'p' => Ok(self.frame().await?.body),
            b'X' => Err(Failure::Gone),
            other => Err(Failure::out_of_step(format!(
                "expected SASL response, got message type {other}"
            ))),
        }
    }

    /// Waits until the client has gone, reading ahead meanwhile; never ends while it is there.
    pub(super) async fn gone(&mut self) -> Failure {
        while self.buffer.len() < READ_AHEAD_BYTES {
            if let Err(failure) = self.read(READ_BYTES).await {
                return failure;
            }
        }
        futures::future::pending().await
    }

    /// Whether the client's next message is a Sync, as far as it has arrived: nothing is waited for.
    pub(super) fn has_sync_next(&mut self) -> bool {
        if self.buffer.is_empty() {
            // What fails is told by who reads next.
            let _ = self.read(READ_BYTES).now_or_never();
        }
        self.buffer.first() == Some(&b'S')
    }

    fn max_bytes(&self, kind: u8) -> Option<usize> {
        match kind {
            b'Q' | b'P' | b'B' | b'd' | b'F' => Some(self.max_message_bytes),
            b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f' | b'p' => {
                Some(SMALL_MESSAGE_BYTES.min(self.max_message_bytes))
            }
            _ => None,
        }
    }

    async fn fill(&mut self, bytes: usize) -> Step<()> {
        while self.buffer.len() < bytes {
            let missing = bytes - self.buffer.len();
            self.read(missing.clamp(READ_BYTES, LONG_READ_BYTES))
                .await?;
        }
        Ok(())
    }

    /// Memory follows what arrives, never what a length promises.
    async fn read(&mut self, room: usize) -> Step<()> {
        self.buffer.reserve(room);
        match self.socket.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(Failure::Gone),
            Ok(_) => Ok(()),
        }
    }
}

/// Collects what the server says and sends it in large pieces.
pub(super) struct FrameWriter {
    socket: Box<dyn AsyncWrite + Send + Unpin>,
    /// What has not been sent yet; rows are encoded straight into it.
    pub(super) buffer: BytesMut,
    /// In which texts are written; as they are where there is none.
    pub(super) encoding: Option<Arc<Encoding>>,
}

impl FrameWriter {
    /// Writes to `socket`.
    pub(super) fn new(socket: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            socket: Box::new(socket),
            buffer: BytesMut::new(),
            encoding: None,
        }
    }

    /// Appends a message.
    pub(super) fn message(&mut self, message: &impl Message) -> Step<()> {
        let start = self.buffer.len();
        message.encode(&mut self.buffer).map_err(|error| {
            self.buffer.truncate(start);
            Failure::Statement(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("answer cannot be sent: {error}"),
            ))
        })?;
        if let Some(encoding) = &self.encoding
            && let Err(error) = encoding.rewrite_message(&mut self.buffer, start)
        {
            self.buffer.truncate(start);
            return Err(error.into());
        }
        Ok(())
    }

    /// Appends messages that are written.
    pub(super) fn append(&mut self, messages: BytesMut) {
        match self.buffer.is_empty() {
            true => self.buffer = messages,
            false => self.buffer.unsplit(messages),
        }
    }

    /// Whether enough waits to be worth sending.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= FLUSH_BYTES
    }

    /// Sends what waits once it is much, as fast as the client reads. Lets others run after that:
    /// a client that always reads must not keep a cancel request or a timeout from being seen.
    pub(super) async fn relieve(&mut self) -> Step<()> {
        if self.is_full() {
            self.send().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Sends all that waits. Dropping the future loses nothing and repeats nothing.
    pub(super) async fn flush(&mut self) -> Step<()> {
        self.send().await?;
        self.socket.flush().await.map_err(|_| Failure::Gone)
    }

    /// Sends the last words, for as long as a client that listens needs, and hangs up.
    pub(super) async fn close(&mut self) {
        let farewell = async {
            if self.flush().await.is_ok() {
                // The client may have closed first; there is no one left to tell.
                let _ = self.socket.shutdown().await;
            }
        };
        // Whoever does not listen is hung up on.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    async fn send(&mut self) -> Step<()> {
        while !self.buffer.is_empty() {
            match self.socket.write_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(Failure::Gone),
                Ok(_) => {}
            }
        }
        if self.buffer.capacity() > KEEP_BYTES {
            self.buffer = BytesMut::new();
        }
        Ok(())
    }
}
