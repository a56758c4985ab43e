//! Which small changes of policies the tests noticed, for people and as JSON.

use std::fmt::Write as _;

use rubric_engine::testing::{Fate, Mutant, Score, TestReport};
use serde::Serialize;

use super::Lookup;
use crate::terminal::{Style, Terminal, counted, harmless};

/// Mutants, the names of what they change, and what became of each.
pub(crate) struct Mutation {
    pub(crate) mutants: Vec<Mutant>,
    pub(crate) names: Vec<String>,
    pub(crate) fates: Vec<Fate>,
}

impl Mutation {
    pub(crate) fn score(&self) -> Score {
        Score::of(&self.fates)
    }

    fn each(&self) -> impl Iterator<Item = (&Mutant, &str, &Fate)> {
        self.mutants
            .iter()
            .zip(&self.names)
            .zip(&self.fates)
            .map(|((mutant, name), fate)| (mutant, name.as_str(), fate))
    }
}

/// The mutants that no test notices, those with a proof that nothing could, and with `--verbose` who noticed the others.
pub(super) fn full_mutation(
    mutation: &Mutation,
    reports: &[TestReport],
    lookup: &mut Lookup<'_>,
    terminal: Terminal,
) -> String {
    let mut text = String::new();
    let mut section = |title: &str, wanted: fn(&Fate) -> bool, style| {
        let mut first = true;
        for (mutant, name, fate) in mutation.each().filter(|(_, _, fate)| wanted(fate)) {
            if std::mem::take(&mut first) {
                let _ = writeln!(text, "{}", terminal.paint(Style::Strong, title));
            }
            let spot = lookup.spot(mutant.place, "");
            let place = format!("{}:{}:{}", harmless(&spot.source.path), spot.start.line, spot.start.column);
            let what = format!("`{}` -> `{}`", harmless(&mutant.before), harmless(&mutant.after));
            let _ = writeln!(
                text,
                "  {} {} of {}: {}",
                terminal.paint(Style::Faint, &place),
                mutant.kind.word(),
                harmless(name),
                terminal.paint(style, &what)
            );
            match fate {
                Fate::Killed(test) => {
                    let title = reports.get(*test).map_or("", |report| &report.title);
                    let _ = writeln!(text, "    noticed by \"{}\"", harmless(title));
                }
                Fate::Survived { test, why } => {
                    if let Some(why) = why {
                        let _ = writeln!(text, "    {}", harmless(why));
                    }
                    if let Some(test) = test.as_ref().filter(|_| terminal.verbose) {
                        for line in test.lines() {
                            let _ = writeln!(text, "    {}", harmless(line));
                        }
                    }
                }
                Fate::Equivalent => {}
            }
        }
        if !first {
            text.push('\n');
        }
    };
    section("no test notices", |fate| matches!(fate, Fate::Survived { .. }), Style::Doubtful);
    section(
        "proved to make no difference to any complete record",
        |fate| matches!(fate, Fate::Equivalent),
        Style::Faint,
    );
    if terminal.verbose {
        section("noticed", |fate| matches!(fate, Fate::Killed(_)), Style::Good);
    }
    text
}

/// `17 of 20 changes noticed, 2 more make no difference: score 85.0%`.
pub(crate) fn score_words(score: Score, terminal: Terminal) -> String {
    let Some(tenths) = score.per_mille() else {
        return "there is nothing to change that would make a difference".to_owned();
    };
    let style = if score.survived == 0 { Style::Good } else { Style::Doubtful };
    let all = counted(score.killed + score.survived, "change");
    let mut words = format!("{} of {all} noticed", score.killed);
    if score.equivalent > 0 {
        let make = if score.equivalent == 1 { "makes" } else { "make" };
        let _ = write!(words, ", {} more {make} no difference", score.equivalent);
    }
    let percent = format!("score {}.{}%", tenths / 10, tenths % 10);
    format!("{words}: {}", terminal.paint(style, &percent))
}

/// What `rubric test --mutate --format json` adds.
#[derive(Debug, Serialize)]
pub(super) struct JsonMutation {
    killed: usize,
    survived: usize,
    equivalent: usize,
    score: Option<serde_json::Number>,
    mutants: Vec<JsonMutant>,
}

#[derive(Debug, Serialize)]
struct JsonMutant {
    kind: &'static str,
    declaration: String,
    file: String,
    line: u32,
    column: u32,
    before: String,
    after: String,
    fate: &'static str,
    killed_by: Option<String>,
    why: Option<String>,
    test: Option<String>,
}

pub(super) fn mutation_report(
    mutation: &Mutation,
    reports: &[TestReport],
    lookup: &mut Lookup<'_>,
) -> JsonMutation {
    let score = mutation.score();
    let mutants = mutation.each().map(|(mutant, name, fate)| {
        let spot = lookup.spot(mutant.place, "");
        let (word, killed_by, why, test) = match fate {
            Fate::Killed(test) => {
                ("killed", reports.get(*test).map(|report| report.title.to_string()), None, None)
            }
            Fate::Survived { test, why } => ("survived", None, why.clone(), test.clone()),
            Fate::Equivalent => ("equivalent", None, None, None),
        };
        JsonMutant {
            kind: mutant.kind.word(),
            declaration: name.to_owned(),
            file: spot.source.path.clone(),
            line: spot.start.line,
            column: spot.start.column,
            before: mutant.before.clone(),
            after: mutant.after.clone(),
            fate: word,
            killed_by,
            why,
            test,
        }
    });
    let tenths = |tenths: usize| format!("{}.{}", tenths / 10, tenths % 10).parse().ok();
    JsonMutation {
        killed: score.killed,
        survived: score.survived,
        equivalent: score.equivalent,
        score: score.per_mille().and_then(tenths),
        mutants: mutants.collect(),
    }
}
