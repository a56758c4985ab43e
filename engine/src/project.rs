//! Which files make up a project: its manifest, its policies, and the shipped policies that it uses but does not hold.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// The name of a project's manifest.
pub const MANIFEST: &str = "rubric.toml";

/// What a policy file is called.
pub const EXTENSION: &str = "rubric";

/// What shipped policies are shown under, since they stand in no folder of the project.
pub const SHIPPED_ROOT: &str = "<shipped>";

/// The nearest manifest in a folder or above it.
#[must_use]
pub fn find_manifest(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|ancestor| ancestor.join(MANIFEST)).find(|manifest| manifest.is_file())
}

/// Every policy file in a folder and below it, sorted. Hidden folders, `target` and `node_modules` are left out.
///
/// # Errors
/// A folder that cannot be read.
pub fn policy_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !is_skipped(&entry.file_name().to_string_lossy()) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The policy files of a project: those of the files and folders that its manifest lists, every one below its root when
/// it lists none. Sorted, none twice.
///
/// # Errors
/// What cannot be read, as it is listed.
pub fn project_files(root: &Path, listed: &[String]) -> Result<Vec<PathBuf>, (String, io::Error)> {
    if listed.is_empty() {
        return policy_files(root).map_err(|error| (shown_path(root, root), error));
    }
    let mut files = Vec::new();
    for name in listed {
        let path = root.join(name);
        if path.is_file() {
            files.push(path);
        } else {
            files.extend(policy_files(&path).map_err(|error| (name.clone(), error))?);
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn is_skipped(folder: &str) -> bool {
    folder.starts_with('.') || folder == "target" || folder == "node_modules"
}

/// A path as it is shown: relative to the root where it lies below it, with forward slashes.
#[must_use]
pub fn shown_path(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path);
    let mut shown = String::new();
    for component in relative.components() {
        match component {
            Component::RootDir => shown.push('/'),
            Component::CurDir => {}
            other => {
                if !shown.is_empty() && !shown.ends_with('/') {
                    shown.push('/');
                }
                shown.push_str(&other.as_os_str().to_string_lossy());
            }
        }
    }
    shown
}

/// Which policy a text declares and which it uses, read without parsing it, so that a broken text has a header too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `policy a.b`.
    pub policy: Option<String>,
    /// `use a.b` and `under a.b`, in the order of the text.
    pub uses: Vec<String>,
}

impl Header {
    /// The header of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut header = Self::default();
        let mut before = "";
        for word in Words(text) {
            if word.starts_with(char::is_alphabetic) {
                match before {
                    "policy" if header.policy.is_none() => header.policy = Some(word.to_owned()),
                    "use" | "under" => header.uses.push(word.to_owned()),
                    _ => {}
                }
            }
            before = word;
        }
        header
    }
}

/// Words, dotted names and signs outside comments and strings.
struct Words<'t>(&'t str);

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            self.0 = self.0.trim_start();
            let rest = self.0;
            if rest.starts_with("//") {
                self.0 = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or("");
            } else if let Some(inside) = rest.strip_prefix('"') {
                let ends = |end: usize| inside.get(end..)?.strip_prefix(['"', '\n']);
                let end = inside.bytes().scan(false, |escaped, byte| {
                    let ends = matches!((byte, *escaped), (b'"', false) | (b'\n', _));
                    *escaped = byte == b'\\' && !*escaped;
                    Some(ends)
                });
                self.0 = end.into_iter().position(|ends| ends).and_then(ends).unwrap_or("");
            } else {
                let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
                let length = rest.find(|letter| !part_of_word(letter)).unwrap_or(rest.len());
                // A sign is a word of its own, which keeps those around it apart.
                let length = if length == 0 { rest.chars().next()?.len_utf8() } else { length };
                let (word, after) = rest.split_at_checked(length)?;
                self.0 = after;
                return Some(word);
            }
        }
    }
}

/// A policy that ships with Rubric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// `<shipped>/k12/student.rubric`.
    pub path: String,
    /// Its text.
    pub text: &'static str,
    /// Its header.
    pub header: Header,
}

impl Shipped {
    /// A shipped policy from its path below the policies folder and its text.
    #[must_use]
    pub fn new(path: &str, text: &'static str) -> Self {
        Self { path: format!("{SHIPPED_ROOT}/{path}"), text, header: Header::of(text) }
    }
}

/// The shipped policies that are wanted by name or used, directly or through others, and that no file of the project
/// declares. In the order of `shipped`.
#[must_use]
pub fn shipped_needed<'a, 's>(
    project: impl IntoIterator<Item = &'a Header>,
    wanted: &[String],
    shipped: &'s [Shipped],
) -> Vec<&'s Shipped> {
    let mut declared = BTreeSet::new();
    let mut open: Vec<&str> = wanted.iter().map(String::as_str).collect();
    for header in project {
        declared.extend(header.policy.as_deref());
        open.extend(header.uses.iter().map(String::as_str));
    }
    let mut needed = BTreeSet::new();
    while let Some(name) = open.pop() {
        let found = shipped.iter().position(|policy| policy.header.policy.as_deref() == Some(name));
        if let Some(position) = found.filter(|_| !declared.contains(name))
            && needed.insert(position)
            && let Some(policy) = shipped.get(position)
        {
            open.extend(policy.header.uses.iter().map(String::as_str));
        }
    }
    needed.into_iter().filter_map(|position| shipped.get(position)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_of_a_text() {
        let header = Header::of(
            "// use commented.out\n/// use documented.out\npolicy a.b { title \"use quoted.out\" }\nuse k12.student use k12.staff // use x\ndefine use = use\n",
        );
        assert_eq!(header.policy.as_deref(), Some("a.b"));
        assert_eq!(header.uses, ["k12.student", "k12.staff"]);
    }

    #[test]
    fn header_of_a_broken_text() {
        let header = Header::of("polcy a.b {\n title \"never closed\n}\nuse k12.student\n\"");
        assert_eq!(header, Header { policy: None, uses: vec!["k12.student".to_owned()] });
    }

    #[test]
    fn strings_end_where_they_end() {
        let header = Header::of("policy a.b { title \"a \\\" use x.y\\\\\" }\nuse c.d \"open\nuse e.f");
        assert_eq!(
            header,
            Header { policy: Some("a.b".to_owned()), uses: vec!["c.d".to_owned(), "e.f".to_owned()] }
        );
    }

    #[test]
    fn shipped_policies_come_through_others_and_not_twice() {
        let shipped = [
            Shipped::new("k12/base.rubric", "policy k12.base {}"),
            Shipped::new("k12/student.rubric", "policy k12.student {} use k12.base"),
            Shipped::new("k12/staff.rubric", "policy k12.staff {} use k12.base"),
        ];
        let paths = |uses: &[&str], wanted: &[&str]| {
            let headers: Vec<Header> = uses.iter().map(|text| Header::of(text)).collect();
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            shipped_needed(&headers, &wanted, &shipped)
                .iter()
                .map(|policy| policy.path.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            paths(&["policy a {} use k12.student"], &[]),
            ["<shipped>/k12/base.rubric", "<shipped>/k12/student.rubric"]
        );
        assert_eq!(
            paths(&["policy a {} use k12.student", "policy k12.student {}"], &[]),
            Vec::<String>::new()
        );
        assert_eq!(paths(&[], &["k12.base"]), ["<shipped>/k12/base.rubric"]);
    }

    #[test]
    fn paths_are_shown_below_the_root() {
        assert_eq!(shown_path(Path::new("/a/b"), Path::new("/a/b/c/d.rubric")), "c/d.rubric");
        assert_eq!(shown_path(Path::new("/a/b"), Path::new("/x/d.rubric")), "/x/d.rubric");
        assert_eq!(shown_path(Path::new("."), Path::new("./d.rubric")), "d.rubric");
    }

    #[test]
    fn a_manifest_lists_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b.rubric", "a/z.rubric", "drafts/x.rubric"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = |listed: &[&str]| {
            let listed: Vec<String> = listed.iter().map(|name| (*name).to_owned()).collect();
            let files = project_files(folder.path(), &listed).map_err(|(name, _)| name)?;
            Ok::<_, String>(files.iter().map(|file| shown_path(folder.path(), file)).collect::<Vec<_>>())
        };
        assert_eq!(files(&[]).unwrap(), ["a/z.rubric", "b.rubric", "drafts/x.rubric"]);
        assert_eq!(files(&["b.rubric", "a", "a/z.rubric"]).unwrap(), ["a/z.rubric", "b.rubric"]);
        assert_eq!(files(&["a", "nothing"]), Err("nothing".to_owned()));
    }

    #[test]
    fn policy_files_are_sorted_and_hidden_folders_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b.rubric", "a/z.rubric", "a/notes.txt", ".git/x.rubric", "target/y.rubric"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = policy_files(folder.path()).unwrap();
        let shown: Vec<String> = files.iter().map(|file| shown_path(folder.path(), file)).collect();
        assert_eq!(shown, ["a/z.rubric", "b.rubric"]);
    }
}
