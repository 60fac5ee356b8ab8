//! Which records can be similar to one of some size.

use std::ops::Range;

use crate::join::overlap::measure::Measure;
use crate::join::overlap::plan::smallest_similar;
use crate::join::overlap::records::{Detail, Records};

/// Up to how many sizes the difference to each is looked at.
const MOST_SIZES: usize = 64;

/// Where the records of each size are, in order of size.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    sizes: Vec<u32>,
    /// The place of the first record of each size, and behind the last.
    starts: Vec<u32>,
}

/// What records a probe of some size has to be compared with.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// The places of those of similar sizes.
    pub(crate) places: Range<usize>,
    /// How many of the probe's tokens they may lack.
    pub(crate) missing: usize,
    /// How many tokens only one of both may have.
    pub(crate) difference: u32,
}

impl Sizes {
    /// The sizes of sorted records.
    pub(crate) fn new<D: Detail>(records: &Records<D>) -> Self {
        let mut runs = Self::default();
        for (place, record) in records.order.iter().enumerate() {
            let size = records.sizes[*record as usize];
            if runs.sizes.last() != Some(&size) {
                runs.sizes.push(size);
                runs.starts.push(place as u32);
            }
        }
        runs.starts.push(records.len() as u32);
        runs
    }

    /// What a probe of a size is compared with: in a join with itself with smaller ones and others
    /// of its size. `None` where nothing is similar.
    pub(crate) fn reach<M: Measure>(
        &self,
        measure: &M,
        size: usize,
        self_join: bool,
    ) -> Option<Reach> {
        measure.required(0, size, size)?;
        let smallest = smallest_similar(measure, 0, size);
        let first = self.sizes.partition_point(|own| (*own as usize) < smallest);
        let end = if self_join {
            self.sizes.partition_point(|own| *own as usize <= size)
        } else {
            self.sizes.partition_point(|own| {
                *own as usize <= size || measure.required(0, size, *own as usize).is_some()
            })
        };
        let least = measure.required(0, smallest, size)?;
        let sizes = &self.sizes[first..end.max(first)];
        let difference = if sizes.len() > MOST_SIZES {
            let largest = sizes.last().map_or(size, |largest| *largest as usize);
            size + largest - 2 * least
        } else {
            let differences = sizes.iter().filter_map(|own| {
                let required = measure.required(0, size, *own as usize)?;
                Some(size + *own as usize - 2 * required)
            });
            differences.max().unwrap_or(0)
        };
        Some(Reach {
            places: self.starts[first] as usize..self.starts[end.max(first)] as usize,
            missing: size - least,
            difference: u32::try_from(difference).unwrap_or(u32::MAX),
        })
    }

    /// How many of a record's tokens a probe may lack, for each size; `None` where no probe is
    /// similar.
    pub(crate) fn missing<M: Measure>(&self, measure: &M, self_join: bool) -> Vec<Option<usize>> {
        let missing = |size: &u32| {
            let size = *size as usize;
            let required = measure.required(0, size, size)?;
            if self_join {
                // Probes are as large, or larger.
                return Some(size - required);
            }
            let smallest = smallest_similar(measure, 0, size);
            Some(size - measure.required(0, smallest, size)?)
        };
        self.sizes.iter().map(missing).collect()
    }

    /// The number of the size of the record at a place, among all sizes.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> usize {
        self.starts
            .partition_point(|start| *start as usize <= place)
            - 1
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        (self.sizes.capacity() + self.starts.capacity()) * size_of::<u32>()
    }
}
