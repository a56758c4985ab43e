//! One logical line as a `pretty` document: a clause, a field or a header, with the places where it may be broken.
//!
//! The printer walks the tree for structure and takes every token from the list, in order: whatever the tree leaves out
//! is still printed, between the parts it knows.

use pretty::{Arena, Doc, DocAllocator, DocBuilder};

use super::tokens::{Token, Tokens};
use super::tree::children;
use super::writer::COMMENT_MARK;
use crate::ast::*;

type Document<'d> = DocBuilder<'d, Arena<'d>>;

const INDENT: isize = 2;

/// Keywords outside expressions before which a long line may be broken.
const CLAUSE_BREAKS: &[&str] = &[
    "where",
    "absent",
    "judged",
    "law",
    "for",
    "subject",
    "notwithstanding",
    "cite",
    "because",
    "by",
    "when",
    "needs",
    "under",
    "at",
    "from",
    "of",
    "never",
    "implies",
];

/// Keywords that stay together with a `by` behind them.
const BEFORE_BY: &[&str] = &["judged", "unique", "waivable"];

/// Keywords inside expressions before which a long expression may be broken.
const EXPRESSION_BREAKS: &[&str] =
    &["over", "where", "satisfy", "by", "among", "per", "between", "in", "starts", "ends", "matches"];

/// What happens before a token when the line is too long.
#[derive(Clone, Copy)]
enum Gap {
    /// Nothing.
    Never,
    /// A line begins here when the expression around is broken.
    Line,
    /// A line begins here when the next part does not fit.
    Fill,
}

/// Where an expression starts, which decides how far its further lines are indented.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Behind the keyword of a clause: the clause indents them already.
    Clause,
    /// First on its line.
    Own,
    /// Behind something else.
    Inner,
}

/// Prints the tokens of one logical line.
pub(super) struct Printer<'d> {
    arena: &'d Arena<'d>,
    tokens: &'d [Token<'d>],
    /// The expression that starts at each token and is in no other.
    roots: &'d [Option<&'d Expr>],
    base: u32,
    start: usize,
    at: usize,
    end: usize,
}

/// The expressions of an item by the index of their first token.
pub(super) fn roots_by_token<'d>(
    tokens: &Tokens<'_>,
    base: u32,
    roots: &[&'d Expr],
) -> Vec<(usize, &'d Expr)> {
    roots.iter().map(|root| (tokens.at(root.span.start + base), *root)).collect()
}

impl<'d> Printer<'d> {
    /// The tokens `start..end` in lines of at most `width` columns; the first one begins at column `indent`.
    pub(super) fn line(
        tokens: &[Token<'_>],
        roots: &[Option<&Expr>],
        base: u32,
        (start, end): (usize, usize),
        (indent, width): (usize, usize),
    ) -> String {
        let arena = Arena::new();
        let mut printer = Printer { arena: &arena, tokens, roots, base, start, at: start, end };
        let is_header =
            end.checked_sub(1).and_then(|last| tokens.get(last)).is_some_and(|token| token.is_symbol("{"));
        let continued = if is_header { 2 * INDENT } else { INDENT };
        let document = printer.clause().nest(continued).nest(isize::try_from(indent).unwrap_or(0));
        let blanks = " ".repeat(indent);
        let document = arena.text(blanks).append(document);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = document.render_fmt(width, &mut text);
        text
    }

    fn peek(&self) -> Option<&'d Token<'d>> {
        if self.at < self.end { self.tokens.get(self.at) } else { None }
    }

    fn nil(&self) -> Document<'d> {
        self.arena.nil()
    }

    /// A comment takes no width: a long one does not break what stands before it.
    fn comment(&self, text: &'d str) -> Document<'d> {
        let text = DocBuilder(self.arena, Doc::BorrowedText(text).into()).into_doc();
        DocBuilder(self.arena, Doc::RenderLen(0, text).into())
    }

    /// What stands between the last token and the next.
    fn gap(&self, gap: Gap) -> Document<'d> {
        let Some(token) = self.peek() else { return self.nil() };
        if self.at == self.start {
            return self.nil();
        }
        if !token.trivia.is_empty() {
            let mut document = self.nil();
            for trivia in &token.trivia {
                let before = if trivia.trailing { self.comment(COMMENT_MARK) } else { self.arena.hardline() };
                document = document.append(before).append(self.comment(trivia.text));
            }
            return document.append(self.arena.hardline());
        }
        let flat = self.arena.text(blanks(token.space));
        match gap {
            _ if token.glued => flat,
            Gap::Never => flat,
            Gap::Line => self.arena.hardline().flat_alt(flat),
            Gap::Fill => self.arena.hardline().flat_alt(flat).group(),
        }
    }

    /// The next token.
    fn token(&mut self) -> Document<'d> {
        let Some(token) = self.peek() else { return self.nil() };
        self.at += 1;
        self.arena.text(token.text)
    }

    /// A gap and the next token.
    fn next(&mut self, gap: Gap) -> Document<'d> {
        let before = self.gap(gap);
        let token = self.token();
        before.append(token)
    }

    /// A list may be broken behind its commas.
    fn gap_behind_comma(&self) -> Gap {
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        if before.is_some_and(|token| token.is_symbol(",")) { Gap::Fill } else { Gap::Never }
    }

    /// The whole line: keywords and names, with expressions among them.
    fn clause(&mut self) -> Document<'d> {
        let mut document = self.nil();
        while let Some(token) = self.peek() {
            let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
            let opens = self.at > self.start
                && before.is_some_and(|token| token.is_symbol("=") || token.is_symbol(":"));
            let gap = match self.gap_behind_comma() {
                Gap::Never
                    if token.is_word(CLAUSE_BREAKS)
                        && !before.is_some_and(|token| token.is_word(BEFORE_BY)) =>
                {
                    Gap::Fill
                }
                gap => gap,
            };
            let at = self.at;
            let part = match self.roots.get(at).copied().flatten() {
                Some(root) if opens => {
                    let before = self.gap(Gap::Line);
                    let value = self.expr(root, Place::Own);
                    before.append(value).group()
                }
                Some(root) => {
                    let before = self.gap(gap);
                    let value = self.expr(root, Place::Clause);
                    before.append(value)
                }
                None => self.next(gap),
            };
            document = document.append(part);
            if self.at == at {
                // An expression without tokens: nothing may stop the printer.
                document = document.append(self.next(gap));
            }
        }
        document
    }

    fn first_token(&self, expr: &Expr) -> usize {
        let offset = expr.span.start + self.base;
        self.tokens.partition_point(|token| token.start < offset).min(self.end)
    }

    fn token_after(&self, expr: &Expr) -> usize {
        let offset = expr.span.end + self.base;
        self.tokens.partition_point(|token| token.start < offset).min(self.end)
    }

    /// Tokens up to `end`, the first behind a gap; `breaks` are keywords before which the line may be broken.
    fn tokens_until(&mut self, end: usize, breaks: &[&str]) -> Document<'d> {
        let mut document = self.nil();
        while self.at < end.min(self.end) {
            let gap = match self.gap_behind_comma() {
                Gap::Never if self.peek().is_some_and(|token| breaks.contains(&token.text)) => Gap::Line,
                gap => gap,
            };
            document = document.append(self.next(gap));
        }
        document
    }

    /// An expression, without the gap before it.
    fn expr(&mut self, expr: &'d Expr, place: Place) -> Document<'d> {
        // A part that does not stand where the printer is was printed already or belongs to something else.
        if self.first_token(expr) != self.at {
            return self.nil();
        }
        match &*expr.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Damaged => self.rest_of(expr),
            ExprKind::Binary(op, ..) => self.chain(expr, level(*op), place),
            ExprKind::Paren(_) => self.paren(expr),
            ExprKind::Call(callee, arguments) => {
                let callee = self.expr(callee, Place::Inner);
                let arguments = self.bracketed(arguments, self.token_after(expr), Gap::Line);
                callee.append(arguments)
            }
            ExprKind::InList { item, list, .. } => {
                let item_document = self.expr(item, Place::Inner);
                let end = self.token_after(expr);
                let bracket = list.first().map_or(end, |first| self.first_token(first)).saturating_sub(1);
                let words = self.tokens_until(bracket, &[]);
                let before = self.gap(Gap::Never);
                let list = self.bracketed(list, end, Gap::Fill);
                item_document.append(words).append(before).append(list).group()
            }
            ExprKind::If(..) => self.conditional(expr),
            ExprKind::Case(arms, otherwise) => self.case(expr, arms, otherwise.as_ref()),
            _ => self.phrase(expr, place),
        }
    }

    /// The first token of an expression without a gap, and all others up to its end.
    fn rest_of(&mut self, expr: &'d Expr) -> Document<'d> {
        let end = self.token_after(expr);
        if self.at >= end {
            return self.nil();
        }
        let first = self.token();
        first.append(self.tokens_until(end, &[]))
    }

    /// Words and operands: `count of results where level > 2`.
    fn phrase(&mut self, expr: &'d Expr, place: Place) -> Document<'d> {
        let end = self.token_after(expr);
        let breaks = if matches!(&*expr.kind, ExprKind::Elapsed(..)) { &[] } else { EXPRESSION_BREAKS };
        // What comes before the second operand is not indented further, so that a broken bracket closes below the line
        // that opened it.
        let mut head = self.nil();
        let mut rest = self.nil();
        let start = self.at;
        for (index, part) in children(expr).into_iter().enumerate() {
            let first = self.first_token(part);
            if start == self.at && first > start {
                head = head.append(self.token());
            }
            let words = self.tokens_until(first, if index == 0 { &[] } else { breaks });
            let before = if first == start { self.nil() } else { self.gap(self.gap_behind_comma()) };
            let operand = self.expr(part, Place::Inner);
            let part = words.append(before).append(operand);
            if index == 0 {
                head = head.append(part);
            } else {
                rest = rest.append(part);
            }
        }
        rest = rest.append(self.tokens_until(end, breaks));
        let indent = if place == Place::Clause { 0 } else { INDENT };
        head.append(rest.nest(indent)).group()
    }

    /// `a and b and c`: operands of one level, each on its line when they do not fit on one.
    fn chain(&mut self, expr: &'d Expr, of: u8, place: Place) -> Document<'d> {
        let mut operands = Vec::new();
        let mut left = expr;
        while let ExprKind::Binary(op, a, b) = &*left.kind
            && level(*op) == of
        {
            operands.push(b);
            left = a;
        }
        let first = self.expr(left, Place::Inner);
        let mut rest = self.nil();
        for operand in operands.into_iter().rev() {
            let start = self.first_token(operand);
            if self.at < start {
                rest = rest.append(self.next(Gap::Line));
            }
            rest = rest.append(self.tokens_until(start, &[]));
            rest = rest.append(self.gap(Gap::Never));
            rest = rest.append(self.expr(operand, Place::Inner));
        }
        rest = rest.append(self.tokens_until(self.token_after(expr), &[]));
        let indent = if place == Place::Inner { INDENT } else { 0 };
        if of == COMPARISON {
            // A broken bracket does not push the comparison behind it to a line of its own.
            return first.append(rest.nest(indent).group());
        }
        first.append(rest.nest(indent)).group()
    }

    fn paren(&mut self, expr: &'d Expr) -> Document<'d> {
        let end = self.token_after(expr);
        let open = self.token();
        let mut inside = self.nil();
        for part in children(expr) {
            inside = inside.append(self.tokens_until(self.first_token(part), &[]));
            inside = inside.append(self.gap(Gap::Line));
            inside = inside.append(self.expr(part, Place::Own));
        }
        let close = self.next(Gap::Line);
        let rest = self.tokens_until(end, &[]);
        open.append(inside.nest(INDENT)).append(close).append(rest).group()
    }

    /// `(a, b)` from its bracket on, and what follows it up to `end`.
    fn bracketed(&mut self, list: &'d [Expr], end: usize, between: Gap) -> Document<'d> {
        let open = self.token();
        let mut inside = self.nil();
        for (index, part) in list.iter().enumerate() {
            inside = inside.append(self.tokens_until(self.first_token(part), &[]));
            inside = inside.append(self.gap(if index == 0 { Gap::Line } else { between }));
            inside = inside.append(self.expr(part, Place::Inner));
        }
        let close = self.next(Gap::Line);
        let rest = self.tokens_until(end, &[]);
        open.append(inside.nest(INDENT)).append(close).append(rest).group()
    }

    /// `if a then b else if c then d else e`, an arm on each line when they do not fit on one.
    fn conditional(&mut self, expr: &'d Expr) -> Document<'d> {
        let mut document = self.token();
        let mut arm = expr;
        while let ExprKind::If(condition, then, otherwise) = &*arm.kind {
            document = document.append(self.tokens_until(self.first_token(condition), &[]));
            document = document.append(self.gap(Gap::Never));
            let condition = self.expr(condition, Place::Inner);
            let then_word = self.next(Gap::Line);
            let words = self.tokens_until(self.first_token(then), &[]);
            let before = self.gap(Gap::Never);
            let then = self.expr(then, Place::Inner);
            let value = then_word.append(words).append(before).append(then);
            document = document.append(condition.append(value.nest(INDENT)).group());
            document = document.append(self.next(Gap::Line));
            document = document.append(self.tokens_until(self.first_token(otherwise), &[]));
            document = document.append(self.gap(Gap::Never));
            if matches!(&*otherwise.kind, ExprKind::If(..)) {
                document = document.append(self.token());
            } else {
                document = document.append(self.expr(otherwise, Place::Inner));
            }
            arm = otherwise;
        }
        document.append(self.tokens_until(self.token_after(expr), &[])).group()
    }

    /// `case { when a then b  otherwise c }`: on one line if it was written so and fits.
    fn case(
        &mut self,
        expr: &'d Expr,
        arms: &'d [(Expr, Expr)],
        otherwise: Option<&'d Expr>,
    ) -> Document<'d> {
        let end = self.token_after(expr);
        let mut head = self.token();
        if self.peek().is_some_and(|token| token.is_symbol("{")) {
            head = head.append(self.next(Gap::Never));
        }
        let broken = (self.at..end).any(|at| self.tokens.get(at).is_some_and(|token| token.newline_before));
        let between = |first: bool, printer: &Self| match printer.peek() {
            Some(token) if !token.trivia.is_empty() => printer.gap(Gap::Line),
            _ if broken => printer.arena.hardline(),
            _ if first => printer.gap(Gap::Line),
            _ => printer.arena.hardline().flat_alt(printer.arena.text("  ")),
        };
        let mut inside = self.nil();
        // The arms in the order of the text; `otherwise` may be any of them.
        let mut rows: Vec<(&Expr, Option<&Expr>)> =
            arms.iter().map(|(when, then)| (when, Some(then))).collect();
        rows.extend(otherwise.map(|value| (value, None)));
        rows.sort_by_key(|(start, _)| start.span.start);
        for (index, (when, then)) in rows.into_iter().enumerate() {
            inside = inside.append(between(index == 0, self));
            let mut arm = self.token();
            arm = arm.append(self.tokens_until(self.first_token(when), &[]));
            arm = arm.append(self.gap(Gap::Never));
            arm = arm.append(self.expr(when, Place::Inner));
            if let Some(then) = then {
                let word = self.next(Gap::Line);
                let words = self.tokens_until(self.first_token(then), &[]);
                let before = self.gap(Gap::Never);
                let value = self.expr(then, Place::Inner);
                arm = arm.append(word.append(words).append(before).append(value).nest(INDENT));
            }
            inside = inside.append(arm.group());
        }
        let before_close = between(true, self);
        let close = self.token();
        let rest = self.tokens_until(end, &[]);
        head.append(inside.nest(INDENT)).append(before_close).append(close).append(rest).group()
    }
}

fn blanks(count: usize) -> String {
    " ".repeat(count)
}

const COMPARISON: u8 = 2;

/// Operators of one level stand in one chain.
fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 0,
        BinaryOp::And => 1,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => COMPARISON,
        BinaryOp::Add | BinaryOp::Sub => 3,
        BinaryOp::Mul | BinaryOp::Div => 4,
    }
}
