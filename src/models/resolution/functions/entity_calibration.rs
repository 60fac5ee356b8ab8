//! `entity_calibration`: whether probabilities are what they say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use tributary_udfs::resolve::{CalibrationBin, Pair, calibration_of_labels};

use super::super::learned::{Bin, Learned};
use super::super::{links, scan};
use super::Asked;
use crate::error::Result;

/// The pairs of a range of probabilities: all, and those of which people tell what they are.
#[derive(Default)]
struct Range {
    from: f64,
    all: Option<Bin>,
    labelled: Option<CalibrationBin>,
}

impl Asked {
    pub(super) async fn calibration(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let bins = Learned::read(&self.model).await?.report.calibration;
        let labelled = self.labelled().await?;
        let has_labels = labelled.is_some();
        let mut ranges: BTreeMap<u32, Range> = BTreeMap::new();
        // What was written and read again may not be the same number.
        let place = |from: f64| (from * 1000.0).round() as u32;
        for bin in bins {
            let range = ranges.entry(place(bin.from)).or_default();
            range.from = bin.from;
            range.all = Some(bin);
        }
        for bin in labelled.into_iter().flatten() {
            let range = ranges.entry(place(bin.from)).or_default();
            range.from = bin.from;
            range.labelled = Some(bin);
        }
        let ranges: Vec<Range> = ranges.into_values().collect();
        let numbers = |of: &dyn Fn(&Range) -> Option<f64>| -> ArrayRef {
            Arc::new(ranges.iter().map(of).collect::<Float64Array>())
        };
        let counts = |of: &dyn Fn(&Range) -> Option<u64>| -> ArrayRef {
            let counts = ranges.iter().map(of);
            let counts = counts.map(|count| i64::try_from(count?).ok());
            Arc::new(counts.collect::<Int64Array>())
        };
        let of_all = |range: &Range| range.all.as_ref().map_or(0, |bin| bin.pairs);
        let of_labelled = |range: &Range| range.labelled.map_or(0, |bin| bin.pairs);
        let arrays = vec![
            numbers(&|range| Some(range.from)),
            counts(&|range| Some(of_all(range))),
            numbers(&|range| Some(range.all.as_ref()?.expected)),
            numbers(&|range| Some(range.all.as_ref()?.observed)),
            counts(&|range| has_labels.then(|| of_labelled(range))),
            numbers(&|range| Some(range.labelled?.observed)),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    /// What people say of pairs, by the probabilities of these; none where the model knows no relation
    /// that tells. A decision counts for more than a label.
    async fn labelled(&self) -> Result<Option<Vec<CalibrationBin>>> {
        let definition = self.model.definition()?;
        let relations = [links::LABELS, links::MUST_LINK, links::CANNOT_LINK];
        if !relations
            .iter()
            .any(|name| definition.options.get(name).is_some())
        {
            return Ok(None);
        }
        let index = self.index().await?;
        let (records, own) = (index.resolver.records(), self.model.clusters.schema());
        let labels = links::labels(&self.context(), definition, (records, &own)).await?;
        let (must, cannot) = self.decided(&index.resolver).await?;
        let labels = labels.pairs.into_iter();
        let labels = labels.map(|label| ((label.left, label.right), label.is_match));
        let must = must.into_iter().map(|pair| (pair, true));
        let cannot = cannot.into_iter().map(|pair| (pair, false));
        let ordered = |(left, right): (u32, u32)| (left.max(right), left.min(right));
        let said = labels.chain(must).chain(cannot);
        let said: HashMap<(u32, u32), bool> = said
            .map(|(pair, is_match)| (ordered(pair), is_match))
            .collect();
        scan::blocking(move || {
            let (pairs, is_match): (Vec<(u32, u32)>, Vec<bool>) = said.into_iter().unzip();
            let weighed = index.resolver.weigh(&pairs)?;
            let labelled: Vec<(Pair, bool)> = weighed.into_iter().zip(is_match).collect();
            Ok(Some(calibration_of_labels(&labelled)))
        })
        .await
    }
}
