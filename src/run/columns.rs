//! Which columns each file of results has.

use std::collections::BTreeMap;

use rubric_engine::data::{Cell, Records};
use rubric_engine::plan::{DefineId, PolicyId, RecordKind, ResultId, Symbols, written};
use rubric_engine::value::{RecordId, Value};

use crate::session::Session;

/// The results of one record.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) record: RecordId,
    /// Its name, also that of the file.
    pub(crate) name: String,
    /// Names of the key fields.
    pub(crate) keys: Vec<String>,
    /// What stands beside the key, in order.
    pub(crate) columns: Vec<Column>,
}

/// A result, or a derived fact.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Of a requirement `for each` value: which value.
    Result(ResultId, Option<u32>),
    Fact(DefineId),
}

/// The sheets of a session: one for each record that has results, in the order of records. With `facts`, derived facts
/// without parameters too.
pub(crate) fn sheets(session: &Session, facts: bool) -> Vec<Sheet> {
    let symbols = &session.plan.symbols;
    let mut by_record: BTreeMap<RecordId, Vec<(String, PolicyId, Content)>> = BTreeMap::new();
    for id in session.results() {
        match id {
            ResultId::Decision(decision) => {
                let Some(symbol) = symbols.decision(decision) else { continue };
                let columns = by_record.entry(symbol.of).or_default();
                columns.push((symbol.name.clone(), symbol.policy, Content::Result(id, None)));
            }
            ResultId::Requirement(requirement) => {
                let Some(symbol) = symbols.requirement(requirement) else { continue };
                let columns = by_record.entry(symbol.of).or_default();
                columns.extend(symbols.instances(requirement).into_iter().map(|instance| {
                    (symbols.instance_name(instance), symbol.policy, Content::Result(id, instance.value))
                }));
            }
            ResultId::Amount(amount) => {
                let Some(symbol) = symbols.amount(amount) else { continue };
                let columns = by_record.entry(symbol.of).or_default();
                columns.push((symbol.name.clone(), symbol.policy, Content::Result(id, None)));
            }
        }
    }
    if facts {
        for (position, define) in (0_u32..).zip(&symbols.defines) {
            if let (Some(of), []) = (define.of, define.params.as_slice())
                && let Some(columns) = by_record.get_mut(&of)
            {
                columns.push((define.name.clone(), define.policy, Content::Fact(DefineId(position))));
            }
        }
    }
    by_record.into_iter().filter_map(|(record, columns)| sheet(symbols, record, columns)).collect()
}

fn sheet(symbols: &Symbols, record: RecordId, columns: Vec<(String, PolicyId, Content)>) -> Option<Sheet> {
    let declared = symbols.record(record)?;
    let keys: Vec<String> =
        declared.fields.iter().take(declared.keys).map(|field| field.name.clone()).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for name in keys.iter().chain(columns.iter().map(|(name, ..)| name)) {
        *times.entry(name).or_default() += 1;
    }
    // A name that two policies share, or that is a key's, is told apart by its policy.
    let title = |name: &str, policy: PolicyId| match symbols.policy(policy) {
        Some(policy) if times.get(name).is_some_and(|times| *times > 1) => format!("{}.{name}", policy.name),
        _ => name.to_owned(),
    };
    let columns = columns
        .iter()
        .map(|(name, policy, content)| Column { title: title(name, *policy), content: *content })
        .collect();
    Some(Sheet { record, name: declared.name.clone(), keys, columns })
}

/// The parts of a row's key as files hold them; empty where a part is not known.
pub(crate) fn key_parts(symbols: &Symbols, data: &dyn Records, row: &Value, record: RecordId) -> Vec<String> {
    key_values(symbols, data, row, record).into_iter().map(|(_, text)| text).collect()
}

/// The parts of a row's key, as values and as files hold them.
pub(crate) fn key_values(
    symbols: &Symbols,
    data: &dyn Records,
    row: &Value,
    record: RecordId,
) -> Vec<(Option<Value>, String)> {
    let Some(declared) = symbols.record(record) else { return Vec::new() };
    let Value::Reference(reference) = row else { return Vec::new() };
    let fields = declared.fields.iter().take(declared.keys);
    match (declared.kind, data.rows(record), reference.row) {
        (RecordKind::Record, Some(_), Some(row)) => (0_u32..)
            .zip(fields)
            .map(|(position, field)| match &*data.cell(record, row, position) {
                Cell::Known(value) => (Some(value.clone()), written(symbols, value, field.ty.base)),
                _ => (None, String::new()),
            })
            .collect(),
        _ => reference
            .key
            .iter()
            .zip(fields)
            .map(|(part, field)| (Some(part.clone()), written(symbols, part, field.ty.base)))
            .collect(),
    }
}
