//! Many short texts, or pairs of them, at once: one a lane of a vector, so that no branch depends on
//! a character.
//!
//! A kernel is plain Rust: a loop over the lanes, of which the compiler makes vectors. [`vectors`]
//! compiles it once for each width of them, and the processor tells at run time which to use.

mod characters;
mod group;
mod metric;
mod pairs;
mod texts;
mod transpose;

pub(crate) use characters::{BEHIND_FIRST, BEHIND_SECOND};
pub(crate) use group::Group;
pub(crate) use metric::{InLanes, many};
pub(crate) use texts::{LONGEST, Texts};
pub(crate) use transpose::{CHUNK, Chunks, transpose_back};

/// How many lanes there are: as many as the widest vectors have bytes.
pub(crate) const LANES: usize = 64;

/// One value a lane.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Lanes<T>(pub(crate) [T; LANES]);

impl<T: Copy> Lanes<T> {
    #[inline(always)]
    pub(crate) const fn splat(value: T) -> Self {
        Self([value; LANES])
    }

    /// The values that a function has for the lanes.
    #[inline(always)]
    pub(crate) fn of(value: impl Fn(usize) -> T) -> Self {
        let mut lanes = Self::splat(value(0));
        // The first one again: all are a whole number of vectors.
        for lane in 0..LANES {
            lanes.0[lane] = value(lane);
        }
        lanes
    }
}

/// Compiles functions for AVX-512 and AVX2 too. What they call must be inlined into them.
macro_rules! vectors {
    ($($function:item)*) => {
        $(
            #[multiversion::multiversion(targets(
                "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx512bitalg+avx512vpopcntdq+avx2+bmi1+bmi2+lzcnt+popcnt",
                "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
            ))]
            $function
        )*
    };
}
pub(crate) use vectors;
