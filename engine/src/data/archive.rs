//! The files in a zip archive. Nothing is ever unpacked to the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::ReadError;
use super::bytes::{DataFile, Place, ending, unreadable};
use super::source::{DataSource, within};

/// No data set has more files.
const MOST_FILES: usize = 1000;

/// The files of an archive, by name; folders in it are passed over.
pub(super) fn files(source: &DataSource) -> Result<Vec<DataFile>, ReadError> {
    let refuse = |message: String| ReadError::new(message).file(&source.shown);
    let failed = |error: std::io::Error| unreadable(&error, &source.shown);
    let mut file = File::open(&source.path).map_err(failed)?;
    let input = BufReader::new(file.try_clone().map_err(failed)?);
    let mut archive = ZipArchive::new(input).map_err(|_| {
        refuse("it is no zip archive, or it was cut short".to_owned()).help("export it again")
    })?;
    if archive.len() > MOST_FILES {
        return Err(refuse(format!("the archive has {} files, and no data set has", archive.len())));
    }
    let mut found: BTreeMap<String, DataFile> = BTreeMap::new();
    let mut starts = Vec::new();
    for index in 0..archive.len() {
        let part = archive
            .by_index_raw(index)
            .map_err(|error| refuse(format!("file {} of the archive cannot be read: {error}", index + 1)))?;
        let path = String::from_utf8_lossy(part.name_raw()).into_owned();
        let leads_out = path.starts_with('/')
            || path.contains('\\')
            || path.contains(':')
            || path.split('/').any(|step| step == "..");
        if leads_out {
            return Err(refuse(format!("`{}` in the archive leads out of it", path.escape_default()))
                .help("this archive was made to harm, or by a broken program; export it again"));
        }
        if part.is_dir() {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        if part.is_symlink() {
            return Err(refuse(format!("`{path}` in the archive is a link, and a file is expected")));
        }
        if part.encrypted() {
            return Err(refuse(format!("`{path}` in the archive has a password"))
                .help("unpack the archive into a folder and name that"));
        }
        if matches!(ending(&name).as_str(), "zip" | "7z" | "rar" | "tar" | "tgz") || name.ends_with(".gz") {
            return Err(refuse(format!("`{path}` is an archive inside the archive"))
                .help("unpack the outer one, and name the inner one as `path`"));
        }
        let stored = match part.compression() {
            CompressionMethod::Stored => true,
            CompressionMethod::Deflated => false,
            other => {
                return Err(refuse(format!("`{path}` in the archive is compressed by {other}"))
                    .help("use the ordinary method, which is called deflate"));
            }
        };
        let place = (part.header_start(), part.compressed_size(), stored, part.crc32());
        // What other systems keep beside a file, such as `__MACOSX/._users.csv`.
        if name.starts_with('.') {
            continue;
        }
        if starts.iter().any(|(other, _)| *other == name) {
            return Err(refuse(format!("two files in the archive are called `{name}`")));
        }
        starts.push((name, place));
    }
    for (name, (header, packed, stored, checksum)) in starts {
        let start = data_start(&mut file, header).map_err(failed)?;
        let place = Place::Archive { archive: source.path.clone(), start, packed, stored, checksum };
        let file = DataFile { shown: within(source, &name), name: name.clone(), place };
        found.insert(name, file);
    }
    Ok(found.into_values().collect())
}

/// The bytes begin after a header of 30 bytes, a name and what else stands there.
fn data_start(file: &mut File, header: u64) -> std::io::Result<u64> {
    let mut bytes = [0; 4];
    file.seek(SeekFrom::Start(header + 26))?;
    file.read_exact(&mut bytes)?;
    let [a, b, c, d] = bytes;
    Ok(header + 30 + u64::from(u16::from_le_bytes([a, b])) + u64::from(u16::from_le_bytes([c, d])))
}
