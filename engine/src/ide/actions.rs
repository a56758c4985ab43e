//! Changes to a text that keep or complete what it means.

use std::collections::BTreeSet;

use rubric_grammar::Span;
use rubric_grammar::ast::{DefineBody, Expr, ExprKind, Item, ItemKind, Name};

use super::scope::Visible;
use super::{Entity, FileSpan, Role};
use crate::check::{proof, walk};
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::type_name;
use crate::plan::Symbol;
use crate::value::{Base, RecordId};

/// A change that an editor can offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refactoring {
    /// What it does.
    pub title: String,
    /// Of which kind.
    pub kind: RefactoringKind,
    /// What is replaced, and by what.
    pub edits: Vec<(FileSpan, String)>,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefactoringKind {
    /// An expression gets a name.
    Extract,
    /// A name becomes what it stands for.
    Inline,
    /// Something that is missing is added.
    Rewrite,
}

/// What can be offered for a selection; an empty one is a place.
#[must_use]
pub fn refactorings(db: &Database, file: FileId, selection: Span) -> Vec<Refactoring> {
    let mut found = Vec::new();
    let Some(parsed) = db.parsed(file) else { return found };
    let items = &parsed.parse.file.items;
    let holds = |item: &Item| item.span.start <= selection.start && selection.end <= item.span.end;
    let Some(position) = items.iter().position(holds) else { return found };
    let (Some(item), Ok(position)) = (items.get(position), u32::try_from(position)) else { return found };
    if item.damaged {
        return found;
    }
    found.extend(extract(db, file, position, item, selection));
    found.extend(inline(db, file, item, selection));
    found.extend(outcome_rules(db, file, item, selection));
    found.extend(citation(db, file, item, selection));
    found.extend(witnesses(db, file, item, selection));
    found
}

/// The selection without the blanks around it.
fn trimmed(text: &str, selection: Span) -> Option<Span> {
    let chosen = text.get(selection.start as usize..selection.end as usize)?;
    let front = u32::try_from(chosen.len() - chosen.trim_start().len()).ok()?;
    let back = u32::try_from(chosen.len() - chosen.trim_end().len()).ok()?;
    let span = Span::new(selection.start + front, selection.end.saturating_sub(back));
    (span.start < span.end).then_some(span)
}

/// Gives the selected expression a name: a `define` of the same record.
fn extract(db: &Database, file: FileId, position: u32, item: &Item, selection: Span) -> Option<Refactoring> {
    let text = db.text(file);
    let span = trimmed(&text, selection)?;
    let start = item.span.start;
    let inner = Span::new(span.start - start, span.end - start);
    let symbols = db.symbols();
    let policy = db.collected().policies.get(&file).copied()?;
    let mut chosen: Option<&Expr> = None;
    for expr in walk::expressions(item) {
        walk::each(expr, &mut |expr| {
            if expr.span == inner {
                chosen = Some(expr);
            }
        });
    }
    let chosen = chosen?;
    // A bare name or number gains nothing.
    if matches!(&*chosen.kind, ExprKind::Name(_) | ExprKind::Literal(_) | ExprKind::Damaged) {
        return None;
    }
    let visible = Visible::at(&symbols, policy, item, inner.start);
    let [(None, record)] = visible.rows.as_slice() else { return None };
    let record: RecordId = *record;
    // What is bound around it would not be visible elsewhere.
    let mut uses_local = false;
    let inside: BTreeSet<Span> = aliases(chosen);
    for name in db.occurrences(file).iter() {
        if span.start <= name.span.start
            && name.span.end <= span.end
            && let Entity::Local { span: declared, .. } = &name.entity
            && !inside.contains(declared)
        {
            uses_local = true;
        }
        let is_line = matches!(&name.entity, Entity::Label(Symbol::Amount(_), ..));
        uses_local |= is_line && span.start <= name.span.start && name.span.end <= span.end;
    }
    if uses_local {
        return None;
    }
    let body = db.body(file, position)?;
    let expr = body.code()?.exprs.iter().rev().find(|it| it.place.file == file && it.place.span == inner)?;
    if matches!(expr.ty.base, Base::Damaged | Base::Many(_) | Base::Set(_) | Base::Record(_)) {
        return None;
    }
    let scope = &symbols.policy(policy)?.scope;
    let fields = &symbols.record(record)?.fields;
    let taken = |name: &str| scope.names.contains_key(name) || fields.iter().any(|it| it.name == name);
    let name = free_name("new_definition", taken);
    let record_name = &symbols.record(record)?.name;
    let written = text.get(span.start as usize..span.end as usize)?;
    let end = line_end(&text);
    let ty = type_name(&symbols, expr.ty);
    let declaration = format!("define {name} of {record_name}: {ty} ={end}  {written}{end}{end}");
    Some(Refactoring {
        title: format!("extract into the definition `{name}`"),
        kind: RefactoringKind::Extract,
        edits: vec![
            (FileSpan { file, span: Span::new(start, start) }, declaration),
            (FileSpan { file, span }, name),
        ],
    })
}

fn aliases(expr: &Expr) -> BTreeSet<Span> {
    let mut found = BTreeSet::new();
    let mut see = |alias: &Option<Name>| found.extend(alias.iter().map(|name| name.span));
    walk::each(expr, &mut |expr| match &*expr.kind {
        ExprKind::Aggregate(it) => see(&it.rows.alias),
        ExprKind::Quantity { rows, .. } | ExprKind::Apportion { rows, .. } => see(&rows.alias),
        ExprKind::PercentRank(it) | ExprKind::InTop(_, it) | ExprKind::Total(it) => see(&it.rows.alias),
        _ => {}
    });
    found
}

fn free_name(base: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..1000).map(|number| format!("{base}_{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Puts what a definition says in the place of its name.
fn inline(db: &Database, file: FileId, item: &Item, selection: Span) -> Option<Refactoring> {
    let found = super::at(db, file, selection.start)?;
    let (Entity::Symbol(Symbol::Define(id)), Role::Use) = (&found.entity, found.role) else { return None };
    let symbols = db.symbols();
    let define = symbols.define(*id)?;
    let policy = db.collected().policies.get(&file).copied()?;
    // Elsewhere the names in it may mean something else.
    if !define.params.is_empty() || define.policy != policy {
        return None;
    }
    let place = symbols.place(Symbol::Define(*id))?;
    let parsed = db.parsed(place.file)?;
    let declared = parsed.parse.file.items.get(place.item? as usize)?;
    let ItemKind::Define(written) = &declared.kind else { return None };
    let DefineBody::Always(value) = &written.body else { return None };
    let start = item.span.start;
    let offset = found.span.start - start;
    let visible = Visible::at(&symbols, policy, item, offset);
    let same_rows = match define.of {
        Some(of) => matches!(visible.rows.as_slice(), [(None, record)] if *record == of),
        None => true,
    };
    let text = db.text(file);
    let dotted = text.get(..found.span.start as usize)?.trim_end().ends_with('.');
    let reads_rows = define.of.is_none() && !visible.rows.is_empty();
    if !same_rows || dotted || reads_rows || !visible.locals.is_empty() {
        return None;
    }
    let span = value.span.shifted(declared.span.start);
    let source = db.text(place.file);
    let source = source.get(span.start as usize..span.end as usize)?;
    let text = match &*value.kind {
        ExprKind::Name(_) | ExprKind::Literal(_) | ExprKind::Paren(_) | ExprKind::Field(..) => {
            source.to_owned()
        }
        _ => format!("({source})"),
    };
    Some(Refactoring {
        title: format!("put what `{}` says here", define.name),
        kind: RefactoringKind::Inline,
        edits: vec![(FileSpan { file, span: found.span }, text)],
    })
}

/// A rule for each outcome that no rule and no default gives.
fn outcome_rules(db: &Database, file: FileId, item: &Item, selection: Span) -> Vec<Refactoring> {
    let ItemKind::Decision(decision) = &item.kind else { return Vec::new() };
    if decision.amend {
        return Vec::new();
    }
    let head = item.span.start;
    let near = decision.outcomes.iter().map(|it| it.span).chain([decision.name.span]);
    let near = near.into_iter().any(|span| {
        let span = span.shifted(head);
        span.start <= selection.start && selection.start <= span.end
    });
    let symbols = db.symbols();
    let text = db.text(file);
    let own = |symbol: &crate::plan::DecisionSymbol| {
        symbol.place.file == file
            && symbol.place.span == decision.name.span
            && symbol.name == decision.name.text
    };
    let Some(symbol) = symbols.decisions.iter().find(|it| own(it)).filter(|_| near) else {
        return Vec::new();
    };
    let Some(outcomes) = symbols.category(symbol.outcomes) else { return Vec::new() };
    let rules: Vec<_> = decision.members.iter().flat_map(walk::rules).map(|(rule, _)| rule).collect();
    let given: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule.outcome.as_ref())
        .chain(decision.defaults.iter().map(|default| &default.outcome))
        .map(|outcome| outcome.text.as_str())
        .collect();
    let Some(written) = text.get(head as usize..item.span.end as usize) else { return Vec::new() };
    let Some(brace) = written.rfind('}').and_then(|at| u32::try_from(at).ok()) else { return Vec::new() };
    let before = written.get(..brace as usize).unwrap_or("").trim_end().len();
    let Ok(before) = u32::try_from(before) else { return Vec::new() };
    let end = line_end(&text);
    let missing = outcomes.values.iter().filter(|value| !given.contains(value.name.as_str()));
    missing
        .map(|value| {
            let label = free_name(&format!("{}_rule", value.name), |name| {
                rules.iter().any(|rule| rule.label.text == name)
            });
            let rule =
                format!("{end}{end}  rule {label}: {}{end}    when no{end}    cite \"\"{end}", value.name);
            Refactoring {
                title: format!("add a rule for `{}`", value.name),
                kind: RefactoringKind::Rewrite,
                edits: vec![(FileSpan { file, span: Span::new(head + before, head + brace) }, rule)],
            }
        })
        .collect()
}

/// The records that proofs show, as tests below the declaration.
fn witnesses(db: &Database, file: FileId, item: &Item, selection: Span) -> Vec<Refactoring> {
    let text = db.text(file);
    let end = line_end(&text);
    let here = |span: Span| span.start <= selection.end && selection.start <= span.end;
    let mut found: Vec<Refactoring> = Vec::new();
    for diagnostic in db.shared_diagnostics(file).iter() {
        let Some(test) = proof::test_of(diagnostic) else { continue };
        let title = test.lines().next().unwrap_or_default().trim_end_matches('{').trim_end();
        let touches = diagnostic.labels.iter().any(|it| it.place.file == file && here(db.span(it.place)));
        // It may have been added already.
        if !touches || text.contains(title) {
            continue;
        }
        let block = test.lines().collect::<Vec<_>>().join(end);
        let after = Span::new(item.span.end, item.span.end);
        found.push(Refactoring {
            title: format!("add the record that shows it as a {title}"),
            kind: RefactoringKind::Rewrite,
            edits: vec![(FileSpan { file, span: after }, format!("{end}{end}{block}"))],
        });
    }
    found
}

/// A `cite` for the rule, line or clause at the selection that has none.
fn citation(db: &Database, file: FileId, item: &Item, selection: Span) -> Option<Refactoring> {
    let head = item.span.start;
    let at = selection.start.checked_sub(head)?;
    let missing = |found: &crate::diagnostic::Diagnostic| {
        found.code == "missing-citation"
            && found.place().is_some_and(|place| {
                let span = db.span(place);
                span.start <= selection.start && selection.start <= span.end
            })
    };
    if !db.diagnostics(file).iter().any(missing) {
        return None;
    }
    let holds = |span: Span| span.start <= at && at <= span.end;
    let clause = match &item.kind {
        ItemKind::Decision(it) => {
            let rules = it.members.iter().flat_map(walk::rules).map(|(rule, _)| rule.span);
            rules.chain(it.defaults.iter().map(|default| default.span)).find(|span| holds(*span))
        }
        ItemKind::Requirement(it) => it
            .musts
            .iter()
            .map(|must| must.span)
            .chain(it.excepts.iter().map(|except| except.span))
            .find(|span| holds(*span)),
        ItemKind::Amount(it) => it.lines.iter().map(|line| line.span).find(|span| holds(*span)),
        _ => None,
    };
    let text = db.text(file);
    let end = line_end(&text);
    let (offset, insert) = match clause {
        Some(span) => (head + span.end, format!("{end}    cite \"\"")),
        None => {
            let written = text.get(head as usize..item.span.end as usize)?;
            let brace = u32::try_from(written.find('{')?).ok()?;
            (head + brace + 1, format!("{end}  cite \"\""))
        }
    };
    Some(Refactoring {
        title: "add a citation".to_owned(),
        kind: RefactoringKind::Rewrite,
        edits: vec![(FileSpan { file, span: Span::new(offset, offset) }, insert)],
    })
}
