//! A folder of its own for each test.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder with files, and the command to run in it.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
    binary: PathBuf,
}

/// What a run of the command gave, paths of the folder written as `[folder]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; `None` when it was killed.
    pub status: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Sandbox {
    /// An empty folder.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), binary: binary.into() }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    /// The same with a file more, or with another text in it.
    #[must_use]
    pub fn with(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// The same with every file of a folder.
    #[must_use]
    pub fn with_folder(self, folder: &Path) -> Self {
        copy(folder, self.folder.path());
        self
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The text of a file.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Every file below a folder, hidden ones too, sorted.
    #[must_use]
    pub fn files(&self, below: &str) -> Vec<String> {
        let mut found = Vec::new();
        list(&self.folder.path().join(below), "", &mut found);
        found.sort();
        found
    }

    /// The command, ready to run in the folder, without colours.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(self.folder.path()).env_remove("NO_COLOR").env_remove("COLUMNS");
        command
    }

    /// Runs the command.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// Runs the command with something on its standard input.
    #[must_use]
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            status: output.status.code(),
            stdout: self.normal(&String::from_utf8(output.stdout).unwrap()),
            stderr: self.normal(&String::from_utf8(output.stderr).unwrap()),
        }
    }

    fn normal(&self, text: &str) -> String {
        text.replace(self.path().to_str().unwrap(), "[folder]")
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => writeln!(formatter, "status: {status}")?,
            None => writeln!(formatter, "killed")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(formatter, "--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn list(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}
