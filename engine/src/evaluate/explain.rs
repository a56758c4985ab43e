//! Why a record has its result: the tree of rules, conditions, derived facts and facts.

use std::cell::{Cell as Counter, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::amount::Entry;
use super::decision::{Hearing, default_at};
use super::evaluator::{Call, Evaluator, Frame, Subject};
use super::found::{Found, Truth};
use super::needs::show_need_with;
use super::outcome::{By, Explanation, Layer, Step, StepKind, Verdict};
use super::requirement::Inquiry;
use super::waiver::Waiver;
use super::wording::{Called, Cites, Digits, Words};
use crate::diagnostic::Place;
use crate::plan::{
    ADJUSTMENT, AmountBody, AmountId, DecisionBody, DecisionId, ExceptBody, ExprId, Instance, Interval,
    LineBody, MustCheck, Op, PolicyId, RequirementBody, ResultId, ResultStatus, RuleBody, category_value,
    show_fault, show_key,
};
use crate::value::{Base, CategoryId, Date, Need, RecordId, Reference, State, Type, Value};

/// Gives the source text of a place.
pub type SourceText<'s> = dyn Fn(Place) -> Option<String> + 's;

/// At most so many steps in one tree: a person reads it.
const MOST_STEPS: u32 = 5_000;
/// What lies deeper is left out.
const DEEPEST_STEP: u32 = 100;

impl Evaluator<'_> {
    /// Why a decision gives what it gives for a row.
    #[must_use]
    pub fn explain_decision(&self, decision: DecisionId, row: u32, text: &SourceText<'_>) -> Explanation {
        self.explaining(|told| {
            let Some(symbol) = self.symbols().decision(decision) else { return self.nothing_to_say() };
            let subject = self.settle(|| self.reference(symbol.of, row));
            let hearing = self.settle(|| self.hearing(decision, &subject));
            let result = &hearing.result;
            let guide = Guide::new(self, text, &subject);
            let verdict = match &result.verdict {
                Verdict::Outcome(outcome) => guide.outcome(symbol.outcomes, *outcome),
                Verdict::Status(status) => status.word().into(),
            };
            let body = self.plan.decisions.get(&decision.0);
            if let Some(body) = body {
                told.extend(guide.not_effective(self.is_effective(symbol.policy)));
                guide.decision((decision, body), symbol.outcomes, &hearing, &subject, Detail::All, told);
            }
            told.extend(guide.faults(&result.faults));
            Explanation {
                title: guide.title(&symbol.name, &subject),
                result: verdict,
                cites: self.cites(ResultId::Decision(decision), symbol.policy, body.map(|body| &body.cites)),
                because: self.settle(|| self.decision_because(decision, &subject, result)),
                needs: guide.needs(&result.needs),
                as_of: self.memory.wording.day(self.as_of),
                steps: taken(told, 0),
            }
        })
    }

    /// Why a requirement gives what it gives for a row.
    #[must_use]
    pub fn explain_requirement(
        &self,
        requirement: impl Into<Instance>,
        row: u32,
        text: &SourceText<'_>,
    ) -> Explanation {
        let requirement = requirement.into();
        self.explaining(|told| {
            let result = self.requirement(requirement, row);
            let Some(symbol) = self.symbols().requirement(requirement.requirement) else {
                return self.nothing_to_say();
            };
            let subject = self.settle(|| self.reference(symbol.of, row));
            let guide = Guide::new(self, text, &subject);
            let body = self.plan.requirements.get(&requirement.requirement.0);
            if let Some(body) = body {
                let inquiry = self.settle(|| self.inquiry(requirement, &subject));
                told.extend(guide.not_effective(self.is_effective(symbol.policy)));
                guide.requirement(body, requirement, &inquiry, &subject, told);
            }
            told.extend(guide.faults(&result.faults));
            let name = self.symbols().instance_name(requirement);
            let id = body.and_then(|body| body.id.as_ref());
            let name = id.map_or_else(|| name.clone(), |id| format!("{name} ({id})"));
            Explanation {
                title: guide.title(&name, &subject),
                result: result.status.word().into(),
                cites: self.cites(
                    ResultId::Requirement(requirement.requirement),
                    symbol.policy,
                    body.map(|body| &body.cites),
                ),
                because: result.because.into_iter().collect(),
                needs: guide.needs(&result.needs),
                as_of: self.memory.wording.day(self.as_of),
                steps: taken(told, 0),
            }
        })
    }

    /// The citations of a policy and of one of its declarations, the policy's first.
    fn cites(&self, result: ResultId, policy: PolicyId, own: Option<&Vec<Arc<str>>>) -> Cites {
        self.memory.wording.cites(result, || {
            let policy = self.symbols().policy(policy);
            let of_policy =
                policy.into_iter().flat_map(|policy| &policy.cites).map(|cite| Arc::from(cite.as_str()));
            of_policy.chain(own.into_iter().flatten().cloned()).collect()
        })
    }

    /// Why an amount gives what it gives for a row.
    #[must_use]
    pub fn explain_amount(&self, amount: AmountId, row: u32, text: &SourceText<'_>) -> Explanation {
        self.explaining(|told| {
            let result = self.amount(amount, row);
            let Some(symbol) = self.symbols().amount(amount) else { return self.nothing_to_say() };
            let subject = self.settle(|| self.reference(symbol.of, row));
            let guide = Guide::new(self, text, &subject);
            let found = self.settle(|| self.amount_of(amount, None, &subject));
            let mut state = guide.worth(&found, symbol.ty);
            let body = self.plan.amounts.get(&amount.0);
            if let Some(body) = body {
                // From the total and the other lines a line could be reckoned back.
                if found.value().is_some_and(|value| *value != Value::NotApplicable)
                    && body.lines.iter().any(|line| self.is_masked(&body.code, line.value))
                {
                    state = crate::plan::MASK.into();
                }
                told.extend(guide.not_effective(self.is_effective(symbol.policy)));
                guide.amount(amount, body, &subject, Detail::All, told);
            }
            told.extend(guide.faults(&found.faults()));
            Explanation {
                title: guide.title(&symbol.name, &subject),
                result: state,
                cites: self.cites(ResultId::Amount(amount), symbol.policy, body.map(|body| &body.cites)),
                because: result.because,
                needs: guide.needs(&found.needs()),
                as_of: self.memory.wording.day(self.as_of),
                steps: taken(told, 0),
            }
        })
    }

    /// Makes an explanation: what is selected for it is selected once, and its steps are told where those of the last one were.
    fn explaining(&self, explain: impl FnOnce(&mut Vec<Step>) -> Explanation) -> Explanation {
        self.make_room();
        let mut told = self.memory.told.take();
        self.memory.selections.begin();
        let explanation = explain(&mut told);
        self.memory.selections.end();
        told.clear();
        self.memory.told.set(told);
        explanation
    }

    fn nothing_to_say(&self) -> Explanation {
        Explanation {
            title: String::new(),
            result: ResultStatus::Error.word().into(),
            cites: Cites::default(),
            because: Vec::new(),
            needs: Vec::new(),
            as_of: self.memory.wording.day(self.as_of),
            steps: Vec::new(),
        }
    }
}

/// How much of a decision is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every rule.
    All,
    /// What decided, or what is open: the decision is a fact of another.
    Decisive,
}

/// Leads through one explanation.
pub(super) struct Guide<'g, 'a> {
    pub(super) evaluator: &'g Evaluator<'a>,
    text: &'g SourceText<'g>,
    subject: &'g Reference,
    told_of: Subject,
    told: RefCell<FxHashSet<Call>>,
    heard: RefCell<FxHashSet<(DecisionId, Subject)>>,
    counted: RefCell<FxHashSet<(AmountId, Subject)>>,
    steps: Counter<u32>,
    depth: Counter<u32>,
    rows: RefCell<Vec<Subject>>,
}

impl<'g, 'a> Guide<'g, 'a> {
    fn new(evaluator: &'g Evaluator<'a>, text: &'g SourceText<'g>, subject: &'g Reference) -> Self {
        Self {
            evaluator,
            text,
            subject,
            told_of: Subject::from(subject),
            told: RefCell::default(),
            heard: RefCell::default(),
            counted: RefCell::default(),
            steps: Counter::new(0),
            depth: Counter::new(0),
            rows: RefCell::default(),
        }
    }

    /// Whose something is.
    pub(super) fn layer(&self, policy: PolicyId) -> Option<Arc<Layer>> {
        self.evaluator.memory.wording.layer(policy, || {
            let symbols = self.evaluator.symbols();
            let name = symbols.policy(policy)?.name.clone();
            Some(Layer { authority: symbols.authority_words(policy), policy: name })
        })
    }

    /// Whether a guard surely does not hold: what it guards is of another authority, and nobody asks for that.
    pub(super) fn is_elsewhere(&self, frame: &mut Frame<'_>, guard: Option<ExprId>) -> bool {
        let Some(guard) = guard else { return false };
        self.evaluator.settle(|| self.evaluator.eval(frame, guard)).truth() == Truth::False
    }

    /// Whether a condition is one that says whose a record is.
    pub(super) fn is_guard(&self, frame: &Frame<'_>, id: ExprId) -> bool {
        let Some(expr) = frame.code.get(id) else { return false };
        let policies = &self.evaluator.symbols().policies;
        policies.iter().filter_map(|policy| policy.authority.as_ref()).any(|it| it.place == expr.place)
    }

    /// What of the choices that amendments make holds here: the value or condition as it is written.
    fn chosen(&self, frame: &mut Frame<'_>, mut id: ExprId) -> ExprId {
        loop {
            let next = match frame.code.get(id).map(|expr| &expr.op) {
                Some(Op::If(guard, yes, no)) if self.is_guard(frame, *guard) => {
                    let (guard, yes, no) = (*guard, *yes, *no);
                    match self.evaluator.settle(|| self.evaluator.eval(frame, guard)).truth() {
                        Truth::True => yes,
                        Truth::False => no,
                        Truth::Unknown | Truth::Error => return id,
                    }
                }
                _ => return id,
            };
            id = next;
        }
    }

    /// Whether a derived fact is told for the first time in this tree.
    pub(super) fn first_telling(&self, call: Call) -> bool {
        self.told.borrow_mut().insert(call)
    }

    /// Whether a decision is told for the first time in this tree.
    pub(super) fn first_hearing(&self, decision: DecisionId, of: &Reference) -> bool {
        self.heard.borrow_mut().insert((decision, Subject::from(of)))
    }

    /// Whether an amount is told for the first time in this tree.
    pub(super) fn first_counting(&self, amount: AmountId, of: &Reference) -> bool {
        self.counted.borrow_mut().insert((amount, Subject::from(of)))
    }

    /// Tells more, one level deeper, where there is room.
    pub(super) fn tell<T>(&self, more: impl FnOnce() -> T) -> Option<T> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS || self.depth.get() > DEEPEST_STEP {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let told = more();
        self.depth.set(self.depth.get() - 1);
        Some(told)
    }

    fn title(&self, name: &str, subject: &Reference) -> String {
        [name, " of ", &self.row_name(subject)].concat()
    }

    /// `Student maria`; private keys masked.
    pub(super) fn row_name(&self, reference: &Reference) -> Words {
        let symbols = self.evaluator.symbols();
        let name = symbols.record(reference.record).map_or("", |record| record.name.as_str());
        match (&*reference.key, reference.row) {
            // As `show_key` says it.
            ([], Some(row)) if !name.is_empty() => {
                Words::joined(&[name, " in row ", &Digits::of(u64::from(row) + 1)])
            }
            ([], _) => show_key(symbols, reference, self.evaluator.options.privacy).into(),
            _ => Words::joined(&[name, " ", &show_key(symbols, reference, self.evaluator.options.privacy)]),
        }
    }

    /// Tells of a row that an aggregate looks at.
    pub(super) fn beside<T>(&self, row: &Value, work: impl FnOnce() -> T) -> T {
        let Value::Reference(reference) = row else { return work() };
        self.rows.borrow_mut().push(Subject::from(reference));
        let told = work();
        self.rows.borrow_mut().pop();
        told
    }

    /// A field by its name alone where it is clear of which row; else with the row.
    pub(super) fn field_of(&self, owner: &Reference, field: Arc<str>) -> Words {
        let rows = self.rows.borrow();
        let is_told_of = self.told_of == *owner;
        match rows.last() {
            Some(row) if *row == *owner => field.into(),
            None if is_told_of => field.into(),
            Some(_) if is_told_of => format!("{}.{field}", self.evaluator.record_name(owner.record)).into(),
            _ => format!("{}.{field}", self.row_name(owner)).into(),
        }
    }

    pub(super) fn outcome(&self, category: CategoryId, outcome: u32) -> Words {
        category_value(self.evaluator.symbols(), category, outcome)
            .map_or_else(|| format!("#{outcome}").into(), |name| Words::joined(&[name]))
    }

    pub(super) fn needs(&self, needs: &[Need]) -> Vec<String> {
        let about = (self.subject.record, self.subject.row.unwrap_or(u32::MAX));
        let evaluator = self.evaluator;
        needs
            .iter()
            .map(|need| {
                show_need_with(evaluator.plan, evaluator.data, need, about, evaluator.options.privacy)
            })
            .collect()
    }

    pub(super) fn fault_text(&self, faults: &[crate::value::Fault]) -> String {
        let texts: Vec<String> =
            faults.iter().map(|fault| show_fault(self.evaluator.symbols(), fault)).collect();
        texts.join("; ")
    }

    fn faults(&self, faults: &[crate::value::Fault]) -> Option<Step> {
        if faults.is_empty() {
            return None;
        }
        Some(step(StepKind::Fault, self.fault_text(faults), "error"))
    }

    /// The source text of a place on one line, or other words for it.
    pub(super) fn source(&self, place: Place, otherwise: impl FnOnce() -> String) -> Words {
        let written = || {
            let text = (self.text)(place).filter(|text| !text.trim().is_empty())?;
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        match self.evaluator.memory.wording.source(place, written) {
            Some(text) => text.into(),
            None => otherwise().into(),
        }
    }

    /// The source text of an expression.
    pub(super) fn expr_text(&self, frame: &Frame<'_>, id: ExprId, otherwise: &str) -> Words {
        match frame.code.get(id) {
            Some(expr) => self.source(expr.place, || otherwise.to_owned()),
            None => otherwise.to_owned().into(),
        }
    }

    /// `yes`, `1`, `unknown`, what went wrong; masked where it must be.
    pub(super) fn state_of(&self, frame: &Frame<'_>, id: ExprId, found: &Found) -> Words {
        if let State::Error(faults) = &found.state {
            return format!("error: {}", self.fault_text(faults)).into();
        }
        let ty = frame.code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty);
        self.evaluator.show_state(&found.state, ty, self.evaluator.is_masked(frame.code, id))
    }

    fn not_effective(&self, effective: bool) -> Option<Step> {
        if effective {
            return None;
        }
        Some(step(StepKind::NotInForce, "the policy".to_owned(), "not in force"))
    }

    fn frame_steps(
        &self,
        frame: &mut Frame<'_>,
        law_on: Option<ExprId>,
        scope: Option<ExprId>,
        scoped: Option<&Found>,
        told: &mut Vec<Step>,
    ) {
        if let Some(law_on) = law_on {
            let found = self.evaluator.settle(|| self.evaluator.eval(frame, law_on));
            let text = format!("law on {}", self.expr_text(frame, law_on, "a date of the record"));
            let mut step = step(StepKind::Condition, text, self.state_of(frame, law_on, &found));
            step.steps = below(told, |told| self.value_steps(frame, law_on, told));
            told.push(step);
        }
        if let (Some(scope), Some(found)) = (scope, scoped) {
            let text = format!("where {}", self.expr_text(frame, scope, "…"));
            let mut step = step(StepKind::Condition, text, self.state_of(frame, scope, found));
            step.steps = below(told, |told| self.below(frame, scope, told));
            told.push(step);
        }
    }

    /// Tells the rules of a decision, each with what became of it.
    pub(super) fn decision(
        &self,
        (decision, body): (DecisionId, &DecisionBody),
        outcomes: CategoryId,
        hearing: &Hearing,
        subject: &Reference,
        detail: Detail,
        told: &mut Vec<Step>,
    ) {
        let owner = self.evaluator.symbols().decision(decision).map(|symbol| symbol.policy);
        let wording = &self.evaluator.memory.wording;
        let law = hearing.law.unwrap_or(self.evaluator.as_of);
        let mut frame = Frame::of(&body.code, subject, law);
        if detail == Detail::All {
            self.frame_steps(&mut frame, body.law_on, body.condition, hearing.scope.as_ref(), told);
        }
        if hearing.conditions.is_empty() && !body.rules.is_empty() {
            return;
        }
        let mut amended_default = false;
        for ((position, rule), condition) in (0_u32..).zip(&body.rules).zip(&hearing.conditions) {
            if self.is_elsewhere(&mut frame, rule.guard) {
                continue;
            }
            let mut fate = fate(body, position, rule, condition.as_ref(), hearing, law);
            let waived = hearing.result.waived.iter().find(|(waived, _)| *waived == position);
            if let Some((_, waiver)) = waived {
                fate = Fate { kind: StepKind::Waived, state: waiver_words(waiver).into() };
            }
            let decisive = matches!(
                fate.kind,
                StepKind::Decided | StepKind::Undetermined | StepKind::Fault | StepKind::Waived
            );
            if detail == Detail::Decisive && !decisive {
                continue;
            }
            if rule.is_default {
                let holds = condition.as_ref().is_some_and(|condition| condition.truth() == Truth::True);
                amended_default |= holds;
                match fate.kind {
                    StepKind::Decided => fate.state = fate.state.and(": no rule holds"),
                    StepKind::Overridden => {
                        fate = Fate { kind: StepKind::NotHeld, state: "a rule holds".into() };
                    }
                    _ => {}
                }
            }
            let called = wording.called(decision, By::Rule(position), || {
                let outcome = self.outcome(outcomes, rule.outcome);
                let text = if rule.is_default {
                    format!("default {outcome}")
                } else {
                    format!("rule {}: {outcome}", rule.label)
                };
                Called {
                    text: Arc::<str>::from(text).into(),
                    cites: rule.cites.as_slice().into(),
                    layer: self.layer(rule.policy),
                }
            });
            let mut step = step(fate.kind, called.text, fate.state);
            step.layer = called.layer;
            step.cites = called.cites;
            step.place = Some(rule.place);
            if let (Some(when), true) = (rule.when, condition.is_some()) {
                step.steps = below(told, |told| self.condition_steps(&mut frame, when, told));
            }
            told.push(step);
        }
        let in_force =
            default_at(body, law).and_then(|position| Some((position, body.defaults.get(position)?)));
        if let Some((position, default)) = in_force {
            let by = By::Default(u32::try_from(position).unwrap_or(u32::MAX));
            let (kind, state) = if hearing.result.by.contains(&by) {
                (StepKind::Decided, "decided: no rule holds")
            } else if hearing.result.perhaps.contains(&by) {
                (StepKind::Undetermined, "perhaps: no rule surely holds")
            } else if amended_default {
                (StepKind::NotHeld, "another stands in its place")
            } else if hearing.conditions.iter().flatten().any(|condition| condition.truth() == Truth::True) {
                (StepKind::NotHeld, "a rule holds")
            } else {
                (StepKind::Undetermined, "unless a rule holds")
            };
            if detail == Detail::All || kind == StepKind::Decided {
                let called = wording.called(decision, by, || Called {
                    text: Arc::<str>::from(format!("default {}", self.outcome(outcomes, default.outcome)))
                        .into(),
                    cites: default.cites.as_slice().into(),
                    layer: owner.and_then(|policy| self.layer(policy)),
                });
                let mut step = step(kind, called.text, state);
                step.cites = called.cites;
                step.place = Some(default.place);
                step.layer = called.layer;
                told.push(step);
            }
        } else if detail == Detail::All
            && hearing.result.verdict == Verdict::Status(ResultStatus::Undetermined)
            && hearing.result.needs.is_empty()
        {
            told.push(step(StepKind::NotHeld, "no rule holds, and there is no default", "nothing matched"));
        }
    }

    /// What an amount or a line comes to, or its status.
    pub(super) fn worth(&self, found: &Found, ty: Type) -> Words {
        match &found.state {
            State::Known(value) => self.evaluator.value_words(value, ty),
            State::Missing | State::Unknown(_) => ResultStatus::Undetermined.word().into(),
            State::Error(_) => ResultStatus::Error.word().into(),
        }
    }

    /// Tells the lines of an amount, each with what it comes to.
    pub(super) fn amount(
        &self,
        amount: AmountId,
        body: &AmountBody,
        subject: &Reference,
        detail: Detail,
        told: &mut Vec<Step>,
    ) {
        let evaluator = self.evaluator;
        let setting = evaluator.settle(|| evaluator.setting(amount, body, subject));
        let law = setting.law.unwrap_or(evaluator.as_of);
        let mut frame = Frame::of(&body.code, subject, law);
        if detail == Detail::All {
            self.frame_steps(&mut frame, body.law_on, body.condition, setting.scope.as_ref(), told);
        }
        if setting.instead.is_some() {
            return;
        }
        let account = evaluator.settle(|| evaluator.account(amount, body, subject));
        for (line, entry) in body.lines.iter().zip(&account.lines) {
            let decisive = entry.as_ref().is_some_and(|entry| entry.applies.truth() != Truth::False);
            if detail == Detail::Decisive && !decisive {
                continue;
            }
            let same =
                |other: &(&LineBody, &Option<Arc<Entry>>)| other.1.is_some() && other.0.place == line.place;
            if entry.is_none() && body.lines.iter().zip(&account.lines).any(|other| same(&other)) {
                // Another version of it, which an amendment made, is told.
                continue;
            }
            let added = line.layers.last().is_some_and(|layer| layer.policy == line.policy);
            let mut layers = line.layers.iter();
            if added && layers.all(|layer| self.is_elsewhere(&mut frame, Some(layer.guard))) {
                continue;
            }
            let step = self.line(&mut frame, line, entry.as_deref(), told);
            told.push(step);
        }
        if let (Some(total), Some(adjustment)) = (&body.total, &account.adjustment) {
            let ty = evaluator.symbols().amount(amount).map_or(Type::of(Base::Money), |symbol| symbol.ty);
            let mut made = step(StepKind::Held, format!("line {ADJUSTMENT}"), self.worth(adjustment, ty));
            if adjustment.value().is_none() {
                made.kind = StepKind::Undetermined;
            }
            made.place = Some(total.place);
            let limits = [("at most", total.at_most), ("at least", total.at_least)];
            made.steps = below(told, |told| {
                limits.into_iter().for_each(|(word, limit)| self.limit(&mut frame, word, limit, told));
            });
            told.push(made);
        }
    }

    fn line(
        &self,
        frame: &mut Frame<'_>,
        line: &LineBody,
        entry: Option<&Entry>,
        told: &mut Vec<Step>,
    ) -> Step {
        let value = self.chosen(frame, line.value);
        let text = format!("line {} = {}", line.label, self.expr_text(frame, value, "…"));
        let mut layers = line.layers.iter();
        let layer = layers.find(|layer| holds(self, frame, layer.guard));
        let (kind, state): (_, Words) = match entry {
            None => {
                let since = format!("not in force on {}: {}", frame.law, period(&line.interval));
                (StepKind::NotInForce, since.into())
            }
            Some(entry) => match (entry.applies.truth(), entry.worth.truth()) {
                (Truth::False, _) => (StepKind::NotHeld, "does not apply".into()),
                (_, Truth::Error) => {
                    (StepKind::Fault, format!("error: {}", self.fault_text(&entry.worth.faults())).into())
                }
                (_, Truth::Unknown) => (StepKind::Undetermined, "unknown".into()),
                _ => (StepKind::Held, self.state_of(frame, value, &entry.worth)),
            },
        };
        let mut made = step(kind, text, state);
        made.cites = layer.map_or(&line.cites, |layer| &layer.cites).as_slice().into();
        made.place = Some(layer.map_or(line.place, |layer| layer.place));
        made.layer = self.layer(layer.map_or(line.policy, |layer| layer.policy));
        let Some(entry) = entry else { return made };
        let from = told.len();
        if let Some(when) = line.when {
            let when = self.chosen(frame, when);
            let found = self.evaluator.settle(|| self.evaluator.eval(frame, when));
            let text = format!("when {}", self.expr_text(frame, when, "…"));
            let mut condition = step(StepKind::Condition, text, self.state_of(frame, when, &found));
            condition.steps = below(told, |told| self.below(frame, when, told));
            told.push(condition);
        }
        if entry.applies.truth() != Truth::False {
            self.value_steps(frame, value, told);
            let limits = [("at most", line.at_most), ("at least", line.at_least)];
            limits.into_iter().for_each(|(word, limit)| self.limit(frame, word, limit, told));
        }
        made.steps = taken(told, from);
        made
    }

    fn limit(&self, frame: &mut Frame<'_>, word: &str, limit: Option<ExprId>, told: &mut Vec<Step>) {
        let Some(limit) = limit else { return };
        let found = self.evaluator.settle(|| self.evaluator.eval(frame, limit));
        let text = format!("{word} {}", self.expr_text(frame, limit, "…"));
        let mut made = step(StepKind::Condition, text, self.state_of(frame, limit, &found));
        made.steps = below(told, |told| self.value_steps(frame, limit, told));
        told.push(made);
    }

    fn requirement(
        &self,
        body: &RequirementBody,
        requirement: Instance,
        inquiry: &Inquiry,
        subject: &Reference,
        told: &mut Vec<Step>,
    ) {
        let law = inquiry.law.unwrap_or(self.evaluator.as_of);
        let mut frame = Frame::of_requirement(body, requirement, subject, law);
        self.frame_steps(&mut frame, body.law_on, body.condition, inquiry.scope.as_ref(), told);
        if !body.interval.contains(law) {
            let text = format!("in force {}", period(&body.interval));
            told.push(step(StepKind::NotInForce, text, "not in force"));
        }
        if let Some(used) = &inquiry.result.waiver {
            let state = if used.needed() {
                format!("in place of {}", used.without.word())
            } else {
                "waiver not needed".to_owned()
            };
            told.push(step(StepKind::Waived, waiver_words(&used.waiver), state));
        }
        if let (Some((due, _)), Some(found)) = (body.due, &inquiry.due) {
            let text = format!("due {}", self.expr_text(&frame, due, "on a date of the record"));
            let mut step = step(StepKind::Condition, text, self.state_of(&frame, due, found));
            step.steps = below(told, |told| self.value_steps(&mut frame, due, told));
            told.push(step);
        }
        for (must, found) in body.musts.iter().zip(&inquiry.musts) {
            let aside = must.put_aside.iter().any(|guard| holds(self, &mut frame, *guard));
            if aside || self.is_elsewhere(&mut frame, must.guard) {
                continue;
            }
            let (kind, state) = match found.truth() {
                Truth::True => (StepKind::Held, "holds".to_owned()),
                Truth::False => (StepKind::NotHeld, "fails".to_owned()),
                Truth::Unknown => (StepKind::Undetermined, "unknown".to_owned()),
                Truth::Error => (StepKind::Fault, format!("error: {}", self.fault_text(&found.faults()))),
            };
            let label = must.label.as_ref().map_or_else(String::new, |label| format!(" {label}:"));
            let (text, why) = match &must.check {
                MustCheck::Condition(condition) => {
                    let text = self.expr_text(&frame, *condition, "its condition");
                    let asked = match (must.guard, frame.code.get(*condition).map(|expr| &expr.op)) {
                        // It is of the authority: what that asks is what matters.
                        (Some(guard), Some(Op::Or(_, asked))) if holds(self, &mut frame, guard) => *asked,
                        _ => *condition,
                    };
                    let why = below(told, |told| self.condition_steps(&mut frame, asked, told));
                    (format!("must{label} {text}"), why)
                }
                MustCheck::Unique(keys) => {
                    let names: Vec<String> =
                        keys.iter().map(|&key| self.expr_text(&frame, key, "key").to_string()).collect();
                    let why = below(told, |told| {
                        keys.iter().for_each(|&key| self.value_steps(&mut frame, key, told));
                    });
                    (format!("must{label} be unique by {}", names.join(", ")), why)
                }
            };
            let mut step = step(kind, text, state);
            if !must.interval.contains(law) {
                // Of versions of one `must` only that which is in force is told, and one that begins later.
                if must.guard.is_none() {
                    continue;
                }
                step = self::step(
                    StepKind::NotInForce,
                    step.text,
                    format!("not in force: {}", period(&must.interval)),
                );
            }
            step.cites = must.cites.as_slice().into();
            step.place = Some(must.place);
            step.layer = self.layer(must.policy);
            if step.kind != StepKind::NotInForce {
                step.steps = why;
            }
            told.push(step);
        }
        for (except, found) in body.excepts.iter().zip(&inquiry.excepts) {
            let aside = except.put_aside.iter().any(|guard| holds(self, &mut frame, *guard));
            if aside || self.is_elsewhere(&mut frame, except.guard) {
                continue;
            }
            let in_force = |other: &ExceptBody| other.place == except.place && other.interval.contains(law);
            if found.is_none() && body.excepts.iter().any(in_force) {
                // Another version of it, which an amendment made, is told or put aside.
                continue;
            }
            let (kind, state) = match found.as_ref().map(Found::truth) {
                None => (StepKind::NotInForce, format!("not in force: {}", period(&except.interval))),
                Some(Truth::True) => (StepKind::Held, "excuses".to_owned()),
                Some(Truth::False) => (StepKind::NotHeld, "does not excuse".to_owned()),
                Some(Truth::Unknown) => (StepKind::Undetermined, "unknown".to_owned()),
                Some(Truth::Error) => (StepKind::Fault, "error".to_owned()),
            };
            let mut step = step(kind, format!("except {}", except.label), state);
            step.cites = except.cites.as_slice().into();
            step.place = Some(except.place);
            step.layer = self.layer(except.policy);
            if found.is_some() {
                step.steps = below(told, |told| self.condition_steps(&mut frame, except.when, told));
            }
            told.push(step);
        }
    }

    /// Where a row was read.
    pub(super) fn origin(&self, record: RecordId, row: u32) -> Option<super::outcome::Fact> {
        let origin = self.evaluator.data.origin(record, row)?;
        let file = self.evaluator.memory.wording.file(self.evaluator.data, origin.file)?;
        Some(super::outcome::Fact { file, line: origin.line })
    }
}

/// A step without anything below it.
pub(super) fn step(kind: StepKind, text: impl Into<Words>, state: impl Into<Words>) -> Step {
    Step {
        kind,
        text: text.into(),
        state: state.into(),
        cites: Cites::default(),
        place: None,
        source: None,
        layer: None,
        steps: Vec::new(),
    }
}

/// What some work tells, to stand below a step.
pub(super) fn below(told: &mut Vec<Step>, work: impl FnOnce(&mut Vec<Step>)) -> Vec<Step> {
    let from = told.len();
    work(told);
    taken(told, from)
}

/// What is told from there on, in a list of its own that is no longer than that.
pub(super) fn taken(told: &mut Vec<Step>, from: usize) -> Vec<Step> {
    // Where that is all, `split_off` would give the room away with it.
    if from == 0 { told.drain(from..).collect() } else { told.split_off(from) }
}

/// `from 2014-07-01 until 2025-07-01`.
pub(super) fn period(interval: &Interval) -> String {
    match (interval.from, interval.until) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "always".to_owned(),
    }
}

/// Whether a guard surely holds.
fn holds(guide: &Guide<'_, '_>, frame: &mut Frame<'_>, guard: ExprId) -> bool {
    guide.evaluator.settle(|| guide.evaluator.eval(frame, guard)).truth() == Truth::True
}

/// What became of a rule.
struct Fate {
    kind: StepKind,
    state: Words,
}

/// `waived by the commissioner from 2024-01-01: why`.
fn waiver_words(waiver: &Waiver) -> String {
    format!("waived by {} {}: {}", waiver.authority, period(&waiver.interval), waiver.reason)
}

fn fate(
    body: &DecisionBody,
    position: u32,
    rule: &RuleBody,
    condition: Option<&Found>,
    hearing: &Hearing,
    law: Date,
) -> Fate {
    let as_fate = |kind, state: Words| Fate { kind, state };
    let Some(condition) = condition else {
        let since = format!("not in force on {law}: {}", period(&rule.interval));
        return as_fate(StepKind::NotInForce, since.into());
    };
    let by = By::Rule(position);
    // Overriders by their labels, none twice: versions of one rule share theirs.
    let overriders = |wanted: fn(Truth) -> bool| -> Vec<&str> {
        let mut labels = Vec::new();
        for &other in &rule.overridden_by {
            let holds = hearing.conditions.get(other as usize).and_then(Option::as_ref).map(Found::truth);
            if let (Some(truth), Some(other)) = (holds, body.rules.get(other as usize))
                && wanted(truth)
                && !labels.contains(&&*other.label)
            {
                labels.push(&*other.label);
            }
        }
        labels
    };
    let sure = overriders(|truth| truth == Truth::True);
    let perhaps = overriders(|truth| matches!(truth, Truth::Unknown | Truth::Error));
    let conflict = hearing.result.verdict == Verdict::Status(ResultStatus::Conflict);
    match condition.truth() {
        Truth::False => as_fate(StepKind::NotHeld, "does not hold".into()),
        Truth::Error if sure.is_empty() => as_fate(StepKind::Fault, "error".into()),
        Truth::Unknown if sure.is_empty() => as_fate(StepKind::Undetermined, "unknown".into()),
        Truth::Unknown | Truth::Error => {
            as_fate(StepKind::Overridden, listed("unknown, but overridden by ", &sure))
        }
        Truth::True if !sure.is_empty() => as_fate(StepKind::Overridden, listed("overridden by ", &sure)),
        Truth::True if !perhaps.is_empty() => {
            as_fate(StepKind::Undetermined, listed("holds, perhaps overridden by ", &perhaps))
        }
        Truth::True if conflict && hearing.result.by.contains(&by) => {
            as_fate(StepKind::Decided, "in conflict".into())
        }
        Truth::True if hearing.result.by.contains(&by) => as_fate(StepKind::Decided, "decided".into()),
        Truth::True => as_fate(StepKind::Held, "holds".into()),
    }
}

/// The labels after these words, `, ` between.
fn listed(words: &str, labels: &[&str]) -> Words {
    match labels {
        [only] => Words::joined(&[words, only]),
        labels => Words::joined(&[words, &labels.join(", ")]),
    }
}
