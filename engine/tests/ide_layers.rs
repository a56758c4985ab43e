//! What an editor asks of a state's law and of what districts and schools amend in it, as data: a text in which `$0` is
//! the cursor, and what must come.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{FileId, Severity};
use rubric_engine::ide::{self, Role};
use rubric_engine::testing;

const STATE: &str = "policy state { title \"S é😀\" authority state \"Florida\" cite \"x\" effective from 2020-07-01 }
record District { key id: text }
record School { key id: text district: District jurisdiction }
record Student { key id: text private school: School jurisdiction level: count credits: count camp: flag }
parameter cut: count, districts may raise, schools may raise { cite \"(a)\" from 2020-07-01: 2 }
define reads of Student: flag = level >= cut
decision promotion of Student, districts may tighten, schools may tighten {
  outcomes up, stay
  default stay cite \"1\"
  rule ready: up when reads cite \"2\"
}
requirement enough of Student, districts may replace { cite \"3\" must earned: credits >= 5 except excused when camp }
amount aid of Student, districts may replace { cite \"4\" line base = $100 line extra = $10 when camp }
fixture child {
  as of 2024-06-01
  District dade { }
  District broward { }
  School d { district: dade }
  School b { district: broward }
  Student ana { school: d level: 3 credits: 6 camp: no }
}
test \"in the state\" from child { expect ana.promotion = stay expect ana.aid.base = $120 expect ana.aid.trip = $0 }
";

const DADE: &str =
    "policy dade { title \"D\" authority district \"dade\" under state cite \"x\" effective from 2020-07-01 }
amend parameter cut { cite \"B-1\" from 2020-07-01: 3 }
amend decision promotion {
  rule held: stay when not camp and level < cut + 1 notwithstanding ready cite \"B-2\"
}
amend requirement enough { must earned: credits >= 6 cite \"B-3\" except iep when camp cite \"B-4\" }
amend amount aid { line base = $120 cite \"B-5\" line trip = $5 when camp cite \"B-6\" }
test \"in the district\" from child {
  expect ana.promotion = stay by held
  expect ana.enough = met
  expect ana.aid.base = $120
  expect ana.aid.trip = $0
}
";

const SCHOOL: &str = "policy d { title \"D\" authority school \"d\" under dade cite \"x\" effective from 2020-07-01 }
amend parameter cut { cite \"C-1\" from 2020-07-01: 4 }
amend decision promotion { rule late: stay when camp and level < 9 notwithstanding ready subject to held cite \"C-2\" }
";

const BROWARD: &str = "policy broward { title \"B\" authority district \"broward\" under state cite \"x\" effective from 2020-07-01 }
amend decision promotion { rule held: stay when level < 9 notwithstanding ready cite \"B-7\" }
test \"elsewhere\" from child { Student ana { school: b } expect ana.promotion = stay by held }
";

const FILES: [(&str, &str); 4] =
    [("state.rubric", STATE), ("dade.rubric", DADE), ("d.rubric", SCHOOL), ("broward.rubric", BROWARD)];

/// The files, and the place where the cursor stands in one of them: after `$0` is taken out of `with`, which stands there
/// for `needle`.
fn marked(path: &str, needle: &str, with: &str) -> (Database, FileId, u32) {
    let mut database = Database::default();
    let mut found = None;
    for (name, text) in FILES {
        if name == path {
            assert!(text.contains(needle), "{needle}");
            let text = text.replacen(needle, with, 1);
            let at = text.find("$0").unwrap();
            let file = database.set_text(name, Some(&text.replacen("$0", "", 1)));
            found = Some((file, u32::try_from(at).unwrap()));
        } else {
            database.set_text(name, Some(text));
        }
    }
    let (file, offset) = found.unwrap();
    (database, file, offset)
}

/// The errors, and the tests that fail.
fn wrong(database: &Database) -> Vec<String> {
    let mut found = Vec::new();
    for file in database.files() {
        let errors = database.diagnostics(file).into_iter().filter(|it| it.severity == Severity::Error);
        found.extend(errors.map(|it| format!("{}: {} {}", database.path(file), it.code, it.message)));
    }
    let plan = database.plan();
    assert!(plan.tests.len() >= 3 || !found.is_empty());
    for test in &plan.tests {
        let report = testing::run(&plan, test);
        found.extend(report.failures.iter().map(|it| format!("{}: {it:?}", report.title)));
    }
    found
}

/// How often each file names what stands at the cursor.
fn counts(database: &Database, entity: &ide::Entity) -> [usize; 4] {
    let all = ide::references(database, entity);
    FILES.map(|(path, _)| {
        let file = database.file(path).unwrap();
        all.iter().filter(|(place, _)| place.file == file).count()
    })
}

/// The cursor by its file, and how often the state's, the district's, the school's and the other district's file name what
/// stands at it.
const NAMES: [(&str, &str, &str, [usize; 4]); 16] = [
    ("state.rubric", "parameter cut", "parameter c$0ut", [2, 2, 1, 0]),
    ("dade.rubric", "parameter cut", "parameter c$0ut", [2, 2, 1, 0]),
    ("dade.rubric", "cut + 1", "cu$0t + 1", [2, 2, 1, 0]),
    ("d.rubric", "parameter cut", "parameter c$0ut", [2, 2, 1, 0]),
    ("state.rubric", "decision promotion", "decision promo$0tion", [2, 2, 1, 2]),
    ("broward.rubric", "decision promotion", "decision promo$0tion", [2, 2, 1, 2]),
    ("state.rubric", "rule ready", "rule rea$0dy", [1, 1, 1, 1]),
    ("d.rubric", "notwithstanding ready", "notwithstanding rea$0dy", [1, 1, 1, 1]),
    // Two districts call a rule the same, and these are two rules.
    ("dade.rubric", "rule held", "rule he$0ld", [0, 2, 1, 0]),
    ("d.rubric", "subject to held", "subject to he$0ld", [0, 2, 1, 0]),
    ("broward.rubric", "rule held", "rule he$0ld", [0, 0, 0, 2]),
    ("dade.rubric", "requirement enough", "requirement eno$0ugh", [1, 2, 0, 0]),
    ("dade.rubric", "must earned", "must ear$0ned", [1, 1, 0, 0]),
    ("dade.rubric", "except iep", "except ie$0p", [0, 1, 0, 0]),
    ("state.rubric", "line base", "line ba$0se", [2, 2, 0, 0]),
    // A test of the state names what only one district adds.
    ("dade.rubric", "line trip", "line tr$0ip", [1, 2, 0, 0]),
];

#[test]
fn the_texts_have_no_mistake() {
    let (database, ..) = marked("d.rubric", "policy d", "policy d$0");
    assert_eq!(wrong(&database), [""; 0]);
}

#[test]
fn what_a_policy_names_of_those_above_is_found_in_all() {
    for (path, needle, with, expected) in NAMES {
        let (database, file, offset) = marked(path, needle, with);
        let found = ide::at(&database, file, offset).unwrap_or_else(|| panic!("nothing at {with}"));
        assert_eq!(counts(&database, &found.entity), expected, "{path}: {with}");
        let declared = ide::definition(&database, &found.entity);
        assert_eq!(declared.len(), 1, "{path}: {with}: {declared:?}");
        let declarations = ide::references(&database, &found.entity);
        let declarations = declarations.iter().filter(|(_, role)| *role == Role::Declaration);
        assert_eq!(declarations.count(), 1, "{path}: {with}");
        let about =
            ide::describe(&database, &found.entity, rubric_engine::value::Date::new(2026, 1, 1).unwrap());
        assert!(about.is_some(), "{path}: {with}");
    }
}

#[test]
fn a_rename_in_any_layer_renames_in_all_and_changes_no_meaning() {
    for (path, needle, with, expected) in NAMES {
        for new in ["renamed_é", "cite"] {
            let (mut database, file, offset) = marked(path, needle, with);
            assert!(ide::renamable(&database, file, offset).is_ok(), "{path}: {with}");
            let mut edits =
                ide::rename(&database, file, offset, new).unwrap_or_else(|error| panic!("{with}: {error:?}"));
            assert_eq!(edits.len(), expected.iter().sum::<usize>());
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span));
            for (path, _) in FILES {
                let id = database.file(path).unwrap();
                let mut text = database.text(id).to_string();
                for edit in edits.iter().filter(|edit| edit.place.file == id) {
                    let span = edit.place.span;
                    text.replace_range(span.start as usize..span.end as usize, &edit.text);
                }
                database.set_text(path, Some(&text));
            }
            assert_eq!(wrong(&database), [""; 0], "{path}: {with} to {new}");
        }
    }
}

#[test]
fn what_cannot_be_renamed_in_a_layer_is_refused() {
    let cases = [
        ("dade.rubric", "decision promotion", "decision promo$0tion", "aid", "already"),
        // A rule of the layer above, and one of the layer below.
        ("dade.rubric", "rule held", "rule he$0ld", "ready", "already"),
        ("dade.rubric", "rule held", "rule he$0ld", "late", "already"),
        ("state.rubric", "rule ready", "rule rea$0dy", "held", "already"),
        ("d.rubric", "rule late", "rule la$0te", "held", "already"),
        ("dade.rubric", "under state", "under st$0ate", "florida", "named like its file"),
        ("dade.rubric", "amend parameter", "ame$0nd parameter", "w", "no name here"),
        ("dade.rubric", "\"B-1\"", "\"B$0-1\"", "w", "no name here"),
    ];
    for (path, needle, with, new, expected) in cases {
        let (database, file, offset) = marked(path, needle, with);
        let error = ide::rename(&database, file, offset, new).unwrap_err();
        assert!(error.0.contains(expected), "{path}: {with}: {error:?}");
    }
    // What is above or below is another's, beside it nobody's.
    let (database, file, offset) = marked("broward.rubric", "rule held", "rule he$0ld");
    assert_eq!(ide::rename(&database, file, offset, "late").map(|edits| edits.len()), Ok(2));
}

#[test]
fn an_implementation_is_what_amends_and_what_overrides() {
    let cases: [(&str, &str, &str, &[&str]); 7] = [
        ("state.rubric", "parameter cut", "parameter c$0ut", &["dade.rubric cut", "d.rubric cut"]),
        (
            "state.rubric",
            "decision promotion",
            "decision promo$0tion",
            &["dade.rubric promotion", "d.rubric promotion", "broward.rubric promotion"],
        ),
        (
            "state.rubric",
            "rule ready",
            "rule rea$0dy",
            &["dade.rubric held", "d.rubric late", "broward.rubric held"],
        ),
        // From where a district says it as well.
        (
            "dade.rubric",
            "notwithstanding ready",
            "notwithstanding rea$0dy",
            &["dade.rubric held", "d.rubric late", "broward.rubric held"],
        ),
        ("state.rubric", "must earned", "must ear$0ned", &["dade.rubric earned"]),
        ("state.rubric", "line base", "line ba$0se", &["dade.rubric base"]),
        ("d.rubric", "rule late", "rule la$0te", &["dade.rubric held"]),
    ];
    for (path, needle, with, expected) in cases {
        let (database, file, offset) = marked(path, needle, with);
        let found = ide::at(&database, file, offset).unwrap();
        let mut places: Vec<String> = ide::implementations(&database, &found.entity)
            .into_iter()
            .map(|place| {
                let text = database.text(place.file);
                let name = &text[place.span.start as usize..place.span.end as usize];
                format!("{} {name}", database.path(place.file))
            })
            .collect();
        places.sort();
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(places, expected, "{path}: {with}");
    }
}
