//! Recognises values that stand for nothing: the shop's own address, 1900-01-01.

use datafusion::error::Result;

use super::copies::repeating;
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::records::Column;
use super::threads;

/// The rank of the value whose frequency is held to be usual.
const USUAL_RANK: usize = 32;
/// How many times as frequent as usual a placeholder is.
const TIMES: u32 = 10;

/// Has values that stand for nothing be missing, by the number of the value of each record in each feature.
/// The columns keep them.
///
/// # Errors
/// Where the work is interrupted.
pub(super) fn leave_out(
    columns: &mut [Column],
    features: &mut [Feature],
    codes: &mut [Vec<u32>],
    workers: usize,
) -> Result<()> {
    let frequent = threads::map(
        workers,
        features.len(),
        || (),
        |(), at| Ok(placeholders(features[at].kind, &features[at].counts)),
    )?;
    let is_any = frequent.iter().any(|values| !values.is_empty());
    let repeating = match is_any {
        true => repeating(features, codes, &frequent),
        false => Vec::new(),
    };
    let each = features.iter_mut().zip(codes).zip(frequent);
    for ((feature, codes), mut values) in each {
        if !values.is_empty() && !repeating.is_empty() {
            let mut counts = feature.counts.clone();
            repeating
                .iter()
                .for_each(|row| counts[codes[*row] as usize] -= 1);
            values = placeholders(feature.kind, &counts);
        }
        let text = |code: &u32| feature.dictionary().text(*code).to_owned();
        let texts = values.iter().map(text).collect();
        columns[feature.column].placeholders.push(texts);
        feature.leave_out(&values, codes);
    }
    Ok(())
}

/// The values of a feature of this kind that are much more frequent than its values are, by how many records
/// have each.
///
/// Only where values are meant to be one's own: a name or a town may be that frequent.
fn placeholders(kind: FeatureKind, counts: &[u32]) -> Vec<u32> {
    if !is_ones_own(kind) {
        return Vec::new();
    }
    let mut most: Vec<u32> = counts[1..].to_vec();
    let rank = USUAL_RANK.min(most.len() / 2);
    if most.len() <= rank || most.is_empty() {
        return Vec::new();
    }
    let (_, usual, _) = most.select_nth_unstable_by(rank, |left, right| right.cmp(left));
    let limit = usual.saturating_mul(TIMES).max(20);
    (1..counts.len() as u32)
        .filter(|code| counts[*code as usize] > limit)
        .collect()
}

/// Whether values of this kind are near to unique, so that one of very many records says nothing.
fn is_ones_own(kind: FeatureKind) -> bool {
    matches!(
        kind,
        FeatureKind::Email
            | FeatureKind::Phone
            | FeatureKind::Identifier
            | FeatureKind::Uuid
            | FeatureKind::Url
            | FeatureKind::Ip
            | FeatureKind::Date
    )
}
