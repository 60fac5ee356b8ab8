//! Makes a change: one commit takes the old rows out and puts the new ones in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::StreamExt as _;
use parking_lot::Mutex;

use super::divider::{Answers, Divider};
use super::put::{self, PutAnswer};
use super::{Changing, Planned};
use crate::error::Result;
use crate::execute::query;
use crate::instance::{LockGuard, StatementContext};
use crate::models::constraints::Constraints;
use crate::models::keyed::{self, Put};
use crate::models::replacement::Unchanged;
use crate::session::{Outcome, Session};
use crate::warehouse::{Beside, CommitInfo, Places};

impl Changing {
    /// Changes the rows that a plan finds.
    ///
    /// # Errors
    /// What the rows meet; 23502 for NULL in a column that has none; 21000 for a row that is found
    /// twice by a statement that refuses that; 40001 where the table was changed meanwhile.
    pub async fn run(
        self,
        session: &Session,
        context: StatementContext,
        planned: Planned,
        parameters: Vec<ScalarValue>,
        command: &'static str,
        guard: LockGuard,
    ) -> Result<Outcome> {
        let state = context.state;
        let pool = Arc::clone(&state.runtime_env().memory_pool);
        let plan = query::bind(planned.plan, parameters.clone(), &state)?;
        let found = query::stream(state.clone(), plan).await?;
        let found = match planned.rejections {
            Some(writer) => writer.precede(found),
            None => found,
        };
        let gone = Arc::new(Mutex::new(Places::default()));
        let rows = Arc::new(AtomicU64::new(0));
        let answers = Arc::new(Mutex::new(Answers {
            batches: Vec::new(),
            memory: MemoryConsumer::new(format!("{command} RETURNING")).register(&pool),
        }));
        let schema = Arc::clone(&self.object.schema);
        let constraints = Constraints::new(
            &state,
            &self.object,
            planned.layout.repeated,
            planned.layout.arbiters.as_deref(),
        )?;
        let instance = &session.instance;
        let participant =
            constraints.participant(instance, &state, Some(Arc::clone(&gone)), Some(guard));
        let answered = match planned.answered {
            Some(PutAnswer { plan, rows }) => {
                let plan = query::bind(plan, parameters, &state)?;
                let answer = PutAnswer { plan, rows };
                let returning = Arc::clone(&planned.returning);
                let answers = Arc::clone(&answers);
                Some(answer.seen(state.clone(), &schema, returning, answers, &pool))
            }
            None => None,
        };
        let puts = planned.layout.puts;
        let moves = match &self.earlier {
            Some(earlier) => Some(self.modification.moves_from(earlier).await?),
            None => None,
        };
        let mut divider = Divider {
            constraints,
            object: Arc::clone(&self.object),
            width: planned.width,
            layout: planned.layout,
            returning: Arc::clone(&planned.returning),
            gone: Arc::clone(&gone),
            deleted: self.modification.remembered(),
            places: MemoryConsumer::new(format!("{command} rows")).register(&pool),
            rows: Arc::clone(&rows),
            answers: Arc::clone(&answers),
            moves,
        };
        let info = CommitInfo::new(command);
        if puts {
            let (changed, added) = put::divided(found, divider, &schema);
            let (added, rejected) = keyed::let_in(instance, &state, &self.object, added)?;
            let beside = Beside {
                changed,
                gone,
                seen: Constraints::of_merged(&state, &self.object, answered)?,
            };
            let (modification, state) = (self.modification, Arc::new(state));
            let upserted = modification
                .upsert_beside(state, added, Some(beside), info, Some(participant))
                .await?;
            rows.fetch_add(upserted.rows, Ordering::Relaxed);
            let put = Put {
                upserted,
                rejected: rejected.load(Ordering::Relaxed),
            };
            for notice in put.notices() {
                session.notice(notice);
            }
        } else {
            let new = found.map(move |batch| Ok(divider.divide(&batch?)?.changed));
            let new = Box::pin(RecordBatchStreamAdapter::new(schema, new));
            self.modification
                .commit(Arc::new(state), new, gone, info, Some(participant))
                .await?;
        }
        if planned.returning.fields().is_empty() {
            let rows = rows.load(Ordering::Relaxed);
            let of_insert = if command == "INSERT" { "0 " } else { "" };
            return Ok(Outcome::Done(format!("{command} {of_insert}{rows}")));
        }
        let batches = std::mem::take(&mut answers.lock().batches);
        let stream = MemoryStream::try_new(batches, planned.returning, None)?;
        let memory = Arc::clone(&answers);
        let stream = RecordBatchStreamAdapter::new(
            datafusion::physical_plan::RecordBatchStream::schema(&stream),
            stream.inspect(move |_| {
                // The rows are accounted for until the last one is sent.
                let _ = &memory;
            }),
        );
        Ok(Outcome::Rows {
            tag: command,
            stream: Box::pin(stream),
        })
    }

    /// Takes out all rows.
    ///
    /// # Errors
    /// 40001 where the table was changed meanwhile; what the store says.
    pub async fn clear(self, session: &Session, command: &str) -> Result<()> {
        let unchanged = Unchanged {
            instance: Arc::clone(&session.instance),
            object: Arc::clone(&self.object),
        };
        let info = CommitInfo::new(command);
        self.modification
            .clear(info, Some(Arc::new(unchanged)))
            .await?;
        Ok(())
    }
}
