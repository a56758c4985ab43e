//! What a result hangs on: the part of a plan that proofs about it read, and the stretches of time in which it is one law.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::plan::{
    AmountBody, Code, DecisionBody, DefineBody, Interval, Op, ParameterBody, Plan, PolicyId, RequirementBody,
    ResultId,
};
use crate::value::Date;

/// The declarations that some of these read in the end, themselves among them; tests, waivers and the rest left out. An
/// edit elsewhere leaves it equal.
#[must_use]
pub fn slice(plan: &Plan, results: &[ResultId], defines: &[u32]) -> Plan {
    slice_with(plan, results, defines, &Code::default())
}

/// As [`slice()`], and what a code reads that stands in no declaration.
#[must_use]
pub fn slice_with(plan: &Plan, results: &[ResultId], defines: &[u32], code: &Code) -> Plan {
    let empty = Plan { symbols: plan.symbols.clone(), groups: plan.groups.clone(), ..Plan::default() };
    gather(empty, plan, results, defines, code)
}

/// Where the bodies of declarations are found, by their numbers.
pub(crate) trait Bodies {
    fn parameter(&self, id: u32) -> Option<Arc<ParameterBody>>;
    fn define(&self, id: u32) -> Option<Arc<DefineBody>>;
    fn decision(&self, id: u32) -> Option<Arc<DecisionBody>>;
    fn requirement(&self, id: u32) -> Option<Arc<RequirementBody>>;
    fn amount(&self, id: u32) -> Option<Arc<AmountBody>>;
}

impl Bodies for Plan {
    fn parameter(&self, id: u32) -> Option<Arc<ParameterBody>> {
        self.parameters.get(&id).cloned()
    }

    fn define(&self, id: u32) -> Option<Arc<DefineBody>> {
        self.defines.get(&id).cloned()
    }

    fn decision(&self, id: u32) -> Option<Arc<DecisionBody>> {
        self.decisions.get(&id).cloned()
    }

    fn requirement(&self, id: u32) -> Option<Arc<RequirementBody>> {
        self.requirements.get(&id).cloned()
    }

    fn amount(&self, id: u32) -> Option<Arc<AmountBody>> {
        self.amounts.get(&id).cloned()
    }
}

/// As [`slice_with()`], from wherever the bodies are; `part` has the symbols and groups.
pub(crate) fn gather(
    mut part: Plan,
    bodies: &impl Bodies,
    results: &[ResultId],
    defines: &[u32],
    code: &Code,
) -> Plan {
    let mut results: Vec<ResultId> = results.to_vec();
    let mut defines: Vec<u32> = defines.to_vec();
    let mut parameters: BTreeSet<u32> = BTreeSet::new();
    reached(code, &mut results, &mut defines, &mut parameters);
    loop {
        if let Some(define) = defines.pop() {
            if !part.defines.contains_key(&define)
                && let Some(body) = bodies.define(define)
            {
                reached(&body.code, &mut results, &mut defines, &mut parameters);
                part.defines.insert(define, body);
            }
            continue;
        }
        let Some(result) = results.pop() else { break };
        match result {
            ResultId::Decision(id) if !part.decisions.contains_key(&id.0) => {
                if let Some(body) = bodies.decision(id.0) {
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                    part.decisions.insert(id.0, body);
                }
            }
            ResultId::Requirement(id) if !part.requirements.contains_key(&id.0) => {
                if let Some(body) = bodies.requirement(id.0) {
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                    part.requirements.insert(id.0, body);
                }
            }
            ResultId::Amount(id) if !part.amounts.contains_key(&id.0) => {
                if let Some(body) = bodies.amount(id.0) {
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                    part.amounts.insert(id.0, body);
                }
            }
            _ => {}
        }
    }
    for id in parameters {
        if let Some(body) = bodies.parameter(id) {
            part.parameters.insert(id, body);
        }
    }
    part
}

fn reached(code: &Code, results: &mut Vec<ResultId>, defines: &mut Vec<u32>, parameters: &mut BTreeSet<u32>) {
    for expr in &code.exprs {
        match &expr.op {
            Op::Define { define, .. } => defines.push(define.0),
            Op::Decision { decision, .. } => results.push(ResultId::Decision(*decision)),
            Op::IsMet { requirement, .. } => results.push(ResultId::Requirement(*requirement)),
            Op::Amount { amount, .. } => results.push(ResultId::Amount(*amount)),
            Op::Parameter { parameter, .. } => {
                parameters.insert(parameter.0);
            }
            _ => {}
        }
    }
}

/// The days on which something of a part changes.
fn turns(part: &Plan) -> BTreeSet<Date> {
    let mut intervals: Vec<Interval> = Vec::new();
    let mut policies: BTreeSet<PolicyId> = BTreeSet::new();
    intervals.extend(part.parameters.values().flat_map(|body| body.rows.iter().map(|row| row.interval)));
    intervals.extend(part.defines.values().flat_map(|body| body.arms.iter().map(|arm| arm.interval)));
    for (id, body) in &part.decisions {
        policies.extend(part.symbols.decision(crate::plan::DecisionId(*id)).map(|symbol| symbol.policy));
        intervals.extend(body.rules.iter().map(|rule| rule.interval));
        intervals.extend(body.defaults.iter().map(|default| default.interval));
    }
    for (id, body) in &part.requirements {
        policies
            .extend(part.symbols.requirement(crate::plan::RequirementId(*id)).map(|symbol| symbol.policy));
        intervals.push(body.interval);
        intervals.extend(body.musts.iter().map(|must| must.interval));
        intervals.extend(body.excepts.iter().map(|except| except.interval));
    }
    for (id, body) in &part.amounts {
        policies.extend(part.symbols.amount(crate::plan::AmountId(*id)).map(|symbol| symbol.policy));
        intervals.extend(body.lines.iter().map(|line| line.interval));
    }
    intervals.extend(
        policies.iter().filter_map(|policy| part.symbols.policy(*policy)).map(|policy| policy.effective),
    );
    intervals.iter().flat_map(|interval| [interval.from, interval.until]).flatten().collect()
}

/// The stretches of an interval in which nothing of these parts changes, the last first: of two that show the same, the
/// one nearer to today is shown.
#[must_use]
pub fn segments(parts: &[&Plan], within: Interval) -> Vec<Interval> {
    let days: BTreeSet<Date> = parts.iter().flat_map(|part| turns(part)).collect();
    let inside = |day: &&Date| {
        within.from.is_none_or(|from| from < **day) && within.until.is_none_or(|until| **day < until)
    };
    let mut found = Vec::new();
    let mut from = within.from;
    for day in days.iter().filter(inside) {
        found.push(Interval { from, until: Some(*day) });
        from = Some(*day);
    }
    found.push(Interval { from, until: within.until });
    found.reverse();
    found
}
