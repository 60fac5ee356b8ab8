//! Records of about the same size, which are treated alike.

use std::ops::Range;

/// Up to here each size is a class of its own.
pub(crate) const EXACT: usize = 64;

/// A range of sizes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Class {
    pub(crate) lowest: usize,
    pub(crate) highest: usize,
}

impl Class {
    /// The class of a size: larger ones are a sixteenth wide, so that there are few.
    pub(crate) fn of(size: usize) -> Self {
        if size <= EXACT {
            return Self {
                lowest: size,
                highest: size,
            };
        }
        let mut lowest = EXACT + 1;
        loop {
            let highest = lowest + lowest / 16;
            if size <= highest {
                return Self { lowest, highest };
            }
            lowest = highest + 1;
        }
    }

    /// Whether all records of the class have the same size.
    pub(crate) fn is_exact(self) -> bool {
        self.lowest == self.highest
    }
}

/// The classes of sizes in ascending order, with the places that each has among them.
pub(crate) fn classes(sizes: impl Iterator<Item = usize>) -> Vec<(Class, Range<usize>)> {
    let mut classes: Vec<(Class, Range<usize>)> = Vec::new();
    for (place, size) in sizes.enumerate() {
        match classes.last_mut() {
            Some((class, places)) if size <= class.highest => places.end = place + 1,
            _ => classes.push((Class::of(size), place..place + 1)),
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::{Class, EXACT, classes};

    #[test]
    fn classes_are_exact_where_records_are_small() {
        let sizes = [0, 1, 1, 64, 65, 66, 70, 1_000_000];
        let classes = classes(sizes.into_iter());
        let places: Vec<_> = classes.iter().map(|(_, places)| places.clone()).collect();
        assert_eq!(places, [0..1, 1..3, 3..4, 4..6, 6..7, 7..8]);
        for (class, places) in classes {
            assert_eq!(class, Class::of(sizes[places.end - 1]));
            assert!((class.lowest..=class.highest).contains(&sizes[places.start]));
            assert_eq!(class.is_exact(), class.highest <= EXACT);
        }
    }
}
