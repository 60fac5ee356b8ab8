//! `entity_label_suggestions`: the pairs that a human decision on would teach the most.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::scalar::ScalarValue;
use tributary_udfs::resolve::{Decisions, Pair, Resolver, label_suggestions};

use super::super::{found, links, scan};
use super::Asked;
use crate::error::{Error, Result, SqlState};

/// The most pairs that label suggestions give.
const MOST_SUGGESTIONS: usize = 100_000;

/// Pairs of records, by their places.
pub(super) type Places = Vec<(u32, u32)>;

impl Asked {
    /// The pairs that a human should be asked about, without those that one has decided or labelled.
    pub(super) async fn suggest(&self, most: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let value = self.value(most).await?;
        // By its text, lest what is no whole number is taken for one.
        let text = match value.cast_to(&DataType::Utf8) {
            Ok(ScalarValue::Utf8(Some(text))) => text,
            _ => value.to_string(),
        };
        let most = text.trim().parse::<usize>().ok();
        let Some(most) = most.filter(|most| *most <= MOST_SUGGESTIONS) else {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{text} is no number of pairs"),
            )
            .with_hint(format!("Ask for 0 to {MOST_SUGGESTIONS}.")));
        };
        let index = self.index().await?;
        let (must, cannot) = self.decided(&index.resolver).await?;
        let ordered = |(left, right): (u32, u32)| (left.max(right), left.min(right));
        let (definition, own) = (self.model.definition()?, self.model.clusters.schema());
        let records = index.resolver.records();
        let labels = links::labels(&self.context(), definition, (records, &own)).await?;
        let labelled = labels
            .pairs
            .into_iter()
            .map(|label| (label.left, label.right));
        let decided = must.into_iter().chain(cannot).chain(labelled);
        let decided: HashSet<(u32, u32)> = decided.map(ordered).collect();
        scan::blocking(move || {
            let open: Vec<Pair> = index
                .pairs
                .iter()
                .filter(|pair| !decided.contains(&(pair.left, pair.right)))
                .copied()
                .collect();
            let chosen = label_suggestions(&open, &index.clusters, most);
            let arrays = found::pairs(&index.resolver, &chosen, &columns)?;
            Ok(RecordBatch::try_new(columns, arrays)?)
        })
        .await
    }

    /// The pairs that humans have decided.
    pub(super) async fn decided(&self, resolver: &Resolver) -> Result<(Places, Places)> {
        let context = self.context();
        let definition = self.model.definition()?;
        let (records, own) = (resolver.records(), self.model.clusters.schema());
        let of = |option| links::read(&context, definition, option, (records, &own));
        Ok((
            of(links::MUST_LINK).await?.pairs,
            of(links::CANNOT_LINK).await?.pairs,
        ))
    }

    /// The decisions of humans, for the engine.
    pub(super) async fn decisions(&self, resolver: &Resolver) -> Result<Decisions> {
        let (must, cannot) = self.decided(resolver).await?;
        let decisions = Decisions::new(resolver.records(), &must, &cannot);
        Ok(decisions.map_err(DataFusionError::from)?)
    }
}
