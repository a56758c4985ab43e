//! Requirements: what must hold and what excuses, beside or instead of what the parent says.

use std::sync::Arc;

use rubric_grammar::ast::{self, MustKind};

use super::super::names::snake_case;
use super::super::{Context, Lowered, Lowering};
use super::all_cites;
use crate::plan::{
    Amendment, ExceptBody, Expr, ExprId, MustBody, MustCheck, Op, Permission, RequirementAmendment,
    RequirementBody, Symbol,
};
use crate::value::{Base, Type};

/// Lowers `amend requirement`. The parent is the requirement as the policies above have it, absent where that has errors;
/// `each` is how it names the value of `for each`.
#[must_use]
pub fn requirement(
    cx: &Context<'_>,
    amendment: &Amendment,
    item: &ast::Requirement,
    parent: Option<&RequirementBody>,
    each: Option<&ast::ForEach>,
) -> Lowered<RequirementAmendment> {
    let mut lowering = Lowering::new(cx);
    let Symbol::Requirement(id) = amendment.target else { return lowering.finish(|_| None) };
    let Some((symbol, owner)) = cx.symbols.requirement(id).zip(cx.symbols.owner(amendment.target)) else {
        return lowering.finish(|_| None);
    };
    lowering.keeps_of_requirement(item);
    let Some((_, guard)) = lowering.amended_record(amendment, &item.name) else {
        return lowering.finish(|_| None);
    };
    if let Some(category) = symbol.each {
        let slot = lowering.new_slot();
        let name = match each.and_then(|each| each.alias.as_ref()) {
            Some(alias) => alias.text.clone(),
            None => snake_case(cx.symbols.category(category).map_or("", |it| it.name.as_str())),
        };
        lowering.bind(&name, Op::Row(slot), Type::of(Base::Category(category)));
    }
    let interval = lowering.interval(item.interval.as_ref());
    let span = item.interval.as_ref().map_or(item.name.span, |interval| interval.span);
    let interval = interval.and_then(|days| lowering.days_of(owner, days, span));
    let musts: Vec<MustBody> = item.musts.iter().filter_map(|must| lowering.must(must)).collect();
    let excepts: Vec<ExceptBody> = item.excepts.iter().filter_map(|except| lowering.except(except)).collect();
    lowering.check_labels(item);
    let replaced = match parent {
        Some(parent) => lowering.replaced(item, parent),
        None => Vec::new(),
    };
    lowering.granted_of_requirement(amendment, item, &replaced);
    let (Some(_), Some(guard), Some(interval)) = (parent, guard, interval) else {
        lowering.failed = true;
        return lowering.finish(|_| None);
    };
    let musts = musts
        .into_iter()
        .map(|must| MustBody { cites: all_cites(&item.cites, &must.cites), ..must })
        .map(|must| lowering.guarded_must(must, guard, interval))
        .collect();
    let mut kept = Vec::with_capacity(excepts.len());
    for except in excepts {
        let Some(days) = except.interval.meet(&interval) else {
            let diagnostic = crate::diagnostic::Diagnostic::error(
                "bad-interval",
                except.place,
                "this is never in force while the amendment is",
            );
            lowering.report(diagnostic.help("change one of the dates"));
            continue;
        };
        let place = except.place;
        let op = Op::And(guard, except.when);
        let when = lowering.code.push(Expr { op, ty: Type::of(Base::Flag), place });
        let cites = all_cites(&item.cites, &except.cites);
        kept.push(ExceptBody { when, interval: days, cites, guard: Some(guard), ..except });
    }
    lowering.finish(|code| {
        Some(RequirementAmendment {
            policy: cx.policy,
            code,
            guard,
            musts,
            excepts: kept,
            replaced,
            interval,
        })
    })
}

impl Lowering<'_> {
    fn keeps_of_requirement(&mut self, item: &ast::Requirement) {
        if let Some(of) = &item.of {
            self.not_amendable(of.span, "the record of a requirement", "leave `of …` out");
        }
        if let Some(each) = &item.for_each {
            self.not_amendable(each.category.span, "for each of what it is asked", "leave `for each …` out");
        }
        if let Some(condition) = &item.condition {
            self.not_amendable(condition.span, "of whom something is required", "leave `where …` out");
        }
        if let Some(id) = &item.id {
            self.not_amendable(id.span, "the `id` of a requirement", "leave it out");
        }
        if let Some(severity) = &item.severity {
            self.not_amendable(severity.span, "the severity of a requirement", "leave it out");
        }
        if let Some(law_on) = &item.law_on {
            self.not_amendable(law_on.span, "the day whose law is applied", "leave `law on …` out");
        }
        if let Some(due) = &item.due {
            self.not_amendable(due.span, "when a requirement is due", "leave `due …` out");
        }
        if let Some(by) = item.waivable_by.first() {
            self.not_amendable(by.span, "who may waive a requirement", "leave `waivable by` out");
        }
        if let Some(because) = &item.because {
            self.not_amendable(because.span, "the text of a violation", "leave `because` out");
        }
    }

    /// The labels that the parent has too.
    fn replaced(&mut self, item: &ast::Requirement, parent: &RequirementBody) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        for label in item.musts.iter().filter_map(|must| must.label.as_ref()) {
            let Some(must) =
                parent.musts.iter().find(|must| must.label.as_deref() == Some(label.text.as_str()))
            else {
                if let Some(except) = parent.excepts.iter().find(|except| *except.label == *label.text) {
                    self.other_kind(label, "an `except`", except.place);
                }
                continue;
            };
            if matches!(must.check, MustCheck::Unique(_)) {
                let place = must.place;
                let diagnostic = self
                    .error(
                        "not-amendable",
                        label.span,
                        format!("`{}` asks for keys that are unique, and stays", label.text),
                    )
                    .label(place, "it is here")
                    .help("give the `must` another label, and it is asked too");
                self.report(diagnostic);
            }
            found.push(Arc::from(label.text.as_str()));
        }
        for label in item.excepts.iter().map(|except| &except.label) {
            if parent.excepts.iter().any(|except| *except.label == *label.text) {
                found.push(Arc::from(label.text.as_str()));
            } else if let Some(must) =
                parent.musts.iter().find(|must| must.label.as_deref() == Some(label.text.as_str()))
            {
                self.other_kind(label, "a `must`", must.place);
            }
        }
        found
    }

    fn other_kind(&mut self, label: &ast::Name, what: &str, place: crate::diagnostic::Place) {
        let diagnostic = self
            .error("duplicate-label", label.span, format!("`{}` is {what} above", label.text))
            .label(place, "it is here")
            .help("give it another label");
        self.report(diagnostic);
    }

    fn granted_of_requirement(
        &mut self,
        amendment: &Amendment,
        item: &ast::Requirement,
        replaced: &[Arc<str>],
    ) {
        for must in &item.musts {
            let known =
                must.label.as_ref().is_some_and(|label| replaced.iter().any(|it| **it == *label.text));
            let (wanted, what): (&[Permission], &str) = match known {
                true => (&[Permission::Replace], "replaces what must hold"),
                false => (&[Permission::Tighten, Permission::Add], "requires more"),
            };
            if let MustKind::Unique(_) = must.kind {
                let help = "write a requirement of its own, which holds for the records of this authority";
                self.not_amendable(must.span, "which keys are unique", help);
            } else if !self.is_granted(amendment, wanted, must.span, what) {
                return;
            }
        }
        for except in &item.excepts {
            let known = replaced.iter().any(|it| **it == *except.label.text);
            let (wanted, what): (&[Permission], &str) = match known {
                true => (&[Permission::Replace], "replaces what excuses"),
                false => (&[Permission::Relax], "excuses more"),
            };
            if !self.is_granted(amendment, wanted, except.span, what) {
                return;
            }
        }
        if let (Some(cite), true) = (item.cites.first(), item.musts.is_empty() && item.excepts.is_empty()) {
            self.not_amendable(cite.span, "what a requirement cites", "cite at a `must` or `except`");
        }
    }

    /// What must hold, of the records of the authority.
    fn guarded_must(&mut self, must: MustBody, guard: ExprId, interval: crate::plan::Interval) -> MustBody {
        let MustCheck::Condition(condition) = must.check else { return must };
        let flag = Type::of(Base::Flag);
        let place = self.code.get(condition).map_or(must.place, |expr| expr.place);
        let guard_place = self.code.get(guard).map_or(place, |expr| expr.place);
        let elsewhere = self.code.push(Expr { op: Op::Not(guard), ty: flag, place: guard_place });
        let check = self.code.push(Expr { op: Op::Or(elsewhere, condition), ty: flag, place });
        MustBody { check: MustCheck::Condition(check), interval, guard: Some(guard), ..must }
    }
}
