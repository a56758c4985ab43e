//! What is computed again after an edit, and that what comes out equals a fresh database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::sync::{Arc, Mutex};

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{FileId, Severity};

const VOCABULARY: &str = "policy v { title \"V\" }
ordered category Grade { G1, G2, G3 }
record Student { key id: text  grade: Grade  level: count }
";

const RULES: &str = r#"policy r { title "R"  cite "§ 1" }
use v
parameter cut: count { cite "(1)" from 2020-01-01: 2 }
define reads of Student: flag = level >= cut
decision promotion of Student {
  outcomes up, stay
  cite "(2)"
  default stay
  rule ready: up when reads and grade >= G2
}
"#;

fn database() -> (Database, Arc<Mutex<Vec<String>>>) {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&log);
    let mut database = Database::with_events(move |event| sink.lock().unwrap().push(event));
    database.set_text("r.rubric", Some(RULES));
    database.set_text("v.rubric", Some(VOCABULARY));
    (database, log)
}

/// Every message of every file, with its code and place.
fn messages(database: &Database) -> Vec<String> {
    let mut found = Vec::new();
    for file in database.files() {
        for diagnostic in database.diagnostics(file) {
            let span = database.span(diagnostic.place().unwrap());
            found.push(format!(
                "{}:{}..{} {}: {}",
                database.path(file),
                span.start,
                span.end,
                diagnostic.code,
                diagnostic.message
            ));
        }
    }
    found
}

fn executions(log: &Mutex<Vec<String>>, query: &str) -> usize {
    std::mem::take(&mut *log.lock().unwrap()).iter().filter(|event| event.starts_with(query)).count()
}

#[test]
fn a_clean_project_has_nothing_to_say() {
    assert_eq!(messages(&database().0), [""; 0]);
}

#[test]
fn typing_inside_one_rule_lowers_that_declaration_alone() {
    let (mut database, log) = database();
    messages(&database);
    log.lock().unwrap().clear();
    database.set_text("r.rubric", Some(&RULES.replace("grade >= G2", "grade >= G3")));
    messages(&database);
    assert_eq!(executions(&log, "item_facts"), 1);
}

/// The names of the queries that were computed since the log was last read, with how often, and the log emptied.
fn computed(log: &Mutex<Vec<String>>) -> std::collections::BTreeMap<String, usize> {
    let mut found = std::collections::BTreeMap::new();
    for event in std::mem::take(&mut *log.lock().unwrap()) {
        let name = event.split('(').next().unwrap_or_default().to_owned();
        *found.entry(name).or_insert(0) += 1;
    }
    found
}

/// Twenty policies beside the two, each with rules, tests and proofs of its own.
fn crowd() -> (Database, Arc<Mutex<Vec<String>>>) {
    let (mut database, log) = database();
    for number in 0..20 {
        let text = RULES.replace("policy r ", &format!("policy other.p{number} "))
            + "test \"t\" { as of 2024-01-01 Student a { grade: G2 level: 3 } expect a.promotion = up }\n";
        database.set_bytes(&format!("other/p{number}.rubric"), text.as_bytes());
    }
    let file = database.file("r.rubric").unwrap();
    assert_eq!(messages(&database), [""; 0]);
    for file in database.files() {
        let reports = database.test_reports(file);
        assert!(reports.iter().all(|report| report.passed), "{reports:?}");
    }
    assert_eq!(database.test_reports(file).len(), 0);
    log.lock().unwrap().clear();
    (database, log)
}

#[test]
fn typing_inside_one_rule_computes_nothing_of_other_files() {
    let (mut database, log) = crowd();
    database.set_text("r.rubric", Some(&RULES.replace("grade >= G2", "grade >= G3")));
    messages(&database);
    let reports: usize = database.files().into_iter().map(|file| database.test_reports(file).len()).sum();
    assert_eq!(reports, 20);
    let computed = computed(&log);
    let expected = [
        // The text, its five items, and whether what others see of it is what it was.
        ("parsed", 1),
        ("summary", 1),
        ("item", 5),
        ("item_count", 1),
        // The declaration that was typed in, and what names it: nothing.
        ("item_facts", 1),
        ("facts", 1),
        ("bodies", 1),
        ("uses", 1),
        ("unused", 1),
        // What the file hangs on, and proofs about that declaration.
        ("part", 1),
        ("found_in_part", 1),
        ("requirement_ids", 1),
        ("body_of", 1),
        ("result_part", 1),
        ("result_proofs", 1),
        ("by_itself", 1),
        ("proofs", 1),
        ("diagnostics", 1),
        ("test_reports", 1),
    ];
    let expected: std::collections::BTreeMap<String, usize> =
        expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(computed, expected);
}

#[test]
fn a_rule_that_breaks_looks_at_nothing_of_files_that_it_names_nothing_of() {
    let (mut database, log) = crowd();
    let broken = RULES.replace("grade >= G2", "grade >");
    for text in [broken.as_str(), RULES] {
        database.set_text("r.rubric", Some(text));
        messages(&database);
        let computed = computed(&log);
        let count = |name: &str| computed.get(name).copied().unwrap_or(0);
        // What the file names is another now: every policy is asked anew what of it is needed, and what comes of that is
        // what it was.
        assert_eq!(
            ["item_facts", "uses", "used", "unneeded", "unused", "by_itself", "diagnostics"].map(count),
            [1, 1, 1, 22, 1, 1, 1],
            "{computed:?}"
        );
    }
}

#[test]
fn what_can_be_said_early_is_said_in_the_end() {
    let steps = [
        RULES.to_owned(),
        RULES.replace("reads and", "readz and"),
        RULES.replace("level >= cut", "level >="),
        RULES.replace("reads and grade >= G2", "grade >= G2"),
        RULES.replace("when reads and grade >= G2", "when grade = G1 and grade = G2"),
        RULES.replace("level >= cut", "promotion = up"),
    ];
    let mut said = 0;
    for text in &steps {
        let (mut database, log) = crowd();
        let file = database.set_text("r.rubric", Some(text));
        log.lock().unwrap().clear();
        let early = database.early_diagnostics(file);
        // No other file was looked at.
        assert!(executions(&log, "item_facts") <= 5);
        let all = database.diagnostics(file);
        assert!(early.iter().all(|one| all.contains(one)), "{text}: {early:?}, {all:?}");
        said += early.len();
        let later = all.iter().filter(|one| !early.contains(one));
        assert!(later.into_iter().all(|one| one.code.starts_with("unused")), "{text}: {all:?}");
    }
    assert!(said >= 4, "{said}");
}

#[test]
fn what_is_typed_in_one_file_is_computed_where_it_is_named() {
    let user = "policy user { title \"U\" cite \"1\" }
use v
use r
decision twice of Student { outcomes b, a cite \"2\" default a rule r: b when promotion = up and level > 1 }
test \"t\" { as of 2024-01-01 Student a { grade: G2 level: 3 } expect a.twice = b }
";
    let (mut database, log) = crowd();
    let file = database.set_text("user.rubric", Some(user));
    assert_eq!(messages(&database), [""; 0]);
    assert!(database.test_reports(file).iter().all(|report| report.passed));
    log.lock().unwrap().clear();
    database.set_text("r.rubric", Some(&RULES.replace("grade >= G2", "grade >= G3")));
    messages(&database);
    let report = database.test_reports(file);
    assert!(!report.iter().any(|report| report.passed), "{report:?}");
    let computed = computed(&log);
    // The declaration itself once; proofs about it and about what reads it; tests of the file that reads it.
    let count = |name: &str| computed.get(name).copied().unwrap_or(0);
    assert_eq!(
        ["item_facts", "result_proofs", "part", "test_reports"].map(count),
        [1, 2, 2, 1],
        "{computed:?}"
    );
}

/// Decisions, a requirement, definitions and promises in one file.
const SEVERAL: &str = r#"policy several { title "S" cite "1" }
use v
define high of Student: count = case { when level > 5 then 2 otherwise 1 }
define low of Student: count = case { when level > 2 then 2 otherwise 1 }
decision first of Student { outcomes b, a cite "2" default a rule x: b when level > 1 }
decision second of Student { outcomes c, d cite "2" default c rule x: d when first = b and grade >= G2 }
decision third of Student { outcomes f, e cite "2" default e rule x: f when level > 3 and high > 1 }
requirement fourth of Student { cite "3" must grade > G1 }
assert first never worsens as level rises
assert third never worsens as level rises
"#;

#[test]
fn an_edit_in_one_rule_proves_again_what_hangs_on_it_and_nothing_else() {
    let (mut database, log) = crowd();
    let file = database.set_text("several.rubric", Some(SEVERAL));
    let codes = |database: &Database| -> Vec<String> {
        messages(database).iter().filter(|message| message.contains("assertion")).cloned().collect()
    };
    assert_eq!(codes(&database), [""; 0]);
    log.lock().unwrap().clear();
    // By what is edited: how many results, definitions and promises are proved again.
    for (from, to, proved) in [
        // `first`, `second` that names it, and the promise of it.
        ("b when level > 1 }", "b when level > 2 }", [2, 0, 1]),
        // `second`, which nothing names.
        ("first = b and grade >= G2", "first = b and grade >= G3", [1, 0, 0]),
        // `third` and its promise.
        ("f when level > 3", "f when level > 4", [1, 0, 1]),
        ("must grade > G1", "must grade > G2", [1, 0, 0]),
        // A definition that `third` reads.
        ("level > 5 then 2", "level > 6 then 2", [1, 1, 1]),
        ("level > 2 then 2", "level > 3 then 2", [0, 1, 0]),
    ] {
        let text = database.text(file).replacen(from, to, 1);
        assert_ne!(text, *database.text(file), "{from}");
        database.set_text("several.rubric", Some(&text));
        assert_eq!(codes(&database), [""; 0]);
        let computed = computed(&log);
        let count = |name: &str| computed.get(name).copied().unwrap_or(0);
        assert_eq!(
            ["result_proofs", "define_proofs", "assert_proofs"].map(count),
            proved,
            "{to}: {computed:?}"
        );
    }
}

/// A state's law: decisions and a requirement, some of which districts may change, and values that they may raise.
const STATE: &str = r#"policy state { title "S" authority state "Florida" cite "1" }
record District { key district_id: text }
record Pupil { key id: text  district: District jurisdiction  level: count  credits: count  camp: flag }
parameter cut: count, districts may raise { cite "p" from 2020-01-01: 2 }
parameter pace: count, districts may raise { cite "q" from 2020-01-01: 5 }
decision first of Pupil, districts may tighten { outcomes up, stay cite "2" default stay rule x: up when level >= 3 }
decision second of Pupil, districts may relax { outcomes good, bad cite "3" default bad rule y: good when credits > 4 }
requirement third of Pupil, districts may add { cite "4" must level > 1 }
decision fourth of Pupil { outcomes early, late cite "5" default late rule z: early when level >= cut }
decision fifth of Pupil { outcomes fast, slow cite "6" default slow rule w: fast when credits >= pace }
"#;

/// What a district amends of it: each of the grants is used.
const DISTRICT: &str = r#"policy dade { title "D" authority district "dade" under state cite "B" }
amend decision first { rule no_camp: stay when not camp notwithstanding x cite "B-1" }
amend decision second { rule tried: good when camp cite "B-2" }
amend requirement third { cite "B-3" must credits > 1 }
amend parameter cut { from 2025-01-01: 3 cite "B-4" }
"#;

/// A third file that reads the law of the state and that nothing reads.
const READER: &str = r#"policy reader { title "R" authority state "Florida" cite "7" }
use state
decision sixth of Pupil { outcomes plan, none_needed cite "8" default none_needed rule v: plan when level < 2 }
"#;

#[test]
fn an_edit_proves_again_only_the_layers_that_it_changes() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&log);
    let mut database = Database::with_events(move |event| sink.lock().unwrap().push(event));
    let files = [("state.rubric", STATE), ("dade.rubric", DISTRICT), ("reader.rubric", READER)];
    for (path, text) in files {
        database.set_text(path, Some(text));
    }
    assert_eq!(messages(&database), [""; 0]);
    // The first time every result is proved once, wherever it is amended.
    let first = computed(&log);
    let count =
        |of: &std::collections::BTreeMap<String, usize>, name: &str| of.get(name).copied().unwrap_or(0);
    assert_eq!(["result_proofs", "amendment_proofs"].map(|name| count(&first, name)), [6, 4], "{first:?}");
    // By what is edited: how many results, amendments and grants are proved again.
    for (path, from, to, proved) in [
        // What nobody amends, of the state and of a third file.
        ("state.rubric", "fast when credits >= pace", "fast when credits > pace", [1, 0, 1]),
        ("reader.rubric", "plan when level < 2", "plan when level < 3", [1, 0, 0]),
        // What is amended: that result, and its amendment.
        ("state.rubric", "up when level >= 3", "up when level >= 4", [1, 1, 0]),
        ("state.rubric", "good when credits > 4", "good when credits > 5", [1, 1, 0]),
        ("state.rubric", "must level > 1 }", "must level > 2 }", [1, 1, 0]),
        // The amendment itself.
        ("dade.rubric", "stay when not camp", "stay when credits = 0 and not camp", [1, 1, 0]),
        ("dade.rubric", "must credits > 1", "must credits > 2", [1, 1, 0]),
        // A value that is granted to be raised, in the state and in the district: its reader, and the grant.
        ("state.rubric", "from 2020-01-01: 2 }", "from 2020-01-01: 1 }", [1, 0, 1]),
        ("dade.rubric", "from 2025-01-01: 3 cite", "from 2025-01-01: 4 cite", [1, 0, 1]),
        ("state.rubric", "early when level >= cut", "early when level > cut", [1, 0, 1]),
        // A remark, and what is written in another way.
        ("state.rubric", "requirement third", "// a remark\nrequirement third", [0, 0, 0]),
        ("dade.rubric", "amend parameter", "\n\namend parameter", [0, 0, 0]),
    ] {
        let file = database.file(path).unwrap();
        let text = database.text(file).replacen(from, to, 1);
        assert_ne!(text, *database.text(file), "{from}");
        database.set_text(path, Some(&text));
        assert_eq!(messages(&database), [""; 0], "{to}");
        let again = computed(&log);
        assert_eq!(
            ["result_proofs", "amendment_proofs", "grant_proofs"].map(|name| count(&again, name)),
            proved,
            "{to}: {again:?}"
        );
    }
}

#[test]
fn a_comment_and_a_blank_prove_nothing_again() {
    let (mut database, log) = crowd();
    database.set_text("r.rubric", Some(&RULES.replace("decision", "// a remark\n\ndecision")));
    messages(&database);
    let computed = computed(&log);
    assert_eq!(computed.get("parsed"), Some(&1));
    assert!(
        ["result_proofs", "define_proofs", "assert_proofs"].iter().all(|name| !computed.contains_key(*name)),
        "{computed:?}"
    );
}

#[test]
fn text_above_a_declaration_changes_nothing_in_it() {
    let (mut database, log) = database();
    messages(&database);
    log.lock().unwrap().clear();
    database.set_text(
        "r.rubric",
        Some(&RULES.replace("use v", "// a remark that moves all that follows\nuse v")),
    );
    messages(&database);
    assert_eq!(executions(&log, "item_facts"), 0);
}

#[test]
fn an_equal_text_computes_nothing() {
    let (mut database, log) = database();
    messages(&database);
    log.lock().unwrap().clear();
    database.set_text("r.rubric", Some(RULES));
    messages(&database);
    assert_eq!(log.lock().unwrap().len(), 0);
}

#[test]
fn a_file_that_appears_and_goes_is_noticed() {
    let (mut database, _) = database();
    database.set_text("v.rubric", None);
    let found = messages(&database);
    assert!(found.iter().any(|message| message.contains("unknown-policy")), "{found:?}");
    database.set_text("v.rubric", Some(VOCABULARY));
    assert_eq!(messages(&database), [""; 0]);
}

#[test]
fn edits_end_where_a_fresh_database_begins() {
    let edits = [
        RULES.replace("reads and", "reads or"),
        RULES.replace("level >= cut", "level >="),
        RULES.replace("Student {", "Studnt {"),
        RULES.replace("outcomes up, stay", "outcomes up"),
        String::new(),
        RULES.replace("define reads", "// é 😀\ndefine reads"),
        RULES.to_owned(),
    ];
    let (mut edited, _) = database();
    for text in &edits {
        edited.set_text("r.rubric", Some(text));
        let (mut fresh, _) = database();
        fresh.set_text("r.rubric", Some(text));
        assert_eq!(messages(&edited), messages(&fresh), "{text}");
        assert_eq!(edited.plan().decisions.len(), fresh.plan().decisions.len());
    }
}

#[test]
fn a_declaration_with_an_error_is_not_in_the_plan() {
    let (mut database, _) = database();
    assert_eq!(database.plan().decisions.len(), 1);
    database.set_text("r.rubric", Some(&RULES.replace("rule ready: up", "rule ready: upp")));
    let file: FileId = database.file("r.rubric").unwrap();
    assert!(
        database
            .diagnostics(file)
            .iter()
            .any(|it| it.severity == Severity::Error && it.code == "unknown-outcome")
    );
    assert_eq!(database.plan().decisions.len(), 0);
}

#[test]
fn bytes_that_are_not_utf8_are_said_once_and_mended_by_a_text() {
    let (mut database, _) = database();
    let mut bytes = RULES.as_bytes().to_vec();
    let at = RULES.find("§").unwrap();
    bytes.splice(at..at + 2, [0xa7]);
    database.set_bytes("r.rubric", &bytes);
    assert_eq!(messages(&database), [format!("r.rubric:{at}..{} not-utf8: this byte is not UTF-8", at + 1)]);
    database.set_text("r.rubric", Some(RULES));
    assert_eq!(messages(&database), [""; 0]);
}

#[test]
fn a_record_that_breaks_in_the_file_that_counts_is_seen_by_who_names_it() {
    let clean = "policy a.base { title \"B\" cite \"x\" }\ncategory K { a \"é😀\", b }\nrecord P { key id: text k: K level: count? }\n";
    let broken = clean.replace("record P {", "record P use a.base\n{");
    let user = "policy a.rules { title \"R\" cite \"x\" }\nuse a.base\ndecision d of P {\n  outcomes yes_it_is, nope\n  default nope cite \"1\"\n  rule r: yes_it_is when level >= 2 and k = a cite \"2\"\n}\n";
    let texts = |last: &str| {
        [("a/user.rubric", user.to_owned()), ("b.rubric", clean.to_owned()), ("d.rubric", last.to_owned())]
    };
    let mut edited = Database::default();
    for (path, text) in texts(clean) {
        edited.set_text(path, Some(&text));
    }
    messages(&edited);
    let mut steps = vec![clean.to_owned()];
    for at in 0.."use a.base\n".len() {
        steps
            .push(clean.replace("record P {", &format!("record P {}{{", "use a.base\n".get(..=at).unwrap())));
    }
    steps.push(broken);
    for step in &steps {
        edited.set_text("d.rubric", Some(step));
        let mut fresh = Database::default();
        for (path, text) in texts(step) {
            fresh.set_text(path, Some(&text));
        }
        assert_eq!(messages(&edited), messages(&fresh), "{step}");
    }
}
