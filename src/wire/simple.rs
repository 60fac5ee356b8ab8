//! The simple protocol: a string of statements, one after the other, all answers as text.

use std::sync::Arc;

use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};
use tributary_udfs::interrupt::RaisedOnDrop;

use super::backend::BackendSession;
use super::connection::Connection;
use super::failure::{Failure, Step};
use super::interrupt::{Interrupts, catch_panic};
use super::message::Format;
use super::portal::{Portal, PortalState, Run, Runner, parse};
use crate::error::Error;
use crate::sql::Statement;

/// The most statements that are listed as done.
const LISTED: usize = 10;

/// The error of a statement, where others of the same message were committed before it. In Postgres
/// they would be undone, so a client must not be left to believe that.
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
    error.with_hint("Each statement that writes is a transaction of its own; repeat only the rest.")
}

impl<S: BackendSession> Connection<S> {
    /// Runs every statement of a query string, up to the first that fails. Each that writes is a
    /// transaction of its own, so an error tells which are done.
    pub(super) async fn query(&mut self, sql: &str) -> Step<()> {
        self.session.statements().remove("");
        self.portals.remove("");
        let statements = catch_panic(async { Ok(parse(self.session.as_ref(), sql)?) }).await?;
        if statements.is_empty() {
            return self.writer.message(&EmptyQueryResponse::new());
        }
        let mut committed = Vec::new();
        let last = statements.len() - 1;
        for (index, statement) in statements.into_iter().enumerate() {
            let interrupts = self.begin();
            let run = self.run_statement(&interrupts, statement).await;
            self.key.end();
            let run = run.map_err(|failure| match failure {
                Failure::Statement(error) => Failure::Statement(after(&committed, error)),
                other => other,
            });
            let run = run?;
            if index == last {
                self.session.complete()?;
            }
            if let (Run::Complete(tag), writes) = run {
                self.send_notices()?;
                if writes {
                    committed.push(tag.clone());
                }
                self.writer.message(&CommandComplete::new(tag))?;
            }
        }
        Ok(())
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
            .guard(&mut self.reader, &work.0, planning)
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
            work,
        };
        let runner = Runner {
            session: session.as_ref(),
            reader: &mut self.reader,
            writer: &mut self.writer,
            interrupts,
            describes: true,
        };
        Ok((portal.run(runner, None).await?, writes))
    }
}
