//! Populations: a row among all rows of its record that share its key.
//!
//! The condition, the key and what is ranked are read of each row by itself, so that only that row is visible in them: the
//! same name then means the same fact of every row, and the population is worked out once.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind};

use super::lowering::{Bound, Frame};
use super::names::{Found, Search};
use super::unit::{base_name, has_equality, is_ordered, is_quantity};
use super::{Lowering, Target};
use crate::plan::{ExprId, Op, Population, PopulationKind, RowSource, Rows, Symbol};
use crate::value::{Base, RecordId, Type};

impl Lowering<'_> {
    pub(super) fn percent_rank(&mut self, among: &ast::Population, span: Span) -> Option<(ExprId, Type)> {
        let (rows, operand, per, own, ty) = self.among(among, "percent_rank")?;
        self.can_be_ranked(among, ty)?;
        let population =
            Population { kind: PopulationKind::PercentRank, rows, operand, per, own: Some(own?) };
        // A row that is not among them has no rank.
        let ty = Type::maybe(Base::Percent);
        Some((self.push(Op::Population(Box::new(population)), ty, span), ty))
    }

    pub(super) fn in_top(
        &mut self,
        share: &ast::Expr,
        among: &ast::Population,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let share = self.value(share, Type::of(Base::Percent));
        let (rows, operand, per, own, ty) = self.among(among, "in top")?;
        self.can_be_ranked(among, ty)?;
        let population =
            Population { kind: PopulationKind::InTop(share?), rows, operand, per, own: Some(own?) };
        Some(self.flag(Op::Population(Box::new(population)), false, span))
    }

    pub(super) fn total(&mut self, among: &ast::Population, span: Span) -> Option<(ExprId, Type)> {
        let (rows, operand, per, own, ty) = self.among(among, "total")?;
        if !is_quantity(ty.base) {
            let what = base_name(self.cx.symbols, ty.base);
            let diagnostic = self
                .error("type-mismatch", among.operand.span, format!("`total` cannot be taken of `{what}`"))
                .help("it takes numbers, percents, money or durations");
            self.report(diagnostic);
            return None;
        }
        let own = if per.is_empty() { None } else { Some(own?) };
        let population = Population { kind: PopulationKind::Total, rows, operand, per, own };
        let ty = Type::of(ty.base);
        Some((self.push(Op::Population(Box::new(population)), ty, span), ty))
    }

    /// The rows, what is read of each, its key, the row that asks (where it is needed) and the type of what is read.
    #[allow(clippy::type_complexity, reason = "the parts of one construct, taken apart by its three kinds")]
    fn among(
        &mut self,
        among: &ast::Population,
        word: &str,
    ) -> Option<(Rows, ExprId, Vec<ExprId>, Option<ExprId>, Type)> {
        let record = self.population_record(&among.rows.source)?;
        let needs_own = word != "total" || !among.per.is_empty();
        let own = if needs_own { self.own_row(record, word, among.rows.source.span) } else { None };

        let mark = self.mark();
        let outer = std::mem::take(&mut self.frames);
        let slot = self.new_slot();
        let alias = among.rows.alias.as_ref().map(|alias| alias.text.clone());
        if let Some(alias) = &alias {
            let ty = Type::of(Base::Record(record));
            self.bound.push(Bound { name: alias.clone(), op: Op::Row(slot), ty });
        }
        self.frames.push(Frame { slot, record, alias, back: None });
        let filter = among.rows.filter.as_ref().map(|filter| self.condition(filter));
        let operand = self.single(&among.operand, None);
        let per: Vec<Option<ExprId>> = among.per.iter().map(|part| self.partition_key(part)).collect();
        self.frames = outer;
        self.leave(mark);

        if matches!(filter, Some(None)) || (needs_own && own.is_none()) {
            self.failed = true;
            return None;
        }
        let (operand, ty) = operand?;
        let rows = Rows { source: RowSource::All(record), slot, filter: filter.flatten() };
        Some((rows, operand, per.into_iter().collect::<Option<_>>()?, own, ty))
    }

    fn partition_key(&mut self, part: &ast::Expr) -> Option<ExprId> {
        let (id, ty) = self.single(part, None)?;
        if !has_equality(ty.base) {
            self.report_no_equality(part, ty);
            return None;
        }
        Some(id)
    }

    fn population_record(&mut self, source: &ast::Expr) -> Option<RecordId> {
        if let ExprKind::Name(name) = &*source.kind {
            match self.find(&name.text, false) {
                Search::One(Found::Symbol(symbol @ Symbol::Record(record))) => {
                    self.mention(name.span, Target::Symbol(symbol));
                    return Some(record);
                }
                Search::Nothing => {
                    self.report_unknown(name, None);
                    return None;
                }
                _ => {}
            }
        }
        let diagnostic = self
            .error("type-mismatch", source.span, "after `among` stands a record, and this is none")
            .help("name the record, such as `among Student`, and choose its rows by `where`");
        self.report(diagnostic);
        None
    }

    /// The nearest row of that record: the one whose place among the others is asked.
    fn own_row(&mut self, record: RecordId, word: &str, span: Span) -> Option<ExprId> {
        let Some(frame) = self.frames.iter().rev().find(|frame| frame.record == record) else {
            let name = self.cx.symbols.record(record).map_or("record", |record| record.name.as_str());
            let diagnostic = self
                .error(
                    "type-mismatch",
                    span,
                    format!("`{word}` is asked for one `{name}`, and there is none here"),
                )
                .help(format!("declare this `of {name}`, and read it from there"));
            self.report(diagnostic);
            return None;
        };
        let slot = frame.slot;
        Some(self.push(Op::Row(slot), Type::of(Base::Record(record)), span))
    }

    fn can_be_ranked(&mut self, among: &ast::Population, ty: Type) -> Option<()> {
        if is_ordered(self.cx.symbols, ty.base) {
            return Some(());
        }
        let what = base_name(self.cx.symbols, ty.base);
        let diagnostic = self
            .error("type-mismatch", among.operand.span, format!("rows cannot be ranked by `{what}`"))
            .help("rank by values that have an order, such as numbers, dates or an ordered category");
        self.report(diagnostic);
        None
    }
}
