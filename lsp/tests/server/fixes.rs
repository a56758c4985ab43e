//! Every diagnostic that offers a fix: a text with the mistake, the fix asked for over the wire and made in the text, and
//! the mistake gone.

use std::collections::BTreeSet;

use rubric_engine::check::FIXES;
use serde_json::{Value, json};

use crate::client::{Client, edited};
use crate::requests::able;

const VOCABULARY: &str = "/// é😀
policy a.v { title \"V\" cite \"x\" school_year starts july 1 authority state \"S\" }
ordered category Grade { G1 \"é😀\", G2, G3 }
record District { key district_id: text grants: money base: money }
record School { key school_id: text district: District jurisdiction students: many Student }
record Student {
  key student_id: text private
  school: School jurisdiction
  grade: Grade
  level: count
  credits: number?
  camp: flag
  due: money
  entry: date
  results: many Result
}
record Result { key result_id: text student: Student score: count taken_on: date }
parameter cut: count { cite \"(1)\" from 2020-01-01: 2 }
decision promotion of Student, districts may tighten {
  outcomes up, stay
  cite \"(2)\"
  default stay
  rule ready: up when level >= cut
}
parameter rate: count, districts may raise { cite \"(3)\" from 2020-01-01: 2 from 2026-01-01: 4 }
decision support of Student, districts may relax {
  outcomes given, none_given
  cite \"(4)\"
  default none_given
  rule low: given when level < rate
}
fixture child {
  as of 2024-06-01
  School s { }
  Student maria { school: s grade: G1 level: 1 }
}
test \"t\" from child { expect maria.promotion = stay }
";

/// What stands before each text.
const HEAD: &str = "policy a.b { title \"é😀\" cite \"x\" authority district \"d\" under a.v school_year starts july 1 }\nuse a.v\n";

/// A code; a text whose one mistake it is; what stands in the text when it is mended.
const CASES: &[(&str, &str, &str)] = &[
    (
        "amends-nothing",
        "amend decision promoton { rule late: stay when level < 9 notwithstanding ready cite \"1\" }\n",
        "amend decision promotion {",
    ),
    (
        "bad-allow",
        "allow(unused-defintion) \"é😀\" define d of Student: flag = level > 1\n",
        "allow(unused-definition)",
    ),
    (
        "bad-allow",
        "allow(unused-definition) \"é😀\" define d of Student: flag = level > 1\ndefine e of Student: flag = not d\n",
        "define d",
    ),
    ("bad-literal", "define d of Student: flag = entry > 2024/09/01\n", "2024-09-01"),
    ("bad-literal", "define d of Student: flag = school_year(entry) = SY23-24\n", "SY2023-24"),
    (
        "foreign-operator",
        "define d of Student: flag = level >= 2 && level != 4\n",
        "level >= 2 and level != 4",
    ),
    ("foreign-operator", "define d of Student: flag = level == 2\n", "level = 2"),
    (
        "may-be-missing",
        "define d of Student: count = (latest of results by taken_on).score\n",
        "d of Student: count? =",
    ),
    (
        "needless-comma",
        "record Room { key room_id: text, seats: count, floor: count }\n",
        "text seats: count floor",
    ),
    (
        "needs-brackets",
        "define d of Student: flag = not any of results where score > 1\n",
        "= none of results",
    ),
    (
        "needs-brackets",
        "define d of District: money = 20% of base rounded half up to dollars\n",
        "(20% of base) rounded",
    ),
    (
        "not-looser",
        "amend decision support { rule absent: none_given when not camp cite \"1\" }\n",
        "none_given subject to low when not camp",
    ),
    (
        "not-tighter",
        "amend decision promotion { rule absent: stay when not camp cite \"1\" }\n",
        " ready when not camp",
    ),
    (
        "overtaken-value",
        "amend parameter rate { from 2025-01-01: 3 cite \"1\" }\n",
        "from 2025-01-01 until 2026-01-01: 3",
    ),
    ("percent-of-sum", "define d of District: money = 20% of base + grants\n", "("),
    (
        "rank-needs-known",
        "define d of Student: flag = in top 5% of credits among Student per school\n",
        "credits is known",
    ),
    (
        "rule-conflict",
        "decision d of Student { outcomes a, b cite \"1\" default b rule r: a when level > 1 rule s: b when camp }\n",
        "s: b ",
    ),
    (
        "swallowed-comparison",
        "requirement r of School { cite \"§ 7\" must count of students where not camp <= 30 }\n",
        "(",
    ),
    ("syntax", "define d of Student flag = level > 1\n", "Student: flag"),
    ("syntax", "define d of Student: flag level > 1\n", "= level > 1"),
    (
        "syntax",
        "decison d of Student { outcomes a, b cite \"1\" default b rule r: a when level > 1 }\n",
        "decision d",
    ),
    (
        "syntax",
        "decision d of Student { outcomes a, b cite \"1\" default b r: a when level > 1 }\n",
        "rule r: a",
    ),
    (
        "syntax",
        "decision d of Student outcomes a, b cite \"1\" default b rule r: a when level > 1 }\n",
        "Student {",
    ),
    ("syntax", "define d of Student: text = \"é😀\n", "\"é😀\""),
    ("syntax", "define d of Student: flag = level > 1 }\n", "level > 1"),
    ("type-mismatch", "define d of Student: flag = entry + 30 > entry\n", "30 days"),
    ("type-mismatch", "define d of Student: flag = school_year(entry) >= 2023\n", "SY2023-24"),
    ("typographic-character", "define d of Student: text = “é😀”\n", "= \"é😀\""),
    (
        "uneven-limit",
        "amount aid of District { line s = (12.5% of grants) rounded half up to dollars at most base * 3 cite \"1\" }\n",
        "at most",
    ),
    (
        "uneven-share",
        "record Office { key office_id: text district: District weight: number }\nextend record District { offices: many Office }\namount part of Office = apportion 12.5% of district.grants over district.offices by weight to cents\n",
        "rounded",
    ),
    ("unit-mismatch", "define d of District: flag = base > 5\n", "base > $5"),
    ("unit-mismatch", "define d of District: money = base + 5\n", "base + $5"),
    ("unknown-field", "define d of Result: flag = student.levl > 1\n", "student.level"),
    (
        "unknown-field",
        "test \"t\" from child { Student maria { levl: 2 } expect maria.promotion = up }\n",
        "{ level: 2 }",
    ),
    ("unknown-fixture", "test \"t\" from chid { expect maria.promotion = stay }\n", "from child"),
    (
        "unknown-label",
        "decision d of Student { outcomes a, b cite \"1\" default b rule one: a when level > 1 rule two: b when level > 5 notwithstanding onne }\n",
        "notwithstanding one",
    ),
    (
        "unknown-label",
        "amend decision promotion { rule late: stay when level < 9 notwithstanding redy cite \"1\" }\n",
        "notwithstanding ready",
    ),
    ("unknown-name", "define d of Student: flag = levl > 1\n", "= level > 1"),
    (
        "unknown-outcome",
        "decision d of Student { outcomes gone, here cite \"1\" default here rule r: gon when level > 1 }\n",
        "r: gone",
    ),
    ("unknown-outcome", "test \"t\" from child { expect maria.promotion = stya }\n", "= stay"),
    ("unknown-policy", "use a.vv\ndefine d of Student: flag = level > 1\n", "use a.v\n"),
    (
        "unknown-row",
        "test \"t\" from child { Student ben like mari { } expect ben.promotion = stay }\n",
        "like maria",
    ),
    (
        "unknown-type",
        "record Room { key room_id: text grade: Grde }\ndefine d of Student: flag = level > 1\n",
        "grade: Grade",
    ),
    (
        "unknown-type",
        "test \"t\" from child { Studnt ben { level: 2 } expect maria.promotion = stay }\n",
        "Student ben",
    ),
    ("unknown-value", "define d of Student: flag = grade = G22\n", "grade = G2"),
    (
        "unknown-value",
        "requirement r of Student { cite \"1\" severity warnin must level > 1 }\n",
        "severity warning",
    ),
    ("unrounded-money", "amount x of Student { cite \"1\" line l = due / 3 }\n", "rounded half up to cents"),
    ("unused-use", "use a.w\ndefine d of Student: flag = level > 1\n", "define d"),
    (
        "vacuous-all",
        "requirement r of Student { cite \"1\" must all of results satisfy score > 1 }\n",
        "some and all of results",
    ),
    (
        "wrong-arguments",
        "define e of Student: flag = level > 1\ndefine d: date = nth_weekday(1, wendesday, october, 2024)\n",
        "(1, wednesday,",
    ),
];

fn errors(found: &[Value]) -> usize {
    found.iter().filter(|one| one["severity"] == 1).count()
}

fn messages(found: &[Value]) -> Vec<String> {
    found.iter().map(|one| format!("{} {}", one["code"], one["message"])).collect()
}

#[tokio::test]
async fn every_fix_mends_its_mistake() {
    let other = "policy a.w { title \"W\" cite \"x\" }\ncategory Elsewhere { here, there }\n";
    let mut client = Client::start(&[("a/v.rubric", VOCABULARY), ("a/w.rubric", other)], able()).await;
    assert_eq!(client.diagnostics("a/v.rubric").await, Vec::<Value>::new());
    let mut covered: BTreeSet<String> = BTreeSet::new();
    let mut failed = Vec::new();
    for (code, rest, mended) in CASES {
        let text = format!("{HEAD}{rest}");
        client.open("a/b.rubric", &text).await;
        let uri = client.uri("a/b.rubric");
        let found = client.diagnostics("a/b.rubric").await;
        let mut offered = 0;
        for one in &found {
            let params = json!({
                "textDocument": { "uri": uri }, "range": one["range"],
                "context": { "diagnostics": [one], "only": ["quickfix"] },
            });
            let actions = client.request("textDocument/codeAction", params).await;
            let of_it = |action: &&Value| action["diagnostics"][0]["message"] == one["message"];
            for action in actions.as_array().unwrap().iter().filter(of_it) {
                // Of every mistake that a text has, not only of the one that it is there for.
                covered.insert(one["code"].as_str().unwrap().to_owned());
                offered += usize::from(one["code"] == *code);
                assert_eq!(action["kind"], "quickfix");
                assert_eq!(action["diagnostics"][0], *one);
                let changes = action["edit"]["changes"].as_object().unwrap();
                assert_eq!(changes.keys().collect::<Vec<_>>(), [&uri], "{rest}");
                let fixed = edited(&text, &changes[&uri]);
                client.change("a/b.rubric", json!([{ "text": fixed }])).await;
                let left = client.diagnostics("a/b.rubric").await;
                let again = |it: &&Value| it["code"] == one["code"] && it["message"] == one["message"];
                if fixed == text
                    || !fixed.contains(mended)
                    || left.iter().any(|it| again(&it))
                    || errors(&left) > errors(&found) - usize::from(one["severity"] == 1)
                {
                    failed.push(format!("{code}: {rest}{} gives {fixed}{:?}", one["code"], messages(&left)));
                }
                client.change("a/b.rubric", json!([{ "text": text }])).await;
            }
        }
        if offered == 0 {
            failed.push(format!("{code}: {rest}: nothing is offered: {:?}", messages(&found)));
        }
        client.close("a/b.rubric").await;
    }
    assert!(failed.is_empty(), "{} of {}: {}", failed.len(), CASES.len(), failed.join("\n"));
    let fixable: BTreeSet<String> = FIXES.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(covered, fixable, "what is offered here, and what can be offered");
    let listed: Vec<&str> = fixable.iter().map(String::as_str).collect();
    assert_eq!(FIXES.to_vec(), listed, "the list is in order");
    client.end().await;
}

#[tokio::test]
async fn what_has_one_clear_fix_is_mended_all_at_once() {
    let text = format!(
        "{HEAD}define d of Student: flag = level == 2 && level != 4\nrecord R {{ key id: text, n: count }}\n"
    );
    let mut client = Client::start(&[("a/v.rubric", VOCABULARY)], able()).await;
    client.open("a/b.rubric", &text).await;
    let uri = client.uri("a/b.rubric");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": uri }, "range": range,
        "context": { "diagnostics": [], "only": ["source.fixAll"] },
    });
    let actions = client.request("textDocument/codeAction", params).await;
    let fixed = edited(&text, &actions[0]["edit"]["changes"][&uri]);
    assert!(fixed.contains("level = 2 and level != 4\n") && fixed.contains("text n: count"), "{fixed}");
    client.change("a/b.rubric", json!([{ "text": fixed }])).await;
    assert_eq!(errors(&client.diagnostics("a/b.rubric").await), 0);
    client.end().await;
}
