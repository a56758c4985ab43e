//! Results never take the place of anything but results.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::session::Session;

/// Refuses a folder that holds the records of this run, or a file that an earlier run did not write.
pub(crate) fn refuse_to_replace(
    session: &Session,
    out: &Path,
    earlier: &BTreeSet<String>,
    names: &[String],
) -> Result<(), Failure> {
    let Ok(folder) = fs::canonicalize(out) else { return Ok(()) };
    let holds_records = session
        .records
        .records()
        .files()
        .iter()
        .filter_map(|shown| fs::canonicalize(session.source.on_disk(shown)).ok())
        .any(|file| file.parent() == Some(folder.as_path()));
    let elsewhere = "name a folder of its own with `--out`, such as `--out results`";
    if holds_records {
        return Err(Failure::new(format!(
            "`{}` holds the records of this run, which the results would replace or be mixed up with",
            out.display()
        ))
        .help(elsewhere));
    }
    let in_the_way = |name: &&String| !earlier.contains(*name) && lies_there(&folder.join(name));
    match names.iter().find(in_the_way) {
        Some(name) => Err(Failure::new(format!(
            "`{}` is there already, and no earlier run wrote it",
            PathBuf::from(out).join(name).display()
        ))
        .help(format!("move it away, or {elsewhere}"))),
        None => Ok(()),
    }
}

/// Whether anything has that name, be it a link that leads nowhere.
fn lies_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
