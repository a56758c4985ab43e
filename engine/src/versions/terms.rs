//! When what is in force, which rules and lines there are, and who may waive what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Change, Version};
use crate::plan::{Interval, Plan};
use crate::prove::Subject;

/// By what it is called: how it is.
type Told = BTreeMap<String, String>;

/// What a declaration says beside its conditions.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) terms: Told,
    pub(super) waivers: Told,
}

/// The days of an interval in words.
#[must_use]
pub(super) fn days(interval: &Interval) -> String {
    match (interval.from, interval.until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}

pub(super) fn changes(old: Told, new: Told) -> Vec<Change> {
    let names: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
    names
        .into_iter()
        .map(|what| Change { old: old.get(&what).cloned(), new: new.get(&what).cloned(), what })
        .filter(|change| change.old != change.new)
        .collect()
}

fn also(told: &mut Told, what: String, interval: &Interval) {
    let text = days(interval);
    told.entry(what).and_modify(|known| *known = format!("{known}, {text}")).or_insert(text);
}

pub(super) fn of(plan: &Plan, subject: Subject) -> Terms {
    let mut found = Terms::default();
    let who = |list: &[Arc<str>]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match subject {
        Subject::Decision(id) => {
            let Some(body) = plan.decisions.get(&id.0) else { return found };
            if let Some(symbol) = plan.symbols.decision(id) {
                let names = plan.symbols.category(symbol.outcomes).map_or(&[][..], |it| &it.values);
                for value in names {
                    found.terms.insert(format!("outcome {}", value.name), "possible".to_owned());
                }
            }
            for rule in &body.rules {
                also(&mut found.terms, format!("rule {}", rule.label), &rule.interval);
                if !rule.waivable_by.is_empty() {
                    found.waivers.insert(format!("rule {}", rule.label), who(&rule.waivable_by));
                }
            }
            for default in &body.defaults {
                also(&mut found.terms, "default".to_owned(), &default.interval);
            }
        }
        Subject::Requirement(it) => {
            let Some(body) = plan.requirements.get(&it.requirement.0) else { return found };
            also(&mut found.terms, "requirement".to_owned(), &body.interval);
            for except in &body.excepts {
                also(&mut found.terms, format!("except {}", except.label), &except.interval);
            }
            if !body.waivable_by.is_empty() {
                found.waivers.insert("requirement".to_owned(), who(&body.waivable_by));
            }
        }
        Subject::Amount(id) => {
            let Some(body) = plan.amounts.get(&id.0) else { return found };
            for line in &body.lines {
                also(&mut found.terms, format!("line {}", line.label), &line.interval);
            }
        }
        Subject::Define(id) => {
            let Some(body) = plan.defines.get(&id.0) else { return found };
            for arm in &body.arms {
                also(&mut found.terms, "definition".to_owned(), &arm.interval);
            }
        }
    }
    found
}

/// When policies that both versions have are in force.
pub(super) fn policies(old: Version<'_>, new: Version<'_>) -> Vec<Change> {
    let told = |version: Version<'_>| -> Told {
        let symbols = &version.plan.symbols;
        let policies = version.policies.iter().filter_map(|id| symbols.policy(*id));
        policies.map(|policy| (policy.name.clone(), days(&policy.effective))).collect()
    };
    let (old, mut new) = (told(old), told(new));
    new.retain(|name, _| old.contains_key(name));
    let both: Told = old.into_iter().filter(|(name, _)| new.contains_key(name)).collect();
    changes(both, new)
}
