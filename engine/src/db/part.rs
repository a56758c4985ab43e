//! The part of the plan that a file hangs on, and what is found in it: an edit elsewhere leaves it equal.

#![allow(
    missing_docs,
    reason = "salsa's macros make functions that take no documentation; the fields have it"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::queries::{
    Body, Db, SourceFile, Workspace, bodies, collected, file_of, item_facts, plan, present, put, symbols,
};
use crate::check;
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::names::Declared;
use crate::plan::{
    Amendment, AmountBody, AmountId, AssertBody, Claim, Code, DecisionBody, DecisionId, DefineBody, DefineId,
    ExpectKind, Fact, GroupBody, Op, ParameterBody, ParameterId, Plan, Record, RecordKind, RequirementBody,
    RequirementId, ResultId, Symbol, Symbols,
};
use crate::prove::{self, Bodies};
use crate::value::RecordId;

/// What a file declares, and what that reads in the end. Every group is in it.
#[salsa::tracked(returns(clone))]
pub(super) fn part(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Plan> {
    let (collected, symbols) = (collected(db, workspace), symbols(db, workspace));
    let mut part = Plan { symbols: Arc::clone(&symbols), ..Plan::default() };
    let mut open: Vec<Symbol> = Vec::new();
    let mut seen: BTreeSet<Symbol> = BTreeSet::new();
    for (record, body) in groups(db, workspace).iter() {
        reached(&body.code, &mut open);
        part.groups.insert(record.0, Arc::clone(body));
    }
    let amended: Vec<ResultId> = amended_here(&symbols, file.id(db)).collect();
    open.extend(amended.into_iter().map(Symbol::from));
    for (position, body) in bodies(db, workspace, file).iter() {
        let declared = collected.declared.get(&(file.id(db), *position)).copied();
        let named = declared.and_then(symbol);
        if named.is_some_and(|named| is_amended(&symbols, named)) {
            open.extend(named);
            continue;
        }
        seen.extend(named);
        of_body(body, &mut open);
        put(&mut part, declared, body.clone());
    }
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        if let Some((declared, body)) = body_of(db, workspace, next) {
            of_body(&body, &mut open);
            put(&mut part, declared, body);
        }
    }
    Arc::new(part)
}

/// The body of what is declared, with its amendments, and as what it is declared.
#[salsa::tracked(returns(clone))]
fn body_of(db: &dyn Db, workspace: Workspace, symbol: Symbol) -> Option<(Option<Declared>, Body)> {
    let symbols = symbols(db, workspace);
    if let Some((declared, body)) = joined(db, workspace, &symbols, symbol) {
        return Some((Some(declared), body));
    }
    let place = symbols.place(symbol)?;
    let (source, position) = (file_of(db, workspace, place.file)?, place.item?);
    let body = item_facts(db, workspace, source, position).body.clone()?;
    Some((collected(db, workspace).declared.get(&(place.file, position)).copied(), body))
}

/// The bodies as the database has them, each by itself: what is gathered of them hangs on these alone.
struct Each<'d> {
    db: &'d dyn Db,
    workspace: Workspace,
}

impl Each<'_> {
    /// What these read in the end, themselves among them; the same as the slice of a part that holds them.
    fn gather(&self, results: &[ResultId], defines: &[u32]) -> Plan {
        let groups = groups(self.db, self.workspace);
        let groups = groups.iter().map(|(record, body)| (record.0, Arc::clone(body))).collect();
        let part = Plan { symbols: symbols(self.db, self.workspace), groups, ..Plan::default() };
        prove::gather(part, self, results, defines, &Code::default())
    }

    fn body(&self, symbol: Symbol) -> Option<Body> {
        body_of(self.db, self.workspace, symbol).map(|(_, body)| body)
    }
}

impl Bodies for Each<'_> {
    fn parameter(&self, id: u32) -> Option<Arc<ParameterBody>> {
        match self.body(Symbol::Parameter(ParameterId(id)))? {
            Body::Parameter(body) => Some(body),
            _ => None,
        }
    }

    fn define(&self, id: u32) -> Option<Arc<DefineBody>> {
        match self.body(Symbol::Define(DefineId(id)))? {
            Body::Define(body) => Some(body),
            _ => None,
        }
    }

    fn decision(&self, id: u32) -> Option<Arc<DecisionBody>> {
        match self.body(Symbol::Decision(DecisionId(id)))? {
            Body::Decision(body) => Some(body),
            _ => None,
        }
    }

    fn requirement(&self, id: u32) -> Option<Arc<RequirementBody>> {
        match self.body(Symbol::Requirement(RequirementId(id)))? {
            Body::Requirement(body) => Some(body),
            _ => None,
        }
    }

    fn amount(&self, id: u32) -> Option<Arc<AmountBody>> {
        match self.body(Symbol::Amount(AmountId(id)))? {
            Body::Amount(body) => Some(body),
            _ => None,
        }
    }
}

/// Whether it is amended, or the version of an amendment: its body is joined from several declarations.
fn is_amended(symbols: &Symbols, symbol: Symbol) -> bool {
    let version = |amendment: &Amendment| amendment.version.map(Symbol::Parameter);
    symbols.amendments.iter().any(|it| it.target == symbol || version(it) == Some(symbol))
}

/// A body that several declarations make together, as the whole plan has it.
fn joined(db: &dyn Db, workspace: Workspace, symbols: &Symbols, symbol: Symbol) -> Option<(Declared, Body)> {
    if !is_amended(symbols, symbol) {
        return None;
    }
    let plan = plan(db, workspace);
    Some(match symbol {
        Symbol::Parameter(id) => {
            (Declared::Parameter(id), Body::Parameter(Arc::clone(plan.parameters.get(&id.0)?)))
        }
        Symbol::Decision(id) => {
            (Declared::Decision(id), Body::Decision(Arc::clone(plan.decisions.get(&id.0)?)))
        }
        Symbol::Requirement(id) => {
            (Declared::Requirement(id), Body::Requirement(Arc::clone(plan.requirements.get(&id.0)?)))
        }
        Symbol::Amount(id) => (Declared::Amount(id), Body::Amount(Arc::clone(plan.amounts.get(&id.0)?))),
        _ => return None,
    })
}

/// The results that what a file amends changes.
fn amended_here(symbols: &Symbols, file: FileId) -> impl Iterator<Item = ResultId> + '_ {
    let here = symbols.amendments.iter().filter(move |amendment| amendment.place.file == file);
    here.flat_map(|amendment| symbols.amended_results(amendment.policy))
}

/// What a file amends, by position in the symbols.
fn amendments_here(symbols: &Symbols, file: FileId) -> impl DoubleEndedIterator<Item = u32> + '_ {
    let here = symbols.amendments.iter().enumerate().filter(move |(_, it)| it.place.file == file);
    here.filter_map(|(position, _)| u32::try_from(position).ok())
}

/// The groups of all files.
#[salsa::tracked(returns(clone))]
fn groups(db: &dyn Db, workspace: Workspace) -> Arc<[(RecordId, Arc<GroupBody>)]> {
    let symbols = symbols(db, workspace);
    let of_group = |(position, record): (u32, &Record)| {
        let RecordKind::Group { .. } = record.kind else { return None };
        let source = file_of(db, workspace, record.place.file)?;
        match &item_facts(db, workspace, source, record.place.item?).body {
            Some(Body::Group(body)) => Some((RecordId(position), Arc::clone(body))),
            _ => None,
        }
    };
    (0_u32..).zip(&symbols.records).filter_map(of_group).collect()
}

const fn symbol(declared: Declared) -> Option<Symbol> {
    Some(match declared {
        Declared::Group(id) => Symbol::Record(id),
        Declared::Parameter(id) => Symbol::Parameter(id),
        Declared::Define(id) => Symbol::Define(id),
        Declared::Decision(id) => Symbol::Decision(id),
        Declared::Requirement(id) => Symbol::Requirement(id),
        Declared::Amount(id) => Symbol::Amount(id),
    })
}

fn of_body(body: &Body, open: &mut Vec<Symbol>) {
    if let Some(code) = body.code() {
        reached(code, open);
    }
    if let Body::Assert(body) = body {
        of_assertion(body, open);
    }
    if let Body::Test(body) = body {
        for expect in &body.expects {
            match &expect.kind {
                ExpectKind::Decision { decision, .. } => open.push(Symbol::Decision(*decision)),
                ExpectKind::Requirement { requirement, .. } => open.push(Symbol::Requirement(*requirement)),
                ExpectKind::Amount { amount, .. } => open.push(Symbol::Amount(*amount)),
                ExpectKind::Condition(..) | ExpectKind::State(..) => {}
            }
        }
    }
}

fn of_assertion(body: &AssertBody, open: &mut Vec<Symbol>) {
    match &body.claim {
        Claim::NeverDepends { subject, .. } => of_fact(*subject, open),
        Claim::NeverWorsens { decision, moved, .. } => {
            open.push(Symbol::Decision(*decision));
            of_fact(*moved, open);
        }
        Claim::Holds(promise) => {
            reached(&promise.code, open);
            promise.subject.into_iter().for_each(|subject| of_fact(subject, open));
        }
    }
}

fn of_fact(fact: Fact, open: &mut Vec<Symbol>) {
    match fact {
        Fact::Parameter(id) => open.push(Symbol::Parameter(id)),
        Fact::Define(id) => open.push(Symbol::Define(id)),
        Fact::Decision(id) => open.push(Symbol::Decision(id)),
        Fact::Requirement(id) => open.push(Symbol::Requirement(id)),
        Fact::Amount(id) | Fact::Line(id, _) => open.push(Symbol::Amount(id)),
        Fact::Field(..) | Fact::Rows(_) | Fact::Input(_) => {}
    }
}

fn reached(code: &Code, open: &mut Vec<Symbol>) {
    for expr in &code.exprs {
        open.extend(match &expr.op {
            Op::Define { define, .. } => Some(Symbol::Define(*define)),
            Op::Decision { decision, .. } => Some(Symbol::Decision(*decision)),
            Op::IsMet { requirement, .. } => Some(Symbol::Requirement(*requirement)),
            Op::Amount { amount, .. } => Some(Symbol::Amount(*amount)),
            Op::Parameter { parameter, .. } => Some(Symbol::Parameter(*parameter)),
            _ => None,
        });
    }
}

/// What only many declarations together can show of one file: the same after most edits of others.
#[salsa::tracked(returns(clone))]
pub(super) fn plan_diagnostics_of(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let id = file.id(db);
    let here = |diagnostic: &&Diagnostic| diagnostic.place().is_some_and(|place| place.file == id);
    plan_diagnostics(db, workspace).iter().filter(here).cloned().collect()
}

/// What only many declarations together can show, such as circles.
#[salsa::tracked(returns(clone))]
fn plan_diagnostics(db: &dyn Db, workspace: Workspace) -> Arc<[Diagnostic]> {
    let ids: Vec<_> = present(db, workspace).map(|file| requirement_ids(db, workspace, file)).collect();
    let mut found = check::requirement_ids(&symbols(db, workspace), ids.iter().flat_map(|ids| ids.iter()));
    // A parameter that begins too late is told of once, whoever reads it.
    let mut early: BTreeSet<Place> = BTreeSet::new();
    for file in present(db, workspace) {
        for one in found_in_part(db, workspace, file).iter() {
            let is_early = one.labels.first().is_some_and(|label| label.text == check::EARLY);
            let late = one.labels.get(1).filter(|_| is_early).map(|label| label.place);
            if !found.contains(one) && late.is_none_or(|late| early.insert(late)) {
                found.push(one.clone());
            }
        }
    }
    found.into()
}

#[salsa::tracked(returns(clone))]
pub(super) fn found_in_part(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let part = part(db, workspace, file);
    let waives = !part.waivers.is_empty() || part.tests.iter().any(|test| !test.waivers.is_empty());
    if waives {
        // A waiver names what it waives by a text.
        let own = (part.tests.clone(), part.asserts.clone(), part.waivers.clone());
        let (tests, asserts, waivers) = own;
        let all = Plan { tests, asserts, waivers, ..plan(db, workspace).as_ref().clone() };
        return check::plan(&all).into();
    }
    check::plan(&part).into()
}

/// What proofs about the declarations of a file find.
#[salsa::tracked(returns(clone))]
pub(super) fn proofs(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let (symbols, collected) = (symbols(db, workspace), collected(db, workspace));
    let id = file.id(db);
    let mut found = Vec::new();
    for declared in collected.declared.range((id, 0)..=(id, u32::MAX)).map(|(_, declared)| *declared) {
        match declared {
            Declared::Decision(id) => {
                found.extend(result_proofs(db, workspace, ResultId::Decision(id)).iter().cloned());
            }
            Declared::Requirement(id) => {
                found.extend(result_proofs(db, workspace, ResultId::Requirement(id)).iter().cloned());
            }
            Declared::Define(id) => found.extend(define_proofs(db, workspace, id.0).iter().cloned()),
            Declared::Parameter(id) if is_granted(&symbols, id) => {
                found.extend(grant_proofs(db, workspace, id.0).iter().cloned());
            }
            Declared::Parameter(_) | Declared::Group(_) | Declared::Amount(_) => {}
        }
    }
    // What is proved of a result with its amendments is said where it stands, once.
    let amended: BTreeSet<ResultId> = amended_here(&symbols, id).collect();
    for result in amended.into_iter().filter(|result| !matches!(result, ResultId::Amount(_))) {
        found.extend(result_proofs(db, workspace, result).iter().cloned());
    }
    for position in amendments_here(&symbols, id) {
        found.extend(amendment_proofs(db, workspace, position).iter().cloned());
    }
    check::proof::told_once(&mut found);
    found.retain(|diagnostic| !check::proof::told_elsewhere(diagnostic));
    found.retain(|diagnostic| diagnostic.place().is_none_or(|place| place.file == id));
    for (position, body) in bodies(db, workspace, file).iter() {
        if let Body::Assert(_) = body {
            let proofs = assert_proofs(db, workspace, file, *position);
            found.extend(proofs.iter().filter(|one| !check::proof::told_elsewhere(one)).cloned());
        }
    }
    found.into()
}

/// Proves what [`proofs`] collects from the other end, so that two threads share it.
pub(super) fn prove_from_the_end(db: &dyn Db, workspace: Workspace, file: SourceFile) {
    let (symbols, collected) = (symbols(db, workspace), collected(db, workspace));
    let id = file.id(db);
    for declared in collected.declared.range((id, 0)..=(id, u32::MAX)).rev().map(|(_, declared)| *declared) {
        match declared {
            Declared::Decision(id) => drop(result_proofs(db, workspace, ResultId::Decision(id))),
            Declared::Requirement(id) => drop(result_proofs(db, workspace, ResultId::Requirement(id))),
            Declared::Define(id) => drop(define_proofs(db, workspace, id.0)),
            Declared::Parameter(id) if is_granted(&symbols, id) => drop(grant_proofs(db, workspace, id.0)),
            Declared::Parameter(_) | Declared::Group(_) | Declared::Amount(_) => {}
        }
    }
    for position in amendments_here(&symbols, id).rev() {
        let _ = amendment_proofs(db, workspace, position);
    }
}

/// What reads a parameter whose value may be raised or lowered below, of all files.
#[salsa::tracked(returns(clone))]
fn grant_part(db: &dyn Db, workspace: Workspace, parameter: u32) -> Arc<Plan> {
    let plan = plan(db, workspace);
    let readers = prove::readers(&plan, ParameterId(parameter));
    Arc::new(prove::slice(&plan, &readers, &[]))
}

/// Whether policies below may set a value of a parameter.
fn is_granted(symbols: &Symbols, parameter: ParameterId) -> bool {
    symbols.grants.contains_key(&Symbol::Parameter(parameter))
}

/// Whether the grants of a parameter let its readers move one way.
#[salsa::tracked(returns(clone))]
fn grant_proofs(db: &dyn Db, workspace: Workspace, parameter: u32) -> Arc<[Diagnostic]> {
    let part = grant_part(db, workspace, parameter);
    prove::unless(db.writing(), || check::proof::grants(&part, ParameterId(parameter))).into()
}

/// Whether an amendment does what it was granted.
#[salsa::tracked(returns(clone))]
fn amendment_proofs(db: &dyn Db, workspace: Workspace, position: u32) -> Arc<[Diagnostic]> {
    let symbols = symbols(db, workspace);
    let Some(amendment) = symbols.amendments.get(position as usize) else { return Arc::default() };
    let result = match amendment.target {
        Symbol::Decision(id) => ResultId::Decision(id),
        Symbol::Requirement(id) => ResultId::Requirement(id),
        _ => return Arc::default(),
    };
    let part = result_part(db, workspace, result);
    prove::unless(db.writing(), || check::proof::amendment(&part, amendment)).into()
}

/// What a result hangs on, not by way of [`part`]: that is another one with each edit of its file.
#[salsa::tracked(returns(clone))]
fn result_part(db: &dyn Db, workspace: Workspace, result: ResultId) -> Arc<Plan> {
    Arc::new(Each { db, workspace }.gather(&[result], &[]))
}

#[salsa::tracked(returns(clone))]
fn result_proofs(db: &dyn Db, workspace: Workspace, result: ResultId) -> Arc<[Diagnostic]> {
    let part = result_part(db, workspace, result);
    prove::unless(db.writing(), || check::proof::result(&part, result)).into()
}

/// What a definition hangs on.
#[salsa::tracked(returns(clone))]
fn define_part(db: &dyn Db, workspace: Workspace, define: u32) -> Arc<Plan> {
    Arc::new(Each { db, workspace }.gather(&[], &[define]))
}

#[salsa::tracked(returns(clone))]
fn define_proofs(db: &dyn Db, workspace: Workspace, define: u32) -> Arc<[Diagnostic]> {
    let part = define_part(db, workspace, define);
    prove::unless(db.writing(), || check::proof::define(&part, DefineId(define))).into()
}

/// What a promise hangs on.
#[salsa::tracked(returns(clone))]
fn assert_part(db: &dyn Db, workspace: Workspace, file: SourceFile, position: u32) -> Arc<Plan> {
    match &item_facts(db, workspace, file, position).body {
        Some(Body::Assert(assert)) => Arc::new(prove::property_part(&part(db, workspace, file), assert)),
        _ => Arc::default(),
    }
}

#[salsa::tracked(returns(clone))]
fn assert_proofs(db: &dyn Db, workspace: Workspace, file: SourceFile, position: u32) -> Arc<[Diagnostic]> {
    match &item_facts(db, workspace, file, position).body {
        Some(Body::Assert(assert)) => {
            let part = assert_part(db, workspace, file, position);
            prove::unless(db.writing(), || check::proof::assertion(&part, assert)).into()
        }
        _ => Arc::default(),
    }
}

/// The ids of the requirements of a file.
#[salsa::tracked(returns(clone))]
fn requirement_ids(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[(RequirementId, Arc<str>)]> {
    let collected = collected(db, workspace);
    let id = |(position, body): &(u32, Body)| match (body, collected.declared.get(&(file.id(db), *position)))
    {
        (Body::Requirement(body), Some(Declared::Requirement(id))) => Some((*id, body.id.clone()?)),
        _ => None,
    };
    bodies(db, workspace, file).iter().filter_map(id).collect()
}
