//! Comparisons of values, as the tables of the evaluator have them.

use super::cnf::Lit;
use super::form::Form;
use super::sym::{Leaf, Rails, Sym};
use super::world::World;
use crate::plan::CompareOp;

/// Comparisons of more pairs of values than this are not followed.
const PAIRS: usize = 3_000;

impl World<'_> {
    /// A comparison.
    pub(super) fn compare(&mut self, op: CompareOp, a: &Sym, b: &Sym) -> Rails {
        if a.cases.len() * b.cases.len() > PAIRS {
            return self.opaque_rails("a comparison of too many values");
        }
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (when_a, left) in &a.cases {
            for (when_b, right) in &b.cases {
                let rails = self.compare_leaves(op, left, right);
                yes.push(self.all([*when_a, *when_b, rails.yes]));
                no.push(self.all([*when_a, *when_b, rails.no]));
            }
        }
        Rails { yes: self.any(yes), no: self.any(no) }
    }

    fn compare_leaves(&mut self, op: CompareOp, a: &Leaf, b: &Leaf) -> Rails {
        let of = |yes: bool| if yes { Rails::YES } else { Rails::NO };
        match (a, b) {
            (Leaf::Num(a), Leaf::Num(b)) => Rails::sure(self.compare_forms(op, &a.minus(b))),
            (Leaf::Range(..), Leaf::Num(_) | Leaf::Range(..)) | (Leaf::Num(_), Leaf::Range(..)) => {
                let ends = |leaf: &Leaf| match leaf {
                    Leaf::Range(low, high) => (low.clone(), high.clone()),
                    Leaf::Num(form) => (form.clone(), form.clone()),
                    _ => (Form::default(), Form::default()),
                };
                self.compare_ranges(op, &ends(a), &ends(b))
            }
            (Leaf::Ratio(n, d), Leaf::Num(other)) => self.compare_ratio(op, (n, d), other),
            (Leaf::Num(other), Leaf::Ratio(n, d)) => self.compare_ratio(op.turned(), (n, d), other),
            (Leaf::Ratio(..), Leaf::Ratio(..)) => self.open_order(op, a, b),
            (Leaf::Never, Leaf::Never) | (Leaf::NotApplicable, Leaf::NotApplicable) => {
                let equal = matches!(op, CompareOp::Eq);
                let ordered = *a == Leaf::Never && matches!(op, CompareOp::Le | CompareOp::Ge);
                of(equal || ordered)
            }
            (Leaf::Never, Leaf::Num(_)) => of(op.holds(std::cmp::Ordering::Greater)),
            (Leaf::Num(_), Leaf::Never) => of(op.holds(std::cmp::Ordering::Less)),
            (Leaf::Flag(a), Leaf::Flag(b)) => of(op.holds(a.cmp(b))),
            (Leaf::Cat(a), Leaf::Cat(b)) => of(op.holds(a.cmp(b))),
            (Leaf::CatOf(choice), Leaf::Cat(value)) => Rails::sure(self.compare_choice(op, *choice, *value)),
            (Leaf::Cat(value), Leaf::CatOf(choice)) => {
                Rails::sure(self.compare_choice(op.turned(), *choice, *value))
            }
            (Leaf::CatOf(a), Leaf::CatOf(b)) => {
                let values = self.choices.get(*b).map_or(0, |choice| choice.values);
                if values > 80 {
                    return Rails::sure(self.opaque_rails("a comparison of two choices").yes);
                }
                let mut ways = Vec::new();
                for value in 0..values {
                    let (left, right) = (self.compare_choice(op, *a, value), self.picks(*b, value));
                    ways.push(self.all([left, right]));
                }
                Rails::sure(self.any(ways))
            }
            (Leaf::Text(a), Leaf::Text(b)) => of(op.holds(a.cmp(b))),
            (Leaf::TextOf(text), Leaf::Text(value)) | (Leaf::Text(value), Leaf::TextOf(text)) => match op {
                CompareOp::Eq => Rails::sure(self.reads(*text, value)),
                CompareOp::Ne => Rails::sure(!self.reads(*text, value)),
                _ => Rails::sure(self.opaque_rails("the order of texts").yes),
            },
            (Leaf::TextOf(a), Leaf::TextOf(b)) => {
                let equal = if a == b {
                    Lit::YES
                } else {
                    let pair = (*a.min(b), *a.max(b));
                    if !self.text_equality.contains_key(&pair) {
                        let lit = self.opaque_rails("a comparison of two texts").yes;
                        self.text_equality.insert(pair, lit);
                    }
                    self.text_equality.get(&pair).copied().unwrap_or(Lit::NO)
                };
                match op {
                    CompareOp::Eq => Rails::sure(equal),
                    CompareOp::Ne => Rails::sure(!equal),
                    _ => Rails::sure(self.opaque_rails("the order of texts").yes),
                }
            }
            (Leaf::Row(a), Leaf::Row(b)) => {
                let (a, b) = (&self.first_of(*a), &self.first_of(*b));
                let equal = if a == b {
                    Lit::YES
                } else {
                    let pair = (*a.min(b), *a.max(b));
                    if !self.row_equality.contains_key(&pair) {
                        let lit = self.opaque_rails("whether two references name one row").yes;
                        self.row_equality.insert(pair, lit);
                    }
                    self.row_equality.get(&pair).copied().unwrap_or(Lit::NO)
                };
                Rails::sure(if op == CompareOp::Ne { !equal } else { equal })
            }
            // `none` and what is not applicable are equal to no value and neither before nor after one.
            (Leaf::None | Leaf::NotApplicable, _) | (_, Leaf::None | Leaf::NotApplicable) => {
                of(op == CompareOp::Ne)
            }
            _ => self.opaque_rails("a comparison of values of two kinds"),
        }
    }

    /// How the difference stands to nothing.
    fn compare_forms(&mut self, op: CompareOp, difference: &Form) -> Lit {
        match op {
            CompareOp::Lt => self.solver.at_most_zero(difference, false),
            CompareOp::Le => self.solver.at_most_zero(difference, true),
            CompareOp::Gt => !self.solver.at_most_zero(difference, true),
            CompareOp::Ge => !self.solver.at_most_zero(difference, false),
            CompareOp::Eq | CompareOp::Ne => {
                let equal = self.solver.equal(difference, &Form::default());
                if op == CompareOp::Eq { equal } else { !equal }
            }
        }
    }

    fn compare_ranges(&mut self, op: CompareOp, a: &(Form, Form), b: &(Form, Form)) -> Rails {
        match op {
            CompareOp::Lt => {
                Rails { yes: self.solver.less(&a.1, &b.0, false), no: self.solver.less(&b.1, &a.0, true) }
            }
            CompareOp::Le => {
                Rails { yes: self.solver.less(&a.1, &b.0, true), no: self.solver.less(&b.1, &a.0, false) }
            }
            CompareOp::Gt => self.compare_ranges(CompareOp::Lt, b, a),
            CompareOp::Ge => self.compare_ranges(CompareOp::Le, b, a),
            CompareOp::Ne => self.compare_ranges(CompareOp::Eq, a, b).not(),
            CompareOp::Eq => {
                let below = self.solver.less(&a.1, &b.0, false);
                let above = self.solver.less(&b.1, &a.0, false);
                let up = self.solver.less(&a.1, &b.0, true);
                let down = self.solver.less(&b.1, &a.0, true);
                Rails { yes: self.all([up, down]), no: self.any([below, above]) }
            }
        }
    }

    /// Two values of which one is a quotient, neither of them a constant. How the one stands to the other is free, but one
    /// way for all comparisons of the two: who is not above is at or below.
    fn open_order(&mut self, op: CompareOp, a: &Leaf, b: &Leaf) -> Rails {
        let (op, a, b) = if a <= b { (op, a, b) } else { (op.turned(), b, a) };
        let read = (a.clone(), b.clone());
        let [less, equal, greater] = match self.orders.get(&read) {
            Some(known) => *known,
            None => {
                self.vague.insert("a quotient compared with another unknown".to_owned());
                let ways = [self.solver.cnf.free(), self.solver.cnf.free(), self.solver.cnf.free()];
                let [less, equal, greater] = ways;
                self.solver.cnf.clause(&[less, equal, greater]);
                for (one, other) in [(less, equal), (less, greater), (equal, greater)] {
                    self.solver.cnf.clause(&[!one, !other]);
                }
                self.orders.insert(read, ways);
                self.between_limits(a, b, ways);
                ways
            }
        };
        let yes = match op {
            CompareOp::Lt => less,
            CompareOp::Le => !greater,
            CompareOp::Gt => greater,
            CompareOp::Ge => !less,
            CompareOp::Eq => equal,
            CompareOp::Ne => !equal,
        };
        Rails::sure(yes)
    }

    /// Of a quotient and an unknown between limits: what is above it is above the least that it can be.
    fn between_limits(&mut self, a: &Leaf, b: &Leaf, [less, equal, greater]: [Lit; 3]) {
        let (Leaf::Num(other), Leaf::Ratio(n, d)) = (a, b) else { return };
        let (low, high) = match other.terms.iter().next() {
            Some((num, factor)) if other.terms.len() == 1 && factor.is_one() && other.constant.is_zero() => {
                self.solver.limits_of(*num)
            }
            _ => return,
        };
        // The unknown is less than the quotient where that is greater.
        let implied =
            [(low, less, CompareOp::Gt, CompareOp::Ge), (high, greater, CompareOp::Lt, CompareOp::Le)];
        for (limit, strict, beyond, at_least) in implied {
            let Some(limit) = limit else { continue };
            let limit = Form::constant(limit);
            let beyond = self.compare_ratio(beyond, (n, d), &limit).yes;
            let at_least = self.compare_ratio(at_least, (n, d), &limit).yes;
            self.solver.cnf.clause(&[!strict, beyond]);
            self.solver.cnf.clause(&[!equal, at_least]);
        }
    }

    /// A quotient and a constant, or a form where the divisor is one: multiplied out by the sign of the divisor.
    fn compare_ratio(&mut self, op: CompareOp, (n, d): (&Form, &Form), other: &Form) -> Rails {
        let product = match (other.as_constant(), d.as_constant()) {
            (Some(c), _) => d.scaled(c),
            (None, Some(c)) => other.scaled(c),
            (None, None) => {
                let (ratio, other) = (Leaf::Ratio(n.clone(), d.clone()), Leaf::Num(other.clone()));
                return self.open_order(op, &ratio, &other);
            }
        };
        let difference = n.minus(&product);
        let positive = self.solver.less(&Form::default(), d, false);
        let negative = self.solver.less(d, &Form::default(), false);
        let (up, down) = (self.compare_forms(op, &difference), self.compare_forms(op.turned(), &difference));
        let yes = [self.all([positive, up]), self.all([negative, down])];
        let no = [self.all([positive, !up]), self.all([negative, !down])];
        Rails { yes: self.any(yes), no: self.any(no) }
    }

    fn compare_choice(&mut self, op: CompareOp, choice: usize, value: u32) -> Lit {
        let values = self.choices.get(choice).map_or(0, |choice| choice.values);
        match op {
            CompareOp::Eq => self.picks(choice, value),
            CompareOp::Ne => !self.picks(choice, value),
            _ => {
                let mut ways = Vec::new();
                for other in 0..values {
                    if op.holds(other.cmp(&value)) {
                        ways.push(self.picks(choice, other));
                    }
                }
                self.any(ways)
            }
        }
    }

    /// Two values, neither of which may be followed as a product: the product of two forms.
    pub(super) fn product(&mut self, a: &Form, b: &Form) -> Form {
        if let Some(c) = a.as_constant() {
            return b.scaled(c);
        }
        if let Some(c) = b.as_constant() {
            return a.scaled(c);
        }
        let pair = if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
        if let Some(known) = self.products.get(&pair) {
            return known.clone();
        }
        self.vague.insert("a product of two unknowns".to_owned());
        let is_whole = self.solver.is_whole_form(a) && self.solver.is_whole_form(b);
        let num = self.solver.number(is_whole, None, None);
        let value = Form::of(num);
        // The sign of a product follows from those of its parts.
        let zero = Form::default();
        let sides = [(a, b), (b, a)];
        for (one, other) in sides {
            let at_zero = self.solver.equal(one, &zero);
            let nothing = self.solver.equal(&value, &zero);
            self.solver.axiom(num, vec![!at_zero, nothing]);
            let (above, below) = (self.solver.less(&zero, one, true), self.solver.less(one, &zero, true));
            let (more, less) = (self.solver.less(&zero, other, true), self.solver.less(other, &zero, true));
            let (not_negative, not_positive) =
                (self.solver.less(&zero, &value, true), self.solver.less(&value, &zero, true));
            self.solver.axiom(num, vec![!above, !more, not_negative]);
            self.solver.axiom(num, vec![!below, !less, not_negative]);
            self.solver.axiom(num, vec![!above, !less, not_positive]);
        }
        self.products.insert(pair, value.clone());
        value
    }

    /// The quotient of two leaves, and when its divisor is not zero.
    pub(super) fn quotient(&mut self, a: &Leaf, b: &Leaf) -> Option<(Lit, Leaf)> {
        let (n, d) = match (a, b) {
            (Leaf::Num(n), Leaf::Num(d)) => (n.clone(), d.clone()),
            (Leaf::Ratio(n, d), Leaf::Num(by)) => (n.clone(), self.product(d, by)),
            (Leaf::Num(n), Leaf::Ratio(num, den)) => (self.product(n, den), num.clone()),
            (Leaf::Ratio(n, d), Leaf::Ratio(num, den)) => (self.product(n, den), self.product(d, num)),
            _ => return None,
        };
        if let Some(by) = d.as_constant() {
            if by.is_zero() {
                return Some((Lit::NO, Leaf::Num(n)));
            }
            return Some((Lit::YES, Leaf::Num(n.scaled(&(num_one() / by)))));
        }
        let zero = self.solver.equal(&d, &Form::default());
        Some((!zero, Leaf::Ratio(n, d)))
    }

    /// The lesser (or greater) of two leaves, by cases.
    pub(super) fn extreme(&mut self, a: &Sym, b: &Sym, least: bool) -> Sym {
        let op = if least { CompareOp::Le } else { CompareOp::Ge };
        let rails = self.compare(op, a, b);
        let mut cases = Vec::new();
        let known_b = self.any(b.cases.iter().map(|(when, _)| *when));
        let known_a = self.any(a.cases.iter().map(|(when, _)| *when));
        for (when, leaf) in &a.cases {
            cases.push((self.all([*when, rails.yes, known_b]), leaf.clone()));
        }
        for (when, leaf) in &b.cases {
            cases.push((self.all([*when, rails.no, known_a]), leaf.clone()));
        }
        cases.retain(|(when, _)| *when != Lit::NO);
        Sym { cases, missing: Lit::NO }
    }
}

fn num_one() -> super::form::Q {
    super::form::Q::one()
}
