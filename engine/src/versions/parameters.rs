//! Parameters, value by value: which key, on which days, how much.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Name, pair};
use super::{Change, Version};
use crate::plan::{Interval, ParameterBody, ParameterId, Plan, show};
use crate::value::{Base, Date, Type, Value};

/// A parameter that has another value on some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterChange {
    /// Its policy in the new version.
    pub policy: String,
    /// Its name.
    pub parameter: String,
    /// The key, its parts in order; of all other keys `otherwise`; nothing for a parameter without keys.
    pub key: Vec<String>,
    /// On which days; of its type, always.
    pub days: Interval,
    /// What, and its values.
    pub change: Change,
}

pub(super) struct Parameters {
    pub(super) changes: Vec<ParameterChange>,
    pub(super) only_old: Vec<Name>,
    pub(super) only_new: Vec<Name>,
}

pub(super) fn compare(old: Version<'_>, new: Version<'_>) -> Parameters {
    let (one, other) = (named(old), named(new));
    let names = |list: &[(Name, ParameterId)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let paired = pair(&names(&one), &names(&other));
    let mut changes = Vec::new();
    for (before, after) in paired.pairs {
        if let (Some((_, a)), Some((name, b))) = (one.get(before), other.get(after)) {
            changes.extend(changed(old.plan, *a, new.plan, *b, name));
        }
    }
    let left = |list: &[usize], of: &[(Name, ParameterId)]| -> Vec<Name> {
        list.iter().filter_map(|at| of.get(*at)).map(|(name, _)| name.clone()).collect()
    };
    Parameters { changes, only_old: left(&paired.left_old, &one), only_new: left(&paired.left_new, &other) }
}

fn named(version: Version<'_>) -> Vec<(Name, ParameterId)> {
    let symbols = &version.plan.symbols;
    (0_u32..)
        .zip(&symbols.parameters)
        .filter(|(_, symbol)| version.policies.contains(&symbol.policy))
        .filter_map(|(id, symbol)| {
            let policy = symbols.policy(symbol.policy)?.name.clone();
            let name = Name { policy, kind: "parameter", name: symbol.name.clone(), record: None };
            Some((name, ParameterId(id)))
        })
        .collect()
}

/// The types of the keys and of the value, in words.
fn kind(plan: &Plan, id: ParameterId) -> Option<String> {
    let symbol = plan.symbols.parameter(id)?;
    let word = |ty: &Type| match ty.base {
        Base::Category(id) | Base::Set(id) => {
            plan.symbols.category(id).map(|category| category.name.clone()).unwrap_or_default()
        }
        other => format!("{other:?}").to_lowercase(),
    };
    let set = if matches!(symbol.ty.base, Base::Set(_)) { "set of " } else { "" };
    let value = format!("{set}{}", word(&symbol.ty));
    let keys: Vec<String> = symbol.by.iter().map(word).collect();
    Some(if keys.is_empty() { value } else { format!("{value} by {}", keys.join(", ")) })
}

fn changed(old: &Plan, a: ParameterId, new: &Plan, b: ParameterId, name: &Name) -> Vec<ParameterChange> {
    let change = |key: Vec<String>, days: Interval, old: Option<String>, new: Option<String>| {
        let what =
            if key.is_empty() { name.name.clone() } else { format!("{}({})", name.name, key.join(", ")) };
        let change = Change { what, old, new };
        ParameterChange { policy: name.policy.clone(), parameter: name.name.clone(), key, days, change }
    };
    let (was, is) = (kind(old, a), kind(new, b));
    let mut found = Vec::new();
    if was != is {
        found.push(change(Vec::new(), Interval::default(), was, is));
        let keys = |plan: &Plan, id| plan.symbols.parameter(id).map_or(0, |symbol| symbol.by.len());
        if keys(old, a) != keys(new, b) {
            // No value of one is a value of the other.
            return found;
        }
    }
    let (Some(one), Some(other)) = (old.parameters.get(&a.0), new.parameters.get(&b.0)) else { return found };
    // By key: the stretches of days on which they differ.
    let mut differing: BTreeMap<Key, Vec<Stretch>> = BTreeMap::new();
    for days in stretches([one, other]) {
        let (left, right) = (cells(old, a, one, days), cells(new, b, other, days));
        let keys: BTreeSet<&Key> = left.keys().chain(right.keys()).collect();
        for key in keys {
            let of = |cells: &BTreeMap<Key, String>| {
                cells.get(key).or_else(|| cells.get(&Key::Otherwise)).cloned()
            };
            let (was, is) = (of(&left), of(&right));
            let list = differing.entry(key.clone()).or_default();
            match list.last_mut() {
                Some((known, before, after))
                    if known.until == days.from && *before == was && *after == is =>
                {
                    known.until = days.until;
                }
                _ => list.push((days, was, is)),
            }
        }
    }
    for (key, list) in differing {
        let key = match key {
            Key::Parts(parts) => parts,
            Key::Otherwise => vec!["otherwise".to_owned()],
        };
        for (days, was, is) in list {
            if was != is {
                found.push(change(key.clone(), days, was, is));
            }
        }
    }
    found
}

/// Days, and the values of both versions on them.
type Stretch = (Interval, Option<String>, Option<String>);

/// A key by the names of its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Parts(Vec<String>),
    Otherwise,
}

/// The values of a parameter on some days on which they are one row.
fn cells(plan: &Plan, id: ParameterId, body: &ParameterBody, days: Interval) -> BTreeMap<Key, String> {
    let symbols = &plan.symbols;
    let Some(symbol) = symbols.parameter(id) else { return BTreeMap::new() };
    let day = days.from.or_else(|| days.until.and_then(|until| until.yesterday().ok()));
    let Some(row) = body.row_at(day.unwrap_or_default()) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for (key, values) in &row.cells {
        let parts = key.iter().zip(&symbol.by).map(|(part, ty)| {
            let value = match ty.base {
                Base::Category(_) => u32::try_from(*part).map(Value::Category).ok(),
                Base::SchoolYear => i16::try_from(*part).map(Value::SchoolYear).ok(),
                _ => None,
            };
            value.map_or_else(|| part.to_string(), |value| show(symbols, &value, *ty))
        });
        let mut values: Vec<String> = values.iter().map(|value| show(symbols, value, symbol.ty)).collect();
        let text = if matches!(symbol.ty.base, Base::Set(_)) {
            values.sort();
            format!("{{{}}}", values.join(", "))
        } else {
            values.join(", ")
        };
        found.insert(Key::Parts(parts.collect()), text);
    }
    if let Some(otherwise) = &row.otherwise {
        found.insert(Key::Otherwise, show(symbols, otherwise, symbol.ty));
    }
    found
}

/// The stretches of days in which no row begins or ends.
fn stretches(bodies: [&ParameterBody; 2]) -> Vec<Interval> {
    let rows = bodies.iter().flat_map(|body| &body.rows);
    let days: BTreeSet<Date> =
        rows.flat_map(|row| [row.interval.from, row.interval.until]).flatten().collect();
    let mut found = Vec::new();
    let mut from = None;
    for day in days {
        found.push(Interval { from, until: Some(day) });
        from = Some(day);
    }
    found.push(Interval { from, until: None });
    found
}
