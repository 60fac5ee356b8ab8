//! A session over a plain DataFusion context, with a table that never answers (`hang`), one that
//! never ends (`endless`), and one whose stream panics (`panics`).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use datafusion::common::ParamValues;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use futures::future::{BoxFuture, ready};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tributary_udfs::interrupt::Interrupt;

use crate::error::{Error, Result, SqlState};
use crate::session::{
    CopyAborted, CopyIn, Outcome, Prepared, PreparedStatements, TransactionStatus,
};
use crate::sql::Statement;
use crate::sql::copy::{Copy, CopyFormat, Direction, Forced, Header};
use crate::sql::name::ObjectName;
use crate::sql::set::Set;
use crate::sql::transaction::Transaction;
use crate::wire::copy_decoder::{CopyDecoder, CopyFields};
use crate::wire::{Backend, BackendSession, Client};

/// What the sessions leave behind for the tests to see.
pub(super) struct Witness {
    /// Rows that a COPY committed.
    pub(super) copied: Mutex<Vec<CopyFields>>,
    /// Why a COPY was rolled back.
    pub(super) aborted: mpsc::UnboundedSender<String>,
    /// A statement runs (true), or its work was dropped (false).
    pub(super) running: mpsc::UnboundedSender<bool>,
    /// A statement has begun what it cannot take back.
    pub(super) publishing: Notify,
    /// It may end that.
    pub(super) published: Notify,
}

pub(super) struct TestBackend {
    pub(super) witness: Arc<Witness>,
    pub(super) running: tokio::sync::Mutex<mpsc::UnboundedReceiver<bool>>,
    pub(super) aborted: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
}

impl Default for TestBackend {
    fn default() -> Self {
        let (running_sender, running) = mpsc::unbounded_channel();
        let (aborted_sender, aborted) = mpsc::unbounded_channel();
        Self {
            witness: Arc::new(Witness {
                copied: Mutex::default(),
                aborted: aborted_sender,
                running: running_sender,
                publishing: Notify::new(),
                published: Notify::new(),
            }),
            running: tokio::sync::Mutex::new(running),
            aborted: tokio::sync::Mutex::new(aborted),
        }
    }
}

impl TestBackend {
    /// Waits until a statement runs, or until its work is dropped.
    pub(super) async fn wait_for_running(&self, wanted: bool) {
        let mut running = self.running.lock().await;
        assert_eq!(running.recv().await, Some(wanted));
    }
}

impl Backend for TestBackend {
    type Session = TestSession;

    fn connect(&self, client: &Client) -> Result<Arc<TestSession>> {
        if client.user == "nobody" {
            let message = "role \"nobody\" does not exist";
            return Err(Error::new(SqlState::INVALID_AUTHORIZATION, message));
        }
        Ok(Arc::new(TestSession {
            context: SessionContext::new(),
            witness: Arc::clone(&self.witness),
            settings: Mutex::new(client.settings.iter().cloned().collect()),
            settings_number: AtomicU64::new(0),
            statements: PreparedStatements::default(),
            status: Mutex::new(TransactionStatus::Idle),
            notices: Mutex::default(),
            changes: Mutex::default(),
        }))
    }
}

pub(super) struct TestSession {
    context: SessionContext,
    witness: Arc<Witness>,
    settings: Mutex<HashMap<String, String>>,
    settings_number: AtomicU64,
    statements: PreparedStatements,
    status: Mutex<TransactionStatus>,
    notices: Mutex<Vec<Error>>,
    changes: Mutex<Vec<(String, String)>>,
}

impl BackendSession for TestSession {
    fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let copy_in = |format| {
            Statement::Copy(Copy {
                direction: Direction::FromStdin {
                    table: ObjectName {
                        schema: None,
                        name: "t".to_owned(),
                    },
                    columns: Vec::new(),
                },
                format,
                encoding: None,
                condition: None,
            })
        };
        match sql {
            "copy t from stdin" => return Ok(vec![copy_in(text_format())]),
            "copy t from stdin csv" => return Ok(vec![copy_in(csv_format())]),
            "panic" => panic!("the parser has a bug"),
            _ => {}
        }
        let (sql, format) = match sql.strip_suffix(" csv") {
            Some(sql) => (sql, csv_format()),
            None => (sql, text_format()),
        };
        let parsed = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|error| {
            Error::new(SqlState::SYNTAX_ERROR, error.to_string()).with_position(8)
        })?;
        parsed
            .into_iter()
            .map(|statement| match statement {
                ast::Statement::Query(query) => Ok(Statement::Query(query)),
                ast::Statement::StartTransaction { .. } => {
                    Ok(Statement::Transaction(Transaction::Begin(Vec::new())))
                }
                ast::Statement::Commit { chain, .. } => {
                    Ok(Statement::Transaction(Transaction::Commit { chain }))
                }
                ast::Statement::Rollback { chain, .. } => {
                    Ok(Statement::Transaction(Transaction::Rollback { chain }))
                }
                ast::Statement::Copy {
                    source: ast::CopySource::Query(query),
                    ..
                } => Ok(Statement::Copy(Copy {
                    direction: Direction::QueryToStdout(query),
                    format: format.clone(),
                    encoding: None,
                    condition: None,
                })),
                ast::Statement::Set(ast::Set::SingleAssignment {
                    variable, values, ..
                }) => Ok(Statement::Set(Set::Value {
                    name: variable.to_string(),
                    value: Some(values[0].to_string().trim_matches('\'').to_owned()),
                    local: false,
                })),
                other => Err(Error::unsupported(other)),
            })
            .collect()
    }

    fn prepare<'a>(
        &'a self,
        statement: Statement,
        types: &'a [Option<DataType>],
    ) -> BoxFuture<'a, Result<Arc<Prepared>>> {
        self.planned(statement, types).boxed()
    }

    fn execute<'a>(
        &'a self,
        prepared: &'a Prepared,
        parameters: Vec<ScalarValue>,
    ) -> BoxFuture<'a, Result<Outcome>> {
        self.run(prepared, parameters).boxed()
    }

    fn is_brief(&self, prepared: &Prepared) -> bool {
        prepared.statement.to_string().contains("AS brief")
    }

    fn statements(&self) -> &PreparedStatements {
        &self.statements
    }

    fn cursor(&self, name: &str) -> Option<(SchemaRef, bool)> {
        (name == "declared").then(|| (numbers(), true))
    }

    fn fail(&self) -> BoxFuture<'_, ()> {
        let mut status = self.status.lock();
        if *status == TransactionStatus::InTransaction {
            *status = TransactionStatus::Failed;
        }
        ready(()).boxed()
    }

    fn transaction_status(&self) -> TransactionStatus {
        *self.status.lock()
    }

    fn take_notices(&self) -> Vec<Error> {
        std::mem::take(&mut self.notices.lock())
    }

    fn take_parameter_changes(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.changes.lock())
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.lock().get(name).cloned()
    }

    fn settings_number(&self) -> u64 {
        self.settings_number.load(Ordering::Relaxed)
    }
}

impl TestSession {
    async fn planned(
        &self,
        statement: Statement,
        types: &[Option<DataType>],
    ) -> Result<Arc<Prepared>> {
        let (parameter_types, schema) = match &statement {
            Statement::Query(query) if special(query).is_some() => (Vec::new(), Some(numbers())),
            Statement::Query(query) => {
                let frame = self.context.sql(&query.to_string()).await?;
                let plan = frame.logical_plan();
                let inferred = plan.get_parameter_types()?;
                let count = inferred.len().max(types.len());
                let parameter_types = (0..count)
                    .map(|index| {
                        let declared = types.get(index).cloned().flatten();
                        let inferred = inferred.get(&format!("${}", index + 1)).cloned();
                        declared.or(inferred.flatten()).unwrap_or(DataType::Utf8)
                    })
                    .collect();
                let schema = plan.schema().as_arrow().clone();
                (parameter_types, Some(Arc::new(schema)))
            }
            _ => (Vec::new(), None),
        };
        Ok(Arc::new(Prepared {
            statement,
            parameter_types,
            parameter_oids: Vec::new(),
            schema,
            write_command: None,
            is_binary: false,
            text: Arc::from(""),
            is_known: false,
            ready: Mutex::default(),
            kept: Mutex::default(),
        }))
    }

    async fn run(&self, prepared: &Prepared, parameters: Vec<ScalarValue>) -> Result<Outcome> {
        let is_end = matches!(
            &prepared.statement,
            Statement::Transaction(statement) if statement.ends_failure()
        );
        if *self.status.lock() == TransactionStatus::Failed && !is_end {
            let message = "current transaction is aborted";
            return Err(Error::new(SqlState::IN_FAILED_SQL_TRANSACTION, message));
        }
        match &prepared.statement {
            Statement::Query(query) => Ok(Outcome::Rows {
                tag: "SELECT",
                stream: self.rows(query, parameters).await?,
            }),
            Statement::Transaction(statement) => {
                *self.status.lock() = match statement {
                    Transaction::Begin(_) => TransactionStatus::InTransaction,
                    _ => TransactionStatus::Idle,
                };
                Ok(Outcome::Done(statement.to_string()))
            }
            Statement::Set(Set::Value {
                name,
                value: Some(value),
                ..
            }) => {
                self.settings.lock().insert(name.clone(), value.clone());
                self.settings_number.fetch_add(1, Ordering::Relaxed);
                self.changes.lock().push((name.clone(), value.clone()));
                let notice = Error::new(SqlState::WARNING, format!("{name} was set"));
                self.notices.lock().push(notice);
                Ok(Outcome::Done("SET".to_owned()))
            }
            Statement::Copy(Copy {
                direction: Direction::QueryToStdout(query),
                format,
                ..
            }) => Ok(Outcome::CopyOut {
                format: format.clone(),
                encoding: None,
                stream: self.rows(query, Vec::new()).await?,
            }),
            Statement::Copy(Copy { format, .. }) => Ok(Outcome::CopyIn(self.copy_in(format))),
            _ => Err(Error::unsupported("this statement")),
        }
    }

    async fn rows(
        &self,
        query: &ast::Query,
        parameters: Vec<ScalarValue>,
    ) -> Result<SendableRecordBatchStream> {
        let Some(special) = special(query) else {
            let frame = self.context.sql(&query.to_string()).await?;
            let frame = frame.with_param_values(ParamValues::from(parameters))?;
            return Ok(frame.execute_stream().await?);
        };
        let running = Running::new(self.witness.running.clone());
        let batch = || {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1_000));
            RecordBatch::try_new(numbers(), vec![column]).map_err(Into::into)
        };
        let stream = match special {
            Special::HangsToExecute => futures::future::pending().await,
            Special::Commits(made) => {
                let interrupt = Interrupt::current().ok_or_else(|| Error::internal("none"))?;
                assert!(interrupt.commit());
                self.witness.publishing.notify_one();
                self.witness.published.notified().await;
                if !made {
                    interrupt.release();
                    futures::future::pending().await
                }
                futures::stream::iter([batch()]).boxed()
            }
            Special::Hang => futures::stream::pending().boxed(),
            Special::Endless => futures::stream::repeat_with(batch).boxed(),
            Special::Panics => {
                futures::stream::repeat_with(|| panic!("the stream has a bug")).boxed()
            }
        };
        let stream = stream.inspect(move |_| {
            let _keeps = &running;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(numbers(), stream)))
    }

    fn copy_in(&self, format: &CopyFormat) -> CopyIn {
        let (input, mut pieces) = mpsc::channel::<Result<Bytes, CopyAborted>>(1);
        let witness = Arc::clone(&self.witness);
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let mut decoder = CopyDecoder::new(format.clone(), "t", columns);
        // As a sink does, the work goes on in a task of its own.
        let work = tokio::spawn(async move {
            let mut rows = Vec::new();
            while let Some(piece) = pieces.recv().await {
                match piece {
                    Ok(bytes) => rows.extend(decoder.push(&bytes)?),
                    Err(CopyAborted(reason)) => {
                        let _ = witness.aborted.send(reason.clone());
                        return Err(Error::new(SqlState::QUERY_CANCELED, reason));
                    }
                }
            }
            rows.extend(decoder.finish()?);
            let tag = format!("COPY {}", rows.len());
            let fields = rows.into_iter().map(|row| row.fields);
            witness.copied.lock().extend(fields);
            Ok(tag)
        });
        CopyIn {
            columns: 2,
            encoding: None,
            is_binary: *format == CopyFormat::Binary,
            input,
            done: work
                .map(|outcome| outcome.unwrap_or_else(|_| Err(Error::internal("task"))))
                .boxed(),
        }
    }
}

#[derive(Clone, Copy)]
enum Special {
    HangsToExecute,
    /// Cannot be taken back from the moment at which the witness is told; it does something, or
    /// nothing and hangs, once the witness lets it.
    Commits(bool),
    Hang,
    Endless,
    Panics,
}

fn special(query: &ast::Query) -> Option<Special> {
    let text = query.to_string();
    [
        ("FROM hangs_to_execute", Special::HangsToExecute),
        ("FROM commits", Special::Commits(true)),
        ("FROM conflicts", Special::Commits(false)),
        ("FROM hang", Special::Hang),
        ("FROM endless", Special::Endless),
        ("FROM panics", Special::Panics),
    ]
    .into_iter()
    .find_map(|(name, special)| text.contains(name).then_some(special))
}

fn numbers() -> SchemaRef {
    Arc::new(Schema::new(vec![arrow::datatypes::Field::new(
        "n",
        DataType::Int64,
        false,
    )]))
}

pub(super) fn text_format() -> CopyFormat {
    CopyFormat::Text {
        delimiter: b'\t',
        null: "\\N".to_owned(),
        header: Header::None,
    }
}

fn csv_format() -> CopyFormat {
    CopyFormat::Csv {
        delimiter: b',',
        null: String::new(),
        header: Header::None,
        quote: b'"',
        escape: b'"',
        forced: Forced::default(),
    }
}

/// Tells the witness that work began, and when it is dropped.
struct Running(mpsc::UnboundedSender<bool>);

impl Running {
    fn new(sender: mpsc::UnboundedSender<bool>) -> Self {
        let _ = sender.send(true);
        Self(sender)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.send(false);
    }
}
