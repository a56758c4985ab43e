//! The decision algorithm, over the states of conditions alone.
//!
//! A rule applies when its condition holds and no rule that directly overrides it has a condition that holds, whether or
//! not that rule is itself overridden. From which conditions surely hold and which may hold follows which rules may
//! apply and which surely do; what is common to all that may apply is decided, whatever the unknown turns out to be.

use super::found::Truth;

/// One rule, as far as deciding goes.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'r> {
    /// Position in the outcomes.
    pub(crate) outcome: u32,
    /// Whether its condition holds; no, where it is not in force.
    pub(crate) condition: Truth,
    /// Positions of the rules that directly override it.
    pub(crate) overridden_by: &'r [u32],
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// One outcome, whatever the unknown turns out to be.
    Outcome {
        /// Position in the outcomes.
        outcome: u32,
        /// The rules that surely apply.
        by: Vec<usize>,
        /// The default decides.
        default: bool,
        /// The rules of this outcome that may apply too.
        perhaps: Vec<usize>,
        /// The default may decide.
        default_perhaps: bool,
    },
    /// Rules that surely apply disagree.
    Conflict {
        /// All that surely apply.
        by: Vec<usize>,
    },
    /// No rule, no default.
    Nothing,
    /// Unknown conditions decide.
    Undetermined {
        /// The rules whose conditions are needed.
        needed: Vec<usize>,
        /// The outcomes still possible.
        possible: Vec<u32>,
    },
    /// Only conditions in error are in doubt.
    Error {
        /// The rules whose conditions are in error.
        failed: Vec<usize>,
    },
}

/// Decides. The overriding must be acyclic.
pub(crate) fn decide(rules: &[Candidate<'_>], default: Option<u32>) -> Ruling {
    let surely: Vec<bool> = rules.iter().map(|rule| rule.condition == Truth::True).collect();
    let maybe: Vec<bool> = rules.iter().map(|rule| rule.condition != Truth::False).collect();
    let overridden = |rule: &Candidate<'_>, by: &[bool]| {
        rule.overridden_by.iter().any(|&other| by.get(other as usize).copied().unwrap_or(false))
    };
    let select = |holds: &[bool], overriders: &[bool]| -> Vec<usize> {
        let applies = |(rule, holds): (&Candidate<'_>, &bool)| *holds && !overridden(rule, overriders);
        rules
            .iter()
            .zip(holds)
            .enumerate()
            .filter(|(_, pair)| applies(*pair))
            .map(|(position, _)| position)
            .collect()
    };
    let may = select(&maybe, &surely);
    let sure = select(&surely, &maybe);
    let outcome = |position: &usize| rules.get(*position).map(|rule| rule.outcome);

    let no_rule_is_sure = !surely.contains(&true);
    let mut possible: Vec<u32> = may.iter().filter_map(outcome).collect();
    if no_rule_is_sure {
        possible.extend(default);
    }
    possible.sort_unstable();
    possible.dedup();
    let nothing_possible = no_rule_is_sure && default.is_none();

    if sure.iter().any(|rule| outcome(rule) != sure.first().and_then(outcome)) {
        return Ruling::Conflict { by: sure };
    }
    match (possible.as_slice(), nothing_possible) {
        ([outcome], false) => {
            let nothing_else = !maybe.contains(&true);
            let perhaps = may.into_iter().filter(|rule| !sure.contains(rule)).collect();
            return Ruling::Outcome {
                outcome: *outcome,
                by: sure,
                default: nothing_else,
                perhaps,
                default_perhaps: no_rule_is_sure && !nothing_else,
            };
        }
        ([], true) => return Ruling::Nothing,
        _ => {}
    }
    // Only an open condition that itself may decide, or that overrides one that may, can change the answer.
    let open = |position: usize| maybe.get(position) == Some(&true) && surely.get(position) == Some(&false);
    let matters = |position: usize| {
        may.contains(&position)
            || may
                .iter()
                .filter_map(|rule| rules.get(*rule))
                .any(|rule| rule.overridden_by.iter().any(|&other| other as usize == position))
    };
    let in_state = |state: Truth| -> Vec<usize> {
        let is = |position: &usize| rules.get(*position).is_some_and(|rule| rule.condition == state);
        (0..rules.len()).filter(|&position| open(position) && matters(position)).filter(is).collect()
    };
    let needed = in_state(Truth::Unknown);
    if needed.is_empty() {
        return Ruling::Error { failed: in_state(Truth::Error) };
    }
    Ruling::Undetermined { needed, possible }
}
