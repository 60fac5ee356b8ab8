//! The types of values, and what tells them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ExprSchema;
use datafusion::logical_expr::{Expr, ExprSchemable};

/// The key under which Arrow keeps a field's extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";
/// The key under which it keeps what tells more of that.
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";
/// The extension type of enums.
const ENUM: &str = "tributary.enum";

/// An enum type, by its numbers in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// Its own.
    pub oid: u32,
    /// That of the type of its arrays.
    pub array_oid: u32,
}

impl EnumType {
    /// From what [`Self::key`] gives.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        let (oid, array_oid) = key.split_once(' ')?;
        Some(Self {
            oid: oid.parse().ok()?,
            array_oid: array_oid.parse().ok()?,
        })
    }

    /// The type as a text.
    pub(super) fn key(self) -> String {
        format!("{} {}", self.oid, self.array_oid)
    }

    fn of_field(field: &Field) -> Option<Self> {
        let metadata = field.metadata();
        if !field.data_type().is_string() || metadata.get(EXTENSION_NAME)? != ENUM {
            return None;
        }
        Self::from_key(metadata.get(EXTENSION_METADATA)?)
    }

    /// What tells fields of the type from texts.
    pub fn metadata(self) -> HashMap<String, String> {
        HashMap::from([
            (EXTENSION_NAME.to_owned(), ENUM.to_owned()),
            (EXTENSION_METADATA.to_owned(), self.key()),
        ])
    }

    /// A field of the type.
    pub fn field(self, name: &str) -> FieldRef {
        Arc::new(Field::new(name, DataType::Utf8, true).with_metadata(self.metadata()))
    }
}

/// An enum type, or that of its arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnumKind {
    /// The type.
    pub of: EnumType,
    /// Whether it is arrays that are meant.
    pub is_array: bool,
}

impl EnumKind {
    /// The type of values.
    pub fn one(of: EnumType) -> Self {
        let is_array = false;
        Self { of, is_array }
    }

    /// The type of arrays.
    pub fn array(of: EnumType) -> Self {
        let is_array = true;
        Self { of, is_array }
    }

    /// The type of a field.
    pub fn of_field(field: &Field) -> Option<Self> {
        match field.data_type() {
            DataType::List(item) => EnumType::of_field(item).map(Self::array),
            _ => EnumType::of_field(field).map(Self::one),
        }
    }

    /// Its number in the catalog.
    pub fn oid(self) -> u32 {
        match self.is_array {
            true => self.of.array_oid,
            false => self.of.oid,
        }
    }

    /// How its values are kept.
    pub fn data_type(self) -> DataType {
        match self.is_array {
            true => DataType::List(self.of.field(Field::LIST_FIELD_DEFAULT_NAME)),
            false => DataType::Utf8,
        }
    }

    /// A field of the type.
    pub fn field(self, name: &str) -> FieldRef {
        match self.is_array {
            true => Arc::new(Field::new(name, self.data_type(), true)),
            false => self.of.field(name),
        }
    }

    /// The type of an expression. DataFusion loses the metadata of values on their way through `CASE`
    /// and functions that answer one of their arguments, or make arrays or take them apart, which is
    /// looked into here.
    pub fn of(expression: &Expr, schema: &dyn ExprSchema) -> Option<Self> {
        let own = expression.to_field(schema).ok();
        if let Some(kind) = own.and_then(|(_, field)| Self::of_field(&field)) {
            return Some(kind);
        }
        match expression {
            Expr::Alias(alias) => Self::of(&alias.expr, schema),
            Expr::Case(case) => {
                let mut answers = case.when_then_expr.iter().map(|(_, then)| then);
                answers
                    .find_map(|then| Self::of(then, schema))
                    .or_else(|| Self::of(case.else_expr.as_ref()?, schema))
            }
            Expr::ScalarFunction(call) => {
                let mut kinds = call.args.iter().map(|value| Self::of(value, schema));
                match call.func.name() {
                    "coalesce" | "nullif" | "nvl" | "greatest" | "least" => {
                        kinds.find_map(|kind| kind)
                    }
                    "make_array" => {
                        let item = kinds.find_map(|kind| kind)?;
                        (!item.is_array).then_some(Self::array(item.of))
                    }
                    "array_element" => {
                        let array = kinds.next()??;
                        array.is_array.then_some(Self::one(array.of))
                    }
                    name if keeps_array(name) => kinds.flatten().find(|kind| kind.is_array),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a function answers an array of what an array that it is given has.
pub fn keeps_array(name: &str) -> bool {
    matches!(
        name,
        "array_append"
            | "array_prepend"
            | "array_concat"
            | "array_cat"
            | "array_distinct"
            | "array_except"
            | "array_intersect"
            | "array_union"
            | "array_pop_back"
            | "array_pop_front"
            | "array_remove"
            | "array_remove_n"
            | "array_remove_all"
            | "array_replace"
            | "array_replace_n"
            | "array_replace_all"
            | "array_resize"
            | "array_reverse"
            | "array_slice"
            | "trim_array"
    )
}
