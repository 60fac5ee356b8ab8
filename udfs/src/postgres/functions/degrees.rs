//! `sind`, `acosd` and the like: functions of angles in degrees, which are exact at multiples of 30 and of
//! 45 degrees, as PostgreSQL's `float.c` has them.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Row, Type, form};
use crate::FunctionError;

use Type::Float;

pub(super) const SIND: &[Form] = &[form(&[Float], Float, |row| of_angle(row, sine))];
pub(super) const COSD: &[Form] = &[form(&[Float], Float, |row| of_angle(row, cosine))];
pub(super) const TAND: &[Form] = &[form(&[Float], Float, |row| of_angle(row, tangent))];
pub(super) const COTD: &[Form] = &[form(&[Float], Float, |row| of_angle(row, cotangent))];
pub(super) const ASIND: &[Form] = &[form(&[Float], Float, |row| of_ratio(row, arc_sine))];
pub(super) const ACOSD: &[Form] = &[form(&[Float], Float, |row| of_ratio(row, arc_cosine))];
pub(super) const ATAND: &[Form] = &[form(&[Float], Float, |row| {
    Ok(float(degrees(row.float(0).atan())))
})];
pub(super) const ATAN2D: &[Form] = &[form(&[Float, Float], Float, |row| {
    Ok(float(degrees(row.float(0).atan2(row.float(1)))))
})];

fn float(value: f64) -> ScalarValue {
    ScalarValue::Float64(Some(value))
}

fn outside() -> FunctionError {
    FunctionError::out_of_range("input is out of range")
}

/// What a function says of an angle, which is not infinite.
fn of_angle(row: &Row<'_>, function: fn(f64) -> f64) -> Result<ScalarValue> {
    let angle = row.float(0);
    match angle.is_infinite() {
        true => Err(outside().into()),
        false => Ok(float(if angle.is_nan() {
            angle
        } else {
            function(angle)
        })),
    }
}

/// What a function says of a number from -1 to 1.
fn of_ratio(row: &Row<'_>, function: fn(f64) -> f64) -> Result<ScalarValue> {
    let ratio = row.float(0);
    match ratio.abs() > 1.0 {
        true => Err(outside().into()),
        false => Ok(float(if ratio.is_nan() {
            ratio
        } else {
            function(ratio)
        })),
    }
}

/// An angle in degrees, exact at those of 45.
fn degrees(radians: f64) -> f64 {
    radians / 1_f64.atan() * 45.0
}

/// From 0 to 30 degrees, exact at the ends.
fn sine_to_30(angle: f64) -> f64 {
    angle.to_radians().sin() / 30_f64.to_radians().sin() / 2.0
}

/// From 0 to 60 degrees, exact at the ends.
fn cosine_to_60(angle: f64) -> f64 {
    let below_one = 1.0 - angle.to_radians().cos();
    1.0 - below_one / (1.0 - 60_f64.to_radians().cos()) / 2.0
}

/// Of an angle from 0 to 90 degrees.
fn first_sine(angle: f64) -> f64 {
    match angle <= 30.0 {
        true => sine_to_30(angle),
        false => cosine_to_60(90.0 - angle),
    }
}

/// Of an angle from 0 to 90 degrees.
fn first_cosine(angle: f64) -> f64 {
    match angle <= 60.0 {
        true => cosine_to_60(angle),
        false => sine_to_30(90.0 - angle),
    }
}

/// Of a number from 0 to 1.
fn first_arc_sine(ratio: f64) -> f64 {
    match ratio <= 0.5 {
        true => ratio.asin() / 0.5_f64.asin() * 30.0,
        false => 90.0 - ratio.acos() / 0.5_f64.acos() * 60.0,
    }
}

/// Of a number from 0 to 1.
fn first_arc_cosine(ratio: f64) -> f64 {
    match ratio <= 0.5 {
        true => 90.0 - ratio.asin() / 0.5_f64.asin() * 30.0,
        false => ratio.acos() / 0.5_f64.acos() * 60.0,
    }
}

/// The angle of the first quadrant that an angle is a mirror image of, and in which half it is: whether it
/// is below zero, whether beyond 180 degrees, and whether beyond 90 then.
struct Mirrored {
    angle: f64,
    is_negative: bool,
    is_beyond_180: bool,
    is_beyond_90: bool,
}

impl Mirrored {
    fn of(angle: f64) -> Self {
        let mut angle = angle % 360.0;
        let is_negative = angle < 0.0;
        if is_negative {
            angle = -angle;
        }
        let is_beyond_180 = angle > 180.0;
        if is_beyond_180 {
            angle = 360.0 - angle;
        }
        let is_beyond_90 = angle > 90.0;
        if is_beyond_90 {
            angle = 180.0 - angle;
        }
        Self {
            angle,
            is_negative,
            is_beyond_180,
            is_beyond_90,
        }
    }
}

fn signed(is_negative: bool, value: f64) -> f64 {
    if is_negative { -value } else { value }
}

/// No zero below zero.
fn one_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}

fn sine(angle: f64) -> f64 {
    let mirrored = Mirrored::of(angle);
    signed(
        mirrored.is_negative != mirrored.is_beyond_180,
        first_sine(mirrored.angle),
    )
}

fn cosine(angle: f64) -> f64 {
    let mirrored = Mirrored::of(angle);
    signed(mirrored.is_beyond_90, first_cosine(mirrored.angle))
}

fn tangent(angle: f64) -> f64 {
    let mirrored = Mirrored::of(angle);
    let tangent = first_sine(mirrored.angle) / first_cosine(mirrored.angle);
    let of_45 = first_sine(45.0) / first_cosine(45.0);
    let is_negative = mirrored.is_negative != mirrored.is_beyond_180;
    one_zero(signed(
        is_negative != mirrored.is_beyond_90,
        tangent / of_45,
    ))
}

fn cotangent(angle: f64) -> f64 {
    let mirrored = Mirrored::of(angle);
    let cotangent = first_cosine(mirrored.angle) / first_sine(mirrored.angle);
    let of_45 = first_cosine(45.0) / first_sine(45.0);
    let is_negative = mirrored.is_negative != mirrored.is_beyond_180;
    one_zero(signed(
        is_negative != mirrored.is_beyond_90,
        cotangent / of_45,
    ))
}

fn arc_sine(ratio: f64) -> f64 {
    match ratio >= 0.0 {
        true => first_arc_sine(ratio),
        false => -first_arc_sine(-ratio),
    }
}

fn arc_cosine(ratio: f64) -> f64 {
    match ratio >= 0.0 {
        true => first_arc_cosine(ratio),
        false => 90.0 + first_arc_sine(-ratio),
    }
}
