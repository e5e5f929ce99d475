//! Threads and interruption.
//!
//! The pool is private: the host program's global pool is neither used nor set. A few
//! pools are kept, for the last numbers of threads, and keyed by process id: a forked
//! child has the parent's memory but none of its threads. It builds its own pool and
//! leaves the parent's in place: dropping it would take locks that a thread of the parent
//! may have held at the fork.
//!
//! Where there are no threads (WebAssembly), there is no pool: the calling thread does all work.

use crate::error::{Error, Result};
use crate::simd::Level;
use rayon::prelude::*;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Number of pools kept, for the numbers of threads requested last.
const MAX_POOLS: usize = 4;

/// Whether there are threads. Python in a browser has none, and Miri is to check this crate: it
/// stops at a queue of rayon's.
pub(crate) const HAS_THREADS: bool =
    cfg!(not(any(target_family = "wasm", miri))) || cfg!(target_feature = "atomics");

/// Largest number of threads from an environment variable.
const MAX_THREADS: usize = 1024;

struct Kept {
    process: u32,
    pool: ManuallyDrop<Arc<rayon::ThreadPool>>,
}

/// The kept pools; the one used last is last.
static POOLS: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// The most threads of a call that has no number of its own; 0 if there is no limit.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// Environment variables that set the number of threads; the first one that is set wins.
const THREAD_VARIABLES: [&str; 3] = ["GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"];

/// Execution settings of a call: threads, instruction set and interruption.
///
/// ```
/// let runtime = gmmfast::Runtime::new(Some(2))?;
/// assert_eq!(runtime.n_threads(), 2);
/// # Ok::<(), gmmfast::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Runtime {
    /// None where the calling thread does all work.
    pool: Option<Arc<rayon::ThreadPool>>,
    level: Level,
    interrupt: Arc<AtomicBool>,
}

impl Runtime {
    /// Creates a runtime with `n_threads` threads and the best instruction set. By default
    /// the environment variables or the processor affinity of the process decide the number.
    /// Where the platform has no threads, the calling thread does all work.
    ///
    /// # Errors
    /// If the system does not provide the threads.
    pub fn new(n_threads: Option<usize>) -> Result<Self> {
        let n_threads = n_threads.filter(|&n| n > 0).unwrap_or_else(default_n_threads);
        let pool = if HAS_THREADS { Some(pool(n_threads)?) } else { None };
        Ok(Self { pool, level: Level::best(), interrupt: Arc::default() })
    }

    /// Returns this runtime with another instruction set.
    ///
    /// # Panics
    /// If the processor does not have it.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        assert!(Level::available().contains(&level), "this processor has no {}", level.name());
        Self { level, ..self }
    }

    /// Number of threads.
    #[must_use]
    pub fn n_threads(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// The instruction set.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// A flag that, once set, makes the call soon return [`Error::Interrupted`].
    #[must_use]
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// Runs `work` on the pool's threads.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.install_once(&mut || result = work.take().map(|work| work()));
        result.expect("work that returns has a result")
    }

    /// The part of [`Self::install`] that is not generic; it calls `work` once.
    fn install_once(&self, work: &mut (dyn FnMut() + Send)) {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Returns an error once the interrupt is set; called before every piece of work.
    pub(crate) fn check(&self) -> Result<()> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// The work of one thread on its items; it owns scratch memory.
pub(crate) type Worker<'a, T> = Box<dyn FnMut(T) -> Result<()> + 'a>;

/// Distributes items over the threads of the current pool; a single item stays on the
/// calling thread. Stops at the first error.
pub(crate) fn distribute<'a, T: Send>(
    items: Vec<T>,
    new_worker: &(dyn Fn() -> Worker<'a, T> + Sync + 'a),
) -> Result<()> {
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|i| Mutex::new(Some(i))).collect();
    distribute_numbers(items.len(), &|| {
        let (mut worker, items) = (new_worker(), &items);
        Box::new(move |at| {
            let item = items[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            item.map_or(Ok(()), &mut worker)
        })
    })
}

/// The part of [`distribute`] that is not generic, over the numbers below `n`. It is compiled
/// once instead of for every type of item and every kernel.
fn distribute_numbers<'a>(
    n: usize,
    new_worker: &(dyn Fn() -> Worker<'a, usize> + Sync + 'a),
) -> Result<()> {
    if n <= 1 || !HAS_THREADS {
        // Does not need the pool, and may be called outside of one.
        return in_order(n, new_worker);
    }
    (0..n).into_par_iter().try_for_each_init(new_worker, |worker, at| worker(at))
}

/// The part of [`distribute_numbers`] without threads.
fn in_order<'a>(n: usize, new_worker: &(dyn Fn() -> Worker<'a, usize> + 'a)) -> Result<()> {
    if n == 0 { Ok(()) } else { (0..n).try_for_each(new_worker()) }
}

/// Runs both closures, on two threads if one is free.
pub(crate) fn join(
    mut left: impl FnMut() -> Result<()> + Send,
    mut right: impl FnMut() -> Result<()> + Send,
) -> Result<()> {
    if !HAS_THREADS {
        left()?;
        return right();
    }
    let (left, right): (Half<'_>, Half<'_>) = (&mut left, &mut right);
    let (left, right) = rayon::join(left, right);
    left.and(right)
}

type Half<'a> = &'a mut (dyn FnMut() -> Result<()> + Send);

/// Limits the threads of calls that have no number of their own; 0 removes the limit. The symbol
/// is exported for threadpoolctl, which recognizes the library by it.
#[cfg(feature = "python")]
#[allow(unsafe_code, reason = "no other symbol of the process has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn gmmfast_set_num_threads(n_threads: u32) {
    let n_threads = n_threads as usize;
    LIMIT.store(if n_threads < unlimited_n_threads() { n_threads } else { 0 }, Ordering::Relaxed);
}

/// Returns the number of threads of a call that has no number of its own.
#[cfg(feature = "python")]
#[allow(unsafe_code, reason = "no other symbol of the process has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn gmmfast_get_num_threads() -> u32 {
    default_n_threads() as u32
}

/// Returns the number of threads of the environment variables, or of the affinity, within the
/// limit.
fn default_n_threads() -> usize {
    let n_threads = unlimited_n_threads();
    match LIMIT.load(Ordering::Relaxed) {
        0 => n_threads,
        limit => n_threads.min(limit),
    }
}

fn unlimited_n_threads() -> usize {
    THREAD_VARIABLES
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        // OMP_NUM_THREADS may be a list with one number per nesting level.
        .find_map(|value| value.split(',').next()?.trim().parse().ok().filter(|&n: &usize| n > 0))
        .map(|n| n.min(MAX_THREADS))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

fn pool(n_threads: usize) -> Result<Arc<rayon::ThreadPool>> {
    let process = std::process::id();
    // Built without the lock: a fork in the meantime must not copy it locked.
    let pool = match take(process, n_threads) {
        Some(pool) => pool,
        None => Arc::new(build(n_threads)?),
    };
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    pools.push(Kept { process, pool: ManuallyDrop::new(Arc::clone(&pool)) });
    if pools.len() > MAX_POOLS {
        let oldest = pools.remove(0);
        if oldest.process == process {
            // The threads end when the last call that uses the pool does.
            drop(ManuallyDrop::into_inner(oldest.pool));
        }
    }
    Ok(pool)
}

/// Removes and returns the kept pool with this number of threads, if any. A pool of one thread
/// serves one call at a time: calls of several threads of the program, each with a thread of its
/// own, run side by side.
fn take(process: u32, n_threads: usize) -> Option<Arc<rayon::ThreadPool>> {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_wanted = |kept: &Kept| {
        kept.process == process
            && kept.pool.current_num_threads() == n_threads
            && (n_threads > 1 || Arc::strong_count(&kept.pool) == 1)
    };
    let at = pools.iter().position(is_wanted)?;
    Some(ManuallyDrop::into_inner(pools.remove(at).pool))
}

/// Bytes of the stack of a thread.
const STACK: usize = 1 << 21;

/// Bytes for the scratch of threads and for small results, in addition to stacks and large arrays.
/// The allocator of Linux keeps up to 64 MiB at the end of its heap, which a thread that starts
/// may not use: without address space for its variables it ends the process. A piece that is larger
/// comes from the system.
const MARGIN: usize = 65 << 20;

/// Returns an error unless `n_bytes` and a margin can be allocated: a vector that finds no memory
/// ends the process. Nothing is written, which takes microseconds.
pub(crate) fn check_memory(n_bytes: usize) -> Result<()> {
    let n_bytes = n_bytes.saturating_add(MARGIN);
    Vec::<u8>::new().try_reserve_exact(n_bytes).map_err(|_| Error::Memory { n_bytes })
}

/// Returns the error of threads that the system did not give: their number, or memory, is too
/// large.
pub(crate) fn no_threads(n_threads: usize, reason: &dyn std::fmt::Display) -> Error {
    let missing = check_memory(n_threads.saturating_mul(STACK)).err();
    missing.unwrap_or_else(|| Error::Threads { n_threads, reason: reason.to_string() })
}

/// Builds a pool of new threads.
fn build(n_threads: usize) -> Result<rayon::ThreadPool> {
    check_memory(n_threads.saturating_mul(STACK))?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .thread_name(|i| format!("gmmfast-{i}"))
        .build()
        .map_err(|error| no_threads(n_threads, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool_of(runtime: &Runtime) -> &Arc<rayon::ThreadPool> {
        runtime.pool.as_ref().unwrap()
    }

    #[test]
    fn pools_are_kept_for_the_next_call_but_not_for_every_number_of_threads() {
        let first = Runtime::new(Some(2)).unwrap();
        assert!(Arc::ptr_eq(pool_of(&first), pool_of(&Runtime::new(Some(2)).unwrap())));
        for n_threads in 3..12 {
            assert_eq!(Runtime::new(Some(n_threads)).unwrap().n_threads(), n_threads);
        }
        assert!(POOLS.lock().unwrap().len() <= MAX_POOLS);
        assert_eq!(first.install(|| 5), 5, "a pool that is no longer kept still works");
    }

    #[test]
    fn calls_of_one_thread_run_side_by_side() {
        let runtimes = [(); 2].map(|()| Runtime::new(Some(1)).unwrap());
        assert!(!Arc::ptr_eq(pool_of(&runtimes[0]), pool_of(&runtimes[1])));
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for runtime in &runtimes {
                scope.spawn(|| runtime.install(|| both.wait()));
            }
        });
    }

    #[test]
    fn without_threads_the_calling_thread_does_all_work_in_order_up_to_an_error() {
        let level = Level::best();
        let runtime = Runtime { pool: None, level, interrupt: Arc::default() };
        assert_eq!(runtime.n_threads(), 1);
        let caller = std::thread::current().id();
        assert_eq!(runtime.install(|| std::thread::current().id()), caller);
        let done = Mutex::new(Vec::new());
        let stops_at = |last: usize| {
            let done = &done;
            move || -> Worker<'_, usize> {
                Box::new(move |at| {
                    done.lock().unwrap().push((at, std::thread::current().id()));
                    if at == last { Err(Error::Interrupted) } else { Ok(()) }
                })
            }
        };
        assert_eq!(in_order(0, &stops_at(0)), Ok(()));
        assert_eq!(in_order(3, &stops_at(9)), Ok(()));
        assert_eq!(in_order(5, &stops_at(1)), Err(Error::Interrupted));
        let expected = [0, 1, 2, 0, 1].map(|at| (at, caller));
        assert_eq!(*done.lock().unwrap(), expected);
    }

    #[test]
    fn threads_without_memory_are_told_as_memory_and_too_many_as_their_number() {
        let huge = usize::MAX / STACK;
        assert!(matches!(build(huge), Err(Error::Memory { .. })));
        assert!(matches!(no_threads(huge, &"full"), Error::Memory { .. }));
        let few = no_threads(3, &"full");
        assert_eq!(few, Error::Threads { n_threads: 3, reason: "full".to_owned() });
    }

    #[test]
    fn an_interrupted_runtime_refuses_further_work() {
        let runtime = Runtime::new(Some(1)).unwrap();
        assert_eq!(runtime.check(), Ok(()));
        runtime.interrupt().store(true, Ordering::Relaxed);
        assert_eq!(runtime.check(), Err(Error::Interrupted));
        assert_eq!(Runtime::new(Some(1)).unwrap().check(), Ok(()), "the next call starts afresh");
    }
}
