//! What the sample records come to: lenses on rules and results, and the documents that they open.

use std::fmt::Write as _;

use rubric_engine::diagnostic::{FileId, Place};
use rubric_engine::ide::{Counted, DEFAULT, Deciding};
use rubric_engine::plan::{Plan, ResultId};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use super::explanation::escaped;
use super::lenses::lens;
use crate::commands;
use crate::sample::{Findings, Flips, FolderSeen, LISTED, Seen};
use crate::snapshot::Snapshot;

/// A number with its thousands apart.
fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The folder that holds a file, and whether what is known of it is of this state.
fn of_file<'s>(snapshot: &Snapshot, seen: &'s Seen, file: FileId) -> Option<&'s FolderSeen> {
    let path = snapshot.view.on_disk(snapshot.database.path(file))?;
    let holding = seen.folders.iter().filter(|folder| path.starts_with(&folder.folder));
    holding.max_by_key(|folder| folder.folder.components().count())
}

/// The lenses of a file. `header`: where its policy begins.
pub(crate) fn lenses(
    snapshot: &Snapshot,
    uri: &lsp::Uri,
    file: FileId,
    header: Option<lsp::Range>,
    found: &mut Vec<lsp::CodeLens>,
) {
    let Some(seen) = snapshot.sampled.as_ref() else { return };
    let Some(folder) = of_file(snapshot, seen, file) else { return };
    let findings = match &folder.found {
        Ok(findings) => findings,
        Err(why) => {
            let title = format!("sample: {}", why.replace('`', ""));
            found.extend(header.map(|range| lens(range, title, "", Vec::new())));
            return;
        }
    };
    let plan = snapshot.database.plan();
    // Until it is counted again, what is shown is of the text before the last edit, and says so.
    let stale = if seen.number == snapshot.number { "" } else { " (counting)" };
    for result in &plan.symbols.results {
        let Some((place, policy, name)) = named(&plan, *result).filter(|(place, ..)| place.file == file)
        else {
            continue;
        };
        let counted: Vec<&Counted> = findings.of(policy, name).collect();
        let arguments = vec![json!(uri), json!(name)];
        if let Some(title) = summary(*result, &counted) {
            let range = snapshot.place_range(place);
            found.push(lens(range, format!("{title}{stale}"), commands::SHOW_SAMPLE, arguments.clone()));
        }
        let flips: usize = findings.flips_of(policy, name).map(|flips| flips.count).sum();
        if flips > 0 {
            let title = match flips {
                1 => format!("this edit flips 1 record{stale}"),
                more => format!("this edit flips {} records{stale}", grouped(more as u64)),
            };
            let range = snapshot.place_range(place);
            found.push(lens(range, title, commands::SHOW_FLIPS, arguments.clone()));
        }
        let (ResultId::Decision(id), [counted]) = (*result, counted.as_slice()) else { continue };
        let Some(body) = plan.decisions.get(&id.0) else { continue };
        let rules = body.rules.iter().map(|rule| (rule.place, &*rule.label));
        for (place, label) in rules.chain(body.defaults.iter().map(|default| (default.place, DEFAULT))) {
            let deciding = counted.rules.get(label).copied().unwrap_or_default();
            let title = format!("{}{stale}", decides(counted, deciding));
            let range = snapshot.place_range(place);
            found.push(lens(range, title, commands::SHOW_SAMPLE, arguments.clone()));
        }
    }
}

/// The name of a result, its policy's name and where it is declared.
fn named(plan: &Plan, result: ResultId) -> Option<(Place, &str, &str)> {
    let symbols = &plan.symbols;
    let (place, policy, name) = match result {
        ResultId::Decision(id) => {
            let symbol = symbols.decision(id)?;
            (symbol.place, symbol.policy, symbol.name.as_str())
        }
        ResultId::Requirement(id) => {
            let symbol = symbols.requirement(id)?;
            (symbol.place, symbol.policy, symbol.name.as_str())
        }
        ResultId::Amount(id) => {
            let symbol = symbols.amount(id)?;
            (symbol.place, symbol.policy, symbol.name.as_str())
        }
    };
    Some((place, symbols.policy(policy)?.name.as_str(), name))
}

/// Whether a result, or one of a requirement `for each` value, is of that name.
fn is_named(full: &str, name: &str) -> bool {
    full.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}

impl Findings {
    fn of<'f>(&'f self, policy: &'f str, name: &'f str) -> impl Iterator<Item = &'f Counted> {
        self.counted.iter().filter(move |it| it.policy == policy && is_named(&it.name, name))
    }

    fn flips_of<'f>(&'f self, policy: &'f str, name: &'f str) -> impl Iterator<Item = &'f Flips> {
        self.flips.iter().filter(move |it| it.policy == policy && is_named(&it.name, name))
    }
}

fn rows(counted: &Counted) -> String {
    if counted.rows < counted.of {
        return format!("the first {} of {}", grouped(counted.rows), grouped(counted.of));
    }
    grouped(counted.rows)
}

/// `decides 412 of 10,000; 3 undetermined`.
fn decides(counted: &Counted, rule: Deciding) -> String {
    let mut text = format!("decides {} of {}", grouped(rule.decides), rows(counted));
    if rule.open > 0 {
        let _ = write!(text, "; {} undetermined", grouped(rule.open));
    }
    text
}

/// What a result came to, in a line.
fn summary(result: ResultId, counted: &[&Counted]) -> Option<String> {
    let first = counted.first()?;
    if let ResultId::Amount(_) = result {
        let open: Vec<(&str, u32)> = first.tally().into_iter().filter(|(word, _)| is_open(word)).collect();
        let known = open.iter().fold(first.rows, |rows, (_, count)| rows.saturating_sub(*count));
        let mut text = format!("known for {} of {}", grouped(known), rows(first));
        for (word, count) in open {
            let _ = write!(text, "; {} {word}", grouped(count));
        }
        return Some(text);
    }
    let mut all: Vec<(&str, u32)> = Vec::new();
    for (word, count) in counted.iter().flat_map(|counted| counted.tally()) {
        match all.iter_mut().find(|(known, _)| *known == word) {
            Some((_, sum)) => *sum += count,
            None => all.push((word, count)),
        }
    }
    let words: Vec<String> = all.iter().map(|(word, count)| format!("{word} {}", grouped(*count))).collect();
    Some(match words.as_slice() {
        [] => "the sample has no records of it".to_owned(),
        words => words.join(", "),
    })
}

fn is_open(word: &str) -> bool {
    matches!(word, "undetermined" | "error" | "not_applicable")
}

/// The document that `rubric.showSample` and `rubric.showFlips` give.
pub(crate) fn document(snapshot: &Snapshot, file: FileId, name: &str, only_flips: bool) -> Result<Value> {
    let unknown = || Error::invalid_params(format!("nothing was counted for `{name}` yet"));
    let seen = snapshot.sampled.as_ref().ok_or_else(unknown)?;
    let folder = of_file(snapshot, seen, file).ok_or_else(unknown)?;
    let findings = folder.found.as_ref().map_err(|why| Error::invalid_params(why.clone()))?;
    let plan = snapshot.database.plan();
    let policy = snapshot.database.collected().policies.get(&file).copied();
    let policy = policy.and_then(|id| plan.symbols.policy(id)).map(|policy| policy.name.as_str());
    let policy = policy.ok_or_else(unknown)?;
    let counted: Vec<&Counted> = findings.of(policy, name).collect();
    if counted.is_empty() {
        return Err(unknown());
    }
    let title = if only_flips { format!("{name}: what this edit flips") } else { format!("{name}: sample") };
    let mut text = format!("# {}\n\n", escaped(&title));
    let _ = writeln!(text, "Records of `{}` as of {}", folder.shown.replace('`', "'"), findings.as_of);
    if seen.number != snapshot.number {
        text.push_str("\nAs the policies were before the last edit: it is being counted again.\n");
    }
    if findings.errors > 0 {
        let _ = writeln!(
            text,
            "\n{} in the records; `rubric data check --data sample` lists them.",
            match findings.errors {
                1 => "There is 1 fault".to_owned(),
                more => format!("There are {} faults", grouped(more as u64)),
            }
        );
    }
    if !only_flips {
        for counted in &counted {
            table(counted, &mut text);
        }
    }
    for flips in findings.flips_of(policy, name) {
        list(flips, &mut text);
    }
    Ok(json!({ "title": title, "markdown": text }))
}

fn table(counted: &Counted, text: &mut String) {
    let _ = writeln!(text, "\n## {} of {}\n", escaped(&counted.name), escaped(&counted.record_name));
    let _ = writeln!(text, "| result | records of {} |\n|---|---:|", rows(counted));
    let tally = counted.tally();
    if let ResultId::Amount(_) = counted.result {
        let open: Vec<&(&str, u32)> = tally.iter().filter(|(word, _)| is_open(word)).collect();
        let known = open.iter().fold(counted.rows, |rows, (_, count)| rows.saturating_sub(*count));
        let _ = writeln!(text, "| known | {} |", grouped(known));
        for (word, count) in open {
            let _ = writeln!(text, "| {} | {} |", escaped(word), grouped(*count));
        }
        return;
    }
    for (word, count) in tally {
        let _ = writeln!(text, "| {} | {} |", escaped(word), grouped(count));
    }
    if counted.rules.is_empty() {
        return;
    }
    text.push_str("\n| rule | decides | undetermined |\n|---|---:|---:|\n");
    for (label, rule) in &counted.rules {
        let _ = writeln!(text, "| {} | {} | {} |", escaped(label), grouped(rule.decides), grouped(rule.open));
    }
}

fn list(flips: &Flips, text: &mut String) {
    let _ = writeln!(text, "\n## {} that flip\n", escaped(&flips.name));
    text.push_str("| record | where | before | now |\n|---|---|---|---|\n");
    for flip in &flips.listed {
        let cells = [&flip.key, &flip.place, &flip.before, &flip.now].map(|cell| escaped(cell));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    if flips.count > LISTED {
        let _ = writeln!(text, "\nand {} more", grouped((flips.count - LISTED) as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, expected) in [(0, "0"), (412, "412"), (10_000, "10,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number as u32), expected);
        }
    }

    #[test]
    fn results_for_each_value_are_of_one_name() {
        assert!(is_named("safe", "safe") && is_named("safe(math)", "safe"));
        assert!(!is_named("safety", "safe"));
    }
}
