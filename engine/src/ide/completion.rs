//! What could be written at a place.
//!
//! The place is read from the tokens before it, so that it is known in a half-written text; which rows and names an
//! expression sees is read from the declaration parsed with a word put in at the place.

mod keywords;
mod place;

use rubric_grammar::{LexicalKind, RESERVED, Span, lexical};

use super::entity::{kind, name_of, type_of};
use super::scope::Visible;
use super::{Entity, EntityKind, Role, hover};
use crate::check::PAGES;
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::{FUNCTIONS, snake_case, type_name};
use crate::names::BUILT_IN;
use crate::plan::{FieldKind, ResultStatus, Symbol, Symbols};
use crate::value::{Base, CategoryId, Date, RecordId, Type};

use keywords::{Snippet, describe_keyword};
use place::{Block, Place, Want, find};

/// Something that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it is called.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type, or a few words.
    pub detail: Option<String>,
    /// What is written, when it is not the label; `$1`, `${1:name}` and `$0` are places to go to when `snippet`.
    pub insert: Option<String>,
    /// Whether `insert` has places to go to.
    pub snippet: bool,
    /// The bytes that it takes the place of.
    pub replaces: Span,
    /// Lower is nearer to what is wanted.
    pub rank: u8,
    /// What it stands for, to be asked for its documentation.
    pub entity: Option<Entity>,
}

/// What a [`Completion`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum CompletionKind {
    Keyword,
    Snippet,
    Type,
    Function,
    Check,
    Status,
    Named(EntityKind),
}

/// What could be written at a byte of a file, best first.
#[must_use]
pub fn complete(db: &Database, file: FileId, offset: u32) -> Vec<Completion> {
    let text = db.text(file);
    let Some(place) = find(db, file, &text, offset) else { return Vec::new() };
    let (symbols, collected) = (db.symbols(), db.collected());
    let Some(policy) = collected.policies.get(&file).copied() else {
        let mut writer = Writer { db, symbols: &symbols, place: &place, found: Vec::new() };
        writer.keywords();
        return writer.finish();
    };
    let mut writer = Writer { db, symbols: &symbols, place: &place, found: Vec::new() };
    let visible = place.visible(&symbols, policy);
    writer.wanted(&visible, file);
    writer.finish()
}

/// What the word of the language at a byte of a file is for, and where it stands.
#[must_use]
pub(super) fn keyword(db: &Database, file: FileId, offset: u32) -> Option<(Span, &'static str)> {
    let parsed = db.parsed(file)?;
    let item = parsed.parse.file.items.iter().find(|it| it.span.start <= offset && offset < it.span.end)?;
    let text = db.text(file);
    let (tokens, _) = lexical(text.get(item.span.start as usize..item.span.end as usize)?);
    let spans = tokens.iter().filter(|token| token.kind == LexicalKind::Word);
    let span =
        spans.map(|it| it.span.shifted(item.span.start)).find(|it| it.start <= offset && offset < it.end)?;
    let word = text.get(span.start as usize..span.end as usize)?;
    Some((span, describe_keyword(word)?))
}

/// The documentation of something that was proposed.
#[must_use]
pub fn document(db: &Database, label: &str, entity: Option<&Entity>, today: Date) -> Option<String> {
    match entity {
        // Ids change as texts change: an entity of another name is another one.
        Some(entity) => {
            let name = name_of(db, entity)?;
            let row = matches!(entity, Entity::Symbol(Symbol::Record(_))) && snake_case(&name) == label;
            (name == label || row).then(|| hover::describe(db, entity, today))?
        }
        None => describe_keyword(label)
            .map(ToOwned::to_owned)
            .or_else(|| crate::check::page(label).map(|page| page.markdown())),
    }
}

struct Writer<'a> {
    db: &'a Database,
    symbols: &'a Symbols,
    place: &'a Place,
    found: Vec<Completion>,
}

impl Writer<'_> {
    fn finish(mut self) -> Vec<Completion> {
        self.found.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        self.found.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
        self.found
    }

    fn push(
        &mut self,
        label: &str,
        kind: CompletionKind,
        detail: Option<String>,
        rank: u8,
        entity: Option<Entity>,
    ) {
        if label.is_empty() {
            return;
        }
        let is_name = entity.is_some() && !matches!(entity, Some(Entity::Policy(_)));
        let insert = (is_name && RESERVED.contains(&label)).then(|| format!("`{label}`"));
        self.found.push(Completion {
            label: label.to_owned(),
            kind,
            detail,
            insert,
            snippet: false,
            replaces: self.place.prefix,
            rank,
            entity,
        });
    }

    fn word(&mut self, word: &str, rank: u8) {
        self.push(word, CompletionKind::Keyword, None, rank, None);
    }

    fn snippet(&mut self, snippet: &Snippet, rank: u8) {
        self.found.push(Completion {
            label: snippet.label.to_owned(),
            kind: CompletionKind::Snippet,
            detail: Some(snippet.detail.to_owned()),
            insert: Some(snippet.text.to_owned()),
            snippet: true,
            replaces: self.place.prefix,
            rank,
            entity: None,
        });
    }

    fn named(&mut self, entity: Entity, name: &str, ty: Option<Type>, rank: u8) {
        let sort = kind(self.symbols, &entity);
        let detail = match ty {
            Some(ty) => Some(type_name(self.symbols, ty)),
            None => Some(sort.word().to_owned()),
        };
        self.push(name, CompletionKind::Named(sort), detail, rank, Some(entity));
    }

    /// The keywords and snippets that can begin here.
    fn keywords(&mut self) {
        for snippet in keywords::snippets(self.place.block) {
            self.snippet(snippet, 3);
        }
        for word in keywords::clauses(self.place.block) {
            self.word(word, 5);
        }
    }

    fn wanted(&mut self, visible: &Visible<'_>, file: FileId) {
        match &self.place.want {
            Want::Clause => {
                self.rows(visible);
                self.keywords();
            }
            Want::AfterOperand => {
                // In a new line a clause begins more often than an expression goes on.
                let rank = if self.place.first { 6 } else { 4 };
                for word in keywords::AFTER_OPERAND {
                    self.word(word, rank);
                }
                self.rows(visible);
                self.keywords();
            }
            Want::Operand => self.operand(visible),
            Want::Member(chain) => self.members(visible, chain),
            Want::Type => self.types(visible),
            Want::Record => self.records(visible, 2),
            Want::Category => self.categories(visible),
            Want::Policy => self.policies(file),
            Want::Words(words) => {
                for word in *words {
                    self.word(word, 2);
                }
            }
            Want::Labels(owner) => self.labels(file, owner.as_deref()),
            Want::ResultLabels(result) => self.result_labels(visible, result),
            Want::Outcome(decision) => self.outcomes(visible, decision.as_deref()),
            Want::Fixture => self.fixtures(visible),
            Want::Check => {
                for page in PAGES.iter() {
                    self.push(&page.code, CompletionKind::Check, Some(page.title.clone()), 2, None);
                }
            }
            Want::RowField(record, given) => {
                self.row_fields(visible, record);
                self.found.retain(|completion| !given.contains(&completion.label));
            }
            Want::RowValue(record, field) => self.row_value(visible, record, field),
            Want::ManyBy(record) => {
                if let Some(id) = visible.record(record) {
                    self.fields(id, 2, |field| matches!(field.ty.base, Base::Record(_)));
                }
            }
            Want::Expected(chain) => self.expected(visible, chain),
            Want::Nothing => {}
        }
    }

    /// Among the statements of a test, the rows that records have.
    fn rows(&mut self, visible: &Visible<'_>) {
        if self.place.block != Block::Statements {
            return;
        }
        let before = self.found.len();
        self.records(visible, 2);
        for completion in self.found.iter_mut().skip(before) {
            let record = &completion.label;
            completion.insert = Some(format!("{record} ${{1:{}}} {{ $0 }}", snake_case(record)));
            completion.snippet = true;
            completion.detail = Some("a row of it".to_owned());
        }
    }

    fn operand(&mut self, visible: &Visible<'_>) {
        if let Some(ty) = self.place.compared.as_ref().and_then(|chain| chain_type(visible, chain)) {
            self.values_of(ty, 0);
        }
        for (name, ty) in &visible.locals {
            let kind = CompletionKind::Named(EntityKind::Local);
            self.push(name, kind, Some(type_name(self.symbols, *ty)), 1, None);
        }
        for (_, record) in visible.rows.iter().rev() {
            self.fields(*record, 1, |_| true);
            if let Some(declared) = self.symbols.record(*record) {
                let name = snake_case(&declared.name);
                self.named(Entity::Symbol(Symbol::Record(*record)), &name, None, 3);
            }
        }
        let Some(scope) = self.symbols.policy(visible.policy).map(|policy| &policy.scope) else { return };
        for (name, symbols) in &scope.names {
            for symbol in symbols {
                let rank = match (symbol, self.symbols.of(*symbol)) {
                    (Symbol::Category(_), _) => continue,
                    (Symbol::Record(_), _) => 6,
                    (_, Some(of)) if visible.rows.iter().any(|(_, record)| *record == of) => 1,
                    (_, Some(_)) => continue,
                    (_, None) => 2,
                };
                let ty = type_of(self.symbols, *symbol).filter(|_| !matches!(symbol, Symbol::Record(_)));
                self.named(Entity::Symbol(*symbol), name, ty, rank);
            }
        }
        for function in FUNCTIONS {
            self.push(function, CompletionKind::Function, None, 5, None);
        }
        for snippet in keywords::AGGREGATES {
            self.snippet(snippet, 5);
        }
        for word in keywords::OPERAND {
            self.word(word, 6);
        }
    }

    /// The values that something of a type can have.
    fn values_of(&mut self, ty: Type, rank: u8) {
        match ty.base {
            Base::Category(category) | Base::Set(category) => self.category_values(category, rank),
            Base::Flag => {
                self.word("yes", rank);
                self.word("no", rank);
            }
            Base::Date => self.word("as_of", rank),
            _ => {}
        }
    }

    fn category_values(&mut self, id: CategoryId, rank: u8) {
        let Some(category) = self.symbols.category(id) else { return };
        for (at, value) in category.values.iter().enumerate() {
            let entity = Entity::Value(id, u32::try_from(at).unwrap_or(u32::MAX));
            let sort = kind(self.symbols, &entity);
            let detail = Some(category.name.clone());
            self.push(&value.name, CompletionKind::Named(sort), detail, rank, Some(entity));
        }
    }

    fn fields(&mut self, id: RecordId, rank: u8, wanted: impl Fn(&crate::plan::Field) -> bool) {
        let Some(record) = self.symbols.record(id) else { return };
        for (at, field) in record.fields.iter().enumerate().filter(|(_, field)| wanted(field)) {
            let ty = match field.kind {
                FieldKind::Many { record, .. } => Type::of(Base::Many(record)),
                FieldKind::Damaged => continue,
                FieldKind::Cell | FieldKind::Members => field.ty,
            };
            self.named(Entity::Field(id, u32::try_from(at).unwrap_or(u32::MAX)), &field.name, Some(ty), rank);
        }
    }

    fn members(&mut self, visible: &Visible<'_>, chain: &[String]) {
        let amount = chain.last().and_then(|name| {
            visible.scope(name).iter().find_map(|symbol| match symbol {
                Symbol::Amount(id) => Some(*id),
                _ => None,
            })
        });
        if let Some(amount) = amount.and_then(|id| self.symbols.amount(id).map(|it| (id, it))) {
            for line in &amount.1.lines {
                let entity = Entity::Label(Symbol::Amount(amount.0), amount.1.policy, line.as_str().into());
                self.named(entity, line, Some(amount.1.ty), 1);
            }
        }
        let Some(ty) = chain_type(visible, chain) else { return };
        let (Base::Record(record) | Base::Many(record)) = ty.base else { return };
        self.fields(record, 1, |_| true);
        let Some(scope) = self.symbols.policy(visible.policy).map(|policy| &policy.scope) else { return };
        for (name, symbols) in &scope.names {
            for symbol in symbols {
                if self.symbols.of(*symbol) == Some(record) {
                    self.named(Entity::Symbol(*symbol), name, type_of(self.symbols, *symbol), 2);
                }
            }
        }
    }

    fn types(&mut self, visible: &Visible<'_>) {
        for name in BUILT_IN {
            self.push(name, CompletionKind::Type, None, 2, None);
        }
        self.word("many", 3);
        self.word("set", 3);
        self.categories(visible);
        self.records(visible, 3);
    }

    fn categories(&mut self, visible: &Visible<'_>) {
        self.symbols_where(visible, 2, |symbol| matches!(symbol, Symbol::Category(_)));
    }

    fn records(&mut self, visible: &Visible<'_>, rank: u8) {
        self.symbols_where(visible, rank, |symbol| matches!(symbol, Symbol::Record(_)));
    }

    fn symbols_where(&mut self, visible: &Visible<'_>, rank: u8, wanted: impl Fn(&Symbol) -> bool) {
        let Some(scope) = self.symbols.policy(visible.policy).map(|policy| &policy.scope) else { return };
        for (name, symbols) in &scope.names {
            for symbol in symbols.iter().filter(|symbol| wanted(symbol)) {
                self.named(Entity::Symbol(*symbol), name, None, rank);
            }
        }
    }

    fn policies(&mut self, file: FileId) {
        let own = self.db.collected().policies.get(&file).copied();
        let names: Vec<(u32, String, Option<String>)> = self
            .symbols
            .policies
            .iter()
            .zip(0_u32..)
            .filter(|(_, at)| own.is_none_or(|own| own.0 != *at))
            .map(|(policy, at)| (at, policy.name.clone(), policy.title.clone()))
            .collect();
        for (at, name, title) in names {
            let entity = Entity::Policy(crate::plan::PolicyId(at));
            self.push(&name, CompletionKind::Named(EntityKind::Policy), title, 2, Some(entity));
        }
    }

    /// The labels of the declaration that is being written.
    fn labels(&mut self, file: FileId, except: Option<&str>) {
        let within = self.place.item;
        let all = self.db.occurrences(file);
        for name in all.iter() {
            if let Entity::Label(.., label) = &name.entity
                && within.start <= name.span.start
                && name.span.end <= within.end
                && except != Some(&**label)
            {
                self.named(name.entity.clone(), &label.clone(), None, 2);
            }
        }
    }

    /// The labels of a decision, requirement or amount.
    fn result_labels(&mut self, visible: &Visible<'_>, result: &str) {
        let wanted: Vec<Symbol> = visible
            .scope(result)
            .iter()
            .copied()
            .filter(|it| matches!(it, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_)))
            .collect();
        for symbol in wanted {
            let declared = self.symbols.place(symbol).map(|place| place.file);
            let amended = self.symbols.amendments_of(symbol).into_iter().map(|it| it.place.file);
            for file in declared.into_iter().chain(amended) {
                let all = self.db.occurrences(file);
                for name in all.iter().filter(|name| name.role == Role::Declaration) {
                    if let Entity::Label(owner, _, label) = &name.entity
                        && *owner == symbol
                    {
                        self.named(name.entity.clone(), &label.clone(), None, 2);
                    }
                }
            }
        }
        self.word("default", 3);
    }

    fn outcomes(&mut self, visible: &Visible<'_>, decision: Option<&str>) {
        let found = decision.and_then(|name| {
            visible.scope(name).iter().find_map(|symbol| match symbol {
                Symbol::Decision(id) => self.symbols.decision(*id),
                _ => None,
            })
        });
        if let Some(outcomes) = found.map(|decision| decision.outcomes) {
            self.category_values(outcomes, 1);
        }
    }

    fn fixtures(&mut self, visible: &Visible<'_>) {
        let collected = self.db.collected();
        let used = collected.uses.get(&visible.policy).into_iter().flatten().map(|(used, _)| *used);
        let policies: Vec<_> = std::iter::once(visible.policy).chain(used).collect();
        for (policy, name) in collected.fixtures.keys() {
            if policies.contains(policy) {
                self.named(Entity::Fixture(*policy, name.as_str().into()), name, None, 2);
            }
        }
    }

    fn row_fields(&mut self, visible: &Visible<'_>, record: &str) {
        if record == "waiver" {
            for word in keywords::WAIVER {
                self.word(word, 2);
            }
            return;
        }
        let Some(id) = visible.record(record) else { return };
        let before = self.found.len();
        self.fields(id, 1, |field| field.kind == FieldKind::Cell);
        for completion in self.found.iter_mut().skip(before) {
            completion.insert =
                Some(format!("{}: ", completion.insert.as_deref().unwrap_or(&completion.label)));
        }
    }

    fn row_value(&mut self, visible: &Visible<'_>, record: &str, field: &str) {
        let ty = visible.record(record).and_then(|id| visible.member(id, field));
        let Some(ty) = ty else { return };
        self.values_of(ty, 0);
        if let Base::Record(of) = ty.base {
            for (name, local) in &visible.locals {
                if local.base == Base::Record(of) {
                    let kind = CompletionKind::Named(EntityKind::Row);
                    self.push(name, kind, Some(type_name(self.symbols, *local)), 0, None);
                }
            }
        }
        self.word("missing", 4);
        self.word("unknown", 4);
    }

    /// What an expectation can compare a result with.
    fn expected(&mut self, visible: &Visible<'_>, chain: &[String]) {
        let result = chain.last().map_or(&[][..], |name| visible.scope(name)).iter().find(|symbol| {
            matches!(symbol, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_))
        });
        let statuses: &[ResultStatus] = match result {
            Some(Symbol::Decision(id)) => {
                if let Some(decision) = self.symbols.decision(*id) {
                    self.category_values(decision.outcomes, 0);
                }
                &[ResultStatus::Undetermined, ResultStatus::Conflict, ResultStatus::NotApplicable]
            }
            Some(Symbol::Requirement(_)) => &[
                ResultStatus::Met,
                ResultStatus::Violated,
                ResultStatus::Excepted,
                ResultStatus::Waived,
                ResultStatus::Pending,
                ResultStatus::NotApplicable,
                ResultStatus::Undetermined,
            ],
            Some(Symbol::Amount(_)) => &[ResultStatus::Undetermined, ResultStatus::NotApplicable],
            _ => {
                if let Some(ty) = chain_type(visible, chain) {
                    self.values_of(ty, 0);
                }
                &[ResultStatus::Missing, ResultStatus::Unknown]
            }
        };
        for status in statuses {
            self.push(status.word(), CompletionKind::Status, None, 1, None);
        }
    }
}

/// The type of names joined by dots.
fn chain_type(visible: &Visible<'_>, chain: &[String]) -> Option<Type> {
    let (first, rest) = chain.split_first()?;
    let mut ty = visible.name(first)?;
    for name in rest {
        let (Base::Record(record) | Base::Many(record)) = ty.base else { return None };
        ty = visible.member(record, name)?;
    }
    Some(ty)
}
