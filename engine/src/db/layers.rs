//! Amendments among the bodies of a database, joined with what they amend.

use std::sync::Arc;

use super::queries::Body;
use crate::layer;
use crate::plan::{
    AmountAmendment, AmountBody, DecisionAmendment, DecisionBody, ParameterBody, Plan, RequirementAmendment,
    RequirementBody, Symbol, Symbols,
};

/// A parameter as the policies above an amendment have it.
pub(super) fn parameter_above(base: &Arc<ParameterBody>, above: &[Body]) -> Arc<ParameterBody> {
    above.iter().fold(Arc::clone(base), |parent, body| match body {
        Body::ParameterAmendment(amendment) => Arc::new(layer::parameter(&parent, amendment)),
        _ => parent,
    })
}

/// A decision with some amendments.
pub(super) fn decision(
    base: &Arc<DecisionBody>,
    amendments: &[Body],
    symbols: &Symbols,
) -> Arc<DecisionBody> {
    let all: Vec<&DecisionAmendment> = amendments
        .iter()
        .filter_map(|body| match body {
            Body::DecisionAmendment(amendment) => Some(&**amendment),
            _ => None,
        })
        .collect();
    if all.is_empty() { Arc::clone(base) } else { Arc::new(layer::decision(base, &all, symbols)) }
}

/// A requirement with some amendments.
pub(super) fn requirement(
    base: &Arc<RequirementBody>,
    amendments: &[Body],
    symbols: &Symbols,
) -> Arc<RequirementBody> {
    let all: Vec<&RequirementAmendment> = amendments
        .iter()
        .filter_map(|body| match body {
            Body::RequirementAmendment(amendment) => Some(&**amendment),
            _ => None,
        })
        .collect();
    if all.is_empty() { Arc::clone(base) } else { Arc::new(layer::requirement(base, &all, symbols)) }
}

/// An amount with some amendments.
pub(super) fn amount(base: &Arc<AmountBody>, amendments: &[Body]) -> Arc<AmountBody> {
    let all: Vec<&AmountAmendment> = amendments
        .iter()
        .filter_map(|body| match body {
            Body::AmountAmendment(amendment) => Some(&**amendment),
            _ => None,
        })
        .collect();
    if all.is_empty() { Arc::clone(base) } else { Arc::new(layer::amount(base, &all)) }
}

/// Joins all amendments, given in the order of the symbols, with what they amend. Where one has errors, what it amends is
/// left out of the plan: without it, it would be another law.
pub(super) fn join(plan: &mut Plan, amendments: &[Option<Body>]) {
    let symbols = Arc::clone(&plan.symbols);
    let mut targets: Vec<Symbol> = symbols.amendments.iter().map(|amendment| amendment.target).collect();
    targets.sort_unstable();
    targets.dedup();
    for target in targets {
        let mut of_target: Vec<(usize, usize)> = symbols
            .amendments
            .iter()
            .enumerate()
            .filter(|(_, amendment)| amendment.target == target)
            .map(|(position, amendment)| (symbols.above(amendment.policy).len(), position))
            .collect();
        of_target.sort_unstable();
        let bodies: Option<Vec<Body>> =
            of_target.iter().map(|(_, position)| amendments.get(*position).cloned().flatten()).collect();
        match target {
            Symbol::Parameter(id) => versions(plan, &symbols, id.0, target, amendments),
            Symbol::Decision(id) => match (plan.decisions.get(&id.0), bodies) {
                (Some(base), Some(bodies)) => {
                    let whole = decision(base, &bodies, &symbols);
                    plan.decisions.insert(id.0, whole);
                }
                _ => drop(plan.decisions.remove(&id.0)),
            },
            Symbol::Requirement(id) => match (plan.requirements.get(&id.0), bodies) {
                (Some(base), Some(bodies)) => {
                    let whole = requirement(base, &bodies, &symbols);
                    plan.requirements.insert(id.0, whole);
                }
                _ => drop(plan.requirements.remove(&id.0)),
            },
            Symbol::Amount(id) => match (plan.amounts.get(&id.0), bodies) {
                (Some(base), Some(bodies)) => {
                    let whole = amount(base, &bodies);
                    plan.amounts.insert(id.0, whole);
                }
                _ => drop(plan.amounts.remove(&id.0)),
            },
            _ => {}
        }
    }
}

/// The versions of a parameter, each lying over that of the nearest authority above.
fn versions(plan: &mut Plan, symbols: &Symbols, base: u32, target: Symbol, amendments: &[Option<Body>]) {
    for (position, amendment) in symbols.amendments.iter().enumerate() {
        let (true, Some(version)) = (amendment.target == target, amendment.version) else { continue };
        let Some(Some(Body::ParameterAmendment(own))) = amendments.get(position) else { continue };
        let above: Option<Vec<Body>> = symbols
            .amended_above(target, amendment.policy)
            .into_iter()
            .map(|above| {
                let at = symbols.amendments.iter().position(|other| std::ptr::eq(other, above))?;
                amendments.get(at).cloned().flatten()
            })
            .collect();
        if let (Some(base), Some(above)) = (plan.parameters.get(&base), above) {
            let parent = parameter_above(base, &above);
            let body = Arc::new(layer::parameter(&parent, own));
            plan.parameters.insert(version.0, body);
        }
    }
}
