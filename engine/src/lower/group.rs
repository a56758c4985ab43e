//! Groups: the key of a derived record.

use rubric_grammar::ast;

use super::names::Member;
use super::{Context, Lowered, Lowering};
use crate::plan::{FieldKind, GroupBody, RecordKind};
use crate::value::{Base, RecordId, Type};

/// Lowers a `group`. Where the type of a key field is not known yet, the type of its expression stands in the code.
#[must_use]
pub fn group(cx: &Context<'_>, id: RecordId, item: &ast::Group) -> Lowered<GroupBody> {
    let mut lowering = Lowering::new(cx);
    lowering.mention_declared(&item.of);
    let of = cx.symbols.record(id).and_then(|record| match record.kind {
        RecordKind::Group { of } => Some(of),
        RecordKind::Record => None,
    });
    let Some((of, members)) = of.and_then(|of| Some((of, cx.symbols.record(of)?))) else {
        return lowering.finish(|_| None);
    };
    lowering.bind_record(of);
    let mut keys = Vec::with_capacity(item.keys.len());
    for (position, key) in item.keys.iter().enumerate() {
        let declared =
            cx.symbols.record(id).and_then(|group| group.fields.get(position)).map(|field| field.ty);
        let wanted = declared.filter(|ty| ty.base != Base::Damaged);
        let lowered = match (&key.value, wanted) {
            (Some(value), Some(wanted)) => lowering.value(value, wanted),
            (Some(value), None) => lowering.expr(value, None).map(|(id, _)| id),
            (None, _) => match members.fields.iter().position(|field| field.name == key.name.text) {
                Some(field) => {
                    let cell = members.fields.get(field).is_some_and(|field| field.kind == FieldKind::Cell);
                    let member = Member::Field(super::lowering::index(field));
                    if cell {
                        let (row, ty) = lowering.row(0, of, key.name.span);
                        let lowered =
                            lowering.member_value(row, ty, of, member, &key.name, None, key.name.span);
                        lowered.map(|(id, _)| id)
                    } else {
                        lowering.failed = true;
                        None
                    }
                }
                // Reported with the signature.
                None => {
                    lowering.failed = true;
                    None
                }
            },
        };
        if let (Some(id), Some(value)) = (lowered, &key.value) {
            let ty: Type = lowering.type_of(id);
            if !super::unit::has_equality(ty.base) {
                lowering.report_no_equality(value, ty);
            }
        }
        keys.extend(lowered);
    }
    lowering.finish(|code| Some(GroupBody { code, keys }))
}
