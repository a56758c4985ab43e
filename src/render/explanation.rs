//! An explanation as a tree for people, and as JSON, described by `docs/schemas/explain.schema.json`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rubric_engine::data::place;
use rubric_engine::diagnostic::Place;
use rubric_engine::evaluate::{Explanation, Step, StepKind};
use rubric_engine::how::How;
use serde::Serialize;

use super::Lookup;
use super::how::{JsonHow, json_how};
use crate::terminal::{Style, Terminal, harmless};

/// The name and version of the shape.
pub(crate) const EXPLAIN_SCHEMA: &str = "rubric.explain/1";

/// The tree, with its end.
pub(crate) fn tree(explanation: &Explanation, lookup: &mut Lookup<'_>, terminal: Terminal) -> String {
    let mut authorities = BTreeSet::new();
    authorities_of(&explanation.steps, &mut authorities);
    let layered = authorities.len() > 1;
    let mut drawing = Drawing { text: String::new(), lookup, terminal, layered };
    let title = terminal.paint(Style::Strong, &harmless(&explanation.title)).into_owned();
    let result = terminal.paint(Style::Name, &harmless(&explanation.result)).into_owned();
    let cites: Vec<String> = explanation.cites.iter().map(|cite| one_line(cite)).collect();
    let cites = if cites.is_empty() { String::new() } else { format!("  [{}]", cites.join(", ")) };
    let cites = terminal.paint(Style::Faint, &cites);
    let _ = writeln!(drawing.text, "{title}: {result}, as of {}{cites}", explanation.as_of);
    for because in &explanation.because {
        let _ = writeln!(drawing.text, "  because {}", harmless(because));
    }
    for need in &explanation.needs {
        let need = terminal.paint(Style::Doubtful, &harmless(need)).into_owned();
        let _ = writeln!(drawing.text, "  needs {need}");
    }
    drawing.steps(&explanation.steps, "");
    drawing.text
}

struct Drawing<'a, 'd> {
    text: String,
    lookup: &'a mut Lookup<'d>,
    terminal: Terminal,
    /// Several authorities have a part in it, so that each rule says whose it is.
    layered: bool,
}

/// Whose the steps are.
fn authorities_of<'s>(steps: &'s [Step], found: &mut BTreeSet<&'s str>) {
    for step in steps {
        found.extend(step.layer.as_ref().and_then(|layer| layer.authority.as_deref()));
        authorities_of(&step.steps, found);
    }
}

impl Drawing<'_, '_> {
    fn steps(&mut self, steps: &[Step], indent: &str) {
        for (position, step) in steps.iter().enumerate() {
            let last = position + 1 == steps.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let branch = format!("{indent}{branch}");
            self.text.push_str(&self.terminal.paint(Style::Faint, &branch));
            self.step(step);
            self.steps(&step.steps, &format!("{indent}{below}"));
        }
    }

    fn step(&mut self, step: &Step) {
        let (mark, style) = mark(step.kind);
        if !mark.is_empty() {
            let _ = write!(self.text, "{} ", paint(self.terminal, style, mark));
        }
        let strong = matches!(step.kind, StepKind::Decided).then_some(Style::Strong);
        let _ = write!(self.text, "{}", paint(self.terminal, strong, &one_line(&step.text)));
        if !step.state.is_empty() {
            let state = one_line(&step.state);
            let style = style.or_else(|| state_style(&state));
            let _ = write!(self.text, ": {}", paint(self.terminal, style, &state));
        }
        let authority = step.layer.as_ref().and_then(|layer| layer.authority.as_deref());
        let authority =
            authority.filter(|_| self.layered).map(|authority| format!("by {}", one_line(authority)));
        let cites = step.cites.iter().map(|cite| one_line(cite));
        let mut beside: Vec<String> = authority.into_iter().chain(cites).collect();
        match (&step.source, step.place) {
            (Some(fact), _) => beside.push(one_line(&place(&fact.file, fact.line))),
            (None, Some(place)) if is_declaration(step.kind) => beside.push(self.place(place)),
            _ => {}
        }
        if !beside.is_empty() {
            let beside = format!("  [{}]", beside.join(", "));
            let _ = write!(self.text, "{}", self.terminal.paint(Style::Faint, &beside));
        }
        self.text.push('\n');
    }

    fn place(&mut self, place: Place) -> String {
        let spot = self.lookup.spot(place, "");
        format!("{}:{}", harmless(&spot.source.path), spot.start.line)
    }
}

fn one_line(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn paint(terminal: Terminal, style: Option<Style>, text: &str) -> String {
    style.map_or_else(|| text.to_owned(), |style| terminal.paint(style, text).into_owned())
}

/// Whether it helps to say where the step was written: of a whole declaration, not of each part of a condition.
const fn is_declaration(kind: StepKind) -> bool {
    !matches!(kind, StepKind::Condition | StepKind::Rows | StepKind::Fact | StepKind::Fault)
}

const fn mark(kind: StepKind) -> (&'static str, Option<Style>) {
    match kind {
        StepKind::Decided => ("●", Some(Style::Good)),
        StepKind::Held => ("✔", Some(Style::Good)),
        StepKind::NotHeld => ("✘", Some(Style::Bad)),
        StepKind::Overridden => ("⊘", Some(Style::Faint)),
        StepKind::NotInForce => ("–", Some(Style::Faint)),
        StepKind::Waived => ("~", Some(Style::Good)),
        StepKind::Undetermined => ("?", Some(Style::Doubtful)),
        StepKind::Fault => ("!", Some(Style::Bad)),
        StepKind::Condition | StepKind::Define | StepKind::Fact | StepKind::Parameter | StepKind::Rows => {
            ("", None)
        }
    }
}

fn state_style(state: &str) -> Option<Style> {
    match state {
        "yes" => Some(Style::Good),
        "no" => Some(Style::Bad),
        _ if state.starts_with("unknown") || state.starts_with("missing") => Some(Style::Doubtful),
        _ if state.starts_with("error") => Some(Style::Bad),
        _ => Some(Style::Name),
    }
}

/// What `rubric explain --format json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainReport {
    schema: &'static str,
    rubric: &'static str,
    policy: String,
    explanations: Vec<JsonExplanation>,
}

#[derive(Debug, Serialize)]
struct JsonExplanation {
    title: String,
    result: String,
    as_of: String,
    /// Citations of the policy and of the whole.
    cites: Vec<String>,
    because: Vec<String>,
    needs: Vec<String>,
    steps: Vec<JsonStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<JsonHow>,
}

#[derive(Debug, Serialize)]
struct JsonStep {
    kind: &'static str,
    text: String,
    state: String,
    cites: Vec<String>,
    /// Where it was written.
    place: Option<JsonPlace>,
    /// Where a fact was read.
    source: Option<JsonPlace>,
    /// Whose it is.
    layer: Option<JsonLayer>,
    steps: Vec<JsonStep>,
}

#[derive(Debug, Serialize)]
struct JsonLayer {
    /// `district "Miami-Dade"`.
    authority: Option<String>,
    policy: String,
}

#[derive(Debug, Serialize)]
struct JsonPlace {
    file: String,
    line: u64,
}

/// The report of some explanations.
pub(crate) fn explain_report(
    policy: &str,
    explanations: &[(Explanation, Option<How>)],
    lookup: &mut Lookup<'_>,
) -> ExplainReport {
    let explanations = explanations.iter().map(|(explanation, how)| JsonExplanation {
        title: explanation.title.clone(),
        result: explanation.result.to_string(),
        as_of: explanation.as_of.to_string(),
        cites: explanation.cites.iter().map(ToString::to_string).collect(),
        because: explanation.because.clone(),
        needs: explanation.needs.clone(),
        steps: json_steps(&explanation.steps, lookup),
        how: how.as_ref().map(json_how),
    });
    ExplainReport {
        schema: EXPLAIN_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        policy: policy.to_owned(),
        explanations: explanations.collect(),
    }
}

fn json_steps(steps: &[Step], lookup: &mut Lookup<'_>) -> Vec<JsonStep> {
    let step = |step: &Step| {
        let place = match step.place {
            Some(place) if step.kind != StepKind::Fact => {
                let spot = lookup.spot(place, "");
                Some(JsonPlace { file: spot.source.path.clone(), line: u64::from(spot.start.line) })
            }
            _ => None,
        };
        JsonStep {
            kind: word(step.kind),
            text: step.text.to_string(),
            state: step.state.to_string(),
            cites: step.cites.iter().map(ToString::to_string).collect(),
            place,
            source: step
                .source
                .as_ref()
                .map(|fact| JsonPlace { file: fact.file.to_string(), line: fact.line }),
            layer: step
                .layer
                .as_ref()
                .map(|layer| JsonLayer { authority: layer.authority.clone(), policy: layer.policy.clone() }),
            steps: json_steps(&step.steps, lookup),
        }
    };
    steps.iter().map(step).collect()
}

const fn word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Decided => "decided",
        StepKind::Overridden => "overridden",
        StepKind::NotHeld => "not_held",
        StepKind::Undetermined => "undetermined",
        StepKind::Held => "held",
        StepKind::NotInForce => "not_in_force",
        StepKind::Waived => "waived",
        StepKind::Condition => "condition",
        StepKind::Define => "define",
        StepKind::Fact => "fact",
        StepKind::Parameter => "parameter",
        StepKind::Rows => "rows",
        StepKind::Fault => "fault",
    }
}
