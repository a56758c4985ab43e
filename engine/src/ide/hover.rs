//! What is known of a name, as Markdown.

use std::fmt::Write as _;

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ItemKind};

use super::entity::{EntityKind, kind, name_of};
use super::{Entity, Occurrence, labels};
use crate::db::{Body, Database};
use crate::diagnostic::{FileId, Place};
use crate::lower::type_name;
use crate::plan::{
    DecisionBody, Field, FieldKind, Interval, ParameterBody, PolicyId, RecordKind, Symbol, Symbols,
    category_value, show,
};
use crate::value::{Base, Date, Type, Value};

/// What is shown of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The name.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

/// More rows of a table, or rules of a decision, are not shown.
const MOST_ROWS: usize = 12;

/// What is known of what stands at a byte of a file. `today` says which value of a parameter is in force.
#[must_use]
pub fn hover(db: &Database, file: FileId, offset: u32, today: Date) -> Option<Hover> {
    if let Some(Occurrence { span, entity, .. }) = super::at(db, file, offset) {
        return Some(Hover { span, text: describe(db, &entity, today)? });
    }
    of_expression(db, file, offset).or_else(|| {
        let (span, about) = super::completion::keyword(db, file, offset)?;
        Some(Hover { span, text: about.to_owned() })
    })
}

/// The type of the smallest expression there.
fn of_expression(db: &Database, file: FileId, offset: u32) -> Option<Hover> {
    let parsed = db.parsed(file)?;
    let items = &parsed.parse.file.items;
    let position = items.iter().position(|item| item.span.start <= offset && offset < item.span.end)?;
    let start = items.get(position)?.span.start;
    let body = db.body(file, u32::try_from(position).ok()?)?;
    let symbols = db.symbols();
    let holds = |span: Span| span.start + start <= offset && offset < span.end + start;
    let here = body.code()?.exprs.iter().filter(|expr| expr.place.file == file && holds(expr.place.span));
    let expr = here.min_by_key(|expr| expr.place.span.end - expr.place.span.start)?;
    let span = expr.place.span.shifted(start);
    let text = db.text(file);
    let written = text.get(span.start as usize..span.end as usize)?;
    // Keywords and blanks stand for nothing.
    let letter = |at: u32| text.as_bytes().get(at as usize).is_some_and(u8::is_ascii_alphanumeric);
    if !letter(offset) || written.lines().count() > 1 {
        return None;
    }
    Some(Hover { span, text: code(&format!("{written}: {}", type_name(&symbols, expr.ty))) })
}

fn code(text: &str) -> String {
    format!("```rubric\n{text}\n```")
}

/// What is known of an entity.
#[must_use]
pub fn describe(db: &Database, entity: &Entity, today: Date) -> Option<String> {
    let symbols = db.symbols();
    let mut page = Page { db, symbols: &symbols, today, text: String::new() };
    match entity {
        Entity::Policy(id) => page.policy(*id)?,
        Entity::Symbol(symbol) => page.symbol(*symbol)?,
        Entity::Field(record, field) => {
            let declared = symbols.record(*record)?;
            let field = declared.fields.get(*field as usize)?;
            page.signature(&field_words(&symbols, &declared.name, field));
            page.docs(field.docs.as_deref());
            if field.private {
                page.line("private: its values are masked in logs, traces and counterexamples");
            }
            if field.unchangeable {
                page.line("unchangeable: `explain --how` never proposes another value");
            }
            if let Some(judge) = &field.judged_by {
                page.line(&format!("a finding of the {judge}: absent, the result awaits it"));
            }
            if let Some(absent) = &field.absent {
                page.line(&format!("absent means `{}`", show(&symbols, &absent.value, field.ty)));
            }
            page.declared_in(declared.policy);
        }
        Entity::Value(category, value) => {
            let declared = symbols.category(*category)?;
            let it = declared.values.get(*value as usize)?;
            let word = kind(&symbols, entity).word();
            page.signature(&format!("{word} {} of {}", it.name, declared.name));
            if !it.codes.is_empty() {
                let codes: Vec<String> = it.codes.iter().map(|code| format!("`{code}`")).collect();
                page.line(&format!("found in data as {}", codes.join(", ")));
            }
            if declared.ordered {
                page.line(&format!("{} of {} in order", value + 1, declared.values.len()));
            } else if kind(&symbols, entity) == EntityKind::Outcome {
                page.line(&format!(
                    "{} of {} outcomes, as they are written",
                    value + 1,
                    declared.values.len()
                ));
            }
            page.declared_in(declared.policy);
        }
        Entity::Label(owner, policy, label) => page.label(*owner, *policy, label)?,
        Entity::Fixture(policy, name) => {
            page.signature(&format!("fixture {name}"));
            let collected = db.collected();
            let (file, item) = *collected.fixtures.get(&(*policy, name.to_string()))?;
            page.item_docs(file, item);
            page.declared_in(*policy);
        }
        Entity::Row { file, item, name } => {
            let record = super::scope::row_record(db, *file, *item, name)?;
            page.signature(&format!("{} {name}", symbols.record(record)?.name));
            page.line("a row of the test");
        }
        Entity::Local { file, span, .. } => {
            let name = name_of(db, entity)?;
            match super::scope::local_type(db, *file, *span, entity) {
                Some(ty) => page.signature(&format!("{name}: {}", type_name(&symbols, ty))),
                None => page.signature(&name),
            }
        }
    }
    Some(page.text.trim_end().to_owned())
}

/// `Student.birth_date: date private`.
pub(super) fn field_words(symbols: &Symbols, record: &str, field: &Field) -> String {
    let ty = match field.kind {
        FieldKind::Many { record, .. } => {
            format!("many {}", symbols.record(record).map_or("", |record| record.name.as_str()))
        }
        _ => type_name(symbols, field.ty),
    };
    format!("{record}.{}: {ty}{}", field.name, if field.private { " private" } else { "" })
}

/// The head of a declaration: what it is, of what, of which type.
pub(super) fn symbol_words(symbols: &Symbols, symbol: Symbol) -> Option<String> {
    let record = |id| symbols.record(id).map_or("", |record| record.name.as_str());
    Some(match symbol {
        Symbol::Category(id) => {
            let it = symbols.category(id)?;
            let values: Vec<&str> =
                it.values.iter().take(MOST_ROWS).map(|value| value.name.as_str()).collect();
            let more = if it.values.len() > MOST_ROWS { ", …" } else { "" };
            let ordered = if it.ordered { "ordered " } else { "" };
            format!("{ordered}category {} {{ {}{more} }}", it.name, values.join(", "))
        }
        Symbol::Record(id) => {
            let it = symbols.record(id)?;
            let keys: Vec<&str> = it.fields.iter().take(it.keys).map(|field| field.name.as_str()).collect();
            match it.kind {
                RecordKind::Record => format!("record {} {{ key ({}) }}", it.name, keys.join(", ")),
                RecordKind::Group { of } => {
                    format!("group {} of {} by {}", it.name, record(of), keys.join(", "))
                }
            }
        }
        Symbol::Input(id) => {
            let it = symbols.inputs.get(id.0 as usize)?;
            format!("input {}: {}", it.name, type_name(symbols, it.ty))
        }
        Symbol::Parameter(id) => {
            let it = symbols.parameter(id)?;
            let by: Vec<String> = it.by.iter().map(|ty| type_name(symbols, *ty)).collect();
            let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
            format!("parameter {}{by}: {}", it.name, type_name(symbols, it.ty))
        }
        Symbol::Define(id) => {
            let it = symbols.define(id)?;
            let params: Vec<String> =
                it.params.iter().map(|(name, ty)| format!("{name}: {}", type_name(symbols, *ty))).collect();
            let params = if params.is_empty() { String::new() } else { format!("({})", params.join(", ")) };
            let of = it.of.map(|of| format!(" of {}", record(of))).unwrap_or_default();
            format!("define {}{params}{of}: {}", it.name, type_name(symbols, it.ty))
        }
        Symbol::Decision(id) => {
            let it = symbols.decision(id)?;
            let outcomes = symbols.category(it.outcomes)?;
            let outcomes: Vec<&str> = outcomes.values.iter().map(|value| value.name.as_str()).collect();
            format!("decision {} of {}: {}", it.name, record(it.of), outcomes.join(" | "))
        }
        Symbol::Requirement(id) => {
            let it = symbols.requirement(id)?;
            let each = it.each.and_then(|each| symbols.category(each));
            let each = each.map(|each| format!(" for each {}", each.name)).unwrap_or_default();
            format!("requirement {} of {}{each}", it.name, record(it.of))
        }
        Symbol::Amount(id) => {
            let it = symbols.amount(id)?;
            format!("amount {} of {}: {}", it.name, record(it.of), type_name(symbols, it.ty))
        }
    })
}

/// The unit in which values of a type count, in a few words.
fn unit(base: Base) -> Option<&'static str> {
    Some(match base {
        Base::Money => "US dollars, exact to any fraction of a cent",
        Base::Percent => "a share: 25% is a quarter",
        Base::Days => "days; they do not compare with months",
        Base::Months => "months; a year is 12 of them, and they do not compare with days",
        Base::SchoolYear => "a school year, such as SY2024-25",
        Base::Count => "a whole number, 0 or more",
        _ => return None,
    })
}

struct Page<'a> {
    db: &'a Database,
    symbols: &'a Symbols,
    today: Date,
    text: String,
}

impl Page<'_> {
    fn signature(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}\n", code(text));
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}\n");
    }

    fn docs(&mut self, docs: Option<&str>) {
        if let Some(docs) = docs {
            self.line(docs.trim());
        }
    }

    fn cites<'c>(&mut self, cites: impl IntoIterator<Item = &'c str>) {
        let cites: Vec<String> = cites.into_iter().map(|cite| format!("*{cite}*")).collect();
        if !cites.is_empty() {
            self.line(&cites.join(", "));
        }
    }

    fn declared_in(&mut self, policy: PolicyId) {
        if let Some(policy) = self.symbols.policy(policy) {
            let name = policy.name.clone();
            self.line(&format!("in `{name}`"));
        }
    }

    fn item_docs(&mut self, file: FileId, item: u32) {
        let parsed = self.db.parsed(file);
        let docs = parsed.and_then(|it| it.parse.file.items.get(item as usize)?.docs.clone());
        self.docs(docs.as_deref());
    }

    fn policy(&mut self, id: PolicyId) -> Option<()> {
        let policy = self.symbols.policy(id)?;
        self.signature(&format!("policy {}", policy.name));
        self.docs(policy.title.as_deref());
        if let Some(item) = policy.place.item {
            self.item_docs(policy.place.file, item);
        }
        self.cites(policy.cites.iter().map(String::as_str));
        if policy.effective != Interval::default() {
            self.line(&format!("effective {}", interval_words(policy.effective)));
        }
        Some(())
    }

    fn symbol(&mut self, symbol: Symbol) -> Option<()> {
        let symbols = self.symbols;
        self.signature(&symbol_words(symbols, symbol)?);
        let place = symbols.place(symbol)?;
        if let Some(item) = place.item {
            self.item_docs(place.file, item);
        }
        let ty = super::entity::type_of(symbols, symbol);
        if let Some(unit) = ty.and_then(|ty| unit(ty.base)) {
            self.line(unit);
        }
        match place.item.and_then(|item| self.db.body(place.file, item)) {
            Some(Body::Parameter(body)) => {
                self.cites(body.cites.iter().map(AsRef::as_ref));
                self.parameter(symbol, &body);
            }
            Some(Body::Define(body)) => {
                self.cites(body.cites.iter().map(AsRef::as_ref));
                let source = body.arms.first().and_then(|arm| {
                    let expr = body.code.get(arm.value)?;
                    self.db.source(expr.place)
                });
                if let (Some(source), 1) = (source, body.arms.len())
                    && source.lines().count() <= MOST_ROWS
                {
                    self.line(&code(&format!("= {}", source.trim())));
                }
            }
            Some(Body::Decision(body)) => {
                self.cites(body.cites.iter().map(AsRef::as_ref));
                self.decision(symbol, &body);
            }
            Some(Body::Requirement(body)) => {
                self.cites(body.cites.iter().map(AsRef::as_ref));
                for must in body.musts.iter().take(MOST_ROWS) {
                    let label = must.label.as_deref().unwrap_or("must");
                    self.text.push_str(&format!("- must `{label}`{}\n", cites_in_brackets(&must.cites)));
                }
                for except in body.excepts.iter().take(MOST_ROWS) {
                    self.text.push_str(&format!(
                        "- except `{}`{}\n",
                        except.label,
                        cites_in_brackets(&except.cites)
                    ));
                }
                self.text.push('\n');
            }
            Some(Body::Amount(body)) => {
                self.cites(body.cites.iter().map(AsRef::as_ref));
                for line in body.lines.iter().take(MOST_ROWS) {
                    self.text.push_str(&format!(
                        "- line `{}`{}\n",
                        line.label,
                        cites_in_brackets(&line.cites)
                    ));
                }
                self.text.push('\n');
            }
            _ => {}
        }
        if let Symbol::Record(id) = symbol {
            self.record(id);
        }
        self.declared_in(symbols.owner(symbol)?);
        Some(())
    }

    fn record(&mut self, id: crate::value::RecordId) {
        let Some(record) = self.symbols.record(id) else { return };
        for field in record.fields.iter().take(MOST_ROWS) {
            let words = field_words(self.symbols, "", field);
            let _ = writeln!(self.text, "- `{}`", words.trim_start_matches('.'));
        }
        if record.fields.len() > MOST_ROWS {
            let _ = writeln!(self.text, "- and {} more", record.fields.len() - MOST_ROWS);
        }
        self.text.push('\n');
    }

    fn parameter(&mut self, symbol: Symbol, body: &ParameterBody) {
        let Symbol::Parameter(id) = symbol else { return };
        let Some(declared) = self.symbols.parameter(id) else { return };
        let ty = declared.ty;
        let by: Vec<Type> = declared.by.clone();
        let now = body.row_at(self.today).map(|row| row.place);
        for row in body.rows.iter().rev().take(MOST_ROWS) {
            let mut cells: Vec<String> = row
                .cells
                .iter()
                .take(MOST_ROWS)
                .map(|(key, values)| {
                    let values: Vec<String> =
                        values.iter().map(|value| show(self.symbols, value, element(ty))).collect();
                    let values = values.join(", ");
                    match key.as_slice() {
                        [] => values,
                        key => format!("{}: {values}", key_words(self.symbols, key, &by)),
                    }
                })
                .collect();
            if row.cells.len() > MOST_ROWS {
                cells.push("…".to_owned());
            }
            if let Some(otherwise) = &row.otherwise {
                cells.push(format!("otherwise: {}", show(self.symbols, otherwise, element(ty))));
            }
            let in_force = if now == Some(row.place) { " **in force**" } else { "" };
            let _ = writeln!(
                self.text,
                "- {}: `{}`{in_force}{}",
                interval_words(row.interval),
                cells.join("; "),
                cites_in_brackets(&row.cites)
            );
        }
        self.text.push('\n');
    }

    fn decision(&mut self, symbol: Symbol, body: &DecisionBody) {
        let Symbol::Decision(id) = symbol else { return };
        let Some(declared) = self.symbols.decision(id) else { return };
        let outcome =
            |position| category_value(self.symbols, declared.outcomes, position).unwrap_or_default();
        let mut lines = Vec::new();
        for rule in body.rules.iter().take(MOST_ROWS) {
            let overridden: Vec<String> = rule
                .overridden_by
                .iter()
                .filter_map(|other| body.rules.get(*other as usize))
                .map(|other| format!("`{}`", other.label))
                .collect();
            let overridden = if overridden.is_empty() {
                String::new()
            } else {
                format!(", overridden by {}", overridden.join(", "))
            };
            lines.push(format!(
                "- rule `{}`: {}{overridden}{}",
                rule.label,
                outcome(rule.outcome),
                cites_in_brackets(&rule.cites)
            ));
        }
        if body.rules.len() > MOST_ROWS {
            lines.push(format!("- and {} more", body.rules.len() - MOST_ROWS));
        }
        for default in &body.defaults {
            lines.push(format!(
                "- default {}{}",
                outcome(default.outcome),
                cites_in_brackets(&default.cites)
            ));
        }
        let _ = writeln!(self.text, "{}\n", lines.join("\n"));
    }

    fn label(&mut self, owner: Symbol, policy: PolicyId, label: &str) -> Option<()> {
        let name = self.symbols.name(owner)?;
        let is = |of: PolicyId, other: &str| of == policy && self.symbols.short_label(policy, other) == label;
        match labels::whole(self.db, owner) {
            Some(Body::Decision(body)) => {
                let Symbol::Decision(id) = owner else { return None };
                let outcomes = self.symbols.decision(id)?.outcomes;
                let outcome = |position| category_value(self.symbols, outcomes, position).unwrap_or_default();
                let own = body.rules.iter().filter(|rule| !rule.is_default);
                let rules: Vec<_> = own.filter(|rule| is(rule.policy, &rule.label)).collect();
                if rules.is_empty() {
                    self.signature(&format!("part {label} of {name}"));
                    let inside = body.rules.iter().filter(|rule| rule.part.as_deref() == Some(label));
                    let labels: Vec<String> = inside.map(|rule| format!("`{}`", rule.label)).collect();
                    self.line(&format!("rules {}", labels.join(", ")));
                    return Some(());
                }
                for rule in rules {
                    self.signature(&format!("rule {label}: {}", outcome(rule.outcome)));
                    self.rule_docs(rule.place, label);
                    if rule.interval != Interval::default() {
                        self.line(&format!("in force {}", interval_words(rule.interval)));
                    }
                    let by: Vec<String> = rule
                        .overridden_by
                        .iter()
                        .filter_map(|other| body.rules.get(*other as usize))
                        .map(|other| format!("`{}`", other.label))
                        .collect();
                    if !by.is_empty() {
                        self.line(&format!("overridden by {}", by.join(", ")));
                    }
                    let position = body.rules.iter().position(|other| std::ptr::eq(other, rule))?;
                    let position = u32::try_from(position).ok()?;
                    let over = body.rules.iter().filter(|other| other.overridden_by.contains(&position));
                    let over: Vec<String> = over.map(|other| format!("`{}`", other.label)).collect();
                    if !over.is_empty() {
                        self.line(&format!("overrides {}", over.join(", ")));
                    }
                    self.cites(rule.cites.iter().map(AsRef::as_ref));
                }
            }
            Some(Body::Requirement(body)) => {
                let must =
                    body.musts.iter().find(|it| it.label.as_deref().is_some_and(|own| is(it.policy, own)));
                let except = body.excepts.iter().find(|it| is(it.policy, &it.label));
                match (must, except) {
                    (Some(must), _) => {
                        self.signature(&format!("must {label} of {name}"));
                        self.cites(must.cites.iter().map(AsRef::as_ref));
                    }
                    (None, Some(except)) => {
                        self.signature(&format!("except {label} of {name}"));
                        self.cites(except.cites.iter().map(AsRef::as_ref));
                    }
                    (None, None) => return None,
                }
            }
            Some(Body::Amount(body)) => {
                let Symbol::Amount(id) = owner else { return None };
                let ty = self.symbols.amount(id)?.ty;
                self.signature(&format!("line {label} of {name}: {}", type_name(self.symbols, ty)));
                let line = body.lines.iter().find(|it| &*it.label == label)?;
                self.cites(line.cites.iter().map(AsRef::as_ref));
            }
            _ => self.signature(&format!("{label} of {name}")),
        }
        Some(())
    }

    fn rule_docs(&mut self, place: Place, label: &str) {
        let Some(parsed) = self.db.parsed(place.file) else { return };
        let item = place.item.and_then(|item| parsed.parse.file.items.get(item as usize));
        let Some(ItemKind::Decision(ast::Decision { members, .. })) = item.map(|item| &item.kind) else {
            return;
        };
        let docs = members
            .iter()
            .flat_map(crate::check::walk::rules)
            .find(|(rule, _)| rule.label.text == label)
            .and_then(|(rule, _)| rule.docs.clone());
        self.docs(docs.as_deref());
    }
}

/// The type of the elements of a set; of anything else the type itself.
const fn element(ty: Type) -> Type {
    match ty.base {
        Base::Set(category) => Type::of(Base::Category(category)),
        _ => ty,
    }
}

fn key_words(symbols: &Symbols, key: &[i64], by: &[Type]) -> String {
    let words = key.iter().zip(by).map(|(part, ty)| {
        let value = match ty.base {
            Base::SchoolYear => i16::try_from(*part).ok().map(Value::SchoolYear),
            _ => u32::try_from(*part).ok().map(Value::Category),
        };
        value.map_or_else(String::new, |value| show(symbols, &value, *ty))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `from 2014-07-01 until 2020-07-01`.
pub(super) fn interval_words(interval: Interval) -> String {
    match (interval.from, interval.until) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "always".to_owned(),
    }
}

fn cites_in_brackets(cites: &[std::sync::Arc<str>]) -> String {
    if cites.is_empty() {
        return String::new();
    }
    let cites: Vec<&str> = cites.iter().map(AsRef::as_ref).collect();
    format!(" *({})*", cites.join(", "))
}
