//! Plans with joins on a similarity, to bytes and back.

mod expressions;
mod message;
mod nearest_rows;
mod similarity_join;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::{not_impl_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use prost::Message;

use self::expressions::{Decoder, Encoder};
use self::message::{FORMAT, Node, Operator};
use super::exec::SimilarityJoinExec;
use super::nearest::NearestRowsExec;
use crate::postgres::encoded;

/// Serialises the operators of this library, so that a plan that has them can run elsewhere.
///
/// Functions go by their names: who reads a plan must have registered them with
/// [`register_all`](crate::register_all). What [`PostgresSemantics`](crate::postgres::PostgresSemantics)
/// puts into plans, which no name stands for, is written out. A plan holds no settings: whoever
/// reads it gives a context with those that it was planned with, and a threshold that is another
/// there is an error.
///
/// Bytes that are no plan, or one of a newer build, are an error. A scalar subquery in the filter
/// of a join is one too, as its value is kept outside of the operator.
///
/// ```ignore
/// let bytes = physical_plan_to_bytes_with_extension_codec(plan, &TributaryCodec)?;
/// let plan = physical_plan_from_bytes_with_extension_codec(&bytes, &context, &TributaryCodec)?;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TributaryCodec;

impl PhysicalExtensionCodec for TributaryCodec {
    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let encoder = Encoder {
            codec: self,
            converter,
        };
        let operator = if let Some(join) = node.downcast_ref::<SimilarityJoinExec>() {
            let join = similarity_join::encode(join, &encoder)?;
            Operator::SimilarityJoin(Box::new(join))
        } else if let Some(nearest) = node.downcast_ref::<NearestRowsExec>() {
            let nearest = nearest_rows::encode(nearest, &encoder)?;
            Operator::NearestRows(Box::new(nearest))
        } else {
            return not_impl_err!("{} is no operator of this library", node.name());
        };
        let node = Node {
            format: FORMAT,
            operator: Some(operator),
        };
        buffer.extend(node.encode_to_vec());
        Ok(())
    }

    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let node = Node::decode(buffer)
            .map_err(|error| plan_datafusion_err!("the serialized plan cannot be read: {error}"))?;
        if node.format != FORMAT {
            return plan_err!(
                "the serialized plan has format {}, and this build reads format {FORMAT}",
                node.format
            );
        }
        let decoder = Decoder::new(context, self, converter);
        Ok(match &node.operator {
            Some(Operator::SimilarityJoin(join)) => {
                Arc::new(similarity_join::decode(join, inputs, &decoder)?)
            }
            Some(Operator::NearestRows(nearest)) => {
                Arc::new(nearest_rows::decode(nearest, inputs, &decoder)?)
            }
            None => return plan_err!("the serialized plan has an operator that is not known here"),
        })
    }

    fn try_encode_udf(&self, function: &ScalarUDF, buffer: &mut Vec<u8>) -> Result<()> {
        encoded::encode(function, buffer)
    }

    fn try_decode_udf(&self, name: &str, buffer: &[u8]) -> Result<Arc<ScalarUDF>> {
        encoded::decode(name, buffer)
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, buffer: &mut Vec<u8>) -> Result<()> {
        encoded::encode_aggregate(function, buffer);
        Ok(())
    }

    fn try_decode_udaf(&self, name: &str, buffer: &[u8]) -> Result<Arc<AggregateUDF>> {
        encoded::decode_aggregate(name, buffer)
    }
}
