//! A stable text of a tree without its spans: two texts mean the same when their dumps are equal.

use std::fmt::Write as _;

use crate::ast::{
    Aggregate, AggregateKind, Allow, BinaryOp, Claim, DateLit, DecisionMember, DefaultRule, DefineBody,
    DurationUnit, Expr, ExprKind, Field, File, ForEach, Grant, Interval, IntervalEnd, IsTest, Item, ItemKind,
    Limits, Line, Literal, MonthEnd, MustKind, Name, ParameterValue, Part, PartOf, Path, Population,
    QuantityKind, Rounding, RoundingMode, RoundingUnit, Row, Rows, Rule, Statement, Template, TemplatePart,
    Text, TextTest, TypeExpr, TypeKind,
};

/// The whole file, one declaration or clause a line, indented.
#[must_use]
pub fn dump(file: &File) -> String {
    file.items.iter().map(dump_item).collect()
}

/// One declaration.
#[must_use]
pub fn dump_item(item: &Item) -> String {
    let mut out = Writer::default();
    out.item(item);
    out.text
}

/// One expression, on one line.
#[must_use]
pub fn dump_expr(expr: &Expr) -> String {
    expression(expr)
}

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `(head` … `)` around what `body` writes.
    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("({head}"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        if self.text.ends_with('\n') {
            self.text.pop();
        }
        self.text.push_str(")\n");
    }

    fn clause(&mut self, word: &str, value: &str) {
        self.line(&format!("({word} {value})"));
    }

    fn optional<T>(&mut self, word: &str, value: Option<&T>, show: impl Fn(&T) -> String) {
        if let Some(value) = value {
            self.clause(word, &show(value));
        }
    }

    fn docs(&mut self, docs: Option<&String>) {
        self.optional("docs", docs, |docs| quoted(docs));
    }

    fn allows(&mut self, allows: &[Allow]) {
        for allow in allows {
            self.clause("allow", &format!("{} {}", name(&allow.code), text(&allow.reason)));
        }
    }

    fn cites(&mut self, cites: &[Text]) {
        for cite in cites {
            self.clause("cite", &text(cite));
        }
    }

    fn names(&mut self, word: &str, list: &[Name]) {
        if !list.is_empty() {
            self.clause(word, &names(list));
        }
    }

    fn grants(&mut self, grants: &[Grant]) {
        for grant in grants {
            self.clause("grant", &format!("{} {}", name(&grant.who), name(&grant.what)));
        }
    }

    fn expression(&mut self, word: &str, value: Option<&Expr>) {
        self.optional(word, value, expression);
    }

    fn limits(&mut self, limits: &Limits) {
        self.expression("at-most", limits.at_most.as_ref());
        self.expression("at-least", limits.at_least.as_ref());
    }

    fn item(&mut self, item: &Item) {
        let head = head(&item.kind);
        let head = if item.damaged { format!("{head} damaged") } else { head };
        self.block(&head, |out| {
            out.docs(item.docs.as_ref());
            out.allows(&item.allows);
            out.body(&item.kind);
        });
    }

    fn body(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Policy(policy) => {
                self.optional("title", policy.title.as_ref(), text);
                if let Some(authority) = &policy.authority {
                    let title =
                        authority.title.as_ref().map(|title| format!(" {}", text(title))).unwrap_or_default();
                    let under = authority.under.as_ref().map(|under| format!(" under {}", path(under)));
                    let under = under.unwrap_or_default();
                    self.clause("authority", &format!("{}{title}{under}", name(&authority.level)));
                }
                self.cites(&policy.cites);
                self.optional("effective", policy.effective.as_ref(), interval);
                self.optional("school-year", policy.school_year.as_ref(), |day| {
                    format!("{} {}", day.month, day.day)
                });
                self.optional("month-end", policy.month_end.as_ref(), |end| {
                    match end {
                        MonthEnd::Down => "down",
                        MonthEnd::Up => "up",
                    }
                    .to_owned()
                });
            }
            ItemKind::Use(_) | ItemKind::Group(_) | ItemKind::Input(_) | ItemKind::Junk => {}
            ItemKind::Category(category) => {
                for value in &category.values {
                    let codes: String = value.codes.iter().map(|code| format!(" {}", text(code))).collect();
                    self.docs(value.docs.as_ref());
                    self.line(&format!("({}{codes})", name(&value.name)));
                }
            }
            ItemKind::Record(record) => record.fields.iter().for_each(|field| self.field(field)),
            ItemKind::Parameter(parameter) => {
                self.names("by", &parameter.by);
                self.optional("type", parameter.ty.as_ref(), type_expression);
                self.grants(&parameter.grants);
                self.cites(&parameter.cites);
                for entry in &parameter.entries {
                    self.block(&interval(&entry.interval), |out| {
                        out.cites(&entry.cites);
                        match &entry.value {
                            ParameterValue::Single(value) => out.line(&expression(value)),
                            ParameterValue::List(values) => out.clause("list", &expressions(values)),
                            ParameterValue::Table(table) => {
                                out.names("header", &table.header);
                                for row in &table.rows {
                                    let cells = expressions(&row.cells);
                                    out.clause("row", &format!("({}) {cells}", names(&row.labels)));
                                }
                            }
                        }
                    });
                }
            }
            ItemKind::Define(define) => {
                for param in &define.params {
                    self.clause("param", &format!("{} {}", name(&param.name), type_expression(&param.ty)));
                }
                self.optional("of", define.of.as_ref(), name);
                self.clause("type", &type_expression(&define.ty));
                self.cites(&define.cites);
                match &define.body {
                    DefineBody::Always(value) => self.clause("=", &expression(value)),
                    DefineBody::Dated(entries) => {
                        for entry in entries {
                            self.block(&interval(&entry.interval), |out| {
                                out.cites(&entry.cites);
                                out.line(&expression(&entry.value));
                            });
                        }
                    }
                    DefineBody::Damaged => self.line("(damaged)"),
                }
            }
            ItemKind::Decision(decision) => {
                self.optional("of", decision.of.as_ref(), name);
                self.expression("where", decision.condition.as_ref());
                self.grants(&decision.grants);
                if let Some(outcomes) = &decision.outcomes {
                    let order = if outcomes.any_order { " in-any-order" } else { "" };
                    self.clause("outcomes", &format!("{}{order}", names(&outcomes.names)));
                }
                self.expression("law-on", decision.law_on.as_ref());
                self.cites(&decision.cites);
                decision.defaults.iter().for_each(|default| self.default_rule(default));
                for member in &decision.members {
                    match member {
                        DecisionMember::Rule(rule) => self.rule(rule),
                        DecisionMember::Part(part) => self.part(part),
                    }
                }
            }
            ItemKind::Requirement(requirement) => {
                self.optional("of", requirement.of.as_ref(), name);
                self.optional("for-each", requirement.for_each.as_ref(), for_each);
                self.expression("where", requirement.condition.as_ref());
                self.grants(&requirement.grants);
                self.optional("id", requirement.id.as_ref(), text);
                self.optional("severity", requirement.severity.as_ref(), name);
                self.cites(&requirement.cites);
                self.optional("because", requirement.because.as_ref(), template);
                self.expression("law-on", requirement.law_on.as_ref());
                self.optional("due", requirement.due.as_ref(), |due| {
                    let then = if due.then_violated { " then-violated" } else { "" };
                    format!("{}{then}", expression(&due.date))
                });
                requirement.waivable_by.iter().for_each(|by| self.clause("waivable-by", &text(by)));
                self.optional("in-force", requirement.interval.as_ref(), interval);
                for must in &requirement.musts {
                    let label =
                        must.label.as_ref().map(|label| format!(" {}", name(label))).unwrap_or_default();
                    self.block(&format!("must{label}"), |out| {
                        out.allows(&must.allows);
                        match &must.kind {
                            MustKind::Condition(condition) => out.line(&expression(condition)),
                            MustKind::Unique(keys) => out.clause("unique-by", &expressions(keys)),
                        }
                        out.cites(&must.cites);
                    });
                }
                for except in &requirement.excepts {
                    self.block(&format!("except {}", name(&except.label)), |out| {
                        out.allows(&except.allows);
                        out.clause("when", &expression(&except.when));
                        out.cites(&except.cites);
                        out.optional("in-force", except.interval.as_ref(), interval);
                    });
                }
            }
            ItemKind::Amount(amount) => {
                self.optional("of", amount.of.as_ref(), name);
                self.optional("type", amount.ty.as_ref(), type_expression);
                self.expression("law-on", amount.law_on.as_ref());
                self.expression("where", amount.condition.as_ref());
                self.grants(&amount.grants);
                self.cites(&amount.cites);
                self.optional("because", amount.because.as_ref(), template);
                self.limits(&amount.limits);
                self.optional("rounded", amount.rounding.as_ref(), rounding);
                self.expression("=", amount.value.as_ref());
                amount.lines.iter().for_each(|line| self.amount_line(line));
            }
            ItemKind::Assert(assert) => {
                self.line(&expression(&assert.subject));
                match &assert.claim {
                    Claim::NeverDepends(facts) => self.clause("never-depends", &expressions(facts)),
                    Claim::NeverWorsens { of, rises } => {
                        let way = if *rises { "rises" } else { "falls" };
                        self.clause("never-worsens", &format!("{} {way}", expression(of)));
                    }
                    Claim::AtLeast(value) => self.clause("at-least", &expression(value)),
                    Claim::AtMost(value) => self.clause("at-most", &expression(value)),
                    Claim::Implies(value) => self.clause("implies", &expression(value)),
                    Claim::Damaged => self.line("(damaged)"),
                }
            }
            ItemKind::Fixture(fixture) => {
                self.optional("from", fixture.from.as_ref(), name);
                fixture.statements.iter().for_each(|statement| self.statement(statement));
            }
            ItemKind::Test(test) => {
                self.optional("from", test.from.as_ref(), name);
                test.statements.iter().for_each(|statement| self.statement(statement));
            }
            ItemKind::Waiver(row) => self.row_fields(row),
        }
    }

    fn field(&mut self, field: &Field) {
        self.docs(field.docs.as_ref());
        let mut line = format!("(field {} {}", name(&field.name), type_expression(&field.ty));
        for (said, word) in [
            (field.key, "key"),
            (field.private, "private"),
            (field.jurisdiction, "jurisdiction"),
            (field.unchangeable, "unchangeable"),
        ] {
            if said {
                line.push(' ');
                line.push_str(word);
            }
        }
        if let Some(value) = &field.absent {
            let _ = write!(line, " (absent {})", expression(value));
        }
        if let Some(judge) = &field.judged_by {
            let _ = write!(line, " (judged-by {})", text(judge));
        }
        line.push(')');
        self.line(&line);
    }

    fn default_rule(&mut self, default: &DefaultRule) {
        self.block(&format!("default {}", name(&default.outcome)), |out| {
            out.cites(&default.cites);
            out.optional("because", default.because.as_ref(), template);
            out.optional("in-force", default.interval.as_ref(), interval);
        });
    }

    fn rule(&mut self, rule: &Rule) {
        let outcome = rule.outcome.as_ref().map_or_else(|| "?".to_owned(), name);
        let fixed = if rule.fixed { " fixed" } else { "" };
        let damaged = if rule.damaged { " damaged" } else { "" };
        self.block(&format!("rule {} {outcome}{fixed}{damaged}", name(&rule.label)), |out| {
            out.docs(rule.docs.as_ref());
            out.allows(&rule.allows);
            out.expression("when", rule.when.as_ref());
            out.names("subject-to", &rule.subject_to);
            out.names("notwithstanding", &rule.notwithstanding);
            out.optional("in-force", rule.interval.as_ref(), interval);
            out.cites(&rule.cites);
            out.optional("because", rule.because.as_ref(), template);
            rule.waivable_by.iter().for_each(|by| out.clause("waivable-by", &text(by)));
        });
    }

    fn part(&mut self, part: &Part) {
        self.block(&format!("part {}", name(&part.label)), |out| {
            out.names("subject-to", &part.subject_to);
            out.names("notwithstanding", &part.notwithstanding);
            out.optional("in-force", part.interval.as_ref(), interval);
            out.cites(&part.cites);
            part.rules.iter().for_each(|rule| out.rule(rule));
        });
    }

    fn amount_line(&mut self, line: &Line) {
        self.block(&format!("line {}", name(&line.label)), |out| {
            out.docs(line.docs.as_ref());
            out.allows(&line.allows);
            out.optional("for-each", line.for_each.as_ref(), for_each);
            out.clause("=", &expression(&line.value));
            out.expression("when", line.when.as_ref());
            out.names("subject-to", &line.subject_to);
            out.limits(&line.limits);
            out.optional("in-force", line.interval.as_ref(), interval);
            out.cites(&line.cites);
            out.optional("because", line.because.as_ref(), template);
        });
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::AsOf(date) => self.clause("as-of", &expression(date)),
            Statement::No(record) => self.clause("no", &name(record)),
            Statement::Given(given) => {
                self.clause("given", &format!("{} {}", expression(&given.target), expression(&given.value)));
            }
            Statement::Expect(expect) => {
                let by =
                    if expect.by.is_empty() { String::new() } else { format!(" (by {})", names(&expect.by)) };
                let needs = expressions(&expect.needs);
                let needs = if needs.is_empty() { needs } else { format!(" (needs {needs})") };
                self.clause("expect", &format!("{}{by}{needs}", expression(&expect.condition)));
            }
            Statement::Row(row) | Statement::Waiver(row) => {
                let word = if matches!(statement, Statement::Waiver(_)) { "waiver" } else { "row" };
                let mut head = format!("{word} {}", name(&row.record));
                if let Some(row_name) = &row.name {
                    let _ = write!(head, " {}", name(row_name));
                }
                if let Some((first, last)) = row.range {
                    let _ = write!(head, " [{first}..{last}]");
                }
                if let Some(like) = &row.like {
                    let _ = write!(head, " (like {})", name(like));
                }
                self.block(&head, |out| out.row_fields(row));
            }
        }
    }

    fn row_fields(&mut self, row: &Row) {
        for field in &row.fields {
            self.clause(&name(&field.name), &expression(&field.value));
        }
    }
}

fn head(kind: &ItemKind) -> String {
    let amend = |amend: bool, word: &str, label: &Name| {
        let amend = if amend { "amend " } else { "" };
        format!("{amend}{word} {}", name(label))
    };
    match kind {
        ItemKind::Policy(policy) => format!("policy {}", path(&policy.path)),
        ItemKind::Use(used) => format!("use {}", path(&used.path)),
        ItemKind::Category(category) => {
            let ordered = if category.ordered { "ordered " } else { "" };
            format!("{ordered}category {}", name(&category.name))
        }
        ItemKind::Record(record) => {
            let extend = if record.extend { "extend " } else { "" };
            format!("{extend}record {}", name(&record.name))
        }
        ItemKind::Group(group) => {
            let keys: String = group
                .keys
                .iter()
                .map(|key| match &key.value {
                    Some(value) => format!(" (= {} {})", name(&key.name), expression(value)),
                    None => format!(" {}", name(&key.name)),
                })
                .collect();
            format!("group {} {}{keys}", name(&group.name), name(&group.of))
        }
        ItemKind::Input(input) => format!("input {} {}", name(&input.name), type_expression(&input.ty)),
        ItemKind::Parameter(parameter) => amend(parameter.amend, "parameter", &parameter.name),
        ItemKind::Define(define) => format!("define {}", name(&define.name)),
        ItemKind::Decision(decision) => amend(decision.amend, "decision", &decision.name),
        ItemKind::Requirement(requirement) => amend(requirement.amend, "requirement", &requirement.name),
        ItemKind::Amount(amount) => amend(amount.amend, "amount", &amount.name),
        ItemKind::Assert(_) => "assert".to_owned(),
        ItemKind::Fixture(fixture) => format!("fixture {}", name(&fixture.name)),
        ItemKind::Test(test) => format!("test {}", text(&test.title)),
        ItemKind::Waiver(row) => format!("waiver {}", row.name.as_ref().map_or_else(String::new, name)),
        ItemKind::Junk => "junk".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn text(text: &Text) -> String {
    quoted(&text.value)
}

/// A name that is not one plain word is shown in backquotes.
fn name(name: &Name) -> String {
    let plain =
        name.text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && !name.text.is_empty();
    if plain { name.text.clone() } else { format!("`{}`", name.text) }
}

fn names(list: &[Name]) -> String {
    list.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn path(path: &Path) -> String {
    path.segments.iter().map(name).collect::<Vec<_>>().join(".")
}

fn date(date: &DateLit) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

fn interval(interval: &Interval) -> String {
    let from = interval.from.as_ref().map(|from| format!("from {}", date(from)));
    let end = interval.end.as_ref().map(|end| match end {
        IntervalEnd::Until(day) => format!("until {}", date(day)),
        IntervalEnd::Through(day) => format!("through {}", date(day)),
    });
    from.into_iter().chain(end).collect::<Vec<_>>().join(" ")
}

fn for_each(each: &ForEach) -> String {
    let alias = each.alias.as_ref().map(|alias| format!(" as {}", name(alias))).unwrap_or_default();
    format!("{}{alias}", name(&each.category))
}

fn type_expression(ty: &TypeExpr) -> String {
    let optional = if ty.optional { "?" } else { "" };
    match &ty.kind {
        TypeKind::Name(of) => format!("{}{optional}", name(of)),
        TypeKind::Set(of) => format!("(set {}){optional}", name(of)),
        TypeKind::Many { record, by: None } => format!("(many {}){optional}", name(record)),
        TypeKind::Many { record, by: Some(by) } => {
            format!("(many {} by {}){optional}", name(record), name(by))
        }
    }
}

fn template(template: &Template) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => quoted(text),
        TemplatePart::Value(value) => format!("{{{}}}", expression(value)),
    };
    template.parts.iter().map(part).collect::<Vec<_>>().join(" ")
}

fn rounding(rounding: &Rounding) -> String {
    let mode = match rounding.mode {
        RoundingMode::Up => "up",
        RoundingMode::Down => "down",
        RoundingMode::HalfUp => "half-up",
        RoundingMode::HalfEven => "half-even",
    };
    format!("{mode} {}", rounding_unit(rounding.unit))
}

fn rounding_unit(unit: RoundingUnit) -> String {
    match unit {
        RoundingUnit::Cents => "cents".to_owned(),
        RoundingUnit::Dollars => "dollars".to_owned(),
        RoundingUnit::Whole => "whole".to_owned(),
        RoundingUnit::Places(places) => format!("{places}-places"),
    }
}

fn rows(rows: &Rows) -> String {
    let alias = rows.alias.as_ref().map(|alias| format!(" (as {})", name(alias))).unwrap_or_default();
    let filter =
        rows.filter.as_ref().map(|filter| format!(" (where {})", expression(filter))).unwrap_or_default();
    format!("{}{alias}{filter}", expression(&rows.source))
}

fn population(population: &Population) -> String {
    let per = expressions(&population.per);
    let per = if per.is_empty() { per } else { format!(" (per {per})") };
    format!("{} (among {}){per}", expression(&population.operand), rows(&population.rows))
}

fn aggregate(aggregate: &Aggregate) -> String {
    let word = match aggregate.kind {
        AggregateKind::Count => "count",
        AggregateKind::CountDistinct => "count-distinct",
        AggregateKind::Any => "any",
        AggregateKind::None => "none",
        AggregateKind::All => "all",
        AggregateKind::SomeAndAll => "some-and-all",
        AggregateKind::Sum => "sum",
        AggregateKind::Highest => "highest",
        AggregateKind::Lowest => "lowest",
        AggregateKind::Average => "average",
        AggregateKind::Latest => "latest",
        AggregateKind::Earliest => "earliest",
        AggregateKind::Only => "only",
    };
    let operand =
        aggregate.operand.as_ref().map(|operand| format!(" {}", expression(operand))).unwrap_or_default();
    let satisfy = aggregate.satisfy.as_ref().map(|satisfy| format!(" (satisfy {})", expression(satisfy)));
    format!("({word}{operand} (of {}){})", rows(&aggregate.rows), satisfy.unwrap_or_default())
}

fn expressions(list: &[Expr]) -> String {
    list.iter().map(expression).collect::<Vec<_>>().join(" ")
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Flag(true) => "yes".to_owned(),
        Literal::Flag(false) => "no".to_owned(),
        Literal::Number(number) => number.clone(),
        Literal::Percent(number) => format!("{number}%"),
        Literal::Money(number) => format!("${number}"),
        Literal::Duration(number, unit) => format!("{number}-{}", duration(*unit)),
        Literal::Date(day) => date(day),
        Literal::SchoolYear(start) => format!("SY{start}"),
        Literal::Text(value) => text(value),
    }
}

fn duration(unit: DurationUnit) -> &'static str {
    match unit {
        DurationUnit::Days => "days",
        DurationUnit::Months => "months",
        DurationUnit::Years => "years",
    }
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Eq => "=",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
    }
}

fn negation(negated: bool) -> &'static str {
    if negated { "not-" } else { "" }
}

fn expression(expr: &Expr) -> String {
    match expr.kind.as_ref() {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Name(value) => name(value),
        ExprKind::Field(owner, field) => format!("(. {} {})", expression(owner), name(field)),
        ExprKind::Call(callee, arguments) if arguments.is_empty() => format!("(call {})", expression(callee)),
        ExprKind::Call(callee, arguments) => {
            format!("(call {} {})", expression(callee), expressions(arguments))
        }
        ExprKind::On(value, day) => format!("(on {} {})", expression(value), expression(day)),
        ExprKind::Not(value) => format!("(not {})", expression(value)),
        ExprKind::Negate(value) => format!("(neg {})", expression(value)),
        ExprKind::Binary(op, left, right) => {
            format!("({} {} {})", operator(*op), expression(left), expression(right))
        }
        ExprKind::PercentOf(percent, whole) => {
            format!("(percent-of {} {})", expression(percent), expression(whole))
        }
        ExprKind::InList { item, negated, list } => {
            format!("({}in {} ({}))", negation(*negated), expression(item), expressions(list))
        }
        ExprKind::InSet { item, negated, set } => {
            format!("({}in-set {} {})", negation(*negated), expression(item), expression(set))
        }
        ExprKind::Between { item, negated, low, high } => {
            let negated = negation(*negated);
            format!("({negated}between {} {} {})", expression(item), expression(low), expression(high))
        }
        ExprKind::Is { item, negated, test } => {
            let test = match test {
                IsTest::Known => "known",
                IsTest::Missing => "missing",
                IsTest::None => "none",
                IsTest::Met => "met",
                IsTest::Valid => "valid",
            };
            format!("(is-{}{test} {})", negation(*negated), expression(item))
        }
        ExprKind::TextTest { item, negated, test, pattern } => {
            let test = match test {
                TextTest::StartsWith => "starts-with",
                TextTest::EndsWith => "ends-with",
                TextTest::Matches => "matches",
            };
            format!("({}{test} {} {})", negation(*negated), expression(item), expression(pattern))
        }
        ExprKind::Presumed(value, instead) => {
            format!("(presumed {} {})", expression(value), expression(instead))
        }
        ExprKind::Rounded(value, how) => format!("(rounded {} {})", expression(value), rounding(how)),
        ExprKind::If(condition, then, otherwise) => {
            format!("(if {} {} {})", expression(condition), expression(then), expression(otherwise))
        }
        ExprKind::Case(arms, otherwise) => {
            let mut out = "(case".to_owned();
            for (condition, value) in arms {
                let _ = write!(out, " (when {} {})", expression(condition), expression(value));
            }
            if let Some(value) = otherwise {
                let _ = write!(out, " (otherwise {})", expression(value));
            }
            out.push(')');
            out
        }
        ExprKind::Aggregate(value) => aggregate(value),
        ExprKind::Quantity { kind, count, rows: of } => {
            let kind = match kind {
                QuantityKind::AtLeast => "at-least",
                QuantityKind::AtMost => "at-most",
                QuantityKind::Exactly => "exactly",
            };
            format!("({kind} {} (of {}))", expression(count), rows(of))
        }
        ExprKind::Part(part, of) => {
            let part = match part {
                PartOf::FirstDay => "first-day",
                PartOf::LastDay => "last-day",
                PartOf::Year => "year",
                PartOf::Month => "month",
                PartOf::Day => "day",
                PartOf::Length => "length",
            };
            format!("({part}-of {})", expression(of))
        }
        ExprKind::Affix(first, count, of) => {
            let word = if *first { "first" } else { "last" };
            format!("({word} {} {})", expression(count), expression(of))
        }
        ExprKind::Elapsed(unit, from, to) => {
            format!("({}-between {} {})", duration(*unit), expression(from), expression(to))
        }
        ExprKind::PercentRank(of) => format!("(percent-rank {})", population(of)),
        ExprKind::InTop(share, of) => format!("(in-top {} {})", expression(share), population(of)),
        ExprKind::Total(of) => format!("(total {})", population(of)),
        ExprKind::Apportion { total, rows: of, by, unit } => {
            format!(
                "(apportion {} (over {}) {} {})",
                expression(total),
                rows(of),
                expression(by),
                rounding_unit(*unit)
            )
        }
        ExprKind::Paren(inner) => format!("(paren {})", expression(inner)),
        ExprKind::Damaged => "(damaged)".to_owned(),
    }
}
