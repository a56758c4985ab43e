//! What the language promises and no other test holds, sentence by sentence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod common;

use std::fmt::Write as _;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;

const HEADER: &str = "policy p { title \"T\" authority state \"S\" cite \"c\" effective from 2000-01-01 school_year \
                      starts july 1 month_end round up }\n";

/// Every test of the text passes, and there are as many as said. A text without a header is given one.
fn passes(tests: usize, text: &str) {
    if text.trim_start().starts_with("policy ") {
        common::passes(tests, text);
    } else {
        common::passes(tests, &format!("{HEADER}{text}"));
    }
}

/// The errors and warnings of a text, each on a line: code, place, message, help.
fn said(text: &str) -> String {
    let mut db = Database::default();
    let file = db.set_text("p.rubric", Some(&format!("{HEADER}{text}")));
    let mut found = String::new();
    for one in db.diagnostics(file) {
        let place = one.place().and_then(|place| db.source(place)).unwrap_or_default();
        _ = writeln!(found, "{} at `{place}`: {}; {}", one.code, one.message, one.help.unwrap_or_default());
    }
    found
}

/// A policy outside its interval gives nothing, whatever the record; so does a result outside its own.
#[test]
fn what_is_not_in_force_does_not_apply() {
    passes(
        3,
        r#"
        policy p { title "T" cite "c" effective from 2010-07-01 until 2020-07-01 }
        record Child { key id: text  a: flag  n: count }
        decision d of Child { outcomes one, two  default two cite "0"  rule r: one when a cite "1" }
        requirement q of Child { cite "c"  must a }
        requirement late of Child { cite "c"  from 2015-07-01  must a }
        amount pay of Child: number { cite "c"  line all = n }
        fixture f { Child x { a: yes n: 3 } }
        test "before" from f {
          as of 2010-06-30
          expect x.d = not_applicable
          expect x.q = not_applicable
          expect x.pay = not_applicable
        }
        test "while" from f {
          as of 2010-07-01
          expect x.d = one
          expect x.q = met
          expect x.late = not_applicable
          expect x.pay = 3
        }
        test "after" from f {
          as of 2020-07-01
          expect x.d = not_applicable
          expect x.late = not_applicable
        }
        "#,
    );
}

#[test]
fn a_part_stands_for_its_rules() {
    passes(
        4,
        r#"
        record Child { key id: text  a: flag  b: flag  c: flag }
        decision d of Child {
          outcomes one, two
          default two cite "0"
          part good cite "1" subject to against from 2010-07-01 until 2030-07-01 {
            rule first: one when a
            rule second: one when b from 2020-07-01
          }
          rule against: two when c cite "2"
          rule last: two when a and b and c cite "3" notwithstanding good
        }
        fixture f { Child x { a: yes b: yes c: no } }
        test "its dates are those of each rule" from f { as of 2009-07-01  expect x.d = two by default }
        test "each rule has its own too" from f { as of 2012-07-01  expect x.d = one by first }
        test "both" from f { as of 2024-07-01  expect x.d = one by first, second }
        test "its label names all of them" from f {
          as of 2024-07-01
          Child x { c: yes }
          expect x.d = two by against, last
        }
        "#,
    );
}

#[test]
fn requirements_and_amounts_follow_the_law_of_their_own_day() {
    passes(
        2,
        r#"
        parameter least: count { cite "l"  from 2010-07-01: 10  from 2020-07-01: 20 }
        record Child { key id: text  year: school_year  n: count  starts: date }
        requirement q of Child law on first_day of year { cite "c"  due starts + 30 days  must n >= least }
        amount pay of Child: number law on first_day of year { cite "c"  line all = n * least }
        fixture f {
          Child old { year: SY2012-13  n: 15  starts: 2024-09-01 }
          Child new { year: SY2022-23  n: 15  starts: 2024-09-01 }
        }
        test "of the year" from f {
          as of 2024-11-01
          expect old.q = met
          expect new.q = violated
          expect old.pay = 150 and new.pay = 300
        }
        test "the day of due stays that of the run" from f {
          as of 2024-10-01
          expect new.q = pending
        }
        "#,
    );
}

#[test]
fn outcomes_may_be_a_category_and_have_no_order_elsewhere() {
    passes(
        1,
        r#"
        category Tier { high, low }
        record Child { key id: text  a: flag  tier: Tier }
        decision placed of Child where tier = high { outcomes Tier  default low cite "0"  rule r: high when a cite "1" }
        define same of Child: flag = placed = tier
        define other of Child: flag = placed != high
        test "t" {
          as of 2024-09-01
          Child x { a: yes tier: high }
          Child y { a: no tier: low }
          expect x.placed = high and x.same and not x.other
          expect y.placed = not_applicable
          expect not y.same and y.other
        }
        "#,
    );
    let found = said(
        r#"
        record Child { key id: text  a: flag }
        decision d of Child { outcomes one, two  default two cite "0"  rule r: one when a cite "1" }
        define better of Child: flag = d < two
        test "t" { as of 2024-09-01 Child x { a: yes } expect x.better }
        "#,
    );
    assert!(found.contains("not compared by order") && found.contains("`d in (one, two)`"), "{found}");
}

/// A record of which nothing is supplied is unknown; a key that leads nowhere is known, its row is not.
#[test]
fn what_is_on_file_and_what_is_not() {
    passes(
        3,
        r#"
        record School { key id: text  level: count  children: many Child }
        record Child { key id: text  school: School }
        define size of School: count = count of children
        define level of Child: count = school.level
        define same of Child: flag = school = School("x")
        test "no file" { as of 2024-09-01  School s { }  expect s.size = unknown needs Child }
        test "a file without rows" { as of 2024-09-01  School s { }  no Child  expect s.size = 0 }
        test "a row that is not there" {
          as of 2024-09-01
          School s { level: 1 }
          Child c { school: School("x") }
          expect c.same
          expect c.level = unknown
          expect s.size = 0
        }
        "#,
    );
}

#[test]
fn rows_are_looked_up_by_the_whole_key() {
    passes(
        3,
        r#"
        record Plan { key (owner: Child, year: school_year)  teacher: text  final: flag }
        record Child { key id: text  year: school_year?  plans: many Plan }
        define teacher of Child: text = Plan(this, SY2024-25).teacher
        define this_year of Child: text = Plan(this, year).teacher
        define the_final of Child: text? = (only of plans where final).teacher
        define the_plan of Child: text? = (only of Plan where owner = this and final).teacher
        fixture f {
          as of 2024-09-01
          Child x { year: SY2024-25 }
          Plan a { owner: x  year: SY2024-25  teacher: "Ann"  final: yes }
          Plan b { owner: x  year: SY2023-24  teacher: "Bo"  final: no }
        }
        test "found" from f {
          expect x.teacher = "Ann" and x.this_year = "Ann" and x.the_final = "Ann" and x.the_plan = "Ann"
        }
        test "a part of the key is not known" from f {
          Child x { year: missing }
          expect x.this_year = unknown needs year
        }
        test "two where there is one to be, or one that may be" from f {
          Child y { }
          Plan c { owner: y  year: SY2024-25  teacher: "Cy"  final: yes }
          Plan d { owner: y  year: SY2023-24  teacher: "Di"  final: yes }
          expect y.the_final = unknown
          Plan b { final: unknown }
          expect x.the_final = unknown needs b.final
        }
        "#,
    );
}

#[test]
fn paths_lead_through_several_rows() {
    passes(
        2,
        r#"
        record District { key id: text  schools: many School }
        record School { key id: text  district: District  sections: many Section }
        record Section { key id: text  school: School  students: count }
        define sections of District: count = count of schools.sections
        define students of District: count = sum of students over schools.sections where students > 1
        define full of District: flag = at least 2 of schools.sections where students >= 10
        define few of District: flag = at most 1 of schools.sections where students >= 10
        define just of District: flag = exactly 2 of schools.sections where students >= 10
        test "all of them" {
          as of 2024-09-01
          District d { }  District e { }
          School s { district: d }  School t { district: d }  School u { district: e }
          Section a { school: s students: 10 }
          Section b { school: s students: 1 }
          Section c { school: t students: 20 }
          Section z { school: u students: 99 }
          expect d.sections = 3 and d.students = 30
          expect d.full and not d.few and d.just
          expect e.sections = 1
        }
        test "one whose school is not known belongs to nobody" {
          as of 2024-09-01
          District d { }
          School s { district: d }
          Section a { school: s students: 10 }
          Section b { students: 1 }
          expect d.sections = 1
        }
        "#,
    );
}

/// Trap 4: absence is filled, doubt is not, and bounds cannot be presumed away.
#[test]
fn doubt_is_not_filled() {
    passes(
        2,
        r#"
        record Child { key id: text  days: many Day }
        record Day { key (child: Child, n: count)  minutes: count? }
        define longest of Child: count? = highest of minutes over days
        define longest_or_none of Child: count = longest presumed 0
        test "no rows: absence" { as of 2024-09-01  Child x { }  no Day  expect x.longest_or_none = 0 }
        test "an unknown row: doubt" {
          as of 2024-09-01
          Child x { }
          Day a { child: x n: 1 minutes: 20 }
          Day b { child: x n: 2 }
          expect x.longest_or_none = unknown needs b.minutes
          expect x.longest >= 20
        }
        "#,
    );
    let found = said(
        r#"
        record Child { key id: text  days: many Day  a: count? }
        record Day { key (child: Child, n: count)  present: flag }
        define enough of Child: flag = ((count of days where present) presumed 0) >= 20
        define twice of Child: count = (a * 2) presumed 0
        test "t" { as of 2024-09-01 Child x { } no Day expect x.enough expect x.twice = 0 }
        "#,
    );
    assert_eq!(found.matches("not-optional").count(), 2, "{found}");
    assert!(found.contains("`presumed`") && found.contains("`a`"), "{found}");
}

/// Trap 8, where the header rounds up, and at the call.
#[test]
fn months_may_end_up() {
    passes(
        1,
        r#"
        record Child { key id: text  born: date }
        define turned of Child: number = age(born, as_of)
        define turned_early of Child: number = age(born, as_of, down)
        test "t" {
          as of 2026-02-28
          Child x { born: 2008-02-29 }
          expect x.turned = 17
          expect x.turned_early = 18
          expect 2023-01-31 + 1 months = 2023-03-01
          expect 2024-01-31 + 1 months = 2024-03-01
          expect 2024-01-31 + 2 months = 2024-03-31
          expect 2024-01-30 + 1 years = 2025-01-30
          expect 2024-03-31 - 1 months = 2024-03-01
        }
        "#,
    );
}

/// Errors are of the record that has them.
#[test]
fn what_goes_wrong_in_one_record_is_wrong_there_alone() {
    passes(
        1,
        r#"
        record Child { key id: text  a: count  b: count  n: number }
        define less of Child: count = a - b
        define share of Child: number = a / b
        define large of Child: number = n * n * n * n * n * n * n * n
        decision d of Child { outcomes one, two  default two cite "0"  rule r: one when share > 1 and less > 1 cite "1" }
        requirement q of Child { cite "c"  must share > 1 }
        amount pay of Child: number { cite "c"  line all = large }
        test "t" {
          as of 2024-09-01
          Child x { a: 5 b: 2 n: 10 }
          Child y { a: 2 b: 5 n: 9,999,999,999 }
          Child z { a: 2 b: 0 n: 1 }
          expect x.less = 3 and x.d = one and x.pay = 100,000,000
          expect y.less = error
          expect y.pay = error
          expect y.share = 0.4
          expect y.d = two
          expect z.share = error
          expect z.q = error
          expect z.d = error
          expect z.pay = 1
        }
        "#,
    );
}

#[test]
fn arms_that_hold_must_agree_and_choices_may() {
    passes(
        3,
        r#"
        record Child { key id: text  a: flag  b: flag  n: count? }
        define picked of Child: count = case { when a then 1  when b then 2  otherwise 3 }
        define same of Child: count = case { when a then 1  when b then 1  otherwise 3 }
        define either of Child: count = if a then 4 else 4
        define gone of Child: count? = if a then n else n
        test "arms that agree, and that do not" {
          as of 2024-09-01
          Child x { a: yes b: yes }
          Child y { a: no b: yes }
          expect x.picked = error
          expect x.same = 1 and y.picked = 2
        }
        test "an unknown arm of the same value changes nothing" {
          as of 2024-09-01
          Child x { a: yes b: unknown }
          expect x.same = 1
          expect x.picked = unknown needs b
        }
        test "both branches are the same" {
          as of 2024-09-01
          Child x { a: unknown n: missing }
          expect x.either = 4
          expect x.gone = missing
        }
        "#,
    );
}

/// What an absent cell is, of every type that has literals.
#[test]
fn absence_may_mean_any_literal() {
    passes(
        1,
        r#"
        category Kind { red, blue }
        record Owner {
          key id: text
          a: number absent means -1.5
          b: money absent means -$5
          c: percent absent means 25%
          d: days absent means 30 days
          e: months absent means 2 years
          f: date absent means 2020-01-01
          g: school_year absent means SY2024-25
          h: flag absent means yes
          i: Kind absent means blue
          j: text absent means "say \"no\""
          k: count absent means 3
          l: date absent means never
        }
        test "t" {
          as of 2024-09-01
          Owner o { }
          expect o.a = -1.5 and o.b = -$5 and o.c = 25% and o.d = 30 days and o.e = 24 months
          expect o.f = 2020-01-01 and o.g = SY2024-25 and o.h and o.i = blue and o.j = "say \"no\"" and o.k = 3
          expect o.l > 2999-12-31
        }
        "#,
    );
    assert!(said("record R { key id: text  n: count absent means -1 }").contains("write a whole number"));
}

/// Membership in a set, with and without brackets around it.
#[test]
fn sets_are_looked_into() {
    passes(
        1,
        r#"
        category State { AZ, CA, ME }
        category Tier { low, high }
        parameter meals: set of State { cite "c" from 2020-01-01: CA from 2024-01-01: CA, ME }
        parameter by_tier by Tier: set of State { cite "c" from 2020-01-01 { low: AZ  high: CA } }
        record School { key id: text  state: State }
        define free of School: flag = state in meals
        define was_free of School: flag = state in (meals on 2021-01-01)
        define cheap of School: flag = state in (by_tier(low))
        define neither of School: flag = state not in (meals) and state not in (AZ)
        test "t" {
          as of 2024-09-01
          School s { state: ME }
          School t { state: AZ }
          expect s.free and not s.was_free and not s.cheap and not s.neither
          expect t.cheap and not t.neither
          expect ME in meals and ME not in (meals on 2021-01-01)
        }
        "#,
    );
}

/// The day of the run selects the law, and leaves no row out.
#[test]
fn no_row_is_left_out_because_of_the_day() {
    passes(
        1,
        r#"
        record Child { key id: text  results: many Result }
        record Result { key (child: Child, on: date) }
        define all_results of Child: count = count of results
        test "t" {
          as of 2010-09-01
          Child x { }
          Result a { child: x on: 2009-01-01 }
          Result b { child: x on: 2024-01-01 }
          expect x.all_results = 2
        }
        "#,
    );
}

#[test]
fn a_part_of_a_total_has_to_be_asked_for() {
    passes(
        2,
        r#"
        record District { key id: text  rows: many Row }
        record Row { key id: text  district: District  paid: money }
        define all_paid of District: money = sum of paid over rows
        define known_paid of District: money = sum of paid over rows where paid is known
        define everywhere of Row: money = total of paid among Row
        define known_everywhere of Row: money = total of paid among Row where paid is known
        fixture f {
          as of 2024-09-01
          District d { }
          Row a { district: d paid: $5 }
          Row b { district: d paid: $7 }
        }
        test "the whole" from f { expect d.all_paid = $12 and a.everywhere = $12 }
        test "two that are known and one that is not" from f {
          Row c { district: d }
          expect d.all_paid = unknown needs c.paid
          expect d.known_paid = $12
          expect a.everywhere = unknown needs c.paid
          expect a.known_everywhere = $12
        }
        "#,
    );
}

#[test]
fn words_of_the_language_are_names_too() {
    passes(
        1,
        r#"
        record Child { key id: text  count: count  date: date  level: count  line: count  default: flag  `when`: flag }
        define title of Child: count = count + level + line
        decision rule of Child { outcomes year, part  default part cite "0"  rule outcomes: year when `when` and default cite "1" }
        test "t" {
          as of 2024-09-01
          Child x { count: 1  date: 2024-01-01  level: 2  line: 3  default: yes  `when`: yes }
          expect x.title = 6
          expect x.rule = year by outcomes
          expect x.date < as_of and x.when
        }
        "#,
    );
}

/// What is an error, and says what to do.
#[test]
fn mistakes_are_said_with_what_to_do() {
    let record = "record Child { key id: text  a: flag  n: count  born: date  share: percent }\n";
    let cases = [
        // Comparisons do not chain.
        ("define x of Child: flag = 1 < n < 3", "needs-brackets", "1 < n and n < 3"),
        // A chain of rules, one of which reads itself.
        ("define x of Child: count = y define y of Child: count = x", "cycle", ""),
        // Two defaults in force.
        (
            "decision d of Child { outcomes one, two default one cite \"1\" default two cite \"2\" }",
            "version-overlap",
            "",
        ),
        (
            "requirement q of Child { id \"Q\" cite \"c\" must a } requirement r of Child { id \"Q\" cite \"c\" must n > 1 }",
            "duplicate-id",
            "never used",
        ),
        // Overriding in a circle.
        (
            "decision d of Child { outcomes one, two cite \"c\" default one rule r: one when a subject to s rule s: two when n > 1 subject to r }",
            "override-cycle",
            "",
        ),
        ("requirement q of Child { cite \"c\" }", "missing-must", "must certified"),
        ("define x of Child: flag = born < today()", "unknown-name", "`as_of`"),
        ("define x of Child: flag = count(n) > 1", "unknown-name", "count of results where"),
        ("define x of Child: flag = a = true", "unknown-name", "`yes`"),
        ("amount pay of Child { cite \"c\" line base $5 }", "syntax", "expected `=` after `base`"),
        ("parameter p: count { cite \"c\" from 2020-07-01 2 }", "syntax", "after `2020-07-01`"),
        ("define x of Child: flag = share > 55", "unit-mismatch", "`55%`"),
        ("define x of Child: count = (count of Child) + 1", "unbounded-rows", ""),
        (
            "define x of Child: flag = in top 10% of share among Child",
            "rank-needs-known",
            "where share is known",
        ),
        ("define x of Child: date = first_day of 2024-25", "bad-literal", "SY2024-25"),
    ];
    for (text, code, help) in cases {
        let used = "test \"t\" { as of 2024-09-01 Child c { } expect c.n = 1 }";
        let found = said(&format!("{record}{text}\n{used}"));
        let hit = found.lines().any(|line| line.starts_with(code) && line.contains(help));
        assert!(hit, "{text}: {found}");
    }
}

/// A header without what an expression needs is an error, not a guess.
#[test]
fn calendars_are_stated() {
    let mut db = Database::default();
    let text = "policy p { title \"T\" cite \"c\" }
        record Child { key id: text  born: date }
        define year of Child: school_year = school_year(born)
        define later of Child: date = born + 1 months
        define fine of Child: date = born + 30 days
        test \"t\" { as of 2024-09-01 Child c { } expect c.born = 2024-01-01 }";
    let file = db.set_text("p.rubric", Some(text));
    let codes: Vec<&str> = db
        .diagnostics(file)
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, ["missing-school-year", "ambiguous-date-arithmetic"]);
}
