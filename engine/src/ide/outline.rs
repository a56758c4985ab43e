//! The declarations of a file and what is in them.

use rubric_grammar::Span;
use rubric_grammar::ast::{DecisionMember, Item, ItemKind, Name};

use crate::check::walk;
use crate::db::Database;
use crate::diagnostic::FileId;

/// One entry of the outline of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// What it is called.
    pub name: String,
    /// What is worth saying beside the name: the record it is of, an outcome.
    pub detail: Option<String>,
    /// What it is.
    pub kind: OutlineKind,
    /// All of it.
    pub span: Span,
    /// Its name; lies in `span`.
    pub name_span: Span,
    /// What is in it.
    pub children: Vec<Outline>,
}

/// What an [`Outline`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum OutlineKind {
    Policy,
    Category,
    Value,
    Record,
    Group,
    Field,
    Key,
    Input,
    Parameter,
    Define,
    Decision,
    Part,
    Rule,
    Default,
    Requirement,
    Must,
    Except,
    Amount,
    Line,
    Fixture,
    Test,
    Row,
}

/// The outline of a file, in the order of its text.
#[must_use]
pub fn outline(db: &Database, file: FileId) -> Vec<Outline> {
    let Some(parsed) = db.parsed(file) else { return Vec::new() };
    parsed.parse.file.items.iter().filter_map(of_item).collect()
}

fn of_item(item: &Item) -> Option<Outline> {
    let start = item.span.start;
    let entry = |name: &Name, kind, span: Span| Outline {
        name: name.text.clone(),
        detail: None,
        kind,
        span: span.shifted(start),
        name_span: name.span.shifted(start),
        children: Vec::new(),
    };
    let whole = Span::new(0, item.span.end - start);
    let of = |of: &Option<Name>| of.as_ref().map(|of| format!("of {}", of.text));
    let mut found = match &item.kind {
        ItemKind::Policy(it) => {
            let names: Vec<&str> = it.path.segments.iter().map(|it| it.text.as_str()).collect();
            let name = Name { text: names.join("."), span: it.path.span };
            Outline {
                detail: it.title.as_ref().map(|title| title.value.clone()),
                ..entry(&name, OutlineKind::Policy, whole)
            }
        }
        ItemKind::Category(it) => Outline {
            children: it.values.iter().map(|it| entry(&it.name, OutlineKind::Value, it.name.span)).collect(),
            ..entry(&it.name, OutlineKind::Category, whole)
        },
        ItemKind::Record(it) => {
            let field = |field: &rubric_grammar::ast::Field| {
                let kind = if field.key { OutlineKind::Key } else { OutlineKind::Field };
                entry(&field.name, kind, field.span.to(field.name.span))
            };
            Outline {
                detail: it.extend.then(|| "extends".to_owned()),
                children: it.fields.iter().map(field).collect(),
                ..entry(&it.name, OutlineKind::Record, whole)
            }
        }
        ItemKind::Group(it) => Outline {
            detail: Some(format!("of {}", it.of.text)),
            ..entry(&it.name, OutlineKind::Group, whole)
        },
        ItemKind::Input(it) => entry(&it.name, OutlineKind::Input, whole),
        ItemKind::Parameter(it) => Outline {
            detail: it.amend.then(|| "amends".to_owned()),
            ..entry(&it.name, OutlineKind::Parameter, whole)
        },
        ItemKind::Define(it) => Outline { detail: of(&it.of), ..entry(&it.name, OutlineKind::Define, whole) },
        ItemKind::Decision(it) => {
            let rule = |rule: &rubric_grammar::ast::Rule| Outline {
                detail: rule.outcome.as_ref().map(|outcome| outcome.text.clone()),
                ..entry(&rule.label, OutlineKind::Rule, rule.span)
            };
            let mut children: Vec<Outline> = it
                .defaults
                .iter()
                .map(|default| Outline {
                    name: "default".to_owned(),
                    detail: Some(default.outcome.text.clone()),
                    ..entry(&default.outcome, OutlineKind::Default, default.span)
                })
                .collect();
            for member in &it.members {
                children.push(match member {
                    DecisionMember::Rule(it) => rule(it),
                    DecisionMember::Part(part) => Outline {
                        children: walk::rules(member).map(|(it, _)| rule(it)).collect(),
                        ..entry(&part.label, OutlineKind::Part, part.span)
                    },
                });
            }
            let detail = if it.amend { Some("amends".to_owned()) } else { of(&it.of) };
            Outline { detail, children, ..entry(&it.name, OutlineKind::Decision, whole) }
        }
        ItemKind::Requirement(it) => {
            let mut children = Vec::new();
            for must in &it.musts {
                children.extend(must.label.as_ref().map(|label| entry(label, OutlineKind::Must, must.span)));
            }
            children.extend(it.excepts.iter().map(|it| entry(&it.label, OutlineKind::Except, it.span)));
            Outline { detail: of(&it.of), children, ..entry(&it.name, OutlineKind::Requirement, whole) }
        }
        ItemKind::Amount(it) => Outline {
            detail: of(&it.of),
            children: it.lines.iter().map(|it| entry(&it.label, OutlineKind::Line, it.span)).collect(),
            ..entry(&it.name, OutlineKind::Amount, whole)
        },
        ItemKind::Fixture(it) => {
            Outline { children: rows(&it.statements, &entry), ..entry(&it.name, OutlineKind::Fixture, whole) }
        }
        ItemKind::Test(it) => {
            let name = Name { text: it.title.value.clone(), span: it.title.span };
            Outline { children: rows(&it.statements, &entry), ..entry(&name, OutlineKind::Test, whole) }
        }
        ItemKind::Use(_) | ItemKind::Assert(_) | ItemKind::Waiver(_) | ItemKind::Junk => return None,
    };
    if found.name.is_empty() {
        return None;
    }
    // What a syntax error has taken the place of has no name to show, and every child lies in its parent.
    found.children.retain(|child| !child.name.is_empty());
    Some(found)
}

fn rows(
    statements: &[rubric_grammar::ast::Statement],
    entry: &dyn Fn(&Name, OutlineKind, Span) -> Outline,
) -> Vec<Outline> {
    let mut found = Vec::new();
    for statement in statements {
        if let rubric_grammar::ast::Statement::Row(row) = statement
            && let Some(name) = &row.name
        {
            found.push(Outline {
                detail: Some(row.record.text.clone()),
                ..entry(name, OutlineKind::Row, row.span)
            });
        }
    }
    found
}
