//! Parameters: dated constants, tables and sets.

use std::collections::BTreeMap;

use rubric_grammar::Span;
use rubric_grammar::ast::{self, Expr, Name, ParameterValue, Table, TableRow};

use super::lowering::cites;
use super::names::replace;
use super::unit::{base_name, one_of};
use super::{Context, Lowered, Lowering, Target};
use crate::names::nearest;
use crate::plan::{Interval, Op, ParameterBody, ParameterId, ParameterRow};
use crate::value::{Base, Type, Value};

/// Lowers a `parameter`; an amendment of one is not a parameter of its own.
#[must_use]
pub fn parameter(cx: &Context<'_>, id: ParameterId, item: &ast::Parameter) -> Lowered<ParameterBody> {
    let mut lowering = Lowering::new(cx);
    let Some(symbol) = cx.symbols.parameter(id).filter(|_| !item.amend) else {
        return lowering.finish(|_| None);
    };
    for name in &item.by {
        lowering.mention_declared(name);
    }
    if let Some(ty) = &item.ty {
        lowering.mention_type(ty);
    }
    if symbol.ty.base == Base::Damaged || symbol.by.iter().any(|ty| ty.base == Base::Damaged) {
        return lowering.finish(|_| None);
    }
    let shape = Shape { keys: symbol.by.clone(), ty: symbol.ty };
    let rows = lowering.dated_rows(item, &shape, |_, days, _| Some(days));
    let cites = cites(&item.cites);
    lowering.finish(|_| (!rows.is_empty()).then_some(ParameterBody { rows, cites }))
}

/// The types of a parameter.
pub(super) struct Shape {
    pub(super) keys: Vec<Type>,
    pub(super) ty: Type,
}

impl Shape {
    /// The type of one value: for a set, of a member.
    fn value(&self) -> Type {
        match self.ty.base {
            Base::Set(category) => Type::of(Base::Category(category)),
            _ => self.ty,
        }
    }

    const fn is_set(&self) -> bool {
        matches!(self.ty.base, Base::Set(_))
    }
}

impl Lowering<'_> {
    /// The rows of a parameter or of an amendment of one. Those whose days or values have errors are left out; `within` gives
    /// the days on which a row written for some days counts.
    pub(super) fn dated_rows(
        &mut self,
        item: &ast::Parameter,
        shape: &Shape,
        mut within: impl FnMut(&mut Self, Interval, Span) -> Option<Interval>,
    ) -> Vec<ParameterRow> {
        let mut rows = Vec::with_capacity(item.entries.len());
        for entry in &item.entries {
            let interval = self.interval(Some(&entry.interval));
            let interval = interval.and_then(|days| within(self, days, entry.interval.span));
            let held = self.held(shape, &entry.value, entry.span);
            if let Some((interval, (cells, otherwise))) = interval.zip(held) {
                rows.push(ParameterRow {
                    interval,
                    cites: cites(&entry.cites),
                    cells,
                    otherwise,
                    policy: self.cx.policy,
                    over: None,
                    place: self.cx.place(entry.span),
                });
            }
        }
        rows
    }
}

/// What a row holds: cells by key, and `otherwise`.
pub(super) type Held = (BTreeMap<Vec<i64>, Vec<Value>>, Option<Value>);

impl Lowering<'_> {
    pub(super) fn held(
        &mut self,
        shape: &Shape,
        written: &ParameterValue,
        span: rubric_grammar::Span,
    ) -> Option<Held> {
        match written {
            ParameterValue::Table(table) => self.table(shape, table),
            ParameterValue::Single(value) => self.without_keys(shape, std::slice::from_ref(value), span),
            ParameterValue::List(values) => self.without_keys(shape, values, span),
        }
    }

    fn without_keys(&mut self, shape: &Shape, values: &[Expr], span: rubric_grammar::Span) -> Option<Held> {
        if !shape.keys.is_empty() {
            let keys = self.key_names(shape);
            let diagnostic = self
                .error("wrong-cells", span, format!("this parameter has a value for each {keys}"))
                .help("write a table `{ label: value … }`, or `{ otherwise: value }` for one value that holds for all");
            self.report(diagnostic);
            return None;
        }
        if values.len() > 1 && !shape.is_set() {
            let what = base_name(self.cx.symbols, shape.ty.base);
            let diagnostic = self
                .error("wrong-cells", span, format!("`{what}` is one value, and {} are given", values.len()))
                .help("keep one; a parameter with several values is a `set of` a category");
            self.report(diagnostic);
            return None;
        }
        let values = self.cells(shape, values)?;
        Some((BTreeMap::from([(Vec::new(), values)]), None))
    }

    fn key_names(&self, shape: &Shape) -> String {
        let names: Vec<String> =
            shape.keys.iter().map(|ty| format!("`{}`", base_name(self.cx.symbols, ty.base))).collect();
        names.join(" and ")
    }

    fn cells(&mut self, shape: &Shape, written: &[Expr]) -> Option<Vec<Value>> {
        let lowered: Vec<Option<Value>> =
            written.iter().map(|cell| self.constant_value(cell, shape.value())).collect();
        lowered.into_iter().collect()
    }

    /// A value that the text gives.
    fn constant_value(&mut self, written: &Expr, wanted: Type) -> Option<Value> {
        let id = self.value(written, wanted)?;
        let id = match self.code.get(id)?.op {
            Op::ToCount(number) => number,
            _ => id,
        };
        if let Some(value) = self.constant(id) {
            return Some(value.clone());
        }
        let diagnostic = self
            .error("not-constant", written.span, "a parameter holds constants, and this is computed")
            .help("write the value itself, or declare a `define`");
        self.report(diagnostic);
        None
    }

    fn table(&mut self, shape: &Shape, table: &Table) -> Option<Held> {
        if shape.keys.is_empty() && table.rows.iter().any(|row| !row.labels.is_empty()) {
            let diagnostic = self
                .error("wrong-cells", table.span, "this parameter has one value, and a table is given")
                .help("write `from …: value`, or declare its keys: `parameter p by Category: …`");
            self.report(diagnostic);
            return None;
        }
        let columns = self.header(shape, table)?;
        let mut cells: BTreeMap<Vec<i64>, (Vec<Value>, &TableRow)> = BTreeMap::new();
        let mut otherwise: Option<(Value, &TableRow)> = None;
        let mut sound = true;
        for row in &table.rows {
            let read = if row.labels.is_empty() {
                self.otherwise(shape, row, otherwise.as_ref().map(|(_, row)| *row)).map(|value| {
                    otherwise = Some((value, row));
                })
            } else {
                self.table_row(shape, row, columns.as_deref(), &mut cells)
            };
            sound &= read.is_some();
        }
        let cells: BTreeMap<Vec<i64>, Vec<Value>> =
            cells.into_iter().map(|(key, (values, _))| (key, values)).collect();
        let otherwise = otherwise.map(|(value, _)| value);
        if shape.keys.is_empty() {
            // `{ otherwise: 5 }` of a parameter without keys is its one value.
            let value = otherwise?;
            return sound.then(|| (BTreeMap::from([(Vec::new(), vec![value])]), None));
        }
        sound.then_some((cells, otherwise))
    }

    /// The keys that the header names: values of the last key.
    fn header(&mut self, shape: &Shape, table: &Table) -> Option<Option<Vec<i64>>> {
        let Some(first) = table.header.first() else { return Some(None) };
        let (Some(last), true) = (shape.keys.last(), shape.keys.len() > 1 && !shape.is_set()) else {
            let help = if shape.is_set() {
                "write one row for each key, with the values of the set after the colon"
            } else {
                "write one row for each value: `label: value`"
            };
            let diagnostic = self
                .error("wrong-cells", first.span, "only a table with two keys or more has a header")
                .help(help);
            self.report(diagnostic);
            return None;
        };
        let mut columns: Vec<i64> = Vec::with_capacity(table.header.len());
        let mut sound = true;
        for (at, name) in table.header.iter().enumerate() {
            match self.key(*last, name) {
                Some(key) if columns.contains(&key) => {
                    let earlier = table.header.iter().take(at).find(|other| other.text == name.text);
                    self.report_duplicate(name, earlier, "column");
                    sound = false;
                }
                Some(key) => columns.push(key),
                None => sound = false,
            }
        }
        sound.then_some(Some(columns))
    }

    fn report_duplicate(&mut self, name: &Name, earlier: Option<&Name>, what: &str) {
        let mut diagnostic =
            self.error("duplicate-row", name.span, format!("the {what} `{}` stands here twice", name.text));
        if let Some(earlier) = earlier {
            diagnostic = diagnostic.label(self.place(earlier.span), "the first is here");
        }
        self.report(diagnostic.help("keep one of them"));
    }

    fn otherwise(&mut self, shape: &Shape, row: &TableRow, earlier: Option<&TableRow>) -> Option<Value> {
        if let Some(earlier) = earlier {
            let diagnostic = self
                .error("duplicate-row", row.span, "`otherwise` stands here twice")
                .label(self.place(earlier.span), "the first is here")
                .help("keep one of them");
            self.report(diagnostic);
            return None;
        }
        let [cell] = row.cells.as_slice() else {
            self.report_cells(row, 1);
            return None;
        };
        if shape.is_set() {
            let diagnostic = self
                .error("wrong-cells", row.span, "a set has no `otherwise`: what is not listed is not in it")
                .help("write one row for each key");
            self.report(diagnostic);
            return None;
        }
        self.constant_value(cell, shape.value())
    }

    fn report_cells(&mut self, row: &TableRow, wanted: usize) {
        let found = row.cells.len();
        let count = |cells: usize| if cells == 1 { "1 value".to_owned() } else { format!("{cells} values") };
        let message = format!(
            "this row has {}, and {} wanted",
            count(found),
            match wanted {
                1 => "1 is".to_owned(),
                more => format!("{more} are"),
            }
        );
        let help = if wanted == 1 {
            "a row is `label: value`"
        } else {
            "a row has one value for each column of the header"
        };
        let diagnostic = self.error("wrong-cells", row.span, message).help(help);
        self.report(diagnostic);
    }

    fn table_row<'e>(
        &mut self,
        shape: &Shape,
        row: &'e TableRow,
        columns: Option<&[i64]>,
        cells: &mut BTreeMap<Vec<i64>, (Vec<Value>, &'e TableRow)>,
    ) -> Option<()> {
        let labelled = shape.keys.len() - usize::from(columns.is_some());
        if row.labels.len() != labelled {
            let keys = self.key_names(shape);
            let count =
                |labels: usize| if labels == 1 { "1 label".to_owned() } else { format!("{labels} labels") };
            let message = format!("this row has {}, and needs {}", count(row.labels.len()), count(labelled));
            let help = match columns {
                Some(_) => format!("the table is by {keys}; the header names the last"),
                None => {
                    format!("a row is labelled by {keys}: `a, b: value`; or name the columns in a header")
                }
            };
            let diagnostic = self.error("wrong-cells", row.span, message).help(help);
            self.report(diagnostic);
            return None;
        }
        let labels: Vec<Option<i64>> =
            shape.keys.iter().zip(&row.labels).map(|(ty, label)| self.key(*ty, label)).collect();
        let wanted = columns.map_or(1, <[i64]>::len);
        let fits = row.cells.len() == wanted || (shape.is_set() && columns.is_none());
        if !fits {
            self.report_cells(row, wanted);
        }
        let values = self.cells(shape, &row.cells);
        let labels: Vec<i64> = labels.into_iter().collect::<Option<_>>()?;
        let values = values.filter(|_| fits)?;
        let entries: Vec<(Vec<i64>, Vec<Value>)> = match columns {
            None => vec![(labels, values)],
            Some(columns) => columns
                .iter()
                .zip(values)
                .map(|(column, value)| (labels.iter().copied().chain([*column]).collect(), vec![value]))
                .collect(),
        };
        for (key, values) in entries {
            if let Some((_, first)) = cells.get(&key) {
                let text: Vec<&str> = row.labels.iter().map(|label| label.text.as_str()).collect();
                let diagnostic = self
                    .error(
                        "duplicate-row",
                        row.span,
                        format!("the row `{}` stands here twice", text.join(", ")),
                    )
                    .label(self.place(first.span), "the first is here")
                    .help("keep one of them");
                self.report(diagnostic);
                return None;
            }
            cells.insert(key, (values, row));
        }
        Some(())
    }

    /// The key that a label names.
    fn key(&mut self, ty: Type, label: &Name) -> Option<i64> {
        match ty.base {
            Base::Category(category) => {
                if let Some(position) = self.category_value(category, &label.text) {
                    self.mention(label.span, Target::Value(category, position));
                    return Some(i64::from(position));
                }
                let found = self.cx.symbols.category(category)?;
                let values = found.values.iter().map(|value| value.name.as_str());
                let diagnostic = self.error(
                    "unknown-value",
                    label.span,
                    format!("`{}` is not a value of `{}`", label.text, found.name),
                );
                let diagnostic = match nearest(&label.text, values.clone()) {
                    Some(near) => replace(diagnostic, near),
                    None if found.values.len() <= 12 => diagnostic.help(format!("it has {}", one_of(values))),
                    None => diagnostic,
                };
                self.report(diagnostic);
                None
            }
            Base::SchoolYear => {
                let start = label.text.strip_prefix("SY").and_then(|rest| rest.split_once('-'));
                let year = start.and_then(|(start, end)| {
                    let year: i64 = start.parse().ok()?;
                    (end.parse::<i64>().ok()? == (year + 1) % 100).then_some(year)
                });
                if year.is_none() {
                    let diagnostic = self
                        .error("unknown-value", label.span, format!("`{}` is not a school year", label.text))
                        .help("a school year is written `SY2024-25`");
                    self.report(diagnostic);
                }
                year
            }
            _ => {
                self.failed = true;
                None
            }
        }
    }
}
