//! The tests of the core against the specification, one file a stage, in one program: generic
//! kernels are compiled once instead of once a file. `cargo test kernels::` runs one file.

mod clips;
mod conditional;
mod draws;
mod em;
mod examples;
mod kernels;
mod kmeans;
mod layers;
#[path = "../../benches/models.rs"]
mod models;
mod painting;
mod pictures;
mod points;
mod quantities;
mod sample;
mod small;
mod support;
mod survivors;
mod windows;
