//! Every name of a file and what it stands for.
//!
//! Lowering says what the names in expressions stand for; the rest (types, labels, fixtures, rows, aliases) follows from
//! the tree. A name that nothing answers is not among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast::{
    self, DecisionMember, Expr, ExprKind, Item, ItemKind, Name, Population, Rows, Statement, TypeExpr,
    TypeKind,
};

use super::{Entity, labels};
use crate::check::walk;
use crate::diagnostic::FileId;
use crate::lower::{Mention, snake_case};
use crate::names::Collected;
use crate::plan::{FieldKind, PolicyId, RecordKind, Symbol, Symbols};
use crate::value::RecordId;

/// One name in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its bytes in the file, backquotes included.
    pub span: Span,
    /// What it stands for.
    pub entity: Entity,
    /// As what it stands here.
    pub role: Role,
}

impl Occurrence {
    /// A name whose span is relative to an item, in the file in which the item begins there.
    pub(crate) fn in_file(&self, item: u32) -> Self {
        Self { span: self.span.shifted(item), ..self.clone() }
    }
}

/// As what a name stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is declared here.
    Declaration,
    /// It is amended here.
    Amendment,
    /// It is used here.
    Use,
    /// A row of the record, called by the record's name in small letters: `student` of `Student`.
    Row,
}

/// What [`collect`] reads.
pub(crate) struct Source<'a> {
    pub(crate) symbols: &'a Symbols,
    pub(crate) collected: &'a Collected,
    pub(crate) file: FileId,
    /// An item of any file.
    pub(crate) item: &'a dyn Fn(FileId, u32) -> Option<Item>,
}

/// The names of the item at a position of a file, in the order of its text, their spans relative to it. `said`: what the names
/// of its expressions stand for.
pub(crate) fn collect(source: &Source<'_>, position: u32, item: &Item, said: &[Mention]) -> Vec<Occurrence> {
    let Some(policy) = source.collected.policies.get(&source.file).copied() else { return Vec::new() };
    let mut mentions = BTreeMap::new();
    for mention in said {
        if mention.place.file == source.file && mention.place.item == Some(position) {
            mentions.entry(mention.place.span).or_insert(canonical(source.symbols, mention.target.into()));
        }
    }
    let own = own_symbol(source, policy, position, item);
    let mut walker = Walker {
        source,
        policy,
        position,
        own,
        mentions,
        seen: BTreeSet::new(),
        locals: Vec::new(),
        rows: BTreeMap::new(),
        lines: BTreeSet::new(),
        found: Vec::new(),
    };
    walker.item(item);
    let mut found = walker.found;
    found.sort_by_key(|it| (it.span, it.role));
    found.dedup_by(|a, b| a.span == b.span);
    found
}

/// A key of a group that is a field of its members is that field; the version of a parameter is the parameter.
pub(super) fn canonical(symbols: &Symbols, entity: Entity) -> Entity {
    if let Entity::Symbol(Symbol::Parameter(id)) = entity
        && let Some(version) = symbols.parameter(id).and_then(|parameter| parameter.version)
    {
        return Entity::Symbol(Symbol::Parameter(version.of));
    }
    let Entity::Field(record, field) = entity else { return entity };
    let Some(declared) = symbols.record(record) else { return entity };
    let RecordKind::Group { of } = declared.kind else { return entity };
    let (Some(key), Some(member)) = (declared.fields.get(field as usize), symbols.record(of)) else {
        return entity;
    };
    if key.kind == FieldKind::Members {
        return entity;
    }
    // A computed key may be named like a field of the member; then it is declared where it is computed.
    match member.fields.iter().position(|it| it.name == key.name && !computed(key, it)) {
        Some(at) => canonical(symbols, Entity::Field(of, u32::try_from(at).unwrap_or(u32::MAX))),
        None => entity,
    }
}

fn computed(key: &crate::plan::Field, of_member: &crate::plan::Field) -> bool {
    key.ty.base != of_member.ty.base
}

/// The symbol that an item declares, or amends.
fn own_symbol(source: &Source<'_>, policy: PolicyId, position: u32, item: &Item) -> Option<Symbol> {
    let (name, amend) = match &item.kind {
        ItemKind::Category(it) => (&it.name, false),
        ItemKind::Record(it) => (&it.name, it.extend),
        ItemKind::Group(it) => (&it.name, false),
        ItemKind::Input(it) => (&it.name, false),
        ItemKind::Parameter(it) => (&it.name, it.amend),
        ItemKind::Define(it) => (&it.name, false),
        ItemKind::Decision(it) => (&it.name, it.amend),
        ItemKind::Requirement(it) => (&it.name, it.amend),
        ItemKind::Amount(it) => (&it.name, it.amend),
        _ => return None,
    };
    let fits = |symbol: &Symbol| {
        matches!(
            (&item.kind, symbol),
            (ItemKind::Category(_), Symbol::Category(_))
                | (ItemKind::Record(_) | ItemKind::Group(_), Symbol::Record(_))
                | (ItemKind::Input(_), Symbol::Input(_))
                | (ItemKind::Parameter(_), Symbol::Parameter(_))
                | (ItemKind::Define(_), Symbol::Define(_))
                | (ItemKind::Decision(_), Symbol::Decision(_))
                | (ItemKind::Requirement(_), Symbol::Requirement(_))
                | (ItemKind::Amount(_), Symbol::Amount(_))
        )
    };
    if amend && !matches!(item.kind, ItemKind::Record(_)) {
        let here = Some(position);
        let amended = source.symbols.amendments.iter();
        let amended = amended.filter(|it| it.place.file == source.file && it.place.item == here);
        return amended.map(|it| it.target).find(fits);
    }
    let scope = &source.symbols.policy(policy)?.scope;
    let mut named = scope.get(&name.text).iter().copied().filter(fits);
    if amend {
        return named.next();
    }
    let here = |symbol: &Symbol| {
        source
            .symbols
            .place(*symbol)
            .is_some_and(|place| place.file == source.file && place.item == Some(position))
    };
    named.find(here)
}

struct Walker<'a> {
    source: &'a Source<'a>,
    policy: PolicyId,
    position: u32,
    own: Option<Symbol>,
    mentions: BTreeMap<Span, Entity>,
    seen: BTreeSet<Span>,
    locals: Vec<(String, Span)>,
    /// Rows of a fixture or test, with the item that first declares each.
    rows: BTreeMap<String, (FileId, u32)>,
    /// Labels of an amount's lines, which its expressions can name bare.
    lines: BTreeSet<String>,
    found: Vec<Occurrence>,
}

impl Walker<'_> {
    fn see(&mut self, span: Span, entity: Entity, role: Role) {
        if span.start < span.end && self.seen.insert(span) {
            self.found.push(Occurrence { span, entity, role });
        }
    }

    fn scope(&self, name: &str) -> &[Symbol] {
        self.source.symbols.policy(self.policy).map_or(&[], |policy| policy.scope.get(name))
    }

    fn record(&self, name: &str) -> Option<RecordId> {
        self.scope(name).iter().find_map(|symbol| match symbol {
            Symbol::Record(id) => Some(*id),
            _ => None,
        })
    }

    fn named_record(&mut self, name: &Name) {
        if let Some(id) = self.record(&name.text) {
            self.see(name.span, Entity::Symbol(Symbol::Record(id)), Role::Use);
        }
    }

    fn named_category(&mut self, name: &Name) {
        let found = self.scope(&name.text).iter().copied().find(|it| matches!(it, Symbol::Category(_)));
        if let Some(symbol) = found {
            self.see(name.span, Entity::Symbol(symbol), Role::Use);
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeKind::Name(name) | TypeKind::Set(name) => {
                let types = |it: &Symbol| matches!(it, Symbol::Category(_) | Symbol::Record(_));
                let found = self.scope(&name.text).iter().copied().find(types);
                if let Some(symbol) = found {
                    self.see(name.span, Entity::Symbol(symbol), Role::Use);
                }
            }
            TypeKind::Many { record, by } => {
                self.named_record(record);
                if let (Some(by), Some(id)) = (by, self.record(&record.text)) {
                    self.field(id, by);
                }
            }
        }
    }

    fn field(&mut self, record: RecordId, name: &Name) {
        let symbols = self.source.symbols;
        let position =
            symbols.record(record).and_then(|it| it.fields.iter().position(|field| field.name == name.text));
        if let Some(position) = position.and_then(|it| u32::try_from(it).ok()) {
            let entity = canonical(symbols, Entity::Field(record, position));
            self.see(name.span, entity, Role::Use);
        }
    }

    fn declare_own(&mut self, name: &Name, amend: bool) {
        if let Some(own) = self.own {
            let role = if amend { Role::Amendment } else { Role::Declaration };
            self.see(name.span, Entity::Symbol(own), role);
        }
    }

    fn label(&mut self, name: &Name, role: Role) {
        let Some(own) = self.own else { return };
        let Some(entity) = labels::entity(self.source, self.policy, own, &name.text) else { return };
        let elsewhere = matches!(entity, Entity::Label(_, home, _) if home != self.policy);
        // Under a label from above an amendment says what is to be there instead.
        let role = if elsewhere && role == Role::Declaration { Role::Amendment } else { role };
        self.see(name.span, entity, role);
    }

    fn policy_path(&mut self, path: &ast::Path, role: Role) {
        let name: Vec<&str> = path.segments.iter().map(|it| it.text.as_str()).collect();
        let name = name.join(".");
        let position = self.source.symbols.policies.iter().position(|policy| policy.name == name);
        if let Some(id) = position.and_then(|it| u32::try_from(it).ok()) {
            self.see(path.span, Entity::Policy(PolicyId(id)), role);
        }
    }

    fn fixture(&mut self, name: &Name) {
        let collected = self.source.collected;
        let used = collected.uses.get(&self.policy).into_iter().flatten().map(|(used, _)| *used);
        let mut policies = std::iter::once(self.policy).chain(used);
        let found = policies.find(|it| collected.fixtures.contains_key(&(*it, name.text.clone())));
        if let Some(policy) = found {
            self.see(name.span, Entity::Fixture(policy, Arc::from(name.text.as_str())), Role::Use);
        }
    }

    fn item(&mut self, item: &Item) {
        // What lowering knows goes before what the tree suggests.
        match &item.kind {
            ItemKind::Policy(policy) => {
                self.policy_path(&policy.path, Role::Declaration);
                if let Some(under) = policy.authority.as_ref().and_then(|it| it.under.as_ref()) {
                    self.policy_path(under, Role::Use);
                }
            }
            ItemKind::Use(used) => self.policy_path(&used.path, Role::Use),
            ItemKind::Category(category) => {
                self.declare_own(&category.name, false);
                if let Some(Symbol::Category(id)) = self.own {
                    for (at, value) in category.values.iter().enumerate() {
                        let at = u32::try_from(at).unwrap_or(u32::MAX);
                        self.see(value.name.span, Entity::Value(id, at), Role::Declaration);
                    }
                }
            }
            ItemKind::Record(record) => self.record_item(record),
            ItemKind::Group(group) => self.group_item(group),
            ItemKind::Input(input) => {
                self.declare_own(&input.name, false);
                self.ty(&input.ty);
            }
            ItemKind::Parameter(parameter) => {
                self.declare_own(&parameter.name, parameter.amend);
                parameter.by.iter().for_each(|name| self.named_category(name));
                parameter.ty.iter().for_each(|ty| self.ty(ty));
            }
            ItemKind::Define(define) => {
                self.declare_own(&define.name, false);
                define.of.iter().for_each(|name| self.named_record(name));
                self.ty(&define.ty);
                for param in &define.params {
                    self.ty(&param.ty);
                    self.bind(&param.name);
                }
            }
            ItemKind::Decision(decision) => self.decision(decision),
            ItemKind::Requirement(requirement) => {
                self.declare_own(&requirement.name, requirement.amend);
                requirement.of.iter().for_each(|name| self.named_record(name));
                requirement.for_each.iter().for_each(|each| self.for_each(each));
                for must in &requirement.musts {
                    must.label.iter().for_each(|label| self.label(label, Role::Declaration));
                }
                requirement.excepts.iter().for_each(|it| self.label(&it.label, Role::Declaration));
            }
            ItemKind::Amount(amount) => {
                self.declare_own(&amount.name, amount.amend);
                amount.of.iter().for_each(|name| self.named_record(name));
                amount.ty.iter().for_each(|ty| self.ty(ty));
                for line in &amount.lines {
                    self.label(&line.label, Role::Declaration);
                    self.lines.insert(line.label.text.clone());
                    line.subject_to.iter().for_each(|label| self.label(label, Role::Use));
                    line.for_each.iter().for_each(|each| self.for_each(each));
                }
            }
            ItemKind::Fixture(fixture) => {
                let entity = Entity::Fixture(self.policy, Arc::from(fixture.name.text.as_str()));
                self.see(fixture.name.span, entity, Role::Declaration);
                fixture.from.iter().for_each(|from| self.fixture(from));
                self.statements(fixture.from.as_ref(), &fixture.statements);
            }
            ItemKind::Test(test) => {
                test.from.iter().for_each(|from| self.fixture(from));
                self.statements(test.from.as_ref(), &test.statements);
            }
            ItemKind::Assert(_) | ItemKind::Waiver(_) | ItemKind::Junk => {}
        }
        for expr in walk::expressions(item) {
            self.expr(expr);
        }
        for (span, entity) in std::mem::take(&mut self.mentions) {
            self.see(span, entity, Role::Use);
        }
    }

    fn record_item(&mut self, record: &ast::Record) {
        self.declare_own(&record.name, record.extend);
        let Some(Symbol::Record(id)) = self.own else { return };
        let symbols = self.source.symbols;
        for field in &record.fields {
            self.ty(&field.ty);
            let here = |it: &crate::plan::Field| {
                it.place.file == self.source.file
                    && it.place.item == Some(self.position)
                    && it.place.span == field.name.span
            };
            let position = symbols.record(id).and_then(|it| it.fields.iter().position(here));
            if let Some(position) = position.and_then(|it| u32::try_from(it).ok()) {
                self.see(field.name.span, Entity::Field(id, position), Role::Declaration);
            }
        }
    }

    fn group_item(&mut self, group: &ast::Group) {
        self.declare_own(&group.name, false);
        self.named_record(&group.of);
        let Some(Symbol::Record(id)) = self.own else { return };
        let member = self.record(&group.of.text);
        for (at, key) in group.keys.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            match (&key.value, member) {
                (None, Some(member)) => self.field(member, &key.name),
                _ => self.see(key.name.span, Entity::Field(id, at), Role::Declaration),
            }
        }
    }

    fn decision(&mut self, decision: &ast::Decision) {
        self.declare_own(&decision.name, decision.amend);
        decision.of.iter().for_each(|name| self.named_record(name));
        if let (Some(Symbol::Decision(id)), Some(outcomes)) = (self.own, &decision.outcomes) {
            let symbols = self.source.symbols;
            let category = symbols.decision(id).map(|it| it.outcomes);
            let declared = category.and_then(|it| Some((it, symbols.category(it)?)));
            if let Some((category, declared)) = declared.filter(|(_, it)| it.name == decision.name.text) {
                for name in &outcomes.names {
                    let at = declared.values.iter().position(|value| value.name == name.text);
                    if let Some(at) = at.and_then(|it| u32::try_from(it).ok()) {
                        self.see(name.span, Entity::Value(category, at), Role::Declaration);
                    }
                }
            }
        }
        for member in &decision.members {
            if let DecisionMember::Part(part) = member {
                self.label(&part.label, Role::Declaration);
                part.subject_to.iter().chain(&part.notwithstanding).for_each(|it| self.label(it, Role::Use));
            }
        }
        for (rule, _) in decision.members.iter().flat_map(walk::rules) {
            self.label(&rule.label, Role::Declaration);
            rule.subject_to.iter().chain(&rule.notwithstanding).for_each(|it| self.label(it, Role::Use));
        }
    }

    fn for_each(&mut self, each: &ast::ForEach) {
        self.named_category(&each.category);
        each.alias.iter().for_each(|alias| self.bind(alias));
    }

    /// Declares a name that is visible to the end of the item, or until it is taken away again.
    fn bind(&mut self, name: &Name) {
        let entity = Entity::Local { file: self.source.file, item: self.position, span: name.span };
        self.see(name.span, entity, Role::Declaration);
        self.locals.push((name.text.clone(), name.span));
    }

    fn statements(&mut self, from: Option<&Name>, statements: &[Statement]) {
        self.rows = rows_of(self.source, self.policy, from);
        for statement in statements {
            if let Statement::Row(row) | Statement::Waiver(row) = statement
                && let Some(name) = &row.name
            {
                let here = (self.source.file, self.position);
                self.rows.entry(name.text.clone()).or_insert(here);
            }
        }
        for statement in statements {
            match statement {
                Statement::Row(row) | Statement::Waiver(row) => {
                    let record = self.record(&row.record.text);
                    if matches!(statement, Statement::Row(_)) {
                        self.named_record(&row.record);
                    }
                    if let Some(name) = &row.name {
                        self.row(name, Role::Declaration);
                    }
                    row.like.iter().for_each(|like| self.row(like, Role::Use));
                    if let (Some(record), Statement::Row(_)) = (record, statement) {
                        row.fields.iter().for_each(|field| self.field(record, &field.name));
                    }
                }
                Statement::No(record) => self.named_record(record),
                Statement::Expect(expect) => {
                    let asked = self.asked(&expect.condition);
                    if let Some(owner) = asked {
                        for label in &expect.by {
                            let entity = labels::entity(self.source, self.policy, owner, &label.text);
                            entity.into_iter().for_each(|entity| self.see(label.span, entity, Role::Use));
                        }
                    }
                }
                Statement::AsOf(_) | Statement::Given(_) => {}
            }
        }
    }

    fn row(&mut self, name: &Name, role: Role) {
        let Some((file, item)) = self.rows.get(&name.text).copied() else { return };
        // What a test says of a row of its fixture changes that row.
        let elsewhere = (file, item) != (self.source.file, self.position);
        let role = if elsewhere && role == Role::Declaration { Role::Amendment } else { role };
        self.see(name.span, Entity::Row { file, item, name: Arc::from(name.text.as_str()) }, role);
    }

    /// The decision, requirement or amount that an expectation asks for.
    fn asked(&self, condition: &Expr) -> Option<Symbol> {
        let mut found = None;
        walk::each(condition, &mut |expr| {
            let (ExprKind::Name(name) | ExprKind::Field(_, name)) = &*expr.kind else { return };
            let result = |symbol: &Symbol| {
                matches!(symbol, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_))
            };
            let mentioned = match self.mentions.get(&name.span) {
                Some(Entity::Symbol(symbol)) => Some(*symbol),
                _ => self.scope(&name.text).first().copied(),
            };
            if found.is_none() {
                found = mentioned.filter(result);
            }
        });
        found
    }

    fn expr(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Field(of, name) => {
                self.expr(of);
                if let Some(entity) = self.mentions.remove(&name.span) {
                    self.see(name.span, entity, Role::Use);
                } else if let Some(owner) = self.result_named(of) {
                    let entity = labels::entity(self.source, self.policy, owner, &name.text);
                    entity.into_iter().for_each(|entity| self.see(name.span, entity, Role::Use));
                }
            }
            ExprKind::Aggregate(aggregate) => {
                let parts = aggregate.operand.iter().chain(&aggregate.satisfy);
                self.rows_expr(&aggregate.rows, &parts.collect::<Vec<_>>());
            }
            ExprKind::Quantity { count, rows, .. } => {
                self.expr(count);
                self.rows_expr(rows, &[]);
            }
            ExprKind::PercentRank(among) | ExprKind::Total(among) => self.population(among),
            ExprKind::InTop(percent, among) => {
                self.expr(percent);
                self.population(among);
            }
            ExprKind::Apportion { total, rows, by, .. } => {
                self.expr(total);
                self.rows_expr(rows, &[by]);
            }
            _ => {
                for child in walk::children(expr) {
                    self.expr(child);
                }
            }
        }
    }

    fn population(&mut self, among: &Population) {
        let parts: Vec<&Expr> = std::iter::once(&among.operand).chain(&among.per).collect();
        self.rows_expr(&among.rows, &parts);
    }

    /// The rows of an aggregate, and the parts that its alias is visible in.
    fn rows_expr(&mut self, rows: &Rows, parts: &[&Expr]) {
        self.expr(&rows.source);
        let before = self.locals.len();
        rows.alias.iter().for_each(|alias| self.bind(alias));
        rows.filter.iter().for_each(|filter| self.expr(filter));
        parts.iter().for_each(|part| self.expr(part));
        self.locals.truncate(before);
    }

    fn name(&mut self, name: &Name) {
        if let Some(entity) = self.mentions.remove(&name.span) {
            return self.see(name.span, entity, Role::Use);
        }
        if let Some((_, span)) = self.locals.iter().rev().find(|(local, _)| *local == name.text) {
            let entity = Entity::Local { file: self.source.file, item: self.position, span: *span };
            return self.see(name.span, entity, Role::Use);
        }
        if self.rows.contains_key(&name.text) {
            return self.row(name, Role::Use);
        }
        if self.lines.contains(&name.text) {
            return self.label(name, Role::Use);
        }
        if let Some(symbol) = self.row_word(&name.text) {
            return self.see(name.span, Entity::Symbol(symbol), Role::Row);
        }
        // A waiver names what it waives without reading it.
        if let Some(symbol) = self
            .scope(&name.text)
            .first()
            .copied()
            .filter(|it| matches!(it, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_)))
        {
            self.see(name.span, Entity::Symbol(symbol), Role::Use);
        }
    }

    fn row_word(&self, name: &str) -> Option<Symbol> {
        let scope = &self.source.symbols.policy(self.policy)?.scope;
        scope.names.iter().find_map(|(declared, symbols)| {
            if snake_case(declared) != name {
                return None;
            }
            symbols.iter().copied().find(|it| matches!(it, Symbol::Record(_)))
        })
    }

    fn result_named(&self, of: &Expr) -> Option<Symbol> {
        let (ExprKind::Name(name) | ExprKind::Field(_, name)) = &*of.kind else { return None };
        self.scope(&name.text)
            .iter()
            .copied()
            .find(|it| matches!(it, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_)))
    }
}

/// The rows that a fixture declares, directly or through others, with the item that first declares each.
fn rows_of(source: &Source<'_>, policy: PolicyId, from: Option<&Name>) -> BTreeMap<String, (FileId, u32)> {
    let collected = source.collected;
    let mut found: BTreeMap<String, (FileId, u32)> = BTreeMap::new();
    let mut next = from.map(|name| (policy, name.text.clone()));
    // A circle of fixtures is reported elsewhere; here it must only end.
    for _ in 0..64 {
        let Some((policy, name)) = next.take() else { break };
        let used = collected.uses.get(&policy).into_iter().flatten().map(|(used, _)| *used);
        let mut policies = std::iter::once(policy).chain(used);
        let Some((owner, place)) =
            policies.find_map(|it| Some((it, *collected.fixtures.get(&(it, name.clone()))?)))
        else {
            break;
        };
        let Some(item) = (source.item)(place.0, place.1) else { break };
        let ItemKind::Fixture(fixture) = &item.kind else { break };
        for statement in &fixture.statements {
            if let Statement::Row(row) | Statement::Waiver(row) = statement
                && let Some(name) = &row.name
            {
                found.insert(name.text.clone(), place);
            }
        }
        next = fixture.from.as_ref().map(|name| (owner, name.text.clone()));
    }
    found
}
