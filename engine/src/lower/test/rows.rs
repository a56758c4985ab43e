//! The rows of a test, its fixtures merged in.

use std::collections::{BTreeMap, BTreeSet};

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind, Name, Statement};

use super::super::Lowering;
use super::super::lowering::index;
use super::super::names::{Found, Search};
use super::{Layer, did_you_mean, enter, is_constant};
use crate::diagnostic::Place;
use crate::lower::Target;
use crate::names::nearest;
use crate::plan::{ExprId, FieldKind, Op, RecordKind, Symbol, TestCell, TestRow};
use crate::value::{Base, RecordId, Type, Value};

/// A range may not stand for more rows than this.
const LONGEST_RANGE: i64 = 10_000;

/// The rows of a test.
pub(super) struct Rows {
    pub(super) rows: Vec<TestRow>,
    pub(super) empty: Vec<RecordId>,
}

impl Rows {
    pub(super) fn record(&self, row: u32) -> Option<RecordId> {
        self.rows.get(row as usize).map(|row| row.record)
    }

    /// Rows that another row names and whose key is not wholly stated, each with what is wrong.
    pub(super) fn without_key(&self, lowering: &Lowering<'_>) -> Vec<(Place, String)> {
        let op = |id: &ExprId| lowering.code.get(*id).map(|expr| &expr.op);
        let mut named = BTreeSet::new();
        for cell in self.rows.iter().flat_map(|row| row.cells.values()) {
            let TestCell::Value(id) = cell else { continue };
            match op(id) {
                Some(Op::TestRow(row)) => named.extend([*row]),
                Some(Op::Lookup { keys, .. }) => named.extend(keys.iter().filter_map(|key| match op(key) {
                    Some(Op::TestRow(row)) => Some(*row),
                    _ => None,
                })),
                _ => {}
            }
        }
        let lacking = |position: u32| {
            let row = self.rows.get(position as usize)?;
            let record = lowering.cx.symbols.record(row.record)?;
            let (_, field) =
                record.fields.iter().take(record.keys).enumerate().find(|(position, field)| {
                    !matches!(row.cells.get(&index(*position)), Some(TestCell::Value(_)))
                        && field.ty.base != Base::Text
                })?;
            let message = format!(
                "`{}` has no `{}`, which is part of the key of `{}`",
                row.name, field.name, record.name
            );
            Some((row.place, message))
        };
        named.into_iter().filter_map(lacking).collect()
    }

    /// A row of which a name could be asked: one whose record has a field, definition or result of that name.
    pub(super) fn with_member(&self, lowering: &Lowering<'_>, name: &str) -> Option<&TestRow> {
        self.rows.iter().find(|row| !lowering.find_member(row.record, name).is_empty())
    }

    /// The row of that name.
    pub(super) fn find(&self, name: &str) -> Option<&TestRow> {
        self.rows.iter().find(|row| &*row.name == name)
    }
}

/// A value as written, and the layer in which it is.
type Written<'a> = (usize, &'a ast::Expr);

/// A row before its values are lowered.
struct Pending<'a> {
    record: RecordId,
    name: String,
    /// The layer that said something of it last.
    layer: usize,
    index: Option<i64>,
    fields: BTreeMap<u32, Written<'a>>,
    place: Place,
}

pub(super) fn rows(lowering: &mut Lowering<'_>, layers: &[Layer<'_>]) -> Rows {
    let (pending, empty) = collect(lowering, layers);
    for (position, row) in pending.iter().enumerate() {
        lowering.bind(&row.name, Op::TestRow(index(position)), Type::of(Base::Record(row.record)));
    }
    let mut lowered: BTreeMap<(usize, Span), Option<TestCell>> = BTreeMap::new();
    let mut rows = Vec::with_capacity(pending.len());
    for row in pending {
        let mut cells = BTreeMap::new();
        for (field, (layer, value)) in row.fields {
            let cell = lowered.entry((layer, value.span)).or_insert_with(|| {
                if let Some(layer) = layers.get(layer) {
                    enter(lowering, layer);
                }
                cell(lowering, row.record, field, value, row.index.is_some())
            });
            if let Some(cell) = cell {
                cells.insert(field, cell.clone());
            }
        }
        rows.push(TestRow {
            record: row.record,
            name: row.name.into(),
            index: row.index,
            cells,
            place: row.place,
        });
    }
    Rows { rows, empty }
}

/// The rows in the order in which they are first named, and the records that are supplied and empty.
fn collect<'a>(lowering: &mut Lowering<'_>, layers: &[Layer<'a>]) -> (Vec<Pending<'a>>, Vec<RecordId>) {
    let mut rows: Vec<Pending<'a>> = Vec::new();
    let mut empty = BTreeSet::new();
    for (position, layer) in layers.iter().enumerate() {
        enter(lowering, layer);
        for statement in layer.statements {
            match statement {
                Statement::No(name) => {
                    let Some(record) = record(lowering, name) else { continue };
                    if let Some(row) = rows.iter().find(|row| row.record == record && row.layer == position) {
                        let diagnostic = lowering
                            .error(
                                "contradiction",
                                name.span,
                                format!("there are rows of `{}` here", name.text),
                            )
                            .label(row.place, "such as this one")
                            .help("remove the rows, or the statement that there are none");
                        lowering.report(diagnostic);
                    }
                    rows.retain(|row| row.record != record);
                    empty.insert(record);
                }
                Statement::Row(row) => {
                    if let Some(record) = record(lowering, &row.record) {
                        add(lowering, record, row, position, &mut rows);
                    }
                }
                _ => {}
            }
        }
    }
    (rows, empty.into_iter().collect())
}

/// The record of a row.
fn record(lowering: &mut Lowering<'_>, name: &Name) -> Option<RecordId> {
    let symbols = lowering.cx.symbols;
    let found = symbols.policy(lowering.cx.policy).map_or(&[][..], |policy| policy.scope.get(&name.text));
    let records: Vec<RecordId> = found
        .iter()
        .filter_map(|symbol| match symbol {
            Symbol::Record(id) => Some(*id),
            _ => None,
        })
        .collect();
    let [id] = *records.as_slice() else {
        if records.is_empty() {
            report_no_record(lowering, name);
        } else {
            lowering.report_ambiguous(name, &Search::Policies(found.to_vec()));
        }
        lowering.failed = true;
        return None;
    };
    lowering.mention(name.span, Target::Symbol(Symbol::Record(id)));
    if let RecordKind::Group { of } = symbols.record(id)?.kind {
        let members = symbols.record(of).map_or("", |record| record.name.as_str());
        let diagnostic = lowering
            .error(
                "test-value",
                name.span,
                format!("`{}` is a group, which is made of rows of `{members}`", name.text),
            )
            .help(format!("state rows of `{members}`, and read the group by its key"));
        lowering.report(diagnostic);
        return None;
    }
    Some(id)
}

fn report_no_record(lowering: &mut Lowering<'_>, name: &Name) {
    let symbols = lowering.cx.symbols;
    let diagnostic =
        lowering.error("unknown-type", name.span, format!("there is no record `{}` here", name.text));
    let scope = symbols.policy(lowering.cx.policy).map(|policy| &policy.scope.names);
    let visible = scope.into_iter().flatten().filter_map(|(name, symbols)| {
        symbols.iter().any(|symbol| matches!(symbol, Symbol::Record(_))).then_some(name.as_str())
    });
    let elsewhere = symbols.records.iter().find(|record| record.name == name.text);
    let elsewhere =
        elsewhere.and_then(|record| symbols.policy(record.policy)).map(|policy| policy.name.as_str());
    let diagnostic = match (nearest(&name.text, visible), elsewhere) {
        (_, Some(policy)) => diagnostic.help(format!("it is declared in `{policy}`: add `use {policy}`")),
        (Some(near), None) => did_you_mean(diagnostic, near),
        (None, None) => diagnostic,
    };
    lowering.report(diagnostic);
}

fn add<'a>(
    lowering: &mut Lowering<'_>,
    record: RecordId,
    row: &'a ast::Row,
    layer: usize,
    rows: &mut Vec<Pending<'a>>,
) {
    let Some(fields) = fields(lowering, record, row, layer) else { return };
    let like = match &row.like {
        Some(name) => match like(lowering, record, name, rows) {
            Some(fields) => Some(fields),
            None => return,
        },
        None => None,
    };
    for (name, index) in names(lowering, record, row, rows) {
        let place = lowering.place(row.span);
        if let Some(known) = rows.iter_mut().find(|known| known.name == name) {
            if known.record != record || known.layer == layer {
                let span = row.name.as_ref().map_or(row.span, |name| name.span);
                let first = known.place;
                let diagnostic = lowering
                    .error("duplicate-name", span, format!("another row is called `{name}`"))
                    .label(first, "the other is here")
                    .help("give one of them another name");
                lowering.report(diagnostic);
                return;
            }
            if let Some(like) = &like {
                known.fields.clone_from(like);
            }
            known.fields.extend(fields.clone());
            (known.layer, known.place) = (layer, place);
            continue;
        }
        let mut all = like.clone().unwrap_or_default();
        all.extend(fields.clone());
        rows.push(Pending { record, name, layer, index, fields: all, place });
    }
}

/// The names of the rows that one statement makes, with the value of `index`.
fn names(
    lowering: &mut Lowering<'_>,
    record: RecordId,
    row: &ast::Row,
    rows: &[Pending<'_>],
) -> Vec<(String, Option<i64>)> {
    let symbols = lowering.cx.symbols;
    let base = match &row.name {
        Some(name) => name.text.clone(),
        None => {
            let kind = symbols.record(record).map_or("row", |record| record.name.as_str());
            let number = rows.iter().filter(|row| row.record == record).count() + 1;
            format!("{kind} {number}")
        }
    };
    let Some((first, last)) = row.range else { return vec![(base, None)] };
    if last < first || last.saturating_sub(first) >= LONGEST_RANGE {
        let message = if last < first {
            format!("the range {first}..{last} holds nothing")
        } else {
            format!("the range {first}..{last} holds more than {LONGEST_RANGE} rows")
        };
        let diagnostic =
            lowering.error("bad-range", row.span, message).help("write the smaller number first: `d[1..31]`");
        lowering.report(diagnostic);
        return Vec::new();
    }
    (first..=last).map(|index| (format!("{base}[{index}]"), Some(index))).collect()
}

/// The fields of the row that another is like. Its name is not copied: a text key follows the new row's name.
fn like<'a>(
    lowering: &mut Lowering<'_>,
    record: RecordId,
    name: &Name,
    rows: &[Pending<'a>],
) -> Option<BTreeMap<u32, Written<'a>>> {
    let symbols = lowering.cx.symbols;
    let Some(model) = rows.iter().find(|row| row.name == name.text) else {
        let diagnostic = lowering.error(
            "unknown-row",
            name.span,
            format!("there is no row `{}` before this one", name.text),
        );
        let known = rows.iter().filter(|row| row.record == record).map(|row| row.name.as_str());
        let diagnostic = match nearest(&name.text, known) {
            Some(near) => did_you_mean(diagnostic, near),
            None => diagnostic.help("name a row that stands above, or in a fixture"),
        };
        lowering.report(diagnostic);
        return None;
    };
    if model.record != record {
        let kind = |id| symbols.record(id).map_or("", |record| record.name.as_str());
        let message =
            format!("`{}` is a `{}`, and this row is a `{}`", name.text, kind(model.record), kind(record));
        let diagnostic =
            lowering.error("type-mismatch", name.span, message).label(model.place, "it is declared here");
        lowering.report(diagnostic.help("name a row of the same record"));
        return None;
    }
    let declared = symbols.record(record)?;
    let named =
        declared.fields.iter().take(declared.keys).position(|field| field.ty.base == Base::Text).map(index);
    Some(
        model
            .fields
            .iter()
            .filter(|(field, _)| Some(**field) != named)
            .map(|(field, value)| (*field, *value))
            .collect(),
    )
}

/// The fields that a row states, by position.
fn fields<'a>(
    lowering: &mut Lowering<'_>,
    record: RecordId,
    row: &'a ast::Row,
    layer: usize,
) -> Option<BTreeMap<u32, Written<'a>>> {
    let symbols = lowering.cx.symbols;
    let declared = symbols.record(record)?;
    let mut found: BTreeMap<u32, Written<'a>> = BTreeMap::new();
    for written in &row.fields {
        let name = &written.name;
        let Some(position) = declared.fields.iter().position(|field| field.name == name.text) else {
            let message = format!("`{}` has no field `{}`", declared.name, name.text);
            let diagnostic = lowering.error("unknown-field", name.span, message);
            let cells = declared.fields.iter().filter(|field| field.kind == FieldKind::Cell);
            let diagnostic = match nearest(&name.text, cells.map(|field| field.name.as_str())) {
                Some(near) => did_you_mean(diagnostic, near),
                None => diagnostic.label(declared.place, "the record is declared here"),
            };
            lowering.report(diagnostic);
            continue;
        };
        let Some(field) = declared.fields.get(position) else { continue };
        lowering.mention(name.span, Target::Field(record, index(position)));
        match field.kind {
            FieldKind::Cell => {}
            FieldKind::Damaged => {
                lowering.failed = true;
                continue;
            }
            FieldKind::Many { record: child, by } => {
                let child = symbols.record(child);
                let kind = child.map_or("", |child| child.name.as_str());
                let by = child
                    .and_then(|child| child.fields.get(by as usize))
                    .map_or("", |field| field.name.as_str());
                let diagnostic = lowering
                    .error(
                        "test-value",
                        name.span,
                        format!("`{}` is the rows of `{kind}` that name this one", name.text),
                    )
                    .help(format!(
                        "state them as rows: `{kind} r1 {{ {by}: {} }}`",
                        row.name.as_ref().map_or("…", |name| &name.text)
                    ));
                lowering.report(diagnostic);
                continue;
            }
            FieldKind::Members => continue,
        }
        if let Some((_, first)) = found.get(&index(position)) {
            let first = lowering.place(first.span);
            let diagnostic = lowering
                .error("duplicate-name", name.span, format!("`{}` is stated twice", name.text))
                .label(first, "the other value")
                .help("remove one of them");
            lowering.report(diagnostic);
            continue;
        }
        found.insert(index(position), (layer, &written.value));
    }
    Some(found)
}

/// What a row says of a field.
fn cell(
    lowering: &mut Lowering<'_>,
    record: RecordId,
    field: u32,
    written: &ast::Expr,
    in_range: bool,
) -> Option<TestCell> {
    let field = lowering.cx.symbols.record(record)?.fields.get(field as usize)?;
    if let ExprKind::Name(name) = &*written.kind
        && lowering.find(&name.text, false) == Search::Nothing
    {
        match name.text.as_str() {
            "missing" => return Some(TestCell::Missing),
            "unknown" => return Some(TestCell::Unknown),
            "none" => {
                if field.absent.as_ref().is_some_and(|absent| absent.value == Value::None) {
                    let id = lowering.push(Op::Literal(Value::None), field.ty, written.span);
                    return Some(TestCell::Value(id));
                }
                let message = format!("`{}` is not declared with `absent means none`", field.name);
                let diagnostic =
                    lowering.error("test-value", name.span, message).label(field.place, "declared here");
                lowering.report(diagnostic.help("write `missing` where nothing is on file"));
                return None;
            }
            _ => {}
        }
    }
    let mark = lowering.mark();
    if in_range {
        lowering.bind("index", Op::Argument(0), Type::of(Base::Count));
    }
    let value = match field.ty.base {
        Base::Record(target) => reference(lowering, target, written),
        _ => super::constant(lowering, written, Type::of(field.ty.base)),
    };
    lowering.hide(mark);
    if field.ty.base == Base::Money
        && let Some(Value::Number(amount)) = value.and_then(|id| lowering.constant(id)).cloned()
        && !amount.has_places(2)
    {
        let diagnostic = lowering.error("test-value", written.span, "money on file is whole cents");
        lowering.report(diagnostic.help("a rate with fractions of a cent is a `number` in its record"));
        return None;
    }
    value.map(TestCell::Value)
}

/// A row by its name, by a literal of its only key, or by all its keys: `Student("S1", SY2023-24)`.
fn reference(lowering: &mut Lowering<'_>, target: RecordId, written: &ast::Expr) -> Option<ExprId> {
    let symbols = lowering.cx.symbols;
    let declared = symbols.record(target)?;
    if let ExprKind::Name(name) = &*written.kind {
        return match lowering.find(&name.text, false) {
            Search::One(Found::Bound(Op::TestRow(_), _)) => {
                lowering.value(written, Type::of(Base::Record(target)))
            }
            _ => {
                report_no_row(lowering, target, name);
                None
            }
        };
    }
    if let ExprKind::Literal(_) = &*written.kind {
        let [key] = declared.fields.get(..declared.keys)? else {
            let keys = declared.fields.iter().take(declared.keys).map(|key| format!("`{}`", key.name));
            let keys: Vec<String> = keys.collect();
            let diagnostic = lowering
                .error(
                    "test-value",
                    written.span,
                    format!("the key of `{}` is {}", declared.name, keys.join(", ")),
                )
                .help(format!(
                    "name a row of `{}`, or give every key: `{}(…, …)`",
                    declared.name, declared.name
                ));
            lowering.report(diagnostic);
            return None;
        };
        return lowering.value(written, Type::of(key.ty.base));
    }
    let id = lowering.value(written, Type::of(Base::Record(target)))?;
    let fits = match lowering.code.get(id).map(|expr| expr.op.clone()) {
        Some(Op::TestRow(_)) => true,
        Some(Op::Lookup { record, keys }) => {
            record == target
                && keys.iter().all(|key| {
                    is_constant(&lowering.code, *key)
                        || matches!(lowering.code.get(*key).map(|expr| &expr.op), Some(Op::TestRow(_)))
                })
        }
        _ => false,
    };
    if !fits {
        let diagnostic = lowering.error("test-value", written.span, "this does not name one row");
        lowering
            .report(diagnostic.help(format!("write the name of a row of `{}`, or its key", declared.name)));
        return None;
    }
    Some(id)
}

fn report_no_row(lowering: &mut Lowering<'_>, target: RecordId, name: &Name) {
    let kind = lowering.cx.symbols.record(target).map_or("", |record| record.name.as_str());
    let diagnostic =
        lowering.error("unknown-row", name.span, format!("there is no row `{}` of `{kind}`", name.text));
    let rows = lowering.bound.iter().filter(|bound| bound.ty.base == Base::Record(target));
    let diagnostic = match nearest(&name.text, rows.map(|bound| bound.name.as_str())) {
        Some(near) => did_you_mean(diagnostic, near),
        None => diagnostic
            .help(format!("state it: `{kind} {} {{ … }}`, or write its key as a literal", name.text)),
    };
    lowering.report(diagnostic);
}
