//! OneRoster CSV files, in a folder or a zip archive, read as a preset says. A column that names a row of another file
//! leads to the columns of that row: `classSourcedId/termSourcedIds/schoolYear`.

use std::collections::{BTreeMap, HashMap, HashSet};

use csv::ByteRecord;

use super::archive;
use super::bytes::DataFile;
use super::columns::{absent_cell, fold};
use super::convert::quoted;
use super::csv_reader::CsvFile;
use super::preset::Preset;
use super::source::{self, DataSource};
use super::table_rows::{Next, RowSource as _};
use super::xml_element::FileRows;
use super::xml_plan::{Interchange, Source, ValueSource};
use super::xml_reader::{compile, read_preset};
use super::xml_tree::{NameId, Tree};
use super::{DataError, Dataset, ReadError, Severity};
use crate::plan::Symbols;

/// Links that go on longer than this go in a circle.
const DEEPEST: usize = 6;
/// The column by which other files name a row.
const KEY: &str = "sourcedId";
/// The column that says what has become of a row, and what it can say.
const STATUS: &str = "status";
const STATUSES: [&str; 2] = ["active", "tobedeleted"];

/// Reads the files of a folder or an archive.
pub(super) fn read(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let preset = read_preset(source)?;
    let mut reader = compile(symbols, source, &preset)?;
    reader.strict = true;
    let is_archive =
        !is_folder && source.path.extension().is_some_and(|found| found.eq_ignore_ascii_case("zip"));
    let found = if is_archive {
        let mut files = archive::files(source)?;
        files.retain(|file| file.ending() == "csv");
        files
    } else {
        source::files(source, is_folder, &["csv"])?
    };
    let mut roster = Roster::new(source, &preset, &mut reader, found, dataset)?;
    roster.load_linked(&mut reader, dataset)?;
    for position in 0..roster.files.len() {
        roster.read_rows(position, &mut reader, dataset)?;
    }
    let untold = roster.report_untold(&reader, dataset);
    roster.report(&untold, dataset);
    reader.report_unread(dataset);
    Ok(())
}

/// A file that the preset knows.
struct RosterFile {
    file: DataFile,
    /// Position in [`Dataset::files`].
    shown: u32,
    name: NameId,
    stem: String,
    /// Of each column, once its header was read.
    columns: Vec<Column>,
    header: Vec<String>,
    /// Rows that others name, and by what.
    rows: Vec<LinkedRow>,
    by_key: HashMap<String, Option<usize>>,
    /// Keys of rows that are skipped.
    skipped_keys: HashSet<String>,
    is_linked: bool,
    is_described: bool,
    has_status: bool,
    skipped: u64,
    /// Statuses that OneRoster does not have: the line of the first, and how many.
    statuses: BTreeMap<String, (u64, u64)>,
    /// How many rows gave nothing, by the first thing that records ask of them.
    unfit: BTreeMap<String, u64>,
}

struct LinkedRow {
    cells: ByteRecord,
    line: u64,
    used: bool,
    /// Why it gave no row of its own.
    asked: String,
}

struct Column {
    name: NameId,
    is_list: bool,
    /// Position of the file that it leads to, and whether it need not lead anywhere.
    link: Option<(usize, bool)>,
    skip: Vec<String>,
    filled: u64,
    used: bool,
}

/// Where the text of a node stands.
#[derive(Clone, Copy)]
struct NodeOrigin {
    file: usize,
    column: usize,
    /// The row, where another names it.
    row: Option<usize>,
}

/// Where the cells of a row go.
#[derive(Clone, Copy)]
struct Below {
    file: usize,
    row: Option<usize>,
    parent: usize,
    depth: usize,
}

struct Roster<'a> {
    preset: &'a Preset,
    files: Vec<RosterFile>,
    /// Names of the preset, by how columns may write them.
    names: HashMap<String, NameId>,
    /// Of each node of the tree.
    origins: Vec<NodeOrigin>,
    said: HashSet<(usize, usize, Option<u64>)>,
}

fn about(
    code: &'static str,
    severity: Severity,
    file: Option<u32>,
    line: Option<u64>,
    message: String,
) -> DataError {
    DataError { code, severity, record: None, row: None, field: None, file, line, column: None, message }
}

impl RosterFile {
    /// The first column that is not there, though a record asks for values in it.
    fn untold(&self, only: &[(Vec<NameId>, Vec<String>)]) -> Option<NameId> {
        let has = |path: &[NameId]| self.columns.iter().any(|column| path.first() == Some(&column.name));
        let missing = only.iter().find(|(path, values)| !has(path) && !values.iter().any(String::is_empty));
        missing.and_then(|(path, _)| path.first().copied())
    }
}

impl<'a> Roster<'a> {
    fn new(
        source: &DataSource,
        preset: &'a Preset,
        reader: &mut Interchange<'_>,
        found: Vec<DataFile>,
        dataset: &mut Dataset,
    ) -> Result<Self, ReadError> {
        let stated = stated(&found, &source.shown)?;
        let names: Vec<String> = found.iter().map(|file| format!("`{}`", file.name)).collect();
        let linked: HashSet<&str> =
            preset.links.values().flat_map(BTreeMap::values).map(|link| link.file.as_str()).collect();
        let described: HashSet<&str> =
            preset.records.iter().flat_map(|(_, record)| record.from.iter().map(String::as_str)).collect();
        let known: Vec<&str> = linked.union(&described).copied().collect();
        let mut files: Vec<RosterFile> = Vec::new();
        for file in found {
            let shown = u32::try_from(dataset.files.len()).unwrap_or(u32::MAX);
            dataset.files.push(file.shown.clone());
            let stem = file.stem().to_owned();
            if fold(&stem) == "manifest" {
                continue;
            }
            let state = stated.as_ref().and_then(|stated| stated.files.get(&fold(&stem)));
            match state.map(String::as_str) {
                Some("delta") => {
                    return Err(ReadError::new(
                        "the file holds only what has changed: the manifest calls it `delta`",
                    )
                    .file(&file.shown)
                    .help("export all files in bulk; counts over a part of the rows would be wrong"));
                }
                Some("absent") => {
                    let message = "manifest.csv calls the file `absent`, so it is not read".to_owned();
                    dataset.errors.push(about(
                        "file-not-read",
                        Severity::Warning,
                        Some(shown),
                        None,
                        message,
                    ));
                    continue;
                }
                _ => {}
            }
            let Some(name) = known.iter().find(|known| fold(known) == fold(&stem)) else {
                let is_near = |known: &&&str| {
                    fold(known).starts_with(&fold(&stem)) || fold(&stem).starts_with(&fold(known))
                };
                let near = known.iter().find(is_near);
                let help = near.map_or_else(String::new, |near| format!("; is it `{near}.csv`?"));
                let message =
                    format!("the preset does not describe `{}`, so it is not read{help}", file.name);
                dataset.errors.push(about(
                    "file-not-read",
                    Severity::Information,
                    Some(shown),
                    None,
                    message,
                ));
                continue;
            };
            if let Some(other) = files.iter().find(|other| other.stem == **name) {
                return Err(ReadError::new(format!(
                    "two files hold `{name}`: `{}` and this one",
                    other.file.name
                ))
                .file(&file.shown)
                .help("remove one"));
            }
            files.push(RosterFile {
                file,
                shown,
                name: reader.names.id(name),
                stem: (*name).to_owned(),
                columns: Vec::new(),
                header: Vec::new(),
                rows: Vec::new(),
                by_key: HashMap::new(),
                skipped_keys: HashSet::new(),
                is_linked: linked.contains(name),
                is_described: described.contains(name),
                has_status: false,
                skipped: 0,
                statuses: BTreeMap::new(),
                unfit: BTreeMap::new(),
            });
        }
        if files.is_empty() {
            let of_files = if names.is_empty() {
                "it has no .csv file at all".to_owned()
            } else {
                format!("its files are {}", names.join(", "))
            };
            return Err(ReadError::new("it has no OneRoster file, such as orgs.csv or users.csv")
                .file(&source.shown)
                .help(format!("{of_files}; name the folder or the archive that has them as `path`")));
        }
        for (name, state) in stated.iter().flat_map(|stated| &stated.files) {
            let is_there = |file: &RosterFile| fold(&file.stem) == *name;
            if state == "bulk"
                && known.iter().any(|known| fold(known) == *name)
                && !files.iter().any(is_there)
            {
                return Err(ReadError::new(format!(
                    "the manifest promises a file `{name}.csv`, which is not there"
                ))
                .file(&source.shown)
                .help("export it again"));
            }
        }
        let remark = match &stated {
            None => {
                Some("there is no manifest.csv, so that files that are not there are taken as not supplied")
            }
            Some(stated) if !stated.has_version => {
                Some("manifest.csv does not say the `oneroster.version`, so that it is taken for 1.1 or 1.2")
            }
            Some(_) => None,
        };
        if let Some(message) = remark {
            dataset.errors.push(about(
                "no-roster-manifest",
                Severity::Information,
                None,
                None,
                message.to_owned(),
            ));
        }
        let names = (0..).zip(reader.names.iter()).map(|(id, name)| (fold(name), id)).collect();
        Ok(Self { preset, files, names, origins: Vec::new(), said: HashSet::new() })
    }

    /// Reads the header of a file and finds its columns.
    fn open(
        &mut self,
        position: usize,
        reader: &mut Interchange<'_>,
    ) -> Result<Option<CsvFile<Box<dyn std::io::BufRead + Send>>>, ReadError> {
        let positions: HashMap<String, usize> =
            self.files.iter().enumerate().map(|(at, file)| (file.stem.clone(), at)).collect();
        let Some(file) = self.files.get_mut(position) else { return Ok(None) };
        let (rows, header) = CsvFile::open_commas(file.file.open()?, &file.file.shown)?;
        if !file.columns.is_empty() {
            return Ok(Some(rows));
        }
        if let Some(twice) = header.iter().enumerate().find_map(|(at, name)| {
            let again = header.iter().take(at).any(|other| fold(other) == fold(name));
            (again && !name.is_empty()).then_some(name)
        }) {
            return Err(ReadError::new(format!("two columns are called `{twice}`"))
                .file(&file.file.shown)
                .line(1)
                .help("rename or remove one of them"));
        }
        let links = self.preset.links.get(&file.stem);
        for name in &header {
            let same = |other: &&String| fold(other) == fold(name);
            let id = match self.names.get(&fold(name)) {
                Some(id) => *id,
                None => reader.names.id(name),
            };
            let link = links.and_then(|links| links.iter().find(|(column, _)| same(column)));
            let link = match link {
                None => None,
                Some((column, link)) => match positions.get(&link.file) {
                    Some(target) => Some((*target, link.optional)),
                    None if link.optional => None,
                    None => {
                        return Err(ReadError::new(format!(
                            "`{column}` names rows of `{}.csv`, which is not there",
                            link.file
                        ))
                        .file(&file.file.shown)
                        .help("export all files of the roster"));
                    }
                },
            };
            let skip = self.preset.skip.iter().find(|(column, _)| same(column));
            file.columns.push(Column {
                name: id,
                is_list: self.preset.lists.iter().any(|list| same(&list)),
                link,
                skip: skip.map_or_else(Vec::new, |(_, values)| {
                    values.iter().map(|value| value.to_lowercase()).collect()
                }),
                filled: 0,
                used: skip.is_some(),
            });
        }
        if !header.iter().any(|name| fold(name) == fold(KEY)) {
            return Err(ReadError::new(format!("there is no column `{KEY}`"))
                .file(&file.file.shown)
                .line(1)
                .help("every OneRoster file has one; is this another export?"));
        }
        file.has_status = header.iter().any(|name| fold(name) == STATUS);
        file.header = header;
        Ok(Some(rows))
    }

    /// The next row that counts, as it stands; its line.
    fn next(
        &mut self,
        position: usize,
        rows: &mut CsvFile<Box<dyn std::io::BufRead + Send>>,
        row: &mut ByteRecord,
        count_skipped: bool,
    ) -> Result<Option<u64>, ReadError> {
        let Some(file) = self.files.get_mut(position) else { return Ok(None) };
        while let Next::Row(line) = rows.next(row, &mut Vec::new())? {
            if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if row.len() != file.columns.len() {
                return Err(ReadError::new(format!(
                    "the row has {} cells and the header {}, so that none of them can be trusted",
                    row.len(),
                    file.columns.len()
                ))
                .file(&file.file.shown)
                .line(line)
                .help("export the file again, with every cell in quotes"));
            }
            let skipped = file.columns.iter().zip(row.iter()).any(|(column, cell)| {
                !column.skip.is_empty()
                    && column.skip.contains(&String::from_utf8_lossy(cell).trim().to_lowercase())
            });
            let cell = |wanted: &str| {
                let at = file.header.iter().position(|name| fold(name) == fold(wanted));
                let cell = at.and_then(|at| row.get(at)).map(String::from_utf8_lossy).unwrap_or_default();
                cell.trim().to_owned()
            };
            if skipped {
                file.skipped += u64::from(count_skipped);
                if file.is_linked {
                    file.skipped_keys.insert(cell(KEY));
                }
                continue;
            }
            if count_skipped && file.has_status {
                let status = cell(STATUS);
                if !status.is_empty() && !STATUSES.iter().any(|known| status.eq_ignore_ascii_case(known)) {
                    file.statuses.entry(status).or_insert((line, 0)).1 += 1;
                }
            }
            return Ok(Some(line));
        }
        Ok(None)
    }

    /// Keeps the rows that other files name.
    fn load_linked(&mut self, reader: &mut Interchange<'_>, dataset: &mut Dataset) -> Result<(), ReadError> {
        for position in 0..self.files.len() {
            let Some(mut rows) = self.open(position, reader)? else { continue };
            if !self.files.get(position).is_some_and(|file| file.is_linked) {
                continue;
            }
            let mut row = ByteRecord::new();
            let is_described = self.files.get(position).is_some_and(|file| file.is_described);
            while let Some(line) = self.next(position, &mut rows, &mut row, !is_described)? {
                let Some(file) = self.files.get_mut(position) else { continue };
                if !is_described {
                    for (column, cell) in file.columns.iter_mut().zip(row.iter()) {
                        column.filled += u64::from(!cell.trim_ascii().is_empty());
                    }
                }
                let key = file.header.iter().position(|name| fold(name) == fold(KEY));
                let key = key.and_then(|key| row.get(key)).map(String::from_utf8_lossy).unwrap_or_default();
                let key = key.trim().to_owned();
                let at = file.rows.len();
                file.rows.push(LinkedRow { cells: row.clone(), line, used: false, asked: String::new() });
                if key.is_empty() {
                    // Of a file that gives records it is said when these are read.
                    if !is_described {
                        let message = format!("the cell is empty, and every row has a {KEY}");
                        let error =
                            about("missing-value", Severity::Error, Some(file.shown), Some(line), message);
                        dataset.errors.push(DataError { column: Some(KEY.into()), ..error });
                    }
                    continue;
                }
                if file.by_key.insert(key.clone(), Some(at)).is_some() {
                    file.by_key.insert(key, None);
                    let message =
                        format!("another row of `{}` has the same {KEY}; keep one of them", file.stem);
                    dataset.errors.push(DataError {
                        column: Some(KEY.into()),
                        ..about("duplicate-key", Severity::Error, Some(file.shown), Some(line), message)
                    });
                }
            }
        }
        Ok(())
    }

    fn read_rows(
        &mut self,
        position: usize,
        reader: &mut Interchange<'_>,
        dataset: &mut Dataset,
    ) -> Result<(), ReadError> {
        let Some((shown, name)) =
            self.files.get(position).filter(|file| file.is_described).map(|file| (file.shown, file.name))
        else {
            return Ok(());
        };
        let Some(mut rows) = self.open(position, reader)? else { return Ok(()) };
        self.supply(position, name, reader, dataset);
        let mut file_rows = FileRows {
            file: shown,
            ids: HashMap::new(),
            pending: Vec::new(),
            errors: Vec::new(),
            said: HashSet::new(),
        };
        self.report_missing(position, reader, &mut file_rows);
        let mut tree = Tree::default();
        let mut row = ByteRecord::new();
        let mut at = 0;
        while let Some(line) = self.next(position, &mut rows, &mut row, true)? {
            tree.start(name, line);
            self.origins.clear();
            self.origins.push(NodeOrigin { file: position, column: usize::MAX, row: None });
            let below = Below { file: position, row: None, parent: 0, depth: 0 };
            self.grow(below, &row, &mut tree, &mut file_rows);
            let fits = reader.element(&mut tree, &mut file_rows, dataset);
            self.mark(&tree, at, position, fits, reader);
            at += 1;
        }
        dataset.errors.append(&mut file_rows.errors);
        Ok(())
    }

    /// A file without rows says that there are none; but not of a record whose rows it has no column to tell.
    fn supply(&self, position: usize, name: NameId, reader: &Interchange<'_>, dataset: &mut Dataset) {
        let Some(file) = self.files.get(position) else { return };
        for record in reader.by_element.get(&name).into_iter().flatten() {
            let Some(record) = reader.records.get(*record) else { continue };
            if file.untold(&record.only).is_none() {
                let _ = dataset.supply(reader.symbols, record.id);
            }
        }
    }

    /// Fields for which the file, or one that it leads to, has no column: said once, and not again of each row.
    fn report_missing(&self, position: usize, reader: &Interchange<'_>, rows: &mut FileRows) {
        let Some(file) = self.files.get(position) else { return };
        for at in reader.by_element.get(&file.name).into_iter().flatten() {
            let Some(compiled) = reader.records.get(*at) else { continue };
            let Some(declared) = reader.symbols.record(compiled.id) else { continue };
            if file.untold(&compiled.only).is_some() {
                continue;
            }
            let mut left_out = Vec::new();
            for ((source, field), number) in compiled.fields.iter().zip(&declared.fields).zip(0_u32..) {
                let (Source::Value(ValueSource { paths, constant: None, .. })
                | Source::Reference { paths, .. }) = source
                else {
                    continue;
                };
                let whole =
                    |path: &Vec<NameId>| compiled.each.iter().chain(path).copied().collect::<Vec<_>>();
                let has_path = |path| path_exists(&self.files, position, &whole(path), 0);
                if paths.iter().any(has_path) || paths.is_empty() {
                    continue;
                }
                let steps = paths.first().map(whole).unwrap_or_default();
                let name = steps.iter().map(|step| reader.names.name(*step)).collect::<Vec<_>>().join("/");
                if !absent_cell(field).1 {
                    left_out.push(format!("`{name}`"));
                    continue;
                }
                if !rows.said.insert((compiled.id, number, "missing-column")) {
                    continue;
                }
                let message = format!("there is no column `{name}`, and `{}` must have a value", field.name);
                let error = about("missing-column", Severity::Error, Some(file.shown), Some(1), message);
                let (record, field) = (Some(compiled.id), Some(number));
                rows.errors.push(DataError { record, field, ..error });
            }
            if !left_out.is_empty() {
                let message =
                    format!("there is no column {}, so that nothing is on file", left_out.join(", "));
                let error =
                    about("column-not-supplied", Severity::Information, Some(file.shown), Some(1), message);
                rows.errors.push(DataError { record: Some(compiled.id), ..error });
            }
        }
    }

    /// Adds the cells of a row below a node, and those of the rows that they name.
    fn grow(&mut self, below: Below, row: &ByteRecord, tree: &mut Tree, rows: &mut FileRows) {
        let count = self.files.get(below.file).map_or(0, |file| file.columns.len());
        for at in 0..count {
            let Some(file) = self.files.get_mut(below.file) else { return };
            let Some(column) = file.columns.get_mut(at) else { return };
            let bytes = row.get(at).unwrap_or_default();
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            if below.depth == 0 {
                column.filled += 1;
            }
            let (name, link, is_list) = (column.name, column.link, column.is_list);
            let origin = NodeOrigin { file: below.file, column: at, row: below.row };
            let Ok(text) = std::str::from_utf8(bytes) else {
                let node = tree.add(below.parent, name, "?");
                self.origins.push(origin);
                let message = "the cell is not UTF-8 text; save the file in UTF-8".to_owned();
                self.broken(tree, node, origin, ("not-utf-8", message), rows);
                continue;
            };
            let parts: Vec<&str> = if is_list { text.split(',').collect() } else { vec![text] };
            for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
                let node = tree.add(below.parent, name, part);
                self.origins.push(origin);
                let Some((target, optional)) = link.filter(|_| below.depth < DEEPEST) else { continue };
                let Some(linked) = self.files.get(target) else { continue };
                match linked.by_key.get(part).copied() {
                    Some(Some(index)) => {
                        let cells = linked.rows.get(index).map(|row| row.cells.clone()).unwrap_or_default();
                        let (depth, row) = (below.depth + 1, Some(index));
                        self.grow(Below { file: target, row, parent: node, depth }, &cells, tree, rows);
                    }
                    // That two rows have this key has been said.
                    Some(None) => {
                        if let Some(node) = tree.nodes.get_mut(node) {
                            node.broken = true;
                        }
                    }
                    None if optional => {}
                    None => {
                        let message = if linked.skipped_keys.contains(part) {
                            format!("the row of `{}` that has this {KEY} is to be deleted", linked.stem)
                        } else {
                            format!("no row of `{}` has this {KEY}", linked.stem)
                        };
                        self.broken(tree, node, origin, ("dangling-id", message), rows);
                    }
                }
            }
        }
    }

    /// Says why a node cannot be read.
    fn broken(
        &mut self,
        tree: &mut Tree,
        node: usize,
        origin: NodeOrigin,
        (code, message): (&'static str, String),
        rows: &mut FileRows,
    ) {
        if let Some(node) = tree.nodes.get_mut(node) {
            node.broken = true;
        }
        // Of a row that many others name, once for each line that does would be too often.
        let Some(file) = self.files.get(origin.file) else { return };
        let line = match origin.row {
            None => tree.node(0).map(|node| node.line),
            Some(row) => file.rows.get(row).map(|row| row.line),
        };
        if self.said.insert((origin.file, origin.column, line)) {
            let column = file.header.get(origin.column).map(|name| name.as_str().into());
            let error = about(code, Severity::Error, Some(file.shown), line, message);
            rows.errors.push(DataError { column, ..error });
        }
    }

    /// Remembers which columns and rows were used.
    fn mark(&mut self, tree: &Tree, at: usize, position: usize, fits: bool, reader: &Interchange<'_>) {
        for (node, origin) in tree.nodes.iter().zip(&self.origins) {
            if !node.seen && !node.broken {
                continue;
            }
            let mut up = Some((*origin, node.parent));
            while let Some((origin, parent)) = up {
                if let Some(file) = self.files.get_mut(origin.file) {
                    if let Some(column) = file.columns.get_mut(origin.column) {
                        column.used = true;
                    }
                    if let Some(row) = origin.row.and_then(|row| file.rows.get_mut(row)) {
                        row.used = true;
                    }
                }
                let above = self.origins.get(parent).copied().zip(tree.node(parent));
                up = above.filter(|_| parent != 0).map(|(origin, node)| (origin, node.parent));
            }
        }
        let Some(file) = self.files.get_mut(position) else { return };
        if fits {
            if let Some(row) = file.rows.get_mut(at) {
                row.used = true;
            }
        } else {
            let asked = asked(tree, file.name, reader);
            match file.rows.get_mut(at) {
                Some(row) => row.asked = asked,
                None => *file.unfit.entry(asked).or_default() += 1,
            }
        }
    }

    /// Records that no file could tell from others.
    /// The files of which it was said.
    fn report_untold(&self, reader: &Interchange<'_>, dataset: &mut Dataset) -> HashSet<u32> {
        let mut untold = HashSet::new();
        for file in self.files.iter().filter(|file| file.is_described) {
            for position in reader.by_element.get(&file.name).into_iter().flatten() {
                let Some(record) = reader.records.get(*position) else { continue };
                let Some(column) = file.untold(&record.only) else { continue };
                if dataset.table(record.id).is_some() {
                    continue;
                }
                let name = reader.symbols.record(record.id).map_or("", |record| record.name.as_str());
                let message = format!(
                    "there is no column `{}`, by which the preset tells the rows of `{name}`, so that none is read",
                    reader.names.name(column)
                );
                let error = about("missing-column", Severity::Error, Some(file.shown), Some(1), message);
                dataset.errors.push(DataError { record: Some(record.id), ..error });
                untold.insert(file.shown);
            }
        }
        untold
    }

    /// What was left aside, file by file.
    fn report(&mut self, untold: &HashSet<u32>, dataset: &mut Dataset) {
        for file in &mut self.files {
            if file.skipped > 0 {
                let message =
                    format!("{} that the preset skips, such as those to be deleted", rows(file.skipped));
                let error = about("row-not-read", Severity::Information, Some(file.shown), None, message);
                dataset.errors.push(error);
            }
            for (status, (line, count)) in &file.statuses {
                let message = format!(
                    "{} is no status of OneRoster, which are active and tobedeleted ({} with it); they are read as active",
                    quoted(status),
                    rows(*count)
                );
                let error =
                    about("unknown-status", Severity::Warning, Some(file.shown), Some(*line), message);
                dataset.errors.push(DataError { column: Some(STATUS.into()), ..error });
            }
            // What is left is left for want of a column, which has been said.
            if untold.contains(&file.shown) {
                continue;
            }
            for row in file.rows.iter_mut().filter(|row| !row.used) {
                *file.unfit.entry(std::mem::take(&mut row.asked)).or_default() += 1;
            }
            for (what, count) in &file.unfit {
                let message = format!("{} for which the preset has no record{what}", rows(*count));
                let error = about("row-not-read", Severity::Information, Some(file.shown), None, message);
                dataset.errors.push(error);
            }
            let left: Vec<String> = file
                .columns
                .iter()
                .zip(&file.header)
                .filter(|(column, _)| !column.used && column.filled > 0)
                .map(|(column, name)| format!("`{name}` ({})", column.filled))
                .collect();
            if !left.is_empty() {
                let message = format!("no field is read from {}", left.join(", "));
                let error =
                    about("column-not-read", Severity::Information, Some(file.shown), Some(1), message);
                dataset.errors.push(error);
            }
        }
    }
}

/// Whether the steps of a path are columns, each of the file to which the one before leads.
fn path_exists(files: &[RosterFile], position: usize, path: &[NameId], depth: usize) -> bool {
    let (Some(file), Some((step, rest))) = (files.get(position), path.split_first()) else { return true };
    let mut columns = file.columns.iter().filter(|column| column.name == *step);
    columns.any(|column| match (rest.is_empty(), column.link) {
        (true, _) => true,
        // What need not be there is missing where it is not.
        (false, Some((target, _))) if depth < DEEPEST => path_exists(files, target, rest, depth + 1),
        (false, _) => false,
    })
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// What a row says where records ask something of it: `, `role` being `parent``.
fn asked(tree: &Tree, name: NameId, reader: &Interchange<'_>) -> String {
    let records = reader.by_element.get(&name).into_iter().flatten();
    let path = records
        .filter_map(|record| reader.records.get(*record))
        .find_map(|record| record.only.first().map(|(path, _)| path));
    let Some(path) = path else { return String::new() };
    let text = tree.first(0, path).and_then(|at| tree.node(at)).map_or("", |node| node.text.trim());
    let steps: Vec<&str> = path.iter().map(|step| reader.names.name(*step)).collect();
    let text = if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") };
    format!(", `{}` being {text}", steps.join("/"))
}

/// What `manifest.csv` says.
#[derive(Default)]
struct Stated {
    /// By file, in the form of [`fold`].
    files: HashMap<String, String>,
    has_version: bool,
}

/// What `manifest.csv` says of each file: `bulk`, `delta` or `absent`; `None` when there is no manifest.
fn stated(files: &[DataFile], shown: &str) -> Result<Option<Stated>, ReadError> {
    let Some(file) = files.iter().find(|file| fold(file.stem()) == "manifest") else { return Ok(None) };
    let (mut rows, header) = CsvFile::open_commas(file.open()?, &file.shown)?;
    let column = |wanted: &str| header.iter().position(|name| fold(name) == fold(wanted));
    let (Some(name), Some(value)) = (column("propertyName"), column("value")) else {
        return Err(ReadError::new("the manifest of the roster has no columns `propertyName` and `value`")
            .file(&file.shown)
            .line(1)
            .help("its first line names these two; export the roster again"));
    };
    let mut found = Stated::default();
    let mut lines: HashMap<String, u64> = HashMap::new();
    let mut row = ByteRecord::new();
    while let Next::Row(line) = rows.next(&mut row, &mut Vec::new())? {
        let cell =
            |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
        let (name, value) = (cell(name), cell(value).to_lowercase());
        if let Some(before) = lines.insert(name.clone(), line).filter(|_| !name.is_empty()) {
            return Err(ReadError::new(format!("{} is already on line {before}", quoted(&name)))
                .file(&file.shown)
                .line(line)
                .help("keep the one that is right"));
        }
        if let Some(stem) = name.strip_prefix("file.") {
            if !matches!(value.as_str(), "bulk" | "delta" | "absent") {
                let found = if value.is_empty() { "nothing".to_owned() } else { quoted(&value) };
                return Err(ReadError::new(format!("{found} stands for {}", quoted(&name)))
                    .file(&file.shown)
                    .line(line)
                    .help("write bulk, delta or absent"));
            }
            found.files.insert(fold(stem), value);
        } else if name == "oneroster.version" && !value.is_empty() {
            found.has_version = true;
            if matches!(value.as_str(), "1.1" | "1.2") {
                continue;
            }
            return Err(ReadError::new(format!("the roster is in version `{value}` of OneRoster"))
                .file(if file.shown.is_empty() { shown } else { &file.shown })
                .line(line)
                .help("versions 1.1 and 1.2 can be read"));
        }
    }
    Ok(Some(found))
}
