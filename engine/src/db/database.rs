//! The database and what it offers to programs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rubric_grammar::{LineIndex, Parse, Span};
use salsa::{Durability, Setter as _};

use super::queries::{self, Body, Db, Parsed, Readings, SourceFile, Workspace};
use super::{part, uses};
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::ide::Occurrence;
use crate::lower::Mention;
use crate::names::{Collected, FileSummary};
use crate::plan::{Plan, Symbols};
use crate::testing::TestReport;

/// The texts of a project and everything that follows from them.
///
/// A clone is a snapshot for a reader: a write on the owner waits until every clone is dropped, and cancels what they
/// compute.
#[salsa::db]
#[derive(Clone)]
pub struct Database {
    storage: salsa::Storage<Self>,
    workspace: Option<Workspace>,
    by_path: Arc<BTreeMap<String, SourceFile>>,
    by_id: Arc<Vec<SourceFile>>,
    /// Files that nobody edited yet.
    still: Arc<BTreeSet<FileId>>,
    readings: Arc<Readings>,
    writing: Arc<AtomicBool>,
}

/// Says that the owner writes, as long as it lives.
struct Writing(Arc<AtomicBool>);

impl Writing {
    fn to(database: &Database) -> Self {
        database.writing.store(true, Ordering::Relaxed);
        Self(Arc::clone(&database.writing))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn readings(&self) -> &Readings {
        &self.readings
    }

    fn writing(&self) -> &Arc<AtomicBool> {
        &self.writing
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Database").field("files", &self.by_path.len()).finish_non_exhaustive()
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::with_storage(salsa::Storage::default())
    }
}

impl Database {
    /// An empty database that reports each computation, so that tests can see what is computed again.
    #[must_use]
    pub fn with_events(report: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self::with_storage(salsa::Storage::new(Some(Box::new(move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                report(format!("{database_key:?}"));
            }
        }))))
    }

    fn with_storage(storage: salsa::Storage<Self>) -> Self {
        let mut database = Self {
            storage,
            workspace: None,
            by_path: Arc::default(),
            by_id: Arc::default(),
            still: Arc::default(),
            readings: Arc::default(),
            writing: Arc::default(),
        };
        database.workspace = Some(Workspace::new(&database, Vec::new(), Vec::new()));
        database
    }

    /// Sets the text of a file; `None` when there is none (any more). The path is relative to the project, with `/`.
    /// An equal text changes nothing.
    pub fn set_text(&mut self, path: &str, text: Option<&str>) -> FileId {
        self.set(path, text, None, Durability::LOW)
    }

    /// Sets a file to what was read from disk, which may not be UTF-8. Until it is set otherwise, what hangs on such files
    /// alone is not looked at again after an edit of another.
    pub fn set_bytes(&mut self, path: &str, bytes: &[u8]) -> FileId {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.set(path, Some(text), None, Durability::MEDIUM),
            Err(_) => self.set(path, Some(&rubric_grammar::readable(bytes)), Some(bytes), Durability::MEDIUM),
        }
    }

    /// Sets many files to what was read from disk, on so many threads.
    pub fn load(&mut self, files: &[(String, Vec<u8>)], threads: usize) {
        let mut new: Vec<SourceFile> = Vec::new();
        for (path, bytes) in files {
            if self.by_path.contains_key(path) {
                self.set_bytes(path, bytes);
                continue;
            }
            let (text, bad) = match std::str::from_utf8(bytes) {
                Ok(text) => (Arc::from(text), None),
                Err(_) => (Arc::from(rubric_grammar::readable(bytes)), Some(Arc::from(bytes.as_slice()))),
            };
            new.push(self.add(path, Some(text), bad, Durability::MEDIUM));
        }
        let part = new.len().div_ceil(threads.max(1)).max(1);
        let signed: Vec<(SourceFile, Arc<FileSummary>)> = thread::scope(|scope| {
            let readers: Vec<_> = new
                .chunks(part)
                .map(|part| {
                    let database = self.clone();
                    let read = move || -> Vec<(SourceFile, Arc<FileSummary>)> {
                        part.iter().map(|file| (*file, queries::summary(&database, *file))).collect()
                    };
                    // What nests deeply is read on the stack.
                    thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, read)
                })
                .collect();
            let done = readers.into_iter().filter_map(|reader| reader.ok()?.join().ok());
            done.flatten().collect()
        });
        let _writing = Writing::to(self);
        for (file, signatures) in signed {
            file.set_signatures(self).with_durability(Durability::HIGH).to(Some(signatures));
        }
        // Those whose reader could not be started, or failed.
        for file in new {
            self.sign(file);
        }
        self.list();
    }

    /// Works out what the whole workspace is asked of a file, so that threads can share that work.
    pub fn prepare(&self, file: FileId) {
        if let (Some(workspace), Some(file)) = (self.workspace, self.source_file(file)) {
            let _ = uses::uses(self, workspace, file);
            let _ = part::found_in_part(self, workspace, file);
        }
    }

    /// Proves what is to be proved of a file, the last first, so that two threads share what [`Database::diagnostics`] and
    /// [`Database::early_diagnostics`] wait for.
    pub fn prove_from_the_end(&self, file: FileId) {
        if let (Some(workspace), Some(file)) = (self.workspace, self.source_file(file)) {
            part::prove_from_the_end(self, workspace, file);
        }
    }

    fn set(
        &mut self,
        path: &str,
        text: Option<&str>,
        bytes: Option<&[u8]>,
        durability: Durability,
    ) -> FileId {
        if let Some(file) = self.by_path.get(path).copied() {
            let same = file.text(self).as_deref() == text && file.bytes(self).as_deref() == bytes;
            let id = file.id(self);
            let moves = durability == Durability::LOW && self.still.contains(&id);
            if !same || moves {
                let _writing = Writing::to(self);
                Arc::make_mut(&mut self.still).remove(&id);
                file.set_text(self).with_durability(Durability::LOW).to(text.map(Arc::from));
                // Most texts are UTF-8 before and after: what did not change needs no revision of its own.
                if bytes.is_some() || file.bytes(self).is_some() {
                    file.set_bytes(self).with_durability(Durability::LOW).to(bytes.map(Arc::from));
                }
                self.sign(file);
            }
            return id;
        }
        let _writing = Writing::to(self);
        let file = self.add(path, text.map(Arc::from), bytes.map(Arc::from), durability);
        self.sign(file);
        self.list();
        file.id(self)
    }

    /// Adds a file that is not known yet, without its signatures.
    fn add(
        &mut self,
        path: &str,
        text: Option<Arc<str>>,
        bytes: Option<Arc<[u8]>>,
        durability: Durability,
    ) -> SourceFile {
        let id = FileId(u32::try_from(self.by_id.len()).unwrap_or(u32::MAX));
        let file = SourceFile::builder(id, Arc::from(path), text, bytes, None)
            .durability(Durability::HIGH)
            .text_durability(durability)
            .bytes_durability(durability)
            .new(self);
        if durability != Durability::LOW {
            Arc::make_mut(&mut self.still).insert(id);
        }
        Arc::make_mut(&mut self.by_path).insert(path.to_owned(), file);
        Arc::make_mut(&mut self.by_id).push(file);
        file
    }

    /// Says which files there are.
    fn list(&mut self) {
        if let Some(workspace) = self.workspace {
            let files = self.by_path.values().copied().collect();
            workspace.set_files(self).with_durability(Durability::HIGH).to(files);
            let files = self.by_id.to_vec();
            workspace.set_by_id(self).with_durability(Durability::HIGH).to(files);
        }
    }

    /// Sets the signatures of a file to those of its text. They change seldom, and then everything may.
    fn sign(&mut self, file: SourceFile) {
        let signatures = file.text(self).is_some().then(|| queries::summary(self, file));
        if file.signatures(self) != signatures {
            file.set_signatures(self).with_durability(Durability::HIGH).to(signatures);
        }
    }

    /// Gives up with [`salsa::Cancelled`] when a write waits; for readers that compute for long without a query.
    pub fn unwind_if_cancelled(&self) {
        salsa::Database::unwind_if_revision_cancelled(self);
    }

    /// The files that are there, sorted by path.
    #[must_use]
    pub fn files(&self) -> Vec<FileId> {
        self.by_path.values().filter(|file| file.text(self).is_some()).map(|file| file.id(self)).collect()
    }

    /// The file of that path, whether or not it is there.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).map(|file| file.id(self))
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.source_file(file).map_or("", |file| file.path(self))
    }

    /// The text of a file; empty when it is not there.
    #[must_use]
    pub fn text(&self, file: FileId) -> Arc<str> {
        self.source_file(file).and_then(|file| file.text(self)).unwrap_or_default()
    }

    /// The tree of a file.
    #[must_use]
    pub fn parse(&self, file: FileId) -> Parse {
        self.parsed(file).map(|parsed| parsed.parse.clone()).unwrap_or_default()
    }

    /// Where the lines of a file begin.
    #[must_use]
    pub fn lines(&self, file: FileId) -> LineIndex {
        self.parsed(file).map_or_else(|| LineIndex::new(""), |parsed| parsed.lines.clone())
    }

    /// Everything that is wrong with a file, in the order of its text.
    #[must_use]
    pub fn diagnostics(&self, file: FileId) -> Vec<Diagnostic> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::diagnostics(self, workspace, file).to_vec(),
            _ => Vec::new(),
        }
    }

    /// The errors of a file without what proofs find: with none of these every declaration has a meaning.
    #[must_use]
    pub fn errors(&self, file: FileId) -> Vec<Diagnostic> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::errors(self, workspace, file),
            _ => Vec::new(),
        }
    }

    /// As [`Database::diagnostics`], shared: the same while nothing changed.
    #[must_use]
    pub fn shared_diagnostics(&self, file: FileId) -> Arc<[Diagnostic]> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::diagnostics(self, workspace, file),
            _ => Arc::default(),
        }
    }

    /// What can be said of a file before every other has been looked at: all of [`Database::diagnostics`] but what nobody
    /// uses and what only all files together show.
    #[must_use]
    pub fn early_diagnostics(&self, file: FileId) -> Vec<Diagnostic> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::early(self, workspace, file),
            _ => Vec::new(),
        }
    }

    /// What comes of the tests of a file, in the order of its text. Tests with errors are not among them.
    #[must_use]
    pub fn test_reports(&self, file: FileId) -> Arc<[TestReport]> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::test_reports(self, workspace, file),
            _ => Arc::default(),
        }
    }

    /// What the names in a file stand for, in the order of its text.
    #[must_use]
    pub fn mentions(&self, file: FileId) -> Vec<Mention> {
        let (Some(workspace), Some(file)) = (self.workspace, self.source_file(file)) else {
            return Vec::new();
        };
        queries::facts(self, workspace, file).iter().flat_map(|facts| facts.mentions.clone()).collect()
    }

    /// Every name of a file and what it stands for, in the order of its text.
    #[must_use]
    pub fn occurrences(&self, file: FileId) -> Arc<[Occurrence]> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::occurrences(self, workspace, file),
            _ => Arc::default(),
        }
    }

    /// The names of one item, their spans relative to it.
    pub(crate) fn item_occurrences(&self, file: FileId, item: u32) -> Arc<[Occurrence]> {
        match (self.workspace, self.source_file(file)) {
            (Some(workspace), Some(file)) => queries::item_occurrences(self, workspace, file, item),
            _ => Arc::default(),
        }
    }

    /// The body of an item, when it has one that means something.
    pub(crate) fn body(&self, file: FileId, item: u32) -> Option<Body> {
        let (workspace, file) = (self.workspace?, self.source_file(file)?);
        queries::item_facts(self, workspace, file, item).body.clone()
    }

    /// What is declared.
    #[must_use]
    pub fn symbols(&self) -> Arc<Symbols> {
        self.workspace.map(|workspace| queries::symbols(self, workspace)).unwrap_or_default()
    }

    /// What is declared, by file and item.
    #[must_use]
    pub fn collected(&self) -> Arc<Collected> {
        self.workspace.map(|workspace| queries::collected(self, workspace)).unwrap_or_default()
    }

    /// The plan of all files; declarations with errors are not in it.
    #[must_use]
    pub fn plan(&self) -> Arc<Plan> {
        self.workspace.map(|workspace| queries::plan(self, workspace)).unwrap_or_default()
    }

    /// The span of a place in its file.
    #[must_use]
    pub fn span(&self, place: Place) -> Span {
        self.parsed(place.file).map_or(place.span, |parsed| queries::absolute(&parsed.parse, place))
    }

    /// The text at a place.
    #[must_use]
    pub fn source(&self, place: Place) -> Option<String> {
        let (span, text) = (self.span(place), self.text(place.file));
        text.get(span.start as usize..span.end as usize).map(str::to_owned)
    }

    fn source_file(&self, file: FileId) -> Option<SourceFile> {
        self.by_id.get(file.0 as usize).copied()
    }

    /// The tree of a file and where its lines begin, shared; `None` for a file that nobody asked for.
    #[must_use]
    pub fn parsed(&self, file: FileId) -> Option<Arc<Parsed>> {
        self.source_file(file).map(|file| queries::parsed(self, file))
    }
}
