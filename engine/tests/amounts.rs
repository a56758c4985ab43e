//! Amounts: lines, limits, rounding, what is not known of them, and sums that are shared.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod common;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::evaluate::{Evaluator, Options};
use rubric_engine::testing;

const HEADER: &str = "policy p { title \"T\" authority state \"S\" cite \"c\" effective from 2000-01-01 school_year \
                      starts july 1 month_end round down }\n";

const DISTRICT: &str = "
    record District {
      key id: text
      pupils: count
      rate: money
      share: percent
      small: flag
      wealth: money?
      offices: many Office
    }
    record Office { key name: text  district: District  weight: number  open: flag }
";

/// Every test of the text passes, and there are as many as said.
fn passes(tests: usize, text: &str) {
    common::passes(tests, &format!("{HEADER}{DISTRICT}{text}"));
}

/// The errors of the text, each with the text at its place and its help.
fn errors(text: &str) -> String {
    let text = format!("{HEADER}{DISTRICT}{text}");
    let mut db = Database::default();
    let file = db.set_text("p.rubric", Some(&text));
    let mut found = String::new();
    for diagnostic in db.diagnostics(file) {
        if diagnostic.severity == Severity::Error {
            let place = diagnostic.place().and_then(|place| db.source(place)).unwrap_or_default();
            found += &format!("{} at `{place}`: {}\n", diagnostic.code, diagnostic.message);
        }
    }
    found
}

#[test]
fn an_amount_is_the_sum_of_its_lines() {
    passes(
        5,
        r#"
        amount aid of District where pupils > 0 {
          line base = rate * pupils cite "1"
          line extra = (share * base) rounded half up to cents when small cite "2"
          line large = (10% of base) rounded half up to cents when pupils >= 1000 cite "3"
          line floor = $500 subject to large cite "4"
        }
        define aid_is_large of District: flag = aid.base + aid.extra >= $1,000
        amount fte of District: number = pupils * 0.16
        test "lines that apply are added" {
          as of 2024-09-01
          District d { pupils: 10 rate: $33.33 share: 12.5% small: yes }
          expect d.aid.base = $333.30
          expect d.aid.extra = $41.66
          expect d.aid.large = $0
          expect d.aid.floor = $500
          expect d.aid = $874.96
          expect not d.aid_is_large
          expect d.fte = 1.6
        }
        test "a line gives way to another where that one's condition holds" {
          as of 2024-09-01
          District d { pupils: 1000 rate: $1 share: 10% small: no }
          expect d.aid.large = $100
          expect d.aid.floor = $0
          expect d.aid = $1,100
          expect d.aid_is_large
        }
        test "a fact that may matter leaves the line and the sum open" {
          as of 2024-09-01
          District d { pupils: 10 rate: $33.33 share: unknown small: yes }
          expect d.aid.base = $333.30
          expect d.aid.extra = undetermined needs share
          expect d.aid = undetermined needs share
          expect d.aid_is_large = unknown
        }
        test "an unknown condition does not matter where the line is nothing anyhow" {
          as of 2024-09-01
          District d { pupils: 10 rate: $33.33 share: 0% small: unknown }
          expect d.aid.extra = $0
          expect d.aid = $833.30
        }
        test "outside its where it does not apply" {
          as of 2024-09-01
          District d { pupils: 0 rate: $1 share: 0% small: no }
          expect d.aid = not_applicable
          expect d.aid.base = not_applicable
          expect d.aid != undetermined
        }
        "#,
    );
}

#[test]
fn limits_hold_for_a_line_and_for_the_total() {
    passes(
        5,
        r#"
        amount aid of District {
          rounded down to dollars
          at most $120
          line base = (rate * share) rounded half up to dollars at most $100 at least $20 cite "1"
          line extra = $50.25 when small at most wealth cite "2"
        }
        test "within the limits the adjustment is the rounding" {
          as of 2024-09-01
          District d { rate: $100 share: 50% small: yes wealth: $1,000 }
          expect d.aid.base = $50
          expect d.aid.extra = $50.25
          expect d.aid.adjustment = -$0.25
          expect d.aid = $100
        }
        test "limits of lines come before those of the total" {
          as of 2024-09-01
          District d { rate: $1,000 share: 50% small: yes wealth: $30 }
          expect d.aid.base = $100
          expect d.aid.extra = $30
          expect d.aid.adjustment = -$10
          expect d.aid = $120
        }
        test "a line that does not apply is nothing, and its limits are not asked" {
          as of 2024-09-01
          District d { rate: $0 share: 50% small: no }
          expect d.aid.base = $20
          expect d.aid.extra = $0
          expect d.aid = $20
        }
        test "a limit that is not known leaves the line open" {
          as of 2024-09-01
          District d { rate: $0 share: 50% small: yes wealth: missing }
          expect d.aid.base = $20
          expect d.aid.extra = undetermined needs wealth
          expect d.aid.adjustment = undetermined needs wealth
        }
        test "limits that cross are an error" {
          as of 2024-09-01
          District d { rate: $0 share: 50% small: yes wealth: $5 }
          expect d.narrow = error
        }
        amount narrow of District {
          line one = rate at least $10 at most wealth cite "1"
        }
        "#,
    );
}

#[test]
fn the_law_of_another_day_decides_on_lines_and_parameters() {
    passes(
        2,
        r#"
        parameter per_pupil: money { cite "0" from 2000-01-01: $10 from 2020-07-01: $20 }
        amount aid of District law on date(2015, 7, 1) {
          line old = per_pupil * pupils until 2018-07-01 cite "1"
          line new = $1 from 2018-07-01 cite "2"
        }
        amount now of District {
          line pay = per_pupil * pupils until 2018-07-01 cite "1"
          line pay = 2 * per_pupil * pupils from 2018-07-01 cite "2"
        }
        test "a line that is not in force is nothing" {
          as of 2024-09-01
          District d { pupils: 3 }
          expect d.aid = $30
          expect d.aid.new = $0
        }
        test "of the versions of a line one is in force" {
          as of 2024-09-01
          District d { pupils: 3 }
          expect d.now = $120
          expect d.now.pay = $120
        }
        "#,
    );
}

#[test]
fn sums_over_records_skip_those_to_which_the_amount_does_not_apply() {
    passes(
        2,
        r#"
        amount cost of Office where open {
          line all = ($10 * weight) rounded half up to cents cite "1"
        }
        define costs of District: money = sum of cost over offices
        define dear of District: flag = (sum of cost.all over offices) >= $30
        test "the sum is exact when every amount is" {
          as of 2024-09-01
          District d { }
          Office a { district: d weight: 1 open: yes }
          Office b { district: d weight: 2 open: yes }
          Office c { district: d open: no }
          expect d.costs = $30
          expect d.dear
        }
        test "one that is not known leaves the sum open" {
          as of 2024-09-01
          District d { }
          Office a { district: d weight: 1 open: yes }
          Office b { district: d weight: 2 open: unknown }
          expect d.costs = unknown needs b.open
        }
        "#,
    );
}

#[test]
fn a_shared_sum_adds_up() {
    passes(
        4,
        r#"
        amount part of Office = apportion district.rate over district.offices by weight to cents
        amount open_part of Office =
          apportion district.rate rounded down to dollars over district.offices as o where o.open by o.weight to dollars
        fixture three {
          as of 2024-09-01
          District d { rate: $100 }
          Office a { district: d weight: 1 open: yes }
          Office b { district: d weight: 1 open: yes }
          Office c { district: d weight: 1 open: no }
        }
        test "leftover cents go to the first by key" from three {
          expect a.part = $33.34
          expect b.part = $33.33
          expect c.part = $33.33
          expect a.open_part = $50
          expect c.open_part = $0
        }
        test "one unknown weight leaves every part open" from three {
          Office c { district: d weight: unknown }
          expect a.part = undetermined needs c.weight
          expect a.open_part = $50
        }
        test "who shares must be known" from three {
          Office c { open: unknown }
          expect a.open_part = undetermined needs c.open
        }
        test "nothing to share by is an error" from three {
          Office a { weight: 0 }
          Office b { weight: 0 }
          Office c { weight: 0 }
          expect a.part = error
        }
        "#,
    );
}

#[test]
fn what_cannot_be_meant_is_said() {
    let cases = [
        (
            r#"amount a of District { line one = two cite "1" line two = a.one cite "2" }"#,
            "cycle at `two`: `one` reads itself: `one` → `two` → `one`\n",
        ),
        (
            r#"amount a of District { line one = $1 when a > $0 cite "1" }"#,
            "cycle at `one`: `a` reads itself: `a` → `one` → `a`\n",
        ),
        (
            r#"amount a of District { line one = $1 subject to two cite "1" line two = $2 cite "2" }"#,
            "missing-when at `two`: `two` has no `when`, so `one` would never count\n",
        ),
        (
            r#"amount a of District { line one = $1 subject to too cite "1" line two = $2 cite "2" }"#,
            "unknown-label at `too`: no line here is called `too`\n",
        ),
        (
            r#"amount a of District { line one = $1 cite "1" } define b of District: money = a.uno"#,
            "unknown-label at `uno`: `a` has no line `uno`\n",
        ),
        (
            r#"amount a of District { line one = $1 cite "1" line one = $2 cite "2" }"#,
            "version-overlap at `one`: two lines `one` are in force on every day\n",
        ),
        (
            r#"amount a of District { line rate = $1 cite "1" line two = rate cite "2" }"#,
            "ambiguous-name at `rate`: `rate` could belong to more than one row here\n",
        ),
        (r#"amount a of District { cite "1" }"#, "missing-line at `a`: the amount `a` has no line\n"),
        (
            r#"amount a of District: flag = small"#,
            "type-mismatch at `flag`: an amount is added up, and `flag` cannot be\n",
        ),
        (r#"amount a of District = pupils"#, "unit-mismatch at `pupils`: expected `money`, found `count`\n"),
        (
            r#"amount a of District = $1 define met_a of District: flag = a is met"#,
            "type-mismatch at `a`: `a` is an amount, and only a requirement is met\n",
        ),
        (
            r#"amount a of Office = apportion weight over district.offices by weight to cents"#,
            "unit-mismatch at `weight`: `number` cannot be shared in this unit\n",
        ),
        (
            r#"amount a of Office: number = apportion weight over district.offices by weight to whole"#,
            "wrong-record at `weight`: each row would share a sum of its own\n",
        ),
        (
            r#"record Other { key name: text district: District }
               amount a of Other = apportion district.rate over district.offices by weight to cents"#,
            "wrong-record at `district.offices`: the `Other` whose part this is need not be one of these rows\n",
        ),
    ];
    for (text, expected) in cases {
        let found = errors(text);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn money_that_may_carry_fractions_of_a_cent_is_an_error() {
    let whole = [
        "rate",
        "rate * pupils",
        "$0.05 * pupils",
        "whole_dollars * 20%",
        "(share * rate) rounded half up to cents",
        "sum of (weight * $10) rounded half up to dollars over offices",
        "min(rate, $12.34)",
        "whole_dollars / 4",
        "doubled(rate)",
        "if small then rate else $1",
        "other.one",
        "(lowest of fee over offices) presumed $0",
    ];
    let fractions = [
        "$0.005",
        "20% of rate",
        "share * rate",
        "rate / 3",
        "rate / pupils",
        "whole_dollars * 0.125",
        "sum of weight * $10 over offices",
        "doubled(rate / 7)",
        "if small then rate / 3 else $1",
        "(average of fee over offices) presumed $0",
    ];
    let with = |line: &str| {
        format!(
            "parameter whole_dollars: money {{ cite \"1\" from 2000-01-01: $100 from 2010-01-01: $250 }}
             define doubled(of_it: money) of District: money = 2 * of_it
             extend record Office {{ fee: money }}
             amount other of District {{ line one = rate + $0.01 cite \"1\" }}
             amount aid of District {{ line all = {line} cite \"1\" }}"
        )
    };
    for line in whole {
        assert_eq!(errors(&with(line)), "", "{line}");
    }
    for line in fractions {
        let found = errors(&with(line));
        assert!(found.starts_with("unrounded-money at `"), "{line}: {found}");
        assert_eq!(found.lines().count(), 1, "{line}: {found}");
    }
}

#[test]
fn money_on_file_is_whole_cents() {
    let found = errors(
        "amount aid of District = rate
         test \"t\" { as of 2024-09-01 District d { rate: $0.005 } expect d.aid = $0 }",
    );
    assert_eq!(found, "test-value at `$0.005`: money on file is whole cents\n");
}

#[test]
fn the_place_of_rounding_shows() {
    passes(
        1,
        r#"
        parameter grant: money { cite "0" from 2000-01-01: $7,676 }
        define exact of Office: money = 20% of 53.56% * grant * weight
        amount by_office of District {
          line all = sum of exact rounded half up to dollars over offices cite "1"
        }
        amount by_total of District {
          line all = (sum of exact over offices) rounded half up to dollars cite "1"
        }
        test "rounding each part and rounding the sum differ by a dollar" {
          as of 2024-09-01
          District d { }
          Office a { district: d weight: 1.0015 }
          Office b { district: d weight: 1.0015 }
          Office c { district: d weight: 1.0015 }
          expect d.by_office = $2,469
          expect d.by_total = $2,470
        }
        "#,
    );
}

#[test]
fn a_number_past_all_bounds_is_an_error_of_that_record() {
    passes(
        1,
        r#"
        define power of Office: number = weight * weight * weight * weight
        amount huge of Office: number = power * power * power
        test "one record overflows and the other does not" {
          as of 2024-09-01
          District d { }
          Office a { district: d weight: 10000000000 }
          Office b { district: d weight: 10 }
          expect a.huge = error
          expect b.huge = 1,000,000,000,000
        }
        "#,
    );
}

#[test]
fn where_the_total_is_rounded_lines_may_have_fractions_that_end() {
    let rounded = |line: &str| {
        errors(&format!(
            "amount aid of District {{ rounded half up to dollars line all = {line} cite \"1\" }}"
        ))
    };
    assert_eq!(rounded("share * rate"), "");
    assert_eq!(rounded("rate / 8"), "");
    assert_eq!(
        rounded("rate / 3"),
        "unrounded-money at `rate / 3`: the line `all` may carry fractions of a cent into a result\n"
    );
}

#[test]
fn a_limit_is_whole_in_the_unit_that_is_rounded_to() {
    let limited = |limits: &str| {
        errors(&format!(
            "amount aid of District {{ line all = (share * rate) rounded half up to dollars {limits} cite \"1\" }}"
        ))
    };
    assert_eq!(limited("at most $100 at least $5"), "");
    assert_eq!(limited("at most rate rounded down to dollars"), "");
    let finer = "finer than what it is rounded to: dollars\n";
    assert_eq!(
        limited("at most $100.50"),
        format!("uneven-limit at `$100.50`: this limit of the line `all` is {finer}")
    );
    assert_eq!(
        limited("at least rate"),
        format!("uneven-limit at `rate`: this limit of the line `all` is {finer}")
    );
    assert_eq!(
        errors("amount aid of District { rounded down to dollars at most $0.50 line all = rate cite \"1\" }"),
        format!("uneven-limit at `$0.50`: this limit of the amount `aid` is {finer}")
    );
}

#[test]
fn amounts_and_lines_can_promise_what_they_never_depend_on() {
    let with = |assertion: &str| {
        errors(&format!(
            "amount aid of District where pupils > 0 {{
               line base = rate cite \"1\"
               line extra = $1 when share > 10% cite \"2\"
             }}
             define poor of District: flag = aid.base < $5
             {assertion}"
        ))
    };
    assert_eq!(with("assert aid.base never depends on share"), "");
    assert_eq!(with("assert poor never depends on share, wealth"), "");
    for (assertion, at) in [
        ("assert aid never depends on share", "share"),
        ("assert aid.base never depends on pupils", "pupils"),
        ("assert poor never depends on rate", "rate"),
    ] {
        let found = with(assertion);
        assert!(found.starts_with("assertion-fails at") && found.contains(at), "{assertion}: {found}");
    }
    assert_eq!(
        with("assert aid.bass never depends on share"),
        "unknown-label at `bass`: `aid` has no line `bass`\n"
    );
}

#[test]
fn an_explanation_shows_the_lines() {
    let text = format!(
        r#"{HEADER}{DISTRICT}
        amount aid of District {{
          cite "§ 1"
          at most $20
          line base = rate * pupils because "{{pupils}} pupils" cite "(a)"
          line extra = $5 when small cite "(b)"
          line late = $7 from 2030-07-01 cite "(c)"
        }}
        test "t" {{
          as of 2024-09-01
          District d {{ pupils: 3 rate: $10 small: no }}
          expect d.aid = $20
        }}"#
    );
    let mut db = Database::default();
    db.set_text("p.rubric", Some(&text));
    let plan = db.plan();
    let test = plan.tests.first().unwrap();
    let report = testing::run(&plan, test);
    assert!(report.passed, "{:#?}", report.failures);
    let district = plan.symbols.record_named("District").unwrap();
    let mut data = rubric_engine::data::Dataset::new(&plan.symbols);
    let cell = |value: i64| {
        rubric_engine::data::Cell::Known(rubric_engine::value::Value::Number(
            rubric_engine::value::Number::from_int(value),
        ))
    };
    let flag = rubric_engine::data::Cell::Known(rubric_engine::value::Value::Flag(false));
    let name = rubric_engine::data::Cell::Known(rubric_engine::value::Value::Text("d".into()));
    data.supply(&plan.symbols, district).unwrap().push(
        vec![name, cell(3), cell(10), cell(0), flag, rubric_engine::data::Cell::Missing],
        rubric_engine::data::Origin::default(),
    );
    data.finish(&plan.symbols);
    let evaluator =
        Evaluator::new(&plan, &data, rubric_engine::value::Date::constant(2024, 9, 1), Options::default());
    let explained = evaluator.explain_amount(rubric_engine::plan::AmountId(0), 0, &|place| db.source(place));
    let mut shown = format!("{}: {} {:?}\n", explained.title, explained.result, explained.because);
    for step in &explained.steps {
        shown += &format!("{:?} {}: {} {:?}\n", step.kind, step.text, step.state, step.cites);
        for step in &step.steps {
            shown += &format!("  {:?} {}: {}\n", step.kind, step.text, step.state);
        }
    }
    assert_eq!(
        shown,
        "aid of District d: $20 [\"3 pupils\"]\n\
         Held line base = rate * pupils: $30 [\"(a)\"]\n  \
           Fact rate: $10\n  \
           Fact pupils: 3\n\
         NotHeld line extra = $5: does not apply [\"(b)\"]\n  \
           Condition when small: no\n\
         NotInForce line late = $7: not in force on 2024-09-01: from 2030-07-01 [\"(c)\"]\n\
         Held line adjustment: -$10 []\n  \
           Condition at most $20: $20\n"
    );
}

#[test]
fn a_line_for_each_value_is_one_line_for_each() {
    passes(
        4,
        r#"
        category Span { early, middle, late }
        parameter grant by Span: money { from 2000-01-01 { early: $10  middle: $20  late: $30 } }
        define pupils_in(span: Span) of District: count = if span = early then pupils else 1
        amount aid of District {
          cite "c"
          at most $1,000
          line rare for each Span as s = $7 when s = late and small cite "0"
          line base for each Span as s = grant(s) * pupils_in(s)
            when s != middle or not small
            subject to rare
            cite "1"
            because "for {pupils}"
          line top = base(early) + aid.base(late) + (sum of base(x) over Span as x) cite "2"
          line least for each Span = $1 at most $0 until 2010-01-01
        }
        define chosen(s: Span) of District: money = aid.base(s)
        define all_of_them of District: money = sum of aid.base(x) over Span as x where x in (early, late)
        define of_office of Office: money = district.aid.base(early)

        test "each value has its own line" {
          as of 2024-09-01
          District d { pupils: 3  small: no }
          no Office
          expect d.aid.base(early) = $30
          expect d.aid.base(middle) = $20
          expect d.aid.base(late) = $30
          expect d.aid.top = $140
          expect d.aid.least(early) = $0
          expect d.aid = $220
          expect d.chosen(middle) = $20
          expect d.all_of_them = $60
        }
        test "a condition and what stands above it are asked for each value" {
          as of 2024-09-01
          District d { pupils: 3  small: yes }
          Office o { district: d }
          expect d.aid.rare(late) = $7
          expect d.aid.rare(early) = $0
          expect d.aid.base(early) = $30
          expect d.aid.base(middle) = $0
          expect d.aid.base(late) = $0
          expect d.aid.adjustment = $0
          expect o.of_office = $30
        }
        test "one unknown line leaves the others known" {
          as of 2024-09-01
          District d { small: no }
          expect d.aid.base(early) = undetermined needs pupils
          expect d.aid.base(late) = $30
          expect d.aid = undetermined needs pupils
        }
        define picked of District: money = pair(if small then early else late)
        define pair(s: Span) of District: money = if s = middle then $0 else plain.base(s)
        amount plain of District { cite "c" line base for each Span as s = grant(s) * pupils_in(s) }
        test "an argument that is not known leaves the line unknown" {
          as of 2024-09-01
          District d { pupils: 2 }
          District e { pupils: 2  small: yes }
          expect d.picked = unknown needs small
          expect e.picked = $20
        }
        "#,
    );
}
