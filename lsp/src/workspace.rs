//! A folder that the client has open, its files on disk, and the documents that the client holds in memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rubric_engine::data::{DataSet, DataSource, Manifest, PresetText};
use rubric_engine::db::Database;
use rubric_engine::project::{
    EXTENSION, Header, MANIFEST, SHIPPED_ROOT, Shipped, policy_files, project_files, shipped_needed,
    shown_path,
};
use rubric_engine::value::Date;
use rubric_grammar::Encoding;
use tower_lsp::ls_types::{Diagnostic, Uri};

use crate::client::file_path;
use crate::document::Document;
use crate::faults::faults;
use crate::manual::Manual;
use crate::sample::{NAME, SampleSet};
use crate::server::Ships;

/// Where a project is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its folder; none for documents that are in no folder that is open.
    pub(crate) folder: Option<PathBuf>,
    /// Folders below that one which are open too.
    pub(crate) others: Vec<PathBuf>,
}

/// A document that the client has open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) document: Document,
}

/// What the client and the disk hold.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    shipped: Vec<Shipped>,
    presets: BTreeMap<String, PresetText>,
    /// Documents the client has open, by shown path.
    open: BTreeMap<String, Document>,
    /// Headers of the files of the project, by shown path.
    headers: BTreeMap<String, Header>,
    /// Shipped policies that are in the database.
    used: BTreeSet<String>,
    /// The text of the manifest.
    manifest: Option<String>,
    /// Many files are being read: what they use is looked for once, after them.
    loading: bool,
    view: View,
}

/// What a request needs to know of the workspace; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// The folder; none for documents that are in no folder that is open.
    pub(crate) folder: Option<Arc<Path>>,
    /// The manifest as it was when it could last be used: one that is being written makes no other project.
    manifest: Arc<Manifest>,
    /// Folders below it that are open too: each is a project of its own.
    others: Arc<[PathBuf]>,
    /// The versions that the client gave the documents it has open.
    versions: BTreeMap<String, i32>,
    /// The URI of a file that is or was open, so that the client gets back what it sent.
    uris: Arc<BTreeMap<String, Uri>>,
    /// Files that are there.
    present: Arc<BTreeSet<String>>,
    /// Shipped policies that the client opened, by their path in the database.
    manual: Option<Arc<Manual>>,
    /// The day of the sample data.
    pub(crate) as_of: Option<Date>,
    /// The sample records of the folders that have some.
    pub(crate) samples: Arc<[SampleSet]>,
    /// Documents that are not as they are on disk.
    unsaved: Arc<BTreeSet<String>>,
    /// Counts the changes of what is on disk.
    pub(crate) disk: u64,
}

impl View {
    /// The path of a URI as the database knows it: relative to the folder.
    pub(crate) fn path_of(&self, uri: &Uri) -> String {
        if let Some(path) = self.manual.as_ref().and_then(|manual| manual.shipped_path(uri)) {
            return path;
        }
        file_path(uri).map_or_else(|| uri.as_str().to_owned(), |path| self.shown(&path))
    }

    pub(crate) fn shown(&self, path: &Path) -> String {
        shown_path(self.folder.as_deref().unwrap_or(Path::new("")), path)
    }

    pub(crate) fn on_disk(&self, path: &str) -> Option<PathBuf> {
        if path.starts_with(SHIPPED_ROOT) {
            return None;
        }
        match &self.folder {
            Some(folder) => Some(folder.join(path)),
            None => Some(PathBuf::from(path)).filter(|path| path.is_absolute()),
        }
    }

    /// The URI of a file; shipped policies have none.
    pub(crate) fn uri(&self, path: &str) -> Option<Uri> {
        self.uris.get(path).cloned().or_else(|| Uri::from_file_path(self.on_disk(path)?))
    }

    /// Whether a file that was called so is still called so: the name that a client gave it stays.
    pub(crate) fn calls_it(&self, path: &str, uri: &Uri) -> bool {
        self.uris.get(path).is_none_or(|own| own == uri)
    }

    /// The version that the client gave the document, when it has it open.
    pub(crate) fn version(&self, path: &str) -> Option<i32> {
        self.versions.get(path).copied()
    }

    /// Whether every document that the client has open is as it is on disk.
    pub(crate) fn is_saved(&self) -> bool {
        self.unsaved.is_empty()
    }

    /// Whether a document is not as it is on disk.
    pub(crate) fn is_unsaved(&self, path: &str) -> bool {
        self.unsaved.contains(path)
    }

    /// The documents that the client has open, by path.
    pub(crate) fn open(&self) -> impl Iterator<Item = &str> {
        self.versions.keys().map(String::as_str)
    }

    pub(crate) fn is_present(&self, path: &str) -> bool {
        self.present.contains(path) || path.starts_with(SHIPPED_ROOT)
    }
}

impl Workspace {
    pub(crate) fn new(project: Place, ships: Ships, manual: Arc<Manual>) -> Self {
        let Place { folder, others } = project;
        let folder = folder.map(Into::into);
        let view = View { folder, others: others.into(), manual: Some(manual), ..View::default() };
        Self { shipped: ships.policies, presets: ships.presets, view, ..Self::default() }
    }

    pub(crate) const fn view(&self) -> &View {
        &self.view
    }

    /// Takes everything out of the database, which ends what is being worked out from it, and gives the documents that the
    /// client has open.
    pub(crate) fn leave(&mut self, database: &mut Database) -> Vec<Opened> {
        for path in std::mem::take(&mut self.headers).into_keys() {
            database.set_text(&path, None);
        }
        let open = std::mem::take(&mut self.open).into_iter();
        open.filter_map(|(path, document)| {
            let (uri, version) = (self.view.uri(&path)?, self.view.version(&path)?);
            Some(Opened { uri, version, document })
        })
        .collect()
    }

    /// Reads every file of the folder into the database; a file that cannot be read is left out.
    pub(crate) fn load(&mut self, database: &mut Database) {
        self.read_manifest();
        self.loading = true;
        let on_disk = self.view.files().into_iter();
        let files: Vec<(String, Vec<u8>)> =
            on_disk.filter_map(|path| Some((self.view.shown(&path), text_of(&path)?))).collect();
        database.load(&files, thread::available_parallelism().map_or(1, Into::into));
        for (path, bytes) in &files {
            self.set(database, path, Content::Disk(bytes));
        }
        self.loading = false;
        self.set_shipped(database);
        self.view.as_of = self.sample_day();
        self.view.samples = self.samples();
    }

    /// The client opened a document.
    pub(crate) fn open(&mut self, database: &mut Database, uri: &Uri, document: Document, version: i32) {
        let path = self.view.path_of(uri);
        if path.starts_with(SHIPPED_ROOT) {
            // What ships stays as it ships, whatever is done to the copy that is shown.
            return;
        }
        let on_disk = database.file(&path).map(|file| database.text(file));
        self.set_unsaved(&path, on_disk.as_deref() != Some(document.text()));
        self.set(database, &path, Content::Client(document.text()));
        if self.view.uris.get(&path) != Some(uri) {
            Arc::make_mut(&mut self.view.uris).insert(path.clone(), uri.clone());
        }
        self.view.versions.insert(path.clone(), version);
        self.open.insert(path, document);
    }

    /// The client changed a document. One that it never opened is no document.
    pub(crate) fn change(
        &mut self,
        database: &mut Database,
        uri: &Uri,
        version: i32,
        edit: impl FnOnce(&mut Document),
    ) {
        let path = self.view.path_of(uri);
        let Some(mut document) = self.open.remove(&path) else { return };
        edit(&mut document);
        self.set_unsaved(&path, true);
        self.set(database, &path, Content::Client(document.text()));
        self.view.versions.insert(path.clone(), version);
        self.open.insert(path, document);
    }

    /// The client closed a document: what is on disk counts again.
    pub(crate) fn close(&mut self, database: &mut Database, uri: &Uri) {
        let path = self.view.path_of(uri);
        if self.open.remove(&path).is_some() {
            self.view.versions.remove(&path);
            self.set_unsaved(&path, false);
            self.reread(database, &path);
        }
    }

    /// The client saved a document: what it holds is what is on disk.
    pub(crate) fn saved(&mut self, uri: &Uri) {
        let path = self.view.path_of(uri);
        self.set_unsaved(&path, false);
        self.view.disk += 1;
    }

    fn set_unsaved(&mut self, path: &str, unsaved: bool) {
        if self.view.unsaved.contains(path) != unsaved {
            let all = Arc::make_mut(&mut self.view.unsaved);
            if unsaved {
                all.insert(path.to_owned());
            } else {
                all.remove(path);
            }
        }
    }

    /// A file changed on disk.
    pub(crate) fn changed_on_disk(&mut self, database: &mut Database, uri: &Uri) {
        self.view.disk += 1;
        let path = self.view.path_of(uri);
        if path.rsplit('/').next() == Some(MANIFEST) {
            self.relist(database);
        } else if path.ends_with(EXTENSION) && !self.open.contains_key(&path) {
            self.reread(database, &path);
        }
    }

    /// A manifest changed: other files may belong to the project.
    fn relist(&mut self, database: &mut Database) {
        self.read_manifest();
        let now: BTreeSet<String> = self.view.files().iter().map(|path| self.view.shown(path)).collect();
        let gone: Vec<String> = self.headers.keys().filter(|path| !now.contains(*path)).cloned().collect();
        for path in gone {
            if !self.open.contains_key(&path) {
                self.set(database, &path, Content::Gone);
            }
        }
        for path in &now {
            if self.open.contains_key(path) {
                continue;
            }
            let bytes = self.view.on_disk(path).and_then(|on_disk| text_of(&on_disk));
            self.set(database, path, bytes.as_deref().map_or(Content::Gone, Content::Disk));
        }
        self.set_shipped(database);
        self.view.as_of = self.sample_day();
        self.view.samples = self.samples();
    }

    fn reread(&mut self, database: &mut Database, path: &str) {
        let listed = |on_disk: &PathBuf| self.view.is_listed(on_disk);
        let bytes = self.view.on_disk(path).filter(listed).and_then(|on_disk| text_of(&on_disk));
        self.set(database, path, bytes.as_deref().map_or(Content::Gone, Content::Disk));
    }

    fn set(&mut self, database: &mut Database, path: &str, content: Content<'_>) {
        match content {
            Content::Client(text) => database.set_text(path, Some(text)),
            Content::Disk(bytes) => database.set_bytes(path, bytes),
            Content::Gone => database.set_text(path, None),
        };
        let before = match content {
            Content::Gone => self.headers.remove(path),
            Content::Client(_) | Content::Disk(_) => {
                let text = match content {
                    Content::Disk(bytes) => String::from_utf8_lossy(bytes),
                    Content::Client(text) => Cow::Borrowed(text),
                    Content::Gone => Cow::Borrowed(""),
                };
                let header = Header::of(&text);
                if self.headers.get(path) == Some(&header) {
                    return;
                }
                self.headers.insert(path.to_owned(), header)
            }
        };
        let there = !matches!(content, Content::Gone);
        if before.is_some() != there {
            let present = Arc::make_mut(&mut self.view.present);
            if there {
                present.insert(path.to_owned());
            } else {
                present.remove(path);
            }
        }
        if !self.loading {
            self.set_shipped(database);
        }
    }

    fn read_manifest(&mut self) {
        self.manifest = self.view.folder.as_deref().and_then(|folder| read(&folder.join(MANIFEST)));
        match self.manifest.as_deref().map(Manifest::parse) {
            None => self.view.manifest = Arc::default(),
            Some(Ok(manifest)) => self.view.manifest = Arc::new(manifest),
            Some(Err(_)) => {}
        }
    }

    /// What is wrong with the manifest, with its URI.
    pub(crate) fn manifest_faults(&self, encoding: Encoding) -> Option<(Uri, Vec<Diagnostic>)> {
        let folder = self.view.folder.as_deref()?;
        let uri = Uri::from_file_path(folder.join(MANIFEST))?;
        let text = self.manifest.as_deref();
        Some((uri, text.map(|text| faults(folder, text, encoding)).unwrap_or_default()))
    }

    /// The day of the sample data.
    fn sample_day(&self) -> Option<Date> {
        self.view.manifest.data.values().find_map(|set| set.as_of)
    }

    /// The sample records that the manifest names.
    fn samples(&self) -> Arc<[SampleSet]> {
        let of_folder = |folder: &Path| {
            let set = self.view.manifest.data.get(NAME)?.clone();
            let path = folder.join(&set.path);
            let as_of = set.as_of;
            let preset = self.preset(folder, &set);
            let source = DataSource { shown: shown_path(folder, &path), path, set, preset };
            Some(SampleSet { folder: folder.to_owned(), source, as_of })
        };
        self.view.folder.iter().filter_map(|folder| of_folder(folder)).collect()
    }

    /// What says how the files of a data set are read, where its format needs that.
    fn preset(&self, folder: &Path, set: &DataSet) -> Option<PresetText> {
        match &set.preset {
            Some(name) => read(&folder.join(name)).map(|text| PresetText { name: name.clone(), text }),
            None if set.format.needs_preset() => self.presets.get(set.format.name()).cloned(),
            None => None,
        }
    }

    /// Puts the shipped policies that are used into the database and takes the others out.
    fn set_shipped(&mut self, database: &mut Database) {
        let needed = shipped_needed(self.headers.values(), &[], &self.shipped);
        let now: BTreeSet<String> = needed.iter().map(|policy| policy.path.clone()).collect();
        for policy in needed {
            if !self.used.contains(&policy.path) {
                database.set_bytes(&policy.path, policy.text.as_bytes());
            }
        }
        for path in self.used.difference(&now) {
            database.set_text(path, None);
        }
        self.used = now;
    }
}

/// What a file holds now.
#[derive(Clone, Copy)]
enum Content<'c> {
    /// The text that the client has open.
    Client(&'c str),
    /// What is on disk, which may not be UTF-8.
    Disk(&'c [u8]),
    /// The file is gone.
    Gone,
}

impl View {
    /// The policies that the manifest of the folder lists; every one below it without a manifest that can be used.
    fn files(&self) -> Vec<PathBuf> {
        let Some(folder) = self.folder.as_deref() else { return Vec::new() };
        let listed = project_files(folder, &self.manifest.policies).or_else(|_| policy_files(folder));
        let mut files = listed.unwrap_or_default();
        files.retain(|file| !self.is_of_another(file));
        files
    }

    /// Whether a file belongs to the project of the folder.
    fn is_listed(&self, file: &Path) -> bool {
        let Some(folder) = self.folder.as_deref() else { return false };
        if !file.starts_with(folder) || self.is_of_another(file) {
            return false;
        }
        let listed = &self.manifest.policies;
        listed.is_empty() || listed.iter().any(|name| file.starts_with(folder.join(name)))
    }

    fn is_of_another(&self, file: &Path) -> bool {
        self.others.iter().any(|other| file.starts_with(other))
    }
}

/// What a file holds, without the mark of its encoding that editors take off before they count columns.
fn text_of(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    Some(bytes)
}

fn read(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
