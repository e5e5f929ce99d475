//! Points of any place, in a tree, have the log-densities of the specification; k-means and the
//! E step end without a panic.
#![no_main]

use gmmfast::{Data, KMeansOptions, expectation, kmeans, score_samples, spec};
use gmmfast_fuzz::{Bytes, RUNTIME, check_close, some_of, sound_mixture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = &mut Bytes(data);
    let start = bytes.byte();
    let mixture = sound_mixture(bytes);
    let is_hostile = bytes.byte() == 0;
    let n = 1 + usize::from(bytes.byte()) * 2;
    let mut points: Vec<f64> = (0..2 * n).map(|_| bytes.coordinate()).collect();
    if is_hostile {
        points[0] = bytes.any();
    }
    let mut scores = vec![0.0; n];
    if score_samples(&mixture, &points, &mut scores, &RUNTIME).is_ok() && !is_hostile {
        for at in some_of(n, start) {
            check_close(scores[at], spec::log_density(&mixture, &points[2 * at..][..2]));
        }
    }
    let Ok(data) = Data::new(&points, 2, None, None, &RUNTIME) else { return };
    let _ = expectation(&mixture, &data, &RUNTIME);
    let options = KMeansOptions { tol: 0.0, max_iter: 5 };
    let _ = kmeans(&data, mixture.means(), options, &RUNTIME);
});
