//! The examples run. They are modules here, because a program of its own would compile the kernels
//! again.

#[path = "../../examples/fit.rs"]
mod fit;
#[path = "../../examples/render.rs"]
mod render;

#[test]
fn the_fit_converges() {
    fit::main().unwrap();
}

#[test]
fn the_pictures_are_written() {
    render::main().unwrap();
}
