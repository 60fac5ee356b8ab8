//! A connection that is ready for queries: takes message after message until either side leaves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pgwire::messages::response::{
    NotificationResponse, ReadyForQuery, TransactionStatus as WireStatus,
};
use pgwire::messages::startup::ParameterStatus;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::backend::BackendSession;
use super::cancel::CancelKey;
use super::client_settings::ClientSettings;
use super::error_response::{Severity, error_response, notice_response, without_zeros};
use super::failure::{Failure, Step};
use super::frame::{Frame, FrameReader, FrameWriter};
use super::interrupt::{Interrupts, shutting_down};
use super::message::ClientMessage;
use super::portal::Portal;
use crate::error::{Error, SqlState};
use crate::session::TransactionStatus;

/// The end of the server, in two steps.
#[derive(Clone)]
pub(super) struct Stop {
    /// Connections without a running statement end.
    pub(super) idle: CancellationToken,
    /// Running statements end too.
    pub(super) running: CancellationToken,
}

impl Stop {
    /// The end of one connection, at the latest with that of the server.
    pub(super) fn of_connection(&self) -> Self {
        Self {
            idle: self.idle.child_token(),
            running: self.running.child_token(),
        }
    }
}

/// A connection that is ready for queries.
pub(super) struct Connection<S> {
    pub(super) session: Arc<S>,
    pub(super) reader: FrameReader,
    pub(super) writer: FrameWriter,
    pub(super) key: CancelKey,
    pub(super) limits: Arc<Limits>,
    pub(super) stop: Stop,
    pub(super) settings: ClientSettings,
    pub(super) portals: HashMap<String, Portal>,
    /// The client has asked for nothing since it was told that it may go on.
    pub(super) is_idle: bool,
    /// An extended query failed: all is ignored up to the next Sync.
    pub(super) skips_to_sync: bool,
    /// Extended queries up to the next Sync are one transaction, which one of them has begun.
    pub(super) is_pipeline: bool,
}

impl<S: BackendSession> Connection<S> {
    /// Serves the client until it leaves, breaks the protocol, or the server stops.
    pub(super) async fn serve(mut self) {
        let failure = match self.ready().await {
            Ok(()) => loop {
                let frame = match self.next().await {
                    Ok(Some(frame)) => frame,
                    Ok(None) => continue,
                    Err(failure) => break failure,
                };
                if let Err(failure) = self.handle(frame).await {
                    break failure;
                }
            },
            Err(failure) => failure,
        };
        self.portals.clear();
        if let Failure::Fatal(error) | Failure::Statement(error) = failure {
            let farewell = error_response(&error, Severity::Fatal);
            if self.writer.message(&farewell).is_ok() {
                self.writer.close().await;
            }
        }
    }

    /// The client's next message; none where it was told something meanwhile.
    async fn next(&mut self) -> Step<Option<Frame>> {
        if self.stop.idle.is_cancelled() {
            return Err(shutting_down());
        }
        // Most messages arrive together with the one before, so that there is nothing to wait for.
        if let Some(frame) = self.reader.frame_at_hand()? {
            return Ok(Some(frame));
        }
        let idle = self.idle_limit();
        let hears = self.is_idle && self.is_between_transactions();
        tokio::select! {
            biased;
            () = self.stop.idle.cancelled() => Err(shutting_down()),
            frame = self.reader.frame() => frame.map(Some),
            () = self.session.notified(), if hears => self.notify().await.map(|()| None),
            failure = idle_too_long(idle) => Err(failure),
        }
    }

    /// Whether the client hears notifications: within a transaction block it hears none.
    fn is_between_transactions(&self) -> bool {
        self.session.transaction_status() == TransactionStatus::Idle
    }

    /// Sends the notifications that wait, at once.
    async fn notify(&mut self) -> Step<()> {
        self.send_notifications().await?;
        self.writer.flush().await
    }

    async fn send_notifications(&mut self) -> Step<()> {
        for notification in self.session.take_notifications() {
            let (channel, payload) = (&notification.channel, &notification.payload);
            self.writer.message(&NotificationResponse::new(
                notification.process,
                channel.clone(),
                payload.clone(),
            ))?;
            self.writer.relieve().await?;
        }
        Ok(())
    }

    /// How long the client may leave the session alone now, and what ends it then.
    fn idle_limit(&mut self) -> Option<(Duration, Error)> {
        if !self.is_idle {
            return None;
        }
        let settings = self.settings.of(self.session.as_ref());
        let (limit, sqlstate, of) = match self.session.transaction_status() {
            TransactionStatus::Idle => (
                settings.idle_session_timeout?,
                SqlState::IDLE_SESSION_TIMEOUT,
                "idle-session",
            ),
            TransactionStatus::InTransaction | TransactionStatus::Failed => (
                settings.idle_in_transaction_session_timeout?,
                SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                "idle-in-transaction",
            ),
        };
        let message = format!("terminating connection due to {of} timeout");
        Some((limit, Error::new(sqlstate, message)))
    }

    /// Carries out one message; an error here ends the connection.
    async fn handle(&mut self, frame: Frame) -> Step<()> {
        let kind = frame.kind;
        self.is_idle = matches!(kind, b'S' | b'Q' | b'F');
        if self.skips_to_sync && !matches!(kind, b'S' | b'X') {
            return Ok(());
        }
        let encoding = self.settings.of(self.session.as_ref()).encoding.clone();
        self.writer.encoding.clone_from(&encoding);
        let outcome = match ClientMessage::decode(frame, encoding.as_ref()) {
            Ok(message) => self.dispatch(message).await,
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(()) => {}
            Err(Failure::Statement(error)) => {
                self.report(&error).await?;
                self.skips_to_sync = matches!(kind, b'P' | b'B' | b'D' | b'E' | b'C' | b'H');
            }
            Err(failure) => return Err(failure),
        }
        match kind {
            b'S' | b'Q' | b'F' => self.ready().await,
            // Postgres sends an error at once: a client may wait for it before its Sync.
            _ if self.skips_to_sync => self.writer.flush().await,
            b'H' => self.writer.flush().await,
            _ => self.writer.relieve().await,
        }
    }

    async fn dispatch(&mut self, message: ClientMessage) -> Step<()> {
        match message {
            ClientMessage::Query(sql) => self.query(&sql).await,
            ClientMessage::Parse {
                statement,
                sql,
                types,
            } => self.parse(statement, &sql, &types).await,
            ClientMessage::Bind(bind) => self.bind(bind).await,
            ClientMessage::Describe(target) => self.describe(&target),
            ClientMessage::Execute { portal, max_rows } => self.execute(&portal, max_rows).await,
            ClientMessage::Close(target) => self.close(&target),
            ClientMessage::Flush => Ok(()),
            ClientMessage::Sync => {
                self.skips_to_sync = false;
                self.end_pipeline().await
            }
            // A client may still be sending when a COPY has failed.
            ClientMessage::CopyData(_) | ClientMessage::CopyDone | ClientMessage::CopyFail(_) => {
                Ok(())
            }
            ClientMessage::FunctionCall => Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "function calls by message are not supported",
            )
            .with_hint("Call the function in a SELECT.")
            .into()),
            ClientMessage::Password => Err(Failure::out_of_step(
                "password message outside of authentication",
            )),
            ClientMessage::Terminate => Err(Failure::Gone),
        }
    }

    /// A statement starts: gives what may stop it.
    pub(super) fn begin(&mut self) -> Interrupts {
        let settings = self.settings.of(self.session.as_ref());
        let limit = settings.statement_timeout;
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        Interrupts {
            cancel: self.key.begin(),
            shutdown: self.stop.running.clone(),
            deadline,
            is_done: Arc::default(),
        }
    }

    /// Sends the warnings that wait.
    pub(super) fn send_notices(&mut self) -> Step<()> {
        for notice in self.session.take_notices() {
            self.writer.message(&notice_response(&notice))?;
        }
        Ok(())
    }

    async fn report(&mut self, error: &Error) -> Step<()> {
        if error.sqlstate() == SqlState::QUERY_CANCELED {
            self.session.settle().await;
        }
        // What the statements before it have written goes too.
        if let Err(error) = self.session.end_implicit(false).await {
            tracing::warn!("a transaction ends otherwise than it began: {error}");
        }
        self.session.fail().await;
        self.send_notices()?;
        self.writer.message(&error_response(error, Severity::Error))
    }

    /// Tells the client that it may go on. Outside a transaction no portal outlives this.
    async fn ready(&mut self) -> Step<()> {
        let encoding = &self.settings.of(self.session.as_ref()).encoding;
        self.writer.encoding.clone_from(encoding);
        let ended = self.session.end_statements().await;
        if let Err(error) = ended.and_then(|()| self.session.complete()) {
            self.report(&error).await?;
        }
        let status = match self.session.transaction_status() {
            TransactionStatus::Idle => {
                self.portals.clear();
                WireStatus::Idle
            }
            TransactionStatus::InTransaction => WireStatus::Transaction,
            TransactionStatus::Failed => WireStatus::Error,
        };
        for (name, value) in self.session.take_parameter_changes() {
            let status = ParameterStatus::new(name, without_zeros(&value));
            self.writer.message(&status)?;
        }
        if self.is_between_transactions() {
            self.send_notifications().await?;
        }
        self.session.rest();
        self.writer.message(&ReadyForQuery::new(status))?;
        self.writer.flush().await
    }
}

/// Ends with the reason when the time is over, and never without a limit.
async fn idle_too_long(limit: Option<(Duration, Error)>) -> Failure {
    match limit {
        Some((limit, error)) => {
            tokio::time::sleep(limit).await;
            Failure::Fatal(error)
        }
        None => futures::future::pending().await,
    }
}
