//! Layers, as far as signatures go: what may be changed by whom, and what is.

use std::collections::BTreeMap;

use rubric_grammar::ast::{self, ItemKind, Name};

use super::nearest;
use crate::diagnostic::{Applicability, Diagnostic, FileId, Place};
use crate::plan::{
    Amendment, FieldKind, Grant, Level, NoKey, ParameterId, ParameterSymbol, Permission, PolicyId, Symbol,
    Symbols, Version, can_name,
};
use crate::value::{Base, RecordId, Type};

/// An item that grants or amends.
pub(super) struct Written<'a> {
    pub(super) policy: PolicyId,
    pub(super) file: FileId,
    pub(super) item: u32,
    pub(super) kind: &'a ItemKind,
    /// What it declares; absent of an amendment.
    pub(super) declares: Option<Symbol>,
}

/// What of an item concerns layers.
struct Signature<'a> {
    amend: bool,
    name: &'a Name,
    grants: &'a [ast::Grant],
    keyword: &'static str,
}

impl<'a> Written<'a> {
    fn signature(&self) -> Option<Signature<'a>> {
        let (amend, name, grants, keyword) = match self.kind {
            ItemKind::Parameter(it) => (it.amend, &it.name, &it.grants, "parameter"),
            ItemKind::Decision(it) => (it.amend, &it.name, &it.grants, "decision"),
            ItemKind::Requirement(it) => (it.amend, &it.name, &it.grants, "requirement"),
            ItemKind::Amount(it) => (it.amend, &it.name, &it.grants, "amount"),
            _ => return None,
        };
        Some(Signature { amend, name, grants, keyword })
    }

    fn place(&self, span: rubric_grammar::Span) -> Place {
        Place { file: self.file, item: Some(self.item), span }
    }
}

/// Resolves grants and amendments, gives each amended parameter its version, and says what is wrong. By file and item:
/// which of the amendments it is.
pub(super) fn resolve(
    symbols: &mut Symbols,
    written: &[Written<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<(FileId, u32), u32> {
    jurisdictions(symbols, diagnostics);
    for one in written {
        let (Some(signature), Some(declared)) = (one.signature(), one.declares) else { continue };
        let grants = grants(symbols, one, &signature, declared, diagnostics);
        if !grants.is_empty() {
            symbols.grants.insert(declared, grants);
        }
    }
    // What a layer grants it must have been granted, so that higher ones go first.
    let mut amendments: Vec<(&Written<'_>, Signature<'_>)> = written
        .iter()
        .filter_map(|one| Some((one, one.signature().filter(|signature| signature.amend)?)))
        .collect();
    amendments.sort_by_key(|(one, _)| symbols.above(one.policy).len());
    let mut found = BTreeMap::new();
    for (one, signature) in &amendments {
        let place = one.place(signature.name.span);
        let Some(target) = target(symbols, one, signature, diagnostics) else { continue };
        if let Some(first) = twice(symbols, target, one.policy) {
            let message = format!("`{}` is amended twice for the same records", signature.name.text);
            diagnostics.push(
                Diagnostic::error("amended-twice", place, message)
                    .label(first, "the first is here")
                    .help("an authority amends a thing once: write both changes into one `amend`"),
            );
            continue;
        }
        let grants = grants(symbols, one, signature, target, diagnostics);
        let grants = passed_on(symbols, one, target, grants, diagnostics);
        let version = match target {
            Symbol::Parameter(id) => version(symbols, id, one.policy, place),
            _ => None,
        };
        let position = u32::try_from(symbols.amendments.len()).unwrap_or(u32::MAX);
        symbols.amendments.push(Amendment { target, policy: one.policy, grants, version, place });
        found.insert((one.file, one.item), position);
    }
    authority_keys(symbols, diagnostics);
    found
}

/// Another amendment of the same thing by the same authority.
fn twice(symbols: &Symbols, target: Symbol, policy: PolicyId) -> Option<Place> {
    let same = |it: &&Amendment| {
        it.target == target && (it.policy == policy || symbols.same_authority(it.policy, policy))
    };
    symbols.amendments.iter().find(same).map(|it| it.place)
}

/// The parameter that holds for the records of the authority.
fn version(symbols: &mut Symbols, of: ParameterId, policy: PolicyId, place: Place) -> Option<ParameterId> {
    let declared = symbols.parameter(of)?.clone();
    let id = ParameterId(u32::try_from(symbols.parameters.len()).ok()?);
    symbols.parameters.push(ParameterSymbol {
        version: Some(Version { of, policy }),
        policy,
        place,
        ..declared
    });
    Some(id)
}

fn same_kind(a: Symbol, keyword: &str) -> bool {
    kind(a) == keyword
}

fn kind(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Parameter(_) => "parameter",
        Symbol::Decision(_) => "decision",
        Symbol::Requirement(_) => "requirement",
        Symbol::Amount(_) => "amount",
        Symbol::Category(_) => "category",
        Symbol::Record(_) => "record",
        Symbol::Input(_) => "input",
        Symbol::Define(_) => "define",
    }
}

/// Everything that can be amended.
fn amendable(symbols: &Symbols) -> impl Iterator<Item = Symbol> {
    use crate::plan::{AmountId, DecisionId, RequirementId};
    let count = |len: usize| 0..u32::try_from(len).unwrap_or(u32::MAX);
    let declared = count(symbols.parameters.len()).map(ParameterId);
    let declared = declared.filter(|id| symbols.parameter(*id).is_some_and(|it| it.version.is_none()));
    let parameters: Vec<Symbol> = declared.map(Symbol::Parameter).collect();
    let decisions = count(symbols.decisions.len()).map(|id| Symbol::Decision(DecisionId(id)));
    let requirements = count(symbols.requirements.len()).map(|id| Symbol::Requirement(RequirementId(id)));
    let amounts = count(symbols.amounts.len()).map(|id| Symbol::Amount(AmountId(id)));
    parameters.into_iter().chain(decisions).chain(requirements).chain(amounts)
}

/// What an amendment amends: something of a policy above, the nearest first.
fn target(
    symbols: &Symbols,
    one: &Written<'_>,
    signature: &Signature<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Symbol> {
    let (name, keyword) = (&signature.name.text, signature.keyword);
    if name.is_empty() {
        return None;
    }
    let place = one.place(signature.name.span);
    let above = symbols.above(one.policy);
    if above.contains(&one.policy) {
        // The circle is what is reported.
        return None;
    }
    let named: Vec<Symbol> =
        amendable(symbols).filter(|symbol| symbols.name(*symbol) == Some(name)).collect();
    let reachable = above.iter().find_map(|policy| {
        named
            .iter()
            .copied()
            .find(|symbol| symbols.owner(*symbol) == Some(*policy) && same_kind(*symbol, keyword))
    });
    if reachable.is_some() {
        return reachable;
    }
    let in_reach = |symbol: &Symbol| symbols.owner(*symbol).is_some_and(|owner| above.contains(&owner));
    if let Some(other) = named.iter().find(|symbol| in_reach(symbol)) {
        let other = kind(*other);
        let message = format!("`{name}` is no {keyword} but a {other}");
        diagnostics.push(
            Diagnostic::error("amends-nothing", place, message).help(format!("write `amend {other} {name}`")),
        );
        return None;
    }
    if let Some(elsewhere) = named.iter().find(|symbol| same_kind(**symbol, keyword)) {
        let owner = symbols.owner(*elsewhere).and_then(|owner| symbols.policy(owner));
        let owner = owner.map_or("", |owner| owner.name.as_str());
        let own = symbols.owner(*elsewhere) == Some(one.policy);
        let message = match own {
            true => format!("`{name}` is declared in this policy, which cannot amend itself"),
            false => format!("`{name}` is of `{owner}`, and this policy does not stand under that"),
        };
        let help = match (own, &symbols.policy(one.policy)?.authority) {
            (true, _) => "change it where it is declared".to_owned(),
            (false, Some(authority)) => format!(
                "say in the header that it does: `authority {} \"{}\" under {owner}`, or under a policy that does",
                authority.level.word(),
                authority.title.as_deref().unwrap_or("…")
            ),
            (false, None) => {
                format!("say in the header whose this policy is: `authority district \"…\" under {owner}`")
            }
        };
        diagnostics.push(Diagnostic::error("amends-not-above", place, message).help(help));
        return None;
    }
    let message = format!("no policy above this one declares a {keyword} `{name}`");
    let known: Vec<Symbol> =
        amendable(symbols).filter(|it| in_reach(it) && same_kind(*it, keyword)).collect();
    let diagnostic = Diagnostic::error("amends-nothing", place, message);
    diagnostics.push(match nearest(name, known.iter().filter_map(|symbol| symbols.name(*symbol))) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("replace with `{near}`"),
            Applicability::Maybe,
            vec![(place, near.to_owned())],
        ),
        None if above.is_empty() => diagnostic
            .help("an amendment stands in a policy whose header says under which it stands: `authority district \"…\" under a.policy`"),
        None => diagnostic.help(format!("to declare a new {keyword}, leave `amend` out")),
    });
    None
}

/// The grants that mean something; of the others, what is wrong.
fn grants(
    symbols: &Symbols,
    one: &Written<'_>,
    signature: &Signature<'_>,
    target: Symbol,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Grant> {
    let mut found: Vec<Grant> = Vec::new();
    for written in signature.grants {
        let place = one.place(written.span);
        match grant(symbols, one.policy, written, place, target) {
            Ok(grant) if found.iter().any(|it| it.level == grant.level && it.what == grant.what) => {
                diagnostics.push(
                    Diagnostic::error("bad-grant", place, "this is granted here already")
                        .help("keep one of them"),
                );
            }
            Ok(grant) => found.push(grant),
            Err(problem) => diagnostics.push(*problem),
        }
    }
    found
}

fn grant(
    symbols: &Symbols,
    policy: PolicyId,
    written: &ast::Grant,
    place: Place,
    target: Symbol,
) -> Result<Grant, Box<Diagnostic>> {
    let problem =
        |message: String, help: String| Box::new(Diagnostic::error("bad-grant", place, message).help(help));
    let allowed = Permission::for_symbol(target);
    let words = || {
        let quoted: Vec<String> = allowed.iter().map(|one| format!("`{}`", one.word())).collect();
        quoted.join(", ")
    };
    let what = written.what.text.as_str();
    let Some(what) = Permission::of(what).filter(|what| allowed.contains(what)) else {
        let kind = kind(target);
        let message = format!("nobody can be granted to `{what}` a {kind}");
        let help = match nearest(what, allowed.iter().map(|one| one.word())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("of a {kind} it can be granted to {}", words()),
        };
        return Err(problem(message, help));
    };
    let word = &written.who.text;
    let level = Level::of(word.strip_suffix('s').unwrap_or(word));
    if let Some(own) = symbols.authority(policy)
        && !level.may_stand_under(&own.level)
    {
        let message = format!("`{word}` do not stand under a {} policy", own.level.word());
        return Err(problem(
            message,
            "from the highest, authorities are federal, state, district and school: grant to lower ones"
                .to_owned(),
        ));
    }
    let unordered = match target {
        Symbol::Parameter(id) => {
            let ty = symbols.parameter(id).map(|it| it.ty.base);
            matches!(what, Permission::Raise | Permission::Lower)
                && ty.is_some_and(|base| !is_ordered(symbols, base))
        }
        Symbol::Decision(id) => {
            matches!(what, Permission::Tighten | Permission::Relax)
                && symbols.decision(id).is_some_and(|it| it.any_order)
        }
        _ => false,
    };
    if unordered {
        let (message, help) = match target {
            Symbol::Parameter(_) => (
                format!(
                    "the values of `{}` have no order, so there is none to {}",
                    symbols.name(target).unwrap_or_default(),
                    what.word()
                ),
                format!("grant to set it: `{word} may set`"),
            ),
            _ => (
                format!(
                    "the outcomes of `{}` are in any order, so nothing can {} them",
                    symbols.name(target).unwrap_or_default(),
                    what.word()
                ),
                format!("list the outcomes from most to least favourable, or grant `{word} may replace`"),
            ),
        };
        return Err(problem(message, help));
    }
    Ok(Grant { level, what, place })
}

/// Whether values of a type can be more or less than others.
pub(crate) fn is_ordered(symbols: &Symbols, base: Base) -> bool {
    match base {
        Base::Count
        | Base::Number
        | Base::Percent
        | Base::Money
        | Base::Date
        | Base::SchoolYear
        | Base::Days
        | Base::Months
        | Base::Damaged => true,
        Base::Category(category) => symbols.category(category).is_some_and(|category| category.ordered),
        Base::Flag | Base::Text | Base::Record(_) | Base::Many(_) | Base::Set(_) => false,
    }
}

/// A layer grants what it was granted; the rest is reported.
fn passed_on(
    symbols: &Symbols,
    one: &Written<'_>,
    target: Symbol,
    mut grants: Vec<Grant>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Grant> {
    let granted: Vec<Permission> =
        symbols.granted(target, one.policy).iter().map(|grant| grant.what).collect();
    grants.retain(|grant| {
        let has = granted.iter().any(|own| own.includes(grant.what));
        if !has {
            let (name, what) = (symbols.name(target).unwrap_or_default(), grant.what.word());
            let message = format!("this policy may not {what} `{name}` itself, so it cannot grant that");
            let help = match granted.is_empty() {
                true => {
                    "a layer grants only what it was granted, and nothing is granted to it here".to_owned()
                }
                false => {
                    let words: Vec<&str> = granted.iter().map(|one| one.word()).collect();
                    format!("a layer grants only what it was granted: {}", words.join(", "))
                }
            };
            diagnostics.push(Diagnostic::error("bad-grant", grant.place, message).help(help));
        }
        has
    });
    grants
}

/// Of policies that make law for their own records: whether these name the authority as it is named here.
fn authority_keys(symbols: &Symbols, diagnostics: &mut Vec<Diagnostic>) {
    let records = 0..u32::try_from(symbols.records.len()).unwrap_or(u32::MAX);
    for policy in (0..u32::try_from(symbols.policies.len()).unwrap_or(u32::MAX)).map(PolicyId) {
        let Some(authority) = symbols.authority(policy).filter(|it| it.under.is_some()) else { continue };
        let makes_law = symbols.amendments.iter().any(|it| it.policy == policy)
            || amendable(symbols).any(|it| symbols.of(it).is_some() && symbols.owner(it) == Some(policy));
        if !makes_law {
            continue;
        }
        let ends =
            records.clone().filter_map(|record| symbols.jurisdiction(RecordId(record), &authority.level));
        let Some(problem) = ends.filter_map(|way| symbols.key_of(policy, way.end).err()).next() else {
            continue;
        };
        let level = authority.level.word();
        let (message, help) = match problem {
            NoKey::Nameless => (
                format!("which {level} it is does not stand here"),
                format!("write the key that records name it by: `authority {level} \"…\"`"),
            ),
            NoKey::Composite(record) => {
                let name = symbols.record(record).map_or("", |it| it.name.as_str());
                (
                    format!("the key of `{name}` has several parts, and an authority is named by one"),
                    format!("let the `jurisdiction` lead to a text that names the {level}"),
                )
            }
            NoKey::Misfit(ty) => {
                let what = match ty.base {
                    Base::Category(category) => {
                        symbols.category(category).map_or("category", |it| it.name.as_str())
                    }
                    Base::Text => "text",
                    _ => "number",
                };
                (
                    format!("records name a {level} by a `{what}`, and this is none"),
                    "the text after the level is the key by which records name it".to_owned(),
                )
            }
        };
        diagnostics.push(Diagnostic::error("bad-authority", authority.place, message).help(help));
    }
}

/// A record says once whose it is, by a field that can say it.
fn jurisdictions(symbols: &mut Symbols, diagnostics: &mut Vec<Diagnostic>) {
    for record in &mut symbols.records {
        let mut first: Option<Place> = None;
        for field in record.fields.iter_mut().filter(|field| field.jurisdiction) {
            let names = matches!(field.ty, Type { base: Base::Record(_), .. }) || can_name(field.ty.base);
            let problem = if field.kind == FieldKind::Damaged || field.ty.base == Base::Damaged {
                None
            } else if !names || field.kind != FieldKind::Cell {
                let message = format!("`{}` cannot say whose a `{}` is", field.name, record.name);
                Some(Diagnostic::error("bad-jurisdiction", field.place, message).help(
                    "a jurisdiction is a field that names one row, such as `district: District jurisdiction`, or a text or category that names the authority",
                ))
            } else {
                first.map(|first| {
                    let message = format!("a `{}` says twice whose it is", record.name);
                    Diagnostic::error("bad-jurisdiction", field.place, message).label(first, "the first is here").help(
                        "keep one: that of a school leads on to its district, where `School` has a `jurisdiction` too",
                    )
                })
            };
            if let Some(problem) = problem {
                field.jurisdiction = false;
                // Keys of groups are fields of their members, and the mistake is said there.
                if !matches!(record.kind, crate::plan::RecordKind::Group { .. }) {
                    diagnostics.push(problem);
                }
            } else {
                first = first.or(Some(field.place));
            }
        }
    }
}
