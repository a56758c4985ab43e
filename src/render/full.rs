//! A finding with the text around it, drawn by miette.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use rubric_engine::diagnostic::Severity;

use super::{Finding, Mend, SourceText, Spot};
use crate::terminal::{Terminal, harmless};

/// A line longer than this is not drawn: nobody would find the place in it.
const LONGEST_LINE: usize = 1000;

/// A place of more lines than this is drawn by its first line.
const MOST_LINES: u32 = 6;

/// A finding, with its end.
pub(crate) fn full(finding: &Finding, terminal: Terminal) -> String {
    let too_long = |spot: &Spot| spot.source.line(spot.start.line).len() > LONGEST_LINE;
    if finding.spots.iter().any(too_long) {
        return super::concise(finding, terminal);
    }
    let mut drawn = String::new();
    let report = Report::of(finding);
    if terminal.handler().render_report(&mut drawn, &report).is_err() {
        return super::concise(finding, terminal);
    }
    // What is to be copied, such as a record that shows it, is not wrapped.
    for line in example(finding).unwrap_or_default().lines() {
        drawn.push_str(if line.is_empty() { "" } else { "        " });
        drawn.push_str(&harmless(line));
        drawn.push('\n');
    }
    drawn.push('\n');
    drawn
}

/// What follows the first empty line of the help: a text to copy.
fn example(finding: &Finding) -> Option<&str> {
    let (_, example) = finding.help.as_deref()?.split_once("\n\n")?;
    Some(example.trim_end())
}

/// A finding as miette sees it: the labels of one text, and those of other texts as related reports.
#[derive(Debug)]
struct Report {
    message: String,
    code: Option<String>,
    severity: miette::Severity,
    help: Option<String>,
    source: Option<Source>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report>,
}

impl Report {
    fn of(finding: &Finding) -> Self {
        let severity = match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Information => miette::Severity::Advice,
        };
        let home = finding.spots.first().map(|spot| Arc::clone(&spot.source));
        let (here, elsewhere): (Vec<&Spot>, Vec<&Spot>) = finding
            .spots
            .iter()
            .partition(|spot| Some(&spot.source.path) == home.as_ref().map(|home| &home.path));
        let mut labels: Vec<LabeledSpan> =
            here.iter().enumerate().map(|(position, spot)| label(spot, position == 0)).collect();
        // In the order of the text, or all lines between two labels are drawn.
        labels.sort_by_key(LabeledSpan::offset);
        Self {
            message: harmless(&finding.message).into_owned(),
            code: Some(finding.code.to_owned()).filter(|code| !code.is_empty()),
            severity,
            help: help(finding),
            source: home.map(Source),
            labels,
            related: elsewhere.into_iter().map(Self::elsewhere).collect(),
        }
    }

    fn elsewhere(spot: &Spot) -> Self {
        let message =
            if spot.text.is_empty() { "see also".to_owned() } else { harmless(&spot.text).into_owned() };
        Self {
            message,
            code: None,
            severity: miette::Severity::Advice,
            help: None,
            source: Some(Source(Arc::clone(&spot.source))),
            labels: vec![label(&Spot { text: String::new(), ..spot.clone() }, true)],
            related: Vec::new(),
        }
    }
}

fn label(spot: &Spot, primary: bool) -> LabeledSpan {
    let text = (!spot.text.is_empty()).then(|| harmless(&spot.text).into_owned());
    let start = spot.start.offset as usize;
    let end = if spot.end.line - spot.start.line < MOST_LINES {
        spot.end.offset as usize
    } else {
        spot.source.line_start(spot.start.line) + spot.source.line(spot.start.line).len()
    };
    let span = SourceSpan::new(start.into(), end.saturating_sub(start));
    if primary {
        LabeledSpan::new_primary_with_span(text, span)
    } else {
        LabeledSpan::new_with_span(text, span)
    }
}

fn help(finding: &Finding) -> Option<String> {
    let words = finding.help.as_deref().map(|help| help.split_once("\n\n").map_or(help, |(words, _)| words));
    let mut parts: Vec<String> = words.iter().map(|help| harmless(help).into_owned()).collect();
    parts.extend(finding.mend.as_ref().map(shown_mend));
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// A mend's title, and the lines it changes before and after.
fn shown_mend(mend: &Mend) -> String {
    let mut shown = format!("fix: {}", harmless(&mend.title));
    let Some(first) = mend.edits.first() else { return shown };
    let in_one_text = mend.edits.iter().all(|edit| edit.source.path == first.source.path);
    if !in_one_text {
        return shown;
    }
    let mut edits: Vec<&Spot> = mend.edits.iter().collect();
    edits.sort_by_key(|edit| edit.start.offset);
    let lines = edits.iter().map(|edit| edit.start.line).min().unwrap_or(1)
        ..=edits.iter().map(|edit| edit.end.line).max().unwrap_or(1);
    if lines.clone().count() > 3 {
        return shown;
    }
    let before: Vec<&str> = lines.clone().map(|line| first.source.line(line)).collect();
    let Some(after) = edited(&first.source, &edits, *lines.start(), *lines.end()) else { return shown };
    for line in before {
        let _ = write!(shown, "\n- {}", harmless(line.trim()));
    }
    for line in after.lines() {
        let _ = write!(shown, "\n+ {}", harmless(line.trim()));
    }
    shown
}

/// The lines `first..=last` with the edits made; `None` when they overlap.
fn edited(source: &SourceText, edits: &[&Spot], first: u32, last: u32) -> Option<String> {
    let mut at = source.line_start(first);
    let end = source.line_start(last) + source.line(last).len();
    let mut text = String::new();
    for edit in edits {
        text.push_str(source.text.get(at..edit.start.offset as usize)?);
        text.push_str(&edit.text);
        at = edit.end.offset as usize;
    }
    text.push_str(source.text.get(at..end.max(at))?);
    Some(text)
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        (!self.related.is_empty()).then(|| {
            Box::new(self.related.iter().map(|report| report as &dyn Diagnostic))
                as Box<dyn Iterator<Item = _>>
        })
    }
}

/// A text under its path, which miette shows above the snippet.
#[derive(Debug)]
struct Source(Arc<SourceText>);

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.0.text.as_bytes().read_span(span, before, after)?;
        // Without lines before it, the column is that of the span itself, which miette would count in bytes.
        let column = match before {
            0 => self.0.position(u32::try_from(span.offset()).unwrap_or(u32::MAX)).column.saturating_sub(1)
                as usize,
            _ => inner.column(),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            harmless(&self.0.path).into_owned(),
            inner.data(),
            *inner.span(),
            inner.line(),
            column,
            inner.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    fn spot(source: &Arc<SourceText>, needle: &str, text: &str) -> Spot {
        let start = source.text.find(needle).unwrap();
        let position = |offset: usize| source.position(u32::try_from(offset).unwrap());
        Spot {
            source: Arc::clone(source),
            start: position(start),
            end: position(start + needle.len()),
            text: text.to_owned(),
        }
    }

    fn drawn(spots: Vec<Spot>, mend: Option<Mend>) -> String {
        let message = "it is so".to_owned();
        let finding = Finding {
            code: "a-code",
            severity: Severity::Warning,
            message,
            spots,
            help: Some("do so".to_owned()),
            mend,
        };
        full(&finding, Terminal::new(ColorChoice::Never, false, false))
    }

    #[test]
    fn places_of_other_texts_have_their_own_snippet() {
        let (here, there) =
            (SourceText::new("a.rubric", "é here\n"), SourceText::new("b.rubric", "\nthere\n"));
        let text =
            drawn(vec![spot(&Arc::new(here), "here", "this"), spot(&Arc::new(there), "there", "that")], None);
        assert!(text.contains("[a.rubric:1:3]") && text.contains("[b.rubric:2:1]"), "{text}");
        assert!(text.contains("this") && text.contains("that"), "{text}");
    }

    #[test]
    fn between_two_labels_only_their_surroundings_are_drawn() {
        let lines: String = (1..100).map(|line| format!("line_{line}_\n")).collect();
        let source = Arc::new(SourceText::new("a.rubric", lines));
        let text = drawn(vec![spot(&source, "line_90_", "this"), spot(&source, "line_5_", "that")], None);
        assert!(
            text.contains("line_5_") && text.contains("line_90_") && !text.contains("line_50_"),
            "{text}"
        );
        let whole = drawn(vec![spot(&source, &source.text.clone(), "all")], None);
        assert!(whole.contains("line_1_") && !whole.contains("line_50_"), "{whole}");
    }

    #[test]
    fn a_mend_shows_the_lines_before_and_after() {
        let source = Arc::new(SourceText::new("a.rubric", "x\n  say “é” here\ny\n"));
        let edits = vec![spot(&source, "”", "\""), spot(&source, "“", "\"")];
        let mend = Mend { title: "replace all".to_owned(), always: true, edits };
        let text = drawn(vec![spot(&source, "“", "")], Some(mend));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines.contains(&"- say “é” here") && lines.contains(&"+ say \"é\" here"), "{text}");
    }

    #[test]
    fn a_very_long_line_is_not_drawn() {
        let source = Arc::new(SourceText::new("a.rubric", "x".repeat(100_000)));
        assert_eq!(
            drawn(vec![spot(&source, "x", "")], None),
            "a.rubric:1:1: warning[a-code] it is so (do so)\n"
        );
    }
}
