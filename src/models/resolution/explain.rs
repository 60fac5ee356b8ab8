//! `EXPLAIN REFRESH MODEL`: what a refresh would do, and why.

use std::sync::Arc;

use super::calls::{FUNCTIONS_CHANGED, Functions};
use super::changed::{Changed, Held};
use super::input::Input;
use super::learned::Learned;
use super::outgrown::Outgrown;
use super::refresh::{Refresh, lacks_knowledge};
use super::{Resolved, columns};
use crate::error::Result;
use crate::execute::query;
use crate::instance::Reading;
use crate::models::refresh::Extent;
use crate::session::plan;

impl Refresh<'_> {
    /// Tells whether it would score what has changed alone, how much that is, or what is in the way.
    /// The records are read for it, and nothing is written.
    ///
    /// # Errors
    /// What the refresh would meet as it reads its records.
    pub async fn explain(&self) -> Result<Vec<String>> {
        let instance = self.instance;
        let in_full = |lines: &[&str]| {
            let mut told = vec![format!("Refresh of {}: full", self.object.described())];
            told.extend(lines.iter().map(|line| format!("  {line}")));
            told
        };
        let before = Resolved::latest(instance, &Arc::new(self.object.clone())).await?;
        let Some(before) = before else {
            return Ok(in_full(&["It learns from all records: it never did"]));
        };
        if self.extent == Extent::Anew {
            return Ok(in_full(&["It learns again, from all records"]));
        }
        let known = Learned::read(&before).await?;
        if let Some(reason) = lacks_knowledge(&known.model)
            && self.extent != Extent::Entities
        {
            return Ok(in_full(&[
                &format!("In the way: {reason}"),
                "It learns again, from all records",
            ]));
        }
        let settings = &instance.configuration.session;
        let context = instance.statement(settings, Reading::Rows);
        let functions = Functions::of(&context.snapshot, self.definition)?.told()?;
        if !before.has_learned_with(functions.as_deref(), &context.snapshot) {
            return Ok(in_full(&[
                &format!("In the way: {FUNCTIONS_CHANGED}"),
                "It learns again, from all records",
            ]));
        }
        let plan = plan::definition(&context, &self.definition.query, &[]).await?;
        let input = plan::columns(&plan);
        let clusters = columns(&context.state, self.definition, &input).await?;
        let taking = Input::new(&context.state, self.definition, &input).await?;
        self.check_columns(&known.model, &taking)?;
        let obstacle = self.obstacle(&before, &input, &clusters).await?;
        let mut whole = None;
        if obstacle.is_none() {
            let source = self.source(&context, &plan).await?;
            match self.traced(&source, &context, &before).await? {
                Ok(changed) => {
                    let new = changed.new;
                    let others = changed.hashes.len() - new;
                    let told = (changed.read, new, others, changed.gone.len());
                    return Ok(self.incrementally(None, told));
                }
                Err(reason) => whole = Some(reason),
            }
        }
        let mut rows = query::stream(context.state.clone(), plan).await?;
        if let Some(most) = known.model.most_records() {
            let outgrown = Outgrown::look(rows, most).await?;
            rows = outgrown.rows;
            if outgrown.is_outgrown {
                return Ok(in_full(&[
                    &format!("Outgrown: {}", Outgrown::reason(most)),
                    "It learns again, from all records",
                ]));
            }
        }
        if let Some(obstacle) = obstacle {
            return Ok(in_full(&[
                &format!("In the way: {obstacle}"),
                "It scores all records by what it has learned",
            ]));
        }
        let index = instance.indexes.look(&before).await?;
        let names = self.names();
        let pool = &instance.runtime().memory_pool;
        let changed = Changed::read(Held::new(&index, &names), rows, pool).await?;
        let others = changed.hashes.len() - changed.new;
        let told = (changed.read, changed.new, others, changed.gone.len());
        Ok(self.incrementally(whole, told))
    }

    /// What is told of a refresh that takes in what has changed: why all records are read for that, if
    /// they are, and how many of them are read, new, others than they were, and gone.
    fn incrementally(
        &self,
        whole: Option<String>,
        (read, new, others, gone): (u64, usize, usize, usize),
    ) -> Vec<String> {
        let mut told = vec![format!(
            "Refresh of {}: incremental",
            self.object.described()
        )];
        told.extend(whole.map(|reason| format!("  All Records Are Read: {reason}")));
        told.extend([
            format!("  Records Read: {read}"),
            format!("  New: {new}"),
            format!("  Changed: {others}"),
            format!("  Gone: {gone}"),
        ]);
        told
    }
}
