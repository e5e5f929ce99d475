//! Runs the core without the interpreter, and answers Ctrl-C in the meantime. A panic becomes a
//! `RuntimeError` that can be reported.

use crate::python::closing::{check_open, detach};
use crate::python::failure::caught;
use crate::runtime::{HAS_THREADS, check_memory, no_threads};
use crate::{Error, Runtime};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Interval at which a long call checks for Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// Multiply-adds of a call that ends within some milliseconds, before anyone could press
/// Ctrl-C; it needs no second thread that watches. Without threads, nothing watches.
const SHORT_CALL: usize = if HAS_THREADS { 1 << 26 } else { usize::MAX };

/// Multiply-adds of a call that takes less time than reading the number of threads (some ten
/// microseconds), or than threads would save.
const TINY_CALL: usize = 1 << 16;

/// Returns the runtime of a call: one thread for a tiny call without a number of threads.
pub(crate) fn runtime(n_threads: Option<usize>, n_operations: usize) -> PyResult<Runtime> {
    let n_threads = n_threads.or((n_operations <= TINY_CALL).then_some(1));
    Ok(Runtime::new(n_threads)?)
}

/// Runs `work` without the interpreter; answers Ctrl-C if it may take long.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    runtime: &Runtime,
    n_operations: usize,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (mut work, mut result) = (Some(work), None);
    run_once(py, runtime, n_operations, &mut || {
        result = work.take().map(|work| work()).transpose()?;
        Ok(())
    })?;
    Ok(result.expect("work that ends without an error has a result"))
}

/// The part of [`run`] that is not generic: the code for threads and signals is compiled
/// once. It calls `work` once.
fn run_once(
    py: Python<'_>,
    runtime: &Runtime,
    n_operations: usize,
    work: &mut (dyn FnMut() -> Result<(), Error> + Send),
) -> PyResult<()> {
    if n_operations > TINY_CALL {
        check_memory(0)?;
    }
    let mut work = || caught(&mut *work);
    if n_operations <= SHORT_CALL {
        return Ok(detach(py, work)??);
    }
    detach(py, || {
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            std::thread::Builder::new()
                .spawn_scoped(scope, move || sender.send(work()))
                .map_err(|error| no_threads(1, &error))?;
            loop {
                match receiver.recv_timeout(SIGNAL_INTERVAL) {
                    Ok(result) => return Ok(result?),
                    Err(RecvTimeoutError::Disconnected) => {
                        unreachable!("the worker sends before it ends, and catches its panic")
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        // The scope waits for the worker, which stops at the flag.
                        check_continues()
                            .inspect_err(|_| runtime.interrupt().store(true, Ordering::Relaxed))?;
                    }
                }
            }
        })
    })?
}

/// Runs `work`, which owns its data, without the interpreter. Ctrl-C abandons it: its result
/// is dropped when it ends, and it does not need to check for an interrupt.
pub(crate) fn run_owned<T: Send + 'static>(
    py: Python<'_>,
    n_operations: usize,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    if n_operations <= SHORT_CALL {
        return Ok(detach(py, || caught(work))??);
    }
    check_memory(0)?;
    let result = run_boxed(py, Box::new(move || Ok(Box::new(work()?) as Box<dyn Any + Send>)))?;
    Ok(*result.downcast().expect("what the work itself has put into the box"))
}

/// Work with a result of any type.
type BoxedWork = Box<dyn FnOnce() -> Result<Box<dyn Any + Send>, Error> + Send>;

/// The part of [`run_owned`] that is not generic: threads and channels are compiled once.
fn run_boxed(py: Python<'_>, work: BoxedWork) -> PyResult<Box<dyn Any + Send>> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .spawn(move || sender.send(caught(work)))
        .map_err(|error| no_threads(1, &error))?;
    detach(py, move || {
        loop {
            match receiver.recv_timeout(SIGNAL_INTERVAL) {
                Ok(result) => return Ok(result?),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the work ended without a result"));
                }
                Err(RecvTimeoutError::Timeout) => check_continues()?,
            }
        }
    })?
}

/// Raises what ends a long call: Ctrl-C, or the end of the interpreter.
fn check_continues() -> PyResult<()> {
    check_open()?;
    Python::try_attach(|py| py.check_signals()).unwrap_or(Err(Error::Interrupted.into()))
}
