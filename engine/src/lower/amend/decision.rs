//! Decisions: rules beside those of the parent, and a default instead of its own.

use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast::{self, Name};

use super::super::decision::{Placed, joined};
use super::super::override_order::Ranked;
use super::super::{Context, Lowered, Lowering};
use super::all_cites;
use crate::diagnostic::{Diagnostic, Place};
use crate::layer;
use crate::plan::{
    AddedRule, Amendment, Code, DecisionAmendment, DecisionBody, DefaultBody, Expr, Op, Permission, RuleBody,
    Symbol,
};
use crate::value::{Base, CategoryId, Type};

/// Lowers `amend decision`. The parent is the decision as the policies above have it; absent where that has errors.
#[must_use]
pub fn decision(
    cx: &Context<'_>,
    amendment: &Amendment,
    item: &ast::Decision,
    parent: Option<&DecisionBody>,
) -> Lowered<DecisionAmendment> {
    let mut lowering = Lowering::new(cx);
    let Symbol::Decision(id) = amendment.target else { return lowering.finish(|_| None) };
    let Some((symbol, owner)) = cx.symbols.decision(id).zip(cx.symbols.owner(amendment.target)) else {
        return lowering.finish(|_| None);
    };
    lowering.keeps_of_decision(item);
    let Some((_, guard)) = lowering.amended_record(amendment, &item.name) else {
        return lowering.finish(|_| None);
    };
    if !item.members.is_empty() || !item.defaults.is_empty() {
        let wanted = [Permission::Tighten, Permission::Relax, Permission::Replace];
        lowering.is_granted(amendment, &wanted, item.name.span, "changes its rules");
    }
    let mut defaults = lowering.defaults(item, symbol.outcomes, true);
    for default in &mut defaults {
        match lowering.days_of(owner, default.interval, default.place.span) {
            Some(days) => {
                default.interval = days;
                default.cites = all_cites(&item.cites, &default.cites);
            }
            None => lowering.failed = true,
        }
    }
    let Some(parent) = parent else {
        // Which labels there are is not known, and what is wrong with the parent is reported there.
        lowering.failed = true;
        return lowering.finish(|_| None);
    };
    let rules = lowering.added(item, parent, symbol.outcomes);
    let Some(guard) = guard else {
        lowering.failed = true;
        return lowering.finish(|_| None);
    };
    let mut kept = Vec::with_capacity(rules.len());
    for mut added in rules {
        let Some(days) = lowering.days_of(owner, added.rule.interval, added.rule.place.span) else {
            continue;
        };
        added.rule.interval = days;
        added.rule.when = Some(match added.rule.when {
            None => guard,
            Some(when) => {
                let place = lowering.code.get(when).map_or(added.rule.place, |expr| expr.place);
                lowering.code.push(Expr { op: Op::And(guard, when), ty: Type::of(Base::Flag), place })
            }
        });
        added.rule.guard = Some(guard);
        added.rule.cites = all_cites(&item.cites, &added.rule.cites);
        kept.push(added);
    }
    lowering.is_acyclic(amendment, &kept, &defaults, parent);
    lowering.finish(|code| Some(DecisionAmendment { policy: cx.policy, code, guard, rules: kept, defaults }))
}

impl Lowering<'_> {
    fn keeps_of_decision(&mut self, item: &ast::Decision) {
        if let Some(of) = &item.of {
            self.not_amendable(of.span, "the record of a decision", "leave `of …` out");
        }
        if let Some(condition) = &item.condition {
            let help = "leave `where …` out; a rule may say `when`, and `notwithstanding` what it replaces";
            self.not_amendable(condition.span, "for whom a decision is made", help);
        }
        if let Some(outcomes) = &item.outcomes {
            self.not_amendable(outcomes.span, "the outcomes of a decision", "leave `outcomes …` out");
        }
        if let Some(law_on) = &item.law_on {
            self.not_amendable(law_on.span, "the day whose law is applied", "leave `law on …` out");
        }
    }

    /// The rules, with what they say of rules of the parent by its labels.
    fn added(&mut self, item: &ast::Decision, parent: &DecisionBody, category: CategoryId) -> Vec<AddedRule> {
        let (placed, parts) = self.placed(item);
        let own = |name: &Name| {
            placed.iter().any(|placed| placed.rule.label.text == name.text)
                || parts.iter().any(|(label, _)| label.text == name.text)
        };
        let labels =
            placed.iter().map(|placed| &placed.rule.label).chain(parts.iter().map(|(label, _)| *label));
        for label in labels {
            self.is_new(label, parent);
        }
        let says = |placed: &Placed<'_>, own_labels: bool| -> (Vec<Name>, Vec<Name>) {
            let some = |names: Vec<&Name>| {
                names.into_iter().filter(|name| own(name) == own_labels).cloned().collect()
            };
            (
                some(joined(&placed.rule.subject_to, placed.part.map(|part| &part.subject_to))),
                some(joined(&placed.rule.notwithstanding, placed.part.map(|part| &part.notwithstanding))),
            )
        };
        let among: Vec<(Vec<Name>, Vec<Name>)> = placed.iter().map(|placed| says(placed, true)).collect();
        let beyond: Vec<(Vec<Name>, Vec<Name>)> = placed.iter().map(|placed| says(placed, false)).collect();
        let ranked: Vec<Ranked<'_>> = placed
            .iter()
            .zip(&among)
            .map(|(placed, (subject_to, notwithstanding))| Ranked {
                label: &placed.rule.label,
                interval: placed.interval.unwrap_or_default(),
                subject_to: subject_to.iter().collect(),
                notwithstanding: notwithstanding.iter().collect(),
            })
            .collect();
        let overridden_by = self.overrides(&ranked, &parts, "rule");
        let mut found = Vec::with_capacity(placed.len());
        for ((placed, overridden_by), (subject_to, notwithstanding)) in
            placed.iter().zip(overridden_by).zip(&beyond)
        {
            for name in subject_to.iter().chain(notwithstanding) {
                self.is_known(name, parent);
            }
            for name in notwithstanding {
                self.is_not_fixed(name, parent);
            }
            let texts = |names: &[Name]| names.iter().map(|name| Arc::from(name.text.as_str())).collect();
            if let Some(rule) = self.rule(placed, overridden_by, category, true) {
                found.push(AddedRule {
                    rule,
                    subject_to: texts(subject_to),
                    notwithstanding: texts(notwithstanding),
                });
            }
        }
        found
    }

    /// A label of the parent means its rule, so that one of an amendment is another.
    fn is_new(&mut self, label: &Name, parent: &DecisionBody) {
        let Some(place) = labelled(parent, &label.text).next().map(|rule| rule.place) else { return };
        let text = &label.text;
        let diagnostic = self
            .error(
                "duplicate-label",
                label.span,
                format!("the decision that is amended has a rule or part `{text}` already"),
            )
            .label(place, "it is here")
            .help(format!("give it another label; to put that one aside, add `notwithstanding {text}`"));
        self.report(diagnostic);
    }

    fn is_known(&mut self, name: &Name, parent: &DecisionBody) {
        if labelled(parent, &name.text).next().is_some() {
            return;
        }
        let text = &name.text;
        let diagnostic = self.error(
            "unknown-label",
            name.span,
            format!("neither here nor above is a rule or part called `{text}`"),
        );
        let mut labels: Vec<&str> = parent.rules.iter().map(|rule| &*rule.label).collect();
        labels.dedup();
        let diagnostic = match crate::names::nearest(text, labels.iter().copied()) {
            Some(near) => super::super::names::replace(diagnostic, near),
            None if text == "default" => diagnostic.help("every rule overrides the default: leave this out"),
            None => diagnostic.help(format!("above are {}", super::super::unit::one_of(labels))),
        };
        self.report(diagnostic);
    }

    fn is_not_fixed(&mut self, name: &Name, parent: &DecisionBody) {
        let Some(fixed) = labelled(parent, &name.text).find(|rule| rule.fixed) else { return };
        let (label, place) = (fixed.label.clone(), fixed.place);
        self.report_fixed(
            name.span,
            &label,
            place,
            &format!("`{label}` is fixed, and nothing below may override it"),
        );
    }

    fn report_fixed(&mut self, span: Span, label: &str, place: Place, message: &str) {
        let diagnostic = self.error("fixed-overridden", span, message.to_owned()).label(place, "fixed here").help(format!(
            "leave it out: where `{label}` holds it decides, whatever this adds, and the rules of this apply elsewhere"
        ));
        self.report(diagnostic);
    }

    /// With those of the parent the rules override each other in no circle.
    fn is_acyclic(
        &mut self,
        amendment: &Amendment,
        rules: &[AddedRule],
        defaults: &[DefaultBody],
        parent: &DecisionBody,
    ) {
        if self.failed {
            return;
        }
        let trial = DecisionAmendment {
            policy: amendment.policy,
            code: Code::default(),
            guard: crate::plan::ExprId(0),
            rules: rules.to_vec(),
            defaults: defaults.to_vec(),
        };
        let whole = layer::decision(parent, &[&trial], self.cx.symbols);
        let Some(circle) = circle(&whole) else { return };
        let added: Vec<&RuleBody> = circle
            .iter()
            .copied()
            .filter(|rule| rule.policy == amendment.policy && rule.guard.is_some())
            .collect();
        let Some(own) = added.first() else { return };
        let fixed = circle.iter().find(|rule| rule.fixed && rule.policy != amendment.policy);
        let labels: Vec<String> = circle.iter().map(|rule| format!("`{}`", rule.label)).collect();
        let order = labels.join(", which is overridden by ");
        if let Some(fixed) = fixed {
            let message = format!(
                "`{}` overrides what overrides the fixed `{}`, which in turn overrides all that is added: {order}",
                own.label, fixed.label
            );
            self.report_fixed(own.place.span, &fixed.label.clone(), fixed.place, &message);
            return;
        }
        let mut diagnostic = Diagnostic::error(
            "override-cycle",
            own.place,
            format!("these rules override each other in a circle: {order}"),
        );
        for rule in circle.iter().filter(|rule| rule.place != own.place) {
            diagnostic = diagnostic.label(rule.place, "in the circle");
        }
        self.report(diagnostic.help(
            "remove one of the `subject to` or `notwithstanding` clauses, so that it is clear which rule wins",
        ));
    }
}

/// The rules that a label means.
fn labelled<'p>(parent: &'p DecisionBody, label: &'p str) -> impl Iterator<Item = &'p RuleBody> {
    parent.rules.iter().filter(move |rule| {
        !rule.is_default && (&*rule.label == label || rule.part.as_deref() == Some(label))
    })
}

/// Rules each of which is overridden by the next, and the last by the first.
fn circle(body: &DecisionBody) -> Option<Vec<&RuleBody>> {
    let mut finished = vec![false; body.rules.len()];
    for start in 0..body.rules.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, done)) = path.last_mut() {
            let at = *at;
            let next =
                body.rules.get(at).and_then(|rule| rule.overridden_by.get(*done)).map(|next| *next as usize);
            *done += 1;
            let Some(next) = next else {
                if let Some(place) = finished.get_mut(at) {
                    *place = true;
                }
                path.pop();
                continue;
            };
            if let Some(first) = path.iter().position(|(other, _)| *other == next) {
                return path.iter().skip(first).map(|(at, _)| body.rules.get(*at)).collect();
            }
            if finished.get(next) == Some(&false) {
                path.push((next, 0));
            }
        }
    }
    None
}
