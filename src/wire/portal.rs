//! The portals of one connection, and how one runs.

use std::mem;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::scalar::ScalarValue;
use tributary_udfs::interrupt::{RaisedOnDrop, in_place};

use super::backend::BackendSession;
use super::client_settings::ClientSettings;
use super::copy_in;
use super::copy_out;
use super::failure::Step;
use super::frame::{FrameReader, FrameWriter};
use super::interrupt::{Interrupts, Pace};
use super::message::Format;
use super::row_description::row_description;
use super::rows::{Progress, Rows, command_tag};
use super::types::PostgresType;
use crate::error::{Error, Result, SqlState};
use crate::session::{CopyIn, OpenPortal, Outcome, Prepared};
use crate::sql::Statement;
use crate::sql::copy::CopyFormat;

/// What Bind made: a statement with its parameters.
pub(super) struct Portal {
    /// `None` for an empty query string.
    pub(super) prepared: Option<Arc<Prepared>>,
    /// One format for each column of the answer; text where there is none.
    pub(super) formats: Vec<Format>,
    /// How far it has run.
    pub(super) state: PortalState,
    /// Has what it reads be in use once it was suspended.
    pub(super) reading: Option<OpenPortal>,
    /// Tells what works for the portal that nobody waits any more.
    pub(super) work: RaisedOnDrop,
}

/// How far a portal has run.
pub(super) enum PortalState {
    /// Not at all.
    Ready(Vec<ScalarValue>),
    /// Up to a limit of rows.
    Suspended {
        /// The first words of its command tag.
        tag: &'static str,
        /// What is left.
        rows: Rows,
    },
    /// All rows were given; there are no more.
    Exhausted {
        /// The first words of its command tag.
        tag: &'static str,
    },
    /// It ran, or failed, and cannot run again.
    Finished,
}

/// How one run of a portal ended.
pub(super) enum Run {
    /// The portal has given everything; this is the command tag.
    Complete(String),
    /// There may be more rows than were asked for.
    Suspended,
}

/// What the first run of a portal has come to.
enum Started {
    Done(String),
    /// So many rows were sent, and how far that is.
    Sent {
        tag: &'static str,
        rows: Rows,
        sent: (u64, Progress),
    },
    CopyOut {
        format: CopyFormat,
        encoding: Option<&'static str>,
        stream: SendableRecordBatchStream,
    },
    CopyIn(CopyIn),
}

/// The parts of a connection that a portal needs to run.
pub(super) struct Runner<'a, S> {
    pub(super) session: &'a S,
    pub(super) reader: &'a mut FrameReader,
    pub(super) writer: &'a mut FrameWriter,
    pub(super) settings: &'a mut ClientSettings,
    pub(super) interrupts: &'a Interrupts,
    /// Whether the columns are described before the rows, as the simple protocol does.
    pub(super) describes: bool,
}

impl Portal {
    /// Runs the portal, or lets it go on, up to `max_rows`. Whatever stops it before that leaves
    /// it finished.
    pub(super) async fn run<S: BackendSession>(
        &mut self,
        runner: Runner<'_, S>,
        max_rows: Option<u64>,
    ) -> Step<Run> {
        let session = runner.session;
        let run = self.go_on(runner, max_rows).await;
        match &self.state {
            PortalState::Finished => {
                self.work.0.raise();
                self.reading = None;
            }
            PortalState::Suspended { .. } if self.reading.is_none() => {
                let prepared = self.prepared.as_ref();
                self.reading = prepared.and_then(|prepared| session.suspended(prepared));
            }
            _ => {}
        }
        run
    }

    async fn go_on<S: BackendSession>(
        &mut self,
        runner: Runner<'_, S>,
        max_rows: Option<u64>,
    ) -> Step<Run> {
        match mem::replace(&mut self.state, PortalState::Finished) {
            PortalState::Ready(parameters) => self.start(runner, parameters, max_rows).await,
            PortalState::Suspended { tag, rows } => {
                self.send_rows(runner, tag, rows, max_rows).await
            }
            PortalState::Exhausted { tag } => {
                self.state = PortalState::Exhausted { tag };
                Ok(Run::Complete(command_tag(tag, 0)))
            }
            PortalState::Finished => Err(Error::new(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                "portal cannot be run again",
            )
            .with_hint("Bind the statement again.")
            .into()),
        }
    }

    async fn start<S: BackendSession>(
        &mut self,
        runner: Runner<'_, S>,
        parameters: Vec<ScalarValue>,
        max_rows: Option<u64>,
    ) -> Step<Run> {
        let Some(prepared) = self.prepared.clone() else {
            return Ok(Run::Complete(String::new()));
        };
        let (session, describes, formats) = (runner.session, runner.describes, &self.formats);
        let (writer, settings) = (&mut *runner.writer, &mut *runner.settings);
        let pace = match session.is_brief(&prepared) {
            true => Pace::Brief,
            false => Pace::Any,
        };
        // Rows are sent within the same work: to begin to watch some takes as long as a small query.
        let work = async {
            Ok(match session.execute(&prepared, parameters).await? {
                Outcome::Rows { tag, stream } => {
                    // A statement before it in the message may have set another one.
                    writer.encoding.clone_from(&settings.of(session).encoding);
                    if describes {
                        writer.message(&row_description(&stream.schema(), formats)?)?;
                    } else if let Some(described) = &prepared.schema {
                        check_described(described, &stream.schema())?;
                    }
                    let style = settings.of(session).style;
                    let mut rows = Rows::new(stream, formats.clone(), style)?;
                    let sent = rows.send(writer, max_rows).await?;
                    Started::Sent { tag, rows, sent }
                }
                Outcome::Done(tag) => Started::Done(tag),
                Outcome::CopyOut {
                    format,
                    encoding,
                    stream,
                } => Started::CopyOut {
                    format,
                    encoding,
                    stream,
                },
                Outcome::CopyIn(copy) => Started::CopyIn(copy),
            })
        };
        let started = runner
            .interrupts
            .guard(runner.reader, &self.work.0, pace, work)
            .await?;
        match started {
            Started::Done(tag) => Ok(Run::Complete(tag)),
            Started::Sent { tag, rows, sent } => Ok(self.sent(tag, rows, sent)),
            Started::CopyOut {
                format,
                encoding,
                stream,
            } => {
                let style = runner.settings.of(session).style;
                let delivery = copy_out::send(runner.writer, &format, encoding, stream, style);
                let sent = runner
                    .interrupts
                    .guard(runner.reader, &self.work.0, Pace::Any, delivery)
                    .await?;
                Ok(Run::Complete(command_tag("COPY", sent)))
            }
            Started::CopyIn(copy) => {
                let (interrupts, interrupt) = (runner.interrupts, &self.work.0);
                copy_in::receive(runner.reader, runner.writer, interrupts, interrupt, copy)
                    .await
                    .map(Run::Complete)
            }
        }
    }

    async fn send_rows<S: BackendSession>(
        &mut self,
        runner: Runner<'_, S>,
        tag: &'static str,
        mut rows: Rows,
        max_rows: Option<u64>,
    ) -> Step<Run> {
        let delivery = rows.send(runner.writer, max_rows);
        let sent = runner
            .interrupts
            .guard(runner.reader, &self.work.0, Pace::Any, delivery)
            .await?;
        Ok(self.sent(tag, rows, sent))
    }

    /// How far the portal is after so many rows.
    fn sent(&mut self, tag: &'static str, rows: Rows, (sent, progress): (u64, Progress)) -> Run {
        match progress {
            Progress::Suspended => {
                self.state = PortalState::Suspended { tag, rows };
                Run::Suspended
            }
            Progress::Complete => {
                self.state = PortalState::Exhausted { tag };
                Run::Complete(command_tag(tag, sent))
            }
        }
    }
}

/// From so many bytes on, a text of SQL takes more than some milliseconds to parse.
const LONG_SQL: usize = 64 << 10;

/// Parses a text of SQL, which may be long, while other clients are served.
pub(super) fn parse<S: BackendSession>(session: &S, sql: &str) -> Result<Vec<Statement>> {
    if sql.len() < LONG_SQL {
        return session.parse(sql);
    }
    in_place(|| session.parse(sql))
}

/// The client reads rows by the names and types that it was told; others would be taken for them.
fn check_described(described: &Schema, actual: &Schema) -> Result<()> {
    let (described, actual) = (described.fields(), actual.fields());
    let is_same = |(described, actual): (&FieldRef, &FieldRef)| {
        described == actual
            || described.name() == actual.name()
                && PostgresType::of_field(described).oid == PostgresType::of_field(actual).oid
    };
    if described.len() == actual.len() && described.iter().zip(actual).all(is_same) {
        return Ok(());
    }
    let message = "cached plan must not change result type";
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
        .with_hint("Prepare the statement again."))
}
