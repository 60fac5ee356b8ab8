//! The bytes of the operators, as Protocol Buffers.
//!
//! A field is never given another meaning, nor its number another field: what plans need anew gets
//! a number of its own, and [`FORMAT`] rises where older builds would read such a plan wrongly.

use datafusion_proto::protobuf::{JoinFilter, JoinOn, PhysicalExprNode, PhysicalSortExprNode};
use prost::{Message, Oneof};

/// The version of what is written.
pub(super) const FORMAT: u32 = 1;

/// A node of a plan, without its children.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    /// [`FORMAT`], of the build that wrote the node.
    #[prost(uint32, tag = "1")]
    pub(super) format: u32,
    #[prost(oneof = "Operator", tags = "2, 3")]
    pub(super) operator: Option<Operator>,
}

/// Which operator it is.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Operator {
    #[prost(message, tag = "2")]
    SimilarityJoin(Box<SimilarityJoin>),
    #[prost(message, tag = "3")]
    NearestRows(Box<NearestRows>),
}

/// `SimilarityJoinExec`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SimilarityJoin {
    /// As `JoinType` is displayed.
    #[prost(string, tag = "1")]
    pub(super) join_type: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) on: Vec<JoinOn>,
    #[prost(bool, tag = "3")]
    pub(super) null_equals_null: bool,
    /// The text of the left side, over its columns.
    #[prost(message, optional, tag = "4")]
    pub(super) left_text: Option<PhysicalExprNode>,
    /// The text of the right side, over its columns.
    #[prost(message, optional, tag = "5")]
    pub(super) right_text: Option<PhysicalExprNode>,
    /// The condition over two columns, the left and the right text.
    #[prost(message, optional, tag = "6")]
    pub(super) comparison: Option<PhysicalExprNode>,
    /// What the condition comes to, which may depend on a setting.
    #[prost(oneof = "Bound", tags = "7, 8")]
    pub(super) bound: Option<Bound>,
    #[prost(message, optional, tag = "9")]
    pub(super) filter: Option<JoinFilter>,
    #[prost(message, optional, tag = "10")]
    pub(super) projection: Option<Projection>,
    #[prost(bool, tag = "11")]
    pub(super) mirror: bool,
    /// The side that is built: 0 for the left, 1 for the right, 2 for the smaller.
    #[prost(uint32, tag = "12")]
    pub(super) build: u32,
}

/// From where on texts are similar.
#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum Bound {
    #[prost(uint32, tag = "7")]
    AtMost(u32),
    #[prost(double, tag = "8")]
    AtLeast(f64),
}

/// The columns that are given out.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Projection {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) columns: Vec<u32>,
}

/// `NearestRowsExec`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct NearestRows {
    /// The similarity, and the order in which the nearest come first.
    #[prost(message, optional, tag = "1")]
    pub(super) by: Option<PhysicalSortExprNode>,
    #[prost(uint64, tag = "2")]
    pub(super) rows: u64,
}
