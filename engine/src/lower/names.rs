//! What a bare name stands for.
//!
//! In this order: what is bound (an argument, an alias, a row of a test); a field of the element or of the enclosing
//! record; the record's own name for its row; a define, decision or requirement of one of these records; a declaration
//! that belongs to no record; a value of the category that is expected. A name that two rows answer is an error.

use rubric_grammar::ast::{self, ExprKind, Name};

use super::lowering::index;
use super::{Lowering, Target};
use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::names::nearest;
use crate::plan::{AmountId, DecisionId, DefineId, FieldKind, Op, PolicyId, RequirementId, Symbol, Symbols};
use crate::value::{Base, CategoryId, RecordId, Type, Value};

/// What belongs to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Field(u32),
    Define(DefineId),
    Decision(DecisionId),
    Requirement(RequirementId),
    Amount(AmountId),
}

/// What a name was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Something bound: its operation and type.
    Bound(Op, Type),
    /// The row of a slot, by `this` or its record's name.
    Row(u16, RecordId),
    /// Of the row of a slot.
    Member(u16, RecordId, Member),
    /// A declaration that belongs to no record, or a category or record.
    Symbol(Symbol),
    /// `as_of`.
    AsOf,
}

/// The outcome of looking for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Search {
    One(Found),
    /// Several rows answer: how each could be written, and what it is there.
    Rows(Vec<(String, Option<Place>)>),
    /// Several policies declare it.
    Policies(Vec<Symbol>),
    Nothing,
}

/// Functions that the language brings.
pub(crate) const FUNCTIONS: [&str; 6] = ["min", "max", "age", "date", "nth_weekday", "school_year"];

impl Lowering<'_> {
    /// Looks for a name. `dotted`: a `.` follows, so that a row is wanted.
    pub(super) fn find(&self, name: &str, dotted: bool) -> Search {
        if name == "this"
            && let Some(frame) = self.frames.first()
        {
            return Search::One(Found::Row(frame.slot, frame.record));
        }
        if let Some(bound) = self.bound.iter().rev().find(|bound| bound.name == name) {
            if let Op::Amount { amount, line: Some(_), .. } = bound.op
                && let Some(several) = self.also_in_rows(amount, name, dotted)
            {
                return several;
            }
            return Search::One(Found::Bound(bound.op.clone(), bound.ty));
        }
        if name == "as_of" {
            return Search::One(Found::AsOf);
        }
        if let Some(search) = self.find_in_rows(name, dotted) {
            return search;
        }
        self.find_declared(name)
    }

    /// A line of the amount whose name a row answers too.
    fn also_in_rows(&self, amount: AmountId, name: &str, dotted: bool) -> Option<Search> {
        let of_line = format!("{}.{name}", self.cx.symbols.amount(amount)?.name);
        let in_rows = self.find_in_rows(name, dotted).or_else(|| match self.find_declared(name) {
            Search::Nothing | Search::One(Found::Symbol(_)) => None,
            found => Some(found),
        })?;
        let mut ways = vec![(of_line, None)];
        match in_rows {
            Search::One(Found::Member(slot, record, member)) => {
                let at = self.frames.iter().position(|frame| frame.slot == slot)?;
                let place = match member {
                    Member::Field(field) => self.field_place(at, field),
                    _ => None,
                };
                debug_assert_eq!(self.frames.get(at).map(|frame| frame.record), Some(record));
                let row = if at == 0 { "this".to_owned() } else { self.row_words(at) };
                ways.push((format!("{row}.{name}"), place));
            }
            Search::One(Found::Row(..)) => ways.push(("this".to_owned(), None)),
            Search::Rows(others) => ways.extend(others),
            _ => return None,
        }
        Some(Search::Rows(ways))
    }

    fn find_in_rows(&self, name: &str, dotted: bool) -> Option<Search> {
        let symbols = self.cx.symbols;
        let fields: Vec<(usize, u32)> = (0..self.frames.len())
            .rev()
            .filter_map(|at| {
                let record = symbols.record(self.frames.get(at)?.record)?;
                Some((at, index(record.fields.iter().position(|field| field.name == name)?)))
            })
            .collect();
        let rows: Vec<usize> = (0..self.frames.len())
            .rev()
            .filter(|at| {
                let record = self.frames.get(*at).and_then(|frame| symbols.record(frame.record));
                record.is_some_and(|record| snake_case(&record.name) == name)
            })
            .collect();
        let as_field = |(at, field): (usize, u32)| {
            let frame = self.frames.get(at)?;
            Some(Search::One(Found::Member(frame.slot, frame.record, Member::Field(field))))
        };
        let as_row = |at: usize| {
            let frame = self.frames.get(at)?;
            Some(Search::One(Found::Row(frame.slot, frame.record)))
        };
        match (fields.as_slice(), rows.as_slice()) {
            ([], []) => None,
            ([], [row]) => as_row(*row),
            ([], [_, ..]) => Some(Search::Rows(rows.iter().map(|at| (self.row_words(*at), None)).collect())),
            ([field], []) => as_field(*field),
            ([(at, field)], rows) => {
                let frame = self.frames.get(*at)?;
                let ty = symbols.record(frame.record)?.fields.get(*field as usize)?.ty;
                // The element's field and the enclosing row are the same row when the rows are its `many` field.
                let same_row = rows.iter().all(|row| {
                    self.frames.get(*row).is_some_and(|row| frame.back == Some((*field, row.slot)))
                });
                let one_kind = rows
                    .iter()
                    .any(|row| self.frames.get(*row).is_some_and(|row| ty.base == Base::Record(row.record)));
                match rows {
                    _ if same_row || rows.contains(at) => as_field((*at, *field)),
                    _ if one_kind => {
                        let mut ways = vec![(self.dotted_words(*at, name), self.field_place(*at, *field))];
                        ways.extend(rows.iter().map(|at| (self.row_words(*at), None)));
                        Some(Search::Rows(ways))
                    }
                    [row] if dotted && !matches!(ty.base, Base::Record(_)) => as_row(*row),
                    _ => as_field((*at, *field)),
                }
            }
            (several, _) => Some(Search::Rows(
                several
                    .iter()
                    .map(|(at, field)| (self.dotted_words(*at, name), self.field_place(*at, *field)))
                    .collect(),
            )),
        }
    }

    fn find_declared(&self, name: &str) -> Search {
        let symbols = self.cx.symbols;
        let declared = symbols.policy(self.cx.policy).map_or(&[][..], |policy| policy.scope.get(name));
        let mut members: Vec<(usize, Member)> = Vec::new();
        for symbol in declared {
            let Some((of, member)) = member_of(symbols, *symbol) else { continue };
            for (at, frame) in self.frames.iter().enumerate().rev() {
                if frame.record == of {
                    members.push((at, member));
                }
            }
        }
        match members.as_slice() {
            [] => {}
            [(at, member)] => {
                if let Some(frame) = self.frames.get(*at) {
                    return Search::One(Found::Member(frame.slot, frame.record, *member));
                }
            }
            [(first, member), rest @ ..] => {
                if rest.iter().any(|(at, other)| at == first && other != member) {
                    return Search::Policies(declared.to_vec());
                }
                let ways = members.iter().map(|(at, _)| (self.dotted_words(*at, name), None)).collect();
                return Search::Rows(ways);
            }
        }
        let free: Vec<Symbol> =
            declared.iter().copied().filter(|symbol| member_of(symbols, *symbol).is_none()).collect();
        match free.as_slice() {
            [] => match declared {
                [symbol, ..] => Search::One(Found::Symbol(*symbol)),
                [] => Search::Nothing,
            },
            [symbol] => Search::One(Found::Symbol(*symbol)),
            _ => Search::Policies(free),
        }
    }

    /// The member of a record by name: a field, or a define, decision or requirement of it in scope.
    pub(super) fn find_member(&self, record: RecordId, name: &str) -> Vec<Member> {
        let symbols = self.cx.symbols;
        let fields = symbols.record(record).map_or(&[][..], |record| &record.fields);
        if let Some(field) = fields.iter().position(|field| field.name == name) {
            return vec![Member::Field(index(field))];
        }
        let declared = symbols.policy(self.cx.policy).map_or(&[][..], |policy| policy.scope.get(name));
        declared
            .iter()
            .filter_map(|symbol| member_of(symbols, *symbol))
            .filter_map(|(of, member)| (of == record).then_some(member))
            .collect()
    }

    /// How the row of a frame can be named.
    fn row_words(&self, at: usize) -> String {
        let Some(frame) = self.frames.get(at) else { return "this".to_owned() };
        if let Some(alias) = &frame.alias {
            return alias.clone();
        }
        let snake =
            self.cx.symbols.record(frame.record).map_or(String::new(), |record| snake_case(&record.name));
        let elsewhere = self.frames.iter().enumerate().any(|(other, frame)| {
            let record = self.cx.symbols.record(frame.record);
            other != at
                && record.is_some_and(|record| {
                    snake_case(&record.name) == snake || record.fields.iter().any(|field| field.name == snake)
                })
        });
        match (at, elsewhere) {
            (_, false) => snake,
            (0, true) => "this".to_owned(),
            // An element without an alias cannot be told from the other row: it needs one.
            (_, true) => "x".to_owned(),
        }
    }

    fn dotted_words(&self, at: usize, name: &str) -> String {
        format!("{}.{name}", self.row_words(at))
    }

    fn field_place(&self, at: usize, field: u32) -> Option<Place> {
        let record = self.cx.symbols.record(self.frames.get(at)?.record)?;
        Some(record.fields.get(field as usize)?.place)
    }

    /// Whether an expression is a bare name that can only be a value of a category.
    pub(super) fn is_value_name(&self, written: &ast::Expr) -> bool {
        match &*written.kind {
            ExprKind::Paren(inner) => self.is_value_name(inner),
            ExprKind::Name(name) => self.find(&name.text, false) == Search::Nothing,
            ExprKind::If(_, a, b) => self.is_value_name(a) && self.is_value_name(b),
            _ => false,
        }
    }

    /// The value of a category by name.
    pub(super) fn category_value(&self, category: CategoryId, name: &str) -> Option<u32> {
        let values = &self.cx.symbols.category(category)?.values;
        values.iter().position(|value| value.name == name).map(index)
    }

    /// A name that can only be a value of the expected type: of a category, `never`, `not_applicable`.
    pub(super) fn expected_value(&mut self, name: &Name, expected: Option<Type>) -> Option<(Value, Type)> {
        match expected?.base {
            Base::Category(category) => {
                if let Some(position) = self.category_value(category, &name.text) {
                    self.mention(name.span, Target::Value(category, position));
                    return Some((Value::Category(position), Type::of(Base::Category(category))));
                }
                let of_decision =
                    self.cx.symbols.decisions.iter().any(|decision| decision.outcomes == category);
                (of_decision && name.text == "not_applicable")
                    .then(|| (Value::NotApplicable, Type::of(Base::Category(category))))
            }
            Base::Date if name.text == "never" => Some((Value::Never, Type::of(Base::Date))),
            _ => None,
        }
    }

    /// Reports a name that several rows or policies answer.
    pub(super) fn report_ambiguous(&mut self, name: &Name, search: &Search) {
        let text = &name.text;
        match search {
            Search::Rows(ways) => {
                let words: Vec<&str> = ways.iter().map(|(way, _)| way.as_str()).collect();
                let mut diagnostic = self.error(
                    "ambiguous-name",
                    name.span,
                    format!("`{text}` could belong to more than one row here"),
                );
                for (way, place) in ways {
                    if let Some(place) = place {
                        diagnostic = diagnostic.label(*place, format!("`{way}`"));
                    }
                }
                let alias = words.iter().any(|way| *way == "x" || way.starts_with("x."));
                let end = if alias { ", naming the element by `as x` after the rows" } else { "" };
                let help = format!("write {}{end}", super::unit::one_of(words));
                self.report(diagnostic.help(help));
            }
            Search::Policies(declared) => {
                let symbols = self.cx.symbols;
                let policies: Vec<&str> = declared
                    .iter()
                    .filter_map(|symbol| Some(symbols.policy(symbols.owner(*symbol)?)?.name.as_str()))
                    .collect();
                let message = format!("`{text}` is declared in {}", policies_in_words(&policies));
                let diagnostic = self
                    .error("ambiguous-name", name.span, message)
                    .help("use only one of these policies, or rename one of the declarations");
                self.report(diagnostic);
            }
            _ => {}
        }
    }

    /// Reports a name that nothing answers.
    pub(super) fn report_unknown(&mut self, name: &Name, expected: Option<Type>) {
        let symbols = self.cx.symbols;
        let text = name.text.as_str();
        if let Some(Type { base: Base::Category(category), .. }) = expected
            && let Some(category) = symbols.category(category)
        {
            let outcomes = symbols.decisions.iter().any(|decision| {
                decision.name == category.name && symbols.category(decision.outcomes) == Some(category)
            });
            let (code, what) =
                if outcomes { ("unknown-outcome", "an outcome") } else { ("unknown-value", "a value") };
            let visible = self.visible_names();
            let values = category.values.iter().map(|value| value.name.as_str());
            let near = nearest(text, values.clone().chain(visible.iter().map(String::as_str)));
            let elsewhere = declaring_policies(symbols, text, None);
            let coded = category.values.iter().find(|value| value.codes.iter().any(|code| code == text));
            let diagnostic =
                self.error(code, name.span, format!("`{text}` is not {what} of `{}`", category.name));
            let diagnostic = match (near, coded) {
                (_, Some(value)) => replace(diagnostic, &value.name),
                (_, None) if !elsewhere.is_empty() => self.with_use(diagnostic, text, &elsewhere),
                (Some(near), None) => replace(diagnostic, near),
                (None, None) if category.values.len() <= 12 => {
                    diagnostic.help(format!("it has {}", super::unit::one_of(values)))
                }
                (None, None) => diagnostic,
            };
            self.report(diagnostic);
            return;
        }
        let diagnostic = self.error("unknown-name", name.span, format!("there is no `{text}` here"));
        let elsewhere = declaring_policies(symbols, text, None);
        if !elsewhere.is_empty() {
            let diagnostic = self.with_use(diagnostic, text, &elsewhere);
            self.report(diagnostic);
            return;
        }
        let of_category = symbols.policy(self.cx.policy).into_iter().flat_map(|policy| &policy.scope.names);
        let of_category = of_category.flat_map(|(_, declared)| declared).find_map(|symbol| match symbol {
            Symbol::Category(id) => {
                let category = symbols.category(*id)?;
                category.values.iter().any(|value| value.name == text).then_some(category)
            }
            _ => None,
        });
        if let Some(category) = of_category {
            let help = format!(
                "`{text}` is a value of `{}`, but nothing here says that a `{}` is meant: write `{}.{text}`",
                category.name, category.name, category.name
            );
            self.report(diagnostic.help(help));
            return;
        }
        if let Some(instead) = super::foreign::instead_of(text) {
            self.report(diagnostic.help(instead));
            return;
        }
        let values = self.visible_names();
        let functions = FUNCTIONS.iter().copied();
        let near = nearest(text, values.iter().map(String::as_str).chain(functions));
        let types = || {
            let scope =
                symbols.policy(self.cx.policy).into_iter().flat_map(|policy| policy.scope.names.keys());
            nearest(text, scope.map(String::as_str))
        };
        let diagnostic = match near.or_else(types) {
            Some(near) => replace(diagnostic, near),
            None => diagnostic.help(self.where_names_come_from(text)),
        };
        self.report(diagnostic);
    }

    fn where_names_come_from(&self, name: &str) -> String {
        if self.frames.is_empty() {
            let holds = |symbol: &Symbol| match symbol {
                Symbol::Record(id) => {
                    let record = self.cx.symbols.record(*id)?;
                    record.fields.iter().any(|field| field.name == name).then_some(record)
                }
                _ => None,
            };
            let scope =
                self.cx.symbols.policy(self.cx.policy).into_iter().flat_map(|it| it.scope.names.values());
            if let Some(record) = scope.flatten().find_map(holds) {
                let of = &record.name;
                return format!("it is a field of `{of}`: to look at one `{of}`, declare this `of {of}`");
            }
        }
        let record = self.frames.first().and_then(|frame| self.cx.symbols.record(frame.record));
        match record {
            Some(record) => {
                format!(
                    "a name is a field of `{}`, or something declared here or in a policy that is used",
                    record.name
                )
            }
            None => "a name is something declared here or in a policy that is used".to_owned(),
        }
    }

    /// Every name of a value that could have been meant.
    fn visible_names(&self) -> Vec<String> {
        let symbols = self.cx.symbols;
        let bound = self.bound.iter().map(|bound| bound.name.clone());
        let fields = self.frames.iter().filter_map(|frame| symbols.record(frame.record));
        let fields = fields.flat_map(|record| record.fields.iter().map(|field| field.name.clone()));
        let scope = symbols.policy(self.cx.policy).into_iter().flat_map(|policy| &policy.scope.names);
        let is_type = |symbol: &Symbol| matches!(symbol, Symbol::Record(_) | Symbol::Category(_));
        let scope = scope.filter(|(_, all)| !all.iter().all(is_type)).map(|(name, _)| name.clone());
        let mut names: Vec<String> = bound.chain(fields).chain(scope).collect();
        names.push("as_of".to_owned());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Reports that a row has no such field.
    pub(super) fn report_unknown_member(&mut self, record: RecordId, name: &Name) {
        let symbols = self.cx.symbols;
        let Some(of) = symbols.record(record) else { return };
        let diagnostic =
            self.error("unknown-field", name.span, format!("`{}` has no field `{}`", of.name, name.text));
        let elsewhere = declaring_policies(symbols, &name.text, Some(record));
        if !elsewhere.is_empty() {
            let diagnostic = self.with_use(diagnostic, &name.text, &elsewhere);
            self.report(diagnostic);
            return;
        }
        let scope = symbols.policy(self.cx.policy).map(|policy| &policy.scope.names);
        let defines = scope.into_iter().flatten().filter(|(_, declared)| {
            declared.iter().any(|symbol| member_of(symbols, *symbol).is_some_and(|(of, _)| of == record))
        });
        let fields = of.fields.iter().map(|field| field.name.as_str());
        let near = nearest(&name.text, fields.clone().chain(defines.map(|(name, _)| name.as_str())));
        let diagnostic = match near {
            Some(near) => replace(diagnostic, near),
            None if of.fields.len() <= 12 => diagnostic.help(format!(
                "it has {}",
                fields.map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
            )),
            None => diagnostic,
        };
        let diagnostic = diagnostic.label(of.place, format!("`{}` is declared here", of.name));
        self.report(diagnostic);
    }

    /// Adds that the name is declared in a policy that is not used.
    fn with_use(&self, diagnostic: Diagnostic, name: &str, policies: &[PolicyId]) -> Diagnostic {
        let symbols = self.cx.symbols;
        let names: Vec<&str> =
            policies.iter().filter_map(|id| symbols.policy(*id)).map(|policy| policy.name.as_str()).collect();
        let Some(first) = names.first() else { return diagnostic };
        let help = format!("`{name}` is declared in {}: add `use {first}`", policies_in_words(&names));
        let header = symbols.policy(self.cx.policy).and_then(|policy| policy.place.item);
        let item = header.map_or(self.cx.item, |header| (header + 1).min(self.cx.item));
        let place = Place { file: self.cx.file, item: Some(item), span: rubric_grammar::Span::new(0, 0) };
        diagnostic.help(help).fix(
            format!("add `use {first}`"),
            Applicability::Maybe,
            vec![(place, format!("use {first}\n\n"))],
        )
    }

    /// Mentions a record, category or other declaration named in a signature, where it is visible.
    pub(super) fn mention_declared(&mut self, name: &Name) {
        let declared =
            self.cx.symbols.policy(self.cx.policy).map_or(&[][..], |policy| policy.scope.get(&name.text));
        let found =
            declared.iter().copied().find(|symbol| matches!(symbol, Symbol::Record(_) | Symbol::Category(_)));
        if let Some(symbol) = found {
            self.mention(name.span, Target::Symbol(symbol));
        }
    }

    /// Mentions the names of a type as written.
    pub(super) fn mention_type(&mut self, ty: &ast::TypeExpr) {
        match &ty.kind {
            ast::TypeKind::Name(name)
            | ast::TypeKind::Set(name)
            | ast::TypeKind::Many { record: name, .. } => {
                self.mention_declared(name);
            }
        }
    }
}

/// Help and fix: the name that was probably meant.
pub(super) fn replace(diagnostic: Diagnostic, with: &str) -> Diagnostic {
    let place = diagnostic.place();
    let diagnostic = diagnostic.help(format!("did you mean `{with}`?"));
    match place {
        Some(place) => diagnostic.fix(
            format!("replace with `{with}`"),
            Applicability::Maybe,
            vec![(place, with.to_owned())],
        ),
        None => diagnostic,
    }
}

fn policies_in_words(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" and in ")
}

/// The record to which a declaration belongs.
pub(super) fn member_of(symbols: &Symbols, symbol: Symbol) -> Option<(RecordId, Member)> {
    match symbol {
        Symbol::Define(id) => Some((symbols.define(id)?.of?, Member::Define(id))),
        Symbol::Decision(id) => Some((symbols.decision(id)?.of, Member::Decision(id))),
        Symbol::Requirement(id) => Some((symbols.requirement(id)?.of, Member::Requirement(id))),
        Symbol::Amount(id) => Some((symbols.amount(id)?.of, Member::Amount(id))),
        _ => None,
    }
}

/// The policies that declare the name; with a record, as something that belongs to it.
fn declaring_policies(symbols: &Symbols, name: &str, of: Option<RecordId>) -> Vec<PolicyId> {
    let mut found: Vec<PolicyId> = Vec::new();
    let belongs = |record: Option<RecordId>| of.is_none() || record == of;
    found.extend(symbols.defines.iter().filter(|it| it.name == name && belongs(it.of)).map(|it| it.policy));
    found.extend(
        symbols.decisions.iter().filter(|it| it.name == name && belongs(Some(it.of))).map(|it| it.policy),
    );
    found.extend(
        symbols.requirements.iter().filter(|it| it.name == name && belongs(Some(it.of))).map(|it| it.policy),
    );
    found.extend(
        symbols.amounts.iter().filter(|it| it.name == name && belongs(Some(it.of))).map(|it| it.policy),
    );
    if of.is_none() {
        found.extend(
            symbols
                .parameters
                .iter()
                .filter(|it| it.name == name && it.version.is_none())
                .map(|it| it.policy),
        );
        found.extend(symbols.inputs.iter().filter(|it| it.name == name).map(|it| it.policy));
        found.extend(symbols.records.iter().filter(|it| it.name == name).map(|it| it.policy));
        let own = |place: Place| symbols.decisions.iter().any(|decision| decision.place == place);
        found.extend(
            symbols.categories.iter().filter(|it| it.name == name && !own(it.place)).map(|it| it.policy),
        );
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// `SubstituteDay` as `substitute_day`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                *before != '_' && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// Whether a field holds rows.
pub(super) const fn holds_rows(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Many { .. } | FieldKind::Members)
}
