//! What would give a record another result, for people and as JSON.

use std::fmt::Write as _;

use rubric_engine::data::place;
use rubric_engine::how::{How, MOST_FACTS};
use serde::Serialize;

use crate::terminal::{Style, Terminal, harmless};

/// The ways, below the tree of the explanation.
pub(crate) fn how(how: &How, terminal: Terminal) -> String {
    let mut text = String::new();
    if how.already {
        let _ = writeln!(text, "how: it is {} already", harmless(&how.now));
        return text;
    }
    if how.ways.is_empty() {
        let why = if how.all_tried {
            format!("no other values of up to {MOST_FACTS} facts that may change give another result")
        } else {
            format!("not found within {} evaluations", how.evaluations)
        };
        let _ = writeln!(text, "how: {}", terminal.paint(Style::Doubtful, &why));
        return text;
    }
    for (position, way) in how.ways.iter().enumerate() {
        let lead = if position == 0 { "how" } else { "or" };
        let result = terminal.paint(Style::Name, &harmless(&way.result)).into_owned();
        let _ = writeln!(text, "{lead}: {result}, with");
        for change in &way.changes {
            let fact = terminal.paint(Style::Strong, &harmless(&change.fact)).into_owned();
            let needs = terminal.paint(Style::Good, &harmless(&change.needs)).into_owned();
            let source =
                change.source.as_ref().map(|fact| format!("  [{}]", harmless(&place(&fact.file, fact.line))));
            let source = terminal.paint(Style::Faint, &source.unwrap_or_default()).into_owned();
            let _ = writeln!(text, "  {fact}: {}, needs {needs}{source}", harmless(&change.now));
            for by in &change.by {
                let _ = writeln!(
                    text,
                    "    {}",
                    terminal.paint(Style::Faint, &format!("such as {}", harmless(by)))
                );
            }
        }
    }
    text
}

/// What `--how` adds to an explanation.
#[derive(Debug, Serialize)]
pub(super) struct JsonHow {
    now: String,
    already: bool,
    all_tried: bool,
    evaluations: u32,
    ways: Vec<JsonWay>,
}

#[derive(Debug, Serialize)]
struct JsonWay {
    result: String,
    changes: Vec<JsonChange>,
}

#[derive(Debug, Serialize)]
struct JsonChange {
    fact: String,
    now: String,
    needs: String,
    by: Vec<String>,
    source: Option<JsonSource>,
}

#[derive(Debug, Serialize)]
struct JsonSource {
    file: String,
    line: u64,
}

pub(super) fn json_how(how: &How) -> JsonHow {
    let ways = how.ways.iter().map(|way| JsonWay {
        result: way.result.clone(),
        changes: way
            .changes
            .iter()
            .map(|change| JsonChange {
                fact: change.fact.clone(),
                now: change.now.clone(),
                needs: change.needs.clone(),
                by: change.by.clone(),
                source: change
                    .source
                    .as_ref()
                    .map(|fact| JsonSource { file: fact.file.to_string(), line: fact.line }),
            })
            .collect(),
    });
    JsonHow {
        now: how.now.clone(),
        already: how.already,
        all_tried: how.all_tried,
        evaluations: how.evaluations,
        ways: ways.collect(),
    }
}
