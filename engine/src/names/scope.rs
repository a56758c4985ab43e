//! What a policy can name, and what it should have written.

use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::plan::{Scope, Symbol, Symbols};

impl Scope {
    /// What the name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> &[Symbol] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The candidate nearest to a misspelt name, when one is near enough to be worth proposing.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + name.chars().count() / 4;
    candidates
        .into_iter()
        // What lost its name to a syntax error cannot be proposed.
        .filter(|candidate| !candidate.is_empty())
        .map(|candidate| (strsim::osa_distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Adds to an unknown-name diagnostic what was probably meant: a near name, or a `use` that is missing.
pub(crate) fn suggest<'a>(
    diagnostic: Diagnostic,
    symbols: &Symbols,
    name: &str,
    place: Place,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    if let Some(candidate) = nearest(name, candidates) {
        return diagnostic.help(format!("did you mean `{candidate}`?")).fix(
            format!("replace with `{candidate}`"),
            Applicability::Maybe,
            vec![(place, candidate.to_owned())],
        );
    }
    match declaring_policy(symbols, name) {
        Some(policy) => diagnostic.help(format!("`{name}` is declared in `{policy}`: add `use {policy}`")),
        None => diagnostic,
    }
}

/// The policy that itself declares a record or category of that name.
fn declaring_policy<'a>(symbols: &'a Symbols, name: &str) -> Option<&'a str> {
    let record = symbols.records.iter().find(|record| record.name == name).map(|record| record.policy);
    let category =
        symbols.categories.iter().find(|category| category.name == name).map(|category| category.policy);
    record.or(category).and_then(|policy| symbols.policy(policy)).map(|policy| policy.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_proposed_and_never_one_that_is_not_there() {
        for (name, candidates, expected) in [
            ("reads_at_levl", ["reads_at_level", "reads"], Some("reads_at_level")),
            ("q", ["", "reads"], None),
            ("x", ["mastered", "reads"], None),
        ] {
            assert_eq!(nearest(name, candidates), expected, "{name}");
        }
    }
}
