//! Every import of the crate points down: no file imports a folder of a later layer,
//! production does not use the specification, and no two files import each other,
//! however long the way around.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The layers, lowest first: each uses only those before it. The bindings come after
/// lib.rs because they use the crate's public names.
const LAYERS: [&str; 14] = [
    "error",
    "simd",
    "runtime",
    "model",
    "spec",
    "random",
    "grid",
    "rendering",
    "points",
    "sampling",
    "fitting",
    "painting",
    "lib",
    "python",
];

/// A module path, without `crate`; empty for lib.rs.
type Module = Vec<String>;

/// The imports of each file, by module.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Reads the imports of all files below `folder`.
fn imports_of(folder: &Path) -> Imports {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a readable file");
                texts.insert(module(path.strip_prefix(folder).expect("below it")), text);
            }
        }
    }
    let parse = |(file, text): (&Module, &String)| {
        let targets = paths(file, text).into_iter().map(|path| owner(&path, &texts));
        (file.clone(), targets.filter(|target| target != file).collect())
    };
    texts.iter().map(parse).collect()
}

/// The module of a file.
fn module(file: &Path) -> Module {
    let mut names: Module =
        file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib") {
        names.pop();
    }
    names
}

/// The file that a path leads into: its longest prefix that is a file.
fn owner(path: &[String], files: &BTreeMap<Module, String>) -> Module {
    let n = (0..=path.len()).rev().find(|&n| files.contains_key(&path[..n]));
    path[..n.expect("lib.rs is a file")].to_vec()
}

/// The paths from `crate::` and `super::` in a file's text, from the crate's root.
fn paths(file: &Module, text: &str) -> Vec<Module> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.flat_map(|line| [line, "\n"]).collect();
    let mut found = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue; // `$crate::`, `some_crate::`, `super::super::`
            }
            let line = &code[..at][code[..at].rfind('\n').map_or(0, |end| end + 1)..];
            // What is indented is in a module within the file, whose parent is the file.
            let mut start = if root == "crate::" { Module::new() } else { file.clone() };
            if root == "super::" && !line.starts_with(' ') {
                start.pop();
            }
            expand(&code[at + root.len()..], start, &mut found);
        }
    }
    found
}

/// Adds the paths of a use tree; returns the text after it.
fn expand<'a>(tree: &'a str, mut path: Module, found: &mut Vec<Module>) -> &'a str {
    let mut rest = tree;
    loop {
        rest = rest.trim_start();
        if let Some(mut list) = rest.strip_prefix('{') {
            while !list.trim_start().starts_with('}') {
                list = expand(list, path.clone(), found).trim_start().trim_start_matches(',');
            }
            return &list.trim_start()[1..];
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        match &rest[..end] {
            "super" => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => rest = after,
            None => {
                found.push(path);
                return &rest[rest.find([',', '}', ';', '\n']).unwrap_or(rest.len())..];
            }
        }
    }
}

fn layer(module: &Module) -> usize {
    let folder = module.first().map_or("lib", String::as_str);
    let at = LAYERS.iter().position(|layer| *layer == folder);
    at.unwrap_or_else(|| panic!("{folder} is in no layer: add it to LAYERS"))
}

/// Sentences about the imports that break the rules.
fn violations(imports: &Imports) -> Vec<String> {
    let name = |module: &Module| format!("crate::{}", module.join("::"));
    let mut found = Vec::new();
    for (from, targets) in imports {
        for to in targets {
            if layer(to) > layer(from) {
                found.push(format!("{} imports {}, a layer above it", name(from), name(to)));
            }
            if to.last().is_some_and(|file| file == "spec") {
                found.push(format!("{} uses the specification", name(from)));
            }
            if reaches(imports, to, from) {
                found.push(format!("{} and {} are in a circle", name(from), name(to)));
            }
        }
    }
    found
}

fn reaches(imports: &Imports, from: &Module, to: &Module) -> bool {
    let (mut seen, mut rest) = (BTreeSet::new(), vec![from]);
    while let Some(next) = rest.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            rest.extend(imports.get(next).into_iter().flatten());
        }
    }
    false
}

#[test]
fn every_import_points_down() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rust");
    let imports = imports_of(&folder);
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 100, "imports were found");
    let found = violations(&imports);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_arrow_that_points_up_and_a_circle_are_found() {
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Module>();
    let edges = |edges: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (from, to) in edges {
            imports.entry(path(from)).or_default().insert(path(to));
        }
        violations(&imports)
    };
    assert!(edges(&[("points::walk", "model::mixture")]).is_empty());
    assert_eq!(edges(&[("simd::math", "grid::output")]).len(), 1);
    assert_eq!(edges(&[("model::conditional", "spec"), ("grid", "spec")]).len(), 3);
    let circle =
        [("points::a", "points::b"), ("points::b", "points::c"), ("points::c", "points::a")];
    assert_eq!(edges(&circle).len(), 3);
}

#[test]
fn imports_of_every_form_are_read() {
    let text = "use crate::a::{b::C, d::{E, f}};\n// crate::no\nuse super::g::H;\n\
                mod tests {\n    use super::*;\n    fn x() { crate::i::j() }\n}\n";
    let file: Module = vec!["k".into(), "l".into()];
    let found: Vec<String> = paths(&file, text).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::b::C", "a::d::E", "a::d::f", "i::j", "k::g::H", "k::l::"]);
}
