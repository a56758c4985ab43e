//! Ed-Fi interchange files, read as a preset says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::BufRead;

use super::csv_reader::skip_mark;
use super::preset::Preset;
use super::source::{self, DataSource};
use super::xml_element::{Element, FileRows, Target};
use super::xml_plan::{Interchange, Source};
use super::xml_tree::{Elements, NameId, Step, Tree};
use super::{Cell, DataError, Dataset, Origin, ReadError, Severity};
use crate::plan::Symbols;
use crate::value::{RecordId, Reference, Value};

/// Reads every interchange file of a folder.
pub(super) fn read_folder(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let preset = read_preset(source)?;
    let mut reader = compile(symbols, source, &preset)?;
    let files = source::files(source, is_folder, &["xml"])?;
    if files.is_empty() {
        return Err(ReadError::new("the folder has no .xml file").file(&source.shown));
    }
    let mut is_any = false;
    for file in &files {
        is_any |= reader.read_file(file.open()?, &file.shown, dataset)?;
    }
    if !is_any {
        let said = dataset.errors.first().map_or("", |error| error.message.as_str());
        let said = said.trim_end_matches(", so it is not read").to_owned();
        return Err(ReadError::new(said)
            .file(files.first().map_or(&source.shown, |file| &file.shown))
            .help("no file of the data set is an interchange; is this the right folder?"));
    }
    reader.report_unread(dataset);
    Ok(())
}

/// Reads the preset of a data set.
pub(super) fn read_preset(source: &DataSource) -> Result<Preset, ReadError> {
    let format = source.set.format.name();
    if let Some((name, _)) =
        source.set.records.iter().find(|(_, mapping)| mapping.file.is_some() || !mapping.columns.is_empty())
    {
        return Err(ReadError::new(format!("`file` and `columns` of `{name}` mean nothing for {format}"))
            .help("copy the preset into the project, change its paths and name it as `preset`"));
    }
    let Some(preset) = &source.preset else {
        return Err(ReadError::new(format!("the format {format} needs a preset")).file(&source.shown));
    };
    Preset::parse(&preset.text).map_err(|errors| {
        let first = errors.into_iter().next();
        let (line, message, help) =
            first.map_or((1, String::new(), None), |error| (error.line, error.message, error.help));
        ReadError { file: Some(preset.name.clone()), line: u64::try_from(line).ok(), message, help }
    })
}

/// Makes the preset of a data set ready for the records of a project.
pub(super) fn compile<'a>(
    symbols: &'a Symbols,
    source: &'a DataSource,
    preset: &Preset,
) -> Result<Interchange<'a>, ReadError> {
    let (name, text) =
        source.preset.as_ref().map_or(("", ""), |preset| (preset.name.as_str(), preset.text.as_str()));
    Interchange::compile(symbols, &source.set, preset, name, text)
}

impl Interchange<'_> {
    /// Reads a file; whether it is an interchange.
    pub(super) fn read_file<R: BufRead>(
        &mut self,
        mut input: R,
        shown: &str,
        dataset: &mut Dataset,
    ) -> Result<bool, ReadError> {
        skip_mark(&mut input, shown)?;
        let file = u32::try_from(dataset.files.len()).unwrap_or(u32::MAX);
        dataset.files.push(shown.to_owned());
        let note = |line: Option<u64>, code: &'static str, message: String| DataError {
            code,
            severity: Severity::Information,
            record: None,
            row: None,
            field: None,
            file: Some(file),
            line,
            column: None,
            message,
        };
        let mut elements = Elements::new(input, shown);
        match elements.enter()? {
            None => {
                return Err(ReadError::new("the file is empty: it has no root element")
                    .file(shown)
                    .help("export it again; an interchange without elements says that there are none"));
            }
            Some(root) if !root.starts_with("Interchange") => {
                let message = format!(
                    "its root is `{root}`, and that of an interchange begins with `Interchange`, so it is not read"
                );
                dataset.errors.push(note(None, "file-not-read", message));
                return Ok(false);
            }
            Some(_) => {}
        }
        let mut tree = Tree::default();
        let mut skipped: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut file_rows = FileRows {
            file,
            ids: HashMap::new(),
            pending: Vec::new(),
            errors: Vec::new(),
            said: HashSet::new(),
        };
        let mut any = false;
        loop {
            let by_element = &self.by_element;
            match elements.next(&mut self.names, |name| by_element.contains_key(&name), &mut tree)? {
                Step::End => break,
                Step::Skipped(name, line) => {
                    any = true;
                    skipped.entry(self.names.name(name).to_owned()).or_insert((line, 0)).1 += 1;
                }
                Step::Element => {
                    any = true;
                    self.element(&mut tree, &mut file_rows, dataset);
                }
            }
        }
        self.resolve_ids(&mut file_rows, dataset);
        dataset.errors.append(&mut file_rows.errors);
        for (name, (line, count)) in skipped {
            let message =
                format!("the preset does not describe `{name}` ({count} in this file), so it is not read");
            dataset.errors.push(note(Some(line), "element-not-read", message));
        }
        if let Some((line, count)) = elements.loose {
            let message = format!(
                "text stands between the elements {}, and is not read",
                if count == 1 { "once".to_owned() } else { format!("{count} times") }
            );
            dataset.errors.push(note(Some(line), "element-not-read", message));
        }
        if !any {
            let message = "the interchange has no element, so that nothing is read from it; if there are rows, export it again";
            let severity = Severity::Warning;
            dataset.errors.push(DataError { severity, ..note(None, "empty-file", message.to_owned()) });
        }
        Ok(true)
    }

    /// Adds the rows that an element gives; whether it gave any.
    pub(super) fn element(&mut self, tree: &mut Tree, rows: &mut FileRows, dataset: &mut Dataset) -> bool {
        let Some(name) = tree.node(0).map(|node| node.name) else { return false };
        let fits = self.rows_of(name, tree, rows, dataset);
        for (index, node) in tree.nodes.iter().enumerate().filter(|_| !self.strict) {
            if node.children.is_empty() && !node.seen && !node.text.trim().is_empty() {
                let key = (self.names.name(name).to_owned(), tree.path(index, &self.names));
                *self.unread.entry(key).or_default() += 1;
            }
        }
        fits
    }

    fn rows_of(&mut self, name: NameId, tree: &mut Tree, rows: &mut FileRows, dataset: &mut Dataset) -> bool {
        let Some(positions) = self.by_element.get(&name) else { return false };
        let mut fits = false;
        let mut element = Element {
            names: &self.names,
            records: &self.records,
            of: positions,
            symbols: self.symbols,
            tree,
            rows,
            reported: HashSet::new(),
            absent: &self.absent,
            strict: self.strict,
        };
        for position in positions {
            let Some(compiled) = self.records.get(*position) else { continue };
            let Some(declared) = self.symbols.record(compiled.id) else { continue };
            if !element.is_wanted(compiled) {
                continue;
            }
            let Some(table) = dataset.supply(self.symbols, compiled.id) else { continue };
            fits = true;
            let mut places = Vec::new();
            element.tree.all(0, &compiled.each, &mut places);
            for place in places {
                let row = table.len();
                let said = element.rows.errors.len();
                let line = element.tree.node(place).map_or(0, |node| node.line);
                let mut cells = Vec::with_capacity(compiled.fields.len());
                for ((source, field), at) in compiled.fields.iter().zip(&declared.fields).zip(0_u32..) {
                    let target = Target { record: compiled.id, row, field: at };
                    cells.push(element.cell(source, field, place, target, line));
                }
                if compiled.distinct {
                    let key: Vec<Cell> = cells.iter().take(declared.keys).cloned().collect();
                    if key.iter().all(|cell| matches!(cell, Cell::Known(_))) {
                        let earlier = *self.distinct.entry((compiled.id, key)).or_insert(row);
                        let same = (0_u32..).zip(&cells).all(|(at, cell)| table.cell(earlier, at) == cell);
                        if earlier != row && same {
                            element.rows.errors.truncate(said);
                            continue;
                        }
                    }
                }
                if let (true, Some(id)) = (place == 0, element.tree.id.clone()) {
                    element.rows.ids.entry(id).or_default().push((compiled.id, row));
                }
                table.push(cells, Origin { file: element.rows.file, line });
            }
        }
        fits
    }

    /// Adds a row of which nothing is known to each record that every element of the name gives a row of.
    ///
    /// # Errors
    /// The element may have given other rows, of which nobody knows how many: counts would be wrong without a trace.
    pub(super) fn broken_element(
        &self,
        name: NameId,
        file: u32,
        line: u64,
        (code, message): (&'static str, String),
        dataset: &mut Dataset,
    ) -> Result<(), ReadError> {
        let mut about = None;
        for position in self.by_element.get(&name).into_iter().flatten() {
            let Some(compiled) = self.records.get(*position) else { continue };
            if !compiled.each.is_empty() || !compiled.only.is_empty() {
                let record = self.symbols.record(compiled.id).map_or("", |record| record.name.as_str());
                let shown = dataset.files.get(file as usize).cloned().unwrap_or_default();
                return Err(ReadError::new(message).file(shown).line(line).help(format!(
                    "how many rows of `{record}` it holds is not known, so that none of them can be counted"
                )));
            }
        }
        for position in self.by_element.get(&name).into_iter().flatten() {
            let Some(compiled) = self.records.get(*position) else { continue };
            let Some(table) = dataset.supply(self.symbols, compiled.id) else { continue };
            about.get_or_insert((compiled.id, table.len()));
            let cells = compiled.fields.iter().map(|source| match source {
                Source::Fixed(cell) => cell.clone(),
                _ => Cell::Unreadable,
            });
            table.push(cells.collect(), Origin { file, line });
        }
        dataset.errors.push(DataError {
            code,
            severity: Severity::Error,
            record: about.map(|(record, _)| record),
            row: about.map(|(_, row)| row),
            field: None,
            file: Some(file),
            line: Some(line),
            column: None,
            message,
        });
        Ok(())
    }

    /// Gives each `ref="…"` the key of the row that has the `id`. Ids hold within one file.
    fn resolve_ids(&self, rows: &mut FileRows, dataset: &mut Dataset) {
        for pending in std::mem::take(&mut rows.pending) {
            let with_id = rows.ids.get(&pending.id).into_iter().flatten();
            let mut with_id = with_id.filter(|(record, _)| *record == pending.names);
            let (found, several) = (with_id.next(), with_id.next().is_some());
            let found = found.filter(|_| !several);
            let key = found.and_then(|(record, row)| {
                let (keys, table) = (self.symbols.record(*record)?.keys, dataset.table(*record)?);
                let part = |field: usize| match table.cell(*row, u32::try_from(field).ok()?) {
                    Cell::Known(value) => Some(value.clone()),
                    _ => None,
                };
                (0..keys).map(part).collect::<Option<Vec<Value>>>()
            });
            let Target { record, row, field } = pending.target;
            let Some(Some(table)) = dataset.tables.get_mut(record.0 as usize) else { continue };
            match key {
                Some(key) => {
                    let reference = Reference { record: pending.names, row: None, key: key.into() };
                    table.replace(row, field, Cell::Known(Value::Reference(reference)));
                }
                None => {
                    let name = self.symbols.record(pending.names).map_or("", |record| record.name.as_str());
                    rows.errors.push(DataError {
                        code: "dangling-id",
                        severity: Severity::Error,
                        record: Some(record),
                        row: Some(row),
                        field: Some(field),
                        file: Some(rows.file),
                        line: Some(pending.line),
                        column: Some(pending.path),
                        message: if several {
                            format!("several {name} rows have the id `{}` in this file; keep one", pending.id)
                        } else {
                            format!("no {name} with a complete key has the id `{}` in this file", pending.id)
                        },
                    });
                }
            }
        }
    }

    /// What the preset left unread, said once for each element of the data set.
    pub(super) fn report_unread(&mut self, dataset: &mut Dataset) {
        let mut by_element: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((element, path), count) in &self.unread {
            let path = if path.is_empty() { "its text" } else { path };
            by_element.entry(element).or_default().push(format!("`{path}` ({count})"));
        }
        let about = |record: Option<RecordId>, message: String| DataError {
            code: "value-not-read",
            severity: Severity::Information,
            record,
            row: None,
            field: None,
            file: None,
            line: None,
            column: None,
            message,
        };
        for (element, paths) in by_element {
            let message = format!("of `{element}`, the preset does not read {}", paths.join(", "));
            dataset.errors.push(about(None, message));
        }
        for finding in std::mem::take(&mut self.findings) {
            if dataset.table(finding.record).is_some() {
                let error = about(Some(finding.record), finding.message);
                let (code, severity, field) = (finding.code, finding.severity, finding.field);
                dataset.errors.push(DataError { code, severity, field, ..error });
            }
        }
    }
}
