//! What a result hangs on: reachability in the plan through values, filters, keys and joins.
//!
//! Texts after `because` decide nothing, so what only they read is left out. A join reads the fields that name rows and
//! the key fields that they are compared with.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::reach;
use crate::diagnostic::Place;
use crate::plan::{
    AmountBody, Code, DecisionBody, ExprId, Fact, FieldKind, InputId, LineBody, MustCheck, Op, Plan,
    RecordKind, RequirementBody, RequirementId, ResultId, RowSource, Symbols,
};
use crate::value::{Base, RecordId};

/// What a fact is computed from directly, each with the first place that reads it.
type Reads = BTreeMap<Fact, Place>;

/// What a fact is computed from directly.
pub(crate) fn reads(plan: &Plan, fact: Fact) -> Reads {
    let mut found = Reads::new();
    let by_waiver = match fact {
        Fact::Decision(id) => {
            let rules = plan.decisions.get(&id.0).map_or(&[][..], |body| &body.rules);
            rules.iter().find(|rule| !rule.waivable_by.is_empty()).map(|rule| rule.place)
        }
        Fact::Requirement(id) => {
            let body = plan.requirements.get(&id.0).filter(|body| !body.waivable_by.is_empty());
            body.and_then(|body| body.musts.first()).map(|must| must.place)
        }
        _ => None,
    };
    if let (Some(place), Some(record)) = (by_waiver, plan.symbols.waivers) {
        add(&mut found, Fact::Rows(record), place);
    }
    match fact {
        Fact::Define(id) => {
            if let Some(body) = plan.defines.get(&id.0) {
                read(plan, &body.code, body.arms.iter().map(|arm| arm.value), &mut found);
            }
        }
        Fact::Decision(id) => {
            if let Some(body) = plan.decisions.get(&id.0) {
                read(plan, &body.code, of_decision(body), &mut found);
            }
        }
        Fact::Requirement(id) => {
            if let Some(body) = plan.requirements.get(&id.0) {
                read(plan, &body.code, of_requirement(body), &mut found);
                unique_rows(plan, id, body, &mut found);
            }
        }
        Fact::Amount(id) => {
            if let Some(body) = plan.amounts.get(&id.0) {
                let whole = body.condition.into_iter().chain(body.law_on);
                let total =
                    body.total.iter().flat_map(|total| total.at_most.into_iter().chain(total.at_least));
                let lines = body.lines.iter().flat_map(|line| of_line(body, line));
                read(plan, &body.code, whole.chain(total).chain(lines), &mut found);
            }
        }
        Fact::Line(id, line) => {
            if let (Some(body), Some(symbol)) = (plan.amounts.get(&id.0), plan.symbols.amount(id)) {
                let label = symbol.lines.get(line as usize).map_or("", String::as_str);
                let whole = body.condition.into_iter().chain(body.law_on);
                let versions = body.lines.iter().filter(|line| &*line.label == label);
                let own: Vec<ExprId> = versions.flat_map(|line| of_line(body, line)).collect();
                if own.is_empty() {
                    // The generated line is the difference of the total and all others.
                    add(&mut found, Fact::Amount(id), symbol.place);
                }
                read(plan, &body.code, whole.chain(own), &mut found);
            }
        }
        Fact::Field(record, _) | Fact::Rows(record) => group(plan, record, &mut found),
        Fact::Input(_) | Fact::Parameter(_) => {}
    }
    found
}

fn of_decision(body: &DecisionBody) -> impl Iterator<Item = ExprId> {
    body.condition.into_iter().chain(body.law_on).chain(body.rules.iter().filter_map(|rule| rule.when))
}

fn of_line(body: &AmountBody, line: &LineBody) -> Vec<ExprId> {
    let own = [Some(line.value), line.when, line.at_most, line.at_least].into_iter().flatten();
    let above = line.subject_to.iter().filter_map(|above| body.lines.get(*above as usize)?.when);
    own.chain(above).collect()
}

fn of_requirement(body: &RequirementBody) -> impl Iterator<Item = ExprId> {
    let musts = body.musts.iter().flat_map(|must| match &must.check {
        MustCheck::Condition(condition) => vec![*condition],
        MustCheck::Unique(keys) => keys.clone(),
    });
    let whole = body.condition.into_iter().chain(body.law_on).chain(body.due.map(|(due, _)| due));
    whole.chain(musts).chain(body.excepts.iter().map(|except| except.when))
}

/// `must be unique` looks at the other rows.
fn unique_rows(plan: &Plan, id: RequirementId, body: &RequirementBody, found: &mut Reads) {
    let unique = body.musts.iter().find(|must| matches!(must.check, MustCheck::Unique(_)));
    if let (Some(must), Some(symbol)) = (unique, plan.symbols.requirement(id)) {
        add(found, Fact::Rows(symbol.of), must.place);
    }
}

/// The rows and keys of a group come from its members.
fn group(plan: &Plan, record: RecordId, found: &mut Reads) {
    let Some(body) = plan.groups.get(&record.0) else { return };
    read(plan, &body.code, body.keys.iter().copied(), found);
    if let Some((declared, RecordKind::Group { of })) =
        plan.symbols.record(record).map(|declared| (declared, declared.kind))
    {
        add(found, Fact::Rows(of), declared.place);
    }
}

fn add(found: &mut Reads, fact: Fact, place: Place) {
    let first = found.entry(fact).or_insert(place);
    *first = (*first).min(place);
}

fn read(plan: &Plan, code: &Code, roots: impl Iterator<Item = ExprId>, found: &mut Reads) {
    let symbols = &*plan.symbols;
    let record_of = |id: ExprId| match code.get(id).map(|expr| expr.ty.base) {
        Some(Base::Record(record)) => Some(record),
        _ => None,
    };
    let is_slot = |id: ExprId| matches!(code.get(id).map(|expr| &expr.op), Some(Op::Row(_)));
    // A row that is found by its key, or compared as a whole, hangs on its key.
    let key = |record: RecordId| {
        let keys = symbols.record(record).map_or(0, |record| record.keys);
        (0..u32::try_from(keys).unwrap_or(0)).map(move |field| Fact::Field(record, field))
    };
    for root in roots {
        for expr in reach::within(code, root) {
            let mut add = |fact: Fact| add(found, fact, expr.place);
            match &expr.op {
                Op::Field { of, field } => {
                    if let Some(record) = record_of(*of) {
                        add(Fact::Field(record, *field));
                        if !is_slot(*of) {
                            key(record).for_each(add);
                        }
                    }
                }
                Op::Define { define, .. } => add(Fact::Define(*define)),
                Op::Decision { decision, .. } => add(Fact::Decision(*decision)),
                Op::IsMet { requirement, .. } => add(Fact::Requirement(*requirement)),
                Op::Amount { amount, line, .. } => add(match line {
                    Some(line) => Fact::Line(*amount, *line),
                    None => Fact::Amount(*amount),
                }),
                Op::Parameter { parameter, .. } => {
                    // A version of a parameter is that parameter, for who asks.
                    let version = symbols.parameter(*parameter).and_then(|symbol| symbol.version);
                    add(Fact::Parameter(version.map_or(*parameter, |version| version.of)));
                }
                Op::Input(input) => add(Fact::Input(*input)),
                Op::Lookup { record, .. } => {
                    add(Fact::Rows(*record));
                    key(*record).for_each(add);
                }
                Op::Compare(_, a, b) => {
                    for side in [*a, *b] {
                        record_of(side).into_iter().flat_map(key).for_each(&mut add);
                    }
                }
                op => {
                    if let Some(rows) = reach::rows_of(op) {
                        source(symbols, &rows.source, record_of, &mut add);
                    }
                }
            }
        }
    }
}

fn source(
    symbols: &Symbols,
    from: &RowSource,
    record_of: impl Fn(ExprId) -> Option<RecordId> + Copy,
    add: &mut impl FnMut(Fact),
) {
    match from {
        RowSource::All(record) => add(Fact::Rows(*record)),
        RowSource::Values(_) => {}
        RowSource::Flatten { outer, inner } => {
            source(symbols, &outer.source, record_of, add);
            source(symbols, inner, record_of, add);
        }
        RowSource::Many { of, field } => {
            let Some(owner) = record_of(*of) else { return };
            let Some(declared) = symbols.record(owner) else { return };
            add(Fact::Field(owner, *field));
            match declared.fields.get(*field as usize).map(|field| field.kind) {
                Some(FieldKind::Many { record, by }) => {
                    add(Fact::Rows(record));
                    add(Fact::Field(record, by));
                    (0..u32::try_from(declared.keys).unwrap_or(0))
                        .for_each(|key| add(Fact::Field(owner, key)));
                }
                Some(FieldKind::Members) => {
                    add(Fact::Rows(owner));
                    if let RecordKind::Group { of } = declared.kind {
                        add(Fact::Rows(of));
                    }
                }
                _ => {}
            }
        }
    }
}

/// The shortest way from a fact to another, or to a part of it: what is read, and the place that reads it.
pub(crate) fn way(plan: &Plan, from: Fact, to: Fact) -> Option<Vec<(Fact, Place)>> {
    let mut before: BTreeMap<Fact, (Fact, Place)> = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(fact) = open.pop_front() {
        let mut read: Vec<(Fact, Place)> = reads(plan, fact).into_iter().collect();
        // A record as a whole says more than one of its fields.
        read.sort_by_key(|(next, _)| *next != to);
        for (next, place) in read {
            if next == from || before.contains_key(&next) {
                continue;
            }
            before.insert(next, (fact, place));
            if next.is_within(to) {
                let mut way = Vec::new();
                let mut at = next;
                while let Some((previous, place)) = before.get(&at) {
                    way.push((at, *place));
                    at = *previous;
                }
                way.reverse();
                return Some(way);
            }
            open.push_back(next);
        }
    }
    None
}

/// The inputs that results hang on, each with a place that reads it.
pub(super) fn inputs(plan: &Plan, results: impl IntoIterator<Item = ResultId>) -> Vec<(InputId, Place)> {
    let mut found: BTreeMap<InputId, Place> = BTreeMap::new();
    let mut seen: BTreeSet<Fact> = BTreeSet::new();
    let mut open: Vec<Fact> = results.into_iter().map(Fact::from).collect();
    while let Some(fact) = open.pop() {
        if !seen.insert(fact) {
            continue;
        }
        for (next, place) in reads(plan, fact) {
            match next {
                Fact::Input(input) => {
                    let first = found.entry(input).or_insert(place);
                    *first = (*first).min(place);
                }
                next => open.push(next),
            }
        }
    }
    found.into_iter().collect()
}
