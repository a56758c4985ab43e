//! Which column of a file gives which field.

use std::collections::{BTreeMap, HashMap};

use super::column_kind::ColumnKind;
use super::convert::{Converter, Style};
use super::key_shape::{KeyLeaf, KeyShape};
use super::manifest::nearest;
use super::{Cell, DataSet, ReadError, RecordMapping, Severity};
use crate::plan::{Field, FieldKind, Record, Symbols};
use crate::value::{Base, RecordId};

/// What a row needs for each field of its record.
pub(crate) struct Columns {
    pub(crate) fields: Vec<FieldColumns>,
    /// About the file as a whole.
    pub(crate) findings: Vec<Finding>,
}

impl FieldColumns {
    /// The columns that it is read from.
    pub(crate) fn columns(&self) -> Vec<usize> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Value { column, .. } => vec![*column],
            Self::Reference { leaves, .. } => leaves.iter().map(|leaf| leaf.column).collect(),
        }
    }
}

pub(crate) enum FieldColumns {
    /// The same cell in every row: a `many` field, or a column that is not there.
    Fixed(Cell),
    /// One cell.
    Value { column: usize, converter: Converter },
    /// A key of several parts or of one.
    Reference { shape: KeyShape, leaves: Vec<LeafColumn> },
}

pub(crate) struct LeafColumn {
    pub(crate) column: usize,
    pub(crate) converter: Converter,
    /// Another field reads the same column, so that it being filled does not say that this reference is.
    pub(crate) shared: bool,
}

pub(crate) struct Finding {
    pub(crate) field: Option<u32>,
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

/// The cell of a field of which nothing is on file, and whether that is an error.
pub(crate) fn absent_cell(field: &Field) -> (Cell, bool) {
    match (&field.absent, &field.judged_by) {
        (Some(absent), _) => (Cell::Known(absent.value.clone()), false),
        (None, Some(_)) => (Cell::Absent, false),
        (None, None) if field.ty.optional => (Cell::Missing, false),
        (None, None) => (Cell::Absent, true),
    }
}

/// Names of columns, found as they stand or in another case and without `_`, `-` and spaces.
struct Header<'a> {
    names: &'a [String],
    folded: HashMap<String, Vec<usize>>,
}

impl<'a> Header<'a> {
    fn new(names: &'a [String]) -> Self {
        let mut folded: HashMap<String, Vec<usize>> = HashMap::new();
        for (column, name) in names.iter().enumerate() {
            folded.entry(fold(name)).or_default().push(column);
        }
        Self { names, folded }
    }

    /// The column; `Err` with both when two are meant.
    fn find(&self, name: &str) -> Result<Option<usize>, (usize, usize)> {
        let exact: Vec<usize> = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, found)| *found == name)
            .map(|(column, _)| column)
            .collect();
        let found =
            if exact.is_empty() { self.folded.get(&fold(name)).cloned().unwrap_or_default() } else { exact };
        match found.as_slice() {
            [] => Ok(None),
            [column] => Ok(Some(*column)),
            [first, second, ..] => Err((*first, *second)),
        }
    }
}

/// In lower case, without `_`, `-` and spaces.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|found| !matches!(found, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

struct Builder<'a> {
    symbols: &'a Symbols,
    record: &'a Record,
    set: &'a DataSet,
    mapping: Option<&'a RecordMapping>,
    header: Header<'a>,
    kinds: &'a [ColumnKind],
    used: BTreeMap<usize, usize>,
    findings: Vec<Finding>,
    /// Fields that may be absent and have no column.
    left_out: Vec<&'a str>,
    /// Columns of which it was said that they may be the ones that are missing.
    near: Vec<String>,
}

impl Columns {
    /// Finds the column of each field of a record. `kinds`: what the columns hold, where that is not text.
    pub(crate) fn find(
        symbols: &Symbols,
        record: &Record,
        set: &DataSet,
        header: &[String],
        kinds: &[ColumnKind],
    ) -> Result<Self, ReadError> {
        let mut builder = Builder {
            symbols,
            record,
            set,
            mapping: set.records.get(&record.name),
            header: Header::new(header),
            kinds,
            used: BTreeMap::new(),
            findings: Vec::new(),
            left_out: Vec::new(),
            near: Vec::new(),
        };
        let mut fields = Vec::new();
        for (position, field) in (0_u32..).zip(&record.fields) {
            fields.push(builder.field(position, field)?);
        }
        let used = &builder.used;
        for field in &mut fields {
            if let FieldColumns::Reference { leaves, .. } = field {
                for leaf in leaves {
                    leaf.shared = used.get(&leaf.column).is_some_and(|times| *times > 1);
                }
            }
        }
        builder.report_rest(header);
        Ok(Self { fields, findings: builder.findings })
    }
}

impl<'a> Builder<'a> {
    fn field(&mut self, position: u32, field: &'a Field) -> Result<FieldColumns, ReadError> {
        if field.kind != FieldKind::Cell {
            return Ok(FieldColumns::Fixed(Cell::Absent));
        }
        let given = self.mapping.and_then(|mapping| mapping.columns.get(&field.name));
        if let Base::Record(target) = field.ty.base {
            return self.reference(position, field, target, given);
        }
        let wanted: Vec<String> = match given {
            Some(columns) if columns.len() == 1 => columns.clone(),
            Some(columns) => {
                return Err(ReadError::new(format!(
                    "`{}` of `{}` is read from one column, and the manifest names {}",
                    field.name,
                    self.record.name,
                    columns.len()
                )));
            }
            None => vec![field.name.clone()],
        };
        let Some(column) = self.first_of(&wanted)? else {
            return Ok(self.no_column(position, field, &wanted));
        };
        if !self.fits(position, field, field, column) {
            return Ok(FieldColumns::Fixed(Cell::Unreadable));
        }
        let converter = Converter::new(self.symbols, field.ty, field.private, &self.style(field, column));
        Ok(FieldColumns::Value { column, converter })
    }

    fn reference(
        &mut self,
        position: u32,
        field: &'a Field,
        target: RecordId,
        given: Option<&Vec<String>>,
    ) -> Result<FieldColumns, ReadError> {
        let Some((shape, key)) = KeyShape::of(self.symbols, target) else {
            return Ok(FieldColumns::Fixed(Cell::Unreadable));
        };
        if let Some(columns) = given
            && columns.len() != key.len()
        {
            let parts: Vec<String> = key.iter().map(|leaf| format!("`{}`", leaf.path.join("."))).collect();
            return Err(ReadError::new(format!(
                "`{}` of `{}` is read from {} columns, and the manifest names {}",
                field.name,
                self.record.name,
                key.len(),
                columns.len()
            ))
            .help(format!("name the columns of {}, in this order", parts.join(", "))));
        }
        let alone = self.only_field_naming(target);
        let (mut leaves, mut fits) = (Vec::new(), true);
        for (index, leaf) in key.iter().enumerate() {
            let wanted = match given.and_then(|columns| columns.get(index)) {
                Some(column) => vec![column.clone()],
                None => default_names(field, leaf, key.len(), alone),
            };
            let Some(column) = self.first_of(&wanted)? else {
                for leaf in &leaves {
                    let LeafColumn { column, .. } = leaf;
                    self.release(*column);
                }
                return Ok(self.no_column(position, field, &wanted));
            };
            fits &= self.fits(position, field, leaf.field, column);
            let converter = Converter::new(
                self.symbols,
                leaf.field.ty,
                field.private || leaf.private,
                &self.style(field, column),
            );
            leaves.push(LeafColumn { column, converter, shared: false });
        }
        if !fits {
            return Ok(FieldColumns::Fixed(Cell::Unreadable));
        }
        Ok(FieldColumns::Reference { shape, leaves })
    }

    /// Whether what a column holds can be a value of the field, or of the part of a key.
    fn fits(&mut self, position: u32, field: &Field, leaf: &Field, column: usize) -> bool {
        let Some(kind) = self.kinds.get(column) else { return true };
        let dates = self.style(field, column).dates.is_some();
        let Some((what, help)) = kind.misfit(leaf.ty.base, dates) else { return true };
        let name = self.header.names.get(column).map_or("", String::as_str);
        let part = if std::ptr::eq(field, leaf) { String::new() } else { format!(" of `{}`", field.name) };
        self.findings.push(Finding {
            field: Some(position),
            code: "wrong-column-type",
            severity: Severity::Error,
            message: format!(
                "the column `{name}` holds {what}, and `{}`{part} is a `{}`; {help}",
                leaf.name,
                crate::lower::type_name(self.symbols, crate::value::Type::of(leaf.ty.base))
            ),
        });
        false
    }

    /// Whether no other field names a row of that record, so that the columns of its key can only be meant for this one.
    fn only_field_naming(&self, target: RecordId) -> bool {
        let naming = |field: &&Field| field.kind == FieldKind::Cell && field.ty.base == Base::Record(target);
        self.record.fields.iter().filter(naming).count() == 1
    }

    fn first_of(&mut self, names: &[String]) -> Result<Option<usize>, ReadError> {
        for name in names {
            match self.header.find(name) {
                Ok(Some(column)) => {
                    *self.used.entry(column).or_default() += 1;
                    return Ok(Some(column));
                }
                Ok(None) => {}
                Err((first, second)) => {
                    let both = [first, second]
                        .map(|column| self.header.names.get(column).map_or("", String::as_str));
                    return Err(ReadError::new(format!(
                        "two columns can be `{name}`: `{}` and `{}`",
                        both[0], both[1]
                    ))
                    .line(1)
                    .help("rename or remove one of them"));
                }
            }
        }
        Ok(None)
    }

    fn release(&mut self, column: usize) {
        if let Some(times) = self.used.get_mut(&column) {
            *times -= 1;
            if *times == 0 {
                self.used.remove(&column);
            }
        }
    }

    fn no_column(&mut self, position: u32, field: &'a Field, wanted: &[String]) -> FieldColumns {
        let (cell, required) = absent_cell(field);
        let mapped = self.mapping.is_some_and(|mapping| mapping.columns.contains_key(&field.name));
        if !required && !mapped {
            self.left_out.push(&field.name);
            return FieldColumns::Fixed(cell);
        }
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let unused: Vec<&str> =
            self.header.names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let near = wanted.iter().find_map(|wanted| nearest(wanted, unused.iter().copied()));
        self.near.extend(near.map(str::to_owned));
        let help = match near {
            None if unused.is_empty() => "it has no columns".to_owned(),
            Some(near) => format!(
                "is it `{near}`? then add `columns = {{ {} = \"{near}\" }}` to the manifest",
                field.name
            ),
            None => format!("the columns are {}", listed(&unused)),
        };
        let named: Vec<String> = wanted.iter().map(|name| format!("`{name}`")).collect();
        self.findings.push(Finding {
            field: Some(position),
            code: "missing-column",
            severity: Severity::Error,
            message: if wanted == [field.name.as_str()] {
                format!("there is no column `{}`; {help}", field.name)
            } else {
                format!("there is no column {} for `{}`; {help}", named.join(" or "), field.name)
            },
        });
        // A mapped column that is not there is a mistake, so its cells are not known to be empty.
        FieldColumns::Fixed(if required { cell } else { Cell::Unreadable })
    }

    fn report_rest(&mut self, header: &[String]) {
        if !self.left_out.is_empty() {
            self.findings.push(Finding {
                field: None,
                code: "column-not-supplied",
                severity: Severity::Information,
                message: format!(
                    "there is no column for {}, so that nothing is on file",
                    listed(&self.left_out)
                ),
            });
        }
        let unused: Vec<&str> = header
            .iter()
            .enumerate()
            .filter(|(column, name)| !name.is_empty() && !self.used.contains_key(column))
            .filter(|(_, name)| !self.near.contains(name))
            .map(|(_, name)| name.as_str())
            .collect();
        if !unused.is_empty() {
            self.findings.push(Finding {
                field: None,
                code: "column-not-read",
                severity: Severity::Information,
                message: format!("no field is read from {}", listed(&unused)),
            });
        }
    }

    fn style(&self, field: &'a Field, column: usize) -> Style<'a> {
        let (set, record) = (&self.set.writing, self.mapping.map(|mapping| &mapping.writing));
        let mut codes = Vec::new();
        if let Base::Category(category) = field.ty.base
            && let Some(category) = self.symbols.category(category)
        {
            codes.extend(set.codes.get(&category.name));
        }
        codes.extend(record.and_then(|writing| writing.codes.get(&field.name)));
        // Days that are days need no format; they are handed on as `DateFormat::iso` reads them.
        let is_text = self.kinds.get(column).is_none_or(ColumnKind::has_format);
        let dates = record.and_then(|writing| writing.dates.as_ref()).or(set.dates.as_ref());
        Style {
            dates: dates.filter(|_| is_text),
            school_year: record.and_then(|writing| writing.school_year).or(set.school_year),
            percent: self.mapping.and_then(|mapping| mapping.percent.get(&field.name)).copied(),
            field: &field.name,
            codes,
            descriptors: false,
        }
    }
}

/// The columns that a part of a key may have when the manifest names none.
fn default_names(field: &Field, leaf: &KeyLeaf<'_>, parts: usize, alone: bool) -> Vec<String> {
    let last = leaf.path.last().copied().unwrap_or_default();
    let mut names = Vec::new();
    if parts == 1 {
        names.push(field.name.clone());
    }
    names.push(format!("{}_{last}", field.name));
    names.push(format!("{}.{}", field.name, leaf.path.join(".")));
    if alone {
        names.push(last.to_owned());
    }
    names
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
