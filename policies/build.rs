//! Lists the files of this folder, so that a new policy ships without being entered anywhere.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut policies = Vec::new();
    let mut presets = Vec::new();
    visit(&root, &mut |path| {
        let relative = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        if relative.starts_with("presets/") {
            presets.push(relative);
        } else if relative.ends_with(".rubric") {
            policies.push(relative);
        }
    })?;

    let mut text = String::new();
    write_list(&mut text, "The text of every policy, by its path in this folder.", "FILES", &mut policies)?;
    write_list(&mut text, "The text of every preset, by its path in this folder.", "PRESETS", &mut presets)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), text)?;
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// Calls `found` on the files under a folder, and asks cargo to look at its folders again when they change.
fn visit(folder: &Path, found: &mut impl FnMut(&Path)) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let skipped = ["src", "tests", "target"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !skipped {
            visit(&path, found)?;
        } else if path.is_file() {
            found(&path);
        }
    }
    Ok(())
}

fn write_list(text: &mut String, docs: &str, name: &str, paths: &mut [String]) -> Result<(), Box<dyn Error>> {
    paths.sort();
    writeln!(text, "/// {docs}\npub const {name}: &[(&str, &str)] = &[")?;
    for path in paths {
        writeln!(
            text,
            "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))),",
            format!("/{path}")
        )?;
    }
    writeln!(text, "];")?;
    Ok(())
}
