//! # declarations read each other in a circle
//!
//! Severity: error
//!
//! A definition, decision, requirement, amount, line or group key may read others, but never, in the end, itself: there would be no
//! value to begin with, or one that hangs on the order of reading. The message shows the shortest way round, with a
//! place for each step.
//!
//! Wrong:
//!
//! ```rubric
//! define ready of Student: flag = on_track and credits >= 5
//! define on_track of Student: flag = ready or behind = 0
//! ```
//!
//! Right: one of the two is stated without the other.
//!
//! ```rubric
//! define ready of Student: flag = on_track and credits >= 5
//! define on_track of Student: flag = behind = 0
//! ```
//!
//! A value of an earlier year or another record is a field or a row of data, not the same definition read again. This
//! error cannot be allowed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::reach;
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{
    AmountBody, AmountId, Code, DecisionId, DefineId, Expr, ExprId, Op, Plan, RecordKind, RequirementId, ResultId,
    RowSource, Rows,
};
use crate::value::RecordId;

/// Something that is computed from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Group(RecordId),
    Define(DefineId),
    Decision(DecisionId),
    Requirement(RequirementId),
    Amount(AmountId),
    /// By position in the symbol.
    Line(AmountId, u32),
}

type Graph = BTreeMap<Node, BTreeMap<Node, Place>>;

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    if is_plainly_free(plan) {
        debug_assert!(cyclic_part(graph(plan)).is_empty(), "a circle is not seen");
        return;
    }
    let graph = cyclic_part(graph(plan));
    let mut told: BTreeSet<Node> = BTreeSet::new();
    for start in graph.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(way) = way_back(&graph, *start) {
            told.extend(way.iter().map(|(node, _)| *node));
            found.extend(report(plan, &way));
        }
    }
}

/// The decisions and requirements that some of these read in the end, themselves among them.
pub(super) fn reached(plan: &Plan, from: impl Iterator<Item = ResultId>) -> BTreeSet<ResultId> {
    let graph = graph(plan);
    let node = |result: ResultId| match result {
        ResultId::Decision(id) => Node::Decision(id),
        ResultId::Requirement(id) => Node::Requirement(id),
        ResultId::Amount(id) => Node::Amount(id),
    };
    let mut open: Vec<Node> = from.map(node).collect();
    let mut seen: BTreeSet<Node> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let targets = graph.get(&node).into_iter().flatten();
        open.extend(targets.map(|(target, _)| *target).filter(|target| seen.insert(*target)));
    }
    seen.into_iter()
        .filter_map(|node| match node {
            Node::Decision(id) => Some(ResultId::Decision(id)),
            Node::Requirement(id) => Some(ResultId::Requirement(id)),
            Node::Amount(id) | Node::Line(id, _) => Some(ResultId::Amount(id)),
            Node::Group(_) | Node::Define(_) => None,
        })
        .collect()
}

fn graph(plan: &Plan) -> Graph {
    let mut graph = Graph::new();
    for (id, body) in &plan.groups {
        graph.insert(Node::Group(RecordId(*id)), reads(plan, &body.code));
    }
    for (id, body) in &plan.defines {
        graph.insert(Node::Define(DefineId(*id)), reads(plan, &body.code));
    }
    for (id, body) in &plan.decisions {
        graph.insert(Node::Decision(DecisionId(*id)), reads(plan, &body.code));
    }
    for (id, body) in &plan.requirements {
        graph.insert(Node::Requirement(RequirementId(*id)), reads(plan, &body.code));
    }
    for (id, body) in &plan.amounts {
        amount(plan, AmountId(*id), body, &mut graph);
    }
    graph
}

/// An amount reads its lines, and each line what it is made of; `where` and `law on` belong to all of them.
fn amount(plan: &Plan, id: AmountId, body: &AmountBody, graph: &mut Graph) {
    let reading = |roots: Vec<ExprId>| -> BTreeMap<Node, Place> {
        let exprs = roots.into_iter().flat_map(|root| reach::within(&body.code, root));
        reads_of(plan, exprs)
    };
    let whole: Vec<ExprId> = body.condition.into_iter().chain(body.law_on).collect();
    let labels = plan.symbols.amount(id).map_or(&[][..], |symbol| &symbol.lines);
    let mut of_amount = reading(whole.clone());
    for line in &body.lines {
        let above = line.subject_to.iter().filter_map(|above| body.lines.get(*above as usize)?.when);
        let own = [Some(line.value), line.when, line.at_most, line.at_least].into_iter().flatten();
        let read = reading(whole.iter().copied().chain(own).chain(above).collect());
        match labels.iter().position(|label| **label == *line.label) {
            Some(position) => {
                let node = Node::Line(id, u32::try_from(position).unwrap_or(u32::MAX));
                of_amount.entry(node).or_insert(line.place);
                graph.entry(node).or_default().extend(read);
            }
            None => of_amount.extend(read),
        }
    }
    if let Some(total) = &body.total {
        let adjustment = Node::Line(id, u32::try_from(labels.len()).map_or(0, |lines| lines.saturating_sub(1)));
        let mut read = reading(whole.into_iter().chain(total.at_most).chain(total.at_least).collect());
        read.extend(of_amount.clone());
        of_amount.insert(adjustment, total.place);
        graph.insert(adjustment, read);
    }
    graph.insert(Node::Amount(id), of_amount);
}

/// What a body reads, each with the first place.
fn reads(plan: &Plan, code: &Code) -> BTreeMap<Node, Place> {
    reads_of(plan, &code.exprs)
}

fn reads_of<'e>(plan: &Plan, exprs: impl IntoIterator<Item = &'e Expr>) -> BTreeMap<Node, Place> {
    let mut found: BTreeMap<Node, Place> = BTreeMap::new();
    for expr in exprs {
        read(plan, &expr.op, |node| {
            let first = found.entry(node).or_insert(expr.place);
            *first = (*first).min(expr.place);
        });
    }
    found
}

/// What an operation reads itself.
fn read(plan: &Plan, op: &Op, mut add: impl FnMut(Node)) {
    let group = |record: RecordId| {
        let record_is_group = plan
            .symbols
            .record(record)
            .is_some_and(|record| matches!(record.kind, RecordKind::Group { .. }));
        record_is_group.then_some(Node::Group(record))
    };
    match op {
        Op::Define { define, .. } => add(Node::Define(*define)),
        Op::Decision { decision, .. } => add(Node::Decision(*decision)),
        Op::IsMet { requirement, .. } => add(Node::Requirement(*requirement)),
        Op::Amount { amount, line, .. } => add(match line {
            Some(line) => Node::Line(*amount, *line),
            None => Node::Amount(*amount),
        }),
        Op::Lookup { record, .. } => group(*record).into_iter().for_each(add),
        op => {
            let all = reach::rows_of(op).map(all_of).unwrap_or_default();
            all.into_iter().filter_map(group).for_each(add);
        }
    }
}

/// Whether no declaration reads itself in the end, told without looking at the lines of amounts one by one: an amount with
/// a line that reads another is not plainly free. Nearly every plan is, and this is asked after each key.
fn is_plainly_free(plan: &Plan) -> bool {
    let groups = plan.groups.iter().map(|(id, body)| (Node::Group(RecordId(*id)), &body.code));
    let defines = plan.defines.iter().map(|(id, body)| (Node::Define(DefineId(*id)), &body.code));
    let decisions = plan.decisions.iter().map(|(id, body)| (Node::Decision(DecisionId(*id)), &body.code));
    let requirements =
        plan.requirements.iter().map(|(id, body)| (Node::Requirement(RequirementId(*id)), &body.code));
    let amounts = plan.amounts.iter().map(|(id, body)| (Node::Amount(AmountId(*id)), &body.code));
    // In the order of nodes, since each of the maps is.
    let codes: Vec<(Node, &Code)> =
        groups.chain(defines).chain(decisions).chain(requirements).chain(amounts).collect();
    let reads: Vec<Vec<usize>> = codes
        .iter()
        .map(|(_, code)| {
            let mut targets = Vec::new();
            for expr in &code.exprs {
                read(plan, &expr.op, |node| {
                    let whole = match node {
                        Node::Line(amount, _) => Node::Amount(amount),
                        node => node,
                    };
                    targets.extend(codes.binary_search_by_key(&whole, |(node, _)| *node));
                });
            }
            targets
        })
        .collect();
    // What is read by nothing that is left lies on no circle.
    let mut readers = vec![0_usize; codes.len()];
    for target in reads.iter().flatten() {
        if let Some(count) = readers.get_mut(*target) {
            *count += 1;
        }
    }
    let mut open: Vec<usize> = (0..codes.len()).filter(|node| readers.get(*node) == Some(&0)).collect();
    let mut gone = 0;
    while let Some(node) = open.pop() {
        gone += 1;
        for target in reads.get(node).into_iter().flatten() {
            if let Some(count) = readers.get_mut(*target) {
                *count -= 1;
                if *count == 0 {
                    open.push(*target);
                }
            }
        }
    }
    gone == codes.len()
}

/// The records of which all rows are gone over.
fn all_of(rows: &Rows) -> Vec<RecordId> {
    fn of(source: &RowSource, found: &mut Vec<RecordId>) {
        match source {
            RowSource::All(record) => found.push(*record),
            RowSource::Many { .. } | RowSource::Values(_) => {}
            RowSource::Flatten { outer, inner } => {
                of(&outer.source, found);
                of(inner, found);
            }
        }
    }
    let mut found = Vec::new();
    of(&rows.source, &mut found);
    found
}

/// The graph without what cannot lie on a circle: what, in the end, reads nothing that is left, or is read by nothing.
fn cyclic_part(mut graph: Graph) -> Graph {
    let nodes: BTreeSet<Node> = graph.keys().copied().collect();
    for targets in graph.values_mut() {
        targets.retain(|target, _| nodes.contains(target));
    }
    let reads: BTreeMap<Node, Vec<Node>> =
        graph.iter().map(|(node, targets)| (*node, targets.keys().copied().collect())).collect();
    let mut read_by: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for (node, targets) in &reads {
        for target in targets {
            read_by.entry(*target).or_default().push(*node);
        }
    }
    let mut gone = dead_ends(&nodes, &reads, &read_by);
    gone.extend(dead_ends(&nodes, &read_by, &reads));
    graph.retain(|node, _| !gone.contains(node));
    for targets in graph.values_mut() {
        targets.retain(|target, _| !gone.contains(target));
    }
    graph
}

/// The nodes from which every way along `edges` ends.
fn dead_ends(
    nodes: &BTreeSet<Node>,
    edges: &BTreeMap<Node, Vec<Node>>,
    back: &BTreeMap<Node, Vec<Node>>,
) -> BTreeSet<Node> {
    let mut left: BTreeMap<Node, usize> =
        nodes.iter().map(|node| (*node, edges.get(node).map_or(0, Vec::len))).collect();
    let mut open: Vec<Node> = left.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
    let mut gone = BTreeSet::new();
    while let Some(node) = open.pop() {
        gone.insert(node);
        for before in back.get(&node).into_iter().flatten() {
            if let Some(count) = left.get_mut(before) {
                *count -= 1;
                if *count == 0 {
                    open.push(*before);
                }
            }
        }
    }
    gone
}

/// The shortest way from a node back to itself: each node with the place where it reads the next.
fn way_back(graph: &Graph, start: Node) -> Option<Vec<(Node, Place)>> {
    let mut from: BTreeMap<Node, Node> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for target in graph.get(&node)?.keys() {
            if *target == start {
                let mut nodes = vec![node];
                while let Some(before) = nodes.last().and_then(|last| from.get(last)) {
                    nodes.push(*before);
                }
                nodes.reverse();
                let next = nodes.iter().copied().skip(1).chain([start]);
                let place = |(node, next): (&Node, Node)| Some((*node, *graph.get(node)?.get(&next)?));
                return nodes.iter().zip(next).map(place).collect();
            }
            if !from.contains_key(target) {
                from.insert(*target, node);
                open.push_back(*target);
            }
        }
    }
    None
}

fn report(plan: &Plan, way: &[(Node, Place)]) -> Option<Diagnostic> {
    let name = |node: Node| {
        match node {
            Node::Group(id) => plan.symbols.record(id).map(|symbol| symbol.name.as_str()),
            Node::Define(id) => plan.symbols.define(id).map(|symbol| symbol.name.as_str()),
            Node::Decision(id) => plan.symbols.decision(id).map(|symbol| symbol.name.as_str()),
            Node::Requirement(id) => plan.symbols.requirement(id).map(|symbol| symbol.name.as_str()),
            Node::Amount(id) => plan.symbols.amount(id).map(|symbol| symbol.name.as_str()),
            Node::Line(id, line) => {
                let symbol = plan.symbols.amount(id);
                symbol.and_then(|symbol| symbol.lines.get(line as usize)).map(String::as_str)
            }
        }
        .unwrap_or_default()
    };
    let (start, place) = *way.first()?;
    let path: Vec<String> =
        way.iter().map(|(node, _)| *node).chain([start]).map(|node| format!("`{}`", name(node))).collect();
    let mut steps = way.iter().zip(path.iter().skip(1));
    let (_, first) = steps.next()?;
    let message = if way.len() == 1 {
        format!("`{}` reads itself", name(start))
    } else {
        format!("`{}` reads itself: {}", name(start), path.join(" → "))
    };
    let diagnostic =
        Diagnostic::error("cycle", place, message).here(format!("`{}` reads {first}", name(start)));
    let diagnostic = steps.fold(diagnostic, |diagnostic, ((node, place), next)| {
        diagnostic.label(*place, format!("`{}` reads {next}", name(*node)))
    });
    Some(diagnostic.help("state one of them without reading the others"))
}
