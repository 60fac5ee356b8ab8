//! Several pairs of short texts at once, one pair a lane of a vector: no branch depends on a
//! character.
//!
//! A kernel is plain Rust: a loop over the lanes, of which the compiler makes vectors. `vectors!`
//! compiles it once for each width of them, and the processor tells at run time which to use.

pub(crate) mod characters;
pub(crate) mod damerau;
pub(crate) mod edit;
pub(crate) mod group;
pub(crate) mod jaro;
pub(crate) mod ngrams;
pub(crate) mod pairs;
pub(crate) mod subsequence;
mod transpose;
mod word;

/// How many pairs there are in a group: as many bytes as the widest vectors have.
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
        for lane in 1..LANES {
            lanes.0[lane] = value(lane);
        }
        lanes
    }
}

/// Compiles a function for AVX-512 and AVX2 too. What it calls must be inlined into it.
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
