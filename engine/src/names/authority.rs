//! Whether authorities stand in an order: each under a policy of a higher one, none in a circle.

use crate::diagnostic::Diagnostic;
use crate::plan::{Authority, PolicyId, Symbols};

/// What is wrong with the order of authorities.
pub(super) fn order(symbols: &Symbols) -> Vec<Diagnostic> {
    let ids = (0..u32::try_from(symbols.policies.len()).unwrap_or(u32::MAX)).map(PolicyId);
    ids.filter_map(|policy| one(symbols, policy)).collect()
}

fn one(symbols: &Symbols, policy: PolicyId) -> Option<Diagnostic> {
    let own = symbols.policy(policy)?;
    let authority = own.authority.as_ref()?;
    let above = symbols.policy(authority.under?)?;
    let chain = symbols.above(policy);
    if chain.contains(&policy) {
        // A circle is one mistake: it is said of the first policy in it.
        return chain
            .iter()
            .all(|other| policy <= *other)
            .then(|| circle(symbols, policy, authority, &chain));
    }
    let Some(higher) = &above.authority else {
        return Some(
            Diagnostic::error(
                "bad-authority",
                authority.place,
                format!("`{}` does not say whose policy it is, so nothing stands under it", above.name),
            )
            .label(above.place, "its header has no `authority`")
            .help("add to its header whose it is, such as `authority state \"Florida\"`"),
        );
    };
    if authority.level.may_stand_under(&higher.level) {
        return None;
    }
    let (level, over) = (authority.level.word(), higher.level.word());
    Some(
        Diagnostic::error(
            "bad-authority",
            authority.place,
            format!("a {level} policy does not stand under the {over} policy `{}`", above.name),
        )
        .label(higher.place, "whose it is stands here")
        .help("from the highest, authorities are federal, state, district and school: name a policy of a higher one"),
    )
}

fn circle(symbols: &Symbols, policy: PolicyId, authority: &Authority, chain: &[PolicyId]) -> Diagnostic {
    let name = |id: PolicyId| symbols.policy(id).map_or("", |policy| policy.name.as_str());
    let mut text = format!("`{}` stands under", name(policy));
    let others: Vec<&PolicyId> = chain.iter().take_while(|other| **other != policy).collect();
    if others.is_empty() {
        text.push_str(" itself");
    }
    for (at, other) in others.iter().enumerate() {
        text.push_str(if at == 0 { " " } else { ", that under " });
        text.push_str(&format!("`{}`", name(**other)));
    }
    if !others.is_empty() {
        text.push_str(", and that under the first");
    }
    let mut diagnostic = Diagnostic::error("bad-authority", authority.place, text);
    for other in others {
        if let Some(place) = symbols.policy(*other).and_then(|it| it.authority.as_ref()).map(|it| it.place) {
            diagnostic = diagnostic.label(place, "and this one");
        }
    }
    diagnostic.help("name the policy of the authority above, or remove `under` from the highest")
}
