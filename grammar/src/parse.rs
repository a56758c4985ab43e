//! From a text to its tree: scan, cut into declarations, read each, mend what is broken.

use std::collections::BTreeMap;
use std::ops::Range;

use pest::Parser as _;
use pest::iterators::Pair;

use crate::ast::{Declaration, File, Item, ItemKind};
use crate::known::{Known, Memory};
use crate::limits::{MAX_BYTES, MAX_ERRORS};
use crate::lower::{DocBlock, Lower};
use crate::rules::{RubricParser, Rule as R};
use crate::scan::{self, Finding, Token};
use crate::segment::{Edit, Segment};
use crate::span::Span;
use crate::starts::Tokens;
use crate::{Comment, Fix, LineIndex, Parse, SyntaxError, items, limits, message};

/// Reads a whole file.
pub(crate) fn file(text: &str) -> Parse {
    read(text, None).0
}

/// Reads a whole file of which a version was read before.
pub(crate) fn again(text: &str, known: &mut Known) -> Parse {
    let (parse, memory) = read(text, Some(Memory::new(std::mem::take(known))));
    *known = memory.unwrap_or_default().now;
    parse
}

fn read(text: &str, memory: Option<Memory>) -> (Parse, Option<Memory>) {
    if text.len() > MAX_BYTES {
        return (too_large(), memory);
    }
    let scan = scan::scan(text);
    let mut reader = Reader {
        text,
        blanked: &scan.blanked,
        tokens: scan.tokens,
        edits: scan.edits,
        docs: scan.docs,
        errors: scan.errors,
        literal_errors: Vec::new(),
        memory,
    };
    reader.literal_errors = reader.errors.iter().map(|error| error.span.start).collect();
    let mut file = File::default();
    for cut in items::split(&mut reader) {
        reader.read_cut(cut, &mut file);
    }
    let memory = reader.memory;
    let mut errors = reader.errors;
    let mut comments = scan.comments;
    for block in reader.docs.into_values() {
        comments.extend(block.lines.into_iter().map(|(span, text)| Comment { text, span }));
    }
    comments.sort_by_key(|comment| comment.span);
    one_a_line(text, &mut errors);
    errors.extend(substitutions(&file, &scan.findings));
    errors.sort_by_key(|error| error.span);
    cap(&mut errors);
    (Parse { file, errors, comments }, memory)
}

/// Reads bytes that may not be UTF-8: each bad byte is read as a space.
pub(crate) fn bytes(bytes: &[u8]) -> Parse {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return file(text);
    }
    if bytes.len() > MAX_BYTES {
        return too_large();
    }
    if is_binary(bytes) {
        let help = Some("a policy is text in UTF-8; is it another file under this name?".to_owned());
        let error = plain("not-utf8", "this file is no text".to_owned(), Span::new(0, 0), help);
        return Parse { errors: vec![error], ..Parse::default() };
    }
    let (text, bad) = readable(bytes);
    let mut parse = file(&text);
    let first = bad.first().copied().unwrap_or(0);
    let message = match bad.len() {
        1 => "this byte is not UTF-8".to_owned(),
        more => format!("this byte is not UTF-8, nor are {} others", more - 1),
    };
    let help = Some("save the file as UTF-8".to_owned());
    parse.errors.push(plain("not-utf8", message, Span::new(first, first + 1), help));
    parse.errors.sort_by_key(|error| error.span);
    for item in &mut parse.file.items {
        let at = bad.partition_point(|byte| *byte < item.span.start);
        item.damaged |= bad.get(at).is_some_and(|byte| *byte < item.span.end);
    }
    parse
}

/// Bytes by which a file is known.
const BEGINNING: usize = 512;

/// Whether a file that is not UTF-8 is no text at all, but a picture or a program: null bytes stand in no text.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.get(..BEGINNING).unwrap_or(bytes).contains(&0)
}

/// The text, each byte that is not UTF-8 a space, and where those stand.
pub(crate) fn readable(bytes: &[u8]) -> (String, Vec<u32>) {
    let mut text = String::with_capacity(bytes.len());
    let mut bad: Vec<u32> = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            bad.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            text.push(' ');
        }
    }
    (text, bad)
}

fn too_large() -> Parse {
    let message = format!("this file is larger than {} MB", MAX_BYTES / (1024 * 1024));
    let help = Some("split it into several policies".to_owned());
    Parse { errors: vec![plain("syntax-limit", message, Span::new(0, 0), help)], ..Parse::default() }
}

/// An error without second places or a fix.
pub(crate) fn plain(code: &'static str, message: String, span: Span, help: Option<String>) -> SyntaxError {
    SyntaxError { code, message, span, related: Vec::new(), help, fix: None }
}

/// Of several errors of syntax on one line the first is the mistake, the others follow from it.
fn one_a_line(text: &str, errors: &mut Vec<SyntaxError>) {
    errors.sort_by_key(|error| error.span);
    if errors.len() < 2 {
        return;
    }
    let lines = LineIndex::new(text);
    let mut last = None;
    errors.retain(|error| {
        if error.code != "syntax" && error.code != "bad-literal" {
            return true;
        }
        let line = Some(lines.line_of(error.span.start));
        let first = line != last;
        last = line;
        first
    });
}

/// More errors than anybody reads are cut off.
fn cap(errors: &mut Vec<SyntaxError>) {
    if errors.len() <= MAX_ERRORS {
        return;
    }
    let more = errors.len() - MAX_ERRORS;
    errors.truncate(MAX_ERRORS);
    let span = errors.last().map_or(Span::default(), |error| error.span);
    let message = format!("and {more} more errors in this file");
    errors.push(plain("syntax-limit", message, span, Some("mend those above first".to_owned())));
}

/// Characters that stand for others: one message a declaration, or one for the file when they are everywhere.
fn substitutions(file: &File, findings: &[Finding]) -> Vec<SyntaxError> {
    const EVERYWHERE: usize = 3;
    let mut out = Vec::new();
    for typographic in [true, false] {
        let mut groups: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.typographic == typographic) {
            let item = file.items.partition_point(|item| item.span.end <= finding.span.start);
            groups.entry(item).or_default().push(finding);
        }
        if groups.len() > EVERYWHERE {
            out.extend(substitution(&groups.into_values().flatten().collect::<Vec<_>>(), typographic));
        } else {
            out.extend(groups.values().filter_map(|group| substitution(group, typographic)));
        }
    }
    out
}

fn substitution(group: &[&Finding], typographic: bool) -> Option<SyntaxError> {
    let first = group.first()?;
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for finding in group {
        let kind = (finding.found.as_str(), finding.meant.as_str());
        if !kinds.contains(&kind) && kinds.len() < 6 {
            kinds.push(kind);
        }
    }
    let shown = kinds.iter().map(|(found, meant)| match (found.chars().next(), meant.trim()) {
        (Some('\u{a0}'), _) => "a non-breaking space is written as a space".to_owned(),
        (_, "") if *found == ";" => "`;` is not needed".to_owned(),
        (_, "") => "an invisible character is not needed".to_owned(),
        (_, meant) => format!("`{found}` is written `{}`", meant.replace("\\\"", "\"")),
    });
    let mut message = shown.collect::<Vec<_>>().join(", ");
    if group.len() > kinds.len() {
        message.push_str(&format!(" ({} places)", group.len()));
    }
    let help =
        typographic.then(|| "the text seems to come from a word processor; it was read as meant".to_owned());
    let title = if group.len() == 1 { "replace it" } else { "replace all" }.to_owned();
    let edits = group.iter().map(|finding| (finding.span, finding.meant.clone())).collect();
    let code = if typographic { "typographic-character" } else { "foreign-operator" };
    let fix = Some(Fix { title, edits });
    Some(SyntaxError { code, message, span: first.span, related: Vec::new(), help, fix })
}

/// Where the grammar could not go on.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The token that does not fit; one past the range at its end.
    pub(crate) at: usize,
    /// What would have fitted.
    pub(crate) expected: Vec<R>,
}

/// What is known while a file is read.
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) blanked: &'a str,
    pub(crate) tokens: Vec<Token>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) docs: BTreeMap<u32, DocBlock>,
    pub(crate) errors: Vec<SyntaxError>,
    /// Where bad numbers and open texts stand, in the order of the text.
    literal_errors: Vec<u32>,
    /// Where a version of the text was read before.
    pub(crate) memory: Option<Memory>,
}

impl<'a> Reader<'a> {
    pub(crate) fn tokens(&self) -> Tokens<'_> {
        Tokens { list: &self.tokens, text: self.text }
    }

    /// The bytes of some tokens.
    pub(crate) fn bytes(&self, range: &Range<usize>) -> Span {
        let start = self.tokens.get(range.start).map_or(0, |token| token.span.start);
        let end = range
            .end
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(start, |token| token.span.end);
        Span::new(start, end.max(start))
    }

    /// The bytes of a token; past the last one, the end of the text.
    pub(crate) fn place(&self, at: usize) -> Span {
        let end = u32::try_from(self.text.trim_end().len()).unwrap_or(u32::MAX);
        self.tokens.get(at).map_or(Span::new(end, end), |token| token.span)
    }

    /// The text that the grammar sees for some tokens, with what was put in just before and after them.
    pub(crate) fn segment(&self, range: &Range<usize>) -> Segment<'a> {
        Segment::new(self.blanked, self.bytes(range), &self.edits)
    }

    /// Does the grammar accept these tokens?
    pub(crate) fn check(&self, rule: R, range: &Range<usize>) -> Result<(), Failure> {
        let segment = self.segment(range);
        match RubricParser::parse(rule, &segment.text) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failure(&segment, range, &error)),
        }
    }

    fn failure(&self, segment: &Segment<'_>, range: &Range<usize>, error: &pest::error::Error<R>) -> Failure {
        let local = message::position(error);
        // The grammar may stop before white space: what does not fit is the next token.
        let rest = segment.text.get(local..).unwrap_or("");
        let local = local + (rest.len() - rest.trim_start().len());
        let offset = segment.file_offset(u32::try_from(local).unwrap_or(u32::MAX));
        let at = self.tokens.partition_point(|token| token.span.end <= offset).clamp(range.start, range.end);
        let at = if local >= segment.text.len() { range.end } else { at };
        Failure { at, expected: message::expected(error) }
    }

    /// Reads tokens that the grammar accepts; says whether something in them is damaged all the same.
    pub(crate) fn lower(
        &mut self,
        rule: R,
        range: &Range<usize>,
        item_start: u32,
        sink: impl FnOnce(&mut Lower<'_>, Pair<'_, R>),
    ) -> Result<bool, Failure> {
        let segment = self.segment(range);
        match RubricParser::parse(rule, &segment.text) {
            Ok(mut pairs) => {
                let source = self.text;
                let mut lower = Lower {
                    source,
                    segment: &segment,
                    item_start,
                    docs: &mut self.docs,
                    errors: &mut self.errors,
                    damaged: false,
                };
                if let Some(pair) = pairs.next() {
                    sink(&mut lower, pair);
                }
                Ok(lower.damaged)
            }
            Err(error) => Err(self.failure(&segment, range, &error)),
        }
    }

    /// Adds a replacement, keeping the order.
    pub(crate) fn edit(&mut self, span: Span, text: &str) {
        let at = self.edits.partition_point(|edit| edit.span <= span);
        self.edits.insert(at, Edit { span, text: text.to_owned() });
    }

    /// Takes back a replacement that did not help.
    pub(crate) fn undo(&mut self, span: Span, text: &str) {
        if let Some(at) = self.edits.iter().rposition(|edit| edit.span == span && edit.text == text) {
            self.edits.remove(at);
        }
    }

    pub(crate) fn error(&mut self, message: String, span: Span, help: Option<String>, fix: Option<Fix>) {
        self.errors.push(SyntaxError { code: "syntax", message, span, related: Vec::new(), help, fix });
    }

    /// Reads the tokens of one declaration, and whatever else turns out to stand among them.
    fn read_cut(&mut self, cut: Range<usize>, file: &mut File) {
        let mut rest = Some(cut);
        while let Some(range) = rest.take() {
            let (item, left) = self.read_item(range);
            file.items.push(item);
            rest = left;
        }
    }

    fn read_item(&mut self, range: Range<usize>) -> (Item, Option<Range<usize>>) {
        if let Some(item) = self.recall(&range) {
            return (item, None);
        }
        if let Some(deep) = limits::too_deep_at(self.tokens(), &range) {
            let place = self.place(deep);
            let message = format!("this is nested more than {} levels deep", limits::MAX_DEPTH);
            let help = Some("split it with `define`".to_owned());
            self.errors.push(plain("syntax-limit", message, place, help));
            return (self.junk(&range), None);
        }
        let docs = self.docs_in(self.item_span(&range));
        match self.whole_item(&range) {
            Ok(item) => {
                self.remember(&item, &docs);
                (item, None)
            }
            Err(failure) => self.recover(range, failure),
        }
    }

    /// An empty item over some tokens.
    pub(crate) fn junk(&self, range: &Range<usize>) -> Item {
        let nothing = Declaration { docs: None, allows: Vec::new(), kind: ItemKind::Junk, damaged: true };
        Item::new(self.item_span(range), nothing)
    }

    /// The bytes of an item of some tokens: from its documentation on.
    pub(crate) fn item_span(&self, range: &Range<usize>) -> Span {
        let first = self.place(range.start).start;
        let docs = self.docs.get(&first).and_then(|block| block.lines.first());
        let start = docs.map_or(first, |(span, _)| span.start);
        Span::new(start, self.bytes(range).end)
    }

    /// The item, when the grammar accepts it.
    pub(crate) fn whole_item(&mut self, range: &Range<usize>) -> Result<Item, Failure> {
        let mut item = self.junk(range);
        let first = self.place(range.start).start;
        let errors_before = self.errors.len();
        let damaged = self.lower(R::one_item, range, item.span.start, |lower, pair| {
            let Some(pair) = pair.into_inner().next() else { return };
            let declaration = pair.clone().into_inner().find(|pair| pair.as_rule() != R::allow_clause);
            let start = declaration.map_or(0, |pair| lower.span(&pair).start);
            let above = lower.take_docs(first - lower.item_start);
            item.docs = above.or_else(|| lower.take_docs(start));
            (item.allows, item.kind) = lower.item(pair);
        })?;
        item.damaged = damaged || self.errors.len() > errors_before || self.has_bad_literal(item.span);
        Ok(item)
    }

    /// Stands a bad number or an open text in these bytes?
    pub(crate) fn has_bad_literal(&self, span: Span) -> bool {
        let at = self.literal_errors.partition_point(|start| *start < span.start);
        self.literal_errors.get(at).is_some_and(|start| *start < span.end)
    }
}
