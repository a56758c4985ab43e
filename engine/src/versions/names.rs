//! Which declaration of one version is which of the other.

use std::collections::BTreeMap;
use std::fmt;

/// What a declaration is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Its policy.
    pub policy: String,
    /// `decision`, `requirement`, `amount`, `define` or `parameter`.
    pub kind: &'static str,
    /// Its own name; of a requirement `for each` value, with the value.
    pub name: String,
    /// The record it is of; parameters are of none.
    pub record: Option<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}", self.kind, self.policy, self.name)?;
        match &self.record {
            Some(record) => write!(f, " of {record}"),
            None => Ok(()),
        }
    }
}

/// Positions in the one and in the other version.
pub(super) struct Paired {
    /// In the order of the new version.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) left_old: Vec<usize>,
    pub(super) left_new: Vec<usize>,
}

/// Pairs what has one name; then what has one name in policies of two names, where only one is called so.
pub(super) fn pair(old: &[Name], new: &[Name]) -> Paired {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut left_old: Vec<usize> = (0..old.len()).collect();
    let mut left_new: Vec<usize> = (0..new.len()).collect();
    let without_policy = |name: &Name| Name { policy: String::new(), ..name.clone() };
    for key in [|name: &Name| name.clone(), without_policy] {
        let count = |names: &[Name], left: &[usize]| -> BTreeMap<Name, Vec<usize>> {
            let mut found: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
            for at in left {
                if let Some(name) = names.get(*at) {
                    found.entry(key(name)).or_default().push(*at);
                }
            }
            found
        };
        let (one, other) = (count(old, &left_old), count(new, &left_new));
        for (name, after) in &other {
            if let (Some([before]), [after]) = (one.get(name).map(Vec::as_slice), after.as_slice()) {
                pairs.push((*before, *after));
                left_old.retain(|at| at != before);
                left_new.retain(|at| at != after);
            }
        }
    }
    pairs.sort_by_key(|(_, after)| *after);
    Paired { pairs, left_old, left_new }
}
