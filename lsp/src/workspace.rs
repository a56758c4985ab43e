//! The folders that the client has open, their files on disk, and the documents it holds in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rubric_engine::data::Manifest;
use rubric_engine::db::Database;
use rubric_engine::project::{
    Header, MANIFEST, SHIPPED_ROOT, Shipped, policy_files, project_files, shipped_needed, shown_path,
};
use tower_lsp::ls_types::Uri;

use crate::document::Document;

/// What the client and the disk hold.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    folders: Vec<PathBuf>,
    shipped: Vec<Shipped>,
    /// Documents the client has open, by shown path.
    open: BTreeMap<String, Open>,
    /// Headers of the files of the project, by shown path.
    headers: BTreeMap<String, Header>,
    /// The URI of a file that is or was open, so that the client gets back what it sent.
    uris: BTreeMap<String, Uri>,
    /// Shipped policies that are in the database.
    used: BTreeSet<String>,
}

/// A document that the client holds; what it holds counts, whatever is on disk.
#[derive(Debug)]
struct Open {
    document: Document,
    version: i32,
}

impl Workspace {
    pub(crate) fn new(folders: Vec<PathBuf>, shipped: Vec<Shipped>) -> Self {
        Self { folders, shipped, ..Self::default() }
    }

    /// The path of a URI as the database knows it: relative to the folder that is open. With several folders each file
    /// keeps its whole path, so that two of the same name stay apart.
    fn path_of(&self, uri: &Uri) -> String {
        uri.to_file_path().map_or_else(|| uri.as_str().to_owned(), |path| self.shown(&path))
    }

    fn shown(&self, path: &Path) -> String {
        match self.folders.as_slice() {
            [folder] => shown_path(folder, path),
            _ => shown_path(Path::new(""), path),
        }
    }

    fn on_disk(&self, path: &str) -> Option<PathBuf> {
        if path.starts_with(SHIPPED_ROOT) {
            return None;
        }
        match self.folders.as_slice() {
            [folder] => Some(folder.join(path)),
            _ => Some(PathBuf::from(path)).filter(|path| path.is_absolute()),
        }
    }

    /// The URI of a file; shipped policies have none.
    pub(crate) fn uri(&self, path: &str) -> Option<Uri> {
        self.uris.get(path).cloned().or_else(|| Uri::from_file_path(self.on_disk(path)?))
    }

    /// The version that the client gave the document, when it has it open.
    pub(crate) fn version(&self, path: &str) -> Option<i32> {
        self.open.get(path).map(|open| open.version)
    }

    /// Reads every file of the folders into the database; a file that cannot be read is left out.
    pub(crate) fn load(&mut self, database: &mut Database) {
        let folders = self.folders.clone();
        for path in folders.iter().flat_map(|folder| files_of(folder)) {
            let shown = self.shown(&path);
            if let Some(text) = read(&path) {
                self.set(database, &shown, Some(&text));
            }
        }
        self.set_shipped(database);
    }

    /// The client opened a document.
    pub(crate) fn open(&mut self, database: &mut Database, uri: &Uri, document: Document, version: i32) {
        let path = self.path_of(uri);
        self.set(database, &path, Some(document.text()));
        self.uris.insert(path.clone(), uri.clone());
        self.open.insert(path, Open { document, version });
        self.set_shipped(database);
    }

    /// The client changed a document. One that it never opened is no document.
    pub(crate) fn change(
        &mut self,
        database: &mut Database,
        uri: &Uri,
        version: i32,
        edit: impl FnOnce(&mut Document),
    ) {
        let path = self.path_of(uri);
        let Some(mut open) = self.open.remove(&path) else { return };
        edit(&mut open.document);
        open.version = version;
        self.set(database, &path, Some(open.document.text()));
        self.open.insert(path, open);
        self.set_shipped(database);
    }

    /// The client closed a document: what is on disk counts again.
    pub(crate) fn close(&mut self, database: &mut Database, uri: &Uri) {
        let path = self.path_of(uri);
        if self.open.remove(&path).is_some() {
            self.reread(database, &path);
        }
    }

    /// A file changed on disk.
    pub(crate) fn changed_on_disk(&mut self, database: &mut Database, uri: &Uri) {
        let path = self.path_of(uri);
        if !self.open.contains_key(&path) {
            self.reread(database, &path);
        }
    }

    fn reread(&mut self, database: &mut Database, path: &str) {
        let in_a_folder = |on_disk: &PathBuf| self.folders.iter().any(|folder| on_disk.starts_with(folder));
        let text = self.on_disk(path).filter(in_a_folder).and_then(|on_disk| read(&on_disk));
        self.set(database, path, text.as_deref());
        self.set_shipped(database);
    }

    fn set(&mut self, database: &mut Database, path: &str, text: Option<&str>) {
        match text {
            Some(text) => drop(self.headers.insert(path.to_owned(), Header::of(text))),
            None => drop(self.headers.remove(path)),
        }
        database.set_text(path, text);
    }

    /// Puts the shipped policies that are used into the database and takes the others out.
    fn set_shipped(&mut self, database: &mut Database) {
        let needed = shipped_needed(self.headers.values(), &[], &self.shipped);
        let now: BTreeSet<String> = needed.iter().map(|policy| policy.path.clone()).collect();
        for policy in needed {
            if !self.used.contains(&policy.path) {
                database.set_text(&policy.path, Some(policy.text));
            }
        }
        for path in self.used.difference(&now) {
            database.set_text(path, None);
        }
        self.used = now;
    }
}

/// The policies that the manifest of a folder lists; every one below it without a manifest that can be used.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let manifest =
        read(&folder.join(MANIFEST)).and_then(|text| Manifest::parse(&text).ok()).unwrap_or_default();
    project_files(folder, &manifest.policies).or_else(|_| policy_files(folder)).unwrap_or_default()
}

fn read(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
