//! Top-level declarations.

use pest::iterators::Pair;

use super::clause::{Clause, ClauseKind, children, damaged};
use super::{Assembler, Lower};
use crate::ast::{
    Allow, Amount, Assert, Category, Claim, Decision, Define, DefineBody, Fixture, Group, GroupKey, Input,
    ItemKind, Limits, Parameter, Path, Policy, Record, Requirement, Test, TypeExpr, TypeKind, Use,
};
use crate::ast::{Name, Statement, Text};
use crate::rules::Rule as R;
use crate::span::Span;

/// A head, its body not yet filled in.
pub(crate) fn empty_type(span: Span) -> TypeExpr {
    TypeExpr { kind: TypeKind::Name(Name { text: String::new(), span }), optional: false, span }
}

impl Lower<'_> {
    /// A whole item: `allow`s and a declaration.
    pub(crate) fn item(&mut self, pair: Pair<'_, R>) -> (Vec<Allow>, ItemKind) {
        let mut allows = Vec::new();
        let mut kind = ItemKind::Junk;
        for child in pair.into_inner() {
            if child.as_rule() == R::allow_clause {
                allows.extend(self.allow(child));
            } else {
                kind = self.declaration(child);
            }
        }
        (allows, kind)
    }

    fn declaration(&mut self, pair: Pair<'_, R>) -> ItemKind {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = children(pair);
        match rule {
            R::use_item => match inner.next() {
                Some(path) => ItemKind::Use(Use { path: self.path(path) }),
                None => ItemKind::Junk,
            },
            R::group => self.group(inner),
            R::input_item => {
                let name = inner.next().map(|name| self.name(&name));
                let ty = inner.next().map(|ty| self.type_expression(ty));
                match name.zip(ty) {
                    Some((name, ty)) => ItemKind::Input(Input { name, ty }),
                    None => ItemKind::Junk,
                }
            }
            R::assertion => self.assertion(inner, span),
            R::waiver => {
                let Some(mut row) = inner.next().and_then(|head| self.row_head(head)) else {
                    return ItemKind::Junk;
                };
                row.span = span;
                let clauses = self.clauses(inner);
                row.fields = row_fields(clauses);
                ItemKind::Waiver(row)
            }
            _ => {
                let Some(head) = inner.next() else { return ItemKind::Junk };
                let Some(mut kind) = self.head(head) else { return ItemKind::Junk };
                let mut clauses = Vec::new();
                for child in inner {
                    match child.as_rule() {
                        R::define_value | R::amount_value => self.value(child, &mut kind, &mut clauses),
                        _ => self.clause(child, &mut clauses),
                    }
                }
                self.fill(&mut kind, clauses);
                kind
            }
        }
    }

    fn clauses<'p>(&mut self, inner: impl Iterator<Item = Pair<'p, R>>) -> Vec<Clause> {
        let mut clauses = Vec::new();
        for child in inner {
            self.clause(child, &mut clauses);
        }
        clauses
    }

    /// `= E`, with what may follow.
    pub(crate) fn value(&mut self, pair: Pair<'_, R>, kind: &mut ItemKind, clauses: &mut Vec<Clause>) {
        let mut inner = children(pair);
        let value = inner.next().map(|value| self.expression(value));
        for child in inner {
            self.clause(child, clauses);
        }
        match (kind, value) {
            (ItemKind::Define(define), Some(value)) => define.body = DefineBody::Always(value),
            (ItemKind::Amount(amount), value) => amount.value = value,
            _ => {}
        }
    }

    /// Gives the clauses of the body to a declaration that has only its head.
    pub(crate) fn fill(&mut self, kind: &mut ItemKind, clauses: Vec<Clause>) {
        let mut assembler = Assembler::new(self.errors, self.item_start);
        match kind {
            ItemKind::Policy(policy) => assembler.policy(policy, clauses),
            ItemKind::Decision(decision) => assembler.decision(decision, clauses),
            ItemKind::Requirement(requirement) => assembler.requirement(requirement, clauses),
            ItemKind::Amount(amount) => assembler.amount(amount, clauses),
            ItemKind::Category(category) => {
                for clause in clauses {
                    match clause.kind {
                        ClauseKind::Value(value) => category.values.push(value),
                        _ => assembler.damaged = true,
                    }
                }
            }
            ItemKind::Record(record) => {
                for clause in clauses {
                    match clause.kind {
                        ClauseKind::Fields(fields) => record.fields.extend(fields),
                        _ => assembler.damaged = true,
                    }
                }
            }
            ItemKind::Parameter(parameter) => {
                for clause in clauses {
                    match clause.kind {
                        ClauseKind::Cite(text) => parameter.cites.push(text),
                        ClauseKind::ParameterEntry(entry) => parameter.entries.push(entry),
                        _ => assembler.damaged = true,
                    }
                }
            }
            ItemKind::Define(define) => {
                let mut entries = Vec::new();
                for clause in clauses {
                    match clause.kind {
                        ClauseKind::Cite(text) => define.cites.push(text),
                        ClauseKind::DefineEntry(entry) => entries.push(entry),
                        _ => assembler.damaged = true,
                    }
                }
                if !matches!(define.body, DefineBody::Always(_)) {
                    let lost = entries.is_empty() && assembler.damaged;
                    define.body = if lost { DefineBody::Damaged } else { DefineBody::Dated(entries) };
                }
            }
            ItemKind::Fixture(fixture) => {
                fill_statements(&mut fixture.statements, clauses, &mut assembler.damaged)
            }
            ItemKind::Test(test) => fill_statements(&mut test.statements, clauses, &mut assembler.damaged),
            ItemKind::Waiver(row) => row.fields = row_fields(clauses),
            _ => {}
        }
        self.damaged |= assembler.damaged;
    }

    /// The head of a declaration as a declaration with an empty body.
    pub(crate) fn head(&mut self, pair: Pair<'_, R>) -> Option<ItemKind> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = children(pair).peekable();
        let mut marked = false;
        if let Some(R::kw_amend | R::kw_ordered | R::kw_extend) = inner.peek().map(Pair::as_rule) {
            marked = true;
            inner.next();
        }
        if rule == R::waiver_head {
            return None;
        }
        let first = inner.next()?;
        if rule == R::policy_head {
            return Some(ItemKind::Policy(new_policy(self.path(first))));
        }
        if rule == R::test_head {
            let title = self.text(&first);
            return Some(ItemKind::Test(new_test(title, self.name_of(inner.last()))));
        }
        let name = self.name(&first);
        match rule {
            R::category_head => {
                return Some(ItemKind::Category(Category { ordered: marked, name, values: Vec::new() }));
            }
            R::record_head => {
                return Some(ItemKind::Record(Record { extend: marked, name, fields: Vec::new() }));
            }
            R::fixture_head => {
                let from = self.name_of(inner.last());
                return Some(ItemKind::Fixture(Fixture { name, from, statements: Vec::new() }));
            }
            _ => {}
        }
        let mut params = Vec::new();
        let mut of = None;
        let mut ty = None;
        let mut by = Vec::new();
        let mut condition = None;
        let mut for_each = None;
        let mut law_on = None;
        let mut grants = Vec::new();
        for child in inner {
            match child.as_rule() {
                R::parameters => params = self.parameters(child),
                R::name => of = Some(self.name(&child)),
                R::type_expression => ty = Some(self.type_expression(child)),
                R::keyed_by => by = children(child).map(|name| self.name(&name)).collect(),
                _ => {
                    let mut parts = Vec::new();
                    self.clause(child, &mut parts);
                    for part in parts {
                        let words = part.kind.words();
                        let second = match part.kind {
                            ClauseKind::Where(expr) => condition.replace(expr).is_some(),
                            ClauseKind::ForEach(each) => for_each.replace(each).is_some(),
                            ClauseKind::Law(date) => law_on.replace(date).is_some(),
                            ClauseKind::Grant(grant) => {
                                grants.push(grant);
                                false
                            }
                            _ => false,
                        };
                        if second {
                            self.damaged = true;
                            self.error("syntax", format!("a second `{words}`"), part.span, None, None);
                        }
                    }
                }
            }
        }
        let amend = marked;
        let kind = match rule {
            R::parameter_head => ItemKind::Parameter(Parameter {
                amend,
                name,
                by,
                ty,
                grants,
                cites: Vec::new(),
                entries: Vec::new(),
            }),
            R::define_head => ItemKind::Define(Define {
                name,
                params,
                of,
                ty: ty.unwrap_or_else(|| empty_type(span)),
                cites: Vec::new(),
                body: DefineBody::Damaged,
            }),
            R::decision_head => {
                self.no_for_each(for_each.is_some(), "decision", span);
                ItemKind::Decision(Decision {
                    amend,
                    name,
                    of,
                    condition,
                    grants,
                    outcomes: None,
                    law_on,
                    cites: Vec::new(),
                    defaults: Vec::new(),
                    members: Vec::new(),
                })
            }
            R::requirement_head => ItemKind::Requirement(Requirement {
                amend,
                name,
                of,
                for_each,
                condition,
                grants,
                id: None,
                severity: None,
                cites: Vec::new(),
                because: None,
                law_on,
                due: None,
                waivable_by: Vec::new(),
                interval: None,
                musts: Vec::new(),
                excepts: Vec::new(),
            }),
            _ => {
                self.no_for_each(for_each.is_some(), "amount", span);
                ItemKind::Amount(Amount {
                    amend,
                    name,
                    of,
                    ty,
                    law_on,
                    condition,
                    grants,
                    cites: Vec::new(),
                    because: None,
                    value: None,
                    lines: Vec::new(),
                    limits: Limits::default(),
                    rounding: None,
                })
            }
        };
        Some(kind)
    }

    fn no_for_each(&mut self, present: bool, what: &str, span: Span) {
        if present {
            self.damaged = true;
            let help = (what == "amount").then(|| "write it in a `line`".to_owned());
            self.error("syntax", format!("`for each` does not belong to a {what}"), span, help, None);
        }
    }

    fn name_of(&self, pair: Option<Pair<'_, R>>) -> Option<Name> {
        pair.filter(|pair| pair.as_rule() == R::name).map(|pair| self.name(&pair))
    }

    fn group<'p>(&mut self, mut inner: impl Iterator<Item = Pair<'p, R>>) -> ItemKind {
        let name = inner.next().map(|name| self.name(&name));
        let of = inner.next().map(|name| self.name(&name));
        let keys = inner
            .filter_map(|key| {
                let mut parts = children(key);
                let name = parts.next().map(|name| self.name(&name))?;
                let value = parts.next().map(|value| self.expression(value));
                Some(GroupKey { name, value })
            })
            .collect();
        match name.zip(of) {
            Some((name, of)) => ItemKind::Group(Group { name, of, keys }),
            None => ItemKind::Junk,
        }
    }

    fn assertion<'p>(&mut self, mut inner: impl Iterator<Item = Pair<'p, R>>, span: Span) -> ItemKind {
        let subject = inner.next().map_or(damaged(span), |subject| self.expression(subject));
        let Some(pair) = inner.next() else {
            return ItemKind::Assert(Assert { subject, claim: Claim::Damaged });
        };
        let rule = pair.as_rule();
        let mut parts = children(pair);
        let claim = match rule {
            R::never_depends => Claim::NeverDepends(parts.map(|fact| self.expression(fact)).collect()),
            R::never_worsens => {
                let of = parts.next().map_or(damaged(span), |of| self.expression(of));
                let rises = parts.next().is_some_and(|direction| direction.as_str().trim_end() == "rises");
                Claim::NeverWorsens { of, rises }
            }
            R::stays_within => {
                let most = parts.next().is_some_and(|word| word.as_str().trim_end().ends_with("most"));
                let value = parts.next().map_or(damaged(span), |value| self.expression(value));
                if most { Claim::AtMost(value) } else { Claim::AtLeast(value) }
            }
            _ => Claim::Implies(parts.next().map_or(damaged(span), |value| self.expression(value))),
        };
        ItemKind::Assert(Assert { subject, claim })
    }
}

fn new_policy(path: Path) -> Policy {
    Policy {
        path,
        title: None,
        authority: None,
        cites: Vec::new(),
        effective: None,
        school_year: None,
        month_end: None,
    }
}

fn new_test(title: Text, from: Option<Name>) -> Test {
    Test { title, from, statements: Vec::new() }
}

fn fill_statements(statements: &mut Vec<Statement>, clauses: Vec<Clause>, damaged: &mut bool) {
    for clause in clauses {
        match clause.kind {
            ClauseKind::Statement(statement) => statements.push(statement),
            _ => *damaged = true,
        }
    }
}

fn row_fields(clauses: Vec<Clause>) -> Vec<crate::ast::RowField> {
    clauses
        .into_iter()
        .filter_map(|clause| match clause.kind {
            ClauseKind::RowField(field) => Some(field),
            _ => None,
        })
        .collect()
}
