//! Which rule overrides which: labels, their versions, and cycles.

use std::collections::{BTreeMap, BTreeSet};

use rubric_grammar::ast::Name;

use super::Lowering;
use super::lowering::index;
use super::names::replace;
use crate::names::nearest;
use crate::plan::Interval;

/// What is needed of one version of a rule.
#[derive(Clone, Debug)]
pub(super) struct Ranked<'e> {
    pub(super) label: &'e Name,
    pub(super) interval: Interval,
    /// Its own and its part's.
    pub(super) subject_to: Vec<&'e Name>,
    /// Its own and its part's.
    pub(super) notwithstanding: Vec<&'e Name>,
}

impl Lowering<'_> {
    /// For each rule the positions of those that directly override it. A part's label names all its rules, a rule's
    /// label all its versions.
    pub(super) fn overrides(
        &mut self,
        rules: &[Ranked<'_>],
        parts: &[(&Name, Vec<usize>)],
        kind: &'static str,
    ) -> Vec<Vec<u32>> {
        let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, rule) in rules.iter().enumerate() {
            named.entry(&rule.label.text).or_default().push(position);
        }
        self.check_versions(rules, &named);
        for (label, members) in parts {
            if let Some(first) = named.get(label.text.as_str()).and_then(|all| rules.get(*all.first()?)) {
                let diagnostic = self
                    .error(
                        "duplicate-label",
                        label.span,
                        format!("`{}` is also the label of a rule", label.text),
                    )
                    .label(self.place(first.label.span), "the rule")
                    .help("rename one of them");
                self.report(diagnostic);
                continue;
            }
            named.entry(&label.text).or_default().extend(members);
        }
        let mut overridden_by: Vec<Vec<u32>> = vec![Vec::new(); rules.len()];
        for (position, rule) in rules.iter().enumerate() {
            for name in &rule.subject_to {
                let above = self.labelled(name, &named, kind);
                if let Some(below) = overridden_by.get_mut(position) {
                    below.extend(above.into_iter().map(index));
                }
            }
            for name in &rule.notwithstanding {
                for below in self.labelled(name, &named, kind) {
                    if let Some(below) = overridden_by.get_mut(below) {
                        below.push(index(position));
                    }
                }
            }
        }
        for above in &mut overridden_by {
            above.sort_unstable();
            above.dedup();
        }
        self.check_cycles(rules, &overridden_by, kind);
        overridden_by
    }

    fn labelled(&mut self, name: &Name, named: &BTreeMap<&str, Vec<usize>>, kind: &str) -> Vec<usize> {
        if let Some(found) = named.get(name.text.as_str()) {
            return found.clone();
        }
        // A rule that lost its label to a syntax error may be the one that is meant.
        if named.contains_key("") {
            self.failed = true;
            return Vec::new();
        }
        let kinds = if kind == "rule" { "rule or part" } else { kind };
        let diagnostic =
            self.error("unknown-label", name.span, format!("no {kinds} here is called `{}`", name.text));
        let diagnostic = match nearest(&name.text, named.keys().copied()) {
            Some(near) => replace(diagnostic, near),
            None if name.text == "default" => {
                diagnostic.help("every rule overrides the default: leave this out")
            }
            None if named.len() <= 12 => diagnostic.help(format!(
                "the labels are {}",
                named.keys().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
            )),
            None => diagnostic,
        };
        self.report(diagnostic);
        Vec::new()
    }

    /// A label may recur, when no two of its versions are in force on one day; the check of versions reports it.
    fn check_versions(&mut self, rules: &[Ranked<'_>], named: &BTreeMap<&str, Vec<usize>>) {
        for versions in named.values() {
            let versions: Vec<&Ranked<'_>> =
                versions.iter().filter_map(|position| rules.get(*position)).collect();
            for (at, rule) in versions.iter().enumerate() {
                if versions.iter().take(at).any(|other| other.interval.overlaps(&rule.interval)) {
                    self.failed = true;
                }
            }
        }
    }

    /// Overriding may not go in a circle, over all dates.
    fn check_cycles(&mut self, rules: &[Ranked<'_>], overridden_by: &[Vec<u32>], kind: &str) {
        // By label: that no two versions are in force together does not help the reader.
        let mut above: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
        for (rule, others) in rules.iter().zip(overridden_by) {
            let others = others.iter().filter_map(|at| rules.get(*at as usize)).map(|other| other.label);
            above.entry(&rule.label.text).or_default().extend(others);
        }
        let mut finished: BTreeSet<&str> = BTreeSet::new();
        for start in rules.iter().map(|rule| rule.label) {
            if finished.contains(start.text.as_str()) {
                continue;
            }
            // Depth first, in a loop: each entry is a label and how many of those above it are done.
            let mut path: Vec<(&Name, usize)> = vec![(start, 0)];
            let mut on_path: BTreeSet<&str> = BTreeSet::from([start.text.as_str()]);
            while let Some((label, done)) = path.last_mut() {
                let next = above.get(label.text.as_str()).and_then(|all| all.get(*done)).copied();
                *done += 1;
                let Some(next) = next else {
                    finished.insert(&label.text);
                    on_path.remove(label.text.as_str());
                    path.pop();
                    continue;
                };
                if on_path.contains(next.text.as_str()) {
                    let circle: Vec<&Name> = path
                        .iter()
                        .map(|(label, _)| *label)
                        .skip_while(|label| label.text != next.text)
                        .collect();
                    self.report_cycle(&circle, kind);
                    finished.extend(path.iter().map(|(label, _)| label.text.as_str()));
                    break;
                }
                if !finished.contains(next.text.as_str()) {
                    on_path.insert(&next.text);
                    path.push((next, 0));
                }
            }
        }
    }

    fn report_cycle(&mut self, circle: &[&Name], kind: &str) {
        let Some(first) = circle.first() else { return };
        // Each label of the circle is overridden by the next, so that it is told from its end.
        let mut told: Vec<String> = circle.iter().rev().map(|label| format!("`{}`", label.text)).collect();
        if let Some(last) = told.first().cloned() {
            told.push(last);
        }
        let message = match circle {
            [only] => format!("the {kind} `{}` overrides itself", only.text),
            _ => format!("these {kind}s override each other in a circle: {}", told.join(" overrides ")),
        };
        let mut diagnostic = self.error("override-cycle", first.span, message);
        for label in circle.iter().skip(1) {
            diagnostic = diagnostic.label(self.place(label.span), "in the circle");
        }
        let help = "remove one of the `subject to` or `notwithstanding` clauses, so that it is clear which rule wins";
        self.report(diagnostic.help(help));
    }
}
