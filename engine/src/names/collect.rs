//! Every declaration of the workspace, in the order of files and text.

use std::collections::BTreeMap;

use rubric_grammar::Span;
use rubric_grammar::ast::{self, IntervalEnd, Item, ItemKind};

use super::amend::{self, Written};
use super::record::{self, Part, PendingMany};
use super::scope::nearest;
use super::{FileSummary, types, waiver};
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::plan::{
    ADJUSTMENT, AmountId, AmountSymbol, Authority, Category, CategoryValue, DecisionId, DecisionSymbol,
    DefineId, DefineSymbol, EachLine, InputId, InputSymbol, Interval, Level, ParameterId, ParameterSymbol,
    Policy, PolicyId, Record, RecordKind, RequirementId, RequirementSymbol, ResultId, Symbol, Symbols,
};
use crate::value::{Base, CategoryId, Date, RecordId, Type};

/// What [`collect`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What is declared.
    pub symbols: Symbols,
    /// What is wrong with signatures.
    pub diagnostics: Vec<Diagnostic>,
    /// The declaration that an item makes, by file and position of the item.
    pub declared: BTreeMap<(FileId, u32), Declared>,
    /// The policy of each file.
    pub policies: BTreeMap<FileId, PolicyId>,
    /// Fixtures: policy and name to file and item.
    pub fixtures: BTreeMap<(PolicyId, String), (FileId, u32)>,
    /// Which of [`Symbols::amendments`] an item is.
    pub amendments: BTreeMap<(FileId, u32), u32>,
    /// The policies that a policy uses, as written, where they exist.
    pub uses: BTreeMap<PolicyId, Vec<(PolicyId, Place)>>,
}

/// The declaration that an item makes and that has a body to be lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Declared {
    Group(RecordId),
    Parameter(ParameterId),
    Define(DefineId),
    Decision(DecisionId),
    Requirement(RequirementId),
    Amount(AmountId),
}

impl Declared {
    /// The name's meaning.
    #[must_use]
    pub const fn symbol(self) -> Option<Symbol> {
        match self {
            Self::Group(_) => None,
            Self::Parameter(id) => Some(Symbol::Parameter(id)),
            Self::Define(id) => Some(Symbol::Define(id)),
            Self::Decision(id) => Some(Symbol::Decision(id)),
            Self::Requirement(id) => Some(Symbol::Requirement(id)),
            Self::Amount(id) => Some(Symbol::Amount(id)),
        }
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Collects the declarations of all files; each file is one policy.
#[must_use]
pub fn collect(files: &[&FileSummary]) -> Collected {
    let mut collector = Collector::default();
    for file in files {
        collector.policy(file);
    }
    for file in files {
        collector.declare(file);
    }
    collector.waivers(files);
    collector.scopes(files);
    let order = super::authority::order(&collector.out.symbols);
    collector.out.diagnostics.extend(order);
    // Extensions come after the records they extend, wherever their files stand, so that keys come first.
    for pass in [Pass::Records, Pass::Extensions] {
        for file in files {
            collector.fields(file, pass);
        }
    }
    let pending = std::mem::take(&mut collector.pending);
    record::resolve_many(&mut collector.out.symbols, pending, &mut collector.out.diagnostics);
    for file in files {
        collector.fields(file, Pass::Groups);
    }
    for file in files {
        collector.signatures(file);
    }
    collector.layers(files);
    collector.out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Records,
    Extensions,
    Groups,
}

#[derive(Default)]
struct Collector {
    out: Collected,
    /// Names that each policy itself declares.
    own: BTreeMap<PolicyId, BTreeMap<String, Vec<Symbol>>>,
    /// The record that a `record` item declares.
    records: BTreeMap<(FileId, u32), RecordId>,
    inputs: BTreeMap<(FileId, u32), InputId>,
    pending: Vec<PendingMany>,
}

fn items(file: &FileSummary) -> impl Iterator<Item = (u32, &Item)> {
    file.items.iter().enumerate().map(|(position, item)| (index(position), item))
}

fn place(file: &FileSummary, item: u32, span: Span) -> Place {
    Place { file: file.file, item: Some(item), span }
}

impl Collector {
    fn policy(&mut self, file: &FileSummary) {
        let id = PolicyId(index(self.out.symbols.policies.len()));
        self.out.policies.insert(file.file, id);
        let start = Place { file: file.file, item: None, span: Span::default() };
        let mut headers = items(file).filter_map(|(position, item)| match &item.kind {
            ItemKind::Policy(header) => Some((position, header)),
            _ => None,
        });
        let policy = match headers.next() {
            Some((position, header)) => {
                let place = place(file, position, header.path.span);
                let name = dotted(&header.path);
                if position > 0 {
                    self.out.diagnostics.push(
                        Diagnostic::error(
                            "policy-header",
                            place,
                            "the header `policy … { }` is not the first declaration of the file",
                        )
                        .help("move it to the top"),
                    );
                }
                self.header_path(file, place, &name);
                Policy {
                    name,
                    title: header.title.as_ref().map(|title| title.value.clone()),
                    authority: header.authority.as_ref().map(|written| Authority {
                        level: Level::of(&written.level.text),
                        title: written.title.as_ref().map(|title| title.value.clone()),
                        // Known when all policies are.
                        under: None,
                        place: self::place(file, position, written.span),
                    }),
                    cites: header.cites.iter().map(|cite| cite.value.clone()).collect(),
                    effective: header.effective.as_ref().map(interval).unwrap_or_default(),
                    school_year: header.school_year.as_ref().map(|start| (start.month, start.day)),
                    month_end: header.month_end,
                    scope: crate::plan::Scope::default(),
                    place,
                }
            }
            None => {
                let name = file.path.trim_end_matches(".rubric").replace('/', ".");
                if file.items.is_empty() {
                    self.out.diagnostics.push(
                        Diagnostic::warning("policy-header", start, "this file declares nothing").help(
                            "a file begins with a header such as `policy state.subject { title \"…\" }`",
                        ),
                    );
                } else {
                    self.out.diagnostics.push(
                        Diagnostic::error("policy-header", start, "the file has no header")
                            .help("begin it with a header such as `policy state.subject { title \"…\" }`"),
                    );
                }
                let (title, cites) = (None, Vec::new());
                let scope = crate::plan::Scope::default();
                Policy {
                    name,
                    title,
                    authority: None,
                    cites,
                    effective: Interval::default(),
                    school_year: None,
                    month_end: None,
                    scope,
                    place: start,
                }
            }
        };
        for (position, header) in headers {
            self.out.diagnostics.push(
                Diagnostic::error(
                    "policy-header",
                    place(file, position, header.path.span),
                    "a file has one header, and this is the second",
                )
                .label(policy.place, "the first is here")
                .help("move what follows to a file of its own"),
            );
        }
        if let Some(first) = self.out.symbols.policies.iter().find(|other| other.name == policy.name) {
            self.out.diagnostics.push(
                Diagnostic::error(
                    "duplicate-name",
                    policy.place,
                    format!("two files are the policy `{}`", policy.name),
                )
                .label(first.place, "the other is here")
                .help("rename one of them"),
            );
        }
        self.out.symbols.policies.push(policy);
    }

    /// `policy a.b` lives in `a/b.rubric`, so that a reader finds it and `use a.b` says where it is.
    fn header_path(&mut self, file: &FileSummary, place: Place, name: &str) {
        let expected = format!("{}.rubric", name.replace('.', "/"));
        let fits = file.path == expected || file.path.ends_with(&format!("/{expected}"));
        // What an editor has not saved yet is in no file.
        let is_file = file.path.ends_with(".rubric");
        if !fits && is_file && !name.is_empty() {
            self.out.diagnostics.push(
                Diagnostic::warning(
                    "policy-path",
                    place,
                    format!("the policy `{name}` stands in `{}`", file.path),
                )
                .help(format!(
                    "a policy lives in the file of its name: move it to `{expected}`, or rename the policy"
                )),
            );
        }
    }

    fn declare(&mut self, file: &FileSummary) {
        let Some(policy) = self.out.policies.get(&file.file).copied() else { return };
        for (position, item) in items(file) {
            let here = |name: &ast::Name| place(file, position, name.span);
            let key = (file.file, position);
            match &item.kind {
                ItemKind::Category(category) => {
                    let id = CategoryId(index(self.out.symbols.categories.len()));
                    let values = self.values(file, position, category);
                    let (name, ordered) = (category.name.text.clone(), category.ordered);
                    self.out.symbols.categories.push(Category {
                        name,
                        ordered,
                        values,
                        policy,
                        place: here(&category.name),
                    });
                    self.own_name(policy, &category.name, here(&category.name), Symbol::Category(id));
                }
                ItemKind::Record(record) if !record.extend => {
                    let id = self.new_record(policy, item, &record.name, here(&record.name));
                    self.records.insert(key, id);
                }
                ItemKind::Group(group) => {
                    let id = self.new_record(policy, item, &group.name, here(&group.name));
                    self.out.declared.insert(key, Declared::Group(id));
                }
                ItemKind::Input(input) => {
                    let id = InputId(index(self.out.symbols.inputs.len()));
                    let (name, ty) = (input.name.text.clone(), Type::of(Base::Damaged));
                    self.out.symbols.inputs.push(InputSymbol { name, ty, policy, place: here(&input.name) });
                    self.inputs.insert(key, id);
                    self.own_name(policy, &input.name, here(&input.name), Symbol::Input(id));
                }
                ItemKind::Parameter(parameter) if !parameter.amend => {
                    let id = ParameterId(index(self.out.symbols.parameters.len()));
                    self.out.symbols.parameters.push(ParameterSymbol {
                        name: parameter.name.text.clone(),
                        by: Vec::new(),
                        ty: Type::of(Base::Damaged),
                        version: None,
                        docs: item.docs.clone(),
                        policy,
                        place: here(&parameter.name),
                    });
                    self.out.declared.insert(key, Declared::Parameter(id));
                    self.own_name(policy, &parameter.name, here(&parameter.name), Symbol::Parameter(id));
                }
                ItemKind::Define(define) => {
                    let id = DefineId(index(self.out.symbols.defines.len()));
                    self.out.symbols.defines.push(DefineSymbol {
                        name: define.name.text.clone(),
                        params: Vec::new(),
                        of: None,
                        ty: Type::of(Base::Damaged),
                        docs: item.docs.clone(),
                        policy,
                        place: here(&define.name),
                    });
                    self.out.declared.insert(key, Declared::Define(id));
                    self.own_name(policy, &define.name, here(&define.name), Symbol::Define(id));
                }
                ItemKind::Decision(decision) if !decision.amend => {
                    let id = DecisionId(index(self.out.symbols.decisions.len()));
                    self.out.symbols.decisions.push(DecisionSymbol {
                        name: decision.name.text.clone(),
                        of: RecordId(u32::MAX),
                        outcomes: CategoryId(u32::MAX),
                        any_order: decision.outcomes.as_ref().is_some_and(|outcomes| outcomes.any_order),
                        docs: item.docs.clone(),
                        policy,
                        place: here(&decision.name),
                    });
                    self.out.declared.insert(key, Declared::Decision(id));
                    self.out.symbols.results.push(ResultId::Decision(id));
                    self.own_name(policy, &decision.name, here(&decision.name), Symbol::Decision(id));
                }
                ItemKind::Requirement(requirement) if !requirement.amend => {
                    let id = RequirementId(index(self.out.symbols.requirements.len()));
                    self.out.symbols.requirements.push(RequirementSymbol {
                        name: requirement.name.text.clone(),
                        of: RecordId(u32::MAX),
                        each: None,
                        docs: item.docs.clone(),
                        policy,
                        place: here(&requirement.name),
                    });
                    self.out.declared.insert(key, Declared::Requirement(id));
                    self.out.symbols.results.push(ResultId::Requirement(id));
                    self.own_name(
                        policy,
                        &requirement.name,
                        here(&requirement.name),
                        Symbol::Requirement(id),
                    );
                }
                ItemKind::Amount(amount) if !amount.amend => {
                    let id = AmountId(index(self.out.symbols.amounts.len()));
                    self.out.symbols.amounts.push(AmountSymbol {
                        name: amount.name.text.clone(),
                        of: RecordId(u32::MAX),
                        ty: Type::of(Base::Money),
                        lines: Vec::new(),
                        each: Vec::new(),
                        docs: item.docs.clone(),
                        policy,
                        place: here(&amount.name),
                    });
                    self.out.declared.insert(key, Declared::Amount(id));
                    self.out.symbols.results.push(ResultId::Amount(id));
                    self.own_name(policy, &amount.name, here(&amount.name), Symbol::Amount(id));
                }
                ItemKind::Fixture(fixture) => {
                    let name = (policy, fixture.name.text.clone());
                    if let Some((_, first)) = self.out.fixtures.get(&name) {
                        let first = place(file, *first, Span::default());
                        self.out.diagnostics.push(
                            Diagnostic::error(
                                "duplicate-name",
                                here(&fixture.name),
                                format!("two fixtures are called `{}`", fixture.name.text),
                            )
                            .label(first, "the first is here")
                            .help("rename one of them"),
                        );
                    } else {
                        self.out.fixtures.insert(name, key);
                    }
                }
                _ => {}
            }
        }
    }

    /// The record of waivers, where something can be waived.
    fn waivers(&mut self, files: &[&FileSummary]) {
        let Some((file, item)) = files.iter().find_map(|file| Some((file, file.waivable?))) else { return };
        let Some(policy) = self.out.policies.get(&file.file).copied() else { return };
        let symbols = &mut self.out.symbols;
        if let Some(own) = symbols.records.iter().find(|record| record.name == waiver::WAIVER) {
            self.out.diagnostics.push(
                Diagnostic::error("duplicate-name", own.place, "`Waiver` is the record that waivers are read as")
                    .help("rename this record: where something is `waivable by` an authority, the language brings its own"),
            );
            return;
        }
        waiver::declare(symbols, policy, place(file, item, Span::default()));
    }

    fn new_record(&mut self, policy: PolicyId, item: &Item, name: &ast::Name, place: Place) -> RecordId {
        let id = RecordId(index(self.out.symbols.records.len()));
        let elsewhere =
            self.out.symbols.records.iter().find(|other| other.name == name.text && other.policy != policy);
        if let Some(other) = elsewhere {
            self.out.diagnostics.push(
                Diagnostic::error("duplicate-name", place, format!("another policy declares a record `{}` too", name.text))
                    .label(other.place, "it is here")
                    .help("data files are found by the record's name: `use` the other policy and `extend record`, or rename one"),
            );
        }
        self.out.symbols.records.push(Record {
            name: name.text.clone(),
            kind: RecordKind::Record,
            fields: Vec::new(),
            keys: 0,
            docs: item.docs.clone(),
            policy,
            place,
        });
        self.own_name(policy, name, place, Symbol::Record(id));
        id
    }

    fn values(&mut self, file: &FileSummary, item: u32, category: &ast::Category) -> Vec<CategoryValue> {
        let mut values: Vec<CategoryValue> = Vec::new();
        let mut codes: BTreeMap<String, Place> = BTreeMap::new();
        for value in &category.values {
            let here = place(file, item, value.name.span);
            if let Some(first) = values.iter().find(|other| other.name == value.name.text) {
                self.out.diagnostics.push(
                    Diagnostic::error(
                        "duplicate-name",
                        here,
                        format!("`{}` has the value `{}` twice", category.name.text, value.name.text),
                    )
                    .label(first.place, "the first is here")
                    .help("remove one of them"),
                );
                continue;
            }
            for code in &value.codes {
                let place = place(file, item, code.span);
                match codes.get(&code.value) {
                    Some(first) => self.out.diagnostics.push(
                        Diagnostic::error(
                            "duplicate-code",
                            place,
                            format!(
                                "the code `{}` stands for two values of `{}`",
                                code.value, category.name.text
                            ),
                        )
                        .label(*first, "the first is here")
                        .help("a code in data must say which value is meant: remove one"),
                    ),
                    None => {
                        codes.insert(code.value.clone(), place);
                    }
                }
            }
            values.push(CategoryValue {
                name: value.name.text.clone(),
                codes: value.codes.iter().map(|code| code.value.clone()).collect(),
                place: here,
            });
        }
        values
    }

    fn own_name(&mut self, policy: PolicyId, name: &ast::Name, place: Place, symbol: Symbol) {
        if name.text.is_empty() {
            return;
        }
        if types::BUILT_IN.contains(&name.text.as_str())
            && matches!(symbol, Symbol::Record(_) | Symbol::Category(_))
        {
            self.out.diagnostics.push(
                Diagnostic::error("duplicate-name", place, format!("`{}` is a built-in type", name.text))
                    .help("choose another name"),
            );
            return;
        }
        let names = self.own.entry(policy).or_default().entry(name.text.clone()).or_default();
        // Defines of one name may be of different records; that is settled when their records are known.
        let clash =
            names.iter().find(|other| !matches!((other, symbol), (Symbol::Define(_), Symbol::Define(_))));
        if let Some(other) = clash {
            let first = self.out.symbols.place(*other);
            let mut diagnostic = Diagnostic::error(
                "duplicate-name",
                place,
                format!("`{}` is declared twice in this policy", name.text),
            )
            .help("rename one of them");
            if let Some(first) = first {
                diagnostic = diagnostic.label(first, "the first is here");
            }
            self.out.diagnostics.push(diagnostic);
        }
        names.push(symbol);
    }

    fn scopes(&mut self, files: &[&FileSummary]) {
        // Of two files that are one policy the first by its path counts, whichever was seen first.
        let mut by_name: BTreeMap<String, PolicyId> = BTreeMap::new();
        for file in files {
            let Some(policy) = self.out.policies.get(&file.file).copied() else { continue };
            let Some(name) = self.out.symbols.policy(policy).map(|policy| policy.name.clone()) else {
                continue;
            };
            by_name.entry(name).or_insert(policy);
        }
        for file in files {
            let Some(policy) = self.out.policies.get(&file.file).copied() else { continue };
            let mut scope = self.own.get(&policy).cloned().unwrap_or_default();
            let mut seen: Vec<PolicyId> = Vec::new();
            let mut first = true;
            for (position, item) in items(file) {
                let path = match &item.kind {
                    ItemKind::Use(written) => &written.path,
                    ItemKind::Policy(header) => {
                        let is_first = std::mem::take(&mut first);
                        let under = header.authority.as_ref().and_then(|authority| authority.under.as_ref());
                        // A second header is an error of its own, and says nothing of the policy.
                        if let Some(path) = under.filter(|_| is_first) {
                            let above = self.named_policy(&by_name, path, place(file, position, path.span));
                            self.stand_under(policy, above);
                            // Whoever stands under a policy goes on from it: its names are in sight.
                            path
                        } else {
                            continue;
                        }
                    }
                    _ => continue,
                };
                let here = place(file, position, path.span);
                let used = match &item.kind {
                    ItemKind::Policy(_) => by_name.get(&dotted(path)).copied(),
                    _ => self.named_policy(&by_name, path, here),
                };
                let Some(used) = used else { continue };
                self.out.uses.entry(policy).or_default().push((used, here));
                if used == policy || seen.contains(&used) {
                    continue;
                }
                seen.push(used);
                for (name, symbols) in self.own.get(&used).into_iter().flatten() {
                    let names = scope.entry(name.clone()).or_default();
                    // What a policy declares itself hides a used name.
                    if !self.own.get(&policy).is_some_and(|own| own.contains_key(name))
                        || symbols.iter().all(|symbol| matches!(symbol, Symbol::Define(_)))
                    {
                        names.extend(symbols.iter().copied());
                    }
                }
            }
            if let Some(policy) = self.out.symbols.policies.get_mut(policy.0 as usize) {
                policy.scope.names = scope;
            }
        }
    }

    /// The policy of that name; that there is none is reported.
    fn named_policy(
        &mut self,
        by_name: &BTreeMap<String, PolicyId>,
        path: &ast::Path,
        here: Place,
    ) -> Option<PolicyId> {
        let name = dotted(path);
        let found = by_name.get(&name).copied();
        if found.is_none() {
            let diagnostic =
                Diagnostic::error("unknown-policy", here, format!("there is no policy `{name}` here"));
            self.out.diagnostics.push(match nearest(&name, by_name.keys().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("replace with `{near}`"),
                    crate::diagnostic::Applicability::Maybe,
                    vec![(here, near.to_owned())],
                ),
                None => diagnostic.help(format!(
                    "a policy of that name is looked for in `{}.rubric`",
                    name.replace('.', "/")
                )),
            });
        }
        found
    }

    /// Says which policy is above; `None` when the one that the text names is not there.
    fn stand_under(&mut self, policy: PolicyId, above: Option<PolicyId>) {
        let known = self.out.symbols.policies.get_mut(policy.0 as usize);
        if let Some(authority) = known.and_then(|policy| policy.authority.as_mut()) {
            authority.under = above;
        }
    }

    fn fields(&mut self, file: &FileSummary, pass: Pass) {
        let Some(policy) = self.out.policies.get(&file.file).copied() else { return };
        for (item, written) in items(file) {
            let (symbols, diagnostics) = (&mut self.out.symbols, &mut self.out.diagnostics);
            match (&written.kind, pass) {
                (ItemKind::Record(record), Pass::Records | Pass::Extensions)
                    if record.extend == (pass == Pass::Extensions) =>
                {
                    let part =
                        Part { policy, file: file.file, item, fields: &record.fields, extend: record.extend };
                    let id = if record.extend {
                        record::named_record(symbols, &part, &record.name, diagnostics)
                    } else {
                        self.records.get(&(file.file, item)).copied()
                    };
                    if let Some(id) = id {
                        record::add_fields(symbols, id, &part, &mut self.pending, diagnostics);
                    }
                }
                (ItemKind::Group(group), Pass::Groups) => {
                    let part = Part { policy, file: file.file, item, fields: &[], extend: false };
                    let id = self.out.declared.get(&(file.file, item));
                    let of = record::named_record(symbols, &part, &group.of, diagnostics);
                    if let (Some(Declared::Group(id)), Some(of)) = (id, of) {
                        record::add_group_fields(symbols, *id, &part, group, of, diagnostics);
                    }
                }
                _ => {}
            }
        }
    }

    fn signatures(&mut self, file: &FileSummary) {
        let Some(policy) = self.out.policies.get(&file.file).copied() else { return };
        for (item, written) in items(file) {
            let part = Part { policy, file: file.file, item, fields: &[], extend: false };
            let here = |span: Span| place(file, item, span);
            let declared = self.out.declared.get(&(file.file, item)).copied();
            let (symbols, diagnostics) = (&mut self.out.symbols, &mut self.out.diagnostics);
            match (&written.kind, declared) {
                (ItemKind::Input(input), _) => {
                    let mut ty = types::resolve(symbols, policy, &input.ty, here, diagnostics);
                    if matches!(ty.base, Base::Record(_) | Base::Set(_)) {
                        diagnostics.push(
                            Diagnostic::error(
                                "type-mismatch",
                                here(input.ty.span),
                                format!("the input `{}` is one value for the whole run", input.name.text),
                            )
                            .help("give it a category, a number, a date or another plain type"),
                        );
                        ty = Type::of(Base::Damaged);
                    }
                    let id = self.inputs.get(&(file.file, item));
                    if let Some(symbol) = id.and_then(|id| symbols.inputs.get_mut(id.0 as usize)) {
                        symbol.ty = ty;
                    }
                }
                (ItemKind::Parameter(parameter), Some(Declared::Parameter(id))) => {
                    let by = parameter
                        .by
                        .iter()
                        .map(|name| {
                            let base = types::named(symbols, policy, name, here(name.span), diagnostics);
                            if !matches!(base, Base::Category(_) | Base::SchoolYear | Base::Damaged) {
                                diagnostics.push(
                                    Diagnostic::error(
                                        "type-mismatch",
                                        here(name.span),
                                        format!("a parameter cannot be kept by `{}`", name.text),
                                    )
                                    .help("the key of a parameter is a category or `school_year`"),
                                );
                                return Type::of(Base::Damaged);
                            }
                            Type::of(base)
                        })
                        .collect();
                    let ty = parameter.ty.as_ref().map_or(Type::of(Base::Damaged), |ty| {
                        types::resolve(symbols, policy, ty, here, diagnostics)
                    });
                    if let Some(symbol) = symbols.parameters.get_mut(id.0 as usize) {
                        (symbol.by, symbol.ty) = (by, ty);
                    }
                }
                (ItemKind::Define(define), Some(Declared::Define(id))) => {
                    let of = define
                        .of
                        .as_ref()
                        .and_then(|name| record::named_record(symbols, &part, name, diagnostics));
                    let params = define
                        .params
                        .iter()
                        .map(|param| {
                            (
                                param.name.text.clone(),
                                types::resolve(symbols, policy, &param.ty, here, diagnostics),
                            )
                        })
                        .collect();
                    let ty = types::resolve(symbols, policy, &define.ty, here, diagnostics);
                    if let Some(symbol) = symbols.defines.get_mut(id.0 as usize) {
                        (symbol.of, symbol.params, symbol.ty) = (of, params, ty);
                    }
                    self.define_clash(policy, id, &define.name, here(define.name.span));
                }
                (ItemKind::Decision(decision), Some(Declared::Decision(id))) => {
                    let of = decision
                        .of
                        .as_ref()
                        .and_then(|name| record::named_record(symbols, &part, name, diagnostics));
                    let outcomes = self.outcomes(file, item, policy, decision, written.damaged);
                    if let Some(symbol) = self.out.symbols.decisions.get_mut(id.0 as usize) {
                        symbol.of = of.unwrap_or(RecordId(u32::MAX));
                        symbol.outcomes = outcomes;
                    }
                }
                (ItemKind::Requirement(requirement), Some(Declared::Requirement(id))) => {
                    let of = requirement
                        .of
                        .as_ref()
                        .and_then(|name| record::named_record(symbols, &part, name, diagnostics));
                    let each = requirement.for_each.as_ref().map(|each| {
                        let place = here(each.category.span);
                        match types::named(symbols, policy, &each.category, place, diagnostics) {
                            Base::Category(category) => category,
                            Base::Damaged => CategoryId(u32::MAX),
                            _ => {
                                let message = format!("`{}` is no category", each.category.text);
                                diagnostics.push(
                                    Diagnostic::error("type-mismatch", place, message)
                                        .help("`for each` goes over the values of a category"),
                                );
                                CategoryId(u32::MAX)
                            }
                        }
                    });
                    if let Some(symbol) = symbols.requirements.get_mut(id.0 as usize) {
                        symbol.of = of.unwrap_or(RecordId(u32::MAX));
                        symbol.each = each;
                    }
                }
                (ItemKind::Amount(amount), Some(Declared::Amount(id))) => {
                    let of = amount
                        .of
                        .as_ref()
                        .and_then(|name| record::named_record(symbols, &part, name, diagnostics));
                    let ty = amount.ty.as_ref().map_or(Type::of(Base::Money), |ty| {
                        types::resolve(symbols, policy, ty, here, diagnostics)
                    });
                    let (lines, each) = amount_lines(symbols, policy, here(amount.name.span), &amount.lines);
                    if let Some(symbol) = symbols.amounts.get_mut(id.0 as usize) {
                        symbol.of = of.unwrap_or(RecordId(u32::MAX));
                        (symbol.ty, symbol.lines, symbol.each) = (ty, lines, each);
                    }
                }
                _ => {}
            }
        }
    }

    /// Grants and amendments; lines that amendments add to amounts.
    fn layers(&mut self, files: &[&FileSummary]) {
        let mut written = Vec::new();
        for file in files {
            let Some(policy) = self.out.policies.get(&file.file).copied() else { continue };
            for (item, one) in items(file) {
                let declares = self.out.declared.get(&(file.file, item)).and_then(|it| it.symbol());
                written.push(Written { policy, file: file.file, item, kind: &one.kind, declares });
            }
        }
        let (symbols, diagnostics) = (&mut self.out.symbols, &mut self.out.diagnostics);
        self.out.amendments = amend::resolve(symbols, &written, diagnostics);
        for one in &written {
            let position = self.out.amendments.get(&(one.file, one.item)).copied();
            let target = position.and_then(|at| symbols.amendments.get(at as usize)).map(|it| it.target);
            let (ItemKind::Amount(amount), Some(Symbol::Amount(id))) = (one.kind, target) else { continue };
            let place = Place { file: one.file, item: Some(one.item), span: amount.name.span };
            let (lines, each) = amount_lines(symbols, one.policy, place, &amount.lines);
            if let Some(symbol) = symbols.amounts.get_mut(id.0 as usize) {
                add_lines(symbol, lines, each);
            }
        }
    }

    /// Two defines of one name must be of different records, and none may be called as a field of its record.
    fn define_clash(&mut self, policy: PolicyId, id: DefineId, name: &ast::Name, place: Place) {
        let symbols = &self.out.symbols;
        let Some(define) = symbols.define(id) else { return };
        let field = define.of.and_then(|of| symbols.record(of)).and_then(|record| {
            record.fields.iter().find(|field| field.name == name.text).map(|field| (record, field))
        });
        if let Some((record, field)) = field {
            self.out.diagnostics.push(
                Diagnostic::error(
                    "duplicate-name",
                    place,
                    format!("`{}` already has a field `{}`", record.name, name.text),
                )
                .label(field.place, "it is here")
                .help("rename the define"),
            );
            return;
        }
        let others = self.own.get(&policy).and_then(|own| own.get(&name.text)).map_or(&[][..], Vec::as_slice);
        let earlier = others.iter().filter_map(|symbol| match symbol {
            Symbol::Define(other) if *other < id => symbols.define(*other),
            _ => None,
        });
        if let Some(first) = earlier.rev().find(|other| other.of == define.of) {
            self.out.diagnostics.push(
                Diagnostic::error(
                    "duplicate-name",
                    place,
                    format!("`{}` is declared twice in this policy", name.text),
                )
                .label(first.place, "the first is here")
                .help("rename one of them"),
            );
        }
    }

    fn outcomes(
        &mut self,
        file: &FileSummary,
        item: u32,
        policy: PolicyId,
        decision: &ast::Decision,
        damaged: bool,
    ) -> CategoryId {
        let symbols = &mut self.out.symbols;
        let here = place(file, item, decision.name.span);
        let names = decision.outcomes.as_ref().map_or(&[][..], |outcomes| &outcomes.names);
        if let [only] = names {
            let scope = symbols.policy(policy).map(|policy| policy.scope.get(&only.text)).unwrap_or_default();
            let category = scope.iter().find_map(|symbol| match symbol {
                Symbol::Category(id) => Some(*id),
                _ => None,
            });
            if let Some(category) = category {
                return category;
            }
        }
        let mut values: Vec<CategoryValue> = Vec::new();
        for name in names {
            let place = place(file, item, name.span);
            if let Some(first) = values.iter().find(|other| other.name == name.text) {
                self.out.diagnostics.push(
                    Diagnostic::error(
                        "duplicate-name",
                        place,
                        format!("the outcome `{}` is listed twice", name.text),
                    )
                    .label(first.place, "the first is here")
                    .help("remove one of them"),
                );
                continue;
            }
            values.push(CategoryValue { name: name.text.clone(), codes: Vec::new(), place });
        }
        if decision.outcomes.is_none() && !damaged {
            self.out.diagnostics.push(
                Diagnostic::error(
                    "missing-outcomes",
                    here,
                    format!("the decision `{}` lists no outcomes", decision.name.text),
                )
                .help("add `outcomes a, b, c`, from most to least favourable"),
            );
        }
        let id = CategoryId(index(symbols.categories.len()));
        symbols.categories.push(Category {
            name: decision.name.text.clone(),
            ordered: false,
            values,
            policy,
            place: here,
        });
        id
    }
}

fn dotted(path: &ast::Path) -> String {
    path.segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join(".")
}

fn date(written: &ast::DateLit) -> Option<Date> {
    Date::new(written.year, i8::try_from(written.month).ok()?, i8::try_from(written.day).ok()?).ok()
}

/// The interval of a header; a day that does not exist is left out here and reported where dates are checked.
fn interval(written: &ast::Interval) -> Interval {
    let until = written.end.as_ref().and_then(|end| match end {
        IntervalEnd::Until(day) => date(day),
        IntervalEnd::Through(day) => date(day).and_then(|day| day.tomorrow().ok()),
    });
    Interval { from: written.from.as_ref().and_then(date), until }
}

/// The labels of an amount's lines, one for each value where they are `for each` value. What is no category is reported
/// where the amount is lowered.
fn amount_lines(
    symbols: &Symbols,
    policy: PolicyId,
    place: Place,
    written: &[ast::Line],
) -> (Vec<String>, Vec<EachLine>) {
    let (mut lines, mut each) = (Vec::with_capacity(written.len()), Vec::new());
    for line in written {
        let label = &line.label.text;
        let Some(over) = &line.for_each else {
            lines.push(label.clone());
            continue;
        };
        let base = types::named(symbols, policy, &over.category, place, &mut Vec::new());
        let Base::Category(category) = base else { continue };
        let values = symbols.category(category).map_or(&[][..], |category| &category.values);
        each.push(EachLine { label: label.clone(), category, first: index(lines.len()) });
        lines.extend(values.iter().map(|value| format!("{label}({})", value.name)));
    }
    (lines, each)
}

/// Adds the lines of an amendment that the amount does not have, before the generated one.
fn add_lines(symbol: &mut AmountSymbol, lines: Vec<String>, each: Vec<EachLine>) {
    let adjustment = symbol.lines.pop_if(|last| last == ADJUSTMENT);
    let known = |symbol: &AmountSymbol, label: &str| {
        symbol.lines.iter().any(|line| line == label) || symbol.each.iter().any(|each| each.label == label)
    };
    for line in lines.iter().filter(|line| *line != ADJUSTMENT) {
        let whole = line.split('(').next().unwrap_or(line);
        let of_each = each.iter().find(|each| each.label == whole && line.ends_with(')'));
        match of_each {
            None if !known(symbol, line) => symbol.lines.push(line.clone()),
            Some(of) if !known(symbol, whole) && !symbol.lines.contains(line) => {
                let first = index(symbol.lines.len());
                let values = lines
                    .iter()
                    .filter(|other| other.ends_with(')') && other.split('(').next() == Some(whole));
                symbol.lines.extend(values.cloned());
                symbol.each.push(EachLine { first, ..of.clone() });
            }
            _ => {}
        }
    }
    symbol.lines.extend(adjustment);
}
