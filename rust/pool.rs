//! Threads and interruption.
//!
//! The pool is private: nothing of the host program's global pool is used or
//! set. Pools are kept per number of threads and keyed by process id, because a
//! forked child has the parent's memory but none of its threads; the child
//! builds its own and leaves the parent's alone (dropping them would wait for
//! threads that are not there).

use crate::error::{Error, Result};
use crate::kernel::simd::Level;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Pools = HashMap<(u32, usize), ManuallyDrop<Arc<rayon::ThreadPool>>>;

static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

/// Environment variables that set the number of threads, first one wins.
const THREAD_VARIABLES: [&str; 3] = ["GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"];

/// Where and how a call runs: its threads, its instruction set, its interrupt.
///
/// ```
/// let runtime = gmmfast::Runtime::new(Some(2));
/// assert_eq!(runtime.n_threads(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Runtime {
    pool: Arc<rayon::ThreadPool>,
    level: Level,
    interrupt: Arc<AtomicBool>,
}

impl Runtime {
    /// `n_threads` threads (by default what the environment variables or the
    /// process's processor affinity say) and the best instruction set.
    #[must_use]
    pub fn new(n_threads: Option<usize>) -> Self {
        let n_threads = n_threads.filter(|&n| n > 0).unwrap_or_else(default_n_threads);
        Self { pool: pool(n_threads), level: Level::best(), interrupt: Arc::default() }
    }

    /// The same on another instruction set, which the processor must have.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        assert!(Level::available().contains(&level), "this processor has no {}", level.name());
        Self { level, ..self }
    }

    /// Number of threads.
    #[must_use]
    pub fn n_threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The instruction set.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// A flag that, once set, makes the call return [`Error::Interrupted`] soon.
    #[must_use]
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// Runs `work` on the pool's threads.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// An error once the interrupt is set; asked before every piece of work.
    pub(crate) fn check(&self) -> Result<()> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Threads by environment variable, else by the process's affinity.
fn default_n_threads() -> usize {
    THREAD_VARIABLES
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        // OMP_NUM_THREADS may be a list, one number a nesting level.
        .find_map(|value| value.split(',').next()?.trim().parse().ok().filter(|&n: &usize| n > 0))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

fn pool(n_threads: usize) -> Arc<rayon::ThreadPool> {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let builder = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .thread_name(|i| format!("gmmfast-{i}"));
        ManuallyDrop::new(Arc::new(builder.build().expect("the system has threads to give")))
    };
    let key = (std::process::id(), n_threads);
    Arc::clone(pools.get_or_insert_default().entry(key).or_insert_with(build))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_runtime_refuses_further_work() {
        let runtime = Runtime::new(Some(1));
        assert_eq!(runtime.check(), Ok(()));
        runtime.interrupt().store(true, Ordering::Relaxed);
        assert_eq!(runtime.check(), Err(Error::Interrupted));
        assert_eq!(Runtime::new(Some(1)).check(), Ok(()), "the next call starts afresh");
    }
}
