//! What `EXPLAIN ANALYZE` shows of a join.

use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, SpillMetrics, Time,
};

use super::searcher::Found;

/// The metrics of one partition.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    pub(super) baseline: BaselineMetrics,
    pub(super) counts: Counts,
    /// How long it took to gather the build side and to build its indexes.
    pub(super) build_time: Time,
    pub(super) build_rows: Count,
    /// The distinct texts of the build side, for each of its keys.
    pub(super) build_texts: Count,
    pub(super) spill: SpillMetrics,
}

impl Metrics {
    pub(super) fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let count = |name| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            baseline: BaselineMetrics::new(metrics, partition),
            counts: Counts {
                candidates: count("candidates"),
                verified: count("verified"),
                matched: count("matched"),
            },
            build_time: MetricBuilder::new(metrics).subset_time("build_time", partition),
            build_rows: count("build_rows"),
            build_texts: count("build_texts"),
            spill: SpillMetrics::new(metrics, partition),
        }
    }
}

/// How many pairs of distinct texts were looked at.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    candidates: Count,
    verified: Count,
    matched: Count,
}

impl Counts {
    pub(super) fn add(&self, found: &Found) {
        self.candidates.add(found.candidates as usize);
        self.verified.add(found.verified as usize);
        self.matched.add(found.matched as usize);
    }
}
