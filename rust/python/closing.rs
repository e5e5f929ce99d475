//! Calls in threads when the interpreter ends. A thread that comes back to an interpreter that is
//! gone crashes the process, or is ended in the middle of the core. So a hook of `atexit` stops
//! the calls that run, waits for them, and makes later ones end their thread by `SystemExit`.

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::PyCFunction;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// The thread that ends the interpreter. Its own calls go on: other hooks may need them.
static CLOSER: OnceLock<ThreadId> = OnceLock::new();

/// The number of calls that run without the interpreter, in the lower half; the process in the
/// upper one, because a forked child has none of its parent's.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// The time for which the end of the interpreter waits for calls. These check every 50 ms.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Interval at which it checks whether calls have ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// A call that runs without the interpreter, until it is dropped with the interpreter again.
struct Call;

impl Call {
    /// Begins a call, which the end of the interpreter waits for.
    fn begin() -> PyResult<Self> {
        update(|n| n + 1);
        let call = Self;
        check_open().map(|()| call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        update(|n| n.saturating_sub(1));
    }
}

/// Updates the number of calls of this process, and returns the former one.
fn update(change: impl Fn(u32) -> u32) -> u32 {
    let process = u64::from(std::process::id()) << 32;
    let own = |calls: u64| if calls >> 32 == process >> 32 { calls as u32 } else { 0 };
    let next = |calls| Some(process | u64::from(change(own(calls))));
    let former = CALLS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
    own(former.unwrap_or_else(|calls| calls))
}

/// Runs `work` without the interpreter.
///
/// # Errors
/// If the interpreter ends, in another thread.
pub(crate) fn detach<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let _call = Call::begin()?;
    Ok(py.detach(work))
}

/// Raises `SystemExit`, which ends a thread without a word, if the interpreter ends in another one.
pub(crate) fn check_open() -> PyResult<()> {
    match CLOSER.get() {
        Some(closer) if *closer != std::thread::current().id() => Err(PySystemExit::new_err(
            "gmmfast: expected an interpreter that runs, got one that ends; join the thread before",
        )),
        _ => Ok(()),
    }
}

/// Makes the end of the interpreter stop and await calls of other threads.
pub(crate) fn await_calls_at_exit(py: Python<'_>) -> PyResult<()> {
    let hook = PyCFunction::new_closure(py, None, None, |arguments, _| close(arguments.py()))?;
    py.import("atexit")?.call_method1("register", (hook,))?;
    Ok(())
}

/// Refuses calls from now on, and waits until those that run have come back.
fn close(py: Python<'_>) {
    CLOSER.get_or_init(|| std::thread::current().id());
    let begin = Instant::now();
    // They need the interpreter to come back.
    py.detach(|| {
        while update(|n| n) > 0 && begin.elapsed() < LONGEST_WAIT {
            std::thread::sleep(CHECK_INTERVAL);
        }
    });
}
