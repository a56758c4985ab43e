//! Takes a broken declaration apart, clause by clause, so that a mistake hides nothing beside it.
//!
//! A likely mistake (a misspelt keyword, a missing `:`) is mended for the grammar's eyes and reported with its fix, so
//! that the rest of the clause is still read.

use std::ops::Range;

use pest::Parser as _;

use crate::ast::{
    Assert, Category, Claim, Expr, ExprKind, Item, ItemKind, MustKind, Name, Record, Row, RowField, Statement,
};
use crate::brackets::{self, Brackets, Unmatched, place_before};
use crate::keywords::{ITEMS, RESERVED};
use crate::limits::MAX_ERRORS;
use crate::lower::{Clause, ClauseKind};
use crate::message;
use crate::parse::{Failure, Reader};
use crate::rules::{RubricParser, Rule as R};
use crate::scan::TokenKind;
use crate::span::Span;
use crate::starts::{Body, Tokens, after_operand, clause_starts, goes_on, row_starts};
use crate::suggest::misspelt;
use crate::{Fix, SyntaxError};

/// How often one clause is mended before it is given up.
const MAX_REPAIRS: usize = 4;

/// Words that go on with a field.
const FIELD_WORDS: &[&str] =
    &["private", "jurisdiction", "unchangeable", "absent", "judged", "by", "of", "means"];
/// Words that follow a number.
const UNITS: &[&str] = &["day", "days", "month", "months", "year", "years"];

/// Could a value begin here?
fn begins_operand(tokens: Tokens<'_>, at: usize) -> bool {
    tokens.is_name(at)
        || tokens.is_number(at)
        || tokens.is_text(at)
        || matches!(tokens.word(at), "yes" | "no")
}

/// One way to mend a clause.
struct Repair {
    span: Span,
    text: String,
    error: SyntaxError,
    /// What was meant is sure enough to read the rest as if it stood there.
    sure: bool,
}

/// The rule that reads one clause of a body.
fn clause_rule(body: Body) -> R {
    match body {
        Body::Policy => R::one_policy_clause,
        Body::Category => R::one_category_value,
        Body::Record => R::one_record_clause,
        Body::Parameter => R::one_parameter_clause,
        Body::Define => R::one_define_clause,
        Body::Decision => R::one_decision_clause,
        Body::Part => R::one_part_member,
        Body::Requirement => R::one_requirement_clause,
        Body::Amount => R::one_amount_clause,
        Body::Statements => R::one_statement,
        Body::RowFields => R::one_row_field,
    }
}

impl Reader<'_> {
    /// Reports a misspelt keyword and reads it as the one that was meant.
    pub(crate) fn misspelt(&mut self, at: usize, meant: &'static str) {
        let span = self.place(at);
        let written = self.text.get(span.start as usize..span.end as usize).unwrap_or("").to_owned();
        if let Some(token) = self.tokens.get_mut(at) {
            token.meant = Some(meant);
        }
        self.edit(span, meant);
        let fix = Fix { title: format!("write `{meant}`"), edits: vec![(span, meant.to_owned())] };
        let help = Some(format!("did you mean `{meant}`?"));
        self.error(format!("unknown keyword `{written}`"), span, help, Some(fix));
    }

    /// Reads a declaration that the grammar refuses. What turns out not to belong to it is left over.
    pub(crate) fn recover(&mut self, range: Range<usize>, failure: Failure) -> (Item, Option<Range<usize>>) {
        let errors_before = self.errors.len();
        let brackets = self.mend_brackets(&range);
        if self.errors.len() > errors_before
            && let Ok(mut item) = self.whole_item(&range)
        {
            item.damaged = true;
            return (item, None);
        }
        let Some(keyword) = self.keyword_of(&range) else {
            self.not_a_declaration(&range);
            return (self.junk(&range), None);
        };
        let word = self.tokens().word(keyword).to_owned();
        let body = match word.as_str() {
            "amend" | "extend" | "ordered" => Body::of(self.tokens().word(keyword + 1)),
            word => Body::of(word),
        };
        if let Some(item) = self.simple_item(&range, body, keyword) {
            return item;
        }
        let Some(body) = body else {
            // `amend` or `extend` before a word that cannot follow it.
            self.report(&range, &failure);
            return (self.junk(&range), None);
        };
        let item = self.block_item(&range, keyword, body, &brackets);
        if self.errors.len() == errors_before {
            // Each part is right, and the whole is not: something between them is missing.
            self.report(&range, &failure);
        }
        (item, None)
    }

    /// The token of the keyword, after any `allow`s.
    fn keyword_of(&self, range: &Range<usize>) -> Option<usize> {
        let tokens = self.tokens();
        let mut at = range.start;
        while at < range.end && tokens.word(at) == "allow" {
            at = (at..range.end).find(|index| tokens.is_text(*index))? + 1;
        }
        (at < range.end && ITEMS.contains(&tokens.word(at))).then_some(at)
    }

    fn not_a_declaration(&mut self, range: &Range<usize>) {
        let tokens = self.tokens();
        let found = tokens.text(range.start).to_owned();
        let place = self.place(range.start);
        if self.errors.last().is_some_and(|error| error.span == place) {
            return;
        }
        let (message, help) = if found == "}" {
            ("this `}` closes nothing".to_owned(), None)
        } else {
            let words = "`policy`, `use`, `record`, `parameter`, `define`, `decision`, `requirement`, `test` and so on";
            (
                format!("expected a declaration, found `{found}`"),
                Some(format!("a declaration begins with {words}")),
            )
        };
        self.error(message, place, help, None);
    }

    /// Brackets without a partner are reported, and mended for the grammar.
    fn mend_brackets(&mut self, range: &Range<usize>) -> Brackets {
        for at in brackets::needless(self.tokens(), range.start, range.end) {
            let place = self.place(at);
            let fix = Fix { title: "remove it".to_owned(), edits: vec![(place, String::new())] };
            self.error("no `{` belongs here".to_owned(), place, None, Some(fix));
            self.blank(at);
        }
        let found = brackets::matching(self.tokens(), range.start, range.end);
        for unmatched in &found.unmatched {
            match *unmatched {
                Unmatched::Close { at } => {
                    let place = self.place(at);
                    let text = self.tokens().text(at).to_owned();
                    let fix = Fix { title: "remove it".to_owned(), edits: vec![(place, String::new())] };
                    self.error(format!("this `{text}` closes nothing"), place, None, Some(fix));
                    self.blank(at);
                }
                Unmatched::Open { at, before } => {
                    let open = self.place(at);
                    let close = match self.tokens().symbol(at) {
                        Some('{') => "}",
                        Some('[') => "]",
                        _ => ")",
                    };
                    let end = place_before(self.tokens(), before);
                    let opener = self.tokens().text(at).to_owned();
                    let mut related = Vec::new();
                    if let Some(next) = self.tokens.get(before) {
                        let what = if close == "}" {
                            "the next declaration begins here"
                        } else {
                            "it should be closed before this"
                        };
                        let what = if close == "}" && before < range.end {
                            "it should be closed before this"
                        } else {
                            what
                        };
                        related.push((next.span, what.to_owned()));
                    }
                    let text = if close == "}" { "\n}" } else { close };
                    let fix =
                        Some(Fix { title: format!("add `{close}`"), edits: vec![(end, text.to_owned())] });
                    let message = format!("this `{opener}` is never closed by `{close}`");
                    self.errors.push(SyntaxError {
                        code: "syntax",
                        message,
                        span: open,
                        related,
                        help: None,
                        fix,
                    });
                    self.edit(end, close);
                }
            }
        }
        found
    }

    /// Reads a token as if it were not there.
    fn blank(&mut self, at: usize) {
        let place = self.place(at);
        self.edit(place, " ");
        if let Some(token) = self.tokens.get_mut(at) {
            token.kind = TokenKind::Symbol(' ');
        }
    }

    /// Declarations without a body; and anything that ends before the tokens do.
    fn simple_item(
        &mut self,
        range: &Range<usize>,
        body: Option<Body>,
        keyword: usize,
    ) -> Option<(Item, Option<Range<usize>>)> {
        let has_body = body.is_some() && self.body_open(keyword, range).is_some();
        let is_value = matches!(body, Some(Body::Define | Body::Amount)) && !has_body;
        if body.is_some() && !is_value {
            return None;
        }
        // A prefix may be a whole declaration, with something else after it.
        if let Some(split) = self.prefix_end(range)
            && split >= keyword + 2
            && self.place_is_new_line(split)
            && after_operand(self.tokens(), split)
            && let Ok(item) = self.whole_item(&(range.start..split))
        {
            return Some((item, Some(split..range.end)));
        }
        let repaired = self.mend(R::one_item, range, body);
        if repaired.is_ok()
            && let Ok(mut item) = self.whole_item(range)
        {
            item.damaged = true;
            return Some((item, None));
        }
        if let Err(failure) = repaired {
            self.report(range, &failure);
        }
        let mut item = self.junk(range);
        if is_value && let Some(kind) = self.head_alone(range, keyword, &item) {
            item.kind = kind;
        } else if self.tokens().word(keyword) == "assert" {
            let span = Span::new(0, item.span.end - item.span.start);
            let subject = Expr { kind: Box::new(ExprKind::Damaged), span };
            item.kind = ItemKind::Assert(Assert { subject, claim: Claim::Damaged });
        }
        Some((item, None))
    }

    /// Where the longest whole declaration among these tokens ends, when tokens are left over.
    fn prefix_end(&self, range: &Range<usize>) -> Option<usize> {
        let segment = self.segment(range);
        let end = RubricParser::parse(R::item_prefix, &segment.text).ok()?.next()?.as_str().trim_end().len();
        let offset = segment.file_offset(u32::try_from(end).ok()?);
        let at = self.tokens.partition_point(|token| token.span.start < offset);
        (at < range.end).then_some(at)
    }

    fn place_is_new_line(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.first_on_line)
    }

    /// The `{` of the body, not that of a `case` in the head.
    fn body_open(&self, keyword: usize, range: &Range<usize>) -> Option<usize> {
        let tokens = self.tokens();
        let mut depth = 0_usize;
        for at in keyword..range.end {
            match tokens.symbol(at) {
                Some('(' | '[') => depth += 1,
                Some(')' | ']') => depth = depth.saturating_sub(1),
                Some('{') if depth == 0 && tokens.word(at - 1) != "case" => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// As much of the head as can be read, with an empty body.
    fn head_alone(&mut self, range: &Range<usize>, keyword: usize, item: &Item) -> Option<ItemKind> {
        let end = |count: usize| keyword.saturating_add(count).min(range.end);
        let mut kind = None;
        let equals = (keyword..range.end).find(|at| self.tokens().is_symbol(*at, '='));
        let ends = equals.into_iter().chain([end(7), end(6), end(5), end(4), end(3), end(2)]);
        for end in ends.filter(|end| *end > keyword) {
            let head = range.start..end;
            let read = self.lower(R::one_head, &head, item.span.start, |lower, pair| {
                let head = pair.into_inner().find(|pair| pair.as_rule() != R::allow_clause);
                kind = head.and_then(|head| lower.head(head));
            });
            if read.is_ok() && kind.is_some() {
                return kind;
            }
        }
        None
    }

    /// A declaration with a body: its head, then its clauses one by one.
    fn block_item(&mut self, range: &Range<usize>, keyword: usize, body: Body, brackets: &Brackets) -> Item {
        let mut item = self.junk(range);
        let start = item.span.start;
        let open = self.body_open(keyword, range).or_else(|| self.missing_open(keyword, range, body));
        let head_end = open.unwrap_or(range.end);
        let head = range.start..head_end;
        let (head_tokens, waiver) = (head.clone(), body == Body::RowFields);
        let mut kind = None;
        let first = self.place(range.start).start;
        let mended = self.mend(R::one_head, &head_tokens, None);
        if mended.is_ok() {
            let _ = self.lower(R::one_head, &head_tokens, start, |lower, pair| {
                for part in pair.into_inner() {
                    match part.as_rule() {
                        R::allow_clause => item.allows.extend(lower.allow(part)),
                        R::waiver_head => kind = lower.row_head(part).map(ItemKind::Waiver),
                        R::EOI => {}
                        _ => {
                            let at = lower.span(&part).start;
                            item.docs =
                                lower.take_docs(first - lower.item_start).or_else(|| lower.take_docs(at));
                            kind = lower.head(part);
                        }
                    }
                }
            });
        } else if let Err(failure) = mended {
            self.report(&head, &failure);
            if !waiver {
                kind = self.head_alone(&head, keyword, &item);
            }
        }
        let Some(mut kind) = kind.or_else(|| self.nameless(keyword, body)) else { return item };
        let Some(open) = open else {
            item.kind = kind;
            return item;
        };
        let after_open = if self.tokens().is_symbol(open, '{') { open + 1 } else { open };
        let close = brackets.close_of(open).unwrap_or(range.end);
        let close = if close < range.end
            || !self.tokens().is_symbol(range.end - 1, '}')
            || brackets.close_of(open).is_some()
        {
            close
        } else {
            range.end - 1
        };
        let mut clauses = Vec::new();
        self.clauses(after_open..close.max(after_open), body, start, brackets, &mut clauses);
        self.fill(&mut kind, clauses, start);
        item.kind = kind;
        let rest = close + 1..range.end;
        if close < range.end && rest.start < rest.end {
            let place = self.place(rest.start);
            let found = self.tokens().text(rest.start).to_owned();
            self.error(format!("`{found}` stands after the end of the {}", body.noun()), place, None, None);
        }
        item
    }

    /// Gives clauses to a declaration.
    fn fill(&mut self, kind: &mut ItemKind, clauses: Vec<Clause>, item_start: u32) {
        let segment = crate::segment::Segment::verbatim("", item_start);
        let mut lower = crate::lower::Lower {
            source: self.text,
            segment: &segment,
            item_start,
            docs: &mut self.docs,
            errors: &mut self.errors,
            damaged: false,
        };
        lower.fill(kind, clauses);
    }

    /// No `{`: the body begins with the first clause.
    fn missing_open(&mut self, keyword: usize, range: &Range<usize>, body: Body) -> Option<usize> {
        let first = (keyword + 2..range.end).find(|at| {
            let tokens = self.tokens();
            clause_starts(tokens, *at, body, tokens.word(*at))
                && (body != Body::Category || *at > keyword + 2)
        })?;
        let place = place_before(self.tokens(), first);
        let found = self.tokens().text(first).to_owned();
        let fix = Fix { title: "add `{`".to_owned(), edits: vec![(place, " {".to_owned())] };
        let noun = body.noun();
        self.error(
            format!("expected `{{` before the clauses of the {noun}, found `{found}`"),
            place,
            None,
            Some(fix),
        );
        Some(first)
    }

    /// A declaration whose name could not be read.
    fn nameless(&self, keyword: usize, body: Body) -> Option<ItemKind> {
        let name = Name { text: String::new(), span: Span::default() };
        match body {
            Body::Category => {
                let ordered = self.tokens().word(keyword) == "ordered";
                Some(ItemKind::Category(Category { ordered, name, values: Vec::new() }))
            }
            Body::Record => {
                let extend = self.tokens().word(keyword) == "extend";
                Some(ItemKind::Record(Record { extend, name, fields: Vec::new() }))
            }
            _ => None,
        }
    }

    /// Cuts a body into clauses and reads each.
    fn clauses(
        &mut self,
        range: Range<usize>,
        body: Body,
        item_start: u32,
        brackets: &Brackets,
        out: &mut Vec<Clause>,
    ) {
        let mut starts = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if self.clause_begins(at, body, range.start) {
                starts.push(at);
                // The head of a part or a row may hold what looks like a clause.
                let block = match body {
                    Body::Decision => self.tokens().word(at) == "part",
                    Body::Statements => row_starts(self.tokens(), at) || self.tokens().word(at) == "waiver",
                    _ => false,
                };
                const LONGEST_HEAD: usize = 60;
                let reach = if block { (at + LONGEST_HEAD).min(range.end) } else { at };
                at = (at..reach).find(|index| self.tokens().is_symbol(*index, '{')).unwrap_or(at);
            }
            let inside = matches!(self.tokens().symbol(at), Some('(' | '[' | '{'));
            at = match brackets.close_of(at) {
                // A closing bracket that is not there is where the next clause begins.
                Some(close) if inside && self.closes(close) => close + 1,
                Some(close) if inside => close.max(at + 1),
                _ => at + 1,
            };
        }
        let first = starts.first().copied().unwrap_or(range.end);
        if first > range.start {
            self.stray(range.start..first, body);
            let span = self.relative(&(range.start..first), item_start);
            out.push(Clause { kind: ClauseKind::Damaged, span });
        }
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(range.end);
            self.clause(*start..end, body, item_start, brackets, out);
        }
    }

    fn closes(&self, at: usize) -> bool {
        matches!(self.tokens().symbol(at), Some(')' | ']' | '}'))
    }

    fn relative(&self, range: &Range<usize>, item_start: u32) -> Span {
        let span = self.bytes(range);
        Span::new(span.start.saturating_sub(item_start), span.end.saturating_sub(item_start))
    }

    /// Does a clause begin here? A misspelt clause word is mended.
    fn clause_begins(&mut self, at: usize, body: Body, first: usize) -> bool {
        if matches!(body, Body::Decision | Body::Part) && self.wrong_rule_word(at) {
            return true;
        }
        let tokens = self.tokens();
        let word = tokens.word(at);
        // A citation after an entry belongs to it; before the first one it is of the whole.
        let of_the_whole = at == first && word == "cite" && tokens.is_text(at + 1);
        if clause_starts(tokens, at, body, word)
            || (matches!(body, Body::Parameter | Body::Define) && of_the_whole)
        {
            return true;
        }
        let new_line = tokens.get(at).is_some_and(|token| token.first_on_line);
        let alone = at == first || after_operand(tokens, at);
        if matches!(body, Body::Decision | Body::Part) && self.lost_rule_word(at, body) {
            return true;
        }
        let tokens = self.tokens();
        let word = tokens.word(at);
        // A clause word at the start of a line, whatever follows it.
        let goes_nowhere = match tokens.symbol(at + 1) {
            Some(symbol) => symbol == '.' || (symbol == ':' && word != "rule"),
            None => goes_on(tokens.text(at + 1)),
        };
        if new_line && alone && body.words().contains(&word) && !goes_nowhere {
            return true;
        }
        if word.is_empty()
            || !alone
            || RESERVED.contains(&word)
            || tokens.is_symbol(at + 1, ':')
            || matches!(word, "on" | "starts" | "ends" | "matches")
        {
            return false;
        }
        let lost_colon = match body {
            // `grade Grade`: a field that lost its `:`.
            Body::Record => new_line && tokens.is_word(at + 1) && !FIELD_WORDS.contains(&word),
            // `level 2`: a bare word after a value is the next field.
            Body::RowFields => {
                let unit = tokens.is_number(at - 1) && UNITS.contains(&word);
                at > first && !unit && begins_operand(tokens, at + 1)
            }
            _ => false,
        };
        if lost_colon {
            return true;
        }
        let Some(meant) = misspelt(word, body.words().iter().copied()) else { return false };
        // A name that a name may follow: the label of a rule, say, is not a misspelt keyword.
        let labelled = at.checked_sub(1).is_some_and(|before| {
            matches!(
                tokens.word(before),
                "rule" | "part" | "line" | "except" | "default" | "must" | "to" | "from" | "record"
            )
        });
        if labelled || !clause_starts(tokens, at, body, meant) {
            return false;
        }
        self.misspelt(at, meant);
        true
    }

    /// `foo label: outcome` at the start of a line: something stands where `rule` belongs.
    fn wrong_rule_word(&mut self, at: usize) -> bool {
        let tokens = self.tokens();
        let head = tokens.is_symbol(at + 2, ':')
            || (tokens.word(at + 2) == "fixed" && tokens.is_symbol(at + 3, ':'));
        let found = tokens.text(at);
        let known = matches!(found, "rule" | "}") || misspelt(found, ["rule"]).is_some();
        if !head
            || !tokens.is_word(at + 1)
            || known
            || !self.place_is_new_line(at)
            || self.place_is_new_line(at + 1)
        {
            return false;
        }
        let span = self.place(at);
        let fix = Fix { title: "write `rule`".to_owned(), edits: vec![(span, "rule".to_owned())] };
        self.error(format!("expected `rule` before the label, found `{found}`"), span, None, Some(fix));
        self.edit(span, "rule");
        if let Some(token) = self.tokens.get_mut(at) {
            token.kind = TokenKind::Word;
            token.meant = Some("rule");
        }
        true
    }

    /// `label: outcome` without `rule` before it; the word is put in.
    fn lost_rule_word(&mut self, at: usize, body: Body) -> bool {
        let tokens = self.tokens();
        let word = tokens.word(at);
        let before = at.checked_sub(1).map_or("", |before| tokens.word(before));
        let head = tokens.is_symbol(at + 1, ':')
            || (tokens.word(at + 1) == "fixed" && tokens.is_symbol(at + 2, ':'));
        if !head
            || word.is_empty()
            || body.words().contains(&word)
            || matches!(word, "fixed")
            || before == "rule"
        {
            return false;
        }
        let span = self.place(at);
        let place = Span::new(span.start, span.start);
        let fix = Fix { title: "add `rule`".to_owned(), edits: vec![(place, "rule ".to_owned())] };
        self.error(format!("expected `rule` before the label `{word}`"), span, None, Some(fix));
        self.edit(place, "rule ");
        true
    }

    /// Tokens before the first clause.
    fn stray(&mut self, range: Range<usize>, body: Body) {
        let found = self.tokens().text(range.start).to_owned();
        let place = self.place(range.start);
        let words: Vec<String> = body.words().iter().take(6).map(|word| format!("`{word}`")).collect();
        let help =
            (!words.is_empty()).then(|| format!("a {} has {} and so on", body.noun(), words.join(", ")));
        self.error(format!("expected a clause of the {}, found `{found}`", body.noun()), place, help, None);
    }

    /// Reads one clause, mending it when it is broken.
    fn clause(
        &mut self,
        range: Range<usize>,
        body: Body,
        item_start: u32,
        brackets: &Brackets,
        out: &mut Vec<Clause>,
    ) {
        let rule = clause_rule(body);
        if self.read_clause(rule, &range, item_start, out).is_ok() {
            return;
        }
        let open = (range.start..range.end).find(|at| {
            self.tokens().is_symbol(*at, '{')
                && at.checked_sub(1).is_some_and(|before| self.tokens().word(before) != "case")
        });
        let word = self.tokens().word(range.start).to_owned();
        match (body, open) {
            (Body::Decision, Some(open)) if word == "part" => {
                return self.part(range, open, item_start, brackets, out);
            }
            (Body::Statements, Some(open)) => return self.row(range, open, item_start, brackets, out),
            _ => {}
        }
        let before = self.errors.len();
        match self.mend(rule, &range, Some(body)) {
            Ok(sure) => {
                let from = out.len();
                if self.read_clause(rule, &range, item_start, out).is_err() {
                    out.push(Clause { kind: ClauseKind::Damaged, span: self.relative(&range, item_start) });
                } else if !sure {
                    let span = self.relative(&range, item_start);
                    for clause in out.iter_mut().skip(from) {
                        poison(&mut clause.kind);
                    }
                    out.push(Clause { kind: ClauseKind::Damaged, span });
                }
            }
            Err(failure) => {
                if self.errors.len() == before {
                    self.report(&range, &failure);
                }
                self.salvage(&range, item_start, out);
            }
        }
    }

    fn read_clause(
        &mut self,
        rule: R,
        range: &Range<usize>,
        item_start: u32,
        out: &mut Vec<Clause>,
    ) -> Result<bool, Failure> {
        self.lower(rule, range, item_start, |lower, pair| {
            for part in pair.into_inner().filter(|part| part.as_rule() != R::EOI) {
                lower.clause(part, out);
            }
        })
    }

    fn part(
        &mut self,
        range: Range<usize>,
        open: usize,
        item_start: u32,
        brackets: &Brackets,
        out: &mut Vec<Clause>,
    ) {
        let head = range.start..open;
        let mended = self.mend(R::one_part_head, &head, Some(Body::Part));
        let read = mended.and_then(|_| {
            self.lower(R::one_part_head, &head, item_start, |lower, pair| {
                if let Some(part) = pair.into_inner().next() {
                    lower.part_head(part, out);
                }
            })
        });
        if let Err(failure) = read {
            self.report(&head, &failure);
            let span = self.relative(&head, item_start);
            let label = self.name_at(range.start + 1, &range, item_start);
            let label = label.unwrap_or(Name { text: String::new(), span });
            out.push(Clause { kind: ClauseKind::PartStart(label), span });
            out.push(Clause { kind: ClauseKind::Damaged, span });
        }
        let close = brackets.close_of(open).unwrap_or(range.end).min(range.end);
        self.clauses(open + 1..close.max(open + 1), Body::Part, item_start, brackets, out);
        let end = self.relative(&range, item_start).end;
        out.push(Clause { kind: ClauseKind::PartEnd, span: Span::new(end.saturating_sub(1), end) });
        if close + 1 < range.end {
            let place = self.place(close + 1);
            let found = self.tokens().text(close + 1).to_owned();
            self.error(format!("`{found}` does not fit after the `part`"), place, None, None);
        }
    }

    fn row(
        &mut self,
        range: Range<usize>,
        open: usize,
        item_start: u32,
        brackets: &Brackets,
        out: &mut Vec<Clause>,
    ) {
        let head = range.start..open;
        let span = self.relative(&range, item_start);
        let mended = self.mend(R::one_row_head, &head, None);
        let mut row: Option<Row> = None;
        let read = mended.and_then(|_| {
            self.lower(R::one_row_head, &head, item_start, |lower, pair| {
                row = pair.into_inner().next().and_then(|head| lower.row_head(head));
            })
        });
        if let Err(failure) = read {
            self.report(&head, &failure);
        }
        let close = brackets.close_of(open).unwrap_or(range.end).min(range.end);
        let mut fields = Vec::new();
        self.clauses(open + 1..close.max(open + 1), Body::RowFields, item_start, brackets, &mut fields);
        let Some(mut row) = row else {
            out.push(Clause { kind: ClauseKind::Damaged, span });
            return;
        };
        row.span = span;
        row.fields = fields.into_iter().filter_map(row_field).collect();
        let waiver = self.tokens().word(range.start) == "waiver";
        let statement = if waiver { Statement::Waiver(row) } else { Statement::Row(row) };
        out.push(Clause { kind: ClauseKind::Statement(statement), span });
        if close + 1 < range.end {
            let place = self.place(close + 1);
            let found = self.tokens().text(close + 1).to_owned();
            self.error(format!("`{found}` does not fit after the row"), place, None, None);
        }
    }

    fn name_at(&self, at: usize, range: &Range<usize>, item_start: u32) -> Option<Name> {
        if at >= range.end || !self.tokens().is_word(at) {
            return None;
        }
        let text = self.tokens().word(at).trim_matches('`').to_owned();
        let span = self.place(at);
        Some(Name {
            text,
            span: Span::new(span.start.saturating_sub(item_start), span.end.saturating_sub(item_start)),
        })
    }

    /// What can be kept of a clause that cannot be read: the label of a rule, so that others may name it.
    fn salvage(&mut self, range: &Range<usize>, item_start: u32, out: &mut Vec<Clause>) {
        let span = self.relative(range, item_start);
        let docs_at = self.place(range.start).start;
        let damaged = Expr { kind: Box::new(ExprKind::Damaged), span };
        let label = self
            .name_at(range.start + 1, range, item_start)
            .filter(|_| self.tokens().is_name(range.start + 1));
        let kind = match (self.tokens().word(range.start), label) {
            ("rule", Some(label)) => {
                let docs = self.docs.remove(&docs_at).map(|block| block.text);
                ClauseKind::Rule { docs, label, fixed: false, outcome: None, damaged: true }
            }
            ("rule", None) => {
                let label = Name { text: String::new(), span };
                ClauseKind::Rule { docs: None, label, fixed: false, outcome: None, damaged: true }
            }
            ("except", Some(label)) => ClauseKind::Except(label),
            ("line", Some(label)) => {
                let docs = self.docs.remove(&docs_at).map(|block| block.text);
                ClauseKind::Line { docs, label, for_each: None, value: damaged }
            }
            ("must", _) => ClauseKind::Must { label: None, kind: MustKind::Condition(damaged) },
            ("when", _) => ClauseKind::When(damaged),
            _ => ClauseKind::Damaged,
        };
        if !matches!(kind, ClauseKind::Damaged) {
            out.push(Clause { kind, span });
        }
        out.push(Clause { kind: ClauseKind::Damaged, span });
    }

    /// What does not fit at a token, and what would.
    fn describe(&self, range: &Range<usize>, at: usize, expected: &[R]) -> (String, Option<String>) {
        let found = self.tokens().text(at).to_owned();
        let before = if at > range.start { self.tokens().text(at - 1).to_owned() } else { String::new() };
        let (mut message, mut help) = message::expectation(expected, &before, &found);
        let first = self.tokens().word(range.start).to_owned();
        let colon = expected.contains(&R::colon);
        if first == "rule" && colon {
            message = format!("expected `:` and an outcome after the rule's label, found `{found}`");
            help = Some("a rule is written `rule label: outcome`".to_owned());
        } else if RESERVED.contains(&before.as_str())
            && at == range.start + 2
            && ITEMS.contains(&first.as_str())
        {
            message = format!("expected a name after `{first}`, found `{before}`");
            help = None;
        } else if self.is_conditional_amount(range, at) {
            message = format!("expected `{{` after the condition of the amount, found `{found}`");
            help = Some(
                "an amount with `where` has its value in a line, `{ line … = … }`: an `=` after a condition compares"
                    .to_owned(),
            );
        } else if before == "is" {
            help = Some("equality is written `=`, as in `grade = G3`".to_owned());
        }
        (message, help)
    }

    /// Is it in the head of an amount, behind a `where` and a `=`? That is read as part of the condition.
    fn is_conditional_amount(&self, range: &Range<usize>, at: usize) -> bool {
        let tokens = self.tokens();
        let head = || (range.start..at).map(|token| tokens.text(token));
        tokens.word(range.start) == "amount"
            && head().skip_while(|text| *text != "where").any(|text| text == "=")
            && !head().any(|text| text == "{")
    }

    /// Says what is wrong where the grammar stopped.
    fn report(&mut self, range: &Range<usize>, failure: &Failure) {
        let at = failure.at.clamp(range.start, range.end);
        if let Some(before) = at.checked_sub(1)
            && at > range.start
            && self.tokens().word(at) == "of"
            && self.tokens().is_word(before)
        {
            let word = self.tokens().word(before).to_owned();
            let place = self.place(before);
            let meant = misspelt(&word, message::words(R::any_word_before_of).iter().copied());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant} of`?"),
                None => "`count of`, `any of`, `sum of`, `year of` and so on take `of`; `20% of x` takes a percentage".to_owned(),
            };
            let fix = meant.map(|meant| Fix {
                title: format!("write `{meant}`"),
                edits: vec![(place, meant.to_owned())],
            });
            self.error(format!("`{word} of` is not known"), place, Some(help), fix);
            return;
        }
        let (message, help) = self.describe(range, at, &failure.expected);
        let same_line = !self.place_is_new_line(at) && at < range.end.max(range.start + 1);
        let span = if at < range.end || same_line || at == range.start {
            self.place(at)
        } else {
            self.place(at - 1)
        };
        self.error(message, span, help, None);
    }

    /// Tries small repairs until the grammar accepts the tokens; each that helps is reported.
    /// `true`: all of them are sure.
    fn mend(&mut self, rule: R, range: &Range<usize>, body: Option<Body>) -> Result<bool, Failure> {
        let mut sure = true;
        let repairs = if self.errors.len() > 2 * MAX_ERRORS { 0 } else { MAX_REPAIRS };
        for _ in 0..repairs {
            let Err(failure) = self.check(rule, range) else { return Ok(sure) };
            let mut helped = false;
            for repair in self.repairs(range, &failure, body) {
                self.edit(repair.span, &repair.text);
                let better = match self.check(rule, range) {
                    Ok(()) => true,
                    Err(after) => {
                        repair.sure && after.at > failure.at + usize::from(repair.text.trim().is_empty())
                    }
                };
                if better {
                    sure &= repair.sure;
                    self.note(repair.error);
                    helped = true;
                    break;
                }
                self.undo(repair.span, &repair.text);
            }
            if !helped {
                return Err(failure);
            }
        }
        self.check(rule, range).map(|()| sure)
    }

    /// Adds an error; commas between fields become one error.
    fn note(&mut self, error: SyntaxError) {
        if error.code == "needless-comma"
            && let Some(last) = self.errors.iter_mut().rev().find(|last| last.code == "needless-comma")
            && let (Some(fix), Some(more)) = (&mut last.fix, &error.fix)
            && let Some((end, _)) = fix.edits.last()
            && self
                .text
                .get(end.end as usize..error.span.start as usize)
                .is_some_and(|text| !text.contains('}'))
        {
            fix.edits.extend(more.edits.iter().cloned());
            return;
        }
        self.errors.push(error);
    }

    /// What might mend a clause that failed at a token, the likeliest first.
    fn repairs(&self, range: &Range<usize>, failure: &Failure, body: Option<Body>) -> Vec<Repair> {
        let mut out = Vec::new();
        let tokens = self.tokens();
        let at = failure.at;
        let found = tokens.text(at).to_owned();
        let words: Vec<&'static str> = failure
            .expected
            .iter()
            .flat_map(|rule| message::keyword(*rule).into_iter().chain(message::words(*rule).iter().copied()))
            .collect();
        // A misspelt word, at the place or just before it.
        let candidates = [Some(at), at.checked_sub(1)];
        for index in candidates.into_iter().flatten().filter(|index| range.contains(index)) {
            let word = tokens.word(index);
            let known: Vec<&'static str> =
                if index == at { words.clone() } else { crate::keywords::KEYWORDS.to_vec() };
            if word.is_empty()
                || RESERVED.contains(&word)
                || tokens.get(index).is_some_and(|token| token.meant.is_some())
            {
                continue;
            }
            if let Some(meant) = misspelt(word, known) {
                let span = self.place(index);
                let fix = Fix { title: format!("write `{meant}`"), edits: vec![(span, meant.to_owned())] };
                let error = SyntaxError {
                    code: "syntax",
                    message: format!("unknown keyword `{word}`"),
                    span,
                    related: Vec::new(),
                    help: Some(format!("did you mean `{meant}`?")),
                    fix: Some(fix),
                };
                out.push(Repair { span, text: meant.to_owned(), error, sure: true });
            }
        }
        if found == "," && range.contains(&at) {
            let span = self.place(at);
            let what = match body {
                Some(Body::Record | Body::RowFields) => "fields are not separated by commas",
                Some(Body::Decision | Body::Part | Body::Requirement | Body::Amount) => {
                    "clauses are not separated by commas"
                }
                _ => "no comma belongs here",
            };
            let fix = Fix { title: "remove the commas".to_owned(), edits: vec![(span, String::new())] };
            let error = SyntaxError {
                code: "needless-comma",
                message: what.to_owned(),
                span,
                related: Vec::new(),
                help: None,
                fix: Some(fix),
            };
            out.push(Repair { span, text: " ".to_owned(), error, sure: true });
        }
        let place = place_before(tokens, at);
        let before = if at > range.start { tokens.text(at - 1) } else { "" };
        for (rule, text) in [
            (R::colon, ":"),
            (R::equals, "="),
            (R::define_value, "="),
            (R::amount_value, "="),
            (R::kw_of, " of "),
        ] {
            if failure.expected.contains(&rule)
                && at > range.start
                && !(text == "=" && self.is_conditional_amount(range, at))
                && !(rule == R::kw_of && RESERVED.contains(&before))
            {
                let fix = Fix {
                    title: format!("add `{}`", text.trim()),
                    edits: vec![(place, text.trim_end().to_owned())],
                };
                let rule_head = tokens.word(range.start) == "rule" && text == ":";
                let (message, help) = if rule_head {
                    let message =
                        format!("expected `:` and an outcome after the rule's label, found `{found}`");
                    (message, Some("a rule is written `rule label: outcome`".to_owned()))
                } else {
                    (format!("expected `{}` after `{before}`, found `{found}`", text.trim()), None)
                };
                let span = self.place(at);
                let error =
                    SyntaxError { code: "syntax", message, span, related: Vec::new(), help, fix: Some(fix) };
                out.push(Repair { span: place, text: text.to_owned(), error, sure: true });
            }
        }
        // The same word or sign twice, or one too many.
        if range.contains(&at)
            && at > range.start
            && tokens.get(at).is_some_and(|token| token.kind != TokenKind::Symbol('{'))
        {
            let span = self.place(at);
            let twice = tokens.text(at) == before;
            let (message, help) = if twice {
                (format!("`{found}` stands twice"), None)
            } else {
                self.describe(range, at, &failure.expected)
            };
            let fix =
                twice.then(|| Fix { title: "remove one".to_owned(), edits: vec![(span, String::new())] });
            let error = SyntaxError { code: "syntax", message, span, related: Vec::new(), help, fix };
            out.push(Repair { span, text: " ".to_owned(), error, sure: false });
        }
        out
    }
}

/// The clause was read with a part left out: its owner must not be evaluated.
fn poison(kind: &mut ClauseKind) {
    if let ClauseKind::Rule { damaged, .. } = kind {
        *damaged = true;
    }
}

fn row_field(clause: Clause) -> Option<RowField> {
    match clause.kind {
        ClauseKind::RowField(field) => Some(field),
        _ => None,
    }
}
