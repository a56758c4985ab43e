//! The last word on the diagnostics of a file: `allow` clauses are applied, and what repeats another message goes.

use std::collections::BTreeSet;

use rubric_grammar::Span;
use rubric_grammar::ast::{Allow, File, Item, ItemKind};

use super::{bad_allow, walk};
use crate::diagnostic::{Diagnostic, FileId, Place, Severity};

/// An `allow` and the text it speaks of, relative to the item.
struct Scope<'a> {
    item: u32,
    span: Span,
    allow: &'a Allow,
    used: bool,
}

/// The diagnostics of a file without those that an `allow` hides and those that repeat another, with what is to be said
/// of the `allow`s themselves. `diagnostics`: all whose first place is in the file.
#[must_use]
pub fn settle(file: FileId, tree: &File, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut scopes = scopes(tree);
    let mut kept = without_consequences(tree, without_echoes(diagnostics));
    if scopes.is_empty() {
        return kept;
    }
    kept.retain(|diagnostic| {
        let Some((item, span)) = diagnostic.place().and_then(|place| within(tree, place)) else {
            return true;
        };
        let mut hidden = false;
        for scope in &mut scopes {
            if diagnostic.severity != Severity::Error
                && diagnostic.code != "bad-allow"
                && scope.item == item
                && scope.allow.code.text == diagnostic.code
                && scope.span.start <= span.start
                && span.start < scope.span.end.max(scope.span.start + 1)
            {
                scope.used = true;
                hidden = true;
            }
        }
        !hidden
    });
    for scope in scopes.iter().filter(|scope| !scope.used) {
        let damaged = tree.items.get(scope.item as usize).is_none_or(|item| item.damaged);
        let wrong = kept.iter().any(|diagnostic| {
            diagnostic.severity == Severity::Error
                && diagnostic
                    .place()
                    .and_then(|place| within(tree, place))
                    .is_some_and(|(item, _)| item == scope.item)
        });
        let place = |span: Span| Place { file, item: Some(scope.item), span };
        kept.extend(bad_allow::check(scope.allow, place, !damaged && !wrong));
    }
    kept
}

/// The item in which a place lies, and where in it.
fn within(tree: &File, place: Place) -> Option<(u32, Span)> {
    if let Some(item) = place.item {
        return Some((item, place.span));
    }
    let position = tree
        .items
        .iter()
        .position(|item| item.span.start <= place.span.start && place.span.start < item.span.end)?;
    let start = tree.items.get(position)?.span.start;
    let span = Span::new(place.span.start - start, place.span.end.saturating_sub(start));
    Some((u32::try_from(position).ok()?, span))
}

fn scopes(tree: &File) -> Vec<Scope<'_>> {
    let mut found = Vec::new();
    for (position, item) in tree.items.iter().enumerate() {
        let Ok(position) = u32::try_from(position) else { break };
        let whole = Span::new(0, item.span.end.saturating_sub(item.span.start));
        add(position, whole, &item.allows, &mut found);
        inner(position, item, &mut found);
    }
    found
}

fn inner<'a>(position: u32, item: &'a Item, found: &mut Vec<Scope<'a>>) {
    match &item.kind {
        ItemKind::Decision(decision) => {
            for (rule, _) in decision.members.iter().flat_map(walk::rules) {
                add(position, rule.span, &rule.allows, found);
            }
        }
        ItemKind::Requirement(requirement) => {
            requirement.musts.iter().for_each(|must| add(position, must.span, &must.allows, found));
            requirement.excepts.iter().for_each(|except| add(position, except.span, &except.allows, found));
        }
        ItemKind::Amount(amount) => {
            amount.lines.iter().for_each(|line| add(position, line.span, &line.allows, found));
        }
        _ => {}
    }
}

fn add<'a>(item: u32, span: Span, allows: &'a [Allow], found: &mut Vec<Scope<'a>>) {
    found.extend(allows.iter().map(|allow| Scope { item, span, allow, used: false }));
}

/// Errors that follow from a comparison which an aggregate took into its condition say nothing more than that one.
fn without_echoes(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let swallowed: Vec<Place> = diagnostics
        .iter()
        .filter(|one| one.code == "swallowed-comparison")
        .filter_map(Diagnostic::place)
        .collect();
    if !swallowed.is_empty() {
        diagnostics.retain(|one| {
            let echo = one.place().is_some_and(|place| {
                swallowed.iter().any(|whole| {
                    (whole.file, whole.item) == (place.file, place.item)
                        && whole.span.start <= place.span.start
                        && place.span.end <= whole.span.end
                })
            });
            !echo || one.severity != Severity::Error || one.code == "swallowed-comparison"
        });
    }
    diagnostics
}

/// A clause that could not be read as it stands was read as something else, and what is wrong with that is nobody's
/// mistake: in the rule, or in the declaration outside its rules, that has a syntax error nothing else is an error.
fn without_consequences(tree: &File, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let clause = |diagnostic: &Diagnostic| {
        let (item, span) = within(tree, diagnostic.place()?)?;
        let members = members(tree.items.get(item as usize)?);
        let member = members.iter().position(|member| member.start <= span.start && span.start < member.end);
        Some((item, member))
    };
    let damaged: BTreeSet<(u32, Option<usize>)> =
        diagnostics.iter().filter(|one| one.code == "syntax").filter_map(clause).collect();
    let item = |diagnostic: &Diagnostic| within(tree, diagnostic.place()?).map(|(item, _)| item);
    let broken: BTreeSet<u32> = damaged.iter().map(|(item, _)| *item).collect();
    // What a test expects may be in what could not be read; its rows are those of the fixture that is not there; and what
    // the header should say is for who writes the header.
    let lost: BTreeSet<u32> =
        diagnostics.iter().filter(|one| one.code == "unknown-fixture").filter_map(item).collect();
    let headless = diagnostics.iter().any(|one| one.code == "policy-header");
    // A file of which nothing can be read declares nothing for that reason.
    let is_error = |one: &Diagnostic| one.severity == Severity::Error && one.code != "policy-header";
    let unread = tree.items.is_empty() && diagnostics.iter().any(is_error);
    diagnostics.retain(|one| match one.code {
        "policy-header" => !unread,
        "empty-test" => !item(one).is_some_and(|item| broken.contains(&item)),
        "ambiguous-date-arithmetic" | "missing-school-year" => !headless,
        "unknown-fixture" => true,
        _ => one.severity != Severity::Error || !item(one).is_some_and(|item| lost.contains(&item)),
    });
    if !damaged.is_empty() {
        diagnostics.retain(|one| {
            one.code == "syntax"
                || one.severity != Severity::Error
                || !clause(one).is_some_and(|(item, member)| {
                    damaged.contains(&(item, member))
                        // The outcomes stand outside the rules, and so does what is left of a rule without a label.
                        || matches!(one.code, "unknown-outcome" | "unknown-label")
                            && damaged.contains(&(item, None))
                })
        });
    }
    diagnostics
}

/// Where the rules of a declaration stand, relative to it.
fn members(item: &Item) -> Vec<Span> {
    match &item.kind {
        ItemKind::Decision(decision) => {
            decision.members.iter().flat_map(walk::rules).map(|(rule, _)| rule.span).collect()
        }
        ItemKind::Requirement(requirement) => {
            let musts = requirement.musts.iter().map(|must| must.span);
            musts.chain(requirement.excepts.iter().map(|except| except.span)).collect()
        }
        ItemKind::Amount(amount) => amount.lines.iter().map(|line| line.span).collect(),
        _ => Vec::new(),
    }
}
