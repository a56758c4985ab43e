//! A preset, made ready for the records of a project.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::columns::absent_cell;
use super::convert::{Converter, Style};
use super::manifest::nearest;
use super::preset::{FieldPath, FieldPreset, Preset, RecordPreset, Take};
use super::xml_tree::{NameId, Names};
use super::{Cell, DataSet, ReadError, RecordMapping, Severity, Writing};
use crate::plan::{Field, FieldKind, Record, RecordKind, Symbols};
use crate::value::{Base, RecordId};

/// A preset, made ready for the records of a project.
pub(super) struct Interchange<'a> {
    pub(super) symbols: &'a Symbols,
    pub(super) names: Names,
    pub(super) records: Vec<CompiledRecord>,
    /// By element: positions in `records`.
    pub(super) by_element: HashMap<NameId, Vec<usize>>,
    /// Elements and paths from which nothing was read, and how often.
    pub(super) unread: BTreeMap<(String, String), u64>,
    pub(super) findings: Vec<Finding>,
    /// Texts that are as good as nothing.
    pub(super) absent: Vec<String>,
    /// Where a path leads to several different values, none is taken unless the preset says which.
    pub(super) strict: bool,
    /// Rows of records whose rows are distinct, by their key.
    pub(super) distinct: HashMap<(RecordId, Vec<Cell>), u32>,
}

pub(super) struct CompiledRecord {
    pub(super) id: RecordId,
    pub(super) from: Vec<NameId>,
    pub(super) each: Vec<NameId>,
    /// Paths, and the values of which one must be there, in lower case.
    pub(super) only: Vec<(Vec<NameId>, Vec<String>)>,
    pub(super) distinct: bool,
    pub(super) fields: Vec<Source>,
}

/// Where the cell of a field comes from.
pub(super) enum Source {
    Fixed(Cell),
    Value(ValueSource),
    Reference {
        paths: Vec<Vec<NameId>>,
        key: ReferenceKey,
    },
    /// The row read from the element around this one.
    Parent(RecordId),
}

/// How the key of a reference is written inside it.
pub(super) struct ReferenceKey {
    pub(super) record: RecordId,
    pub(super) within: Vec<NameId>,
    pub(super) parts: Vec<(KeySource, Arc<str>)>,
    /// The key is one value, which may stand in the place of the whole reference.
    pub(super) bare: Option<ValueSource>,
}

/// Where a single value stands.
pub(super) struct ValueSource {
    pub(super) paths: Vec<Vec<NameId>>,
    /// The value itself.
    pub(super) constant: Option<String>,
    pub(super) take: Option<Take>,
    pub(super) converter: Converter,
}

pub(super) enum KeySource {
    Value(ValueSource),
    Nested { paths: Vec<Vec<NameId>>, key: ReferenceKey },
}

struct Compiler<'a> {
    symbols: &'a Symbols,
    set: &'a DataSet,
    preset: &'a Preset,
    names: Names,
    /// What the manifest says of the record whose own field is being compiled.
    mapping: Option<&'a RecordMapping>,
}

impl<'a> Interchange<'a> {
    pub(super) fn compile(
        symbols: &'a Symbols,
        set: &'a DataSet,
        preset: &Preset,
        preset_name: &str,
        preset_text: &str,
    ) -> Result<Self, ReadError> {
        let mut compiler = Compiler { symbols, set, preset, names: Names::default(), mapping: None };
        let mut records = Vec::new();
        let mut findings = Vec::new();
        for (position, record, wanted) in wanted_records(symbols, preset) {
            for field in wanted.fields.keys() {
                if !record.fields.iter().any(|found| found.name == *field && found.kind == FieldKind::Cell) {
                    findings.push(no_such_field(RecordId(position), record, field));
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
                            findings.push(Finding {
                                record: RecordId(position),
                                field: Some(at),
                                severity: Severity::Warning,
                                code: "missing-path",
                                message,
                            });
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
                findings.push(Finding {
                    record: RecordId(position),
                    field: None,
                    severity: Severity::Information,
                    code: "path-not-supplied",
                    message,
                });
            }
            records.push(CompiledRecord {
                id: RecordId(position),
                from: wanted.from.iter().map(|name| compiler.names.id(name)).collect(),
                each: wanted.each.iter().map(|name| compiler.names.id(name)).collect(),
                only: wanted
                    .only
                    .iter()
                    .map(|(path, values)| {
                        let path = path.split('/').map(|step| compiler.names.id(step)).collect();
                        (path, values.iter().map(|value| value.to_lowercase()).collect())
                    })
                    .collect(),
                distinct: wanted.distinct,
                fields,
            });
        }
        let mut by_element: HashMap<NameId, Vec<usize>> = HashMap::new();
        for (position, record) in records.iter().enumerate() {
            for element in &record.from {
                by_element.entry(*element).or_default().push(position);
            }
        }
        Ok(Self {
            symbols,
            names: compiler.names,
            records,
            by_element,
            unread: BTreeMap::new(),
            findings,
            absent: set.writing.absent.iter().chain(&preset.writing.absent).cloned().collect(),
            strict: false,
            distinct: HashMap::new(),
        })
    }
}

/// The records of a project that a preset describes, with each description.
fn wanted_records<'p>(
    symbols: &'p Symbols,
    preset: &'p Preset,
) -> impl Iterator<Item = (u32, &'p Record, &'p RecordPreset)> {
    (0_u32..).zip(&symbols.records).filter(|(_, record)| record.kind == RecordKind::Record).flat_map(
        |(position, record)| {
            let wanted = preset.records.iter().filter(|(name, _)| *name == record.name);
            wanted.map(move |(_, wanted)| (position, record, wanted))
        },
    )
}

/// Something about a record that is said when it is supplied.
pub(super) struct Finding {
    pub(super) record: RecordId,
    pub(super) field: Option<u32>,
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// A vocabulary may know less than the preset; a name that is nearly right is a mistake.
fn no_such_field(id: RecordId, record: &Record, field: &str) -> Finding {
    let near = nearest(field, record.fields.iter().map(|field| field.name.as_str()));
    let (severity, help) = match near {
        Some(near) => (Severity::Warning, format!("; did you mean `{near}`?")),
        None => (Severity::Information, ", so that it is not read".to_owned()),
    };
    let message =
        format!("the preset has a path for `{field}`, and `{}` has no such field{help}", record.name);
    Finding { record: id, field: None, severity, code: "field-not-declared", message }
}

impl<'a> Compiler<'a> {
    fn source(&mut self, record: &Record, field: &Field, path: &FieldPreset) -> Result<Source, ReadError> {
        let Base::Record(target) = field.ty.base else {
            self.mapping = self.set.records.get(&record.name);
            let value = self.value(field, field.private, path);
            self.mapping = None;
            return Ok(Source::Value(value));
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

    fn value(&mut self, field: &Field, private: bool, path: &FieldPreset) -> ValueSource {
        ValueSource {
            paths: self.paths(path),
            constant: path.value.clone(),
            take: path.take,
            converter: self.converter(field, private, path),
        }
    }

    /// Whether a record is read from the same elements as another, from farther out.
    fn is_around(&self, inner: &str, outer: &str) -> bool {
        let of = |wanted: &str| -> Vec<&RecordPreset> {
            let named = self.preset.records.iter().filter(|(name, _)| name == wanted);
            named.map(|(_, record)| record).collect()
        };
        let outers = of(outer);
        of(inner).into_iter().any(|inner| {
            outers.iter().any(|outer| {
                inner.each.len() > outer.each.len()
                    && inner.each.starts_with(&outer.each)
                    && inner.from.iter().all(|element| outer.from.contains(element))
            })
        })
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
        let own = self.mapping.map(|mapping| &mapping.writing);
        let (set, preset) = (&self.set.writing, &self.preset.writing);
        let dates = own.and_then(|own| own.dates.as_ref()).or(set.dates.as_ref());
        let school_year = own.and_then(|own| own.school_year).or(set.school_year);
        let percent = self.mapping.and_then(|mapping| mapping.percent.get(&field.name).copied());
        let style = Style {
            dates: dates.or(preset.dates.as_ref()),
            school_year: school_year.or(preset.school_year),
            percent: percent.or(path.percent),
            field: &field.name,
            codes: category
                .into_iter()
                .flat_map(|category| {
                    let of = |writing: &'a Writing| writing.codes.get(&category.name);
                    [of(&self.preset.writing), of(&self.set.writing)]
                })
                .flatten()
                .chain(own.and_then(|own| own.codes.get(&field.name)))
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
                Some(self.value(field, private || field.private, &FieldPreset::default()))
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
                    KeySource::Value(self.value(field, private, path))
                };
                key.parts.push((source, Arc::from(field.name.as_str())));
            }
        } else if key.bare.is_none() {
            return None;
        }
        Some(key)
    }
}
