//! Requirements with what is amended in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Guarded, around, qualified};
use crate::plan::{
    ExceptBody, ExprId, Interval, MustBody, MustCheck, PolicyId, RequirementAmendment, RequirementBody,
    Symbols,
};

/// A requirement with its amendments: a `must` or `except` that is added beside the parent's, or, of a label that the
/// parent has, in its place.
#[must_use]
pub fn requirement(
    base: &RequirementBody,
    amendments: &[&RequirementAmendment],
    symbols: &Symbols,
) -> RequirementBody {
    let mut body = base.clone();
    let known: BTreeSet<Arc<str>> = labels(&body).cloned().collect();
    for amendment in amendments {
        let shift = body.code.append(&amendment.code);
        let guard = shift.of(amendment.guard);
        let above = symbols.above(amendment.policy);
        for label in &amendment.replaced {
            put_aside(&mut body, label, guard, amendment.interval, &above);
        }
        body.musts.extend(amendment.musts.iter().map(|must| MustBody {
            check: match &must.check {
                MustCheck::Condition(condition) => MustCheck::Condition(shift.of(*condition)),
                MustCheck::Unique(keys) => MustCheck::Unique(keys.iter().map(|key| shift.of(*key)).collect()),
            },
            guard: Some(guard),
            // Guards that put it aside come with amendments of lower authorities.
            ..must.clone()
        }));
        body.excepts.extend(amendment.excepts.iter().map(|except| ExceptBody {
            when: shift.of(except.when),
            guard: Some(guard),
            ..except.clone()
        }));
    }
    let mut policies: BTreeMap<Arc<str>, BTreeSet<PolicyId>> = BTreeMap::new();
    let added = |guard: Option<ExprId>, label: &Arc<str>| guard.is_some() && !known.contains(label);
    for must in &body.musts {
        if let Some(label) = must.label.as_ref().filter(|label| added(must.guard, label)) {
            policies.entry(Arc::clone(label)).or_default().insert(must.policy);
        }
    }
    for except in body.excepts.iter().filter(|except| added(except.guard, &except.label)) {
        policies.entry(Arc::clone(&except.label)).or_default().insert(except.policy);
    }
    policies.retain(|_, policies| policies.len() > 1);
    for must in &mut body.musts {
        if let Some(label) = must.label.as_mut().filter(|label| policies.contains_key(*label)) {
            *label = qualified(symbols.policy(must.policy), label);
        }
    }
    for except in body.excepts.iter_mut().filter(|except| policies.contains_key(&except.label)) {
        except.label = qualified(symbols.policy(except.policy), &except.label);
    }
    body
}

fn labels(body: &RequirementBody) -> impl Iterator<Item = &Arc<str>> {
    body.musts
        .iter()
        .filter_map(|must| must.label.as_ref())
        .chain(body.excepts.iter().map(|except| &except.label))
}

/// While the amendment is in force, what has that label is not asked of the records of its authority.
fn put_aside(
    body: &mut RequirementBody,
    label: &Arc<str>,
    guard: ExprId,
    interval: Interval,
    above: &[PolicyId],
) {
    let seen = |guard: Option<ExprId>, policy: PolicyId| guard.is_none() || above.contains(&policy);
    let mut outside: Vec<MustBody> = Vec::new();
    for must in &mut body.musts {
        let MustCheck::Condition(condition) = must.check else { continue };
        if must.label.as_ref() != Some(label) || !seen(must.guard, must.policy) {
            continue;
        }
        let Some(inside) = must.interval.meet(&interval) else { continue };
        let place = body.code.get(condition).map_or(must.place, |expr| expr.place);
        let mut guarded = Guarded { code: &mut body.code, guard, place };
        let unless = guarded.guard_or(condition);
        outside.extend(around(must.interval, inside).map(|interval| MustBody { interval, ..must.clone() }));
        must.check = MustCheck::Condition(unless);
        must.interval = inside;
        must.put_aside.push(guard);
    }
    body.musts.extend(outside);
    let mut outside: Vec<ExceptBody> = Vec::new();
    for except in &mut body.excepts {
        if except.label != *label || !seen(except.guard, except.policy) {
            continue;
        }
        let Some(inside) = except.interval.meet(&interval) else { continue };
        let place = body.code.get(except.when).map_or(except.place, |expr| expr.place);
        let mut guarded = Guarded { code: &mut body.code, guard, place };
        let unless = guarded.not_guard_and(except.when);
        outside.extend(
            around(except.interval, inside).map(|interval| ExceptBody { interval, ..except.clone() }),
        );
        except.when = unless;
        except.interval = inside;
        except.put_aside.push(guard);
    }
    body.excepts.extend(outside);
}
