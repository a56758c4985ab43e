//! What the tokens cannot tell: which ranges are names and literals, and where expressions stand.

use super::tokens::{Leaf, Tokens};
use crate::Span;
use crate::ast::*;

/// Names, literals and expressions of one item, spans in the file.
#[derive(Debug, Default)]
pub(super) struct Collected<'a> {
    /// Where the item starts.
    base: u32,
    /// Ranges that are one token.
    pub(super) leaves: Vec<Leaf>,
    /// Expressions that are in no other.
    pub(super) roots: Vec<&'a Expr>,
}

impl<'a> Collected<'a> {
    /// Walks an item.
    pub(super) fn of(item: &'a Item) -> Self {
        let mut collected = Self { base: item.span.start, ..Self::default() };
        collected.allows(&item.allows);
        collected.item(&item.kind);
        collected.roots.sort_by_key(|root| root.span.start);
        collected
    }

    fn leaf(&mut self, span: Span) {
        self.leaves.push(Leaf { span: span.shifted(self.base), verbatim: false });
    }

    fn name(&mut self, name: &Name) {
        self.leaf(name.span);
    }

    fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n Name>) {
        for name in names {
            self.name(name);
        }
    }

    fn path(&mut self, path: &Path) {
        self.names(&path.segments);
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t Text>) {
        for text in texts {
            self.leaf(text.span);
        }
    }

    fn template(&mut self, template: Option<&Template>) {
        if let Some(template) = template {
            self.leaf(template.span);
        }
    }

    fn allows(&mut self, allows: &[Allow]) {
        for allow in allows {
            self.name(&allow.code);
            self.leaf(allow.reason.span);
        }
    }

    fn interval(&mut self, interval: Option<&Interval>) {
        let Some(interval) = interval else { return };
        if let Some(from) = &interval.from {
            self.leaf(from.span);
        }
        match &interval.end {
            Some(IntervalEnd::Until(date) | IntervalEnd::Through(date)) => self.leaf(date.span),
            None => {}
        }
    }

    fn grants(&mut self, grants: &[Grant]) {
        for grant in grants {
            self.names([&grant.who, &grant.what]);
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeKind::Name(name) | TypeKind::Set(name) => self.name(name),
            TypeKind::Many { record, by } => {
                self.name(record);
                self.names(by);
            }
        }
    }

    fn for_each(&mut self, for_each: Option<&ForEach>) {
        if let Some(for_each) = for_each {
            self.name(&for_each.category);
            self.names(&for_each.alias);
        }
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.roots.push(expr);
            let mut open = vec![expr];
            while let Some(expr) = open.pop() {
                self.expr_leaves(expr);
                open.extend(children(expr));
            }
        }
    }

    /// Leaves of one expression, without those of its children.
    fn expr_leaves(&mut self, expr: &Expr) {
        match &*expr.kind {
            // A duration is two tokens: the blank between them is the formatter's.
            ExprKind::Literal(Literal::Duration(..)) | ExprKind::Damaged => {}
            ExprKind::Literal(_) | ExprKind::Name(_) => self.leaf(expr.span),
            ExprKind::Field(_, name) => self.name(name),
            ExprKind::Aggregate(Aggregate { rows, .. })
            | ExprKind::Quantity { rows, .. }
            | ExprKind::PercentRank(Population { rows, .. })
            | ExprKind::InTop(_, Population { rows, .. })
            | ExprKind::Total(Population { rows, .. })
            | ExprKind::Apportion { rows, .. } => self.names(&rows.alias),
            _ => {}
        }
    }

    fn item(&mut self, kind: &'a ItemKind) {
        match kind {
            ItemKind::Policy(policy) => self.policy(policy),
            ItemKind::Use(item) => self.path(&item.path),
            ItemKind::Category(category) => {
                self.name(&category.name);
                for value in &category.values {
                    self.name(&value.name);
                    self.texts(&value.codes);
                }
            }
            ItemKind::Record(record) => {
                self.name(&record.name);
                for field in &record.fields {
                    self.name(&field.name);
                    self.ty(&field.ty);
                    self.exprs(&field.absent);
                    self.texts(&field.judged_by);
                }
            }
            ItemKind::Group(group) => {
                self.names([&group.name, &group.of]);
                for key in &group.keys {
                    self.name(&key.name);
                    self.exprs(&key.value);
                }
            }
            ItemKind::Input(input) => {
                self.name(&input.name);
                self.ty(&input.ty);
            }
            ItemKind::Parameter(parameter) => self.parameter(parameter),
            ItemKind::Define(define) => self.define(define),
            ItemKind::Decision(decision) => self.decision(decision),
            ItemKind::Requirement(requirement) => self.requirement(requirement),
            ItemKind::Amount(amount) => self.amount(amount),
            ItemKind::Assert(assert) => {
                self.exprs([&assert.subject]);
                match &assert.claim {
                    Claim::NeverDepends(facts) => self.exprs(facts),
                    Claim::NeverWorsens { of, .. } => self.exprs([of]),
                    Claim::AtLeast(bound) | Claim::AtMost(bound) => self.exprs([bound]),
                    Claim::Implies(condition) => self.exprs([condition]),
                    Claim::Damaged => {}
                }
            }
            ItemKind::Fixture(fixture) => {
                self.name(&fixture.name);
                self.names(&fixture.from);
                self.statements(&fixture.statements);
            }
            ItemKind::Test(test) => {
                self.leaf(test.title.span);
                self.names(&test.from);
                self.statements(&test.statements);
            }
            ItemKind::Waiver(row) => self.row(row),
            ItemKind::Junk => {}
        }
    }

    fn policy(&mut self, policy: &Policy) {
        self.path(&policy.path);
        self.texts(&policy.title);
        if let Some(authority) = &policy.authority {
            self.name(&authority.level);
            self.texts(&authority.title);
            if let Some(under) = &authority.under {
                self.path(under);
            }
        }
        self.texts(&policy.cites);
        self.interval(policy.effective.as_ref());
    }

    fn parameter(&mut self, parameter: &'a Parameter) {
        self.name(&parameter.name);
        self.names(&parameter.by);
        if let Some(ty) = &parameter.ty {
            self.ty(ty);
        }
        self.grants(&parameter.grants);
        self.texts(&parameter.cites);
        for entry in &parameter.entries {
            self.interval(Some(&entry.interval));
            self.texts(&entry.cites);
            match &entry.value {
                ParameterValue::Single(value) => self.exprs([value]),
                ParameterValue::List(values) => self.exprs(values),
                ParameterValue::Table(table) => {
                    self.names(&table.header);
                    for row in &table.rows {
                        self.names(&row.labels);
                        self.exprs(&row.cells);
                    }
                }
            }
        }
    }

    fn define(&mut self, define: &'a Define) {
        self.name(&define.name);
        for param in &define.params {
            self.name(&param.name);
            self.ty(&param.ty);
        }
        self.names(&define.of);
        self.ty(&define.ty);
        self.texts(&define.cites);
        match &define.body {
            DefineBody::Always(value) => self.exprs([value]),
            DefineBody::Dated(entries) => {
                for entry in entries {
                    self.interval(Some(&entry.interval));
                    self.texts(&entry.cites);
                    self.exprs([&entry.value]);
                }
            }
            DefineBody::Damaged => {}
        }
    }

    fn decision(&mut self, decision: &'a Decision) {
        self.name(&decision.name);
        self.names(&decision.of);
        self.exprs(&decision.condition);
        self.grants(&decision.grants);
        if let Some(outcomes) = &decision.outcomes {
            self.names(&outcomes.names);
        }
        self.exprs(&decision.law_on);
        self.texts(&decision.cites);
        for default in &decision.defaults {
            self.name(&default.outcome);
            self.texts(&default.cites);
            self.template(default.because.as_ref());
            self.interval(default.interval.as_ref());
        }
        for member in &decision.members {
            match member {
                DecisionMember::Rule(rule) => self.rule(rule),
                DecisionMember::Part(part) => {
                    self.name(&part.label);
                    self.names(&part.subject_to);
                    self.names(&part.notwithstanding);
                    self.interval(part.interval.as_ref());
                    self.texts(&part.cites);
                    for rule in &part.rules {
                        self.rule(rule);
                    }
                }
            }
        }
    }

    fn rule(&mut self, rule: &'a Rule) {
        self.allows(&rule.allows);
        self.name(&rule.label);
        self.names(&rule.outcome);
        self.exprs(&rule.when);
        self.names(&rule.subject_to);
        self.names(&rule.notwithstanding);
        self.interval(rule.interval.as_ref());
        self.texts(&rule.cites);
        self.template(rule.because.as_ref());
        self.texts(&rule.waivable_by);
    }

    fn requirement(&mut self, requirement: &'a Requirement) {
        self.name(&requirement.name);
        self.names(&requirement.of);
        self.for_each(requirement.for_each.as_ref());
        self.exprs(&requirement.condition);
        self.grants(&requirement.grants);
        self.texts(&requirement.id);
        self.names(&requirement.severity);
        self.texts(&requirement.cites);
        self.template(requirement.because.as_ref());
        self.exprs(&requirement.law_on);
        self.exprs(requirement.due.as_ref().map(|due| &due.date));
        self.texts(&requirement.waivable_by);
        self.interval(requirement.interval.as_ref());
        for must in &requirement.musts {
            self.allows(&must.allows);
            self.names(&must.label);
            match &must.kind {
                MustKind::Condition(condition) => self.exprs([condition]),
                MustKind::Unique(facts) => self.exprs(facts),
            }
            self.texts(&must.cites);
        }
        for except in &requirement.excepts {
            self.allows(&except.allows);
            self.name(&except.label);
            self.exprs([&except.when]);
            self.texts(&except.cites);
            self.interval(except.interval.as_ref());
        }
    }

    fn limits(&mut self, limits: &'a Limits) {
        self.exprs(&limits.at_most);
        self.exprs(&limits.at_least);
    }

    fn amount(&mut self, amount: &'a Amount) {
        self.name(&amount.name);
        self.names(&amount.of);
        if let Some(ty) = &amount.ty {
            self.ty(ty);
        }
        self.exprs(&amount.law_on);
        self.exprs(&amount.condition);
        self.grants(&amount.grants);
        self.texts(&amount.cites);
        self.template(amount.because.as_ref());
        self.exprs(&amount.value);
        self.limits(&amount.limits);
        for line in &amount.lines {
            self.allows(&line.allows);
            self.name(&line.label);
            self.for_each(line.for_each.as_ref());
            self.exprs([&line.value]);
            self.exprs(&line.when);
            self.names(&line.subject_to);
            self.limits(&line.limits);
            self.interval(line.interval.as_ref());
            self.texts(&line.cites);
            self.template(line.because.as_ref());
        }
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::AsOf(date) => self.exprs([date]),
                Statement::Row(row) | Statement::Waiver(row) => self.row(row),
                Statement::No(record) => self.name(record),
                Statement::Given(given) => self.exprs([&given.target, &given.value]),
                Statement::Expect(expect) => {
                    self.exprs([&expect.condition]);
                    self.names(&expect.by);
                    self.exprs(&expect.needs);
                }
            }
        }
    }

    fn row(&mut self, row: &'a Row) {
        self.name(&row.record);
        self.names(&row.name);
        self.names(&row.like);
        for field in &row.fields {
            self.name(&field.name);
            self.exprs([&field.value]);
        }
    }
}

/// The expressions directly inside an expression, in the order of the text.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    let mut children: Vec<&Expr> = match &*expr.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Damaged => Vec::new(),
        ExprKind::Field(a, _)
        | ExprKind::Not(a)
        | ExprKind::Negate(a)
        | ExprKind::Is { item: a, .. }
        | ExprKind::Rounded(a, _)
        | ExprKind::Part(_, a)
        | ExprKind::Paren(a) => vec![a],
        ExprKind::On(a, b)
        | ExprKind::Binary(_, a, b)
        | ExprKind::PercentOf(a, b)
        | ExprKind::InSet { item: a, set: b, .. }
        | ExprKind::TextTest { item: a, pattern: b, .. }
        | ExprKind::Presumed(a, b)
        | ExprKind::Affix(_, a, b)
        | ExprKind::Elapsed(_, a, b) => vec![a, b],
        ExprKind::Between { item: a, low: b, high: c, .. } | ExprKind::If(a, b, c) => vec![a, b, c],
        ExprKind::Call(a, list) | ExprKind::InList { item: a, list, .. } => {
            std::iter::once(a).chain(list).collect()
        }
        ExprKind::Case(arms, otherwise) => arms.iter().flat_map(|(c, v)| [c, v]).chain(otherwise).collect(),
        ExprKind::Aggregate(aggregate) => {
            aggregate.operand.iter().chain(rows(&aggregate.rows)).chain(&aggregate.satisfy).collect()
        }
        ExprKind::Quantity { count, rows: of, .. } => std::iter::once(count).chain(rows(of)).collect(),
        ExprKind::PercentRank(population) | ExprKind::Total(population) => people(population).collect(),
        ExprKind::InTop(share, population) => std::iter::once(share).chain(people(population)).collect(),
        ExprKind::Apportion { total, rows: over, by, .. } => {
            std::iter::once(total).chain(rows(over)).chain([by]).collect()
        }
    };
    children.sort_by_key(|child| child.span.start);
    children
}

fn rows(rows: &Rows) -> impl Iterator<Item = &Expr> {
    std::iter::once(&rows.source).chain(&rows.filter)
}

fn people(population: &Population) -> impl Iterator<Item = &Expr> {
    std::iter::once(&population.operand).chain(rows(&population.rows)).chain(&population.per)
}

/// Glues what belongs to the token before it: the bracket of a call, the operand of a sign.
pub(super) fn glue_expressions(tokens: &mut Tokens<'_>, base: u32, roots: &[&Expr]) {
    let mut open: Vec<&Expr> = roots.to_vec();
    while let Some(expr) = open.pop() {
        match &*expr.kind {
            ExprKind::Call(callee, _) => {
                let bracket = tokens.at(callee.span.end + base);
                if tokens.list.get(bracket).is_some_and(|token| token.is_symbol("(")) {
                    tokens.glue(bracket);
                }
            }
            ExprKind::Negate(_) => {
                let sign = tokens.at(expr.span.start + base);
                let operand = tokens.list.get(sign + 1).map_or("", |token| token.text);
                // Two signs that touch could be read as one dash.
                if operand != "-" {
                    tokens.glue(sign + 1);
                }
            }
            _ => {}
        }
        open.extend(children(expr));
    }
}
