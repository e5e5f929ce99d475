//! Promises of refined clips: the error is the renderer's, it only falls, and the result is a
//! mixture of the same gates with the same bits for any number of threads.

use crate::support::every_level;
use gmmfast::painting::{Clip, ClipRefinement, Options, Picture, Refine};
use gmmfast::{
    Conditional, Covariances, Error, Grid, Level, Mixture, Quantity, Rendering, Runtime,
};

const WIDTH: usize = 24;
const HEIGHT: usize = 17;
const N_FRAMES: usize = 5;

/// A wave that moves to the right, with an edge.
fn bytes(n_channels: usize) -> Vec<u8> {
    let value = |at: usize| {
        let (c, x) = (at % n_channels, at / n_channels % WIDTH);
        let (y, t) = (at / n_channels / WIDTH % HEIGHT, at / n_channels / WIDTH / HEIGHT);
        let (x, y, t) = (x as f64 - 2.0 * t as f64, y as f64, t as f64);
        let edge = if x + y > 16.0 { 70.0 } else { 0.0 };
        (90.0 + edge + 40.0 * (0.3 * x + c as f64).sin() * (0.25 * y + 0.1 * t).cos()) as u8
    };
    (0..N_FRAMES * HEIGHT * WIDTH * n_channels).map(value).collect()
}

fn clip(n_channels: usize) -> Clip {
    let bytes = bytes(n_channels);
    let frames = bytes.chunks_exact(HEIGHT * WIDTH * n_channels);
    let frames = frames.map(|bytes| Picture::new(bytes, HEIGHT, WIDTH, n_channels).unwrap());
    Clip::new(frames.collect()).unwrap()
}

/// Twelve slanted components over (x, y, t, channels), in rows.
fn mixture(n_channels: usize) -> Mixture {
    let d = 3 + n_channels;
    let (mut means, mut covariances) = (Vec::new(), Vec::new());
    for k in 0..12 {
        let (column, row) = ((k % 4) as f64, (k / 4) as f64);
        means.extend([3.0 + 6.0 * column, 3.0 + 6.0 * row, 0.4 * k as f64]);
        means.extend((0..n_channels).map(|c| 60.0 + 10.0 * (k + c) as f64));
        for i in 0..d {
            for j in 0..d {
                covariances.push(match (i.max(j), i.min(j)) {
                    (2, 2) => 3.0,
                    (1, 1) | (0, 0) => 12.0,
                    (2, 0) => 2.0,
                    (i, j) if i == j => 400.0,
                    (3.., 0..3) => 5.0,
                    _ => 0.0,
                });
            }
        }
    }
    Mixture::new(vec![1.0 / 12.0; 12], means, Covariances::Full(covariances)).unwrap()
}

fn refined(n_channels: usize, max_passes: usize, runtime: &Runtime) -> ClipRefinement {
    let options = Options { max_passes, ..Options::default() };
    let start = mixture(n_channels);
    let mut refinement = ClipRefinement::new(clip(n_channels), start, options, runtime).unwrap();
    while refinement.advance(runtime).unwrap() {}
    refinement
}

/// The PSNR of what the renderer paints, before levels are clipped and rounded.
fn rendered_psnr(mixture: &Mixture, n_channels: usize, runtime: &Runtime) -> f64 {
    let side = |n: usize| (-0.5, n as f64 - 0.5);
    let extent = [side(WIDTH), side(HEIGHT), side(N_FRAMES)];
    let grid = Grid::new(&[N_FRAMES, HEIGHT, WIDTH], &extent).unwrap();
    let rendering = Rendering::new(mixture, &grid, &[0, 1, 2], Quantity::Mean).unwrap();
    let mut painted = vec![0.0_f64; rendering.n_values()];
    rendering.render(&mut painted, runtime).unwrap();
    let bytes = bytes(n_channels);
    let errors = painted.iter().zip(&bytes).map(|(a, &b)| ((a - f64::from(b)) / 255.0).powi(2));
    10.0 * (bytes.len() as f64 / errors.sum::<f64>()).log10()
}

#[test]
fn the_error_is_the_renderers_at_every_level_before_and_after() {
    for runtime in &every_level() {
        for n_channels in [1, 3] {
            let before = refined(n_channels, 1, runtime);
            let want = rendered_psnr(&mixture(n_channels), n_channels, runtime);
            // Responsibilities below a thousandth are neglected.
            assert!((before.psnr() - want).abs() < 1e-2, "{} {want}", before.psnr());
            let after = refined(n_channels, 60, runtime);
            let found = after.mixture(0.1, runtime).unwrap();
            let want = rendered_psnr(&found, n_channels, runtime);
            assert!((after.psnr() - want).abs() < 1e-2, "{} {want}", after.psnr());
            assert!(after.psnr() > before.psnr() + 5.0, "{} {}", before.psnr(), after.psnr());
        }
    }
}

#[test]
fn gates_stay() {
    let runtime = Runtime::new(Some(1)).unwrap();
    let (start, refinement) = (mixture(1), refined(1, 60, &runtime));
    let found = refinement.mixture(0.25, &runtime).unwrap();
    for k in 0..12 {
        assert!((found.log_weights()[k] - start.log_weights()[k]).abs() < 1e-12);
        assert_eq!(found.mean(k)[..3], start.mean(k)[..3]);
        for (i, j) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)] {
            let [new, old] = [&found, &start].map(|m| m.covariances().at(4, k, i, j));
            assert!((new - old).abs() < 1e-12, "{k} {i} {j}: {new} {old}");
        }
    }
}

#[test]
fn colors_scatter_as_the_clip_does_about_the_painting() {
    let runtime = Runtime::new(Some(1)).unwrap();
    let start = mixture(1);
    let covariance = Covariances::Full(start.covariances().values()[..16].to_vec());
    let start = Mixture::new(vec![1.0], start.mean(5).to_vec(), covariance).unwrap();
    let options = Options { max_passes: 60, ..Options::default() };
    let mut refinement = ClipRefinement::new(clip(1), start, options, &runtime).unwrap();
    while refinement.advance(&runtime).unwrap() {}
    let found = refinement.mixture(0.25, &runtime).unwrap();
    // One component is responsible for all pixels: the variance that its slopes leave is theirs.
    let want = 255.0_f64.powi(2) * 10.0_f64.powf(-refinement.psnr() / 10.0) + 0.25;
    let colors = Conditional::new(&found, &[0, 1, 2]).unwrap().at(&[3.0, 4.0, 1.0]).unwrap();
    let got = colors.covariances().at(1, 0, 0, 0);
    assert!((got / want - 1.0).abs() < 1e-3, "{got} {want}");
}

#[test]
fn a_refined_clip_has_the_same_bits_for_any_number_of_threads() {
    let found = [1, 2, 3].map(|n_threads| {
        let runtime = Runtime::new(Some(n_threads)).unwrap();
        refined(3, 40, &runtime).mixture(0.1, &runtime).unwrap()
    });
    for other in &found[1..] {
        assert_eq!(other.means(), found[0].means());
        assert_eq!(other.covariances(), found[0].covariances());
    }
}

#[test]
fn other_covariance_types_stay_what_they_are() {
    let runtime = Runtime::new(Some(1)).unwrap();
    let means = mixture(3).means().to_vec();
    let tied = (0..36).map(|i: usize| if i.is_multiple_of(7) { 20.0 } else { 0.0 }).collect();
    for covariances in [
        Covariances::Diag(vec![20.0; 72]),
        Covariances::Spherical(vec![20.0; 12]),
        Covariances::Tied(tied),
    ] {
        let start = Mixture::new(vec![1.0 / 12.0; 12], means.clone(), covariances.clone()).unwrap();
        let before = rendered_psnr(&start, 3, &runtime);
        let options = Options { max_passes: 60, ..Options::default() };
        let mut refinement = ClipRefinement::new(clip(3), start, options, &runtime).unwrap();
        while refinement.advance(&runtime).unwrap() {}
        let found = refinement.mixture(0.1, &runtime).unwrap();
        let (got, want) = (found.covariances(), &covariances);
        assert_eq!(std::mem::discriminant(got), std::mem::discriminant(want));
        let after = rendered_psnr(&found, 3, &runtime);
        assert!(after > before + 3.0, "{covariances:?} {before} {after}");
        assert!((after - refinement.psnr()).abs() < 1e-2, "{after} {}", refinement.psnr());
    }
}

#[test]
fn an_interrupted_refinement_goes_on_where_it_was() {
    let running = Runtime::new(Some(1)).unwrap().with_level(Level::best());
    let options = Options { max_passes: 60, ..Options::default() };
    let mut refinement = ClipRefinement::new(clip(1), mixture(1), options, &running).unwrap();
    assert!(refinement.advance(&running).unwrap());
    let interrupted = Runtime::new(Some(1)).unwrap();
    interrupted.interrupt().store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(refinement.advance(&interrupted), Err(Error::Interrupted));
    while refinement.advance(&running).unwrap() {}
    let want = refined(1, 60, &running).psnr();
    assert!((refinement.psnr() - want).abs() < 0.01, "{} {want}", refinement.psnr());
}

#[test]
fn what_is_no_clip_is_refused_with_a_reason() {
    let frame = |width: usize| Picture::new(&vec![0; 8 * width], 8, width, 1).unwrap();
    let message = |result: Result<Clip, Error>| result.unwrap_err().to_string();
    assert!(message(Clip::new(Vec::new())).starts_with("image: expected at least one frame"));
    assert!(message(Clip::new(vec![frame(4), frame(5)])).contains("(8, 4, 1), got (8, 5, 1)"));
    let runtime = Runtime::new(Some(1)).unwrap();
    let message = |start: Mixture, options: Options| {
        ClipRefinement::new(clip(1), start, options, &runtime).err().unwrap().to_string()
    };
    assert!(message(mixture(3), Options::default()).contains("(x, y, t) and 1 channels"));
    let none = Options { max_passes: 0, ..Options::default() };
    assert!(message(mixture(1), none).starts_with("max_passes: expected at least 1"));
}
