//! Dependencies run one way: the command and the language server know the engine, the engine knows the grammar, and
//! none of them knows what stands above it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each package of the workspace may not depend on, however indirectly.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "rubric-grammar",
        &[
            "rubric-engine",
            "rubric-lsp",
            "rubric",
            "rubric-policies",
            "salsa",
            "tower-lsp-server",
            "ls-types",
            "clap",
            "miette",
            "tokio",
        ],
    ),
    (
        "rubric-engine",
        &[
            "rubric-lsp",
            "rubric",
            "rubric-policies",
            "tower-lsp-server",
            "ls-types",
            "clap",
            "miette",
            "indicatif",
            "tokio",
        ],
    ),
    ("rubric-lsp", &["rubric", "rubric-policies", "clap", "miette", "indicatif"]),
    ("rubric-policies", &["rubric-grammar", "rubric-engine", "rubric-lsp", "rubric"]),
];

/// The platform of this machine.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// What every package of the workspace reaches when it is built, tests aside; the package itself is not in it.
fn reach() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        // Of other platforms the packages need not be there.
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host()])
        .exec()
        .unwrap();
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (package.id.clone(), package.name.to_string())).collect();
    let resolve = metadata.resolve.as_ref().unwrap();
    let mut direct: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in &resolve.nodes {
        let built = node
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        direct.insert(
            names[&node.id].as_str(),
            built.map(|dependency| names[&dependency.pkg].as_str()).collect(),
        );
    }
    let members = metadata.workspace_packages();
    members
        .iter()
        .map(|package| {
            let mut reached = BTreeSet::new();
            let mut open = direct[package.name.as_str()].clone();
            while let Some(name) = open.pop() {
                if reached.insert(name.to_owned()) {
                    open.extend(direct.get(name).into_iter().flatten());
                }
            }
            (package.name.to_string(), reached)
        })
        .collect()
}

#[test]
fn dependencies_run_one_way() {
    let reach = reach();
    let mut wrong = Vec::new();
    for (package, forbidden) in FORBIDDEN {
        let reached = &reach[*package];
        wrong.extend(
            forbidden
                .iter()
                .filter(|name| reached.contains(**name))
                .map(|name| format!("{package} → {name}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_arrows_that_are_meant_exist() {
    let reach = reach();
    for (package, wanted) in [
        ("rubric", "rubric-lsp"),
        ("rubric", "rubric-policies"),
        ("rubric-lsp", "rubric-engine"),
        ("rubric-engine", "rubric-grammar"),
        ("rubric-engine", "salsa"),
        ("rubric-lsp", "tower-lsp-server"),
    ] {
        assert!(
            reach[package].contains(wanted),
            "{package} does not reach {wanted}: the names above are out of date"
        );
    }
}
