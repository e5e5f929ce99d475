//! Instruction counts of fixed workloads, measured by valgrind and compared with
//! instructions.json. They show the cost of a change to a hundredth on a busy machine.
//!
//! Each workload runs in a child process under cachegrind, which counts the
//! instructions of all its threads, once with `FEW` calls and once with `MANY`.
//! The difference is the count of the calls alone, without their preparation. The
//! results are checked before, outside valgrind. Valgrind has no AVX-512, so the
//! levels are AVX2 and the baseline. Instructions are not time: they separate a
//! regression from noise, and `cargo bench` measures its cost.
//!
//! `--write` replaces the table, after an intended change or with another
//! compiler. Names given as arguments select the workloads that begin with them.
#![allow(missing_docs, reason = "a program")]

#[path = "checks.rs"]
mod checks;
#[path = "models.rs"]
mod models;

use checks::{check_picture, check_points, grid, scattered_points};
use gmmfast::{Level, Mixture, Pixel, Quantity, Rendering, Runtime, score_samples, spec};
use models::{HEIGHT, WIDTH, picture_mixture};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::{Command, ExitCode, Stdio};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.json");
const TOLERANCE: f64 = 0.02;
const FEW: u64 = 1;
const MANY: u64 = 2;
const N_POINTS: usize = 10_000;

const WORKLOADS: [Workload; 8] = [
    Workload::picture("log_density", Task::Render(Quantity::LogDensity), 500, 2),
    Workload::picture("density", Task::Render(Quantity::Density), 500, 2),
    Workload::picture("mean/float64", Task::Render(Quantity::Mean), 1000, 5),
    Workload::picture("mean/uint8", Task::RenderLevels, 1000, 5),
    Workload::picture("prepare/mean", Task::Prepare, 1000, 5),
    Workload::points("points/2d", 500, 2),
    Workload::points("points/5d", 100, 5),
    Workload::points("points/16d", 64, 16),
];

#[derive(Clone, Copy)]
enum Task {
    Render(Quantity),
    RenderLevels,
    /// The preparation of a call before it renders.
    Prepare,
    Score,
}

struct Workload {
    name: &'static str,
    task: Task,
    n_points: usize,
    n_components: usize,
    n_features: usize,
}

impl Workload {
    const fn picture(
        name: &'static str,
        task: Task,
        n_components: usize,
        n_features: usize,
    ) -> Self {
        Self { name, task, n_points: WIDTH * HEIGHT, n_components, n_features }
    }

    const fn points(name: &'static str, n_components: usize, n_features: usize) -> Self {
        Self { name, task: Task::Score, n_points: N_POINTS, n_components, n_features }
    }

    fn mixture(&self) -> Mixture {
        picture_mixture(self.n_components, self.n_features)
    }

    fn run(&self, runtime: &Runtime, n_calls: u64) {
        let mixture = self.mixture();
        match self.task {
            Task::Render(quantity) => render::<f64>(&mixture, quantity, runtime, n_calls),
            Task::RenderLevels => render::<u8>(&mixture, Quantity::Mean, runtime, n_calls),
            Task::Prepare => (0..n_calls).for_each(|_| {
                black_box(rendering(black_box(&mixture), Quantity::Mean));
            }),
            Task::Score => {
                let points = scattered_points(self.n_points, self.n_features);
                let mut out = vec![0.0; self.n_points];
                for _ in 0..n_calls {
                    score_samples(&mixture, black_box(&points), &mut out, runtime)
                        .expect("nothing interrupts");
                }
            }
        }
    }

    fn check(&self, runtime: &Runtime) {
        let mixture = self.mixture();
        let density = |x: &[f64]| vec![spec::log_density(&mixture, x).exp()];
        let log_density = |x: &[f64]| vec![spec::log_density(&mixture, x)];
        let mean = |x: &[f64]| spec::conditional_mean(&mixture, &[0, 1], x);
        match self.task {
            Task::Score => {
                let points = scattered_points(self.n_points, self.n_features);
                check_points(&mixture, &points, runtime);
            }
            Task::RenderLevels => {
                check_picture::<u8>(&rendering(&mixture, Quantity::Mean), runtime, mean);
            }
            Task::Render(quantity @ Quantity::LogDensity) => {
                check_picture::<f64>(&rendering(&mixture, quantity), runtime, log_density);
            }
            Task::Render(quantity @ Quantity::Density) => {
                check_picture::<f64>(&rendering(&mixture, quantity), runtime, density);
            }
            Task::Render(_) | Task::Prepare => {
                check_picture::<f64>(&rendering(&mixture, Quantity::Mean), runtime, mean);
            }
        }
    }
}

fn rendering(mixture: &Mixture, quantity: Quantity) -> Rendering {
    Rendering::new(mixture, &grid(), &[0, 1], quantity).expect("valid")
}

fn render<P: Pixel + Default>(
    mixture: &Mixture,
    quantity: Quantity,
    runtime: &Runtime,
    n_calls: u64,
) {
    let rendering = rendering(mixture, quantity);
    let mut out = vec![P::default(); rendering.n_values()];
    for _ in 0..n_calls {
        rendering.render(black_box(&mut out), runtime).expect("nothing interrupts");
    }
}

fn runtime(level: Level) -> Runtime {
    Runtime::new(Some(1)).expect("one thread").with_level(level)
}

/// The levels that valgrind supports.
fn levels() -> impl Iterator<Item = Level> {
    Level::available().into_iter().filter(|level| level.name() != "avx512")
}

/// Returns the instructions of a whole process that makes `n_calls` calls.
fn instructions_of_process(workload: &Workload, level: Level, n_calls: u64) -> u64 {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(program)
        .args(["child", workload.name, level.name(), &n_calls.to_string()])
        .output()
        .expect("valgrind runs");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed under valgrind:\n{log}", workload.name);
    let line = log.lines().find(|line| line.contains("I") && line.contains("refs:"));
    let digits = line.and_then(|line| line.rsplit(':').next()).unwrap_or_default();
    digits.replace([',', ' '], "").parse().unwrap_or_else(|_| panic!("no count in:\n{log}"))
}

fn child(arguments: &[String]) {
    let [name, level, n_calls] = arguments else { panic!("child: name, level, calls") };
    let workload = WORKLOADS.iter().find(|workload| workload.name == name).expect("a workload");
    let level = levels().find(|l| l.name() == level).expect("a level that valgrind has");
    workload.run(&runtime(level), n_calls.parse().expect("a number"));
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "child") {
        child(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("counting instructions needs valgrind, and none was found: install your");
        eprintln!("system's package valgrind (Linux; it is no dependency of anything else here)");
        return ExitCode::FAILURE;
    }
    let (options, chosen): (Vec<_>, Vec<_>) =
        arguments.into_iter().partition(|a| a.starts_with('-'));
    compare(options.iter().any(|option| option == "--write"), &chosen)
}

/// Counts the selected workloads and prints them with the table; writes it with `--write`.
fn compare(write: bool, chosen: &[String]) -> ExitCode {
    let text = std::fs::read_to_string(TABLE).unwrap_or_else(|_| "{}".to_owned());
    let mut table: BTreeMap<String, u64> = serde_json::from_str(&text).expect("a table of counts");
    let mut is_good = true;
    println!("{:<24}{:>14}{:>10}{:>10}{:>10}", "instructions", "a call", "a pair", "a point", "");
    let is_chosen = |w: &&Workload| {
        chosen.is_empty() || chosen.iter().any(|start| w.name.starts_with(start.as_str()))
    };
    for workload in WORKLOADS.iter().filter(is_chosen) {
        for level in levels() {
            workload.check(&runtime(level));
            let few = instructions_of_process(workload, level, FEW);
            let count = (instructions_of_process(workload, level, MANY) - few) / (MANY - FEW);
            let name = format!("{}/{}", workload.name, level.name());
            let change = table.get(&name).map(|&old| count as f64 / old as f64 - 1.0);
            let verdict = change.map_or("new".to_owned(), |c| format!("{:+.2} %", 100.0 * c));
            let n_points = workload.n_points as f64;
            let (a_point, components) = (count as f64 / n_points, workload.n_components as f64);
            let a_pair = a_point / components;
            println!("{name:<24}{count:>14}{a_pair:>10.3}{a_point:>10.1}{verdict:>10}");
            is_good &= change.is_some_and(|c| c <= TOLERANCE);
            table.insert(name, count);
        }
    }
    if write {
        let text = serde_json::to_string_pretty(&table).expect("a table of counts");
        std::fs::write(TABLE, text + "\n").expect("the table can be written");
        return ExitCode::SUCCESS;
    }
    if is_good {
        return ExitCode::SUCCESS;
    }
    eprintln!("more than {} % above {TABLE}, or not in it;", 100.0 * TOLERANCE);
    eprintln!("if that is meant: cargo bench --bench instructions -- --write");
    ExitCode::FAILURE
}
