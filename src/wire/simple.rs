//! The simple protocol: a string of statements, one after the other, all answers as text.

use std::sync::Arc;

use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};
use tributary_udfs::interrupt::RaisedOnDrop;

use super::backend::BackendSession;
use super::connection::Connection;
use super::failure::{Failure, Step};
use super::interrupt::{Interrupts, Pace, catch_panic};
use super::message::Format;
use super::portal::{Portal, PortalState, Run, Runner, parse};
use crate::error::Error;
use crate::session::can_be_rolled_back;
use crate::sql::Statement;

/// The most statements that are listed as done.
const LISTED: usize = 10;

/// The error of a statement, where others of the same message were committed before it, since one
/// between cannot run in a transaction. In Postgres they would be undone, so a client must not be left
/// to believe that.
fn after(committed: &[String], error: Error) -> Error {
    if committed.is_empty() {
        return error;
    }
    let listed: Vec<&str> = committed.iter().take(LISTED).map(String::as_str).collect();
    let more = match committed.len() > LISTED {
        true => ", ...",
        false => "",
    };
    let done = format!(
        "What the same message wrote before this statement is committed: {}{more}.",
        listed.join(", ")
    );
    let detail = match error.detail() {
        Some(detail) => format!("{detail}\n{done}"),
        None => done,
    };
    let has_hint = error.hint().is_some();
    let error = error.with_detail(detail);
    if has_hint {
        return error;
    }
    error
        .with_hint("What cannot run in a transaction ends the one before it; repeat only the rest.")
}

/// The tags of what the statements of a message have written.
#[derive(Default)]
struct Written {
    /// In their transaction.
    open: Vec<String>,
    /// And committed, before their message's end.
    committed: Vec<String>,
}

impl<S: BackendSession> Connection<S> {
    /// Runs every statement of a query string, up to the first that fails. Several are one
    /// transaction, but for what cannot run in one: that is a transaction of its own.
    pub(super) async fn query(&mut self, sql: &str) -> Step<()> {
        let run = self.run_string(sql).await;
        run.map_err(|failure| failure.located(sql))
    }

    async fn run_string(&mut self, sql: &str) -> Step<()> {
        self.session.statements().remove("");
        self.portals.remove("");
        self.end_pipeline().await?;
        self.session.begin_statement();
        let statements = catch_panic(async { Ok(parse(self.session.as_ref(), sql)?) }).await?;
        if statements.is_empty() {
            return self.writer.message(&EmptyQueryResponse::new());
        }
        if let [_] = statements.as_slice() {
            for statement in statements {
                self.run_and_tell(statement, true).await?;
            }
            return Ok(());
        }
        let mut written = Written::default();
        let run = self.run_several(statements, &mut written).await;
        if run.is_err() {
            self.session.end_implicit(false).await?;
        }
        run.map_err(|failure| match failure {
            Failure::Statement(error) => Failure::Statement(after(&written.committed, error)),
            other => other,
        })
    }

    async fn run_several(&mut self, statements: Vec<Statement>, written: &mut Written) -> Step<()> {
        for statement in statements {
            self.run_of_several(statement, written).await?;
        }
        self.commit_implicit().await?;
        Ok(self.session.complete()?)
    }

    /// Runs one of several statements of a message.
    async fn run_of_several(&mut self, statement: Statement, written: &mut Written) -> Step<()> {
        let ends = matches!(&statement, Statement::Transaction(it) if it.ends_block());
        let is_apart = statement
            .write_command()
            .is_some_and(|command| !can_be_rolled_back(command));
        if is_apart {
            self.commit_implicit().await?;
            written.committed.append(&mut written.open);
        } else {
            self.session.begin_implicit();
        }
        if let Some(tag) = self.run_and_tell(statement, false).await? {
            match is_apart {
                true => written.committed.push(tag),
                false => written.open.push(tag),
            }
        }
        if ends {
            written.open.clear();
        }
        Ok(())
    }

    /// Commits what the statements of the message have written.
    pub(super) async fn commit_implicit(&mut self) -> Step<()> {
        let interrupts = self.begin();
        let session = Arc::clone(&self.session);
        let committing = async { Ok(session.end_implicit(true).await?) };
        let work = RaisedOnDrop::default();
        let committed = interrupts
            .guard(&mut self.reader, &work.0, Pace::Any, committing)
            .await;
        self.key.end();
        committed
    }

    /// Runs a statement, which may be all of its message, and tells the client; answers its tag
    /// where it has written.
    async fn run_and_tell(&mut self, statement: Statement, is_all: bool) -> Step<Option<String>> {
        let interrupts = self.begin();
        let run = self.run_statement(&interrupts, statement).await;
        self.key.end();
        let (run, writes) = run?;
        if is_all {
            self.session.complete()?;
        }
        let Run::Complete(tag) = run else {
            return Ok(None);
        };
        self.send_notices()?;
        self.writer.message(&CommandComplete::new(tag.clone()))?;
        Ok(writes.then_some(tag))
    }

    /// Runs a statement; tells how that ended, and whether it writes.
    async fn run_statement(
        &mut self,
        interrupts: &Interrupts,
        statement: Statement,
    ) -> Step<(Run, bool)> {
        let session = Arc::clone(&self.session);
        let planning = async { Ok(session.prepare_to_run(statement).await?) };
        let work = RaisedOnDrop::default();
        let prepared = interrupts
            .guard(&mut self.reader, &work.0, Pace::Brief, planning)
            .await?;
        let writes = prepared.write_command.is_some();
        let columns = prepared
            .schema
            .as_ref()
            .map_or(0, |schema| schema.fields().len());
        let formats = match prepared.is_binary {
            true => vec![Format::Binary; columns],
            false => Vec::new(),
        };
        let mut portal = Portal {
            prepared: Some(prepared),
            formats,
            state: PortalState::Ready(Vec::new()),
            reading: None,
            work,
        };
        let runner = Runner {
            session: session.as_ref(),
            reader: &mut self.reader,
            writer: &mut self.writer,
            settings: &mut self.settings,
            interrupts,
            describes: true,
        };
        Ok((portal.run(runner, None).await?, writes))
    }
}
