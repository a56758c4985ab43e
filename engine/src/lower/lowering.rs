//! The state of lowering one declaration: its code so far, what is visible, and what was found wrong.

use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast;

use super::{Context, Lowered, Mention, Target};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::plan::{Code, Expr, ExprId, Op, TemplatePart};
use crate::value::{Base, RecordId, Type};

/// More messages about one declaration help nobody.
const MOST_REPORTS: usize = 200;

/// Lowers the expressions of one declaration into one [`Code`].
///
/// Every method that gives `None` has already said why, here or in the syntax errors; so a damaged part silences what
/// uses it.
#[derive(Debug)]
pub struct Lowering<'a> {
    /// Where the declaration stands.
    pub cx: Context<'a>,
    /// The expressions so far.
    pub code: Code,
    /// What was found wrong so far.
    pub diagnostics: Vec<Diagnostic>,
    /// What the names so far stand for.
    pub mentions: Vec<Mention>,
    /// Something is wrong, so there will be no body.
    pub(super) failed: bool,
    pub(super) frames: Vec<Frame>,
    pub(super) bound: Vec<Bound>,
    pub(super) slots: u16,
    /// It is a test: where no row says whose law is meant, it is that of the policy.
    pub(super) in_test: bool,
}

/// A row whose fields can be named bare.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) slot: u16,
    pub(super) record: RecordId,
    pub(super) alias: Option<String>,
    /// The field by which the rows name the row of another slot, when they are its `many` field.
    pub(super) back: Option<(u32, u16)>,
}

/// A name that is bound to something other than a declaration: an argument, an alias, a row of a test.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) name: String,
    pub(super) op: Op,
    pub(super) ty: Type,
}

/// How much is visible, to return to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    frames: usize,
    bound: usize,
    slots: u16,
}

impl<'a> Lowering<'a> {
    /// Nothing is bound yet.
    #[must_use]
    pub fn new(cx: &Context<'a>) -> Self {
        Self {
            cx: *cx,
            code: Code::default(),
            diagnostics: Vec::new(),
            mentions: Vec::new(),
            failed: false,
            frames: Vec::new(),
            bound: Vec::new(),
            slots: 0,
            in_test: false,
        }
    }

    /// Binds slot 0 to a row of the record. An unknown record (already reported) leaves no body.
    pub fn bind_record(&mut self, record: RecordId) {
        if self.cx.symbols.record(record).is_none() {
            self.failed = true;
        }
        self.frames.push(Frame { slot: self.slots, record, alias: None, back: None });
        self.slots += 1;
    }

    /// Binds a name: an argument of a define, a row of a test, `index`. It goes before every other meaning of the name.
    pub fn bind(&mut self, name: &str, op: Op, ty: Type) {
        self.bound.push(Bound { name: name.to_owned(), op, ty });
    }

    /// Adds an operation to the code.
    pub fn push(&mut self, op: Op, ty: Type, span: Span) -> ExprId {
        let place = self.cx.place(span);
        self.code.push(Expr { op, ty, place })
    }

    /// Says what is wrong. An error leaves no body.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.failed = true;
        }
        if self.diagnostics.len() < MOST_REPORTS && !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// An error at a span, not yet reported.
    pub(super) fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.place(span), message)
    }

    /// A place in this declaration.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        self.cx.place(span)
    }

    /// Records what a name stands for.
    pub fn mention(&mut self, span: Span, target: Target) {
        let place = self.place(span);
        self.mentions.push(Mention { place, target });
    }

    /// An expression that must be yes or no.
    pub fn condition(&mut self, written: &ast::Expr) -> Option<ExprId> {
        let flag = Type::of(Base::Flag);
        self.value(written, flag)
    }

    /// An expression that must have the type; a whole number is made a count and the like. Whether it may be missing
    /// is left to the caller: see [`Lowering::value_with_type`].
    pub fn value(&mut self, written: &ast::Expr, wanted: Type) -> Option<ExprId> {
        self.value_with_type(written, wanted).map(|(id, _)| id)
    }

    /// As [`Lowering::value`], with the type that the expression has, `?` included.
    pub fn value_with_type(&mut self, written: &ast::Expr, wanted: Type) -> Option<(ExprId, Type)> {
        let (id, found) = self.expr(written, Some(wanted))?;
        let id = self.fit(written, id, found, wanted)?;
        Some((id, Type { base: wanted.base, optional: found.optional }))
    }

    /// The pieces of a `because` text.
    pub fn template(&mut self, written: Option<&ast::Template>) -> Vec<TemplatePart> {
        let parts = written.map_or(&[][..], |template| &template.parts);
        let mut lowered = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                ast::TemplatePart::Text(text) => lowered.push(TemplatePart::Text(text.clone())),
                ast::TemplatePart::Value(value) => {
                    lowered.extend(self.single(value, None).map(|(id, _)| TemplatePart::Value(id)));
                }
            }
        }
        lowered
    }

    /// The type of an expression of the code.
    pub(super) fn type_of(&self, id: ExprId) -> Type {
        self.code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { frames: self.frames.len(), bound: self.bound.len(), slots: self.slots }
    }

    /// Names bound since the mark are no longer visible.
    pub(super) fn hide(&mut self, mark: Mark) {
        self.frames.truncate(mark.frames);
        self.bound.truncate(mark.bound);
    }

    /// As [`Lowering::hide`], and their slots are free again.
    pub(super) fn leave(&mut self, mark: Mark) {
        self.hide(mark);
        self.slots = mark.slots;
    }

    /// The next free slot.
    pub(super) fn new_slot(&mut self) -> u16 {
        let slot = self.slots;
        self.slots = self.slots.saturating_add(1);
        slot
    }

    /// Ends: the body made from the code, unless something was wrong.
    pub fn finish<T>(mut self, body: impl FnOnce(Code) -> Option<T>) -> Lowered<T> {
        self.diagnostics.sort_by_key(Diagnostic::place);
        self.mentions.sort_unstable();
        self.mentions.dedup();
        let body = if self.failed { None } else { body(self.code).map(Arc::new) };
        Lowered { body, diagnostics: self.diagnostics, mentions: self.mentions }
    }
}

/// Citations as the plan keeps them.
pub(super) fn cites(written: &[ast::Text]) -> Vec<Arc<str>> {
    written.iter().map(|text| Arc::from(text.value.as_str())).collect()
}

/// A position as the plan keeps it.
pub(super) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
