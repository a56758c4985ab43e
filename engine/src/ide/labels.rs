//! Labels of rules, parts, `must`s, `except`s and lines, whose declaration several policies can write together.
//!
//! What an amendment adds under a label of its own is its policy's: two districts may give rules one label, and these are
//! two rules. What it says under a label from above is said of what is above.

use rubric_grammar::ast::{DecisionMember, Item, ItemKind};

use super::{Entity, FileSpan, Source};
use crate::check::walk;
use crate::db::{Body, Database};
use crate::diagnostic::Place;
use crate::plan::{Amendment, PolicyId, Symbol, Symbols};

/// The policy to which a label of a result belongs, as another policy means it; none where it means several.
pub(super) fn home(source: &Source<'_>, policy: PolicyId, owner: Symbol, label: &str) -> Option<PolicyId> {
    let symbols = source.symbols;
    let declared = symbols.owner(owner)?;
    let amendments = symbols.amendments_of(owner);
    let says = |place: Option<Place>| {
        let item = place.and_then(|place| (source.item)(place.file, place.item?));
        item.is_some_and(|item| of_item(&item).contains(&label))
    };
    if amendments.is_empty() || says(symbols.place(owner)) {
        return Some(declared);
    }
    let above = symbols.above(policy);
    let in_line = |it: &&&Amendment| it.policy == policy || above.contains(&it.policy);
    let found = amendments.iter().filter(in_line).find(|it| says(Some(it.place)));
    if let Some(found) = found {
        return Some(found.policy);
    }
    // A test elsewhere may name what an authority below adds; where two add it, it means neither alone.
    let mut below = amendments.iter().filter(|it| says(Some(it.place))).map(|it| it.policy);
    match (below.next(), below.next()) {
        (Some(one), None) => Some(one),
        (Some(_), Some(_)) => None,
        (None, _) => Some(declared),
    }
}

/// The labels that an item writes before what they are the labels of.
fn of_item(item: &Item) -> Vec<&str> {
    match &item.kind {
        ItemKind::Decision(decision) => {
            let parts = decision.members.iter().filter_map(|member| match member {
                DecisionMember::Part(part) => Some(part.label.text.as_str()),
                DecisionMember::Rule(_) => None,
            });
            let rules = decision.members.iter().flat_map(walk::rules).map(|(rule, _)| &*rule.label.text);
            parts.chain(rules).collect()
        }
        ItemKind::Requirement(requirement) => {
            let musts = requirement.musts.iter().filter_map(|must| must.label.as_ref());
            let labels = musts.chain(requirement.excepts.iter().map(|it| &it.label));
            labels.map(|label| label.text.as_str()).collect()
        }
        ItemKind::Amount(amount) => amount.lines.iter().map(|line| line.label.text.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Where the labels of a result that belong to a policy are declared.
pub(super) fn place(symbols: &Symbols, owner: Symbol, policy: PolicyId) -> Option<Place> {
    if symbols.owner(owner) == Some(policy) {
        return symbols.place(owner);
    }
    symbols.amendments.iter().find(|it| it.target == owner && it.policy == policy).map(|it| it.place)
}

/// The body of a result with all that is amended in it; as it is declared, where an amendment has errors.
pub(super) fn whole(db: &Database, owner: Symbol) -> Option<Body> {
    let symbols = db.symbols();
    if !symbols.amendments_of(owner).is_empty() {
        let plan = db.plan();
        let joined = match owner {
            Symbol::Decision(id) => plan.decisions.get(&id.0).cloned().map(Body::Decision),
            Symbol::Requirement(id) => plan.requirements.get(&id.0).cloned().map(Body::Requirement),
            Symbol::Amount(id) => plan.amounts.get(&id.0).cloned().map(Body::Amount),
            _ => None,
        };
        if joined.is_some() {
            return joined;
        }
    }
    let place = symbols.place(owner)?;
    place.item.and_then(|item| db.body(place.file, item))
}

/// The labels of the rules that directly override a rule, also those of policies below.
pub(super) fn overriding(db: &Database, owner: Symbol, policy: PolicyId, label: &str) -> Vec<FileSpan> {
    let symbols = db.symbols();
    let Some(Body::Decision(body)) = whole(db, owner) else { return Vec::new() };
    let own = body.rules.iter().filter(|rule| {
        rule.policy == policy && !rule.is_default && symbols.short_label(policy, &rule.label) == label
    });
    let others = own.flat_map(|rule| &rule.overridden_by);
    let others = others.filter_map(|other| body.rules.get(*other as usize));
    others.map(|other| FileSpan { file: other.place.file, span: db.span(other.place) }).collect()
}

/// The entity of a label.
pub(super) fn entity(source: &Source<'_>, policy: PolicyId, owner: Symbol, label: &str) -> Option<Entity> {
    Some(Entity::Label(owner, home(source, policy, owner, label)?, label.into()))
}
