//! The law of the parent: a plan without what one policy amends.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::{DecisionBody, ParameterId, Plan, PolicyId, RequirementBody, RuleBody, Symbol};

/// The plan as it is without what a policy amends in decisions, requirements and parameters, and without what policies below
/// it amend there: the law that holds for its records by its parents. Expressions keep their ids.
///
/// A requirement whose parts the policy replaces, and amounts, are left as they are.
#[must_use]
pub fn without(plan: &Plan, policy: PolicyId) -> Plan {
    let symbols = &plan.symbols;
    only(plan, |other| other != policy && !symbols.above(other).contains(&policy))
}

/// The plan as it is with what some policies amend in decisions, requirements and parameters, and nothing else of that
/// kind; as [`without`].
#[must_use]
pub fn only(plan: &Plan, kept: impl Fn(PolicyId) -> bool) -> Plan {
    let symbols = &plan.symbols;
    let gone = |policy: PolicyId| !kept(policy);
    let mut reduced = plan.clone();
    for (id, body) in &plan.decisions {
        if body.rules.iter().any(|rule| rule.guard.is_some() && gone(rule.policy)) {
            reduced.decisions.insert(*id, Arc::new(decision(body, &gone)));
        }
    }
    for (id, body) in &plan.requirements {
        if body.musts.iter().any(|must| must.guard.is_some() && gone(must.policy))
            || body.excepts.iter().any(|except| except.guard.is_some() && gone(except.policy))
        {
            reduced.requirements.insert(*id, Arc::new(requirement(body, &gone)));
        }
    }
    for amendment in symbols.amendments.iter().filter(|amendment| gone(amendment.policy)) {
        let (Symbol::Parameter(base), Some(version)) = (amendment.target, amendment.version) else {
            continue;
        };
        let above = symbols.amended_above(amendment.target, amendment.policy);
        let lawful: ParameterId =
            above.iter().rev().filter(|it| kept(it.policy)).find_map(|it| it.version).unwrap_or(base);
        if let Some(body) = plan.parameters.get(&lawful.0) {
            reduced.parameters.insert(version.0, Arc::clone(body));
        }
    }
    reduced
}

fn decision(body: &DecisionBody, gone: &impl Fn(PolicyId) -> bool) -> DecisionBody {
    let stays = |rule: &RuleBody| rule.guard.is_none() || !gone(rule.policy);
    let kept = (0_u32..).zip(&body.rules).filter(|(_, rule)| stays(rule));
    let moved: BTreeMap<u32, u32> = kept.zip(0_u32..).map(|((from, _), to)| (from, to)).collect();
    let rules = body.rules.iter().filter(|rule| stays(rule)).map(|rule| RuleBody {
        overridden_by: rule.overridden_by.iter().filter_map(|other| moved.get(other).copied()).collect(),
        ..rule.clone()
    });
    DecisionBody { rules: rules.collect(), ..body.clone() }
}

fn requirement(body: &RequirementBody, gone: &impl Fn(PolicyId) -> bool) -> RequirementBody {
    let mut parent = body.clone();
    parent.musts.retain(|must| must.guard.is_none() || !gone(must.policy));
    parent.excepts.retain(|except| except.guard.is_none() || !gone(except.policy));
    parent
}
