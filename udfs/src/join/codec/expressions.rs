//! Expressions to bytes and back, as the plan around them has it done.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::plan_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::PhysicalExprNode;

/// Writes expressions.
pub(super) struct Encoder<'a> {
    pub(super) codec: &'a dyn PhysicalExtensionCodec,
    pub(super) converter: &'a dyn PhysicalProtoConverterExtension,
}

impl Encoder<'_> {
    pub(super) fn expression(
        &self,
        expression: &Arc<dyn PhysicalExpr>,
    ) -> Result<PhysicalExprNode> {
        self.converter
            .physical_expr_to_proto(expression, self.codec)
    }
}

/// Reads expressions.
pub(super) struct Decoder<'a> {
    context: PhysicalPlanDecodeContext<'a>,
    converter: &'a dyn PhysicalProtoConverterExtension,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(
        context: &'a TaskContext,
        codec: &'a dyn PhysicalExtensionCodec,
        converter: &'a dyn PhysicalProtoConverterExtension,
    ) -> Self {
        Self {
            context: PhysicalPlanDecodeContext::new(context, codec),
            converter,
        }
    }

    /// An expression over columns; `name` is told where there is none.
    pub(super) fn expression(
        &self,
        node: Option<&PhysicalExprNode>,
        schema: &Schema,
        name: &str,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let node = node.ok_or_else(|| missing(name))?;
        self.converter
            .proto_to_physical_expr(node, schema, &self.context)
    }
}

/// The error of a field that must be there.
pub(super) fn missing(name: &str) -> datafusion::error::DataFusionError {
    plan_datafusion_err!("the serialized plan lacks {name}")
}
