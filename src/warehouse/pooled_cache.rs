//! Caches whose memory is of a pool, up to a limit of bytes each.
//!
//! Which values stay a [`quick_cache`] decides: what is asked for once makes way for what is asked for
//! often.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::common::hash_utils::RandomState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

/// What is kept, up to a limit of bytes.
pub(super) struct PooledCache<K, V> {
    kept: Cache<K, Kept<V>, Bytes, RandomState>,
    /// Of the pool that the memory is of.
    memory: Mutex<Option<MemoryReservation>>,
}

#[derive(Clone)]
struct Kept<V> {
    value: V,
    bytes: u64,
    /// Given back when nobody has the value any more.
    _memory: Arc<MemoryReservation>,
}

#[derive(Clone)]
struct Bytes;

impl<K, V> Weighter<K, Kept<V>> for Bytes {
    fn weight(&self, _: &K, kept: &Kept<V>) -> u64 {
        kept.bytes
    }
}

impl<K: Clone + Eq + Hash, V: Clone> PooledCache<K, V> {
    /// A cache of at most so many bytes, of values that take about so many each.
    pub fn new(bytes: u64, each: u64) -> Self {
        // The number of values is a guess, from which only tables are made.
        let values = usize::try_from(bytes / each).unwrap_or(usize::MAX);
        let (hasher, lifecycle) = (RandomState::default(), DefaultLifecycle::default());
        Self {
            kept: Cache::with(values, bytes, Bytes, hasher, lifecycle),
            memory: Mutex::default(),
        }
    }

    /// Accounts what is kept to this pool from now on. Without one, nothing is kept.
    pub fn account_to(&self, pool: &Arc<dyn MemoryPool>, name: &str) {
        let memory = MemoryConsumer::new(name).register(pool);
        *self.memory.lock() = Some(memory);
    }

    /// Lets go of all; answers whether there was anything.
    pub fn release(&self) -> bool {
        let any = !self.kept.is_empty();
        self.kept.clear();
        any
    }

    pub fn get(&self, key: &K) -> Option<V> {
        Some(self.kept.get(key)?.value)
    }

    /// Keeps a value of so many bytes, unless there is no memory for it.
    pub fn put(&self, key: K, value: V, bytes: usize) {
        let memory = self.memory.lock();
        let Some(memory) = memory.as_ref().map(MemoryReservation::new_empty) else {
            return;
        };
        if memory.try_grow(bytes).is_ok() {
            let kept = Kept {
                value,
                bytes: bytes as u64,
                _memory: Arc::new(memory),
            };
            self.kept.insert(key, kept);
        }
    }

    /// The bytes that are kept.
    pub fn bytes(&self) -> u64 {
        self.kept.weight()
    }
}

impl<K: Clone + Eq + Hash, V: Clone> fmt::Debug for PooledCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes())
    }
}
