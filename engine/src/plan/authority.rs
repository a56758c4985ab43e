//! Whose policies are: authorities and the order in which they stand.

use super::{PolicyId, Symbols};
use crate::diagnostic::Place;

/// Who makes a policy: `authority district "Miami-Dade" under florida.grade_3_promotion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// `district`.
    pub level: Level,
    /// `Miami-Dade`.
    pub title: Option<String>,
    /// The policy directly above; absent: none, or one that is not there, which is reported.
    pub under: Option<PolicyId>,
    /// The clause.
    pub place: Place,
}

/// Kinds of authorities. Those that the language knows are ordered, the highest first; another word has no order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Level {
    Federal,
    State,
    District,
    School,
    /// Another word, such as `consortium`.
    Other(String),
}

impl Level {
    /// The level that a word names.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "federal" => Self::Federal,
            "state" => Self::State,
            "district" => Self::District,
            "school" => Self::School,
            other => Self::Other(other.to_owned()),
        }
    }

    /// As the text says it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Federal => "federal",
            Self::State => "state",
            Self::District => "district",
            Self::School => "school",
            Self::Other(word) => word,
        }
    }

    /// How far below the highest; absent of another word.
    const fn rank(&self) -> Option<u8> {
        match self {
            Self::Federal => Some(0),
            Self::State => Some(1),
            Self::District => Some(2),
            Self::School => Some(3),
            Self::Other(_) => None,
        }
    }

    /// Whether this may stand under the other: a lower level, or one of another word.
    #[must_use]
    pub fn may_stand_under(&self, above: &Self) -> bool {
        match (self.rank(), above.rank()) {
            (Some(own), Some(above)) => own > above,
            _ => true,
        }
    }
}

impl Symbols {
    /// The policies above this one, the nearest first. Each stands in it once, also where they stand in a circle.
    #[must_use]
    pub fn above(&self, policy: PolicyId) -> Vec<PolicyId> {
        let mut found: Vec<PolicyId> = Vec::new();
        let mut next = self.directly_above(policy);
        while let Some(above) = next.filter(|above| !found.contains(above)) {
            found.push(above);
            next = self.directly_above(above);
        }
        found
    }

    fn directly_above(&self, policy: PolicyId) -> Option<PolicyId> {
        self.policy(policy)?.authority.as_ref()?.under
    }
}
