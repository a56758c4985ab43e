//! The project a command works on, with its texts loaded into a database.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rubric_engine::data::{Manifest, ManifestError};
use rubric_engine::db::Database;
use rubric_engine::diagnostic::{Diagnostic, FileId, Severity};
use rubric_engine::project::{
    EXTENSION, Header, MANIFEST, Shipped, find_manifest, policy_files, project_files, shipped_needed,
    shown_path,
};

use crate::failure::Failure;
use crate::render::{Finding, Lookup, SourceText, Spot};

/// A project and its texts.
pub(crate) struct Project {
    /// The folder that paths are shown relative to.
    pub(crate) root: PathBuf,
    /// `rubric.toml`, where there is one.
    pub(crate) manifest: Option<Manifest>,
    /// The texts.
    pub(crate) database: Database,
    /// The files that were asked for, in the order of their paths.
    pub(crate) asked: Vec<FileId>,
    /// Names of the policies that stand in the project itself.
    pub(crate) own_policies: BTreeSet<String>,
    /// Whether the whole project was asked for.
    whole: bool,
}

/// Where a project's files are, before they are read.
pub(crate) struct Located {
    root: PathBuf,
    manifest: Option<Manifest>,
    files: Vec<PathBuf>,
    asked: Vec<PathBuf>,
    whole: bool,
}

/// The policies that ship with Rubric.
pub(crate) fn shipped() -> Vec<Shipped> {
    rubric_policies::FILES.iter().map(|(path, text)| Shipped::new(path, text)).collect()
}

/// Finds the project of the paths, or of the current folder when there are none.
///
/// With a manifest, its project is loaded whole and the paths say which of its files were asked for. Without one, the
/// paths are the project.
pub(crate) fn locate(paths: &[PathBuf]) -> Result<Located, Failure> {
    let current = std::env::current_dir().map_err(|error| Failure::io("read", Path::new("."), &error))?;
    let paths: Vec<PathBuf> = if paths.is_empty() { vec![current.clone()] } else { paths.to_vec() };
    let mut absolute = Vec::new();
    for path in &paths {
        absolute.push(fs::canonicalize(path).map_err(|error| Failure::io("read", path, &error))?);
    }
    let start = absolute
        .first()
        .map_or(current.as_path(), |path| if path.is_dir() { path } else { path.parent().unwrap_or(path) });
    let manifest_path = find_manifest(start);
    let mut asked = Vec::new();
    for (path, shown) in absolute.iter().zip(&paths) {
        if path.is_dir() {
            asked.extend(policy_files(path).map_err(|error| Failure::io("read", shown, &error))?);
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            asked.push(path.clone());
        } else if path.file_name().is_none_or(|name| name != MANIFEST) {
            return Err(Failure::new(format!("`{}` is no policy file", shown.display()))
                .help(format!("policy files end in `.{EXTENSION}`")));
        }
    }
    let mut whole = false;
    let (root, manifest, mut files) = match manifest_path {
        Some(path) => {
            let root = path.parent().unwrap_or(&path).to_path_buf();
            let manifest = read_manifest(&path)?;
            let files = manifest_files(&root, &manifest)?;
            if absolute
                .iter()
                .all(|path| root.starts_with(path) || path.file_name().is_some_and(|name| name == MANIFEST))
            {
                asked = files.clone();
                whole = true;
            }
            (root, Some(manifest), files)
        }
        None => (current, None, Vec::new()),
    };
    files.extend(asked.iter().cloned());
    for list in [&mut files, &mut asked] {
        list.sort();
        list.dedup();
    }
    Ok(Located { root, manifest, files, asked, whole })
}

fn read_manifest(path: &Path) -> Result<Manifest, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
    Manifest::parse(&text).map_err(|errors| {
        let source = Arc::new(SourceText::new(MANIFEST, text.as_str()));
        let findings = errors.iter().map(|error| manifest_finding(&source, error)).collect();
        Failure::new(format!("`{MANIFEST}` cannot be used")).because(findings)
    })
}

fn manifest_finding(source: &Arc<SourceText>, error: &ManifestError) -> Finding {
    let position = |offset: usize| source.position(u32::try_from(offset).unwrap_or(u32::MAX));
    let (start, end) = (position(error.span.start), position(error.span.end));
    Finding {
        code: "manifest",
        severity: Severity::Error,
        message: error.message.clone(),
        spots: vec![Spot { source: Arc::clone(source), start, end: end.max(start), text: String::new() }],
        help: error.help.clone(),
        mend: None,
    }
}

fn manifest_files(root: &Path, manifest: &Manifest) -> Result<Vec<PathBuf>, Failure> {
    project_files(root, &manifest.policies).map_err(|(name, error)| {
        let failure = Failure::io("read", Path::new(&name), &error);
        if manifest.policies.is_empty() {
            failure
        } else {
            failure.help(format!("`policies` in {MANIFEST} names it"))
        }
    })
}

impl Located {
    /// The files that were asked for; a failure when there are none.
    pub(crate) fn asked(&self) -> Result<&[PathBuf], Failure> {
        if self.asked.is_empty() {
            return Err(Failure::new("there are no policies here").help(format!(
                "policy files end in `.{EXTENSION}`; `rubric new NAME` makes a project to begin with"
            )));
        }
        Ok(&self.asked)
    }

    /// A path as it is shown.
    pub(crate) fn shown(&self, path: &Path) -> String {
        shown_path(&self.root, path)
    }

    /// Reads every file, and the shipped policies that are used or wanted by name.
    pub(crate) fn load(self, wanted: &[String]) -> Result<Project, Failure> {
        if wanted.is_empty() {
            self.asked()?;
        }
        let mut database = Database::default();
        let mut headers = Vec::new();
        let mut asked = Vec::new();
        for path in &self.files {
            let bytes =
                fs::read(path).map_err(|error| Failure::io("read", &relative(&self.root, path), &error))?;
            let file = database.set_bytes(&shown_path(&self.root, path), &bytes);
            headers.push(Header::of(&database.text(file)));
            if self.asked.binary_search(path).is_ok() {
                asked.push(file);
            }
        }
        for policy in shipped_needed(&headers, wanted, &shipped()) {
            database.set_text(&policy.path, Some(policy.text));
        }
        let own_policies = headers.into_iter().filter_map(|header| header.policy).collect();
        let (root, manifest, whole) = (self.root, self.manifest, self.whole);
        Ok(Project { root, manifest, database, asked, own_policies, whole })
    }
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    PathBuf::from(shown_path(root, path))
}

impl Project {
    /// Everything found in some files, in the order of files and text.
    pub(crate) fn findings(&self, files: &[FileId]) -> Vec<Finding> {
        let mut lookup = Lookup::new(&self.database);
        let mut findings = Vec::new();
        for file in files {
            let diagnostics = self.database.diagnostics(*file);
            findings.extend(diagnostics.iter().map(|diagnostic| lookup.finding(diagnostic)));
        }
        findings
    }

    /// The policy files below the project's folder that its manifest does not list, where the whole project was asked for;
    /// those of a project of their own are not among them.
    pub(crate) fn unlisted(&self) -> Vec<String> {
        let lists = self.manifest.as_ref().is_some_and(|manifest| !manifest.policies.is_empty());
        if !self.whole || !lists {
            return Vec::new();
        }
        // A folder that cannot be read holds nothing that anybody could want checked.
        let below = policy_files(&self.root).unwrap_or_default();
        let own = self.root.join(MANIFEST);
        let mine =
            |path: &PathBuf| path.parent().and_then(find_manifest).is_none_or(|manifest| manifest == own);
        let shown = below.iter().filter(|path| mine(path)).map(|path| shown_path(&self.root, path));
        shown.filter(|path| self.database.file(path).is_none()).collect()
    }

    /// Errors in any file, also in shipped ones: with them nothing may be run.
    pub(crate) fn errors(&self) -> Vec<Finding> {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        self.found(|file| self.database.diagnostics(file).into_iter().filter(is_error).collect())
    }

    /// The same but for what proofs find, such as rules in conflict: policies mean something with those, and the record that
    /// shows one is a test to be run.
    pub(crate) fn errors_before_proofs(&self) -> Vec<Finding> {
        self.found(|file| self.database.errors(file))
    }

    fn found(&self, of: impl Fn(FileId) -> Vec<Diagnostic>) -> Vec<Finding> {
        let mut lookup = Lookup::new(&self.database);
        let all = self.database.files().into_iter().flat_map(of);
        all.map(|diagnostic| lookup.finding(&diagnostic)).collect()
    }
}
