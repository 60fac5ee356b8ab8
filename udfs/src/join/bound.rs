//! What a comparison with a constant asks of a similarity.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;

use super::predicate::Bound;
use crate::trigram;

/// The bound of `distance operator constant`. `=` is bounded too, and has to be tested beside.
pub(super) fn of_distance(operator: Operator, constant: &ScalarValue) -> Option<Bound> {
    let constant = number(constant)?;
    let most = match operator {
        Operator::LtEq => constant.floor(),
        Operator::Lt => constant.ceil() - 1.0,
        Operator::Eq => constant,
        _ => return None,
    };
    // A negative or broken distance is never met, and a huge one always.
    let exact = most >= 0.0 && most.fract() == 0.0 && most < f64::from(u32::MAX);
    exact.then_some(Bound::AtMost(most as u32))
}

/// The bound of `similarity operator constant`, a similarity that is never below 0. `=` is bounded
/// too, and has to be tested beside.
pub(super) fn of_similarity(operator: Operator, constant: &ScalarValue) -> Option<Bound> {
    let constant = number(constant)?;
    let least = match operator {
        Operator::GtEq | Operator::Eq => constant,
        Operator::Gt => constant.next_up(),
        _ => return None,
    };
    // All pairs are as similar as 0.
    (least > 0.0 && least.is_finite()).then_some(Bound::AtLeast(least))
}

/// The bound, as a similarity, of `distance operator constant`, where the distance is pg_trgm's. `=`
/// is bounded too, and has to be tested beside.
pub(super) fn of_trigram_distance(operator: Operator, constant: &ScalarValue) -> Option<Bound> {
    let constant = number(constant)?;
    let holds = |similarity: f32| {
        let distance = f64::from(trigram::distance(similarity));
        match operator {
            Operator::LtEq | Operator::Eq => distance <= constant,
            Operator::Lt => distance < constant,
            _ => false,
        }
    };
    // All pairs are near enough, or none.
    if holds(0.0) || !holds(1.0) {
        return None;
    }
    // Floats that are not negative are in the order of their bits, and rounding keeps the order
    // of distances: the least similarity that is enough is between these two.
    let (mut too_few, mut enough) = (0.0_f32.to_bits(), 1.0_f32.to_bits());
    while enough - too_few > 1 {
        let middle = too_few.midpoint(enough);
        if holds(f32::from_bits(middle)) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(Bound::AtLeast(f64::from(f32::from_bits(enough))))
}

/// A number, where a 64-bit float holds it exactly.
pub(super) fn number(constant: &ScalarValue) -> Option<f64> {
    const WHOLE: i64 = 1 << f64::MANTISSA_DIGITS;
    let whole = |value: i64| (-WHOLE..=WHOLE).contains(&value).then_some(value as f64);
    match constant {
        ScalarValue::Float64(value) => *value,
        ScalarValue::Float32(value) => value.map(f64::from),
        ScalarValue::Int8(value) => value.map(f64::from),
        ScalarValue::Int16(value) => value.map(f64::from),
        ScalarValue::Int32(value) => value.map(f64::from),
        ScalarValue::Int64(value) => value.and_then(whole),
        ScalarValue::UInt8(value) => value.map(f64::from),
        ScalarValue::UInt16(value) => value.map(f64::from),
        ScalarValue::UInt32(value) => value.map(f64::from),
        ScalarValue::UInt64(value) => value.and_then(|value| whole(i64::try_from(value).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;
    use datafusion::logical_expr::Operator;

    use super::super::predicate::Bound;
    use super::{of_distance, of_similarity, of_trigram_distance};
    use crate::trigram;

    #[test]
    fn distances_are_bounded_above() {
        let of = |operator, value: f64| of_distance(operator, &ScalarValue::from(value));
        assert_eq!(of(Operator::LtEq, 2.5), Some(Bound::AtMost(2)));
        assert_eq!(of(Operator::Lt, 2.5), Some(Bound::AtMost(2)));
        assert_eq!(of(Operator::Lt, 2.0), Some(Bound::AtMost(1)));
        assert_eq!(of(Operator::Eq, 3.0), Some(Bound::AtMost(3)));
        for (operator, value) in [
            (Operator::Lt, 0.0),
            (Operator::LtEq, -1.0),
            (Operator::Eq, 0.5),
            (Operator::LtEq, f64::NAN),
            (Operator::LtEq, f64::INFINITY),
            (Operator::GtEq, 2.0),
            (Operator::NotEq, 2.0),
        ] {
            assert_eq!(of(operator, value), None, "{operator} {value}");
        }
    }

    #[test]
    fn trigram_distances_are_bounded_by_the_least_similarity_that_is_near_enough() {
        let of = |operator, value: f64| of_trigram_distance(operator, &ScalarValue::from(value));
        for constant in [0.7, 0.6363636, 0.5, 0.1, 0.0, f64::from(0.6_f32)] {
            for operator in [Operator::LtEq, Operator::Lt] {
                let near = |similarity: f32| {
                    let distance = f64::from(trigram::distance(similarity));
                    distance < constant || operator == Operator::LtEq && distance == constant
                };
                match of(operator, constant) {
                    Some(Bound::AtLeast(least)) => {
                        assert!(near(least as f32), "{operator} {constant}");
                        assert!(!near((least as f32).next_down()), "{operator} {constant}");
                    }
                    bound => assert_eq!((bound, near(1.0)), (None, false)),
                }
            }
        }
        for (operator, value) in [
            (Operator::LtEq, 1.0),
            (Operator::LtEq, -0.1),
            (Operator::LtEq, f64::NAN),
            (Operator::GtEq, 0.5),
        ] {
            assert_eq!(of(operator, value), None, "{operator} {value}");
        }
    }

    #[test]
    fn similarities_are_bounded_below() {
        let of = |operator, value: f64| of_similarity(operator, &ScalarValue::from(value));
        assert_eq!(of(Operator::GtEq, 0.9), Some(Bound::AtLeast(0.9)));
        assert_eq!(
            of(Operator::Gt, 0.9),
            Some(Bound::AtLeast(0.9_f64.next_up()))
        );
        assert_eq!(
            of(Operator::Gt, 0.0),
            Some(Bound::AtLeast(0.0_f64.next_up()))
        );
        for (operator, value) in [
            (Operator::GtEq, 0.0),
            (Operator::GtEq, f64::NAN),
            (Operator::Gt, f64::INFINITY),
            (Operator::LtEq, 0.9),
        ] {
            assert_eq!(of(operator, value), None, "{operator} {value}");
        }
    }
}
