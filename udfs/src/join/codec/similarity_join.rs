//! `SimilarityJoinExec` to bytes and back.

use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::{JoinSide, JoinType, NullEquality, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion_proto::protobuf;

use super::expressions::{Decoder, Encoder, missing};
use super::message::{Bound, Projection, SimilarityJoin};
use crate::join::comparison::Comparison;
use crate::join::exec::SimilarityJoinExec;
use crate::join::parts::{Build, Parts};
use crate::join::predicate;
use crate::join::similarity::Similarity;

pub(super) fn encode(join: &SimilarityJoinExec, encoder: &Encoder<'_>) -> Result<SimilarityJoin> {
    let Parts {
        left: _,
        right: _,
        join_type,
        on,
        null_equality,
        similarity,
        filter,
        projection,
        mirror,
        build,
    } = join.parts();
    let on = on.iter().map(|(left, right)| {
        Ok(protobuf::JoinOn {
            left: Some(encoder.expression(left)?),
            right: Some(encoder.expression(right)?),
        })
    });
    let projection = projection.as_ref().map(|columns| {
        let columns = columns.iter().map(|column| place(*column));
        columns.collect::<Result<_>>()
    });
    Ok(SimilarityJoin {
        join_type: join_type.to_string(),
        on: on.collect::<Result<_>>()?,
        null_equals_null: *null_equality == NullEquality::NullEqualsNull,
        left_text: Some(encoder.expression(&similarity.left)?),
        right_text: Some(encoder.expression(&similarity.right)?),
        comparison: Some(encoder.expression(&similarity.comparison)?),
        bound: Some(bound(similarity.predicate.bound)),
        filter: filter
            .as_ref()
            .map(|filter| encode_filter(filter, encoder))
            .transpose()?,
        projection: projection
            .transpose()?
            .map(|columns| Projection { columns }),
        mirror: *mirror,
        build: match build {
            Build::Left => 0,
            Build::Right => 1,
            Build::Smaller => 2,
        },
    })
}

fn bound(bound: predicate::Bound) -> Bound {
    match bound {
        predicate::Bound::AtMost(distance) => Bound::AtMost(distance),
        predicate::Bound::AtLeast(similarity) => Bound::AtLeast(similarity),
    }
}

fn place(column: usize) -> Result<u32> {
    u32::try_from(column).map_err(|_| plan_datafusion_err!("there are too many columns: {column}"))
}

fn encode_filter(filter: &JoinFilter, encoder: &Encoder<'_>) -> Result<protobuf::JoinFilter> {
    let columns = filter.column_indices().iter().map(|column| {
        Ok(protobuf::ColumnIndex {
            index: place(column.index)?,
            side: protobuf::JoinSide::from(column.side).into(),
        })
    });
    Ok(protobuf::JoinFilter {
        expression: Some(encoder.expression(filter.expression())?),
        column_indices: columns.collect::<Result<_>>()?,
        schema: Some(filter.schema().as_ref().try_into()?),
    })
}

pub(super) fn decode(
    join: &SimilarityJoin,
    inputs: &[Arc<dyn ExecutionPlan>],
    decoder: &Decoder<'_>,
) -> Result<SimilarityJoinExec> {
    let [left, right] = inputs else {
        return plan_err!(
            "a similarity join has two inputs, the serialized plan {}",
            inputs.len()
        );
    };
    let (left_schema, right_schema) = (left.schema(), right.schema());
    let on = join.on.iter().map(|on| {
        Ok((
            decoder.expression(on.left.as_ref(), &left_schema, "a key of the left side")?,
            decoder.expression(on.right.as_ref(), &right_schema, "a key of the right side")?,
        ))
    });
    let comparison = decoder.expression(
        join.comparison.as_ref(),
        &Similarity::schema(),
        "a similarity",
    )?;
    let Some(predicate) = Comparison::predicate_of_texts(&comparison) else {
        return plan_err!(
            "the serialized plan joins on {comparison}, which no index of this build serves"
        );
    };
    // A comparison by a setting comes to what the setting is here.
    if Some(bound(predicate.bound)) != join.bound {
        return plan_err!(
            "the serialized plan joins on {comparison} with another bound than {} {}: it was planned with other settings",
            comparison,
            predicate.bound
        );
    }
    let left_text = join.left_text.as_ref();
    let right_text = join.right_text.as_ref();
    SimilarityJoinExec::try_new(Parts {
        left: Arc::clone(left),
        right: Arc::clone(right),
        join_type: JoinType::from_str(&join.join_type)?,
        on: on.collect::<Result<_>>()?,
        null_equality: if join.null_equals_null {
            NullEquality::NullEqualsNull
        } else {
            NullEquality::NullEqualsNothing
        },
        similarity: Similarity {
            predicate,
            left: decoder.expression(left_text, &left_schema, "the text of the left side")?,
            right: decoder.expression(right_text, &right_schema, "the text of the right side")?,
            comparison,
        },
        filter: join
            .filter
            .as_ref()
            .map(|filter| decode_filter(filter, decoder))
            .transpose()?,
        projection: join
            .projection
            .as_ref()
            .map(|projection| projection.columns.iter().map(|at| *at as usize).collect()),
        mirror: join.mirror,
        build: match join.build {
            0 => Build::Left,
            1 => Build::Right,
            2 => Build::Smaller,
            other => return plan_err!("a similarity join builds no side {other}"),
        },
    })
}

fn decode_filter(filter: &protobuf::JoinFilter, decoder: &Decoder<'_>) -> Result<JoinFilter> {
    let schema = filter.schema.as_ref();
    let schema: Schema = schema
        .ok_or_else(|| missing("the columns of a filter"))?
        .try_into()?;
    let expression = decoder.expression(filter.expression.as_ref(), &schema, "a filter")?;
    let columns = filter.column_indices.iter().map(|column| {
        let side = protobuf::JoinSide::try_from(column.side)
            .map_err(|_| plan_datafusion_err!("a join has no side {}", column.side))?;
        Ok(ColumnIndex {
            index: column.index as usize,
            side: JoinSide::from(side),
        })
    });
    let columns = columns.collect::<Result<_>>()?;
    Ok(JoinFilter::new(expression, columns, Arc::new(schema)))
}
