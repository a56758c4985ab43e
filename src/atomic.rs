//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file: the new content is written beside it and takes its name when it is complete.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new().prefix(".rubric-").suffix(".partial").tempfile_in(folder)?;
    beside.write_all(content)?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(beside.path(), metadata.permissions())?;
    }
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    Ok(())
}
