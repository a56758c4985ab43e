//! What can be folded, and what a selection grows to.

use rubric_grammar::ast::{DecisionMember, Expr, Item, ItemKind, ParameterValue, Statement};
use rubric_grammar::{LexicalKind, Span, lexical};

use crate::check::walk;
use crate::db::Database;
use crate::diagnostic::FileId;

/// What can be folded: declarations and braces over several lines (`false`), and comments over several lines (`true`).
#[must_use]
pub fn folds(db: &Database, file: FileId) -> Vec<(Span, bool)> {
    let Some(parsed) = db.parsed(file) else { return Vec::new() };
    let text = db.text(file);
    let line = |offset| parsed.lines.line_of(offset);
    let (tokens, comments) = lexical(&text);
    let mut found = Vec::new();
    let mut open = Vec::new();
    for token in tokens {
        match token.kind {
            LexicalKind::Symbol('{') => open.push(token.span.start),
            LexicalKind::Symbol('}') => {
                if let Some(start) = open.pop()
                    && line(start) < line(token.span.start)
                {
                    found.push((Span::new(start, token.span.end), false));
                }
            }
            _ => {}
        }
    }
    let mut block: Option<Span> = None;
    for comment in comments {
        block = match block {
            // Only blanks between two comments on neighbouring lines.
            Some(before)
                if line(before.end) + 1 == line(comment.start)
                    && text
                        .get(before.end as usize..comment.start as usize)
                        .is_some_and(|between| between.trim().is_empty()) =>
            {
                Some(before.to(comment))
            }
            before => {
                found.extend(before.map(|span| (span, true)));
                Some(comment)
            }
        };
    }
    found.extend(block.map(|span| (span, true)));
    found.retain(|(span, _)| line(span.start) < line(span.end));
    found.sort_unstable();
    found
}

/// What a selection at a byte grows to, innermost first: expressions, clauses, the declaration, the file.
#[must_use]
pub fn selections(db: &Database, file: FileId, offset: u32) -> Vec<Span> {
    let Some(parsed) = db.parsed(file) else { return Vec::new() };
    let text = db.text(file);
    let mut found = vec![Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX))];
    let item = parsed.parse.file.items.iter().find(|it| it.span.start <= offset && offset <= it.span.end);
    if let Some(item) = item {
        found.push(item.span);
        let start = item.span.start;
        for span in clauses(item) {
            found.push(span.shifted(start));
        }
        for expr in walk::expressions(item) {
            walk::each(expr, &mut |expr: &Expr| found.push(expr.span.shifted(start)));
        }
    }
    let (tokens, _) = lexical(&text);
    found.extend(tokens.iter().map(|token| token.span));
    found.retain(|span| span.start <= offset && offset <= span.end && span.start < span.end);
    found.sort_by_key(|span| (span.end - span.start, span.start));
    found.dedup();
    // Of two that touch at the byte, the first counts; each further one must hold the one before.
    let mut chain: Vec<Span> = Vec::new();
    for span in found {
        if chain.last().is_none_or(|inner| span.start <= inner.start && inner.end <= span.end) {
            chain.push(span);
        }
    }
    chain
}

/// The clauses of an item that stand for themselves.
fn clauses(item: &Item) -> Vec<Span> {
    let mut found = Vec::new();
    match &item.kind {
        ItemKind::Record(it) => found.extend(it.fields.iter().map(|field| field.span)),
        ItemKind::Parameter(it) => {
            for entry in &it.entries {
                found.push(entry.span);
                if let ParameterValue::Table(table) = &entry.value {
                    found.push(table.span);
                    found.extend(table.rows.iter().map(|row| row.span));
                }
            }
        }
        ItemKind::Decision(it) => {
            found.extend(it.outcomes.iter().map(|outcomes| outcomes.span));
            found.extend(it.defaults.iter().map(|default| default.span));
            for member in &it.members {
                if let DecisionMember::Part(part) = member {
                    found.push(part.span);
                }
                found.extend(walk::rules(member).map(|(rule, _)| rule.span));
            }
        }
        ItemKind::Requirement(it) => {
            found.extend(it.musts.iter().map(|must| must.span));
            found.extend(it.excepts.iter().map(|except| except.span));
        }
        ItemKind::Amount(it) => found.extend(it.lines.iter().map(|line| line.span)),
        ItemKind::Fixture(it) => statements(&it.statements, &mut found),
        ItemKind::Test(it) => statements(&it.statements, &mut found),
        _ => {}
    }
    found
}

fn statements(statements: &[Statement], found: &mut Vec<Span>) {
    for statement in statements {
        match statement {
            Statement::Row(row) | Statement::Waiver(row) => found.push(row.span),
            Statement::Given(given) => found.push(given.span),
            Statement::Expect(expect) => found.push(expect.span),
            Statement::AsOf(_) | Statement::No(_) => {}
        }
    }
}
