//! A broken rule hides nothing in the others: one token of one rule is deleted, doubled or replaced.

use std::collections::BTreeMap;

use rubric_grammar::ast::{DecisionMember, File, ItemKind, Rule};
use rubric_grammar::{dump_item, parse};

use crate::shown;

const RULES: [&str; 4] = [
    "  rule reads: promoted\n    when level >= 2 and not (age between 3 and 5 or b.c)\n    cite \"(5)(b)\"\n",
    "  rule learner fixed: good_cause\n    when english and as_of < entry + 2 years\n    subject to reads, next\n    cite \"1\"\n",
    "  rule twice: good_cause\n    when (count of retentions where grade in (KG, G1)) >= 2\n    from 2014-07-01\n    cite \"6\"\n",
    "  rule next: retained\n    when x is missing\n    notwithstanding reads\n    because \"no {x} here\"\n",
];

fn policy(broken: &str) -> String {
    let mut text = "use a.b\ndecision d of Student where grade = G3 {\n  outcomes a, b\n".to_owned();
    text += RULES[0];
    text += broken;
    text += RULES[1];
    text += RULES[3];
    text + "}\nrecord R { a: flag }\n"
}

/// Each rule by its label, without spans; and each other item.
fn parts(file: &File) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for item in &file.items {
        match &item.kind {
            ItemKind::Decision(decision) => {
                for member in &decision.members {
                    if let DecisionMember::Rule(rule) = member {
                        out.insert(rule.label.text.clone(), rule_dump(rule));
                    }
                }
            }
            _ => {
                let dump = dump_item(item);
                out.insert(dump.clone(), dump);
            }
        }
    }
    out
}

fn rule_dump(rule: &Rule) -> String {
    let mut item = parse("decision d of R { }").file.items.remove(0);
    if let ItemKind::Decision(decision) = &mut item.kind {
        decision.members = vec![DecisionMember::Rule(rule.clone())];
    }
    dump_item(&item)
}

/// The tokens of a rule: words, numbers, texts and signs.
fn tokens(rule: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < rule.len() {
        let rest = &rule[at..];
        let c = rest.chars().next().unwrap();
        let length = if c.is_whitespace() {
            at += 1;
            continue;
        } else if c == '"' {
            rest[1..].find('"').unwrap() + 2
        } else if c.is_alphanumeric() {
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap()
        } else if rest.starts_with(">=") {
            2
        } else {
            1
        };
        out.push((at, at + length));
        at += length;
    }
    out
}

#[test]
fn other_rules_are_untouched() {
    let mut worst: Vec<String> = Vec::new();
    let mut cases = 0;
    let mut silent = 0;
    for rule in RULES {
        let label = tokens(rule)[1];
        let label = &rule[label.0..label.1];
        let expected: Vec<(String, String)> =
            parts(&parse(&policy(rule)).file).into_iter().filter(|(name, _)| name != label).collect();
        for (start, end) in tokens(rule) {
            let token = &rule[start..end];
            let mut replaced: Vec<String> =
                ["", "(", ")", "{", "=", "foo", "7", "when", "rule", "\"", ":", "@", ","]
                    .iter()
                    .map(|new| format!("{}{new}{}", &rule[..start], &rule[end..]))
                    .collect();
            replaced.push(format!("{}{token} {token}{}", &rule[..start], &rule[end..]));
            for broken in replaced {
                let text = policy(&broken);
                let parsed = parse(&text);
                cases += 1;
                silent += usize::from(parsed.errors.is_empty());
                let found = parts(&parsed.file);
                let lost: Vec<&String> = expected
                    .iter()
                    .filter(|(name, dump)| found.get(name) != Some(dump))
                    .map(|(name, _)| name)
                    .collect();
                if !lost.is_empty() || parsed.errors.len() > 2 {
                    worst.push(format!(
                        "lost {lost:?}, {} errors\n{broken}{}",
                        parsed.errors.len(),
                        shown(&text)
                    ));
                }
            }
        }
    }
    println!("{} of {cases} cases, {silent} silent\n{}", worst.len(), worst.join("\n"));
    assert!(cases > 800);
    // A few breakages are beyond help, such as a label that is the keyword of another rule.
    assert!(worst.len() * 100 <= cases, "{} of {cases}\n{}", worst.len(), worst.join("\n"));
}
