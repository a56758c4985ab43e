//! Facts that are needed, in a few words.

use crate::data::{Cell, Records, place_in};
use crate::plan::{Plan, Privacy, show_with};
use crate::value::{Base, Need, NeedKind, RecordId, Reference, Type, Value};

/// A fact that is needed, as seen from the row that needs it: `us_entry`, `Result r1.level`,
/// `finding of the principal: principal_approves`, `StudentAssessment (no data supplied)`. Private parts of keys are
/// masked.
#[must_use]
pub fn show_need(plan: &Plan, data: &dyn Records, need: &Need, about: (RecordId, u32)) -> String {
    show_need_with(plan, data, need, about, Privacy::Mask)
}

/// The same, with private parts of keys masked or not.
#[must_use]
pub fn show_need_with(
    plan: &Plan,
    data: &dyn Records,
    need: &Need,
    about: (RecordId, u32),
    privacy: Privacy,
) -> String {
    let symbols = &plan.symbols;
    let record = symbols.record(need.record);
    let name = record.map_or("", |record| record.name.as_str());
    let field = need.field.and_then(|field| record?.fields.get(field as usize));
    let own = (need.record, need.row) == (about.0, Some(about.1));
    let row = match need.row {
        _ if own => None,
        Some(row) => Some(format!("{name} {}", row_name(plan, data, need.record, row, privacy))),
        None => Some(name.to_owned()),
    };
    let what = match (&row, field) {
        (None, Some(field)) => field.name.clone(),
        (Some(row), Some(field)) => format!("{row}.{}", field.name),
        (Some(row), None) => row.clone(),
        (None, None) => name.to_owned(),
    };
    match &need.kind {
        NeedKind::Absent if need.row.is_none() => format!("{what} (no row)"),
        NeedKind::Absent => what,
        NeedKind::Unreadable => format!("{what} (unreadable)"),
        NeedKind::Finding(who) => format!("finding of the {who}: {what}"),
        NeedKind::Tie => format!("{what} (tied with others)"),
        NeedKind::Dangling => {
            let target = field.and_then(|field| match field.ty.base {
                Base::Record(target) => symbols.record(target),
                _ => None,
            });
            match target {
                Some(target) => format!("{what} (names no {})", target.name),
                None => format!("{what} (no row has this key)"),
            }
        }
        NeedKind::NotSupplied => format!("{what} (no data supplied)"),
        NeedKind::Assumed(_) if need.field.is_some() => what,
        NeedKind::Assumed(name) | NeedKind::Input(name) => match &row {
            Some(row) if need.row.is_some() => format!("{row}.{name}"),
            _ => name.to_string(),
        },
        NeedKind::Undecided(name) => match &row {
            Some(row) if need.row.is_some() => format!("{row}.{name} (no result)"),
            _ => format!("{name} (no result)"),
        },
    }
}

/// The key of a row as far as it is known; of a row of a group, its position.
fn row_name(plan: &Plan, data: &dyn Records, record: RecordId, row: u32, privacy: Privacy) -> String {
    let symbols = &plan.symbols;
    let (Some(declared), Some(_)) = (symbols.record(record), data.rows(record)) else {
        return format!("{}", u64::from(row) + 1);
    };
    let key: Option<Vec<Value>> = (0u32..)
        .zip(declared.fields.iter().take(declared.keys))
        .map(|(field, _)| match &*data.cell(record, row, field) {
            Cell::Known(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    match key {
        Some(key) => {
            let row = Some(data.number_in_file(record, row));
            let reference = Value::Reference(Reference { record, row, key: key.into() });
            show_with(symbols, &reference, Type::of(Base::Record(record)), privacy)
        }
        None => {
            let origin = data.origin(record, row).unwrap_or_default();
            let file = data.files().get(origin.file as usize).map_or("", String::as_str);
            format!("on {}", place_in(file, origin.line))
        }
    }
}
