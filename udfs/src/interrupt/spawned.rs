//! Interrupts of tasks that DataFusion spawns.

use std::any::Any;
use std::sync::OnceLock;

use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use futures::future::BoxFuture;

use super::listen;

/// Whatever a task gives, its type erased.
type Anything = Box<dyn Any + Send>;

/// From now on, every task that DataFusion spawns hears the interrupt of what spawned it.
///
/// False where the program has set a tracer of its own for DataFusion's tasks, of which there can
/// be one: then they hear none.
pub fn hand_on_to_spawned() -> bool {
    static HANDS_ON: OnceLock<bool> = OnceLock::new();
    *HANDS_ON.get_or_init(|| set_join_set_tracer(&HandOn).is_ok())
}

/// Hands the spawning task's interrupt on.
struct HandOn;

impl JoinSetTracer for HandOn {
    fn trace_future(&self, work: BoxFuture<'static, Anything>) -> BoxFuture<'static, Anything> {
        match listen().0 {
            Some(interrupt) => Box::pin(async move { interrupt.over(work).await }),
            None => work,
        }
    }

    fn trace_block(
        &self,
        work: Box<dyn FnOnce() -> Anything + Send>,
    ) -> Box<dyn FnOnce() -> Anything + Send> {
        match listen().0 {
            Some(interrupt) => Box::new(move || interrupt.within(work)),
            None => work,
        }
    }
}
