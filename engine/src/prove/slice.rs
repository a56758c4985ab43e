//! What a result hangs on: the part of a plan that proofs about it read, and the stretches of time in which it is one law.

use std::collections::BTreeSet;

use crate::plan::{Code, Interval, Op, Plan, PolicyId, ResultId};
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
    let mut part = Plan { symbols: plan.symbols.clone(), ..Plan::default() };
    let mut results: Vec<ResultId> = results.to_vec();
    let mut defines: Vec<u32> = defines.to_vec();
    let mut parameters: BTreeSet<u32> = BTreeSet::new();
    reached(code, &mut results, &mut defines, &mut parameters);
    loop {
        if let Some(define) = defines.pop() {
            if !part.defines.contains_key(&define)
                && let Some(body) = plan.defines.get(&define)
            {
                part.defines.insert(define, body.clone());
                reached(&body.code, &mut results, &mut defines, &mut parameters);
            }
            continue;
        }
        let Some(result) = results.pop() else { break };
        match result {
            ResultId::Decision(id) if !part.decisions.contains_key(&id.0) => {
                if let Some(body) = plan.decisions.get(&id.0) {
                    part.decisions.insert(id.0, body.clone());
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                }
            }
            ResultId::Requirement(id) if !part.requirements.contains_key(&id.0) => {
                if let Some(body) = plan.requirements.get(&id.0) {
                    part.requirements.insert(id.0, body.clone());
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                }
            }
            ResultId::Amount(id) if !part.amounts.contains_key(&id.0) => {
                if let Some(body) = plan.amounts.get(&id.0) {
                    part.amounts.insert(id.0, body.clone());
                    reached(&body.code, &mut results, &mut defines, &mut parameters);
                }
            }
            _ => {}
        }
    }
    for id in parameters {
        if let Some(body) = plan.parameters.get(&id) {
            part.parameters.insert(id, body.clone());
        }
    }
    part.groups.clone_from(&plan.groups);
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
