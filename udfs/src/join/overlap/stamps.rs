//! Which records were found for a probe already.

/// The number of the last probe that each place was found for.
#[derive(Debug)]
pub(crate) struct Stamps {
    stamps: Vec<u32>,
    stamp: u32,
}

impl Stamps {
    /// For so many places.
    pub(crate) fn new(places: usize) -> Self {
        Self {
            stamps: vec![0; places],
            stamp: 0,
        }
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.stamps.capacity() * size_of::<u32>()
    }

    /// Begins with another probe.
    #[inline]
    pub(crate) fn begin(&mut self) {
        if self.stamp == u32::MAX {
            self.stamps.fill(0);
            self.stamp = 0;
        }
        self.stamp += 1;
    }

    /// Whether a place is found for the first time.
    #[inline]
    pub(crate) fn is_new(&mut self, place: usize) -> bool {
        std::mem::replace(&mut self.stamps[place], self.stamp) != self.stamp
    }
}
