//! Ed-Fi interchange files, read as a preset says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use super::columns::absent_cell;
use super::convert::{Converter, Problem, Style};
use super::manifest::nearest;
use super::preset::{FieldPath, FieldPreset, Preset};
use super::source::{self, DataSource};
use super::xml_tree::{Elements, NameId, Names, Step, Tree};
use super::{Cell, DataError, DataSet, Dataset, Origin, ReadError, Severity};
use crate::plan::{Field, FieldKind, Record, RecordKind, Symbols};
use crate::value::{Base, RecordId, Reference, Value};

/// Reads every interchange file of a folder.
pub(super) fn read_folder(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    if let Some((name, _)) =
        source.set.records.iter().find(|(_, mapping)| mapping.file.is_some() || !mapping.columns.is_empty())
    {
        return Err(ReadError::new(format!("`file` and `columns` of `{name}` mean nothing for edfi-xml"))
            .help("copy the preset into the project, change its paths and name it as `preset`"));
    }
    let Some(preset) = &source.preset else {
        return Err(ReadError::new("the format edfi-xml needs a preset").file(&source.shown));
    };
    let parsed = Preset::parse(&preset.text).map_err(|errors| {
        let first = errors.into_iter().next();
        let (line, message, help) =
            first.map_or((1, String::new(), None), |error| (error.line, error.message, error.help));
        ReadError { file: Some(preset.name.clone()), line: u64::try_from(line).ok(), message, help }
    })?;
    let mut reader = Interchange::compile(symbols, &source.set, &parsed, &preset.name, &preset.text)?;
    let files = source::files(source, is_folder, &["xml"])?;
    if files.is_empty() {
        return Err(ReadError::new("the folder has no .xml file").file(&source.shown));
    }
    for file in &files {
        let unreadable =
            |error: std::io::Error| ReadError::new(format!("it cannot be read: {error}")).file(&file.shown);
        let input = BufReader::with_capacity(1 << 16, File::open(&file.path).map_err(unreadable)?);
        reader.read_file(input, &file.shown, dataset)?;
    }
    reader.report_unread(dataset);
    Ok(())
}

/// A preset, made ready for the records of a project.
pub(super) struct Interchange<'a> {
    symbols: &'a Symbols,
    names: Names,
    records: Vec<CompiledRecord>,
    /// By element: positions in `records`.
    by_element: HashMap<NameId, Vec<usize>>,
    /// Elements and paths from which nothing was read, and how often.
    unread: BTreeMap<(String, String), u64>,
    findings: Vec<(RecordId, Option<u32>, Severity, &'static str, String)>,
}

struct CompiledRecord {
    id: RecordId,
    from: Vec<NameId>,
    each: Vec<NameId>,
    fields: Vec<Source>,
}

/// Where the cell of a field comes from.
enum Source {
    Fixed(Cell),
    Value {
        paths: Vec<Vec<NameId>>,
        converter: Converter,
    },
    Reference {
        paths: Vec<Vec<NameId>>,
        key: ReferenceKey,
    },
    /// The row read from the element around this one.
    Parent(RecordId),
}

/// How the key of a reference is written inside it.
struct ReferenceKey {
    record: RecordId,
    within: Vec<NameId>,
    parts: Vec<(KeySource, Arc<str>)>,
    /// The key is one value, which may stand in the place of the whole reference.
    bare: Option<Converter>,
}

enum KeySource {
    Value { paths: Vec<Vec<NameId>>, converter: Converter },
    Nested { paths: Vec<Vec<NameId>>, key: ReferenceKey },
}

struct Compiler<'a> {
    symbols: &'a Symbols,
    set: &'a DataSet,
    preset: &'a Preset,
    names: Names,
}

impl<'a> Interchange<'a> {
    pub(super) fn compile(
        symbols: &'a Symbols,
        set: &'a DataSet,
        preset: &Preset,
        preset_name: &str,
        preset_text: &str,
    ) -> Result<Self, ReadError> {
        let mut compiler = Compiler { symbols, set, preset, names: Names::default() };
        let mut records = Vec::new();
        let mut findings = Vec::new();
        for (position, record) in (0_u32..).zip(&symbols.records) {
            let Some(wanted) = preset.records.get(&record.name).filter(|_| record.kind == RecordKind::Record)
            else {
                continue;
            };
            for (field, path) in &wanted.fields {
                if !record.fields.iter().any(|found| found.name == *field && found.kind == FieldKind::Cell) {
                    let line = preset_text
                        .get(..path.span.start)
                        .map_or(1, |text| text.matches('\n').count() as u64 + 1);
                    let error = ReadError::new(format!("`{}` has no field `{field}`", record.name))
                        .file(preset_name)
                        .line(line);
                    return Err(
                        match nearest(field, record.fields.iter().map(|field| field.name.as_str())) {
                            Some(near) => error.help(format!("did you mean `{near}`?")),
                            None => {
                                error.help("declare it with `extend record`, or remove it from the preset")
                            }
                        },
                    );
                }
            }
            let mut fields = Vec::new();
            let mut left_out = Vec::new();
            for (at, field) in (0_u32..).zip(&record.fields) {
                fields.push(match wanted.fields.get(&field.name) {
                    _ if field.kind != FieldKind::Cell => Source::Fixed(Cell::Absent),
                    Some(path) => {
                        let line = preset_text
                            .get(..path.span.start)
                            .map_or(1, |text| text.matches('\n').count() as u64 + 1);
                        compiler
                            .source(record, field, path)
                            .map_err(|error| error.file(preset_name).line(line))?
                    }
                    None => {
                        let (cell, required) = absent_cell(field);
                        if required {
                            let message = format!(
                                "the preset has no path for `{}`, which must have a value",
                                field.name
                            );
                            findings.push((
                                RecordId(position),
                                Some(at),
                                Severity::Error,
                                "missing-path",
                                message,
                            ));
                        } else {
                            left_out.push(format!("`{}`", field.name));
                        }
                        Source::Fixed(cell)
                    }
                });
            }
            if !left_out.is_empty() {
                let message =
                    format!("the preset has no path for {}, so that nothing is on file", left_out.join(", "));
                findings.push((
                    RecordId(position),
                    None,
                    Severity::Information,
                    "path-not-supplied",
                    message,
                ));
            }
            records.push(CompiledRecord {
                id: RecordId(position),
                from: wanted.from.iter().map(|name| compiler.names.id(name)).collect(),
                each: wanted.each.iter().map(|name| compiler.names.id(name)).collect(),
                fields,
            });
        }
        let mut by_element: HashMap<NameId, Vec<usize>> = HashMap::new();
        for (position, record) in records.iter().enumerate() {
            for element in &record.from {
                by_element.entry(*element).or_default().push(position);
            }
        }
        Ok(Self { symbols, names: compiler.names, records, by_element, unread: BTreeMap::new(), findings })
    }

    pub(super) fn read_file<R: BufRead>(
        &mut self,
        input: R,
        shown: &str,
        dataset: &mut Dataset,
    ) -> Result<(), ReadError> {
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
            None => return Err(ReadError::new("the file is empty").file(shown)),
            Some(root) if !root.starts_with("Interchange") => {
                let message =
                    format!("its root is `{root}`, which is no Ed-Fi interchange, so it is not read");
                dataset.errors.push(note(None, "file-not-read", message));
                return Ok(());
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
        loop {
            let by_element = &self.by_element;
            match elements.next(&mut self.names, |name| by_element.contains_key(&name), &mut tree)? {
                Step::End => break,
                Step::Skipped(name, line) => {
                    skipped.entry(self.names.name(name).to_owned()).or_insert((line, 0)).1 += 1;
                }
                Step::Element => self.element(&mut tree, &mut file_rows, dataset),
            }
        }
        self.resolve_ids(&mut file_rows, dataset);
        dataset.errors.append(&mut file_rows.errors);
        for (name, (line, count)) in skipped {
            let message =
                format!("the preset does not describe `{name}` ({count} in this file), so it is not read");
            dataset.errors.push(note(Some(line), "element-not-read", message));
        }
        Ok(())
    }

    fn element(&mut self, tree: &mut Tree, rows: &mut FileRows, dataset: &mut Dataset) {
        let Some(name) = tree.node(0).map(|node| node.name) else { return };
        let Some(positions) = self.by_element.get(&name) else { return };
        let mut element = Element {
            names: &self.names,
            records: &self.records,
            of: positions,
            symbols: self.symbols,
            tree,
            rows,
            reported: HashSet::new(),
        };
        for position in positions {
            let Some(compiled) = self.records.get(*position) else { continue };
            let Some(declared) = self.symbols.record(compiled.id) else { continue };
            let mut places = Vec::new();
            element.tree.all(0, &compiled.each, &mut places);
            let Some(table) = dataset.supply(self.symbols, compiled.id) else { continue };
            for place in places {
                let row = table.len();
                let line = element.tree.node(place).map_or(0, |node| node.line);
                let mut cells = Vec::with_capacity(compiled.fields.len());
                for ((source, field), at) in compiled.fields.iter().zip(&declared.fields).zip(0_u32..) {
                    let target = Target { record: compiled.id, row, field: at };
                    cells.push(element.cell(source, field, place, target, line));
                }
                if let (true, Some(id)) = (place == 0, element.tree.id.clone()) {
                    element.rows.ids.entry(id).or_default().push((compiled.id, row));
                }
                table.push(cells, Origin { file: element.rows.file, line });
            }
        }
        for (index, node) in tree.nodes.iter().enumerate() {
            if node.children.is_empty() && !node.seen && !node.text.trim().is_empty() {
                let key = (self.names.name(name).to_owned(), tree.path(index, &self.names));
                *self.unread.entry(key).or_default() += 1;
            }
        }
    }

    /// Gives each `ref="…"` the key of the row that has the `id`. Ids hold within one file.
    fn resolve_ids(&self, rows: &mut FileRows, dataset: &mut Dataset) {
        for pending in std::mem::take(&mut rows.pending) {
            let found = rows
                .ids
                .get(&pending.id)
                .and_then(|rows| rows.iter().find(|(record, _)| *record == pending.names));
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
                        message: format!(
                            "no {name} with a complete key has the id `{}` in this file",
                            pending.id
                        ),
                    });
                }
            }
        }
    }

    /// What the preset left unread, said once for each element of the data set.
    pub(super) fn report_unread(&mut self, dataset: &mut Dataset) {
        let mut note = |record: Option<RecordId>,
                        field: Option<u32>,
                        severity: Severity,
                        code: &'static str,
                        message: String| {
            let (row, file, line, column) = (None, None, None, None);
            dataset.errors.push(DataError {
                code,
                severity,
                record,
                row,
                field,
                file,
                line,
                column,
                message,
            });
        };
        let mut by_element: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((element, path), count) in &self.unread {
            let path = if path.is_empty() { "its text" } else { path };
            by_element.entry(element).or_default().push(format!("`{path}` ({count})"));
        }
        for (element, paths) in by_element {
            let message = format!("of `{element}`, the preset does not read {}", paths.join(", "));
            note(None, None, Severity::Information, "value-not-read", message);
        }
        let supplied: HashSet<u32> = (0_u32..)
            .zip(&dataset.tables)
            .filter(|(_, table)| table.is_some())
            .map(|(record, _)| record)
            .collect();
        let mut note = |record: Option<RecordId>,
                        field: Option<u32>,
                        severity: Severity,
                        code: &'static str,
                        message: String| {
            let (row, file, line, column) = (None, None, None, None);
            dataset.errors.push(DataError {
                code,
                severity,
                record,
                row,
                field,
                file,
                line,
                column,
                message,
            });
        };
        for (record, field, severity, code, message) in std::mem::take(&mut self.findings) {
            if supplied.contains(&record.0) {
                note(Some(record), field, severity, code, message);
            }
        }
    }
}

impl Compiler<'_> {
    fn source(&mut self, record: &Record, field: &Field, path: &FieldPreset) -> Result<Source, ReadError> {
        let Base::Record(target) = field.ty.base else {
            return Ok(Source::Value {
                paths: self.paths(path),
                converter: self.converter(field, field.private, path),
            });
        };
        let name = self.symbols.record(target).map_or("", |target| target.name.as_str());
        if path.paths.contains(&FieldPath::Parent) {
            return if self.is_around(&record.name, name) {
                Ok(Source::Parent(target))
            } else {
                Err(ReadError::new(format!("no `{name}` is read from the element around `{}`", record.name))
                    .help(format!("give `{}` a path, or read `{name}` from the same element", field.name)))
            };
        }
        match self.key(target, field.private, 0) {
            Some(key) => Ok(Source::Reference { paths: self.paths(path), key }),
            None => Err(ReadError::new(format!(
                "the preset does not say how the key of `{name}` is written in a reference"
            ))
            .help(format!(
                "give `[identity.{name}]`, and each record in its key, a path for every part of the key"
            ))),
        }
    }

    /// Whether a record is read from the same elements as another, from farther out.
    fn is_around(&self, inner: &str, outer: &str) -> bool {
        let (Some(inner), Some(outer)) = (self.preset.records.get(inner), self.preset.records.get(outer))
        else {
            return false;
        };
        inner.each.len() > outer.each.len()
            && inner.each.starts_with(&outer.each)
            && inner.from.iter().all(|element| outer.from.contains(element))
    }

    fn paths(&mut self, path: &FieldPreset) -> Vec<Vec<NameId>> {
        let steps = path.paths.iter().filter_map(|path| match path {
            FieldPath::Steps(steps) => Some(steps),
            FieldPath::Parent => None,
        });
        steps.map(|steps| steps.iter().map(|step| self.names.id(step)).collect()).collect()
    }

    fn converter(&self, field: &Field, private: bool, path: &FieldPreset) -> Converter {
        let category = match field.ty.base {
            Base::Category(category) => self.symbols.category(category),
            _ => None,
        };
        let style = Style {
            dates: self.set.writing.dates.as_ref(),
            school_year: self.set.writing.school_year,
            percent: path.percent,
            field: &field.name,
            codes: category
                .and_then(|category| self.set.writing.codes.get(&category.name))
                .into_iter()
                .collect(),
            descriptors: true,
        };
        Converter::new(self.symbols, field.ty, private, &style)
    }

    fn key(&mut self, target: RecordId, private: bool, depth: usize) -> Option<ReferenceKey> {
        let declared = self.symbols.record(target).filter(|_| depth < 12)?;
        let identity = self.preset.identities.get(&declared.name);
        let fields = declared.fields.get(..declared.keys)?;
        let bare = match fields {
            [field] if !matches!(field.ty.base, Base::Record(_)) => {
                Some(self.converter(field, private || field.private, &FieldPreset::default()))
            }
            _ => None,
        };
        let mut key = ReferenceKey { record: target, within: Vec::new(), parts: Vec::new(), bare };
        if let Some(identity) = identity {
            key.within = identity.within.iter().map(|step| self.names.id(step)).collect();
            for field in fields {
                let path = identity.parts.get(&field.name)?;
                let paths = self.paths(path);
                let private = private || field.private;
                let source = if let Base::Record(nested) = field.ty.base {
                    KeySource::Nested { paths, key: self.key(nested, private, depth + 1)? }
                } else {
                    KeySource::Value { paths, converter: self.converter(field, private, path) }
                };
                key.parts.push((source, Arc::from(field.name.as_str())));
            }
        } else if key.bare.is_none() {
            return None;
        }
        Some(key)
    }
}

/// The rows of one file, until its ids are known.
struct FileRows {
    file: u32,
    ids: HashMap<String, Vec<(RecordId, u32)>>,
    pending: Vec<Pending>,
    errors: Vec<DataError>,
    /// Fields about which nothing more is said in this file.
    said: HashSet<(RecordId, u32, &'static str)>,
}

/// A reference by `ref="…"`.
struct Pending {
    target: Target,
    names: RecordId,
    id: String,
    line: u64,
    path: Arc<str>,
}

/// A cell that is being read.
#[derive(Clone, Copy)]
struct Target {
    record: RecordId,
    row: u32,
    field: u32,
}

struct Element<'a> {
    symbols: &'a Symbols,
    names: &'a Names,
    records: &'a [CompiledRecord],
    /// The records read from this element.
    of: &'a [usize],
    tree: &'a mut Tree,
    rows: &'a mut FileRows,
    /// Places that have been reported: several records may read one.
    reported: HashSet<usize>,
}

enum Found {
    Value(Value),
    Empty,
    Bad,
    /// `ref="…"` at a place.
    Id(usize, String),
}

impl Element<'_> {
    fn cell(&mut self, source: &Source, field: &Field, place: usize, target: Target, line: u64) -> Cell {
        match self.read(source, place, target) {
            Found::Value(value) => Cell::Known(value),
            Found::Bad => Cell::Unreadable,
            Found::Id(at, id) => {
                let Base::Record(names) = field.ty.base else { return Cell::Unreadable };
                let (line, path) = self.place(at);
                self.rows.pending.push(Pending { target, names, id, line, path });
                Cell::Unreadable
            }
            Found::Empty => {
                if let Source::Fixed(cell) = source {
                    return cell.clone();
                }
                let (cell, required) = absent_cell(field);
                if required {
                    let column = self.wanted_path(source);
                    let message = format!("nothing is on file, and `{}` must have a value", field.name);
                    self.push("missing-value", target, line, column, message);
                }
                cell
            }
        }
    }

    fn wanted_path(&self, source: &Source) -> Option<Arc<str>> {
        let (Source::Value { paths, .. } | Source::Reference { paths, .. }) = source else { return None };
        let steps: Vec<&str> = paths.first()?.iter().map(|step| self.names.name(*step)).collect();
        Some(Arc::from(steps.join("/")))
    }

    fn read(&mut self, source: &Source, place: usize, target: Target) -> Found {
        match source {
            Source::Fixed(_) => Found::Empty,
            Source::Value { paths, converter } => self.value(paths, converter, place, target),
            Source::Reference { paths, key } => {
                for path in paths {
                    if let Some(at) = self.tree.first(place, path) {
                        match self.key(key, at, target) {
                            Found::Empty => {}
                            found => return found,
                        }
                    }
                }
                Found::Empty
            }
            Source::Parent(record) => self.parent(*record, place, target),
        }
    }

    fn value(&mut self, paths: &[Vec<NameId>], converter: &Converter, place: usize, target: Target) -> Found {
        for path in paths {
            let Some(at) = self.tree.first(place, path) else { continue };
            let Some(node) = self.tree.nodes.get_mut(at) else { continue };
            node.seen = true;
            let text = node.text.trim();
            if text.is_empty() {
                continue;
            }
            return match converter.read(text) {
                Ok(value) => Found::Value(value),
                Err(problem) => {
                    self.report(at, problem, target);
                    Found::Bad
                }
            };
        }
        Found::Empty
    }

    fn key(&mut self, key: &ReferenceKey, at: usize, target: Target) -> Found {
        let Some(node) = self.tree.nodes.get_mut(at) else { return Found::Empty };
        if let (Some(id), true) = (&node.reference, node.children.is_empty()) {
            node.seen = true;
            return Found::Id(at, id.clone());
        }
        if node.children.is_empty() {
            return match &key.bare {
                Some(converter) => match self.value(&[Vec::new()], converter, at, target) {
                    Found::Value(value) => Found::Value(Value::Reference(Reference {
                        record: key.record,
                        row: None,
                        key: [value].into(),
                    })),
                    found => found,
                },
                None => Found::Empty,
            };
        }
        let Some(inside) = self.tree.first(at, &key.within) else { return Found::Empty };
        let mut values = Vec::with_capacity(key.parts.len());
        let (mut bad, mut empty) = (false, None);
        for (source, name) in &key.parts {
            let found = match source {
                KeySource::Value { paths, converter } => self.value(paths, converter, inside, target),
                KeySource::Nested { paths, key } => {
                    let place = paths.iter().find_map(|path| self.tree.first(inside, path));
                    place.map_or(Found::Empty, |place| self.key(key, place, target))
                }
            };
            match found {
                Found::Value(value) => values.push(value),
                Found::Bad => bad = true,
                Found::Empty => empty = Some(Arc::clone(name)),
                Found::Id(place, id) => {
                    let message = format!("`ref=\"{id}\"` inside another reference cannot be followed");
                    self.report(place, Problem { code: "nested-id", message, of_column: false }, target);
                    bad = true;
                }
            }
        }
        if bad {
            return Found::Bad;
        }
        match empty {
            None => Found::Value(Value::Reference(Reference {
                record: key.record,
                row: None,
                key: values.into(),
            })),
            Some(_) if values.is_empty() => Found::Empty,
            Some(name) => {
                let message = format!("the key is not complete: `{name}` is not there");
                self.report(at, Problem { code: "incomplete-key", message, of_column: false }, target);
                Found::Bad
            }
        }
    }

    /// The key of the row that is read from the element, or part of it, around a place.
    fn parent(&mut self, record: RecordId, place: usize, target: Target) -> Found {
        let own = self
            .of
            .iter()
            .filter_map(|position| self.records.get(*position))
            .find(|own| own.id == target.record);
        let depth = own.map_or(0, |own| own.each.len());
        let around = self
            .of
            .iter()
            .filter_map(|position| self.records.get(*position))
            .filter(|found| found.id == record && own.is_some_and(|own| own.each.starts_with(&found.each)))
            .find(|found| found.each.len() < depth);
        let (Some(around), Some(declared)) = (around, self.symbols.record(record)) else {
            return Found::Empty;
        };
        let mut at = place;
        for _ in around.each.len()..depth {
            at = self.tree.node(at).map_or(0, |node| node.parent);
        }
        let mut key = Vec::new();
        for source in around.fields.iter().take(declared.keys) {
            match self.read(source, at, Target { record, ..target }) {
                Found::Value(value) => key.push(value),
                Found::Id(..) | Found::Bad | Found::Empty => return Found::Bad,
            }
        }
        Found::Value(Value::Reference(Reference { record, row: None, key: key.into() }))
    }

    fn place(&self, at: usize) -> (u64, Arc<str>) {
        let line = self.tree.node(at).map_or(0, |node| node.line);
        (line, Arc::from(self.tree.path(at, self.names)))
    }

    fn report(&mut self, at: usize, problem: Problem, target: Target) {
        let again = problem.of_column && !self.rows.said.insert((target.record, target.field, problem.code));
        if self.reported.insert(at) && !again {
            let (line, path) = self.place(at);
            self.push(problem.code, target, line, Some(path), problem.message);
        }
    }

    fn push(
        &mut self,
        code: &'static str,
        target: Target,
        line: u64,
        column: Option<Arc<str>>,
        message: String,
    ) {
        self.rows.errors.push(DataError {
            code,
            severity: Severity::Error,
            record: Some(target.record),
            row: Some(target.row),
            field: Some(target.field),
            file: Some(self.rows.file),
            line: Some(line),
            column,
            message,
        });
    }
}
