//! The simple protocol: a string of statements, one after the other, all answers as text.

use std::sync::Arc;

use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::backend::BackendSession;
use super::connection::Connection;
use super::copy_in;
use super::copy_out;
use super::encode::Style;
use super::failure::Step;
use super::interrupt::{Interrupts, catch_panic};
use super::message::Format;
use super::row_description::row_description;
use super::rows::{Rows, command_tag};
use crate::session::Outcome;
use crate::sql::Statement;

impl<S: BackendSession> Connection<S> {
    /// Runs every statement of a query string, up to the first that fails.
    pub(super) async fn query(&mut self, sql: &str) -> Step<()> {
        self.statements.remove("");
        self.portals.remove("");
        let statements = catch_panic(async { Ok(self.session.parse(sql)?) }).await?;
        if statements.is_empty() {
            return self.writer.message(&EmptyQueryResponse::new());
        }
        for statement in statements {
            let interrupts = self.begin();
            let outcome = self.run_statement(&interrupts, statement).await;
            self.key.end();
            let tag = outcome?;
            self.send_notices()?;
            self.writer.message(&CommandComplete::new(tag))?;
        }
        Ok(())
    }

    async fn run_statement(
        &mut self,
        interrupts: &Interrupts,
        statement: Statement,
    ) -> Step<String> {
        let session = Arc::clone(&self.session);
        let execution = async {
            let prepared = session.prepare(statement, &[]).await?;
            Ok(session.execute(&prepared, Vec::new()).await?)
        };
        let outcome = interrupts.guard(&mut self.reader, execution).await?;
        let style = Style::new(session.setting("TimeZone").as_deref());
        let writer = &mut self.writer;
        match outcome {
            Outcome::Done(tag) => Ok(tag),
            Outcome::Rows { tag, stream } => {
                let delivery = async {
                    let formats = vec![Format::Text; stream.schema().fields().len()];
                    writer.message(&row_description(&stream.schema(), &formats)?)?;
                    let mut rows = Rows::new(stream, formats, style)?;
                    rows.send(writer, None).await
                };
                let (sent, _) = interrupts.guard(&mut self.reader, delivery).await?;
                Ok(command_tag(tag, sent))
            }
            Outcome::CopyOut { format, stream } => {
                let delivery = copy_out::send(writer, &format, stream, style);
                let sent = interrupts.guard(&mut self.reader, delivery).await?;
                Ok(command_tag("COPY", sent))
            }
            Outcome::CopyIn(copy) => {
                copy_in::receive(&mut self.reader, writer, interrupts, copy).await
            }
        }
    }
}
