//! Trees of valid text.

use rubric_grammar::parse;

use crate::tree;

/// The tree of an expression, alone.
fn expression(text: &str) -> String {
    let dump = tree(&format!("define x of R: number = {text}"));
    let start = dump.find("(= ").unwrap() + 3;
    dump[start..dump.len() - 3].to_owned()
}

#[test]
fn expressions() {
    let cases = [
        ("a or b and c", "(or a (and b c))"),
        ("not a = b and c", "(and (not (= a b)) c)"),
        ("a + b * c - d / e", "(- (+ a (* b c)) (/ d e))"),
        ("a - b - c", "(- (- a b) c)"),
        ("-a * b", "(* (neg a) b)"),
        ("a * -b", "(* a (neg b))"),
        ("20% of a * b", "(* (percent-of 20% a) b)"),
        ("20% of a + b", "(+ (percent-of 20% a) b)"),
        ("-20% of a.b(c)", "(neg (percent-of 20% (call (. a b) c)))"),
        ("12.5 % = a", "(= 12.5% a)"),
        ("a <= b + 2 years", "(<= a (+ b 2-years))"),
        ("a in (b, 1, \"c\")", "(in a (b 1 \"c\"))"),
        ("a not in (b)", "(not-in a (b))"),
        ("a in s on 2024-09-01 and b", "(and (in-set a (on s 2024-09-01)) b)"),
        ("a + 1 between b and c + 1 and d", "(and (between (+ a 1) b (+ c 1)) d)"),
        ("a not between b and c", "(not-between a b c)"),
        ("a is known or b is not missing", "(or (is-known a) (is-not-missing b))"),
        ("a is none and b is met and c is valid", "(and (and (is-none a) (is-met b)) (is-valid c))"),
        ("a starts with \"x\" and b not ends   with c", "(and (starts-with a \"x\") (not-ends-with b c))"),
        (r#"a matches "\d{4}\"\\.""#, r#"(matches a "\\d{4}\"\\.")"#),
        ("a presumed 0", "(presumed a 0)"),
        ("f(a, b).c presumed -1", "(presumed (. (call f a b) c) (neg 1))"),
        ("(a * b) rounded to cents", "(rounded (paren (* a b)) half-up cents)"),
        ("a rounded half even to 2 places", "(rounded a half-even 2-places)"),
        ("a rounded up to whole", "(rounded a up whole)"),
        ("a rounded down to dollars", "(rounded a down dollars)"),
        ("p on d", "(on p d)"),
        ("p(a) on first_day of y + 1", "(+ (on (call p a) (first-day-of y)) 1)"),
        ("y = SY2008-09", "(= y SY2008)"),
        ("SY1999-00 + 1 < SY2000-01", "(< (+ SY1999 1) SY2000)"),
        ("count of r", "(count (of r))"),
        (
            "count of r.s.t as x where x.a = 1 and b",
            "(count (of (. (. r s) t) (as x) (where (and (= (. x a) 1) b))))",
        ),
        ("count of distinct a.b over r where c", "(count-distinct (. a b) (of r (where c)))"),
        ("count of distinct assigned over r as s", "(count-distinct assigned (of r (as s)))"),
        ("count of distinct where a", "(count (of distinct (where a)))"),
        ("sum of a * b over r where c", "(sum (* a b) (of r (where c)))"),
        ("highest of a over Area as b", "(highest a (of Area (as b)))"),
        ("latest of r by d where e", "(latest d (of r (where e)))"),
        ("(earliest of r as x by x.d).a", "(. (paren (earliest (. x d) (of r (as x)))) a)"),
        ("all of r where a satisfy b or c", "(all (of r (where a)) (satisfy (or b c)))"),
        ("some and all of r satisfy b", "(some-and-all (of r) (satisfy b))"),
        ("none of members", "(none (of members))"),
        (
            "only of Plan where student = student.student_id",
            "(only (of Plan (where (= student (. student student_id)))))",
        ),
        ("at least 3 of r where a", "(at-least 3 (of r (where a)))"),
        ("at most n of r", "(at-most n (of r))"),
        ("exactly (n + 1) of r", "(exactly (paren (+ n 1)) (of r))"),
        ("first_day of year + 30 days", "(+ (first-day-of year) 30-days)"),
        ("year of last_day of y", "(year-of (last-day-of y))"),
        ("month of d + day of d", "(+ (month-of d) (day-of d))"),
        ("length of first 2 of x", "(length-of (first 2 x))"),
        ("last 3 of x = \"abc\"", "(= (last 3 x) \"abc\")"),
        ("days between a and b <= 30", "(<= (days-between a b) 30)"),
        ("months between first_day of y and (a + b)", "(months-between (first-day-of y) (paren (+ a b)))"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("case { when a then 1 when b then 2 otherwise 3 }", "(case (when a 1) (when b 2) (otherwise 3))"),
        ("case { when a then 1 }", "(case (when a 1))"),
        (
            "percent_rank of a among R where b is known per (c, d.e)",
            "(percent-rank a (among R (where (is-known b))) (per c (. d e)))",
        ),
        ("in top 25% of a among R where b per c", "(in-top 25% a (among R (where b)) (per c))"),
        ("total of a among R", "(total a (among R))"),
        ("apportion a.b over a.cs by d to cents", "(apportion (. a b) (over (. a cs)) d cents)"),
        ("min(a, max(b, 2))", "(call min a (call max b 2))"),
        ("age(birth_date, on) >= 19", "(>= (call age birth_date on) 19)"),
        ("date(2024, 9, 1) + 2 months", "(+ (call date 2024 9 1) 2-months)"),
        ("Placement(a, b, SY2024-25).thirty_days", "(. (call Placement a b SY2024) thirty_days)"),
        ("`of` + this.`when` . not", "(+ of (. (. this when) not))"),
        ("$1,000.50 + $0.42", "(+ $1000.50 $0.42)"),
        ("f(1, 200) + 1,200", "(+ (call f 1 200) 1200)"),
        ("1 day + 12 months", "(+ 1-days 12-months)"),
        ("2024 - 9 - 1", "(- (- 2024 9) 1)"),
        ("yes and no", "(and yes no)"),
        ("G9_12 = ébène", "(= G9_12 ébène)"),
        ("f()", "(call f)"),
    ];
    for (text, expected) in cases {
        assert_eq!(expression(text), expected, "{text}");
        let wrapped = format!("\n  {}\n", text.replace(' ', "\n ").replace("\n %", " %"));
        if !text.contains('"') && !text.contains(" . ") && !text.contains("% =") {
            assert_eq!(expression(&wrapped), expected, "{wrapped}");
        }
    }
}

/// One of each declaration with all of its clauses.
const DECLARATIONS: &str = r#"
policy ohio.lunch {
  title "Lunch"  authority district "Dayton" under ohio.state  cite "A"  cite "B"
  effective from 2024-07-01 through 2026-06-30
  school_year starts august 15
  month_end round up
}
use k12.student
/// Colours of
/// the school.
category Colour { red "R" "1", green blue "B" test "T" }
ordered category Level { low high }
record School {
  key school_id: text
  key (name: text private, year: school_year)
  /// Where it stands.
  district: District jurisdiction unchangeable
  closed: date? absent means never
  fee: money absent means $0
  title: text?  line: count  default: flag? judged by "principal"
  kinds: set of Kind  rooms: many Room  staff: many Person by school
}
extend record Person { count: count? }
group Load of Section by staff, term = term_of(first_day)
input run: Run
parameter fee by Colour, Level: money, districts may raise, schools may lower {
  cite "a"
  from 2020-01-01 until 2021-01-01 cite "b" { low high red, x: $1 -$2 blue: $3.50 otherwise: $0 }
  from 2021-01-01: $5 cite "c"
}
parameter states: set of State { through 2022-01-01: CA  from 2022-01-01: CA, NY }
define f(x: Colour, y: count?) of School: number = y * 2 cite "d"
define always: count { cite "e" from 2020-01-01 cite "f": 1 until 2020-01-01: 2 }
decision d of School where a = b law on first_day of year, districts may tighten {
  outcomes in any order yes_please, no_thanks
  cite "g"
  default no_thanks cite "h" because "so" from 2020-01-01
  allow(unreachable) "kept for the record"
  /// About the rule.
  rule when fixed: yes_please when x from 2020-01-01 until 2021-01-01 cite "i" cite "j"
    because "{x} {{y}} \"z\"" waivable by "board" subject to p, q notwithstanding r
  part p subject to q notwithstanding r from 2020-01-01 cite "k" { rule s: no_thanks rule t: yes_please when y }
}
amend decision e { rule u: v when w }
requirement q of Section for each Area as a where b, districts may add {
  id "Q-1" severity warning cite "l" because "no {a}" law on day due day + 30 days then violated
  waivable by "state" from 2020-01-01
  must one: x cite "m"
  must y or z
  must be unique by a, b.c
  allow(vacuous) "so it is"
  except n when o cite "p" until 2030-01-01
}
amount m of Student: number law on day where x, districts may replace {
  cite "q" because "{total}" rounded half up to dollars at most $100 at least $1
  line a = b + c at least $0 at most $5 when d subject to e cite "r" because "s" from 2020-01-01
  /// Each area.
  line f for each Area as g = h(g)
}
amount n of Student = case { when a then $1 otherwise $2 } at most $5 cite "t"
assert d never depends on x, y.z
assert lcff.base never worsens as upp falls
assert d is at most 3
assert d implies a = b and c
fixture base { as of 2024-01-01 School s { district: d1  year: SY2024-25  on: yes } no Person }
fixture more from base { Day d[1..31] { index: index + 1  date: date(2024, 1, index) } }
test "t" from more {
  School b like s { year: SY2025-26 }
  School { }
  given s.rate = 2%  given fee(red, low) = $4  given s.x = missing
  expect s.d = undetermined needs x, s.y
  expect s.d = conflict
  expect s.d = yes_please by when, s
  expect not s.q is met
  waiver w { rule: q  record: s  from: 2024-01-01  reason: "agreed" }
}
waiver always { rule: q }
"#;

#[test]
fn declarations() {
    insta::assert_snapshot!(tree(DECLARATIONS));
}

#[test]
fn new_lines_do_not_count() {
    let lines: Vec<&str> =
        DECLARATIONS.lines().filter(|line| !line.trim_start().starts_with("///")).collect();
    let with_lines = lines.join("\n");
    assert_eq!(tree(&with_lines), tree(&lines.join(" ")));
    let outside_texts = |(index, part): (usize, &str)| match index % 2 {
        0 => part.replace(" {", "\n{\n").replace(": ", "\n:\n").replace("  ", "\n"),
        _ => part.to_owned(),
    };
    let broken_up: Vec<String> = with_lines.split('"').enumerate().map(outside_texts).collect();
    assert_eq!(tree(&with_lines), tree(&broken_up.join("\"")));
}

#[test]
fn an_empty_file_is_an_empty_tree() {
    for text in ["", " \n\t\r\n", "// only a comment", "\u{feff}"] {
        let parsed = parse(text);
        assert!(parsed.errors.is_empty() && parsed.file.items.is_empty(), "{text:?}");
    }
}
