//! A data set on disk, and the files that belong to each record.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::bytes::{DataFile, check_kind, ending, missing, stem, unreadable};
use super::columns::fold;
use super::manifest::nearest;
use super::{DataError, DataSet, Dataset, Format, ReadError, Severity};
use super::{convert, csv_reader, fixed_width, json_lines, parquet_reader};
use crate::plan::{FieldKind, RecordKind, Symbols};
use crate::value::{Base, RecordId};

/// A data set, resolved: where it lies and how it is written.
#[derive(Clone, Debug)]
pub struct DataSource {
    /// The folder, or one file.
    pub path: PathBuf,
    /// How to call it in messages and in [`Dataset::files`]: relative to the project, with `/`.
    pub shown: String,
    /// What the manifest says; the default for a folder without one.
    pub set: DataSet,
    /// For [`Format::EdfiXml`], the text of the preset; its own when the manifest names one, else the shipped one.
    pub preset: Option<PresetText>,
}

/// The text of a preset and what to call it.
#[derive(Clone, Debug)]
pub struct PresetText {
    /// How to call it in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl DataSource {
    /// Where a file of [`Dataset::files`] lies on the disk; for a part of an archive, the archive.
    #[must_use]
    pub fn on_disk(&self, shown: &str) -> PathBuf {
        if shown == self.shown || self.path.is_file() {
            let name = shown.rsplit('/').next().unwrap_or(shown);
            let beside = self.path.with_file_name(name);
            let is_part = shown.starts_with(&format!("{}/", self.shown));
            return if shown != self.shown && !is_part && beside.is_file() {
                beside
            } else {
                self.path.clone()
            };
        }
        let folder = self.shown.trim_end_matches('/');
        let name = shown.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(shown);
        self.path.join(name)
    }
}

/// Reads a data set. Every row is kept; what is wrong with it is in [`Dataset::errors`], in the order of files and lines.
///
/// # Errors
/// What keeps it from being read at all, such as a missing file, an unknown record in the manifest, or a file that ends
/// in the middle.
pub fn read(symbols: &Symbols, source: &DataSource) -> Result<Dataset, ReadError> {
    let is_folder = check_source(symbols, source)?;
    let mut dataset = Dataset::new(symbols);
    match source.set.format {
        Format::Csv | Format::Jsonl | Format::Parquet | Format::Fixed => {
            read_tables(symbols, source, is_folder, &mut dataset)?;
        }
        Format::EdfiJsonl => {
            super::edfi_json_reader::read_folder(symbols, source, is_folder, &mut dataset)?;
        }
        Format::Oneroster => super::roster_reader::read(symbols, source, is_folder, &mut dataset)?,
        Format::EdfiXml => super::xml_reader::read_folder(symbols, source, is_folder, &mut dataset)?,
    }
    dataset.finish(symbols);
    if source.set.format == Format::Oneroster {
        // A row that others name may have a key that an earlier one has, and be a row of a record that has it too.
        let said: HashSet<(Option<u32>, Option<u64>)> = dataset
            .errors
            .iter()
            .filter(|error| error.code == "duplicate-key" && error.record.is_some())
            .map(|error| (error.file, error.line))
            .collect();
        dataset.errors.retain(|error| {
            error.code != "duplicate-key"
                || error.record.is_some()
                || !said.contains(&(error.file, error.line))
        });
    }
    Ok(dataset)
}

/// Whether the data set is a folder; what keeps it from being read before a file of it is.
pub(crate) fn check_source(symbols: &Symbols, source: &DataSource) -> Result<bool, ReadError> {
    check_mapping(symbols, &source.set)?;
    let metadata = fs::metadata(&source.path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound && fs::symlink_metadata(&source.path).is_err() {
            return ReadError::new("there is no such folder")
                .file(&source.shown)
                .help("check `path` in the manifest, or `--data`");
        }
        missing(&source.path, &error, &source.shown)
    })?;
    Ok(metadata.is_dir())
}

/// The files of a folder with one of the endings, by name, compressed or not; or the one file.
pub(super) fn files(
    source: &DataSource,
    is_folder: bool,
    endings: &[&str],
) -> Result<Vec<DataFile>, ReadError> {
    let name_of =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !is_folder {
        let name = name_of(&source.path);
        return Ok(vec![DataFile::on_disk(&name, source.shown.clone(), source.path.clone())]);
    }
    let failed = |error: std::io::Error| unreadable(&error, &source.shown);
    let mut found = Vec::new();
    for entry in fs::read_dir(&source.path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = name_of(&path);
        // Editors keep locks under hidden names, which are links that lead nowhere.
        if name.starts_with('.') && !path.is_file() {
            continue;
        }
        // A folder or a broken link of that name would be missed if it were passed over.
        if endings.contains(&ending(&name).as_str()) {
            let shown = within(source, &name);
            check_kind(&path, &shown)?;
            found.push(DataFile::on_disk(&name, shown, path));
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

pub(super) fn within(source: &DataSource, name: &str) -> String {
    let folder = source.shown.trim_end_matches('/');
    if folder.is_empty() || folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Which file holds each record.
pub(crate) struct Files {
    /// In the order in which they are read; a file may hold several records.
    pub(crate) read: Vec<(RecordId, DataFile)>,
    /// Those that no record is named after.
    pub(crate) left: Vec<DataFile>,
}

impl Files {
    /// What is said of the files that are left aside, which follow the others in [`Dataset::files`].
    pub(crate) fn remarks(&self) -> Vec<DataError> {
        let remark = |(position, file): (usize, &DataFile)| DataError {
            code: "file-not-read",
            severity: Severity::Information,
            record: None,
            row: None,
            field: None,
            file: u32::try_from(self.read.len() + position).ok(),
            line: None,
            column: None,
            message: format!("no record is named after `{}`, so it is not read", file.name),
        };
        self.left.iter().enumerate().map(remark).collect()
    }
}

/// Finds one file for each record.
pub(crate) fn find_files(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
) -> Result<Files, ReadError> {
    let endings: &[&str] = match source.set.format {
        Format::Jsonl => &["jsonl", "ndjson"],
        Format::Parquet => &["parquet"],
        Format::Fixed => &["txt", "dat", "fwf"],
        _ => &["csv", "tsv"],
    };
    let files = files(source, is_folder, endings)?;
    let mut taken = vec![false; files.len()];
    let mut plan: BTreeMap<String, Vec<(RecordId, DataFile)>> = BTreeMap::new();
    for (position, record) in (0_u32..).zip(&symbols.records) {
        if record.kind != RecordKind::Record {
            continue;
        }
        let id = RecordId(position);
        let named = source.set.records.get(&record.name).and_then(|mapping| mapping.file.as_ref());
        if let Some(name) = named {
            let path = beside(source, is_folder, name);
            if fs::symlink_metadata(&path).is_err() {
                let near = nearest(name, files.iter().map(|file| file.name.as_str()));
                let help = near.map_or_else(
                    || format!("the files are {}", names(&files)),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(ReadError::new(format!("the file of `{}` is not there", record.name))
                    .file(within(source, name))
                    .help(help));
            }
            for (file, taken) in files.iter().zip(&mut taken) {
                *taken |= file.name == *name;
            }
            let file = DataFile::on_disk(name, within(source, name), path);
            plan.entry(name.clone()).or_default().push((id, file));
            continue;
        }
        let mut own =
            files.iter().zip(&mut taken).filter(|(file, _)| is_named_after(&file.name, &record.name));
        if let Some((file, taken)) = own.next() {
            *taken = true;
            if let Some((other, _)) = own.next() {
                return Err(ReadError::new(format!(
                    "two files can hold `{}`: `{}` and `{}`",
                    record.name, file.name, other.name
                ))
                .file(&source.shown)
                .help(format!(
                    "remove one, or name the right one as `file` of `{}` in the manifest",
                    record.name
                )));
            }
            plan.entry(file.name.clone()).or_default().push((id, file.clone()));
        }
    }
    if plan.is_empty() {
        let records: Vec<&str> = symbols.records.iter().map(|record| record.name.as_str()).collect();
        let help = if files.is_empty() {
            let listed: Vec<String> = endings.iter().map(|ending| format!(".{ending}")).collect();
            format!("it has no {} file", listed.join(" or "))
        } else {
            format!("its files are {}, the records {}", names(&files), records.join(", "))
        };
        return Err(ReadError::new("no file is named after a record").file(&source.shown).help(help));
    }
    let left = files.into_iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(file, _)| file).collect();
    Ok(Files { read: plan.into_values().flatten().collect(), left })
}

/// Reads one file for each record.
fn read_tables(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let files = find_files(symbols, source, is_folder)?;
    for (id, file) in &files.read {
        match source.set.format {
            Format::Jsonl => json_lines::read(symbols, &source.set, *id, file, dataset)?,
            Format::Parquet => parquet_reader::read(symbols, &source.set, *id, file, dataset)?,
            Format::Fixed => {
                let layout = layout(symbols, source, is_folder, *id)?;
                fixed_width::read(symbols, &source.set, *id, file, &layout, dataset)?;
            }
            _ => {
                let delimiter = csv_reader::delimiter(symbols, &source.set, *id, file);
                csv_reader::read(symbols, &source.set, *id, file.open()?, delimiter, &file.shown, dataset)?;
            }
        }
    }
    dataset.errors.extend(files.remarks());
    dataset.files.extend(files.left.into_iter().map(|file| file.shown));
    Ok(())
}

/// A file that the manifest names: in the folder of the data, or beside the one file.
fn beside(source: &DataSource, is_folder: bool, name: &str) -> PathBuf {
    if is_folder { source.path.join(name) } else { source.path.with_file_name(name) }
}

/// The layout of a record's lines.
fn layout(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    id: RecordId,
) -> Result<DataFile, ReadError> {
    let record = symbols.record(id).map_or("", |record| record.name.as_str());
    let mapping = source.set.records.get(record);
    let Some(name) = mapping.and_then(|mapping| mapping.layout.as_ref()) else {
        return Err(ReadError::new(format!("the manifest does not say where the fields of `{record}` stand"))
            .file(&source.shown)
            .help(format!(
                "add `layout = \"{record}.layout.csv\"` to its part: a CSV file with the columns `field`, `start`, `width`"
            )));
    };
    let path = beside(source, is_folder, name);
    let shown = within(source, name);
    if fs::symlink_metadata(&path).is_err() {
        return Err(ReadError::new(format!("the layout of `{record}` is not there"))
            .file(shown)
            .help("it is a CSV file with the columns `field`, `start`, `width`, beside the data"));
    }
    Ok(DataFile::on_disk(name, shown, path))
}

fn names(files: &[DataFile]) -> String {
    files.iter().map(|file| format!("`{}`", file.name)).collect::<Vec<_>>().join(", ")
}

/// `Student.csv`, `students.csv`, `student_school_associations.csv`.
fn is_named_after(file: &str, record: &str) -> bool {
    let stem = fold(stem(file));
    let record = fold(record);
    let plural = record.strip_suffix('y').map(|stem| format!("{stem}ies"));
    stem == record || stem == format!("{record}s") || stem == format!("{record}es") || Some(stem) == plural
}

/// Names in the manifest that the policies do not have.
pub(crate) fn check_mapping(symbols: &Symbols, set: &DataSet) -> Result<(), ReadError> {
    for (name, mapping) in &set.records {
        let Some(record) = symbols.records.iter().find(|record| record.name == *name) else {
            let records = symbols.records.iter().map(|record| record.name.as_str());
            let error =
                ReadError::new(format!("the manifest maps `{name}`, and no policy declares that record"));
            return Err(match nearest(name, records) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("declare the record, or remove its mapping"),
            });
        };
        let cells = || record.fields.iter().filter(|field| field.kind == FieldKind::Cell);
        for field in mapping.columns.keys().chain(mapping.percent.keys()).chain(mapping.writing.codes.keys())
        {
            if !cells().any(|found| found.name == *field) {
                let error = ReadError::new(format!(
                    "the manifest maps `{field}` of `{name}`, which has no such field"
                ));
                return Err(match nearest(field, cells().map(|field| field.name.as_str())) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error,
                });
            }
        }
        for (field, codes) in &mapping.writing.codes {
            if let Some(field) = cells().find(|found| found.name == *field)
                && let Base::Category(category) = field.ty.base
            {
                check_codes(symbols, category, codes)?;
            }
        }
    }
    for (name, codes) in &set.writing.codes {
        let Some(category) = symbols.categories.iter().position(|category| category.name == *name) else {
            let categories = symbols.categories.iter().map(|category| category.name.as_str());
            let error = ReadError::new(format!(
                "the manifest has codes for `{name}`, and no policy declares that category"
            ));
            return Err(match nearest(name, categories) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        };
        if let Ok(category) = u32::try_from(category) {
            check_codes(symbols, crate::value::CategoryId(category), codes)?;
        }
    }
    Ok(())
}

fn check_codes(
    symbols: &Symbols,
    category: crate::value::CategoryId,
    codes: &BTreeMap<String, String>,
) -> Result<(), ReadError> {
    let Some(category) = symbols.category(category) else { return Ok(()) };
    for (code, meant) in codes {
        if !convert::knows_code(category, meant) {
            let values = category.values.iter().map(|value| value.name.as_str());
            let error = ReadError::new(format!(
                "the manifest gives the code `{code}` the meaning `{meant}`, which {} does not have",
                category.name
            ));
            return Err(match nearest(meant, values) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    Ok(())
}
