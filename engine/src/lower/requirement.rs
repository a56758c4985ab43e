//! Requirements.

use rubric_grammar::ast::{self, MustKind};

use super::lowering::cites;
use super::unit::has_equality;
use super::{Context, Lowered, Lowering};
use crate::diagnostic::Severity;
use crate::plan::{ExceptBody, ExprId, Interval, MustBody, MustCheck, Op, RequirementBody, RequirementId};
use crate::value::{Base, CategoryId, Type};

/// Lowers a `requirement`; an amendment of one is not a requirement of its own.
#[must_use]
pub fn requirement(cx: &Context<'_>, id: RequirementId, item: &ast::Requirement) -> Lowered<RequirementBody> {
    let mut lowering = Lowering::new(cx);
    let Some(symbol) = cx.symbols.requirement(id).filter(|_| !item.amend) else {
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
    let each = item.for_each.as_ref().zip(symbol.each).map(|(each, category)| lowering.each(each, category));
    let condition = item.condition.as_ref().map(|condition| lowering.condition(condition));
    let law_on = item.law_on.as_ref().map(|day| lowering.date_value(day));
    let due = item.due.as_ref().map(|due| lowering.date_value(&due.date).map(|day| (day, due.then_violated)));
    let because = lowering.template(item.because.as_ref());
    let interval = lowering.interval(item.interval.as_ref());
    let severity = lowering.severity(item.severity.as_ref());
    let musts: Vec<MustBody> = item.musts.iter().filter_map(|must| lowering.must(must)).collect();
    let excepts: Vec<ExceptBody> = item.excepts.iter().filter_map(|except| lowering.except(except)).collect();
    lowering.check_labels(item);
    lowering.grants_reach(crate::plan::Symbol::Requirement(id), symbol.of);
    let condition = lowering.own_records(symbol.of, condition.flatten()).or(condition.flatten());
    if item.musts.is_empty() {
        let message = format!("the requirement `{}` has no `must`", item.name.text);
        let diagnostic = lowering
            .error("missing-must", item.name.span, message)
            .help("write what has to hold: `must certified: …`");
        lowering.report(diagnostic);
    }
    let waivable_by = cites(&item.waivable_by);
    let cites = cites(&item.cites);
    let id = item.id.as_ref().map(|id| id.value.as_str().into());
    lowering.finish(|code| {
        // Those with errors are not here.
        if musts.is_empty() {
            return None;
        }
        Some(RequirementBody {
            code,
            id,
            severity,
            cites,
            because,
            waivable_by,
            each,
            condition,
            law_on: law_on.flatten(),
            interval: interval?,
            due: due.flatten(),
            musts,
            excepts,
        })
    })
}

impl Lowering<'_> {
    /// Binds the value of `for each`: to its alias, else to the name of the category in small letters.
    fn each(&mut self, each: &ast::ForEach, category: CategoryId) -> u16 {
        self.mention_declared(&each.category);
        let slot = self.new_slot();
        if self.cx.symbols.category(category).is_none() {
            self.failed = true;
        }
        let name = match &each.alias {
            Some(alias) => alias.text.clone(),
            None => super::names::snake_case(&each.category.text),
        };
        self.bind(&name, Op::Row(slot), Type::of(Base::Category(category)));
        slot
    }

    fn severity(&mut self, written: Option<&ast::Name>) -> Severity {
        match written.map(|name| name.text.as_str()) {
            None | Some("error") => Severity::Error,
            Some("warning") => Severity::Warning,
            Some(other) => {
                let span = written.map(|name| name.span).unwrap_or_default();
                let diagnostic = self.error("unknown-value", span, format!("there is no severity `{other}`"));
                let diagnostic = match crate::names::nearest(other, ["error", "warning"]) {
                    Some(near) => super::names::replace(diagnostic, near),
                    None => diagnostic.help("it is `error` or `warning`"),
                };
                self.report(diagnostic);
                Severity::Error
            }
        }
    }

    pub(super) fn must(&mut self, must: &ast::Must) -> Option<MustBody> {
        let check = match &must.kind {
            MustKind::Condition(condition) => MustCheck::Condition(self.condition(condition)?),
            MustKind::Unique(keys) => {
                let keys: Vec<Option<ExprId>> = keys.iter().map(|key| self.unique_key(key)).collect();
                let keys: Vec<ExprId> = keys.into_iter().collect::<Option<_>>()?;
                if keys.is_empty() {
                    self.failed = true;
                    return None;
                }
                MustCheck::Unique(keys)
            }
        };
        Some(MustBody {
            label: must.label.as_ref().map(|label| label.text.as_str().into()),
            check,
            interval: Interval::default(),
            cites: cites(&must.cites),
            policy: self.cx.policy,
            guard: None,
            put_aside: Vec::new(),
            place: self.place(must.span),
        })
    }

    fn unique_key(&mut self, key: &ast::Expr) -> Option<ExprId> {
        let (id, ty) = self.expr(key, None)?;
        if !has_equality(ty.base) {
            self.report_no_equality(key, ty);
            return None;
        }
        Some(id)
    }

    pub(super) fn except(&mut self, except: &ast::Except) -> Option<ExceptBody> {
        let when = self.condition(&except.when);
        let interval = self.interval(except.interval.as_ref());
        let (when, interval) = when.zip(interval)?;
        Some(ExceptBody {
            label: except.label.text.as_str().into(),
            when,
            interval,
            cites: cites(&except.cites),
            policy: self.cx.policy,
            guard: None,
            put_aside: Vec::new(),
            place: self.place(except.label.span),
        })
    }

    /// A result names what failed or excused by its label.
    pub(super) fn check_labels(&mut self, item: &ast::Requirement) {
        let musts = item.musts.iter().filter_map(|must| must.label.as_ref());
        let labels: Vec<&ast::Name> = musts.chain(item.excepts.iter().map(|except| &except.label)).collect();
        for (at, label) in labels.iter().enumerate() {
            if let Some(first) = labels.iter().take(at).find(|other| other.text == label.text) {
                let text = &label.text;
                let diagnostic = self
                    .error(
                        "duplicate-label",
                        label.span,
                        format!("two parts of this requirement are called `{text}`"),
                    )
                    .label(self.place(first.span), "the other is here")
                    .help("rename one of them");
                self.report(diagnostic);
            }
        }
    }
}
