//! The simple protocol: a string of statements, one after the other, all answers as text.

use std::sync::Arc;

use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};
use tributary_udfs::interrupt::RaisedOnDrop;

use super::backend::BackendSession;
use super::connection::Connection;
use super::failure::Step;
use super::interrupt::{Interrupts, catch_panic};
use super::portal::{Portal, PortalState, Run, Runner, parse};
use crate::sql::Statement;

impl<S: BackendSession> Connection<S> {
    /// Runs every statement of a query string, up to the first that fails.
    pub(super) async fn query(&mut self, sql: &str) -> Step<()> {
        self.statements.remove("");
        self.portals.remove("");
        let statements = catch_panic(async { Ok(parse(self.session.as_ref(), sql)?) }).await?;
        if statements.is_empty() {
            return self.writer.message(&EmptyQueryResponse::new());
        }
        for statement in statements {
            let interrupts = self.begin();
            let run = self.run_statement(&interrupts, statement).await;
            self.key.end();
            if let Run::Complete(tag) = run? {
                self.send_notices()?;
                self.writer.message(&CommandComplete::new(tag))?;
            }
        }
        Ok(())
    }

    async fn run_statement(&mut self, interrupts: &Interrupts, statement: Statement) -> Step<Run> {
        let session = Arc::clone(&self.session);
        let planning = async { Ok(session.prepare(statement, &[]).await?) };
        let work = RaisedOnDrop::default();
        let prepared = interrupts
            .guard(&mut self.reader, &work.0, planning)
            .await?;
        let mut portal = Portal {
            prepared: Some(prepared),
            formats: Vec::new(),
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
        portal.run(runner, None).await
    }
}
