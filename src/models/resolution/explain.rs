//! `EXPLAIN REFRESH MODEL`: what a refresh would do, and why.

use std::sync::Arc;

use futures::TryStreamExt;

use super::changed::{Held, State};
use super::input::Input;
use super::learned::Learned;
use super::outgrown::Outgrown;
use super::refresh::Refresh;
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
        let settings = &instance.configuration.session;
        let context = instance.statement(settings, Reading::Rows);
        let plan = plan::definition(&context, &self.definition.query, &[]).await?;
        let clusters = columns(&context.state, self.definition, &plan::columns(&plan))?;
        let mut rows = query::stream(context.state.clone(), plan).await?;
        let schema = rows.schema();
        let taking = Input::new(&context.state, self.definition, &schema)?;
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
        self.check_columns(&known.model, &taking)?;
        if let Some(obstacle) = self.obstacle(&before, &schema, &clusters).await? {
            return Ok(in_full(&[
                &format!("In the way: {obstacle}"),
                "It scores all records by what it has learned",
            ]));
        }
        let index = instance.indexes.look(&before).await?;
        let names = self.names();
        let mut held = Held::new(&index, &names);
        let (mut new, mut others, mut read) = (0, 0, 0);
        while let Some(batch) = rows.try_next().await? {
            read += batch.num_rows();
            let (states, _) = held.hold(&batch)?;
            new += states.iter().filter(|state| **state == State::New).count();
            others += states
                .iter()
                .filter(|state| **state == State::Other)
                .count();
        }
        Ok(vec![
            format!("Refresh of {}: incremental", self.object.described()),
            format!("  Records Read: {read}"),
            format!("  New: {new}"),
            format!("  Changed: {others}"),
            format!("  Gone: {}", held.gone().len()),
        ])
    }
}
