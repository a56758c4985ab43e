//! Texts of the server's own that a client opens as files: pages of the manual and shipped policies.
//!
//! They are written, when first asked for, to a folder that goes when the server ends, so that every client can follow a
//! link to them.

use std::fs;
use std::path::PathBuf;

use rubric_engine::check;
use rubric_engine::project::SHIPPED_ROOT;
use tempfile::TempDir;
use tower_lsp::ls_types::Uri;

use crate::client::file_path;

/// The folder; none when the system gives none, and then there are no such links.
#[derive(Debug)]
pub(crate) struct Manual {
    folder: Option<TempDir>,
}

impl Manual {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("rubric-lsp-").tempdir().ok() }
    }

    /// The page of a check.
    pub(crate) fn page(&self, code: &str) -> Option<Uri> {
        let page = check::page(code)?;
        self.written(PathBuf::from("checks").join(format!("{code}.md")), || page.markdown())
    }

    /// A shipped policy.
    pub(crate) fn shipped(&self, path: &str, text: &str) -> Option<Uri> {
        let below = path.strip_prefix(SHIPPED_ROOT)?.trim_start_matches('/');
        self.written(PathBuf::from("shipped").join(below), || text.to_owned())
    }

    /// The database's path of a shipped policy that was written.
    pub(crate) fn shipped_path(&self, uri: &Uri) -> Option<String> {
        let folder = self.folder.as_ref()?.path().join("shipped");
        let path = file_path(uri)?;
        let below = path.strip_prefix(folder).ok()?.to_string_lossy().replace('\\', "/");
        Some(format!("{SHIPPED_ROOT}/{below}"))
    }

    fn written(&self, below: PathBuf, text: impl FnOnce() -> String) -> Option<Uri> {
        let path = self.folder.as_ref()?.path().join(below);
        if !path.exists() {
            fs::create_dir_all(path.parent()?).ok()?;
            fs::write(&path, text()).ok()?;
        }
        Uri::from_file_path(path)
    }
}

#[cfg(test)]
mod tests {
    use super::Manual;

    #[test]
    fn pages_are_files_as_long_as_the_server_runs() {
        let manual = Manual::new();
        let uri = manual.page("missing-citation").unwrap();
        let path = uri.to_file_path().unwrap().into_owned();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# missing-citation"));
        assert_eq!(manual.page("no-such-check"), None);
        let shipped = manual.shipped("<shipped>/k12/student.rubric", "policy k12.student {}").unwrap();
        assert_eq!(manual.shipped_path(&shipped).as_deref(), Some("<shipped>/k12/student.rubric"));
        assert_eq!(manual.shipped_path(&uri), None);
        drop(manual);
        assert!(!path.exists());
    }
}
