//! The vocabulary and the policies that ship with Rubric, as text.
//!
//! The files themselves lie beside this crate and are meant to be read, copied and changed; `README.md` says where each
//! comes from and what in it was not verified.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        reason = "tests fail by panicking"
    )
)]

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The text of a shipped policy or preset.
#[must_use]
pub fn text(path: &str) -> Option<&'static str> {
    FILES.iter().chain(PRESETS).find(|(name, _)| *name == path).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{FILES, PRESETS, text};

    fn on_disk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                on_disk(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".rubric") || name.starts_with("presets/") {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_file_is_listed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        on_disk(root, "", &mut found);
        let mut listed: Vec<String> =
            FILES.iter().chain(PRESETS).map(|(path, _)| (*path).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(listed, found);
        for path in &found {
            assert_eq!(text(path).unwrap(), fs::read_to_string(root.join(path)).unwrap(), "{path}");
        }
    }

    #[test]
    fn a_policy_lies_where_its_name_says() {
        for (path, text) in FILES {
            let name = path.trim_end_matches(".rubric").replace('/', ".");
            let header = text.lines().find_map(|line| line.strip_prefix("policy ")).unwrap_or_default();
            let written = header.split(|c: char| c.is_whitespace() || c == '{').next().unwrap_or_default();
            assert_eq!(written, name, "{path}");
        }
    }
}
