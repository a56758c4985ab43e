//! Which rows and names an expression at some place of an item can see, and of which type a simple expression is.
//!
//! It answers for half-written text too, so it never reports and gives nothing where it is not sure.

use rubric_grammar::Span;
use rubric_grammar::ast::{
    AggregateKind, BinaryOp, Expr, ExprKind, Item, ItemKind, Literal, Population, Rows, Statement, TypeExpr,
    TypeKind,
};

use super::Entity;
use super::entity::type_of;
use crate::check::walk;
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::snake_case;
use crate::names::built_in;
use crate::plan::{FieldKind, PolicyId, Symbol, Symbols};
use crate::value::{Base, RecordId, Type};

/// What is visible at a place.
#[derive(Clone, Debug)]
pub(super) struct Visible<'a> {
    pub(super) symbols: &'a Symbols,
    pub(super) policy: PolicyId,
    /// Rows whose fields can be named bare, outermost first, with their alias.
    pub(super) rows: Vec<(Option<String>, RecordId)>,
    /// Arguments, values of `for each`, rows of a test.
    pub(super) locals: Vec<(String, Type)>,
}

impl<'a> Visible<'a> {
    /// What is visible at an offset inside an item.
    pub(super) fn at(symbols: &'a Symbols, policy: PolicyId, item: &Item, offset: u32) -> Self {
        let mut visible = Self { symbols, policy, rows: Vec::new(), locals: Vec::new() };
        visible.enter(item);
        let holds = |expr: &&Expr| expr.span.start <= offset && offset <= expr.span.end;
        // Of two expressions that touch, the later one is being written.
        let expressions = walk::expressions(item);
        let inner = expressions.into_iter().filter(holds).max_by_key(|expr| expr.span.start);
        if let Some(expr) = inner {
            visible.descend(expr, offset);
        }
        visible
    }

    fn enter(&mut self, item: &Item) {
        let (of, each) = match &item.kind {
            ItemKind::Define(define) => {
                for param in &define.params {
                    let ty = self.written_type(&param.ty).unwrap_or(Type::of(Base::Damaged));
                    self.locals.push((param.name.text.clone(), ty));
                }
                (define.of.as_ref(), None)
            }
            ItemKind::Decision(it) => (it.of.as_ref(), None),
            ItemKind::Requirement(it) => (it.of.as_ref(), it.for_each.as_ref()),
            ItemKind::Amount(it) => (it.of.as_ref(), None),
            ItemKind::Group(it) => (Some(&it.of), None),
            ItemKind::Fixture(it) => {
                self.statements(&it.statements);
                (None, None)
            }
            ItemKind::Test(it) => {
                self.statements(&it.statements);
                (None, None)
            }
            _ => (None, None),
        };
        if let Some(record) = of.and_then(|name| self.record(&name.text)) {
            self.rows.push((None, record));
        } else if let (ItemKind::Decision(_) | ItemKind::Requirement(_) | ItemKind::Amount(_), None) =
            (&item.kind, of)
            && let Some(record) = self.amended(item)
        {
            self.rows.push((None, record));
        }
        if let Some(each) = each
            && let (Some(alias), Some(ty)) = (&each.alias, self.named_type(&each.category.text))
        {
            self.locals.push((alias.text.clone(), ty));
        }
    }

    /// The record of the declaration that an item amends.
    fn amended(&self, item: &Item) -> Option<RecordId> {
        let symbols = self.symbols;
        match &item.kind {
            ItemKind::Decision(it) => {
                symbols.decisions.iter().find(|symbol| symbol.name == it.name.text).map(|symbol| symbol.of)
            }
            ItemKind::Requirement(it) => {
                symbols.requirements.iter().find(|symbol| symbol.name == it.name.text).map(|symbol| symbol.of)
            }
            ItemKind::Amount(it) => {
                symbols.amounts.iter().find(|symbol| symbol.name == it.name.text).map(|symbol| symbol.of)
            }
            _ => None,
        }
    }

    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            if let Statement::Row(row) = statement
                && let (Some(name), Some(record)) = (&row.name, self.record(&row.record.text))
                && !self.locals.iter().any(|(local, _)| *local == name.text)
            {
                self.locals.push((name.text.clone(), Type::of(Base::Record(record))));
            }
        }
    }

    fn descend(&mut self, expr: &Expr, offset: u32) {
        let holds = |expr: &Expr| expr.span.start <= offset && offset <= expr.span.end;
        let over = match &*expr.kind {
            ExprKind::Aggregate(it) => Some(&it.rows),
            ExprKind::Quantity { count, rows, .. } if !holds(count) => Some(rows),
            ExprKind::PercentRank(it) | ExprKind::Total(it) => Some(&it.rows),
            ExprKind::InTop(percent, it) if !holds(percent) => Some(&it.rows),
            ExprKind::Apportion { rows, by, .. } if holds(by) || rows.filter.as_ref().is_some_and(holds) => {
                Some(rows)
            }
            _ => None,
        };
        if let Some(rows) = over.filter(|rows| !holds(&rows.source) || offset > rows.source.span.end) {
            self.push_rows(rows);
        }
        let children = walk::children(expr);
        let inner = children.into_iter().filter(|it| holds(it)).max_by_key(|it| it.span.start);
        if let Some(inner) = inner {
            self.descend(inner, offset);
        }
    }

    /// Binds the rows of an aggregate.
    fn push_rows(&mut self, rows: &Rows) {
        let alias = rows.alias.as_ref().map(|alias| alias.text.clone());
        match self.infer(&rows.source).map(|ty| ty.base) {
            Some(Base::Record(record) | Base::Many(record)) => {
                if let Some(alias) = &alias {
                    self.locals.push((alias.clone(), Type::of(Base::Record(record))));
                }
                self.rows.push((alias, record));
            }
            Some(base @ Base::Category(_)) => {
                self.locals.extend(alias.map(|alias| (alias, Type::of(base))));
            }
            _ => {}
        }
    }

    pub(super) fn scope(&self, name: &str) -> &'a [Symbol] {
        self.symbols.policy(self.policy).map_or(&[], |policy| policy.scope.get(name))
    }

    pub(super) fn record(&self, name: &str) -> Option<RecordId> {
        self.scope(name).iter().find_map(|symbol| match symbol {
            Symbol::Record(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn named_type(&self, name: &str) -> Option<Type> {
        let declared = || {
            self.scope(name).iter().find_map(|symbol| match symbol {
                Symbol::Category(id) => Some(Base::Category(*id)),
                Symbol::Record(id) => Some(Base::Record(*id)),
                _ => None,
            })
        };
        built_in(name).or_else(declared).map(Type::of)
    }

    fn written_type(&self, ty: &TypeExpr) -> Option<Type> {
        match &ty.kind {
            TypeKind::Name(name) => {
                self.named_type(&name.text).map(|found| Type { optional: ty.optional, ..found })
            }
            TypeKind::Set(name) => match self.named_type(&name.text)?.base {
                Base::Category(id) => Some(Type::of(Base::Set(id))),
                _ => None,
            },
            TypeKind::Many { record, .. } => self.record(&record.text).map(|id| Type::of(Base::Many(id))),
        }
    }

    /// The type of a member of a record: a field, or a define or result of it.
    pub(super) fn member(&self, record: RecordId, name: &str) -> Option<Type> {
        let declared = self.symbols.record(record)?;
        if let Some(field) = declared.fields.iter().find(|field| field.name == name) {
            return Some(match field.kind {
                FieldKind::Many { record, .. } => Type::of(Base::Many(record)),
                _ => field.ty,
            });
        }
        self.scope(name).iter().find_map(|symbol| {
            (self.symbols.of(*symbol) == Some(record)).then(|| type_of(self.symbols, *symbol))?
        })
    }

    /// The type of a bare name.
    pub(super) fn name(&self, name: &str) -> Option<Type> {
        if name == "this" {
            return self.rows.first().map(|(_, record)| Type::of(Base::Record(*record)));
        }
        if let Some((_, ty)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Some(*ty);
        }
        if name == "as_of" {
            return Some(Type::of(Base::Date));
        }
        for (_, record) in self.rows.iter().rev() {
            if let Some(ty) = self.member(*record, name) {
                return Some(ty);
            }
        }
        for (_, record) in self.rows.iter().rev() {
            if self.symbols.record(*record).is_some_and(|it| snake_case(&it.name) == name) {
                return Some(Type::of(Base::Record(*record)));
            }
        }
        self.scope(name).first().and_then(|symbol| type_of(self.symbols, *symbol))
    }

    /// The type of an expression, where a few words decide it.
    pub(super) fn infer(&self, expr: &Expr) -> Option<Type> {
        match &*expr.kind {
            ExprKind::Name(name) => self.name(&name.text),
            ExprKind::Field(of, name) => match self.infer(of)?.base {
                Base::Record(record) | Base::Many(record) => self.member(record, &name.text),
                _ => None,
            },
            ExprKind::Call(of, arguments) => match &*of.kind {
                ExprKind::Name(name) => match name.text.as_str() {
                    "min" | "max" => arguments.first().and_then(|it| self.infer(it)),
                    "age" => Some(Type::of(Base::Count)),
                    "date" | "nth_weekday" => Some(Type::of(Base::Date)),
                    "school_year" => Some(Type::of(Base::SchoolYear)),
                    name => self.name(name),
                },
                _ => self.infer(of),
            },
            ExprKind::Paren(inner)
            | ExprKind::On(inner, _)
            | ExprKind::Rounded(inner, _)
            | ExprKind::Negate(inner) => self.infer(inner),
            ExprKind::Presumed(inner, _) => self.infer(inner).map(|ty| Type::of(ty.base)),
            ExprKind::If(_, then, _) => self.infer(then),
            ExprKind::Literal(literal) => Some(Type::of(match literal {
                Literal::Flag(_) => Base::Flag,
                Literal::Number(text) if text.contains('.') => Base::Number,
                Literal::Number(_) => Base::Count,
                Literal::Percent(_) => Base::Percent,
                Literal::Money(_) => Base::Money,
                Literal::Duration(_, rubric_grammar::ast::DurationUnit::Days) => Base::Days,
                Literal::Duration(..) => Base::Months,
                Literal::Date(_) => Base::Date,
                Literal::SchoolYear(_) => Base::SchoolYear,
                Literal::Text(_) => Base::Text,
            })),
            ExprKind::Not(_)
            | ExprKind::InList { .. }
            | ExprKind::InSet { .. }
            | ExprKind::Between { .. }
            | ExprKind::Is { .. }
            | ExprKind::TextTest { .. }
            | ExprKind::Quantity { .. }
            | ExprKind::InTop(..)
            | ExprKind::Binary(
                BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Eq
                | BinaryOp::Ne
                | BinaryOp::Lt
                | BinaryOp::Le
                | BinaryOp::Gt
                | BinaryOp::Ge,
                ..,
            ) => Some(Type::of(Base::Flag)),
            ExprKind::Aggregate(aggregate) => match aggregate.kind {
                AggregateKind::Count | AggregateKind::CountDistinct => Some(Type::of(Base::Count)),
                AggregateKind::Any | AggregateKind::None | AggregateKind::All | AggregateKind::SomeAndAll => {
                    Some(Type::of(Base::Flag))
                }
                AggregateKind::Latest | AggregateKind::Earliest | AggregateKind::Only => {
                    match self.infer(&aggregate.rows.source)?.base {
                        Base::Record(record) | Base::Many(record) => Some(Type::maybe(Base::Record(record))),
                        _ => None,
                    }
                }
                AggregateKind::Sum
                | AggregateKind::Highest
                | AggregateKind::Lowest
                | AggregateKind::Average => {
                    let mut inner = self.clone();
                    inner.push_rows(&aggregate.rows);
                    inner.infer(aggregate.operand.as_ref()?)
                }
            },
            ExprKind::Total(Population { operand, rows, .. }) => {
                let mut inner = self.clone();
                inner.push_rows(rows);
                inner.infer(operand)
            }
            _ => None,
        }
    }
}

/// The record of a row of a fixture or test.
pub(super) fn row_record(db: &Database, file: FileId, item: u32, name: &str) -> Option<RecordId> {
    let (symbols, collected, parsed) = (db.symbols(), db.collected(), db.parsed(file)?);
    let policy = collected.policies.get(&file).copied()?;
    let item = parsed.parse.file.items.get(item as usize)?;
    let visible = Visible::at(&symbols, policy, item, 0);
    match visible.locals.iter().find(|(local, _)| local == name)?.1.base {
        Base::Record(record) => Some(record),
        _ => None,
    }
}

/// The type of an argument or alias, by its declaration.
pub(super) fn local_type(db: &Database, file: FileId, span: Span, entity: &Entity) -> Option<Type> {
    let Entity::Local { item, .. } = entity else { return None };
    let (symbols, collected, parsed) = (db.symbols(), db.collected(), db.parsed(file)?);
    let policy = collected.policies.get(&file).copied()?;
    let item = parsed.parse.file.items.get(*item as usize)?;
    let start = (item.span.start + span.start) as usize..(item.span.start + span.end) as usize;
    let text = db.text(file);
    let name = super::entity::bare(text.get(start)?).to_owned();
    let visible = Visible::at(&symbols, policy, item, span.end);
    visible.locals.iter().rev().find(|(local, _)| *local == name).map(|(_, ty)| *ty)
}
