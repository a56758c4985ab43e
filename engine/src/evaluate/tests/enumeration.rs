//! The decision algorithm against all small cases: every condition that is not known is replaced by yes and by no, each
//! by itself, and what a complete case gives is worked out straight from the definition of "applies".

use std::collections::BTreeSet;

use crate::evaluate::decide::{Candidate, Ruling, decide};
use crate::evaluate::found::Truth;

/// What a complete case gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Outcome(u32),
    Nothing,
    Conflict,
}

#[derive(Clone, Debug)]
struct Case {
    outcomes: Vec<u32>,
    /// `overrides[r]`: a mask of the rules that override r.
    overrides: Vec<u32>,
    conditions: Vec<Truth>,
    default: Option<u32>,
}

impl Case {
    fn decide(&self, conditions: &[Truth]) -> Ruling {
        let lists: Vec<Vec<u32>> = self
            .overrides
            .iter()
            .map(|mask| (0..32).filter(|rule| mask >> rule & 1 == 1).collect())
            .collect();
        let rules: Vec<Candidate<'_>> = (0..self.outcomes.len())
            .map(|rule| Candidate {
                outcome: self.outcomes[rule],
                condition: conditions[rule],
                overridden_by: &lists[rule],
            })
            .collect();
        decide(&rules, self.default)
    }

    fn mask(&self, truth: Truth) -> u32 {
        self.conditions.iter().enumerate().filter(|(_, c)| **c == truth).map(|(rule, _)| 1 << rule).sum()
    }

    /// The rules that apply when exactly the conditions in the mask hold.
    fn applying(&self, holding: u32) -> u32 {
        (0..self.outcomes.len())
            .filter(|&r| holding >> r & 1 == 1 && self.overrides[r] & holding == 0)
            .map(|r| 1 << r)
            .sum()
    }

    fn plain(&self, holding: u32) -> Plain {
        let applying = self.applying(holding);
        let mut outcomes =
            (0..self.outcomes.len()).filter(|r| applying >> r & 1 == 1).map(|r| self.outcomes[r]);
        match outcomes.next() {
            None => self.default.map_or(Plain::Nothing, Plain::Outcome),
            Some(first) if outcomes.all(|other| other == first) => Plain::Outcome(first),
            Some(_) => Plain::Conflict,
        }
    }
}

/// All masks of which every bit is in `of`.
fn subsets(of: u32) -> impl Iterator<Item = u32> {
    let mut next = Some(0u32);
    std::iter::from_fn(move || {
        let subset = next?;
        next = if subset == of { None } else { Some(subset.wrapping_sub(of) & of) };
        Some(subset)
    })
}

fn rules(mask: u32) -> Vec<usize> {
    (0..32).filter(|rule| mask >> rule & 1 == 1).collect()
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    cases: u32,
    determined: u32,
    conflicts: u32,
    undetermined: u32,
    always_conflicting_but_undetermined: u32,
    errors: u32,
}

fn check(case: &Case, seen: &mut Seen) {
    let (holding, unknown, failed) =
        (case.mask(Truth::True), case.mask(Truth::Unknown), case.mask(Truth::Error));
    let open = unknown | failed;
    let mut results = BTreeSet::new();
    let (mut always, mut ever) = (u32::MAX, 0);
    for completion in subsets(open) {
        results.insert(case.plain(holding | completion));
        let applying = case.applying(holding | completion);
        always &= applying;
        ever |= applying;
    }
    let agreed = if results.len() == 1 { results.first().copied() } else { None };
    seen.cases += 1;
    match case.decide(&case.conditions) {
        Ruling::Outcome { outcome, by, default, perhaps, default_perhaps } => {
            seen.determined += 1;
            assert_eq!(agreed, Some(Plain::Outcome(outcome)), "{case:?}");
            assert_eq!(by, rules(always), "{case:?}");
            assert_eq!(perhaps, rules(ever & !always), "{case:?}");
            assert_eq!(default, holding | open == 0, "{case:?}");
            assert_eq!(default_perhaps, holding == 0 && open != 0, "{case:?}");
        }
        Ruling::Conflict { by } => {
            seen.conflicts += 1;
            assert_eq!(agreed, Some(Plain::Conflict), "{case:?}");
            assert_eq!(by, rules(always), "{case:?}");
        }
        Ruling::Nothing => assert_eq!(agreed, Some(Plain::Nothing), "{case:?}"),
        Ruling::Undetermined { needed, possible } => {
            seen.undetermined += 1;
            assert!(!matches!(agreed, Some(Plain::Outcome(_) | Plain::Nothing)), "missed: {case:?}");
            seen.always_conflicting_but_undetermined += u32::from(agreed == Some(Plain::Conflict));
            assert!(!needed.is_empty() && needed.iter().all(|rule| unknown >> rule & 1 == 1), "{case:?}");
            for result in &results {
                if let Plain::Outcome(outcome) = result {
                    assert!(possible.contains(outcome), "{outcome} is possible: {case:?}");
                }
            }
            // Whatever the facts asked for turn out to be, no more are asked for.
            for answers in 0..1u32 << needed.len() {
                let mut settled = case.conditions.clone();
                for (position, rule) in needed.iter().enumerate() {
                    settled[*rule] = if answers >> position & 1 == 1 { Truth::True } else { Truth::False };
                }
                let again = case.decide(&settled);
                assert!(!matches!(again, Ruling::Undetermined { .. }), "asks twice: {case:?} {again:?}");
            }
        }
        Ruling::Error { failed: named } => {
            seen.errors += 1;
            assert!(!named.is_empty() && named.iter().all(|rule| failed >> rule & 1 == 1), "{case:?}");
            // No added fact gives an answer.
            for completion in subsets(unknown) {
                let settled: BTreeSet<Plain> =
                    subsets(failed).map(|guess| case.plain(holding | completion | guess)).collect();
                let answered = settled.len() == 1 && !settled.contains(&Plain::Conflict);
                assert!(!answered, "a fact helps: {case:?}");
            }
        }
    }
}

fn acyclic(overrides: &[u32]) -> bool {
    let mut left: u32 = (1 << overrides.len()) - 1;
    loop {
        let free = (0..overrides.len()).find(|&rule| left >> rule & 1 == 1 && overrides[rule] & left == 0);
        match free {
            Some(rule) => left &= !(1 << rule),
            None => return left == 0,
        }
    }
}

/// Every list of that length with entries below `base`.
fn lists(length: usize, base: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..base.pow(u32::try_from(length).unwrap())).map(move |mut code| {
        (0..length)
            .map(|_| {
                let digit = code % base;
                code /= base;
                digit
            })
            .collect()
    })
}

fn enumerate(graphs: &[Vec<u32>], outcomes: u32, states: &[Truth], seen: &mut Seen) {
    for overrides in graphs {
        let n = overrides.len();
        for assigned in lists(n, outcomes).filter(|assigned| numbered_as_they_appear(assigned)) {
            for default in std::iter::once(None).chain((0..outcomes).map(Some)) {
                for codes in lists(n, u32::try_from(states.len()).unwrap()) {
                    let conditions = codes.iter().map(|&code| states[code as usize]).collect();
                    let case = Case {
                        outcomes: assigned.clone(),
                        overrides: overrides.clone(),
                        conditions,
                        default,
                    };
                    check(&case, seen);
                }
            }
        }
    }
}

/// Outcomes differ in nothing but their number, so one numbering of each pattern is enough.
fn numbered_as_they_appear(outcomes: &[u32]) -> bool {
    let mut next = 0;
    outcomes.iter().all(|&outcome| {
        let fits = outcome <= next;
        next = next.max(outcome + 1);
        fits
    })
}

const WITHOUT_ERRORS: [Truth; 3] = [Truth::True, Truth::False, Truth::Unknown];
const ALL: [Truth; 4] = [Truth::True, Truth::False, Truth::Unknown, Truth::Error];

#[test]
fn up_to_three_rules_every_graph_every_state() {
    let mut seen = Seen::default();
    for n in 0..=3 {
        let graphs: Vec<Vec<u32>> = lists(n, 1 << n).filter(|graph| acyclic(graph)).collect();
        assert_eq!(graphs.len(), [1, 1, 3, 25][n], "the acyclic graphs on {n} rules");
        enumerate(&graphs, 3, &ALL, &mut seen);
    }
    assert_eq!(seen.cases, 4 + 4 * 4 + 3 * 16 * 2 * 4 + 25 * 64 * 5 * 4);
    assert!(seen.determined > 5_000 && seen.conflicts > 100 && seen.errors > 100, "{seen:?}");
}

#[test]
fn four_rules_two_outcomes_in_an_order_of_overriding() {
    // Every acyclic graph has an order in which only later rules override earlier ones; labels do not matter.
    let graphs: Vec<Vec<u32>> = (0..64u32)
        .map(|edges| {
            let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
            let mut overrides = vec![0; 4];
            for (position, (low, high)) in pairs.into_iter().enumerate() {
                overrides[low] |= (edges >> position & 1) << high;
            }
            overrides
        })
        .collect();
    let mut seen = Seen::default();
    enumerate(&graphs, 2, &WITHOUT_ERRORS, &mut seen);
    assert_eq!(seen.cases, 64 * 8 * 3 * 81);
    assert!(seen.undetermined > seen.always_conflicting_but_undetermined, "{seen:?}");
}

/// The examples that the algorithm is for.
#[test]
fn what_the_algorithm_is_for() {
    use Truth::{False, True, Unknown};
    let case = |outcomes: &[u32], overrides: &[u32], default: Option<u32>, conditions: &[Truth]| {
        Case { outcomes: outcomes.to_vec(), overrides: overrides.to_vec(), conditions: vec![], default }
            .decide(conditions)
    };
    let outcome = |outcome: u32, by: &[usize], perhaps: &[usize]| Ruling::Outcome {
        outcome,
        by: by.to_vec(),
        default: false,
        perhaps: perhaps.to_vec(),
        default_perhaps: false,
    };
    // An unknown rule with the same outcome.
    assert_eq!(case(&[0, 0], &[0, 0], Some(1), &[True, Unknown]), outcome(0, &[0], &[1]));
    // An unknown rule under a sure overrider.
    assert_eq!(case(&[1, 0], &[2, 0], None, &[Unknown, True]), outcome(0, &[1], &[]));
    // An unknown overrider with the same outcome as all it defeats.
    assert_eq!(case(&[0, 0], &[2, 0], None, &[True, Unknown]), outcome(0, &[], &[0, 1]));
    // A default that agrees with every unknown rule.
    assert_eq!(
        case(&[0, 0], &[0, 0], Some(0), &[Unknown, False]),
        Ruling::Outcome { outcome: 0, by: vec![], default: false, perhaps: vec![0], default_perhaps: true }
    );
    // Trap: C overrides B overrides A, and all hold: A does not come back.
    assert_eq!(case(&[0, 1, 2], &[0b010, 0b100, 0], None, &[True, True, True]), outcome(2, &[2], &[]));
    // Safe, not complete: every completion conflicts.
    assert_eq!(
        case(&[0, 1, 1], &[0, 0b100, 0], None, &[True, True, Unknown]),
        Ruling::Undetermined { needed: vec![2], possible: vec![0, 1] }
    );
    // Nothing matched.
    assert_eq!(case(&[0], &[0], None, &[False]), Ruling::Nothing);
}
