//! Walking a syntax tree: the parts of an expression, the expressions of an item, and equality that ignores places.

use rubric_grammar::ast::{
    BinaryOp, Claim, DecisionMember, DefineBody, Expr, ExprKind, Item, ItemKind, Limits, MustKind, Name,
    ParameterValue, Population, Row, Rows, Rule, Statement, Template, TemplatePart, TypeExpr, TypeKind,
};

/// The expressions directly inside an expression, in the order of the text.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    match &*expr.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Damaged => {}
        ExprKind::Field(of, _)
        | ExprKind::Not(of)
        | ExprKind::Negate(of)
        | ExprKind::Is { item: of, .. }
        | ExprKind::Rounded(of, _)
        | ExprKind::Part(_, of)
        | ExprKind::Paren(of) => found.push(of),
        ExprKind::Call(of, arguments) => {
            found.push(of);
            found.extend(arguments);
        }
        ExprKind::On(a, b)
        | ExprKind::Binary(_, a, b)
        | ExprKind::PercentOf(a, b)
        | ExprKind::InSet { item: a, set: b, .. }
        | ExprKind::TextTest { item: a, pattern: b, .. }
        | ExprKind::Presumed(a, b)
        | ExprKind::Affix(_, a, b)
        | ExprKind::Elapsed(_, a, b) => found.extend([a, b]),
        ExprKind::InList { item, list, .. } => {
            found.push(item);
            found.extend(list);
        }
        ExprKind::Between { item: a, low: b, high: c, .. } | ExprKind::If(a, b, c) => found.extend([a, b, c]),
        ExprKind::Case(arms, otherwise) => {
            for (when, then) in arms {
                found.extend([when, then]);
            }
            found.extend(otherwise);
        }
        ExprKind::Aggregate(aggregate) => {
            found.extend(&aggregate.operand);
            rows(&aggregate.rows, &mut found);
            found.extend(&aggregate.satisfy);
        }
        ExprKind::Quantity { count, rows: over, .. } => {
            found.push(count);
            rows(over, &mut found);
        }
        ExprKind::PercentRank(among) | ExprKind::Total(among) => population(among, &mut found),
        ExprKind::InTop(percent, among) => {
            found.push(percent);
            population(among, &mut found);
        }
        ExprKind::Apportion { total, rows: over, by, .. } => {
            found.push(total);
            rows(over, &mut found);
            found.push(by);
        }
    }
    found
}

fn rows<'a>(rows: &'a Rows, found: &mut Vec<&'a Expr>) {
    found.push(&rows.source);
    found.extend(&rows.filter);
}

fn population<'a>(among: &'a Population, found: &mut Vec<&'a Expr>) {
    found.push(&among.operand);
    rows(&among.rows, found);
    found.extend(&among.per);
}

/// Calls `see` with the expression and everything inside it, outside first. Chains of `and` may be long, so it does not
/// call itself.
pub(crate) fn each<'a>(expr: &'a Expr, see: &mut impl FnMut(&'a Expr)) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        see(expr);
        open.extend(children(expr).into_iter().rev());
    }
}

/// The operands of a chain of one operator, `and` or `or`, through brackets, in the order of the text.
pub(crate) fn chain(op: BinaryOp, expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &*expr.kind {
            ExprKind::Paren(inner) => open.push(inner),
            ExprKind::Binary(found, a, b) if *found == op => open.extend([b, a]),
            _ => found.push(expr),
        }
    }
    found
}

/// The expression without brackets around it.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match &*expr.kind {
        ExprKind::Paren(inner) => bare(inner),
        _ => expr,
    }
}

/// Whether two expressions are written alike, brackets around them and places apart.
pub(crate) fn same(a: &Expr, b: &Expr) -> bool {
    let mut open = vec![(a, b)];
    while let Some((a, b)) = open.pop() {
        let (a, b) = (bare(a), bare(b));
        let (inside_a, inside_b) = (children(a), children(b));
        if inside_a.len() != inside_b.len() || !heads_agree(a, b) {
            return false;
        }
        open.extend(inside_a.into_iter().zip(inside_b));
    }
    true
}

fn heads_agree(a: &Expr, b: &Expr) -> bool {
    use ExprKind as K;
    match (&*a.kind, &*b.kind) {
        (K::Name(a), K::Name(b)) | (K::Field(_, a), K::Field(_, b)) => a.text == b.text,
        (K::Literal(a), K::Literal(b)) => literals_agree(a, b),
        (K::Binary(a, ..), K::Binary(b, ..)) => a == b,
        (K::InList { negated: a, .. }, K::InList { negated: b, .. })
        | (K::InSet { negated: a, .. }, K::InSet { negated: b, .. })
        | (K::Between { negated: a, .. }, K::Between { negated: b, .. }) => a == b,
        (K::Is { negated: a, test: x, .. }, K::Is { negated: b, test: y, .. }) => (a, x) == (b, y),
        (K::TextTest { negated: a, test: x, .. }, K::TextTest { negated: b, test: y, .. }) => {
            (a, x) == (b, y)
        }
        (K::Rounded(_, a), K::Rounded(_, b)) => a == b,
        (K::Aggregate(a), K::Aggregate(b)) => {
            a.kind == b.kind
                && a.operand.is_some() == b.operand.is_some()
                && a.satisfy.is_some() == b.satisfy.is_some()
                && rows_agree(&a.rows, &b.rows)
        }
        (K::Quantity { kind: a, rows: x, .. }, K::Quantity { kind: b, rows: y, .. }) => {
            a == b && rows_agree(x, y)
        }
        (K::PercentRank(a), K::PercentRank(b))
        | (K::Total(a), K::Total(b))
        | (K::InTop(_, a), K::InTop(_, b)) => rows_agree(&a.rows, &b.rows),
        (K::Apportion { unit: a, rows: x, .. }, K::Apportion { unit: b, rows: y, .. }) => {
            a == b && rows_agree(x, y)
        }
        (K::Part(a, _), K::Part(b, _)) => a == b,
        (K::Affix(a, ..), K::Affix(b, ..)) => a == b,
        (K::Elapsed(a, ..), K::Elapsed(b, ..)) => a == b,
        (K::Case(a, x), K::Case(b, y)) => a.len() == b.len() && x.is_some() == y.is_some(),
        (K::Damaged, K::Damaged) => false,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn rows_agree(a: &Rows, b: &Rows) -> bool {
    let alias = |rows: &Rows| rows.alias.as_ref().map(|name| name.text.clone());
    alias(a) == alias(b) && a.filter.is_some() == b.filter.is_some()
}

fn literals_agree(a: &rubric_grammar::ast::Literal, b: &rubric_grammar::ast::Literal) -> bool {
    use rubric_grammar::ast::Literal as L;
    match (a, b) {
        (L::Text(a), L::Text(b)) => a.value == b.value,
        (L::Date(a), L::Date(b)) => (a.year, a.month, a.day) == (b.year, b.month, b.day),
        (a, b) => a == b,
    }
}

/// The rules of a decision's member, with their part.
pub(crate) fn rules(
    member: &DecisionMember,
) -> impl Iterator<Item = (&Rule, Option<&rubric_grammar::ast::Part>)> {
    let (rule, part) = match member {
        DecisionMember::Rule(rule) => (Some(rule), None),
        DecisionMember::Part(part) => (None, Some(part)),
    };
    let inside = part.into_iter().flat_map(|part| part.rules.iter().map(move |rule| (rule, Some(part))));
    rule.into_iter().map(|rule| (rule, None)).chain(inside)
}

/// The conditions of an item: `where`, `when` and `must`.
pub(crate) fn conditions(item: &Item) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = Vec::new();
    match &item.kind {
        ItemKind::Decision(decision) => {
            found.extend(&decision.condition);
            found.extend(decision.members.iter().flat_map(rules).filter_map(|(rule, _)| rule.when.as_ref()));
        }
        ItemKind::Requirement(requirement) => {
            found.extend(&requirement.condition);
            for must in &requirement.musts {
                if let MustKind::Condition(condition) = &must.kind {
                    found.push(condition);
                }
            }
            found.extend(requirement.excepts.iter().map(|except| &except.when));
        }
        ItemKind::Amount(amount) => {
            found.extend(&amount.condition);
            found.extend(amount.lines.iter().filter_map(|line| line.when.as_ref()));
        }
        _ => {}
    }
    found
}

/// The outermost expressions of an item, in no promised order.
pub(crate) fn expressions(item: &Item) -> Vec<&Expr> {
    let mut found = conditions(item);
    match &item.kind {
        ItemKind::Policy(_)
        | ItemKind::Use(_)
        | ItemKind::Category(_)
        | ItemKind::Input(_)
        | ItemKind::Junk => {}
        ItemKind::Record(record) => {
            found.extend(record.fields.iter().filter_map(|field| field.absent.as_ref()))
        }
        ItemKind::Group(group) => found.extend(group.keys.iter().filter_map(|key| key.value.as_ref())),
        ItemKind::Parameter(parameter) => {
            for entry in &parameter.entries {
                match &entry.value {
                    ParameterValue::Single(value) => found.push(value),
                    ParameterValue::List(values) => found.extend(values),
                    ParameterValue::Table(table) => {
                        found.extend(table.rows.iter().flat_map(|row| &row.cells))
                    }
                }
            }
        }
        ItemKind::Define(define) => match &define.body {
            DefineBody::Always(value) => found.push(value),
            DefineBody::Dated(arms) => found.extend(arms.iter().map(|arm| &arm.value)),
            DefineBody::Damaged => {}
        },
        ItemKind::Decision(decision) => {
            found.extend(&decision.law_on);
            for default in &decision.defaults {
                template(default.because.as_ref(), &mut found);
            }
            for (rule, _) in decision.members.iter().flat_map(rules) {
                template(rule.because.as_ref(), &mut found);
            }
        }
        ItemKind::Requirement(requirement) => {
            template(requirement.because.as_ref(), &mut found);
            found.extend(&requirement.law_on);
            found.extend(requirement.due.as_ref().map(|due| &due.date));
            for must in &requirement.musts {
                if let MustKind::Unique(keys) = &must.kind {
                    found.extend(keys);
                }
            }
        }
        ItemKind::Amount(amount) => {
            found.extend(&amount.law_on);
            found.extend(&amount.value);
            template(amount.because.as_ref(), &mut found);
            limits(&amount.limits, &mut found);
            for line in &amount.lines {
                found.push(&line.value);
                limits(&line.limits, &mut found);
                template(line.because.as_ref(), &mut found);
            }
        }
        ItemKind::Assert(assert) => {
            found.push(&assert.subject);
            match &assert.claim {
                Claim::NeverDepends(on) => found.extend(on),
                Claim::NeverWorsens { of, .. }
                | Claim::AtLeast(of)
                | Claim::AtMost(of)
                | Claim::Implies(of) => {
                    found.push(of);
                }
                Claim::Damaged => {}
            }
        }
        ItemKind::Fixture(fixture) => statements(&fixture.statements, &mut found),
        ItemKind::Test(test) => statements(&test.statements, &mut found),
        ItemKind::Waiver(row) => fields(row, &mut found),
    }
    found
}

fn template<'a>(template: Option<&'a Template>, found: &mut Vec<&'a Expr>) {
    for part in template.iter().flat_map(|template| &template.parts) {
        if let TemplatePart::Value(value) = part {
            found.push(value);
        }
    }
}

fn limits<'a>(limits: &'a Limits, found: &mut Vec<&'a Expr>) {
    found.extend(&limits.at_most);
    found.extend(&limits.at_least);
}

fn fields<'a>(row: &'a Row, found: &mut Vec<&'a Expr>) {
    found.extend(row.fields.iter().map(|field| &field.value));
}

fn statements<'a>(statements: &'a [Statement], found: &mut Vec<&'a Expr>) {
    for statement in statements {
        match statement {
            Statement::AsOf(day) => found.push(day),
            Statement::Row(row) | Statement::Waiver(row) => fields(row, found),
            Statement::No(_) => {}
            Statement::Given(given) => found.extend([&given.target, &given.value]),
            Statement::Expect(expect) => {
                found.push(&expect.condition);
                found.extend(&expect.needs);
            }
        }
    }
}

/// Calls `see` with every name that an item uses: in types, expressions, clauses and rows. Names that it declares may be
/// among them.
pub(crate) fn names<'a>(item: &'a Item, see: &mut impl FnMut(&'a Name)) {
    for expr in expressions(item) {
        each(expr, &mut |expr| match &*expr.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => see(name),
            _ => {}
        });
    }
    match &item.kind {
        ItemKind::Policy(_)
        | ItemKind::Use(_)
        | ItemKind::Category(_)
        | ItemKind::Assert(_)
        | ItemKind::Waiver(_)
        | ItemKind::Junk => {}
        ItemKind::Record(record) => {
            if record.extend {
                see(&record.name);
            }
            record.fields.iter().for_each(|field| type_names(&field.ty, see));
        }
        ItemKind::Group(group) => {
            see(&group.of);
            group.keys.iter().for_each(|key| see(&key.name));
        }
        ItemKind::Input(input) => type_names(&input.ty, see),
        ItemKind::Parameter(parameter) => {
            if parameter.amend {
                see(&parameter.name);
            }
            parameter.by.iter().for_each(&mut *see);
            parameter.ty.iter().for_each(|ty| type_names(ty, see));
            for entry in &parameter.entries {
                if let ParameterValue::Table(table) = &entry.value {
                    table
                        .header
                        .iter()
                        .chain(table.rows.iter().flat_map(|row| &row.labels))
                        .for_each(&mut *see);
                }
            }
        }
        ItemKind::Define(define) => {
            define.params.iter().for_each(|param| type_names(&param.ty, see));
            define.of.iter().for_each(&mut *see);
            type_names(&define.ty, see);
        }
        ItemKind::Decision(decision) => {
            if decision.amend {
                see(&decision.name);
            }
            decision.of.iter().for_each(&mut *see);
            decision.outcomes.iter().flat_map(|outcomes| &outcomes.names).for_each(see);
        }
        ItemKind::Requirement(requirement) => {
            if requirement.amend {
                see(&requirement.name);
            }
            requirement.of.iter().for_each(&mut *see);
            requirement.for_each.iter().for_each(|each| see(&each.category));
        }
        ItemKind::Amount(amount) => {
            if amount.amend {
                see(&amount.name);
            }
            amount.of.iter().for_each(&mut *see);
            amount.ty.iter().for_each(|ty| type_names(ty, see));
            amount
                .lines
                .iter()
                .filter_map(|line| line.for_each.as_ref())
                .for_each(|each| see(&each.category));
        }
        ItemKind::Fixture(fixture) => {
            fixture.from.iter().for_each(&mut *see);
            row_names(&fixture.statements, see);
        }
        ItemKind::Test(test) => {
            test.from.iter().for_each(&mut *see);
            row_names(&test.statements, see);
        }
    }
}

fn type_names<'a>(ty: &'a TypeExpr, see: &mut impl FnMut(&'a Name)) {
    match &ty.kind {
        TypeKind::Name(name) | TypeKind::Set(name) => see(name),
        TypeKind::Many { record, by } => {
            see(record);
            by.iter().for_each(see);
        }
    }
}

fn row_names<'a>(statements: &'a [Statement], see: &mut impl FnMut(&'a Name)) {
    for statement in statements {
        match statement {
            Statement::Row(row) | Statement::Waiver(row) => {
                see(&row.record);
                row.fields.iter().for_each(|field| see(&field.name));
            }
            Statement::No(record) => see(record),
            Statement::AsOf(_) | Statement::Given(_) | Statement::Expect(_) => {}
        }
    }
}
