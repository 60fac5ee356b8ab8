//! The types of values, and what tells them.

use arrow::datatypes::{DataType, Field, Fields};

use crate::enums::EnumKind;

/// The key under which a field tells of which type it is an attribute, and which of how many.
const PART: &str = "tributary.composite";

/// A composite type, by its numbers in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CompositeType {
    /// Its own.
    pub oid: u32,
    /// That of the type of its arrays.
    pub array_oid: u32,
}

impl CompositeType {
    /// How values of the type are kept, which has these attributes.
    pub fn data_type(self, attributes: &Fields) -> DataType {
        let parts = attributes.iter().enumerate().map(|(place, attribute)| {
            let mut metadata = attribute.metadata().clone();
            metadata.insert(PART.to_owned(), self.key(place, attributes.len()));
            let part = Field::clone(attribute).with_nullable(true);
            part.with_metadata(metadata)
        });
        DataType::Struct(parts.collect())
    }

    /// The type of values that are kept like this.
    pub fn of(data_type: &DataType) -> Option<Self> {
        let DataType::Struct(parts) = data_type else {
            return None;
        };
        let first = parts.first()?.metadata().get(PART)?;
        let mut numbers = first.split(' ').map(str::parse);
        let own = Self {
            oid: numbers.next()?.ok()?,
            array_oid: numbers.next()?.ok()?,
        };
        let mut places = parts.iter().enumerate();
        let are_all = places
            .all(|(place, part)| part.metadata().get(PART) == Some(&own.key(place, parts.len())));
        are_all.then_some(own)
    }

    fn key(self, place: usize, count: usize) -> String {
        format!("{} {} {place} {count}", self.oid, self.array_oid)
    }
}

/// A composite type, or that of its arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CompositeKind {
    /// The type.
    pub of: CompositeType,
    /// Whether it is arrays that are meant.
    pub is_array: bool,
}

impl CompositeKind {
    /// The type of values that are kept like this.
    pub fn of(data_type: &DataType) -> Option<Self> {
        let mut item = data_type;
        while let DataType::List(inner) = item {
            item = inner.data_type();
        }
        let of = CompositeType::of(item)?;
        let is_array = data_type.is_list();
        Some(Self { of, is_array })
    }

    /// Its number in the catalog.
    pub fn oid(self) -> u32 {
        match self.is_array {
            true => self.of.array_oid,
            false => self.of.oid,
        }
    }
}

/// Whether values of a field are of a type of users', or have some within.
pub fn uses(field: &Field, oid: u32) -> bool {
    if EnumKind::of_field(field).is_some_and(|kind| kind.of.oid == oid) {
        return true;
    }
    match field.data_type() {
        DataType::List(item) => uses(item, oid),
        own @ DataType::Struct(parts) => {
            CompositeType::of(own).is_some_and(|of| of.oid == oid)
                || parts.iter().any(|part| uses(part, oid))
        }
        _ => false,
    }
}

/// How values of a type come from clients: those of composite ones are texts, which are read as any others.
pub fn given_as(data_type: &DataType) -> DataType {
    match CompositeKind::of(data_type) {
        Some(kind) if kind.is_array => DataType::new_list(DataType::Utf8, true),
        Some(_) => DataType::Utf8,
        None => data_type.clone(),
    }
}

/// A field as one of a record that is of no type.
pub fn without_part(field: Field) -> Field {
    let mut metadata = field.metadata().clone();
    match metadata.remove(PART) {
        Some(_) => field.with_metadata(metadata),
        None => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_by_all_of_its_attributes() {
        let attributes = Fields::from(vec![
            Field::new("street", DataType::Utf8, true),
            Field::new("number", DataType::Int32, true),
        ]);
        let (oid, array_oid) = (16_390, 16_391);
        let of = CompositeType { oid, array_oid };
        let own = of.data_type(&attributes);
        assert_eq!(CompositeType::of(&own), Some(of));
        let arrays = DataType::new_list(own.clone(), true);
        assert_eq!(CompositeType::of(&arrays), None);
        assert_eq!(
            CompositeKind::of(&arrays).map(CompositeKind::oid),
            Some(array_oid)
        );
        let DataType::Struct(parts) = own else {
            panic!("a struct")
        };
        let one: Fields = parts.iter().take(1).cloned().collect();
        assert_eq!(CompositeType::of(&DataType::Struct(one)), None);
        let plain: Fields = parts
            .iter()
            .map(|part| without_part(Field::clone(part)))
            .collect();
        assert_eq!(plain, attributes);
        assert_eq!(CompositeType::of(&DataType::Struct(plain)), None);
    }
}
