//! What proofs about amendments find, as the checks say it.

use super::proof::Clause;
use super::{not_decided, not_looser, not_tighter, proof};
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{Amendment, Grant, Permission, Plan, ResultId, RuleBody, Symbol, Symbols};
use crate::prove::{Amended, AmendmentVerdict, Direction, Given, How, Overstep, Subject, What};

/// An amendment with the laws that it stands between, and what was granted.
pub(super) struct Layer<'a> {
    laws: &'a Amended<'a>,
    amendment: &'a Amendment,
    grants: Vec<&'a Grant>,
    pub(super) direction: Direction,
}

/// What a diagnostic says, and where.
pub(super) struct Said {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) here: String,
}

/// In which one direction an amendment may change a decision or a requirement; nothing where either is allowed.
fn direction(symbols: &Symbols, amendment: &Amendment) -> Option<Direction> {
    let may = |what| symbols.may(amendment.target, amendment.policy, what);
    match (may(Permission::Tighten) || may(Permission::Add), may(Permission::Relax)) {
        (true, false) => Some(Direction::Tighten),
        (false, true) => Some(Direction::Relax),
        _ => None,
    }
}

/// What the proof of an amendment finds: whether it does what it was granted.
pub(super) fn told(whole: &Plan, amendment: &Amendment) -> Vec<Diagnostic> {
    let symbols = &whole.symbols;
    let result = match amendment.target {
        Symbol::Decision(id) => ResultId::Decision(id),
        Symbol::Requirement(id) => ResultId::Requirement(id),
        _ => return Vec::new(),
    };
    let Some(direction) = direction(symbols, amendment) else { return Vec::new() };
    if matches!(result, ResultId::Decision(id) if symbols.decision(id).is_none_or(|symbol| symbol.any_order))
    {
        return Vec::new();
    }
    let laws = Amended::new(whole, result, amendment.policy, direction);
    let grants = symbols.granted(amendment.target, amendment.policy);
    let layer = Layer { laws: &laws, amendment, grants, direction };
    let checks = [not_tighter::told, not_looser::told];
    let of = |verdict: &AmendmentVerdict| match verdict {
        AmendmentVerdict::Oversteps(found) => checks.iter().find_map(|check| check(&layer, found)),
        AmendmentVerdict::NotDecided(why) => Some(layer.open(why)),
    };
    laws.verdicts().iter().filter_map(of).collect()
}

impl Layer<'_> {
    fn symbols(&self) -> &Symbols {
        &self.laws.amended.symbols
    }

    /// The policy above and that of the amendment.
    fn policies(&self) -> (&str, &str) {
        let symbols = self.symbols();
        let name = |policy| symbols.policy(policy).map_or("", |policy| policy.name.as_str());
        let above = symbols.above(self.amendment.policy);
        (above.first().map_or("", |above| name(*above)), name(self.amendment.policy))
    }

    const fn may(&self) -> &'static str {
        match self.direction {
            Direction::Tighten => "may only be tightened",
            Direction::Relax => "may only be relaxed",
        }
    }

    fn rules(plan: &Plan, subject: Subject) -> &[RuleBody] {
        match subject {
            Subject::Decision(id) => plan.decisions.get(&id.0).map_or(&[], |body| &body.rules),
            _ => &[],
        }
    }

    fn label<'r>(&self, rule: &'r RuleBody) -> &'r str {
        self.symbols().short_label(rule.policy, &rule.label)
    }

    /// `promoted (rule reads_at_level)`.
    fn given(&self, plan: &Plan, subject: Subject, given: &Given) -> String {
        let word = match given.what {
            What::Nothing => return "undetermined (no rule matches)".to_owned(),
            What::Conflict => "a conflict",
            What::Error => "an error",
            _ => given.word.as_str(),
        };
        let rules = Self::rules(plan, subject);
        let labels: Vec<String> = given
            .rules
            .iter()
            .filter_map(|rule| rules.get(*rule as usize))
            .filter(|rule| !rule.is_default)
            .map(|rule| format!("`{}`", self.label(rule)))
            .collect();
        match (labels.as_slice(), subject, given.what) {
            ([], Subject::Decision(_), What::Worth(_)) => format!("{word} (by default)"),
            ([], ..) => word.to_owned(),
            ([one], ..) => format!("{word} (rule {one})"),
            (all, ..) => format!("{word} (rules {})", all.join(", ")),
        }
    }

    /// What could not be decided, and why.
    fn open(&self, why: &str) -> Diagnostic {
        let name = self.symbols().name(self.amendment.target).unwrap_or_default();
        let what = format!("whether this keeps to it that `{name}` {}", self.may());
        not_decided::open(self.amendment.place, &what, why)
    }

    pub(super) fn said(&self, found: &Overstep) -> Said {
        let name = found.subject.name(self.symbols());
        let (above, own) = self.policies();
        let before = self.given(&self.laws.parent, found.subject, &found.judged.parent);
        let after = self.given(&self.laws.amended, found.subject, &found.judged.amended);
        let rule =
            found.rule.and_then(|rule| Self::rules(&self.laws.amended, found.subject).get(rule as usize));
        Said {
            place: rule.map_or(self.amendment.place, |rule| rule.place),
            message: format!(
                "`{name}` {} here, and one record shows that it is not: under `{above}` {before}; with `{own}` {after}",
                self.may()
            ),
            here: format!("with `{own}`: {}", found.judged.amended.word),
        }
    }

    /// With what the parent's law gives and where it is granted, what to do, and the record.
    pub(super) fn with_labels(&self, found: &Overstep, diagnostic: Diagnostic) -> Diagnostic {
        let symbols = self.symbols();
        let (above, own) = self.policies();
        let judged = &found.judged;
        let mut diagnostic = diagnostic;
        let parents = Self::rules(&self.laws.parent, found.subject);
        for rule in judged.parent.rules.iter().filter_map(|rule| parents.get(*rule as usize)) {
            diagnostic = diagnostic.label(rule.place, format!("under `{above}`: {}", judged.parent.word));
        }
        let rules = Self::rules(&self.laws.amended, found.subject);
        let at = |rule: &u32| rules.get(*rule as usize);
        for other in found.others.iter().filter_map(at) {
            if !diagnostic.labels.iter().any(|label| label.place == other.place) {
                diagnostic = diagnostic.label(other.place, "disagrees");
            }
        }
        for grant in &self.grants {
            diagnostic = diagnostic.label(grant.place, "what is granted");
        }
        let name = found.subject.name(symbols);
        if let (How::Conflict, Subject::Decision(decision), Some(rule)) =
            (judged.how, found.subject, found.rule)
        {
            let may = self.may_say(rules, rule, &found.others);
            let rules = (rule, found.others.as_slice());
            diagnostic = proof::with_overrides(diagnostic, &self.laws.amended, decision, rules, may);
        }
        let title =
            format!("{name}: {} under {above}, {} with {own}", judged.parent.word, judged.amended.word);
        let expected =
            format!("%.{} = {}", found.subject.written(symbols), judged.amended.written(found.subject));
        let test = proof::shown(symbols, &found.witness, &title, &expected);
        diagnostic.help(format!("{}\n{test}", self.help(found)))
    }

    /// How a rule of the amendment may stand to those that it disagrees with: it may prevail only where it then gives what is
    /// granted.
    fn may_say(&self, rules: &[RuleBody], rule: u32, others: &[u32]) -> &'static [Clause] {
        let at = |rule: u32| rules.get(rule as usize);
        let outcome = |rule: u32| at(rule).map(|rule| rule.outcome);
        let is_own = |rule: u32| at(rule).is_some_and(|rule| rule.policy == self.amendment.policy);
        let keeps = |other: &u32| match self.direction {
            _ if is_own(*other) => true,
            Direction::Tighten => outcome(rule) >= outcome(*other),
            Direction::Relax => outcome(rule) <= outcome(*other),
        };
        match others {
            [] => &[],
            others if others.iter().all(keeps) => &[Clause::SubjectTo, Clause::Notwithstanding],
            _ => &[Clause::SubjectTo],
        }
    }

    /// The clauses by which the rule of a conflict can be told from those that it disagrees with.
    fn clauses(&self, found: &Overstep) -> Vec<Clause> {
        let (Subject::Decision(decision), Some(rule)) = (found.subject, found.rule) else {
            return Vec::new();
        };
        let (laws, others) = (&self.laws.amended, found.others.as_slice());
        let may = self.may_say(Self::rules(laws, found.subject), rule, others).iter().copied();
        let is_possible =
            |clause: &Clause| proof::override_clause(laws, decision, rule, others, *clause).is_some();
        may.filter(is_possible).collect()
    }

    fn help(&self, found: &Overstep) -> String {
        let symbols = self.symbols();
        if !found.parameters.is_empty() {
            let names = found.parameters.iter().filter_map(|id| symbols.parameter(*id));
            let names: Vec<String> = names.map(|symbol| format!("`{}`", symbol.name)).collect();
            return format!("the value that {} has here does it by itself: change that", names.join(" or "));
        }
        let rules = Self::rules(&self.laws.amended, found.subject);
        let label = |rule: &u32| {
            rules.get(*rule as usize).map(|rule| if rule.is_default { "default" } else { self.label(rule) })
        };
        let others: Vec<&str> = found.others.iter().filter_map(label).collect();
        let worth = &found.judged.parent.word;
        match (found.judged.how, found.rule.as_ref().and_then(label)) {
            (How::Conflict, Some(rule)) if !others.is_empty() => {
                let others = others.join(", ");
                let ways = self.clauses(found).into_iter().map(|clause| match clause {
                    Clause::SubjectTo => {
                        format!("let it give way: write `subject to {others}` in `{rule}`; or ")
                    }
                    Clause::Notwithstanding => {
                        format!("let it prevail: write `notwithstanding {others}` in `{rule}`; or ")
                    }
                });
                format!("{}leave such records out of its `when`", ways.collect::<String>())
            }
            (How::Order, Some(rule)) => {
                let side = match self.direction {
                    Direction::Tighten => "down",
                    Direction::Relax => "up",
                };
                let leave = match found.rule.and_then(|rule| rules.get(rule as usize)) {
                    Some(rule) if rule.is_default => "add rules for such records",
                    _ if found.judged.parent.rules.is_empty() => "leave such records out of its `when`",
                    _ => "leave such records out of its `when`, or say which rule it is `subject to`",
                };
                format!("let `{rule}` give {worth} or what stands further {side} the list, or {leave}")
            }
            (How::Error, _) => "say what holds where it cannot be computed, before it is".to_owned(),
            _ => "leave such records as the law above has them".to_owned(),
        }
    }
}
