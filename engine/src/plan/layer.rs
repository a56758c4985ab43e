//! Layers: what authorities below may change, what they do change, and whose records that concerns.

use super::{Authority, FieldKind, Level, ParameterId, PolicyId, RecordKind, ResultId, Symbol, Symbols};
use crate::diagnostic::Place;
use crate::value::{Base, Number, RecordId, Type, Value};

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Permission {
    Raise,
    Lower,
    Set,
    Tighten,
    Relax,
    Replace,
    Add,
}

impl Permission {
    /// Every one, in the order of the manual.
    pub const ALL: [Self; 7] =
        [Self::Raise, Self::Lower, Self::Set, Self::Tighten, Self::Relax, Self::Replace, Self::Add];

    /// As the text says it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Lower => "lower",
            Self::Set => "set",
            Self::Tighten => "tighten",
            Self::Relax => "relax",
            Self::Replace => "replace",
            Self::Add => "add",
        }
    }

    /// What a word allows.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// What can be allowed for such a thing.
    #[must_use]
    pub const fn for_symbol(symbol: Symbol) -> &'static [Self] {
        match symbol {
            Symbol::Parameter(_) => &[Self::Raise, Self::Lower, Self::Set],
            Symbol::Decision(_) => &[Self::Tighten, Self::Relax, Self::Replace],
            Symbol::Requirement(_) => &[Self::Tighten, Self::Relax, Self::Replace, Self::Add],
            Symbol::Amount(_) => &[Self::Add, Self::Replace],
            _ => &[],
        }
    }

    /// Whether who may do this may do the other too.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        match self {
            Self::Set => matches!(other, Self::Set | Self::Raise | Self::Lower),
            Self::Replace => matches!(other, Self::Replace | Self::Tighten | Self::Relax | Self::Add),
            Self::Tighten => matches!(other, Self::Tighten | Self::Add),
            Self::Raise => matches!(other, Self::Raise),
            Self::Lower => matches!(other, Self::Lower),
            Self::Relax => matches!(other, Self::Relax),
            Self::Add => matches!(other, Self::Add),
        }
    }
}

/// `districts may raise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which authorities.
    pub level: Level,
    /// May do what.
    pub what: Permission,
    /// The clause.
    pub place: Place,
}

/// An `amend`: that a policy changes what one above declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// What is amended.
    pub target: Symbol,
    /// By which policy.
    pub policy: PolicyId,
    /// What it grants in turn.
    pub grants: Vec<Grant>,
    /// Of a parameter: the version that holds for the records of the authority.
    pub version: Option<ParameterId>,
    /// The name in the text.
    pub place: Place,
}

/// That a parameter is the version of another for the records of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The parameter as it is declared.
    pub of: ParameterId,
    /// The policy that amends it.
    pub policy: PolicyId,
}

/// The way from a record to whose it is: through these fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jurisdiction {
    /// Fields by position, each of the row that the one before it names; none: the row is itself the authority's.
    pub fields: Vec<(RecordId, u32)>,
    /// What stands at the end: a row of a record, or a value.
    pub end: Type,
}

/// Why a policy's authority is no key of what stands at the end of a [`Jurisdiction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// It has no name.
    Nameless,
    /// The record that it names has a key of several fields.
    Composite(RecordId),
    /// Its name is no value of that type.
    Misfit(Type),
}

impl Symbols {
    /// The amendments of something, those of higher authorities first.
    #[must_use]
    pub fn amendments_of(&self, target: Symbol) -> Vec<&Amendment> {
        let mut found: Vec<&Amendment> = self.amendments.iter().filter(|it| it.target == target).collect();
        found.sort_by_key(|it| self.above(it.policy).len());
        found
    }

    /// The amendments of something by the policies above a policy, the highest first.
    #[must_use]
    pub fn amended_above(&self, target: Symbol, policy: PolicyId) -> Vec<&Amendment> {
        let above = self.above(policy);
        let mut found = self.amendments_of(target);
        found.retain(|it| it.policy != policy && above.contains(&it.policy));
        found
    }

    /// What a policy is granted for something: by who declares it, and by the amendments of policies between.
    #[must_use]
    pub fn granted(&self, target: Symbol, policy: PolicyId) -> Vec<&Grant> {
        let Some(authority) = self.policy(policy).and_then(|it| it.authority.as_ref()) else {
            return Vec::new();
        };
        let own = self.grants.get(&target).into_iter().flatten();
        let above = self.amended_above(target, policy);
        let mut found: Vec<&Grant> = own.chain(above.into_iter().flat_map(|it| &it.grants)).collect();
        found.retain(|grant| grant.level == authority.level);
        found
    }

    /// Whether a policy may do that to something.
    #[must_use]
    pub fn may(&self, target: Symbol, policy: PolicyId, what: Permission) -> bool {
        self.granted(target, policy).iter().any(|grant| grant.what.includes(what))
    }

    /// A policy and those above it whose records an amendment of something of `owner` concerns, the lowest first.
    #[must_use]
    pub fn between(&self, policy: PolicyId, owner: PolicyId) -> Vec<PolicyId> {
        let above = self.above(policy);
        std::iter::once(policy).chain(above.into_iter().take_while(|it| *it != owner)).collect()
    }

    /// `district "Miami-Dade"`, for people.
    #[must_use]
    pub fn authority_words(&self, policy: PolicyId) -> Option<String> {
        let authority = self.policy(policy)?.authority.as_ref()?;
        let level = authority.level.word();
        Some(match &authority.title {
            Some(title) => format!("{level} \"{title}\""),
            None => level.to_owned(),
        })
    }

    /// Whose a policy is.
    #[must_use]
    pub fn authority(&self, policy: PolicyId) -> Option<&Authority> {
        self.policy(policy)?.authority.as_ref()
    }

    /// The way from a record to the authority of that level whose it is; absent: nothing says it.
    #[must_use]
    pub fn jurisdiction(&self, record: RecordId, level: &Level) -> Option<Jurisdiction> {
        let is_level = |name: &str| same_word(name, level.word());
        let first = self.record(record)?;
        if first.kind == RecordKind::Record && is_level(&first.name) {
            return Some(Jurisdiction { fields: Vec::new(), end: Type::of(Base::Record(record)) });
        }
        let mut fields: Vec<(RecordId, u32)> = Vec::new();
        let mut at = record;
        loop {
            let declared = self.record(at)?;
            let says = |field: &super::Field| field.jurisdiction && field.kind == FieldKind::Cell;
            let position = declared.fields.iter().position(says)?;
            let field = declared.fields.get(position)?;
            if fields.iter().any(|(seen, _)| *seen == at) {
                return None;
            }
            fields.push((at, u32::try_from(position).ok()?));
            let named = is_level(&field.name);
            match field.ty.base {
                Base::Record(next) => {
                    if named || self.record(next).is_some_and(|next| is_level(&next.name)) {
                        return Some(Jurisdiction { fields, end: Type::of(Base::Record(next)) });
                    }
                    at = next;
                }
                base if named && can_name(base) => return Some(Jurisdiction { fields, end: Type::of(base) }),
                _ => return None,
            }
        }
    }

    /// The key by which a policy's authority is named: of a row, that of its one key field.
    ///
    /// # Errors
    /// Where its name is no such key.
    pub fn key_of(&self, policy: PolicyId, end: Type) -> Result<Value, NoKey> {
        let title = self.authority(policy).and_then(|it| it.title.as_deref()).ok_or(NoKey::Nameless)?;
        let ty = match end.base {
            Base::Record(record) => {
                let declared =
                    self.record(record).filter(|it| it.keys == 1).ok_or(NoKey::Composite(record))?;
                declared.fields.first().map(|field| field.ty).ok_or(NoKey::Composite(record))?
            }
            _ => end,
        };
        let value = match ty.base {
            Base::Text => Some(Value::Text(title.into())),
            Base::Category(category) => self.category(category).and_then(|category| {
                let is = |value: &super::CategoryValue| {
                    value.name == title || value.codes.iter().any(|code| code == title)
                };
                Some(Value::Category(u32::try_from(category.values.iter().position(is)?).ok()?))
            }),
            Base::Count | Base::Number => Number::parse_decimal(title).map(Value::Number),
            _ => None,
        };
        value.ok_or(NoKey::Misfit(ty))
    }

    /// Whether two policies are of one authority.
    #[must_use]
    pub fn same_authority(&self, a: PolicyId, b: PolicyId) -> bool {
        let (Some(a), Some(b)) = (self.authority(a), self.authority(b)) else { return false };
        let above = |authority: &Authority| {
            authority
                .under
                .and_then(|under| self.authority(under))
                .map(|it| (it.level.clone(), it.title.clone()))
        };
        a.level == b.level && a.title == b.title && above(a) == above(b)
    }

    /// A label without the policy that stands before it where amendments of two policies have the same.
    #[must_use]
    pub fn short_label<'l>(&self, policy: PolicyId, label: &'l str) -> &'l str {
        let before = self.policy(policy).and_then(|policy| label.strip_prefix(policy.name.as_str()));
        before.and_then(|rest| rest.strip_prefix('.')).unwrap_or(label)
    }

    /// The declarations that a policy amends, among results.
    #[must_use]
    pub fn amended_results(&self, policy: PolicyId) -> Vec<ResultId> {
        let as_result = |symbol: Symbol| match symbol {
            Symbol::Decision(id) => Some(ResultId::Decision(id)),
            Symbol::Requirement(id) => Some(ResultId::Requirement(id)),
            Symbol::Amount(id) => Some(ResultId::Amount(id)),
            _ => None,
        };
        self.amendments
            .iter()
            .filter(|it| it.policy == policy)
            .filter_map(|it| as_result(it.target))
            .collect()
    }
}

/// Whether an authority can be named by a value of that type.
#[must_use]
pub const fn can_name(base: Base) -> bool {
    matches!(base, Base::Text | Base::Category(_) | Base::Count | Base::Number)
}

/// `LocalEducationAgency` and `local_education_agency` are one word.
fn same_word(a: &str, b: &str) -> bool {
    let letters = |word: &str| -> String {
        word.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::{Permission, same_word};

    #[test]
    fn a_permission_includes_what_is_less() {
        use Permission::{Add, Lower, Raise, Relax, Replace, Set, Tighten};
        for (one, other, expected) in [
            (Set, Raise, true),
            (Raise, Set, false),
            (Raise, Lower, false),
            (Replace, Relax, true),
            (Tighten, Add, true),
            (Add, Tighten, false),
            (Relax, Tighten, false),
        ] {
            assert_eq!(one.includes(other), expected, "{} {}", one.word(), other.word());
        }
        for one in Permission::ALL {
            assert!(one.includes(one));
            assert_eq!(Permission::of(one.word()), Some(one));
        }
    }

    #[test]
    fn words_are_compared_by_their_letters() {
        assert!(same_word("LocalEducationAgency", "local_education_agency"));
        assert!(!same_word("School", "district"));
    }
}
