//! Decisions: outcomes, defaults, rules and parts.

use std::sync::Arc;

use rubric_grammar::ast::{self, DecisionMember, Name};

use super::lowering::cites;
use super::override_order::Ranked;
use super::{Context, Lowered, Lowering, Target};
use crate::plan::{DecisionBody, DecisionId, DefaultBody, Interval, RuleBody, Symbol};
use crate::value::CategoryId;

/// Lowers a `decision`; an amendment of one is not a decision of its own.
#[must_use]
pub fn decision(cx: &Context<'_>, id: DecisionId, item: &ast::Decision) -> Lowered<DecisionBody> {
    let mut lowering = Lowering::new(cx);
    let Some(symbol) = cx.symbols.decision(id).filter(|_| !item.amend) else {
        return lowering.finish(|_| None);
    };
    if let Some(of) = &item.of {
        lowering.mention_declared(of);
    }
    if cx.symbols.record(symbol.of).is_none() {
        // Its names cannot be found without the record, which is already reported.
        return lowering.finish(|_| None);
    }
    lowering.bind_record(symbol.of);
    lowering.mention_outcomes(item, symbol.outcomes);
    let condition = item.condition.as_ref().map(|condition| lowering.condition(condition));
    let law_on = item.law_on.as_ref().map(|day| lowering.date_value(day));
    let defaults = lowering.defaults(item, symbol.outcomes, item.outcomes.is_some());
    let rules = lowering.rules(item, symbol.outcomes);
    if matches!(condition, Some(None)) || matches!(law_on, Some(None)) {
        lowering.failed = true;
    }
    if item.outcomes.is_none() {
        lowering.failed = true;
    }
    lowering.grants_reach(crate::plan::Symbol::Decision(id), symbol.of);
    let cites = cites(&item.cites);
    let (condition, law_on) = (condition.flatten(), law_on.flatten());
    let condition = lowering.own_records(symbol.of, condition).or(condition);
    lowering.finish(|code| Some(DecisionBody { code, condition, law_on, cites, defaults, rules }))
}

/// A rule with what its part says of it.
pub(super) struct Placed<'e> {
    pub(super) rule: &'e ast::Rule,
    pub(super) part: Option<&'e ast::Part>,
    pub(super) interval: Option<Interval>,
}

/// Parts, each with the positions of its rules.
pub(super) type Parts<'e> = Vec<(&'e Name, Vec<usize>)>;

impl Lowering<'_> {
    fn mention_outcomes(&mut self, item: &ast::Decision, category: CategoryId) {
        let Some(outcomes) = &item.outcomes else { return };
        if let [only] = outcomes.names.as_slice()
            && self.cx.symbols.category(category).is_some_and(|category| category.name == only.text)
        {
            self.mention(only.span, Target::Symbol(Symbol::Category(category)));
            return;
        }
        for name in &outcomes.names {
            if let Some(position) = self.category_value(category, &name.text) {
                self.mention(name.span, Target::Value(category, position));
            }
        }
    }

    /// The position of an outcome, else a report.
    fn outcome(&mut self, name: &Name, category: CategoryId, listed: bool) -> Option<u32> {
        let Some(position) = self.category_value(category, &name.text) else {
            self.failed = true;
            // Without a list of outcomes, that it is missing is what is reported.
            if listed {
                self.report_unknown_outcome(name, category);
            }
            return None;
        };
        self.mention(name.span, Target::Value(category, position));
        Some(position)
    }

    fn report_unknown_outcome(&mut self, name: &Name, category: CategoryId) {
        let Some(found) = self.cx.symbols.category(category) else { return };
        let values = found.values.iter().map(|value| value.name.as_str());
        let message = format!("`{}` is not an outcome of `{}`", name.text, found.name);
        let diagnostic = self.error("unknown-outcome", name.span, message);
        let diagnostic = match crate::names::nearest(&name.text, values.clone()) {
            Some(near) => super::names::replace(diagnostic, near),
            None => diagnostic.help(format!("the outcomes are {}", super::unit::one_of(values))),
        };
        self.report(diagnostic);
    }

    pub(super) fn defaults(
        &mut self,
        item: &ast::Decision,
        category: CategoryId,
        listed: bool,
    ) -> Vec<DefaultBody> {
        let mut lowered: Vec<DefaultBody> = Vec::with_capacity(item.defaults.len());
        for default in &item.defaults {
            let outcome = self.outcome(&default.outcome, category, listed);
            let interval = self.interval(default.interval.as_ref());
            let because = self.template(default.because.as_ref());
            let Some((outcome, interval)) = outcome.zip(interval) else { continue };
            let place = self.place(default.outcome.span);
            // Reported by the check of versions.
            if lowered.iter().any(|other| other.interval.overlaps(&interval)) {
                self.failed = true;
            }
            let cites = cites(&default.cites);
            lowered.push(DefaultBody { outcome, interval, cites, because, place });
        }
        lowered
    }

    /// The rules in the order of the text, those of parts among them.
    pub(super) fn placed<'e>(&mut self, item: &'e ast::Decision) -> (Vec<Placed<'e>>, Parts<'e>) {
        let mut placed: Vec<Placed<'e>> = Vec::new();
        let mut parts: Parts<'e> = Vec::new();
        for member in &item.members {
            match member {
                DecisionMember::Rule(rule) => {
                    let interval = self.interval(rule.interval.as_ref());
                    placed.push(Placed { rule, part: None, interval });
                }
                DecisionMember::Part(part) => {
                    let outer = self.interval(part.interval.as_ref());
                    let first = placed.len();
                    for rule in &part.rules {
                        let own = self.interval(rule.interval.as_ref());
                        let interval = match own.zip(outer) {
                            Some((own, outer)) => self.within(own, outer, rule, part),
                            None => None,
                        };
                        placed.push(Placed { rule, part: Some(part), interval });
                    }
                    let members: Vec<usize> = (first..placed.len()).collect();
                    match parts.iter().find(|(label, _)| label.text == part.label.text) {
                        Some((label, _)) => {
                            let text = &part.label.text;
                            let diagnostic = self
                                .error(
                                    "duplicate-label",
                                    part.label.span,
                                    format!("two parts are called `{text}`"),
                                )
                                .label(self.place(label.span), "the other is here")
                                .help("rename one of them");
                            self.report(diagnostic);
                        }
                        None => parts.push((&part.label, members)),
                    }
                }
            }
        }
        (placed, parts)
    }

    fn rules(&mut self, item: &ast::Decision, category: CategoryId) -> Vec<RuleBody> {
        let (placed, parts) = self.placed(item);
        let ranked: Vec<Ranked<'_>> = placed
            .iter()
            .map(|placed| Ranked {
                label: &placed.rule.label,
                interval: placed.interval.unwrap_or_default(),
                subject_to: joined(&placed.rule.subject_to, placed.part.map(|part| &part.subject_to)),
                notwithstanding: joined(
                    &placed.rule.notwithstanding,
                    placed.part.map(|part| &part.notwithstanding),
                ),
            })
            .collect();
        let overridden_by = self.overrides(&ranked, &parts, "rule");
        let listed = item.outcomes.is_some();
        let mut lowered = Vec::with_capacity(placed.len());
        for (placed, overridden_by) in placed.iter().zip(overridden_by) {
            lowered.extend(self.rule(placed, overridden_by, category, listed));
        }
        lowered
    }

    /// The interval of a rule inside its part.
    fn within(
        &mut self,
        own: Interval,
        outer: Interval,
        rule: &ast::Rule,
        part: &ast::Part,
    ) -> Option<Interval> {
        if !own.overlaps(&outer) {
            let span = rule.interval.as_ref().map_or(rule.label.span, |interval| interval.span);
            let message =
                format!("`{}` is never in force while its part `{}` is", rule.label.text, part.label.text);
            let diagnostic = self
                .error("bad-interval", span, message)
                .label(self.place(part.interval.as_ref().map_or(part.label.span, |interval| interval.span)), "the part")
                .help("a rule in a part is in force only while the part is: move it out, or change one of the dates");
            self.report(diagnostic);
            return None;
        }
        let until = match (own.until, outer.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Some(Interval { from: own.from.max(outer.from), until })
    }

    pub(super) fn rule(
        &mut self,
        placed: &Placed<'_>,
        overridden_by: Vec<u32>,
        category: CategoryId,
        listed: bool,
    ) -> Option<RuleBody> {
        let rule = placed.rule;
        let outcome = rule.outcome.as_ref().and_then(|outcome| self.outcome(outcome, category, listed));
        let when = rule.when.as_ref().map(|when| self.condition(when));
        let because = self.template(rule.because.as_ref());
        if rule.damaged || outcome.is_none() || matches!(when, Some(None)) {
            self.failed = true;
        }
        let all: Vec<Arc<str>> = placed
            .part
            .map(|part| cites(&part.cites))
            .unwrap_or_default()
            .into_iter()
            .chain(cites(&rule.cites))
            .collect();
        Some(RuleBody {
            label: rule.label.text.as_str().into(),
            part: placed.part.map(|part| part.label.text.as_str().into()),
            outcome: outcome?,
            when: when.flatten(),
            interval: placed.interval?,
            fixed: rule.fixed,
            waivable_by: cites(&rule.waivable_by),
            overridden_by,
            cites: all,
            because,
            policy: self.cx.policy,
            guard: None,
            is_default: false,
            place: self.place(rule.label.span),
            said: self.place(rule.outcome.as_ref().map_or(rule.label.span, |outcome| outcome.span)),
        })
    }
}

/// A rule's own labels and those of its part.
pub(super) fn joined<'e>(own: &'e [Name], part: Option<&'e Vec<Name>>) -> Vec<&'e Name> {
    own.iter().chain(part.into_iter().flatten()).collect()
}
