//! Whose a record is: the conditions by which what an authority makes holds for its records alone.

use rubric_grammar::Span;

use super::Lowering;
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{
    CompareOp, Expr, ExprId, Interval, Jurisdiction, Level, Op, ParameterId, PolicyId, Symbol,
};
use crate::value::{Base, RecordId, Type, Value};

impl Lowering<'_> {
    fn push_at(&mut self, op: Op, ty: Type, place: Place) -> ExprId {
        self.code.push(Expr { op, ty, place })
    }

    /// Whether the row of a slot is of the authority of a policy, and of those between it and `owner`: a name may be that of
    /// a school in two districts. `None`, and nothing is reported, where nothing says whose it is.
    pub(super) fn guard(
        &mut self,
        (slot, record): (u16, RecordId),
        policy: PolicyId,
        owner: Option<PolicyId>,
    ) -> Option<ExprId> {
        let symbols = self.cx.symbols;
        let mut all: Option<ExprId> = None;
        for one in symbols.between(policy, owner.unwrap_or(PolicyId(u32::MAX))) {
            let Some(authority) = symbols.authority(one) else { continue };
            let Some(way) = symbols.jurisdiction(record, &authority.level) else {
                if one == policy {
                    return None;
                }
                continue;
            };
            let Ok(key) = symbols.key_of(one, way.end) else {
                // Said of its header.
                self.failed |= one == policy;
                continue;
            };
            let is = self.is_of((slot, record), &way, key, authority.place);
            all = Some(match all {
                None => is,
                Some(all) => self.push_at(Op::And(all, is), Type::of(Base::Flag), authority.place),
            });
        }
        all
    }

    fn is_of(
        &mut self,
        (slot, record): (u16, RecordId),
        way: &Jurisdiction,
        key: Value,
        place: Place,
    ) -> ExprId {
        let symbols = self.cx.symbols;
        let mut at = self.push_at(Op::Row(slot), Type::of(Base::Record(record)), place);
        let mut optional = false;
        for (of, field) in &way.fields {
            let declared = symbols.record(*of).and_then(|record| record.fields.get(*field as usize));
            let ty = declared.map_or(Type::of(Base::Damaged), |field| field.ty);
            optional |= ty.optional;
            at = self.push_at(Op::Field { of: at, field: *field }, Type { base: ty.base, optional }, place);
        }
        let wanted = match way.end.base {
            Base::Record(of) => {
                let ty = symbols.record(of).and_then(|it| it.fields.first()).map(|field| field.ty);
                let key = self.push_at(Op::Literal(key), ty.unwrap_or(way.end), place);
                self.push_at(Op::Lookup { record: of, keys: vec![key] }, way.end, place)
            }
            _ => self.push_at(Op::Literal(key), way.end, place),
        };
        self.push_at(Op::Compare(CompareOp::Eq, at, wanted), Type::of(Base::Flag), place)
    }

    /// Reports that nothing says whose a record is.
    pub(super) fn report_no_jurisdiction(
        &mut self,
        place: Place,
        record: RecordId,
        level: &Level,
        why: &str,
    ) {
        let name = self.cx.symbols.record(record).map_or("", |it| it.name.as_str());
        let word = level.word();
        let message = format!("{why}, and no field says of which {word} a `{name}` is");
        let diagnostic = Diagnostic::error("no-jurisdiction", place, message).help(format!(
            "mark the field that names it: `{word}: {} jurisdiction`, or one whose record has such a field",
            pascal(word)
        ));
        self.report(diagnostic);
    }

    /// What a policy under another declares holds for the records of its authority, where these say whose they are.
    pub(super) fn own_records(&mut self, record: RecordId, condition: Option<ExprId>) -> Option<ExprId> {
        let policy = self.cx.policy;
        self.cx.symbols.authority(policy).and_then(|it| it.under)?;
        let guard = self.guard((0, record), policy, None)?;
        Some(match condition {
            None => guard,
            Some(condition) => {
                let place = self.code.get(condition)?.place;
                self.push_at(Op::And(guard, condition), Type::of(Base::Flag), place)
            }
        })
    }

    /// What is granted is for the records of those authorities, so that records must say whose they are.
    pub(super) fn grants_reach(&mut self, target: Symbol, record: RecordId) {
        let symbols = self.cx.symbols;
        let grants = symbols.grants.get(&target).into_iter().flatten();
        let lost = grants.clone().find(|grant| symbols.jurisdiction(record, &grant.level).is_none());
        if let Some(grant) = lost {
            let why = format!("this is granted to each {} for its records", grant.level.word());
            self.report_no_jurisdiction(grant.place, record, &grant.level, &why);
        }
    }

    /// The days on which what this policy amends of `owner` can be in force: those of both policies.
    pub(super) fn days_of(&mut self, owner: PolicyId, written: Interval, span: Span) -> Option<Interval> {
        let symbols = self.cx.symbols;
        let effective = |policy| symbols.policy(policy).map(|it| it.effective).unwrap_or_default();
        let days = written.meet(&effective(self.cx.policy)).and_then(|days| days.meet(&effective(owner)));
        if days.is_none() {
            let name = symbols.policy(owner).map_or("", |it| it.name.as_str());
            let diagnostic = self
                .error(
                    "bad-interval",
                    span,
                    format!("this is never in force while this policy and `{name}` are"),
                )
                .help("an amendment is in force only while its own policy and the one that grants it are");
            self.report(diagnostic);
        }
        days
    }

    /// A parameter where it is read: of one that is amended, for the row that says whose it is.
    pub(super) fn parameter_of_layers(
        &mut self,
        id: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
        ty: Type,
        span: Span,
    ) -> Option<ExprId> {
        let symbols = self.cx.symbols;
        let target = Symbol::Parameter(id);
        let amendments = symbols.amendments_of(target);
        let read = |lowering: &mut Self, parameter: ParameterId| {
            lowering.push(Op::Parameter { parameter, keys: keys.to_vec(), on }, ty, span)
        };
        if self.frames.is_empty() && self.in_test {
            // A test of a policy speaks of its law.
            let above = symbols.above(self.cx.policy);
            let holds = |policy: &PolicyId| *policy == self.cx.policy || above.contains(policy);
            let lawful = amendments.iter().rev().find(|it| holds(&it.policy)).and_then(|it| it.version);
            return Some(read(self, lawful.unwrap_or(id)));
        }
        let granted = symbols.grants.get(&target).into_iter().flatten();
        for grant in granted {
            self.innermost(&grant.level, target, span)?;
        }
        let mut chosen = read(self, id);
        for amendment in amendments {
            let (Some(authority), Some(version)) = (symbols.authority(amendment.policy), amendment.version)
            else {
                continue;
            };
            let of = self.innermost(&authority.level, target, span)?;
            let Some(guard) = self.guard(of, amendment.policy, symbols.owner(target)) else { continue };
            let value = read(self, version);
            chosen = self.push(Op::If(guard, value, chosen), ty, span);
        }
        Some(chosen)
    }

    /// The innermost row that says of which authority of that level it is; that none does is reported.
    fn innermost(&mut self, level: &Level, target: Symbol, span: Span) -> Option<(u16, RecordId)> {
        let symbols = self.cx.symbols;
        let rows = self.frames.iter().rev().map(|frame| (frame.slot, frame.record));
        let found = rows.clone().find(|(_, record)| symbols.jurisdiction(*record, level).is_some());
        if found.is_some() {
            return found;
        }
        let name = symbols.name(target).unwrap_or_default();
        let why = format!("`{name}` may differ from {} to {}", level.word(), level.word());
        let place = self.place(span);
        match rows.clone().next() {
            Some((_, record)) => self.report_no_jurisdiction(place, record, level, &why),
            None => {
                let diagnostic = Diagnostic::error(
                    "no-jurisdiction",
                    place,
                    format!("{why}, and no row is meant here"),
                )
                .help(
                    "read it where a record says whose it is: give the definition one, such as `of Student`",
                );
                self.report(diagnostic);
            }
        }
        None
    }

    /// `x in p`, where p may have versions.
    pub(super) fn in_versions(&mut self, item: ExprId, set: ExprId, span: Span) -> Option<ExprId> {
        let flag = Type::of(Base::Flag);
        match self.code.get(set)?.op {
            Op::Parameter { .. } => Some(self.push(Op::InSet(item, set), flag, span)),
            Op::If(guard, yes, no) => {
                let yes = self.in_versions(item, yes, span)?;
                let no = self.in_versions(item, no, span)?;
                Some(self.push(Op::If(guard, yes, no), flag, span))
            }
            _ => None,
        }
    }
}

/// `local_education_agency` as `LocalEducationAgency`.
fn pascal(word: &str) -> String {
    word.split('_')
        .filter_map(|part| {
            let mut letters = part.chars();
            Some(letters.next()?.to_uppercase().collect::<String>() + letters.as_str())
        })
        .collect()
}
