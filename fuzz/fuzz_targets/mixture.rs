//! Parameters of a mixture are refused, or every use of it ends without a panic.
#![no_main]

use gmmfast::{Conditional, score_samples};
use gmmfast_fuzz::{Bytes, RUNTIME, any_mixture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = &mut Bytes(data);
    let Ok(mixture) = any_mixture(bytes) else { return };
    let d = mixture.n_features();
    let point: Vec<f64> = (0..d).map(|_| bytes.any()).collect();
    let _ = score_samples(&mixture, &point, &mut [0.0], &RUNTIME);
    let given: Vec<usize> =
        (0..bytes.count(3)).map(|_| usize::from(bytes.byte()) % (d + 1)).collect();
    let _ = mixture.marginal(&given);
    if let Ok(conditional) = Conditional::new(&mixture, &given) {
        let values: Vec<f64> = given.iter().map(|_| bytes.any()).collect();
        let _ = conditional.at(&values);
    }
});
