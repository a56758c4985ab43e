//! Two versions of policies, without any record: what is declared otherwise, and what comes out otherwise for some record.
//!
//! Declarations are found in the other version by name. What says the same word for word is the same for all records;
//! for the rest [`crate::prove`] is asked, and says the same of every complete record, shows one that differs, or says why
//! it cannot.

mod names;
mod parameters;
mod terms;
mod vocabulary;

use std::collections::BTreeSet;

use rayon::prelude::*;

pub use names::Name;
pub use parameters::ParameterChange;

use crate::plan::{DefineId, Instance, Plan, PolicyId, ResultId, Shape, Shaper, Shapes, category_value};
use crate::prove::{self, Difference, Equivalence, Subject};
use crate::value::RecordId;

/// Something that is otherwise: what, and how it is in each version; nothing where a version does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `Student.level`, `rule reads`.
    pub what: String,
    /// In the old version.
    pub old: Option<String>,
    /// In the new one.
    pub new: Option<String>,
}

/// How two versions of a declaration stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// They say the same: nothing that they read or do is otherwise.
    Identical,
    /// They are written otherwise, and give the same for every complete record on which nothing is waived.
    Proved,
    /// They differ for this record.
    Differs(Box<Difference>),
    /// Neither could be shown; why.
    NotDecided(String),
}

/// A declaration that both versions have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// In the old version.
    pub old: Name,
    /// In the new one.
    pub new: Name,
    /// Whether it gives the same.
    pub sameness: Sameness,
    /// Who may waive what.
    pub waivers: Vec<Change>,
    /// What is in force when, and what only one of them has. That is no difference by itself.
    pub terms: Vec<Change>,
}

/// What is otherwise in two versions of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Records, fields, categories and inputs.
    pub vocabulary: Vec<Change>,
    /// When policies are in force.
    pub policies: Vec<Change>,
    /// Values of parameters.
    pub parameters: Vec<ParameterChange>,
    /// Declarations that only the old version has.
    pub only_old: Vec<Name>,
    /// Declarations that only the new version has.
    pub only_new: Vec<Name>,
    /// Declarations that give the same under another name.
    pub renamed: Vec<(Name, Name)>,
    /// Declarations that both have, in the order of the new version.
    pub results: Vec<Compared>,
}

/// Pairs of declarations of two names are compared by proof, if there are no more than these.
const MOST_RENAMED: usize = 16;

impl Versions {
    /// Whether anything is otherwise, or may be.
    #[must_use]
    pub fn differ(&self) -> bool {
        !(self.vocabulary.is_empty()
            && self.policies.is_empty()
            && self.parameters.is_empty()
            && self.only_old.is_empty()
            && self.only_new.is_empty()
            && self.renamed.is_empty())
            || self.results.iter().any(Compared::differs)
    }
}

impl Compared {
    /// Whether it is otherwise, or may be.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.waivers.is_empty() || matches!(self.sameness, Sameness::Differs(_) | Sameness::NotDecided(_))
    }
}

/// A version: its plan, and the policies that are compared.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// Its plan, without errors.
    pub plan: &'a Plan,
    /// The policies whose declarations are compared.
    pub policies: &'a BTreeSet<PolicyId>,
}

/// A declaration of a version.
struct Declared {
    name: Name,
    subject: Subject,
    shape: Shape,
}

/// Compares two versions; `advance` is told of each declaration that is done.
#[must_use]
pub fn compare(old: Version<'_>, new: Version<'_>, advance: &(dyn Fn() + Sync)) -> Versions {
    let mut shapes = Shapes::default();
    let (one, other) = (declared(old, &mut shapes), declared(new, &mut shapes));
    let mut paired = names::pair(&names_of(&one), &names_of(&other));
    let mut renamed = Vec::new();
    // What is left over may have another name.
    for by_proof in [false, true] {
        let pairs = paired.left_old.len() * paired.left_new.len();
        if by_proof && pairs > MOST_RENAMED {
            continue;
        }
        for after in paired.left_new.clone() {
            let found = paired.left_old.iter().copied().find(|before| {
                let (Some(a), Some(b)) = (one.get(*before), other.get(after)) else { return false };
                a.name.kind == b.name.kind
                    && a.name.record == b.name.record
                    && if by_proof {
                        prove::compare(old.plan, a.subject, new.plan, b.subject) == Equivalence::Same
                    } else {
                        a.shape == b.shape
                    }
            });
            if let Some(before) = found {
                paired.left_old.retain(|it| *it != before);
                paired.left_new.retain(|it| *it != after);
                if let (Some(a), Some(b)) = (one.get(before), other.get(after)) {
                    renamed.push((a.name.clone(), b.name.clone()));
                }
            }
        }
    }
    let pairs: Vec<(&Declared, &Declared)> =
        paired.pairs.iter().filter_map(|(a, b)| Some((one.get(*a)?, other.get(*b)?))).collect();
    let results = pairs
        .into_par_iter()
        .map(|(a, b)| {
            let compared = compared(old.plan, a, new.plan, b);
            advance();
            compared
        })
        .collect();
    let parameters = parameters::compare(old, new);
    let left = |list: &[usize], of: &[Declared]| -> Vec<Name> {
        list.iter().filter_map(|at| of.get(*at)).map(|it| it.name.clone()).collect()
    };
    let (mut only_old, mut only_new) = (left(&paired.left_old, &one), left(&paired.left_new, &other));
    only_old.extend(parameters.only_old);
    only_new.extend(parameters.only_new);
    Versions {
        vocabulary: vocabulary::changes(old.plan, new.plan),
        policies: terms::policies(old, new),
        parameters: parameters.changes,
        only_old,
        only_new,
        renamed,
        results,
    }
}

fn names_of(declared: &[Declared]) -> Vec<Name> {
    declared.iter().map(|it| it.name.clone()).collect()
}

fn compared(old: &Plan, a: &Declared, new: &Plan, b: &Declared) -> Compared {
    let sameness = if a.shape == b.shape {
        Sameness::Identical
    } else {
        match prove::compare(old, a.subject, new, b.subject) {
            Equivalence::Same => Sameness::Proved,
            Equivalence::Differs(difference) => Sameness::Differs(difference),
            Equivalence::NotDecided(why) => Sameness::NotDecided(why),
        }
    };
    let (before, after) = (terms::of(old, a.subject), terms::of(new, b.subject));
    Compared {
        old: a.name.clone(),
        new: b.name.clone(),
        sameness,
        waivers: terms::changes(before.waivers, after.waivers),
        terms: terms::changes(before.terms, after.terms),
    }
}

/// The decisions, requirements and amounts of a version, and the definitions that are written beside them.
fn declared(version: Version<'_>, shapes: &mut Shapes) -> Vec<Declared> {
    let symbols = &version.plan.symbols;
    let all = symbols.results.iter().flat_map(|result| Subject::all(symbols, *result));
    let mut subjects: Vec<Subject> = all.collect();
    let asked =
        |subject: &Subject| subject.policy(symbols).is_some_and(|policy| version.policies.contains(&policy));
    subjects.retain(asked);
    let of: BTreeSet<RecordId> = subjects.iter().filter_map(|subject| subject.record(symbols)).collect();
    let defines = (0_u32..).zip(&symbols.defines).filter(|(_, define)| {
        define.params.is_empty() && define.of.is_some_and(|record| of.contains(&record))
    });
    subjects.extend(defines.map(|(id, _)| Subject::Define(DefineId(id))).filter(asked));
    let mut shaper = Shaper::new(version.plan, shapes);
    let mut found = Vec::new();
    for subject in subjects {
        let shape = match subject {
            Subject::Decision(id) => shaper.result(ResultId::Decision(id)),
            Subject::Amount(id) => shaper.result(ResultId::Amount(id)),
            Subject::Requirement(it) => {
                let shape = shaper.result(ResultId::Requirement(it.requirement));
                shaper.instance(shape, value_name(version.plan, it))
            }
            Subject::Define(id) => shaper.define(id),
        };
        let policy = subject.policy(symbols).and_then(|policy| symbols.policy(policy));
        let record = subject.record(symbols).and_then(|record| symbols.record(record));
        let name = Name {
            policy: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
            kind: subject.kind(),
            name: subject.name(symbols),
            record: record.map(|record| record.name.clone()),
        };
        found.push(Declared { name, subject, shape });
    }
    found
}

fn value_name(plan: &Plan, it: Instance) -> Option<&str> {
    let category = plan.symbols.requirement(it.requirement)?.each?;
    category_value(&plan.symbols, category, it.value?)
}

#[cfg(test)]
mod tests;
