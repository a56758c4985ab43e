//! The rows of one element.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::columns::absent_cell;
use super::convert::Problem;
use super::json_lines::NULL_CHARACTER;
use super::preset::Take;
use super::table_rows::Odd;
use super::xml_plan::{CompiledRecord, KeySource, ReferenceKey, Source, ValueSource};
use super::xml_tree::{Names, Tree};
use super::{Cell, DataError, Severity};
use crate::plan::{Field, Symbols};
use crate::value::{Base, RecordId, Reference, Value};

/// The rows of one file, until its ids are known.
pub(super) struct FileRows {
    pub(super) file: u32,
    pub(super) ids: HashMap<String, Vec<(RecordId, u32)>>,
    pub(super) pending: Vec<Pending>,
    pub(super) errors: Vec<DataError>,
    /// Fields about which nothing more is said in this file.
    pub(super) said: HashSet<(RecordId, u32, &'static str)>,
}

/// A reference by `ref="…"`.
pub(super) struct Pending {
    pub(super) target: Target,
    pub(super) names: RecordId,
    pub(super) id: String,
    pub(super) line: u64,
    pub(super) path: Arc<str>,
}

/// A cell that is being read.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) record: RecordId,
    pub(super) row: u32,
    pub(super) field: u32,
}

pub(super) struct Element<'a> {
    pub(super) symbols: &'a Symbols,
    pub(super) names: &'a Names,
    pub(super) records: &'a [CompiledRecord],
    /// The records read from this element.
    pub(super) of: &'a [usize],
    pub(super) tree: &'a mut Tree,
    pub(super) rows: &'a mut FileRows,
    /// Places that have been reported: several records may read one.
    pub(super) reported: HashSet<usize>,
    /// Texts that are as good as nothing.
    pub(super) absent: &'a [String],
    /// Where a path leads to several different values, none is taken unless the preset says which.
    pub(super) strict: bool,
}

pub(super) enum Found {
    Value(Value),
    Empty,
    Bad,
    /// `ref="…"` at a place.
    Id(usize, String),
}

impl Element<'_> {
    pub(super) fn cell(
        &mut self,
        source: &Source,
        field: &Field,
        place: usize,
        target: Target,
        line: u64,
    ) -> Cell {
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
                // Of a file without the column, that has been said.
                let said = self.rows.said.contains(&(target.record, target.field, "missing-column"));
                if required && !said {
                    let column = self.wanted_path(source);
                    let message = format!("nothing is on file, and `{}` must have a value", field.name);
                    self.push("missing-value", target, line, column, message);
                }
                cell
            }
        }
    }

    fn wanted_path(&self, source: &Source) -> Option<Arc<str>> {
        let (Source::Value(ValueSource { paths, .. }) | Source::Reference { paths, .. }) = source else {
            return None;
        };
        let steps: Vec<&str> = paths.first()?.iter().map(|step| self.names.name(*step)).collect();
        Some(Arc::from(steps.join("/")))
    }

    fn read(&mut self, source: &Source, place: usize, target: Target) -> Found {
        match source {
            Source::Fixed(_) => Found::Empty,
            Source::Value(value) => self.value(value, place, target),
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

    fn value(&mut self, source: &ValueSource, place: usize, target: Target) -> Found {
        if let Some(constant) = &source.constant {
            return match source.converter.read(constant) {
                Ok(value) => Found::Value(value),
                Err(problem) => {
                    self.report(place, problem, target);
                    Found::Bad
                }
            };
        }
        let mut places = Vec::new();
        for path in &source.paths {
            places.clear();
            if self.strict {
                self.tree.all(place, path, &mut places);
            } else {
                places.extend(self.tree.first(place, path));
            }
            match self.value_of(source, &places, target) {
                Found::Empty if self.is_broken_on(place, path) => return Found::Bad,
                Found::Empty => {}
                found => return found,
            }
        }
        Found::Empty
    }

    /// Whether something on the way cannot be read, which has been said.
    fn is_broken_on(&self, place: usize, path: &[super::xml_tree::NameId]) -> bool {
        self.strict
            && (1..path.len()).any(|length| {
                let mut places = Vec::new();
                self.tree.all(place, path.get(..length).unwrap_or(path), &mut places);
                places.iter().any(|at| self.tree.node(*at).is_some_and(|node| node.broken))
            })
    }

    /// The value of places that one path leads to.
    fn value_of(&mut self, source: &ValueSource, places: &[usize], target: Target) -> Found {
        let mut texts: Vec<(usize, String)> = Vec::new();
        for at in places {
            let Some(node) = self.tree.nodes.get_mut(*at) else { continue };
            node.seen = true;
            if node.broken {
                return Found::Bad;
            }
            let text = node.text.trim();
            if !text.is_empty() && !self.absent.iter().any(|absent| absent == text) {
                texts.push((*at, text.to_owned()));
            }
        }
        let Some((at, first)) = texts.first().cloned() else { return Found::Empty };
        if source.take == Some(Take::All) {
            let all = texts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",");
            return self.read_text(source, at, &all, target);
        }
        let mut best: Option<Value> = None;
        for (at, text) in &texts {
            let value = match self.read_text(source, *at, text, target) {
                Found::Value(value) => value,
                found => return found,
            };
            best = Some(match (best, source.take) {
                (None, _) => value,
                (Some(best), _) if best == value => best,
                (Some(best), Some(Take::Lowest)) if is_before(&value, &best) => value,
                (Some(best), Some(Take::Highest)) if is_before(&best, &value) => value,
                (Some(best), Some(_)) => best,
                (Some(_), None) => {
                    let message =
                        format!("{} different values stand there, and one is expected", texts.len());
                    self.report(*at, Problem { code: "not-one-value", message, of_column: false }, target);
                    return Found::Bad;
                }
            });
        }
        match best {
            Some(value) => Found::Value(value),
            None => self.read_text(source, at, &first, target),
        }
    }

    fn read_text(&mut self, source: &ValueSource, at: usize, text: &str, target: Target) -> Found {
        let odd = if text.contains('\0') {
            Some(Odd::told("bad-text", NULL_CHARACTER))
        } else if source.converter.is_text() && self.tree.node(at).is_some_and(|node| node.is_flag) {
            Some(Odd::flag(text))
        } else {
            None
        };
        if let Some(odd) = odd {
            self.report(at, odd.problem(source.converter.is_private()), target);
            return Found::Bad;
        }
        match source.converter.read(text) {
            Ok(value) => Found::Value(value),
            Err(problem) => {
                self.report(at, problem, target);
                Found::Bad
            }
        }
    }

    /// Whether the element has one of the values at each of the paths that its record asks for.
    pub(super) fn is_wanted(&mut self, record: &CompiledRecord) -> bool {
        record.only.iter().all(|(path, values)| {
            let mut places = Vec::new();
            self.tree.all(0, path, &mut places);
            let mut any = false;
            let mut fits = false;
            for at in places {
                let Some(node) = self.tree.nodes.get_mut(at) else { continue };
                node.seen = true;
                let text = node.text.trim().to_lowercase();
                any |= !text.is_empty();
                fits |= !text.is_empty() && values.contains(&text);
            }
            fits || (!any && values.iter().any(String::is_empty))
        })
    }

    fn key(&mut self, key: &ReferenceKey, at: usize, target: Target) -> Found {
        let Some(node) = self.tree.nodes.get_mut(at) else { return Found::Empty };
        if let (Some(id), true) = (&node.reference, node.children.is_empty()) {
            node.seen = true;
            return Found::Id(at, id.clone());
        }
        if node.broken {
            node.seen = true;
            return Found::Bad;
        }
        if node.children.is_empty() {
            return match &key.bare {
                Some(source) => match self.value_of(source, &[at], target) {
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
                KeySource::Value(value) => self.value(value, inside, target),
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
                    let message = format!(
                        "`ref=\"{id}\"` inside another reference cannot be followed; write the key there"
                    );
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

/// Whether a value is earlier or smaller; texts have no order.
fn is_before(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Date(a), Value::Date(b)) => a < b,
        (Value::Number(a), Value::Number(b)) => a < b,
        (Value::SchoolYear(a), Value::SchoolYear(b)) => a < b,
        _ => false,
    }
}
