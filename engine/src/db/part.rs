//! The part of the plan that a file hangs on, and what is found in it: an edit elsewhere leaves it equal.

#![allow(
    missing_docs,
    reason = "salsa's macros make functions that take no documentation; the fields have it"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::layers;
use super::queries::{
    Body, Db, SourceFile, Workspace, amendment_body, bodies, collected, file_of, item_facts, plan, present,
    put, symbols,
};
use crate::check;
use crate::diagnostic::{Diagnostic, Place};
use crate::names::Declared;
use crate::plan::{
    AssertBody, Claim, Code, DefineId, ExpectKind, Fact, GroupBody, Op, Plan, Record, RecordKind, ResultId,
    Symbol, Symbols,
};
use crate::prove;
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
    let mut amended: Vec<Option<Body>> = vec![None; symbols.amendments.len()];
    let mut amend = |target: Symbol, open: &mut Vec<Symbol>| {
        for (amendment, body) in symbols.amendments.iter().zip(&mut amended) {
            if amendment.target == target {
                *body = amendment_body(db, workspace, amendment.place);
                body.iter().for_each(|body| of_body(body, open));
            }
        }
    };
    for (position, body) in bodies(db, workspace, file).iter() {
        let declared = collected.declared.get(&(file.id(db), *position)).copied();
        if let Some(symbol) = declared.and_then(Declared::symbol) {
            seen.insert(symbol);
            amend(symbol, &mut open);
        }
        of_body(body, &mut open);
        put(&mut part, declared, body.clone());
    }
    // What a policy amends is proved in its file, too.
    let own = symbols.amendments.iter().filter(|amendment| amendment.place.file == file.id(db));
    open.extend(own.map(|amendment| amendment.target));
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        if let Symbol::Parameter(id) = next
            && let Some(version) = symbols.parameter(id).and_then(|symbol| symbol.version)
        {
            open.push(Symbol::Parameter(version.of));
            continue;
        }
        amend(next, &mut open);
        let Some(place) = place(&symbols, next) else { continue };
        let (Some(source), Some(position)) = (file_of(db, workspace, place.file), place.item) else {
            continue;
        };
        let facts = item_facts(db, workspace, source, position);
        let Some(body) = &facts.body else { continue };
        of_body(body, &mut open);
        put(&mut part, collected.declared.get(&(place.file, position)).copied(), body.clone());
    }
    layers::join(&mut part, &amended);
    Arc::new(part)
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

fn place(symbols: &Symbols, symbol: Symbol) -> Option<Place> {
    match symbol {
        Symbol::Parameter(id) => symbols.parameter(id).map(|it| it.place),
        Symbol::Define(id) => symbols.define(id).map(|it| it.place),
        Symbol::Decision(id) => symbols.decision(id).map(|it| it.place),
        Symbol::Requirement(id) => symbols.requirement(id).map(|it| it.place),
        Symbol::Amount(id) => symbols.amount(id).map(|it| it.place),
        Symbol::Category(_) | Symbol::Record(_) | Symbol::Input(_) => None,
    }
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
        Claim::Holds(promise) => reached(&promise.code, open),
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

/// What only many declarations together can show, such as circles.
#[salsa::tracked(returns(clone))]
pub(super) fn plan_diagnostics(db: &dyn Db, workspace: Workspace) -> Arc<[Diagnostic]> {
    let mut found: Vec<Diagnostic> = Vec::new();
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
pub(super) fn proofs(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Vec<Diagnostic> {
    let collected = collected(db, workspace);
    let id = file.id(db);
    let mut found = Vec::new();
    for declared in collected.declared.range((id, 0)..=(id, u32::MAX)).map(|(_, declared)| *declared) {
        match declared {
            Declared::Decision(id) => {
                found.extend(result_proofs(db, workspace, file, ResultId::Decision(id)).iter().cloned());
            }
            Declared::Requirement(id) => {
                found.extend(result_proofs(db, workspace, file, ResultId::Requirement(id)).iter().cloned());
            }
            Declared::Define(id) => found.extend(define_proofs(db, workspace, file, id.0).iter().cloned()),
            Declared::Group(_) | Declared::Parameter(_) | Declared::Amount(_) => {}
        }
    }
    let symbols = symbols(db, workspace);
    let amended: BTreeSet<ResultId> = symbols
        .amendments
        .iter()
        .filter(|amendment| amendment.place.file == id)
        .flat_map(|amendment| symbols.amended_results(amendment.policy))
        .collect();
    for result in amended {
        if matches!(result, ResultId::Decision(_) | ResultId::Requirement(_)) {
            found.extend(result_proofs(db, workspace, file, result).iter().cloned());
        }
    }
    for (position, body) in bodies(db, workspace, file).iter() {
        if let Body::Assert(_) = body {
            found.extend(assert_proofs(db, workspace, file, *position).iter().cloned());
        }
    }
    // What is proved of a result with its amendments is said where it stands, once.
    found.retain(|diagnostic: &Diagnostic| diagnostic.place().is_none_or(|place| place.file == id));
    found
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
            check::proof::assertion(&assert_part(db, workspace, file, position), assert).into()
        }
        _ => Arc::default(),
    }
}

/// What a result hangs on.
#[salsa::tracked(returns(clone))]
fn result_part(db: &dyn Db, workspace: Workspace, file: SourceFile, result: ResultId) -> Arc<Plan> {
    Arc::new(prove::slice(&part(db, workspace, file), &[result], &[]))
}

#[salsa::tracked(returns(clone))]
fn result_proofs(db: &dyn Db, workspace: Workspace, file: SourceFile, result: ResultId) -> Arc<[Diagnostic]> {
    check::proof::result(&result_part(db, workspace, file, result), result).into()
}

/// What a definition hangs on.
#[salsa::tracked(returns(clone))]
fn define_part(db: &dyn Db, workspace: Workspace, file: SourceFile, define: u32) -> Arc<Plan> {
    Arc::new(prove::slice(&part(db, workspace, file), &[], &[define]))
}

#[salsa::tracked(returns(clone))]
fn define_proofs(db: &dyn Db, workspace: Workspace, file: SourceFile, define: u32) -> Arc<[Diagnostic]> {
    check::proof::define(&define_part(db, workspace, file, define), DefineId(define)).into()
}
