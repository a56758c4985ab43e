//! What a law gives for a record, on a scale from more to less favourable: for every record at once, and for one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cnf::Lit;
use super::findings::law_of;
use super::subject::{Subject, outcome_word};
use super::witness::Witness;
use super::world::{Law, World};
use crate::evaluate::{By, Verdict};
use crate::plan::{DecisionBody, Interval, Plan, ResultStatus, written_name};

/// What a law gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is so favourable, less being more: of a decision the position of its outcome; of a requirement nothing where it
    /// is met or excepted, else one.
    Worth(u32),
    /// It is not about the record.
    NotApplicable,
    /// A fact is missing, or a finding is awaited.
    Undetermined,
    /// Rules that apply disagree.
    Conflict,
    /// No rule matches, and there is no default.
    Nothing,
    /// No fact would help.
    Error,
}

/// What a law gives for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// On the scale.
    pub what: What,
    /// In a word: `promoted`, `violated`, `conflict`.
    pub word: String,
    /// Of a decision: the rules that decided, by position; none where the default did.
    pub rules: Vec<u32>,
}

impl Given {
    /// The word as a test expects it of that.
    pub(crate) fn written(&self, subject: Subject) -> Cow<'_, str> {
        match (self.what, subject) {
            (What::Worth(_), Subject::Decision(_)) => written_name(&self.word),
            _ => Cow::Borrowed(&self.word),
        }
    }
}

/// What a law gives for the first row of a record.
pub(super) fn given(plan: &Plan, subject: Subject, witness: &Witness) -> Given {
    let symbols = &plan.symbols;
    let of_status = |status: ResultStatus| {
        let what = match status {
            ResultStatus::NotApplicable => What::NotApplicable,
            ResultStatus::Conflict => What::Conflict,
            ResultStatus::Error => What::Error,
            ResultStatus::Met | ResultStatus::Excepted => What::Worth(0),
            ResultStatus::Violated | ResultStatus::Pending => What::Worth(1),
            _ => What::Undetermined,
        };
        Given { what, word: status.word().to_owned(), rules: Vec::new() }
    };
    witness.ask(plan, |evaluator| match subject {
        Subject::Decision(id) => {
            let result = evaluator.decision(id, 0);
            let rule = |by: &By| match by {
                By::Rule(rule) => Some(*rule),
                By::Default(_) => None,
            };
            let rules = result.by.iter().filter_map(rule).collect();
            match result.verdict {
                Verdict::Outcome(outcome) => {
                    let word = outcome_word(symbols, id, outcome).to_owned();
                    Given { what: What::Worth(outcome), word, rules }
                }
                Verdict::Status(status @ ResultStatus::Undetermined)
                    if result.possible.is_empty() && result.needs.is_empty() =>
                {
                    Given { what: What::Nothing, word: status.word().to_owned(), rules }
                }
                Verdict::Status(status) => Given { rules, ..of_status(status) },
            }
        }
        Subject::Requirement(it) => of_status(evaluator.requirement(it, 0).status),
        Subject::Amount(_) | Subject::Define(_) => of_status(ResultStatus::Undetermined),
    })
}

/// What a law gives for every record at once. No two of the worths, conflict and not applicable hold together.
pub(super) struct Side {
    /// By worth.
    pub(super) worths: BTreeMap<u32, Lit>,
    /// Some of them.
    pub(super) some: Lit,
    pub(super) conflict: Lit,
    pub(super) nothing: Lit,
    pub(super) not_applicable: Lit,
    /// Of a decision: when each rule surely applies.
    pub(super) sure: Vec<Lit>,
    /// Under which law.
    pub(super) law: Law,
    /// What puts it there.
    pub(super) within: Vec<Lit>,
}

/// The rules of a decision.
pub(super) fn ruled(plan: &Plan, subject: Subject) -> Option<&DecisionBody> {
    match subject {
        Subject::Decision(id) => plan.decisions.get(&id.0).map(AsRef::as_ref),
        _ => None,
    }
}

impl World<'_> {
    /// What the law of these days gives.
    pub(super) fn side(&mut self, subject: Subject, row: usize, law_days: Interval) -> Option<Side> {
        let plan = self.plan;
        let (scope, mut worths, conflict, nothing, sure, law, within) = match subject {
            Subject::Decision(id) => {
                let body = plan.decisions.get(&id.0)?;
                let (law, within) = law_of(self, &body.code, body.law_on, row, law_days);
                let ruled = self.rule(body, row, &law, &[]);
                let worths: BTreeMap<u32, Lit> = ruled.is.iter().copied().collect();
                (ruled.scope, worths, ruled.conflict, ruled.nothing, ruled.sure, law, within)
            }
            Subject::Requirement(it) => {
                let body = plan.requirements.get(&it.requirement.0)?;
                let (law, within) = law_of(self, &body.code, body.law_on, row, law_days);
                let judged = self.judge(body, row, it.value, &law);
                let good = self.any([judged.met, judged.excepted]);
                let bad = self.any([judged.violated, judged.pending]);
                let worths = BTreeMap::from([(0, good), (1, bad)]);
                (judged.scope, worths, Lit::NO, Lit::NO, Vec::new(), law, within)
            }
            Subject::Amount(_) | Subject::Define(_) => return None,
        };
        for when in worths.values_mut() {
            *when = self.all([scope.yes, *when]);
        }
        let some = self.any(worths.values().copied());
        let conflict = self.all([scope.yes, conflict]);
        let nothing = self.all([scope.yes, nothing]);
        Some(Side { worths, some, conflict, nothing, not_applicable: scope.no, sure, law, within })
    }
}
