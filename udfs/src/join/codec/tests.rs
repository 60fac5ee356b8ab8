//! Plans that went through bytes give the same rows, and bytes that are no plan an error.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::SessionContext;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::physical_plan::{DefaultPhysicalProtoConverter, PhysicalExtensionCodec};
use proptest::prelude::*;
use prost::Message;

use super::super::nearest::tests::STATEMENTS;
use super::super::tests::{
    FILTERS, JOINS, KEYS, Settings, conditions, register, sample, shown, statement, switch,
};
use super::TributaryCodec;
use super::message::{Bound, FORMAT, NearestRows, Node, Operator, Projection, SimilarityJoin};
use crate::TrigramThresholds;
use crate::postgres::PostgresSemantics;

/// A session with tables; whoever reads its plans has the functions, and no tables.
fn planning() -> SessionContext {
    let context = Settings::default().context();
    register(&context, "a", &sample(1), 2);
    register(&context, "b", &sample(2), 1);
    context
}

async fn planned(context: &SessionContext, statement: &str) -> Arc<dyn ExecutionPlan> {
    let planned = context.sql(statement).await.unwrap();
    planned.create_physical_plan().await.unwrap()
}

fn explained(plan: &Arc<dyn ExecutionPlan>) -> String {
    displayable(plan.as_ref()).indent(true).to_string()
}

async fn round_trip(context: &SessionContext, statement: &str, operator: &str) {
    let reading = Settings::default().context();
    let plan = planned(context, statement).await;
    assert!(explained(&plan).contains(operator), "{statement}");
    let bytes =
        physical_plan_to_bytes_with_extension_codec(Arc::clone(&plan), &TributaryCodec).unwrap();
    let read =
        physical_plan_from_bytes_with_extension_codec(&bytes, &reading.task_ctx(), &TributaryCodec)
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    assert_eq!(explained(&read), explained(&plan), "{statement}");
    let mut found = shown(&collect(read, reading.task_ctx()).await.unwrap());
    let mut expected = shown(&collect(plan, context.task_ctx()).await.unwrap());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{statement}");
}

#[tokio::test]
async fn joins_survive() {
    let context = planning();
    for condition in conditions("lower(a.name)", "b.name") {
        let statement = format!("SELECT a.id, b.v FROM a JOIN b ON {condition}");
        round_trip(&context, &statement, "SimilarityJoinExec").await;
    }
    let condition = "levenshtein(a.name, b.name) <= 2";
    // NOT IN stays a hash join.
    for join in JOINS.into_iter().filter(|join| !join.contains("NOT IN")) {
        for (key, filter) in KEYS.into_iter().zip(FILTERS) {
            let statement = statement(join, key, condition, filter);
            round_trip(&context, &statement, "SimilarityJoinExec").await;
        }
    }
    let mirrored = "SELECT x.id, y.id FROM a x JOIN a y ON x.id < y.id AND x.name % y.name";
    round_trip(&context, mirrored, "SimilarityJoinExec").await;
}

#[tokio::test]
async fn nearest_rows_survive() {
    let context = planning();
    for statement in STATEMENTS {
        round_trip(&context, statement, "NearestRowsExec").await;
    }
}

#[tokio::test]
async fn what_postgres_computes_survives() {
    let context = planning();
    let state = SessionStateBuilder::new_from_existing(context.state())
        .with_analyzer_rule(Arc::new(PostgresSemantics))
        .build();
    let context = SessionContext::new_with_state(state);
    let statement = "SELECT a.id + b.id, -a.v, sum(b.v) FROM a JOIN b \
         ON a.v * 2 - 1 < b.v AND levenshtein(a.name, CAST(b.v / 0.5 AS BIGINT) || b.name) <= 3 \
         GROUP BY a.id, b.id, a.v";
    round_trip(&context, statement, "SimilarityJoinExec").await;
    let bytes = physical_plan_to_bytes_with_extension_codec(
        planned(&context, statement).await,
        &TributaryCodec,
    );
    let bytes = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    for function in ["checked_add", "checked_negate", "postgres_cast", "exact"] {
        assert!(bytes.contains(function), "{function}");
    }
}

/// The bytes of the operator of a statement, and its inputs.
async fn encoded(
    context: &SessionContext,
    statement: &str,
) -> (Vec<u8>, Vec<Arc<dyn ExecutionPlan>>) {
    let mut found = None;
    let plan = planned(context, statement).await;
    plan.apply(|node| {
        let mut bytes = Vec::new();
        let converter = DefaultPhysicalProtoConverter {};
        let encoded = TributaryCodec.try_encode(Arc::clone(node), &mut bytes, &converter);
        if encoded.is_ok() {
            let inputs = node.children().into_iter().map(Arc::clone).collect();
            found = Some((bytes, inputs));
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found.unwrap()
}

fn decoded(
    context: &SessionContext,
    bytes: &[u8],
    inputs: &[Arc<dyn ExecutionPlan>],
) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
    let converter = DefaultPhysicalProtoConverter {};
    TributaryCodec.try_decode(bytes, inputs, &context.task_ctx(), &converter)
}

const JOIN: &str = "SELECT a.id, b.name FROM a JOIN b ON a.k = b.k AND a.v < b.v \
     AND jaro_similarity(a.name, b.name) >= 0.8";
const NEAREST: &str = "SELECT id FROM a ORDER BY levenshtein(name, 'anna') LIMIT 3";

#[tokio::test]
async fn a_plan_that_does_not_fit_is_an_error() {
    let context = planning();
    let (bytes, inputs) = encoded(&context, JOIN).await;
    let node = Node::decode(bytes.as_slice()).unwrap();
    let Some(Operator::SimilarityJoin(join)) = node.operator else {
        panic!("{JOIN} is no join");
    };
    let check = |wrong: &str, change: &dyn Fn(&mut SimilarityJoin)| {
        let mut join = join.as_ref().clone();
        change(&mut join);
        let node = Node {
            format: FORMAT,
            operator: Some(Operator::SimilarityJoin(Box::new(join))),
        };
        let result = decoded(&context, &node.encode_to_vec(), &inputs);
        let error = result.err().unwrap_or_else(|| panic!("{wrong} was read"));
        let error = error.to_string();
        assert!(error.contains(wrong), "{error}");
    };
    check("does not exist", &|join| join.join_type = "Upper".into());
    check("no column 99", &|join| {
        join.projection = Some(Projection { columns: vec![99] });
    });
    check("lacks a similarity", &|join| join.comparison = None);
    check("lacks the text of the left side", &|join| {
        join.left_text = None;
    });
    check("not a text", &|join| {
        // The key is a number.
        join.left_text.clone_from(&join.on[0].left);
    });
    check("no index of this build serves", &|join| {
        join.comparison.clone_from(&join.left_text);
    });
    check("planned with other settings", &|join| {
        join.bound = Some(Bound::AtLeast(0.81));
    });
    check("planned with other settings", &|join| join.bound = None);
    check("lacks a key of the right side", &|join| {
        join.on[0].right = None;
    });
    check("cannot be compared", &|join| {
        join.on[0].left.clone_from(&join.left_text);
    });
    check("builds no side 3", &|join| join.build = 3);
    check("lacks a filter", &|join| {
        join.filter.as_mut().unwrap().expression = None;
    });
    check("is not column 77 of its side", &|join| {
        join.filter.as_mut().unwrap().column_indices[0].index = 77;
    });
    check("reads a mark", &|join| {
        join.filter.as_mut().unwrap().column_indices[0].side = 2;
    });
    check("no side 9", &|join| {
        join.filter.as_mut().unwrap().column_indices[0].side = 9;
    });
    check("places of columns", &|join| {
        join.filter.as_mut().unwrap().column_indices.pop();
    });
    check("not a condition", &|join| {
        let filter = join.filter.as_mut().unwrap();
        filter.expression.clone_from(&join.on[0].left);
    });
    assert!(decoded(&context, &bytes, &inputs[..1]).is_err());
    assert!(decoded(&context, &bytes, &inputs).is_ok());
}

#[tokio::test]
async fn what_this_build_does_not_know_is_an_error() {
    let context = planning();
    let (bytes, inputs) = encoded(&context, NEAREST).await;
    let read = |node: &Node| decoded(&context, &node.encode_to_vec(), &inputs);
    let node = Node::decode(bytes.as_slice()).unwrap();
    assert!(read(&node).is_ok());
    let newer = Node {
        format: FORMAT + 1,
        ..node.clone()
    };
    let error = read(&newer).unwrap_err().to_string();
    assert!(error.contains("this build reads format 1"), "{error}");
    let unknown = Node {
        operator: None,
        ..node.clone()
    };
    assert!(read(&unknown).is_err());
    let Some(Operator::NearestRows(nearest)) = node.operator else {
        panic!("{NEAREST} keeps no nearest rows");
    };
    for rows in [0, 10_001, u64::MAX] {
        let nearest = NearestRows {
            rows,
            ..nearest.as_ref().clone()
        };
        let node = Node {
            format: FORMAT,
            operator: Some(Operator::NearestRows(Box::new(nearest))),
        };
        let error = read(&node).unwrap_err().to_string();
        assert!(error.contains("not 1 to 10000"), "{error}");
    }
}

#[tokio::test]
async fn functions_that_are_not_registered_are_an_error() {
    let context = planning();
    let (bytes, inputs) = encoded(&context, NEAREST).await;
    let error = decoded(&SessionContext::new(), &bytes, &inputs);
    // DataFusion's own function of that name is another.
    let error = error.unwrap_err().to_string();
    assert!(error.contains("does not bound"), "{error}");
    let (bytes, inputs) = encoded(&context, JOIN).await;
    let error = decoded(&SessionContext::new(), &bytes, &inputs);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("jaro_similarity, a function"), "{error}");
}

#[tokio::test]
async fn another_threshold_is_an_error() {
    let context = planning();
    switch(&context, true).await;
    let statement = "SELECT a.id FROM a JOIN b ON a.name % b.name";
    let (bytes, inputs) = encoded(&context, statement).await;
    assert!(decoded(&context, &bytes, &inputs).is_ok());
    let mut state = context.state();
    let thresholds = TrigramThresholds::new(0.5, 0.6, 0.5);
    let config = state.config().clone().with_option_extension(thresholds);
    *state.config_mut() = config;
    let other = SessionContext::new_with_state(state);
    let error = decoded(&other, &bytes, &inputs).unwrap_err().to_string();
    assert!(error.contains("planned with other settings"), "{error}");
}

/// What is done to bytes.
#[derive(Clone, Debug)]
enum Damage {
    Cut(usize),
    Replace(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |place: usize| place % (bytes.len() + 1);
        match self {
            Self::Cut(place) => bytes.truncate(at(*place)),
            Self::Replace(place, value) => {
                let place = at(*place);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = *value;
                }
            }
            Self::Insert(place, new) => {
                let place = at(*place);
                bytes.splice(place..place, new.iter().copied());
            }
            Self::Remove(place, count) => {
                let place = at(*place);
                let end = (place + count).min(bytes.len());
                bytes.drain(place..end);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        1 => any::<usize>().prop_map(Damage::Cut),
        4 => (any::<usize>(), any::<u8>()).prop_map(|(place, byte)| Damage::Replace(place, byte)),
        1 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..6))
            .prop_map(|(place, bytes)| Damage::Insert(place, bytes)),
        1 => (any::<usize>(), 1..6_usize).prop_map(|(place, count)| Damage::Remove(place, count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn damaged_bytes_never_panic(
        damages in prop::collection::vec(prop::collection::vec(damage(), 1..4), 64),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let context = planning();
            let _ = decoded(&context, &noise, &[]);
            for statement in [JOIN, NEAREST] {
                let (bytes, inputs) = encoded(&context, statement).await;
                for damages in &damages {
                    let mut bytes = bytes.clone();
                    damages.iter().for_each(|damage| damage.apply(&mut bytes));
                    if let Ok(plan) = decoded(&context, &bytes, &inputs) {
                        // What is read can be shown and run, to its end or an error.
                        let _ = explained(&plan);
                        let _ = collect(plan, context.task_ctx()).await;
                    }
                }
            }
        });
    }
}
