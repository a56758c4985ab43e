//! What `rubric diff` found without records, for people and as JSON, described by `docs/schemas/versions.schema.json`.

use std::fmt::Write as _;

use rubric_engine::plan::Interval;
use rubric_engine::versions::{Change, Compared, Name, Sameness, Versions};
use serde::Serialize;

use crate::terminal::{Style, Terminal, counted};

/// The name and version of the shape.
const VERSIONS_SCHEMA: &str = "rubric.versions/1";

#[derive(Debug, Serialize)]
pub(crate) struct VersionsReport<'a> {
    schema: &'static str,
    rubric: &'static str,
    differ: bool,
    vocabulary: Vec<ChangeShape<'a>>,
    policies: Vec<ChangeShape<'a>>,
    parameters: Vec<ParameterShape<'a>>,
    only_old: Vec<NameShape<'a>>,
    only_new: Vec<NameShape<'a>>,
    renamed: Vec<RenamedShape<'a>>,
    results: Vec<ResultShape<'a>>,
}

#[derive(Debug, Serialize)]
struct ChangeShape<'a> {
    what: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ParameterShape<'a> {
    policy: &'a str,
    parameter: &'a str,
    key: &'a [String],
    from: Option<String>,
    until: Option<String>,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct NameShape<'a> {
    policy: &'a str,
    kind: &'static str,
    name: &'a str,
    record: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RenamedShape<'a> {
    old: NameShape<'a>,
    new: NameShape<'a>,
}

#[derive(Debug, Serialize)]
struct ResultShape<'a> {
    policy: &'a str,
    result: &'a str,
    kind: &'static str,
    record: Option<&'a str>,
    /// In the old version, where it is another.
    old_policy: Option<&'a str>,
    verdict: &'static str,
    reason: Option<&'a str>,
    old: Option<SideShape<'a>>,
    new: Option<SideShape<'a>>,
    waivers: Vec<ChangeShape<'a>>,
    terms: Vec<ChangeShape<'a>>,
}

#[derive(Debug, Serialize)]
struct SideShape<'a> {
    result: &'a str,
    test: &'a str,
}

fn change(change: &Change) -> ChangeShape<'_> {
    ChangeShape { what: &change.what, old: change.old.as_deref(), new: change.new.as_deref() }
}

fn name(name: &Name) -> NameShape<'_> {
    NameShape { policy: &name.policy, kind: name.kind, name: &name.name, record: name.record.as_deref() }
}

fn verdict(sameness: &Sameness) -> &'static str {
    match sameness {
        Sameness::Identical => "identical",
        Sameness::Proved => "same",
        Sameness::Differs(_) => "differs",
        Sameness::NotDecided(_) => "not_decided",
    }
}

/// For programs.
pub(crate) fn versions_report(found: &Versions) -> VersionsReport<'_> {
    let day = |day: Option<rubric_engine::value::Date>| day.map(|day| day.to_string());
    VersionsReport {
        schema: VERSIONS_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        differ: found.differ(),
        vocabulary: found.vocabulary.iter().map(change).collect(),
        policies: found.policies.iter().map(change).collect(),
        parameters: found
            .parameters
            .iter()
            .map(|it| ParameterShape {
                policy: &it.policy,
                parameter: &it.parameter,
                key: &it.key,
                from: day(it.days.from),
                until: day(it.days.until),
                old: it.change.old.as_deref(),
                new: it.change.new.as_deref(),
            })
            .collect(),
        only_old: found.only_old.iter().map(name).collect(),
        only_new: found.only_new.iter().map(name).collect(),
        renamed: found
            .renamed
            .iter()
            .map(|(old, new)| RenamedShape { old: name(old), new: name(new) })
            .collect(),
        results: found.results.iter().map(one).collect(),
    }
}

fn one(it: &Compared) -> ResultShape<'_> {
    let difference = match &it.sameness {
        Sameness::Differs(difference) => Some(difference),
        _ => None,
    };
    ResultShape {
        policy: &it.new.policy,
        result: &it.new.name,
        kind: it.new.kind,
        record: it.new.record.as_deref(),
        old_policy: (it.old.policy != it.new.policy).then_some(it.old.policy.as_str()),
        verdict: verdict(&it.sameness),
        reason: match &it.sameness {
            Sameness::NotDecided(why) => Some(why),
            _ => None,
        },
        old: difference.map(|it| SideShape { result: &it.old, test: &it.old_test }),
        new: difference.map(|it| SideShape { result: &it.new, test: &it.new_test }),
        waivers: it.waivers.iter().map(change).collect(),
        terms: it.terms.iter().map(change).collect(),
    }
}

/// For people.
pub(crate) fn full_versions(found: &Versions, terminal: Terminal) -> String {
    let mut text = String::new();
    for it in &found.vocabulary {
        line(&mut text, "", it);
    }
    for it in &found.policies {
        line(&mut text, "policy ", it);
    }
    for it in &found.parameters {
        let days = days(&it.days);
        let what = format!("parameter {}.{}{days}", it.policy, it.change.what);
        line(&mut text, "", &Change { what, ..it.change.clone() });
    }
    for (names, which) in [(&found.only_old, "old"), (&found.only_new, "new")] {
        for name in names {
            let _ = writeln!(text, "{name}: only in the {which} version");
        }
    }
    for (old, new) in &found.renamed {
        let _ = writeln!(text, "{old}: gives the same as {new} in the new version");
    }
    for it in &found.results {
        full_result(&mut text, it, terminal);
    }
    text
}

fn full_result(text: &mut String, it: &Compared, terminal: Terminal) {
    let title = terminal.paint(Style::Strong, &it.new.to_string()).into_owned();
    let says = match &it.sameness {
        Sameness::Identical => "the same for all records".to_owned(),
        Sameness::Proved => "the same for all complete records".to_owned(),
        Sameness::Differs(difference) => format!("differs: {} -> {}", difference.old, difference.new),
        Sameness::NotDecided(why) => format!("not decided: {why}"),
    };
    let _ = writeln!(text, "{title}: {says}");
    if it.old.policy != it.new.policy {
        let _ = writeln!(text, "  in the old version of policy {}", it.old.policy);
    }
    for change in &it.terms {
        line(text, "  ", change);
    }
    for change in &it.waivers {
        line(text, "  who may waive ", change);
    }
    if let Sameness::Differs(difference) = &it.sameness {
        for (which, test) in [("new", &difference.new_test), ("old", &difference.old_test)] {
            let _ = writeln!(
                text,
                "\n  a record that shows it, made up; with the {which} version this passes:\n"
            );
            for line in test.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
        text.push('\n');
    }
}

fn line(text: &mut String, before: &str, change: &Change) {
    let what = &change.what;
    let _ = match (&change.old, &change.new) {
        (Some(old), Some(new)) => writeln!(text, "{before}{what}: {old} -> {new}"),
        (Some(old), None) => writeln!(text, "{before}{what}: only in the old version: {old}"),
        (None, Some(new)) => writeln!(text, "{before}{what}: only in the new version: {new}"),
        (None, None) => Ok(()),
    };
}

fn days(days: &Interval) -> String {
    match (days.from, days.until) {
        (None, None) => String::new(),
        (Some(from), None) => format!(" from {from}"),
        (None, Some(until)) => format!(" until {until}"),
        (Some(from), Some(until)) => format!(" from {from} until {until}"),
    }
}

/// How much is the same and how much is not, in a line.
pub(crate) fn versions_summary(found: &Versions) -> String {
    let count = |test: fn(&Sameness) -> bool| found.results.iter().filter(|it| test(&it.sameness)).count();
    let same = count(|it| matches!(it, Sameness::Identical | Sameness::Proved));
    let differ = count(|it| matches!(it, Sameness::Differs(_)));
    let open = count(|it| matches!(it, Sameness::NotDecided(_)));
    format!("{} the same, {differ} that differ, {open} not decided", counted(same, "result"))
}
