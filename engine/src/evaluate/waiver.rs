//! Waivers: which of them count, and what they do to a result.
//!
//! A waiver counts for a row if it names something that may be waived, an authority that may waive it, and a row that is
//! there, and is in force on the day of the run. One that does not is a data error and has no effect.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evaluator::{Evaluator, Options};
use crate::data::{Cell, DataError, Records, Severity};
use crate::names::nearest;
use crate::names::waiver::{field, same_authority};
use crate::plan::{
    DecisionId, Instance, Interval, Plan, RequirementId, ResultStatus, WaiverBody, WaiverSubject, written_key,
};
use crate::value::{Date, RecordId, Value};

/// What a waiver can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waived {
    /// A requirement, or one of its instances.
    Requirement(Instance),
    /// The rules of a decision that have this label.
    Rule(DecisionId, Arc<str>),
}

/// A waiver that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Its name, where a policy or a test states it.
    pub name: Option<Arc<str>>,
    /// Who waives.
    pub authority: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// From when to when.
    pub interval: Interval,
}

/// What a waiver did to a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverUse {
    /// The waiver.
    pub waiver: Waiver,
    /// What the requirement is without it; where that is met or excepted, the waiver was not needed.
    pub without: ResultStatus,
}

impl WaiverUse {
    /// Whether it made a difference.
    #[must_use]
    pub const fn needed(&self) -> bool {
        matches!(self.without, ResultStatus::Violated | ResultStatus::Undetermined)
    }
}

/// The waivers that count on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waivers {
    by: BTreeMap<(Waived, u32), Waiver>,
}

impl Waivers {
    /// Adds a waiver of a row; the first of several counts.
    pub fn add(&mut self, waived: Waived, row: u32, waiver: Waiver) {
        self.by.entry((waived, row)).or_insert(waiver);
    }

    /// Whether nothing is waived.
    pub(crate) fn is_empty(&self) -> bool {
        self.by.is_empty()
    }

    /// Whether a waiver names a rule of a decision for a row.
    pub(crate) fn names_rule(&self, decision: DecisionId, label: &Arc<str>, row: u32) -> bool {
        self.rule(decision, label, Some(row)).is_some()
    }

    /// Whether a waiver names an instance of a requirement for a row.
    pub(crate) fn names_requirement(&self, instance: Instance, row: u32) -> bool {
        self.requirement(instance, Some(row)).is_some()
    }

    fn requirement(&self, instance: Instance, row: Option<u32>) -> Option<&Waiver> {
        if self.by.is_empty() {
            return None;
        }
        self.by.get(&(Waived::Requirement(instance), row?))
    }

    fn rule(&self, decision: DecisionId, label: &Arc<str>, row: Option<u32>) -> Option<&Waiver> {
        if self.by.is_empty() {
            return None;
        }
        self.by.get(&(Waived::Rule(decision, Arc::clone(label)), row?))
    }
}

/// What a target stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What is waived; several instances of a requirement `for each` value.
    pub waived: Vec<Waived>,
    /// Of which record.
    pub of: RecordId,
    /// Who may waive it.
    pub authorities: Vec<Arc<str>>,
}

/// Why a target stands for nothing that can be waived: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTarget {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What the text of a target stands for: `teacher_of_record`, `area_credits(math)`, `promotion.reads_at_level`, with the
/// policy before it where several have it.
///
/// # Errors
/// Where it stands for nothing, for several things, or for what nobody may waive.
pub fn waiver_target(plan: &Plan, text: &str) -> Result<Target, NoTarget> {
    let symbols = &plan.symbols;
    let text = text.trim();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut found: Vec<(String, Target)> = Vec::new();
    let policy_of = |policy| symbols.policy(policy).map_or("", |policy| policy.name.as_str());
    for (id, body) in &plan.requirements {
        let id = RequirementId(*id);
        let Some(symbol) = symbols.requirement(id) else { continue };
        let instances = symbols.instances(id);
        let mut offer = |name: String, waived: Vec<Waived>| {
            let full = format!("{}.{name}", policy_of(symbol.policy));
            if text == name || text == full {
                let authorities = body.waivable_by.clone();
                found.push((full, Target { waived, of: symbol.of, authorities }));
            }
            if !body.waivable_by.is_empty() {
                known.insert(name);
            }
        };
        offer(symbol.name.clone(), instances.iter().copied().map(Waived::Requirement).collect());
        if symbol.each.is_some() {
            for instance in instances {
                offer(symbols.instance_name(instance), vec![Waived::Requirement(instance)]);
            }
        }
    }
    for (id, body) in &plan.decisions {
        let id = DecisionId(*id);
        let Some(symbol) = symbols.decision(id) else { continue };
        let labels: BTreeSet<&Arc<str>> = body.rules.iter().map(|rule| &rule.label).collect();
        for label in labels {
            let versions = body.rules.iter().filter(|rule| rule.label == *label);
            let authorities: Vec<Arc<str>> =
                versions.flat_map(|rule| rule.waivable_by.iter().cloned()).collect();
            let name = format!("{}.{label}", symbol.name);
            let full = format!("{}.{name}", policy_of(symbol.policy));
            if text == &**label || text == name || text == full {
                let waived = vec![Waived::Rule(id, Arc::clone(label))];
                found.push((full, Target { waived, of: symbol.of, authorities: authorities.clone() }));
            }
            if !authorities.is_empty() {
                known.insert(name);
            }
        }
    }
    match found.as_slice() {
        [(_, target)] if target.authorities.is_empty() => Err(NoTarget {
            message: format!("`{text}` may not be waived"),
            help: "what may be waived says `waivable by` and the authority".to_owned(),
        }),
        [(_, target)] => Ok(target.clone()),
        [] => Err(NoTarget {
            message: format!("no requirement and no rule is called `{text}`"),
            help: match nearest(text, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write the name of a requirement, or `decision.rule`".to_owned(),
            },
        }),
        several => {
            let ways: Vec<String> = several.iter().map(|(full, _)| format!("`{full}`")).collect();
            Err(NoTarget {
                message: format!("`{text}` stands for several things"),
                help: format!("write {}", ways.join(" or ")),
            })
        }
    }
}

/// Whether the authority may waive the target.
#[must_use]
pub fn may_waive(target: &Target, authority: &str) -> bool {
    same_authority(authority, &target.authorities)
}

/// The waivers of the records and of the policies that count on a day, and what is wrong with the others.
#[must_use]
pub fn waivers(plan: &Plan, data: &dyn Records, as_of: Date) -> (Waivers, Vec<DataError>) {
    let mut collector = Collector {
        plan,
        data,
        as_of,
        keys: BTreeMap::new(),
        targets: BTreeMap::new(),
        out: Waivers::default(),
        errors: Vec::new(),
    };
    for body in &plan.waivers {
        collector.stated(body);
    }
    if let Some(record) = plan.symbols.waivers
        && let Some(rows) = data.rows(record)
    {
        for row in 0..rows {
            collector.read(record, row);
        }
    }
    (collector.out, collector.errors)
}

struct Collector<'a> {
    plan: &'a Plan,
    data: &'a dyn Records,
    as_of: Date,
    /// Rows by their keys as texts, of the records that waivers name.
    keys: BTreeMap<RecordId, Keys>,
    /// What targets stand for, by their texts: many waivers name the same.
    targets: BTreeMap<Arc<str>, Result<Target, NoTarget>>,
    out: Waivers,
    errors: Vec<DataError>,
}

/// Rows by key, and by key without `SY` where only one row has it.
#[derive(Default)]
struct Keys {
    exact: BTreeMap<String, u32>,
    plain: BTreeMap<String, Option<u32>>,
}

impl Keys {
    fn find(&self, key: &str) -> Option<u32> {
        let key = key.trim();
        self.exact.get(key).copied().or_else(|| self.plain.get(&plain(key)).copied().flatten())
    }
}

/// A key with its school years as they may be written too.
fn plain(key: &str) -> String {
    key.split('/').map(|part| part.trim().trim_start_matches("SY")).collect::<Vec<_>>().join("/")
}

impl Collector<'_> {
    fn find(&mut self, record: RecordId, key: &str) -> Option<u32> {
        let (plan, data, as_of) = (self.plan, self.data, self.as_of);
        let keys = self.keys.entry(record).or_insert_with(|| {
            let evaluator = Evaluator::new(plan, data, as_of, Options::default());
            let mut keys = Keys::default();
            for row in 0..evaluator.rows_of(record).unwrap_or(0) {
                let Value::Reference(reference) = evaluator.row(record, row) else { continue };
                if reference.key.is_empty() {
                    continue;
                }
                let key = written_key(&plan.symbols, &reference);
                keys.plain.entry(plain(&key)).and_modify(|known| *known = None).or_insert(Some(row));
                keys.exact.insert(key, row);
            }
            keys
        });
        keys.find(key)
    }

    /// A waiver of a policy; that it can count was checked with the policy.
    fn stated(&mut self, body: &WaiverBody) {
        let WaiverSubject::Key(key) = &body.subject else { return };
        let Ok(target) = waiver_target(self.plan, &body.target) else { return };
        if !body.interval.contains(self.as_of) || !may_waive(&target, &body.authority) {
            return;
        }
        match self.find(target.of, key) {
            Some(row) => self.count(&target, row, waiver_of(body)),
            None => {
                let message = format!("the waiver `{}` of a policy names no row that is there", body.name);
                self.errors.push(DataError {
                    code: "dangling-key",
                    severity: Severity::Warning,
                    record: self.plan.symbols.waivers,
                    row: None,
                    field: None,
                    file: None,
                    line: None,
                    column: None,
                    message,
                });
            }
        }
    }

    fn count(&mut self, target: &Target, row: u32, waiver: Waiver) {
        for waived in &target.waived {
            self.out.add(waived.clone(), row, waiver.clone());
        }
    }

    /// A waiver among the records. What could not be read of it is reported already.
    fn read(&mut self, record: RecordId, row: u32) {
        let data = self.data;
        let text = |field: u32| match &*data.cell(record, row, field) {
            Cell::Known(Value::Text(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        let until = match &*data.cell(record, row, field::UNTIL) {
            Cell::Known(Value::Date(day)) => Some(*day),
            Cell::Known(Value::Never) => None,
            _ => return,
        };
        let Cell::Known(Value::Date(from)) = *data.cell(record, row, field::FROM) else { return };
        let interval = Interval { from: Some(from), until };
        let parts = (text(field::TARGET), text(field::KEY), text(field::AUTHORITY), text(field::REASON));
        let (Some(name), Some(key), Some(authority), Some(reason)) = parts else { return };
        let plan = self.plan;
        let target = self.targets.entry(Arc::clone(&name)).or_insert_with(|| waiver_target(plan, &name));
        let target = match target.clone() {
            Ok(target) => target,
            Err(why) => {
                let message = format!("{}; {}", why.message, why.help);
                return self.report(record, row, field::TARGET, "bad-waiver", Severity::Error, message);
            }
        };
        if !may_waive(&target, &authority) {
            let message = format!(
                "`{name}` is not waivable by this authority; it is by {}",
                quoted(&target.authorities)
            );
            return self.report(record, row, field::AUTHORITY, "bad-waiver", Severity::Error, message);
        }
        if !interval.contains(self.as_of) {
            let begun = from <= self.as_of;
            let (field, message) = if begun {
                (field::UNTIL, format!("the waiver is not in force on {}: it has ended", self.as_of))
            } else {
                (field::FROM, format!("the waiver is not in force on {}: it has not begun", self.as_of))
            };
            return self.report(record, row, field, "waiver-not-in-force", Severity::Warning, message);
        }
        match self.find(target.of, &key) {
            Some(subject) => self.count(&target, subject, Waiver { name: None, authority, reason, interval }),
            None => {
                let of = self.plan.symbols.record(target.of).map_or("record", |record| record.name.as_str());
                let message = format!(
                    "the waiver is of no `{of}` that is there; its key is written as `rubric explain` takes it"
                );
                self.report(record, row, field::KEY, "dangling-key", Severity::Warning, message);
            }
        }
    }

    fn report(
        &mut self,
        record: RecordId,
        row: u32,
        field: u32,
        code: &'static str,
        severity: Severity,
        message: String,
    ) {
        let origin = self.data.origin(record, row);
        let name = self.plan.symbols.record(record).and_then(|record| record.fields.get(field as usize));
        self.errors.push(DataError {
            code,
            severity,
            record: Some(record),
            row: Some(row),
            field: Some(field),
            file: origin.map(|origin| origin.file),
            line: origin.map(|origin| origin.line),
            column: name.map(|field| Arc::from(field.name.as_str())),
            message,
        });
    }
}

pub(crate) fn quoted(authorities: &[Arc<str>]) -> String {
    let quoted: Vec<String> = authorities.iter().map(|authority| format!("`{authority}`")).collect();
    quoted.join(" or ")
}

/// The waiver that a text states.
pub(crate) fn waiver_of(body: &WaiverBody) -> Waiver {
    Waiver {
        name: Some(Arc::clone(&body.name)),
        authority: Arc::clone(&body.authority),
        reason: Arc::clone(&body.reason),
        interval: body.interval,
    }
}

impl Evaluator<'_> {
    /// The waiver of a requirement for a row.
    pub(super) fn waiver_of_requirement(&self, instance: Instance, row: Option<u32>) -> Option<&Waiver> {
        self.options.waivers.requirement(instance, row)
    }

    /// The waiver of a rule for a row, by an authority that this version of it names.
    pub(super) fn waiver_of_rule(
        &self,
        decision: DecisionId,
        rule: &crate::plan::RuleBody,
        row: Option<u32>,
    ) -> Option<&Waiver> {
        let waiver = self.options.waivers.rule(decision, &rule.label, row)?;
        same_authority(&waiver.authority, &rule.waivable_by).then_some(waiver)
    }
}
