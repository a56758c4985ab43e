//! The signatures of one file.

use rubric_grammar::Span;
use rubric_grammar::ast::{
    DecisionMember, Declaration, DefineBody, Expr, ExprKind, File, ForEach, Item, ItemKind, Limits, Line,
    Name, Rule,
};

use crate::diagnostic::FileId;
use crate::plan::ADJUSTMENT;

/// The items of a file without their bodies and without where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// The file.
    pub file: FileId,
    /// Its path, with `/`.
    pub path: String,
    /// One for each item of the file, in its order; bodies are empty, spans relative to the item.
    pub items: Vec<Item>,
    /// The first item of which something is `waivable by` an authority.
    pub waivable: Option<u32>,
}

/// Keeps what other declarations can see.
#[must_use]
pub fn summarize(file: FileId, path: &str, tree: &File) -> FileSummary {
    summarize_again(file, path, tree, &[], &[])
}

/// As [`summarize`], with the items of the same file as they were read last and their signatures: what an edit did not
/// touch, above and below it, keeps its signature.
#[must_use]
pub fn summarize_again(
    file: FileId,
    path: &str,
    tree: &File,
    before: &[Item],
    signatures: &[Item],
) -> FileSummary {
    let waivable = tree.items.iter().position(is_waivable).and_then(|position| u32::try_from(position).ok());
    let same = |(now, before): &(&Item, &Item)| now.is_shared_with(before);
    let known = before.len().min(signatures.len());
    let above = tree.items.iter().zip(before).take(known).take_while(same).count();
    let below = tree.items.iter().skip(above).rev().zip(before.iter().take(known).skip(above).rev());
    let below = below.take_while(same).count();
    let changed = tree.items.len() - above - below;
    let items = signatures.iter().take(above).cloned();
    let items = items.chain(tree.items.iter().skip(above).take(changed).map(signature));
    let items = items.chain(signatures.iter().take(known).skip(known - below).cloned());
    FileSummary { file, path: path.to_owned(), items: items.collect(), waivable }
}

fn is_waivable(item: &Item) -> bool {
    let rule = |rule: &Rule| !rule.waivable_by.is_empty();
    match &item.kind {
        ItemKind::Requirement(requirement) => !requirement.waivable_by.is_empty(),
        ItemKind::Decision(decision) => decision.members.iter().any(|member| match member {
            DecisionMember::Rule(one) => rule(one),
            DecisionMember::Part(part) => part.rules.iter().any(rule),
        }),
        _ => false,
    }
}

fn signature(item: &Item) -> Item {
    let kind = match &item.kind {
        ItemKind::Parameter(parameter) => {
            let mut kept = parameter.clone();
            kept.entries.clear();
            kept.cites.clear();
            ItemKind::Parameter(kept)
        }
        ItemKind::Define(define) => {
            let mut kept = define.clone();
            kept.body = DefineBody::Damaged;
            kept.cites.clear();
            ItemKind::Define(kept)
        }
        ItemKind::Decision(decision) => {
            let mut kept = decision.clone();
            (kept.condition, kept.law_on) = (None, None);
            kept.defaults.clear();
            kept.members.clear();
            kept.cites.clear();
            ItemKind::Decision(kept)
        }
        ItemKind::Requirement(requirement) => {
            let mut kept = requirement.clone();
            (kept.condition, kept.law_on, kept.due, kept.because) = (None, None, None, None);
            kept.musts.clear();
            kept.excepts.clear();
            kept.cites.clear();
            ItemKind::Requirement(kept)
        }
        ItemKind::Amount(amount) => {
            let mut kept = amount.clone();
            (kept.condition, kept.law_on, kept.value, kept.because) = (None, None, None, None);
            let adjusted = kept.limits != Limits::default() || kept.rounding.is_some();
            (kept.limits, kept.rounding) = (Limits::default(), None);
            kept.lines = lines(&amount.lines, adjusted);
            kept.cites.clear();
            ItemKind::Amount(kept)
        }
        ItemKind::Fixture(fixture) => {
            let mut kept = fixture.clone();
            kept.statements.clear();
            ItemKind::Fixture(kept)
        }
        ItemKind::Test(_) | ItemKind::Assert(_) | ItemKind::Waiver(_) | ItemKind::Junk => ItemKind::Junk,
        ItemKind::Policy(_)
        | ItemKind::Use(_)
        | ItemKind::Category(_)
        | ItemKind::Record(_)
        // What a group is grouped by has a type that others see.
        | ItemKind::Group(_)
        | ItemKind::Input(_) => item.kind.clone(),
    };
    // Of what is damaged others only see whether the outcomes may be lost, so that a broken rule changes nothing for them.
    let damaged = item.damaged && matches!(&item.kind, ItemKind::Decision(it) if it.outcomes.is_none());
    let declaration = Declaration { docs: item.docs.clone(), allows: Vec::new(), kind, damaged };
    Item::new(Span::default(), declaration)
}

/// The labels of an amount's lines, each once and without its place, which moves when the text of a line changes.
fn lines(written: &[Line], adjusted: bool) -> Vec<Line> {
    let mut labels: Vec<(&str, Option<&ForEach>)> = Vec::new();
    let generated = adjusted.then_some((ADJUSTMENT, None));
    let named = written.iter().map(|line| (line.label.text.as_str(), line.for_each.as_ref()));
    for (label, each) in named.chain(generated) {
        if !labels.iter().any(|(other, _)| *other == label) {
            labels.push((label, each));
        }
    }
    let category = |each: &ForEach| ForEach {
        category: Name { text: each.category.text.clone(), span: Span::default() },
        alias: None,
    };
    let bare = |(label, each): (&str, Option<&ForEach>)| Line {
        docs: None,
        allows: Vec::new(),
        label: Name { text: label.to_owned(), span: Span::default() },
        for_each: each.map(category),
        value: Expr { kind: Box::new(ExprKind::Damaged), span: Span::default() },
        when: None,
        subject_to: Vec::new(),
        limits: Limits::default(),
        interval: None,
        cites: Vec::new(),
        because: None,
        span: Span::default(),
    };
    labels.into_iter().map(bare).collect()
}
