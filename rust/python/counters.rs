//! Counters of kernel calls, for tests and reports.

use std::sync::atomic::{AtomicU64, Ordering};

/// The kernels that are counted.
#[derive(Clone, Copy)]
pub(crate) enum Kernel {
    ScoreSamples,
    Predict,
    PredictProba,
    Conditional,
    Render,
    Sample,
    RenderSamples,
    Expectation,
    KMeansPlusPlus,
    KMeans,
    Refinement,
}

/// Names in the order of [`Kernel`].
const NAMES: [&str; 11] = [
    "score_samples",
    "predict",
    "predict_proba",
    "conditional",
    "render",
    "sample",
    "render_samples",
    "expectation",
    "kmeans_plusplus",
    "kmeans",
    "refinement",
];

static CALLS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

/// Counts one completed call.
pub(crate) fn count(kernel: Kernel) {
    CALLS[kernel as usize].fetch_add(1, Ordering::Relaxed);
}

/// Returns names and counts.
pub(crate) fn counts() -> impl Iterator<Item = (&'static str, u64)> {
    NAMES.into_iter().zip(CALLS.iter().map(|calls| calls.load(Ordering::Relaxed)))
}
