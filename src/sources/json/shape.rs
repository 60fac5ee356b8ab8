//! What JSON values look like, learned value by value.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use chrono::Utc;
use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::sources::infer::Inferred;

/// An object with more fields than this has data for names.
pub(super) const MAX_FIELDS: usize = 2_000;

/// The shape of the values seen so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar(Inferred),
    List(Box<Shape>),
    /// Fields in the order of their first appearance.
    Object(Vec<(String, Shape)>),
    /// Values that have no type in common.
    Mixed,
}

impl Shape {
    pub const NULL: Self = Self::Scalar(Inferred::Null);

    /// The narrowest shape that holds both.
    pub fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Scalar(Inferred::Null), shape) | (shape, Self::Scalar(Inferred::Null)) => shape,
            (Self::Scalar(left), Self::Scalar(right)) => Self::Scalar(left.merge(right)),
            (Self::List(left), Self::List(right)) => Self::List(Box::new(left.merge(*right))),
            (Self::Object(mut left), Self::Object(right)) => {
                for (name, shape) in right {
                    merge_field(&mut left, name, shape);
                }
                Self::Object(left)
            }
            _ => Self::Mixed,
        }
    }

    /// The fields of an object as columns.
    pub fn fields(&self) -> Option<Fields> {
        let Self::Object(fields) = self else {
            return None;
        };
        let fields = fields
            .iter()
            .map(|(name, shape)| Arc::new(Field::new(name, shape.data_type(), true)));
        Some(fields.collect())
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Scalar(inferred) => inferred.data_type(),
            Self::List(item) => DataType::new_list(item.data_type(), true),
            Self::Object(_) => DataType::Struct(self.fields().unwrap_or_default()),
            Self::Mixed => DataType::Utf8,
        }
    }

    /// Whether some object within has too many fields.
    pub fn is_too_wide(&self) -> bool {
        match self {
            Self::Scalar(_) | Self::Mixed => false,
            Self::List(item) => item.is_too_wide(),
            Self::Object(fields) => {
                fields.len() > MAX_FIELDS || fields.iter().any(|(_, shape)| shape.is_too_wide())
            }
        }
    }
}

fn merge_field(fields: &mut Vec<(String, Shape)>, name: String, shape: Shape) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => {
            let before = std::mem::replace(known, Shape::NULL);
            *known = before.merge(shape);
        }
        None => fields.push((name, shape)),
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar(Inferred::Boolean))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar(Inferred::BigInt))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        // A bigint would not hold it, and a double would round it.
        Ok(Shape::Scalar(match i64::try_from(value) {
            Ok(_) => Inferred::BigInt,
            Err(_) => Inferred::Text,
        }))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar(Inferred::Double))
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        // What JSON has types for was meant as text where it is quoted; for times it has none.
        Ok(Shape::Scalar(match Inferred::of(value) {
            Inferred::Date => Inferred::Date,
            // Arrow reads no times without seconds here.
            time @ (Inferred::Timestamp | Inferred::TimestampWithZone)
                if string_to_datetime(&Utc, value).is_ok() =>
            {
                time
            }
            _ => Inferred::Text,
        }))
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::NULL)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut merged = Shape::NULL;
        while let Some(item) = items.next_element::<Shape>()? {
            merged = merged.merge(item);
        }
        Ok(Shape::List(Box::new(merged)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, shape)) = entries.next_entry::<String, Shape>()? {
            merge_field(&mut fields, name, shape);
        }
        Ok(Shape::Object(fields))
    }
}
