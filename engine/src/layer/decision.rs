//! Decisions with what is amended in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::qualified;
use crate::plan::{DecisionAmendment, DecisionBody, PolicyId, RuleBody, Symbols};

/// A decision with its amendments.
///
/// A rule that is added says itself what it overrides. A rule marked `fixed` overrides every rule that a layer below adds;
/// a default that is amended is a rule that every other overrides.
#[must_use]
pub fn decision(base: &DecisionBody, amendments: &[&DecisionAmendment], symbols: &Symbols) -> DecisionBody {
    let mut body = base.clone();
    let own = body.rules.len();
    let layers = Layers::new(symbols, amendments);
    for amendment in amendments {
        let shift = body.code.append(&amendment.code);
        let first = index(body.rules.len());
        let seen = |rule: &RuleBody| rule.guard.is_none() || layers.is_above(rule.policy, amendment.policy);
        for (position, added) in (first..).zip(&amendment.rules) {
            let named = |rule: &RuleBody, labels: &[Arc<str>]| {
                labels.iter().any(|label| *label == rule.label || Some(label) == rule.part.as_ref())
            };
            let mut rule = added.rule.clone();
            rule.when = rule.when.map(|when| shift.of(when));
            rule.guard = rule.guard.map(|guard| shift.of(guard));
            rule.because = shift.because(&rule.because);
            rule.overridden_by.iter_mut().for_each(|other| *other = other.saturating_add(first));
            for (other, parent) in (0..first).zip(&mut body.rules) {
                if !seen(parent) || parent.is_default {
                    continue;
                }
                if parent.fixed || named(parent, &added.subject_to) {
                    rule.overridden_by.push(other);
                }
                if named(parent, &added.notwithstanding) {
                    parent.overridden_by.push(position);
                }
            }
            body.rules.push(rule);
        }
        for default in &amendment.defaults {
            let guard = Some(shift.of(amendment.guard));
            body.rules.push(RuleBody {
                label: "default".into(),
                part: None,
                outcome: default.outcome,
                when: guard,
                interval: default.interval,
                fixed: false,
                waivable_by: Vec::new(),
                overridden_by: Vec::new(),
                cites: default.cites.clone(),
                because: shift.because(&default.because),
                policy: amendment.policy,
                guard,
                is_default: true,
                place: default.place,
                said: default.place,
            });
        }
    }
    let by: Vec<(PolicyId, bool, bool)> =
        body.rules.iter().map(|rule| (rule.policy, rule.guard.is_some(), rule.is_default)).collect();
    for rule in body.rules.iter_mut().skip(own).filter(|rule| rule.is_default) {
        let overrides = |(policy, added, is_default): (PolicyId, bool, bool)| {
            let above = !added || policy == rule.policy || layers.is_above(policy, rule.policy);
            (above && !is_default) || layers.is_above(rule.policy, policy)
        };
        let others = (0_u32..).zip(&by).filter(|(_, other)| overrides(**other)).map(|(other, _)| other);
        rule.overridden_by = others.collect();
    }
    let mut labels: BTreeMap<Arc<str>, BTreeSet<PolicyId>> = BTreeMap::new();
    for rule in body.rules.iter().skip(own) {
        labels.entry(Arc::clone(&rule.label)).or_default().insert(rule.policy);
    }
    for rule in &mut body.rules {
        rule.overridden_by.sort_unstable();
        rule.overridden_by.dedup();
        if rule.guard.is_some() && labels.get(&rule.label).is_some_and(|policies| policies.len() > 1) {
            rule.label = qualified(symbols.policy(rule.policy), &rule.label);
        }
    }
    body
}

/// Which policies stand above which.
pub(super) struct Layers(BTreeMap<PolicyId, BTreeSet<PolicyId>>);

impl Layers {
    fn new(symbols: &Symbols, amendments: &[&DecisionAmendment]) -> Self {
        let above = |policy: PolicyId| (policy, symbols.above(policy).into_iter().collect());
        Self(amendments.iter().map(|it| above(it.policy)).collect())
    }

    fn is_above(&self, policy: PolicyId, of: PolicyId) -> bool {
        policy != of && self.0.get(&of).is_some_and(|above| above.contains(&policy))
    }
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
